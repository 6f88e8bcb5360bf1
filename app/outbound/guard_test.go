package outbound_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"afterglow/app/outbound"
)

// names answers like a DNS server that its owner controls.
type names struct {
	answers map[string][][]string // one list for each time it is asked; the last one stays
	asked   map[string]int
}

func (n *names) LookupNetIP(_ context.Context, _, host string) (out []netip.Addr, err error) {
	lists := n.answers[host]
	if len(lists) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host}
	}
	i := min(n.asked[host], len(lists)-1)
	n.asked[host]++
	for _, s := range lists[i] {
		out = append(out, netip.MustParseAddr(s))
	}
	return out, nil
}

// forbidden must never be connected to, however they are written.
var forbidden = strings.Fields(`
	127.0.0.1 127.1.2.3 127.255.255.255 localhost. 127.1 127.0.1 2130706433 017700000001 0177.0.0.1 0177.0.0.01 0x7f000001 0x7f.0.0.1 0x7f.1 00000177.0.0.1 127.0.0.1. 1.0x1
	0.0.0.0 0 0.0.0.1 10.0.0.1 10.255.255.255 012.0.0.1 167772161 172.16.0.1 172.31.255.255 192.168.0.1 192.168.255.255 3232235521 0xc0a80001
	100.64.0.1 100.127.255.255 100.100.100.200 169.254.0.1 169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.170.2 192.0.0.192 168.63.129.16
	192.0.2.1 198.51.100.7 203.0.113.9 198.18.0.1 198.19.255.255 192.88.99.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
	:: ::1 0:0:0:0:0:0:0:1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1 ::127.0.0.1
	64:ff9b::7f00:1 64:ff9b::169.254.169.254 64:ff9b:1::1 2002:7f00:1:: 2002:a9fe:a9fe::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:db8::1 3fff::1
	fe80::1 fe80::1%eth0 fec0::1 fc00::1 fd00:ec2::254 fdff::1 ff02::1 ff05::1:3 100::1 5f00::1
	metadata.example inside.example mixed.example mapped.example shared.example rebound.example`)

func dns() *names {
	return &names{asked: map[string]int{}, answers: map[string][][]string{
		"localhost.":       {{"127.0.0.1", "::1"}},
		"metadata.example": {{"169.254.169.254"}},
		"inside.example":   {{"10.1.2.3"}},
		"mixed.example":    {{"93.184.216.34", "192.168.1.1"}},
		"mapped.example":   {{"::ffff:127.0.0.1"}},
		"shared.example":   {{"100.64.3.2"}},
		"rebound.example":  {{"127.0.0.1"}},
		"public.example":   {{"93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"}},
	}}
}

func TestNothingInsideIsReached(t *testing.T) {
	if len(forbidden) < 60 {
		t.Fatalf("only %d addresses", len(forbidden))
	}
	for _, host := range forbidden {
		g := &outbound.Guard{Ports: outbound.MailPorts, Resolver: dns()}
		if found, err := g.Check(t.Context(), host, 587); err == nil {
			t.Errorf("%s leads to %v", host, found)
		}
		if conn, err := g.Dial(t.Context(), "tcp", net.JoinHostPort(host, "587")); err == nil {
			conn.Close()
			t.Errorf("%s is dialled", host)
		}
	}
}

func TestPublicServersAreReached(t *testing.T) {
	g := &outbound.Guard{Ports: outbound.MailPorts, Resolver: dns()}
	for host, want := range map[string]int{"public.example": 2, "93.184.216.34": 1, "2606:2800:220:1:248:1893:25c8:1946": 1, "::ffff:93.184.216.34": 1, "1.1.1.1": 1, "172.15.255.255": 1, "172.32.0.1": 1, "100.63.255.255": 1, "100.128.0.1": 1} {
		if found, err := g.Check(t.Context(), host, 587); err != nil || len(found) != want {
			t.Errorf("%s: %v, %v", host, found, err)
		}
	}
	for _, port := range []int{0, 22, 80, 443, 3306, 5432, 6379, 11211, 65536, -1} {
		if _, err := g.Check(t.Context(), "public.example", port); !errors.Is(err, outbound.ErrPort) {
			t.Errorf("port %d: %v", port, err)
		}
	}
	for _, host := range []string{"", ".", "a b.example", "smtp.example/path", "user@smtp.example", "smtp.example:25", "-x.example", "exa\nmple.com", strings.Repeat("a.", 130) + "example"} {
		if _, err := g.Check(t.Context(), host, 587); !errors.Is(err, outbound.ErrName) {
			t.Errorf("%q: %v", host, err)
		}
	}
	if _, err := g.Check(t.Context(), "nowhere.example", 587); !errors.Is(err, outbound.ErrUnresolved) {
		t.Error(err)
	}
}

