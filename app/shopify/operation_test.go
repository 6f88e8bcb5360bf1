package shopify_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/money"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// counter is a Shopify that makes one thing a call and remembers for whom.
type counter struct {
	mu       sync.Mutex
	made     map[string]int
	lose     int   // answers of the next so many calls
	fail     int   // of the next so many calls: nothing happens
	blind    bool  // reading back finds nothing
	deaf     error // reading back fails
	throttle int   // of the next so many calls: Shopify does not let them in
	refuse   error // what Do returns instead of making anything
	outcomes []string
	readings int
	running  map[int64]int
	overlap  bool
	slow     time.Duration
}

var errLost = problem.New(problem.Unavailable, "test.lost", "The answer was lost.")

func (k *counter) kind(unkeyed bool) shopify.OperationKind {
	return shopify.OperationKind{Name: "test.make", Unkeyed: unkeyed,
		Do: func(_ context.Context, _ *shopify.Client, op shopify.Operation) (shopify.Result, error) {
			k.mu.Lock()
			k.running[op.Order]++
			k.overlap = k.overlap || op.Order != 0 && k.running[op.Order] > 1
			k.mu.Unlock()
			time.Sleep(k.slow)
			k.mu.Lock()
			defer k.mu.Unlock()
			k.running[op.Order]--
			if k.refuse != nil {
				return shopify.Result{}, k.refuse
			}
			if k.throttle > 0 {
				k.throttle--
				return shopify.Result{}, shopify.Throttled(time.Second)
			}
			if k.fail > 0 {
				k.fail--
				return shopify.Result{}, errLost
			}
			k.made[op.ID]++
			if k.lose > 0 {
				k.lose--
				return shopify.Result{}, errLost
			}
			return shopify.Result{ShopifyID: "gid://shopify/Thing/1"}, nil
		},
		ReadBack: func(_ context.Context, _ *shopify.Client, op shopify.Operation) (shopify.Result, bool, error) {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.readings++
			if k.deaf != nil {
				return shopify.Result{}, false, k.deaf
			}
			return shopify.Result{ShopifyID: "gid://shopify/Thing/1"}, k.made[op.ID] > 0 && !k.blind, nil
		},
		Settled: func(_ context.Context, tx *store.Tx, op shopify.Operation, _ shopify.Result) error {
			tx.AfterCommit(func() {
				k.mu.Lock()
				defer k.mu.Unlock()
				k.outcomes = append(k.outcomes, op.State)
			})
			return nil
		}}
}

type operatorBundle struct {
	*counter
	t   *testing.T
	db  *store.DB
	clk *clock.Fixed
	op  *shopify.Operator
}

func newOperator(t *testing.T, db *store.DB, clk *clock.Fixed, unkeyed bool) *operatorBundle {
	b := &operatorBundle{counter: &counter{made: map[string]int{}, running: map[int64]int{}}, t: t, db: db, clk: clk}
	b.op = shopify.NewOperator(db, func(ids.Shop) *shopify.Client { return nil }, slog.New(slog.DiscardHandler))
	b.op.Register(b.kind(unkeyed))
	q := queuetest.New(t, db, inboxRedis)
	q.Register(b.op.Task())
	queuetest.Start(t, q)
	return b
}

func (b *operatorBundle) tx(fn func(tx *store.Tx) error) error {
	return b.db.InTx(context.Background(), storetest.Shop, fn)
}

func (b *operatorBundle) plan(subject string, order int64) (op shopify.Operation, err error) {
	var live error
	err = b.tx(func(tx *store.Tx) (err error) {
		op, err = shopify.Plan(tx, shopify.OperationRequest{Kind: "test.make", Subject: subject, Order: order, Input: map[string]any{"for": subject}, Amount: money.New(500, "EUR")})
		if errors.Is(err, shopify.ErrLiveOperation) {
			live = err
			return nil
		}
		return err
	})
	return op, errors.Join(err, live)
}

func (b *operatorBundle) state(id string) (op shopify.Operation) {
	b.t.Helper()
	if err := b.tx(func(tx *store.Tx) (err error) { op, err = shopify.FindOperation(tx, id); return err }); err != nil {
		b.t.Fatal(err)
	}
	return op
}

// told waits for so many outcomes: they are told once they are durable, which is
// a moment after they can be read.
func (b *operatorBundle) told(n int) (outcomes []string) {
	b.t.Helper()
	queuetest.Wait(b.t, "the outcome", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		outcomes = slices.Clone(b.outcomes)
		return len(outcomes) >= n
	})
	return outcomes
}

// reach waits for a state; the clock moves on, because attempts back off.
func (b *operatorBundle) reach(id, state string) shopify.Operation {
	b.t.Helper()
	queuetest.Wait(b.t, state, func() bool {
		b.pass()
		return b.state(id).State == state
	})
	return b.state(id)
}

