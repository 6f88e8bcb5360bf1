// Package clock gives the time: one Now for the whole program, which tests and
// the demo can set, and civil dates in a shop's zone.
//
// Instants are UTC and cut to the microsecond, because that is what both
// databases keep: a value read back equals the value written.
package clock

import (
	"sync/atomic"
	"time"
)

// A Clock tells the current instant, in UTC, to the microsecond.
type Clock interface{ Now() time.Time }

// System is the machine's clock.
type System struct{}

// Now returns the machine's time.
func (System) Now() time.Time { return Instant(time.Now()) }

// Instant brings t to the form in which the program keeps time.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Fixed stands still until it is told to move. Tests use it.
// The zero value stands at the Unix epoch.
type Fixed struct{ us atomic.Int64 }

// NewFixed returns a clock that stands at t.
func NewFixed(t time.Time) *Fixed {
	f := &Fixed{}
	f.Set(t)
	return f
}

// Now returns the instant the clock stands at.
func (f *Fixed) Now() time.Time { return time.UnixMicro(f.us.Load()).UTC() }

// Set moves the clock to t.
func (f *Fixed) Set(t time.Time) { f.us.Store(t.UnixMicro()) }

// Advance moves the clock by d.
func (f *Fixed) Advance(d time.Duration) { f.us.Add(d.Microseconds()) }

// Offset runs as fast as the machine's clock, some time ahead of it, or behind. The
// demo uses it to look at tomorrow, and to play the days before today.
type Offset struct{ ahead atomic.Int64 }

// NewOffset returns a clock that runs ahead by the given time.
func NewOffset(ahead time.Duration) *Offset {
	o := &Offset{}
	o.ahead.Store(int64(ahead))
	return o
}

// Now returns the machine's time plus the offset.
func (o *Offset) Now() time.Time { return Instant(time.Now().Add(o.Ahead())) }

// Ahead tells how far the clock runs ahead.
func (o *Offset) Ahead() time.Duration { return time.Duration(o.ahead.Load()) }

// Advance moves the clock further ahead by d.
func (o *Offset) Advance(d time.Duration) { o.ahead.Add(int64(d)) }
