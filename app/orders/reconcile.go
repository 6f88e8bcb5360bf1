package orders

import (
	"context"
	"fmt"
	"time"

	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// The reconciler finds what webhooks lost. Every quarter of an hour it lists the
// orders that changed since the last round, with some overlap, and reads those
// whose last change differs from ours; once a day it looks a week back.
const (
	TaskReconcile = "orders.reconcile"
	TaskSweep     = "orders.sweep"

	reconcileEvery   = 15 * time.Minute
	reconcileOverlap = 10 * time.Minute
	sweepEvery       = 24 * time.Hour
	sweepBack        = 7 * 24 * time.Hour
	pagesAtMost      = 2_000 // two hundred thousand orders; the next round goes on
)

// beginning is what a shop without a cursor is read from: everything Shopify
// lets us see.
var beginning = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (s *Service) schedules() []queue.Schedule {
	each := func(kind string, every time.Duration) queue.Schedule {
		return queue.Schedule{Name: kind, Every: every, Begin: func(_ context.Context, tx *store.Tx) error {
			active, err := shops.Active(tx)
			if err != nil {
				return err
			}
			return queue.EnqueueFor(tx, queue.Request{Kind: kind}, active...)
		}}
	}
	return []queue.Schedule{each(TaskReconcile, reconcileEvery), each(TaskSweep, sweepEvery), s.purgeLookups()}
}

func (s *Service) reconcile(ctx context.Context, c *queue.Claim) error {
	var cursor cursorRow
	err := s.db.Read(ctx, c.Job.Shop, func(tx *store.Tx) (err error) {
		cursor, err = findCursor(tx)
		return err
	})
	if err != nil {
		return err
	}
	since := beginning
	if cursor.Position != nil {
		since = cursor.Position.Add(-reconcileOverlap)
	}
	return s.compare(ctx, c, since, false)
}

func (s *Service) sweep(ctx context.Context, c *queue.Claim) error {
	return s.compare(ctx, c, s.db.Clock().Now().Add(-sweepBack), true)
}

// compare walks the orders that changed since an instant and asks for a reading
// of each that differs. The position moves only after the last page, so a round
// that fails is walked again. It moves to the moment the round began, or to the
// newest change seen should Shopify's clock be behind ours.
func (s *Service) compare(ctx context.Context, c *queue.Claim, since time.Time, sweep bool) error {
	began := s.db.Clock().Now()
	api := s.readers(c.Job.Shop)
	position, page, after := since, 0, ""
	for {
		refs, next, err := api.OrdersUpdatedSince(ctx, since, after)
		if err != nil {
			return fmt.Errorf("reconcile: %w", err)
		}
		for _, r := range refs {
			position = later(position, instantOf(r.UpdatedAt))
		}
		if err := c.Hold(ctx, func(tx *store.Tx) error { return askForChanged(tx, refs) }); err != nil {
			return err
		}
		page++
		if next == "" {
			position = later(position, began)
			break
		}
		if page == pagesAtMost {
			break
		}
		after = next
	}
	return c.Finish(ctx, func(tx *store.Tx) error {
		if err := moveCursor(tx, position, sweep); err != nil {
			return err
		}
		return reviveImport(tx)
	})
}

func askForChanged(tx *store.Tx, refs []shopify.OrderRef) error {
	if len(refs) == 0 {
		return nil
	}
	numbers := make([]int64, len(refs))
	for i, r := range refs {
		numbers[i] = int64(r.ID)
	}
	have, err := known(tx, numbers)
	if err != nil {
		return err
	}
	for _, r := range refs {
		at, ok := have[int64(r.ID)]
		if ok && !at.Before(instantOf(r.UpdatedAt)) {
			continue
		}
		if err := readAgain(tx, int64(r.ID), fmt.Sprintf("change:%d", r.UpdatedAt.UnixMicro())); err != nil {
			return err
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Progress is how far the comparison with Shopify has come.
type Progress struct {
	LastAt *time.Time // the last round that ended
	Cursor *time.Time // the change up to which ours is known to be the same
}

// Reconciled tells how far the comparison with Shopify has come.
func Reconciled(tx *store.Tx) (Progress, error) {
	c, err := findCursor(tx)
	return Progress{c.ReadAt, c.Position}, err
}
