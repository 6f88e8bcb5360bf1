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
		e, err := beforeParcels(tx, at.Order, at.Zone, countDoors)
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

// beforeParcels is when an order without a parcel should arrive, by what ask says
// that others took; nothing where nothing was learnt, where the shop itself has
// promised a day, and for what does not travel.
func beforeParcels(tx *store.Tx, o *orders.Order, zone *time.Location, ask func(*store.Tx, string, *time.Location) (doors, error)) (Expected, error) {
	if !waitsForParcels(o) {
		return Expected{}, nil
	}
	took, err := ask(tx, countryCode(o.Shipping.CountryCode), zone)
	if err != nil || !took.known {
		return Expected{}, err
	}
	placed, today := clock.DateIn(o.PlacedAt, zone), clock.DateIn(tx.Now, zone)
	first, last := placed.AddDays(int(took.days.From)), placed.AddDays(int(took.days.Until))
	if last.Before(today) { // it takes longer than others did: nobody knows
		return Expected{}, nil
	}
	if first.Before(today) {
		first = today
	}
	from, until := first.Start(zone).UTC(), last.AddDays(1).Start(zone).Add(-time.Second).UTC()
	return Expected{From: &from, Until: &until, Source: SourceLane, Share: took.share}, nil
}

func waitsForParcels(o *orders.Order) bool {
	return o.CancelledAt == nil && len(o.Fulfillments) == 0 && o.FulfillmentStatus != "fulfilled" && o.Shipping != nil && countryCode(o.Shipping.CountryCode) != "" &&
		slices.ContainsFunc(o.Lines, func(l orders.Line) bool { return l.RequiresShipping && l.CurrentQuantity > 0 }) &&
		!slices.ContainsFunc(o.ShippingLines, func(l orders.ShippingLine) bool {
			return !l.Removed && (l.Pickup || l.DeliverFrom != nil || l.DeliverUntil != nil)
		})
}

// card tells Shopify's order status page when the order comes.
func (s *Service) card(tx *store.Tx, at orders.CardView) (map[string]any, error) {
	j, err := s.Journey(tx, at.Order.ID)
	if err != nil {
		return nil, err
	}
	e := j.Expected
	if len(j.Parcels) == 0 {
		if e, err = beforeParcels(tx, at.Order, at.Zone, s.doors.lately); err != nil {
			return nil, err
		}
	}
	if text := promiseText(at.Tag, "", e, at.Zone); text != "" && !j.Late {
		return map[string]any{"eta": text}, nil
	}
	return nil, nil
}
