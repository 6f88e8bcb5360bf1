package mail

import (
	_ "embed" // the compiled template

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/money"
)

// ConfirmationTemplate is templates/confirmation.mjml, compiled.
//
//go:embed templates/confirmation.html
var ConfirmationTemplate []byte

// ConfirmationSubject is the subject line that belongs to it.
const ConfirmationSubject = `{% if order.test %}{{ "confirmation.subject_test" | t: order: order.name }}{% else %}{% case style %}` +
	`{% when "warm" %}{{ "confirmation.warm.subject" | t: order: order.name, shop: shop.name }}` +
	`{% when "reassuring" %}{{ "confirmation.reassuring.subject" | t: order: order.name }}` +
	`{% when "inviting" %}{{ "confirmation.inviting.subject" | t: order: order.name }}` +
	`{% when "similar" %}{{ "confirmation.similar.subject" | t: order: order.name }}` +
	`{% else %}{{ "confirmation.subject" | t: order: order.name }}{% endcase %}{% endif %}`

// ConfirmationStyles are the ways in which the template can be written.
var ConfirmationStyles = []string{"plain", "warm", "reassuring", "inviting", "similar"}

// ConfirmationBlocks are the parts of the template that may be left out or put
// in another order. Greeting and footer are always there.
var ConfirmationBlocks = []string{"summary", "status", "eta", "items", "totals", "offer", "similar", "addresses", "payment", "note", "returns", "signature"}

// ConfirmationLayout is the order of the blocks in a style.
func ConfirmationLayout(style string) []string {
	switch style {
	case "warm":
		return []string{"signature", "summary", "eta", "items", "totals", "addresses", "payment", "note", "returns"}
	case "reassuring":
		return []string{"status", "summary", "eta", "items", "totals", "addresses", "payment", "note", "returns", "signature"}
	case "inviting":
		return []string{"summary", "eta", "offer", "items", "totals", "addresses", "payment", "note", "returns", "signature"}
	case "similar":
		return []string{"summary", "eta", "items", "totals", "similar", "addresses", "payment", "note", "returns", "signature"}
	}
	return []string{"summary", "eta", "items", "totals", "addresses", "payment", "note", "returns", "signature"}
}

// WithStyle writes the layout of a style into the data of a confirmation.
func WithStyle(data map[string]any, style, tone string, blocks []string) {
	list := make([]any, len(blocks))
	for i, b := range blocks {
		list[i] = b
	}
	data["style"], data["tone"], data["blocks"] = style, tone, list
}

// ConfirmationCases are the names of the made-up letters that SampleConfirmation
// knows: everything an order can have, an order without anything to pay or to
// ship, and a guest whose name nobody knows.
var ConfirmationCases = []string{"full", "minimal", "guest"}

// SampleConfirmation is a made-up confirmation letter for previews, for the test
// mail of the settings, and for golden files. Nothing in it is real.
func SampleConfirmation(tag locale.Tag, name string) Letter {
	s := sampler{tag: tag}
	var data map[string]any
	switch name {
	case "minimal":
		data = s.minimal()
	case "guest":
		data = s.guest()
	default:
		data = s.full()
	}
	return Letter{
		To:         Address{Name: sampleNames[tag][0] + " " + sampleNames[tag][1], Email: "shopper@example.com"},
		Locale:     string(tag),
		Data:       data,
		MessageRef: "msg_sample-" + name + "-" + string(tag),
	}
}

var sampleNames = map[locale.Tag][2]string{
	"en": {"Olivia", "Bennett"}, "de": {"Johanna", "Weiß"}, "fr": {"Chloé", "Lefèvre"}, "es": {"Lucía", "Muñoz"},
	"ja": {"美咲", "佐藤"}, "ru": {"Анна", "Соколова"}, "ar": {"ليلى", "حداد"}, "fa": {"نگار", "رضایی"},
}

