package shops

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

type mailRow struct {
	ShopID       ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Version      int
	Host         string
	Port         int
	Security     string
	Username     string
	Password     string // sealed
	FromAddress  string
	Selector     string
	PerMinute    int
	PerHour      int
	Hook         string
	HookKey      string
	PausedUntil  *time.Time
	PausedReason string
	Findings     string // JSON of mail.DomainReport
	CheckedAt    *time.Time
	UpdatedAt    time.Time
}

func (mailRow) TableName() string { return "shops_mail" }

// findMail reads the row; a shop that never saved one has the empty one.
func findMail(tx *store.Tx) (row mailRow, err error) {
	err = tx.Scoped(&mailRow{}).Limit(1).Find(&row).Error
	return row, err
}

// createMail writes the empty row if there is none.
func createMail(tx *store.Tx) error {
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&mailRow{ShopID: tx.Shop, UpdatedAt: tx.Now}).Error
}

// saveMail writes the row over the version before it. It returns ErrStale when
// somebody else has saved since.
func saveMail(tx *store.Tx, row *mailRow, before int) error {
	if err := createMail(tx); err != nil {
		return err
	}
	u := tx.Scoped(&mailRow{}).Where("version = ?", before).Select("*").Omit("shop_id", "hook").Updates(row)
	if u.Error == nil && u.RowsAffected == 0 {
		return ErrStale
	}
	return u.Error
}

func updateMail(tx *store.Tx, set map[string]any) error {
	return tx.Scoped(&mailRow{}).Updates(set).Error
}

func endPause(tx *store.Tx) (bool, error) {
	u := tx.Scoped(&mailRow{}).Where("paused_reason <> ''").Updates(map[string]any{"paused_until": nil, "paused_reason": ""})
	return u.RowsAffected > 0, u.Error
}

// rotateMail encrypts the passwords of mail servers again that an older key did.
func (s *Service) rotateMail(ctx context.Context) error {
	var shops []ids.Shop
	if err := s.db.Peek(ctx, func(tx *store.Tx) error {
		return tx.Model(&mailRow{}).Where("password <> ''").Pluck("shop_id", &shops).Error
	}); err != nil {
		return err
	}
	for _, shop := range shops {
		err := s.db.InTx(ctx, shop, func(tx *store.Tx) error {
			var row mailRow
			err := store.One(tx.Scoped(&row).Clauses(clause.Locking{Strength: "UPDATE"}).Take(&row))
			if errors.Is(err, store.ErrNotFound) || err == nil && (row.Password == "" || !s.keys.Stale(row.Password)) {
				return nil
			}
			if err != nil {
				return err
			}
			password, err := s.keys.Open(mailPlace(shop), row.Password)
			if err != nil {
				return nil // no key opens it; the merchant is asked to enter it again
			}
			return updateMail(tx, map[string]any{"password": s.keys.Seal(mailPlace(shop), password)})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// checkedSenders lists the installed shops whose sender's domain was looked at.
func checkedSenders(tx *store.Tx) (shops []ids.Shop, err error) {
	err = tx.Model(&mailRow{}).Where("checked_at IS NOT NULL AND shop_id IN (SELECT shop_id FROM shops WHERE state = ?)", stateInstalled).Order("shop_id").Pluck("shop_id", &shops).Error
	return shops, err
}

// countPasswords adds the passwords of mail servers to what the keys can do.
func countPasswords(tx *store.Tx, keys *shopify.Keyring, k *KeyState) error {
	var rows []mailRow
	if err := tx.Model(&mailRow{}).Select("shop_id", "password").Where("password <> ''").Find(&rows).Error; err != nil {
		return err
	}
	for _, r := range rows {
		if keys.Stale(r.Password) {
			k.Stale = min(k.Stale+1, k.All)
		}
	}
	return nil
}
