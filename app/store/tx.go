package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"afterglow/app/ids"
	"afterglow/app/problem"
)

const (
	shopSetting = "afterglow.shop" // what row-level security compares shop_id with
	everyShop   = "*"
	attempts    = 4 // of a transaction that met a deadlock
)

// ShopID is the tenant's id.
type ShopID = ids.Shop

// Tx is one transaction of one shop at one instant.
type Tx struct {
	*gorm.DB
	Shop  ids.Shop  // zero in a system transaction
	Now   time.Time // fixed for the whole transaction
	ctx   context.Context
	db    *DB
	done  []func()
	once  map[any]any // what was read once; nil when the transaction may write
	inner *guardedTx
}

// InTx runs fn in a writing transaction of the shop and commits. When fn fails,
// or the commit does, nothing has happened and the error is returned as it is;
// ErrUnavailable when the database is away. fn may run again after a deadlock.
func (db *DB) InTx(ctx context.Context, shop ids.Shop, fn func(tx *Tx) error) error {
	if shop == 0 {
		return errors.New("transaction without a shop")
	}
	return db.run(ctx, db.write, shop, false, fn)
}

// Read runs fn in a transaction that sees one state of the shop's data and
// cannot write.
func (db *DB) Read(ctx context.Context, shop ids.Shop, fn func(tx *Tx) error) error {
	if shop == 0 {
		return errors.New("transaction without a shop")
	}
	return db.run(ctx, db.read, shop, true, fn)
}

// System runs fn in a writing transaction that sees all shops. Only machinery
// that serves every shop may use it: relay, reconciler, install, migration.
func (db *DB) System(ctx context.Context, fn func(tx *Tx) error) error {
	return db.run(ctx, db.system, 0, false, fn)
}

// Peek is for looking at all shops' rows, one statement at a time: there is no
// transaction around fn, which saves two of three round trips to PostgreSQL, and on
// SQLite it does not wait for the writer.
func (db *DB) Peek(ctx context.Context, fn func(tx *Tx) error) error {
	pool := db.system
	if db.Dialect == "sqlite" {
		pool = db.read
	}
	session := pool.Session(&gorm.Session{Context: ctx, NewDB: true, SkipDefaultTransaction: true})
	return unavailable(fn(&Tx{DB: session, Now: db.clock.Now(), ctx: ctx, db: db}))
}

func (db *DB) run(ctx context.Context, pool *gorm.DB, shop ids.Shop, readOnly bool, fn func(*Tx) error) error {
	for attempt := 1; ; attempt++ {
		done, err := db.once(ctx, pool, shop, readOnly, fn)
		if err == nil {
			for _, f := range done {
				f()
			}
			return nil
		}
		if attempt == attempts || !rolledBackByDatabase(err) {
			return unavailable(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(attempt) * 10 * time.Millisecond):
		}
	}
}

func (db *DB) once(ctx context.Context, pool *gorm.DB, shop ids.Shop, readOnly bool, fn func(*Tx) error) (done []func(), err error) {
	inner, err := db.begin(ctx, pool, shop, readOnly)
	if err != nil {
		return nil, err
	}
	committed := false
	defer func() {
		if !committed {
			inner.Rollback() // also when fn panics
		}
	}()
	session := pool.Session(&gorm.Session{Context: ctx, NewDB: true, SkipDefaultTransaction: true})
	guarded := &guardedTx{transaction: inner, guard: db.guard, shop: shop}
	session.Statement.ConnPool = guarded
	tx := &Tx{DB: session, Shop: shop, Now: db.clock.Now(), ctx: ctx, db: db, inner: guarded}
	if readOnly {
		tx.once = map[any]any{}
	}
	if err := fn(tx); err != nil {
		return nil, err
	}
	if err := inner.Commit(); err != nil {
		return nil, err
	}
	committed = true
	return tx.done, nil
}

// Context is the context the transaction runs under.
func (tx *Tx) Context() context.Context { return tx.ctx }

// Postgres tells whether the database is PostgreSQL; the few statements that the
// two databases spell differently ask.
func (tx *Tx) Postgres() bool { return tx.db.Dialect == "postgres" }

// Scoped begins a query on the model's table among the transaction's own shop's
// rows.
func (tx *Tx) Scoped(model any) *gorm.DB { return tx.Model(model).Where("shop_id = ?", tx.Shop) }

// AfterCommit runs f once the transaction is durable, and not at all otherwise.
func (tx *Tx) AfterCommit(f func()) { tx.done = append(tx.done, f) }

// Forget says that the transaction erases what must not stay readable. On SQLite
// old pages live on in the write-ahead log until it is emptied, which is done
// once the transaction is durable. PostgreSQL vacuums by itself, and who reads its
// files reads past every rule of ours.
func (tx *Tx) Forget() {
	if tx.Postgres() {
		return
	}
	db := tx.db
	tx.AfterCommit(func() {
		// A reader may still need the log; the next checkpoint then empties it.
		if err := db.write.Exec("PRAGMA wal_checkpoint(TRUNCATE)").Error; err != nil {
			db.log.Warn("the write-ahead log was not emptied after an erasure", "error", err)
		}
	})
}

// Attached returns what was attached to the database.
func (tx *Tx) Attached() any { return tx.db.attached }

// One turns GORM's word for "no row" into ErrNotFound, or into the room's own
// problem if one is given.
func One(q *gorm.DB, missing ...*problem.Problem) error {
	if errors.Is(q.Error, gorm.ErrRecordNotFound) {
		if len(missing) > 0 {
			return missing[0]
		}
		return ErrNotFound
	}
	return q.Error
}

// Duplicate tells whether err says that a unique key is taken.
func Duplicate(err error) bool { return errors.Is(err, gorm.ErrDuplicatedKey) }

// rolledBackByDatabase tells whether the database itself undid the transaction
// because of another one, so that running it again is right.
func rolledBackByDatabase(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}
