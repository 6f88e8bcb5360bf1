package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/shopify"
)

var errRoom = problem.New(problem.Conflict, "orders.changed", "The order has changed meanwhile.")

func TestProblemsBecomeAnswers(t *testing.T) {
	kinds := map[problem.Kind]int{
		problem.Malformed: 400, problem.Unauthorized: 401, problem.Forbidden: 403, problem.NotFound: 404, problem.Conflict: 409,
		problem.TooLarge: 413, problem.Invalid: 422, problem.Throttled: 429, problem.Internal: 500, problem.Unavailable: 503,
	}
	h := newHouse(t)
	g := h.Group("/api", Session)
	for kind, status := range kinds {
		g.GET(fmt.Sprint("/", status), func(*Ctx) error {
			return fmt.Errorf("wrapped: %w", problem.New(kind, fmt.Sprint("room.k", status), "Words for people.").With(errors.New("cause-canary")))
		})
	}
	g.GET("/fields", func(*Ctx) error { return errRoom.WithFields(problem.Field{Field: "email", Detail: "is missing"}) })
	g.GET("/unclassified", func(*Ctx) error { return errors.New("cause-canary: connection to database refused") })
	g.GET("/panic", func(*Ctx) error { panic("cause-canary") })
	g.GET("/nil", func(*Ctx) error { var p *problem.Problem; return errors.New(p.Code) })
	for kind, status := range kinds {
		w := h.do("GET", fmt.Sprint("/api/", status), "", "Authorization", ofShopOne)
		p := problemOf(t, w)
		if w.Code != status {
			t.Errorf("kind %d: status %d, want %d", kind, w.Code, status)
		}
		if kind == problem.Internal {
			if p.Detail != problem.Unclassified.Detail || p.Code != "internal" {
				t.Errorf("internal: %+v", p)
			}
		} else if p.Detail != "Words for people." {
			t.Errorf("kind %d: %+v", kind, p)
		}
		if retry := w.Header().Get("X-Shopify-Retry-Invalid-Session-Request"); (retry == "1") != (status == 401) {
			t.Errorf("kind %d: retry header %q", kind, retry)
		}
		if after := w.Header().Get("Retry-After"); (after != "") != (status == 429 || status == 503) {
			t.Errorf("kind %d: Retry-After %q", kind, after)
		}
	}
	if p := problemOf(t, h.do("GET", "/api/fields", "", "Authorization", ofShopOne)); len(p.Errors) != 1 || p.Errors[0].Field != "email" {
		t.Errorf("got %+v", p)
	}
	for _, path := range []string{"/unclassified", "/panic", "/nil"} {
		w := h.do("GET", "/api"+path, "", "Authorization", ofShopOne)
		if body := w.Body.String(); strings.Contains(body, "canary") || strings.Contains(body, "map") {
			t.Errorf("%s tells its cause: %s", path, body)
		}
		if p := problemOf(t, h.do("GET", "/api"+path, "", "Authorization", ofShopOne)); p.Status != 500 || p.Detail != problem.Unclassified.Detail {
			t.Errorf("%s: %+v", path, p)
		}
	}
	if log := h.log.String(); !strings.Contains(log, "cause-canary: connection") || !strings.Contains(log, "handler panicked") {
		t.Error("the causes are not in the log")
	}
}

func TestUnknownAddressesAndMethods(t *testing.T) {
	h := newHouse(t)
	h.Group("/api", Public).GET("/x", plainOK)
	for _, path := range []string{"/", "/api", "/api/", "/api/x/", "/api/y", "/%2e%2e/x", "//api/x", "/api/x%00", "/.env", "/api/X"} {
		if p := problemOf(t, h.do("GET", path, "")); p.Status != 404 || p.Code != "web.no_route" {
			t.Errorf("%s: %+v", path, p)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "TRACE", "CONNECT"} {
		if p := problemOf(t, h.do(method, "/api/x", "")); p.Status != 405 {
			t.Errorf("%s: %+v", method, p)
		}
	}
	if w := h.do("HEAD", "/api/x", ""); w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}
}

