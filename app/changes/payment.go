package changes

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"afterglow/app/ids"
	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// OperationUndo takes a change back that nobody paid for.
const OperationUndo = "changes.undo"

// TaskPayments looks after the changes of a shop that wait for their payment.
const TaskPayments = "changes.payments"

// waits tells whether the change made the order cost more than was paid, so that it
// must not be sent yet. An order that was not paid before is the shop's own matter.
func waits(g *shopify.Gate, ch Change) bool {
	return ch.Kind.ofItem() && ch.Before.Known && ch.Before.Owed >= 0 && g.Owed().Minor < 0
}

// finish lets the warehouse go on. A change that has to be paid keeps it, together
// with what the edit added.
func (s *Service) finish(ctx context.Context, c *shopify.Client, g *shopify.Gate, ch Change) {
	if !waits(g, ch) {
		s.letGo(ctx, c, g, ch)
		return
	}
	if err := s.stop(ctx, c, g, ch); err != nil {
		s.log.WarnContext(ctx, "an unpaid order is not held", "change", ch.ID, "error", err)
	}
}

// awaitPayment keeps the change until the shopper has paid, or the time is over.
func (s *Service) awaitPayment(tx *store.Tx, ch Change) error {
	settings, err := loadSettings(tx)
	if err != nil {
		return err
	}
	until := tx.Now.Add(time.Duration(settings.PayHours) * time.Hour)
	ch.State, ch.PayUntil = Paying, &until
	if err := end(tx, ch); err != nil {
		return err
	}
	if err := note(tx, ch); err != nil {
		return err
	}
	return s.write(tx, ch, KindReceipt)
}

func (s *Service) watchPayments() queue.Schedule {
	return queue.Schedule{Name: "changes.payments", Every: janitorEvery, Begin: func(_ context.Context, tx *store.Tx) error {
		active, err := shops.Active(tx)
		if err != nil {
			return err
		}
		return queue.EnqueueFor(tx, queue.Request{Kind: TaskPayments}, active...)
	}}
}

