package orders

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"afterglow/app/clock"
	"afterglow/app/customers"
	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// fakeExports plays Shopify's bulk operations with one file.
type fakeExports struct {
	mu      sync.Mutex
	clk     clock.Clock
	files   map[string]string // by what the query begins with
	ops     []*shopify.BulkOperation
	runs    int
	opened  []int64
	cancels int

	loseAnswer bool   // the next start happens, and its answer is lost
	status     string // of operations; COMPLETED
	code       string // of failed ones
	deny       error  // of the next calls of Bulk
	denials    int
	gone       int // how many openings find the address expired
	cutAfter   int // bytes after which a download breaks
	cuts       int // how many do
	onOpen     func()
}

func (f *fakeExports) what(query string) string {
	query = strings.TrimLeft(query, "{ \n")
	return query[:strings.IndexByte(query, '(')]
}

func (f *fakeExports) RunBulk(_ context.Context, query string) (*shopify.BulkOperation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs++
	op := &shopify.BulkOperation{ID: fmt.Sprintf("gid://shopify/BulkOperation/%d", f.runs), Status: "CREATED", Query: query, CreatedAt: f.clk.Now()}
	f.ops = append(f.ops, op)
	if f.loseAnswer {
		f.loseAnswer = false
		return nil, shopify.ErrUnavailable
	}
	return op, nil
}

func (f *fakeExports) FindBulk(_ context.Context, query string, since time.Time) (*shopify.BulkOperation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, op := range f.ops {
		if op.Query == query && !op.CreatedAt.Before(since.Truncate(time.Second)) {
			return op, nil
		}
	}
	return nil, nil
}

func (f *fakeExports) Bulk(_ context.Context, id string) (*shopify.BulkOperation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.denials > 0 {
		f.denials--
		return nil, f.deny
	}
	for _, op := range f.ops {
		if op.ID != id {
			continue
		}
		now := *op
		now.Status, now.ErrorCode = "COMPLETED", f.code
		if f.status != "" {
			now.Status = f.status
		}
		if now.Status == "COMPLETED" {
			file := f.files[f.what(op.Query)]
			raw := fmt.Sprintf(`{"rootObjectCount":"%d","fileSize":"%d"}`, strings.Count(file, "\n")-strings.Count(file, "__parentId"), len(file))
			if err := json.Unmarshal([]byte(raw), &now); err != nil {
				return nil, err
			}
			if file != "" {
				now.URL = f.what(op.Query)
			}
		}
		return &now, nil
	}
	return nil, shopify.ErrBulkMissing
}

func (f *fakeExports) CancelBulk(context.Context, string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cancels++
	return nil
}

