package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"afterglow/app/clock"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// Whatever is written to a row that was read, or would join those that were, is
// noticed; what happens beside them is not.
func TestAWitnessNoticesWhatWasRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		write := func(shop store.ShopID, statement string, args ...any) {
			t.Helper()
			if err := db.InTx(ctx, shop, func(tx *store.Tx) error { return tx.Exec(statement, args...).Error }); err != nil {
				t.Fatal(err)
			}
		}
		const add = `INSERT INTO orders_pictures (shop_id, product_id, variant_id, url, alt, read_at) VALUES (?, ?, ?, ?, '', ?)`
		picture := func(shop store.ShopID, product, variant int64) {
			write(shop, add, shop, product, variant, "a", clk.Now())
		}
		for variant := range int64(3) {
			picture(storetest.Shop, 1, variant)
		}
		look := func() *store.Witness {
			t.Helper()
			var w *store.Witness
			err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) (err error) {
				tx.Watch()
				var urls []string
				if err := tx.Table("orders_pictures").Where("shop_id = ? AND product_id IN ?", tx.Shop, []int64{1, 2}).Order("variant_id DESC").Limit(2).Pluck("url", &urls).Error; err != nil {
					return err
				}
				var n int64
				if err := tx.Table("orders_events").Where("shop_id = ? AND order_id = ? AND at < ?", tx.Shop, 7, tx.Now).Count(&n).Error; err != nil {
					return err
				}
				w, err = tx.Witness()
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		same := func(w *store.Witness) bool {
			t.Helper()
			same, err := db.Unchanged(ctx, storetest.Shop, w)
			if err != nil {
				t.Fatal(err)
			}
			return same
		}
		if db.Dialect == "sqlite" {
			if look() != nil {
				t.Error("there is a witness on SQLite, whose rows do not tell their version")
			}
			return
		}
		for _, c := range []struct { // in this order: rows stay from case to case
			what    string
			do      func()
			noticed bool
		}{
			{"nothing", func() {}, false},
			{"another product's", func() { picture(storetest.Shop, 3, 9) }, false},
			{"another shop's", func() { picture(storetest.Other, 1, 9) }, false},
			{"a row beyond the limit", func() {
				write(storetest.Shop, "UPDATE orders_pictures SET url = 'b' WHERE shop_id = ? AND product_id = 1 AND variant_id = 0", storetest.Shop)
			}, false},
			{"a changed row", func() {
				write(storetest.Shop, "UPDATE orders_pictures SET url = 'c' WHERE shop_id = ? AND product_id = 1 AND variant_id = 2", storetest.Shop)
			}, true},
			{"a row written as it was", func() {
				write(storetest.Shop, "UPDATE orders_pictures SET url = url WHERE shop_id = ? AND product_id = 1 AND variant_id = 1", storetest.Shop)
			}, true},
			{"a row that joins", func() { picture(storetest.Shop, 2, 5) }, true},
			{"a row that goes", func() {
				write(storetest.Shop, "DELETE FROM orders_pictures WHERE shop_id = ? AND product_id = 2", storetest.Shop)
			}, true},
			{"a first row of a table that was empty", func() {
				write(storetest.Shop, "INSERT INTO orders_events (shop_id, order_id, once, at, kind, detail, recorded_at) VALUES (?, 7, ?, ?, '', '', ?)", storetest.Shop, "x", clk.Now().AddDate(0, 0, -1), clk.Now())
			}, true},
		} {
			if c.what == "a row that goes" {
				picture(storetest.Shop, 2, 6)
			}
			w := look()
			for range 2 { // the second time by what has ended since
				if w == nil || !same(w) {
					t.Fatalf("%s: the rows are not the same before anything happened", c.what)
				}
			}
			c.do()
			for range 2 {
				if same(w) == c.noticed {
					t.Errorf("%s: noticed is %t", c.what, !c.noticed)
				}
			}
			if _, err := db.Unchanged(ctx, storetest.Other, w); !errors.Is(err, store.ErrUnscoped) {
				t.Errorf("another shop asks: %v", err)
			}
		}
	})
}

