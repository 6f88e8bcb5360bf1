package orders

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

// LinkOrder is the kind of link that opens an order's page.
const LinkOrder = "order"

// linkLife is how long after purchase, and after it was last made, a link works.
const linkLife = 180 * 24 * time.Hour

func (s *Service) confirmation() mail.Kind {
	k := mail.Kind{Name: KindConfirmation, Class: mail.Transactional, Template: mail.ConfirmationTemplate, Subject: mail.ConfirmationSubject,
		Compose: s.compose, Example: s.example}
	for _, name := range mail.ConfirmationCases {
		k.Samples = append(k.Samples, mail.Sample{Name: name, Letter: mail.SampleConfirmation(locale.English, name)})
	}
	return k
}

// compose writes the confirmation as the order is now. It stops for an order
// that was cancelled or deleted, that names no address, or when the merchant has
// switched confirmations off.
func (s *Service) compose(_ context.Context, tx *store.Tx, ref string) (*mail.Letter, error) {
	id, err := orderRef(ref)
	if err != nil {
		return nil, err
	}
	f, err := load(tx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, mail.Stop("the order was deleted")
	}
	if err != nil {
		return nil, err
	}
	v, err := s.view(tx, f, locale.Match(f.Order.Locale))
	if err != nil {
		return nil, err
	}
	switch {
	case f.Order.CancelledAt != nil:
		return nil, mail.Stop("the order was cancelled")
	case f.Order.Email == "":
		return nil, mail.Stop("the order has no e-mail address")
	case !v.settings.ConfirmationEnabled:
		return nil, mail.Stop("confirmations are switched off")
	}
	d, version, err := publishedDesign(tx)
	if err != nil {
		return nil, err
	}
	return s.letter(tx, v, d, version)
}

// view is an order with everything needed to show it to its shopper.
type view struct {
	*found
	tag      locale.Tag
	tone     string // "" except in letters
	shop     shops.Shop
	settings shops.Settings
	zone     *time.Location
	sums     Totals
	edited   bool
	url      string
	terms    ReturnTerms
}

func (s *Service) view(tx *store.Tx, f *found, tag locale.Tag) (*view, error) {
	shop, err := s.shops.Get(tx)
	if err != nil {
		return nil, err
	}
	settings, err := s.shops.Settings(tx)
	if err != nil {
		return nil, err
	}
	happened, err := events(tx, f.ID)
	if err != nil {
		return nil, err
	}
	address, err := s.pageURL(tx, f)
	if err != nil {
		return nil, err
	}
	zone := clock.Zone(shop.Timezone)
	v := &view{found: f, tag: tag, shop: shop, settings: settings, zone: zone, sums: Sum(f.Order), url: address}
	if v.terms, err = s.returnTerms(tx, f, zone); err != nil {
		return nil, err
	}
	v.edited = v.sums.Edited || slices.ContainsFunc(happened, func(e EventRow) bool { return e.Kind == EventEdited })
	return v, nil
}

// pageURL is the signed address of the order's page. Made twice within a day it
// is the same, so that a mail that is tried again reads the same.
func (s *Service) pageURL(tx *store.Tx, f *found) (string, error) {
	until := later(f.PlacedAt, tx.Now).Truncate(24 * time.Hour).Add(linkLife)
	token, err := s.links.Sign(web.Link{Shop: tx.Shop, Kind: LinkOrder, Ref: strconv.FormatInt(f.ID, 10), Expires: until})
	if err != nil {
		return "", fmt.Errorf("address of order %d: %w", f.ID, err)
	}
	return s.appURL + "/l/o/" + token, nil
}

func (v *view) t(key string, args map[string]any) string {
	return locale.Spoken(v.tag, mail.Toned(v.tone, key), args)
}

func (v *view) amount(p Price) string { return v.tag.Money(v.Order.Presentment(p)) }

func (v *view) date(at time.Time) string { return v.tag.Date(clock.DateIn(at, v.zone)) }

