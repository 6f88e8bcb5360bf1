package locale

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// eachToned calls f for every message of every tone, with the common one.
func eachToned(t *testing.T, f func(tone string, tag Tag, key, text, common string)) {
	t.Helper()
	for _, tone := range Tones {
		for _, tag := range Supported {
			b, err := toneFiles.ReadFile("tones/" + tone + "/" + string(tag) + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var texts map[string]string
			if err := json.Unmarshal(b, &texts); err != nil {
				t.Fatal(err)
			}
			common := raw(t, tag)
			for key, text := range texts {
				f(tone, tag, key, text, common[key])
			}
		}
	}
}

// A tone says otherwise what the common voice says: the same keys, with no hole
// that nobody fills, and written as carefully.
func TestTonesAreWellMade(t *testing.T) {
	extra := map[string][]string{"confirmation.greeting": {"full"}, "confirmation.warm.lead": {"shop"}, "confirmation.warm.heading": {"shop"}}
	eachToned(t, func(tone string, tag Tag, key, text, common string) {
		at := tone + " " + string(tag) + " " + key
		if common == "" {
			t.Errorf("%s is nothing that the common voice says", at)
			return
		}
		if text == common {
			t.Errorf("%s says what the common voice says", at)
		}
		m, err := parseMessage(text)
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		base, err := parseMessage(common)
		if err != nil {
			t.Fatal(err)
		}
		has, may := map[string]nodeKind{}, map[string]nodeKind{}
		m.args(has)
		base.args(may)
		for name := range has {
			if _, ok := may[name]; !ok && !slices.Contains(extra[key], name) {
				t.Errorf("%s asks for {%s}, which nobody gives", at, name)
			}
		}
		for _, bad := range []string{"'", "...", "  ", "!!", " ,", "—"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %q: %s", at, bad, text)
			}
		}
		if tag == "ar" && strings.ContainsAny(text, "کی") || tag == "fa" && strings.ContainsAny(text, "كيى") {
			t.Errorf("%s has a letter of the other language: %s", at, text)
		}
		if (tag == "ar" || tag == "fa") && strings.ContainsAny(hole.ReplaceAllString(text, ""), ",;?") {
			t.Errorf("%s has Latin punctuation: %s", at, text)
		}
		if tag != English {
			if w := english.FindString(hole.ReplaceAllString(text, "")); w != "" {
				t.Errorf("%s says %q: %s", at, w, text)
			}
		}
	})
}

// What carries a tone is there in each of them, in every language.
func TestTonesSayWhatCarriesThem(t *testing.T) {
	for _, tone := range Tones {
		for _, tag := range Supported {
			for _, key := range []string{"confirmation.heading", "confirmation.intro", "confirmation.intro_pickup", "confirmation.intro_digital",
				"confirmation.warm.lead", "confirmation.reassuring.lead", "confirmation.closing"} {
				if _, ok := tones[tone].messages[tag][key]; !ok {
					t.Errorf("%s has no %s of its own in %s", tone, key, tag)
				}
			}
		}
	}
}

func TestSpoken(t *testing.T) {
	for _, c := range []struct {
		tag       Tag
		key, want string
	}{
		{"de", "friendly/order.items", "Deine Artikel"},
		{"de", "formal/order.items", "Ihre Artikel"},
		{"de", "order.items", "Ihre Artikel"},
		{"de", "unheard-of/order.items", "Ihre Artikel"},
		{"xx", "playful/confirmation.closing", "High fives,"},
	} {
		if got := Spoken(c.tag, c.key, nil); got != c.want {
			t.Errorf("%s %s is %q, want %q", c.tag, c.key, got, c.want)
		}
	}
}
