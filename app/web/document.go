package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"afterglow/app/problem"
	"afterglow/app/shopify"
)

// Where the admin's helper pages are.
const (
	bouncePath = "/auth/bounce"
	exitPath   = "/auth/exit"
)

// Document is the admin's page, which Shopify's admin frames, with the pages
// around it that sign a visitor in.
type Document struct {
	App      *shopify.App
	Sessions SessionVerifier
	Files    fs.FS    // the built front end: index.html and assets/
	Paths    []string // the addresses the front end itself answers, "/" first: "/", "/orders", "/orders/:id"
	// AppBridgeURL and PolarisURL are scripts; empty: Shopify's own.
	AppBridgeURL, PolarisURL string
	// Open is called with a verified token when the page is opened. It sees to it
	// that the shop is installed and its tokens are good.
	Open func(ctx context.Context, claims shopify.Claims, sessionToken string) error
	// Granted is called when the authorization-code flow ended well.
	Granted func(ctx context.Context, shop shopify.Domain, tokens shopify.Tokens) error
	// Starts limits how often one address may start the flow.
	Starts *Limiter
}

// Shopify's own scripts.
const (
	defaultAppBridge = "https://cdn.shopify.com/shopifycloud/app-bridge.js"
	defaultPolaris   = "https://cdn.shopify.com/shopifycloud/polaris-1.js"
)

type embedded struct {
	Document
	shell  []byte
	assets *assets
}

// Embed registers the admin's page, its assets and the pages that sign in. It
// fails for a front end that was not built.
func (e *Engine) Embed(d Document) error {
	if d.AppBridgeURL == "" {
		d.AppBridgeURL = defaultAppBridge
	}
	if d.PolarisURL == "" {
		d.PolarisURL = defaultPolaris
	}
	if d.Starts == nil {
		d.Starts = NewLimiter(1, 20, ByAddress)
	}
	m := &embedded{Document: d}
	shell, err := fs.ReadFile(d.Files, "index.html")
	if err != nil {
		return fmt.Errorf("front end: %w", err)
	}
	for token, value := range map[string]string{
		"%API_KEY%": d.App.APIKey, "%APP_BRIDGE_URL%": d.AppBridgeURL, "%POLARIS_URL%": d.PolarisURL,
	} {
		shell = bytes.ReplaceAll(shell, []byte(token), []byte(html.EscapeString(value)))
	}
	m.shell = shell
	if m.assets, err = loadAssets(d.Files); err != nil {
		return fmt.Errorf("front end: %w", err)
	}
	pages := e.Group("", Public, Pages(), Body(0))
	for _, path := range d.Paths {
		pages.GET(path, m.open)
	}
	pages.GET(bouncePath, m.bounce)
	pages.GET(exitPath, m.exit)
	pages.GET(shopify.AuthPath, m.authorize, Limit(d.Starts))
	pages.GET(shopify.CallbackPath, m.callback, Limit(d.Starts))
	e.Group("", Public, Body(0)).GET("/assets/*path", m.assets.serve)
	return nil
}

// open answers the admin's page. Only a verified session token gets it; whoever
// comes without one is sent where they get one.
func (m *embedded) open(c *Ctx) error {
	q := c.Request.URL.Query()
	token := q.Get("id_token")
	shop, shopErr := shopify.ParseDomain(q.Get("shop"))
	if token == "" {
		return m.signIn(c, q, shop, shopErr)
	}
	claims, err := m.Sessions.Verify(token)
	if err == nil && (shopErr != nil && q.Get("shop") != "" || shopErr == nil && shop != claims.Shop) {
		// The address names one shop and the token another: somebody put it together.
		return problem.New(problem.Unauthorized, "web.shop_mismatch", "This address is not valid. Please open the app from the Shopify admin.")
	}
	if err == nil && m.Open != nil {
		err = m.Open(c.Context(), claims, token)
	}
	if errors.Is(err, shopify.ErrSession) || errors.Is(err, shopify.ErrInvalidSubjectToken) {
		// Stale: a reloaded tab brings yesterday's token. App Bridge fetches one.
		if shopErr == nil {
			return m.toBounce(c)
		}
		return shopify.ErrSession
	}
	if err != nil {
		return err
	}
	c.Header("Link", fmt.Sprintf("<https://cdn.shopify.com>; rel=preconnect, <%s>; rel=preload; as=script, <%s>; rel=preload; as=script",
		m.AppBridgeURL, m.PolarisURL))
	m.framed(c, claims.Shop, m.shell)
	return nil
}

// signIn sends a visitor without a token on: inside the frame to App Bridge,
// outside of it into Shopify's admin.
func (m *embedded) signIn(c *Ctx, q url.Values, shop shopify.Domain, shopErr error) error {
	if q.Get("embedded") == "1" {
		if shopErr != nil {
			return errBareVisit
		}
		return m.toBounce(c)
	}
	if target, err := m.App.EmbeddedURL(q.Get("host"), c.Request.URL.Path); err == nil {
		c.Redirect(http.StatusFound, target)
		return nil
	}
	if shopErr == nil {
		if target, err := m.App.HomeURL(shop, c.Request.URL.Path); err == nil {
			c.Redirect(http.StatusFound, target)
			return nil
		}
	}
	return errBareVisit
}

var errBareVisit = problem.New(problem.Malformed, "web.bare_visit",
	"This app lives in the Shopify admin. Please open it there, under Apps.")

// toBounce asks App Bridge for a fresh token. The way back is built from the
// configured address, never from Host.
func (m *embedded) toBounce(c *Ctx) error {
	q := c.Request.URL.Query()
	q.Del("id_token")
	q.Del("shopify-reload")
	q.Set("shopify-reload", m.App.URL+c.Request.URL.EscapedPath()+"?"+q.Encode())
	c.Redirect(http.StatusFound, bouncePath+"?"+q.Encode())
	return nil
}

