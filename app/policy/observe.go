package policy

import (
	"slices"
	"strings"
	"time"

	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/store"
)

// facts gathers what a policy can ask about an order.
func (s *Service) facts(tx *store.Tx, o *orders.Order) (Facts, error) {
	return store.Once(tx, factsOf{o}, func() (Facts, error) { return s.gather(tx, o) })
}

// factsOf is the key under which the facts of an order are gathered once.
type factsOf struct{ *orders.Order }

func (s *Service) gather(tx *store.Tx, o *orders.Order) (Facts, error) {
	zone, err := s.zone(tx)
	if err != nil {
		return Facts{}, err
	}
	f := observe(o)
	f.Zone = zone
	if f.DeliveredAt, err = s.Arrived(tx, o); err != nil {
		return f, err
	}
	if f.CustomerOrders, err = orders.Earlier(tx, o); err != nil {
		return f, err
	}
	f.CustomerOrders++
	return f, addProducts(tx, f.Items)
}

// Arrived is when all of an order had arrived, nil while it has not or nobody
// knows.
func (s *Service) Arrived(tx *store.Tx, o *orders.Order) (*time.Time, error) {
	if s.delivered != nil {
		if at, err := s.delivered(tx, o); at != nil || err != nil {
			return at, err
		}
	}
	if at, all := o.Delivered(); all {
		return &at, nil
	}
	return nil, nil
}

// observe takes from the order what it says itself.
func observe(o *orders.Order) Facts {
	f := Facts{Order: o.ID, PlacedAt: o.PlacedAt, Cancelled: o.CancelledAt != nil, Test: o.Test, Tags: o.Tags, CustomerTags: o.CustomerTags,
		Paid:     slices.Contains([]string{"paid", "partially_refunded", "refunded"}, o.FinancialStatus),
		Refunded: strings.HasSuffix(o.FinancialStatus, "refunded"), Total: money.New(o.Now.Total.Shop, o.Currency)}
	switch {
	case o.Shipping != nil:
		f.Country = o.Shipping.CountryCode
	case o.Billing != nil:
		f.Country = o.Billing.CountryCode
	}
	sent := map[int64]int64{}
	var last time.Time
	for _, p := range o.Fulfillments {
		if p.Gone() {
			continue
		}
		f.Sent = SentPart
		if p.CreatedAt.After(last) {
			last = p.CreatedAt
		}
		for _, l := range p.Lines {
			sent[l.LineID] += l.Quantity
		}
	}
	if o.FulfillmentStatus == "fulfilled" {
		f.Sent = SentAll
		if !last.IsZero() {
			f.FulfilledAt = &last
		}
	}
	if at, all := o.Delivered(); all {
		f.DeliveredAt = &at
	}
	for _, l := range o.Lines {
		if l.Tip {
			continue
		}
		it := Item{ID: l.ID, ProductID: l.ProductID, Title: l.Title, Vendor: l.Vendor, Left: l.CurrentQuantity, Sent: sent[l.ID],
			Price: o.ShopMoney(l.Price), GiftCard: l.GiftCard, Digital: !l.RequiresShipping, Discounted: len(l.Allocations) > 0}
		if f.Sent == SentAll {
			it.Sent = max(it.Sent, it.Left)
		}
		f.Items = append(f.Items, it)
	}
	return f
}
