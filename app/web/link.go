package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/problem"
)

// ErrLink says that a link is forged, damaged, of another kind or too old. It
// does not say which.
var ErrLink = problem.New(problem.Unauthorized, "web.link", "This link is not valid any more. Please use the link in your latest e-mail.")

// Link is what a signed address in a mail names. Ref is an id of ours or of
// Shopify's; it is readable by whoever holds the link, so it is never personal.
type Link struct {
	Shop    ids.Shop
	Kind    string // "order"
	Ref     string
	Expires time.Time // to the second
}

// Links makes and reads signed links. Whoever holds a link may do what it allows
// until it expires; GET on it changes nothing.
type Links struct {
	keys  [][]byte
	clock clock.Clock
}

var (
	linkKind = regexp.MustCompile(`\A[a-z][a-z_]{0,31}\z`)
	linkRef  = regexp.MustCompile(`\A[A-Za-z0-9_.:-]{1,128}\z`)
)

const linkVersion = 1

// NewLinks takes the keys, of 32 bytes each. The first one signs, all are
// accepted. See shopify.Keyring.Derive.
func NewLinks(clk clock.Clock, keys ...[]byte) (*Links, error) {
	if len(keys) == 0 {
		return nil, errors.New("links: no key")
	}
	for _, k := range keys {
		if len(k) < sha256.Size {
			return nil, fmt.Errorf("links: a key has %d bytes, want %d", len(k), sha256.Size)
		}
	}
	return &Links{keys: keys, clock: clk}, nil
}

// Sign returns the token of a link. It fails for a kind or a ref that a link
// cannot bear.
func (l *Links) Sign(link Link) (string, error) {
	if link.Shop <= 0 || !linkKind.MatchString(link.Kind) || !linkRef.MatchString(link.Ref) || link.Expires.Unix() <= 0 {
		return "", fmt.Errorf("link of kind %q cannot be signed", link.Kind)
	}
	payload := []byte{linkVersion}
	payload = binary.AppendUvarint(payload, uint64(link.Shop))
	payload = binary.AppendUvarint(payload, uint64(link.Expires.Unix()))
	payload = append(payload, link.Ref...)
	return base64.RawURLEncoding.EncodeToString(append(payload, mac(l.keys[0], link.Kind, payload)...)), nil
}

// Open reads the token of a link of this kind. It returns ErrLink.
func (l *Links) Open(kind, token string) (Link, error) {
	link, err := l.Read(kind, token)
	if err != nil || !l.clock.Now().Before(link.Expires) {
		return Link{}, ErrLink
	}
	return link, nil
}

// Read is Open for a link that may have expired. It opens nothing: whoever holds
// it may only have a fresh one sent to where the old one went. It returns
// ErrLink for a link that we did not sign.
func (l *Links) Read(kind, token string) (Link, error) {
	if len(token) > 512 {
		return Link{}, ErrLink
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) < 1+sha256.Size {
		return Link{}, ErrLink
	}
	payload, sent := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]
	good := false
	for _, key := range l.keys {
		if hmac.Equal(sent, mac(key, kind, payload)) {
			good = true
		}
	}
	if !good {
		return Link{}, ErrLink
	}
	link, ok := readLink(kind, payload)
	if !ok {
		return Link{}, ErrLink
	}
	return link, nil
}

func readLink(kind string, payload []byte) (Link, bool) {
	if payload[0] != linkVersion {
		return Link{}, false
	}
	rest := payload[1:]
	shop, n := binary.Uvarint(rest)
	if n <= 0 {
		return Link{}, false
	}
	rest = rest[n:]
	expires, n := binary.Uvarint(rest)
	if n <= 0 {
		return Link{}, false
	}
	ref := string(rest[n:])
	return Link{ids.Shop(shop), kind, ref, time.Unix(int64(expires), 0).UTC()}, linkRef.MatchString(ref)
}

// mac binds the kind to the payload: a link to look does not open what a link to
// change opens.
func mac(key []byte, kind string, payload []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("link\n" + kind + "\n"))
	h.Write(payload)
	return h.Sum(nil)
}
