package queue

import (
	"context"
	"errors"
	"time"

	"github.com/hibiken/asynq"
	"gorm.io/gorm"

	"afterglow/app/ids"
	"afterglow/app/store"
)

const (
	batch       = 200              // rows the relay hands over at once
	outstanding = 2000             // rows that may lie in Redis at a time
	queuedLease = 60 * time.Second // a handed-over row that nobody claimed by then is handed over again
	sentinel    = "afterglow:sentinel"
	keepDone    = 7 * 24 * time.Hour
)

func expr(s string) any { return gorm.Expr(s) }

// Feeder moves work that waits in another table into queue_jobs. It returns how
// much it moved; the relay calls it again at once while that is not zero.
type Feeder func(ctx context.Context) (int, error)

type handed struct {
	ID     string
	ShopID ids.Shop
	Kind   string
	Epoch  int
}

// relay hands due rows to Asynq until ctx ends. Wake shortens the pause.
func (q *Queue) relay(ctx context.Context) {
	tick := time.NewTicker(q.cfg.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		moved, err := q.relayOnce(ctx)
		if err != nil && ctx.Err() == nil {
			q.log.Warn("relay", "error", err)
			q.pause(ctx, time.Second)
		}
		if moved > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-tick.C:
		}
	}
}

func (q *Queue) relayOnce(ctx context.Context) (moved int, err error) {
	for _, feed := range q.feeders {
		n, err := feed(ctx)
		if err != nil {
			return moved, err
		}
		moved += n
	}
	rows, err := q.takeDue(ctx)
	if err != nil || len(rows) == 0 {
		return moved, err
	}
	CrashPoint("relay.after_take")
	for _, r := range rows {
		if err := q.handOver(ctx, r); err != nil {
			// The rows stay queued; the sentinel or their lease brings them back.
			return moved, err
		}
	}
	CrashPoint("relay.after_enqueue")
	return moved + len(rows), nil
}

// takeDue marks due rows queued and returns them. It looks before it writes, so
// that an idle program writes nothing.
func (q *Queue) takeDue(ctx context.Context) (rows []handed, err error) {
	now := q.db.Clock().Now()
	idle, err := q.nothingDue(ctx, now)
	if err != nil || idle {
		return nil, err
	}
	err = q.db.System(ctx, func(tx *store.Tx) error {
		rows = nil
		var there int64
		if err := tx.Raw(`SELECT count(*) FROM queue_jobs WHERE state = 'queued'`).Scan(&there).Error; err != nil {
			return err
		}
		room := min(batch, outstanding-int(there))
		if room <= 0 {
			return nil
		}
		lock := ""
		if tx.Postgres() {
			lock = "FOR UPDATE SKIP LOCKED"
		}
		return tx.Raw(`UPDATE queue_jobs SET state = 'queued', lease_at = ? WHERE state = 'ready' AND id IN
			(SELECT id FROM queue_jobs WHERE state = 'ready' AND run_at <= ? ORDER BY run_at LIMIT ? `+lock+`)
			RETURNING id, shop_id, kind, epoch`, tx.Now.Add(queuedLease), tx.Now, room).Scan(&rows).Error
	})
	return rows, err
}

func (q *Queue) nothingDue(ctx context.Context, now time.Time) (bool, error) {
	var one int
	err := q.db.Peek(ctx, func(tx *store.Tx) error {
		return tx.Raw(`SELECT 1 FROM queue_jobs WHERE state = 'ready' AND run_at <= ? LIMIT 1`, now).Scan(&one).Error
	})
	return one == 0, err
}

func (q *Queue) handOver(ctx context.Context, r handed) error {
	payload := encodePayload(r)
	_, err := q.client.EnqueueContext(ctx, asynq.NewTask(r.Kind, payload),
		asynq.TaskID(taskID(r.ID, r.Epoch)), asynq.Queue(string(q.lane(r.Kind))), asynq.MaxRetry(0), asynq.Timeout(q.tasks[r.Kind].timeout()+5*time.Second))
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return nil // it is there already
	}
	return err
}

// reconcile brings back rows whose lease ran out and notices when Redis has
// forgotten everything.
func (q *Queue) reconcile(ctx context.Context) {
	tick := time.NewTicker(q.cfg.Reconcile)
	defer tick.Stop()
	swept := time.Time{}
	for {
		if err := q.reconcileOnce(ctx); err != nil && ctx.Err() == nil {
			q.log.Warn("reconcile jobs", "error", err)
		}
		if now := q.db.Clock().Now(); now.Sub(swept) > time.Hour {
			swept = now
			if err := q.sweep(ctx); err != nil && ctx.Err() == nil {
				q.log.Warn("sweep finished jobs", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (q *Queue) reconcileOnce(ctx context.Context) error {
	fresh, err := q.redis.SetNX(ctx, sentinel, "1", 0).Result()
	if err != nil {
		return err
	}
	return q.db.System(ctx, func(tx *store.Tx) error {
		lost := tx.Exec(`UPDATE queue_jobs SET state = 'ready', epoch = epoch + 1, lease_at = NULL
			WHERE state IN ('queued', 'running') AND lease_at < ?`, tx.Now)
		if lost.Error != nil {
			return lost.Error
		}
		n := lost.RowsAffected
		if fresh {
			wiped := tx.Exec(`UPDATE queue_jobs SET state = 'ready', epoch = epoch + 1, lease_at = NULL WHERE state = 'queued'`)
			if wiped.Error != nil {
				return wiped.Error
			}
			n += wiped.RowsAffected
		}
		if n > 0 {
			recovered.Add(float64(n))
			q.log.Info("handed over again what got lost", "jobs", n, "redis_was_empty", fresh)
			tx.AfterCommit(q.Wake)
		}
		return nil
	})
}

// reclaim takes back everything that was in hand when a program that works alone
// stopped: its Redis died with it, and so did its workers.
func (q *Queue) reclaim(ctx context.Context) error {
	return q.db.System(ctx, func(tx *store.Tx) error {
		return tx.Exec(`UPDATE queue_jobs SET state = 'ready', epoch = epoch + 1, lease_at = NULL WHERE state IN ('queued', 'running')`).Error
	})
}

// sweep deletes rows that were done a week ago; parked ones stay until somebody
// decides.
func (q *Queue) sweep(ctx context.Context) error {
	return q.db.System(ctx, func(tx *store.Tx) error {
		return tx.Exec(`DELETE FROM queue_jobs WHERE state IN ('done', 'stopped') AND once IS NULL AND done_at < ?`, tx.Now.Add(-keepDone)).Error
	})
}

func (q *Queue) pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