// data are plain values only: a struct would show a template more than was meant.
func (v *view) data() map[string]any {
	o := v.Order
	first := ""
	if o.Buyer != nil {
		first = o.Buyer.FirstName
	}
	for _, a := range []*Address{o.Billing, o.Shipping} {
		if first == "" && a != nil {
			first = a.FirstName
		}
	}
	taxNote := ""
	if v.sums.TaxIncluded && !v.sums.Tax.IsZero() {
		taxNote = v.t("order.total.tax_included", map[string]any{"amount": v.amount(v.sums.Tax)})
	}
	return map[string]any{
		"shop": map[string]any{"name": v.settings.SenderName, "url": v.shop.URL, "email": v.settings.SupportEmail, "phone": "",
			"address": v.settings.PostalAddress, "logo_url": v.settings.LogoURL},
		"brand":  map[string]any{"accent": v.settings.AccentColor},
		"locale": string(v.tag), "dir": v.tag.Dir(),
		"order": map[string]any{"name": o.Name, "confirmation_number": o.ConfirmationNumber, "date": v.date(v.PlacedAt), "url": v.url,
			"status_url": o.StatusURL, "test": o.Test, "edited": v.edited, "note": o.Note},
		"customer":     map[string]any{"first_name": first, "name": o.ShopperName()},
		"items":        v.items(),
		"totals":       v.totals(),
		"tax_included": v.sums.TaxIncluded, "tax_note": taxNote,
		"payments": v.payments(),
		"shipping": v.shipping(),
		"billing":  map[string]any{"address": v.billing()},
		"eta":      map[string]any{"text": v.eta()},
		"returns":  v.returns(),
	}
}

func (v *view) items() []any {
	list := make([]any, 0, len(v.sums.Items))
	for _, it := range v.sums.Items {
		l := it.Line
		item := map[string]any{
			"title": l.Title, "options": strings.ReplaceAll(l.Options, " / ", " · "), "sku": l.SKU, "quantity": int(it.Quantity),
			"image_url": "", "image_alt": l.Title, "unit_price": v.amount(l.Price), "total": v.amount(it.Net), "original_total": "",
			"gift_card": l.GiftCard, "properties": []any{}, "discounts": []any{},
		}
		if l.Picture != nil {
			item["image_url"] = l.Picture.URL
			if l.Picture.Alt != "" {
				item["image_alt"] = l.Picture.Alt
			}
		}
		if it.Net != it.Gross {
			item["original_total"] = v.amount(it.Gross)
		}
		properties := make([]any, 0, len(l.Properties))
		for _, p := range l.Properties {
			properties = append(properties, map[string]any{"name": p.Name, "value": p.Value})
		}
		discounts := make([]any, 0, len(it.Discounts))
		for _, d := range it.Discounts {
			discounts = append(discounts, map[string]any{"title": v.discountTitle(d.Discount), "amount": v.amount(d.Amount.neg())})
		}
		item["properties"], item["discounts"] = properties, discounts
		list = append(list, item)
	}
	return list
}

func (v *view) discountTitle(d *Discount) string {
	switch {
	case d != nil && d.Code != "":
		return d.Code
	case d != nil && d.Title != "":
		return d.Title
	}
	return v.t("order.total.discount", nil)
}

// totals are the rows that add up to the total, and what is open below it. Who
// paid what stands in payments.
func (v *view) totals() []any {
	list := []any{}
	for _, r := range v.sums.Rows {
		switch r.Kind {
		case RowPaid, RowGiftCard, RowStoreCredit:
			continue
		}
		amount := v.amount(r.Amount)
		if r.Kind == RowShipping && r.Amount.Presentment == 0 {
			amount = v.t("order.total.free", nil)
		}
		list = append(list, map[string]any{"kind": r.Kind, "label": v.label(r), "note": v.note(r), "amount": amount, "strong": r.Kind == RowTotal})
	}
	return list
}

// label names a row in the reader's language.
func (v *view) label(r Row) string {
	const prefix = "order.total."
	switch r.Kind {
	case RowDiscount, RowShippingDiscount:
		if d := r.Discount; d != nil && d.Code != "" {
			return v.t(prefix+r.Kind+"_code", map[string]any{"code": d.Code})
		} else if d != nil && d.Title != "" && r.Kind == RowDiscount {
			return v.t(prefix+"discount_title", map[string]any{"title": d.Title})
		}
	case RowShipping:
		if r.Method != "" && len(r.Method) <= 60 {
			return v.t(prefix+"shipping_method", map[string]any{"method": r.Method})
		}
	case RowGiftCard, RowStoreCredit, RowPaid:
		return v.payment(r)
	}
	return v.t(prefix+r.Kind, nil)
}

