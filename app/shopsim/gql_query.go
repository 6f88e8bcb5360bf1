package shopsim

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/ids"
)

func init() {
	on("QueryRoot", map[string]func(*call, any, args) any{
		"shop":                   func(c *call, _ any, _ args) any { return node{"Shop", c.shop} },
		"currentAppInstallation": func(c *call, _ any, _ args) any { return node{"AppInstallation", c.shop} },
		"appInstallation":        func(c *call, _ any, _ args) any { return node{"AppInstallation", c.shop} },
		"app":                    func(c *call, _ any, _ args) any { return node{"App", c.shop} },
		"order":                  func(c *call, _ any, a args) any { return c.byID(a.str("id"), "Order") },
		"customer":               func(c *call, _ any, a args) any { return c.byID(a.str("id"), "Customer") },
		"product":                func(c *call, _ any, a args) any { return c.byID(a.str("id"), "Product") },
		"productVariant":         func(c *call, _ any, a args) any { return c.byID(a.str("id"), "ProductVariant") },
		"fulfillment":            func(c *call, _ any, a args) any { return c.byID(a.str("id"), "Fulfillment") },
		"fulfillmentOrder":       func(c *call, _ any, a args) any { return c.byID(a.str("id"), "FulfillmentOrder") },
		"refund":                 func(c *call, _ any, a args) any { return c.byID(a.str("id"), "Refund") },
		"storeCreditAccount":     func(c *call, _ any, a args) any { return c.byID(a.str("id"), "StoreCreditAccount") },
		"bulkOperation":          func(c *call, _ any, a args) any { return c.byID(a.str("id"), "BulkOperation") },
		"codeDiscountNode":       func(c *call, _ any, a args) any { return c.byID(a.str("id"), "DiscountCodeNode") },
		"orderEditSession":       func(c *call, _ any, a args) any { return c.byID(a.str("id"), "OrderEditSession") },
		"location": func(c *call, _ any, a args) any {
			if a.has("id") {
				return c.byID(a.str("id"), "Location")
			}
			return node{"Location", c.shop}
		},
		"node": func(c *call, _ any, a args) any { return c.byID(a.str("id")) },
		"nodes": func(c *call, _ any, a args) any {
			return list(a.strs("ids"), func(id string) any { return c.byID(id) })
		},
		"job": func(c *call, _ any, a args) any {
			for _, o := range c.t.orders.order[c.shop.ID] {
				if o.CancelJob != nil && o.CancelJob.JobID == a.jobID() {
					return node{"Job", o.CancelJob.JobID}
				}
			}
			return nil
		},
		"orders": func(c *call, _ any, a args) any {
			return c.orderEntries(a, "PROCESSED_AT", func(*Order) bool { return true })
		},
		"ordersCount": func(c *call, _ any, a args) any {
			return countOf(c.orderEntries(a, "ID", func(*Order) bool { return true }))
		},
		"customers":       func(c *call, _ any, a args) any { return c.customerEntries(a) },
		"customersCount":  func(c *call, _ any, a args) any { return countOf(c.customerEntries(a)) },
		"products":        func(c *call, _ any, a args) any { return c.productEntries(a) },
		"productVariants": func(c *call, _ any, a args) any { return c.variantEntries(a) },
		"shopLocales":     func(c *call, _ any, _ args) any { return []any{node{"ShopLocale", c.shop}} },
		"locations": func(c *call, _ any, _ args) any {
			return []entry{{node: node{"Location", c.shop}, id: c.shop.LocationID}}
		},
		// Subscriptions that the app's configuration declares are not listed.
		"webhookSubscriptions":     func(*call, any, args) any { return []entry{} },
		"storeCreditConfiguration": func(*call, any, args) any { return node{"StoreCreditConfiguration", nil} },
		"codeDiscountNodeByCode": func(c *call, _ any, a args) any {
			return discountCodeNode(c.t.discountByCode(c.shop.ID, a.str("code")))
		},
		"bulkOperations": func(c *call, _ any, a args) any { return c.bulkEntries(a) },
		"currentBulkOperation": func(c *call, _ any, _ args) any {
			rows := c.t.bulks.order[c.shop.ID]
			if len(rows) == 0 {
				return nil
			}
			return node{"BulkOperation", rows[len(rows)-1]}
		},
	})
	on("StoreCreditConfiguration", map[string]func(*call, any, args) any{
		"storeCreditEnabled": func(*call, any, args) any { return true },
	})
	on("ShopLocale", map[string]func(*call, *Shop, args) any{
		"locale":    func(_ *call, s *Shop, _ args) any { return s.Locale },
		"name":      func(_ *call, s *Shop, _ args) any { return s.Locale },
		"primary":   func(*call, *Shop, args) any { return true },
		"published": func(*call, *Shop, args) any { return true },
	})
	on("Job", map[string]func(*call, int64, args) any{
		"id":   func(_ *call, id int64, _ args) any { return gid("Job", id) },
		"done": func(*call, int64, args) any { return true },
	})
	on("OrderCancelJobResult", map[string]func(*call, *Order, args) any{
		"id":     func(_ *call, o *Order, _ args) any { return gid("OrderCancelJobResult", o.CancelJob.ID) },
		"done":   func(*call, *Order, args) any { return true },
		"status": func(*call, *Order, args) any { return "SUCCEEDED" },
		"errors": func(*call, *Order, args) any { return []any{} },
		"order":  func(_ *call, o *Order, _ args) any { return orderNode(o) },
	})
	on("OrderEditSession", map[string]func(*call, int64, args) any{
		"id": func(_ *call, id int64, _ args) any { return gid("OrderEditSession", id) },
	})
}

