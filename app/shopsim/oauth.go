package shopsim

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Lives of tokens.
const (
	accessLife  = time.Hour
	refreshLife = 90 * 24 * time.Hour
	retryWindow = 30 * 24 * time.Hour // a used refresh token may be tried again
	codeLife    = time.Minute
)

const (
	exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
	idTokenType   = "urn:ietf:params:oauth:token-type:id_token"
	offlineType   = "urn:shopify:params:oauth:token-type:offline-access-token"
	onlineType    = "urn:shopify:params:oauth:token-type:online-access-token"
)

// oauthError is what the token endpoint refuses with.
type oauthError struct {
	status int
	code   string
	detail string
}

func (e *oauthError) Error() string { return e.code + ": " + e.detail }

func deny(code, detail string) error { return &oauthError{http.StatusBadRequest, code, detail} }

type tokenRequest struct {
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret"`
	GrantType     string `json:"grant_type"`
	Code          string `json:"code"`
	SubjectToken  string `json:"subject_token"`
	SubjectType   string `json:"subject_token_type"`
	RequestedType string `json:"requested_token_type"`
	RefreshToken  string `json:"refresh_token"`
	Expiring      any    `json:"expiring"`
}

func readTokenRequest(r *http.Request) (in tokenRequest, err error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return in, deny("invalid_request", "unreadable body")
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" {
		q, err := url.ParseQuery(string(raw))
		if err != nil {
			return in, deny("invalid_request", "unreadable form")
		}
		return tokenRequest{q.Get("client_id"), q.Get("client_secret"), q.Get("grant_type"), q.Get("code"), q.Get("subject_token"),
			q.Get("subject_token_type"), q.Get("requested_token_type"), q.Get("refresh_token"), q.Get("expiring")}, nil
	}
	if json.Unmarshal(raw, &in) != nil {
		return in, deny("invalid_request", "The request body is not valid JSON")
	}
	return in, nil
}

// serveToken is POST /admin/oauth/access_token.
func (s *Sim) serveToken(w http.ResponseWriter, r *http.Request) {
	shop := s.ShopOf(r)
	if shop == nil {
		http.NotFound(w, r)
		return
	}
	hit, pause := s.apiFault("access_token")
	if s.disturb(w, r, hit, pause, true) {
		return
	}
	in, err := readTokenRequest(r)
	var token *Token
	if err == nil {
		token, err = s.grant(shop, in)
	}
	if hit == failAfter {
		hangUp(w)
		return
	}
	if err != nil {
		writeOAuthError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, s.tokenAnswer(shop, token))
}

func writeOAuthError(w http.ResponseWriter, err error) {
	e, ok := err.(*oauthError)
	if !ok {
		e = &oauthError{http.StatusInternalServerError, "server_error", err.Error()}
	}
	writeJSON(w, e.status, map[string]string{"error": e.code, "error_description": e.detail})
}

func (s *Sim) tokenAnswer(shop *Shop, t *Token) map[string]any {
	out := map[string]any{"access_token": t.Access, "scope": strings.Join(t.Scopes, ",")}
	if !t.ExpiresAt.IsZero() {
		out["expires_in"] = int64(t.ExpiresAt.Sub(s.Now()) / time.Second)
	}
	if t.Refresh != "" {
		out["refresh_token"] = t.Refresh
		out["refresh_token_expires_in"] = int64(t.RefreshExpires.Sub(s.Now()) / time.Second)
	}
	if t.Online {
		first, last, _ := strings.Cut(shop.Owner, " ")
		if t.UserID != StaffID {
			first, last = "Staff", fmt.Sprint(t.UserID)
		}
		out["associated_user_scope"] = strings.Join(t.Scopes, ",")
		out["associated_user"] = map[string]any{"id": t.UserID, "first_name": first, "last_name": last, "email": shop.Email,
			"email_verified": true, "account_owner": t.UserID == StaffID, "locale": shop.Locale, "collaborator": false}
	}
	return out
}

func (s *Sim) grant(shop *Shop, in tokenRequest) (token *Token, err error) {
	if in.ClientID != s.cfg.APIKey {
		return nil, deny("invalid_client", "Could not find Shopify API application with api_key "+in.ClientID)
	}
	if in.ClientSecret != s.cfg.APISecret {
		return nil, deny("invalid_client", "The client secret is wrong")
	}
	err = s.write(func(t *tx) error {
		switch {
		case in.GrantType == exchangeGrant:
			token, err = t.exchange(shop, in)
		case in.GrantType == "refresh_token":
			token, err = t.refresh(shop, in.RefreshToken)
		case (in.GrantType == "" || in.GrantType == "authorization_code") && in.Code != "":
			token, err = t.redeem(shop, in)
		default:
			err = deny("unsupported_grant_type", in.GrantType)
		}
		return err
	})
	return token, err
}

