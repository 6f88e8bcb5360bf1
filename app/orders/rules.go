package orders

import (
	"fmt"
	"slices"
	"strings"

	"afterglow/app/locale"
	"afterglow/app/store"
)

// Traits are what rules can ask of an order.
type Traits struct {
	Earlier      int64 // orders of the same shopper before this one
	Gift         bool
	Total        Price
	Currency     string // of Total.Shop
	Tags         []string
	CustomerTags []string
	Country      string
}

// Choice is the style of one order and why it was chosen.
type Choice struct {
	Style string
	Rule  int // from 1; 0 is the default
	Why   string
}

// Choose goes through the rules from the top; the first whose conditions all
// hold decides.
func (d Design) Choose(t Traits) Choice {
	for i, r := range d.Rules {
		if len(r.When) == 0 {
			continue
		}
		reasons := make([]string, 0, len(r.When))
		for _, c := range r.When {
			why, holds := c.holds(t)
			if !holds {
				break
			}
			reasons = append(reasons, why)
		}
		if len(reasons) == len(r.When) {
			return Choice{r.Style, i + 1, fmt.Sprintf("Rule %d: %s", i+1, strings.Join(reasons, ", and "))}
		}
	}
	if len(d.Rules) == 0 {
		return Choice{Style: d.DefaultStyle, Why: "The default, as there are no rules"}
	}
	return Choice{Style: d.DefaultStyle, Why: "The default, as no rule applies"}
}

// holds tells whether the order meets the condition, and in what.
func (c Condition) holds(t Traits) (why string, ok bool) {
	switch c.Kind {
	case IfFirst:
		return "the first order of this shopper", t.Earlier == 0
	case IfRepeat:
		return fmt.Sprintf("order number %d of this shopper", t.Earlier+1), t.Earlier > 0
	case IfGift:
		return "the order looks like a gift", t.Gift
	case IfValue:
		if c.Amount == nil || c.Amount.Currency != t.Currency {
			return "", false // written when the shop had another currency
		}
		return "the total is at least " + locale.English.Money(*c.Amount), t.Total.Shop >= c.Amount.Minor
	case IfOrderTag:
		tag, ok := shared(c.Values, t.Tags)
		return fmt.Sprintf("the order has the tag “%s”", tag), ok
	case IfCustomerTag:
		tag, ok := shared(c.Values, t.CustomerTags)
		return fmt.Sprintf("the customer has the tag “%s”", tag), ok
	case IfCountry:
		return "it ships to " + t.Country, slices.Contains(c.Values, t.Country)
	}
	return "", false
}

// shared is the first of the wanted tags that is there. Shopify does not tell
// upper and lower case apart in tags, so neither do we.
func shared(wanted, there []string) (string, bool) {
	for _, w := range wanted {
		if slices.ContainsFunc(there, func(s string) bool { return strings.EqualFold(s, w) }) {
			return w, true
		}
	}
	return "", false
}

// asksForCustomerTags tells whether a rule needs what only a reading knows.
func (d Design) asksForCustomerTags() bool {
	return slices.ContainsFunc(d.Rules, func(r Rule) bool {
		return slices.ContainsFunc(r.When, func(c Condition) bool { return c.Kind == IfCustomerTag })
	})
}

// traitsOf gathers what rules can ask of an order.
func traitsOf(tx *store.Tx, o *Order) (Traits, error) {
	t := Traits{Gift: o.looksLikeGift(), Total: o.Bought.Total, Currency: o.Currency, Tags: o.Tags, CustomerTags: o.CustomerTags}
	switch {
	case o.Shipping != nil:
		t.Country = o.Shipping.CountryCode
	case o.Billing != nil:
		t.Country = o.Billing.CountryCode
	}
	var err error
	t.Earlier, err = countEarlier(tx, o)
	return t, err
}

// looksLikeGift tells whether the parcel goes to somebody else than the one who
// pays, or an item carries a gift message or wrapping.
func (o *Order) looksLikeGift() bool {
	for _, l := range o.Lines {
		for _, p := range l.Properties {
			if strings.Contains(strings.ToLower(p.Name), "gift") && p.Value != "" && !strings.EqualFold(p.Value, "no") && !strings.EqualFold(p.Value, "false") {
				return true
			}
		}
	}
	return o.Shipping != nil && o.Billing != nil && o.Shipping.person() != "" && o.Billing.person() != "" && o.Shipping.person() != o.Billing.person()
}

// person is whom an address names, for comparing.
func (a *Address) person() string {
	if name := joined(a.FirstName, a.LastName); name != "" {
		return searchKey(name)
	}
	return searchKey(a.Name)
}
