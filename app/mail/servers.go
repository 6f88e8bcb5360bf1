package mail

import (
	lru "container/list"
	"context"
	"strconv"
	"sync"
	"time"

	"afterglow/app/ids"
)

// Security is how a connection to a mail server is kept private.
type Security string

// The ways. StartTLS refuses a server that does not offer it.
const (
	StartTLS  Security = "starttls"
	TLS       Security = "tls" // from the first byte
	Plaintext Security = "none"
)

// Server is where, and how, a shop hands its mails over.
type Server struct {
	Host     string
	Port     int
	Security Security
	User     string
	Password string
}

// Transport returns a transport to the server. It does not connect yet.
func (s Server) Transport(o SMTPOptions) *SMTP {
	where := server{host: s.Host, port: strconv.Itoa(s.Port), implicit: s.Security == TLS, user: s.User, password: s.Password}
	switch s.Security {
	case StartTLS:
		where.starttls = "required"
	case Plaintext:
		where.starttls = "none"
	}
	return newSMTP(where.fitOut(o), o)
}

// Servers keeps the transports to shops' own mail servers: few connections for
// each, so that a slow one holds few workers, and so many shops in all.
type Servers struct {
	options SMTPOptions
	most    int

	mu    sync.Mutex
	shops map[ids.Shop]*lru.Element
	order *lru.List // of *kept; the one used last in front
}

type kept struct {
	shop   ids.Shop
	server Server
	smtp   *SMTP
}

// NewServers keeps transports for at most so many shops, each with these options.
func NewServers(most int, o SMTPOptions) *Servers {
	return &Servers{options: o, most: most, shops: map[ids.Shop]*lru.Element{}, order: lru.New()}
}

// For returns the shop's transport. Changed settings get a new one.
func (p *Servers) For(shop ids.Shop, s Server) *SMTP {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.shops[shop]; ok {
		if k := e.Value.(*kept); k.server == s {
			p.order.MoveToFront(e)
			return k.smtp
		}
		p.drop(e)
	}
	for p.order.Len() >= p.most {
		p.drop(p.order.Back())
	}
	k := &kept{shop, s, s.Transport(p.options)}
	p.shops[shop] = p.order.PushFront(k)
	return k.smtp
}

// Try asks a server whether it would take a mail, on a connection of its own.
func (p *Servers) Try(ctx context.Context, s Server, from, to Address) error {
	o := p.options
	o.Timeout = tryTime
	out := s.Transport(o)
	defer out.Close()
	return out.Try(ctx, from, to)
}

const tryTime = 15 * time.Second

// drop forgets a transport; mails on their way with it are not cut off.
func (p *Servers) drop(e *lru.Element) {
	k := p.order.Remove(e).(*kept)
	delete(p.shops, k.shop)
	go k.smtp.Close()
}

// Len tells how many transports are kept.
func (p *Servers) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.order.Len()
}

// Close closes all kept connections.
func (p *Servers) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.order.Len() > 0 {
		p.drop(p.order.Back())
	}
	return nil
}