var sampleCurrencies = map[locale.Tag]string{"en": "USD", "de": "EUR", "fr": "EUR", "es": "EUR", "ja": "JPY", "ru": "EUR", "ar": "AED", "fa": "EUR"}

var sampleAddresses = map[locale.Tag][]string{
	"en": {"214 Maple Street, Apt 5", "Portland, OR 97205", "United States"},
	"de": {"Lindenallee 18", "04109 Leipzig", "Deutschland"},
	"fr": {"12 rue des Tanneurs", "69005 Lyon", "France"},
	"es": {"Calle de la Palma 7, 2.º B", "28004 Madrid", "España"},
	"ja": {"〒604-8005", "京都府京都市中京区恵比須町534", "日本"},
	"ru": {"Miera iela 41-12", "LV-1013 Rīga", "Латвия"},
	"ar": {"شارع الوصل 88، شقة 4", "دبي", "الإمارات العربية المتحدة"},
	"fa": {"Lindenstraße 7", "50674 Köln", "آلمان"},
}

// sampler writes made-up orders in one language.
type sampler struct{ tag locale.Tag }

func (s sampler) phrase(key string, args map[string]any) string {
	return locale.Shopper.T(s.tag, key, args)
}

// amount writes an amount given in cents. Yen have none, so a cent is a yen,
// which keeps the prices plausible.
func (s sampler) amount(minor int64) string {
	currency := sampleCurrencies[s.tag]
	if currency == "AED" {
		minor *= 4
	}
	return s.tag.Money(money.New(minor, currency))
}

func (s sampler) lines(name ...string) []any {
	var out []any
	for _, n := range name {
		out = append(out, n)
	}
	for _, l := range sampleAddresses[s.tag] {
		out = append(out, l)
	}
	return out
}

func (s sampler) base() map[string]any {
	first, last := sampleNames[s.tag][0], sampleNames[s.tag][1]
	d := map[string]any{
		"signature": map[string]any{"name": "", "title": "", "photo_url": ""},
		"status":    s.status(),
		"offer":     NoOffer(),
		"similar":   []any{},
		"shop": map[string]any{
			"name": "Lumen & Loom", "url": "https://lumen-and-loom.example/", "email": "hello@lumen-and-loom.example",
			"phone": "", "address": "Lumen & Loom, 88 Spring Street, New York, NY 10012", "logo_url": "",
		},
		"brand": map[string]any{"accent": "#2f5d50", "background": "#f5f3ee"},
		"order": map[string]any{
			"name": "#1042", "confirmation_number": "XPAV284CT", "date": s.tag.Date(clock.Date{Year: 2026, Month: 11, Day: 21}),
			"url": "https://post.lumen-and-loom.example/l/o/sample", "status_url": "https://lumen-and-loom.example/orders/sample",
			"test": false, "edited": false, "note": "",
		},
		"customer":     map[string]any{"first_name": first, "name": first + " " + last},
		"tax_included": false, "tax_note": "",
		"payments": []any{},
		"shipping": map[string]any{"required": true, "method": "", "address": s.lines(first + " " + last), "same_as_billing": true, "pickup": false},
		"billing":  map[string]any{"address": []any{}},
		"eta":      map[string]any{"text": ""},
		"returns": map[string]any{
			"allowed": true, "last_day": s.tag.Date(clock.Date{Year: 2027, Month: 1, Day: 5}), "days": 45,
			"url": "https://lumen-and-loom.example/policies/refund-policy",
		},
	}
	WithStyle(d, "plain", "", ConfirmationLayout("plain"))
	return d
}

// status is an order that has just been placed.
func (s sampler) status() map[string]any {
	placed := s.tag.Date(clock.Date{Year: 2026, Month: 11, Day: 21})
	steps := []any{}
	for i, key := range []string{"placed", "preparing", "shipped", "delivered"} {
		steps = append(steps, map[string]any{"label": s.phrase("order_page.step."+key, nil), "done": i == 0})
	}
	return map[string]any{"title": s.phrase("order_page.status.confirmed", nil), "text": s.phrase("order_page.status.confirmed_text", map[string]any{"date": placed}),
		"steps": steps, "tracking_url": ""}
}

