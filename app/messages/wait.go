package messages

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"afterglow/app/mail"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// Wait is what a message waits for.
type Wait string

// The waits.
const (
	WaitNone   Wait = ""
	WaitRate   Wait = "rate"   // its turn, under the shop's limit
	WaitServer Wait = "server" // the merchant, whose mail server will not have us
	// WaitOperator waits for whoever runs the installation, whose mail server will
	// not have us.
	WaitOperator Wait = "operator"
)

const (
	pauseFor     = 15 * time.Minute   // before a broken server is tried once more
	pausedAtMost = 7 * 24 * time.Hour // after which a confirmation is no news
	busyFor      = time.Second
)

// errWaits is why a delivery job is not done yet; it is no failure.
var errWaits = problem.New(problem.Unavailable, "messages.waits", "The mail waits.")

// window is one of a shop's limits. A fifth of it may go at once; the rest is
// spread so that no window of that length, wherever it begins, sees more.
type window struct {
	span  time.Duration
	limit int
}

func (w window) burst() time.Duration {
	return time.Duration((w.limit+4)/5-1) * w.step()
}

func (w window) step() time.Duration {
	at := (w.limit + 4) / 5
	return w.span/time.Duration(w.limit-at+1) + 1
}

// pace is when each window is free again.
type pace struct{ minute, hour time.Time }

// turn finds when the next mail may go under the limits, and books it.
func turn(now time.Time, p pace, perMinute, perHour int) (time.Time, pace) {
	at := now
	windows := []struct {
		window
		free *time.Time
	}{{window{time.Minute, perMinute}, &p.minute}, {window{time.Hour, perHour}, &p.hour}}
	for _, w := range windows {
		if w.limit > 0 && w.free.Add(-w.burst()).After(at) {
			at = w.free.Add(-w.burst())
		}
	}
	for _, w := range windows {
		if w.limit == 0 {
			continue
		}
		if w.free.Before(at) {
			*w.free = at
		}
		*w.free = w.free.Add(w.step())
	}
	return at, p
}

// takeTurn books the message's turn. When that is later, the message waits: its
// job comes back at its time and holds up nobody else's.
func (s *Service) takeTurn(ctx context.Context, c *queue.Claim, d *draft) error {
	v := d.mailing
	if v.PerMinute == 0 && v.PerHour == 0 || d.message.WaitsFor == WaitRate {
		return nil
	}
	var at time.Time
	err := c.Hold(ctx, func(tx *store.Tx) error {
		p, err := findPace(tx)
		if err != nil {
			return err
		}
		at, p = turn(tx.Now, p, v.PerMinute, v.PerHour)
		at = at.Truncate(time.Microsecond).Add(time.Microsecond)
		if err := savePace(tx, p); err != nil || at.Sub(tx.Now) <= time.Millisecond {
			at = tx.Now
			return err
		}
		return tx.Scoped(&Message{}).Where("id = ?", d.message.ID).
			Updates(map[string]any{"not_before": at, "waits_for": WaitRate, "trying_since": at}).Error
	})
	if err == nil && at.After(s.db.Clock().Now()) {
		return queue.Later(at, errWaits.Detailf("The mail waits for its turn under the shop's sending limit."))
	}
	return err
}

// hold lets a message wait while its shop's mail server is paused.
func (s *Service) hold(ctx context.Context, c *queue.Claim, d *draft) error {
	if s.db.Clock().Now().Sub(d.message.CreatedAt) > pausedAtMost {
		return s.end(ctx, c, d.message, StateFailed, "The shop's mail server did not accept our settings for a week: "+d.mailing.Paused)
	}
	until := s.db.Clock().Now()
	err := c.Hold(ctx, func(tx *store.Tx) error {
		v, err := s.shops.Mailing(tx)
		if err != nil || !tx.Now.Before(v.PausedUntil) { // mended in the meantime
			return err
		}
		until = v.PausedUntil
		return holdBack(tx, d.message, until, v.Paused)
	})
	if err != nil {
		return err
	}
	return queue.Later(until, errWaits.Detailf("The mail waits until the shop's mail server accepts its settings."))
}

func holdBack(tx *store.Tx, m *Message, until time.Time, why string) error {
	if err := tx.Scoped(&Message{}).Where("id = ?", m.ID).Updates(map[string]any{"state": StateWaiting, "not_before": until, "waits_for": WaitServer,
		"trying_since": tx.Now, "reason": why}).Error; err != nil || m.WaitsFor == WaitServer {
		return err
	}
	return record(tx, m.ID, StateWaiting, why)
}

