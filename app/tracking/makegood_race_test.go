package tracking

import (
	"os"
	"sync"
	"testing"

	"afterglow/app/clock"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// R5: a hundred hands choose every offer at once, through two web processes, and two
// workers carry out what is planned. Each is refunded once, and nothing is left
// waiting for a person. FULL=1 is the promised size.
func TestManyHandsRefundEachOfferOnce(t *testing.T) {
	orders, hands := 1, 20
	if os.Getenv("FULL") != "" {
		orders, hands = 10, 100
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		st := performWith(t, db, clk, 2)
		other := *st.s
		st.generous(1_000_000_000)
		offers := st.late(orders, 10)
		var wg sync.WaitGroup
		for hand := range hands {
			s := st.s
			if hand%2 == 1 {
				s = &other
			}
			wg.Go(func() {
				for _, of := range offers {
					err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error { _, err := s.Choose(tx, of.OrderID, of.ID, ChoiceRefund); return err })
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		st.until("every refund", func() bool {
			return st.count(`SELECT count(*) FROM tracking_offers WHERE shop_id = ? AND state = 'done'`) == int64(len(offers))
		})
		made := map[string]int{}
		for _, l := range st.sim.Ledger(st.shop.ID) {
			if l.By == "app" {
				made[l.Key]++
			}
		}
		for key, n := range made {
			if n != 1 {
				t.Errorf("%s was refunded %d times", key, n)
			}
		}
		if len(made) != len(offers) || st.count(`SELECT count(*) FROM shopify_operations WHERE shop_id = ?`) != int64(len(offers)) {
			t.Errorf("%d refunds of %d offers", len(made), len(offers))
		}
	})
}
