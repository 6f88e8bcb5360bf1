package shops

import (
	"context"
	"strings"
	"time"

	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/web"
)

const pageSize = 50

func (s *Service) routes(g *web.Group) {
	g.GET("/session", s.getSession, web.Needs(MayOpen))
	g.GET("/settings/sender", s.getSettings, web.Needs(MayReadSettings))
	g.PUT("/settings/sender", s.putSettings, web.Needs(MayChangeSettings))
	g.GET("/webhooks", s.getWebhooks, web.Needs(MayOperate))
	g.POST("/webhooks/:id/retry", s.postRetry, web.Needs(MayOperate))
	g.POST("/webhooks/retry-parked", s.postRetryParked, web.Needs(MayOperate))
	g.GET("/operations", s.getOperations, web.Needs(MayOperate))
	g.POST("/operations/:id/retry", s.postRetryOperation, web.Needs(MayOperate))
	g.POST("/operations/:id/give-up", s.postGiveUpOperation, web.Needs(MayOperate))
	s.onboardingRoutes(g)
	s.privacyRoutes(g)
	s.staffRoutes(g)
	s.mailRoutes(g)
}

func (s *Service) getSession(c *web.Ctx) error {
	var shop Shop
	var user map[string]any
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		if shop, err = s.Get(tx); err != nil {
			return err
		}
		user, err = you(tx, web.Staff(c).ID)
		return err
	})
	if err != nil {
		return err
	}
	missing := s.MissingScopes(shop)
	if missing == nil {
		missing = []string{}
	}
	var mailbox *string
	if s.MailboxURL != "" {
		mailbox = &s.MailboxURL
	}
	return c.OK(map[string]any{
		"shop": map[string]any{"id": shop.ID.String(), "domain": shop.Domain, "name": shop.Name, "email": shop.Email,
			"currency": shop.Currency, "timezone": shop.Timezone, "locale": shop.Locale},
		"user":        user,
		"scopes":      map[string]any{"granted": shop.Scopes, "missing": missing, "optional": s.OptionalScopes},
		"mailbox_url": mailbox,
		"app_version": s.Version,
	})
}

func (s *Service) settingsJSON(v Settings) map[string]any {
	return map[string]any{"settings": v, "from_address": s.from}
}

func (s *Service) getSettings(c *web.Ctx) error {
	var v Settings
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		v, err = s.Settings(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(s.settingsJSON(v))
}

func (s *Service) putSettings(c *web.Ctx) error {
	var v Settings
	if err := c.Bind(&v); err != nil {
		return err
	}
	saved, err := s.Change(c.Context(), web.Shop(c), v)
	if err != nil {
		return err
	}
	return c.OK(s.settingsJSON(saved))
}

type webhookJSON struct {
	ID         string    `json:"id"`
	Topic      string    `json:"topic"`
	EventID    string    `json:"event_id"`
	ReceivedAt time.Time `json:"received_at"`
	State      string    `json:"state"`
	Reason     *string   `json:"reason"`
	Attempts   int       `json:"attempts"`
	OrderID    *string   `json:"order_id"`
}

// getWebhooks lists what Shopify sent: parked with the reason, waiting, or done.
func (s *Service) getWebhooks(c *web.Ctx) error {
	state, cursor := c.DefaultQuery("state", "parked"), c.Query("cursor")
	if state != "parked" && state != "waiting" && state != "done" {
		return problem.New(problem.Invalid, "shops.webhook_state", "Choose parked, waiting or done.")
	}
	answer := struct {
		Webhooks   []webhookJSON    `json:"webhooks"`
		NextCursor *string          `json:"next_cursor"`
		Counts     map[string]int64 `json:"counts"`
	}{Webhooks: []webhookJSON{}}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		depth, err := queue.DepthOf(tx, shopify.TaskReceive)
		if err != nil {
			return err
		}
		answer.Counts = map[string]int64{"parked": depth.Parked, "waiting": depth.Waiting + depth.Running}
		answer.Webhooks, answer.NextCursor, err = s.webhookPage(tx, state, cursor)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(answer)
}

func (s *Service) webhookPage(tx *store.Tx, state, cursor string) (list []webhookJSON, next *string, err error) {
	list = []webhookJSON{}
	var rows []shopify.InboxRow
	jobs := map[string]queue.Row{}
	if state == "parked" {
		parked, err := queue.Parked(tx, shopify.TaskReceive, cursor, pageSize+1)
		if err != nil {
			return nil, nil, err
		}
		var wanted []string
		for _, j := range parked {
			jobs[j.Ref] = j
			wanted = append(wanted, j.Ref)
		}
		if len(parked) > pageSize {
			next = &parked[pageSize-1].ID
			wanted = wanted[:pageSize]
		}
		if rows, err = shopify.InboxByID(tx, wanted); err != nil {
			return nil, nil, err
		}
	} else {
		if rows, err = shopify.InboxPage(tx, state == "done", cursor, pageSize+1); err != nil {
			return nil, nil, err
		}
		if len(rows) > pageSize {
			rows = rows[:pageSize]
			next = &rows[pageSize-1].ID
		}
		refs := make([]string, len(rows))
		for i, r := range rows {
			refs[i] = r.ID
		}
		about, err := queue.About(tx, refs...)
		if err != nil {
			return nil, nil, err
		}
		for _, j := range about {
			jobs[j.Ref] = j
		}
	}
	for _, r := range rows {
		list = append(list, webhookOf(r, jobs[r.ID]))
	}
	return list, next, nil
}

func webhookOf(r shopify.InboxRow, job queue.Row) webhookJSON {
	w := webhookJSON{ID: r.ID, Topic: r.Topic, EventID: r.EventID, ReceivedAt: r.ReceivedAt.UTC(), State: "waiting", Attempts: job.Attempts}
	switch {
	case r.ProcessedAt != nil:
		w.State = "done"
	case job.State == queue.StateParked:
		w.State = "parked"
	}
	if job.Reason != "" {
		w.Reason = &job.Reason
	}
	if order, ok := strings.CutPrefix(r.Subject, "order:"); ok {
		w.OrderID = &order
	}
	return w
}

func (s *Service) retry(ctx context.Context, c *web.Ctx, id string) (n int64, err error) {
	err = s.db.InTx(ctx, web.Shop(c), func(tx *store.Tx) (err error) {
		n, err = queue.Retry(tx, shopify.TaskReceive, id)
		return err
	})
	return n, err
}

var errNothingParked = problem.New(problem.NotFound, "shops.webhook_not_parked", "There is no parked webhook with this id. It may have been retried already.")

func (s *Service) postRetry(c *web.Ctx) error {
	n, err := s.retry(c.Context(), c, c.Param("id"))
	if err != nil {
		return err
	}
	if n == 0 {
		return errNothingParked
	}
	return c.Accepted(map[string]any{"count": n})
}

func (s *Service) postRetryParked(c *web.Ctx) error {
	n, err := s.retry(c.Context(), c, "")
	if err != nil {
		return err
	}
	return c.Accepted(map[string]any{"count": n})
}
