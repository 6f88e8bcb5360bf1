package messages

import (
	"context"
	"fmt"
	"testing"

	"afterglow/app/clock"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

func TestSearchFindsAddressesAndOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		many := store.NewInsertion("messages", `id text, kind text, once text, ref text, order_id bigint, order_name text, to_address text, to_name text,
			locale text, state text, caused_at timestamptz, created_at timestamptz`, "")
		for _, shop := range []store.ShopID{storetest.Shop, storetest.Other} {
			err := db.InTx(context.Background(), shop, func(tx *store.Tx) error {
				var rows [][]any
				for i := range int64(searchEnough + 100) {
					state := StateSent
					if i == 3 {
						state = StateFailed
					}
					id := fmt.Sprintf("msg_%s_%05d", shop, i)
					rows = append(rows, []any{id, "test", id, "", i + 1, fmt.Sprintf("#%d", 5000+i), fmt.Sprintf("sara%d@example.com", i), "", "en", string(state), tx.Now, tx.Now})
				}
				_, err := tx.Insert(many, rows)
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
			{Filter{Query: "sara"}, 50, fmt.Sprintf("#%d", 5000+searchEnough+99)}, {Filter{Query: "sara", State: StateFailed}, 1, "#5003"},
			{Filter{Query: "sara109"}, 11, "#6099"}, {Filter{Query: "sara%"}, 0, ""}, {Filter{Query: "zoe"}, 0, ""}, {Filter{Query: "501"}, 0, ""},
		} {
			c.f.Limit = 50
			err := db.Read(context.Background(), storetest.Shop, func(tx *store.Tx) error {
				rows, err := list(tx, c.f)
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
