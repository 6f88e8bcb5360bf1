package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/money"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

func dollars(minor int64) shopify.Money {
	return shopify.Money{Shop: money.New(minor, "USD"), Presentment: money.New(minor, "USD")}
}

// remote is the order of body as the Admin API tells it: paid with a gift card
// and a card, with a picture.
func remote(id int64, updated time.Time) *shopify.Order {
	subtotal, zero := dollars(2500), dollars(0)
	return &shopify.Order{
		ID: shopify.ID(id), Name: fmt.Sprintf("#%d", 1000+id), Email: "sara@example.com", Locale: "fa-IR", CreatedAt: updated.Add(-time.Minute),
		ProcessedAt: updated.Add(-time.Minute), UpdatedAt: updated, FinancialStatus: "PAID", FulfillmentStatus: "UNFULFILLED",
		Currency: "USD", PresentmentCurrency: "USD", Subtotal: &subtotal, Discounts: &zero, Tax: &zero, ShippingCost: dollars(500), Total: dollars(3000),
		CurrentSubtotal: subtotal, CurrentShipping: dollars(500), CurrentTotal: dollars(3000), Tip: dollars(0), Outstanding: dollars(0), CurrentTax: dollars(0), CurrentDiscounts: dollars(0),
		Customer: &shopify.OrderCustomer{ID: 77, FirstName: "Sara", LastName: "Ahmadi"},
		Lines: []shopify.Line{{ID: shopify.ID(id*10 + 1), Title: "Lamp", Quantity: 1, CurrentQuantity: 1, RequiresShipping: true, ProductID: 9, VariantID: 8,
			UnitPrice: dollars(2500), Total: dollars(2500), Image: &shopify.Image{URL: "https://cdn.example/lamp.jpg", Alt: "A lamp"}}},
		ShippingLines: []shopify.ShippingLine{{ID: 5, Title: "Standard", Original: dollars(500), Discounted: dollars(500), Current: dollars(500)}},
		Transactions: []shopify.Transaction{
			{ID: 1, Kind: "SALE", Status: "SUCCESS", Gateway: "gift_card", Amount: dollars(1000)},
			{ID: 2, Kind: "SALE", Status: "SUCCESS", Gateway: "shopify_payments", Amount: dollars(2000),
				Payment: &shopify.PaymentDetails{Company: "Visa", Number: "•••• •••• •••• 4242"}},
		},
	}
}

// divided is the same order as its webhook tells it.
func dividedBody(id int64, updated time.Time) []byte {
	return body(id, updated, map[string]any{
		"payment_gateway_names": []string{"gift_card", "shopify_payments"},
		"line_items":            []any{map[string]any{"id": id*10 + 1, "title": "Lamp", "quantity": 1, "price": "25.00", "requires_shipping": true, "product_id": 9, "variant_id": 8}},
	})
}

func (b *bench) start() *queue.Queue {
	q := queuetest.New(b.t, b.db, redisNumber)
	q.Register(b.s.Room().Tasks...)
	queuetest.Start(b.t, q)
	return q
}

func TestAConfirmationWaitsForPicturesAndPayments(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		b.api.orders[1] = remote(1, now)
		must(t, b.hear("orders/create", dividedBody(1, now), now))
		if n := len(b.messages()); n != 0 {
			t.Fatalf("%d messages before the reading", n)
		}
		b.start()
		queuetest.Wait(t, "the confirmation", func() bool { return len(b.messages()) == 1 })
		l, err := b.compose(1)
		must(t, err)
		item := l.Data["items"].([]any)[0].(map[string]any)
		if item["image_url"] != "https://cdn.example/lamp.jpg" || item["image_alt"] != "A lamp" {
			t.Errorf("item %+v", item)
		}
		if n := len(l.Data["payments"].([]any)); n != 2 {
			t.Errorf("payments %+v, want gift card and card", l.Data["payments"])
		}
		if wrong := addsUp(Sum(b.find(1).Order)); wrong != "" {
			t.Error(wrong)
		}

		// A later webhook knows less and does not wipe out what was read, and the
		// next order with the same product needs no reading.
		must(t, b.hear("orders/updated", dividedBody(1, now.Add(time.Second)), now.Add(time.Second)))
		if f := b.find(1); len(f.Order.Transactions) != 2 || f.Order.Lines[0].Picture == nil {
			t.Errorf("after a webhook: %+v", f.Order)
		}
		second := body(2, now, map[string]any{"line_items": []any{map[string]any{"id": 21, "title": "Lamp", "quantity": 1, "price": "25.00", "product_id": 9, "variant_id": 8}}})
		must(t, b.hear("orders/create", second, now))
		if n := len(b.messages()); n != 2 {
			t.Errorf("%d messages, want the second at once", n)
		}
		if b.api.calls != 1 {
			t.Errorf("%d readings, want one", b.api.calls)
		}
	})
}

