package orders

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// The facts this room tells. What they are about is the order's id.
const (
	FactPlaced    = "orders.placed"
	FactUpdated   = "orders.updated"
	FactEdited    = "orders.edited"
	FactCancelled = "orders.cancelled"
	FactFulfilled = "orders.fulfilled"
	FactRefunded  = "orders.refunded"
	FactDeleted   = "orders.deleted"
	FactMoved     = "orders.moved" // an order with parcels has changed; told as often as it does
)

// What orders_events calls what happened.
const (
	EventPlaced    = "placed"
	EventEdited    = "edited"
	EventCancelled = "cancelled"
	EventFulfilled = "fulfilled"
	EventRefunded  = "refunded"
	EventDeleted   = "deleted"
)

// A refund may overtake its order. It waits this long before the second look, and
// is given up, with its reason, when the order has not come after a day.
const (
	refundPause    = 20 * time.Second
	refundPatience = 24 * time.Hour
)

// ErrOrderAway parks a refund whose order we never saw.
var ErrOrderAway = problem.New(problem.Invalid, "orders.refund_without_order", "The order of this refund never arrived. Read the order again from Shopify, then retry.")

// policy is what an order keeps of the shop's settings on the day of purchase.
type policy struct{ returnsDays, version int }

// onOrder works off the topics that carry a whole order.
func (s *Service) onOrder(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	o, err := Parse(ev.Body)
	if err != nil {
		return err
	}
	ev.About("order", o.ID)
	at := told(ev)
	if o.UpdatedAt.IsZero() {
		o.UpdatedAt = at
	}
	if o.PlacedAt.IsZero() {
		o.PlacedAt = o.UpdatedAt
	}
	return s.keep(tx, o, at)
}

// told is when Shopify sent the event, or, should it not say, when it came.
func told(ev *shopify.Event) time.Time {
	if ev.TriggeredAt.IsZero() {
		return instantOf(ev.ReceivedAt)
	}
	return instantOf(ev.TriggeredAt)
}

// keep writes an order if it is the newest, and tells what is new about it. It
// may be called with anything Shopify ever said about the order, in any order.
func (s *Service) keep(tx *store.Tx, o *Order, triggeredAt time.Time) error {
	before, err := findHead(tx, o.ID)
	if err != nil || before.deleted || before.redacted {
		return err
	}
	var p policy
	if !before.found {
		if p, err = s.policy(tx); err != nil {
			return err
		}
	}
	newest, digest, err := save(tx, o, triggeredAt, p)
	if err != nil || !newest {
		return err
	}
	if before.found && before.Digest == digest {
		return nil // told once more, nothing new
	}
	return s.tell(tx, o, triggeredAt)
}

// tell publishes what is new. An event that is recorded already was told by an
// earlier payload, so each is told once however the payloads came.
func (s *Service) tell(tx *store.Tx, o *Order, triggeredAt time.Time) error {
	ref := strconv.FormatInt(o.ID, 10)
	first, err := record(tx, o.ID, EventPlaced, EventPlaced, o.PlacedAt, "")
	if err != nil {
		return err
	}
	fact := FactUpdated
	if first {
		fact = FactPlaced
	}
	if err := queue.Publish(tx, fact, ref); err != nil {
		return err
	}
	if len(o.Fulfillments) > 0 {
		if err := queue.Publish(tx, FactMoved, ref); err != nil {
			return err
		}
	}
	for _, h := range happenings(o) {
		new, err := record(tx, o.ID, h.once, h.kind, h.at, "")
		if err != nil {
			return err
		}
		if new {
			if err := queue.Publish(tx, h.fact, ref); err != nil {
				return err
			}
		}
	}
	if first {
		return s.confirm(tx, o, triggeredAt)
	}
	return nil
}

type happening struct {
	once, kind, fact string
	at               time.Time
}

// happenings are what an order's own content says has happened to it.
func happenings(o *Order) []happening {
	var out []happening
	if o.CancelledAt != nil {
		out = append(out, happening{EventCancelled, EventCancelled, FactCancelled, *o.CancelledAt})
	}
	for _, f := range o.Fulfillments {
		if f.ID > 0 && !f.Gone() {
			out = append(out, happening{fmt.Sprintf("%s:%d", EventFulfilled, f.ID), EventFulfilled, FactFulfilled, or(f.CreatedAt, o.UpdatedAt)})
		}
	}
	for _, f := range o.Refunds {
		if f.Money.positive() {
			out = append(out, happening{fmt.Sprintf("%s:%d", EventRefunded, f.ID), EventRefunded, FactRefunded, or(f.CreatedAt, o.UpdatedAt)})
		}
	}
	return out
}

