package tracking

import (
	"cmp"
	"errors"
	"slices"

	"afterglow/app/clock"
	"afterglow/app/orders"
	"afterglow/app/problem"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// errTaught says that a parcel of the history was heard of in the same moment: the
// batch is read once more.
var errTaught = problem.New(problem.Unavailable, "tracking.history_taught", "A parcel of the history was heard of at the same time.")

// learnHistory learns from imported orders what their parcels took, a batch at a
// time. Of each parcel the first lesson counts; whatever is heard of it afterwards
// takes the way of all news and replaces it. Nobody is told anything.
func (s *Service) learnHistory(tx *store.Tx, list []*orders.Order) error {
	shop, err := s.shops.Get(tx)
	if errors.Is(err, shops.ErrNotInstalled) {
		return nil
	}
	if err != nil {
		return err
	}
	zone, first := clock.Zone(shop.Timezone), since(tx.Now)
	var found []historyLesson
	for _, o := range list {
		for _, f := range o.Fulfillments {
			if f.DeliveredAt == nil || monthOf(*f.DeliveredAt) < first {
				continue
			}
			var r row
			if err := r.merge(newsOf(o, f), epoch); err != nil {
				return err
			}
			r.conclude(nil, zone)
			if l, has := lessonOf(&r, nil, zone); has {
				found = append(found, historyLesson{f.ID, o.ID, l})
			}
		}
	}
	return keepHistory(tx, found)
}

// tallied is a value of a lane's that is counted.
type tallied struct {
	Lane
	month string
	days  int64
}

// historyLesson is what a parcel teaches of which nothing else is known.
type historyLesson struct {
	parcel, order int64
	lesson
}

// keepHistory writes the lessons of parcels that have taught nothing yet, and counts
// them.
func keepHistory(tx *store.Tx, found []historyLesson) error {
	if len(found) == 0 {
		return nil
	}
	parcels := make([]int64, len(found))
	for i, l := range found {
		parcels[i] = l.parcel
	}
	done, err := taught(tx, parcels)
	if err != nil {
		return err
	}
	lessons, counts := [][]any{}, map[tallied]int64{}
	for _, l := range found {
		if done[l.parcel] {
			continue
		}
		done[l.parcel] = true
		lessons = append(lessons, []any{l.parcel, l.order, l.Destination, l.Carrier, l.Origin, l.Region, l.Month, l.Days, "[]"})
		counts[tallied{l.Lane, l.Month, l.Days}]++
	}
	written, err := tx.Insert(lessonsInsertion, lessons)
	if err == nil && written != int64(len(lessons)) {
		err = errTaught
	}
	if err != nil {
		return err
	}
	rows := make([][]any, 0, len(counts))
	for l, n := range counts {
		rows = append(rows, []any{l.Destination, l.Carrier, l.Origin, l.Region, l.month, measureDays, l.days, n})
	}
	// In one order, or two transactions with the same rows wait for each other.
	slices.SortFunc(rows, func(a, b []any) int {
		for i := range 5 {
			if c := cmp.Compare(a[i].(string), b[i].(string)); c != 0 {
				return c
			}
		}
		return cmp.Compare(a[6].(int64), b[6].(int64))
	})
	_, err = tx.Insert(lanesInsertion, rows)
	return err
}
