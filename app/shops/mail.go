package shops

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/mail"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// MailSettings are how a shop's mails leave. Without a host they leave through
// the installation's mail server, from the installation's address.
type MailSettings struct {
	Version     int           `json:"version"` // grows with each save; 0: never saved
	Host        string        `json:"host"`
	Port        int           `json:"port"`
	Security    mail.Security `json:"security"`
	User        string        `json:"user"`
	Password    *string       `json:"password"` // only inwards; nil keeps the one we have
	FromAddress string        `json:"from_address"`
	Selector    string        `json:"selector"` // of the DKIM key; empty: the usual ones are tried
	PerMinute   int           `json:"per_minute"`
	PerHour     int           `json:"per_hour"` // 0: no limit
	HookKey     string        `json:"hook_key"` // the public key that SendGrid signs its events with
}

// Mailing is what sending needs to know of a shop's settings.
type Mailing struct {
	Own         bool // through the shop's own server
	Server      mail.Server
	From        string
	PerMinute   int
	PerHour     int
	PausedUntil time.Time // zero: not paused
	Paused      string    // why
	Hook        string    // what the address for providers' events is made of; empty: none yet
	HookKey     string
}

// FactMailChanged tells that mails of the shop leave differently from now on.
const FactMailChanged = "shops.mail_changed"

// MailLimits is what the operator allows each shop, 0 being no limit.
type MailLimits struct{ PerMinute, PerHour int }

var (
	errMail     = problem.New(problem.Invalid, "shops.mail_invalid", "Some of these settings cannot be used. See the fields.")
	errPassword = "Enter the password again: a new server or user must not get the old one."
)

var (
	selectorForm = regexp.MustCompile(`\A[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?\z`)
	hostForm     = regexp.MustCompile(`\A[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?\z`)
)

// Validate brings the settings into their stored form and tells what is wrong.
func (v *MailSettings) Validate() error {
	var wrong []problem.Field
	complain := func(field, detail string) { wrong = append(wrong, problem.Field{Field: field, Detail: detail}) }
	for _, text := range []*string{&v.Host, &v.User, &v.FromAddress, &v.Selector, &v.HookKey} {
		*text = strings.TrimSpace(*text)
	}
	v.Host = strings.ToLower(v.Host)
	if v.Host == "" {
		v.Port, v.Security, v.User, v.FromAddress = 0, "", "", ""
		none := ""
		v.Password = &none
	} else {
		v.checkServer(complain)
	}
	if v.Selector != "" && !selectorForm.MatchString(v.Selector) {
		complain("selector", "Enter the selector alone, such as pm or s1.")
	}
	if v.PerMinute < 0 || v.PerMinute > 10_000 {
		complain("per_minute", "Enter a number from 1 to 10,000, or 0 for no limit.")
	}
	if v.PerHour < 0 || v.PerHour > 100_000 {
		complain("per_hour", "Enter a number from 1 to 100,000, or 0 for no limit.")
	}
	if len(v.HookKey) > 500 || strings.ContainsAny(v.HookKey, "\x00\n\r") {
		complain("hook_key", "Copy the verification key as one line.")
	}
	if len(wrong) > 0 {
		return errMail.WithFields(wrong...)
	}
	return nil
}

func (v *MailSettings) checkServer(complain func(field, detail string)) {
	if !hostForm.MatchString(v.Host) {
		complain("host", "Enter the name of the server, such as smtp.example.com.")
	}
	if v.Port < 1 || v.Port > 65535 {
		complain("port", "Enter a port, usually 587 or 465.")
	}
	if v.Security != mail.StartTLS && v.Security != mail.TLS && v.Security != mail.Plaintext {
		complain("security", "Choose starttls, tls or none.")
	}
	if len(v.User) > 200 || strings.ContainsAny(v.User, "\x00\r\n") {
		complain("user", "This user name cannot be used.")
	}
	if v.Password != nil && (len(*v.Password) > 500 || strings.ContainsAny(*v.Password, "\x00\r\n")) {
		complain("password", "This password cannot be used.")
	}
	if v.User != "" && v.Security == mail.Plaintext {
		complain("security", "A password is never sent without encryption. Choose STARTTLS or TLS.")
	}
	if _, err := mail.ParseAddress(v.FromAddress); err != nil || !plainAddress(v.FromAddress) {
		complain("from_address", "Enter one e-mail address that this server may send from, such as orders@example.com.")
	}
}

func (r mailRow) settings() MailSettings {
	return MailSettings{Version: r.Version, Host: r.Host, Port: r.Port, Security: mail.Security(r.Security), User: r.Username, FromAddress: r.FromAddress,
		Selector: r.Selector, PerMinute: r.PerMinute, PerHour: r.PerHour, HookKey: r.HookKey}
}

func mailPlace(shop ids.Shop) shopify.Place {
	return shopify.Place{Table: "shops_mail", Column: "password", Shop: shop, Row: shop.String()}
}

