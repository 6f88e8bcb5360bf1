package shopsim

import (
	"fmt"
	"math/big"
	"strings"

	"afterglow/app/money"
)

// Add returns the sum of two sets.
func (m MoneySet) Add(o MoneySet) MoneySet {
	return MoneySet{m.Shop + o.Shop, m.Presentment + o.Presentment}
}

// Sub returns the difference of two sets.
func (m MoneySet) Sub(o MoneySet) MoneySet {
	return MoneySet{m.Shop - o.Shop, m.Presentment - o.Presentment}
}

// IsZero tells whether the set is nothing.
func (m MoneySet) IsZero() bool { return m == MoneySet{} }

// Decimal writes minor units of a currency as "12.30".
func Decimal(minor int64, currency string) string { return money.New(minor, currency).Decimal() }

// mulDiv returns a×b÷c, half away from zero.
func mulDiv(a, b, c int64) int64 {
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	d := big.NewInt(c)
	n.Mul(n, big.NewInt(2))
	if n.Sign() >= 0 {
		n.Add(n, d)
	} else {
		n.Sub(n, d)
	}
	return n.Quo(n, d.Mul(d, big.NewInt(2))).Int64()
}

// portion is the share of units [from, from+n) of total spread over of units:
// portions of all units add up to the total exactly.
func portion(total, from, n, of int64) int64 {
	if of == 0 {
		return 0
	}
	at := func(k int64) int64 {
		return new(big.Int).Quo(new(big.Int).Mul(big.NewInt(total), big.NewInt(k)), big.NewInt(of)).Int64()
	}
	return at(from+n) - at(from)
}

func portionSet(m MoneySet, from, n, of int64) MoneySet {
	return MoneySet{portion(m.Shop, from, n, of), portion(m.Presentment, from, n, of)}
}

