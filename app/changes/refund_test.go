package changes

import (
	"errors"
	"testing"

	"afterglow/app/ids"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// What somebody else gave back in the meantime is not given back twice, also when a
// person has a refund tried again days later. The form offers the variants of one
// product; what is posted may be anything.
func TestNothingIsTakenOrGivenThatIsNotDue(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		o := b.place()
		_, other := b.variants()
		foreign := b.must(Wish{Order: o.ID, Kind: Swap, Line: o.Lines[0].ID, Variant: other})
		if foreign = b.ended(foreign.ID); foreign.State != Refused || foreign.Reason != WhyChanged {
			t.Errorf("a variant of another product: %s %s %s", foreign.State, foreign.Reason, foreign.Detail)
		}
		ch := b.must(Wish{Order: o.ID, Kind: Remove, Line: o.Lines[1].ID})
		if ch = b.ended(ch.ID); ch.State != Done || ch.Money.Minor <= 0 || b.refunds(o.ID) != 1 {
			t.Fatalf("%s %s %s, %d refunds", ch.State, ch.Reason, ch.Detail, b.refunds(o.ID))
		}
		var again shopify.Operation
		b.in(func(tx *store.Tx) error {
			all, err := shopify.OperationsOn(tx, o.ID)
			for _, op := range all {
				if op.Kind == OperationRefund {
					again = op
				}
			}
			return err
		})
		again.ID, again.Attempt = ids.New("op"), 1
		client := b.s.clients(again.Shop)
		var no *shopify.Refused
		if _, err := b.s.refund(ctx, client, again); !errors.Is(err, errRefund) || errors.As(err, &no) {
			t.Errorf("of what has gone back: %v", err)
		}
		again.Attempt = 2 // a person looked
		if r, err := b.s.refund(ctx, client, again); err != nil || r.ShopifyID != "" {
			t.Errorf("of what has gone back: %+v, %v", r, err)
		}
		if n := b.refunds(o.ID); n != 1 {
			t.Errorf("%d refunds", n)
		}
	})
}
