package shopsim

import (
	"slices"

	"afterglow/app/ids"
)

// The order editing dance: begin, change, commit. Nothing is saved on the order
// before the commit.

// calculated is an order as an edit session would leave it.
type calculated struct {
	session *EditSession
	after   *Order
}

type calculatedLine struct {
	calculated
	row EditedRow
}

func init() {
	on("CalculatedOrder", map[string]func(*call, calculated, args) any{
		"id":                  func(_ *call, v calculated, _ args) any { return gid("CalculatedOrder", v.session.ID) },
		"committed":           func(_ *call, v calculated, _ args) any { return v.session.Done },
		"originalOrder":       func(c *call, v calculated, _ args) any { return orderNode(c.t.orders.rows[v.session.OrderID]) },
		"totalOutstandingSet": func(_ *call, v calculated, _ args) any { return bagOf(v.after, v.after.Current().Outstanding) },
		"totalPriceSet":       func(_ *call, v calculated, _ args) any { return bagOf(v.after, v.after.Current().Total) },
		"subtotalPriceSet":    func(_ *call, v calculated, _ args) any { return bagOf(v.after, v.after.Current().Subtotal) },
		"taxLines":            func(_ *call, v calculated, _ args) any { return taxNodes(v.after, v.after.currentTaxes()) },
		"subtotalLineItemsQuantity": func(_ *call, v calculated, _ args) any {
			return units(v.after, LineItem.Current)
		},
		"lineItems": func(_ *call, v calculated, _ args) any {
			return entries(v.session.Lines, func(r EditedRow) (node, int64) { return node{"CalculatedLineItem", calculatedLine{v, r}}, r.ID })
		},
		"addedLineItems": func(_ *call, v calculated, _ args) any {
			added := slices.DeleteFunc(slices.Clone(v.session.Lines), func(r EditedRow) bool { return r.LineItemID != 0 })
			return entries(added, func(r EditedRow) (node, int64) { return node{"CalculatedLineItem", calculatedLine{v, r}}, r.ID })
		},
	})
	on("CalculatedLineItem", map[string]func(*call, calculatedLine, args) any{
		"id":       func(_ *call, v calculatedLine, _ args) any { return gid("CalculatedLineItem", v.row.ID) },
		"quantity": func(_ *call, v calculatedLine, _ args) any { return v.row.Quantity },
		"editableQuantity": func(_ *call, v calculatedLine, _ args) any {
			if l := v.after.line(v.row.LineItemID); l != nil {
				return l.Open()
			}
			return v.row.Quantity
		},
		"editableQuantityBeforeChanges": func(c *call, v calculatedLine, _ args) any {
			if l := c.t.orders.rows[v.session.OrderID].line(v.row.LineItemID); l != nil {
				return l.Open()
			}
			return 0
		},
		"restockable": func(*call, calculatedLine, args) any { return true },
		"restocking":  func(_ *call, v calculatedLine, _ args) any { return v.row.Restock },
		"title":       func(c *call, v calculatedLine, _ args) any { return v.item(c).Title },
		"sku":         func(c *call, v calculatedLine, _ args) any { return blank(v.item(c).SKU) },
		"variantTitle": func(c *call, v calculatedLine, _ args) any {
			return blank(v.item(c).VariantTitle)
		},
		"variant": func(c *call, v calculatedLine, _ args) any {
			return variantNode(c.t.variant(v.session.ShopID, v.row.VariantID))
		},
		"originalUnitPriceSet": func(c *call, v calculatedLine, _ args) any { return bagOf(v.after, v.item(c).Unit) },
	})
}

// item is the line as it would be.
func (v calculatedLine) item(*call) LineItem {
	if l := v.after.line(v.row.LineItemID); l != nil {
		return *l
	}
	for _, l := range v.after.Lines {
		if l.VariantID == v.row.VariantID {
			return l
		}
	}
	return LineItem{}
}

func (t *tx) beginEdit(o *Order) *EditSession {
	e := &EditSession{ID: t.id("other"), ShopID: o.ShopID, OrderID: o.ID, Version: o.UpdatedAt, Lines: []EditedRow{}}
	for _, l := range o.Lines {
		if l.Current() > 0 && !l.Tip {
			e.Lines = append(e.Lines, EditedRow{ID: t.id("other"), LineItemID: l.ID, VariantID: l.VariantID, Quantity: l.Current()})
		}
	}
	return add(t, t.edits, e)
}

// input is what the session would change on an order.
func (e *EditSession) input(o *Order) (in EditInput) {
	for _, r := range e.Lines {
		switch l := o.line(r.LineItemID); {
		case l == nil && r.Quantity > 0:
			in.Add = append(in.Add, CheckoutLine{VariantID: r.VariantID, Quantity: r.Quantity})
		case l != nil && l.Current() != r.Quantity:
			in.Set = append(in.Set, EditSet{r.LineItemID, r.Quantity})
		}
	}
	return in
}

