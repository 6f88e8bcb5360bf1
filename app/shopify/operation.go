package shopify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"afterglow/app/ids"
	"afterglow/app/money"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/store"
)

// TaskOperate carries an operation out.
const TaskOperate = "shopify.operate"

// States of an operation.
//
//	planned → sent → succeeded | refused
//	               → uncertain → settled (it had happened) | sent again | parked
//
// A parked one goes back to planned when a person asks; having been sent, it is
// read back first. One that a person gives up ends settled or abandoned.
const (
	OperationPlanned   = "planned"   // decided, not yet tried
	OperationSent      = "sent"      // committed before the call leaves
	OperationSucceeded = "succeeded" // Shopify said so
	OperationRefused   = "refused"   // Shopify said no, for good, and did nothing
	OperationUncertain = "uncertain" // nobody knows; read back before anything else
	OperationSettled   = "settled"   // reading back found it done
	OperationParked    = "parked"    // waits for a person
	OperationAbandoned = "abandoned" // given up by a person, and not found at Shopify
)

const (
	operationAttempts = 14                     // within two hours and a half, before it is parked
	throttlesMost     = 500                    // that do not count as attempts
	operationTurn     = 2 * time.Second        // how long to wait for another operation on the order
	keepOperations    = 180 * 24 * time.Hour   // what an ended operation was asked to do
	scheduleForget    = "shopify.operations"   // the schedule that erases it
	operationPause    = 300 * time.Millisecond // before reading back what was just sent
)

var operationsEnded = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "afterglow_operations_total", Help: "Calls to Shopify that move value or create something, by kind and outcome.",
}, []string{"kind", "outcome"})

// Problems of operations.
var (
	// ErrLiveOperation says that the same thing is under way already, or waits for a person.
	ErrLiveOperation = problem.New(problem.Conflict, "shopify.operation_live", "This is under way already.")
	// ErrOperationMissing says that the shop has no such operation.
	ErrOperationMissing = problem.New(problem.NotFound, "shopify.operation_missing", "There is no such operation here.")
	// ErrNotParked says that only a parked operation is tried again by hand.
	ErrNotParked = problem.New(problem.Conflict, "shopify.operation_not_parked", "This operation is not parked.")

	errTurn      = problem.New(problem.Unavailable, "shopify.operation_turn", "Another operation on the order has its turn.")
	errUncertain = problem.New(problem.Unavailable, "shopify.operation_uncertain", "Shopify's answer was lost; we look what happened before anything is sent again.")
)

// OperationRequest asks for one call.
type OperationRequest struct {
	ID      string // ids.New("op") when the input is made from it; absent, a new one
	Kind    string
	Subject string // what it is about; one live operation each
	Order   int64  // operations on one order run one at a time, in the order they were planned; 0: no order
	Input   any    // kept as JSON; what Do needs, without names and addresses where it can
	Amount  money.Amount
}

// Operation is one call to Shopify that moves value or creates something.
type Operation struct {
	ID        string // the key under which Shopify knows the call, if it keeps keys
	Shop      ids.Shop
	Kind      string
	Subject   string
	Order     int64
	Input     json.RawMessage
	InputHash string
	Amount    money.Amount
	State     string
	Attempt   int  // how often it was sent, or about to be
	Throttled int  // how many of these Shopify did not let in
	InDoubt   bool // parked, and only a person can tell whether it happened
	GivenUp   GivingUp
	ShopifyID string
	Reason    string
	CreatedAt time.Time
	SentAt    *time.Time // when it was sent first
	SettledAt *time.Time
}

// Live tells whether the operation can still happen.
func (o Operation) Live() bool {
	switch o.State {
	case OperationPlanned, OperationSent, OperationUncertain, OperationParked:
		return true
	}
	return false
}

// Done tells whether the effect is there.
func (o Operation) Done() bool {
	return o.State == OperationSucceeded || o.State == OperationSettled
}

// Again tells whether an earlier attempt may have had its effect.
func (o Operation) Again() bool { return o.Attempt-o.Throttled > 1 }

// Decode reads the input.
func (o Operation) Decode(v any) error {
	if err := json.Unmarshal(o.Input, v); err != nil {
		return fmt.Errorf("input of operation %s: %w", o.ID, err)
	}
	return nil
}

// Result is what a call brought about.
type Result struct {
	ShopifyID string // of what was made, as a global id
	Data      any    // for Settled, not kept
}

// Refused is Shopify's final no: nothing happened, and trying again would not help.
type Refused struct{ Reason string }

func (e *Refused) Error() string { return "refused: " + e.Reason }

// Refuse turns user errors into a final no; none is nil.
func Refuse(list []UserError) error {
	if len(list) == 0 {
		return nil
	}
	return &Refused{Reason: list[0].Message}
}

