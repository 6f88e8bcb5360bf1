package messages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"afterglow/app/problem"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

// Verdict is what an event says about a mail.
type Verdict string

// The verdicts.
const (
	HardBounce  Verdict = "hard_bounce" // the mailbox will never take mail
	SoftBounce  Verdict = "soft_bounce" // this mail was not taken, or not yet
	Complaint   Verdict = "complaint"   // the recipient called it spam
	Unsubscribe Verdict = "unsubscribe" // by the provider's own link
)

// Feedback is one event about one mail, as a provider or a mailbox reports it.
type Feedback struct {
	Provider  string
	Key       string // the provider's id of the event; the same event has the same
	Verdict   Verdict
	MessageID string // ours, "msg_…"; empty when the report does not name the mail
	Recipient string // empty when it names nobody
	Status    string // "5.1.1"
	At        time.Time
}

// key is the event's name in the table: of a fixed length, and nobody's address.
func (f Feedback) key() string {
	sum := sha256.Sum256([]byte(f.Provider + "\n" + f.Key))
	return hex.EncodeToString(sum[:16])
}

// messageOf finds our id in a Message-ID, "<msg_…@example.com>".
func messageOf(header string) string {
	id, _, _ := strings.Cut(strings.Trim(strings.TrimSpace(header), "<>"), "@")
	if !strings.HasPrefix(id, "msg_") || len(id) > 64 {
		return ""
	}
	return id
}

// Outcome is what became of an event.
type Outcome string

// The outcomes.
const (
	Taken   Outcome = "taken"
	Known   Outcome = "known"   // was taken before
	Unknown Outcome = "unknown" // names no mail of this shop
)

// take records an event and draws the consequence, once however often it comes.
// An event counts only if it names a mail of this shop and, if it names a
// recipient, the one that the mail went to: a report that somebody made up must
// not keep mail from a third person.
func (s *Service) take(tx *store.Tx, f Feedback) (Outcome, error) {
	m := &Message{}
	if f.MessageID != "" {
		found, err := find(tx, f.MessageID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return "", err
		}
		if err == nil && (f.Recipient == "" || found.ToAddress == "" || normal(f.Recipient) == found.ToAddress) {
			m = found
		}
	}
	if f.At.IsZero() || f.At.After(tx.Now) {
		f.At = tx.Now
	}
	wrote, err := insertFeedback(tx, feedbackRow{ShopID: tx.Shop, EventKey: f.key(), Provider: f.Provider, Kind: f.Verdict, MessageID: m.ID,
		Status: f.Status, OccurredAt: f.At.UTC(), ReceivedAt: tx.Now})
	switch {
	case err != nil:
		return "", err
	case !wrote:
		return Known, nil
	case m.ID == "":
		s.outside.Log.Warn("a report about a mail that is not known", "shop", tx.Shop, "provider", f.Provider, "verdict", f.Verdict)
		return Unknown, nil
	}
	return Taken, s.follow(tx, m, f)
}

func (s *Service) follow(tx *store.Tx, m *Message, f Feedback) error {
	row := suppression{Address: m.ToAddress, Scope: ScopeAll, MessageID: m.ID}
	detail := ""
	switch f.Verdict {
	case HardBounce:
		row.Source, detail = SourceBounce, sourceWords[SourceBounce]
	case Complaint:
		row.Source, detail = SourceComplaint, sourceWords[SourceComplaint]
	case Unsubscribe:
		row.Source, row.Scope, detail = SourceUnsubscribed, ScopeMarketing, sourceWords[SourceUnsubscribed]
	default:
		return record(tx, m.ID, m.State, withStatus("the receiving server did not take the mail", f.Status))
	}
	row.Reason = withStatus(detail, f.Status)
	if m.ToAddress != "" {
		if _, err := suppress(tx, row); err != nil {
			return err
		}
	}
	state := m.State
	if f.Verdict == HardBounce && state == StateSent {
		state = StateFailed
		if err := tx.Scoped(&Message{}).Where("id = ?", m.ID).Updates(map[string]any{"state": state, "reason": row.Reason}).Error; err != nil {
			return err
		}
	}
	return record(tx, m.ID, state, row.Reason)
}

