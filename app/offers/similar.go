package offers

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/store"
)

const (
	maxBasket    = 12 // products of one order that are paired
	maxPairs     = 60 // looked at for each product of an order
	maxSellers   = 60
	shownSimilar = 4
	prior        = 20 // pseudo-orders, see the package's documentation
	namedFrom    = 2  // orders with both before a pair is given as the reason
)

// onPlaced counts a new order, and notes which of our codes it used.
func (s *Service) onPlaced(_ context.Context, tx *store.Tx, job queue.Job) error {
	id, err := strconv.ParseInt(job.Ref, 10, 64)
	if err != nil {
		return err
	}
	o, err := orders.Find(tx, id)
	if errors.Is(err, orders.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(o.Codes) > 0 {
		if err := useCodes(tx, o.ID, o.Codes, o.PlacedAt); err != nil {
			return err
		}
	}
	return countOrders(tx, []*orders.Order{o})
}

// countOrders adds orders to what is bought together. Each counts once, in the
// transaction that first keeps it or hears of it.
func countOrders(tx *store.Tx, list []*orders.Order) error {
	numbers := make([]int64, len(list))
	for i, o := range list {
		numbers[i] = o.ID
	}
	done, err := counted(tx, numbers)
	if err != nil {
		return err
	}
	type seen struct {
		title  string
		orders int64
		last   time.Time
	}
	var fresh [][]any
	products, pairs := map[int64]seen{}, map[[2]int64]int64{}
	for _, o := range list {
		if done[o.ID] || o.Test {
			continue
		}
		done[o.ID] = true
		fresh = append(fresh, []any{o.ID})
		basket, titles := basketOf(o)
		for _, a := range basket {
			p := products[a]
			if p.orders++; !o.PlacedAt.Before(p.last) {
				p.title, p.last = titles[a], o.PlacedAt
			}
			products[a] = p
			for _, b := range basket {
				if a != b {
					pairs[[2]int64{a, b}]++
				}
			}
		}
	}
	if _, err := tx.Insert(countedInsertion, fresh); err != nil {
		return err
	}
	// In one order, or two transactions with the same rows wait for each other.
	rows := make([][]any, 0, len(products))
	for id, p := range products {
		rows = append(rows, []any{id, p.title, p.orders, p.last})
	}
	slices.SortFunc(rows, func(a, b []any) int { return cmp.Compare(a[0].(int64), b[0].(int64)) })
	if _, err := tx.Insert(productsInsertion, rows); err != nil {
		return err
	}
	both := make([][]any, 0, len(pairs))
	for p, n := range pairs {
		both = append(both, []any{p[0], p[1], n})
	}
	slices.SortFunc(both, func(a, b []any) int {
		return cmp.Or(cmp.Compare(a[0].(int64), b[0].(int64)), cmp.Compare(a[1].(int64), b[1].(int64)))
	})
	_, err = tx.Insert(pairsInsertion, both)
	return err
}

// basketOf lists the products of an order, each once, with their titles.
func basketOf(o *orders.Order) (basket []int64, titles map[int64]string) {
	titles = map[int64]string{}
	for _, l := range o.Lines {
		if l.ProductID == 0 || l.GiftCard || titles[l.ProductID] != "" || len(basket) == maxBasket {
			continue
		}
		titles[l.ProductID] = l.Title
		basket = append(basket, l.ProductID)
	}
	return basket, titles
}

// suggestion is a product and, when it was bought together with one of the
// order's, which.
type suggestion struct {
	product  int64
	score    float64
	together int64
}

// addSimilar gives the letter products that go well with its order.
func addSimilar(tx *store.Tx, at orders.LetterView) (orders.Addition, error) {
	basket, titles := basketOf(at.Order)
	owned, err := orders.BoughtBefore(tx, at.Order)
	if err != nil {
		return orders.Addition{}, err
	}
	best, err := suggest(tx, basket, append(owned, basket...))
	if err != nil {
		return orders.Addition{}, err
	}
	wanted := make([]int64, len(best))
	for i, b := range best {
		wanted[i] = b.product
	}
	known, err := productsOf(tx, wanted)
	if err != nil {
		return orders.Addition{}, err
	}
	pictures, err := orders.Pictures(tx, wanted)
	if err != nil {
		return orders.Addition{}, err
	}
	list := []any{}
	for _, b := range best {
		p, picture := known[b.product], pictures[b.product]
		list = append(list, map[string]any{"title": p.Title, "image_url": picture.URL, "image_alt": p.Title, "together": titles[b.together], "url": p.page(at.Shop.URL)})
	}
	if len(list) == 0 {
		return orders.Addition{Lacks: "there is nothing yet that goes well with it"}, nil
	}
	return orders.Addition{Data: map[string]any{"similar": list}}, nil
}

// page is where the product can be bought; of one that nobody told us of, where
// the shop finds it.
func (p productRow) page(shop string) string {
	if p.URL != nil {
		return *p.URL
	}
	return strings.TrimSuffix(shop, "/") + "/search?type=product&q=" + url.QueryEscape(p.Title)
}

// suggest ranks what could follow a basket and is not among the excluded.
func suggest(tx *store.Tx, basket, excluded []int64) ([]suggestion, error) {
	sellers, err := bestSellers(tx, maxSellers)
	if err != nil {
		return nil, err
	}
	together := map[[2]int64]int64{} // product of the basket, candidate
	candidates := []int64{}
	for _, p := range sellers {
		candidates = append(candidates, p.ProductID)
	}
	for _, a := range basket {
		pairs, err := bestPairs(tx, a, maxPairs)
		if err != nil {
			return nil, err
		}
		for _, p := range pairs {
			together[[2]int64{a, p.OtherID}] = p.Orders
			candidates = append(candidates, p.OtherID)
		}
	}
	slices.Sort(candidates)
	candidates = slices.DeleteFunc(slices.Compact(candidates), func(id int64) bool { return slices.Contains(excluded, id) })
	known, err := productsOf(tx, append(slices.Clone(candidates), basket...))
	if err != nil {
		return nil, err
	}
	var all int64 = 1
	for _, p := range sellers {
		all += p.Orders
	}
	list := make([]suggestion, 0, len(candidates))
	for _, b := range candidates {
		if address := known[b].URL; address != nil && *address == "" {
			continue // hidden or sold out
		}
		popular := prior * float64(known[b].Orders) / float64(all)
		one := suggestion{product: b, score: popular / prior}
		for _, a := range basket {
			n := together[[2]int64{a, b}]
			if score := (float64(n) + popular) / float64(known[a].Orders+prior); n >= namedFrom && (one.together == 0 || score > one.score) {
				one.score, one.together = score, a
			}
		}
		list = append(list, one)
	}
	// What is bought together comes before what merely sells.
	slices.SortFunc(list, func(a, b suggestion) int {
		return cmp.Or(cmp.Compare(btoi(b.together != 0), btoi(a.together != 0)), cmp.Compare(b.score, a.score), cmp.Compare(a.product, b.product))
	})
	return list[:min(len(list), shownSimilar)], nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
