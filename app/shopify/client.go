package shopify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	goshopify "github.com/bold-commerce/go-shopify/v4"

	"afterglow/app/ids"
	"afterglow/app/problem"
)

// Problems of the Admin API.
var (
	// ErrThrottled says that the shop's budget is used up for longer than we want
	// to wait here; RetryAfter tells how long.
	ErrThrottled = problem.New(problem.Throttled, "shopify.throttled",
		"Shopify asks us to slow down for this store. It will be tried again in a moment.")
	ErrAccessDenied = problem.New(problem.Forbidden, "shopify.access_denied",
		"The store has not granted the access this needs. Please review the app's permissions in the Shopify admin.")
	ErrRefused = problem.New(problem.Invalid, "shopify.refused", "Shopify refused the request.")
	// ErrAnswer says that Shopify's answer has a form that we do not understand.
	ErrAnswer       = problem.New(problem.Internal, "shopify.answer", "Shopify answered in a way we do not understand.")
	ErrOrderMissing = problem.New(problem.NotFound, "shopify.order_missing", "Shopify has no such order any more.")
	ErrNoCustomer   = problem.New(problem.NotFound, "shopify.customer_missing", "Shopify has no such customer any more.")
)

const (
	maxAttempts     = 5                // sendings of one document because of failures
	maxThrottleWait = 30 * time.Second // waiting for one document because of the throttle
	callTimeout     = 30 * time.Second
)

// Hooks tell what the API costs. Absent ones are not called. They get names and
// numbers only.
type Hooks struct {
	Call      func(document, outcome string, took time.Duration)
	Cost      func(shop ids.Shop, document string, requested, actual, available float64)
	Throttled func(shop ids.Shop, document string, wait time.Duration)
	// Version is called when Shopify answered with another version than the one
	// asked for: ours has been retired and documents may break.
	Version func(got string)
}

// API is the Admin API of all shops. It is safe for use by many goroutines.
type API struct {
	app     *App
	source  *Source
	log     *slog.Logger
	hooks   Hooks
	budgets *budgets
	sleep   func(context.Context, time.Duration) error
}

// NewAPI returns the API with the source of its tokens.
func NewAPI(app *App, source *Source, log *slog.Logger, hooks Hooks) *API {
	return &API{app: app, source: source, log: log, hooks: hooks, budgets: newBudgets(), sleep: sleep}
}

// Client returns a conversation with the shop for one job. It is not for use by
// several goroutines: go-shopify's client writes its state without a lock.
func (a *API) Client(shop ids.Shop) *Client { return &Client{api: a, shop: shop} }

// ClientWith returns a conversation with a token that is not stored yet, for the
// moments of an installation. A refused token is ErrNeedsReauth at once.
func (a *API) ClientWith(domain Domain, accessToken string) *Client {
	return &Client{api: a, token: AccessToken{Domain: domain, Value: accessToken}, fixed: true}
}

// Client is one job's conversation with one shop.
type Client struct {
	api    *API
	shop   ids.Shop
	token  AccessToken
	fixed  bool
	client *goshopify.Client
	seen   *recorder
}

// Do sends a document and decodes its data into out. It waits for the throttle,
// within limits and only as long as ctx lives, sends again what may be sent
// again, and replaces a token that was refused, once. Denied lists the paths
// that Shopify left out because the store or the app may not read them; if that
// leaves no data at all, the error is ErrAccessDenied.
func (c *Client) Do(ctx context.Context, doc Document, variables map[string]any, out any) (denied []string, err error) {
	budget := c.api.budgets.of(c.key())
	var waited time.Duration
	replaced := false
	for attempt := 1; ; {
		if err := c.authorize(ctx); err != nil {
			return nil, err
		}
		// The budget is about real seconds, whatever the demo's clock says.
		if err := c.wait(ctx, doc, budget.reserve(doc.Name, time.Now(), inBackground(ctx)), &waited, nil); err != nil {
			return nil, err
		}
		got := c.send(ctx, doc, variables, out)
		if !doc.Safe && got.outcome != outcomeThrottled && got.outcome != outcomeUnauthorized {
			noteChange(ctx)
		}
		if got.cost != nil {
			budget.learn(doc.Name, *got.cost, time.Now())
		}
		switch got.outcome {
		case outcomeOK, outcomePartial:
			if !c.fixed {
				c.api.source.Accepted(ctx, c.shop, c.token)
			}
			return got.denied, nil
		case outcomeThrottled:
			if err := c.wait(ctx, doc, got.wait, &waited, got.err); err != nil {
				return nil, err
			}
		case outcomeUnauthorized:
			if err := c.reauthorize(ctx, &replaced); err != nil {
				return nil, err
			}
		case outcomeUnknown:
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if !doc.Safe || attempt >= maxAttempts {
				return nil, ErrUnavailable.With(got.err)
			}
			if err := c.api.sleep(ctx, c.api.app.Backoff(attempt)); err != nil {
				return nil, err
			}
			attempt++
		default:
			return nil, got.err
		}
	}
}

