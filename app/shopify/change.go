package shopify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/money"
)

// Gate is an order as far as changing it before it is sent is concerned.
type Gate struct {
	ID                  ID               `json:"id"`
	CancelledAt         *time.Time       `json:"cancelledAt"`
	Fulfillment         string           `json:"displayFulfillmentStatus"`
	Financial           string           `json:"displayFinancialStatus"`
	Editable            bool             `json:"merchantEditable"`
	Currency            string           `json:"currencyCode"`
	PresentmentCurrency string           `json:"presentmentCurrencyCode"`
	Total               Money            `json:"currentTotalPriceSet"`
	Paid                Money            `json:"netPaymentSet"` // after refunds
	Refunded            Money            `json:"totalRefundedSet"`
	Customer            *struct{ ID ID } `json:"customer"`
	Shipping            *GateAddress     `json:"shippingAddress"`
	Collection          struct {
		URL *string `json:"additionalPaymentCollectionUrl"`
	} `json:"paymentCollectionDetails"`
	FulfillmentOrders connection[FulfillmentOrder] `json:"fulfillmentOrders"`
	LineItems         connection[GateLine]         `json:"lineItems"`
	Refunds           []GateRefund                 `json:"refunds"`
	Payments          []GatePayment                `json:"transactions"`
}

// GateAddress is where the order goes.
type GateAddress struct {
	FirstName    string `json:"firstName"`
	LastName     string `json:"lastName"`
	Company      string `json:"company"`
	Address1     string `json:"address1"`
	Address2     string `json:"address2"`
	City         string `json:"city"`
	Province     string `json:"province"`
	ProvinceCode string `json:"provinceCode"`
	Zip          string `json:"zip"`
	CountryCode  string `json:"countryCodeV2"`
	Phone        string `json:"phone"`
}

// FulfillmentOrder is what a warehouse has been given to send.
type FulfillmentOrder struct {
	ID            ID     `json:"id"`
	Status        string `json:"status"`
	RequestStatus string `json:"requestStatus"`
	Holds         []Hold `json:"fulfillmentHolds"`
	Parcels       connection[struct {
		ID ID `json:"id"`
	}] `json:"fulfillments"` // the first, when part of it was sent
}

// Begun tells whether part of it was sent and the rest was not.
func (f FulfillmentOrder) Begun() bool { return f.Status == "IN_PROGRESS" && len(f.Parcels.Nodes) > 0 }

// Hold stops a warehouse until it is released.
type Hold struct {
	ID     ID     `json:"id"`
	Handle string `json:"handle"`
	Ours   bool   `json:"heldByRequestingApp"`
}

// Held returns the id of our hold with a handle, 0 for none.
func (f FulfillmentOrder) Held(handle string) ID {
	for _, h := range f.Holds {
		if h.Ours && h.Handle == handle {
			return h.ID
		}
	}
	return 0
}

// GateLine is how many of a line are left, and how many of those to be sent.
type GateLine struct {
	ID          ID               `json:"id"`
	Current     int64            `json:"currentQuantity"`
	Unfulfilled int64            `json:"unfulfilledQuantity"`
	Variant     *struct{ ID ID } `json:"variant"`
}

// Sent is how many of it have left.
func (l GateLine) Sent() int64 { return max(0, l.Current-l.Unfulfilled) }

// VariantID is 0 when the variant was deleted.
func (l GateLine) VariantID() int64 {
	if l.Variant == nil {
		return 0
	}
	return int64(l.Variant.ID)
}

// GateRefund is one refund.
type GateRefund struct {
	ID    ID     `json:"id"`
	Note  string `json:"note"`
	Money Money  `json:"totalRefundedSet"`
}

// GatePayment is one movement of money.
type GatePayment struct {
	ID      ID               `json:"id"`
	Kind    string           `json:"kind"`
	Status  string           `json:"status"`
	Gateway string           `json:"gateway"`
	Parent  *struct{ ID ID } `json:"parentTransaction"`
	Amount  Money            `json:"amountSet"`
}

// Line returns a line, nil when the order does not have it.
func (g *Gate) Line(id int64) *GateLine {
	for i := range g.LineItems.Nodes {
		if int64(g.LineItems.Nodes[i].ID) == id {
			return &g.LineItems.Nodes[i]
		}
	}
	return nil
}

// Owed is what the shopper paid too much, in their currency; negative: what is
// still to be paid.
func (g *Gate) Owed() money.Amount {
	return money.New(g.Paid.Presentment.Minor-g.Total.Presentment.Minor, g.PresentmentCurrency)
}

// Gate reads how an order stands at this moment. It returns ErrOrderMissing for
// one that was deleted.
func (c *Client) Gate(ctx context.Context, order int64) (*Gate, error) {
	var out struct {
		Order *Gate `json:"order"`
	}
	denied, err := c.Do(ctx, docOrderGate, map[string]any{"id": ids.GID("Order", order)}, &out)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read order %d: %w", order, err)
	case len(denied) > 0:
		return nil, ErrAccessDenied
	case out.Order == nil:
		return nil, ErrOrderMissing
	}
	return out.Order, nil
}

