package changes

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/room"
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

// Nor after the shopper withdrew or told a problem, the parcel came, or the shop
// published another policy.
func TestAKeptPageNoticesRequests(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	b := open(t, storetest.Open(t, "postgres", clk), clk)
	b.place(-1, nil)
	look := func() (text string, w *store.Witness) {
		err := b.db.Read(ctx, storetest.Shop, func(tx *store.Tx) (err error) {
			tx.Watch()
			for _, section := range b.s.sections() {
				shown, err := section.Show(ctx, tx, room.PageView{OrderID: order, Tag: locale.English, Zone: time.UTC, Path: "/l/o/x"})
				if err != nil {
					return err
				}
				text += fmt.Sprint(shown)
			}
			w, err = tx.Witness()
			return err
		})
		must(t, err)
		return text, w
	}
	for _, step := range []struct {
		what string
		do   func()
	}{
		{"the parcel came", func() { b.place(2, nil) }},
		{"another policy", func() { b.promise("withdraw:\n  allow within 20 days of placed\n") }},
		{"a problem", func() {
			media, body := upload(t, map[string]string{"once": once(t, b.send("GET", b.page()+"/problem", "", nil)), "kind": "damaged", "text": "The foot is broken.", "q71": "1", "lang": "de"}, "x.jpg")
			b.send("POST", b.page()+"/problem", media, body)
		}},
		{"a withdrawal", func() { b.declare(typed("#1001", "mira@example.com")); b.work() }},
	} {
		before, w := look()
		if w == nil {
			t.Fatalf("%s: such a page is never kept", step.what)
		}
		if same, err := b.db.Unchanged(ctx, storetest.Shop, w); !same || err != nil {
			t.Fatalf("%s: the page is the same before: %t, %v", step.what, same, err)
		}
		step.do()
		after, _ := look()
		if same, err := b.db.Unchanged(ctx, storetest.Shop, w); same || after == before || err != nil {
			t.Errorf("%s: shown again: %t, drawn as before: %t, %v", step.what, same, after == before, err)
		}
	}
}
