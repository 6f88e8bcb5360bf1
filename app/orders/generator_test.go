package orders

import (
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"afterglow/app/money"
)

// This file makes orders the way Shopify makes them: every amount exists first
// in the shopper's currency, is converted one by one into the shop's, and the
// sums are sums of those. Discounts of the whole order are spread over the lines
// by largest remainder, tax is rounded line by line.

// plan is a made-up order: its payload, and what its rows must come to.
type plan struct {
	body      []byte
	total     Price
	subtotal  Price // after the items' own discounts
	edited    bool
	paid      Price
	refunded  Price
	due       Price
	transacts []Transaction
}

type pairing struct {
	shop, shown string
	num, den    int64 // minor units of shop for minor units of shown
}

var pairings = []pairing{
	{"USD", "USD", 1, 1}, {"EUR", "EUR", 1, 1}, {"JPY", "JPY", 1, 1}, {"KWD", "KWD", 1, 1},
	{"USD", "EUR", 10873, 10000}, {"USD", "JPY", 66, 100}, {"JPY", "USD", 151, 100}, {"USD", "KWD", 326, 1000}, {"EUR", "IRR", 3, 1000}, {"KWD", "JPY", 21, 10},
}

// maker draws the parts of one order.
type maker struct {
	t *rapid.T
	p pairing
}

func (m maker) yes(label string) bool { return rapid.Bool().Draw(m.t, label) }
func (m maker) n(label string, lo, hi int64) int64 {
	return rapid.Int64Range(lo, hi).Draw(m.t, label)
}

// price converts an amount of the shopper's currency.
func (m maker) price(shown int64) Price { return Price{convert(shown, m.p.den, m.p.num), shown} }

func (m maker) set(p Price) map[string]any {
	return map[string]any{
		"shop_money":        map[string]any{"amount": money.New(p.Shop, m.p.shop).Decimal(), "currency_code": m.p.shop},
		"presentment_money": map[string]any{"amount": money.New(p.Presentment, m.p.shown).Decimal(), "currency_code": m.p.shown},
	}
}

func (m maker) plain(p Price) string { return money.New(p.Shop, m.p.shop).Decimal() }

type madeLine struct {
	price          Price
	quantity       int64
	current        int64
	allocations    []madeShare
	taxPercent     int64
	giftCard       bool
	ownDiscounts   Price
	wholeDiscounts Price
}

type madeShare struct {
	discount int
	amount   Price
}

// off is a line's discounts for what is left of it, each share rounded down.
func (l madeLine) off(n int64) (own, whole Price) {
	share := func(p Price) Price { return Price{p.Shop * n / l.quantity, p.Presentment * n / l.quantity} }
	if n == l.quantity {
		return l.ownDiscounts, l.wholeDiscounts
	}
	return share(l.ownDiscounts), share(l.wholeDiscounts)
}

func percentOf(p Price, percent int64) Price {
	return Price{convert(p.Shop, 100, percent), convert(p.Presentment, 100, percent)}
}