// StyledConfirmation is the made-up letter of that name in a style and a tone,
// signed by a made-up founder.
func StyledConfirmation(tag locale.Tag, name, style, tone string) Letter {
	l := SampleConfirmation(tag, name)
	status, _ := l.Data["status"].(map[string]any)
	status["title"] = locale.Spoken(tag, Toned(tone, "order_page.status.confirmed"), nil)
	WithStyle(l.Data, style, tone, ConfirmationLayout(style))
	SampleExtras(l.Data, tag, style)
	l.Data["signature"] = map[string]any{"name": "Maya Lindqvist", "title": "Lumen & Loom", "photo_url": "https://lumen-and-loom.example/cdn/maya.jpg"}
	return l
}

// NoOffer is what a letter without a code has in the code's place.
func NoOffer() map[string]any {
	return map[string]any{"code": "", "value": "", "until": "", "minimum": "", "url": ""}
}

// SampleExtras writes made-up data of what only one style shows: the code of the
// inviting one, the products of the similar one.
func SampleExtras(data map[string]any, tag locale.Tag, style string) {
	s := sampler{tag: tag}
	switch style {
	case "inviting":
		data["offer"] = map[string]any{"code": "THANKS-7KQ2-M9XD-4HWTC", "value": tag.Percent(1000), "until": tag.Date(clock.Date{Year: 2026, Month: 12, Day: 31}),
			"minimum": s.amount(4000), "url": "https://lumen-and-loom.example/discount/THANKS-7KQ2-M9XD-4HWTC"}
	case "similar":
		data["similar"] = []any{
			map[string]any{"title": "Ardent floor lamp", "url": "https://lumen-and-loom.example/products/ardent-floor-lamp", "image_url": "https://lumen-and-loom.example/cdn/floor.jpg", "image_alt": "Ardent floor lamp", "together": "Ardent table lamp"},
			map[string]any{"title": "Halden cushion", "url": "https://lumen-and-loom.example/products/halden-cushion", "image_url": "https://lumen-and-loom.example/cdn/cushion.jpg", "image_alt": "Halden cushion", "together": "Halden wool throw"},
			map[string]any{"title": "Stoneware mug", "url": "https://lumen-and-loom.example/products/stoneware-mug", "image_url": "", "image_alt": "Stoneware mug", "together": ""},
		}
	}
}

func (s sampler) item(title, options, picture string, quantity int, unit, total, original int64) map[string]any {
	item := map[string]any{
		"title": title, "options": options, "sku": "", "quantity": quantity, "image_url": "", "image_alt": title,
		"unit_price": s.amount(unit), "total": s.amount(total), "original_total": "", "gift_card": false,
		"properties": []any{}, "discounts": []any{},
	}
	if picture != "" {
		item["image_url"] = "https://lumen-and-loom.example/cdn/" + picture
	}
	if original != 0 {
		item["original_total"] = s.amount(original)
	}
	return item
}

func (s sampler) row(kind, label string, minor int64) map[string]any {
	return map[string]any{"kind": kind, "label": label, "note": "", "amount": s.amount(minor), "strong": kind == "total"}
}

