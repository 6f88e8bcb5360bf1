package tracking

import (
	"errors"
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/store"
)

type goodwillRow struct {
	ShopID        ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Version       int64
	Enabled       bool
	Currency      string
	LateDays      int64
	StalledHours  int64
	ValidDays     int64
	Wait          bool
	WaitMinor     int64
	Reship        bool
	Refund        bool
	Credit        bool
	OrderMinMinor int64
	OrderMaxMinor int64
	CapOrderMinor int64
	CapMonthMinor int64
	Countries     string
	UpdatedAt     time.Time `gorm:"autoUpdateTime:false"`
}

// TableName names the table.
func (goodwillRow) TableName() string { return "tracking_goodwill" }

func loadGoodwill(tx *store.Tx, currency string) (Goodwill, error) {
	var r goodwillRow
	err := store.One(tx.Scoped(&goodwillRow{}).Take(&r))
	if errors.Is(err, store.ErrNotFound) {
		return defaultGoodwill(currency), nil
	}
	return Goodwill{r.Version, r.Enabled, r.Currency, r.LateDays, r.StalledHours, r.ValidDays, r.Wait, r.WaitMinor, r.Reship, r.Refund, r.Credit, r.OrderMinMinor, r.OrderMaxMinor,
		r.CapOrderMinor, r.CapMonthMinor, r.Countries}, err
}

// saveGoodwill replaces the version that the change was made on.
func saveGoodwill(tx *store.Tx, g Goodwill) (Goodwill, error) {
	r := goodwillRow{tx.Shop, g.Version + 1, g.Enabled, g.Currency, g.LateDays, g.StalledHours, g.ValidDays, g.Wait, g.WaitMinor, g.Reship, g.Refund, g.Credit, g.OrderMin, g.OrderMax,
		g.CapOrder, g.CapMonth, g.Countries, tx.Now}
	if g.Version == 0 {
		made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&r)
		if made.Error != nil || made.RowsAffected == 1 {
			g.Version++
			return g, made.Error
		}
		return g, ErrGoodwillStale
	}
	saved := tx.Scoped(&goodwillRow{}).Where("version = ?", g.Version).Select("*").Updates(&r)
	if saved.Error == nil && saved.RowsAffected == 0 {
		return g, ErrGoodwillStale
	}
	g.Version++
	return g, saved.Error
}

// reserve takes so much of a month's budget, if that much is left.
func reserve(tx *store.Tx, month string, minor int64) (bool, error) {
	err := tx.Exec(`INSERT INTO tracking_budgets (shop_id, month, reserved_minor, spent_minor, updated_at) VALUES (?, ?, 0, 0, ?) ON CONFLICT (shop_id, month) DO NOTHING`,
		tx.Shop, month, tx.Now).Error
	if err != nil {
		return false, err
	}
	u := tx.Exec(`UPDATE tracking_budgets SET reserved_minor = reserved_minor + ?, updated_at = ? WHERE shop_id = ? AND month = ?
		AND reserved_minor + ? <= (SELECT cap_month_minor FROM tracking_goodwill WHERE shop_id = ? AND enabled)`, minor, tx.Now, tx.Shop, month, minor, tx.Shop)
	return u.RowsAffected == 1, u.Error
}

func release(tx *store.Tx, month string, minor int64) error {
	return tx.Exec(`UPDATE tracking_budgets SET reserved_minor = reserved_minor - ?, updated_at = ? WHERE shop_id = ? AND month = ?`, minor, tx.Now, tx.Shop, month).Error
}

func spend(tx *store.Tx, month string, minor int64) error {
	return tx.Exec(`UPDATE tracking_budgets SET spent_minor = spent_minor + ?, updated_at = ? WHERE shop_id = ? AND month = ?`, minor, tx.Now, tx.Shop, month).Error
}

// budget is what of a month is taken and what of that was paid.
type budget struct {
	Month         string `json:"month"`
	ReservedMinor int64  `json:"reserved_minor"`
	SpentMinor    int64  `json:"spent_minor"`
}

// budgets reads the last months that have one, newest first.
func budgets(tx *store.Tx, most int) (list []budget, err error) {
	list = []budget{}
	err = tx.Raw(`SELECT month, reserved_minor, spent_minor FROM tracking_budgets WHERE shop_id = ? ORDER BY month DESC LIMIT ?`, tx.Shop, most).Scan(&list).Error
	return list, err
}

// offerRow is an offer in the database.
type offerRow struct {
	ShopID      ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID          string   `gorm:"primaryKey"`
	OrderID     int64
	OrderName   string
	ParcelID    int64
	Cause       string
	State       string
	Choice      string
	Choices     string
	AmountMinor int64 // what is given back, in the shopper's money
	WorthMinor  int64 // what it takes of the budget, in the shop's
	WaitMinor   int64
	Currency    string
	BudgetMonth string
	OperationID string
	Reason      string
	MadeAt      time.Time
	UntilAt     time.Time
	ChosenAt    *time.Time
	SettledAt   *time.Time
}

// TableName names the table.
func (offerRow) TableName() string { return "tracking_offers" }

