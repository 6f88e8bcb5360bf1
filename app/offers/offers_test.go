package offers

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

const redisNumber = 13

// shopper is one shop at a simulated Shopify, with the room beside it.
type shopper struct {
	*Service
	t    *testing.T
	db   *store.DB
	clk  *clock.Fixed
	sim  *shopsim.Sim
	shop ids.Shop
}

func newShopper(t *testing.T, db *store.DB, clk *clock.Fixed, scopes string) *shopper {
	t.Helper()
	b := &shopper{t: t, db: db, clk: clk}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	quiet := slog.New(slog.DiscardHandler)
	var err error
	if b.sim, err = shopsim.New(shopsim.Config{URL: server.URL, AppURL: "https://app.example.com", APIKey: "key-1", APISecret: "secret-1", Now: clk.Now, SeedOrders: -1,
		PointsPerSecond: 1_000_000, Log: quiet}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.sim.Close() })
	handler = b.sim.Handler()
	secrets, err := shopify.NewSecrets("secret-1", "")
	if err != nil {
		t.Fatal(err)
	}
	app, err := shopify.NewApp(shopify.Config{APIKey: "key-1", Secrets: secrets, URL: "https://app.example.com", Clock: clk, SimURL: server.URL, Scopes: []string{"write_discounts"},
		Backoff: func(int) time.Duration { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	theirs := b.sim.Shop(b.sim.ShopDomain())
	b.shop = ids.Shop(theirs.ID)
	if err := b.sim.SetInstalled(theirs.ID, true, []string{"write_discounts", "read_orders"}); err != nil {
		t.Fatal(err)
	}
	domain := shopify.Domain(theirs.Domain)
	tokens, err := app.ExchangeSession(context.Background(), domain, b.sim.SessionToken(theirs))
	if err != nil {
		t.Fatal(err)
	}
	api := shopify.NewAPI(app, nil, quiet, shopify.Hooks{})
	b.Service = &Service{db: db, shops: shops.New(shops.Config{DB: db, App: app, Log: quiet}), key: bytes.Repeat([]byte{7}, 32), log: quiet}
	operator := shopify.NewOperator(db, func(ids.Shop) *shopify.Client { return api.ClientWith(domain, tokens.Access) }, quiet)
	operator.Register(b.codeKind(), b.endKind())
	q := queuetest.New(t, db, redisNumber)
	q.Register(operator.Task())
	b.tx(func(tx *store.Tx) error {
		return tx.Exec(`INSERT INTO shops (shop_id, domain, name, email, currency, timezone, locale, url, state, scopes, installed_at) VALUES (?, ?, 'S', '', 'USD', 'Europe/Berlin', 'en', 'https://s.example', 'installed', ?, ?)`,
			tx.Shop, string(domain), scopes, tx.Now).Error
	})
	queuetest.Start(t, q)
	return b
}

func (b *shopper) tx(fn func(tx *store.Tx) error) {
	b.t.Helper()
	if err := b.db.InTx(context.Background(), b.shop, fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b *shopper) code(order int64) (row *codeRow) {
	b.t.Helper()
	b.tx(func(tx *store.Tx) (err error) { row, err = findCode(tx, order); return err })
	return row
}

func (b *shopper) count(state string) (n int64) {
	b.t.Helper()
	b.tx(func(tx *store.Tx) error { return tx.Scoped(&codeRow{}).Where("state = ?", state).Count(&n).Error })
	return n
}

func (b *shopper) made() (codes []string) {
	for _, e := range b.sim.Ledger(int64(b.shop)) {
		if e.Kind == "discount_code" {
			codes = append(codes, e.Code)
		}
	}
	return codes
}

func design(offer orders.Offer) orders.Design {
	d := orders.Design{DefaultStyle: orders.StyleInviting, Offer: offer}
	if err := d.Validate(); err != nil {
		panic(err)
	}
	return d
}

func (b *shopper) order(id int64, offer orders.Offer) {
	b.t.Helper()
	b.tx(func(tx *store.Tx) error { return b.reserve(tx, &orders.Order{ID: id, Name: "#1"}, design(offer)) })
}

// R4 for codes: three of ten answers are lost after the effect.
func TestEveryOrderHasOneCodeThoughAnswersAreLost(t *testing.T) {
	many := 120
	if os.Getenv("FULL") != "" {
		many = 1000
	}
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newShopper(t, db, clk, "write_discounts")
		if err := b.sim.SetFaults(shopsim.Faults{Seed: 4, API: shopsim.APIFaults{FailAfter: 0.3, Operation: "discountCodeBasicCreate"}}); err != nil {
			t.Fatal(err)
		}
		for i := range many {
			b.order(int64(i+1), orders.Offer{Percent: 10, Prefix: "thanks", Monthly: 10 * many})
			b.order(int64(i+1), orders.Offer{Percent: 10, Monthly: 10 * many}) // asked twice
		}
		queuetest.Wait(t, "all codes", func() bool {
			queuetest.PassTime(t, db, clk)
			return b.count(StateReady)+b.count(StateFailed)+b.count(StateLate) == int64(many)
		})
		codes := b.made()
		slices.Sort(codes)
		if double := len(codes) - len(slices.Compact(slices.Clone(codes))); len(codes) != many || double != 0 || b.count(StateReady) != int64(many) {
			t.Errorf("%d codes for %d orders, %d double, %d ready", len(codes), many, double, b.count(StateReady))
		}
		for i := range many {
			if row := b.code(int64(i + 1)); !slices.Contains(codes, row.Code) || !regexp.MustCompile(`^THANKS-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{5}$`).MatchString(row.Code) || row.ShopifyID == "" {
				t.Fatalf("order %d: %+v", i+1, row)
			}
		}
	})
}

// A mail does not wait for ever; what comes too late is not left lying about.
func TestLateCodesAreEndedAndMailsGoOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newShopper(t, db, clk, "write_discounts")
		must := func(f shopsim.Faults) {
			if err := b.sim.SetFaults(f); err != nil {
				t.Fatal(err)
			}
		}
		must(shopsim.Faults{API: shopsim.APIFaults{FailAfter: 1, Operation: "discountCodeBasicCreate"}})
		b.order(1, orders.Offer{Percent: 10})
		queuetest.Wait(t, "the code at Shopify", func() bool { return len(b.made()) == 1 })
		view := orders.LetterView{Order: &orders.Order{ID: 1}, Design: design(orders.Offer{Percent: 10}), Shop: shops.Shop{URL: "https://s.example", Scopes: []string{"write_discounts"}}, Tag: "en", Zone: time.UTC}
		ask := func() (a orders.Addition) {
			b.tx(func(tx *store.Tx) (err error) { a, err = b.addCode(tx, view); return err })
			return a
		}
		if a := ask(); a.Wait.IsZero() && a.Data == nil {
			t.Errorf("at once: %+v", a)
		}
		clk.Advance(61 * time.Second)
		if a := ask(); a.Lacks == "" && b.code(1).State != StateReady {
			t.Errorf("after a minute: %+v", a)
		}
		queuetest.Wait(t, "the end of the code", func() bool {
			clk.Advance(time.Second)
			row := b.code(1)
			if row.State == StateReady { // read back within its time
				return true
			}
			d, err := b.end(row)
			return err == nil && d
		})
	})
}

