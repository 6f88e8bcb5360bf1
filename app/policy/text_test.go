package policy

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"afterglow/app/clock"
	"afterglow/app/money"
)

func TestFaultsNamePlaceAndMeaning(t *testing.T) {
	for _, c := range []struct {
		source       string
		line, column int
		says         string
	}{
		{"allow", 1, 1, "stands below the action"},
		{"refund:", 1, 1, "is not an action"},
		{"return", 1, 7, "a colon"},
		{"return: allow", 1, 9, "lines of their own"},
		{"return:\nreturn:", 2, 1, "second time"},
		{"return:\n  allow within", 2, 15, "a number"},
		{"return:\n  allow within 030 days of placed", 2, 16, "a number"},
		{"return:\n  allow within 30 weeks of placed", 2, 19, "“days”"},
		{"return:\n  allow within 0 days of placed", 2, 16, "at least 1"},
		{"return:\n  allow within 30 days", 2, 23, "“of”"},
		{"return:\n  allow within 30 days of delivery", 2, 27, "“delivered”"},
		{"return:\n  allow within 30 days of placed or delivered", 2, 37, "changes nothing"},
		{"return:\n  allow until tomorrow", 2, 15, "2026-11-21"},
		{"return:\n  allow when", 2, 13, "a condition"},
		{"return:\n  allow when colour \"red\"", 2, 14, "a condition"},
		{"return:\n  allow when product tag sale", 2, 26, "in quotes"},
		{"return:\n  allow when product tag \"sale", 2, 26, "no closing quote"},
		{"return:\n  allow when country Germany", 2, 22, "two letters"},
		{"return:\n  allow when order is happy", 2, 23, "one of paid"},
		{"return:\n  allow when total at least 5 euros", 2, 29, "its currency"},
		{"return:\n  allow when total at least 5.001 EUR", 2, 29, "its currency"},
		{"return:\n  allow because sale", 2, 17, "in quotes"},
		{"return:\n  refuse within 3 days of placed", 2, 10, "“when”"},
		{"return:\n  allow\n  refuse", 3, 1, "never reached: line 2"},
		{"return:\n  allow when é", 2, 14, "cannot stand here"},
		{"return:\n  allow\x00", 2, 1, "cannot be seen"},
		{"a\xff", 1, 1, "UTF-8"},
	} {
		_, faults := Parse(c.source)
		if len(faults) == 0 || faults[0].Line != c.line || faults[0].Column != c.column || !strings.Contains(faults[0].Detail, c.says) {
			t.Errorf("%q: %v; want %d:%d … %s", c.source, faults, c.line, c.column, c.says)
		}
	}
	if _, faults := Parse(strings.Repeat("x\n", 100)); len(faults) != maxFaults {
		t.Errorf("%d faults", len(faults))
	}
	if _, faults := Parse(strings.Repeat("#", MaxSource+1)); len(faults) != 1 {
		t.Error("a text too long is read")
	}
}

// random makes a policy that Parse accepts.
func random(r *rand.Rand) Policy {
	texts := []string{"final sale", `with "quotes"`, `back\slash`, "ümläut 日本", "a, b: c # d"}
	condition := func() Condition {
		c := Condition{Not: r.IntN(3) == 0, Kind: kinds[r.IntN(len(kinds))]}
		switch shapes[c.Kind] {
		case amount:
			c.Amount = money.New(r.Int64N(1e9), []string{"EUR", "JPY", "KWD"}[r.IntN(3)])
		case day:
			c.Day = clock.Date{Year: 2020 + r.IntN(20), Month: 2, Day: 1 + r.IntN(28)}
		case number:
			c.Numbers = []int64{r.Int64N(100)}
		case numbers:
			c.Numbers = []int64{r.Int64(), r.Int64()}[:1+r.IntN(2)]
		default:
			for range 1 + r.IntN(3) {
				w := texts[r.IntN(len(texts))]
				switch c.Kind {
				case OrderIs:
					w = orderStates[r.IntN(len(orderStates))]
				case ProductIs:
					w = productKinds[r.IntN(len(productKinds))]
				case Country:
					w = []string{"DE", "EU", "EEA", "US"}[r.IntN(4)]
				}
				c.Texts = append(c.Texts, w)
			}
		}
		return c
	}
	var p Policy
	for _, a := range Actions {
		if r.IntN(4) == 0 {
			continue
		}
		s := Section{Action: a}
		if r.IntN(3) == 0 {
			s.Comments = []string{"why: \"so\"", ""}
		}
		for range r.IntN(6) {
			rule := Rule{Allow: r.IntN(2) == 0, When: []Condition{condition()}}
			for range r.IntN(3) {
				rule.When = append(rule.When, condition())
			}
			if rule.Allow && r.IntN(3) > 0 {
				rule.Window = &Window{Length: 1 + r.IntN(100), Unit: []Unit{Minutes, Hours, Days}[r.IntN(3)], Of: [][]Anchor{{Placed}, {Delivered}, {Delivered, Fulfilled, Placed}}[r.IntN(3)]}
				if r.IntN(5) == 0 {
					rule.Window = &Window{Until: clock.Date{Year: 2027, Month: 1, Day: 1 + r.IntN(31)}}
				}
			}
			if r.IntN(4) == 0 {
				rule.Because = texts[r.IntN(len(texts))]
			}
			s.Rules = append(s.Rules, rule)
		}
		p.Sections = append(p.Sections, s)
	}
	return p
}

