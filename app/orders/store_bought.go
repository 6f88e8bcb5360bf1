package orders

import (
	"encoding/json"
	"fmt"
	"time"

	"afterglow/app/store"
)

// boughtLimit is how many orders of a shopper are looked at.
const boughtLimit = 50

// BoughtBefore lists the products in the other orders of the order's customer,
// kept or given back; of a guest nothing is known.
func BoughtBefore(tx *store.Tx, o *Order) ([]int64, error) {
	customer := o.CustomerID()
	if customer == 0 {
		return nil, nil
	}
	var documents []string
	err := tx.Scoped(&row{}).Where("customer_id = ? AND customer_id <> 0 AND id <> ? AND deleted_at IS NULL", customer, o.ID).
		Order("id DESC").Limit(boughtLimit).Pluck("document", &documents).Error
	if err != nil {
		return nil, err
	}
	var products []int64
	for _, d := range documents {
		var kept struct {
			Lines []struct {
				ProductID int64 `json:"product_id"`
			} `json:"lines"`
		}
		if err := json.Unmarshal([]byte(d), &kept); err != nil {
			return nil, fmt.Errorf("read an order of customer %d: %w", customer, err)
		}
		for _, l := range kept.Lines {
			products = append(products, l.ProductID)
		}
	}
	return products, nil
}

// Pictures finds a picture of each product that has one.
func Pictures(tx *store.Tx, products []int64) (map[int64]Picture, error) {
	var rows []pictureRow
	err := tx.Scoped(&pictureRow{}).Where("product_id IN ? AND url <> ''", append(products, 0)).Order("product_id, variant_id").Find(&rows).Error
	found := make(map[int64]Picture, len(products))
	for _, r := range rows {
		if _, ok := found[r.ProductID]; !ok {
			found[r.ProductID] = Picture{URL: r.URL, Alt: r.Alt}
		}
	}
	return found, err
}

// PlacedAt is when each of the orders was placed, as far as they are known.
func PlacedAt(tx *store.Tx, ids []int64) (map[int64]time.Time, error) {
	var rows []row
	err := tx.Scoped(&row{}).Select("id", "placed_at").Where("id IN ? AND deleted_at IS NULL", append([]int64{0}, ids...)).Find(&rows).Error
	at := make(map[int64]time.Time, len(rows))
	for _, r := range rows {
		at[r.ID] = r.PlacedAt
	}
	return at, err
}
