package tracking

import (
	"slices"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/store"
)

// Before there is a parcel nobody knows who carries it, nor when it leaves. What is
// known is how long orders to the same country took of late, from the purchase to
// the door.

const (
	doorsMost = 200  // orders that are looked at
	doorsFrom = 2000 // the last parcels, among which they are
)

// promised adds to a confirmation when the order should arrive, in the words of the
// order's page.
func (s *Service) promised() orders.LetterExtra {
	return orders.LetterExtra{Add: func(tx *store.Tx, at orders.LetterView) (orders.Addition, error) {
		e, err := beforeParcels(tx, at.Order, at.Zone)
		if err != nil || e.Until == nil {
			return orders.Addition{}, err
		}
		return orders.Addition{Data: map[string]any{"eta": map[string]any{"text": promiseText(at.Tag, at.Design.Tone, e, at.Zone)}}}, nil
	}}
}

// promiseText is the span and how far it can be relied on, in one line.
func promiseText(tag locale.Tag, tone string, e Expected, zone *time.Location) string {
	text := expectedText(tag, tone, e, zone)
	if sure := sureText(tag, e); text != "" && sure != "" {
		text += " · " + sure
	}
	return text
}

// beforeParcels is when an order without a parcel should arrive; nothing where
// nothing was learnt, where the shop itself has promised a day, and for what does
// not travel.
func beforeParcels(tx *store.Tx, o *orders.Order, zone *time.Location) (Expected, error) {
	if !waitsForParcels(o) {
		return Expected{}, nil
	}
	days, err := doorToDoor(tx, countryCode(o.Shipping.CountryCode), zone)
	if err != nil || len(days) < enoughDays {
		return Expected{}, err
	}
	span := spanOfDays(days)
	placed, today := clock.DateIn(o.PlacedAt, zone), clock.DateIn(tx.Now, zone)
	first, last := placed.AddDays(int(span.From)), placed.AddDays(int(span.Until))
	if last.Before(today) { // it takes longer than others did: nobody knows
		return Expected{}, nil
	}
	if first.Before(today) {
		first = today
	}
	from, until := first.Start(zone).UTC(), last.AddDays(1).Start(zone).Add(-time.Second).UTC()
	return Expected{From: &from, Until: &until, Source: SourceLane, Share: foretold(days)}, nil
}

func waitsForParcels(o *orders.Order) bool {
	return o.CancelledAt == nil && len(o.Fulfillments) == 0 && o.FulfillmentStatus != "fulfilled" && o.Shipping != nil && countryCode(o.Shipping.CountryCode) != "" &&
		slices.ContainsFunc(o.Lines, func(l orders.Line) bool { return l.RequiresShipping && l.CurrentQuantity > 0 }) &&
		!slices.ContainsFunc(o.ShippingLines, func(l orders.ShippingLine) bool {
			return !l.Removed && (l.Pickup || l.DeliverFrom != nil || l.DeliverUntil != nil)
		})
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

// card tells Shopify's order status page when the order comes.
func (s *Service) card(tx *store.Tx, at orders.CardView) (map[string]any, error) {
	j, err := s.Journey(tx, at.Order.ID)
	if err != nil {
		return nil, err
	}
	e := j.Expected
	if len(j.Parcels) == 0 {
		if e, err = beforeParcels(tx, at.Order, at.Zone); err != nil {
			return nil, err
		}
	}
	if text := promiseText(at.Tag, "", e, at.Zone); text != "" && !j.Late {
		return map[string]any{"eta": text}, nil
	}
	return nil, nil
}
