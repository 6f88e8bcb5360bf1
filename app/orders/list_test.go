package orders

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

func (b *bench) list(f Filter) (names []string, next string, estimate int64) {
	b.t.Helper()
	err := b.db.Read(context.Background(), storetest.Shop, func(tx *store.Tx) error {
		page, n, e, err := List(tx, f)
		for _, l := range page {
			names = append(names, l.Name)
		}
		next, estimate = n, e
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return names, next, estimate
}

func TestListFilters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec(`UPDATE shops SET installed_at = ? WHERE shop_id = ?`, now.Add(-24*time.Hour), tx.Shop).Error
		})
		buyer := func(first, last, email string) map[string]any {
			return map[string]any{"email": email, "customer": map[string]any{"id": 5, "first_name": first, "last_name": last, "email": email}}
		}
		with := func(m map[string]any, k string, v any) map[string]any { m[k] = v; return m }
		for i, c := range []map[string]any{
			buyer("Sara", "Ahmadi", "Sara@Example.com"),                                                 // #1001
			with(buyer("Jürgen", "Müller", "j.mueller@example.org"), "fulfillment_status", "fulfilled"), // #1002
			with(buyer("佐藤", "美咲", "misaki@example.jp"), "cancelled_at", now.Format(time.RFC3339)),      // #1003
			with(buyer("O_Neil", "100%", "oneil@example.com"), "financial_status", "refunded"),          // #1004
			with(buyer("Sara", "Zand", "zand@example.com"), "closed_at", now.Format(time.RFC3339)),      // #1005
			with(buyer("Gone", "Away", "gone@example.com"), "email", "gone@example.com"),                // #1006
		} {
			must(t, b.hear("orders/create", body(int64(i+1), now.Add(time.Duration(i-6)*time.Hour), c), now))
		}
		must(t, b.hear("orders/delete", []byte(`{"id":6}`), now))
		for _, c := range []struct {
			name string
			f    Filter
			want string
		}{
			{"everything, newest first", Filter{}, "#1005 #1004 #1003 #1002 #1001"},
			{"open", Filter{State: "open"}, "#1004 #1002 #1001"},
			{"cancelled", Filter{State: "cancelled"}, "#1003"},
			{"fulfilled", Filter{State: "fulfilled"}, "#1002"},
			{"unfulfilled", Filter{State: "unfulfilled"}, "#1005 #1004 #1001"},
			{"refunded", Filter{State: "refunded"}, "#1004"},
			{"by name", Filter{Query: "#1002"}, "#1002"},
			{"by the beginning of a name", Filter{Query: "100"}, "#1005 #1004 #1003 #1002 #1001"},
			{"by address, whatever the case", Filter{Query: "sara@EXAMPLE"}, "#1001"},
			{"by first name", Filter{Query: "sara"}, "#1005 #1001"},
			{"by full name", Filter{Query: "Sara Ah"}, "#1001"},
			{"by last name", Filter{Query: "müll"}, "#1002"},
			{"in another script", Filter{Query: "美"}, "#1003"},
			{"not a pattern", Filter{Query: "%"}, ""},
			{"nor this", Filter{Query: "o_n"}, "#1004"},
			{"nor a way out", Filter{Query: "' OR 1=1 --"}, ""},
			{"only a sign", Filter{Query: "#"}, ""},
			{"deleted", Filter{Query: "gone"}, ""},
			{"since", Filter{Since: now.Add(-3*time.Hour - 2*time.Minute)}, "#1005 #1004"},
			{"until", Filter{Until: now.Add(-5*time.Hour - 2*time.Minute)}, "#1001"},
			{"waiting mails", Filter{Mail: "waiting"}, "#1005 #1002 #1001"},
			{"no mail", Filter{Mail: "none", State: "cancelled"}, "#1003"},
			{"sent mails", Filter{Mail: "sent"}, ""},
		} {
			names, _, _ := b.list(c.f)
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		for _, f := range []Filter{{State: "lost"}, {Mail: "read"}, {After: "!"}, {After: "MTIz"}, {Mail: "failed", After: "MTIz"}} {
			err := db.Read(context.Background(), storetest.Shop, func(tx *store.Tx) error { _, _, _, err := List(tx, f); return err })
			if !errors.Is(err, ErrFilter) {
				t.Errorf("%+v: %v, want ErrFilter", f, err)
			}
		}
	})
}

func TestListPagesMeetEveryOrderOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		for i := range int64(23) { // several placed in the same second
			must(t, b.hear("orders/create", body(i+1, now.Add(-time.Duration(i/5)*time.Minute), nil), now))
		}
		for _, mail := range []string{"", "waiting"} {
			var all []string
			for after, rounds := "", 0; ; rounds++ {
				names, next, estimate := b.list(Filter{Limit: 4, After: after, Mail: mail})
				all = append(all, names...)
				if estimate != 23 || len(names) > 4 || rounds > 10 {
					t.Fatalf("page %v, estimate %d, round %d", names, estimate, rounds)
				}
				if after = next; after == "" {
					break
				}
			}
			slices.Sort(all)
			if len(slices.Compact(all)) != 23 {
				t.Errorf("mail %q: %d orders in all pages, want 23: %v", mail, len(all), all)
			}
		}
	})
}

func TestEveryStateOfMailFindsAllItsOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		for i := range int64(24) {
			must(t, b.hear("orders/create", body(i+1, now.Add(-time.Duration(i)*time.Minute), map[string]any{}), now))
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			for i, state := range []string{"sent", "sending", "suppressed", "failed", "stopped"} {
				must(t, tx.Exec("UPDATE messages SET state = ? WHERE shop_id = ? AND order_id % 6 = ?", state, tx.Shop, i).Error)
			}
			// An older mail of the same kind says nothing about how the order stands.
			must(t, tx.Exec(`INSERT INTO messages (id, shop_id, kind, once, ref, order_id, to_address, to_name, locale, state, caused_at, created_at)
				SELECT 'msg_00' || id, shop_id, kind, 'older' || once, ref, order_id, to_address, to_name, locale, 'failed', caused_at, created_at
				FROM messages WHERE shop_id = ?`, tx.Shop).Error)
			return tx.Exec("DELETE FROM messages WHERE shop_id = ? AND order_id % 6 = 5", tx.Shop).Error
		})
		for mail, want := range map[string]int{"sent": 4, "waiting": 4, "stopped": 8, "failed": 4, "none": 4} {
			for _, f := range []Filter{{Mail: mail}, {Mail: mail, State: "unfulfilled"}, {Mail: mail, Query: "1"}, {Mail: mail, Since: now.Add(-time.Hour)}} {
				var all []string
				f.Limit = 3
				for rounds := 0; ; rounds++ {
					names, next, _ := b.list(f)
					all = append(all, names...)
					if f.After = next; next == "" || rounds > 10 {
						break
					}
				}
				slices.Sort(all)
				if len(all) != want || len(slices.Compact(all)) != want {
					t.Errorf("%+v: %v, want %d", f, all, want)
				}
			}
		}
	})
}

// fill writes many orders straight into the table, in one statement.
func fill(t testing.TB, db *store.DB, n int) {
	t.Helper()
	series := "generate_series(1, %d) g(i)"
	md5 := "md5(i::text)"
	at := "now() - (i || ' seconds')::interval"
	if db.Dialect == "sqlite" {
		series = "(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d) SELECT i FROM s) g"
		md5 = "printf('%%08x', (i * 2654435761) %% 4294967296)"
		at = "strftime('%%Y-%%m-%%d %%H:%%M:%%S+00:00', 1795262400 - i, 'unixepoch')"
	}
	statement := fmt.Sprintf(`INSERT INTO orders (shop_id, id, name, placed_at, customer_id, customer_name, email, locale, currency, total_minor, items_count,
		financial_status, fulfillment_status, cancelled_at, test, name_key, email_key, buyer_key, last_name_key,
		document, digest, source_updated_at, source_triggered_at, returns_days, policy_version, first_seen_at)
		SELECT ?, i, '#' || i, `+at+`, i, 'A Buyer', `+md5+` || '@example.com', 'en', 'USD', 100, 1, 'paid', CASE WHEN i %% 50 = 0 THEN '' ELSE 'fulfilled' END,
		CASE WHEN i %% 100 = 7 THEN `+at+` END, ? = 2, CAST(i AS text), `+md5+` || '@example.com', `+md5+`, 'buyer', '{}', '', `+at+`, `+at+`, 30, 1, `+at+` FROM `+series, n)
	err := db.InTx(context.Background(), storetest.Shop, func(tx *store.Tx) error { return tx.Exec(statement, tx.Shop, 1).Error })
	if err != nil {
		t.Fatal(err)
	}
	if db.Dialect == "postgres" {
		must(t, db.System(context.Background(), func(tx *store.Tx) error { return tx.Exec("ANALYZE orders").Error }))
	}
}

