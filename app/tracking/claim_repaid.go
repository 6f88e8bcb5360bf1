package tracking

import (
	"errors"
	"slices"
	"time"

	"afterglow/app/orders"
	"afterglow/app/store"
)

const repaidWhy = "nothing is left to pay back, it was refunded in Shopify"

// undecided are the states of a claim for which nothing was given yet.
var undecided = []string{ClaimWaiting, ClaimReview, ClaimAsked, ClaimApproved}

// repaid tells whether what the parcel held was paid back: nothing is left of the
// order's money, or the refunds name its goods and nothing is left of them.
func (r *row) repaid(o *orders.Order, now time.Time) (bool, error) {
	if len(o.Refunds) == 0 {
		return false, nil
	}
	if leftOf(o).Presentment <= 0 {
		return true, nil
	}
	p, err := r.parcel(now)
	if err != nil {
		return false, err
	}
	worth, _ := worthLeft(o, p.Items)
	return worth.Presentment <= 0 && slices.ContainsFunc(o.Refunds, func(f orders.Refund) bool {
		return slices.ContainsFunc(f.Lines, func(l orders.RefundLine) bool {
			return slices.ContainsFunc(p.Items, func(i Item) bool { return i.LineID == l.LineID })
		})
	}), nil
}

// endRepaid closes a claim of what was paid back by hand, and tells the shopper. What
// was chosen is on its way and is not touched. The caller holds the claim.
func (s *Service) endRepaid(tx *store.Tx, c *claimRow) (ended bool, err error) {
	r, err := find(tx, c.ParcelID)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	o, err := orders.Find(tx, c.OrderID)
	if errors.Is(err, orders.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if repaid, err := r.repaid(o, tx.Now); err != nil || !repaid {
		return false, err
	}
	if c.State == ClaimApproved {
		of, err := findOffer(tx, c.OfferID)
		if err != nil {
			return false, err
		}
		if of.State == OfferOpen {
			_, err = endMissing(tx, of)
		} else if of.State == OfferChosen || of.State == OfferParked {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	if err := s.moveClaim(tx, c, ClaimRepaid, "shopify", "", repaidWhy); err != nil {
		return false, err
	}
	return true, s.mailClaim(tx, c, o, KindClaimNews)
}

// endRepaidOf hears that an order has changed.
func (s *Service) endRepaidOf(tx *store.Tx, o *orders.Order) error {
	if len(o.Refunds) == 0 {
		return nil
	}
	claims, err := claimsOn(tx, o.ID)
	if err != nil {
		return err
	}
	for _, seen := range claims {
		if !slices.Contains(undecided, seen.State) || seen.ErasedAt != nil {
			continue
		}
		c, err := holdClaim(tx, seen.ID)
		if err != nil || !slices.Contains(undecided, c.State) {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := s.endRepaid(tx, c); err != nil {
			return err
		}
	}
	return nil
}
