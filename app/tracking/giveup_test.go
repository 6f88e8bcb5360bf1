package tracking

import (
	"strconv"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/orders"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopify"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// until waits while a little time passes.
func (st *stage) until(what string, check func() bool) {
	st.t.Helper()
	for deadline := time.Now().Add(40 * time.Second); !check(); time.Sleep(5 * time.Millisecond) {
		if queuetest.PassTime(st.t, st.db, st.clk); time.Now().After(deadline) {
			st.t.Fatalf("%s did not happen", what)
		}
	}
}

func (st *stage) offerNow(id string) (of offerRow) {
	st.t.Helper()
	st.in(storetest.Shop, func(tx *store.Tx) (err error) { of, err = findOffer(tx, id); return err })
	return of
}

// A choice that nobody can carry out ends as refused: the budget is free again and
// the shopper is told. Store credit whose answer was lost is for staff to decide,
// and a person who is erased leaves nothing waiting.
func TestAParkedChoiceIsGivenUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		st := perform(t, db, clk)
		st.generous(1_000_000_000)
		offers := st.late(4, 1)
		reserved := func() int64 {
			return st.count(`SELECT COALESCE(SUM(reserved_minor), 0) FROM tracking_budgets WHERE shop_id = ?`)
		}
		mails := func(of offerRow) int64 {
			return st.count(`SELECT count(*) FROM messages WHERE shop_id = ? AND kind = ? AND ref = ?`, KindOutcome, of.ID)
		}
		giveUp := func(of offerRow, said string) {
			operation := st.offerNow(of.ID).OperationID
			st.in(storetest.Shop, func(tx *store.Tx) error {
				return shopify.GiveUpOperation(tx, operation, shopify.GivingUp{Said: said, By: "7", Note: "the shopper rang"})
			})
		}
		park := func(of offerRow, choice string, faults shopsim.APIFaults) {
			if err := st.sim.SetFaults(shopsim.Faults{API: faults}); err != nil {
				t.Fatal(err)
			}
			if _, err := st.choose(of, choice); err != nil {
				t.Fatal(err)
			}
			operation := st.offerNow(of.ID).OperationID
			st.until("thirteen attempts", func() bool { // as if it had been tried for hours
				var n int64
				st.in(storetest.Shop, func(tx *store.Tx) error {
					u := tx.Exec(`UPDATE shopify_operations SET attempt = 13 WHERE shop_id = ? AND id = ? AND state = 'uncertain'`, tx.Shop, operation)
					n = u.RowsAffected
					return u.Error
				})
				return n == 1
			})
			st.until("the parking", func() bool { return st.offerNow(of.ID).State == OfferParked })
			if err := st.sim.SetFaults(shopsim.Faults{}); err != nil {
				t.Fatal(err)
			}
		}
		broken := shopsim.APIFaults{FailBefore: 1, Operation: "refundCreate"}

		park(offers[0], ChoiceRefund, broken)
		if reserved() == 0 {
			t.Error("a parked choice keeps its budget")
		}
		giveUp(offers[0], "")
		st.until("its end", func() bool { return st.offerNow(offers[0].ID).State == OfferRefused })
		if reserved() != 0 || mails(offers[0]) != 1 {
			t.Errorf("%d reserved, %d mails", reserved(), mails(offers[0]))
		}

		// The credit was given, its answer was lost, and reading back finds nothing:
		// staff saw it in Shopify.
		park(offers[1], ChoiceWait, shopsim.APIFaults{FailBefore: 1, Operation: "storeCreditAccountCredit"})
		giveUp(offers[1], shopify.SaidHappened)
		st.until("its end", func() bool { return st.offerNow(offers[1].ID).State == OfferDone })
		if reserved() != offers[1].WaitMinor || mails(offers[1]) != 1 {
			t.Errorf("%d reserved, %d mails", reserved(), mails(offers[1]))
		}
		park(offers[2], ChoiceWait, shopsim.APIFaults{FailBefore: 1, Operation: "storeCreditAccountCredit"})
		giveUp(offers[2], shopify.SaidNotHappened)
		st.until("its end", func() bool { return st.offerNow(offers[2].ID).State == OfferRefused })
		if reserved() != offers[1].WaitMinor {
			t.Errorf("%d reserved", reserved())
		}

		park(offers[3], ChoiceRefund, broken)
		st.in(storetest.Shop, func(tx *store.Tx) error {
			o, err := orders.Find(tx, offers[3].OrderID)
			if err != nil {
				return err
			}
			_, err = st.operator.EraseNaming(tx, nil, []string{strconv.FormatInt(o.ID, 10)})
			return err
		})
		if of := st.offerNow(offers[3].ID); of.State != OfferRefused || reserved() != offers[1].WaitMinor || mails(of) != 0 {
			t.Errorf("%s, %d reserved, %d mails", of.State, reserved(), mails(of))
		}
	})
}