// OperationKind says how operations of one name are carried out.
type OperationKind struct {
	Name string
	// Do makes the call. A *Refused is a final no; after any other error the call
	// may have had its effect.
	Do func(ctx context.Context, c *Client, op Operation) (Result, error)
	// ReadBack looks whether the effect is there already. It is asked before every
	// sending but the first.
	ReadBack func(ctx context.Context, c *Client, op Operation) (r Result, found bool, err error)
	// Settled hears the outcome (succeeded, settled, refused, abandoned or parked) in
	// the transaction that writes it. After parked another outcome may follow. What
	// settled because staff said so has no result.
	Settled func(ctx context.Context, tx *store.Tx, op Operation, r Result) error
	// Unkeyed marks a call that Shopify would make twice: neither does it keep our
	// key, nor is a name unique in it. When its answer is lost and reading back
	// finds nothing, it is parked instead of sent again.
	Unkeyed bool
}

// Operator carries operations out.
type Operator struct {
	db      *store.DB
	clients func(ids.Shop) *Client
	kinds   map[string]OperationKind
	log     *slog.Logger
}

// NewOperator returns an operator without kinds.
func NewOperator(db *store.DB, clients func(ids.Shop) *Client, log *slog.Logger) *Operator {
	return &Operator{db: db, clients: clients, kinds: map[string]OperationKind{}, log: log}
}

// Register adds kinds. A name that is known, or a kind without Do and ReadBack, is
// a mistake of the program.
func (o *Operator) Register(kinds ...OperationKind) {
	for _, k := range kinds {
		if _, twice := o.kinds[k.Name]; twice || k.Do == nil || k.ReadBack == nil {
			panic("shopify: operation kind " + k.Name + " is registered twice, or lacks Do or ReadBack")
		}
		o.kinds[k.Name] = k
	}
}

// Task is the job that carries one operation out.
func (o *Operator) Task() queue.Task {
	return queue.Task{Kind: TaskOperate, Lane: queue.LaneShopify, Timeout: 90 * time.Second, MaxAttempts: 10 * operationAttempts, Run: o.operate}
}

// Retention erases what long ended operations were asked to do; that they were
// made, and for how much, stays.
func (o *Operator) Retention() queue.Schedule {
	return queue.Schedule{Name: scheduleForget, Every: 6 * time.Hour, Begin: func(_ context.Context, tx *store.Tx) error {
		return forgetOperations(tx, tx.Now.Add(-keepOperations))
	}}
}

// Plan writes an operation in the deciding transaction, and asks for the job that
// carries it out. When the shop has a live one about the same thing it returns
// that one, with ErrLiveOperation.
func Plan(tx *store.Tx, r OperationRequest) (Operation, error) {
	raw, err := json.Marshal(r.Input)
	if err != nil {
		return Operation{}, fmt.Errorf("plan %s: %w", r.Kind, err)
	}
	if r.ID == "" {
		r.ID = ids.New("op")
	}
	sum := sha256.Sum256(raw)
	row := operationRow{ShopID: tx.Shop, ID: r.ID, Kind: r.Kind, Subject: r.Subject, OrderID: r.Order, Input: string(raw), InputHash: hex.EncodeToString(sum[:]),
		AmountMinor: r.Amount.Minor, Currency: r.Amount.Currency, State: OperationPlanned, CreatedAt: tx.Now}
	written, err := insertOperation(tx, &row)
	if err != nil {
		return Operation{}, fmt.Errorf("plan %s %s: %w", r.Kind, r.Subject, err)
	}
	if !written {
		live, err := liveOperation(tx, r.Kind, r.Subject)
		if err != nil {
			return Operation{}, err
		}
		return live.operation(), ErrLiveOperation
	}
	return row.operation(), queue.Enqueue(tx, queue.Request{Kind: TaskOperate, Ref: row.ID})
}

// Withdraw takes back an operation that was never sent. It returns false when it
// is too late.
func Withdraw(tx *store.Tx, id, reason string) (bool, error) {
	gone, err := withdrawOperation(tx, id, reason)
	if err != nil || !gone {
		return false, err
	}
	_, err = queue.Stop(tx, TaskOperate, id, reason)
	return true, err
}

// RetryOperation lets a parked operation go on. If it was ever sent, it is read
// back first.
func RetryOperation(tx *store.Tx, id string) error {
	again, err := unparkOperation(tx, id)
	if err != nil {
		return err
	}
	if !again {
		if _, err := FindOperation(tx, id); err != nil {
			return err
		}
		return ErrNotParked
	}
	return queue.Enqueue(tx, queue.Request{Kind: TaskOperate, Ref: id})
}

