package shopsim

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"afterglow/app/money"
)

// placeDiscounts applies the given discounts: those on lines first, then those
// on the whole order, shipping last, as Shopify's checkout does.
func (t *tx) placeDiscounts(shop *Shop, o *Order, c Checkout, x exchange) error {
	wanted := c.Discounts
	if c.Discount != nil {
		wanted = append([]CheckoutDiscount{*c.Discount}, wanted...)
	}
	if c.Code != "" {
		wanted = append(wanted, CheckoutDiscount{Code: c.Code})
	}
	type planned struct {
		in     CheckoutDiscount
		stored *Discount
	}
	var plan []planned
	for _, in := range wanted {
		var stored *Discount
		if in.Code != "" {
			stored = t.discountByCode(shop.ID, in.Code)
		}
		if stored != nil && (in.Type == "" || stored.ByApp) {
			if why := t.unusable(stored, o); why != "" {
				return refuse("discount.code", "%s: %s", in.Code, why)
			}
			in.Type, in.Value, in.Title = stored.Type, Written(stored.Value), stored.Title
		} else if in.Type == "" {
			return refuse("discount.code", "%s: the store knows no such code", in.Code)
		} else {
			stored = nil
		}
		plan = append(plan, planned{in, stored})
	}
	rank := func(p planned) int {
		switch {
		case p.in.Type == "free_shipping":
			return 2
		case p.in.Line != nil || p.in.VariantID != 0 || p.stored != nil && len(p.stored.ProductIDs) > 0:
			return 0
		}
		return 1
	}
	slices.SortStableFunc(plan, func(a, b planned) int { return cmp.Compare(rank(a), rank(b)) })
	for _, p := range plan {
		if err := t.placeDiscount(o, p.in, p.stored, x); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) placeDiscount(o *Order, in CheckoutDiscount, stored *Discount, x exchange) error {
	d := OrderDiscount{Kind: "discount_code", Code: in.Code, Title: cmp.Or(in.Title, in.Code), Target: "line_item", Selection: "all", Allocation: "across"}
	if in.Code == "" {
		d.Kind, d.Title = "automatic", cmp.Or(in.Title, "Automatic discount")
		if !in.Automatic {
			d.Kind, d.Title = "manual", cmp.Or(in.Title, "Custom discount")
		}
	}
	if stored != nil {
		d.DiscountID = stored.ID
		d.Code = stored.Code
	}
	entitled := func(LineItem) bool { return true }
	switch {
	case in.Line != nil:
		if *in.Line < 0 || *in.Line >= len(o.Lines) {
			return refuse("discount.line", "there is no line %d", *in.Line)
		}
		only := o.Lines[*in.Line].ID
		entitled = func(l LineItem) bool { return l.ID == only }
		d.Selection, d.Allocation = "explicit", "each"
	case in.VariantID != 0:
		entitled = func(l LineItem) bool { return l.VariantID == in.VariantID }
		d.Selection, d.Allocation = "entitled", "each"
	case stored != nil && len(stored.ProductIDs) > 0:
		entitled = func(l LineItem) bool { return slices.Contains(stored.ProductIDs, l.ProductID) }
		d.Selection = "entitled"
	}
	var amount MoneySet
	percent := int64(0)
	switch in.Type {
	case "percentage":
		n, err := scaled(string(in.Value), 4)
		if err != nil || n <= 0 || n > 100e4 {
			return refuse("discount.value", "%q: want a percentage from 0 to 100", in.Value)
		}
		percent, d.ValueType, d.Value = n, "percentage", trimDecimal(string(in.Value))
	case "fixed_amount":
		a, err := money.Parse(string(in.Value), o.Currency)
		if err != nil || a.Minor <= 0 {
			return refuse("discount.value", "%q: want an amount in %s", in.Value, o.Currency)
		}
		amount, d.ValueType, d.Value = x.set(a.Minor), "fixed_amount", a.Decimal()
	case "free_shipping":
		percent, d.ValueType, d.Value = 100e4, "percentage", "100.0"
		d.Target, d.Allocation = "shipping_line", "each"
	default:
		return refuse("discount.type", "%q: want percentage, fixed_amount or free_shipping", in.Type)
	}
	o.Discounts = append(o.Discounts, d)
	o.applyDiscount(len(o.Discounts)-1, entitled, amount, percent)
	return nil
}

// trimDecimal writes a percentage as Shopify does: "10.0", "12.5".
func trimDecimal(s string) string {
	if !strings.Contains(s, ".") {
		return s + ".0"
	}
	s = strings.TrimRight(s, "0")
	if strings.HasSuffix(s, ".") {
		s += "0"
	}
	return s
}

// unusable says why a discount may not be used for an order, or "".
func (t *tx) unusable(d *Discount, o *Order) string {
	uses := int64(0)
	for _, by := range d.UsedBy {
		if by == o.CustomerID && by != 0 {
			uses++
		}
	}
	switch {
	case t.now.Before(d.StartsAt):
		return "it has not begun"
	case d.EndsAt != nil && !t.now.Before(*d.EndsAt):
		return "it has ended"
	case d.UsageLimit > 0 && d.Used >= d.UsageLimit:
		return "it has been used up"
	case d.CustomerIDs != nil && !slices.Contains(d.CustomerIDs, o.CustomerID):
		return "it is not for this customer"
	case d.OncePer && uses > 0:
		return "this customer has used it"
	case o.Totals().Subtotal.Shop < d.Minimum:
		return "the order is too small for it"
	}
	return ""
}

// DiscountStatus is the discount's status as the Admin API names it.
func (d *Discount) status(now time.Time) string {
	switch {
	case d.EndsAt != nil && !now.Before(*d.EndsAt):
		return "EXPIRED"
	case now.Before(d.StartsAt):
		return "SCHEDULED"
	}
	return "ACTIVE"
}

// placePayment settles the order: gift cards, then store credit, then a card.
func (t *tx) placePayment(shop *Shop, o *Order, c Checkout, x exchange) error {
	due := o.Totals().Total
	pay := func(gateway string, amount MoneySet) *Transaction {
		o.Transactions = append(o.Transactions, Transaction{
			ID: t.id("transaction"), Kind: "sale", Status: "success", Gateway: gateway, Amount: amount, CreatedAt: t.now,
		})
		due = due.Sub(amount)
		return &o.Transactions[len(o.Transactions)-1]
	}
	part := func(shopAmount int64) MoneySet {
		if shopAmount >= due.Shop {
			return due
		}
		return MoneySet{shopAmount, min(x.set(shopAmount).Presentment, due.Presentment)}
	}
	if c.GiftCard != "" {
		card, err := t.giftCardFor(shop, o, c.GiftCard)
		if err != nil {
			return err
		}
		if amount := part(card.Balance); !amount.IsZero() {
			card.Balance -= amount.Shop
			pay("gift_card", amount)
		}
	}
	if c.Credit != "" {
		a, err := money.Parse(c.Credit, o.Currency)
		if err != nil || a.Minor <= 0 {
			return refuse("store_credit", "%q: want an amount in %s", c.Credit, o.Currency)
		}
		if amount := part(a.Minor); !amount.IsZero() {
			if err := t.moveCredit(o.CustomerID, o.Currency, -amount.Shop, "ORDER_PAYMENT", o.ID, nil); err != nil {
				return refuse("store_credit", "%v", err)
			}
			pay("shopify_store_credit", amount)
		}
	}
	if due.Shop == 0 && due.Presentment == 0 {
		return nil
	}
	last := pay("shopify_payments", due)
	last.CardBrand, last.CardLast4 = cmp.Or(c.CardBrand, "Visa"), cmp.Or(c.CardLast4, "4242")
	if o.Test {
		last.Gateway = "bogus"
	}
	switch c.Payment {
	case "", "paid":
	case "pending":
		last.Status, last.Gateway, last.CardBrand, last.CardLast4 = "pending", "Bank Deposit", "", ""
	case "authorized":
		last.Kind = "authorization"
	default:
		return refuse("payment", "%q: want paid, pending or authorized", c.Payment)
	}
	return nil
}

// giftCardFor finds the card a code names, or makes one worth an amount.
func (t *tx) giftCardFor(shop *Shop, o *Order, code string) (*GiftCard, error) {
	if card := t.giftCard(shop.ID, code); card != nil {
		if card.Disabled || card.Balance == 0 {
			return nil, refuse("gift_card", "the card is empty or disabled")
		}
		return edit(t, t.giftCards, card.ID), nil
	}
	a, err := money.Parse(code, o.Currency)
	if err != nil || a.Minor <= 0 {
		return nil, refuse("gift_card", "%q: neither a card of this store nor an amount", code)
	}
	return t.newGiftCard(shop.ID, GiftCard{Code: strings.ToUpper(randomHex(8)), Initial: a.Minor, Currency: o.Currency}, "store"), nil
}

// moveCredit changes a customer's store credit. It fails when the balance would
// become negative.
func (t *tx) moveCredit(customerID int64, currency string, amount int64, event string, orderID int64, expires *time.Time) error {
	acc := t.creditAccount(customerID, currency)
	if acc == nil {
		c := look(t, t.customers, customerID)
		if c == nil || amount < 0 {
			return refuse("", "the customer has no store credit in %s", currency)
		}
		acc = add(t, t.credits, &CreditAccount{ID: t.id("other"), ShopID: c.ShopID, CustomerID: c.ID, Currency: currency, Entries: []CreditEntry{}})
	} else {
		acc = edit(t, t.credits, acc.ID)
	}
	if acc.Balance+amount < 0 {
		return refuse("", "the balance is %s %s", Decimal(acc.Balance, currency), currency)
	}
	acc.Balance += amount
	acc.Entries = append(acc.Entries, CreditEntry{ID: t.id("other"), Amount: amount, Event: event, OrderID: orderID, ExpiresAt: expires, CreatedAt: t.now})
	return nil
}

func (t *tables) creditAccount(customerID int64, currency string) *CreditAccount {
	for _, rows := range t.credits.order {
		for _, a := range rows {
			if a.CustomerID == customerID && a.Currency == currency {
				return a
			}
		}
	}
	return nil
}
