package shops

import (
	"strconv"
	"time"

	"afterglow/app/money"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/web"
)

type operationJSON struct {
	ID        string        `json:"id"`
	Kind      string        `json:"kind"`
	OrderID   *string       `json:"order_id"`
	Amount    *money.Amount `json:"amount"`
	Reason    string        `json:"reason"`
	Attempts  int           `json:"attempts"`
	InDoubt   bool          `json:"in_doubt"` // staff have to say whether it happened
	CreatedAt time.Time     `json:"created_at"`
	SentAt    *time.Time    `json:"sent_at"`
}

// getOperations lists the calls to Shopify that were given up and wait for a
// person, each with the reason.
func (s *Service) getOperations(c *web.Ctx) error {
	answer := struct {
		Operations []operationJSON `json:"operations"`
		NextCursor *string         `json:"next_cursor"`
	}{Operations: []operationJSON{}}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		parked, err := shopify.ParkedOperations(tx, c.Query("cursor"), pageSize+1)
		if err != nil {
			return err
		}
		if len(parked) > pageSize {
			parked = parked[:pageSize]
			answer.NextCursor = &parked[pageSize-1].ID
		}
		for _, op := range parked {
			answer.Operations = append(answer.Operations, operationOf(op))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.OK(answer)
}

func operationOf(op shopify.Operation) operationJSON {
	j := operationJSON{ID: op.ID, Kind: op.Kind, Reason: op.Reason, Attempts: op.Attempt - op.Throttled, InDoubt: op.InDoubt, CreatedAt: op.CreatedAt.UTC(), SentAt: op.SentAt}
	if op.Order != 0 {
		order := strconv.FormatInt(op.Order, 10)
		j.OrderID = &order
	}
	if !op.Amount.IsZero() {
		j.Amount = &op.Amount
	}
	return j
}

// postRetryOperation lets a parked operation go on; what was sent before is read
// back first.
func (s *Service) postRetryOperation(c *web.Ctx) error {
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error { return shopify.RetryOperation(tx, c.Param("id")) })
	if err != nil {
		return err
	}
	return c.Accepted(map[string]any{"count": 1})
}

// postGiveUpOperation ends a parked operation, after looking in Shopify once more.
func (s *Service) postGiveUpOperation(c *web.Ctx) error {
	var in struct {
		Outcome string `json:"outcome"`
		Note    string `json:"note"`
	}
	if err := c.Bind(&in); err != nil {
		return err
	}
	by := web.Staff(c).ID
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		return shopify.GiveUpOperation(tx, c.Param("id"), shopify.GivingUp{Said: in.Outcome, By: by, Note: in.Note})
	})
	if err != nil {
		return err
	}
	return c.Accepted(map[string]any{"count": 1})
}
