package web

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"afterglow/app/problem"
	"afterglow/app/shopify"
)

// statusClientGone is what a request is counted as whose client left.
const statusClientGone = 499

// problemDocument is the body of a problem, RFC 9457.
type problemDocument struct {
	Type      string          `json:"type"`
	Title     string          `json:"title"`
	Status    int             `json:"status"`
	Detail    string          `json:"detail"`
	Code      string          `json:"code"`
	RequestID string          `json:"request_id"`
	Errors    []problem.Field `json:"errors,omitempty"`
}

// Fail answers with the problem in err. An error of our own making (5xx) is
// logged here, once, with its cause; the caller reads one fixed sentence.
func Fail(c *Ctx, err error) {
	if c.Context().Err() != nil && errors.Is(err, context.Canceled) {
		c.Status(statusClientGone)
		c.Abort()
		return
	}
	p := problem.Of(err)
	c.Set(keyFailure, p.Code)
	status := statusOf(p)
	if status >= 500 {
		c.Log().ErrorContext(c.Context(), "request failed", "route", c.FullPath(), "code", p.Code, "error", err)
	}
	if p.Kind == problem.Internal && p.Code != problem.Unclassified.Code {
		// A room's own internal problem keeps its code for us and its words to itself.
		p = problem.Unclassified.With(err)
	}
	if p.Kind == problem.Unauthorized && c.auth() == Session {
		// App Bridge fetches a new token and tries once more.
		c.Header("X-Shopify-Retry-Invalid-Session-Request", "1")
	}
	if wait, ok := shopify.RetryAfter(err); ok {
		c.Header("Retry-After", strconv.Itoa(1+int(wait/time.Second)))
	} else if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		c.Header("Retry-After", "5")
	}
	c.Header("Cache-Control", "no-store")
	c.Abort()
	if c.wantsPage() {
		c.failPage(status, p)
		return
	}
	c.Header("Content-Type", "application/problem+json")
	c.PureJSON(status, problemDocument{
		Type: "urn:problem:" + p.Code, Title: http.StatusText(status), Status: status, Detail: p.Detail,
		Code: p.Code, RequestID: RequestID(c), Errors: p.Fields,
	})
}

func statusOf(p *problem.Problem) int {
	if errors.Is(p, errNoMethod) {
		return http.StatusMethodNotAllowed
	}
	if errors.Is(p, errMediaType) {
		return http.StatusUnsupportedMediaType
	}
	if s := p.Status(); s != 0 {
		return s
	}
	return http.StatusInternalServerError
}

// wantsPage tells whether a person looks at the answer: the entrances that show
// pages, unless the caller asked for JSON.
func (c *Ctx) wantsPage() bool {
	switch c.auth() {
	case Session, Extension, Webhook:
		return false
	}
	if r := c.engine.routeOf(c); r != nil && !r.Page {
		return false
	}
	return c.NegotiateFormat("application/problem+json", "application/json", "text/html") == "text/html"
}

var failTemplate = template.Must(template.New("fail").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{.Title}}</title><style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0;display:grid;place-items:center;min-height:100vh}
main{max-width:32rem;padding:2rem}h1{font-size:1.4rem;margin:0 0 .5rem}p{margin:.5rem 0}small{opacity:.7}
</style></head><body><main><h1>{{.Title}}</h1><p>{{.Detail}}</p><small>{{.RequestID}}</small></main></body></html>
`))

func (c *Ctx) failPage(status int, p *problem.Problem) {
	if c.engine.errorPage != nil && c.engine.errorPage(c, status, p) {
		return
	}
	data := problemDocument{Title: http.StatusText(status), Detail: p.Detail, RequestID: RequestID(c)}
	if err := Page(c, status, failTemplate, data); err != nil {
		c.String(status, "%s\n", p.Detail)
	}
}
