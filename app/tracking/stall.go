package tracking

import (
	"context"
	"errors"
	"strconv"
	"time"

	"afterglow/app/clock"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// FactStalled says that a parcel has been silent for longer than is usual on its
// lane, or that its carrier reports a problem. Once a parcel and stall.
const FactStalled = "tracking.stalled"

// TaskWatch looks for parcels that have fallen silent.
const TaskWatch = "tracking.watch"

const (
	watchEvery   = time.Hour
	watchAtLeast = 24 * time.Hour // no silence is shorter than this
	watchAtMost  = 500            // parcels of a shop that are told or offered something in one round
	usualPauses  = 990            // thousandths of pauses that are shorter
)

// baseline is how long parcels of a lane are silent without anything being wrong.
type baseline struct {
	Silence time.Duration // learnt; 0: Days
	Days    int64         // working days, by the prior
	Pauses  int64         // it was learnt from
	Mute    bool          // the carrier has never told anything, so its silence says nothing
}

func (b baseline) until(last time.Time, zone *time.Location) time.Time {
	if b.Silence > 0 {
		return last.Add(b.Silence)
	}
	day := clock.DateIn(last, zone)
	return last.AddDate(0, 0, int(daysBetween(last, addWorkingDays(day, b.Days).Start(zone), zone)))
}

func (s *Service) baseline(tx *store.Tx, l Lane, zone *time.Location) (baseline, error) {
	h, b, err := narrowest(tx, l, measurePause, enoughPauses)
	if err != nil {
		return baseline{}, err
	}
	if b < breadths {
		return baseline{Silence: learntSilence(h), Pauses: h.total()}, nil
	}
	talks, err := carrierTalks(tx, l.Carrier)
	return baseline{Days: priors[l.distance(zone)].silent, Mute: !talks}, err
}

// learntSilence is longer than nearly all pauses that ended well.
func learntSilence(h histogram) time.Duration {
	return max(watchAtLeast, time.Duration(h.quantile(usualPauses)+1)*pauseUnit)
}

// silentUntil is when the parcel's silence becomes unusual; nil when it cannot.
func (b baseline) silentUntil(r *row, zone *time.Location) *time.Time {
	last := r.ShippedAt
	switch {
	case r.LastScanAt != nil:
		last = *r.LastScanAt
	case b.Mute || r.TrackingNumber == "":
		return nil
	}
	at := b.until(last, zone)
	return &at
}

// troubled tells whether the carrier itself says that something is wrong.
func (r *row) troubled() bool { return r.State == Exception }

// watch ends a stall when a scan has come, and begins one at once when the carrier
// reports a problem.
func (s *Service) watch(tx *store.Tx, r *row, shop shops.Shop, zone *time.Location) error {
	if !r.UnderWay || !shop.Installed {
		r.StalledAt = nil
		return nil
	}
	if r.troubled() {
		if r.StalledAt == nil && r.told("shipped") && tx.Now.Sub(r.StateAt) < factFresh {
			return s.stall(tx, r)
		}
		return nil
	}
	if r.StalledAt == nil {
		return nil
	}
	b, err := s.baseline(tx, r.lane(), zone)
	if err != nil {
		return err
	}
	if at := b.silentUntil(r, zone); at == nil || at.After(tx.Now) {
		r.StalledAt = nil
	}
	return nil
}

// stall marks the parcel, tells it, and asks for the shopper's notice. The caller
// holds and saves the row.
func (s *Service) stall(tx *store.Tx, r *row) error {
	at := tx.Now
	r.StalledAt = &at
	id := strconv.FormatInt(r.ID, 10)
	note := "Parcel " + first(r.Name, id) + " has been silent for longer than usual"
	if r.troubled() {
		note = "The carrier reports a problem with parcel " + first(r.Name, id)
	}
	err := orders.Note(tx, r.OrderID, "parcel:"+id+":stalled:"+strconv.FormatInt(at.Unix(), 10), "parcel_stalled", at, note)
	if err != nil {
		return err
	}
	return queue.Publish(tx, FactStalled, id)
}

// watchShop looks through the parcels under way of a shop.
func (s *Service) watchShop(_ context.Context, tx *store.Tx, _ queue.Job) error {
	shop, err := s.shops.Get(tx)
	if err != nil || !shop.Installed {
		if errors.Is(err, shops.ErrNotInstalled) {
			return nil
		}
		return err
	}
	since, notBefore := tx.Now.Add(-watchAtLeast), tx.Now.Add(-sweepYounger)
	lanes, err := quietLanes(tx, since, notBefore)
	if err != nil {
		return err
	}
	zone, found := clock.Zone(shop.Timezone), []int64{}
	usual := make(map[Lane]baseline, len(lanes))
	for l := range lanes {
		if usual[l], err = s.baseline(tx, l, zone); err != nil {
			return err
		}
	}
	err = quiet(tx, since, notBefore, func(r *row) bool {
		if at := usual[r.lane()].silentUntil(r, zone); at != nil && !at.After(tx.Now) {
			found = append(found, r.ID)
		}
		return len(found) < watchAtMost
	})
	if err != nil {
		return err
	}
	for _, id := range found {
		if err := s.mark(tx, id); err != nil {
			return err
		}
	}
	if err := s.overdueShop(tx); err != nil {
		return err
	}
	return s.offerShop(tx, shop)
}

// overdueShop tells shoppers whose parcels are past the promised days. Those of
// orders that are gone must not hide those behind them.
func (s *Service) overdueShop(tx *store.Tx) error {
	for told, after := 0, int64(0); told < watchAtMost; {
		list, err := overdue(tx, tx.Now, tx.Now.Add(-sweepYounger), after, watchAtMost)
		if err != nil {
			return err
		}
		for _, id := range list {
			wrote, err := s.tellDelay(tx, id)
			if err != nil {
				return err
			}
			if after = id; wrote {
				told++
			}
		}
		if len(list) < watchAtMost {
			break
		}
	}
	return nil
}

// mark stalls one parcel that looked silent, unless a scan has come meanwhile.
func (s *Service) mark(tx *store.Tx, id int64) error {
	r, err := lock(tx, id, 0)
	if err != nil || !r.UnderWay || r.StalledAt != nil || r.ErasedAt != nil || !r.told("shipped") {
		return err
	}
	if r.LastScanAt != nil && r.LastScanAt.After(tx.Now.Add(-watchAtLeast)) {
		return nil
	}
	if err := s.stall(tx, r); err != nil {
		return err
	}
	return r.save(tx)
}

// onStalled writes to the shopper.
func (s *Service) onStalled(_ context.Context, tx *store.Tx, job queue.Job) error {
	id, err := strconv.ParseInt(job.Ref, 10, 64)
	if err != nil {
		return nil
	}
	return s.TellDelay(tx, id)
}

func (s *Service) watching() queue.Schedule {
	return queue.Schedule{Name: TaskWatch, Every: watchEvery, Begin: func(_ context.Context, tx *store.Tx) error {
		active, err := shops.Active(tx)
		if err != nil {
			return err
		}
		return queue.EnqueueFor(tx, queue.Request{Kind: TaskWatch}, active...)
	}}
}
