package tracking

import (
	"slices"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"afterglow/app/ids"
	"afterglow/app/orders"
	"afterglow/app/store"
)

// doors is how long orders to a country took of late, from the purchase to the
// door. It says nothing about anybody's order.
type doors struct {
	days  Span
	share int64 // of such spans that came true, in thousandths; 0 when too few can be asked
	known bool
}

// countDoors goes through the last orders that arrived.
func countDoors(tx *store.Tx, country string, zone *time.Location) (doors, error) {
	days, err := doorToDoor(tx, country, zone)
	if err != nil || len(days) < enoughDays {
		return doors{}, err
	}
	return doors{spanOfDays(days), foretold(days), true}, nil
}

// Pages are drawn with what was counted up to a minute ago: it takes thousands of
// rows to count, and one more order that arrived hardly moves it. For the same
// reason a page that is kept does not watch those rows.
const (
	doorsKeptFor = time.Minute
	doorsKept    = 2000
)

type doorsKey struct {
	shop    ids.Shop
	country string
	zone    string
}

type countedDoors struct {
	doors
	at time.Time
}

type keptDoors struct {
	lru *expirable.LRU[doorsKey, countedDoors]
}

func newKeptDoors() keptDoors {
	return keptDoors{expirable.NewLRU[doorsKey, countedDoors](doorsKept, nil, doorsKeptFor)}
}

// lately is countDoors, or what that said less than a minute ago.
func (k keptDoors) lately(tx *store.Tx, country string, zone *time.Location) (doors, error) {
	key := doorsKey{tx.Shop, country, zone.String()}
	if d, ok := k.lru.Get(key); ok && tx.Now.Sub(d.at).Abs() < doorsKeptFor {
		return d.doors, nil
	}
	d, err := store.Unwatched(tx, func() (doors, error) { return countDoors(tx, country, zone) })
	if err == nil {
		k.lru.Add(key, countedDoors{d, tx.Now})
	}
	return d, err
}

// doorToDoor lists how many days orders to a country took, those first that arrived
// first. An order has arrived with its last parcel.
func doorToDoor(tx *store.Tx, country string, zone *time.Location) ([]int64, error) {
	arrived, err := arrivals(tx, country, tx.Now.AddDate(0, 1-historyMonths, 0), doorsFrom, doorsMost)
	if err != nil || len(arrived) < enoughDays {
		return nil, err
	}
	list := make([]int64, len(arrived))
	for i, a := range arrived {
		list[i] = a.OrderID
	}
	placed, err := orders.PlacedAt(tx, list)
	if err != nil {
		return nil, err
	}
	var days []int64
	for _, a := range slices.Backward(arrived) { // the newest came first
		if at, ok := placed[a.OrderID]; ok && !a.DeliveredAt.Before(at) {
			days = append(days, min(daysMost, daysBetween(at, a.DeliveredAt, zone)))
		}
	}
	return days, nil
}

func spanOfDays(days []int64) Span {
	counts := map[int64]int64{}
	for _, d := range days {
		counts[d]++
	}
	var h histogram
	for d, n := range counts {
		h = append(h, tally{d, n})
	}
	slices.SortFunc(h, func(a, b tally) int { return int(a.Value - b.Value) })
	return h.span()
}

// foretold is how many thousandths of the orders arrived within the span that the
// ones before them would have promised; 0 while too few can be asked.
func foretold(days []int64) int64 {
	asked, kept := int64(0), int64(0)
	for i := enoughDays; i < len(days); i++ {
		span := spanOfDays(days[:i])
		asked++
		if days[i] >= span.From && days[i] <= span.Until {
			kept++
		}
	}
	if asked < enoughScored {
		return 0
	}
	return kept * 1000 / asked
}
