package tracking

import (
	"fmt"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/room"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// refundByHand gives so much back in Shopify, everything for "", and has us hear of it.
func (st *stage) refundByHand(order int64, amount string, heard bool) {
	st.t.Helper()
	if amount == "" {
		st.in(storetest.Shop, func(tx *store.Tx) error {
			o, err := orders.Find(tx, order)
			amount = fmt.Sprintf("%d.%02d", o.Now.Total.Presentment/100, o.Now.Total.Presentment%100)
			return err
		})
	}
	if _, err := st.sim.Refund(st.shop.ID, order, shopsim.RefundInput{Amount: amount}); err != nil {
		st.t.Fatal(err)
	}
	if heard {
		st.reread(order)
	}
}

// reread has us read the order, as its news would.
func (st *stage) reread(order int64) {
	st.t.Helper()
	st.clk.Advance(time.Second)
	st.in(storetest.Shop, func(tx *store.Tx) error {
		return queue.Enqueue(tx, queue.Request{Kind: orders.TaskRead, Ref: fmt.Sprint(order)})
	})
	queuetest.Wait(st.t, "the refund to be heard of", func() bool {
		st.clk.Advance(time.Second)
		var o *orders.Order
		st.in(storetest.Shop, func(tx *store.Tx) (err error) { o, err = orders.Find(tx, order); return err })
		return len(o.Refunds) > 0
	})
}

func (st *stage) moved(order int64) {
	st.in(storetest.Shop, func(tx *store.Tx) error { return st.s.onOrder(ctx, tx, queue.Job{Ref: fmt.Sprint(order)}) })
}

func (st *stage) settledClaim(name, id string) {
	st.t.Helper()
	c := st.claimNow(id)
	steps := c.history()
	if c.State != ClaimRepaid || c.ClosedAt == nil || steps[len(steps)-1].What != ClaimRepaid {
		st.t.Errorf("%s: %s %v", name, c.State, steps)
	}
	if got := st.count(`SELECT COALESCE(SUM(reserved_minor), 0) FROM tracking_budgets WHERE shop_id = ?`); got != 0 {
		st.t.Errorf("%s: %d are still taken", name, got)
	}
}

// What somebody refunded by hand is settled, whenever we hear of it: no claim goes
// round between a person and Shopify.
func TestAClaimThatWasPaidBackByHandEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		st := perform(t, db, clk)
		st.generous(1_000_000_000)
		seq := 0
		claim := func() (*claimRow, int64) {
			seq++
			order, parcel := st.deliver(seq, 60*time.Hour, "")
			return st.claim(order, parcel), order
		}
		approve := func(id, choice string) {
			st.in(storetest.Shop, func(tx *store.Tx) error { return st.s.approveClaim(tx, id, choice, "42") })
		}
		mails := func() int64 {
			return st.count(`SELECT count(*) FROM messages WHERE shop_id = ? AND kind = ?`, KindClaimNews)
		}

		c, order := claim() // a person was to decide, and did so in Shopify
		before := mails()
		st.refundByHand(order, "", true)
		st.moved(order)
		st.moved(order)
		st.settledClaim("while it waited for a person", c.ID)
		if got := mails() - before; got != 1 {
			t.Errorf("%d mails", got)
		}

		c, order = claim() // approved before anybody heard of it
		st.refundByHand(order, "", true)
		approve(c.ID, ChoiceRefund)
		st.settledClaim("approved afterwards", c.ID)

		c, order = claim() // what was approved is open
		approve(c.ID, "")
		st.refundByHand(order, "", true)
		st.moved(order)
		st.settledClaim("not chosen yet", c.ID)

		c, order = claim() // the shopper chooses before the news is worked off
		approve(c.ID, "")
		st.refundByHand(order, "", true)
		if _, err := st.choose(offerRow{ID: st.claimNow(c.ID).OfferID, OrderID: order}, ChoiceCredit); err != nil {
			t.Fatal(err)
		}
		st.settledClaim("chosen afterwards", c.ID)

		c, order = claim() // only Shopify knows
		st.refundByHand(order, "", false)
		approve(c.ID, ChoiceRefund)
		queuetest.Wait(t, "the refusal", func() bool { clk.Advance(time.Second); return st.claimNow(c.ID).State == ClaimReview })
		st.reread(order)
		st.moved(order)
		st.settledClaim("refused by Shopify", c.ID)

		c, order = claim() // a part went back: the rest can be approved, and is carried out
		st.refundByHand(order, "0.01", true)
		st.moved(order)
		if got := st.claimNow(c.ID); got.State != ClaimReview {
			t.Fatalf("a cent went back: %s", got.State)
		}
		approve(c.ID, ChoiceRefund)
		queuetest.Wait(t, "the rest", func() bool { clk.Advance(time.Second); return st.claimNow(c.ID).State == ClaimRemedied })

		c, order = claim() // erased while its remedy is carried out: it waits for nobody
		st.in(storetest.Shop, func(tx *store.Tx) error {
			if err := st.s.approveClaim(tx, c.ID, "", "42"); err != nil {
				return err
			}
			if err := tx.Exec(`UPDATE tracking_offers SET state = 'chosen', choice = 'refund' WHERE shop_id = ? AND state = 'open'`, tx.Shop).Error; err != nil {
				return err
			}
			if err := st.s.erase(ctx, tx, room.Person{OrderIDs: []int64{order}}); err != nil {
				return err
			}
			erased, err := findClaim(tx, c.ID)
			if err != nil {
				return err
			}
			of, err := findOffer(tx, erased.OfferID)
			if err != nil {
				return err
			}
			return st.s.settle(tx, &of, OfferRefused, "no")
		})
		if got := st.claimNow(c.ID); got.State != ClaimClosed {
			t.Errorf("erased, refused and %s", got.State)
		}
	})
}
