package shopify_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"afterglow/app/ids"
	"afterglow/app/money"
	"afterglow/app/shopify"
	"afterglow/app/shopsim"
)

// till is a store that gives money back, and what may do so.
type till struct {
	t    *testing.T
	s    *simulated
	shop *shopsim.Shop
	c    *shopify.Client
	kind shopify.OperationKind
}

func openTill(t *testing.T) *till {
	t.Helper()
	s := simulate(t)
	shop := s.sim.Shop(s.sim.ShopDomain())
	if err := s.sim.SetInstalled(shop.ID, true, s.app.Scopes); err != nil {
		t.Fatal(err)
	}
	tokens, err := s.app.ExchangeSession(context.Background(), shopify.Domain(shop.Domain), s.sim.SessionToken(shop))
	if err != nil {
		t.Fatal(err)
	}
	return &till{t, s, shop, s.api.ClientWith(shopify.Domain(shop.Domain), tokens.Access), shopify.RefundKind("test.refund", nil)}
}

func (b *till) place() *shopsim.Order {
	b.t.Helper()
	o, err := b.s.sim.PlaceOrder(b.shop.ID, shopsim.Checkout{Customer: &shopsim.CheckoutCustomer{Email: "ana@example.com", FirstName: "Ana"}, TaxRate: "0",
		Lines: []shopsim.CheckoutLine{{VariantID: b.s.sim.Products(b.shop.ID)[0].Variants[0].ID, Quantity: 1}}})
	if err != nil {
		b.t.Fatal(err)
	}
	return o
}

func refundOf(t *testing.T, r shopify.GiveBack) shopify.Operation {
	t.Helper()
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return shopify.Operation{ID: ids.New("op"), Order: r.Order, Input: raw, Amount: r.Amount, Attempt: 1}
}

func (b *till) back(order int64) (n int, total string) {
	for _, l := range b.s.sim.Ledger(b.shop.ID) {
		if l.OrderID == order && l.By == "app" {
			n++
			total = l.Kind + " " + l.Amount
		}
	}
	return n, total
}

// staff give money back in Shopify itself.
func (b *till) staff(order int64, amount string) {
	b.t.Helper()
	if _, err := b.s.sim.Refund(b.shop.ID, order, shopsim.RefundInput{Amount: amount}); err != nil {
		b.t.Fatal(err)
	}
}

// Whoever asks for it: once for an operation, found again afterwards, to where it
// came from or as store credit.
func TestARefundIsMadeOnceAndFoundAgain(t *testing.T) {
	b := openTill(t)
	ctx := context.Background()
	for kind, credit := range map[string]bool{"refund": false, "store_credit": true} {
		o := b.place()
		op := refundOf(t, shopify.GiveBack{Order: o.ID, Amount: money.New(500, o.PresentmentCurrency), Credit: credit, Note: "For you"})
		if _, found, err := b.kind.ReadBack(ctx, b.c, op); found || err != nil {
			t.Errorf("%s: found before it was made: %v", kind, err)
		}
		for range 2 { // the second time under the same key
			if r, err := b.kind.Do(ctx, b.c, op); err != nil || r.ShopifyID == "" {
				t.Fatalf("%s: %+v, %v", kind, r, err)
			}
		}
		if n, what := b.back(o.ID); n != 1 || what != kind+" 5.00" {
			t.Errorf("%d times %s", n, what)
		}
		if r, found, err := b.kind.ReadBack(ctx, b.c, op); !found || err != nil || r.ShopifyID == "" {
			t.Errorf("%s: not found again: %v", kind, err)
		}
	}
}

