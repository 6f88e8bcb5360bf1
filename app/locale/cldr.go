package locale

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed cldr.json
var cldrJSON []byte

// cldr holds what cldr.mjs found out about each language.
var cldr = readCLDR(cldrJSON)

type cldrFile struct {
	CurrencyDigits map[string]int   `json:"currency_digits"`
	Tags           map[Tag]*formats `json:"tags"`
}

type formats struct {
	Number numberFormat `json:"number"`
	Money  moneyFormat  `json:"money"`
	Date   dateFormat   `json:"date"`
	List   listFormat   `json:"list"`

	Countries map[string]string `json:"countries"` // by code
}

func readCLDR(b []byte) *cldrFile {
	f := &cldrFile{}
	if err := json.Unmarshal(b, f); err != nil {
		panic(fmt.Sprintf("locale: cldr.json: %v", err))
	}
	for _, t := range Supported {
		if f.Tags[t] == nil {
			panic(fmt.Sprintf("locale: cldr.json says nothing about %s", t))
		}
		f.Tags[t].Number.runes = []rune(f.Tags[t].Number.Digits)
	}
	return f
}

func (t Tag) formats() *formats { return cldr.Tags[t.orEnglish()] }
