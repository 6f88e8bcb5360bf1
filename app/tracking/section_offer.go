package tracking

import (
	"context"
	_ "embed" // the section of the order page
	"errors"
	"slices"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/web"
)

//go:embed page/offer.html
var offerTemplate string

//go:embed page/offer.css
var offerCSS string

// How often somebody with an order's link may choose, and how long the outcome
// stays on the page.
const (
	choicesPerSecond = 0.2
	choicesAtOnce    = 12
	outcomeShown     = 30 * 24 * time.Hour
)

type (
	shownOffers struct {
		Path, Lang string
		Heading    string
		Offers     []shownOffer
	}
	shownOffer struct {
		ID, Text, Until string
		Outcome         string // when something was chosen
		Choices         []shownChoice
		Less            bool // some of what was offered is not possible any more
		Late            bool // rather than delivered, and not there
	}
	shownChoice struct{ Value, Label string }
)

// offerSection lets the shopper of a late parcel choose, on the order's page and
// without a script.
func (s *Service) offerSection() room.Section {
	return room.Section{Name: "offer", Place: room.Main, Rank: 5, Template: offerTemplate, CSS: offerCSS,
		Show: func(_ context.Context, tx *store.Tx, at room.PageView) (any, error) { return s.showOffers(tx, at) }}
}

func (s *Service) showOffers(tx *store.Tx, at room.PageView) (any, error) {
	list, err := offersOn(tx, at.OrderID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	shop, err := s.shops.Get(tx)
	if err != nil {
		return nil, err
	}
	left, err := budgetLeft(tx, monthOf(tx.Now))
	if err != nil {
		return nil, err
	}
	o, err := orders.Find(tx, at.OrderID)
	if errors.Is(err, orders.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := shownOffers{Path: at.Path, Lang: string(at.Tag)}
	for _, of := range list {
		switch {
		case of.State == OfferEnded || of.SettledAt != nil && tx.Now.Sub(*of.SettledAt) > outcomeShown:
			continue
		case of.State != OfferOpen:
			out.Offers = append(out.Offers, shownOffer{Outcome: of.outcome(at.Tag, shop.Currency), Late: of.Cause != CauseMissing})
			continue
		case !of.UntilAt.After(tx.Now):
			continue
		}
		if stands, err := of.stands(tx, o); err != nil || !stands {
			if err != nil {
				return nil, err
			}
			continue
		}
		v := shownOffer{ID: of.ID, Late: of.Cause != CauseMissing, Text: locale.Shopper.T(at.Tag, "tracking.offer."+of.Cause, nil),
			Until: locale.Shopper.T(at.Tag, "tracking.offer.until", map[string]any{"date": at.Tag.Date(clock.DateIn(of.UntilAt, at.Zone))})}
		for _, c := range strings.Fields(of.Choices) {
			if of.Cause != CauseMissing && of.worth(c) > left {
				v.Less = true
				continue
			}
			v.Choices = append(v.Choices, shownChoice{c, of.label(at.Tag, c, shop.Currency)})
		}
		if len(v.Choices) > 0 {
			out.Offers = append(out.Offers, v)
		}
	}
	if len(out.Offers) == 0 {
		return nil, nil
	}
	out.Heading = locale.Shopper.T(at.Tag, "tracking.offer.heading", nil)
	if !slices.ContainsFunc(out.Offers, func(v shownOffer) bool { return v.Late }) {
		out.Heading = locale.Shopper.T(at.Tag, "tracking.claim.approved.title", nil)
	}
	return out, nil
}

// worth is what a choice takes of the budget.
func (of offerRow) worth(choice string) int64 {
	if choice == ChoiceWait {
		return of.WaitMinor
	}
	return of.WorthMinor
}

// gift is what waiting is worth, nil for nothing.
func (of offerRow) gift(tag locale.Tag, currency string) map[string]any {
	if of.WaitMinor == 0 {
		return nil
	}
	return map[string]any{"amount": tag.Money(money.New(of.WaitMinor, currency))}
}

func (of offerRow) label(tag locale.Tag, choice, currency string) string {
	key, args := "tracking.offer.choice."+choice, map[string]any{"amount": tag.Money(money.New(of.AmountMinor, of.Currency))}
	switch {
	case choice == ChoiceReship:
		args = nil
	case choice == ChoiceWait:
		if args = of.gift(tag, currency); args != nil {
			key += "_credit"
		}
	}
	return locale.Shopper.T(tag, key, args)
}

// outcome says how a chosen offer stands.
func (of offerRow) outcome(tag locale.Tag, currency string) string {
	switch of.State {
	case OfferRefused:
		return locale.Shopper.T(tag, "tracking.offer.refused", nil)
	case OfferDone:
	default:
		return locale.Shopper.T(tag, "tracking.offer.state.chosen", nil)
	}
	key, args := "tracking.offer.done."+of.Choice, map[string]any{"amount": tag.Money(money.New(of.AmountMinor, of.Currency))}
	switch {
	case of.Choice == ChoiceReship:
		args = nil
	case of.Choice == ChoiceWait:
		if args = of.gift(tag, currency); args != nil {
			key += "_credit"
		}
	}
	return locale.Shopper.T(tag, key, args)
}

func (s *Service) linked(r *web.Group) { s.hang(r, web.Kind(orders.LinkOrder), web.Pages()) }

func (s *Service) proxied(r *web.Group) { s.hang(r) }

func (s *Service) hang(r *web.Group, options ...web.Option) {
	limit := web.Limit(web.NewLimiter(choicesPerSecond, choicesAtOnce, func(c *web.Ctx) string { return c.Param("token") }))
	r.POST("/o/:token/offer", s.postOffer, append(slices.Clone(options), limit)...)
	s.claimRoutes(r, options...)
}

// postOffer takes the choice and goes back to the page, which shows the outcome.
// What the budget does not cover any more is not on the page then; what could not
// be planned now is still open there.
func (s *Service) postOffer(c *web.Ctx) error {
	asked, err := s.orders.RequestedOrder(c)
	if err != nil {
		return err
	}
	err = s.db.InTx(c.Context(), asked.Shop, func(tx *store.Tx) error {
		if _, err := orders.Find(tx, asked.OrderID); err != nil {
			return err
		}
		_, err := s.Choose(tx, asked.OrderID, c.PostForm("once"), c.PostForm("choice"))
		return err
	})
	known := []error{ErrBudget, ErrChoice, ErrOfferGone, shopify.ErrLiveOperation}
	if err != nil && !slices.ContainsFunc(known, func(k error) bool { return errors.Is(err, k) }) {
		return err
	}
	return orders.SeeOther(c, asked.Path)
}
