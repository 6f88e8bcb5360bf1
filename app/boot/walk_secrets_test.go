package boot

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"afterglow/app/mail/mailtest"
	"afterglow/app/messages"
	"afterglow/app/store"
	"afterglow/app/web"
)

// canaries are people's data and secrets that pass through the house.
func (w *walk) canaries(o *tenant, link string) map[string]string {
	return map[string]string{
		"first name": o.first, "last name": o.last, "e-mail": o.email, "phone": o.phone, "street": o.street, "city": o.city,
		"access token": o.credential.Access, "refresh token": o.credential.Refresh,
		"app secret": w.env["SHOPIFY_API_SECRET"], "encryption key": strings.TrimPrefix(w.env["ENCRYPTION_KEYS"], "k1:"), "signed link": link,
	}
}

// forms are the ways in which a text may be written.
func forms(s string) map[string]string {
	return map[string]string{"plain": s, "lower case": strings.ToLower(s), "query": url.QueryEscape(s), "path": url.PathEscape(s), "JSON": strconv.Quote(s),
		"base64": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(s)), "="), "hex": hex.EncodeToString([]byte(s))}
}

// Names, addresses, tokens and secrets go through every route, every way to
// fail and every background job; none of them gets into a log or a metric.
func TestNoSecretAndNoPersonGetsIntoLogsOrMetrics(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a, b := w.tenants[0], w.tenants[1]
		link, err := w.Links.Sign(web.Link{Shop: a.id, Kind: "order", Ref: strconv.FormatInt(a.order, 10), Expires: w.clk.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		session := w.sim.SessionToken(a.shop)
		w.refusedMail(a)
		w.everyRoute(a, b, link, session)
		w.brokenWebhooks(a) // the last one: it uninstalls the app
		w.idle()
		w.Queue.Stop()
		w.DB.Close() // from here on everything fails
		w.everyRoute(a, b, link, session)
		w.brokenWebhooks(a)

		metrics := httptest.NewRecorder()
		w.Metrics.Handler().ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		if metrics.Code != http.StatusOK || !strings.Contains(metrics.Body.String(), "afterglow_http_request_seconds") {
			t.Errorf("metrics: %d", metrics.Code)
		}
		log := w.log.String()
		for _, want := range []string{`"msg":"request"`, `"msg":"request failed"`, `"job failed"`} {
			if !strings.Contains(log, want) {
				t.Errorf("the log lacks %s: this test has not been where it means to go", want)
			}
		}
		lower := strings.ToLower(log + metrics.Body.String())
		for _, o := range []*tenant{a, b} {
			for kind, canary := range w.canaries(o, link) {
				if canary == "" {
					t.Fatalf("no %s to look for", kind)
				}
				for form, text := range forms(canary) {
					if at := strings.Index(lower, strings.ToLower(text)); at >= 0 {
						t.Errorf("%s (%s) is in the log or the metrics: …%s…", kind, form, lower[max(0, at-200):min(len(lower), at+100)])
						break
					}
				}
			}
		}
		if strings.Contains(log, session) {
			t.Error("a session token is in the log")
		}
	})
}

// everyRoute calls each route as its owner would, and wrongly, with canaries in
// path, query, header and body.
func (w *walk) everyRoute(a, b *tenant, link, session string) {
	all := asks(a, b)
	stuffed := url.Values{"q": {a.email}, "name": {a.first + " " + a.last}, "phone": {a.phone}, "address": {a.street}, "id_token": {session},
		"access_token": {a.credential.Access}, "shop": {string(a.domain)}, "host": {"x"}, "hmac": {"00"}, "code": {a.credential.Refresh}, "to": {a.email}}.Encode()
	person, err := json.Marshal(map[string]any{"email": a.email, "name": a.first, "to": a.email, "phone": a.phone, "address": a.street, "token": a.credential.Access})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, route := range w.Engine.Routes() {
		path := strings.NewReplacer(":token", link, ":id", url.PathEscape(a.email), "*path", url.PathEscape(a.last)).Replace(route.Path)
		headers := []string{"Content-Type", "application/json", "Referer", "https://x.example/?email=" + a.email, "User-Agent", a.first, "X-Request-Id", a.email, "X-Forwarded-For", a.phone,
			"Authorization", "Bearer " + session, "Cookie", "afterglow_state=" + a.credential.Access}
		w.send(route.Method, path+"?"+stuffed, person, headers...)
		w.send(route.Method, path+"?"+stuffed, person[:len(person)/2], headers...)
		w.send(route.Method, path, nil, "Authorization", "Bearer "+a.credential.Access)
		w.send("BREW"+strings.ToUpper(a.last), path, nil)
		for _, q := range all[route.Method+" "+route.Path] {
			w.send(route.Method, q.url(a), q.bytes(w.t), headers...)
		}
	}
	for _, own := range []string{"/orders/" + strconv.FormatInt(a.order, 10), "/orders?q=" + url.QueryEscape(a.email), "/messages/" + a.message, "/messages/" + a.message + "/preview"} {
		w.send(http.MethodGet, "/api/v1"+own, nil, "Authorization", "Bearer "+session)
	}
	w.send(http.MethodGet, "/no/such/"+url.PathEscape(a.email)+"?"+stuffed, nil)
	w.send(http.MethodGet, w.frameTarget(a, "/"), nil)
}

