package shopsim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"afterglow/app/money"

	"github.com/vektah/gqlparser/v2/ast"
)

// payload is what a mutation answers. A member that is a function is asked when
// the mutation is over.
type payload struct {
	vals map[string]any
	errs []userError
}

// userError is a mistake of the caller, as data.
type userError struct {
	code    string
	where   []string
	message string
}

func (p *payload) field(c *call, typ string, f *ast.Field) any {
	if strings.HasSuffix(f.Name, "serErrors") {
		kind := f.Definition.Type.Name()
		return list(p.errs, func(e userError) any { return node{kind, e} })
	}
	v, known := p.vals[f.Name]
	if !known && len(p.errs) == 0 {
		return notImplemented(typ, f.Name)
	}
	if later, ok := v.(func(*call) any); ok {
		return later(c)
	}
	return v
}

func (e userError) field(_ *call, typ string, f *ast.Field) any {
	switch f.Name {
	case "code":
		if e.code == "" {
			return nil
		}
		return e.code
	case "field":
		if e.where == nil {
			return nil
		}
		return e.where
	case "message":
		return e.message
	case "extraInfo", "elementIndex", "elementKey":
		return nil
	}
	return notImplemented(typ, f.Name)
}

func mistakes(errs ...userError) *payload { return &payload{errs: errs} }

// wrong turns a refusal into user errors; any other error stays one.
func wrong(err error, code string, field ...string) (*payload, error) {
	var r *Refusal
	if errors.As(err, &r) {
		if r.Field != "" && len(field) > 0 && !slices.Contains(field, r.Field) {
			field = append(field, r.Field)
		}
		return mistakes(userError{code, field, r.Detail}), nil
	}
	return nil, err
}

// theOrder reads an order after the mutation.
func theOrder(id int64) func(*call) any {
	return func(c *call) any { return orderNode(c.t.orders.rows[id]) }
}

// mutations by field name. Each runs its own transaction.
var mutations map[string]func(c *call, a args) (*payload, error)

func init() {
	mutations = map[string]func(c *call, a args) (*payload, error){
		"orderCancel": mutateCancel, "orderUpdate": mutateOrder, "refundCreate": mutateRefund,
		"orderEditBegin": mutateEditBegin, "orderEditSetQuantity": mutateEditSet, "orderEditAddVariant": mutateEditAdd, "orderEditCommit": mutateEditCommit,
		"fulfillmentCreate": mutateFulfill, "fulfillmentEventCreate": mutateEvent, "fulfillmentTrackingInfoUpdate": mutateTracking,
		"fulfillmentOrderHold": mutateHold, "fulfillmentOrderReleaseHold": mutateRelease,
		"discountCodeBasicCreate": mutateDiscount, "discountCodeDeactivate": mutateDiscountEnd,
		"storeCreditAccountCredit": mutateCredit, "storeCreditAccountDebit": mutateDebit,
		"tagsAdd": mutateTagsAdd, "tagsRemove": mutateTagsRemove, "customerEmailMarketingConsentUpdate": mutateConsent,
		"giftCardCreate": mutateGiftCard, "bulkOperationRunQuery": mutateBulk, "bulkOperationCancel": mutateBulkCancel,
		"appRevokeAccessScopes": mutateScopes,
		"draftOrderCreate":      mutateDraft, "draftOrderComplete": mutateDraftComplete, "draftOrderInvoiceSend": mutateDraftInvoice, "orderInvoiceSend": mutateOrderInvoice,
	}
}

// change runs fn in a transaction on an order the app can see. A nil order
// reaches fn when there is none.
func (c *call) change(id int64, fn func(t *tx, o *Order) error) error {
	return c.sim.write(func(t *tx) error {
		c.t = t.tables
		o := t.orders.rows[id]
		if !c.visible(o) {
			return refuse("", "Order does not exist")
		}
		return fn(t, o)
	})
}

