package shopify

import (
	"bytes"
	"io"
	"net/http"
)

// recorder keeps the last answer as it came over the wire. The library hands out
// the data alone; the error codes, the paths, the cost and the version are here.
// It belongs to one Client and is used by one goroutine at a time.
type recorder struct {
	next   http.RoundTripper
	status int
	header http.Header
	body   []byte
}

func (r *recorder) reset() { r.status, r.header, r.body = 0, nil, nil }

// RoundTrip passes the request on. The body is in memory already, the transport
// below has read it up to its limit.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	r.status, r.header, r.body = resp.StatusCode, resp.Header, body
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