func TestAConfirmationGoesWithoutWhenShopifyIsAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.api.err = problem.New(problem.Unavailable, "shopify.unavailable", "away")
		must(t, b.hear("orders/create", dividedBody(1, clk.Now()), clk.Now()))
		b.start()
		queuetest.Wait(t, "the confirmation", func() bool { clk.Advance(time.Second); return len(b.messages()) == 1 })
		l, err := b.compose(1)
		must(t, err)
		payments := l.Data["payments"].([]any)
		if len(payments) != 1 {
			t.Errorf("payments %+v, want one sum of unknown parts", payments)
		}
	})
}

func TestReadingIsTheSameAsHearing(t *testing.T) {
	now := storetest.Noon
	heard, err := Parse(body(1, now, nil))
	must(t, err)
	in := remote(1, now)
	in.Transactions = nil
	read, err := fromShopify(in)
	must(t, err)
	a, b := Sum(heard), Sum(read)
	if a.Total != b.Total || len(a.Rows) < 3 || addsUp(b) != "" || !b.Adjustment.IsZero() {
		t.Errorf("heard %+v\nread %+v", a.Rows, b.Rows)
	}
	if heard.FinancialStatus != read.FinancialStatus || heard.FulfillmentStatus != read.FulfillmentStatus || heard.Email != read.Email || !heard.PlacedAt.Equal(read.PlacedAt) {
		t.Errorf("heard %+v\nread %+v", heard, read)
	}
}

func TestReconcilerFindsWhatWebhooksLost(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		b.api.size = 2
		for id := range int64(7) {
			at := now.Add(time.Duration(id-10) * time.Minute)
			b.api.orders[id+1] = remote(id+1, at)
			b.api.refs = append(b.api.refs, shopify.OrderRef{ID: shopify.ID(id + 1), UpdatedAt: at})
			switch {
			case id < 2: // heard as it is
				must(t, b.hear("orders/create", body(id+1, at, nil), at))
			case id < 4: // heard, but not its last change
				must(t, b.hear("orders/create", body(id+1, at.Add(-time.Minute), nil), at))
			}
		}
		delete(b.api.orders, 7) // deleted between listing and reading
		b.start()
		b.in(storetest.Shop, func(tx *store.Tx) error { return queue.Enqueue(tx, queue.Request{Kind: TaskReconcile}) })
		queuetest.Wait(t, "the round", func() bool {
			var p Progress
			b.in(storetest.Shop, func(tx *store.Tx) (err error) { p, err = Reconciled(tx); return err })
			return p.LastAt != nil && len(b.jobs(TaskRead)) == 5 && done(b.jobs(TaskRead))
		})
		for id := range int64(6) {
			if f := b.find(id + 1); !f.SourceUpdatedAt.Equal(b.api.refs[id].UpdatedAt) {
				t.Errorf("order %d changed at %v, ours at %v", id+1, b.api.refs[id].UpdatedAt, f.SourceUpdatedAt)
			}
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			if _, err := load(tx, 7); !errors.Is(err, ErrNotFound) {
				t.Errorf("order 7: %v, want gone", err)
			}
			p, err := Reconciled(tx)
			if p.Cursor == nil || p.Cursor.Before(now) {
				t.Errorf("cursor %v, want the beginning of the round", p.Cursor)
			}
			return err
		})
		// The next round overlaps and finds nothing to read.
		b.in(storetest.Shop, func(tx *store.Tx) error { return queue.Enqueue(tx, queue.Request{Kind: TaskReconcile}) })
		queuetest.Wait(t, "the second round", func() bool { return done(b.jobs(TaskReconcile)) })
		if n := len(b.jobs(TaskRead)); n != 5 {
			t.Errorf("%d readings, want no more than 5", n)
		}
	})
}