// end tells whether the operation that ends a late code is through.
func (b *shopper) end(row *codeRow) (done bool, err error) {
	err = b.db.Read(context.Background(), b.shop, func(tx *store.Tx) error {
		list, err := shopify.OperationsOn(tx, row.OrderID)
		for _, op := range list {
			done = done || op.Kind == KindCodeEnd && op.Done()
		}
		return err
	})
	return done, err
}

func TestAMonthHasNoMoreCodesThanAllowed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newShopper(t, db, clk, "write_discounts")
		amount := money.New(500, "USD")
		for i := range 5 {
			b.order(int64(i+1), orders.Offer{Amount: &amount, Monthly: 3})
		}
		queuetest.Wait(t, "three codes", func() bool { queuetest.PassTime(t, db, clk); return b.count(StateReady) == 3 })
		if n := b.count(StateFailed); n != 2 || len(b.made()) != 3 {
			t.Errorf("%d without a code, %d made", n, len(b.made()))
		}
	})
}

func TestWithoutTheScopeNothingIsPlanned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newShopper(t, db, clk, "read_orders")
		b.order(1, orders.Offer{Percent: 10})
		if row := b.code(1); row != nil {
			t.Errorf("planned %+v", row)
		}
		b.tx(func(tx *store.Tx) error {
			a, err := b.addCode(tx, orders.LetterView{Order: &orders.Order{ID: 1}, Design: design(orders.Offer{Percent: 10}), Tag: "en", Zone: time.UTC})
			if a.Lacks == "" {
				t.Errorf("%+v", a)
			}
			return err
		})
	})
}

// Ten million bits would do; these are 65 a code, and none is made twice.
func TestCodesDoNotRepeat(t *testing.T) {
	s := &Service{key: bytes.Repeat([]byte{7}, 32)}
	seen := make(map[string]bool, 100_000)
	for range 100_000 {
		c := s.codeOf(storetest.Shop, ids.New("op"), "")
		if seen[c] {
			t.Fatalf("%s twice", c)
		}
		seen[c] = true
	}
}

