// Package storetest opens empty, migrated databases for tests: SQLite in a
// temporary folder and PostgreSQL in a schema that the test has to itself. Both
// always run; a missing TEST_POSTGRES_URL fails the test, because a suite that
// quietly left out a database has proved nothing about it.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/store"
	"afterglow/migrations"
)

// Noon is when every test begins.
var Noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Shop and Other are two tenants.
const (
	Shop  ids.Shop = 61_000_000_001
	Other ids.Shop = 61_000_000_002
)

// A wrong local zone must not change any result, so tests live in a random one.
func init() {
	time.Local = time.FixedZone("test", (rand.IntN(27)-12)*3600)
}

// Each runs the test on SQLite and on PostgreSQL.
func Each(t *testing.T, test func(t *testing.T, db *store.DB, clk *clock.Fixed)) {
	t.Helper()
	for _, dialect := range []string{"sqlite", "postgres"} {
		t.Run(dialect, func(t *testing.T) {
			clk := clock.NewFixed(Noon)
			test(t, Open(t, dialect, clk), clk)
		})
	}
}

// Open opens one empty, migrated database that ends with the test.
func Open(t testing.TB, dialect string, clk clock.Clock) *store.DB {
	t.Helper()
	if dialect == "postgres" {
		return open(t, Migrated(t), clk)
	}
	file := filepath.Join(t.TempDir(), "test.db")
	empty, err := emptySQLite()
	if err == nil {
		err = os.WriteFile(file, empty, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return open(t, "sqlite:"+file, clk)
}

// emptySQLite is a migrated file, made once: it is quicker copied than migrated.
var emptySQLite = sync.OnceValues(func() (file []byte, err error) {
	folder, err := os.MkdirTemp("", "storetest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	name := filepath.Join(folder, "empty.db")
	if err := migrate("sqlite:" + name); err != nil {
		return nil, err
	}
	return os.ReadFile(name)
})

func migrate(address string) error {
	db, err := store.Open(context.Background(), store.Config{URL: address})
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(context.Background(), migrations.Files, nil), db.Close())
}

// OpenURL opens the database at the address and migrates it.
func OpenURL(t testing.TB, address string, clk clock.Clock) *store.DB {
	t.Helper()
	db := open(t, address, clk)
	if err := db.Migrate(context.Background(), migrations.Files, nil); err != nil {
		t.Fatal(err)
	}
	return db
}

func open(t testing.TB, address string, clk clock.Clock) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), store.Config{URL: address, Clock: clk})
	if err != nil {
		t.Fatalf("open test database: %v", err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Postgres makes an empty schema that is dropped after the test and returns an
// address that leads into it.
func Postgres(t testing.TB) string {
	t.Helper()
	admin := connect(t)
	schema := fmt.Sprintf("t_%s", strings.ReplaceAll(strings.TrimPrefix(ids.New("x"), "x_"), "-", ""))
	if _, err := admin.Exec(context.Background(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Exec(context.Background(), "DROP SCHEMA "+schema+" CASCADE") })
	return within(t, "search_path", schema)
}

// connect opens a connection to the test server that ends with the test.
func connect(t testing.TB) *pgx.Conn {
	t.Helper()
	base := os.Getenv("TEST_POSTGRES_URL")
	if base == "" {
		t.Fatal("TEST_POSTGRES_URL is not set: run the tests through `make test`, which starts PostgreSQL, or name one yourself")
	}
	conn, err := pgx.Connect(context.Background(), base)
	if err != nil {
		t.Fatalf("connect to TEST_POSTGRES_URL: %v", err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// within is the address of the test server with settings: names and values.
func within(t testing.TB, settings ...string) string {
	t.Helper()
	u, err := url.Parse(os.Getenv("TEST_POSTGRES_URL"))
	if err != nil {
		t.Fatal("TEST_POSTGRES_URL must be a postgres:// address")
	}
	q := u.Query()
	for i := 0; i < len(settings); i += 2 {
		q.Set(settings[i], settings[i+1])
	}
	u.RawQuery = q.Encode()
	return u.String()
}
