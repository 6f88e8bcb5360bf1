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

	LiftedAt     *time.Time // nil: in force
	LiftedReason string
	LiftedBy     string // Shopify's id of the member of staff
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
	err = tx.Scoped(&suppression{}).Where("address IN ? AND lifted_at IS NULL", append(s.hashed(tx, address), normal(address))).Order("scope").Find(&rows).Error
	for _, r := range rows {
		if r.Scope == ScopeAll || class == mail.Marketing {
			return r.Reason, err
		}
	}
	return "", err
}

// suppress puts an address on the list. The first reason stays, unless it was
// taken back.
func suppress(tx *store.Tx, row suppression) (wrote bool, err error) {
	row.ShopID, row.Address, row.CreatedAt = tx.Shop, normal(row.Address), tx.Now
	q := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if q.Error != nil || q.RowsAffected == 1 {
		return q.RowsAffected == 1, q.Error
	}
	q = tx.Scoped(&suppression{}).Where("address = ? AND scope = ? AND lifted_at IS NOT NULL", row.Address, row.Scope).
		Updates(map[string]any{"source": row.Source, "reason": row.Reason, "message_id": row.MessageID, "created_at": row.CreatedAt,
			"lifted_at": nil, "lifted_reason": "", "lifted_by": ""})
	return q.RowsAffected == 1, q.Error
}

func likePrefix(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s) + "%"
}

// lift takes an address off the list and keeps who did and why. Of somebody who
// was erased nothing is kept.
func (s *Service) lift(tx *store.Tx, address string, scope Scope, reason, by string) (int64, error) {
	q := tx.Scoped(&suppression{}).Where("address = ? AND scope = ? AND lifted_at IS NULL", normal(address), scope).
		Updates(map[string]any{"lifted_at": tx.Now, "lifted_reason": reason, "lifted_by": by})
	hidden := s.hashed(tx, address)
	if q.Error != nil || len(hidden) == 0 {
		return q.RowsAffected, q.Error
	}
	d := tx.Scoped(&suppression{}).Where("address IN ? AND scope = ?", hidden, scope).Delete(&suppression{})
	return q.RowsAffected + d.RowsAffected, d.Error
}

// liftedFor is how long it is known who took an address off the list.
const liftedFor = 365 * 24 * time.Hour

// eraseLifted drops what was taken back long ago. It runs over all shops.
func eraseLifted(tx *store.Tx, before time.Time) error {
	return tx.Exec(`DELETE FROM messages_suppressions WHERE lifted_at < ?`, before).Error
}

// suppressionFilter narrows the list of suppressions.
type suppressionFilter struct {
	Beginning string // of the address
	Lifted    bool   // those that were taken back, instead of those in force
	After     suppressionPlace
	Limit     int
}

// suppressionPlace is a row's place in the list. Many rows may share a time.
type suppressionPlace struct {
	At      time.Time `json:"t"`
	Address string    `json:"a"`
	Scope   Scope     `json:"s"`
}

func listSuppressions(tx *store.Tx, f suppressionFilter) (rows []suppression, err error) {
	q := tx.Scoped(&suppression{}).Where("lifted_at IS NULL")
	if f.Lifted {
		q = tx.Scoped(&suppression{}).Where("lifted_at IS NOT NULL")
	}
	if beginning := normal(f.Beginning); beginning != "" {
		q = q.Where("address LIKE ? ESCAPE '!'", likePrefix(beginning))
	}
	if a := f.After; !a.At.IsZero() {
		q = q.Where("created_at <= ? AND (created_at < ? OR address > ? OR (address = ? AND scope > ?))", a.At, a.At, a.Address, a.Address, a.Scope)
	}
	err = q.Order("created_at DESC, address, scope").Limit(f.Limit).Find(&rows).Error
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
		if len(forms) == 0 || r.LiftedAt != nil {
			continue // without a key nothing can be kept, and what was taken back need not be
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
