package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressly/goose/v3/lock"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/queue"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/migrations"
)

var ctx = context.Background()

func add(t *testing.T, db *store.DB, shop ids.Shop, ref string) {
	t.Helper()
	if err := db.InTx(ctx, shop, func(tx *store.Tx) error { return queue.Enqueue(tx, queue.Request{Kind: "test", Ref: ref}) }); err != nil {
		t.Fatal(err)
	}
}

func TestStatementWithoutItsShopIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		add(t, db, storetest.Shop, "mine")
		add(t, db, storetest.Other, "theirs")
		for name, query := range map[string]func(tx *store.Tx) error{
			"no condition": func(tx *store.Tx) error { return tx.Find(&[]queue.Row{}).Error },
			"another shop": func(tx *store.Tx) error { return tx.Where("shop_id = ?", storetest.Other).Find(&[]queue.Row{}).Error },
			"zero shop":    func(tx *store.Tx) error { return tx.Where(&queue.Row{ShopID: 0}).Find(&[]queue.Row{}).Error },
			"raw":          func(tx *store.Tx) error { return tx.Exec("UPDATE queue_jobs SET ref = 'x'").Error },
			"raw with a literal": func(tx *store.Tx) error {
				return tx.Exec("UPDATE queue_jobs SET ref = 'x' WHERE shop_id = 61000000002").Error
			},
			"delete": func(tx *store.Tx) error { return tx.Where("1 = 1").Delete(&queue.Row{}).Error },
			"insert for another": func(tx *store.Tx) error {
				return tx.Create(&queue.Row{ID: "job_x", ShopID: storetest.Other, State: "ready", RunAt: tx.Now, CreatedAt: tx.Now}).Error
			},
		} {
			if err := db.InTx(ctx, storetest.Shop, query); !errors.Is(err, store.ErrUnscoped) {
				t.Errorf("%s: %v", name, err)
			}
		}
		var rows []queue.Row
		if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error { return tx.Scoped(&queue.Row{}).Find(&rows).Error }); err != nil || len(rows) != 1 || rows[0].Ref != "mine" {
			t.Errorf("own rows: %v, %v", rows, err)
		}
	})
}

// The second wall: even a statement that names its own shop in a way that the
// guard accepts, but selects wrongly, finds no rows of others on PostgreSQL.
func TestRowLevelSecurityHoldsBehindTheGuard(t *testing.T) {
	db := storetest.Open(t, "postgres", clock.NewFixed(storetest.Noon))
	add(t, db, storetest.Other, "theirs")
	err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
		var n int64
		if err := tx.Raw("SELECT count(*) FROM queue_jobs WHERE shop_id = ? OR true", tx.Shop).Scan(&n).Error; err != nil || n != 0 {
			t.Errorf("saw %d rows of another shop, %v", n, err)
		}
		u := tx.Exec("UPDATE queue_jobs SET ref = 'stolen' WHERE shop_id <> ?", tx.Shop)
		if u.Error != nil || u.RowsAffected != 0 {
			t.Errorf("changed %d rows of another shop, %v", u.RowsAffected, u.Error)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
		return tx.Exec(`INSERT INTO queue_jobs (id, shop_id, kind, ref, state, run_at, created_at) SELECT 'job_y', ?::bigint + 1, 'k', 'r', 'ready', now(), now()`, int64(tx.Shop)).Error
	})
	if err == nil || !strings.Contains(err.Error(), "row-level security") {
		t.Errorf("insert for another shop: %v", err)
	}
}

func TestEveryTenantTableIsProtected(t *testing.T) {
	db := storetest.Open(t, "postgres", clock.NewFixed(storetest.Noon))
	var open []string
	err := db.System(ctx, func(tx *store.Tx) error {
		return tx.Raw(`SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'shop_id'
			WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`).Scan(&open).Error
	})
	if err != nil || len(open) > 0 {
		t.Errorf("tables without forced row-level security: %v, %v", open, err)
	}
	var superuser bool
	if err := db.System(ctx, func(tx *store.Tx) error {
		return tx.Raw("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user").Scan(&superuser).Error
	}); err != nil || superuser {
		t.Errorf("the test database's user passes row-level security (%v, %v): the tests would prove nothing", superuser, err)
	}
}

func TestOneInstantPerTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		want := clk.Now().Add(1234567 * time.Microsecond)
		clk.Set(want)
		add(t, db, storetest.Shop, "x")
		var row queue.Row
		if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error { return tx.Scoped(&row).Take(&row).Error }); err != nil {
			t.Fatal(err)
		}
		if !row.CreatedAt.Equal(want) || !row.RunAt.Equal(want) {
			t.Errorf("created %v, due %v, want %v: times must come back to the microsecond", row.CreatedAt, row.RunAt, want)
		}
	})
}

func TestTimesSortAsInstants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		base := clk.Now()
		steps := []time.Duration{0, time.Microsecond, time.Millisecond, 100 * time.Millisecond, 999999 * time.Microsecond, time.Second, time.Minute}
		for i := len(steps) - 1; i >= 0; i-- {
			clk.Set(base.Add(steps[i]))
			add(t, db, storetest.Shop, steps[i].String())
		}
		var rows []queue.Row
		for i, step := range steps {
			if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
				return tx.Scoped(&queue.Row{}).Where("run_at <= ?", base.Add(step)).Order("run_at").Find(&rows).Error
			}); err != nil || len(rows) != i+1 || rows[i].Ref != step.String() {
				t.Errorf("up to %v: %d rows, want %d (%v)", step, len(rows), i+1, err)
			}
		}
	})
}

// R9: many writers, no SQLITE_BUSY to any caller.
func TestManyWritersWaitForEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		const writers, each = 16, 40
		var wg sync.WaitGroup
		errs := make(chan error, writers)
		for range writers {
			wg.Go(func() {
				for range each {
					err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
						var n int64
						if err := tx.Scoped(&queue.Row{}).Count(&n).Error; err != nil {
							return err
						}
						return queue.Enqueue(tx, queue.Request{Kind: "test", Ref: "x"})
					})
					if err != nil {
						errs <- err
						return
					}
				}
			})
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			t.Errorf("a writer was turned away: %v", err)
		}
		var n int64
		if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error { return tx.Scoped(&queue.Row{}).Count(&n).Error }); err != nil || n != writers*each {
			t.Errorf("%d rows, want %d (%v)", n, writers*each, err)
		}
	})
}

func TestPanicRollsBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		func() {
			defer func() { recover() }()
			db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
				queue.Enqueue(tx, queue.Request{Kind: "test", Ref: "x"})
				panic("boom")
			})
		}()
		add(t, db, storetest.Shop, "after") // the connection is free again
		var n int64
		if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error { return tx.Scoped(&queue.Row{}).Count(&n).Error }); err != nil || n != 1 {
			t.Errorf("%d rows, want the one after (%v)", n, err)
		}
	})
}

func TestWrongAddressTellsNoPassword(t *testing.T) {
	for _, address := range []string{"postgres://u:s3cret@127.0.0.1:1/x?connect_timeout=1", "postgres://u:s3cret@[bad", "mysql://u:s3cret@h/x", ""} {
		db, err := store.Open(ctx, store.Config{URL: address, Clock: clock.System{}})
		if err == nil {
			db.Close()
			t.Errorf("%q opened", address)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error of %q tells the password: %v", address, err)
		}
	}
}

// A process that hangs in a transaction loses its locks after a while.
func TestIdleTransactionsEnd(t *testing.T) {
	db := storetest.Open(t, "postgres", clock.NewFixed(storetest.Noon))
	for name, run := range map[string]func(func(tx *store.Tx) error) error{
		"shop":   func(fn func(tx *store.Tx) error) error { return db.InTx(ctx, storetest.Shop, fn) },
		"system": func(fn func(tx *store.Tx) error) error { return db.System(ctx, fn) },
	} {
		var limit string
		if err := run(func(tx *store.Tx) error { return tx.Raw("SHOW idle_in_transaction_session_timeout").Scan(&limit).Error }); err != nil || limit != "30s" {
			t.Errorf("%s: idle transactions end after %q, want 30s (%v)", name, limit, err)
		}
	}
}

// Whether the schema is current can be told while a migration, or somebody who
// hung in one, holds the lock: readiness asks for it all the time.
func TestMigrationsAreListedWhileTheLockIsHeld(t *testing.T) {
	db := storetest.Open(t, "postgres", clock.NewFixed(storetest.Noon))
	err := db.System(ctx, func(tx *store.Tx) error {
		if err := tx.Exec("SELECT pg_advisory_xact_lock(?)", lock.DefaultLockID).Error; err != nil {
			return err
		}
		soon, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		_, err := db.Migrations(soon, migrations.Files)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
