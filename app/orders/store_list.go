package orders

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"afterglow/app/messages"
	"afterglow/app/problem"
	"afterglow/app/store"
)

// ErrFilter says that a list was asked for in a way we do not know.
var ErrFilter = problem.New(problem.Malformed, "orders.filter", "This filter is not known. See the fields.")

const (
	pageDefault   = 50
	pageMost      = 200
	searchEnough  = 500   // matches beyond which walking the list finds them faster
	countEnough   = 5_000 // a longer list is "more than"
	mailChunk     = 200
	mailChunkMost = 25 // chunks that one page may look through for a state of mail
)

// Filter narrows a list of orders. Empty fields do not.
type Filter struct {
	Query string    // beginning of an order's name, an e-mail address, or a buyer's name
	State string    // open, cancelled, fulfilled, unfulfilled, refunded
	Mail  string    // sent, waiting, stopped, failed, none: of the confirmation
	Since time.Time // placed at or after
	Until time.Time // placed before
	After string    // the cursor of the page before
	Limit int
}

// Listed is one order of a list.
type Listed struct {
	row
	MailState string
}

var states = map[string]string{
	"":            "1 = 1",
	"open":        "cancelled_at IS NULL AND closed_at IS NULL",
	"cancelled":   "cancelled_at IS NOT NULL",
	"fulfilled":   "fulfillment_status = 'fulfilled'",
	"unfulfilled": "cancelled_at IS NULL AND fulfillment_status <> 'fulfilled'",
	"refunded":    "financial_status IN ('refunded', 'partially_refunded')",
}

var mailStates = map[string]bool{"": true, "sent": true, "waiting": true, "stopped": true, "failed": true, "none": true}

// condition is the WHERE of a list, without the cursor.
type condition struct {
	sql  strings.Builder
	args []any
	many bool // the search matches more than it is worth counting
	few  bool // the search matches rows that are named one by one
}

// order is newest first. Rows that are named one by one are found by their key
// and sorted; SQLite would rather walk the whole list to be spared the sorting.
func (c *condition) order(tx *store.Tx) string {
	if c.few && !tx.Postgres() {
		return "+placed_at DESC, +id DESC"
	}
	return "placed_at DESC, id DESC"
}

func (c *condition) and(sql string, args ...any) {
	c.sql.WriteString(" AND " + sql)
	c.args = append(c.args, args...)
}

// List returns a page of orders, newest first, the cursor of the next one ("" at
// the end), and about how many there are in all, up to countEnough.
func List(tx *store.Tx, f Filter) (page []Listed, next string, estimate int64, err error) {
	state, ok := states[f.State]
	if !ok || !mailStates[f.Mail] {
		return nil, "", 0, ErrFilter.WithFields(problem.Field{Field: "state, mail", Detail: "is not one of the known values"})
	}
	if f.Limit <= 0 {
		f.Limit = pageDefault
	}
	f.Limit = min(f.Limit, pageMost)
	c := &condition{}
	c.sql.WriteString("shop_id = ? AND deleted_at IS NULL AND " + state)
	c.args = append(c.args, tx.Shop)
	if !f.Since.IsZero() {
		c.and("placed_at >= ?", f.Since.UTC())
	}
	if !f.Until.IsZero() {
		c.and("placed_at < ?", f.Until.UTC())
	}
	if possible, err := c.search(tx, f.Query); err != nil || !possible {
		return nil, "", 0, err
	}
	if estimate = searchEnough; !c.many {
		// The order is what makes both databases take the index of the list.
		counting := fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM orders WHERE %s ORDER BY %s LIMIT %d) counted", c.sql.String(), c.order(tx), countEnough)
		if err := tx.Raw(counting, c.args...).Scan(&estimate).Error; err != nil {
			return nil, "", 0, err
		}
	}
	page, next, err = walk(tx, c, f)
	return page, next, estimate, err
}

// search adds what was typed. Few matches are named one by one; of many, the
// list walked from its newest end meets enough soon. possible is false when nothing
// can match.
func (c *condition) search(tx *store.Tx, query string) (possible bool, err error) {
	key := searchKey(strings.TrimLeft(strings.TrimSpace(query), "#"))
	if key == "" {
		return strings.TrimSpace(query) == "", nil
	}
	columns := []string{"name_key", "email_key", "buyer_key", "last_name_key"}
	if strings.Contains(key, "@") {
		columns = []string{"email_key"}
	}
	end := key + "\U0010FFFF"
	var ranges, picks []string
	var args, pickArgs []any
	for _, column := range columns {
		ranges = append(ranges, fmt.Sprintf("(%s >= ? AND %s < ?)", column, column))
		args = append(args, key, end)
		filled := ""
		if column != "name_key" {
			filled = column + " <> '' AND " // what its index is built on
		}
		picks = append(picks, fmt.Sprintf("SELECT id FROM (SELECT id FROM orders WHERE shop_id = ? AND %s%s >= ? AND %s < ? LIMIT %d) by_%s", filled, column, column, searchEnough, column))
		pickArgs = append(pickArgs, tx.Shop, key, end)
	}
	var ids []int64
	if err := tx.Raw(strings.Join(picks, " UNION "), pickArgs...).Scan(&ids).Error; err != nil {
		return false, err
	}
	switch {
	case len(ids) == 0:
		return false, nil
	case len(ids) < searchEnough:
		c.few = true
		c.and("id IN ?", ids)
	default:
		c.many = true
		c.and("("+strings.Join(ranges, " OR ")+")", args...)
	}
	return true, nil
}

