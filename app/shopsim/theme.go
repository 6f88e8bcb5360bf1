package shopsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/osteele/liquid/parser"
	"github.com/osteele/liquid/render"
	"github.com/osteele/liquid/tags"

	"afterglow/extensions"
)

// theme is the app's theme extension as the storefront shows it: each block
// from its Liquid, with the settings that its schema begins with.
type theme struct {
	blocks  map[string]*themeBlock
	liquids map[string]*render.Config // by language: filters are told no context
	assets  map[string]http.HandlerFunc
	embeds  []string // the blocks that stand on every page
}

type themeBlock struct {
	Name, Target           string
	Stylesheet, JavaScript string
	settings               map[string]any
	parsed                 map[string]parsedBlock // by language
}

// parsedBlock is a block in one language.
type parsedBlock struct {
	node   render.Node
	liquid *render.Config
}

// blockSchema is what a block says of itself.
type blockSchema struct {
	Target     string `json:"target"`
	Stylesheet string `json:"stylesheet"`
	JavaScript string `json:"javascript"`
	Settings   []struct {
		ID      string `json:"id"`
		Default any    `json:"default"`
	} `json:"settings"`
}

const themeFolder = "tracking-theme"

var storeTheme = func() *theme {
	t, err := readTheme(extensions.Theme, themeFolder)
	if err != nil {
		panic(err)
	}
	return t
}()

var schemaTag = regexp.MustCompile(`(?s){%-? *schema *-?%}(.*?){%-? *endschema *-?%}`)

func readTheme(files fs.FS, root string) (*theme, error) {
	sub, err := fs.Sub(files, root)
	if err != nil {
		return nil, err
	}
	t := &theme{blocks: map[string]*themeBlock{}, liquids: map[string]*render.Config{}, assets: map[string]http.HandlerFunc{}}
	fallback, err := readTexts(sub, "en.default")
	if err != nil {
		return nil, err
	}
	for _, l := range storeLanguages {
		texts := fallback
		if l.Tag != "en" {
			if texts, err = readTexts(sub, l.Tag); err != nil {
				return nil, err
			}
		}
		t.liquids[l.Tag] = newThemeLiquid(sub, texts, fallback)
	}
	names, err := fs.Glob(sub, "blocks/*.liquid")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := t.readBlock(sub, name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return t, t.readAssets(sub)
}

// readTexts reads the texts of one language under their dotted names.
func readTexts(files fs.FS, name string) (map[string]string, error) {
	raw, err := fs.ReadFile(files, "locales/"+name+".json")
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("locales/%s.json: %w", name, err)
	}
	texts := map[string]string{}
	var walk func(prefix string, tree map[string]any)
	walk = func(prefix string, tree map[string]any) {
		for k, v := range tree {
			switch v := v.(type) {
			case string:
				texts[prefix+k] = v
			case map[string]any:
				walk(prefix+k+".", v)
			}
		}
	}
	walk("", tree)
	return texts, nil
}

// snippets finds what {% render 'name' %} asks for.
type snippets struct{ files fs.FS }

func (s snippets) ReadTemplate(name string) ([]byte, error) {
	return fs.ReadFile(s.files, "snippets/"+strings.TrimSuffix(path.Base(name), ".liquid")+".liquid")
}

// newThemeLiquid knows the tags of Liquid and the few filters that the blocks use;
// any other filter is an error, which Shopify is kinder about. It escapes nothing by
// itself, as Shopify does not.
func newThemeLiquid(files fs.FS, texts, fallback map[string]string) *render.Config {
	c := render.NewConfig()
	tags.AddStandardTags(&c)
	c.TemplateStore = snippets{files}
	c.AddFilter("escape", html.EscapeString)
	c.AddFilter("url_encode", url.QueryEscape)
	c.AddFilter("append", func(text, more string) string { return text + more })
	c.AddFilter("asset_url", func(name string) string { return themeAssets + name })
	c.AddFilter("default", func(value, instead any) any {
		if value == nil || value == false || value == "" {
			return instead
		}
		return value
	})
	c.AddFilter("t", func(key string) string {
		for _, known := range []map[string]string{texts, fallback} {
			if text, ok := known[key]; ok {
				return text
			}
		}
		return "Translation missing: " + key
	})
	return &c
}

