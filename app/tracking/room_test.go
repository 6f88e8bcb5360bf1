package tracking

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

const redisNumber = 11

var ctx = context.Background()

// bench is one shop with orders and this room on a real database.
type bench struct {
	t      testing.TB
	db     *store.DB
	clk    *clock.Fixed
	orders *orders.Service
	s      *Service
	api    map[int64][]shopify.Parcel
	seq    int
}

func (b *bench) Parcels(_ context.Context, order int64) ([]shopify.Parcel, error) {
	if p, ok := b.api[order]; ok {
		return p, nil
	}
	return nil, shopify.ErrOrderMissing
}

func setup(t testing.TB, db *store.DB, clk *clock.Fixed) *bench {
	t.Helper()
	q := queuetest.New(t, db, redisNumber) // publishing needs one; it is not started
	links, err := web.NewLinks(clk, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, db: db, clk: clk, api: map[int64][]shopify.Parcel{}}
	shopkeeper := shops.New(shops.Config{DB: db, From: "shop@example.com"})
	b.orders = orders.New(orders.Config{DB: db, Shops: shopkeeper, Links: links, AppURL: "https://app.example", Log: slog.New(slog.DiscardHandler)})
	b.s = New(Config{DB: db, Shops: shopkeeper, Orders: b.orders, Readers: func(ids.Shop) Reader { return b }})
	for fact, task := range b.s.Room().Hears {
		q.Hear(fact, task)
	}
	for _, shop := range []ids.Shop{storetest.Shop, storetest.Other} {
		b.in(shop, func(tx *store.Tx) error {
			err := tx.Exec(`INSERT INTO shops (shop_id, domain, name, email, currency, timezone, locale, url, state, scopes, installed_at)
				VALUES (?, ?, 'Lumen & Loom', 'shop@example.com', 'USD', 'America/New_York', 'en', 'https://shop.example', 'installed', '', ?)`,
				shop, fmt.Sprintf("shop-%d.myshopify.com", shop), clk.Now().Add(-30*24*time.Hour)).Error
			if err != nil {
				return err
			}
			return tx.Exec(`INSERT INTO shops_settings (shop_id, version, sender_name, reply_to, postal_address, support_email, logo_url, accent_color,
				confirmation_enabled, returns_days, returns_policy_url, updated_at)
				VALUES (?, 3, 'Lumen & Loom', '', '', 'help@example.com', '', '#2a5bd7', ?, 30, '', ?)`, shop, true, clk.Now()).Error
		})
	}
	return b
}

func (b *bench) in(shop ids.Shop, fn func(tx *store.Tx) error) {
	b.t.Helper()
	if err := b.db.InTx(ctx, shop, fn); err != nil {
		b.t.Fatal(err)
	}
}

const order = 5001

// place puts an order of two lines on record, fulfilled as the parcels say.
func (b *bench) place(parcels ...map[string]any) { b.placeAs(map[string]any{"fulfillments": parcels}) }

// placeAs is place with fields of its own.
func (b *bench) placeAs(more map[string]any) {
	b.t.Helper()
	b.seq++
	doc := map[string]any{
		"id": order, "name": "#1001", "email": "negar@example.com", "contact_email": "negar@example.com", "customer_locale": "fa", "currency": "USD", "presentment_currency": "USD",
		"created_at": b.clk.Now().Add(-24 * time.Hour), "processed_at": b.clk.Now().Add(-24 * time.Hour), "updated_at": b.clk.Now().Add(time.Duration(b.seq) * time.Second),
		"financial_status": "paid", "total_price": "30.00", "current_total_price": "30.00", "subtotal_price": "30.00", "total_tax": "0.00", "total_discounts": "0.00",
		"shipping_address": map[string]any{"name": "Negar R", "city": "Köln", "country_code": "DE", "country": "Germany"},
		"line_items": []map[string]any{
			{"id": 71, "title": "Lamp", "quantity": 1, "current_quantity": 1, "price": "10.00", "requires_shipping": true},
			{"id": 72, "title": "Throw", "quantity": 2, "current_quantity": 2, "price": "10.00", "requires_shipping": true},
		},
	}
	maps.Copy(doc, more)
	b.hear(b.orders.Room().Topics, "orders/updated", doc)
}

