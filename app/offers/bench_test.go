package offers

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/orders"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// BenchmarkCount adds an imported history to what is bought together, in the
// batches of the import: what the room costs an import.
func BenchmarkCount(b *testing.B) {
	const many, batch, products = 100_000, 500, 2_000
	for range b.N {
		db := storetest.OpenURL(b, storetest.Postgres(b), clock.NewFixed(time.Now()))
		dice := rand.New(rand.NewPCG(1, 1))
		began := time.Now()
		for first := int64(1); first <= many; first += batch {
			list := make([]*orders.Order, batch)
			for i := range list {
				o := &orders.Order{ID: first + int64(i), PlacedAt: storetest.Noon}
				for range 1 + dice.IntN(3) {
					id := 1 + int64(dice.IntN(products)*dice.IntN(products)/products) // some sell far better
					o.Lines = append(o.Lines, orders.Line{ProductID: id, Title: fmt.Sprint("Product ", id)})
				}
				list[i] = o
			}
			if err := db.InTx(context.Background(), storetest.Shop, func(tx *store.Tx) error { return countOrders(tx, list) }); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(many/time.Since(began).Seconds(), "counted/s")
	}
}

// BenchmarkSuggest asks what goes well with three products in a shop with
// 1,000,000 orders of 10,000 products.
func BenchmarkSuggest(b *testing.B) {
	db := storetest.OpenURL(b, storetest.Postgres(b), clock.NewFixed(time.Now()))
	ctx := context.Background()
	if err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
		for _, fill := range []string{
			`INSERT INTO offers_counted (shop_id, order_id) SELECT ?, n FROM generate_series(1, 1000000) n`,
			`INSERT INTO offers_products (shop_id, product_id, title, orders, last_at, url, told_at)
				SELECT ?, n, 'Product ' || n, 2000000 / (n + 100), now(), CASE WHEN n % 10 = 0 THEN '' ELSE 'https://s.example/products/' || n END, now() FROM generate_series(1, 10000) n`,
			`INSERT INTO offers_pairs (shop_id, product_id, other_id, orders)
				SELECT ?, a, 1 + (a + k * k * 7) % 10000, 1 + 400 / k FROM generate_series(1, 10000) a, generate_series(1, 200) k WHERE (a + k * k * 7) % 10000 + 1 <> a ON CONFLICT DO NOTHING`,
		} {
			if err := tx.Exec(fill, tx.Shop).Error; err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(1, 1))
	var took []float64
	for b.Loop() {
		basket := []int64{1 + int64(dice.IntN(10_000)), 1 + int64(dice.IntN(10_000)), 1 + int64(dice.IntN(10_000))}
		began := time.Now()
		err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
			got, err := suggest(tx, basket, basket)
			if err == nil && len(got) != shownSimilar {
				b.Fatalf("%d for %v", len(got), basket)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, float64(time.Since(began).Microseconds())/1e3)
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "p50-ms")
	b.ReportMetric(took[min(len(took)*99/100, len(took)-1)], "p99-ms")
	err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
		for _, q := range []string{
			`SELECT product_id, other_id, orders FROM offers_pairs WHERE shop_id = ? AND product_id = 5000 ORDER BY orders DESC, other_id LIMIT 60`,
			`SELECT product_id, title, orders, url FROM offers_products WHERE shop_id = ? AND orders > 0 AND (url IS NULL OR url <> '') ORDER BY orders DESC, product_id LIMIT 60`,
		} {
			var plan []string
			if err := tx.Raw("EXPLAIN "+q, tx.Shop).Scan(&plan).Error; err != nil {
				return err
			}
			if whole := strings.Join(plan, "\n"); strings.Contains(whole, "Seq Scan") {
				b.Errorf("it reads more than an index:\n%s", whole)
			} else {
				b.Log(whole)
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
