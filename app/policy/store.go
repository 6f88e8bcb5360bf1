package policy

import (
	"encoding/json"
	"fmt"
	"time"

	"afterglow/app/ids"
	"afterglow/app/store"
)

// versionRow is a published policy, or with version 0 the draft.
type versionRow struct {
	ShopID      ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Version     int      `gorm:"primaryKey;autoIncrement:false"`
	Revision    int
	Source      string
	FromVersion int
	ChangedBy   string
	ChangedAt   time.Time
}

// TableName names the table.
func (versionRow) TableName() string { return "policy_policies" }

// stored is the version without its policy, which only its source can tell.
func (r versionRow) stored() Version {
	return Version{Version: r.Version, Revision: r.Revision, Source: r.Source, From: r.FromVersion, ChangedBy: r.ChangedBy, ChangedAt: r.ChangedAt.UTC(), stored: true}
}

func rowOf(tx *store.Tx, v Version) *versionRow {
	return &versionRow{tx.Shop, v.Version, v.Revision, v.Source, v.From, v.ChangedBy, v.ChangedAt}
}

// findLatest is the newest version published until then, or the first; nil for now.
func findLatest(tx *store.Tx, until *time.Time) (Version, error) {
	q := tx.Scoped(&versionRow{}).Where("version > 0")
	if until != nil {
		q = q.Where("(changed_at <= ? OR version = 1)", *until)
	}
	var r versionRow
	if err := store.One(q.Order("version DESC").Limit(1).Take(&r), ErrMissing); err != nil {
		return Version{}, err
	}
	v := r.stored()
	return v, v.read()
}

func findVersion(tx *store.Tx, version int) (Version, error) {
	var r versionRow
	if err := store.One(tx.Scoped(&versionRow{}).Where("version = ? AND version > 0", version).Take(&r), ErrMissing); err != nil {
		return Version{}, err
	}
	v := r.stored()
	return v, v.read()
}

// findDraft reads the draft, which may have faults.
func findDraft(tx *store.Tx) (Version, error) {
	var r versionRow
	err := store.One(tx.Scoped(&versionRow{}).Where("version = 0").Take(&r), ErrMissing)
	return r.stored(), err
}

// listVersions are the published ones, newest first.
func listVersions(tx *store.Tx, limit int) ([]Version, error) {
	var rows []versionRow
	err := tx.Scoped(&versionRow{}).Where("version > 0").Order("version DESC").Limit(limit).Find(&rows).Error
	list := make([]Version, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.stored())
	}
	return list, err
}

// replaceDraft writes the draft if it still has the revision it was read with.
func replaceDraft(tx *store.Tx, v Version, revision int) error {
	if revision == 0 {
		err := tx.Create(rowOf(tx, v)).Error
		if store.Duplicate(err) {
			return ErrStale
		}
		return err
	}
	done := tx.Scoped(&versionRow{}).Where("version = 0 AND revision = ?", revision).
		Updates(map[string]any{"revision": v.Revision, "source": v.Source, "changed_by": v.ChangedBy, "changed_at": v.ChangedAt})
	if done.Error == nil && done.RowsAffected == 0 {
		return ErrStale
	}
	return done.Error
}

// insertVersion writes a version; two who publish at once would take the same
// number, and the second is told.
func insertVersion(tx *store.Tx, v Version) error {
	err := tx.Create(rowOf(tx, v)).Error
	if store.Duplicate(err) {
		return ErrStale
	}
	return err
}

// keepFirst writes the version that the settings stood for, unless it is there.
func keepFirst(tx *store.Tx, v Version) error {
	return tx.Exec(`INSERT INTO policy_policies (shop_id, version, revision, source, from_version, changed_by, changed_at) VALUES (?, 1, 0, ?, 0, '', ?)
		ON CONFLICT (shop_id, version) DO NOTHING`, tx.Shop, v.Source, v.ChangedAt).Error
}

// productRow is what rules ask about a product.
type productRow struct {
	ShopID      ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ProductID   int64    `gorm:"primaryKey;autoIncrement:false"`
	ProductType string
	Tags        string
	Collections string
	ReadAt      time.Time
}

// TableName names the table.
func (productRow) TableName() string { return "policy_products" }

// addProducts gives the items what is known of their products.
func addProducts(tx *store.Tx, items []Item) error {
	wanted := make([]int64, 0, len(items))
	for _, it := range items {
		if it.ProductID != 0 {
			wanted = append(wanted, it.ProductID)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	var rows []productRow
	if err := tx.Scoped(&productRow{}).Where("product_id IN ?", wanted).Find(&rows).Error; err != nil {
		return err
	}
	known := make(map[int64]*Product, len(rows))
	for _, r := range rows {
		p := &Product{Type: r.ProductType}
		if err := json.Unmarshal([]byte(r.Tags), &p.Tags); err != nil {
			return fmt.Errorf("read tags of product %d: %w", r.ProductID, err)
		}
		if err := json.Unmarshal([]byte(r.Collections), &p.Collections); err != nil {
			return fmt.Errorf("read collections of product %d: %w", r.ProductID, err)
		}
		known[r.ProductID] = p
	}
	for i := range items {
		items[i].Product = known[items[i].ProductID]
	}
	return nil
}

// saveProduct keeps what was read of a product.
func saveProduct(tx *store.Tx, id int64, p Product) error {
	tags, err := json.Marshal(append([]string{}, p.Tags...))
	if err != nil {
		return err
	}
	collections, err := json.Marshal(append([]string{}, p.Collections...))
	if err != nil {
		return err
	}
	return tx.Exec(`INSERT INTO policy_products (shop_id, product_id, product_type, tags, collections, read_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (shop_id, product_id) DO UPDATE SET product_type = excluded.product_type, tags = excluded.tags, collections = excluded.collections, read_at = excluded.read_at`,
		tx.Shop, id, p.Type, string(tags), string(collections), tx.Now).Error
}

// freshProducts are those of the products that were read since.
func freshProducts(tx *store.Tx, of []int64, since time.Time) (list []int64, err error) {
	if len(of) == 0 {
		return nil, nil
	}
	err = tx.Scoped(&productRow{}).Where("product_id IN ? AND read_at > ?", of, since).Pluck("product_id", &list).Error
	return list, err
}