func mutateCancel(c *call, a args) (*payload, error) {
	id := a.id("orderId", "Order")
	in := CancelInput{Reason: a.str("reason"), Restock: a.flag("restock"), Note: a.str("staffNote"), Refund: a.flag("refund")}
	method := a.obj("refundMethod")
	if a.has("refund") && method != nil {
		return mistakes(userError{"INVALID", []string{"refundMethod"}, "Only one of refund and refundMethod may be given"}), nil
	}
	if method != nil {
		in.Refund = method.flag("originalPaymentMethodsRefund")
		in.StoreCredit = method.obj("storeCreditRefund") != nil
	}
	if c.sim.Faults().API.LateRefund {
		in.Refund, in.StoreCredit = false, false
	}
	missing := false
	err := c.change(id, func(t *tx, o *Order) error {
		missing = true
		if in.StoreCredit && o.CustomerID == 0 {
			return refuse("", "The order has no customer")
		}
		if o.Financial() == "authorized" {
			return refuse("", "The order has a pending authorization")
		}
		if err := t.cancel(id, in, c.by); err != nil {
			return err
		}
		row := edit(t, t.orders, id)
		row.CancelJob = &OrderCancelResult{ID: t.id("other"), JobID: t.id("other")}
		return nil
	})
	if err != nil {
		code := "INVALID"
		if !missing {
			code = "NOT_FOUND"
		}
		return wrong(err, code, "orderId")
	}
	return &payload{vals: map[string]any{
		"job":       func(c *call) any { return node{"Job", c.t.orders.rows[id].CancelJob.JobID} },
		"jobResult": func(c *call) any { return node{"OrderCancelJobResult", c.t.orders.rows[id]} },
	}}, nil
}

func mutateOrder(c *call, a args) (*payload, error) {
	in := a.obj("input")
	id := in.id("id", "Order")
	for _, name := range []string{"metafields", "localizationExtensions", "localizedFields"} {
		if in.has(name) {
			return nil, notImplemented("OrderInput", name)
		}
	}
	err := c.change(id, func(t *tx, _ *Order) error {
		o := edit(t, t.orders, id)
		if ship := in.obj("shippingAddress"); ship != nil {
			to, err := addressOf(ship)
			if err != nil {
				return err
			}
			o.ShipTo = &to
		}
		if in.has("email") {
			if err := checkEmail(in.str("email")); err != nil {
				return refuse("email", "Email is invalid")
			}
			o.Email = in.str("email")
		}
		if in.has("phone") {
			o.Phone = in.str("phone")
		}
		if in.has("note") {
			o.Note = in.str("note")
		}
		if in.has("tags") {
			o.Tags = in.strs("tags")
		}
		if in.has("customAttributes") {
			o.Attributes = nil
			for _, x := range in.objs("customAttributes") {
				o.Attributes = append(o.Attributes, KeyText{x.str("key"), x.str("value")})
			}
		}
		o.touch(t.now)
		t.announceOrder(t.newEvent(), "orders/updated", o)
		return nil
	})
	if err != nil {
		return wrong(err, "", "id")
	}
	return &payload{vals: map[string]any{"order": theOrder(id)}}, nil
}

// addressOf reads a MailingAddressInput: it overwrites the whole address.
func addressOf(in args) (Address, error) {
	a := Address{FirstName: in.str("firstName"), LastName: in.str("lastName"), Company: in.str("company"), Address1: in.str("address1"),
		Address2: in.str("address2"), City: in.str("city"), Province: or(in.str("province"), in.str("provinceCode")), ProvCode: in.str("provinceCode"), Zip: in.str("zip"),
		Country: in.str("country"), CountryCode: in.str("countryCode"), Phone: in.str("phone")}
	if a.CountryCode == "" {
		return a, refuse("shippingAddress", "Country is invalid")
	}
	return fillAddress(a)
}

// idempotent reads the key of the mutation's @idempotent directive.
func (c *call) idempotent() (string, error) {
	d := c.directives.ForName("idempotent")
	if d == nil {
		return "", &graphError{Message: "The @idempotent directive is required for this mutation but was not provided.", Extensions: map[string]any{"code": "BAD_REQUEST"}}
	}
	key := args(d.ArgumentMap(c.vars)).str("key")
	if key == "" || len(key) > 255 {
		return "", &graphError{Message: "The idempotency key must be between 1 and 255 characters.", Extensions: map[string]any{"code": "BAD_REQUEST"}}
	}
	return key, nil
}

// keyLife is how long an idempotency key is remembered.
const keyLife = 24 * time.Hour

