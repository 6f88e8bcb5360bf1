package shopify

import (
	"encoding/json"
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/money"
	"afterglow/app/queue"
	"afterglow/app/store"
)

type operationRow struct {
	ShopID      ids.Shop `gorm:"primaryKey"`
	ID          string   `gorm:"primaryKey"`
	Kind        string
	Subject     string
	OrderID     int64
	Input       string
	InputHash   string
	AmountMinor int64
	Currency    string
	State       string
	Attempt     int
	ShopifyID   string
	Reason      string
	CreatedAt   time.Time
	SentAt      *time.Time
	SettledAt   *time.Time
}

// TableName names the table.
func (operationRow) TableName() string { return "shopify_operations" }

func (r operationRow) operation() Operation {
	return Operation{ID: r.ID, Shop: r.ShopID, Kind: r.Kind, Subject: r.Subject, Order: r.OrderID, Input: json.RawMessage(r.Input), InputHash: r.InputHash,
		Amount: money.New(r.AmountMinor, r.Currency), State: r.State, Attempt: r.Attempt, ShopifyID: r.ShopifyID, Reason: r.Reason,
		CreatedAt: r.CreatedAt, SentAt: r.SentAt, SettledAt: r.SettledAt}
}

// What the partial indexes know, in their words.
const (
	operationLive = `state IN ('planned', 'sent', 'uncertain', 'parked')`
	operationOpen = `state IN ('planned', 'sent', 'uncertain')`
)

// insertOperation writes a new row, unless a live one stands in its place.
func insertOperation(tx *store.Tx, row *operationRow) (bool, error) {
	made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(row)
	return made.RowsAffected == 1, made.Error
}

func findOperation(tx *store.Tx, id string) (row operationRow, err error) {
	err = store.One(tx.Scoped(&row).Where("id = ?", id).Take(&row), ErrOperationMissing)
	return row, err
}

func liveOperation(tx *store.Tx, kind, subject string) (row operationRow, err error) {
	err = store.One(tx.Scoped(&row).Where("kind = ? AND subject = ? AND "+operationLive, kind, subject).Take(&row), ErrOperationMissing)
	return row, err
}

// FindOperation returns one of the shop's operations, or ErrOperationMissing.
func FindOperation(tx *store.Tx, id string) (Operation, error) {
	row, err := findOperation(tx, id)
	return row.operation(), err
}

// sendOperation marks the row sent if it is its turn: nothing planned earlier on
// its order is open. Of two that look at once the index lets one through.
func sendOperation(tx *store.Tx, row operationRow) (bool, error) {
	u := tx.Exec(`UPDATE shopify_operations SET state = 'sent', attempt = attempt + 1, sent_at = COALESCE(sent_at, ?)
		WHERE shop_id = ? AND id = ? AND `+operationOpen+` AND (order_id = 0 OR NOT EXISTS (
			SELECT 1 FROM shopify_operations e WHERE e.shop_id = ? AND e.order_id = ? AND e.id < ? AND e.state IN ('planned', 'sent', 'uncertain')))`,
		tx.Now, tx.Shop, row.ID, tx.Shop, row.OrderID, row.ID)
	return u.RowsAffected == 1, u.Error
}

func markUncertain(tx *store.Tx, id string, attempt int, reason string) error {
	return tx.Exec(`UPDATE shopify_operations SET state = 'uncertain', reason = ? WHERE shop_id = ? AND id = ? AND attempt = ? AND state = 'sent'`,
		reason, tx.Shop, id, attempt).Error
}

// endOperation writes the outcome of the latest attempt.
func endOperation(tx *store.Tx, op Operation) error {
	u := tx.Exec(`UPDATE shopify_operations SET state = ?, reason = ?, shopify_id = ?, settled_at = ?
		WHERE shop_id = ? AND id = ? AND attempt = ? AND state IN ('sent', 'uncertain')`, op.State, op.Reason, op.ShopifyID, op.SettledAt, tx.Shop, op.ID, op.Attempt)
	if u.Error == nil && u.RowsAffected == 0 {
		return queue.ErrStale
	}
	return u.Error
}