// makePlan draws an order with every kind of discount, tax included or not,
// tips, duties, fees, gift cards, edits, refunds and ways of payment.
func makePlan(t *rapid.T) plan {
	m := maker{t, rapid.SampledFrom(pairings).Draw(t, "currencies")}
	included := m.yes("tax included")
	var discounts []map[string]any
	discount := func(kind, value, allocation, selection, target string) int {
		d := map[string]any{"type": kind, "value": "10.0", "value_type": value, "allocation_method": allocation, "target_selection": selection, "target_type": target}
		if kind == "discount_code" {
			d["code"] = fmt.Sprintf("CODE%d", len(discounts))
		} else {
			d["title"] = fmt.Sprintf("Title %d", len(discounts))
		}
		discounts = append(discounts, d)
		return len(discounts) - 1
	}
	kinds := rapid.SampledFrom([]string{"automatic", "discount_code", "manual", "script"})
	values := rapid.SampledFrom([]string{"percentage", "fixed_amount"})

	lines := make([]madeLine, m.n("lines", 0, 6))
	for i := range lines {
		l := &lines[i]
		q := m.n("quantity", 1, 5)
		*l = madeLine{price: m.price(m.n("price", 0, 50_000)), quantity: q, current: q, taxPercent: rapid.SampledFrom([]int64{0, 5, 7, 19, 20}).Draw(t, "tax"), giftCard: m.yes("gift card")}
		if l.giftCard {
			l.taxPercent = 0
		}
		if m.yes("item discount") {
			off := m.n("off", 0, l.price.Presentment*q)
			a := m.price(off)
			d := discount(kinds.Draw(t, "kind"), values.Draw(t, "value"), rapid.SampledFrom([]string{"each", "one", "across"}).Draw(t, "allocation"), rapid.SampledFrom([]string{"entitled", "explicit"}).Draw(t, "selection"), "line_item")
			a.Shop = min(a.Shop, l.price.Shop*q)
			l.allocations, l.ownDiscounts = append(l.allocations, madeShare{d, a}), a
		}
	}
	for range m.n("order discounts", 0, 2) {
		d := discount(kinds.Draw(t, "kind"), values.Draw(t, "value"), "across", "all", "line_item")
		var base int64
		weights := make([]int64, len(lines))
		for i, l := range lines {
			weights[i] = l.price.Presentment*l.quantity - l.ownDiscounts.Presentment - l.wholeDiscounts.Presentment
			base += weights[i]
		}
		if base == 0 {
			continue
		}
		for i, part := range money.New(m.n("order off", 0, base), m.p.shown).Allocate(weights...) {
			l := &lines[i]
			a := m.price(part.Minor)
			if a.IsZero() {
				continue
			}
			a.Shop = min(a.Shop, max(l.price.Shop*l.quantity-l.ownDiscounts.Shop-l.wholeDiscounts.Shop, 0))
			l.allocations, l.wholeDiscounts = append(l.allocations, madeShare{d, a}), l.wholeDiscounts.plus(a)
		}
	}
	edited := len(lines) > 0 && m.yes("edited")
	if edited {
		edited = false
		for i := range lines {
			lines[i].current = m.n("left", 0, lines[i].quantity)
			edited = edited || lines[i].current < lines[i].quantity
		}
	}

	shipping, shippingNet, shipTax := Price{}, Price{}, Price{}
	var shippingLines []map[string]any
	if m.yes("shipping") {
		shipping = m.price(m.n("shipping price", 0, 4_000))
		shippingNet = shipping
		line := map[string]any{"id": 1, "title": "Standard", "price": m.plain(shipping), "price_set": m.set(shipping)}
		if m.yes("shipping discount") {
			off := m.price(m.n("shipping off", 0, shipping.Presentment))
			off.Shop = min(off.Shop, shipping.Shop)
			shippingNet = shipping.minus(off)
			if m.yes("allocated") {
				d := discount("discount_code", "percentage", "each", "all", "shipping_line")
				line["discount_allocations"] = []any{map[string]any{"amount": m.plain(off), "amount_set": m.set(off), "discount_application_index": d}}
			}
		}
		line["discounted_price"], line["discounted_price_set"] = m.plain(shippingNet), m.set(shippingNet)
		shipTax = percentOf(shippingNet, 19)
		if included {
			shipTax = Price{convert(shippingNet.Shop, 119, 19), convert(shippingNet.Presentment, 119, 19)}
		}
		shippingLines = append(shippingLines, line)
	}
	duties, fees := Price{}, Price{}
	dutiesIncluded := m.yes("duties included")
	if m.yes("duties") {
		duties = m.price(m.n("duty", 0, 9_000))
	}
	if m.yes("fees") {
		fees = m.price(m.n("fee", 0, 900))
	}

	// Sums as bought and as it stands now.
	figures := func(quantity func(madeLine) int64) (gross, own, whole, tax Price) {
		for _, l := range lines {
			n := quantity(l)
			o, w := l.off(n)
			g := l.price.times(n)
			gross, own, whole = gross.plus(g), own.plus(o), whole.plus(w)
			net := g.minus(o).minus(w)
			if included {
				tax = tax.plus(Price{convert(net.Shop, 100+l.taxPercent, l.taxPercent), convert(net.Presentment, 100+l.taxPercent, l.taxPercent)})
			} else {
				tax = tax.plus(percentOf(net, l.taxPercent))
			}
		}
		return gross, own, whole, tax.plus(shipTax)
	}
	tip := Price{}
	tipLine := false
	if m.yes("tip") {
		tip, tipLine = m.price(m.n("tip amount", 1, 3_000)), m.p.shop != m.p.shown || m.yes("tip as a line")
	}
	sum := func(gross, own, whole, tax Price) Price {
		s := gross.minus(own).minus(whole).plus(shippingNet).plus(fees).plus(tip)
		if !dutiesIncluded {
			s = s.plus(duties)
		}
		if !included {
			s = s.plus(tax)
		}
		return s
	}
	gross, own, whole, tax := figures(func(l madeLine) int64 { return l.quantity })
	nowGross, nowOwn, nowWhole, nowTax := figures(func(l madeLine) int64 { return l.current })
	bought, now := sum(gross, own, whole, tax), sum(nowGross, nowOwn, nowWhole, nowTax)

	out := plan{total: bought, subtotal: gross.minus(own), edited: edited}
	if edited {
		out.total, out.subtotal = now, nowGross.minus(nowOwn)
	}
	shippingOff := shipping.minus(shippingNet)
	body := map[string]any{
		"id": 820982911946154500, "name": "#1001", "order_number": 1001, "created_at": "2026-11-21T10:00:00-05:00", "updated_at": "2026-11-21T10:00:05-05:00",
		"currency": m.p.shop, "presentment_currency": m.p.shown, "taxes_included": included, "duties_included": dutiesIncluded, "test": m.yes("test"),
		"email": "a@example.com", "financial_status": "paid", "payment_gateway_names": []any{"shopify_payments"},
		"discount_applications": discounts, "shipping_lines": shippingLines,
		"subtotal_price": m.plain(gross.minus(own).minus(whole)), "subtotal_price_set": m.set(gross.minus(own).minus(whole)),
		"total_discounts": m.plain(own.plus(whole).plus(shippingOff)), "total_discounts_set": m.set(own.plus(whole).plus(shippingOff)),
		"total_shipping_price_set": m.set(shipping), "total_tax": m.plain(tax), "total_tax_set": m.set(tax),
		"total_tip_received": m.plain(tip), "total_price": m.plain(bought), "total_price_set": m.set(bought),
		"current_subtotal_price": m.plain(nowGross.minus(nowOwn).minus(nowWhole)), "current_subtotal_price_set": m.set(nowGross.minus(nowOwn).minus(nowWhole)),
		"current_total_discounts": m.plain(nowOwn.plus(nowWhole).plus(shippingOff)), "current_total_discounts_set": m.set(nowOwn.plus(nowWhole).plus(shippingOff)),
		"current_shipping_price_set": m.set(shippingNet), "current_total_tax": m.plain(nowTax), "current_total_tax_set": m.set(nowTax),
		"current_total_price": m.plain(now), "current_total_price_set": m.set(now),
	}
	if !duties.IsZero() {
		body["original_total_duties_set"], body["current_total_duties_set"] = m.set(duties), m.set(duties)
	}
	if !fees.IsZero() {
		body["original_total_additional_fees_set"], body["current_total_additional_fees_set"] = m.set(fees), m.set(fees)
	}
	var items []any
	for i, l := range lines {
		var shares []any
		for _, a := range l.allocations {
			shares = append(shares, map[string]any{"amount": m.plain(a.amount), "amount_set": m.set(a.amount), "discount_application_index": a.discount})
		}
		items = append(items, map[string]any{
			"id": 100 + i, "title": fmt.Sprintf("Item %d", i), "quantity": l.quantity, "current_quantity": l.current, "price": m.plain(l.price), "price_set": m.set(l.price),
			"gift_card": l.giftCard, "discount_allocations": shares, "total_discount": m.plain(Price{}),
		})
	}
	if tipLine {
		items = append(items, map[string]any{"id": 999, "title": "Tip", "quantity": 1, "current_quantity": 1, "price": m.plain(tip), "price_set": m.set(tip), "payment_gateway": "shopify_payments", "payment_method": "visa"})
	}
	body["line_items"] = items
	m.pay(&out, body, bought, now)

	var err error
	if out.body, err = json.Marshal(body); err != nil {
		t.Fatal(err)
	}
	return out
}