func done(jobs []queue.Row) bool {
	for _, j := range jobs {
		if j.State != queue.StateDone {
			return false
		}
	}
	return len(jobs) > 0
}

func TestARoundThatFailsIsWalkedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.api.err = problem.New(problem.Unavailable, "shopify.unavailable", "away")
		b.start()
		b.in(storetest.Shop, func(tx *store.Tx) error { return queue.Enqueue(tx, queue.Request{Kind: TaskReconcile}) })
		queuetest.Wait(t, "a failed attempt", func() bool { return b.jobs(TaskReconcile)[0].Attempts > 0 })
		b.in(storetest.Shop, func(tx *store.Tx) error {
			p, err := Reconciled(tx)
			if p.Cursor != nil || p.LastAt != nil {
				t.Errorf("progress %+v after a failure", p)
			}
			return err
		})
	})
}

func TestSchedulesAskEveryInstalledShop(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.install(storetest.Other, clk.Now())
		b.in(storetest.Other, func(tx *store.Tx) error {
			return tx.Exec(`UPDATE shops SET state = 'uninstalled' WHERE shop_id = ?`, tx.Shop).Error
		})
		for _, plan := range b.s.Room().Schedules {
			if plan.Name == "orders.lookups" { // deletes in place
				continue
			}
			must(t, db.System(context.Background(), func(tx *store.Tx) error { return plan.Begin(context.Background(), tx) }))
			if n := len(b.jobs(plan.Name)); n != 1 {
				t.Errorf("%s: %d jobs", plan.Name, n)
			}
		}
		var n int64
		b.in(storetest.Other, func(tx *store.Tx) error { return tx.Scoped(&queue.Row{}).Count(&n).Error })
		if n != 0 {
			t.Errorf("%d jobs for a shop without the app", n)
		}
	})
}

func TestDetailsGrowStale(t *testing.T) {
	o, err := fromShopify(remote(1, storetest.Noon))
	must(t, err)
	d := detailsOf(o)
	b, err := json.Marshal(d)
	must(t, err)
	var back details
	must(t, json.Unmarshal(b, &back))
	fresh, err := Parse(dividedBody(1, storetest.Noon))
	must(t, err)
	back.addTo(fresh)
	if len(fresh.Transactions) != 2 {
		t.Errorf("transactions %+v", fresh.Transactions)
	}
	changed, err := Parse(body(1, storetest.Noon, map[string]any{"total_price": "31.00"}))
	must(t, err)
	back.addTo(changed)
	if changed.Transactions != nil {
		t.Error("transactions of another total were believed")
	}
}

// A webhook can be faster than the API behind it.
func TestAnOrderShopifyDoesNotKnowYetIsConfirmed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		must(t, b.hear("orders/create", dividedBody(1, clk.Now()), clk.Now()))
		b.start()
		queuetest.Wait(t, "the confirmation", func() bool { return len(b.messages()) == 1 })
		if b.api.calls != 1 {
			t.Errorf("%d readings, want one", b.api.calls)
		}
		// Nor is it taken for deleted before it has been here for a day.
		b.in(storetest.Shop, func(tx *store.Tx) error { return readAgain(tx, 1, "test") })
		queuetest.Wait(t, "the reading", func() bool { return done(b.jobs(TaskRead)) })
		b.find(1)
		clk.Advance(missingFor)
		b.in(storetest.Shop, func(tx *store.Tx) error { return readAgain(tx, 1, "test again") })
		queuetest.Wait(t, "the second reading", func() bool { return len(b.jobs(TaskRead)) == 2 && done(b.jobs(TaskRead)) })
		b.in(storetest.Shop, func(tx *store.Tx) error {
			if _, err := load(tx, 1); !errors.Is(err, ErrNotFound) {
				t.Errorf("%v, want gone", err)
			}
			return nil
		})
	})
}

func TestCardNamesAreReadWhileThereIsTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.s.mayRead = mayReadCards()
		for id := range int64(20) {
			must(t, b.hear("orders/create", body(id+1, clk.Now(), nil), clk.Now()))
		}
		waiting, sent := len(b.jobs(TaskConfirm)), len(b.messages())
		if waiting+sent != 20 || waiting < cardReadings || waiting > cardReadings+5 {
			t.Errorf("%d readings and %d messages, want about %d readings of 20 orders", waiting, sent, cardReadings)
		}
	})
}