func (a args) jobID() int64 { return a.id("id", "Job") }

func countOf(v any) any {
	list, ok := v.([]entry)
	if !ok {
		return v
	}
	return node{"Count", len(list)}
}

// byID finds the object a GID names. A GID of another kind than wanted is an
// error, as Shopify's is; an unknown one is null.
func (c *call) byID(text string, kinds ...string) any {
	kind, id, err := ids.ParseGID(text)
	if err != nil || len(kinds) > 0 && !slices.Contains(kinds, kind) {
		return &graphError{Message: fmt.Sprintf("Invalid global id '%s'", text), Extensions: map[string]any{"code": "argumentLiteralsIncompatible", "typeName": "CoercionError"}}
	}
	v := c.find(kind, id)
	if n, ok := v.(node); ok {
		return c.guardNode(n)
	}
	return v
}

// guardNode applies the access a type requires when it comes through node(id:).
func (c *call) guardNode(n node) any {
	if need := requiredFor(n.typ); len(need.Scopes) > 0 && !slices.ContainsFunc(need.Scopes, func(s string) bool { return hasScope(c.token.Scopes, fullScope("", s)) }) {
		return &graphError{Message: fmt.Sprintf("Access denied for node field. Required access: %s", need.Text), Extensions: map[string]any{
			"code": "ACCESS_DENIED", "documentation": "https://shopify.dev/api/usage/access-scopes", "requiredAccess": need.Text}}
	}
	return n
}

func (c *call) find(kind string, id int64) any {
	t, shop := c.t, c.shop.ID
	switch kind {
	case "Order":
		if o := t.orders.rows[id]; c.visible(o) {
			return orderNode(o)
		}
	case "Customer":
		if v := t.customers.rows[id]; v != nil && v.ShopID == shop {
			return customerNode(v)
		}
	case "Product":
		if p := t.products.rows[id]; p != nil && p.ShopID == shop {
			return productNode(p)
		}
	case "ProductVariant":
		return variantNode(t.variant(shop, id))
	case "StoreCreditAccount":
		if a := t.credits.rows[id]; a != nil && a.ShopID == shop {
			return node{"StoreCreditAccount", a}
		}
	case "BulkOperation":
		if b := t.bulks.rows[id]; b != nil && b.ShopID == shop {
			return node{"BulkOperation", b}
		}
	case "DiscountCodeNode":
		if d := t.discounts.rows[id]; d != nil && d.ShopID == shop {
			return discountCodeNode(d)
		}
	case "DraftOrder":
		if d := t.drafts.rows[id]; d != nil && d.ShopID == shop {
			return node{"DraftOrder", d}
		}
	case "OrderEditSession":
		if e := t.edits.rows[id]; e != nil && e.ShopID == shop {
			return node{"OrderEditSession", id}
		}
	case "Shop":
		if id == shop {
			return node{"Shop", c.shop}
		}
	case "AppInstallation":
		if id == c.shop.InstallationID {
			return node{"AppInstallation", c.shop}
		}
	case "Location":
		if id == c.shop.LocationID {
			return node{"Location", c.shop}
		}
	case "Fulfillment", "Refund", "OrderTransaction", "LineItem", "FulfillmentOrder", "OrderCancelJobResult", "FulfillmentEvent":
		return c.findInOrders(kind, id)
	default:
		return notImplemented("node", kind)
	}
	return nil
}

