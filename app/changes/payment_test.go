package changes

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"afterglow/app/locale"
	"afterglow/app/messages"
	"afterglow/app/money"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// What a change costs more is paid before the order is sent; what a cancellation
// gives back is in its receipt.
func TestPayments(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.run(t, theOrderIsHeldUntilTheExtraIsPaid)
		b.run(t, whatNobodyPaysForIsTakenBack)
		b.run(t, whatCannotBeTakenBackIsNotHeldForever)
		b.run(t, aParkedTakingBackThatIsGivenUpLeavesTheChange)
		b.run(t, theReceiptWaitsForTheRefund)
		b.run(t, whatWaitsForPaymentIsPaidOrTakenBack)
	})
}

// unpaid waits until a change waits for its payment.
func (b *bench) unpaid(id string) Change {
	b.t.Helper()
	b.until("the wait for the payment", func() bool { return b.change(id).State == Paying || !b.change(id).State.Live() })
	return b.change(id)
}

func (b *bench) look(kind string) {
	b.in(func(tx *store.Tx) error { return queue.Enqueue(tx, queue.Request{Kind: kind}) })
}

// watch looks after payments until a change has ended.
func (b *bench) watch(id string) Change {
	b.t.Helper()
	b.until("the end of the wait", func() bool {
		b.look(TaskPayments)
		b.clk.Advance(time.Second)
		time.Sleep(20 * time.Millisecond)
		return !b.change(id).State.Live()
	})
	return b.change(id)
}

func (b *bench) mails(kind, change string) (n int64) {
	b.t.Helper()
	b.in(func(tx *store.Tx) error {
		return tx.Scoped(&messages.Message{}).Where("kind = ? AND ref = ?", kind, change).Count(&n).Error
	})
	return n
}

// words is what a mail says.
func (b *bench) words(kind, change string) string {
	b.t.Helper()
	text := ""
	b.in(func(tx *store.Tx) error {
		l, err := b.s.compose(kind)(ctx, tx, change)
		if err == nil {
			n := l.Data["notice"].(map[string]any)
			for _, p := range n["paragraphs"].([]any) {
				text += p.(string) + "\n"
			}
		}
		return err
	})
	return text
}

func (b *bench) released(order int64) {
	b.t.Helper()
	b.until("the release", func() bool {
		b.look(TaskRelease)
		time.Sleep(20 * time.Millisecond)
		return len(b.sim.Order(b.shop.ID, order).Holds) == 0
	})
}

// costsMore asks for one more of an order's first line.
func (b *bench) costsMore(o *shopsim.Order) Change {
	b.t.Helper()
	ch := b.unpaid(b.must(Wish{Order: o.ID, Kind: Quantity, Line: o.Lines[0].ID, Quantity: 3}).ID)
	if ch.State != Paying || ch.Money.Minor != -o.Lines[0].Unit.Presentment || len(b.sim.Order(b.shop.ID, o.ID).Holds) != 1 {
		b.t.Fatalf("%+v, holds %+v", ch, b.sim.Order(b.shop.ID, o.ID).Holds)
	}
	return ch
}

func theOrderIsHeldUntilTheExtraIsPaid(t *testing.T, b *bench) {
	o := b.place()
	ch := b.costsMore(o)
	amount := locale.English.Money(ch.Money.Neg())
	if text := b.words(KindReceipt, ch.ID); b.receipts(ch.ID) != 1 || !strings.Contains(text, amount) || !strings.Contains(text, "take the change back") {
		t.Errorf("%d receipts: %s", b.receipts(ch.ID), text)
	}
	if shown := showChange(locale.English, time.UTC, ch, "/l/o/x"); shown.PayURL == "" || !strings.Contains(shown.Money, amount) {
		t.Errorf("the page says %+v", shown)
	}
	b.clk.Advance(2 * time.Hour) // much longer than a stuck change may hold
	b.look(TaskRelease)
	b.look(TaskPayments)
	time.Sleep(200 * time.Millisecond)
	if _, err := b.sim.Fulfill(b.shop.ID, o.ID, shopsim.FulfillInput{}); err == nil {
		t.Error("it was sent unpaid")
	}
	if again := b.change(ch.ID); again.State != Paying {
		t.Fatalf("after two hours: %+v", again)
	}
	if _, err := b.sim.PayBalance(b.shop.ID, o.ID); err != nil {
		t.Fatal(err)
	}
	b.in(func(tx *store.Tx) error { // the webhook
		return queue.Enqueue(tx, queue.Request{Kind: "orders.read", Ref: strconv.FormatInt(o.ID, 10)})
	})
	if ch = b.watch(ch.ID); ch.State != Done || ch.PayURL != "" {
		t.Errorf("paid: %+v", ch)
	}
	b.released(o.ID)
	if _, err := b.sim.Fulfill(b.shop.ID, o.ID, shopsim.FulfillInput{}); err != nil {
		t.Error(err)
	}
	if b.receipts(ch.ID) != 1 || b.mails(KindUndone, ch.ID) != 0 {
		t.Error("more mails than one")
	}
}

