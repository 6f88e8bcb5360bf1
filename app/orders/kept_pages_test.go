package orders

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/messages"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

var aNonce = regexp.MustCompile(`nonce="[^"]*"`)

// A page that was kept is shown for as long as drawing it anew would give the same,
// and not a moment longer.
func TestAKeptPageIsThePageAsItWouldBeDrawn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		must(t, b.s.UseSections(b.s.dialSection()))
		now := clk.Now()
		payload := func(id int64, updated time.Time, field string, value any) []byte {
			return body(id, updated, map[string]any{field: value, "line_items": []any{map[string]any{"id": id*10 + 1, "product_id": 900, "variant_id": 901,
				"title": "Lamp", "quantity": 1, "current_quantity": 1, "price": "25.00", "requires_shipping": true}}})
		}
		must(t, b.hear("orders/create", payload(1, now, "note", ""), now))
		l, err := b.compose(1)
		must(t, err)
		path := strings.TrimPrefix(l.Data["order"].(map[string]any)["url"].(string), "https://app.example")
		key := pageKey{shop: storetest.Shop, order: 1, path: path}
		h := b.serve()
		var nonces []string
		look := func() string {
			t.Helper()
			status, text, head := b.get(h, 0, path)
			nonce := aNonce.FindString(text)
			if policy := head.Get("Content-Security-Policy"); status != 200 || !strings.Contains(policy, strings.Trim(nonce[len("nonce="):], `"`)) {
				t.Fatalf("%d, %s is not in %s", status, nonce, policy)
			}
			nonces = append(nonces, nonce)
			return aNonce.ReplaceAllString(text, "")
		}
		kept := func() bool {
			t.Helper()
			kept, err := b.s.kept.find(context.Background(), db, key, "n", new(bytes.Buffer))
			must(t, err)
			return kept
		}
		write := func(statement string, args ...any) func() {
			return func() {
				b.in(storetest.Shop, func(tx *store.Tx) error { return tx.Exec(statement, args...).Error })
			}
		}
		o := b.find(1).Order
		for _, step := range []struct {
			what string
			do   func()
			same bool // as before
		}{
			{"nothing", func() {}, true},
			{"another order", func() { must(t, b.hear("orders/create", payload(2, now, "note", "other"), now)) }, true},
			{"a newer payload", func() {
				must(t, b.hear("orders/updated", payload(1, now.Add(time.Minute), "note", "by the door"), now.Add(time.Minute)))
			}, false},
			{"a picture", write("INSERT INTO orders_pictures (shop_id, product_id, variant_id, url, alt, read_at) VALUES (?, ?, ?, 'https://cdn.shopify.com/a.png', '', ?)",
				storetest.Shop, 900, 901, now), false},
			{"another picture", write("UPDATE orders_pictures SET url = 'https://cdn.shopify.com/b.png' WHERE shop_id = ?", storetest.Shop), false},
			{"no picture", write("DELETE FROM orders_pictures WHERE shop_id = ?", storetest.Shop), false},
			{"an edit", func() {
				b.in(storetest.Shop, func(tx *store.Tx) error { return Note(tx, 1, "edit", EventEdited, now, "") })
			}, false},
			{"settings", write("UPDATE shops_settings SET accent_color = '#aa0000', version = version + 1 WHERE shop_id = ?", storetest.Shop), false},
			{"the shop", write("UPDATE shops SET url = 'https://new.example' WHERE shop_id = ?", storetest.Shop), false},
			{"the shopper's choice", func() {
				b.in(storetest.Shop, func(tx *store.Tx) error { return messages.SetDial(tx, o.Email, messages.LevelNeeded) })
			}, false},
			{"a cancellation", func() {
				must(t, b.hear("orders/cancelled", payload(1, now.Add(2*time.Minute), "cancelled_at", now.Add(2*time.Minute).Format(time.RFC3339)), now.Add(2*time.Minute)))
			}, false},
		} {
			before := look()
			look()
			if again := look(); again != before {
				t.Fatalf("%s: the page changed before anything happened", step.what)
			}
			if kept() != (db.Dialect == "postgres") {
				t.Errorf("%s: kept is %t", step.what, kept())
			}
			step.do()
			now := look()
			if (now == before) != step.same {
				t.Errorf("%s: the page is the same as before: %t", step.what, !step.same)
			}
			b.s.kept.lru.Purge()
			if look() != now {
				t.Errorf("%s: the page is not as it would be drawn", step.what)
			}
			clk.Advance(time.Minute)
		}
		if seen := len(nonces); seen == 0 || len(unique(nonces)) != seen {
			t.Errorf("%d answers bore %d nonces", seen, len(unique(nonces)))
		}
		look()
		look()
		look()
		if clk.Advance(pageKeptFor); kept() {
			t.Error("a page is kept for longer than its time")
		}
		must(t, b.hear("orders/delete", []byte(`{"id":1}`), clk.Now()))
		if status, _, _ := b.get(h, 0, path); status != 404 {
			t.Errorf("deleted: %d", status)
		}
	})
}

