package changes

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

func TestAGuestWithdrawsInTwoSteps(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := open(t, db, clk)
		b.place(3, nil)
		if w := b.send("GET", guestPath()+"&lang=de", "", nil); w.Code != 200 || !strings.Contains(w.Body.String(), "Vertrag hier widerrufen") || strings.Contains(w.Body.String(), "<script") {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		review := b.form(guestPath(), url.Values{"step": {"review"}, "name": {"Mira Sand"}, "order": {" 1001 "}, "email": {"mira@example.com"}, "lang": {"de"}})
		if text := review.Body.String(); !strings.Contains(text, "Widerruf bestätigen") || strings.Contains(text, "Lamp") || strings.Contains(text, "Mira@example") {
			t.Fatalf("%s", text)
		}
		if n := len(b.withdrawals()); n != 0 {
			t.Fatalf("%d before it was confirmed", n)
		}
		done, form := b.declare(typed("Bestellung #1001, danke", "mira@example.com"))
		if done.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", done.Code, done.Body)
		}
		again := b.form(guestPath(), form) // the button was pressed twice
		list := b.withdrawals()
		if len(list) != 1 || len(b.mails(KindWithdrawal)) != 1 || again.Code != http.StatusSeeOther {
			t.Fatalf("%d declarations, %d receipts, %d", len(list), len(b.mails(KindWithdrawal)), again.Code)
		}
		receipt := b.send("GET", "/proxy"+strings.TrimPrefix(done.Header().Get("Location"), "/apps/afterglow")+fmt.Sprintf("?as=%d.0", storetest.Shop), "", nil)
		for _, want := range []string{"Ihr Widerruf ist eingegangen", "mira@example.com", "the &lt;lamp&gt;", "21. November 2026", reference(list[0].ID)} {
			if !strings.Contains(receipt.Body.String(), want) {
				t.Errorf("the receipt lacks %q: %s", want, receipt.Body)
			}
		}
		if w := b.send("GET", "/proxy"+strings.TrimPrefix(done.Header().Get("Location"), "/apps/afterglow")+fmt.Sprintf("?as=%d.0", storetest.Other), "", nil); w.Code != 401 {
			t.Errorf("another shop shows the receipt: %d", w.Code)
		}
		if text := b.written(b.s.receiptMail(), list[0].ID); !strings.Contains(text, "Hiermit widerrufe ich") || !strings.Contains(text, "13:00") || strings.Contains(text, "Throw") {
			t.Errorf("the receipt by mail says %s", text)
		}
		b.work()
		w := b.withdrawals()[0]
		if w.State != WithdrawalMatched || w.OrderID != order || w.Finding != FindingInTime || len(w.findings()) != 2 {
			t.Fatalf("%+v", w)
		}
		if got := b.staff("POST", "/requests/withdrawals/"+w.ID+"/answer", map[string]any{"accepted": true, "text": "Bitte senden Sie alles an unser Lager."}); got.Code != 200 {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		if got := b.staff("POST", "/requests/withdrawals/"+w.ID+"/answer", map[string]any{"accepted": false, "text": ""}); got.Code != 409 {
			t.Errorf("answered twice: %d", got.Code)
		}
		if text := b.written(b.s.answerMail(), w.ID); !strings.Contains(text, "5. Dezember 2026") || !strings.Contains(text, "unser Lager") {
			t.Errorf("the answer says %s", text)
		}
		b.refund("30.00", clk.Now().Add(time.Hour), 71, 72)
		if w := b.withdrawals()[0]; w.RefundedAt == nil {
			t.Error("the refund was not noted")
		}
	})
}