// preview works out the order after the session, without keeping it.
func (t *tx) preview(e *EditSession) (*Order, error) {
	in := e.input(t.orders.rows[e.OrderID])
	if len(in.Add)+len(in.Set) == 0 {
		return t.orders.rows[e.OrderID], nil
	}
	scratch := &tx{tables: t.tables, sim: t.sim, now: t.now, at: map[string]int{}, quiet: true}
	return scratch.editOrder(e.OrderID, in)
}

// session finds an open edit by the id of its session or of its calculated
// order.
func (c *call) session(t *tx, id string) (*EditSession, error) {
	kind, n, err := ids.ParseGID(id)
	if err != nil || kind != "OrderEditSession" && kind != "CalculatedOrder" {
		return nil, refuse("id", "Order edit session does not exist")
	}
	e := edit(t, t.edits, n)
	switch {
	case e == nil || e.ShopID != c.shop.ID:
		return nil, refuse("id", "Order edit session does not exist")
	case e.Done:
		return nil, refuse("id", "The order edit has already been committed")
	case !t.orders.rows[e.OrderID].UpdatedAt.Equal(e.Version):
		return nil, refuse("id", "The order has changed since the edit began")
	}
	return e, nil
}

func (v calculated) payload(row int64) *payload {
	vals := map[string]any{"calculatedOrder": node{"CalculatedOrder", v}, "orderEditSession": node{"OrderEditSession", v.session.ID}}
	for _, r := range v.session.Lines {
		if r.ID == row {
			vals["calculatedLineItem"] = node{"CalculatedLineItem", calculatedLine{v, r}}
		}
	}
	return &payload{vals: vals}
}

func mutateEditBegin(c *call, a args) (*payload, error) {
	var v calculated
	err := c.change(a.id("id", "Order"), func(t *tx, o *Order) error {
		if why := o.editable(); why != "" {
			return refuse("", "%s", why)
		}
		v = calculated{t.beginEdit(o), o}
		return nil
	})
	if err != nil {
		return wrong(err, "", "id")
	}
	return v.payload(0), nil
}

func (c *call) editStep(a args, fn func(t *tx, e *EditSession) (row int64, err error)) (*payload, error) {
	var v calculated
	var row int64
	err := c.sim.write(func(t *tx) error {
		e, err := c.session(t, a.str("id"))
		if err != nil {
			return err
		}
		if row, err = fn(t, e); err != nil {
			return err
		}
		v.session = e
		v.after, err = t.preview(e)
		return err
	})
	if err != nil {
		return wrong(err, "", "id")
	}
	return v.payload(row), nil
}

func mutateEditSet(c *call, a args) (*payload, error) {
	return c.editStep(a, func(_ *tx, e *EditSession) (int64, error) {
		id := a.id("lineItemId", "CalculatedLineItem")
		for i := range e.Lines {
			if e.Lines[i].ID == id {
				e.Lines[i].Quantity, e.Lines[i].Restock = a.num("quantity"), a.flag("restock")
				return id, nil
			}
		}
		return 0, refuse("lineItemId", "Line item does not exist")
	})
}

func mutateEditAdd(c *call, a args) (*payload, error) {
	return c.editStep(a, func(t *tx, e *EditSession) (int64, error) {
		id := a.id("variantId", "ProductVariant")
		_, v := t.variant(c.shop.ID, id)
		if v == nil {
			return 0, refuse("variantId", "Variant does not exist")
		}
		if a.num("quantity") < 1 {
			return 0, refuse("quantity", "Quantity must be greater than 0")
		}
		if !a.flag("allowDuplicates") && slices.ContainsFunc(e.Lines, func(r EditedRow) bool { return r.VariantID == id && r.Quantity > 0 }) {
			return 0, refuse("variantId", "Variant is already on the order")
		}
		row := EditedRow{ID: t.id("other"), VariantID: id, Quantity: a.num("quantity")}
		e.Lines = append(e.Lines, row)
		return row.ID, nil
	})
}

func mutateEditCommit(c *call, a args) (*payload, error) {
	var id int64
	err := c.sim.write(func(t *tx) error {
		e, err := c.session(t, a.str("id"))
		if err != nil {
			return err
		}
		in := e.input(t.orders.rows[e.OrderID])
		in.Note, in.Notify = a.str("staffNote"), a.flag("notifyCustomer")
		if _, err := t.editOrder(e.OrderID, in); err != nil {
			return err
		}
		e.Done, id = true, e.OrderID
		return nil
	})
	if err != nil {
		return wrong(err, "", "id")
	}
	return &payload{vals: map[string]any{"order": theOrder(id), "successMessages": []string{"Order updated"}}}, nil
}
