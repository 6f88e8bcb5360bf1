package tracking

import (
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// Estimate is when a parcel that is shipped now should arrive.
type Estimate struct {
	From, Until clock.Date
	Source      string // SourceLane or SourcePrior
	Parcels     int64  // it was learnt from
	Share       int64  // of such promises that came true, in thousandths; 0 when too few were scored
}

// Estimate promises a span for a parcel on a lane, by what parcels there took.
func (s *Service) Estimate(tx *store.Tx, l Lane, shipped time.Time, zone *time.Location) (Estimate, error) {
	day := clock.DateIn(shipped, zone)
	h, b, err := narrowest(tx, l, measureDays, enoughDays)
	if err != nil {
		return Estimate{}, err
	}
	if b == breadths {
		p := priors[l.distance(zone)]
		e := Estimate{From: addWorkingDays(day, p.span.From), Until: addWorkingDays(day, p.span.Until), Source: SourcePrior}
		e.Share, err = shareKept(tx, Lane{}, breadths, SourcePrior)
		return e, err
	}
	share, err := shareKept(tx, l, b, SourceLane)
	if err != nil {
		return Estimate{}, err
	}
	span := h.span()
	if share > 0 && share < leastShare { // the lane has become another: promise all that was seen of it, and not how sure
		span, share = h.extremes(), 0
	}
	return Estimate{From: day.AddDays(int(span.From)), Until: day.AddDays(int(span.Until)), Source: SourceLane, Parcels: h.total(), Share: share}, nil
}

// shareKept is how many thousandths of the promises of a source on the lane held.
func shareKept(tx *store.Tx, l Lane, b breadth, source string) (int64, error) {
	kept, scored, err := scores(tx, l, b, source, tx.Now.AddDate(0, -historyMonths, 0))
	if err != nil || scored < enoughScored {
		return 0, err
	}
	return kept * 1000 / scored, nil
}

// promise is what this part of the room does with news about a parcel: learn from
// it, promise when it comes, and score what was promised.
func (s *Service) promise(tx *store.Tx, r *row, scans []scanRow, shop shops.Shop) error {
	zone := clock.Zone(shop.Timezone)
	if err := s.learn(tx, r, scans, zone); err != nil {
		return err
	}
	if err := s.expect(tx, r, shop, zone); err != nil {
		return err
	}
	if err := s.score(tx, r, zone); err != nil {
		return err
	}
	return s.watch(tx, r, shop, zone)
}

// expect makes the promise of a parcel when it can be shown first, which is when
// its order is known. It stays as it was made, whatever is learnt later; only a
// carrier's own day moves when the carrier moves it.
func (s *Service) expect(tx *store.Tx, r *row, shop shops.Shop, zone *time.Location) error {
	if !r.UnderWay || !shop.Installed || !r.told("shipped") || r.DestinationCountry == "" {
		return nil
	}
	if r.ExpectedSource == "" {
		e, err := s.Estimate(tx, r.lane(), r.ShippedAt, zone)
		if err != nil {
			return err
		}
		from, until := e.From.Start(zone).UTC(), e.Until.AddDays(1).Start(zone).Add(-time.Second).UTC()
		if until.Before(tx.Now) { // it has been under way for long before we heard of it
			return nil
		}
		r.ExpectedFrom, r.ExpectedUntil, r.ExpectedSource, r.ExpectedShare = &from, &until, e.Source, e.Share
	}
	if r.ExpectedFrom == nil || r.ExpectedUntil == nil {
		return nil
	}
	return recordPromise(tx, r)
}

// score compares what was promised first with the day of delivery. It says the
// same however often it is asked, and again when the delivery is corrected.
func (s *Service) score(tx *store.Tx, r *row, zone *time.Location) error {
	p, ok, err := loadPromise(tx, r.ID)
	if err != nil || !ok {
		return err
	}
	if r.State != Delivered || r.DeliveredAt == nil {
		if p.ScoredAt == nil {
			return nil
		}
		return scorePromise(tx, r.ID, nil, false, 0)
	}
	kept, late := judge(p.ExpectedFrom, p.ExpectedUntil, r.arrivedOn(zone), zone)
	if p.ScoredAt != nil && p.ScoredAt.Equal(*r.DeliveredAt) && p.Kept == kept && p.LateDays == late {
		return nil
	}
	return scorePromise(tx, r.ID, r.DeliveredAt, kept, late)
}

// judge tells whether a delivery fell on a promised day, and else by how many days
// it was late (or early, below zero).
func judge(from, until, delivered time.Time, zone *time.Location) (kept bool, late int64) {
	if d := daysBetween(until, delivered, zone); d > 0 {
		return false, d
	}
	if d := daysBetween(delivered, from, zone); d > 0 {
		return false, -d
	}
	return true, 0
}

// sureText says how far a span can be relied on: how often such promises came
// true, or that it is a guess. What failed more often than it held is not a figure
// to rely on and is not told. A carrier's own day is the carrier's to answer for.
func sureText(tag locale.Tag, e Expected) string {
	switch {
	case e.Share >= leastShare:
		return locale.Shopper.T(tag, "tracking.sure", map[string]any{"count": e.Share / 10})
	case e.Source == SourcePrior:
		return locale.Shopper.T(tag, "tracking.guess", nil)
	}
	return ""
}
