package orders

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// addsUp checks what Totals promises.
func addsUp(t Totals) string {
	var items, made Price
	for _, it := range t.Items {
		items = items.plus(it.Net)
	}
	after := false
	var paid Price
	for _, r := range t.Rows {
		switch {
		case r.Kind == RowTotal:
			after = true
			if r.Amount != made {
				return "the rows above the total do not add up to it"
			}
			if r.Amount != t.Total {
				return "the total's row is not the total"
			}
		case !after:
			if r.Kind == RowSubtotal && r.Amount != items {
				return "the items do not add up to the subtotal"
			}
			made = made.plus(r.Amount)
		case r.Kind == RowOwed:
			paid = paid.minus(r.Amount)
		case r.Kind == RowRefunded && !t.Edited:
			// Told, not counted: the total is what was bought.
		default:
			paid = paid.plus(r.Amount)
		}
	}
	if !after {
		return "there is no total"
	}
	if paid != t.Total {
		return "payments and what is due do not add up to the total"
	}
	return ""
}

func TestTotalsAddUpForEveryOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := makePlan(t)
		o, err := Parse(p.body)
		if err != nil {
			t.Fatalf("parse: %v\n%s", err, p.body)
		}
		o.Transactions = p.transacts
		sum := Sum(o)
		if !sum.Adjustment.IsZero() {
			t.Fatalf("unexplained %v\nrows %+v\n%s", sum.Adjustment, sum.Rows, p.body)
		}
		if wrong := addsUp(sum); wrong != "" {
			t.Fatalf("%s\nrows %+v\n%s", wrong, sum.Rows, p.body)
		}
		if sum.Total != p.total {
			t.Fatalf("total %v, want %v\n%s", sum.Total, p.total, p.body)
		}
		if sum.Rows[0].Amount != p.subtotal && !p.edited {
			t.Fatalf("subtotal %v, want %v\n%s", sum.Rows[0].Amount, p.subtotal, p.body)
		}
		if sum.Paid != p.paid || sum.Due != p.due || sum.Refunded != p.refunded {
			t.Fatalf("paid %v due %v refunded %v, want %v %v %v\n%s", sum.Paid, sum.Due, sum.Refunded, p.paid, p.due, p.refunded, p.body)
		}
	})
}

func TestAnOrderIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, err := Parse(makePlan(t).body)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		var back Order
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(*o, back) {
			t.Fatalf("read back %+v\nwant %+v", back, *o)
		}
	})
}

func TestPublishedOrdersAddUp(t *testing.T) {
	files, err := filepath.Glob("testdata/published/*-orders-*.json")
	newest, err2 := filepath.Glob("../shopsim/testdata/webhooks/orders_*.json")
	if err := errors.Join(err, err2); err != nil || len(files) < 10 || len(newest) < 8 {
		t.Fatalf("published examples: %d and %d files, %v", len(files), len(newest), err)
	}
	files = append(files, newest...)
	for _, f := range files {
		name := filepath.Base(f)
		if strings.HasSuffix(name, "edited.json") || strings.HasSuffix(name, "delete.json") {
			continue // they hold no order
		}
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			o, err := Parse(body)
			if err != nil {
				t.Fatal(err)
			}
			sum := Sum(o)
			if !sum.Adjustment.IsZero() {
				t.Errorf("unexplained %v; rows %+v", sum.Adjustment, sum.Rows)
			}
			if wrong := addsUp(sum); wrong != "" {
				t.Errorf("%s; rows %+v", wrong, sum.Rows)
			}
			if sum.Total != o.Bought.Total {
				t.Errorf("total %v, want Shopify's %v", sum.Total, o.Bought.Total)
			}
		})
	}
}
