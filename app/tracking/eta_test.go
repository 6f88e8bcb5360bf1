package tracking

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/queue"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// A parcel that took at least as long as was promised never makes the promise
// shorter, and one that was quick never makes it longer.
func TestLateParcelsNeverShortenTheSpan(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 5000 {
		days := map[int64]int64{}
		for range 1 + r.IntN(60) {
			days[r.Int64N(30)]++
		}
		before := spanOf(days)
		late, early := before.Until+r.Int64N(20), r.Int64N(before.From+1)
		days[late]++
		if after := spanOf(days); after.Until < before.Until || after.From < before.From {
			t.Fatalf("%v: %v became %v after %d days", days, before, after, late)
		}
		days[late]--
		days[early]++
		if after := spanOf(days); after.Until > before.Until || after.From > before.From {
			t.Fatalf("%v: %v became %v after %d days", days, before, after, early)
		}
	}
}

func spanOf(days map[int64]int64) Span {
	var h histogram
	for d, n := range days {
		if n > 0 {
			h = append(h, tally{d, n})
		}
	}
	slices.SortFunc(h, func(a, b tally) int { return int(a.Value - b.Value) })
	return h.span()
}

func TestSpanOfAHistogram(t *testing.T) {
	for _, c := range []struct {
		h    histogram
		want Span
	}{
		{histogram{{3, 1}}, Span{3, 3}},
		{histogram{{2, 10}, {3, 80}, {9, 10}}, Span{2, 3}},
		{histogram{{2, 9}, {3, 80}, {9, 11}}, Span{3, 9}},
		{nil, Span{0, 0}},
	} {
		if got := c.h.span(); got != c.want {
			t.Errorf("%v: %v, want %v", c.h, got, c.want)
		}
	}
}

func TestAPromiseIsJudgedByDays(t *testing.T) {
	zone := clock.Zone("America/New_York")
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, zone) }
	from, until := day(3), day(6).Add(-time.Second) // the 3rd to the 5th
	for _, c := range []struct {
		at   time.Time
		kept bool
		late int64
	}{
		{day(3), true, 0}, {day(3).Add(-time.Second), false, -1}, {day(6).Add(-time.Second), true, 0}, {day(6), false, 1},
		{day(5).Add(20 * time.Hour), true, 0}, {day(1), false, -2}, {day(12), false, 7},
	} {
		if kept, late := judge(from, until, c.at, zone); kept != c.kept || late != c.late {
			t.Errorf("%s: kept %t, late %d", c.at, kept, late)
		}
	}
}

func TestWorkingDays(t *testing.T) {
	friday := clock.Date{Year: 2026, Month: 11, Day: 20}
	if got := addWorkingDays(friday, 1).String(); got != "2026-11-23" {
		t.Error(got)
	}
	if got := addWorkingDays(friday, 6).String(); got != "2026-11-30" {
		t.Error(got)
	}
}

// ship sends a parcel that takes so many days, with a scan on the way.
func (b *bench) ship(id int64, days int) {
	b.t.Helper()
	at := b.clk.Now().Add(-time.Duration(days) * 24 * time.Hour)
	b.tell("fulfillments/create", b.parcel(id, map[string]any{"created_at": at, "updated_at": at}))
	b.tell("fulfillment_events/create", b.scan(id*10, id, "in_transit", at.Add(12*time.Hour), nil))
	b.tell("fulfillment_events/create", b.scan(id*10+1, id, "delivered", at.Add(time.Duration(days)*24*time.Hour), nil))
}

func (b *bench) estimate() (e Estimate) {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) (err error) {
		e, err = b.s.Estimate(tx, Lane{"dhl_paket", "US", "DE", "NW"}, b.clk.Now(), clock.Zone("America/New_York"))
		return err
	})
	return e
}

