package queue

import (
	"context"
	"time"

	"afterglow/app/store"
)

// Schedule is work that comes round again. However many processes there are,
// each round is begun by one of them.
type Schedule struct {
	Name  string // "orders.reconcile"
	Every time.Duration
	// Begin is called once a round, in a system transaction. It should enqueue
	// jobs, one a shop, rather than do the work.
	Begin func(ctx context.Context, tx *store.Tx) error
}

// Plan adds schedules.
func (q *Queue) Plan(s ...Schedule) { q.plans = append(q.plans, s...) }

func (q *Queue) schedule(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		q.BeginDue(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// BeginDue begins all rounds that are due. It need only be called by who moved the
// clock and cannot wait for a second.
func (q *Queue) BeginDue(ctx context.Context) {
	for _, plan := range q.plans {
		if err := q.begin(ctx, plan); err != nil && ctx.Err() == nil {
			q.log.Warn("schedule", "name", plan.Name, "error", err)
		}
	}
}

// begin starts a round if it is due: whoever moves next_at has won the round.
func (q *Queue) begin(ctx context.Context, plan Schedule) error {
	due, err := q.due(ctx, plan)
	if err != nil || !due {
		return err
	}
	return q.db.System(ctx, func(tx *store.Tx) error {
		if err := tx.Exec(`INSERT INTO queue_schedules (name, next_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, plan.Name, tx.Now).Error; err != nil {
			return err
		}
		won := tx.Exec(`UPDATE queue_schedules SET next_at = ? WHERE name = ? AND next_at <= ?`, tx.Now.Add(plan.Every), plan.Name, tx.Now)
		if won.Error != nil || won.RowsAffected == 0 {
			return won.Error
		}
		tx.AfterCommit(q.Wake)
		return plan.Begin(ctx, tx)
	})
}

// due looks without writing.
func (q *Queue) due(ctx context.Context, plan Schedule) (bool, error) {
	var next []time.Time
	err := q.db.Peek(ctx, func(tx *store.Tx) error {
		return tx.Raw(`SELECT next_at FROM queue_schedules WHERE name = ?`, plan.Name).Scan(&next).Error
	})
	return len(next) == 0 || !next[0].After(q.db.Clock().Now()), err
}

// EnqueueFor writes a job for each of the shops from a schedule's system
// transaction. A shop whose job of the last round is not finished gets no second
// one: after an outage there is one round to catch up with, not all that were missed.
func EnqueueFor(tx *store.Tx, r Request, shops ...store.ShopID) error {
	var busy []store.ShopID
	if err := tx.Model(&Row{}).Where("kind = ? AND state IN ('ready', 'queued', 'running')", r.Kind).Where(open).Pluck("shop_id", &busy).Error; err != nil {
		return err
	}
	still := make(map[store.ShopID]bool, len(busy))
	for _, shop := range busy {
		still[shop] = true
	}
	rows := make([]Row, 0, len(shops))
	for _, shop := range shops {
		if !still[shop] {
			rows = append(rows, row(tx, shop, r))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.CreateInBatches(rows, 200).Error
}
