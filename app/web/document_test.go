package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"afterglow/app/clock"
	"afterglow/app/shopify"
)

// ancestors takes the frame-ancestors out of the one policy of an answer.
func ancestors(t testing.TB, h http.Header) string {
	t.Helper()
	policies := h.Values("Content-Security-Policy")
	if len(policies) != 1 {
		t.Fatalf("policies %q", policies)
	}
	for part := range strings.SplitSeq(policies[0], ";") {
		if list, ok := strings.CutPrefix(strings.TrimSpace(part), "frame-ancestors "); ok {
			return list
		}
	}
	return ""
}

func hostParam(shop string) string {
	return base64.StdEncoding.EncodeToString([]byte("admin.shopify.com/store/" + strings.TrimSuffix(shop, ".myshopify.com")))
}

// TestFrameAncestorsOfEveryRoute walks all routes for three shops: the shop's own
// admin may frame its documents, nobody may frame anything else.
func TestFrameAncestorsOfEveryRoute(t *testing.T) {
	h := newHouse(t)
	h.embed(t)
	h.Health(NewChecks())
	h.Group("/api/v1", Session).GET("/x", plainOK)
	h.Group("/l", Linking, Kind("order"), Pages()).GET("/o/:token", plainOK)
	h.Group("/proxy", Proxy, Pages()).GET("/x", plainOK)
	h.Group("/webhooks", Webhook).POST("/shopify", plainOK)
	documents := []string{"/", "/orders", "/orders/:id", bouncePath, exitPath}
	seen := 0
	for _, route := range h.Routes() {
		for _, shop := range []string{"one.myshopify.com", "two.myshopify.com", "three.myshopify.com"} {
			q := url.Values{"shop": {shop}, "embedded": {"1"}, "host": {hostParam(shop)}, "id_token": {"good:" + shop},
				"shopify-reload": {"https://app.example.com/orders"}, "target": {"https://" + shop + "/admin/x"}}
			path := strings.NewReplacer(":id", "5", ":token", "x", "*path", "main-1a2b.js").Replace(route.Path)
			w := h.do(route.Method, path+"?"+q.Encode(), "", "Authorization", "Bearer good:"+shop)
			want := "'none'"
			if slices.Contains(documents, route.Path) {
				want = "https://" + shop + " https://admin.shopify.com"
				if w.Code != 200 {
					t.Errorf("%s %s: %d %s", route.Method, route.Path, w.Code, w.Body)
				}
			}
			if got := ancestors(t, w.Header()); got != want {
				t.Errorf("%s %s: %q, want %q", route.Method, route.Path, got, want)
			}
			if w.Header().Get("X-Frame-Options") != "" {
				t.Errorf("%s: X-Frame-Options is set", route.Path)
			}
			seen++
		}
	}
	if seen < 3*15 {
		t.Errorf("%d answers seen", seen)
	}
}

func TestFrameAncestorsOfForgedVisits(t *testing.T) {
	h := newHouse(t)
	h.embed(t)
	for _, query := range []string{
		"", "?shop=evil.tld", "?shop=one.myshopify.com.evil.tld", "?shop=one.myshopify.com", "?shop=*", "?shop=one.myshopify.com&id_token=stale",
		"?shop=one.myshopify.com;%20frame-ancestors%20*", "?shop=one.myshopify.com%0d%0aX-Evil:1", "?embedded=1&shop=one.myshopify.com", "?embedded=1&shop=x&host=y",
		"?shop=two.myshopify.com&id_token=good:one.myshopify.com", "?shop=x&id_token=good:one.myshopify.com",
	} {
		w := h.do("GET", "/"+query, "")
		if got := ancestors(t, w.Header()); got != "'none'" {
			t.Errorf("%s: %q", query, got)
		}
		if strings.Contains(w.Body.String(), "shopify-api-key") {
			t.Errorf("%s got the admin's page", query)
		}
	}
}

func TestDocumentIsServed(t *testing.T) {
	h := newHouse(t)
	var opened []string
	h.embed(t, func(d *Document) {
		d.Open = func(_ context.Context, c shopify.Claims, token string) error {
			opened = append(opened, string(c.Shop)+" "+token)
			return nil
		}
	})
	w := h.do("GET", "/orders/5?embedded=1&shop=one.myshopify.com&id_token=good:one.myshopify.com", "")
	body := w.Body.String()
	if w.Code != 200 || !strings.Contains(body, `content="key-1"`) || !strings.Contains(body, defaultAppBridge) || !strings.Contains(body, defaultPolaris) || strings.Contains(body, "%") {
		t.Errorf("%d %s", w.Code, body)
	}
	if fmt.Sprint(opened) != "[one.myshopify.com good:one.myshopify.com]" {
		t.Errorf("opened %v", opened)
	}
	if cache := w.Header().Get("Cache-Control"); cache != "private, no-store" {
		t.Errorf("cache %q", cache)
	}
	if csp := w.Header().Get("Content-Security-Policy"); strings.Contains(csp, "script-src 'self' https://cdn.shopify.com 'unsafe") || strings.Contains(csp, "*") {
		t.Errorf("policy %q", csp)
	}
}

