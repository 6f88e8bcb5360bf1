package shopsim

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// published is what Shopify's own package says about the admin's elements.
type published struct {
	Icons    []string `json:"icons"`
	Elements map[string]struct {
		Attributes []string `json:"attributes"`
		Events     []string `json:"events"`
		Slots      []string `json:"slots"`
	} `json:"elements"`
}

func readPublished(t *testing.T) (p published) {
	t.Helper()
	raw, err := os.ReadFile("testdata/polaris_elements.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// element is one declaration in the stand-in's source.
type element struct{ tag, props, events, slots string }

var (
	declaration = regexp.MustCompile(`define\('(s-[a-z-]+)', \{([^{}]*(?:\$\{[A-Za-z]+\}[^{}]*)*)\}, class`)
	fact        = func(name string) *regexp.Regexp {
		return regexp.MustCompile(name + ": (?:'([^']*)'|`([^`]*)`|([A-Za-z]+))")
	}
	constant   = regexp.MustCompile("const ([A-Za-z]+) = (?:'([^']*)'|`([^`]*)`);")
	typedField = regexp.MustCompile(`(?m)^field\('([a-z]+)', \{([^{}]*(?:\$\{[A-Za-z]+\}[^{}]*)*)\}`)
	listItem   = regexp.MustCompile(`(?m)^  \['(s-[a-z-]+)', `)
	hole       = regexp.MustCompile(`\$\{([A-Za-z]+)\}`)
)

// declared reads the elements out of the stand-in's source, which takes its
// observed attributes and allowed events from the same declarations.
func declared(t *testing.T) (list []element) {
	t.Helper()
	source := string(polarisScript)
	values := map[string]string{}
	for _, m := range constant.FindAllStringSubmatch(source, -1) {
		values[m[1]] = m[2] + m[3]
	}
	var expand func(string) string
	expand = func(s string) string {
		return hole.ReplaceAllStringFunc(s, func(h string) string {
			v, ok := values[hole.FindStringSubmatch(h)[1]]
			if !ok {
				t.Fatalf("no constant for %s", h)
			}
			return expand(v)
		})
	}
	read := func(facts, name string) string {
		m := fact(name).FindStringSubmatch(facts)
		if m == nil {
			return ""
		}
		if m[3] != "" {
			return expand(values[m[3]])
		}
		return expand(m[1] + m[2])
	}
	for _, m := range declaration.FindAllStringSubmatch(source, -1) {
		list = append(list, element{m[1], read(m[2], "props"), read(m[2], "events"), read(m[2], "slots")})
	}
	for _, m := range typedField.FindAllStringSubmatch(source, -1) {
		e := element{"s-" + m[1] + "-field", read(m[2], "props"), "input change focus blur", "error details"}
		if s := read(m[2], "slots"); s != "" {
			e.slots = s
		}
		list = append(list, e)
	}
	for _, m := range listItem.FindAllStringSubmatch(source, -1) {
		list = append(list, element{m[1], "id", "", "-"})
	}
	return list
}

func TestPolarisStandInInventsNothing(t *testing.T) {
	want := readPublished(t)
	list := declared(t)
	// Every define() of the source must have been read, or the test would
	// overlook it.
	source := string(polarisScript)
	written := strings.Count(source, "\ndefine('s-") + len(typedField.FindAllString(source, -1)) + len(listItem.FindAllString(source, -1))
	if len(list) != written {
		t.Fatalf("%d declarations read, %d written", len(list), written)
	}
	for _, e := range list {
		real, ok := want.Elements[e.tag]
		if !ok {
			t.Errorf("%s is not an element of the admin", e.tag)
			continue
		}
		for _, prop := range strings.Fields(e.props) {
			if name := strings.ToLower(strings.TrimRight(prop, "!#")); !slices.Contains(real.Attributes, name) {
				t.Errorf("%s has no attribute %s", e.tag, name)
			}
		}
		for _, name := range strings.Fields(e.events) {
			if !slices.Contains(real.Events, name) {
				t.Errorf("%s has no event %s", e.tag, name)
			}
		}
		for _, name := range strings.Fields(e.slots) {
			if !slices.Contains(real.Slots, name) {
				t.Errorf("%s has no slot %s", e.tag, name)
			}
		}
	}
}

func TestPolarisStandInHasTheElementsThatAreUsed(t *testing.T) {
	var have []string
	for _, e := range declared(t) {
		have = append(have, e.tag)
	}
	for _, tag := range strings.Fields(`s-page s-section s-box s-stack s-grid s-grid-item s-heading s-paragraph s-text s-button
		s-button-group s-link s-badge s-banner s-icon s-spinner s-divider s-table s-table-header-row s-table-header s-table-body
		s-table-row s-table-cell s-text-field s-search-field s-email-field s-url-field s-number-field s-text-area s-select s-option
		s-option-group s-checkbox s-switch s-choice-list s-choice s-color-field s-date-field s-modal s-popover s-menu s-tooltip
		s-thumbnail s-image s-avatar s-chip s-clickable s-query-container s-ordered-list s-unordered-list s-list-item`) {
		if !slices.Contains(have, tag) {
			t.Errorf("%s is missing", tag)
		}
	}
}

// Our own pages may use only what is real, too.
func TestPagesUseRealElements(t *testing.T) {
	want := readPublished(t)
	tag := regexp.MustCompile(`<(s-[a-z-]+)((?:\s[^<>]*)?)>`)
	attribute := regexp.MustCompile(`\s([a-zA-Z-]+)="`)
	for _, name := range []string{"admin.html", "panel.html"} {
		for _, m := range tag.FindAllStringSubmatch(string(mustAsset("templates/"+name)), -1) {
			real, ok := want.Elements[m[1]]
			if !ok {
				t.Errorf("%s: <%s> is not real", name, m[1])
				continue
			}
			for _, a := range attribute.FindAllStringSubmatch(m[2], -1) {
				if key := strings.ToLower(a[1]); key != "id" && key != "slot" && !strings.HasPrefix(key, "data-") && !slices.Contains(real.Attributes, key) {
					t.Errorf("%s: <%s> has no attribute %s", name, m[1], a[1])
				}
			}
		}
	}
}

func TestIconNamesAreReal(t *testing.T) {
	want := readPublished(t)
	names := regexp.MustCompile(`(?m)^  '?([a-z-]+)'?: '[Mm]\d`).FindAllStringSubmatch(string(mustAsset("polaris/10_icons.js")), -1)
	if len(names) < 50 {
		t.Fatalf("only %d icons read", len(names))
	}
	for _, m := range names {
		if !slices.Contains(want.Icons, m[1]) {
			t.Errorf("no icon is called %s", m[1])
		}
	}
}

func TestScriptsAreLight(t *testing.T) {
	for name, script := range map[string][]byte{"polaris-1.js": polarisScript, "app-bridge.js": mustAsset("app-bridge.js")} {
		if n := len(gzipped(script)); n > 40_000 {
			t.Errorf("%s is %d bytes compressed, want at most 40,000", name, n)
		}
	}
}
