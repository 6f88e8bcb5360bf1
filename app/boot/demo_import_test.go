package boot

import (
	"testing"
	"time"

	"afterglow/app/orders"
)

func TestImportWords(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		list   []orders.Import
		words  string
		active bool
	}{
		{nil, "", false},
		{[]orders.Import{{Object: "orders", State: orders.ImportPlanned}}, "Import of the shop's history: orders 0 planned", true},
		{[]orders.Import{{Object: "orders", State: orders.ImportDownloading, Done: 500, Total: 1500, PaceAt: &at, UpdatedAt: at.Add(time.Second)}, {Object: "products", State: orders.ImportDone, Done: 9}},
			"Import of the shop's history: orders 500 of 1500 (500 a second, 2s left), products 9", true},
		{[]orders.Import{{Object: "orders", State: orders.ImportFailed, Done: 3}}, "Import of the shop's history: orders 3 failed", false},
	} {
		if words, active := importWords(c.list); words != c.words || active != c.active {
			t.Errorf("%q %v, want %q %v", words, active, c.words, c.active)
		}
	}
}