// insertOffer writes a new offer, unless the parcel has one.
func insertOffer(tx *store.Tx, of *offerRow) (bool, error) {
	made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(of)
	return made.RowsAffected == 1, made.Error
}

func findOffer(tx *store.Tx, id string) (of offerRow, err error) {
	return of, store.One(tx.Scoped(&offerRow{}).Where("id = ?", id).Take(&of), ErrOfferGone)
}

func offerOf(tx *store.Tx, operation string) (of offerRow, err error) {
	return of, store.One(tx.Scoped(&offerRow{}).Where("operation_id = ?", operation).Take(&of), ErrOfferGone)
}

// offersOn reads an order's offers, newest first.
func offersOn(tx *store.Tx, order int64) (list []offerRow, err error) {
	err = tx.Scoped(&offerRow{}).Where("order_id = ?", order).Order("made_at DESC, id DESC").Limit(50).Find(&list).Error
	return list, err
}

// offersBefore is a page of the log, newest first.
func offersBefore(tx *store.Tx, before string, most int) (list []offerRow, err error) {
	q := tx.Scoped(&offerRow{})
	if before != "" {
		q = q.Where("id < ?", before)
	}
	err = q.Order("id DESC").Limit(most).Find(&list).Error
	return list, err
}

// turnOffer turns an open offer into the chosen one that is given. Of two at once
// one gets through.
func turnOffer(tx *store.Tx, of offerRow) (bool, error) {
	u := tx.Exec(`UPDATE tracking_offers SET state = 'chosen', choice = ?, worth_minor = ?, budget_month = ?, operation_id = ?, chosen_at = ?
		WHERE shop_id = ? AND id = ? AND state = 'open'`, of.Choice, of.WorthMinor, of.BudgetMonth, of.OperationID, of.ChosenAt, tx.Shop, of.ID)
	return u.RowsAffected == 1, u.Error
}

// closeOffer ends a chosen or parked offer.
func closeOffer(tx *store.Tx, id, state, reason string) (bool, error) {
	u := tx.Exec(`UPDATE tracking_offers SET state = ?, reason = ?, settled_at = ? WHERE shop_id = ? AND id = ? AND state IN ('chosen', 'parked') AND state <> ?`,
		state, reason, tx.Now, tx.Shop, id, state)
	return u.RowsAffected == 1, u.Error
}

// endOffers ends the open ones whose time is over or whose parcel has arrived; those
// for missing parcels end with their claim.
func endOffers(tx *store.Tx, now time.Time) error {
	return tx.Exec(`UPDATE tracking_offers SET state = 'ended', settled_at = ? WHERE shop_id = ? AND state = 'open' AND cause <> 'missing' AND (until_at <= ?
		OR EXISTS (SELECT 1 FROM tracking_parcels p WHERE p.shop_id = tracking_offers.shop_id AND p.id = tracking_offers.parcel_id AND NOT p.under_way))`, now, tx.Shop, now).Error
}

// disappointed reads parcels that are silent or late beyond what the merchant
// tolerates and have no offer yet. Late is measured by what was promised first.
func disappointed(tx *store.Tx, stalled, late, notBefore time.Time, after int64, most int) (rows []row, err error) {
	err = tx.Raw(`SELECT t.* FROM tracking_parcels t LEFT JOIN tracking_promises p ON p.shop_id = t.shop_id AND p.parcel_id = t.id
		WHERE t.shop_id = ? AND t.id > ? AND t.known AND t.under_way AND t.erased_at IS NULL AND t.shipped_at >= ? AND t.state <> 'out_for_delivery' AND t.state <> 'pickup_ready'
		AND (t.stalled_at <= ? OR p.expected_until < ?)
		AND NOT EXISTS (SELECT 1 FROM tracking_offers o WHERE o.shop_id = t.shop_id AND o.parcel_id = t.id) ORDER BY t.id LIMIT ?`,
		tx.Shop, after, notBefore, stalled, late, most).Scan(&rows).Error
	return rows, err
}

// forgetOffers takes out of the offers on somebody's orders what names the order;
// what was given, and when, stays for the books.
func forgetOffers(tx *store.Tx, orders []int64) error {
	if len(orders) == 0 {
		return nil
	}
	return tx.Exec(`UPDATE tracking_offers SET order_name = '', state = CASE WHEN state = 'open' THEN 'ended' ELSE state END WHERE shop_id = ? AND order_id IN ?`, tx.Shop, orders).Error
}

// budgetLeft is what of a month's budget nobody has taken; nothing when offers
// are switched off.
func budgetLeft(tx *store.Tx, month string) (int64, error) {
	var most, taken int64
	if err := tx.Raw("SELECT cap_month_minor FROM tracking_goodwill WHERE shop_id = ? AND enabled", tx.Shop).Scan(&most).Error; err != nil {
		return 0, err
	}
	if most == 0 {
		return 0, nil
	}
	err := tx.Raw("SELECT reserved_minor FROM tracking_budgets WHERE shop_id = ? AND month = ?", tx.Shop, month).Scan(&taken).Error
	return most - taken, err
}
