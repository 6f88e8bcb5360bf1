package messages

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

const (
	pageSize      = 50
	testPerSecond = 1.0 / 60 // test mails a shop may send, beyond ten at once
)

func (s *Service) routes(g *web.Group) {
	g.GET("/messages", s.getMessages, web.Needs(shops.MayReadMessages))
	g.GET("/messages/:id", s.getMessage, web.Needs(shops.MayReadMessages))
	g.GET("/messages/:id/preview", s.getPreview, web.Needs(shops.MayReadMessages))
	g.POST("/messages/:id/resend", s.postResend, web.Needs(shops.MaySendMessages))
	g.POST("/settings/sender/test", s.postTest, web.Needs(shops.MayChangeDesign))
	s.deliveryRoutes(g)
	s.suppressionRoutes(g)
}

type messageJSON struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind"`
	State     State      `json:"state"`
	To        string     `json:"to"`
	Subject   string     `json:"subject"`
	Locale    string     `json:"locale"`
	Order     *orderJSON `json:"order"`
	CreatedAt time.Time  `json:"created_at"`
	SentAt    *time.Time `json:"sent_at"`
	DelayMS   *int64     `json:"delay_ms"`
	Attempts  int        `json:"attempts"`
	Reason    *string    `json:"reason"`
	ResendOf  *string    `json:"resend_of"`

	Variant       *string `json:"variant"`
	VariantReason *string `json:"variant_reason"`
	Fallback      *string `json:"fallback"`

	WaitsFor   *string    `json:"waits_for"`   // rate, server, operator, or retry
	WaitsUntil *time.Time `json:"waits_until"` // when it is tried next
	Retryable  bool       `json:"retryable"`
}

type orderJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func toJSON(m *Message) messageJSON {
	j := messageJSON{ID: m.ID, Kind: m.Kind, State: m.State, To: m.ToAddress, Subject: m.Subject, Locale: m.Locale,
		CreatedAt: m.CreatedAt.UTC(), SentAt: m.SentAt, DelayMS: m.DelayMS, Attempts: m.Attempts, Reason: orNull(m.Reason), ResendOf: orNull(m.ResendOf),
		Variant: orNull(m.Variant), VariantReason: orNull(m.VariantReason), Fallback: orNull(m.Fallback)}
	j.WaitsFor = orNull(string(m.WaitsFor))
	if m.NotBefore != nil && m.WaitsFor != WaitNone {
		until := m.NotBefore.UTC()
		j.WaitsUntil = &until
	}
	if m.OrderID != 0 {
		j.Order = &orderJSON{strconv.FormatInt(m.OrderID, 10), m.OrderName}
	}
	return j
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

var errFilter = problem.New(problem.Invalid, "messages.filter", "This filter does not exist.")

func (s *Service) getMessages(c *web.Ctx) error {
	f := Filter{Query: c.Query("q"), State: State(c.Query("state")), Kind: c.Query("kind"), Before: c.Query("cursor"), Limit: pageSize + 1}
	switch f.State {
	case "", StateWaiting, StateSending, StateSent, StateStopped, StateSuppressed, StateFailed:
	default:
		return errFilter.WithFields(problem.Field{Field: "state", Detail: "Choose waiting, sending, sent, stopped, suppressed or failed."})
	}
	var rows []Message
	var many bool
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		rows, many, err = list(tx, f)
		return err
	})
	if err != nil {
		return err
	}
	answer := struct {
		Messages   []messageJSON `json:"messages"`
		NextCursor *string       `json:"next_cursor"`
		Many       bool          `json:"many_matches"`
	}{Messages: []messageJSON{}, Many: many}
	var shown []string
	for i := range rows {
		if i == pageSize {
			answer.NextCursor = &rows[i-1].ID
			break
		}
		answer.Messages = append(answer.Messages, toJSON(&rows[i]))
		shown = append(shown, rows[i].ID)
	}
	if err := s.shops.ReadingList(c, shown); err != nil {
		return err
	}
	return c.OK(answer)
}

type entryJSON struct {
	At     time.Time `json:"at"`
	State  State     `json:"state"`
	Detail string    `json:"detail"`
}

