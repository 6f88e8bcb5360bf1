package tracking

import (
	"errors"
	"time"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/store"
)

// ErrSettingsStale refuses a change that was made on older settings.
var ErrSettingsStale = problem.New(problem.Conflict, "tracking.settings_stale", "Somebody else changed this in the meantime. Load it again and repeat your change.")

// Settings say which mails about parcels are sent.
type Settings struct {
	Version        int  `json:"version"`
	Shipped        bool `json:"shipped"`
	OutForDelivery bool `json:"out_for_delivery"`
	Delivered      bool `json:"delivered"`
	Delayed        bool `json:"delayed"`
	Exception      bool `json:"exception"`
}

func (v Settings) wants(kind string) bool {
	switch kind {
	case KindShipped:
		return v.Shipped
	case KindOut:
		return v.OutForDelivery
	case KindDelivered:
		return v.Delivered
	case KindDelayed:
		return v.Delayed
	case KindException:
		return v.Exception
	}
	return false
}

type settingsRow struct {
	ShopID         ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Version        int
	Shipped        bool
	OutForDelivery bool
	Delivered      bool
	Delayed        bool
	Exception      bool
	UpdatedAt      time.Time `gorm:"autoUpdateTime:false"`
}

// TableName names the table.
func (settingsRow) TableName() string { return "tracking_settings" }

// loadSettings reads them; a shop that never changed any sends every mail.
func loadSettings(tx *store.Tx) (Settings, error) {
	var r settingsRow
	err := store.One(tx.Scoped(&settingsRow{}).Take(&r))
	if errors.Is(err, store.ErrNotFound) {
		return Settings{Shipped: true, OutForDelivery: true, Delivered: true, Delayed: true, Exception: true}, nil
	}
	return Settings{r.Version, r.Shipped, r.OutForDelivery, r.Delivered, r.Delayed, r.Exception}, err
}

// saveSettings replaces the version that the change was made on.
func saveSettings(tx *store.Tx, v Settings) (Settings, error) {
	done := tx.Exec(`INSERT INTO tracking_settings (shop_id, version, shipped, out_for_delivery, delivered, delayed, exception, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (shop_id) DO UPDATE SET version = excluded.version, shipped = excluded.shipped, out_for_delivery = excluded.out_for_delivery,
			delivered = excluded.delivered, delayed = excluded.delayed, exception = excluded.exception, updated_at = excluded.updated_at
		WHERE tracking_settings.version = ?`, tx.Shop, v.Version+1, v.Shipped, v.OutForDelivery, v.Delivered, v.Delayed, v.Exception, tx.Now, v.Version)
	if done.Error == nil && done.RowsAffected == 0 {
		return v, ErrSettingsStale
	}
	v.Version++
	return v, done.Error
}
