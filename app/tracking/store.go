package tracking

import (
	"errors"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/store"
)

// ErrNotFound says that the shop has no such parcel.
var ErrNotFound = problem.New(problem.NotFound, "tracking.not_found", "There is no such parcel in this shop.")

// row is a parcel in the database.
type row struct {
	ShopID             ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID                 int64    `gorm:"primaryKey;autoIncrement:false"`
	OrderID            int64
	OrderName          string
	Name               string
	Known              bool
	Status             string
	ShipmentStatus     string
	State              string
	StateAt            time.Time
	UnderWay           bool
	Carrier            string
	CarrierName        string
	TrackingNumber     string
	TrackingURL        string
	Items              string
	ItemsCount         int64
	OriginCountry      string
	DestinationCountry string
	DestinationRegion  string
	ShippedAt          time.Time
	FirstScanAt        *time.Time
	LastScanAt         *time.Time
	OutAt              *time.Time
	DeliveredAt        *time.Time
	TransitHours       *int64
	EstimatedAt        *time.Time
	ExpectedFrom       *time.Time
	ExpectedUntil      *time.Time
	ExpectedSource     string // "", carrier, lane, prior
	ExpectedShare      int64  // of such spans that came true, in thousandths; 0 when not known
	StalledAt          *time.Time
	Told               string // milestones told, separated by spaces
	Digest             string
	SourceUpdatedAt    time.Time
	SourceTriggeredAt  time.Time
	FirstSeenAt        time.Time
	ComparedAt         time.Time // with Shopify
	ErasedAt           *time.Time
	DeliveredToldAt    *time.Time // by Shopify itself
	AddressKey         string     // a fingerprint of where the order was to go when it left; "" when not known
}

// TableName names the table.
func (row) TableName() string { return "tracking_parcels" }

// scanRow is a scan in the database.
type scanRow struct {
	ShopID      ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID          int64    `gorm:"primaryKey;autoIncrement:false"`
	ParcelID    int64
	Status      string
	Message     string
	City        string
	Province    string
	Country     string
	Zip         string
	Zone        string
	HappenedAt  time.Time
	EstimatedAt *time.Time
	UpdatedAt   time.Time `gorm:"autoUpdateTime:false"`
	SeenAt      time.Time
	DeletedAt   *time.Time
}

// TableName names the table.
func (scanRow) TableName() string { return "tracking_scans" }

// lock makes sure that the parcel has a row and holds it until the transaction
// ends, so that two workers with news about it go one after the other.
func lock(tx *store.Tx, id, orderID int64) (*row, error) {
	err := tx.Exec(`INSERT INTO tracking_parcels (shop_id, id, order_id, order_name, name, known, status, shipment_status, state, state_at, under_way, carrier, carrier_name,
			tracking_number, tracking_url, items, items_count, origin_country, destination_country, destination_region, shipped_at,
			expected_source, expected_share, told, digest, source_updated_at, source_triggered_at, first_seen_at, compared_at)
		VALUES (?, ?, ?, '', '', ?, '', '', '', ?, ?, '', '', '', '', '[]', 0, '', '', '', ?, '', 0, '', '', ?, ?, ?, ?)
		ON CONFLICT (shop_id, id) DO NOTHING`, tx.Shop, id, orderID, false, tx.Now, false, tx.Now, epoch, epoch, tx.Now, tx.Now).Error
	if err != nil {
		return nil, err
	}
	r := &row{}
	q := tx.Scoped(&row{}).Where("id = ?", id)
	if tx.Postgres() {
		q = q.Clauses(clause.Locking{Strength: "UPDATE"})
	}
	return r, store.One(q.Take(r), ErrNotFound)
}

var epoch = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)

func (r *row) save(tx *store.Tx) error { return tx.DB.Save(r).Error }

// find reads a parcel that is known.
func find(tx *store.Tx, id int64) (*row, error) {
	r := &row{}
	return r, store.One(tx.Scoped(&row{}).Where("id = ? AND known", id).Take(r), ErrNotFound)
}

// ofOrder reads the known parcels of an order, in the order they left.
func ofOrder(tx *store.Tx, orderID int64) ([]row, error) {
	rows, err := store.Once(tx, parcelsOf(orderID), func() (rows []row, err error) {
		err = tx.Scoped(&row{}).Where("order_id = ? AND known", orderID).Order("shipped_at, id").Find(&rows).Error
		return rows, err
	})
	return slices.Clone(rows), err
}

// parcelsOf is the key under which an order's parcels are read once.
type parcelsOf int64

// versions tells how new what we have of some parcels is.
func versions(tx *store.Tx, numbers []int64) (map[int64]row, error) {
	var rows []row
	err := tx.Scoped(&row{}).Where("id IN ?", numbers).Find(&rows).Error
	out := make(map[int64]row, len(rows))
	for _, r := range rows {
		out[r.ID] = r
	}
	return out, err
}