// A new shop promises by the prior and says so; then the lane itself speaks, and
// when enough promises were scored, their share is published.
func TestALaneIsLearnt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.place()
		if e := b.estimate(); e.Source != SourcePrior || e.Share != 0 || e.Parcels != 0 {
			t.Fatalf("%+v", e)
		}
		for i := range int64(enoughDays) {
			b.ship(1000+i, 3+int(i)%2)
		}
		e := b.estimate()
		today := clock.DateIn(clk.Now(), clock.Zone("America/New_York"))
		if e.Source != SourceLane || e.Parcels != enoughDays || e.From != today.AddDays(3) || e.Until != today.AddDays(4) || e.Share != 0 {
			t.Fatalf("%+v", e)
		}
		// What is on its way now is promised by the lane, and the promise is kept as it was made.
		for i := range int64(enoughScored) {
			b.tell("fulfillments/create", b.parcel(2000+i, nil))
		}
		if p := b.journey().Parcels[enoughDays]; p.Expected.Source != SourceLane || p.Expected.From == nil {
			t.Fatalf("%+v", p)
		}
		clk.Advance(4 * 24 * time.Hour)
		for i := range int64(enoughScored) {
			at := clk.Now()
			if i < 5 {
				at = at.Add(3 * 24 * time.Hour) // three days late
			}
			b.tell("fulfillment_events/create", b.scan(20000+i, 2000+i, "delivered", at, nil))
		}
		if e := b.estimate(); e.Share != 750 {
			t.Fatalf("%+v", e)
		}
	})
}

// A lane that fails more often than it holds promises all that was seen of it, and
// tells nobody how sure that is.
func TestAShopperNeverSeesAPoorShare(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.place()
		for i := range int64(enoughDays) {
			b.ship(1000+i, 3+int(i)%2)
		}
		for i := range int64(enoughScored) {
			b.tell("fulfillments/create", b.parcel(2000+i, nil))
		}
		clk.Advance(4 * 24 * time.Hour)
		for i := range int64(enoughScored) {
			at := clk.Now()
			if i < enoughScored/2+1 { // 9 of 20 hold
				at = at.Add(time.Duration(3+i) * 24 * time.Hour)
			}
			b.tell("fulfillment_events/create", b.scan(20000+i, 2000+i, "delivered", at, nil))
		}
		today := clock.DateIn(clk.Now(), clock.Zone("America/New_York"))
		if e := b.estimate(); e.Source != SourceLane || e.Share != 0 || e.From != today.AddDays(3) || e.Until != today.AddDays(4+3+10) {
			t.Fatalf("%+v", e)
		}
	})
	for share, told := range map[int64]bool{1: false, leastShare - 1: false, leastShare: true, 910: true} {
		if text := sureText(locale.Tag("en"), Expected{Source: SourceLane, Share: share}); (text != "") != told {
			t.Errorf("a share of %d is told as %q", share, text)
		}
	}
}

// Whatever comes twice, late, out of order or is taken back: the counts are those
// of the parcels as they stand.
func TestLessonsAreTheSameInAnyOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		topics := b.s.Room().Topics
		b.place()
		type event struct {
			topic string
			doc   map[string]any
		}
		start := clk.Now().Add(-9 * 24 * time.Hour)
		var first []tally
		for round := range 6 {
			var events []event
			for i := range int64(4) {
				id := int64(3000+100*round) + i
				events = append(events, event{"fulfillments/create", b.parcel(id, map[string]any{"created_at": start, "updated_at": start, "destination": map[string]any{"country_code": "DE", "province_code": fmt.Sprintf("R%d", round)}})})
				for j := range int64(4) {
					status := map[bool]string{true: "delivered", false: "in_transit"}[j == 3]
					e := event{"fulfillment_events/create", b.scan(id*10+j, id, status, start.Add(time.Duration(30*(j+1)+i)*time.Hour), nil)}
					events = append(events, e, e)
				}
				if i == 0 { // this one was not delivered after all
					events = append(events, event{"fulfillment_events/delete", b.scan(id*10+3, id, "delivered", start, nil)})
				}
			}
			rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			for _, e := range events {
				if err := b.try(topics, e.topic, e.doc, start); err != nil {
					t.Fatal(err)
				}
			}
			var got []tally
			b.in(storetest.Shop, func(tx *store.Tx) error {
				return tx.Raw(`SELECT value, SUM(count) AS count FROM tracking_lanes WHERE shop_id = ? AND region = ?
					GROUP BY measure, value HAVING SUM(count) <> 0 ORDER BY measure, value`, tx.Shop, fmt.Sprintf("R%d", round)).Scan(&got).Error
			})
			if round == 0 {
				first = got
			} else if !reflect.DeepEqual(got, first) || len(got) < 2 {
				t.Fatalf("round %d: %v, not %v", round, got, first)
			}
		}
	})
}

