package queue

import (
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/store"
)

// Row is a job as the table keeps it.
type Row struct {
	ID        string `gorm:"primaryKey"`
	ShopID    ids.Shop
	Kind      string
	Ref       string
	Once      *string
	State     State
	Epoch     int
	Attempts  int
	Reason    string
	RunAt     time.Time
	LeaseAt   *time.Time
	CreatedAt time.Time
	StartedAt *time.Time
	DoneAt    *time.Time
	Lane      Lane
}

// TableName names the table.
func (Row) TableName() string { return "queue_jobs" }

// Enqueue writes a job in the caller's transaction. With Once set, a second
// request of the same kind and key is silently the first one.
func Enqueue(tx *store.Tx, r Request) error {
	row := row(tx, tx.Shop, r)
	insert := tx.DB
	if r.Once != "" {
		insert = insert.Clauses(clause.OnConflict{DoNothing: true})
	}
	if err := insert.Create(&row).Error; err != nil {
		return fmt.Errorf("enqueue %s %s: %w", r.Kind, r.Ref, err)
	}
	if q, ok := tx.Attached().(*Queue); ok && !row.RunAt.After(tx.Now) {
		tx.AfterCommit(q.Wake)
	}
	return nil
}

func row(tx *store.Tx, shop ids.Shop, r Request) Row {
	row := Row{ID: ids.New("job"), ShopID: shop, Kind: r.Kind, Ref: r.Ref, State: StateReady, RunAt: clock.Instant(r.RunAt), CreatedAt: tx.Now, Lane: LaneStore}
	if q, ok := tx.Attached().(*Queue); ok {
		row.Lane = q.lane(r.Kind)
	}
	if r.RunAt.IsZero() {
		row.RunAt = tx.Now
	}
	if r.Once != "" {
		row.Once = &r.Once
	}
	return row
}

// Publish tells every room that hears the fact about the thing ref names.
func Publish(tx *store.Tx, fact, ref string) error {
	q, ok := tx.Attached().(*Queue)
	if !ok {
		return fmt.Errorf("publish %s: no queue on this database", fact)
	}
	for _, kind := range q.hears[fact] {
		if err := Enqueue(tx, Request{Kind: kind, Ref: ref}); err != nil {
			return err
		}
	}
	return nil
}

// Stop takes back jobs of the kind that have not begun. It returns how many.
func Stop(tx *store.Tx, kind, ref, reason string) (int64, error) {
	q := tx.Scoped(&Row{}).Where("kind = ? AND state IN ('ready', 'queued', 'parked')", kind)
	if ref != "" {
		q = q.Where("ref = ?", ref)
	}
	q = q.Updates(map[string]any{"state": StateStopped, "reason": reason, "done_at": tx.Now})
	return q.RowsAffected, q.Error
}

// Retry makes parked jobs ready again: one by ref, or all of the kind when ref
// is empty. It returns how many.
func Retry(tx *store.Tx, kind, ref string) (int64, error) {
	u := tx.Scoped(&Row{}).Where("kind = ? AND state = 'parked'", kind)
	if ref != "" {
		u = u.Where("ref = ?", ref)
	}
	u = u.Updates(map[string]any{"state": StateReady, "attempts": 0, "run_at": tx.Now, "done_at": nil, "epoch": expr("epoch + 1")})
	if q, ok := tx.Attached().(*Queue); ok {
		tx.AfterCommit(q.Wake)
	}
	return u.RowsAffected, u.Error
}

// Hasten makes jobs that wait for a later time due now: one by ref, or all of the
// kind when ref is empty. It returns how many.
func Hasten(tx *store.Tx, kind, ref string) (int64, error) {
	u := tx.Scoped(&Row{}).Where("kind = ? AND state = 'ready' AND run_at > ?", kind, tx.Now)
	if ref != "" {
		u = u.Where("ref = ?", ref)
	}
	u = u.Updates(map[string]any{"run_at": tx.Now})
	if q, ok := tx.Attached().(*Queue); ok {
		tx.AfterCommit(q.Wake)
	}
	return u.RowsAffected, u.Error
}

// About lists the shop's jobs about a thing, oldest first.
func About(tx *store.Tx, refs ...string) (rows []Row, err error) {
	err = tx.Scoped(&Row{}).Where("ref IN ?", refs).Order("id").Limit(500).Find(&rows).Error
	return rows, err
}

// Parked lists the shop's parked jobs of a kind, newest first, from before the
// given job id on.
func Parked(tx *store.Tx, kind, before string, limit int) (rows []Row, err error) {
	q := tx.Scoped(&Row{}).Where("kind = ? AND state = 'parked'", kind) // spelled out, for the sake of the partial index
	if before != "" {
		q = q.Where("id < ?", before)
	}
	err = q.Order("id DESC").Limit(limit).Find(&rows).Error
	return rows, err
}

