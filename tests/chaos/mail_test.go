package chaos

import (
	"sync"
	"testing"
	"time"

	"afterglow/app/mail/mailtest"
)

// R10: the mail server defers, loses its answer after the final dot, and the
// workers are killed in between. Every confirmation comes; a second copy bears
// the same Message-ID and only follows a lost answer or a killed worker.
func TestChaosR10Mail(t *testing.T) {
	t.Parallel()
	began, random := time.Now(), dice(t)
	r := newRig(t, options{})
	r.sink.Misbehave(mailtest.Faults{Defer: 0.2, DropDot: 0.05})
	orders, kills := size(200, 10_000), size(1, 5)
	workers := []*process{r.startWorker(""), r.startWorker("")}
	var posting sync.WaitGroup
	posting.Go(func() { r.postAll(r.template.clones(1, orders+1), 8, 0) })
	for k := range kills {
		r.until("mails", 60*time.Second, func() bool { return len(r.sink.Mails()) > orders*(k+1)/(kills+2) })
		time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
		workers[k%2].kill()
		workers[k%2] = r.startWorker("")
	}
	posting.Wait()
	r.settle(2*time.Minute+time.Duration(orders)*20*time.Millisecond, expected{copies: 8})
	lost, copies := map[string]int{}, map[string]int{}
	unanswered, again := 0, 0
	for _, m := range r.sink.Mails() {
		copies[m.MessageID]++
		if !m.Answered {
			lost[m.MessageID]++
			unanswered++
		}
	}
	unexplained := 0
	for id, n := range copies {
		if extra := n - 1; extra > 0 {
			again += extra
			if extra > lost[id] {
				unexplained += extra - lost[id]
			}
		}
	}
	// A killed worker had at most its ten mails under way.
	if unexplained > 10*kills {
		t.Errorf("%d mails came again without a lost answer; %d kills explain %d at most", unexplained, kills, 10*kills)
	}
	if unanswered == 0 {
		t.Error("no answer was lost: this campaign proved nothing")
	}
	figures(t, began, "%d mails, 20 %% deferred, %d answers lost, %d kills: 0 lost, %d second copies, all with the same Message-ID", orders+1, unanswered, kills, again)
}
