package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"afterglow/app/ids"
)

// Witnesses are asked together. Who comes while the database is being asked waits
// for the next time, with all others that have come meanwhile, so that no answer is
// older than its question. Many who ask for one page cost the database as much as
// one, and those who ask for several share the way there.
type checks struct {
	mu      sync.Mutex
	waiting []*check // in the order they came; none of them has begun
	asking  int
}

type check struct {
	witness *Witness
	same    bool
	err     error
	done    chan struct{}
}

const (
	checksAtOnce   = 32 // witnesses that are asked on one connection, one after the other
	checkersAtOnce = 2  // so that one slow answer does not hold up everybody
	checkWithin    = 5 * time.Second
)

// Unchanged tells whether all rows that the witness saw are still the same, and no
// others have joined them.
func (db *DB) Unchanged(ctx context.Context, shop ids.Shop, w *Witness) (bool, error) {
	if shop == 0 || shop != w.shop {
		return false, fmt.Errorf("%w: %s", ErrUnscoped, w.statement)
	}
	c, begin := db.checks.join(w)
	if begin {
		go db.askWaiting()
	}
	select {
	case <-c.done:
		return c.same, unavailable(c.err)
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// join returns a check that has not begun yet, and whether somebody has to begin
// with those that wait.
func (s *checks) join(w *Witness) (c *check, begin bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.waiting, func(c *check) bool { return c.witness == w })
	if i < 0 {
		i = len(s.waiting)
		s.waiting = append(s.waiting, &check{witness: w, done: make(chan struct{})})
	}
	if begin = s.asking < checkersAtOnce; begin {
		s.asking++
	}
	return s.waiting[i], begin
}

// take begins with those that have waited longest; when nobody waits, the caller
// is done.
func (s *checks) take() []*check {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.asking--
		return nil
	}
	n := min(checksAtOnce, len(s.waiting))
	begun := slices.Clone(s.waiting[:n])
	s.waiting = slices.Delete(s.waiting, 0, n)
	return begun
}

func (db *DB) askWaiting() {
	for begun := db.checks.take(); begun != nil; begun = db.checks.take() {
		err := db.ask(begun)
		for _, c := range begun {
			c.end(false, err)
		}
	}
}

// end tells those who wait, once.
func (c *check) end(same bool, err error) {
	select {
	case <-c.done:
	default:
		c.same, c.err = same, err
		close(c.done)
	}
}

func (db *DB) ask(begun []*check) error {
	ctx, cancel := context.WithTimeout(context.Background(), checkWithin)
	defer cancel()
	pool, ok := db.read.ConnPool.(*sql.DB)
	if !ok {
		return fmt.Errorf("%T lends no connection", db.read.ConnPool)
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return onPostgres(conn, func(c *pgx.Conn) error { return compare(ctx, c, begun) })
}

// compare asks first which transactions have ended. Where none has since a witness
// was found right, nothing anywhere has changed; only the others are asked for
// their rows.
func compare(ctx context.Context, conn *pgx.Conn, begun []*check) error {
	var ended string
	if err := conn.QueryRow(ctx, "SELECT pg_current_snapshot()::text").Scan(&ended); err != nil {
		return err
	}
	together, versions, asked := &pgx.Batch{}, make([]string, len(begun)), false
	for i, c := range begun {
		if right := c.witness.right.Load(); right != nil && *right == ended {
			c.end(true, nil)
			continue
		}
		c.witness.queue(together, &versions[i])
		asked = true
	}
	if !asked {
		return nil
	}
	if err := conn.SendBatch(ctx, together).Close(); err != nil {
		return err
	}
	for i, c := range begun {
		same := versions[i] == c.witness.versions
		if same {
			c.witness.right.Store(&ended) // what has ended since then may have changed something
		}
		c.end(same, nil)
	}
	return nil
}
