package messages

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"afterglow/app/store"
)

// searchEnough is how many matches are named one by one; of more, the list walked
// from its newest end meets enough soon.
const searchEnough = 1000

// Filter narrows a list of messages. Empty fields do not.
type Filter struct {
	Query  string // an order's name, or the beginning of an address
	State  State
	Kind   string
	Before string // messages older than this id
	Limit  int
}

func list(tx *store.Tx, f Filter) (rows []Message, err error) {
	q := tx.Scoped(&Message{}).Omit("html", "body_text")
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	if f.Kind != "" {
		q = q.Where("kind = ?", f.Kind)
	}
	if f.Before != "" {
		q = q.Where("id < ?", f.Before)
	}
	if text := strings.TrimSpace(f.Query); text != "" {
		key := normal(text)
		names := []string{text, "#" + text}
		var found []string
		err := tx.Raw(fmt.Sprintf(`SELECT id FROM (SELECT id FROM messages WHERE shop_id = ? AND to_address >= ? AND to_address < ? LIMIT %[1]d) by_address
			UNION SELECT id FROM (SELECT id FROM messages WHERE shop_id = ? AND order_name IN ? AND order_name <> '' LIMIT %[1]d) by_order`, searchEnough),
			tx.Shop, key, key+"\U0010FFFF", tx.Shop, names).Scan(&found).Error
		switch {
		case err != nil || len(found) == 0:
			return nil, err
		case len(found) < searchEnough:
			q = q.Where("id IN ?", found)
		default:
			// Joined with nothing, a column is no longer an index's: the list is walked.
			q = q.Where("((to_address || '' >= ? AND to_address || '' < ?) OR order_name || '' IN ?)", key, key+"\U0010FFFF", names)
		}
	}
	err = q.Order("id DESC").Limit(f.Limit).Find(&rows).Error
	return rows, err
}

// ForOrder lists the messages about an order, oldest first, without their text.
func ForOrder(tx *store.Tx, order int64) (rows []Message, err error) {
	err = tx.Scoped(&Message{}).Omit("html", "body_text").Where("order_id = ?", order).Order("id").Find(&rows).Error
	return rows, err
}

// StatesFor tells, for each of the orders that has one, the state of its newest
// message of the kind.
func StatesFor(tx *store.Tx, kind string, orders []int64) (map[int64]State, error) {
	var rows []Message
	err := tx.Scoped(&Message{}).Select("id", "order_id", "state").Where("order_id IN ? AND kind = ?", orders, kind).Order("id").Find(&rows).Error
	states := make(map[int64]State, len(rows))
	for _, r := range rows {
		states[r.OrderID] = r.State
	}
	return states, err
}

// StateOf is an SQL expression for the state of the newest message of the kind
// about an order, ” when there is none. The columns name the order.
func StateOf(shop, order, kind string) (sql string, args []any) {
	return `COALESCE((SELECT m.state FROM messages m WHERE m.shop_id = ` + shop + ` AND m.order_id = ` + order +
		` AND m.order_id <> 0 AND m.kind = ? ORDER BY m.id DESC LIMIT 1), '')`, []any{kind}
}

// OrdersIn lists, newest first, messages of the kind that are in one of the states
// and are the newest of their kind about their order, from before a message's id on.
func OrdersIn(tx *store.Tx, kind string, states []State, before string, limit int) (rows []Message, err error) {
	for _, state := range states {
		sql, args := ordersIn(tx, kind, state)
		if before != "" {
			sql, args = sql+" AND id < ?", append(args, before)
		}
		var some []Message
		if err := tx.Raw("SELECT id, order_id, state"+sql+" ORDER BY id DESC LIMIT ?", append(args, limit)...).Scan(&some).Error; err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	slices.SortFunc(rows, func(a, b Message) int { return strings.Compare(b.ID, a.ID) })
	return rows[:min(limit, len(rows))], nil
}

// CountIn counts the messages in the states, up to a limit. It reads no more than
// an index.
func CountIn(tx *store.Tx, states []State, limit int) (total int64, err error) {
	for _, state := range states {
		var n int64
		counting := "SELECT count(*) FROM (SELECT 1 FROM messages WHERE shop_id = ? AND state = ? ORDER BY id DESC LIMIT ?) counted"
		if err := tx.Raw(counting, tx.Shop, state, limit).Scan(&n).Error; err != nil {
			return 0, err
		}
		total += n
	}
	return min(total, int64(limit)), nil
}

func ordersIn(tx *store.Tx, kind string, state State) (sql string, args []any) {
	return ` FROM messages WHERE shop_id = ? AND state = ? AND kind = ? AND order_id <> 0 AND NOT EXISTS (SELECT 1 FROM messages n
		WHERE n.shop_id = messages.shop_id AND n.order_id = messages.order_id AND n.order_id <> 0 AND n.kind = messages.kind AND n.id > messages.id)`,
		[]any{tx.Shop, state, kind}
}

// Day counts what was sent on one day.
type Day struct {
	From, Until time.Time
	Sent        int64
}

// CountSent fills in how many mails were sent in each span.
func CountSent(tx *store.Tx, days []Day) error {
	var sql strings.Builder
	var args []any
	for i, d := range days {
		if i > 0 {
			sql.WriteString(" UNION ALL ")
		}
		fmt.Fprintf(&sql, "SELECT %d AS day, count(*) AS sent FROM messages WHERE shop_id = ? AND sent_at >= ? AND sent_at < ?", i)
		args = append(args, tx.Shop, d.From, d.Until)
	}
	var counts []struct{ Day, Sent int64 }
	err := tx.Raw(sql.String(), args...).Scan(&counts).Error
	for _, c := range counts {
		days[c.Day].Sent = c.Sent
	}
	return err
}
