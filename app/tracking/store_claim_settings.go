package tracking

import (
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/money"
	"afterglow/app/problem"
	"afterglow/app/store"
)

// ClaimSettings say how claims are taken and judged. Amounts are in the smallest
// unit of the shop's currency.
type ClaimSettings struct {
	Version      int64  `json:"version"`
	Enabled      bool   `json:"enabled"`
	Days         int64  `json:"days"`        // after delivery, within which it can be said
	WaitHours    int64  `json:"wait_hours"`  // after the scan, before anything is done
	AnswerDays   int64  `json:"answer_days"` // working days until a person answers
	Automatic    bool   `json:"automatic"`   // what the rules allow is made good at once
	Currency     string `json:"currency"`
	ValueMax     int64  `json:"value_max_minor"` // of the order; 0: no bound
	CustomerDays int64  `json:"customer_days"`
	CustomerMost int64  `json:"customer_most"` // of one customer in these days
	Reship       bool   `json:"reship"`
	Refund       bool   `json:"refund"`
	Credit       bool   `json:"credit"`
}

func defaultClaimSettings(currency string) ClaimSettings {
	cent := int64(1)
	for range money.Exponent(currency) {
		cent *= 10
	}
	return ClaimSettings{Enabled: true, Days: 14, WaitHours: 48, AnswerDays: 2, Currency: currency, ValueMax: 100 * cent, CustomerDays: 365, CustomerMost: 1, Reship: true, Refund: true, Credit: true}
}

// ErrClaimSettings says that the settings cannot be like this.
var ErrClaimSettings = problem.New(problem.Invalid, "tracking.claim_settings", "These settings cannot be saved. See the fields.")

func (v *ClaimSettings) validate() error {
	var wrong []problem.Field
	for _, f := range []struct {
		name               string
		value, least, most int64
	}{
		{"days", v.Days, 1, 90}, {"wait_hours", v.WaitHours, 0, 14 * 24}, {"answer_days", v.AnswerDays, 1, 30}, {"value_max_minor", v.ValueMax, 0, mostMinor},
		{"customer_days", v.CustomerDays, 1, 3650}, {"customer_most", v.CustomerMost, 0, 100},
	} {
		if f.value < f.least || f.value > f.most {
			wrong = append(wrong, problem.Field{Field: f.name, Detail: "is out of range"})
		}
	}
	if v.WaitHours >= v.Days*24 {
		wrong = append(wrong, problem.Field{Field: "wait_hours", Detail: "is longer than a claim can be made"})
	}
	if len(wrong) > 0 {
		return ErrClaimSettings.WithFields(wrong...)
	}
	return nil
}

type claimSettingsRow struct {
	ShopID        ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Version       int64
	Enabled       bool
	Days          int64
	WaitHours     int64
	AnswerDays    int64
	Automatic     bool
	Currency      string
	ValueMaxMinor int64
	CustomerDays  int64
	CustomerMost  int64
	Reship        bool
	Refund        bool
	Credit        bool
	UpdatedAt     time.Time `gorm:"autoUpdateTime:false"`
}

// TableName names the table.
func (claimSettingsRow) TableName() string { return "tracking_claim_settings" }

// loadClaimSettings reads them. A bound in another currency than the shop's is none
// that could be kept to: then nothing is decided without a person.
func loadClaimSettings(tx *store.Tx, currency string) (ClaimSettings, error) {
	var r claimSettingsRow
	err := store.One(tx.Scoped(&claimSettingsRow{}).Take(&r))
	if errors.Is(err, store.ErrNotFound) {
		return defaultClaimSettings(currency), nil
	}
	v := ClaimSettings{r.Version, r.Enabled, r.Days, r.WaitHours, r.AnswerDays, r.Automatic, r.Currency, r.ValueMaxMinor, r.CustomerDays, r.CustomerMost, r.Reship, r.Refund, r.Credit}
	v.Automatic = v.Automatic && v.Currency == currency
	return v, err
}

// saveClaimSettings replaces the version that the change was made on.
func saveClaimSettings(tx *store.Tx, v ClaimSettings) (ClaimSettings, error) {
	r := claimSettingsRow{tx.Shop, v.Version + 1, v.Enabled, v.Days, v.WaitHours, v.AnswerDays, v.Automatic, v.Currency, v.ValueMax, v.CustomerDays, v.CustomerMost,
		v.Reship, v.Refund, v.Credit, tx.Now}
	var done *gorm.DB
	if v.Version == 0 {
		done = tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&r)
	} else {
		done = tx.Scoped(&claimSettingsRow{}).Where("version = ?", v.Version).Select("*").Updates(&r)
	}
	if done.Error == nil && done.RowsAffected == 0 {
		return v, ErrSettingsStale
	}
	v.Version++
	return v, done.Error
}