func withdrawOperation(tx *store.Tx, id, reason string) (bool, error) {
	u := tx.Exec(`UPDATE shopify_operations SET state = 'refused', reason = ?, settled_at = ? WHERE shop_id = ? AND id = ? AND state = 'planned' AND attempt = 0`,
		reason, tx.Now, tx.Shop, id)
	return u.RowsAffected == 1, u.Error
}

func unparkOperation(tx *store.Tx, id string) (bool, error) {
	u := tx.Exec(`UPDATE shopify_operations SET state = 'planned', settled_at = NULL WHERE shop_id = ? AND id = ? AND state = 'parked'`, tx.Shop, id)
	return u.RowsAffected == 1, u.Error
}

// OperationsOn lists the operations on an order, oldest first.
func OperationsOn(tx *store.Tx, order int64) ([]Operation, error) {
	var rows []operationRow
	err := tx.Scoped(&operationRow{}).Where("order_id = ? AND order_id <> 0", order).Order("id").Limit(500).Find(&rows).Error
	return operations(rows), err
}

// ParkedOperations lists what waits for a person, newest first, from before the
// given id on.
func ParkedOperations(tx *store.Tx, before string, limit int) ([]Operation, error) {
	q := tx.Scoped(&operationRow{}).Where("state = 'parked'")
	if before != "" {
		q = q.Where("id < ?", before)
	}
	var rows []operationRow
	err := q.Order("id DESC").Limit(limit).Find(&rows).Error
	return operations(rows), err
}

// CountParkedOperations counts what waits for a person.
func CountParkedOperations(tx *store.Tx) (n int64, err error) {
	err = tx.Scoped(&operationRow{}).Where("state = 'parked'").Count(&n).Error
	return n, err
}

func operations(rows []operationRow) []Operation {
	list := make([]Operation, len(rows))
	for i, r := range rows {
		list[i] = r.operation()
	}
	return list
}

// forgetOperations erases what operations that ended before an instant were asked
// to do, in all shops.
func forgetOperations(tx *store.Tx, before time.Time) error {
	return tx.Exec(`UPDATE shopify_operations SET input = '{}', reason = '' WHERE state IN ('succeeded', 'settled', 'refused') AND settled_at < ? AND input <> '{}'`, before).Error
}

// aboutPerson selects the operations that concern somebody's orders, or name them.
func aboutPerson(tx *store.Tx, texts, numbers []string, each func(operationRow) error) error {
	for after := ""; ; {
		var rows []operationRow
		if err := tx.Scoped(&operationRow{}).Where("id > ? AND (input <> '{}' OR reason <> '')", after).Order("id").Limit(keptBodies).Find(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			after = r.ID
			if !names([]byte(r.Input+" "+r.Reason+" "+ids.Shop(r.OrderID).String()), texts, numbers) {
				continue
			}
			if err := each(r); err != nil {
				return err
			}
		}
		if len(rows) < keptBodies {
			return nil
		}
	}
}

// OperationsNaming lists the operations that concern a person's orders or name them.
func OperationsNaming(tx *store.Tx, texts, numbers []string) (found []map[string]any, err error) {
	err = aboutPerson(tx, texts, numbers, func(r operationRow) error {
		found = append(found, map[string]any{"id": r.ID, "kind": r.Kind, "order_id": r.OrderID, "state": r.State, "amount_minor": r.AmountMinor, "currency": r.Currency,
			"input": json.RawMessage(r.Input), "reason": r.Reason, "created_at": r.CreatedAt.UTC()})
		return nil
	})
	return found, err
}

// EraseOperationsNaming drops what those operations were asked to do and why they
// failed. One that waits for a person is withdrawn. It returns how many are being
// carried out; their turn comes when they have ended.
func EraseOperationsNaming(tx *store.Tx, texts, numbers []string) (running int, err error) {
	err = aboutPerson(tx, texts, numbers, func(r operationRow) error {
		switch r.State {
		case OperationPlanned, OperationSent, OperationUncertain:
			running++
			return nil
		case OperationParked:
			r.State, r.SettledAt = OperationRefused, &tx.Now
		}
		return tx.Scoped(&operationRow{}).Where("id = ?", r.ID).Updates(map[string]any{"input": "{}", "reason": "", "state": r.State, "settled_at": r.SettledAt}).Error
	})
	return running, err
}