// keepScan writes a scan unless a newer form of it, or its end, is there.
func keepScan(tx *store.Tx, s *scanRow) error {
	return tx.Exec(`INSERT INTO tracking_scans (shop_id, id, parcel_id, status, message, city, province, country, zip, zone, happened_at, estimated_at, updated_at, seen_at, deleted_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (shop_id, id) DO UPDATE SET parcel_id = excluded.parcel_id, status = excluded.status, message = excluded.message, city = excluded.city,
			province = excluded.province, country = excluded.country, zip = excluded.zip, zone = excluded.zone, happened_at = excluded.happened_at,
			estimated_at = excluded.estimated_at, updated_at = excluded.updated_at
		WHERE tracking_scans.deleted_at IS NULL AND excluded.updated_at > tracking_scans.updated_at`,
		tx.Shop, s.ID, s.ParcelID, s.Status, s.Message, s.City, s.Province, s.Country, s.Zip, s.Zone, s.HappenedAt, s.EstimatedAt, s.UpdatedAt, tx.Now, s.DeletedAt).Error
}

// takeBack ends a scan, also one that we have not heard of.
func takeBack(tx *store.Tx, id, parcelID int64) error {
	return tx.Exec(`INSERT INTO tracking_scans (shop_id, id, parcel_id, status, message, city, province, country, zip, zone, happened_at, updated_at, seen_at, deleted_at)
		VALUES (?, ?, ?, '', '', '', '', '', '', '', ?, ?, ?, ?)
		ON CONFLICT (shop_id, id) DO UPDATE SET message = '', city = '', province = '', zip = '', deleted_at = excluded.deleted_at
		WHERE tracking_scans.deleted_at IS NULL`, tx.Shop, id, parcelID, tx.Now, tx.Now, tx.Now, tx.Now).Error
}

// parcelOf tells which parcel a scan that we have belongs to.
func parcelOf(tx *store.Tx, scan int64) (int64, error) {
	var s scanRow
	err := store.One(tx.Scoped(&scanRow{}).Where("id = ?", scan).Take(&s))
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	return s.ParcelID, err
}

// liveScan reads a scan that was not taken back.
func liveScan(tx *store.Tx, id int64) (s scanRow, err error) {
	return s, store.One(tx.Scoped(&scanRow{}).Where("id = ? AND deleted_at IS NULL", id).Take(&s))
}

// liveScans reads the scans of some parcels, oldest first.
func liveScans(tx *store.Tx, parcels ...int64) (rows []scanRow, err error) {
	if len(parcels) == 0 {
		return nil, nil
	}
	err = tx.Scoped(&scanRow{}).Where("parcel_id IN ? AND deleted_at IS NULL", parcels).Order("happened_at, id").Find(&rows).Error
	return rows, err
}

// countUnderWay counts the parcels that are compared with Shopify.
func countUnderWay(tx *store.Tx, youngerThan time.Time) (int, error) {
	var n int64
	err := tx.Scoped(&row{}).Where("under_way AND shipped_at > ?", youngerThan).Count(&n).Error
	return int(n), err
}

// due lists orders with a parcel under way that was not compared since, those that
// have waited longest first.
func due(tx *store.Tx, before, youngerThan time.Time, limit int) (orders []int64, err error) {
	err = tx.Raw(`SELECT order_id FROM (SELECT order_id, compared_at FROM tracking_parcels WHERE shop_id = ? AND under_way AND compared_at < ? AND shipped_at > ?
		ORDER BY compared_at LIMIT ?) open GROUP BY order_id ORDER BY MIN(compared_at)`, tx.Shop, before, youngerThan, limit).Scan(&orders).Error
	return orders, err
}

// compared notes that the parcels of an order were just read from Shopify.
func compared(tx *store.Tx, orderID int64) error {
	return tx.Scoped(&row{}).Where("order_id = ?", orderID).Update("compared_at", tx.Now).Error
}

// forget drops the parcels of an order with their scans.
func forget(tx *store.Tx, orderID int64) error {
	if err := forgetLessons(tx, []int64{orderID}); err != nil {
		return err
	}
	if err := forgetClaims(tx, orderID); err != nil {
		return err
	}
	err := tx.Exec(`DELETE FROM tracking_scans WHERE shop_id = ? AND parcel_id IN (SELECT id FROM tracking_parcels WHERE shop_id = ? AND order_id = ?)`, tx.Shop, tx.Shop, orderID).Error
	if err != nil {
		return err
	}
	return tx.Exec(`DELETE FROM tracking_parcels WHERE shop_id = ? AND order_id = ?`, tx.Shop, orderID).Error
}

// eraseParcels leaves of a parcel which carrier took it where and how long it took.
func eraseParcels(tx *store.Tx, orders []int64) error {
	if len(orders) == 0 {
		return nil
	}
	if err := forgetLessons(tx, orders); err != nil {
		return err
	}
	err := tx.Exec(`UPDATE tracking_scans SET message = '', city = '', province = '', zip = '', deleted_at = ? WHERE shop_id = ? AND parcel_id IN
		(SELECT id FROM tracking_parcels WHERE shop_id = ? AND order_id IN ?)`, tx.Now, tx.Shop, tx.Shop, orders).Error
	if err != nil {
		return err
	}
	return tx.Exec(`UPDATE tracking_parcels SET tracking_number = '', tracking_url = '', destination_region = '', address_key = '', erased_at = ? WHERE shop_id = ? AND order_id IN ?`, tx.Now, tx.Shop, orders).Error
}