// pause stops the shop's queue because its server will not have us. What it
// answered costs no mail an attempt.
func (s *Service) pause(ctx context.Context, c *queue.Claim, d *draft, cause error) error {
	why := problem.Of(cause).Detail
	until := s.db.Clock().Now().Add(pauseFor)
	err := c.Hold(ctx, func(tx *store.Tx) error {
		now, err := s.shops.Mailing(tx)
		if err != nil {
			return err
		}
		if now.Own && now.Server == d.mailing.Server { // and not mended in the meantime
			if err := shops.PauseMail(tx, why, until); err != nil {
				return err
			}
		} else {
			until = tx.Now
		}
		return holdBack(tx, d.message, until, why)
	})
	if err != nil {
		return err
	}
	mailsTotal.WithLabelValues(d.message.Kind, "paused").Inc()
	return queue.Later(until, errWaits.With(cause))
}

// letGo lets everything that waits go on: limits changed, or the server works.
func letGo(tx *store.Tx) error {
	if err := tx.Scoped(&Message{}).Where("state = ? AND waits_for <> ''", StateWaiting).
		Updates(map[string]any{"not_before": nil, "waits_for": WaitNone, "reason": ""}).Error; err != nil {
		return err
	}
	if err := dropPace(tx); err != nil {
		return err
	}
	_, err := queue.Hasten(tx, TaskDeliver, "")
	return err
}

// resume ends a pause and lets everything go on.
func resume(tx *store.Tx) error {
	if ended, err := shops.ResumeMail(tx); err != nil || !ended {
		return err
	}
	return letGo(tx)
}

// onMailChanged follows the merchant's new settings. When the server has refused
// these as well by now, what waits for it waits on: letting it go would only hide why.
func (s *Service) onMailChanged(_ context.Context, tx *store.Tx, _ queue.Job) error {
	v, err := s.shops.Mailing(tx)
	if err != nil || tx.Now.Before(v.PausedUntil) {
		return err
	}
	return letGo(tx)
}

// busy lets a mail come back when a connection is free.
func (s *Service) busy(ctx context.Context, c *queue.Claim, d *draft, cause error) error {
	if d.kind.Class == mail.Marketing {
		if err := c.Hold(ctx, func(tx *store.Tx) error { return untry(tx, d.message.ID) }); err != nil {
			return err
		}
	}
	return queue.Later(s.db.Clock().Now().Add(busyFor+rand.N(busyFor)), cause)
}

// untry takes back that a marketing mail is on its way: it certainly is not.
func untry(tx *store.Tx, id string) error {
	return tx.Scoped(&Message{}).Where("id = ? AND state = ?", id, StateSending).Updates(map[string]any{"state": StateWaiting}).Error
}

// base is since when a message is being tried.
func (m *Message) base() time.Time {
	if m.TryingSince != nil && m.TryingSince.After(m.CreatedAt) {
		return *m.TryingSince
	}
	return m.CreatedAt
}

var errNotFailed = problem.New(problem.Conflict, "messages.not_failed", "Only a mail that could not be delivered can be tried again.")

// Retry tries a mail again that was given up. A marketing mail is not: nobody
// knows whether it went out.
func (s *Service) retry(tx *store.Tx, id string) (*Message, error) {
	m, err := find(tx, id)
	if err != nil {
		return nil, err
	}
	if m.State != StateFailed || m.SentAt != nil || s.kinds[m.Kind].Class == mail.Marketing {
		return nil, errNotFailed
	}
	if _, err := queue.Stop(tx, TaskDeliver, id, "tried again"); err != nil {
		return nil, err
	}
	u := tx.Scoped(&Message{}).Where("id = ? AND state = ?", id, StateFailed).
		Updates(map[string]any{"state": StateWaiting, "reason": "", "trying_since": tx.Now, "not_before": nil, "waits_for": WaitNone})
	if u.Error == nil && u.RowsAffected == 0 {
		return nil, errNotFailed
	}
	if err := errors.Join(u.Error, record(tx, id, StateWaiting, "tried again by the shop")); err != nil {
		return nil, err
	}
	m.State, m.Reason = StateWaiting, ""
	return m, queue.Enqueue(tx, queue.Request{Kind: TaskDeliver, Ref: id})
}

// parked writes at the message that its job was given up.
func (s *Service) parked(tx *store.Tx, job queue.Job, reason string) error {
	m, err := find(tx, job.Ref)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil || m.State != StateWaiting && m.State != StateSending {
		return err
	}
	if err := tx.Scoped(&Message{}).Where("id = ?", m.ID).Updates(map[string]any{"state": StateFailed, "reason": reason, "attempts": job.Attempt, "not_before": nil, "waits_for": WaitNone}).Error; err != nil {
		return err
	}
	return record(tx, m.ID, StateFailed, reason)
}
