package orders

import (
	"sync"
	"time"

	"afterglow/app/ids"
	"afterglow/app/messages"
	"afterglow/app/store"
)

const (
	daysKeptFor  = 10 * time.Minute
	daysKeptFrom = 5_000  // orders and mails; fewer are counted faster than it is worth
	daysKeptMost = 10_000 // shops
)

// finishedDays keeps what was counted of the days that are over, for shops with
// so many orders that counting takes its time. An old order that arrives late, or
// goes, shows in them ten minutes later; today is always counted.
type finishedDays struct {
	mu sync.Mutex
	of map[ids.Shop]keptDays
}

type keptDays struct {
	at           time.Time
	from, until  time.Time
	placed, sent []int64
}

// count fills in both for each span; the last one is today.
func (k *finishedDays) count(tx *store.Tx, placed []Day, sent []messages.Day) error {
	today := len(placed) - 1
	from, until := placed[0].From, placed[today].From
	if days, ok := k.kept(tx, from, until); ok {
		for i := range today {
			placed[i].Placed, sent[i].Sent = days.placed[i], days.sent[i]
		}
		placed, sent = placed[today:], sent[today:]
	}
	if err := CountPlaced(tx, placed); err != nil {
		return err
	}
	if err := messages.CountSent(tx, sent); err != nil {
		return err
	}
	if len(placed) > 1 {
		days := keptDays{at: tx.Now, from: from, until: until}
		total := int64(0)
		for i := range today {
			days.placed, days.sent = append(days.placed, placed[i].Placed), append(days.sent, sent[i].Sent)
			total += placed[i].Placed + sent[i].Sent
		}
		if total >= daysKeptFrom {
			k.keep(tx.Shop, days)
		}
	}
	return nil
}

// kept are the same days, counted a short while ago. Another zone has others.
func (k *finishedDays) kept(tx *store.Tx, from, until time.Time) (keptDays, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	days, ok := k.of[tx.Shop]
	return days, ok && days.from.Equal(from) && days.until.Equal(until) && tx.Now.Sub(days.at) < daysKeptFor
}

func (k *finishedDays) keep(shop ids.Shop, days keptDays) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil || len(k.of) >= daysKeptMost {
		k.of = map[ids.Shop]keptDays{}
	}
	k.of[shop] = days
}
