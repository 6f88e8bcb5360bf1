package changes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/policy"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

const (
	order = 5001
)

// sessions takes "shop:<id>" for the session of a member of staff.
type sessions struct{}

func (sessions) Verify(token string) (shopify.Claims, error) {
	if !strings.HasPrefix(token, "shop:") {
		return shopify.Claims{}, shopify.ErrSession
	}
	return shopify.Claims{Shop: shopify.Domain(strings.TrimPrefix(token, "shop:")), UserID: "42", SessionID: "s"}, nil
}

// proxies takes as=<shop>.<customer> for Shopify's signature.
type proxies struct{}

func (proxies) Verify(raw string) (*shopify.ProxyRequest, error) {
	q, _ := url.ParseQuery(raw)
	var shop, customer int64
	if _, err := fmt.Sscanf(q.Get("as"), "%d.%d", &shop, &customer); err != nil {
		return nil, shopify.ErrSession
	}
	return &shopify.ProxyRequest{Shop: shopify.Domain(fmt.Sprint(shop)), CustomerID: customer, PathPrefix: "/apps/afterglow"}, nil
}

type counter struct {
	t      testing.TB
	db     *store.DB
	clk    *clock.Fixed
	orders *orders.Service
	s      *Requests
	links  *web.Links
	h      http.Handler
	seq    int
}

func open(t testing.TB, db *store.DB, clk *clock.Fixed) *counter {
	t.Helper()
	q := queuetest.New(t, db, redisNumber)
	links, err := web.NewLinks(clk, make([]byte, 32))
	must(t, err)
	b := &counter{t: t, db: db, clk: clk, links: links}
	keeper := shops.New(shops.Config{DB: db, From: "shop@example.com"})
	b.orders = orders.New(orders.Config{DB: db, Shops: keeper, Links: links, AppURL: "https://app.example", Log: slog.New(slog.DiscardHandler)})
	b.s = NewRequests(RequestsConfig{DB: db, Shops: keeper, Orders: b.orders, Policy: policy.New(policy.Config{DB: db, Shops: keeper}), Links: links, Spool: t.TempDir()})
	hung := b.s.room()
	for fact, task := range hung.Hears {
		q.Hear(fact, task)
	}
	must(t, b.orders.UseSections(hung.OrderPage...))
	for i, shop := range []ids.Shop{storetest.Shop, storetest.Other} {
		b.in(shop, func(tx *store.Tx) error {
			if err := tx.Exec(`INSERT INTO shops (shop_id, domain, name, email, currency, timezone, locale, url, state, scopes, installed_at)
				VALUES (?, ?, 'Lumen & Loom', 'shop@example.com', 'EUR', 'Europe/Berlin', 'en', 'https://shop.example', 'installed', '', ?)`,
				shop, fmt.Sprintf("shop-%d.myshopify.com", i), clk.Now().Add(-300*24*time.Hour)).Error; err != nil {
				return err
			}
			return tx.Exec(`INSERT INTO shops_settings (shop_id, version, sender_name, reply_to, postal_address, support_email, logo_url, accent_color,
				confirmation_enabled, returns_days, returns_policy_url, updated_at)
				VALUES (?, 3, 'Lumen & Loom', '', '', 'help@example.com', '', '#2a5bd7', ?, 30, '', ?)`, shop, true, clk.Now()).Error
		})
	}
	e, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Sessions: sessions{}, Proxies: proxies{}, Links: links, ErrorPage: orders.ErrorPage, Metrics: web.NewMetrics(),
		Resolve: func(_ context.Context, d shopify.Domain) (ids.Shop, error) {
			var id int64
			_, err := fmt.Sscan(string(d), &id)
			return ids.Shop(id), err
		}})
	must(t, err)
	linked, proxied := e.Group("/l", web.Linking, web.Kind("order"), web.Pages()), e.Group("/proxy", web.Proxy, web.Pages())
	for _, r := range []room.Room{b.orders.Room(), hung} {
		r.Links(linked)
		r.Proxy(proxied)
	}
	hung.Admin(e.Group("/api/v1", web.Session))
	b.h = e
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *counter) in(shop ids.Shop, fn func(tx *store.Tx) error) {
	b.t.Helper()
	must(b.t, b.db.InTx(ctx, shop, fn))
}

