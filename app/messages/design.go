package messages

import (
	"time"

	"afterglow/app/problem"
	"afterglow/app/store"
)

// A Design is how the merchant wants a kind of mail to be written. What the
// document says is the business of the room whose kind it is. Drafts have
// version 0 and a revision that grows with each save; published ones are never
// changed: rolling back publishes an old document again.
type Design struct {
	Version   int
	Revision  int
	Document  []byte
	From      int // the version it was rolled back to, 0 if it was not
	ChangedBy string
	ChangedAt time.Time
}

// The problems of designs.
var (
	ErrDesignStale   = problem.New(problem.Conflict, "messages.design_stale", "Somebody else changed this in the meantime. Load it again and repeat your change.")
	ErrDesignMissing = problem.New(problem.NotFound, "messages.design_missing", "There is no such version.")
)

// SaveDraft replaces the draft of the given revision, 0 for the first.
func SaveDraft(tx *store.Tx, kind string, document []byte, revision int, by string) (Design, error) {
	d := Design{Revision: revision + 1, Document: document, ChangedBy: by, ChangedAt: tx.Now}
	return d, replaceDraft(tx, kind, d, revision)
}

// Publish makes a document the newest version of the kind's design.
func Publish(tx *store.Tx, kind string, document []byte, from int, by string) (Design, error) {
	last, err := Published(tx, kind)
	if err != nil {
		return last, err
	}
	d := Design{Version: last.Version + 1, Document: document, From: from, ChangedBy: by, ChangedAt: tx.Now}
	return d, insertDesign(tx, kind, d)
}
