package orders

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// The import brings what a shop had before us: Shopify writes a file, we read it
// in batches, and each batch says where the next one begins. Whenever it stops,
// it goes on there.
//
//	          start              file is ready          end of file
//	planned ────────▶ running ────────────────▶ downloading ─────▶ done
//	   ▲                 │ Shopify failed            │ the file is gone
//	   └─────────────────┴───────────────────────────┘ (twice, then failed)
//
//	planned, running, downloading ──cancel──▶ cancelled
const (
	// TaskImport works on the shop's imports for some seconds.
	TaskImport = "orders.import_step"
	// TaskImportCancel tells Shopify that an export is not wanted any more.
	TaskImportCancel = "orders.import_cancel"

	importSlice    = 15 * time.Second // then another shop has its turn
	importWatch    = 10 * time.Second // waiting for Shopify in one go
	importPause    = 5 * time.Second  // between two looks at a long export
	importBusy     = 30 * time.Second // until Shopify has room for another export
	importTurn     = 2 * time.Second  // waiting for the turn in this process
	importRestarts = 2
	importAttempts = 8 // failures in a row before the import is given up
	importOverlap  = 10 * time.Minute
)

// ImportState says where an import is.
type ImportState string

// The states; see the drawing above.
const (
	ImportPlanned     ImportState = "planned"
	ImportRunning     ImportState = "running"
	ImportDownloading ImportState = "downloading"
	ImportDone        ImportState = "done"
	ImportFailed      ImportState = "failed"
	ImportCancelled   ImportState = "cancelled"
)

// importOrder is what is imported, the most wanted first.
var importOrder = []string{string(shopify.BulkOrders), string(shopify.BulkCustomers), string(shopify.BulkProducts)}

// Active tells whether the import is still worked on.
func (m *Import) Active() bool {
	return m.State == ImportPlanned || m.State == ImportRunning || m.State == ImportDownloading
}

// Pace is how many objects are read in a second, and how long the rest takes at
// that pace; zero when it cannot be told.
func (m *Import) Pace() (perSecond float64, left time.Duration) {
	if m.PaceAt == nil {
		return 0, 0
	}
	took := m.UpdatedAt.Sub(*m.PaceAt).Seconds()
	if took <= 0 || m.Done <= m.PaceDone {
		return 0, 0
	}
	perSecond = float64(m.Done-m.PaceDone) / took
	if m.State == ImportDownloading && m.Total > m.Done {
		left = time.Duration(float64(m.Total-m.Done) / perSecond * float64(time.Second))
	}
	return perSecond, left
}

// Exporter is one shop's bulk operations, as far as this room needs them.
type Exporter interface {
	RunBulk(ctx context.Context, query string) (*shopify.BulkOperation, error)
	FindBulk(ctx context.Context, query string, since time.Time) (*shopify.BulkOperation, error)
	Bulk(ctx context.Context, id string) (*shopify.BulkOperation, error)
	CancelBulk(ctx context.Context, id string) error
	OpenBulk(ctx context.Context, address string, offset int64) (io.ReadCloser, error)
}

// onInstalled imports what a new shop already has, or, after a reinstallation,
// what changed while we were away. It is history: nobody gets a mail for it.
func (s *Service) onInstalled(_ context.Context, tx *store.Tx, _ queue.Job) error {
	cursor, err := findCursor(tx)
	if err != nil {
		return err
	}
	for _, object := range importOrder {
		last, err := latestImport(tx, object)
		if err != nil {
			return err
		}
		var since *time.Time
		if last != nil && last.State == ImportDone {
			at := last.CreatedAt
			if object == string(shopify.BulkOrders) && cursor.Position != nil {
				at = *cursor.Position
			}
			at = at.Add(-importOverlap)
			since = &at
		}
		if _, err := s.planImport(tx, object, last, since); err != nil {
			return err
		}
	}
	return setPosition(tx, tx.Now) // from here on the reconciler sees to it
}

