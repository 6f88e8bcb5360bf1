package shopify

import (
	"context"
	"fmt"
	"time"

	"afterglow/app/ids"
)

// Shop reads the shop itself.
func (c *Client) Shop(ctx context.Context) (*ShopInfo, error) {
	var out struct {
		Shop *ShopInfo `json:"shop"`
	}
	if _, err := c.Do(ctx, docShop, nil, &out); err != nil {
		return nil, fmt.Errorf("read shop: %w", err)
	}
	if out.Shop == nil || out.Shop.ID == 0 {
		return nil, ErrAnswer.With(fmt.Errorf("shop is missing"))
	}
	out.Shop.Locale = "en"
	if l := out.Shop.Primary.Localization; l != nil && l.Locale != "" {
		out.Shop.Locale = l.Locale
	}
	return out.Shop, nil
}

// CurrentInstallation reads what the shop granted the app.
func (c *Client) CurrentInstallation(ctx context.Context) (*Installation, error) {
	var out struct {
		Installation *struct {
			ID     ID     `json:"id"`
			Launch string `json:"launchUrl"`
			Scopes []struct {
				Handle string `json:"handle"`
			} `json:"accessScopes"`
			Subscriptions []Subscription `json:"activeSubscriptions"`
		} `json:"currentAppInstallation"`
	}
	if _, err := c.Do(ctx, docAppInstallation, nil, &out); err != nil {
		return nil, fmt.Errorf("read installation: %w", err)
	}
	if out.Installation == nil {
		return nil, ErrAnswer.With(fmt.Errorf("installation is missing"))
	}
	i := &Installation{ID: out.Installation.ID, LaunchURL: out.Installation.Launch, Subscriptions: out.Installation.Subscriptions}
	for _, s := range out.Installation.Scopes {
		i.Scopes = append(i.Scopes, s.Handle)
	}
	return i, nil
}

// Order reads an order whole. It returns ErrOrderMissing for one that was deleted.
// The pages are read one after another; an order that changes in between is read
// again by the webhook of that change.
func (c *Client) Order(ctx context.Context, id int64) (*Order, error) {
	var out struct {
		Order *struct {
			Order
			ShippingLines connection[ShippingLine] `json:"shippingLines"`
			Applications  connection[Application]  `json:"discountApplications"`
			LineItems     connection[Line]         `json:"lineItems"`
		} `json:"order"`
	}
	denied, err := c.Do(ctx, docOrder, map[string]any{"id": ids.GID("Order", id)}, &out)
	if err != nil {
		return nil, fmt.Errorf("read order %d: %w", id, err)
	}
	if out.Order == nil {
		if len(denied) > 0 {
			return nil, ErrAccessDenied
		}
		return nil, ErrOrderMissing
	}
	o := &out.Order.Order
	o.ShippingLines, o.Applications = out.Order.ShippingLines.Nodes, out.Order.Applications.Nodes
	o.Denied = denied
	if o.Lines, err = c.orderLines(ctx, id, out.Order.LineItems); err != nil {
		return nil, fmt.Errorf("read order %d: %w", id, err)
	}
	for i := range o.Fulfillments {
		f := &o.Fulfillments[i]
		if f.Lines, err = c.movedLines(ctx, docFulfillmentLines, ids.GID("Fulfillment", int64(f.ID))); err != nil {
			return nil, fmt.Errorf("read order %d: %w", id, err)
		}
	}
	for i := range o.Refunds {
		r := &o.Refunds[i]
		if r.Lines, err = c.movedLines(ctx, docRefundLines, ids.GID("Refund", int64(r.ID))); err != nil {
			return nil, fmt.Errorf("read order %d: %w", id, err)
		}
	}
	return o, nil
}

func (c *Client) orderLines(ctx context.Context, id int64, page connection[Line]) ([]Line, error) {
	lines := page.Nodes
	cursor, err := page.next("")
	for err == nil && cursor != "" {
		var out struct {
			Order *struct {
				LineItems connection[Line] `json:"lineItems"`
			} `json:"order"`
		}
		if _, err := c.Do(ctx, docOrderLines, map[string]any{"id": ids.GID("Order", id), "after": cursor}, &out); err != nil {
			return nil, err
		}
		if out.Order == nil {
			return nil, ErrOrderMissing
		}
		lines = append(lines, out.Order.LineItems.Nodes...)
		cursor, err = out.Order.LineItems.next(cursor)
	}
	return lines, err
}

// movedLines reads the lines of one refund or fulfillment.
func (c *Client) movedLines(ctx context.Context, doc Document, gid string) ([]MovedLine, error) {
	var lines []MovedLine
	for cursor := ""; ; {
		var out struct {
			Refund *struct {
				Lines connection[MovedLine] `json:"refundLineItems"`
			} `json:"refund"`
			Fulfillment *struct {
				Lines connection[MovedLine] `json:"fulfillmentLineItems"`
			} `json:"fulfillment"`
		}
		variables := map[string]any{"id": gid}
		if cursor != "" {
			variables["after"] = cursor
		}
		if _, err := c.Do(ctx, doc, variables, &out); err != nil {
			return nil, err
		}
		var page connection[MovedLine]
		switch {
		case out.Refund != nil:
			page = out.Refund.Lines
		case out.Fulfillment != nil:
			page = out.Fulfillment.Lines
		}
		lines = append(lines, page.Nodes...)
		next, err := page.next(cursor)
		if err != nil || next == "" {
			return lines, err
		}
		cursor = next
	}
}

// OrdersUpdatedSince lists the orders that changed at or after an instant, oldest
// change first, a page at a time: cursor is "" for the first page, and next is ""
// after the last.
func (c *Client) OrdersUpdatedSince(ctx context.Context, since time.Time, cursor string) (refs []OrderRef, next string, err error) {
	var out struct {
		Orders connection[OrderRef] `json:"orders"`
	}
	variables := map[string]any{"query": "updated_at:>='" + since.UTC().Format(time.RFC3339) + "'"}
	if cursor != "" {
		variables["after"] = cursor
	}
	if _, err := c.Do(ctx, docOrdersUpdated, variables, &out); err != nil {
		return nil, "", fmt.Errorf("list orders: %w", err)
	}
	next, err = out.Orders.next(cursor)
	return out.Orders.Nodes, next, err
}

// Customer reads a customer. It returns ErrNoCustomer for one that was deleted.
func (c *Client) Customer(ctx context.Context, id int64) (*Customer, error) {
	var out struct {
		Customer *Customer `json:"customer"`
	}
	denied, err := c.Do(ctx, docCustomer, map[string]any{"id": ids.GID("Customer", id)}, &out)
	if err != nil {
		return nil, fmt.Errorf("read customer %d: %w", id, err)
	}
	if out.Customer == nil {
		if len(denied) > 0 {
			return nil, ErrAccessDenied
		}
		return nil, ErrNoCustomer
	}
	return out.Customer, nil
}
