package messages

import (
	"context"
	"net/http"
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
	g.GET("/settings/mail/queue", s.getMailQueue, web.Needs(shops.MayReadSettings))
	g.GET("/feedback", s.getFeedback, web.Needs(shops.MayChangeSettings))
	g.POST("/feedback/address", s.postFeedbackAddress, web.Needs(shops.MayChangeSettings))
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

// getMailQueue tells how many of the shop's mails wait, and for what.
func (s *Service) getMailQueue(c *web.Ctx) error {
	var q waiting
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		q, err = countWaiting(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"waiting": q.All, "for_turn": q.Turn, "for_server": q.Server, "for_operator": q.Operator, "next_turn_at": q.Next, "more": q.More})
}