// Mailing reads how the shop of the transaction sends. A password that no key
// opens pauses it.
func (s *Service) Mailing(tx *store.Tx) (Mailing, error) {
	row, err := findMail(tx)
	if err != nil {
		return Mailing{}, err
	}
	m := Mailing{From: s.from, PerMinute: strictest(row.PerMinute, s.Limits.PerMinute), PerHour: strictest(row.PerHour, s.Limits.PerHour), Hook: row.Hook, HookKey: row.HookKey}
	if row.Host == "" {
		return m, nil
	}
	m.Own, m.From, m.Paused = true, row.FromAddress, row.PausedReason
	if row.PausedUntil != nil {
		m.PausedUntil = *row.PausedUntil
	}
	m.Server = mail.Server{Host: row.Host, Port: row.Port, Security: mail.Security(row.Security), User: row.Username}
	if row.Password != "" {
		if m.Server.Password, err = s.keys.Open(mailPlace(tx.Shop), row.Password); err != nil {
			m.Paused, m.PausedUntil = "The password of the mail server can no longer be read. Enter it again.", tx.Now.Add(lockedFor)
		}
	}
	return m, nil
}

// lockedFor is how long mails wait for a password that no key opens any more.
const lockedFor = 15 * time.Minute

// strictest is the smaller of two limits, of which 0 is none.
func strictest(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// ChangeMail saves the settings over the version they were read from. The
// password stays only with the server and the user it was entered for.
func (s *Service) ChangeMail(ctx context.Context, shop ids.Shop, v MailSettings) error {
	if err := v.Validate(); err != nil {
		return err
	}
	return s.db.InTx(ctx, shop, func(tx *store.Tx) error {
		row, err := findMail(tx)
		if err != nil {
			return err
		}
		if row.Version != v.Version {
			return ErrStale
		}
		same := row.Host == v.Host && row.Port == v.Port && row.Security == string(v.Security) && row.Username == v.User
		switch {
		case v.Password != nil && *v.Password == "":
			row.Password = ""
		case v.Password != nil:
			row.Password = s.keys.Seal(mailPlace(shop), *v.Password)
		case !same && row.Password != "":
			return errMail.WithFields(problem.Field{Field: "password", Detail: errPassword})
		}
		if row.Host != v.Host || row.FromAddress != v.FromAddress || row.Selector != v.Selector {
			row.Findings, row.CheckedAt = "", nil // of another sender
		}
		row.ShopID, row.Version, row.Host, row.Port, row.Security, row.Username = shop, v.Version+1, v.Host, v.Port, string(v.Security), v.User
		row.FromAddress, row.Selector, row.PerMinute, row.PerHour, row.HookKey = v.FromAddress, v.Selector, v.PerMinute, v.PerHour, v.HookKey
		row.PausedUntil, row.PausedReason, row.UpdatedAt = nil, "", tx.Now
		if err := saveMail(tx, &row, v.Version); err != nil {
			return err
		}
		return queue.Publish(tx, FactMailChanged, shop.String())
	})
}

// PauseMail stops the shop's queue until then: its mail server will not have us,
// and trying on would only lock the account. It tells whether the version is still
// the one that failed.
func PauseMail(tx *store.Tx, reason string, until time.Time) error {
	return updateMail(tx, map[string]any{"paused_until": until, "paused_reason": reason})
}

// ResumeMail ends a pause. It tells whether there was one.
func ResumeMail(tx *store.Tx) (bool, error) { return endPause(tx) }

// MailPaused tells why the shop's queue stands still; empty when it does not.
func MailPaused(tx *store.Tx) (string, error) {
	row, err := findMail(tx)
	return row.PausedReason, err
}

// NewHook makes a new address for providers' events; the old one ends.
func (s *Service) NewHook(tx *store.Tx) (string, error) {
	hook := strings.ToLower(rand.Text())
	return hook, s.keepMail(tx, map[string]any{"hook": hook})
}

// keepMail changes columns of a row that may not be there yet.
func (s *Service) keepMail(tx *store.Tx, set map[string]any) error {
	if err := createMail(tx); err != nil {
		return err
	}
	return updateMail(tx, set)
}

// SenderReport is what the last check of the sender's domain found.
type SenderReport struct {
	mail.DomainReport
	CheckedAt time.Time `json:"checked_at"`
}

// report reads what was found; nil when nothing was, or of another sender.
func (r mailRow) report() *SenderReport {
	if r.CheckedAt == nil {
		return nil
	}
	report := &SenderReport{CheckedAt: r.CheckedAt.UTC()}
	if err := json.Unmarshal([]byte(r.Findings), &report.DomainReport); err != nil {
		return nil // written by us; the next check writes it anew
	}
	return report
}

// CheckSender asks the DNS about the domain that the shop's mails come from and
// keeps the answer.
func (s *Service) CheckSender(ctx context.Context, shop ids.Shop) (*SenderReport, error) {
	var row mailRow
	err := s.db.Read(ctx, shop, func(tx *store.Tx) (err error) {
		row, err = findMail(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	from, host := row.FromAddress, row.Host
	if host == "" {
		from, host = s.from, s.MailHost
	}
	address, err := mail.ParseAddress(from)
	if err != nil {
		return nil, err
	}
	found := mail.CheckDomain(ctx, s.dns(), mail.DomainQuestion{From: address, Host: host, Selector: row.Selector})
	findings, err := json.Marshal(found)
	if err != nil {
		return nil, err
	}
	report := &SenderReport{DomainReport: found}
	err = s.db.InTx(ctx, shop, func(tx *store.Tx) error {
		report.CheckedAt = tx.Now
		now, err := findMail(tx)
		if err != nil || now.Version != row.Version { // somebody saved meanwhile: this is about a former sender
			return err
		}
		return s.keepMail(tx, map[string]any{"findings": string(findings), "checked_at": tx.Now})
	})
	return report, err
}

func (s *Service) dns() mail.TXT {
	if s.DNS == nil {
		return mail.ResolverAt("")
	}
	return s.DNS
}