func (f *fakeExports) OpenBulk(_ context.Context, address string, offset int64) (io.ReadCloser, error) {
	if f.onOpen != nil {
		f.onOpen()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened = append(f.opened, offset)
	if f.gone > 0 {
		f.gone--
		return nil, shopify.ErrBulkGone
	}
	var r io.Reader = bytes.NewReader([]byte(f.files[address])[offset:])
	if f.cuts > 0 {
		f.cuts--
		r = io.MultiReader(io.LimitReader(r, int64(f.cutAfter)), iotest.ErrReader(errors.New("connection reset")))
	}
	return io.NopCloser(r), nil
}

// exportedLines are the lines of one order in an export.
func exportedLines(id int64, updated time.Time, changes string) string {
	at := updated.UTC().Format(time.RFC3339)
	money := func(s string) string {
		return fmt.Sprintf(`{"shopMoney":{"amount":%q,"currencyCode":"USD"},"presentmentMoney":{"amount":%q,"currencyCode":"USD"}}`, s, s)
	}
	parent := fmt.Sprintf("gid://shopify/Order/%d", id)
	return fmt.Sprintf(`{"id":%q,"name":"#%d","email":"sara@example.com","createdAt":%q,"processedAt":%q,"updatedAt":%q,"currencyCode":"USD","presentmentCurrencyCode":"USD","displayFinancialStatus":"PAID","displayFulfillmentStatus":"FULFILLED","customer":{"id":"gid://shopify/Customer/77","firstName":"Sara","lastName":"Ahmadi"},"subtotalPriceSet":%s,"totalPriceSet":%s,"currentTotalPriceSet":%s,"fulfillments":[{"id":"gid://shopify/Fulfillment/%d","status":"SUCCESS","displayStatus":"DELIVERED","createdAt":%q,"updatedAt":%q,"trackingInfo":[]}],"transactions":[],"refunds":[]%s}`,
		parent, 1000+id, at, at, at, money("25.00"), money("25.00"), money("25.00"), id, at, at, changes) + "\n" +
		fmt.Sprintf(`{"id":"gid://shopify/LineItem/%d","title":"Lamp","quantity":1,"currentQuantity":1,"requiresShipping":true,"product":{"id":"gid://shopify/Product/5"},"variant":{"id":"gid://shopify/ProductVariant/6"},"originalUnitPriceSet":%s,"originalTotalSet":%s,"discountAllocations":[],"__parentId":%q}`,
			10*id+1, money("25.00"), money("25.00"), parent) + "\n"
}

// importing is a shop whose history waits at Shopify.
func importing(t testing.TB, db *store.DB, clk *clock.Fixed, history int64) (*bench, *fakeExports) {
	b := setup(t, db, clk)
	f := &fakeExports{clk: clk, files: map[string]string{}}
	var file strings.Builder
	for id := range history {
		file.WriteString(exportedLines(id+1, clk.Now().Add(-time.Duration(history-id+120)*time.Minute), ""))
	}
	f.files["orders"] = file.String()
	b.s.exporters = func(ids.Shop) Exporter { return f }
	return b, f
}

func (b *bench) ask(object string) {
	b.in(storetest.Shop, func(tx *store.Tx) error {
		last, err := latestImport(tx, object)
		if err != nil {
			return err
		}
		_, err = b.s.planImport(tx, object, last, nil)
		return err
	})
}

func (b *bench) imported(object string) (m Import) {
	b.in(storetest.Shop, func(tx *store.Tx) error {
		last, err := latestImport(tx, object)
		if last != nil {
			m = *last
		}
		return err
	})
	return m
}

// until lets time pass until the import of the orders is in a state.
func (b *bench) until(state ImportState) Import {
	b.t.Helper()
	b.t.Cleanup(func() {
		if b.t.Failed() {
			b.t.Logf("%+v %+v", b.imported("orders"), b.jobs(TaskImport))
		}
	})
	queuetest.Wait(b.t, "the import to be "+string(state), func() bool {
		queuetest.PassTime(b.t, b.db, b.clk)
		return b.imported("orders").State == state
	})
	return b.imported("orders")
}

func (b *bench) counted(table string) (n int64) {
	b.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Raw("SELECT count(*) FROM "+table+" WHERE shop_id = ?", tx.Shop).Scan(&n).Error
	})
	return n
}

func TestHistoryIsImportedWithoutAMail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b, f := importing(t, db, clk, 1234)
		f.files["customers"] = `{"id":"gid://shopify/Customer/77","firstName":"Sara","lastName":"Ahmadi","state":"ENABLED","updatedAt":"2026-01-01T00:00:00Z","defaultEmailAddress":{"emailAddress":"Sara@Example.com"}}` + "\n"
		f.files["products"] = `{"id":"gid://shopify/Product/5","featuredMedia":{"preview":{"image":{"url":"https://cdn.example/lamp.jpg","altText":"Lamp"}}}}` + "\n" +
			`{"id":"gid://shopify/ProductVariant/6","__parentId":"gid://shopify/Product/5"}` + "\n"
		b.start()
		b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.onInstalled(context.Background(), tx, queue.Job{}) })
		m := b.until(ImportDone)
		if m.Done != 1234 || m.Written != 1234 || m.Total != 1234 || m.Parked != 0 || m.BytesDone != m.BytesTotal || m.Since != nil {
			t.Errorf("import %+v", m)
		}
		queuetest.Wait(t, "the others", func() bool {
			return b.imported("customers").State == ImportDone && b.imported("products").State == ImportDone
		})
		if n := b.counted("orders"); n != 1234 {
			t.Errorf("%d orders", n)
		}
		if n := b.counted("orders_events"); n != 2*1234 { // placed and fulfilled
			t.Errorf("%d events", n)
		}
		if n := len(b.messages()) + len(b.jobs(TaskRead)) + len(b.jobs(TaskConfirm)); n != 0 {
			t.Errorf("%d mails and readings for history", n)
		}
		o := b.find(7)
		if o.Email != "sara@example.com" || o.FulfillmentStatus != "fulfilled" || len(o.Order.Lines) != 1 || o.Order.Lines[0].Picture == nil || len(o.Order.Fulfillments[0].Lines) != 1 || o.Order.Bought.Total.Shop != 2500 {
			t.Errorf("order %+v", o.Order)
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			c, err := customers.Find(tx, 77)
			if c.Email != "sara@example.com" || c.State != "enabled" {
				t.Errorf("customer %+v", c)
			}
			if p, err := Reconciled(tx); err != nil || p.Cursor == nil || clk.Now().Sub(*p.Cursor) > time.Hour {
				t.Errorf("the reconciler begins at %v, %v", p.Cursor, err)
			}
			return err
		})

		// The same history once more, after a reinstallation, and by hand: nothing new.
		clk.Advance(time.Hour)
		b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.onInstalled(context.Background(), tx, queue.Job{}) })
		first := m.ID
		queuetest.Wait(t, "the second import", func() bool { m = b.imported("orders"); return m.ID != first && m.State == ImportDone })
		if m.Since == nil || m.Written != 0 || b.counted("orders") != 1234 || len(b.messages()) != 0 {
			t.Errorf("after a reinstallation: %+v, %d mails", m, len(b.messages()))
		}
		b.ask("orders")
		queuetest.Wait(t, "the third import", func() bool { again := b.imported("orders"); return again.ID != m.ID && again.State == ImportDone })
		if m = b.imported("orders"); m.Since != nil || m.Done != 1234 || m.Written != 0 || f.runs != 7 {
			t.Errorf("by hand: %+v, %d exports", m, f.runs)
		}
	})
}

