package changes

import (
	"slices"
	"strconv"
	"time"

	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

const pageSize = 50

func (s *Service) admin(r *web.Group) {
	r.GET("/changes", s.getLog, web.Needs(shops.MayReadOrders))
	s.forStaff(r)
	r.GET("/changes/settings", s.getSettings, web.Needs(shops.MayReadSettings))
	r.PUT("/changes/settings", s.putSettings, web.Needs(shops.MayChangeSettings))
}

// entryJSON is a change as the log shows it.
type entryJSON struct {
	ID        string     `json:"id"`
	OrderID   string     `json:"order_id"`
	OrderName string     `json:"order_name"`
	Kind      Kind       `json:"kind"`
	State     State      `json:"state"`
	By        string     `json:"by"`
	Item      string     `json:"item"`
	Money     *sumJSON   `json:"money"` // more than nothing went back, less is to be paid; null: none
	Credit    bool       `json:"credit"`
	Reason    string     `json:"reason"` // for staff; "" unless refused or parked
	Held      bool       `json:"held"`
	CreatedAt time.Time  `json:"created_at"`
	EndedAt   *time.Time `json:"ended_at"`
	PayUntil  *time.Time `json:"pay_until"` // the change is taken back when it is not paid by then
	Staff     string     `json:"staff"`     // Shopify's id of who asked; "" for a shopper
	Note      string     `json:"note"`
	Beyond    bool       `json:"beyond"` // staff went beyond the policy
}

type sumJSON struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

func entry(ch Change) entryJSON {
	e := entryJSON{ID: ch.ID, OrderID: strconv.FormatInt(ch.Order, 10), OrderName: ch.OrderName, Kind: ch.Kind, State: ch.State, By: "staff", Item: ch.Item, Credit: ch.Credit,
		Held: ch.Held && ch.State.Live(), CreatedAt: ch.CreatedAt, EndedAt: ch.EndedAt,
		Note: ch.Note, Beyond: ch.Override, Staff: ch.By}
	if ch.By == Shopper {
		e.By, e.Staff = Shopper, ""
	}
	if ch.State == Paying {
		e.PayUntil = ch.PayUntil
	}
	if !ch.Money.IsZero() {
		e.Money = &sumJSON{ch.Money.Minor, ch.Money.Currency}
	}
	switch ch.State {
	case Refused:
		e.Reason = staffReason(ch.Reason)
		if ch.Detail != "" {
			e.Reason += ": " + ch.Detail
		}
	case Parked:
		e.Reason = ch.Detail
	}
	return e
}

func (s *Service) getLog(c *web.Ctx) error {
	f := Filter{Kind: Kind(c.Query("kind")), State: State(c.Query("state")), Cursor: c.Query("cursor"), Limit: pageSize}
	if f.Kind != "" && !slices.Contains(Kinds, f.Kind) {
		f.Kind = ""
	}
	if f.State != "" && !slices.Contains(States, f.State) {
		f.State = ""
	}
	list, next := []entryJSON{}, ""
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		page, n, err := List(tx, f)
		for _, ch := range page {
			list = append(list, entry(ch))
		}
		next = n
		return err
	})
	if err != nil {
		return err
	}
	out := map[string]any{"changes": list, "next_cursor": nil}
	if next != "" {
		out["next_cursor"] = next
	}
	return c.OK(out)
}

func (s *Service) getSettings(c *web.Ctx) error {
	var v Settings
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		v, err = loadSettings(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(v)
}

func (s *Service) putSettings(c *web.Ctx) error {
	var v Settings
	if err := c.Bind(&v); err != nil {
		return err
	}
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		v, err = saveSettings(tx, v)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(v)
}
