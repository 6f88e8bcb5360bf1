package orders

import (
	"time"

	"afterglow/app/clock"
	"afterglow/app/store"
)

// ReturnTerms is what the shop's policy of the day of purchase says about
// returning an order.
type ReturnTerms struct {
	Allowed bool
	LastDay *clock.Date // nil: never, or no day can be named yet
	Days    int         // the length of a window that has not begun
}

// Earlier counts the orders of the same shopper before this one.
func Earlier(tx *store.Tx, o *Order) (int64, error) { return countEarlier(tx, o) }

// Newest are the ids of the last orders, newest first.
func Newest(tx *store.Tx, n int) ([]int64, error) { return newestOrders(tx, n) }

// Delivered is when the last parcel arrived, and whether everything has.
func (o *Order) Delivered() (last time.Time, all bool) { return o.deliveredAt() }
