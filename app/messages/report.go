package messages

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"time"
)

var statusPattern = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)

// reportParts is how many parts of a report are looked at.
const reportParts = 20

// report is what the parts of a mail say.
type report struct {
	status   []textproto.MIMEHeader // of message/delivery-status: the message first, then each recipient
	feedback textproto.MIMEHeader   // of message/feedback-report
	original mail.Header            // of the mail that is meant
}

// ReadReport reads a raw mail that a mailbox got back: a delivery status
// notification (RFC 3464) or a complaint in the abuse reporting format (RFC
// 5965). A mail that is neither, such as an answer from a holiday, gives nothing.
func ReadReport(raw []byte) ([]Feedback, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, errReport.With(err)
	}
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/report" || params["boundary"] == "" {
		return nil, nil
	}
	r, err := readParts(multipart.NewReader(m.Body, params["boundary"]))
	if err != nil {
		return nil, errReport.With(err)
	}
	at, _ := m.Header.Date()
	id := messageOf(r.original.Get("Message-Id"))
	switch strings.ToLower(params["report-type"]) {
	case "delivery-status":
		return r.bounces(id, at), nil
	case "feedback-report":
		return r.complaint(id, at), nil
	}
	return nil, nil
}

func readParts(parts *multipart.Reader) (r report, err error) {
	for range reportParts {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return r, err
		}
		media, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		body := bufio.NewReader(decoded(part))
		switch strings.ToLower(media) {
		case "message/delivery-status", "message/global-delivery-status":
			r.status = blocks(body)
		case "message/feedback-report":
			if all := blocks(body); len(all) > 0 {
				r.feedback = all[0]
			}
		case "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers":
			if header, err := textproto.NewReader(body).ReadMIMEHeader(); err == nil || len(header) > 0 {
				r.original = mail.Header(header)
			}
		}
	}
	return r, nil
}

func decoded(part *multipart.Part) io.Reader {
	switch strings.ToLower(part.Header.Get("Content-Transfer-Encoding")) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, part)
	case "quoted-printable":
		return quotedprintable.NewReader(part)
	}
	return part
}

// blocks reads groups of fields with empty lines between them.
func blocks(body *bufio.Reader) (all []textproto.MIMEHeader) {
	fields := textproto.NewReader(body)
	for range 200 {
		block, err := fields.ReadMIMEHeader()
		if len(block) > 0 {
			all = append(all, block)
		}
		if err != nil {
			return all
		}
	}
	return all
}

// bounces gives an event for each recipient that was not reached.
func (r report) bounces(id string, at time.Time) (out []Feedback) {
	for _, block := range r.status {
		recipient := addressOf(block.Get("Original-Recipient"))
		if final := addressOf(block.Get("Final-Recipient")); recipient == "" {
			recipient = final
		}
		if recipient == "" {
			continue // the block about the message
		}
		status := statusOf(block.Get("Status"))
		f := Feedback{Provider: "report", MessageID: id, Recipient: recipient, Status: status, At: at, Verdict: SoftBounce}
		switch action := strings.ToLower(strings.TrimSpace(block.Get("Action"))); {
		case action == "failed" && forGood(status, block.Get("Diagnostic-Code")):
			f.Verdict = HardBounce
		case action != "failed" && action != "delayed":
			continue // it was delivered, or passed on
		}
		f.Key = contentKey(id, recipient, string(f.Verdict), status)
		out = append(out, f)
	}
	return out
}

// forGood tells whether a failure is about the mailbox itself and will stay. A
// full mailbox, a refusal for what the mail says, or a rule against the sender
// says nothing about the address.
func forGood(status, diagnostic string) bool {
	if !strings.HasPrefix(status, "5.") {
		return false
	}
	switch {
	case status == "5.1.7", status == "5.1.8", status == "5.2.2", status == "5.2.3":
		return false
	case strings.HasPrefix(status, "5.1."), status == "5.2.0", status == "5.2.1", status == "5.4.4":
		return true
	case status == "5.0.0": // old servers know no better; 550 is the answer of one without the mailbox
		if inner := statusPattern.FindString(diagnostic); inner != "" && inner != status {
			return forGood(inner, "")
		}
		return strings.Contains(diagnostic, "550 ") || strings.HasSuffix(diagnostic, "550")
	}
	return false
}

func (r report) complaint(id string, at time.Time) []Feedback {
	switch strings.ToLower(strings.TrimSpace(r.feedback.Get("Feedback-Type"))) {
	case "abuse", "fraud", "virus", "miscategorized", "opt-out", "opt-out-list":
	default:
		return nil // not-spam, or a report about signatures
	}
	recipient := addressOf(r.feedback.Get("Original-Rcpt-To"))
	if recipient == "" {
		if to, err := mail.ParseAddress(r.original.Get("To")); err == nil {
			recipient = to.Address
		}
	}
	if strings.Contains(strings.ToLower(recipient), "redacted") { // some providers hide it; the Message-ID is enough
		recipient = ""
	}
	return []Feedback{{Provider: "report", Key: contentKey(id, recipient, string(Complaint), ""), Verdict: Complaint, MessageID: id, Recipient: recipient, At: at}}
}

// addressOf reads "rfc822; a@b.example".
func addressOf(field string) string {
	if _, address, ok := strings.Cut(field, ";"); ok {
		field = address
	}
	return strings.ToLower(strings.Trim(strings.TrimSpace(field), "<>"))
}

// contentKey is the name of an event that has none of its own.
func contentKey(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:])
}
