package shopify

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"afterglow/app/problem"
)

// Paths of the authorization-code flow.
const (
	AuthPath     = "/auth"
	CallbackPath = "/auth/callback"
)

// StateCookie bears the state of an authorization that is under way.
const StateCookie = "afterglow_oauth"

const stateLife = 60 * time.Second

// Problems of the ways to a token.
var (
	ErrCallback = problem.New(problem.Unauthorized, "shopify.callback",
		"This sign-in could not be verified. Please open the app from the Shopify admin again.")
	// ErrInvalidSubjectToken says that Shopify found the session token stale: our
	// own caller should fetch a new one. It is no outage.
	ErrInvalidSubjectToken = problem.New(problem.Unauthorized, "shopify.invalid_subject_token",
		"Your session has ended. Please reload the page in the Shopify admin.")
	// ErrInvalidGrant says that a code or a refresh token is used up or revoked.
	// Trying again cannot help.
	ErrInvalidGrant = problem.New(problem.Unauthorized, "shopify.invalid_grant",
		"Shopify no longer accepts this sign-in. Please open the app from the Shopify admin again.")
	// ErrUnavailable says that Shopify did not answer, or not sensibly.
	ErrUnavailable = problem.New(problem.Unavailable, "shopify.unavailable",
		"Shopify is not answering at the moment. Please try again in a minute.")
)

// Tokens are one answer of the token endpoint.
type Tokens struct {
	Access         string
	Expires        time.Time // zero: the token does not expire, which we never ask for
	Refresh        string
	RefreshExpires time.Time
	Scopes         []string
}

// String hides the tokens.
func (Tokens) String() string { return "[tokens]" }

// GoString hides the tokens from %#v.
func (Tokens) GoString() string { return "[tokens]" }

// AuthorizeURL is where the merchant's browser goes to grant the scopes. It
// returns ErrBadDomain before the library, which believes anything that contains
// myshopify.com, sees the shop.
func (a *App) AuthorizeURL(shop Domain, state string) (string, error) {
	if !shop.valid() {
		return "", ErrBadDomain
	}
	address, err := a.library.AuthorizeUrl(string(shop), state)
	if err != nil {
		return "", fmt.Errorf("authorize address of %s: %w", shop, err)
	}
	if a.sim == nil {
		return address, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("authorize address of %s: %w", shop, err)
	}
	return a.browse(shop, u.Path, u.Query()), nil
}

// NewState returns a fresh state for the shop and the cookie that proves in the
// callback that the same browser asked for it.
func (a *App) NewState(shop Domain) (state string, cookie *http.Cookie) {
	random := make([]byte, 32)
	rand.Read(random)
	state = hex.EncodeToString(random)
	text := state + "." + string(shop) + "." + strconv.FormatInt(a.Clock.Now().Unix(), 10)
	value := text + "." + base64.RawURLEncoding.EncodeToString(a.Secrets.sign([]byte("oauth state\n"+text)))
	return state, a.cookie(value, int(stateLife/time.Second))
}

// ClearState returns the cookie that removes the state.
func (a *App) ClearState() *http.Cookie { return a.cookie("", -1) }

func (a *App) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: StateCookie, Value: value, Path: CallbackPath, MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
		// Only a development address is not https; boot refuses one elsewhere.
		Secure: strings.HasPrefix(a.URL, "https://"),
	}
}

// Callback is a verified answer of the authorization page.
type Callback struct {
	Shop Domain
	Code string
	Host string // the host parameter as it came; check it with EmbeddedURL
}

// CheckCallback checks the raw query of the callback against the cookie, in the
// order in which the checks are cheap and safe: nothing twice, the shop's form,
// the time, the signature, the state. A state passes once. It returns
// ErrCallback with the reason as its cause, for the log only.
func (a *App) CheckCallback(rawQuery, cookie string) (Callback, error) {
	cb, err := a.checkCallback(rawQuery, cookie)
	if err != nil {
		return Callback{}, ErrCallback.With(err)
	}
	return cb, nil
}

func (a *App) checkCallback(rawQuery, cookie string) (Callback, error) {
	values, err := a.signedQuery(rawQuery)
	if err != nil {
		return Callback{}, err
	}
	shop := Domain(values["shop"])
	if err := a.checkState(values["state"], cookie, shop); err != nil {
		return Callback{}, err
	}
	if code := values["code"]; code == "" || len(code) > 512 {
		return Callback{}, errors.New("no code")
	}
	return Callback{Shop: shop, Code: values["code"], Host: values["host"]}, nil
}

// VerifyQuery checks the signature that Shopify puts on the address of the app's
// first page (shop, timestamp, hmac). It returns the shop, or ErrForged.
func (a *App) VerifyQuery(rawQuery string) (Domain, error) {
	values, err := a.signedQuery(rawQuery)
	if err != nil {
		return "", ErrForged.With(err)
	}
	return Domain(values["shop"]), nil
}

