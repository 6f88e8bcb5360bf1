package shopify

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"afterglow/app/ids"
	"afterglow/app/money"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/store"
)

// GiveBack is money that goes back on an order, over the payments it came by or as
// store credit: the input of an operation of RefundKind.
type GiveBack struct {
	Order  int64        `json:"order"`
	Amount money.Amount `json:"amount"` // in the shopper's currency
	Credit bool         `json:"credit"` // as store credit; the order has a customer
	Note   string       `json:"note"`   // for staff, in Shopify; the operation's id is put behind it
	// Owed is money that the shopper has a right to. What cannot be given back then
	// waits for a person; otherwise it is refused.
	Owed bool `json:"owed"`
	// Others is what others than we had given back when this was decided. When it
	// has become more, an owed refund may have been seen to and waits for a person.
	// Nil: it does not matter.
	Others *int64 `json:"others,omitempty"`
}

// Request is the operation that makes the refund, once.
func (r GiveBack) Request(kind, subject string) OperationRequest {
	return OperationRequest{Kind: kind, Subject: subject, Order: r.Order, Input: r, Amount: r.Amount}
}

// RefundKind is how a room has refunds made. Each is made once under the
// operation's key, is found again by its id in the note, and is never more than
// what is left to refund when it is made.
func RefundKind(name string, settled func(context.Context, *store.Tx, Operation, Result) error) OperationKind {
	return OperationKind{Name: name, Do: makeRefund, ReadBack: findRefund, Settled: settled}
}

var (
	errRefundOthers = problem.New(problem.Conflict, "shopify.refund_others", "Money went back on this order in the meantime. Look at it in Shopify, give back there what is missing, and try again here.")
	errRefundOwed   = problem.New(problem.Conflict, "shopify.refund_owed", "The money could not be given back.")
	errKeyBusy      = problem.New(problem.Unavailable, "shopify.key_busy", "Shopify is still working on the first attempt.")
	errKeyOther     = problem.New(problem.Internal, "shopify.key_other", "Shopify knows this key for something else.")
)

// refundKeys is how often Shopify may finally refuse an operation that a person has
// tried again.
const refundKeys = 8

func makeRefund(ctx context.Context, c *Client, op Operation) (Result, error) {
	var r GiveBack
	if err := op.Decode(&r); err != nil {
		return Result{}, err
	}
	g, err := c.Payments(ctx, r.Order)
	if errors.Is(err, ErrOrderMissing) {
		return Result{}, &Refused{Reason: "the order was deleted"}
	}
	if err != nil {
		return Result{}, err
	}
	switch since := r.since(g); {
	case since >= r.Amount.Minor && op.Again(): // a person has seen to it
		return Result{}, nil
	case since > 0:
		return Result{}, errRefundOthers
	}
	back := moneyBack{Order: r.Order, Note: strings.TrimSpace(r.Note + " (" + op.ID + ")"), Currency: r.Amount.Currency}
	if left := g.Refundable(); left.Currency != r.Amount.Currency || left.Minor < r.Amount.Minor {
		return Result{}, r.no("less than that can still be given back")
	}
	if r.Credit {
		back.Credit = r.Amount
	} else {
		var covered money.Amount
		if back.Over, covered = g.over(r.Amount); covered != r.Amount {
			return Result{}, r.no("the payments cannot take that much back")
		}
	}
	queue.CrashPoint("operation.refund")
	gid, err := c.giveBack(ctx, op.ID, back)
	var no *Refused
	if errors.As(err, &no) {
		err = r.no(no.Reason)
	}
	return Result{ShopifyID: gid}, err
}

// since is how much others have given back since the refund was decided.
func (r GiveBack) since(g *Gate) int64 {
	if r.Others == nil {
		return 0
	}
	return g.BackByOthers() - *r.Others
}

func (r GiveBack) no(why string) error {
	if r.Owed {
		return errRefundOwed.Detailf("The money could not be given back: %s. Give it back in Shopify and try again here, or give it up.", strings.TrimSuffix(why, "."))
	}
	return &Refused{Reason: why}
}

// findRefund looks for the refund that bears the operation's id in its note.
func findRefund(ctx context.Context, c *Client, op Operation) (Result, bool, error) {
	var r GiveBack
	if err := op.Decode(&r); err != nil {
		return Result{}, false, err
	}
	g, err := c.Payments(ctx, r.Order)
	if errors.Is(err, ErrOrderMissing) {
		return Result{}, false, nil
	}
	if err != nil {
		return Result{}, false, err
	}
	for _, made := range g.Refunds {
		if strings.Contains(made.Note, op.ID) {
			return Result{ShopifyID: ids.GID("Refund", int64(made.ID))}, true, nil
		}
	}
	return Result{}, false, nil
}

// Payments reads the movements of money on an order, and its refunds. It needs no
// more than reading orders. It returns ErrOrderMissing for one that was deleted.
func (c *Client) Payments(ctx context.Context, order int64) (*Gate, error) {
	var out struct {
		Order *Gate `json:"order"`
	}
	denied, err := c.Do(ctx, docOrderPayments, map[string]any{"id": ids.GID("Order", order)}, &out)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read payments of order %d: %w", order, err)
	case len(denied) > 0:
		return nil, ErrAccessDenied
	case out.Order == nil:
		return nil, ErrOrderMissing
	}
	return out.Order, nil
}

