package offers

import (
	"context"
	"time"

	"afterglow/app/money"
	"afterglow/app/room"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

const pageSize = 50

func (s *Service) routes(g *web.Group) {
	g.GET("/offers/codes", s.getCodes, web.Needs(shops.MayReadOrders))
}

type codeJSON struct {
	Code      string        `json:"code"`
	OrderID   string        `json:"order_id"`
	Percent   int64         `json:"percent"`
	Amount    *money.Amount `json:"amount"`
	State     string        `json:"state"`
	Reason    string        `json:"reason"`
	EndsAt    time.Time     `json:"ends_at"`
	UsedOrder *string       `json:"used_order"`
	UsedAt    *time.Time    `json:"used_at"`
	CreatedAt time.Time     `json:"created_at"`
}

func (r codeRow) json(now time.Time) codeJSON {
	j := codeJSON{Code: r.Code, OrderID: orderText(r.OrderID), Percent: r.Percent, State: r.State, Reason: r.Reason, EndsAt: r.EndsAt.UTC(), UsedAt: r.UsedAt, CreatedAt: r.CreatedAt.UTC()}
	if r.Percent == 0 {
		j.Amount = &money.Amount{Minor: r.AmountMinor, Currency: r.Currency}
	}
	if r.UsedOrder != 0 {
		used := orderText(r.UsedOrder)
		j.UsedOrder, j.State = &used, "used"
	} else if r.State == StateReady && !now.Before(r.EndsAt) {
		j.State = "expired"
	}
	return j
}

// getCodes lists the shop's codes, newest first, and which were used.
func (s *Service) getCodes(c *web.Ctx) error {
	answer := struct {
		Codes      []codeJSON `json:"codes"`
		NextCursor *string    `json:"next_cursor"`
	}{Codes: []codeJSON{}}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		rows, err := codesPage(tx, c.Query("cursor"), pageSize+1)
		if err != nil {
			return err
		}
		if len(rows) > pageSize {
			rows = rows[:pageSize]
			answer.NextCursor = &rows[pageSize-1].OperationID
		}
		for _, r := range rows {
			answer.Codes = append(answer.Codes, r.json(tx.Now))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.OK(answer)
}

// export lists the codes made for a person.
func (s *Service) export(_ context.Context, tx *store.Tx, p room.Person) (map[string]any, error) {
	rows, err := codesOf(tx, p)
	if err != nil {
		return nil, err
	}
	list := make([]codeJSON, len(rows))
	for i, r := range rows {
		list[i] = r.json(tx.Now)
	}
	return map[string]any{"codes": list}, nil
}

// erase takes the person off their codes; that codes were made, and used, stays.
func (s *Service) erase(_ context.Context, tx *store.Tx, p room.Person) error {
	return forgetCodes(tx, p)
}
