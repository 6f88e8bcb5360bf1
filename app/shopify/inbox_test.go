package shopify_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

const (
	inboxSecret   = "shpss_now"
	inboxPrevious = "shpss_before"
	inboxRedis    = 2
)

type inboxBundle struct {
	db    *store.DB
	inbox *shopify.Inbox
	queue *queue.Queue
	clock *clock.Fixed
}

func newInbox(t *testing.T, db *store.DB, clk *clock.Fixed) *inboxBundle {
	t.Helper()
	secrets, err := shopify.NewSecrets(inboxSecret, inboxPrevious)
	if err != nil {
		t.Fatal(err)
	}
	installed := func(_ context.Context, d shopify.Domain) (ids.Shop, bool, error) {
		switch d {
		case "lumen.myshopify.com":
			return storetest.Shop, true, nil
		case "gone.myshopify.com":
			return storetest.Other, false, nil
		case "broken.myshopify.com":
			return 0, false, errors.New("the database is away")
		}
		return 0, false, store.ErrNotFound
	}
	q := queuetest.New(t, db, inboxRedis)
	in := shopify.NewInbox(db, secrets, installed, q.Wake, slog.New(slog.DiscardHandler))
	q.Feed(in.Feed)
	q.Register(in.Task())
	return &inboxBundle{db, in, q, clk}
}

// delivery is one webhook, right unless a test bends it.
type delivery struct {
	method, topic, shop, event, webhook, secret string
	body                                        []byte
	bend                                        func(r *http.Request)
	compliance                                  bool
}

func (b *inboxBundle) send(d delivery) int {
	fill := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	fill(&d.method, "POST")
	fill(&d.topic, "orders/create")
	fill(&d.shop, "lumen.myshopify.com")
	fill(&d.secret, inboxSecret)
	if d.body == nil {
		d.body = []byte(`{"id":1}`)
	}
	r := httptest.NewRequest(d.method, "/webhooks/shopify", bytes.NewReader(d.body))
	m := hmac.New(sha256.New, []byte(d.secret))
	m.Write(d.body)
	for name, value := range map[string]string{"X-Shopify-Topic": d.topic, "X-Shopify-Shop-Domain": d.shop, "X-Shopify-API-Version": "2026-10",
		"X-Shopify-Event-Id": d.event, "X-Shopify-Webhook-Id": d.webhook, "X-Shopify-Triggered-At": "2026-11-21T11:59:59.123456789Z",
		shopify.HeaderHMAC: base64.StdEncoding.EncodeToString(m.Sum(nil))} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	if d.bend != nil {
		d.bend(r)
	}
	w := httptest.NewRecorder()
	b.inbox.Endpoint(d.compliance).ServeHTTP(w, r)
	return w.Code
}

func (b *inboxBundle) rows(t *testing.T) (rows []shopify.InboxRow) {
	t.Helper()
	for _, shop := range []ids.Shop{storetest.Shop, storetest.Other} {
		var some []shopify.InboxRow
		if err := b.db.Read(context.Background(), shop, func(tx *store.Tx) error { return tx.Scoped(&shopify.InboxRow{}).Find(&some).Error }); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, some...)
	}
	return rows
}

