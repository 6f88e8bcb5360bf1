package locale

import "testing"

func TestCountriesHaveNames(t *testing.T) {
	for tag, want := range map[Tag]string{"en": "Germany", "ar": "ألمانيا", "fa": "آلمان", "ja": "ドイツ", "ru": "Германия", "de": "Deutschland", "fr": "Allemagne", "es": "Alemania"} {
		if got := tag.Country("DE"); got != want {
			t.Errorf("%s: DE is %q, not %q", tag, got, want)
		}
		if n := len(tag.formats().Countries); n < 240 {
			t.Errorf("%s knows %d countries", tag, n)
		}
		if tag.Country("ZZ") != "ZZ" || tag.Country("") != "" {
			t.Errorf("%s makes a country of none", tag)
		}
	}
}