func TestAnImportGoesOnWhereverItStopped(t *testing.T) {
	for name, hurt := range map[string]func(*fakeExports){
		"the answer to the start is lost": func(f *fakeExports) { f.loseAnswer = true },
		"Shopify is away while it runs":   func(f *fakeExports) { f.deny, f.denials = shopify.ErrUnavailable, 3 },
		"the shop is out of points":       func(f *fakeExports) { f.deny, f.denials = shopify.ErrThrottled, 3 },
		"the line breaks at once":         func(f *fakeExports) { f.cuts, f.cutAfter = 3, 0 },
		"the line breaks again and again": func(f *fakeExports) { f.cuts, f.cutAfter = 6, 400_000 },
		"the job panics": func(f *fakeExports) {
			n := 0
			f.onOpen = func() {
				if n++; n < 3 {
					panic("power cut")
				}
			}
		},
		"the address expires": func(f *fakeExports) { f.gone = 1 },
		"the address expires in the middle": func(f *fakeExports) {
			f.cuts, f.cutAfter = 1, 900_000
			n := 0
			f.onOpen = func() {
				if n++; n == 2 {
					f.mu.Lock()
					f.gone = 1
					f.mu.Unlock()
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
				b, f := importing(t, db, clk, 1600)
				hurt(f)
				b.start()
				b.ask("orders")
				m := b.until(ImportDone)
				if n := b.counted("orders"); n != 1600 || m.Done != 1600 || m.Parked != 0 {
					t.Errorf("%d orders, %+v", n, m)
				}
				if want := 1 + int(m.Restarts); f.runs != want {
					t.Errorf("%d exports, want %d", f.runs, want)
				}
				if strings.Contains(name, "again") && f.opened[len(f.opened)-1] < 500_000 {
					t.Errorf("opened at %v: begun again from the start", f.opened)
				}
			})
		})
	}
}

func TestHostileLinesAreParkedAndTheRestFlows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b, f := importing(t, db, clk, 3)
		old := clk.Now().Add(-3 * time.Hour)
		f.files["orders"] += strings.Join([]string{
			`not json canary`, `{"id":"gid://shopify/Order/90"}`, `{"id":"gid://shopify/Order/91","updatedAt":{"canary":1}}`,
			`{"id":"gid://shopify/LineItem/1","__parentId":"gid://shopify/Order/404","title":"canary"}`, `{"id":"gid://shopify/Order/x"}`,
		}, "\n") + "\n" + exportedLines(50, old, `,"note":"a\u0000b \ud800 <script>","customerLocale":"e\u0000n"`) + exportedLines(2, old.Add(time.Minute), `,"note":"twice"`)
		b.start()
		b.ask("orders")
		m := b.until(ImportDone)
		if m.Parked != 5 || b.counted("orders") != 4 {
			t.Errorf("%+v, %d orders", m, b.counted("orders"))
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			lines, err := importLines(tx, m.ID, 100)
			for _, l := range lines {
				if l.Reason == "" || strings.Contains(l.Reason, "canary") {
					t.Errorf("line %+v", l)
				}
			}
			if len(lines) != 5 {
				t.Errorf("%d lines", len(lines))
			}
			return err
		})
	})
}