// planImport asks for an import. One that is under way goes on, and one that
// stopped in the middle of its file goes on from there.
func (s *Service) planImport(tx *store.Tx, object string, last *Import, since *time.Time) (*Import, error) {
	switch {
	case last != nil && last.Active():
	case last != nil && last.State != ImportDone && last.OperationID != "" && last.BytesDone > 0:
		_, err := moveImport(tx, last, map[string]any{"state": ImportDownloading, "reason": "", "restarts": 0, "ended_at": nil, "pace_at": tx.Now, "pace_done": last.Done})
		if err != nil {
			return nil, err
		}
	default:
		if last != nil && last.State != ImportDone {
			since = last.Since // what it was to bring has not come
		}
		last = &Import{Object: object, Since: since}
		if err := addImport(tx, last); err != nil {
			return nil, err
		}
	}
	// Two jobs at once do no harm: each batch belongs to whoever moves the import.
	return last, queue.Enqueue(tx, queue.Request{Kind: TaskImport})
}

// errMoved says that somebody else moved the import, or cancelled it.
var errMoved = errors.New("the import is in other hands")

// importStep works on the oldest import of the shop and leaves the rest to a job
// behind it.
func (s *Service) importStep(ctx context.Context, c *queue.Claim) error {
	turn := time.NewTimer(importTurn)
	defer turn.Stop()
	select { // one at a time in each process: imports have time, others have not
	case s.importing <- struct{}{}:
		defer func() { <-s.importing }()
	case <-ctx.Done():
		return ctx.Err()
	case <-turn.C:
		return queue.Later(s.db.Clock().Now().Add(importTurn), errors.New("another shop's import has its turn"))
	}
	var m *Import
	if err := s.db.Read(ctx, c.Job.Shop, func(tx *store.Tx) (err error) { m, err = nextImport(tx); return err }); err != nil || m == nil {
		if err != nil {
			return err
		}
		return c.Finish(ctx, nil)
	}
	run := &importRun{s: s, c: c, m: m, api: s.exports(c.Job.Shop), ends: time.Now().Add(importSlice), logged: time.Now()}
	pause, err := run.step(shopify.Background(ctx))
	switch {
	case err == nil:
	case errors.Is(err, errMoved):
		return s.finishMoved(ctx, c, m.ID)
	case errors.Is(err, queue.ErrStale) || ctx.Err() != nil:
		return err
	case errors.Is(err, shopify.ErrThrottled), errors.Is(err, shopify.ErrBulkBusy):
		wait, ok := shopify.RetryAfter(err)
		if !ok {
			wait = importBusy
		}
		return queue.Later(s.db.Clock().Now().Add(wait), err)
	case problem.Retryable(err) && c.Job.Attempt < importAttempts && run.read == 0:
		return err
	case problem.Retryable(err) && run.read > 0: // the next one begins with a clean record
		s.log.WarnContext(ctx, "import broke off and goes on", "shop", c.Job.Shop, "import", m.ID, "error", err)
	default:
		s.log.WarnContext(ctx, "import failed", "shop", c.Job.Shop, "import", m.ID, "error", err)
		return c.Finish(ctx, func(tx *store.Tx) error { return run.fail(tx, err) })
	}
	return c.Finish(ctx, func(tx *store.Tx) error { return s.importOn(tx, pause) })
}

// importOn asks for the next step while there is something to import.
func (s *Service) importOn(tx *store.Tx, pause time.Duration) error {
	next, err := nextImport(tx)
	if err != nil {
		return err
	}
	if next == nil {
		return importEnded(tx)
	}
	r := queue.Request{Kind: TaskImport}
	if pause > 0 {
		r.RunAt = tx.Now.Add(pause)
	}
	return queue.Enqueue(tx, r)
}

// importEnded ticks the setup's step off once everything has been brought.
func importEnded(tx *store.Tx) error {
	list, err := Imports(tx)
	if err != nil || len(list) < len(importOrder) || slices.ContainsFunc(list, func(m Import) bool { return m.State != ImportDone }) {
		return err
	}
	return shops.FinishStep(tx, shops.StepImport)
}