// S1: who declares learns nothing of any order.
func TestDeclaringTellsNothingOfOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := open(t, db, clk)
		b.place(3, nil)
		var answers []string
		for _, number := range []string{"#1001", "#9999"} {
			form := typed(number, "mira@example.com")
			review := b.form(guestPath(), url.Values{"step": {"review"}, "name": form["name"], "order": form["order"], "email": form["email"], "lang": {"de"}})
			done, _ := b.declare(form)
			receipt := b.send("GET", "/proxy"+strings.TrimPrefix(done.Header().Get("Location"), "/apps/afterglow")+fmt.Sprintf("?as=%d.0", storetest.Shop), "", nil)
			text := changing.ReplaceAllString(review.Body.String()+fmt.Sprint(done.Code)+receipt.Body.String(), "")
			text = strings.ReplaceAll(text, number, "N")
			for _, w := range b.withdrawals() {
				text = strings.ReplaceAll(text, reference(w.ID), "R")
			}
			answers = append(answers, text)
		}
		if answers[0] != answers[1] {
			t.Errorf("a hit can be told from a miss:\n%s\n%s", answers[0], answers[1])
		}
		b.work()
		list := b.withdrawals()
		if list[0].State != WithdrawalMatched || list[1].State != WithdrawalReceived {
			t.Errorf("%s %s", list[0].State, list[1].State)
		}
		if got := b.staff("POST", "/requests/withdrawals/"+list[1].ID+"/answer", map[string]any{"accepted": true, "text": ""}); got.Code != 409 {
			t.Errorf("answered without an order: %d", got.Code)
		}
		if got := b.staff("POST", "/requests/withdrawals/"+list[1].ID+"/match", map[string]any{"order": "#4711"}); got.Code != 422 {
			t.Errorf("an order that is not there: %d %s", got.Code, got.Body)
		}
		if got := b.staff("POST", "/requests/withdrawals/"+list[1].ID+"/match", map[string]any{"order": "1001"}); got.Code != 200 || !strings.Contains(got.Body.String(), `"finding":"in_time"`) {
			t.Errorf("matched by hand: %d %s", got.Code, got.Body)
		}
		// Somebody else's address, the order matched by hand: the answer names no item.
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec(`UPDATE changes_withdrawals SET email = 'eve@example.com', email_key = 'eve@example.com' WHERE shop_id = ? AND id = ?`, tx.Shop, list[1].ID).Error
		})
		b.staff("POST", "/requests/withdrawals/"+list[1].ID+"/answer", map[string]any{"accepted": false, "text": ""})
		if text := b.written(b.s.answerMail(), list[1].ID); strings.Contains(text, "Lamp") {
			t.Errorf("the answer tells a stranger what was bought: %s", text)
		}
	})
}

// S2: a form that is not ours, not this visitor's or too old declares nothing, and
// what was typed is not lost.
func TestOnlyOurOwnFormDeclares(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	{ // nothing here depends on the database
		db := storetest.Open(t, "sqlite", clk)
		b := open(t, db, clk)
		_, good := b.declare(typed("#1", "a@example.com"))
		before := len(b.withdrawals())
		for name, token := range map[string]string{"none": "", "made up": "abc", "a link of another kind": strings.TrimPrefix(signed(t, b), "/")} {
			form := url.Values{}
			for k, v := range good {
				form[k] = v
			}
			form.Set("once", token)
			if w := b.form(guestPath(), form); w.Code != 200 || !strings.Contains(w.Body.String(), `value="confirm"`) || !strings.Contains(w.Body.String(), "Mira Sand") {
				t.Errorf("%s: %d", name, w.Code)
			}
		}
		fresh := once(t, b.form(guestPath(), url.Values{"step": {"review"}, "name": {"E"}, "order": {"1"}, "email": {"e@example.com"}}))
		signedIn := url.Values{"step": {"confirm"}, "once": {fresh}, "name": {"E"}, "order": {"1"}, "email": {"e@example.com"}}
		if w := b.form(fmt.Sprintf("/proxy/withdraw?as=%d.77", storetest.Shop), signedIn); w.Code != 200 {
			t.Errorf("a guest's form sent by somebody signed in: %d", w.Code)
		}
		if w := b.form(fmt.Sprintf("/proxy/withdraw?as=%d.0", storetest.Other), signedIn); w.Code != 200 {
			t.Errorf("a form of another shop: %d", w.Code)
		}
		clk.Advance(25 * time.Hour)
		if w := b.form(guestPath(), signedIn); w.Code != 200 || !strings.Contains(w.Body.String(), "e@example.com") {
			t.Errorf("an old form: %d", w.Code)
		}
		for _, wrong := range []url.Values{{}, {"name": {"x"}}, {"name": {"x"}, "order": {"1"}, "email": {"nobody"}}, {"name": {strings.Repeat("x", 300)}, "order": {"1"}, "email": {"a@b"}}, {"name": {"\x00"}, "order": {"1"}, "email": {"a@b"}}} {
			wrong.Set("step", "confirm")
			wrong.Set("once", fresh)
			if w := b.form(guestPath(), wrong); w.Code != 200 || !strings.Contains(w.Body.String(), `role="alert"`) {
				t.Errorf("%v: %d", wrong, w.Code)
			}
		}
		if n := len(b.withdrawals()); n != before {
			t.Errorf("%d declarations, want %d", n, before)
		}
	}
}

