package policy

import (
	"fmt"
	"slices"
	"strings"

	"afterglow/app/problem"
)

// Form is a policy of the usual kind, as a merchant fills it in. Every form is a
// policy; not every policy fits the form.
type Form struct {
	CancelMinutes  int           `json:"cancel_minutes"`  // after placing; 0: not at all, UntilSent: as long as nothing was sent
	AddressMinutes int           `json:"address_minutes"` // the same
	ItemMinutes    int           `json:"item_minutes"`    // the same
	ReturnDays     int           `json:"return_days"`     // 0: no returns
	ReturnFrom     Anchor        `json:"return_from"`
	ReturnExcept   []string      `json:"return_except"` // tags of products that cannot be returned
	ReturnByTag    []TagDays     `json:"return_by_tag"`
	ReturnByPlace  []CountryDays `json:"return_by_country"`
	WithdrawDays   int           `json:"withdraw_days"`   // 0: not offered
	WithdrawExcept []string      `json:"withdraw_except"` // tags of products that the law exempts
	ClaimDays      int           `json:"claim_days"`      // 0: not offered
}

// TagDays are the days for products with one of the tags.
type TagDays struct {
	Tags []string `json:"tags"`
	Days int      `json:"days"`
}

// CountryDays are the days for orders to one of the countries.
type CountryDays struct {
	Countries []string `json:"countries"`
	Days      int      `json:"days"`
}

// UntilSent stands for as long as nothing was sent.
const UntilSent = -1

// Beginning is the policy of a shop that has written none: what its settings
// promise about returns, an hour to cancel or to change items, European law.
func Beginning(returnsDays int) Form {
	return Form{CancelMinutes: 60, AddressMinutes: UntilSent, ItemMinutes: 60, ReturnDays: returnsDays, ReturnFrom: Delivered,
		ReturnExcept: []string{}, ReturnByTag: []TagDays{}, ReturnByPlace: []CountryDays{}, WithdrawDays: 14, WithdrawExcept: []string{}, ClaimDays: 60}
}

// Policy writes the form as a policy.
func (f Form) Policy() Policy {
	from := []Anchor{f.ReturnFrom, Placed}
	if f.ReturnFrom == Placed {
		from = from[1:]
	}
	days := func(n int, of ...Anchor) *Window { return &Window{Length: n, Unit: Days, Of: of} }
	allow := func(n int, w *Window, when ...Condition) Rule {
		if n == 0 {
			return Rule{When: when}
		}
		return Rule{Allow: true, Window: w, When: when}
	}
	soon := func(a Action, minutes int) Section {
		w := &Window{Length: minutes, Unit: Minutes, Of: []Anchor{Placed}}
		if minutes == UntilSent {
			w = nil
		}
		return Section{Action: a, Rules: []Rule{allow(minutes, w)}}
	}
	back := Section{Action: Return, Rules: except(f.ReturnExcept)}
	for _, t := range f.ReturnByTag {
		back.Rules = append(back.Rules, allow(t.Days, days(t.Days, from...), Condition{Kind: ProductTag, Texts: t.Tags}))
	}
	for _, c := range f.ReturnByPlace {
		back.Rules = append(back.Rules, allow(c.Days, days(c.Days, from...), Condition{Kind: Country, Texts: c.Countries}))
	}
	back.Rules = append(back.Rules, allow(f.ReturnDays, days(f.ReturnDays, from...)))

	law := Section{Action: Withdraw, Rules: except(f.WithdrawExcept)}
	if f.WithdrawDays > 0 {
		law.Rules = append(law.Rules, allow(f.WithdrawDays, days(f.WithdrawDays, Delivered), Condition{Kind: Country, Texts: []string{"EEA"}}))
	} else {
		law.Rules = []Rule{{}}
	}
	claim := Section{Action: Claim}
	if f.ClaimDays > 0 {
		claim.Rules = append(claim.Rules, Rule{When: []Condition{{Kind: OrderIs, Texts: []string{"unfulfilled"}}}})
	}
	claim.Rules = append(claim.Rules, allow(f.ClaimDays, days(f.ClaimDays, Delivered, Fulfilled, Placed)))
	return Policy{Sections: []Section{soon(Cancel, f.CancelMinutes), soon(ChangeAddress, f.AddressMinutes), soon(ChangeItem, f.ItemMinutes), back, law, claim}}
}

func except(tags []string) []Rule {
	if len(tags) == 0 {
		return nil
	}
	return []Rule{{When: []Condition{{Kind: ProductTag, Texts: tags}}}}
}

// FormOf fills the form in with a policy, if that says nothing that the form
// cannot say. Comments do not count.
func FormOf(p Policy) (Form, bool) {
	f := Beginning(0)
	f.CancelMinutes, f.AddressMinutes, f.ItemMinutes, f.WithdrawDays, f.ClaimDays = 0, 0, 0, 0, 0
	for _, s := range p.Sections {
		switch s.Action {
		case Cancel:
			f.CancelMinutes = minutesOf(s)
		case ChangeAddress:
			f.AddressMinutes = minutesOf(s)
		case ChangeItem:
			f.ItemMinutes = minutesOf(s)
		case Return:
			f.readReturns(s)
		case Withdraw:
			f.WithdrawExcept, f.WithdrawDays = exceptOf(s), lengthOf(s)
		case Claim:
			f.ClaimDays = lengthOf(s)
		}
	}
	return f, f.Policy().String() == p.plain().String()
}

