package changes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"afterglow/app/ids"
	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// acted hears how the operation on the order ended, and settles the difference.
func (s *Service) acted(_ context.Context, tx *store.Tx, op shopify.Operation, r shopify.Result) error {
	ch, err := find(tx, op.Subject)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !ch.State.Live() {
		return nil
	}
	switch {
	case op.State == shopify.OperationParked:
		ch.State, ch.Detail = Parked, op.Reason
		return end(tx, ch)
	case !op.Done():
		ch.Reason, ch.Detail = whyOf(op.Reason)
		return s.close(tx, ch, Refused)
	}
	if err := queue.Enqueue(tx, queue.Request{Kind: orders.TaskRead, Ref: strconv.FormatInt(ch.Order, 10), Once: strconv.FormatInt(ch.Order, 10) + " " + ch.ID}); err != nil {
		return err
	}
	g, ok := r.Data.(*shopify.Gate)
	if !ok {
		return fmt.Errorf("change %s: the operation kept no order", ch.ID)
	}
	return s.settle(tx, ch, g)
}

// whyOf tells our own words for a refusal from Shopify's.
func whyOf(reason string) (why, detail string) {
	word := strings.TrimPrefix(reason, "refused: ")
	if slices.Contains(reasons, word) {
		return word, ""
	}
	return WhyShopify, word
}

// settle gives back what the change made too much, or asks for what is missing.
func (s *Service) settle(tx *store.Tx, ch Change, g *shopify.Gate) error {
	if ch.Kind == Cancel {
		ch.Money = money.New(g.Refunded.Presentment.Minor-ch.Before.Refunded, g.PresentmentCurrency)
		return s.close(tx, ch, Done)
	}
	owed := g.Owed()
	changed := owed.Minor - ch.Before.Owed
	switch {
	case changed > 0 && owed.Minor > 0:
		return s.giveBack(tx, ch, g, money.New(min(changed, owed.Minor), owed.Currency))
	case changed < 0 && owed.Minor < 0:
		ch.Money = money.New(max(changed, owed.Minor), owed.Currency)
		if g.Collection.URL != nil {
			ch.PayURL = *g.Collection.URL
		}
	}
	return s.close(tx, ch, Done)
}

// giveBack plans the refund in the transaction that knows of the change.
func (s *Service) giveBack(tx *store.Tx, ch Change, g *shopify.Gate, amount money.Amount) error {
	id := ids.New("op")
	back := shopify.MoneyBack{Order: ch.Order, Note: "Change " + ch.ID + " (" + id + ")", Currency: amount.Currency, Over: []shopify.BackOver{}}
	if ch.Credit && g.Customer != nil {
		back.Credit = amount
	} else {
		back.Over, amount = over(g, amount)
	}
	if amount.IsZero() {
		return s.close(tx, ch, Done)
	}
	ch.State, ch.Money = Settling, amount
	if err := end(tx, ch); err != nil {
		return err
	}
	_, err := shopify.Plan(tx, shopify.OperationRequest{ID: id, Kind: OperationRefund, Subject: ch.ID, Order: ch.Order, Input: back, Amount: amount})
	return err
}

// over divides an amount over the payments that can still take it back, cards
// before gift cards and credit, and tells how much that came to.
func over(g *shopify.Gate, amount money.Amount) ([]shopify.BackOver, money.Amount) {
	left := map[int64]int64{}
	for _, p := range g.Payments {
		switch {
		case p.Status == "SUCCESS" && (p.Kind == "SALE" || p.Kind == "CAPTURE"):
			left[int64(p.ID)] += p.Amount.Presentment.Minor
		case (p.Status == "SUCCESS" || p.Status == "PENDING") && p.Kind == "REFUND" && p.Parent != nil: // pending: promised
			left[int64(p.Parent.ID)] -= p.Amount.Presentment.Minor
		}
	}
	sorted := slices.Clone(g.Payments)
	slices.SortStableFunc(sorted, func(a, b shopify.GatePayment) int { return rank(a) - rank(b) })
	list, rest := []shopify.BackOver{}, amount.Minor
	for _, p := range sorted {
		n := min(left[int64(p.ID)], rest)
		if n <= 0 || p.Kind != "SALE" && p.Kind != "CAPTURE" {
			continue
		}
		list = append(list, shopify.BackOver{Payment: int64(p.ID), Gateway: p.Gateway, Amount: money.New(n, amount.Currency)})
		rest -= n
	}
	return list, money.New(amount.Minor-rest, amount.Currency)
}

