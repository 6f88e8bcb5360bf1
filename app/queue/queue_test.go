package queue_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"afterglow/app/clock"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

const redisNumber = 1

var ctx = context.Background()

func enqueue(t *testing.T, db *store.DB, requests ...queue.Request) {
	t.Helper()
	err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
		for _, r := range requests {
			if err := queue.Enqueue(tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func states(t *testing.T, db *store.DB) map[queue.State]int {
	t.Helper()
	m := map[queue.State]int{}
	var rows []queue.Row
	if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error { return tx.Scoped(&queue.Row{}).Find(&rows).Error }); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		m[r.State]++
	}
	return m
}

func TestJobRunsOnceAndDoneIsInTheSameTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		q := queuetest.New(t, db, redisNumber)
		var ran atomic.Int64
		q.Register(queue.Task{Kind: "test.count", InTx: func(context.Context, *store.Tx, queue.Job) error { ran.Add(1); return nil }})
		queuetest.Start(t, q)
		for i := range 30 {
			enqueue(t, db, queue.Request{Kind: "test.count", Ref: fmt.Sprint(i)})
		}
		queuetest.Wait(t, "thirty jobs done", func() bool { return states(t, db)[queue.StateDone] == 30 })
		if ran.Load() != 30 {
			t.Errorf("ran %d times, want 30", ran.Load())
		}
	})
}

func TestOnceKeyMakesOneJob(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		queuetest.New(t, db, redisNumber)
		r := queue.Request{Kind: "test.any", Ref: "x", Once: "key"}
		enqueue(t, db, r, r)
		enqueue(t, db, r)
		if got := states(t, db)[queue.StateReady]; got != 1 {
			t.Errorf("%d jobs, want 1", got)
		}
	})
}

func TestRolledBackTransactionLeavesNoJob(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		queuetest.New(t, db, redisNumber)
		sorry := errors.New("sorry")
		err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
			if err := queue.Enqueue(tx, queue.Request{Kind: "test.any", Ref: "x"}); err != nil {
				return err
			}
			return sorry
		})
		if !errors.Is(err, sorry) || len(states(t, db)) != 0 {
			t.Errorf("error %v, rows %v", err, states(t, db))
		}
	})
}

func TestFailuresAreTriedAgainAndProblemsParkAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		q := queuetest.New(t, db, redisNumber)
		var shaky, bad atomic.Int64
		q.Register(
			queue.Task{Kind: "test.shaky", InTx: func(context.Context, *store.Tx, queue.Job) error {
				if shaky.Add(1) < 3 {
					return errors.New("not yet")
				}
				return nil
			}},
			queue.Task{Kind: "test.bad", InTx: func(context.Context, *store.Tx, queue.Job) error {
				bad.Add(1)
				return problem.New(problem.Invalid, "test.bad", "This cannot be understood.")
			}},
			queue.Task{Kind: "test.panics", MaxAttempts: 2, Run: func(context.Context, *queue.Claim) error { panic("boom") }},
		)
		queuetest.Start(t, q)
		enqueue(t, db, queue.Request{Kind: "test.shaky", Ref: "s"}, queue.Request{Kind: "test.bad", Ref: "b"},
			queue.Request{Kind: "test.panics", Ref: "p"}, queue.Request{Kind: "test.unheard_of", Ref: "u"})
		queuetest.Wait(t, "one done, three parked", func() bool {
			queuetest.PassTime(t, db, clk)
			s := states(t, db)
			return s[queue.StateDone] == 1 && s[queue.StateParked] == 3
		})
		if shaky.Load() != 3 || bad.Load() != 1 {
			t.Errorf("shaky ran %d times, want 3; bad %d, want 1", shaky.Load(), bad.Load())
		}
		db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
			rows, err := queue.Parked(tx, "test.bad", "", 10)
			if err != nil || len(rows) != 1 || rows[0].Reason != "test.bad: This cannot be understood." {
				t.Errorf("parked: %+v, %v", rows, err)
			}
			return nil
		})
	})
}

func TestDelayedJobWaitsForItsTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		q := queuetest.New(t, db, redisNumber)
		q.Register(queue.Task{Kind: "test.later", InTx: func(context.Context, *store.Tx, queue.Job) error { return nil }})
		queuetest.Start(t, q)
		enqueue(t, db, queue.Request{Kind: "test.later", Ref: "x", RunAt: clk.Now().Add(14 * 24 * time.Hour)})
		time.Sleep(150 * time.Millisecond)
		if states(t, db)[queue.StateReady] != 1 {
			t.Fatal("did not wait")
		}
		clk.Advance(14 * 24 * time.Hour)
		queuetest.Wait(t, "done after fourteen days", func() bool { return states(t, db)[queue.StateDone] == 1 })
	})
}

// R6 at push size: Redis forgets everything again and again.
func TestFlushedRedisLosesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		q := queuetest.New(t, db, redisNumber)
		var effects atomic.Int64
		q.Register(queue.Task{Kind: "test.effect", InTx: func(_ context.Context, tx *store.Tx, _ queue.Job) error {
			tx.AfterCommit(func() { effects.Add(1) })
			return nil
		}})
		queuetest.Start(t, q)
		client := redis.NewClient(&redis.Options{Addr: redisAddr(t), DB: redisNumber})
		defer client.Close()
		const n = 400
		go func() {
			for range 8 {
				time.Sleep(60 * time.Millisecond)
				client.FlushDB(ctx)
			}
		}()
		for i := range n {
			enqueue(t, db, queue.Request{Kind: "test.effect", Ref: fmt.Sprint(i)})
		}
		queuetest.Wait(t, "all done", func() bool { return states(t, db)[queue.StateDone] == n })
		if effects.Load() != n {
			t.Errorf("%d effects, want %d", effects.Load(), n)
		}
	})
}

// R7: a worker that hangs past its lease cannot finish what another took over.
func TestStaleWorkerCannotCommit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		q := queuetest.New(t, db, redisNumber)
		release := make(chan struct{})
		var starts atomic.Int64
		stale := make(chan error, 1)
		q.Register(queue.Task{Kind: "test.hang", Run: func(_ context.Context, c *queue.Claim) error {
			if starts.Add(1) == 1 {
				<-release
				err := c.Finish(ctx, func(*store.Tx) error { t.Error("the stale worker wrote"); return nil })
				stale <- err
				return err
			}
			return c.Finish(ctx, nil)
		}})
		queuetest.Start(t, q)
		enqueue(t, db, queue.Request{Kind: "test.hang", Ref: "x"})
		queuetest.Wait(t, "first start", func() bool { return starts.Load() == 1 })
		clk.Advance(2 * time.Minute)
		queuetest.Wait(t, "done by the second", func() bool { return states(t, db)[queue.StateDone] == 1 })
		close(release)
		if err := <-stale; !errors.Is(err, queue.ErrStale) {
			t.Errorf("stale finish: %v", err)
		}
	})
}

func TestScheduleBeginsOncePerRound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		var rounds atomic.Int64
		for range 2 { // two processes on one table
			q := queuetest.New(t, db, redisNumber)
			q.Plan(queue.Schedule{Name: "test.round", Every: time.Hour, Begin: func(context.Context, *store.Tx) error { rounds.Add(1); return nil }})
			queuetest.Start(t, q)
		}
		queuetest.Wait(t, "first round", func() bool { return rounds.Load() == 1 })
		clk.Advance(time.Hour)
		queuetest.Wait(t, "second round", func() bool { return rounds.Load() == 2 })
		time.Sleep(1200 * time.Millisecond)
		if rounds.Load() != 2 {
			t.Errorf("%d rounds, want 2", rounds.Load())
		}
	})
}
