package queue

import (
	"context"
	"errors"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"afterglow/app/ids"
	"afterglow/app/store"
)

const (
	batch       = 200              // rows of a lane that the relay hands over at once
	perWorker   = 50               // rows that may lie in Redis for each worker of a lane: what it does well within a lease
	handing     = 8                // rows handed over side by side
	leaseTime   = 60 * time.Second // what was handed over and not begun, or begun and not renewed by then, is handed over again
	sentinel    = "afterglow:sentinel"
	keepDone    = 7 * 24 * time.Hour
	keepOnce    = 90 * 24 * time.Hour // a finished job with a once-key
	sweepAtOnce = 1000
	roundTime   = 3 * time.Second // that the relay's last round may take
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
	Lane   Lane
}

// relay hands due rows to Asynq until ctx ends. Wake shortens the pause.
func (q *Queue) relay(ctx context.Context) {
	tick := time.NewTicker(q.cfg.Poll)
	defer tick.Stop()
	// A round that has begun is ended when the program ends: a commit that is cut
	// off may have happened, and its rows would lie until their lease runs out.
	round, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(roundTime, cut) })()
	for ctx.Err() == nil {
		moved, err := q.relayOnce(round)
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
	if q.astray {
		if err := q.Ping(ctx); err != nil {
			return moved, err // taking rows would only mean to give them back
		}
		q.astray = false
	}
	rows, err := q.takeDue(ctx)
	if err != nil || len(rows) == 0 {
		return moved, err
	}
	CrashPoint("relay.after_take")
	if err := q.handOverAll(ctx, rows); err != nil {
		q.astray = true
		return moved, errors.Join(err, q.giveBack(ctx, rows))
	}
	CrashPoint("relay.after_enqueue")
	return moved + len(rows), nil
}

// takeDue marks due rows queued and returns them. It looks before it writes, so
// that an idle program writes nothing. Each lane is filled for itself: one that is
// full keeps no other waiting.
func (q *Queue) takeDue(ctx context.Context) (rows []handed, err error) {
	due, err := q.dueLanes(ctx)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	err = q.db.System(ctx, func(tx *store.Tx) error {
		rows = nil
		for _, lane := range due {
			some, err := takeLane(tx, lane, q.cfg.Workers[lane]*perWorker)
			if err != nil {
				return err
			}
			rows = append(rows, some...)
		}
		return nil
	})
	return rows, err
}

// takeLane marks rows of one lane queued, as many as it has room for. That a queued
// row is queued or running need not be said, except to SQLite's choice of index.
func takeLane(tx *store.Tx, lane Lane, capacity int) (rows []handed, err error) {
	lock := ""
	if tx.Postgres() {
		lock = "FOR UPDATE SKIP LOCKED"
	}
	err = tx.Raw(`UPDATE queue_jobs SET state = 'queued', lease_at = ? WHERE state = 'ready' AND id IN
		(SELECT id FROM queue_jobs WHERE state = 'ready' AND lane = ? AND run_at <= ? ORDER BY run_at
			LIMIT (SELECT CASE WHEN count(*) >= ? THEN 0 WHEN count(*) > ? THEN ? - count(*) ELSE ? END
				FROM queue_jobs WHERE state IN ('queued', 'running') AND state = 'queued' AND lane = ?) `+lock+`)
		RETURNING id, shop_id, kind, epoch, lane`,
		tx.Now.Add(leaseTime), lane, tx.Now, capacity, capacity-batch, capacity, batch, lane).Scan(&rows).Error
	return rows, err
}

// dueLanes looks which lanes have work that is due.
func (q *Queue) dueLanes(ctx context.Context) (due []Lane, err error) {
	now := q.db.Clock().Now()
	err = q.db.Peek(ctx, func(tx *store.Tx) error {
		return tx.Raw(`SELECT lane FROM (SELECT 'store' AS lane UNION ALL SELECT 'shopify' UNION ALL SELECT 'mail') AS lanes
			WHERE EXISTS (SELECT 1 FROM queue_jobs WHERE state = 'ready' AND queue_jobs.lane = lanes.lane AND run_at <= ?)`, now).Scan(&due).Error
	})
	return due, err
}

