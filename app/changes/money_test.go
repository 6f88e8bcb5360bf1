package changes

import (
	"strings"
	"testing"
	"time"

	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

func (b *bench) offerCredit() {
	b.t.Helper()
	b.in(func(tx *store.Tx) error {
		_, err := saveSettings(tx, Settings{Cancel: true, Address: true, Items: true, Credit: true, HoldMinutes: 10, QuantityMost: 20, PayHours: 48})
		return err
	})
}

// back is what the shop's own record says went back on an order, by kind.
func (b *bench) back(order int64) map[string]string {
	out := map[string]string{}
	for _, e := range b.sim.Ledger(b.shop.ID) {
		if e.OrderID == order && (e.Kind == "refund" || e.Kind == "store_credit") {
			out[e.Kind] += e.Amount
		}
	}
	return out
}

func (b *bench) noHolds(order int64) {
	b.t.Helper()
	if o := b.sim.Order(b.shop.ID, order); len(o.Holds) > 0 {
		b.t.Errorf("order %s is still held: %+v", o.Name, o.Holds)
	}
}

func itemsAreChangedAndTheDifferenceIsSettled(t *testing.T, b *bench) {
	b.offerCredit()
	list := b.places(4)
	several, _ := b.variants()

	// An item less: what it cost goes back the way it came.
	o := list[0]
	out := o.Lines[1]
	ch := b.ended(b.must(Wish{Order: o.ID, Kind: Remove, Line: out.ID}).ID)
	if want := shopsim.Decimal(out.Total().Shop, o.Currency); ch.State != Done || ch.Money.Minor != out.Total().Presentment || b.back(o.ID)["refund"] != want {
		t.Errorf("removed: %+v, back %v, want %s", ch, b.back(o.ID), want)
	}
	b.noHolds(o.ID)

	// Fewer of it, as store credit.
	o = list[1]
	fewer := o.Lines[0]
	ch = b.ended(b.must(Wish{Order: o.ID, Kind: Quantity, Line: fewer.ID, Quantity: 1, Credit: true}).ID)
	if want := shopsim.Decimal(fewer.Unit.Shop, o.Currency); ch.State != Done || b.back(o.ID)["store_credit"] != want || b.back(o.ID)["refund"] != "" {
		t.Errorf("fewer: %+v, back %v, want %s", ch, b.back(o.ID), want)
	}

	// More of it: the rest is asked for on Shopify's own page.
	o = list[2]
	more := o.Lines[0]
	preview, err := b.s.preview(ctx, storetest.Shop, Change{Order: o.ID, Kind: Quantity, Line: more.ID, Quantity: 3})
	if err != nil || preview != -more.Unit.Presentment {
		t.Errorf("preview %d, %v, want %d", preview, err, -more.Unit.Presentment)
	}
	ch = b.unpaid(b.must(Wish{Order: o.ID, Kind: Quantity, Line: more.ID, Quantity: 3, Expected: &preview}).ID)
	if ch.State != Paying || ch.Money.Minor != -more.Unit.Presentment || !strings.Contains(ch.PayURL, "pay") || len(b.back(o.ID)) != 0 {
		t.Errorf("more: %+v", ch)
	}

	// Another variant, and a price that is not the one that was shown.
	o = list[3]
	l := o.Lines[0]
	wrong := int64(-12345)
	ch = b.ended(b.must(Wish{Order: o.ID, Kind: Swap, Line: l.ID, Variant: several[1].ID, Expected: &wrong}).ID)
	if ch.State != Refused || ch.Reason != WhyChanged || len(b.sim.Order(b.shop.ID, o.ID).Lines) != len(o.Lines) {
		t.Errorf("an unexpected price: %+v", ch)
	}
	b.noHolds(o.ID)
	ch = b.ended(b.must(Wish{Order: o.ID, Kind: Swap, Line: l.ID, Variant: several[1].ID}).ID)
	after := b.sim.Order(b.shop.ID, o.ID)
	if last := after.Lines[len(after.Lines)-1]; ch.State != Done || last.VariantID != several[1].ID || last.Quantity != l.Quantity {
		t.Errorf("swapped: %+v, last line %+v", ch, last)
	}
	b.noHolds(o.ID)
}

// R4 in small: a third of the answers is lost, and no money goes back twice.
func lostAnswersRefundNothingTwice(t *testing.T, b *bench) {
	list := b.places(6)
	if err := b.sim.SetFaults(shopsim.Faults{Seed: 7, API: shopsim.APIFaults{FailAfter: 0.3}}); err != nil {
		t.Fatal(err)
	}
	asked := []string{}
	for i, o := range list {
		w := Wish{Order: o.ID, Kind: Cancel}
		if i%2 == 1 {
			w = Wish{Order: o.ID, Kind: Remove, Line: o.Lines[1].ID}
		}
		asked = append(asked, b.must(w).ID)
	}
	b.until("the end of every change", func() bool {
		b.clk.Advance(time.Second) // attempts back off
		for _, id := range asked {
			if b.change(id).State.UnderWay() {
				return false
			}
		}
		return true
	})
	if err := b.sim.SetFaults(shopsim.Faults{}); err != nil {
		t.Fatal(err)
	}
	for i, o := range list {
		ch := b.change(asked[i])
		if n := b.refunds(o.ID); ch.State != Done || n != 1 {
			t.Errorf("%s: %s (%s), %d refunds", ch.Kind, ch.State, ch.Detail, n)
		}
	}
}

// A change that gets stuck between hold and act does not keep the warehouse.
func theJanitorReleasesOurHoldsAndNoOthers(t *testing.T, b *bench) {
	o := b.place()
	if err := b.sim.SetFaults(shopsim.Faults{API: shopsim.APIFaults{FailBefore: 1, Operation: "orderUpdate"}}); err != nil {
		t.Fatal(err)
	}
	defer b.sim.SetFaults(shopsim.Faults{})
	ch := b.must(Wish{Order: o.ID, Kind: Address, Address: anAddress()})
	held := func() int { return len(b.sim.Order(b.shop.ID, o.ID).Holds) }
	// The gate is read once more after the hold: before that, a hold of others
	// would turn the change away.
	b.until("the attempt", func() bool { return b.change(ch.ID).State == Acting })
	if held() != 1 {
		t.Fatalf("%d holds", held())
	}
	c := b.s.clients(storetest.Shop)
	g, err := c.Gate(ctx, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.HoldFulfillment(ctx, int64(g.FulfillmentOrders.Nodes[0].ID), "merchant", "Fraud review"); err != nil {
		t.Fatal(err)
	}
	look := func() { b.in(func(tx *store.Tx) error { return queue.Enqueue(tx, queue.Request{Kind: TaskRelease}) }) }
	look()
	time.Sleep(200 * time.Millisecond)
	if held() != 2 {
		t.Errorf("a hold was released before its time: %d left", held())
	}
	b.until("the release", func() bool {
		b.clk.Advance(10 * time.Minute)
		look()
		time.Sleep(50 * time.Millisecond)
		return held() == 1
	})
	if left := b.sim.Order(b.shop.ID, o.ID).Holds[0]; left.Handle != "merchant" {
		t.Errorf("the merchant's hold was taken: %+v", left)
	}
	if s := b.change(ch.ID).State; s == Done {
		t.Errorf("the change is %s", s)
	}
}

func whatIsNotOfferedCannotBeAsked(t *testing.T, b *bench) {
	o := b.place()
	b.in(func(tx *store.Tx) error {
		_, err := saveSettings(tx, Settings{Version: 1, Cancel: false, Address: true, Items: true, HoldMinutes: 5, QuantityMost: 20, PayHours: 48})
		return err
	})
	for name, w := range map[string]Wish{"cancel": {Kind: Cancel}, "credit": {Kind: Remove, Line: o.Lines[0].ID, Credit: true}} {
		w.Order = o.ID
		if _, err := b.ask(w); err == nil || !strings.Contains(err.Error(), "not_offered") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, w := range map[string]Wish{"a foreign line": {Kind: Remove, Line: 4711}, "no id": {ID: "chg_1", Kind: Remove, Line: o.Lines[0].ID},
		"the same quantity": {Kind: Quantity, Line: o.Lines[0].ID, Quantity: o.Lines[0].Quantity}, "no street": {Kind: Address, Address: &shopify.GateAddress{LastName: "R", City: "Bonn"}}} {
		w.Order = o.ID
		if _, err := b.ask(w); err == nil || !strings.Contains(err.Error(), "changes.wish") {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.clk.Advance(61 * time.Minute) // the policy's hour is over
	ch := b.must(Wish{Order: o.ID, Kind: Remove, Line: o.Lines[0].ID})
	if ch.State != Refused || ch.Reason != WhyLate {
		t.Errorf("after an hour: %+v", ch)
	}
	if err := b.db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
		shown, err := b.s.show(tx, o.ID, locale.Tag("fa"), time.UTC, "/l/o/x")
		if err == nil && shown == nil {
			t.Error("the order page says nothing")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// Everything that a shopper can read exists in every language.
func TestEveryOutcomeHasItsWords(t *testing.T) {
	for _, tag := range locale.Supported {
		for _, k := range Kinds {
			for _, s := range States {
				ch := Change{ID: ids.New("chg"), Kind: k, State: s, Reason: WhySent, OrderName: "#1", Tag: tag}
				if v := showChange(tag, time.UTC, ch, "/l/o/x"); v.Title == "" {
					t.Errorf("%s %s in %s has no title", k, s, tag)
				}
			}
		}
		for _, why := range reasons {
			if _, err := locale.Shopper.Text(tag, "changes.refused."+why, nil); err != nil {
				t.Error(err)
			}
			if staffReason(why) == "" {
				t.Errorf("%s has no words for staff", why)
			}
		}
	}
	if _, err := pages(); err != nil {
		t.Error(err)
	}
}