// On the shop's own domain a kept page bears each visitor's own key, and is not the
// page that the link of a mail shows.
func TestAKeptPageHasEachVisitorsKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		must(t, b.s.UseSections(b.s.dialSection()))
		must(t, b.hear("orders/create", body(1, clk.Now(), nil), clk.Now()))
		l, err := b.compose(1)
		must(t, err)
		linked := strings.TrimPrefix(l.Data["order"].(map[string]any)["url"].(string), "https://app.example")
		path := strings.TrimPrefix(linked, "/l")
		h, field := b.serve(), regexp.MustCompile(`name="`+web.FormField+`" value="([^"]*)"`)
		look := func(shop ids.Shop, customer int64) string {
			t.Helper()
			w := ask(h, "GET", fmt.Sprintf("/proxy%s?as=%d.%d", path, shop, customer), nil)
			m := field.FindStringSubmatch(w.Body.String())
			if w.Code != 200 || m == nil || strings.Contains(w.Body.String(), linked) {
				t.Fatalf("%d, without a key or with our own address", w.Code)
			}
			return m[1]
		}
		choose := func(customer int64, key string) int {
			return ask(h, "POST", fmt.Sprintf("/proxy%s/messages?as=%d.%d", path, storetest.Shop, customer), url.Values{"level": {"least"}, web.FormField: {key}}).Code
		}
		guest := look(storetest.Shop, 0)
		look(storetest.Shop, 0)
		var html bytes.Buffer
		kept, err := b.s.kept.find(context.Background(), db, pageKey{shop: storetest.Shop, order: 1, path: "/apps/afterglow" + path}, "n", &html)
		if err != nil || kept != (db.Dialect == "postgres") || field.Match(html.Bytes()) {
			t.Errorf("kept is %t, with a key %t, %v", kept, field.Match(html.Bytes()), err)
		}
		seventh, eighth := look(storetest.Shop, 7), look(storetest.Shop, 8)
		if guest == seventh || seventh == eighth {
			t.Error("two visitors have one key")
		}
		if status, text, _ := b.get(h, 0, linked); status != 200 || field.MatchString(text) || strings.Contains(text, "/apps/afterglow") {
			t.Errorf("the link's page is the shop's: %d", status)
		}
		if w := ask(h, "GET", fmt.Sprintf("/proxy%s?as=%d.0", path, storetest.Other), nil); w.Code == 200 {
			t.Error("another shop's domain shows the page")
		}
		for _, c := range []struct {
			customer int64
			key      string
			want     int
		}{{7, guest, 403}, {7, eighth, 403}, {7, seventh, 303}} {
			if got := choose(c.customer, c.key); got != c.want {
				t.Errorf("customer %d: %d, not %d", c.customer, got, c.want)
			}
		}
	})
}

// Languages are pages of their own, and no page lives over a midnight.
func TestAKeptPageIsOfOneLanguageAndDay(t *testing.T) {
	k, at := newKeptPages(), time.Date(2026, 11, 21, 18, 14, 50, 0, time.UTC) // before midnight in Kathmandu
	key := pageKey{shop: storetest.Shop, order: 1, path: "/l/o/x"}
	k.again(key, at)
	for _, c := range []struct {
		key   pageKey
		after time.Duration
		again bool
	}{{key, 9 * time.Second, true}, {key, 11 * time.Second, false}, {pageKey{storetest.Shop, 1, "/l/o/x", "fa"}, 0, false}, {pageKey{storetest.Shop, 1, "/l/o/y", ""}, 0, false},
		{pageKey{storetest.Other, 1, "/l/o/x", ""}, 0, false}} {
		if p, ok := k.lru.Get(c.key); (ok && p.fresh(at.Add(c.after))) != c.again {
			t.Errorf("%v after %v: %t", c.key, c.after, !c.again)
		}
	}
}

func unique(list []string) map[string]bool {
	all := map[string]bool{}
	for _, s := range list {
		all[s] = true
	}
	return all
}

// A question that cannot be asked for row versions costs the keeping, not the page.
func TestAPageThatCannotBeKeptIsShown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		must(t, b.s.UseSections(room.Section{Name: "odd", Template: `<section class="card" aria-labelledby="odd"><h2 id="odd">{{.}}</h2></section>`,
			Show: func(_ context.Context, tx *store.Tx, at room.PageView) (any, error) {
				var names []string
				err := tx.Raw(`SELECT name AS n FROM orders WHERE shop_id = ? AND id = ? ORDER BY n LIMIT 1`, tx.Shop, at.OrderID).Scan(&names).Error
				return "odd " + strings.Join(names, ""), err
			}}))
		must(t, b.hear("orders/create", body(1, clk.Now(), nil), clk.Now()))
		l, err := b.compose(1)
		must(t, err)
		path := strings.TrimPrefix(l.Data["order"].(map[string]any)["url"].(string), "https://app.example")
		h := b.serve()
		for look := range 3 {
			if status, text, _ := b.get(h, 0, path); status != 200 || !strings.Contains(text, "odd ") {
				t.Fatalf("look %d: %d", look+1, status)
			}
		}
	})
}
