package locale

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// raw reads the messages of a language as they are written.
func raw(t *testing.T, tag Tag) map[string]string {
	t.Helper()
	b, err := os.ReadFile("messages/" + string(tag) + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]string
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// each calls f for every message of every language but English.
func each(t *testing.T, f func(t *testing.T, tag Tag, key, text, english string)) {
	en := raw(t, English)
	for _, tag := range Supported {
		if tag == English {
			continue
		}
		t.Run(string(tag), func(t *testing.T) {
			for key, text := range raw(t, tag) {
				f(t, tag, key, text, en[key])
			}
		})
	}
}

func TestEveryLanguageSaysEverything(t *testing.T) {
	want := Shopper.Keys(English)
	if len(want) < 130 {
		t.Fatalf("only %d messages", len(want))
	}
	for _, tag := range Supported {
		got := Shopper.Keys(tag)
		for _, key := range want {
			if !slices.Contains(got, key) {
				t.Errorf("%s does not say %s", tag, key)
			}
		}
		for _, key := range got {
			if !slices.Contains(want, key) {
				t.Errorf("%s says %s, which English does not", tag, key)
			}
		}
		if n := strings.Count(rawFile(t, tag), `": "`); n != len(got) {
			t.Errorf("%s: %d lines for %d keys: one comes twice", tag, n, len(got))
		}
	}
}

func rawFile(t *testing.T, tag Tag) string {
	t.Helper()
	b, err := os.ReadFile("messages/" + string(tag) + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEveryLanguageUsesTheSameArguments(t *testing.T) {
	for _, tag := range Supported {
		for key, english := range Shopper.messages[English] {
			want, got := map[string]nodeKind{}, map[string]nodeKind{}
			english.args(want)
			Shopper.messages[tag][key].args(got)
			if len(want) != len(got) {
				t.Errorf("%s: %s takes %v, English %v", tag, key, got, want)
				continue
			}
			for name, kind := range want {
				if k, ok := got[name]; !ok || k != kind {
					t.Errorf("%s: %s takes %v, English %v", tag, key, got, want)
				}
			}
		}
	}
}

func TestEveryPluralCategoryIsThere(t *testing.T) {
	for _, tag := range Supported {
		want := map[string]bool{"other": true}
		for n := range int64(1000) {
			want[tag.category(n)], want[tag.category(n*1_000_000)] = true, true
		}
		for key, m := range Shopper.messages[tag] {
			plurals(m, func(n node) {
				for category := range want {
					if !slices.ContainsFunc(n.cases, func(b branch) bool { return b.name == category }) {
						t.Errorf("%s: %s has no case %s", tag, key, category)
					}
				}
				for _, b := range n.cases {
					if !b.is && !want[b.name] {
						t.Errorf("%s: %s has a case %s that no number takes", tag, key, b.name)
					}
				}
			})
		}
	}
}

func plurals(m message, f func(node)) {
	for _, n := range m {
		if n.kind == nodePlural {
			f(n)
		}
		for _, b := range n.cases {
			plurals(b.body, f)
		}
	}
}

// sameInEnglish lists what may read as it does in English, by language.
var sameInEnglish = map[string]string{
	"order.total.total":    "fr es",
	"order.total.subtotal": "es",
	"order.payment.paypal": "ar fa ja ru de fr es",
}

var hole = regexp.MustCompile(`\{[a-z0-9_]+\}|\{[a-z_]+, (?:plural|select),|\b(?:zero|one|two|few|many|other)\b`)

func TestNoEnglishIsLeft(t *testing.T) {
	each(t, func(t *testing.T, tag Tag, key, text, english string) {
		words := strings.IndexFunc(hole.ReplaceAllString(english, ""), unicode.IsLetter) >= 0
		if words && text == english && !slices.Contains(strings.Fields(sameInEnglish[key]), string(tag)) {
			t.Errorf("%s is still English: %s", key, text)
		}
		if slices.Contains([]Tag{"ar", "fa", "ja", "ru"}, tag) {
			rest := strings.ReplaceAll(hole.ReplaceAllString(text, ""), "PayPal", "")
			if at := strings.IndexFunc(rest, func(r rune) bool { return unicode.Is(unicode.Latin, r) }); at >= 0 {
				t.Errorf("%s has Latin letters: %s", key, text)
			}
		}
	})
}

var english = regexp.MustCompile(`(?i)\b(the|your|order|please|with|this|email|shipping|you)\b`)

func TestNoEnglishWordIsLeft(t *testing.T) {
	each(t, func(t *testing.T, tag Tag, key, text, _ string) {
		if w := english.FindString(hole.ReplaceAllString(text, "")); w != "" {
			t.Errorf("%s says %q: %s", key, w, text)
		}
	})
}

// TestTypography looks for what people type when they do not know how to write it.
func TestTypography(t *testing.T) {
	for _, tag := range Supported {
		for key, text := range raw(t, tag) {
			for bad, why := range map[string]string{"'": "a straight apostrophe", "...": "three dots", "  ": "two spaces", "!!": "shouting", " ,": "space before a comma", "—": "a dash between thoughts"} {
				if strings.Contains(text, bad) {
					t.Errorf("%s: %s has %s: %s", tag, key, why, text)
				}
			}
			if strings.TrimSpace(text) != text || text == "" {
				t.Errorf("%s: %s is empty or has space around it", tag, key)
			}
			if tag == "fr" && regexp.MustCompile(` [:?!;]|[^\x{a0}\w}][:?!;]`).MatchString(hole.ReplaceAllString(text, "x")) {
				t.Errorf("fr: %s lacks a no-break space: %s", key, text)
			}
			if tag == "ar" && strings.ContainsAny(text, "کی") || tag == "fa" && strings.ContainsAny(text, "كيى") {
				t.Errorf("%s: %s has a letter of the other language: %s", tag, key, text)
			}
			if (tag == "ar" || tag == "fa") && strings.ContainsAny(hole.ReplaceAllString(text, ""), ",;?") {
				t.Errorf("%s: %s has Latin punctuation: %s", tag, key, text)
			}
		}
	}
}

// sample fills each argument with what it will meet: Latin names in Arabic text,
// Arabic names in Latin text, codes, numbers.
func sample(tag Tag, m message) map[string]any {
	kinds, args := map[string]nodeKind{}, map[string]any{}
	m.args(kinds)
	for name, kind := range kinds {
		switch {
		case kind == nodePlural:
			args[name] = 3
		case name == "order":
			args[name] = "#1042"
		case name == "email":
			args[name] = "help@example.com"
		case tag.Dir() == "rtl":
			args[name] = "Lumen & Loom (Inc.)"
		default:
			args[name] = "نور"
		}
	}
	return args
}

func TestDirectionsDoNotMix(t *testing.T) {
	controls := "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c"
	for _, tag := range Supported {
		for key, text := range raw(t, tag) {
			if strings.ContainsAny(text, controls) {
				t.Errorf("%s: %s carries its own direction marks; T adds what is needed", tag, key)
			}
			m := Shopper.messages[tag][key]
			got, err := Shopper.Text(tag, key, sample(tag, m))
			if err != nil {
				t.Error(err)
			}
			if dir := firstStrong(got); dir != "" && dir != tag.Dir() && got != "PayPal" {
				t.Errorf("%s: %s reads from the wrong side: %+q", tag, key, got)
			}
			outside := outsideIsolates(t, got)
			if tag.Dir() == "rtl" && strings.Contains(outside, "Lumen") || strings.Contains(outside, "نور") {
				t.Errorf("%s: %s lets a name into the open: %+q", tag, key, got)
			}
		}
	}
}

// firstStrong finds the direction that a reader's program will give the text.
func firstStrong(s string) string {
	depth := 0
	for _, r := range s {
		switch {
		case r == '\u2066' || r == '\u2067' || r == '\u2068':
			depth++
		case r == '\u2069':
			depth--
		case depth == 0 && isRTL(r):
			return "rtl"
		case depth == 0 && unicode.IsLetter(r):
			return "ltr"
		}
	}
	return ""
}

func outsideIsolates(t *testing.T, s string) string {
	t.Helper()
	depth := 0
	var out strings.Builder
	for _, r := range s {
		switch {
		case r == '\u2066' || r == '\u2067' || r == '\u2068':
			depth++
		case r == '\u2069':
			depth--
		case depth == 0:
			out.WriteRune(r)
		}
		if depth < 0 {
			t.Errorf("an isolate ends that never began: %+q", s)
		}
	}
	if depth != 0 {
		t.Errorf("an isolate does not end: %+q", s)
	}
	return out.String()
}
