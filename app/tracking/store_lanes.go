package tracking

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"afterglow/app/store"
)

// where selects a lane at a breadth.
func (l Lane) where(b breadth) (sql string, args []any) {
	sql, args = "destination = ?", []any{l.Destination}
	for _, part := range []struct {
		until breadth
		sql   string
		value string
	}{{anyCarrier, "carrier = ?", l.Carrier}, {fromAny, "origin = ?", l.Origin}, {toCountry, "region = ?", l.Region}} {
		if b < part.until {
			sql, args = sql+" AND "+part.sql, append(args, part.value)
		}
	}
	return sql, args
}

// tallies reads what was counted of a lane since a month.
func tallies(tx *store.Tx, l Lane, b breadth, measure, month string) (h histogram, err error) {
	where, args := l.where(b)
	err = tx.Raw(`SELECT value, SUM(count) AS count FROM tracking_lanes WHERE shop_id = ? AND measure = ? AND month >= ? AND `+where+`
		GROUP BY value HAVING SUM(count) > 0 ORDER BY value`, append([]any{tx.Shop, measure, month}, args...)...).Scan(&h).Error
	return h, err
}

func addCount(tx *store.Tx, l Lane, month, measure string, value, by int64) error {
	return tx.Exec(`INSERT INTO tracking_lanes (shop_id, destination, carrier, origin, region, month, measure, value, count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (shop_id, destination, carrier, origin, region, month, measure, value) DO UPDATE SET count = tracking_lanes.count + excluded.count`,
		tx.Shop, l.Destination, l.Carrier, l.Origin, l.Region, month, measure, value, by).Error
}

// carrierTalks tells whether a carrier's scans have ever reached the shop.
func carrierTalks(tx *store.Tx, carrier string) (yes bool, err error) {
	err = tx.Raw(`SELECT EXISTS (SELECT 1 FROM tracking_lanes WHERE shop_id = ? AND carrier = ? AND measure = ? AND count > 0)`, tx.Shop, carrier, measurePause).Scan(&yes).Error
	return yes, err
}

type lessonRow struct {
	Destination string
	Carrier     string
	Origin      string
	Region      string
	Month       string
	Days        int64
	Pauses      string
}

func loadLesson(tx *store.Tx, parcel int64) (lesson, bool, error) {
	var found []lessonRow
	err := tx.Raw(`SELECT destination, carrier, origin, region, month, days, pauses FROM tracking_lessons WHERE shop_id = ? AND parcel_id = ?`, tx.Shop, parcel).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return lesson{}, false, err
	}
	r := found[0]
	l := lesson{Lane: Lane{r.Carrier, r.Origin, r.Destination, r.Region}, Month: r.Month, Days: r.Days}
	return l, true, json.Unmarshal([]byte(r.Pauses), &l.Pauses)
}

func saveLesson(tx *store.Tx, parcel int64, l lesson) error {
	pauses, err := json.Marshal(append([]int64{}, l.Pauses...))
	if err != nil {
		return err
	}
	return tx.Exec(`INSERT INTO tracking_lessons (shop_id, parcel_id, destination, carrier, origin, region, month, days, pauses) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (shop_id, parcel_id) DO UPDATE SET destination = excluded.destination, carrier = excluded.carrier, origin = excluded.origin, region = excluded.region,
			month = excluded.month, days = excluded.days, pauses = excluded.pauses`,
		tx.Shop, parcel, l.Destination, l.Carrier, l.Origin, l.Region, l.Month, l.Days, string(pauses)).Error
}

var (
	lessonsInsertion = store.NewInsertion("tracking_lessons", "parcel_id bigint, order_id bigint, destination text, carrier text, origin text, region text, month text, days bigint, pauses text",
		"ON CONFLICT (shop_id, parcel_id) DO NOTHING")
	lanesInsertion = store.NewInsertion("tracking_lanes", "destination text, carrier text, origin text, region text, month text, measure text, value bigint, count bigint",
		`ON CONFLICT (shop_id, destination, carrier, origin, region, month, measure, value) DO UPDATE SET count = tracking_lanes.count + excluded.count`)
)

// taught tells which parcels have taught something.
func taught(tx *store.Tx, parcels []int64) (map[int64]bool, error) {
	var found []int64
	err := tx.PickBy("tracking_lessons", "parcel_id", "parcel_id", parcels).Scan(&found).Error
	done := make(map[int64]bool, len(parcels))
	for _, id := range found {
		done[id] = true
	}
	return done, err
}

