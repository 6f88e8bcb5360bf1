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
