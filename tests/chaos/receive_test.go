package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"afterglow/app/shopsim"
	"afterglow/app/store"
)

// R1: the web process dies at random moments while Shopify sends. What got a 2xx
// is durable and processed, what did not is sent again; nothing is lost and
// nothing happens twice.
func TestChaosR1CrashWhileReceiving(t *testing.T) {
	t.Parallel()
	began, random := time.Now(), dice(t)
	r := newRig(t, options{})
	r.startWorker("")
	r.startWorker("")
	events, kills := size(1_000, 100_000), size(2, 20)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.postAll(r.template.clones(1, events+1), 16, 0)
	}()
	killed := 0
	for k := range kills {
		target := int64(events) * int64(k+1) / int64(kills+1)
		for r.sent.posts.Load() < target {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
		select {
		case <-done:
		default:
			killed++
		}
		r.web.kill()
		r.startServe("")
	}
	<-done
	r.settle(2*time.Minute+time.Duration(events)*10*time.Millisecond, expected{})
	figures(t, began, "%d webhooks, %d kills, %d resent: 0 lost, 0 double", events, killed, r.sent.refused.Load())
}

// R2: what a shop tells comes several times and in any order; what we end with is
// what the shop has.
func TestChaosR2DuplicatesAndDisorder(t *testing.T) {
	t.Parallel()
	began, random := time.Now(), dice(t)
	r := newRig(t, options{})
	r.startWorker("")
	r.startWorker("")
	orders, times := size(30, 500), 3
	var list []*event
	happens := func() { time.Sleep(2 * time.Millisecond) }
	for n := range orders {
		o := r.place(fmt.Sprintf("shopper%07d@example.com", n+1))
		happens()      // events of the same millisecond would have no order, neither for us nor for the shop
		if n%10 == 0 { // each is a reading of the order, and those are rationed
			_, err := r.sim.EditOrder(r.shop.ID, o.ID, shopsim.EditInput{Add: []shopsim.CheckoutLine{{Title: "Gift wrap", Price: "3.00", Quantity: 1}}})
			r.must(err)
		}
		happens()
		if n%2 == 0 {
			_, err := r.sim.Fulfill(r.shop.ID, o.ID, shopsim.FulfillInput{Company: "DHL", Number: strconv.Itoa(n)})
			r.must(err)
		}
		happens()
		if n%5 == 0 {
			_, err := r.sim.Refund(r.shop.ID, o.ID, shopsim.RefundInput{Amount: "1.00"})
			r.must(err)
		}
	}
	r.until("the simulation's webhooks", 60*time.Second, r.sim.Settled)
	told := r.sent.drain()
	for _, e := range told {
		r.sent.note(e)
		for range times {
			list = append(list, e)
		}
	}
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	r.postAll(list, 8, 0)
	// A refund that overtook its order looks again after 20 s.
	r.settle(span(120*time.Second, 30*time.Minute), expected{})
	r.equalsShop()
	figures(t, began, "%d orders, %d events, each %d times in a random order: 0 differences", orders, len(told), times)
}

// equalsShop compares every order with the simulated shop's own.
func (r *rig) equalsShop() {
	r.t.Helper()
	type row struct {
		ID                                 int64
		Name, Email, Financial, Fulfilment string
		Total                              int64
		Updated                            time.Time
	}
	var rows []row
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.db.Peek(ctx, func(tx *store.Tx) error {
		return tx.Raw(`SELECT id, name, email, financial_status AS financial, fulfillment_status AS fulfilment, total_minor AS total, source_updated_at AS updated FROM orders`).Scan(&rows).Error
	}); err != nil {
		r.t.Fatal(err)
	}
	for _, got := range rows {
		o := r.sim.Order(r.shop.ID, got.ID)
		if o == nil {
			r.t.Errorf("order %d is not in the shop", got.ID)
			continue
		}
		var doc struct {
			Name       string    `json:"name"`
			Email      string    `json:"email"`
			Financial  string    `json:"financial_status"`
			Fulfilment *string   `json:"fulfillment_status"`
			Total      string    `json:"total_price"`
			Updated    time.Time `json:"updated_at"`
		}
		var answer struct{ Order json.RawMessage }
		r.simGet(fmt.Sprintf("/sim/api/orders/%d", got.ID), &answer)
		if err := json.Unmarshal(answer.Order, &doc); err != nil {
			r.t.Fatal(err)
		}
		want := row{got.ID, doc.Name, doc.Email, doc.Financial, "", got.Total, doc.Updated.UTC()}
		if doc.Fulfilment != nil {
			want.Fulfilment = *doc.Fulfilment
		}
		got.Updated = got.Updated.UTC()
		if got != want {
			r.t.Errorf("ours  %+v\nshop's %+v", got, want)
		}
	}
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) simGet(path string, into any) {
	r.t.Helper()
	resp, err := http.Get(r.env["SHOPIFY_SIM_URL"] + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil || resp.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %d %v", path, resp.StatusCode, err)
	}
}