// full: 2 × 64.00 less 12.80, 1 × 38.00, a gift card of 25.00; less 10.00 for
// the whole order, 7.50 shipping, 14.66 tax, 5.00 tip; part paid by gift card.
func (s sampler) full() map[string]any {
	d := s.base()
	lamp := s.item("Ardent table lamp", "Brass · Linen shade", "lamp.jpg", 2, 6400, 11520, 12800)
	lamp["sku"] = "LMP-ARD-BR"
	lamp["discounts"] = []any{map[string]any{"title": "Autumn light", "amount": s.amount(-1280)}}
	throw := s.item("Halden wool throw", "Ochre · 130 × 180 cm", "throw.jpg", 1, 3800, 3800, 0)
	throw["properties"] = []any{map[string]any{"name": "Monogram", "value": "O. B."}}
	card := s.item("Gift card", s.amount(2500), "", 1, 2500, 2500, 0)
	card["gift_card"] = true
	d["items"] = []any{lamp, throw, card}
	d["totals"] = []any{
		s.row("subtotal", s.phrase("order.total.subtotal", nil), 17820),
		s.row("discount", s.phrase("order.total.discount_code", map[string]any{"code": "WELCOME10"}), -1000),
		s.row("shipping", s.phrase("order.total.shipping", nil), 750),
		s.row("tax", s.phrase("order.total.tax", nil), 1466),
		s.row("tip", s.phrase("order.total.tip", nil), 500),
		s.row("total", s.phrase("order.total.total", nil), 19536),
	}
	d["payments"] = []any{
		map[string]any{"label": s.phrase("order.payment.gift_card_last", map[string]any{"last": "7F3K"}), "amount": s.amount(5000)},
		map[string]any{"label": s.phrase("order.payment.card", map[string]any{"brand": "Visa", "last": "4242"}), "amount": s.amount(14536)},
	}
	ship := d["shipping"].(map[string]any)
	ship["method"], ship["same_as_billing"] = "Standard (UPS Ground)", false
	d["billing"] = map[string]any{"address": s.lines("Bennett & Co.")}
	d["order"].(map[string]any)["note"] = "Please leave it with the neighbour.\n2nd floor."
	d["eta"] = map[string]any{"text": s.phrase("order.eta.between", map[string]any{
		"from": s.tag.Date(clock.Date{Year: 2026, Month: 11, Day: 25}), "to": s.tag.Date(clock.Date{Year: 2026, Month: 11, Day: 27})})}
	return d
}

// minimal: one thing for nothing, nothing to ship, no returns, a test order.
func (s sampler) minimal() map[string]any {
	d := s.base()
	d["items"] = []any{s.item("Care guide for linen (PDF)", "", "", 1, 0, 0, 0)}
	d["totals"] = []any{
		s.row("subtotal", s.phrase("order.total.subtotal", nil), 0),
		s.row("total", s.phrase("order.total.total", nil), 0),
	}
	order := d["order"].(map[string]any)
	order["test"], order["confirmation_number"] = true, ""
	status := d["status"].(map[string]any)
	status["text"], status["steps"] = "", []any{}
	d["shipping"] = map[string]any{"required": false, "method": "", "address": []any{}, "same_as_billing": false, "pickup": false}
	d["returns"] = map[string]any{"allowed": false, "last_day": "", "days": 0, "url": ""}
	return d
}

// guest: no name, tax inside the prices, an order that was changed.
func (s sampler) guest() map[string]any {
	d := s.base()
	d["customer"] = map[string]any{"first_name": "", "name": ""}
	d["items"] = []any{s.item("Stoneware mug, set of four", "Sand", "mugs.jpg", 1, 4800, 4800, 0)}
	d["totals"] = []any{
		s.row("subtotal", s.phrase("order.total.subtotal", nil), 4800),
		s.row("shipping", s.phrase("order.total.shipping_method", map[string]any{"method": "DHL"}), 490),
		s.row("total", s.phrase("order.total.total", nil), 5290),
		s.row("due", s.phrase("order.total.due", nil), 5290),
	}
	d["tax_included"], d["tax_note"] = true, s.phrase("order.total.tax_included", map[string]any{"amount": s.amount(845)})
	d["order"].(map[string]any)["edited"] = true
	ship := d["shipping"].(map[string]any)
	ship["address"], ship["method"] = s.lines(), "DHL"
	return d
}
