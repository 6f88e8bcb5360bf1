package shopify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"

	"afterglow/app/problem"
)

// ErrForged says that a signature is missing or does not fit. It never says why:
// the answer would help only the forger.
var ErrForged = problem.New(problem.Unauthorized, "shopify.forged", "The signature is missing or does not match.")

// HeaderHMAC bears the signature of a webhook.
const HeaderHMAC = "X-Shopify-Hmac-Sha256"

// Secrets are the app's client secret and, while it is being rotated, the one
// before. The zero value verifies nothing and signs nothing.
type Secrets struct {
	current, previous []byte
}

// NewSecrets takes the current secret and the previous one, which may be empty.
// An empty current secret is an error: anybody could sign with it.
func NewSecrets(current, previous string) (Secrets, error) {
	if current == "" {
		return Secrets{}, errors.New("the app's secret is empty")
	}
	s := Secrets{current: []byte(current)}
	if previous != "" {
		s.previous = []byte(previous)
	}
	return s, nil
}

// String hides the secrets from logs and error texts.
func (s Secrets) String() string { return "[secrets]" }

// GoString hides the secrets from %#v.
func (s Secrets) GoString() string { return "[secrets]" }

// LogValue hides the secrets from slog.
func (s Secrets) LogValue() slog.Value { return slog.StringValue("[secrets]") }

// VerifyWebhook checks the signature over the raw body. It returns ErrForged for
// anything but exactly one header that holds the base64 of the right 32 bytes.
func (s Secrets) VerifyWebhook(h http.Header, body []byte) error {
	values := h.Values(HeaderHMAC)
	if len(values) != 1 || len(body) == 0 {
		return ErrForged
	}
	mac, err := base64.StdEncoding.Strict().DecodeString(values[0])
	// The decoder skips line breaks; a signature has none.
	if err != nil || len(mac) != sha256.Size || len(values[0]) != base64.StdEncoding.EncodedLen(sha256.Size) {
		return ErrForged
	}
	if !s.signed(body, mac) {
		return ErrForged
	}
	return nil
}

// verifyHex checks a signature written in lower-case hex, as addresses bear it.
func (s Secrets) verifyHex(message []byte, signature string) bool {
	if len(signature) != hex.EncodedLen(sha256.Size) {
		return false
	}
	for i := range len(signature) {
		if c := signature[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	mac, err := hex.DecodeString(signature)
	return err == nil && s.signed(message, mac)
}

// signed tells whether mac is the MAC of the message under the current or the
// previous secret. Both are computed whatever the first says, so that the time
// does not tell which one is in use.
func (s Secrets) signed(message, mac []byte) bool {
	ok := false
	for _, key := range [][]byte{s.current, s.previous} {
		if len(key) > 0 && hmac.Equal(mac, sum(key, message)) {
			ok = true
		}
	}
	return ok
}

// sign returns the MAC of the message under the current secret.
func (s Secrets) sign(message []byte) []byte {
	if len(s.current) == 0 {
		panic("shopify: sign with an empty secret")
	}
	return sum(s.current, message)
}

func sum(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}
