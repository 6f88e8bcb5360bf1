package orders

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/room"
	"afterglow/app/store"
)

// ErrNotFound says that we do not have the order, or not any more.
var ErrNotFound = problem.New(problem.NotFound, "orders.not_found", "This order does not exist, or was deleted in Shopify.")

// row is an order in the database.
type row struct {
	ShopID            ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID                int64    `gorm:"primaryKey;autoIncrement:false"`
	Name              string
	PlacedAt          time.Time
	CustomerID        int64
	CustomerName      string
	Email             string
	Locale            string
	Currency          string
	TotalMinor        int64
	ItemsCount        int64
	FinancialStatus   string
	FulfillmentStatus string
	CancelledAt       *time.Time
	ClosedAt          *time.Time
	Test              bool
	Document          string
	Details           string
	Digest            string
	SourceUpdatedAt   time.Time
	SourceTriggeredAt time.Time
	ReturnsDays       int
	PolicyVersion     int
	FirstSeenAt       time.Time
	DeletedAt         *time.Time
	RedactedAt        *time.Time
}

// TableName names the table.
func (row) TableName() string { return "orders" }

// version says how new a payload is: by Shopify's updated_at, which has whole
// seconds only, then by the moment Shopify sent it, then by its content, so that
// any two payloads have one order whoever sees them first.
type version struct {
	UpdatedAt, TriggeredAt time.Time
	Digest                 string
}

// head is what deciding needs of a row.
type head struct {
	version
	found    bool
	deleted  bool
	redacted bool
}

func findHead(tx *store.Tx, id int64) (head, error) {
	var r row
	err := store.One(tx.Scoped(&row{}).Select("digest", "source_updated_at", "source_triggered_at", "deleted_at", "redacted_at").Where("id = ?", id).Take(&r))
	if errors.Is(err, store.ErrNotFound) {
		return head{}, nil
	}
	return head{version{r.SourceUpdatedAt, r.SourceTriggeredAt, r.Digest}, true, r.DeletedAt != nil, r.RedactedAt != nil}, err
}

// upsert writes the order unless a newer payload, or the end of the order, is
// there already. It is one statement, so two workers cannot undo each other. What
// belongs to the day of purchase (the policy) and to us is written once.
const upsert = `INSERT INTO orders (shop_id, id, name, placed_at, customer_id, customer_name, email, locale, currency, total_minor, items_count,
	financial_status, fulfillment_status, cancelled_at, closed_at, test, name_key, email_key, buyer_key, last_name_key,
	document, digest, source_updated_at, source_triggered_at, returns_days, policy_version, first_seen_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (shop_id, id) DO UPDATE SET name = excluded.name, placed_at = excluded.placed_at, customer_id = excluded.customer_id,
	customer_name = excluded.customer_name, email = excluded.email, locale = excluded.locale, currency = excluded.currency,
	total_minor = excluded.total_minor, items_count = excluded.items_count, financial_status = excluded.financial_status,
	fulfillment_status = excluded.fulfillment_status, cancelled_at = excluded.cancelled_at, closed_at = excluded.closed_at, test = excluded.test,
	name_key = excluded.name_key, email_key = excluded.email_key, buyer_key = excluded.buyer_key, last_name_key = excluded.last_name_key,
	document = excluded.document, digest = excluded.digest,
	source_updated_at = excluded.source_updated_at, source_triggered_at = excluded.source_triggered_at
WHERE orders.deleted_at IS NULL AND orders.redacted_at IS NULL
	AND (excluded.source_updated_at, excluded.source_triggered_at, excluded.digest) > (orders.source_updated_at, orders.source_triggered_at, orders.digest)`

// save writes the order and tells whether it was the newest, and the digest of
// its document.
func save(tx *store.Tx, o *Order, triggeredAt time.Time, p policy) (newest bool, digest string, err error) {
	document, err := json.Marshal(o)
	if err != nil {
		return false, "", fmt.Errorf("write order %d: %w", o.ID, err)
	}
	digest = digestOf(document)
	name, last := o.names()
	done := tx.Exec(upsert, tx.Shop, o.ID, o.Name, o.PlacedAt, o.CustomerID(), name, o.Email, o.Locale, o.Currency, o.Now.Total.Shop, o.Items(),
		o.FinancialStatus, o.FulfillmentStatus, o.CancelledAt, o.ClosedAt, o.Test,
		searchKey(strings.TrimLeft(o.Name, "#")), searchKey(o.Email), searchKey(name), searchKey(last),
		string(document), digest, o.UpdatedAt, triggeredAt, p.returnsDays, p.version, tx.Now)
	return done.RowsAffected > 0, digest, done.Error
}