// BenchmarkList shows what lists cost in a shop with many orders. The millionth
// may cost twice the ten thousandth.
func BenchmarkList(b *testing.B) {
	for _, dialect := range []string{"sqlite", "postgres"} {
		for _, n := range []int{10_000, 1_000_000} {
			db := storetest.Open(b, dialect, clock.NewFixed(storetest.Noon))
			fill(b, db, n)
			for _, c := range []struct {
				name string
				f    Filter
			}{
				{"newest", Filter{}}, {"cancelled", Filter{State: "cancelled"}}, {"unfulfilled", Filter{State: "unfulfilled"}},
				{"name", Filter{Query: "9999"}}, {"address", Filter{Query: "a3f@"}}, {"address start", Filter{Query: "a3f"}}, {"letter", Filter{Query: "b"}},
			} {
				b.Run(fmt.Sprintf("%s/%d/%s", dialect, n, c.name), func(b *testing.B) {
					for b.Loop() {
						err := db.Read(context.Background(), storetest.Shop, func(tx *store.Tx) error {
							_, _, _, err := List(tx, c.f)
							return err
						})
						if err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// Of a search with many matches a page holds those among the orders that come
// next and, wherever they are, the closest ones: what was typed in full is found.
func TestSearchWithManyMatches(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		filled := store.NewInsertion("orders", `id bigint, name text, placed_at timestamptz, customer_id bigint, customer_name text, email text, locale text, currency text,
			total_minor bigint, items_count bigint, financial_status text, fulfillment_status text, test boolean, name_key text, email_key text, buyer_key text, last_name_key text,
			document text, digest text, source_updated_at timestamptz, source_triggered_at timestamptz, returns_days bigint, policy_version bigint, first_seen_at timestamptz`, "")
		b.in(storetest.Shop, func(tx *store.Tx) error {
			var rows [][]any
			for i := 1; i <= 4000; i++ {
				key, status := strconv.Itoa(10000+i), "paid"
				if i == 1 {
					key = "1"
				}
				if i == 3 {
					status = "refunded"
				}
				at := now.Add(time.Duration(i-5000) * time.Minute)
				rows = append(rows, []any{i, "#" + key, at, 0, "Ada", "", "", "USD", 0, 0, status, "", false, key, "", "ada", "ada", "{}", "", at, at, 0, 0, at})
			}
			_, err := tx.Insert(filled, rows)
			return err
		})
		all, next, estimate := b.list(Filter{Query: "#1", Limit: 50})
		if len(all) != 50 || all[0] != "#14000" || all[49] != "#13951" || next == "" || estimate != countEnough {
			t.Errorf("%d orders from %s to %s, %d in all", len(all), all[0], all[len(all)-1], estimate)
		}
		for rounds := 0; next != "" && rounds < 40; rounds++ {
			var names []string
			names, next, _ = b.list(Filter{Query: "#1", Limit: pageMost, After: next})
			all = append(all, names...)
		}
		// Each page looks further down, so that paging meets all.
		if sorted := slices.Sorted(slices.Values(all)); len(slices.Compact(sorted)) != 4000 || len(all) != 4000 {
			t.Errorf("%d orders on all pages", len(all))
		}
		for _, c := range []struct {
			f    Filter
			want string
		}{
			{Filter{Query: "1", State: "refunded"}, "#10003"},
			{Filter{Query: "1", Until: now.Add(-4999 * time.Minute).Add(time.Second)}, "#1"},
			{Filter{Query: "10002"}, "#10002"},
			{Filter{Query: "1", Mail: "none", Limit: 1}, "#14000"},
			{Filter{Query: "1", Mail: "sent"}, ""},
		} {
			names, _, _ := b.list(c.f)
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("%+v: %q, want %q", c.f, got, c.want)
			}
		}
		// The window ends above the refunded order; the closest is below it.
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec("UPDATE orders SET name_key = '9' || name_key WHERE shop_id = ? AND id > 1000", tx.Shop).Error
		})
		names, _, _ := b.list(Filter{Query: "1", Limit: 1})
		if strings.Join(names, " ") != "#10250" {
			t.Errorf("the newest of the closest: %v", names)
		}
	})
}
