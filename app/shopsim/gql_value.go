package shopsim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/money"
)

// Things of value that the app gives out: discount codes, store credit, gift
// cards.

func discountCodeNode(d *Discount) any {
	if d == nil || d.Code == "" {
		return nil
	}
	return node{"DiscountCodeNode", d}
}

func init() {
	on("DiscountCodeNode", map[string]func(*call, *Discount, args) any{
		"id": func(_ *call, d *Discount, _ args) any { return gid("DiscountCodeNode", d.ID) },
		"codeDiscount": func(_ *call, d *Discount, _ args) any {
			if d.Type == "free_shipping" {
				return node{"DiscountCodeFreeShipping", d}
			}
			return node{"DiscountCodeBasic", d}
		},
	})
	for _, typ := range []string{"DiscountCodeBasic", "DiscountCodeFreeShipping"} {
		on(typ, map[string]func(*call, *Discount, args) any{
			"title":                  func(_ *call, d *Discount, _ args) any { return d.Title },
			"status":                 func(c *call, d *Discount, _ args) any { return d.status(c.sim.Now()) },
			"startsAt":               func(_ *call, d *Discount, _ args) any { return d.StartsAt },
			"endsAt":                 func(_ *call, d *Discount, _ args) any { return d.EndsAt },
			"createdAt":              func(_ *call, d *Discount, _ args) any { return d.CreatedAt },
			"updatedAt":              func(_ *call, d *Discount, _ args) any { return d.UpdatedAt },
			"asyncUsageCount":        func(_ *call, d *Discount, _ args) any { return d.Used },
			"appliesOncePerCustomer": func(_ *call, d *Discount, _ args) any { return d.OncePer },
			"codesCount":             func(*call, *Discount, args) any { return node{"Count", 1} },
			"usageLimit": func(_ *call, d *Discount, _ args) any {
				if d.UsageLimit == 0 {
					return nil
				}
				return d.UsageLimit
			},
			"codes": func(_ *call, d *Discount, _ args) any {
				return []entry{{node: node{"DiscountRedeemCode", d}, id: d.CodeID}}
			},
		})
	}
	on("DiscountRedeemCode", map[string]func(*call, *Discount, args) any{
		"id":              func(_ *call, d *Discount, _ args) any { return gid("DiscountRedeemCode", d.CodeID) },
		"code":            func(_ *call, d *Discount, _ args) any { return d.Code },
		"asyncUsageCount": func(_ *call, d *Discount, _ args) any { return d.Used },
	})
	on("GiftCard", map[string]func(*call, *GiftCard, args) any{
		"id":             func(_ *call, g *GiftCard, _ args) any { return gid("GiftCard", g.ID) },
		"lastCharacters": func(_ *call, g *GiftCard, _ args) any { return strings.ToLower(g.Code[len(g.Code)-4:]) },
		"maskedCode": func(_ *call, g *GiftCard, _ args) any {
			return "•••• •••• •••• " + strings.ToLower(g.Code[len(g.Code)-4:])
		},
		"balance":      func(_ *call, g *GiftCard, _ args) any { return sum(g.Balance, g.Currency) },
		"initialValue": func(_ *call, g *GiftCard, _ args) any { return sum(g.Initial, g.Currency) },
		"expiresOn":    func(_ *call, g *GiftCard, _ args) any { return blank(g.ExpiresOn) },
		"note":         func(_ *call, g *GiftCard, _ args) any { return blank(g.Note) },
		"enabled":      func(_ *call, g *GiftCard, _ args) any { return !g.Disabled },
		"createdAt":    func(_ *call, g *GiftCard, _ args) any { return g.CreatedAt },
		"updatedAt":    func(_ *call, g *GiftCard, _ args) any { return g.CreatedAt },
		"customer":     func(c *call, g *GiftCard, _ args) any { return customerNode(c.t.customers.rows[g.CustomerID]) },
	})
}

// mistake is a refusal with the code its mutation gives it.
type mistake struct{ userError }

func (m *mistake) Error() string { return m.message }

func bad(code, message string, field ...string) error {
	return &mistake{userError{code, field, message}}
}

// caught turns mistakes into user errors.
func caught(err error) (*payload, error) {
	if m, ok := err.(*mistake); ok {
		return mistakes(m.userError), nil
	}
	return wrong(err, "INVALID")
}

