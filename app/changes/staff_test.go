package changes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"afterglow/app/ids"
	"afterglow/app/orders"
	"afterglow/app/room"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// staff calls the API as a member of the shop's staff.
func (b *bench) staff(method, path string, in, out any) int {
	b.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(string(body)))
	r.Header.Set("Authorization", fmt.Sprintf("Bearer shop:%d", storetest.Shop))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			b.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
	return w.Code
}

// Staff ask for the shopper with the same engine: beyond the policy with a reason,
// never beyond what has been sent.
func TestStaffChangeForAShopper(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		o := b.place()
		path := "/changes/orders/" + strconv.FormatInt(o.ID, 10)
		b.clk.Advance(3 * time.Hour) // the policy's hour is over
		var can possibleJSON
		if code := b.staff(http.MethodGet, path, nil, &can); code != http.StatusOK || !can.Granted || len(can.Actions) != 3 || len(can.Lines) != 2 || can.Address == nil {
			t.Fatalf("%d %+v", code, can)
		}
		for _, a := range can.Actions {
			if a.Action != "address" && (a.Allowed || !a.Beyond) || a.Why == "" || strings.Contains(a.Why, "your order") {
				t.Errorf("%+v", a)
			}
		}
		line := strconv.FormatInt(o.Lines[0].ID, 10)
		ask := func(more map[string]any) (entryJSON, int) {
			body := map[string]any{"id": ids.New("chg"), "kind": "quantity", "line_id": line, "variant_id": "", "quantity": 1, "address": nil, "credit": false, "override": false, "note": "", "quiet": false}
			for k, v := range more {
				body[k] = v
			}
			var e entryJSON
			code := b.staff(http.MethodPost, path, body, &e)
			return e, code
		}
		if e, code := ask(nil); code != http.StatusAccepted || e.State != Refused || !strings.Contains(e.Reason, "time for it was over") {
			t.Errorf("within the policy: %d %+v", code, e)
		}
		if _, code := ask(map[string]any{"override": true}); code != http.StatusUnprocessableEntity {
			t.Errorf("without a reason: %d", code)
		}
		var priced struct {
			Expected int64 `json:"expected"`
		}
		review := map[string]any{"id": ids.New("chg"), "kind": "quantity", "line_id": line, "variant_id": "", "quantity": 1, "address": nil, "credit": false, "override": true, "note": "She called", "quiet": true}
		if code := b.staff(http.MethodPost, path+"/review", review, &priced); code != http.StatusOK || priced.Expected != o.Lines[0].Unit.Presentment {
			t.Errorf("review: %d %+v", code, priced)
		}
		e, code := ask(map[string]any{"override": true, "note": "She called", "quiet": true, "expected": priced.Expected})
		ch := b.ended(e.ID)
		if code != http.StatusAccepted || ch.State != Done || ch.By != "42" || !ch.Override || ch.Note != "She called" || b.refunds(o.ID) != 1 || b.receipts(ch.ID) != 0 {
			t.Errorf("beyond the policy: %d %+v, %d receipts", code, ch, b.receipts(ch.ID))
		}
		var noted string
		b.in(func(tx *store.Tx) error {
			return tx.Raw("SELECT detail FROM orders_events WHERE shop_id = ? AND order_id = ? AND detail LIKE '%She called%'", storetest.Shop, o.ID).Scan(&noted).Error
		})
		if !strings.Contains(noted, "Staff (42)") {
			t.Errorf("the timeline says %q", noted)
		}
		var log struct {
			Changes []entryJSON `json:"changes"`
		}
		b.staff(http.MethodGet, "/changes", nil, &log)
		if first := log.Changes[0]; first.Staff != "42" || first.By != "staff" || first.Note != "She called" || !first.Beyond {
			t.Errorf("the log says %+v", first)
		}
		if _, err := b.sim.Fulfill(b.shop.ID, o.ID, shopsim.FulfillInput{}); err != nil {
			t.Fatal(err)
		}
		e, _ = ask(map[string]any{"kind": "cancel", "line_id": "", "quantity": 0, "override": true, "note": "She called again"})
		if ch = b.ended(e.ID); ch.State != Refused || ch.Reason != WhySent || b.receipts(ch.ID) != 1 {
			t.Errorf("of what has been sent: %+v", ch)
		}
		b.learn(o.ID, func(o *orders.Order) bool { return o.FulfillmentStatus == "fulfilled" })
		can = possibleJSON{}
		if b.staff(http.MethodGet, path, nil, &can); can.Closed != "It has been sent: nothing can be changed any more." {
			t.Errorf("of what has been sent, the card says %q, %+v", can.Closed, can.Actions)
		}
		given := b.place()
		b.ended(b.must(Wish{Order: given.ID, Kind: Cancel}).ID)
		b.learn(given.ID, func(o *orders.Order) bool { return o.CancelledAt != nil })
		can = possibleJSON{}
		if b.staff(http.MethodGet, "/changes/orders/"+strconv.FormatInt(given.ID, 10), nil, &can); can.Closed != "It was cancelled: nothing can be changed any more." {
			t.Errorf("of a cancelled order, the card says %q, %+v", can.Closed, can.Actions)
		}
		var found struct {
			Variants []struct{ ID, Title string } `json:"variants"`
		}
		if code := b.staff(http.MethodGet, path+"/variants?line="+line, nil, &found); code != http.StatusOK || len(found.Variants) < 2 {
			t.Errorf("variants: %d %+v", code, found)
		}
		who := room.Person{OrderIDs: []int64{o.ID}} // what staff wrote of somebody goes with them
		b.in(func(tx *store.Tx) error {
			if err := b.s.Room().Erase(ctx, tx, who); err != nil {
				return err
			}
			if err := b.s.orders.Room().Erase(ctx, tx, who); err != nil {
				return err
			}
			var left int64
			err := tx.Raw(`SELECT (SELECT count(*) FROM changes_changes WHERE shop_id = ? AND order_id = ? AND (staff_note <> '' OR locale <> '')) +
				(SELECT count(*) FROM orders_events WHERE shop_id = ? AND order_id = ? AND detail LIKE '%She called%')`, tx.Shop, o.ID, tx.Shop, o.ID).Scan(&left).Error
			if left != 0 {
				t.Errorf("%d rows still say what staff wrote", left)
			}
			return err
		})
	})
}
