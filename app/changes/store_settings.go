package changes

import (
	"errors"
	"time"

	"gorm.io/gorm"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/store"
)

// ErrSettingsStale refuses a change that was made on older settings.
var ErrSettingsStale = problem.New(problem.Conflict, "changes.settings_stale", "Somebody else changed this in the meantime. Load it again and repeat your change.")

var errSettings = problem.New(problem.Invalid, "changes.settings", "These settings cannot be.")

// Settings say which changes shoppers may make.
type Settings struct {
	Version     int  `json:"version"`
	Cancel      bool `json:"cancel"`
	Address     bool `json:"address"`
	Items       bool `json:"items"`
	Credit      bool `json:"credit"`       // offer store credit instead of money
	HoldMinutes int  `json:"hold_minutes"` // after which a hold of a stuck change is released
	// QuantityMost is how many of an item a shopper may go up to.
	QuantityMost int64 `json:"quantity_most"`
	// PayHours is how long an order waits for what a change costs more; then the
	// change is taken back.
	PayHours int `json:"pay_hours"`
}

const (
	holdLeast   = 2
	holdMost    = 120
	holdMinutes = 10

	quantityMost = 20
	payHours     = 48
)

// Validate refuses what cannot be.
func (v *Settings) Validate() error {
	if v.HoldMinutes < holdLeast || v.HoldMinutes > holdMost {
		return errSettings.WithFields(problem.Field{Field: "hold_minutes", Detail: "Choose 2 to 120 minutes."})
	}
	if v.QuantityMost < 1 || v.QuantityMost > 999 {
		return errSettings.WithFields(problem.Field{Field: "quantity_most", Detail: "Choose 1 to 999."})
	}
	if v.PayHours < 1 || v.PayHours > 168 {
		return errSettings.WithFields(problem.Field{Field: "pay_hours", Detail: "Choose 1 to 168 hours."})
	}
	return nil
}

func (v Settings) offers(k Kind) bool {
	switch k {
	case Cancel:
		return v.Cancel
	case Address:
		return v.Address
	}
	return v.Items
}

type settingsRow struct {
	ShopID       ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Version      int
	Cancel       bool
	Address      bool
	Items        bool
	Credit       bool
	HoldMinutes  int
	QuantityMost int64
	PayHours     int
	UpdatedAt    time.Time `gorm:"autoUpdateTime:false"`
}

// TableName names the table.
func (settingsRow) TableName() string { return "changes_settings" }

// loadSettings reads them; a shop that never changed any offers all changes and
// gives money back the way it came.
func loadSettings(tx *store.Tx) (Settings, error) {
	var r settingsRow
	err := store.One(tx.Scoped(&settingsRow{}).Take(&r))
	if errors.Is(err, store.ErrNotFound) {
		return Settings{Cancel: true, Address: true, Items: true, HoldMinutes: holdMinutes, QuantityMost: quantityMost, PayHours: payHours}, nil
	}
	return Settings{r.Version, r.Cancel, r.Address, r.Items, r.Credit, r.HoldMinutes, r.QuantityMost, r.PayHours}, err
}

// saveSettings replaces the version that the change was made on.
func saveSettings(tx *store.Tx, v Settings) (Settings, error) {
	var done *gorm.DB
	if v.Version == 0 {
		done = tx.Exec(`INSERT INTO changes_settings (shop_id, version, cancel, address, items, credit, hold_minutes, quantity_most, pay_hours, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop_id) DO NOTHING`,
			tx.Shop, 1, v.Cancel, v.Address, v.Items, v.Credit, v.HoldMinutes, v.QuantityMost, v.PayHours, tx.Now)
	} else {
		done = tx.Exec(`UPDATE changes_settings SET version = version + 1, cancel = ?, address = ?, items = ?, credit = ?, hold_minutes = ?, quantity_most = ?, pay_hours = ?, updated_at = ?
			WHERE shop_id = ? AND version = ?`, v.Cancel, v.Address, v.Items, v.Credit, v.HoldMinutes, v.QuantityMost, v.PayHours, tx.Now, tx.Shop, v.Version)
	}
	if done.Error == nil && done.RowsAffected == 0 {
		return v, ErrSettingsStale
	}
	v.Version++
	return v, done.Error
}
