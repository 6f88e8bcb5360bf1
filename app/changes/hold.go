package changes

import (
	"context"
	"errors"
	"time"

	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// TaskRelease takes a hold of ours back that a change has left behind.
const TaskRelease = "changes.release"

const (
	janitorEvery = time.Minute
	janitorMost  = 100
)

// hold stops the warehouse and reads the gate again: what was sent in between
// could not be held.
func (s *Service) hold(ctx context.Context, c *shopify.Client, g *shopify.Gate, ch Change) (*shopify.Gate, error) {
	if err := s.stop(ctx, c, g, ch); err != nil {
		return nil, err
	}
	return s.gate(ctx, c, ch)
}

func (s *Service) stop(ctx context.Context, c *shopify.Client, g *shopify.Gate, ch Change) error {
	for _, f := range g.FulfillmentOrders.Nodes {
		if f.Status == "CLOSED" || f.Status == "CANCELLED" || f.Held(ch.ID) != 0 {
			continue
		}
		err := c.HoldFulfillment(ctx, int64(f.ID), ch.ID, "The order is being changed.")
		var no *shopify.Refused
		if f.Begun() && errors.As(err, &no) { // Shopify's edit alone then sees to it that nothing sent is taken out
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// letGo releases the change's holds, and no others. What it cannot release now is
// left to the janitor.
func (s *Service) letGo(ctx context.Context, c *shopify.Client, g *shopify.Gate, ch Change) {
	clean := true
	for _, f := range g.FulfillmentOrders.Nodes {
		id := f.Held(ch.ID)
		if id == 0 {
			continue
		}
		if err := c.ReleaseHold(ctx, int64(f.ID), id); err != nil {
			s.log.WarnContext(ctx, "hold is left to the janitor", "change", ch.ID, "error", err)
			clean = false
		}
	}
	if !clean || ch.Kind == Cancel {
		return
	}
	if err := s.db.InTx(ctx, ch.Shop, func(tx *store.Tx) error { return endHold(tx, ch.ID) }); err != nil {
		s.log.WarnContext(ctx, "release of a hold was not recorded", "change", ch.ID, "error", err)
	}
}

// janitor looks for holds whose change has ended, or has been stuck for longer than
// the shop's settings allow.
func (s *Service) janitor() queue.Schedule {
	return queue.Schedule{Name: "changes.holds", Every: janitorEvery, Begin: func(ctx context.Context, tx *store.Tx) error {
		active, err := shops.Active(tx)
		if err != nil {
			return err
		}
		return queue.EnqueueFor(tx, queue.Request{Kind: TaskRelease}, active...)
	}}
}

// release is the janitor's task in one shop.
func (s *Service) release(ctx context.Context, claim *queue.Claim) error {
	var stuck []Change
	err := s.db.Read(ctx, claim.Job.Shop, func(tx *store.Tx) error {
		settings, err := loadSettings(tx)
		if err != nil {
			return err
		}
		stuck, err = heldSince(tx, tx.Now.Add(-time.Duration(settings.HoldMinutes)*time.Minute), janitorMost)
		return err
	})
	if err != nil {
		return err
	}
	for _, ch := range stuck {
		free, err := s.free(ctx, s.clients(claim.Job.Shop), ch)
		if err != nil {
			return err
		}
		if !free {
			continue
		}
		if err := s.db.InTx(ctx, claim.Job.Shop, func(tx *store.Tx) error { return endHold(tx, ch.ID) }); err != nil {
			return err
		}
	}
	return claim.Finish(ctx, nil)
}

// free releases the change's holds and tells whether none is left.
func (s *Service) free(ctx context.Context, c *shopify.Client, ch Change) (bool, error) {
	for range 2 {
		g, err := c.Gate(ctx, ch.Order)
		if errors.Is(err, shopify.ErrOrderMissing) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		left := false
		for _, f := range g.FulfillmentOrders.Nodes {
			left = left || f.Held(ch.ID) != 0
		}
		if !left {
			return true, nil
		}
		s.letGo(ctx, c, g, ch)
	}
	return false, nil
}
