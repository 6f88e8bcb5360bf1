package orders

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
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
	pageDefault  = 50
	pageMost     = 200
	countEnough  = 1_000           // a longer list is "more than"
	searchEnough = countEnough / 4 // matches of a name or an address that are looked up one by one
	window       = 3_000           // orders that one page looks through for a match or a state of mail
	mailChunk    = 500             // of mails whose orders are looked at
)

// mailStates are the messages' states that a list shows as one. Of an order that
// has no mail the state is empty.
var mailStates = map[string][]messages.State{
	"sent":    {messages.StateSent},
	"waiting": {messages.StateWaiting, messages.StateSending},
	"stopped": {messages.StateStopped, messages.StateSuppressed},
	"failed":  {messages.StateFailed},
	"none":    {""},
}

var errCursor = ErrFilter.WithFields(problem.Field{Field: "cursor", Detail: "is not one that we gave"})

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

// whole tells whether nothing but the state of the mail narrows the list.
func (f Filter) whole() bool {
	return f.State == "" && f.Query == "" && f.Since.IsZero() && f.Until.IsZero()
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

// condition is the WHERE of a list, without the cursor.
type condition struct {
	sql  strings.Builder
	args []any
	few  bool // the search matches rows that are named one by one

	// Of a search with more matches than that: what tells a match, and the closest.
	match     string
	matchArgs []any
	closest   []int64
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
	if ok && f.Mail != "" {
		_, ok = mailStates[f.Mail]
	}
	if !ok {
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
	if estimate = countEnough; c.match == "" {
		// The order is what makes both databases take the index of the list.
		counting := fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM orders WHERE %s ORDER BY %s LIMIT %d) counted", c.sql.String(), c.order(tx), countEnough)
		if err := tx.Raw(counting, c.args...).Scan(&estimate).Error; err != nil {
			return nil, "", 0, err
		}
	}
	if f.Mail == "" {
		read := walk
		if c.match != "" {
			read = meet
		}
		page, next, err = read(tx, c, f)
		return page, next, estimate, err
	}
	// Orders whose mail was sent, or that have none, are met soon when the list is
	// walked; the others are few, and their mails lead to them.
	if f.Mail == "none" || f.Mail == "sent" && !f.whole() {
		page, next, err = walkFor(tx, c, f)
		return page, next, estimate, err
	}
	if page, next, err = follow(tx, c, f); err != nil || f.Mail == "sent" {
		return page, next, estimate, err
	}
	mails, err := messages.CountIn(tx, mailStates[f.Mail], countEnough)
	return page, next, min(mails, estimate), err
}

// search adds what was typed. Few matches are named one by one. Of more, the
// condition keeps what tells a match and, of each kind of name, the first in
// alphabetical order: what was typed in full is always among them. possible is
// false when nothing can match.
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
	for i, column := range columns {
		ranges = append(ranges, fmt.Sprintf("(%[1]s >= ? AND %[1]s < ?)", column))
		args = append(args, key, end)
		filled := ""
		if column != "name_key" {
			filled = column + " <> '' AND " // what its index is built on
		}
		picks = append(picks, fmt.Sprintf("SELECT %d AS kind, id FROM (SELECT id FROM orders WHERE shop_id = ? AND %s%[3]s >= ? AND %[3]s < ? ORDER BY %[3]s LIMIT %[4]d) by_%[3]s",
			i, filled, column, searchEnough))
		pickArgs = append(pickArgs, tx.Shop, key, end)
	}
	var hits []struct {
		Kind int
		ID   int64
	}
	if err := tx.Raw(strings.Join(picks, " UNION ALL "), pickArgs...).Scan(&hits).Error; err != nil || len(hits) == 0 {
		return false, err
	}
	ids := make([]int64, len(hits))
	of := make([]int, len(columns))
	for i, h := range hits {
		ids[i] = h.ID
		of[h.Kind]++
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if slices.Max(of) < searchEnough {
		c.few = true
		c.and("id IN ?", ids)
		return true, nil
	}
	c.match, c.matchArgs, c.closest = " AND ("+strings.Join(ranges, " OR ")+")", args, ids
	return true, nil
}

const listColumns = `id, name, placed_at, customer_id, customer_name, email, locale, currency, total_minor, items_count,
	financial_status, fulfillment_status, cancelled_at, closed_at, test`

const keyColumns = ", name_key, email_key, buyer_key, last_name_key"

// walk reads a page of the list.
func walk(tx *store.Tx, c *condition, f Filter) (page []Listed, next string, err error) {
	if err := c.after(f.After); err != nil {
		return nil, "", err
	}
	var rows []row
	err = tx.Raw("SELECT "+listColumns+" FROM orders WHERE "+c.sql.String()+" ORDER BY "+c.order(tx)+" LIMIT "+strconv.Itoa(f.Limit+1), c.args...).Scan(&rows).Error
	if err != nil {
		return nil, "", err
	}
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		next = cursorOf(rows[f.Limit-1])
	}
	page, err = withMail(tx, rows)
	return page, next, err
}

