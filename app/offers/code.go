package offers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// The kinds of operations.
const (
	KindCode    = "offers.code"
	KindCodeEnd = "offers.code_end"
)

// States of a code.
const (
	StatePlanned = "planned"
	StateReady   = "ready"
	StateFailed  = "failed" // not made
	StateLate    = "late"   // made too late for its mail, and ended
	StateEnded   = "ended"  // its order was cancelled before its mail left
)

const (
	madeWithin = 45 * time.Second // a code counts only when it is there by then …
	mailWaits  = 60 * time.Second // … and its mail waits a little longer, to be sure
	askAgain   = time.Second
)

const scopeDiscounts = "write_discounts"

// alphabet has 32 letters, so each carries five bits, and none that is easily
// taken for another.
const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// codeOf makes the code of an operation: 65 bits of its MAC, in three groups.
func (s *Service) codeOf(shop ids.Shop, operation, prefix string) string {
	m := hmac.New(sha256.New, s.key)
	fmt.Fprintf(m, "%s/%s", shop, operation)
	sum := m.Sum(nil)
	var b strings.Builder
	if prefix != "" {
		b.WriteString(prefix + "-")
	}
	for i := range 13 {
		if i == 4 || i == 8 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[sum[i]&31])
	}
	return b.String()
}

// wish is the input of an operation that makes a code.
type wish struct {
	Code     string    `json:"code"`
	Title    string    `json:"title"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	Percent  int       `json:"percent"`
	Minimum  int64     `json:"minimum_minor"`
	Currency string    `json:"currency"`
	Customer int64     `json:"customer_id"`
}

// reserve plans the code of an order, once, if the shop lets us and the month has
// one left. Why there is none is worked out when the letter asks.
func (s *Service) reserve(tx *store.Tx, o *orders.Order, d orders.Design) error {
	shop, err := s.shops.Get(tx)
	if err != nil || !shop.Granted(scopeDiscounts) || !usable(d.Offer, shop.Currency) {
		return err
	}
	id, offer := ids.New("op"), d.Offer
	zone := clock.Zone(shop.Timezone)
	until := clock.DateIn(tx.Now, zone).AddDays(offer.Days)
	row := codeRow{ShopID: tx.Shop, OrderID: o.ID, OperationID: id, CustomerID: o.CustomerID(), Code: s.codeOf(tx.Shop, id, offer.Prefix), Percent: int64(offer.Percent),
		Currency: shop.Currency, EndsAt: until.AddDays(1).Start(zone).UTC(), State: StatePlanned, CreatedAt: tx.Now}
	if offer.Percent == 0 {
		row.AmountMinor = offer.Amount.Minor
	}
	if written, err := insertCode(tx, &row); err != nil || !written {
		return err
	}
	left, err := takeFromMonth(tx, clock.DateIn(tx.Now, zone).String()[:7], int64(offer.Monthly))
	if err != nil {
		return err
	}
	if !left {
		return settleCode(tx, o.ID, StateFailed, "the month's codes are used up", "")
	}
	in := wish{Code: row.Code, Title: "Afterglow " + o.Name, StartsAt: tx.Now.Add(-time.Minute), EndsAt: row.EndsAt, Percent: offer.Percent, Currency: shop.Currency, Customer: row.CustomerID}
	if offer.Minimum != nil {
		in.Minimum = offer.Minimum.Minor
	}
	_, err = shopify.Plan(tx, shopify.OperationRequest{ID: id, Kind: KindCode, Subject: shopify.Subject("order", o.ID), Order: o.ID, Input: in, Amount: money.New(row.AmountMinor, shop.Currency)})
	return err
}

// usable tells whether the offer is in the shop's currency, which may have changed.
func usable(o orders.Offer, currency string) bool {
	return (o.Percent > 0 || o.Amount != nil && o.Amount.Currency == currency) && (o.Minimum == nil || o.Minimum.Currency == currency)
}

func held(tx *store.Tx, order int64) (bool, error) {
	row, err := findCode(tx, order)
	return row != nil && (row.State == StatePlanned || row.State == StateReady), err
}

// addCode gives the letter its code, or says what it lacks.
func (s *Service) addCode(tx *store.Tx, at orders.LetterView) (orders.Addition, error) {
	row, err := findCode(tx, at.Order.ID)
	switch {
	case err != nil:
		return orders.Addition{}, err
	case row != nil && row.State == StateReady && row.Code != "":
		return s.withCode(at, row.offer(at.Design.Offer), row.Code, clock.DateIn(row.EndsAt.Add(-time.Second), at.Zone)), nil
	case at.Preview && at.Shop.Granted(scopeDiscounts):
		return s.withCode(at, at.Design.Offer, s.codeOf(tx.Shop, "preview", at.Design.Offer.Prefix), clock.DateIn(tx.Now, at.Zone).AddDays(at.Design.Offer.Days)), nil
	case !at.Shop.Granted(scopeDiscounts):
		return orders.Addition{Lacks: "Afterglow may not make discount codes yet"}, nil
	case row == nil:
		return orders.Addition{Lacks: "no code was planned when the order came in"}, nil
	case row.State == StatePlanned && tx.Now.Before(row.CreatedAt.Add(mailWaits)):
		return orders.Addition{Wait: tx.Now.Add(askAgain)}, nil
	case row.State == StateFailed && row.Reason != "":
		return orders.Addition{Lacks: row.Reason}, nil
	}
	return orders.Addition{Lacks: "the code was not ready in time"}, nil
}

func (s *Service) withCode(at orders.LetterView, o orders.Offer, code string, until clock.Date) orders.Addition {
	return orders.Addition{Data: map[string]any{"offer": o.Letter(at.Tag, code, until, strings.TrimSuffix(at.Shop.URL, "/")+"/discount/"+code)}}
}

// offer is what this very code gives, whatever was published since.
func (r *codeRow) offer(now orders.Offer) orders.Offer {
	now.Percent, now.Amount = int(r.Percent), nil
	if r.Percent == 0 {
		now.Amount = &money.Amount{Minor: r.AmountMinor, Currency: r.Currency}
	}
	return now
}

func (s *Service) codeKind() shopify.OperationKind {
	return shopify.OperationKind{Name: KindCode,
		Do: func(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, error) {
			if s.db.Clock().Now().Sub(op.CreatedAt) > madeWithin {
				return shopify.Result{}, &shopify.Refused{Reason: "it came too late for its mail"}
			}
			var in wish
			if err := op.Decode(&in); err != nil {
				return shopify.Result{}, err
			}
			gid, taken, err := c.CreateDiscountCode(ctx, shopify.DiscountCode{Title: in.Title, Code: in.Code, StartsAt: in.StartsAt, EndsAt: in.EndsAt, Percent: in.Percent,
				Amount: op.Amount, Minimum: money.New(in.Minimum, in.Currency), Customer: in.Customer})
			if err != nil || !taken {
				return shopify.Result{ShopifyID: gid}, err
			}
			// Nobody else can have made this code: it is ours, of an attempt that
			// we thought was lost.
			r, found, err := readCode(ctx, c, op)
			if err == nil && !found {
				err = shopify.ErrAnswer
			}
			return r, err
		},
		ReadBack: readCode,
		Settled:  s.codeSettled,
	}
}

func readCode(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, bool, error) {
	var in wish
	if err := op.Decode(&in); err != nil {
		return shopify.Result{}, false, err
	}
	found, err := c.DiscountByCode(ctx, in.Code)
	if err != nil || found == nil {
		return shopify.Result{}, false, err
	}
	return shopify.Result{ShopifyID: found.ID}, true, nil
}

// codeSettled writes what became of a code. One that came too late for its mail is
// ended: nobody knows it, and nobody shall find it.
func (s *Service) codeSettled(_ context.Context, tx *store.Tx, op shopify.Operation, r shopify.Result) error {
	if !op.Done() {
		return settleCode(tx, op.Order, StateFailed, "Shopify did not make the code: "+strings.TrimPrefix(op.Reason, "refused: "), "")
	}
	row, err := findCode(tx, op.Order)
	if err != nil {
		return err
	}
	if row != nil && row.State == StateEnded {
		if err := settleCode(tx, op.Order, StateEnded, row.Reason, r.ShopifyID); err != nil {
			return err
		}
		return planEnd(tx, op.Order, r.ShopifyID, codeIn(op))
	}
	if tx.Now.Sub(op.CreatedAt) <= madeWithin {
		return settleCode(tx, op.Order, StateReady, "", r.ShopifyID)
	}
	if err := settleCode(tx, op.Order, StateLate, "it came too late for its mail and was ended", r.ShopifyID); err != nil {
		return err
	}
	return planEnd(tx, op.Order, r.ShopifyID, codeIn(op))
}

type ending struct {
	ShopifyID string `json:"shopify_id"`
	Code      string `json:"code"`
}

func codeIn(op shopify.Operation) string {
	var in wish
	_ = op.Decode(&in) // decoded once already, to make it
	return in.Code
}

// endKind ends a code. Ending twice is ending once.
func (s *Service) endKind() shopify.OperationKind {
	return shopify.OperationKind{Name: KindCodeEnd,
		Do: func(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, error) {
			var in ending
			if err := op.Decode(&in); err != nil {
				return shopify.Result{}, err
			}
			return shopify.Result{ShopifyID: in.ShopifyID}, c.EndDiscount(ctx, in.ShopifyID)
		},
		ReadBack: func(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, bool, error) {
			var in ending
			if err := op.Decode(&in); err != nil {
				return shopify.Result{}, false, err
			}
			found, err := c.DiscountByCode(ctx, in.Code)
			return shopify.Result{ShopifyID: in.ShopifyID}, err == nil && (found == nil || found.Status == "EXPIRED"), err
		},
	}
}

func orderText(id int64) string { return strconv.FormatInt(id, 10) }
