package tracking

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

// stage is one shop whose store is simulated, with orders that are read from it.
type stage struct {
	*bench
	sim  *shopsim.Sim
	shop *shopsim.Shop
	app  *shopify.App

	operator *shopify.Operator

	mu       sync.Mutex
	client   *shopify.Client
	loggedIn time.Time
}

// api is let in; tokens last for an hour, and a new one ends the one before.
func (st *stage) api(ids.Shop) *shopify.Client {
	st.mu.Lock()
	defer st.mu.Unlock()
	if now := st.clk.Now(); st.client == nil || now.Sub(st.loggedIn) > 50*time.Minute {
		domain, err := shopify.ParseDomain(st.shop.Domain)
		if err != nil {
			panic(err)
		}
		tokens, err := st.app.ExchangeSession(ctx, domain, st.sim.SessionToken(st.shop))
		for ; err != nil; tokens, err = st.app.ExchangeSession(ctx, domain, st.sim.SessionToken(st.shop)) {
			time.Sleep(time.Millisecond) // this answer may be lost, too
		}
		st.client, st.loggedIn = shopify.NewAPI(st.app, nil, slog.New(slog.DiscardHandler), shopify.Hooks{}).ClientWith(domain, tokens.Access), now
	}
	return st.client
}

func perform(t *testing.T, db *store.DB, clk *clock.Fixed) *stage {
	t.Helper()
	return performWith(t, db, clk, 1)
}

