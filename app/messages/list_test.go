package messages

import (
	"context"
	"fmt"
	"testing"

	"afterglow/app/clock"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

var storedMessages = store.NewInsertion("messages", `id text, kind text, once text, ref text, order_id bigint, order_name text, to_address text, to_name text,
	locale text, state text, caused_at timestamptz, created_at timestamptz`, "")

func TestSearchFindsAddressesAndOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		for _, shop := range []store.ShopID{storetest.Shop, storetest.Other} {
			err := db.InTx(context.Background(), shop, func(tx *store.Tx) error {
				var rows [][]any
				for i := range int64(1_100) {
					state := StateSent
					if i == 3 {
						state = StateFailed
					}
					id := fmt.Sprintf("msg_%s_%05d", shop, i)
					rows = append(rows, []any{id, "test", id, "", i + 1, fmt.Sprintf("#%d", 5000+i), fmt.Sprintf("sara%d@example.com", i), "", "en", string(state), tx.Now, tx.Now})
				}
				_, err := tx.Insert(storedMessages, rows)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			f     Filter
			count int
			first string
		}{
			{Filter{Query: "Sara17@"}, 1, "#5017"}, {Filter{Query: "#5017"}, 1, "#5017"}, {Filter{Query: " 5017 "}, 1, "#5017"},
			{Filter{Query: "sara"}, 50, fmt.Sprintf("#%d", 6099)}, {Filter{Query: "sara", State: StateFailed}, 1, "#5003"},
			{Filter{Query: "sara109"}, 11, "#6099"}, {Filter{Query: "sara%"}, 0, ""}, {Filter{Query: "zoe"}, 0, ""}, {Filter{Query: "501"}, 0, ""},
		} {
			c.f.Limit = 50
			err := db.Read(context.Background(), storetest.Shop, func(tx *store.Tx) error {
				rows, _, err := list(tx, c.f)
				if err == nil && (len(rows) != c.count || c.count > 0 && (rows[0].OrderName != c.first || rows[0].ShopID != tx.Shop)) {
					t.Errorf("%+v: %d found", c.f, len(rows))
				}
				return err
			})
			if err != nil {
				t.Errorf("%+v: %v", c.f, err)
			}
		}
	})
}

// Of a search with many matches a page holds those among the messages that come
// next and, wherever they are, the first in alphabetical order.
func TestSearchWithManyMatches(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		err := db.InTx(context.Background(), storetest.Shop, func(tx *store.Tx) error {
			// "sara1001" is the oldest and the first in alphabetical order.
			var rows [][]any
			for i := 1; i <= 4000; i++ {
				state := StateSent
				if i == 3 {
					state = StateFailed
				}
				id := fmt.Sprintf("msg_%d", 10000+i)
				rows = append(rows, []any{id, "test", id, "", i, "", fmt.Sprintf("sara%d@example.com", 1000+i), "", "en", string(state), tx.Now, tx.Now})
			}
			_, err := tx.Insert(storedMessages, rows)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			f           Filter
			many        bool
			count       int
			first, last string
		}{
			{Filter{Query: "sara", Limit: 50}, true, 50, "msg_14000", "msg_13951"},
			{Filter{Query: "sara", Limit: 50, Before: "msg_11000"}, true, 50, "msg_10999", "msg_10950"},
			{Filter{Query: "sara", Limit: 5000}, true, 3250, "msg_14000", "msg_10001"},
			{Filter{Query: "sara", Limit: 50, State: StateFailed}, true, 1, "msg_10003", "msg_10003"},
			{Filter{Query: "sara1001@", Limit: 50}, false, 1, "msg_10001", "msg_10001"},
		} {
			err := db.Read(context.Background(), storetest.Shop, func(tx *store.Tx) error {
				rows, many, err := list(tx, c.f)
				if err == nil && (many != c.many || len(rows) != c.count || rows[0].ID != c.first || rows[len(rows)-1].ID != c.last) {
					t.Errorf("%+v: many %v, %d found", c.f, many, len(rows))
				}
				return err
			})
			if err != nil {
				t.Errorf("%+v: %v", c.f, err)
			}
		}
	})
}