func (a *App) signedQuery(rawQuery string) (map[string]string, error) {
	pairs, err := splitQuery(rawQuery)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, p := range pairs {
		if _, twice := values[p.name]; twice {
			return nil, errors.New("a parameter appears twice")
		}
		values[p.name] = p.value
	}
	if !domainPattern.MatchString(values["shop"]) {
		return nil, errors.New("the shop is not a shop")
	}
	seconds, err := strconv.ParseInt(values["timestamp"], 10, 64)
	if err != nil {
		return nil, errors.New("no timestamp")
	}
	if age := a.Clock.Now().Sub(time.Unix(seconds, 0)); age > proxyWindow || age < -proxyWindow {
		return nil, errors.New("the timestamp is not of now")
	}
	if !a.Secrets.verifyHex(callbackMessage(rawQuery), values["hmac"]) {
		return nil, errors.New("the signature does not match")
	}
	return values, nil
}

// callbackMessage is the text Shopify signs in addresses: the raw pairs without
// the signature, sorted, joined by &. Working on the raw bytes leaves one
// reading only, where decoding first would let a value grow into a parameter.
func callbackMessage(rawQuery string) []byte {
	var kept []string
	for part := range strings.SplitSeq(rawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		if part != "" && name != "hmac" && name != "signature" {
			kept = append(kept, part)
		}
	}
	slices.Sort(kept)
	return []byte(strings.Join(kept, "&"))
}

func (a *App) checkState(state, cookie string, shop Domain) error {
	parts := strings.Split(cookie, ".")
	// The domain itself has two dots: state, a, b, c, time, mac.
	if len(parts) != 6 {
		return errors.New("no state cookie")
	}
	text := strings.Join(parts[:5], ".")
	mac, err := base64.RawURLEncoding.Strict().DecodeString(parts[5])
	if err != nil || !a.Secrets.signed([]byte("oauth state\n"+text), mac) {
		return errors.New("the state cookie was not made by us")
	}
	made, err := strconv.ParseInt(parts[4], 10, 64)
	if err != nil {
		return errors.New("the state cookie has no time")
	}
	now := a.Clock.Now()
	if age := now.Sub(time.Unix(made, 0)); age > stateLife || age < -stateLife {
		return errors.New("the state is stale")
	}
	if subtle.ConstantTimeCompare([]byte(state), []byte(parts[0])) != 1 || len(state) != 64 {
		return errors.New("the state is another one")
	}
	if Domain(strings.Join(parts[1:4], ".")) != shop {
		return errors.New("the state belongs to another shop")
	}
	if !a.states.use(state, now) {
		return errors.New("the state was used before")
	}
	return nil
}

// usedStates remembers the states that passed, for as long as they live. One
// process forgets what another one saw; there the code, which Shopify accepts
// once, is the second wall.
type usedStates struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

func newUsedStates() *usedStates { return &usedStates{seen: map[string]time.Time{}} }

func (u *usedStates) use(state string, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for s, at := range u.seen {
		if now.Sub(at) > 2*stateLife {
			delete(u.seen, s)
		}
	}
	if _, used := u.seen[state]; used {
		return false
	}
	u.seen[state] = now
	return true
}

const (
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeIDToken   = "urn:ietf:params:oauth:token-type:id_token"
	typeOnline    = "urn:shopify:params:oauth:token-type:online-access-token"
	typeOffline   = "urn:shopify:params:oauth:token-type:offline-access-token"
)

// ExchangeSession trades a verified session token for an offline pair. It
// returns ErrInvalidSubjectToken when Shopify finds the token stale.
func (a *App) ExchangeSession(ctx context.Context, shop Domain, sessionToken string) (Tokens, error) {
	return a.token(ctx, shop, map[string]string{
		"grant_type": grantExchange, "subject_token": sessionToken, "subject_token_type": typeIDToken,
		"requested_token_type": typeOffline, "expiring": "1",
	})
}

// User is a member of staff as Shopify knows them.
type User struct {
	ID           int64
	FirstName    string
	LastName     string
	AccountOwner bool // owns the store at Shopify
	Collaborator bool // of a partner, not of the merchant
}

// ExchangeUser tells who the session token belongs to. Shopify says it only along
// with an online token, which is dropped at once.
func (a *App) ExchangeUser(ctx context.Context, shop Domain, sessionToken string) (User, error) {
	answer, err := a.askToken(ctx, shop, map[string]string{
		"grant_type": grantExchange, "subject_token": sessionToken, "subject_token_type": typeIDToken, "requested_token_type": typeOnline,
	})
	if err != nil {
		return User{}, err
	}
	var body struct {
		User struct {
			ID           int64  `json:"id"`
			FirstName    string `json:"first_name"`
			LastName     string `json:"last_name"`
			AccountOwner bool   `json:"account_owner"`
			Collaborator bool   `json:"collaborator"`
		} `json:"associated_user"`
	}
	if err := json.Unmarshal(answer, &body); err != nil || body.User.ID == 0 {
		return User{}, errors.New("the answer for an online token names no user")
	}
	return User(body.User), nil
}

