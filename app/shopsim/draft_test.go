package shopsim

import (
	"slices"
	"testing"
)

func TestReplacementByDraftOrder(t *testing.T) {
	r := newRig(t)
	must(t, r.sim.SetInstalled(r.shop.ID, true, append(slices.Clone(DefaultScopes), "write_draft_orders")))
	token, _ := r.token()
	o := r.place(Checkout{})
	const create = `mutation($in: DraftOrderInput!) { draftOrderCreate(input: $in) { draftOrder { id status totalPriceSet { shopMoney { amount } } } userErrors { field message } } }`
	line := map[string]any{"variantId": gid("ProductVariant", o.Lines[0].VariantID), "quantity": 1, "appliedDiscount": map[string]any{"value": 100.0, "valueType": "PERCENTAGE", "title": "Replacement"}}
	made := r.query(token, create, map[string]any{"in": map[string]any{"purchasingEntity": map[string]any{"customerId": gid("Customer", o.CustomerID)}, "tags": []any{"op_1"}, "lineItems": []any{line},
		"shippingAddress": map[string]any{"address1": "1 Main St", "city": "Ottawa", "provinceCode": "ON", "countryCode": "CA", "zip": "K1A0A1"}}})
	id := made.at("draftOrderCreate.draftOrder.id")
	if made.at("draftOrderCreate.draftOrder.totalPriceSet.shopMoney.amount") != "0.0" || made.at("draftOrderCreate.draftOrder.status") != "OPEN" {
		t.Fatalf("%s", made.raw)
	}
	found := r.query(token, `{ draftOrders(first: 2, query: "tag:op_1") { nodes { id } } }`, nil)
	if found.at("draftOrders.nodes.0.id") != id {
		t.Errorf("by tag: %s", found.raw)
	}
	before := len(r.sim.Orders(r.shop.ID))
	const complete = `mutation($id: ID!) { draftOrderComplete(id: $id) { draftOrder { status order { id name displayFinancialStatus } } userErrors { message } } }`
	done := r.query(token, complete, map[string]any{"id": id})
	if done.at("draftOrderComplete.draftOrder.status") != "COMPLETED" || done.at("draftOrderComplete.draftOrder.order.displayFinancialStatus") != "PAID" {
		t.Errorf("%s", done.raw)
	}
	if again := r.query(token, complete, map[string]any{"id": id}); len(again.at("draftOrderComplete.userErrors").([]any)) != 1 {
		t.Errorf("completed twice: %s", again.raw)
	}
	if n := len(r.sim.Orders(r.shop.ID)); n != before+1 {
		t.Errorf("%d orders, want one more than %d", n, before)
	}
	if none := r.query(token, create, map[string]any{"in": map[string]any{"note": "empty"}}); len(none.at("draftOrderCreate.userErrors").([]any)) != 1 {
		t.Errorf("a draft of nothing: %s", none.raw)
	}
}

func TestBalanceOfAnEditIsPaidByItsLink(t *testing.T) {
	r := newRig(t)
	token, _ := r.token()
	o := r.place(Checkout{})
	const invoice = `mutation($id: ID!) { orderInvoiceSend(id: $id) { order { paymentCollectionDetails { additionalPaymentCollectionUrl } } userErrors { code message } } }`
	vars := map[string]any{"id": gid("Order", o.ID)}
	if none := r.query(token, invoice, vars); none.at("orderInvoiceSend.userErrors.0.code") != "ORDER_INVOICE_SEND_UNSUCCESSFUL" {
		t.Errorf("an invoice for nothing: %s", none.raw)
	}
	if _, err := r.sim.EditOrder(r.shop.ID, o.ID, EditInput{Add: []CheckoutLine{{Quantity: 1}}}); err != nil {
		t.Fatal(err)
	}
	sent := r.query(token, invoice, vars)
	if link, _ := sent.at("orderInvoiceSend.order.paymentCollectionDetails.additionalPaymentCollectionUrl").(string); link == "" {
		t.Errorf("%s", sent.raw)
	}
	if _, err := r.sim.PayBalance(r.shop.ID, o.ID); err != nil {
		t.Fatal(err)
	}
	if after := r.sim.Order(r.shop.ID, o.ID).Current(); !after.Outstanding.IsZero() {
		t.Errorf("%+v is still open", after.Outstanding)
	}
	if _, err := r.sim.PayBalance(r.shop.ID, o.ID); err == nil {
		t.Error("paid twice")
	}
}
