package shopify

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
)

const demoShop = Domain("lumen.myshopify.com")

// appAt returns an app that talks to the given server, or to the real Shopify's
// addresses when it is nil.
func appAt(t testing.TB, srv *httptest.Server, clk clock.Clock) *App {
	t.Helper()
	c := Config{APIKey: "key-1", Secrets: secrets(t, "now", "before"), URL: "https://app.example.com/", Scopes: []string{"read_orders", "write_customers"}, Clock: clk}
	if srv != nil {
		c.SimURL = srv.URL
	}
	a, err := NewApp(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestNewAppNamesWhatIsWrong(t *testing.T) {
	good := Config{APIKey: "k", Secrets: secrets(t, "s", ""), URL: "https://app.example.com", Clock: clock.System{}}
	for name, change := range map[string]func(*Config){
		"no key": func(c *Config) { c.APIKey = "" }, "no secret": func(c *Config) { c.Secrets = Secrets{} },
		"APP_URL": func(c *Config) { c.URL = "app.example.com" }, "APP_URL query": func(c *Config) { c.URL = "https://a.example/?x" },
		"SIM path": func(c *Config) { c.SimURL = "http://127.0.0.1:1/x" }, "SIM scheme": func(c *Config) { c.SimURL = "ftp://127.0.0.1" },
	} {
		c := good
		change(&c)
		if _, err := NewApp(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAuthorizeURL(t *testing.T) {
	a := appAt(t, nil, clock.System{})
	got, err := a.AuthorizeURL(demoShop, "st8")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Scheme != "https" || u.Host != "lumen.myshopify.com" || u.Path != "/admin/oauth/authorize" || q.Get("client_id") != "key-1" ||
		q.Get("redirect_uri") != "https://app.example.com/auth/callback" || q.Get("scope") != "read_orders,write_customers" || q.Get("state") != "st8" {
		t.Errorf("got %s", got)
	}
	for _, name := range notShops {
		if got, err := a.AuthorizeURL(Domain(name), "x"); err == nil {
			t.Errorf("%q became %s", name, got)
		}
		if got, err := a.HomeURL(Domain(name), "/"); err == nil {
			t.Errorf("%q became %s", name, got)
		}
		if got, err := a.InstallURL(Domain(name)); err == nil {
			t.Errorf("%q became %s", name, got)
		}
		if got := a.FrameAncestors(Domain(name)); len(got) != 1 || got[0] != "'none'" {
			t.Errorf("%q may frame: %v", name, got)
		}
	}
}

func TestFrameAncestors(t *testing.T) {
	if got := strings.Join(appAt(t, nil, clock.System{}).FrameAncestors(demoShop), " "); got != "https://lumen.myshopify.com https://admin.shopify.com" {
		t.Errorf("got %s", got)
	}
}

// callback writes the query with which Shopify's authorization page answers.
func callback(key string, change map[string]string) string {
	q := map[string]string{"code": "c0de", "host": base64.StdEncoding.EncodeToString([]byte("admin.shopify.com/store/lumen")),
		"shop": string(demoShop), "state": "", "timestamp": strconv.FormatInt(sessionNow.Unix(), 10)}
	for k, v := range change {
		q[k] = v
	}
	values := url.Values{}
	for k, v := range q {
		if v != "-" {
			values.Set(k, v)
		}
	}
	raw := values.Encode()
	return raw + "&hmac=" + hex.EncodeToString(rawSign(key, callbackMessage(raw)))
}

func TestCallback(t *testing.T) {
	clk := clock.NewFixed(sessionNow)
	a := appAt(t, nil, clk)
	state, cookie := a.NewState(demoShop)
	if len(state) != 64 || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/auth/callback" || cookie.MaxAge != 60 {
		t.Errorf("state %q, cookie %+v", state, cookie)
	}
	raw := callback("now", map[string]string{"state": state})
	got, err := a.CheckCallback(raw, cookie.Value)
	if err != nil || got.Shop != demoShop || got.Code != "c0de" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := a.CheckCallback(raw, cookie.Value); !errors.Is(err, ErrCallback) {
		t.Errorf("a state passed twice: %v", err)
	}
	state, cookie = a.NewState(demoShop)
	if _, err := a.CheckCallback(callback("before", map[string]string{"state": state}), cookie.Value); err != nil {
		t.Errorf("previous secret: %v", err)
	}
}

func TestCallbackRefuses(t *testing.T) {
	clk := clock.NewFixed(sessionNow)
	a := appAt(t, nil, clk)
	state, cookie := a.NewState(demoShop)
	otherState, otherCookie := a.NewState("other.myshopify.com")
	plain := callback("now", map[string]string{"state": state})
	stamp := func(d time.Duration) string { return strconv.FormatInt(sessionNow.Add(d).Unix(), 10) }
	forged := strings.Replace(cookie.Value, string(demoShop), "other.myshopify.com", 1)
	rows := []struct{ name, query, cookie string }{
		{"nothing", "", cookie.Value},
		{"no hmac", plain[:strings.Index(plain, "&hmac=")], cookie.Value},
		{"hmac twice", plain + plain[strings.Index(plain, "&hmac="):], cookie.Value},
		{"other secret", callback("other", map[string]string{"state": state}), cookie.Value},
		{"empty secret", callback("", map[string]string{"state": state}), cookie.Value},
		{"upper-case hmac", plain[:len(plain)-64] + strings.ToUpper(plain[len(plain)-64:]), cookie.Value},
		{"shop twice", plain + "&shop=other.myshopify.com", cookie.Value},
		{"code twice", plain + "&code=x", cookie.Value},
		{"parameter added", plain + "&x=1", cookie.Value},
		{"code grown into a parameter", callback("now", map[string]string{"state": state, "code": "1&shop=other.myshopify.com"}) + "&shop=other.myshopify.com", cookie.Value},
		{"shop look-alike", callback("now", map[string]string{"state": state, "shop": "lumen.myshopify.com.evil.tld"}), cookie.Value},
		{"shop in capitals", callback("now", map[string]string{"state": state, "shop": "LUMEN.myshopify.com"}), cookie.Value},
		{"no shop", callback("now", map[string]string{"state": state, "shop": "-"}), cookie.Value},
		{"no code", callback("now", map[string]string{"state": state, "code": "-"}), cookie.Value},
		{"no time", callback("now", map[string]string{"state": state, "timestamp": "-"}), cookie.Value},
		{"time not a number", callback("now", map[string]string{"state": state, "timestamp": "soon"}), cookie.Value},
		{"91 s old", callback("now", map[string]string{"state": state, "timestamp": stamp(-91 * time.Second)}), cookie.Value},
		{"91 s ahead", callback("now", map[string]string{"state": state, "timestamp": stamp(91 * time.Second)}), cookie.Value},
		{"no state", callback("now", map[string]string{"state": "-"}), cookie.Value},
		{"no cookie", plain, ""},
		{"another state", callback("now", map[string]string{"state": otherState}), cookie.Value},
		{"another shop's state", callback("now", map[string]string{"state": otherState}), otherCookie.Value},
		{"cookie with another shop", callback("now", map[string]string{"state": state, "shop": "other.myshopify.com"}), forged},
		{"cookie without signature", plain, cookie.Value[:strings.LastIndex(cookie.Value, ".")+1]},
		{"cookie garbage", plain, "a.b.c.d.e.f"},
		{"broken escape", plain + "&x=%zz", cookie.Value},
	}
	for _, row := range rows {
		if got, err := a.CheckCallback(row.query, row.cookie); err == nil {
			t.Errorf("%s: accepted %+v", row.name, got)
		} else if !errors.Is(err, ErrCallback) || strings.Contains(err.(interface{ Error() string }).Error(), state) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	clk.Advance(61 * time.Second)
	late := callback("now", map[string]string{"state": state, "timestamp": stamp(61 * time.Second)})
	if _, err := a.CheckCallback(late, cookie.Value); err == nil {
		t.Error("a state of 61 s ago was accepted")
	}
}

// TestOpenRedirects lists where nobody may be sent.
func TestOpenRedirects(t *testing.T) {
	a := appAt(t, nil, clock.System{})
	for _, good := range []string{
		"https://lumen.myshopify.com/admin/charges/1/confirm", "https://admin.shopify.com/store/lumen/apps/key-1",
		"https://app.example.com/auth?shop=lumen.myshopify.com", "https://lumen.myshopify.com/admin/oauth/install?client_id=key-1",
	} {
		if !a.MayLeaveTo(demoShop, good) {
			t.Errorf("%s is refused", good)
		}
	}
	bad := []string{
		"", "/", "//", "//evil.tld", "///evil.tld", "/\\evil.tld", "\\\\evil.tld", "https:evil.tld", "https:/evil.tld", "https:///evil.tld",
		"http://lumen.myshopify.com/admin/x", "https://evil.tld", "https://evil.tld/admin/", "https://lumen.myshopify.com.evil.tld/admin/x",
		"https://lumen.myshopify.com@evil.tld/admin/x", "https://evil.tld#lumen.myshopify.com/admin/", "https://evil.tld?x=https://lumen.myshopify.com/admin/",
		"https://u:p@lumen.myshopify.com/admin/x", "https://lumen.myshopify.com:444/admin/x", "https://other.myshopify.com/admin/x",
		"https://lumen.myshopify.com/", "https://lumen.myshopify.com/cart", "https://lumen.myshopify.com/admin", "https://lumen.myshopify.com/admin/../cart",
		"https://lumen.myshopify.com/admin/%2e%2e/cart", "https://lumen.myshopify.com\\@evil.tld/admin/x", "https://lumen.myshopify.com\t/admin/x", "https://lumen.myshopify.com/admin/\r\nx",
		" https://lumen.myshopify.com/admin/x", "javascript:alert(1)", "JaVaScRiPt:alert(1)//https://lumen.myshopify.com/admin/", "data:text/html,x",
		"https://admin.shopify.com/", "https://admin.shopify.com/store/other/apps/x", "https://admin.shopify.com/store/lumen", "https://admin.shopify.com/store/lumenx/",
		"https://admin.shopify.com/store/lumen/../other/x", "https://admin.shopify.com.evil.tld/store/lumen/x", "https://shopify.com/store/lumen/x",
		"https://app.example.com/", "https://app.example.com/authx", "https://app.example.com.evil.tld/auth", "https://app.example.com@evil.tld/auth",
		"https://ａdmin.shopify.com/store/lumen/x", "https://LUMEN.MYSHOPIFY.COM.evil/admin/x", "https://" + strings.Repeat("a", 3000), "ftp://lumen.myshopify.com/admin/x",
	}
	if len(bad) < 40 {
		t.Fatalf("%d addresses", len(bad))
	}
	for _, target := range bad {
		if a.MayLeaveTo(demoShop, target) {
			t.Errorf("%q is allowed", target)
		}
		if target != "" && a.MayLeaveTo("", target) {
			t.Errorf("%q is allowed without a shop", target)
		}
	}
	for _, path := range []string{"//evil.tld", "/\\evil.tld", "/..//evil.tld", "/x?y=1", "/x#y", "evil", "/x\r\ny"} {
		got, err := a.HomeURL(demoShop, path)
		if err != nil || got != "https://admin.shopify.com/store/lumen/apps/key-1" {
			t.Errorf("path %q became %s, %v", path, got, err)
		}
	}
	if got, _ := a.EmbeddedURL(base64.StdEncoding.EncodeToString([]byte("admin.shopify.com/store/lumen")), "/orders/1"); got != "https://admin.shopify.com/store/lumen/apps/key-1/orders/1" {
		t.Errorf("got %s", got)
	}
}

func TestMissingScopes(t *testing.T) {
	got := MissingScopes(SplitScopes("write_orders, read_products"), []string{"read_orders", "write_orders", "read_products", "write_products", "read_locations"})
	if strings.Join(got, ",") != "write_products,read_locations" {
		t.Errorf("got %v", got)
	}
}

// tokenServer answers the token endpoint and keeps what it was asked.
func tokenServer(t *testing.T, answer func(body map[string]string) (int, string)) (*httptest.Server, *[]map[string]string) {
	var asked []map[string]string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Method != http.MethodPost || r.URL.Path != "/admin/oauth/access_token" || r.Host != string(demoShop) {
			t.Errorf("asked %s %s at %s: %v", r.Method, r.URL.Path, r.Host, err)
		}
		asked = append(asked, body)
		status, text := answer(body)
		if status == http.StatusFound {
			w.Header().Set("Location", "https://other.myshopify.com/admin/oauth/access_token")
		}
		w.WriteHeader(status)
		io.WriteString(w, text)
	}))
	t.Cleanup(srv.Close)
	return srv, &asked
}

const pairAnswer = `{"access_token":"shpat_1","scope":"read_orders,write_customers","expires_in":3600,"refresh_token":"shprt_1","refresh_token_expires_in":7776000}`

func TestTokenGrants(t *testing.T) {
	srv, asked := tokenServer(t, func(map[string]string) (int, string) { return 200, pairAnswer })
	a := appAt(t, srv, clock.NewFixed(sessionNow))
	ctx := context.Background()
	calls := []struct {
		call func() (Tokens, error)
		want map[string]string
	}{
		{func() (Tokens, error) { return a.ExchangeSession(ctx, demoShop, "jwt") }, map[string]string{
			"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": "jwt", "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
			"requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token", "expiring": "1"}},
		{func() (Tokens, error) { return a.ExchangeCode(ctx, demoShop, "c") }, map[string]string{"code": "c", "expiring": "1"}},
		{func() (Tokens, error) { return a.Refresh(ctx, demoShop, "r") }, map[string]string{"grant_type": "refresh_token", "refresh_token": "r"}},
		{func() (Tokens, error) { return a.Migrate(ctx, demoShop, "old") }, map[string]string{
			"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": "old", "subject_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
			"requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token", "expiring": "1"}},
	}
	for i, c := range calls {
		tokens, err := c.call()
		if err != nil {
			t.Fatal(err)
		}
		if tokens.Access != "shpat_1" || tokens.Refresh != "shprt_1" || !tokens.Expires.Equal(sessionNow.Add(time.Hour)) ||
			!tokens.RefreshExpires.Equal(sessionNow.Add(90*24*time.Hour)) || len(tokens.Scopes) != 2 {
			t.Errorf("call %d: %#v", i, tokens)
		}
		got := (*asked)[i]
		c.want["client_id"], c.want["client_secret"] = "key-1", "now"
		if len(got) != len(c.want) {
			t.Errorf("call %d sent %v", i, got)
		}
		for k, v := range c.want {
			if got[k] != v {
				t.Errorf("call %d: %s is %q, want %q", i, k, got[k], v)
			}
		}
	}
}

func TestTokenErrors(t *testing.T) {
	for _, row := range []struct {
		status int
		answer string
		want   error
	}{
		{400, `{"error":"invalid_subject_token"}`, ErrInvalidSubjectToken}, {400, `{"error":"invalid_grant"}`, ErrInvalidGrant},
		{401, `{"error":"invalid_client"}`, ErrUnavailable}, {400, `<html>`, ErrUnavailable}, {429, ``, ErrUnavailable}, {500, `x`, ErrUnavailable},
		{503, `{"error":"invalid_grant"}`, ErrUnavailable}, {200, `{`, ErrUnavailable}, {200, `{}`, ErrUnavailable}, {200, `<html>`, ErrUnavailable},
		{302, `{}`, ErrUnavailable}, {402, `{}`, ErrUnavailable},
	} {
		srv, asked := tokenServer(t, func(map[string]string) (int, string) { return row.status, row.answer })
		_, err := appAt(t, srv, clock.NewFixed(sessionNow)).Refresh(context.Background(), demoShop, "canary-refresh")
		if !errors.Is(err, row.want) {
			t.Errorf("%d %s: got %v, want %v", row.status, row.answer, err, row.want)
		}
		if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "now") && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells a secret: %v", err)
		}
		if len(*asked) != 1 {
			t.Errorf("%d: asked %d times", row.status, len(*asked))
		}
	}
	srv, _ := tokenServer(t, func(map[string]string) (int, string) { return 200, pairAnswer })
	a := appAt(t, srv, clock.NewFixed(sessionNow))
	srv.Close()
	if _, err := a.Refresh(context.Background(), demoShop, "r"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("server away: %v", err)
	}
}

// TestNothingIsDialledOutside sends requests to names that are no shops.

func TestNothingIsDialledOutside(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer srv.Close()
	a := appAt(t, srv, clock.System{})
	client := a.httpClient(a.transport, time.Second)
	for _, name := range append(notShops, strings.TrimPrefix(srv.URL, "http://"), strings.TrimPrefix(srv.URL, "http://")+"/?myshopify.com") {
		if _, err := a.Refresh(context.Background(), Domain(name), "r"); err == nil {
			t.Errorf("%q got a token", name)
		}
		if req, err := http.NewRequest(http.MethodGet, "https://"+name+"/", nil); err == nil {
			if resp, err := client.Do(req); err == nil && !Domain(req.URL.Host).valid() {
				resp.Body.Close()
				t.Errorf("%q was dialled", name)
			}
		}
	}
	if resp, err := client.Get("http://lumen.myshopify.com/"); err == nil {
		resp.Body.Close()
		t.Error("a request left without TLS")
	}
}
