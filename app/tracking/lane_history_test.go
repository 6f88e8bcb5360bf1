package tracking

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/room"
	"afterglow/app/shops"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// takeIn imports the shop's history as its installation does.
func (st *stage) takeIn() {
	st.t.Helper()
	st.in(storetest.Shop, func(tx *store.Tx) error {
		return st.orders.Room().Hears[shops.FactInstalled].InTx(ctx, tx, queue.Job{})
	})
	queuetest.Wait(st.t, "the import", func() (done bool) {
		st.clk.Advance(200 * time.Millisecond)
		st.in(storetest.Shop, func(tx *store.Tx) error {
			list, err := orders.Imports(tx)
			done = len(list) > 0 && !slices.ContainsFunc(list, func(m orders.Import) bool { return m.Active() })
			return err
		})
		return done
	})
}

// What arrived before the installation teaches its lanes when it is imported, each
// parcel once, and nobody is told anything.
func TestImportedHistoryTeachesItsLanes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		st := perform(t, db, clk)
		variant := st.sim.Products(st.shop.ID)[0].Variants[0].ID
		sell := func() (order, parcel int64) {
			o, err := st.sim.PlaceOrder(st.shop.ID, shopsim.Checkout{Customer: &shopsim.CheckoutCustomer{Email: "negar@example.com", FirstName: "Negar", LastName: "R"}, TaxRate: "0", Country: "DE",
				Lines: []shopsim.CheckoutLine{{VariantID: variant, Quantity: 1}}})
			if err != nil {
				t.Fatal(err)
			}
			f, err := st.sim.Fulfill(st.shop.ID, o.ID, shopsim.FulfillInput{Company: "DHL Paket", Number: "00340434292135100124"})
			if err != nil {
				t.Fatal(err)
			}
			return o.ID, f.ID
		}
		var last int64
		parcels := make([]int64, enoughDays)
		for i := range parcels {
			last, parcels[i] = sell()
		}
		sell() // never arrives, and is late by the time of the import
		arrived := clk.Now().Add(3 * 24 * time.Hour)
		clk.Advance(8 * 24 * time.Hour) // it is told days later
		for _, parcel := range parcels {
			if _, err := st.sim.AddEvent(st.shop.ID, parcel, shopsim.EventInput{Status: "delivered", HappenedAt: &arrived}); err != nil {
				t.Fatal(err)
			}
		}
		clk.Advance(40 * 24 * time.Hour)
		st.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec("UPDATE shops SET installed_at = ? WHERE shop_id = ?", tx.Now, tx.Shop).Error
		})
		learnt := func(when string, want int64) {
			t.Helper()
			if got := st.count(`SELECT COALESCE(SUM(count), 0) FROM tracking_lanes WHERE shop_id = ? AND measure = ?`, measureDays); got != want {
				t.Errorf("%s: %d parcels were counted, not %d", when, got, want)
			}
		}
		st.takeIn()
		learnt("imported", enoughDays)
		st.in(storetest.Shop, func(tx *store.Tx) error {
			carrier := Recognise("DHL Paket", "00340434292135100124", "")
			e, err := st.s.Estimate(tx, Lane{Carrier: carrier.Code, Origin: "US", Destination: "DE"}, tx.Now, time.UTC)
			if e.Source != SourceLane || e.Parcels != enoughDays || e.From != e.Until || e.From != clock.DateIn(tx.Now, time.UTC).AddDays(3) {
				t.Errorf("%+v", e)
			}
			return err
		})
		st.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec("DELETE FROM orders WHERE shop_id = ?", tx.Shop).Error // as if it had never been
		})
		st.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec("DELETE FROM orders_imports WHERE shop_id = ?", tx.Shop).Error
		})
		st.takeIn()
		learnt("imported again", enoughDays)
		st.in(storetest.Shop, func(tx *store.Tx) error { return st.s.watchShop(ctx, tx, queue.Job{}) })
		for _, told := range []string{`SELECT count(*) FROM messages WHERE shop_id = ?`, `SELECT count(*) FROM tracking_offers WHERE shop_id = ?`,
			`SELECT count(*) FROM queue_jobs WHERE shop_id = ? AND kind LIKE 'tracking.%'`} {
			if n := st.count(told); n != 0 {
				t.Errorf("%d: %s", n, told)
			}
		}
		st.moved(last)
		learnt("told about", enoughDays)
		st.in(storetest.Shop, func(tx *store.Tx) error {
			return st.s.erase(ctx, tx, room.Person{OrderIDs: []int64{last}})
		})
		if n := st.count(fmt.Sprintf(`SELECT count(*) FROM tracking_lessons WHERE shop_id = ? AND order_id = %d`, last)); n != 0 {
			t.Error("what links the person's parcel to its lane is left")
		}
		learnt("forgotten", enoughDays)
	})
}