// However many ask at once while rows are written, nobody is told that a row is
// the same that was written before they asked.
func TestAWitnessAskedByManyIsNeverBehind(t *testing.T) {
	db := storetest.Open(t, "postgres", clock.NewFixed(storetest.Noon))
	write := func(statement string) {
		t.Helper()
		if err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error { return tx.Exec(statement, tx.Shop).Error }); err != nil {
			t.Fatal(err)
		}
	}
	write("INSERT INTO orders_pictures (shop_id, product_id, variant_id, url, alt, read_at) VALUES (?, 1, 1, '0', '', CURRENT_TIMESTAMP)")
	for round := range 30 {
		var w *store.Witness
		err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) (err error) {
			tx.Watch()
			var url string
			if err := tx.Raw("SELECT url FROM orders_pictures WHERE shop_id = ? AND product_id = 1", tx.Shop).Scan(&url).Error; err != nil {
				return err
			}
			w, err = tx.Witness()
			return err
		})
		if err != nil || w == nil {
			t.Fatal(w, err)
		}
		var written atomic.Bool
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 10 {
					before := written.Load()
					same, err := db.Unchanged(ctx, storetest.Shop, w)
					if err != nil || same && before {
						t.Errorf("round %d: written before %t, the same %t, %v", round, before, same, err)
					}
				}
			})
		}
		write("UPDATE orders_pictures SET url = url || '.' WHERE shop_id = ?")
		written.Store(true)
		all.Wait()
	}
}

