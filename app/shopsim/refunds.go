package shopsim

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"afterglow/app/money"
)

// CancelInput cancels an order.
type CancelInput struct {
	Reason      string `json:"reason"` // CUSTOMER, DECLINED, FRAUD, INVENTORY, OTHER, STAFF
	Refund      bool   `json:"refund"`
	StoreCredit bool   `json:"store_credit"` // refund as store credit
	Restock     bool   `json:"restock"`
	Note        string `json:"note"`
}

// RefundInput gives money or goods back. Without transactions the money goes
// back the way it came.
type RefundInput struct {
	Lines        []RefundLineInput `json:"lines"`
	Shipping     *int64            `json:"-"`             // presentment minor units
	FullShipping bool              `json:"full_shipping"` // what is left of it
	Amount       string            `json:"amount"`        // presentment; without lines: money only
	Transactions []RefundPayment   `json:"-"`
	Credit       *int64            `json:"-"` // presentment minor units to store credit
	StoreCredit  bool              `json:"store_credit"`
	CreditUntil  *time.Time        `json:"-"`
	Note         string            `json:"note"`
}

// RefundLineInput is one returned line.
type RefundLineInput struct {
	LineItemID int64  `json:"line_item_id"`
	Quantity   int64  `json:"quantity"`
	Restock    string `json:"restock"` // no_restock (default), cancel, return
}

// RefundPayment sends money back over an earlier payment.
type RefundPayment struct {
	ParentID int64
	Gateway  string
	Amount   int64 // presentment minor units
}

