package orders

import (
	"time"

	"gorm.io/gorm"

	"afterglow/app/ids"
	"afterglow/app/room"
	"afterglow/app/store"
)

type lookupRow struct {
	ShopID    ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID        string   `gorm:"primaryKey"`
	NameKey   string
	EmailKey  string
	Locale    string
	OrderID   int64
	ExpiresAt *time.Time
	UsedAt    *time.Time
	CreatedAt time.Time
}

// TableName names the table.
func (lookupRow) TableName() string { return "orders_lookups" }

func findLookup(tx *store.Tx, id string) (row lookupRow, err error) {
	err = store.One(tx.Scoped(&lookupRow{}).Where("id = ?", id).Take(&row), ErrNotFound)
	return row, err
}

// orderOf finds the newest order of this name and address; 0 when there is none.
func orderOf(tx *store.Tx, name, email string) (id int64, err error) {
	err = tx.Raw("SELECT id FROM orders WHERE shop_id = ? AND name_key = ? AND email_key = ? AND deleted_at IS NULL AND redacted_at IS NULL ORDER BY placed_at DESC LIMIT 1",
		tx.Shop, name, email).Scan(&id).Error
	return id, err
}

// orderNamed finds the newest order of this name; 0 when there is none.
func orderNamed(tx *store.Tx, name string) (id int64, err error) {
	err = tx.Raw("SELECT id FROM orders WHERE shop_id = ? AND name_key = ? AND name_key <> '' AND deleted_at IS NULL AND redacted_at IS NULL ORDER BY placed_at DESC LIMIT 1",
		tx.Shop, name).Scan(&id).Error
	return id, err
}

// tried counts the look-ups since an instant, before this one, of the same order
// or with the same address: the larger number. In the order in which they came, so
// that it does not matter in which they are worked off.
func tried(tx *store.Tx, row lookupRow, since time.Time) (n int64, err error) {
	for column, key := range map[string]string{"name_key": row.NameKey, "email_key": row.EmailKey} {
		var same int64
		err := tx.Scoped(&lookupRow{}).Where(column+" = ? AND created_at > ? AND (created_at < ? OR created_at = ? AND id < ?)", key, since, row.CreatedAt, row.CreatedAt, row.ID).Count(&same).Error
		if err != nil {
			return 0, err
		}
		n = max(n, same)
	}
	return n, nil
}

// foundLookup notes the order. What was typed stays, for as long as it counts as a
// try.
func foundLookup(tx *store.Tx, id string, order int64, expires time.Time) error {
	return tx.Scoped(&lookupRow{}).Where("id = ?", id).Updates(map[string]any{"order_id": order, "expires_at": expires}).Error
}

func lookupsOf(tx *store.Tx, order int64, since time.Time) (n int64, err error) {
	err = tx.Scoped(&lookupRow{}).Where("order_id = ? AND created_at > ?", order, since).Count(&n).Error
	return n, err
}

// useLookup takes the one use of a link; false when it was taken before.
func useLookup(tx *store.Tx, id string) (fresh bool, err error) {
	done := tx.Scoped(&lookupRow{}).Where("id = ? AND used_at IS NULL", id).Update("used_at", tx.Now)
	return done.RowsAffected == 1, done.Error
}

// ofCustomer are a signed-in customer's orders, newest first.
func ofCustomer(tx *store.Tx, customer int64, most int) (list []int64, err error) {
	err = tx.Raw("SELECT id FROM orders WHERE shop_id = ? AND customer_id = ? AND customer_id <> 0 AND deleted_at IS NULL ORDER BY placed_at DESC, id DESC LIMIT ?",
		tx.Shop, customer, most).Scan(&list).Error
	return list, err
}

// lookupsBy are the person's requests, as we keep them.
func lookupsBy(tx *store.Tx, p room.Person, orders []int64) ([]map[string]any, error) {
	var rows []lookupRow
	if err := belongingLookups(tx, p, orders).Order("created_at").Find(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]map[string]any, 0, len(rows))
	for _, r := range rows {
		list = append(list, map[string]any{"id": r.ID, "order_number": r.NameKey, "email": r.EmailKey, "language": r.Locale, "order_id": r.OrderID, "asked_at": r.CreatedAt, "used_at": r.UsedAt})
	}
	return list, nil
}

func forgetLookups(tx *store.Tx, p room.Person, orders []int64) error {
	return belongingLookups(tx, p, orders).Delete(&lookupRow{}).Error
}

func belongingLookups(tx *store.Tx, p room.Person, orders []int64) *gorm.DB {
	return tx.Scoped(&lookupRow{}).Where("(email_key = ? AND email_key <> '') OR (order_id <> 0 AND order_id IN ?)", searchKey(p.Email), append([]int64{0}, orders...))
}
