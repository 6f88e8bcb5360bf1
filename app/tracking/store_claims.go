package tracking

import (
	"encoding/json"
	"errors"
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/photo"
	"afterglow/app/store"
)

// claimRow is a claim in the database.
type claimRow struct {
	ShopID     ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID         string   `gorm:"primaryKey"`
	OrderID    int64
	OrderName  string
	CustomerID int64
	ParcelID   int64
	State      string
	Checked    string // where the shopper has looked, separated by spaces
	Statement  string
	Locale     string
	Findings   string // JSON
	OfferID    string
	Answer     string // what staff wrote last
	DecidedBy  string // staff; "" for the rules
	History    string // JSON
	Photos     int
	MadeAt     time.Time
	WaitUntil  time.Time
	DueAt      time.Time // by when a person answers
	DecidedAt  *time.Time
	ClosedAt   *time.Time
	ErasedAt   *time.Time
}

// TableName names the table.
func (claimRow) TableName() string { return "tracking_claims" }

func (c *claimRow) findings() (list []finding) {
	_ = json.Unmarshal([]byte(c.Findings), &list) // we wrote it
	return list
}

// claimStep is a line of a claim's history.
type claimStep struct {
	At   time.Time `json:"at"`
	What string    `json:"what"` // the state it came to, or reply
	By   string    `json:"by"`   // shopper, rules, staff, carrier, shopify
	Text string    `json:"text"`
}

func (c *claimRow) history() (list []claimStep) {
	_ = json.Unmarshal([]byte(c.History), &list) // we wrote it
	return list
}

func (c *claimRow) add(step claimStep) {
	raw, _ := json.Marshal(append(c.history(), step)) // of text and times
	c.History = string(raw)
}

type claimPhotoRow struct {
	ShopID    ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID        string   `gorm:"primaryKey"`
	ClaimID   string
	Position  int
	Picture   []byte
	Width     int
	Height    int
	CreatedAt time.Time
}

// TableName names the table.
func (claimPhotoRow) TableName() string { return "tracking_claim_photos" }

// insertClaim writes a new claim, unless the parcel has one that counts.
func insertClaim(tx *store.Tx, c *claimRow) (bool, error) {
	made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(c)
	return made.RowsAffected == 1, made.Error
}

func (c *claimRow) save(tx *store.Tx) error { return tx.DB.Save(c).Error }

func (c *claimRow) keepPhotos(tx *store.Tx, photos []photo.Photo) error {
	for _, p := range photos {
		row := claimPhotoRow{ShopID: tx.Shop, ID: ids.New("pho"), ClaimID: c.ID, Position: c.Photos, Picture: p.JPEG, Width: p.Width, Height: p.Height, CreatedAt: tx.Now}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		c.Photos++
	}
	return nil
}

func findClaim(tx *store.Tx, id string) (*claimRow, error) {
	c := &claimRow{}
	return c, store.One(tx.Scoped(c).Where("id = ?", id).Take(c), ErrClaimMissing)
}

// holdClaim keeps others from deciding it meanwhile.
func holdClaim(tx *store.Tx, id string) (*claimRow, error) {
	c := &claimRow{}
	q := tx.Scoped(c).Where("id = ?", id)
	if tx.Postgres() {
		q = q.Clauses(clause.Locking{Strength: "UPDATE"})
	}
	return c, store.One(q.Take(c), ErrClaimMissing)
}

// countingClaim is the parcel's claim that keeps another from being made, or nil.
func countingClaim(tx *store.Tx, parcel int64) (*claimRow, error) {
	c := &claimRow{}
	err := store.One(tx.Scoped(c).Where("parcel_id = ? AND state NOT IN ('found', 'closed')", parcel).Take(c))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return c, err
}

func claimOfOffer(tx *store.Tx, offer string) (*claimRow, error) {
	c := &claimRow{}
	return c, store.One(tx.Scoped(c).Where("offer_id = ?", offer).Take(c), ErrClaimMissing)
}

// claimsOn reads an order's claims, newest first.
func claimsOn(tx *store.Tx, orders ...int64) (list []claimRow, err error) {
	if len(orders) == 0 {
		return nil, nil
	}
	err = tx.Scoped(&claimRow{}).Where("order_id IN ?", orders).Order("made_at DESC, id DESC").Limit(500).Find(&list).Error
	return list, err
}

// earlierClaims counts a customer's claims since a moment, without one.
func earlierClaims(tx *store.Tx, customer int64, since time.Time, but string) (n int64, err error) {
	err = tx.Scoped(&claimRow{}).Where("customer_id = ? AND made_at >= ? AND id <> ? AND state NOT IN ('found', 'closed')", customer, since, but).Count(&n).Error
	return n, err
}

// claimsBefore is a page of a list, newest first.
func claimsBefore(tx *store.Tx, states []string, before string, most int) (list []claimRow, err error) {
	q := tx.Scoped(&claimRow{})
	if len(states) > 0 {
		q = q.Where("state IN ?", states)
	}
	if before != "" {
		q = q.Where("id < ?", before)
	}
	err = q.Order("id DESC").Limit(most).Find(&list).Error
	return list, err
}

// countClaims counts those that wait for a person, and those that have waited too
// long.
func countClaims(tx *store.Tx) (open, overdue int64, err error) {
	if err = tx.Scoped(&claimRow{}).Where("state = 'review'").Count(&open).Error; err != nil {
		return 0, 0, err
	}
	err = tx.Scoped(&claimRow{}).Where("state = 'review' AND due_at < ?", tx.Now).Count(&overdue).Error
	return open, overdue, err
}

