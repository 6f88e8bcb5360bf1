package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/sync/errgroup"

	"afterglow/app/ids"
	"afterglow/app/shopify"
	"afterglow/app/web"
)

// Version is the program's own; the build sets it.
var Version = "dev"

var (
	shopifyCalls = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "afterglow_shopify_seconds", Help: "Duration of calls to the Admin API, by document and outcome.",
		Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 15},
	}, []string{"document", "outcome"})
	shopifyCost = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "afterglow_shopify_cost_points_total", Help: "Points that Shopify charged, by document.",
	}, []string{"document"})
	shopifyThrottled = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "afterglow_shopify_throttled_total", Help: "Calls that had to wait for Shopify's bucket.",
	}, []string{"document"})
)

func apiHooks(log *slog.Logger) shopify.Hooks {
	return shopify.Hooks{
		Call: func(document, outcome string, took time.Duration) {
			shopifyCalls.WithLabelValues(document, outcome).Observe(took.Seconds())
		},
		Cost: func(_ ids.Shop, document string, _, actual, _ float64) {
			shopifyCost.WithLabelValues(document).Add(actual)
		},
		Throttled: func(_ ids.Shop, document string, _ time.Duration) { shopifyThrottled.WithLabelValues(document).Inc() },
		Version: func(got string) {
			log.Error("Shopify answered with another API version: ours is retired, upgrade Afterglow", "asked", shopify.APIVersion, "got", got)
		},
	}
}

// Serve answers HTTP until ctx ends, then drains. An embedded house works off its
// jobs as well. ready, which may be nil, is told the address.
func (h *House) Serve(ctx context.Context, ready func(address string)) error {
	if err := h.schemaIsCurrent(ctx); err != nil {
		return err
	}
	h.repeatErasures(ctx)
	server, err := web.Listen(h.Config.ListenAddr, h.Engine, h.log)
	if err != nil {
		return fmt.Errorf("LISTEN_ADDR %w", err)
	}
	if h.Config.Embedded() {
		if err := h.startWork(ctx); err != nil {
			return err
		}
	}
	h.log.Info("serving", "address", server.Addr(), "embedded", h.Config.Embedded(), "version", Version)
	if ready != nil {
		ready(server.Addr())
	}
	group, ctx := errgroup.WithContext(ctx)
	context.AfterFunc(ctx, h.Checks.Drain)
	if h.Config.Embedded() { // requests and jobs drain side by side
		group.Go(func() error { <-ctx.Done(); h.Queue.Stop(); return nil })
	}
	group.Go(func() error { return server.Run(ctx) })
	group.Go(func() error { return h.serveMetrics(ctx) })
	return group.Wait()
}

// Work works off jobs until ctx ends, then lets running ones finish.
func (h *House) Work(ctx context.Context) error {
	if err := h.schemaIsCurrent(ctx); err != nil {
		return err
	}
	h.repeatErasures(ctx)
	if err := h.startWork(ctx); err != nil {
		return err
	}
	h.log.Info("working", "version", Version)
	err := h.serveMetrics(ctx)
	if err == nil {
		<-ctx.Done()
	}
	h.Queue.Stop()
	return err
}

// repeatErasures has a restored backup forget whom it brought back, before
// anybody can look. A log that cannot be read stops nothing: it is said loudly.
func (h *House) repeatErasures(ctx context.Context) {
	repeated, err := h.Shops.Repeat(ctx)
	if err != nil {
		h.log.Error("erasures since the backup could not be repeated: see to DATA_DIR/redactions.log and start again", "error", err)
	}
	if repeated > 0 {
		h.log.Warn("this database was restored from a backup: erasing again what was erased since", "erasures", repeated)
	}
}

// startWork encrypts anew what an older key encrypted, so that the operator can
// drop that key once every process runs with the new one, and starts the jobs.
func (h *House) startWork(ctx context.Context) error {
	rotated, err := h.Shops.RotateKeys(ctx)
	if err != nil {
		return fmt.Errorf("ENCRYPTION_KEYS: %w", err)
	}
	if rotated > 0 {
		h.log.Info("encrypted tokens with the newest key", "shops", rotated)
	}
	return h.Queue.Start(ctx)
}

// serveMetrics answers Prometheus until ctx ends, if it is wanted.
func (h *House) serveMetrics(ctx context.Context) error {
	if h.Config.MetricsAddr == "" {
		return nil
	}
	metrics := h.Metrics.Handler()
	server, err := web.Listen(h.Config.MetricsAddr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.observe(r.Context())
		metrics.ServeHTTP(w, r)
	}), h.log)
	if err != nil {
		return fmt.Errorf("METRICS_ADDR %w", err)
	}
	return server.Run(ctx)
}

// observe brings the gauges up to date that are read from tables. A scrape during
// an outage of the database still gets all other numbers.
func (h *House) observe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if err := errors.Join(h.Queue.Observe(ctx), h.Inbox.Observe(ctx)); err != nil {
		h.log.Warn("metrics from the database", "error", err)
	}
}

// handler lets a plain HTTP handler answer a route.
func handler(plain http.Handler) web.Handler {
	return func(c *web.Ctx) error {
		plain.ServeHTTP(c.Writer, c.Request)
		return nil
	}
}