func dropLesson(tx *store.Tx, parcel int64) error {
	return tx.Exec(`DELETE FROM tracking_lessons WHERE shop_id = ? AND parcel_id = ?`, tx.Shop, parcel).Error
}

type promiseRow struct {
	Source        string
	ExpectedFrom  time.Time
	ExpectedUntil time.Time
	PromisedAt    time.Time
	ScoredAt      *time.Time
	Kept          bool
	LateDays      int64
}

// TableName names the table.
func (promiseRow) TableName() string { return "tracking_promises" }

func loadPromise(tx *store.Tx, parcel int64) (promiseRow, bool, error) {
	var p promiseRow
	err := store.One(tx.Scoped(&promiseRow{}).Where("parcel_id = ?", parcel).Take(&p))
	if errors.Is(err, store.ErrNotFound) {
		return p, false, nil
	}
	return p, err == nil, err
}

// recordPromise keeps what was promised first.
func recordPromise(tx *store.Tx, r *row) error {
	l := r.lane()
	return tx.Exec(`INSERT INTO tracking_promises (shop_id, parcel_id, destination, carrier, origin, region, source, expected_from, expected_until, promised_at, kept, late_days)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (shop_id, parcel_id) DO NOTHING`,
		tx.Shop, r.ID, l.Destination, l.Carrier, l.Origin, l.Region, r.ExpectedSource, *r.ExpectedFrom, *r.ExpectedUntil, tx.Now, false).Error
}

func scorePromise(tx *store.Tx, parcel int64, at *time.Time, kept bool, late int64) error {
	return tx.Exec(`UPDATE tracking_promises SET scored_at = ?, kept = ?, late_days = ? WHERE shop_id = ? AND parcel_id = ?`, at, kept, late, tx.Shop, parcel).Error
}

// scores counts the scored promises of a source on a lane, and those that held.
func scores(tx *store.Tx, l Lane, b breadth, source string, since time.Time) (kept, scored int64, err error) {
	where, args := "TRUE", []any{}
	if b < breadths {
		where, args = l.where(b)
	}
	var found struct{ Kept, Scored int64 }
	err = tx.Raw(`SELECT COUNT(*) AS scored, COALESCE(SUM(CASE WHEN kept THEN 1 ELSE 0 END), 0) AS kept FROM tracking_promises
		WHERE shop_id = ? AND source = ? AND scored_at >= ? AND `+where, append([]any{tx.Shop, source, since}, args...)...).Scan(&found).Error
	return found.Kept, found.Scored, err
}

// silent is the condition of parcels under way that nothing was heard of since an
// instant.
const silent = `FROM tracking_parcels WHERE shop_id = ? AND known AND under_way AND stalled_at IS NULL AND erased_at IS NULL AND shipped_at >= ?
	AND COALESCE(last_scan_at, shipped_at) < ?`

// quietLanes are the lanes of the parcels that quiet goes through.
func quietLanes(tx *store.Tx, since, notBefore time.Time) (map[Lane]bool, error) {
	var rows []row
	err := tx.Raw(`SELECT DISTINCT carrier, carrier_name, origin_country, destination_country, destination_region `+silent, tx.Shop, notBefore, since).Scan(&rows).Error
	lanes := make(map[Lane]bool, len(rows))
	for i := range rows {
		lanes[rows[i].lane()] = true
	}
	return lanes, err
}

// quiet goes through the silent parcels, one at a time and all of them: those that
// may be silent must not hide those that may not. It ends when visit says so.
func quiet(tx *store.Tx, since, notBefore time.Time, visit func(r *row) bool) error {
	rows, err := tx.Raw(`SELECT id, carrier, carrier_name, origin_country, destination_country, destination_region, tracking_number, shipped_at, last_scan_at `+silent,
		tx.Shop, notBefore, since).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.ID, &r.Carrier, &r.CarrierName, &r.OriginCountry, &r.DestinationCountry, &r.DestinationRegion, &r.TrackingNumber, &r.ShippedAt, &r.LastScanAt); err != nil {
			return err
		}
		if !visit(&r) {
			break
		}
	}
	return rows.Err()
}

// overdue are parcels past the promised days whose shopper was not told yet. What
// comes today or waits to be fetched is none.
func overdue(tx *store.Tx, now, notBefore time.Time, after int64, most int) (parcels []int64, err error) {
	err = tx.Scoped(&row{}).Where("id > ? AND known AND under_way AND erased_at IS NULL AND expected_until < ? AND shipped_at >= ? AND state NOT IN ('out_for_delivery', 'pickup_ready') AND ' ' || told || ' ' NOT LIKE '% delayed %'", after, now, notBefore).
		Order("id").Limit(most).Pluck("id", &parcels).Error
	return parcels, err
}

