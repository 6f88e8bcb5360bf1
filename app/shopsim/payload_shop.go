package shopsim

import (
	"fmt"
	"strings"
	"time"
)

func (p papers) product(v *Product) record {
	variants, gids := []record{}, []record{}
	for i, x := range v.Variants {
		option := func(n int) any {
			if n < len(x.Options) {
				return x.Options[n]
			}
			if n == 0 {
				return "Default Title"
			}
			return nil
		}
		var compare any
		if x.CompareAt > 0 {
			compare = Decimal(x.CompareAt, p.shop.Currency)
		}
		variants = append(variants, record{"admin_graphql_api_id": gid("ProductVariant", x.ID), "barcode": nil, "compare_at_price": compare,
			"created_at": p.when(v.CreatedAt), "id": x.ID, "inventory_policy": "deny", "position": i + 1, "price": Decimal(x.Price, p.shop.Currency),
			"product_id": v.ID, "sku": blank(x.SKU), "taxable": !v.GiftCard, "title": x.Title, "updated_at": p.when(v.UpdatedAt), "option1": option(0),
			"option2": option(1), "option3": option(2), "image_id": nil, "inventory_item_id": x.ItemID, "inventory_quantity": x.Inventory,
			"old_inventory_quantity": x.Inventory})
		gids = append(gids, record{"admin_graphql_api_id": gid("ProductVariant", x.ID), "updated_at": v.UpdatedAt.Format("2006-01-02T15:04:05.000Z")})
	}
	image := record{"id": v.ImageID, "alt": v.ImageAlt, "position": 1, "product_id": v.ID, "created_at": p.when(v.CreatedAt), "updated_at": p.when(v.UpdatedAt),
		"admin_graphql_api_id": gid("MediaImage", v.ImageID), "width": 1200, "height": 1200, "src": p.sim.PictureURL(v.Handle), "variant_ids": []any{}}
	options := []record{}
	for i, o := range v.Options {
		options = append(options, record{"id": o.ID, "product_id": v.ID, "name": o.Name, "position": i + 1, "values": o.Values})
	}
	var published any
	if v.Status == "ACTIVE" {
		published = p.when(v.CreatedAt)
	}
	return record{"admin_graphql_api_id": gid("Product", v.ID), "body_html": "<p>" + v.Description + "</p>", "created_at": p.when(v.CreatedAt), "handle": v.Handle,
		"id": v.ID, "product_type": v.Type, "published_at": published, "template_suffix": nil, "title": v.Title, "updated_at": p.when(v.UpdatedAt),
		"vendor": v.Vendor, "status": strings.ToLower(v.Status), "published_scope": "web", "tags": strings.Join(v.Tags, ", "), "variants": variants,
		"options": options, "images": []record{image}, "image": image, "media": []any{}, "variant_gids": gids,
		"has_variants_that_requires_components": false, "category": nil}
}

// PictureURL is where a product's picture is.
func (s *Sim) PictureURL(handle string) string {
	return s.cfg.URL + "/sim/files/products/" + handle + ".png"
}

func (p papers) shopInfo() record {
	s := p.shop
	_, offset := p.sim.Now().In(p.zone).Zone()
	sign := "+"
	if offset < 0 {
		sign, offset = "-", -offset
	}
	money := "${{amount}}"
	if s.Currency != "USD" {
		money = "{{amount}} " + s.Currency
	}
	return record{"id": s.ID, "name": s.Name, "email": s.Email, "domain": s.Domain, "province": s.Province, "country": s.CountryCode, "address1": s.Address1,
		"zip": s.Zip, "city": s.City, "source": nil, "phone": s.Phone, "latitude": nil, "longitude": nil, "primary_locale": s.Locale, "address2": nil,
		"created_at": p.when(s.CreatedAt), "updated_at": p.when(s.UpdatedAt), "country_code": s.CountryCode, "country_name": or(countryNames[s.CountryCode], s.CountryCode),
		"currency": s.Currency, "customer_email": s.Email, "timezone": fmt.Sprintf("(GMT%s%02d:%02d) %s", sign, offset/3600, offset%3600/60, s.Timezone),
		"iana_timezone": s.Timezone, "shop_owner": s.Owner, "money_format": money, "money_with_currency_format": money + " " + s.Currency,
		"weight_unit": "kg", "province_code": s.ProvCode, "taxes_included": s.TaxesIncluded, "auto_configure_tax_inclusivity": nil, "tax_shipping": nil,
		"county_taxes": true, "plan_display_name": "Basic", "plan_name": "basic", "has_discounts": true, "has_gift_cards": true, "myshopify_domain": s.Domain,
		"google_apps_domain": nil, "google_apps_login_enabled": nil, "money_in_emails_format": money, "money_with_currency_in_emails_format": money + " " + s.Currency,
		"eligible_for_payments": true, "requires_extra_payments_agreement": false, "password_enabled": false, "has_storefront": true, "finances": true,
		"primary_location_id": s.LocationID, "checkout_api_supported": true, "multi_location_enabled": true, "setup_required": false, "pre_launch_enabled": false,
		"enabled_presentment_currencies": []string{s.Currency}, "marketing_sms_consent_enabled_at_checkout": false, "transactional_sms_disabled": false}
}

func (p papers) scopes(previous []string, at time.Time) record {
	return record{"id": p.shop.InstallationID, "shop_id": gid("Shop", p.shop.ID), "previous": previous, "current": p.shop.Scopes, "updated_at": at.Format("2006-01-02T15:04:05.000Z")}
}

func (p papers) purchases(c *Customer, last *Order, at time.Time) record {
	n, spent := p.spending(c)
	return record{"customerId": gid("Customer", c.ID), "numberOfOrders": n, "amountSpent": record{"amount": Decimal(spent, p.shop.Currency), "currencyCode": p.shop.Currency},
		"lastOrderId": gid("Order", last.ID), "occurredAt": at.Format("2006-01-02T15:04:05.000Z")}
}

// spending counts a customer's orders and adds up what they came to.
func (t *tables) spending(c *Customer) (n, spent int64) {
	for _, o := range t.orders.order[c.ShopID] {
		if o.CustomerID == c.ID && !o.Deleted && !o.Test {
			n++
			spent += o.netPaid().Shop
		}
	}
	return n, spent
}

// netPaid is what was paid and not given back.
func (o *Order) netPaid() (m MoneySet) {
	for _, x := range o.Transactions {
		switch {
		case x.Status != "success":
		case x.Kind == "sale" || x.Kind == "capture":
			m = m.Add(x.Amount)
		case x.Kind == "refund":
			m = m.Sub(x.Amount)
		}
	}
	return m
}

// request is the body of a compliance topic.
func (p papers) request(topic string, c *Customer) record {
	doc := record{"shop_id": p.shop.ID, "shop_domain": p.shop.Domain}
	if c == nil {
		return doc
	}
	doc["customer"] = record{"id": c.ID, "email": blank(c.Email), "phone": blank(c.Phone)}
	orders := []int64{}
	for _, o := range p.orders.order[p.shop.ID] {
		if o.CustomerID == c.ID {
			orders = append(orders, o.ID)
		}
	}
	if topic == "customers/redact" {
		doc["orders_to_redact"] = orders
	} else {
		doc["orders_requested"] = orders
		doc["data_request"] = record{"id": c.ID % 1_000_000}
	}
	return doc
}

func (p papers) consent(c *Customer) record {
	return record{"customer_id": c.ID, "email_address": c.Email, "email_marketing_consent": record{
		"state": strings.ToLower(c.Marketing), "opt_in_level": "single_opt_in", "consent_updated_at": p.when(c.MarketingAt)}}
}