type changesKey struct{}

// watchChanges tells whether a document that may have changed something was sent
// with the context.
func watchChanges(ctx context.Context) (watched context.Context, changed func() bool) {
	var seen atomic.Bool
	return context.WithValue(ctx, changesKey{}, &seen), seen.Load
}

func noteChange(ctx context.Context) {
	if seen, ok := ctx.Value(changesKey{}).(*atomic.Bool); ok {
		seen.Store(true)
	}
}

type backgroundKey struct{}

// Background marks work that nobody waits for, such as reading a history. It
// leaves half of the shop's points to the work that somebody does wait for, and
// instead of waiting for points it returns ErrThrottled at once, so that it
// holds up no worker; RetryAfter tells when to come back.
func Background(ctx context.Context) context.Context {
	return context.WithValue(ctx, backgroundKey{}, true)
}

func inBackground(ctx context.Context) bool { return ctx.Value(backgroundKey{}) != nil }

func (c *Client) key() string {
	if c.fixed {
		return string(c.token.Domain)
	}
	return c.shop.String()
}

// authorize makes sure that the client bears a token. A conversation that lasts
// longer than a token asks again.
func (c *Client) authorize(ctx context.Context) error {
	if c.fixed {
		if c.client == nil {
			return c.dial(c.token)
		}
		return nil
	}
	t, err := c.api.source.Token(ctx, c.shop)
	if err != nil {
		return err
	}
	if c.client != nil && t.Version == c.token.Version {
		return nil
	}
	return c.dial(t)
}

func (c *Client) reauthorize(ctx context.Context, replaced *bool) error {
	if c.fixed {
		return ErrNeedsReauth
	}
	if *replaced {
		return c.api.source.Refused(ctx, c.shop, c.token)
	}
	*replaced = true
	t, err := c.api.source.Retry(ctx, c.shop, c.token)
	if err != nil {
		return err
	}
	return c.dial(t)
}

// dial makes the library's client for a token. Its retries stay off: it sleeps
// without looking at the context and repeats mutations.
func (c *Client) dial(t AccessToken) error {
	if !t.Domain.valid() {
		return ErrBadDomain
	}
	seen := &recorder{next: c.api.app.transport}
	client, err := goshopify.NewClient(c.api.app.library, string(t.Domain), t.Value,
		goshopify.WithVersion(APIVersion), goshopify.WithRetry(0), goshopify.WithLogger(quiet{}),
		goshopify.WithHTTPClient(c.api.app.httpClient(seen, callTimeout)))
	if err != nil {
		return fmt.Errorf("client of %s: %w", t.Domain, err)
	}
	c.token, c.client, c.seen = t, client, seen
	return nil
}

// wait sleeps for the throttle, or returns ErrThrottled when this document has
// waited long enough or the context would not live to see the end.
func (c *Client) wait(ctx context.Context, doc Document, d time.Duration, waited *time.Duration, cause error) error {
	if d <= 0 {
		return nil
	}
	if c.api.hooks.Throttled != nil {
		c.api.hooks.Throttled(c.shop, doc.Name, d)
	}
	if inBackground(ctx) {
		return ErrThrottled.With(&retryAfter{c.api.budgets.of(c.key()).book(doc.Name, time.Now(), d), cause})
	}
	deadline, ok := ctx.Deadline()
	if *waited+d > maxThrottleWait || ok && time.Until(deadline) < d {
		return ErrThrottled.With(&retryAfter{d, cause})
	}
	*waited += d
	return c.api.sleep(ctx, d)
}

type outcome int

const (
	outcomeOK outcome = iota
	outcomePartial
	outcomeThrottled    // Shopify did not run it
	outcomeUnauthorized // nor this
	outcomeUnknown      // nobody knows: network, 5xx, half an answer
	outcomeRefused
)

