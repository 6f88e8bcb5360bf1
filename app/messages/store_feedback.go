package messages

import (
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/store"
)

// feedbackRow is an event of a provider or mailbox. It names no person.
type feedbackRow struct {
	ShopID     ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	EventKey   string   `gorm:"primaryKey"`
	Provider   string
	Kind       Verdict
	MessageID  string // empty: of no mail that we know
	Status     string
	OccurredAt time.Time
	ReceivedAt time.Time
}

func (feedbackRow) TableName() string { return "messages_feedback" }

func insertFeedback(tx *store.Tx, row feedbackRow) (bool, error) {
	q := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	return q.RowsAffected == 1, q.Error
}

func recentFeedback(tx *store.Tx, limit int) (rows []feedbackRow, err error) {
	err = tx.Scoped(&feedbackRow{}).Order("received_at DESC, event_key").Limit(limit).Find(&rows).Error
	return rows, err
}

// eraseFeedback drops old events. It runs over all shops.
func eraseFeedback(tx *store.Tx, before time.Time) error {
	return tx.Exec(`DELETE FROM messages_feedback WHERE received_at < ?`, before).Error
}
