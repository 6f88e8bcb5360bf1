package changes

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"afterglow/app/money"
	"afterglow/app/orders"
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
	ch.Silent = op.Reason == shopify.ReasonErased
	switch {
	case op.State == shopify.OperationParked:
		ch.State, ch.Detail = Parked, op.Reason
		return end(tx, ch)
	case !op.Done():
		ch.Reason, ch.Detail = whyOf(op.Reason)
		if op.GivenUp.Note != "" {
			ch.Detail = op.GivenUp.Note
		}
		if err := queue.Enqueue(tx, queue.Request{Kind: orders.TaskRead, Ref: strconv.FormatInt(ch.Order, 10)}); err != nil { // what refused it may be news
			return err
		}
		if err := queue.Enqueue(tx, queue.Request{Kind: TaskRelease}); err != nil { // the warehouse goes on
			return err
		}
		return s.close(tx, ch, Refused)
	}
	if err := queue.Enqueue(tx, queue.Request{Kind: orders.TaskRead, Ref: strconv.FormatInt(ch.Order, 10), Once: strconv.FormatInt(ch.Order, 10) + " " + ch.ID}); err != nil {
		return err
	}
	g, ok := r.Data.(*shopify.Gate)
	if !ok { // staff say that it happened; what it cost nobody has read
		ch.Reason, ch.Detail = Unsettled, op.GivenUp.Note
		return s.close(tx, ch, Done)
	}
	return s.settle(tx, ch, g)
}

// whyOf tells our own words for a refusal from Shopify's.
func whyOf(reason string) (why, detail string) {
	word := strings.TrimPrefix(reason, "refused: ")
	switch {
	case slices.Contains(reasons, word):
		return word, ""
	case word == shopify.ReasonGivenUp:
		return WhyGivenUp, ""
	}
	return WhyShopify, word
}

// settle gives back what the change made too much, or asks for what is missing.
func (s *Service) settle(tx *store.Tx, ch Change, g *shopify.Gate) error {
	if ch.Kind == Cancel {
		all := false
		if ch.Money, all = paidBack(g, ch); all {
			return s.close(tx, ch, Done)
		}
		ch.State = Settling
		if err := end(tx, ch); err != nil {
			return err
		}
		return queue.Enqueue(tx, queue.Request{Kind: TaskMoney, Ref: ch.ID, RunAt: tx.Now.Add(backLooks / 10)})
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
		if waits(g, ch) {
			return s.awaitPayment(tx, ch)
		}
	}
	return s.close(tx, ch, Done)
}

// giveBack plans the refund in the transaction that knows of the change.
func (s *Service) giveBack(tx *store.Tx, ch Change, g *shopify.Gate, amount money.Amount) error {
	others := g.BackByOthers()
	back := shopify.GiveBack{Order: ch.Order, Amount: amount, Credit: ch.Credit && g.Customer != nil, Note: "Change " + ch.ID, Owed: true, Others: &others}
	if !back.Credit { // over the payments
		back.Amount.Minor = min(amount.Minor, g.Refundable().Minor)
	}
	if back.Amount.IsZero() {
		return s.close(tx, ch, Done)
	}
	ch.State, ch.Money = Settling, back.Amount
	if err := end(tx, ch); err != nil {
		return err
	}
	_, err := shopify.Plan(tx, back.Request(OperationRefund, ch.ID))
	return err
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
	ch.Silent = op.Reason == shopify.ReasonErased
	switch {
	case op.State == shopify.OperationParked:
		ch.State, ch.Detail = Parked, "The refund was not made: "+op.Reason
		return end(tx, ch)
	case !op.Done():
		ch.Reason, ch.Detail, ch.Money = Unsettled, "The refund was not made: "+op.Reason, money.New(0, ch.Money.Currency)
		if op.GivenUp.Note != "" {
			ch.Detail += ": " + op.GivenUp.Note
		}
	}
	return s.close(tx, ch, Done)
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
	if err := note(tx, ch); err != nil || ch.Silent {
		return err
	}
	return s.write(tx, ch, KindReceipt)
}
