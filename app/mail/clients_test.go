package mail_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"afterglow/app/locale"
	"afterglow/app/mail"
)

// What a mail may use, distilled from the data of caniemail.com as of 29 June 2026
// (github.com/hteumeuleu/caniemail, commit 6b086a3): the newest result of Gmail,
// Outlook for Windows, the other Outlooks, Apple Mail, Yahoo and Samsung Email. A
// value of "" is supported by all six, fully or for the values that a mail uses.
// Anything else says how a mail looks in those that ignore it. What is not listed
// may not be used.

var allowedProperties = map[string]string{
	"background-color": "", "border": "", "border-bottom": "", "border-top": "", "border-left": "", "border-right": "", "border-collapse": "", "border-color": "", "color": "",
	"direction": "", "display": "", "font-family": "", "font-size": "", "font-style": "", "font-weight": "", "letter-spacing": "", "line-height": "",
	"margin": "", "margin-top": "", "max-width": "", "padding": "", "padding-bottom": "", "padding-left": "", "padding-right": "",
	"padding-top": "", "text-align": "", "text-decoration": "", "text-transform": "", "vertical-align": "", "width": "",

	"background":               "Outlook for Windows takes only the colour, and only a colour is given; background-color stands beside it",
	"height":                   "Yahoo drops it: pictures have the attribute, boxes shrink to what is in them",
	"border-radius":            "Outlook for Windows draws corners",
	"object-fit":               "Yahoo and Outlook for Windows stretch a picture to its square",
	"overflow":                 "the card's corners; long alternative texts wrap",
	"max-height":               "Outlook for Windows: the preheader is hidden by display already",
	"opacity":                  "the same",
	"table-layout":             "auto is what all do without it",
	"word-break":               "Yahoo breaks no long word; the mail becomes wider there",
	"word-spacing":             "normal is what all do without it",
	"white-space":              "an amount may break between number and currency",
	"cursor":                   "the arrow instead of a hand",
	"outline":                  "pictures have none anyway",
	"unicode-bidi":             "not in the data; the texts carry isolates of their own",
	"color-scheme":             "a mail that is light stays light",
	"supported-color-schemes":  "the older name of color-scheme",
	"mso-line-height-rule":     "Outlook for Windows alone reads mso-",
	"mso-padding-alt":          "the same",
	"mso-table-lspace":         "the same",
	"mso-table-rspace":         "the same",
	"-ms-interpolation-mode":   "old Internet Explorer alone reads it",
	"-ms-text-size-adjust":     "Windows phones alone read it",
	"-webkit-text-size-adjust": "without it an iPhone may make small texts larger",
}

// allowedAtRules are beginnings. A mail without them is one column narrower than
// it could be, or light.
var allowedAtRules = []string{
	"@media only screen and (max-width:", "@media only screen and (min-width:", // Outlook for Windows is never narrow
	"@media screen and (min-width:",       // for Thunderbird
	"@media (prefers-color-scheme: dark)", // Apple Mail, Outlook and Samsung; others keep or turn the colours themselves
}

var allowedElements = []string{"html", "head", "title", "meta", "style", "body", "div", "table", "tbody", "tr", "td", "h1", "h2", "p", "span", "a", "img", "br", "strong"}

var allowedAttributes = map[string]string{
	"align": "", "alt": "", "bgcolor": "", "border": "", "cellpadding": "", "cellspacing": "", "class": "", "colspan": "", "content": "", "dir": "",
	"height": "", "href": "", "http-equiv": "", "lang": "", "name": "", "role": "", "src": "", "style": "", "type": "", "valign": "", "width": "",
	"xmlns": "", "xmlns:o": "", "xmlns:v": "",

	"media":                "the sheet counts everywhere, and its selectors begin with a class that only Thunderbird sets",
	"target":               "the link opens where links open",
	"aria-label":           "Yahoo drops it; the title says the same",
	"aria-roledescription": "read out as an article",
}

