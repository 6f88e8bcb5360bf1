package customers

import (
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/store"
)

// row is a customer in the database.
type row struct {
	ShopID            ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID                int64    `gorm:"primaryKey;autoIncrement:false"`
	Email             string
	Phone             string
	FirstName         string
	LastName          string
	Locale            string
	State             string
	VerifiedEmail     bool
	Digest            string
	SourceUpdatedAt   time.Time
	SourceTriggeredAt time.Time
	FirstSeenAt       time.Time
	DeletedAt         *time.Time
	RedactedAt        *time.Time
}

// TableName names the table.
func (row) TableName() string { return "customers" }

func (r row) customer() Customer {
	return Customer{
		ID: r.ID, Email: r.Email, Phone: r.Phone, FirstName: r.FirstName, LastName: r.LastName, Locale: r.Locale, State: r.State,
		VerifiedEmail: r.VerifiedEmail, UpdatedAt: r.SourceUpdatedAt, DeletedAt: r.DeletedAt, RedactedAt: r.RedactedAt,
	}
}

// insertion writes customers unless a newer payload, or an end, is there already.
// It is one statement, so two workers cannot undo each other.
var insertion = store.NewInsertion("customers", `id bigint, email text, phone text, first_name text, last_name text, locale text, state text,
	verified_email boolean, digest text, source_updated_at timestamptz, source_triggered_at timestamptz, first_seen_at timestamptz`,
	`ON CONFLICT (shop_id, id) DO UPDATE SET email = excluded.email, phone = excluded.phone, first_name = excluded.first_name,
	last_name = excluded.last_name, locale = excluded.locale,
	state = excluded.state, verified_email = excluded.verified_email,
	digest = excluded.digest, source_updated_at = excluded.source_updated_at, source_triggered_at = excluded.source_triggered_at
WHERE customers.deleted_at IS NULL AND customers.redacted_at IS NULL
	AND (excluded.source_updated_at, excluded.source_triggered_at, excluded.digest) >
	    (customers.source_updated_at, customers.source_triggered_at, customers.digest)`)

// save writes customers, of whom none may be in the list twice, and returns how
// many were new or newer.
func save(tx *store.Tx, triggeredAt time.Time, list ...Customer) (written int64, err error) {
	rows := make([][]any, len(list))
	for i, c := range list {
		rows[i] = []any{c.ID, strings.ToLower(c.Email), c.Phone, c.FirstName, c.LastName, c.Locale, c.State, c.VerifiedEmail,
			c.digest(), c.UpdatedAt, triggeredAt, tx.Now}
	}
	return tx.Insert(insertion, rows)
}

// changes reads when the customers last changed, as far as we know.
func changes(tx *store.Tx, list []Customer) (map[int64]time.Time, error) {
	numbers := make([]int64, len(list))
	for i, c := range list {
		numbers[i] = c.ID
	}
	var rows []row
	err := tx.Pick("customers", "id, source_updated_at", numbers).Scan(&rows).Error
	at := make(map[int64]time.Time, len(rows))
	for _, r := range rows {
		at[r.ID] = r.SourceUpdatedAt
	}
	return at, err
}

// bury anonymises the row, or leaves one without a person for a customer that we
// had not heard of, so that a late payload finds the place taken.
func bury(tx *store.Tx, id int64) error {
	return tx.Exec(`INSERT INTO customers (shop_id, id, email, phone, first_name, last_name, locale, state, verified_email,
			digest, source_updated_at, source_triggered_at, first_seen_at, deleted_at)
		VALUES (?, ?, '', '', '', '', '', 'deleted', ?, '', ?, ?, ?, ?)
		ON CONFLICT (shop_id, id) DO UPDATE SET email = '', phone = '', first_name = '', last_name = '', locale = '', state = 'deleted',
			verified_email = excluded.verified_email, digest = '', deleted_at = excluded.deleted_at
		WHERE customers.deleted_at IS NULL`, tx.Shop, id, false, tx.Now, tx.Now, tx.Now, tx.Now).Error
}

func find(tx *store.Tx, id int64) (Customer, error) {
	var r row
	if err := store.One(tx.Scoped(&row{}).Where("id = ?", id).Take(&r), ErrNotFound); err != nil {
		return Customer{}, err
	}
	return r.customer(), nil
}

// match finds the rows of a person by any of the three ways Shopify names them.
func match(tx *store.Tx, id int64, email, phone string) ([]row, error) {
	var conditions []string
	var args []any
	add := func(condition string, arg any) { conditions, args = append(conditions, condition), append(args, arg) }
	if id != 0 {
		add("id = ?", id)
	}
	if email != "" {
		add("email = ? AND email <> ''", strings.ToLower(email))
	}
	if phone != "" {
		add("phone = ? AND phone <> ''", phone)
	}
	if len(conditions) == 0 {
		return nil, nil
	}
	var rows []row
	err := tx.Scoped(&row{}).Where("("+strings.Join(conditions, " OR ")+")", args...).Order("id").Find(&rows).Error
	return rows, err
}

// redact empties the rows and keeps only that they were emptied. The row of the
// number itself is made when missing: a payload that is still on its way must
// not bring the person back.
func redact(tx *store.Tx, id int64, numbers []int64) error {
	if id != 0 {
		err := tx.Exec(`INSERT INTO customers (shop_id, id, email, phone, first_name, last_name, locale, state, verified_email,
				digest, source_updated_at, source_triggered_at, first_seen_at, redacted_at)
			VALUES (?, ?, '', '', '', '', '', 'redacted', ?, '', ?, ?, ?, ?) ON CONFLICT (shop_id, id) DO NOTHING`,
			tx.Shop, id, false, tx.Now, tx.Now, tx.Now, tx.Now).Error
		if err != nil {
			return err
		}
		numbers = append(numbers, id)
	}
	if len(numbers) == 0 {
		return nil
	}
	return tx.Exec(`UPDATE customers SET email = '', phone = '', first_name = '', last_name = '', locale = '', state = 'redacted',
		verified_email = ?, digest = '', redacted_at = ? WHERE shop_id = ? AND id IN ? AND redacted_at IS NULL`, false, tx.Now, tx.Shop, numbers).Error
}

// addresses shows every address and number of the shop's customers.
func addresses(tx *store.Tx, see func(string)) error {
	for _, column := range []string{"email", "phone"} {
		var list []string
		if err := tx.Scoped(&row{}).Where(column+" <> ''").Pluck(column, &list).Error; err != nil {
			return err
		}
		for _, address := range list {
			see(address)
		}
	}
	return nil
}
