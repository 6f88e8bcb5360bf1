package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

const redisNumber = 7

// bench is one shop with the room on a real database.
type bench struct {
	t   testing.TB
	db  *store.DB
	clk *clock.Fixed
	s   *Service
	api *fakeAPI
	seq int
}

func setup(t testing.TB, db *store.DB, clk *clock.Fixed) *bench {
	t.Helper()
	q := queuetest.New(t, db, redisNumber) // publishing needs one; it is not started
	_ = q
	keys := make([]byte, 32)
	links, err := web.NewLinks(clk, keys)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, db: db, clk: clk, api: &fakeAPI{orders: map[int64]*shopify.Order{}}}
	b.s = New(Config{DB: db, Shops: shops.New(shops.Config{DB: db}), Readers: func(ids.Shop) Reader { return b.api },
		Links: links, AppURL: "https://app.example", Log: slog.New(slog.DiscardHandler)})
	b.s.mayRead = func(ids.Shop) bool { return false }
	b.install(storetest.Shop, clk.Now().Add(-time.Hour))
	return b
}

// install puts the shop on record as the room shops would.
func (b *bench) install(shop ids.Shop, at time.Time) {
	b.in(shop, func(tx *store.Tx) error {
		if err := tx.Exec(`INSERT INTO shops (shop_id, domain, name, email, currency, timezone, locale, url, state, scopes, installed_at)
			VALUES (?, ?, 'Lumen & Loom', 'shop@example.com', 'USD', 'America/New_York', 'en', 'https://shop.example', 'installed', '', ?)`,
			shop, fmt.Sprintf("shop-%d.myshopify.com", shop), at).Error; err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO shops_settings (shop_id, version, sender_name, reply_to, postal_address, support_email, logo_url, accent_color,
			confirmation_enabled, returns_days, returns_policy_url, updated_at)
			VALUES (?, 3, 'Lumen & Loom', '', '', 'help@example.com', '', '#2a5bd7', ?, 30, 'https://shop.example/returns', ?)`, shop, true, at).Error
	})
}

func (b *bench) in(shop ids.Shop, fn func(tx *store.Tx) error) {
	b.t.Helper()
	if err := b.db.InTx(context.Background(), shop, fn); err != nil {
		b.t.Fatal(err)
	}
}

// hear gives the room a webhook, as the inbox would.
func (b *bench) hear(topic string, body []byte, triggered time.Time) error {
	return b.hearAt(storetest.Shop, topic, body, triggered)
}

func (b *bench) hearAt(shop ids.Shop, topic string, body []byte, triggered time.Time) error {
	b.t.Helper()
	b.seq++
	ev := &shopify.Event{ID: fmt.Sprintf("wh_%d", b.seq), Shop: shop, Topic: topic, TriggeredAt: triggered, ReceivedAt: b.clk.Now(), Body: body}
	return b.db.InTx(context.Background(), shop, func(tx *store.Tx) error {
		return b.s.Room().Topics[topic](context.Background(), tx, ev)
	})
}

func (b *bench) messages() (list []messages.Message) {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Scoped(&messages.Message{}).Order("id").Find(&list).Error
	})
	return list
}

func (b *bench) jobs(kind string) (list []queue.Row) {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Scoped(&queue.Row{}).Where("kind = ?", kind).Order("id").Find(&list).Error
	})
	return list
}

func (b *bench) find(id int64) *found {
	b.t.Helper()
	var f *found
	b.in(storetest.Shop, func(tx *store.Tx) (err error) {
		f, err = load(tx, id)
		return err
	})
	return f
}

func (b *bench) compose(id int64) (*mail.Letter, error) {
	b.t.Helper()
	var l *mail.Letter
	err := b.db.Read(context.Background(), storetest.Shop, func(tx *store.Tx) (err error) {
		l, err = b.s.compose(context.Background(), tx, fmt.Sprint(id))
		return err
	})
	return l, err
}

// fakeAPI answers like the Admin API of one shop.
type fakeAPI struct {
	orders map[int64]*shopify.Order
	refs   []shopify.OrderRef
	size   int // of a page
	calls  int
	err    error
}

func (f *fakeAPI) Order(_ context.Context, id int64) (*shopify.Order, error) {
	f.calls++
	if f.err != nil {
		return nil, f.err
	}
	o, ok := f.orders[id]
	if !ok {
		return nil, shopify.ErrOrderMissing
	}
	return o, nil
}

func (f *fakeAPI) OrdersUpdatedSince(_ context.Context, since time.Time, cursor string) (page []shopify.OrderRef, next string, err error) {
	f.calls++
	from := 0
	if cursor != "" {
		fmt.Sscan(cursor, &from)
	}
	var all []shopify.OrderRef
	for _, r := range f.refs {
		if !r.UpdatedAt.Before(since) {
			all = append(all, r)
		}
	}
	size := f.size
	if size == 0 {
		size = 100
	}
	end := min(from+size, len(all))
	if end < len(all) {
		next = fmt.Sprint(end)
	}
	return all[from:end], next, f.err
}

// body is an order as a webhook carries it. Changes are applied on top.
func body(id int64, updated time.Time, changes map[string]any) []byte {
	m := map[string]any{
		"id": id, "name": fmt.Sprintf("#%d", 1000+id), "order_number": 1000 + id, "email": "sara@example.com", "customer_locale": "fa-IR",
		"created_at": updated.Add(-time.Minute).Format(time.RFC3339), "processed_at": updated.Add(-time.Minute).Format(time.RFC3339), "updated_at": updated.Format(time.RFC3339),
		"currency": "USD", "presentment_currency": "USD", "financial_status": "paid", "total_price": "30.00", "subtotal_price": "25.00", "total_outstanding": "0.00",
		"current_total_price": "30.00", "total_discounts": "0.00", "payment_gateway_names": []string{"shopify_payments"},
		"customer":         map[string]any{"id": 77, "email": "sara@example.com", "first_name": "Sara", "last_name": "Ahmadi"},
		"line_items":       []any{map[string]any{"id": id*10 + 1, "title": "Lamp", "variant_title": "Brass / M", "quantity": 1, "current_quantity": 1, "price": "25.00", "requires_shipping": true}},
		"shipping_lines":   []any{map[string]any{"id": 5, "title": "Standard", "price": "5.00", "discounted_price": "5.00"}},
		"shipping_address": map[string]any{"name": "Sara Ahmadi", "address1": "1 Main St", "city": "Portland", "province_code": "OR", "zip": "97205", "country": "United States", "country_code": "US"},
	}
	for k, v := range changes {
		m[k] = v
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}

func TestFirstSightAsksForOneConfirmation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		for range 50 {
			if err := b.hear("orders/create", body(1, now, nil), now); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.hear("orders/updated", body(1, now.Add(time.Second), map[string]any{"note": "ring twice"}), now.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		list := b.messages()
		if len(list) != 1 || list[0].ToAddress != "sara@example.com" || list[0].Locale != "fa-IR" || list[0].OrderID != 1 || list[0].Kind != KindConfirmation {
			t.Fatalf("messages %+v, want one confirmation to sara@example.com", list)
		}
		if f := b.find(1); f.Order.Note != "ring twice" || f.ReturnsDays != 30 || f.PolicyVersion != 3 {
			t.Errorf("order %+v, days %d, policy %d", f.Order, f.ReturnsDays, f.PolicyVersion)
		}
	})
}

func TestWhoGetsNoConfirmation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec(`UPDATE shops SET installed_at = ? WHERE shop_id = ?`, now.Add(-30*24*time.Hour), tx.Shop).Error
		})
		for i, c := range []struct {
			name    string
			updated time.Time
			changes map[string]any
		}{
			{"from before the installation", now.Add(-31 * 24 * time.Hour), nil},
			{"history", now.Add(-8 * 24 * time.Hour), nil},
			{"cancelled before it was seen", now, map[string]any{"cancelled_at": now.Format(time.RFC3339)}},
			{"voided", now, map[string]any{"financial_status": "voided"}},
			{"expired", now, map[string]any{"financial_status": "expired"}},
		} {
			if err := b.hear("orders/create", body(int64(i+1), c.updated, c.changes), now); err != nil {
				t.Fatal(err)
			}
			if list := b.messages(); len(list) != 0 {
				t.Errorf("%s: %d messages, want none", c.name, len(list))
			}
		}
		if err := b.hear("orders/create", body(90, now, map[string]any{"financial_status": "pending", "total_outstanding": "30.00"}), now); err != nil {
			t.Fatal(err)
		}
		if list := b.messages(); len(list) != 1 {
			t.Errorf("pending: %d messages, want one", len(list))
		}
	})
}

func TestComposeTellsHowThingsAreNow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		must(t, b.hear("orders/create", body(1, now, nil), now))
		l, err := b.compose(1)
		if err != nil {
			t.Fatal(err)
		}
		if l.Locale != "fa" || l.To.Email != "sara@example.com" || l.Data["dir"] != "rtl" {
			t.Errorf("letter %+v", l)
		}
		returns := l.Data["returns"].(map[string]any)
		if want := locale.Tag("fa").Date(clock.Date{Year: 2026, Month: 12, Day: 21}); returns["last_day"] != want || returns["allowed"] != true {
			t.Errorf("returns %+v, want until %s", returns, want)
		}
		if n := len(l.Data["totals"].([]any)); n != 3 {
			t.Errorf("%d rows, want subtotal, shipping, total: %+v", n, l.Data["totals"])
		}

		cancelled := map[string]any{"cancelled_at": now.Format(time.RFC3339)}
		must(t, b.hear("orders/cancelled", body(1, now.Add(time.Second), cancelled), now.Add(time.Second)))
		if _, err := b.compose(1); stopReason(err) == "" {
			t.Errorf("cancelled: %v, want stopped", err)
		}
		must(t, b.hear("orders/create", body(2, now, map[string]any{"email": nil, "customer": nil}), now))
		if _, err := b.compose(2); !strings.Contains(stopReason(err), "no e-mail address") {
			t.Errorf("no address: %v, want stopped", err)
		}
		if list := b.messages(); len(list) != 2 {
			t.Errorf("%d messages, want both on record", len(list))
		}
		must(t, b.hear("orders/delete", []byte(`{"id":1}`), now.Add(2*time.Second)))
		if _, err := b.compose(1); !strings.Contains(stopReason(err), "deleted") {
			t.Errorf("deleted: %v, want stopped", err)
		}
		must(t, b.hear("orders/updated", body(1, now.Add(3*time.Second), nil), now.Add(3*time.Second)))
		if _, err := b.compose(1); !strings.Contains(stopReason(err), "deleted") {
			t.Errorf("a late payload revived the order: %v", err)
		}
	})
}

func stopReason(err error) string {
	reason, _ := mail.StopReason(err)
	return reason
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestARefundWaitsForItsOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		refund := []byte(`{"id":7,"order_id":1,"created_at":"2026-11-21T11:59:00Z","refund_line_items":[],"transactions":[{"kind":"refund","status":"success","amount":"12.00","currency":"USD"}]}`)
		err := b.hear("refunds/create", refund, now)
		if err == nil || !problem.Retryable(err) {
			t.Fatalf("refund without order: %v, want later", err)
		}
		if err := b.hear("refunds/create", refund, now.Add(-25*time.Hour)); !errors.Is(err, ErrOrderAway) {
			t.Errorf("after a day: %v, want parked", err)
		}
		must(t, b.hear("orders/create", body(1, now, nil), now))
		must(t, b.hear("refunds/create", refund, now))
		must(t, b.hear("refunds/create", refund, now))
		sum := Sum(b.find(1).Order)
		if sum.Refunded != (Price{1200, 1200}) || sum.Due.positive() || addsUp(sum) != "" {
			t.Errorf("sums %+v", sum)
		}
	})
}

func TestEditedOrdersAreReadAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		published, err := os.ReadFile("testdata/published/2026-07-orders-edited.json")
		must(t, err)
		must(t, b.hear("orders/edited", published, clk.Now()))
		must(t, b.hear("orders/edited", published, clk.Now()))
		jobs := b.jobs(TaskRead)
		if len(jobs) != 1 || jobs[0].Ref != "820982911946154500" {
			t.Errorf("jobs %+v, want one reading", jobs)
		}
		for _, bad := range []string{`{}`, `{"order_edit":null}`, `{"order_edit":{"id":1}}`, `[]`, `{`} {
			if err := b.hear("orders/edited", []byte(bad), clk.Now()); !errors.Is(err, ErrPayload) {
				t.Errorf("%s: %v, want ErrPayload", bad, err)
			}
		}
	})
}

func TestPublishedPayloadsAreTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		for _, topic := range []string{"orders/create", "orders/updated", "orders/cancelled", "orders/fulfilled", "orders/partially_fulfilled", "orders/edited", "refunds/create", "orders/delete"} {
			payload, err := os.ReadFile("testdata/published/2026-07-" + strings.ReplaceAll(topic, "/", "-") + ".json")
			must(t, err)
			if err := b.hear(topic, payload, clk.Now()); err != nil {
				t.Errorf("%s: %v", topic, err)
			}
		}
		if list := b.messages(); len(list) != 0 {
			t.Errorf("%d messages for an order of 2021", len(list))
		}
	})
}

func TestOneShopDoesNotSeeAnother(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.install(storetest.Other, clk.Now().Add(-time.Hour))
		now := clk.Now()
		must(t, b.hear("orders/create", body(1, now, nil), now))
		must(t, b.hearAt(storetest.Other, "orders/create", body(1, now.Add(time.Hour), map[string]any{"note": "theirs"}), now))
		must(t, b.hearAt(storetest.Other, "orders/delete", []byte(`{"id":1}`), now))
		if f := b.find(1); f.Order.Note != "" {
			t.Errorf("note %q, want ours", f.Order.Note)
		}
	})
}

func TestErasureLeavesTheTrade(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		changes := map[string]any{"note": "canary-note", "phone": "canary-phone", "order_status_url": "https://x.example/canary-status", "discount_codes": []any{map[string]any{"code": "canary-code"}},
			"billing_address": map[string]any{"name": "canary-name", "address1": "canary-street"}, "email": "canary@example.com",
			"line_items": []any{map[string]any{"id": 1, "title": "Lamp", "quantity": 1, "price": "25.00", "properties": []any{map[string]any{"name": "Engraving", "value": "canary-text"}}}}}
		must(t, b.hear("orders/create", body(1, now, changes), now))
		person := room.Person{Email: "Canary@Example.com"}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			held, err := b.s.export(context.Background(), tx, person)
			if err != nil {
				return err
			}
			text, err := json.Marshal(held)
			for _, want := range []string{"canary-note", "canary-phone", "canary-text", "canary-street", "canary@example.com"} {
				if !strings.Contains(string(text), want) {
					t.Errorf("export lacks %s", want)
				}
			}
			if err != nil {
				return err
			}
			return b.s.erase(context.Background(), tx, person)
		})
		var held []map[string]any
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Raw(`SELECT * FROM orders WHERE shop_id = ?`, tx.Shop).Scan(&held).Error
		})
		text, err := json.Marshal(held)
		must(t, err)
		for _, gone := range []string{"canary", "sara", "Ahmadi", "Portland"} {
			if strings.Contains(strings.ToLower(string(text)), strings.ToLower(gone)) {
				t.Errorf("%s is still there: %s", gone, text)
			}
		}
		must(t, b.hear("orders/updated", body(1, now.Add(time.Hour), changes), now.Add(time.Hour)))
		if f := b.find(1); f.Order.Note != "" || f.Order.Now.Total.Shop != 3000 {
			t.Errorf("after erasure: %+v", f.Order)
		}
		// Twice is once.
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return b.s.erase(context.Background(), tx, room.Person{OrderIDs: []int64{1}})
		})
	})
}
