package shopsim

import (
	"fmt"
	"strings"
)

// Draft orders (replacements that a store sends for nothing) and what an edited
// order still has to be paid.

func init() {
	on("QueryRoot", map[string]func(*call, any, args) any{
		"draftOrder":  func(c *call, _ any, a args) any { return c.byID(a.str("id"), "DraftOrder") },
		"draftOrders": func(c *call, _ any, a args) any { return c.draftEntries(a) },
	})
	on("DraftOrder", map[string]func(*call, *Draft, args) any{
		"id":               func(_ *call, d *Draft, _ args) any { return gid("DraftOrder", d.ID) },
		"legacyResourceId": func(_ *call, d *Draft, _ args) any { return fmt.Sprint(d.ID) },
		"name":             func(_ *call, d *Draft, _ args) any { return d.Name },
		"status":           func(_ *call, d *Draft, _ args) any { return d.status() },
		"tags":             func(_ *call, d *Draft, _ args) any { return d.Checkout.Tags },
		"note2":            func(_ *call, d *Draft, _ args) any { return blank(d.Checkout.Note) },
		"email":            func(_ *call, d *Draft, _ args) any { return blank(d.Checkout.Email) },
		"createdAt":        func(_ *call, d *Draft, _ args) any { return d.CreatedAt },
		"updatedAt":        func(_ *call, d *Draft, _ args) any { return d.UpdatedAt },
		"completedAt":      func(_ *call, d *Draft, _ args) any { return d.CompletedAt },
		"invoiceSentAt":    func(_ *call, d *Draft, _ args) any { return d.InvoiceSentAt },
		"invoiceUrl":       func(c *call, d *Draft, _ args) any { return c.sim.cfg.URL + "/invoices/" + d.Token },
		"order":            func(c *call, d *Draft, _ args) any { return orderNode(c.t.orders.rows[d.OrderID]) },
		"currencyCode":     func(c *call, _ *Draft, _ args) any { return c.shop.Currency },
		"totalPriceSet":    func(_ *call, d *Draft, _ args) any { return bagOf(d.Quote, d.Quote.Totals().Total) },
		"customer":         func(c *call, d *Draft, _ args) any { return customerNode(c.t.customers.rows[d.Quote.CustomerID]) },
	})
	on("OrderPaymentCollectionDetails", map[string]func(*call, *Order, args) any{
		"additionalPaymentCollectionUrl": func(c *call, o *Order, _ args) any {
			if o.CancelledAt != nil || o.Current().Outstanding.Shop <= 0 {
				return nil
			}
			return o.StatusURL(c.sim) + "?pay=1"
		},
		"vaultedPaymentMethods": func(*call, *Order, args) any { return nil },
	})
}

func (d *Draft) status() string {
	switch {
	case d.CompletedAt != nil:
		return "COMPLETED"
	case d.InvoiceSentAt != nil:
		return "INVOICE_SENT"
	}
	return "OPEN"
}

func (c *call) draftEntries(a args) any {
	terms, err := parseSearch(a.str("query"))
	if err != nil {
		return err
	}
	out := []entry{}
	for _, d := range c.t.drafts.order[c.shop.ID] {
		ok, err := matches(terms, func(key string) (any, bool) {
			switch key {
			case "tag":
				return d.Checkout.Tags, true
			case "status":
				return strings.ToLower(d.status()), true
			case "created_at":
				return d.CreatedAt, true
			case "updated_at":
				return d.UpdatedAt, true
			case "id":
				return d.ID, true
			}
			return nil, false
		})
		if err != nil {
			return err
		}
		if ok {
			out = append(out, entry{node: node{"DraftOrder", d}, id: d.ID})
		}
	}
	return out
}

