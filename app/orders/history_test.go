package orders

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/problem"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// webhook is one of a history.
type webhook struct {
	topic     string
	body      []byte
	triggered time.Time
}

// history is what happened to one order, and the webhooks that told of it.
type history struct {
	id        int64
	webhooks  []webhook
	newest    webhook // the payload that must win
	refunds   []int64
	events    []string
	deleted   bool
	cancelled bool
}

// makeHistory draws a life of an order: changes within one second, fulfillments,
// refunds told on their own and inside the order, edits, a cancellation, an end.
func makeHistory(r *rand.Rand, id int64, start time.Time) history {
	h := history{id: id, events: []string{EventPlaced}}
	updated, triggered := start, start.Add(300*time.Millisecond)
	changes := map[string]any{}
	var fulfillments, refunds []any
	tell := func(topic string) {
		triggered = triggered.Add(time.Duration(1+r.IntN(900)) * time.Millisecond)
		if r.IntN(2) == 0 { // otherwise within the same second
			updated = updated.Add(time.Duration(1+r.IntN(90)) * time.Second)
		}
		if updated.After(triggered) {
			triggered = updated.Add(time.Millisecond)
		}
		changes["fulfillments"], changes["refunds"] = slices.Clone(fulfillments), slices.Clone(refunds)
		changes["created_at"], changes["processed_at"] = start.Format(time.RFC3339), start.Format(time.RFC3339)
		h.newest = webhook{topic, body(id, updated, maps.Clone(changes)), triggered}
		h.webhooks = append(h.webhooks, h.newest)
		if r.IntN(3) == 0 { // one event, several topics, the same content
			triggered = triggered.Add(time.Millisecond)
			h.newest.triggered, h.newest.topic = triggered, "orders/updated"
			h.webhooks = append(h.webhooks, h.newest)
		}
	}
	tell("orders/create")
	for i := range r.IntN(6) {
		switch r.IntN(5) {
		case 0:
			changes["note"] = fmt.Sprintf("note %d", i)
			tell("orders/updated")
		case 1:
			f := id*100 + int64(i)
			fulfillments = append(fulfillments, map[string]any{"id": f, "status": "success", "created_at": updated.Format(time.RFC3339)})
			changes["fulfillment_status"] = "fulfilled"
			h.events = append(h.events, fmt.Sprintf("%s:%d", EventFulfilled, f))
			tell("orders/fulfilled")
		case 2:
			f := id*100 + 50 + int64(i)
			refund := map[string]any{"id": f, "order_id": id, "created_at": updated.Format(time.RFC3339),
				"transactions": []any{map[string]any{"kind": "refund", "status": "success", "amount": "1.00", "currency": "USD"}}}
			refunds = append(refunds, refund)
			b, _ := json.Marshal(refund)
			h.webhooks = append(h.webhooks, webhook{"refunds/create", b, triggered.Add(time.Millisecond)})
			h.refunds = append(h.refunds, f)
			h.events = append(h.events, fmt.Sprintf("%s:%d", EventRefunded, f))
			changes["financial_status"] = "partially_refunded"
			if r.IntN(2) == 0 { // the order's own payload with the refund may be lost
				tell("orders/updated")
			}
		case 3:
			edit := id*100 + 80 + int64(i)
			b := fmt.Appendf(nil, `{"order_edit":{"id":%d,"order_id":%d,"committed_at":%q}}`, edit, id, updated.Format(time.RFC3339))
			h.webhooks = append(h.webhooks, webhook{"orders/edited", b, triggered.Add(time.Millisecond)})
			h.events = append(h.events, fmt.Sprintf("%s:%d", EventEdited, edit))
		case 4:
			if !h.cancelled {
				h.cancelled = true
				changes["cancelled_at"] = updated.Format(time.RFC3339)
				h.events = append(h.events, EventCancelled)
				tell("orders/cancelled")
			}
		}
	}
	if r.IntN(8) == 0 {
		h.deleted = true
		h.webhooks = append(h.webhooks, webhook{"orders/delete", fmt.Appendf(nil, `{"id":%d}`, id), triggered.Add(time.Second)})
	}
	slices.Sort(h.events)
	return h
}

// deliver gives the room the webhooks in a random order, some of them again and
// again, and those that were set aside until they are taken.
func (h history) deliver(t *testing.T, b *bench, r *rand.Rand) {
	queue := slices.Clone(h.webhooks)
	for range r.IntN(2 * len(h.webhooks)) {
		queue = append(queue, h.webhooks[r.IntN(len(h.webhooks))])
	}
	r.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
	for round := 0; len(queue) > 0; round++ {
		if round == 4 {
			t.Fatalf("order %d: %d webhooks are never taken", h.id, len(queue))
		}
		var aside []webhook
		for _, w := range queue {
			switch err := b.hear(w.topic, w.body, w.triggered); {
			case err == nil:
			case problem.Retryable(err) && !errors.Is(err, store.ErrUnavailable):
				aside = append(aside, w)
			default:
				t.Fatalf("order %d: %s: %v", h.id, w.topic, err)
			}
		}
		queue = aside
	}
}

