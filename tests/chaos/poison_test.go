package chaos

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// poison is one of the bodies that cannot be understood, whatever is done.
func poison(n int) *event {
	bodies := []string{
		`{"id": 1, "broken`, `null`, `[]`, `"text"`, `{}`, `{"id":"x"}`, `{"id":-1}`, `{"id":1,"currency":"USD","total_price":"NaN"}`,
		`{"id":1e400}`, strings.Repeat(`{"a":`, 20_000) + `1` + strings.Repeat(`}`, 20_000), "\x00\xff\xfe", `{"id":1,"name":"\ud800","currency":"ZZ"}`,
	}
	return &event{id: uuid.NewString(), topic: "orders/create", poison: true, body: []byte(bodies[n%len(bodies)])}
}

// R15: one payload in a hundred cannot be understood. It is parked with its
// reason; the rest is done at its usual speed and no process ends. This campaign
// measures and therefore runs alone.
func TestChaosR15Poison(t *testing.T) {
	began := time.Now()
	r := newRig(t, options{})
	workers := []*process{r.startWorker(""), r.startWorker("")}
	rounds, batch := size(3, 10), size(150, 2_000)
	next, parked := 1, 0
	var clean, mixed []float64
	run := func(events []*event) float64 {
		start := time.Now()
		r.postAll(events, 8, 0)
		r.until("a batch", 2*time.Minute, func() bool { return r.open() == 0 })
		return float64(batch) / time.Since(start).Seconds()
	}
	for range rounds {
		events := r.template.clones(next, next+batch)
		next += batch
		clean = append(clean, run(events))
		events = r.template.clones(next, next+batch)
		next += batch
		for n := range batch / 100 {
			events = slices.Insert(events, n*100, poison(parked))
			parked++
		}
		mixed = append(mixed, run(events))
	}
	r.check(expected{parked: parked})
	if n := r.count(`SELECT count(*) FROM queue_jobs WHERE state = 'parked' AND reason = ''`); n > 0 {
		t.Errorf("%d events are parked without a reason", n)
	}
	for _, p := range append(workers, r.web) {
		if p.dead() {
			t.Errorf("%s ended", p.name)
		}
	}
	slices.Sort(clean)
	slices.Sort(mixed)
	ratio := mixed[len(mixed)/2] / clean[len(clean)/2]
	least := 0.5 // a push shares its machine
	if full {
		least = 0.95
	}
	if ratio < least {
		t.Errorf("with poison %.0f %% of the clean speed, want %.0f %%", ratio*100, least*100)
	}
	figures(t, began, "%d orders done, %d poisoned payloads parked with their reason; %.0f/s with poison, %.0f/s without: %s of the clean speed, no process ended",
		next-1, parked, mixed[len(mixed)/2], clean[len(clean)/2], fmt.Sprintf("%.0f %%", ratio*100))
}