// handOverAll gives the rows to Redis, some side by side, and ends with the first error.
func (q *Queue) handOverAll(ctx context.Context, rows []handed) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(handing)
	for _, r := range rows {
		group.Go(func() error { return q.handOver(ctx, r) })
	}
	return group.Wait()
}

// giveBack makes rows ready again of which nobody knows whether Redis has them. A
// copy that did arrive bears the old epoch, and whoever gets it finds it stale.
func (q *Queue) giveBack(ctx context.Context, rows []handed) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.ID
	}
	return q.db.System(ctx, func(tx *store.Tx) error {
		return tx.Exec(`UPDATE queue_jobs SET state = 'ready', epoch = epoch + 1, lease_at = NULL WHERE state = 'queued' AND id IN ?`, names).Error
	})
}

func (q *Queue) handOver(ctx context.Context, r handed) error {
	payload := encodePayload(r)
	_, err := q.client.EnqueueContext(ctx, asynq.NewTask(r.Kind, payload),
		asynq.TaskID(taskID(r.ID, r.Epoch)), asynq.Queue(string(r.Lane)), asynq.MaxRetry(0), asynq.Timeout(q.tasks[r.Kind].timeout()+5*time.Second))
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
	err = q.db.System(ctx, func(tx *store.Tx) error {
		n, err := takeBack(tx, `state IN ('queued', 'running') AND lease_at < ?`, tx.Now)
		if err != nil {
			return err
		}
		if fresh {
			wiped, err := takeBack(tx, `state = 'queued'`)
			if err != nil {
				return err
			}
			n += wiped
		}
		if n > 0 {
			recovered.Add(float64(n))
			q.log.Info("handed over again what got lost", "jobs", n, "redis_was_empty", fresh)
			tx.AfterCommit(q.Wake)
		}
		return nil
	})
	if err != nil && fresh { // so that the next round knows it, too
		return errors.Join(err, q.redis.Del(ctx, sentinel).Err())
	}
	return err
}

// takeBack makes rows ready again under a higher epoch. Rows that somebody holds
// locked are left for the next round: a worker that hangs in a transaction must
// not keep everybody from taking over the rest.
func takeBack(tx *store.Tx, which string, args ...any) (int64, error) {
	lock := ""
	if tx.Postgres() {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	u := tx.Exec(`UPDATE queue_jobs SET state = 'ready', epoch = epoch + 1, lease_at = NULL
		WHERE id IN (SELECT id FROM queue_jobs WHERE `+which+lock+`)`, args...)
	return u.RowsAffected, u.Error
}

// reclaim takes back everything that was in hand when a program that works alone
// stopped: its Redis died with it, and so did its workers.
func (q *Queue) reclaim(ctx context.Context) error {
	return q.db.System(ctx, func(tx *store.Tx) error {
		return tx.Exec(`UPDATE queue_jobs SET state = 'ready', epoch = epoch + 1, lease_at = NULL WHERE state IN ('queued', 'running')`).Error
	})
}

// sweep deletes rows that were done a week ago, those with a once-key after three
// months; parked ones stay until somebody decides. It deletes a few at a time: on
// SQLite everybody else's writing waits meanwhile.
func (q *Queue) sweep(ctx context.Context) error {
	for n := int64(sweepAtOnce); n == sweepAtOnce; {
		err := q.db.System(ctx, func(tx *store.Tx) error {
			u := tx.Exec(`DELETE FROM queue_jobs WHERE id IN (SELECT id FROM queue_jobs
				WHERE done_at < ? AND state IN ('done', 'stopped') AND (once IS NULL OR done_at < ?) LIMIT ?)`,
				tx.Now.Add(-keepDone), tx.Now.Add(-keepOnce), sweepAtOnce)
			n = u.RowsAffected
			return u.Error
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (q *Queue) pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
