package chaos

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"afterglow/app/store"
)

// wire is a TCP proxy before PostgreSQL that can be cut in every way.
type wire struct {
	t        *testing.T
	listener net.Listener
	target   string
	refuse   atomic.Bool  // new connections
	stalled  atomic.Bool  // nothing goes through, nothing is closed
	cutAfter atomic.Int64 // bytes of the server that still go through before its next connection breaks; 0: never
	mu       sync.Mutex
	pairs    map[*net.TCPConn]*net.TCPConn
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, listener: l, target: target, pairs: map[*net.TCPConn]*net.TCPConn{}}
	t.Cleanup(func() { l.Close(); w.reset() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go w.serve(conn.(*net.TCPConn))
		}
	}()
	return w
}

func (w *wire) serve(app *net.TCPConn) {
	defer app.Close()
	if w.refuse.Load() {
		app.SetLinger(0)
		return
	}
	conn, err := net.Dial("tcp", w.target)
	if err != nil {
		return
	}
	db := conn.(*net.TCPConn)
	defer db.Close()
	w.mu.Lock()
	w.pairs[app] = db
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.pairs, app)
		w.mu.Unlock()
	}()
	go func() {
		w.carry(db, app, false)
		db.CloseWrite()
	}()
	w.carry(app, db, true)
}

// carry copies from one side to the other; answers are the server's.
func (w *wire) carry(to, from *net.TCPConn, answers bool) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		for w.stalled.Load() {
			time.Sleep(5 * time.Millisecond)
		}
		if answers && n > 0 && w.cutAfter.Load() > 0 && w.cutAfter.Add(int64(-n)) <= 0 {
			// The server has done it and said so; the answer never arrives whole.
			w.cutAfter.Store(0)
			to.Write(buffer[:n/2])
			to.SetLinger(0)
			to.Close()
			from.Close()
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// reset breaks every connection on both sides at once.
func (w *wire) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for app, db := range w.pairs {
		app.SetLinger(0)
		app.Close()
		db.Close()
	}
}

// R8: the way to the database breaks in every way, and the database itself ends
// all connections as a restart does, under load.
func TestChaosR8Database(t *testing.T) {
	t.Parallel()
	began, random := time.Now(), dice(t)
	var w *wire
	name := "chaos_r8"
	r := newRig(t, options{database: func(address string) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		w = newWire(t, u.Host)
		u.Host = w.listener.Addr().String()
		q := u.Query()
		name = "chaos_r8_" + u.Port()
		q.Set("application_name", name)
		u.RawQuery = q.Encode()
		return u.String()
	}})
	r.startWorker("")
	r.startWorker("")
	faults := size(9, 60)
	orders := faults * size(30, 60)
	var posting sync.WaitGroup
	posting.Go(func() { r.postAll(r.template.clones(1, orders+1), 8, float64(size(38, 75))) })
	limit := span(20*time.Second, 10*time.Second) // a push runs a dozen campaigns at the same time
	var slowest time.Duration
	for n := range faults {
		time.Sleep(time.Duration(300+random.IntN(300)) * time.Millisecond)
		w.breakIn(r, n%5, name, random)
		healed := time.Now()
		r.until("readiness after a fault", limit, r.isReady)
		slowest = max(slowest, time.Since(healed))
	}
	posting.Wait()
	last := time.Now()
	r.settle(180*time.Second, expected{copies: 2}) // two leases of what was handed over while the database was away
	figures(t, began, "%d orders, %d faults (reset, stall, answer lost, refused, all sessions ended): 0 lost, 0 double; ready again after %.1f s at most (limit %.0f), all work done %.0f s after the last, %d webhooks sent again",
		orders, faults, slowest.Seconds(), limit.Seconds(), time.Since(last).Seconds(), r.sent.refused.Load())
}

// breakIn does one kind of damage and repairs it.
func (w *wire) breakIn(r *rig, kind int, name string, random *rand.Rand) {
	r.t.Helper()
	switch kind {
	case 0:
		w.reset()
	case 1:
		w.stalled.Store(true)
		time.Sleep(1500 * time.Millisecond)
		w.stalled.Store(false)
	case 2:
		for range 10 {
			w.cutAfter.Store(int64(1 + random.IntN(2000)))
			time.Sleep(30 * time.Millisecond)
		}
		w.cutAfter.Store(0)
	case 3:
		w.refuse.Store(true)
		w.reset()
		time.Sleep(1500 * time.Millisecond)
		w.refuse.Store(false)
	case 4:
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		r.must(r.db.System(ctx, func(tx *store.Tx) error {
			return tx.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ? AND pid <> pg_backend_pid()`, name).Error
		}))
	}
}

func (r *rig) isReady() bool {
	resp, err := client.Get("http://" + r.addr + "/readyz")
	if err != nil {
		return false
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
