package shopify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"afterglow/app/ids"
)

const (
	maxBulkLine   = 4 << 20 // of one line; an order's own line is below 100 kB
	maxBulkObject = 16 << 20
	bulkHost      = "storage.googleapis.com" // where Shopify keeps the files
	bulkSimPath   = "/sim/files/bulk/"
)

// ErrBulkAddress says that the address of a file is not at Shopify's storage.
var ErrBulkAddress = errors.New("the export's address is not at Shopify's storage")

// OpenBulk opens the file of an export at an offset. The caller closes it. No
// token goes along: the address itself is the permission. It returns ErrBulkGone
// when the address is no longer good.
func (c *Client) OpenBulk(ctx context.Context, address string, offset int64) (io.ReadCloser, error) {
	u, err := c.api.app.bulkURL(address)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity") // offsets count the bytes of the file
	if offset > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	resp, err := c.api.app.storage.Do(req)
	if err != nil {
		// The library's error holds the whole address, which is a permission.
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, ErrUnavailable.With(fmt.Errorf("open export: %w", err))
	}
	switch {
	case resp.StatusCode == http.StatusPartialContent && offset > 0:
		return resp.Body, nil
	case resp.StatusCode == http.StatusOK:
		// A server that does not know ranges sends all of it again.
		if _, err := io.CopyN(io.Discard, resp.Body, offset); err != nil {
			resp.Body.Close()
			return nil, ErrUnavailable.With(fmt.Errorf("skip to %d: %w", offset, err))
		}
		return resp.Body, nil
	}
	resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusRequestedRangeNotSatisfiable:
		return io.NopCloser(strings.NewReader("")), nil // all of it was read before
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusGone:
		return nil, ErrBulkGone.With(fmt.Errorf("status %d", resp.StatusCode))
	}
	return nil, ErrUnavailable.With(fmt.Errorf("open export: status %d", resp.StatusCode))
}

// bulkURL lets through what lies in Shopify's storage, or in the simulation's
// when there is one, and nothing else: an address is data, and data must not
// choose whom we talk to.
func (a *App) bulkURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" || strings.Contains(u.Path, "..") {
		return nil, ErrBulkAddress
	}
	if a.sim != nil {
		if u.Scheme == a.sim.Scheme && u.Host == a.sim.Host && strings.HasPrefix(u.Path, bulkSimPath) {
			return u, nil
		}
		return nil, ErrBulkAddress
	}
	if u.Scheme == "https" && u.Host == bulkHost && strings.HasPrefix(u.Path, "/shopify") {
		return u, nil
	}
	return nil, ErrBulkAddress
}

// newStorage returns the client for files. It follows no redirects, uses no
// proxy and, but for the simulation, dials no private address whatever a name
// resolves to.
func newStorage(sim *url.URL) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	if sim == nil {
		dialer.Control = publicOnly
	}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 25 * time.Second,
			IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 2, ForceAttemptHTTP2: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func publicOnly(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if ip := to.Addr().Unmap(); !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return ErrBulkAddress
	}
	return nil
}

// BulkObject is one object of an export with its children, or what is wrong with
// its line.
type BulkObject struct {
	GID      string
	Line     []byte
	Children [][]byte
	Start    int64 // offset of its first byte in the file
	End      int64 // and of the first byte behind it and its children
	Err      error // why it cannot be used; GID may be empty then
}

// BulkReader reads the lines of an export one object at a time, however long the
// file is.
type BulkReader struct {
	in     *bufio.Reader
	offset int64
	ahead  *bulkLine // the line behind the object that was returned last
	end    error
}

type bulkLine struct {
	text       []byte
	start, end int64
	id, parent string
	err        error
}

// NewBulkReader reads a file that was opened at an offset at which an object
// begins.
func NewBulkReader(r io.Reader, offset int64) *BulkReader {
	return &BulkReader{in: bufio.NewReaderSize(r, 256<<10), offset: offset}
}

// Problems of a line. They name no content.
var (
	errLineTooLong = errors.New("the line is longer than 4 MiB")
	errLineNoJSON  = errors.New("the line is not a JSON object")
	errLineNoID    = errors.New("the line has no id")
	errLineOrphan  = errors.New("the line belongs to an object that is not before it")
	errTooBig      = errors.New("the object is larger than 16 MiB")
)

// Next returns the next object; what is wrong with one is in its Err. At the end
// it returns io.EOF, and when the file breaks off the error of the reader: then
// the object that was being read is not returned.
func (r *BulkReader) Next() (*BulkObject, error) {
	first, err := r.line()
	if err != nil {
		return nil, err
	}
	o := &BulkObject{GID: first.id, Line: first.text, Start: first.start, End: first.end, Err: first.err}
	if o.Err == nil && first.parent != "" {
		o.Err = errLineOrphan
	}
	size := len(first.text)
	family := map[string]bool{first.id: true}
	for {
		next, err := r.line()
		if err == io.EOF {
			return o, nil
		}
		if err != nil {
			return nil, err
		}
		if next.err != nil || next.parent == "" || o.Err == errLineOrphan || !family[next.parent] {
			r.ahead = next
			return o, nil
		}
		if next.id != "" {
			family[next.id] = true
		}
		o.End = next.end
		if size += len(next.text); size > maxBulkObject {
			o.Err, o.Children = errTooBig, nil
		}
		if o.Err == nil {
			o.Children = append(o.Children, next.text)
		}
	}
}