// reviveImport brings an import back whose job got lost, say because it was parked.
func reviveImport(tx *store.Tx) error {
	next, err := nextImport(tx)
	if err != nil || next == nil {
		return err
	}
	jobs, err := queue.DepthOf(tx, TaskImport)
	if err != nil || jobs.Waiting+jobs.Running > 0 {
		return err
	}
	return queue.Enqueue(tx, queue.Request{Kind: TaskImport})
}

// finishMoved ends a job whose import somebody else moved: the mover goes on,
// unless it was cancelled.
func (s *Service) finishMoved(ctx context.Context, c *queue.Claim, id string) error {
	return c.Finish(ctx, func(tx *store.Tx) error {
		now, err := findImport(tx, id)
		if err != nil || now.Active() {
			return err
		}
		return s.importOn(tx, 0)
	})
}

// cancelImport stops an import. What it brought stays.
func (s *Service) cancelImport(tx *store.Tx, id string) (Import, error) {
	m, err := findImport(tx, id)
	if err != nil || !m.Active() {
		return m, err
	}
	moved, err := moveImport(tx, &m, map[string]any{"state": ImportCancelled, "ended_at": tx.Now, "reason": ""})
	if err != nil {
		return m, err
	}
	if !moved { // it took a step in the meantime
		return s.cancelImport(tx, id)
	}
	if m.OperationID != "" && m.State == ImportRunning {
		if err := queue.Enqueue(tx, queue.Request{Kind: TaskImportCancel, Ref: m.OperationID}); err != nil {
			return m, err
		}
	}
	return findImport(tx, id)
}

func (s *Service) cancelExport(ctx context.Context, c *queue.Claim) error {
	if err := s.exports(c.Job.Shop).CancelBulk(ctx, c.Job.Ref); err != nil {
		return err
	}
	return c.Finish(ctx, nil)
}

// importRun is one step of one import.
type importRun struct {
	s      *Service
	c      *queue.Claim
	m      *Import
	api    Exporter
	ends   time.Time
	logged time.Time
	read   int64 // objects, in this step
}

// step does as much as fits into a slice and returns how long to pause.
func (r *importRun) step(ctx context.Context) (pause time.Duration, err error) {
	if r.m.State == ImportPlanned {
		if err := r.start(ctx); err != nil {
			return 0, err
		}
	}
	op, err := r.watch(ctx)
	switch {
	case errors.Is(err, shopify.ErrBulkMissing):
		return r.restart(ctx, "Shopify no longer knows the export.")
	case err != nil:
		return 0, err
	case op.Running():
		return importPause, r.move(ctx, map[string]any{"total": int64(op.Roots)})
	case op.Status == shopify.BulkFailed && op.ErrorCode == "ACCESS_DENIED":
		return 0, shopify.ErrAccessDenied
	case op.Status == shopify.BulkCanceled:
		return 0, r.move(ctx, map[string]any{"state": ImportCancelled, "ended_at": r.s.db.Clock().Now(), "reason": "Shopify cancelled the export."})
	case op.Status != shopify.BulkCompleted:
		return r.restart(ctx, fmt.Sprintf("Shopify could not finish the export (%s %s).", op.Status, op.ErrorCode))
	}
	if r.m.State == ImportRunning {
		now := r.s.db.Clock().Now()
		if err := r.move(ctx, map[string]any{"state": ImportDownloading, "total": int64(op.Roots), "bytes_total": int64(op.Size), "started_at": now, "pace_at": now, "pace_done": 0}); err != nil {
			return 0, err
		}
		queue.CrashPoint("import.downloading")
	}
	if op.URL == "" { // nothing to bring
		return 0, r.end(ctx)
	}
	err = r.download(ctx, op.URL)
	if errors.Is(err, shopify.ErrBulkGone) {
		return r.restart(ctx, "Shopify no longer keeps the export's file.")
	}
	return 0, err
}

