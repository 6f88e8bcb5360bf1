package shopsim

import (
	"cmp"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"afterglow/app/money"
)

// Refusal is bad input of a shopper or of a caller of the simulation's own
// endpoints. Field names the input that was wrong.
type Refusal struct {
	Field  string
	Detail string
}

func (r *Refusal) Error() string {
	if r.Field == "" {
		return r.Detail
	}
	return r.Field + ": " + r.Detail
}

func refuse(field, format string, args ...any) error {
	return &Refusal{field, fmt.Sprintf(format, args...)}
}

// PlaceOrder takes a checkout to its end: a paid order with its webhooks on the
// way. It returns a *Refusal for a checkout that Shopify would not complete.
func (s *Sim) PlaceOrder(shopID int64, c Checkout) (*Order, error) {
	var o *Order
	err := s.write(func(t *tx) (err error) {
		o, err = t.place(shopID, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return o, nil
}

// Quote prices a checkout without placing it.
func (s *Sim) Quote(shopID int64, c Checkout) (*Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &tx{tables: s.t, sim: s, now: s.Now(), at: map[string]int{}, quiet: true}
	return t.place(shopID, c)
}

// ShippingRates lists what the store offers to a country for a subtotal.
func (s *Sim) ShippingRates(country string, subtotal int64) []ShippingRate {
	if country == "" || country == "US" {
		standard := ShippingRate{"Standard", "standard", 695, "3–5 business days"}
		if subtotal >= 15000 {
			standard.Price = 0
		}
		return []ShippingRate{standard, {"Express", "express", 1800, "1–2 business days"}}
	}
	return []ShippingRate{{"International", "international", 2400, "6–10 business days"},
		{"International express", "international_express", 4800, "3–4 business days"}}
}

func (t *tx) place(shopID int64, c Checkout) (*Order, error) {
	shop := edit(t, t.shops, shopID)
	if shop == nil {
		return nil, refuse("shop", "no such shop")
	}
	x, err := newExchange(shop.Currency, cmp.Or(c.Currency, shop.Currency), c.Rate)
	if err != nil {
		return nil, refuse("presentment_currency", "%v", err)
	}
	o := &Order{
		ID: t.id("order"), ShopID: shopID, Number: shop.NextOrder, Name: fmt.Sprint("#", shop.NextOrder),
		Token: randomHex(16), Confirmation: confirmationNumber(), FulfillmentID: t.id("other"),
		SourceName: cmp.Or(c.Source, "web"), Test: c.Test, Note: c.Note, Attributes: c.Attributes, Tags: c.Tags,
		Currency: shop.Currency, PresentmentCurrency: x.to, TaxExempt: c.TaxExempt, TaxesIncluded: shop.TaxesIncluded,
		CreatedAt: t.now, UpdatedAt: t.now,
		Transactions: []Transaction{}, Fulfillments: []Fulfillment{}, Refunds: []Refund{},
	}
	if x.from != x.to {
		o.Rate = cmp.Or(c.Rate, demoRates[x.to])
	}
	shop.NextOrder++
	if c.TaxesIn != nil {
		o.TaxesIncluded = *c.TaxesIn
	}
	for _, step := range []func(*Shop, *Order, Checkout, exchange) error{
		t.placeCustomer, t.placeLines, t.placeAddresses, t.placeShipping, t.placeDiscounts, t.placeTax, t.placeTip, t.placePayment,
	} {
		if err := step(shop, o, c, x); err != nil {
			return nil, err
		}
	}
	add(t, t.orders, o)
	t.placed(shop, o)
	return o, nil
}

// confirmationNumber is nine letters and digits that are hard to misread.
func confirmationNumber() string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	var b strings.Builder
	for _, c := range []byte(randomHex(9)[:9]) {
		b.WriteByte(letters[int(c+randomHex(1)[0])%len(letters)])
	}
	return b.String()
}

func validEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && !strings.ContainsAny(s, "\r\n")
}

// placeCustomer finds or makes the customer, and settles contact and language.
func (t *tx) placeCustomer(shop *Shop, o *Order, c Checkout, _ exchange) error {
	o.Email, o.Phone, o.Locale = c.Email, c.Phone, c.Locale
	if c.Guest {
		if o.Email == "" && c.Customer != nil {
			o.Email = c.Customer.Email
		}
		if o.Email == "" && o.Phone == "" {
			return refuse("email", "a guest needs an e-mail address or a phone number")
		}
		o.Locale = cmp.Or(o.Locale, shop.Locale)
		return checkEmail(o.Email)
	}
	person := CheckoutCustomer{Email: c.Email, Locale: c.Locale}
	if c.Customer != nil {
		person = *c.Customer
		person.Email = cmp.Or(person.Email, c.Email)
	}
	var customer *Customer
	switch {
	case person.ID != 0:
		if customer = look(t, t.customers, person.ID); customer == nil || customer.ShopID != shop.ID || customer.Deleted {
			return refuse("customer.id", "no such customer")
		}
	case person.Email == "" && person.Phone == "":
		if customer = t.firstCustomer(shop.ID); customer == nil {
			person = CheckoutCustomer{Email: "olivia.hart@example.com", FirstName: "Olivia", LastName: "Hart", Locale: "en"}
		}
	}
	if customer == nil {
		if err := checkEmail(person.Email); err != nil {
			return err
		}
		customer = t.customerByEmail(shop.ID, person.Email)
	}
	if customer == nil {
		customer = t.newCustomer(shop, person, cmp.Or(person.Locale, c.Locale, shop.Locale))
	}
	o.CustomerID = customer.ID
	o.Email, o.Phone = cmp.Or(o.Email, customer.Email), cmp.Or(o.Phone, customer.Phone)
	o.Locale = cmp.Or(c.Locale, person.Locale, customer.Locale, shop.Locale)
	return checkEmail(o.Email)
}

func checkEmail(s string) error {
	if s != "" && !validEmail(s) {
		return refuse("email", "%q is not an e-mail address", s)
	}
	return nil
}

func (t *tx) firstCustomer(shopID int64) *Customer {
	for _, c := range t.customers.order[shopID] {
		if !c.Deleted {
			return c
		}
	}
	return nil
}

func (t *tables) customerByEmail(shopID int64, email string) *Customer {
	if email == "" {
		return nil
	}
	for _, c := range t.customers.order[shopID] {
		if strings.EqualFold(c.Email, email) && !c.Deleted {
			return c
		}
	}
	return nil
}

func (t *tx) newCustomer(shop *Shop, p CheckoutCustomer, locale string) *Customer {
	c := add(t, t.customers, &Customer{
		ID: t.id("customer"), ShopID: shop.ID, Email: p.Email, Phone: p.Phone, FirstName: p.FirstName, LastName: p.LastName,
		Locale: locale, State: "disabled", Marketing: "NOT_SUBSCRIBED", MarketingAt: t.now, Tags: []string{}, CreatedAt: t.now, UpdatedAt: t.now,
	})
	if p.Marketing {
		c.Marketing = "SUBSCRIBED"
	}
	t.announceCustomer("customers/create", c)
	return c
}

func (t *tx) placeLines(shop *Shop, o *Order, c Checkout, x exchange) error {
	lines := c.Lines
	if len(lines) == 0 {
		lines = []CheckoutLine{{}}
	}
	if len(lines) > 500 {
		return refuse("lines", "at most 500")
	}
	for i, in := range lines {
		l, err := t.placeLine(shop, in, x)
		if err != nil {
			return refuse(fmt.Sprintf("lines[%d]", i), "%v", err)
		}
		o.Lines = append(o.Lines, l)
	}
	return nil
}

func (t *tx) placeLine(shop *Shop, in CheckoutLine, x exchange) (LineItem, error) {
	if in.Quantity == 0 {
		in.Quantity = 1
	}
	if in.Quantity < 0 || in.Quantity > 10_000 {
		return LineItem{}, fmt.Errorf("quantity %d: want 1 to 10000", in.Quantity)
	}
	l := LineItem{ID: t.id("line"), Quantity: in.Quantity, Properties: in.Properties, Title: in.Title, Ships: true, Taxable: true}
	price := int64(0)
	if in.Title == "" || in.VariantID != 0 || in.Handle != "" {
		p, v := t.pick(shop.ID, in)
		if v == nil {
			return LineItem{}, fmt.Errorf("no such variant")
		}
		if p.Status != "ACTIVE" {
			return LineItem{}, fmt.Errorf("%s is not for sale", p.Title)
		}
		l.ProductID, l.VariantID, l.Title, l.SKU, l.Vendor, l.Handle = p.ID, v.ID, p.Title, v.SKU, p.Vendor, p.Handle
		l.GiftCard, l.Ships, l.Taxable, l.Grams = p.GiftCard, !p.GiftCard, !p.GiftCard, v.Grams
		if v.Title != "Default Title" {
			l.VariantTitle = v.Title
		}
		price = v.Price
	}
	if in.Price != "" {
		a, err := money.Parse(in.Price, shop.Currency)
		if err != nil || a.Minor < 0 {
			return LineItem{}, fmt.Errorf("price %q: want an amount in %s", in.Price, shop.Currency)
		}
		price = a.Minor
	}
	l.Unit = x.set(price)
	return l, nil
}

// pick finds the variant a line means.
func (t *tx) pick(shopID int64, in CheckoutLine) (*Product, *Variant) {
	if in.VariantID != 0 {
		return t.variant(shopID, in.VariantID)
	}
	for _, p := range t.products.order[shopID] {
		if (in.Handle == "" && p.Status == "ACTIVE") || p.Handle == in.Handle {
			return p, &p.Variants[0]
		}
	}
	return nil, nil
}

func (t *tx) placeAddresses(shop *Shop, o *Order, c Checkout, _ exchange) error {
	ships := slices.ContainsFunc(o.Lines, func(l LineItem) bool { return l.Ships })
	to := c.ShipTo
	customer := look(t, t.customers, o.CustomerID)
	if to == nil && customer != nil && c.Country == "" {
		to = customer.DefaultAddress
	}
	if to == nil {
		a, ok := defaultAddresses[cmp.Or(strings.ToUpper(c.Country), shop.CountryCode, "US")]
		if !ok {
			return refuse("country_code", "no sample address in %q: give a shipping_address", c.Country)
		}
		if customer != nil {
			a.FirstName, a.LastName = customer.FirstName, customer.LastName
		}
		to = &a
	}
	filled, err := fillAddress(*to)
	if err != nil {
		return err
	}
	if ships {
		o.ShipTo = &filled
	}
	o.BillTo = &filled
	if c.BillTo != nil {
		bill, err := fillAddress(*c.BillTo)
		if err != nil {
			return err
		}
		o.BillTo = &bill
	}
	if customer != nil && customer.DefaultAddress == nil {
		customer = edit(t, t.customers, customer.ID)
		kept := filled
		kept.ID = t.id("other")
		customer.DefaultAddress = &kept
	}
	return nil
}

// fillAddress completes an address with its country's name.
func fillAddress(a Address) (Address, error) {
	a.ID = 0
	a.CountryCode = strings.ToUpper(a.CountryCode)
	if len(a.CountryCode) != 2 {
		return a, refuse("shipping_address.country_code", "%q: want two letters", a.CountryCode)
	}
	a.Country = cmp.Or(a.Country, countryNames[a.CountryCode], a.CountryCode)
	return a, nil
}

func (t *tx) placeShipping(_ *Shop, o *Order, c Checkout, x exchange) error {
	if o.ShipTo == nil {
		return nil
	}
	rate := t.sim.ShippingRates(o.ShipTo.CountryCode, o.Totals().Subtotal.Shop)[0]
	if in := c.Shipping; in != nil {
		if in.None {
			return nil
		}
		if in.Title != "" {
			rate.Title = in.Title
			for _, r := range t.sim.ShippingRates(o.ShipTo.CountryCode, o.Totals().Subtotal.Shop) {
				if r.Title == in.Title || r.Code == in.Title {
					rate = r
				}
			}
		}
		if in.Price != "" {
			a, err := money.Parse(in.Price, o.Currency)
			if err != nil || a.Minor < 0 {
				return refuse("shipping.price", "%q: want an amount in %s", in.Price, o.Currency)
			}
			rate.Price = a.Minor
		}
	}
	o.ShippingLines = []ShippingLine{{ID: t.id("other"), Title: rate.Title, Code: rate.Title, Price: x.set(rate.Price)}}
	return nil
}

func (t *tx) placeTax(shop *Shop, o *Order, c Checkout, _ exchange) error {
	ppm, title := int64(0), cmp.Or(shop.TaxTitle, "Tax")
	to := o.ShipTo
	if to == nil {
		to = o.BillTo
	}
	if to.CountryCode == shop.CountryCode && (to.ProvCode == shop.ProvCode || o.TaxesIncluded) {
		ppm = shop.TaxPPM
	}
	if c.TaxRate != "" {
		n, err := scaled(c.TaxRate, 6)
		if err != nil || n < 0 || n > 1e6 {
			return refuse("tax_rate", "%q: want a decimal from 0 to 1", c.TaxRate)
		}
		ppm = n
		if o.TaxesIncluded {
			title = "VAT"
		}
	}
	o.applyTax(title, ppm)
	return nil
}

func (t *tx) placeTip(_ *Shop, o *Order, c Checkout, x exchange) error {
	if c.Tip == "" {
		return nil
	}
	a, err := money.Parse(string(c.Tip), o.Currency)
	if err != nil || a.Minor < 0 {
		return refuse("tip", "%q: want an amount in %s", c.Tip, o.Currency)
	}
	o.Tip = x.set(a.Minor)
	if c.TipAsLine && a.Minor > 0 {
		o.Lines = append(o.Lines, LineItem{ID: t.id("line"), Title: "Tip", Quantity: 1, Unit: o.Tip, Tip: true})
	}
	return nil
}

// placed does what follows from a placed order: usage of discounts, gift cards
// that were bought, the ledger, the webhooks.
func (t *tx) placed(shop *Shop, o *Order) {
	for _, d := range o.Discounts {
		if row := edit(t, t.discounts, d.DiscountID); row != nil {
			row.Used++
			row.UsedBy = append(row.UsedBy, o.CustomerID)
			row.UpdatedAt = t.now
		}
	}
	if paid := o.Financial() == "paid"; paid {
		t.issueGiftCards(o)
	}
	for _, x := range o.Transactions {
		if x.Status == "success" && x.Kind == "sale" {
			t.enter(o.ShopID, LedgerEntry{Kind: "sale", Amount: Decimal(x.Amount.Shop, o.Currency), Currency: o.Currency, OrderID: o.ID, Customer: o.CustomerID, Subject: x.ID, By: "store"})
		}
	}
	event := t.newEvent()
	t.announceOrder(event, "orders/create", o)
	if o.Financial() == "paid" {
		t.announceOrder(event, "orders/paid", o)
	}
	t.announceOrder(event, "orders/updated", o)
	if o.CustomerID != 0 {
		t.announcePurchases(event, o)
	}
}

func (t *tx) issueGiftCards(o *Order) {
	for _, l := range o.Lines {
		for n := int64(0); l.GiftCard && n < l.Quantity; n++ {
			t.newGiftCard(o.ShopID, GiftCard{Code: strings.ToUpper(randomHex(8)), Initial: l.Unit.Shop, Currency: o.Currency, CustomerID: o.CustomerID, OrderID: o.ID}, "store")
		}
	}
}

func (t *tx) newGiftCard(shopID int64, c GiftCard, by string) *GiftCard {
	c.ID, c.ShopID, c.Balance, c.CreatedAt = t.id("other"), shopID, c.Initial, t.now
	t.enter(shopID, LedgerEntry{Kind: "gift_card", Amount: Decimal(c.Initial, c.Currency), Currency: c.Currency, Code: c.Code, OrderID: c.OrderID, Customer: c.CustomerID, Subject: c.ID, By: by})
	return add(t, t.giftCards, &c)
}

// enter writes a line of the money log.
func (t *tx) enter(shopID int64, e LedgerEntry) {
	e.ID, e.ShopID, e.At = t.id("other"), shopID, t.now
	if shop := look(t, t.shops, shopID); shop != nil {
		e.Shop = shop.Domain
	}
	add(t, t.ledger, &e)
}

// touch moves an order's updated_at forward, always by something: Shopify's
// clock has seconds, ours milliseconds, but two changes never share one instant.
func (o *Order) touch(now time.Time) {
	if !now.After(o.UpdatedAt) {
		now = o.UpdatedAt.Add(time.Millisecond)
	}
	o.UpdatedAt = now
}
