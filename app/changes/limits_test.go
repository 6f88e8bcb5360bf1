package changes

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// What cannot be, whatever the policy says; one shop for them all.
func TestWhatCannotBe(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.run(t, theLastItemIsNotTakenOut)
		b.run(t, noMoreThanTheShopHasOrSells)
		b.run(t, whatIsSentStaysAndTheRestIsChanged)
		b.run(t, lookingBeginsNoEdit)
	})
}

// buy places an order of so many of each variant and waits until it is known here.
func (b *bench) buy(lines ...shopsim.CheckoutLine) *shopsim.Order {
	b.t.Helper()
	o, err := b.sim.PlaceOrder(b.shop.ID, shopsim.Checkout{Email: "negar@example.com", TaxRate: "0", Lines: lines})
	if err != nil {
		b.t.Fatal(err)
	}
	b.learn(o.ID, func(*orders.Order) bool { return true })
	return o
}

// learn reads an order again until what is known of it is right.
func (b *bench) learn(id int64, right func(o *orders.Order) bool) {
	b.t.Helper()
	b.in(func(tx *store.Tx) error {
		return queue.Enqueue(tx, queue.Request{Kind: orders.TaskRead, Ref: strconv.FormatInt(id, 10)})
	})
	b.until("the order", func() bool {
		known := false
		_ = b.db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
			o, err := orders.Find(tx, id)
			known = err == nil && right(o)
			return nil
		})
		return known
	})
}

// stock sets how many of a variant there are.
func (b *bench) stock(variant, n int64) {
	b.t.Helper()
	p, _ := b.sim.VariantByID(b.shop.ID, variant)
	body := fmt.Sprintf(`{"stock": %d, "variant_id": %d}`, n, variant)
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, fmt.Sprintf("/sim/api/products/%d", p.ID), strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	b.sim.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		b.t.Fatalf("stock: %d %s", w.Code, w.Body)
	}
}

func (b *bench) refusedBecause(w Wish, why string) {
	b.t.Helper()
	before := b.sim.Order(b.shop.ID, w.Order)
	ch := b.ended(b.must(w).ID)
	after := b.sim.Order(b.shop.ID, w.Order)
	if ch.State != Refused || ch.Reason != why {
		b.t.Errorf("%s: %s because of %q (%s), want %q", w.Kind, ch.State, ch.Reason, ch.Detail, why)
	}
	if len(before.Edits) != len(after.Edits) || after.CancelledAt != nil {
		b.t.Errorf("%s: the order was changed", w.Kind)
	}
	b.noHolds(w.Order)
	for _, tag := range locale.Supported {
		if showChange(tag, time.UTC, ch, "/l/o/x").Text == "" {
			b.t.Errorf("%s has no words for %s", tag, why)
		}
	}
}

func theLastItemIsNotTakenOut(_ *testing.T, b *bench) {
	several, _ := b.variants()
	o := b.buy(shopsim.CheckoutLine{VariantID: several[0].ID, Quantity: 2})
	b.refusedBecause(Wish{Order: o.ID, Kind: Remove, Line: o.Lines[0].ID}, WhyLast)

	two := b.place() // and what only Shopify knows: the other item went meanwhile
	if _, err := b.sim.EditOrder(b.shop.ID, two.ID, shopsim.EditInput{Set: []shopsim.EditSet{{LineItemID: two.Lines[1].ID}}}); err != nil {
		b.t.Fatal(err)
	}
	b.refusedBecause(Wish{Order: two.ID, Kind: Remove, Line: two.Lines[0].ID}, WhyLast)
}

func noMoreThanTheShopHasOrSells(_ *testing.T, b *bench) {
	several, _ := b.variants()
	o := b.place()
	l := o.Lines[0]
	b.refusedBecause(Wish{Order: o.ID, Kind: Quantity, Line: l.ID, Quantity: 21}, WhyMost)
	b.stock(several[0].ID, 3)
	b.stock(several[1].ID, 1)
	defer b.stock(several[0].ID, 40)
	defer b.stock(several[1].ID, 40)
	b.refusedBecause(Wish{Order: o.ID, Kind: Quantity, Line: l.ID, Quantity: 6}, WhyStock)
	b.refusedBecause(Wish{Order: o.ID, Kind: Swap, Line: l.ID, Variant: several[1].ID}, WhyStock)
	if ch := b.ended(b.must(Wish{Order: o.ID, Kind: Quantity, Line: l.ID, Quantity: 1}).ID); ch.State != Done {
		b.t.Errorf("fewer: %+v", ch)
	}
}

