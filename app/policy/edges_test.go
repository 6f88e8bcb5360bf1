package policy

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// Two texts of the largest size that share nothing are compared in the memory that
// their lines need, and not in that of every pair of lines.
func TestComparingLongTextsIsCheap(t *testing.T) {
	lines := func(letter string) string { return strings.Repeat("#"+letter+"\n", 20_000) }
	before, after := lines("a"), lines("b")
	var start, end runtime.MemStats
	runtime.ReadMemStats(&start)
	changes := Diff(before, after)
	runtime.ReadMemStats(&end)
	if used := (end.TotalAlloc - start.TotalAlloc) >> 20; used > 64 {
		t.Errorf("%d MiB for two texts of %d KiB", used, len(before)>>10)
	}
	if len(changes) != 40_000 || changes[0].Op != "removed" || changes[39_999].Op != "added" {
		t.Errorf("%d changes", len(changes))
	}
}

// Regulation 1182/71, Article 3(4): a period that would end on a weekend ends with
// the Monday. That is the law's, so it holds for withdrawing and not for what the
// shop promises itself.
func TestWithdrawingEndsOnAWorkingDay(t *testing.T) {
	p := parsed(t, "return:\n  allow within 14 days of delivered\nwithdraw:\n  allow within 14 days of delivered\n")
	for delivered, last := range map[string]string{"2026-11-06": "2026-11-20", "2026-11-07": "2026-11-23", "2026-11-08": "2026-11-23", "2026-11-09": "2026-11-23"} {
		at, err := time.ParseInLocation("2006-01-02 15:04", delivered+" 18:00", berlin)
		if err != nil {
			t.Fatal(err)
		}
		facts := usual()
		facts.PlacedAt, facts.Sent, facts.FulfilledAt, facts.DeliveredAt = at.Add(-100*time.Hour), SentAll, &at, &at
		v := Evaluate(p, Withdraw, facts, at)
		if v.LastDay == nil || v.LastDay.String() != last || v.Until == nil || !v.Until.Equal(v.LastDay.AddDays(1).Start(berlin)) {
			t.Errorf("delivered %s: %v until %v, want %s", delivered, v.LastDay, v.Until, last)
		}
		if v := Evaluate(p, Return, facts, at); v.LastDay.String() != at.AddDate(0, 0, 14).Format(time.DateOnly) {
			t.Errorf("returning ends %s", v.LastDay)
		}
	}
}

// What the merchant means is what counts: the code that everybody writes for Great
// Britain, the Union's outermost regions, a tag with a space behind it.
func TestWordsAreUnderstoodAsMeant(t *testing.T) {
	for when, country := range map[string]string{"country UK": "GB", "country uk, DE": "GB", "country EL": "GR", "country EU": "RE", "country EEA": "AX", "country eu": "GR"} {
		facts := usual()
		facts.Country = country
		if v := Evaluate(parsed(t, "claim:\n  allow when "+when), Claim, facts, noon); !v.Allowed {
			t.Errorf("%s does not hold for %s", when, country)
		}
	}
	if v := Evaluate(parsed(t, "claim:\n  allow when order tag \" vip \""), Claim, usual(), noon); !v.Allowed {
		t.Error("a space beside a tag keeps it from being found")
	}
}

// A fulfillment that failed has sent nothing and delivers nothing.
func TestWhatFailedToBeSentWasNotSent(t *testing.T) {
	for _, status := range []string{"cancelled", "error", "failure"} {
		o := &orders.Order{ID: 1, Lines: []orders.Line{{ID: 11, Quantity: 1, CurrentQuantity: 1}}, Fulfillments: []orders.Fulfillment{{ID: 5, Status: status, CreatedAt: noon, Lines: []orders.FulfillmentLine{{LineID: 11, Quantity: 1}}}}}
		if f := observe(o); f.Sent != SentNothing || f.Items[0].Sent != 0 {
			t.Errorf("%s: sent %d, items %d", status, f.Sent, f.Items[0].Sent)
		}
		arrived := noon.Add(time.Hour)
		o.Fulfillments = append(o.Fulfillments, orders.Fulfillment{ID: 6, Status: "success", CreatedAt: noon, DeliveredAt: &arrived})
		o.FulfillmentStatus = "fulfilled"
		if at, all := o.Delivered(); !all || !at.Equal(arrived) {
			t.Errorf("%s: delivered %v %v", status, at, all)
		}
	}
}

