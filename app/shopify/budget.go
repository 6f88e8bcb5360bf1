package shopify

import (
	"container/list"
	"sync"
	"time"
)

// budgets knows how many points each shop has left, as its last answer said and
// time has restored since. A job waits before it asks when its shop is known to
// be out of points: that costs Shopify nothing, and no other shop anything.
type budgets struct {
	mu    sync.Mutex
	shops map[string]*list.Element // of *budget
	order *list.List               // least recently used last
}

// maxBudgets bounds the memory. A shop that was forgotten starts as a new one.
const maxBudgets = 10_000

type budget struct {
	mu        sync.Mutex
	key       string
	known     bool
	maximum   float64
	available float64
	restore   float64
	at        time.Time
	costs     map[string]float64 // what each document asked for last time
	spends    map[string]float64 // what it really cost
	booked    time.Time          // until when background work has been told to come back
}

func newBudgets() *budgets {
	return &budgets{shops: map[string]*list.Element{}, order: list.New()}
}

func (b *budgets) of(key string) *budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, ok := b.shops[key]; ok {
		b.order.MoveToFront(e)
		return e.Value.(*budget)
	}
	if b.order.Len() >= maxBudgets {
		last := b.order.Back()
		b.order.Remove(last)
		delete(b.shops, last.Value.(*budget).key)
	}
	one := &budget{key: key, costs: map[string]float64{}, spends: map[string]float64{}}
	b.shops[key] = b.order.PushFront(one)
	return one
}

// reserve takes the document's points and tells how long to wait for them. Work
// in the background leaves half of the bucket to the rest, and takes nothing
// while it would have to wait.
func (b *budget) reserve(doc string, now time.Time, background bool) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	want := b.costs[doc]
	if !b.known || want == 0 || b.restore <= 0 {
		return 0
	}
	b.restored(now)
	left := b.available - want
	if background {
		left -= b.maximum / 2
	}
	wait := time.Duration(max(-left, 0) / b.restore * float64(time.Second))
	if wait == 0 || !background && wait <= maxThrottleWait {
		b.available -= want
	}
	return wait
}

// book tells background work that must wait when to come back: each one behind
// the others, at the pace at which points are restored, so that a thousand of
// them do not all come back at once and find nothing again.
func (b *budget) book(doc string, now time.Time, wait time.Duration) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	pace := time.Second
	if b.restore > 0 {
		pace = time.Duration(b.spends[doc] / b.restore * float64(time.Second))
	}
	if free := now.Add(wait); b.booked.Before(free) {
		b.booked = free
	}
	b.booked = b.booked.Add(pace)
	return b.booked.Sub(now)
}

// learn takes over what an answer said.
func (b *budget) learn(doc string, c cost, now time.Time) {
	if c.Throttle.Restore <= 0 || c.Throttle.Maximum <= 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.Requested > 0 && len(b.costs) < 500 {
		b.costs[doc] = c.Requested
		if b.spends[doc] = c.Actual; c.Actual <= 0 {
			b.spends[doc] = c.Requested
		}
	}
	b.known, b.at = true, now
	b.maximum, b.restore = c.Throttle.Maximum, c.Throttle.Restore
	b.available = c.Throttle.Available
}

func (b *budget) restored(now time.Time) {
	if gone := now.Sub(b.at).Seconds(); gone > 0 {
		b.available = min(b.maximum, b.available+gone*b.restore)
		b.at = now
	}
}