func mutateDiscount(c *call, a args) (*payload, error) {
	var d *Discount
	err := c.sim.write(func(t *tx) (err error) {
		if d, err = c.newDiscount(t, a.obj("basicCodeDiscount")); err != nil {
			return err
		}
		add(t, t.discounts, d)
		t.enter(c.shop.ID, LedgerEntry{Kind: "discount_code", Amount: d.Value, Currency: map[bool]string{true: c.shop.Currency}[d.Type == "fixed_amount"], Code: d.Code, Subject: d.ID, By: c.by,
			Customer: firstOf(d.CustomerIDs)})
		return nil
	})
	if err != nil {
		return caught(err)
	}
	return &payload{vals: map[string]any{"codeDiscountNode": node{"DiscountCodeNode", d}}}, nil
}

func firstOf(list []int64) int64 {
	if len(list) == 0 {
		return 0
	}
	return list[0]
}

func (c *call) newDiscount(t *tx, in args) (*Discount, error) {
	const at = "basicCodeDiscount"
	d := &Discount{ID: t.id("discount"), CodeID: t.id("other"), ShopID: c.shop.ID, Title: in.str("title"), Code: in.str("code"), UsageLimit: in.num("usageLimit"),
		OncePer: in.flag("appliesOncePerCustomer"), CreatedAt: t.now, UpdatedAt: t.now, ByApp: true}
	switch {
	case d.Title == "":
		return nil, bad("BLANK", "Title can't be blank", at, "title")
	case d.Code == "":
		return nil, bad("BLANK", "Code can't be blank", at, "code")
	case len(d.Code) > 255:
		return nil, bad("TOO_LONG", "Code is too long (maximum is 255 characters)", at, "code")
	case t.discountByCode(c.shop.ID, d.Code) != nil:
		return nil, bad("TAKEN", "Code must be unique. Please try a different code.", at, "code")
	case !in.has("startsAt"):
		return nil, bad("BLANK", "Starts at can't be blank", at, "startsAt")
	case in.has("usageLimit") && d.UsageLimit < 1:
		return nil, bad("GREATER_THAN", "Usage limit must be greater than 0", at, "usageLimit")
	case in.has("context") == in.has("customerSelection"):
		return nil, bad("INVALID", "Exactly one of context and customerSelection must be given", at, "context")
	}
	starts, err := timeOf(in.str("startsAt"))
	if err != nil {
		return nil, bad("INVALID", err.Error(), at, "startsAt")
	}
	d.StartsAt = *starts
	if in.has("endsAt") {
		if d.EndsAt, err = timeOf(in.str("endsAt")); err != nil {
			return nil, bad("INVALID", err.Error(), at, "endsAt")
		}
		if !d.EndsAt.After(d.StartsAt) {
			return nil, bad("END_DATE_BEFORE_START_DATE", "Ends at needs to be after starts at", at, "endsAt")
		}
	}
	if err := c.discountBuyers(t, d, in); err != nil {
		return nil, err
	}
	if err := c.discountValue(d, in.obj("customerGets")); err != nil {
		return nil, err
	}
	if req := in.obj("minimumRequirement"); req != nil {
		if req.has("quantity") {
			return nil, bad("INVALID", "a minimum quantity is not implemented by the simulation", at, "minimumRequirement")
		}
		m, err := money.Parse(req.obj("subtotal").decimal("greaterThanOrEqualToSubtotal"), c.shop.Currency)
		if err != nil {
			return nil, bad("INVALID", err.Error(), at, "minimumRequirement", "subtotal")
		}
		d.Minimum = m.Minor
	}
	return d, nil
}

func (c *call) discountBuyers(t *tx, d *Discount, in args) error {
	const at = "basicCodeDiscount"
	context := in.obj("context")
	if context == nil {
		return bad("INVALID", "customerSelection is not implemented by the simulation: use context", at, "customerSelection")
	}
	if context.has("all") {
		return nil
	}
	customers := context.obj("customers")
	if customers == nil {
		return bad("INVALID", "only all and customers are implemented by the simulation", at, "context")
	}
	d.CustomerIDs = []int64{}
	for _, text := range customers.strs("add") {
		kind, id, err := ids.ParseGID(text)
		if v := t.customers.rows[id]; err != nil || kind != "Customer" || v == nil || v.ShopID != c.shop.ID || v.Deleted {
			return bad("INVALID", "Customer with id "+text+" does not exist", at, "context", "customers", "add")
		}
		d.CustomerIDs = append(d.CustomerIDs, id)
	}
	return nil
}