// refundable is what is left to refund of each payment, newest gateway order
// kept: cards first, then gift cards and store credit.
func (o *Order) refundable() []Transaction {
	var left []Transaction
	for _, x := range o.Transactions {
		if x.Status != "success" || x.Kind != "sale" && x.Kind != "capture" {
			continue
		}
		for _, r := range o.Transactions {
			if r.Kind == "refund" && r.Status == "success" && r.ParentID == x.ID {
				x.Amount = x.Amount.Sub(r.Amount)
			}
		}
		if x.Amount.Presentment > 0 {
			left = append(left, x)
		}
	}
	slices.SortStableFunc(left, func(a, b Transaction) int {
		return cmp.Compare(boolInt(a.Gateway != "shopify_payments"), boolInt(b.Gateway != "shopify_payments"))
	})
	return left
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// creditedRefunds is what was refunded as store credit instead of over a payment.
func (o *Order) creditedRefunds() (sum MoneySet) {
	for _, x := range o.Transactions {
		if x.Kind == "refund" && x.Status == "success" && x.ParentID == 0 {
			sum = sum.Add(x.Amount)
		}
	}
	return sum
}

// maxRefundable is all that may still be given back.
func (o *Order) maxRefundable() (sum MoneySet) {
	for _, x := range o.refundable() {
		sum = sum.Add(x.Amount)
	}
	return sum.Sub(o.creditedRefunds())
}

// suggestion is what Shopify would refund for some lines.
type suggestion struct {
	Lines        []RefundLine
	Subtotal     MoneySet
	Tax          MoneySet
	Shipping     MoneySet
	ShippingTax  MoneySet
	Amount       MoneySet
	Maximum      MoneySet
	Transactions []Transaction // parent id and amount
	Discount     MoneySet
}

// shippingLeft is the shipping that has not been refunded, and its tax.
func (o *Order) shippingLeft() (price, taxes MoneySet) {
	for _, l := range o.ShippingLines {
		price = price.Add(l.Price).Sub(l.Discount())
		taxes = taxes.Add(taxSum(l.Taxes))
	}
	for _, r := range o.Refunds {
		price, taxes = price.Sub(r.Shipping), taxes.Sub(r.ShippingTax)
	}
	return price, taxes
}

// suggest computes a refund. It fails for lines that cannot be refunded.
func (o *Order) suggest(lines []RefundLineInput, shipping *int64, fullShipping bool) (*suggestion, error) {
	s := &suggestion{Maximum: o.maxRefundable(), Lines: []RefundLine{}, Transactions: []Transaction{}}
	taken := map[int64]int64{}
	for _, in := range lines {
		l := o.line(in.LineItemID)
		if l == nil {
			return nil, refuse("lines", "Line item does not exist")
		}
		if in.Quantity <= 0 || in.Quantity > l.Current()-taken[l.ID] {
			return nil, refuse("lines", "Quantity cannot refund more items than were purchased")
		}
		from := l.Removed + l.Refunded + taken[l.ID]
		taken[l.ID] += in.Quantity
		gross := MoneySet{l.Unit.Shop * in.Quantity, l.Unit.Presentment * in.Quantity}
		// The units that stay keep the first portions, so that what is left and
		// what goes back always add up to the line.
		off := portionSet(l.Discount(), l.Quantity-from-in.Quantity, in.Quantity, l.Quantity)
		row := RefundLine{LineItemID: l.ID, Quantity: in.Quantity, Restock: or(in.Restock, "no_restock"), Subtotal: gross.Sub(off),
			Tax: portionSet(taxSum(l.Taxes), l.Quantity-from-in.Quantity, in.Quantity, l.Quantity)}
		s.Lines = append(s.Lines, row)
		s.Subtotal, s.Tax, s.Discount = s.Subtotal.Add(row.Subtotal), s.Tax.Add(row.Tax), s.Discount.Add(off)
	}
	left, leftTax := o.shippingLeft()
	switch {
	case fullShipping:
		s.Shipping, s.ShippingTax = left, leftTax
	case shipping != nil && *shipping != 0:
		if *shipping < 0 || *shipping > left.Presentment {
			return nil, refuse("shipping", "Shipping amount cannot refund more than was paid")
		}
		s.Shipping = MoneySet{mulDiv(left.Shop, *shipping, left.Presentment), *shipping}
		s.ShippingTax = MoneySet{mulDiv(leftTax.Shop, *shipping, left.Presentment), mulDiv(leftTax.Presentment, *shipping, left.Presentment)}
	}
	s.Amount = s.Subtotal.Add(s.Shipping)
	if !o.TaxesIncluded {
		s.Amount = s.Amount.Add(s.Tax).Add(s.ShippingTax)
	}
	s.Amount = MoneySet{min(s.Amount.Shop, max(0, s.Maximum.Shop)), min(s.Amount.Presentment, max(0, s.Maximum.Presentment))}
	s.Transactions = o.spread(s.Amount)
	return s, nil
}

// spread divides an amount over the payments that can still take it back.
func (o *Order) spread(amount MoneySet) []Transaction {
	out := []Transaction{}
	for _, x := range o.refundable() {
		if amount.Presentment <= 0 {
			break
		}
		part := x.Amount
		if amount.Presentment < part.Presentment {
			part = MoneySet{min(amount.Shop, part.Shop), amount.Presentment}
		}
		amount = amount.Sub(part)
		out = append(out, Transaction{ParentID: x.ID, Gateway: x.Gateway, Amount: part, CardBrand: x.CardBrand, CardLast4: x.CardLast4})
	}
	return out
}

// Refund refunds an order as the store's staff would.
func (s *Sim) Refund(shopID, orderID int64, in RefundInput) (r *Refund, err error) {
	err = s.write(func(t *tx) error {
		if t.order(shopID, orderID) == nil {
			return errNoOrder
		}
		r, err = t.refund(orderID, in, "store", "")
		return err
	})
	return r, err
}

func (t *tx) refund(orderID int64, in RefundInput, by, key string) (*Refund, error) {
	o := edit(t, t.orders, orderID)
	plan, err := o.suggest(in.Lines, in.Shipping, in.FullShipping)
	if err != nil {
		return nil, err
	}
	r := Refund{ID: t.id("refund"), Note: in.Note, Lines: plan.Lines, Shipping: plan.Shipping, ShippingTax: plan.ShippingTax, CreatedAt: t.now, Transactions: []int64{}}
	moves := plan.Transactions
	if in.Transactions != nil || in.Credit != nil {
		moves = nil
		for _, p := range in.Transactions {
			m, err := o.payBack(p, moves)
			if err != nil {
				return nil, err
			}
			moves = append(moves, m)
		}
		if in.Credit != nil {
			moves = append(moves, o.creditMove(*in.Credit))
		}
	} else if in.Amount != "" {
		a, err := money.Parse(in.Amount, o.PresentmentCurrency)
		if err != nil || a.Minor <= 0 {
			return nil, refuse("amount", "%q: want an amount in %s", in.Amount, o.PresentmentCurrency)
		}
		moves = o.spread(MoneySet{o.toShop(a.Minor), a.Minor})
		if sumMoves(moves).Presentment != a.Minor {
			return nil, refuse("amount", "only %s %s can be refunded", Decimal(o.maxRefundable().Presentment, o.PresentmentCurrency), o.PresentmentCurrency)
		}
	}
	if in.StoreCredit && in.Credit == nil {
		moves = []Transaction{o.creditMove(sumMoves(moves).Presentment)}
	}
	total := sumMoves(moves)
	if left := o.maxRefundable(); total.Presentment > left.Presentment || total.Shop > left.Shop+1 {
		return nil, refuse("transactions", "Refund amount is greater than the refundable amount")
	}
	if len(r.Lines) == 0 && total.IsZero() && plan.Shipping.IsZero() {
		return nil, refuse("", "Refund must have at least one line item, shipping or transaction")
	}
	t.moveMoney(o, &r, moves, by, key, in)
	if err := t.payCredit(o, moves, in.CreditUntil); err != nil {
		return nil, err
	}
	for i := range r.Lines {
		r.Lines[i].ID = t.id("other")
		o.line(r.Lines[i].LineItemID).Refunded += r.Lines[i].Quantity
	}
	goods := plan.Subtotal.Add(plan.Shipping)
	if !o.TaxesIncluded {
		goods = goods.Add(plan.Tax).Add(plan.ShippingTax)
	}
	r.Total, r.Adjustment = total, total.Sub(goods)
	o.Refunds = append(o.Refunds, r)
	o.touch(t.now)
	ev := t.newEvent()
	t.announceRefund(ev, o, &r)
	t.announceOrder(ev, "orders/updated", o)
	return &r, nil
}

func sumMoves(moves []Transaction) (sum MoneySet) {
	for _, m := range moves {
		sum = sum.Add(m.Amount)
	}
	return sum
}

// toShop converts presentment money back at the order's own ratio.
func (o *Order) toShop(presentment int64) int64 {
	t := o.Totals().Total
	if o.Currency == o.PresentmentCurrency || t.Presentment == 0 {
		return presentment
	}
	return mulDiv(presentment, t.Shop, t.Presentment)
}

func (o *Order) creditMove(presentment int64) Transaction {
	return Transaction{Gateway: "shopify_store_credit", Amount: MoneySet{o.toShop(presentment), presentment}}
}

// payBack checks one refund over an earlier payment, given those already
// planned in the same refund.
func (o *Order) payBack(p RefundPayment, planned []Transaction) (Transaction, error) {
	for _, x := range o.refundable() {
		if x.ID != p.ParentID {
			continue
		}
		for _, m := range planned {
			if m.ParentID == x.ID {
				x.Amount = x.Amount.Sub(m.Amount)
			}
		}
		if p.Gateway != x.Gateway {
			return Transaction{}, refuse("transactions", "Gateway does not match the parent transaction's")
		}
		if p.Amount <= 0 || p.Amount > x.Amount.Presentment {
			return Transaction{}, refuse("transactions", "Refund amount is greater than the refundable amount")
		}
		part := MoneySet{x.Amount.Shop, p.Amount}
		if p.Amount < x.Amount.Presentment {
			part.Shop = mulDiv(x.Amount.Shop, p.Amount, x.Amount.Presentment)
		}
		return Transaction{ParentID: x.ID, Gateway: x.Gateway, Amount: part, CardBrand: x.CardBrand, CardLast4: x.CardLast4}, nil
	}
	return Transaction{}, refuse("transactions", "Parent transaction is not refundable")
}

// moveMoney writes the refund's transactions and the ledger.
func (t *tx) moveMoney(o *Order, r *Refund, moves []Transaction, by, key string, _ RefundInput) {
	for _, m := range moves {
		if m.Amount.IsZero() {
			continue
		}
		m.ID, m.Kind, m.Status, m.CreatedAt = t.id("transaction"), "refund", "success", t.now
		o.Transactions = append(o.Transactions, m)
		r.Transactions = append(r.Transactions, m.ID)
		kind := "refund"
		if m.Gateway == "shopify_store_credit" {
			kind = "store_credit"
		}
		t.enter(o.ShopID, LedgerEntry{Kind: kind, Amount: Decimal(m.Amount.Shop, o.Currency), Currency: o.Currency, OrderID: o.ID,
			Customer: o.CustomerID, Subject: r.ID, Key: key, By: by})
	}
}

// payCredit puts store credit refunds on the customer's account.
func (t *tx) payCredit(o *Order, moves []Transaction, until *time.Time) error {
	for _, m := range moves {
		if m.Gateway != "shopify_store_credit" || m.Amount.IsZero() {
			continue
		}
		if o.CustomerID == 0 {
			return refuse("refundMethods", "Store credit needs a customer")
		}
		if err := t.moveCredit(o.CustomerID, o.Currency, m.Amount.Shop, "ORDER_REFUND", o.ID, until); err != nil {
			return err
		}
	}
	return nil
}

// Cancel cancels an order as the store's staff would.
func (s *Sim) Cancel(shopID, orderID int64, in CancelInput) (o *Order, err error) {
	err = s.write(func(t *tx) error {
		if t.order(shopID, orderID) == nil {
			return errNoOrder
		}
		if err := t.cancel(orderID, in, "store"); err != nil {
			return err
		}
		o = edit(t, t.orders, orderID)
		return nil
	})
	return o, err
}

var cancelReasons = []string{"CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF"}

// cancellable says why an order may not be cancelled, or "".
func (o *Order) cancellable() string {
	switch {
	case o.CancelledAt != nil:
		return "Cannot cancel an order that has already been canceled"
	case slices.ContainsFunc(o.Fulfillments, func(f Fulfillment) bool { return f.Status == "success" }):
		return "Cannot cancel an order that has fulfilled items"
	}
	return ""
}

func (t *tx) cancel(orderID int64, in CancelInput, by string) error {
	in.Reason = or(in.Reason, "OTHER")
	if !slices.Contains(cancelReasons, in.Reason) {
		return refuse("reason", "%q: want one of %v", in.Reason, cancelReasons)
	}
	o := edit(t, t.orders, orderID)
	if why := o.cancellable(); why != "" {
		return refuse("", "%s", why)
	}
	if o.Financial() == "pending" || o.Financial() == "authorized" {
		o.FinancialHold = "voided"
		for i := range o.Transactions {
			if o.Transactions[i].Status == "pending" {
				o.Transactions[i].Status = "failure"
			}
		}
	}
	ev := t.newEvent()
	if err := t.cancelLines(o, in, by, ev); err != nil {
		return fmt.Errorf("cancel %s: %w", o.Name, err)
	}
	at := t.now
	o.CancelledAt, o.CancelReason = &at, map[string]string{"CUSTOMER": "customer", "DECLINED": "declined", "FRAUD": "fraud",
		"INVENTORY": "inventory", "OTHER": "other", "STAFF": "staff"}[in.Reason]
	if o.ClosedAt == nil {
		o.ClosedAt = &at
	}
	o.touch(t.now)
	t.announceOrder(ev, "orders/cancelled", o)
	t.announceOrder(ev, "orders/updated", o)
	return nil
}

// cancelLines takes every unit out of a cancelled order, and the money back
// when that was asked for.
func (t *tx) cancelLines(o *Order, in CancelInput, by, ev string) error {
	restock := "no_restock"
	if in.Restock {
		restock = "cancel"
	}
	var lines []RefundLineInput
	for _, l := range o.Lines {
		if l.Current() > 0 && !l.Tip {
			lines = append(lines, RefundLineInput{l.ID, l.Current(), restock})
		}
	}
	plan, err := o.suggest(lines, nil, true)
	if err != nil {
		return err
	}
	r := Refund{ID: t.id("refund"), Note: in.Note, Lines: plan.Lines, Shipping: plan.Shipping, ShippingTax: plan.ShippingTax, CreatedAt: t.now, Transactions: []int64{}}
	var moves []Transaction
	if in.Refund || in.StoreCredit {
		moves = o.spread(o.maxRefundable())
		if in.StoreCredit {
			moves = []Transaction{o.creditMove(o.maxRefundable().Presentment)}
		}
	}
	t.moveMoney(o, &r, moves, by, "", RefundInput{})
	if err := t.payCredit(o, moves, nil); err != nil {
		return err
	}
	for i := range r.Lines {
		r.Lines[i].ID = t.id("other")
		o.line(r.Lines[i].LineItemID).Refunded += r.Lines[i].Quantity
	}
	r.Total = sumMoves(moves)
	if !r.Total.IsZero() {
		goods := plan.Subtotal.Add(plan.Shipping)
		if !o.TaxesIncluded {
			goods = goods.Add(plan.Tax).Add(plan.ShippingTax)
		}
		r.Adjustment = r.Total.Sub(goods) // the tip goes back too
	}
	if len(r.Lines) > 0 || !r.Total.IsZero() {
		o.Refunds = append(o.Refunds, r)
		t.announceRefund(ev, o, &r)
	}
	return nil
}
