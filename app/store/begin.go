package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"

	"afterglow/app/ids"
)

// transaction is one on either database.
type transaction interface {
	ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
	Commit() error
	Rollback() error
}

// begin begins a transaction. One that only reads sees a single state of the data
// from its first statement to its last.
func (db *DB) begin(ctx context.Context, pool *gorm.DB, shop ids.Shop, readOnly bool) (transaction, error) {
	from, ok := pool.ConnPool.(*sql.DB)
	if !ok {
		return nil, fmt.Errorf("%T cannot begin a transaction", pool.ConnPool)
	}
	if db.Dialect != "postgres" {
		return from.BeginTx(ctx, nil)
	}
	return beginPostgres(ctx, from, shop, readOnly)
}

// postgresTx is a transaction on a connection of its own. database/sql would begin
// it with one round trip and name the shop with another.
type postgresTx struct {
	*sql.Conn
	ctx  context.Context
	over bool
}

func beginPostgres(ctx context.Context, pool *sql.DB, shop ids.Shop, readOnly bool) (transaction, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	begin := "BEGIN"
	if readOnly {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	if shop != 0 {
		begin += "; SELECT set_config('" + shopSetting + "', '" + shop.String() + "', true)" // a number
	}
	tx := &postgresTx{Conn: conn, ctx: ctx}
	if _, err := tx.say(ctx, begin); err != nil {
		tx.Rollback()
		return nil, err
	}
	return tx, nil
}

// say sends statements without arguments, which go together.
func (t *postgresTx) say(ctx context.Context, statements string) (answer string, err error) {
	err = onPostgres(t.Conn, func(c *pgx.Conn) error {
		tag, err := c.Exec(ctx, statements)
		answer = tag.String()
		return err
	})
	return answer, err
}

// onPostgres runs f on the driver's own connection.
func onPostgres(conn *sql.Conn, f func(*pgx.Conn) error) error {
	return conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("%T is no connection to PostgreSQL", driver)
		}
		return f(c.Conn())
	})
}

// Commit ends the transaction. PostgreSQL answers COMMIT with ROLLBACK when a
// statement had failed and the caller went on.
func (t *postgresTx) Commit() error {
	if t.over {
		return sql.ErrTxDone
	}
	t.over = true
	answer, err := t.say(t.ctx, "COMMIT")
	if err != nil {
		t.undo() // it may not have been sent, and its locks would stay with an idle connection
	}
	if err == nil && answer != "COMMIT" {
		err = pgx.ErrTxCommitRollback
	}
	return errors.Join(err, t.Conn.Close())
}

// rollbackWithin bounds the wait for a database that is away; the connection is
// thrown away then, and the transaction with it.
const rollbackWithin = 5 * time.Second

// Rollback undoes the transaction, also when its own time is up. After Commit it
// does nothing.
func (t *postgresTx) Rollback() error {
	if t.over {
		return sql.ErrTxDone
	}
	t.over = true
	return errors.Join(t.undo(), t.Conn.Close())
}

func (t *postgresTx) undo() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), rollbackWithin)
	defer cancel()
	_, err := t.say(ctx, "ROLLBACK")
	return err
}
