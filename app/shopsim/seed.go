package shopsim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// seed fills a new simulation: the default shop, its catalogue and customers,
// and ninety days of orders. Nothing of it is sent to the app: history is what
// an app finds when it is installed.
func (s *Sim) seed() error {
	shop, err := s.MakeShop(ShopSpec{Domain: DefaultShop, Name: "Lumen & Loom"})
	if err != nil {
		return err
	}
	if s.cfg.SeedOrders > 0 {
		return s.seedHistory(shop, s.cfg.SeedOrders)
	}
	return nil
}

// ShopSpec describes a shop to be made.
type ShopSpec struct {
	Domain        string   `json:"domain"`
	Name          string   `json:"name"`
	Currency      string   `json:"currency"`
	Timezone      string   `json:"timezone"`
	Locale        string   `json:"locale"`
	CountryCode   string   `json:"country_code"`
	TaxesIncluded bool     `json:"taxes_included"`
	Scopes        []string `json:"scopes"`
	SeedOrders    int      `json:"seed_orders"`
}

// MakeShop opens a store with the demo catalogue and customers.
func (s *Sim) MakeShop(spec ShopSpec) (shop *Shop, err error) {
	if !validShop(spec.Domain) {
		return nil, refuse("domain", "%q: want something.myshopify.com", spec.Domain)
	}
	if spec.Timezone != "" {
		if _, err := time.LoadLocation(spec.Timezone); err != nil {
			return nil, refuse("timezone", "%q is not an IANA time zone", spec.Timezone)
		}
	}
	if spec.Currency != "" && (len(spec.Currency) != 3 || strings.ToUpper(spec.Currency) != spec.Currency) {
		return nil, refuse("currency", "%q: want three capital letters", spec.Currency)
	}
	err = s.write(func(t *tx) error {
		t.quiet = true
		if t.shopByDomain(spec.Domain) != nil {
			return refuse("domain", "%s exists already", spec.Domain)
		}
		shop = t.makeShop(spec)
		t.makeCatalogue(shop)
		t.makePeople(shop)
		t.makeDiscounts(shop)
		return nil
	})
	if err == nil && spec.SeedOrders > 0 {
		err = s.seedHistory(shop, spec.SeedOrders)
	}
	return shop, err
}

func or[T comparable](v, alternative T) T {
	var zero T
	if v == zero {
		return alternative
	}
	return v
}

func (t *tx) makeShop(spec ShopSpec) *Shop {
	name := or(spec.Name, strings.TrimSuffix(spec.Domain, ".myshopify.com"))
	scopes := spec.Scopes
	if scopes == nil {
		scopes = t.sim.cfg.Scopes
	}
	shop := &Shop{
		ID: t.id("shop"), Domain: spec.Domain, Name: name, Email: "hello@" + strings.TrimSuffix(spec.Domain, ".myshopify.com") + ".example",
		Owner: "Ada Lindqvist", Phone: "+12125550100", Currency: or(spec.Currency, "USD"), Timezone: or(spec.Timezone, "America/New_York"),
		Locale: or(spec.Locale, "en"), CountryCode: or(spec.CountryCode, "US"), Address1: "61 Greene Street", City: "New York",
		Province: "New York", ProvCode: "NY", Zip: "10012", TaxesIncluded: spec.TaxesIncluded, TaxPPM: 88750, TaxTitle: "NY Sales Tax",
		InstallationID: t.id("other"), Installed: true, Scopes: slices.Clone(scopes), LocationID: t.id("other"), NextOrder: 1001,
		CreatedAt: t.now.AddDate(-2, 0, 0), UpdatedAt: t.now,
	}
	if spec.TaxesIncluded {
		shop.TaxPPM, shop.TaxTitle = 190_000, "VAT"
	}
	return add(t, t.shops, shop)
}

func (t *tx) makeCatalogue(shop *Shop) {
	made := t.now.AddDate(-1, 0, 0)
	for n, it := range catalogue {
		p := &Product{ID: t.id("product"), ShopID: shop.ID, Handle: it.handle, Title: it.title, Description: it.text, Vendor: it.vendor,
			Type: it.kind, Status: "ACTIVE", Tags: it.tags, GiftCard: it.gift, ImageID: t.id("other"), ImageAlt: it.alt, Related: it.related,
			CreatedAt: made.AddDate(0, 0, n), UpdatedAt: made.AddDate(0, 0, n)}
		for _, o := range it.options {
			p.Options = append(p.Options, Option{t.id("other"), o.Name, o.Values})
		}
		for i, values := range combinations(it.options) {
			price := it.price
			if len(it.extra) > 0 {
				price += it.extra[slices.Index(it.options[0].Values, values[0])]
			}
			title := strings.Join(values, " / ")
			sku := fmt.Sprintf("LL-%s-%02d", strings.ToUpper(strings.ReplaceAll(it.handle, "-", "")[:min(6, len(it.handle)-1)]), i+1)
			p.Variants = append(p.Variants, Variant{ID: t.id("variant"), Title: or(title, "Default Title"), SKU: sku, Options: values,
				Price: price, Grams: it.grams, Inventory: 40 + int64(i)*7, ItemID: t.id("other")})
		}
		add(t, t.products, p)
	}
}

// combinations lists every choice of one value per option, first option slowest.
func combinations(options []Option) [][]string {
	all := [][]string{{}}
	for _, o := range options {
		var next [][]string
		for _, head := range all {
			for _, v := range o.Values {
				next = append(next, append(slices.Clone(head), v))
			}
		}
		all = next
	}
	return all
}