func signed(t testing.TB, b *counter) string {
	token, err := b.links.Sign(web.Link{Shop: storetest.Shop, Kind: "order", Ref: "5001", Expires: b.clk.Now().Add(time.Hour)})
	must(t, err)
	return token
}

func TestOnTheOrderPageItemsCanBeChosen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := open(t, db, clk)
		b.place(2, nil)
		page := b.page()
		if w := b.send("GET", page, "", nil); w.Code != 200 || !strings.Contains(w.Body.String(), page+"/withdraw") || !strings.Contains(w.Body.String(), page+"/problem") {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		form := url.Values{"step": {"review"}, "name": {"Mira Sand"}, "email": {"other@example.com"}, "line": {"72", "99"}, "order": {"#7"}}
		token := once(t, b.form(page+"/withdraw", form))
		form.Set("step", "confirm")
		form.Set("once", token)
		if w := b.form(page+"/withdraw", form); w.Code != http.StatusSeeOther || w.Header().Get("Location") != page+"/withdraw" {
			t.Fatalf("%d %v", w.Code, w.Header())
		}
		b.work()
		w := b.withdrawals()[0]
		if w.OrderID != order || w.TypedOrder != "#1001" || len(w.findings()) != 1 || w.findings()[0].Title != "Throw" || w.Finding != FindingInTime {
			t.Errorf("%+v", w)
		}
		if shown := b.send("GET", page+"/withdraw", "", nil); !strings.Contains(shown.Body.String(), reference(w.ID)) {
			t.Errorf("%s", shown.Body)
		}
	})
}

func TestRefundsAndAnswersWantAHand(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := open(t, db, clk)
		b.place(2, nil)
		b.declare(typed("#1001", "mira@example.com"))
		b.work()
		ask := func() (due, open int64) {
			b.in(storetest.Shop, func(tx *store.Tx) error {
				a, err := refundsDue(tx)
				if err != nil {
					return err
				}
				u, err := unanswered(tx)
				due, open = a.Count, u.Count
				return err
			})
			return due, open
		}
		if due, open := ask(); due != 0 || open != 1 {
			t.Errorf("%d due, %d open", due, open)
		}
		clk.Advance(11 * 24 * time.Hour)
		if due, _ := ask(); due != 1 {
			t.Error("a refund that is almost due is not shown")
		}
		w := b.withdrawals()[0]
		b.staff("POST", "/requests/withdrawals/"+w.ID+"/answer", map[string]any{"accepted": true, "text": ""})
		if due, open := ask(); due != 1 || open != 0 {
			t.Errorf("accepted: %d due, %d open", due, open)
		}
		if got := b.staff("POST", "/requests/withdrawals/"+w.ID+"/refunded", nil); got.Code != 200 {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		if due, _ := ask(); due != 0 {
			t.Error("a refund that was made is still shown")
		}
	})
}

// refund has the order say that money went back, for lines or for none, and the room
// hear it.
func (b *counter) refund(amount string, at time.Time, lines ...int64) {
	b.t.Helper()
	items := []map[string]any{}
	for _, l := range lines {
		items = append(items, map[string]any{"line_item_id": l, "quantity": 1})
	}
	b.place(3, map[string]any{"refunds": []any{map[string]any{"id": 800 + b.seq, "created_at": at, "refund_line_items": items,
		"transactions": []any{map[string]any{"kind": "refund", "status": "success", "amount": amount, "currency": "EUR"}}}}})
	b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.onRefunded(ctx, tx, queue.Job{Ref: fmt.Sprint(order)}) })
}

