package changes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/orders"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// The operations of this room.
const (
	OperationCancel  = "changes.cancel"
	OperationAddress = "changes.address"
	OperationItems   = "changes.items"
	OperationRefund  = "changes.refund"
)

func operationOf(k Kind) string {
	switch k {
	case Cancel:
		return OperationCancel
	case Address:
		return OperationAddress
	}
	return OperationItems
}

func (s *Service) operations() []shopify.OperationKind {
	list := []shopify.OperationKind{}
	for _, name := range []string{OperationCancel, OperationAddress, OperationItems} {
		list = append(list, shopify.OperationKind{Name: name, Do: s.act, ReadBack: s.readBack, Settled: s.acted})
	}
	list = append(list, shopify.OperationKind{Name: OperationUndo, Do: s.undo, ReadBack: s.findUndone, Settled: s.tookBack})
	return append(list, shopify.RefundKind(OperationRefund, s.refunded))
}

var errPending = problem.New(problem.Unavailable, "changes.pending", "Shopify has not finished yet.")

// cancelLooks is how often one attempt looks whether a cancellation has happened,
// refundLooks how often whether its money has gone back.
const (
	cancelLooks = 20
	refundLooks = 3
)

// act carries a change out: gate, hold, act, read again, release.
func (s *Service) act(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, error) {
	ch, err := s.load(ctx, op)
	if err != nil {
		return shopify.Result{}, err
	}
	after, err := s.carryOut(ctx, c, op, ch)
	var no *shopify.Refused
	if errors.As(err, &no) {
		if after, err = s.refusal(ctx, c, op, ch, no); err != nil {
			return shopify.Result{}, err
		}
	}
	if err != nil {
		return shopify.Result{}, err
	}
	return shopify.Result{ShopifyID: ids.GID("Order", ch.Order), Data: after}, nil
}

// refusal finds our word for Shopify's no. What Shopify refuses because it has
// already happened was no refusal.
func (s *Service) refusal(ctx context.Context, c *shopify.Client, op shopify.Operation, ch Change, no *shopify.Refused) (*shopify.Gate, error) {
	g, err := c.Gate(ctx, ch.Order)
	switch {
	case errors.Is(err, shopify.ErrOrderMissing):
		return nil, &shopify.Refused{Reason: WhyMissing}
	case err != nil:
		return nil, err
	case op.Again() && happened(g, ch):
		s.finish(ctx, c, g, ch)
		return g, nil
	}
	if why := closed(g, ch); why != "" {
		no = &shopify.Refused{Reason: why}
	} else if op.Again() && ch.Kind == Cancel {
		return nil, errPending.With(no) // an earlier attempt may be on its way
	}
	s.letGo(ctx, c, g, ch)
	return nil, no
}

func (s *Service) load(ctx context.Context, op shopify.Operation) (ch Change, err error) {
	err = s.db.Read(ctx, op.Shop, func(tx *store.Tx) error {
		if ch, err = find(tx, op.Subject); err != nil {
			return err
		}
		o, err := orders.Find(tx, ch.Order)
		if errors.Is(err, orders.ErrNotFound) { // Shopify will say so
			return nil
		}
		if err != nil {
			return err
		}
		for _, l := range o.Lines {
			if l.Tip {
				ch.tips = append(ch.tips, l.ID)
			}
		}
		return nil
	})
	if errors.Is(err, ErrNotFound) || err == nil && !ch.State.Live() {
		return ch, &shopify.Refused{Reason: WhyErased}
	}
	return ch, err
}

func (s *Service) record(ctx context.Context, op shopify.Operation, fn func(tx *store.Tx) error) error {
	return s.db.InTx(ctx, op.Shop, fn)
}

