package shopsim

import (
	"math"
	"sync"
	"time"
)

// The cost limits of a shop on a standard plan.
const (
	bucketSize  = 2000
	restoreRate = 100 // points a second
	maxCost     = 1000
)

// buckets are the leaky buckets of GraphQL cost, one a shop. They leak in real
// time: moving the demo's clock must not hand out points.
type buckets struct {
	mu   sync.Mutex
	left map[int64]float64
	at   map[int64]time.Time
}

func newBuckets() *buckets { return &buckets{left: map[int64]float64{}, at: map[int64]time.Time{}} }

func (b *buckets) fill(shop int64, now time.Time) {
	left, known := b.left[shop]
	if !known {
		left = bucketSize
	}
	b.left[shop] = math.Min(bucketSize, left+now.Sub(b.at[shop]).Seconds()*restoreRate)
	if !known {
		b.left[shop] = bucketSize
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
	b.left[shop] = math.Min(bucketSize, b.left[shop]+float64(cost))
	return int(b.left[shop])
}

// drain empties a shop's bucket, for tests of throttling.
func (b *buckets) drain(shop int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(shop, time.Now())
	b.left[shop] = 0
}
