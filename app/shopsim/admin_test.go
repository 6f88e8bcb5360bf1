package shopsim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func code(a answer) any {
	if len(a.Errors) == 0 {
		return nil
	}
	return a.Errors[0].Extensions["code"]
}

func TestAdminRefusals(t *testing.T) {
	r := newRig(t)
	token, _ := r.token()
	o := r.place(Checkout{})
	for name, c := range map[string]struct {
		query string
		vars  map[string]any
		code  string
		says  string
	}{
		"an unknown field":         {query: `{ shop { moon } }`, code: "undefinedField", says: "moon"},
		"an unknown argument":      {query: `{ shop(x: 1) { id } }`, code: "argumentNotAccepted"},
		"no selection":             {query: `{ shop }`, code: "selectionMismatch"},
		"a syntax error":           {query: `{ shop { id }`, code: "parseError"},
		"a missing variable":       {query: `query($id: ID!) { order(id: $id) { id } }`, code: "INVALID_VARIABLE", says: "id"},
		"another kind's id":        {query: `query($id: ID!) { order(id: $id) { id } }`, vars: map[string]any{"id": "gid://shopify/Product/1"}, code: "argumentLiteralsIncompatible", says: "Invalid global id"},
		"a page without its size":  {query: `{ orders { nodes { id } } }`, code: "BAD_REQUEST", says: "first or last"},
		"a page too long":          {query: `{ orders(first: 251) { nodes { id } } }`, code: "BAD_REQUEST"},
		"a broken cursor":          {query: `{ orders(first: 1, after: "x") { nodes { id } } }`, code: "BAD_REQUEST", says: "cursor"},
		"a scope that is missing":  {query: `mutation { giftCardCreate(input: {initialValue: "5"}) { giftCardCode } }`, code: "ACCESS_DENIED", says: "write_gift_cards"},
		"a field not simulated":    {query: `{ publicApiVersions { handle } }`, code: "NOT_IMPLEMENTED", says: "QueryRoot.publicApiVersions"},
		"a mutation not simulated": {query: `mutation { productDelete(input: {id: "gid://shopify/Product/1"}) { deletedProductId } }`, code: "ACCESS_DENIED"},
		"a filter not simulated":   {query: `{ orders(first: 1, query: "sku:x") { nodes { id } } }`, code: "NOT_IMPLEMENTED", says: "sku"},
		"two members of a one-of": {query: `mutation($m: OrderCancelRefundMethodInput!, $id: ID!) { orderCancel(orderId: $id, reason: OTHER, restock: true, refundMethod: $m) { job { id } } }`,
			vars: map[string]any{"id": gid("Order", o.ID), "m": map[string]any{"originalPaymentMethodsRefund": true, "storeCreditRefund": map[string]any{}}}, code: "INVALID_VARIABLE"},
		"a refund without a key": {query: `mutation($id: ID!) { refundCreate(input: {orderId: $id}) { refund { id } } }`, vars: map[string]any{"id": gid("Order", o.ID)}, code: "BAD_REQUEST", says: "@idempotent"},
	} {
		t.Run(name, func(t *testing.T) {
			r.t = t
			a := r.query(token, c.query, c.vars)
			if code(a) != c.code || !strings.Contains(a.Errors[0].Message, c.says) {
				t.Errorf("%s", a.raw)
			}
		})
	}
	for name, c := range map[string]struct {
		path, token string
		body        any
		status      int
	}{
		"no token":        {"/admin/api/2026-10/graphql.json", "", map[string]any{"query": "{ shop { id } }"}, 401},
		"a wrong token":   {"/admin/api/2026-10/graphql.json", "shpat_x", map[string]any{"query": "{ shop { id } }"}, 401},
		"another version": {"/admin/api/2024-01/graphql.json", token, map[string]any{"query": "{ shop { id } }"}, 404},
		"not JSON":        {"/admin/api/2026-10/graphql.json", token, "query", 400},
		"no query":        {"/admin/api/2026-10/graphql.json", token, map[string]any{}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			r.t = t
			if status, raw := r.post(c.path, c.token, c.body); status != c.status || !json.Valid(raw) {
				t.Errorf("%d %s", status, raw)
			}
		})
	}
}

