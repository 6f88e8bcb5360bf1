package shopsim

import (
	"encoding/base64"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"afterglow/extensions"
)

// Shopify refuses other folders and files in a theme extension.
func TestThemeExtensionHoldsOnlyWhatShopifyTakes(t *testing.T) {
	allowed := map[string][]string{"assets": {".js", ".css", ".svg"}, "blocks": {".liquid"}, "snippets": {".liquid"}, "locales": {".json"}}
	liquid := 0
	err := fs.WalkDir(extensions.Theme, themeFolder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Dir(name) == themeFolder {
			return err
		}
		raw, err := fs.ReadFile(extensions.Theme, name)
		if !slices.Contains(allowed[path.Base(path.Dir(name))], path.Ext(name)) {
			t.Errorf("%s: a theme extension may not hold it", name)
		}
		switch path.Ext(name) {
		case ".js":
			if len(raw) > 3<<10 {
				t.Errorf("%s has %d bytes; a block may load 3 KiB", name, len(raw))
			}
		case ".liquid":
			liquid += len(raw)
		}
		return err
	})
	if err != nil || liquid == 0 || liquid > 500_000 {
		t.Errorf("%d bytes of Liquid: %v", liquid, err)
	}
}

var output = regexp.MustCompile(`{{-?\s*(.*?)\s*-?}}`)

func TestThemeExtensionEscapesWhatItPrints(t *testing.T) {
	for _, pattern := range []string{"blocks/*.liquid", "snippets/*.liquid"} {
		names, _ := fs.Glob(extensions.Theme, themeFolder+"/"+pattern)
		for _, name := range names {
			raw, _ := fs.ReadFile(extensions.Theme, name)
			for _, m := range output.FindAllStringSubmatch(string(raw), -1) {
				safe := strings.HasSuffix(m[1], "| escape") || strings.HasSuffix(m[1], "| url_encode") || m[1] == "block.shopify_attributes"
				if !safe {
					t.Errorf("%s prints %s unescaped", name, m[0])
				}
			}
		}
	}
}

func TestThemeExtensionSaysEverythingInEveryLanguage(t *testing.T) {
	for _, kind := range []string{"", ".schema"} {
		want, err := readTexts(mustSub(t), "en.default"+kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range storeLanguages[1:] {
			got, err := readTexts(mustSub(t), l.Tag+kind)
			if err != nil {
				t.Error(err)
			}
			if a, b := slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)); !slices.Equal(a, b) {
				t.Errorf("%s%s has %v, want %v", l.Tag, kind, b, a)
			}
			for key, text := range got {
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s%s: %s is empty", l.Tag, kind, key)
				}
			}
		}
	}
}

func mustSub(t *testing.T) fs.FS {
	sub, err := fs.Sub(extensions.Theme, themeFolder)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func TestThemeBlocksWithHostileSettings(t *testing.T) {
	own, err := readTheme(extensions.Theme, themeFolder)
	if err != nil {
		t.Fatal(err)
	}
	const hostile = `"><script>alert(1)</script>{{ shop.name }}'`
	p := storePage{Shop: &Shop{Name: hostile, Installed: true}, Lang: "fa", Customer: &Customer{FirstName: hostile}}
	for name, b := range own.blocks {
		for id := range b.settings {
			b.settings[id] = hostile
		}
		for _, customer := range []*Customer{nil, p.Customer} {
			p.Customer = customer
			html, err := b.render(&p, "A1")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if strings.Contains(string(html), "<script") || strings.Contains(string(html), `"">`) || strings.Contains(string(html), "Translation missing") {
				t.Errorf("%s lets markup of a setting through:\n%s", name, html)
			}
		}
	}
}

func TestStorefrontShowsTheBlocks(t *testing.T) {
	sim, shop, b := storeFront(t, nil)
	if err := sim.SetInstalled(shop.ID, false, nil); err != nil {
		t.Fatal(err)
	}
	if _, page := b.do("GET", "/pages/track", nil); strings.Contains(page, themeAssets) || strings.Contains(page, "data-block-handle") {
		t.Errorf("a shop without the app shows its blocks:\n%s", page)
	}
	if err := sim.SetInstalled(shop.ID, true, DefaultScopes); err != nil {
		t.Fatal(err)
	}
	for at, shows := range map[string][]string{
		"/pages/track":    {`lang="en" dir="ltr"`, `action="/apps/afterglow/lookup"`, "Find your order", "/account/login", "afterglow-launcher", `src="/sim/theme/orders.js" defer`},
		"/fa/pages/track": {`lang="fa" dir="rtl"`, "پیدا کردن سفارش", `name="lang" value="fa"`, "سفارشم کجاست؟"},
		"/":               {"afterglow-launcher", "Where is my order?"},
	} {
		_, page := b.do("GET", at, nil)
		for _, want := range shows {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not show %q", at, want)
			}
		}
	}
	for _, file := range []string{"afterglow.css", "lookup.js", "orders.js"} {
		if resp, _ := b.do("GET", themeAssets+file, nil); resp.StatusCode != 200 {
			t.Errorf("%s: %d", file, resp.StatusCode)
		}
	}
	if resp, _ := b.do("GET", "/account/login", nil); resp.StatusCode != 200 {
		t.Errorf("sign in: %d", resp.StatusCode)
	}
}

func TestCardKnowsOnlyItsCustomer(t *testing.T) {
	sim, shop, b := storeFront(t, nil)
	o := sim.Orders(shop.ID)[0]
	stranger := int64(0)
	for _, c := range sim.Customers(shop.ID) {
		if c.ID != o.CustomerID {
			stranger = c.ID
		}
	}
	for customer, state := range map[int64]string{0: "pre_authenticated", stranger: "pre_authenticated", o.CustomerID: "fully_authenticated"} {
		b.do("POST", "/account", map[string][]string{"customer": {strconv.FormatInt(customer, 10)}})
		_, page := b.do("GET", "/sim/card/"+o.Token, nil)
		if !strings.Contains(page, `data-state="`+state+`"`) {
			t.Errorf("customer %d: want %s in\n%s", customer, state, page)
		}
		_, token := b.do("POST", "/sim/card/token", nil)
		claims, err := sim.readSession(token, &Shop{Domain: shop.Domain})
		if err == nil {
			t.Errorf("the card's token opens the admin: %+v", claims)
		}
		if raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1]); err != nil || strings.Contains(string(raw), "gid://") != (customer != 0) {
			t.Errorf("customer %d: claims %s, %v", customer, raw, err)
		}
	}
	if resp, _ := b.do("GET", "/sim/card/unknown", nil); resp.StatusCode != 404 {
		t.Errorf("unknown order: %d", resp.StatusCode)
	}
}
