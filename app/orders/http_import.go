package orders

import (
	"math"
	"time"

	"afterglow/app/problem"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/web"
)

// ErrWhat refuses to import what nobody imports.
var ErrWhat = problem.New(problem.Invalid, "orders.import_what", "Orders, customers and products can be imported.")

// importLinesShown is how many lines that could not be used the admin lists.
const importLinesShown = 20

// importJSON is an import as the admin reads it.
type importJSON struct {
	ID          string           `json:"id"`
	What        string           `json:"what"`
	State       ImportState      `json:"state"`
	Since       *time.Time       `json:"since"`
	Total       int64            `json:"total"`
	Done        int64            `json:"done"`
	Written     int64            `json:"written"`
	Parked      int64            `json:"parked"`
	PerSecond   float64          `json:"per_second"`
	SecondsLeft *int64           `json:"seconds_left"`
	Reason      *string          `json:"reason"`
	CreatedAt   time.Time        `json:"created_at"`
	UpdatedAt   time.Time        `json:"updated_at"`
	EndedAt     *time.Time       `json:"ended_at"`
	Lines       []importLineJSON `json:"lines"`
}

type importLineJSON struct {
	Object string `json:"object"`
	Reason string `json:"reason"`
}

func importOf(tx *store.Tx, m *Import) (importJSON, error) {
	perSecond, left := m.Pace()
	out := importJSON{ID: m.ID, What: m.Object, State: m.State, Since: m.Since, Total: max(m.Total, m.Done), Done: m.Done, Written: m.Written, Parked: m.Parked,
		PerSecond: math.Round(10*perSecond) / 10, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt, EndedAt: m.EndedAt, Lines: []importLineJSON{}}
	if left > 0 {
		seconds := int64(math.Ceil(left.Seconds()))
		out.SecondsLeft = &seconds
	}
	if m.Reason != "" {
		out.Reason = &m.Reason
	}
	if m.Parked == 0 {
		return out, nil
	}
	lines, err := importLines(tx, m.ID, importLinesShown)
	for _, l := range lines {
		out.Lines = append(out.Lines, importLineJSON{l.ObjectGID, l.Reason})
	}
	return out, err
}

func (s *Service) getImports(c *web.Ctx) error {
	answer := struct {
		Imports []importJSON `json:"imports"`
	}{[]importJSON{}}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		list, err := Imports(tx)
		if err != nil {
			return err
		}
		for _, m := range list {
			one, err := importOf(tx, &m)
			if err != nil {
				return err
			}
			answer.Imports = append(answer.Imports, one)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.OK(answer)
}

// postImport starts an import, or goes on with one that stopped. Asking twice
// starts one.
func (s *Service) postImport(c *web.Ctx) error {
	var in struct {
		What string `json:"what"`
	}
	if err := c.Bind(&in); err != nil {
		return err
	}
	switch shopify.BulkKind(in.What) {
	case shopify.BulkOrders, shopify.BulkCustomers, shopify.BulkProducts:
	default:
		return ErrWhat.WithFields(problem.Field{Field: "what", Detail: "is none of orders, customers, products"})
	}
	return s.answerImport(c, func(tx *store.Tx) (*Import, error) {
		last, err := latestImport(tx, in.What)
		if err != nil {
			return nil, err
		}
		m, err := s.planImport(tx, in.What, last, nil)
		if err != nil {
			return nil, err
		}
		now, err := findImport(tx, m.ID)
		return &now, err
	})
}

func (s *Service) postImportCancel(c *web.Ctx) error {
	return s.answerImport(c, func(tx *store.Tx) (*Import, error) {
		m, err := s.cancelImport(tx, c.Param("id"))
		return &m, err
	})
}

func (s *Service) answerImport(c *web.Ctx, do func(*store.Tx) (*Import, error)) error {
	var answer struct {
		Import importJSON `json:"import"`
	}
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		m, err := do(tx)
		if err != nil {
			return err
		}
		answer.Import, err = importOf(tx, m)
		return err
	})
	if err != nil {
		return err
	}
	return c.Accepted(answer)
}