// line reads one line that is not empty.
func (r *BulkReader) line() (*bulkLine, error) {
	if r.ahead != nil {
		l := r.ahead
		r.ahead = nil
		return l, nil
	}
	for r.end == nil {
		l := &bulkLine{start: r.offset}
		var err error
		for more := true; more; {
			var part []byte
			part, err = r.in.ReadSlice('\n')
			r.offset += int64(len(part))
			more = err == bufio.ErrBufferFull
			if len(l.text)+len(part) > maxBulkLine {
				l.text, l.err = nil, errLineTooLong
			}
			if l.err == nil {
				l.text = append(l.text, part...)
			}
		}
		if err != nil {
			r.end = err
			if err != io.EOF {
				break // half a line is none
			}
		}
		if l.text = bytes.TrimSpace(l.text); len(l.text) == 0 && l.err == nil {
			continue
		}
		l.end = r.offset
		l.look()
		return l, nil
	}
	return nil, r.end
}

// look reads what says where a line belongs.
func (l *bulkLine) look() {
	if l.err != nil || l.glance() {
		return
	}
	var keys struct {
		ID     string `json:"id"`
		Parent string `json:"__parentId"`
	}
	if l.text[0] != '{' || json.Unmarshal(l.text, &keys) != nil {
		l.err = errLineNoJSON
		return
	}
	l.id, l.parent = keys.ID, keys.Parent
	if l.id == "" && l.parent == "" {
		l.err = errLineNoID
	}
}

// glance reads a line that begins with its id and ends with its parent's, or has
// none, as Shopify writes them. That the rest is JSON shows when it is used.
func (l *bulkLine) glance() bool {
	const parent = `"__parentId":`
	rest, ok := bytes.CutPrefix(l.text, []byte(`{"id":"gid://shopify/`))
	end := bytes.IndexByte(rest, '"')
	if !ok || end < 0 || !bytes.HasSuffix(rest, []byte("}")) {
		return false
	}
	at := bytes.Index(rest, []byte(parent))
	id, ok := plainString(l.text[len(`{"id":`) : len(l.text)-len(rest)+end+1])
	if !ok || at < 0 {
		l.id = id
		return ok
	}
	of, ok := plainString(rest[at+len(parent) : len(rest)-1])
	if !ok || strings.Contains(of, `"`) {
		return false
	}
	l.id, l.parent = id, of
	return true
}

// Order reads the object as an order. The lines of its refunds and fulfillments
// are not in an export: Shopify does not export lists inside lists.
func (o *BulkObject) Order() (*Order, error) {
	if o.Err != nil {
		return nil, o.Err
	}
	order := &Order{}
	if err := json.Unmarshal(o.Line, order); err != nil || order.ID <= 0 {
		return nil, cause("the order cannot be read", err)
	}
	for _, text := range o.Children {
		var kind struct {
			Type string `json:"__typename"`
		}
		child := bulkLine{text: text}
		child.look()
		err := child.err
		if child.id == "" {
			err = json.Unmarshal(text, &kind)
		}
		name, _, _ := ids.ParseGID(child.id)
		switch {
		case err != nil:
		case name == "LineItem":
			err = appendFrom(&order.Lines, text)
		case name == "ShippingLine":
			err = appendFrom(&order.ShippingLines, text)
		case child.id == "" && strings.HasSuffix(kind.Type, "Application"):
			err = appendFrom(&order.Applications, text)
		}
		if err != nil {
			return nil, cause("a line of the order cannot be read", err)
		}
	}
	return order, nil
}

// Customer reads the object as a customer.
func (o *BulkObject) Customer() (*Customer, error) {
	if o.Err != nil {
		return nil, o.Err
	}
	c := &Customer{}
	if err := json.Unmarshal(o.Line, c); err != nil || c.ID <= 0 {
		return nil, cause("the customer cannot be read", err)
	}
	return c, nil
}

// Product is what we need of a product: its picture, which its variants share, and
// where it can be bought.
type Product struct {
	ID        int64
	Title     string
	UpdatedAt time.Time
	URL       string // in the online store; "" when it cannot be bought there now
	Image     *Image
	Variants  []int64
}

// Product reads the object as a product.
func (o *BulkObject) Product() (*Product, error) {
	if o.Err != nil {
		return nil, o.Err
	}
	var raw struct {
		ID        ID        `json:"id"`
		Title     string    `json:"title"`
		UpdatedAt time.Time `json:"updatedAt"`
		Status    string    `json:"status"`
		URL       string    `json:"onlineStoreUrl"`
		Media     *struct {
			Preview *struct {
				Image *Image `json:"image"`
			} `json:"preview"`
		} `json:"featuredMedia"`
	}
	if err := json.Unmarshal(o.Line, &raw); err != nil || raw.ID <= 0 {
		return nil, cause("the product cannot be read", err)
	}
	p := &Product{ID: int64(raw.ID), Title: raw.Title, UpdatedAt: raw.UpdatedAt}
	if raw.Media != nil && raw.Media.Preview != nil {
		p.Image = raw.Media.Preview.Image
	}
	for _, text := range o.Children {
		var v struct {
			ID      ID   `json:"id"`
			ForSale bool `json:"availableForSale"`
		}
		if err := json.Unmarshal(text, &v); err != nil || v.ID <= 0 {
			return nil, cause("a variant of the product cannot be read", err)
		}
		if p.Variants = append(p.Variants, int64(v.ID)); v.ForSale && raw.Status == "ACTIVE" {
			p.URL = raw.URL
		}
	}
	return p, nil
}

func appendFrom[T any](list *[]T, text []byte) error {
	var one T
	if err := json.Unmarshal(text, &one); err != nil {
		return err
	}
	*list = append(*list, one)
	return nil
}

// cause words what is wrong with an object without its content: the errors of
// the JSON library name types and offsets, but also quote.
func cause(what string, err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return fmt.Errorf("%s: %s has another type", what, wrong.Field)
	}
	return errors.New(what)
}
