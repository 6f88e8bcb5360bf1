package changes

import (
	"testing"

	"afterglow/app/shopify"
)

// What an attempt that died has changed is read back: a new number alone is a change,
// and Shopify writes numbers in a form of its own.
func TestAnAddressIsTheSame(t *testing.T) {
	was := shopify.GateAddress{LastName: "R", Address1: "Hauptstr. 1", City: "Bonn", Zip: "53111", CountryCode: "DE", Phone: "+49 228 123456"}
	for name, c := range map[string]struct {
		change func(*shopify.GateAddress)
		same   bool
	}{
		"nothing":            {func(*shopify.GateAddress) {}, true},
		"spaces and case":    {func(a *shopify.GateAddress) { a.City, a.Address1 = "BONN", "Hauptstr.1" }, true},
		"another number":     {func(a *shopify.GateAddress) { a.Phone = "+49 228 654321" }, false},
		"no number":          {func(a *shopify.GateAddress) { a.Phone = "" }, false},
		"the number at home": {func(a *shopify.GateAddress) { a.Phone = "0228/123456" }, true},
		"another street":     {func(a *shopify.GateAddress) { a.Address1 = "Hauptstr. 2" }, false},
	} {
		wanted := was
		c.change(&wanted)
		if sameAddress(was, wanted) != c.same {
			t.Errorf("%s: the same is %t", name, !c.same)
		}
	}
}