// performWith lets several workers carry out what is planned, as their own
// processes do: they share the databases and nothing else.
func performWith(t *testing.T, db *store.DB, clk *clock.Fixed, workers int) *stage {
	t.Helper()
	st := &stage{bench: &bench{t: t, db: db, clk: clk}}
	st.simulate(t)
	links, err := web.NewLinks(clk, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	keeper := shops.New(shops.Config{DB: db, From: "shop@example.com"})
	st.orders = orders.New(orders.Config{DB: db, Shops: keeper, Links: links, AppURL: "https://app.example", Log: slog.New(slog.DiscardHandler),
		Readers: func(ids.Shop) orders.Reader { return st.api(0) }, Exports: func(ids.Shop) orders.Exporter { return st.api(0) }})
	st.s = New(Config{DB: db, Shops: keeper, Orders: st.orders})
	var queues []*queue.Queue
	for range workers {
		st.operator = shopify.NewOperator(db, st.api, slog.New(slog.DiscardHandler))
		st.operator.Register(New(Config{DB: db, Shops: keeper, Orders: st.orders}).operations()...)
		q := queuetest.New(t, db, redisNumber)
		q.Register(st.operator.Task())
		for _, task := range st.orders.Room().Tasks {
			if task.Kind == orders.TaskRead || task.Kind == orders.TaskImport {
				q.Register(task)
			}
		}
		queues = append(queues, q)
	}
	st.in(storetest.Shop, func(tx *store.Tx) error {
		err := tx.Exec(`INSERT INTO shops (shop_id, domain, name, email, currency, timezone, locale, url, state, scopes, installed_at)
			VALUES (?, 'loom.myshopify.com', 'Lumen & Loom', 'shop@example.com', 'USD', 'America/New_York', 'en', 'https://shop.example', 'installed', ?, ?)`,
			tx.Shop, "read_orders,"+strings.Join(OfferScopes, ","), clk.Now().Add(-30*24*time.Hour)).Error
		if err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO shops_settings (shop_id, version, sender_name, reply_to, postal_address, support_email, logo_url, accent_color,
			confirmation_enabled, returns_days, returns_policy_url, updated_at)
			VALUES (?, 3, 'Lumen & Loom', '', '', 'help@example.com', '', '#2a5bd7', ?, 30, '', ?)`, tx.Shop, false, clk.Now()).Error
	})
	for _, q := range queues {
		queuetest.Start(t, q)
	}
	return st
}

func (st *stage) simulate(t *testing.T) {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	scopes := append([]string{"read_orders", "read_customers", "read_products", "read_fulfillments"}, OfferScopes...)
	var err error
	st.sim, err = shopsim.New(shopsim.Config{URL: server.URL, AppURL: "http://127.0.0.1:1", APIKey: "key-1", APISecret: "secret-1", Now: st.clk.Now, SeedOrders: -1,
		Scopes: scopes, Topics: []string{}, PointsPerSecond: 1_000_000, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.sim.Close() })
	handler = st.sim.Handler()
	secrets, err := shopify.NewSecrets("secret-1", "")
	if err != nil {
		t.Fatal(err)
	}
	st.app, err = shopify.NewApp(shopify.Config{APIKey: "key-1", Secrets: secrets, URL: "https://app.example.com", Clock: st.clk, SimURL: server.URL, Scopes: scopes,
		Backoff: func(int) time.Duration { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	st.shop = st.sim.Shop(st.sim.ShopDomain())
	if err := st.sim.SetInstalled(st.shop.ID, true, scopes); err != nil {
		t.Fatal(err)
	}
}

// generous lets shoppers choose everything, up to a cap a month.
func (st *stage) generous(capMonth int64) {
	st.in(storetest.Shop, func(tx *store.Tx) error {
		g := defaultGoodwill("USD")
		g.Enabled, g.WaitMinor, g.CapOrder, g.CapMonth = true, 300, 1_000_000, capMonth
		_, err := saveGoodwill(tx, g)
		return err
	})
}

// late puts orders on record whose units each travel in a parcel of their own that
// fell silent, and returns the offers made for them, by order.
func (st *stage) late(count int, units int64) (offers []offerRow) {
	st.t.Helper()
	var placed []*shopsim.Order
	variant := st.sim.Products(st.shop.ID)[0].Variants[0].ID
	for i := range count {
		o, err := st.sim.PlaceOrder(st.shop.ID, shopsim.Checkout{Customer: &shopsim.CheckoutCustomer{Email: fmt.Sprintf("shopper%d@example.com", i), FirstName: "Negar", LastName: "R"},
			TaxRate: "0", Country: "DE", Lines: []shopsim.CheckoutLine{{VariantID: variant, Quantity: units}}})
		if err != nil {
			st.t.Fatal(err)
		}
		placed = append(placed, o)
		st.in(storetest.Shop, func(tx *store.Tx) error {
			return queue.Enqueue(tx, queue.Request{Kind: orders.TaskRead, Ref: fmt.Sprint(o.ID)})
		})
	}
	for _, o := range placed {
		queuetest.Wait(st.t, "the order", func() bool {
			return st.db.Read(ctx, storetest.Shop, func(tx *store.Tx) error { _, err := orders.Find(tx, o.ID); return err }) == nil
		})
		st.in(storetest.Shop, func(tx *store.Tx) error {
			for u := range units {
				at := tx.Now.Add(-20 * 24 * time.Hour)
				n := news{ID: o.ID*1000 + u, OrderID: o.ID, Name: fmt.Sprintf("%s.%d", o.Name, u+1), Status: "success", CreatedAt: at, UpdatedAt: at, Company: "DHL Paket",
					Number: "00340434292135100124", Items: []Item{{o.Lines[0].ID, 1}}, Origin: "US", Destination: "DE"}
				n.Scans = []scanRow{{ID: n.ID, ParcelID: n.ID, Status: "in_transit", HappenedAt: at, UpdatedAt: at}}
				if err := st.s.hear(tx, n, at); err != nil {
					return err
				}
			}
			return nil
		})
	}
	rounds := 1 + count*int(units)/watchAtMost
	for _, wait := range []time.Duration{0, 49 * time.Hour} {
		st.clk.Advance(wait)
		for range rounds {
			st.in(storetest.Shop, func(tx *store.Tx) error { return st.s.watchShop(ctx, tx, queue.Job{}) })
		}
	}
	st.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Scoped(&offerRow{}).Where("state = 'open'").Order("order_id, parcel_id").Find(&offers).Error
	})
	if len(offers) != count*int(units) {
		st.t.Fatalf("%d offers for %d parcels", len(offers), count*int(units))
	}
	return offers
}

func (st *stage) choose(of offerRow, choice string) (got offerRow, err error) {
	err = st.db.InTx(ctx, storetest.Shop, func(tx *store.Tx) (err error) { got, err = st.s.Choose(tx, of.OrderID, of.ID, choice); return err })
	return got, err
}

func (st *stage) count(sql string, args ...any) (n int64) {
	st.t.Helper()
	st.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Raw(sql, append([]any{tx.Shop}, args...)...).Scan(&n).Error
	})
	return n
}

// The budget is never exceeded, however many choose at once; who comes too late
// may choose something else.
func TestTheBudgetHoldsUnderConcurrentChoosers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		st := perform(t, db, clk)
		st.generous(1_000_000_000)
		offers := st.late(8, 8)
		worth := offers[0].WorthMinor
		st.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec(`UPDATE tracking_goodwill SET cap_month_minor = ? WHERE shop_id = ?`, 20*worth+worth/2, tx.Shop).Error
		})
		var wg sync.WaitGroup
		var mu sync.Mutex
		done, late := 0, 0
		for _, of := range offers {
			wg.Go(func() {
				_, err := st.choose(of, ChoiceRefund)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					done++
				case errors.Is(err, ErrBudget):
					late++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if done != 20 || late != 44 {
			t.Errorf("%d got through and %d did not", done, late)
		}
		if got := st.count(`SELECT reserved_minor FROM tracking_budgets WHERE shop_id = ?`); got != 20*worth {
			t.Errorf("%d are taken, %d at most", got, 20*worth)
		}
		if open := st.count(`SELECT count(*) FROM tracking_offers WHERE shop_id = ? AND state = 'open'`); open != 44 {
			t.Errorf("%d offers are open still", open)
		}
	})
}

// What Shopify refuses gives the budget back, and nobody is told it was done.
func TestARefusedChoiceFreesTheBudget(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		st := perform(t, db, clk)
		st.generous(1_000_000_000)
		of := st.late(1, 1)[0]
		if _, err := st.sim.Refund(st.shop.ID, of.OrderID, shopsim.RefundInput{Amount: "0.01"}); err != nil {
			t.Fatal(err)
		}
		if _, err := st.choose(of, ChoiceRefund); err != nil {
			t.Fatal(err)
		}
		queuetest.Wait(t, "the refusal", func() bool {
			clk.Advance(time.Second)
			return st.count(`SELECT count(*) FROM tracking_offers WHERE shop_id = ? AND state = 'refused'`) == 1
		})
		if got := st.count(`SELECT reserved_minor FROM tracking_budgets WHERE shop_id = ?`); got != 0 {
			t.Errorf("%d are still taken", got)
		}
	})
}

// Nothing is sent again whose money went back in Shopify before we heard of it.
func TestNothingIsSentAgainThatWasPaidBack(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	st := perform(t, storetest.Open(t, "sqlite", clk), clk) // nothing here depends on the database
	st.generous(1_000_000_000)
	of := st.late(1, 1)[0]
	if _, err := st.sim.Refund(st.shop.ID, of.OrderID, shopsim.RefundInput{Amount: "0.01"}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.choose(of, ChoiceReship); err != nil {
		t.Fatal(err)
	}
	queuetest.Wait(t, "the refusal", func() bool {
		clk.Advance(time.Second)
		return st.count(`SELECT count(*) FROM tracking_offers WHERE shop_id = ? AND state IN ('done', 'refused')`) == 1
	})
	st.in(storetest.Shop, func(tx *store.Tx) (err error) { of, err = findOffer(tx, of.ID); return err })
	if of.State != OfferRefused || !strings.Contains(of.Reason, paidBack) || st.count(`SELECT reserved_minor FROM tracking_budgets WHERE shop_id = ?`) != 0 {
		t.Errorf("%s: %s", of.State, of.Reason)
	}
	for _, l := range st.sim.Ledger(st.shop.ID) {
		if l.Kind == "replacement" {
			t.Error("it was sent again")
		}
	}
}

func TestAParcelsShareOfAnOrder(t *testing.T) {
	price := func(n int64) orders.Price { return orders.Price{Shop: n, Presentment: n} }
	o := &orders.Order{Currency: "USD", PresentmentCurrency: "USD", Lines: []orders.Line{
		{ID: 1, VariantID: 11, Quantity: 2, CurrentQuantity: 2, Price: price(1000)},
		{ID: 2, VariantID: 12, Quantity: 1, CurrentQuantity: 1, Price: price(3000), Allocations: []orders.Allocation{{Amount: price(1000)}}},
	}}
	o.Now.Total = price(4801) // with shipping and tax
	for _, c := range []struct {
		items    []Item
		want     int64
		complete bool
	}{
		{[]Item{{1, 2}, {2, 1}}, 4801, true}, {[]Item{{1, 2}}, 2400, true}, {[]Item{{1, 1}}, 1200, true}, {[]Item{{9, 1}}, 0, true}, {nil, 0, false}, {[]Item{{1, 5}}, 2400, false},
	} {
		if got, complete := worthOf(o, c.items); got.Shop != c.want && got.Shop != c.want+1 || complete != c.complete {
			t.Errorf("%v: %d, complete %t", c.items, got.Shop, complete)
		}
	}
	g := defaultGoodwill("USD")
	g.Enabled, g.Countries, g.OrderMin = true, "AT DE", 1000
	if !g.covers("DE", 1000, "USD") || g.covers("FR", 1000, "USD") || g.covers("DE", 999, "USD") || g.covers("DE", 1000, "EUR") {
		t.Error("what is covered")
	}
}