// note says, beside what is still to be paid, how that was agreed.
func (v *view) note(r Row) string {
	if r.Kind != RowDue || len(v.Order.Gateways) != 1 {
		return ""
	}
	if key := manualGateways[strings.ToLower(v.Order.Gateways[0])]; key != "" {
		return v.t(key, nil)
	}
	return ""
}

func (v *view) payments() []any {
	list := []any{}
	for _, r := range v.sums.Rows {
		switch r.Kind {
		case RowPaid, RowGiftCard, RowStoreCredit:
			list = append(list, map[string]any{"label": v.payment(r), "amount": v.amount(r.Amount)})
		}
	}
	return list
}

var (
	manualGateways = map[string]string{
		"cash on delivery (cod)": "order.payment.cash_on_delivery", "cash_on_delivery": "order.payment.cash_on_delivery",
		"bank deposit": "order.payment.bank_deposit", "bank_deposit": "order.payment.bank_deposit",
		"money order": "order.payment.money_order", "money_order": "order.payment.money_order",
		"cash": "order.payment.cash", "manual": "order.payment.manual",
	}
	walletNames = map[string]string{"apple_pay": "Apple Pay", "google_pay": "Google Pay", "android_pay": "Google Pay", "shopify_pay": "Shop Pay", "shop_pay": "Shop Pay"}
)

// payment names a way of payment in the reader's language.
func (v *view) payment(r Row) string {
	const prefix = "order.payment."
	last, gateway := "", strings.ToLower(r.Gateway)
	if r.Payment != nil {
		last = r.Payment.CardLast
	}
	switch {
	case r.Kind == RowGiftCard && last != "":
		return v.t(prefix+"gift_card_last", map[string]any{"last": last})
	case r.Kind == RowGiftCard || r.Kind == RowStoreCredit:
		return v.t(prefix+r.Kind, nil)
	case manualGateways[gateway] != "":
		return v.t(manualGateways[gateway], nil)
	case strings.HasPrefix(gateway, "paypal"):
		return v.t(prefix+"paypal", nil)
	case r.Payment != nil && (last != "" || r.Payment.CardBrand != ""):
		return v.card(r.Payment)
	case gateway == "shopify_payments" || gateway == "bogus":
		return v.t(prefix+"card_plain", nil)
	case r.Payment != nil && r.Payment.Label != "":
		return r.Payment.Label
	case r.Gateway == "":
		return v.t("order.total.paid", nil)
	}
	return v.t(prefix+"other", nil)
}

func (v *view) card(p *Transaction) string {
	const prefix = "order.payment."
	card := p.CardBrand
	switch {
	case p.CardBrand != "" && p.CardLast != "":
		card = v.t(prefix+"card", map[string]any{"brand": p.CardBrand, "last": p.CardLast})
	case p.CardLast != "":
		card = v.t(prefix+"card_unknown", map[string]any{"last": p.CardLast})
	}
	if wallet := walletNames[p.Wallet]; wallet != "" {
		return v.t(prefix+"wallet", map[string]any{"wallet": wallet, "card": card})
	}
	return card
}

func (v *view) shipping() map[string]any {
	o := v.Order
	out := map[string]any{"required": false, "method": "", "address": texts(nil), "same_as_billing": false, "pickup": false}
	out["required"] = slices.ContainsFunc(o.Lines, func(l Line) bool { return l.RequiresShipping && l.CurrentQuantity > 0 })
	if out["required"] == false {
		return out
	}
	for _, r := range v.sums.Rows {
		if r.Kind == RowShipping {
			out["method"] = r.Method
		}
	}
	out["pickup"] = slices.ContainsFunc(o.ShippingLines, func(s ShippingLine) bool { return s.Pickup && !s.Removed })
	out["address"] = texts(o.Shipping.Lines())
	out["same_as_billing"] = o.sameAddress()
	return out
}

// billing is empty when it is the shipping address.
func (v *view) billing() []any {
	if v.Order.sameAddress() && v.shipping()["required"] == true {
		return texts(nil)
	}
	return texts(v.Order.Billing.Lines())
}

func texts(lines []string) []any {
	out := make([]any, len(lines))
	for i, l := range lines {
		out[i] = l
	}
	return out
}

