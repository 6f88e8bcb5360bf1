package queue

import (
	"fmt"
	"time"

	"gorm.io/gorm/clause"

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
}

// TableName names the table.
func (Row) TableName() string { return "queue_jobs" }

// Enqueue writes a job in the caller's transaction. With Once set, a second
// request of the same kind and key is silently the first one.
func Enqueue(tx *store.Tx, r Request) error {
	row := Row{ID: ids.New("job"), ShopID: tx.Shop, Kind: r.Kind, Ref: r.Ref, State: StateReady, RunAt: r.RunAt, CreatedAt: tx.Now}
	if r.RunAt.IsZero() {
		row.RunAt = tx.Now
	}
	insert := tx.DB
	if r.Once != "" {
		row.Once = &r.Once
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
	q := tx.Scoped(&Row{}).Where("kind = ? AND state IN ?", kind, []State{StateReady, StateQueued, StateParked})
	if ref != "" {
		q = q.Where("ref = ?", ref)
	}
	q = q.Updates(map[string]any{"state": StateStopped, "reason": reason, "done_at": tx.Now})
	return q.RowsAffected, q.Error
}

// Retry makes parked jobs ready again: one by ref, or all of the kind when ref
// is empty. It returns how many.
func Retry(tx *store.Tx, kind, ref string) (int64, error) {
	u := tx.Scoped(&Row{}).Where("kind = ? AND state = ?", kind, StateParked)
	if ref != "" {
		u = u.Where("ref = ?", ref)
	}
	u = u.Updates(map[string]any{"state": StateReady, "attempts": 0, "run_at": tx.Now, "done_at": nil, "epoch": expr("epoch + 1")})
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
	q := tx.Scoped(&Row{}).Where("kind = ? AND state = ?", kind, StateParked)
	if before != "" {
		q = q.Where("id < ?", before)
	}
	err = q.Order("id DESC").Limit(limit).Find(&rows).Error
	return rows, err
}

// Depth counts the shop's jobs that wait, run and are parked.
type Depth struct{ Waiting, Running, Parked int64 }

// DepthOf counts the shop's unfinished jobs, of one kind or, when it is empty, of all.
func DepthOf(tx *store.Tx, kind string) (d Depth, err error) {
	var counts []struct {
		State State
		N     int64
	}
	q := tx.Scoped(&Row{}).Select("state, count(*) AS n").Where("state IN ?", []State{StateReady, StateQueued, StateRunning, StateParked})
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

// finish marks a job done if the epoch still holds it.
func finish(tx *store.Tx, id string, epoch int, from ...State) error {
	u := tx.Exec(`UPDATE queue_jobs SET state = 'done', done_at = ?, reason = '', lease_at = NULL,
		attempts = attempts + CASE WHEN state = 'running' THEN 0 ELSE 1 END
		WHERE shop_id = ? AND id = ? AND epoch = ? AND state IN ?`, tx.Now, tx.Shop, id, epoch, from)
	if u.Error != nil {
		return u.Error
	}
	if u.RowsAffected == 0 {
		return ErrStale
	}
	return nil
}

func stillHeld(tx *store.Tx, id string, epoch int) error {
	u := tx.Exec(`UPDATE queue_jobs SET reason = '' WHERE shop_id = ? AND id = ? AND epoch = ? AND state = 'running'`, tx.Shop, id, epoch)
	if u.Error == nil && u.RowsAffected == 0 {
		return ErrStale
	}
	return u.Error
}

// claim takes a job into running until the lease ends.
func claim(tx *store.Tx, id string, epoch int, lease time.Duration) (Row, error) {
	var row Row
	u := tx.Exec(`UPDATE queue_jobs SET state = 'running', attempts = attempts + 1, started_at = ?, lease_at = ?
		WHERE shop_id = ? AND id = ? AND epoch = ? AND state IN ('ready', 'queued')`, tx.Now, tx.Now.Add(lease), tx.Shop, id, epoch)
	if u.Error != nil {
		return row, u.Error
	}
	if u.RowsAffected == 0 {
		return row, ErrStale
	}
	return row, store.One(tx.Scoped(&row).Where("id = ?", id).Take(&row))
}

// setBack records a failed attempt: ready again at runAt, or parked.
func setBack(tx *store.Tx, id string, epoch int, state State, reason string, runAt time.Time, countAttempt bool) error {
	add := 0
	if countAttempt {
		add = 1
	}
	var parkedAt *time.Time
	if state == StateParked {
		parkedAt = &tx.Now
	}
	return tx.Exec(`UPDATE queue_jobs SET state = ?, reason = ?, run_at = ?, epoch = epoch + 1, attempts = attempts + ?, lease_at = NULL, done_at = ?
		WHERE shop_id = ? AND id = ? AND epoch = ? AND state IN ('ready', 'queued', 'running')`,
		state, reason, runAt, add, parkedAt, tx.Shop, id, epoch).Error
}