func whatNobodyPaysForIsTakenBack(t *testing.T, b *bench) {
	several, _ := b.variants()
	list := b.places(2)
	more := b.costsMore(list[0])
	dear := several[0]
	for _, v := range several {
		if v.Price > dear.Price {
			dear = v
		}
	}
	asked := []Change{more}
	if dear.ID != several[0].ID {
		asked = append(asked, b.unpaid(b.must(Wish{Order: list[1].ID, Kind: Swap, Line: list[1].Lines[0].ID, Variant: dear.ID}).ID))
	}
	b.clk.Advance(25 * time.Hour)
	b.until("the reminder", func() bool {
		b.look(TaskPayments)
		b.clk.Advance(time.Second) // what was under way as the day passed is tried again a little later
		time.Sleep(20 * time.Millisecond)
		return b.mails(KindReminder, more.ID) > 0
	})
	b.look(TaskPayments)
	b.clk.Advance(24 * time.Hour)
	for i, ch := range asked {
		ch = b.watch(ch.ID)
		now := b.sim.Order(b.shop.ID, ch.Order)
		if ch.State != Refused || ch.Reason != WhyUnpaid || now.Current().Total != list[i].Current().Total || now.Current().Outstanding.Shop != 0 {
			t.Errorf("%s: %s %s %s, outstanding %+v", ch.Kind, ch.State, ch.Reason, ch.Detail, now.Current().Outstanding)
		}
		b.noHolds(ch.Order)
		if b.mails(KindReminder, ch.ID) != 1 || b.mails(KindUndone, ch.ID) != 1 || b.receipts(ch.ID) != 1 || b.refunds(ch.Order) != 0 {
			t.Errorf("%s: %d reminders, %d mails at the end, %d receipts, %d refunds", ch.Kind, b.mails(KindReminder, ch.ID), b.mails(KindUndone, ch.ID), b.receipts(ch.ID), b.refunds(ch.Order))
		}
		if text := b.words(KindUndone, ch.ID); !strings.Contains(text, "not paid in time") {
			t.Errorf("the mail says %s", text)
		}
	}
	if ch := b.ended(b.must(Wish{Order: list[0].ID, Kind: Cancel}).ID); ch.Reason == WhyUnpaid {
		t.Errorf("the order cannot be changed again: %+v", ch)
	}
}