// eta says when what has not arrived is expected, or "".
func (v *view) eta() string {
	var from, until clock.Date
	add := func(at *time.Time) {
		if at == nil {
			return
		}
		d := clock.DateIn(*at, v.zone)
		if from.IsZero() || d.Before(from) {
			from = d
		}
		if until.IsZero() || until.Before(d) {
			until = d
		}
	}
	for _, f := range v.Order.Fulfillments {
		if f.DeliveredAt == nil && f.Status != "cancelled" {
			add(f.EstimatedDelivery)
		}
	}
	if from.IsZero() && len(v.Order.Fulfillments) == 0 {
		for _, s := range v.Order.ShippingLines {
			add(s.DeliverFrom)
			add(s.DeliverUntil)
		}
	}
	switch {
	case from.IsZero():
		return ""
	case from == until:
		return v.t("order.eta.on", map[string]any{"date": v.tag.Date(until)})
	}
	return v.t("order.eta.between", map[string]any{"from": v.tag.Date(from), "to": v.tag.Date(until)})
}

func (v *view) returns() map[string]any {
	out := map[string]any{"allowed": v.terms.Allowed, "last_day": "", "days": v.terms.Days, "url": v.settings.ReturnsPolicyURL}
	if v.terms.LastDay != nil {
		out["last_day"] = v.tag.Date(*v.terms.LastDay)
	}
	return out
}

// returnTerms asks the policy or, without one, counts the days that the order
// keeps.
func (s *Service) returnTerms(tx *store.Tx, f *found, zone *time.Location) (ReturnTerms, error) {
	if s.terms != nil {
		return s.terms(tx, f.Order)
	}
	terms := ReturnTerms{Days: f.ReturnsDays}
	if day, ok := lastReturnDay(f.Order, f.ReturnsDays, zone); ok {
		terms.LastDay, terms.Allowed = &day, !day.Before(clock.DateIn(tx.Now, zone))
	}
	return terms, nil
}

// lastReturnDay counts civil days in the shop's zone from the day the order was
// delivered or, until all of it was, from the day it was placed. ok is false when
// the policy of the day of purchase gives no returns, or there is nothing left.
func lastReturnDay(o *Order, days int, zone *time.Location) (day clock.Date, ok bool) {
	if days <= 0 || o.CancelledAt != nil || o.Items() == 0 {
		return clock.Date{}, false
	}
	from := o.PlacedAt
	if at, all := o.deliveredAt(); all {
		from = at
	}
	return clock.DateIn(from, zone).AddDays(days), true
}

// deliveredAt is when the last parcel arrived, and whether everything has.
func (o *Order) deliveredAt() (last time.Time, all bool) {
	for _, f := range o.Fulfillments {
		switch {
		case f.Gone():
		case f.DeliveredAt == nil:
			return last, false
		case f.DeliveredAt.After(last):
			last = *f.DeliveredAt
		}
	}
	return last, !last.IsZero() && o.FulfillmentStatus == "fulfilled"
}

func (o *Order) sameAddress() bool {
	if o.Shipping == nil || o.Billing == nil {
		return false
	}
	a, b := *o.Shipping, *o.Billing
	a.Phone, b.Phone = "", ""
	return a == b
}

// Lines writes the address as it goes on a parcel. The country's own habit
// decides where city and code stand; names come as Shopify has them.
func (a *Address) Lines() []string {
	if a == nil {
		return nil
	}
	name := a.Name
	if name == "" {
		name = joined(a.FirstName, a.LastName)
	}
	province := a.ProvinceCode
	if province == "" {
		province = a.Province
	}
	var lines []string
	switch a.CountryCode {
	case "US", "CA", "AU", "NZ", "IN", "TW", "TH":
		lines = []string{name, a.Company, a.Address1, a.Address2, comma(a.City, joined(province, a.Zip)), a.Country}
	case "GB", "IE":
		lines = []string{name, a.Company, a.Address1, a.Address2, a.City, a.Zip, a.Country}
	case "JP":
		zip := a.Zip
		if zip != "" {
			zip = "〒" + zip
		}
		lines = []string{zip, a.Province + a.City + a.Address1, a.Address2, a.Company, name, a.Country}
	case "ES", "IT", "BR", "MX", "CN", "KR", "AE", "IR", "RU":
		lines = []string{name, a.Company, a.Address1, a.Address2, comma(joined(a.Zip, a.City), a.Province), a.Country}
	default:
		lines = []string{name, a.Company, a.Address1, a.Address2, joined(a.Zip, a.City), a.Country}
	}
	return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
}

func comma(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}
