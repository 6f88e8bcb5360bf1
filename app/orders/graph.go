package orders

import (
	"slices"
	"strings"
	"time"

	"afterglow/app/shopify"
)

// fromShopify brings an order of the Admin API into the form that webhooks are
// parsed into. Shopify speaks two languages: REST's in webhooks ("paid", null for
// unfulfilled), GraphQL's here ("PAID", "UNFULFILLED"). Ours is the first.
func fromShopify(in *shopify.Order) (*Order, error) {
	o := &Order{
		ID: int64(in.ID), Name: in.Name, Number: in.Number, ConfirmationNumber: in.ConfirmationNumber,
		Email: email(text(in.Email)), Phone: in.Phone, Locale: in.Locale,
		PlacedAt: instantOf(in.ProcessedAt), UpdatedAt: instantOf(in.UpdatedAt), CancelledAt: pointerOf(in.CancelledAt),
		CancelReason: strings.ToLower(in.CancelReason), ClosedAt: pointerOf(in.ClosedAt),
		Currency: in.Currency, PresentmentCurrency: in.PresentmentCurrency,
		FinancialStatus: strings.ToLower(in.FinancialStatus), FulfillmentStatus: fulfillmentStatus(in.FulfillmentStatus),
		Test: in.Test, TaxesIncluded: in.TaxesIncluded, DutiesIncluded: in.DutiesIncluded,
		StatusURL: in.StatusURL, Note: in.Note, Source: in.Source, Gateways: in.Gateways, Codes: in.Codes, Tags: tagsOf(in.Tags),
		Shipping: addressOf(in.Shipping), Billing: addressOf(in.Billing),
		Outstanding: priceOf(in.Outstanding), Rounding: priceOf(in.CashRounding.Payment),
	}
	if o.PlacedAt.IsZero() || !in.CreatedAt.IsZero() && in.CreatedAt.Before(o.PlacedAt) {
		o.PlacedAt = instantOf(in.CreatedAt)
	}
	if c := in.Customer; c != nil && c.ID > 0 {
		o.Buyer = &Buyer{ID: int64(c.ID), Email: c.Email, Phone: c.Phone, FirstName: c.FirstName, LastName: c.LastName}
		o.CustomerTags = append([]string{}, c.Tags...)
		if o.Email == "" {
			o.Email = email(text(c.Email))
		}
	}
	place := map[int]int{} // of a discount's own number in our list
	for _, a := range in.Applications {
		place[a.Index] = len(o.Discounts)
		o.Discounts = append(o.Discounts, discountOf(a))
	}
	for _, l := range in.Lines {
		o.Lines = append(o.Lines, lineOf(l, in, place))
	}
	for _, s := range in.ShippingLines {
		o.ShippingLines = append(o.ShippingLines, ShippingLine{
			ID: int64(s.ID), Title: s.Title, Code: s.Code, Source: s.Source, Removed: s.Removed,
			Pickup: strings.Contains(strings.ToLower(s.Category), "pick"), Price: priceOf(s.Original), Discounted: priceOf(s.Discounted),
			CurrentlyPriced: priceOf(s.Current), Allocations: allocationsOf(s.Allocations, place),
		})
	}
	for _, f := range in.Fulfillments {
		o.Fulfillments = append(o.Fulfillments, fulfillmentOf(f))
	}
	for _, f := range in.Refunds {
		o.Refunds = append(o.Refunds, refundOf(f))
	}
	o.Transactions = []Transaction{}
	for _, t := range in.Transactions {
		o.Transactions = append(o.Transactions, transactionOf(t))
	}
	shipping, subtotal, shippingNow := priceOf(in.ShippingCost), priceOf(in.CurrentSubtotal), priceOf(in.CurrentShipping)
	o.Bought = Figures{Subtotal: maybePrice(in.Subtotal), Discounts: priceOrZero(in.Discounts), Shipping: &shipping, Tax: priceOrZero(in.Tax),
		Duties: priceOrZero(in.Duties), Fees: priceOrZero(in.Fees), Tip: priceOf(in.Tip), Total: priceOf(in.Total)}
	o.Now = Figures{Subtotal: &subtotal, Discounts: priceOf(in.CurrentDiscounts), Shipping: &shippingNow, Tax: priceOf(in.CurrentTax),
		Duties: priceOrZero(in.CurrentDuties), Fees: priceOrZero(in.CurrentFees), Tip: priceOf(in.Tip), Total: priceOf(in.CurrentTotal)}
	return o, o.bounded()
}

