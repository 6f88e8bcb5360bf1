package web

import (
	"container/list"
	"net/netip"
	"strconv"
	"sync"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"
)

// Limiter lets each key through so often a second. It remembers a bounded number
// of keys, those seen last; a key that was forgotten starts afresh.
type Limiter struct {
	every rate.Limit
	burst int
	max   int
	key   func(*Ctx) string
	mu    sync.Mutex
	keys  map[string]*list.Element // of *limited
	order *list.List
}

type limited struct {
	key     string
	limiter *rate.Limiter
}

// NewLimiter returns a limiter of so many requests a second and so many at once,
// for keys that key finds in the request; "" is never limited.
func NewLimiter(perSecond float64, burst int, key func(*Ctx) string) *Limiter {
	return &Limiter{
		every: rate.Limit(perSecond), burst: burst, max: 50_000, key: key,
		keys: map[string]*list.Element{}, order: list.New(),
	}
}

// Allow tells whether the key may pass now.
func (l *Limiter) Allow(key string) bool {
	l.mu.Lock()
	e, ok := l.keys[key]
	if ok {
		l.order.MoveToFront(e)
	} else {
		if l.order.Len() >= l.max {
			last := l.order.Back()
			delete(l.keys, last.Value.(*limited).key)
			l.order.Remove(last)
		}
		e = l.order.PushFront(&limited{key, rate.NewLimiter(l.every, l.burst)})
		l.keys[key] = e
	}
	limiter := e.Value.(*limited).limiter
	l.mu.Unlock()
	return limiter.Allow()
}

func (l *Limiter) middleware(g *gin.Context) {
	c := &Ctx{ginContext: g, engine: engineOf(g)}
	if key := l.key(c); key != "" && !l.Allow(key) {
		Fail(c, ErrLimited)
	}
}

// ByAddress limits by the client's address: the connection's own, unless a
// trusted proxy is configured. An IPv6 network counts as one.
func ByAddress(c *Ctx) string {
	ip, err := netip.ParseAddr(c.ClientIP())
	if err != nil {
		return "unknown"
	}
	if ip = ip.Unmap(); ip.Is6() {
		if net, err := ip.Prefix(64); err == nil {
			return net.String()
		}
	}
	return ip.String()
}

// ByVisitor limits who comes through the app proxy: by the customer who is signed
// in, or else by address. Shopify's edge stands between, so without its addresses
// among the trusted proxies a guest's address is that of the edge, which many
// share: leave room for a crowd.
func ByVisitor(c *Ctx) string {
	shop := Shop(c).String()
	if customer := Customer(c); customer != 0 {
		return shop + " customer " + strconv.FormatInt(customer, 10)
	}
	return shop + " " + ByAddress(c)
}

const keyEngine = "afterglow.engine"

func engineOf(g *gin.Context) *Engine { return g.MustGet(keyEngine).(*Engine) }
