package messages

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/mail"
	"afterglow/app/store"
)

// Scope is which mails a suppression is about.
type Scope string

// The scopes.
const (
	ScopeAll       Scope = "all"
	ScopeMarketing Scope = "marketing"
)

// Source is who asked for a suppression.
type Source string

// The sources.
const (
	SourceRefused      Source = "refused"   // the mail server said while we sent
	SourceBounce       Source = "bounce"    // a report said afterwards
	SourceComplaint    Source = "complaint" // the recipient called it spam
	SourceUnsubscribed Source = "unsubscribed"
	SourceMerchant     Source = "merchant"
)

type suppression struct {
	ShopID    ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Address   string   `gorm:"primaryKey"` // or, of somebody who was erased, its keyed hash
	Scope     Scope    `gorm:"primaryKey"`
	Source    Source
	Reason    string
	MessageID string
	CreatedAt time.Time
}

func (suppression) TableName() string { return "messages_suppressions" }

// hashedPrefix begins a hashed address; no address begins so.
const hashedPrefix = "#"

// hashed is the address as a keyed hash, under each key there is, the newest
// first: enough to know it again, not to read it.
func (s *Service) hashed(tx *store.Tx, address string) (forms []string) {
	for _, key := range s.outside.Keys {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(tx.Shop.String() + "\n" + normal(address)))
		forms = append(forms, hashedPrefix+hex.EncodeToString(h.Sum(nil)[:16]))
	}
	return forms
}

// suppressed tells why a mail of the class may not go to the address; empty when
// it may.
func (s *Service) suppressed(tx *store.Tx, address string, class mail.Class) (reason string, err error) {
	var rows []suppression
	err = tx.Scoped(&suppression{}).Where("address IN ?", append(s.hashed(tx, address), normal(address))).Order("scope").Find(&rows).Error
	for _, r := range rows {
		if r.Scope == ScopeAll || class == mail.Marketing {
			return r.Reason, err
		}
	}
	return "", err
}

// suppress puts an address on the list. The first reason stays.
func suppress(tx *store.Tx, row suppression) (wrote bool, err error) {
	row.ShopID, row.Address, row.CreatedAt = tx.Shop, normal(row.Address), tx.Now
	q := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	return q.RowsAffected == 1, q.Error
}

func likePrefix(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s) + "%"
}

// lift takes an address off the list.
func (s *Service) lift(tx *store.Tx, address string, scope Scope) (int64, error) {
	q := tx.Scoped(&suppression{}).Where("address IN ? AND scope = ?", append(s.hashed(tx, address), normal(address)), scope).Delete(&suppression{})
	return q.RowsAffected, q.Error
}

func listSuppressions(tx *store.Tx, beginning string, before time.Time, limit int) (rows []suppression, err error) {
	q := tx.Scoped(&suppression{})
	if beginning = normal(beginning); beginning != "" {
		q = q.Where("address LIKE ? ESCAPE '!'", likePrefix(beginning))
	}
	if !before.IsZero() {
		q = q.Where("created_at < ?", before)
	}
	err = q.Order("created_at DESC, address").Limit(limit).Find(&rows).Error
	return rows, err
}

func suppressionsOf(tx *store.Tx, email string) (rows []suppression, err error) {
	if email == "" {
		return nil, nil
	}
	err = tx.Scoped(&suppression{}).Where("address = ?", normal(email)).Order("scope").Find(&rows).Error
	return rows, err
}

// hideSuppression forgets the address and keeps that it is not written to: who
// said no, and is erased, has still said no.
func (s *Service) hideSuppression(tx *store.Tx, email string) error {
	rows, err := suppressionsOf(tx, email)
	if err != nil {
		return err
	}
	forms := s.hashed(tx, email)
	for _, r := range rows {
		if len(forms) == 0 {
			break // without a key nothing can be kept
		}
		hidden := r
		hidden.Address, hidden.MessageID, hidden.Reason = forms[0], "", sourceWords[r.Source]
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&hidden).Error; err != nil {
			return err
		}
	}
	return tx.Scoped(&suppression{}).Where("address = ?", normal(email)).Delete(&suppression{}).Error
}

// sourceWords are the reasons that say nothing about a person.
var sourceWords = map[Source]string{
	SourceRefused:      "the mailbox was refused for good",
	SourceBounce:       "the mail came back: the mailbox does not take mail",
	SourceComplaint:    "the recipient marked a mail as spam",
	SourceUnsubscribed: "the recipient unsubscribed",
	SourceMerchant:     "entered by the shop",
}
