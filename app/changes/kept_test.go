package changes

import (
	"encoding/json"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// A page that was kept is not shown again once its order was changed.
func TestAKeptPageNoticesAChange(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	b := setup(t, storetest.Open(t, "postgres", clk), clk)
	o := b.place()
	look := func() (text string, w *store.Witness) {
		err := b.db.Read(t.Context(), storetest.Shop, func(tx *store.Tx) error {
			tx.Watch()
			shown, err := b.s.show(tx, o.ID, locale.English, time.UTC, "/l/o/x")
			if err != nil {
				return err
			}
			one, err := json.Marshal(shown)
			if err != nil {
				return err
			}
			text = string(one)
			w, err = tx.Witness()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return text, w
	}
	before, w := look()
	if w == nil {
		t.Fatal("such a page is never kept")
	}
	if same, err := b.db.Unchanged(t.Context(), storetest.Shop, w); !same || err != nil {
		t.Fatalf("the page is the same before: %t, %v", same, err)
	}
	b.ended(b.must(Wish{Order: o.ID, Kind: Cancel}).ID)
	after, _ := look()
	if same, err := b.db.Unchanged(t.Context(), storetest.Shop, w); same || after == before || err != nil {
		t.Errorf("shown again: %t, drawn as before: %t, %v", same, after == before, err)
	}
}
