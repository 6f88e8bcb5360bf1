package tracking

import (
	"encoding/json"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// sections is what the order's page says of parcels, and who saw what it was drawn
// from.
func (st *stage) sections(order int64) (text string, w *store.Witness) {
	st.t.Helper()
	err := st.db.Read(ctx, storetest.Shop, func(tx *store.Tx) (err error) {
		tx.Watch()
		for _, section := range []room.Section{st.s.section(), st.s.offerSection(), st.s.claimSection()} {
			shown, err := section.Show(ctx, tx, room.PageView{OrderID: order, Tag: locale.English, Zone: time.UTC, Path: "/l/o/x"})
			if err != nil {
				return err
			}
			one, err := json.Marshal(shown)
			if err != nil {
				return err
			}
			text += string(one)
		}
		w, err = tx.Witness()
		return err
	})
	if err != nil {
		st.t.Fatal(err)
	}
	return text, w
}

// A page that was kept is not shown again after a scan, an offer, a choice or a claim.
func TestAKeptPageNoticesWhatHappensToParcels(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	st := perform(t, storetest.Open(t, "postgres", clk), clk)
	st.lenient()
	offer := st.late(1, 1)[0]
	delivered, parcel := st.deliver(1, 60*time.Hour, "Delivered")
	budget := func(most int64) {
		st.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec("UPDATE tracking_goodwill SET cap_month_minor = ? WHERE shop_id = ?", most, tx.Shop).Error
		})
	}
	for _, step := range []struct {
		what  string
		order int64
		do    func()
	}{
		{"a budget that is used up", offer.OrderID, func() { budget(0) }},
		{"a budget that is raised", offer.OrderID, func() { budget(1_000_000_000) }},
		{"a scan", offer.OrderID, func() {
			st.in(storetest.Shop, func(tx *store.Tx) error {
				n := news{ID: offer.ParcelID, OrderID: offer.OrderID, Status: "success", CreatedAt: tx.Now.Add(-20 * 24 * time.Hour), UpdatedAt: tx.Now, Company: "DHL Paket", Number: "00340434292135100124", Origin: "US", Destination: "DE"}
				n.Scans = []scanRow{{ID: 77, ParcelID: offer.ParcelID, Status: "in_transit", HappenedAt: tx.Now.Add(-time.Minute), UpdatedAt: tx.Now, City: "Leipzig", Country: "DE"}}
				return st.s.hear(tx, n, tx.Now)
			})
		}},
		{"an offer's end", offer.OrderID, func() {
			st.in(storetest.Shop, func(tx *store.Tx) error {
				return tx.Exec("UPDATE tracking_offers SET state = 'ended' WHERE shop_id = ? AND id = ?", tx.Shop, offer.ID).Error
			})
		}},
		{"a claim", delivered, func() { st.claim(delivered, parcel) }},
	} {
		before, w := st.sections(step.order)
		if w == nil {
			t.Fatalf("%s: such a page is never kept", step.what)
		}
		if same, err := st.db.Unchanged(ctx, storetest.Shop, w); !same || err != nil {
			t.Fatalf("%s: the page is the same before: %t, %v", step.what, same, err)
		}
		step.do()
		if after, _ := st.sections(step.order); after == before {
			t.Errorf("%s: the page is drawn as before: %s", step.what, after)
		}
		if same, err := st.db.Unchanged(ctx, storetest.Shop, w); same || err != nil {
			t.Errorf("%s: the page is shown again: %t, %v", step.what, same, err)
		}
	}
}
