package tracking

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

func (b *bench) letter(kind, ref string) (l *mail.Letter, err error) {
	err = b.db.Read(ctx, storetest.Shop, func(tx *store.Tx) (err error) { l, err = b.s.compose(tx, kind, ref); return err })
	return l, err
}

// A parcel that could not be delivered is told once, says what the carrier said,
// and nobody is told beside it that it only takes longer.
func TestAnExceptionIsToldOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.place()
		b.tell("fulfillments/create", b.parcel(901, nil))
		clk.Advance(10 * time.Minute)
		failed := b.scan(1, 901, "failure", clk.Now(), map[string]any{"message": "Empfänger <nicht> gefunden"})
		for range 3 {
			b.tell("fulfillment_events/create", failed)
		}
		b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.onStalled(ctx, tx, queue.Job{Ref: "901"}) })
		if got := b.mails(); !slices.Equal(got, []string{"shipped", "exception"}) {
			t.Fatalf("%v", got)
		}
		if _, err := b.letter(KindException, "901"); !errors.Is(err, errTurn) {
			t.Errorf("before the shipping notice has left: %v", err)
		}
		clk.Advance(patience)
		l, err := b.letter(KindException, "901")
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := json.Marshal(l.Data["notice"])
		var notice struct {
			Subject    string
			Paragraphs []string
			Rows       []mail.NoticeRow
		}
		if err := json.Unmarshal(raw, &notice); err != nil || l.Locale != "fa" || len(notice.Paragraphs) != 3 || !strings.Contains(notice.Paragraphs[1], "Empfänger <nicht> gefunden") || !strings.Contains(notice.Subject, "#1001") || len(notice.Rows) != 2 {
			t.Errorf("%s %v", raw, err)
		}
		// It is found and goes on: the mail would be wrong, and a delay may be told again.
		b.tell("fulfillment_events/create", b.scan(2, 901, "in_transit", clk.Now(), nil))
		if _, err := b.letter(KindException, "901"); err == nil {
			t.Error("a mail about what is over was written")
		}
		b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.TellDelay(tx, 901) })
		b.tell("fulfillment_events/create", b.scan(3, 901, "failure", clk.Now().Add(time.Minute), nil))
		if got := b.mails(); !slices.Equal(got, []string{"shipped", "exception", "delayed"}) {
			t.Errorf("%v", got)
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			_, err := saveSettings(tx, Settings{Shipped: true, OutForDelivery: true, Delivered: true, Delayed: true})
			return err
		})
		b.tell("fulfillments/create", b.parcel(902, nil))
		b.tell("fulfillment_events/create", b.scan(4, 902, "failure", clk.Now(), nil))
		if n := len(slices.DeleteFunc(b.mails(), func(k string) bool { return k != "exception" })); n != 1 {
			t.Errorf("switched off, and %d mails", n)
		}
	})
}

func TestTheFirstScreenNamesParcelsInTrouble(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.place()
		for id := int64(901); id <= 904; id++ {
			b.tell("fulfillments/create", b.parcel(id, nil))
		}
		b.tell("fulfillment_events/create", b.scan(1, 901, "failure", clk.Now(), nil))
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec("UPDATE tracking_parcels SET stalled_at = ? WHERE shop_id = ? AND id IN (902, 903)", tx.Now, tx.Shop).Error
		})
		look := func() (stalled, failed int64) {
			b.in(storetest.Shop, func(tx *store.Tx) (err error) {
				stalled, failed, err = troubles(tx, tx.Now.Add(-sweepYounger))
				return err
			})
			return stalled, failed
		}
		if stalled, failed := look(); stalled != 2 || failed != 1 { // what failed is marked as stalled, too
			t.Errorf("%d stalled, %d failed", stalled, failed)
		}
		clk.Advance(sweepYounger + time.Hour)
		if stalled, failed := look(); stalled != 0 || failed != 0 {
			t.Errorf("two months later: %d stalled, %d failed", stalled, failed)
		}
	})
}

