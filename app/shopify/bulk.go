package shopify

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"afterglow/app/problem"
)

// Problems of bulk operations.
var (
	// ErrBulkBusy says that Shopify runs as many operations of this app in the shop
	// as it allows.
	ErrBulkBusy = problem.New(problem.Throttled, "shopify.bulk_busy", "Shopify is busy with other exports of this store. It will be tried again in a moment.")
	// ErrBulkMissing says that Shopify does not know the operation (any more).
	ErrBulkMissing = problem.New(problem.NotFound, "shopify.bulk_missing", "Shopify has no such export any more.")
	// ErrBulkGone says that the address of a result is no longer good.
	ErrBulkGone = problem.New(problem.NotFound, "shopify.bulk_gone", "Shopify no longer keeps the file of this export.")
)

// BulkKind is what a bulk operation exports.
type BulkKind string

// The kinds.
const (
	BulkOrders    BulkKind = "orders"
	BulkCustomers BulkKind = "customers"
	BulkProducts  BulkKind = "products"
)

// States of a bulk operation, as Shopify names them.
const (
	BulkCreated   = "CREATED"
	BulkRunning   = "RUNNING"
	BulkCompleted = "COMPLETED"
	BulkFailed    = "FAILED"
	BulkCanceling = "CANCELING"
	BulkCanceled  = "CANCELED"
	BulkExpired   = "EXPIRED"
)

// BulkOperation is a query that Shopify runs by itself and answers with a file.
type BulkOperation struct {
	ID          string     `json:"id"` // the global id
	Status      string     `json:"status"`
	Query       string     `json:"query"`
	ErrorCode   string     `json:"errorCode"`
	Objects     count      `json:"objectCount"`
	Roots       count      `json:"rootObjectCount"`
	Size        count      `json:"fileSize"`
	URL         string     `json:"url"` // "" while it runs, and for a result without objects
	CreatedAt   time.Time  `json:"createdAt"`
	CompletedAt *time.Time `json:"completedAt"`
}

// Running tells whether Shopify still works on it.
func (b *BulkOperation) Running() bool {
	return b.Status == BulkCreated || b.Status == BulkRunning || b.Status == BulkCanceling
}

// count reads an UnsignedInt64, which Shopify writes as a string.
type count int64

// UnmarshalJSON reads a number, a number in quotes or null.
func (c *count) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "null" || s == "" {
		*c = 0
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not a count", shorten(s))
	}
	*c = count(n)
	return nil
}

// BulkQuery is the text of an export: of everything, or of what changed at or
// after an instant. A bulk query takes no variables, and nothing of a stranger's
// goes into it.
func BulkQuery(kind BulkKind, since *time.Time) string {
	text := bulkQueries[kind].Text
	if since != nil {
		text = strings.Replace(text, "(sortKey: UPDATED_AT)", `(sortKey: UPDATED_AT, query: "updated_at:>='`+since.UTC().Format(time.RFC3339)+`'")`, 1)
	}
	return text
}

// RunBulk asks Shopify to start an export. It returns ErrBulkBusy when there are
// too many. When the answer is lost nobody knows whether it started: look with
// FindBulk before asking again.
func (c *Client) RunBulk(ctx context.Context, query string) (*BulkOperation, error) {
	var out struct {
		Run struct {
			Operation *BulkOperation `json:"bulkOperation"`
			Errors    []UserError    `json:"userErrors"`
		} `json:"bulkOperationRunQuery"`
	}
	if _, err := c.Do(ctx, docBulkRun, map[string]any{"query": query}, &out); err != nil {
		return nil, fmt.Errorf("start export: %w", err)
	}
	for _, e := range out.Run.Errors {
		if e.Code == "LIMIT_REACHED" || e.Code == "OPERATION_IN_PROGRESS" {
			return nil, ErrBulkBusy
		}
	}
	if err := UserErrors(out.Run.Errors); err != nil {
		return nil, fmt.Errorf("start export: %w", err)
	}
	if out.Run.Operation == nil || out.Run.Operation.ID == "" {
		return nil, ErrAnswer.With(errors.New("the export has no id"))
	}
	return out.Run.Operation, nil
}

// FindBulk looks for an export that was started at or after an instant with the
// very same query. It returns nil when there is none.
func (c *Client) FindBulk(ctx context.Context, query string, since time.Time) (*BulkOperation, error) {
	var out struct {
		Operations connection[*BulkOperation] `json:"bulkOperations"`
	}
	if _, err := c.Do(ctx, docBulkRecent, nil, &out); err != nil {
		return nil, fmt.Errorf("list exports: %w", err)
	}
	for _, b := range out.Operations.Nodes {
		// Shopify tells whole seconds.
		if b != nil && b.Query == query && !b.CreatedAt.Before(since.Truncate(time.Second)) &&
			(b.Status == BulkCreated || b.Status == BulkRunning || b.Status == BulkCompleted) {
			return b, nil
		}
	}
	return nil, nil
}

// Bulk asks how far an export is. The address in the answer is a fresh one.
func (c *Client) Bulk(ctx context.Context, id string) (*BulkOperation, error) {
	var out struct {
		Operation *BulkOperation `json:"bulkOperation"`
	}
	if _, err := c.Do(ctx, docBulkOperation, map[string]any{"id": id}, &out); err != nil {
		return nil, fmt.Errorf("follow export: %w", err)
	}
	if out.Operation == nil {
		return nil, ErrBulkMissing
	}
	return out.Operation, nil
}

// CancelBulk asks Shopify to stop an export. One that has ended is left alone.
func (c *Client) CancelBulk(ctx context.Context, id string) error {
	var out struct {
		Cancel struct {
			Errors []UserError `json:"userErrors"`
		} `json:"bulkOperationCancel"`
	}
	if _, err := c.Do(ctx, docBulkCancel, map[string]any{"id": id}, &out); err != nil {
		return fmt.Errorf("cancel export: %w", err)
	}
	return nil // its user errors have no codes; that it ended meanwhile is the usual one
}