func rank(p shopify.GatePayment) int {
	if p.Gateway == "gift_card" || p.Gateway == "shopify_store_credit" {
		return 1
	}
	return 0
}

// errRefund parks a refund for a person: refused operations end, and nobody could
// have it looked at again.
var errRefund = problem.New(problem.Conflict, "changes.refund", "Money went back on this order in the meantime. Look at it in Shopify, give back there what is missing, and try again here.")

// refund gives the money back, unless somebody did in the meantime.
func (s *Service) refund(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, error) {
	var back shopify.MoneyBack
	if err := op.Decode(&back); err != nil {
		return shopify.Result{}, err
	}
	sent, err := s.backSince(ctx, c, op)
	switch {
	case err != nil:
		return shopify.Result{}, err
	case sent >= op.Amount.Minor && op.Attempt > 1: // a person has seen to it
		return shopify.Result{}, nil
	case sent > 0:
		return shopify.Result{}, errRefund
	}
	id, err := c.Refund(ctx, op.ID, back)
	var no *shopify.Refused
	switch {
	case errors.As(err, &no) && strings.Contains(no.Reason, "IDEMPOTENCY_CONCURRENT_REQUEST"): // an earlier attempt is on its way
		err = errPending.With(no)
	case errors.As(err, &no):
		err = errRefund.Detailf("Shopify did not give the money back: %s", no.Reason)
	}
	return shopify.Result{ShopifyID: id}, err
}

// backSince is how much of the order's money went back since the change was begun.
func (s *Service) backSince(ctx context.Context, c *shopify.Client, op shopify.Operation) (int64, error) {
	var ch Change
	err := s.db.Read(ctx, op.Shop, func(tx *store.Tx) (err error) {
		ch, err = find(tx, op.Subject)
		return err
	})
	if err != nil {
		return 0, err
	}
	g, err := c.Gate(ctx, op.Order)
	if err != nil {
		return 0, err
	}
	return g.Refunded.Presentment.Minor - ch.Before.Refunded, nil
}

// findRefund looks for the refund that bears the operation's id in its note.
func findRefund(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, bool, error) {
	g, err := c.Gate(ctx, op.Order)
	if err != nil {
		return shopify.Result{}, false, err
	}
	for _, r := range g.Refunds {
		if strings.Contains(r.Note, op.ID) {
			return shopify.Result{ShopifyID: ids.GID("Refund", int64(r.ID))}, true, nil
		}
	}
	return shopify.Result{}, false, nil
}

// refunded hears how the refund ended. The items are changed in any case; money
// that could not be given back waits for a person.
func (s *Service) refunded(_ context.Context, tx *store.Tx, op shopify.Operation, _ shopify.Result) error {
	ch, err := find(tx, op.Subject)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !ch.State.Live() {
		return nil
	}
	if op.Done() {
		return s.close(tx, ch, Done)
	}
	ch.State, ch.Detail = Parked, "The refund was not made: "+op.Reason
	return end(tx, ch)
}

// close ends a change, notes it on the order and asks for the receipt.
func (s *Service) close(tx *store.Tx, ch Change, state State) error {
	ch.State, ch.EndedAt = state, &tx.Now
	if err := end(tx, ch); err != nil {
		return err
	}
	if state == Done {
		if err := queue.Publish(tx, FactDone, ch.ID); err != nil {
			return err
		}
	}
	if err := note(tx, ch); err != nil {
		return err
	}
	return s.write(tx, ch)
}
