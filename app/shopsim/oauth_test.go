package shopsim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func refreshBody(refresh string) map[string]string {
	return map[string]string{"client_id": testKey, "client_secret": testSecret, "grant_type": "refresh_token", "refresh_token": refresh}
}

type tokenAnswer struct {
	Access           string `json:"access_token"`
	Refresh          string `json:"refresh_token"`
	Scope            string `json:"scope"`
	ExpiresIn        int64  `json:"expires_in"`
	RefreshExpiresIn int64  `json:"refresh_token_expires_in"`
	Error            string `json:"error"`
}

func (r *rig) grant(in map[string]string) (int, tokenAnswer) {
	r.t.Helper()
	status, raw := r.post("/admin/oauth/access_token", "", in)
	var out tokenAnswer
	if err := json.Unmarshal(raw, &out); err != nil {
		r.t.Fatalf("%d %s", status, raw)
	}
	return status, out
}

func (r *rig) works(token string) bool {
	status, _ := r.post("/admin/api/2026-10/graphql.json", token, map[string]any{"query": "{ shop { id } }"})
	return status == 200
}

func TestTokenExchange(t *testing.T) {
	r := newRig(t)
	_, err := r.sim.MakeShop(ShopSpec{Domain: "other.myshopify.com"})
	must(t, err)
	stale := r.sim.SessionToken(r.shop)
	*r.now = r.now.Add(61 * time.Second)
	good := r.sim.SessionToken(r.shop)
	for name, c := range map[string]struct {
		change func(map[string]string)
		want   string
	}{
		"an offline token":          {func(map[string]string) {}, ""},
		"a session of a minute ago": {func(m map[string]string) { m["subject_token"] = stale }, "invalid_subject_token"},
		"a session of another shop": {func(m map[string]string) { m["subject_token"] = r.sim.SessionToken(r.sim.Shop("other.myshopify.com")) }, "invalid_subject_token"},
		"a forged session":          {func(m map[string]string) { m["subject_token"] = good[:len(good)-4] + "AAAA" }, "invalid_subject_token"},
		"a wrong secret":            {func(m map[string]string) { m["client_secret"] = "x" }, "invalid_client"},
		"another app":               {func(m map[string]string) { m["client_id"] = "x" }, "invalid_client"},
		"a token without an end":    {func(m map[string]string) { m["expiring"] = "0" }, "invalid_request"},
		"an unknown grant":          {func(m map[string]string) { m["grant_type"] = "password" }, "unsupported_grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			r.t = t
			in := exchangeBody(good)
			c.change(in)
			status, out := r.grant(in)
			if c.want != "" {
				if status != 400 || out.Error != c.want {
					t.Errorf("%d %q, want 400 %q", status, out.Error, c.want)
				}
				return
			}
			if status != 200 || out.ExpiresIn != 3600 || out.RefreshExpiresIn != 90*24*3600 || !r.works(out.Access) {
				t.Errorf("%d %+v", status, out)
			}
			if !strings.Contains(out.Scope, "write_orders") {
				t.Errorf("scope %q", out.Scope)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	r := newRig(t)
	access, refresh := r.token()
	status, first := r.grant(refreshBody(refresh))
	if status != 200 || first.Refresh == refresh || r.works(access) {
		t.Fatalf("%d: the pair did not rotate", status)
	}
	// The answer was lost: the old refresh token gives another pair, and the
	// lost one is dead.
	status, second := r.grant(refreshBody(refresh))
	if status != 200 || r.works(first.Access) || !r.works(second.Access) {
		t.Fatalf("%d: a lost answer cannot be fetched again", status)
	}
	// Now the new pair has been used, and the old refresh token is dead.
	if status, out := r.grant(refreshBody(refresh)); status != 400 || out.Error != "invalid_grant" {
		t.Errorf("%d %s: the old refresh token still works", status, out.Error)
	}
	if status, out := r.grant(refreshBody(first.Refresh)); status != 400 || out.Error != "invalid_grant" {
		t.Errorf("%d %s: the lost pair still works", status, out.Error)
	}
	*r.now = r.now.Add(time.Hour)
	if r.works(second.Access) {
		t.Error("the access token lives longer than an hour")
	}
	*r.now = r.now.Add(90 * 24 * time.Hour)
	if status, _ := r.grant(refreshBody(second.Refresh)); status != 400 {
		t.Error("the refresh token lives longer than ninety days")
	}
}

func TestRefreshRetryWindow(t *testing.T) {
	r := newRig(t)
	_, refresh := r.token()
	r.grant(refreshBody(refresh))
	*r.now = r.now.Add(31 * 24 * time.Hour)
	if status, out := r.grant(refreshBody(refresh)); status != 400 {
		t.Errorf("%d %+v: retried after thirty days", status, out)
	}
}

func TestUninstallKillsTokens(t *testing.T) {
	r := newRig(t)
	access, refresh := r.token()
	must(t, r.sim.SetInstalled(r.shop.ID, false, nil))
	if r.works(access) {
		t.Error("the access token survived")
	}
	if status, _ := r.grant(refreshBody(refresh)); status != 400 {
		t.Error("the refresh token survived")
	}
	if status, out := r.grant(exchangeBody(r.sim.SessionToken(r.shop))); status != 400 || out.Error == "" {
		t.Errorf("%d: a token for a shop without the app", status)
	}
	must(t, r.sim.SetInstalled(r.shop.ID, true, DefaultScopes))
	if status, _ := r.grant(exchangeBody(r.sim.SessionToken(r.shop))); status != 200 {
		t.Error("a reinstalled app gets no token")
	}
}

func TestAuthorizationCode(t *testing.T) {
	r := newRig(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(redirect string) *http.Response {
		q := url.Values{"client_id": {testKey}, "scope": {"read_orders,read_products"}, "redirect_uri": {redirect}, "state": {"abc"}}
		req, _ := http.NewRequest(http.MethodGet, r.server.URL+"/admin/oauth/authorize?"+q.Encode(), nil)
		req.Host = r.shop.Domain
		res, err := client.Do(req)
		must(t, err)
		res.Body.Close()
		return res
	}
	if res := ask("http://evil.test/auth/callback"); res.StatusCode != 400 {
		t.Errorf("%d: redirected to another host", res.StatusCode)
	}
	res := ask("http://app.test/auth/callback")
	back, err := url.Parse(res.Header.Get("Location"))
	must(t, err)
	signed, given, ok := strings.Cut(back.RawQuery, "&hmac=")
	if q := back.Query(); !ok || q.Get("state") != "abc" || q.Get("shop") != r.shop.Domain || q.Get("code") == "" || q.Get("timestamp") == "" {
		t.Fatalf("callback %s", back)
	}
	if want := hexMAC(testSecret, signed); want != given {
		t.Errorf("hmac %s, want %s", given, want)
	}
	body := map[string]string{"client_id": testKey, "client_secret": testSecret, "code": back.Query().Get("code"), "expiring": "1"}
	if status, out := r.grant(body); status != 200 || out.Scope != "read_orders,read_products" || out.Refresh == "" {
		t.Errorf("%d %+v", status, out)
	}
	if status, _ := r.grant(body); status != 400 {
		t.Error("a code works twice")
	}
}

func TestProxyMessage(t *testing.T) {
	// The documented example.
	q := url.Values{"extra": {"1", "2"}, "shop": {"shop-name.myshopify.com"}, "logged_in_customer_id": {"1"}, "path_prefix": {"/apps/awesome_reviews"}, "timestamp": {"1317327555"}}
	if got := hexMAC("hush", proxyMessage(q)); got != "4c68c8624d737112c91818c11017d24d334b524cb5c2b8ba08daa056f7395ddb" {
		t.Errorf("%s", got)
	}
}
