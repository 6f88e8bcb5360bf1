package shopify

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"afterglow/app/clock"
)

var sessionNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func goodClaims() map[string]any {
	n := sessionNow.Unix()
	return map[string]any{
		"iss": "https://lumen.myshopify.com/admin", "dest": "https://lumen.myshopify.com", "aud": "key-1", "sub": "42",
		"exp": n + 60, "nbf": n, "iat": n, "jti": "f8912129", "sid": "abc",
	}
}

func but(change map[string]any) map[string]any {
	c := goodClaims()
	for k, v := range change {
		if v == nil {
			delete(c, k)
			continue
		}
		c[k] = v
	}
	return c
}

func part(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func hs256(key string, header, claims any) string {
	text := part(header) + "." + part(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(rawSign(key, []byte(text)))
}

var plainHeader = map[string]any{"alg": "HS256", "typ": "JWT"}

func TestSessionAccepts(t *testing.T) {
	v := NewSessionVerifier("key-1", secrets(t, "now", "before"), clock.NewFixed(sessionNow))
	for name, token := range map[string]string{
		"current":         hs256("now", plainHeader, goodClaims()),
		"previous secret": hs256("before", plainHeader, goodClaims()),
		"9 s early":       hs256("now", plainHeader, but(map[string]any{"nbf": sessionNow.Unix() + 9, "iat": sessionNow.Unix() + 9})),
		"9 s late":        hs256("now", plainHeader, but(map[string]any{"exp": sessionNow.Unix() - 9, "nbf": sessionNow.Unix() - 69})),
	} {
		c, err := v.Verify(token)
		if err != nil {
			t.Errorf("%s: %v", name, errors.Unwrap(err))
			continue
		}
		if c.Shop != "lumen.myshopify.com" || c.UserID != "42" || c.SessionID != "abc" || c.TokenID != "f8912129" {
			t.Errorf("%s: got %+v", name, c)
		}
	}
}

func TestSessionRefuses(t *testing.T) {
	n := sessionNow.Unix()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	rs256, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims(goodClaims())).SignedString(rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	sign512 := func() string {
		text := part(map[string]any{"alg": "HS512", "typ": "JWT"}) + "." + part(goodClaims())
		m := hmac.New(sha512.New, []byte("now"))
		m.Write([]byte(text))
		return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
	}
	good := hs256("now", plainHeader, goodClaims())
	parts := strings.Split(good, ".")
	with := func(k string, v any) string { return hs256("now", plainHeader, but(map[string]any{k: v})) }
	both := func(dest, iss string) string {
		return hs256("now", plainHeader, but(map[string]any{"dest": dest, "iss": iss}))
	}
	rows := map[string]string{
		"empty":                     "",
		"garbage":                   "garbage",
		"two parts":                 parts[0] + "." + parts[1],
		"four parts":                good + ".x",
		"alg none":                  part(map[string]any{"alg": "none"}) + "." + parts[1] + ".",
		"alg None with signature":   part(map[string]any{"alg": "None"}) + "." + parts[1] + "." + parts[2],
		"alg missing":               hs256("now", map[string]any{"typ": "JWT"}, goodClaims()),
		"alg lower case":            hs256("now", map[string]any{"alg": "hs256"}, goodClaims()),
		"RS256":                     rs256,
		"RS256 key as HMAC secret":  hs256(publicPEM, plainHeader, goodClaims()),
		"HS512":                     sign512(),
		"other secret":              hs256("other", plainHeader, goodClaims()),
		"empty secret":              hs256("", plainHeader, goodClaims()),
		"claims swapped":            parts[0] + "." + part(but(map[string]any{"dest": "https://evil.myshopify.com"})) + "." + parts[2],
		"signature cut":             good[:len(good)-2],
		"signature padded":          good + "=",
		"no aud":                    with("aud", nil),
		"aud a list":                with("aud", []string{"key-1"}),
		"aud a list with others":    with("aud", []string{"other", "key-1"}),
		"aud another app":           with("aud", "key-2"),
		"aud empty":                 with("aud", ""),
		"aud in capitals":           with("aud", "KEY-1"),
		"no exp":                    with("exp", nil),
		"no nbf":                    with("nbf", nil),
		"expired 11 s ago":          hs256("now", plainHeader, but(map[string]any{"exp": n - 11, "nbf": n - 71})),
		"nbf in 11 s":               with("nbf", n+11),
		"iat in 11 s":               with("iat", n+11),
		"lives a day":               with("exp", n+86400),
		"exp a text":                with("exp", "tomorrow"),
		"no dest":                   with("dest", nil),
		"no iss":                    with("iss", nil),
		"iss another shop":          with("iss", "https://evil.myshopify.com/admin"),
		"dest another shop":         with("dest", "https://evil.myshopify.com"),
		"dest with a path":          both("https://lumen.myshopify.com/x", "https://lumen.myshopify.com/admin"),
		"dest with a slash":         both("https://lumen.myshopify.com/", "https://lumen.myshopify.com/admin"),
		"dest with a port":          both("https://lumen.myshopify.com:443", "https://lumen.myshopify.com:443/admin"),
		"dest with a user":          both("https://u@lumen.myshopify.com", "https://u@lumen.myshopify.com/admin"),
		"dest in capitals":          both("https://Lumen.myshopify.com", "https://Lumen.myshopify.com/admin"),
		"dest with a trailing dot":  both("https://lumen.myshopify.com.", "https://lumen.myshopify.com./admin"),
		"dest look-alike":           both("https://lumen.myshopify.com.evil.tld", "https://lumen.myshopify.com.evil.tld/admin"),
		"dest other look-alike":     both("https://lumenmyshopify.com", "https://lumenmyshopify.com/admin"),
		"dest with a query":         both("https://lumen.myshopify.com?x", "https://lumen.myshopify.com/admin"),
		"dest with a line break":    both("https://lumen.myshopify.com\n", "https://lumen.myshopify.com/admin"),
		"dest over http":            both("http://lumen.myshopify.com", "http://lumen.myshopify.com/admin"),
		"dest bare":                 both("lumen.myshopify.com", "https://lumen.myshopify.com/admin"),
		"iss without /admin":        with("iss", "https://lumen.myshopify.com"),
		"no sub":                    with("sub", nil),
		"sub a customer":            with("sub", "gid://shopify/Customer/1"),
		"sub a number":              with("sub", 42),
		"huge":                      hs256("now", plainHeader, but(map[string]any{"x": strings.Repeat("a", 8<<10)})),
		"claims a list":             hs256("now", plainHeader, []any{1}),
		"claims null":               hs256("now", plainHeader, nil),
		"line break in front":       "\n" + good,
		"bearer in front":           "Bearer " + good,
		"standard base64 in a part": strings.Replace(good, "_", "/", 1) + "=",
	}
	if len(rows) < 30 {
		t.Fatalf("%d rows", len(rows))
	}
	v := NewSessionVerifier("key-1", secrets(t, "now", "before"), clock.NewFixed(sessionNow))
	for name, token := range rows {
		c, err := v.Verify(token)
		if err == nil {
			t.Errorf("%s: accepted as %+v", name, c)
		} else if !errors.Is(err, ErrSession) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, none := range map[string]*SessionVerifier{
		"no key":     NewSessionVerifier("", secrets(t, "now", ""), clock.NewFixed(sessionNow)),
		"no secrets": NewSessionVerifier("key-1", Secrets{}, clock.NewFixed(sessionNow)),
	} {
		for _, token := range []string{good, with("aud", ""), hs256("", plainHeader, goodClaims())} {
			if _, err := none.Verify(token); err == nil {
				t.Errorf("a verifier with %s accepted a token", name)
			}
		}
	}
}

func TestExtensionSession(t *testing.T) {
	v := NewSessionVerifier("key-1", secrets(t, "now", ""), clock.NewFixed(sessionNow))
	guest := but(map[string]any{"dest": "lumen.myshopify.com", "iss": nil, "sub": nil})
	member := maps.Clone(guest)
	member["sub"] = "gid://shopify/Customer/7"
	for want, claims := range map[string]map[string]any{"": guest, "gid://shopify/Customer/7": member} {
		c, err := v.VerifyExtension(hs256("now", plainHeader, claims))
		if err != nil || c.Shop != "lumen.myshopify.com" || c.UserID != want {
			t.Errorf("subject %q: %+v, %v", want, c, err)
		}
		if _, err := v.Verify(hs256("now", plainHeader, claims)); err == nil {
			t.Error("an extension's token opened the admin")
		}
	}
	for name, change := range map[string]map[string]any{
		"staff": {"dest": "lumen.myshopify.com"}, "another app": {"aud": "key-2", "sub": nil}, "bad shop": {"dest": "lumen.myshopify.com/x", "sub": nil},
		"iss another shop": {"iss": "https://evil.myshopify.com/admin", "sub": nil}, "expired": {"exp": sessionNow.Unix() - 20, "sub": nil},
	} {
		if _, err := v.VerifyExtension(hs256("now", plainHeader, but(change))); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzSession(f *testing.F) {
	good := hs256("now", plainHeader, goodClaims())
	f.Add(good)
	f.Add("..")
	f.Add(part(map[string]any{"alg": "none"}) + "." + part(goodClaims()) + ".")
	v := NewSessionVerifier("key-1", secrets(f, "now", ""), clock.NewFixed(sessionNow))
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := v.Verify(token); err == nil {
			parts := strings.Split(token, ".")
			sig, _ := base64.RawURLEncoding.DecodeString(parts[2])
			m := hmac.New(sha256.New, []byte("now"))
			m.Write([]byte(parts[0] + "." + parts[1]))
			if !hmac.Equal(sig, m.Sum(nil)) {
				t.Fatalf("accepted without a signature: %q", token)
			}
		}
	})
}
