package orders

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/messages"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
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
			html, err := b.s.kept.find(context.Background(), db, key, "n")
			must(t, err)
			return html != nil
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

func unique(list []string) map[string]bool {
	all := map[string]bool{}
	for _, s := range list {
		all[s] = true
	}
	return all
}
