package shopsim

// EditInput edits an order as the store's staff would: new lines, and new
// quantities of old ones.
type EditInput struct {
	Add    []CheckoutLine `json:"add"`
	Set    []EditSet      `json:"set"`
	Note   string         `json:"note"`
	Notify bool           `json:"notify"`
}

// EditSet is a line's new quantity.
type EditSet struct {
	LineItemID int64 `json:"line_item_id"`
	Quantity   int64 `json:"quantity"`
}

// EditOrder edits an order and commits the edit.
func (s *Sim) EditOrder(shopID, orderID int64, in EditInput) (o *Order, err error) {
	err = s.write(func(t *tx) error {
		if t.order(shopID, orderID) == nil {
			return errNoOrder
		}
		o, err = t.editOrder(orderID, in)
		return err
	})
	return o, err
}

// editable says why an order may not be edited, or "".
func (o *Order) editable() string {
	switch {
	case o.CancelledAt != nil:
		return "The order is canceled and cannot be edited"
	case o.Financial() == "voided" || o.Financial() == "refunded":
		return "The order cannot be edited"
	}
	return ""
}

func (t *tx) editOrder(orderID int64, in EditInput) (*Order, error) {
	o := edit(t, t.orders, orderID)
	if why := o.editable(); why != "" {
		return nil, refuse("", "%s", why)
	}
	if len(in.Add)+len(in.Set) == 0 {
		return nil, refuse("", "There are no changes to commit")
	}
	shop := look(t, t.shops, o.ShopID)
	x, err := newExchange(o.Currency, o.PresentmentCurrency, o.Rate)
	if err != nil {
		return nil, err
	}
	done := OrderEdit{ID: t.id("other"), Additions: []EditLine{}, Removals: []EditLine{}, Note: in.Note, Notify: in.Notify, CommittedAt: t.now}
	for _, set := range in.Set {
		if err := t.setQuantity(o, set, &done); err != nil {
			return nil, err
		}
	}
	for _, line := range in.Add {
		l, err := t.placeLine(shop, line, x)
		if err != nil {
			return nil, refuse("add", "%v", err)
		}
		if ppm, title := o.taxRate(); ppm > 0 && l.Taxable && !o.TaxExempt {
			l.Taxes = []TaxLine{{title, ppm, tax(l.Total(), ppm, o.TaxesIncluded)}}
		}
		o.Lines = append(o.Lines, l)
		done.Additions = append(done.Additions, EditLine{l.ID, l.Quantity})
	}
	o.Edits = append(o.Edits, done)
	o.touch(t.now)
	ev := t.newEvent()
	t.announceEdit(ev, o, done)
	t.announceOrder(ev, "orders/updated", o)
	return o, nil
}

func (t *tx) setQuantity(o *Order, set EditSet, done *OrderEdit) error {
	l := o.line(set.LineItemID)
	if l == nil || l.Tip {
		return refuse("set", "no such line item")
	}
	delta := set.Quantity - l.Current()
	switch {
	case set.Quantity < 0:
		return refuse("set", "Quantity must be zero or more")
	case delta < 0 && -delta > l.Open():
		return refuse("set", "Fulfilled items cannot be removed")
	case delta < 0:
		l.Removed -= delta
		done.Removals = append(done.Removals, EditLine{l.ID, -delta})
	case delta > 0:
		l.Quantity += delta
		more := MoneySet{l.Unit.Shop * delta, l.Unit.Presentment * delta}
		for i := range l.Taxes {
			l.Taxes[i].Amount = l.Taxes[i].Amount.Add(tax(more, l.Taxes[i].PPM, o.TaxesIncluded))
		}
		done.Additions = append(done.Additions, EditLine{l.ID, delta})
	}
	return nil
}

// taxRate is the rate of the order's first taxed line.
func (o *Order) taxRate() (ppm int64, title string) {
	for _, l := range o.Lines {
		for _, x := range l.Taxes {
			return x.PPM, x.Title
		}
	}
	return 0, ""
}