func mutateDraft(c *call, a args) (*payload, error) {
	in := a.obj("input")
	var draft *Draft
	err := c.sim.write(func(t *tx) error {
		checkout, err := c.draftCheckout(in)
		if err != nil {
			return err
		}
		scratch := &tx{tables: t.tables, sim: t.sim, now: t.now, at: map[string]int{}, quiet: true}
		quote, err := scratch.place(c.shop.ID, checkout)
		if err != nil {
			return err
		}
		id := t.id("other")
		draft = add(t, t.drafts, &Draft{ID: id, ShopID: c.shop.ID, Name: fmt.Sprintf("#D%d", len(t.drafts.order[c.shop.ID])+1), Token: randomHex(16),
			Checkout: checkout, Quote: quote, CreatedAt: t.now, UpdatedAt: t.now})
		return nil
	})
	if err != nil {
		return wrong(err, "", "input")
	}
	return &payload{vals: map[string]any{"draftOrder": node{"DraftOrder", draft}}}, nil
}

// draftInputs are the members of DraftOrderInput that the simulation reads.
var draftInputs = map[string]bool{"lineItems": true, "purchasingEntity": true, "customerId": true, "email": true, "phone": true, "note": true,
	"tags": true, "shippingAddress": true, "billingAddress": true, "appliedDiscount": true, "customAttributes": true, "useCustomerDefaultAddress": true, "taxExempt": true}

func (c *call) draftCheckout(in args) (out Checkout, err error) {
	for name := range in {
		if !draftInputs[name] {
			return out, notImplemented("DraftOrderInput", name)
		}
	}
	lines := in.objs("lineItems")
	if len(lines) == 0 {
		return out, refuse("lineItems", "Add at least 1 product")
	}
	out = Checkout{Email: in.str("email"), Phone: in.str("phone"), Note: in.str("note"), Tags: in.strs("tags"), TaxExempt: in.flag("taxExempt"),
		Shipping: &CheckoutShipping{None: true}, Source: "shopify_draft_order"}
	customer := in.id("customerId", "Customer")
	if buyer := in.obj("purchasingEntity"); buyer != nil {
		customer = buyer.id("customerId", "Customer")
	}
	if out.Guest = customer == 0; !out.Guest {
		out.Customer = &CheckoutCustomer{ID: customer}
	}
	for i, l := range lines {
		if !l.has("variantId") {
			return out, notImplemented("DraftOrderLineItemInput", "a line without variantId")
		}
		out.Lines = append(out.Lines, CheckoutLine{VariantID: l.id("variantId", "ProductVariant"), Quantity: l.num("quantity")})
		if d := l.obj("appliedDiscount"); d != nil {
			cut, err := draftDiscount(d)
			if err != nil {
				return out, err
			}
			cut.Line = &i
			out.Discounts = append(out.Discounts, cut)
		}
	}
	if d := in.obj("appliedDiscount"); d != nil {
		cut, err := draftDiscount(d)
		if err != nil {
			return out, err
		}
		out.Discounts = append(out.Discounts, cut)
	}
	for name, to := range map[string]**Address{"shippingAddress": &out.ShipTo, "billingAddress": &out.BillTo} {
		if given := in.obj(name); given != nil {
			filled, err := addressOf(given)
			if err != nil {
				return out, err
			}
			*to = &filled
		}
	}
	for _, x := range in.objs("customAttributes") {
		out.Attributes = append(out.Attributes, KeyText{x.str("key"), x.str("value")})
	}
	return out, nil
}

// draftDiscount reads a discount whose percentage is on a scale of 0 to 100.
func draftDiscount(d args) (CheckoutDiscount, error) {
	value := d.decimal("value")
	kind := map[string]string{"PERCENTAGE": "percentage", "FIXED_AMOUNT": "fixed_amount"}[d.str("valueType")]
	if value == "" || strings.HasPrefix(value, "-") {
		return CheckoutDiscount{}, refuse("appliedDiscount", "Value must be greater than or equal to 0")
	}
	return CheckoutDiscount{Type: kind, Value: Written(value), Title: or(d.str("title"), "Discount")}, nil
}

