package main

import (
	"bufio"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// sink is an SMTP server that takes every mail and keeps nothing but whom it was for
// and when it had it whole.
type sink struct {
	listener net.Listener
	count    atomic.Int64
	mu       sync.Mutex
	arrived  map[string]time.Time // by recipient, the first
	twice    int
	changed  chan struct{}
}

func newSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{listener: l, arrived: map[string]time.Time{}, changed: make(chan struct{}, 1)}
	go func() {
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				go s.serve(conn)
			}
		}
	}()
	return s, nil
}

func (s *sink) addr() string { return s.listener.Addr().String() }
func (s *sink) close()       { s.listener.Close() }

func (s *sink) serve(conn net.Conn) {
	defer conn.Close()
	r, w := bufio.NewReaderSize(conn, 64<<10), bufio.NewWriter(conn)
	say := func(line string) bool {
		w.WriteString(line + "\r\n")
		return w.Flush() == nil
	}
	say("220 sink")
	var to string
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.TrimSpace(line))
		switch {
		case strings.HasPrefix(verb, "EHLO"):
			say("250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 10485760")
		case strings.HasPrefix(verb, "RCPT TO:"):
			to = strings.ToLower(strings.Trim(strings.Fields(line[len("RCPT TO:"):])[0], "<> \r\n"))
			say("250 ok")
		case verb == "DATA":
			say("354 go on")
			for {
				line, err := r.ReadSlice('\n')
				if errors.Is(err, bufio.ErrBufferFull) {
					continue
				}
				if err != nil {
					return
				}
				if string(line) == ".\r\n" {
					break
				}
			}
			s.took(to)
			say("250 queued")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (s *sink) took(to string) {
	now := time.Now()
	s.mu.Lock()
	if _, there := s.arrived[to]; there {
		s.twice++
	} else {
		s.arrived[to] = now
	}
	s.mu.Unlock()
	s.count.Add(1)
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// when tells when the mail to an address was there.
func (s *sink) when(to string) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.arrived[to]
	return at, ok
}

// await waits until n mails have come in all, or the time is up.
func (s *sink) await(n int64, limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	for s.count.Load() < n {
		select {
		case <-s.changed:
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
