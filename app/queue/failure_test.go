package queue_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"afterglow/app/clock"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

func jobs(t *testing.T, db *store.DB, kind string) (rows []queue.Row) {
	t.Helper()
	if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
		return tx.Scoped(&queue.Row{}).Where("kind = ?", kind).Order("id").Find(&rows).Error
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

// PostgreSQL takes neither a cut letter nor a zero byte. A reason that cannot be
// written would leave the job to be tried for ever.
func TestAnyErrorCanBeKeptAsReason(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		q := queuetest.New(t, db, redisNumber)
		texts := map[string]error{
			"cut":    errors.New("x" + strings.Repeat("é", 300)),
			"zero":   errors.New("a\x00b"),
			"latin1": errors.New("caf\xe9"),
			"words":  problem.New(problem.Invalid, "test.words", "not \x00 \xff text"),
		}
		q.Register(queue.Task{Kind: "test.fails", MaxAttempts: 2, InTx: func(_ context.Context, _ *store.Tx, job queue.Job) error { return texts[job.Ref] }})
		queuetest.Start(t, q)
		for ref := range texts {
			enqueue(t, db, queue.Request{Kind: "test.fails", Ref: ref})
		}
		queuetest.Wait(t, "all parked", func() bool {
			queuetest.PassTime(t, db, clk)
			return states(t, db)[queue.StateParked] == len(texts)
		})
		for _, r := range jobs(t, db, "test.fails") {
			if r.Reason == "" || len(r.Reason) > 310 {
				t.Errorf("%s: reason %q", r.Ref, r.Reason)
			}
		}
	})
}

// Waiting is not failing: a job that has to wait for its turn is never parked.
func TestWaitingIsNotFailing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		q := queuetest.New(t, db, redisNumber)
		var inTx, run atomic.Int64
		later := func() error { return queue.Later(clk.Now().Add(time.Second), errors.New("not my turn")) }
		q.Register(
			queue.Task{Kind: "test.in_tx", MaxAttempts: 2, InTx: func(_ context.Context, _ *store.Tx, job queue.Job) error {
				if job.Attempt != 1 {
					t.Errorf("attempt %d", job.Attempt)
				}
				if inTx.Add(1) < 6 {
					return later()
				}
				return nil
			}},
			queue.Task{Kind: "test.run", MaxAttempts: 2, Run: func(ctx context.Context, c *queue.Claim) error {
				if c.Job.Attempt != 1 {
					t.Errorf("attempt %d", c.Job.Attempt)
				}
				if run.Add(1) < 6 {
					return later()
				}
				return c.Finish(ctx, nil)
			}})
		queuetest.Start(t, q)
		enqueue(t, db, queue.Request{Kind: "test.in_tx", Ref: "a"}, queue.Request{Kind: "test.run", Ref: "b"})
		queuetest.Wait(t, "both done", func() bool { queuetest.PassTime(t, db, clk); return states(t, db)[queue.StateDone] == 2 })
	})
}

// During a deploy an old program meets jobs of a newer one.
func TestUnknownKindIsLeftForAnotherProgram(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		old := queuetest.New(t, db, redisNumber)
		queuetest.Start(t, old)
		enqueue(t, db, queue.Request{Kind: "test.new_in_this_version", Ref: "x"})
		queuetest.Wait(t, "met by the old program", func() bool { return jobs(t, db, "test.new_in_this_version")[0].Attempts == 1 })
		if s := states(t, db); s[queue.StateParked] != 0 {
			t.Errorf("the old program parked it: %v", s)
		}
	})
}

// A lane that is full does not keep the others waiting.
func TestFullLaneHoldsUpNobodyElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		q := queuetest.New(t, db, redisNumber)
		release := make(chan struct{})
		q.Register(
			queue.Task{Kind: "test.slow", Run: func(ctx context.Context, c *queue.Claim) error { <-release; return c.Finish(ctx, nil) }},
			queue.Task{Kind: "test.quick", InTx: func(context.Context, *store.Tx, queue.Job) error { return nil }})
		queuetest.Start(t, q)
		defer close(release)
		var slow []queue.Request
		for i := range 2200 {
			slow = append(slow, queue.Request{Kind: "test.slow", Ref: fmt.Sprint(i)})
		}
		enqueue(t, db, slow...)
		time.Sleep(300 * time.Millisecond)
		enqueue(t, db, queue.Request{Kind: "test.quick", Ref: "x"})
		queuetest.Wait(t, "the quick one", func() bool { return states(t, db)[queue.StateDone] == 1 })
	})
}