// payments is the task in one shop: what is paid is let go, what is half over is
// reminded of, what is over is taken back.
func (s *Service) payments(ctx context.Context, claim *queue.Claim) error {
	var waiting []Change
	err := s.db.InTx(ctx, claim.Job.Shop, func(tx *store.Tx) error {
		all, err := paying(tx, janitorMost)
		if err != nil {
			return err
		}
		for _, ch := range all {
			paid, err := looksPaid(tx, ch)
			if err != nil {
				return err
			}
			if paid || ch.PayUntil == nil || !tx.Now.Before(*ch.PayUntil) {
				waiting = append(waiting, ch)
				continue
			}
			if err := s.remind(tx, ch); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, ch := range waiting {
		if err := s.payment(ctx, ch); err != nil {
			return err
		}
	}
	return claim.Finish(ctx, nil)
}

// looksPaid tells whether our copy of the order says that it is worth asking Shopify.
func looksPaid(tx *store.Tx, ch Change) (bool, error) {
	o, err := orders.Find(tx, ch.Order)
	if errors.Is(err, orders.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return o.CancelledAt != nil || orders.Sum(o).Due.Presentment <= 0, nil
}

// remind writes once, when half of the time is over.
func (s *Service) remind(tx *store.Tx, ch Change) error {
	half := ch.CreatedAt.Add(ch.PayUntil.Sub(ch.CreatedAt) / 2)
	if tx.Now.Before(half) {
		return nil
	}
	first, err := markReminded(tx, ch.ID)
	if err != nil || !first {
		return err
	}
	return s.write(tx, ch, KindReminder)
}

// payment asks Shopify how the order stands, and ends the wait or has the change
// taken back.
func (s *Service) payment(ctx context.Context, ch Change) error {
	g, err := s.clients(ch.Shop).Gate(ctx, ch.Order)
	gone := errors.Is(err, shopify.ErrOrderMissing)
	if err != nil && !gone {
		return err
	}
	return s.db.InTx(ctx, ch.Shop, func(tx *store.Tx) error {
		ch, err := find(tx, ch.ID)
		switch {
		case errors.Is(err, ErrNotFound), err == nil && ch.State != Paying:
			return nil
		case err != nil:
			return err
		}
		if undoing, err := beingUndone(tx, ch); err != nil || undoing { // nothing is owed any more, but nobody has paid
			return err
		}
		switch {
		case gone, g.CancelledAt != nil, g.Owed().Minor >= 0:
			return s.paid(tx, ch)
		case ch.PayUntil != nil && tx.Now.Before(*ch.PayUntil): // our copy is behind
			return s.remind(tx, ch)
		}
		_, err = shopify.Plan(tx, shopify.OperationRequest{Kind: OperationUndo, Subject: ch.ID, Order: ch.Order, Input: map[string]any{"change": ch.ID}})
		if errors.Is(err, shopify.ErrLiveOperation) {
			return nil
		}
		return err
	})
}

// takeBack has a change undone that waits for its payment, because its shopper says
// so. Of any other nothing becomes.
func (s *Service) takeBack(tx *store.Tx, order int64, id string) error {
	ch, err := find(tx, id)
	if err == nil && ch.Order != order {
		err = ErrNotFound
	}
	if err != nil || ch.State != Paying {
		return err
	}
	undoing, err := beingUndone(tx, ch)
	if err != nil || undoing {
		return err
	}
	_, err = shopify.Plan(tx, shopify.OperationRequest{Kind: OperationUndo, Subject: ch.ID, Order: ch.Order, Input: map[string]any{"change": ch.ID}})
	if errors.Is(err, shopify.ErrLiveOperation) { // another one of the order: it can be said again
		return nil
	}
	if err != nil {
		return err
	}
	return markTakenBack(tx, ch.ID)
}

// beingUndone tells whether the change is being taken back.
func beingUndone(tx *store.Tx, ch Change) (bool, error) {
	all, err := shopify.OperationsOn(tx, ch.Order)
	return slices.ContainsFunc(all, func(op shopify.Operation) bool {
		return op.Kind == OperationUndo && op.Subject == ch.ID && op.Live()
	}), err
}

// paid ends the wait. Shopify itself writes to who has paid.
func (s *Service) paid(tx *store.Tx, ch Change) error {
	ch.State, ch.Reason, ch.EndedAt, ch.PayURL, ch.Detail = Done, "", &tx.Now, "", ch.Money.Neg().String()+" was paid afterwards"
	ch.Money = money.New(0, ch.Money.Currency)
	if err := end(tx, ch); err != nil {
		return err
	}
	if err := queue.Publish(tx, FactDone, ch.ID); err != nil {
		return err
	}
	if err := note(tx, ch); err != nil {
		return err
	}
	return queue.Enqueue(tx, queue.Request{Kind: TaskRelease})
}

// undo puts the order back as it was, in one edit that has to come to what was paid.
func (s *Service) undo(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, error) {
	ch, err := s.load(ctx, op)
	if err != nil {
		return shopify.Result{}, err
	}
	g, err := c.Gate(ctx, ch.Order)
	if errors.Is(err, shopify.ErrOrderMissing) {
		return shopify.Result{}, &shopify.Refused{Reason: WhyMissing}
	}
	if err != nil {
		return shopify.Result{}, err
	}
	if g.CancelledAt == nil && g.Owed().Minor < 0 {
		if err := putBack(ctx, c, g, ch); err != nil {
			return shopify.Result{}, err
		}
		if g, err = c.Gate(ctx, ch.Order); err != nil {
			return shopify.Result{}, err
		}
		if !undone(g, ch) {
			return shopify.Result{}, errPending.With(errors.New("the order is not back yet"))
		}
	}
	s.letGo(ctx, c, g, ch)
	return shopify.Result{ShopifyID: ids.GID("Order", ch.Order), Data: g}, nil
}

func putBack(ctx context.Context, c *shopify.Client, g *shopify.Gate, ch Change) error {
	l := g.Line(ch.Line)
	if l == nil || l.Sent() > ch.Before.Quantity {
		return &shopify.Refused{Reason: WhyChanged}
	}
	e, err := c.BeginEdit(ctx, ch.Order)
	if err != nil {
		return err
	}
	if ch.Kind == Swap {
		i := slices.IndexFunc(g.LineItems.Nodes, func(n shopify.GateLine) bool { return n.VariantID() == ch.Variant && n.Unfulfilled >= ch.Quantity })
		if i < 0 || l.VariantID() == 0 {
			return &shopify.Refused{Reason: WhyChanged}
		}
		n := &g.LineItems.Nodes[i]
		if err := e.SetQuantity(ctx, n, n.Current-ch.Quantity); err != nil {
			return err
		}
	}
	if l.Current > 0 {
		err = e.SetQuantity(ctx, l, ch.Before.Quantity)
	} else {
		err = e.Add(ctx, l.VariantID(), ch.Before.Quantity)
	}
	if err != nil {
		return err
	}
	if -e.Outstanding.Presentment.Minor != ch.Before.Owed {
		return &shopify.Refused{Reason: WhyChanged}
	}
	return e.Commit(ctx, "Taken back: the extra was not paid ("+ch.ID+")")
}

// undone tells whether the order is as it was before the change.
func undone(g *shopify.Gate, ch Change) bool {
	l := g.Line(ch.Line)
	if l == nil {
		return false
	}
	if ch.Kind == Swap {
		return ofVariant(g, ch.Variant) == ch.Before.Other && ofVariant(g, l.VariantID()) >= ch.Before.Quantity
	}
	return l.Current == ch.Before.Quantity
}

func (s *Service) findUndone(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, bool, error) {
	ch, err := s.load(ctx, op)
	var no *shopify.Refused
	if errors.As(err, &no) {
		return shopify.Result{}, false, nil // undo says no
	}
	if err != nil {
		return shopify.Result{}, false, err
	}
	g, err := c.Gate(ctx, ch.Order)
	if errors.Is(err, shopify.ErrOrderMissing) {
		return shopify.Result{}, false, nil
	}
	if err != nil || !undone(g, ch) {
		return shopify.Result{}, false, err
	}
	s.letGo(ctx, c, g, ch)
	return shopify.Result{ShopifyID: ids.GID("Order", ch.Order), Data: g}, true, nil
}

// tookBack hears how taking the change back ended. Where the order could not be put
// back, the change stands, the order goes on, and the shop has to collect the money.
func (s *Service) tookBack(_ context.Context, tx *store.Tx, op shopify.Operation, r shopify.Result) error {
	ch, err := find(tx, op.Subject)
	if errors.Is(err, ErrNotFound) || err == nil && !ch.State.Live() {
		return nil
	}
	if err != nil {
		return err
	}
	if op.State == shopify.OperationParked { // the janitor lets the order go
		why := "The extra was not paid"
		if ch.undoing() {
			why = "The shopper does not want it any more"
		}
		ch.State, ch.Detail = Parked, why+", and the change could not be taken back: "+op.Reason
		return end(tx, ch)
	}
	if err := queue.Enqueue(tx, queue.Request{Kind: orders.TaskRead, Ref: strconv.FormatInt(ch.Order, 10)}); err != nil {
		return err
	}
	if err := queue.Enqueue(tx, queue.Request{Kind: TaskRelease}); err != nil {
		return err
	}
	if !op.Done() && ch.undoing() && ch.PayUntil != nil && tx.Now.Before(*ch.PayUntil) { // there is still time to pay
		ch.Reason, ch.Detail = "", "The shopper wanted to take it back, which was not possible: "+op.Reason
		return end(tx, ch)
	}
	if !op.Done() {
		ch.State, ch.Reason, ch.Detail, ch.EndedAt = Done, WhyUnpaid, "It could not be taken back.", &tx.Now
		if op.GivenUp.Note != "" {
			ch.Detail = "It was not taken back: " + op.GivenUp.Note
		}
		if err := end(tx, ch); err != nil {
			return err
		}
		return note(tx, ch)
	}
	if g, ok := r.Data.(*shopify.Gate); ok && (g.CancelledAt != nil || !undone(g, ch)) {
		return s.paid(tx, ch)
	}
	if !ch.undoing() {
		ch.Reason = WhyUnpaid
	}
	ch.State, ch.EndedAt, ch.PayURL = Refused, &tx.Now, ""
	ch.Money = money.New(0, ch.Money.Currency)
	if err := end(tx, ch); err != nil {
		return err
	}
	if err := note(tx, ch); err != nil {
		return err
	}
	return s.write(tx, ch, KindUndone)
}

// uncollected is what the first screen says of changes that stand although nobody
// paid for them.
func uncollected(tx *store.Tx) (orders.Attention, error) {
	n, err := countUncollected(tx, tx.Now.Add(-14*24*time.Hour))
	return orders.Attention{Code: "changes_unpaid", Severity: "warning", Count: n, Title: "Changes that were never paid",
		Detail: "They cost more, were not paid in time, and could not be taken back. Collect the money in Shopify, or cancel.", Href: "/changes"}, err
}

// How long a cancellation waits for its refund to be seen.
const (
	backLooks = 20 * time.Second
	backMost  = time.Hour
)

// TaskMoney looks whether a cancellation's refund has been made.
const TaskMoney = "changes.money"

// paidBack tells how much came back since the change began, and whether that is all.
func paidBack(g *shopify.Gate, ch Change) (money.Amount, bool) {
	back := g.Refunded.Presentment.Minor - ch.Before.Refunded
	return money.New(back, g.PresentmentCurrency), back >= ch.Before.Paid
}

// money settles a cancellation whose refund comes a moment later, so that the
// receipt tells it.
func (s *Service) money(ctx context.Context, claim *queue.Claim) error {
	var ch Change
	err := s.db.Read(ctx, claim.Job.Shop, func(tx *store.Tx) (err error) {
		ch, err = find(tx, claim.Job.Ref)
		return err
	})
	if errors.Is(err, ErrNotFound) || err == nil && ch.State != Settling {
		return claim.Finish(ctx, nil)
	}
	if err != nil {
		return err
	}
	g, err := s.clients(claim.Job.Shop).Gate(ctx, ch.Order)
	if err != nil && !errors.Is(err, shopify.ErrOrderMissing) {
		return err
	}
	all := true
	if g != nil {
		ch.Money, all = paidBack(g, ch)
	}
	if now := s.db.Clock().Now(); !all && now.Before(ch.CreatedAt.Add(backMost)) {
		return queue.Later(now.Add(backLooks), errPending)
	}
	return claim.Finish(ctx, func(tx *store.Tx) error {
		now, err := find(tx, ch.ID)
		if err != nil || now.State != Settling {
			return err
		}
		now.Money = ch.Money
		return s.close(tx, now, Done)
	})
}
