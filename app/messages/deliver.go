package messages

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"afterglow/app/mail"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// TaskDeliver is the job that sends one message.
const TaskDeliver = "messages.deliver"

// A mail is tried for 48 hours, the time after which mail servers give up as well.
// Pauses double up to an hour, of which chance may take half, so even so many
// attempts reach past it.
const (
	deliverFor      = 48 * time.Hour
	deliverAttempts = 120
)

const (
	keepTexts    = 60 * 24 * time.Hour
	keepFeedback = 180 * 24 * time.Hour // providers repeat events for days, never for months
)

var (
	mailsTotal = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "afterglow_mails_total", Help: "Attempts at mails by outcome.",
	}, []string{"kind", "outcome"})
	mailDelay = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "afterglow_mail_delay_seconds", Help: "Time from what a mail tells about to its hand-over to the mail server.",
		Buckets: []float64{.05, .1, .25, .5, 1, 2, 5, 15, 60, 300, 3600},
	}, []string{"kind"})
)

// draft is a message on its way out.
type draft struct {
	message *Message
	kind    mail.Kind
	letter  *mail.Letter
	brand   mail.Brand
	from    mail.Address
	replyTo mail.Address
	mailing shops.Mailing
}

func (s *Service) deliverTask() queue.Task {
	return queue.Task{Kind: TaskDeliver, Lane: queue.LaneMail, Timeout: 60 * time.Second, MaxAttempts: deliverAttempts, Run: s.deliver, Parked: s.parked}
}

func (s *Service) deliver(ctx context.Context, c *queue.Claim) error {
	var d *draft
	err := s.db.Read(ctx, c.Job.Shop, func(tx *store.Tx) error {
		m, err := find(tx, c.Job.Ref)
		if err != nil {
			return err
		}
		d = &draft{message: m}
		if m.State != StateWaiting && m.State != StateSending {
			return nil
		}
		if d.mailing, err = s.shops.Mailing(tx); err != nil {
			return err
		}
		if d.held(tx.Now) {
			return nil
		}
		d, err = s.prepare(ctx, tx, m)
		return err
	})
	switch reason, stop := mail.StopReason(err); {
	case stop:
		return s.end(ctx, c, d.message, StateStopped, reason)
	case errors.Is(err, errSuppressed):
		return s.end(ctx, c, d.message, StateSuppressed, problem.Of(err).Detail)
	case err != nil && !problem.Retryable(err) && d != nil:
		return s.end(ctx, c, d.message, StateFailed, queue.Reason(err))
	case err != nil:
		return err
	case d.letter == nil && d.held(s.db.Clock().Now()):
		return s.hold(ctx, c, d)
	case d.letter == nil: // settled before, by an attempt whose job we repeat
		return c.Finish(ctx, nil)
	}
	return s.send(ctx, c, d)
}

// held tells whether the message waits for its shop's mail server to be mended.
func (d *draft) held(now time.Time) bool { return now.Before(d.mailing.PausedUntil) }

var errSuppressed = problem.New(problem.Invalid, "messages.suppressed", "The address is on the list of addresses we no longer write to.")

// prepare decides, from how things stand now, whether the message may be sent
// and what it says. The draft is returned with every error that is about it.
func (s *Service) prepare(ctx context.Context, tx *store.Tx, m *Message) (*draft, error) {
	d := &draft{message: m}
	kind, ok := s.kinds[m.Kind]
	if !ok {
		return d, ErrUnknownKind
	}
	d.kind = kind
	shop, err := s.shops.Get(tx)
	if err != nil {
		return d, err
	}
	if !shop.Installed {
		return d, mail.Stop("the app was uninstalled")
	}
	settings, err := s.shops.Settings(tx)
	if err != nil {
		return d, err
	}
	if d.mailing, err = s.shops.Mailing(tx); err != nil {
		return d, err
	}
	reason, err := s.suppressed(tx, m.ToAddress, kind.Class)
	if err != nil { // a list that cannot be read says nothing about the address
		return d, err
	}
	if reason != "" {
		return d, errSuppressed.Detailf("%s", reason)
	}
	if !strings.HasPrefix(m.Ref, samplePrefix) {
		if err := declined(tx, m.ToAddress, kind); err != nil {
			return d, err
		}
	}
	letter, err := compose(ctx, tx, kind, m)
	if err != nil {
		return d, err
	}
	if letter.To.Email == "" {
		letter.To = mail.Address{Name: m.ToName, Email: m.ToAddress}
	}
	if to := normal(letter.To.Email); to != m.ToAddress && m.ToAddress != "" {
		// The order's address was corrected since: what comes back is about the new one.
		m.ToAddress = to
		if reason, err := s.suppressed(tx, to, kind.Class); err != nil {
			return d, err
		} else if reason != "" {
			return d, errSuppressed.Detailf("%s", reason)
		}
	}
	if letter.Locale == "" {
		letter.Locale = m.Locale
	}
	letter.MessageRef = m.ID
	d.letter, d.brand = letter, mail.Brand{Accent: settings.AccentColor}
	d.from, d.replyTo, err = sender(d.mailing.From, settings)
	if letter.ReplyTo.Email != "" {
		d.replyTo = letter.ReplyTo
	}
	return d, err
}

