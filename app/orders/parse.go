package orders

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	goshopify "github.com/bold-commerce/go-shopify/v4"

	"afterglow/app/money"
)

// Parse reads an order from a webhook's body. It returns ErrPayload, whose
// detail names what is wrong, when there is no order to be made of it: not JSON,
// no id, no currency, an amount that is none, quantities or sums out of range.
// Everything else may be null or missing. UpdatedAt stays zero when the payload
// has none; the caller knows when it was told.
func Parse(body []byte) (*Order, error) {
	var p payload
	if err := decode(body, &p); err != nil {
		return nil, err
	}
	if p.ID <= 0 {
		return nil, ErrPayload.Detailf("The payload has no order id.")
	}
	r := &reader{shop: currencyOf(p.Currency), presentment: currencyOf(p.PresentmentCurrency)}
	if r.shop == "" {
		return nil, ErrPayload.Detailf("The payload has no currency.")
	}
	if r.presentment == "" {
		r.presentment = r.shop
	}
	o := r.order(&p)
	if r.lost && r.err == nil {
		// One amount has no presentment side. Two currencies cannot be mixed in
		// one sum, so the shopper sees the whole order in the shop's currency.
		r = &reader{shop: r.shop, presentment: r.shop}
		o = r.order(&p)
	}
	if r.err != nil {
		return nil, r.err
	}
	if err := o.bounded(); err != nil {
		return nil, err
	}
	return o, nil
}

func decode(body []byte, v any) error {
	trimmed := strings.TrimLeft(string(body[:min(len(body), 64)]), " \t\r\n")
	if !strings.HasPrefix(trimmed, "{") {
		return ErrPayload.Detailf("The payload is not a JSON object.")
	}
	if err := json.Unmarshal(body, v); err != nil {
		return ErrPayload.Detailf("The payload is not JSON, or was cut off.").With(err)
	}
	return nil
}

func currencyOf(t text) string {
	c := strings.ToUpper(string(t))
	if _, err := money.Parse("0", c); err != nil {
		return ""
	}
	return c
}

// reader turns a payload into an order, keeping the first thing that was wrong.
type reader struct {
	shop, presentment string
	lost              bool // an amount had no presentment side
	err               error
}

