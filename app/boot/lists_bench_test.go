package boot

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"afterglow/app/store"
)

// BenchmarkLists asks for every list of the admin in a shop with 10,000 and with
// 1,000,000 orders, and as many mails, customers, webhooks and readings, and
// reports the middle and the 99th of a hundred answers.
func BenchmarkLists(b *testing.B) {
	for _, dialect := range []string{"postgres", "sqlite"} {
		for _, n := range []int{10_000, 1_000_000} {
			w := openWalk(b, dialect)
			w.fill(n)
			for _, q := range w.lists(n) {
				b.Run(fmt.Sprintf("%s/%d/%s", dialect, n, q.name), func(b *testing.B) { w.time(b, q.target) })
			}
		}
	}
}

// list is one request of a merchant.
type list struct{ name, target string }

func (w *walk) lists(n int) []list {
	since := w.clk.Now().AddDate(0, -3, 0).Format(time.RFC3339)
	until := w.clk.Now().AddDate(0, -2, 0).Format(time.RFC3339)
	named := fmt.Sprint(n / 2)
	return []list{
		{"home", "/home"}, {"progress", "/progress"}, {"imports", "/imports"},
		{"orders", "/orders"},
		{"orders_open", "/orders?state=open"}, {"orders_cancelled", "/orders?state=cancelled"}, {"orders_fulfilled", "/orders?state=fulfilled"},
		{"orders_unfulfilled", "/orders?state=unfulfilled"}, {"orders_refunded", "/orders?state=refunded"},
		{"orders_mail_sent", "/orders?mail=sent"}, {"orders_mail_waiting", "/orders?mail=waiting"}, {"orders_mail_stopped", "/orders?mail=stopped"},
		{"orders_mail_failed", "/orders?mail=failed"}, {"orders_mail_none", "/orders?mail=none"},
		{"orders_mail_failed_refunded", "/orders?mail=failed&state=refunded"},
		{"orders_span", "/orders?since=" + since + "&until=" + until}, {"orders_span_refunded", "/orders?state=refunded&since=" + since + "&until=" + until},
		{"orders_by_name", "/orders?q=%23" + named}, {"orders_by_address", "/orders?q=buyer" + named + "@example.com"},
		{"orders_by_address_start", "/orders?q=buyer1"}, {"orders_by_buyer", "/orders?q=ada"}, {"orders_by_nobody", "/orders?q=zzz"},
		{"orders_by_name_cancelled", "/orders?state=cancelled&q=1"},
		{"order", "/orders/" + named}, {"timeline", "/orders/" + named + "/timeline"},
		{"messages", "/messages"}, {"messages_sent", "/messages?state=sent"}, {"messages_failed", "/messages?state=failed"}, {"messages_waiting", "/messages?state=waiting"},
		{"messages_by_kind", "/messages?kind=orders.confirmation"}, {"messages_by_no_kind", "/messages?kind=orders.none"},
		{"messages_by_order", "/messages?q=%23" + named}, {"messages_by_address", "/messages?q=buyer" + named + "@example.com"},
		{"messages_by_address_start", "/messages?q=buyer1"}, {"messages_by_nobody", "/messages?q=zzz"}, {"messages_failed_by_address", "/messages?state=failed&q=buyer" + named},
		{"webhooks", "/webhooks"}, {"webhooks_done", "/webhooks?state=done"}, {"webhooks_waiting", "/webhooks?state=waiting"}, {"webhooks_parked", "/webhooks?state=parked"},
		{"webhooks_done_small_shop", "small/webhooks?state=done"},
		{"privacy_requests", "/privacy/requests"}, {"privacy_access", "/privacy/access"}, {"operations", "/operations"},
	}
}

// time asks again and again.
func (w *walk) time(b *testing.B, target string) {
	shop := w.tenants[0]
	target, small := strings.CutPrefix(target, "small")
	if small {
		shop = w.tenants[1]
	}
	header := w.bearer(shop)
	var took []float64
	for b.Loop() {
		began := time.Now()
		answer := w.send(http.MethodGet, "/api/v1"+target, nil, header...)
		took = append(took, float64(time.Since(began).Microseconds())/1e3)
		if answer.Code != http.StatusOK {
			b.Fatalf("%s: %d %s", target, answer.Code, answer.Body)
		}
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "p50-ms")
	b.ReportMetric(took[min(len(took)*99/100, len(took)-1)], "p99-ms")
}

