package shopify_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

func (b *operatorBundle) set(change func(k *counter)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b.counter)
}

// park plans an operation that waits for a person.
func (b *operatorBundle) park(subject string, order int64) shopify.Operation {
	b.t.Helper()
	b.set(func(k *counter) { k.refuse = shopify.ErrAccessDenied })
	op, err := b.plan(subject, order)
	if err != nil {
		b.t.Fatal(err)
	}
	op = b.reach(op.ID, shopify.OperationParked)
	b.set(func(k *counter) { k.refuse = nil })
	return op
}

func (b *operatorBundle) giveUp(id, said string) error {
	return b.tx(func(tx *store.Tx) error {
		return shopify.GiveUpOperation(tx, id, shopify.GivingUp{Said: said, By: "7", Note: "the shopper rang"})
	})
}

// What is given up is looked for once more, and its room hears the end.
func TestAParkedOperationIsGivenUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newOperator(t, db, clk, false)
		op := b.park("order:1", 1)
		if op.InDoubt {
			t.Error("Shopify can be asked")
		}
		if err := b.tx(func(tx *store.Tx) error {
			return shopify.GiveUpOperation(tx, op.ID, shopify.GivingUp{By: "7", Note: " "})
		}); !errors.Is(err, shopify.ErrGiveUpNote) {
			t.Errorf("without a reason: %v", err)
		}
		if err := b.giveUp(op.ID, ""); err != nil {
			t.Fatal(err)
		}
		gone := b.reach(op.ID, shopify.OperationAbandoned)
		if b.made[op.ID] != 0 || gone.Live() || gone.Done() || gone.GivenUp.By != "7" || gone.GivenUp.Note != "the shopper rang" || !slices.Equal(b.told(2), []string{"parked", "abandoned"}) {
			t.Errorf("made %v, outcomes %v: %+v", b.made, b.told(2), gone)
		}
		if err := b.giveUp(op.ID, ""); !errors.Is(err, shopify.ErrNotParked) {
			t.Errorf("given up twice: %v", err)
		}
		if err := b.giveUp("op_x", ""); !errors.Is(err, shopify.ErrOperationMissing) {
			t.Errorf("nothing was given up: %v", err)
		}
		again, err := b.plan("order:1", 1) // it is in nobody's way any more
		if err != nil {
			t.Fatal(err)
		}
		b.reach(again.ID, shopify.OperationSucceeded)

		there := b.park("order:2", 2)
		b.set(func(k *counter) { k.made[there.ID] = 1 }) // it had happened all the same
		if err := b.giveUp(there.ID, shopify.SaidNotHappened); err != nil {
			t.Fatal(err)
		}
		if b.reach(there.ID, shopify.OperationSettled); b.made[there.ID] != 1 {
			t.Errorf("made %v", b.made)
		}
	})
}

// Where Shopify cannot tell, staff do; nothing is sent again in any case.
func TestStaffSayWhatHappenedToOneInDoubt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newOperator(t, db, clk, true)
		for said, want := range map[string]string{shopify.SaidHappened: shopify.OperationSettled, shopify.SaidNotHappened: shopify.OperationAbandoned} {
			b.set(func(k *counter) { k.lose, k.blind = 1, true })
			op, err := b.plan("account:"+said, 0)
			if err != nil {
				t.Fatal(err)
			}
			if op = b.reach(op.ID, shopify.OperationParked); !op.InDoubt {
				t.Errorf("who can tell? %+v", op)
			}
			if err := b.giveUp(op.ID, ""); !errors.Is(err, shopify.ErrInDoubt) {
				t.Errorf("nothing was said: %v", err)
			}
			if err := b.giveUp(op.ID, said); err != nil {
				t.Fatal(err)
			}
			if b.reach(op.ID, want); b.made[op.ID] != 1 {
				t.Errorf("%s: made %v", said, b.made)
			}
		}
		// Parked for another reason: that it is in doubt shows when it is given up.
		op := b.park("account:9", 0)
		if err := b.giveUp(op.ID, ""); err != nil {
			t.Fatal(err)
		}
		b.until(op.ID, func(op shopify.Operation) bool { return op.State == shopify.OperationParked && op.InDoubt })
		// Shopify cannot even be asked.
		b.set(func(k *counter) { k.deaf = shopify.ErrAccessDenied })
		if err := b.giveUp(op.ID, shopify.SaidNotHappened); err != nil {
			t.Fatal(err)
		}
		b.reach(op.ID, shopify.OperationAbandoned)
	})
}

func (b *operatorBundle) until(id string, is func(shopify.Operation) bool) {
	b.t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(b.state(id)); time.Sleep(5 * time.Millisecond) {
		if b.pass(); time.Now().After(deadline) {
			b.t.Fatalf("it stays %+v", b.state(id))
		}
	}
}

// A person is erased: what waits for somebody's decision about them ends, and its
// room hears so in the same transaction.
func TestErasingTellsTheRoom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newOperator(t, db, clk, false)
		op := b.park("order:8", 8)
		lost := errors.New("the rest of the erasing failed")
		erase := func(after error) error {
			return b.tx(func(tx *store.Tx) error {
				running, err := b.op.EraseNaming(tx, nil, []string{"8"})
				if err == nil && running != 0 {
					t.Errorf("%d are running", running)
				}
				return errors.Join(err, after)
			})
		}
		if err := erase(lost); !errors.Is(err, lost) || b.state(op.ID).State != shopify.OperationParked {
			t.Errorf("%v, %+v", err, b.state(op.ID))
		}
		for range 2 {
			if err := erase(nil); err != nil {
				t.Fatal(err)
			}
		}
		if got := b.state(op.ID); got.State != shopify.OperationAbandoned || got.Reason != "" || string(got.Input) != "{}" || !slices.Equal(b.told(2), []string{"parked", "abandoned"}) {
			t.Errorf("outcomes %v: %+v", b.told(2), got)
		}
	})
}

// What Shopify throttled it never did: it counts neither as an attempt nor as one
// whose answer was lost, also where there is no key.
func TestAThrottledOperationIsNoAttempt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newOperator(t, db, clk, true)
		b.set(func(k *counter) { k.throttle, k.blind = 16, true }) // a found effect would hide a second one
		op, err := b.plan("account:1", 1)
		if err != nil {
			t.Fatal(err)
		}
		if done := b.reach(op.ID, shopify.OperationSucceeded); b.made[op.ID] != 1 || b.readings != 0 || done.Attempt != 17 || done.Throttled != 16 || done.Again() {
			t.Errorf("made %v, read back %d times: %+v", b.made, b.readings, done)
		}
		// After a lost answer it is read back, throttled or not.
		b.set(func(k *counter) { k.lose, k.blind, k.deaf = 1, false, shopify.Throttled(time.Second) })
		if op, err = b.plan("account:2", 2); err != nil {
			t.Fatal(err)
		}
		b.until(op.ID, func(op shopify.Operation) bool { return op.Throttled > 14 })
		b.set(func(k *counter) { k.deaf = nil })
		if done := b.reach(op.ID, shopify.OperationSettled); b.made[op.ID] != 1 || !done.Again() {
			t.Errorf("made %v: %+v", b.made, done)
		}
	})
}