// What is read unwatched is not asked for again, nor does it hide what was watched.
func TestUnwatchedLeavesNoWitness(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		type key struct{}
		err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
			tx.Watch()
			count := func() (n int64, err error) {
				err = tx.Raw("SELECT count(*) FROM orders WHERE shop_id = ?", tx.Shop).Scan(&n).Error
				return n, err
			}
			_, err := store.Unwatched(tx, func() (int64, error) {
				var n int64
				if err := tx.Raw("SELECT count(*) FROM orders WHERE shop_id = ? GROUP BY shop_id", tx.Shop).Scan(&n).Error; err != nil {
					return 0, err
				}
				return store.Once(tx, key{}, count)
			})
			if err != nil {
				return err
			}
			asked := 0
			if _, err := store.Once(tx, key{}, func() (int64, error) { asked++; return count() }); err != nil || asked != 1 {
				t.Errorf("asked %d times where it is watched, %v", asked, err)
			}
			w, err := tx.Witness()
			if (w != nil) != (db.Dialect == "postgres") {
				t.Errorf("there is a witness: %t", w != nil)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Two rows of one transaction bear the same mark. Which of them was read tells its
// place.
func TestAWitnessTellsRowsOfOneTransactionApart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		if db.Dialect == "sqlite" {
			return
		}
		err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
			_, err := tx.Insert(pictures, [][]any{{int64(1), int64(1), "a", "", clk.Now()}, {int64(1), int64(2), "b", "", clk.Now()}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var w *store.Witness
		err = db.Read(ctx, storetest.Shop, func(tx *store.Tx) (err error) {
			tx.Watch()
			var url string
			if err := tx.Raw("SELECT url FROM orders_pictures WHERE shop_id = ? AND product_id = 1 ORDER BY variant_id DESC LIMIT 1", tx.Shop).Scan(&url).Error; err != nil {
				return err
			}
			w, err = tx.Witness()
			return err
		})
		if err != nil || w == nil {
			t.Fatal(w, err)
		}
		err = db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec("DELETE FROM orders_pictures WHERE shop_id = ? AND variant_id = 2", tx.Shop).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		if same, err := db.Unchanged(ctx, storetest.Shop, w); same || err != nil {
			t.Errorf("the other row passes for the one that was read: %v", err)
		}
	})
}

// A question whose rows cannot be named leaves no witness.
func TestNoWitnessWithoutAllRows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		for _, question := range []string{
			"SELECT count(*) FROM orders o JOIN orders_events e ON e.shop_id = o.shop_id AND e.order_id = o.id WHERE o.shop_id = ?",
			"SELECT count(*) FROM orders WHERE shop_id = ? AND id IN (SELECT order_id FROM orders_events)",
			"SELECT 1 FROM orders WHERE shop_id = ? UNION SELECT 2",
			"SELECT ?::bigint",
			"SELECT count(*) FROM orders o, orders_events e WHERE o.shop_id = ?",
			"SELECT count(*) FROM orders o WHERE o.shop_id = ?",
			"SELECT count(DISTINCT id) FROM orders WHERE shop_id = ?",
			"SELECT count(*) FROM orders WHERE shop_id = ? GROUP BY shop_id HAVING count(*) > 1",
			"SELECT COALESCE((SELECT max(id) FROM orders WHERE shop_id = ?), 0)",
			"WITH o AS (SELECT id FROM orders WHERE shop_id = ?) SELECT count(*) FROM o",
		} {
			if db.Dialect == "sqlite" {
				continue
			}
			err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
				tx.Watch()
				var n int64
				if err := tx.Raw("SELECT count(*) FROM orders WHERE shop_id = ?", tx.Shop).Scan(&n).Error; err != nil {
					return err
				}
				if err := tx.Raw(question, tx.Shop).Scan(&n).Error; err != nil {
					return err
				}
				if w, err := tx.Witness(); w != nil || err != nil {
					t.Errorf("%s: there is a witness, %v", question, err)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What is not in a list may join those that were read.
func TestAWitnessOfAllButAList(t *testing.T) {
	db := storetest.Open(t, "postgres", clock.NewFixed(storetest.Noon))
	add := func(product int64) {
		err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
			_, err := tx.Insert(pictures, [][]any{{product, product, "a", "", tx.Now}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add(1)
	var w *store.Witness
	err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) (err error) {
		tx.Watch()
		var n int64
		if err := tx.Table("orders_pictures").Where("shop_id = ? AND product_id NOT IN ?", tx.Shop, []int64{2, 3}).Count(&n).Error; err != nil {
			return err
		}
		w, err = tx.Witness()
		return err
	})
	if err != nil || w == nil {
		t.Fatal(w, err)
	}
	for _, step := range []struct {
		product int64
		same    bool
	}{{2, true}, {4, false}} {
		add(step.product)
		if same, err := db.Unchanged(ctx, storetest.Shop, w); same != step.same || err != nil {
			t.Errorf("product %d joined: same is %t, %v", step.product, same, err)
		}
	}
}

// A transaction whose time is up when it would be committed leaves no lock behind.
func TestALateCommitLetsGo(t *testing.T) {
	db := storetest.Open(t, "postgres", clock.NewFixed(storetest.Noon))
	err := db.InTx(ctx, storetest.Shop, func(other *store.Tx) error {
		brief, cancel := context.WithCancel(ctx)
		defer cancel()
		err := db.InTx(brief, storetest.Shop, func(tx *store.Tx) error {
			err := tx.Exec("SELECT pg_advisory_xact_lock(419)").Error
			cancel()
			return err
		})
		if err == nil {
			t.Error("it was committed")
		}
		var free bool
		if err := other.Raw("SELECT pg_try_advisory_xact_lock(419)").Scan(&free).Error; err != nil || !free {
			t.Errorf("its lock is free: %t, %v", free, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What is read in a transaction that cannot write is read from one state.
func TestAReadingSeesOneState(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
			count := func() (n int64) {
				if err := tx.Table("orders_pictures").Where("shop_id = ?", tx.Shop).Count(&n).Error; err != nil {
					t.Fatal(err)
				}
				return n
			}
			before := count()
			err := db.InTx(ctx, storetest.Shop, func(other *store.Tx) error {
				_, err := other.Insert(pictures, [][]any{{int64(1), int64(1), "a", "", clk.Now()}})
				return err
			})
			if now := count(); now != before {
				t.Errorf("%d rows, then %d", before, now)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestOnceReadsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		type key int
		for _, c := range []struct {
			run  func(func(*store.Tx) error) error
			want int
		}{
			{func(f func(*store.Tx) error) error { return db.Read(ctx, storetest.Shop, f) }, 1},
			{func(f func(*store.Tx) error) error { return db.InTx(ctx, storetest.Shop, f) }, 3},
		} {
			n := 0
			err := c.run(func(tx *store.Tx) error {
				for range 3 {
					if _, err := store.Once(tx, key(1), func() (int, error) { n++; return n, nil }); err != nil {
						return err
					}
				}
				_, err := store.Once(tx, key(2), func() (int, error) { return 0, nil })
				return err
			})
			if err != nil || n != c.want {
				t.Errorf("read %d times, not %d: %v", n, c.want, err)
			}
		}
	})
}
