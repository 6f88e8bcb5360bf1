package shopify_test

import (
	"context"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// What was parked and is forgotten must not be counted, nor offered for a retry,
// for ever.
func TestForgottenEventsLeaveNoParkedJobs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		ctx := context.Background()
		b := newInbox(t, db, clk)
		queuetest.Start(t, b.queue)
		b.send(delivery{event: "unheard", topic: "themes/publish"})
		parked := func() int64 {
			var d queue.Depth
			if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) (err error) { d, err = queue.DepthOf(tx, shopify.TaskReceive); return err }); err != nil {
				t.Fatal(err)
			}
			return d.Parked
		}
		queuetest.Wait(t, "parked", func() bool { return parked() == 1 })
		clk.Advance(36 * 24 * time.Hour)
		if err := db.System(ctx, func(tx *store.Tx) error { return b.inbox.Retention().Begin(ctx, tx) }); err != nil {
			t.Fatal(err)
		}
		if n := parked(); n != 0 || len(b.rows(t)) != 0 {
			t.Errorf("%d parked jobs and %d events are left", n, len(b.rows(t)))
		}
	})
}
