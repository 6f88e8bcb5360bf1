package policy

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/orders"
	"afterglow/app/problem"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

type bench struct {
	t     *testing.T
	db    *store.DB
	clk   *clock.Fixed
	shops *shops.Service
	s     *Service
}

func each(t *testing.T, test func(b *bench)) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := &bench{t: t, db: db, clk: clk, shops: shops.New(shops.Config{DB: db})}
		b.s = New(Config{DB: db, Shops: b.shops})
		b.in(func(tx *store.Tx) error {
			if err := tx.Exec(`INSERT INTO shops (shop_id, domain, name, email, currency, timezone, locale, url, state, scopes, installed_at)
				VALUES (?, 'lumen.myshopify.com', 'Lumen', 'shop@example.com', 'EUR', 'Europe/Berlin', 'en', 'https://shop.example', 'installed', '', ?)`, tx.Shop, tx.Now).Error; err != nil {
				return err
			}
			return tx.Exec(`INSERT INTO shops_settings (shop_id, version, sender_name, reply_to, postal_address, support_email, logo_url, accent_color,
				confirmation_enabled, returns_days, returns_policy_url, updated_at) VALUES (?, 1, 'Lumen', '', '', '', '', '#2a5bd7', ?, 30, '', ?)`, tx.Shop, true, tx.Now).Error
		})
		test(b)
	})
}

func (b *bench) in(fn func(tx *store.Tx) error) {
	b.t.Helper()
	if err := b.db.InTx(context.Background(), storetest.Shop, fn); err != nil {
		b.t.Fatal(err)
	}
}

// order puts an order on record that was placed then.
func (b *bench) order(id int64, placed time.Time) *orders.Order {
	o := &orders.Order{ID: id, Name: "#1", PlacedAt: placed, UpdatedAt: placed, Currency: "EUR", PresentmentCurrency: "EUR", FinancialStatus: "paid",
		Shipping: &orders.Address{CountryCode: "DE"}, Now: orders.Figures{Total: orders.Price{Shop: 5000, Presentment: 5000}},
		Lines: []orders.Line{{ID: 11, ProductID: 101, Title: "Lamp", Quantity: 1, CurrentQuantity: 1, RequiresShipping: true}, {ID: 12, ProductID: 102, Title: "Bulb", Quantity: 1, CurrentQuantity: 1, RequiresShipping: true}}}
	document, err := json.Marshal(o)
	if err != nil {
		b.t.Fatal(err)
	}
	b.in(func(tx *store.Tx) error {
		return tx.Exec(`INSERT INTO orders (shop_id, id, name, placed_at, customer_id, customer_name, email, locale, currency, total_minor, items_count,
			financial_status, fulfillment_status, test, name_key, email_key, buyer_key, last_name_key,
			document, digest, source_updated_at, source_triggered_at, returns_days, policy_version, first_seen_at)
			VALUES (?, ?, '#1', ?, 0, '', '', '', 'EUR', 5000, 2, 'paid', '', ?, '', '', '', '', ?, '', ?, ?, 30, 1, ?)`,
			tx.Shop, id, placed, false, string(document), placed, placed, tx.Now).Error
	})
	return o
}

func (b *bench) verdict(a Action, order int64, item ...int64) (v Verdict) {
	b.t.Helper()
	b.in(func(tx *store.Tx) (err error) {
		v, err = b.s.Verdict(tx, a, order, item...)
		return err
	})
	return v
}

func (b *bench) returnsDays() (days int) {
	b.in(func(tx *store.Tx) error {
		settings, err := b.shops.Settings(tx)
		days = settings.ReturnsDays
		return err
	})
	return days
}

func (b *bench) publish(source string) {
	b.t.Helper()
	b.in(func(tx *store.Tx) error {
		draft, err := b.s.Draft(tx)
		if err != nil {
			return err
		}
		if err := save(tx, source, draft.Revision, "42"); err != nil {
			return err
		}
		return b.s.publish(tx, draft.Revision+1, 0, "42")
	})
}

