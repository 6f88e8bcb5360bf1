package orders_test

import (
	"bytes"
	"fmt"
	"html/template"
	"os"
	"regexp"
	"strings"
	"testing"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/money"
)

type values = map[string]any

// pageStates are the states that the order page knows.
var pageStates = strings.Fields(`confirmed unpaid partly_shipped shipped delivered pickup_ready fulfilled canceled partly_refunded refunded`)

// hostile is what a shopper may call a thing.
const hostile = `<script>alert("x")</script>'&`

func pageTemplates(t *testing.T, tag locale.Tag) *template.Template {
	t.Helper()
	tmpl, err := template.New("").Funcs(locale.Funcs(tag)).ParseFS(os.DirFS("page"), "*.html", "page.css")
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// pageOf is an order with n items and everything an order can have.
func pageOf(tag locale.Tag, state string, n int) values {
	day := tag.Date(clock.Date{Year: 2027, Month: 1, Day: 5})
	price := tag.Money(money.New(1250, "EUR"))
	var items, parcels, languages []any
	for i := range n {
		items = append(items, values{
			"title": fmt.Sprintf("Thing %d %s", i, hostile), "options": "M · Blue", "sku": "T-1", "quantity": 2,
			"image_url": "https://cdn.example/thing.jpg?width=144", "image_alt": "A thing", "unit_price": price, "total": price,
			"original_total": price, "gift_card": i == 0, "properties": []any{values{"name": "Engraving", "value": hostile}},
			"discounts": []any{values{"title": hostile, "amount": price}},
		})
	}
	for _, s := range strings.Fields("preparing shipped out_for_delivery delivered attempted failed pickup_ready canceled") {
		parcels = append(parcels, values{"state": s, "date": day, "carrier": "UPS", "tracking_number": "1Z999", "tracking_url": "javascript:alert(1)",
			"items": []any{values{"title": hostile, "quantity": 2}}})
	}
	for _, l := range locale.Supported {
		languages = append(languages, values{"tag": string(l), "name": l.Name(), "url": "?lang=" + string(l), "current": l == tag})
	}
	return values{
		"Nonce": "n0nce", "locale": string(tag), "dir": tag.Dir(),
		"shop":  values{"name": hostile, "url": "https://shop.example/", "email": "help@shop.example", "phone": "+1 212 555 0100", "address": "1 Street", "logo_url": ""},
		"brand": values{"accent": "#2f5d50", "accent_text": "#ffffff", "background": "red;} body{display:none", "surface": "#ffffff", "text": "#111111", "muted": "#555555"},
		"order": values{"name": "#1042", "confirmation_number": "XPAV284CT", "date": day, "test": true, "edited": true, "note": hostile},
		"items": items, "totals": []any{values{"kind": "total", "label": "Total", "note": "note", "amount": price, "strong": true}},
		"tax_included": true, "tax_note": "Tax", "payments": []any{values{"label": "Visa", "amount": price}},
		"shipping": values{"required": true, "method": "Standard", "address": []any{"Ada", "1 Street"}, "same_as_billing": false, "pickup": false},
		"billing":  values{"address": []any{"Ada"}}, "eta": values{"text": day},
		"returns":      values{"allowed": true, "last_day": day, "days": 14, "url": "https://shop.example/returns"},
		"state":        values{"kind": state, "date": day, "due": price, "refunded": price},
		"fulfillments": parcels, "languages": languages,
	}
}

// bareOf is an order with as little as an order can have.
func bareOf(tag locale.Tag, state string) values {
	return values{
		"Nonce": "n0nce", "locale": string(tag), "dir": tag.Dir(),
		"shop":  values{"name": "Shop", "url": "", "email": "", "phone": "", "address": "", "logo_url": "https://cdn.example/logo.png"},
		"brand": values{}, "order": values{"name": "#1", "confirmation_number": "", "date": "5 Jan", "test": false, "edited": false, "note": ""},
		"items": []any{}, "totals": []any{}, "tax_note": "", "payments": []any{},
		"shipping": values{"required": false, "method": "", "address": []any{}, "same_as_billing": false, "pickup": false},
		"billing":  values{"address": []any{}}, "eta": values{"text": ""},
		"returns": values{"allowed": false, "last_day": "", "days": 0, "url": ""},
		"state":   values{"kind": state, "date": "", "due": "", "refunded": ""}, "fulfillments": []any{}, "languages": []any{},
	}
}

// with changes one thing of an order.
func (c pageCase) with(change func(values)) pageCase { change(c.data); return c }

type pageCase struct {
	name string
	data values
}

func pageCases(tag locale.Tag) []pageCase {
	var cases []pageCase
	for _, s := range pageStates {
		cases = append(cases, pageCase{"full " + s, pageOf(tag, s, 3)}, pageCase{"bare " + s, bareOf(tag, s)})
	}
	return append(cases,
		pageCase{"picked up", pageOf(tag, "confirmed", 1)}.with(func(d values) { d["shipping"].(values)["pickup"] = true }),
		pageCase{"no delivery date", pageOf(tag, "confirmed", 1)}.with(func(d values) { d["eta"], d["fulfillments"] = values{"text": ""}, []any{} }),
		pageCase{"returns are over", pageOf(tag, "fulfilled", 1)}.with(func(d values) { d["returns"].(values)["allowed"] = false }),
		pageCase{"returns in days", pageOf(tag, "fulfilled", 1)}.with(func(d values) { d["returns"].(values)["last_day"] = "" }),
		pageCase{"not paid", pageOf(tag, "unpaid", 1)}.with(func(d values) { d["payments"] = []any{} }),
	)
}

func failOnMiss(t *testing.T) {
	locale.Shopper.OnMiss(func(m locale.Miss) { t.Error(m) })
	t.Cleanup(func() { locale.Shopper.OnMiss(func(locale.Miss) {}) })
}

var openTag = regexp.MustCompile(`</?([a-z0-9]+)[ >]`)

func TestOrderPage(t *testing.T) {
	failOnMiss(t)
	for _, tag := range locale.Supported {
		tmpl := pageTemplates(t, tag)
		for _, c := range pageCases(tag) {
			t.Run(string(tag)+" "+c.name, func(t *testing.T) {
				checkPage(t, tag, render(t, tmpl, "order.html", c.data))
			})
		}
	}
}

func TestMessagePage(t *testing.T) {
	failOnMiss(t)
	for _, tag := range locale.Supported {
		tmpl := pageTemplates(t, tag)
		for _, page := range strings.Fields("expired not_found forbidden throttled unavailable error shop_gone") {
			t.Run(string(tag)+" "+page, func(t *testing.T) {
				known := pageOf(tag, "confirmed", 1)
				known["page"], known["retry"], known["reference"] = page, "/again", "req_1"
				checkPage(t, tag, render(t, tmpl, "message.html", known))
				// What is shown when nothing is known.
				checkPage(t, tag, render(t, tmpl, "message.html", values{"locale": string(tag), "dir": tag.Dir(), "Nonce": "n0nce", "page": page}))
			})
		}
	}
}

func render(t *testing.T, tmpl *template.Template, name string, data values) string {
	t.Helper()
	var b bytes.Buffer
	if err := tmpl.ExecuteTemplate(&b, name, data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func checkPage(t *testing.T, tag locale.Tag, html string) {
	t.Helper()
	if want := fmt.Sprintf(`<html lang="%s" dir="%s">`, tag, tag.Dir()); !strings.Contains(html, want) {
		t.Errorf("no %s", want)
	}
	for _, bad := range []string{"<script", "style=", "javascript:", "<no value>", "%!", "body{display"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	if n := strings.Count(html, "<style"); n != 1 || !strings.Contains(html, `<style nonce="n0nce">`) {
		t.Errorf("%d styles, want one with the nonce", n)
	}
	if strings.Count(html, "<h1") != 1 {
		t.Error("want one h1")
	}
	opened := map[string]int{}
	for _, m := range openTag.FindAllStringSubmatch(html, -1) {
		if strings.HasPrefix(m[0], "</") {
			opened[m[1]]--
		} else {
			opened[m[1]]++
		}
	}
	for _, void := range []string{"meta", "img", "br"} {
		delete(opened, void)
	}
	for name, n := range opened {
		if n != 0 {
			t.Errorf("<%s> is opened %d times more than closed", name, n)
		}
	}
}

// TestOrderPageIsSmall keeps a page of twenty items below 50 kB.
func TestOrderPageIsSmall(t *testing.T) {
	for _, tag := range locale.Supported {
		if n := len(render(t, pageTemplates(t, tag), "order.html", pageOf(tag, "partly_shipped", 20))); n > 50_000 {
			t.Errorf("%s: %d bytes", tag, n)
		}
	}
}

func BenchmarkOrderPage(b *testing.B) {
	tmpl, err := template.New("").Funcs(locale.Funcs("fa")).ParseFS(os.DirFS("page"), "*.html", "page.css")
	if err != nil {
		b.Fatal(err)
	}
	data := pageOf("fa", "confirmed", 3)
	for b.Loop() {
		var out bytes.Buffer
		if err := tmpl.ExecuteTemplate(&out, "order.html", data); err != nil {
			b.Fatal(err)
		}
	}
}