func (s *Service) carryOut(ctx context.Context, c *shopify.Client, op shopify.Operation, ch Change) (*shopify.Gate, error) {
	g, err := s.gate(ctx, c, ch)
	if err != nil {
		return nil, err
	}
	if !ch.Before.Known {
		ch.Before = standing(g, ch)
	}
	if err := s.record(ctx, op, func(tx *store.Tx) error {
		if ch.Kind != Cancel {
			if err := beginHold(tx, ch.ID); err != nil {
				return err
			}
		} else if err := advance(tx, ch.ID, Acting); err != nil {
			return err
		}
		return keepBefore(tx, ch.ID, ch.Before)
	}); err != nil {
		return nil, err
	}
	if ch.Kind == Cancel {
		return s.cancel(ctx, c, ch)
	}
	if g, err = s.hold(ctx, c, g, ch); err != nil {
		return nil, err
	}
	queue.CrashPoint("changes.held")
	if err := s.record(ctx, op, func(tx *store.Tx) error { return advance(tx, ch.ID, Acting) }); err != nil {
		return nil, err
	}
	if ch.Kind == Address {
		err = c.ChangeAddress(ctx, ch.Order, *ch.Address)
	} else {
		err = s.edit(ctx, c, op.Shop, g, ch)
	}
	if err != nil {
		return nil, err
	}
	after, err := c.Gate(ctx, ch.Order)
	if err != nil {
		return nil, err
	}
	if !happened(after, ch) {
		return nil, errPending.With(errors.New("the change is not there yet"))
	}
	s.finish(ctx, c, after, ch)
	return after, nil
}

// gate reads the order and refuses what may not be changed any more.
func (s *Service) gate(ctx context.Context, c *shopify.Client, ch Change) (*shopify.Gate, error) {
	g, err := c.Gate(ctx, ch.Order)
	if errors.Is(err, shopify.ErrOrderMissing) {
		return nil, &shopify.Refused{Reason: WhyMissing}
	}
	if err != nil {
		return nil, err
	}
	if why := closed(g, ch); why != "" {
		return nil, &shopify.Refused{Reason: why}
	}
	return g, nil
}

// closed tells why the order cannot be changed as it stands, or "".
func closed(g *shopify.Gate, ch Change) string {
	switch {
	case g.CancelledAt != nil:
		return WhyCancelled
	case g.Fulfillment == "FULFILLED", !ch.Kind.ofItem() && (g.Fulfillment == "PARTIALLY_FULFILLED" || begun(g, ch)):
		return WhySent
	case !slices.Contains([]string{"UNFULFILLED", "ON_HOLD", "OPEN", "PARTIALLY_FULFILLED"}, g.Fulfillment):
		return WhyInWork
	}
	for _, f := range g.FulfillmentOrders.Nodes {
		switch {
		case f.Status == "CLOSED" || f.Status == "CANCELLED": // nothing is left to send on it
		case f.RequestStatus != "UNSUBMITTED":
			return WhyInWork
		case f.Status == "ON_HOLD":
			if slices.ContainsFunc(f.Holds, func(h shopify.Hold) bool { return !h.Ours || !strings.HasPrefix(h.Handle, "chg_") }) {
				return WhyInWork
			}
		case f.Status != "OPEN" && !(f.Begun() && ch.Kind.ofItem()):
			return WhyInWork
		}
	}
	if !g.Editable {
		return WhyLocked
	}
	if ch.Kind.ofItem() {
		return closedLine(g, ch)
	}
	return ""
}

// standing is what has to be known of the order to tell later what we did.
func standing(g *shopify.Gate, ch Change) before {
	b := before{Known: true, Owed: g.Owed().Minor, Refunded: g.Refunded.Presentment.Minor, Paid: g.Paid.Presentment.Minor}
	if l := g.Line(ch.Line); l != nil {
		b.Quantity = l.Current
	}
	b.Other = ofVariant(g, ch.Variant)
	return b
}

func ofVariant(g *shopify.Gate, variant int64) (n int64) {
	for _, l := range g.LineItems.Nodes {
		if variant != 0 && l.VariantID() == variant {
			n += l.Current
		}
	}
	return n
}

// happened tells whether the order is as the change wants it.
func happened(g *shopify.Gate, ch Change) bool {
	switch ch.Kind {
	case Cancel:
		return g.CancelledAt != nil
	case Address:
		return ch.Address != nil && g.Shipping != nil && sameAddress(*g.Shipping, *ch.Address)
	}
	l, left := g.Line(ch.Line), int64(0)
	if l != nil {
		left = l.Current
	}
	if ch.Kind != Swap {
		return left == ch.Quantity
	}
	return left == ch.Before.Quantity-ch.Quantity && ofVariant(g, ch.Variant) >= ch.Before.Other+ch.Quantity
}

