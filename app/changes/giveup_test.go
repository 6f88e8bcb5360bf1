package changes

import (
	"strconv"
	"strings"
	"testing"

	"afterglow/app/queue/queuetest"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/shopsim"
	"afterglow/app/store"
)

// What cannot go on ends honestly: the shopper reads what was done and what was
// not, the warehouse goes on, and staff find who gave it up and why.
func TestAParkedChangeEndsWhenItIsGivenUp(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		list := b.places(3)

		// The item is out; the money is for staff to settle.
		ch := b.waiting(list[0], list[0].Lines[1].ID)
		b.giveUp(b.refundOf(ch).ID, "paid in cash")
		b.until("its end", func() bool { queuetest.PassTime(b.t, b.db, b.clk); return !b.change(ch.ID).State.Live() })
		if ch = b.change(ch.ID); ch.State != Done || ch.Reason != Unsettled || ch.Money.Minor != 0 || !strings.Contains(ch.Detail, "paid in cash") || b.receipts(ch.ID) != 1 || b.refunds(list[0].ID) != 0 {
			t.Errorf("%+v, %d receipts, %d refunds", ch, b.receipts(ch.ID), b.refunds(list[0].ID))
		}
		if text := moneyText(ch.Tag, ch); !strings.Contains(text, "settles") {
			t.Errorf("the shopper reads %q", text)
		}

		// The address could not be changed at all.
		moved := b.parkedAddress(list[1])
		b.giveUp(b.operationFor(moved).ID, "the shopper rang")
		b.until("its end", func() bool { queuetest.PassTime(b.t, b.db, b.clk); return !b.change(moved.ID).State.Live() })
		if moved = b.change(moved.ID); moved.State != Refused || moved.Reason != WhyGivenUp || moved.Address != nil || b.receipts(moved.ID) != 1 {
			t.Errorf("%+v, %d receipts", moved, b.receipts(moved.ID))
		}
		b.until("the release", func() bool {
			queuetest.PassTime(b.t, b.db, b.clk)
			return len(b.sim.Order(b.shop.ID, list[1].ID).Holds) == 0
		})

		// A person is erased: their parked change ends with them, and nobody is written to.
		gone := b.parkedAddress(list[2])
		b.in(func(tx *store.Tx) error {
			running, err := b.operator.EraseNaming(tx, nil, []string{strconv.FormatInt(list[2].ID, 10)})
			if err == nil && running == 0 {
				err = b.s.Room().Erase(ctx, tx, room.Person{OrderIDs: []int64{list[2].ID}})
			}
			return err
		})
		if gone = b.change(gone.ID); gone.State != Refused || gone.Reason != WhyErased || gone.EndedAt == nil || b.receipts(gone.ID) != 0 {
			t.Errorf("%+v, %d receipts", gone, b.receipts(gone.ID))
		}
		b.until("the release", func() bool {
			queuetest.PassTime(b.t, b.db, b.clk)
			return len(b.sim.Order(b.shop.ID, list[2].ID).Holds) == 0
		})
	})
}

func (b *bench) giveUp(operation, why string) {
	b.t.Helper()
	b.in(func(tx *store.Tx) error {
		return shopify.GiveUpOperation(tx, operation, shopify.GivingUp{By: "7", Note: why})
	})
}

// parkedAddress is a change of the address that Shopify does not let us make.
func (b *bench) parkedAddress(o *shopsim.Order) Change {
	b.t.Helper()
	if err := b.sim.SetFaults(shopsim.Faults{API: shopsim.APIFaults{Garbage: 1, Operation: "orderUpdate"}}); err != nil {
		b.t.Fatal(err)
	}
	ch := b.must(Wish{Order: o.ID, Kind: Address, Address: anAddress()})
	b.parks(ch)
	return b.change(ch.ID)
}

// parks waits until what fails for the change has failed often enough, and ends the
// faults.
func (b *bench) parks(ch Change) {
	b.t.Helper()
	b.until("thirteen attempts", func() bool { // as if it had been tried for hours
		var n int64
		b.in(func(tx *store.Tx) error {
			u := tx.Exec(`UPDATE shopify_operations SET attempt = 13 WHERE shop_id = ? AND subject = ? AND state = 'uncertain'`, tx.Shop, ch.ID)
			n = u.RowsAffected
			return u.Error
		})
		return n == 1
	})
	b.until("the change to be parked", func() bool { queuetest.PassTime(b.t, b.db, b.clk); return b.change(ch.ID).State == Parked })
	if err := b.sim.SetFaults(shopsim.Faults{}); err != nil {
		b.t.Fatal(err)
	}
}

// operationFor is what carries the change out.
func (b *bench) operationFor(ch Change) (op shopify.Operation) {
	return b.operationOf(ch, operationOf(ch.Kind))
}

func (b *bench) operationOf(ch Change, kind string) (op shopify.Operation) {
	b.t.Helper()
	b.in(func(tx *store.Tx) error {
		all, err := shopify.OperationsOn(tx, ch.Order)
		for _, one := range all {
			if one.Subject == ch.ID && one.Kind == kind {
				op = one
			}
		}
		return err
	})
	return op
}