// pass lets ten minutes pass, but not under an attempt: its lease would run out, and
// another would take its answer for lost.
func (b *operatorBundle) pass() {
	b.t.Helper()
	var under int64
	err := b.tx(func(tx *store.Tx) error {
		return tx.Scoped(&queue.Row{}).Where("state IN ?", []queue.State{queue.StateQueued, queue.StateRunning}).Count(&under).Error
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if under == 0 {
		b.clk.Advance(10 * time.Minute)
	}
}

func TestOperationSucceedsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newOperator(t, db, clk, false)
		op, err := b.plan("order:1", 1)
		if err != nil || op.State != shopify.OperationPlanned {
			t.Fatal(op, err)
		}
		done := b.reach(op.ID, shopify.OperationSucceeded)
		if b.made[op.ID] != 1 || b.readings != 0 || done.ShopifyID == "" || done.SentAt == nil || done.SettledAt == nil || done.Amount != money.New(500, "EUR") || !slices.Equal(b.told(1), []string{"succeeded"}) {
			t.Errorf("made %v, read back %d times, outcomes %v: %+v", b.made, b.readings, b.told(1), done)
		}
	})
}

// The mistake everybody makes: a timeout is not a failure.
func TestLostAnswerIsReadBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newOperator(t, db, clk, false)
		b.lose = 1
		op, _ := b.plan("order:1", 1)
		done := b.reach(op.ID, shopify.OperationSettled)
		if b.made[op.ID] != 1 || done.Attempt != 2 || done.ShopifyID == "" || !slices.Equal(b.told(1), []string{"settled"}) {
			t.Errorf("made %v, outcomes %v: %+v", b.made, b.told(1), done)
		}
	})
}

// What never reached Shopify is sent again, under the same key.
func TestLostRequestIsSentAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newOperator(t, db, clk, false)
		b.fail = 2
		op, _ := b.plan("order:1", 1)
		if b.reach(op.ID, shopify.OperationSucceeded); b.made[op.ID] != 1 || b.readings != 2 {
			t.Errorf("made %v after %d readings", b.made, b.readings)
		}
	})
}

// A process that dies between sent and outcome leaves a row that says "sent": the
// next attempt reads back, even if it is the first of its job to get that far.
func TestKilledBetweenSentAndOutcome(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		for name, happened := range map[string]bool{"it happened": true, "it did not": false} {
			t.Run(name, func(t *testing.T) {
				b := newOperator(t, db, clk, false)
				var op shopify.Operation
				if err := b.tx(func(tx *store.Tx) (err error) {
					if op, err = shopify.Plan(tx, shopify.OperationRequest{Kind: "test.make", Subject: name, Input: struct{}{}}); err != nil {
						return err
					}
					return tx.Exec(`UPDATE shopify_operations SET state = 'sent', attempt = 1, sent_at = ? WHERE shop_id = ? AND id = ?`, tx.Now, tx.Shop, op.ID).Error
				}); err != nil {
					t.Fatal(err)
				}
				want := shopify.OperationSucceeded
				if happened {
					b.mu.Lock()
					b.made[op.ID], want = 1, shopify.OperationSettled
					b.mu.Unlock()
				}
				if b.reach(op.ID, want); b.made[op.ID] != 1 || b.readings != 1 {
					t.Errorf("made %v, read back %d times", b.made, b.readings)
				}
			})
		}
	})
}

func TestRefusedAndParkedOperations(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newOperator(t, db, clk, false)
		b.refuse = shopify.Refuse([]shopify.UserError{{Message: "the order is archived"}})
		op, _ := b.plan("order:1", 1)
		if got := b.reach(op.ID, shopify.OperationRefused); got.Reason != "refused: the order is archived" || got.Live() {
			t.Errorf("%+v", got)
		}
		b.mu.Lock()
		b.refuse = shopify.ErrAccessDenied
		b.mu.Unlock()
		op, err := b.plan("order:1", 1) // what was refused may be asked for again
		if err != nil {
			t.Fatal(err)
		}
		parked := b.reach(op.ID, shopify.OperationParked)
		if parked.Reason == "" || b.made[op.ID] != 0 {
			t.Errorf("%+v", parked)
		}
		if live, err := b.plan("order:1", 1); !errors.Is(err, shopify.ErrLiveOperation) || live.ID != op.ID {
			t.Errorf("a second one beside the parked one: %v %v", live.ID, err)
		}
		b.mu.Lock()
		b.refuse = nil
		b.mu.Unlock()
		if err := b.tx(func(tx *store.Tx) error { return shopify.RetryOperation(tx, op.ID) }); err != nil {
			t.Fatal(err)
		}
		if b.reach(op.ID, shopify.OperationSucceeded); b.made[op.ID] != 1 || b.readings != 1 {
			t.Errorf("made %v, read back %d times before the retry", b.made, b.readings)
		}
		if err := b.tx(func(tx *store.Tx) error { return shopify.RetryOperation(tx, op.ID) }); !errors.Is(err, shopify.ErrNotParked) {
			t.Errorf("a retry of what is done: %v", err)
		}
		if err := b.tx(func(tx *store.Tx) error { return shopify.RetryOperation(tx, "op_x") }); !errors.Is(err, shopify.ErrOperationMissing) {
			t.Errorf("a retry of nothing: %v", err)
		}
	})
}