func sameAddress(a, b shopify.GateAddress) bool {
	for _, p := range [][2]string{{a.FirstName, b.FirstName}, {a.LastName, b.LastName}, {a.Company, b.Company}, {a.Address1, b.Address1}, {a.Address2, b.Address2},
		{a.City, b.City}, {a.Zip, b.Zip}, {a.CountryCode, b.CountryCode}} {
		if !strings.EqualFold(strings.Join(strings.Fields(p[0]), ""), strings.Join(strings.Fields(p[1]), "")) {
			return false
		}
	}
	return samePhone(a.Phone, b.Phone)
}

// samePhone compares what is dialled: one of the two may lack its country.
func samePhone(a, b string) bool {
	dialled := func(s string) string {
		return strings.TrimLeft(strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, s), "0")
	}
	a, b = dialled(a), dialled(b)
	return a == b || a != "" && b != "" && (strings.HasSuffix(a, b) || strings.HasSuffix(b, a))
}

// where says in Shopify who asked.
func (ch Change) where() string {
	if ch.By == Shopper {
		return "on the order's page (" + ch.ID + ")"
	}
	return "by staff for the shopper (" + ch.ID + ")"
}

// cancel asks for the cancellation and waits until the order says that it is.
func (s *Service) cancel(ctx context.Context, c *shopify.Client, ch Change) (*shopify.Gate, error) {
	job, err := c.CancelOrder(ctx, ch.Order, "CUSTOMER", "Cancelled "+ch.where(), ch.Credit)
	if err != nil {
		return nil, err
	}
	for look := range cancelLooks {
		g, err := c.Gate(ctx, ch.Order)
		if err != nil {
			return nil, err
		}
		if _, all := paidBack(g, ch); g.CancelledAt != nil && (all || look >= refundLooks) {
			return g, nil
		}
		if err := c.CancelFailed(ctx, job); err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(s.poll * time.Duration(1+look/4)):
		}
	}
	return nil, errPending
}

// edit changes the items in one edit, which is saved only if it comes to what the
// shopper was shown.
func (s *Service) edit(ctx context.Context, c *shopify.Client, shop ids.Shop, g *shopify.Gate, ch Change) error {
	e, err := s.openEdit(ctx, c, shop, g, ch)
	if err != nil {
		return err
	}
	if ch.Expected != nil && consequence(g, e) != *ch.Expected {
		return &shopify.Refused{Reason: WhyChanged}
	}
	return e.Commit(ctx, "Changed "+ch.where())
}

// openEdit works the change out and saves nothing.
func (s *Service) openEdit(ctx context.Context, c *shopify.Client, shop ids.Shop, g *shopify.Gate, ch Change) (*shopify.Edit, error) {
	l := g.Line(ch.Line)
	if l == nil {
		return nil, &shopify.Refused{Reason: WhyChanged}
	}
	if err := s.inStock(ctx, c, shop, l, ch); err != nil {
		return nil, err
	}
	e, err := c.BeginEdit(ctx, ch.Order)
	if err != nil {
		return nil, err
	}
	if err := e.SetQuantity(ctx, l, stays(l, ch)); err != nil {
		return nil, err
	}
	if ch.Kind == Swap {
		if err := e.Add(ctx, ch.Variant, ch.Quantity); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// consequence is what an edit would change in what was paid too much, in minor
// units of the shopper's currency: more than nothing goes back.
func consequence(g *shopify.Gate, e *shopify.Edit) int64 {
	return -e.Outstanding.Presentment.Minor - g.Owed().Minor
}

// readBack looks whether an earlier attempt had its effect.
func (s *Service) readBack(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, bool, error) {
	ch, err := s.load(ctx, op)
	var no *shopify.Refused
	if errors.As(err, &no) {
		return shopify.Result{}, false, nil // Do says no
	}
	if err != nil {
		return shopify.Result{}, false, err
	}
	g, err := c.Gate(ctx, ch.Order)
	if errors.Is(err, shopify.ErrOrderMissing) {
		return shopify.Result{}, false, nil
	}
	if err != nil {
		return shopify.Result{}, false, fmt.Errorf("read change %s back: %w", ch.ID, err)
	}
	if !ch.Before.Known || !happened(g, ch) { // without it nothing was asked of Shopify
		return shopify.Result{}, false, nil
	}
	s.finish(ctx, c, g, ch)
	return shopify.Result{ShopifyID: ids.GID("Order", ch.Order), Data: g}, true, nil
}
