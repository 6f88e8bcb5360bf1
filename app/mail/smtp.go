package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// SMTPOptions tunes the transport; the zero value is right for most servers.
type SMTPOptions struct {
	Connections int           // at most, and kept; default 10
	IdleTimeout time.Duration // a connection not used for so long is closed; default 30 s
	Timeout     time.Duration // of one mail where the context has none; default 30 s
	MaxMails    int           // over one connection, because servers have their limits; default 100
	TLS         *tls.Config   // default: the system's authorities
	HELO        string        // default: this machine's name
	// Dial makes the connections; default: a plain dialer. See outbound.Guard.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Hurried refuses a mail with ErrBusy when all connections are in use, instead
	// of letting its worker wait.
	Hurried bool
}

// SMTP sends over a mail server and keeps its connections. Each mail is four
// round trips: MAIL, RCPT, DATA and the text.
type SMTP struct {
	server  server
	options SMTPOptions
	slots   chan struct{} // one for each connection in use

	mu     sync.Mutex
	idle   []*connection // the one used last at the end
	sweep  *time.Timer
	closed bool
	stats  SMTPStats
}

// SMTPStats counts what the transport did.
type SMTPStats struct{ Dials, Mails, Reuses int }

// connection is one session with the server.
type connection struct {
	client *smtp.Client
	net    net.Conn
	used   time.Time
	mails  int
}

// NewSMTP returns a transport for smtp://user:password@host:port, which encrypts
// when the server offers to, or smtps://, which always does. "?tls=required"
// makes the first refuse a server without encryption. It does not connect yet.
// Errors never repeat the password.
func NewSMTP(address string, options ...SMTPOptions) (*SMTP, error) {
	var o SMTPOptions
	if len(options) > 0 {
		o = options[0]
	}
	where, err := parseServer(address, o)
	if err != nil {
		return nil, err
	}
	return newSMTP(where, o), nil
}

func newSMTP(where server, o SMTPOptions) *SMTP {
	if o.Connections <= 0 {
		o.Connections = 10
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = 30 * time.Second
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxMails <= 0 {
		o.MaxMails = 100
	}
	return &SMTP{server: where, options: o, slots: make(chan struct{}, o.Connections)}
}

// Send hands one message to the server; see Transport.
func (s *SMTP) Send(ctx context.Context, m *Message) error {
	body, err := m.Bytes()
	if err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer func() { <-s.slots }()
	for {
		c, fresh, err := s.connect(ctx)
		if err != nil {
			return err
		}
		begun, err := c.deliver(ctx, s.options.Timeout, m, body)
		s.release(c, err)
		// A kept connection may have been closed by the server meanwhile. If it
		// failed before the message was begun, another one may try.
		if err == nil || fresh || begun || !errors.Is(err, ErrUnreachable) || ctx.Err() != nil {
			return err
		}
	}
}

// enter takes one of the places for connections.
func (s *SMTP) enter(ctx context.Context) error {
	select {
	case s.slots <- struct{}{}:
		return nil
	default:
	}
	if s.options.Hurried {
		return ErrBusy
	}
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ErrUnreachable.With(ctx.Err())
	}
}

// Try connects, logs in and asks whether a mail from one address to the other
// would be taken, and takes the question back. Nothing is sent.
func (s *SMTP) Try(ctx context.Context, from, to Address) error {
	for _, a := range []Address{from, to} {
		if err := a.check(); err != nil {
			return err
		}
	}
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	c.net.SetDeadline(time.Now().Add(s.options.Timeout))
	if err := c.client.Mail("<" + from.Email + ">"); err != nil {
		return answer(err, false)
	}
	if err := c.client.Rcpt("<" + to.Email + ">"); err != nil {
		return answer(err, true)
	}
	return c.reset()
}

// Ping connects, greets and logs in, and tells what is wrong. It sends nothing.
func (s *SMTP) Ping(ctx context.Context) error {
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	c.close()
	return nil
}

// Stats returns the counts so far.
func (s *SMTP) Stats() SMTPStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Close closes the kept connections. Mails on their way are not cut off.
func (s *SMTP) Close() error {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	if s.sweep != nil {
		s.sweep.Stop()
	}
	s.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
	return nil
}

// connect takes a kept connection or makes one.
func (s *SMTP) connect(ctx context.Context) (c *connection, fresh bool, err error) {
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		c = s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.stats.Reuses++
	}
	s.mu.Unlock()
	if c != nil {
		return c, false, nil
	}
	c, err = s.dial(ctx)
	return c, true, err
}