// open selects what is not finished, in the words of the index that knows only that.
const open = `state IN ('ready', 'queued', 'running', 'parked')`

// Depth counts the shop's jobs that wait, run and are parked.
type Depth struct{ Waiting, Running, Parked int64 }

// DepthOf counts the shop's unfinished jobs, of one kind or, when it is empty, of all.
func DepthOf(tx *store.Tx, kind string) (d Depth, err error) {
	var counts []struct {
		State State
		N     int64
	}
	q := tx.Scoped(&Row{}).Select("state, count(*) AS n").Where(open)
	if kind != "" {
		q = q.Where("kind = ?", kind)
	}
	if err = q.Group("state").Scan(&counts).Error; err != nil {
		return d, err
	}
	for _, c := range counts {
		switch c.State {
		case StateRunning:
			d.Running += c.N
		case StateParked:
			d.Parked += c.N
		default:
			d.Waiting += c.N
		}
	}
	return d, nil
}

// finish marks a claimed job done if the epoch still holds it.
func finish(tx *store.Tx, id string, epoch int) error {
	return held(tx.Exec(`UPDATE queue_jobs SET state = 'done', done_at = ?, reason = '', lease_at = NULL
		WHERE shop_id = ? AND id = ? AND epoch = ? AND state = 'running'`, tx.Now, tx.Shop, id, epoch))
}

// finishNow marks a job done that nobody claimed, and returns it: the work follows
// in the same transaction.
func finishNow(tx *store.Tx, kind, id string, epoch int) (Job, error) {
	return taken(tx, kind, id, tx.Raw(`UPDATE queue_jobs SET state = 'done', done_at = ?, reason = '', lease_at = NULL, attempts = attempts + 1
		WHERE shop_id = ? AND id = ? AND epoch = ? AND state IN ('ready', 'queued') RETURNING ref, attempts`, tx.Now, tx.Shop, id, epoch))
}

// taken reads the one row that a statement returns; none is ErrStale.
func taken(tx *store.Tx, kind, id string, q *gorm.DB) (Job, error) {
	var rows []struct {
		Ref      string
		Attempts int
	}
	if err := q.Scan(&rows).Error; err != nil {
		return Job{}, err
	}
	if len(rows) == 0 {
		return Job{}, ErrStale
	}
	return Job{ID: id, Shop: tx.Shop, Kind: kind, Ref: rows[0].Ref, Attempt: rows[0].Attempts}, nil
}

func held(u *gorm.DB) error {
	if u.Error == nil && u.RowsAffected == 0 {
		return ErrStale
	}
	return u.Error
}

func stillHeld(tx *store.Tx, id string, epoch int) error {
	return held(tx.Exec(`UPDATE queue_jobs SET reason = '' WHERE shop_id = ? AND id = ? AND epoch = ? AND state = 'running'`, tx.Shop, id, epoch))
}

// claim takes a job into running until the lease ends.
func claim(tx *store.Tx, kind, id string, epoch int) (Job, error) {
	return taken(tx, kind, id, tx.Raw(`UPDATE queue_jobs SET state = 'running', attempts = attempts + 1, started_at = ?, lease_at = ?
		WHERE shop_id = ? AND id = ? AND epoch = ? AND state IN ('ready', 'queued') RETURNING ref, attempts`,
		tx.Now, tx.Now.Add(leaseTime), tx.Shop, id, epoch))
}

// prolong moves the end of a claim's lease.
func prolong(tx *store.Tx, id string, epoch int) error {
	return held(tx.Exec(`UPDATE queue_jobs SET lease_at = ? WHERE shop_id = ? AND id = ? AND epoch = ? AND state = 'running'`,
		tx.Now.Add(leaseTime), tx.Shop, id, epoch))
}

// setBack records an attempt that did not end its job.
func setBack(tx *store.Tx, id string, epoch int, next follow, reason string) error {
	var parkedAt *time.Time
	if next.state == StateParked {
		parkedAt = &tx.Now
	}
	return tx.Exec(`UPDATE queue_jobs SET state = ?, reason = ?, run_at = ?, epoch = epoch + 1, attempts = ?, lease_at = NULL, done_at = ?
		WHERE shop_id = ? AND id = ? AND epoch = ? AND state IN ('ready', 'queued', 'running')`,
		next.state, reason, clock.Instant(next.at), next.attempts, parkedAt, tx.Shop, id, epoch).Error
}
