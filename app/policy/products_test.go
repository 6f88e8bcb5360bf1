package policy

import (
	"testing"
	"time"

	"afterglow/app/queue"
	"afterglow/app/store"
)

func (b *bench) jobs(kind string) (n int64) {
	b.in(func(tx *store.Tx) error { return tx.Scoped(&queue.Row{}).Where("kind = ?", kind).Count(&n).Error })
	return n
}

// Products are read when a policy asks about them, and not before; once an order.
func TestProductsAreReadWhenAPolicyAsks(t *testing.T) {
	each(t, func(b *bench) {
		b.order(1, b.clk.Now())
		placed := func(ref string) {
			b.in(func(tx *store.Tx) error { return b.s.onPlaced(t.Context(), tx, queue.Job{Ref: ref}) })
		}
		placed("1")
		if n := b.jobs(TaskProducts) + b.jobs(TaskCatalogue); n != 0 {
			t.Fatalf("%d readings for a policy that does not ask", n)
		}
		b.publish("return:\n  refuse when product tag \"final sale\"\n  allow within 10 days of placed\n")
		b.publish("return:\n  refuse when product tag \"final sale\", \"outlet\"\n  allow within 10 days of placed\n")
		placed("1")
		placed("1")
		if products, all := b.jobs(TaskProducts), b.jobs(TaskCatalogue); products != 1 || all != 1 {
			t.Errorf("%d readings of the order's products and %d of all, want one each", products, all)
		}
		b.in(func(tx *store.Tx) error {
			for _, id := range []int64{101, 102} {
				if err := saveProduct(tx, id, Product{Tags: []string{"Final Sale"}}); err != nil {
					return err
				}
			}
			return nil
		})
		b.order(2, b.clk.Now())
		placed("2")
		if n := b.jobs(TaskProducts); n != 1 {
			t.Errorf("what was just read is read again: %d", n)
		}
		if v := b.verdict(Return, 2, 11); v.Allowed || v.Reason.Key != ReasonItem {
			t.Errorf("a product on final sale: %+v", v)
		}
		b.clk.Advance(productFresh + time.Second)
		b.order(3, b.clk.Now())
		placed("3")
		if n := b.jobs(TaskProducts); n != 2 {
			t.Errorf("what was read a day ago is believed: %d", n)
		}
	})
}
