package shopify_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"afterglow/app/shopify"
	"afterglow/app/shopsim"
)

// exported starts an export and waits for its end.
func exported(t *testing.T, c *shopify.Client, kind shopify.BulkKind, since *time.Time) *shopify.BulkOperation {
	t.Helper()
	b, err := c.RunBulk(context.Background(), shopify.BulkQuery(kind, since))
	for err == nil && b.Running() {
		time.Sleep(5 * time.Millisecond)
		b, err = c.Bulk(context.Background(), b.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestExportsOfTheSimulationAreWhatWeReadOneByOne holds every order of an export
// against the same order read by itself.
func TestExportsOfTheSimulationAreWhatWeReadOneByOne(t *testing.T) {
	s := simulate(t)
	ctx := context.Background()
	made, err := s.sim.MakeShop(shopsim.ShopSpec{Domain: "bulk.myshopify.com", SeedOrders: 60})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.sim.SetInstalled(made.ID, true, s.app.Scopes); err != nil {
		t.Fatal(err)
	}
	domain := shopify.Domain(made.Domain)
	tokens, err := s.app.ExchangeSession(ctx, domain, s.sim.SessionToken(s.sim.Shop(made.Domain)))
	if err != nil {
		t.Fatal(err)
	}
	c := s.api.ClientWith(domain, tokens.Access)
	b := exported(t, c, shopify.BulkOrders, nil)
	if b.Status != shopify.BulkCompleted || b.Roots < 30 { // without read_all_orders, those of the last sixty days

		t.Fatalf("%+v", b)
	}
	file, err := c.OpenBulk(ctx, b.URL, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := shopify.NewBulkReader(file, 0)
	n := 0
	var last *shopify.BulkObject
	for {
		o, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := o.Order()
		if err != nil {
			t.Fatal(err)
		}
		want, err := c.Order(ctx, int64(got.ID))
		if err != nil {
			t.Fatal(err)
		}
		if got.Name != want.Name || got.Total != want.Total || len(got.Lines) != len(want.Lines) || len(got.Transactions) != len(want.Transactions) ||
			len(got.ShippingLines) != len(want.ShippingLines) || len(got.Applications) != len(want.Applications) || len(got.Refunds) != len(want.Refunds) ||
			got.Lines[0].UnitPrice != want.Lines[0].UnitPrice || got.Lines[0].Image == nil || !got.UpdatedAt.Equal(want.UpdatedAt) {
			t.Errorf("order %s of the export is %+v, want %+v", want.Name, got, want)
		}
		last = o
		n++
	}
	if n != int(b.Roots) || last.End != int64(b.Size) {
		t.Errorf("%d orders, the last ends at %d of %d", n, last.End, b.Size)
	}
	tail, err := c.OpenBulk(ctx, b.URL, last.Start)
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	if o, err := shopify.NewBulkReader(tail, last.Start).Next(); err != nil || o.GID != last.GID || o.End != last.End {
		t.Errorf("from the last object on: %+v, %v", o, err)
	}
	if end, err := c.OpenBulk(ctx, b.URL, int64(b.Size)); err != nil {
		t.Error(err)
	} else if _, err := shopify.NewBulkReader(end, int64(b.Size)).Next(); err != io.EOF {
		t.Errorf("behind the end: %v", err)
	}

	since := s.clock.Now().Add(-14 * 24 * time.Hour)
	if b := exported(t, c, shopify.BulkOrders, &since); b.Roots == 0 || int(b.Roots) >= n {
		t.Errorf("%d orders changed in the last fortnight", b.Roots)
	}
	if b := exported(t, c, shopify.BulkCustomers, nil); b.Roots == 0 {
		t.Error("no customers")
	}
	if b := exported(t, c, shopify.BulkProducts, nil); b.Roots == 0 || b.Objects <= b.Roots {
		t.Errorf("%d products in %d objects", b.Roots, b.Objects)
	}
	if err := s.sim.SetFaults(shopsim.Faults{Bulk: shopsim.BulkFaults{Fail: "TIMEOUT", After: 5}}); err != nil {
		t.Fatal(err)
	}
	if b := exported(t, c, shopify.BulkOrders, nil); b.Status != shopify.BulkFailed || b.ErrorCode != "TIMEOUT" || b.URL != "" || b.Roots != 5 {
		t.Errorf("a failed export: %+v", b)
	}
	if err := s.sim.SetFaults(shopsim.Faults{Bulk: shopsim.BulkFaults{Expired: 1}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.OpenBulk(ctx, b.URL, 0); !errors.Is(err, shopify.ErrBulkGone) {
		t.Errorf("an expired address: %v", err)
	}
	if _, err := c.Bulk(ctx, "gid://shopify/BulkOperation/1"); !errors.Is(err, shopify.ErrBulkMissing) {
		t.Errorf("an unknown export: %v", err)
	}
	if err := s.sim.SetFaults(shopsim.Faults{Bulk: shopsim.BulkFaults{DelayMS: 60_000}}); err != nil {
		t.Fatal(err)
	}
	began := s.clock.Now()
	slow, err := c.RunBulk(ctx, shopify.BulkQuery(shopify.BulkProducts, nil))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := c.FindBulk(ctx, shopify.BulkQuery(shopify.BulkProducts, nil), began); err != nil || found == nil || found.ID != slow.ID {
		t.Errorf("found %+v, %v, want %s", found, err, slow.ID)
	}
	for range 4 {
		if _, err := c.RunBulk(ctx, shopify.BulkQuery(shopify.BulkProducts, nil)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.RunBulk(ctx, shopify.BulkQuery(shopify.BulkProducts, nil)); !errors.Is(err, shopify.ErrBulkBusy) {
		t.Errorf("a sixth export: %v", err)
	}
	if err := c.CancelBulk(ctx, slow.ID); err != nil {
		t.Error(err)
	}
	if b, err := c.Bulk(ctx, slow.ID); err != nil || b.Running() {
		t.Errorf("after cancelling: %+v, %v", b, err)
	}
}
