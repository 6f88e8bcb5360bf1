package offers

import (
	"time"

	"afterglow/app/store"
)

type productRow struct {
	ProductID int64
	Title     string
	Orders    int64
	URL       *string // nil: unknown; "": it cannot be bought now
}

type pairRow struct{ ProductID, OtherID, Orders int64 }

var (
	countedInsertion  = store.NewInsertion("offers_counted", "order_id bigint", "ON CONFLICT (shop_id, order_id) DO NOTHING")
	productsInsertion = store.NewInsertion("offers_products", "product_id bigint, title text, orders bigint, last_at timestamptz",
		`ON CONFLICT (shop_id, product_id) DO UPDATE SET orders = offers_products.orders + excluded.orders,
	title = CASE WHEN excluded.last_at >= offers_products.last_at THEN excluded.title ELSE offers_products.title END,
	last_at = CASE WHEN excluded.last_at >= offers_products.last_at THEN excluded.last_at ELSE offers_products.last_at END`)
	placesInsertion = store.NewInsertion("offers_products", "product_id bigint, title text, url text, told_at timestamptz, orders bigint, last_at timestamptz",
		`ON CONFLICT (shop_id, product_id) DO UPDATE SET url = excluded.url, told_at = excluded.told_at, title = excluded.title
WHERE offers_products.told_at IS NULL OR offers_products.told_at <= excluded.told_at`)
	pairsInsertion = store.NewInsertion("offers_pairs", "product_id bigint, other_id bigint, orders bigint",
		`ON CONFLICT (shop_id, product_id, other_id) DO UPDATE SET orders = offers_pairs.orders + excluded.orders`)
)

// counted tells which of the orders have been counted.
func counted(tx *store.Tx, orders []int64) (map[int64]bool, error) {
	var found []int64
	err := tx.PickBy("offers_counted", "order_id", "order_id", orders).Scan(&found).Error
	done := make(map[int64]bool, len(found))
	for _, id := range found {
		done[id] = true
	}
	return done, err
}

// bestPairs lists what is bought together with a product, most often first.
func bestPairs(tx *store.Tx, product int64, limit int) (rows []pairRow, err error) {
	err = tx.Raw(`SELECT product_id, other_id, orders FROM offers_pairs WHERE shop_id = ? AND product_id = ? ORDER BY orders DESC, other_id LIMIT ?`, tx.Shop, product, limit).Scan(&rows).Error
	return rows, err
}

func bestSellers(tx *store.Tx, limit int) (rows []productRow, err error) {
	err = tx.Raw(`SELECT product_id, title, orders, url FROM offers_products WHERE shop_id = ? AND orders > 0 AND (url IS NULL OR url <> '') ORDER BY orders DESC, product_id LIMIT ?`, tx.Shop, limit).Scan(&rows).Error
	return rows, err
}

func productsOf(tx *store.Tx, wanted []int64) (map[int64]productRow, error) {
	var rows []productRow
	err := tx.Raw(`SELECT product_id, title, orders, url FROM offers_products WHERE shop_id = ? AND product_id IN ?`, tx.Shop, append(wanted, 0)).Scan(&rows).Error
	byID := make(map[int64]productRow, len(rows))
	for _, r := range rows {
		byID[r.ProductID] = r
	}
	return byID, err
}

// closePlace keeps that a product is gone.
func closePlace(tx *store.Tx, product int64, at time.Time) error {
	return tx.Exec(`UPDATE offers_products SET url = '', told_at = ? WHERE shop_id = ? AND product_id = ?`, at, tx.Shop, product).Error
}
