package chaos

import (
	"sync"
	"syscall"
	"testing"
	"time"

	"afterglow/app/mail/mailtest"
)

// R7: one worker is killed, another hangs in the middle of its work, long enough
// for others to take over, and then wakes up. Nothing of what it then wants to
// write may count.
func TestChaosR7WorkerDiesAndHangs(t *testing.T) {
	t.Parallel()
	began, random := time.Now(), dice(t)
	r := newRig(t, options{})
	r.sink.Misbehave(mailtest.Faults{Delay: 200 * time.Millisecond}) // so that mails are under way at any moment
	orders := size(300, 5_000)
	first, second := r.startWorker(""), r.startWorker("")
	var posting sync.WaitGroup
	posting.Go(func() { r.postAll(r.template.clones(1, orders+1), 16, 0) })
	time.Sleep(time.Duration(1500+random.IntN(1500)) * time.Millisecond)
	first.kill()
	killed := time.Now()
	time.Sleep(time.Duration(random.IntN(500)) * time.Millisecond)
	second.signal(syscall.SIGSTOP)
	stopped := time.Now()
	r.startWorker("")
	r.startWorker("")
	posting.Wait()
	resumed := r.until("the work of the dead and the hung one", 90*time.Second-time.Since(killed), func() bool { return r.open() == 0 })
	resume := time.Since(stopped)
	second.signal(syscall.SIGCONT)
	time.Sleep(3 * time.Second) // it tries to go on
	if second.dead() {
		t.Error("the hung worker ended when it woke up")
	}
	if resumed {
		r.check(expected{copies: 2})
	}
	if n := r.count(`SELECT count(*) FROM (SELECT message_id FROM messages_history WHERE state = 'sent' GROUP BY message_id HAVING count(*) <> 1) AS stale`); n != 0 {
		t.Errorf("%d messages were settled twice: a stale worker could commit", n)
	}
	again := 0
	for _, n := range r.sink.Copies() {
		if n > 1 {
			again++
		}
	}
	figures(t, began, "%d orders, 1 killed, 1 hung: resumed in %.0f s (limit 90), 0 stale commits, %d mails twice with the same Message-ID", orders, resume.Seconds(), again)
}

// R13: web and workers are replaced one after another under load, as a deploy
// does. Whatever was acknowledged is done, each process ends by itself in time.
func TestChaosR13RollingRestart(t *testing.T) {
	t.Parallel()
	began := time.Now()
	r := newRig(t, options{})
	workers := []*process{r.startWorker(""), r.startWorker("")}
	rounds := size(2, 10)
	orders := rounds * size(120, 250)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.postAll(r.template.clones(1, orders+1), 8, float64(size(40, 80)))
	}()
	var slowest time.Duration
	end := func(p *process) {
		took, status := p.terminate()
		slowest = max(slowest, took)
		if status != 0 {
			t.Errorf("%s ended with status %d: %s", p.name, status, p.tail(3))
		}
		if took > 25*time.Second {
			t.Errorf("%s took %v to drain", p.name, took)
		}
	}
	for range rounds {
		for i := range workers {
			fresh := r.startWorker("") // the new version first, as deploys do
			end(workers[i])
			workers[i] = fresh
			time.Sleep(200 * time.Millisecond)
		}
		end(r.web)
		r.startServe("")
	}
	<-done
	r.settle(40*time.Second, expected{}) // sooner than any lease: whoever ends in order leaves nothing lying
	figures(t, began, "%d orders, %d rounds: 0 acknowledged requests failed, slowest drain %.1f s (limit 25), %d sent again", orders, rounds, slowest.Seconds(), r.sent.refused.Load())
}
