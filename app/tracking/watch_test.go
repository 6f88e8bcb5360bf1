package tracking

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// crowd puts as many parcels on record as one round looks at, and some more; each
// is older than any that a test tells of.
func (b *bench) crowd(from int64, as func(r *row)) {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		rows := make([]row, watchAtMost+10)
		for i := range rows {
			at := tx.Now.Add(-30 * 24 * time.Hour)
			rows[i] = row{ShopID: tx.Shop, ID: from + int64(i), OrderID: 1, Known: true, UnderWay: true, State: Shipped, StateAt: at, Items: "[]", ShippedAt: at, Told: "shipped",
				DestinationCountry: "US", SourceUpdatedAt: at, SourceTriggeredAt: at, FirstSeenAt: at, ComparedAt: tx.Now}
			as(&rows[i])
		}
		return tx.CreateInBatches(rows, 100).Error
	})
}

// Parcels that nothing can be done about do not keep a round from those behind them.
func TestNobodyIsOverlookedInACrowd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		clk.Set(time.Date(2026, 11, 2, 15, 0, 0, 0, time.UTC))
		b.generous()
		past := clk.Now().Add(-20 * 24 * time.Hour)
		b.crowd(1_000, func(r *row) { r.TrackingNumber, r.CarrierName = "A1", "Courier" })                // who never says anything
		b.crowd(2_000, func(r *row) { r.State, r.ExpectedUntil, r.Told = PickupReady, &past, "shipped" }) // waits to be fetched
		b.crowd(4_000, func(r *row) { r.OrderID, r.ExpectedUntil = 404, &past })                          // late, of an order that is gone
		b.crowd(3_000, func(r *row) { r.StalledAt, r.Told = &past, "shipped delayed" })                   // of an order that is gone
		b.place()
		b.tell("fulfillments/create", b.parcel(9_001, nil))
		b.tell("fulfillment_events/create", b.scan(1, 9_001, "in_transit", clk.Now(), nil))
		clk.Advance(13 * 24 * time.Hour)
		if !b.stalled(9_001) {
			t.Error("a parcel behind silent carriers does not stall")
		}
		clk.Advance(10 * 24 * time.Hour) // beyond what was promised
		b.stalled(9_001)
		var r *row
		b.in(storetest.Shop, func(tx *store.Tx) (err error) { r, err = find(tx, 9_001); return err })
		if !r.told("delayed") {
			t.Error("its shopper is not told, behind parcels that wait to be fetched")
		}
		var offers int64
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Scoped(&offerRow{}).Where("parcel_id = 9001").Count(&offers).Error
		})
		if offers != 1 {
			t.Errorf("%d offers for it, behind parcels that get none", offers)
		}
	})
}

func (b *bench) generous() {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		if err := tx.Exec(`UPDATE shops SET scopes = ? WHERE shop_id = ?`, strings.Join(OfferScopes, ","), tx.Shop).Error; err != nil {
			return err
		}
		g := defaultGoodwill("USD")
		g.Enabled = true
		_, err := saveGoodwill(tx, g)
		return err
	})
}

