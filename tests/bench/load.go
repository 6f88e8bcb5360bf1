package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
)

// result is what a load did.
type result struct {
	done      int
	elapsed   time.Duration
	latencies []time.Duration // unsorted
	refused   map[int]int     // other statuses than 200
}

func (r result) rate() float64 { return float64(r.done) / r.elapsed.Seconds() }

func (r result) percentile(p float64) time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(r.latencies))
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}

// poster writes prepared requests on one kept connection. net/http's client costs
// several times the CPU, which the server under test would miss on the same cores.
type poster struct {
	conn net.Conn
	read *bufio.Reader
}

func dial(addr string) (*poster, error) {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return &poster{conn, bufio.NewReaderSize(conn, 4096)}, nil
}

// post sends a request and returns the status of the answer.
func (p *poster) post(request []byte) (int, error) {
	if err := p.conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return 0, err
	}
	if _, err := p.conn.Write(request); err != nil {
		return 0, err
	}
	line, err := p.read.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, fmt.Errorf("no status line: %q", line)
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, err
	}
	length := 0
	for {
		line, err := p.read.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) <= 2 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
	_, err = p.read.Discard(length)
	return status, err
}

// target is where a load goes.
type target struct {
	addr, shop, secret string
}

// flood posts the same body under ever new event ids, as fast as the answers come.
func flood(ctx context.Context, to target, connections int, length time.Duration) (result, error) {
	body := orderBody(1, time.Now())
	return drive(ctx, to, connections, length, func(p *poster) (time.Duration, int, error) {
		// The event id is the only thing that changes: 36 bytes in place, twice.
		start := time.Now()
		status, err := p.post(webhook36(to, body))
		return time.Since(start), status, err
	})
}

// prepared requests: the id's two places are found once.
type blank struct {
	bytes []byte
	at    []int
}

const blankID = "00000000-0000-4000-8000-000000000000"

var blanks sync.Map // target → *blank, as bytes to copy

func webhook36(to target, body []byte) []byte {
	v, ok := blanks.Load(to)
	if !ok {
		b := &blank{bytes: webhook(to.addr, to.shop, to.secret, body, blankID)}
		for from := 0; ; {
			i := bytes.Index(b.bytes[from:], []byte(blankID))
			if i < 0 {
				break
			}
			b.at = append(b.at, from+i)
			from += i + len(blankID)
		}
		v, _ = blanks.LoadOrStore(to, b)
	}
	b := v.(*blank)
	out := bytes.Clone(b.bytes)
	id := uuid.NewString()
	for _, at := range b.at {
		copy(out[at:], id)
	}
	return out
}

// steady posts webhooks at a fixed pace.
func steady(ctx context.Context, to target, perSecond int, length time.Duration) (result, error) {
	body := orderBody(1, time.Now())
	return paced(ctx, to, perSecond, length, func() []byte { return webhook36(to, body) })
}

// paced sends requests at a fixed pace, whether answers come or not: a latency is
// counted from the moment at which the request was due.
func paced(ctx context.Context, to target, perSecond int, length time.Duration, request func() []byte) (result, error) {
	due := make(chan time.Time, perSecond)
	go func() {
		defer close(due)
		start := time.Now()
		for i := range int(length.Seconds() * float64(perSecond)) {
			at := start.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
			time.Sleep(time.Until(at))
			select {
			case due <- at:
			case <-ctx.Done():
				return
			}
		}
	}()
	return drive(ctx, to, 64, length+10*time.Second, func(p *poster) (time.Duration, int, error) {
		at, ok := <-due
		if !ok {
			return 0, 0, errDone
		}
		status, err := p.post(request())
		return time.Since(at), status, err
	})
}

// errDone ends a load before its time.
var errDone = errors.New("done")

// drive runs one act again and again on a number of connections, until the time is
// up or the act says errDone.
func drive(ctx context.Context, to target, connections int, length time.Duration, act func(*poster) (time.Duration, int, error)) (result, error) {
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		first error
		total = result{refused: map[int]int{}}
		start = time.Now()
		last  = start
	)
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	for range connections {
		p, err := dial(to.addr)
		if err != nil {
			return total, err
		}
		defer p.conn.Close()
		wg.Go(func() {
			var took []time.Duration
			refused := map[int]int{}
			var failed error
			for ctx.Err() == nil {
				latency, status, err := act(p)
				if errors.Is(err, errDone) {
					break
				}
				if err != nil {
					failed = err
					break
				}
				if status != 200 {
					refused[status]++
					continue
				}
				took = append(took, latency)
			}
			mu.Lock()
			defer mu.Unlock()
			total.latencies = append(total.latencies, took...)
			for s, n := range refused {
				total.refused[s] += n
			}
			if first == nil {
				first = failed
			}
			last = time.Now()
		})
	}
	wg.Wait()
	total.done, total.elapsed = len(total.latencies), last.Sub(start)
	if first == nil && len(total.refused) > 0 {
		first = fmt.Errorf("answers other than 200: %v", total.refused)
	}
	return total, first
}
