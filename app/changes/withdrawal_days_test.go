package changes

import (
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

func TestTheClockRunsInCivilDays(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	{ // nothing here depends on the database
		db := storetest.Open(t, "sqlite", clk)
		b := open(t, db, clk) // Saturday, 21 November 2026
		for _, c := range []struct {
			name      string
			delivered int
			more      map[string]any
			want      string
		}{
			{"not delivered yet", -1, nil, FindingInTime},
			{"on the last day", 14, nil, FindingInTime},
			{"the last day was this Friday", 15, nil, FindingLate},
			{"long ago", 40, nil, FindingLate},
			{"outside of Europe", 3, map[string]any{"shipping_address": map[string]any{"country_code": "US", "country": "United States"}}, FindingExempt},
			{"cancelled", -1, map[string]any{"cancelled_at": clk.Now()}, FindingNothing},
		} {
			b.place(c.delivered, c.more)
			b.declare(typed("#1001", "mira@example.com"))
			b.work()
			list := b.withdrawals()
			if w := list[len(list)-1]; w.Finding != c.want || w.OrderID != order {
				t.Errorf("%s: %q, want %q: %s", c.name, w.Finding, c.want, w.Findings)
			}
			b.in(storetest.Shop, func(tx *store.Tx) error {
				return tx.Exec(`DELETE FROM changes_withdrawals WHERE shop_id = ?`, tx.Shop).Error
			})
		}
	}
}

func TestALastDayOnAWeekendEndsOnMonday(t *testing.T) {
	for day, want := range map[string]string{"2026-11-20": "2026-11-20", "2026-11-21": "2026-11-23", "2026-11-22": "2026-11-23", "2026-11-23": "2026-11-23"} {
		d, err := clock.ParseDate(day)
		if err != nil || workday(d).String() != want {
			t.Errorf("%s ends %s, want %s", day, workday(d), want)
		}
	}
}

// promise has the shop publish a policy long before the order.
func (b *counter) promise(source string) {
	b.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Exec(`INSERT INTO policy_policies (shop_id, version, revision, source, from_version, changed_by, changed_at) VALUES (?, 1, 0, ?, 0, '', ?)`,
			tx.Shop, source, tx.Now.Add(-300*24*time.Hour)).Error
	})
}

// No policy makes the days run before all of the goods have come.
func TestTheDaysBeginWithTheLastParcel(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	b := open(t, storetest.Open(t, "sqlite", clk), clk)
	b.promise("withdraw:\n  allow within 7 days of placed\n")
	for _, c := range []struct {
		name      string
		delivered int
		more      map[string]any
		want      string
	}{
		{"some of it is still to be sent", 20, map[string]any{"fulfillment_status": "partial"}, FindingInTime},
		{"all of it came nine days ago", 9, nil, FindingInTime},
		{"all of it came a month ago", 30, nil, FindingLate},
		{"sent, and nobody knows when it came", -1, nil, FindingLate},
	} {
		b.place(c.delivered, c.more)
		b.declare(typed("#1001", "mira@example.com"))
		b.work()
		list := b.withdrawals()
		if w := list[len(list)-1]; w.Finding != c.want {
			t.Errorf("%s: %q, want %q: %s", c.name, w.Finding, c.want, w.Findings)
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec(`DELETE FROM changes_withdrawals WHERE shop_id = ?`, tx.Shop).Error
		})
	}
}

// The evening of the last day in Cologne is the next day in Tokyo.
func TestDaysAreAlsoTheShoppers(t *testing.T) {
	clk := clock.NewFixed(time.Date(2026, 11, 4, 9, 0, 0, 0, time.UTC)) // a Wednesday
	b := open(t, storetest.Open(t, "sqlite", clk), clk)
	b.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Exec(`UPDATE shops SET timezone = 'Asia/Tokyo' WHERE shop_id = ?`, tx.Shop).Error
	})
	b.place(0, nil)
	for at, want := range map[time.Time]string{time.Date(2026, 11, 18, 20, 0, 0, 0, time.UTC): FindingInTime, time.Date(2026, 11, 18, 23, 30, 0, 0, time.UTC): FindingLate} {
		clk.Set(at)
		b.declare(typed("#1001", "mira@example.com"))
		b.work()
		for _, w := range b.withdrawals() {
			if w.ReceivedAt.Equal(at) && w.Finding != want {
				t.Errorf("%s: %q, want %q", at, w.Finding, want)
			}
		}
	}
}
