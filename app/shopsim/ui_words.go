package shopsim

import (
	"encoding/json"
	"strings"
)

// wordList is the storefront's own chrome in one language. The app under test
// brings its own words; these are only the shop's.
type wordList map[string]string

var storeWords = func() map[string]wordList {
	all := map[string]wordList{}
	if err := json.Unmarshal(mustAsset("store_words.json"), &all); err != nil {
		panic(err)
	}
	return all
}()

// Languages of the storefront, in the order of the selector.
var storeLanguages = []struct{ Tag, Name string }{{"en", "English"}, {"ar", "العربية"}, {"fa", "فارسی"}, {"ja", "日本語"},
	{"ru", "Русский"}, {"de", "Deutsch"}, {"fr", "Français"}, {"es", "Español"}}

func englishWords() wordList { return storeWords["en"] }

// language picks the nearest language the storefront speaks.
func language(tag string) string {
	short, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if _, ok := storeWords[short]; ok {
		return short
	}
	return "en"
}

func direction(lang string) string {
	if lang == "ar" || lang == "fa" {
		return "rtl"
	}
	return "ltr"
}
