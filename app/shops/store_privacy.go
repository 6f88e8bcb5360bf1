package shops

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

type fileRow struct {
	ShopID       ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	RequestID    string   `gorm:"primaryKey"`
	Sealed       string
	CreatedAt    time.Time
	DownloadedAt *time.Time
	ExpiresAt    time.Time
}

func (fileRow) TableName() string { return "shops_privacy_files" }

type accessRow struct {
	ID      string `gorm:"primaryKey"`
	ShopID  ids.Shop
	At      time.Time
	StaffID string
	Route   string
	Subject string // of a list: the numbers, with spaces between
	Kind    string
	People  int
}

func (accessRow) TableName() string { return "shops_access_log" }

// erasureRow has no shop_id: erasing the shop must not find it.
type erasureRow struct {
	ID         string `gorm:"primaryKey"`
	DomainHash string
	ReceivedAt time.Time
	ErasedAt   time.Time
	ErasedRows int64
}

func (erasureRow) TableName() string { return "shops_erasures" }

func filePlace(shop ids.Shop, request string) shopify.Place {
	return shopify.Place{Table: "shops_privacy_files", Column: "sealed", Shop: shop, Row: request}
}

func insertPrivacyRequest(tx *store.Tx, row *privacyRow) error {
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(row).Error
}

// privacyRequestsOf finds the requests that name the person in any way. There
// are few, so the list of orders is compared here and not in SQL.
func privacyRequestsOf(tx *store.Tx, p room.Person) (found []privacyRow, err error) {
	var rows []privacyRow
	if err := tx.Scoped(&privacyRow{}).Order("id").Find(&rows).Error; err != nil {
		return nil, err
	}
	for _, r := range rows {
		mine := r.CustomerID != 0 && r.CustomerID == p.CustomerID || sameAddress(r.Email, p.Email) || r.Phone != "" && r.Phone == p.Phone
		for _, o := range r.orders() {
			mine = mine || slices.Contains(p.OrderIDs, o)
		}
		if mine {
			found = append(found, r)
		}
	}
	return found, nil
}

func findPrivacyRequest(tx *store.Tx, id string) (row privacyRow, err error) {
	return row, store.One(tx.Scoped(&row).Where("id = ?", id).Take(&row), errNoRequest)
}

func markRequestDone(tx *store.Tx, id, outcome string) error {
	return tx.Scoped(&privacyRow{}).Where("id = ? AND done_at IS NULL", id).Updates(map[string]any{"done_at": tx.Now, "outcome": outcome}).Error
}

// forgetRequest keeps that a request was made, and drops whose it was and the file
// that answered it.
func forgetRequest(tx *store.Tx, id string) error {
	if err := tx.Scoped(&fileRow{}).Where("request_id = ?", id).Delete(&fileRow{}).Error; err != nil {
		return err
	}
	return tx.Scoped(&privacyRow{}).Where("id = ?", id).
		Updates(map[string]any{"customer_id": 0, "email": "", "phone": "", "order_ids": "[]"}).Error
}

// lockShop reads the shop and keeps others from changing it until the
// transaction ends.
func lockShop(tx *store.Tx) (row shopRow, err error) {
	return row, store.One(tx.Scoped(&row).Clauses(clause.Locking{Strength: "UPDATE"}).Take(&row), ErrNotInstalled)
}

func insertFile(tx *store.Tx, row *fileRow) error {
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(row).Error
}

func insertErasure(tx *store.Tx, row *erasureRow) error { return tx.Create(row).Error }

// erasedSince tells whether a shop was erased after the time; it looks at all shops.
func erasedSince(tx *store.Tx, at time.Time) (bool, error) {
	var n int64
	err := tx.Model(&erasureRow{}).Where("erased_at > ?", at).Count(&n).Error
	return n > 0, err
}

func insertAccess(tx *store.Tx, row *accessRow) error { return tx.Create(row).Error }

