package mail

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func sampleMessage() *Message {
	return &Message{
		From: Address{Name: "Lumen & Loom", Email: "orders@shop.example"}, To: Address{Name: "نگار رضایی", Email: "negar@example.com"},
		ReplyTo: Address{Name: "Ünïcode, Inc.", Email: "help@shop.example"}, Subject: "سفارش #1042 ثبت شد",
		HTML: "<p>سپاس = ✓</p>", Text: "سپاس\n.\n", MessageID: MessageID("msg_1", "shop.example"), Date: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
	}
}

// read parses a message back with the standard library.
func read(t *testing.T, raw []byte) (*mail.Message, map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	if kind != "multipart/alternative" {
		b, _ := io.ReadAll(quotedprintable.NewReader(m.Body))
		parts[kind] = string(b)
		return m, parts
	}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextPart()
		if err == io.EOF {
			return m, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		parts[kind] = string(b)
	}
}

func decoded(t *testing.T, s string) string {
	t.Helper()
	out, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMessageReadsBack(t *testing.T) {
	in := sampleMessage()
	raw, err := in.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	m, parts := read(t, raw)
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Name != in.To.Name || to[0].Address != in.To.Email {
		t.Errorf("To %v %v", to, err)
	}
	if got := decoded(t, m.Header.Get("Subject")); got != in.Subject {
		t.Errorf("Subject %q", got)
	}
	for name, want := range map[string]string{
		"Message-Id": "<msg_1@shop.example>", "Auto-Submitted": "auto-generated", "Date": "Sat, 21 Nov 2026 12:00:00 +0000",
		"List-Unsubscribe": "", "Mime-Version": "1.0", "Bcc": "", "Cc": "", "User-Agent": "", "X-Mailer": "",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s %q", name, got)
		}
	}
	if strings.TrimRight(parts["text/html"], "\r\n") != in.HTML || strings.ReplaceAll(strings.TrimRight(parts["text/plain"], "\r\n"), "\r\n", "\n") != strings.TrimRight(in.Text, "\n") {
		t.Errorf("parts %q", parts)
	}
	again, err := in.Bytes()
	if err != nil || string(again) != string(raw) {
		t.Error("the same message is not built the same way twice")
	}
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > 998 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
}

// Marketing mails carry the one-click unsubscribe of RFC 8058, others none.
func TestMessageUnsubscribe(t *testing.T) {
	m := sampleMessage()
	m.Class, m.Unsubscribe = Marketing, "https://app.example/l/u/"+strings.Repeat("token", 30)
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got, _ := read(t, raw)
	if v := strings.NewReplacer(" ", "", "\r\n", "").Replace(got.Header.Get("List-Unsubscribe")); v != "<"+m.Unsubscribe+">" {
		t.Errorf("List-Unsubscribe %q", v)
	}
	if v := got.Header.Get("List-Unsubscribe-Post"); v != "List-Unsubscribe=One-Click" {
		t.Errorf("List-Unsubscribe-Post %q", v)
	}
	for _, bad := range []string{"", "javascript:x", "mailto:x@y.example", "https://a.example/>,<https://b.example"} {
		if m.Unsubscribe = bad; m.check() == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	m = sampleMessage()
	m.Unsubscribe = "https://app.example/u"
	if m.check() == nil {
		t.Error("a transactional mail has nothing to unsubscribe from")
	}
}

func TestMessageRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Message){
		"line break in subject":    func(m *Message) { m.Subject = "a\r\nBcc: x@y.example" },
		"line feed in subject":     func(m *Message) { m.Subject = "a\nBcc: x@y.example" },
		"NUL in subject":           func(m *Message) { m.Subject = "a\x00" },
		"unicode line break":       func(m *Message) { m.Subject = "a\u2028b" },
		"empty subject":            func(m *Message) { m.Subject = " " },
		"empty text":               func(m *Message) { m.HTML, m.Text = "", "" },
		"line break in name":       func(m *Message) { m.To.Name = "a\r\nX: y" },
		"line break in from":       func(m *Message) { m.From.Name = "a\nX: y" },
		"line break in address":    func(m *Message) { m.To.Email = "a@b.example\r\nRCPT TO:<c@d.example>" },
		"two recipients":           func(m *Message) { m.To.Email = "a@b.example, c@d.example" },
		"group":                    func(m *Message) { m.To.Email = "friends: a@b.example, c@d.example;" },
		"name in address":          func(m *Message) { m.To.Email = "A <a@b.example>" },
		"no domain":                func(m *Message) { m.To.Email = "a@" },
		"no at":                    func(m *Message) { m.To.Email = "a.b.example" },
		"two ats":                  func(m *Message) { m.To.Email = "a@b@c.example" },
		"space":                    func(m *Message) { m.To.Email = "a b@c.example" },
		"comment":                  func(m *Message) { m.To.Email = "a(x)@c.example" },
		"line break in reply-to":   func(m *Message) { m.ReplyTo.Email = "a@b.example\nX: y" },
		"line break in message id": func(m *Message) { m.MessageID = "a\n@b" },
		"angle in message id":      func(m *Message) { m.MessageID = "a>@b" },
		"no message id":            func(m *Message) { m.MessageID = "" },
		"NUL in text":              func(m *Message) { m.Text = "a\x00" },
		"foreign header":           func(m *Message) { m.Headers = map[string]string{"Bcc": "x@y.example"} },
		"line break in header":     func(m *Message) { m.Headers = map[string]string{"X-A": "b\r\nBcc: x@y.example"} },
		"line break in the name":   func(m *Message) { m.Headers = map[string]string{"X-A\r\nBcc": "x@y.example"} },
		"broken UTF-8":             func(m *Message) { m.Subject = "a\xff" },
		"long address":             func(m *Message) { m.To.Email = strings.Repeat("a", 250) + "@b.example" },
	} {
		m := sampleMessage()
		spoil(m)
		if raw, err := m.Bytes(); err == nil {
			t.Errorf("%s: accepted\n%.400s", name, raw)
		}
	}
}

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]Address{
		"a@b.example":                        {Email: "a@b.example"},
		"Jane Doe <jane@b.example>":          {Name: "Jane Doe", Email: "jane@b.example"},
		`"Doe, Jane" <j@b.example>`:          {Name: "Doe, Jane", Email: "j@b.example"},
		"=?utf-8?q?J=C3=A4n?= <j@b.example>": {Name: "Jän", Email: "j@b.example"},
		"jörg@bücher.example":                {Email: "jörg@bücher.example"},
	} {
		if got, err := ParseAddress(in); err != nil || got != want {
			t.Errorf("%q: %+v %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "a", "a@b.example,c@d.example", "a@b.example\nx", "g: a@b.example;", "<>", "a@b.example c"} {
		if got, err := ParseAddress(bad); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %+v %v", bad, got, err)
		}
	}
}