// fulfillmentStatus maps Shopify's words for the admin to those of webhooks.
func fulfillmentStatus(display string) string {
	switch display {
	case "FULFILLED":
		return "fulfilled"
	case "PARTIALLY_FULFILLED":
		return "partial"
	case "RESTOCKED":
		return "restocked"
	}
	return "" // UNFULFILLED, OPEN, IN_PROGRESS, ON_HOLD, SCHEDULED, PENDING_FULFILLMENT, REQUEST_DECLINED
}

func discountOf(a shopify.Application) Discount {
	d := Discount{Type: snake(a.Type), Title: a.Title, Code: a.Code, Allocation: strings.ToLower(a.Method),
		TargetSelection: strings.ToLower(a.TargetSelection), TargetType: strings.ToLower(a.TargetType),
		ValueType: "percentage", Value: a.Percentage.String()}
	if d.Title == "" {
		d.Title = a.Description
	}
	if d.Value == "" {
		d.ValueType, d.Value = "fixed_amount", a.Amount.Decimal()
	}
	return d
}

// snake writes "DiscountCode" as "discount_code".
func snake(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func lineOf(l shopify.Line, in *shopify.Order, place map[int]int) Line {
	out := Line{
		ID: int64(l.ID), ProductID: int64(l.ProductID), VariantID: int64(l.VariantID), Title: l.Title, Options: l.VariantTitle, SKU: l.SKU,
		Vendor: l.Vendor, Quantity: l.Quantity, CurrentQuantity: l.CurrentQuantity, Price: priceOf(l.UnitPrice), GiftCard: l.GiftCard,
		RequiresShipping: l.RequiresShipping, Allocations: allocationsOf(l.Allocations, place),
	}
	if out.Options == "Default Title" {
		out.Options = ""
	}
	// GraphQL does not say which line is the tip: it is the one without a product
	// that costs just as much.
	out.Tip = l.ProductID == 0 && l.VariantID == 0 && !l.RequiresShipping && priceOf(in.Tip).positive() && priceOf(l.Total) == priceOf(in.Tip)
	if l.Image != nil && l.Image.URL != "" {
		out.Picture = &Picture{l.Image.URL, l.Image.Alt}
	}
	for _, a := range l.Attributes {
		if a.Name != "" && a.Name[0] != '_' && a.Value != "" {
			out.Properties = append(out.Properties, Property{a.Name, a.Value})
		}
	}
	return out
}

func allocationsOf(in []shopify.Allocation, place map[int]int) []Allocation {
	var out []Allocation
	for _, a := range in {
		p := priceOf(a.Amount)
		if p.IsZero() {
			continue
		}
		at, ok := place[a.Application]
		if !ok {
			at = -1
		}
		out = append(out, Allocation{at, p})
	}
	return out
}

func fulfillmentOf(f shopify.Fulfillment) Fulfillment {
	out := Fulfillment{ID: int64(f.ID), Name: f.Name, Status: strings.ToLower(f.Status), ShipmentStatus: strings.ToLower(f.DisplayStatus),
		CreatedAt: instantOf(f.CreatedAt), UpdatedAt: instantOf(f.UpdatedAt), EstimatedDelivery: pointerOf(f.EstimatedDelivery), DeliveredAt: pointerOf(f.DeliveredAt)}
	if len(f.Tracking) > 0 {
		out.Carrier, out.TrackingNumber, out.TrackingURL = f.Tracking[0].Company, f.Tracking[0].Number, f.Tracking[0].URL
	}
	for _, l := range f.Lines {
		out.Lines = append(out.Lines, FulfillmentLine{int64(l.LineID), l.Quantity})
	}
	return out
}

func refundOf(f shopify.Refund) Refund {
	out := Refund{ID: int64(f.ID), CreatedAt: instantOf(f.ProcessedAt), Money: priceOf(f.Total)}
	if f.CreatedAt != nil {
		out.CreatedAt = instantOf(*f.CreatedAt)
	}
	for _, l := range f.Lines {
		out.Lines = append(out.Lines, RefundLine{int64(l.LineID), l.Quantity})
	}
	return out
}

func transactionOf(t shopify.Transaction) Transaction {
	out := Transaction{ID: int64(t.ID), Kind: strings.ToLower(t.Kind), Status: strings.ToLower(t.Status), Gateway: t.Gateway, Label: t.Label,
		Manual: t.Manual, Amount: priceOf(t.Amount), At: instantOf(t.CreatedAt)}
	if t.Parent != nil {
		out.ParentID = int64(t.Parent.ID)
	}
	if p := t.Payment; p != nil {
		out.CardBrand, out.Wallet = p.Company, strings.ToLower(p.Wallet)
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, p.Number)
		out.CardLast = digits[max(0, len(digits)-4):]
	}
	return out
}

