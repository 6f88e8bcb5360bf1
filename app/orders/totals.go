package orders

import (
	"math/big"
	"slices"
	"strings"
)

// The kinds of rows under the items of an order, in the order they are shown.
const (
	RowSubtotal         = "subtotal"
	RowDiscount         = "discount"
	RowShipping         = "shipping"
	RowShippingDiscount = "shipping_discount"
	RowDuties           = "duties"
	RowFees             = "fees"
	RowTax              = "tax"
	RowTip              = "tip"
	RowRounding         = "rounding"
	RowAdjustment       = "adjustment"
	RowTotal            = "total"
	RowGiftCard         = "gift_card"
	RowStoreCredit      = "store_credit"
	RowPaid             = "paid"
	RowRefunded         = "refunded"
	RowDue              = "due"
	RowOwed             = "owed"
)

// Row is one line of the sums. What lowers the total is negative, so that the
// rows up to the total add up to it by plain addition. After the total follow
// the payments, which add up to it together with what is due.
type Row struct {
	Kind     string
	Discount *Discount    // of a discount row; nil when Shopify does not say which
	Method   string       // of a shipping row: how it travels
	Payment  *Transaction // of a payment row, when known
	Gateway  string       // of a payment row, when the payment itself is not known
	Amount   Price
}

// ItemDiscount is what one discount takes off one item.
type ItemDiscount struct {
	Discount *Discount // nil when Shopify does not say which
	Amount   Price     // positive
}

// Item is a line as it is shown: what remains of it, with its own discounts
// taken off. Discounts of the whole order are rows of their own.
type Item struct {
	Line      *Line
	Quantity  int64
	Gross     Price // price times quantity
	Net       Price // after the item's own discounts
	Discounts []ItemDiscount
}

// Totals are the sums of an order as the shopper reads them.
//
//	Σ Item.Net = subtotal
//	subtotal + discounts + shipping + shipping discounts + duties + fees
//	  + tax (unless included) + tip + rounding + adjustment = total
//	total = gift cards + store credit + payments + due          as bought
//	total = gift cards + store credit + payments + refunded + due − owed   edited
//
// It holds to the last minor unit in both currencies. Adjustment is nothing for
// an order whose parts make up Shopify's own total; where they do not, the total
// is still Shopify's and the row shows what we could not explain.
type Totals struct {
	Items       []Item
	Rows        []Row
	Total       Price
	Tax         Price
	TaxIncluded bool
	Edited      bool // items were taken out: this is what is left, not what was bought
	Paid        Price
	Refunded    Price
	Due         Price
	Adjustment  Price
}

// Sum works out the totals of an order. It is a function of the order alone.
func Sum(o *Order) Totals {
	bought, now := sums(o, asBought), sums(o, asNow)
	t := bought
	switch {
	case taken(o):
		t = now
	case !bought.Adjustment.IsZero() && now.Adjustment.IsZero():
		t = now // an edit added something and Shopify's first total does not know it
	}
	t.pay(o)
	return t
}

// taken tells whether something was removed from the order without money going
// back for it: that is an edit, and the shopper should read what is left. What
// was refunded stays in sight, with the refund below the total.
func taken(o *Order) bool {
	refunded := map[int64]int64{}
	for _, f := range o.Refunds {
		if f.Money.positive() {
			for _, l := range f.Lines {
				refunded[l.LineID] += l.Quantity
			}
		}
	}
	gone := slices.ContainsFunc(o.Lines, func(l Line) bool { return l.Quantity-l.CurrentQuantity > refunded[l.ID] })
	return gone || slices.ContainsFunc(o.ShippingLines, func(s ShippingLine) bool { return s.Removed })
}

type basis int

const (
	asBought basis = iota
	asNow
)

// sums tries the readings of Shopify's discount figures from the most exact to
// the least, and takes the first that makes up Shopify's own total.
func sums(o *Order, b basis) Totals {
	p := gather(o, b)
	best := p.totals(o, Price{})
	for _, unexplained := range p.remainders() {
		if best.Adjustment.IsZero() {
			break
		}
		t := p.totals(o, unexplained)
		if t.Adjustment.IsZero() || t.Adjustment.Presentment == 0 && best.Adjustment.Presentment != 0 {
			best = t
		}
	}
	return best
}

// parts are the sums an order is made of, before they are put in rows.
type parts struct {
	basis         basis
	figures       Figures
	items         []Item
	gross         Price // of all items
	itemDiscounts Price
	whole         []ItemDiscount // discounts of the whole order, one each
	shipping      Price
	method        string
	shippingOff   []ItemDiscount
	tip           Price
	shrunk        int64 // discount shares of lines that lost pieces
}

