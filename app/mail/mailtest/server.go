// Package mailtest is a mail server for tests and benchmarks: it speaks SMTP on
// a real socket, keeps what it gets, and can misbehave on request.
package mailtest

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"time"
)

// Faults is what goes wrong, each as a share of the mails from 0 to 1.
type Faults struct {
	Defer     float64       // 451 to RCPT: greylisting
	Reject    float64       // 554 to the text
	DropDot   float64       // the text is taken, then the connection drops without an answer
	DropEarly float64       // the connection drops in the middle of the text
	Delay     time.Duration // before each answer to a text
	// Answer, when not nil, decides about a recipient: "" takes it, anything else
	// is the answer, such as "550 5.1.1 no such user".
	Answer func(recipient string) string
	// Sender, when not empty, is the answer to MAIL.
	Sender string
	// CloseAfter drops the connection after so many mails, as busy servers do.
	CloseAfter int
}

// Received is one mail the server took.
type Received struct {
	From, To  string
	Data      []byte
	MessageID string
	At        time.Time
	Answered  bool // false when the answer was lost on purpose
}

// Server is a running mail server.
type Server struct {
	listener net.Listener
	tls      *tls.Config
	user     string
	password string

	mu       sync.Mutex
	faults   Faults
	random   *rand.Rand
	mails    []Received
	sessions int
	secure   int
	conns    map[net.Conn]bool
	discard  bool
}

// Options is how the server is set up.
type Options struct {
	Addr     string      // default 127.0.0.1:0
	TLS      *tls.Config // offers STARTTLS, or with Implicit speaks TLS at once
	Implicit bool
	User     string // asks for AUTH PLAIN or LOGIN
	Password string
	Seed     uint64 // of the faults
	Discard  bool   // count mails but do not keep their text
}

// Start runs a server until Close.
func Start(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, err
	}
	s := &Server{listener: l, tls: o.TLS, user: o.User, password: o.Password, discard: o.Discard,
		random: rand.New(rand.NewPCG(o.Seed, o.Seed+1)), conns: map[net.Conn]bool{}}
	if o.Implicit {
		s.listener = tls.NewListener(l, o.TLS)
		s.tls = nil
	}
	go s.accept()
	return s, nil
}

// Addr is host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL is the address as MAIL_URL wants it.
func (s *Server) URL() string {
	if s.user != "" {
		return "smtp://" + s.user + ":" + s.password + "@" + s.Addr()
	}
	return "smtp://" + s.Addr()
}

// Misbehave sets what goes wrong from now on.
func (s *Server) Misbehave(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// Mails returns what was taken so far.
func (s *Server) Mails() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Received(nil), s.mails...)
}

// Copies counts the mails taken by Message-ID.
func (s *Server) Copies() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]int, len(s.mails))
	for _, m := range s.mails {
		out[m.MessageID]++
	}
	return out
}

// Sessions counts the connections so far, and those of them that were encrypted.
func (s *Server) Sessions() (all, secure int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions, s.secure
}

// DropConnections closes every open connection, as a restart would.
func (s *Server) DropConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

// Close stops the server.
func (s *Server) Close() error {
	err := s.listener.Close()
	s.DropConnections()
	return err
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.sessions++
		s.conns[c] = true
		s.mu.Unlock()
		go func() {
			defer func() {
				c.Close()
				s.mu.Lock()
				delete(s.conns, c)
				s.mu.Unlock()
			}()
			(&session{server: s, conn: c}).serve()
		}()
	}
}

// fate throws the dice for one mail.
func (s *Server) fate() (f Faults, deferred, rejected, dropDot, dropEarly bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f = s.faults
	throw := func(share float64) bool { return share > 0 && s.random.Float64() < share }
	return f, throw(f.Defer), throw(f.Reject), throw(f.DropDot), throw(f.DropEarly)
}

func (s *Server) take(r Received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, r)
}

// session is one connection.
type session struct {
	server *Server
	conn   net.Conn
	in     *bufio.Reader
	out    *bufio.Writer
	secure bool
	authed bool
	from   string
	to     string
	taken  int
}

func (c *session) say(format string, args ...any) error {
	fmt.Fprintf(c.out, format+"\r\n", args...)
	return c.out.Flush()
}

func (c *session) line() (string, error) {
	line, err := c.in.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}

func (c *session) open(conn net.Conn) {
	c.conn, c.in, c.out = conn, bufio.NewReaderSize(conn, 32<<10), bufio.NewWriter(conn)
	_, c.secure = conn.(*tls.Conn)
	if c.secure {
		c.server.mu.Lock()
		c.server.secure++
		c.server.mu.Unlock()
	}
}

