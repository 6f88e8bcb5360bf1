package orders

import (
	"context"
	"encoding/json"
	"errors"

	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/money"
	"afterglow/app/problem"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

func ifs(kinds ...string) []Condition {
	var list []Condition
	for _, k := range kinds {
		kind, values, _ := strings.Cut(k, "=")
		c := Condition{Kind: kind}
		if kind == IfValue {
			a, _ := money.Parse(values, "USD")
			c.Amount = &a
		} else if values != "" {
			c.Values = strings.Split(values, ",")
		}
		list = append(list, c)
	}
	return list
}

func TestRulesChoose(t *testing.T) {
	d := Design{DefaultStyle: StylePlain, Rules: []Rule{
		{StyleReassuring, ifs("value_at_least=200.00", "country=DE,FR")},
		{StyleWarm, ifs("first_order")},
		{StyleReassuring, ifs("customer_tag=vip")},
		{StyleWarm, ifs("order_tag=Thanks")},
		{StyleReassuring, ifs("gift")},
	}}
	usd := func(minor int64) Price { return Price{minor, minor} }
	for _, c := range []struct {
		name   string
		traits Traits
		style  string
		rule   int
		why    string
	}{
		{"first order", Traits{Currency: "USD"}, StyleWarm, 2, "Rule 2: the first order of this shopper"},
		{"dear, to Germany, first: the upper rule wins", Traits{Currency: "USD", Total: usd(20000), Country: "DE"}, StyleReassuring, 1, "Rule 1: the total is at least $200.00, and it ships to DE"},
		{"dear, to the US", Traits{Currency: "USD", Total: usd(90000), Country: "US", Earlier: 3}, StylePlain, 0, "The default, as no rule applies"},
		{"a cent below", Traits{Currency: "USD", Total: usd(19999), Country: "DE", Earlier: 1}, StylePlain, 0, "The default, as no rule applies"},
		{"an amount in another currency is never reached", Traits{Currency: "EUR", Total: usd(90000), Country: "DE", Earlier: 1}, StylePlain, 0, "The default, as no rule applies"},
		{"tags do not tell cases apart", Traits{Currency: "USD", Earlier: 1, CustomerTags: []string{"VIP"}}, StyleReassuring, 3, "Rule 3: the customer has the tag “vip”"},
		{"order tag", Traits{Currency: "USD", Earlier: 1, Tags: []string{"a", "thanks"}}, StyleWarm, 4, "Rule 4: the order has the tag “Thanks”"},
		{"gift", Traits{Currency: "USD", Earlier: 1, Gift: true}, StyleReassuring, 5, "Rule 5: the order looks like a gift"},
		{"nothing", Traits{Currency: "USD", Earlier: 1}, StylePlain, 0, "The default, as no rule applies"},
	} {
		if got := d.Choose(c.traits); got != (Choice{c.style, c.rule, c.why}) {
			t.Errorf("%s: %+v, want %s by %d, %q", c.name, got, c.style, c.rule, c.why)
		}
	}
	if got := (Design{DefaultStyle: StyleWarm}).Choose(Traits{}); got.Style != StyleWarm || !strings.Contains(got.Why, "no rules") {
		t.Errorf("without rules: %+v", got)
	}
}

func TestGiftsAreSeen(t *testing.T) {
	anna, ben := &Address{FirstName: "Anna", LastName: "Berg"}, &Address{Name: "Ben Holm"}
	for _, c := range []struct {
		name string
		o    Order
		want bool
	}{
		{"to oneself", Order{Shipping: anna, Billing: &Address{Name: "anna berg"}}, false},
		{"to somebody else", Order{Shipping: ben, Billing: anna}, true},
		{"no billing address", Order{Shipping: ben}, false},
		{"gift message", Order{Lines: []Line{{Properties: []Property{{"Gift message", "for you"}}}}}, true},
		{"gift wrapping declined", Order{Lines: []Line{{Properties: []Property{{"gift_wrap", "No"}}}}}, false},
	} {
		if got := c.o.looksLikeGift(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestDesignIsValidated(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Design)
		field  string
	}{
		{"as it is", func(*Design) {}, ""},
		{"tone", func(d *Design) { d.Tone = "rude" }, "tone"},
		{"style", func(d *Design) { d.DefaultStyle = "loud" }, "default_style"},
		{"rule without conditions", func(d *Design) { d.Rules = []Rule{{Style: StyleWarm}} }, "rules.0"},
		{"country", func(d *Design) { d.Rules = []Rule{{StyleWarm, ifs("country=Germany")}} }, "rules.0.when.0"},
		{"no tag", func(d *Design) { d.Rules = []Rule{{StyleWarm, ifs("order_tag")}} }, "rules.0.when.0"},
		{"amount", func(d *Design) { d.Rules = []Rule{{StyleWarm, ifs("value_at_least=0.00")}} }, "rules.0.when.0"},
		{"kind", func(d *Design) { d.Rules = []Rule{{StyleWarm, ifs("moon_phase")}} }, "rules.0.when.0"},
		{"block twice", func(d *Design) { d.Layouts[StyleWarm] = []string{"items", "items"} }, "layouts.warm"},
		{"photo", func(d *Design) { d.Signature = Signature{Name: "M", PhotoURL: "http://x.example/a.jpg"} }, "signature.photo_url"},
		{"reply", func(d *Design) { d.ReplyTo = Person{"M", "a@x.example, b@x.example"} }, "reply_to.email"},
		{"pale colour", func(d *Design) { d.SecondColor = "#ffe9a8" }, "second_color"},
		{"line break in a subject", func(d *Design) {
			d.Words["en"] = Words{Styles: map[string]StyleWords{StyleWarm: {Subject: "a\nBcc: b"}}}
		}, "words.en.warm.subject"},
		{"language", func(d *Design) { d.Words["tlh"] = Words{} }, "words"},
		{"empty template", func(d *Design) { d.Custom.Enabled = true }, "custom.source"},
	} {
		d := builtIn()
		c.change(&d)
		err := d.Validate()
		switch p := problem.Of(err); {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.field != "" && (err == nil || len(p.Fields) == 0 || p.Fields[0].Field != c.field):
			t.Errorf("%s: %v, want a complaint about %s", c.name, err, c.field)
		}
	}
}

// The linter names what a mail would lack and how to mend it.
func TestLinter(t *testing.T) {
	renderer := mail.NewRenderer(locale.Spoken)
	kind := (&Service{}).confirmation()
	template := string(mail.ConfirmationTemplate)
	for _, c := range []struct {
		name   string
		change func(*Design)
		field  string
		detail string
	}{
		{"built in", func(*Design) {}, "", ""},
		{"playful, with words", func(d *Design) {
			d.Tone = "playful"
			d.Words["de"] = Words{Footer: "Bis bald, {{ customer.first_name }}", Styles: map[string]StyleWords{StyleWarm: {Subject: "Hallo {{ customer.first_name }}"}}}
		}, "", ""},
		{"no items", func(d *Design) { d.Layouts[StylePlain] = []string{"summary", "totals", "addresses", "returns"} }, "layouts.plain", "Plain does not show the items. Add the block “items” again."},
		{"no summary", func(d *Design) { d.Layouts[StyleWarm] = []string{"items", "totals", "addresses", "returns"} }, "layouts.warm", "the order number"},
		{"no returns", func(d *Design) { d.Layouts[StyleReassuring] = []string{"summary", "items", "totals", "addresses"} }, "layouts.reassuring", "the line about returns"},
		{"broken subject", func(d *Design) {
			d.Words["en"] = Words{Styles: map[string]StyleWords{StyleWarm: {Subject: "{{ order.name | }}"}}}
		}, "words.en.warm.subject", "Line 1"},
		{"broken intro", func(d *Design) {
			d.Words["fr"] = Words{Styles: map[string]StyleWords{StylePlain: {Intro: "a\n{% if order.name %}"}}}
		}, "words.fr.plain.intro", "cannot be read"},
		{"empty subject", func(d *Design) {
			d.Words["en"] = Words{Styles: map[string]StyleWords{StylePlain: {Subject: "{{ nobody }}"}}}
		}, "words.en.plain.subject", "comes out empty"},
		{"own template", func(d *Design) { d.Custom = Custom{true, template} }, "", ""},
		{"own template without a total", func(d *Design) {
			d.Custom = Custom{true, strings.ReplaceAll(template, "{{ row.amount }}", "")}
		}, "custom.source", "does not show the total"},
		{"own template that breaks", func(d *Design) { d.Custom = Custom{true, "<p>\n<p>\n{% for item in items %}"} }, "custom.source", "Line 3"},
		{"bomb", func(d *Design) {
			d.Custom = Custom{true, "{% for i in (1..99999) %}{% for j in (1..99999) %}x{% endfor %}{% endfor %}"}
		}, "custom.source", "loops"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := builtIn()
			c.change(&d)
			found := lint(context.Background(), renderer, kind, d)
			if c.field == "" {
				if len(found) > 0 {
					t.Errorf("complains %v", found)
				}
				return
			}
			for _, f := range found {
				if f.Field == c.field && strings.Contains(f.Detail, c.detail) {
					return
				}
			}
			t.Errorf("found %v, want %s: %s", found, c.field, c.detail)
		})
	}
}

func TestDesignsAreDraftedPublishedAndRolledBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.s.renderer = mail.NewRenderer(locale.Spoken)
		ctx, now := context.Background(), clk.Now()
		must(t, b.hear("orders/create", body(1, now, map[string]any{"tags": "b, Vip,a"}), now))

		l, err := b.compose(1)
		must(t, err)
		if l.Variant != StylePlain || !strings.Contains(l.Why, "no rules") || l.Edited() {
			t.Errorf("nothing published: %s, %s", l.Variant, l.Why)
		}

		d := builtIn()
		d.Tone, d.Signature, d.ReplyTo = "friendly", Signature{Name: "Maya"}, Person{"Maya", "maya@shop.example"}
		d.Rules = []Rule{{StyleReassuring, ifs("order_tag=vip")}, {StyleWarm, ifs("first_order")}}
		must(t, b.s.saveDraft(ctx, storetest.Shop, d, 0, "staff"))
		if err := b.s.saveDraft(ctx, storetest.Shop, d, 0, "other"); !errors.Is(err, messages.ErrDesignStale) {
			t.Errorf("two first drafts: %v", err)
		}
		if l, err = b.compose(1); err != nil || l.Variant != StylePlain {
			t.Errorf("a draft must not show: %s %v", l.Variant, err)
		}
		must(t, b.s.publish(ctx, storetest.Shop, 1, 0, "staff"))
		l, err = b.compose(1)
		must(t, err)
		if l.Variant != StyleReassuring || l.Why != "Rule 1: the order has the tag “vip” (version 1)" || l.ReplyTo.Email != "maya@shop.example" || l.Data["tone"] != "friendly" {
			t.Errorf("version 1: %s, %q, %+v", l.Variant, l.Why, l.ReplyTo)
		}
		must(t, b.hear("orders/create", body(2, now.Add(time.Minute), nil), now.Add(time.Minute)))
		if l, err = b.compose(2); err != nil || l.Variant != StylePlain {
			t.Errorf("second order of the shopper: %s, %s", l.Variant, l.Why)
		}

		list, err := b.s.rehearse(ctx, storetest.Shop, d)
		if err != nil || len(list) != 2 || list[0].Order.ID != "2" || list[0].Style != StylePlain || list[1].Rule != 1 {
			t.Errorf("rehearsed %+v, %v", list, err)
		}

		broken := d
		broken.Layouts = map[string][]string{StylePlain: {"items"}}
		must(t, b.s.saveDraft(ctx, storetest.Shop, broken, 1, "staff"))
		if err := b.s.publish(ctx, storetest.Shop, 2, 0, "staff"); !errors.Is(err, ErrLint) || len(problem.Of(err).Fields) < 3 {
			t.Errorf("publish without items: %v", err)
		}
		d.DefaultStyle = StyleWarm
		must(t, b.s.saveDraft(ctx, storetest.Shop, d, 2, "staff"))
		if err := b.s.publish(ctx, storetest.Shop, 2, 0, "staff"); !errors.Is(err, messages.ErrDesignStale) {
			t.Errorf("publish of an old revision: %v", err)
		}
		must(t, b.s.publish(ctx, storetest.Shop, 3, 0, "staff"))
		must(t, b.s.publish(ctx, storetest.Shop, 0, 1, "staff"))
		b.in(storetest.Shop, func(tx *store.Tx) error {
			used, version, err := publishedDesign(tx)
			if err != nil || version != 3 || used.DefaultStyle != StylePlain {
				t.Errorf("rolled back to %d %s, %v", version, used.DefaultStyle, err)
			}
			draft, _, err := draftDesign(tx)
			if err != nil || draft.DefaultStyle != StylePlain {
				t.Errorf("the draft goes on from %s, %v", draft.DefaultStyle, err)
			}
			all, err := messages.Designs(tx, KindConfirmation, 10)
			if len(all) != 3 || all[0].From != 1 {
				t.Errorf("versions %+v, %v", all, err)
			}
			return nil
		})
		b.in(storetest.Shop+1, func(tx *store.Tx) error {
			if _, version, err := publishedDesign(tx); version != 0 || err != nil {
				t.Errorf("another shop sees version %d, %v", version, err)
			}
			return nil
		})
	})
}