// names are the shopper's whole name and the last one.
func (o *Order) names() (name, last string) {
	name = o.ShopperName()
	if o.Buyer != nil {
		last = o.Buyer.LastName
	}
	if last == "" {
		last = name[strings.LastIndexByte(name, ' ')+1:]
	}
	return name, last
}

func digestOf(document []byte) string {
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:16])
}

// searchKey is the form in which names and addresses are compared.
func searchKey(s string) string {
	s = strings.ToLower(strings.TrimSpace(clean(s)))
	if len(s) > 200 { // an index entry has its limits
		s = strings.ToValidUTF8(s[:200], "")
	}
	return s
}

// bury empties the row and keeps that there was one, also for an order we had
// not heard of: a late payload finds the place taken.
func bury(tx *store.Tx, id int64) error {
	err := tx.Exec(`INSERT INTO orders (shop_id, id, name, placed_at, customer_id, customer_name, email, locale, currency, total_minor, items_count,
			financial_status, fulfillment_status, test, name_key, email_key, buyer_key, last_name_key,
			document, digest, source_updated_at, source_triggered_at, returns_days, policy_version, first_seen_at, deleted_at)
		VALUES (?, ?, '', ?, 0, '', '', '', '', 0, 0, '', '', ?, '', '', '', '', '', '', ?, ?, 0, 0, ?, ?)
		ON CONFLICT (shop_id, id) DO UPDATE SET customer_id = 0, customer_name = '', email = '', locale = '', name_key = '', email_key = '', buyer_key = '', last_name_key = '',
			document = '', details = '', digest = '', deleted_at = excluded.deleted_at
		WHERE orders.deleted_at IS NULL`, tx.Shop, id, tx.Now, false, tx.Now, tx.Now, tx.Now, tx.Now).Error
	if err != nil {
		return err
	}
	return empty(tx, id)
}

// found is a row with its document read.
type found struct {
	row
	Order *Order
}

// load reads an order with everything that is known beside its document. It
// returns ErrNotFound, also for one that was deleted or redacted.
func load(tx *store.Tx, id int64) (*found, error) {
	return store.Once(tx, loaded(id), func() (*found, error) { return read(tx, id) })
}

// loaded is the key under which an order is read once.
type loaded int64

func read(tx *store.Tx, id int64) (*found, error) {
	f := &found{}
	if err := store.One(tx.Scoped(&row{}).Where("id = ? AND deleted_at IS NULL", id).Take(&f.row), ErrNotFound); err != nil {
		return nil, err
	}
	if f.Document == "" {
		return nil, ErrNotFound
	}
	f.Order = &Order{}
	if err := json.Unmarshal([]byte(f.Document), f.Order); err != nil {
		return nil, fmt.Errorf("read order %d: %w", id, err)
	}
	if f.Details != "" {
		var d details
		if err := json.Unmarshal([]byte(f.Details), &d); err != nil {
			return nil, fmt.Errorf("read details of order %d: %w", id, err)
		}
		d.addTo(f.Order)
	}
	if err := addRefunds(tx, f.Order); err != nil {
		return nil, err
	}
	return f, addPictures(tx, f.Order)
}

// refundRow is a refund that was told on its own.
type refundRow struct {
	ShopID    ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID        int64    `gorm:"primaryKey;autoIncrement:false"`
	OrderID   int64
	Document  string
	CreatedAt time.Time
}

// TableName names the table.
func (refundRow) TableName() string { return "orders_refunds" }

func saveRefund(tx *store.Tx, orderID int64, f Refund) error {
	document, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("write refund %d: %w", f.ID, err)
	}
	return tx.Exec(`INSERT INTO orders_refunds (shop_id, id, order_id, document, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (shop_id, id) DO NOTHING`,
		tx.Shop, f.ID, orderID, string(document), tx.Now).Error
}

// addRefunds adds the refunds that the order's document does not know yet.
func addRefunds(tx *store.Tx, o *Order) error {
	var rows []refundRow
	if err := tx.Scoped(&refundRow{}).Where("order_id = ?", o.ID).Order("id").Find(&rows).Error; err != nil {
		return err
	}
	known := map[int64]bool{}
	for _, f := range o.Refunds {
		known[f.ID] = true
	}
	for _, r := range rows {
		if known[r.ID] {
			continue
		}
		var f Refund
		if err := json.Unmarshal([]byte(r.Document), &f); err != nil {
			return fmt.Errorf("read refund %d: %w", r.ID, err)
		}
		o.Refunds = append(o.Refunds, f)
	}
	return nil
}

