package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// serve runs a real server and returns its address and how to stop it.
func serve(t testing.TB, h http.Handler) (addr string, stop func() error) {
	t.Helper()
	s, err := Listen("127.0.0.1:0", h, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	var once sync.Once
	var result error
	stop = func() error {
		once.Do(func() {
			cancel()
			result = <-done
		})
		return result
	}
	t.Cleanup(func() { stop() })
	return s.Addr(), stop
}

func TestServerDrains(t *testing.T) {
	h := newHouse(t)
	started := make(chan struct{})
	h.Group("/api", Public).GET("/slow", func(c *Ctx) error {
		close(started)
		time.Sleep(300 * time.Millisecond)
		return c.OK("done")
	})
	addr, stop := serve(t, h)
	got := make(chan error, 1)
	go func() {
		resp, err := http.Get("http://" + addr + "/api/slow")
		if err == nil {
			defer resp.Body.Close()
			if resp.StatusCode != 200 {
				err = fmt.Errorf("status %d", resp.StatusCode)
			}
		}
		got <- err
	}()
	<-started
	if err := stop(); err != nil {
		t.Errorf("drain: %v", err)
	}
	if err := <-got; err != nil {
		t.Errorf("the request under way: %v", err)
	}
	if _, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
		t.Error("the port is still open")
	}
}

func TestServerThatCannotDrainSaysSo(t *testing.T) {
	block := make(chan struct{})
	s, err := Listen("127.0.0.1:0", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-block }), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer close(block)
	s.drain = 50 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	time.Sleep(50 * time.Millisecond)
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the server never stopped")
	}
}

func TestTakenPortIsToldAtOnce(t *testing.T) {
	addr, _ := serve(t, http.NotFoundHandler())
	if _, err := Listen(addr, http.NotFoundHandler(), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("got %v", err)
	}
}

func TestLimitsAreSet(t *testing.T) {
	s, err := Listen("127.0.0.1:0", http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.listener.Close()
	if s.http.ReadHeaderTimeout != 5*time.Second || s.http.ReadTimeout != 15*time.Second || s.http.WriteTimeout != 30*time.Second ||
		s.http.IdleTimeout != 60*time.Second || s.http.MaxHeaderBytes != 32<<10 || s.drain > 25*time.Second {
		t.Errorf("limits %+v", s.http)
	}
}

// TestSlowSocketsDoNotHurt opens sockets that send a byte now and then and
// measures the others meanwhile.
func TestSlowSocketsDoNotHurt(t *testing.T) {
	h := newHouse(t)
	h.Group("/api", Public).GET("/x", plainOK)
	addr, _ := serve(t, h)
	baseline := p95(t, addr)
	const sockets = 300
	var conns []net.Conn
	for range sockets {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, "GET /api/x HTTP/1.1\r\nHost: x\r\nX-Slow: ")
		conns = append(conns, c)
	}
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
				for _, c := range conns {
					c.Write([]byte("a"))
				}
			}
		}
	}()
	slow := p95(t, addr)
	close(stop)
	// Twice the baseline, with room for a machine that others use, too.
	if slow > 2*baseline+50*time.Millisecond {
		t.Errorf("p95 %v with %d slow sockets, %v without", slow, sockets, baseline)
	}
	// The header has to be whole after five seconds.
	conns[0].SetReadDeadline(time.Now().Add(8 * time.Second))
	if _, err := io.ReadAll(conns[0]); err != nil {
		t.Errorf("a slow socket is still open: %v", err)
	}
}

func p95(t *testing.T, addr string) time.Duration {
	t.Helper()
	var took []time.Duration
	for range 100 {
		start := time.Now()
		resp, err := http.Get("http://" + addr + "/api/x")
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		took = append(took, time.Since(start))
	}
	for i := range took {
		for j := i; j > 0 && took[j] < took[j-1]; j-- {
			took[j], took[j-1] = took[j-1], took[j]
		}
	}
	return took[94]
}

