package offers

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"afterglow/app/problem"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

var errProduct = problem.New(problem.Invalid, "offers.product_unreadable", "The product cannot be read.")

// seeCatalogue keeps where imported products can be bought.
func seeCatalogue(tx *store.Tx, list []*shopify.Product) error {
	rows := make([][]any, 0, len(list))
	for _, p := range list {
		at := p.UpdatedAt
		if at.IsZero() {
			at = tx.Now
		}
		rows = append(rows, place(p.ID, p.Title, p.URL, at))
	}
	return keepPlaces(tx, rows)
}

func place(product int64, title, address string, at time.Time) []any {
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		address = ""
	}
	at = at.UTC().Truncate(time.Microsecond)
	return []any{product, title, address, at, int64(0), at}
}

// keepPlaces writes in one order, or two transactions with the same rows wait for
// each other.
func keepPlaces(tx *store.Tx, rows [][]any) error {
	slices.SortFunc(rows, func(a, b []any) int {
		return cmp.Or(cmp.Compare(a[0].(int64), b[0].(int64)), b[3].(time.Time).Compare(a[3].(time.Time)))
	})
	rows = slices.CompactFunc(rows, func(a, b []any) bool { return a[0] == b[0] })
	_, err := tx.Insert(placesInsertion, rows)
	return err
}

// toldProduct is what a webhook tells of a product.
type toldProduct struct {
	ID          int64     `json:"id"`
	Title       string    `json:"title"`
	Handle      string    `json:"handle"`
	Status      string    `json:"status"`
	PublishedAt *string   `json:"published_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	Variants    []struct {
		Policy     string          `json:"inventory_policy"`
		Quantity   int64           `json:"inventory_quantity"`
		Management json.RawMessage `json:"inventory_management"` // null: stock is not counted; absent: not told
	} `json:"variants"`
}

// forSale tells whether somebody can buy it in the online store now.
func (p *toldProduct) forSale() bool {
	if p.Status != "active" || p.PublishedAt == nil || p.Handle == "" {
		return false
	}
	for _, v := range p.Variants {
		if v.Quantity > 0 || v.Policy == "continue" || string(v.Management) == "null" {
			return true
		}
	}
	return false
}

// onProduct keeps where a product can be bought as that changes.
func (s *Service) onProduct(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	var p toldProduct
	if err := json.Unmarshal(ev.Body, &p); err != nil || p.ID <= 0 {
		return errProduct
	}
	ev.About("product", p.ID)
	shop, err := s.shops.Get(tx)
	if err != nil {
		return err
	}
	address, at := "", p.UpdatedAt
	if p.forSale() {
		address = strings.TrimSuffix(shop.URL, "/") + "/products/" + url.PathEscape(p.Handle)
	}
	if at.IsZero() {
		at = cmp.Or(ev.TriggeredAt, ev.ReceivedAt)
	}
	return keepPlaces(tx, [][]any{place(p.ID, strings.ReplaceAll(strings.ToValidUTF8(p.Title, "\uFFFD"), "\x00", ""), address, at)})
}

// onProductGone keeps that a product cannot be bought any more.
func (s *Service) onProductGone(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	var p toldProduct
	if err := json.Unmarshal(ev.Body, &p); err != nil || p.ID <= 0 {
		return errProduct
	}
	ev.About("product", p.ID)
	return closePlace(tx, p.ID, cmp.Or(ev.TriggeredAt, ev.ReceivedAt).UTC().Truncate(time.Microsecond))
}
