package shops

import (
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/store"
)

type stepRow struct {
	ShopID    ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Step      string   `gorm:"primaryKey"`
	State     string
	Choice    string
	ChangedAt time.Time
}

func (stepRow) TableName() string { return "shops_onboarding" }

func findSteps(tx *store.Tx) (map[string]stepRow, error) {
	var rows []stepRow
	if err := tx.Scoped(&stepRow{}).Find(&rows).Error; err != nil {
		return nil, err
	}
	found := make(map[string]stepRow, len(rows))
	for _, r := range rows {
		found[r.Step] = r
	}
	return found, nil
}

// finishStep also turns a skipped step into a done one. A choice replaces the
// one before it.
func finishStep(tx *store.Tx, step, choice string) error {
	if err := addStep(tx, step, StepDone, choice); err != nil {
		return err
	}
	row := tx.Scoped(&stepRow{}).Where("step = ? AND state <> ?", step, StepDone)
	if err := row.Updates(map[string]any{"state": StepDone, "changed_at": tx.Now}).Error; err != nil || choice == "" {
		return err
	}
	return tx.Scoped(&stepRow{}).Where("step = ?", step).Updates(map[string]any{"choice": choice}).Error
}

// skipStep leaves what is done alone.
func skipStep(tx *store.Tx, step string) error { return addStep(tx, step, StepSkipped, "") }

func addStep(tx *store.Tx, step, state, choice string) error {
	return tx.Clauses(clause.OnConflict{DoNothing: true}).
		Create(&stepRow{ShopID: tx.Shop, Step: step, State: state, Choice: choice, ChangedAt: tx.Now}).Error
}

func dropStep(tx *store.Tx, step string) error {
	return tx.Scoped(&stepRow{}).Where("step = ?", step).Delete(&stepRow{}).Error
}
