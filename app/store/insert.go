package store

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// Insertion is an INSERT of many rows into a table of the shop. The transaction
// sets shop_id itself, so that a row cannot belong to anybody else.
type Insertion struct {
	head, conflict string
	types          []string
}

// NewInsertion describes an insertion. Columns are names with the type that
// PostgreSQL gives them, "id bigint, name text", without shop_id; conflict is the
// ON CONFLICT clause.
func NewInsertion(table, columns, conflict string) Insertion {
	var names, types []string
	for column := range strings.SplitSeq(columns, ",") {
		name, kind, _ := strings.Cut(strings.TrimSpace(column), " ")
		names, types = append(names, name), append(types, kind)
	}
	return Insertion{"INSERT INTO " + table + " (shop_id, " + strings.Join(names, ", ") + ") ", " " + conflict, types}
}

// Insert writes rows, each without its shop_id, and returns how many were written.
// PostgreSQL gets one array a column: the text of the statement is the same for
// any number of rows, and is planned once.
func (tx *Tx) Insert(into Insertion, rows [][]any) (affected int64, err error) {
	if len(rows) == 0 {
		return 0, nil
	}
	if tx.Postgres() {
		args := make([]any, 1, 1+len(into.types))
		args[0] = tx.Shop
		arrays := make([]string, len(into.types))
		for i, kind := range into.types {
			arrays[i] = fmt.Sprintf("$%d::%s[]", i+2, kind)
			column := make([]any, len(rows))
			for j, row := range rows {
				column[j] = row[i]
			}
			args = append(args, column)
		}
		return tx.insert(into.head+"SELECT $1::bigint, added.* FROM unnest("+strings.Join(arrays, ", ")+") AS added"+into.conflict, args)
	}
	tuple := "(?" + strings.Repeat(", ?", len(into.types)) + ")"
	for chunk := range slices.Chunk(rows, 64) {
		args := make([]any, 0, len(chunk)*(1+len(into.types)))
		for _, row := range chunk {
			args = append(append(args, int64(tx.Shop)), row...)
		}
		n, err := tx.insert(into.head+"VALUES "+tuple+strings.Repeat(", "+tuple, len(chunk)-1)+into.conflict, args)
		if err != nil {
			return affected, err
		}
		affected += n
	}
	return affected, nil
}

func (tx *Tx) insert(statement string, args []any) (int64, error) {
	done, err := tx.Statement.ConnPool.ExecContext(tx.ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// Pick reads columns of the shop's rows with the given ids. PostgreSQL looks each
// one up in the primary key: of a list it would, before it has statistics, compare
// every row of the shop with every id.
func (tx *Tx) Pick(table, columns string, ids []int64) *gorm.DB {
	return tx.PickBy(table, "id", columns, ids)
}

// PickBy is Pick for a table whose primary key is another column behind shop_id.
func (tx *Tx) PickBy(table, key, columns string, ids []int64) *gorm.DB {
	if tx.Postgres() {
		return tx.Raw("SELECT found.* FROM unnest(?::bigint[]) AS wanted(id) CROSS JOIN LATERAL (SELECT "+columns+" FROM "+table+
			" WHERE shop_id = ? AND "+key+" = wanted.id OFFSET 0) AS found", array(ids), tx.Shop)
	}
	return tx.Raw("SELECT "+columns+" FROM "+table+" WHERE shop_id = ? AND "+key+" IN ?", tx.Shop, ids)
}

// array is a list of numbers that GORM does not spread out.
type array []int64

// Value writes the list as PostgreSQL writes an array.
func (a array) Value() (driver.Value, error) {
	text := []byte("{")
	for i, n := range a {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, n, 10)
	}
	return string(append(text, '}')), nil
}
