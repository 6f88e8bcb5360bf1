package changes

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"afterglow/app/ids"
	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/policy"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// Ask puts a wish on record and, when the policy allows it, has it carried out at
// once. The change that it returns may be refused already. Asked again with the same
// id it returns the same change. It returns ErrUnderWay with the live change when
// another one of the order has not ended, and ErrOffered for what the shop does not
// offer.
func (s *Service) Ask(ctx context.Context, shop ids.Shop, w Wish) (c Change, err error) {
	if err := w.Validate(); err != nil {
		return c, err
	}
	err = s.db.InTx(ctx, shop, func(tx *store.Tx) error {
		c, err = s.ask(tx, w)
		if errors.Is(err, ErrUnderWay) { // nothing was written; what is there is the answer
			return nil
		}
		return err
	})
	if err == nil && c.ID != w.ID {
		err = ErrUnderWay
	}
	return c, err
}

func (s *Service) ask(tx *store.Tx, w Wish) (Change, error) {
	if c, err := find(tx, w.ID); err == nil && c.Order == w.Order {
		return c, nil
	}
	o, err := orders.Find(tx, w.Order)
	if err != nil {
		return Change{}, err
	}
	c, err := s.decide(tx, o, w)
	if err != nil {
		return c, err
	}
	written, err := insert(tx, c)
	if err != nil {
		return c, fmt.Errorf("ask for a change: %w", err)
	}
	if !written {
		return s.already(tx, w)
	}
	if c.State == Refused {
		return c, note(tx, c)
	}
	_, err = shopify.Plan(tx, shopify.OperationRequest{Kind: operationOf(w.Kind), Subject: c.ID, Order: w.Order, Input: map[string]any{"change": c.ID}})
	return c, err
}

// already finds the change that stands in the way: the wish itself, or another one
// of the order.
func (s *Service) already(tx *store.Tx, w Wish) (Change, error) {
	c, err := find(tx, w.ID)
	if err == nil && c.Order != w.Order {
		return Change{}, ErrWish
	}
	if !errors.Is(err, ErrNotFound) {
		return c, err
	}
	other, err := live(tx, w.Order)
	if err != nil {
		return c, err
	}
	if other == nil { // it ended this moment
		return c, ErrUnderWay
	}
	return *other, ErrUnderWay
}

// decide asks the settings and the policy, and says no to what cannot be.
func (s *Service) decide(tx *store.Tx, o *orders.Order, w Wish) (Change, error) {
	c := Change{Shop: tx.Shop, ID: w.ID, Order: o.ID, OrderName: o.Name, Kind: w.Kind, State: Asked, By: w.By, Credit: w.Credit && o.CustomerID() != 0, Line: w.Line, Variant: w.Variant,
		Quantity: w.Quantity, Expected: w.Expected, Address: w.Address, Tag: w.Tag,
		Override: w.Override, Note: w.Note, Quiet: w.Quiet, Money: money.New(0, o.PresentmentCurrency), CreatedAt: tx.Now}
	shop, err := s.shops.Get(tx)
	if err != nil {
		return c, err
	}
	settings, err := loadSettings(tx)
	if err != nil {
		return c, err
	}
	if !granted(shop) || w.By == Shopper && (!settings.offers(w.Kind) || w.Credit && !settings.Credit) {
		return c, ErrOffered
	}
	if err := fit(o, &c); err != nil {
		return c, err
	}
	item := []int64{}
	if w.Kind.ofItem() {
		item = append(item, w.Line)
	}
	v, err := s.policy.Verdict(tx, w.Kind.action(), o.ID, item...)
	if err != nil {
		return c, err
	}
	reason := limit(o, c)
	if !v.Allowed && (w.By == Shopper || !w.Override || hard(v)) && reason == "" {
		reason = why(v)
		if w.Kind.ofItem() && reason == WhySent && o.FulfillmentStatus != "fulfilled" {
			reason = WhyLineSent
		}
	}
	if reason == "" && w.By == Shopper && tooMany(o, c, settings.QuantityMost) {
		reason = WhyMost
	}
	if reason != "" {
		c.State, c.Reason, c.Address, c.EndedAt = Refused, reason, nil, &tx.Now
	}
	return c, nil
}

// hard tells whether the refusal is no rule of the merchant's but cannot be
// otherwise; staff are bound by those alone.
func hard(v policy.Verdict) bool {
	return slices.Contains([]string{policy.ReasonCancelled, policy.ReasonSent, policy.ReasonNothingLeft}, v.Reason.Key)
}

// why is our word for a verdict's reason.
func why(v policy.Verdict) string {
	switch v.Reason.Key {
	case policy.ReasonCancelled:
		return WhyCancelled
	case policy.ReasonSent:
		return WhySent
	case policy.ReasonTimeOver, policy.ReasonDayOver:
		return WhyLate
	}
	return WhyRule
}

// fit completes the change from the order and refuses a wish that does not fit it.
func fit(o *orders.Order, c *Change) error {
	switch {
	case c.Kind == Address:
		to := o.Shipping
		if to == nil {
			return ErrWish
		}
		// Shipping and tax are not worked out anew, so country and province stay.
		c.Address.CountryCode, c.Address.ProvinceCode, c.Address.Province = to.CountryCode, to.ProvinceCode, to.Province
		return nil
	case !c.Kind.ofItem():
		return nil
	}
	i := slices.IndexFunc(o.Lines, func(l orders.Line) bool { return l.ID == c.Line && !l.Tip && l.CurrentQuantity > 0 })
	if i < 0 {
		return ErrWish
	}
	l := o.Lines[i]
	name := l.Title
	if l.Options != "" {
		name += ", " + l.Options
	}
	switch c.Kind {
	case Quantity:
		if c.Quantity == l.CurrentQuantity {
			return ErrWish
		}
		c.Item = fmt.Sprintf("%s: %d → %d", name, l.CurrentQuantity, c.Quantity)
	case Remove:
		c.Quantity = sentOf(o, l.ID) // they stay
		c.Item = fmt.Sprintf("%d × %s", l.CurrentQuantity-c.Quantity, name)
	case Swap:
		if c.Variant == l.VariantID {
			return ErrWish
		}
		c.Quantity = l.CurrentQuantity - sentOf(o, l.ID)
		c.Item = fmt.Sprintf("%d × %s", c.Quantity, name)
	}
	return nil
}