// check compares the database with the plain model: the newest payload, the set
// of refunds, the set of events.
func (h history) check(t *testing.T, b *bench) {
	t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		var r row
		if err := tx.Scoped(&row{}).Where("id = ?", h.id).Take(&r).Error; err != nil {
			return err
		}
		if h.deleted {
			if r.DeletedAt == nil || r.Document != "" || r.Email != "" {
				t.Errorf("order %d was deleted: %+v", h.id, r)
			}
			return nil
		}
		want, err := Parse(h.newest.body)
		if err != nil {
			return err
		}
		document, err := json.Marshal(want)
		if err != nil {
			return err
		}
		if r.Document != string(document) || r.DeletedAt != nil {
			t.Errorf("order %d\n got %s\nwant %s", h.id, r.Document, document)
		}
		if !r.SourceTriggeredAt.Equal(h.newest.triggered) || !r.SourceUpdatedAt.Equal(want.UpdatedAt) || r.FinancialStatus != want.FinancialStatus {
			t.Errorf("order %d: version %v %v, want %v %v", h.id, r.SourceUpdatedAt, r.SourceTriggeredAt, want.UpdatedAt, h.newest.triggered)
		}
		f, err := load(tx, h.id)
		if err != nil {
			return err
		}
		var refunds []int64
		for _, f := range f.Order.Refunds {
			refunds = append(refunds, f.ID)
		}
		slices.Sort(refunds)
		if !slices.Equal(refunds, slices.Sorted(slices.Values(h.refunds))) {
			t.Errorf("order %d: refunds %v, want %v", h.id, refunds, h.refunds)
		}
		rows, err := events(tx, h.id)
		if err != nil {
			return err
		}
		var got []string
		for _, e := range rows {
			got = append(got, e.Once)
		}
		slices.Sort(got)
		if !slices.Equal(got, h.events) {
			t.Errorf("order %d: events %v, want %v", h.id, got, h.events)
		}
		return nil
	})
}

// R2: the final state depends on the set of events, not on their order.
func TestAnyOrderOfEventsEndsTheSame(t *testing.T) {
	cases := 300
	if os.Getenv("FULL") == "1" {
		cases = 10_000
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		// The same histories on both databases.
		r := rand.New(rand.NewPCG(seed, 2))
		mails := map[int64]bool{}
		for i := range cases {
			h := makeHistory(r, int64(i+1), clk.Now().Add(-10*time.Minute))
			h.deliver(t, b, r)
			h.check(t, b)
			if t.Failed() {
				for _, w := range h.webhooks {
					t.Logf("%s %s %s", w.triggered.Format(time.RFC3339Nano), w.topic, w.body)
				}
				t.FailNow()
			}
			mails[h.id] = !h.cancelled && !h.deleted
		}
		sent := map[int64]int{}
		for _, m := range b.messages() {
			sent[m.OrderID]++
		}
		for id, wanted := range mails {
			if sent[id] > 1 || wanted && sent[id] != 1 {
				t.Errorf("order %d: %d confirmations", id, sent[id])
			}
		}
	})
}

// A version is newer or not whoever asks: the comparison in the database is the
// one of the model.
func TestVersionsAreOrdered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		at := clk.Now()
		steps := []struct {
			name               string
			updated, triggered time.Time
			note               string
			taken              bool
		}{
			{"first", at, at, "a", true},
			{"older", at.Add(-time.Second), at.Add(time.Hour), "b", false},
			{"same second, told later", at, at.Add(time.Microsecond), "c", true},
			{"same second, told earlier", at, at, "d", false},
			{"newer, told earlier", at.Add(time.Second), at, "e", true},
			{"a fraction of a second counts", at.Add(time.Second), at.Add(100 * time.Millisecond), "f", true},
			{"and compares as a number", at.Add(time.Second), at.Add(20 * time.Millisecond), "g", false},
		}
		last := ""
		for _, s := range steps {
			must(t, b.hear("orders/updated", body(1, s.updated, map[string]any{"note": s.note}), s.triggered))
			if s.taken {
				last = s.note
			}
			if got := b.find(1).Order.Note; got != last {
				t.Errorf("%s: note %q, want %q", s.name, got, last)
			}
		}
	})
}
