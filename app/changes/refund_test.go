package changes

import (
	"strings"
	"testing"

	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopify"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
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
		ch := b.waiting(o, o.Lines[1].ID)
		for _, give := range []struct {
			amount int64
			state  State
		}{{1, Parked}, {ch.Money.Minor - 1, Done}} { // a part of it, and then the rest
			if _, err := b.sim.Refund(b.shop.ID, o.ID, shopsim.RefundInput{Amount: shopsim.Decimal(give.amount, o.Currency)}); err != nil {
				t.Fatal(err)
			}
			b.retry(ch)
			b.until("the end of another try", func() bool { return b.change(ch.ID).State == give.state })
		}
		if n := b.refunds(o.ID); n != 2 {
			t.Errorf("%d refunds, both were made by staff", n)
		}
	})
}

// waiting takes a line out while every refund is turned down.
func (b *bench) waiting(o *shopsim.Order, line int64) (ch Change) {
	b.t.Helper()
	if err := b.sim.SetFaults(shopsim.Faults{API: shopsim.APIFaults{Refuse: 1}}); err != nil {
		b.t.Fatal(err)
	}
	ch, err := b.s.Ask(ctx, storetest.Shop, Wish{ID: ids.New("chg"), Order: o.ID, Kind: Remove, Line: line, By: Shopper, Tag: locale.English})
	if err != nil {
		b.t.Fatal(err)
	}
	b.until("the refund to be parked", func() bool {
		queuetest.PassTime(b.t, b.db, b.clk)
		return b.change(ch.ID).State == Parked
	})
	if err := b.sim.SetFaults(shopsim.Faults{}); err != nil {
		b.t.Fatal(err)
	}
	if ch = b.change(ch.ID); ch.Money.Minor <= 1 || !strings.Contains(ch.Detail, "refund") {
		b.t.Fatalf("%+v", ch)
	}
	return ch
}

// refundOf is the operation that gives a change's difference back.
func (b *bench) refundOf(ch Change) (op shopify.Operation) {
	b.t.Helper()
	b.in(func(tx *store.Tx) error {
		all, err := shopify.OperationsOn(tx, ch.Order)
		for _, one := range all {
			if one.Kind == OperationRefund && one.Subject == ch.ID {
				op = one
			}
		}
		return err
	})
	return op
}

// retry has the refund tried again, as staff do.
func (b *bench) retry(ch Change) {
	b.t.Helper()
	before := b.refundOf(ch)
	b.in(func(tx *store.Tx) error { return shopify.RetryOperation(tx, before.ID) })
	b.until("another try", func() bool {
		queuetest.PassTime(b.t, b.db, b.clk)
		op := b.refundOf(ch)
		return op.Attempt > before.Attempt && (op.State == shopify.OperationParked || op.Done())
	})
}
