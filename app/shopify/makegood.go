package shopify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"afterglow/app/ids"
	"afterglow/app/money"
)

// Replacement is an order that is sent for nothing in the place of another.
type Replacement struct {
	Customer int64 // 0: Email
	Email    string
	Lines    []ReplacementLine
	To       GateAddress
	Note     string
	Tag      string // by which it is found again
}

// ReplacementLine is so many of a variant.
type ReplacementLine struct {
	Variant  int64 `json:"variant"`
	Quantity int64 `json:"quantity"`
}

// Draft is a draft order, and the order that it became.
type Draft struct {
	ID     string   `json:"id"`
	Status string   `json:"status"`
	Tags   []string `json:"tags"`
	Total  Money    `json:"totalPriceSet"`
	Order  *struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"order"`
}

// DraftTagged finds the draft order with a tag; nil when there is none. More than
// one is an answer that cannot be trusted.
func (c *Client) DraftTagged(ctx context.Context, tag string) (*Draft, error) {
	var out struct {
		Drafts connection[Draft] `json:"draftOrders"`
	}
	denied, err := c.Do(ctx, docDraftTagged, map[string]any{"query": "tag:" + tag}, &out)
	if err != nil {
		return nil, fmt.Errorf("find draft order: %w", err)
	}
	if len(denied) > 0 {
		return nil, ErrAccessDenied
	}
	found := slices.DeleteFunc(out.Drafts.Nodes, func(d Draft) bool { return !slices.Contains(d.Tags, tag) })
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return &found[0], nil
	}
	return nil, ErrAnswer.With(fmt.Errorf("%d draft orders have one tag", len(found)))
}

// CreateDraft makes a draft order whose goods cost nothing.
func (c *Client) CreateDraft(ctx context.Context, r Replacement) (*Draft, error) {
	lines := []map[string]any{}
	for _, l := range r.Lines {
		lines = append(lines, map[string]any{"variantId": ids.GID("ProductVariant", l.Variant), "quantity": l.Quantity})
	}
	to := map[string]any{"firstName": r.To.FirstName, "lastName": r.To.LastName, "company": r.To.Company, "address1": r.To.Address1, "address2": r.To.Address2,
		"city": r.To.City, "zip": r.To.Zip, "countryCode": r.To.CountryCode, "phone": r.To.Phone}
	if r.To.ProvinceCode != "" {
		to["provinceCode"] = r.To.ProvinceCode
	}
	in := map[string]any{"lineItems": lines, "note": r.Note, "tags": []string{r.Tag}, "shippingAddress": to, "email": r.Email,
		"appliedDiscount": map[string]any{"title": "Replacement", "value": 100, "valueType": "PERCENTAGE"}}
	if r.Customer != 0 {
		in["purchasingEntity"] = map[string]any{"customerId": ids.GID("Customer", r.Customer)}
	}
	var out struct {
		Create struct {
			Draft  *Draft      `json:"draftOrder"`
			Errors []UserError `json:"userErrors"`
		} `json:"draftOrderCreate"`
	}
	if _, err := c.Do(ctx, docDraftCreate, map[string]any{"input": in}, &out); err != nil {
		return nil, fmt.Errorf("create draft order: %w", err)
	}
	if err := Refuse(out.Create.Errors); err != nil {
		return nil, err
	}
	if out.Create.Draft == nil {
		return nil, ErrAnswer.With(fmt.Errorf("draft order is missing"))
	}
	return out.Create.Draft, nil
}

// CompleteDraft makes an order of a draft order and returns its id.
func (c *Client) CompleteDraft(ctx context.Context, draft string) (gid string, err error) {
	var out struct {
		Complete struct {
			Draft  *Draft      `json:"draftOrder"`
			Errors []UserError `json:"userErrors"`
		} `json:"draftOrderComplete"`
	}
	if _, err := c.Do(ctx, docDraftComplete, map[string]any{"id": draft}, &out); err != nil {
		return "", fmt.Errorf("complete draft order: %w", err)
	}
	if err := Refuse(out.Complete.Errors); err != nil {
		return "", err
	}
	if out.Complete.Draft == nil || out.Complete.Draft.Order == nil {
		return "", ErrAnswer.With(fmt.Errorf("the draft order's order is missing"))
	}
	return out.Complete.Draft.Order.ID, nil
}

// CreditGift is store credit given for nothing. Shopify takes no key for it; the
// second at which it ends tells one gift from another.
type CreditGift struct {
	Customer int64
	Amount   money.Amount
	EndsAt   time.Time // whole seconds
}

// creditMoved is a credit as Shopify shows it.
type creditMoved struct {
	ID        string     `json:"id"`
	CreatedAt time.Time  `json:"createdAt"`
	ExpiresAt *time.Time `json:"expiresAt"`
	Amount    moneyV2    `json:"amount"`
}

// GiveCredit puts store credit on a customer's account.
func (c *Client) GiveCredit(ctx context.Context, g CreditGift) (account string, err error) {
	credit := map[string]any{"creditAmount": map[string]any{"amount": g.Amount.Decimal(), "currencyCode": g.Amount.Currency},
		"expiresAt": g.EndsAt.UTC().Format(time.RFC3339), "notify": false}
	var out struct {
		Credit struct {
			Transaction *struct {
				Account struct {
					ID string `json:"id"`
				} `json:"account"`
			} `json:"storeCreditAccountTransaction"`
			Errors []UserError `json:"userErrors"`
		} `json:"storeCreditAccountCredit"`
	}
	if _, err := c.Do(ctx, docStoreCreditAdd, map[string]any{"id": ids.GID("Customer", g.Customer), "credit": credit}, &out); err != nil {
		return "", fmt.Errorf("give store credit: %w", err)
	}
	if err := Refuse(out.Credit.Errors); err != nil {
		return "", err
	}
	if out.Credit.Transaction == nil {
		return "", ErrAnswer.With(fmt.Errorf("store credit transaction is missing"))
	}
	return out.Credit.Transaction.Account.ID, nil
}

// CreditGiven looks for a gift among the account's latest credits since an
// instant. Two that look alike are an answer that cannot be trusted.
func (c *Client) CreditGiven(ctx context.Context, g CreditGift, since time.Time) (account string, found bool, err error) {
	var out struct {
		Customer *struct {
			Accounts connection[struct {
				ID           string                  `json:"id"`
				Transactions connection[creditMoved] `json:"transactions"`
			}] `json:"storeCreditAccounts"`
		} `json:"customer"`
	}
	denied, err := c.Do(ctx, docStoreCreditRecent, map[string]any{"id": ids.GID("Customer", g.Customer)}, &out)
	if err != nil {
		return "", false, fmt.Errorf("read store credit: %w", err)
	}
	if len(denied) > 0 || out.Customer == nil {
		return "", false, ErrAccessDenied
	}
	for _, a := range out.Customer.Accounts.Nodes {
		for _, t := range a.Transactions.Nodes {
			amount, err := t.Amount.amount()
			if err != nil || t.ExpiresAt == nil || !t.ExpiresAt.Equal(g.EndsAt) || t.CreatedAt.Before(since) || amount != g.Amount {
				continue
			}
			if found {
				return "", false, ErrAnswer.With(fmt.Errorf("two credits look alike"))
			}
			account, found = a.ID, true
		}
	}
	return account, found, nil
}