// forgetLessons drops what links parcels to what they taught; the counts stay.
func forgetLessons(tx *store.Tx, orders []int64) error {
	if len(orders) == 0 {
		return nil
	}
	for _, table := range strings.Fields("tracking_lessons tracking_promises") {
		err := tx.Exec(`DELETE FROM `+table+` WHERE shop_id = ? AND parcel_id IN (SELECT id FROM tracking_parcels WHERE shop_id = ? AND order_id IN ?)`, tx.Shop, tx.Shop, orders).Error
		if err != nil {
			return err
		}
	}
	return tx.Exec(`DELETE FROM tracking_lessons WHERE shop_id = ? AND order_id IN ?`, tx.Shop, orders).Error
}

// learntLanes gathers the counts by carrier and countries.
func learntLanes(tx *store.Tx) ([]learntLane, error) {
	var rows []struct {
		Carrier, Origin, Destination string
		Value, Count                 int64
	}
	err := tx.Raw(`SELECT carrier, origin, destination, value, SUM(count) AS count FROM tracking_lanes WHERE shop_id = ? AND measure = ? AND month >= ?
		GROUP BY carrier, origin, destination, value HAVING SUM(count) > 0 ORDER BY carrier, origin, destination, value`, tx.Shop, measureDays, since(tx.Now)).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	list := []learntLane{}
	for i := 0; i < len(rows); {
		j, h := i, histogram{}
		for ; j < len(rows) && rows[j].Carrier == rows[i].Carrier && rows[j].Origin == rows[i].Origin && rows[j].Destination == rows[i].Destination; j++ {
			h = append(h, tally{rows[j].Value, rows[j].Count})
		}
		span := h.span()
		list = append(list, learntLane{Carrier: rows[i].Carrier, Origin: rows[i].Origin, Destination: rows[i].Destination, Parcels: h.total(), Median: h.quantile(500),
			From: span.From, Until: span.Until, Learnt: h.total() >= enoughDays})
		i = j
	}
	var scored []struct {
		Carrier, Origin, Destination string
		Scored, Kept                 int64
	}
	err = tx.Raw(`SELECT carrier, origin, destination, COUNT(*) AS scored, SUM(CASE WHEN kept THEN 1 ELSE 0 END) AS kept FROM tracking_promises
		WHERE shop_id = ? AND scored_at >= ? GROUP BY carrier, origin, destination`, tx.Shop, tx.Now.AddDate(0, -historyMonths, 0)).Scan(&scored).Error
	for _, r := range scored {
		for i := range list {
			if l := &list[i]; l.Carrier == r.Carrier && l.Origin == r.Origin && l.Destination == r.Destination {
				l.Scored, l.Kept = r.Scored, r.Kept
			}
		}
	}
	if err := addSilence(tx, list); err != nil {
		return nil, err
	}
	for i := range list {
		if known, ok := CarrierNamed(list[i].Carrier); ok {
			list[i].Carrier = known.Name
		}
	}
	return list, err
}

// addSilence adds how long parcels of each lane are silent without anything being
// wrong: learnt, or in working days by the prior.
func addSilence(tx *store.Tx, list []learntLane) error {
	var rows []struct {
		Carrier, Origin, Destination string
		Value, Count                 int64
	}
	err := tx.Raw(`SELECT carrier, origin, destination, value, SUM(count) AS count FROM tracking_lanes WHERE shop_id = ? AND measure = ? AND month >= ?
		GROUP BY carrier, origin, destination, value HAVING SUM(count) > 0 ORDER BY value`, tx.Shop, measurePause, since(tx.Now)).Scan(&rows).Error
	if err != nil {
		return err
	}
	pauses := map[Lane]histogram{}
	for _, r := range rows {
		l := Lane{Carrier: r.Carrier, Origin: r.Origin, Destination: r.Destination}
		pauses[l] = append(pauses[l], tally{r.Value, r.Count})
	}
	for i := range list {
		l := &list[i]
		h := pauses[Lane{Carrier: l.Carrier, Origin: l.Origin, Destination: l.Destination}]
		if l.QuietLearnt = h.total() >= enoughPauses; l.QuietLearnt {
			l.Quiet = int64(learntSilence(h) / time.Hour)
		} else {
			l.Quiet = 24 * priors[distance(l.Origin, l.Destination)].silent
		}
	}
	return nil
}
