package shops

import (
	"context"
	"time"

	"afterglow/app/queue"
	"afterglow/app/store"
	"afterglow/app/web"
)

func (s *Service) mailRoutes(g *web.Group) {
	g.GET("/settings/mail", s.getMail, web.Needs(MayReadSettings))
	g.PUT("/settings/mail", s.putMail, web.Needs(MayChangeSettings))
	g.POST("/settings/mail/check", s.postCheckSender, web.Needs(MayChangeSettings))
}

type mailJSON struct {
	Mail        MailSettings  `json:"mail"`
	HasPassword bool          `json:"has_password"`
	From        string        `json:"from_address"` // that mails have now
	Paused      *string       `json:"paused"`       // why nothing is sent; null when it is
	PausedUntil *time.Time    `json:"paused_until"` // when it is tried again
	Limits      limitsJSON    `json:"limits"`       // the operator's; 0: none
	Report      *SenderReport `json:"report"`
}

type limitsJSON struct {
	PerMinute int `json:"per_minute"`
	PerHour   int `json:"per_hour"`
}

func (s *Service) mailAnswer(c *web.Ctx) error {
	var row mailRow
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		row, err = findMail(tx)
		return err
	})
	if err != nil {
		return err
	}
	answer := mailJSON{Mail: row.settings(), HasPassword: row.Password != "", From: row.FromAddress, Limits: limitsJSON(s.Limits), Report: row.report()}
	if row.Host == "" {
		answer.From = s.from
	}
	if row.PausedReason != "" {
		answer.Paused, answer.PausedUntil = &row.PausedReason, row.PausedUntil
	}
	return c.OK(answer)
}

func (s *Service) getMail(c *web.Ctx) error { return s.mailAnswer(c) }

func (s *Service) putMail(c *web.Ctx) error {
	var v MailSettings
	if err := c.Bind(&v); err != nil {
		return err
	}
	if err := s.ChangeMail(c.Context(), web.Shop(c), v); err != nil {
		return err
	}
	return s.mailAnswer(c)
}

// postCheckSender asks the DNS now.
func (s *Service) postCheckSender(c *web.Ctx) error {
	var body struct{}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if !s.checks.Allow(web.Shop(c).String()) {
		return web.ErrLimited
	}
	report, err := s.CheckSender(c.Context(), web.Shop(c))
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"report": report})
}

// TaskCheckSender looks at one shop's sender's domain again.
const TaskCheckSender = "shops.check_sender"

func (s *Service) checkTask() queue.Task {
	return queue.Task{Kind: TaskCheckSender, Lane: queue.LaneMail, Timeout: 30 * time.Second, MaxAttempts: 3, Run: func(ctx context.Context, c *queue.Claim) error {
		if _, err := s.CheckSender(ctx, c.Job.Shop); err != nil {
			return err
		}
		return c.Finish(ctx, nil)
	}}
}

// checkDaily has the domains looked at again of shops that looked once: records
// get lost when somebody moves a website.
func checkDaily() queue.Schedule {
	return queue.Schedule{Name: "shops.check_senders", Every: 24 * time.Hour, Begin: func(_ context.Context, tx *store.Tx) error {
		shops, err := checkedSenders(tx)
		if err != nil {
			return err
		}
		return queue.EnqueueFor(tx, queue.Request{Kind: TaskCheckSender, Ref: "daily"}, shops...)
	}}
}
