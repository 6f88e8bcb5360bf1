package orders

import (
	"afterglow/app/store"
)

// countEarlier counts the shopper's orders from before this one: by customer or,
// for a guest, by address.
func countEarlier(tx *store.Tx, o *Order) (n int64, err error) {
	q := tx.Scoped(&row{}).Where("deleted_at IS NULL AND id <> ? AND placed_at <= ? AND (placed_at < ? OR id < ?)", o.ID, o.PlacedAt, o.PlacedAt, o.ID)
	switch {
	case o.CustomerID() != 0:
		q = q.Where("customer_id <> 0 AND customer_id = ?", o.CustomerID())
	case o.Email != "":
		q = q.Where("email_key <> '' AND email_key = ?", searchKey(o.Email))
	default:
		return 0, nil
	}
	err = q.Count(&n).Error
	return n, err
}

// newestOrders are the ids of the last orders, newest first.
func newestOrders(tx *store.Tx, n int) (list []int64, err error) {
	err = tx.Scoped(&row{}).Where("deleted_at IS NULL AND redacted_at IS NULL").Order("placed_at DESC, id DESC").Limit(n).Pluck("id", &list).Error
	return list, err
}
