package tracking

import (
	"cmp"
	"slices"
	"time"
)

// The states of a parcel.
const (
	Preparing   = "preparing"
	Shipped     = "shipped"
	InTransit   = "in_transit"
	Delayed     = "delayed"
	OutNow      = "out_for_delivery"
	Attempted   = "attempted"
	PickupReady = "pickup_ready"
	Exception   = "exception"
	Delivered   = "delivered"
	Cancelled   = "cancelled"
)

// States lists them as a merchant would.
var States = []string{Preparing, Shipped, InTransit, Delayed, OutNow, Attempted, PickupReady, Exception, Delivered, Cancelled}

// What Shopify's words for a scan mean. A word we do not know says that the
// parcel was seen, which is all that is certain.
var stateOf = map[string]string{
	"label_purchased": Preparing, "label_printed": Preparing, "confirmed": Preparing, "submitted": Preparing,
	"carrier_picked_up": InTransit, "in_transit": InTransit, "picked_up": InTransit,
	"delayed": Delayed, "out_for_delivery": OutNow,
	"attempted_delivery": Attempted, "ready_for_pickup": PickupReady,
	"failure": Exception, "not_delivered": Exception, "delivered": Delivered,
}

// Words of Shopify's that stand in a shipment's status and are no scan.
var noScan = map[string]bool{"": true, "fulfilled": true, "marked_as_fulfilled": true, "success": true, "canceled": true, "cancelled": true}

func final(state string) bool { return state == Delivered || state == Cancelled }

// scanned is a scan as far as deciding needs it.
type scanned struct {
	ID     int64
	Status string
	At     time.Time
}

// outcome is what a parcel's own payload and its scans come to.
type outcome struct {
	State     string
	At        time.Time
	First     *time.Time // when the carrier had it in hand
	Last      *time.Time
	Out       *time.Time
	Delivered *time.Time
}

// conclude works the state out. status is the fulfillment's, shipment what its
// payload says of the shipment, shippedAt when it was made, arrivedAt when Shopify
// says that it arrived, if it does. Delivered is final,
// because carriers post older scans late; so is cancelled, unless it arrived.
func conclude(status, shipment string, shippedAt, updatedAt time.Time, arrivedAt *time.Time, scans []scanned) outcome {
	scans = slices.Clone(scans)
	slices.SortFunc(scans, func(a, b scanned) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	out := outcome{State: Shipped, At: shippedAt}
	for _, s := range scans {
		state := stateOf[s.Status]
		if state == "" {
			state = InTransit
		}
		at := s.At
		if state != Preparing && out.First == nil {
			out.First = &at
		}
		out.Last = &at
		switch {
		case state == OutNow && out.Out == nil:
			out.Out = &at
		case state == Delivered && out.Delivered == nil:
			out.Delivered = &at
		}
		if out.Delivered == nil || state == Delivered && out.State != Delivered {
			out.State, out.At = state, at
		}
	}
	// Without a scan that says so, the payload's own word is better than none.
	told, toldAt := stateOf[shipment], updatedAt
	if told == Delivered && arrivedAt != nil {
		toldAt = *arrivedAt
	}
	if out.Last == nil && told != "" {
		out.State = told
		if told != Preparing {
			out.At = toldAt
		}
	} else if told == Delivered && out.Delivered == nil {
		out.State, out.At = Delivered, toldAt
	}
	if out.State == Delivered && out.Delivered == nil {
		at := out.At
		out.Delivered = &at
	}
	if gone(status) && out.State != Delivered {
		out.State, out.At = Cancelled, updatedAt
	}
	return out
}

// gone tells whether a fulfillment is none any more.
func gone(status string) bool {
	return status == "cancelled" || status == "error" || status == "failure"
}

// explained tells whether a shipment's status needs no scan beyond those known.
func explained(shipment string, scans []scanned) bool {
	return noScan[shipment] || slices.ContainsFunc(scans, func(s scanned) bool { return s.Status == shipment })
}
