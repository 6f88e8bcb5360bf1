package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/problem"
)

// The problems of going out.
var (
	ErrForbidden  = problem.New(problem.Invalid, "outbound.forbidden", "This name leads to an address inside a private or reserved network. Use a server that can be reached from the internet.")
	ErrName       = problem.New(problem.Invalid, "outbound.name", "This is not the name of a server. Write it as smtp.example.com, without a path or spaces.")
	ErrPort       = problem.New(problem.Invalid, "outbound.port", "Connections to this port are not made.")
	ErrUnresolved = problem.New(problem.Unavailable, "outbound.unresolved", "This name is not known to the DNS. Check how it is written.")
	ErrUnanswered = problem.New(problem.Unavailable, "outbound.unanswered", "Nothing answers at this address and port.")
	ErrRedirect   = problem.New(problem.Invalid, "outbound.redirect", "The address sends visitors on to another one. Use the last one.")
	ErrScheme     = problem.New(problem.Invalid, "outbound.scheme", "Only addresses that begin with https:// are called.")
)

// The ports of the trades.
var (
	MailPorts = []int{25, 465, 587, 2465, 2525, 2587}
	WebPorts  = []int{443}
)

const (
	dialTime  = 10 * time.Second
	replyTime = 10 * time.Second
	replySize = 1 << 20
)

// A Resolver turns names into addresses; net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Guard decides where a connection may go. The zero value lets only public
// addresses through, asks the system's resolver and dials no port.
type Guard struct {
	Ports    []int          // that may be dialled
	Exempt   []netip.Prefix // networks the operator allows, on every port
	Resolver Resolver       // nil: the system's
}

// ParseExempt reads OUTBOUND_ALLOW: addresses or networks separated by commas.
func ParseExempt(s string) (networks []netip.Prefix, err error) {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if address, err := netip.ParseAddr(part); err == nil && address.Zone() == "" {
			address = address.Unmap()
			networks = append(networks, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", part)
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

// Check finds the addresses that may be dialled for host and port. It returns
// ErrName, ErrPort, ErrForbidden or ErrUnresolved.
func (g *Guard) Check(ctx context.Context, host string, port int) ([]netip.AddrPort, error) {
	addresses, err := g.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	out := make([]netip.AddrPort, len(addresses))
	for i, a := range addresses {
		a = a.Unmap()
		exempt := slices.ContainsFunc(g.Exempt, func(n netip.Prefix) bool { return n.Contains(a) })
		switch {
		case a.Zone() != "", !exempt && !Public(a):
			return nil, ErrForbidden
		case !exempt && !slices.Contains(g.Ports, port), port < 1 || port > 65535:
			return nil, ErrPort
		}
		out[i] = netip.AddrPortFrom(a, uint16(port))
	}
	return out, nil
}

func (g *Guard) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	if !plainName(host) {
		return nil, ErrName
	}
	var resolver Resolver = net.DefaultResolver
	if g.Resolver != nil {
		resolver = g.Resolver
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	found, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(found) == 0 {
		return nil, ErrUnresolved
	}
	return found, nil
}

// plainName lets names through, and no number in disguise: inet_aton, which some
// resolvers ask first, reads 2130706433, 0177.1 and 0x7f.1 as this machine.
func plainName(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if host == "" || len(host) > 253 {
		return false
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, r := range label {
			if r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
				return false
			}
		}
	}
	last := strings.ToLower(labels[len(labels)-1])
	return last[0] < '0' || last[0] > '9' // no top-level domain begins with a digit; numbers and 0x… do
}

// Dial connects to an address that was checked, trying one after the other. Its
// signature is that of net.Dialer.DialContext.
func (g *Guard) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, ErrName
	}
	port, err := strconv.Atoi(text)
	if err != nil || network != "tcp" {
		return nil, ErrPort
	}
	checked, err := g.Check(ctx, host, port)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: dialTime}
	for _, a := range checked {
		conn, err := dialer.DialContext(ctx, "tcp", a.String())
		if err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, ErrUnanswered
}

// Client calls https addresses through the guard. Its errors are the guard's.
func (g *Guard) Client(config *tls.Config) *http.Client {
	return &http.Client{
		Timeout:       replyTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return ErrRedirect },
		Transport: guarded{&http.Transport{
			DialContext: g.Dial, TLSClientConfig: config, TLSHandshakeTimeout: dialTime, ResponseHeaderTimeout: replyTime,
			MaxResponseHeaderBytes: 64 << 10, MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second,
		}},
	}
}

// guarded refuses what is not https and cuts the answer.
type guarded struct{ inner *http.Transport }

func (t guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" || r.URL.User != nil {
		return nil, ErrScheme
	}
	answer, err := t.inner.RoundTrip(r)
	if err != nil {
		var known *problem.Problem
		if errors.As(err, &known) {
			return nil, known
		}
		return nil, ErrUnanswered
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, replySize), answer.Body}
	return answer, nil
}
