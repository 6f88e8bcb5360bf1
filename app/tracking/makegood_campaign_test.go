package tracking

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// kindInLedger is how the simulated store's books call a choice.
var kindInLedger = map[string]string{ChoiceRefund: "refund", ChoiceReship: "replacement", ChoiceCredit: "store_credit", ChoiceWait: "store_credit"}

var choicesInTurn = []string{ChoiceRefund, ChoiceReship, ChoiceCredit, ChoiceWait, ChoiceRefund, ChoiceReship, ChoiceRefund, ChoiceReship, ChoiceCredit, ChoiceReship}

// R4: three in ten calls are carried out and their answers lost. By the simulated
// store's own ledger each choice is carried out once, and hardly any waits for a
// person. FULL=1 is the promised size, FULL=2000 a part of it.
func TestMakeGoodsUnderLostAnswers(t *testing.T) {
	count, parcels := 2, 10
	switch n, err := strconv.Atoi(os.Getenv("FULL")); {
	case err == nil && n > 1:
		count = n / parcels
	case os.Getenv("FULL") != "":
		count = 1000
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		st := perform(t, db, clk)
		st.generous(1_000_000_000)
		offers := st.late(count, int64(parcels))
		if err := st.sim.SetFaults(shopsim.Faults{Seed: 11, API: shopsim.APIFaults{FailAfter: 0.3}}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		chosen := map[string]string{}
		for i, of := range offers {
			chosen[of.ID] = choicesInTurn[(i+i/parcels)%len(choicesInTurn)]
		}
		ended := 0
		for wave := range slices.Chunk(byParcel(offers, parcels), 200) {
			ended += len(wave)
			st.logOut()
			st.everybodyChooses(wave, chosen)
			st.ends(ended)
		}
		st.balances(chosen)
		parked := st.count(`SELECT count(*) FROM tracking_offers WHERE shop_id = ? AND state = 'parked'`)
		if parked*1000 > int64(len(offers)) {
			t.Errorf("%d of %d wait for a person", parked, len(offers))
		}
		attempts := st.count(`SELECT SUM(attempt) FROM shopify_operations WHERE shop_id = ?`)
		t.Logf("%d choices posted three times each, %d attempts, %d parked, in %s", len(offers), attempts, parked, time.Since(began).Round(time.Second))
	})
}

// byParcel puts the first parcels of all orders before their second ones: what is
// chosen on one order is carried out one after another.
func byParcel(offers []offerRow, parcels int) (list []offerRow) {
	for nth := range parcels {
		for i := nth; i < len(offers); i += parcels {
			list = append(list, offers[i])
		}
	}
	return list
}

// everybodyChooses posts each choice three times, one of them of another mind, from
// several hands.
func (st *stage) everybodyChooses(offers []offerRow, chosen map[string]string) {
	var hands sync.WaitGroup
	work := make(chan offerRow)
	for range 4 {
		hands.Go(func() {
			for of := range work {
				for _, choice := range []string{chosen[of.ID], ChoiceWait, chosen[of.ID]} {
					if _, err := st.choose(of, choice); err != nil {
						st.t.Error(err)
					}
				}
			}
		})
	}
	for _, of := range offers {
		work <- of
	}
	close(work)
	hands.Wait()
}

// logOut has the next call log in again. Nothing may be under way.
func (st *stage) logOut() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.client = nil
}

// ends lets time pass until every choice has been carried out or waits for a
// person.
func (st *stage) ends(count int) {
	st.t.Helper()
	for deadline := time.Now().Add(time.Minute + time.Duration(count)*time.Second); ; time.Sleep(10 * time.Millisecond) {
		queuetest.PassTime(st.t, st.db, st.clk)
		if st.count(`SELECT count(*) FROM tracking_offers WHERE shop_id = ? AND state IN ('done', 'parked')`) == int64(count) {
			return
		}
		if time.Now().After(deadline) {
			var left []struct {
				State, Reason string
				N             int
			}
			st.in(storetest.Shop, func(tx *store.Tx) error {
				return tx.Raw(`SELECT state, reason, count(*) AS n FROM shopify_operations WHERE shop_id = ? GROUP BY state, reason`, tx.Shop).Scan(&left).Error
			})
			st.t.Fatalf("some were not carried out: %+v", left)
		}
	}
}

// balances compares the store's ledger and the budget with what was chosen: nothing
// twice, and missing at most what waits for a person.
func (st *stage) balances(chosen map[string]string) {
	st.t.Helper()
	var offers []offerRow
	st.in(storetest.Shop, func(tx *store.Tx) error { return tx.Scoped(&offerRow{}).Find(&offers).Error })
	done, parked, taken, spent := map[string]int{}, map[string]int{}, int64(0), int64(0)
	for _, of := range offers {
		if of.Choice != chosen[of.ID] {
			st.t.Errorf("%s was chosen, not %s", of.Choice, chosen[of.ID])
		}
		taken += of.WorthMinor
		if of.State == OfferDone {
			spent += of.WorthMinor
			done[kindInLedger[of.Choice]]++
		} else {
			parked[kindInLedger[of.Choice]]++
		}
	}
	ledger := map[string]map[string]int{"refund": {}, "store_credit": {}, "replacement": {}}
	for _, l := range st.sim.Ledger(st.shop.ID) {
		if l.By != "app" {
			continue
		}
		key := l.Key
		if key == "" {
			key = fmt.Sprint(l.Subject)
		}
		ledger[l.Kind][key]++
	}
	for kind, made := range ledger {
		total := 0
		for key, n := range made {
			if total += n; n != 1 {
				st.t.Errorf("%s %s was made %d times", kind, key, n)
			}
		}
		if total < done[kind] || total > done[kind]+parked[kind] {
			st.t.Errorf("%s: %d in the ledger, %d done, %d parked", kind, total, done[kind], parked[kind])
		}
	}
	if got := st.count(`SELECT SUM(reserved_minor) FROM tracking_budgets WHERE shop_id = ?`); got != taken {
		st.t.Errorf("%d of the budget are taken, %d chosen", got, taken)
	}
	if got := st.count(`SELECT SUM(spent_minor) FROM tracking_budgets WHERE shop_id = ?`); got != spent {
		st.t.Errorf("%d of the budget are spent, %d carried out", got, spent)
	}
}
