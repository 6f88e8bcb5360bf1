package store_test

import (
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

var pictures = store.NewInsertion("orders_pictures", "product_id bigint, variant_id bigint, url text, alt text, read_at timestamptz",
	"ON CONFLICT (shop_id, product_id, variant_id) DO UPDATE SET url = excluded.url WHERE orders_pictures.url = ''")

func TestManyRowsAreTheShopsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		var rows [][]any
		for id := range int64(200) {
			rows = append(rows, []any{id, id, "", `{"brackets, 'quotes'"} é`, clk.Now()})
		}
		insert := func(rows [][]any) (n int64) {
			err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) (err error) { n, err = tx.Insert(pictures, rows); return err })
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := insert(rows); n != 200 {
			t.Errorf("%d rows were written", n)
		}
		rows[7][2] = "https://cdn.shopify.com/7.png"
		if n := insert(rows[7:8]); n != 1 {
			t.Errorf("%d rows were changed", n)
		}
		if n := insert(rows[7:8]) + insert(nil); n != 0 {
			t.Errorf("%d rows were changed again", n)
		}
		var got []struct {
			URL, Alt string
			ReadAt   time.Time
		}
		err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
			return tx.Raw("SELECT url, alt, read_at FROM orders_pictures WHERE shop_id = ? AND product_id = 7", tx.Shop).Scan(&got).Error
		})
		if err != nil || len(got) != 1 || got[0].URL != rows[7][2] || got[0].Alt != rows[7][3] || !got[0].ReadAt.Equal(clk.Now()) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestRowsArePickedByID(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		customers := store.NewInsertion("customers", `id bigint, email text, phone text, first_name text, last_name text, locale text, state text,
			verified_email boolean, digest text, source_updated_at timestamptz, source_triggered_at timestamptz, first_seen_at timestamptz`, "")
		for _, shop := range []store.ShopID{storetest.Shop, storetest.Other} {
			err := db.InTx(ctx, shop, func(tx *store.Tx) error {
				var rows [][]any
				for id := range int64(10) {
					rows = append(rows, []any{id + 1, shop.String(), "", "", "", "", "", false, "", clk.Now(), clk.Now(), clk.Now()})
				}
				_, err := tx.Insert(customers, rows)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
			var found []struct {
				ID    int64
				Email string
			}
			for _, wanted := range [][]int64{{3, 9, 11}, {}} {
				found = nil
				if err := tx.Pick("customers", "id, email", wanted).Scan(&found).Error; err != nil || len(found) != min(2, len(wanted)) {
					t.Errorf("%v: %v, %v", wanted, found, err)
				}
				for _, c := range found {
					if c.Email != storetest.Shop.String() {
						t.Errorf("%v is another shop's", c)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