const listColumns = `id, name, placed_at, customer_id, customer_name, email, locale, currency, total_minor, items_count,
	financial_status, fulfillment_status, cancelled_at, closed_at, test`

// walk reads the page. With a state of mail wanted it looks through chunks of the
// list, because mails are another room's rows; a page may then be short and still
// have a next one.
func walk(tx *store.Tx, c *condition, f Filter) (page []Listed, next string, err error) {
	size := f.Limit + 1
	if f.Mail != "" {
		size = mailChunk
	}
	after := f.After
	for range mailChunkMost {
		rows, err := chunk(tx, c, after, size)
		if err != nil || len(rows) == 0 {
			return page, "", err
		}
		listed, err := withMail(tx, rows)
		if err != nil {
			return nil, "", err
		}
		for i, l := range listed {
			if len(page) == f.Limit {
				return page, after, nil
			}
			if f.Mail == "" || f.Mail == l.MailState {
				page = append(page, l)
			}
			after = cursorOf(rows[i])
		}
		if len(rows) < size {
			return page, "", nil
		}
		if f.Mail == "" {
			break
		}
	}
	return page, after, nil
}

func chunk(tx *store.Tx, c *condition, after string, size int) ([]row, error) {
	where, args := c.sql.String(), c.args
	if after != "" {
		at, id, err := parseCursor(after)
		if err != nil {
			return nil, err
		}
		where += " AND (placed_at, id) < (?, ?)"
		args = append(args[:len(args):len(args)], at, id)
	}
	var rows []row
	err := tx.Raw("SELECT "+listColumns+" FROM orders WHERE "+where+" ORDER BY "+c.order(tx)+" LIMIT "+strconv.Itoa(size), args...).Scan(&rows).Error
	return rows, err
}

// withMail adds how each order's confirmation stands.
func withMail(tx *store.Tx, rows []row) ([]Listed, error) {
	numbers := make([]int64, len(rows))
	for i, r := range rows {
		numbers[i] = r.ID
	}
	known, err := messages.StatesFor(tx, KindConfirmation, numbers)
	if err != nil {
		return nil, err
	}
	out := make([]Listed, len(rows))
	for i, r := range rows {
		out[i] = Listed{r, mailState(known[r.ID])}
	}
	return out, nil
}

// mailState folds the states of a message into what a list shows.
func mailState(s messages.State) string {
	switch s {
	case "":
		return "none"
	case messages.StateSending:
		return string(messages.StateWaiting)
	case messages.StateSuppressed:
		return string(messages.StateStopped)
	}
	return string(s)
}

func cursorOf(r row) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", r.PlacedAt.UnixMicro(), r.ID))
}

func parseCursor(s string) (at time.Time, id int64, err error) {
	wrong := ErrFilter.WithFields(problem.Field{Field: "cursor", Detail: "is not one that we gave"})
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) > 64 {
		return at, 0, wrong
	}
	left, right, _ := strings.Cut(string(b), ".")
	micro, err1 := strconv.ParseInt(left, 10, 64)
	id, err2 := strconv.ParseInt(right, 10, 64)
	if err1 != nil || err2 != nil {
		return at, 0, wrong
	}
	return time.UnixMicro(micro).UTC(), id, nil
}

// Day counts the orders placed in one span.
type Day struct {
	From, Until time.Time
	Placed      int64
}

// CountPlaced fills in how many orders were placed in each span.
func CountPlaced(tx *store.Tx, days []Day) error {
	for i := range days {
		d := &days[i]
		err := tx.Raw(`SELECT count(*) FROM orders WHERE shop_id = ? AND deleted_at IS NULL AND placed_at >= ? AND placed_at < ?`,
			tx.Shop, d.From.UTC(), d.Until.UTC()).Scan(&d.Placed).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// Any tells whether the shop has an order.
func Any(tx *store.Tx) (bool, error) {
	var one int
	err := tx.Raw(`SELECT 1 FROM orders WHERE shop_id = ? AND deleted_at IS NULL LIMIT 1`, tx.Shop).Scan(&one).Error
	return one == 1, err
}

// Find returns an order with all we know of it, or ErrNotFound.
func Find(tx *store.Tx, id int64) (*Order, error) {
	f, err := load(tx, id)
	if err != nil {
		return nil, err
	}
	return f.Order, nil
}