// parcel is a fulfillment as Shopify writes it.
func (b *bench) parcel(id int64, more map[string]any) map[string]any {
	doc := map[string]any{"id": id, "order_id": order, "name": fmt.Sprintf("#1001.%d", id%10), "status": "success", "created_at": b.clk.Now(), "updated_at": b.clk.Now(),
		"tracking_company": "DHL Paket", "tracking_number": "00340434292135100124", "line_items": []map[string]any{{"id": 71, "quantity": 1}},
		"destination": map[string]any{"country_code": "DE", "province_code": "NW"}, "origin_address": map[string]any{"country_code": "US"}}
	for k, v := range more {
		doc[k] = v
	}
	return doc
}

func (b *bench) scan(id, parcel int64, status string, at time.Time, more map[string]any) map[string]any {
	doc := map[string]any{"id": id, "fulfillment_id": parcel, "order_id": order, "status": status, "happened_at": at, "created_at": at, "updated_at": at,
		"city": "Leipzig", "country": "DE"}
	for k, v := range more {
		doc[k] = v
	}
	return doc
}

func (b *bench) hear(topics map[string]shopify.TopicHandler, topic string, doc map[string]any) {
	b.t.Helper()
	if err := b.try(topics, topic, doc, b.clk.Now()); err != nil {
		b.t.Fatalf("%s: %v", topic, err)
	}
}

func (b *bench) try(topics map[string]shopify.TopicHandler, topic string, doc map[string]any, triggered time.Time) error {
	body, err := json.Marshal(doc)
	if err != nil {
		b.t.Fatal(err)
	}
	b.seq++
	ev := &shopify.Event{ID: fmt.Sprintf("wh_%d", b.seq), Shop: storetest.Shop, Topic: topic, TriggeredAt: triggered, ReceivedAt: b.clk.Now(), Body: body}
	return b.db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error { return topics[topic](ctx, tx, ev) })
}

func (b *bench) tell(topic string, doc map[string]any) {
	b.t.Helper()
	b.hear(b.s.Room().Topics, topic, doc)
}

// moved runs what orders.moved asks for.
func (b *bench) moved() {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.onOrder(ctx, tx, queue.Job{Ref: fmt.Sprint(order)}) })
}

func (b *bench) journey() (j Journey) {
	b.t.Helper()
	if err := b.db.Read(ctx, storetest.Shop, func(tx *store.Tx) (err error) { j, err = b.s.Journey(tx, order); return err }); err != nil {
		b.t.Fatal(err)
	}
	return j
}

func (b *bench) mails() (kinds []string) {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		var rows []messages.Message
		err := tx.Scoped(&messages.Message{}).Where("kind LIKE 'tracking.%'").Order("caused_at, id").Find(&rows).Error
		for _, r := range rows {
			kinds = append(kinds, strings.TrimPrefix(r.Kind, "tracking."))
		}
		return err
	})
	return kinds
}

func (b *bench) jobs(kind string) (list []queue.Row) {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Scoped(&queue.Row{}).Where("kind = ?", kind).Order("id").Find(&list).Error
	})
	return list
}

func TestAParcelIsToldOnceFromLabelToDoor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.place()
		b.tell("fulfillments/create", b.parcel(901, nil))
		if got := b.mails(); !slices.Equal(got, []string{"shipped"}) {
			t.Fatalf("after shipping: %v", got)
		}
		clk.Advance(20 * time.Hour)
		out := b.scan(1, 901, "out_for_delivery", clk.Now(), map[string]any{"estimated_delivery_at": clk.Now().Add(4 * time.Hour)})
		for range 3 {
			b.tell("fulfillment_events/create", out)
		}
		if got := b.mails(); !slices.Equal(got, []string{"shipped", "out_for_delivery"}) {
			t.Fatalf("out for delivery: %v", got)
		}
		j := b.journey()
		if p := j.Parcels[0]; p.State != OutNow || p.Carrier.Code != "dhl_paket" || p.Destination != "DE" || p.Origin != "US" || p.Expected.Source != SourceCarrier || p.Late {
			t.Errorf("%+v", p)
		}
		if sc := j.Scans()[0]; !sc.Local || sc.Zone.String() != "Europe/Berlin" {
			t.Errorf("%+v", sc)
		}
		clk.Advance(3 * time.Hour)
		b.tell("fulfillment_events/create", b.scan(2, 901, "delivered", clk.Now(), nil))
		b.tell("fulfillment_events/create", out)
		b.tell("fulfillments/update", b.parcel(901, map[string]any{"shipment_status": "out_for_delivery"}))
		if got := b.mails(); !slices.Equal(got, []string{"shipped", "out_for_delivery", "delivered"}) {
			t.Fatalf("delivered: %v", got)
		}
		if j := b.journey(); !j.Arrived() || j.Parcels[0].DeliveredAt == nil {
			t.Errorf("%+v", j)
		}
	})
}

