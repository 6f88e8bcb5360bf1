package chaos

import (
	"sync"
	"testing"
	"time"
)

// R6: Redis is emptied again and again, away, and far too small. The intake does
// not notice; everything is caught up once Redis is back.
func TestChaosR6Redis(t *testing.T) {
	t.Parallel()
	began := time.Now()
	r := newRig(t, options{})
	r.startWorker("")
	r.startWorker("")
	phase := span(10*time.Second, time.Minute)
	perSecond := float64(size(20, 110))
	next := 1
	var posting sync.WaitGroup
	load := func(d time.Duration) {
		from := next
		next += int(perSecond * d.Seconds())
		to := next
		posting.Go(func() { r.postAll(r.template.clones(from, to), 8, perSecond) })
	}

	load(phase)
	flushed := 0
	for end := time.Now().Add(phase); time.Now().Before(end); time.Sleep(2 * time.Second) {
		_, err := r.redis.command("FLUSHALL")
		r.must(err)
		flushed++
	}
	posting.Wait()

	away := span(10*time.Second, 5*time.Minute)
	r.redis.p.kill()
	load(away)
	time.Sleep(away)
	posting.Wait()
	if n := r.sent.refused.Load(); n > 0 {
		t.Errorf("the intake refused %d webhooks while Redis was in trouble", n)
	}
	r.redis.start(r.dir)
	back := time.Now()
	r.until("the work after Redis came back", 120*time.Second, func() bool { return r.open() == 0 })
	caughtUp := time.Since(back)

	_, err := r.redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
	r.must(err)
	_, err = r.redis.command("CONFIG", "SET", "maxmemory", "1mb") // it evicts what we count on
	r.must(err)
	load(phase / 2)
	posting.Wait()
	_, err = r.redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction") // it refuses what we hand over
	r.must(err)
	load(phase / 2)
	posting.Wait()
	_, err = r.redis.command("CONFIG", "SET", "maxmemory", "0")
	r.must(err)
	took := r.settle(120*time.Second, expected{})
	figures(t, began, "%d orders, emptied %d times, away %v: 0 lost; caught up %.1f s after the return, %.1f s after a Redis of 1 MB", next-1, flushed, away, caughtUp.Seconds(), took.Seconds())
}