// tagsOf brings tags into one form: webhooks and the Admin API must not differ.
func tagsOf(raw []string) []string {
	var out []string
	for _, t := range raw {
		if t = strings.TrimSpace(t); t != "" {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out
}

// price reads one sum from its set, or from the plain amount, which Shopify
// gives in the shop's currency. ok tells whether there was one.
func (r *reader) price(field string, plain text, set maybe[moneySet]) (p Price, ok bool) {
	amount, shown := string(plain), ""
	if set.v != nil {
		if m := set.v.Shop.v; m != nil && m.Amount != "" && strings.EqualFold(string(m.Currency), r.shop) {
			amount = string(m.Amount)
		}
		if m := set.v.Presentment.v; m != nil && strings.EqualFold(string(m.Currency), r.presentment) {
			shown = string(m.Amount)
		}
	}
	if amount == "" {
		return Price{}, false
	}
	p.Shop = r.minor(field, amount, r.shop)
	switch {
	case r.presentment == r.shop:
		p.Presentment = p.Shop
	case shown != "":
		p.Presentment = r.minor(field, shown, r.presentment)
	case p.Shop != 0:
		r.lost = true
	}
	return p, true
}

func (r *reader) minor(field, amount, currency string) int64 {
	a, err := money.Parse(amount, currency)
	switch {
	case r.err != nil:
	case err != nil:
		r.err = ErrPayload.Detailf("The field %s is not an amount of money.", field).With(err)
	case a.Minor > maxMinor || a.Minor < -maxMinor:
		r.err = ErrPayload.Detailf("The field %s is out of range.", field)
	}
	return a.Minor
}

func (r *reader) sum(field string, plain text, set maybe[moneySet]) Price {
	p, _ := r.price(field, plain, set)
	return p
}

func (r *reader) maybeSum(field string, plain text, set maybe[moneySet]) *Price {
	p, ok := r.price(field, plain, set)
	if !ok {
		return nil
	}
	return &p
}

func (r *reader) order(p *payload) *Order {
	o := &Order{
		ID: int64(p.ID), Name: brief(p.Name), Number: int64(p.Number), ConfirmationNumber: brief(p.ConfirmationNumber),
		Email: email(p.Email, p.ContactEmail), Phone: brief(p.Phone), Locale: brief(p.CustomerLocale),
		PlacedAt: p.ProcessedAt.Time, UpdatedAt: p.UpdatedAt.Time, CancelledAt: p.CancelledAt.pointer(),
		CancelReason: brief(p.CancelReason), ClosedAt: p.ClosedAt.pointer(),
		Currency: r.shop, PresentmentCurrency: r.presentment,
		FinancialStatus: strings.ToLower(brief(p.FinancialStatus)), FulfillmentStatus: strings.ToLower(brief(p.FulfillmentStatus)),
		Test: bool(p.Test), TaxesIncluded: bool(p.TaxesIncluded), DutiesIncluded: bool(p.DutiesIncluded),
		StatusURL: brief(p.OrderStatusURL), Note: brief(p.Note), Source: brief(p.SourceName), Gateways: p.Gateways, Tags: tagsOf(strings.Split(brief(p.Tags), ",")),
		Shipping: p.ShippingAddress.v.address(), Billing: p.BillingAddress.v.address(),
	}
	if o.PlacedAt.IsZero() || !p.CreatedAt.IsZero() && p.CreatedAt.Before(o.PlacedAt) {
		o.PlacedAt = p.CreatedAt.Time
	}
	if c := p.Customer.v; c != nil && c.ID > 0 {
		o.Buyer = &Buyer{ID: int64(c.ID), Email: brief(c.Email), Phone: brief(c.Phone), FirstName: brief(c.FirstName), LastName: brief(c.LastName)}
		if o.Email == "" {
			o.Email = email(c.Email)
		}
	}
	for _, d := range p.DiscountApplications {
		o.Discounts = append(o.Discounts, d.discount())
	}
	for _, c := range p.DiscountCodes {
		if c.Code != "" {
			o.Codes = append(o.Codes, brief(c.Code))
		}
	}
	for _, l := range p.LineItems {
		o.Lines = append(o.Lines, r.line(l, len(o.Discounts)))
	}
	for _, s := range p.ShippingLines {
		o.ShippingLines = append(o.ShippingLines, r.shipping(s, len(o.Discounts)))
	}
	for _, f := range p.Fulfillments {
		o.Fulfillments = append(o.Fulfillments, f.fulfillment())
	}
	r.figures(o, p)
	for _, f := range p.Refunds {
		if f.ID > 0 {
			o.Refunds = append(o.Refunds, r.refund(f, o))
		}
	}
	return o
}

func (r *reader) figures(o *Order, p *payload) {
	o.Bought = Figures{
		Subtotal:  r.maybeSum("subtotal_price", p.SubtotalPrice, p.SubtotalSet),
		Discounts: r.sum("total_discounts", p.TotalDiscounts, p.DiscountsSet),
		Shipping:  r.maybeSum("total_shipping_price_set", "", p.ShippingSet),
		Tax:       r.sum("total_tax", p.TotalTax, p.TaxSet),
		Duties:    r.sum("original_total_duties_set", "", p.DutiesSet),
		Fees:      r.sum("original_total_additional_fees_set", "", p.FeesSet),
	}
	if total := r.maybeSum("total_price", p.TotalPrice, p.TotalSet); total != nil {
		o.Bought.Total = *total
	} else if r.err == nil {
		r.err = ErrPayload.Detailf("The payload has no total_price.")
	}
	o.Now = Figures{
		Subtotal:  r.maybeSum("current_subtotal_price", p.CurrentSubtotal, p.CurrentSubSet),
		Discounts: r.sum("current_total_discounts", p.CurrentDiscounts, p.CurrentDiscSet),
		Shipping:  r.maybeSum("current_shipping_price_set", "", p.CurrentShipSet),
		Tax:       r.sum("current_total_tax", p.CurrentTax, p.CurrentTaxSet),
		Duties:    r.sum("current_total_duties_set", "", p.CurrentDuties),
		Fees:      r.sum("current_total_additional_fees_set", "", p.CurrentFees),
		Total:     o.Bought.Total,
	}
	if total := r.maybeSum("current_total_price", p.CurrentTotal, p.CurrentTotalSet); total != nil {
		o.Now.Total = *total
	}
	// Tips and what is outstanding come in the shop's currency only. The other
	// side follows from the total at the order's own rate.
	o.Bought.Tip = r.shopOnly("total_tip_received", p.TipReceived, p.TipSet, o.Bought.Total)
	o.Now.Tip = o.Bought.Tip
	o.Outstanding = r.shopOnly("total_outstanding", p.TotalOutstanding, p.OutstandingSet, o.Bought.Total)
	o.Rounding = r.sum("total_cash_rounding_payment_adjustment_set", "", p.RoundingSet)
}

// shopOnly reads a sum whose presentment side may be missing, and converts it
// at the rate of reference.
func (r *reader) shopOnly(field string, plain text, set maybe[moneySet], reference Price) Price {
	lost := r.lost
	p, ok := r.price(field, plain, set)
	missing := r.lost && !lost
	r.lost = lost
	if ok && (missing || p.Presentment == 0) {
		p.Presentment = convert(p.Shop, reference.Shop, reference.Presentment)
	}
	return p
}

func (r *reader) line(l payloadLine, discounts int) Line {
	line := Line{
		ID: int64(l.ID), ProductID: int64(l.ProductID), VariantID: int64(l.VariantID), Title: brief(l.Title),
		Options: brief(l.VariantTitle), SKU: brief(l.SKU), Vendor: brief(l.Vendor), Quantity: int64(l.Quantity),
		CurrentQuantity: int64(l.Quantity), Price: r.sum("line_items.price", l.Price, l.PriceSet),
		GiftCard: bool(l.GiftCard), RequiresShipping: bool(l.RequiresShipping), Tip: l.TipMethod != "" || l.TipGateway != "",
		Allocations: r.allocations(l.Allocations, discounts),
	}
	if line.Title == "" {
		line.Title = brief(l.Name)
	}
	if line.Options == "Default Title" { // what Shopify calls the only variant of a product
		line.Options = ""
	}
	if l.CurrentQuantity != nil {
		line.CurrentQuantity = int64(*l.CurrentQuantity)
	}
	if len(line.Allocations) == 0 {
		// Orders from before allocations name the line's discount only here.
		if d := r.sum("line_items.total_discount", l.TotalDiscount, l.TotalDiscountSet); d.positive() {
			line.Allocations = []Allocation{{Discount: -1, Amount: d}}
		}
	}
	for _, p := range l.Properties {
		// A leading underscore hides a property from the shopper by convention.
		if name := brief(p.Name); name != "" && name[0] != '_' && p.Value != "" {
			line.Properties = append(line.Properties, Property{name, brief(p.Value)})
		}
	}
	return line
}

func (r *reader) allocations(in list[payloadAllocation], discounts int) []Allocation {
	var out []Allocation
	for _, a := range in {
		p, ok := r.price("discount_allocations.amount", a.Amount, a.AmountSet)
		if !ok || p.IsZero() {
			continue
		}
		index := -1
		if a.Index != nil && *a.Index >= 0 && int(*a.Index) < discounts {
			index = int(*a.Index)
		}
		out = append(out, Allocation{index, p})
	}
	return out
}

func (r *reader) shipping(s payloadShipping, discounts int) ShippingLine {
	out := ShippingLine{
		ID: int64(s.ID), Title: brief(s.Title), Code: brief(s.Code), Source: brief(s.Source), Removed: bool(s.Removed),
		Pickup:      strings.Contains(strings.ToLower(string(s.DeliveryCategory)), "pick"),
		Price:       r.sum("shipping_lines.price", s.Price, s.PriceSet),
		Allocations: r.allocations(s.Allocations, discounts),
	}
	out.Discounted, out.CurrentlyPriced = out.Price, out.Price
	if p := r.maybeSum("shipping_lines.discounted_price", s.Discounted, s.DiscountedSet); p != nil {
		out.Discounted, out.CurrentlyPriced = *p, *p
	}
	if p := r.maybeSum("shipping_lines.current_discounted_price_set", "", s.CurrentSet); p != nil {
		out.CurrentlyPriced = *p
	}
	return out
}

func (r *reader) refund(f payloadRefund, o *Order) Refund {
	out := Refund{ID: int64(f.ID), CreatedAt: f.CreatedAt.Time}
	if out.CreatedAt.IsZero() {
		out.CreatedAt = f.ProcessedAt.Time
	}
	for _, l := range f.LineItems {
		if l.LineItemID > 0 && l.Quantity > 0 {
			out.Lines = append(out.Lines, RefundLine{int64(l.LineItemID), int64(l.Quantity)})
		}
	}
	for _, t := range f.Transactions {
		if strings.EqualFold(string(t.Kind), "refund") && strings.EqualFold(string(t.Status), "success") {
			out.Money = out.Money.plus(r.moved(t, o.Bought.Total))
		}
	}
	return out
}

// moved reads a transaction's amount, which stands in one currency, the shop's
// or the shopper's, and converts the other side at the order's own rate.
func (r *reader) moved(t payloadTransaction, rate Price) Price {
	const field = "refunds.transactions.amount"
	if t.AmountSet.v != nil {
		return r.sum(field, t.Amount, t.AmountSet)
	}
	if t.Amount == "" {
		return Price{}
	}
	if strings.EqualFold(string(t.Currency), r.presentment) && r.presentment != r.shop {
		m := r.minor(field, string(t.Amount), r.presentment)
		return Price{convert(m, rate.Presentment, rate.Shop), m}
	}
	m := r.minor(field, string(t.Amount), r.shop)
	return Price{m, convert(m, rate.Shop, rate.Presentment)}
}

func (f payloadFulfillment) fulfillment() Fulfillment {
	out := Fulfillment{
		ID: int64(f.ID), Name: brief(f.Name), Status: strings.ToLower(brief(f.Status)), ShipmentStatus: strings.ToLower(brief(f.ShipmentStatus)),
		CreatedAt: f.CreatedAt.Time, UpdatedAt: f.UpdatedAt.Time,
		EstimatedDelivery: f.EstimatedDelivery.pointer(), DeliveredAt: f.DeliveredAt.pointer(),
		Carrier: brief(f.TrackingCompany), TrackingNumber: brief(f.TrackingNumber), TrackingURL: brief(f.TrackingURL),
	}
	if out.DeliveredAt == nil && out.ShipmentStatus == "delivered" && !out.UpdatedAt.IsZero() {
		out.DeliveredAt = &out.UpdatedAt
	}
	for _, l := range f.LineItems {
		if l.ID > 0 && l.Quantity > 0 {
			out.Lines = append(out.Lines, FulfillmentLine{int64(l.ID), int64(l.Quantity)})
		}
	}
	return out
}

func (d payloadDiscount) discount() Discount {
	title := d.Title
	if title == "" {
		title = d.Description
	}
	return Discount{
		Type: strings.ToLower(brief(d.Type)), Title: brief(title), Code: brief(d.Code), ValueType: strings.ToLower(brief(d.ValueType)),
		Value: brief(d.Value), Allocation: strings.ToLower(brief(d.AllocationMethod)),
		TargetSelection: strings.ToLower(brief(d.TargetSelection)), TargetType: strings.ToLower(brief(d.TargetType)),
	}
}

// wholeOrder tells whether the discount lowers the order rather than chosen
// items: Shopify shows such a one under the subtotal, the others at their item.
func (d Discount) wholeOrder() bool {
	return d.Allocation != string(goshopify.DiscountAllocationMethodEach) &&
		d.Allocation != string(goshopify.DiscountAllocationMethodOne) &&
		(d.TargetSelection == "" || d.TargetSelection == string(goshopify.DiscountTargetSelectionAll))
}

func (a *payloadAddress) address() *Address {
	if a == nil {
		return nil
	}
	out := &Address{
		Name: brief(a.Name), FirstName: brief(a.FirstName), LastName: brief(a.LastName), Company: brief(a.Company),
		Address1: brief(a.Address1), Address2: brief(a.Address2), City: brief(a.City), Zip: brief(a.Zip), Province: brief(a.Province), ProvinceCode: brief(a.ProvinceCode),
		Country: brief(a.Country), CountryCode: strings.ToUpper(brief(a.CountryCode)), Phone: brief(a.Phone),
	}
	if *out == (Address{}) {
		return nil
	}
	return out
}

// brief cuts off what no field of an order needs.
func brief(t text) string {
	s := strings.TrimSpace(string(t))
	if len(s) <= maxText {
		return s
	}
	s = s[:maxText]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// email picks the first that could be an address; mail checks it for good.
func email(candidates ...text) string {
	i := slices.IndexFunc(candidates, func(t text) bool {
		at := strings.LastIndexByte(string(t), '@')
		return at > 0 && at < len(t)-1 && len(t) <= 320 && !strings.ContainsAny(string(t), " \t\r\n<>,;\"")
	})
	if i < 0 {
		return ""
	}
	return string(candidates[i])
}

// bounded makes sure that no later sum can leave 64 bits.
func (o *Order) bounded() error {
	var sum Price
	add := func(p Price) bool {
		sum = sum.plus(Price{max(p.Shop, -p.Shop), max(p.Presentment, -p.Presentment)})
		return sum.Shop <= maxSum && sum.Presentment <= maxSum
	}
	for _, l := range o.Lines {
		if l.Quantity < 0 || l.Quantity > maxQuantity || l.CurrentQuantity < 0 || l.CurrentQuantity > l.Quantity {
			return ErrPayload.Detailf("A line item's quantity is out of range.")
		}
		most := max(l.Price.Shop, -l.Price.Shop, l.Price.Presentment, -l.Price.Presentment)
		if l.Quantity > 0 && most > maxSum/l.Quantity || !add(l.Price.times(l.Quantity)) {
			return ErrPayload.Detailf("The line items add up to a sum out of range.")
		}
		for _, a := range l.Allocations {
			if !add(a.Amount) {
				return ErrPayload.Detailf("The discounts add up to a sum out of range.")
			}
		}
	}
	for _, s := range o.ShippingLines {
		if !add(s.Price) || !add(s.Discounted) {
			return ErrPayload.Detailf("The shipping lines add up to a sum out of range.")
		}
	}
	for _, f := range o.Refunds {
		if !add(f.Money) {
			return ErrPayload.Detailf("The refunds add up to a sum out of range.")
		}
	}
	return nil
}
