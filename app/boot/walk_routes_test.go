package boot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"afterglow/app/store"
	"afterglow/app/web"
)

// A shop reaches nothing of another one, on any route, whatever it names.
func TestNoRouteReachesAnotherShop(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a, b := w.tenants[0], w.tenants[1]
		before := w.rowsOf(b)
		all := asks(a, b)
		walked := 0
		for _, route := range w.Engine.Routes() {
			if route.Auth != web.Session {
				continue
			}
			method := route.Method
			if method == http.MethodHead {
				method = http.MethodGet
			}
			list := all[method+" "+route.Path]
			if len(list) == 0 {
				t.Errorf("%s %s has no request in this walk", route.Method, route.Path)
			}
			for _, q := range list {
				header := append(w.bearer(a), "Content-Type", "application/json", "X-Shopify-Shop-Domain", string(b.domain), "Referer", "https://"+string(b.domain)+"/admin")
				answer := w.send(route.Method, q.url(b), q.bytes(t), header...)
				if answer.Code != q.want {
					t.Errorf("%s %s: %d, want %d: %.300s", route.Method, q.path, answer.Code, q.want, answer.Body)
				}
				tellsNothing(t, route.Method+" "+q.path, answer, b)
				if q.empty != "" && route.Method == http.MethodGet {
					var lists map[string]json.RawMessage
					if err := json.Unmarshal(answer.Body.Bytes(), &lists); err != nil || string(lists[q.empty]) != "[]" {
						t.Errorf("%s: %s is %s, want an empty list", q.path, q.empty, lists[q.empty])
					}
				}
				walked++
			}
		}
		if walked < 30 {
			t.Errorf("only %d requests were made", walked)
		}
		w.idle() // what A caused must not touch B later either
		sameRows(t, before, w.rowsOf(b))
	})
}

func tellsNothing(t testing.TB, what string, answer *httptest.ResponseRecorder, b *tenant) {
	t.Helper()
	text := answer.Body.String() + fmt.Sprint(answer.Header())
	for kind, secret := range b.private() {
		if strings.Contains(text, secret) {
			t.Errorf("%s tells the other shop's %s", what, kind)
		}
	}
}

func sameRows(t testing.TB, before, after map[string]string) {
	t.Helper()
	for table := range before {
		if before[table] != after[table] {
			t.Errorf("%s of the other shop changed: %s, now %s", table, before[table], after[table])
		}
	}
}

// Shopify's own signature for shop A moves nothing of shop B, whose ids the body names.
func TestWebhookOfOneShopDoesNotTouchAnother(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a, b := w.tenants[0], w.tenants[1]
		before := w.rowsOf(b)
		later := w.clk.Now().Add(time.Hour).Format(time.RFC3339)
		for _, event := range []struct {
			topic string
			body  map[string]any
		}{
			{"orders/delete", map[string]any{"id": b.order}},
			{"orders/cancelled", map[string]any{"id": b.order, "name": "#1", "currency": "USD", "updated_at": later, "cancelled_at": later, "line_items": []any{}}},
			{"orders/edited", map[string]any{"order_edit": map[string]any{"id": 1, "order_id": b.order, "committed_at": later}}},
			{"refunds/create", map[string]any{"id": 77, "order_id": b.order, "created_at": later}},
			{"shop/update", map[string]any{"id": int64(b.id), "myshopify_domain": b.domain, "name": "stolen", "currency": "EUR", "updated_at": later}},
			{"customers/delete", map[string]any{"id": 1}},
			// Last: afterwards nobody hears the first shop any more.
			{"app/uninstalled", map[string]any{"id": int64(b.id), "domain": b.domain, "myshopify_domain": b.domain}},
		} {
			raw, err := json.Marshal(event.body)
			if err != nil {
				t.Fatal(err)
			}
			if answer := w.webhook(a, event.topic, "foreign-"+event.topic, raw); answer.Code != http.StatusOK {
				t.Errorf("%s: %d", event.topic, answer.Code)
			}
		}
		w.idle()
		sameRows(t, before, w.rowsOf(b))
	})
}

