package shopsim

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

func hexMAC(secret, message string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(message))
	return hex.EncodeToString(m.Sum(nil))
}

// listener is the app: it notes what comes and answers as told.
type listener struct {
	mu     sync.Mutex
	got    []http.Header
	bodies [][]byte
	paths  []string
	answer func(n int) int
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	l.got, l.bodies, l.paths = append(l.got, r.Header), append(l.bodies, raw), append(l.paths, r.URL.Path)
	status := 200
	if l.answer != nil {
		status = l.answer(len(l.got))
	}
	l.mu.Unlock()
	w.WriteHeader(status)
}

func (l *listener) count(topic string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.got {
		if h.Get("X-Shopify-Topic") == topic {
			n++
		}
	}
	return n
}

// listening is a rig whose webhooks go to a listener.
func listening(t *testing.T, change ...func(*Config)) (*rig, *listener) {
	t.Helper()
	l := &listener{}
	app := httptest.NewServer(l)
	t.Cleanup(app.Close)
	r := newRig(t, append([]func(*Config){func(c *Config) { c.AppURL = app.URL }}, change...)...)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.sim.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return r, l
}

func (r *rig) settle() {
	r.t.Helper()
	for end := time.Now().Add(10 * time.Second); !r.sim.Settled(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatal("webhooks do not settle")
		}
	}
}

func TestWebhookDelivery(t *testing.T) {
	r, l := listening(t)
	o := r.place(Checkout{})
	r.settle()
	if l.count("orders/create") != 1 || l.count("orders/updated") != 1 {
		t.Fatalf("%d of orders/create, %d of orders/updated", l.count("orders/create"), l.count("orders/updated"))
	}
	events := map[string]bool{}
	for i, h := range l.got {
		if h.Get("X-Shopify-Hmac-Sha256") != SignWebhook(testSecret, l.bodies[i]) {
			t.Error("bad signature")
		}
		if h.Get("X-Shopify-Shop-Domain") != r.shop.Domain || h.Get("X-Shopify-API-Version") != APIVersion || h.Get("X-Shopify-Webhook-Id") == "" ||
			h.Get("X-Shopify-Triggered-At") == "" || l.paths[i] != "/webhooks/shopify" {
			t.Errorf("headers %v", h)
		}
		if h.Get("X-Shopify-Topic") != "customers/create" {
			events[h.Get("X-Shopify-Event-Id")] = true
		}
	}
	if len(events) != 1 {
		t.Errorf("one purchase is %d events", len(events))
	}
	if n, err := r.sim.Repeat(r.shop.ID, o.ID, "orders/create", 50); n != 50 || err != nil {
		t.Fatal(n, err)
	}
	r.settle()
	if n := l.count("orders/create"); n != 51 {
		t.Errorf("%d deliveries after 50 more", n)
	}
	ids := map[string]bool{}
	for _, h := range l.got {
		if h.Get("X-Shopify-Topic") == "orders/create" {
			ids[h.Get("X-Shopify-Webhook-Id")+h.Get("X-Shopify-Event-Id")] = true
		}
	}
	if len(ids) != 1 {
		t.Error("a repetition has ids of its own")
	}
}

func TestWebhookRetries(t *testing.T) {
	r, l := listening(t, func(c *Config) {
		c.Topics = []string{"orders/create"}
		c.Schedule = []time.Duration{time.Minute, time.Hour, 3 * time.Hour}
	})
	l.answer = func(int) int { return 503 }
	r.place(Checkout{})
	wait := func(n int) {
		t.Helper()
		for end := time.Now().Add(5 * time.Second); l.count("orders/create") < n; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d attempts, want %d", l.count("orders/create"), n)
			}
		}
		time.Sleep(20 * time.Millisecond)
		if got := l.count("orders/create"); got != n {
			t.Fatalf("%d attempts, want %d", got, n)
		}
	}
	wait(1)
	for n, pause := range []time.Duration{time.Minute, time.Hour, 3 * time.Hour} {
		r.move(pause)
		wait(n + 2)
	}
	if !r.sim.Settled() || r.sim.Deliveries(r.shop.ID, 1)[0].State != failed {
		t.Error("not given up")
	}
}

// move lets time pass; the clock of a rig is read by other goroutines.
func (r *rig) move(by time.Duration) {
	r.sim.mu.Lock()
	*r.now = r.now.Add(by)
	r.sim.mu.Unlock()
	r.sim.poke()
}

func TestWebhookFaults(t *testing.T) {
	r, l := listening(t, func(c *Config) { c.Topics = []string{"orders/create"} })
	must(t, r.sim.SetFaults(Faults{Webhooks: WebhookFaults{Drop: 1}}))
	r.place(Checkout{})
	r.settle()
	if l.count("orders/create") != 0 {
		t.Error("a dropped webhook arrived")
	}
	must(t, r.sim.SetFaults(Faults{Webhooks: WebhookFaults{Duplicate: 1, Times: 3}}))
	r.place(Checkout{})
	r.settle()
	if n := l.count("orders/create"); n != 4 {
		t.Errorf("%d deliveries, want one and three more", n)
	}
	if r.sim.SetFaults(Faults{Webhooks: WebhookFaults{Drop: 2}}) == nil {
		t.Error("a rate of 2 is taken")
	}
}

func TestComplianceAndScopes(t *testing.T) {
	r, l := listening(t)
	must(t, r.sim.SetInstalled(r.shop.ID, true, []string{"read_products"}))
	r.place(Checkout{})
	r.settle()
	if l.count("orders/create") != 0 || l.count("app/scopes_update") != 1 {
		t.Error("orders are sent to an app that may not read them")
	}
	must(t, r.sim.SetInstalled(r.shop.ID, false, nil))
	r.post("/sim/api/shops/"+r.shop.Domain+"/compliance", "", `{"topic":"shop/redact"}`)
	r.settle()
	if l.count("app/uninstalled") != 1 || l.count("shop/redact") != 1 {
		t.Errorf("%d, %d", l.count("app/uninstalled"), l.count("shop/redact"))
	}
	for i, h := range l.got {
		if h.Get("X-Shopify-Topic") == "shop/redact" && l.paths[i] != "/webhooks/compliance" {
			t.Errorf("shop/redact went to %s", l.paths[i])
		}
	}
}