func TestMessageIDIsStable(t *testing.T) {
	if a, b := MessageID("msg_0199", "shop.example"), MessageID("msg_0199", "shop.example"); a != b || a != "msg_0199@shop.example" {
		t.Error(a, b)
	}
	if got := MessageID("a\r\n<b>", "shop.example\r\nX:"); strings.ContainsAny(got, "\r\n<>:") {
		t.Error(got)
	}
	if (Address{Email: "x@shop.example"}).Domain() != "shop.example" {
		t.Error("domain")
	}
}

// C3: whatever the inputs, the head of the mail and its recipients are as asked,
// or the message is refused.
func FuzzMessage(f *testing.F) {
	f.Add("Jane", "a@b.example", "Subject", "reply@b.example", "X value", "text")
	f.Add("J\r\nBcc: x@y.example", "a@b.example", "S", "", "v", "t")
	f.Add("نگار", "a@b.example,c@d.example", "سفارش", "r@b.example", "v", "t")
	f.Add(`"=?utf-8?q?=0D=0ABcc:_x@y.example?="`, "a@b.example", "=?utf-8?q?=0D=0A?=", "r@b.example", "v", ".")
	f.Add(strings.Repeat("x", 300), "a@b.example", strings.Repeat("ü", 300), "r@b.example", strings.Repeat("v", 300), strings.Repeat("t", 3000))
	f.Fuzz(func(t *testing.T, name, to, subject, replyTo, value, text string) {
		in := &Message{
			From: Address{Name: name, Email: "orders@shop.example"}, To: Address{Name: name, Email: to}, ReplyTo: Address{Name: name, Email: replyTo},
			Subject: subject, Text: text, HTML: text, MessageID: "op@shop.example", Date: time.Unix(1, 0), Headers: map[string]string{"X-Shop": value},
		}
		raw, err := in.Bytes()
		if err != nil {
			return
		}
		m, _ := read(t, raw)
		allowed := map[string]bool{"From": true, "To": true, "Reply-To": true, "Subject": true, "Message-Id": true, "Date": true, "Mime-Version": true,
			"Content-Type": true, "Content-Transfer-Encoding": true, "Auto-Submitted": true, "X-Auto-Response-Suppress": true, "X-Shop": true}
		for header, values := range m.Header {
			if !allowed[header] || len(values) != 1 {
				t.Fatalf("%s: %q", header, values)
			}
		}
		list, err := m.Header.AddressList("To")
		if err != nil || len(list) != 1 || list[0].Address != to {
			t.Fatalf("To %q became %v: %v", to, list, err)
		}
		if from, err := m.Header.AddressList("From"); err != nil || len(from) != 1 || from[0].Address != "orders@shop.example" {
			t.Fatalf("From %v: %v", from, err)
		}
		if utf8.ValidString(subject) && strings.TrimSpace(subject) == subject && !strings.Contains(subject, "=?") && !strings.ContainsAny(subject, "\t") && !strings.Contains(subject, "  ") {
			if got := decoded(t, m.Header.Get("Subject")); got != subject {
				t.Fatalf("Subject %q became %q", subject, got)
			}
		}
	})
}