func (t *theme) readBlock(files fs.FS, name string) error {
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	found := schemaTag.FindSubmatch(raw)
	if found == nil {
		return errors.New("no {% schema %}")
	}
	var schema blockSchema
	if err := json.Unmarshal(found[1], &schema); err != nil {
		return err
	}
	b := &themeBlock{Name: strings.TrimSuffix(path.Base(name), ".liquid"), Target: schema.Target, Stylesheet: schema.Stylesheet,
		JavaScript: schema.JavaScript, settings: map[string]any{}, parsed: map[string]parsedBlock{}}
	for _, s := range schema.Settings {
		if s.ID != "" {
			b.settings[s.ID] = s.Default
		}
	}
	source := string(schemaTag.ReplaceAll(raw, nil))
	for lang, c := range t.liquids {
		node, err := c.Compile(source, parser.SourceLoc{LineNo: 1})
		if err != nil {
			return err
		}
		b.parsed[lang] = parsedBlock{node, c}
	}
	t.blocks[b.Name] = b
	if b.Target != "section" {
		t.embeds = append(t.embeds, b.Name)
	}
	return nil
}

// themeAssets is where Shopify's CDN would have the extension's files.
const themeAssets = "/sim/theme/"

func (t *theme) readAssets(files fs.FS) error {
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		return err
	}
	for _, f := range entries {
		raw, err := fs.ReadFile(files, "assets/"+f.Name())
		if err != nil {
			return err
		}
		t.assets[f.Name()] = serveBytes(assetKinds[path.Ext(f.Name())], raw, true)
	}
	return nil
}

// themed is a page's share of the extension.
type themed struct {
	Styles, Scripts  []string
	Sections, Embeds []template.HTML
}

// dress adds to a page of the storefront the sections that it names, and the
// embeds. A shop without the app has neither.
func (t *theme) dress(p storePage) (storePage, error) {
	if p.bare || !p.Shop.Installed {
		return p, nil
	}
	for i, name := range append(slices.Clone(p.sections), t.embeds...) {
		b := t.blocks[name]
		shown, err := b.render(&p, fmt.Sprintf("A%d", i))
		if err != nil {
			return p, fmt.Errorf("block %s: %w", name, err)
		}
		if b.Target == "section" {
			p.Theme.Sections = append(p.Theme.Sections, shown)
		} else {
			p.Theme.Embeds = append(p.Theme.Embeds, shown)
		}
		p.Theme.add(b)
	}
	return p, nil
}

// render gives the block the objects that Shopify would. The block escapes what it
// prints, as it has to there: a test sends hostile values through it.
func (b *themeBlock) render(p *storePage, id string) (template.HTML, error) {
	in := b.parsed[p.Lang]
	var out strings.Builder
	err := render.Render(in.node, &out, map[string]any{
		"block":    map[string]any{"id": id, "settings": b.settings, "shopify_attributes": `data-block-handle="` + b.Name + `"`},
		"shop":     map[string]any{"name": p.Shop.Name, "permanent_domain": p.Shop.Domain},
		"customer": customerDrop(p.Customer),
		"request":  map[string]any{"locale": map[string]any{"iso_code": p.Lang}},
		"routes":   map[string]any{"root_url": "/", "account_url": "/account", "account_login_url": "/account/login"},
	}, *in.liquid)
	if err != nil {
		return "", err
	}
	return template.HTML(out.String()), nil
}

// add loads a block's files once a page, however many blocks name them.
func (t *themed) add(b *themeBlock) {
	if s := themeAssets + b.Stylesheet; b.Stylesheet != "" && !slices.Contains(t.Styles, s) {
		t.Styles = append(t.Styles, s)
	}
	if s := themeAssets + b.JavaScript; b.JavaScript != "" && !slices.Contains(t.Scripts, s) {
		t.Scripts = append(t.Scripts, s)
	}
}

func customerDrop(c *Customer) any {
	if c == nil {
		return nil
	}
	return map[string]any{"id": c.ID, "first_name": c.FirstName, "last_name": c.LastName, "email": c.Email}
}

func uiThemeAsset(w http.ResponseWriter, r *http.Request) {
	if h := storeTheme.assets[r.PathValue("file")]; h != nil {
		h(w, r)
		return
	}
	http.NotFound(w, r)
}

// uiTrack is the page that a merchant made of the two section blocks.
func (s *Sim) uiTrack(w http.ResponseWriter, r *http.Request, shop *Shop) {
	p := s.storePage(r, shop, "")
	if lang, _, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/pages/"); ok {
		p.speak(lang)
	}
	p.Title = p.W["status"]
	p.sections = []string{"order-lookup", "order-status"}
	s.render(w, "store_track", p)
}