// Selectors that not all know cost what their rule brings; none may bring more
// than the at-rules do.
var allowedSelector = regexp.MustCompile(`^(#outlook a|:root|[a-z0-9]+|(\[data-ogs[bc]\] )?(body|\.[\w-]+)( > [a-z]+)*( \.?[\w-]+)*)$`)

// Functions and units that old engines do not know.
var modernValue = regexp.MustCompile(`(?i)\b(?:calc|var|min|max|clamp|env|rgba?|hsla?|light-dark|url|linear-gradient)\(|\d(?:rem|vw|vh|vmin|vmax|ch)\b|\b(?:flex|grid|fixed|absolute|sticky|inherit|initial|unset)\b`)

// goldens are the documents that somebody looked at last, by name.
func goldens(t *testing.T) map[string]*html.Node {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "golden", "*.html"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden mails: %v", err)
	}
	documents := make(map[string]*html.Node, len(files))
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".html")
		if len(raw) > 100<<10 {
			t.Errorf("%s has %d bytes: mail programs cut off after 100 KiB", name, len(raw))
		}
		if documents[name], err = html.Parse(strings.NewReader(string(raw))); err != nil {
			t.Fatal(err)
		}
	}
	return documents
}

// Every golden mail keeps to what the mail programs of most readers know.
func TestGoldensUseWhatMailProgramsKnow(t *testing.T) {
	found := map[string]string{} // what is not allowed, and where it was seen first
	miss := func(name, format string, args ...any) {
		what := fmt.Sprintf(format, args...)
		if at, seen := found[what]; !seen || name < at {
			found[what] = name
		}
	}
	for name, document := range goldens(t) {
		check := func(list []declaration) {
			for _, d := range list {
				if _, ok := allowedProperties[d.property]; !ok {
					miss(name, "property %s: %s", d.property, d.value)
				}
				if d.property != "font-family" && modernValue.MatchString(d.value) && d.property+d.value != "colorinherit" {
					miss(name, "value %s: %s", d.property, d.value)
				}
			}
		}
		for n := range document.Descendants() {
			if n.Type != html.ElementNode || inside(n, "noscript") { // Outlook's own settings
				continue
			}
			if !slices.Contains(allowedElements, n.Data) {
				miss(name, "element %s", n.Data)
			}
			for _, a := range n.Attr {
				if _, ok := allowedAttributes[a.Key]; !ok {
					miss(name, "attribute %s of %s", a.Key, n.Data)
				}
			}
			check(declarationsOf(attribute(n, "style")))
		}
		for _, r := range rulesOf(document) {
			if r.at != "" && !slices.ContainsFunc(allowedAtRules, func(begin string) bool { return strings.HasPrefix(r.at, begin) }) {
				miss(name, "at-rule %s", r.at)
			}
			for _, s := range r.selectors {
				if !allowedSelector.MatchString(s) {
					miss(name, "selector %s", s)
				}
			}
			check(r.declarations)
		}
	}
	for what, at := range found {
		t.Errorf("%s is not among what mail programs know (%s)", what, at)
	}
}

func inside(n *html.Node, element string) bool {
	for ; n != nil; n = n.Parent {
		if n.Type == html.ElementNode && n.Data == element {
			return true
		}
	}
	return false
}