func (s *Service) getMessage(c *web.Ctx) error {
	var m *Message
	var entries []Entry
	var next *time.Time
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		if m, err = find(tx, c.Param("id")); err != nil {
			return err
		}
		if entries, err = history(tx, m.ID); err != nil {
			return err
		}
		next, err = nextAttempt(tx, m)
		return err
	})
	if err != nil {
		return err
	}
	detail := struct {
		messageJSON
		MessageID string            `json:"message_id"`
		Headers   map[string]string `json:"headers"`
		History   []entryJSON       `json:"history"`
	}{messageJSON: toJSON(m), MessageID: m.MessageID, Headers: map[string]string{}, History: []entryJSON{{m.CreatedAt.UTC(), StateWaiting, ""}}}
	detail.Retryable = m.State == StateFailed && m.SentAt == nil && s.kinds[m.Kind].Class != mail.Marketing
	if next != nil && detail.WaitsUntil == nil {
		retry := "retry"
		if m.WaitsFor != WaitNone {
			retry = string(m.WaitsFor)
		}
		detail.WaitsFor, detail.WaitsUntil = &retry, next
	}
	if m.MessageID != "" {
		detail.Headers["Message-ID"] = "<" + m.MessageID + ">"
		detail.Headers["To"], detail.Headers["Subject"] = m.ToAddress, m.Subject
	}
	for _, e := range entries {
		detail.History = append(detail.History, entryJSON{e.At.UTC(), e.State, e.Detail})
	}
	if err := s.shops.Reading(c, m.ID); err != nil {
		return err
	}
	return c.OK(map[string]any{"message": detail})
}

// nextAttempt is when a message that was put off is tried again.
func nextAttempt(tx *store.Tx, m *Message) (*time.Time, error) {
	if m.State != StateWaiting || m.Attempts == 0 {
		return nil, nil
	}
	jobs, err := queue.About(tx, m.ID)
	for _, j := range jobs {
		if j.Kind == TaskDeliver && j.State == queue.StateReady && j.RunAt.After(tx.Now) {
			at := j.RunAt.UTC()
			return &at, err
		}
	}
	return nil, err
}

func (s *Service) getPreview(c *web.Ctx) error {
	p, err := s.Preview(c.Context(), web.Shop(c), c.Param("id"))
	if err != nil {
		return err
	}
	if err := s.shops.Reading(c, c.Param("id")); err != nil {
		return err
	}
	tag := locale.Match(p.Locale)
	return c.OK(map[string]any{"subject": p.Subject, "html": p.HTML, "text": p.Text, "locale": string(tag), "dir": tag.Dir(), "live": p.Live})
}

func (s *Service) postResend(c *web.Ctx) error {
	var body struct {
		RequestID string `json:"request_id"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	m, err := s.Resend(c.Context(), web.Shop(c), c.Param("id"), body.RequestID)
	if err != nil {
		return err
	}
	if err := s.shops.ReadingList(c, []string{m.ID}); err != nil {
		return err
	}
	return c.Answer(http.StatusAccepted, map[string]any{"message": toJSON(m)})
}

var errTestAddress = problem.New(problem.Invalid, "messages.test_address", "Enter one e-mail address to send the test to.")

// postTest sends a mail of a kind with a made-up order, so that the merchant sees
// it in a real mailbox.
func (s *Service) postTest(c *web.Ctx) error {
	var body struct {
		To string `json:"to"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	id, err := s.Test(c.Context(), web.Shop(c), "orders.confirmation", "", body.To)
	if err != nil {
		return err
	}
	return c.Accepted(map[string]any{"id": id})
}

// Test sends one mail of a kind, with the example of that name, to an address
// that somebody typed. A shop can send only so many.
func (s *Service) Test(ctx context.Context, shop ids.Shop, kind, name, address string) (id string, err error) {
	to, err := mail.ParseAddress(address)
	if err != nil {
		return "", errTestAddress.WithFields(problem.Field{Field: "to", Detail: "Enter one e-mail address, such as you@example.com."})
	}
	if !s.tests.Allow(shop.String()) {
		return "", web.ErrLimited
	}
	err = s.db.InTx(ctx, shop, func(tx *store.Tx) (err error) {
		id, err = s.sendSample(tx, kind, name, to.Email)
		return err
	})
	return id, err
}