// A signed link of one shop opens nothing of another, and no link of another kind.
func TestLinksOpenOnlyTheirOwn(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a, b := w.tenants[0], w.tenants[1]
		before := w.rowsOf(b)
		sign := func(o *tenant, kind, ref string, left time.Duration) string {
			token, err := w.Links.Sign(web.Link{Shop: o.id, Kind: kind, Ref: ref, Expires: w.clk.Now().Add(left)})
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		order := strconv.FormatInt(b.order, 10)
		walked := 0
		for _, route := range w.Engine.Routes() {
			if route.Auth != web.Linking {
				continue
			}
			if route.Kind == "lookup" {
				continue // TestOneTimeLinksOpenOnlyTheirOwn
			}
			refs, known := map[string]struct {
				own, foreign          string
				opens, closedToOthers int
			}{
				"order":       {strconv.FormatInt(a.order, 10), order, 200, 404},
				"unsubscribe": {a.message, b.message, 200, 404},
				"feedback":    {a.hook, b.hook, 400, 401}, // the body is empty
			}[route.Kind]
			if !known {
				t.Errorf("%s takes links of kind %q, which this walk does not know", route.Path, route.Kind)
			}
			if strings.Contains(route.Path, "/:id") { // of something that the order does not have
				refs.opens = 404
			}
			own := sign(a, route.Kind, refs.own, time.Hour)
			old := 401
			if route.Expired { // it mails a new one
				old = 200
			}
			for name, c := range map[string]struct {
				token string
				want  int
			}{
				"own":                {own, refs.opens},
				"other's":            {sign(a, route.Kind, refs.foreign, time.Hour), refs.closedToOthers},
				"other's number":     {sign(a, route.Kind, strconv.FormatInt(b.order, 10)+"0", time.Hour), refs.closedToOthers},
				"other kind":         {sign(a, "return", refs.own, time.Hour), 401},
				"expired":            {sign(a, route.Kind, refs.own, -time.Second), old},
				"cut":                {own[:len(own)-4], 401},
				"turned":             {own[:len(own)-6] + "AAAAAA", 401},
				"none":               {"x", 401},
				"shop not installed": {sign(&tenant{id: 999}, route.Kind, refs.foreign, time.Hour), 404},
			} {
				path := strings.NewReplacer(":token", c.token, ":provider", "generic", ":photo", a.photo, ":parcel", strconv.FormatInt(a.parcel, 10)).Replace(route.Path)
				answer := w.send(route.Method, path+"?shop="+string(b.domain), nil, "Accept", "text/html")
				if got := answer.Code; got != c.want && !(route.Method == http.MethodPost && c.want == 200 && (got == http.StatusSeeOther || got == http.StatusUnprocessableEntity)) {
					t.Errorf("%s %s, link %q: %d, want %d", route.Method, route.Path, name, got, c.want) // an empty form goes back to the page, or is refused
				}
				tellsNothing(t, name, answer, b)
				walked++
			}
		}
		if walked == 0 {
			t.Error("no route takes links")
		}
		sameRows(t, before, w.rowsOf(b))
	})
}

