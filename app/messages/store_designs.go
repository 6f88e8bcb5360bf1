package messages

import (
	"errors"
	"time"

	"afterglow/app/ids"
	"afterglow/app/store"
)

// designRow is one version of a design, or its draft.
type designRow struct {
	ShopID      ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Kind        string   `gorm:"primaryKey"`
	Version     int      `gorm:"primaryKey;autoIncrement:false"`
	Revision    int
	Document    string
	FromVersion int
	ChangedBy   string
	ChangedAt   time.Time
}

// TableName names the table.
func (designRow) TableName() string { return "messages_designs" }

func (r designRow) design() Design {
	return Design{r.Version, r.Revision, []byte(r.Document), r.FromVersion, r.ChangedBy, r.ChangedAt.UTC()}
}

func rowOfDesign(tx *store.Tx, kind string, d Design) *designRow {
	return &designRow{tx.Shop, kind, d.Version, d.Revision, string(d.Document), d.From, d.ChangedBy, d.ChangedAt}
}

// replaceDraft writes the draft if it still has the revision it was read with.
func replaceDraft(tx *store.Tx, kind string, d Design, revision int) error {
	if revision == 0 {
		err := tx.Create(rowOfDesign(tx, kind, d)).Error
		if store.Duplicate(err) {
			return ErrDesignStale
		}
		return err
	}
	done := tx.Scoped(&designRow{}).Where("kind = ? AND version = 0 AND revision = ?", kind, revision).
		Updates(map[string]any{"revision": d.Revision, "document": string(d.Document), "changed_by": d.ChangedBy, "changed_at": d.ChangedAt})
	if done.Error == nil && done.RowsAffected == 0 {
		return ErrDesignStale
	}
	return done.Error
}

// insertDesign writes a version; two who publish at once would take the same
// number, and the second is told.
func insertDesign(tx *store.Tx, kind string, d Design) error {
	err := tx.Create(rowOfDesign(tx, kind, d)).Error
	if store.Duplicate(err) {
		return ErrDesignStale
	}
	return err
}

// Published is the design in use; version 0 and no document when the merchant
// never published one.
func Published(tx *store.Tx, kind string) (Design, error) {
	var r designRow
	err := store.One(tx.Scoped(&r).Where("kind = ? AND version > 0", kind).Order("version DESC").Limit(1).Take(&r), ErrDesignMissing)
	if errors.Is(err, ErrDesignMissing) {
		return Design{}, nil
	}
	return r.design(), err
}

// FindDesign reads one version, or with version 0 the draft.
func FindDesign(tx *store.Tx, kind string, version int) (Design, error) {
	var r designRow
	err := store.One(tx.Scoped(&r).Where("kind = ? AND version = ?", kind, version).Take(&r), ErrDesignMissing)
	return r.design(), err
}

// Designs lists what was published, newest first, without the documents.
func Designs(tx *store.Tx, kind string, limit int) (list []Design, err error) {
	var rows []designRow
	err = tx.Scoped(&designRow{}).Omit("document").Where("kind = ? AND version > 0", kind).Order("version DESC").Limit(limit).Find(&rows).Error
	for _, r := range rows {
		list = append(list, r.design())
	}
	return list, err
}

// CountFallbacks tells how many mails went out in the built-in form since then,
// because the merchant's own failed.
func CountFallbacks(tx *store.Tx, since time.Time) (n int64, err error) {
	err = tx.Scoped(&Message{}).Where("fallback <> '' AND sent_at >= ?", since).Count(&n).Error
	return n, err
}