func TestWebhooksMeanwhileWin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b, f := importing(t, db, clk, 0)
		now, old := clk.Now(), clk.Now().Add(-3*time.Hour)
		f.files["orders"] = exportedLines(1, old, `,"note":"file"`) + exportedLines(2, old, `,"note":"file"`) + exportedLines(3, old, `,"note":"file"`) +
			exportedLines(4, now, `,"note":"file"`) + exportedLines(5, now, `,"note":"file"`) + exportedLines(6, old, `,"note":"file"`)
		b.api.orders[4] = remote(4, now)
		must(t, b.hear("orders/updated", body(1, old.Add(time.Minute), map[string]any{"note": "newer"}), now))
		must(t, b.hear("orders/updated", body(2, old, map[string]any{"note": "same, and knows more"}), now))
		must(t, b.hear("orders/updated", body(3, old.Add(-time.Minute), map[string]any{"note": "older"}), now))
		must(t, b.hear("orders/create", body(5, now, map[string]any{"note": "placed since"}), now))
		must(t, b.hear("orders/delete", []byte(`{"id":6}`), now))
		mails := len(b.messages())
		b.start()
		b.ask("orders")
		b.until(ImportDone)
		for id, want := range map[int64]string{1: "newer", 2: "same, and knows more", 3: "file", 5: "placed since"} {
			if got := b.find(id).Order.Note; got != want {
				t.Errorf("order %d: %q, want %q", id, got, want)
			}
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			if _, err := load(tx, 6); !errors.Is(err, ErrNotFound) {
				t.Errorf("the deleted order: %v", err)
			}
			return nil
		})
		// What was placed since the installation is news, and takes the way of news.
		queuetest.Wait(t, "order 4 to be read", func() bool { return len(b.jobs(TaskRead)) == 1 && done(b.jobs(TaskRead)) })
		if n := len(b.messages()) + len(b.jobs(TaskConfirm)); n > mails+2 {
			t.Errorf("%d mails, want one for each order since the installation", n)
		}
		// A webhook of an imported order that comes late confirms nothing.
		mails = len(b.messages())
		must(t, b.hear("orders/updated", body(3, now, map[string]any{"note": "late"}), now))
		if n := len(b.messages()); n != mails || b.find(3).Order.Note != "late" {
			t.Errorf("%d mails after a late webhook, want %d", n, mails)
		}
	})
}

func TestFailedAndCancelledImports(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b, f := importing(t, db, clk, 700)
		f.status, f.code = "FAILED", "ACCESS_DENIED"
		b.start()
		b.ask("orders")
		if m := b.until(ImportFailed); m.Reason != shopify.ErrAccessDenied.Detail || m.EndedAt == nil || m.Restarts != 0 {
			t.Errorf("denied: %+v", m)
		}
		f.mu.Lock()
		f.code = "TIMEOUT"
		f.mu.Unlock()
		b.ask("orders")
		queuetest.Wait(t, "the second failure", func() bool {
			clk.Advance(10 * time.Second)
			m := b.imported("orders")
			return m.State == ImportFailed && m.Restarts == importRestarts
		})
		if m := b.imported("orders"); !strings.Contains(m.Reason, "TIMEOUT") {
			t.Errorf("timed out: %+v", m)
		}
		f.mu.Lock()
		f.status, f.code = "RUNNING", ""
		f.mu.Unlock()
		b.ask("orders")
		m := b.until(ImportRunning)
		b.in(storetest.Shop, func(tx *store.Tx) (err error) { m, err = b.s.cancelImport(tx, m.ID); return err })
		if m.State != ImportCancelled || m.EndedAt == nil {
			t.Errorf("cancelled: %+v", m)
		}
		queuetest.Wait(t, "Shopify to be told", func() bool { clk.Advance(time.Second); f.mu.Lock(); defer f.mu.Unlock(); return f.cancels == 1 })
		if m := b.imported("orders"); m.State != ImportCancelled || b.counted("orders") != 0 {
			t.Errorf("%+v", m)
		}
		f.mu.Lock()
		f.status = ""
		f.mu.Unlock()
		b.ask("orders")
		b.ask("orders")
		if m := b.until(ImportDone); m.Done != 700 || b.counted("orders_imports") != 4 {
			t.Errorf("%+v, %d imports", m, b.counted("orders_imports"))
		}
	})
}

func TestAnotherShopsImportIsNotFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b, _ := importing(t, db, clk, 1)
		b.ask("orders")
		id := b.imported("orders").ID
		err := b.db.InTx(context.Background(), storetest.Other, func(tx *store.Tx) error { _, err := b.s.cancelImport(tx, id); return err })
		if !errors.Is(err, ErrNoImport) || problem.Of(err).Status() != 404 {
			t.Errorf("%v", err)
		}
	})
}
