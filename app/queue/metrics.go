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
		if err := tx.Raw(`SELECT state, count(*) AS n FROM queue_jobs WHERE state IN ('ready', 'queued', 'running', 'parked') GROUP BY state`).Scan(&counts).Error; err != nil {
			return err
		}
		for _, s := range []State{StateReady, StateQueued, StateRunning, StateParked} {
			depth.WithLabelValues(string(s)).Set(0)
		}
		for _, c := range counts {
			depth.WithLabelValues(string(c.State)).Set(c.N)
		}
		var first Row
		oldest.Set(0)
		found := tx.Where("state = ?", StateReady).Order("run_at").Limit(1).Find(&first)
		if found.RowsAffected > 0 && first.RunAt.Before(tx.Now) {
			oldest.Set(tx.Now.Sub(first.RunAt).Seconds())
		}
		return found.Error
	})
}