// A name that answers with a public address first and with this machine the next
// time must not get us to connect here: the name is asked once.
func TestNameThatChangesItsMindReachesNothing(t *testing.T) {
	var visits atomic.Int64
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			visits.Add(1)
			conn.Close()
		}
	}()
	port := listener.Addr().(*net.TCPAddr).Port
	// 203.0.113.1 stands for a public address nobody answers at; the operator's
	// exemption makes the guard take it for public.
	n := &names{asked: map[string]int{}, answers: map[string][][]string{"rebind.example": {{"203.0.113.1"}, {"127.0.0.1"}}}}
	g := &outbound.Guard{Ports: []int{port}, Exempt: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, Resolver: n}
	found, err := g.Check(t.Context(), "rebind.example", port)
	if err != nil || len(found) != 1 || found[0].Addr().String() != "203.0.113.1" {
		t.Fatalf("%v, %v", found, err)
	}
	if _, err := g.Dial(t.Context(), "tcp", "rebind.example:"+strconv.Itoa(port)); !errors.Is(err, outbound.ErrForbidden) {
		t.Errorf("second answer: %v", err)
	}
	if n.asked["rebind.example"] != 2 || visits.Load() != 0 {
		t.Errorf("asked %d times, %d connections", n.asked["rebind.example"], visits.Load())
	}
}

func TestOperatorMayAllowTheirOwnNetwork(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	networks, err := outbound.ParseExempt("127.0.0.1, 10.0.0.0/8 ,")
	if err != nil || len(networks) != 2 {
		t.Fatalf("%v, %v", networks, err)
	}
	g := &outbound.Guard{Exempt: networks, Resolver: dns()}
	conn, err := g.Dial(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if _, err := g.Check(t.Context(), "169.254.169.254", 80); !errors.Is(err, outbound.ErrForbidden) {
		t.Error(err)
	}
	for _, wrong := range []string{"home", "10.0.0.0/33", "1.2.3", "fe80::1%eth0"} {
		if _, err := outbound.ParseExempt(wrong); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}

func TestClientSpeaksHTTPSFollowsNothingAndReadsLittle(t *testing.T) {
	var inside atomic.Int64
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside.Add(1) }))
	defer secret.Close()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, secret.URL, http.StatusFound)
			return
		}
		for range 40 {
			w.Write(make([]byte, 64<<10))
		}
	}))
	defer server.Close()
	config := server.Client().Transport.(*http.Transport).TLSClientConfig
	own := &outbound.Guard{Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	client := own.Client(config)
	if _, err := client.Get(server.URL + "/away"); !errors.Is(err, outbound.ErrRedirect) || inside.Load() != 0 {
		t.Errorf("%v, %d visits", err, inside.Load())
	}
	answer, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	n := 0
	for buf := make([]byte, 32<<10); ; {
		read, err := answer.Body.Read(buf)
		if n += read; err != nil {
			break
		}
	}
	if n != 1<<20 {
		t.Errorf("read %d bytes", n)
	}
	if _, err := client.Get(secret.URL); !errors.Is(err, outbound.ErrScheme) {
		t.Error(err)
	}
	stranger := (&outbound.Guard{Ports: outbound.WebPorts}).Client(config)
	for _, address := range []string{server.URL, "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://2130706433/"} {
		_, err := stranger.Get(address)
		var wrapped *url.Error
		if err == nil || !errors.As(err, &wrapped) || !errors.Is(err, outbound.ErrForbidden) && !errors.Is(err, outbound.ErrName) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if inside.Load() != 0 {
		t.Error("a connection was made")
	}
}
