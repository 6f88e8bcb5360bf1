package tracking

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/problem"
	"afterglow/app/store"
)

// ErrFilter says that a list was asked for in a way we do not know.
var ErrFilter = problem.New(problem.Malformed, "tracking.filter", "This filter is not known. See the fields.")

const (
	pageSize  = 25
	countMost = 10_000 // a larger number is "more than"
	recently  = 30 * 24 * time.Hour
	lanesBack = 90 * 24 * time.Hour
	lanesMost = 12
)

// views are the lists a merchant looks at, each with an index of its own.
var views = map[string]string{
	"":         "known",
	"moving":   "known AND state IN ('preparing', 'shipped', 'in_transit', 'delayed')",
	OutNow:     "known AND state = 'out_for_delivery'",
	Delivered:  "known AND state = 'delivered'",
	"problems": "known AND state IN ('exception', 'attempted')",
	"late":     "known AND under_way AND expected_until < ?",
	"stalled":  "known AND under_way AND stalled_at IS NOT NULL AND state <> 'exception'", // that is a problem of its own
}

// where is the condition of a view, with what fills its holes.
func where(tx *store.Tx, view string) (string, []any, bool) {
	sql, ok := views[view]
	args := []any{tx.Shop}
	if strings.Contains(sql, "?") {
		args = append(args, tx.Now)
	}
	return "shop_id = ? AND " + sql, args, ok
}

// counts tells how many parcels each view has; delivered ones of the last month.
func counts(tx *store.Tx) (map[string]int64, error) {
	out := map[string]int64{}
	for view := range views {
		if view == "" {
			continue
		}
		sql, args, _ := where(tx, view)
		if view == Delivered {
			sql, args = "shop_id = ? AND delivered_at >= ?", []any{tx.Shop, tx.Now.Add(-recently)}
		}
		var n int64
		if err := tx.Raw(fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM tracking_parcels WHERE %s LIMIT %d) counted", sql, countMost), args...).Scan(&n).Error; err != nil {
			return nil, err
		}
		out[view] = n
	}
	return out, nil
}

// troubles counts the parcels of late that a merchant should look at: silent ones,
// and those that could not be delivered.
func troubles(tx *store.Tx, notBefore time.Time) (stalled, failed int64, err error) {
	for view, into := range map[string]*int64{"stalled": &stalled, "problems": &failed} {
		sql, args, _ := where(tx, view)
		if err := tx.Raw("SELECT count(*) FROM tracking_parcels WHERE "+sql+" AND shipped_at >= ?", append(args, notBefore)...).Scan(into).Error; err != nil {
			return 0, 0, err
		}
	}
	return stalled, failed, nil
}

// list reads a page of a view, newest first, and the cursor of the next one.
func list(tx *store.Tx, view, query, after string) (rows []row, next string, err error) {
	sql, args, ok := where(tx, view)
	if !ok {
		return nil, "", ErrFilter.WithFields(problem.Field{Field: "view", Detail: "is not one of the known lists"})
	}
	if query = strings.TrimSpace(query); query != "" {
		sql += " AND (tracking_number = ? OR order_name = ? OR order_name = ?)"
		args = append(args, compact(query), query, "#"+query)
	}
	if after != "" {
		at, id, err := cursorOf(after)
		if err != nil {
			return nil, "", err
		}
		sql += " AND (shipped_at, id) < (?, ?)"
		args = append(args, at, id)
	}
	err = tx.Raw(fmt.Sprintf("SELECT * FROM tracking_parcels WHERE %s ORDER BY shipped_at DESC, id DESC LIMIT %d", sql, pageSize+1), args...).Scan(&rows).Error
	if err == nil && len(rows) > pageSize {
		rows = rows[:pageSize]
		last := rows[pageSize-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(last.ShippedAt.UnixMicro(), 10) + " " + strconv.FormatInt(last.ID, 10)))
	}
	return rows, next, err
}

func cursorOf(s string) (at time.Time, id int64, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	var micros int64
	if err == nil {
		_, err = fmt.Sscanf(string(raw), "%d %d", &micros, &id)
	}
	if err != nil {
		return at, 0, ErrFilter.WithFields(problem.Field{Field: "cursor", Detail: "is not one that a page gave"})
	}
	return time.UnixMicro(micros).UTC(), id, nil
}

// lane is how parcels of one carrier to one country did of late.
type lane struct {
	Carrier     string `json:"carrier"`
	Name        string `json:"carrier_name"`
	Country     string `json:"country"`
	Parcels     int64  `json:"parcels"`
	MedianHours int64  `json:"median_hours"`
}

// lanes groups what was delivered in the last three months. The database counts by
// hours, so that the median can be read off without a function that only one of the
// two databases has.
func lanes(tx *store.Tx) ([]lane, error) {
	var rows []struct {
		Carrier, DestinationCountry string
		TransitHours, N             int64
	}
	err := tx.Raw(`SELECT carrier, destination_country, transit_hours, count(*) AS n FROM tracking_parcels
		WHERE shop_id = ? AND delivered_at >= ? AND transit_hours IS NOT NULL GROUP BY carrier, destination_country, transit_hours
		ORDER BY carrier, destination_country, transit_hours`, tx.Shop, tx.Now.Add(-lanesBack)).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	out := []lane{}
	for i := 0; i < len(rows); {
		j, sum := i, int64(0)
		for ; j < len(rows) && rows[j].Carrier == rows[i].Carrier && rows[j].DestinationCountry == rows[i].DestinationCountry; j++ {
			sum += rows[j].N
		}
		l, seen := lane{Carrier: rows[i].Carrier, Country: rows[i].DestinationCountry, Parcels: sum}, int64(0)
		if c, ok := CarrierNamed(l.Carrier); ok {
			l.Name = c.Name
		}
		for k := i; k < j; k++ {
			if seen += rows[k].N; 2*seen >= sum {
				l.MedianHours = rows[k].TransitHours
				break
			}
		}
		out, i = append(out, l), j
	}
	slices.SortStableFunc(out, func(a, b lane) int { return int(b.Parcels - a.Parcels) })
	return out[:min(len(out), lanesMost)], nil
}

type arrival struct {
	OrderID     int64
	DeliveredAt time.Time
}

// arrivals are the last orders that reached a country, newest first, each with its
// last parcel.
func arrivals(tx *store.Tx, country string, since time.Time, from, most int) (list []arrival, err error) {
	var rows []arrival
	err = tx.Raw(fmt.Sprintf(`SELECT order_id, delivered_at FROM (SELECT order_id, delivered_at, destination_country FROM tracking_parcels
		WHERE shop_id = ? AND delivered_at >= ? ORDER BY delivered_at DESC LIMIT %d) late WHERE destination_country = ? ORDER BY delivered_at DESC`, from), tx.Shop, since, country).Scan(&rows).Error
	seen := map[int64]bool{}
	for _, r := range rows {
		if !seen[r.OrderID] && len(list) < most {
			seen[r.OrderID], list = true, append(list, r)
		}
	}
	return list, err
}
