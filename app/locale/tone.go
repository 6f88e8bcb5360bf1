package locale

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// Tones are the voices a shop can choose from beside the one of doc.go. Each
// says otherwise what it would say otherwise, and the rest as Shopper does.
var Tones = []string{"formal", "friendly", "playful"}

// ToneMark stands between a tone and a key in what Spoken is asked for.
const ToneMark = "/"

//go:embed tones/*/*.json
var toneFiles embed.FS

var tones = func() map[string]*Catalogue {
	out := map[string]*Catalogue{}
	for _, tone := range Tones {
		dir, err := fs.Sub(toneFiles, "tones/"+tone)
		if err == nil {
			out[tone], err = Load(dir)
		}
		if err != nil {
			panic(fmt.Sprintf("locale: tone %s: %v", tone, err))
		}
	}
	return out
}()

// Spoken is Shopper.T in a tone: for "playful/confirmation.heading" it takes the
// playful message of the language, or else the common one. A key without a tone
// is Shopper's.
func Spoken(t Tag, key string, args map[string]any) string {
	c, plain := voice(t, key)
	return c.T(t, plain, args)
}

// SpokenText is Spoken for callers that want to know what is missing.
func SpokenText(t Tag, key string, args map[string]any) (string, error) {
	c, plain := voice(t, key)
	return c.Text(t, plain, args)
}

// voice is the catalogue that has the message, and the key without its tone.
func voice(t Tag, key string) (*Catalogue, string) {
	tone, plain, toned := strings.Cut(key, ToneMark)
	if !toned {
		return Shopper, key
	}
	if c := tones[tone]; c != nil {
		if _, ok := c.messages[t.orEnglish()][plain]; ok {
			return c, plain
		}
	}
	return Shopper, plain
}
