package shopify

import (
	"context"
	"fmt"
	"time"

	"afterglow/app/ids"
	"afterglow/app/money"
)

// DiscountCode is a code for one use: a share or an amount off an order.
type DiscountCode struct {
	Title    string
	Code     string
	StartsAt time.Time
	EndsAt   time.Time
	Percent  int          // of the order; 0: Amount
	Amount   money.Amount // in the shop's currency
	Minimum  money.Amount // of the order; nothing: none
	Customer int64        // the only one who may use it; 0: whoever has it
}

// CreateDiscountCode makes a code. taken says that the store has that code
// already. Other mistakes are a *Refused.
func (c *Client) CreateDiscountCode(ctx context.Context, d DiscountCode) (gid string, taken bool, err error) {
	value := map[string]any{"percentage": percentage(d.Percent)}
	if d.Percent == 0 {
		value = map[string]any{"discountAmount": map[string]any{"amount": d.Amount.Decimal(), "appliesOnEachItem": false}}
	}
	buyers := map[string]any{"all": "ALL"}
	if d.Customer != 0 {
		buyers = map[string]any{"customers": map[string]any{"add": []string{ids.GID("Customer", d.Customer)}}}
	}
	in := map[string]any{"title": d.Title, "code": d.Code, "startsAt": d.StartsAt.UTC().Format(time.RFC3339), "endsAt": d.EndsAt.UTC().Format(time.RFC3339),
		"usageLimit": 1, "appliesOncePerCustomer": true, "context": buyers,
		"customerGets": map[string]any{"value": value, "items": map[string]any{"all": true}},
		"combinesWith": map[string]any{"orderDiscounts": false, "productDiscounts": false, "shippingDiscounts": true}}
	if !d.Minimum.IsZero() {
		in["minimumRequirement"] = map[string]any{"subtotal": map[string]any{"greaterThanOrEqualToSubtotal": d.Minimum.Decimal()}}
	}
	var out struct {
		Create struct {
			Node *struct {
				ID string `json:"id"`
			} `json:"codeDiscountNode"`
			Errors []UserError `json:"userErrors"`
		} `json:"discountCodeBasicCreate"`
	}
	if _, err := c.Do(ctx, docDiscountCreate, map[string]any{"discount": in}, &out); err != nil {
		return "", false, fmt.Errorf("create discount code: %w", err)
	}
	for _, e := range out.Create.Errors {
		if e.Code == "TAKEN" || e.Code == "DUPLICATE" {
			return "", true, nil
		}
	}
	if err := Refuse(out.Create.Errors); err != nil {
		return "", false, err
	}
	if out.Create.Node == nil {
		return "", false, ErrAnswer.With(fmt.Errorf("discount is missing"))
	}
	return out.Create.Node.ID, false, nil
}

// percentage is a share as Shopify takes it, from 0 to 1, exact to the hundredth.
type percentage int

// MarshalJSON writes the share without a detour over floating point.
func (p percentage) MarshalJSON() ([]byte, error) {
	if p >= 100 {
		return []byte("1.0"), nil
	}
	return []byte("0." + fmt.Sprintf("%02d", int(p))), nil
}

// FoundDiscount is a code as the store has it.
type FoundDiscount struct {
	ID     string
	Status string // ACTIVE, EXPIRED, SCHEDULED
}

// DiscountByCode looks a code up; nil when the store does not know it.
func (c *Client) DiscountByCode(ctx context.Context, code string) (*FoundDiscount, error) {
	var out struct {
		Node *struct {
			ID       string `json:"id"`
			Discount struct {
				Status string `json:"status"`
			} `json:"codeDiscount"`
		} `json:"codeDiscountNodeByCode"`
	}
	denied, err := c.Do(ctx, docDiscountByCode, map[string]any{"code": code}, &out)
	if err != nil {
		return nil, fmt.Errorf("look up discount code: %w", err)
	}
	if out.Node == nil {
		if len(denied) > 0 {
			return nil, ErrAccessDenied
		}
		return nil, nil
	}
	return &FoundDiscount{out.Node.ID, out.Node.Discount.Status}, nil
}

// EndDiscount ends a code now. Ending one that has ended is no mistake.
func (c *Client) EndDiscount(ctx context.Context, gid string) error {
	var out struct {
		End struct {
			Errors []UserError `json:"userErrors"`
		} `json:"discountCodeDeactivate"`
	}
	if _, err := c.Do(ctx, docDiscountEnd, map[string]any{"id": gid}, &out); err != nil {
		return fmt.Errorf("end discount: %w", err)
	}
	return Refuse(out.End.Errors)
}