// brokenWebhooks sends what cannot be read, with people in it.
func (w *walk) brokenWebhooks(a *tenant) {
	for topic := range w.topics() {
		for i, body := range []string{
			`{"id":"` + a.email + `","email":"` + a.email + `","customer":{"first_name":"` + a.first + `"}}`,
			`{"id":5,"currency":"` + a.last + `","total_price":"` + a.phone + `","email":"` + a.email + `","created_at":"` + a.street + `"}`,
			`["` + a.email + `"]`, `{"customer":{"email":"` + a.email, a.first + " " + a.street,
		} {
			w.webhook(a, topic, "broken-"+topic+strconv.Itoa(i), []byte(body))
		}
	}
	w.webhook(a, "orders/create", a.email, []byte(`{`)) // a header is not personal, but nobody checks it
	w.send(http.MethodPost, "/webhooks/shopify", []byte(a.email), "X-Shopify-Topic", a.first+"/"+a.last, "X-Shopify-Shop-Domain", a.email, "X-Shopify-Hmac-Sha256", a.credential.Access)
}

func (w *walk) topics() map[string]bool {
	topics := map[string]bool{}
	for _, topic := range w.Inbox.Topics() {
		topics[topic] = true
	}
	return topics
}

// refusedMail lets the mail server say the address back in its refusals.
func (w *walk) refusedMail(a *tenant) {
	if w.mails == nil {
		return
	}
	for i, answer := range []string{"451 4.7.1 <" + a.email + "> " + a.first + " try later", "550 5.1.1 <" + a.email + "> " + a.last + " unknown"} {
		w.mails.Misbehave(mailtest.Faults{Answer: func(string) string { return answer }})
		request, err := json.Marshal(map[string]string{"request_id": "refused-" + answer[:3] + "-00"})
		if err != nil {
			w.t.Fatal(err)
		}
		w.send(http.MethodPost, "/api/v1/messages/"+a.message+"/resend", request, append(w.bearer(a), "Content-Type", "application/json")...)
		w.until("the refusal "+answer[:3], func() bool {
			tried := 0
			err := w.DB.Read(w.t.Context(), a.id, func(tx *store.Tx) error {
				sent, err := messages.ForOrder(tx, a.order)
				for _, m := range sent {
					if m.ResendOf != "" && m.AttemptedAt != nil {
						tried++
					}
				}
				return err
			})
			return err == nil && tried == i+1
		})
	}
}

// Each shop may be framed by itself and Shopify's admin, by nobody else, and
// nothing but the admin's own pages may be framed at all.
func TestOnlyTheOwnAdminMayFrame(t *testing.T) {
	w := openWalk(t, "sqlite")
	session := map[*tenant]string{}
	for _, o := range w.tenants {
		session[o] = w.sim.SessionToken(o.shop)
	}
	w.production()
	framed := append(strings.Fields("/auth/bounce /auth/exit"), adminPages...)
	seen := map[string]bool{}
	for _, o := range w.tenants {
		own := "frame-ancestors https://" + string(o.domain) + " https://admin.shopify.com"
		for _, route := range w.Engine.Routes() {
			path := strings.NewReplacer(":id", "1", ":token", "x", "*path", "none.js").Replace(route.Path)
			q := url.Values{"embedded": {"1"}, "shop": {string(o.domain)}, "id_token": {session[o]}, "shopify-reload": {"https://app.example.com/orders"},
				"target": {"https://admin.shopify.com/store/" + o.domain.Name() + "/apps"}}
			answer := w.send(route.Method, path+"?"+q.Encode(), nil, "Accept", "text/html", "Authorization", "Bearer "+session[o])
			want := "frame-ancestors 'none'"
			for _, f := range framed {
				if f == route.Path && answer.Code == http.StatusOK {
					want, seen[f] = own, true
				}
			}
			if got := ancestors(answer); got != want {
				t.Errorf("%s %s for %s answers %d with %q, want %q", route.Method, route.Path, o.domain, answer.Code, got, want)
			}
			if answer.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: no nosniff", route.Path)
			}
			// Without a shop nobody may frame it.
			if got := ancestors(w.send(route.Method, path, nil, "Accept", "text/html")); got != "frame-ancestors 'none'" {
				t.Errorf("%s %s without a shop: %q", route.Method, route.Path, got)
			}
		}
	}
	for _, f := range framed {
		if !seen[f] {
			t.Errorf("%s was never answered with its page", f)
		}
	}
}

// ancestors is the one frame-ancestors directive of the one policy.
func ancestors(answer *httptest.ResponseRecorder) string {
	policies := answer.Header().Values("Content-Security-Policy")
	var found []string
	for directive := range strings.SplitSeq(strings.Join(policies, ";"), ";") {
		if d := strings.TrimSpace(directive); strings.HasPrefix(d, "frame-ancestors") {
			found = append(found, d)
		}
	}
	if len(policies) != 1 {
		return strconv.Itoa(len(policies)) + " policies"
	}
	return strings.Join(found, " and ")
}
