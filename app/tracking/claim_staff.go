package tracking

import (
	"errors"
	"slices"

	"afterglow/app/orders"
	"afterglow/app/photo"
	"afterglow/app/store"
)

// openClaim holds a claim that staff may decide.
func openClaim(tx *store.Tx, id string, states ...string) (*claimRow, error) {
	c, err := holdClaim(tx, id)
	if err == nil && (c.ErasedAt != nil || !slices.Contains(states, c.State)) {
		err = ErrClaimDecided
	}
	return c, err
}

// claimRemedies are what staff may approve now, with what the parcel is worth.
func (s *Service) claimRemedies(tx *store.Tx, c *claimRow) (r *row, o *orders.Order, worth orders.Price, list []string, err error) {
	if r, err = find(tx, c.ParcelID); err != nil {
		return nil, nil, worth, nil, err
	}
	if o, err = orders.Find(tx, c.OrderID); err != nil {
		return nil, nil, worth, nil, err
	}
	shop, err := s.shops.Get(tx)
	if err != nil {
		return nil, nil, worth, nil, err
	}
	p, err := r.parcel(tx.Now)
	if err != nil {
		return nil, nil, worth, nil, err
	}
	worth, complete := worthLeft(o, p.Items)
	if o.CancelledAt == nil {
		list = remedies(o, worth, complete, shop)
	}
	return r, o, worth, list, nil
}

// approveClaim makes a parcel good because a member of staff says so: with what they
// say, at once, or with what the shopper chooses. It is counted in the budget, which
// does not bound it.
func (s *Service) approveClaim(tx *store.Tx, id, choice, by string) error {
	c, err := openClaim(tx, id, ClaimWaiting, ClaimReview, ClaimAsked, ClaimRefused)
	if err != nil {
		return err
	}
	r, o, worth, list, err := s.claimRemedies(tx, c)
	if errors.Is(err, orders.ErrNotFound) {
		return ErrClaimMissing
	}
	if err != nil {
		return err
	}
	if ended, err := s.endRepaid(tx, c); err != nil || ended {
		return err
	}
	if choice != "" {
		if !slices.Contains(list, choice) {
			return ErrChoice
		}
		list = []string{choice}
	}
	if len(list) == 0 {
		return ErrChoice
	}
	if err := endOffersOf(tx, r.ID); err != nil {
		return err
	}
	if err := take(tx, monthOf(tx.Now), worth.Shop); err != nil {
		return err
	}
	of, err := s.makeGood(tx, c, r, o, worth, list)
	if err != nil {
		return err
	}
	c.DecidedBy = by
	title := "approved by staff, the shopper chooses"
	if choice != "" {
		title = "approved by staff: " + choice
	}
	if err := s.moveClaim(tx, c, ClaimApproved, "staff", choice, title); err != nil {
		return err
	}
	if choice == "" {
		return s.mailClaim(tx, c, o, KindClaimNews)
	}
	_, err = s.carryOut(tx, o, of, choice, "Staff decided for the shopper ")
	return err
}

// refuseClaim closes a claim with a reason that the shopper reads.
func (s *Service) refuseClaim(tx *store.Tx, id, text, by string) error {
	c, err := openClaim(tx, id, ClaimWaiting, ClaimReview, ClaimAsked)
	if err != nil {
		return err
	}
	c.Answer, c.DecidedBy = text, by
	if err := s.moveClaim(tx, c, ClaimRefused, "staff", text, "refused by staff"); err != nil {
		return err
	}
	return s.writeClaim(tx, c)
}

// askClaim asks the shopper for more.
func (s *Service) askClaim(tx *store.Tx, id, text, by string) error {
	c, err := openClaim(tx, id, ClaimWaiting, ClaimReview)
	if err != nil {
		return err
	}
	c.Answer, c.DecidedBy = text, by
	if err := s.moveClaim(tx, c, ClaimAsked, "staff", text, "staff has asked for more"); err != nil {
		return err
	}
	return s.writeClaim(tx, c)
}

func (s *Service) writeClaim(tx *store.Tx, c *claimRow) error {
	o, err := orders.Find(tx, c.OrderID)
	if errors.Is(err, orders.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.mailClaim(tx, c, o, KindClaimNews)
}

// replyClaim takes the shopper's answer to a question. Sent again, it changes
// nothing: the claim is with a person by then.
func (s *Service) replyClaim(tx *store.Tx, orderID int64, id, text string, photos []photo.Photo) (*claimRow, error) {
	c, err := holdClaim(tx, id)
	if err != nil {
		return nil, err
	}
	if c.OrderID != orderID || c.ErasedAt != nil {
		return nil, ErrClaimMissing
	}
	if c.State != ClaimAsked {
		return c, nil
	}
	if err := (Said{Statement: text, Sure: true, Photos: photos}).check(); err != nil {
		return nil, err
	}
	if c.Photos+len(photos) > claimPhotosMost {
		return nil, ErrClaimPhotos
	}
	if err := c.keepPhotos(tx, photos); err != nil {
		return nil, err
	}
	shop, err := s.shops.Get(tx)
	if err != nil {
		return nil, err
	}
	set, err := loadClaimSettings(tx, shop.Currency)
	if err != nil {
		return nil, err
	}
	c.DueAt = dueFrom(tx.Now, set, shop)
	return c, s.moveClaim(tx, c, ClaimReview, "shopper", text, "the shopper has answered")
}