type shownPhoto struct {
	ID     string `json:"id"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

func claimPhotos(tx *store.Tx, claim string) (list []shownPhoto, err error) {
	list = []shownPhoto{}
	err = tx.Scoped(&claimPhotoRow{}).Select("id", "width", "height").Where("claim_id = ?", claim).Order("position").Scan(&list).Error
	return list, err
}

func claimPictures(tx *store.Tx, claim string) (list []claimPhotoRow, err error) {
	err = tx.Scoped(&claimPhotoRow{}).Where("claim_id = ?", claim).Order("position").Find(&list).Error
	return list, err
}

func findClaimPhoto(tx *store.Tx, claim, id string) (p claimPhotoRow, err error) {
	return p, store.One(tx.Scoped(&claimPhotoRow{}).Where("id = ? AND claim_id = ?", id, claim).Take(&p), ErrClaimMissing)
}

const (
	claimPhotosAfter  = 180 * 24 * time.Hour // the claim was closed
	claimPhotosAtMost = 2 * 365 * 24 * time.Hour
)

// sweepClaimPhotos deletes photos that have had their time.
func sweepClaimPhotos(tx *store.Tx) error {
	return tx.Exec(`DELETE FROM tracking_claim_photos WHERE shop_id = ? AND (created_at < ? OR claim_id IN
		(SELECT id FROM tracking_claims WHERE shop_id = ? AND closed_at < ?))`, tx.Shop, tx.Now.Add(-claimPhotosAtMost), tx.Shop, tx.Now.Add(-claimPhotosAfter)).Error
}

// blankClaims leaves of claims that there were some, when, and how they ended.
func blankClaims(tx *store.Tx, orders []int64) error {
	if len(orders) == 0 {
		return nil
	}
	err := tx.Exec(`DELETE FROM tracking_claim_photos WHERE shop_id = ? AND claim_id IN (SELECT id FROM tracking_claims WHERE shop_id = ? AND order_id IN ?)`, tx.Shop, tx.Shop, orders).Error
	if err != nil {
		return err
	}
	return tx.Exec(`UPDATE tracking_claims SET order_name = '', customer_id = 0, checked = '', statement = '', locale = '', answer = '', history = '[]', photos = 0, erased_at = ?,
		state = CASE WHEN state IN ('waiting', 'review', 'asked') THEN 'closed' ELSE state END WHERE shop_id = ? AND order_id IN ?`, tx.Now, tx.Shop, orders).Error
}

// forgetClaims drops the claims of an order that was deleted.
func forgetClaims(tx *store.Tx, orderID int64) error {
	err := tx.Exec(`DELETE FROM tracking_claim_photos WHERE shop_id = ? AND claim_id IN (SELECT id FROM tracking_claims WHERE shop_id = ? AND order_id = ?)`, tx.Shop, tx.Shop, orderID).Error
	if err != nil {
		return err
	}
	return tx.Exec(`DELETE FROM tracking_claims WHERE shop_id = ? AND order_id = ?`, tx.Shop, orderID).Error
}

// missingOffers reads what is open for missing parcels: of some orders, or what
// nobody took in time.
func missingOffers(tx *store.Tx, orders []int64, until time.Time) (list []offerRow, err error) {
	q := tx.Scoped(&offerRow{}).Where("cause = ? AND state = 'open'", CauseMissing)
	if orders != nil {
		q = q.Where("order_id IN ?", orders)
	} else {
		q = q.Where("until_at <= ?", until)
	}
	err = q.Order("id").Find(&list).Error
	return list, err
}

// endOffer ends an open offer; false when it is not open any more.
func endOffer(tx *store.Tx, id string) (bool, error) {
	u := tx.Exec(`UPDATE tracking_offers SET state = 'ended', settled_at = ? WHERE shop_id = ? AND id = ? AND state = 'open'`, tx.Now, tx.Shop, id)
	return u.RowsAffected == 1, u.Error
}

// endOffersOf ends what is open because the parcel was late: it has arrived, or was
// said to.
func endOffersOf(tx *store.Tx, parcel int64) error {
	return tx.Exec(`UPDATE tracking_offers SET state = 'ended', settled_at = ? WHERE shop_id = ? AND parcel_id = ? AND state = 'open' AND cause <> ?`, tx.Now, tx.Shop, parcel, CauseMissing).Error
}

// madeGood tells whether something was given for a parcel, or is about to be.
func madeGood(tx *store.Tx, parcel int64) (bool, error) {
	var n int64
	err := tx.Scoped(&offerRow{}).Where("parcel_id = ? AND state IN ('chosen', 'parked', 'done') AND choice <> ?", parcel, ChoiceWait).Count(&n).Error
	return n > 0, err
}

// take takes so much of a month's budget, whether or not it is left: a person has
// decided it.
func take(tx *store.Tx, month string, minor int64) error {
	return tx.Exec(`INSERT INTO tracking_budgets (shop_id, month, reserved_minor, spent_minor, updated_at) VALUES (?, ?, ?, 0, ?)
		ON CONFLICT (shop_id, month) DO UPDATE SET reserved_minor = tracking_budgets.reserved_minor + excluded.reserved_minor, updated_at = excluded.updated_at`, tx.Shop, month, minor, tx.Now).Error
}