func gather(o *Order, b basis) *parts {
	p := &parts{basis: b, figures: o.Bought}
	if b == asNow {
		p.figures = o.Now
	}
	tipped := false
	for i := range o.Lines {
		l := &o.Lines[i]
		quantity := l.Quantity
		if b == asNow {
			quantity = l.CurrentQuantity
		}
		if l.Tip {
			tipped = true
			p.tip = p.tip.plus(l.Price.times(quantity))
			continue
		}
		if quantity > 0 {
			p.item(o, l, quantity)
		}
	}
	if !tipped {
		p.tip = p.figures.Tip
	}
	p.ship(o)
	if b == asNow {
		p.settleRounding()
	}
	return p
}

func (p *parts) item(o *Order, l *Line, quantity int64) {
	it := Item{Line: l, Quantity: quantity, Gross: l.Price.times(quantity)}
	it.Net = it.Gross
	for _, a := range l.Allocations {
		d := named(o, a.Discount)
		amount := a.Amount
		if quantity != l.Quantity { // what is left of the discount, for what is left of the line
			amount = Price{convert(a.Amount.Shop, l.Quantity, quantity), convert(a.Amount.Presentment, l.Quantity, quantity)}
			p.shrunk++
		}
		if d != nil && d.wholeOrder() {
			p.whole = joinDiscount(p.whole, d, amount)
			continue
		}
		it.Discounts = joinDiscount(it.Discounts, d, amount)
		it.Net = it.Net.minus(amount)
		p.itemDiscounts = p.itemDiscounts.plus(amount)
	}
	p.gross = p.gross.plus(it.Gross)
	p.items = append(p.items, it)
}

func (p *parts) ship(o *Order) {
	var net Price
	var methods []string
	for i := range o.ShippingLines {
		s := &o.ShippingLines[i]
		if p.basis == asNow && s.Removed {
			continue
		}
		price, off := s.Price, s.Price.minus(s.Discounted)
		if p.basis == asNow { // a refunded delivery costs less; its discount stays
			price = price.minus(s.Discounted.minus(s.CurrentlyPriced))
		}
		var allocated Price
		for _, a := range s.Allocations {
			p.shippingOff = joinDiscount(p.shippingOff, named(o, a.Discount), a.Amount)
			allocated = allocated.plus(a.Amount)
		}
		if rest := off.minus(allocated); rest.positive() {
			p.shippingOff = joinDiscount(p.shippingOff, nil, rest)
			allocated = off
		}
		p.shipping = p.shipping.plus(price)
		net = net.plus(price.minus(allocated))
		if s.Title != "" && !slices.Contains(methods, s.Title) {
			methods = append(methods, s.Title)
		}
	}
	p.method = strings.Join(methods, ", ")
	switch want := p.figures.Shipping; {
	case want == nil:
	case p.basis == asBought && len(o.ShippingLines) == 0:
		p.shipping = *want
	case p.basis == asNow && *want != net:
		// Shopify's current price of shipping is what remains of it.
		p.shipping = p.shipping.plus(want.minus(net))
	}
}

// settleRounding gives what the shares of a shrunken line lost or gained by
// rounding to the largest discount, so that the items make up the subtotal.
func (p *parts) settleRounding() {
	if p.figures.Subtotal == nil {
		return
	}
	off := p.gross.minus(p.itemDiscounts).minus(total(p.whole)).minus(*p.figures.Subtotal)
	if off.IsZero() || abs(off.Shop) > p.shrunk || abs(off.Presentment) > p.shrunk { // more than rounding explains
		return
	}
	if len(p.whole) > 0 {
		largest := slices.MaxFunc(p.whole, func(a, b ItemDiscount) int { return int(a.Amount.Presentment - b.Amount.Presentment) })
		for i := range p.whole {
			if p.whole[i].Discount == largest.Discount {
				p.whole[i].Amount = p.whole[i].Amount.plus(off)
				return
			}
		}
	}
	for i := range p.items {
		if it := &p.items[i]; len(it.Discounts) > 0 {
			it.Discounts[0].Amount = it.Discounts[0].Amount.plus(off)
			it.Net = it.Net.minus(off)
			p.itemDiscounts = p.itemDiscounts.plus(off)
			return
		}
	}
}

