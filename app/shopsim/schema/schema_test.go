package schema

import (
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

func TestSchemasParse(t *testing.T) {
	for name, c := range map[string]struct {
		load        func() (*ast.Schema, error)
		root, field string
	}{
		"admin":      {Admin, "QueryRoot", "order"},
		"customer":   {Customer, "QueryRoot", "customer"},
		"storefront": {Storefront, "QueryRoot", "productRecommendations"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := c.load()
			if err != nil {
				t.Fatal(err)
			}
			if s.Query.Name != c.root || s.Query.Fields.ForName(c.field) == nil {
				t.Errorf("%s.%s is missing", c.root, c.field)
			}
		})
	}
}

func TestAdminAccess(t *testing.T) {
	a, err := AdminAccess()
	if err != nil {
		t.Fatal(err)
	}
	for name, scope := range map[string]string{
		"Order": "read_orders", "Customer": "read_customers", "Mutation.orderCancel": "write_orders",
		"Mutation.storeCreditAccountCredit": "write_store_credit_account_transactions", "QueryRoot.codeDiscountNodeByCode": "read_discounts",
	} {
		if !slices.Contains(a[name].Scopes, scope) {
			t.Errorf("%s: %v, want %s", name, a[name].Scopes, scope)
		}
	}
}
