package policy

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/money"
)

var (
	berlin = clock.Zone("Europe/Berlin")
	noon   = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
)

func parsed(t testing.TB, source string) Policy {
	t.Helper()
	p, faults := Parse(source)
	if len(faults) > 0 {
		t.Fatalf("%v in\n%s", faults, source)
	}
	return p
}

// usual is an order with two items, placed at noon, nothing sent.
func usual() Facts {
	return Facts{Order: 1, Zone: berlin, PlacedAt: noon, Paid: true, Country: "DE", Total: money.New(12_000, "EUR"), Tags: []string{"vip"}, CustomerTags: []string{}, CustomerOrders: 2,
		Items: []Item{
			{ID: 11, ProductID: 101, Title: "Lamp", Vendor: "Lumen", Left: 2, Price: money.New(5_000, "EUR"), Product: &Product{Type: "Lamps", Tags: []string{"Final Sale"}, Collections: []string{"outlet"}}},
			{ID: 12, ProductID: 102, Title: "Bulb", Vendor: "Lumen", Left: 1, Price: money.New(2_000, "EUR"), Product: &Product{Type: "Bulbs", Collections: []string{}}},
		}}
}

func at(d time.Duration) *time.Time { t := noon.Add(d); return &t }

// Each condition decides in a policy of one rule: it allows where it holds.
func TestConditions(t *testing.T) {
	sent := usual()
	sent.Sent, sent.FulfilledAt, sent.DeliveredAt = SentAll, at(time.Hour), at(48*time.Hour)
	blank := usual()
	blank.Country, blank.CustomerTags, blank.Items[0].Product, blank.Items[1].Product = "", nil, nil, nil
	for _, c := range []struct {
		when  string
		facts Facts
		want  bool
		asked []Kind
	}{
		{`product id 5, 101`, usual(), true, nil},
		{`product id 5`, usual(), false, nil},
		{`product type "lamps"`, usual(), true, nil},
		{`product vendor "LUMEN"`, usual(), true, nil},
		{`product tag "final sale" and product type "Bulbs"`, usual(), false, nil}, // not of one item
		{`product tag "final sale" and not product type "Bulbs"`, usual(), true, nil},
		{`collection "Outlet"`, usual(), true, nil},
		{`price at least 50.00 EUR`, usual(), true, nil},
		{`price at least 50.01 EUR`, usual(), false, nil},
		{`price below 20.00 EUR`, usual(), false, nil},
		{`product is discounted, gift-card`, usual(), false, nil},
		{`order tag "VIP"`, usual(), true, nil},
		{`customer orders at least 2 and customer orders at most 2`, usual(), true, nil},
		{`customer orders at least 3`, usual(), false, nil},
		{`customer tag "x"`, usual(), false, nil},
		{`not customer tag "x"`, usual(), true, nil},
		{`country EU`, usual(), true, nil},
		{`country GB, US`, usual(), false, nil},
		{`total at least 120.00 EUR and total below 120.01 EUR`, usual(), true, nil},
		{`total at least 1.00 USD`, usual(), false, []Kind{TotalAtLeast}},
		{`placed from 2026-11-21 and placed until 2026-11-21`, usual(), true, nil},
		{`placed from 2026-11-22`, usual(), false, nil},
		{`order is paid and order is unfulfilled and not order is test`, usual(), true, nil},
		{`order is fulfilled and order is delivered`, sent, true, nil},
		{`not product tag "x"`, blank, false, []Kind{ProductTag}},
		{`not country DE`, blank, false, []Kind{Country}},
		{`not customer tag "x"`, blank, false, []Kind{CustomerTag}},
	} {
		p := parsed(t, "claim:\n  allow when "+c.when)
		v := Evaluate(p, Claim, c.facts, noon)
		var asked []Kind
		if len(v.Items) > 0 {
			asked = v.Unknown
		}
		if v.Allowed != c.want || !reflect.DeepEqual(asked, c.asked) {
			t.Errorf("%s: allowed %v (%s), unknown %v; want %v, %v", c.when, v.Allowed, v.Reason.Key, asked, c.want, c.asked)
		}
	}
}

