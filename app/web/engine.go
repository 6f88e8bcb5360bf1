package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/shopify"
)

// SessionVerifier reads session tokens. shopify.SessionVerifier is one.
type SessionVerifier interface {
	Verify(token string) (shopify.Claims, error)
}

// ExtensionVerifier reads the session tokens of UI extensions.
// shopify.SessionVerifier is one.
type ExtensionVerifier interface {
	VerifyExtension(token string) (shopify.Claims, error)
}

// ProxyVerifier reads signed queries of the app proxy. shopify.ProxyVerifier is one.
type ProxyVerifier interface {
	Verify(rawQuery string) (*shopify.ProxyRequest, error)
}

// Config is what the engine needs. Sessions, Proxies, Links and Resolve may be
// absent as long as no route needs them.
type Config struct {
	Log        *slog.Logger
	Sessions   SessionVerifier
	Extensions ExtensionVerifier
	Proxies    ProxyVerifier
	Links      *Links
	// Resolve finds the installed shop of a verified domain. It returns a problem
	// of kind NotFound for a shop that has not installed the app.
	Resolve func(ctx context.Context, domain shopify.Domain) (ids.Shop, error)
	// Authorize tells whether the member of staff may do what the route needs; its
	// error is the answer. Absent: everybody who proves a session may do all.
	Authorize func(ctx context.Context, shop ids.Shop, staff StaffMember, need Permission) error
	// Installed tells whether a shop that a link names still has the app; absent:
	// every link is good.
	Installed func(ctx context.Context, shop ids.Shop) (bool, error)
	// TrustedProxies lists the addresses whose X-Forwarded-For is believed; empty:
	// nobody's.
	TrustedProxies []string
	// ImageOrigins are allowed in pages beside https, such as the simulation's.
	ImageOrigins []string
	Metrics      *Metrics
	// ErrorPage shows a problem to a person, in their language; absent or false:
	// a plain English page.
	ErrorPage func(c *Ctx, status int, p *problem.Problem) bool
}

// Engine holds all routes and is the program's handler.
type Engine struct {
	gin          *gin.Engine
	log          *slog.Logger
	config       Config
	metrics      *Metrics
	imageOrigins []string
	errorPage    func(*Ctx, int, *problem.Problem) bool
	routes       map[string]Route // by method and path
}

// New returns an engine without routes. It fails for trusted proxies that are no
// addresses.
func New(c Config) (*Engine, error) {
	if c.Log == nil {
		return nil, errors.New("web: no log")
	}
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	// nil trusts nobody; Gin's own default trusts everybody.
	if err := g.SetTrustedProxies(c.TrustedProxies); err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	g.ForwardedByClientIP = len(c.TrustedProxies) > 0
	g.HandleMethodNotAllowed = true
	g.RedirectTrailingSlash, g.RedirectFixedPath = false, false
	g.UseRawPath, g.UnescapePathValues = true, true
	e := &Engine{
		gin: g, log: c.Log, config: c, metrics: c.Metrics, imageOrigins: c.ImageOrigins,
		errorPage: c.ErrorPage, routes: map[string]Route{},
	}
	g.Use(e.observe, e.secure, e.recover)
	g.NoRoute(func(g *gin.Context) { Fail(e.ctx(g), errNoRoute) })
	g.NoMethod(func(g *gin.Context) { Fail(e.ctx(g), errNoMethod) })
	return e, nil
}

// ServeHTTP answers a request.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.gin.ServeHTTP(w, r) }

// Routes lists every route, sorted by path and method.
func (e *Engine) Routes() []Route {
	list := make([]Route, 0, len(e.routes))
	for _, r := range e.routes {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Route) int {
		if a.Path != b.Path {
			if a.Path < b.Path {
				return -1
			}
			return 1
		}
		if a.Method < b.Method {
			return -1
		}
		return 1
	})
	return list
}

func (e *Engine) register(r Route, handlers []gin.HandlerFunc) {
	e.routes[r.Method+" "+r.Path] = r
	e.gin.Handle(r.Method, r.Path, handlers...)
}

func (e *Engine) ctx(g *gin.Context) *Ctx { return &Ctx{ginContext: g, engine: e} }

func (e *Engine) routeOf(c *Ctx) *Route {
	if r, ok := e.routes[c.Request.Method+" "+c.FullPath()]; ok {
		return &r
	}
	return nil
}

func (c *Ctx) auth() Auth {
	if r := c.engine.routeOf(c); r != nil {
		return r.Auth
	}
	return ""
}

// observe gives the request its id, and writes one line about it when it is done:
// the route's template, never the address, which may hold tokens and names.
func (e *Engine) observe(g *gin.Context) {
	start := time.Now()
	// An id that came with the request would let a visitor write into our log.
	id := ids.New("req")
	g.Set(keyRequest, id)
	g.Set(keyEngine, e)
	g.Header("X-Request-Id", id)
	done := e.metrics.start()
	defer func() {
		route := g.FullPath()
		if route == "" {
			route = "none"
		}
		took, status := time.Since(start), g.Writer.Status()
		done(route, methodName(g.Request.Method), status, took)
		attrs := []slog.Attr{
			slog.String("method", methodName(g.Request.Method)), slog.String("route", route), slog.Int("status", status),
			slog.Int("bytes", max(g.Writer.Size(), 0)), slog.Float64("ms", float64(took.Microseconds())/1000),
			slog.String("request_id", id),
		}
		if shop, ok := g.Value(keyShop).(ids.Shop); ok {
			attrs = append(attrs, slog.String("shop", shop.String()))
		}
		if code := g.GetString(keyFailure); code != "" {
			attrs = append(attrs, slog.String("code", code))
		}
		e.log.LogAttrs(context.WithoutCancel(g.Request.Context()), levelOf(route, status), "request", attrs...)
	}()
	g.Next()
}

// levelOf keeps the probes of a load balancer out of the log.
func levelOf(route string, status int) slog.Level {
	if (route == "/healthz" || route == "/readyz") && status < 400 {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// methodName keeps invented methods out of log and metrics.
func methodName(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// secure sets the headers of every answer. A page replaces the policy by its own.
func (e *Engine) secure(g *gin.Context) {
	h := g.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if g.Request.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
}

// recover turns a panic into the fixed sentence. The stack goes to the log; the
// value of a panic may hold anything and is masked like every log value.
func (e *Engine) recover(g *gin.Context) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if err, ok := r.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(r)
		}
		c := e.ctx(g)
		err := fmt.Errorf("panic: %v", r)
		c.Log().ErrorContext(g.Request.Context(), "handler panicked", "route", g.FullPath(), "error", err, "stack", string(debug.Stack()))
		if g.Writer.Written() {
			g.Abort()
			return
		}
		Fail(c, problem.Unclassified)
	}()
	g.Next()
}