func TestSessionGuard(t *testing.T) {
	h := newHouse(t)
	h.Group("/api", Session).GET("/who", func(c *Ctx) error {
		return c.OK(map[string]any{"shop": Shop(c).String(), "staff": Staff(c).ID, "domain": Domain(c)})
	})
	w := h.do("GET", "/api/who?shop=two.myshopify.com&shop_id=2", "", "Authorization", ofShopOne, "X-Shopify-Shop-Domain", "two.myshopify.com")
	if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, `"shop":"1"`) || !strings.Contains(body, `"staff":"42"`) || !strings.Contains(body, "one.myshopify.com") {
		t.Errorf("%d %s", w.Code, body)
	}
	for name, header := range map[string][]string{
		"nothing": nil, "empty": {"Authorization", ""}, "no scheme": {"Authorization", "good:one.myshopify.com"}, "basic": {"Authorization", "Basic good:one.myshopify.com"},
		"lower case": {"Authorization", "bearer good:one.myshopify.com"}, "stale": {"Authorization", "Bearer old"}, "two headers": {"Authorization", ofShopOne, "Authorization", ofShopOne},
		"cookie": {"Cookie", "token=good:one.myshopify.com"},
	} {
		w := h.do("GET", "/api/who?id_token=good:one.myshopify.com", "", header...)
		if w.Header().Get("X-Shopify-Retry-Invalid-Session-Request") != "1" {
			t.Errorf("%s: no retry header", name)
		}
		if p := problemOf(t, w); p.Status != 401 || p.Code != "shopify.session" || strings.Contains(p.Detail, "stale") {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if p := problemOf(t, h.do("GET", "/api/who", "", "Authorization", "Bearer good:four.myshopify.com")); p.Status != 404 || p.Code != "web.unknown_shop" {
		t.Errorf("unknown shop: %+v", p)
	}
}

func TestResolverFailures(t *testing.T) {
	h := newHouse(t, func(c *Config) {
		c.Resolve = func(_ context.Context, d shopify.Domain) (ids.Shop, error) {
			if d == "one.myshopify.com" {
				return 0, errors.New("database away")
			}
			return 0, nil
		}
	})
	h.Group("/api", Session).GET("/x", plainOK)
	for _, d := range []string{"one", "two"} {
		if p := problemOf(t, h.do("GET", "/api/x", "", "Authorization", "Bearer good:"+d+".myshopify.com")); p.Status != 500 {
			t.Errorf("%s: %+v", d, p)
		}
	}
}

func TestProxyGuard(t *testing.T) {
	h := newHouse(t)
	h.Group("/proxy", Proxy).GET("/x", plainOK)
	for query, want := range map[string]int{"": 401, "?shop=one.myshopify.com": 401, "?x=1": 400, "?shop=one.myshopify.com&shop=two.myshopify.com": 400} {
		if p := problemOf(t, h.do("GET", "/proxy/x"+query, "")); p.Status != want {
			t.Errorf("%s: %+v, want %d", query, p, want)
		}
	}
}

func TestLinkGuard(t *testing.T) {
	h := newHouse(t)
	g := h.Group("/l", Linking, Kind("order"), Pages())
	g.GET("/o/:token", func(c *Ctx) error {
		return Page(c, 200, template.Must(template.New("x").Parse("<p>{{.}}</p>")), fmt.Sprint(Shop(c), " ", Linked(c).Ref))
	})
	sign := func(l Link) string {
		token, err := h.links.Sign(l)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	later := testNow.Add(time.Hour)
	good := sign(Link{1, "order", "1042", later})
	if w := h.do("GET", "/l/o/"+good, "", "Accept", "text/html"); w.Code != 200 || w.Body.String() != "<p>1 1042</p>" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for name, token := range map[string]string{
		"garbage": "garbage", "expired": sign(Link{1, "order", "1042", testNow}), "another kind": sign(Link{1, "unsubscribe", "1042", later}),
		"changed": good[:3] + flip(good[3:4]) + good[4:], "cut": good[:len(good)-1], "longer": good + "A",
	} {
		w := h.do("GET", "/l/o/"+token, "", "Accept", "text/html,*/*;q=0.8")
		if w.Code != 401 || !strings.Contains(w.Header().Get("Content-Type"), "text/html") || !strings.Contains(w.Body.String(), ErrLink.Detail) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if p := problemOf(t, h.do("GET", "/l/o/"+token, "", "Accept", "application/json")); p.Status != 401 || p.Code != "web.link" {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if w := h.do("GET", "/l/o/"+sign(Link{100, "order", "1042", later}), "", "Accept", "application/json"); w.Code != 404 {
		t.Errorf("shop that uninstalled: %d", w.Code)
	}
}

func TestRoutesThatCannotBe(t *testing.T) {
	h := newHouse(t)
	bare := newHouse(t, func(c *Config) { c.Sessions, c.Proxies, c.Links, c.Resolve = nil, nil, nil, nil })
	for name, f := range map[string]func(){
		"no auth":        func() { h.Group("/x", "") },
		"invented auth":  func() { h.Group("/x", "admin") },
		"link, no kind":  func() { h.Group("/x", Linking).GET("/:token", plainOK) },
		"link, no token": func() { h.Group("/x", Linking, Kind("order")).GET("/:id", plainOK) },
		"no verifier":    func() { bare.Group("/s", Session).GET("/a", plainOK) },
		"no proxy":       func() { bare.Group("/p", Proxy).GET("/a", plainOK) },
		"no links":       func() { bare.Group("/l", Linking, Kind("order")).GET("/:token", plainOK) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: was registered", name)
				}
			}()
			f()
		}()
	}
}

func TestRoutesAreListed(t *testing.T) {
	h := newHouse(t)
	h.Group("/api/v1", Session).PUT("/a/:id", plainOK, Body(10), Needs("a.change"))
	h.Group("/l", Linking, Kind("order"), Pages()).GET("/o/:token", plainOK)
	want := []Route{
		{"PUT", "/api/v1/a/:id", Session, "", 10, false, "a.change", false, false},
		{"GET", "/l/o/:token", Linking, "order", DefaultBody, true, "", false, false}, {"HEAD", "/l/o/:token", Linking, "order", DefaultBody, true, "", false, false},
	}
	if got := fmt.Sprint(h.Routes()); got != fmt.Sprint(want) {
		t.Errorf("got %v", got)
	}
}

func TestIdentityOnARouteWithoutOnePanics(t *testing.T) {
	h := newHouse(t)
	g := h.Group("/p", Public)
	for i, f := range []func(*Ctx){
		func(c *Ctx) { Shop(c) }, func(c *Ctx) { Staff(c) }, func(c *Ctx) { Domain(c) }, func(c *Ctx) { Proxied(c) }, func(c *Ctx) { Linked(c) },
	} {
		g.GET(fmt.Sprint("/", i), func(c *Ctx) error { f(c); return nil })
		if w := h.do("GET", fmt.Sprint("/p/", i, "?shop=1&shop_id=1"), "", "Shop", "1"); w.Code != 500 {
			t.Errorf("%d: %d", i, w.Code)
		}
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	h := newHouse(t)
	g := h.Group("/api", Public)
	g.GET("/ok", plainOK)
	g.GET("/fail", func(*Ctx) error { return errRoom })
	g.GET("/panic", func(*Ctx) error { panic("x") })
	g.GET("/page", func(c *Ctx) error { return Page(c, 200, template.Must(template.New("").Parse("x")), nil) })
	g.GET("/none", func(c *Ctx) error { return c.NoContent() })
	for _, path := range []string{"/api/ok", "/api/fail", "/api/panic", "/api/page", "/api/none", "/nothing"} {
		w := h.do("GET", path, "", "X-Request-Id", "mine\r\nX: y")
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if id := w.Header().Get("X-Request-Id"); !strings.HasPrefix(id, "req_") {
			t.Errorf("%s: request id %q", path, id)
		}
		if w.Header().Get("X-Frame-Options") != "" || len(w.Header().Values("Content-Security-Policy")) != 1 {
			t.Errorf("%s: headers %v", path, w.Header())
		}
	}
	if w := h.do("GET", "/api/ok", ""); w.Header().Get("Cache-Control") != "private, no-store" {
		t.Errorf("cache %q", w.Header().Get("Cache-Control"))
	}
}

func TestPageThatFailsIsAProblem(t *testing.T) {
	h := newHouse(t)
	broken := template.Must(template.New("broken").Parse("half a page {{.Missing.Field}}"))
	h.Group("/p", Public, Pages()).GET("/x", func(c *Ctx) error { return Page(c, 200, broken, struct{}{}) })
	w := h.do("GET", "/p/x", "", "Accept", "text/html")
	if w.Code != 500 || strings.Contains(w.Body.String(), "half a page") || !strings.Contains(w.Body.String(), problem.Unclassified.Detail) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestNonceIsInPolicyAndPage(t *testing.T) {
	h := newHouse(t)
	page := template.Must(template.New("n").Parse(`<script nonce="{{.}}">1</script>`))
	h.Group("/p", Public, Pages()).GET("/x", func(c *Ctx) error { return Page(c, 200, page, Nonce(c)) })
	one, two := h.do("GET", "/p/x", ""), h.do("GET", "/p/x", "")
	if one.Body.String() == two.Body.String() {
		t.Error("two pages have one nonce")
	}
	nonce := strings.Split(one.Body.String(), `"`)[1]
	if len(nonce) < 20 || !strings.Contains(one.Header().Get("Content-Security-Policy"), "'nonce-"+nonce+"'") {
		t.Errorf("nonce %q, policy %q", nonce, one.Header().Get("Content-Security-Policy"))
	}
}

func TestErrorPageOfTheHouse(t *testing.T) {
	h := newHouse(t, func(c *Config) {
		c.ErrorPage = func(c *Ctx, status int, p *problem.Problem) bool {
			HTML(c, status, []byte("<p>"+p.Code+"</p>"))
			return true
		}
	})
	h.Group("/p", Public, Pages()).GET("/x", func(*Ctx) error { return errRoom })
	if w := h.do("GET", "/p/x", "", "Accept", "text/html"); w.Code != http.StatusConflict || w.Body.String() != "<p>orders.changed</p>" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestMetricsCountByTemplate(t *testing.T) {
	h := newHouse(t)
	h.Group("/api", Public).GET("/orders/:id", plainOK)
	for i := range 5 {
		h.do("GET", fmt.Sprint("/api/orders/", i, "?token=canary"), "")
		h.do("BREW", fmt.Sprint("/unknown/", i), "")
	}
	w := httptest.NewRecorder()
	h.metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body := w.Body.String()
	if !strings.Contains(body, `afterglow_http_request_seconds_count{method="GET",route="/api/orders/:id",status="200"} 5`) ||
		!strings.Contains(body, `route="none"`) || strings.Contains(body, "BREW") || strings.Contains(body, "canary") || strings.Contains(body, "unknown") {
		t.Errorf("metrics:\n%s", body)
	}
	if !strings.Contains(body, "afterglow_http_requests_in_flight 0") {
		t.Error("requests are still in flight")
	}
}

// flip returns another letter of the alphabet of base64.
func flip(letter string) string {
	if letter == "A" {
		return "B"
	}
	return "A"
}