func (t *tx) makePeople(shop *Shop) {
	for i, p := range people {
		a := defaultAddresses[p.country]
		a.ID, a.FirstName, a.LastName, a.Country = t.id("other"), p.first, p.last, countryNames[p.country]
		c := &Customer{ID: t.id("customer"), ShopID: shop.ID, Email: p.email, FirstName: p.first, LastName: p.last, Locale: p.locale,
			State: "disabled", Marketing: "NOT_SUBSCRIBED", Tags: []string{}, DefaultAddress: &a,
			CreatedAt: t.now.AddDate(0, -8, -i), UpdatedAt: t.now.AddDate(0, -8, -i), MarketingAt: t.now.AddDate(0, -8, -i)}
		if p.marketing {
			c.Marketing = "SUBSCRIBED"
		}
		add(t, t.customers, c)
	}
}

func (t *tx) makeDiscounts(shop *Shop) {
	for _, d := range []Discount{
		{Title: "Welcome, 10% off", Code: "WELCOME10", Type: "percentage", Value: "10"},
		{Title: "$15 off over $100", Code: "LOOM15", Type: "fixed_amount", Value: "15.00", Minimum: 10000},
		{Title: "Free shipping", Code: "SHIPFREE", Type: "free_shipping", Value: "100"},
	} {
		d.ID, d.CodeID, d.ShopID, d.StartsAt, d.CreatedAt, d.UpdatedAt = t.id("discount"), t.id("other"), shop.ID, shop.CreatedAt, shop.CreatedAt, shop.CreatedAt
		add(t, t.discounts, &d)
	}
}

// seedHistory places n orders over the last ninety days and lets most of them
// arrive. The same numbers come out every time.
func (s *Sim) seedHistory(shop *Shop, n int) error {
	dice := rand.New(rand.NewPCG(7, uint64(n)))
	now := s.Now()
	var products []*Product
	for _, p := range s.Products(shop.ID) {
		if !p.GiftCard {
			products = append(products, p)
		}
	}
	customers := s.Customers(shop.ID)
	return s.write(func(t *tx) error {
		t.quiet = true
		for i := range n {
			// Evenly spread, never in the last ten minutes, with some noise.
			back := time.Duration(n-i) * (90 * 24 * time.Hour) / time.Duration(n+1)
			t.now = now.Add(-back - 10*time.Minute - time.Duration(dice.IntN(7200))*time.Second).Truncate(time.Second)
			c := seedCheckout(dice, customers, products)
			o, err := t.place(shop.ID, c)
			if err != nil {
				return fmt.Errorf("order %d: %w", i, err)
			}
			if err := t.seedJourney(dice, now, o); err != nil {
				return fmt.Errorf("order %d: %w", i, err)
			}
		}
		return nil
	})
}

func seedCheckout(dice *rand.Rand, customers []*Customer, products []*Product) Checkout {
	buyer := customers[dice.IntN(len(customers))]
	c := Checkout{Customer: &CheckoutCustomer{ID: buyer.ID}}
	for range 1 + dice.IntN(3) {
		p := products[dice.IntN(len(products))]
		c.Lines = append(c.Lines, CheckoutLine{VariantID: p.Variants[dice.IntN(len(p.Variants))].ID, Quantity: 1 + int64(dice.IntN(2))})
	}
	switch dice.IntN(9) {
	case 0:
		c.Discount = &CheckoutDiscount{Code: "WELCOME10"}
	case 1:
		c.Discount = &CheckoutDiscount{Type: "fixed_amount", Value: "5.00", Code: "THANKS5"}
	case 2:
		c.Discount = &CheckoutDiscount{Code: "SHIPFREE"}
	case 3:
		c.Tip = "4.00"
	case 4:
		c.GiftCard = "25.00"
	}
	currency := map[string]string{"DE": "EUR", "FR": "EUR", "ES": "EUR", "AT": "EUR", "JP": "JPY", "GB": "GBP", "CA": "CAD", "AE": "AED", "SA": "SAR"}
	if buyer.DefaultAddress != nil {
		c.Currency = currency[buyer.DefaultAddress.CountryCode]
	}
	return c
}

// seedJourney lets time pass over a seeded order.
func (t *tx) seedJourney(dice *rand.Rand, now time.Time, o *Order) error {
	placed := o.CreatedAt
	fate := dice.IntN(100)
	step := func(after time.Duration) bool {
		t.now = placed.Add(after).Truncate(time.Second)
		return t.now.Before(now.Add(-time.Minute))
	}
	if fate < 4 && step(3*time.Hour) {
		return t.cancel(o.ID, CancelInput{Reason: "CUSTOMER", Refund: true, Restock: true}, "store")
	}
	pick := time.Duration(18+dice.IntN(40)) * time.Hour
	if !step(pick) {
		return nil
	}
	f, err := t.fulfill(o.ID, FulfillInput{Company: "UPS", Number: fmt.Sprintf("1Z%016d", o.ID%1e12)})
	if err != nil {
		return err
	}
	if step(pick + 6*time.Hour) {
		if _, err := t.event(o.ID, f.ID, EventInput{Status: "in_transit", City: "Newark", Country: "US"}); err != nil {
			return err
		}
	}
	travel := pick + time.Duration(2+dice.IntN(6))*24*time.Hour
	if step(travel) {
		if _, err := t.event(o.ID, f.ID, EventInput{Status: "delivered", City: o.ShipTo.City, Country: o.ShipTo.CountryCode}); err != nil {
			return err
		}
	}
	if fate > 94 && step(travel+4*24*time.Hour) {
		_, err := t.refund(o.ID, RefundInput{Lines: []RefundLineInput{{LineItemID: o.Lines[0].ID, Quantity: 1, Restock: "return"}}, Note: "Changed mind"}, "store", "")
		return err
	}
	return nil
}
