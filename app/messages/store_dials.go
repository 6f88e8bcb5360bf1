package messages

import (
	"errors"
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/store"
)

type dialRow struct {
	ShopID   ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Address  string   `gorm:"primaryKey"`
	Level    Level
	ChosenAt time.Time
}

func (dialRow) TableName() string { return "messages_dials" }

// DialOf returns what the address chose, or LevelAll and no time.
func DialOf(tx *store.Tx, address string) (Dial, error) {
	var row dialRow
	err := store.One(tx.Scoped(&dialRow{}).Where("address = ?", normal(address)).Take(&row))
	if errors.Is(err, store.ErrNotFound) {
		return Dial{Level: LevelAll}, nil
	}
	return Dial{Level: row.Level, ChosenAt: &row.ChosenAt}, err
}

func saveDial(tx *store.Tx, address string, level Level) error {
	row := dialRow{ShopID: tx.Shop, Address: normal(address), Level: level, ChosenAt: tx.Now}
	return tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "shop_id"}, {Name: "address"}}, DoUpdates: clause.AssignmentColumns([]string{"level", "chosen_at"})}).Create(&row).Error
}

// forgetDial drops a choice; who is erased starts again with all mails.
func forgetDial(tx *store.Tx, address string) error {
	return tx.Scoped(&dialRow{}).Where("address = ?", normal(address)).Delete(&dialRow{}).Error
}
