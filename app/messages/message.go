package messages

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/mail"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

// State of a message; see the drawing in the package's documentation.
type State string

// The states.
const (
	StateWaiting    State = "waiting"
	StateSending    State = "sending"
	StateSent       State = "sent"
	StateStopped    State = "stopped"
	StateSuppressed State = "suppressed"
	StateFailed     State = "failed"
)

// Problems of this room.
var (
	ErrNotFound    = problem.New(problem.NotFound, "messages.not_found", "There is no such message in this shop.")
	ErrUnknownKind = problem.New(problem.Invalid, "messages.unknown_kind", "No part of this version writes this kind of mail.")
	ErrRequestID   = problem.New(problem.Invalid, "messages.request_id", "Send a request_id of 8 to 64 letters, digits or dashes, so that repeating the request sends one mail only.")
)

// Service is the room.
type Service struct {
	db       *store.DB
	shops    *shops.Service
	renderer *mail.Renderer
	out      mail.Transport
	kinds    map[string]mail.Kind
	tests    *web.Limiter
	outside  Outside
}

// Outside is what mails need beside a transport: addresses in them, shops' own
// servers, and a key for addresses that were erased.
type Outside struct {
	Links   *web.Links
	AppURL  string
	Servers *mail.Servers // nil: there are none, and everything leaves by the transport
	Keys    [][]byte      // for the hashes of erased addresses; the newest first
	Log     *slog.Logger
}

// UseOutside gives the room its way out. It must come before the first mail.
func (s *Service) UseOutside(o Outside) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s.outside = o
}

// New returns the room; out is how mails leave.
func New(db *store.DB, shops *shops.Service, renderer *mail.Renderer, out mail.Transport) *Service {
	s := &Service{db: db, shops: shops, renderer: renderer, out: out, kinds: map[string]mail.Kind{},
		tests: web.NewLimiter(testPerSecond, 10, nil)}
	s.UseOutside(Outside{})
	return s
}

// Register makes a kind of mail known.
func (s *Service) Register(kinds ...mail.Kind) {
	for _, k := range kinds {
		s.kinds[k.Name] = k
	}
}

// Request asks for a message.
type Request struct {
	Kind       string
	Once       string // at most one message of the kind with this key, ever
	Ref        string // what the kind composes it from
	To, ToName string
	Locale     string
	OrderID    int64
	OrderName  string
	CustomerID int64
	CausedAt   time.Time // when what it tells about happened; zero is now
}

// Send writes a message and the job that delivers it, in the caller's
// transaction. With a once-key that was used before it does nothing.
func Send(tx *store.Tx, r Request) error {
	m := &Message{ID: ids.New("msg"), ShopID: tx.Shop, Kind: r.Kind, Once: r.Once, Ref: r.Ref, OrderID: r.OrderID, OrderName: r.OrderName,
		CustomerID: r.CustomerID, ToAddress: normal(r.To), ToName: r.ToName, Locale: r.Locale, State: StateWaiting,
		CausedAt: r.CausedAt, CreatedAt: tx.Now}
	if m.CausedAt.IsZero() {
		m.CausedAt = tx.Now
	}
	_, err := write(tx, m)
	return err
}

// samplePrefix marks a message that shows a made-up order.
const samplePrefix = "sample:"

// sendSample writes a message that shows a kind with the example of that name,
// or its first sample.
func (s *Service) sendSample(tx *store.Tx, kind, name, to string) (string, error) {
	k, ok := s.kinds[kind]
	if !ok || len(k.Samples) == 0 {
		return "", ErrUnknownKind
	}
	shop, err := s.shops.Get(tx)
	if err != nil {
		return "", err
	}
	if name == "" {
		name = k.Samples[0].Name
	}
	id := ids.New("msg")
	_, err = write(tx, &Message{ID: id, ShopID: tx.Shop, Kind: kind, Once: "test:" + id, Ref: samplePrefix + name,
		ToAddress: normal(to), Locale: shop.Locale, State: StateWaiting, CausedAt: tx.Now, CreatedAt: tx.Now})
	return id, err
}

