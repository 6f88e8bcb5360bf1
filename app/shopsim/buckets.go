package shopsim

import (
	"math"
	"sync"
	"time"
)

// The cost limits of a shop on a standard plan. Larger plans restore faster and
// their buckets hold as many seconds' worth.
const (
	standardRate  = 100 // points a second
	bucketSeconds = 20
	maxCost       = 1000
)

// buckets are the leaky buckets of GraphQL cost, one a shop. They leak in real
// time: moving the demo's clock must not hand out points.
type buckets struct {
	rate float64 // points a second
	size float64
	mu   sync.Mutex
	left map[int64]float64
	at   map[int64]time.Time
}

func newBuckets(rate int) *buckets {
	if rate == 0 {
		rate = standardRate
	}
	return &buckets{rate: float64(rate), size: float64(rate * bucketSeconds), left: map[int64]float64{}, at: map[int64]time.Time{}}
}

func (b *buckets) fill(shop int64, now time.Time) {
	left, known := b.left[shop]
	if !known {
		left = b.size
	}
	b.left[shop] = math.Min(b.size, left+now.Sub(b.at[shop]).Seconds()*b.rate)
	if !known {
		b.left[shop] = b.size
	}
	b.at[shop] = now
}

// take removes the requested cost, or tells that there is not enough.
func (b *buckets) take(shop int64, cost int) (left int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(shop, time.Now())
	if b.left[shop] < float64(cost) {
		return int(b.left[shop]), false
	}
	b.left[shop] -= float64(cost)
	return int(b.left[shop]), true
}

// give puts back what was requested and not used.
func (b *buckets) give(shop int64, cost int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(shop, time.Now())
	b.left[shop] = math.Min(b.size, b.left[shop]+float64(cost))
	return int(b.left[shop])
}

// drain empties a shop's bucket, for tests of throttling.
func (b *buckets) drain(shop int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(shop, time.Now())
	b.left[shop] = 0
}