// expiring tells whether an expiring token was asked for. An app made after
// April 2026 may have no other.
func (in tokenRequest) expiring() bool { return fmt.Sprint(in.Expiring) == "1" || in.Expiring == true }

func (t *tx) exchange(shop *Shop, in tokenRequest) (*Token, error) {
	if in.SubjectType != idTokenType {
		return nil, deny("invalid_request", "subject_token_type is not supported")
	}
	claims, err := t.sim.readSession(in.SubjectToken, shop)
	if err != nil {
		return nil, deny("invalid_subject_token", "The subject token is invalid: "+err.Error())
	}
	if !shop.Installed {
		return nil, deny("application_cannot_be_found", "The app is not installed on this shop")
	}
	switch in.RequestedType {
	case offlineType:
		if !in.expiring() {
			return nil, deny("invalid_request", "Non-expiring offline access tokens are not available for this app: send expiring=1")
		}
		return t.newToken(shop, false, claims.Jti), nil
	case onlineType:
		k := t.newToken(shop, true, claims.Jti)
		user, err := strconv.ParseInt(claims.Sub, 10, 64)
		if err != nil {
			return nil, deny("invalid_subject_token", "The subject token names no user")
		}
		k.UserID = user
		return k, nil
	}
	return nil, deny("invalid_request", "requested_token_type is not supported")
}

// newToken gives out a token; a new offline pair replaces the one before.
func (t *tx) newToken(shop *Shop, online bool, from string) *Token {
	k := &Token{ID: t.id("other"), ShopID: shop.ID, Online: online, Scopes: slices.Clone(shop.Scopes), CreatedAt: t.now,
		ExpiresAt: t.now.Add(accessLife), ExchangedFor: from}
	if online {
		k.UserID, k.Access, k.ExpiresAt = StaffID, "shpat_"+randomHex(16), t.now.Add(24*time.Hour)
		return add(t, t.tokens, k)
	}
	for _, old := range t.tokens.order[shop.ID] {
		if !old.Online && !old.Superseded {
			row := edit(t, t.tokens, old.ID)
			row.Superseded, row.Revoked = true, true
		}
	}
	k.Access, k.Refresh, k.RefreshExpires = "shpat_"+randomHex(16), "shprt_"+randomHex(16), t.now.Add(refreshLife)
	return add(t, t.tokens, k)
}

// refresh rotates a pair. The previous refresh token may be tried again, in
// case the answer was lost, until the new pair is first used, at most thirty
// days after its own first use. A retry makes another pair and kills the unused
// one.
func (t *tx) refresh(shop *Shop, refresh string) (*Token, error) {
	bad := deny("invalid_grant", "The refresh token is invalid, expired or has been used")
	var old *Token
	for _, k := range t.tokens.order[shop.ID] {
		if k.Refresh != "" && k.Refresh == refresh {
			old = k
		}
	}
	if old == nil || old.Superseded || !shop.Installed || !t.now.Before(old.RefreshExpires) {
		return nil, bad
	}
	old = edit(t, t.tokens, old.ID)
	if old.RefreshUsed.IsZero() {
		old.RefreshUsed = t.now
	} else if t.now.Sub(old.RefreshUsed) > retryWindow {
		return nil, bad
	}
	for _, k := range t.tokens.order[shop.ID] {
		if k.Parent != old.ID || k.Superseded {
			continue
		}
		if k.Used {
			return nil, bad
		}
		row := edit(t, t.tokens, k.ID)
		row.Superseded, row.Revoked = true, true
	}
	// Presenting a refresh token is using the pair it belongs to, which ends
	// the retry window of the pair before.
	old.Used, old.Revoked = true, true
	k := &Token{ID: t.id("other"), ShopID: shop.ID, Access: "shpat_" + randomHex(16), Refresh: "shprt_" + randomHex(16), Scopes: slices.Clone(shop.Scopes),
		CreatedAt: t.now, ExpiresAt: t.now.Add(accessLife), RefreshExpires: t.now.Add(refreshLife), Parent: old.ID}
	return add(t, t.tokens, k), nil
}

func (t *tx) redeem(shop *Shop, in tokenRequest) (*Token, error) {
	for _, c := range t.codes.order[shop.ID] {
		if c.Code != in.Code {
			continue
		}
		if c.Used || !t.now.Before(c.ExpiresAt) {
			break
		}
		if !in.expiring() && !c.Online {
			return nil, deny("invalid_request", "Non-expiring offline access tokens are not available for this app: send expiring=1")
		}
		edit(t, t.codes, c.ID).Used = true
		row := edit(t, t.shops, shop.ID)
		row.Installed, row.Scopes = true, slices.Clone(c.Scopes)
		return t.newToken(row, c.Online, c.Code), nil
	}
	return nil, deny("invalid_request", "The authorization code was not found or was already used")
}