func (c *call) discountValue(d *Discount, gets args) error {
	const at = "basicCodeDiscount"
	value, items := gets.obj("value"), gets.obj("items")
	switch {
	case value.has("percentage") && value.has("discountAmount"):
		return bad("INVALID", "Only one of percentage and discountAmount may be given", at, "customerGets", "value")
	case value.has("percentage"):
		n, err := scaled(value.decimal("percentage"), 6)
		if err != nil || n <= 0 || n > 1e6 {
			return bad("VALUE_OUTSIDE_RANGE", "Value must be between 0.0 and 1.0", at, "customerGets", "value", "percentage")
		}
		d.Type, d.Value = "percentage", trimDecimal(fmt.Sprintf("%d.%04d", n/1e4, n%1e4))
	case value.has("discountAmount"):
		m, err := money.Parse(value.obj("discountAmount").decimal("amount"), c.shop.Currency)
		if err != nil || m.Minor <= 0 {
			return bad("GREATER_THAN", "Value must be greater than 0", at, "customerGets", "value", "discountAmount")
		}
		d.Type, d.Value = "fixed_amount", m.Decimal()
	default:
		return bad("BLANK", "Value can't be blank", at, "customerGets", "value")
	}
	switch {
	case items.flag("all"):
	case items.has("products"):
		for _, text := range items.obj("products").strs("productsToAdd") {
			kind, id, err := ids.ParseGID(text)
			if err != nil || kind != "Product" {
				return bad("INVALID", "Product with id "+text+" does not exist", at, "customerGets", "items")
			}
			d.ProductIDs = append(d.ProductIDs, id)
		}
	default:
		return bad("BLANK", "Items in 'customer gets' must be defined", at, "customerGets", "items")
	}
	return nil
}

func mutateDiscountEnd(c *call, a args) (*payload, error) {
	id := a.id("id", "DiscountCodeNode")
	err := c.sim.write(func(t *tx) error {
		d := edit(t, t.discounts, id)
		if d == nil || d.ShopID != c.shop.ID {
			return bad("INVALID", "Code discount does not exist.", "id")
		}
		if d.EndsAt == nil || d.EndsAt.After(t.now) {
			at := t.now
			d.EndsAt = &at
		}
		d.UpdatedAt = t.now
		return nil
	})
	if err != nil {
		return caught(err)
	}
	return &payload{vals: map[string]any{"codeDiscountNode": func(c *call) any { return discountCodeNode(c.t.discounts.rows[id]) }}}, nil
}

// maxCredit is the most a store credit account may hold, in whole units of its
// currency.
const maxCredit = 100_000

func mutateCredit(c *call, a args) (*payload, error) {
	in := a.obj("creditInput")
	sum, until := in.obj("creditAmount"), in.str("expiresAt")
	return c.moveCredit(a, sum, func(t *tx, customer int64, m money.Amount) error {
		var expires *time.Time
		if until != "" {
			at, err := timeOf(until)
			if err != nil || !at.After(t.now) {
				return bad("EXPIRES_AT_IN_PAST", "The expiry date must be in the future.", "creditInput", "expiresAt")
			}
			expires = at
		}
		if acc := t.creditAccount(customer, m.Currency); acc != nil && acc.Balance+m.Minor > money.New(maxCredit*100, m.Currency).Minor {
			return bad("CREDIT_LIMIT_EXCEEDED", "The operation would cause the account's credit limit to be exceeded.", "creditInput", "creditAmount")
		}
		return t.moveCredit(customer, m.Currency, m.Minor, "ADJUSTMENT", 0, expires)
	}, "creditInput", "creditAmount", "store_credit")
}

func mutateDebit(c *call, a args) (*payload, error) {
	return c.moveCredit(a, a.obj("debitInput").obj("debitAmount"), func(t *tx, customer int64, m money.Amount) error {
		acc := t.creditAccount(customer, m.Currency)
		if acc == nil {
			return bad("ACCOUNT_NOT_FOUND", "The store credit account could not be found.", "id")
		}
		if acc.Balance < m.Minor {
			return bad("INSUFFICIENT_FUNDS", "The store credit account does not have sufficient funds to satisfy the request.", "debitInput", "debitAmount")
		}
		return t.moveCredit(customer, m.Currency, -m.Minor, "ADJUSTMENT", 0, nil)
	}, "debitInput", "debitAmount", "store_credit_debit")
}