// operate is one attempt. That it is sent is on record before it is, so that
// whatever ends the attempt, the next one knows that it has to look first.
func (o *Operator) operate(ctx context.Context, c *queue.Claim) error {
	op, before, err := o.begin(ctx, c)
	if err != nil {
		return err
	}
	if op.State != OperationSent { // it ended, waits for a person, or its shop is gone
		return c.Finish(ctx, nil)
	}
	kind, client := o.kinds[op.Kind], o.clients(c.Job.Shop)
	if op.GivenUp.Said != "" {
		return o.giveUp(ctx, c, kind, op)
	}
	if before > 0 {
		r, found, err := kind.ReadBack(ctx, client, op)
		switch {
		case err != nil:
			return o.setBack(ctx, c, kind, op, err, false)
		case found:
			return o.end(ctx, c, kind, op, OperationSettled, "", r)
		case kind.Unkeyed:
			return o.doubt(ctx, c, kind, op, reasonInDoubt)
		}
	}
	queue.CrashPoint("operation.before_call")
	ctx, changed := watchChanges(ctx)
	r, err := kind.Do(ctx, client, op)
	queue.CrashPoint("operation.after_call")
	var refused *Refused
	switch {
	case err == nil:
		return o.end(ctx, c, kind, op, OperationSucceeded, "", r)
	case errors.As(err, &refused):
		return o.end(ctx, c, kind, op, OperationRefused, queue.Reason(err), Result{})
	}
	return o.setBack(ctx, c, kind, op, err, changed())
}

// begin takes the operation's turn on its order and puts on record that it is
// sent. before is how often it may have reached Shopify already.
func (o *Operator) begin(ctx context.Context, c *queue.Claim) (op Operation, before int, err error) {
	err = c.Hold(ctx, func(tx *store.Tx) error {
		row, err := findOperation(tx, c.Job.Ref)
		if err != nil {
			return err
		}
		op, before = row.operation(), row.Attempt-row.Throttled
		if !op.Live() || op.State == OperationParked {
			return nil
		}
		if _, known := o.kinds[op.Kind]; !known {
			return queue.ErrUnknownTask
		}
		sent, err := sendOperation(tx, row)
		if err == nil && !sent {
			return errTurn
		}
		op.State, op.Attempt = OperationSent, row.Attempt+1
		if op.SentAt == nil {
			op.SentAt = &tx.Now
		}
		return err
	})
	if errors.Is(err, errTurn) || store.Duplicate(err) {
		return op, before, queue.Later(o.db.Clock().Now().Add(operationTurn), errTurn)
	}
	if errors.Is(err, ErrOperationMissing) { // the shop was erased
		return Operation{}, 0, nil
	}
	return op, before, err
}

// setBack records that nobody knows what happened, or parks what cannot go on. A
// call that was never made because the store does not let us in is parked too:
// once it does, a person tries again. An attempt that Shopify throttled before it
// changed anything was none.
func (o *Operator) setBack(ctx context.Context, c *queue.Claim, kind OperationKind, op Operation, cause error, changed bool) error {
	wait, throttled := RetryAfter(cause)
	none := throttled && !changed && op.Throttled < throttlesMost
	patient := problem.Retryable(cause) || errors.Is(cause, context.DeadlineExceeded) || errors.Is(cause, context.Canceled)
	if !none && (op.Attempt-op.Throttled >= operationAttempts || !patient) {
		op.InDoubt = op.GivenUp.Said != ""
		return o.end(ctx, c, kind, op, OperationParked, queue.Reason(cause), Result{})
	}
	err := c.Hold(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if none {
			return markThrottled(tx, op, queue.Reason(cause))
		}
		return markUncertain(tx, op.ID, op.Attempt, queue.Reason(cause))
	})
	if err != nil {
		return err
	}
	if throttled {
		return queue.Later(o.db.Clock().Now().Add(max(wait, operationPause)), cause)
	}
	return errUncertain.With(cause)
}

// end writes the outcome, tells the room, and ends the job, in one transaction.
func (o *Operator) end(ctx context.Context, c *queue.Claim, kind OperationKind, op Operation, state, reason string, r Result) error {
	err := c.Finish(ctx, func(tx *store.Tx) error {
		op.State, op.Reason, op.ShopifyID, op.SettledAt = state, reason, r.ShopifyID, &tx.Now
		if err := endOperation(tx, op); err != nil {
			return err
		}
		if kind.Settled == nil {
			return nil
		}
		if err := kind.Settled(tx.Context(), tx, op, r); err != nil {
			return fmt.Errorf("tell of operation %s: %w", op.ID, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	operationsEnded.WithLabelValues(op.Kind, state).Inc()
	if state == OperationParked || state == OperationRefused || state == OperationAbandoned {
		o.log.WarnContext(ctx, "operation ended without effect", "kind", op.Kind, "operation", op.ID, "shop", op.Shop, "state", state)
	}
	return nil
}
