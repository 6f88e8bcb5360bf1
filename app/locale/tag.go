package locale

import (
	"strings"

	"golang.org/x/text/language"
)

// A Tag names one of the languages in Supported, by its BCP 47 tag. Any other
// value behaves like English.
type Tag string

// English is the language of last resort.
const English Tag = "en"

// Supported lists the languages every shopper surface speaks.
var Supported = []Tag{"en", "ar", "fa", "ja", "ru", "de", "fr", "es"}

var names = map[Tag]string{
	"en": "English", "ar": "العربية", "fa": "فارسی", "ja": "日本語",
	"ru": "Русский", "de": "Deutsch", "fr": "Français", "es": "Español",
}

// Neighbours that are the same written language under a tag of their own.
var sameAs = map[string]Tag{"prs": "fa", "gsw": "de"}

// Match returns the language to use for a reader who asked for s, which is a
// tag ("fa-IR", "de_AT") or a list with weights as a browser sends it. It
// returns English if we speak none of them.
func Match(s string) Tag {
	wanted, _, err := language.ParseAcceptLanguage(strings.ReplaceAll(s, "_", "-"))
	if err != nil {
		return English
	}
	for _, w := range wanted {
		if t, ok := matchOne(w); ok {
			return t
		}
	}
	return English
}

func matchOne(w language.Tag) (Tag, bool) {
	if canonical, err := language.All.Canonicalize(w); err == nil {
		w = canonical
	}
	base, confidence := w.Base()
	if confidence < language.High {
		return "", false
	}
	if t, ok := sameAs[base.String()]; ok {
		return t, true
	}
	t := Tag(base.String())
	return t, t.known()
}

// Dir returns "rtl" for languages written from right to left, else "ltr".
func (t Tag) Dir() string {
	if t == "ar" || t == "fa" {
		return "rtl"
	}
	return "ltr"
}

// Name returns the language's name in that language.
func (t Tag) Name() string { return names[t.orEnglish()] }

func (t Tag) known() bool { _, ok := names[t]; return ok }

func (t Tag) orEnglish() Tag {
	if t.known() {
		return t
	}
	return English
}