// An order keeps the policy of the day it was placed, whatever is published later,
// also by way of the settings; one older than all policies keeps the first.
func TestOrdersKeepTheirPolicy(t *testing.T) {
	each(t, func(b *bench) {
		b.order(1, b.clk.Now().AddDate(-1, 0, 0))
		b.order(2, b.clk.Now())
		b.clk.Advance(time.Hour)
		if v := b.verdict(Return, 2); v.Version != 1 || v.LastDay.String() != "2026-12-21" {
			t.Fatalf("by the settings: version %d until %v", v.Version, v.LastDay)
		}
		b.publish("return:\n  allow within 10 days of placed\n")
		b.clk.Advance(time.Minute)
		b.order(3, b.clk.Now())
		var days int
		b.in(func(tx *store.Tx) error {
			v, err := b.shops.Settings(tx)
			days = v.ReturnsDays
			return err
		})
		if days != 10 {
			t.Errorf("the settings say %d days", days)
		}
		b.clk.Advance(time.Minute)
		b.in(func(tx *store.Tx) error { return b.s.publish(tx, 0, 1, "42") }) // back to the first
		b.clk.Advance(time.Minute)
		v := b.settings()
		v.ReturnsDays = 45
		if _, err := b.shops.Change(context.Background(), storetest.Shop, v); err != nil {
			t.Fatal(err)
		}
		b.clk.Advance(time.Minute)
		b.order(4, b.clk.Now())
		for id, want := range map[int64]struct {
			version int
			day     string
		}{1: {1, "2025-12-21"}, 2: {1, "2026-12-21"}, 3: {2, "2026-12-01"}, 4: {4, "2027-01-05"}} {
			if v := b.verdict(Return, id); v.Version != want.version || v.LastDay.String() != want.day {
				t.Errorf("order %d: version %d until %v, want %v", id, v.Version, v.LastDay, want)
			}
		}
		b.in(func(tx *store.Tx) error {
			if _, err := b.s.Verdict(tx, Return, 99); !errors.Is(err, orders.ErrNotFound) {
				t.Errorf("an order that nobody has: %v", err)
			}
			list, err := b.s.Verdicts(tx, 4)
			if len(list) != len(Actions) {
				t.Errorf("%d verdicts", len(list))
			}
			return err
		})
	})
}

func (b *bench) settings() (v shops.Settings) {
	b.t.Helper()
	b.in(func(tx *store.Tx) (err error) {
		v, err = b.shops.Settings(tx)
		return err
	})
	return v
}

// What the field cannot hold is not overwritten by it.
func TestSettingsDoNotOverwriteText(t *testing.T) {
	each(t, func(b *bench) {
		b.publish("return:\n  allow until 2027-01-31\n")
		v := b.settings()
		v.ReturnsDays = 90
		_, err := b.shops.Change(context.Background(), storetest.Shop, v)
		if problem.Of(err).Code != "policy.returns_in_text" || len(problem.Of(err).Fields) != 1 {
			t.Errorf("a text was overwritten: %v", err)
		}
	})
}

func TestDraftsAndVersions(t *testing.T) {
	each(t, func(b *bench) {
		ctx := context.Background()
		stale := b.db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
			if err := save(tx, "return:\n  allow\n", 0, "1"); err != nil {
				return err
			}
			return b.s.publish(tx, 2, 0, "1")
		})
		if !errors.Is(stale, ErrStale) {
			t.Errorf("a revision that was not read is published: %v", stale)
		}
		b.in(func(tx *store.Tx) error { return save(tx, "return:\n  perhaps\n", 0, "1") }) // kept with its fault
		faulty := b.db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error { return b.s.publish(tx, 1, 0, "1") })
		if problem.Of(faulty).Code != "policy.faults" || problem.Of(faulty).Fields[0].Field != "source.2.3" {
			t.Errorf("a fault is published: %v", faulty)
		}
		if err := b.db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error { return save(tx, "", 0, "2") }); !errors.Is(err, ErrStale) {
			t.Errorf("a draft was overwritten: %v", err)
		}
		if err := b.db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error { return b.s.publish(tx, 0, 7, "2") }); !errors.Is(err, ErrMissing) {
			t.Errorf("a version that is none: %v", err)
		}
		b.in(func(tx *store.Tx) error {
			list, err := listVersions(tx, 10)
			if len(list) != 0 {
				t.Errorf("published by mistake: %v", list)
			}
			return err
		})
	})
}

// The day in mails and pages is the first on which something may no longer go
// back; what may not go back at all does not count.
func TestReturnTerms(t *testing.T) {
	each(t, func(b *bench) {
		b.in(func(tx *store.Tx) error {
			return saveProduct(tx, 101, Product{Tags: []string{"long"}, Collections: []string{}})
		})
		b.publish("return:\n  allow within 60 days of delivered or placed when product tag \"long\"\n  allow within 20 days of delivered or placed\n")
		b.clk.Advance(time.Minute)
		o := b.order(5, b.clk.Now())
		terms := func() (r orders.ReturnTerms) {
			b.in(func(tx *store.Tx) (err error) {
				r, err = b.s.ReturnTerms(tx, o)
				return err
			})
			return r
		}
		if r := terms(); !r.Allowed || r.LastDay.String() != "2026-12-11" {
			t.Errorf("%+v %v", r, r.LastDay)
		}
		b.clk.Advance(30 * 24 * time.Hour)
		if r := terms(); !r.Allowed || r.LastDay.String() != "2027-01-20" {
			t.Errorf("%+v %v", r, r.LastDay)
		}
		if v := b.verdict(Return, 5, 12); v.Allowed || v.Reason.Key != ReasonDayOver {
			t.Errorf("%+v", v)
		}
		arrived := b.clk.Now()
		b.s.UseDelivered(func(*store.Tx, *orders.Order) (*time.Time, error) { return &arrived, nil })
		if v := b.verdict(Return, 5, 12); !v.Allowed || v.LastDay.String() != "2027-01-10" {
			t.Errorf("from delivery: %v %v", v.Allowed, v.LastDay)
		}
	})
}
