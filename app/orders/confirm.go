package orders

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"afterglow/app/ids"
	"afterglow/app/messages"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// The tasks of this room.
const (
	TaskRead    = "orders.read"    // read an order again from Shopify
	TaskConfirm = "orders.confirm" // read what a confirmation lacks, then ask for it
)

// KindConfirmation is the mail that confirms an order.
const KindConfirmation = "orders.confirmation"

const (
	confirmWithin   = 7 * 24 * time.Hour  // an older order is history, not news
	pictureFresh    = 30 * 24 * time.Hour // how long a product's picture is believed
	confirmPatience = 3                   // attempts at reading before the mail goes without
)

// Reader is one shop's Admin API, as far as this room needs it.
type Reader interface {
	Order(ctx context.Context, id int64) (*shopify.Order, error)
	OrdersUpdatedSince(ctx context.Context, since time.Time, cursor string) (refs []shopify.OrderRef, next string, err error)
}

// Readers gives a Reader for one job in one shop.
type Readers func(shop ids.Shop) Reader

// confirm asks for the confirmation of an order that is seen for the first time.
// It is not asked for an order from before the app was installed, one that is
// history, or one that nobody is going to pay.
func (s *Service) confirm(tx *store.Tx, o *Order, toldAt time.Time) error {
	shop, err := s.shops.Get(tx)
	if errors.Is(err, shops.ErrNotInstalled) {
		return nil
	}
	if err != nil {
		return err
	}
	if o.PlacedAt.Before(shop.InstalledAt) || tx.Now.Sub(o.PlacedAt) > confirmWithin || o.CancelledAt != nil || !confirmable(o) {
		return nil
	}
	lacking, err := lacksDetails(tx, o)
	if err != nil {
		return err
	}
	if lacking {
		id := strconv.FormatInt(o.ID, 10)
		return queue.Enqueue(tx, queue.Request{Kind: TaskConfirm, Ref: id, Once: id})
	}
	return sendConfirmation(tx, o, toldAt)
}

// confirmable tells whether the order is paid for, or is going to be.
func confirmable(o *Order) bool {
	return slices.Contains([]string{"paid", "pending", "authorized", "partially_paid", "partially_refunded"}, o.FinancialStatus)
}

// lacksDetails tells whether the mail would be poorer than it could be: webhooks
// carry neither pictures nor who paid how much.
func lacksDetails(tx *store.Tx, o *Order) (bool, error) {
	if divided(o) {
		return true, nil
	}
	known, err := pictures(tx, o.Lines)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(o.Lines, func(l Line) bool {
		p, ok := known[[2]int64{l.ProductID, l.VariantID}]
		return l.ProductID != 0 && l.Picture == nil && (!ok || tx.Now.Sub(p.ReadAt) > pictureFresh)
	}), nil
}

// sendConfirmation asks for the mail. The order's id is its once-key: however
// often this is called, one mail goes out.
func sendConfirmation(tx *store.Tx, o *Order, causedAt time.Time) error {
	id := strconv.FormatInt(o.ID, 10)
	return messages.Send(tx, messages.Request{
		Kind: KindConfirmation, Once: id, Ref: id, To: o.Email, ToName: o.ShopperName(), Locale: o.Locale,
		OrderID: o.ID, OrderName: o.Name, CustomerID: o.CustomerID(), CausedAt: causedAt,
	})
}

// readAgain asks for a reading of the order from Shopify, once for each reason.
func readAgain(tx *store.Tx, order int64, reason string) error {
	id := strconv.FormatInt(order, 10)
	return queue.Enqueue(tx, queue.Request{Kind: TaskRead, Ref: id, Once: id + " " + reason})
}

// read is the task that reads an order from Shopify and keeps it. Nobody waits
// for it, so it leaves the shop's points to those somebody does wait for.
func (s *Service) read(ctx context.Context, c *queue.Claim) error {
	err := s.readInto(shopify.Background(ctx), c, nil)
	if wait, throttled := shopify.RetryAfter(err); throttled {
		return queue.Later(s.db.Clock().Now().Add(wait), err)
	}
	return err
}

// confirmWithDetails is the task that reads an order before its confirmation is
// asked for. A mail without pictures is better than none, so after some attempts
// it goes as it is.
func (s *Service) confirmWithDetails(ctx context.Context, c *queue.Claim) error {
	id, err := orderRef(c.Job.Ref)
	if err != nil {
		return err
	}
	send := func(tx *store.Tx) error {
		f, err := load(tx, id)
		if errors.Is(err, ErrNotFound) {
			return nil // deleted in the meantime
		}
		if err != nil {
			return err
		}
		return sendConfirmation(tx, f.Order, f.FirstSeenAt)
	}
	err = s.readInto(ctx, c, send)
	switch {
	case err == nil, errors.Is(err, queue.ErrStale):
		return err
	case problem.Retryable(err) && c.Job.Attempt < confirmPatience:
		return queue.Later(s.db.Clock().Now().Add(time.Duration(c.Job.Attempt)*time.Second), err)
	}
	s.log.WarnContext(ctx, "confirmation goes without details", "shop", c.Job.Shop, "job", c.Job.ID, "error", err)
	return c.Finish(ctx, send)
}

func (s *Service) readInto(ctx context.Context, c *queue.Claim, then func(tx *store.Tx) error) error {
	id, err := orderRef(c.Job.Ref)
	if err != nil {
		return err
	}
	asked := s.db.Clock().Now()
	remote, err := s.readers(c.Job.Shop).Order(ctx, id)
	if errors.Is(err, shopify.ErrOrderMissing) {
		return c.Finish(ctx, func(tx *store.Tx) error { return s.remove(tx, id, tx.Now) })
	}
	if err != nil {
		return err
	}
	o, err := fromShopify(remote)
	if err != nil {
		return err
	}
	return c.Finish(ctx, func(tx *store.Tx) error {
		if err := s.keepRead(tx, o, asked); err != nil || then == nil {
			return err
		}
		return then(tx)
	})
}

// keepRead keeps an order that was read, and what only a reading knows.
func (s *Service) keepRead(tx *store.Tx, o *Order, asked time.Time) error {
	if err := savePictures(tx, o.Lines); err != nil { // first: keep looks whether they are known
		return err
	}
	if err := s.keep(tx, o, asked); err != nil {
		return err
	}
	return saveDetails(tx, o.ID, detailsOf(o))
}

func orderRef(ref string) (int64, error) {
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil || id <= 0 {
		return 0, problem.New(problem.Invalid, "orders.bad_ref", "The job names no order.").With(fmt.Errorf("ref %q", ref))
	}
	return id, nil
}
