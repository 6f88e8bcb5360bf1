package boot

import (
	"encoding/json"
	"maps"
	"net/url"
	"strconv"
	"testing"
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