// Before there is a parcel the mail and the page say what other orders to the
// country took, and nothing where that is not known.
func TestWhatIsExpectedBeforeAnyParcel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		zone := clock.Zone("America/New_York")
		b.place()
		expected := func() (e Expected) {
			b.in(storetest.Shop, func(tx *store.Tx) error {
				o, err := orders.Find(tx, order)
				if err == nil {
					e, err = beforeParcels(tx, o, zone, countDoors)
				}
				return err
			})
			return e
		}
		if e := expected(); e.Until != nil {
			t.Fatalf("of a new shop: %+v", e)
		}
		for i := range int64(2 * enoughDays) {
			placed := clk.Now().Add(-time.Duration(30*24+i) * time.Hour)
			b.before(int(6000+i), placed, placed.Add(time.Duration(4+i%3)*24*time.Hour))
		}
		e := expected()
		today := clock.DateIn(clk.Now(), zone)
		if e.Until == nil || clock.DateIn(*e.From, zone) != today.AddDays(3) || clock.DateIn(*e.Until, zone) != today.AddDays(5) || e.Share < 800 {
			t.Fatalf("%+v", e)
		}
		var l orders.Addition
		b.in(storetest.Shop, func(tx *store.Tx) error {
			o, err := orders.Find(tx, order)
			if err == nil {
				l, err = b.s.promised().Add(tx, orders.LetterView{Order: o, Tag: locale.English, Zone: zone})
			}
			return err
		})
		text, _ := l.Data["eta"].(map[string]any)["text"].(string)
		if !strings.HasPrefix(text, "Expected between ") || !strings.HasSuffix(text, " of 100 cases so far.") {
			t.Errorf("%q", text)
		}
		look := func(shop ids.Shop) (d doors, w *store.Witness) {
			err := db.Read(ctx, shop, func(tx *store.Tx) (err error) {
				tx.Watch()
				if shop == storetest.Shop {
					if _, err = b.s.section().Show(ctx, tx, room.PageView{OrderID: order, Tag: locale.English, Zone: zone}); err != nil {
						return err
					}
				}
				if d, err = b.s.doors.lately(tx, "DE", zone); err == nil {
					w, err = tx.Witness()
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return d, w
		}
		counted, w := look(storetest.Shop)
		if (w != nil) != (db.Dialect == "postgres") || !counted.known {
			t.Errorf("a page with such a span can be kept: %t; %+v", w != nil, counted)
		}
		if d, _ := look(storetest.Other); d.known {
			t.Errorf("another shop's orders are told: %+v", d)
		}
		for i := range int64(2 * enoughDays) {
			b.before(int(7000+i), clk.Now().Add(-40*24*time.Hour), clk.Now().Add(-time.Hour))
		}
		if d, _ := look(storetest.Shop); d != counted {
			t.Errorf("counted again within a minute: %+v", d)
		}
		clk.Advance(doorsKeptFor)
		if d, _ := look(storetest.Shop); d.days.Until < 39 {
			t.Errorf("a minute later: %+v, as before %+v", d, counted)
		}
		b.place(b.parcel(901, nil))
		if e := expected(); e.Until != nil {
			t.Errorf("with a parcel: %+v", e)
		}
	})
}

// before puts an order on record that has arrived.
func (b *bench) before(id int, placed, arrived time.Time) {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		err := tx.Exec(`INSERT INTO orders (shop_id, id, name, placed_at, customer_id, customer_name, email, locale, currency, total_minor, items_count, financial_status, fulfillment_status, test,
			document, digest, source_updated_at, source_triggered_at, first_seen_at, returns_days, policy_version, name_key, email_key, buyer_key, last_name_key) SELECT shop_id, ?, ?, ?, customer_id, customer_name, email, locale, currency, total_minor, items_count,
			financial_status, fulfillment_status, test, document, digest, source_updated_at, source_triggered_at, first_seen_at, returns_days, policy_version, name_key, email_key, buyer_key, last_name_key FROM orders WHERE shop_id = ? AND id = ?`, id, fmt.Sprint(id), placed, tx.Shop, order).Error
		if err != nil {
			return err
		}
		r := row{ShopID: tx.Shop, ID: int64(id), OrderID: int64(id), Known: true, State: Delivered, DestinationCountry: "DE", ShippedAt: placed, DeliveredAt: &arrived, Items: "[]"}
		return tx.Create(&r).Error
	})
}