func whatCannotBeTakenBackIsNotHeldForever(t *testing.T, b *bench) {
	o := b.place()
	ch := b.costsMore(o)
	if _, err := b.sim.EditOrder(b.shop.ID, o.ID, shopsim.EditInput{Set: []shopsim.EditSet{{LineItemID: o.Lines[1].ID, Quantity: 2}}}); err != nil {
		t.Fatal(err) // staff added something else that is not paid
	}
	b.clk.Advance(49 * time.Hour)
	if ch = b.watch(ch.ID); ch.State != Done || ch.Reason != WhyUnpaid {
		t.Errorf("%+v", ch)
	}
	b.released(o.ID)
	if err := b.db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
		at, err := uncollected(tx)
		if at.Count != 1 {
			t.Errorf("the first screen says %+v", at)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func aParkedTakingBackThatIsGivenUpLeavesTheChange(t *testing.T, b *bench) {
	o := b.place()
	ch := b.costsMore(o)
	if err := b.sim.SetFaults(shopsim.Faults{API: shopsim.APIFaults{Garbage: 1, Operation: "orderEditCommit"}}); err != nil {
		t.Fatal(err)
	}
	b.clk.Advance(49 * time.Hour)
	b.look(TaskPayments)
	b.parks(ch)
	if ch = b.change(ch.ID); ch.State != Parked || ch.EndedAt != nil {
		t.Fatalf("%+v", ch)
	}
	b.giveUp(b.operationOf(ch, OperationUndo).ID, "paid at the door")
	b.until("its end", func() bool { queuetest.PassTime(b.t, b.db, b.clk); return !b.change(ch.ID).State.Live() })
	now := b.sim.Order(b.shop.ID, o.ID)
	if ch = b.change(ch.ID); ch.State != Done || ch.Reason != WhyUnpaid || ch.Money.Minor >= 0 || !strings.Contains(ch.Detail, "paid at the door") || now.Current().Outstanding.Shop == 0 {
		t.Errorf("%+v, outstanding %+v", ch, now.Current().Outstanding)
	}
	b.released(o.ID)
	if b.mails(KindUndone, ch.ID) != 0 {
		t.Error("the shopper was told that it was taken back")
	}
}

func theReceiptWaitsForTheRefund(t *testing.T, b *bench) {
	if err := b.sim.SetFaults(shopsim.Faults{API: shopsim.APIFaults{LateRefund: true}}); err != nil {
		t.Fatal(err)
	}
	defer b.sim.SetFaults(shopsim.Faults{})
	late, never := b.place(), b.place()
	first, second := b.must(Wish{Order: late.ID, Kind: Cancel}), b.must(Wish{Order: never.ID, Kind: Cancel})
	for _, ch := range []Change{first, second} {
		b.until("the cancellation", func() bool { return b.change(ch.ID).State == Settling || !b.change(ch.ID).State.Live() })
		if now := b.change(ch.ID); now.State != Settling || b.receipts(ch.ID) != 0 {
			t.Fatalf("before the refund: %s, %d receipts", now.State, b.receipts(ch.ID))
		}
	}
	total := late.Totals().Total.Presentment
	if _, err := b.sim.Refund(b.shop.ID, late.ID, shopsim.RefundInput{Amount: money.New(total, late.PresentmentCurrency).Decimal()}); err != nil {
		t.Fatal(err)
	}
	ended := func(id string) Change {
		b.until("the receipt", func() bool {
			b.clk.Advance(time.Minute)
			time.Sleep(5 * time.Millisecond)
			return !b.change(id).State.Live()
		})
		return b.change(id)
	}
	if ch := ended(first.ID); ch.State != Done || ch.Money.Minor != total || b.receipts(ch.ID) != 1 || !strings.Contains(b.words(KindReceipt, ch.ID), "goes back the way you paid") {
		t.Errorf("%+v: %s", ch, b.words(KindReceipt, ch.ID))
	}
	if ch := ended(second.ID); ch.State != Done || !ch.Money.IsZero() || b.receipts(ch.ID) != 1 || !strings.Contains(b.words(KindReceipt, ch.ID), "separately") {
		t.Errorf("%+v: %s", ch, b.words(KindReceipt, ch.ID))
	}
}

// While a change waits for its payment the page offers nothing but paying it and
// taking it back.
func whatWaitsForPaymentIsPaidOrTakenBack(t *testing.T, b *bench) {
	o := b.place()
	ch := b.costsMore(o)
	page, own := b.page(o.ID), b.page(o.ID)+"/changes/"+ch.ID
	b.in(func(tx *store.Tx) error {
		seen, err := b.s.show(tx, o.ID, locale.English, time.UTC, page)
		if card := seen.(*shown); len(card.Options) > 0 || card.Why != "" || !card.Latest.Back || card.Latest.PayURL == "" {
			t.Errorf("the order's page shows %+v", card)
		}
		return err
	})
	for _, form := range []string{"/change/cancel", "/change/address", "/change/items"} {
		if w := b.visit(http.MethodGet, page+form, nil); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), own) {
			t.Errorf("%s: %d %s", form, w.Code, w.Header().Get("Location"))
		}
	}
	said := b.visit(http.MethodGet, own, nil).Body.String()
	if !strings.Contains(said, own+"/back") {
		t.Errorf("the change's page says %s", said)
	}
	for range 2 {
		if w := b.visit(http.MethodPost, own+"/back", url.Values{"lang": {"en"}}); w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	ch = b.watch(ch.ID)
	if now := b.sim.Order(b.shop.ID, o.ID).Current(); ch.State != Refused || ch.Reason != WhyTakenBack || now.Total != o.Current().Total || now.Outstanding.Shop != 0 {
		t.Errorf("taken back: %+v, %+v", ch, now)
	}
	b.noHolds(o.ID)
	if text := b.words(KindUndone, ch.ID); b.mails(KindUndone, ch.ID) != 1 || strings.Contains(text, "not paid in time") {
		t.Errorf("%d mails: %s", b.mails(KindUndone, ch.ID), text)
	}
	if said = b.visit(http.MethodGet, own, nil).Body.String(); strings.Contains(said, "could not be changed") {
		t.Errorf("its page says %s", said)
	}
	if w := b.visit(http.MethodPost, own+"/back", nil); w.Code != http.StatusSeeOther || b.change(ch.ID).State != Refused {
		t.Errorf("once more: %d, %+v", w.Code, b.change(ch.ID))
	}

	paid := b.costsMore(b.place())
	if _, err := b.sim.PayBalance(b.shop.ID, paid.Order); err != nil {
		t.Fatal(err)
	}
	b.visit(http.MethodPost, b.page(paid.Order)+"/changes/"+paid.ID+"/back", nil)
	if paid = b.watch(paid.ID); paid.State != Done || paid.Reason != "" {
		t.Errorf("taken back after it was paid: %+v", paid)
	}
}
