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
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"afterglow/app/store"
	"afterglow/app/web"
)

// ask is one request of shop A that names things of shop B.
type ask struct {
	path  string // with B's ids in it
	query url.Values
	body  any
	want  int
	empty string // the list in the answer that must be empty
}

// asks has requests for every route that staff can reach, by "METHOD path". A
// new route without a line here fails the walk.
func asks(a, b *tenant) map[string][]ask {
	order := strconv.FormatInt(b.order, 10)
	foreign := map[string]any{"request_id": "walk-0123456789", "shop_id": int64(b.id), "shop": map[string]any{"id": b.id.String(), "domain": b.domain}}
	settings := map[string]any{"sender_name": "Alder", "reply_to": "", "postal_address": "", "support_email": "", "logo_url": "", "accent_color": "#2a5bd7",
		"confirmation_enabled": true, "returns_days": 14, "returns_policy_url": "", "version": 1}
	stolen := maps.Clone(settings)
	stolen["shop_id"] = int64(b.id)
	plain := map[string]any{"default_style": "plain"}
	asked := func(kind string) map[string]any {
		return map[string]any{"id": "chg_01234567-89ab-7cde-8f01-23456789abcd", "kind": kind, "line_id": "1", "variant_id": "", "quantity": 0, "address": nil, "credit": false, "override": false, "note": "", "quiet": false}
	}
	return map[string][]ask{
		"GET /api/v1/session":  {{path: "/session", want: 200}},
		"GET /api/v1/home":     {{path: "/home", want: 200}},
		"GET /api/v1/progress": {{path: "/progress", want: 200}},
		"GET /api/v1/orders": {
			{path: "/orders", want: 200},
			{path: "/orders", query: url.Values{"q": {b.email}}, want: 200, empty: "orders"},
			{path: "/orders", query: url.Values{"q": {b.last}}, want: 200, empty: "orders"},
		},
		"GET /api/v1/orders/:id": {
			{path: "/orders/" + order, want: 404},
			{path: "/orders/" + url.PathEscape("gid://shopify/Order/"+order), want: 404},
		},
		"GET /api/v1/orders/:id/timeline": {{path: "/orders/" + order + "/timeline", want: 404}},
		"GET /api/v1/imports":             {{path: "/imports", want: 200}},
		"POST /api/v1/imports": {
			{path: "/imports", body: map[string]any{"what": "orders", "shop_id": int64(b.id)}, want: 400},
			{path: "/imports", body: map[string]any{"what": "customers"}, want: 202},
		},
		"POST /api/v1/imports/:id/cancel": {{path: "/imports/" + b.imported + "/cancel", body: map[string]any{}, want: 404}},
		"GET /api/v1/messages": {
			{path: "/messages", want: 200},
			{path: "/messages", query: url.Values{"q": {b.email}}, want: 200, empty: "messages"},
			{path: "/messages", query: url.Values{"cursor": {b.message}, "state": {"sent"}, "kind": {"orders.confirmation"}}, want: 200},
		},
		"GET /api/v1/messages/:id":         {{path: "/messages/" + b.message, want: 404}},
		"GET /api/v1/messages/:id/preview": {{path: "/messages/" + b.message + "/preview", want: 404}},
		"POST /api/v1/messages/:id/resend": {
			{path: "/messages/" + b.message + "/resend", body: map[string]any{"request_id": "walk-0123456789"}, want: 404},
			{path: "/messages/" + a.message + "/resend", body: foreign, want: 400},
			{path: "/messages/" + a.message + "/resend", body: map[string]any{"request_id": "walk-0123456789", "message_id": b.message, "to": b.email}, want: 400},
		},
		"GET /api/v1/confirmation": {{path: "/confirmation", want: 200}},
		"PUT /api/v1/confirmation/draft": {
			{path: "/confirmation/draft", body: map[string]any{"design": plain, "revision": 1, "shop_id": int64(b.id)}, want: 400},
			{path: "/confirmation/draft", body: map[string]any{"design": plain, "revision": 1}, want: 200},
		},
		"POST /api/v1/confirmation/check":   {{path: "/confirmation/check", body: map[string]any{"design": plain}, want: 200}},
		"POST /api/v1/confirmation/choices": {{path: "/confirmation/choices", body: map[string]any{"design": plain}, want: 200}},
		"POST /api/v1/confirmation/preview": {
			{path: "/confirmation/preview", body: map[string]any{"design": plain, "locale": "fa"}, want: 200},
			{path: "/confirmation/preview", body: map[string]any{"design": plain, "order_id": order}, want: 404},
		},
		"POST /api/v1/confirmation/test": {
			{path: "/confirmation/test", body: map[string]any{"to": "me@walk.example", "style": "warm", "locale": "de", "shop_id": int64(b.id)}, want: 400},
			{path: "/confirmation/test", body: map[string]any{"to": "me@walk.example", "style": "warm", "locale": "de"}, want: 202},
		},
		"POST /api/v1/confirmation/publish":                   {{path: "/confirmation/publish", body: map[string]any{"revision": 99}, want: 409}},
		"GET /api/v1/confirmation/versions":                   {{path: "/confirmation/versions", want: 200}},
		"GET /api/v1/confirmation/versions/:version":          {{path: "/confirmation/versions/1", want: 200}, {path: "/confirmation/versions/2", want: 404}},
		"POST /api/v1/confirmation/versions/:version/restore": {{path: "/confirmation/versions/2/restore", body: map[string]any{}, want: 404}},
		"GET /api/v1/confirmation/template":                   {{path: "/confirmation/template", want: 200}},
		"GET /api/v1/tracking":                                {{path: "/tracking", want: 200}},
		"GET /api/v1/tracking/parcels": {
			{path: "/tracking/parcels", want: 200},
			{path: "/tracking/parcels", query: url.Values{"q": {"TRACK" + b.zip + b.last}}, want: 200, empty: "parcels"},
			{path: "/tracking/parcels", query: url.Values{"view": {"teleported"}}, want: 400},
		},
		"GET /api/v1/tracking/parcels/:id": {{path: "/tracking/parcels/" + strconv.FormatInt(b.parcel, 10), want: 404}},
		"GET /api/v1/tracking/settings":    {{path: "/tracking/settings", want: 200}},
		"PUT /api/v1/tracking/settings": {
			{path: "/tracking/settings", body: map[string]any{"version": 1, "shipped": true, "shop_id": int64(b.id)}, want: 400},
			{path: "/tracking/settings", body: map[string]any{"version": 1, "shipped": false, "out_for_delivery": true, "delivered": true, "delayed": true, "exception": true}, want: 200},
		},
		"GET /api/v1/tracking/preview": {{path: "/tracking/preview", query: url.Values{"kind": {"out"}, "locale": {"fa"}}, want: 200}},
		"GET /api/v1/policy":           {{path: "/policy", want: 200}},
		"PUT /api/v1/policy/draft": {
			{path: "/policy/draft", body: map[string]any{"source": "return:\n  allow\n", "revision": 0, "shop_id": int64(b.id)}, want: 400},
			{path: "/policy/draft", body: map[string]any{"source": "return:\n  allow\n", "revision": 0}, want: 200},
		},
		"POST /api/v1/policy/check":                     {{path: "/policy/check", body: map[string]any{"source": "return:"}, want: 200}},
		"POST /api/v1/policy/try":                       {{path: "/policy/try", body: map[string]any{"source": "return:\n  allow\n", "order_id": order}, want: 404}},
		"POST /api/v1/policy/effect":                    {{path: "/policy/effect", body: map[string]any{"source": "return:\n  allow\n"}, want: 200}},
		"POST /api/v1/policy/publish":                   {{path: "/policy/publish", body: map[string]any{"revision": 99}, want: 409}},
		"GET /api/v1/policy/versions":                   {{path: "/policy/versions", want: 200}},
		"GET /api/v1/policy/versions/:version":          {{path: "/policy/versions/1", want: 200}, {path: "/policy/versions/9", want: 404}},
		"POST /api/v1/policy/versions/:version/restore": {{path: "/policy/versions/9/restore", body: map[string]any{}, want: 404}},
		"GET /api/v1/settings/sender":                   {{path: "/settings/sender", want: 200}},
		"GET /api/v1/setup":                             {{path: "/setup", want: 200}},
		"GET /api/v1/setup/goals":                       {{path: "/setup/goals", want: 200}},
		"PUT /api/v1/setup/goal": {
			{path: "/setup/goal", body: map[string]any{"goal": "warmer_brand", "shop_id": int64(b.id)}, want: 400},
			{path: "/setup/goal", body: map[string]any{"goal": "warmer_brand"}, want: 200},
		},
		"PUT /api/v1/setup/steps/:step": {
			{path: "/setup/steps/style", body: map[string]any{"state": "skipped", "shop_id": int64(b.id)}, want: 400},
			{path: "/setup/steps/style", body: map[string]any{"state": "skipped"}, want: 200},
			{path: "/setup/steps/world", body: map[string]any{"state": "done"}, want: 422},
		},
		"PUT /api/v1/settings/sender": {
			{path: "/settings/sender", body: stolen, want: 400},
			{path: "/settings/sender", body: settings, want: 200},
		},
		"POST /api/v1/settings/sender/test": {
			{path: "/settings/sender/test", body: map[string]any{"to": "me@walk.example", "shop_id": int64(b.id)}, want: 400},
			{path: "/settings/sender/test", body: map[string]any{"to": "me@walk.example"}, want: 202},
		},
		"POST /api/v1/messages/:id/retry": {
			{path: "/messages/" + b.message + "/retry", body: map[string]any{}, want: 404},
			{path: "/messages/" + a.message + "/retry", body: map[string]any{}, want: 409},
		},
		"GET /api/v1/settings/mail": {{path: "/settings/mail", want: 200}},
		"PUT /api/v1/settings/mail": {
			{path: "/settings/mail", body: map[string]any{"version": 0, "shop_id": int64(b.id)}, want: 400},
			{path: "/settings/mail", body: map[string]any{"version": 99}, want: 409},
		},
		"GET /api/v1/settings/mail/queue":        {{path: "/settings/mail/queue", want: 200}},
		"POST /api/v1/settings/mail/check":       {{path: "/settings/mail/check", body: map[string]any{"shop_id": int64(b.id)}, want: 400}},
		"POST /api/v1/settings/mail/test":        {{path: "/settings/mail/test", body: map[string]any{"to": "me@walk.example", "shop_id": int64(b.id)}, want: 400}},
		"GET /api/v1/feedback":                   {{path: "/feedback", want: 200}},
		"POST /api/v1/feedback/address":          {{path: "/feedback/address", body: map[string]any{"shop_id": int64(b.id)}, want: 400}, {path: "/feedback/address", body: map[string]any{}, want: 201}},
		"GET /api/v1/suppressions":               {{path: "/suppressions", want: 200}, {path: "/suppressions", query: url.Values{"q": {b.email}}, want: 200, empty: "suppressions"}},
		"POST /api/v1/suppressions":              {{path: "/suppressions", body: map[string]any{"address": "me@walk.example", "scope": "all", "reason": "walk", "shop_id": int64(b.id)}, want: 400}},
		"POST /api/v1/suppressions/remove":       {{path: "/suppressions/remove", body: map[string]any{"address": b.email, "scope": "all", "reason": "walk"}, want: 404}},
		"GET /api/v1/privacy/requests":           {{path: "/privacy/requests", want: 200}, {path: "/privacy/requests", query: url.Values{"cursor": {"zzz"}}, want: 200}},
		"GET /api/v1/privacy/access":             {{path: "/privacy/access", want: 200}},
		"POST /api/v1/privacy/requests/:id/file": {{path: "/privacy/requests/" + b.request + "/file", body: map[string]any{}, want: 404}},
		"GET /api/v1/offers/codes":               {{path: "/offers/codes", want: 200}, {path: "/offers/codes", query: url.Values{"cursor": {"zzz"}}, want: 200}},
		"GET /api/v1/changes":                    {{path: "/changes", want: 200}, {path: "/changes", query: url.Values{"cursor": {"zzz"}, "kind": {"cancel"}, "state": {"done"}}, want: 200}},
		"GET /api/v1/makegood":                   {{path: "/makegood", want: 200}},
		"GET /api/v1/makegood/offers":            {{path: "/makegood/offers", want: 200}, {path: "/makegood/offers", query: url.Values{"cursor": {"zzz"}}, want: 200}},
		"GET /api/v1/tracking/lanes":             {{path: "/tracking/lanes", want: 200}},
		"PUT /api/v1/makegood": {
			{path: "/makegood", body: map[string]any{"version": 99, "valid_days": 7}, want: 409},
			{path: "/makegood", body: map[string]any{"version": 0, "valid_days": 7, "shop_id": int64(b.id)}, want: 400},
			{path: "/makegood", body: map[string]any{"version": 0, "valid_days": 0}, want: 422},
		},
		"GET /api/v1/changes/orders/:id":          {{path: "/changes/orders/" + order, want: 404}},
		"GET /api/v1/changes/orders/:id/variants": {{path: "/changes/orders/" + order + "/variants", query: url.Values{"line": {"1"}}, want: 404}},
		"POST /api/v1/changes/orders/:id/review":  {{path: "/changes/orders/" + order + "/review", body: asked("remove"), want: 404}},
		"POST /api/v1/changes/orders/:id":         {{path: "/changes/orders/" + order, body: asked("cancel"), want: 404}},
		"GET /api/v1/changes/settings":            {{path: "/changes/settings", want: 200}},
		"PUT /api/v1/changes/settings": {
			{path: "/changes/settings", body: map[string]any{"version": 0, "hold_minutes": 10, "quantity_most": 20, "pay_hours": 48, "shop_id": int64(b.id)}, want: 400},
			{path: "/changes/settings", body: map[string]any{"version": 99, "cancel": true, "hold_minutes": 10, "quantity_most": 20, "pay_hours": 48}, want: 409},
		},
		"GET /api/v1/requests/withdrawals":               {{path: "/requests/withdrawals", want: 200}, {path: "/requests/withdrawals", query: url.Values{"cursor": {b.withdrawal}}, want: 200}, {path: "/requests/withdrawals", query: url.Values{"state": {"zzz"}}, want: 422}},
		"GET /api/v1/requests/withdrawals/:id":           {{path: "/requests/withdrawals/" + b.withdrawal, want: 404}},
		"POST /api/v1/requests/withdrawals/:id/match":    {{path: "/requests/withdrawals/" + b.withdrawal + "/match", body: map[string]any{"order": "#1001"}, want: 404}},
		"POST /api/v1/requests/withdrawals/:id/answer":   {{path: "/requests/withdrawals/" + b.withdrawal + "/answer", body: map[string]any{"accepted": true, "text": ""}, want: 404}},
		"POST /api/v1/requests/withdrawals/:id/dismiss":  {{path: "/requests/withdrawals/" + b.withdrawal + "/dismiss", body: map[string]any{"reason": "x"}, want: 404}},
		"POST /api/v1/requests/withdrawals/:id/refunded": {{path: "/requests/withdrawals/" + b.withdrawal + "/refunded", body: map[string]any{}, want: 404}},
		"GET /api/v1/requests/problems":                  {{path: "/requests/problems", want: 200}},
		"GET /api/v1/requests/problems/:id":              {{path: "/requests/problems/" + b.problem, want: 404}},
		"POST /api/v1/requests/problems/:id/answer":      {{path: "/requests/problems/" + b.problem + "/answer", body: map[string]any{"request_id": "walk-0123456789", "text": "x", "closes": false}, want: 404}},
		"PUT /api/v1/requests/problems/:id/state":        {{path: "/requests/problems/" + b.problem + "/state", body: map[string]any{"state": "closed"}, want: 404}},
		"GET /api/v1/claims": {
			{path: "/claims", want: 200}, {path: "/claims", query: url.Values{"state": {"review"}, "cursor": {b.claim}}, want: 200}, {path: "/claims", query: url.Values{"state": {"zzz"}}, want: 400},
		},
		"GET /api/v1/claims/:id":               {{path: "/claims/" + b.claim, want: 404}},
		"GET /api/v1/claims/:id/photos/:photo": {{path: "/claims/" + b.claim + "/photos/" + b.photo, want: 404}, {path: "/claims/" + a.claim + "/photos/" + b.photo, want: 404}},
		"POST /api/v1/claims/:id/approve":      {{path: "/claims/" + b.claim + "/approve", body: map[string]any{"choice": ""}, want: 404}},
		"POST /api/v1/claims/:id/refuse":       {{path: "/claims/" + b.claim + "/refuse", body: map[string]any{"text": "no"}, want: 404}},
		"POST /api/v1/claims/:id/ask":          {{path: "/claims/" + b.claim + "/ask", body: map[string]any{"text": "which"}, want: 404}},
		"GET /api/v1/makegood/claims":          {{path: "/makegood/claims", want: 200}},
		"PUT /api/v1/makegood/claims": {
			{path: "/makegood/claims", body: map[string]any{"version": 1, "shop_id": int64(b.id)}, want: 400},
			{path: "/makegood/claims", body: map[string]any{"version": 1, "enabled": true, "days": 14, "wait_hours": 24, "answer_days": 2, "automatic": false, "currency": "USD", "value_max_minor": 0,
				"customer_days": 30, "customer_most": 1, "reship": true, "refund": true, "credit": true}, want: 200},
		},
		"GET /api/v1/requests/photos/:id":     {{path: "/requests/photos/" + b.photo, want: 404}},
		"GET /api/v1/operations":              {{path: "/operations", want: 200}, {path: "/operations", query: url.Values{"cursor": {"zzz"}}, want: 200}},
		"POST /api/v1/operations/:id/give-up": {{path: "/operations/" + b.operation + "/give-up", body: map[string]any{"note": "walk"}, want: 404}},
		"POST /api/v1/operations/:id/retry":   {{path: "/operations/" + b.operation + "/retry", body: map[string]any{}, want: 404}},
		"GET /api/v1/staff":                   {{path: "/staff", want: 200}},
		"PUT /api/v1/staff/default":           {{path: "/staff/default", body: map[string]any{"role": "support", "shop_id": int64(b.id)}, want: 400}, {path: "/staff/default", body: map[string]any{"role": "viewer"}, want: 200}},
		"PUT /api/v1/staff/:id":               {{path: "/staff/4711", body: map[string]any{"role": "admin"}, want: 404}},
		"DELETE /api/v1/staff/:id":            {{path: "/staff/4711", want: 404}},
		"GET /api/v1/webhooks": {
			{path: "/webhooks", want: 200},
			{path: "/webhooks", query: url.Values{"state": {"parked"}, "cursor": {b.parkedJob}}, want: 200},
			{path: "/webhooks", query: url.Values{"state": {"done"}, "cursor": {b.parked}}, want: 200},
			{path: "/webhooks", query: url.Values{"state": {"waiting"}, "cursor": {"zzz"}}, want: 200},
		},
		"POST /api/v1/webhooks/:id/retry": {
			{path: "/webhooks/" + b.parked + "/retry", body: map[string]any{}, want: 404},
			{path: "/webhooks/" + b.parkedJob + "/retry", body: map[string]any{}, want: 404},
		},
		"POST /api/v1/webhooks/retry-parked": {{path: "/webhooks/retry-parked", body: map[string]any{"ids": []string{b.parked}}, want: 202}},
	}
}

// url adds to the request what a confused or hostile caller might add.
func (q ask) url(b *tenant) string {
	query := maps.Clone(q.query)
	if query == nil {
		query = url.Values{}
	}
	query.Set("shop", string(b.domain))
	query.Set("shop_id", b.id.String())
	return "/api/v1" + q.path + "?" + query.Encode()
}

func (w *walk) bearer(o *tenant) []string {
	return []string{"Authorization", "Bearer " + w.sim.SessionToken(o.shop)}
}

func (q ask) bytes(t testing.TB) []byte {
	if q.body == nil {
		return nil
	}
	raw, err := json.Marshal(q.body)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

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