func or(t, fallback time.Time) time.Time {
	if t.IsZero() {
		return fallback
	}
	return t
}

// policy reads what a new order keeps. A shop without settings gives no returns.
func (s *Service) policy(tx *store.Tx) (policy, error) {
	v, err := s.shops.Settings(tx)
	if errors.Is(err, shops.ErrNotInstalled) {
		return policy{}, nil
	}
	return policy{v.ReturnsDays, v.Version}, err
}

// onEdited works off orders/edited, which carries only a difference: the order is
// read again.
func (s *Service) onEdited(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	var p struct {
		Edit maybe[struct {
			ID          whole   `json:"id"`
			OrderID     whole   `json:"order_id"`
			CommittedAt instant `json:"committed_at"`
			CreatedAt   instant `json:"created_at"`
		}] `json:"order_edit"`
	}
	if err := decode(ev.Body, &p); err != nil {
		return err
	}
	if p.Edit.v == nil || p.Edit.v.OrderID <= 0 || p.Edit.v.ID <= 0 {
		return ErrPayload.Detailf("The payload is not an edit of an order.")
	}
	order, edit := int64(p.Edit.v.OrderID), int64(p.Edit.v.ID)
	ev.About("order", order)
	before, err := findHead(tx, order)
	if err != nil || before.deleted || before.redacted {
		return err
	}
	at := or(p.Edit.v.CommittedAt.Time, or(p.Edit.v.CreatedAt.Time, told(ev)))
	first, err := record(tx, order, fmt.Sprintf("%s:%d", EventEdited, edit), EventEdited, at, "")
	if err != nil || !first {
		return err
	}
	if err := queue.Publish(tx, FactEdited, strconv.FormatInt(order, 10)); err != nil {
		return err
	}
	return readAgain(tx, order, fmt.Sprintf("edit:%d", edit))
}

// onRefund works off refunds/create. The refund is kept on its own, because the
// order's next payload may come before or after it.
func (s *Service) onRefund(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	var p payloadRefund
	if err := decode(ev.Body, &p); err != nil {
		return err
	}
	if p.ID <= 0 || p.OrderID <= 0 {
		return ErrPayload.Detailf("The payload is not a refund of an order.")
	}
	order := int64(p.OrderID)
	ev.About("order", order)
	before, err := findHead(tx, order)
	if err != nil || before.deleted || before.redacted {
		return err
	}
	if !before.found {
		return awaitOrder(tx, ev, order, int64(p.ID))
	}
	f, err := load(tx, order)
	if err != nil {
		return err
	}
	r := &reader{shop: f.Order.Currency, presentment: f.Order.PresentmentCurrency}
	refund := r.refund(p, f.Order)
	if r.err != nil {
		return r.err
	}
	if refund.CreatedAt.IsZero() {
		refund.CreatedAt = told(ev)
	}
	f.Order.Refunds = append(f.Order.Refunds, refund)
	if err := f.Order.bounded(); err != nil {
		return err
	}
	if err := saveRefund(tx, order, refund); err != nil {
		return err
	}
	if !refund.Money.positive() {
		return nil
	}
	first, err := record(tx, order, fmt.Sprintf("%s:%d", EventRefunded, refund.ID), EventRefunded, refund.CreatedAt, "")
	if err != nil || !first {
		return err
	}
	return queue.Publish(tx, FactRefunded, strconv.FormatInt(order, 10))
}

// awaitOrder sets a refund aside until its order is here, which the order's own
// webhook or the reconciler brings. Pauses grow with the waiting.
func awaitOrder(tx *store.Tx, ev *shopify.Event, order, refund int64) error {
	waited := tx.Now.Sub(told(ev))
	if waited > refundPatience {
		return ErrOrderAway
	}
	return queue.Later(tx.Now.Add(max(refundPause, waited)), fmt.Errorf("refund %d came before its order %d", refund, order))
}

// onDeleted works off orders/delete.
func (s *Service) onDeleted(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	var p struct {
		ID whole `json:"id"`
	}
	if err := decode(ev.Body, &p); err != nil {
		return err
	}
	if p.ID <= 0 {
		return ErrPayload.Detailf("The payload has no order id.")
	}
	ev.About("order", int64(p.ID))
	return s.remove(tx, int64(p.ID), told(ev))
}

// remove ends an order: its row stays empty, its story stays without names.
func (s *Service) remove(tx *store.Tx, id int64, at time.Time) error {
	if err := bury(tx, id); err != nil {
		return err
	}
	first, err := record(tx, id, EventDeleted, EventDeleted, at, "")
	if err != nil || !first {
		return err
	}
	return queue.Publish(tx, FactDeleted, strconv.FormatInt(id, 10))
}