var bounceTemplate = template.Must(template.New("bounce").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Signing in</title>
<meta name="shopify-api-key" content="{{.APIKey}}"><script src="{{.Script}}"></script></head><body></body></html>
`))

// bounce is a page with App Bridge alone, which goes on to shopify-reload with a
// fresh token.
func (m *embedded) bounce(c *Ctx) error {
	q := c.Request.URL.Query()
	shop, err := shopify.ParseDomain(q.Get("shop"))
	if err != nil {
		return errBareVisit
	}
	if back := q.Get("shopify-reload"); back != m.App.URL && !strings.HasPrefix(back, m.App.URL+"/") {
		return errBareVisit
	}
	var b bytes.Buffer
	if err := bounceTemplate.Execute(&b, map[string]string{"APIKey": m.App.APIKey, "Script": m.AppBridgeURL}); err != nil {
		return fmt.Errorf("bounce page: %w", err)
	}
	m.framed(c, shop, b.Bytes())
	return nil
}

var exitTemplate = template.Must(template.New("exit").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>One moment</title>
<meta name="shopify-api-key" content="{{.APIKey}}"><script src="{{.Script}}"></script></head>
<body><p><a id="to" href="{{.Target}}" target="_top">Continue</a></p>
<script nonce="{{.Nonce}}">window.open(document.getElementById("to").href, "_top")</script></body></html>
`))

// exit leaves the frame for an address that we know: the shop's admin or the
// start of our own flow.
func (m *embedded) exit(c *Ctx) error {
	q := c.Request.URL.Query()
	shop, err := shopify.ParseDomain(q.Get("shop"))
	target := q.Get("target")
	if err != nil || !m.App.MayLeaveTo(shop, target) {
		return errBareVisit
	}
	var b bytes.Buffer
	data := map[string]string{"APIKey": m.App.APIKey, "Script": m.AppBridgeURL, "Target": target, "Nonce": Nonce(c)}
	if err := exitTemplate.Execute(&b, data); err != nil {
		return fmt.Errorf("exit page: %w", err)
	}
	m.framed(c, shop, b.Bytes())
	return nil
}

// authorize starts the authorization-code flow.
func (m *embedded) authorize(c *Ctx) error {
	shop, err := shopify.ParseDomain(c.Query("shop"))
	if err != nil {
		return shopify.ErrBadDomain
	}
	state, cookie := m.App.NewState(shop)
	target, err := m.App.AuthorizeURL(shop, state)
	if err != nil {
		return err
	}
	http.SetCookie(c.Writer, cookie)
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusFound, target)
	return nil
}

// callback ends the authorization-code flow.
func (m *embedded) callback(c *Ctx) error {
	var state string
	if cookies := c.Request.CookiesNamed(shopify.StateCookie); len(cookies) == 1 {
		state = cookies[0].Value
	}
	// Used or not, the state is gone after this.
	http.SetCookie(c.Writer, m.App.ClearState())
	answer, err := m.App.CheckCallback(c.Request.URL.RawQuery, state)
	if err != nil {
		return err
	}
	tokens, err := m.App.ExchangeCode(c.Context(), answer.Shop, answer.Code)
	if err != nil {
		return err
	}
	if missing := shopify.MissingScopes(tokens.Scopes, m.App.Scopes); len(missing) > 0 {
		return shopify.ErrAccessDenied.With(fmt.Errorf("scopes not granted: %s", strings.Join(missing, ", ")))
	}
	if m.Granted == nil {
		return errors.New("nobody takes the tokens of a code grant")
	}
	if err := m.Granted(c.Context(), answer.Shop, tokens); err != nil {
		return err
	}
	target, err := m.App.EmbeddedURL(answer.Host, "/")
	if err != nil {
		if target, err = m.App.HomeURL(answer.Shop, "/"); err != nil {
			return err
		}
	}
	c.Redirect(http.StatusFound, target)
	return nil
}

// framed answers with a page that this shop's admin may frame.
func (m *embedded) framed(c *Ctx, shop shopify.Domain, page []byte) {
	c.Header("Content-Security-Policy", m.policy(c, shop))
	c.Header("Cache-Control", "private, no-store")
	c.Data(http.StatusOK, "text/html; charset=utf-8", page)
}

func (m *embedded) policy(c *Ctx, shop shopify.Domain) string {
	scripts := []string{"'self'", origin(m.AppBridgeURL)}
	if o := origin(m.PolarisURL); o != scripts[1] {
		scripts = append(scripts, o)
	}
	outside := strings.Join(scripts[1:], " ")
	ancestors := m.App.FrameAncestors(shop)
	if n := c.GetString(keyNonce); n != "" {
		scripts = append(scripts, "'nonce-"+n+"'")
	}
	return strings.Join([]string{
		"default-src 'none'",
		"script-src " + strings.Join(scripts, " "),
		// Polaris and App Bridge write style elements.
		"style-src 'self' 'unsafe-inline' " + outside,
		"font-src 'self' data: https://cdn.shopify.com",
		"img-src " + strings.TrimSpace("'self' data: blob: https: "+strings.Join(c.engine.imageOrigins, " ")),
		// The last one takes the web vitals that App Bridge reports.
		"connect-src 'self' " + outside + " " + strings.Join(ancestors, " ") + " https://monorail-edge.shopifysvc.com",
		"frame-src 'self' " + strings.Join(ancestors, " "),
		"form-action 'self'", "base-uri 'none'", "object-src 'none'",
		"frame-ancestors " + strings.Join(ancestors, " "),
	}, "; ")
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "'self'"
	}
	return u.Scheme + "://" + u.Host
}
