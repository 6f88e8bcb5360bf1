package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"afterglow/app/problem"
)

// server is where and how to log in.
type server struct {
	host     string
	port     string
	implicit bool // TLS from the first byte
	starttls string
	tls      *tls.Config
	user     string
	password string
	helo     string
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
}

// parseServer reads the address of a mail server. Its errors never repeat the
// address, which holds the password.
func parseServer(address string, o SMTPOptions) (server, error) {
	u, err := url.Parse(address)
	if err != nil {
		return server{}, errors.New("not an address of the form smtp://user:password@host:port")
	}
	s := server{host: u.Hostname(), port: u.Port(), implicit: u.Scheme == "smtps", starttls: u.Query().Get("tls")}
	switch {
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return server{}, errors.New("the address must begin with smtp:// or smtps://")
	case s.host == "":
		return server{}, errors.New("the address has no host")
	case u.Path != "" && u.Path != "/":
		return server{}, errors.New("the address has something behind the host")
	case s.starttls != "" && s.starttls != "required" && s.starttls != "none":
		return server{}, errors.New("tls is required or none")
	}
	if s.port == "" {
		s.port = "587"
		if s.implicit {
			s.port = "465"
		}
	} else if n, err := strconv.Atoi(s.port); err != nil || n < 1 || n > 65535 {
		return server{}, errors.New("the port is not a number from 1 to 65535")
	}
	if u.User != nil {
		s.user = u.User.Username()
		s.password, _ = u.User.Password()
	}
	return s.fitOut(o), nil
}

// fitOut fills in what the options decide.
func (s server) fitOut(o SMTPOptions) server {
	if s.helo = o.HELO; s.helo == "" {
		var err error
		if s.helo, err = os.Hostname(); err != nil || s.helo == "" {
			s.helo = "localhost"
		}
	}
	if s.dial = o.Dial; s.dial == nil {
		s.dial = (&net.Dialer{}).DialContext
	}
	s.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		s.tls = o.TLS.Clone()
	}
	if s.tls.ServerName == "" {
		s.tls.ServerName = s.host
	}
	return s
}

// greet connects, encrypts and logs in. The context bounds all of it: a server
// that says nothing does not hold a worker.
func (s server) greet(ctx context.Context) (_ *smtp.Client, _ net.Conn, err error) {
	raw, err := s.dial(ctx, "tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			raw.Close()
		}
	}()
	if deadline, ok := ctx.Deadline(); ok {
		raw.SetDeadline(deadline)
	}
	var conn net.Conn = raw
	if s.implicit {
		secure := tls.Client(raw, s.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, nil, err
		}
		conn = secure
	}
	client, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return nil, nil, err
	}
	if err := client.Hello(s.helo); err != nil {
		return nil, nil, err
	}
	if err := s.encrypt(client); err != nil {
		return nil, nil, err
	}
	if s.user != "" {
		if err := s.login(client); err != nil {
			return nil, nil, err
		}
	}
	return client, raw, nil
}

var errNoSTARTTLS = errors.New("the server does not offer STARTTLS")

func (s server) encrypt(client *smtp.Client) error {
	offered, _ := client.Extension("STARTTLS")
	switch {
	case s.implicit, s.starttls == "none":
		return nil
	case offered:
		return client.StartTLS(s.tls)
	case s.starttls == "required":
		return errNoSTARTTLS
	}
	return nil
}

// login takes the best way that the server offers. A password goes in the clear
// only to this machine.
func (s server) login(client *smtp.Client) error {
	_, offered := client.Extension("AUTH")
	ways := strings.Fields(strings.ToUpper(offered))
	_, err := client.GetTLSConnectionState()
	private := err == nil || s.host == "localhost" || net.ParseIP(s.host).IsLoopback()
	for _, way := range []struct {
		name string
		auth smtp.Auth
		ok   bool
	}{
		{"SCRAM-SHA-256", smtp.ScramSHA256Auth(s.user, s.password), true},
		{"PLAIN", smtp.PlainAuth("", s.user, s.password, s.host, true), private},
		{"LOGIN", smtp.LoginAuth(s.user, s.password, s.host, true), private},
		{"CRAM-MD5", smtp.CRAMMD5Auth(s.user, s.password), true},
	} {
		if way.ok && slices.Contains(ways, way.name) {
			return client.Auth(way.auth)
		}
	}
	return fmt.Errorf("%w: it offers %q", gomail.ErrNoSupportedAuthDiscovered, offered)
}

// dialError tells a server that is away from one that will not have us. Its words
// are for the merchant; what the server said is for the log.
func dialError(err error) error {
	var reply *textproto.Error
	var certificate *tls.CertificateVerificationError
	var guarded *problem.Problem
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &reply) && reply.Code >= 530 && reply.Code < 540:
		return ErrConfiguration.Detailf("The mail server does not accept the user name and password.").With(err)
	case errors.As(err, &certificate):
		return ErrConfiguration.Detailf("The mail server shows a certificate that is not valid for its name.").With(err)
	case errors.Is(err, gomail.ErrNoSupportedAuthDiscovered):
		return ErrConfiguration.Detailf("The mail server offers no way to log in that keeps the password safe. Choose encryption, or leave user name and password empty.").With(err)
	case errors.Is(err, errNoSTARTTLS):
		return ErrConfiguration.Detailf("The mail server does not encrypt at this port. Port 465 with TLS may be the right one.").With(err)
	case errors.As(err, &plain):
		return ErrConfiguration.Detailf("The mail server does not speak TLS from the start at this port. Choose STARTTLS, usually at port 587.").With(err)
	case errors.As(err, &guarded) && !problem.Retryable(guarded):
		return ErrConfiguration.Detailf("%s", guarded.Detail).With(err)
	case errors.As(err, &guarded):
		return ErrUnreachable.Detailf("%s", guarded.Detail).With(err)
	}
	return ErrUnreachable.With(err)
}