// place puts an order to Germany on record, delivered so many days ago; -1 is not
// yet.
func (b *counter) place(delivered int, more map[string]any) {
	b.t.Helper()
	b.seq++
	at := b.clk.Now().Add(-60 * 24 * time.Hour)
	doc := map[string]any{"id": order, "name": "#1001", "email": "Mira@example.com", "contact_email": "Mira@example.com", "customer_locale": "de", "currency": "EUR", "presentment_currency": "EUR",
		"created_at": at, "processed_at": at, "updated_at": b.clk.Now().Add(time.Duration(b.seq) * time.Second), "financial_status": "paid", "fulfillment_status": "fulfilled",
		"total_price": "30.00", "current_total_price": "30.00", "subtotal_price": "30.00", "total_tax": "0.00", "total_discounts": "0.00",
		"shipping_address": map[string]any{"name": "Mira Sand", "city": "Köln", "country_code": "DE", "country": "Germany"},
		"line_items": []map[string]any{{"id": 71, "title": "Lamp", "quantity": 1, "current_quantity": 1, "price": "10.00", "requires_shipping": true},
			{"id": 72, "title": "Throw", "quantity": 2, "current_quantity": 2, "price": "10.00", "requires_shipping": true}}}
	parcel := map[string]any{"id": 901, "status": "success", "created_at": at, "updated_at": at, "line_items": []map[string]any{{"id": 71, "quantity": 1}, {"id": 72, "quantity": 2}}}
	if delivered >= 0 {
		parcel["shipment_status"], parcel["updated_at"] = "delivered", b.clk.Now().Add(-time.Duration(delivered)*24*time.Hour)
	}
	doc["fulfillments"] = []any{parcel}
	for k, v := range more {
		doc[k] = v
	}
	body, err := json.Marshal(doc)
	must(b.t, err)
	ev := &shopify.Event{ID: fmt.Sprintf("wh_%d", b.seq), Shop: storetest.Shop, Topic: "orders/updated", TriggeredAt: b.clk.Now(), ReceivedAt: b.clk.Now(), Body: body}
	b.in(storetest.Shop, func(tx *store.Tx) error { return b.orders.Room().Topics["orders/updated"](ctx, tx, ev) })
}

func (b *counter) page() (path string) {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		address, err := b.orders.Link(tx, order)
		path = strings.TrimPrefix(address, "https://app.example")
		return err
	})
	return path
}

func (b *counter) send(method, path, media string, body []byte, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Header.Set("Accept", "text/html")
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	return w
}

// form sends a form as the page that showed it would.
func (b *counter) form(path string, form url.Values) *httptest.ResponseRecorder {
	if _, as, ok := strings.Cut(path, "/proxy/"); ok && form != nil {
		var shop, customer int64
		_, as, _ = strings.Cut(as, "as=")
		_, err := fmt.Sscanf(as, "%d.%d", &shop, &customer)
		must(b.t, err)
		key, err := b.links.FormKey(ids.Shop(shop), customer)
		must(b.t, err)
		form.Set(web.FormField, key)
	}
	return b.send("POST", path, "application/x-www-form-urlencoded", []byte(form.Encode()))
}

func (b *counter) staff(method, path string, body any) *httptest.ResponseRecorder {
	raw, _ := json.Marshal(body)
	return b.send(method, "/api/v1"+path, "application/json", raw, "Accept", "application/json", "Authorization", "Bearer shop:"+storetest.Shop.String())
}

// work does the waiting matching, twice, as a queue may.
func (b *counter) work() {
	b.t.Helper()
	var list []queue.Row
	b.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Scoped(&queue.Row{}).Where("kind = ?", TaskMatch).Order("id").Find(&list).Error
	})
	for range 2 {
		for _, j := range list {
			b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.match(ctx, tx, queue.Job{Ref: j.Ref}) })
		}
	}
}

func (b *counter) withdrawals() (list []withdrawalRow) {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Scoped(&withdrawalRow{}).Order("received_at, id").Find(&list).Error
	})
	return list
}

func (b *counter) mails(kind string) (list []messages.Message) {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Scoped(&messages.Message{}).Where("kind = ?", kind).Order("created_at, id").Find(&list).Error
	})
	return list
}

func (b *counter) written(kind mail.Kind, ref string) string {
	b.t.Helper()
	var l *mail.Letter
	b.in(storetest.Shop, func(tx *store.Tx) (err error) { l, err = kind.Compose(ctx, tx, ref); return err })
	text, _ := json.Marshal(l)
	return string(text)
}

var (
	onceField = regexp.MustCompile(`name="once" value="([^"]+)"`)
	changing  = regexp.MustCompile(`nonce="[^"]+"|name="once" value="[^"]+"|req_[0-9a-f-]+|/apps/afterglow/withdraw/[A-Za-z0-9_-]+`)
)

func once(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	m := onceField.FindStringSubmatch(w.Body.String())
	if w.Code != 200 || m == nil {
		t.Fatalf("%d %.3000s", w.Code, w.Body)
	}
	return m[1]
}

func guestPath() string { return fmt.Sprintf("/proxy/withdraw?as=%d.0", storetest.Shop) }

// declare goes both steps as a guest and returns where the receipt is.
func (b *counter) declare(form url.Values) (*httptest.ResponseRecorder, url.Values) {
	b.t.Helper()
	form.Set("step", "review")
	confirm := url.Values{"step": {"confirm"}, "once": {once(b.t, b.form(guestPath(), form))}}
	for k, v := range form {
		if k != "step" {
			confirm[k] = v
		}
	}
	return b.form(guestPath(), confirm), confirm
}

func typed(number, email string) url.Values {
	return url.Values{"name": {"Mira Sand"}, "order": {number}, "email": {email}, "items": {"the <lamp>"}, "lang": {"de"}}
}