// moveCredit is what credit and debit share: whose account, how much, and the
// ledger.
func (c *call) moveCredit(a, amount args, fn func(*tx, int64, money.Amount) error, outer, inner, kind string) (*payload, error) {
	var account int64
	err := c.sim.write(func(t *tx) error {
		m, err := money.Parse(amount.decimal("amount"), amount.str("currencyCode"))
		if err != nil || m.Minor <= 0 {
			return bad("NEGATIVE_OR_ZERO_AMOUNT", "A positive amount must be used.", outer, inner, "amount")
		}
		customer := a.id("id", "Customer")
		if id := a.id("id", "StoreCreditAccount"); id != 0 {
			acc := t.credits.rows[id]
			if acc == nil || acc.ShopID != c.shop.ID {
				return bad("ACCOUNT_NOT_FOUND", "The store credit account could not be found.", "id")
			}
			if acc.Currency != m.Currency {
				return bad("MISMATCHING_CURRENCY", "The currency provided does not match the currency of the store credit account.", outer, inner, "currencyCode")
			}
			customer = acc.CustomerID
		}
		if v := t.customers.rows[customer]; v == nil || v.ShopID != c.shop.ID || v.Deleted {
			return bad(map[bool]string{true: "OWNER_NOT_FOUND", false: "ACCOUNT_NOT_FOUND"}[kind == "store_credit"], "The owner does not exist.", "id")
		}
		if m.Currency != c.shop.Currency && kind == "store_credit" {
			return bad("UNSUPPORTED_CURRENCY", "The currency provided is not currently supported.", outer, inner, "currencyCode")
		}
		if err := fn(t, customer, m); err != nil {
			return err
		}
		acc := t.lastCredit(customer, m.Currency)
		account = acc.ID
		t.enter(c.shop.ID, LedgerEntry{Kind: kind, Amount: m.Decimal(), Currency: m.Currency, Customer: customer, Subject: acc.Entries[len(acc.Entries)-1].ID, By: c.by})
		return nil
	})
	if err != nil {
		return caught(err)
	}
	return &payload{vals: map[string]any{"storeCreditAccountTransaction": func(c *call) any {
		acc := c.t.credits.rows[account]
		return creditNode(acc, acc.Entries[len(acc.Entries)-1], acc.Balance)
	}}}, nil
}

// lastCredit is the account this transaction has just changed.
func (t *tx) lastCredit(customer int64, currency string) *CreditAccount {
	for i := len(t.dirty) - 1; i >= 0; i-- {
		if acc, ok := t.dirty[i].Val.(*CreditAccount); ok && acc.CustomerID == customer && acc.Currency == currency {
			return acc
		}
	}
	return t.creditAccount(customer, currency)
}

var giftCode = regexp.MustCompile(`^[A-Za-z0-9]{8,20}$`)

func mutateGiftCard(c *call, a args) (*payload, error) {
	in := a.obj("input")
	var card *GiftCard
	err := c.sim.write(func(t *tx) error {
		value := in.obj("initialAmount")
		text, currency := value.decimal("amount"), value.str("currencyCode")
		if value == nil {
			text, currency = in.decimal("initialValue"), c.shop.Currency
		}
		m, err := money.Parse(text, or(currency, c.shop.Currency))
		code := strings.ToUpper(or(in.str("code"), randomHex(8)))
		customer := in.id("customerId", "Customer")
		switch {
		case err != nil || m.Minor <= 0:
			return bad("GREATER_THAN", "Initial value must be greater than 0", "input", "initialAmount")
		case m.Currency != c.shop.Currency:
			return bad("INVALID", "Currency is not supported", "input", "initialAmount")
		case len(code) < 8:
			return bad("TOO_SHORT", "Code is too short (minimum is 8 characters)", "input", "code")
		case len(code) > 20:
			return bad("TOO_LONG", "Code is too long (maximum is 20 characters)", "input", "code")
		case !giftCode.MatchString(code):
			return bad("INVALID", "Code may only contain letters and numbers", "input", "code")
		case t.giftCard(c.shop.ID, code) != nil:
			return bad("TAKEN", "Code has already been taken", "input", "code")
		case in.has("customerId") && (t.customers.rows[customer] == nil || t.customers.rows[customer].ShopID != c.shop.ID):
			return bad("CUSTOMER_NOT_FOUND", "The customer could not be found.", "input", "customerId")
		case in.has("customerId") && !hasScope(c.token.Scopes, "write_customers"):
			return &graphError{Message: "Access denied for giftCardCreate field. Required access: `write_customers` access scope.", Extensions: map[string]any{"code": "ACCESS_DENIED"}}
		}
		card = t.newGiftCard(c.shop.ID, GiftCard{Code: code, Initial: m.Minor, Currency: m.Currency, CustomerID: customer, Note: in.str("note"), ExpiresOn: in.str("expiresOn")}, c.by)
		return nil
	})
	if err != nil {
		return caught(err)
	}
	return &payload{vals: map[string]any{"giftCard": node{"GiftCard", card}, "giftCardCode": strings.ToLower(card.Code)}}, nil
}

// bulkStatuses in which an operation still runs.
var bulkRunning = []string{"CREATED", "RUNNING", "CANCELING"}

func (b *BulkOperation) running() bool { return slices.Contains(bulkRunning, b.Status) }