// Where Shopify keeps no key, an unknown outcome waits for a person.
func TestUnkeyedOperationIsNeverSentTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newOperator(t, db, clk, true)
		b.lose, b.blind = 1, true
		op, _ := b.plan("account:1", 0)
		if b.reach(op.ID, shopify.OperationParked); b.made[op.ID] != 1 {
			t.Errorf("made %v", b.made)
		}
	})
}

func TestOperationsOnOneOrderTakeTurns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newOperator(t, db, clk, false)
		b.slow = 20 * time.Millisecond
		var all []string
		for i := range 6 {
			op, err := b.plan(fmt.Sprintf("part:%d", i), 7)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, op.ID)
		}
		queuetest.Wait(t, "all of them", func() bool {
			clk.Advance(3 * time.Second)
			b.mu.Lock()
			defer b.mu.Unlock()
			return len(b.outcomes) == len(all)
		})
		if b.overlap {
			t.Error("two operations on one order ran at once")
		}
		var order []shopify.Operation
		if err := b.tx(func(tx *store.Tx) (err error) { order, err = shopify.OperationsOn(tx, 7); return err }); err != nil || len(order) != 6 {
			t.Fatal(len(order), err)
		}
		for _, op := range order {
			if b.made[op.ID] != 1 || op.State != shopify.OperationSucceeded {
				t.Errorf("%s: made %d times, %s", op.Subject, b.made[op.ID], op.State)
			}
		}
	})
}

// R5: a double click, two members of staff.
func TestOneLiveOperationPerSubject(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newOperator(t, db, clk, false)
		b.refuse = shopify.ErrAccessDenied // stays live: parked
		var wg sync.WaitGroup
		var mu sync.Mutex
		planned := map[string]int{}
		for range 20 {
			wg.Go(func() {
				op, err := b.plan("return:9", 9)
				if err != nil && !errors.Is(err, shopify.ErrLiveOperation) {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				planned[op.ID]++
			})
		}
		wg.Wait()
		if len(planned) != 1 {
			t.Errorf("planned %v", planned)
		}
	})
}

func TestOperationsForgetAndWithdraw(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newOperator(t, db, clk, false)
		op, _ := b.plan("customer:5551", 8)
		b.reach(op.ID, shopify.OperationSucceeded)
		var found []map[string]any
		if err := b.tx(func(tx *store.Tx) (err error) {
			found, err = shopify.OperationsNaming(tx, nil, []string{"5551"})
			return err
		}); err != nil || len(found) != 1 {
			t.Errorf("found %v, %v", found, err)
		}
		var running int
		if err := b.tx(func(tx *store.Tx) (err error) {
			running, err = b.op.EraseNaming(tx, nil, []string{"8"})
			return err
		}); err != nil || running != 0 {
			t.Errorf("%d running, %v", running, err)
		}
		if got := b.state(op.ID); string(got.Input) != "{}" || got.Amount.Minor != 500 {
			t.Errorf("after erasing: %+v", got)
		}
		late := shopify.Operation{}
		if err := b.tx(func(tx *store.Tx) (err error) {
			if late, err = shopify.Plan(tx, shopify.OperationRequest{Kind: "test.make", Subject: "late", Input: struct{}{}}); err != nil {
				return err
			}
			gone, err := shopify.Withdraw(tx, late.ID, "too late")
			if !gone {
				t.Error("could not withdraw what was never sent")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got := b.state(late.ID); got.State != shopify.OperationRefused || b.made[late.ID] != 0 {
			t.Errorf("withdrawn: %+v", got)
		}
		old, _ := b.plan("old", 0)
		b.reach(old.ID, shopify.OperationSucceeded)
		clk.Advance(181 * 24 * time.Hour)
		if err := db.System(context.Background(), func(tx *store.Tx) error { return b.op.Retention().Begin(context.Background(), tx) }); err != nil {
			t.Fatal(err)
		}
		if got := b.state(old.ID); string(got.Input) != "{}" {
			t.Errorf("after half a year: %+v", got)
		}
	})
}
