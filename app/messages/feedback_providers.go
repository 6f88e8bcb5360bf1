package messages

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// readGeneric reads our own form, for whoever has no provider that we know.
func readGeneric(body []byte) ([]Feedback, error) {
	var in struct {
		Events []struct {
			ID        string    `json:"event_id"`
			MessageID string    `json:"message_id"`
			Kind      Verdict   `json:"kind"`
			Recipient string    `json:"recipient"`
			Status    string    `json:"status"`
			At        time.Time `json:"at"`
		} `json:"events"`
	}
	if err := json.Unmarshal(body, &in); err != nil || len(in.Events) == 0 || len(in.Events) > 1000 {
		return nil, errReport.With(err)
	}
	out := make([]Feedback, len(in.Events))
	for i, e := range in.Events {
		switch e.Kind {
		case HardBounce, SoftBounce, Complaint, Unsubscribe:
		default:
			return nil, errReport.Detailf("Event %d has a kind that is none of hard_bounce, soft_bounce, complaint and unsubscribe.", i+1)
		}
		if e.ID == "" || len(e.ID) > 200 {
			return nil, errReport.Detailf("Event %d has no event_id of at most 200 characters.", i+1)
		}
		id := e.MessageID
		if strings.ContainsRune(id, '@') {
			id = messageOf(id)
		}
		out[i] = Feedback{"generic", e.ID, e.Kind, id, e.Recipient, statusOf(e.Status), e.At}
	}
	return out, nil
}

// statusOf keeps what is a status code of RFC 3463 and nothing else: servers'
// words like to repeat the address.
func statusOf(s string) string {
	if found := statusPattern.FindString(s); found != "" {
		return found
	}
	return ""
}

// readPostmark reads one webhook of Postmark: Bounce, SpamComplaint or
// SubscriptionChange. Anything else it tells is nothing to us.
func readPostmark(body []byte) ([]Feedback, error) {
	var in struct {
		RecordType        string
		ID                int64
		Type              string
		Email, Recipient  string
		Details           string
		BouncedAt         time.Time
		ChangedAt         time.Time
		Metadata          map[string]string
		MessageID         string
		SuppressSending   bool
		SuppressionReason string
	}
	if err := json.Unmarshal(body, &in); err != nil || in.RecordType == "" {
		return nil, errReport.With(err)
	}
	f := Feedback{Provider: "postmark", Key: in.RecordType + ":" + strconv.FormatInt(in.ID, 10), MessageID: in.Metadata["message"],
		Recipient: in.Email, Status: statusOf(in.Details), At: in.BouncedAt}
	switch {
	case in.RecordType == "SpamComplaint", in.RecordType == "Bounce" && in.Type == "SpamNotification":
		f.Verdict = Complaint
	case in.RecordType == "Bounce" && (in.Type == "HardBounce" || in.Type == "BadEmailAddress"):
		f.Verdict = HardBounce
	case in.RecordType == "Bounce" && in.Type == "Unsubscribe",
		in.RecordType == "SubscriptionChange" && in.SuppressSending && in.SuppressionReason == "ManualSuppression":
		f.Verdict = Unsubscribe
	case in.RecordType == "Bounce" && in.Type != "Subscribe" && in.Type != "OpenRelayTest" && in.Type != "AutoResponder":
		f.Verdict = SoftBounce
	default:
		return nil, nil
	}
	if in.RecordType == "SubscriptionChange" {
		f.Key, f.Recipient, f.At = "change:"+in.MessageID+":"+in.ChangedAt.UTC().Format(time.RFC3339Nano), in.Recipient, in.ChangedAt
	}
	return []Feedback{f}, nil
}

// readSendGrid reads the list of events that SendGrid's event webhook posts.
func readSendGrid(body []byte) ([]Feedback, error) {
	var in []struct {
		Event     string `json:"event"`
		Type      string `json:"type"`
		Email     string `json:"email"`
		ID        string `json:"sg_event_id"`
		SMTPID    string `json:"smtp-id"`
		Message   string `json:"message"`
		Status    string `json:"status"`
		Reason    string `json:"reason"`
		Timestamp int64  `json:"timestamp"`
	}
	if err := json.Unmarshal(body, &in); err != nil || len(in) > 5000 {
		return nil, errReport.With(err)
	}
	var out []Feedback
	for _, e := range in {
		f := Feedback{Provider: "sendgrid", Key: e.ID, MessageID: e.Message, Recipient: e.Email, Status: statusOf(e.Status), At: time.Unix(e.Timestamp, 0)}
		if !strings.HasPrefix(f.MessageID, "msg_") {
			f.MessageID = messageOf(e.SMTPID)
		}
		switch {
		case e.Event == "bounce" && e.Type != "blocked":
			f.Verdict = HardBounce
		case e.Event == "bounce", e.Event == "deferred":
			f.Verdict = SoftBounce
		case e.Event == "dropped" && strings.Contains(strings.ToLower(e.Reason), "bounced address"), e.Event == "dropped" && strings.EqualFold(e.Reason, "Invalid"):
			f.Verdict = HardBounce
		case e.Event == "spamreport", e.Event == "dropped" && strings.Contains(strings.ToLower(e.Reason), "spam report"):
			f.Verdict = Complaint
		case e.Event == "unsubscribe", e.Event == "group_unsubscribe":
			f.Verdict = Unsubscribe
		default:
			continue
		}
		if f.Key == "" {
			return nil, errReport
		}
		out = append(out, f)
	}
	return out, nil
}

// signedBySendGrid checks the signature of SendGrid's event webhook: ECDSA over
// the timestamp and the body, with the key that its settings show.
func signedBySendGrid(key, signature, timestamp string, body []byte) bool {
	der, err := base64.StdEncoding.DecodeString(key)
	if err != nil || key == "" || timestamp == "" {
		return false
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	public, ok := parsed.(*ecdsa.PublicKey)
	raw, sigErr := base64.StdEncoding.DecodeString(signature)
	if err != nil || !ok || sigErr != nil {
		return false
	}
	sum := sha256.Sum256(append([]byte(timestamp), bytes.Clone(body)...))
	return ecdsa.VerifyASN1(public, sum[:], raw)
}