// Money that went back before, or a small sum for something else, leaves the refund
// of a withdrawal due.
func TestOnlyARefundOfAWithdrawalEndsIt(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	b := open(t, storetest.Open(t, "sqlite", clk), clk) // nothing here depends on the database
	b.place(3, nil)
	b.declare(typed("#1001", "mira@example.com"))
	b.work()
	for _, c := range []struct {
		name   string
		amount string
		after  time.Duration
		lines  []int64
		want   bool
	}{
		{"all of it, a day before", "30.00", -24 * time.Hour, []int64{71, 72}, false},
		{"a little for a late parcel", "5.00", time.Hour, nil, false},
		{"one of the items", "9.00", time.Hour, []int64{71}, true},
		{"what everything cost", "30.00", time.Hour, nil, true},
	} {
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec(`UPDATE changes_withdrawals SET refunded_at = NULL WHERE shop_id = ?`, tx.Shop).Error
		})
		b.refund(c.amount, clk.Now().Add(c.after), c.lines...)
		if got := b.withdrawals()[0].RefundedAt != nil; got != c.want {
			t.Errorf("%s: noted as refunded %v, want %v", c.name, got, c.want)
		}
	}
}

// A declaration has the id of its form, which may have been open for a day: pages
// are in the order of receipt and leave none out.
func TestPagesOfRequestsLeaveNoneOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := open(t, db, clk)
		b.in(storetest.Shop, func(tx *store.Tx) error {
			for i := range 7 {
				w := &withdrawalRow{ShopID: tx.Shop, ID: fmt.Sprintf("wdr_%d", 9-i), Lines: "[]", Findings: "[]", State: WithdrawalReceived, ReceivedAt: clk.Now().Add(time.Duration(i/2) * time.Hour), RefundDue: clk.Now()}
				if fresh, err := keepWithdrawal(tx, w); err != nil || !fresh {
					t.Fatal(fresh, err)
				}
			}
			seen, after := []string{}, ""
			for {
				page, err := pageOf(tx, withdrawalRow{}, "received_at", nil, after, 2)
				if err != nil {
					return err
				}
				for _, w := range page {
					seen, after = append(seen, w.ID), w.ID
				}
				if len(page) < 2 || len(seen) > 20 {
					break
				}
			}
			if got := strings.Join(seen, " "); got != "wdr_3 wdr_5 wdr_4 wdr_7 wdr_6 wdr_9 wdr_8" {
				t.Errorf("the pages show %s", got)
			}
			if page, err := pageOf(tx, withdrawalRow{}, "received_at", nil, "wdr_none", 2); err != nil || len(page) != 0 {
				t.Errorf("behind one that is not there: %d, %v", len(page), err)
			}
			return nil
		})
	})
}

