package changes

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/money"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// row is a change in the database.
type row struct {
	ShopID     ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID         string   `gorm:"primaryKey"`
	OrderID    int64
	OrderName  string
	Kind       Kind
	State      State
	AskedBy    string
	Credit     bool
	LineID     int64
	VariantID  int64
	Quantity   int64
	Expected   *int64
	Address    string
	Item       string
	Locale     string
	MoneyMinor int64
	Currency   string
	PayURL     string `gorm:"column:pay_url"`
	Before     string
	Reason     string
	Detail     string
	Hold       string
	HeldAt     *time.Time
	CreatedAt  time.Time `gorm:"autoCreateTime:false"`
	EndedAt    *time.Time
	PayUntil   *time.Time
	RemindedAt *time.Time
	Quiet      bool
	Overridden bool
	StaffNote  string
}

// TableName names the table.
func (row) TableName() string { return "changes_changes" }

// What a row says of its hold.
const (
	holdNone     = ""
	holdHeld     = "held" // or about to be
	holdReleased = "released"
)

const liveStates = "state IN ('asked', 'holding', 'acting', 'settling', 'paying', 'parked')"

func (r row) change() (Change, error) {
	c := Change{Shop: r.ShopID, ID: r.ID, Order: r.OrderID, OrderName: r.OrderName, Kind: r.Kind, State: r.State, By: r.AskedBy, Credit: r.Credit, Line: r.LineID, Variant: r.VariantID,
		Quantity: r.Quantity, Expected: r.Expected, Item: r.Item, Tag: locale.Match(r.Locale), Money: money.New(r.MoneyMinor, r.Currency), PayURL: r.PayURL,
		Reason: r.Reason, Detail: r.Detail, Held: r.Hold == holdHeld, HeldAt: r.HeldAt, CreatedAt: r.CreatedAt, EndedAt: r.EndedAt,
		PayUntil: r.PayUntil, Quiet: r.Quiet, Override: r.Overridden, Note: r.StaffNote}
	if r.Before != "" {
		if err := json.Unmarshal([]byte(r.Before), &c.Before); err != nil {
			return c, fmt.Errorf("change %s: %w", r.ID, err)
		}
	}
	if r.Address != "" {
		c.Address = &shopify.GateAddress{}
		if err := json.Unmarshal([]byte(r.Address), c.Address); err != nil {
			return c, fmt.Errorf("change %s: %w", r.ID, err)
		}
	}
	return c, nil
}

func changesOf(rows []row) ([]Change, error) {
	list := make([]Change, 0, len(rows))
	for _, r := range rows {
		c, err := r.change()
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// insert writes a new change. It writes nothing when the id is taken or the order
// has a live one.
func insert(tx *store.Tx, c Change) (written bool, err error) {
	r := row{ShopID: tx.Shop, ID: c.ID, OrderID: c.Order, OrderName: c.OrderName, Kind: c.Kind, State: c.State, AskedBy: c.By, Credit: c.Credit, LineID: c.Line, VariantID: c.Variant,
		Quantity: c.Quantity, Expected: c.Expected, Item: c.Item, Locale: string(c.Tag), Currency: c.Money.Currency, Reason: c.Reason, CreatedAt: tx.Now, EndedAt: c.EndedAt,
		Quiet: c.Quiet, Overridden: c.Override, StaffNote: c.Note}
	if c.Address != nil {
		raw, err := json.Marshal(c.Address)
		if err != nil {
			return false, err
		}
		r.Address = string(raw)
	}
	done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&r)
	return done.RowsAffected == 1, done.Error
}

func find(tx *store.Tx, id string) (Change, error) {
	var r row
	if err := store.One(tx.Scoped(&row{}).Where("id = ?", id).Take(&r), ErrNotFound); err != nil {
		return Change{}, err
	}
	return r.change()
}

// newest is the order's latest change, nil when it has none.
func newest(tx *store.Tx, order int64) (*Change, error) {
	var rows []row
	if err := tx.Scoped(&row{}).Where("order_id = ?", order).Order("created_at DESC, id DESC").Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	c, err := rows[0].change()
	return &c, err
}

func live(tx *store.Tx, order int64) (*Change, error) {
	var rows []row
	if err := tx.Scoped(&row{}).Where("order_id = ? AND "+liveStates, order).Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	c, err := rows[0].change()
	return &c, err
}

// advance moves a live change on; one that has ended stays as it is.
func advance(tx *store.Tx, id string, to State) error {
	return tx.Scoped(&row{}).Where("id = ? AND "+liveStates, id).Update("state", to).Error
}

// beginHold puts on record that the warehouse is, or is about to be, held.
func beginHold(tx *store.Tx, id string) error {
	return tx.Scoped(&row{}).Where("id = ? AND "+liveStates, id).Updates(map[string]any{"state": Holding, "hold": holdHeld, "held_at": tx.Now}).Error
}

func endHold(tx *store.Tx, id string) error {
	return tx.Scoped(&row{}).Where("id = ?", id).Update("hold", holdReleased).Error
}

// keepBefore records, once, how the order stood before we touched it.
func keepBefore(tx *store.Tx, id string, b before) error {
	return tx.Scoped(&row{}).Where("id = ? AND before = ''", id).Update("before", b.String()).Error
}

// end closes a change. Its address has done its duty.
func end(tx *store.Tx, c Change) error {
	u := tx.Scoped(&row{}).Where("id = ?", c.ID).Updates(map[string]any{"state": c.State, "reason": c.Reason, "detail": c.Detail, "money_minor": c.Money.Minor,
		"currency": c.Money.Currency, "pay_url": c.PayURL, "address": addressAfter(tx, c), "ended_at": c.EndedAt, "pay_until": c.PayUntil})
	return u.Error
}

func addressAfter(_ *store.Tx, c Change) string {
	if !c.State.Live() || c.Address == nil {
		return ""
	}
	raw, err := json.Marshal(c.Address)
	if err != nil {
		return ""
	}
	return string(raw)
}

// heldSince lists the changes that hold a warehouse and have ended, or were held
// before an instant and wait for no payment.
func heldSince(tx *store.Tx, until time.Time, limit int) ([]Change, error) {
	var rows []row
	err := tx.Scoped(&row{}).Where("hold = 'held' AND (held_at < ? AND state <> 'paying' OR NOT "+liveStates+")", until).Order("held_at").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, err
	}
	return changesOf(rows)
}