// What could not be handed to Redis is handed over as soon as Redis is back.
func TestJobsAreGivenBackWhenRedisIsAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		q, err := queue.New(queue.Config{DB: db, Redis: asynq.RedisClientOpt{Addr: "127.0.0.1:1"}, Poll: 10 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		q.Register(queue.Task{Kind: "test.any", InTx: func(context.Context, *store.Tx, queue.Job) error { return nil }})
		queuetest.Start(t, q)
		enqueue(t, db, queue.Request{Kind: "test.any", Ref: "x"})
		queuetest.Wait(t, "taken and given back", func() bool {
			r := jobs(t, db, "test.any")[0]
			return r.Epoch > 0 && r.State == queue.StateReady
		})
	})
}

// The outward effect has happened; that the time is over must not lose its record.
func TestFinishOutlivesTheAttempt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		q := queuetest.New(t, db, redisNumber)
		q.Register(queue.Task{Kind: "test.long", Timeout: 50 * time.Millisecond, Run: func(ctx context.Context, c *queue.Claim) error {
			<-ctx.Done()
			return c.Finish(ctx, nil)
		}})
		queuetest.Start(t, q)
		enqueue(t, db, queue.Request{Kind: "test.long", Ref: "x"})
		queuetest.Wait(t, "done", func() bool { return states(t, db)[queue.StateDone] == 1 })
		if r := jobs(t, db, "test.long")[0]; r.Attempts != 1 {
			t.Errorf("%d attempts, want 1", r.Attempts)
		}
	})
}

// A long task keeps its lease short and renews it, so that a killed worker's job
// does not wait for the end of the task's time.
func TestLeaseOfALongTaskIsShort(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		q := queuetest.New(t, db, redisNumber)
		var starts atomic.Int64
		q.Register(queue.Task{Kind: "test.long", Timeout: 15 * time.Minute, Run: func(ctx context.Context, c *queue.Claim) error {
			if starts.Add(1) == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return c.Finish(ctx, nil)
		}})
		queuetest.Start(t, q)
		enqueue(t, db, queue.Request{Kind: "test.long", Ref: "x"})
		queuetest.Wait(t, "first start", func() bool { return starts.Load() == 1 })
		clk.Advance(90 * time.Second)
		queuetest.Wait(t, "done by the second", func() bool { return states(t, db)[queue.StateDone] == 1 })
	})
}

// SIGTERM: what cannot end in time is ready again at once, and not for its fault.
func TestStopGivesBackWhatDoesNotEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		q, err := queue.New(queue.Config{DB: db, Redis: queuetest.Redis(t, redisNumber), Poll: 10 * time.Millisecond, Drain: 100 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		var begun atomic.Bool
		q.Register(queue.Task{Kind: "test.long", Run: func(ctx context.Context, c *queue.Claim) error {
			begun.Store(true)
			<-ctx.Done()
			return fmt.Errorf("cut off: %w", ctx.Err())
		}})
		if err := q.Start(ctx); err != nil {
			t.Fatal(err)
		}
		enqueue(t, db, queue.Request{Kind: "test.long", Ref: "x"})
		queuetest.Wait(t, "begun", begun.Load)
		at := time.Now()
		q.Stop()
		if took := time.Since(at); took > 5*time.Second {
			t.Errorf("stopping took %s", took)
		}
		if r := jobs(t, db, "test.long")[0]; r.State != queue.StateReady || r.Attempts != 0 || r.RunAt.After(time.Now().Add(time.Hour)) {
			t.Errorf("left %s after %d attempts, to run at %s", r.State, r.Attempts, r.RunAt)
		}
	})
}

// Rounds that were missed are not caught up one by one.
func TestRoundsDoNotPileUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		queuetest.New(t, db, redisNumber)
		for range 3 {
			if err := db.System(ctx, func(tx *store.Tx) error {
				return queue.EnqueueFor(tx, queue.Request{Kind: "test.round"}, storetest.Shop, storetest.Other)
			}); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(jobs(t, db, "test.round")); n != 1 {
			t.Errorf("%d jobs wait, want 1", n)
		}
	})
}
