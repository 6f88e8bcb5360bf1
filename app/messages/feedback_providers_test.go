package messages

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"testing"
)

// The bodies have the shape of the examples in the providers' documentation.
func TestPostmarkIsUnderstood(t *testing.T) {
	bounce := func(kind, details string) string {
		return fmt.Sprintf(`{"RecordType":"Bounce","ID":4323372036854775807,"Type":%q,"TypeCode":1,"Name":"Hard bounce","Tag":"Test","MessageID":"883953f4-6105-42a2-a16a-77a8eac79483",
			"Metadata":{"message":"msg_1"},"ServerID":23,"MessageStream":"outbound","Description":"unknown user","Details":%q,"Email":"ann@example.com","From":"shop@example.com",
			"BouncedAt":"2026-11-05T16:33:54.9070259Z","DumpAvailable":true,"Inactive":true,"CanActivate":true,"Subject":"x","Content":"y"}`, kind, details)
	}
	change := func(reason string, suppress bool) string {
		return fmt.Sprintf(`{"RecordType":"SubscriptionChange","MessageID":"883953f4","ServerID":23,"MessageStream":"outbound","ChangedAt":"2026-11-01T10:53:34.416071Z",
			"Recipient":"ann@example.com","Origin":"Recipient","SuppressSending":%t,"SuppressionReason":%q,"Tag":"","Metadata":{"message":"msg_1"}}`, suppress, reason)
	}
	for _, c := range []struct {
		body   string
		want   Verdict
		status string
	}{
		{bounce("HardBounce", "smtp;550 5.1.1 the account ann@example.com does not exist"), HardBounce, "5.1.1"}, {bounce("BadEmailAddress", ""), HardBounce, ""},
		{bounce("SoftBounce", "smtp;452 4.2.2 over quota"), SoftBounce, "4.2.2"}, {bounce("Blocked", ""), SoftBounce, ""}, {bounce("SpamNotification", ""), Complaint, ""},
		{bounce("Unsubscribe", ""), Unsubscribe, ""}, {bounce("AutoResponder", ""), "", ""}, {bounce("Subscribe", ""), "", ""},
		{`{"RecordType":"SpamComplaint","ID":42,"Type":"SpamComplaint","MessageID":"00000000","Metadata":{"message":"msg_1"},"Email":"ann@example.com","BouncedAt":"2026-11-05T16:33:54Z"}`, Complaint, ""},
		{change("ManualSuppression", true), Unsubscribe, ""}, {change("HardBounce", true), "", ""}, {change("ManualSuppression", false), "", ""},
		{`{"RecordType":"Open","Metadata":{"message":"msg_1"}}`, "", ""},
	} {
		got, err := readPostmark([]byte(c.body))
		switch {
		case err != nil:
			t.Errorf("%s: %v", c.body, err)
		case c.want == "" && len(got) != 0, c.want != "" && len(got) != 1:
			t.Errorf("%s: %+v", c.body, got)
		case c.want != "" && (got[0].Verdict != c.want || got[0].MessageID != "msg_1" || got[0].Recipient != "ann@example.com" || got[0].Status != c.status || got[0].At.IsZero() || got[0].Key == ""):
			t.Errorf("%s: %+v", c.body, got)
		}
	}
	for _, body := range []string{"", "[]", "{}", `{"RecordType":7}`} {
		if _, err := readPostmark([]byte(body)); err == nil {
			t.Errorf("%q was read", body)
		}
	}
}

func TestSendGridIsUnderstood(t *testing.T) {
	event := func(kind, more string) string {
		return fmt.Sprintf(`{"email":"ann@example.com","timestamp":1794000000,"smtp-id":"<msg_1@shop.example>","event":%q,"category":["x"],"sg_event_id":"6g4ZI7SA-xmRDv57GoPIPw==",
			"sg_message_id":"14c5d75ce93.dfd"%s}`, kind, more)
	}
	for _, c := range []struct {
		body   string
		want   Verdict
		status string
	}{
		{event("bounce", `,"type":"bounce","reason":"550 5.1.1 unknown","status":"5.1.1"`), HardBounce, "5.1.1"}, {event("bounce", `,"type":"blocked","status":"5.7.1"`), SoftBounce, "5.7.1"},
		{event("deferred", `,"response":"400 try again later","attempt":"5"`), SoftBounce, ""}, {event("dropped", `,"reason":"Bounced Address","status":"5.0.0"`), HardBounce, "5.0.0"},
		{event("dropped", `,"reason":"Spam Reporting Address"`), Complaint, ""}, {event("dropped", `,"reason":"Unsubscribed Address"`), "", ""}, {event("spamreport", ``), Complaint, ""},
		{event("unsubscribe", ``), Unsubscribe, ""}, {event("group_unsubscribe", `,"asm_group_id":10`), Unsubscribe, ""}, {event("delivered", `,"response":"250 OK"`), "", ""}, {event("open", `,"useragent":"x"`), "", ""},
		{event("spamreport", `,"message":"msg_1"`), Complaint, ""},
	} {
		got, err := readSendGrid([]byte("[" + c.body + "]"))
		switch {
		case err != nil:
			t.Errorf("%s: %v", c.body, err)
		case c.want == "" && len(got) != 0, c.want != "" && len(got) != 1:
			t.Errorf("%s: %+v", c.body, got)
		case c.want != "" && (got[0].Verdict != c.want || got[0].MessageID != "msg_1" || got[0].Recipient != "ann@example.com" || got[0].Status != c.status || got[0].At.Unix() != 1794000000):
			t.Errorf("%s: %+v", c.body, got)
		}
	}
	for _, body := range []string{"", "{}", `[{"event":"spamreport","email":"ann@example.com"}]`} {
		if _, err := readSendGrid([]byte(body)); err == nil {
			t.Errorf("%q was read", body)
		}
	}
}

func TestSendGridsSignatureIsChecked(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public, body := base64.StdEncoding.EncodeToString(der), []byte(`[{"event":"open"}]`)
	sum := sha256.Sum256(append([]byte("1794000000"), body...))
	raw, err := ecdsa.SignASN1(rand.Reader, private, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := base64.StdEncoding.EncodeToString(raw)
	if !signedBySendGrid(public, signature, "1794000000", body) {
		t.Error("a good signature is refused")
	}
	for name, ok := range map[string]bool{
		"another body":   signedBySendGrid(public, signature, "1794000000", []byte("[]")),
		"another time":   signedBySendGrid(public, signature, "1794000001", body),
		"no time":        signedBySendGrid(public, signature, "", body),
		"no signature":   signedBySendGrid(public, "", "1794000000", body),
		"no key":         signedBySendGrid("", signature, "1794000000", body),
		"a broken key":   signedBySendGrid("AAAA", signature, "1794000000", body),
		"half signature": signedBySendGrid(public, signature[:20], "1794000000", body),
	} {
		if ok {
			t.Errorf("%s is taken", name)
		}
	}
}
