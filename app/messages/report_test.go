package messages

import (
	"strings"
	"testing"
	"time"
)

// However often mails come, no window of a minute or an hour sees more than its
// limit, and the limit is used.
func TestTurnsKeepToTheLimits(t *testing.T) {
	for _, c := range []struct{ minute, hour int }{{1, 0}, {2, 0}, {10, 0}, {60, 0}, {0, 1}, {0, 100}, {10, 100}, {60, 100}} {
		now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		p := pace{now, now}
		var turns []time.Time
		for i := range 400 {
			at, next := turn(now.Add(time.Duration(i%7)*time.Second), p, c.minute, c.hour)
			turns, p = append(turns, at), next
		}
		for i, at := range turns {
			if c.minute > 0 && i >= c.minute && at.Sub(turns[i-c.minute]) < time.Minute {
				t.Fatalf("%+v: mail %d goes %s after the one %d before", c, i, at.Sub(turns[i-c.minute]), c.minute)
			}
			if c.hour > 0 && i >= c.hour && at.Sub(turns[i-c.hour]) < time.Hour {
				t.Fatalf("%+v: mail %d goes %s after the one %d before", c, i, at.Sub(turns[i-c.hour]), c.hour)
			}
		}
	}
}

const bounced = "From: MAILER-DAEMON@mx.example\r\nDate: Sat, 21 Nov 2026 12:00:00 +0000\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain\r\n\r\nsorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n" +
	"Final-Recipient: rfc822; Ann@example.com\r\nAction: ACTION\r\nStatus: STATUS\r\nDiagnostic-Code: smtp; 550 no\r\n\r\n" +
	"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <msg_1@shop.example>\r\nSubject: x\r\n\r\n--b--\r\n"

func TestReturnedMailsAreUnderstood(t *testing.T) {
	for _, c := range []struct {
		action, status string
		want           Verdict
	}{{"failed", "5.1.1", HardBounce}, {"failed", "5.2.2", SoftBounce}, {"failed", "5.7.1", SoftBounce}, {"failed", "5.0.0", HardBounce}, {"delayed", "4.4.1", SoftBounce}, {"delivered", "2.0.0", ""}} {
		got, err := ReadReport([]byte(strings.NewReplacer("ACTION", c.action, "STATUS", c.status).Replace(bounced)))
		if err != nil {
			t.Fatal(err)
		}
		if c.want == "" {
			if len(got) != 0 {
				t.Errorf("%+v: %+v", c, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Verdict != c.want || got[0].MessageID != "msg_1" || got[0].Recipient != "ann@example.com" || got[0].Status != c.status {
			t.Errorf("%+v: %+v", c, got)
		}
	}
	complaint := "Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n" +
		"--b\r\nContent-Type: message/rfc822\r\n\r\nTo: Ann <ann@example.com>\r\nMessage-ID: <msg_2@shop.example>\r\n\r\nhello\r\n--b--\r\n"
	if got, err := ReadReport([]byte(complaint)); err != nil || len(got) != 1 || got[0].Verdict != Complaint || got[0].MessageID != "msg_2" || got[0].Recipient != "ann@example.com" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, nothing := range []string{"Subject: away\r\n\r\nI am on holiday\r\n", "Content-Type: text/plain\r\n\r\n550 5.1.1\r\n"} {
		if got, err := ReadReport([]byte(nothing)); err != nil || len(got) != 0 {
			t.Errorf("%q: %+v, %v", nothing, got, err)
		}
	}
}