// Between two rounds an offer ends with its reason: nobody gets money for a parcel
// that has arrived, or for what was paid back already.
func TestAnOfferEndsWithItsReason(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.generous()
		chosen := int64(0)
		handRefund := func(amount string) map[string]any { // money alone, without items
			return map[string]any{"financial_status": "partially_refunded", "refunds": []any{map[string]any{"id": 8, "created_at": clk.Now(),
				"transactions": []map[string]any{{"id": 9, "kind": "refund", "status": "success", "amount": amount, "currency": "USD"}}}}}
		}
		for i, c := range []struct {
			name  string
			order map[string]any
			after func(parcel int64)
			want  string
		}{
			{"nothing has changed", nil, func(int64) {}, OfferChosen},
			{"it has arrived", nil, func(p int64) { b.tell("fulfillment_events/create", b.scan(p*10, p, "delivered", clk.Now(), nil)) }, OfferEnded},
			{"the order was cancelled", map[string]any{"cancelled_at": clk.Now()}, nil, OfferEnded},
			{"it was refunded", map[string]any{"financial_status": "refunded"}, nil, OfferEnded},
			{"what it held was paid back", map[string]any{"financial_status": "partially_refunded", "refunds": []any{map[string]any{"id": 7, "created_at": clk.Now(),
				"refund_line_items": []map[string]any{{"line_item_id": 71, "quantity": 1}}}}}, nil, OfferEnded},
			{"a little was paid back by hand", handRefund("20.00"), nil, OfferChosen},
			{"less is left than it is worth", handRefund("20.01"), nil, OfferEnded},
		} {
			parcel := int64(900 + i)
			b.place()
			b.tell("fulfillments/create", b.parcel(parcel, nil))
			of := offerRow{ShopID: storetest.Shop, ID: fmt.Sprintf("mg_%d", i), OrderID: order, ParcelID: parcel, Cause: CauseLate, State: OfferOpen, Choices: "wait reship refund credit",
				AmountMinor: 1000, WorthMinor: 1000, Currency: "USD", MadeAt: clk.Now(), UntilAt: clk.Now().Add(7 * 24 * time.Hour)}
			b.in(storetest.Shop, func(tx *store.Tx) error {
				_, err := insertOffer(tx, &of)
				return err
			})
			if c.after != nil {
				c.after(parcel)
			} else {
				b.placeAs(c.order)
			}
			var shown any
			got := of
			b.in(storetest.Shop, func(tx *store.Tx) (err error) {
				if shown, err = b.s.showOffers(tx, room.PageView{OrderID: order, Tag: locale.English, Zone: time.UTC}); err != nil {
					return err
				}
				got, err = b.s.Choose(tx, order, of.ID, ChoiceRefund)
				return err
			})
			open := false
			if view, ok := shown.(shownOffers); ok {
				for _, o := range view.Offers {
					open = open || o.ID == of.ID
				}
			}
			if got.State != c.want || open != (c.want == OfferChosen) {
				t.Errorf("%s: %s, on the page %v", c.name, got.State, open)
			}
			b.in(storetest.Shop, func(tx *store.Tx) error {
				var operations, taken int64
				if err := tx.Raw(`SELECT count(*) FROM shopify_operations WHERE shop_id = ?`, tx.Shop).Scan(&operations).Error; err != nil {
					return err
				}
				if err := tx.Raw(`SELECT COALESCE(SUM(reserved_minor), 0) FROM tracking_budgets WHERE shop_id = ?`, tx.Shop).Scan(&taken).Error; err != nil {
					return err
				}
				if c.want == OfferChosen {
					chosen++
				}
				if operations != chosen || taken != 1000*chosen {
					t.Errorf("%s: %d operations, %d taken", c.name, operations, taken)
				}
				return tx.Exec(`DELETE FROM tracking_offers WHERE shop_id = ?`, tx.Shop).Error
			})
		}
	})
}

// A carrier's day is that of the place the parcel goes to, not of the shop.
func TestTheDayIsThatOfTheDoor(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	b := setup(t, storetest.Open(t, "sqlite", clk), clk) // nothing here depends on the database
	b.place()
	early := time.Date(2026, 11, 25, 2, 0, 0, 0, time.FixedZone("", 3600)) // the evening before in New York
	b.tell("fulfillment_events/create", b.scan(1, 901, "in_transit", clk.Now(), map[string]any{"estimated_delivery_at": early}))
	b.tell("fulfillments/create", b.parcel(901, nil))
	j := b.journey()
	if day := clock.DateIn(*j.Expected.Until, j.Zone).String(); day != "2026-11-25" {
		t.Errorf("expected on %s", day)
	}
	b.tell("fulfillment_events/create", b.scan(2, 901, "delivered", early.Add(time.Hour), nil))
	b.in(storetest.Shop, func(tx *store.Tx) error {
		p, ok, err := loadPromise(tx, 901)
		if !ok || !p.Kept || p.LateDays != 0 {
			t.Errorf("%v kept %v, %d days late", ok, p.Kept, p.LateDays)
		}
		if l, ok, _ := loadLesson(tx, 901); !ok || l.Days != 4 {
			t.Errorf("%v took %d days", ok, l.Days)
		}
		return err
	})
}

// How often promises came true is not said of a parcel for which nobody knows.
func TestAShareIsThatOfEveryParcel(t *testing.T) {
	lane := Parcel{UnderWay: true, Expected: Expected{Source: SourceLane, Share: 950}}
	guess := Parcel{UnderWay: true, Expected: Expected{Source: SourcePrior}}
	arrived := Parcel{Expected: Expected{Source: SourcePrior}}
	for _, c := range []struct {
		parcels []Parcel
		want    int64
	}{{[]Parcel{lane, guess}, 0}, {[]Parcel{guess, lane}, 0}, {[]Parcel{lane, arrived}, 950}, {[]Parcel{lane, {UnderWay: true, Expected: Expected{Source: SourceLane, Share: 900}}}, 900}} {
		var j Journey
		for _, p := range c.parcels {
			j.Parcels = append(j.Parcels, p)
			j.add(p)
		}
		if j.Expected.Share != c.want {
			t.Errorf("%+v: %d", c.parcels, j.Expected.Share)
		}
	}
}

