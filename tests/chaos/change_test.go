package chaos

import (
	"testing"
	"time"

	"afterglow/app/boot"
	"afterglow/app/changes"
	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/orders"
	"afterglow/app/policy"
	"afterglow/app/shops"
	"afterglow/app/web"
)

// The worker dies with the warehouse held, in the middle of a change. The next one
// finishes it: the order is changed once, paid back once, and nothing is held.
func TestChaosChangeHeld(t *testing.T) {
	t.Parallel()
	began := time.Now()
	r := newRig(t, options{scopes: boot.OptionalScopes})
	order := r.count(`SELECT id FROM orders`)
	line := r.sim.Order(r.shop.ID, order).Lines[0]
	keeper := shops.New(shops.Config{DB: r.db, From: "orders@afterglow.example"})
	links, err := web.NewLinks(clock.System{}, make([]byte, 32))
	r.must(err)
	asking := changes.New(changes.Config{DB: r.db, Shops: keeper, Policy: policy.New(policy.Config{DB: r.db, Shops: keeper}),
		Orders: orders.New(orders.Config{DB: r.db, Shops: keeper, Links: links, AppURL: r.env["APP_URL"]})})
	w := r.startWorker("changes.held:1")
	ch, err := asking.Ask(t.Context(), ids.Shop(r.shop.ID), changes.Wish{ID: ids.New("chg"), Order: order, Kind: changes.Quantity, By: changes.Shopper, Line: line.ID, Quantity: line.Quantity - 1})
	r.must(err)
	if !w.diesWithin(45 * time.Second) {
		t.Fatalf("changes.held was never passed: %s", r.describe())
	}
	if held := r.sim.Order(r.shop.ID, order).Holds; len(held) != 1 {
		t.Errorf("%d holds when it died", len(held))
	}
	died := time.Now()
	r.startWorker("")
	r.until("the end of the change", 120*time.Second, func() bool {
		return r.count(`SELECT count(*) FROM changes_changes WHERE id = ? AND ended_at IS NOT NULL`, ch.ID) == 1
	})
	took := time.Since(died)
	refunds := 0
	for _, e := range r.sim.Ledger(r.shop.ID) {
		if e.OrderID == order && e.Kind == "refund" {
			refunds++
		}
	}
	now := r.sim.Order(r.shop.ID, order)
	if done := r.count(`SELECT count(*) FROM changes_changes WHERE id = ? AND state = 'done'`, ch.ID); done != 1 || refunds != 1 || len(now.Holds) != 0 || now.Lines[0].Current() != line.Quantity-1 || len(now.Lines) != 1 {
		t.Errorf("done %d, %d refunds, %d holds, %d of %d left on %d lines", done, refunds, len(now.Holds), now.Lines[0].Current(), line.Quantity, len(now.Lines))
	}
	figures(t, began, "died with the warehouse held: changed once, %d refund, %d holds; done %.0f s after the death", refunds, len(now.Holds), took.Seconds())
}