// Whatever comes in which order, how often and how late: parcels, scans, a scan
// taken back, and the order's own document.
func TestAnyOrderOfNewsComesToTheSame(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		topics := b.s.Room().Topics
		type event struct {
			topic string
			doc   map[string]any
		}
		at := func(h int) time.Time { return clk.Now().Add(time.Duration(h-40) * time.Hour) }
		seen := map[string]any{}
		for round := range 12 {
			base := int64(910 + 10*round)
			events := []event{
				{"fulfillments/create", b.parcel(base, map[string]any{"created_at": at(0), "updated_at": at(0), "tracking_number": "1"})},
				{"fulfillments/update", b.parcel(base, map[string]any{"created_at": at(0), "updated_at": at(9), "shipment_status": "in_transit"})},
				{"fulfillments/update", b.parcel(base, map[string]any{"created_at": at(0), "updated_at": at(9), "shipment_status": "in_transit", "tracking_company": "DHL"})},
				{"fulfillment_events/create", b.scan(base*10+1, base, "in_transit", at(5), nil)},
				{"fulfillment_events/create", b.scan(base*10+2, base, "out_for_delivery", at(8), nil)},
				{"fulfillment_events/create", b.scan(base*10+3, base, "delivered", at(10), nil)},
				{"fulfillment_events/delete", b.scan(base*10+3, base, "delivered", at(10), nil)},
				{"fulfillment_events/create", b.scan(base*10+4, base, "delayed", at(6), nil)},
			}
			events = append(events, events[rand.IntN(len(events))], events[rand.IntN(len(events))])
			rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			for _, e := range events {
				if err := b.try(topics, e.topic, e.doc, clk.Now()); err != nil {
					t.Fatalf("%s: %v", e.topic, err)
				}
			}
			var r *row
			b.in(storetest.Shop, func(tx *store.Tx) (err error) { r, err = find(tx, base); return err })
			got := map[string]any{"state": r.State, "at": r.StateAt, "out": *r.OutAt, "number": r.TrackingNumber, "digest": r.Digest, "delivered": r.DeliveredAt == nil, "first": *r.FirstScanAt}
			if round == 0 {
				seen = got
			} else if !reflect.DeepEqual(got, seen) {
				t.Fatalf("round %d came to %v, not to %v", round, got, seen)
			}
			if r.State != OutNow || r.DeliveredAt != nil {
				t.Fatalf("%+v", r)
			}
		}
	})
}

func TestAScanWaitsForItsParcel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.tell("fulfillment_events/create", b.scan(1, 901, "out_for_delivery", clk.Now(), nil))
		if j := b.journey(); len(j.Parcels) != 0 {
			t.Fatalf("%+v", j)
		}
		if jobs := b.jobs(TaskRead); len(jobs) != 1 || !jobs[0].RunAt.Equal(clk.Now().Add(readAfter)) {
			t.Fatalf("readings: %+v", jobs)
		}
		b.tell("fulfillments/create", b.parcel(901, nil))
		if j := b.journey(); len(j.Parcels) != 1 || j.Parcels[0].State != OutNow || len(j.Parcels[0].Scans) != 1 {
			t.Fatalf("%+v", j)
		}
		if got := b.mails(); len(got) != 0 {
			t.Errorf("nobody is known to write to, and %v was written", got)
		}
		// The order comes last.
		b.place(b.parcel(901, nil))
		if jobs := b.jobs("tracking.moved"); len(jobs) != 1 {
			t.Errorf("%d jobs for the order", len(jobs))
		}
		b.moved()
		if got := b.mails(); !slices.Equal(got, []string{"out_for_delivery"}) { // "shipped" would be old news
			t.Errorf("%v", got)
		}
	})
}