// render lays the letter out. If what the merchant wrote fails, the shopper gets
// our own form of the mail all the same, and fallback says why.
func (s *Service) render(ctx context.Context, d *draft) (r *mail.Rendered, fallback string, err error) {
	r, err = s.renderer.Render(ctx, d.kind, d.letter, d.brand)
	if err == nil || !d.letter.Edited() || ctx.Err() != nil {
		return r, "", err
	}
	fallback = queue.Reason(err)
	r, err = s.renderer.Render(ctx, d.kind, d.letter.Plain(), d.brand)
	return r, fallback, err
}

// sender is who the mail comes from: the merchant's name at the address that the
// mail server may send from, and the merchant's own address for answers.
func sender(from string, v shops.Settings) (mail.Address, mail.Address, error) {
	address, err := mail.ParseAddress(from)
	if err != nil {
		return address, address, fmt.Errorf("sender's address: %w", err)
	}
	address.Name = v.SenderName
	return address, mail.Address{Email: v.ReplyTo}, nil
}

func (s *Service) send(ctx context.Context, c *queue.Claim, d *draft) error {
	m := d.message
	r, fallback, err := s.render(ctx, d)
	if err != nil {
		if problem.Retryable(err) && c.Job.Attempt < 5 {
			return err
		}
		return s.end(ctx, c, m, StateFailed, queue.Reason(err))
	}
	m.Subject, m.HTML, m.BodyText = r.Subject, r.HTML, r.Text
	m.Variant, m.VariantReason, m.Fallback = d.letter.Variant, d.letter.Why, fallback
	if fallback != "" {
		mailsTotal.WithLabelValues(m.Kind, "fallback").Inc()
	}
	m.MessageID = mail.MessageID(m.ID, d.from.Domain())
	if err := s.takeTurn(ctx, c, d); err != nil {
		return err
	}
	out := &mail.Message{Shop: m.ShopID, From: d.from, To: d.letter.To, ReplyTo: d.replyTo, Subject: m.Subject, HTML: m.HTML,
		Text: m.BodyText, MessageID: m.MessageID, Class: d.kind.Class, Date: s.db.Clock().Now(), Headers: traceable(m.ID, d.mailing.Server.Host)}
	if d.kind.Class == mail.Marketing {
		if m.State == StateSending { // tried before, and nobody knows how it went
			return s.end(ctx, c, m, StateFailed, lostMarketing)
		}
		if out.Unsubscribe, err = s.unsubscribeURL(m); err != nil {
			return s.end(ctx, c, m, StateFailed, queue.Reason(err))
		}
		if allowed, err := s.attempt(ctx, c, m); err != nil || !allowed {
			return err
		}
	}
	err = s.transport(d.mailing, m).Send(ctx, out)
	queue.CrashPoint("mail.after_send")
	return s.outcome(ctx, c, d, err)
}

const lostMarketing = "The answer of the mail server was lost; a marketing mail is not tried twice."

// transport is the shop's own mail server, or the installation's.
func (s *Service) transport(v shops.Mailing, m *Message) mail.Transport {
	if v.Own && s.outside.Servers != nil {
		return s.outside.Servers.For(m.ShopID, v.Server)
	}
	return s.out
}

// attempt puts on record that a marketing mail is on its way before it is, and
// looks once more whether the recipient still wants it: an objection counts from
// the moment it is made, for what was queued before as well.
func (s *Service) attempt(ctx context.Context, c *queue.Claim, m *Message) (allowed bool, err error) {
	var reason string
	err = c.Hold(ctx, func(tx *store.Tx) error {
		if reason, err = s.suppressed(tx, m.ToAddress, mail.Marketing); err != nil || reason != "" {
			return err
		}
		return tx.Scoped(&Message{}).Where("id = ?", m.ID).Updates(map[string]any{"state": StateSending, "attempted_at": tx.Now}).Error
	})
	if err == nil && reason != "" {
		return false, s.end(ctx, c, m, StateSuppressed, reason)
	}
	return err == nil, err
}

