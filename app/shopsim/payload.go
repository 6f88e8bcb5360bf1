package shopsim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"afterglow/app/ids"
)

// record is one JSON object of a webhook payload. The keys are those of the
// published examples (testdata/webhooks); a test compares them.
type record = map[string]any

// gid is a GraphQL id.
func gid(kind string, id int64) string { return ids.GID(kind, id) }

// papers writes payloads for one shop.
type papers struct {
	*tables
	sim  *Sim
	shop *Shop
	zone *time.Location
}

func (s *Sim) papers(t *tables, shop *Shop) papers {
	zone, err := time.LoadLocation(shop.Timezone)
	if err != nil {
		zone = time.UTC
	}
	return papers{t, s, shop, zone}
}

// when writes a time as webhooks do: the shop's zone, whole seconds.
func (p papers) when(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.In(p.zone).Format(time.RFC3339)
}

func (p papers) maybe(t *time.Time) any {
	if t == nil {
		return nil
	}
	return p.when(*t)
}

func blank(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func blankID(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// priceSet is an amount in both currencies as webhooks write it.
func priceSet(o *Order, m MoneySet) record {
	return record{
		"shop_money":        record{"amount": Decimal(m.Shop, o.Currency), "currency_code": o.Currency},
		"presentment_money": record{"amount": Decimal(m.Presentment, o.PresentmentCurrency), "currency_code": o.PresentmentCurrency},
	}
}

func list[T any, R any](in []T, fn func(T) R) []R {
	out := make([]R, 0, len(in))
	for _, v := range in {
		out = append(out, fn(v))
	}
	return out
}

func (p papers) order(o *Order) record {
	was, now := o.Totals(), o.Current()
	price := func(m MoneySet) string { return Decimal(m.Shop, o.Currency) }
	set := func(m MoneySet) record { return priceSet(o, m) }
	net := was.Shipping.Sub(was.ShippingDiscount)
	var weight int64
	for _, l := range o.Lines {
		weight += l.Grams * l.Quantity
	}
	codes := []record{}
	for i, d := range o.Discounts {
		if d.Code == "" {
			continue
		}
		kind := d.ValueType
		if d.Target == "shipping_line" {
			kind = "shipping"
		}
		codes = append(codes, record{"code": d.Code, "amount": price(o.discountTotal(i)), "type": kind})
	}
	doc := record{
		"id": o.ID, "admin_graphql_api_id": gid("Order", o.ID), "app_id": 580111, "browser_ip": nil,
		"buyer_accepts_marketing": p.consents(o.CustomerID), "cancel_reason": blank(o.CancelReason), "cancelled_at": p.maybe(o.CancelledAt),
		"cart_token": nil, "checkout_token": "c" + o.Token[:31], "client_details": nil, "closed_at": p.maybe(o.ClosedAt),
		"confirmation_number": o.Confirmation, "confirmed": true, "contact_email": blank(o.Email), "created_at": p.when(o.CreatedAt),
		"currency": o.Currency, "current_shipping_price_set": set(now.Shipping.Sub(now.ShippingDiscount)),
		"current_subtotal_price": price(now.Subtotal), "current_subtotal_price_set": set(now.Subtotal),
		"current_total_additional_fees_set": nil, "current_total_discounts": price(now.Discounts), "current_total_discounts_set": set(now.Discounts),
		"current_total_duties_set": nil, "current_total_price": price(now.Total), "current_total_price_set": set(now.Total),
		"current_total_tax": price(now.Tax), "current_total_tax_set": set(now.Tax), "customer_locale": blank(o.Locale), "device_id": nil,
		"discount_codes": codes, "duties_included": false, "email": o.Email, "estimated_taxes": false,
		"financial_status": o.Financial(), "fulfillment_status": blank(o.FulfillmentState()), "landing_site": nil, "landing_site_ref": nil,
		"location_id": nil, "merchant_business_entity_id": "MTU0ODM4MDAwOQ", "merchant_of_record_app_id": nil, "name": o.Name,
		"note": blank(o.Note), "note_attributes": list(o.Attributes, attribute), "number": o.Number - 1000, "order_number": o.Number,
		"order_status_url": o.StatusURL(p.sim), "original_total_additional_fees_set": nil, "original_total_duties_set": nil,
		"payment_gateway_names": o.Gateways(), "phone": blank(o.Phone), "po_number": nil, "presentment_currency": o.PresentmentCurrency,
		"processed_at": p.when(o.CreatedAt), "reference": nil, "referring_site": nil, "source_identifier": nil, "source_name": o.SourceName,
		"source_url": nil, "subtotal_price": price(was.Subtotal), "subtotal_price_set": set(was.Subtotal), "tags": strings.Join(o.Tags, ", "),
		"tax_exempt": o.TaxExempt, "tax_lines": p.taxLines(o, o.taxTotals()), "taxes_included": o.TaxesIncluded, "test": o.Test, "token": o.Token,
		"total_cash_rounding_payment_adjustment_set": set(MoneySet{}), "total_cash_rounding_refund_adjustment_set": set(MoneySet{}),
		"total_discounts": price(was.Discounts), "total_discounts_set": set(was.Discounts),
		"total_line_items_price": price(was.Lines), "total_line_items_price_set": set(was.Lines),
		"total_outstanding": price(MoneySet{Shop: now.Outstanding.Shop}), "total_price": price(was.Total), "total_price_set": set(was.Total),
		"total_shipping_price_set": set(net), "total_tax": price(was.Tax), "total_tax_set": set(was.Tax),
		"total_tip_received": price(o.Tip), "total_weight": weight, "updated_at": p.when(o.UpdatedAt), "user_id": nil,
		"billing_address": address(o.BillTo), "shipping_address": address(o.ShipTo), "customer": nil,
		"discount_applications": list(o.Discounts, discountApplication),
		"fulfillments":          list(o.Fulfillments, func(f Fulfillment) record { return p.fulfillment(o, &f, false) }),
		"line_items":            list(o.Lines, func(l LineItem) record { return p.line(o, l) }),
		"payment_terms":         nil,
		"refunds":               list(o.Refunds, func(r Refund) record { return p.refund(o, &r) }),
		"shipping_lines":        list(o.ShippingLines, func(l ShippingLine) record { return p.shipping(o, l) }),
		"returns":               []any{}, "line_item_groups": []any{},
	}
	if c := p.customers.rows[o.CustomerID]; c != nil && !c.Deleted {
		doc["customer"] = p.customer(c, false)
	}
	return doc
}

func (p papers) consents(customerID int64) bool {
	c := p.customers.rows[customerID]
	return c != nil && c.Marketing == "SUBSCRIBED"
}

// discountTotal is all that discount number i took off.
func (o *Order) discountTotal(i int) (sum MoneySet) {
	count := func(list []Allocation) {
		for _, a := range list {
			if a.Discount == i {
				sum = sum.Add(a.Amount)
			}
		}
	}
	for _, l := range o.Lines {
		count(l.Allocations)
	}
	for _, l := range o.ShippingLines {
		count(l.Allocations)
	}
	return sum
}

// taxTotals joins the taxes of all lines that have the same name and rate.
func (o *Order) taxTotals() []TaxLine {
	var sums []TaxLine
	count := func(list []TaxLine) {
	next:
		for _, x := range list {
			for i := range sums {
				if sums[i].Title == x.Title && sums[i].PPM == x.PPM {
					sums[i].Amount = sums[i].Amount.Add(x.Amount)
					continue next
				}
			}
			sums = append(sums, x)
		}
	}
	for _, l := range o.Lines {
		count(l.Taxes)
	}
	for _, l := range o.ShippingLines {
		count(l.Taxes)
	}
	return sums
}

func attribute(a KeyText) record { return record{"name": a.Name, "value": a.Value} }

func discountApplication(d OrderDiscount) record {
	doc := record{"target_type": d.Target, "type": d.Kind, "value": d.Value, "value_type": d.ValueType,
		"allocation_method": d.Allocation, "target_selection": d.Selection}
	switch d.Kind {
	case "discount_code":
		doc["code"] = d.Code
	case "manual":
		doc["title"], doc["description"] = d.Title, d.Title
	default:
		doc["title"] = d.Title
	}
	return doc
}

// rate writes parts per million as the JSON number Shopify sends.
func rate(ppm int64) json.Number {
	s := strings.TrimRight(fmt.Sprintf("%d.%06d", ppm/1e6, ppm%1e6), "0")
	if strings.HasSuffix(s, ".") {
		s += "0"
	}
	return json.Number(s)
}

func (p papers) taxLines(o *Order, lines []TaxLine) []record {
	return list(lines, func(x TaxLine) record {
		return record{"channel_liable": false, "price": Decimal(x.Amount.Shop, o.Currency), "price_set": priceSet(o, x.Amount), "rate": rate(x.PPM), "title": x.Title}
	})
}

func allocations(o *Order, list_ []Allocation) []record {
	return list(list_, func(a Allocation) record {
		return record{"amount": Decimal(a.Amount.Shop, o.Currency), "amount_set": priceSet(o, a.Amount), "discount_application_index": a.Discount}
	})
}

func (l LineItem) fullName() string {
	if l.VariantTitle == "" {
		return l.Title
	}
	return l.Title + " - " + l.VariantTitle
}

func (l LineItem) fulfillmentStatus() any {
	switch {
	case l.Fulfilled == 0:
		return nil
	case l.Open() == 0:
		return "fulfilled"
	}
	return "partial"
}

func (p papers) line(o *Order, l LineItem) record {
	return record{
		"id": l.ID, "admin_graphql_api_id": gid("LineItem", l.ID), "attributed_staffs": []any{}, "current_quantity": l.Current(),
		"fulfillable_quantity": p.fulfillable(l), "fulfillment_service": "manual", "fulfillment_status": l.fulfillmentStatus(), "gift_card": l.GiftCard,
		"grams": l.Grams, "name": l.fullName(), "price": Decimal(l.Unit.Shop, o.Currency), "price_set": priceSet(o, l.Unit),
		"product_exists": l.ProductID != 0, "product_id": blankID(l.ProductID), "properties": list(l.Properties, attribute), "quantity": l.Quantity,
		"requires_shipping": l.Ships, "sales_line_item_group_id": nil, "sku": blank(l.SKU), "taxable": l.Taxable, "title": l.Title,
		// Discounts spread over the order are not part of total_discount.
		"total_discount": Decimal(0, o.Currency), "total_discount_set": priceSet(o, MoneySet{}),
		"variant_id": blankID(l.VariantID), "variant_inventory_management": "shopify", "variant_title": blank(l.VariantTitle), "vendor": blank(l.Vendor),
		"tax_lines": p.taxLines(o, l.Taxes), "duties": []any{}, "discount_allocations": allocations(o, l.Allocations),
	}
}

func (p papers) fulfillable(l LineItem) int64 {
	if l.Tip {
		return 0
	}
	return l.Open()
}

func (p papers) shipping(o *Order, l ShippingLine) record {
	net := l.Price.Sub(l.Discount())
	return record{
		"id": l.ID, "carrier_identifier": nil, "code": blank(l.Code), "current_discounted_price_set": priceSet(o, net),
		"discounted_price": Decimal(net.Shop, o.Currency), "discounted_price_set": priceSet(o, net), "is_removed": false, "phone": nil,
		"price": Decimal(l.Price.Shop, o.Currency), "price_set": priceSet(o, l.Price), "requested_fulfillment_service_id": nil, "source": "shopify",
		"title": l.Title, "tax_lines": p.taxLines(o, l.Taxes), "discount_allocations": allocations(o, l.Allocations),
	}
}

func address(a *Address) any {
	if a == nil {
		return nil
	}
	return record{"first_name": blank(a.FirstName), "address1": blank(a.Address1), "phone": blank(a.Phone), "city": blank(a.City), "zip": blank(a.Zip),
		"province": blank(a.Province), "country": blank(a.Country), "last_name": blank(a.LastName), "address2": blank(a.Address2), "company": blank(a.Company),
		"latitude": nil, "longitude": nil, "name": a.FullName(), "country_code": a.CountryCode, "province_code": blank(a.ProvCode)}
}

// FullName is the person an address is for.
func (a *Address) FullName() string { return strings.TrimSpace(a.FirstName + " " + a.LastName) }

func (p papers) customer(c *Customer, full bool) record {
	doc := record{
		"id": c.ID, "created_at": p.when(c.CreatedAt), "updated_at": p.when(c.UpdatedAt), "first_name": blank(c.FirstName), "last_name": blank(c.LastName),
		"state": c.State, "note": blank(c.Note), "verified_email": true, "multipass_identifier": nil, "tax_exempt": false, "email": blank(c.Email),
		"phone": blank(c.Phone), "currency": p.shop.Currency, "tax_exemptions": []any{}, "admin_graphql_api_id": gid("Customer", c.ID),
	}
	var home any
	if a := c.DefaultAddress; a != nil {
		home = record{"id": a.ID, "customer_id": c.ID, "first_name": blank(a.FirstName), "last_name": blank(a.LastName), "company": blank(a.Company),
			"address1": blank(a.Address1), "address2": blank(a.Address2), "city": blank(a.City), "province": blank(a.Province), "country": a.Country,
			"zip": blank(a.Zip), "phone": blank(a.Phone), "name": a.FullName(), "province_code": blank(a.ProvCode), "country_code": a.CountryCode,
			"country_name": a.Country, "default": true}
	}
	if home != nil || full {
		doc["default_address"] = home
	}
	if full {
		doc["addresses"] = []any{}
		if home != nil {
			doc["addresses"] = []any{home}
		}
	}
	return doc
}

func (p papers) fulfillment(o *Order, f *Fulfillment, full bool) record {
	some := func(s string) []string {
		if s == "" {
			return []string{}
		}
		return []string{s}
	}
	lines := []record{}
	for _, fl := range f.Lines {
		if l := o.line(fl.LineItemID); l != nil {
			row := p.line(o, *l)
			row["quantity"] = fl.Quantity
			delete(row, "attributed_staffs")
			delete(row, "current_quantity")
			delete(row, "sales_line_item_group_id")
			lines = append(lines, row)
		}
	}
	doc := record{
		"id": f.ID, "order_id": o.ID, "status": f.Status, "created_at": p.when(f.CreatedAt), "service": "manual", "updated_at": p.when(f.UpdatedAt),
		"tracking_company": blank(f.Company), "shipment_status": blank(f.Shipment), "location_id": p.shop.LocationID, "origin_address": record{},
		"line_items": lines, "tracking_number": blank(f.Number), "tracking_numbers": some(f.Number), "tracking_url": blank(f.URL),
		"tracking_urls": some(f.URL), "receipt": record{}, "name": f.Name, "admin_graphql_api_id": gid("Fulfillment", f.ID),
	}
	if full {
		doc["email"], doc["destination"] = o.Email, address(o.ShipTo)
	}
	return doc
}

func (p papers) event(o *Order, f *Fulfillment, e *FulfillmentEvent) record {
	return record{"id": e.ID, "fulfillment_id": f.ID, "status": e.Status, "message": blank(e.Message), "happened_at": p.when(e.HappenedAt),
		"city": blank(e.City), "province": blank(e.Province), "country": blank(e.Country), "zip": blank(e.Zip), "address1": nil, "latitude": nil,
		"longitude": nil, "shop_id": p.shop.ID, "created_at": p.when(e.CreatedAt), "updated_at": p.when(e.CreatedAt),
		"estimated_delivery_at": p.maybe(e.EstimatedAt), "order_id": o.ID, "admin_graphql_api_id": gid("FulfillmentEvent", e.ID)}
}

func (p papers) refund(o *Order, r *Refund) record {
	num := func(m MoneySet) json.Number { return json.Number(Decimal(m.Shop, o.Currency)) }
	restock := false
	lines := list(r.Lines, func(l RefundLine) record {
		var item any
		if li := o.line(l.LineItemID); li != nil {
			row := p.line(o, *li)
			delete(row, "attributed_staffs")
			delete(row, "current_quantity")
			delete(row, "sales_line_item_group_id")
			item = row
		}
		restock = restock || l.Restock != "no_restock"
		var at any
		if l.Restock != "no_restock" {
			at = p.shop.LocationID
		}
		return record{"id": l.ID, "quantity": l.Quantity, "line_item_id": l.LineItemID, "location_id": at, "restock_type": l.Restock,
			"subtotal": num(l.Subtotal), "total_tax": num(l.Tax), "subtotal_set": priceSet(o, l.Subtotal), "total_tax_set": priceSet(o, l.Tax), "line_item": item}
	})
	moves := []record{}
	for _, id := range r.Transactions {
		if x := o.transaction(id); x != nil {
			moves = append(moves, p.transaction(o, x))
		}
	}
	adjustments := []record{}
	adjust := func(kind, reason string, amount, taxes MoneySet) {
		if !amount.IsZero() || !taxes.IsZero() {
			adjustments = append(adjustments, record{"id": r.ID + int64(len(adjustments)) + 1, "order_id": o.ID, "refund_id": r.ID, "kind": kind, "reason": reason,
				"amount": Decimal(amount.Shop, o.Currency), "amount_set": priceSet(o, amount), "tax_amount": Decimal(taxes.Shop, o.Currency), "tax_amount_set": priceSet(o, taxes)})
		}
	}
	none := MoneySet{}
	adjust("shipping_refund", "Shipping refund", none.Sub(r.Shipping), none.Sub(r.ShippingTax))
	adjust("refund_discrepancy", "Refund discrepancy", none.Sub(r.Adjustment), none)
	return record{"id": r.ID, "order_id": o.ID, "created_at": p.when(r.CreatedAt), "note": blank(r.Note), "user_id": nil, "processed_at": p.when(r.CreatedAt),
		"duties": []any{}, "total_duties_set": priceSet(o, none), "return": nil, "refund_shipping_lines": []any{}, "restock": restock,
		"admin_graphql_api_id": gid("Refund", r.ID), "order_adjustments": adjustments, "refund_line_items": lines, "transactions": moves}
}

func (p papers) transaction(o *Order, x *Transaction) record {
	return record{"id": x.ID, "order_id": o.ID, "kind": x.Kind, "gateway": x.Gateway, "status": x.Status, "message": nil, "created_at": p.when(x.CreatedAt),
		"test": o.Test, "authorization": nil, "location_id": nil, "user_id": nil, "parent_id": blankID(x.ParentID), "processed_at": p.when(x.CreatedAt),
		"device_id": nil, "error_code": nil, "source_name": "web", "receipt": record{}, "amount": Decimal(x.Amount.Presentment, o.PresentmentCurrency),
		"currency": o.PresentmentCurrency, "payment_id": fmt.Sprintf("%s.%d", o.Name, x.ID%100), "total_unsettled_set": record{
			"presentment_money": record{"amount": "0.0", "currency": o.PresentmentCurrency}, "shop_money": record{"amount": "0.0", "currency": o.Currency}},
		"manual_payment_gateway": x.Gateway == "Bank Deposit", "amount_rounding": nil, "admin_graphql_api_id": gid("OrderTransaction", x.ID)}
}

func (p papers) edited(o *Order, e OrderEdit) record {
	rows := func(list_ []EditLine) []record {
		return list(list_, func(l EditLine) record { return record{"id": l.LineItemID, "delta": l.Delta} })
	}
	none := record{"additions": []any{}, "removals": []any{}}
	return record{"order_edit": record{"id": e.ID, "app_id": nil, "created_at": p.when(e.CommittedAt), "committed_at": p.when(e.CommittedAt),
		"notify_customer": e.Notify, "order_id": o.ID, "staff_note": e.Note, "user_id": nil,
		"line_items": record{"additions": rows(e.Additions), "removals": rows(e.Removals)}, "discounts": record{"line_item": none}, "shipping_lines": none}}
}