// A one-time link of one shop opens nothing of another.
func TestOneTimeLinksOpenOnlyTheirOwn(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a, b := w.tenants[0], w.tenants[1]
		for _, o := range []*tenant{a, b} {
			err := w.DB.InTx(t.Context(), o.id, func(tx *store.Tx) error {
				return tx.Exec("INSERT INTO orders_lookups (shop_id, id, name_key, email_key, locale, order_id, expires_at, created_at) VALUES (?, ?, '', '', 'en', ?, ?, ?)",
					tx.Shop, fmt.Sprintf("lkp_%d", o.id), o.order, tx.Now.Add(time.Hour), tx.Now).Error
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		before := w.rowsOf(b)
		sign := func(o *tenant, ref *tenant, left time.Duration) string {
			token, err := w.Links.Sign(web.Link{Shop: o.id, Kind: "lookup", Ref: fmt.Sprintf("lkp_%d", ref.id), Expires: w.clk.Now().Add(left)})
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		for name, c := range map[string]struct {
			token string
			want  [2]int // GET, then POST
		}{
			"other's": {sign(a, b, time.Hour), [2]int{401, 401}}, "expired": {sign(a, a, -time.Second), [2]int{401, 401}}, "own": {sign(a, a, time.Hour), [2]int{200, 303}},
		} {
			for i, method := range []string{"GET", "POST"} {
				answer := w.send(method, "/l/r/"+c.token, nil, "Accept", "text/html")
				if answer.Code != c.want[i] {
					t.Errorf("%s, link %q: %d, want %d", method, name, answer.Code, c.want[i])
				}
				tellsNothing(t, name, answer, b)
			}
		}
		sameRows(t, before, w.rowsOf(b))
	})
}

// token signs claims as Shopify would; change replaces or, with nil, removes some.
func (w *walk) token(o *tenant, key, alg string, change map[string]any) string {
	now := w.clk.Now().Unix()
	claims := map[string]any{"iss": "https://" + string(o.domain) + "/admin", "dest": "https://" + string(o.domain), "aud": w.env["SHOPIFY_API_KEY"], "sub": "42",
		"exp": now + 60, "nbf": now, "iat": now, "jti": "j", "sid": "s"}
	for k, v := range change {
		if claims[k] = v; v == nil {
			delete(claims, k)
		}
	}
	part := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			w.t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	text := part(map[string]string{"alg": alg, "typ": "JWT"}) + "." + part(claims)
	if alg == "none" {
		return text + "."
	}
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// Who does not prove who they are gets 401 on every staff route, always the same
// one, and changes nothing.
func TestNoStaffRouteAnswersWithoutProof(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a, b := w.tenants[0], w.tenants[1]
		secret := w.env["SHOPIFY_API_SECRET"]
		now := w.clk.Now().Unix()
		good := w.token(a, secret, "HS256", nil)
		stranger := *a
		stranger.domain = "stranger.myshopify.com"
		if answer := w.send(http.MethodGet, "/api/v1/session", nil, "Authorization", "Bearer "+good); answer.Code != http.StatusOK {
			t.Fatalf("a good token of this test: %d", answer.Code)
		}
		proofs := map[string][]string{
			"none":            nil,
			"empty":           {"Authorization", ""},
			"two":             {"Authorization", "Bearer " + good, "Authorization", "Bearer " + good},
			"basic":           {"Authorization", "Basic " + good},
			"cookie":          {"Cookie", "session=" + good},
			"garbage":         {"Authorization", "Bearer garbage"},
			"alg none":        {"Authorization", "Bearer " + w.token(a, "", "none", nil)},
			"other key":       {"Authorization", "Bearer " + w.token(a, "guess", "HS256", nil)},
			"empty key":       {"Authorization", "Bearer " + w.token(a, "", "HS256", nil)},
			"RS256":           {"Authorization", "Bearer " + w.token(a, secret, "RS256", nil)},
			"expired":         {"Authorization", "Bearer " + w.token(a, secret, "HS256", map[string]any{"exp": now - 60, "nbf": now - 120})},
			"not yet":         {"Authorization", "Bearer " + w.token(a, secret, "HS256", map[string]any{"nbf": now + 60})},
			"no exp":          {"Authorization", "Bearer " + w.token(a, secret, "HS256", map[string]any{"exp": nil})},
			"other app":       {"Authorization", "Bearer " + w.token(a, secret, "HS256", map[string]any{"aud": "another-app"})},
			"iss and dest":    {"Authorization", "Bearer " + w.token(a, secret, "HS256", map[string]any{"dest": "https://" + string(b.domain)})},
			"dest with path":  {"Authorization", "Bearer " + w.token(a, secret, "HS256", map[string]any{"dest": "https://" + string(a.domain) + "/x"})},
			"evil dest":       {"Authorization", "Bearer " + w.token(a, secret, "HS256", map[string]any{"iss": "https://evil.example/admin", "dest": "https://evil.example"})},
			"claims swapped":  {"Authorization", "Bearer " + swapClaims(good, w.token(b, "guess", "HS256", nil))},
			"token in query":  nil,
			"stranger's shop": {"Authorization", "Bearer " + w.token(&stranger, secret, "HS256", nil)},
		}
		before := []map[string]string{w.rowsOf(a), w.rowsOf(b)}
		all := asks(a, b)
		for _, route := range w.Engine.Routes() {
			if route.Auth != web.Session || route.Method == http.MethodHead {
				continue
			}
			sentence := ""
			for _, name := range slices.Sorted(maps.Keys(proofs)) {
				q := all[route.Method+" "+route.Path][0]
				target := q.url(a)
				if name == "token in query" {
					target += "&id_token=" + good + "&session=" + good
				}
				answer := w.send(route.Method, target, q.bytes(t), append(slices.Clone(proofs[name]), "Content-Type", "application/json")...)
				var p struct{ Detail, Code, Title string }
				if err := json.Unmarshal(answer.Body.Bytes(), &p); err != nil {
					t.Errorf("%s %s with %s: %.200s", route.Method, route.Path, name, answer.Body)
				}
				want := http.StatusUnauthorized
				if name == "stranger's shop" {
					want = http.StatusNotFound
				}
				if answer.Code != want {
					t.Errorf("%s %s with proof %q: %d, want %d", route.Method, route.Path, name, answer.Code, want)
				}
				if want != http.StatusUnauthorized {
					continue
				}
				if sentence == "" {
					sentence = fmt.Sprint(p)
				}
				if fmt.Sprint(p) != sentence || answer.Header().Get("X-Shopify-Retry-Invalid-Session-Request") != "1" {
					t.Errorf("%s %s with proof %q answers %v, others %s: the difference helps who guesses", route.Method, route.Path, name, p, sentence)
				}
			}
		}
		sameRows(t, before[0], w.rowsOf(a))
		sameRows(t, before[1], w.rowsOf(b))
	})
}

// swapClaims puts the claims of one token under the signature of another.
func swapClaims(signed, claims string) string {
	s, c := strings.Split(signed, "."), strings.Split(claims, ".")
	return s[0] + "." + c[1] + "." + s[2]
}

// Shopify's entrances refuse what Shopify did not sign.
func TestWebhookRoutesRefuseWhatIsNotSigned(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a := w.tenants[0]
		before := w.rowsOf(a)
		for _, route := range w.Engine.Routes() {
			if route.Auth != web.Webhook {
				continue
			}
			for name, signature := range map[string]string{"none": "", "hex": "00ff", "other secret": "q9f4Yw1pBHBCRnRCHPTFXbbtHmVHpwEJT8c1nRIvF1o="} {
				answer := w.send(route.Method, route.Path, []byte(`{"id":1}`), "X-Shopify-Topic", "orders/create", "X-Shopify-Shop-Domain", string(a.domain),
					"X-Shopify-Hmac-Sha256", signature, "X-Shopify-Event-Id", "forged")
				if answer.Code != http.StatusUnauthorized {
					t.Errorf("%s with signature %s: %d", route.Path, name, answer.Code)
				}
			}
		}
		for _, route := range w.Engine.Routes() {
			if route.Auth == web.Proxy {
				query := fmt.Sprintf("?shop=%s&logged_in_customer_id=&path_prefix=%%2Fapps%%2Fafterglow&timestamp=%d&signature=%064d", a.domain, w.clk.Now().Unix(), 0)
				if answer := w.send(route.Method, route.Path+query, nil); answer.Code != http.StatusUnauthorized {
					t.Errorf("%s with a wrong signature: %d", route.Path, answer.Code)
				}
				if answer := w.send(route.Method, route.Path+query+"&shop=evil.myshopify.com", nil); answer.Code != http.StatusBadRequest {
					t.Errorf("%s with two shops: %d", route.Path, answer.Code)
				}
			}
		}
		sameRows(t, before, w.rowsOf(a))
	})
}