var outcomeNames = [...]string{"ok", "partial", "throttled", "unauthorized", "unknown", "refused"}

type result struct {
	outcome outcome
	err     error
	denied  []string
	wait    time.Duration
	cost    *cost
}

// send makes one call through the library and judges it by what was on the wire:
// the library's errors keep neither paths nor codes nor the cost.
func (c *Client) send(ctx context.Context, doc Document, variables map[string]any, out any) result {
	start := time.Now()
	c.seen.reset()
	err := c.client.GraphQL.Query(ctx, doc.Text, variables, out)
	got := c.judge(doc, err)
	if c.api.hooks.Call != nil {
		c.api.hooks.Call(doc.Name, outcomeNames[got.outcome], time.Since(start))
	}
	if got.cost != nil && c.api.hooks.Cost != nil {
		c.api.hooks.Cost(c.shop, doc.Name, got.cost.Requested, got.cost.Actual, got.cost.Throttle.Available)
	}
	if v := c.seen.header.Get("X-Shopify-API-Version"); v != "" && v != APIVersion && c.api.hooks.Version != nil {
		c.api.hooks.Version(v)
	}
	if got.err != nil {
		got.err = fmt.Errorf("%s at %s (request %s): %w", doc.Name, c.token.Domain, shorten(c.seen.header.Get("X-Request-Id")), got.err)
	}
	return got
}

func (c *Client) judge(doc Document, err error) result {
	status := c.seen.status
	switch {
	case status == 0:
		return result{outcome: outcomeUnknown, err: err}
	case status == http.StatusUnauthorized:
		return result{outcome: outcomeUnauthorized, err: errors.New("status 401")}
	case status == http.StatusTooManyRequests:
		return result{outcome: outcomeThrottled, err: errors.New("status 429"), wait: jitter(retryAfterHeader(c.seen.header))}
	case status == http.StatusPaymentRequired || status == http.StatusForbidden || status == http.StatusLocked:
		return result{outcome: outcomeRefused, err: ErrAccessDenied.With(fmt.Errorf("status %d", status))}
	case status == http.StatusNotFound:
		return result{outcome: outcomeRefused, err: ErrRefused.With(fmt.Errorf("status %d", status))}
	case status != http.StatusOK:
		return result{outcome: outcomeUnknown, err: fmt.Errorf("status %d", status)}
	}
	return c.judgeAnswer(doc, err)
}

func (c *Client) judgeAnswer(doc Document, err error) result {
	answer, parseErr := readAnswer(c.seen.body)
	switch {
	case parseErr != nil:
		return result{outcome: outcomeUnknown, err: errors.New("answer is not whole JSON")}
	case len(answer.errors) > 0:
		return answer.judge(doc)
	case err != nil:
		// Whole JSON that does not fit our types: sending again changes nothing.
		return result{outcome: outcomeRefused, err: ErrAnswer.With(err), cost: answer.cost}
	case !answer.hasData:
		return result{outcome: outcomeUnknown, err: errors.New("answer without data"), cost: answer.cost}
	}
	return result{outcome: outcomeOK, cost: answer.cost}
}

// cost is what an answer says about the shop's budget of points.
type cost struct {
	Requested float64 `json:"requestedQueryCost"`
	Actual    float64 `json:"actualQueryCost"`
	Throttle  struct {
		Maximum   float64 `json:"maximumAvailable"`
		Available float64 `json:"currentlyAvailable"`
		Restore   float64 `json:"restoreRate"`
	} `json:"throttleStatus"`
}

type graphError struct {
	Message    string `json:"message"`
	Path       []any  `json:"path"`
	Extensions struct {
		Code string `json:"code"`
	} `json:"extensions"`
}

func (e graphError) path() string {
	parts := make([]string, len(e.Path))
	for i, p := range e.Path {
		parts[i] = fmt.Sprint(p)
	}
	return strings.Join(parts, ".")
}

type answer struct {
	hasData bool
	errors  []graphError
	cost    *cost
}

