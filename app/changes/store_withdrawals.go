package changes

import (
	"encoding/json"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/room"
	"afterglow/app/store"
)

type withdrawalRow struct {
	ShopID        ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID            string   `gorm:"primaryKey"`
	TypedOrder    string
	Name          string
	Email         string
	EmailKey      string
	TypedItems    string
	Lines         string // ids of lines as JSON; none means all
	Locale        string
	OrderID       int64
	OrderName     string
	State         string
	Finding       string
	Findings      string // by item, as JSON
	LastDay       string
	PolicyVersion int
	Accepted      bool
	Answer        string
	AnsweredBy    string
	RefundDue     time.Time // the first instant at which it is late
	ReceivedAt    time.Time
	MatchedAt     *time.Time
	AnsweredAt    *time.Time
	RefundedAt    *time.Time
	ErasedAt      *time.Time
}

// TableName names the table.
func (withdrawalRow) TableName() string { return "changes_withdrawals" }

func (w *withdrawalRow) lines() (list []int64) {
	_ = json.Unmarshal([]byte(w.Lines), &list) // we wrote it
	return list
}

func (w *withdrawalRow) findings() (list []itemFinding) {
	_ = json.Unmarshal([]byte(w.Findings), &list)
	return list
}

// keepWithdrawal writes a declaration; false when it is there already.
func keepWithdrawal(tx *store.Tx, w *withdrawalRow) (fresh bool, err error) {
	done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(w)
	return done.RowsAffected == 1, done.Error
}

func findWithdrawal(tx *store.Tx, id string) (*withdrawalRow, error) {
	w := &withdrawalRow{}
	return w, store.One(tx.Scoped(w).Where("id = ?", id).Take(w), ErrRequestMissing)
}

// holdWithdrawal is findWithdrawal for who goes on to write it: two do so one
// after the other.
func holdWithdrawal(tx *store.Tx, id string) (*withdrawalRow, error) {
	w := &withdrawalRow{}
	q := tx.Scoped(w).Where("id = ?", id)
	if tx.Postgres() {
		q = q.Clauses(clause.Locking{Strength: "UPDATE"})
	}
	return w, store.One(q.Take(w), ErrRequestMissing)
}

func saveWithdrawal(tx *store.Tx, w *withdrawalRow) error { return tx.DB.Save(w).Error }

// receiptsTo counts the declarations that named an address since then.
func receiptsTo(tx *store.Tx, emailKey string, since time.Time) (n int64, err error) {
	err = tx.Scoped(&withdrawalRow{}).Where("email_key = ? AND received_at > ?", emailKey, since).Count(&n).Error
	return n, err
}

// pageOf reads a page of requests, newest first, behind the row after.
func pageOf[T any](tx *store.Tx, model T, column string, states []string, after string, limit int) (list []T, err error) {
	q := tx.Scoped(&model)
	if len(states) > 0 {
		q = q.Where("state IN ?", states)
	}
	if after != "" { // its id is as old as its form, which may have been open for a day
		var at []time.Time
		if err := tx.Scoped(&model).Where("id = ?", after).Pluck(column, &at).Error; err != nil || len(at) == 0 {
			return nil, err
		}
		q = q.Where("("+column+", id) < (?, ?)", at[0], after)
	}
	err = q.Order(column + " DESC, id DESC").Limit(limit).Find(&list).Error
	return list, err
}

func withdrawalsFor(tx *store.Tx, order int64) (list []withdrawalRow, err error) {
	err = tx.Scoped(&withdrawalRow{}).Where("order_id = ?", order).Order("received_at, id").Find(&list).Error
	return list, err
}

func belongingWithdrawals(tx *store.Tx, p room.Person) *gorm.DB {
	return tx.Scoped(&withdrawalRow{}).Where("(email_key = ? AND email_key <> '') OR (order_id <> 0 AND order_id IN ?)", emailKey(p.Email), append([]int64{0}, p.OrderIDs...))
}

func withdrawalsOf(tx *store.Tx, p room.Person) (list []withdrawalRow, err error) {
	err = belongingWithdrawals(tx, p).Order("received_at, id").Find(&list).Error
	return list, err
}

// eraseRequests takes the person out of what they declared and reported. That and
// when they did stays, and so does what the merchant decided.
func eraseRequests(tx *store.Tx, p room.Person) error {
	err := belongingWithdrawals(tx, p).Updates(map[string]any{"typed_order": "", "name": "", "email": "", "email_key": "", "typed_items": "", "locale": "",
		"answer": "", "erased_at": tx.Now}).Error
	if err != nil || len(p.OrderIDs) == 0 {
		return err
	}
	if err := tx.Exec(`DELETE FROM changes_photos WHERE shop_id = ? AND problem_id IN (SELECT id FROM changes_problems WHERE shop_id = ? AND order_id IN ?)`,
		tx.Shop, tx.Shop, p.OrderIDs).Error; err != nil {
		return err
	}
	if err := tx.Exec(`DELETE FROM changes_problem_answers WHERE shop_id = ? AND problem_id IN (SELECT id FROM changes_problems WHERE shop_id = ? AND order_id IN ?)`,
		tx.Shop, tx.Shop, p.OrderIDs).Error; err != nil {
		return err
	}
	return tx.Scoped(&problemRow{}).Where("order_id IN ?", p.OrderIDs).Updates(map[string]any{"description": "", "answer": "", "locale": "", "photos": 0, "erased_at": tx.Now}).Error
}

func requestAddresses(tx *store.Tx, see func(string)) error {
	var list []string
	err := tx.Scoped(&withdrawalRow{}).Where("email_key <> ''").Distinct().Pluck("email_key", &list).Error
	for _, a := range list {
		see(a)
	}
	return err
}

// seenTo are the states that nobody has to look at any more.
var seenTo = []string{WithdrawalAnswered, WithdrawalDismissed}

const (
	dismissedKept = 365 * 24 * time.Hour
	unmatchedKept = 3 * 365 * 24 * time.Hour // claims lapse with the third year
)

// sweepUnmatched deletes declarations that fit no order, with which they would have
// gone.
func sweepUnmatched(tx *store.Tx) error {
	return tx.Exec(`DELETE FROM changes_withdrawals WHERE shop_id = ? AND order_id = 0 AND (received_at < ? OR state = ? AND answered_at < ?)`,
		tx.Shop, tx.Now.Add(-unmatchedKept), WithdrawalDismissed, tx.Now.Add(-dismissedKept)).Error
}

// waiting leaves out whose data was erased before anybody knew the order: nobody can
// do anything about it any more.
const waiting = "(erased_at IS NULL OR order_id <> 0)"

// countRefundsDue counts withdrawals that were accepted, or that nobody refused and
// that nothing speaks against, and whose refund is due before then.
func countRefundsDue(tx *store.Tx, before time.Time) (n int64, err error) {
	err = tx.Scoped(&withdrawalRow{}).Where("refunded_at IS NULL AND refund_due < ? AND (accepted OR (state NOT IN ? AND finding IN ?))", before, seenTo,
		[]string{FindingNone, FindingInTime, FindingPartly}).Where(waiting).Count(&n).Error
	return n, err
}

func countUnanswered(tx *store.Tx) (int64, error) {
	var withdrawals, problems int64
	if err := tx.Scoped(&withdrawalRow{}).Where("state NOT IN ?", seenTo).Where(waiting).Count(&withdrawals).Error; err != nil {
		return 0, err
	}
	err := tx.Scoped(&problemRow{}).Where("state = ?", ProblemOpen).Count(&problems).Error
	return withdrawals + problems, err
}