func (c *call) findInOrders(kind string, id int64) any {
	for _, o := range c.t.orders.order[c.shop.ID] {
		if !c.visible(o) {
			continue
		}
		switch kind {
		case "Fulfillment":
			if f := o.fulfillment(id); f != nil {
				return node{kind, orderParcel{o, f}}
			}
		case "FulfillmentEvent":
			for _, f := range o.Fulfillments {
				for _, e := range f.Events {
					if e.ID == id {
						return node{kind, e}
					}
				}
			}
		case "OrderTransaction":
			if x := o.transaction(id); x != nil {
				return node{kind, orderMove{o, x}}
			}
		case "LineItem":
			if l := o.line(id); l != nil {
				return node{kind, orderLine{o, l}}
			}
		case "FulfillmentOrder":
			if o.FulfillmentID == id {
				return node{kind, orderStock{o}}
			}
		case "OrderCancelJobResult":
			if o.CancelJob != nil && o.CancelJob.ID == id {
				return node{kind, o}
			}
		case "Refund":
			for i := range o.Refunds {
				if o.Refunds[i].ID == id {
					return node{kind, orderRefund{o, &o.Refunds[i]}}
				}
			}
		}
	}
	return nil
}

// term is one condition of a search.
type term struct {
	key, op, value string
	not            bool
}

var termPattern = regexp.MustCompile(`^(-?)([a-z_]+):(<=|>=|<|>)?('[^']*'|"[^"]*"|\S+)\s*`)

// parseSearch reads Shopify's search syntax: conditions that must all hold.
func parseSearch(text string) (terms []term, err error) {
	rest := strings.TrimSpace(text)
	for rest != "" {
		if after, ok := strings.CutPrefix(rest, "AND "); ok {
			rest = strings.TrimSpace(after)
			continue
		}
		m := termPattern.FindStringSubmatch(rest)
		if m == nil {
			return nil, notImplemented("search", fmt.Sprintf("%q (only key:value conditions that all hold)", rest))
		}
		terms = append(terms, term{m[2], m[3], strings.Trim(m[4], `'"`), m[1] == "-"})
		rest = rest[len(m[0]):]
	}
	return terms, nil
}

// matches evaluates terms against what a row says about each key.
func matches(terms []term, fact func(key string) (any, bool)) (bool, error) {
	for _, q := range terms {
		have, known := fact(q.key)
		if !known {
			return false, notImplemented("search", "filter "+q.key)
		}
		ok, err := q.holds(have)
		if err != nil {
			return false, err
		}
		if ok == q.not {
			return false, nil
		}
	}
	return true, nil
}

func (q term) holds(have any) (bool, error) {
	order := 0
	switch v := have.(type) {
	case time.Time:
		want, err := timeOf(q.value)
		if err != nil {
			return false, &graphError{Message: err.Error(), Extensions: map[string]any{"code": "BAD_REQUEST"}}
		}
		order = v.Compare(*want)
	case int64:
		want, err := strconv.ParseInt(q.value, 10, 64)
		if err != nil {
			return false, &graphError{Message: fmt.Sprintf("%s: %q is not a number", q.key, q.value), Extensions: map[string]any{"code": "BAD_REQUEST"}}
		}
		order = int(max(-1, min(1, v-want)))
	case bool:
		return fmt.Sprint(v) == strings.ToLower(q.value), nil
	case []string:
		return slices.ContainsFunc(v, func(s string) bool { return strings.EqualFold(s, q.value) }), nil
	case string:
		return strings.EqualFold(v, q.value), nil
	}
	switch q.op {
	case ">":
		return order > 0, nil
	case ">=":
		return order >= 0, nil
	case "<":
		return order < 0, nil
	case "<=":
		return order <= 0, nil
	}
	return order == 0, nil
}

func orderFact(o *Order) func(string) (any, bool) {
	return func(key string) (any, bool) {
		switch key {
		case "id":
			return o.ID, true
		case "name":
			return []string{o.Name, strings.TrimPrefix(o.Name, "#")}, true
		case "updated_at":
			return o.UpdatedAt, true
		case "created_at", "processed_at":
			return o.CreatedAt, true
		case "email":
			return o.Email, true
		case "customer_id":
			return o.CustomerID, true
		case "financial_status":
			return o.Financial(), true
		case "fulfillment_status":
			return strings.ToLower(displayFulfillment(o)), true
		case "return_status":
			return "no_return", true
		case "tag":
			return o.Tags, true
		case "test":
			return o.Test, true
		case "status":
			switch {
			case o.CancelledAt != nil:
				return []string{"cancelled", "any"}, true
			case o.ClosedAt != nil:
				return []string{"closed", "any", "not_closed"}, true
			}
			return []string{"open", "any", "not_closed"}, true
		case "confirmation_number":
			return o.Confirmation, true
		}
		return nil, false
	}
}

