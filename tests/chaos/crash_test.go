package chaos

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// The named points at which the program can be made to die, by where they lie.
var (
	pointsOfServe = []string{"inbox.after_commit"}
	pointsOfWork  = []string{"relay.after_take", "relay.after_enqueue", "job.after_claim", "job.before_commit", "job.after_commit", "mail.after_send"}
)

// Every named crash point, as in production: each worker dies at its point in the
// middle of the work, then two healthy ones take over. Killed mails may be sent
// once more, with the same Message-ID.
func TestChaosCrashPoints(t *testing.T) {
	t.Parallel()
	began, random := time.Now(), dice(t)
	r := newRig(t, options{})
	next, deaths := 1, 0
	for _, point := range pointsOfServe {
		r.web.terminate()
		at := 1 + random.IntN(20)
		r.web = r.launch("serve", fmt.Sprintf("%s:%d", point, at))
		r.web.ready("http://" + r.addr + "/readyz")
		var posting sync.WaitGroup
		posting.Go(func() { r.postAll(r.template.clones(next, next+30), 8, 0) })
		if r.web.diesWithin(30 * time.Second) {
			deaths++
		} else {
			t.Errorf("%s was never passed %d times", point, at)
			r.web.kill()
		}
		r.startServe("")
		posting.Wait()
		next += 30
	}
	for _, point := range pointsOfWork {
		at := 1 + random.IntN(8)
		if point == "relay.after_take" || point == "relay.after_enqueue" {
			at = 1 + random.IntN(2)
		}
		w := r.startWorker(fmt.Sprintf("%s:%d", point, at))
		r.postAll(r.template.clones(next, next+30), 8, 0)
		next += 30
		if w.diesWithin(45 * time.Second) {
			deaths++
		} else {
			t.Errorf("%s was not passed %d times: %s", point, at, r.describe())
			w.kill()
		}
	}
	r.startWorker("")
	r.startWorker("")
	took := r.settle(120*time.Second, expected{copies: 2})
	figures(t, began, "%d deaths at %d named points, %d orders: 0 lost, 0 double; whole again %.0f s after the last", deaths, len(pointsOfServe)+len(pointsOfWork), next-1, took.Seconds())
}

// The same points in the embedded program, which takes back at its start what
// its last run held.
func TestChaosCrashPointsEmbedded(t *testing.T) {
	t.Parallel()
	began, random := time.Now(), dice(t)
	r := newRig(t, options{embedded: true})
	next, deaths := 1, 0
	var posting sync.WaitGroup
	for _, point := range append(pointsOfServe, pointsOfWork...) {
		r.web.kill()
		at := 1 + random.IntN(4)
		if point == "relay.after_take" || point == "relay.after_enqueue" {
			at = 1
		}
		r.web = r.launch("serve", fmt.Sprintf("%s:%d", point, at))
		from := next
		next += 12
		posting.Go(func() { r.postAll(r.template.clones(from, from+12), 4, 0) })
		if r.web.diesWithin(45 * time.Second) {
			deaths++
		} else {
			t.Errorf("%s was not passed %d times: %s", point, at, r.describe())
		}
	}
	r.web.kill()
	r.startServe("")
	posting.Wait()
	took := r.settle(60*time.Second, expected{copies: 2})
	figures(t, began, "%d deaths, %d orders: 0 lost, 0 double; whole again %.1f s after the last", deaths, next-1, took.Seconds())
}
