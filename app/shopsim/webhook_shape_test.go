package shopsim

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
)

// A payload has the keys of the published example, all of them and no others.
func TestPayloadShapes(t *testing.T) {
	r := newRig(t)
	r.place(everything(r))
	o := r.place(everything(r))
	f, err := r.sim.Fulfill(r.shop.ID, o.ID, FulfillInput{Company: "UPS", Number: "1Z999", Lines: []FulfillLineInput{{o.Lines[0].ID, 1}}})
	must(t, err)
	_, err = r.sim.AddEvent(r.shop.ID, f.ID, EventInput{Status: "in_transit", City: "Berlin", Country: "DE", HappenedAt: ptr(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))})
	must(t, err)
	_, err = r.sim.EditOrder(r.shop.ID, o.ID, EditInput{Add: []CheckoutLine{{Handle: "care-oil"}}})
	must(t, err)
	_, err = r.sim.Refund(r.shop.ID, o.ID, RefundInput{Lines: []RefundLineInput{{o.Lines[0].ID, 1, "return"}}, FullShipping: true})
	must(t, err)
	_, err = r.sim.Fulfill(r.shop.ID, o.ID, FulfillInput{})
	must(t, err)
	second := r.place(Checkout{Customer: &CheckoutCustomer{Email: "new@example.com", FirstName: "New", LastName: "Comer"}})
	_, err = r.sim.Cancel(r.shop.ID, second.ID, CancelInput{Reason: "CUSTOMER", Refund: true, Restock: true})
	must(t, err)
	for _, c := range []struct{ path, body string }{
		{fmt.Sprintf("/sim/api/customers/%d", o.CustomerID), `{"phone":"+12125550199","marketing":"UNSUBSCRIBED"}`},
		{fmt.Sprintf("/sim/api/products/%d", r.sim.Products(r.shop.ID)[0].ID), `{"title":"Arc Lamp"}`},
		{fmt.Sprintf("/sim/api/orders/%d/delete", second.ID), `{}`},
		{"/sim/api/shops/" + r.shop.Domain + "/scopes", `{"scopes":["write_orders","read_customers","read_products","read_fulfillments"]}`},
		{"/sim/api/shops/" + r.shop.Domain + "/compliance", fmt.Sprintf(`{"topic":"customers/redact","customer_id":%d}`, o.CustomerID)},
		{"/sim/api/shops/" + r.shop.Domain + "/compliance", fmt.Sprintf(`{"topic":"customers/data_request","customer_id":%d}`, o.CustomerID)},
		{"/sim/api/shops/" + r.shop.Domain + "/compliance", `{"topic":"shop/redact"}`},
		{fmt.Sprintf("/sim/api/customers/%d", o.CustomerID), `{"delete":true}`},
		{"/sim/api/shops/" + r.shop.Domain + "/uninstall", `{}`},
	} {
		if status, raw := r.post(c.path, "", c.body); status >= 300 {
			t.Fatalf("%s: %d %s", c.path, status, raw)
		}
	}
	seen := map[string]bool{}
	for _, d := range r.sim.Deliveries(r.shop.ID, 0) {
		seen[d.Topic] = true
		t.Run(d.Topic, func(t *testing.T) {
			want := example(t, d.Topic)
			var got any
			must(t, json.Unmarshal(r.sim.t.bodies.rows[d.ID].Body, &got))
			for _, diff := range compareShape("", want, got) {
				t.Error(diff)
			}
		})
	}
	for _, topic := range append(slices.Clone(AllTopics), ComplianceTopics...) {
		if !seen[topic] && !slices.Contains([]string{"shop/update", "bulk_operations/finish", "products/create", "products/delete", "fulfillment_events/delete"}, topic) {
			t.Errorf("%s was never sent", topic)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func example(t *testing.T, topic string) (v any) {
	t.Helper()
	raw, err := os.ReadFile("testdata/webhooks/" + strings.ReplaceAll(topic, "/", "_") + ".json")
	must(t, err)
	must(t, json.Unmarshal(raw, &v))
	return v
}

// compareShape lists where two JSON values differ in keys or kinds. Null fits
// everything; lists are compared by their first objects.
func compareShape(at string, want, got any) (diffs []string) {
	if want == nil || got == nil {
		return nil
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: %T instead of an object", at, got)}
		}
		if len(w) == 0 || len(g) == 0 {
			return nil
		}
		for key := range w {
			if _, ok := g[key]; !ok {
				diffs = append(diffs, at+"."+key+" is missing")
			}
		}
		for key := range g {
			if _, ok := w[key]; !ok {
				diffs = append(diffs, at+"."+key+" is not in the example")
				continue
			}
			diffs = append(diffs, compareShape(at+"."+key, w[key], g[key])...)
		}
	case []any:
		g, ok := got.([]any)
		if !ok {
			return []string{fmt.Sprintf("%s: %T instead of a list", at, got)}
		}
		if len(w) > 0 && len(g) > 0 {
			diffs = compareShape(at+"[]", w[0], g[0])
		}
	default:
		if fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) {
			diffs = append(diffs, fmt.Sprintf("%s: %T instead of %T", at, got, want))
		}
	}
	sort.Strings(diffs)
	return diffs
}