// pay decides how the order was paid, and what went back.
func (m maker) pay(out *plan, body map[string]any, bought, now Price) {
	owing := bought
	if out.edited {
		owing = now
	}
	out.paid = owing
	switch rapid.SampledFrom([]string{"paid", "pending", "divided", "refunded"}).Draw(m.t, "payment") {
	case "pending":
		out.paid, out.due = Price{}, owing
		body["financial_status"], body["total_outstanding"] = "pending", m.plain(now)
		body["total_outstanding_set"] = m.set(now)
	case "divided":
		card := m.price(m.n("by card", 0, owing.Presentment))
		card.Shop = min(card.Shop, owing.Shop)
		body["payment_gateway_names"] = []any{"gift_card", "shopify_payments"}
		body["total_outstanding"] = "0.00"
		out.transacts = []Transaction{
			{ID: 1, Kind: "sale", Status: "success", Gateway: "gift_card", Amount: owing.minus(card)},
			{ID: 2, Kind: "authorization", Status: "success", Gateway: "shopify_payments", CardLast: "4242", Amount: card},
			{ID: 3, Kind: "sale", Status: "failure", Gateway: "shopify_payments", Amount: owing},
		}
		if m.yes("captured") {
			out.transacts = append(out.transacts, Transaction{ID: 4, ParentID: 2, Kind: "capture", Status: "success", Gateway: "shopify_payments", CardLast: "4242", Amount: card})
		}
	case "refunded":
		if m.p.shop != m.p.shown || out.edited {
			body["total_outstanding"] = "0.00"
			return
		}
		back := m.price(m.n("back", 0, owing.Presentment))
		out.refunded = back
		body["total_outstanding"] = "0.00"
		body["financial_status"] = "partially_refunded"
		body["refunds"] = []any{map[string]any{"id": 7, "created_at": "2026-11-21T11:00:00-05:00", "transactions": []any{
			map[string]any{"kind": "refund", "status": "success", "amount": m.plain(back), "currency": m.p.shop}}}}
		// Shopify's outstanding is what the order costs less what was kept.
		body["total_outstanding"] = m.plain(back)
	default:
		body["total_outstanding"] = "0.00"
	}
}

func TestThePlanIsRich(t *testing.T) {
	edited, divided, discounted := 0, 0, 0
	for seed := range 300 {
		p := rapid.Custom(makePlan).Example(seed)
		if p.edited {
			edited++
		}
		if len(p.transacts) > 0 {
			divided++
		}
		if o, err := Parse(p.body); err == nil && len(o.Discounts) > 1 {
			discounted++
		}
	}
	if edited < 30 || divided < 30 || discounted < 30 {
		t.Errorf("of 300 orders %d were edited, %d paid in parts, %d discounted twice: the generator is too tame", edited, divided, discounted)
	}
}