func (c *session) serve() {
	c.open(c.conn)
	if c.say("220 mailtest ESMTP") != nil {
		return
	}
	for {
		line, err := c.line()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		if !c.command(strings.ToUpper(verb), rest) {
			return
		}
	}
}

// command answers one command and tells whether the session goes on.
func (c *session) command(verb, rest string) bool {
	switch verb {
	case "EHLO":
		fmt.Fprintf(c.out, "250-mailtest greets %s\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n", rest)
		if c.server.tls != nil && !c.secure {
			fmt.Fprint(c.out, "250-STARTTLS\r\n")
		}
		if c.server.user != "" {
			fmt.Fprint(c.out, "250-AUTH PLAIN LOGIN\r\n")
		}
		return c.say("250 SIZE 10485760") == nil
	case "HELO", "NOOP":
		return c.say("250 fine") == nil
	case "STARTTLS":
		if c.say("220 go ahead") != nil {
			return false
		}
		conn := tls.Server(c.conn, c.server.tls)
		if conn.Handshake() != nil {
			return false
		}
		c.open(conn)
		return true
	case "AUTH":
		return c.auth(rest)
	case "MAIL":
		if c.server.user != "" && !c.authed {
			return c.say("530 5.7.0 authentication required") == nil
		}
		c.from, c.to = bracketed(rest), ""
		if f, _, _, _, _ := c.server.fate(); f.Sender != "" {
			return c.say("%s", f.Sender) == nil
		}
		return c.say("250 2.1.0 sender fine") == nil
	case "RCPT":
		return c.recipient(bracketed(rest))
	case "DATA":
		if c.to == "" {
			return c.say("503 5.5.1 no recipient") == nil
		}
		return c.data()
	case "RSET":
		c.from, c.to = "", ""
		return c.say("250 2.0.0 reset") == nil
	case "QUIT":
		c.say("221 2.0.0 bye")
		return false
	}
	return c.say("500 5.5.2 what?") == nil
}

func (c *session) auth(rest string) bool {
	way, initial, _ := strings.Cut(rest, " ")
	var user, password string
	switch strings.ToUpper(way) {
	case "PLAIN":
		b, _ := base64.StdEncoding.DecodeString(initial)
		if parts := strings.Split(string(b), "\x00"); len(parts) == 3 {
			user, password = parts[1], parts[2]
		}
	case "LOGIN":
		for i, p := range []*string{&user, &password} {
			if c.say("334 %s", base64.StdEncoding.EncodeToString([]byte([]string{"Username:", "Password:"}[i]))) != nil {
				return false
			}
			line, err := c.line()
			if err != nil {
				return false
			}
			b, _ := base64.StdEncoding.DecodeString(line)
			*p = string(b)
		}
	}
	if user != c.server.user || password != c.server.password {
		return c.say("535 5.7.8 wrong name or password") == nil
	}
	c.authed = true
	return c.say("235 2.7.0 welcome") == nil
}

func (c *session) recipient(to string) bool {
	f, deferred, _, _, _ := c.server.fate()
	if f.Answer != nil {
		if no := f.Answer(to); no != "" {
			return c.say("%s", no) == nil
		}
	}
	if deferred {
		return c.say("451 4.7.1 greylisted, try again later") == nil
	}
	if c.to != "" {
		return c.say("452 4.5.3 one recipient is enough") == nil
	}
	c.to = to
	return c.say("250 2.1.5 recipient fine") == nil
}

func (c *session) data() bool {
	f, _, rejected, dropDot, dropEarly := c.server.fate()
	if c.say("354 go on") != nil {
		return false
	}
	if dropEarly {
		io.CopyN(io.Discard, c.in, 512)
		return false
	}
	data, err := io.ReadAll(textproto.NewReader(c.in).DotReader())
	if err != nil {
		return false
	}
	if f.Delay > 0 {
		time.Sleep(f.Delay)
	}
	if rejected {
		return c.say("554 5.6.0 we do not like the text") == nil
	}
	r := Received{From: c.from, To: c.to, MessageID: header(data, "Message-ID"), At: time.Now(), Answered: !dropDot}
	if !c.server.discard {
		r.Data = data
	}
	c.server.take(r)
	c.from, c.to = "", ""
	if dropDot {
		return false
	}
	c.taken++
	if c.say("250 2.0.0 taken") != nil {
		return false
	}
	return f.CloseAfter == 0 || c.taken < f.CloseAfter
}

func bracketed(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}

// header reads one header without parsing the mail.
func header(data []byte, name string) string {
	head, _, _ := strings.Cut(string(data[:min(len(data), 4096)]), "\n\n")
	for _, line := range strings.Split(head, "\n") {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(k, name) {
			return strings.Trim(strings.TrimSpace(v), "<>")
		}
	}
	return ""
}