// remainders are the discounts that Shopify counts but allocates nowhere, read
// once from the subtotal and once from the sum of discounts.
func (p *parts) remainders() []Price {
	known := p.itemDiscounts.plus(total(p.whole))
	var out []Price
	if p.figures.Subtotal != nil {
		out = append(out, p.gross.minus(known).minus(*p.figures.Subtotal))
	}
	out = append(out, p.figures.Discounts.minus(known).minus(total(p.shippingOff)), p.figures.Discounts.minus(known))
	return slices.DeleteFunc(out, func(r Price) bool { return r.Shop < 0 || r.Presentment < 0 || r.IsZero() })
}

func (p *parts) totals(o *Order, unexplained Price) Totals {
	t := Totals{
		Items: p.items, Total: p.figures.Total, Tax: p.figures.Tax, TaxIncluded: o.TaxesIncluded, Edited: p.basis == asNow,
	}
	t.row(Row{Kind: RowSubtotal, Amount: p.gross.minus(p.itemDiscounts)})
	for _, d := range p.whole {
		t.row(Row{Kind: RowDiscount, Discount: d.Discount, Amount: d.Amount.neg()})
	}
	if !unexplained.IsZero() {
		t.row(Row{Kind: RowDiscount, Discount: onlyCode(o), Amount: unexplained.neg()})
	}
	if len(o.ShippingLines) > 0 || !p.shipping.IsZero() {
		t.row(Row{Kind: RowShipping, Method: p.method, Amount: p.shipping})
	}
	for _, d := range p.shippingOff {
		t.row(Row{Kind: RowShippingDiscount, Discount: d.Discount, Amount: d.Amount.neg()})
	}
	if !o.DutiesIncluded {
		t.rowUnlessZero(Row{Kind: RowDuties, Amount: p.figures.Duties})
	}
	t.rowUnlessZero(Row{Kind: RowFees, Amount: p.figures.Fees})
	if !o.TaxesIncluded {
		t.rowUnlessZero(Row{Kind: RowTax, Amount: p.figures.Tax})
	}
	t.rowUnlessZero(Row{Kind: RowTip, Amount: p.tip})

	var made Price
	for _, r := range t.Rows {
		made = made.plus(r.Amount)
	}
	t.Adjustment = t.Total.minus(made)
	if !o.Rounding.IsZero() && t.Adjustment == o.Rounding {
		t.row(Row{Kind: RowRounding, Amount: o.Rounding})
		t.Adjustment = Price{}
	}
	t.rowUnlessZero(Row{Kind: RowAdjustment, Amount: t.Adjustment})
	t.row(Row{Kind: RowTotal, Amount: t.Total})
	return t
}

func (t *Totals) row(r Row) { t.Rows = append(t.Rows, r) }

func (t *Totals) rowUnlessZero(r Row) {
	if !r.Amount.IsZero() {
		t.row(r)
	}
}

// named is the discount an allocation points to, or nil.
func named(o *Order, index int) *Discount {
	if index < 0 || index >= len(o.Discounts) {
		return nil
	}
	return &o.Discounts[index]
}

// onlyCode names a discount that Shopify allocates nowhere, if there is just one
// code it can come from.
func onlyCode(o *Order) *Discount {
	switch {
	case len(o.Discounts) == 1:
		return &o.Discounts[0]
	case len(o.Codes) == 1:
		return &Discount{Code: o.Codes[0]}
	}
	return nil
}

func joinDiscount(to []ItemDiscount, d *Discount, amount Price) []ItemDiscount {
	for i := range to {
		if to[i].Discount == d {
			to[i].Amount = to[i].Amount.plus(amount)
			return to
		}
	}
	return append(to, ItemDiscount{d, amount})
}

func total(of []ItemDiscount) (sum Price) {
	for _, d := range of {
		sum = sum.plus(d.Amount)
	}
	return sum
}

// convert carries x from one measure to another, x·to/from, rounded half away
// from zero: an amount at the rate of two totals, a discount to fewer pieces.
func convert(x, from, to int64) int64 {
	if from == to {
		return x
	}
	if from == 0 {
		return 0
	}
	n := new(big.Int).Mul(big.NewInt(x), big.NewInt(to))
	d := big.NewInt(from)
	twice := new(big.Int).Lsh(n, 1)
	if n.Sign()*d.Sign() < 0 {
		twice.Sub(twice, d)
	} else {
		twice.Add(twice, d)
	}
	q := twice.Quo(twice, d.Lsh(d, 1))
	if !q.IsInt64() {
		return 0
	}
	return q.Int64()
}

func abs(x int64) int64 { return max(x, -x) }
