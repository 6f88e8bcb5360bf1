package shopsim

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// addsUp fails when an order's sums do not fit together, in either currency.
func addsUp(t interface{ Errorf(string, ...any) }, o *Order) {
	for _, side := range []struct {
		name string
		pick func(MoneySet) int64
	}{{"shop", func(m MoneySet) int64 { return m.Shop }}, {"presentment", func(m MoneySet) int64 { return m.Presentment }}} {
		x := o.Totals()
		p := side.pick
		want := p(x.Subtotal) + p(x.Shipping) - p(x.ShippingDiscount) + p(x.Tip)
		if !o.TaxesIncluded {
			want += p(x.Tax)
		}
		if p(x.Total) != want {
			t.Errorf("%s: total %d, parts add up to %d", side.name, p(x.Total), want)
		}
		if p(x.Lines)-p(x.Subtotal)+p(x.ShippingDiscount) != p(x.Discounts) {
			t.Errorf("%s: discounts %d", side.name, p(x.Discounts))
		}
		if o.CancelledAt == nil && len(o.Refunds)+len(o.Edits) == 0 && p(x.Paid) != p(x.Total) {
			t.Errorf("%s: paid %d of %d", side.name, p(x.Paid), p(x.Total))
		}
		for i, l := range o.Lines {
			if off := p(l.Discount()); off < 0 || off > p(l.Total()) {
				t.Errorf("%s: line %d of %d has a discount of %d", side.name, i, p(l.Total()), off)
			}
		}
		now := o.Current()
		if p(x.Refunded) > p(x.Paid) {
			t.Errorf("%s: refunded %d of %d", side.name, p(x.Refunded), p(x.Paid))
		}
		if p(now.Outstanding) != p(now.Total)-p(now.Paid)+p(now.Refunded) {
			t.Errorf("%s: outstanding %d", side.name, p(now.Outstanding))
		}
	}
}

func TestTotals(t *testing.T) {
	yes := true
	line := 1
	cases := []struct {
		name                   string
		in                     Checkout
		subtotal, ship, tax    string
		discounts, total, paid string
		status                 string
	}{
		{"one lamp in New York", Checkout{}, "148.00", "6.95", "13.14", "0.00", "168.09", "168.09", "paid"},
		{"ten percent", Checkout{Discount: &CheckoutDiscount{Type: "percentage", Value: "10", Code: "X"}}, "133.20", "6.95", "11.82", "14.80", "151.97", "151.97", "paid"},
		{"fixed amount above the price", Checkout{Discount: &CheckoutDiscount{Type: "fixed_amount", Value: "500.00"}}, "0.00", "6.95", "0.00", "148.00", "6.95", "6.95", "paid"},
		{"everything free", Checkout{Discounts: []CheckoutDiscount{{Type: "percentage", Value: "100"}, {Type: "free_shipping"}}}, "0.00", "6.95", "0.00", "154.95", "0.00", "0.00", "paid"},
		{"fixed amount on the second line", Checkout{Lines: []CheckoutLine{{}, {Handle: "care-oil"}}, Discount: &CheckoutDiscount{Type: "fixed_amount", Value: "1.50", Line: &line}},
			"163.00", "0.00", "14.47", "1.50", "177.47", "177.47", "paid"},
		{"tax included", Checkout{TaxesIn: &yes, TaxRate: "0.19", Country: "DE"}, "148.00", "24.00", "27.46", "0.00", "172.00", "172.00", "paid"},
		{"tip and no tax abroad", Checkout{Country: "JP", Tip: "5.00"}, "148.00", "24.00", "0.00", "0.00", "177.00", "177.00", "paid"},
		{"gift cards are not taxed or shipped", Checkout{Lines: []CheckoutLine{{Handle: "gift-card"}}}, "25.00", "0.00", "0.00", "0.00", "25.00", "25.00", "paid"},
		{"paid by gift card and card", Checkout{GiftCard: "100.00"}, "148.00", "6.95", "13.14", "0.00", "168.09", "168.09", "paid"},
		{"not paid yet", Checkout{Payment: "pending"}, "148.00", "6.95", "13.14", "0.00", "168.09", "0.00", "pending"},
		{"authorized only", Checkout{Payment: "authorized"}, "148.00", "6.95", "13.14", "0.00", "168.09", "0.00", "authorized"},
	}
	r := newRig(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			o := r.place(c.in)
			x := o.Totals()
			for what, pair := range map[string][2]string{
				"subtotal": {c.subtotal, Decimal(x.Subtotal.Shop, "USD")}, "shipping": {c.ship, Decimal(x.Shipping.Shop, "USD")}, "tax": {c.tax, Decimal(x.Tax.Shop, "USD")},
				"discounts": {c.discounts, Decimal(x.Discounts.Shop, "USD")}, "total": {c.total, Decimal(x.Total.Shop, "USD")}, "paid": {c.paid, Decimal(x.Paid.Shop, "USD")},
				"status": {c.status, o.Financial()},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s: want %s, got %s", what, pair[0], pair[1])
				}
			}
			if c.status == "paid" {
				addsUp(t, o)
			}
		})
	}
}