// Never more than is left: what is owed waits for a person, anything else is
// refused for good.
func TestARefundIsNeverMoreThanIsLeft(t *testing.T) {
	b := openTill(t)
	ctx := context.Background()
	for _, credit := range []bool{false, true} {
		o := b.place()
		total := money.New(o.Totals().Total.Presentment, o.PresentmentCurrency)
		b.staff(o.ID, "0.01")
		var no *shopify.Refused
		if _, err := b.kind.Do(ctx, b.c, refundOf(t, shopify.GiveBack{Order: o.ID, Amount: total, Credit: credit})); !errors.As(err, &no) {
			t.Errorf("a gift of more than is left: %v", err)
		}
		if _, err := b.kind.Do(ctx, b.c, refundOf(t, shopify.GiveBack{Order: o.ID, Amount: total, Credit: credit, Owed: true})); err == nil || errors.As(err, &no) {
			t.Errorf("a debt of more than is left: %v", err)
		}
		if n, _ := b.back(o.ID); n != 0 {
			t.Errorf("%d times anyway", n)
		}
	}
	var no *shopify.Refused
	if _, err := b.kind.Do(ctx, b.c, refundOf(t, shopify.GiveBack{Order: 1, Amount: money.New(1, "USD"), Owed: true})); !errors.As(err, &no) {
		t.Errorf("of an order that is gone: %v", err)
	}
}

// What staff gave back since it was decided counts; what another operation of ours
// gave back does not.
func TestWhatOthersGaveBackIsNotOwedAnyMore(t *testing.T) {
	b := openTill(t)
	ctx := context.Background()
	o := b.place()
	none := int64(0)
	five := func() shopify.Operation {
		return refundOf(t, shopify.GiveBack{Order: o.ID, Amount: money.New(500, o.PresentmentCurrency), Owed: true, Others: &none})
	}
	for range 2 {
		if _, err := b.kind.Do(ctx, b.c, five()); err != nil {
			t.Fatal(err)
		}
	}
	b.staff(o.ID, "2.00")
	late := five()
	if _, err := b.kind.Do(ctx, b.c, late); err == nil {
		t.Error("a part was given back by others, and all of it again")
	}
	b.staff(o.ID, "3.00")
	if _, err := b.kind.Do(ctx, b.c, late); err == nil {
		t.Error("at its first attempt it is not clear that others meant this")
	}
	late.Attempt = 2
	if r, err := b.kind.Do(ctx, b.c, late); err != nil || r.ShopifyID != "" {
		t.Errorf("after a person has seen to it: %+v, %v", r, err)
	}
	if n, _ := b.back(o.ID); n != 2 {
		t.Errorf("%d refunds of ours", n)
	}
}

// A key under which Shopify finally refused is used up: what a person tries again
// goes out under the next one.
func TestARefusedRefundCanBeTriedAgain(t *testing.T) {
	b := openTill(t)
	ctx := context.Background()
	o := b.place()
	op := refundOf(t, shopify.GiveBack{Order: o.ID, Amount: money.New(500, o.PresentmentCurrency), Owed: true})
	if err := b.s.sim.SetFaults(shopsim.Faults{API: shopsim.APIFaults{Refuse: 1}}); err != nil {
		t.Fatal(err)
	}
	var no *shopify.Refused
	if _, err := b.kind.Do(ctx, b.c, op); err == nil || errors.As(err, &no) {
		t.Errorf("turned down: %v", err)
	}
	if err := b.s.sim.SetFaults(shopsim.Faults{}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r, err := b.kind.Do(ctx, b.c, op); err != nil || r.ShopifyID == "" {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if n, what := b.back(o.ID); n != 1 || what != "refund 5.00" {
		t.Errorf("%d times %s", n, what)
	}
}

// An attempt that Shopify did not let in is told from one that it let in half way.
func TestWhatWasThrottledChangedNothing(t *testing.T) {
	b := openTill(t)
	o := b.place()
	op := refundOf(t, shopify.GiveBack{Order: o.ID, Amount: money.New(500, o.PresentmentCurrency)})
	attempt := func(ctx context.Context) (bool, error) {
		watched, changed := shopify.WatchChanges(ctx)
		_, err := b.kind.Do(watched, b.c, op)
		return changed(), err
	}
	if err := b.s.sim.SetFaults(shopsim.Faults{API: shopsim.APIFaults{Throttle: 1, Operation: "refundCreate"}}); err != nil {
		t.Fatal(err)
	}
	changed, err := attempt(shopify.Background(context.Background()))
	if _, throttled := shopify.RetryAfter(err); changed || !throttled {
		t.Errorf("throttled: changed %t, %v", changed, err)
	}
	if err := b.s.sim.SetFaults(shopsim.Faults{}); err != nil {
		t.Fatal(err)
	}
	if changed, err := attempt(context.Background()); !changed || err != nil {
		t.Errorf("let in: changed %t, %v", changed, err)
	}
}