// What nobody can match any more, because its data was erased, asks for nobody.
func TestWhatWasErasedUnmatchedWaitsForNobody(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	b := open(t, storetest.Open(t, "sqlite", clk), clk)
	b.declare(typed("#77 unknown", "guest@example.com"))
	b.work()
	clk.Advance(13 * 24 * time.Hour)
	b.in(storetest.Shop, func(tx *store.Tx) error {
		for _, want := range []int64{1, 0} {
			due, err := countRefundsDue(tx, tx.Now.Add(refundNear))
			if err != nil {
				return err
			}
			open, err := countUnanswered(tx)
			if due != want || open != want || err != nil {
				t.Errorf("%d due and %d open, want %d: %v", due, open, want, err)
			}
			if err := eraseRequests(tx, room.Person{Email: "guest@example.com"}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Whoever chooses each of many items by hand gets through.
func TestManyItemsCanBeChosen(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	b := open(t, storetest.Open(t, "sqlite", clk), clk)
	lines, chosen := []map[string]any{}, []string{}
	for i := range 40 {
		lines = append(lines, map[string]any{"id": 71 + i, "title": strings.Repeat("long ", 20), "quantity": 1, "current_quantity": 1, "price": "1.00", "requires_shipping": true})
		chosen = append(chosen, fmt.Sprint(71+i), fmt.Sprint(71+i))
	}
	b.place(2, map[string]any{"line_items": lines})
	form := url.Values{"step": {"review"}, "name": {"Mira Sand"}, "email": {"mira@example.com"}, "line": chosen}
	form.Set("once", once(t, b.form(b.page()+"/withdraw", form)))
	form.Set("step", "confirm")
	if w := b.form(b.page()+"/withdraw", form); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %.2000s", w.Code, w.Body)
	}
	if w := b.withdrawals()[0]; len(w.lines()) != 40 {
		t.Errorf("%d lines", len(w.lines()))
	}
}

// What concerns no order of the shop is put aside with a reason, waits for nobody
// any more, and goes after its time.
func TestADeclarationThatFitsNoOrderIsDismissed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := open(t, db, clk)
		b.place(2, nil)
		b.declare(typed("#77 unknown", "junk@example.com"))
		clk.Advance(time.Second)
		b.declare(typed("#1001", "mira@example.com"))
		clk.Advance(time.Second)
		b.declare(typed("#78 unknown", "other@example.com"))
		b.work()
		list := b.withdrawals()
		junk, ours, mistaken := "/requests/withdrawals/"+list[0].ID, "/requests/withdrawals/"+list[1].ID, "/requests/withdrawals/"+list[2].ID
		why := map[string]any{"reason": "Nobody of this name ever bought here."}
		waits := func() (open, due int64) {
			b.in(storetest.Shop, func(tx *store.Tx) (err error) {
				if open, err = countUnanswered(tx); err != nil {
					return err
				}
				due, err = countRefundsDue(tx, tx.Now.Add(30*24*time.Hour))
				return err
			})
			return open, due
		}
		if w := b.staff("POST", junk+"/dismiss", map[string]any{"reason": " "}); w.Code != 422 {
			t.Errorf("without a reason: %d", w.Code)
		}
		if w := b.staff("POST", ours+"/dismiss", why); w.Code != 409 {
			t.Errorf("one that fits an order: %d %s", w.Code, w.Body)
		}
		for _, path := range []string{junk, junk, mistaken} {
			if w := b.staff("POST", path+"/dismiss", why); w.Code != 200 || !strings.Contains(w.Body.String(), `"state":"dismissed"`) || !strings.Contains(w.Body.String(), `"refund_near":false`) {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		if open, due := waits(); open != 1 || due != 1 {
			t.Errorf("%d wait for an answer and %d for money, want the one that fits", open, due)
		}
		if n := len(b.mails(KindAnswer)); n != 0 {
			t.Errorf("%d mails", n)
		}
		if w := b.staff("POST", junk+"/answer", map[string]any{"accepted": true}); w.Code != 409 {
			t.Errorf("answered afterwards: %d", w.Code)
		}
		if w := b.staff("POST", mistaken+"/match", map[string]any{"order": "#1001"}); w.Code != 200 || !strings.Contains(w.Body.String(), `"state":"matched"`) || !strings.Contains(w.Body.String(), `"answered_at":null`) {
			t.Errorf("dismissed by mistake: %d %s", w.Code, w.Body)
		}
		clk.Advance(time.Second)
		b.declare(typed("#79 unknown", "late@example.com")) // nobody ever looks at it
		for _, c := range []struct {
			after time.Duration
			left  int
		}{{dismissedKept - time.Hour, 4}, {2 * time.Hour, 3}, {unmatchedKept - dismissedKept - 2*time.Hour, 3}, {2 * time.Hour, 2}} {
			clk.Advance(c.after)
			b.in(storetest.Shop, func(tx *store.Tx) error { return sweepRequests(ctx, tx, queue.Job{}) })
			if n := len(b.withdrawals()); n != c.left {
				t.Errorf("%d are left, want %d", n, c.left)
			}
		}
	})
}
