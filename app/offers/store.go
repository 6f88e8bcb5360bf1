package offers

import (
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/room"
	"afterglow/app/store"
)

type codeRow struct {
	ShopID      ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	OrderID     int64    `gorm:"primaryKey;autoIncrement:false"`
	OperationID string
	CustomerID  int64
	Code        string
	Percent     int64
	AmountMinor int64
	Currency    string
	EndsAt      time.Time
	State       string
	Reason      string
	ShopifyID   string
	UsedOrder   int64
	UsedAt      *time.Time
	CreatedAt   time.Time
}

// TableName names the table.
func (codeRow) TableName() string { return "offers_codes" }

func insertCode(tx *store.Tx, row *codeRow) (bool, error) {
	made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(row)
	return made.RowsAffected == 1, made.Error
}

// findCode is the code of an order; nil when it has none.
func findCode(tx *store.Tx, order int64) (*codeRow, error) {
	var rows []codeRow
	err := tx.Scoped(&codeRow{}).Where("order_id = ?", order).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func settleCode(tx *store.Tx, order int64, state, reason, shopifyID string) error {
	return tx.Scoped(&codeRow{}).Where("order_id = ?", order).Updates(map[string]any{"state": state, "reason": reason, "shopify_id": shopifyID}).Error
}

// takeFromMonth counts one code if the month has one left.
func takeFromMonth(tx *store.Tx, month string, limit int64) (bool, error) {
	if err := tx.Exec(`INSERT INTO offers_months (shop_id, month, codes) VALUES (?, ?, 0) ON CONFLICT (shop_id, month) DO NOTHING`, tx.Shop, month).Error; err != nil {
		return false, err
	}
	u := tx.Exec(`UPDATE offers_months SET codes = codes + 1 WHERE shop_id = ? AND month = ? AND codes < ?`, tx.Shop, month, limit)
	return u.RowsAffected == 1, u.Error
}

func codesPage(tx *store.Tx, before string, limit int) (rows []codeRow, err error) {
	q := tx.Scoped(&codeRow{})
	if before != "" {
		q = q.Where("operation_id < ?", before)
	}
	err = q.Order("operation_id DESC").Limit(limit).Find(&rows).Error
	return rows, err
}

// useCodes marks codes of ours that an order used.
func useCodes(tx *store.Tx, order int64, codes []string, at time.Time) error {
	return tx.Scoped(&codeRow{}).Where("code IN ? AND code <> '' AND used_order = 0", codes).Updates(map[string]any{"used_order": order, "used_at": at}).Error
}

func codesOf(tx *store.Tx, p room.Person) (rows []codeRow, err error) {
	err = tx.Scoped(&codeRow{}).Where("(customer_id = ? AND customer_id <> 0) OR order_id IN ?", p.CustomerID, append(p.OrderIDs, 0)).Order("operation_id").Find(&rows).Error
	return rows, err
}

func forgetCodes(tx *store.Tx, p room.Person) error {
	return tx.Scoped(&codeRow{}).Where("(customer_id = ? AND customer_id <> 0) OR order_id IN ?", p.CustomerID, append(p.OrderIDs, 0)).
		Updates(map[string]any{"customer_id": 0, "code": "", "reason": ""}).Error
}
