package changes

import (
	"context"
	"errors"
	"slices"

	"afterglow/app/ids"
	"afterglow/app/orders"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// sentOf is how many of a line have left, as far as our copy of the order knows.
func sentOf(o *orders.Order, line int64) (n int64) {
	for _, f := range o.Fulfillments {
		if f.Status == "cancelled" {
			continue
		}
		for _, l := range f.Lines {
			if l.LineID == line {
				n += l.Quantity
			}
		}
	}
	return min(n, current(o, line))
}

// alone tells whether nothing but tips would be left without a line.
func alone(o *orders.Order, line int64) bool {
	return !slices.ContainsFunc(o.Lines, func(l orders.Line) bool { return l.ID != line && !l.Tip && l.CurrentQuantity > 0 })
}

// limit tells why a change of items cannot be, whatever the policy says, or "".
func limit(o *orders.Order, c Change) string {
	sent := sentOf(o, c.Line)
	switch {
	case c.Kind == Quantity && c.Quantity < sent, c.Kind == Swap && c.Quantity <= 0, c.Kind == Remove && c.Quantity > 0 && c.Quantity == current(o, c.Line):
		return WhyLineSent
	case c.Kind == Remove && sent == 0 && alone(o, c.Line):
		return WhyLast
	}
	return ""
}

// tooMany tells whether more of an item is wanted than the shop lets shoppers have.
func tooMany(o *orders.Order, c Change, most int64) bool {
	return c.Kind == Quantity && c.Quantity > most && c.Quantity > current(o, c.Line)
}

func current(o *orders.Order, line int64) int64 {
	for _, l := range o.Lines {
		if l.ID == line {
			return l.CurrentQuantity
		}
	}
	return 0
}

// stays is how many of its line a change leaves there.
func stays(l *shopify.GateLine, ch Change) int64 {
	if ch.Kind == Swap {
		return l.Current - ch.Quantity
	}
	return ch.Quantity
}

// closedLine tells why a line cannot be changed as it stands, or "".
func closedLine(g *shopify.Gate, ch Change) string {
	l := g.Line(ch.Line)
	switch {
	case l == nil || l.Current == 0, ch.Before.Known && l.Current != ch.Before.Quantity, stays(l, ch) < 0:
		return WhyChanged
	case stays(l, ch) < l.Sent(), l.Unfulfilled == 0:
		return WhyLineSent
	case ch.Kind == Remove && stays(l, ch) == 0 && !slices.ContainsFunc(g.LineItems.Nodes, func(other shopify.GateLine) bool {
		return other.ID != l.ID && other.Current > 0 && !slices.Contains(ch.tips, int64(other.ID))
	}):
		return WhyLast
	}
	return ""
}

// begun tells whether some of the order has left.
func begun(g *shopify.Gate, ch Change) bool {
	return slices.ContainsFunc(g.LineItems.Nodes, func(l shopify.GateLine) bool { return l.Sent() > 0 && !slices.Contains(ch.tips, int64(l.ID)) })
}

// inStock refuses what the shop does not have, what is not for sale, and a variant of
// another product: an edit would add anything that the shop ever had.
func (s *Service) inStock(ctx context.Context, c *shopify.Client, shop ids.Shop, l *shopify.GateLine, ch Change) error {
	variant, more := ch.Variant, ch.Quantity
	if ch.Kind == Quantity {
		variant, more = l.VariantID(), ch.Quantity-l.Current
	}
	if ch.Kind == Remove || more <= 0 {
		return nil
	}
	product, err := s.productOf(ctx, shop, ch)
	if err != nil {
		return err
	}
	if ch.Kind == Quantity && (product == 0 || variant == 0) { // written by hand; nobody counts it
		return nil
	}
	found, err := c.Variants(ctx, product)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(found, func(v shopify.Variant) bool { return int64(v.ID) == variant })
	if i < 0 {
		return &shopify.Refused{Reason: WhyChanged}
	}
	if left, limited := found[i].Left(); !found[i].Available || limited && left < more {
		return &shopify.Refused{Reason: WhyStock}
	}
	return nil
}

// productOf is the product of the change's line.
func (s *Service) productOf(ctx context.Context, shop ids.Shop, ch Change) (product int64, err error) {
	err = s.db.Read(ctx, shop, func(tx *store.Tx) error {
		o, err := orders.Find(tx, ch.Order)
		if errors.Is(err, orders.ErrNotFound) {
			return &shopify.Refused{Reason: WhyMissing}
		}
		if err != nil {
			return err
		}
		for _, l := range o.Lines {
			if l.ID == ch.Line {
				product = l.ProductID
			}
		}
		return nil
	})
	return product, err
}