// A1 and the order of checks: what is not exactly right leaves no row.
func TestInboxTurnsAwayWhatIsNotShopifys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newInbox(t, db, clk)
		sign := func(secret string, body []byte) string {
			m := hmac.New(sha256.New, []byte(secret))
			m.Write(body)
			return base64.StdEncoding.EncodeToString(m.Sum(nil))
		}
		header := func(name, value string) func(*http.Request) {
			return func(r *http.Request) { r.Header.Set(name, value) }
		}
		huge := make([]byte, 2<<20+1)
		for name, c := range map[string]struct {
			d    delivery
			want int
		}{
			"GET":                           {delivery{method: "GET"}, 405},
			"no signature":                  {delivery{bend: func(r *http.Request) { r.Header.Del(shopify.HeaderHMAC) }}, 401},
			"wrong signature":               {delivery{secret: "guess"}, 401},
			"empty secret":                  {delivery{bend: header(shopify.HeaderHMAC, sign("", []byte(`{"id":1}`)))}, 401},
			"hex":                           {delivery{bend: header(shopify.HeaderHMAC, fmt.Sprintf("%x", sha256.Sum256(nil)))}, 401},
			"truncated":                     {delivery{bend: header(shopify.HeaderHMAC, sign(inboxSecret, []byte(`{"id":1}`))[:40])}, 401},
			"padded":                        {delivery{bend: header(shopify.HeaderHMAC, sign(inboxSecret, []byte(`{"id":1}`))+"=")}, 401},
			"two signatures":                {delivery{bend: func(r *http.Request) { r.Header.Add(shopify.HeaderHMAC, "x") }}, 401},
			"body one byte longer":          {delivery{bend: func(r *http.Request) { setBody(r, []byte(`{"id":1} `)) }}, 401},
			"body re-encoded":               {delivery{bend: func(r *http.Request) { setBody(r, []byte(`{"id": 1}`)) }}, 401},
			"empty body":                    {delivery{body: []byte{}}, 401},
			"two MiB and a byte":            {delivery{body: huge}, 413},
			"two MiB and a byte, no length": {delivery{body: huge, bend: func(r *http.Request) { r.ContentLength = -1 }}, 413},
			"shorter than it says":          {delivery{bend: func(r *http.Request) { r.ContentLength = 100 }}, 400},
			"no topic":                      {delivery{bend: func(r *http.Request) { r.Header.Del("X-Shopify-Topic") }}, 400},
			"two topics":                    {delivery{bend: func(r *http.Request) { r.Header.Add("X-Shopify-Topic", "orders/paid") }}, 400},
			"look-alike shop":               {delivery{shop: "lumen.myshopify.com.evil.example"}, 400},
			"shop with a path":              {delivery{shop: "lumen.myshopify.com/x"}, 400},
			"unknown shop":                  {delivery{shop: "nobody.myshopify.com"}, 404},
			"uninstalled shop":              {delivery{shop: "gone.myshopify.com"}, 404},
			"database away":                 {delivery{shop: "broken.myshopify.com"}, 503},
			"compliance on the wrong door":  {delivery{topic: "customers/redact"}, 400},
			"order on the compliance door":  {delivery{compliance: true}, 400},
			"long event id":                 {delivery{event: strings.Repeat("x", 300)}, 400},
		} {
			if got := b.send(c.d); got != c.want {
				t.Errorf("%s: %d, want %d", name, got, c.want)
			}
		}
		if n := len(b.rows(t)); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

func setBody(r *http.Request, b []byte) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
}

func TestInboxAcceptsAndKnowsRepetitions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newInbox(t, db, clk)
		for i, d := range []delivery{
			{event: "e1", webhook: "w1"},
			{event: "e1", webhook: "w1"},                          // retry of the same delivery
			{event: "e1", webhook: "w2"},                          // same event by another subscription
			{event: "e1", webhook: "w3", topic: "orders/updated"}, // same event, another topic: a row of its own
			{event: "e2", webhook: "w4", secret: inboxPrevious},   // signed before the secret was rotated
			{webhook: "w5"}, {webhook: "w5"},                      // no event id: the delivery's
			{}, {}, // neither: the body itself
			{event: "c1", topic: "customers/redact", compliance: true},
			{event: "c2", topic: "shop/redact", compliance: true, shop: "gone.myshopify.com"},
			{event: "c3", topic: "shop/redact", compliance: true, shop: "nobody.myshopify.com"}, // nothing held
			{event: "u1", topic: "app/uninstalled", shop: "gone.myshopify.com"},
		} {
			if got := b.send(d); got != 200 {
				t.Errorf("delivery %d: %d", i, got)
			}
		}
		if n := len(b.rows(t)); n != 8 {
			t.Errorf("%d rows, want 8", n)
		}
	})
}

func TestManyDeliveriesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newInbox(t, db, clk)
		var wg sync.WaitGroup
		var refused atomic.Int64
		for i := range 100 {
			for range 3 { // each three times
				wg.Go(func() {
					if b.send(delivery{event: fmt.Sprint("e", i)}) != 200 {
						refused.Add(1)
					}
				})
			}
		}
		wg.Wait()
		if n := len(b.rows(t)); n != 100 || refused.Load() != 0 {
			t.Errorf("%d rows, want 100; %d refused", n, refused.Load())
		}
	})
}

