package orders

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

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
	pictureAgain    = time.Hour           // how long a picture that was not found is not looked for again
	confirmPatience = 3                   // attempts at reading before the mail goes without
	confirmReading  = 5 * time.Second     // how long one of them may take
)

// Which card paid is pleasant to read, and not worth a flood of readings on a
// busy day: a shop has this many in a row, and one more every two seconds.
const (
	cardReadings      = 3
	cardReadingsEvery = 2 * time.Second
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
	// Shopify tells whole seconds: an order of the very second in which the app was
	// installed is news.
	if o.PlacedAt.Before(shop.InstalledAt.Truncate(time.Second)) || tx.Now.Sub(o.PlacedAt) > confirmWithin || o.CancelledAt != nil || !confirmable(o) {
		return nil
	}
	lacking, err := lacksDetails(tx, o)
	if err != nil {
		return err
	}
	design, _, err := publishedDesign(tx)
	if err != nil {
		return err
	}
	lacking = lacking || o.Buyer != nil && design.asksForCustomerTags()
	if lacking || byCard(o) && s.mayRead(tx.Shop) {
		id := strconv.FormatInt(o.ID, 10)
		return queue.Enqueue(tx, queue.Request{Kind: TaskConfirm, Ref: id, Once: id})
	}
	return s.sendConfirmation(tx, o, toldAt)
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
		return l.ProductID != 0 && l.Picture == nil && (!ok || !p.fresh(tx.Now))
	}), nil
}

func (p pictureRow) fresh(now time.Time) bool {
	if p.URL == "" {
		return now.Sub(p.ReadAt) < pictureAgain
	}
	return now.Sub(p.ReadAt) < pictureFresh
}

// mayReadCards is the limit on readings for the sake of a card's name alone.
func mayReadCards() func(ids.Shop) bool {
	var shops sync.Map
	return func(shop ids.Shop) bool {
		l, _ := shops.LoadOrStore(shop, rate.NewLimiter(rate.Every(cardReadingsEvery), cardReadings))
		return l.(*rate.Limiter).Allow()
	}
}

// sendConfirmation asks for the mail. The order's id is its once-key: however
// often this is called, one mail goes out.
func (s *Service) sendConfirmation(tx *store.Tx, o *Order, causedAt time.Time) error {
	if err := s.reserve(tx, o); err != nil {
		return err
	}
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

// confirmWithDetails is the task that reads an order before its confirmation is
// asked for. A mail without pictures is better than none, so after some attempts
// it goes as it is; at once when Shopify does not know the order (yet), or when
// only the card's name is wanting.
func (s *Service) confirmWithDetails(ctx context.Context, c *queue.Claim) error {
	id, err := orderRef(c.Job.Ref)
	if err != nil {
		return err
	}
	reading, cancel := context.WithTimeout(ctx, confirmReading)
	defer cancel()
	o, asked, err := s.ask(reading, c.Job.Shop, id)
	if err == nil {
		return c.Finish(ctx, func(tx *store.Tx) error {
			if err := s.keepRead(tx, o, asked); err != nil {
				return err
			}
			return s.sendKnown(tx, id)
		})
	}
	again, lookErr := s.worthAnother(ctx, c, id, err)
	if lookErr != nil {
		return lookErr
	}
	if again {
		return err
	}
	s.log.WarnContext(ctx, "confirmation goes without details", "shop", c.Job.Shop, "job", c.Job.ID, "error", err)
	return c.Finish(ctx, func(tx *store.Tx) error {
		f, err := load(tx, id)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := missPictures(tx, f.Order.Lines); err != nil {
			return err
		}
		return s.sendKnown(tx, id)
	})
}

// worthAnother tells whether a reading that failed should be tried again before
// the mail goes.
func (s *Service) worthAnother(ctx context.Context, c *queue.Claim, id int64, failure error) (again bool, err error) {
	if errors.Is(failure, shopify.ErrOrderMissing) || c.Job.Attempt >= confirmPatience || !(problem.Retryable(failure) || errors.Is(failure, context.DeadlineExceeded)) {
		return false, nil
	}
	err = s.db.Read(ctx, c.Job.Shop, func(tx *store.Tx) error {
		f, err := load(tx, id)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		again, err = lacksDetails(tx, f.Order)
		return err
	})
	return again, err
}

// sendKnown asks for the confirmation of an order we have; one that was deleted
// in the meantime gets none.
func (s *Service) sendKnown(tx *store.Tx, id int64) error {
	f, err := load(tx, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.sendConfirmation(tx, f.Order, f.FirstSeenAt)
}

// read is the task that reads an order from Shopify and keeps it. An order that
// Shopify does not know may be one it does not know yet: a webhook can be faster
// than the API behind it. So ours ends only when it has been here for a day, and
// one we never had leaves no stone. Nobody waits for it, so it leaves the shop's
// points to those somebody does wait for.
func (s *Service) read(ctx context.Context, c *queue.Claim) error {
	id, err := orderRef(c.Job.Ref)
	if err != nil {
		return err
	}
	o, asked, err := s.ask(shopify.Background(ctx), c.Job.Shop, id)
	if wait, throttled := shopify.RetryAfter(err); throttled {
		// A shop with a long history asks for all of it at once; the pauses are
		// spread, so that what has to wait does not come back all at once.
		return queue.Later(s.db.Clock().Now().Add(wait+rand.N(min(throttleSpread*max(wait, time.Millisecond), maxThrottlePause))), err)
	}
	if errors.Is(err, shopify.ErrOrderMissing) {
		return c.Finish(ctx, func(tx *store.Tx) error {
			f, err := load(tx, id)
			if errors.Is(err, ErrNotFound) || err == nil && tx.Now.Sub(f.FirstSeenAt) < missingFor {
				return nil
			}
			if err != nil {
				return err
			}
			return s.remove(tx, id, tx.Now)
		})
	}
	if err != nil {
		return err
	}
	return c.Finish(ctx, func(tx *store.Tx) error { return s.keepRead(tx, o, asked) })
}

// missingFor is how long an order must have been here before Shopify's not
// knowing it means that it was deleted.
const missingFor = 24 * time.Hour

// A reading that was throttled waits for up to so many times what Shopify asks,
// and this long beyond it at most.
const (
	throttleSpread   = 60
	maxThrottlePause = 10 * time.Minute
)

// ask reads an order from Shopify. asked is from when the answer dates at the
// earliest, and so is older than any webhook of a later change.
func (s *Service) ask(ctx context.Context, shop ids.Shop, id int64) (o *Order, asked time.Time, err error) {
	asked = s.db.Clock().Now()
	remote, err := s.readers(shop).Order(ctx, id)
	if err != nil {
		return nil, asked, err
	}
	o, err = fromShopify(remote)
	return o, asked, err
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