func (s *SMTP) dial(ctx context.Context) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	s.mu.Lock()
	s.stats.Dials++
	s.mu.Unlock()
	client, conn, err := s.server.greet(ctx)
	if err != nil {
		return nil, dialError(err)
	}
	return &connection{client: client, net: conn}, nil
}

// release keeps a connection that is still good, and closes one that is not.
func (s *SMTP) release(c *connection, err error) {
	var refused *Refused
	good := err == nil
	if errors.As(err, &refused) && refused.Code != 421 {
		good = c.reset() == nil
	}
	c.mails++
	s.mu.Lock()
	if err == nil {
		s.stats.Mails++
	}
	if !good || s.closed || c.mails >= s.options.MaxMails {
		s.mu.Unlock()
		go c.close()
		return
	}
	c.used = time.Now()
	s.idle = append(s.idle, c)
	if s.sweep == nil {
		s.sweep = time.AfterFunc(s.options.IdleTimeout, s.closeIdle)
	}
	s.mu.Unlock()
}

// closeIdle closes what was not used for a while, and comes back while there is
// anything left.
func (s *SMTP) closeIdle() {
	s.mu.Lock()
	var old []*connection
	for len(s.idle) > 0 && time.Since(s.idle[0].used) >= s.options.IdleTimeout {
		old = append(old, s.idle[0])
		s.idle = s.idle[1:]
	}
	s.sweep = nil
	if len(s.idle) > 0 && !s.closed {
		s.sweep = time.AfterFunc(s.options.IdleTimeout-time.Since(s.idle[0].used), s.closeIdle)
	}
	s.mu.Unlock()
	for _, c := range old {
		c.close()
	}
}

// deliver speaks one message. begun tells whether the server saw part of it.
func (c *connection) deliver(ctx context.Context, timeout time.Duration, m *Message, body []byte) (begun bool, err error) {
	deadline, ok := ctx.Deadline()
	if !ok || time.Until(deadline) > timeout {
		deadline = time.Now().Add(timeout)
	}
	c.net.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { c.net.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := c.client.Mail("<" + m.From.Email + ">"); err != nil {
		return false, answer(err, false)
	}
	if err := c.client.Rcpt("<" + m.To.Email + ">"); err != nil {
		return false, answer(err, true)
	}
	w, err := c.client.Data()
	if err != nil {
		return false, answer(err, true)
	}
	if _, err := w.Write(body); err != nil {
		// Without the final dot the server drops what it has.
		return true, answer(err, true)
	}
	if err := w.Close(); err != nil {
		if err := answer(err, true); !errors.Is(err, ErrUnreachable) {
			return true, err
		}
		return true, ErrUnknownOutcome.With(err)
	}
	return true, nil
}

// reset brings the session back to where a next message can begin.
func (c *connection) reset() error {
	c.net.SetDeadline(time.Now().Add(5 * time.Second))
	return c.client.Reset()
}

// close says goodbye and does not wait long for the answer.
func (c *connection) close() {
	c.net.SetDeadline(time.Now().Add(2 * time.Second))
	_ = c.client.Quit()
	_ = c.net.Close()
}

var enhancedPattern = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})(\s|$)`)

// answer makes of an error what it means: the server's answer if there was one,
// ErrUnreachable otherwise.
func answer(err error, aboutRecipient bool) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return ErrUnreachable.With(err)
	}
	r := &Refused{Code: reply.Code, Permanent: reply.Code >= 500, Text: oneLine(reply.Msg, 300)}
	if found := enhancedPattern.FindStringSubmatch(reply.Msg); found != nil {
		r.Enhanced = found[1]
	}
	// Until the recipient is named, a no is about us: every other mail gets the same.
	switch {
	case reply.Code >= 530 && reply.Code < 540:
		return ErrConfiguration.Detailf("The mail server wants a user name and a password, or does not accept these.").With(r)
	case r.Permanent && !aboutRecipient:
		return ErrConfiguration.Detailf("The mail server does not let us send from this address. Confirm the address, or its domain, with the mail provider.").With(r)
	}
	switch {
	case !r.Permanent || !aboutRecipient:
	case r.Enhanced == "": // an old server: these three speak of mailboxes
		r.Mailbox = r.Code == 550 || r.Code == 551 || r.Code == 553
	case r.Enhanced == "5.1.7", r.Enhanced == "5.1.8": // the sender's address
	default:
		r.Mailbox = strings.HasPrefix(r.Enhanced, "5.1.") || strings.HasPrefix(r.Enhanced, "5.2.")
	}
	return r
}
