package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the program's numbers. Rooms and machinery register their own in
// Registry; labels are names out of the code, never values out of a request.
type Metrics struct {
	Registry *prometheus.Registry
	requests *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

// NewMetrics returns a registry with the numbers of HTTP. Those of Go, the process
// and the machinery are in the library's own registry; Handler shows both.
func NewMetrics() *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "afterglow_http_request_seconds", Help: "Time to answer a request, by route template.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "afterglow_http_requests_in_flight", Help: "Requests being answered.",
		}),
	}
	m.Registry.MustRegister(m.requests, m.inFlight)
	return m
}

// Handler answers /metrics.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(prometheus.Gatherers{m.Registry, prometheus.DefaultGatherer}, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	return mux
}

// start counts a request that begins; the returned function counts it as done.
// Without metrics it counts nothing.
func (m *Metrics) start() func(route, method string, status int, took time.Duration) {
	if m == nil {
		return func(string, string, int, time.Duration) {}
	}
	m.inFlight.Inc()
	return func(route, method string, status int, took time.Duration) {
		m.inFlight.Dec()
		m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
	}
}