func TestVisitsWithoutATokenAreSentOn(t *testing.T) {
	h := newHouse(t)
	h.embed(t, func(d *Document) {
		d.Open = func(_ context.Context, c shopify.Claims, _ string) error {
			switch c.Shop {
			case "two.myshopify.com":
				return shopify.ErrInvalidSubjectToken
			case "three.myshopify.com":
				return shopify.ErrUnavailable
			}
			return nil
		}
	})
	get := func(target string) (int, string) {
		w := h.do("GET", target, "", "Host", "evil.tld")
		return w.Code, w.Header().Get("Location")
	}
	bounce := func(target string) {
		t.Helper()
		code, to := get(target)
		u, err := url.Parse(to)
		if err != nil || code != http.StatusFound || u.Path != bouncePath || u.Host != "" {
			t.Fatalf("%s: %d %s", target, code, to)
		}
		back := u.Query().Get("shopify-reload")
		if !strings.HasPrefix(back, "https://app.example.com/orders/5?") || strings.Contains(back, "id_token") || !strings.Contains(back, "q=a") {
			t.Errorf("%s goes back to %s", target, back)
		}
		if w := h.do("GET", to, ""); w.Code != 200 || !strings.Contains(w.Body.String(), defaultAppBridge) {
			t.Errorf("bounce: %d %s", w.Code, w.Body)
		}
	}
	bounce("/orders/5?embedded=1&shop=one.myshopify.com&q=a")
	bounce("/orders/5?embedded=1&shop=one.myshopify.com&q=a&id_token=stale")
	bounce("/orders/5?embedded=1&shop=two.myshopify.com&q=a&id_token=good:two.myshopify.com&shopify-reload=https://evil.tld")
	if code, _ := get("/?embedded=1&shop=three.myshopify.com&id_token=good:three.myshopify.com"); code != 503 {
		t.Errorf("Shopify away: %d", code)
	}
	for target, want := range map[string]string{
		"/orders/5?shop=one.myshopify.com&host=" + hostParam("one.myshopify.com"): "https://admin.shopify.com/store/one/apps/key-1/orders/5",
		"/?shop=one.myshopify.com":                  "https://admin.shopify.com/store/one/apps/key-1",
		"/?shop=one.myshopify.com&host=ZXZpbC50bGQ": "https://admin.shopify.com/store/one/apps/key-1",
	} {
		if code, to := get(target); code != http.StatusFound || to != want {
			t.Errorf("%s: %d %s", target, code, to)
		}
	}
	for _, target := range []string{"/", "/?host=ZXZpbC50bGQ", "/?shop=evil.tld&host=ZXZpbC50bGQ", "/?embedded=1", "/auth/bounce", "/auth/bounce?shop=one.myshopify.com",
		"/auth/bounce?shop=one.myshopify.com&shopify-reload=https://evil.tld", "/auth/bounce?shop=one.myshopify.com&shopify-reload=https://app.example.com.evil.tld/",
		"/auth/bounce?shop=one.myshopify.com&shopify-reload=//evil.tld", "/auth/exit?shop=one.myshopify.com", "/auth/exit?shop=one.myshopify.com&target=https://evil.tld",
		"/auth/exit?shop=one.myshopify.com&target=javascript:alert(1)", "/auth/exit?target=https://one.myshopify.com/admin/x", "/auth", "/auth?shop=evil.tld", "/auth?shop=one.myshopify.com.evil.tld"} {
		if code, to := get(target); code != 400 || to != "" {
			t.Errorf("%s: %d %s", target, code, to)
		}
	}
}

