package orders

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

// TestS1TenTriesOfAnOrderAreCompared guesses as somebody would who has numbers and
// a list of addresses, past the outer limits: each address with each of twenty
// orders. FULL=1 guesses 10,000 times with 500 addresses.
func TestS1TenTriesOfAnOrderAreCompared(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		const ordersMost = 20
		addresses := 14
		if os.Getenv("FULL") != "" {
			addresses = 500
		}
		b := setup(t, db, clk)
		now := clk.Now()
		address := func(i int) string { return fmt.Sprintf("guess-%d@example.com", i) }
		for k := range ordersMost {
			owner := k // the right guess is the k-th of the order and the k-th with the address
			switch k {
			case 3: // comes too late among the order's
				owner = 12
			case 15: // comes too late among the address's
				owner = 2
			}
			must(t, b.hear("orders/create", body(int64(k+1), now, map[string]any{"email": address(owner)}), now))
		}
		guess := func(k, a int) {
			clk.Advance(time.Millisecond)
			b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.lookUp(tx, fmt.Sprint(1001+k), address(a), "en") })
		}
		for a := range addresses {
			for k := range ordersMost {
				guess(k, a)
			}
		}
		b.lookUps()
		b.lookUps()
		var told []int64
		for _, m := range b.links() {
			told = append(told, m.OrderID)
		}
		slices.Sort(told)
		if want := []int64{1, 2, 3, 5, 6, 7, 8, 9, 10}; !slices.Equal(told, want) {
			t.Errorf("after %d guesses mails went out for %v, want %v", addresses*ordersMost, told, want)
		}
		// Whoever only forgot the address is not shut out for longer than an hour.
		clk.Advance(lookupWindow)
		guess(3, 12)
		b.lookUps()
		if n := len(b.links()); n != len(told)+1 {
			t.Errorf("an hour later: %d mails, want %d", n, len(told)+1)
		}
		must(t, b.db.System(context.Background(), func(tx *store.Tx) error { return b.s.purgeLookups().Begin(context.Background(), tx) }))
		var missed int64
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Scoped(&lookupRow{}).Where("order_id = 0 AND created_at < ?", clk.Now().Add(-lookupWindow)).Count(&missed).Error
		})
		if missed != 0 {
			t.Errorf("%d guesses outlive their hour", missed)
		}
	})
}

// TestS1MissesAnswerLikeHits compares status, body and time of a right and a wrong
// pair, asked in turns.
func TestS1MissesAnswerLikeHits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		must(t, b.hear("orders/create", body(1, now, nil), now))
		rounds := 8
		if os.Getenv("FULL") != "" {
			rounds = 40
		}
		asks := []url.Values{
			{"order": {"1001"}, "email": {"sara@example.com"}}, {"order": {"1001"}, "email": {"sarah@example.com"}},
			{"order": {"9999"}, "email": {"sara@example.com"}}, {"order": {"{{1001}}"}, "email": {"<script@example.com"}},
			{"order": {"1001"}, "email": {strings.Repeat("a", 3_500) + "@example.com"}},
		}
		took, seen := make([][]time.Duration, len(asks)), map[string]bool{}
		for range rounds {
			h := b.serve() // fresh limits
			for range 6 {
				for i, form := range asks {
					form.Set(web.FormField, b.key(storetest.Shop, 0)[0])
					from := time.Now()
					w := ask(h, "POST", "/proxy/lookup?as="+fmt.Sprint(storetest.Shop)+".0", form)
					took[i] = append(took[i], time.Since(from))
					seen[fmt.Sprint(w.Code, w.Header().Get("Content-Type"), digits.ReplaceAllString(w.Body.String(), ""))] = true
				}
			}
		}
		if len(seen) != 1 {
			t.Errorf("%d different answers", len(seen))
		}
		median := func(list []time.Duration) time.Duration { slices.Sort(list); return list[len(list)/2] }
		hit := median(took[0])
		for i := range asks {
			if i == 3 { // no address at all: that it is refused sooner tells nothing about orders
				continue
			}
			if d := (median(took[i]) - hit).Abs(); d > 5*time.Millisecond {
				t.Errorf("ask %d takes %s more or less than a hit (%s)", i, d, hit)
			}
		}
		t.Logf("medians: hit %s, misses %s, %s, %s", hit, median(took[1]), median(took[2]), median(took[3]))
	})
}

// TestS1LimitsPerVisitorAndShop floods the form from one address, then from many.
func TestS1LimitsPerVisitorAndShop(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		h := b.serve()
		body := url.Values{"order": {"1"}, "email": {"a@b.example"}, web.FormField: b.key(storetest.Shop, 0)}.Encode()
		flood := func(n int, from func(i int) string) (passed int) {
			for i := range n {
				r := httptest.NewRequest(http.MethodPost, "/proxy/lookup?as="+fmt.Sprint(storetest.Shop)+".0", strings.NewReader(body))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i)) // nobody is trusted to tell
				r.RemoteAddr = from(i)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				switch w.Code {
				case http.StatusOK:
					passed++
				case http.StatusTooManyRequests:
				default:
					t.Fatalf("status %d", w.Code)
				}
			}
			return passed
		}
		from := time.Now()
		if n, most := flood(60, func(int) string { return "198.51.100.1:999" }), visitorsAtOnce+1+int(time.Since(from)/time.Second)*visitorsPerSecond; n < visitorsAtOnce || n > most {
			t.Errorf("%d of one visitor's passed, want %d", n, visitorsAtOnce)
		}
		if n := flood(60, func(i int) string { return fmt.Sprintf("198.51.%d.7:999", i) }); n == 0 || visitorsAtOnce+n > lookupsAtOnce+1+lookupsPerSecond*int(1+time.Since(from)/time.Second) {
			t.Errorf("%d of many visitors' passed", n)
		}
	})
}
