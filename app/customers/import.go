package customers

import (
	"cmp"
	"slices"
	"time"

	"afterglow/app/store"
)

// Import keeps many customers at once, as they were at an instant, and returns
// how many of them were new or newer than ours. Who was deleted or redacted stays
// so.
func Import(tx *store.Tx, list []Customer, at time.Time) (written int64, err error) {
	list = slices.Clone(list)
	// In one order, so that two transactions do not wait for each other, and the
	// latest of those that are in it twice.
	slices.SortFunc(list, func(a, b Customer) int { return cmp.Or(cmp.Compare(a.ID, b.ID), b.UpdatedAt.Compare(a.UpdatedAt)) })
	list = slices.CompactFunc(list, func(a, b Customer) bool { return a.ID == b.ID })
	have, err := changes(tx, list)
	if err != nil {
		return 0, err
	}
	list = slices.DeleteFunc(list, func(c Customer) bool {
		held, ok := have[c.ID]
		return ok && !held.Before(c.UpdatedAt)
	})
	for i := range list {
		list[i] = list[i].cleaned()
	}
	return save(tx, at, list...)
}