// unplaced forgets in which lines the rules stand.
func unplaced(p Policy) Policy {
	for i := range p.Sections {
		for j := range p.Sections[i].Rules {
			p.Sections[i].Rules[j].Line = 0
		}
	}
	return p
}

func TestPrintedPoliciesAreReadAsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		p := random(r)
		got := unplaced(parsed(t, p.String()))
		if len(p.Sections) > 0 && !reflect.DeepEqual(got, p) {
			t.Fatalf("%s\nread as\n%s", p, got)
		}
	}
}

// Whatever is typed, reading ends, and what is read is printed as itself.
func FuzzParse(f *testing.F) {
	f.Add(Beginning(30).Policy().String())
	f.Add("# note\nreturn: # more\n  allow within 3 days of delivered or placed when not product tag “x”, \"y\" because \"z\"\n#end")
	f.Fuzz(func(t *testing.T, source string) {
		p, faults := Parse(source)
		for _, one := range faults {
			if one.Line < 1 || one.Column < 1 || one.Detail == "" {
				t.Fatalf("%q: %+v", source, one)
			}
		}
		if len(faults) > 0 {
			return
		}
		again, faults := Parse(p.String())
		if len(faults) > 0 || again.String() != p.String() {
			t.Fatalf("%q printed as %q: %v", source, p, faults)
		}
	})
}

func TestFormsArePolicies(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	days := []int{0, 14, 30, 365}
	for range 2000 {
		f := Form{CancelMinutes: r.IntN(100) - 1, AddressMinutes: r.IntN(100) - 1, ItemMinutes: r.IntN(100) - 1, ReturnDays: days[r.IntN(4)], ReturnFrom: []Anchor{Placed, Fulfilled, Delivered}[r.IntN(3)],
			WithdrawDays: days[r.IntN(4)], ClaimDays: days[r.IntN(4)], ReturnExcept: []string{"a"}[:r.IntN(2)], WithdrawExcept: []string{"b", "c"}[:r.IntN(3)], ReturnByTag: []TagDays{}, ReturnByPlace: []CountryDays{}}
		for range r.IntN(3) {
			f.ReturnByTag = append(f.ReturnByTag, TagDays{[]string{"x", "y"}, days[1+r.IntN(3)]})
			f.ReturnByPlace = append(f.ReturnByPlace, CountryDays{[]string{"DE"}, days[1+r.IntN(3)]})
		}
		if err := f.Validate(); err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		p := parsed(t, "# kept apart\n"+f.Policy().String())
		got, fits := FormOf(p)
		if !fits || got.Policy().String() != f.Policy().String() {
			t.Fatalf("%+v came back as %+v from\n%s", f, got, p)
		}
	}
	for _, source := range []string{"return:\n  allow until 2027-01-01", "return:\n  allow when order tag \"x\"", "cancel:\n  allow within 2 hours of placed", ""} {
		if _, fits := FormOf(parsed(t, source)); fits {
			t.Errorf("the form holds %q", source)
		}
	}
	bad := Form{CancelMinutes: -2, ReturnDays: 400, WithdrawDays: 7, ReturnFrom: "x", ReturnByTag: []TagDays{{nil, 3}}, ReturnByPlace: []CountryDays{{[]string{"Germany"}, 3}}}
	if err := bad.Validate(); err == nil {
		t.Error("a bad form is taken")
	}
}

