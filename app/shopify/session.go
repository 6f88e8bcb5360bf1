package shopify

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"afterglow/app/clock"
	"afterglow/app/problem"
)

// ErrSession says that a session token is missing, forged, stale or meant for
// somebody else. App Bridge fetches a new one when it reads this.
var ErrSession = problem.New(problem.Unauthorized, "shopify.session",
	"Your session has ended. Please reload the page in the Shopify admin.")

// sessionLeeway is how far Shopify's clock may be from ours.
const sessionLeeway = 10 * time.Second

// A session token lives one minute. One that claims to live longer than this was
// not made by Shopify as we know it.
const sessionMaxLife = 10 * time.Minute

var userPattern = regexp.MustCompile(`\A[0-9]{1,20}\z`)

// Claims are what a verified session token tells. Shop is the tenant; it comes
// from nowhere else.
type Claims struct {
	Shop      Domain
	UserID    string // staff: a number; extension: the customer's GID or "" for a guest
	SessionID string
	TokenID   string
	Expires   time.Time
}

// SessionVerifier checks session tokens of the embedded admin and of UI
// extensions.
type SessionVerifier struct {
	apiKey  string
	secrets Secrets
	clock   clock.Clock
	parser  *jwt.Parser
}

// NewSessionVerifier returns a verifier for the app with this client id.
func NewSessionVerifier(apiKey string, secrets Secrets, clk clock.Clock) *SessionVerifier {
	return &SessionVerifier{apiKey: apiKey, secrets: secrets, clock: clk, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithStrictDecoding(),
		// Times and audience are checked below, against our clock.
		jwt.WithoutClaimsValidation(),
	)}
}

// sessionClaims lists the claims as they are written. The audience is a plain
// string: a list of audiences is not what Shopify sends.
type sessionClaims struct {
	Issuer    string           `json:"iss"`
	Dest      string           `json:"dest"`
	Audience  string           `json:"aud"`
	Subject   string           `json:"sub"`
	Expires   *jwt.NumericDate `json:"exp"`
	NotBefore *jwt.NumericDate `json:"nbf"`
	IssuedAt  *jwt.NumericDate `json:"iat"`
	TokenID   string           `json:"jti"`
	SessionID string           `json:"sid"`
}

func (c sessionClaims) GetExpirationTime() (*jwt.NumericDate, error) { return c.Expires, nil }
func (c sessionClaims) GetIssuedAt() (*jwt.NumericDate, error)       { return c.IssuedAt, nil }
func (c sessionClaims) GetNotBefore() (*jwt.NumericDate, error)      { return c.NotBefore, nil }
func (c sessionClaims) GetIssuer() (string, error)                   { return c.Issuer, nil }
func (c sessionClaims) GetSubject() (string, error)                  { return c.Subject, nil }
func (c sessionClaims) GetAudience() (jwt.ClaimStrings, error) {
	return jwt.ClaimStrings{c.Audience}, nil
}

// Verify checks a session token of the embedded admin. It returns ErrSession
// with the reason as its cause, for the log only.
func (v *SessionVerifier) Verify(token string) (Claims, error) {
	c, err := v.verify(token)
	if err != nil {
		return Claims{}, ErrSession.With(err)
	}
	shop, err := shopOfURL(c.Dest, "")
	if err != nil {
		return Claims{}, ErrSession.With(err)
	}
	if issuer, err := shopOfURL(c.Issuer, "/admin"); err != nil || issuer != shop {
		return Claims{}, ErrSession.With(errors.New("issuer and destination are not the same shop"))
	}
	if !userPattern.MatchString(c.Subject) {
		return Claims{}, ErrSession.With(errors.New("subject is not a staff member"))
	}
	return c.claims(shop), nil
}

// VerifyExtension checks a session token of a UI extension. Its destination may
// be a bare domain, it has no issuer that we could compare, and its subject is
// the customer only when one is signed in.
func (v *SessionVerifier) VerifyExtension(token string) (Claims, error) {
	c, err := v.verify(token)
	if err != nil {
		return Claims{}, ErrSession.With(err)
	}
	dest := c.Dest
	if !strings.Contains(dest, "://") {
		dest = "https://" + dest
	}
	shop, err := shopOfURL(dest, "")
	if err != nil {
		return Claims{}, ErrSession.With(err)
	}
	if c.Issuer != "" {
		if issuer, err := shopOfURL(c.Issuer, "/admin"); err != nil || issuer != shop {
			return Claims{}, ErrSession.With(errors.New("issuer and destination are not the same shop"))
		}
	}
	if c.Subject != "" && !strings.HasPrefix(c.Subject, "gid://shopify/Customer/") {
		return Claims{}, ErrSession.With(errors.New("subject is not a customer"))
	}
	return c.claims(shop), nil
}

func (c sessionClaims) claims(shop Domain) Claims {
	return Claims{Shop: shop, UserID: c.Subject, SessionID: c.SessionID, TokenID: c.TokenID, Expires: c.Expires.UTC()}
}

func (v *SessionVerifier) verify(token string) (*sessionClaims, error) {
	if token == "" || len(token) > 4<<10 {
		return nil, errors.New("token is missing or too long")
	}
	c, err := v.parse(token, v.secrets.current)
	if errors.Is(err, jwt.ErrTokenSignatureInvalid) && len(v.secrets.previous) > 0 {
		c, err = v.parse(token, v.secrets.previous)
	}
	if err != nil {
		return nil, err
	}
	now := v.clock.Now()
	switch {
	case v.apiKey == "" || c.Audience != v.apiKey:
		return nil, errors.New("token is meant for another app")
	case c.Expires == nil || c.NotBefore == nil:
		return nil, errors.New("token does not say when it is valid")
	case now.After(c.Expires.Add(sessionLeeway)):
		return nil, errors.New("token has expired")
	case now.Before(c.NotBefore.Add(-sessionLeeway)):
		return nil, errors.New("token is not valid yet")
	case c.IssuedAt != nil && now.Before(c.IssuedAt.Add(-sessionLeeway)):
		return nil, errors.New("token was issued in the future")
	case c.Expires.Sub(c.NotBefore.Time) > sessionMaxLife:
		return nil, errors.New("token lives longer than Shopify's do")
	}
	return c, nil
}

func (v *SessionVerifier) parse(token string, key []byte) (*sessionClaims, error) {
	if len(key) == 0 {
		return nil, errors.New("no secret")
	}
	c := &sessionClaims{}
	parsed, err := v.parser.ParseWithClaims(token, c, func(*jwt.Token) (any, error) { return key, nil })
	if err != nil {
		return nil, err
	}
	if !parsed.Valid || parsed.Method != jwt.SigningMethodHS256 {
		return nil, errors.New("token is not signed as Shopify signs")
	}
	return c, nil
}

// shopOfURL reads https://<domain><path> and nothing else: no port, no user, no
// other path, no query, no capitals, no trailing dot.
func shopOfURL(s, path string) (Domain, error) {
	rest, ok := strings.CutPrefix(s, "https://")
	if ok {
		rest, ok = strings.CutSuffix(rest, path)
	}
	if !ok || !domainPattern.MatchString(rest) {
		return "", errors.New("not the address of a shop")
	}
	return Domain(rest), nil
}
