package tracking

import (
	"slices"
	"strconv"
	"time"

	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

const (
	logPage      = 25
	budgetMonths = 6
)

func (s *Service) goodwillRoutes(r *web.Group) {
	r.GET("/makegood", s.getGoodwill, web.Needs(shops.MayReadSettings))
	r.PUT("/makegood", s.putGoodwill, web.Needs(shops.MayChangeSettings))
	r.GET("/makegood/offers", s.getOffers, web.Needs(shops.MayReadOrders))
	r.GET("/tracking/lanes", s.getLanes, web.Needs(shops.MayReadOrders))
}

type goodwillJSON struct {
	Settings Goodwill `json:"settings"`
	Budgets  []budget `json:"budgets"` // newest first
	Month    string   `json:"month"`   // the current one
}

func (s *Service) getGoodwill(c *web.Ctx) error {
	var out goodwillJSON
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		shop, err := s.shops.Get(tx)
		if err != nil {
			return err
		}
		if out.Settings, err = loadGoodwill(tx, shop.Currency); err != nil {
			return err
		}
		out.Month = monthOf(tx.Now)
		out.Budgets, err = budgets(tx, budgetMonths)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(out)
}

func (s *Service) putGoodwill(c *web.Ctx) error {
	var g Goodwill
	if err := c.Bind(&g); err != nil {
		return err
	}
	if err := g.validate(); err != nil {
		return err
	}
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		shop, err := s.shops.Get(tx)
		if err != nil {
			return err
		}
		g.Currency = shop.Currency // a budget is in the shop's own money
		g, err = saveGoodwill(tx, g)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"settings": g})
}

type offerJSON struct {
	ID        string     `json:"id"`
	OrderID   string     `json:"order_id"`
	OrderName string     `json:"order_name"`
	ParcelID  string     `json:"parcel_id"`
	Cause     string     `json:"cause"`
	State     string     `json:"state"`
	Choice    string     `json:"choice"`
	Worth     moneyJSON  `json:"worth"` // of the budget, in the shop's money
	Reason    string     `json:"reason"`
	MadeAt    time.Time  `json:"made_at"`
	ChosenAt  *time.Time `json:"chosen_at"`
	SettledAt *time.Time `json:"settled_at"`
}

type moneyJSON struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

func (s *Service) getOffers(c *web.Ctx) error {
	answer := struct {
		Offers []offerJSON `json:"offers"`
		Next   *string     `json:"next_cursor"`
	}{Offers: []offerJSON{}}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		shop, err := s.shops.Get(tx)
		if err != nil {
			return err
		}
		list, err := offersBefore(tx, c.Query("cursor"), logPage+1)
		if len(list) > logPage {
			list = list[:logPage]
			answer.Next = &list[logPage-1].ID
		}
		for _, of := range list {
			answer.Offers = append(answer.Offers, offerJSON{of.ID, strconv.FormatInt(of.OrderID, 10), of.OrderName, strconv.FormatInt(of.ParcelID, 10), of.Cause, of.State, of.Choice,
				moneyJSON{of.worth(of.Choice), shop.Currency}, of.Reason, of.MadeAt, of.ChosenAt, of.SettledAt})
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(answer)
}

// learntLane is a lane with what was learnt of it, as a merchant reads it.
type learntLane struct {
	Carrier     string `json:"carrier"`
	Origin      string `json:"origin"`
	Destination string `json:"destination"`
	Parcels     int64  `json:"parcels"`
	Median      int64  `json:"median_days"`
	From        int64  `json:"from_days"`
	Until       int64  `json:"until_days"`
	Scored      int64  `json:"scored"`      // promises
	Kept        int64  `json:"kept"`        // of these came true
	Learnt      bool   `json:"learnt"`      // enough parcels to promise by them
	Quiet       int64  `json:"quiet_hours"` // silence that is nothing unusual
	QuietLearnt bool   `json:"quiet_learnt"`
}

const learntMost = 50

// getLanes lists the lanes with most parcels: what they took, and how often what
// was promised came true.
func (s *Service) getLanes(c *web.Ctx) error {
	list := []learntLane{}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		list, err = learntLanes(tx)
		return err
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b learntLane) int { return int(b.Parcels - a.Parcels) })
	return c.OK(map[string]any{"lanes": list[:min(len(list), learntMost)]})
}
