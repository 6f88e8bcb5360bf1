package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// SystemExec runs one statement on all shops' rows, in a transaction of its own
// that needs no BEGIN: the hot path of the inbox. Parameters are written as ?.
func (db *DB) SystemExec(ctx context.Context, statement string, args ...any) (sql.Result, error) {
	if db.Dialect == "postgres" {
		statement = numbered(statement)
	}
	result, err := db.system.ConnPool.ExecContext(ctx, statement, args...)
	return result, unavailable(err)
}

// numbered writes PostgreSQL's $1, $2 for each ?. Statements here hold no ? in text.
func numbered(statement string) string {
	var b strings.Builder
	b.Grow(len(statement) + 64)
	n := 0
	for {
		before, after, found := strings.Cut(statement, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		statement = after
	}
}