// readReturns understands the rules for returns as far as the form goes.
func (f *Form) readReturns(s Section) {
	f.ReturnExcept, f.ReturnDays = exceptOf(s), lengthOf(s)
	for i, r := range s.Rules {
		if r.Window != nil && len(r.Window.Of) > 0 {
			f.ReturnFrom = r.Window.Of[0]
		}
		if len(r.When) == 0 || i == 0 && len(f.ReturnExcept) > 0 {
			continue
		}
		length := 0
		if r.Window != nil {
			length = r.Window.Length
		}
		switch c := r.When[0]; c.Kind {
		case ProductTag:
			f.ReturnByTag = append(f.ReturnByTag, TagDays{c.Texts, length})
		case Country:
			f.ReturnByPlace = append(f.ReturnByPlace, CountryDays{c.Texts, length})
		}
	}
}

func minutesOf(s Section) int {
	switch {
	case len(s.Rules) != 1 || !s.Rules[0].Allow:
		return 0
	case s.Rules[0].Window == nil:
		return UntilSent
	}
	return s.Rules[0].Window.Length
}

// lengthOf is the length of the section's last rule, 0 when it refuses.
func lengthOf(s Section) int {
	if len(s.Rules) == 0 {
		return 0
	}
	if last := s.Rules[len(s.Rules)-1]; last.Allow && last.Window != nil {
		return last.Window.Length
	}
	return 0
}

// exceptOf are the tags of a first rule that refuses them.
func exceptOf(s Section) []string {
	if len(s.Rules) > 1 && !s.Rules[0].Allow && len(s.Rules[0].When) == 1 && s.Rules[0].When[0].Kind == ProductTag {
		return s.Rules[0].When[0].Texts
	}
	return []string{}
}

// plain is the policy without comments.
func (p Policy) plain() Policy {
	out := Policy{Sections: slices.Clone(p.Sections)}
	for i := range out.Sections {
		s := &out.Sections[i]
		s.Comments, s.Rules = nil, slices.Clone(s.Rules)
		for j := range s.Rules {
			s.Rules[j].Comments = nil
		}
	}
	return out
}

var errForm = problem.New(problem.Invalid, "policy.form_invalid", "Some of these values cannot be used. See the fields.")

// Validate tells what is wrong, field by field.
func (f *Form) Validate() error {
	var wrong []problem.Field
	complain := func(field, detail string) { wrong = append(wrong, problem.Field{Field: field, Detail: detail}) }
	for field, n := range map[string]int{"cancel_minutes": f.CancelMinutes, "address_minutes": f.AddressMinutes, "item_minutes": f.ItemMinutes} {
		if n < UntilSent || n > 365*24*60 {
			complain(field, "Enter a number of minutes up to one year, or 0 for not at all.")
		}
	}
	checkDays := func(field string, n int) {
		if n < 0 || n > 365 {
			complain(field, "Enter a number of days from 0 to 365; 0 means not at all.")
		}
	}
	checkDays("return_days", f.ReturnDays)
	checkDays("withdraw_days", f.WithdrawDays)
	checkDays("claim_days", f.ClaimDays)
	if f.WithdrawDays > 0 && f.WithdrawDays < 14 {
		complain("withdraw_days", "European law gives shoppers at least 14 days.")
	}
	if f.ReturnFrom != Placed && f.ReturnFrom != Fulfilled && f.ReturnFrom != Delivered {
		complain("return_from", "Choose placed, fulfilled or delivered.")
	}
	f.ReturnExcept, f.WithdrawExcept = tidy(f.ReturnExcept), tidy(f.WithdrawExcept)
	if f.WithdrawDays == 0 {
		f.WithdrawExcept = []string{}
	}
	for i := range f.ReturnByTag {
		t, field := &f.ReturnByTag[i], fmt.Sprintf("return_by_tag.%d", i)
		if t.Tags = tidy(t.Tags); len(t.Tags) == 0 {
			complain(field, "Enter a tag.")
		}
		checkDays(field, t.Days)
	}
	for i := range f.ReturnByPlace {
		c, field := &f.ReturnByPlace[i], fmt.Sprintf("return_by_country.%d", i)
		if c.Countries = tidy(c.Countries); len(c.Countries) == 0 {
			complain(field, "Choose a country.")
		}
		for j, code := range c.Countries {
			word, ok := fixed(Country, token{kind: tokenWord, text: strings.ToLower(code)})
			if !ok {
				complain(field, "Enter a country's two letters, such as DE, or EU.")
			}
			c.Countries[j] = word
		}
		checkDays(field, c.Days)
	}
	if len(wrong) > 0 {
		return errForm.WithFields(wrong...)
	}
	if _, faults := Parse(f.Policy().String()); len(faults) > 0 {
		return errForm.Detailf("The policy cannot be written: %s", faults[0].Detail)
	}
	return nil
}

// tidy trims texts and leaves out empty and repeated ones.
func tidy(list []string) []string {
	out := []string{}
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" && !slices.ContainsFunc(out, func(t string) bool { return strings.EqualFold(s, t) }) {
			out = append(out, s)
		}
	}
	return out
}
