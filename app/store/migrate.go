package store

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Migration is one step of the schema and whether this database has it.
type Migration struct {
	Version int64
	Name    string
	Applied bool
}

// Migrate brings the schema up to date with the files, which hold one folder a
// dialect, and then puts row-level security on every shop's table. Several
// processes may call it at once on PostgreSQL; one works, the others wait.
// each is told of every step as it is done.
func (db *DB) Migrate(ctx context.Context, files fs.FS, each func(Migration)) error {
	p, err := db.provider(files, true)
	if err != nil {
		return err
	}
	results, err := p.Up(ctx)
	for _, r := range results {
		if each != nil && r.Error == nil {
			each(Migration{r.Source.Version, r.Source.Path, true})
		}
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", unavailable(err))
	}
	if err := db.protect(ctx); err != nil {
		return fmt.Errorf("row-level security: %w", err)
	}
	return db.loadGuard(ctx)
}

// Migrations lists the steps and which of them this database has.
func (db *DB) Migrations(ctx context.Context, files fs.FS) ([]Migration, error) {
	p, err := db.provider(files, false) // looking must not wait for, or hold, the lock
	if err != nil {
		return nil, err
	}
	states, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("migration status: %w", unavailable(err))
	}
	list := make([]Migration, len(states))
	for i, s := range states {
		list[i] = Migration{s.Source.Version, s.Source.Path, s.State == goose.StateApplied}
	}
	return list, nil
}

func (db *DB) provider(files fs.FS, alone bool) (*goose.Provider, error) {
	folder, err := fs.Sub(files, db.Dialect)
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithTableName("store_migrations"), goose.WithDisableGlobalRegistry(true),
		goose.WithAllowOutofOrder(true)} // two branches may each have added one: every migration stands on its own
	dialect := goose.DialectSQLite3
	pool := db.pools[0]
	if db.Dialect == "postgres" {
		dialect, pool = goose.DialectPostgres, db.pools[1]
		if alone {
			// Look every second, and not every five: processes that start together wait
			// for one another here, and most of them find nothing to do.
			locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300), lock.WithUnlockTimeout(1, 60))
			if err != nil {
				return nil, err
			}
			options = append(options, goose.WithSessionLocker(locker))
		}
	}
	return goose.NewProvider(dialect, pool, folder, options...)
}

// protect puts the second wall around every table with a shop_id: PostgreSQL
// itself shows and accepts only rows of the shop that the transaction named.
// FORCE makes the tables' owner, whom we run as, obey too.
func (db *DB) protect(ctx context.Context) error {
	if db.Dialect != "postgres" {
		return nil
	}
	tables, err := db.tenantTables(ctx)
	if err != nil {
		return unavailable(err)
	}
	for _, table := range tables {
		var exists bool
		if err := db.system.WithContext(ctx).Raw(
			"SELECT EXISTS (SELECT 1 FROM pg_policies WHERE schemaname = current_schema() AND tablename = ? AND policyname = 'own_shop')", table,
		).Scan(&exists).Error; err != nil {
			return err
		}
		if exists {
			continue
		}
		for _, statement := range []string{
			`ALTER TABLE ` + table + ` ENABLE ROW LEVEL SECURITY`,
			`ALTER TABLE ` + table + ` FORCE ROW LEVEL SECURITY`,
			// shop_id stands alone on its side, so that the planner can tell how many
			// rows it leaves: cast to text it guesses one in a hundred, and reads
			// whole tables where an index was made for the question.
			`CREATE POLICY own_shop ON ` + table + ` USING (shop_id = NULLIF(NULLIF(current_setting('` + shopSetting + `', true), '` + everyShop + `'), '')::bigint
				OR current_setting('` + shopSetting + `', true) = '` + everyShop + `')`,
		} {
			if err := db.system.WithContext(ctx).Exec(statement).Error; err != nil {
				return err
			}
		}
	}
	return nil
}
