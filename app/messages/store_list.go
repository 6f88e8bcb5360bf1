package messages

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"afterglow/app/store"
)

const (
	searchEnough = 250   // matches that are looked up one by one
	searchWindow = 3_000 // messages that one page of a longer search looks through
)

// Filter narrows a list of messages. Empty fields do not.
type Filter struct {
	Query  string // an order's name, or the beginning of an address
	State  State
	Kind   string
	Before string // messages older than this id
	Limit  int
}

// list reads a page of messages, newest first. many says that a search has more
// matches than are looked up one by one: then the page holds those among the
// messages that come next, and the closest ones wherever they are.
func list(tx *store.Tx, f Filter) (rows []Message, many bool, err error) {
	narrow := func(q *gorm.DB) *gorm.DB {
		if f.State != "" {
			q = q.Where("state = ?", f.State)
		}
		if f.Kind != "" {
			q = q.Where("kind = ?", f.Kind)
		}
		if f.Before != "" {
			q = q.Where("id < ?", f.Before)
		}
		return q
	}
	newest := func(q *gorm.DB) (rows []Message, err error) {
		err = narrow(q).Omit("html", "body_text").Order("id DESC").Limit(f.Limit).Find(&rows).Error
		return rows, err
	}
	text := strings.TrimSpace(f.Query)
	if text == "" {
		rows, err = newest(tx.Scoped(&Message{}))
		return rows, false, err
	}
	key, names := normal(text), []string{text, "#" + text}
	var hits []struct {
		Kind int
		ID   string
	}
	err = tx.Raw(fmt.Sprintf(`SELECT 0 AS kind, id FROM (SELECT id FROM messages WHERE shop_id = ? AND to_address >= ? AND to_address < ? ORDER BY to_address LIMIT %[1]d) by_address
		UNION ALL SELECT 1 AS kind, id FROM (SELECT id FROM messages WHERE shop_id = ? AND order_name IN ? AND order_name <> '' LIMIT %[1]d) by_order`, searchEnough),
		tx.Shop, key, key+"\U0010FFFF", tx.Shop, names).Scan(&hits).Error
	if err != nil || len(hits) == 0 {
		return nil, false, err
	}
	ids := make([]string, len(hits))
	var of [2]int
	for i, h := range hits {
		ids[i] = h.ID
		of[h.Kind]++
	}
	if rows, err = newest(tx.Scoped(&Message{}).Where("id IN ?", ids)); err != nil || slices.Max(of[:]) < searchEnough {
		return rows, false, err
	}
	columns := "id, shop_id, kind, state, to_address, order_name"
	inner := narrow(tx.Scoped(&Message{}).Select(columns)).Order("id DESC").Limit(searchWindow)
	var near []string
	err = tx.Table("(?) AS near", inner).Where("shop_id = ? AND ((to_address >= ? AND to_address < ?) OR order_name IN ?)", tx.Shop, key, key+"\U0010FFFF", names).
		Order("id DESC").Limit(f.Limit).Pluck("id", &near).Error
	if err != nil || len(near) == 0 {
		return rows, true, err
	}
	more, err := newest(tx.Scoped(&Message{}).Where("id IN ?", near))
	rows = append(rows, more...)
	slices.SortFunc(rows, func(a, b Message) int { return strings.Compare(b.ID, a.ID) })
	rows = slices.CompactFunc(rows, func(a, b Message) bool { return a.ID == b.ID })
	return rows[:min(f.Limit, len(rows))], true, err
}

// ForOrder lists the messages about an order, oldest first, without their text.
func ForOrder(tx *store.Tx, order int64) (rows []Message, err error) {
	err = tx.Scoped(&Message{}).Omit("html", "body_text").Where("order_id = ? AND order_id <> 0", order).Order("id").Find(&rows).Error
	return rows, err
}

// StatesFor tells, for each of the orders that has one, the state of its newest
// message of the kind.
func StatesFor(tx *store.Tx, kind string, orders []int64) (map[int64]State, error) {
	var rows []Message
	err := tx.Scoped(&Message{}).Select("id", "order_id", "state").Where("order_id IN ? AND order_id <> 0 AND kind = ?", orders, kind).Order("id").Find(&rows).Error
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
