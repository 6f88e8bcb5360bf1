package messages

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"afterglow/app/mail"
	"afterglow/app/problem"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

func (s *Service) suppressionRoutes(g *web.Group) {
	g.GET("/suppressions", s.getSuppressions, web.Needs(shops.MayReadMessages))
	g.POST("/suppressions", s.postSuppression, web.Needs(shops.MaySendMessages))
	g.POST("/suppressions/remove", s.postLift, web.Needs(shops.MaySendMessages))
}

type suppressionJSON struct {
	Address   string    `json:"address"` // empty: of somebody who was erased
	Scope     Scope     `json:"scope"`
	Source    Source    `json:"source"`
	Reason    string    `json:"reason"`
	MessageID *string   `json:"message_id"`
	CreatedAt time.Time `json:"created_at"`

	LiftedAt     *time.Time `json:"removed_at"` // null: in force
	LiftedReason string     `json:"removed_reason"`
	LiftedBy     string     `json:"removed_by"` // Shopify's id of the member of staff
}

func (r suppression) json() suppressionJSON {
	if strings.HasPrefix(r.Address, hashedPrefix) {
		r.Address = ""
	}
	return suppressionJSON{r.Address, r.Scope, r.Source, r.Reason, orNull(r.MessageID), r.CreatedAt.UTC(), r.LiftedAt, r.LiftedReason, r.LiftedBy}
}

// String is the place as a cursor.
func (p suppressionPlace) String() string {
	raw, _ := json.Marshal(p) // three strings
	return base64.RawURLEncoding.EncodeToString(raw)
}

// readPlace reads a cursor; the empty one is the list's beginning.
func readPlace(cursor string) (p suppressionPlace, err error) {
	if cursor == "" {
		return p, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil || p.At.IsZero() {
		return p, errFilter.WithFields(problem.Field{Field: "cursor", Detail: "Send next_cursor of the page before."})
	}
	return p, nil
}

func (s *Service) getSuppressions(c *web.Ctx) error {
	after, err := readPlace(c.Query("cursor"))
	if err != nil {
		return err
	}
	f := suppressionFilter{Beginning: c.Query("q"), Lifted: c.Query("removed") == "1", After: after, Limit: pageSize + 1}
	answer := struct {
		Suppressions []suppressionJSON `json:"suppressions"`
		NextCursor   *string           `json:"next_cursor"`
	}{Suppressions: []suppressionJSON{}}
	var shown []string
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		rows, err := listSuppressions(tx, f)
		for i, r := range rows {
			if i == pageSize {
				last := rows[i-1]
				cursor := suppressionPlace{last.CreatedAt.UTC(), last.Address, last.Scope}.String()
				answer.NextCursor = &cursor
				break
			}
			answer.Suppressions = append(answer.Suppressions, r.json())
			shown = append(shown, cmp.Or(r.MessageID, "suppression"))
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := s.shops.ReadingList(c, shown); err != nil {
		return err
	}
	return c.OK(answer)
}

type suppressionInput struct {
	Address string `json:"address"`
	Scope   Scope  `json:"scope"`
	Reason  string `json:"reason"`
}

var errSuppression = problem.New(problem.Invalid, "messages.suppression_invalid", "This cannot be done as it is. See the fields.")

// Validate asks for a reason: the next person who reads the list has to know.
func (v *suppressionInput) Validate() error {
	var wrong []problem.Field
	v.Reason = strings.TrimSpace(v.Reason)
	if a, err := mail.ParseAddress(v.Address); err != nil {
		wrong = append(wrong, problem.Field{Field: "address", Detail: "Enter one e-mail address, such as ann@example.com."})
	} else {
		v.Address = a.Email
	}
	if v.Scope != ScopeAll && v.Scope != ScopeMarketing {
		wrong = append(wrong, problem.Field{Field: "scope", Detail: "Choose all or marketing."})
	}
	if v.Reason == "" || len(v.Reason) > 300 || strings.ContainsAny(v.Reason, "\x00\r\n") {
		wrong = append(wrong, problem.Field{Field: "reason", Detail: "Say why, in one line of at most 300 characters."})
	}
	if len(wrong) > 0 {
		return errSuppression.WithFields(wrong...)
	}
	return nil
}

func (s *Service) postSuppression(c *web.Ctx) error {
	var v suppressionInput
	if err := c.Bind(&v); err != nil {
		return err
	}
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		_, err := suppress(tx, suppression{Address: v.Address, Scope: v.Scope, Source: SourceMerchant, Reason: v.Reason})
		return err
	})
	if err != nil {
		return err
	}
	return c.Created(map[string]any{"address": v.Address, "scope": v.Scope})
}

var errNotSuppressed = problem.New(problem.NotFound, "messages.not_suppressed", "This address is not on the list.")

// postLift takes an address off the list; who did and why is kept.
func (s *Service) postLift(c *web.Ctx) error {
	var v suppressionInput
	if err := c.Bind(&v); err != nil {
		return err
	}
	var n int64
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		n, err = s.lift(tx, v.Address, v.Scope, v.Reason, web.Staff(c).ID)
		return err
	})
	if err != nil {
		return err
	}
	if n == 0 {
		return errNotSuppressed
	}
	return c.OK(map[string]any{"removed": n})
}