// scaled parses a decimal into units of 10^-places.
func scaled(decimal string, places int) (int64, error) {
	digits, negative := strings.CutPrefix(strings.TrimSpace(decimal), "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole == "" || len(whole)+places > 18 || strings.Trim(whole+fraction, "0123456789") != "" {
		return 0, fmt.Errorf("%q is not a decimal number", decimal)
	}
	if len(fraction) > places {
		return 0, fmt.Errorf("%q has more than %d decimals", decimal, places)
	}
	var n int64
	for _, c := range whole + fraction + strings.Repeat("0", places-len(fraction)) {
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n, nil
}

// demoRates are presentment units for one US dollar.
var demoRates = map[string]string{
	"USD": "1", "EUR": "0.92", "GBP": "0.79", "JPY": "151.4", "CAD": "1.37", "AUD": "1.52", "CHF": "0.88", "AED": "3.6725",
	"SAR": "3.75", "RUB": "92.5", "KWD": "0.307", "MXN": "17.2", "BRL": "5.1", "SEK": "10.6", "NOK": "10.8", "DKK": "6.87",
}

// exchange converts shop money into presentment money.
type exchange struct {
	from, to string
	rate     int64 // 10^-8
}

func newExchange(from, to, rate string) (exchange, error) {
	if from == to {
		return exchange{from, to, 1e8}, nil
	}
	if rate == "" && from == "USD" {
		rate = demoRates[to]
	}
	if rate == "" {
		return exchange{}, fmt.Errorf("no rate from %s to %s: give one", from, to)
	}
	n, err := scaled(rate, 8)
	if err != nil || n <= 0 {
		return exchange{}, fmt.Errorf("rate %q: want a positive decimal", rate)
	}
	return exchange{from, to, n}, nil
}

// set converts an amount in shop currency to both.
func (e exchange) set(shop int64) MoneySet {
	p, up, down := shop, int64(1), int64(1)
	for d := money.Exponent(e.to) - money.Exponent(e.from); d > 0; d-- {
		up *= 10
	}
	for d := money.Exponent(e.to) - money.Exponent(e.from); d < 0; d++ {
		down *= 10
	}
	if e.from != e.to {
		p = mulDiv(shop*up, e.rate, 1e8*down)
	}
	return MoneySet{shop, p}
}

// allocate splits an amount over weights, to the last unit.
func allocate(total int64, weights []int64) []int64 {
	parts := money.New(total, "XXX").Allocate(weights...)
	out := make([]int64, len(parts))
	for i, p := range parts {
		out[i] = p.Minor
	}
	return out
}

// applyDiscount spreads discount number at of the order over its lines, each
// currency for itself, so that both add up.
func (o *Order) applyDiscount(at int, entitled func(LineItem) bool, amount MoneySet, percent int64) {
	d := o.Discounts[at]
	if d.Target == "shipping_line" {
		for i := range o.ShippingLines {
			l := &o.ShippingLines[i]
			left := l.Price.Sub(l.Discount())
			l.Allocations = append(l.Allocations, Allocation{at, discounted(left, amount, percent)})
		}
		return
	}
	var rows []int
	var weights [2][]int64
	var sum MoneySet
	for i, l := range o.Lines {
		if l.Tip || l.GiftCard || !entitled(l) {
			continue
		}
		left := l.Total().Sub(l.Discount())
		rows = append(rows, i)
		weights[0], weights[1] = append(weights[0], left.Shop), append(weights[1], left.Presentment)
		sum = sum.Add(left)
	}
	if len(rows) == 0 {
		return
	}
	off := discounted(sum, amount, percent)
	a, b := allocate(off.Shop, weights[0]), allocate(off.Presentment, weights[1])
	for n, i := range rows {
		if part := (MoneySet{a[n], b[n]}); !part.IsZero() {
			o.Lines[i].Allocations = append(o.Lines[i].Allocations, Allocation{at, part})
		}
	}
}

// discounted is what comes off base: a percentage (10^-4 percent) or a fixed
// amount, never more than there is.
func discounted(base, amount MoneySet, percent int64) MoneySet {
	if percent > 0 {
		amount = MoneySet{mulDiv(base.Shop, percent, 1e6), mulDiv(base.Presentment, percent, 1e6)}
	}
	return MoneySet{min(amount.Shop, base.Shop), min(amount.Presentment, base.Presentment)}
}

// tax is the tax on an amount.
func tax(net MoneySet, ppm int64, included bool) MoneySet {
	base := int64(1e6)
	if included {
		base += ppm
	}
	return MoneySet{mulDiv(net.Shop, ppm, base), mulDiv(net.Presentment, ppm, base)}
}

// applyTax puts a tax line on each taxable line. Shipping is taxed where prices
// include tax, as in the European Union.
func (o *Order) applyTax(title string, ppm int64) {
	if ppm == 0 || o.TaxExempt {
		return
	}
	for i := range o.Lines {
		if l := &o.Lines[i]; l.Taxable {
			l.Taxes = []TaxLine{{title, ppm, tax(l.Total().Sub(l.Discount()), ppm, o.TaxesIncluded)}}
		}
	}
	if !o.TaxesIncluded {
		return
	}
	for i := range o.ShippingLines {
		l := &o.ShippingLines[i]
		l.Taxes = []TaxLine{{title, ppm, tax(l.Price.Sub(l.Discount()), ppm, true)}}
	}
}

func taxSum(lines []TaxLine) (sum MoneySet) {
	for _, t := range lines {
		sum = sum.Add(t.Amount)
	}
	return sum
}

// Totals adds the order up as it was bought, additions of later edits included,
// removals and refunds not.
func (o *Order) Totals() Totals {
	return o.totals(func(l LineItem) int64 { return l.Quantity }, false)
}

// Current adds the order up as it stands now, after edits and refunds.
func (o *Order) Current() Totals { return o.totals(LineItem.Current, true) }

func (o *Order) totals(units func(LineItem) int64, now bool) Totals {
	var t Totals
	for _, l := range o.Lines {
		if l.Tip {
			continue // counted by o.Tip
		}
		n := units(l)
		off, levied := portionSet(l.Discount(), 0, n, l.Quantity), portionSet(taxSum(l.Taxes), 0, n, l.Quantity)
		gross := MoneySet{l.Unit.Shop * n, l.Unit.Presentment * n}
		t.Lines = t.Lines.Add(gross)
		t.Discounts = t.Discounts.Add(off)
		t.Subtotal = t.Subtotal.Add(gross).Sub(off)
		t.Tax = t.Tax.Add(levied)
	}
	for _, l := range o.ShippingLines {
		t.Shipping = t.Shipping.Add(l.Price)
		t.ShippingDiscount = t.ShippingDiscount.Add(l.Discount())
		t.Tax = t.Tax.Add(taxSum(l.Taxes))
	}
	t.Discounts = t.Discounts.Add(t.ShippingDiscount)
	t.Tip = o.Tip
	var adjusted MoneySet
	if now {
		for _, r := range o.Refunds {
			t.Shipping = t.Shipping.Sub(r.Shipping)
			t.Tax = t.Tax.Sub(r.ShippingTax)
			adjusted = adjusted.Add(r.Adjustment)
		}
	}
	t.Total = t.Subtotal.Add(t.Shipping).Sub(t.ShippingDiscount).Add(t.Tip).Sub(adjusted)
	if !o.TaxesIncluded {
		t.Total = t.Total.Add(t.Tax)
	}
	for _, x := range o.Transactions {
		switch {
		case x.Status != "success":
		case x.Kind == "sale" || x.Kind == "capture":
			t.Paid = t.Paid.Add(x.Amount)
		case x.Kind == "refund":
			t.Refunded = t.Refunded.Add(x.Amount)
		}
	}
	if now {
		t.Outstanding = t.Total.Sub(t.Paid).Add(t.Refunded)
	} else {
		t.Outstanding = o.Current().Outstanding
	}
	return t
}

// Financial is the order's financial status as webhooks name it.
func (o *Order) Financial() string {
	if o.FinancialHold != "" {
		return o.FinancialHold
	}
	t := o.Current()
	captured, authorized := false, false
	for _, x := range o.Transactions {
		captured = captured || x.Status == "success" && (x.Kind == "sale" || x.Kind == "capture")
		authorized = authorized || x.Status == "success" && x.Kind == "authorization"
	}
	switch {
	case t.Refunded.Shop > 0 && t.Refunded.Shop >= t.Paid.Shop:
		return "refunded"
	case t.Refunded.Shop > 0:
		return "partially_refunded"
	case t.Outstanding.Shop <= 0:
		return "paid"
	case captured:
		return "partially_paid"
	case authorized:
		return "authorized"
	}
	return "pending"
}

// FulfillmentState is the order's fulfilment status as webhooks name it: "",
// partial or fulfilled.
func (o *Order) FulfillmentState() string {
	var sent, open int64
	for _, l := range o.Lines {
		if l.Tip {
			continue
		}
		sent += l.Fulfilled
		open += l.Open()
	}
	switch {
	case sent == 0:
		return ""
	case open == 0:
		return "fulfilled"
	}
	return "partial"
}

// Gateways are the names of the ways the order was paid.
func (o *Order) Gateways() []string {
	names := []string{}
	seen := map[string]bool{}
	for _, x := range o.Transactions {
		if !seen[x.Gateway] && x.Kind != "refund" {
			seen[x.Gateway] = true
			names = append(names, x.Gateway)
		}
	}
	return names
}

// StatusURL is the order status page on the shop's own domain.
func (o *Order) StatusURL(s *Sim) string { return s.cfg.URL + "/orders/" + o.Token }

// line finds a line item.
func (o *Order) line(id int64) *LineItem {
	for i := range o.Lines {
		if o.Lines[i].ID == id {
			return &o.Lines[i]
		}
	}
	return nil
}

// fulfillment finds a parcel.
func (o *Order) fulfillment(id int64) *Fulfillment {
	for i := range o.Fulfillments {
		if o.Fulfillments[i].ID == id {
			return &o.Fulfillments[i]
		}
	}
	return nil
}

// transaction finds a movement of money.
func (o *Order) transaction(id int64) *Transaction {
	for i := range o.Transactions {
		if o.Transactions[i].ID == id {
			return &o.Transactions[i]
		}
	}
	return nil
}
