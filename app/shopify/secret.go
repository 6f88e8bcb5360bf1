package shopify

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"crypto/hkdf"
	"crypto/sha256"

	"afterglow/app/ids"
)

// Keyring encrypts values that must not lie readable in the database: AES-256 in
// GCM, with the key's id in front so that keys can be rotated, and bound to the
// place where the value lies so that a ciphertext copied elsewhere does not open.
type Keyring struct {
	first string
	keys  map[string]cipher.AEAD
	raw   map[string][]byte
}

// Place is where an encrypted value lies. All of it is authenticated.
type Place struct {
	Table, Column string
	Shop          ids.Shop
	Row           string
}

// Errors of Open. They name a key's id, never a key or a value.
var (
	ErrUnknownKey = errors.New("value was encrypted with a key that ENCRYPTION_KEYS does not hold")
	ErrSealed     = errors.New("value does not open: it was changed, moved or encrypted with another key")
)

var keyID = regexp.MustCompile(`\A[A-Za-z0-9_-]{1,32}\z`)

// ParseKeyring reads ENCRYPTION_KEYS: "id:base64,id:base64,…", each key 32
// bytes. The first one encrypts, all of them decrypt. Its errors say what is
// wrong without showing a key.
func ParseKeyring(s string) (*Keyring, error) {
	k := &Keyring{keys: map[string]cipher.AEAD{}, raw: map[string][]byte{}}
	for i, entry := range strings.Split(strings.TrimSpace(s), ",") {
		id, encoded, ok := strings.Cut(strings.TrimSpace(entry), ":")
		if !ok || !keyID.MatchString(id) {
			return nil, fmt.Errorf("key %d: want the form id:base64, where id is letters, digits, - or _", i+1)
		}
		if k.keys[id] != nil {
			return nil, fmt.Errorf("key %q appears twice", id)
		}
		key, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("key %q is not base64", id)
		}
		if len(key) != 32 {
			return nil, fmt.Errorf("key %q has %d bytes, want 32", id, len(key))
		}
		if zero(key) {
			return nil, fmt.Errorf("key %q is all zeros", id)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", id, err)
		}
		if k.keys[id], err = cipher.NewGCM(block); err != nil {
			return nil, fmt.Errorf("key %q: %w", id, err)
		}
		k.raw[id] = key
		if i == 0 {
			k.first = id
		}
	}
	return k, nil
}

func zero(b []byte) bool {
	var or byte
	for _, c := range b {
		or |= c
	}
	return or == 0
}

// NewKey returns one fresh entry for ENCRYPTION_KEYS.
func NewKey(id string) string {
	key := make([]byte, 32)
	rand.Read(key)
	return id + ":" + base64.StdEncoding.EncodeToString(key)
}

// String hides the keys.
func (k *Keyring) String() string { return "[keyring]" }

// GoString hides the keys from %#v.
func (k *Keyring) GoString() string { return "[keyring]" }

// Seal encrypts a value for its place, as "id:base64". An empty value is sealed
// like any other, so that its length is all that can be seen.
func (k *Keyring) Seal(place Place, value string) string {
	aead := k.keys[k.first]
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	sealed := aead.Seal(nonce, nonce, []byte(value), place.bytes())
	return k.first + ":" + base64.RawStdEncoding.EncodeToString(sealed)
}

// Open decrypts what Seal wrote for the same place. It returns ErrUnknownKey or
// ErrSealed.
func (k *Keyring) Open(place Place, sealed string) (string, error) {
	id, encoded, ok := strings.Cut(sealed, ":")
	if !ok {
		return "", ErrSealed
	}
	aead := k.keys[id]
	if aead == nil {
		return "", ErrUnknownKey
	}
	raw, err := base64.RawStdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) < aead.NonceSize() {
		return "", ErrSealed
	}
	value, err := aead.Open(nil, raw[:aead.NonceSize()], raw[aead.NonceSize():], place.bytes())
	if err != nil {
		return "", ErrSealed
	}
	return string(value), nil
}

// Stale tells whether a value was sealed with another key than the first, so
// that it should be sealed again.
func (k *Keyring) Stale(sealed string) bool {
	id, _, _ := strings.Cut(sealed, ":")
	return id != k.first
}

// Derive returns one key of 32 bytes per key of the ring for another purpose,
// the first key's first. Knowing a derived key tells nothing about the ring.
func (k *Keyring) Derive(purpose string) ([][]byte, error) {
	keys := make([][]byte, 0, len(k.raw))
	derive := func(id string) error {
		key, err := hkdf.Key(sha256.New, k.raw[id], nil, "afterglow "+purpose, 32)
		keys = append(keys, key)
		return err
	}
	if err := derive(k.first); err != nil {
		return nil, err
	}
	for id := range k.raw {
		if id != k.first {
			if err := derive(id); err != nil {
				return nil, err
			}
		}
	}
	return keys, nil
}

// bytes writes the place with the length of each part in front, so that no two
// places give the same bytes.
func (p Place) bytes() []byte {
	var b []byte
	for _, s := range []string{"afterglow/1", p.Table, p.Column, p.Shop.String(), p.Row} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	return b
}
