package customers

import (
	"slices"
	"time"

	"afterglow/app/store"
)

// Import keeps many customers at once, as they were at an instant, and returns
// how many of them were new or newer than ours. Who was deleted or redacted stays
// so.
func Import(tx *store.Tx, list []Customer, at time.Time) (written int64, err error) {
	list = slices.Clone(list)
	// In one order, so that two transactions do not wait for each other.
	slices.SortFunc(list, func(a, b Customer) int { return int(min(max(a.ID-b.ID, -1), 1)) })
	have, err := changes(tx, list)
	if err != nil {
		return 0, err
	}
	for _, c := range list {
		if held, ok := have[c.ID]; ok && !held.Before(c.UpdatedAt) {
			continue
		}
		changed, err := save(tx, c.cleaned(), at)
		if err != nil {
			return written, err
		}
		if changed {
			written++
		}
	}
	return written, nil
}