// What webhooks lost is read: the order's document shows a status that no scan
// explains.
func TestWhatWebhooksLostIsRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.place(b.parcel(901, map[string]any{"shipment_status": "in_transit"}))
		b.moved()
		b.moved()
		if jobs := b.jobs(TaskRead); len(jobs) != 1 {
			t.Fatalf("%d readings", len(jobs))
		}
		if j := b.journey(); j.Parcels[0].State != InTransit || j.Parcels[0].Destination != "DE" {
			t.Fatalf("%+v", j)
		}
		p := shopify.Parcel{Events: []shopify.ParcelEvent{{ID: 77, Status: "IN_TRANSIT", City: "Toronto", Province: "ON", Country: "CA", HappenedAt: clk.Now(), CreatedAt: clk.Now()}}}
		p.ID, p.Name, p.Status, p.DisplayStatus, p.CreatedAt, p.UpdatedAt = 901, "#1001.1", "SUCCESS", "IN_TRANSIT", clk.Now(), clk.Now()
		b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.hear(tx, newsRead(order, p, clk.Now()), clk.Now()) })
		j := b.journey()
		if len(j.Scans()) != 1 || j.Scans()[0].City != "Toronto" || j.Scans()[0].Local { // Ontario has two zones
			t.Fatalf("%+v", j.Scans())
		}
		clk.Advance(7 * time.Hour)
		b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.sweep(ctx, tx, queue.Job{}) })
		if jobs := b.jobs(TaskRead); len(jobs) != 2 {
			t.Errorf("the sweep asked for %d readings", len(jobs)-1)
		}
	})
}

func TestNoMailForHistoryOrWhatIsGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.place()
		old := clk.Now().Add(-5 * 24 * time.Hour)
		b.tell("fulfillments/create", b.parcel(901, map[string]any{"created_at": old, "updated_at": old}))
		b.tell("fulfillment_events/create", b.scan(1, 901, "out_for_delivery", old, nil))
		b.tell("fulfillments/create", b.parcel(902, map[string]any{"status": "cancelled"}))
		if got := b.mails(); len(got) != 0 {
			t.Errorf("%v", got)
		}
		if j := b.journey(); len(j.Parcels) != 1 {
			t.Errorf("the cancelled one shows: %+v", j.Parcels)
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			_, err := saveSettings(tx, Settings{Shipped: false, OutForDelivery: true, Delivered: true, Delayed: true})
			return err
		})
		b.tell("fulfillments/create", b.parcel(903, nil))
		if got := b.mails(); len(got) != 0 {
			t.Errorf("switched off, and sent: %v", got)
		}
		b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.TellDelay(tx, 903) })
		b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.TellDelay(tx, 903) })
		if got := b.mails(); !slices.Equal(got, []string{"delayed"}) {
			t.Errorf("%v", got)
		}
	})
}

// Of an order that came with the shop's history only its document tells.
func TestAnImportedOrderHasAJourney(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		sent := clk.Now().Add(-20 * 24 * time.Hour)
		b.place(b.parcel(902, map[string]any{"created_at": sent.Add(time.Hour), "updated_at": sent.Add(time.Hour), "shipment_status": "delivered"}),
			b.parcel(901, map[string]any{"created_at": sent, "updated_at": sent.Add(48 * time.Hour), "shipment_status": "in_transit"}),
			b.parcel(903, map[string]any{"status": "cancelled"}))
		j := b.journey()
		if len(j.Parcels) != 2 || j.Parcels[0].ID != 901 || j.Parcels[0].State != InTransit || j.Parcels[1].State != Delivered || j.Arrived() {
			t.Fatalf("%+v", j.Parcels)
		}
		if p := j.Parcels[0]; p.Carrier.Name != "DHL" && p.Carrier.Name != "DHL Paket" || p.TrackingURL == "" || !p.ShippedAt.Equal(sent) || len(p.Items) != 1 || p.Number != 1 {
			t.Errorf("%+v", p)
		}
		if got := b.mails(); len(got) != 0 {
			t.Errorf("reading it mailed %v", got)
		}
	})
}

func TestErasedStaysErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.place()
		b.tell("fulfillments/create", b.parcel(901, nil))
		b.tell("fulfillment_events/create", b.scan(1, 901, "in_transit", clk.Now(), nil))
		person := room.Person{OrderIDs: []int64{order}}
		var export map[string]any
		b.in(storetest.Shop, func(tx *store.Tx) (err error) { export, err = b.s.export(ctx, tx, person); return err })
		if raw, _ := json.Marshal(export); !strings.Contains(string(raw), "Leipzig") || !strings.Contains(string(raw), "00340434292135100124") {
			t.Errorf("%s", raw)
		}
		for range 2 {
			b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.erase(ctx, tx, person) })
		}
		b.tell("fulfillments/update", b.parcel(901, map[string]any{"updated_at": clk.Now().Add(time.Hour)}))
		b.tell("fulfillment_events/create", b.scan(1, 901, "in_transit", clk.Now(), map[string]any{"updated_at": clk.Now().Add(time.Hour)}))
		b.tell("fulfillment_events/create", b.scan(2, 901, "delivered", clk.Now(), nil))
		j := b.journey()
		if raw := fmt.Sprintf("%+v", j); strings.Contains(raw, "Leipzig") || strings.Contains(raw, "0034043") || len(j.Scans()) != 0 {
			t.Errorf("%s", raw)
		}
		b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.onOrderDeleted(ctx, tx, queue.Job{Ref: fmt.Sprint(order)}) })
		if j := b.journey(); len(j.Parcels) != 0 {
			t.Errorf("%+v", j)
		}
	})
}

func TestWhatIsNoParcelIsParked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		for topic, doc := range map[string]map[string]any{"fulfillments/create": {"id": 1}, "fulfillment_events/create": {"id": 3, "status": "delivered"}, "fulfillment_events/delete": {}} {
			err := b.try(b.s.Room().Topics, topic, doc, clk.Now())
			if err == nil || !strings.Contains(err.Error(), "payload") {
				t.Errorf("%s: %v", topic, err)
			}
		}
		hostile := b.parcel(905, map[string]any{"tracking_url": "javascript:alert(1)", "tracking_company": strings.Repeat("x\x00", 4000), "line_items": "none", "destination": []int{1}, "tracking_numbers": nil})
		delete(hostile, "destination")
		hostile["line_items"] = []any{}
		b.tell("fulfillments/create", hostile)
		if p := b.journey().Parcels[0]; p.TrackingURL != "" || len(p.Carrier.Name) > longest {
			t.Errorf("%+v", p)
		}
	})
}

func TestListsCountsAndLanes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.place()
		for i := range int64(30) {
			sent := clk.Now().Add(-time.Duration(100+i) * time.Hour)
			b.tell("fulfillments/create", b.parcel(1000+i, map[string]any{"created_at": sent, "updated_at": sent, "tracking_number": fmt.Sprintf("N-%d", i)}))
			if i%2 == 0 {
				b.tell("fulfillment_events/create", b.scan(5000+i, 1000+i, "in_transit", sent.Add(time.Hour), map[string]any{"estimated_delivery_at": sent.Add(40 * time.Hour)}))
			}
			if i < 10 {
				b.tell("fulfillment_events/create", b.scan(6000+i, 1000+i, "delivered", sent.Add(time.Duration(20+i)*time.Hour), nil))
			}
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			c, err := counts(tx)
			if err != nil {
				return err
			}
			if c[Delivered] != 10 || c["moving"] != 20 || c["late"] != 10 || c["stalled"] != 0 {
				t.Errorf("%v", c)
			}
			page, next, err := list(tx, "", "", "")
			if err != nil || len(page) != pageSize || next == "" || page[0].ID != 1000 {
				t.Fatalf("%d %q %v", len(page), next, err)
			}
			rest, end, err := list(tx, "", "", next)
			if err != nil || len(rest) != 5 || end != "" || rest[0].ID != 1025 {
				t.Errorf("%d %q %v", len(rest), end, err)
			}
			if found, _, err := list(tx, "", "n3", ""); err != nil || len(found) != 0 {
				t.Errorf("%d %v", len(found), err)
			}
			if found, _, err := list(tx, "late", "1001", ""); err != nil || len(found) != 10 {
				t.Errorf("%d %v", len(found), err)
			}
			for _, bad := range []string{"x", "!!", "MQ"} {
				if _, _, err := list(tx, "", "", bad); err == nil {
					t.Errorf("cursor %q was taken", bad)
				}
			}
			ways, err := lanes(tx)
			if err != nil || len(ways) != 1 || ways[0].Carrier != "dhl_paket" || ways[0].Parcels != 10 || ways[0].MedianHours < 20 || ways[0].MedianHours > 28 {
				t.Errorf("%+v %v", ways, err)
			}
			return nil
		})
	})
}
