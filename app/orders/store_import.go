package orders

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/store"
)

// ErrNoImport says that there is no such import.
var ErrNoImport = problem.New(problem.NotFound, "orders.import_missing", "There is no such import.")

// Import is one import, as it is kept.
type Import struct {
	ShopID      ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID          string   `gorm:"primaryKey"`
	Object      string
	State       ImportState
	Since       *time.Time // only what changed at or after; nil is everything
	OperationID string
	AskedAt     *time.Time // before Shopify was asked to begin
	SnapshotAt  *time.Time // what is read dates from then at the earliest
	Total       int64
	Done        int64 // read, whatever became of them
	Written     int64
	Parked      int64
	BytesDone   int64
	BytesTotal  int64
	Restarts    int64
	Reason      string
	PaceAt      *time.Time // the pace is counted from here
	PaceDone    int64
	CreatedAt   time.Time
	StartedAt   *time.Time
	UpdatedAt   time.Time
	EndedAt     *time.Time
}

// TableName names the table.
func (Import) TableName() string { return "orders_imports" }

// Imports lists the newest import of each kind.
func Imports(tx *store.Tx) ([]Import, error) {
	var list []Import
	for _, object := range importOrder {
		one, err := latestImport(tx, object)
		if err != nil {
			return nil, err
		}
		if one != nil {
			list = append(list, *one)
		}
	}
	return list, nil
}