// takeFile returns the file of a request, and notes when it was first taken.
func (s *Service) takeFile(tx *store.Tx, request string) (string, error) {
	var row fileRow
	if err := store.One(tx.Scoped(&row).Where("request_id = ?", request).Take(&row), errNoFile); err != nil {
		return "", err
	}
	text, err := s.keys.Open(filePlace(tx.Shop, request), row.Sealed)
	if err != nil || row.DownloadedAt != nil {
		return text, err
	}
	return text, tx.Scoped(&fileRow{}).Where("request_id = ?", request).
		Updates(map[string]any{"downloaded_at": tx.Now, "expires_at": tx.Now.Add(keepFile)}).Error
}

// privacyPage lists requests, newest first, with the files they have, which come
// without their content.
func privacyPage(tx *store.Tx, before string, limit int) (rows []privacyRow, files map[string]fileRow, err error) {
	q := tx.Scoped(&privacyRow{})
	if before != "" {
		q = q.Where("id < ?", before)
	}
	if err := q.Order("id DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, nil, err
	}
	wanted := make([]string, len(rows))
	for i, r := range rows {
		wanted[i] = r.ID
	}
	var list []fileRow
	err = tx.Scoped(&fileRow{}).Omit("sealed").Where("request_id IN ?", append(wanted, "")).Find(&list).Error
	files = make(map[string]fileRow, len(list))
	for _, f := range list {
		files[f.RequestID] = f
	}
	return rows, files, err
}

type privacyCounts struct {
	Open    int64 `json:"open"`    // not seen to yet
	Waiting int64 `json:"waiting"` // files that nobody has downloaded
}

func countPrivacy(tx *store.Tx) (c privacyCounts, err error) {
	if err = tx.Scoped(&privacyRow{}).Where("done_at IS NULL").Count(&c.Open).Error; err != nil {
		return c, err
	}
	return c, tx.Scoped(&fileRow{}).Where("downloaded_at IS NULL").Count(&c.Waiting).Error
}

func accessPage(tx *store.Tx, before string, limit int) (rows []accessRow, err error) {
	q := tx.Scoped(&accessRow{})
	if before != "" {
		q = q.Where("id < ?", before)
	}
	return rows, q.Order("id DESC").Limit(limit).Find(&rows).Error
}

// deleteOldAccesses and deleteOldFiles run over all shops.
func deleteOldAccesses(tx *store.Tx, before time.Time) error {
	return tx.Exec(`DELETE FROM shops_access_log WHERE at < ?`, before).Error
}

func deleteOldFiles(tx *store.Tx) error {
	if err := tx.Exec(`UPDATE shops_privacy_requests SET customer_id = 0, email = '', phone = '', order_ids = '[]' WHERE EXISTS
		(SELECT 1 FROM shops_privacy_files f WHERE f.shop_id = shops_privacy_requests.shop_id AND f.request_id = shops_privacy_requests.id AND f.expires_at < ?)`, tx.Now).Error; err != nil {
		return err
	}
	return tx.Exec(`DELETE FROM shops_privacy_files WHERE expires_at < ?`, tx.Now).Error
}

// rotateFiles encrypts again the files that an older key encrypted.
func (s *Service) rotateFiles(ctx context.Context) error {
	var heads []fileRow
	if err := s.db.Peek(ctx, func(tx *store.Tx) error {
		return tx.Raw(`SELECT shop_id, request_id, substr(sealed, 1, 40) AS sealed FROM shops_privacy_files`).Scan(&heads).Error
	}); err != nil {
		return err
	}
	for _, head := range heads {
		if !s.keys.Stale(head.Sealed) {
			continue
		}
		if err := s.db.InTx(ctx, head.ShopID, func(tx *store.Tx) error { return s.sealAgain(tx, head.RequestID) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) sealAgain(tx *store.Tx, request string) error {
	var row fileRow
	if err := tx.Scoped(&row).Clauses(clause.Locking{Strength: "UPDATE"}).Where("request_id = ?", request).Limit(1).Find(&row).Error; err != nil || row.Sealed == "" {
		return err
	}
	place := filePlace(tx.Shop, request)
	text, err := s.keys.Open(place, row.Sealed)
	if locked(err) {
		s.log.Warn("a customer's file does not open, the merchant has to ask Shopify for it again", "shop", tx.Shop, "request", request, "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	return tx.Scoped(&fileRow{}).Where("request_id = ?", request).Updates(map[string]any{"sealed": s.keys.Seal(place, text)}).Error
}
