package changes

import (
	"encoding/json"
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/photo"
	"afterglow/app/store"
)

type problemRow struct {
	ShopID        ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID            string   `gorm:"primaryKey"`
	OrderID       int64
	OrderName     string
	Kind          string
	Items         string // JSON
	Description   string
	Locale        string
	State         string
	Proposal      string
	Allowed       bool
	Reason        string
	PolicyVersion int
	Photos        int
	Answer        string
	AnsweredBy    string
	ReportedAt    time.Time
	AnsweredAt    *time.Time
	ClosedAt      *time.Time
	ErasedAt      *time.Time
}

// TableName names the table.
func (problemRow) TableName() string { return "changes_problems" }

func (r *problemRow) items() (list []ProblemItem) {
	_ = json.Unmarshal([]byte(r.Items), &list) // we wrote it
	return list
}

type photoRow struct {
	ShopID    ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID        string   `gorm:"primaryKey"`
	ProblemID string
	Position  int
	Picture   []byte
	Width     int
	Height    int
	CreatedAt time.Time
}

// TableName names the table.
func (photoRow) TableName() string { return "changes_photos" }

// answerRow is one letter of staff about a problem.
type answerRow struct {
	ShopID     ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID         string   `gorm:"primaryKey"`
	ProblemID  string
	RequestID  string
	Text       string
	AnsweredBy string
	AnsweredAt time.Time
}

// TableName names the table.
func (answerRow) TableName() string { return "changes_problem_answers" }

// keepAnswer writes an answer; false when this request was answered already.
func keepAnswer(tx *store.Tx, a *answerRow) (fresh bool, err error) {
	done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(a)
	return done.RowsAffected == 1, done.Error
}

func findAnswer(tx *store.Tx, id string) (*answerRow, error) {
	a := &answerRow{}
	return a, store.One(tx.Scoped(a).Where("id = ?", id).Take(a), ErrRequestMissing)
}

// answersTo are what staff wrote about a problem, oldest first.
func answersTo(tx *store.Tx, problem string) (list []answerRow, err error) {
	err = tx.Scoped(&answerRow{}).Where("problem_id = ?", problem).Order("answered_at, id").Find(&list).Error
	return list, err
}

// keepProblem writes a problem with its photos; false when it is there already.
func keepProblem(tx *store.Tx, r *problemRow, photos []photo.Photo) (fresh bool, err error) {
	done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(r)
	if done.Error != nil || done.RowsAffected == 0 {
		return false, done.Error
	}
	for i, p := range photos {
		row := photoRow{ShopID: tx.Shop, ID: ids.New("pho"), ProblemID: r.ID, Position: i, Picture: p.JPEG, Width: p.Width, Height: p.Height, CreatedAt: tx.Now}
		if err := tx.Create(&row).Error; err != nil {
			return false, err
		}
	}
	return true, nil
}

func findProblem(tx *store.Tx, id string) (*problemRow, error) {
	r := &problemRow{}
	return r, store.One(tx.Scoped(r).Where("id = ?", id).Take(r), ErrRequestMissing)
}

func holdProblem(tx *store.Tx, id string) (*problemRow, error) {
	r := &problemRow{}
	q := tx.Scoped(r).Where("id = ?", id)
	if tx.Postgres() {
		q = q.Clauses(clause.Locking{Strength: "UPDATE"})
	}
	return r, store.One(q.Take(r), ErrRequestMissing)
}

func saveProblem(tx *store.Tx, r *problemRow) error { return tx.DB.Save(r).Error }

func problemsOf(tx *store.Tx, orders ...int64) (list []problemRow, err error) {
	if len(orders) == 0 {
		return nil, nil
	}
	err = tx.Scoped(&problemRow{}).Where("order_id IN ?", orders).Order("reported_at, id").Find(&list).Error
	return list, err
}

func photosOf(tx *store.Tx, problem string) (list []photoRow, err error) {
	err = tx.Scoped(&photoRow{}).Where("problem_id = ?", problem).Order("position").Find(&list).Error
	return list, err
}

// shownPhoto is a photo without its bytes.
type shownPhoto struct {
	ID     string `json:"id"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

func photosShown(tx *store.Tx, problem string) (list []shownPhoto, err error) {
	err = tx.Scoped(&photoRow{}).Select("id", "width", "height").Where("problem_id = ?", problem).Order("position").Scan(&list).Error
	return list, err
}

// findPhoto returns a photo and the order it belongs to.
func findPhoto(tx *store.Tx, id string) (p photoRow, order int64, err error) {
	if err := store.One(tx.Scoped(&p).Where("id = ?", id).Take(&p), ErrRequestMissing); err != nil {
		return p, 0, err
	}
	r, err := findProblem(tx, p.ProblemID)
	return p, r.OrderID, err
}

const (
	photosAfterClosing = 180 * 24 * time.Hour
	photosAtMost       = 2 * 365 * 24 * time.Hour
)

// sweepPhotos deletes photos that have had their time.
func sweepPhotos(tx *store.Tx) error {
	return tx.Exec(`DELETE FROM changes_photos WHERE shop_id = ? AND (created_at < ? OR problem_id IN
		(SELECT id FROM changes_problems WHERE shop_id = ? AND closed_at < ?))`, tx.Shop, tx.Now.Add(-photosAtMost), tx.Shop, tx.Now.Add(-photosAfterClosing)).Error
}
