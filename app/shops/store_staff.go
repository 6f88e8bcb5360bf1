package shops

import (
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/store"
)

type staffRow struct {
	ShopID       ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	StaffID      string   `gorm:"primaryKey"`
	Role         string
	Extras       string
	DisplayName  string
	AccountOwner bool
	Collaborator bool
	FirstSeenAt  time.Time
	SeenAt       time.Time
	AskedAt      *time.Time // when Shopify last said who they are
	ChangedAt    *time.Time
	ChangedBy    string
}

func (staffRow) TableName() string { return "shops_staff" }

func findStaff(tx *store.Tx, staff string) (row staffRow, err error) {
	return row, store.One(tx.Scoped(&row).Where("staff_id = ?", staff).Take(&row), errNoStaff)
}

func insertStaff(tx *store.Tx, row *staffRow) error {
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(row).Error
}

func touchStaff(tx *store.Tx, staff string) error {
	return updateStaff(tx, staff, map[string]any{"seen_at": tx.Now})
}

func updateStaff(tx *store.Tx, staff string, set map[string]any) error {
	return tx.Scoped(&staffRow{}).Where("staff_id = ?", staff).Updates(set).Error
}

func deleteStaff(tx *store.Tx, staff string) error {
	return tx.Scoped(&staffRow{}).Where("staff_id = ?", staff).Delete(&staffRow{}).Error
}

func countOwners(tx *store.Tx) (n int64, err error) {
	return n, tx.Scoped(&staffRow{}).Where("role = ?", string(RoleOwner)).Count(&n).Error
}

// listStaff lists everybody who was here, the latest first. A store has at most a
// few hundred.
func listStaff(tx *store.Tx) (rows []staffRow, err error) {
	return rows, tx.Scoped(&staffRow{}).Order("seen_at DESC, staff_id").Limit(500).Find(&rows).Error
}

func setDefaultRole(tx *store.Tx, role Role) error {
	return tx.Scoped(&shopRow{}).Updates(map[string]any{"default_role": string(role)}).Error
}

// StaffNames gives the names that Shopify told us of the staff, by their numbers.
func StaffNames(tx *store.Tx) (map[string]string, error) {
	rows, err := listStaff(tx)
	names := make(map[string]string, len(rows))
	for _, r := range rows {
		names[r.StaffID] = r.DisplayName
	}
	return names, err
}
