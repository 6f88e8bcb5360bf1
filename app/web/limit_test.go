package web

import (
	"fmt"
	"testing"
)

// TestForwardedAddressesDoNotEvade rotates X-Forwarded-For against a limiter.
func TestForwardedAddressesDoNotEvade(t *testing.T) {
	h := newHouse(t)
	h.Group("/api", Public, Limit(NewLimiter(0.001, 3, ByAddress))).GET("/x", plainOK)
	passed := 0
	for i := range 100 {
		address := fmt.Sprintf("203.0.113.%d", i)
		w := h.do("GET", "/api/x", "", "X-Forwarded-For", address, "X-Real-Ip", address, "Forwarded", "for="+address,
			"X-Client-IP", address, "True-Client-IP", address, "CF-Connecting-IP", address, "X-Appengine-Remote-Addr", address)
		switch w.Code {
		case 200:
			passed++
		case 429:
			if w.Header().Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		default:
			t.Fatalf("status %d", w.Code)
		}
	}
	if passed != 3 {
		t.Errorf("%d passed, want 3", passed)
	}
}

func TestTrustedProxyTellsTheAddress(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.TrustedProxies = []string{"192.0.2.0/24"} }) // httptest's address is 192.0.2.1
	h.Group("/api", Public, Limit(NewLimiter(0.001, 1, ByAddress))).GET("/x", plainOK)
	for i := range 5 {
		if w := h.do("GET", "/api/x", "", "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i)); w.Code != 200 {
			t.Errorf("client %d: %d", i, w.Code)
		}
	}
	// A client of the proxy writes a header of its own in front; the last one counts.
	for i := range 3 {
		w := h.do("GET", "/api/x", "", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d, 203.0.113.77", i))
		if want := map[bool]int{true: 200, false: 429}[i == 0]; w.Code != want {
			t.Errorf("forged %d: %d, want %d", i, w.Code, want)
		}
	}
	if _, err := New(Config{Log: h.Engine.log, TrustedProxies: []string{"everybody"}}); err == nil {
		t.Error("a proxy that is no address was accepted")
	}
}

func TestLimiterForgetsTheOldest(t *testing.T) {
	l := NewLimiter(0.001, 1, nil)
	l.max = 10
	for i := range 1000 {
		if !l.Allow(fmt.Sprint(i)) {
			t.Fatalf("key %d is limited at once", i)
		}
	}
	if len(l.keys) != 10 || l.order.Len() != 10 {
		t.Errorf("%d keys are kept", len(l.keys))
	}
	if l.Allow("999") {
		t.Error("the newest key was forgotten")
	}
}

func TestAddressesOfOneNetworkAreOne(t *testing.T) {
	h := newHouse(t)
	g := h.Group("/api", Public)
	g.GET("/who", func(c *Ctx) error { return c.OK(ByAddress(c)) })
	for remote, want := range map[string]string{
		"[2001:db8::1]:9": `"2001:db8::/64"`, "[2001:db8::ffff]:9": `"2001:db8::/64"`, "[::ffff:203.0.113.9]:9": `"203.0.113.9"`, "203.0.113.9:1": `"203.0.113.9"`, "?": `"unknown"`,
	} {
		w, r := record("GET", "/api/who")
		r.RemoteAddr = remote
		h.ServeHTTP(w, r)
		if got := w.Body.String(); got != want+"\n" {
			t.Errorf("%s: got %s, want %s", remote, got, want)
		}
	}
}