// TestHugeBodyIsNotRead sends a chunked body of 256 MiB; the server stops
// reading at the route's cap.
func TestHugeBodyIsNotRead(t *testing.T) {
	h := newHouse(t)
	h.Group("/api", Public, Body(1<<20)).POST("/x", func(c *Ctx) error {
		_, err := c.RawBody()
		return err
	})
	addr, _ := serve(t, h)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	sent := &counted{}
	sent.left.Store(256 << 20)
	req, err := http.NewRequest(http.MethodPost, "http://"+addr+"/api/x", sent)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d", resp.StatusCode)
		}
		resp.Body.Close()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	if read := int64(256<<20) - sent.left.Load(); read > 16<<20 {
		t.Errorf("%d MiB of the body were taken", read>>20)
	}
	w := h.do("POST", "/api/x", strings.Repeat("a", 1<<20+1))
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that says it is too long: %d", w.Code)
	}
}

// counted is read by the transport also after the answer is here.
type counted struct{ left atomic.Int64 }

func (c *counted) Read(p []byte) (int, error) {
	if c.left.Load() <= 0 {
		return 0, io.EOF
	}
	c.left.Add(-int64(len(p)))
	return len(p), nil
}

// TestRawRequests sends bytes that no client library sends.
func TestRawRequests(t *testing.T) {
	h := newHouse(t)
	h.embed(t)
	h.Group("/api", Public).GET("/x", plainOK)
	addr, _ := serve(t, h)
	for name, row := range map[string]struct {
		raw  string
		want []string
	}{
		"huge header":          {"GET /api/x HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", []string{"431"}},
		"header injection":     {"GET /auth/bounce?shop=one.myshopify.com%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: x\r\n\r\n", []string{"400"}},
		"redirect injection":   {"GET /orders/%0d%0aX-Evil:%201?shop=one.myshopify.com HTTP/1.1\r\nHost: x\r\n\r\n", []string{"302"}},
		"two lengths":          {"POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", []string{"400"}},
		"length and chunks":    {"POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []string{"400", "405"}},
		"no host":              {"GET /api/x HTTP/1.1\r\n\r\n", []string{"400"}},
		"two hosts":            {"GET /api/x HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", []string{"400"}},
		"NUL in path":          {"GET /api/x%00 HTTP/1.1\r\nHost: x\r\n\r\n", []string{"404"}},
		"absolute address":     {"GET http://evil.tld/api/x HTTP/1.1\r\nHost: evil.tld\r\n\r\n", []string{"200"}},
		"blank in header name": {"GET /api/x HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", []string{"400"}},
		"not HTTP":             {"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", []string{"400"}},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(5 * time.Second))
			io.WriteString(conn, row.raw)
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			ok := false
			for _, want := range row.want {
				ok = ok || fmt.Sprint(resp.StatusCode) == want
			}
			if !ok || resp.Header.Get("X-Evil") != "" {
				t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
			}
		})
	}
}

func TestHealth(t *testing.T) {
	h := newHouse(t)
	checks := NewChecks()
	var broken error
	checks.Add("database", func(context.Context) error { return broken })
	checks.Add("redis", func(context.Context) error { return nil })
	h.Health(checks)
	if w := h.do("GET", "/healthz", ""); w.Code != 200 {
		t.Errorf("health %d", w.Code)
	}
	if w := h.do("GET", "/readyz", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `"database":{"ok":true`) {
		t.Errorf("ready %d %s", w.Code, w.Body)
	}
	broken = errors.New("connection to 10.0.0.7 refused")
	w := h.do("GET", "/readyz", "")
	if w.Code != 503 || strings.Contains(w.Body.String(), "10.0.0.7") || !strings.Contains(w.Body.String(), `"database":{"ok":false`) || !strings.Contains(w.Body.String(), `"redis":{"ok":true`) {
		t.Errorf("not ready %d %s", w.Code, w.Body)
	}
	if !strings.Contains(h.log.String(), "10.0.0.7") {
		t.Error("the reason is not in the log")
	}
	if w := h.do("GET", "/healthz", ""); w.Code != 200 {
		t.Errorf("a process that is not ready still runs: %d", w.Code)
	}
	broken = nil
	checks.Drain()
	if w := h.do("GET", "/readyz", ""); w.Code != 503 {
		t.Errorf("draining: %d", w.Code)
	}
}

func TestCheckThatHangsFailsInTime(t *testing.T) {
	checks := NewChecks()
	hang := make(chan struct{})
	defer close(hang)
	checks.Add("hangs", func(context.Context) error { <-hang; return nil })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	ok, results, failures := checks.Run(ctx)
	if ok || results["hangs"].OK || failures["hangs"] == nil {
		t.Errorf("got %v %v %v", ok, results, failures)
	}
}