// What is wider where it stands refuses nobody who was allowed before, and ends no
// sooner.
func TestMorePermissiveRefusesNoMore(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	changed := 0
	for range 20_000 {
		p := random(r)
		if len(p.Sections) == 0 {
			continue
		}
		s := p.Sections[r.IntN(len(p.Sections))]
		if len(s.Rules) == 0 {
			continue
		}
		in := usual()
		in.Country, in.CustomerOrders = []string{"DE", "US", ""}[r.IntN(3)], r.Int64N(90)
		if in.Sent = Sent(r.IntN(3)); in.Sent == SentAll {
			in.FulfilledAt = at(1e12)
		}
		now := noon.AddDate(0, 0, r.IntN(120))
		before := Evaluate(p, s.Action, in, now)
		rule := &s.Rules[r.IntN(len(s.Rules))]
		switch {
		case !rule.Allow:
			rule.Allow = true
		case rule.Window == nil:
			continue
		case rule.Window.Length > 0:
			w := *rule.Window
			w.Length += 1 + r.IntN(50)
			rule.Window = &w
		default:
			rule.Window = nil
		}
		changed++
		after := Evaluate(p, s.Action, in, now)
		if before.outlasts(after) {
			t.Fatalf("wider, but allowed less: %+v, then %+v\n%s", before, after, p)
		}
		if again := Evaluate(p, s.Action, in, now); !reflect.DeepEqual(again, after) {
			t.Fatal("the same question has two answers")
		}
		if after.Rule != 0 && after.RuleText() == "" {
			t.Fatal("a verdict without its rule")
		}
	}
	if changed < 5000 {
		t.Errorf("only %d policies were widened", changed)
	}
}

// The first rule that holds decides, whatever stands below it.
func TestFirstRuleDecides(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 5000 {
		p, in := random(r), usual()
		for _, s := range p.Sections {
			if len(s.Rules) == 0 || s.Action.OfItems() {
				continue
			}
			want := ""
			for i := range s.Rules {
				if met, _ := s.Rules[i].meets(&in, nil); met {
					want = s.Rules[i].String()
					break
				}
			}
			if got := Evaluate(p, s.Action, in, noon).RuleText(); got != want {
				t.Fatalf("%q decides, want %q", got, want)
			}
		}
	}
}

func TestDiff(t *testing.T) {
	var b strings.Builder
	for _, c := range Diff("a\nb\nc\nd\n", "a\nc\nx\nd\n") {
		b.WriteString(map[string]string{"same": " ", "added": "+", "removed": "-"}[c.Op] + c.Text)
	}
	if b.String() != " a-b c+x d" {
		t.Error(b.String())
	}
	r := rand.New(rand.NewPCG(11, 12))
	for range 2000 {
		before, after := random(r).String(), random(r).String()
		var old, young []string
		for _, c := range Diff(before, after) {
			if c.Op != "added" {
				old = append(old, c.Text)
			}
			if c.Op != "removed" {
				young = append(young, c.Text)
			}
		}
		if strings.Join(old, "\n") != strings.TrimRight(before, "\n") || strings.Join(young, "\n") != strings.TrimRight(after, "\n") {
			t.Fatal("a comparison loses lines")
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	p := parsed(b, Form{CancelMinutes: 60, AddressMinutes: UntilSent, ItemMinutes: 60, ReturnDays: 30, ReturnFrom: Delivered, ReturnExcept: []string{"clearance", "hygiene"},
		ReturnByTag: []TagDays{{[]string{"warranty"}, 365}}, ReturnByPlace: []CountryDays{{[]string{"AT", "CH"}, 60}}, WithdrawDays: 14, ClaimDays: 60}.Policy().String())
	in := usual()
	for b.Loop() {
		Evaluate(p, Return, in, noon)
	}
}

func BenchmarkParse(b *testing.B) {
	source := Beginning(30).Policy().String()
	for b.Loop() {
		Parse(source)
	}
}