func TestTenants(t *testing.T) {
	r := newRig(t)
	token, _ := r.token()
	other, err := r.sim.MakeShop(ShopSpec{Domain: "other.myshopify.com", Currency: "EUR"})
	must(t, err)
	theirs, err := r.sim.PlaceOrder(other.ID, Checkout{})
	must(t, err)
	a := r.query(token, `query($id: ID!) { order(id: $id) { id } }`, map[string]any{"id": gid("Order", theirs.ID)})
	if a.at("order") != nil {
		t.Errorf("another shop's order: %s", a.raw)
	}
	r.shop = other
	if status, _ := r.post("/admin/api/2026-10/graphql.json", token, map[string]any{"query": "{ shop { id } }"}); status != 401 {
		t.Errorf("%d with another shop's token", status)
	}
}

func TestPagesAndSearch(t *testing.T) {
	r := newRig(t)
	token, _ := r.token()
	var placed []*Order
	for range 7 {
		placed = append(placed, r.place(Checkout{}))
		*r.now = r.now.Add(time.Minute)
	}
	const list = `query($q: String, $n: Int, $after: String, $desc: Boolean) { orders(first: $n, after: $after, query: $q, sortKey: UPDATED_AT, reverse: $desc) {
		nodes { ...N } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } } fragment N on Order { name alias: name }`
	for _, desc := range []bool{false, true} {
		var names []string
		var after any
		for range 10 {
			a := r.query(token, list, map[string]any{"n": 3, "after": after, "desc": desc})
			for i := range a.at("orders.nodes").([]any) {
				names = append(names, a.at(fmt.Sprintf("orders.nodes.%d.alias", i)).(string))
			}
			after = a.at("orders.pageInfo.endCursor")
			if a.at("orders.pageInfo.hasNextPage") == false {
				break
			}
		}
		want := "#1001 #1002 #1003 #1004 #1005 #1006 #1007"
		if desc {
			want = "#1007 #1006 #1005 #1004 #1003 #1002 #1001"
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%v", names)
		}
	}
	since := placed[4].UpdatedAt.Format(time.RFC3339)
	if a := r.query(token, list, map[string]any{"n": 50, "q": "updated_at:>='" + since + "'"}); len(a.at("orders.nodes").([]any)) != 3 {
		t.Errorf("%s", a.raw)
	}
	*r.now = r.now.Add(60 * 24 * time.Hour)
	token, _ = r.token()
	if a := r.query(token, list, map[string]any{"n": 50}); len(a.at("orders.nodes").([]any)) != 0 {
		t.Error("orders older than sixty days are shown without read_all_orders")
	}
}

func TestThrottling(t *testing.T) {
	const dear = `orders(first: 250) { nodes { customer { orders(first: 250) { nodes { lineItems(first: 250) { nodes { variant { product { variants(first: 250) { nodes { id } } } } } } } } } } }`
	r := newRig(t)
	token, _ := r.token()
	r.sim.buckets.drain(r.shop.ID)
	a := r.query(token, "{ "+dear+" }", nil)
	if code(a) != "THROTTLED" || a.Extensions["cost"].(map[string]any)["throttleStatus"] == nil {
		t.Fatalf("%s", a.raw)
	}
	if a := r.query(token, "{ a: "+dear+" b: "+dear+" }", nil); code(a) != "MAX_COST_EXCEEDED" {
		t.Errorf("%s", a.raw)
	}
}