// A rule about customers needs what no webhook tells, so the order is read.
func TestCustomerTagsAreRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.s.renderer = mail.NewRenderer(locale.Spoken)
		d := builtIn()
		d.Rules = []Rule{{StyleWarm, ifs("customer_tag=wholesale")}}
		must(t, b.s.saveDraft(context.Background(), storetest.Shop, d, 0, "staff"))
		must(t, b.s.publish(context.Background(), storetest.Shop, 1, 0, "staff"))
		now := clk.Now()
		must(t, b.hear("orders/create", body(1, now, nil), now))
		if len(b.messages()) != 0 || len(b.jobs(TaskConfirm)) != 1 {
			t.Fatalf("%d messages, %d readings; want the reading first", len(b.messages()), len(b.jobs(TaskConfirm)))
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return saveDetails(tx, 1, details{CustomerTags: []string{"Wholesale"}})
		})
		if l, err := b.compose(1); err != nil || l.Variant != StyleWarm {
			t.Errorf("letter %+v, %v", l, err)
		}
	})
}

func TestPreviewShowsADesign(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.s.renderer = mail.NewRenderer(locale.Spoken)
		now, ctx := clk.Now(), context.Background()
		must(t, b.hear("orders/create", body(1, now, nil), now))
		d := builtIn()
		d.Tone = "friendly"
		d.Words["en"] = Words{Styles: map[string]StyleWords{StyleWarm: {Intro: "Dear {{ customer.first_name }}, {{ order.name }} is yours."}}}
		out, err := b.s.show(ctx, storetest.Shop, d, 1, StyleWarm, "en")
		must(t, err)
		if !strings.Contains(out.Text, "Dear Sara, #1001 is yours.") || out.Style != StyleWarm || !strings.Contains(out.Why, "the rules choose Plain") || out.Bytes > 100<<10 {
			t.Errorf("preview %s\n%s", out.Why, out.Text)
		}
		if out, err = b.s.show(ctx, storetest.Shop, d, 1, "", ""); err != nil || out.Dir != "rtl" || out.Style != StylePlain {
			t.Errorf("in the shopper's own language: %s %s %v", out.Locale, out.Style, err)
		}
		d.Custom = Custom{true, "{% nonsense %}"}
		if out, err = b.s.show(ctx, storetest.Shop, d, 0, StyleReassuring, "de"); err != nil || !strings.Contains(out.Fallback, "Line 1") || !strings.Contains(out.Text, "Deine Bestellung ist in guten Händen") {
			t.Errorf("a broken template: %q, %v\n%s", out.Fallback, err, out.Text)
		}
		if _, err = b.s.show(ctx, storetest.Shop, d, 404, "", ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("an order that is not there: %v", err)
		}
	})
}

// What is stored is read back as it was, whatever a later version adds.
func TestDesignDocument(t *testing.T) {
	d, err := readDesign(messages.Design{Version: 1, Document: []byte(`{"default_style":"warm","something_newer":1}`)})
	if err != nil || d.DefaultStyle != StyleWarm || len(d.Layouts) != len(mail.ConfirmationStyles) {
		t.Errorf("%+v, %v", d, err)
	}
	raw, err := json.Marshal(builtIn())
	if err != nil || !strings.Contains(string(raw), `"rules":[]`) {
		t.Errorf("%s %v", raw, err)
	}

}
