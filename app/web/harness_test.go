package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/shopify"
)

var testNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// namedTokens accepts "good:<domain>" and calls everything else stale.
type namedTokens struct{}

func (namedTokens) Verify(token string) (shopify.Claims, error) {
	name, ok := strings.CutPrefix(token, "good:")
	if !ok {
		return shopify.Claims{}, shopify.ErrSession.With(errors.New("stale"))
	}
	return shopify.Claims{Shop: shopify.Domain(name), UserID: "42", SessionID: "s1"}, nil
}

// lockedBuffer is a log that many goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// house is an engine with everything in it and its log.
type house struct {
	*Engine
	log   *lockedBuffer
	links *Links
	app   *shopify.App
}

var shopIDs = map[shopify.Domain]ids.Shop{"one.myshopify.com": 1, "two.myshopify.com": 2, "three.myshopify.com": 3}

func newHouse(t testing.TB, change ...func(*Config)) *house {
	t.Helper()
	clk := clock.NewFixed(testNow)
	h := &house{log: &lockedBuffer{}}
	secrets, err := shopify.NewSecrets("secret-canary", "")
	if err != nil {
		t.Fatal(err)
	}
	if h.links, err = NewLinks(clk, bytes.Repeat([]byte{1}, 32)); err != nil {
		t.Fatal(err)
	}
	proxies, err := shopify.NewProxyVerifier(secrets, clk)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		Log:      slog.New(Redact(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		Sessions: namedTokens{}, Proxies: proxies, Links: h.links, Metrics: NewMetrics(),
		Resolve: func(_ context.Context, d shopify.Domain) (ids.Shop, error) {
			if shop, ok := shopIDs[d]; ok {
				return shop, nil
			}
			return 0, problem.New(problem.NotFound, "shops.unknown", "unknown")
		},
		Installed: func(_ context.Context, shop ids.Shop) (bool, error) { return shop < 100, nil },
	}
	for _, f := range change {
		f(&c)
	}
	if h.Engine, err = New(c); err != nil {
		t.Fatal(err)
	}
	if h.app, err = shopify.NewApp(shopify.Config{APIKey: "key-1", Secrets: secrets, URL: "https://app.example.com", Clock: clk}); err != nil {
		t.Fatal(err)
	}
	return h
}

var builtFiles fs.FS = fstest.MapFS{
	"index.html":           {Data: []byte(`<!doctype html><meta name="shopify-api-key" content="%API_KEY%"><script src="%APP_BRIDGE_URL%"></script><script src="%POLARIS_URL%"></script>`)},
	"assets/main-1a2b.js":  {Data: []byte(strings.Repeat("console.log('x');", 200))},
	"assets/main-1a2b.css": {Data: []byte("a{}")},
	"secret.txt":           {Data: []byte("not an asset")},
}

func (h *house) embed(t testing.TB, change ...func(*Document)) {
	t.Helper()
	d := Document{App: h.app, Sessions: namedTokens{}, Files: builtFiles, Paths: []string{"/", "/orders", "/orders/:id"}}
	for _, f := range change {
		f(&d)
	}
	if err := h.Embed(d); err != nil {
		t.Fatal(err)
	}
}

// do sends one request to the engine itself.
func (h *house) do(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// problemOf reads a problem document and checks its form.
func problemOf(t testing.TB, w *httptest.ResponseRecorder) problemDocument {
	t.Helper()
	var p problemDocument
	if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Fatalf("content type %q, body %s", ct, w.Body)
	}
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatal(err)
	}
	if p.Status != w.Code || p.Title == "" || p.Detail == "" || p.Code == "" || p.Type != "urn:problem:"+p.Code || !strings.HasPrefix(p.RequestID, "req_") || p.RequestID != w.Header().Get("X-Request-Id") {
		t.Fatalf("problem %+v with status %d", p, w.Code)
	}
	return p
}

const ofShopOne = "Bearer good:one.myshopify.com"

func plainOK(c *Ctx) error { return c.OK(map[string]string{"ok": "yes"}) }

func record(method, target string) (*httptest.ResponseRecorder, *http.Request) {
	return httptest.NewRecorder(), httptest.NewRequest(method, target, nil)
}