func (b *bench) stalled(parcel int64) bool {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.watchShop(ctx, tx, queue.Job{}) })
	for _, p := range b.journey().Parcels {
		if p.ID == parcel {
			return p.StalledAt != nil
		}
	}
	return false
}

// Silence beyond what is usual is a stall: told once, ended by a scan, told again
// when it comes again. A carrier's own report is one at once.
func TestAParcelThatFallsSilent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		clk.Set(time.Date(2026, 11, 2, 15, 0, 0, 0, time.UTC)) // a Monday
		b.place()
		b.tell("fulfillments/create", b.parcel(901, nil))
		b.tell("fulfillments/create", b.parcel(902, map[string]any{"tracking_company": "Courier", "tracking_number": "A1"}))
		b.tell("fulfillment_events/create", b.scan(1, 901, "in_transit", clk.Now(), nil))
		clk.Advance(7 * 24 * time.Hour)
		if b.stalled(901) {
			t.Fatal("five working days on a far lane are nothing unusual")
		}
		clk.Advance(5 * 24 * time.Hour)
		for range 3 {
			if !b.stalled(901) {
				t.Fatal("it is silent")
			}
		}
		if b.stalled(902) {
			t.Error("whose carrier never says anything cannot fall silent")
		}
		if n := len(b.jobs("tracking.notify_stall")); n != 1 {
			t.Fatalf("told %d times", n)
		}
		b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.onStalled(ctx, tx, queue.Job{Ref: "901"}) })
		if got := b.mails(); !slices.Contains(got, "delayed") {
			t.Errorf("mails: %v", got)
		}
		b.tell("fulfillment_events/create", b.scan(2, 901, "in_transit", clk.Now().Add(-time.Hour), nil))
		if b.stalled(901) {
			t.Fatal("a scan has come")
		}
		b.tell("fulfillment_events/create", b.scan(3, 901, "failure", clk.Now(), nil))
		if !b.stalled(901) {
			t.Fatal("the carrier reports a problem")
		}
		if n := len(b.jobs("tracking.notify_stall")); n != 2 {
			t.Fatalf("told %d times", n)
		}
		clk.Advance(time.Hour)
		b.tell("fulfillment_events/create", b.scan(4, 901, "delivered", clk.Now(), nil))
		if b.stalled(901) {
			t.Fatal("it has arrived")
		}
	})
}

func TestUnknownOriginIsTheShopsCountry(t *testing.T) {
	for zone, want := range map[string]string{"America/New_York": "US", "Europe/Berlin": "DE", "Asia/Tehran": "IR", "Australia/Sydney": "AU", "UTC": ""} {
		if got := countryIn(clock.Zone(zone)); got != want {
			t.Errorf("%s lies in %q, want %q", zone, got, want)
		}
	}
	berlin := clock.Zone("Europe/Berlin")
	for _, c := range []struct {
		lane Lane
		want Distance
	}{{Lane{Destination: "DE"}, Domestic}, {Lane{Destination: "FR"}, Near}, {Lane{Destination: "US"}, Far}, {Lane{Origin: "US", Destination: "DE"}, Far}} {
		if got := c.lane.distance(berlin); got != c.want {
			t.Errorf("%+v is %s, want %s", c.lane, got, c.want)
		}
	}
}