func latestImport(tx *store.Tx, object string) (*Import, error) {
	var list []Import
	err := tx.Scoped(&Import{}).Where("object = ?", object).Order("id DESC").Limit(1).Find(&list).Error
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

func findImport(tx *store.Tx, id string) (Import, error) {
	var m Import
	err := store.One(tx.Scoped(&Import{}).Where("id = ?", id).Take(&m), ErrNoImport)
	return m, err
}

// nextImport is the active import that is worked on, oldest first; nil when there
// is none.
func nextImport(tx *store.Tx) (*Import, error) {
	var list []Import
	err := tx.Scoped(&Import{}).Where("state IN ('planned', 'running', 'downloading')").Order("id").Limit(1).Find(&list).Error
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

func addImport(tx *store.Tx, m *Import) error {
	m.ShopID, m.ID, m.State, m.CreatedAt, m.UpdatedAt = tx.Shop, ids.New("imp"), ImportPlanned, tx.Now, tx.Now
	return tx.Create(m).Error
}

// moveImport changes an import that is where we left it, and tells whether it was.
// Cancelling, or another process, may have moved it.
func moveImport(tx *store.Tx, m *Import, changes map[string]any) (moved bool, err error) {
	changes["updated_at"] = tx.Now
	done := tx.Scoped(&Import{}).Where("id = ? AND state = ? AND bytes_done = ?", m.ID, m.State, m.BytesDone).UpdateColumns(changes)
	return done.RowsAffected > 0, done.Error
}

// ImportLine is a line that could not be used.
type ImportLine struct {
	ShopID    ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ImportID  string   `gorm:"primaryKey"`
	BytesAt   int64    `gorm:"primaryKey;autoIncrement:false"`
	ObjectGID string   `gorm:"column:object_gid"`
	Reason    string
	CreatedAt time.Time
}

// TableName names the table.
func (ImportLine) TableName() string { return "orders_import_lines" }

func importLines(tx *store.Tx, id string, limit int) ([]ImportLine, error) {
	var list []ImportLine
	err := tx.Scoped(&ImportLine{}).Where("import_id = ?", id).Order("bytes_at").Limit(limit).Find(&list).Error
	return list, err
}

func parkLines(tx *store.Tx, importID string, lines []ImportLine) error {
	rows := make([][]any, len(lines))
	for i, l := range lines {
		rows[i] = []any{importID, l.BytesAt, l.ObjectGID, l.Reason, tx.Now}
	}
	_, err := tx.Insert(linesInsertion, rows)
	return err
}

var linesInsertion = store.NewInsertion("orders_import_lines", "import_id text, bytes_at bigint, object_gid text, reason text, created_at timestamptz",
	"ON CONFLICT (shop_id, import_id, bytes_at) DO NOTHING")

// ordersInsertion lets go of what is there already unless ours is of a later
// change: of the same change a webhook knows more.
var ordersInsertion = store.NewInsertion("orders", `id bigint, name text, placed_at timestamptz, customer_id bigint, customer_name text, email text,
	locale text, currency text, total_minor bigint, items_count bigint, financial_status text, fulfillment_status text, cancelled_at timestamptz,
	closed_at timestamptz, test boolean, name_key text, email_key text, buyer_key text, last_name_key text, document text, details text, digest text,
	source_updated_at timestamptz, source_triggered_at timestamptz, returns_days integer, policy_version integer, first_seen_at timestamptz`,
	`ON CONFLICT (shop_id, id) DO UPDATE SET name = excluded.name, placed_at = excluded.placed_at, customer_id = excluded.customer_id,
	customer_name = excluded.customer_name, email = excluded.email, locale = excluded.locale, currency = excluded.currency,
	total_minor = excluded.total_minor, items_count = excluded.items_count, financial_status = excluded.financial_status,
	fulfillment_status = excluded.fulfillment_status, cancelled_at = excluded.cancelled_at, closed_at = excluded.closed_at, test = excluded.test,
	name_key = excluded.name_key, email_key = excluded.email_key, buyer_key = excluded.buyer_key, last_name_key = excluded.last_name_key,
	document = excluded.document, details = excluded.details, digest = excluded.digest,
	source_updated_at = excluded.source_updated_at, source_triggered_at = excluded.source_triggered_at
WHERE orders.deleted_at IS NULL AND orders.redacted_at IS NULL AND excluded.source_updated_at > orders.source_updated_at`)

var eventsInsertion = store.NewInsertion("orders_events", "order_id bigint, once text, at timestamptz, kind text, detail text, recorded_at timestamptz",
	"ON CONFLICT (shop_id, order_id, once) DO NOTHING")

var picturesInsertion = store.NewInsertion("orders_pictures", "product_id bigint, variant_id bigint, url text, alt text, read_at timestamptz",
	`ON CONFLICT (shop_id, product_id, variant_id) DO UPDATE SET url = excluded.url, alt = excluded.alt, read_at = excluded.read_at
WHERE orders_pictures.url = ''`)

// saveHistory writes many orders and what happened to them, without telling
// anybody: it is history. It returns how many were new or newer.
func saveHistory(tx *store.Tx, list []*Order, at time.Time, p policy) (int64, error) {
	rows, happened := make([][]any, 0, len(list)), make([][]any, 0, 3*len(list))
	for _, o := range list {
		document, err := json.Marshal(o)
		if err != nil {
			return 0, fmt.Errorf("write order %d: %w", o.ID, err)
		}
		extra, err := json.Marshal(detailsOf(o))
		if err != nil {
			return 0, fmt.Errorf("write details of order %d: %w", o.ID, err)
		}
		name, last := o.names()
		rows = append(rows, []any{o.ID, clean(o.Name), o.PlacedAt, o.CustomerID(), clean(name), o.Email, clean(o.Locale), o.Currency, o.Now.Total.Shop, o.Items(),
			clean(o.FinancialStatus), o.FulfillmentStatus, o.CancelledAt, o.ClosedAt, o.Test,
			searchKey(strings.TrimLeft(o.Name, "#")), searchKey(o.Email), searchKey(name), searchKey(last),
			string(document), string(extra), digestOf(document), o.UpdatedAt, at, p.returnsDays, p.version, tx.Now})
		happened = append(happened, []any{o.ID, EventPlaced, o.PlacedAt, EventPlaced, "", tx.Now})
		for _, h := range happenings(o) {
			happened = append(happened, []any{o.ID, h.once, h.at, h.kind, "", tx.Now})
		}
	}
	written, err := tx.Insert(ordersInsertion, rows)
	if err != nil {
		return 0, err
	}
	_, err = tx.Insert(eventsInsertion, happened)
	return written, err
}

// savePictureRows keeps pictures of products where none is known: what was read
// with an order is the variant's own.
func savePictureRows(tx *store.Tx, list []pictureRow) (int64, error) {
	slices.SortFunc(list, func(a, b pictureRow) int {
		return cmp.Or(cmp.Compare(a.ProductID, b.ProductID), cmp.Compare(a.VariantID, b.VariantID))
	})
	list = slices.CompactFunc(list, func(a, b pictureRow) bool { return a.ProductID == b.ProductID && a.VariantID == b.VariantID })
	rows := make([][]any, len(list))
	for i, p := range list {
		rows[i] = []any{p.ProductID, p.VariantID, p.URL, p.Alt, tx.Now}
	}
	return tx.Insert(picturesInsertion, rows)
}

// setPosition makes the reconciler begin at an instant: what lies before it is
// the import's.
func setPosition(tx *store.Tx, at time.Time) error {
	return tx.Exec(`INSERT INTO orders_cursors (shop_id, position) VALUES (?, ?) ON CONFLICT (shop_id) DO UPDATE SET position = excluded.position`, tx.Shop, at).Error
}