func mutateRefund(c *call, a args) (*payload, error) {
	key, err := c.idempotent()
	if err != nil {
		return nil, err
	}
	in := a.obj("input")
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(raw)
	hash := hex.EncodeToString(digest[:])
	id := in.id("orderId", "Order")
	var refundID int64
	turnedDown := c.sim.dice.hit(c.sim.Faults().API.Refuse)
	err = c.change(id, func(t *tx, o *Order) error {
		for _, k := range t.keyed.order[c.shop.ID] {
			if k.Field != "refundCreate" || k.Key != key || t.now.Sub(k.CreatedAt) > keyLife {
				continue
			}
			if k.InputHash != hash {
				return refuse("", "The same idempotency key cannot be used with different parameters (IDEMPOTENCY_KEY_PARAMETER_MISMATCH)")
			}
			if refundID = k.RefundID; refundID == 0 {
				return refuse("", "The previous attempt with this idempotency key failed (IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED)")
			}
			return nil
		}
		if turnedDown {
			return refuse("", "The payment provider turned the refund down")
		}
		input, err := refundInput(o, in)
		if err != nil {
			return err
		}
		r, err := t.refund(id, input, c.by, key)
		if err != nil {
			return err
		}
		refundID = r.ID
		add(t, t.keyed, &KeyedAnswer{ID: t.id("other"), ShopID: c.shop.ID, Field: "refundCreate", Key: key, InputHash: hash, OrderID: id, RefundID: r.ID, CreatedAt: t.now})
		return nil
	})
	if err != nil {
		var r *Refusal
		if errors.As(err, &r) && !strings.Contains(r.Detail, "IDEMPOTENCY") {
			c.rememberFailure(key, hash, id)
		}
		return wrong(err, "", "orderId")
	}
	return &payload{vals: map[string]any{"order": theOrder(id), "refund": func(c *call) any {
		o := c.t.orders.rows[id]
		for i := range o.Refunds {
			if o.Refunds[i].ID == refundID {
				return node{"Refund", orderRefund{o, &o.Refunds[i]}}
			}
		}
		return nil
	}}}, nil
}

// rememberFailure binds a key to an attempt that was refused.
func (c *call) rememberFailure(key, hash string, orderID int64) {
	err := c.sim.write(func(t *tx) error {
		add(t, t.keyed, &KeyedAnswer{ID: t.id("other"), ShopID: c.shop.ID, Field: "refundCreate", Key: key, InputHash: hash, OrderID: orderID, CreatedAt: t.now})
		return nil
	})
	if err != nil {
		c.sim.log.Error("idempotency key not kept", "error", err)
	}
}

func refundInput(o *Order, in args) (out RefundInput, err error) {
	for _, name := range []string{"refundDuties", "allowOverRefunding"} {
		if list, ok := in[name].([]any); in.has(name) && in[name] != false && !(ok && len(list) == 0) {
			return out, refuse(name, "%s is not implemented by the simulation", name)
		}
	}
	currency := or(in.str("currency"), o.Currency)
	if currency != o.PresentmentCurrency {
		return out, refuse("currency", "Currency must be the presentment currency %s of the order", o.PresentmentCurrency)
	}
	minor := func(text string) (int64, error) {
		m, err := money.Parse(text, currency)
		if err != nil || m.Minor < 0 {
			return 0, refuse("transactions", "Amount %q is invalid", text)
		}
		return m.Minor, nil
	}
	out.Note = in.str("note")
	for _, l := range in.objs("refundLineItems") {
		kind := or(l.str("restockType"), "NO_RESTOCK")
		if kind != "NO_RESTOCK" && kind != "LEGACY_RESTOCK" && !l.has("locationId") {
			return out, refuse("refundLineItems", "Location must be given when restocking")
		}
		out.Lines = append(out.Lines, RefundLineInput{l.id("lineItemId", "LineItem"), l.num("quantity"), strings.ToLower(kind)})
	}
	if s := in.obj("shipping"); s != nil {
		out.FullShipping = s.flag("fullRefund")
		if s.has("amount") {
			n, err := minor(s.decimal("amount"))
			if err != nil {
				return out, err
			}
			out.Shipping = &n
		}
	}
	out.Transactions = []RefundPayment{}
	for _, x := range in.objs("transactions") {
		if x.str("kind") != "REFUND" || x.id("orderId", "Order") != o.ID {
			return out, refuse("transactions", "Transaction kind must be REFUND and belong to the order")
		}
		n, err := minor(x.decimal("amount"))
		if err != nil {
			return out, err
		}
		out.Transactions = append(out.Transactions, RefundPayment{x.id("parentId", "OrderTransaction"), x.str("gateway"), n})
	}
	for _, m := range in.objs("refundMethods") {
		credit := m.obj("storeCreditRefund")
		amount := credit.obj("amount")
		if amount.str("currencyCode") != currency {
			return out, refuse("refundMethods", "Currency does not match the order")
		}
		n, err := minor(amount.decimal("amount"))
		if err != nil {
			return out, err
		}
		out.Credit = &n
		if text := credit.str("expiresAt"); text != "" {
			if out.CreditUntil, err = timeOf(text); err != nil {
				return out, refuse("refundMethods", "%v", err)
			}
		}
	}
	return out, nil
}

