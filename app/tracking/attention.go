package tracking

import (
	"afterglow/app/orders"
	"afterglow/app/store"
)

// attention is what the first screen says about parcels that need a hand.
func attention(o *orders.Service) {
	o.OnHome(func(tx *store.Tx) (orders.Attention, error) {
		_, failed, err := troubles(tx, tx.Now.Add(-sweepYounger))
		return orders.Attention{Code: "parcels_failed", Severity: "warning", Count: failed, Title: "Parcels could not be delivered",
			Detail: "The carrier failed or will try again. A call with the right address often saves the parcel.", Href: "/tracking?view=problems"}, err
	})
	o.OnHome(func(tx *store.Tx) (orders.Attention, error) {
		stalled, _, err := troubles(tx, tx.Now.Add(-sweepYounger))
		return orders.Attention{Code: "parcels_stalled", Severity: "warning", Count: stalled, Title: "Parcels have stopped moving",
			Detail: "Silent for longer than is usual on their way. Ask the carrier before the shopper asks you.", Href: "/tracking?view=stalled"}, err
	})
}
