package queue

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"afterglow/app/store"
)

var (
	jobSeconds = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "afterglow_job_seconds", Help: "Duration of attempts at jobs, by kind and outcome.",
		Buckets: []float64{.001, .005, .02, .1, .5, 2, 10, 30},
	}, []string{"kind", "outcome"})
	recovered = promauto.NewCounter(prometheus.CounterOpts{
		Name: "afterglow_jobs_recovered_total", Help: "Jobs handed over again because Redis or a worker lost them.",
	})
	depth = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "afterglow_jobs", Help: "Unfinished jobs by state.",
	}, []string{"state"})
	oldest = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "afterglow_jobs_oldest_due_seconds", Help: "Age of the oldest job that is due and not begun.",
	})
)

// Observe sets the gauges from the table.
func (q *Queue) Observe(ctx context.Context) error {
	return q.db.Peek(ctx, func(tx *store.Tx) error {
		var counts []struct {
			State State
			N     float64
		}
		if err := tx.Raw(`SELECT state, count(*) AS n FROM queue_jobs WHERE ` + open + ` GROUP BY state`).Scan(&counts).Error; err != nil {
			return err
		}
		for _, s := range []State{StateReady, StateQueued, StateRunning, StateParked} {
			depth.WithLabelValues(string(s)).Set(0)
		}
		for _, c := range counts {
			depth.WithLabelValues(string(c.State)).Set(c.N)
		}
		age := 0.0
		for _, waiting := range []string{`state = 'ready' AND lane = 'store'`, `state = 'ready' AND lane = 'shopify'`, `state = 'ready' AND lane = 'mail'`,
			`state IN ('queued', 'running') AND state = 'queued'`} {
			var first Row
			if err := tx.Select("run_at").Where(waiting).Order("run_at").Limit(1).Find(&first).Error; err != nil {
				return err
			}
			if !first.RunAt.IsZero() {
				age = max(age, tx.Now.Sub(first.RunAt).Seconds())
			}
		}
		oldest.Set(age)
		return nil
	})
}

// Idle tells whether no job is due or under way, in any shop.
func (q *Queue) Idle(ctx context.Context) (idle bool, err error) {
	for _, feed := range q.feeders { // what waits in another table is a job as well
		if moved, err := feed(ctx); err != nil || moved > 0 {
			return false, err
		}
	}
	err = q.db.Peek(ctx, func(tx *store.Tx) error {
		var n int64
		err := tx.Raw(`SELECT count(*) FROM queue_jobs WHERE `+open+` AND (state IN ('queued', 'running') OR state = 'ready' AND run_at <= ?)`, tx.Now).Scan(&n).Error
		idle = n == 0
		return err
	})
	return idle, err
}
