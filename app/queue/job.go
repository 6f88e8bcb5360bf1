package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/store"
)

// State of a job.
type State string

// The states; see the drawing in the package's documentation.
const (
	StateReady   State = "ready"
	StateQueued  State = "queued"
	StateRunning State = "running"
	StateDone    State = "done"
	StateParked  State = "parked"
	StateStopped State = "stopped"
)

// Job is one piece of work.
type Job struct {
	ID      string
	Shop    ids.Shop
	Kind    string
	Ref     string // what it is about: the id of an order, a message, an inbox row
	Attempt int    // 1 the first time
}

// Request asks for a job.
type Request struct {
	Kind  string
	Ref   string
	RunAt time.Time // zero is now; anything later stays in the table until then
	Once  string    // with it, a shop has at most one job of the kind, as long as the first is remembered (see keepOnce)
}

// Task says how jobs of a kind are run. Exactly one of InTx and Run is set.
type Task struct {
	Kind        string
	Timeout     time.Duration // of one attempt; 0 is 30 s
	MaxAttempts int           // before the job is parked; 0 is 10
	Lane        Lane          // of a task with Run; empty is LaneShopify

	// InTx does work that touches only the database. It runs inside the
	// transaction that also writes done.
	InTx func(ctx context.Context, tx *store.Tx, job Job) error

	// Parked, if set, is told in the same transaction that a job of this kind was
	// parked: whoever shows the work to people writes down that it waits no more.
	Parked func(tx *store.Tx, job Job, reason string) error

	// Run does work with an outward effect and ends it with claim.Finish.
	Run func(ctx context.Context, claim *Claim) error
}

func (t Task) timeout() time.Duration {
	if t.Timeout == 0 {
		return 30 * time.Second
	}
	return t.Timeout
}

func (t Task) maxAttempts() int {
	if t.MaxAttempts == 0 {
		return 10
	}
	return t.MaxAttempts
}

// Claim is the right to finish a job, held by one attempt.
type Claim struct {
	Job   Job
	epoch int
	q     *Queue
}

// Finish writes the result of the work and done in one transaction. It returns
// ErrStale when another attempt has taken over; then nothing is written.
//
// It has time of its own: the effect has happened, and that the attempt's time is
// over, or the program is ending, must not lose the record of it.
func (c *Claim) Finish(ctx context.Context, result func(tx *store.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	return c.q.db.InTx(ctx, c.Job.Shop, func(tx *store.Tx) error {
		if err := finish(tx, c.Job.ID, c.epoch); err != nil {
			return err
		}
		if result == nil {
			return nil
		}
		return result(tx)
	})
}

// Hold runs fn in a transaction only while the claim still stands, without
// ending the job: for what must be on record before the effect is tried.
func (c *Claim) Hold(ctx context.Context, fn func(tx *store.Tx) error) error {
	return c.q.db.InTx(ctx, c.Job.Shop, func(tx *store.Tx) error {
		if err := stillHeld(tx, c.Job.ID, c.epoch); err != nil {
			return err
		}
		return fn(tx)
	})
}

// ErrStale says that somebody else runs, or has finished, the job.
var ErrStale = errors.New("the job is in other hands")

// laterError asks for another attempt at a chosen time.
type laterError struct {
	at  time.Time
	err error
}

func (e *laterError) Error() string {
	return fmt.Sprintf("later, at %s: %v", e.at.Format(time.RFC3339), e.err)
}
func (e *laterError) Unwrap() error { return e.err }

// Later wraps err so that the job runs again at the given time. It is for work
// that has to wait, not for work that failed: the attempt does not count towards
// MaxAttempts, so whoever asks for it must know when to give up.
func Later(at time.Time, err error) error { return &laterError{at, err} }

// ErrUnknownTask sets back a job that no room of this program understands. During
// a deploy a newer program beside it does, so the job is tried again for some
// minutes before it is parked.
var ErrUnknownTask = problem.New(problem.Unavailable, "queue.unknown_task", "No part of this version does this kind of work; retry it after an upgrade.")
