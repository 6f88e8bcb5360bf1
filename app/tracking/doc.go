// Package tracking knows where each parcel is and tells it to the shopper.
//
// # Words
//
// A parcel is a fulfillment of Shopify's. A scan is one fulfillment event: what a
// carrier told about the parcel, where and when. The state is what its scans come
// to. A milestone is a state worth telling. The journey is all parcels of an order
// in one timeline. A lane is carrier, country it comes from, country and region it
// goes to. Expected is the span in which it should arrive, late is under way after it.
//
//	preparing ─▶ shipped ─▶ in_transit ─▶ out_for_delivery ─▶ delivered
//	                            │  ▲            │
//	                            ▼  │            ▼
//	                          delayed    attempted, pickup_ready, exception
//
//	cancelled: from anywhere but delivered
//
// # Invariants
//
//   - A parcel is as its newest payload says: by updated_at, then by the moment
//     Shopify sent it, then by content. Its state follows from that and from its
//     scans alone, so in which order and how often they came changes nothing
//     (TestAnyOrderOfNewsComesToTheSame).
//   - A scan of a parcel that we do not know is kept and joined when it is known.
//     A scan that was taken back stays taken back.
//   - Each milestone is told once, and each mail goes once a parcel: the parcel's id
//     is its once-key. None goes for history, for a parcel that was cancelled, or
//     when a later state has been reached by the time it is written. A mail waits
//     for the ones before it, so they leave in order.
//   - A tracking link is https and never a merchant's script.
//
// # Who knows what
//
// Orders says what was bought and that something was fulfilled; this room owns
// parcels and scans. fulfillments/create and update carry the parcel,
// fulfillment_events/create and delete the scans. What never arrives is found in
// two ways: orders.moved says that an order with parcels has changed, and what
// that change does not explain is read from Shopify after two minutes; parcels
// under way are compared with Shopify once in each six hours, up to 4,000 of a shop
// in an hour, those that have waited longest first.
//
// # Local time
//
// A scan is shown in the zone of its place: of its country, or of its province in
// countries with several zones. Where that is not known it is shown in the shop's
// zone, and that is said.
//
// # Promises, stalls, make-goods
//
// Before there is a parcel, carrier and day of shipping are unknown: then what the
// last orders to the same country took, from the purchase to the door, is said, with
// how often that would have come true (before.go). Pages take what was counted up to
// a minute ago (doors.go), mails count.
//
// Each delivered parcel teaches its lane, once; those of imported orders do so in the
// batch that brings them, without a row of their own and without a word to anybody.
// A promise is made from that, kept as it
// was made, and scored. Silence beyond the lane's own pauses is a stall. A shopper
// whose parcel is late or stalled may be offered a choice, which is carried out
// once and within the budget: the row is turned, the budget taken and the operation
// planned in one transaction. See docs/decisions/0020.
//
// # Claims
//
// A claim says that a delivered parcel is not there. It is judged at once by its
// facts alone (weigh), and each finding is kept:
//
//	waiting ─▶ approved ─▶ remedied
//	   │  └─▶ review ◀─▶ asked
//	   │         └─▶ approved, refused
//	   ├─▶ found: the carrier has news of the parcel, and nothing was given yet
//	   └─▶ repaid: somebody paid it back in Shopify, and nothing else was given
//
// A parcel has one claim that counts, and at most one remedy that is open or was
// carried out: the database says so. What is approved takes its share of the budget
// at that moment; a person may go over it, the rules may not. Whatever is not known
// counts against deciding without a person. News of a parcel hold the parcel first
// and its claim then, as claims do.
//
// # Tables, topics, facts
//
// tracking_parcels, tracking_scans, tracking_settings; tracking_lanes, tracking_lessons,
// tracking_promises; tracking_goodwill, tracking_budgets, tracking_offers; tracking_claims,
// tracking_claim_photos, tracking_claim_settings. Heard: the four topics above;
// orders.moved, orders.deleted. Told, about a parcel's id:
// tracking.shipped, tracking.out_for_delivery, tracking.delivered,
// tracking.exception, tracking.stalled; about an offer's id: tracking.offered,
// tracking.made_up; about a claim's id: tracking.claimed.
//
// # Failure
//
// A payload without the ids it is about is parked with ErrPayload, which names the
// field and never its value. Shopify away: readings are tried again with growing
// pauses, and the next comparison finds what they would have.
package tracking