// CancelOrder cancels an order whole and gives back what was paid: to where it
// came from, or as store credit. Shopify does it in its own time: the returned job
// tells, or "" when it did not say.
func (c *Client) CancelOrder(ctx context.Context, order int64, reason, note string, credit bool) (job string, err error) {
	method := map[string]any{"originalPaymentMethodsRefund": true}
	if credit {
		method = map[string]any{"storeCreditRefund": map[string]any{}}
	}
	var out struct {
		Cancel struct {
			Job *struct {
				ID string `json:"id"`
			} `json:"jobResult"`
			Errors []UserError `json:"orderCancelUserErrors"`
		} `json:"orderCancel"`
	}
	vars := map[string]any{"orderId": ids.GID("Order", order), "reason": reason, "restock": true, "refundMethod": method, "notifyCustomer": false, "staffNote": note}
	if _, err := c.Do(ctx, docOrderCancel, vars, &out); err != nil {
		return "", fmt.Errorf("cancel order %d: %w", order, err)
	}
	if err := Refuse(out.Cancel.Errors); err != nil {
		return "", err
	}
	if out.Cancel.Job != nil {
		job = out.Cancel.Job.ID
	}
	return job, nil
}

// CancelFailed asks a cancellation's job. It returns a *Refused when Shopify gave
// it up.
func (c *Client) CancelFailed(ctx context.Context, job string) error {
	if job == "" {
		return nil
	}
	var out struct {
		Node *struct {
			Status string      `json:"status"`
			Errors []UserError `json:"errors"`
		} `json:"node"`
	}
	if _, err := c.Do(ctx, docOrderCancelResult, map[string]any{"id": job}, &out); err != nil {
		return fmt.Errorf("read cancellation: %w", err)
	}
	if out.Node == nil {
		return nil
	}
	return Refuse(out.Node.Errors)
}

// ChangeAddress replaces the address that an order goes to, whole.
func (c *Client) ChangeAddress(ctx context.Context, order int64, a GateAddress) error {
	to := map[string]any{"firstName": a.FirstName, "lastName": a.LastName, "company": a.Company, "address1": a.Address1, "address2": a.Address2,
		"city": a.City, "zip": a.Zip, "countryCode": a.CountryCode, "phone": a.Phone}
	if a.ProvinceCode != "" {
		to["provinceCode"] = a.ProvinceCode
	}
	var out struct {
		Update struct {
			Errors []UserError `json:"userErrors"`
		} `json:"orderUpdate"`
	}
	in := map[string]any{"id": ids.GID("Order", order), "shippingAddress": to}
	if _, err := c.Do(ctx, docOrderAddress, map[string]any{"input": in}, &out); err != nil {
		return fmt.Errorf("change address of order %d: %w", order, err)
	}
	return Refuse(out.Update.Errors)
}

// HoldFulfillment stops the warehouse. The handle is unique among our holds on the
// fulfillment order.
func (c *Client) HoldFulfillment(ctx context.Context, fulfillmentOrder int64, handle, why string) error {
	var out struct {
		Hold struct {
			Errors []UserError `json:"userErrors"`
		} `json:"fulfillmentOrderHold"`
	}
	hold := map[string]any{"reason": "OTHER", "reasonNotes": why, "handle": handle, "notifyMerchant": false}
	if _, err := c.Do(ctx, docFulfillmentHold, map[string]any{"id": ids.GID("FulfillmentOrder", fulfillmentOrder), "fulfillmentHold": hold}, &out); err != nil {
		return fmt.Errorf("hold fulfillment order %d: %w", fulfillmentOrder, err)
	}
	out.Hold.Errors = slices.DeleteFunc(out.Hold.Errors, func(e UserError) bool { return e.Code == "DUPLICATE_FULFILLMENT_HOLD_HANDLE" })
	return Refuse(out.Hold.Errors)
}

// ReleaseHold lets the warehouse go on, as far as it was this hold that stopped it.
func (c *Client) ReleaseHold(ctx context.Context, fulfillmentOrder int64, hold ID) error {
	var out struct {
		Release struct {
			Errors []UserError `json:"userErrors"`
		} `json:"fulfillmentOrderReleaseHold"`
	}
	vars := map[string]any{"id": ids.GID("FulfillmentOrder", fulfillmentOrder), "holdIds": []string{ids.GID("FulfillmentHold", int64(hold))}}
	if _, err := c.Do(ctx, docFulfillmentRelease, vars, &out); err != nil {
		return fmt.Errorf("release hold of fulfillment order %d: %w", fulfillmentOrder, err)
	}
	return Refuse(out.Release.Errors)
}

// Variant is one of a product's choices.
type Variant struct {
	ID        ID     `json:"id"`
	Title     string `json:"title"`
	Price     string `json:"price"` // in the shop's currency
	Available bool   `json:"availableForSale"`
	Oversold  string `json:"inventoryPolicy"`   // CONTINUE: is sold when there is none
	Stock     *int64 `json:"inventoryQuantity"` // nil: nobody counts
	Item      struct {
		Tracked bool `json:"tracked"`
	} `json:"inventoryItem"`
}

