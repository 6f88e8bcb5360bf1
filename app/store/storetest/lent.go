package storetest

import (
	"context"
	"fmt"
	"hash/crc32"
	"io/fs"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"afterglow/migrations"
)

// Making a schema costs a third of a second of PostgreSQL, emptying one a
// hundredth. So migrated schemas stay on the test server and are lent to one test
// after another, whatever process it runs in.

// lending tells our advisory locks from those of the program under test.
const lending = 7401

// Migrated returns an address that leads into an empty, migrated schema, which the
// test has to itself until it ends. Commits there do not wait for the disk: it is
// not for a test that pulls the plug.
func Migrated(t testing.TB) string {
	t.Helper()
	ctx := context.Background()
	l := lender{connect(t)}
	prefix := "lent_" + version(t) + "_"
	schema := ""
	for n := 0; schema == ""; n++ {
		ok, err := l.take(ctx, fmt.Sprint(prefix, n))
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			schema = fmt.Sprint(prefix, n)
		}
	}
	address := within(t, "search_path", schema, "application_name", schema, "synchronous_commit", "off")
	sound, err := l.empty(ctx, schema)
	if err == nil && !sound {
		err = l.make(ctx, schema, address, prefix)
	}
	if err != nil {
		t.Fatalf("lend a schema: %v", err)
	}
	return address
}

// version is another for other migrations.
func version(t testing.TB) string {
	t.Helper()
	sum := crc32.NewIEEE()
	files, err := fs.Glob(migrations.Files, "postgres/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		content, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(sum, name, len(content))
		sum.Write(content)
	}
	return fmt.Sprintf("%08x", sum.Sum32())
}

type lender struct{ *pgx.Conn }

// take locks a schema until the connection ends, also if the process dies.
func (l lender) take(ctx context.Context, schema string) (ok bool, err error) {
	err = l.QueryRow(ctx, "SELECT pg_try_advisory_lock($1, $2)", lending, int32(crc32.ChecksumIEEE([]byte(schema)))).Scan(&ok) //nolint:gosec // any 32 bits
	return ok, err
}

// shape of a schema: a test may have changed more than rows.
const shape = `SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
	SELECT format('%s.%s %s %s', c.relname, a.attname, a.atttypid, a.attnotnull) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = to_regnamespace($1)
	UNION ALL SELECT format('%s %s %s', c.relname, c.relrowsecurity, c.relforcerowsecurity) FROM pg_class c WHERE c.relnamespace = to_regnamespace($1) AND c.relkind <> 't'
	UNION ALL SELECT conname FROM pg_constraint WHERE connamespace = to_regnamespace($1)
	UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = to_regnamespace($1)
	UNION ALL SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = to_regnamespace($1) AND NOT tgisinternal) AS lines(line)`

// empty ends whoever is still at work in a schema and removes all rows. It is not
// sound if it is missing or not as it was made.
func (l lender) empty(ctx context.Context, schema string) (sound bool, err error) {
	if _, err := l.Exec(ctx, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = $1", schema); err != nil {
		return false, err
	}
	err = l.QueryRow(ctx, `SELECT COALESCE(obj_description(to_regnamespace($1), 'pg_namespace') = (`+shape+`), false)`, schema).Scan(&sound)
	if err != nil || !sound {
		return false, err
	}
	rows, err := l.Query(ctx, `SELECT format('%I.%I', $1::text, relname) FROM pg_class
		WHERE relnamespace = to_regnamespace($1) AND relkind = 'r' AND relname <> 'store_migrations' AND pg_relation_size(oid) > 0`, schema)
	if err != nil {
		return false, err
	}
	used, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(used) > 0 {
		_, err = l.Exec(ctx, "SET synchronous_commit = off; TRUNCATE "+strings.Join(used, ", ")+" CASCADE")
	}
	return err == nil, err
}

// make makes a schema anew, and drops those of other migrations that nobody uses.
func (l lender) make(ctx context.Context, schema, address, prefix string) error {
	rows, err := l.Query(ctx, `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'lent\_%' AND NOT starts_with(nspname, $1)`, prefix)
	if err != nil {
		return err
	}
	others, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, other := range others {
		if ok, err := l.take(ctx, other); err != nil {
			return err
		} else if ok {
			if _, err := l.Exec(ctx, "DROP SCHEMA IF EXISTS "+other+" CASCADE"); err != nil {
				return err
			}
		}
	}
	if _, err := l.Exec(ctx, "DROP SCHEMA IF EXISTS "+schema+" CASCADE; CREATE SCHEMA "+schema); err != nil {
		return err
	}
	if err := migrate(address); err != nil {
		return err
	}
	var made string
	if err := l.QueryRow(ctx, shape, schema).Scan(&made); err != nil {
		return err
	}
	_, err = l.Exec(ctx, "COMMENT ON SCHEMA "+schema+" IS '"+made+"'")
	return err
}
