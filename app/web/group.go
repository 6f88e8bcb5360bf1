package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

// Auth is how a request proves who it is.
type Auth string

// The ways to prove it. The zero value is none of them, and cannot be registered.
const (
	Public    Auth = "public"    // nobody in particular: health, the admin's first page, files
	Session   Auth = "session"   // staff in Shopify's admin, by session token
	Extension Auth = "extension" // a shopper in a UI extension of Shopify's own pages, by session token
	Proxy     Auth = "proxy"     // a shopper on the shop's own domain, by signed query
	Linking   Auth = "link"      // a shopper out of a mail, by signed link in :token
	Webhook   Auth = "webhook"   // Shopify, by signature over the body; the handler verifies it
)

// Route is what a test needs to know about a route.
type Route struct {
	Method, Path string
	Auth         Auth
	Kind         string     // of the link, on a Linking route
	Body         int64      // the largest body it reads
	Page         bool       // answers with HTML
	Needs        Permission // what the member of staff must be allowed, on a Session route
	Expired      bool       // takes links that have expired, too
	Asks         bool       // asks again for what came without a form's key
}

// Permission names something that not every member of staff may do. Room shops
// lists them.
type Permission string

// DefaultBody is the body cap of a route that names none.
const DefaultBody = 64 << 10

// Group is a set of routes with one path in front and one Auth.
type Group struct {
	engine *Engine
	prefix string
	route  Route // what its routes start from
	before []gin.HandlerFunc
}

// Option changes a route or a group.
type Option func(*routeOptions)

type routeOptions struct {
	route  *Route
	before []gin.HandlerFunc
}

// Body caps the request's body at n bytes.
func Body(n int64) Option { return func(o *routeOptions) { o.route.Body = n } }

// Pages says that the routes answer with HTML, and so do their problems.
func Pages() Option { return func(o *routeOptions) { o.route.Page = true } }

// Needs says what a member of staff must be allowed to use the routes. A Session
// route that says nothing is for owners only.
func Needs(p Permission) Option { return func(o *routeOptions) { o.route.Needs = p } }

// Kind names the kind of link a Linking route takes. A link of another kind does
// not open it.
func Kind(kind string) Option { return func(o *routeOptions) { o.route.Kind = kind } }

// Expired lets links in that are too old: what is behind the route may only send a
// fresh one to where the old one went.
func Expired() Option { return func(o *routeOptions) { o.route.Expired = true } }

// AsksAgain says that the route itself answers what came without a form's key: it
// shows the form once more, filled in, and changes nothing. See Forged.
func AsksAgain() Option { return func(o *routeOptions) { o.route.Asks = true } }

// Limit lets each key through so often, and no more.
func Limit(l *Limiter) Option {
	return func(o *routeOptions) { o.before = append(o.before, l.middleware) }
}

// Group returns a group of routes. It panics without an Auth: a mistake in the
// routes should stop the program at its start, not let a request in.
func (e *Engine) Group(prefix string, auth Auth, options ...Option) *Group {
	if !slices.Contains([]Auth{Public, Session, Extension, Proxy, Linking, Webhook}, auth) {
		panic(fmt.Sprintf("web: group %s has no way to prove who asks", prefix))
	}
	g := &Group{engine: e, prefix: prefix, route: Route{Auth: auth, Body: DefaultBody}}
	return g.with(options)
}

// Group returns a group below this one.
func (g *Group) Group(prefix string, options ...Option) *Group {
	below := *g
	below.prefix = g.prefix + prefix
	below.before = slices.Clone(g.before)
	return below.with(options)
}

func (g *Group) with(options []Option) *Group {
	o := routeOptions{route: &g.route}
	for _, option := range options {
		option(&o)
	}
	g.before = append(g.before, o.before...)
	return g
}

// GET registers a handler that changes nothing.
func (g *Group) GET(path string, h Handler, options ...Option) {
	g.Handle(http.MethodGet, path, h, options...)
}

// POST registers a handler.
func (g *Group) POST(path string, h Handler, options ...Option) {
	g.Handle(http.MethodPost, path, h, options...)
}

// PUT registers a handler.
func (g *Group) PUT(path string, h Handler, options ...Option) {
	g.Handle(http.MethodPut, path, h, options...)
}

// PATCH registers a handler.
func (g *Group) PATCH(path string, h Handler, options ...Option) {
	g.Handle(http.MethodPatch, path, h, options...)
}

// DELETE registers a handler.
func (g *Group) DELETE(path string, h Handler, options ...Option) {
	g.Handle(http.MethodDelete, path, h, options...)
}

// Handle registers a handler for a method. GET answers HEAD, too.
func (g *Group) Handle(method, path string, h Handler, options ...Option) {
	route := g.route
	o := routeOptions{route: &route}
	for _, option := range options {
		option(&o)
	}
	route.Method, route.Path = method, g.prefix+path
	if route.Auth == Linking && (route.Kind == "" || !strings.Contains(route.Path, ":token")) {
		panic(fmt.Sprintf("web: route %s takes a link: it needs a Kind and :token in its path", route.Path))
	}
	e := g.engine
	if route.Auth == Extension {
		e.allowOrigins(route.Path)
	}
	handlers := []gin.HandlerFunc{e.capBody(route.Body), e.plainAddress}
	handlers = append(handlers, g.before...)
	handlers = append(handlers, o.before...)
	if route.Auth == Extension {
		handlers = append(handlers, func(g *gin.Context) { allowOrigin(g.Writer.Header()) })
	}
	handlers = append(handlers, e.guard(route), e.run(h))
	e.register(route, handlers)
	if method == http.MethodGet {
		head := route
		head.Method = http.MethodHead
		e.register(head, handlers)
	}
}

// allowOrigins lets extensions ask: they run in a worker of Shopify's whose origin
// says nothing, and prove themselves by their token, never by a cookie.
func (e *Engine) allowOrigins(path string) {
	if _, done := e.routes[http.MethodOptions+" "+path]; done {
		return
	}
	e.register(Route{Method: http.MethodOptions, Path: path, Auth: Public}, []gin.HandlerFunc{func(g *gin.Context) {
		h := g.Writer.Header()
		allowOrigin(h)
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		h.Set("Access-Control-Max-Age", "7200")
		g.Status(http.StatusNoContent)
	}})
}

func allowOrigin(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// run calls a handler and answers its error.
func (e *Engine) run(h Handler) gin.HandlerFunc {
	return func(g *gin.Context) {
		c := e.ctx(g)
		if err := h(c); err != nil {
			Fail(c, err)
		}
	}
}

// capBody limits what can be read of the body. A body that says it is longer is
// refused before it is read.
func (e *Engine) capBody(n int64) gin.HandlerFunc {
	return func(g *gin.Context) {
		if g.Request.ContentLength > n {
			Fail(e.ctx(g), errTooLarge)
			return
		}
		g.Request.Body = http.MaxBytesReader(g.Writer, g.Request.Body, n)
	}
}

// plainAddress refuses addresses whose parts are no text: a NUL, or bytes that are
// not UTF-8. Handlers hand such parts to the database, which would fail.
func (e *Engine) plainAddress(g *gin.Context) {
	plain := func(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
	for _, p := range g.Params {
		if !plain(p.Value) {
			Fail(e.ctx(g), errAddress)
			return
		}
	}
	if g.Request.URL.RawQuery == "" {
		return
	}
	for name, values := range g.Request.URL.Query() {
		if !plain(name) || !plain(strings.Join(values, "")) {
			Fail(e.ctx(g), errAddress)
			return
		}
	}
}
