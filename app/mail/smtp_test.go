package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"

	"afterglow/app/mail"
	"afterglow/app/mail/mailtest"
	"afterglow/app/problem"
)

func sink(t testing.TB, o mailtest.Options) *mailtest.Server {
	t.Helper()
	s, err := mailtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func transport(t testing.TB, url string, o mail.SMTPOptions) *mail.SMTP {
	t.Helper()
	s, err := mail.NewSMTP(url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func letterTo(to, id string) *mail.Message {
	return &mail.Message{
		From: mail.Address{Name: "Lumen & Loom", Email: "orders@shop.example"}, To: mail.Address{Email: to},
		Subject: "Order #1042 confirmed", HTML: "<p>Thank you</p>", Text: "Thank you\n",
		MessageID: mail.MessageID(id, "shop.example"), Date: time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC),
	}
}

func TestSMTPKeepsConnections(t *testing.T) {
	server := sink(t, mailtest.Options{})
	s := transport(t, server.URL(), mail.SMTPOptions{Connections: 3})
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			if err := s.Send(t.Context(), letterTo("a@b.example", fmt.Sprint("op", i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(server.Mails()); n != 60 {
		t.Errorf("%d mails arrived", n)
	}
	if all, _ := server.Sessions(); all > 3 {
		t.Errorf("%d connections for 60 mails", all)
	}
	got := server.Mails()[0]
	if got.From != "orders@shop.example" || got.To != "a@b.example" || !strings.HasSuffix(got.MessageID, "@shop.example") {
		t.Errorf("envelope %+v", got)
	}
}

func TestSMTPClosesIdleConnections(t *testing.T) {
	server := sink(t, mailtest.Options{})
	s := transport(t, server.URL(), mail.SMTPOptions{IdleTimeout: 30 * time.Millisecond})
	for i := range 2 {
		if err := s.Send(t.Context(), letterTo("a@b.example", fmt.Sprint("op", i))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(150 * time.Millisecond)
	}
	if st := s.Stats(); st.Dials != 2 || st.Reuses != 0 {
		t.Errorf("%+v", st)
	}
}

// A server may close a kept connection whenever it likes; no mail notices.
func TestSMTPSurvivesClosedConnections(t *testing.T) {
	server := sink(t, mailtest.Options{})
	s := transport(t, server.URL(), mail.SMTPOptions{Connections: 4})
	for i := range 40 {
		if i%5 == 0 {
			server.DropConnections()
		}
		if err := s.Send(t.Context(), letterTo("a@b.example", fmt.Sprint("op", i))); err != nil {
			t.Fatalf("mail %d: %v", i, err)
		}
	}
	server.Misbehave(mailtest.Faults{CloseAfter: 3})
	for i := range 20 {
		if err := s.Send(t.Context(), letterTo("a@b.example", fmt.Sprint("more", i))); err != nil {
			t.Fatalf("mail %d: %v", i, err)
		}
	}
	if n := len(server.Mails()); n != 60 {
		t.Errorf("%d mails", n)
	}
}

func TestSMTPAnswers(t *testing.T) {
	for _, c := range []struct {
		name, answer                string
		permanent, mailbox, refused bool
	}{
		{"unknown user", "550 5.1.1 no such user", true, true, true},
		{"bad domain", "550 5.1.2 no such domain", true, true, true},
		{"mailbox disabled", "550 5.2.1 mailbox disabled", true, true, true},
		{"mailbox full", "552 5.2.2 mailbox full", true, true, true},
		{"policy", "550 5.7.1 not allowed", true, false, true},
		{"our sender is wrong", "550 5.1.8 bad sender", true, false, true},
		{"old server, unknown user", "550 no such user", true, true, true},
		{"old server, something else", "554 go away", true, false, true},
		{"greylisting", "451 4.7.1 later", false, false, true},
		{"mailbox full for now", "452 4.2.2 mailbox full", false, false, true},
		{"server goes down", "421 4.3.2 shutting down", false, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := sink(t, mailtest.Options{})
			server.Misbehave(mailtest.Faults{Answer: func(string) string { return c.answer }})
			s := transport(t, server.URL(), mail.SMTPOptions{Connections: 1})
			err := s.Send(t.Context(), letterTo("jane.doe@b.example", "op"))
			var refused *mail.Refused
			if !errors.As(err, &refused) || refused.Permanent != c.permanent || refused.Mailbox != c.mailbox {
				t.Fatalf("%#v", err)
			}
			if problem.Retryable(err) == c.permanent {
				t.Errorf("retryable: %v", problem.Retryable(err))
			}
			if strings.Contains(err.Error(), "jane.doe") {
				t.Error("the error tells the address")
			}
			// The session goes on with the next mail.
			server.Misbehave(mailtest.Faults{})
			if err := s.Send(t.Context(), letterTo("b@b.example", "op2")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSMTPLostAnswer(t *testing.T) {
	server := sink(t, mailtest.Options{})
	s := transport(t, server.URL(), mail.SMTPOptions{})
	server.Misbehave(mailtest.Faults{DropDot: 1})
	if err := s.Send(t.Context(), letterTo("a@b.example", "op")); !errors.Is(err, mail.ErrUnknownOutcome) {
		t.Fatalf("%v", err)
	}
	if n := len(server.Mails()); n != 1 {
		t.Errorf("%d mails: an unknown outcome must not be tried again by the transport", n)
	}
	server.Misbehave(mailtest.Faults{DropEarly: 1})
	long := letterTo("a@b.example", "op2")
	long.HTML = strings.Repeat("<p>long</p>\n", 200_000)
	if err := s.Send(t.Context(), long); err == nil || len(server.Mails()) != 1 {
		t.Fatalf("%v, %d mails", err, len(server.Mails()))
	}
	server.Misbehave(mailtest.Faults{Reject: 1})
	var refused *mail.Refused
	if err := s.Send(t.Context(), letterTo("a@b.example", "op3")); !errors.As(err, &refused) || !refused.Permanent || refused.Mailbox {
		t.Fatalf("%v", err)
	}
}

func TestSMTPObeysTheContext(t *testing.T) {
	server := sink(t, mailtest.Options{})
	s := transport(t, server.URL(), mail.SMTPOptions{Connections: 1})
	server.Misbehave(mailtest.Faults{Delay: 3 * time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := s.Send(ctx, letterTo("a@b.example", "op"))
	if !errors.Is(err, mail.ErrUnknownOutcome) {
		t.Errorf("the text was complete, so the outcome is unknown: %v", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
	// A server that greets nobody does not hold a worker for ever.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	mute := transport(t, "smtp://"+silent.Addr().String(), mail.SMTPOptions{Timeout: 100 * time.Millisecond})
	start = time.Now()
	if err := mute.Send(t.Context(), letterTo("a@b.example", "op")); !errors.Is(err, mail.ErrUnreachable) || time.Since(start) > 2*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	gone := transport(t, "smtp://127.0.0.1:1", mail.SMTPOptions{})
	if err := gone.Send(t.Context(), letterTo("a@b.example", "op")); !errors.Is(err, mail.ErrUnreachable) {
		t.Errorf("%v", err)
	}
}

func certificate(t *testing.T) (serverSide, clientSide *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mailtest"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, _ := x509.ParseCertificate(der)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}
}

func TestSMTPEncryptsAndLogsIn(t *testing.T) {
	serverSide, clientSide := certificate(t)
	starttls := sink(t, mailtest.Options{TLS: serverSide, User: "shop", Password: "s3cret"})
	implicit := sink(t, mailtest.Options{TLS: serverSide, Implicit: true, User: "shop", Password: "s3cret"})
	for _, c := range []struct {
		name, url string
		tls       *tls.Config
		want      error
	}{
		{"STARTTLS", starttls.URL(), clientSide, nil},
		{"TLS at once", strings.Replace(implicit.URL(), "smtp:", "smtps:", 1), clientSide, nil},
		{"wrong password", strings.Replace(starttls.URL(), "s3cret", "wrong", 1), clientSide, mail.ErrConfiguration},
		{"unknown certificate", starttls.URL(), nil, mail.ErrConfiguration},
		{"no encryption where it is required", sink(t, mailtest.Options{}).URL() + "?tls=required", nil, mail.ErrConfiguration},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := transport(t, c.url, mail.SMTPOptions{TLS: c.tls})
			if err := s.Ping(t.Context()); !errors.Is(err, c.want) {
				t.Fatalf("check: %v", err)
			}
			err := s.Send(t.Context(), letterTo("a@b.example", "op"))
			if !errors.Is(err, c.want) {
				t.Fatalf("%v", err)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Error("the error tells the password")
			}
		})
	}
	for _, s := range []*mailtest.Server{starttls, implicit} {
		if _, secure := s.Sessions(); secure == 0 {
			t.Error("nothing was encrypted")
		}
	}
}

func TestNewSMTPRefuses(t *testing.T) {
	for _, bad := range []string{"", "smtp://", "http://mail.example", "smtp://:25", "smtp://h:0", "smtp://h:99999", "smtp://h/path", "smtp://h?tls=maybe", "smtp://user:p%ZZw@h"} {
		if _, err := mail.NewSMTP(bad, mail.SMTPOptions{}); err == nil {
			t.Errorf("%q is accepted", bad)
		} else if strings.Contains(err.Error(), "p%ZZw") {
			t.Errorf("%q: the error tells the password", bad)
		}
	}
}

// R10, for the transport: greylisting and lost answers; the caller tries again
// with the same Message-ID until it is told yes.
func TestSMTPUnderFaults(t *testing.T) {
	server := sink(t, mailtest.Options{Seed: 7})
	server.Misbehave(mailtest.Faults{Defer: 0.2, DropDot: 0.05, DropEarly: 0.02})
	s := transport(t, server.URL(), mail.SMTPOptions{Connections: 10})
	mails := 2000
	if os.Getenv("FULL") != "" {
		mails = 10_000
	}
	var lost atomic.Int64
	var wg sync.WaitGroup
	next := make(chan int)
	for range 10 {
		wg.Go(func() {
			for i := range next {
				m := letterTo("a@b.example", fmt.Sprint("op", i))
				for {
					err := s.Send(t.Context(), m)
					if err == nil {
						break
					}
					if errors.Is(err, mail.ErrUnknownOutcome) {
						lost.Add(1)
					} else if !problem.Retryable(err) {
						t.Errorf("mail %d: %v", i, err)
						break
					}
				}
			}
		})
	}
	for i := range mails {
		next <- i
	}
	close(next)
	wg.Wait()
	copies, extra := server.Copies(), 0
	for _, n := range copies {
		extra += n - 1
	}
	if len(copies) != mails {
		t.Errorf("%d of %d mails arrived", len(copies), mails)
	}
	if int64(extra) > lost.Load() {
		t.Errorf("%d copies too many for %d lost answers", extra, lost.Load())
	}
	t.Logf("%d mails, %d lost answers, %d second copies", mails, lost.Load(), extra)
}

const benchMails = 10

// The transport with ten kept connections.
func BenchmarkSMTP(b *testing.B) {
	server := sink(b, mailtest.Options{Discard: true})
	s := transport(b, server.URL(), mail.SMTPOptions{Connections: benchMails, MaxMails: 1 << 30})
	out := rendered(b, "en", "full")
	b.SetParallelism(max(1, benchMails/runtime.GOMAXPROCS(0)))
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			m := letterTo("a@b.example", fmt.Sprint("op", i))
			m.HTML, m.Text = out.HTML, out.Text
			if err := s.Send(b.Context(), m); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}

// The yardstick: ten bare go-mail clients, each sending over its one connection.
func BenchmarkGoMailLoop(b *testing.B) {
	server := sink(b, mailtest.Options{Discard: true})
	host, port, _ := net.SplitHostPort(server.Addr())
	number, _ := net.LookupPort("tcp", port)
	out := rendered(b, "en", "full")
	b.SetParallelism(max(1, benchMails/runtime.GOMAXPROCS(0)))
	b.RunParallel(func(pb *testing.PB) {
		c, err := gomail.NewClient(host, gomail.WithPort(number), gomail.WithTLSPolicy(gomail.NoTLS))
		if err == nil {
			err = c.DialWithContext(b.Context())
		}
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		for pb.Next() {
			m := gomail.NewMsg()
			m.From("orders@shop.example")
			m.To("a@b.example")
			m.Subject("Order #1042 confirmed")
			m.SetMessageID()
			m.SetDate()
			m.SetBodyString(gomail.TypeTextPlain, out.Text)
			m.AddAlternativeString(gomail.TypeTextHTML, out.HTML)
			if err := c.Send(m); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
