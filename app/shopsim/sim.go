package shopsim

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a simulation is started with.
type Config struct {
	Dir             string                    // where the journal lives; "" keeps everything in memory
	URL             string                    // origin of the simulation, as a browser reaches it
	AppURL          string                    // origin of the app; webhooks and the admin frame go there
	APIKey          string                    // the app's client id
	APISecret       string                    // the app's client secret
	Now             func() time.Time          // default time.Now
	Advance         func(time.Duration) error // moves Now; nil: POST /sim/api/clock answers 501
	Topics          []string                  // webhook topics of the app's toml; nil: AllTopics
	Scopes          []string                  // scopes the app\'s toml asks for; nil: DefaultScopes
	OptionalScopes  []string                  // scopes the app may ask for later; nil: none
	SeedOrders      int                       // orders of history; 0: DefaultSeedOrders, negative: none
	PointsPerSecond int                       // of the Admin API; 0: 100, as on a standard plan; 1000 is Plus
	Log             *slog.Logger
	Client          *http.Client // delivers webhooks; default: 5 s in all, no redirects
	Schedule        []time.Duration
}

// DefaultSeedOrders is the length of the seeded history.
const DefaultSeedOrders = 240

// DefaultShop is the shop that exists from the beginning.
const DefaultShop = "afterglow-demo.myshopify.com"

// AppHandle is the path of the app in the admin and in the app proxy.
const AppHandle = "afterglow"

// DefaultScopes are what the app asks for when Config.Scopes says nothing.
var DefaultScopes = strings.Split("write_customers,read_customer_merge,write_discounts,write_fulfillments,"+
	"write_merchant_managed_fulfillment_orders,read_locations,write_order_edits,write_orders,read_products,write_returns,"+
	"write_app_proxy,write_metaobject_definitions,write_metaobjects,read_store_credit_accounts,"+
	"write_store_credit_account_transactions", ",")

// Sim is a running simulation. All methods are safe for concurrent use.
type Sim struct {
	cfg Config
	log *slog.Logger

	mu      sync.RWMutex
	t       *tables
	seq     int64
	journal *journal

	wake       chan struct{} // something may be due
	courier    *courier
	buckets    *buckets
	dice       *dice
	faultsLeft atomic.Int64
	mux        http.Handler
	files      sync.Map       // bulk results of a simulation in memory
	background sync.WaitGroup // bulk operations
	closing    chan struct{}
	close      sync.Once

	bulkExpired, bulkCuts atomic.Int64 // faults that struck
}

// New starts a simulation: it reads the journal, or seeds a new store.
func New(cfg Config) (*Sim, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Topics == nil {
		cfg.Topics = AllTopics
	}
	if cfg.Scopes == nil {
		cfg.Scopes = DefaultScopes
	}
	if cfg.SeedOrders == 0 {
		cfg.SeedOrders = DefaultSeedOrders
	}
	cfg.URL, cfg.AppURL = strings.TrimRight(cfg.URL, "/"), strings.TrimRight(cfg.AppURL, "/")
	t := newTables()
	j, seq, err := openJournal(cfg.Dir, t)
	if err != nil {
		return nil, err
	}
	s := &Sim{cfg: cfg, log: cfg.Log, t: t, seq: seq, journal: j, wake: make(chan struct{}, 1), closing: make(chan struct{}),
		buckets: newBuckets(cfg.PointsPerSecond), dice: newDice(1)}
	s.courier = newCourier(s)
	if len(t.shops.rows) == 0 {
		if err := s.seed(); err != nil {
			return nil, fmt.Errorf("seed simulated store: %w", err)
		}
	}
	s.mux = s.routes()
	s.resumeBulks()
	return s, nil
}

// Close writes what is outstanding and closes the journal.
func (s *Sim) Close() error {
	s.close.Do(func() { close(s.closing) })
	s.background.Wait()
	return s.journal.close()
}

// Run delivers webhooks until ctx ends.
func (s *Sim) Run(ctx context.Context) error { return s.courier.run(ctx) }

// ShopDomain is the domain of the default shop.
func (s *Sim) ShopDomain() string { return DefaultShop }

// Now is the simulation's time.
func (s *Sim) Now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

// Handler answers every request to the simulation, whatever the host.
func (s *Sim) Handler() http.Handler { return s.mux }

// write runs one transaction. When it returns nil the change is on disk.
func (s *Sim) write(fn func(t *tx) error) error {
	s.mu.Lock()
	t := &tx{tables: s.t, sim: s, now: s.Now(), at: map[string]int{}}
	n, err := s.commit(t, fn(t))
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := s.journal.wait(n); err != nil {
		return err
	}
	s.poke()
	return nil
}