// saveDetails keeps what only a reading of the Admin API knows.
func saveDetails(tx *store.Tx, id int64, d details) error {
	document, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("write details of order %d: %w", id, err)
	}
	return tx.Scoped(&row{}).Where("id = ? AND deleted_at IS NULL AND redacted_at IS NULL", id).Updates(map[string]any{"details": string(document)}).Error
}

// pictureRow is the picture of a product's variant; no URL means that it has none.
type pictureRow struct {
	ShopID    ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ProductID int64    `gorm:"primaryKey;autoIncrement:false"`
	VariantID int64    `gorm:"primaryKey;autoIncrement:false"`
	URL       string
	Alt       string
	ReadAt    time.Time
}

// TableName names the table.
func (pictureRow) TableName() string { return "orders_pictures" }

// savePictures keeps the pictures of the lines. It goes by product, so that two
// transactions take the rows in the same order.
func savePictures(tx *store.Tx, lines []Line) error {
	lines = slices.Clone(lines)
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.ProductID, b.ProductID), cmp.Compare(a.VariantID, b.VariantID))
	})
	for _, l := range lines {
		if l.ProductID == 0 {
			continue
		}
		var p Picture
		if l.Picture != nil {
			p = *l.Picture
		}
		err := tx.Exec(`INSERT INTO orders_pictures (shop_id, product_id, variant_id, url, alt, read_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (shop_id, product_id, variant_id) DO UPDATE SET url = excluded.url, alt = excluded.alt, read_at = excluded.read_at`,
			tx.Shop, l.ProductID, l.VariantID, p.URL, p.Alt, tx.Now).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// missPictures notes that pictures were looked for in vain, so that the next
// order with the same product does not look at once.
func missPictures(tx *store.Tx, lines []Line) error {
	for _, l := range lines {
		if l.ProductID == 0 || l.Picture != nil {
			continue
		}
		err := tx.Exec(`INSERT INTO orders_pictures (shop_id, product_id, variant_id, url, alt, read_at) VALUES (?, ?, ?, '', '', ?)
			ON CONFLICT (shop_id, product_id, variant_id) DO UPDATE SET read_at = excluded.read_at`, tx.Shop, l.ProductID, l.VariantID, tx.Now).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// pictures reads what is known of the lines' pictures.
func pictures(tx *store.Tx, lines []Line) (map[[2]int64]pictureRow, error) {
	products := make([]int64, 0, len(lines))
	for _, l := range lines {
		if l.ProductID != 0 {
			products = append(products, l.ProductID)
		}
	}
	known := map[[2]int64]pictureRow{}
	if len(products) == 0 {
		return known, nil
	}
	var rows []pictureRow
	err := tx.Scoped(&pictureRow{}).Where("product_id IN ?", products).Find(&rows).Error
	for _, r := range rows {
		known[[2]int64{r.ProductID, r.VariantID}] = r
	}
	return known, err
}

// addPictures gives each line its picture. A variant that nobody has read yet, as
// after a swap, is shown by another one of its product.
func addPictures(tx *store.Tx, o *Order) error {
	known, err := pictures(tx, o.Lines)
	for i := range o.Lines {
		l := &o.Lines[i]
		if l.Picture != nil || l.ProductID == 0 {
			continue
		}
		shown := known[[2]int64{l.ProductID, l.VariantID}]
		if shown.URL == "" {
			shown = siblingPicture(known, l.ProductID)
		}
		if shown.URL != "" {
			l.Picture = &Picture{shown.URL, shown.Alt}
		}
	}
	return err
}

func siblingPicture(known map[[2]int64]pictureRow, product int64) (first pictureRow) {
	for _, p := range known {
		if p.ProductID == product && p.URL != "" && (first.URL == "" || p.VariantID < first.VariantID) {
			first = p
		}
	}
	return first
}

// EventRow is something that happened to an order.
type EventRow struct {
	ShopID     ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	OrderID    int64    `gorm:"primaryKey;autoIncrement:false"`
	Once       string   `gorm:"primaryKey"`
	At         time.Time
	Kind       string
	Detail     string
	RecordedAt time.Time
}

// TableName names the table.
func (EventRow) TableName() string { return "orders_events" }

// record notes what happened, once however often it is told, and says whether
// this was the first time.
func record(tx *store.Tx, orderID int64, once, kind string, at time.Time, detail string) (first bool, err error) {
	done := tx.Exec(`INSERT INTO orders_events (shop_id, order_id, once, at, kind, detail, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (shop_id, order_id, once) DO NOTHING`, tx.Shop, orderID, once, at, kind, detail, tx.Now)
	return done.RowsAffected > 0, done.Error
}

func events(tx *store.Tx, orderID int64) ([]EventRow, error) {
	var rows []EventRow
	err := tx.Scoped(&EventRow{}).Where("order_id = ?", orderID).Order("at, once").Find(&rows).Error
	return rows, err
}

// cursorRow is how far the comparison with Shopify has come.
type cursorRow struct {
	ShopID   ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Position *time.Time
	ReadAt   *time.Time
	SweptAt  *time.Time
}

// TableName names the table.
func (cursorRow) TableName() string { return "orders_cursors" }

func findCursor(tx *store.Tx) (cursorRow, error) {
	var c cursorRow
	err := tx.Scoped(&cursorRow{}).Limit(1).Find(&c).Error
	return c, err
}

// moveCursor stores how far a finished round came. A sweep over the last week
// leaves the position where it is.
func moveCursor(tx *store.Tx, position time.Time, sweep bool) error {
	var swept *time.Time
	if sweep {
		swept = &tx.Now
	}
	return tx.Exec(`INSERT INTO orders_cursors (shop_id, position, read_at, swept_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (shop_id) DO UPDATE SET read_at = excluded.read_at, swept_at = COALESCE(excluded.swept_at, orders_cursors.swept_at),
			position = CASE WHEN orders_cursors.position IS NULL OR excluded.position > orders_cursors.position THEN excluded.position ELSE orders_cursors.position END`,
		tx.Shop, position, tx.Now, swept).Error
}

// known reads when the orders last changed, as far as we know; one that was
// deleted or redacted counts as known for ever.
func known(tx *store.Tx, orderIDs []int64) (map[int64]time.Time, error) {
	var rows []row
	err := tx.Pick("orders", "id, source_updated_at, deleted_at, redacted_at", orderIDs).Scan(&rows).Error
	at := make(map[int64]time.Time, len(rows))
	for _, r := range rows {
		at[r.ID] = r.SourceUpdatedAt
		if r.DeletedAt != nil || r.RedactedAt != nil {
			at[r.ID] = forever
		}
	}
	return at, err
}

var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// belonging lists the orders of a person, by any of the ways Shopify names them.
// Phone numbers are not searched for: Shopify names a buyer's orders one by one.
func belonging(tx *store.Tx, p room.Person) (numbers []int64, err error) {
	var conditions []string
	var args []any
	if p.CustomerID != 0 {
		conditions, args = append(conditions, "customer_id = ?"), append(args, p.CustomerID)
	}
	if key := searchKey(p.Email); key != "" {
		conditions, args = append(conditions, "email_key = ?"), append(args, key)
	}
	if len(p.OrderIDs) > 0 {
		conditions, args = append(conditions, "id IN ?"), append(args, p.OrderIDs)
	}
	if len(conditions) == 0 {
		return nil, nil
	}
	err = tx.Scoped(&row{}).Where("("+strings.Join(conditions, " OR ")+")", args...).Order("id").Pluck("id", &numbers).Error
	return numbers, err
}

// anonymise writes the document without its person and closes the row.
func anonymise(tx *store.Tx, id int64, document []byte) error {
	err := tx.Exec(`UPDATE orders SET customer_id = 0, customer_name = '', email = '', locale = '', email_key = '', buyer_key = '', last_name_key = '',
		document = ?, details = '', digest = '', redacted_at = ? WHERE shop_id = ? AND id = ? AND deleted_at IS NULL`,
		string(document), tx.Now, tx.Shop, id).Error
	if err != nil {
		return err
	}
	return empty(tx, id)
}

// empty takes out of an order's other rows what may name its person: staff write
// names into their reasons, too.
func empty(tx *store.Tx, id int64) error {
	if err := tx.Exec(`UPDATE orders_events SET detail = '' WHERE shop_id = ? AND order_id = ?`, tx.Shop, id).Error; err != nil {
		return err
	}
	return tx.Exec(`DELETE FROM orders_refunds WHERE shop_id = ? AND order_id = ?`, tx.Shop, id).Error
}

// addresses shows every e-mail address of the shop's orders.
func addresses(tx *store.Tx, see func(string)) error {
	var list []string
	err := tx.Scoped(&row{}).Where("email <> ''").Distinct("email").Pluck("email", &list).Error
	for _, address := range list {
		see(address)
	}
	return err
}
