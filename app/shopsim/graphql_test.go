package shopsim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// rig is a simulation on a test server, with a clock that stands still.
type rig struct {
	t      *testing.T
	sim    *Sim
	server *httptest.Server
	now    *time.Time
	shop   *Shop
}

const (
	testKey    = "test-api-key"
	testSecret = "test-api-secret"
)

func newRig(t *testing.T, change ...func(*Config)) *rig {
	t.Helper()
	now := time.Date(2026, 11, 21, 15, 4, 5, 0, time.UTC)
	cfg := Config{URL: "http://sim.test", AppURL: "http://app.test", APIKey: testKey, APISecret: testSecret, SeedOrders: -1,
		Now: func() time.Time { return now }, Advance: func(d time.Duration) error { now = now.Add(d); return nil }}
	for _, fn := range change {
		fn(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return &rig{t, s, server, &now, s.Shop(DefaultShop)}
}

// post sends JSON to a path as the shop's own host.
func (r *rig) post(path, token string, in any) (int, []byte) {
	r.t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		r.t.Fatal(err)
	}
	if text, ok := in.(string); ok {
		raw = []byte(text)
	}
	req, _ := http.NewRequest(http.MethodPost, r.server.URL+path, bytes.NewReader(raw))
	req.Host = r.shop.Domain
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("X-Shopify-Access-Token", token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	out, _ := io.ReadAll(res.Body)
	return res.StatusCode, out
}

// token exchanges a session token for an access token.
func (r *rig) token() (access, refresh string) {
	r.t.Helper()
	status, raw := r.post("/admin/oauth/access_token", "", exchangeBody(r.sim.SessionToken(r.shop)))
	var out struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if json.Unmarshal(raw, &out) != nil || status != 200 {
		r.t.Fatalf("token exchange: %d %s", status, raw)
	}
	return out.Access, out.Refresh
}

func exchangeBody(session string) map[string]string {
	return map[string]string{"client_id": testKey, "client_secret": testSecret, "grant_type": exchangeGrant, "subject_token": session,
		"subject_token_type": idTokenType, "requested_token_type": offlineType, "expiring": "1"}
}

type answer struct {
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
	Extensions map[string]any
	raw        []byte
}

func (r *rig) query(token, query string, vars map[string]any) answer {
	r.t.Helper()
	status, raw := r.post("/admin/api/2026-10/graphql.json", token, map[string]any{"query": query, "variables": vars})
	if status != 200 {
		r.t.Fatalf("status %d: %s", status, raw)
	}
	out := answer{raw: raw}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		r.t.Fatalf("%v: %s", err, raw)
	}
	return out
}

// at walks into an answer: "order.lineItems.nodes.0.id".
func (a answer) at(path string) any {
	var v any = a.Data
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i := int(key[0] - '0')
			if i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (r *rig) place(c Checkout) *Order {
	r.t.Helper()
	o, err := r.sim.PlaceOrder(r.shop.ID, c)
	if err != nil {
		r.t.Fatal(err)
	}
	return o
}