// ExchangeCode trades the code of a verified callback for an offline pair.
func (a *App) ExchangeCode(ctx context.Context, shop Domain, code string) (Tokens, error) {
	return a.token(ctx, shop, map[string]string{"code": code, "expiring": "1"})
}

// Refresh trades a refresh token for a new pair. ErrInvalidGrant is final.
func (a *App) Refresh(ctx context.Context, shop Domain, refreshToken string) (Tokens, error) {
	return a.token(ctx, shop, map[string]string{"grant_type": "refresh_token", "refresh_token": refreshToken})
}

// Migrate trades a token that never expires, of an installation older than
// expiring tokens, for a pair. The old token stops working.
func (a *App) Migrate(ctx context.Context, shop Domain, oldToken string) (Tokens, error) {
	return a.token(ctx, shop, map[string]string{
		"grant_type": grantExchange, "subject_token": oldToken, "subject_token_type": typeOffline,
		"requested_token_type": typeOffline, "expiring": "1",
	})
}

// token posts to the token endpoint. go-shopify's GetAccessToken cannot do it:
// it drops the refresh token, the scopes and the expiry, and cannot ask for an
// expiring token. The call is not repeated here: a refresh has its own rules.
func (a *App) token(ctx context.Context, shop Domain, body map[string]string) (Tokens, error) {
	asked := a.Clock.Now()
	answer, err := a.askToken(ctx, shop, body)
	if err != nil {
		return Tokens{}, err
	}
	return readTokens(shop, answer, asked)
}

func (a *App) askToken(ctx context.Context, shop Domain, body map[string]string) ([]byte, error) {
	if !shop.valid() {
		return nil, ErrBadDomain
	}
	body["client_id"], body["client_secret"] = a.APIKey, string(a.Secrets.current)
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("token request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, shop.Origin()+"/admin/oauth/access_token", bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("token request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := a.httpClient(a.transport, 15*time.Second).Do(req)
	if err != nil {
		return nil, ErrUnavailable.With(fmt.Errorf("token of %s: %w", shop, err))
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return nil, ErrUnavailable.With(err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, tokenError(shop, resp.StatusCode, answer)
	}
	return answer, nil
}

func tokenError(shop Domain, status int, answer []byte) error {
	var refusal struct {
		Error string `json:"error"`
	}
	// A body that is no JSON leaves the code empty.
	_ = json.Unmarshal(answer, &refusal)
	cause := fmt.Errorf("token of %s: status %d, error %q", shop, status, shorten(refusal.Error))
	switch {
	case status == http.StatusTooManyRequests || status >= 500:
		return ErrUnavailable.With(cause)
	case refusal.Error == "invalid_subject_token":
		return ErrInvalidSubjectToken.With(cause)
	case refusal.Error == "invalid_grant":
		return ErrInvalidGrant.With(cause)
	}
	// Whatever else it is (our key is wrong, the shop is frozen), it is not known
	// to be the fault of this token, so it is not final for the shop.
	return ErrUnavailable.With(cause)
}

func readTokens(shop Domain, answer []byte, asked time.Time) (Tokens, error) {
	var t struct {
		AccessToken    string `json:"access_token"`
		Scope          string `json:"scope"`
		ExpiresIn      int64  `json:"expires_in"`
		RefreshToken   string `json:"refresh_token"`
		RefreshExpires int64  `json:"refresh_token_expires_in"`
	}
	if err := json.Unmarshal(answer, &t); err != nil || t.AccessToken == "" {
		return Tokens{}, ErrUnavailable.With(fmt.Errorf("token of %s: answer without a token", shop))
	}
	tokens := Tokens{Access: t.AccessToken, Refresh: t.RefreshToken, Scopes: SplitScopes(t.Scope)}
	// Counted from before the call, so that we never think it longer than it is.
	if t.ExpiresIn > 0 {
		tokens.Expires = asked.Add(time.Duration(t.ExpiresIn) * time.Second)
	}
	if t.RefreshExpires > 0 {
		tokens.RefreshExpires = asked.Add(time.Duration(t.RefreshExpires) * time.Second)
	}
	return tokens, nil
}

// shorten keeps a text from outside fit for a log.
func shorten(s string) string {
	if len(s) > 100 {
		s = s[:100]
	}
	return strings.ToValidUTF8(s, "?")
}
