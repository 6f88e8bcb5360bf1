package messages

import (
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/store"
)

type paceRow struct {
	ShopID   store.ShopID `gorm:"primaryKey;autoIncrement:false"`
	MinuteAt time.Time
	HourAt   time.Time
}

func (paceRow) TableName() string { return "messages_pace" }

// findPace locks the shop's row, so that no two mails take one turn.
func findPace(tx *store.Tx) (pace, error) {
	row := paceRow{ShopID: tx.Shop, MinuteAt: tx.Now, HourAt: tx.Now}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return pace{}, err
	}
	q := tx.Scoped(&paceRow{})
	if tx.Postgres() {
		q = q.Clauses(clause.Locking{Strength: "UPDATE"})
	}
	err := store.One(q.Take(&row))
	return pace{row.MinuteAt, row.HourAt}, err
}

func savePace(tx *store.Tx, p pace) error {
	return tx.Scoped(&paceRow{}).Updates(map[string]any{"minute_at": p.minute.UTC().Truncate(time.Microsecond), "hour_at": p.hour.UTC().Truncate(time.Microsecond)}).Error
}

func dropPace(tx *store.Tx) error { return tx.Scoped(&paceRow{}).Delete(&paceRow{}).Error }

// countedWaiting is up to where mails that wait are counted.
const countedWaiting = 10_000

// waiting is how many mails wait, and for what.
type waiting struct {
	All, Turn, Server, Operator int64
	Next                        *time.Time // when the next one has its turn
	More                        bool       // than were counted
}

func countWaiting(tx *store.Tx) (w waiting, err error) {
	var counts []struct {
		WaitsFor Wait
		N        int64
	}
	err = tx.Raw(`SELECT waits_for, count(*) AS n FROM (SELECT waits_for FROM messages WHERE shop_id = ? AND state = ? ORDER BY id DESC LIMIT ?) counted GROUP BY waits_for`,
		tx.Shop, StateWaiting, countedWaiting).Scan(&counts).Error
	if err != nil {
		return w, err
	}
	for _, c := range counts {
		w.All += c.N
		switch c.WaitsFor {
		case WaitRate:
			w.Turn = c.N
		case WaitServer:
			w.Server = c.N
		case WaitOperator:
			w.Operator = c.N
		}
	}
	w.More = w.All == countedWaiting
	if w.Turn == 0 {
		return w, nil
	}
	var next []Message
	err = tx.Scoped(&Message{}).Select("not_before").Where("state = ? AND waits_for = ? AND not_before IS NOT NULL", StateWaiting, WaitRate).
		Order("not_before").Limit(1).Find(&next).Error
	if len(next) == 1 {
		at := next[0].NotBefore.UTC()
		w.Next = &at
	}
	return w, err
}

// WaitingForOperator counts the mails that the installation's mail server would
// not take from us, and gives the newest answer.
func WaitingForOperator(tx *store.Tx) (n int64, reason string, err error) {
	var rows []Message
	err = tx.Scoped(&Message{}).Select("id", "reason").Where("state = ? AND waits_for = ?", StateWaiting, WaitOperator).Order("id DESC").Limit(countedWaiting).Find(&rows).Error
	if len(rows) > 0 {
		reason = rows[0].Reason
	}
	return int64(len(rows)), reason, err
}