func addressOf(a *shopify.Address) *Address {
	if a == nil {
		return nil
	}
	return &Address{Name: a.Name, FirstName: a.FirstName, LastName: a.LastName, Company: a.Company, Address1: a.Address1, Address2: a.Address2,
		City: a.City, Zip: a.Zip, Province: a.Province, ProvinceCode: a.ProvinceCode, Country: a.Country, CountryCode: a.CountryCode, Phone: a.Phone}
}

func priceOf(m shopify.Money) Price { return Price{m.Shop.Minor, m.Presentment.Minor} }

func priceOrZero(m *shopify.Money) Price {
	if m == nil {
		return Price{}
	}
	return priceOf(*m)
}

func maybePrice(m *shopify.Money) *Price {
	if m == nil {
		return nil
	}
	p := priceOf(*m)
	return &p
}

func instantOf(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Microsecond)
}

func pointerOf(t *time.Time) *time.Time {
	if t == nil || t.IsZero() {
		return nil
	}
	at := instantOf(*t)
	return &at
}

// details are what only a reading of the Admin API knows. They stay beside the
// document, so that the next webhook, which knows less, does not wipe them out.
type details struct {
	Total        Price             `json:"total"`
	Outstanding  Price             `json:"outstanding"`
	Status       string            `json:"status"`
	Transactions []Transaction     `json:"transactions"`
	Deliveries   map[int64]times   `json:"deliveries,omitempty"` // by fulfillment
	Pictures     map[int64]Picture `json:"pictures,omitempty"`   // by line
	CustomerTags []string          `json:"customer_tags"`
}

type times struct {
	Estimated *time.Time `json:"estimated,omitempty"`
	Delivered *time.Time `json:"delivered,omitempty"`
}

// detailsOf takes the details out of an order that was read, which leaves it in
// the form in which a webhook would have brought it.
func detailsOf(o *Order) details {
	d := details{Total: o.Bought.Total, Outstanding: o.Outstanding, Status: o.FinancialStatus, Transactions: o.Transactions,
		Deliveries: map[int64]times{}, Pictures: map[int64]Picture{}, CustomerTags: o.CustomerTags}
	for _, f := range o.Fulfillments {
		if f.EstimatedDelivery != nil || f.DeliveredAt != nil {
			d.Deliveries[f.ID] = times{f.EstimatedDelivery, f.DeliveredAt}
		}
	}
	for _, l := range o.Lines {
		if l.Picture != nil {
			d.Pictures[l.ID] = *l.Picture
		}
	}
	return d
}

// addTo adds the details to an order. Transactions are left out once the order
// was paid or changed since they were read: wrong amounts are worse than none.
func (d details) addTo(o *Order) {
	o.CustomerTags = d.CustomerTags
	if o.Transactions == nil && d.Total == o.Bought.Total && d.Outstanding == o.Outstanding && d.Status == o.FinancialStatus {
		o.Transactions = slices.Clone(d.Transactions)
	}
	for i := range o.Fulfillments {
		f := &o.Fulfillments[i]
		if f.EstimatedDelivery == nil {
			f.EstimatedDelivery = d.Deliveries[f.ID].Estimated
		}
		if f.DeliveredAt == nil {
			f.DeliveredAt = d.Deliveries[f.ID].Delivered
		}
	}
	for i := range o.Lines {
		if p, ok := d.Pictures[o.Lines[i].ID]; ok && o.Lines[i].Picture == nil {
			o.Lines[i].Picture = &p
		}
	}
}