// authorized finds the live token behind an access token and marks it used.
func (s *Sim) authorized(shop *Shop, access string) *Token {
	var found *Token
	s.read(func(t *tables) {
		for _, k := range t.tokens.order[shop.ID] {
			if k.Access == access && access != "" && !k.Revoked && (k.ExpiresAt.IsZero() || s.Now().Before(k.ExpiresAt)) {
				found = k
			}
		}
	})
	if found == nil || !shop.Installed || found.Used {
		if found != nil && !shop.Installed {
			return nil
		}
		return found
	}
	s.write(func(t *tx) error {
		if row := edit(t, t.tokens, found.ID); row != nil {
			row.Used = true
		}
		return nil
	})
	return found
}

// serveAuthorize is GET /admin/oauth/authorize: the simulated merchant agrees
// at once.
func (s *Sim) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	shop, q := s.shopFor(r), r.URL.Query()
	if shop == nil {
		http.NotFound(w, r)
		return
	}
	if q.Get("client_id") != s.cfg.APIKey {
		http.Error(w, "Oauth error invalid_request: Could not find Shopify API application with api_key", http.StatusBadRequest)
		return
	}
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Scheme+"://"+back.Host != s.cfg.AppURL || back.Path != "/auth/callback" {
		http.Error(w, "Oauth error invalid_request: The redirect_uri is not whitelisted", http.StatusBadRequest)
		return
	}
	scopes := splitScopes(q.Get("scope"))
	if len(scopes) == 0 {
		scopes = shop.Scopes
	}
	code := &AuthCode{Code: randomHex(16), ShopID: shop.ID, Scopes: scopes, Online: q.Get("grant_options[]") == "per-user"}
	if err := s.write(func(t *tx) error {
		code.ID, code.ExpiresAt = t.id("other"), t.now.Add(codeLife)
		add(t, t.codes, code)
		return nil
	}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer := url.Values{"code": {code.Code}, "host": {HostParam(shop)}, "shop": {shop.Domain}, "state": {q.Get("state")}}
	http.Redirect(w, r, back.String()+"?"+s.signQuery(answer), http.StatusFound)
}

// serveInstall is /admin/oauth/install: managed installation, and grants of
// further scopes.
func (s *Sim) serveInstall(w http.ResponseWriter, r *http.Request) {
	shop, q := s.shopFor(r), r.URL.Query()
	if shop == nil || q.Get("client_id") != s.cfg.APIKey {
		http.NotFound(w, r)
		return
	}
	scopes := splitScopes(q.Get("scope"))
	if len(scopes) == 0 {
		scopes = s.cfg.Scopes
	}
	if err := s.SetInstalled(shop.ID, true, append(scopes, splitScopes(q.Get("optional_scopes"))...)); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, s.cfg.URL+"/admin/apps/"+AppHandle+"?shop="+shop.Domain, http.StatusFound)
}

// shopFor picks the shop by host, or by ?shop= when a browser follows a link on
// the simulation's own address.
func (s *Sim) shopFor(r *http.Request) *Shop {
	if named := r.URL.Query().Get("shop"); named != "" && !strings.HasSuffix(strings.Split(r.Host, ":")[0], ".myshopify.com") {
		return s.Shop(named)
	}
	return s.ShopOf(r)
}

func splitScopes(s string) (out []string) {
	for _, x := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// SetInstalled installs the app with scopes, or uninstalls it. Uninstalling
// kills every token and tells the app.
func (s *Sim) SetInstalled(shopID int64, installed bool, scopes []string) error {
	return s.write(func(t *tx) error {
		shop := edit(t, t.shops, shopID)
		if shop == nil {
			return refuse("", "no such shop")
		}
		was, previous := shop.Installed, shop.Scopes
		shop.Installed = installed
		if scopes != nil {
			shop.Scopes = slices.Clone(scopes)
		}
		if !installed {
			for _, k := range t.tokens.order[shopID] {
				row := edit(t, t.tokens, k.ID)
				row.Revoked, row.Superseded = true, true
			}
			shop.InstallationID = t.id("other")
			if was {
				t.announceShop("app/uninstalled", shop)
			}
			return nil
		}
		if was && !slices.Equal(previous, shop.Scopes) {
			for _, k := range t.tokens.order[shopID] {
				edit(t, t.tokens, k.ID).Scopes = slices.Clone(shop.Scopes)
			}
			t.announceScopes(shop, previous)
		}
		return nil
	})
}