// Groups that hold the same events in different orders must not wait for each
// other's rows: the database would end one of them after a second.
func TestGroupsWithTheSameEventsDoNotBlockEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newInbox(t, db, clk)
		var refused atomic.Int64
		for round := range 6 {
			var wg sync.WaitGroup
			for range 8 {
				for _, i := range rand.Perm(40) {
					wg.Go(func() {
						if b.send(delivery{event: fmt.Sprint(round, "-", i)}) != 200 {
							refused.Add(1)
						}
					})
				}
			}
			wg.Wait()
		}
		if n := len(b.rows(t)); n != 240 || refused.Load() != 0 {
			t.Errorf("%d rows, want 240; %d refused", n, refused.Load())
		}
	})
}

func TestEventsAreWorkedOffOnceAndPoisonIsParked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newInbox(t, db, clk)
		var heard atomic.Int64
		b.inbox.Hear("orders/create", func(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
			var body struct{ ID int64 }
			if err := json.Unmarshal(ev.Body, &body); err != nil || body.ID == 0 {
				return problem.New(problem.Invalid, "test.no_id", "The order has no id.")
			}
			if ev.TriggeredAt.IsZero() || !ev.ReceivedAt.Equal(storetest.Noon) {
				t.Errorf("times: %v, %v", ev.TriggeredAt, ev.ReceivedAt)
			}
			ev.About("order", body.ID)
			tx.AfterCommit(func() { heard.Add(1) })
			return nil
		})
		b.inbox.Hear("orders/updated", func(context.Context, *store.Tx, *shopify.Event) error { panic("hostile") })
		queuetest.Start(t, b.queue)
		for i := range 20 {
			b.send(delivery{event: fmt.Sprint(i), body: fmt.Appendf(nil, `{"id":%d}`, i+1)})
		}
		for i, poison := range []string{`{"id":0}`, `{`, `null`, `[]`, `"x"`, "\xff\xfe", `{"id":"` + strings.Repeat("[", 100000) + `"}`, strings.Repeat("[", 200000)} {
			if got := b.send(delivery{event: fmt.Sprint("poison", i), body: []byte(poison)}); got != 200 {
				t.Errorf("poison %d: %d", i, got)
			}
		}
		b.send(delivery{event: "unheard", topic: "themes/publish"})
		queuetest.Wait(t, "twenty worked off and nine parked", func() bool {
			var d queue.Depth
			if err := db.Read(context.Background(), storetest.Shop, func(tx *store.Tx) (err error) {
				d, err = queue.DepthOf(tx, shopify.TaskReceive)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return heard.Load() == 20 && d.Parked == 9 && d.Waiting == 0
		})
		for _, r := range b.rows(t) {
			if done := r.State == "done"; done != (r.Body == nil) || done != (r.Subject != "") {
				t.Errorf("%s is %s with %d bytes and subject %q: a body goes when it is worked off", r.EventID, r.State, len(r.Body), r.Subject)
			}
		}
	})
}

// R2 for the inbox: whatever the order and number of repetitions, each event
// takes effect once.
func TestShuffledRepetitionsTakeEffectOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newInbox(t, db, clk)
		var mu sync.Mutex
		effects := map[string]int{}
		b.inbox.Hear("orders/create", func(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
			tx.AfterCommit(func() { mu.Lock(); effects[ev.EventID]++; mu.Unlock() })
			return nil
		})
		queuetest.Start(t, b.queue)
		var all []string
		for i := range 30 {
			for range 1 + rand.IntN(4) {
				all = append(all, fmt.Sprint("e", i))
			}
		}
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, e := range all {
			b.send(delivery{event: e})
		}
		queuetest.Wait(t, "thirty effects", func() bool { mu.Lock(); defer mu.Unlock(); return len(effects) == 30 })
		time.Sleep(100 * time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		for e, n := range effects {
			if n != 1 {
				t.Errorf("%s took effect %d times", e, n)
			}
		}
	})
}

func TestRetentionErasesBodiesThenRows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := newInbox(t, db, clk)
		b.send(delivery{event: "e1"})
		sweep := func() {
			if err := db.System(context.Background(), func(tx *store.Tx) error { return b.inbox.Retention().Begin(context.Background(), tx) }); err != nil {
				t.Fatal(err)
			}
		}
		clk.Advance(8 * 24 * time.Hour)
		sweep()
		if r := b.rows(t); len(r) != 1 || r[0].Body != nil {
			t.Errorf("after eight days: %+v", r)
		}
		clk.Advance(28 * 24 * time.Hour)
		sweep()
		if r := b.rows(t); len(r) != 0 {
			t.Errorf("after 36 days: %d rows", len(r))
		}
	})
}
