package shopsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func (r *rig) get(path string, out any) int {
	r.t.Helper()
	res, err := http.Get(r.server.URL + path)
	must(r.t, err)
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode
}

// The documented endpoints, as a person without a browser would use them.
func TestOneOrderByHTTP(t *testing.T) {
	r := newRig(t)
	var placed struct {
		Order struct {
			ID     int64  `json:"id"`
			Name   string `json:"name"`
			Locale string `json:"customer_locale"`
			Total  string `json:"total_price"`
			Lines  []struct {
				ID int64 `json:"id"`
			} `json:"line_items"`
		} `json:"order"`
	}
	status, raw := r.post("/sim/api/orders", "", `{"customer":{"email":"parisa@example.com","first_name":"پریسا","last_name":"نوری","locale":"fa"},
		"locale":"fa","lines":[{"quantity":2}],"discount":{"type":"percentage","value":"10","code":"NOWRUZ"}}`)
	must(t, json.Unmarshal(raw, &placed))
	if status != 201 || placed.Order.Name != "#1001" || placed.Order.Locale != "fa" || placed.Order.Total != "290.04" {
		t.Fatalf("%d %s", status, raw)
	}
	order := fmt.Sprintf("/sim/api/orders/%d", placed.Order.ID)
	var sent struct {
		Fulfillment struct {
			ID int64 `json:"id"`
		} `json:"fulfillment"`
	}
	if status, raw = r.post(order+"/fulfill", "", `{"tracking_company":"DHL","tracking_number":"JD01"}`); status != 201 {
		t.Fatalf("%d %s", status, raw)
	}
	must(t, json.Unmarshal(raw, &sent))
	for _, c := range []struct {
		path, body string
		status     int
		says       string
	}{
		{fmt.Sprintf("/sim/api/fulfillments/%d/events", sent.Fulfillment.ID), `{"status":"delivered","city":"Tehran","country":"IR","happened_at":"2026-11-22T10:00:00Z"}`, 201, "delivered"},
		{fmt.Sprintf("/sim/api/fulfillments/%d/events", sent.Fulfillment.ID), `{"status":"lost"}`, 422, "in_transit"},
		{order + "/cancel", `{}`, 422, "fulfilled"},
		{order + "/refund", fmt.Sprintf(`{"lines":[{"line_item_id":%d,"quantity":1}]}`, placed.Order.Lines[0].ID), 201, "145."},
		{order + "/refund", `{"amount":"10000.00"}`, 422, "can be refunded"},
		{order + "/edit", `{"add":[{"handle":"care-oil"}]}`, 200, "Wood Care Oil"},
		{order + "/edit", `{}`, 422, "no changes"},
		{order + "/fulfill", `{"colour":"red"}`, 422, "unknown field"},
		{order + "/fulfill", `{"tracking`, 422, "expected"},
		{"/sim/api/orders/7/cancel", `{}`, 404, "no such order"},
		{"/sim/api/orders/seven/cancel", `{}`, 422, "not an id"},
		{"/sim/api/clock", `{"advance":"14d"}`, 200, "2026-12-05"},
		{"/sim/api/clock", `{"advance":"-1h"}`, 422, "forwards"},
		{"/sim/api/clock", `{"advance":"soon"}`, 422, "14d"},
		{"/sim/api/faults", `{"webhooks":{"drop":3}}`, 422, "0 to 1"},
		{"/sim/api/shops", `{"domain":"second.myshopify.com","currency":"EUR","timezone":"Europe/Berlin"}`, 201, "second"},
		{"/sim/api/shops", `{"domain":"second.myshopify.com"}`, 422, "exists"},
		{"/sim/api/shops", `{"domain":"evil.example"}`, 422, "myshopify.com"},
		{"/sim/api/shops", `{"domain":"third.myshopify.com","timezone":"Mars/Base"}`, 422, "time zone"},
		{"/sim/api/orders?shop=second.myshopify.com", `{}`, 201, `"currency":"EUR"`},
		{"/sim/api/orders?shop=none.myshopify.com", `{}`, 404, "no such shop"},
	} {
		t.Run(c.path+" "+c.body, func(t *testing.T) {
			req, _ := http.NewRequest(http.MethodPost, r.server.URL+c.path, strings.NewReader(c.body))
			res, err := http.DefaultClient.Do(req)
			must(t, err)
			defer res.Body.Close()
			raw := new(strings.Builder)
			var doc json.RawMessage
			must(t, json.NewDecoder(res.Body).Decode(&doc))
			raw.Write(doc)
			if res.StatusCode != c.status || !strings.Contains(raw.String(), c.says) {
				t.Errorf("%d %s", res.StatusCode, raw)
			}
			if c.status >= 400 && res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("content type %s", res.Header.Get("Content-Type"))
			}
		})
	}
	var ledger struct {
		Entries []LedgerEntry  `json:"entries"`
		Counts  map[string]int `json:"counts"`
	}
	if r.get(fmt.Sprintf("/sim/api/ledger?order_id=%d", placed.Order.ID), &ledger); ledger.Counts["sale"] != 1 || ledger.Counts["refund"] != 1 {
		t.Errorf("%+v", ledger)
	}
	var posts struct {
		Deliveries []Delivery `json:"deliveries"`
	}
	if r.get("/sim/api/deliveries?topic=orders/edited", &posts); len(posts.Deliveries) != 1 || posts.Deliveries[0].OrderID != placed.Order.ID {
		t.Errorf("%+v", posts)
	}
}

func TestHistoryIsQuietAndPlausible(t *testing.T) {
	r := newRig(t, func(c *Config) { c.SeedOrders = 120 })
	if n := len(r.sim.Deliveries(r.shop.ID, 0)); n != 0 {
		t.Errorf("%d webhooks of the past", n)
	}
	states := map[string]int{}
	last := time.Time{}
	for _, o := range r.sim.Orders(r.shop.ID) {
		addsUp(t, o)
		states[o.Financial()+" "+displayFulfillment(o)]++
		if o.CreatedAt.After(r.sim.Now()) || r.sim.Now().Sub(o.CreatedAt) > 91*24*time.Hour {
			t.Errorf("%s was placed at %s", o.Name, o.CreatedAt)
		}
		if o.CreatedAt.Before(last.Add(-3 * time.Hour)) {
			t.Errorf("%s is out of order", o.Name)
		}
		last = o.CreatedAt
	}
	if states["paid FULFILLED"] < 60 || states["refunded UNFULFILLED"] == 0 || len(states) < 4 {
		t.Errorf("%v", states)
	}
	again := newRig(t, func(c *Config) { c.SeedOrders = 120 })
	for i, o := range again.sim.Orders(again.shop.ID) {
		if first := r.sim.Orders(r.shop.ID)[i]; first.Totals() != o.Totals() || first.Email != o.Email {
			t.Fatalf("order %d differs from run to run", i)
		}
	}
}
