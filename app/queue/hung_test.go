package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// A worker that hangs in the middle of a transaction keeps its rows locked. The
// others take over everything else meanwhile, and those rows when it lets go.
func TestHungWorkerDoesNotKeepOthersFromTakingOver(t *testing.T) {
	db := storetest.Open(t, "postgres", clock.NewFixed(storetest.Noon))
	q := queuetest.New(t, db, redisNumber)
	q.Register(queue.Task{Kind: "test.any", InTx: func(context.Context, *store.Tx, queue.Job) error { return nil }})
	enqueue(t, db, queue.Request{Kind: "test.any", Ref: "held"}, queue.Request{Kind: "test.any", Ref: "free"})
	if err := db.System(ctx, func(tx *store.Tx) error {
		return tx.Exec(`UPDATE queue_jobs SET state = 'queued', lease_at = ?`, tx.Now.Add(-time.Minute)).Error
	}); err != nil {
		t.Fatal(err)
	}
	locked, release, ended := make(chan bool), make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
			if err := tx.Exec(`UPDATE queue_jobs SET reason = 'x' WHERE shop_id = ? AND ref = 'held'`, tx.Shop).Error; err != nil {
				t.Error(err)
			}
			close(locked)
			<-release
			return errors.New("it never came to an end")
		})
	}()
	<-locked
	queuetest.Start(t, q)
	queuetest.Wait(t, "the job that nobody holds", func() bool { return states(t, db)[queue.StateDone] == 1 })
	close(release)
	<-ended
	queuetest.Wait(t, "the job that was held", func() bool { return states(t, db)[queue.StateDone] == 2 })
}