func TestAssets(t *testing.T) {
	h := newHouse(t)
	h.embed(t)
	w := h.do("GET", "/assets/main-1a2b.js", "", "Accept-Encoding", "gzip")
	if w.Code != 200 || w.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") || w.Body.Len() > 200 {
		t.Errorf("%d %v, %d bytes", w.Code, w.Header(), w.Body.Len())
	}
	if w := h.do("GET", "/assets/main-1a2b.js", ""); w.Header().Get("Content-Encoding") != "" || w.Body.Len() != 3400 {
		t.Errorf("plain: %v, %d bytes", w.Header(), w.Body.Len())
	}
	if w := h.do("GET", "/assets/main-1a2b.js", "", "If-None-Match", w.Header().Get("ETag")); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("known already: %d", w.Code)
	}
	for _, path := range []string{"/assets/", "/assets/../secret.txt", "/assets/%2e%2e/secret.txt", "/assets//main-1a2b.js", "/assets/none.js", "/secret.txt", "/index.html"} {
		if w := h.do("GET", path, ""); w.Code != 404 || strings.Contains(w.Body.String(), "not an asset") {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if err := newHouse(t).Embed(Document{App: h.app, Files: fstest.MapFS{}}); err == nil {
		t.Error("a front end that was not built was accepted")
	}
}

// TestAuthorizationCodeFlow runs the flow against a server that plays Shopify.
func TestAuthorizationCodeFlow(t *testing.T) {
	scope := "read_orders"
	codes := map[string]bool{}
	shopifySide := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		json.NewDecoder(r.Body).Decode(&body)
		if body["client_secret"] != "secret-canary" || r.Host != "one.myshopify.com" || codes[body["code"]] {
			w.WriteHeader(400)
			io.WriteString(w, `{"error":"invalid_grant"}`)
			return
		}
		codes[body["code"]] = true
		fmt.Fprintf(w, `{"access_token":"shpat_x","scope":%q,"expires_in":3600,"refresh_token":"shprt_x","refresh_token_expires_in":7776000}`, scope)
	}))
	defer shopifySide.Close()
	secrets, err := shopify.NewSecrets("secret-canary", "")
	if err != nil {
		t.Fatal(err)
	}
	app, err := shopify.NewApp(shopify.Config{APIKey: "key-1", Secrets: secrets, URL: "https://app.example.com", Scopes: []string{"read_orders"}, SimURL: shopifySide.URL, Clock: clock.NewFixed(testNow)})
	if err != nil {
		t.Fatal(err)
	}
	var granted []string
	var refuse error
	h := newHouse(t)
	h.embed(t, func(d *Document) {
		d.App = app
		d.Granted = func(_ context.Context, shop shopify.Domain, tokens shopify.Tokens) error {
			granted = append(granted, string(shop)+" "+tokens.Access)
			return refuse
		}
	})
	start := func() (state string, cookie *http.Cookie) {
		w := h.do("GET", "/auth?shop=one.myshopify.com", "")
		u, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusFound || u.Path != "/admin/oauth/authorize" {
			t.Fatalf("%d %s", w.Code, w.Header().Get("Location"))
		}
		cookies := w.Result().Cookies()
		if len(cookies) != 1 || !cookies[0].HttpOnly || !cookies[0].Secure || cookies[0].SameSite != http.SameSiteLaxMode {
			t.Fatalf("cookies %v", cookies)
		}
		return u.Query().Get("state"), cookies[0]
	}
	back := func(state, code string, cookies ...*http.Cookie) *httptest.ResponseRecorder {
		raw := url.Values{"code": {code}, "shop": {"one.myshopify.com"}, "state": {state}, "timestamp": {fmt.Sprint(testNow.Unix())}}.Encode()
		m := hmac.New(sha256.New, []byte("secret-canary"))
		m.Write([]byte(raw))
		r := httptest.NewRequest("GET", "/auth/callback?"+raw+"&hmac="+hex.EncodeToString(m.Sum(nil)), nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	state, cookie := start()
	w := back(state, "c1", cookie)
	if w.Code != http.StatusFound || !strings.Contains(w.Header().Get("Location"), "/admin/apps/") || fmt.Sprint(granted) != "[one.myshopify.com shpat_x]" {
		t.Fatalf("%d %s, granted %v", w.Code, w.Header().Get("Location"), granted)
	}
	if cleared := w.Result().Cookies(); len(cleared) != 1 || cleared[0].MaxAge >= 0 {
		t.Errorf("the state stays: %v", cleared)
	}
	otherState, otherCookie := start()
	state, cookie = start()
	for name, w := range map[string]*httptest.ResponseRecorder{
		"no cookie": back(state, "c2"), "two cookies": back(state, "c2", cookie, cookie), "another browser": back(state, "c2", otherCookie), "used code": back(otherState, "c1", otherCookie),
	} {
		if w.Code != 401 || strings.Contains(w.Body.String(), "canary") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	state, cookie = start()
	scope = "read_products"
	if w := back(state, "c3", cookie); w.Code != 403 {
		t.Errorf("scope not granted: %d", w.Code)
	}
	state, cookie = start()
	scope, refuse = "write_orders", errors.New("database away")
	if w := back(state, "c4", cookie); w.Code != 500 {
		t.Errorf("tokens not stored: %d", w.Code)
	}
	if len(granted) != 2 {
		t.Errorf("granted %v", granted)
	}
}