func TestSimilarProducts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		basket := func(id int64, products ...int64) *orders.Order {
			o := &orders.Order{ID: id, PlacedAt: storetest.Noon}
			for _, p := range products {
				o.Lines = append(o.Lines, orders.Line{ProductID: p, Title: "P" + string(rune('0'+p))})
			}
			return o
		}
		history := []*orders.Order{basket(1, 1, 2), basket(2, 1, 2), basket(3, 1, 3), basket(4, 4), basket(5, 4), basket(6, 4, 5), basket(7, 4)}
		if err := db.InTx(context.Background(), storetest.Shop, func(tx *store.Tx) error {
			for range 2 { // told twice, counted once
				if err := countOrders(tx, history); err != nil {
					return err
				}
			}
			got, err := suggest(tx, []int64{1}, []int64{1})
			if err != nil {
				return err
			}
			var order []int64
			for _, g := range got {
				order = append(order, g.product)
			}
			if !slices.Equal(order, []int64{2, 4, 3, 5}) || got[0].together != 1 || got[1].together != 0 {
				t.Errorf("suggested %+v", got)
			}
			best, err := bestSellers(tx, 1)
			if err != nil || best[0].ProductID != 4 || best[0].Orders != 4 {
				t.Errorf("best seller %+v", best)
			}
			if got, err = suggest(tx, []int64{1}, []int64{1, 2, 4}); err != nil || slices.ContainsFunc(got, func(g suggestion) bool { return g.product == 2 || g.product == 4 }) {
				t.Errorf("what was bought is suggested again: %+v, %v", got, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// What is hidden or sold out is not suggested, an older telling changes nothing,
// and what was never bought is no best seller.
func TestOnlyWhatCanBeBoughtIsSuggested(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		at := storetest.Noon
		order := func(id int64, products ...int64) *orders.Order {
			o := &orders.Order{ID: id, PlacedAt: at}
			for _, p := range products {
				o.Lines = append(o.Lines, orders.Line{ProductID: p, Title: "P"})
			}
			return o
		}
		if err := db.InTx(context.Background(), storetest.Shop, func(tx *store.Tx) error {
			if err := countOrders(tx, []*orders.Order{order(1, 1, 2), order(2, 1, 2), order(3, 1, 3), order(4, 4)}); err != nil {
				return err
			}
			told := func(at time.Time, id int64, address string) *shopify.Product {
				return &shopify.Product{ID: id, Title: "Told", URL: address, UpdatedAt: at}
			}
			if err := seeCatalogue(tx, []*shopify.Product{told(at, 2, ""), told(at, 3, "https://s.example/products/three"), told(at, 9, "https://s.example/products/nine"), told(at, 4, "javascript:alert(1)")}); err != nil {
				return err
			}
			if err := seeCatalogue(tx, []*shopify.Product{told(at.Add(-time.Hour), 2, "https://s.example/old"), told(at.Add(-time.Hour), 3, "")}); err != nil {
				return err
			}
			got, err := suggest(tx, []int64{1}, []int64{1})
			if err != nil {
				return err
			}
			if len(got) != 1 || got[0].product != 3 {
				t.Errorf("suggested %+v", got)
			}
			known, err := productsOf(tx, []int64{1, 3})
			if known[3].page("https://s.example/") != "https://s.example/products/three" || known[1].page("https://s.example/") != "https://s.example/search?type=product&q=P" {
				t.Errorf("%+v", known)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestForSale(t *testing.T) {
	for body, want := range map[string]bool{
		`{"status":"active","handle":"a","published_at":"2026-01-01T00:00:00Z","variants":[{"inventory_policy":"deny","inventory_quantity":1}]}`:                                  true,
		`{"status":"active","handle":"a","published_at":"2026-01-01T00:00:00Z","variants":[{"inventory_policy":"deny","inventory_quantity":0}]}`:                                  false,
		`{"status":"active","handle":"a","published_at":"2026-01-01T00:00:00Z","variants":[{"inventory_policy":"continue","inventory_quantity":-3}]}`:                             true,
		`{"status":"active","handle":"a","published_at":"2026-01-01T00:00:00Z","variants":[{"inventory_policy":"deny","inventory_quantity":0,"inventory_management":null}]}`:      true,
		`{"status":"active","handle":"a","published_at":"2026-01-01T00:00:00Z","variants":[{"inventory_policy":"deny","inventory_quantity":0,"inventory_management":"shopify"}]}`: false,
		`{"status":"draft","handle":"a","published_at":"2026-01-01T00:00:00Z","variants":[{"inventory_quantity":5}]}`:                                                             false,
		`{"status":"active","handle":"a","published_at":null,"variants":[{"inventory_quantity":5}]}`:                                                                              false,
	} {
		var p toldProduct
		if err := json.Unmarshal([]byte(body), &p); err != nil || p.forSale() != want {
			t.Errorf("%s: %v, %v", body, p.forSale(), err)
		}
	}
}