// orderEntries is a connection of orders with search and sorting.
func (c *call) orderEntries(a args, sort string, also func(*Order) bool) any {
	terms, err := parseSearch(a.str("query"))
	if err != nil {
		return err
	}
	if a.str("sortKey") != "" {
		sort = a.str("sortKey")
	}
	out := []entry{}
	for _, o := range c.t.orders.order[c.shop.ID] {
		if !c.visible(o) || !also(o) {
			continue
		}
		ok, err := matches(terms, orderFact(o))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		e := entry{node: node{"Order", o}, id: o.ID}
		switch sort {
		case "ID", "RELEVANCE":
		case "UPDATED_AT":
			e.key = sortTime(o.UpdatedAt)
		case "CREATED_AT", "PROCESSED_AT":
			e.key = sortTime(o.CreatedAt)
		case "ORDER_NUMBER":
			e.key = fmt.Sprintf("%012d", o.Number)
		case "TOTAL_PRICE", "CURRENT_TOTAL_PRICE":
			e.key = fmt.Sprintf("%018d", o.Totals().Total.Shop)
		default:
			return notImplemented("OrderSortKeys", sort)
		}
		out = append(out, e)
	}
	return out
}

func (c *call) customerEntries(a args) any {
	terms, err := parseSearch(a.str("query"))
	if err != nil {
		return err
	}
	out := []entry{}
	for _, v := range c.t.customers.order[c.shop.ID] {
		if v.Deleted {
			continue
		}
		ok, err := matches(terms, func(key string) (any, bool) {
			switch key {
			case "id":
				return v.ID, true
			case "email":
				return v.Email, true
			case "phone":
				return v.Phone, true
			case "updated_at":
				return v.UpdatedAt, true
			case "customer_date", "created_at":
				return v.CreatedAt, true
			case "tag":
				return v.Tags, true
			case "state":
				return v.State, true
			}
			return nil, false
		})
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		e := entry{node: node{"Customer", v}, id: v.ID}
		switch key := a.str("sortKey"); key {
		case "", "ID", "RELEVANCE":
		case "UPDATED_AT":
			e.key = sortTime(v.UpdatedAt)
		case "CREATED_AT":
			e.key = sortTime(v.CreatedAt)
		default:
			return notImplemented("CustomerSortKeys", key)
		}
		out = append(out, e)
	}
	return out
}

func (c *call) productEntries(a args) any {
	terms, err := parseSearch(a.str("query"))
	if err != nil {
		return err
	}
	out := []entry{}
	for _, v := range c.t.products.order[c.shop.ID] {
		ok, err := matches(terms, func(key string) (any, bool) {
			switch key {
			case "id":
				return v.ID, true
			case "handle":
				return v.Handle, true
			case "title":
				return v.Title, true
			case "status":
				return v.Status, true
			case "updated_at":
				return v.UpdatedAt, true
			case "created_at":
				return v.CreatedAt, true
			case "tag":
				return v.Tags, true
			case "product_type":
				return v.Type, true
			case "vendor":
				return v.Vendor, true
			}
			return nil, false
		})
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		e := entry{node: node{"Product", v}, id: v.ID}
		switch key := a.str("sortKey"); key {
		case "", "ID", "RELEVANCE":
		case "UPDATED_AT":
			e.key = sortTime(v.UpdatedAt)
		case "CREATED_AT":
			e.key = sortTime(v.CreatedAt)
		case "TITLE":
			e.key = v.Title
		default:
			return notImplemented("ProductSortKeys", key)
		}
		out = append(out, e)
	}
	return out
}

func (c *call) variantEntries(a args) any {
	terms, err := parseSearch(a.str("query"))
	if err != nil {
		return err
	}
	out := []entry{}
	for _, p := range c.t.products.order[c.shop.ID] {
		for i := range p.Variants {
			v := &p.Variants[i]
			ok, err := matches(terms, func(key string) (any, bool) {
				switch key {
				case "id":
					return v.ID, true
				case "sku":
					return v.SKU, true
				case "product_id":
					return p.ID, true
				}
				return nil, false
			})
			if err != nil {
				return err
			}
			if ok {
				out = append(out, entry{node: node{"ProductVariant", productVariant{p, v}}, id: v.ID})
			}
		}
	}
	return out
}