// Left is how many can be sold; unlimited when nobody counts or the shop sells on.
func (v Variant) Left() (n int64, limited bool) {
	if !v.Item.Tracked || v.Stock == nil || v.Oversold != "DENY" {
		return 0, false
	}
	return max(0, *v.Stock), true
}

// Variants lists a product's choices; none when it was deleted.
func (c *Client) Variants(ctx context.Context, product int64) ([]Variant, error) {
	var out struct {
		Product *struct {
			Variants connection[Variant] `json:"variants"`
		} `json:"product"`
	}
	if _, err := c.Do(ctx, docProductVariants, map[string]any{"id": ids.GID("Product", product)}, &out); err != nil {
		return nil, fmt.Errorf("read variants of %d: %w", product, err)
	}
	if out.Product == nil {
		return nil, nil
	}
	return out.Product.Variants.Nodes, nil
}

// Edit is an open edit of an order. Nothing is saved before Commit.
type Edit struct {
	c           *Client
	id          string
	order       int64
	lines       []editLine
	Outstanding Money // what would have to be paid afterwards; less than nothing: goes back
}

type editLine struct {
	ID       string           `json:"id"`
	Quantity int64            `json:"quantity"`
	Variant  *struct{ ID ID } `json:"variant"`
}

type editAnswer struct {
	Calculated *struct {
		Outstanding Money                `json:"totalOutstandingSet"`
		Lines       connection[editLine] `json:"lineItems"`
	} `json:"calculatedOrder"`
	Session *struct {
		ID string `json:"id"`
	} `json:"orderEditSession"`
	Errors []UserError `json:"userErrors"`
}

// BeginEdit opens an edit.
func (c *Client) BeginEdit(ctx context.Context, order int64) (*Edit, error) {
	e := &Edit{c: c, order: order}
	a, err := e.step(ctx, docOrderEditBegin, "orderEditBegin", map[string]any{"id": ids.GID("Order", order)})
	if err != nil {
		return nil, err
	}
	if a.Session == nil {
		return nil, ErrAnswer.With(fmt.Errorf("edit session is missing"))
	}
	e.id, e.lines = a.Session.ID, a.Calculated.Lines.Nodes
	return e, nil
}

func (e *Edit) step(ctx context.Context, doc Document, field string, vars map[string]any) (editAnswer, error) {
	out := map[string]editAnswer{}
	if _, err := e.c.Do(ctx, doc, vars, &out); err != nil {
		return editAnswer{}, fmt.Errorf("edit order %d: %w", e.order, err)
	}
	a := out[field]
	if err := Refuse(a.Errors); err != nil {
		return a, err
	}
	if a.Calculated == nil {
		return a, ErrAnswer.With(fmt.Errorf("calculated order is missing"))
	}
	e.Outstanding = a.Calculated.Outstanding
	return a, nil
}

// line finds a line of the order in the edit: by its number, which Shopify keeps,
// or as the only one with its variant and quantity.
func (e *Edit) line(l *GateLine) (string, error) {
	found := []string{}
	for _, x := range e.lines {
		if strings.HasSuffix(x.ID, fmt.Sprintf("/%d", l.ID)) {
			return x.ID, nil
		}
		if x.Variant != nil && int64(x.Variant.ID) == l.VariantID() && x.Quantity == l.Current {
			found = append(found, x.ID)
		}
	}
	if len(found) != 1 {
		return "", &Refused{Reason: "The item could not be told apart from another one."}
	}
	return found[0], nil
}

// SetQuantity changes how many of a line there will be; what goes is restocked.
func (e *Edit) SetQuantity(ctx context.Context, l *GateLine, quantity int64) error {
	id, err := e.line(l)
	if err != nil {
		return err
	}
	_, err = e.step(ctx, docOrderEditSet, "orderEditSetQuantity", map[string]any{"id": e.id, "lineItemId": id, "quantity": quantity, "restock": true})
	return err
}

// Add adds so many of a variant.
func (e *Edit) Add(ctx context.Context, variant, quantity int64) error {
	_, err := e.step(ctx, docOrderEditAdd, "orderEditAddVariant", map[string]any{"id": e.id, "variantId": ids.GID("ProductVariant", variant), "quantity": quantity})
	return err
}

// Commit saves the edit. Shopify does not write to the shopper.
func (e *Edit) Commit(ctx context.Context, note string) error {
	var out struct {
		Commit struct {
			Errors []UserError `json:"userErrors"`
		} `json:"orderEditCommit"`
	}
	if _, err := e.c.Do(ctx, docOrderEditCommit, map[string]any{"id": e.id, "notifyCustomer": false, "staffNote": note}, &out); err != nil {
		return fmt.Errorf("commit edit of order %d: %w", e.order, err)
	}
	return Refuse(out.Commit.Errors)
}
