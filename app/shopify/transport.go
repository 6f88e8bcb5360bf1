package shopify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// maxAnswer is how much of an answer is read. An order with 250 lines is below
// one megabyte.
const maxAnswer = 8 << 20

// errAnswerTooLarge says that an answer was longer than maxAnswer.
var errAnswerTooLarge = errors.New("answer is larger than 8 MiB")

// transport is the last wall before the network: it sends requests to shops
// only, over https, and reads at most maxAnswer of what comes back. In
// development it takes them to the simulation instead, which tells the shops
// apart by Host as the real servers do.
type transport struct {
	next http.RoundTripper
	sim  *url.URL
}

func newTransport(sim *url.URL) *transport {
	next := &http.Transport{
		// No proxy from the environment: the secret goes to Shopify alone.
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 25 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConns:          256,
		MaxIdleConnsPerHost:   16,
		ForceAttemptHTTP2:     true,
	}
	return &transport{next: next, sim: sim}
}

// RoundTrip sends the request if it goes to a shop.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" || !Domain(req.URL.Host).valid() || req.URL.User != nil {
		return nil, fmt.Errorf("refused to send a request to a host that is not a shop")
	}
	out := req.Clone(req.Context())
	out.Host = req.URL.Host
	if t.sim != nil {
		out.URL.Scheme, out.URL.Host = t.sim.Scheme, t.sim.Host
	}
	resp, err := t.next.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	// The body is taken in whole here, so that a reader that does not look at its
	// error (go-shopify's logger is one) never meets half of it.
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	resp.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, errAnswerTooLarge
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	resp.Request = req
	return resp, nil
}

// httpClient returns a client that keeps to the shop it was sent to.
func (a *App) httpClient(rt http.RoundTripper, timeout time.Duration) *http.Client {
	return &http.Client{
		Transport: rt,
		Timeout:   timeout,
		// An answer that points elsewhere would take the token along.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
