package shopsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

var shopPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*\.myshopify\.com$`)

func validShop(domain string) bool { return shopPattern.MatchString(domain) }

func (s *Sim) mac(message string) []byte {
	m := hmac.New(sha256.New, []byte(s.cfg.APISecret))
	m.Write([]byte(message))
	return m.Sum(nil)
}

// StaffID is the user id of the simulated member of staff.
const StaffID = 90_210_447

// sessionLife is how long a session token is good for.
const sessionLife = time.Minute

// SessionToken mints the token App Bridge would give to the app's page: HS256,
// one minute. It is the store owner's.
func (s *Sim) SessionToken(shop *Shop) string { return s.SessionTokenOf(shop, StaffID) }

// SessionTokenOf mints the token of another member of staff.
func (s *Sim) SessionTokenOf(shop *Shop, staff int64) string {
	return s.jwt(sessionLife, map[string]any{"iss": "https://" + shop.Domain + "/admin", "dest": "https://" + shop.Domain,
		"sub": fmt.Sprint(staff), "sid": hex.EncodeToString(s.mac("sid" + shop.Domain))})
}

// extensionLife is how long the token of a UI extension is good for.
const extensionLife = 5 * time.Minute

// ExtensionToken mints the token that a UI extension on the shop's account pages
// gets. Its subject is the customer, if one is signed in; it has no issuer.
func (s *Sim) ExtensionToken(shop *Shop, customer int64) string {
	claims := map[string]any{"dest": shop.Domain}
	if customer != 0 {
		claims["sub"] = fmt.Sprintf("gid://shopify/Customer/%d", customer)
	}
	return s.jwt(extensionLife, claims)
}

// jwt signs claims for the app, which are good from now on.
func (s *Sim) jwt(life time.Duration, claims map[string]any) string {
	now := s.Now()
	claims["aud"], claims["exp"], claims["nbf"], claims["iat"], claims["jti"] = s.cfg.APIKey, now.Add(life).Unix(), now.Unix(), now.Unix(), randomHex(16)
	part := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err) // maps of strings and numbers always encode
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	head := part(map[string]string{"alg": "HS256", "typ": "JWT"}) + "." + part(claims)
	return head + "." + base64.RawURLEncoding.EncodeToString(s.mac(head))
}

// sessionClaims is what the token endpoint looks at.
type sessionClaims struct {
	Dest string `json:"dest"`
	Aud  string `json:"aud"`
	Sub  string `json:"sub"`
	Jti  string `json:"jti"`
	Exp  int64  `json:"exp"`
	Nbf  int64  `json:"nbf"`
}

// readSession checks a session token as Shopify's token endpoint does.
func (s *Sim) readSession(token string, shop *Shop) (*sessionClaims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("not a JWT")
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !hmac.Equal(sig, s.mac(parts[0]+"."+parts[1])) {
		return nil, errors.New("bad signature")
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errors.New("bad claims")
	}
	var c sessionClaims
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, errors.New("bad claims")
	}
	now := s.Now().Unix()
	switch {
	case c.Aud != s.cfg.APIKey:
		return nil, errors.New("another app's token")
	case c.Dest != "https://"+shop.Domain:
		return nil, errors.New("another shop's token")
	case now >= c.Exp || now < c.Nbf:
		return nil, errors.New("expired")
	}
	return &c, nil
}

// HostParam is the host parameter of the app's pages.
func HostParam(shop *Shop) string {
	name, _, _ := strings.Cut(shop.Domain, ".")
	return base64.RawStdEncoding.EncodeToString([]byte("admin.shopify.com/store/" + name))
}

// signQuery adds timestamp and hmac to a query, as Shopify does when it opens
// an app or calls back.
func (s *Sim) signQuery(q url.Values) string {
	q.Set("timestamp", fmt.Sprint(s.Now().Unix()))
	q.Del("hmac")
	keys := make([]string, 0, len(q))
	for k := range q {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var parts []string
	for _, k := range keys {
		parts = append(parts, url.QueryEscape(k)+"="+url.QueryEscape(q.Get(k)))
	}
	message := strings.Join(parts, "&")
	return message + "&hmac=" + hex.EncodeToString(s.mac(message))
}

// frameKeys are set by Shopify; a link to the admin cannot smuggle them in.
var frameKeys = []string{"embedded", "host", "hmac", "id_token", "locale", "session", "shop", "timestamp"}

// AppFrameURL is what the admin puts into its frame for a path of the app: the
// app's own path and query, and what Shopify adds, signed.
func (s *Sim) AppFrameURL(shop *Shop, path string, own url.Values) string {
	q := url.Values{}
	for k, v := range own {
		if len(v) > 0 && !slices.Contains(frameKeys, k) {
			q.Set(k, v[0])
		}
	}
	q.Set("embedded", "1")
	q.Set("shop", shop.Domain)
	q.Set("host", HostParam(shop))
	q.Set("locale", shop.Locale)
	q.Set("session", hex.EncodeToString(s.mac("session"+shop.Domain)))
	q.Set("id_token", s.SessionToken(shop))
	u := url.URL{Path: "/" + strings.TrimLeft(path, "/")}
	return s.cfg.AppURL + u.EscapedPath() + "?" + s.signQuery(q)
}

// ProxyQuery signs an app proxy query. Values that a visitor put in under
// Shopify's own names are dropped first.
func (s *Sim) ProxyQuery(shop *Shop, customerID int64, visitor url.Values) string {
	q := url.Values{}
	for k, v := range visitor {
		q[k] = v
	}
	customer := ""
	if customerID != 0 {
		customer = fmt.Sprint(customerID)
	}
	q.Set("shop", shop.Domain)
	q.Set("logged_in_customer_id", customer)
	q.Set("path_prefix", "/apps/"+AppHandle)
	q.Set("timestamp", fmt.Sprint(s.Now().Unix()))
	q.Del("signature")
	q.Set("signature", hex.EncodeToString(s.mac(proxyMessage(q))))
	return q.Encode()
}

// proxyMessage is what the app proxy signs: decoded key=value pairs, repeated
// values joined by commas, sorted, nothing between them.
func proxyMessage(q url.Values) string {
	parts := make([]string, 0, len(q))
	for k, v := range q {
		if k != "signature" {
			parts = append(parts, k+"="+strings.Join(v, ","))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "")
}

// hasScope tells whether granted scopes contain a wanted one; writing includes
// reading.
func hasScope(granted []string, want string) bool {
	for _, g := range granted {
		if g == want {
			return true
		}
		if rest, ok := strings.CutPrefix(want, "read_"); ok && g == "write_"+rest {
			return true
		}
	}
	return false
}