func whatIsSentStaysAndTheRestIsChanged(t *testing.T, b *bench) {
	several, other := b.variants()
	o := b.buy(shopsim.CheckoutLine{VariantID: several[0].ID, Quantity: 3}, shopsim.CheckoutLine{VariantID: other, Quantity: 1})
	part, whole := o.Lines[0], o.Lines[1]
	if _, err := b.sim.Fulfill(b.shop.ID, o.ID, shopsim.FulfillInput{Lines: []shopsim.FulfillLineInput{{LineItemID: part.ID, Quantity: 1}, {LineItemID: whole.ID, Quantity: 1}}}); err != nil {
		t.Fatal(err)
	}
	// Before we hear of it, and after.
	b.refusedBecause(Wish{Order: o.ID, Kind: Remove, Line: whole.ID}, WhyLineSent)
	b.learn(o.ID, func(known *orders.Order) bool { return len(known.Fulfillments) == 1 })
	b.refusedBecause(Wish{Order: o.ID, Kind: Remove, Line: whole.ID}, WhyLineSent)
	b.refusedBecause(Wish{Order: o.ID, Kind: Cancel}, WhySent)
	b.refusedBecause(Wish{Order: o.ID, Kind: Address, Address: anAddress()}, WhySent)

	ch := b.ended(b.must(Wish{Order: o.ID, Kind: Quantity, Line: part.ID, Quantity: 2}).ID)
	if now := b.sim.Order(b.shop.ID, o.ID).Lines[0]; ch.State != Done || now.Current() != 2 || now.Open() != 1 || b.refunds(o.ID) != 1 {
		t.Fatalf("fewer: %s %s %s, %+v", ch.State, ch.Reason, ch.Detail, now)
	}
	b.learn(o.ID, func(known *orders.Order) bool { return known.Lines[0].CurrentQuantity == 2 })
	ch = b.ended(b.must(Wish{Order: o.ID, Kind: Swap, Line: part.ID, Variant: several[1].ID}).ID)
	now := b.sim.Order(b.shop.ID, o.ID)
	if last := now.Lines[len(now.Lines)-1]; ch.State != Done || now.Lines[0].Current() != 1 || last.VariantID != several[1].ID || last.Current() != 1 {
		t.Fatalf("another variant: %s %s %s, %+v", ch.State, ch.Reason, ch.Detail, now.Lines)
	}
	b.learn(o.ID, func(known *orders.Order) bool { return len(known.Lines) == 3 && known.Lines[0].CurrentQuantity == 1 })
	b.refusedBecause(Wish{Order: o.ID, Kind: Remove, Line: part.ID}, WhyLineSent)
	ch = b.ended(b.must(Wish{Order: o.ID, Kind: Remove, Line: now.Lines[2].ID}).ID)
	if now = b.sim.Order(b.shop.ID, o.ID); ch.State != Done || now.Lines[2].Current() != 0 {
		t.Errorf("taken out: %s %s %s", ch.State, ch.Reason, ch.Detail)
	}
	b.noHolds(o.ID)
}

// page is the address of an order's page.
func (b *bench) page(order int64) string {
	b.t.Helper()
	path := ""
	b.in(func(tx *store.Tx) error {
		address, err := b.s.orders.Link(tx, order)
		path = strings.TrimPrefix(address, "https://app.example")
		return err
	})
	return path
}

func (b *bench) visit(method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	return w
}

// An edit may begin when something is posted, never because a page is looked at.
func lookingBeginsNoEdit(t *testing.T, b *bench) {
	several, _ := b.variants()
	o := b.place()
	path := b.page(o.ID) + "/change/items"
	line := strconv.FormatInt(o.Lines[0].ID, 10)
	before := b.edits.Load()
	for _, query := range []string{"", "?line=" + line, "?line=" + line + "&do=quantity&quantity=1", "?line=" + line + "&do=swap&variant=" + strconv.FormatInt(several[1].ID, 10)} {
		if w := b.visit(http.MethodGet, path+query, nil); w.Code != http.StatusOK || strings.Contains(w.Body.String(), `name="once"`) {
			t.Errorf("GET %s: %d", query, w.Code)
		}
	}
	if n := b.edits.Load() - before; n != 0 {
		t.Errorf("looking began %d edits", n)
	}
	w := b.visit(http.MethodPost, path+"/review", url.Values{"line": {line}, "do": {"quantity"}, "quantity": {"1"}})
	if n := b.edits.Load() - before; n != 1 || !strings.Contains(w.Body.String(), `name="once"`) {
		t.Errorf("the review began %d edits: %d %.400s", n, w.Code, w.Body)
	}
	w = b.visit(http.MethodPost, path+"/review", url.Values{"line": {line}, "do": {"quantity"}, "quantity": {"500"}, "lang": {"fa"}})
	if !strings.Contains(w.Body.String(), locale.Shopper.T("fa", "changes.refused.most", nil)) {
		t.Errorf("500 of it: %d %.400s", w.Code, w.Body)
	}
	single := b.buy(shopsim.CheckoutLine{VariantID: several[0].ID, Quantity: 1})
	w = b.visit(http.MethodPost, b.page(single.ID)+"/change/items/review", url.Values{"line": {strconv.FormatInt(single.Lines[0].ID, 10)}, "do": {"remove"}})
	if !strings.Contains(w.Body.String(), "/change/cancel") || !strings.Contains(w.Body.String(), "only item left") {
		t.Errorf("the last item: %d %.600s", w.Code, w.Body)
	}
}