// The settings show the return window in days, whatever it is counted in.
func TestTheSettingsShowDays(t *testing.T) {
	each(t, func(b *bench) {
		for source, want := range map[string]int{
			"return:\n  allow within 48 hours of delivered\n":    2,
			"return:\n  allow within 90 minutes of placed\n":     1,
			"return:\n  allow within 700 days of placed\n":       365,
			"return:\n  allow\n":                                 365,
			"return:\n  allow within 20 days of placed\n":        20,
			"return:\n  refuse\n":                                0,
			"return:\n  allow within 26280 hours of fulfilled\n": 365,
			"return:\n  allow until 2026-12-31\n":                0,
		} {
			b.publish(source)
			if got := b.returnsDays(); got != want {
				t.Errorf("%s: the settings show %d days, want %d", source, got, want)
			}
		}
	})
}

// A large order is read in parts; no product of it stays unknown.
func TestAllProductsOfALargeOrderAreRead(t *testing.T) {
	o := &orders.Order{}
	for i := range 120 {
		o.Lines = append(o.Lines, orders.Line{ID: int64(i + 1), ProductID: int64(1000 + i%110)})
	}
	wanted := productsOf(o)
	if len(wanted) != 110 {
		t.Fatalf("%d of 110 products are asked for", len(wanted))
	}
	var calls []int
	read, err := inParts(wanted, func(part []int64) (list []shopify.ProductFacts, err error) {
		calls = append(calls, len(part))
		for _, id := range part {
			list = append(list, shopify.ProductFacts{ID: id})
		}
		return list, nil
	})
	if err != nil || len(read) != 110 || fmt.Sprint(calls) != "[50 50 10]" {
		t.Errorf("%d read in %v: %v", len(read), calls, err)
	}
}

// pages is a catalogue of four pages, whose third is not to be had at first.
type pages struct {
	mu    sync.Mutex
	asked []string
}

func (p *pages) Products(context.Context, []int64) ([]shopify.ProductFacts, error) { return nil, nil }

func (p *pages) Catalogue(_ context.Context, after string) ([]shopify.ProductFacts, string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, after)
	if after == "c" && !slices.Contains(p.asked[:len(p.asked)-1], "c") {
		return nil, "", errors.New("not now")
	}
	next := map[string]string{"": "b", "b": "c", "c": "d"}[after]
	return []shopify.ProductFacts{{ID: int64(len(after)) + 100 + int64(len(next))}}, next, nil
}

// A reading of the catalogue that is stopped goes on where it was: begun afresh each
// time that Shopify makes us wait, it would never come to the end.
func TestTheCatalogueIsReadOn(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	db := storetest.Open(t, "sqlite", clk) // nothing here depends on the database
	shop := &pages{}
	s := New(Config{DB: db, Shops: shops.New(shops.Config{DB: db}), Readers: func(ids.Shop) Reader { return shop }})
	q := queuetest.New(t, db, 8)
	for _, task := range s.Room().Tasks {
		q.Register(task)
	}
	queuetest.Start(t, q)
	if err := db.InTx(t.Context(), storetest.Shop, func(tx *store.Tx) error {
		return queue.Enqueue(tx, queue.Request{Kind: TaskCatalogue, Ref: "3", Once: "3"})
	}); err != nil {
		t.Fatal(err)
	}
	asked := func() string {
		shop.mu.Lock()
		defer shop.mu.Unlock()
		return strings.Join(shop.asked, ",")
	}
	queuetest.Wait(t, "the last page", func() bool { clk.Advance(time.Minute); return strings.HasSuffix(asked(), "d") })
	if got := asked(); got != ",b,c,c,d" {
		t.Errorf("asked for %q", got)
	}
}

// A window that has not begun is better when it is longer, in whatever units.
func TestLongerWindowsAreBetterInAnyUnit(t *testing.T) {
	before, after := parsed(t, "return:\n  allow within 40 hours of delivered\n"), parsed(t, "return:\n  allow within 30 days of delivered\n")
	facts := usual()
	facts.Total = money.New(100, "EUR")
	list := differences(before, after, facts, noon)
	if len(list) != 1 || !list[0].Better {
		t.Errorf("%+v", list)
	}
	if list := differences(after, before, facts, noon); len(list) != 1 || list[0].Better {
		t.Errorf("the other way: %+v", list)
	}
}
