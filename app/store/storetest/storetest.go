// Package storetest opens empty, migrated databases for tests: SQLite in a
// temporary folder and PostgreSQL in a schema of its own. Both always run; a
// missing TEST_POSTGRES_URL fails the test, because a suite that quietly left
// out a database has proved nothing about it.
package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
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
	address := "sqlite:" + filepath.Join(t.TempDir(), "test.db")
	if dialect == "postgres" {
		address = hasty(t, Postgres(t))
	}
	return OpenURL(t, address, clk)
}

// hasty lets commits not wait for the disk: no test of one database pulls the
// plug, and a hundred schemas are made with forty commits each.
func hasty(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("synchronous_commit", "off")
	u.RawQuery = q.Encode()
	return u.String()
}

// OpenURL opens the database at the address and migrates it.
func OpenURL(t testing.TB, address string, clk clock.Clock) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), store.Config{URL: address, Clock: clk})
	if err != nil {
		t.Fatalf("open test database: %v", err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(context.Background(), migrations.Files, nil); err != nil {
		t.Fatal(err)
	}
	return db
}

// Postgres makes an empty schema that is dropped after the test and returns an
// address that leads into it.
func Postgres(t testing.TB) string {
	t.Helper()
	base := os.Getenv("TEST_POSTGRES_URL")
	if base == "" {
		t.Fatal("TEST_POSTGRES_URL is not set: run the tests through `make test`, which starts PostgreSQL, or name one yourself")
	}
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, base)
	if err != nil {
		t.Fatalf("connect to TEST_POSTGRES_URL: %v", err)
	}
	schema := fmt.Sprintf("t_%s", strings.ReplaceAll(strings.TrimPrefix(ids.New("x"), "x_"), "-", ""))
	if _, err := admin.Exec(ctx, "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin.Exec(ctx, "DROP SCHEMA "+schema+" CASCADE")
		admin.Close(ctx)
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal("TEST_POSTGRES_URL must be a postgres:// address")
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}
