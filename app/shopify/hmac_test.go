package shopify

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func secrets(t testing.TB, current, previous string) Secrets {
	t.Helper()
	s, err := NewSecrets(current, previous)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rawSign(key string, body []byte) []byte {
	m := hmac.New(sha256.New, []byte(key))
	m.Write(body)
	return m.Sum(nil)
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func TestWebhookSignature(t *testing.T) {
	body := []byte(`{"id":820982911946154508,"email":"jon@example.com","total_price":"403.00"}`)
	good := b64(rawSign("now", body))
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(body)
	z.Close()
	rows := []struct {
		name   string
		header []string
		body   []byte
		ok     bool
	}{
		{"current secret", []string{good}, body, true},
		{"previous secret", []string{b64(rawSign("before", body))}, body, true},
		{"no header", nil, body, false},
		{"empty header", []string{""}, body, false},
		{"two headers", []string{good, good}, body, false},
		{"two in one header", []string{good + ", " + good}, body, false},
		{"hex", []string{hex.EncodeToString(rawSign("now", body))}, body, false},
		{"url alphabet", []string{strings.NewReplacer("+", "-", "/", "_").Replace(b64(rawSign("now", []byte("x11")))) + " "}, []byte("x11"), false},
		{"truncated", []string{good[:40]}, body, false},
		{"without padding", []string{strings.TrimRight(good, "=")}, body, false},
		{"padded", []string{good + "="}, body, false},
		{"blank behind", []string{good + " "}, body, false},
		{"line break inside", []string{good[:10] + "\n" + good[10:]}, body, false},
		{"other secret", []string{b64(rawSign("other", body))}, body, false},
		{"empty secret", []string{b64(rawSign("", body))}, body, false},
		{"body one byte more", []string{good}, append(bytes.Clone(body), ' '), false},
		{"body one byte less", []string{good}, body[:len(body)-1], false},
		{"body one byte other", []string{good}, bytes.Replace(body, []byte("403"), []byte("503"), 1), false},
		{"JSON written again", []string{good}, bytes.Replace(body, []byte(`,"`), []byte(`, "`), 1), false},
		{"gzip of the body", []string{good}, zipped.Bytes(), false},
		{"empty body, signed", []string{b64(rawSign("now", nil))}, nil, false},
		{"SHA-1", []string{b64(rawSign("now", body)[:20])}, body, false},
		{"zeros", []string{b64(make([]byte, 32))}, body, false},
		{"not base64", []string{strings.Repeat("*", 44)}, body, false},
		{"huge header", []string{strings.Repeat("A", 1<<20)}, body, false},
	}
	s := secrets(t, "now", "before")
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			h := http.Header{}
			for _, v := range row.header {
				h.Add("X-Shopify-Hmac-SHA256", v)
			}
			err := s.VerifyWebhook(h, row.body)
			if (err == nil) != row.ok {
				t.Fatalf("got %v, want ok=%v", err, row.ok)
			}
			if err != nil && err.Error() != ErrForged.Error() {
				t.Fatalf("the error says more than it should: %v", err)
			}
		})
	}
}

func TestNoEmptySecret(t *testing.T) {
	if _, err := NewSecrets("", "before"); err == nil {
		t.Error("an empty secret was accepted")
	}
	var zero Secrets
	h := http.Header{HeaderHMAC: {b64(rawSign("", []byte("x")))}}
	if zero.VerifyWebhook(h, []byte("x")) == nil {
		t.Error("no secret verified a body signed with the empty one")
	}
	alone := secrets(t, "now", "")
	if alone.VerifyWebhook(h, []byte("x")) == nil {
		t.Error("an absent previous secret verified a body signed with the empty one")
	}
}

func TestSecretsHideThemselves(t *testing.T) {
	s := secrets(t, "canary-now", "canary-before")
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "s", s)
	b.WriteString(fmt.Sprintf("%v %+v %#v %s", s, s, s, s))
	if strings.Contains(b.String(), "canary") {
		t.Errorf("a secret is readable: %s", b.String())
	}
}

func FuzzVerifyWebhook(f *testing.F) {
	f.Add("", []byte("x"))
	f.Add(b64(rawSign("now", []byte("x"))), []byte("x"))
	f.Add(strings.Repeat("=", 44), []byte(""))
	s := secrets(f, "now", "before")
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		ok := s.VerifyWebhook(http.Header{HeaderHMAC: {header}}, body) == nil
		want := len(body) > 0 && (header == b64(rawSign("now", body)) || header == b64(rawSign("before", body)))
		if ok != want {
			t.Fatalf("header %q, body %q: %v", header, body, ok)
		}
	})
}
