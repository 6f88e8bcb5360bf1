package mail

import (
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/store"
)

// Kept is one mail in the built-in mailbox.
type Kept struct {
	ID        string   `gorm:"primaryKey"`
	ShopID    ids.Shop // zero for mails that no shop sent
	ToAddress string
	Subject   string
	Headers   string // JSON: name → value, as they would have gone out
	HTML      string
	BodyText  string
	MessageID string
	At        time.Time
}

// TableName names the table.
func (Kept) TableName() string { return "mail_mailbox" }

// keepMails is how long the mailbox remembers: it holds what shoppers bought.
const keepMails = 30 * 24 * time.Hour

// keep stores a mail once, however often it is sent, and forgets old ones.
func keep(tx *store.Tx, k *Kept) error {
	k.At = tx.Now
	taken := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "shop_id"}, {Name: "message_id"}}, DoNothing: true}).Create(k)
	if taken.Error != nil || taken.RowsAffected == 0 {
		return taken.Error
	}
	return tx.Where("shop_id = ? AND at < ?", k.ShopID, tx.Now.Add(-keepMails)).Delete(&Kept{}).Error
}

// summaries are the mails without their texts, newest first.
func summaries(tx *store.Tx, to string, limit int) (list []Kept, err error) {
	err = newest(tx, to, limit).Select("id", "to_address", "subject", "at").Find(&list).Error
	return list, err
}

// mails are whole, newest first.
func mails(tx *store.Tx, to string, limit int) (list []Kept, err error) {
	err = newest(tx, to, limit).Find(&list).Error
	return list, err
}

func newest(tx *store.Tx, to string, limit int) *gorm.DB {
	q := tx.Model(&Kept{}).Order("at DESC, id DESC").Limit(limit)
	if to != "" {
		q = q.Where("to_address = ?", strings.ToLower(to))
	}
	return q
}

func findMail(tx *store.Tx, id string) (*Kept, error) {
	var k Kept
	if err := store.One(tx.Where("id = ?", id).Take(&k), ErrNoMail); err != nil {
		return nil, err
	}
	return &k, nil
}

// eraseMails forgets the mails to an address, and those that carry the messages:
// a Message-ID begins with its message's id.
func eraseMails(tx *store.Tx, to string, messages []string) error {
	if to != "" {
		if err := tx.Where("shop_id = ? AND to_address = ?", tx.Shop, strings.ToLower(to)).Delete(&Kept{}).Error; err != nil {
			return err
		}
	}
	for _, m := range messages {
		if err := tx.Where("shop_id = ? AND message_id >= ? AND message_id < ?", tx.Shop, m+"@", m+"A").Delete(&Kept{}).Error; err != nil {
			return err
		}
	}
	return nil
}