// Older news with another day do not take back the newer one.
func TestTheNewestEstimateCounts(t *testing.T) {
	day := func(n int) *time.Time { at := storetest.Noon.AddDate(0, 0, n); return &at }
	older := news{ID: 1, OrderID: 2, UpdatedAt: storetest.Noon, Estimated: day(3)}
	newer := news{ID: 1, OrderID: 2, UpdatedAt: storetest.Noon.Add(time.Hour), Estimated: day(5)}
	for _, list := range [][]news{{older, newer}, {newer, older}, {newer, older, newer, older}} {
		r := &row{SourceUpdatedAt: epoch, SourceTriggeredAt: epoch}
		for _, n := range list {
			if err := r.merge(n, n.UpdatedAt); err != nil {
				t.Fatal(err)
			}
		}
		if !r.EstimatedAt.Equal(*day(5)) {
			t.Errorf("%d news: %s", len(list), r.EstimatedAt)
		}
	}
}

// The mail names the last moment of an offer by the shop's clock, as the page does.
func TestTheOffersEndIsInTheShopsTime(t *testing.T) {
	of := offerRow{Cause: CauseLate, Choices: "wait", UntilAt: time.Date(2026, 11, 28, 20, 30, 0, 0, time.UTC)}
	if n := offerNotice(locale.English, of, "USD", "https://shop.example", clock.Zone("America/New_York")); !strings.Contains(n.Small, "3:30") {
		t.Errorf("%q", n.Small)
	}
}

// A scan of an order that neither we nor Shopify know any more leaves nothing behind.
func TestAScanOfAnOrderThatIsGone(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	b := setup(t, storetest.Open(t, "sqlite", clk), clk)
	b.tell("fulfillment_events/create", b.scan(1, 901, "in_transit", clk.Now(), nil))
	left := func() (n int64) {
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Raw(`SELECT (SELECT count(*) FROM tracking_parcels WHERE shop_id = ?) + (SELECT count(*) FROM tracking_scans WHERE shop_id = ?)`, tx.Shop, tx.Shop).Scan(&n).Error
		})
		return n
	}
	if left() != 2 {
		t.Fatal("it does not wait for its parcel")
	}
	b.in(storetest.Shop, func(tx *store.Tx) error { return missing(tx, order) })
	if n := left(); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	b.place()
	b.tell("fulfillments/create", b.parcel(901, nil))
	b.in(storetest.Shop, func(tx *store.Tx) error { return missing(tx, order) })
	if n := left(); n != 1 {
		t.Errorf("an order that we know lost its parcel: %d rows", n)
	}
}

// The comparison keeps up with what is under way: each parcel in each six hours.
func TestTheComparisonKeepsUp(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	b := setup(t, storetest.Open(t, "sqlite", clk), clk)
	const parcels = 2_000
	b.in(storetest.Shop, func(tx *store.Tx) error {
		rows := make([]row, parcels)
		for i := range rows {
			rows[i] = row{ShopID: tx.Shop, ID: int64(i + 1), OrderID: int64(i + 1), Known: true, UnderWay: true, State: Shipped, StateAt: tx.Now, Items: "[]", ShippedAt: tx.Now, Told: "shipped",
				SourceUpdatedAt: tx.Now, SourceTriggeredAt: tx.Now, FirstSeenAt: tx.Now, ComparedAt: tx.Now.Add(-6 * time.Hour)}
		}
		return tx.CreateInBatches(rows, 100).Error
	})
	for range 6 {
		b.in(storetest.Shop, func(tx *store.Tx) error {
			if err := b.s.sweep(ctx, tx, queue.Job{}); err != nil {
				return err
			}
			return tx.Exec(`UPDATE tracking_parcels SET compared_at = ? WHERE shop_id = ? AND CAST(order_id AS TEXT) IN (SELECT ref FROM queue_jobs WHERE shop_id = ? AND kind = ?)
				AND compared_at < ?`, tx.Now, tx.Shop, tx.Shop, TaskRead, tx.Now.Add(-sweepStale)).Error
		})
		clk.Advance(sweepEvery)
	}
	if n := len(b.jobs(TaskRead)); n != parcels {
		t.Errorf("%d of %d parcels were compared in six hours", n, parcels)
	}
}

// With a scan goes the day that it brought.
func TestAnEstimateGoesWithItsScan(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	b := setup(t, storetest.Open(t, "sqlite", clk), clk)
	b.place()
	b.tell("fulfillments/create", b.parcel(901, nil))
	before := b.journey().Expected
	scan := b.scan(1, 901, "in_transit", clk.Now(), map[string]any{"estimated_delivery_at": clk.Now().Add(20 * 24 * time.Hour)})
	b.tell("fulfillment_events/create", scan)
	if e := b.journey().Expected; e.Source != SourceCarrier {
		t.Fatalf("%+v", e)
	}
	for range 2 {
		b.tell("fulfillment_events/delete", scan)
	}
	if e := b.journey().Expected; e.Source != before.Source || !e.Until.Equal(*before.Until) {
		t.Errorf("%+v, before the scan %+v", e, before)
	}
}
