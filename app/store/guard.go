package store

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"gorm.io/gorm"

	"afterglow/app/ids"
)

// guard holds each statement of a shop's transaction against the tenancy rule.
type guard struct {
	tables  *regexp.Regexp // names of the tables that have a shop_id; nil when there are none
	verdict sync.Map       // SQL text → whether it touches such a table (bool)
	kept    int
	mu      sync.Mutex
}

// maxVerdicts bounds the memory for texts that differ only in the length of a list.
const maxVerdicts = 5000

// loadGuard reads from the schema which tables belong to a shop.
func (db *DB) loadGuard(ctx context.Context) error {
	tables, err := db.tenantTables(ctx)
	if err != nil {
		return unavailable(err)
	}
	db.guard = &guard{}
	if len(tables) > 0 {
		db.guard.tables = regexp.MustCompile(`(?i)\b(` + strings.Join(tables, "|") + `)\b`)
	}
	return nil
}

// tenantTables lists the tables with a shop_id column.
func (db *DB) tenantTables(ctx context.Context) ([]string, error) {
	return tenantTables(db.system.WithContext(ctx), db.Dialect)
}

func tenantTables(q *gorm.DB, dialect string) (names []string, err error) {
	query := `SELECT c.table_name FROM information_schema.columns c JOIN information_schema.tables t
		ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
		WHERE c.table_schema = current_schema() AND c.column_name = 'shop_id' ORDER BY 1`
	if dialect == "sqlite" {
		query = `SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'shop_id' ORDER BY 1`
	}
	err = q.Raw(query).Scan(&names).Error
	return names, err
}

// EraseShop deletes every row of the transaction's shop, in whatever table the
// schema says has a shop_id: a new table joins by itself. It returns how many.
func (tx *Tx) EraseShop() (rows int64, err error) {
	tables, err := tenantTables(tx.DB, tx.db.Dialect)
	if err != nil {
		return 0, err
	}
	for _, table := range tables {
		gone := tx.Exec(`DELETE FROM "`+table+`" WHERE shop_id = ?`, tx.Shop)
		if gone.Error != nil {
			return rows, fmt.Errorf("erase %s: %w", table, gone.Error)
		}
		rows += gone.RowsAffected
	}
	return rows, nil
}

// EraseOrphans deletes, from a system transaction, the rows of shops that the
// given table no longer knows: what a process wrote while the shop was erased.
func (tx *Tx) EraseOrphans(owners string) (rows int64, err error) {
	tables, err := tenantTables(tx.DB, tx.db.Dialect)
	if err != nil {
		return 0, err
	}
	for _, table := range tables {
		if table == owners {
			continue
		}
		gone := tx.Exec(`DELETE FROM "` + table + `" WHERE shop_id <> 0 AND shop_id NOT IN (SELECT shop_id FROM "` + owners + `")`)
		if gone.Error != nil {
			return rows, fmt.Errorf("erase orphans of %s: %w", table, gone.Error)
		}
		rows += gone.RowsAffected
	}
	return rows, nil
}

func (g *guard) check(shop ids.Shop, statement string, args []any) error {
	if shop == 0 || g.tables == nil || !g.touches(statement) {
		return nil
	}
	if strings.Contains(statement, "shop_id") {
		for _, a := range args {
			if s, ok := a.(ids.Shop); ok && s == shop {
				return nil
			}
			if n, ok := a.(int64); ok && n == int64(shop) {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: %s", ErrUnscoped, statement)
}

func (g *guard) touches(statement string) bool {
	if v, ok := g.verdict.Load(statement); ok {
		return v.(bool)
	}
	v := g.tables.MatchString(statement)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.kept < maxVerdicts {
		g.kept++
		g.verdict.Store(statement, v)
	}
	return v
}

// guardedTx is a transaction that asks the guard before each statement.
type guardedTx struct {
	transaction
	guard *guard
	shop  ids.Shop
	seen  *seen // what is read, when somebody asked to note it
}

func (t *guardedTx) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	if err := t.guard.check(t.shop, q, args); err != nil {
		return nil, err
	}
	t.seen.give()
	return t.transaction.ExecContext(ctx, q, args...)
}

func (t *guardedTx) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if err := t.guard.check(t.shop, q, args); err != nil {
		return nil, err
	}
	t.seen.note(q, args)
	return t.transaction.QueryContext(ctx, q, args...)
}

// QueryRowContext cannot return an error, so a statement the guard refuses runs
// as one that fails with the guard's name in it.
func (t *guardedTx) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	if err := t.guard.check(t.shop, q, args); err != nil {
		return t.transaction.QueryRowContext(ctx, "SELECT refused_by_tenancy_guard")
	}
	t.seen.note(q, args)
	return t.transaction.QueryRowContext(ctx, q, args...)
}

func (t *guardedTx) PrepareContext(ctx context.Context, q string) (*sql.Stmt, error) {
	return nil, fmt.Errorf("prepare %q: prepared statements would pass the tenancy guard", q)
}
