package shopify

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/store"
)

// What staff say of an operation that they give up.
const (
	SaidNothing     = "look"         // Shopify is to tell
	SaidHappened    = "happened"     // only of one in doubt
	SaidNotHappened = "not_happened" // only of one in doubt
)

// Why an operation was abandoned.
const (
	ReasonGivenUp = "given up by staff"
	ReasonErased  = "erased"
)

// GivingUp is who gave an operation up, and why.
type GivingUp struct {
	Said string // what happened, as far as they know
	By   string // id of a member of staff
	Note string
}

const noteMost = 500

var (
	// ErrInDoubt says that only staff can tell whether it happened.
	ErrInDoubt = problem.New(problem.Invalid, "shopify.operation_in_doubt", "Shopify cannot tell whether this happened. Look there, and say which it is.")
	// ErrGiveUpNote says that a reason is missing, or too long.
	ErrGiveUpNote = problem.New(problem.Invalid, "shopify.operation_note", "Say in a few words why this is given up.")
)

// GiveUpOperation ends a parked operation by a job that looks in Shopify once more:
// what is there is settled, what is not is abandoned. Where looking tells nothing,
// what staff said counts; it has to be said of an operation in doubt, and of no other.
func GiveUpOperation(tx *store.Tx, id string, g GivingUp) error {
	g.Note = strings.Join(strings.Fields(g.Note), " ")
	if g.Note == "" || utf8.RuneCountInString(g.Note) > noteMost {
		return ErrGiveUpNote.WithFields(problem.Field{Field: "note", Detail: "is missing or too long"})
	}
	op, err := FindOperation(tx, id)
	if err != nil {
		return err
	}
	if op.State != OperationParked {
		return ErrNotParked
	}
	switch {
	case !op.InDoubt:
		g.Said = SaidNothing
	case g.Said != SaidHappened && g.Said != SaidNotHappened:
		return ErrInDoubt.WithFields(problem.Field{Field: "outcome", Detail: "has to be said"})
	}
	begun, err := giveUpOperation(tx, id, g)
	if err != nil {
		return err
	}
	if !begun {
		return ErrNotParked
	}
	return queue.Enqueue(tx, queue.Request{Kind: TaskOperate, Ref: id})
}

// giveUp looks a last time and ends the operation.
func (o *Operator) giveUp(ctx context.Context, c *queue.Claim, kind OperationKind, op Operation) error {
	r, found, err := kind.ReadBack(ctx, o.clients(c.Job.Shop), op)
	switch {
	case found && err == nil:
		return o.end(ctx, c, kind, op, OperationSettled, "", r)
	case op.GivenUp.Said == SaidHappened:
		return o.end(ctx, c, kind, op, OperationSettled, "Staff looked in Shopify: it had happened.", Result{})
	case op.GivenUp.Said == SaidNotHappened, err == nil && !kind.Unkeyed:
		return o.end(ctx, c, kind, op, OperationAbandoned, ReasonGivenUp, Result{})
	case err == nil:
		return o.doubt(ctx, c, kind, op, reasonInDoubt)
	}
	return o.setBack(ctx, c, kind, op, err, false)
}

const reasonInDoubt = "Shopify’s answer was lost, and it cannot be told from outside whether it was done. Look in Shopify, and say here whether it happened."

// doubt parks what only a person can tell.
func (o *Operator) doubt(ctx context.Context, c *queue.Claim, kind OperationKind, op Operation, reason string) error {
	op.InDoubt = true
	return o.end(ctx, c, kind, op, OperationParked, reason, Result{})
}

// EraseNaming drops what the operations that concern a person were asked to do and
// why they failed. One that waits for a person's decision is abandoned, and its
// room hears so in the same transaction. It returns how many are being carried out;
// their turn comes when they have ended.
func (o *Operator) EraseNaming(tx *store.Tx, texts, numbers []string) (running int, err error) {
	err = aboutPerson(tx, texts, numbers, func(r operationRow) error {
		switch r.State {
		case OperationPlanned, OperationSent, OperationUncertain:
			running++
			return nil
		case OperationParked:
			if err := o.abandonErased(tx, r); err != nil {
				return err
			}
			r.State, r.SettledAt = OperationAbandoned, &tx.Now
		}
		return eraseOperation(tx, r)
	})
	return running, err
}

func (o *Operator) abandonErased(tx *store.Tx, r operationRow) error {
	kind := o.kinds[r.Kind]
	if kind.Settled == nil {
		return nil
	}
	op := r.operation()
	op.State, op.Reason, op.SettledAt = OperationAbandoned, ReasonErased, &tx.Now
	if err := kind.Settled(tx.Context(), tx, op, Result{}); err != nil {
		return fmt.Errorf("tell of operation %s: %w", op.ID, err)
	}
	return nil
}
