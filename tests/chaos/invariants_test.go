package chaos

import (
	"context"
	"fmt"
	"strings"
	"time"

	"afterglow/app/store"
)

// expected is what a campaign allows beside the strictest outcome.
type expected struct {
	parked int // events that must lie parked
	copies int // copies of one Message-ID the mail server may have seen; 0 means 1
}

// count asks the database for one number.
func (r *rig) count(query string, args ...any) (n int64) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), span(30*time.Second, 10*time.Minute))
	defer cancel()
	if err := r.db.Peek(ctx, func(tx *store.Tx) error { return tx.Raw(query, args...).Scan(&n).Error }); err != nil {
		r.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// open counts what is still to be done.
func (r *rig) open() int64 {
	return r.count(`SELECT (SELECT count(*) FROM shopify_inbox WHERE state = 'new')
		+ (SELECT count(*) FROM queue_jobs WHERE state IN ('ready', 'queued', 'running'))`)
}

// settle waits until nothing is left to do and holds the invariants. It returns
// how long it took.
func (r *rig) settle(limit time.Duration, want expected) time.Duration {
	r.t.Helper()
	began := time.Now()
	slow := false
	for r.open() > 0 {
		if !slow && time.Since(began) > 15*time.Second {
			slow = true
			r.t.Logf("still open after 15 s: %s", r.describe())
		}
		if time.Since(began) > limit {
			r.t.Errorf("%d pieces of work are still open after %v: %s", r.open(), limit, r.describe())
			return time.Since(began)
		}
		time.Sleep(50 * time.Millisecond)
	}
	took := time.Since(began)
	r.check(want)
	return took
}

// describe lists what is open or parked.
func (r *rig) describe() string {
	var rows []struct {
		Kind, State, Reason string
		N                   int
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.db.Peek(ctx, func(tx *store.Tx) error {
		return tx.Raw(`SELECT kind, state, reason, count(*) AS n FROM queue_jobs WHERE state <> 'done' GROUP BY kind, state, reason ORDER BY n DESC LIMIT 12`).Scan(&rows).Error
	}); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%+v", rows)
}

// check holds the invariants.
func (r *rig) check(want expected) {
	r.t.Helper()
	zero := func(what, query string, args ...any) {
		r.t.Helper()
		if n := r.count(query, args...); n != 0 {
			r.t.Errorf("%s: %d", what, n)
		}
	}
	equal := func(what string, got, want int64) {
		r.t.Helper()
		if got != want {
			r.t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	if r.redis != nil { // fresh tables have no statistics, and without them the checks would take minutes
		r.must(r.db.System(context.Background(), func(tx *store.Tx) error {
			return tx.Exec(`ANALYZE orders, orders_events, messages, queue_jobs, shopify_inbox`).Error
		}))
	}
	r.sent.mu.Lock()
	acked, orders := []string{}, int64(len(r.sent.orders))
	for id, e := range r.sent.events {
		if e.acked.Load() > 0 {
			acked = append(acked, id)
		}
	}
	r.sent.mu.Unlock()

	there := map[string]bool{}
	for _, id := range r.texts(`SELECT topic || '|' || event_id FROM shopify_inbox`) {
		there[id] = true
	}
	lost := 0
	for _, id := range acked {
		if !there[id] {
			lost++
		}
	}
	equal("acknowledged events that are not in the inbox", int64(lost), 0)
	equal("events that are neither done nor parked", r.count(`SELECT count(*) FROM shopify_inbox WHERE state <> 'done'`), int64(want.parked))
	equal("parked jobs", r.count(`SELECT count(*) FROM queue_jobs WHERE state = 'parked'`), int64(want.parked))
	zero("events twice in the inbox", `SELECT count(*) FROM (SELECT 1 FROM shopify_inbox GROUP BY shop_id, topic, event_id HAVING count(*) > 1) AS twice`)
	zero("events with other than one job", `SELECT count(*) FROM (SELECT i.id FROM shopify_inbox i LEFT JOIN queue_jobs j ON j.shop_id = i.shop_id AND j.kind = 'shopify.receive' AND j.ref = i.id GROUP BY i.id HAVING count(j.id) <> 1) AS odd`)
	equal("orders", r.count(`SELECT count(*) FROM orders`), orders)
	equal("confirmations", r.count(`SELECT count(*) FROM messages WHERE kind = 'orders.confirmation'`), orders)
	zero("orders with other than one confirmation", `SELECT count(*) FROM (SELECT o.id FROM orders o LEFT JOIN messages m ON m.shop_id = o.shop_id AND m.order_id = o.id AND m.kind = 'orders.confirmation' GROUP BY o.shop_id, o.id HAVING count(m.id) <> 1) AS odd`)
	zero("messages that are not sent", `SELECT count(*) FROM messages WHERE state <> 'sent'`)
	zero("messages without an order", `SELECT count(*) FROM messages m WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.shop_id = m.shop_id AND o.id = m.order_id)`)
	zero("messages with other than one job", `SELECT count(*) FROM (SELECT m.id FROM messages m LEFT JOIN queue_jobs j ON j.shop_id = m.shop_id AND j.kind = 'messages.deliver' AND j.ref = m.id GROUP BY m.id HAVING count(j.id) <> 1) AS odd`)
	zero("jobs of a message that is not there", `SELECT count(*) FROM queue_jobs j WHERE j.kind = 'messages.deliver' AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.shop_id = j.shop_id AND m.id = j.ref)`)
	zero("orders other than once placed", `SELECT count(*) FROM (SELECT o.id FROM orders o LEFT JOIN orders_events e ON e.shop_id = o.shop_id AND e.order_id = o.id AND e.kind = 'placed' GROUP BY o.shop_id, o.id HAVING count(e.once) <> 1) AS odd`)
	for _, table := range strings.Fields("shopify_inbox queue_jobs orders orders_events messages messages_history customers shops_tokens shops_settings") {
		zero("rows of "+table+" without a shop", `SELECT count(*) FROM `+table+` t WHERE NOT EXISTS (SELECT 1 FROM shops s WHERE s.shop_id = t.shop_id)`)
	}
	r.checkMails(want)
}

// checkMails holds the mail server against the messages, both ways.
func (r *rig) checkMails(want expected) {
	r.t.Helper()
	if r.env["MAIL_URL"] == "" {
		return
	}
	copies := r.sink.Copies()
	allowed := max(want.copies, 1)
	lost := 0
	for _, id := range r.texts(`SELECT message_id FROM messages WHERE state = 'sent'`) {
		n := copies[id]
		delete(copies, id)
		if n == 0 {
			lost++
		}
		if n > allowed {
			r.t.Errorf("the mail server got Message-ID %s %d times", id, n)
		}
	}
	if lost > 0 {
		r.t.Errorf("mails that are called sent and never came: %d", lost)
	}
	if len(copies) > 0 {
		r.t.Errorf("mails without a message: %d", len(copies))
	}
}

func (r *rig) texts(query string, args ...any) (list []string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := r.db.Peek(ctx, func(tx *store.Tx) error { return tx.Raw(query, args...).Scan(&list).Error }); err != nil {
		r.t.Fatalf("%s: %v", query, err)
	}
	return list
}