// paying lists the changes that wait for their payment, the oldest first.
func paying(tx *store.Tx, limit int) ([]Change, error) {
	var rows []row
	if err := tx.Scoped(&row{}).Where("state = 'paying'").Order("pay_until").Limit(limit).Find(&rows).Error; err != nil {
		return nil, err
	}
	return changesOf(rows)
}

// markTakenBack records that the shopper does not want to pay; a change that has
// ended meanwhile stays as it is.
func markTakenBack(tx *store.Tx, id string) error {
	return tx.Scoped(&row{}).Where("id = ? AND state = 'paying'", id).Update("reason", WhyTakenBack).Error
}

// markReminded tells whether nobody was reminded of the payment before.
func markReminded(tx *store.Tx, id string) (bool, error) {
	done := tx.Scoped(&row{}).Where("id = ? AND state = 'paying' AND reminded_at IS NULL", id).Update("reminded_at", tx.Now)
	return done.RowsAffected == 1, done.Error
}

func countUncollected(tx *store.Tx, since time.Time) (n int64, err error) {
	err = tx.Scoped(&row{}).Where("state = 'done' AND reason = ? AND ended_at > ?", WhyUnpaid, since).Count(&n).Error
	return n, err
}

// Filter chooses changes for the log.
type Filter struct {
	Kind   Kind
	State  State
	Cursor string // where the page before ended
	Limit  int
}

// List returns changes, the newest first, and where the next page begins.
func List(tx *store.Tx, f Filter) (page []Change, next string, err error) {
	q := tx.Scoped(&row{})
	if f.Kind != "" {
		q = q.Where("kind = ?", f.Kind)
	}
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	if at, id, ok := strings.Cut(f.Cursor, " "); ok {
		if t, err := time.Parse(time.RFC3339Nano, at); err == nil {
			q = q.Where("created_at < ? OR created_at = ? AND id < ?", t, t, id)
		}
	}
	var rows []row
	if err := q.Order("created_at DESC, id DESC").Limit(f.Limit + 1).Find(&rows).Error; err != nil {
		return nil, "", err
	}
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		last := rows[f.Limit-1]
		next = last.CreatedAt.UTC().Format(time.RFC3339Nano) + " " + last.ID
	}
	page, err = changesOf(rows)
	return page, next, err
}

// ofOrders lists the changes of some orders.
func ofOrders(tx *store.Tx, orders []int64) ([]Change, error) {
	if len(orders) == 0 {
		return nil, nil
	}
	var rows []row
	if err := tx.Scoped(&row{}).Where("order_id IN ?", orders).Order("created_at").Find(&rows).Error; err != nil {
		return nil, err
	}
	return changesOf(rows)
}

// eraseOf takes out of the changes of some orders what was typed. One that waits
// for its turn is refused: without the address it could not be made.
func eraseOf(tx *store.Tx, orders []int64) error {
	if len(orders) == 0 {
		return nil
	}
	err := tx.Scoped(&row{}).Where("order_id IN ? AND kind = ? AND state IN ?", orders, Address, []State{Asked, Holding, Acting, Parked}).
		Updates(map[string]any{"state": Refused, "reason": WhyErased, "ended_at": tx.Now}).Error
	if err != nil {
		return err
	}
	return tx.Scoped(&row{}).Where("order_id IN ?", orders).Updates(map[string]any{"address": "", "detail": "", "pay_url": "", "staff_note": "", "locale": ""}).Error
}
