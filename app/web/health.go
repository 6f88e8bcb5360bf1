package web

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// checkTimeout is how long one check may take before it has failed.
const checkTimeout = 2 * time.Second

// Checks are what must hold for this process to be of use.
type Checks struct {
	mu       sync.Mutex
	names    []string
	checks   map[string]func(context.Context) error
	draining atomic.Bool
}

// NewChecks returns no checks.
func NewChecks() *Checks { return &Checks{checks: map[string]func(context.Context) error{}} }

// Add adds a check, such as a query to the database.
func (h *Checks) Add(name string, check func(context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.checks[name] == nil {
		h.names = append(h.names, name)
	}
	h.checks[name] = check
}

// Drain makes the process not ready, so that a load balancer sends it nothing
// new while it finishes.
func (h *Checks) Drain() { h.draining.Store(true) }

type checkResult struct {
	OK bool    `json:"ok"`
	MS float64 `json:"ms"`
}

// Run makes all checks at once and tells whether all passed. The error of a
// check is for the log: the answer may be seen by anybody.
func (h *Checks) Run(ctx context.Context) (ok bool, results map[string]checkResult, failures map[string]error) {
	h.mu.Lock()
	names, checks := h.names, h.checks
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	type one struct {
		name string
		err  error
		took time.Duration
	}
	done := make(chan one, len(names))
	for _, name := range names {
		go func() {
			start := time.Now()
			err := checks[name](ctx)
			done <- one{name, err, time.Since(start)}
		}()
	}
	ok, results, failures = true, map[string]checkResult{}, map[string]error{}
	for range names {
		select {
		case r := <-done:
			results[r.name] = checkResult{r.err == nil, float64(r.took.Microseconds()) / 1000}
			if r.err != nil {
				ok, failures[r.name] = false, r.err
			}
		case <-ctx.Done():
			// A check that ignores its context still counts as failed, in time.
			ok = false
		}
	}
	for _, name := range names {
		if _, answered := results[name]; !answered {
			results[name], failures[name] = checkResult{MS: float64(checkTimeout.Milliseconds())}, context.DeadlineExceeded
		}
	}
	return ok, results, failures
}

// Health registers /healthz, which says that the process runs, and /readyz,
// which says that it can do its work.
func (e *Engine) Health(h *Checks) {
	g := e.Group("", Public)
	g.GET("/healthz", func(c *Ctx) error { return c.OK(map[string]string{"status": "ok"}) })
	g.GET("/readyz", func(c *Ctx) error {
		if h.draining.Load() {
			return c.Answer(http.StatusServiceUnavailable, map[string]any{"status": "draining"})
		}
		ok, results, failures := h.Run(c.Context())
		for name, err := range failures {
			c.Log().WarnContext(c.Context(), "check failed", "check", name, "error", err)
		}
		if !ok {
			return c.Answer(http.StatusServiceUnavailable, map[string]any{"status": "not ready", "checks": results})
		}
		return c.OK(map[string]any{"status": "ready", "checks": results})
	})
}
