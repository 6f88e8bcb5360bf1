package changes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/policy"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

const redisNumber = 9

var ctx = context.Background()

// bench is one shop whose store is simulated, with the rooms that this one needs.
type bench struct {
	t    testing.TB
	db   *store.DB
	clk  *clock.Fixed
	sim  *shopsim.Sim
	shop *shopsim.Shop
	s    *Service
	h    http.Handler // the room's routes, for shoppers and staff

	edits atomic.Int64 // how often an edit of an order was begun

	operator *shopify.Operator
}

func setup(t *testing.T, db *store.DB, clk *clock.Fixed) *bench {
	t.Helper()
	b := &bench{t: t, db: db, clk: clk}
	client := b.simulate(t)
	clients := func(ids.Shop) *shopify.Client { return client() }
	q := queuetest.New(t, db, redisNumber)
	links, err := web.NewLinks(clk, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	keeper := shops.New(shops.Config{DB: db, From: "shop@example.com"})
	rules := policy.New(policy.Config{DB: db, Shops: keeper})
	letters := orders.New(orders.Config{DB: db, Shops: keeper, Links: links, AppURL: "https://app.example", Log: slog.New(slog.DiscardHandler),
		Readers: func(ids.Shop) orders.Reader { return client() }})
	b.s = New(Config{DB: db, Shops: keeper, Orders: letters, Policy: rules, Clients: clients})
	b.s.poll = 5 * time.Millisecond
	operator := shopify.NewOperator(db, clients, slog.New(slog.DiscardHandler))
	operator.Register(b.s.operations()...)
	b.operator = operator
	q.Register(operator.Task())
	q.Register(queue.Task{Kind: messages.TaskDeliver, InTx: func(context.Context, *store.Tx, queue.Job) error { return nil }}) // nobody reads the mails
	for _, r := range []room.Room{letters.Room(), b.s.Room()} {
		q.Register(r.Tasks...)
	}
	b.in(func(tx *store.Tx) error {
		err := tx.Exec(`INSERT INTO shops (shop_id, domain, name, email, currency, timezone, locale, url, state, scopes, installed_at)
			VALUES (?, 'loom.myshopify.com', 'Lumen & Loom', 'shop@example.com', 'USD', 'America/New_York', 'en', 'https://shop.example', 'installed', ?, ?)`,
			tx.Shop, "read_orders,write_orders,write_order_edits,write_merchant_managed_fulfillment_orders", clk.Now().Add(-30*24*time.Hour)).Error
		if err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO shops_settings (shop_id, version, sender_name, reply_to, postal_address, support_email, logo_url, accent_color,
			confirmation_enabled, returns_days, returns_policy_url, updated_at)
			VALUES (?, 3, 'Lumen & Loom', '', '', 'help@example.com', '', '#2a5bd7', ?, 30, '', ?)`, tx.Shop, false, clk.Now()).Error
	})
	queuetest.Start(t, q)
	e, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Sessions: sessions{}, Proxies: proxies{}, Links: links, ErrorPage: orders.ErrorPage, Metrics: web.NewMetrics(),
		Resolve: func(_ context.Context, d shopify.Domain) (ids.Shop, error) {
			var id int64
			_, err := fmt.Sscan(string(d), &id)
			return ids.Shop(id), err
		}})
	if err != nil {
		t.Fatal(err)
	}
	b.s.linked(e.Group("/l", web.Linking, web.Kind("order"), web.Pages()))
	b.s.admin(e.Group("/api/v1", web.Session))
	b.h = e
	return b
}

// simulate starts a store and returns what makes clients that are let in, however
// late it is.
func (b *bench) simulate(t *testing.T) func() *shopify.Client {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte("orderEditBegin(")) {
			b.edits.Add(1)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	scopes := append([]string{"read_orders", "read_customers", "read_products", "read_fulfillments"}, Scopes...)
	var err error
	b.sim, err = shopsim.New(shopsim.Config{URL: server.URL, AppURL: "http://127.0.0.1:1", APIKey: "key-1", APISecret: "secret-1", Now: b.clk.Now, SeedOrders: -1,
		Scopes: scopes, Topics: []string{}, PointsPerSecond: 1_000_000, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.sim.Close() })
	handler = b.sim.Handler()
	secrets, err := shopify.NewSecrets("secret-1", "")
	if err != nil {
		t.Fatal(err)
	}
	app, err := shopify.NewApp(shopify.Config{APIKey: "key-1", Secrets: secrets, URL: "https://app.example.com", Clock: b.clk, SimURL: server.URL, Scopes: scopes,
		Backoff: func(int) time.Duration { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	b.shop = b.sim.Shop(b.sim.ShopDomain())
	if err := b.sim.SetInstalled(b.shop.ID, true, scopes); err != nil {
		t.Fatal(err)
	}
	domain, err := shopify.ParseDomain(b.shop.Domain)
	if err != nil {
		t.Fatal(err)
	}
	api := shopify.NewAPI(app, nil, slog.New(slog.DiscardHandler), shopify.Hooks{})
	var mu sync.Mutex
	var client *shopify.Client
	var until time.Time
	return func() *shopify.Client {
		mu.Lock()
		defer mu.Unlock()
		if client == nil || !b.clk.Now().Before(until) {
			tokens, err := app.ExchangeSession(ctx, domain, b.sim.SessionToken(b.shop))
			for tries := 0; err != nil && tries < 3; tries++ { // the clock may have moved since the session's token was made
				tokens, err = app.ExchangeSession(ctx, domain, b.sim.SessionToken(b.shop))
			}
			if err != nil {
				t.Error(err)
				return client
			}
			client, until = api.ClientWith(domain, tokens.Access), b.clk.Now().Add(30*time.Minute)
		}
		return client
	}
}

func (b *bench) in(fn func(tx *store.Tx) error) {
	b.t.Helper()
	if err := b.db.InTx(ctx, storetest.Shop, fn); err != nil {
		b.t.Fatal(err)
	}
}

// place buys two lines and waits until the order is known here, too.
func (b *bench) place() *shopsim.Order {
	b.t.Helper()
	list := b.places(1)
	return list[0]
}

func (b *bench) places(n int) (list []*shopsim.Order) {
	b.t.Helper()
	first, second := b.variants()
	for range n {
		o, err := b.sim.PlaceOrder(b.shop.ID, shopsim.Checkout{Email: "negar@example.com", TaxRate: "0",
			Lines: []shopsim.CheckoutLine{{VariantID: first[0].ID, Quantity: 2}, {VariantID: second, Quantity: 1}}})
		if err != nil {
			b.t.Fatal(err)
		}
		list = append(list, o)
		b.in(func(tx *store.Tx) error {
			return queue.Enqueue(tx, queue.Request{Kind: orders.TaskRead, Ref: strconv.FormatInt(o.ID, 10)})
		})
	}
	for _, o := range list {
		b.until("the order", func() bool {
			return b.db.Read(ctx, storetest.Shop, func(tx *store.Tx) error { _, err := orders.Find(tx, o.ID); return err }) == nil
		})
	}
	return list
}

// variants are those of a product with several, and one of another product.
func (b *bench) variants() (several []shopsim.Variant, other int64) {
	for _, p := range b.sim.Products(b.shop.ID) {
		if len(several) == 0 && len(p.Variants) > 1 {
			several = p.Variants
		} else if len(several) > 0 {
			return several, p.Variants[0].ID
		}
	}
	b.t.Fatal("the store lacks a product with variants")
	return nil, 0
}

func (b *bench) until(what string, check func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !check(); {
		if time.Now().After(deadline) {
			b.in(func(tx *store.Tx) error {
				var open []queue.Row
				err := tx.Scoped(&queue.Row{}).Where("state <> ?", queue.StateDone).Limit(20).Find(&open).Error
				b.t.Logf("at %s still open: %+v", tx.Now, open)
				return err
			})
			b.t.Fatalf("%s did not happen", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (b *bench) ask(w Wish) (Change, error) {
	if w.ID == "" {
		w.ID = ids.New("chg")
	}
	w.By, w.Tag = Shopper, locale.English
	return b.s.Ask(ctx, storetest.Shop, w)
}

func (b *bench) must(w Wish) Change {
	b.t.Helper()
	c, err := b.ask(w)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bench) change(id string) (c Change) {
	b.t.Helper()
	if err := b.db.Read(ctx, storetest.Shop, func(tx *store.Tx) (err error) { c, err = find(tx, id); return err }); err != nil {
		b.t.Fatal(err)
	}
	return c
}

// ended waits for the outcome.
func (b *bench) ended(id string) Change {
	b.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); b.change(id).State.Live(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			var ops []shopify.Operation
			b.in(func(tx *store.Tx) (err error) { ops, err = shopify.OperationsOn(tx, b.change(id).Order); return err })
			b.t.Fatalf("the change does not end: %+v, %+v", b.change(id), ops)
		}
		b.clk.Advance(5 * time.Millisecond) // what was set back waits for a later moment
	}
	return b.change(id)
}

// refunds counts the shop's own record of what went back on an order.
func (b *bench) refunds(order int64) (n int) {
	for _, e := range b.sim.Ledger(b.shop.ID) {
		if e.OrderID == order && (e.Kind == "refund" || e.Kind == "store_credit") {
			n++
		}
	}
	return n
}

func (b *bench) receipts(change string) (n int64) {
	b.t.Helper()
	b.in(func(tx *store.Tx) error {
		return tx.Scoped(&messages.Message{}).Where("kind = ? AND ref = ?", KindReceipt, change).Count(&n).Error
	})
	return n
}

func each(t *testing.T, test func(t *testing.T, b *bench)) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) { test(t, setup(t, db, clk)) })
}

// One store for them all: a database each would take longer than the tests.
func TestChanges(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.run(t, cancelGivesTheMoneyBackAtOnce)
		b.run(t, aSentOrderIsNotCancelled)
		b.run(t, aHundredClicksAreOneCancellation)
		b.run(t, itemsAreChangedAndTheDifferenceIsSettled)
		b.run(t, theJanitorReleasesOurHoldsAndNoOthers)
		b.run(t, lostAnswersRefundNothingTwice)
		b.run(t, whatIsNotOfferedCannotBeAsked)
	})
}

func (b *bench) run(t *testing.T, test func(t *testing.T, b *bench)) {
	name := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
	t.Run(name[strings.LastIndexByte(name, '.')+1:], func(t *testing.T) {
		b.t = t
		test(t, b)
	})
}

func cancelGivesTheMoneyBackAtOnce(t *testing.T, b *bench) {
	o := b.place()
	begun := time.Now()
	ch := b.ended(b.must(Wish{Order: o.ID, Kind: Cancel}).ID)
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("the cancellation took %s", took)
	}
	after := b.sim.Order(b.shop.ID, o.ID)
	if ch.State != Done || after.CancelledAt == nil || b.refunds(o.ID) != 1 || ch.Money.Minor != o.Totals().Total.Presentment {
		t.Fatalf("change %+v, cancelled at %v, %d refunds", ch, after.CancelledAt, b.refunds(o.ID))
	}
	if n := b.receipts(ch.ID); n != 1 {
		t.Errorf("%d receipts", n)
	}
	if again, err := b.ask(Wish{ID: ch.ID, Order: o.ID, Kind: Cancel}); err != nil || again.ID != ch.ID || again.State != Done {
		t.Errorf("the same form again: %+v, %v", again, err)
	}
}

func aSentOrderIsNotCancelled(t *testing.T, b *bench) {
	for _, w := range []Wish{{Kind: Cancel}, {Kind: Address, Address: anAddress()}} {
		w.Order = b.place().ID // one each: a refusal has the order read again, and then the page says no at once
		if _, err := b.sim.Fulfill(b.shop.ID, w.Order, shopsim.FulfillInput{}); err != nil {
			t.Fatal(err)
		}
		ch := b.ended(b.must(w).ID)
		if ch.State != Refused || ch.Reason != WhySent || b.refunds(w.Order) != 0 || b.receipts(ch.ID) != 1 {
			t.Errorf("%s: %s because of %s, %d refunds, %d receipts", w.Kind, ch.State, ch.Reason, b.refunds(w.Order), b.receipts(ch.ID))
		}
	}
}

func anAddress() *shopify.GateAddress {
	return &shopify.GateAddress{FirstName: "Negar", LastName: "Rostami", Address1: "99 Elm Street", City: "Albany", Zip: "12207"}
}

// R5: a hundred clicks in two windows are one cancellation.
func aHundredClicksAreOneCancellation(t *testing.T, b *bench) {
	o := b.place()
	other := *b.s
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]bool{}
	for i := range 100 {
		wg.Go(func() {
			s := b.s
			if i%2 == 0 {
				s = &other
			}
			c, err := s.Ask(ctx, storetest.Shop, Wish{ID: ids.New("chg"), Order: o.ID, Kind: Cancel, By: Shopper, Tag: locale.English})
			if err != nil && !errors.Is(err, ErrUnderWay) {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if c.ID != "" {
				seen[c.ID] = true
			}
		})
	}
	wg.Wait()
	done := 0
	for id := range seen {
		c := b.ended(id)
		switch {
		case c.State == Done:
			done++
		case c.Reason != WhyCancelled:
			t.Errorf("refused because of %q", c.Reason)
		}
	}
	if done != 1 || b.refunds(o.ID) != 1 {
		t.Errorf("%d cancellations, %d refunds", done, b.refunds(o.ID))
	}
}

func rounds(small int) int {
	if os.Getenv("FULL") != "" {
		return 500
	}
	return small
}

// A change and a fulfilment race; whatever comes first, the shop's records and ours
// say the same.
func TestAChangeAndAFulfillmentRace(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		n := rounds(50) // on each database
		list := b.places(n)
		won := map[string]int{}
		for at := 0; at < n; at += 20 {
			var wg sync.WaitGroup
			asked, known := make([]Change, n), make([]chan struct{}, n)
			for i := range known {
				known[i] = make(chan struct{})
			}
			sent := make([]bool, n)
			for i := at; i < min(n, at+20); i++ {
				w := Wish{Order: list[i].ID, Kind: Cancel}
				if i%2 == 1 {
					w = Wish{Order: list[i].ID, Kind: Address, Address: anAddress()}
				}
				wg.Go(func() {
					defer close(known[i])
					var err error
					if asked[i], err = b.ask(w); err != nil {
						t.Error(err)
					}
				})
				wg.Go(func() {
					switch beside := max(at, i-2); i / 2 % 4 { // sent at once, near the gate, and around the change itself
					case 0:
						time.Sleep(time.Duration(i%20) * 5 * time.Millisecond)
					case 1:
						b.begun(known[beside], &asked[beside])
					default:
						b.begun(known[i], &asked[i])
						time.Sleep(time.Duration(i%10) * 2 * time.Millisecond)
					}
					for range 400 { // a warehouse that finds the order held comes back
						_, err := b.sim.Fulfill(b.shop.ID, list[i].ID, shopsim.FulfillInput{})
						if sent[i] = err == nil; sent[i] || b.sim.Order(b.shop.ID, list[i].ID).CancelledAt != nil {
							return
						}
						time.Sleep(5 * time.Millisecond)
					}
				})
			}
			wg.Wait()
			for i := at; i < min(n, at+20); i++ {
				if asked[i].ID == "" {
					continue
				}
				ch := b.ended(asked[i].ID)
				if wrong := b.wrong(ch, list[i], sent[i]); wrong != "" {
					t.Errorf("round %d, %s %s (%s): %s", i, ch.Kind, ch.State, ch.Reason, wrong)
				}
				won[fmt.Sprintf("%s %s", ch.Kind, ch.State)]++
			}
		}
		t.Log(won)
		for _, side := range []string{string(Done), string(Refused)} {
			if share := won["cancel "+side] + won["address "+side]; share*5 < n {
				t.Errorf("only %d of %d rounds ended %s: that is no race", share, n, side)
			}
		}
	})
}

// begun waits until a change has passed its first gate, and not for ever.
func (b *bench) begun(known <-chan struct{}, asked *Change) {
	<-known
	for range 1000 {
		if asked.ID == "" || b.change(asked.ID).State != Asked {
			return
		}
		time.Sleep(3 * time.Millisecond)
	}
}

// wrong tells what does not fit together.
func (b *bench) wrong(ch Change, was *shopsim.Order, sent bool) string {
	now := b.sim.Order(b.shop.ID, was.ID)
	moved := now.ShipTo != nil && now.ShipTo.Address1 == "99 Elm Street"
	switch {
	case len(now.Holds) > 0:
		return "a hold was left behind"
	case ch.State == Done && ch.Kind == Cancel && (now.CancelledAt == nil || sent || b.refunds(was.ID) != 1):
		return fmt.Sprintf("cancelled at %v, sent %v, %d refunds", now.CancelledAt, sent, b.refunds(was.ID))
	case ch.State == Done && ch.Kind == Address && (!moved || !sent):
		return fmt.Sprintf("new address %v, sent %v", moved, sent)
	case ch.State == Refused && (ch.Reason != WhySent || !sent || now.CancelledAt != nil || moved || b.refunds(was.ID) != 0):
		return fmt.Sprintf("refused because of %s; sent %v, cancelled at %v, new address %v", ch.Reason, sent, now.CancelledAt, moved)
	}
	return ""
}
