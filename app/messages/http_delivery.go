package messages

import (
	"context"
	"net/http"
	"strings"
	"time"

	"afterglow/app/mail"
	"afterglow/app/problem"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

func (s *Service) deliveryRoutes(g *web.Group) {
	g.POST("/messages/:id/retry", s.postRetry, web.Needs(shops.MaySendMessages))
	g.POST("/settings/mail/test", s.postMailTest, web.Needs(shops.MayChangeSettings))
	g.GET("/feedback", s.getFeedback, web.Needs(shops.MayChangeSettings))
	g.POST("/feedback/address", s.postFeedbackAddress, web.Needs(shops.MayChangeSettings))
	g.GET("/suppressions", s.getSuppressions, web.Needs(shops.MayReadMessages))
	g.POST("/suppressions", s.postSuppression, web.Needs(shops.MaySendMessages))
	g.POST("/suppressions/remove", s.postLift, web.Needs(shops.MaySendMessages))
}

func (s *Service) postRetry(c *web.Ctx) error {
	var m *Message
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		m, err = s.retry(tx, c.Param("id"))
		return err
	})
	if err != nil {
		return err
	}
	return c.Answer(http.StatusAccepted, map[string]any{"message": toJSON(m)})
}

// tryTime is how long a person waits for the answer of a server that says nothing.
const tryTime = 20 * time.Second

// postMailTest asks the mail server whether it would take a mail, tells in plain
// words what is wrong, and if nothing is, sends one.
func (s *Service) postMailTest(c *web.Ctx) error {
	var body struct {
		To string `json:"to"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	to, err := mail.ParseAddress(body.To)
	if err != nil {
		return errTestAddress.WithFields(problem.Field{Field: "to", Detail: "Enter one e-mail address, such as you@example.com."})
	}
	if !s.tests.Allow(web.Shop(c).String()) {
		return web.ErrLimited
	}
	answer := struct {
		OK     bool    `json:"ok"`
		Detail string  `json:"detail"`
		ID     *string `json:"id"`
	}{Detail: "The mail server took us in. A test mail is on its way."}
	if why, err := s.tryServer(c, to); err != nil || why != "" {
		answer.Detail = why
		if err != nil {
			return err
		}
		return c.OK(answer)
	}
	err = s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		id, err := s.sendSample(tx, "orders.confirmation", "", to.Email)
		answer.OK, answer.ID = true, &id
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(answer)
}

// tryServer says why the shop's own mail server would not take a mail; empty when
// it would, or when there is none.
func (s *Service) tryServer(c *web.Ctx, to mail.Address) (string, error) {
	ctx, cancel := context.WithTimeout(c.Context(), tryTime)
	defer cancel()
	var paused bool
	var server mail.Server
	var from mail.Address
	err := s.db.Read(ctx, web.Shop(c), func(tx *store.Tx) error {
		v, err := s.shops.Mailing(tx)
		if err != nil || !v.Own {
			return err
		}
		server, paused = v.Server, v.Paused != ""
		from, err = mail.ParseAddress(v.From)
		return err
	})
	if err != nil || server.Host == "" || s.outside.Servers == nil {
		return "", err
	}
	if err := s.outside.Servers.Try(ctx, server, from, to); err != nil {
		return problem.Of(err).Detail, nil
	}
	if !paused {
		return "", nil
	}
	return "", s.db.InTx(ctx, web.Shop(c), resume) // mended at the provider's end
}

type feedbackJSON struct {
	At        time.Time `json:"at"`
	Provider  string    `json:"provider"`
	Kind      Verdict   `json:"kind"`
	MessageID *string   `json:"message_id"`
	Status    string    `json:"status"`
}

func (s *Service) getFeedback(c *web.Ctx) error {
	answer := struct {
		Address string         `json:"address"` // to which /postmark, /sendgrid, /generic or /raw is added; empty: none made yet
		Events  []feedbackJSON `json:"events"`
	}{Events: []feedbackJSON{}}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		v, err := s.shops.Mailing(tx)
		if err != nil {
			return err
		}
		if answer.Address, err = s.hookURL(tx, v.Hook); err != nil {
			return err
		}
		rows, err := recentFeedback(tx, pageSize)
		for _, r := range rows {
			answer.Events = append(answer.Events, feedbackJSON{r.ReceivedAt.UTC(), r.Provider, r.Kind, orNull(r.MessageID), r.Status})
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(answer)
}

// postFeedbackAddress makes a new address; the one before ends.
func (s *Service) postFeedbackAddress(c *web.Ctx) error {
	var body struct{}
	if err := c.Bind(&body); err != nil {
		return err
	}
	var address string
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		hook, err := s.shops.NewHook(tx)
		if err != nil {
			return err
		}
		address, err = s.hookURL(tx, hook)
		return err
	})
	if err != nil {
		return err
	}
	return c.Created(map[string]any{"address": address})
}

type suppressionJSON struct {
	Address   string    `json:"address"` // empty: of somebody who was erased
	Scope     Scope     `json:"scope"`
	Source    Source    `json:"source"`
	Reason    string    `json:"reason"`
	MessageID *string   `json:"message_id"`
	CreatedAt time.Time `json:"created_at"`
}

func (s *Service) getSuppressions(c *web.Ctx) error {
	var before time.Time
	if cursor := c.Query("cursor"); cursor != "" {
		var err error
		if before, err = time.Parse(time.RFC3339Nano, cursor); err != nil {
			return errFilter.WithFields(problem.Field{Field: "cursor", Detail: "Send next_cursor of the page before."})
		}
	}
	answer := struct {
		Suppressions []suppressionJSON `json:"suppressions"`
		NextCursor   *string           `json:"next_cursor"`
	}{Suppressions: []suppressionJSON{}}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		rows, err := listSuppressions(tx, c.Query("q"), before, pageSize+1)
		for i, r := range rows {
			if i == pageSize {
				cursor := rows[i-1].CreatedAt.UTC().Format(time.RFC3339Nano)
				answer.NextCursor = &cursor
				break
			}
			if strings.HasPrefix(r.Address, hashedPrefix) {
				r.Address = ""
			}
			answer.Suppressions = append(answer.Suppressions, suppressionJSON{r.Address, r.Scope, r.Source, r.Reason, orNull(r.MessageID), r.CreatedAt.UTC()})
		}
		return err
	})
	if err != nil {
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

// postLift takes an address off the list; who did is in the program's log.
func (s *Service) postLift(c *web.Ctx) error {
	var v suppressionInput
	if err := c.Bind(&v); err != nil {
		return err
	}
	var n int64
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		n, err = s.lift(tx, v.Address, v.Scope)
		return err
	})
	if err != nil {
		return err
	}
	if n == 0 {
		return errNotSuppressed
	}
	c.Log().Info("an address was taken off the suppression list", "scope", v.Scope, "staff", web.Staff(c).ID)
	return c.OK(map[string]any{"removed": n})
}