// start asks Shopify for the export. That it is asked is on record before, so
// that an answer that was lost is looked for and not asked for twice.
func (r *importRun) start(ctx context.Context) error {
	query := shopify.BulkQuery(shopify.BulkKind(r.m.Object), r.m.Since)
	var op *shopify.BulkOperation
	var err error
	if r.m.AskedAt != nil {
		if op, err = r.api.FindBulk(ctx, query, *r.m.AskedAt); err != nil {
			return err
		}
	} else if err := r.move(ctx, map[string]any{"asked_at": r.s.db.Clock().Now()}); err != nil {
		return err
	}
	queue.CrashPoint("import.before_start")
	if op == nil {
		if op, err = r.api.RunBulk(ctx, query); err != nil {
			return err
		}
	}
	queue.CrashPoint("import.after_start")
	at := instantOf(op.CreatedAt)
	if at.IsZero() || at.After(*r.m.AskedAt) {
		at = *r.m.AskedAt
	}
	return r.move(ctx, map[string]any{"state": ImportRunning, "operation_id": op.ID, "snapshot_at": at})
}

// watch asks until Shopify is through, for some seconds.
func (r *importRun) watch(ctx context.Context) (*shopify.BulkOperation, error) {
	for began, nap := time.Now(), 50*time.Millisecond; ; nap = min(2*nap, 2*time.Second) {
		op, err := r.api.Bulk(ctx, r.m.OperationID)
		if err != nil || !op.Running() || time.Since(began) > importWatch {
			return op, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(nap):
		}
	}
}

// restart begins again with a new export, a few times.
func (r *importRun) restart(ctx context.Context, why string) (time.Duration, error) {
	if r.m.Restarts >= importRestarts {
		return 0, problem.New(problem.Invalid, "orders.import_failed", why)
	}
	return importBusy, r.move(ctx, map[string]any{"state": ImportPlanned, "operation_id": "", "asked_at": nil, "restarts": r.m.Restarts + 1,
		"done": 0, "bytes_done": 0, "bytes_total": 0, "reason": why})
}

func (r *importRun) end(ctx context.Context) error {
	err := r.move(ctx, map[string]any{"state": ImportDone, "ended_at": r.s.db.Clock().Now(), "total": r.m.Done, "reason": ""})
	if err == nil {
		r.tell(ctx, "import done")
	}
	return err
}

// fail ends the import with a reason that a merchant may read.
func (r *importRun) fail(tx *store.Tx, cause error) error {
	if _, err := moveImport(tx, r.m, map[string]any{"state": ImportFailed, "ended_at": tx.Now, "reason": failure(cause)}); err != nil {
		return err
	}
	return r.s.importOn(tx, 0)
}

func failure(cause error) string {
	if p := problem.Of(cause); p.Kind != problem.Internal {
		return p.Detail
	}
	return "Something went wrong on our side. Please try again."
}

// move changes the import while it, and the job, are ours.
func (r *importRun) move(ctx context.Context, changes map[string]any) error {
	var now Import
	err := r.c.Hold(ctx, func(tx *store.Tx) error {
		moved, err := moveImport(tx, r.m, changes)
		if err != nil {
			return err
		}
		if !moved {
			return errMoved
		}
		now, err = findImport(tx, r.m.ID)
		return err
	})
	if err == nil {
		r.m = &now
	}
	return err
}

// tell logs how far it is.
func (r *importRun) tell(ctx context.Context, what string) {
	perSecond, left := r.m.Pace()
	r.s.log.InfoContext(ctx, what, "shop", r.c.Job.Shop, "import", r.m.ID, "what", r.m.Object, "done", r.m.Done, "total", r.m.Total,
		"per_second", int64(perSecond), "left", left.Round(time.Second), "parked", r.m.Parked)
	r.logged = time.Now()
}

// installedAt is from when on orders are news.
func (s *Service) installedAt(tx *store.Tx) (time.Time, error) {
	shop, err := s.shops.Get(tx)
	if err != nil {
		return time.Time{}, err
	}
	if !shop.Installed {
		return time.Time{}, shops.ErrNotInstalled
	}
	return shop.InstalledAt.Truncate(time.Second), nil
}

func (s *Service) exports(shop ids.Shop) Exporter { return s.exporters(shop) }