// fill gives the first shop two years of history, in a few statements. The other
// shops keep what they have, among all that.
func (w *walk) fill(n int) {
	w.t.Helper()
	const years = 2 * 365 * 24 * 3600
	series := fmt.Sprintf("generate_series(1, %d) g(i)", n)
	at := fmt.Sprintf("to_timestamp(%d - (%d - i)::bigint * %d / %d)", w.clk.Now().Unix(), n, years, n)
	no, hex := "false", "lpad(to_hex(i), 12, '0')"
	if w.DB.Dialect == "sqlite" {
		series = fmt.Sprintf("(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d) SELECT i FROM s) g", n)
		at = fmt.Sprintf("strftime('%%Y-%%m-%%d %%H:%%M:%%S+00:00', %d - (%d - i) * %d / %d, 'unixepoch')", w.clk.Now().Unix(), n, years, n)
		no, hex = "0", "printf('%012x', i)"
	}
	shop := w.tenants[0].id.String()
	for _, statement := range []string{
		`INSERT INTO orders (shop_id, id, name, placed_at, customer_id, customer_name, email, locale, currency, total_minor, items_count,
			financial_status, fulfillment_status, cancelled_at, test, name_key, email_key, buyer_key, last_name_key,
			document, digest, source_updated_at, source_triggered_at, returns_days, policy_version, first_seen_at)
			SELECT {shop}, i, '#' || i, {at}, i, 'Ada Buyer' || i, 'buyer' || i || '@example.com', 'en', 'USD', 100, 1,
			CASE WHEN i % 40 = 9 THEN 'refunded' ELSE 'paid' END, CASE WHEN i % 50 = 0 THEN '' ELSE 'fulfilled' END, CASE WHEN i % 100 = 7 THEN {at} END, {no},
			CAST(i AS text), 'buyer' || i || '@example.com', 'ada buyer' || i, 'buyer' || i, '{"id":' || i || '}', '', {at}, {at}, 30, 1, {at} FROM {series}`,
		`INSERT INTO orders_events (shop_id, order_id, once, at, kind, detail, recorded_at) SELECT {shop}, i, 'placed', {at}, 'placed', '', {at} FROM {series}`,
		`INSERT INTO customers (shop_id, id, email, phone, first_name, last_name, locale, state, verified_email, digest, source_updated_at, source_triggered_at, first_seen_at)
			SELECT {shop}, i, 'buyer' || i || '@example.com', '', 'Ada', 'Buyer' || i, 'en', 'enabled', {no}, '', {at}, {at}, {at} FROM {series}`,
		`INSERT INTO messages (id, shop_id, kind, once, ref, order_id, order_name, customer_id, to_address, to_name, locale, state, subject, html, caused_at, created_at, sent_at, delay_ms)
			SELECT 'msg_0' || {hex}, {shop}, 'orders.confirmation', CAST(i AS text), CAST(i AS text), i, '#' || i, i, 'buyer' || i || '@example.com', 'Ada', 'en',
			{state}, 'Thank you', '', {at}, {at}, CASE WHEN {state} = 'sent' THEN {at} END, CASE WHEN {state} = 'sent' THEN i % 500 END FROM {series} WHERE i % 300 <> 5`,
		`INSERT INTO messages_history (id, shop_id, message_id, at, state, detail) SELECT 'mh_0' || {hex}, {shop}, 'msg_0' || {hex}, {at}, {state}, '' FROM {series}`,
		`INSERT INTO shopify_inbox (id, shop_id, topic, event_id, webhook_id, api_version, triggered_at, received_at, state, subject, processed_at)
			SELECT 'in_g' || {hex}, {shop}, 'orders/create', 'filled' || i, 'filled' || i, '2026-10', {at}, {at}, 'done', 'order:' || i, {at} FROM {series}`,
		`INSERT INTO shops_access_log (id, shop_id, at, staff_id, route, subject) SELECT 'acc_0' || {hex}, {shop}, {at}, '1', 'GET /api/v1/orders/:id', CAST(i AS text) FROM {series}`,
	} {
		state := "CASE WHEN i % 1000 = 3 THEN 'failed' WHEN i % 5000 = 1 THEN 'waiting' WHEN i % 200 = 11 THEN 'stopped' ELSE 'sent' END"
		statement = strings.NewReplacer("{shop}", shop, "{at}", at, "{no}", no, "{hex}", hex, "{series}", series, "{state}", state).Replace(statement)
		if err := w.DB.System(context.Background(), func(tx *store.Tx) error { return tx.Exec(statement).Error }); err != nil {
			w.t.Fatalf("%v: %.200s", err, statement)
		}
	}
	settle := "ANALYZE" // what PostgreSQL does by itself sooner or later
	if w.DB.Dialect == "postgres" {
		settle = "VACUUM ANALYZE"
	}
	if _, err := w.DB.SystemExec(context.Background(), settle); err != nil {
		w.t.Fatal(err)
	}
}
