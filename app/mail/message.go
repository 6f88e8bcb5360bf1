package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"afterglow/app/ids"
	"afterglow/app/problem"
)

// The problems of messages.
var (
	ErrAddress = problem.New(problem.Invalid, "mail.address_invalid", "This is not one e-mail address.")
	ErrHeader  = problem.New(problem.Invalid, "mail.header_invalid", "A line of the mail's head holds a line break or is too long.")
	ErrEmpty   = problem.New(problem.Invalid, "mail.empty", "A mail needs a subject and a text.")
)

// An Address is one mailbox, with the name shown beside it.
type Address struct {
	Name  string
	Email string
}

// String is the address as a header shows it, encoded where need be.
func (a Address) String() string { return (&mail.Address{Name: a.Name, Address: a.Email}).String() }

// ParseAddress reads exactly one address, "a@b.example" or "Name <a@b.example>".
// It returns ErrAddress for anything else, a list above all.
func ParseAddress(s string) (Address, error) {
	if broken(s) || len(s) > 512 || strings.HasSuffix(strings.TrimSpace(s), ";") { // a group is a list
		return Address{}, ErrAddress
	}
	a, err := mail.ParseAddress(s)
	if err != nil {
		return Address{}, ErrAddress
	}
	out := Address{Name: oneLine(a.Name, 120), Email: a.Address}
	return out, out.check()
}

// check makes sure that the address is one address and nothing else.
func (a Address) check() error {
	local, domain, ok := cutLast(a.Email, "@")
	switch {
	case !ok, local == "", domain == "", len(local) > 64, len(a.Email) > 254,
		broken(a.Email), !utf8.ValidString(a.Email), strings.ContainsAny(a.Email, " \t<>,;:\"()[]\\"),
		strings.Contains(local, "@"), strings.HasPrefix(domain, "."), strings.HasSuffix(domain, "."):
		return ErrAddress
	}
	if broken(a.Name) || len(a.Name) > 512 || !utf8.ValidString(a.Name) {
		return ErrHeader
	}
	parsed, err := mail.ParseAddress("<" + a.Email + ">")
	if err != nil || parsed.Address != a.Email {
		return ErrAddress
	}
	return nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// broken tells whether s could end a header early.
func broken(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\t' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029'
	})
}

// A Message is one mail to one recipient.
type Message struct {
	Shop    ids.Shop // whose mail it is; not part of what is sent
	From    Address
	To      Address
	ReplyTo Address // none when empty
	Subject string
	HTML    string
	Text    string
	// MessageID is without angle brackets; see MessageID.
	MessageID string
	Date      time.Time
	Class     Class
	// Unsubscribe is the address for one click out of mails of this sort. Only
	// marketing mails have one, and they must.
	Unsubscribe string
	// Headers are further ones; their names begin with "X-".
	Headers map[string]string
}

// MessageID is the id of a message in every attempt to send it: receivers and
// people can tell that two copies are one.
func MessageID(ref, sendingDomain string) string {
	clean := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
				return r
			}
			return -1
		}, s)
	}
	domain := strings.Trim(clean(sendingDomain), ".")
	if domain == "" {
		domain = "localhost"
	}
	return clean(ref) + "@" + domain
}

// Domain is the part of an address behind the @.
func (a Address) Domain() string {
	_, domain, _ := cutLast(a.Email, "@")
	return domain
}

// check refuses what could not be sent exactly as asked.
func (m *Message) check() error {
	for _, a := range []Address{m.From, m.To} {
		if err := a.check(); err != nil {
			return err
		}
	}
	if m.ReplyTo != (Address{}) {
		if err := m.ReplyTo.check(); err != nil {
			return err
		}
	}
	if strings.TrimSpace(m.Subject) == "" || m.HTML == "" && m.Text == "" {
		return ErrEmpty
	}
	if strings.ContainsRune(m.HTML, 0) || strings.ContainsRune(m.Text, 0) {
		return ErrHeader.Detailf("The text of the mail holds a NUL.")
	}
	id, domain, ok := cutLast(m.MessageID, "@")
	if !ok || id == "" || domain == "" || len(m.MessageID) > 200 || MessageID(id, domain) != m.MessageID {
		return ErrHeader.Detailf("The id of the mail is not of the form op@domain.")
	}
	if broken(m.Subject) || len(m.Subject) > 998 || !utf8.ValidString(m.Subject) {
		return ErrHeader
	}
	if (m.Class == Marketing) != (m.Unsubscribe != "") {
		return ErrHeader.Detailf("Marketing mails, and only they, need an address to unsubscribe.")
	}
	if m.Unsubscribe != "" && (linkable(m.Unsubscribe) == "" || !strings.HasPrefix(m.Unsubscribe, "https://") && !strings.HasPrefix(m.Unsubscribe, "http://") || strings.ContainsAny(m.Unsubscribe, "<>,")) {
		return ErrHeader.Detailf("The address to unsubscribe is not a web address.")
	}
	for name, value := range m.Headers {
		if !strings.HasPrefix(name, "X-") || strings.ContainsFunc(name, func(r rune) bool {
			return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) || broken(value) || len(value) > 900 || !utf8.ValidString(value) {
			return ErrHeader
		}
	}
	return nil
}

// build makes the MIME message. It is the only place that does.
func (m *Message) build() (*gomail.Msg, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP), gomail.WithCharset(gomail.CharsetUTF8))
	msg.FromMailAddress(&mail.Address{Name: m.From.Name, Address: m.From.Email})
	msg.ToMailAddress(&mail.Address{Name: m.To.Name, Address: m.To.Email})
	if m.ReplyTo != (Address{}) {
		msg.ReplyToMailAddress(&mail.Address{Name: m.ReplyTo.Name, Address: m.ReplyTo.Email})
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.MessageID)
	msg.SetDateWithValue(m.Date)
	sum := sha256.Sum256([]byte(m.MessageID)) // so that each attempt sends the same bytes
	msg.SetBoundary("part-" + hex.EncodeToString(sum[:16]))
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	// Out-of-office answers to a shop's mails help nobody.
	msg.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply")
	if m.Class == Marketing {
		msg.SetGenHeaderPreformatted("List-Unsubscribe", "<"+m.Unsubscribe+">")
		msg.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	for name, value := range m.Headers {
		msg.SetGenHeader(gomail.Header(name), value)
	}
	switch {
	case m.HTML == "":
		msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	case m.Text == "":
		msg.SetBodyString(gomail.TypeTextHTML, m.HTML)
	default:
		msg.SetBodyString(gomail.TypeTextPlain, m.Text)
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// Bytes is the message as it goes over the wire. It returns ErrAddress,
// ErrHeader or ErrEmpty for a message that could not go out exactly as asked.
func (m *Message) Bytes() ([]byte, error) {
	msg, err := m.build()
	if err != nil {
		return nil, fmt.Errorf("build mail %s: %w", oneLine(m.MessageID, 80), err)
	}
	var buf bytes.Buffer
	buf.Grow(len(m.HTML) + len(m.HTML)/4 + len(m.Text) + 2048)
	if _, err := msg.WriteTo(&buf); err != nil {
		return nil, fmt.Errorf("build mail %s: %w", m.MessageID, err)
	}
	return buf.Bytes(), nil
}