// outcome decides what an answer of the mail server means.
func (s *Service) outcome(ctx context.Context, c *queue.Claim, d *draft, err error) error {
	m := d.message
	var refused *mail.Refused
	switch {
	case err == nil && d.mailing.Paused != "":
		return s.endPause(ctx, c, m)
	case err == nil:
		return s.end(ctx, c, m, StateSent, "")
	case errors.Is(err, mail.ErrBusy):
		return s.busy(ctx, c, d, err)
	case d.mailing.Own && errors.Is(err, mail.ErrConfiguration):
		return s.pause(ctx, c, d, err)
	case errors.Is(err, mail.ErrConfiguration) && !s.tooLate(c, m): // a no to us, not to the mail
		s.tellOperator(ctx, c, m, err)
		return errDeferred.With(err)
	case errors.As(err, &refused) && refused.Permanent:
		return s.refused(ctx, c, m, refused)
	case errors.Is(err, mail.ErrUnknownOutcome) && d.kind.Class == mail.Marketing:
		return s.end(ctx, c, m, StateFailed, lostMarketing)
	case !problem.Retryable(err) && refused == nil:
		return s.end(ctx, c, m, StateFailed, queue.Reason(err))
	case s.tooLate(c, m):
		return s.end(ctx, c, m, StateFailed, queue.Reason(err))
	}
	s.note(ctx, c, m, queue.Reason(err), WaitNone)
	mailsTotal.WithLabelValues(m.Kind, "deferred").Inc()
	return errDeferred.With(err)
}

var errDeferred = problem.New(problem.Unavailable, "messages.deferred", "The mail server did not take the mail yet.")

// tooLate tells whether the message was tried for as long as there is a point.
func (s *Service) tooLate(c *queue.Claim, m *Message) bool {
	return c.Job.Attempt >= deliverAttempts || s.db.Clock().Now().Sub(m.base()) >= deliverFor
}

// tellOperator marks a mail that the installation's own mail server will not
// take from us, whoever it is to: the merchants see it at once, and whoever runs
// the installation finds it in the log and the metrics.
func (s *Service) tellOperator(ctx context.Context, c *queue.Claim, m *Message, cause error) {
	s.note(ctx, c, m, problem.Of(cause).Detail, WaitOperator)
	mailsTotal.WithLabelValues(m.Kind, "refused_by_server").Inc()
	if c.Job.Attempt == 1 {
		s.outside.Log.Error("the mail server at MAIL_URL does not take mails from us", "reason", queue.Reason(cause))
	}
}

// refused ends a message that the mail server will never take; when the reason
// is the mailbox itself, nobody writes there again.
func (s *Service) refused(ctx context.Context, c *queue.Claim, m *Message, r *mail.Refused) error {
	if !r.Mailbox {
		return s.end(ctx, c, m, StateFailed, r.Error())
	}
	mailsTotal.WithLabelValues(m.Kind, "bounced").Inc()
	return c.Finish(ctx, func(tx *store.Tx) error {
		if _, err := suppress(tx, suppression{Address: m.ToAddress, Scope: ScopeAll, Source: SourceRefused, MessageID: m.ID,
			Reason: fmt.Sprintf("%s (%d)", sourceWords[SourceRefused], r.Code)}); err != nil {
			return err
		}
		return settle(tx, m, StateFailed, r.Error())
	})
}

// note puts a failed attempt on the message's history. That it cannot be written
// is no reason to fail the attempt once more.
func (s *Service) note(ctx context.Context, c *queue.Claim, m *Message, detail string, waits Wait) {
	_ = c.Hold(ctx, func(tx *store.Tx) error {
		if err := tx.Scoped(&Message{}).Where("id = ?", m.ID).Updates(map[string]any{"state": StateWaiting, "reason": detail, "attempts": c.Job.Attempt, "attempted_at": tx.Now,
			"not_before": nil, "waits_for": waits}).Error; err != nil {
			return err
		}
		return record(tx, m.ID, StateWaiting, detail)
	})
}

// endPause is the end of a mail that went out although its shop's server would
// not have us before: the others may follow.
func (s *Service) endPause(ctx context.Context, c *queue.Claim, m *Message) error {
	mailsTotal.WithLabelValues(m.Kind, string(StateSent)).Inc()
	return c.Finish(ctx, func(tx *store.Tx) error {
		if err := settle(tx, m, StateSent, ""); err != nil {
			return err
		}
		return resume(tx)
	})
}

func (s *Service) end(ctx context.Context, c *queue.Claim, m *Message, state State, detail string) error {
	err := c.Finish(ctx, func(tx *store.Tx) error { return settle(tx, m, state, detail) })
	if err != nil {
		return err
	}
	mailsTotal.WithLabelValues(m.Kind, string(state)).Inc()
	if state == StateSent && m.ResendOf == "" {
		mailDelay.WithLabelValues(m.Kind).Observe(max(0, s.db.Clock().Now().Sub(m.CausedAt).Seconds()))
	}
	return nil
}

// retention is the schedule that forgets what old mails said.
func retention() queue.Schedule {
	return queue.Schedule{Name: "messages.retention", Every: 6 * time.Hour, Begin: func(_ context.Context, tx *store.Tx) error {
		if err := eraseFeedback(tx, tx.Now.Add(-keepFeedback)); err != nil {
			return err
		}
		if err := eraseLifted(tx, tx.Now.Add(-liftedFor)); err != nil {
			return err
		}
		return eraseTexts(tx, tx.Now.Add(-keepTexts))
	}}
}