func readAnswer(body []byte) (answer, error) {
	var raw struct {
		Data       json.RawMessage `json:"data"`
		Errors     json.RawMessage `json:"errors"`
		Extensions struct {
			Cost *cost `json:"cost"`
		} `json:"extensions"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return answer{}, err
	}
	a := answer{hasData: len(raw.Data) > 0 && string(raw.Data) != "null", cost: raw.Extensions.Cost}
	if len(raw.Errors) > 0 && string(raw.Errors) != "null" {
		if err := json.Unmarshal(raw.Errors, &a.errors); err != nil {
			// Refusals before GraphQL come as a plain text.
			var text string
			if json.Unmarshal(raw.Errors, &text) != nil {
				text = "errors of unknown form"
			}
			a.errors = []graphError{{Message: text}}
		}
	}
	return a, nil
}

func (a answer) judge(doc Document) result {
	denied := make([]string, 0, len(a.errors))
	for _, e := range a.errors {
		switch e.Extensions.Code {
		case "THROTTLED":
			return result{outcome: outcomeThrottled, err: errors.New("THROTTLED"), wait: jitter(a.cost.missing()), cost: a.cost}
		case "INTERNAL_SERVER_ERROR", "TIMEOUT":
			return result{outcome: outcomeUnknown, err: errors.New(e.Extensions.Code), cost: a.cost}
		case "ACCESS_DENIED":
			denied = append(denied, e.path())
		}
	}
	if len(denied) == len(a.errors) {
		if a.hasData && doc.Safe {
			return result{outcome: outcomePartial, denied: denied, cost: a.cost}
		}
		return result{outcome: outcomeRefused, err: ErrAccessDenied.With(fmt.Errorf("denied: %s", strings.Join(denied, ", "))), cost: a.cost}
	}
	first := a.errors[0]
	// Shopify's messages name fields and types; a value of ours in them is cut off.
	cause := fmt.Errorf("%s %s: %s", first.Extensions.Code, first.path(), shorten(first.Message))
	return result{outcome: outcomeRefused, err: ErrRefused.With(cause), cost: a.cost}
}

// missing is how long the shop's budget needs until the query fits.
func (c *cost) missing() time.Duration {
	if c == nil || c.Throttle.Restore <= 0 {
		return time.Second
	}
	d := time.Duration((c.Requested - c.Throttle.Available) / c.Throttle.Restore * float64(time.Second))
	return max(d, 50*time.Millisecond)
}

// UserError is what a mutation found wrong with its input.
type UserError struct {
	Field   []string `json:"field"`
	Message string   `json:"message"`
	Code    string   `json:"code"`
}

// UserErrors turns the user errors of a mutation into ErrRefused with one field
// each; none is nil.
func UserErrors(list []UserError) error {
	if len(list) == 0 {
		return nil
	}
	fields := make([]problem.Field, len(list))
	for i, e := range list {
		fields[i] = problem.Field{Field: strings.Join(e.Field, "."), Detail: shorten(e.Message)}
	}
	codes := make([]string, 0, len(list))
	for _, e := range list {
		codes = append(codes, e.Code)
	}
	return ErrRefused.WithFields(fields...).With(fmt.Errorf("user errors: %s", strings.Join(codes, ", ")))
}

type retryAfter struct {
	wait  time.Duration
	cause error
}

func (r *retryAfter) Error() string {
	if r.cause == nil {
		return "wait " + r.wait.String()
	}
	return "wait " + r.wait.String() + ": " + r.cause.Error()
}

func (r *retryAfter) Unwrap() error { return r.cause }

// RetryAfter tells how long the throttle behind err wants us to wait.
func RetryAfter(err error) (time.Duration, bool) {
	var r *retryAfter
	if errors.As(err, &r) {
		return r.wait, true
	}
	return 0, false
}

func retryAfterHeader(h http.Header) time.Duration {
	seconds, err := strconv.ParseFloat(h.Get("Retry-After"), 64)
	if err != nil || seconds < 0 || seconds > 3600 {
		return 2 * time.Second
	}
	return time.Duration(seconds * float64(time.Second))
}

// jitter spreads waits, so that those who were throttled together do not come
// back together.
func jitter(d time.Duration) time.Duration {
	return d + rand.N(d/5+50*time.Millisecond)
}

// backoff is the pause before sending again: a quarter of a second, doubling,
// half of it by chance.
func backoff(attempt int) time.Duration {
	d := 250 * time.Millisecond << min(attempt-1, 6)
	return d/2 + rand.N(d/2)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// quiet takes the library's log lines and drops them: at debug level they hold
// whole bodies, customers and secrets included.
type quiet struct{}

func (quiet) Debugf(string, ...any) {}
func (quiet) Infof(string, ...any)  {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
