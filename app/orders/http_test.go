package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

// tokens takes "shop:<number>" for a session token of that shop.
type tokens struct{}

func (tokens) Verify(token string) (shopify.Claims, error) {
	number, ok := strings.CutPrefix(token, "shop:")
	if !ok {
		return shopify.Claims{}, shopify.ErrSession.With(errors.New("none"))
	}
	return shopify.Claims{Shop: shopify.Domain(number + ".myshopify.com"), UserID: "1", SessionID: "s"}, nil
}

// VerifyExtension takes "shop:<number>:<customer>", the customer 0 for nobody.
func (tokens) VerifyExtension(token string) (shopify.Claims, error) {
	var shop, customer int64
	if n, err := fmt.Sscanf(token, "shop:%d:%d", &shop, &customer); n != 2 {
		return shopify.Claims{}, shopify.ErrSession.With(err)
	}
	c := shopify.Claims{Shop: shopify.Domain(fmt.Sprintf("%d.myshopify.com", shop))}
	if customer != 0 {
		c.UserID = ids.GID("Customer", customer)
	}
	return c, nil
}

// proxies takes "as=<shop>.<customer>" for a signed query.
type proxies struct{}

func (proxies) Verify(query string) (*shopify.ProxyRequest, error) {
	values, err := url.ParseQuery(query)
	var shop, customer int64
	if n, _ := fmt.Sscanf(values.Get("as"), "%d.%d", &shop, &customer); err != nil || n != 2 {
		return nil, shopify.ErrForged
	}
	return &shopify.ProxyRequest{Shop: shopify.Domain(fmt.Sprintf("%d.myshopify.com", shop)), CustomerID: customer, PathPrefix: "/apps/afterglow"}, nil
}

// serve hangs the room's routes up as the roof does.
func (b *bench) serve() http.Handler {
	b.t.Helper()
	e, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Sessions: tokens{}, Extensions: tokens{}, Proxies: proxies{}, Links: b.s.links, ErrorPage: ErrorPage, Metrics: web.NewMetrics(),
		Resolve: func(_ context.Context, d shopify.Domain) (ids.Shop, error) {
			var n int64
			_, err := fmt.Sscanf(string(d), "%d.myshopify.com", &n)
			return ids.Shop(n), err
		}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.s.Room().Admin(e.Group("/api/v1", web.Session))
	b.s.Room().Links(e.Group("/l", web.Linking))
	b.s.Room().Proxy(e.Group("/proxy", web.Proxy, web.Pages()))
	b.s.Room().Ext(e.Group("/ext/v1", web.Extension))
	return e
}