// Every golden mail says its language and direction, on the body too because some
// programs drop <html>, has a text for each picture, and says what matters in
// letters: a reader who sees no pictures misses nothing.
func TestGoldensReadWithoutPictures(t *testing.T) {
	for name, document := range goldens(t) {
		tag := locale.Tag(name[strings.LastIndexByte(name, '.')+1:])
		var text strings.Builder
		var links []string
		directed := 0
		for n := range document.Descendants() {
			switch {
			case n.Type == html.TextNode && !inside(n, "style") && !inside(n, "title") && !hidden(n):
				text.WriteString(strings.Join(strings.Fields(n.Data), " ") + "\n")
			case n.Type != html.ElementNode:
			case n.Data == "html" || n.Data == "div" && hasAttribute(n, "lang"):
				if attribute(n, "lang") != string(tag) || attribute(n, "dir") != tag.Dir() {
					t.Errorf("%s: <%s lang=%q dir=%q>", name, n.Data, attribute(n, "lang"), attribute(n, "dir"))
				}
				directed++
			case n.Data == "img":
				// An empty text is for ornaments, and we send none.
				if strings.TrimSpace(attribute(n, "alt")) == "" {
					t.Errorf("%s: no alternative text for %s", name, attribute(n, "src"))
				}
				if !hasAttribute(n, "height") && ownStyle(n, "max-width", nil) == "" {
					t.Errorf("%s: no size for %s, the mail jumps when it comes", name, attribute(n, "src"))
				}
			case n.Data == "a":
				links = append(links, attribute(n, "href"))
			}
		}
		if directed < 2 {
			t.Errorf("%s: language and direction stand in %d places", name, directed)
		}
		for _, want := range owed(name, tag) {
			if !strings.Contains(text.String(), strings.Join(strings.Fields(want), " ")) && !slices.Contains(links, want) {
				t.Errorf("%s: without pictures %q is missing", name, want)
			}
		}
	}
}

func hidden(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n.Type == html.ElementNode && ownStyle(n, "display", nil) == "none" {
			return true
		}
	}
	return false
}

// owed is what the reader of a golden mail has to find: of an order its number,
// what it cost and the link to it.
func owed(name string, tag locale.Tag) []string {
	parts := strings.Split(name, ".")
	var letter mail.Letter
	switch parts[0] {
	case "confirmation":
		letter = mail.SampleConfirmation(tag, parts[1])
	case "style":
		letter = mail.StyledConfirmation(tag, "full", parts[1], parts[2])
	default:
		return nil
	}
	order := letter.Data["order"].(map[string]any)
	wanted := []string{order["name"].(string), order["url"].(string)}
	for _, row := range letter.Data["totals"].([]any) {
		if row := row.(map[string]any); row["strong"] == true {
			wanted = append(wanted, row["amount"].(string))
		}
	}
	return wanted
}

// Every text of every golden mail can be told from what is behind it, on light
// and, where a program follows our dark rules, on dark.
func TestGoldensHaveContrast(t *testing.T) {
	for name, document := range goldens(t) {
		all := rulesOf(document)
		for _, scheme := range []struct{ name, at string }{{"light", ""}, {"dark", "@media (prefers-color-scheme: dark)"}} {
			var rules []rule
			for _, r := range all {
				if r.at == "" || r.at == scheme.at {
					rules = append(rules, r)
				}
			}
			seen := map[string]bool{}
			for n := range document.Descendants() {
				if n.Type != html.TextNode || strings.TrimSpace(strings.ReplaceAll(n.Data, "\u00a0", " ")) == "" || !inside(n, "body") || hidden(n) {
					continue
				}
				ink, paper := colours(n.Parent, rules)
				if pair := ink + " on " + paper; !seen[pair] {
					seen[pair] = true
					if got := mail.Contrast(ink, paper); got < 4.5 {
						t.Errorf("%s, %s: %s is %.2f: %.40q", name, scheme.name, pair, got, n.Data)
					}
				}
			}
			if len(seen) < 2 {
				t.Errorf("%s, %s: only %d pairs of colours were found", name, scheme.name, len(seen))
			}
		}
	}
}

// colours are those of an element's text and of what is behind it.
func colours(n *html.Node, rules []rule) (ink, paper string) {
	for ; n != nil && (ink == "" || paper == ""); n = n.Parent {
		if n.Type != html.ElementNode {
			continue
		}
		if ink == "" {
			if ink = ownStyle(n, "color", rules); ink == "inherit" {
				ink = ""
			}
		}
		if paper == "" {
			paper = ownStyle(n, "background-color", rules)
		}
		if paper == "" {
			paper = attribute(n, "bgcolor")
		}
	}
	return ink, paper
}