func TestVerdicts(t *testing.T) {
	p := Form{CancelMinutes: 60, AddressMinutes: UntilSent, ItemMinutes: 60, ReturnDays: 30, ReturnFrom: Delivered, ReturnExcept: []string{"final sale"},
		ReturnByPlace: []CountryDays{{[]string{"AT"}, 100}}, WithdrawDays: 14, ClaimDays: 60}.Policy()
	p = parsed(t, p.String())
	sent := usual()
	sent.Sent, sent.FulfilledAt = SentAll, at(time.Hour)
	sent.Items[0].Sent, sent.Items[1].Sent = 2, 1
	arrived := sent
	arrived.DeliveredAt = at(72 * time.Hour)
	cancelled := usual()
	cancelled.Cancelled = true
	far := usual()
	far.Country = "US"
	for _, c := range []struct {
		name    string
		action  Action
		facts   Facts
		after   time.Duration
		allowed bool
		key     string
		day     string
		instead []Action
	}{
		{"within the hour", Cancel, usual(), 59 * time.Minute, true, ReasonUntilTime, "", nil},
		{"after it", Cancel, usual(), time.Hour, false, ReasonTimeOver, "", []Action{Return, Withdraw}},
		{"sent", Cancel, sent, 2 * time.Minute, false, ReasonSent, "", []Action{Return, Withdraw}},
		{"address until sent", ChangeAddress, usual(), 900 * time.Hour, true, ReasonUntilSent, "", nil},
		{"items sent", ChangeItem, sent, time.Minute, false, ReasonSent, "", []Action{Return, Withdraw}},
		{"from placing", Return, usual(), 0, true, ReasonUntilDay, "2026-12-21", nil},
		{"from delivery", Return, arrived, 0, true, ReasonUntilDay, "2026-12-24", nil},
		{"over", Return, arrived, 34 * 24 * time.Hour, false, ReasonDayOver, "2026-12-24", []Action{Claim}},
		{"law, not begun", Withdraw, usual(), 900 * time.Hour, true, ReasonPending, "", nil},
		{"law", Withdraw, arrived, 0, true, ReasonUntilDay, "2026-12-08", nil},
		{"law elsewhere", Withdraw, far, 0, false, ReasonNotOffered, "", []Action{Cancel, Return}},
		{"not sent, nothing to claim", Claim, usual(), 0, false, ReasonOrder, "", []Action{Return, Withdraw}},
		{"cancelled", Return, cancelled, 0, false, ReasonCancelled, "", nil},
	} {
		v := Evaluate(p, c.action, c.facts, noon.Add(c.after))
		day := ""
		if v.LastDay != nil {
			day = v.LastDay.String()
		}
		var instead []Action
		for _, i := range v.Instead {
			instead = append(instead, i.Action)
		}
		if v.Allowed != c.allowed || v.Reason.Key != c.key || day != c.day || !reflect.DeepEqual(instead, c.instead) {
			t.Errorf("%s: %v %s until %s, instead %v", c.name, v.Allowed, v.Reason.Key, day, instead)
		}
	}
	one := usual()
	one.Item = 11
	v := Evaluate(p, Return, one, noon)
	if v.Allowed || v.Reason.Key != ReasonItem || v.RuleText() != `refuse when product tag "final sale"` || v.Rule != 11 {
		t.Errorf("final sale: %+v, line %d %s", v, v.Rule, v.RuleText())
	}
	if got := v.Staff(berlin); got != `This is not possible for this item. Line 11 decides: refuse when product tag "final sale"` {
		t.Error(got)
	}
}

// Every reason can be said in every language.
func TestReasonsAreSpoken(t *testing.T) {
	day := clock.Date{Year: 2026, Month: 12, Day: 24}
	for _, tag := range locale.Supported {
		for _, key := range []string{ReasonUntilDay, ReasonUntilTime, ReasonUntilSent, ReasonOpen, ReasonPending, ReasonDayOver, ReasonTimeOver, ReasonItem, ReasonCountry, ReasonOrder, ReasonNotOffered, ReasonCancelled, ReasonSent, ReasonNothingLeft} {
			for _, unit := range []Unit{Days, Hours} {
				for _, anchor := range []Anchor{Delivered, Fulfilled} {
					v := Verdict{Reason: Reason{Key: key, Day: &day, At: &noon, Count: 14, Unit: unit, Anchor: anchor}}
					if said := v.Explain(tag, berlin); said == "" || said == "policy.reason."+key {
						t.Errorf("%s %s: %q", tag, key, said)
					}
				}
			}
		}
		v := Verdict{Action: Cancel}
		if ask := v.InsteadText(tag); ask == "" {
			t.Errorf("%s: no way out", tag)
		}
		for _, a := range Actions {
			v.Instead = append(v.Instead, Alternative{Action: a})
			if !locale.Shopper.Has("policy.action." + string(a)) {
				t.Errorf("%s has no name", a)
			}
		}
		if v.InsteadText(tag) == "" {
			t.Errorf("%s: nothing instead", tag)
		}
	}
}

// Windows end exactly: allowed the instant before, refused at it, in any zone and
// over any change of clocks.
func TestEndsAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	zones := []string{"UTC", "Europe/Berlin", "America/Havana", "Asia/Tehran", "Pacific/Apia", "Africa/Cairo", "America/Sao_Paulo", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Kiritimati"}
	for range 20_000 {
		in := usual()
		in.Zone = clock.Zone(zones[r.IntN(len(zones))])
		in.PlacedAt = time.Unix(1_300_000_000+r.Int64N(800_000_000), r.Int64N(1e9)).UTC()
		w := &Window{Length: 1 + r.IntN(400), Unit: []Unit{Minutes, Hours, Days}[r.IntN(3)], Of: []Anchor{Placed}}
		p := Policy{Sections: []Section{{Action: Return, Rules: []Rule{{Allow: true, Window: w, Line: 2}}}}}
		v := Evaluate(p, Return, in, in.PlacedAt)
		if v.Until == nil || !v.Allowed {
			t.Fatalf("%v in %s: %+v", w, in.Zone, v)
		}
		before, after := Evaluate(p, Return, in, v.Until.Add(-1)), Evaluate(p, Return, in, *v.Until)
		if !before.Allowed || after.Allowed || before.Rule != 2 || after.Rule != 2 {
			t.Fatalf("%v from %s in %s until %s: before %v, at it %v", w, in.PlacedAt, in.Zone, v.Until, before.Allowed, after.Allowed)
		}
		if w.Unit != Days {
			continue
		}
		if last := clock.DateIn(v.Until.Add(-1), in.Zone); v.LastDay.Before(last) || !v.LastDay.Before(clock.DateIn(*v.Until, in.Zone)) {
			t.Fatalf("last day %s, but the end is %s in %s", v.LastDay, v.Until.In(in.Zone), in.Zone)
		}
	}
}