func (s *Sim) commit(t *tx, err error) (uint64, error) {
	if err != nil {
		return 0, err
	}
	if len(t.dirty)+len(t.news) == 0 {
		return s.journal.last(), nil
	}
	for _, row := range t.dirty {
		row.tab.install(row.Val)
	}
	rows := len(t.dirty)
	if err := t.post(); err != nil {
		return 0, err
	}
	for _, row := range t.dirty[rows:] {
		row.tab.install(row.Val)
	}
	line, err := encodeLine(s.seq, t.dirty)
	if err != nil {
		return 0, err
	}
	return s.journal.append(line), nil
}

// poke tells the courier to look.
func (s *Sim) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// read gives fn the tables, which it must only read.
func (s *Sim) read(fn func(t *tables)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	fn(s.t)
}

// Shop returns a shop by its domain, or nil.
func (s *Sim) Shop(domain string) (shop *Shop) {
	s.read(func(t *tables) { shop = t.shopByDomain(domain) })
	return shop
}

// Shops returns all shops, oldest first.
func (s *Sim) Shops() (list []*Shop) {
	s.read(func(t *tables) { list = slices.Clone(t.shops.order[0]) })
	return list
}

// ShopOf picks the shop a request is for by its host; the simulation's own
// address means the default shop. It returns nil for an unknown
// *.myshopify.com host.
func (s *Sim) ShopOf(r *http.Request) *Shop {
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	if !strings.HasSuffix(host, ".myshopify.com") {
		host = DefaultShop
	}
	return s.Shop(host)
}

// Products returns the shop's catalogue in its order of display.
func (s *Sim) Products(shopID int64) (list []*Product) {
	s.read(func(t *tables) { list = slices.Clone(t.products.order[shopID]) })
	return list
}

// ProductByHandle returns a product or nil.
func (s *Sim) ProductByHandle(shopID int64, handle string) *Product {
	for _, p := range s.Products(shopID) {
		if p.Handle == handle {
			return p
		}
	}
	return nil
}

// VariantByID returns a variant and its product, or nils.
func (s *Sim) VariantByID(shopID, id int64) (p *Product, v *Variant) {
	s.read(func(t *tables) { p, v = t.variant(shopID, id) })
	return p, v
}

// Customers returns the shop's customers, oldest first.
func (s *Sim) Customers(shopID int64) (list []*Customer) {
	s.read(func(t *tables) { list = slices.Clone(t.customers.order[shopID]) })
	return list
}

// Customer returns a customer or nil.
func (s *Sim) Customer(shopID, id int64) (c *Customer) {
	s.read(func(t *tables) {
		if c = t.customers.rows[id]; c != nil && c.ShopID != shopID {
			c = nil
		}
	})
	return c
}

// Orders returns the shop's orders, oldest first.
func (s *Sim) Orders(shopID int64) (list []*Order) {
	s.read(func(t *tables) { list = slices.Clone(t.orders.order[shopID]) })
	return list
}

// Order returns an order or nil.
func (s *Sim) Order(shopID, id int64) (o *Order) {
	s.read(func(t *tables) { o = t.order(shopID, id) })
	return o
}

// OrderByToken returns the order whose status page has this token, or nil.
func (s *Sim) OrderByToken(shopID int64, token string) *Order {
	for _, o := range s.Orders(shopID) {
		if o.Token == token && token != "" {
			return o
		}
	}
	return nil
}

// GiftCardByCode returns a gift card or nil.
func (s *Sim) GiftCardByCode(shopID int64, code string) (c *GiftCard) {
	s.read(func(t *tables) { c = t.giftCard(shopID, code) })
	return c
}

// DiscountByCode returns a discount or nil. Codes ignore case.
func (s *Sim) DiscountByCode(shopID int64, code string) (d *Discount) {
	s.read(func(t *tables) { d = t.discountByCode(shopID, code) })
	return d
}

func (t *tables) shopByDomain(domain string) *Shop {
	for _, v := range t.shops.order[0] {
		if v.Domain == domain {
			return v
		}
	}
	return nil
}

func (t *tables) order(shopID, id int64) *Order {
	if o := t.orders.rows[id]; o != nil && o.ShopID == shopID && !o.Deleted {
		return o
	}
	return nil
}

func (t *tables) variant(shopID, id int64) (*Product, *Variant) {
	for _, p := range t.products.order[shopID] {
		for i := range p.Variants {
			if p.Variants[i].ID == id {
				return p, &p.Variants[i]
			}
		}
	}
	return nil, nil
}

func (t *tables) giftCard(shopID int64, code string) *GiftCard {
	for _, c := range t.giftCards.order[shopID] {
		if strings.EqualFold(c.Code, code) {
			return c
		}
	}
	return nil
}

func (t *tables) discountByCode(shopID int64, code string) *Discount {
	for _, d := range t.discounts.order[shopID] {
		if d.Code != "" && strings.EqualFold(d.Code, code) {
			return d
		}
	}
	return nil
}

// randomHex returns n random bytes in hex.
func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}