func (b *bench) get(h http.Handler, shop ids.Shop, path string) (int, string, http.Header) {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if shop != 0 {
		r.Header.Set("Authorization", fmt.Sprintf("Bearer shop:%d", shop))
	} else {
		r.Header.Set("Accept", "text/html")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header()
}

func TestAdminReadsOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.install(storetest.Other, clk.Now().Add(-time.Hour))
		now := clk.Now()
		must(t, b.hear("orders/create", body(1, now, nil), now))
		must(t, b.hear("orders/fulfilled", body(1, now.Add(time.Minute), map[string]any{"fulfillment_status": "fulfilled", "test": true,
			"fulfillments": []any{map[string]any{"id": 4, "status": "success", "created_at": now.Add(time.Minute).Format(time.RFC3339)}}}), now.Add(time.Minute)))
		h := b.serve()

		status, text, _ := b.get(h, storetest.Shop, "/api/v1/orders?q=sara&since=2026-11-21")
		var list struct {
			Orders []struct {
				ID, Name     string
				Customer     struct{ Name, Email string }
				Total        struct{ Minor int64 }
				MailState    string  `json:"mail_state"`
				Fulfillment  *string `json:"fulfillment_status"`
				FinancialNow string  `json:"financial_status"`
				Test         bool
				Items        int64 `json:"items_count"`
			}
			Next     *string `json:"next_cursor"`
			Estimate int64   `json:"total_estimate"`
		}
		must(t, json.Unmarshal([]byte(text), &list))
		if status != 200 || len(list.Orders) != 1 || list.Next != nil || list.Estimate != 1 {
			t.Fatalf("%d %s", status, text)
		}
		if o := list.Orders[0]; o.ID != "1" || o.Customer.Name != "Sara Ahmadi" || o.Total.Minor != 3000 || o.MailState != "waiting" || *o.Fulfillment != "fulfilled" || !o.Test || o.Items != 1 {
			t.Errorf("%+v", o)
		}

		status, text, _ = b.get(h, storetest.Shop, "/api/v1/orders/1")
		for _, want := range []string{`"returns_last_day":"2026-12-21"`, `"order_page_url":"https://app.example/l/o/`, `"unit_price":{"minor":2500,"currency":"USD"}`,
			`"shopify_admin_url":"https://admin.shopify.com/store/shop-61000000001/orders/1"`, `"Portland, OR 97205"`, `"kind":"total","label":"Total","amount":{"minor":3000`} {
			if status != 200 || !strings.Contains(text, want) {
				t.Errorf("%d, lacks %s: %s", status, want, text)
			}
		}

		status, text, _ = b.get(h, storetest.Shop, "/api/v1/orders/1/timeline")
		var line struct {
			Timezone string
			Entries  []struct{ Kind, Title, State string }
		}
		must(t, json.Unmarshal([]byte(text), &line))
		var got []string
		for _, e := range line.Entries {
			got = append(got, e.Kind+" "+e.Title)
		}
		if want := "fact Order placed,mail Order confirmation,fact Items fulfilled"; status != 200 || strings.Join(got, ",") != want || line.Timezone != "America/New_York" {
			t.Errorf("%d %s: %q, want %q", status, line.Timezone, got, want)
		}

		for path, want := range map[string]int{
			"/api/v1/orders/2": 404, "/api/v1/orders/x": 404, "/api/v1/orders/-1": 404, "/api/v1/orders/99999999999999999999": 404,
			"/api/v1/orders/2/timeline": 404, "/api/v1/orders?state=lost": 400, "/api/v1/orders?limit=0": 400, "/api/v1/orders?limit=x": 400,
			"/api/v1/orders?cursor=zzz": 400, "/api/v1/orders?since=soon": 400, "/api/v1/orders?q=" + strings.Repeat("x", 201): 400,
			"/api/v1/orders?q=%00": 400, "/api/v1/orders?q=%27%3B--": 200, "/api/v1/orders?limit=100000": 200, "/api/v1/orders?q=%ff": 400,
		} {
			if status, text, _ := b.get(h, storetest.Shop, path); status != want {
				t.Errorf("%s: %d, want %d: %s", path, status, want, text)
			}
		}
		for _, path := range []string{"/api/v1/orders/1", "/api/v1/orders/1/timeline"} {
			if status, _, _ := b.get(h, storetest.Other, path); status != 404 {
				t.Errorf("another shop: %s: %d", path, status)
			}
		}
		if _, text, _ := b.get(h, storetest.Other, "/api/v1/orders"); !strings.Contains(text, `"orders":[]`) {
			t.Errorf("another shop's list: %s", text)
		}
	})
}

func TestOrderPageOpensByLinkOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		must(t, b.hear("orders/create", body(1, now, map[string]any{"note": "<script>alert(1)</script>"}), now))
		l, err := b.compose(1)
		must(t, err)
		address := strings.TrimPrefix(l.Data["order"].(map[string]any)["url"].(string), "https://app.example")
		h := b.serve()
		status, text, head := b.get(h, 0, address)
		if status != 200 || !strings.Contains(text, `lang="fa"`) || !strings.Contains(text, `dir="rtl"`) || strings.Contains(text, "<script>alert") {
			t.Errorf("%d %s", status, text)
		}
		if head.Get("Referrer-Policy") != "no-referrer" || !strings.Contains(head.Get("Cache-Control"), "no-store") {
			t.Errorf("head %v", head)
		}
		if status, text, _ := b.get(h, 0, address+"?lang=de"); status != 200 || !strings.Contains(text, `lang="de"`) {
			t.Errorf("in German: %d %s", status, text)
		}
		for _, bad := range []string{address[:len(address)-2], address + "x", "/l/o/x", "/l/o/" + strings.Repeat("A", 600)} {
			if status, _, _ := b.get(h, 0, bad); status != 401 && status != 404 {
				t.Errorf("%s: %d", bad, status)
			}
		}
		must(t, b.hear("orders/delete", []byte(`{"id":1}`), now))
		if status, _, _ := b.get(h, 0, address); status != 404 {
			t.Errorf("deleted: %d", status)
		}
		clk.Advance(200 * 24 * time.Hour)
		if status, _, _ := b.get(h, 0, address); status != 401 && status != 404 {
			t.Errorf("expired: %d", status)
		}
	})
}