func mutateTagsAdd(c *call, a args) (*payload, error) {
	return c.retag(a, func(tags, named []string) []string {
		for _, tag := range named {
			if tag = strings.TrimSpace(tag); tag != "" && !slices.ContainsFunc(tags, func(s string) bool { return strings.EqualFold(s, tag) }) {
				tags = append(tags, tag)
			}
		}
		slices.Sort(tags)
		return tags
	})
}

func mutateTagsRemove(c *call, a args) (*payload, error) {
	return c.retag(a, func(tags, named []string) []string {
		return slices.DeleteFunc(tags, func(s string) bool { return slices.Contains(named, s) })
	})
}

// retag changes the tags of an order or a customer; the scope is the object's.
func (c *call) retag(a args, fn func(tags, named []string) []string) (*payload, error) {
	order, customer := a.id("id", "Order"), a.id("id", "Customer")
	scope := "write_orders"
	if customer != 0 {
		scope = "write_customers"
	}
	if !hasScope(c.token.Scopes, scope) {
		return nil, &graphError{Message: "Access denied for tagsAdd field. Required access: `" + scope + "` access scope.", Extensions: map[string]any{"code": "ACCESS_DENIED"}}
	}
	err := c.sim.write(func(t *tx) error {
		c.t = t.tables
		switch {
		case order != 0 && c.visible(t.orders.rows[order]):
			o := edit(t, t.orders, order)
			o.Tags = fn(slices.Clone(o.Tags), a.strs("tags"))
			o.touch(t.now)
			t.announceOrder(t.newEvent(), "orders/updated", o)
		case customer != 0 && t.customers.rows[customer] != nil && t.customers.rows[customer].ShopID == c.shop.ID:
			v := edit(t, t.customers, customer)
			v.Tags, v.UpdatedAt = fn(slices.Clone(v.Tags), a.strs("tags")), t.now
			t.announceCustomer("customers/update", v)
		default:
			return refuse("", "Resource does not exist")
		}
		return nil
	})
	if err != nil {
		return wrong(err, "", "id")
	}
	return &payload{vals: map[string]any{"node": func(c *call) any { return c.byID(a.str("id")) }}}, nil
}

func mutateConsent(c *call, a args) (*payload, error) {
	in := a.obj("input")
	id, consent := in.id("customerId", "Customer"), in.obj("emailMarketingConsent")
	err := c.sim.write(func(t *tx) error {
		v := edit(t, t.customers, id)
		if v == nil || v.ShopID != c.shop.ID || v.Deleted {
			return refuse("", "Customer does not exist")
		}
		state := consent.str("marketingState")
		if !slices.Contains([]string{"SUBSCRIBED", "UNSUBSCRIBED", "PENDING"}, state) {
			return refuse("emailMarketingConsent", "Cannot specify %s as a marketing state input", state)
		}
		at := t.now
		if text := consent.str("consentUpdatedAt"); text != "" {
			given, err := timeOf(text)
			if err != nil || given.After(t.now) {
				return refuse("emailMarketingConsent", "Consent date cannot be in the future")
			}
			at = *given
		}
		v.Marketing, v.MarketingAt, v.UpdatedAt = state, at, t.now
		t.announceConsent(v)
		t.announceCustomer("customers/update", v)
		return nil
	})
	if err != nil {
		return wrong(err, "INVALID", "input")
	}
	return &payload{vals: map[string]any{"customer": func(c *call) any { return customerNode(c.t.customers.rows[id]) }}}, nil
}

func mutateScopes(c *call, a args) (*payload, error) {
	gone := a.strs("scopes")
	if len(gone) == 0 {
		return mistakes(userError{"MISSING_SOURCE_APP", nil, "No scopes given"}), nil
	}
	for _, s := range gone {
		if slices.Contains(c.sim.cfg.Scopes, s) {
			return mistakes(userError{"CANNOT_REVOKE_REQUIRED_SCOPES", []string{"scopes"}, s + " is required by the app"}), nil
		}
		if !slices.Contains(c.shop.Scopes, s) {
			return mistakes(userError{"UNKNOWN_SCOPES", []string{"scopes"}, s + " is not granted"}), nil
		}
	}
	left := slices.DeleteFunc(slices.Clone(c.shop.Scopes), func(s string) bool { return slices.Contains(gone, s) })
	if err := c.sim.SetInstalled(c.shop.ID, true, left); err != nil {
		return nil, err
	}
	return &payload{vals: map[string]any{"revoked": list(gone, func(s string) any { return node{"AccessScope", s} })}}, nil
}