// compose gathers what the message says: of its order, or of a sample.
func compose(ctx context.Context, tx *store.Tx, kind mail.Kind, m *Message) (*mail.Letter, error) {
	name, sample := strings.CutPrefix(m.Ref, samplePrefix)
	if !sample {
		return kind.Compose(ctx, tx, m.Ref)
	}
	if kind.Example != nil {
		letter, err := kind.Example(ctx, tx, name)
		if err != nil {
			return nil, err
		}
		letter.To = mail.Address{Email: m.ToAddress}
		return letter, nil
	}
	for _, s := range kind.Samples {
		if s.Name == name {
			letter := s.Letter
			letter.To = mail.Address{Email: m.ToAddress}
			return &letter, nil
		}
	}
	return nil, ErrUnknownKind
}

func write(tx *store.Tx, m *Message) (bool, error) {
	wrote, err := insert(tx, m)
	if err != nil {
		return false, fmt.Errorf("write message %s: %w", m.Kind, err)
	}
	if !wrote {
		return false, nil
	}
	return true, queue.Enqueue(tx, queue.Request{Kind: TaskDeliver, Ref: m.ID})
}

// Resend sends what a message tells about once more, as things stand now, to the
// address it went to. The same requestID always gives the same new message.
func (s *Service) Resend(ctx context.Context, shop ids.Shop, id, requestID string) (*Message, error) {
	if !validRequestID(requestID) {
		return nil, ErrRequestID
	}
	var again *Message
	err := s.db.InTx(ctx, shop, func(tx *store.Tx) error {
		m, err := find(tx, id)
		if err != nil {
			return err
		}
		once := "resend:" + requestID
		again = &Message{ID: ids.New("msg"), ShopID: tx.Shop, Kind: m.Kind, Once: once, Ref: m.Ref, OrderID: m.OrderID, OrderName: m.OrderName,
			CustomerID: m.CustomerID, ToAddress: m.ToAddress, ToName: m.ToName, Locale: m.Locale, State: StateWaiting, ResendOf: m.ID,
			CausedAt: tx.Now, CreatedAt: tx.Now}
		wrote, err := write(tx, again)
		if err != nil || wrote {
			return err
		}
		again, err = findOnce(tx, m.Kind, once)
		return err
	})
	return again, err
}

func validRequestID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return true
}

// Preview is a mail as it was sent or, while it was not, as it would be now.
type Preview struct {
	Subject, HTML, Text string
	Locale              string
	Live                bool // not sent yet, or its text was erased after its time
}

// Preview shows a message. A message that would not be sent returns the problem
// that says why.
func (s *Service) Preview(ctx context.Context, shop ids.Shop, id string) (p Preview, err error) {
	err = s.db.Read(ctx, shop, func(tx *store.Tx) error {
		m, err := find(tx, id)
		if err != nil {
			return err
		}
		if m.HTML != "" {
			p = Preview{m.Subject, m.HTML, m.BodyText, m.Locale, false}
			return nil
		}
		d, err := s.prepare(ctx, tx, m)
		if reason, stop := mail.StopReason(err); stop {
			return problem.New(problem.Conflict, "messages.would_not_be_sent", "This mail would not be sent: "+reason+".")
		}
		if err != nil {
			return err
		}
		r, _, err := s.render(ctx, d)
		if err != nil {
			return err
		}
		p = Preview{r.Subject, r.HTML, r.Text, string(r.Locale), true}
		return nil
	})
	return p, err
}

// onUninstalled stops what is still waiting.
func (s *Service) onUninstalled(_ context.Context, tx *store.Tx, _ queue.Job) error {
	shop, err := s.shops.Get(tx)
	if err != nil && !errors.Is(err, shops.ErrNotInstalled) {
		return err
	}
	if err == nil && shop.Installed {
		return nil // installed again before this was heard
	}
	_, err = stopAll(tx, "the app was uninstalled")
	return err
}
