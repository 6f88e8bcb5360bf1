package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/libtnb/sqlite"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"afterglow/app/clock"
	"afterglow/app/problem"
)

// Problems every caller may meet.
var (
	ErrNotFound    = problem.New(problem.NotFound, "not_found", "There is no such thing here.")
	ErrUnavailable = problem.New(problem.Unavailable, "database_unavailable", "The database cannot be reached at the moment. Please try again in a minute.")
	ErrUnscoped    = errors.New("statement on a shop's table does not name its own shop")
)

// Config says which database to open.
type Config struct {
	URL      string // postgres://user:password@host/name, or sqlite:/path/to/file
	Clock    clock.Clock
	Log      *slog.Logger
	MaxConns int // connections to PostgreSQL; 0 is 20
}

// DB is an open database.
type DB struct {
	Dialect string // "postgres" or "sqlite"

	write, read, system *gorm.DB // system sees all shops
	pools               []*sql.DB
	clock               clock.Clock
	log                 *slog.Logger
	guard               *guard
	checks              checks
	attached            any
}

// Open opens the database that cfg names. It does not migrate.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if cfg.Clock == nil {
		cfg.Clock = clock.System{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	db := &DB{clock: cfg.Clock, log: cfg.Log}
	var err error
	switch scheme, _, _ := strings.Cut(cfg.URL, ":"); scheme {
	case "postgres", "postgresql":
		err = db.openPostgres(cfg)
	case "sqlite":
		err = db.openSQLite(strings.TrimPrefix(cfg.URL, "sqlite:"))
	default:
		return nil, errors.New("database URL must begin with postgres:// or sqlite:")
	}
	if err == nil {
		err = db.loadGuard(ctx)
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func (db *DB) openPostgres(cfg Config) error {
	db.Dialect = "postgres"
	conf, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return fmt.Errorf("database URL: %w", withoutPassword(err))
	}
	conf.RuntimeParams["timezone"] = "UTC"
	if conf.ConnectTimeout == 0 {
		conf.ConnectTimeout = 5 * time.Second
	}
	conns := cfg.MaxConns
	if conns == 0 {
		conns = 20
	}
	tenant := openPool(conf, conns, "")
	system := openPool(conf, conns/2+1, everyShop)
	db.pools = []*sql.DB{tenant, system}
	if db.write, err = db.wrap(postgres.New(postgres.Config{Conn: tenant})); err != nil {
		return unavailable(err)
	}
	db.read = db.write
	db.system, err = db.wrap(postgres.New(postgres.Config{Conn: system}))
	return unavailable(err)
}

// openPool makes connections whose settings hold for the session. They are set by
// a statement and not at the start of the connection, where a pooler such as
// PgBouncer refuses them. A process that hangs in a transaction must not keep its
// locks, and no transaction of ours waits for anything but the database: hence the
// timeout.
func openPool(conf *pgx.ConnConfig, conns int, shops string) *sql.DB {
	pool := stdlib.OpenDB(*conf, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SELECT set_config('idle_in_transaction_session_timeout', '30s', false), set_config($1, $2, false)", shopSetting, shops)
		return err
	}))
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return pool
}

// openSQLite opens one connection that writes and several that only read: with
// a write-ahead log they do not wait for each other.
func (db *DB) openSQLite(path string) error {
	db.Dialect = "sqlite"
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("database folder: %w", err)
	}
	writer, err := openSQLitePool(path, 1, "_txlock=immediate")
	if err != nil {
		return err
	}
	db.pools = append(db.pools, writer)
	reader, err := openSQLitePool(path, 4, "_pragma=query_only(1)")
	if err != nil {
		return err
	}
	db.pools = append(db.pools, reader)
	if db.write, err = db.wrap(sqlite.New(sqlite.Config{Conn: writer})); err != nil {
		return unavailable(err)
	}
	db.system = db.write
	db.read, err = db.wrap(sqlite.New(sqlite.Config{Conn: reader}))
	return unavailable(err)
}

// openSQLitePool sets what every connection needs: durable on power loss
// (synchronous FULL), a wait instead of an error when the file is busy, keys that
// bind, deleted content overwritten in the file, and one form of time that sorts as
// text.
func openSQLitePool(path string, conns int, extra string) (*sql.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=secure_delete(1)" +
		"&_texttotime=1&_inttotime=1&_time_format=sqlite&" + extra
	pool, err := sql.Open(sqlite.DriverName, dsn)
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	if err := pool.Ping(); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open sqlite %s: %w", path, err)
	}
	return pool, nil
}

// wrap gives each connection pool a gorm.Config of its own: two dialects that
// share one Config silently lose FOR UPDATE on PostgreSQL.
func (db *DB) wrap(d gorm.Dialector) (*gorm.DB, error) {
	return gorm.Open(d, &gorm.Config{
		Logger:                 logger.Discard, // it would print values, and values are people
		NowFunc:                db.clock.Now,
		SkipDefaultTransaction: true,
		PrepareStmt:            false, // pgx caches statements already
		TranslateError:         true,
		DisableAutomaticPing:   true,
	})
}

// Close closes the connections.
func (db *DB) Close() error {
	var errs []error
	for _, p := range db.pools {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// Ping tells whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	for _, p := range db.pools {
		if err := p.PingContext(ctx); err != nil {
			return unavailable(err)
		}
	}
	return nil
}

// Clock returns the clock the database's transactions go by.
func (db *DB) Clock() clock.Clock { return db.clock }

// Attach keeps a value that machinery riding on the database, the queue, finds
// again from a transaction with Tx.Attached.
func (db *DB) Attach(v any) { db.attached = v }

// unavailable classifies what a driver says about a database that is away.
func unavailable(err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		// Classes 08 connection, 53 resources, 57 operator intervention (shutdown).
		if c := pg.Code[:2]; c == "08" || c == "53" || c == "57" {
			return ErrUnavailable.With(err)
		}
		return err
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || errors.Is(err, sql.ErrConnDone) || strings.Contains(err.Error(), "driver: bad connection") ||
		strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "unexpected EOF") ||
		strings.Contains(err.Error(), "connection reset") || strings.Contains(err.Error(), "connection refused") ||
		strings.Contains(err.Error(), "broken pipe") {
		return ErrUnavailable.With(withoutPassword(err))
	}
	return err
}

// withoutPassword keeps a connection string out of an error's text.
func withoutPassword(err error) error {
	if s := err.Error(); strings.Contains(s, "password") || strings.Contains(s, "postgres://") {
		return errors.New("cannot connect with the given address (its text is withheld because it may hold the password)")
	}
	return err
}
