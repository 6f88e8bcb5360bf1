package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"afterglow/app/ids"
)

// Witness knows which rows a transaction has read, each in which version, and can
// tell later whether reading again would give the same. PostgreSQL writes a row
// anew for every change, so the place of a row and the transaction that wrote it
// there (ctid and xmin) stand for its content: no column has to be kept for it, and
// none can be forgotten.
type Witness struct {
	shop      ids.Shop
	statement string // gives the versions of all rows read, as one text
	args      []any
	versions  string
	right     atomic.Pointer[string] // which transactions had ended when it was last found right
}

// seen notes the questions that a transaction asks.
type seen struct {
	asked  []question
	opaque bool // something was asked whose rows cannot be named
}

type question struct {
	from string // "orders" WHERE …, with its order and limit
	args []any
}

// plain is a question to one table. Its rows are those of the same question for
// their versions.
var (
	plain       = regexp.MustCompile(`(?is)\ASELECT .*? FROM ("?[a-z_]+"? WHERE .*)\z`)
	notPlain    = regexp.MustCompile(`(?i)\b(SELECT|JOIN|UNION|GROUP|DISTINCT|HAVING)\b`)
	placeholder = regexp.MustCompile(`\$(\d+)`)
	list        = regexp.MustCompile(`(NOT )?IN \(\$\d+(,\$\d+)*\)`)
)

func (s *seen) note(q string, args []any) {
	if s == nil || s.opaque {
		return
	}
	m := plain.FindStringSubmatch(q)
	if m == nil || notPlain.MatchString(q[len("SELECT"):]) {
		s.opaque = true
		return
	}
	asked := question{m[1], make([]any, len(args))}
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a) // a pointer's target may change
		if err != nil {
			s.opaque = true
			return
		}
		asked.args[i] = v
	}
	s.asked = append(s.asked, asked)
}

// give says that no witness is possible.
func (s *seen) give() {
	if s != nil {
		s.opaque = true
	}
}

// Watch begins to note what the transaction reads. It does nothing on SQLite, whose
// rows do not tell their version, and where a question costs no round trip.
func (tx *Tx) Watch() {
	if tx.Postgres() && tx.once != nil {
		tx.inner.seen = &seen{}
	}
}

// Unwatched reads what may be older than the rest, such as statistics that are kept
// for a minute: the witness does not know of it. What was read once before, or is
// read once in it, is read anew, so that nothing passes the witness by way of it.
func Unwatched[T any](tx *Tx, read func() (T, error)) (T, error) {
	seen, once := tx.inner.seen, tx.once
	defer func() { tx.inner.seen, tx.once = seen, once }()
	tx.inner.seen = nil
	if once != nil {
		tx.once = map[any]any{}
	}
	return read()
}

// ErrWitness says that what was read could not be asked for again. The transaction
// is lost; what it was for can be done in another that does not watch.
var ErrWitness = errors.New("what was read cannot be asked for again")

// Witness tells what was read since Watch. It is nil when that cannot be told for
// all of it: after a statement that asks more than one table. It returns ErrWitness
// if the database does not understand the questions.
func (tx *Tx) Witness() (*Witness, error) {
	s := tx.inner.seen
	tx.inner.seen = nil
	inner, ok := tx.inner.transaction.(*postgresTx)
	if s == nil || s.opaque || len(s.asked) == 0 || !ok {
		return nil, nil
	}
	w := s.witness()
	w.shop = tx.Shop
	if err := tx.inner.guard.check(tx.Shop, w.statement, w.args); err != nil {
		return nil, errors.Join(ErrWitness, err)
	}
	var err error
	if w.versions, err = w.ask(tx.ctx, inner.Conn); err != nil {
		return nil, errors.Join(ErrWitness, err)
	}
	return w, nil
}

// witness asks all the questions in one statement.
func (s *seen) witness() *Witness {
	w := &Witness{}
	var parts []string
	known := map[string]bool{}
	for _, q := range s.asked {
		same := fmt.Sprintf("%s %#v", q.from, q.args)
		if known[same] {
			continue
		}
		known[same] = true
		parts = append(parts, "(SELECT "+strconv.Itoa(len(parts))+"::int2, xmin, ctid FROM "+w.take(q)+")")
	}
	w.statement = strings.Join(parts, " UNION ALL ")
	return w
}

// take adds a question's arguments and returns it with their new numbers. A list of
// ids becomes one argument, so that the statement reads the same for any length and
// is planned once.
func (w *Witness) take(q question) string {
	from := q.from
	if !strings.Contains(from, " LIMIT ") {
		from, _, _ = strings.Cut(from, " ORDER BY ") // all rows are all rows
	}
	from = list.ReplaceAllStringFunc(from, func(in string) string {
		var ids []int64
		for _, p := range placeholder.FindAllStringSubmatch(in, -1) {
			id, ok := q.arg(p[1]).(int64)
			if !ok {
				return in
			}
			ids = append(ids, id)
		}
		slices.Sort(ids)
		w.args = append(w.args, slices.Compact(ids))
		compare := "= ANY"
		if strings.HasPrefix(in, "NOT") {
			compare = "<> ALL"
		}
		return compare + " (" + renumbered(len(w.args)) + "::bigint[])"
	})
	from = placeholder.ReplaceAllStringFunc(from, func(p string) string {
		w.args = append(w.args, q.arg(p[1:]))
		return renumbered(len(w.args))
	})
	return strings.ReplaceAll(from, hidden, "$")
}

// hidden stands for the $ of a placeholder that has its new number already.
const hidden = "\x00"

func renumbered(n int) string { return hidden + strconv.Itoa(n) }

func (q question) arg(number string) any {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(q.args) {
		return nil
	}
	return q.args[n-1]
}

// ask reads the versions.
func (w *Witness) ask(ctx context.Context, conn *sql.Conn) (versions string, err error) {
	together := &pgx.Batch{}
	w.queue(together, &versions)
	err = onPostgres(conn, func(c *pgx.Conn) error { return c.SendBatch(ctx, together).Close() })
	return versions, err
}

// queue asks for the versions together with others. Outside of a transaction what
// is sent together is one. The plan is made once for all arguments: they are keys,
// and planning costs more than reading.
func (w *Witness) queue(together *pgx.Batch, versions *string) {
	together.Queue("SELECT set_config('"+shopSetting+"', $1, true), set_config('plan_cache_mode', 'force_generic_plan', true)", w.shop.String())
	together.Queue(w.statement, w.args...).Query(func(rows pgx.Rows) error {
		var all []byte
		for rows.Next() {
			for _, value := range rows.RawValues() {
				all = append(all, value...)
			}
		}
		*versions = string(all)
		return rows.Err()
	})
}
