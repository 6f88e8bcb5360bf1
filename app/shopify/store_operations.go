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
	Throttled   int
	InDoubt     bool
	GivenUp     string
	GivenUpBy   string
	GivenUpNote string
}

// TableName names the table.
func (operationRow) TableName() string { return "shopify_operations" }

func (r operationRow) operation() Operation {
	return Operation{ID: r.ID, Shop: r.ShopID, Kind: r.Kind, Subject: r.Subject, Order: r.OrderID, Input: json.RawMessage(r.Input), InputHash: r.InputHash,
		Amount: money.New(r.AmountMinor, r.Currency), State: r.State, Attempt: r.Attempt, ShopifyID: r.ShopifyID, Reason: r.Reason,
		CreatedAt: r.CreatedAt, SentAt: r.SentAt, SettledAt: r.SettledAt, Throttled: r.Throttled, InDoubt: r.InDoubt,
		GivenUp: GivingUp{Said: r.GivenUp, By: r.GivenUpBy, Note: r.GivenUpNote}}
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

// markThrottled takes an attempt back that was none. One that may have reached
// Shopify before stays uncertain.
func markThrottled(tx *store.Tx, op Operation, reason string) error {
	state := OperationPlanned
	if op.Again() {
		state = OperationUncertain
	}
	return tx.Exec(`UPDATE shopify_operations SET state = ?, throttled = throttled + 1, reason = ? WHERE shop_id = ? AND id = ? AND attempt = ? AND state = 'sent'`,
		state, reason, tx.Shop, op.ID, op.Attempt).Error
}

// endOperation writes the outcome of the latest attempt. What was said of one that
// is parked again has been used up.
func endOperation(tx *store.Tx, op Operation) error {
	u := tx.Exec(`UPDATE shopify_operations SET state = ?, reason = ?, shopify_id = ?, settled_at = ?, in_doubt = ?, given_up = CASE WHEN ? = 'parked' THEN '' ELSE given_up END
		WHERE shop_id = ? AND id = ? AND attempt = ? AND state IN ('sent', 'uncertain')`,
		op.State, op.Reason, op.ShopifyID, op.SettledAt, op.InDoubt && op.State == OperationParked, op.State, tx.Shop, op.ID, op.Attempt)
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

func giveUpOperation(tx *store.Tx, id string, g GivingUp) (bool, error) {
	u := tx.Exec(`UPDATE shopify_operations SET state = 'planned', settled_at = NULL, given_up = ?, given_up_by = ?, given_up_note = ? WHERE shop_id = ? AND id = ? AND state = 'parked'`,
		g.Said, g.By, g.Note, tx.Shop, id)
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
	return tx.Exec(`UPDATE shopify_operations SET input = '{}', reason = '', given_up_note = '', given_up_by = '' WHERE state IN ('succeeded', 'settled', 'refused', 'abandoned') AND settled_at < ? AND input <> '{}'`, before).Error
}

// aboutPerson selects the operations that concern somebody's orders, or name them.
func aboutPerson(tx *store.Tx, texts, numbers []string, each func(operationRow) error) error {
	for after := ""; ; {
		var rows []operationRow
		if err := tx.Scoped(&operationRow{}).Where("id > ? AND (input <> '{}' OR reason <> '' OR given_up_note <> '')", after).Order("id").Limit(keptBodies).Find(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			after = r.ID
			if !names([]byte(r.Input+" "+r.Reason+" "+r.GivenUpNote+" "+ids.Shop(r.OrderID).String()), texts, numbers) {
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
			"input": json.RawMessage(r.Input), "reason": r.Reason, "note": r.GivenUpNote, "created_at": r.CreatedAt.UTC()})
		return nil
	})
	return found, err
}

// eraseOperation drops what an operation was asked to do and what was said of it.
func eraseOperation(tx *store.Tx, r operationRow) error {
	return tx.Scoped(&operationRow{}).Where("id = ?", r.ID).Updates(map[string]any{"input": "{}", "reason": "", "given_up_note": "", "state": r.State, "settled_at": r.SettledAt}).Error
}