// Whatever is bought, refunded and cancelled, the sums fit to the last unit.
func TestTotalsOfAnyOrder(t *testing.T) {
	r := newRig(t)
	products := r.sim.Products(r.shop.ID)
	rapid.Check(t, func(t *rapid.T) {
		c := anyCheckout(t, products)
		o, err := r.sim.PlaceOrder(r.shop.ID, c)
		if err != nil {
			t.Fatalf("%v", err)
		}
		addsUp(t, o)
		for range rapid.IntRange(0, 3).Draw(t, "refunds") {
			l := o.Lines[rapid.IntRange(0, len(o.Lines)-1).Draw(t, "line")]
			if l.Tip || l.Current() == 0 {
				continue
			}
			in := RefundInput{Lines: []RefundLineInput{{l.ID, rapid.Int64Range(1, l.Current()).Draw(t, "units"), "return"}}}
			if _, err := r.sim.Refund(r.shop.ID, o.ID, in); err != nil {
				t.Fatalf("refund: %v", err)
			}
			o = r.sim.Order(r.shop.ID, o.ID)
			addsUp(t, o)
			if left := o.Current(); left.Total.Shop < 0 || left.Total.Presentment < 0 {
				t.Fatalf("less than nothing is left: %+v", left)
			}
		}
		if o, err = r.sim.Cancel(r.shop.ID, o.ID, CancelInput{Refund: true, Restock: true}); err != nil {
			t.Fatalf("cancel: %v", err)
		}
		addsUp(t, o)
		now := o.Current()
		if !now.Total.IsZero() || now.Refunded != now.Paid || !now.Outstanding.IsZero() {
			t.Fatalf("after cancelling: %+v", now)
		}
	})
}

func anyCheckout(t *rapid.T, products []*Product) Checkout {
	amount := func(name string, top int) string {
		return fmt.Sprintf("%d.%02d", rapid.IntRange(0, top).Draw(t, name), rapid.IntRange(1, 99).Draw(t, name+" cents"))
	}
	c := Checkout{Currency: rapid.SampledFrom([]string{"USD", "EUR", "JPY", "KWD"}).Draw(t, "currency"),
		TaxRate: rapid.SampledFrom([]string{"0", "0.08875", "0.19", "0.2", "0.055"}).Draw(t, "tax")}
	included := rapid.Bool().Draw(t, "tax included")
	c.TaxesIn = &included
	for range rapid.IntRange(1, 4).Draw(t, "lines") {
		p := rapid.SampledFrom(products).Draw(t, "product")
		c.Lines = append(c.Lines, CheckoutLine{VariantID: p.Variants[0].ID, Quantity: rapid.Int64Range(1, 7).Draw(t, "quantity"), Price: amount("price", 300)})
	}
	for range rapid.IntRange(0, 3).Draw(t, "discounts") {
		d := CheckoutDiscount{Type: rapid.SampledFrom([]string{"percentage", "fixed_amount", "free_shipping"}).Draw(t, "kind")}
		if d.Value = Written(Written(amount("value", 60))); rapid.Bool().Draw(t, "code") {
			d.Code = "CODE"
		}
		if rapid.Bool().Draw(t, "on a line") {
			at := rapid.IntRange(0, len(c.Lines)-1).Draw(t, "line")
			d.Line = &at
		}
		c.Discounts = append(c.Discounts, d)
	}
	if rapid.Bool().Draw(t, "tip") {
		c.Tip = Written(amount("tip", 20))
		c.TipAsLine = rapid.Bool().Draw(t, "tip as line")
	}
	if rapid.Bool().Draw(t, "gift card") {
		c.GiftCard = amount("gift card", 100)
	}
	return c
}

func TestCheckoutRefusals(t *testing.T) {
	r := newRig(t)
	ended := r.sim.Now().AddDate(0, 0, -1)
	must(t, r.sim.write(func(t *tx) error {
		add(t, t.discounts, &Discount{ID: 1, ShopID: r.shop.ID, Code: "OVER", Type: "percentage", Value: "5", EndsAt: &ended})
		add(t, t.discounts, &Discount{ID: 2, ShopID: r.shop.ID, Code: "ONCE", Type: "percentage", Value: "5", UsageLimit: 1, Used: 1})
		return nil
	}))
	for name, c := range map[string]struct {
		in    Checkout
		field string
	}{
		"no such variant":       {Checkout{Lines: []CheckoutLine{{VariantID: 5}}}, "lines[0]"},
		"negative quantity":     {Checkout{Lines: []CheckoutLine{{Quantity: -1}}}, "lines[0]"},
		"a broken address":      {Checkout{Customer: &CheckoutCustomer{Email: "not an address"}}, "email"},
		"a header in the mail":  {Checkout{Customer: &CheckoutCustomer{Email: "a@b.c\r\nBcc: d@e.f"}}, "email"},
		"an unknown code":       {Checkout{Code: "NOPE"}, "discount.code"},
		"a code that is over":   {Checkout{Code: "OVER"}, "discount.code"},
		"a code used up":        {Checkout{Code: "ONCE"}, "discount.code"},
		"110 percent":           {Checkout{Discount: &CheckoutDiscount{Type: "percentage", Value: "110"}}, "discount.value"},
		"a tenth of a cent":     {Checkout{Discount: &CheckoutDiscount{Type: "fixed_amount", Value: "1.001"}}, "discount.value"},
		"an unknown discount":   {Checkout{Discount: &CheckoutDiscount{Type: "bogo", Value: "1"}}, "discount.type"},
		"an unknown currency":   {Checkout{Currency: "XYZ"}, "presentment_currency"},
		"a country without one": {Checkout{Country: "ZZ"}, "country_code"},
		"a guest with nothing":  {Checkout{Guest: true}, "email"},
		"an unknown payment":    {Checkout{Payment: "later"}, "payment"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(r.sim.Orders(r.shop.ID))
			_, err := r.sim.PlaceOrder(r.shop.ID, c.in)
			refusal, ok := err.(*Refusal)
			if !ok || !strings.HasPrefix(refusal.Field, c.field) {
				t.Errorf("want a refusal of %s, got %v", c.field, err)
			}
			if len(r.sim.Orders(r.shop.ID)) != before {
				t.Error("an order came out of it")
			}
		})
	}
}