// Refundable is what may still be given back, in the shopper's money. What is
// promised to go back counts as gone.
func (g *Gate) Refundable() money.Amount {
	sum := int64(0)
	for _, p := range g.Payments {
		switch {
		case p.paid():
			sum += p.Amount.Presentment.Minor
		case p.back():
			sum -= p.Amount.Presentment.Minor
		}
	}
	return money.New(max(0, sum), g.PresentmentCurrency)
}

func (p GatePayment) paid() bool {
	return p.Status == "SUCCESS" && (p.Kind == "SALE" || p.Kind == "CAPTURE")
}

func (p GatePayment) back() bool {
	return (p.Status == "SUCCESS" || p.Status == "PENDING") && p.Kind == "REFUND"
}

// ours is how the note of a refund ends that an operation made.
var ours = regexp.MustCompile(`\(op_[0-9a-f-]{36}\)`)

// BackByOthers is what went back on the order so far and was not given back by an
// operation of ours, in minor units of the shopper's currency.
func (g *Gate) BackByOthers() (minor int64) {
	for _, r := range g.Refunds {
		if !ours.MatchString(r.Note) {
			minor += r.Money.Presentment.Minor
		}
	}
	return minor
}

// over divides an amount over the payments that can still take it back, cards
// before gift cards and credit, and tells how much that came to.
func (g *Gate) over(amount money.Amount) (list []backOver, covered money.Amount) {
	left := map[ID]int64{}
	for _, p := range g.Payments {
		switch {
		case p.paid():
			left[p.ID] += p.Amount.Presentment.Minor
		case p.back() && p.Parent != nil:
			left[p.Parent.ID] -= p.Amount.Presentment.Minor
		}
	}
	last := func(p GatePayment) int {
		if p.Gateway == "gift_card" || p.Gateway == "shopify_store_credit" {
			return 1
		}
		return 0
	}
	sorted := slices.Clone(g.Payments)
	slices.SortStableFunc(sorted, func(a, b GatePayment) int { return last(a) - last(b) })
	covered = money.New(0, amount.Currency)
	for _, p := range sorted {
		if n := min(left[p.ID], amount.Minor-covered.Minor); n > 0 && p.paid() {
			covered.Minor += n
			list = append(list, backOver{Payment: int64(p.ID), Gateway: p.Gateway, Amount: money.New(n, amount.Currency)})
		}
	}
	return list, covered
}

type (
	// moneyBack is one refund: over earlier payments, or as store credit.
	moneyBack struct {
		Order    int64
		Note     string
		Currency string
		Credit   money.Amount
		Over     []backOver
	}
	// backOver is what goes back over one payment.
	backOver struct {
		Payment int64
		Gateway string
		Amount  money.Amount
	}
)

// giveBack makes the refund once for a key. A key whose attempt Shopify has finally
// refused is used up; since nothing was made under it, the next one is used.
func (c *Client) giveBack(ctx context.Context, key string, r moneyBack) (gid string, err error) {
	for n := 1; ; n++ {
		gid, err = c.refund(ctx, key, n, r)
		var no *Refused
		switch {
		case !errors.As(err, &no):
			return gid, err
		case strings.Contains(no.Reason, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED") && n < refundKeys:
			continue
		case strings.Contains(no.Reason, "IDEMPOTENCY_CONCURRENT_REQUEST"):
			return "", errKeyBusy
		case strings.Contains(no.Reason, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"):
			return "", errKeyOther
		}
		return "", err
	}
}

func (c *Client) refund(ctx context.Context, key string, nth int, r moneyBack) (gid string, err error) {
	if nth > 1 {
		key = fmt.Sprintf("%s.%d", key, nth)
	}
	list := []map[string]any{}
	for _, o := range r.Over {
		list = append(list, map[string]any{"orderId": ids.GID("Order", r.Order), "parentId": ids.GID("OrderTransaction", o.Payment), "gateway": o.Gateway,
			"kind": "REFUND", "amount": o.Amount.Decimal()})
	}
	in := map[string]any{"orderId": ids.GID("Order", r.Order), "note": r.Note, "notify": false, "currency": r.Currency, "transactions": list}
	if !r.Credit.IsZero() {
		in["refundMethods"] = []map[string]any{{"storeCreditRefund": map[string]any{"amount": map[string]any{"amount": r.Credit.Decimal(), "currencyCode": r.Credit.Currency}}}}
	}
	var out struct {
		Create struct {
			Refund *struct {
				ID string `json:"id"`
			} `json:"refund"`
			Errors []UserError `json:"userErrors"`
		} `json:"refundCreate"`
	}
	if _, err := c.Do(ctx, docRefundCreate, map[string]any{"key": key, "input": in}, &out); err != nil {
		return "", fmt.Errorf("refund order %d: %w", r.Order, err)
	}
	if err := Refuse(out.Create.Errors); err != nil {
		return "", err
	}
	if out.Create.Refund == nil {
		return "", ErrAnswer.With(fmt.Errorf("refund is missing"))
	}
	return out.Create.Refund.ID, nil
}
