package orders

import (
	"maps"
	"time"

	"afterglow/app/locale"
	"afterglow/app/problem"
	"afterglow/app/store"
	"afterglow/app/web"
)

// CardView is the order that a card on Shopify's own pages is about, and how to
// speak to who reads it.
type CardView struct {
	Order *Order
	Tag   locale.Tag
	Zone  *time.Location // the shop's
}

// OnCard lets a later room add to the card: what it returns joins the answer.
func (s *Service) OnCard(more func(tx *store.Tx, at CardView) (map[string]any, error)) {
	s.cards = append(s.cards, more)
}

// getExtension tells an extension on Shopify's own pages about an order of the
// customer who is signed in. The id that a page without a customer sends proves
// nothing, so it is told to sign them in first.
func (s *Service) getExtension(c *web.Ctx) error {
	id, err := orderID(c.Param("id"))
	if err != nil {
		return err
	}
	customer := web.Customer(c)
	if customer == 0 {
		return errSignIn
	}
	var out map[string]any
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		f, err := load(tx, id)
		if err != nil {
			return err
		}
		if f.Order.CustomerID() != customer {
			return ErrNotFound // somebody else's: as if it were not there
		}
		tag := locale.Match(f.Order.Locale)
		if wanted := c.Query("lang"); wanted != "" {
			tag = locale.Match(wanted)
		}
		v, err := s.view(tx, f, tag)
		if err != nil {
			return err
		}
		state := v.state()
		returns := v.returns()
		returns["text"] = ""
		if returns["allowed"] == true && returns["last_day"] == "" && v.terms.Days > 0 {
			returns["text"] = v.t("order.returns.days", map[string]any{"count": v.terms.Days})
		}
		out = map[string]any{"order": map[string]any{"name": f.Order.Name, "url": v.url}, "locale": string(tag), "dir": tag.Dir(),
			"status":    map[string]any{"kind": state["kind"], "text": v.t("order_page.status."+state["kind"].(string), nil)},
			"eta":       v.eta(),
			"returns":   map[string]any{"allowed": returns["allowed"], "last_day": returns["last_day"], "text": returns["text"]},
			"changes":   []any{},
			"link_text": v.t("confirmation.view_order", nil)}
		for _, more := range s.cards {
			part, err := more(tx, CardView{Order: f.Order, Tag: tag, Zone: v.zone})
			if err != nil {
				return err
			}
			maps.Copy(out, part)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.OK(out)
}

var errSignIn = problem.New(problem.Unauthorized, "orders.sign_in", "Sign the customer in before asking for their order.")

func (s *Service) extensions(r *web.Group) { r.GET("/orders/:id", s.getExtension) }