// meet reads a page of a search with many matches: those among the orders that
// come next in the list, and the closest ones wherever they are. Others, further
// down, are left out; that takes a longer search.
func meet(tx *store.Tx, c *condition, f Filter) (page []Listed, next string, err error) {
	if err := c.after(f.After); err != nil {
		return nil, "", err
	}
	ordered := " ORDER BY placed_at DESC, id DESC LIMIT "
	limit := strconv.Itoa(f.Limit + 1)
	var rows, closest []row
	err = tx.Raw("SELECT "+listColumns+" FROM (SELECT "+listColumns+keyColumns+" FROM orders WHERE "+c.sql.String()+ordered+strconv.Itoa(window)+") AS near WHERE 1 = 1"+c.match+ordered+limit,
		append(slices.Clone(c.args), c.matchArgs...)...).Scan(&rows).Error
	if err != nil {
		return nil, "", err
	}
	c.few = true
	err = tx.Raw("SELECT "+listColumns+" FROM orders WHERE "+c.sql.String()+" AND id IN ? ORDER BY "+c.order(tx)+" LIMIT "+limit,
		append(slices.Clone(c.args), c.closest)...).Scan(&closest).Error
	if err != nil {
		return nil, "", err
	}
	rows = append(rows, closest...)
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(b.PlacedAt.Compare(a.PlacedAt), cmp.Compare(b.ID, a.ID)) })
	rows = slices.CompactFunc(rows, func(a, b row) bool { return a.ID == b.ID })
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		next = cursorOf(rows[f.Limit-1])
	}
	page, err = withMail(tx, rows)
	return page, next, err
}

// walkFor reads a page of the orders whose mail is in the wanted state. It looks
// through a bounded part of the list: a page may be short, or empty, and still have
// a next one.
func walkFor(tx *store.Tx, c *condition, f Filter) (page []Listed, next string, err error) {
	if err := c.after(f.After); err != nil {
		return nil, "", err
	}
	state, args := messages.StateOf("orders.shop_id", "orders.id", KindConfirmation)
	inner := " FROM orders WHERE " + c.sql.String() + " ORDER BY " + c.order(tx) + " LIMIT " + strconv.Itoa(window)
	all := append(append(append(slices.Clone(c.args), args...), mailStates[f.Mail]), c.matchArgs...)
	var rows []row
	err = tx.Raw("SELECT "+listColumns+" FROM (SELECT shop_id, "+listColumns+keyColumns+inner+") AS orders WHERE "+state+" IN ?"+c.match+" ORDER BY placed_at DESC, id DESC LIMIT "+
		strconv.Itoa(f.Limit+1), all...).Scan(&rows).Error
	if err != nil {
		return nil, "", err
	}
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		next = cursorOf(rows[f.Limit-1])
	} else {
		var last []row
		if err := tx.Raw("SELECT placed_at, id"+inner+" OFFSET "+strconv.Itoa(window-1), c.args...).Scan(&last).Error; err != nil {
			return nil, "", err
		}
		if len(last) > 0 {
			next = cursorOf(last[0])
		}
	}
	page, err = withMail(tx, rows)
	return page, next, err
}

// follow reads the orders of mails in the wanted state, those of the newest mails
// first. It looks through a bounded number of mails.
func follow(tx *store.Tx, c *condition, f Filter) (page []Listed, next string, err error) {
	before, err := mailCursor(f.After)
	if err != nil {
		return nil, "", err
	}
	size := mailChunk
	if f.whole() {
		size = f.Limit + 1
	}
	for range window / mailChunk {
		mails, err := messages.OrdersIn(tx, KindConfirmation, mailStates[f.Mail], before, size)
		if err != nil {
			return nil, "", err
		}
		numbers := make([]int64, len(mails))
		for i, m := range mails {
			numbers[i] = m.OrderID
		}
		// Picked before they are sorted out: PostgreSQL would rather read all orders
		// in a state than those few.
		var rows []row
		picked := tx.Pick("orders", "shop_id, deleted_at, "+listColumns+keyColumns, numbers)
		err = tx.Raw("SELECT "+listColumns+" FROM (?) AS orders WHERE "+c.sql.String()+c.match, append(append([]any{picked}, c.args...), c.matchArgs...)...).Scan(&rows).Error
		if err != nil {
			return nil, "", err
		}
		found := make(map[int64]row, len(rows))
		for _, r := range rows {
			found[r.ID] = r
		}
		for _, m := range mails {
			if len(page) == f.Limit {
				return page, base64.RawURLEncoding.EncodeToString([]byte(before)), nil
			}
			if r, ok := found[m.OrderID]; ok {
				page = append(page, Listed{r, mailState(m.State)})
			}
			before = m.ID
		}
		if len(mails) < size {
			return page, "", nil
		}
	}
	return page, base64.RawURLEncoding.EncodeToString([]byte(before)), nil
}

// mailCursor reads the id of the mail that a page of follow ended with.
func mailCursor(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) > 64 || !strings.HasPrefix(string(b), "msg_") {
		return "", errCursor
	}
	return string(b), nil
}

// after begins behind the order that the page before ended with.
func (c *condition) after(cursor string) error {
	if cursor == "" {
		return nil
	}
	at, id, err := parseCursor(cursor)
	if err == nil {
		c.and("(placed_at, id) < (?, ?)", at, id)
	}
	return err
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
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) > 64 {
		return at, 0, errCursor
	}
	left, right, _ := strings.Cut(string(b), ".")
	micro, err1 := strconv.ParseInt(left, 10, 64)
	id, err2 := strconv.ParseInt(right, 10, 64)
	if err1 != nil || err2 != nil {
		return at, 0, errCursor
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
	var sql strings.Builder
	var args []any
	for i, d := range days {
		if i > 0 {
			sql.WriteString(" UNION ALL ")
		}
		fmt.Fprintf(&sql, "SELECT %d AS day, count(*) AS placed FROM orders WHERE shop_id = ? AND deleted_at IS NULL AND placed_at >= ? AND placed_at < ?", i)
		args = append(args, tx.Shop, d.From.UTC(), d.Until.UTC())
	}
	var counts []struct{ Day, Placed int64 }
	err := tx.Raw(sql.String(), args...).Scan(&counts).Error
	for _, c := range counts {
		days[c.Day].Placed = c.Placed
	}
	return err
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
