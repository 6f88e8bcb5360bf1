package shopsim

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every document the app sends must be answered in full: a field the
// simulation does not know is an error, and here a failure.
func TestDocumentsOfTheApp(t *testing.T) {
	files, err := filepath.Glob("../shopify/graphql/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	fragments := map[string]string{}
	raw, err := os.ReadFile("../shopify/graphql/fragments.graphql")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range regexp.MustCompile(`(?s)fragment (\w+) on .*?\n}\n`).FindAllStringSubmatch(string(raw), -1) {
		fragments[f[1]] = f[0]
	}
	r := newRig(t)
	must(t, r.sim.SetInstalled(r.shop.ID, true, append(slices.Clone(DefaultScopes), "write_draft_orders"))) // asked for in context
	token, _ := r.token()
	o := r.place(everything(r))
	if _, err := r.sim.Fulfill(r.shop.ID, o.ID, FulfillInput{Company: "UPS", Number: "1Z999", Lines: []FulfillLineInput{{o.Lines[0].ID, 1}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.sim.Refund(r.shop.ID, o.ID, RefundInput{Lines: []RefundLineInput{{o.Lines[0].ID, 1, "return"}}}); err != nil {
		t.Fatal(err)
	}
	o = r.sim.Order(r.shop.ID, o.ID)
	real := strings.NewReplacer("Order/1", gid("Order", o.ID)[14:], "Customer/1", gid("Customer", o.CustomerID)[14:],
		"Fulfillment/1", gid("Fulfillment", o.Fulfillments[0].ID)[14:], "Refund/1", gid("Refund", o.Refunds[0].ID)[14:],
		`"cursor"`, `"`+entry{id: o.Lines[0].ID, key: "000000"}.cursor()+`"`)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			if strings.HasSuffix(file, "fragments.graphql") {
				return // used by the others
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			doc, vars := withFragments(string(raw), fragments), map[string]any{}
			if line, _, ok := strings.Cut(string(raw), "\n"); ok && strings.HasPrefix(line, "# variables: ") {
				if err := json.Unmarshal([]byte(real.Replace(strings.TrimPrefix(line, "# variables: "))), &vars); err != nil {
					t.Fatal(err)
				}
			}
			if strings.HasPrefix(doc, "{") { // what a bulk operation runs
				if why := checkBulk(doc); why != "" {
					t.Error(why)
				}
				return
			}
			r.t = t
			if a := r.query(token, doc, vars); len(a.Errors) > 0 {
				t.Errorf("%v", a.Errors)
			}
		})
	}
}

var spread = regexp.MustCompile(`\.\.\.([A-Z]\w*)`)

// withFragments adds the fragments a document uses, and those they use.
func withFragments(doc string, all map[string]string) string {
	added := map[string]bool{}
	for {
		grown := false
		for _, m := range spread.FindAllStringSubmatch(doc, -1) {
			if text, ok := all[m[1]]; ok && !added[m[1]] {
				added[m[1]], grown = true, true
				doc += "\n" + text
			}
		}
		if !grown {
			return doc
		}
	}
}

// everything is a checkout with all that an order can have.
func everything(r *rig) Checkout {
	products := r.sim.Products(r.shop.ID)
	line := 0
	return Checkout{
		Customer: &CheckoutCustomer{Email: "sara.ahmadi@example.com"}, Locale: "fa", Currency: "EUR", Rate: "0.92",
		Lines: []CheckoutLine{{VariantID: products[0].Variants[0].ID, Quantity: 3, Properties: []KeyText{{"Engraving", "برای تو"}}},
			{VariantID: products[2].Variants[1].ID, Quantity: 1}, {Handle: "gift-card"}},
		Discounts: []CheckoutDiscount{{Type: "percentage", Value: "12.5", Code: "AUTUMN"}, {Type: "fixed_amount", Value: "3.33", Line: &line, Title: "Scratched"},
			{Type: "free_shipping", Automatic: true, Title: "Free shipping"}},
		Tip: "4.50", GiftCard: "25.00", TaxRate: "0.19", Note: "Leave it at the door", Attributes: []KeyText{{"Gift", "yes"}}, Tags: []string{"vip"},
	}
}