func withStatus(detail, status string) string {
	if status == "" {
		return detail
	}
	return detail + " (" + status + ")"
}

// How many posts with reports an address takes, and comes from one: providers bring
// many events in each, and come again after 429.
const (
	reportsPerSecond = 20
	reportsAtOnce    = 300
)

// feedbackBody is the largest report: a returned mail may bring itself along.
const feedbackBody = 2 << 20

var (
	errProvider  = problem.New(problem.NotFound, "messages.feedback_provider", "Reports are taken from postmark, sendgrid, generic and raw.")
	errSignature = problem.New(problem.Unauthorized, "messages.feedback_signature", "The signature of these events is missing or wrong. Enter the provider's verification key in the sender settings.")
	errReport    = problem.New(problem.Malformed, "messages.feedback_report", "This is no report that can be read.")
)

// postFeedback takes what a provider or a mailbox tells. The address is a secret
// of the shop's, and ends when a new one is made.
func (s *Service) postFeedback(c *web.Ctx) error {
	link := web.Linked(c)
	var mailing shops.Mailing
	err := s.db.Read(c.Context(), link.Shop, func(tx *store.Tx) (err error) {
		mailing, err = s.shops.Mailing(tx)
		return err
	})
	if err != nil {
		return err
	}
	if mailing.Hook == "" || link.Ref != mailing.Hook {
		return web.ErrLink
	}
	body, err := c.RawBody()
	if err != nil {
		return err
	}
	events, err := readFeedback(c, mailing, body)
	if err != nil {
		return err
	}
	counts, err := s.takeAll(c.Context(), link, events)
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"taken": counts[Taken], "known": counts[Known], "unknown": counts[Unknown]})
}

func readFeedback(c *web.Ctx, v shops.Mailing, body []byte) ([]Feedback, error) {
	switch c.Param("provider") {
	case "postmark":
		return readPostmark(body)
	case "sendgrid":
		if !signedBySendGrid(v.HookKey, c.GetHeader("X-Twilio-Email-Event-Webhook-Signature"), c.GetHeader("X-Twilio-Email-Event-Webhook-Timestamp"), body) {
			return nil, errSignature
		}
		return readSendGrid(body)
	case "generic":
		return readGeneric(body)
	case "raw":
		return ReadReport(body)
	}
	return nil, errProvider
}

func (s *Service) takeAll(ctx context.Context, link web.Link, events []Feedback) (counts map[Outcome]int, err error) {
	err = s.db.InTx(ctx, link.Shop, func(tx *store.Tx) error {
		counts = map[Outcome]int{}
		for _, f := range events {
			outcome, err := s.take(tx, f)
			if err != nil {
				return err
			}
			counts[outcome]++
		}
		return nil
	})
	return counts, err
}

// traceable are the headers by which a provider names our mail in its events.
func traceable(id, host string) map[string]string {
	switch {
	case strings.HasSuffix(host, "postmarkapp.com"):
		return map[string]string{"X-PM-Metadata-message": id}
	case strings.HasSuffix(host, "sendgrid.net"):
		return map[string]string{"X-SMTPAPI": `{"unique_args": {"message": "` + id + `"}}`}
	}
	return nil
}

// hookURL is the address that providers are to tell.
func (s *Service) hookURL(tx *store.Tx, hook string) (string, error) {
	if hook == "" || s.outside.Links == nil {
		return "", nil
	}
	token, err := s.outside.Links.Sign(web.Link{Shop: tx.Shop, Kind: LinkFeedback, Ref: hook, Expires: hookEnds})
	return s.outside.AppURL + "/l/feedback/" + token + "/", err
}

// hookEnds is far away: the address ends when a new one is made.
var hookEnds = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
