package shopsim

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Faults is what goes wrong on purpose. Rates go from 0 to 1.
type Faults struct {
	Seed     uint64        `json:"seed,omitempty"` // of the dice; the same seed, the same faults
	Webhooks WebhookFaults `json:"webhooks"`
	API      APIFaults     `json:"api"`
	Bulk     BulkFaults    `json:"bulk"`
}

// BulkFaults disturbs bulk operations and the download of their results.
type BulkFaults struct {
	Fail    string `json:"fail,omitempty"`     // operations end FAILED with this error code …
	After   int64  `json:"after,omitempty"`    // … after so many root objects
	DelayMS int64  `json:"delay_ms,omitempty"` // operations wait so long before they begin
	Expired int64  `json:"expired,omitempty"`  // the next so many downloads find the address expired
	Cut     int64  `json:"cut,omitempty"`      // downloads break off after so many bytes …
	Cuts    int64  `json:"cuts,omitempty"`     // … the next so many of them
	Pace    int64  `json:"pace,omitempty"`     // downloads bring so many bytes a second
}

// WebhookFaults disturbs deliveries.
type WebhookFaults struct {
	Drop      float64 `json:"drop,omitempty"`      // never sent
	Delay     float64 `json:"delay,omitempty"`     // sent late
	DelayMS   int64   `json:"delay_ms,omitempty"`  // by up to this (default 2000)
	Duplicate float64 `json:"duplicate,omitempty"` // sent again with the same ids
	Times     int     `json:"times,omitempty"`     // so many more times (default 1)
	Reorder   float64 `json:"reorder,omitempty"`   // held back behind later ones
	Down      bool    `json:"down,omitempty"`      // nothing is sent while this is on
}

// APIFaults disturbs the Admin API and the token endpoint.
type APIFaults struct {
	FailBefore float64 `json:"fail_before,omitempty"` // 503, nothing happened
	FailAfter  float64 `json:"fail_after,omitempty"`  // it happened, the answer is lost
	Throttle   float64 `json:"throttle,omitempty"`    // THROTTLED
	Garbage    float64 `json:"garbage,omitempty"`     // 200 with a body that is not JSON
	Slow       float64 `json:"slow,omitempty"`        // answered late
	Refuse     float64 `json:"refuse,omitempty"`      // refunds that the payment provider turns down
	SlowMS     int64   `json:"slow_ms,omitempty"`     // by this (default 3000)
	Times      int     `json:"times,omitempty"`       // only the next so many requests; 0: until switched off
	LateRefund bool    `json:"late_refund,omitempty"` // what a cancellation gives back is made later, by hand
	Operation  string  `json:"operation,omitempty"`   // only requests that name this root field
}

// dice decides about faults.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func newDice(seed uint64) *dice { return &dice{r: rand.New(rand.NewPCG(seed, seed))} }

func (d *dice) reseed(seed uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.r = rand.New(rand.NewPCG(seed, seed))
}

func (d *dice) hit(rate float64) bool {
	if rate <= 0 {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.Float64() < rate
}

func (d *dice) upTo(n int64) int64 {
	if n <= 0 {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.Int64N(n) + 1
}

// strike decides what happens to one delivery.
func (w WebhookFaults) strike(dice *dice, d *Delivery) {
	late := or(w.DelayMS, 2000)
	switch {
	case dice.hit(w.Drop):
		d.State = dropped
		d.LastError = "dropped by a fault"
	case dice.hit(w.Delay):
		d.NextAt = d.NextAt.Add(time.Duration(dice.upTo(late)) * time.Millisecond)
	case dice.hit(w.Reorder):
		d.NextAt = d.NextAt.Add(time.Duration(dice.upTo(300)) * time.Millisecond)
	}
}

// Faults returns what is switched on.
func (s *Sim) Faults() (f Faults) {
	s.read(func(t *tables) {
		if row := t.faults.rows[1]; row != nil {
			f = *row
		}
	})
	return f
}

// SetFaults replaces what is switched on; the zero value ends all faults.
func (s *Sim) SetFaults(f Faults) error {
	for _, rate := range []float64{f.Webhooks.Drop, f.Webhooks.Delay, f.Webhooks.Duplicate, f.Webhooks.Reorder,
		f.API.FailBefore, f.API.FailAfter, f.API.Throttle, f.API.Garbage, f.API.Slow, f.API.Refuse} {
		if rate < 0 || rate > 1 {
			return refuse("", "%v: a rate goes from 0 to 1", rate)
		}
	}
	if f.Seed != 0 {
		s.dice.reseed(f.Seed)
	}
	s.faultsLeft.Store(int64(f.API.Times))
	s.bulkExpired.Store(0)
	s.bulkCuts.Store(0)
	return s.write(func(t *tx) error {
		add(t, t.faults, &f)
		return nil
	})
}

// fault is what happens to one API request.
type fault string

const (
	noFault    fault = ""
	failBefore fault = "before"
	failAfter  fault = "after"
	throttleIt fault = "throttle"
	garbageIt  fault = "garbage"
	slowIt     fault = "slow"
)

// apiFault rolls the dice for a request with these root fields.
func (s *Sim) apiFault(fields ...string) (fault, time.Duration) {
	f := s.Faults().API
	if f.Operation != "" {
		named := false
		for _, name := range fields {
			named = named || name == f.Operation
		}
		if !named {
			return noFault, 0
		}
	}
	hit := noFault
	switch {
	case s.dice.hit(f.FailBefore):
		hit = failBefore
	case s.dice.hit(f.FailAfter):
		hit = failAfter
	case s.dice.hit(f.Throttle):
		hit = throttleIt
	case s.dice.hit(f.Garbage):
		hit = garbageIt
	case s.dice.hit(f.Slow):
		hit = slowIt
	}
	if hit != noFault && f.Times > 0 && s.faultsLeft.Add(-1) < 0 {
		return noFault, 0
	}
	return hit, time.Duration(or(f.SlowMS, 3000)) * time.Millisecond
}
