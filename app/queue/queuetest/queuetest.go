// Package queuetest runs a queue on a real Redis for tests.
package queuetest

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"afterglow/app/clock"
	"afterglow/app/queue"
	"afterglow/app/store"
)

// Redis returns an emptied database of the Redis at TEST_REDIS_URL. Tests share
// the server, so each package passes a number of its own.
func Redis(t testing.TB, number int) asynq.RedisConnOpt {
	t.Helper()
	base := os.Getenv("TEST_REDIS_URL")
	if base == "" {
		t.Fatal("TEST_REDIS_URL is not set: run the tests through `make test`, which starts Redis, or name one yourself")
	}
	opt, err := redis.ParseURL(base)
	if err != nil {
		t.Fatal(err)
	}
	opt.DB = number
	client := redis.NewClient(opt)
	defer client.Close()
	if err := client.FlushDB(context.Background()).Err(); err != nil {
		t.Fatalf("empty the test Redis: %v", err)
	}
	return asynq.RedisClientOpt{Addr: opt.Addr, DB: number}
}

// New returns a queue on the database and Redis database number, not started.
func New(t testing.TB, db *store.DB, number int) *queue.Queue {
	t.Helper()
	q, err := queue.New(queue.Config{DB: db, Redis: Redis(t, number), Poll: 10 * time.Millisecond, Reconcile: 200 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// Start starts the queue and stops it after the test.
func Start(t testing.TB, q *queue.Queue) {
	t.Helper()
	if err := q.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Stop)
}

// waitAtMost is for a busy machine; whoever waits in vain may take it.
const waitAtMost = time.Minute

// Wait waits until check holds.
func Wait(t testing.TB, what string, check func() bool) {
	t.Helper()
	for end := time.Now().Add(waitAtMost); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if check() {
			return
		}
	}
	t.Fatalf("waited a minute in vain for: %s", what)
}

// PassTime lets the time until the next job pass, unless one is due or under way: a
// lease must not run out under it. It is for the check of a Wait whose jobs back
// off.
func PassTime(t testing.TB, db *store.DB, clk *clock.Fixed) {
	t.Helper()
	var next []queue.Row
	err := db.System(context.Background(), func(tx *store.Tx) error {
		open := tx.Model(&queue.Row{}).Where("state IN ?", []queue.State{queue.StateReady, queue.StateQueued, queue.StateRunning})
		return open.Order("CASE WHEN state = 'ready' THEN 1 ELSE 0 END, run_at").Limit(1).Find(&next).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(next) == 1 && next[0].State == queue.StateReady && next[0].RunAt.After(clk.Now()) {
		clk.Set(next[0].RunAt)
	}
}
