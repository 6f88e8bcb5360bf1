package shopsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// staffID is the user id of the one staff member who is signed in.
const staffID = 81_234_567

// tokenLife is how long a session token is good for.
const tokenLife = 60 * time.Second

// frameURL is the address the admin opens the app under: the app's own path
// and query, and what Shopify adds, signed.
func (s *Sim) frameURL(shop *Shop, path string, own url.Values) string {
	q := url.Values{}
	for key, values := range own {
		if !reservedFrameKeys[key] {
			q[key] = values
		}
	}
	q.Set("embedded", "1")
	q.Set("host", base64.RawStdEncoding.EncodeToString([]byte("admin.shopify.com/store/"+storeName(shop))))
	q.Set("id_token", s.sessionToken(shop))
	q.Set("locale", shop.Locale)
	q.Set("session", hex.EncodeToString(s.mac("session", shop.Domain)))
	q.Set("shop", shop.Domain)
	q.Set("timestamp", strconv.FormatInt(s.Now().Unix(), 10))
	// Encode sorts by key, which is the order the signature wants.
	signed := q.Encode()
	u := url.URL{Path: "/" + strings.TrimLeft(path, "/")}
	return s.cfg.AppURL + u.EscapedPath() + "?" + signed + "&hmac=" + hex.EncodeToString(s.mac(signed))
}

// A link to the admin cannot smuggle in a value that Shopify sets.
var reservedFrameKeys = map[string]bool{"embedded": true, "host": true, "hmac": true, "id_token": true, "locale": true,
	"session": true, "shop": true, "timestamp": true}

// mac is HMAC-SHA256 with the app's secret over the joined parts.
func (s *Sim) mac(parts ...string) []byte {
	h := hmac.New(sha256.New, []byte(s.cfg.APISecret))
	h.Write([]byte(strings.Join(parts, "")))
	return h.Sum(nil)
}

// sessionToken is the JWT that says which staff member of which shop looks at
// the app.
func (s *Sim) sessionToken(shop *Shop) string {
	now := s.Now()
	part := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err) // maps of strings and numbers always encode
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	body := part(map[string]string{"alg": "HS256", "typ": "JWT"}) + "." + part(map[string]any{
		"iss": fmt.Sprintf("https://%s/admin", shop.Domain), "dest": "https://" + shop.Domain, "aud": s.cfg.APIKey,
		"sub": strconv.Itoa(staffID), "exp": now.Add(tokenLife).Unix(), "nbf": now.Unix(), "iat": now.Unix(),
		"jti": randomHex(16), "sid": hex.EncodeToString(s.mac("sid", shop.Domain)),
	})
	return body + "." + base64.RawURLEncoding.EncodeToString(s.mac(body))
}