func TestRefundsHappenOnce(t *testing.T) {
	r := newRig(t)
	token, _ := r.token()
	o := r.place(Checkout{Lines: []CheckoutLine{{Quantity: 2}}})
	const refund = `mutation($input: RefundInput!, $key: String!) { refundCreate(input: $input) @idempotent(key: $key) {
		refund { id totalRefundedSet { shopMoney { amount } } } order { displayFinancialStatus } userErrors { field message } } }`
	input := func(amount string) map[string]any {
		return map[string]any{"orderId": gid("Order", o.ID), "transactions": []any{map[string]any{"orderId": gid("Order", o.ID),
			"parentId": gid("OrderTransaction", o.Transactions[0].ID), "gateway": "shopify_payments", "kind": "REFUND", "amount": amount}}}
	}
	var all sync.WaitGroup
	ids := make([]any, 8)
	for i := range ids {
		all.Go(func() {
			ids[i] = r.query(token, refund, map[string]any{"key": "k1", "input": input("10.00")}).at("refundCreate.refund.id")
		})
	}
	all.Wait()
	for _, id := range ids {
		if id == nil || id != ids[0] {
			t.Errorf("one key, several refunds: %v", ids)
		}
	}
	says := func(key, amount string) string {
		a := r.query(token, refund, map[string]any{"key": key, "input": input(amount)})
		errs, _ := a.at("refundCreate.userErrors").([]any)
		if len(errs) == 0 {
			return ""
		}
		return errs[0].(map[string]any)["message"].(string)
	}
	if got := says("k1", "11.00"); !strings.Contains(got, "PARAMETER_MISMATCH") {
		t.Errorf("same key, other amount: %q", got)
	}
	if got := says("k2", "9999.00"); !strings.Contains(got, "refundable") {
		t.Errorf("too much: %q", got)
	}
	if got := says("k2", "9999.00"); !strings.Contains(got, "PREVIOUS_ATTEMPT_FAILED") {
		t.Errorf("the key of a failed attempt: %q", got)
	}
	if got := says("k3", "10.00"); got != "" {
		t.Errorf("a second honest refund: %q", got)
	}
	n := 0
	for _, e := range r.sim.Ledger(r.shop.ID) {
		if e.Kind == "refund" {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d refunds in the ledger, want 2", n)
	}
}

func TestCancelEditAndCredit(t *testing.T) {
	r := newRig(t)
	token, _ := r.token()
	o := r.place(Checkout{Lines: []CheckoutLine{{Quantity: 2}}})
	begin := r.query(token, `mutation($id: ID!) { orderEditBegin(id: $id) { orderEditSession { id } calculatedOrder { lineItems(first: 9) { nodes { id quantity } } } userErrors { message } } }`, map[string]any{"id": gid("Order", o.ID)})
	session := begin.at("orderEditBegin.orderEditSession.id")
	set := r.query(token, `mutation($id: ID!, $line: ID!) { orderEditSetQuantity(id: $id, lineItemId: $line, quantity: 1) { calculatedOrder { totalOutstandingSet { shopMoney { amount } } } userErrors { message } } }`,
		map[string]any{"id": session, "line": begin.at("orderEditBegin.calculatedOrder.lineItems.nodes.0.id")})
	if set.at("orderEditSetQuantity.calculatedOrder.totalOutstandingSet.shopMoney.amount") != "-161.14" {
		t.Errorf("%s", set.raw)
	}
	if r.sim.Order(r.shop.ID, o.ID).Lines[0].Removed != 0 {
		t.Error("the edit is there before its commit")
	}
	_, oil := r.sim.VariantByID(r.shop.ID, r.sim.ProductByHandle(r.shop.ID, "care-oil").Variants[0].ID)
	r.query(token, `mutation($id: ID!, $v: ID!) { orderEditAddVariant(id: $id, variantId: $v, quantity: 1) { userErrors { message } } }`, map[string]any{"id": session, "v": gid("ProductVariant", oil.ID)})
	const commit = `mutation($id: ID!) { orderEditCommit(id: $id) { order { currentTotalPriceSet { shopMoney { amount } } edited } userErrors { message } } }`
	done := r.query(token, commit, map[string]any{"id": session})
	if done.at("orderEditCommit.order.edited") != true || done.at("orderEditCommit.order.currentTotalPriceSet.shopMoney.amount") != "179.09" {
		t.Errorf("%s", done.raw)
	}
	if again := r.query(token, commit, map[string]any{"id": session}); len(again.at("orderEditCommit.userErrors").([]any)) != 1 {
		t.Errorf("committed twice: %s", again.raw)
	}
	const cancel = `mutation($id: ID!) { orderCancel(orderId: $id, reason: CUSTOMER, restock: true, refundMethod: {storeCreditRefund: {}}) {
		job { id } jobResult { id } orderCancelUserErrors { code message } } }`
	a := r.query(token, cancel, map[string]any{"id": gid("Order", o.ID)})
	result := r.query(token, `query($id: ID!) { node(id: $id) { ... on OrderCancelJobResult { done status order { cancelledAt } } } }`, map[string]any{"id": a.at("orderCancel.jobResult.id")})
	if result.at("node.status") != "SUCCEEDED" || result.at("node.order.cancelledAt") == nil {
		t.Errorf("%s %s", a.raw, result.raw)
	}
	if a := r.query(token, cancel, map[string]any{"id": gid("Order", o.ID)}); len(a.at("orderCancel.orderCancelUserErrors").([]any)) != 1 {
		t.Errorf("cancelled twice: %s", a.raw)
	}
	c := r.query(token, `query($id: ID!) { customer(id: $id) { storeCreditAccounts(first: 1) { nodes { id balance { amount } } } } }`, map[string]any{"id": gid("Customer", o.CustomerID)})
	if c.at("customer.storeCreditAccounts.nodes.0.balance.amount") != graphDecimal(o.Totals().Total.Shop, "USD") {
		t.Errorf("%s", c.raw)
	}
	debit := r.query(token, `mutation($id: ID!) { storeCreditAccountDebit(id: $id, debitInput: {debitAmount: {amount: "9999", currencyCode: USD}}) { userErrors { code } } }`,
		map[string]any{"id": c.at("customer.storeCreditAccounts.nodes.0.id")})
	if debit.at("storeCreditAccountDebit.userErrors.0.code") != "INSUFFICIENT_FUNDS" {
		t.Errorf("%s", debit.raw)
	}
}

func TestDiscountCodesOfTheApp(t *testing.T) {
	r := newRig(t)
	token, _ := r.token()
	buyer := r.sim.Customers(r.shop.ID)[0]
	const create = `mutation($d: DiscountCodeBasicInput!) { discountCodeBasicCreate(basicCodeDiscount: $d) { codeDiscountNode { id } userErrors { code field } } }`
	input := map[string]any{"title": "Reward", "code": "AG-1", "startsAt": r.now.Format(time.RFC3339), "usageLimit": 1, "context": map[string]any{"customers": map[string]any{"add": []any{gid("Customer", buyer.ID)}}},
		"customerGets": map[string]any{"value": map[string]any{"percentage": 0.125}, "items": map[string]any{"all": true}}}
	made := r.query(token, create, map[string]any{"d": input})
	if made.at("discountCodeBasicCreate.codeDiscountNode.id") == nil {
		t.Fatalf("%s", made.raw)
	}
	if again := r.query(token, create, map[string]any{"d": input}); again.at("discountCodeBasicCreate.userErrors.0.code") != "TAKEN" {
		t.Errorf("%s", again.raw)
	}
	if _, err := r.sim.PlaceOrder(r.shop.ID, Checkout{Customer: &CheckoutCustomer{Email: "reza.karimi@example.com"}, Code: "AG-1"}); err == nil {
		t.Error("another customer used the code")
	}
	o := r.place(Checkout{Customer: &CheckoutCustomer{ID: buyer.ID}, Code: "ag-1"})
	if off := o.Totals().Discounts.Shop; off != 1850 {
		t.Errorf("12.5%% of 148.00 is %d", off)
	}
	if _, err := r.sim.PlaceOrder(r.shop.ID, Checkout{Customer: &CheckoutCustomer{ID: buyer.ID}, Code: "AG-1"}); err == nil {
		t.Error("the code was used twice")
	}
}

func TestBulkOperations(t *testing.T) {
	r := newRig(t)
	token, _ := r.token()
	for range 3 {
		r.place(Checkout{Lines: []CheckoutLine{{}, {Handle: "care-oil"}}})
	}
	const run = `mutation($q: String!) { bulkOperationRunQuery(query: $q, groupObjects: true) { bulkOperation { id status } userErrors { code message } } }`
	a := r.query(token, run, map[string]any{"q": `{ orders(query: "status:any") { edges { node { id name lineItems { edges { node { id title } } } } } } }`})
	id := a.at("bulkOperationRunQuery.bulkOperation.id")
	r.sim.background.Wait()
	b := r.query(token, `query($id: ID!) { bulkOperation(id: $id) { status objectCount rootObjectCount url } }`, map[string]any{"id": id})
	if b.at("bulkOperation.status") != "COMPLETED" || b.at("bulkOperation.objectCount") != "9" || b.at("bulkOperation.rootObjectCount") != "3" {
		t.Fatalf("%s %s", a.raw, b.raw)
	}
	res, err := http.Get(strings.Replace(b.at("bulkOperation.url").(string), "http://sim.test", r.server.URL, 1))
	must(t, err)
	defer res.Body.Close()
	var parent string
	n := 0
	for lines := bufio.NewScanner(res.Body); lines.Scan(); n++ {
		var row struct {
			ID     string `json:"id"`
			Name   string `json:"name"`
			Parent string `json:"__parentId"`
		}
		must(t, json.Unmarshal(bytes.TrimSpace(lines.Bytes()), &row))
		if row.Name != "" {
			parent = row.ID
		} else if row.Parent != parent {
			t.Errorf("child of %q after %q", row.Parent, parent)
		}
	}
	if n != 9 {
		t.Errorf("%d lines", n)
	}
	if a := r.query(token, run, map[string]any{"q": `{ shop { name } }`}); a.at("bulkOperationRunQuery.userErrors.0.code") != "INVALID" {
		t.Errorf("%s", a.raw)
	}
}

func TestAPIFaults(t *testing.T) {
	r := newRig(t)
	token, _ := r.token()
	ask := func() (int, []byte, error) {
		raw, _ := json.Marshal(map[string]any{"query": `mutation($id: ID!) { storeCreditAccountCredit(id: $id, creditInput: {creditAmount: {amount: "5", currencyCode: USD}}) { userErrors { code } } }`,
			"variables": map[string]any{"id": gid("Customer", r.sim.Customers(r.shop.ID)[0].ID)}})
		req, _ := http.NewRequest(http.MethodPost, r.server.URL+"/admin/api/2026-10/graphql.json", bytes.NewReader(raw))
		req.Host = r.shop.Domain
		req.Header.Set("X-Shopify-Access-Token", token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, nil, err
		}
		defer res.Body.Close()
		var b bytes.Buffer
		b.ReadFrom(res.Body)
		return res.StatusCode, b.Bytes(), nil
	}
	credits := func() int { return len(r.sim.Ledger(r.shop.ID)) }
	for _, c := range []struct {
		name    string
		faults  APIFaults
		effect  int
		correct func(int, []byte, error) bool
	}{
		{"before", APIFaults{FailBefore: 1}, 0, func(status int, _ []byte, err error) bool { return status == 503 && err == nil }},
		{"after", APIFaults{FailAfter: 1}, 1, func(_ int, _ []byte, err error) bool { return err != nil }},
		{"garbage", APIFaults{Garbage: 1}, 0, func(status int, b []byte, _ error) bool { return status == 200 && !json.Valid(b) }},
		{"throttle", APIFaults{Throttle: 1}, 0, func(status int, b []byte, _ error) bool {
			return status == 200 && bytes.Contains(b, []byte("THROTTLED"))
		}},
		{"slow", APIFaults{Slow: 1, SlowMS: 1}, 1, func(status int, b []byte, _ error) bool { return status == 200 && json.Valid(b) }},
		{"another operation", APIFaults{FailBefore: 1, Operation: "orders"}, 1, func(status int, _ []byte, _ error) bool { return status == 200 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			must(t, r.sim.SetFaults(Faults{API: c.faults}))
			before := credits()
			if status, b, err := ask(); !c.correct(status, b, err) {
				t.Errorf("%d %s %v", status, b, err)
			}
			if n := credits() - before; n != c.effect {
				t.Errorf("%d effects, want %d", n, c.effect)
			}
		})
	}
	must(t, r.sim.SetFaults(Faults{API: APIFaults{FailBefore: 1, Times: 2}}))
	for i, want := range []int{503, 503, 200} {
		if status, _, _ := ask(); status != want {
			t.Errorf("request %d: %d", i, status)
		}
	}
}