func mutateDraftComplete(c *call, a args) (*payload, error) {
	id := a.id("id", "DraftOrder")
	err := c.sim.write(func(t *tx) error {
		d := edit(t, t.drafts, id)
		if d == nil || d.ShopID != c.shop.ID {
			return refuse("", "Draft order does not exist")
		}
		if d.CompletedAt != nil {
			return refuse("", "This order has been paid")
		}
		checkout := d.Checkout
		if a.flag("paymentPending") {
			checkout.Payment = "pending"
		}
		o, err := t.place(c.shop.ID, checkout)
		if err != nil {
			return err
		}
		t.enter(c.shop.ID, LedgerEntry{Kind: "replacement", Amount: Decimal(o.Totals().Total.Shop, o.Currency), Currency: o.Currency, OrderID: o.ID, Customer: o.CustomerID, Subject: d.ID, By: c.by})
		at := t.now
		d.OrderID, d.CompletedAt, d.UpdatedAt = o.ID, &at, t.now
		return nil
	})
	if err != nil {
		return wrong(err, "", "id")
	}
	return &payload{vals: map[string]any{"draftOrder": func(c *call) any { return node{"DraftOrder", c.t.drafts.rows[id]} }}}, nil
}

func mutateDraftInvoice(c *call, a args) (*payload, error) {
	id := a.id("id", "DraftOrder")
	err := c.sim.write(func(t *tx) error {
		d := edit(t, t.drafts, id)
		switch {
		case d == nil || d.ShopID != c.shop.ID:
			return refuse("", "Draft order does not exist")
		case d.CompletedAt != nil:
			return refuse("", "This order has been paid")
		case d.Quote.Email == "":
			return refuse("", "To can't be blank")
		}
		at := t.now
		d.InvoiceSentAt, d.UpdatedAt = &at, t.now
		return nil
	})
	if err != nil {
		return wrong(err, "", "id")
	}
	return &payload{vals: map[string]any{"draftOrder": func(c *call) any { return node{"DraftOrder", c.t.drafts.rows[id]} }}}, nil
}

// mutateOrderInvoice sends the shopper a link to pay what an edit added. The
// simulation only notes it on the order: the mail would be Shopify's own.
func mutateOrderInvoice(c *call, a args) (*payload, error) {
	id := a.id("id", "Order")
	err := c.change(id, func(t *tx, o *Order) error {
		switch {
		case o.CancelledAt != nil || o.Current().Outstanding.Shop <= 0:
			return refuse("", "The order has no outstanding balance")
		case or(a.obj("email").str("to"), o.Email) == "":
			return refuse("email", "To can't be blank")
		}
		at := t.now
		edit(t, t.orders, id).InvoiceSentAt = &at
		return nil
	})
	if err != nil {
		return wrong(err, "ORDER_INVOICE_SEND_UNSUCCESSFUL", "id")
	}
	return &payload{vals: map[string]any{"order": theOrder(id)}}, nil
}

// PayBalance takes the card payment of what an order still owes.
func (s *Sim) PayBalance(shopID, orderID int64) (o *Order, err error) {
	err = s.write(func(t *tx) error {
		if t.order(shopID, orderID) == nil {
			return errNoOrder
		}
		o = edit(t, t.orders, orderID)
		due := o.Current().Outstanding
		if o.CancelledAt != nil || due.Shop <= 0 {
			return refuse("", "the order has no outstanding balance")
		}
		x := Transaction{ID: t.id("transaction"), Kind: "sale", Status: "success", Gateway: "shopify_payments", Amount: due, CardBrand: "Visa", CardLast4: "4242", CreatedAt: t.now}
		o.Transactions = append(o.Transactions, x)
		t.enter(shopID, LedgerEntry{Kind: "sale", Amount: Decimal(due.Shop, o.Currency), Currency: o.Currency, OrderID: o.ID, Customer: o.CustomerID, Subject: x.ID, By: "store"})
		o.touch(t.now)
		event := t.newEvent()
		if o.Financial() == "paid" {
			t.announceOrder(event, "orders/paid", o)
		}
		t.announceOrder(event, "orders/updated", o)
		return nil
	})
	return o, err
}
