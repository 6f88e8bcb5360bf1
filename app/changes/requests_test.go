package changes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/photo"
	"afterglow/app/photo/phototest"
	"afterglow/app/policy"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

const (
	order = 5001
)

// sessions takes "shop:<id>" for the session of a member of staff.
type sessions struct{}

func (sessions) Verify(token string) (shopify.Claims, error) {
	if !strings.HasPrefix(token, "shop:") {
		return shopify.Claims{}, shopify.ErrSession
	}
	return shopify.Claims{Shop: shopify.Domain(strings.TrimPrefix(token, "shop:")), UserID: "42", SessionID: "s"}, nil
}

// proxies takes as=<shop>.<customer> for Shopify's signature.
type proxies struct{}

func (proxies) Verify(raw string) (*shopify.ProxyRequest, error) {
	q, _ := url.ParseQuery(raw)
	var shop, customer int64
	if _, err := fmt.Sscanf(q.Get("as"), "%d.%d", &shop, &customer); err != nil {
		return nil, shopify.ErrSession
	}
	return &shopify.ProxyRequest{Shop: shopify.Domain(fmt.Sprint(shop)), CustomerID: customer, PathPrefix: "/apps/afterglow"}, nil
}

type counter struct {
	t      testing.TB
	db     *store.DB
	clk    *clock.Fixed
	orders *orders.Service
	s      *Requests
	links  *web.Links
	h      http.Handler
	seq    int
}

func open(t testing.TB, db *store.DB, clk *clock.Fixed) *counter {
	t.Helper()
	q := queuetest.New(t, db, redisNumber)
	links, err := web.NewLinks(clk, make([]byte, 32))
	must(t, err)
	b := &counter{t: t, db: db, clk: clk, links: links}
	keeper := shops.New(shops.Config{DB: db, From: "shop@example.com"})
	b.orders = orders.New(orders.Config{DB: db, Shops: keeper, Links: links, AppURL: "https://app.example", Log: slog.New(slog.DiscardHandler)})
	b.s = NewRequests(RequestsConfig{DB: db, Shops: keeper, Orders: b.orders, Policy: policy.New(policy.Config{DB: db, Shops: keeper}), Links: links, Spool: t.TempDir()})
	hung := b.s.room()
	for fact, task := range hung.Hears {
		q.Hear(fact, task)
	}
	must(t, b.orders.UseSections(hung.OrderPage...))
	for i, shop := range []ids.Shop{storetest.Shop, storetest.Other} {
		b.in(shop, func(tx *store.Tx) error {
			if err := tx.Exec(`INSERT INTO shops (shop_id, domain, name, email, currency, timezone, locale, url, state, scopes, installed_at)
				VALUES (?, ?, 'Lumen & Loom', 'shop@example.com', 'EUR', 'Europe/Berlin', 'en', 'https://shop.example', 'installed', '', ?)`,
				shop, fmt.Sprintf("shop-%d.myshopify.com", i), clk.Now().Add(-300*24*time.Hour)).Error; err != nil {
				return err
			}
			return tx.Exec(`INSERT INTO shops_settings (shop_id, version, sender_name, reply_to, postal_address, support_email, logo_url, accent_color,
				confirmation_enabled, returns_days, returns_policy_url, updated_at)
				VALUES (?, 3, 'Lumen & Loom', '', '', 'help@example.com', '', '#2a5bd7', ?, 30, '', ?)`, shop, true, clk.Now()).Error
		})
	}
	e, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Sessions: sessions{}, Proxies: proxies{}, Links: links, ErrorPage: orders.ErrorPage, Metrics: web.NewMetrics(),
		Resolve: func(_ context.Context, d shopify.Domain) (ids.Shop, error) {
			var id int64
			_, err := fmt.Sscan(string(d), &id)
			return ids.Shop(id), err
		}})
	must(t, err)
	linked, proxied := e.Group("/l", web.Linking, web.Kind("order"), web.Pages()), e.Group("/proxy", web.Proxy, web.Pages())
	for _, r := range []room.Room{b.orders.Room(), hung} {
		r.Links(linked)
		r.Proxy(proxied)
	}
	hung.Admin(e.Group("/api/v1", web.Session))
	b.h = e
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *counter) in(shop ids.Shop, fn func(tx *store.Tx) error) {
	b.t.Helper()
	must(b.t, b.db.InTx(ctx, shop, fn))
}

// place puts an order to Germany on record, delivered so many days ago; -1 is not
// yet.
func (b *counter) place(delivered int, more map[string]any) {
	b.t.Helper()
	b.seq++
	at := b.clk.Now().Add(-60 * 24 * time.Hour)
	doc := map[string]any{"id": order, "name": "#1001", "email": "Mira@example.com", "contact_email": "Mira@example.com", "customer_locale": "de", "currency": "EUR", "presentment_currency": "EUR",
		"created_at": at, "processed_at": at, "updated_at": b.clk.Now().Add(time.Duration(b.seq) * time.Second), "financial_status": "paid", "fulfillment_status": "fulfilled",
		"total_price": "30.00", "current_total_price": "30.00", "subtotal_price": "30.00", "total_tax": "0.00", "total_discounts": "0.00",
		"shipping_address": map[string]any{"name": "Mira Sand", "city": "Köln", "country_code": "DE", "country": "Germany"},
		"line_items": []map[string]any{{"id": 71, "title": "Lamp", "quantity": 1, "current_quantity": 1, "price": "10.00", "requires_shipping": true},
			{"id": 72, "title": "Throw", "quantity": 2, "current_quantity": 2, "price": "10.00", "requires_shipping": true}}}
	parcel := map[string]any{"id": 901, "status": "success", "created_at": at, "updated_at": at, "line_items": []map[string]any{{"id": 71, "quantity": 1}, {"id": 72, "quantity": 2}}}
	if delivered >= 0 {
		parcel["shipment_status"], parcel["updated_at"] = "delivered", b.clk.Now().Add(-time.Duration(delivered)*24*time.Hour)
	}
	doc["fulfillments"] = []any{parcel}
	for k, v := range more {
		doc[k] = v
	}
	body, err := json.Marshal(doc)
	must(b.t, err)
	ev := &shopify.Event{ID: fmt.Sprintf("wh_%d", b.seq), Shop: storetest.Shop, Topic: "orders/updated", TriggeredAt: b.clk.Now(), ReceivedAt: b.clk.Now(), Body: body}
	b.in(storetest.Shop, func(tx *store.Tx) error { return b.orders.Room().Topics["orders/updated"](ctx, tx, ev) })
}

func (b *counter) page() (path string) {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		address, err := b.orders.Link(tx, order)
		path = strings.TrimPrefix(address, "https://app.example")
		return err
	})
	return path
}

func (b *counter) send(method, path, media string, body []byte, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Header.Set("Accept", "text/html")
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	return w
}

// form sends a form as the page that showed it would.
func (b *counter) form(path string, form url.Values) *httptest.ResponseRecorder {
	if _, as, ok := strings.Cut(path, "/proxy/"); ok && form != nil {
		var shop, customer int64
		_, as, _ = strings.Cut(as, "as=")
		_, err := fmt.Sscanf(as, "%d.%d", &shop, &customer)
		must(b.t, err)
		key, err := b.links.FormKey(ids.Shop(shop), customer)
		must(b.t, err)
		form.Set(web.FormField, key)
	}
	return b.send("POST", path, "application/x-www-form-urlencoded", []byte(form.Encode()))
}

func (b *counter) staff(method, path string, body any) *httptest.ResponseRecorder {
	raw, _ := json.Marshal(body)
	return b.send(method, "/api/v1"+path, "application/json", raw, "Accept", "application/json", "Authorization", "Bearer shop:"+storetest.Shop.String())
}

// work does the waiting matching, twice, as a queue may.
func (b *counter) work() {
	b.t.Helper()
	var list []queue.Row
	b.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Scoped(&queue.Row{}).Where("kind = ?", TaskMatch).Order("id").Find(&list).Error
	})
	for range 2 {
		for _, j := range list {
			b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.match(ctx, tx, queue.Job{Ref: j.Ref}) })
		}
	}
}

func (b *counter) withdrawals() (list []withdrawalRow) {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Scoped(&withdrawalRow{}).Order("received_at, id").Find(&list).Error
	})
	return list
}

func (b *counter) mails(kind string) (list []messages.Message) {
	b.t.Helper()
	b.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Scoped(&messages.Message{}).Where("kind = ?", kind).Order("created_at, id").Find(&list).Error
	})
	return list
}

func (b *counter) written(kind mail.Kind, ref string) string {
	b.t.Helper()
	var l *mail.Letter
	b.in(storetest.Shop, func(tx *store.Tx) (err error) { l, err = kind.Compose(ctx, tx, ref); return err })
	text, _ := json.Marshal(l)
	return string(text)
}

var (
	onceField = regexp.MustCompile(`name="once" value="([^"]+)"`)
	changing  = regexp.MustCompile(`nonce="[^"]+"|name="once" value="[^"]+"|req_[0-9a-f-]+|/apps/afterglow/withdraw/[A-Za-z0-9_-]+`)
)

func once(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	m := onceField.FindStringSubmatch(w.Body.String())
	if w.Code != 200 || m == nil {
		t.Fatalf("%d %.3000s", w.Code, w.Body)
	}
	return m[1]
}

func guestPath() string { return fmt.Sprintf("/proxy/withdraw?as=%d.0", storetest.Shop) }

// declare goes both steps as a guest and returns where the receipt is.
func (b *counter) declare(form url.Values) (*httptest.ResponseRecorder, url.Values) {
	b.t.Helper()
	form.Set("step", "review")
	confirm := url.Values{"step": {"confirm"}, "once": {once(b.t, b.form(guestPath(), form))}}
	for k, v := range form {
		if k != "step" {
			confirm[k] = v
		}
	}
	return b.form(guestPath(), confirm), confirm
}

func typed(number, email string) url.Values {
	return url.Values{"name": {"Mira Sand"}, "order": {number}, "email": {email}, "items": {"the <lamp>"}, "lang": {"de"}}
}

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
		b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.onRefunded(ctx, tx, queue.Job{Ref: fmt.Sprint(order)}) })
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

func TestTheClockRunsInCivilDays(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	{ // nothing here depends on the database
		db := storetest.Open(t, "sqlite", clk)
		b := open(t, db, clk) // Saturday, 21 November 2026
		for _, c := range []struct {
			name      string
			delivered int
			more      map[string]any
			want      string
		}{
			{"not delivered yet", -1, nil, FindingInTime},
			{"on the last day", 14, nil, FindingInTime},
			{"the last day was this Friday", 15, nil, FindingLate},
			{"long ago", 40, nil, FindingLate},
			{"outside of Europe", 3, map[string]any{"shipping_address": map[string]any{"country_code": "US", "country": "United States"}}, FindingExempt},
			{"cancelled", -1, map[string]any{"cancelled_at": clk.Now()}, FindingNothing},
		} {
			b.place(c.delivered, c.more)
			b.declare(typed("#1001", "mira@example.com"))
			b.work()
			list := b.withdrawals()
			if w := list[len(list)-1]; w.Finding != c.want || w.OrderID != order {
				t.Errorf("%s: %q, want %q: %s", c.name, w.Finding, c.want, w.Findings)
			}
			b.in(storetest.Shop, func(tx *store.Tx) error {
				return tx.Exec(`DELETE FROM changes_withdrawals WHERE shop_id = ?`, tx.Shop).Error
			})
		}
	}
}

func TestALastDayOnAWeekendEndsOnMonday(t *testing.T) {
	for day, want := range map[string]string{"2026-11-20": "2026-11-20", "2026-11-21": "2026-11-23", "2026-11-22": "2026-11-23", "2026-11-23": "2026-11-23"} {
		d, err := clock.ParseDate(day)
		if err != nil || workday(d).String() != want {
			t.Errorf("%s ends %s, want %s", day, workday(d), want)
		}
	}
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

// upload is a multipart form; files are sent as photos under the given name.
func upload(t testing.TB, fields map[string]string, name string, files ...[]byte) (string, []byte) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for k, v := range fields {
		must(t, w.WriteField(k, v))
	}
	for _, f := range files {
		part, err := w.CreateFormFile("photo", name)
		must(t, err)
		part.Write(f)
	}
	w.Close()
	return w.FormDataContentType(), body.Bytes()
}

func TestAProblemIsReportedWithPhotos(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := open(t, db, clk)
		b.place(2, nil)
		page := b.page()
		token := once(t, b.send("GET", page+"/problem", "", nil))
		taken := phototest.WithExif(phototest.JPEG(t, 1800, 1200), 1, "GPS canary")
		media, body := upload(t, map[string]string{"once": token, "kind": "damaged", "text": "The foot is broken.", "q71": "1", "q72": "0", "q99": "4", "lang": "de"}, "../../etc/passwd.svg", taken, nil, phototest.JPEG(t, 60, 40))
		for range 2 { // sent twice
			if w := b.send("POST", page+"/problem", media, body); w.Code != http.StatusSeeOther || w.Header().Get("Location") != page+"/problem" {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		var rows []problemRow
		b.in(storetest.Shop, func(tx *store.Tx) (err error) { rows, err = problemsOf(tx, order); return err })
		if len(rows) != 1 || rows[0].Photos != 2 || rows[0].Proposal != ProposeReplace || !rows[0].Allowed || len(rows[0].items()) != 1 || rows[0].items()[0].Title != "Lamp" {
			t.Fatalf("%+v", rows)
		}
		if n := len(b.mails(KindProblem)); n != 1 {
			t.Errorf("%d receipts", n)
		}
		if text := b.written(b.s.problemMail(), rows[0].ID); !strings.Contains(text, "The foot is broken.") || !strings.Contains(text, "Beschädigt") {
			t.Errorf("the receipt says %s", text)
		}
		var told int64
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Raw(`SELECT count(*) FROM orders_events WHERE shop_id = ? AND kind = 'problem'`, tx.Shop).Scan(&told).Error
		})
		if told != 1 {
			t.Errorf("%d lines on the timeline", told)
		}
		// The shopper sees it, and staff do; nobody else does.
		shown := b.send("GET", page+"/problem", "", nil).Body.String()
		address := regexp.MustCompile(`src="(/l/o/[^"]+/photos/pho_[^"]+)"`).FindStringSubmatch(shown)
		if address == nil {
			t.Fatalf("no photo on %s", shown)
		}
		picture := b.send("GET", address[1], "", nil)
		if picture.Code != 200 || picture.Header().Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(picture.Header().Get("Content-Disposition"), "attachment;") ||
			picture.Header().Get("Content-Security-Policy") != "default-src 'none'; sandbox" || picture.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%d %v", picture.Code, picture.Header())
		}
		if bytes.Contains(picture.Body.Bytes(), []byte("canary")) {
			t.Error("the place is still in the photo")
		}
		id := address[1][strings.LastIndexByte(address[1], '/')+1:]
		if w := b.staff("GET", "/requests/photos/"+id, nil); w.Code != 200 || !bytes.Equal(w.Body.Bytes(), picture.Body.Bytes()) {
			t.Errorf("staff: %d", w.Code)
		}
		if w := b.send("GET", "/api/v1/requests/photos/"+id, "", nil); w.Code != 401 {
			t.Errorf("without a session: %d", w.Code)
		}
		if w := b.send("GET", "/api/v1/requests/photos/"+id, "", nil, "Authorization", "Bearer shop:"+storetest.Other.String()); w.Code != 404 {
			t.Errorf("another shop: %d", w.Code)
		}
		foreign, _ := b.links.Sign(web.Link{Shop: storetest.Shop, Kind: "order", Ref: "4711", Expires: clk.Now().Add(time.Hour)})
		if w := b.send("GET", "/l/o/"+foreign+"/photos/"+id, "", nil); w.Code != 404 {
			t.Errorf("through another order's link: %d", w.Code)
		}
		answer := map[string]any{"request_id": "answer-0001", "text": "A new lamp is on its way.", "closes": true}
		for range 2 {
			if w := b.staff("POST", "/requests/problems/"+rows[0].ID+"/answer", answer); w.Code != 200 || !strings.Contains(w.Body.String(), `"state":"closed"`) {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		if n := len(b.mails(KindProblemAnswer)); n != 1 {
			t.Errorf("%d answers by mail", n)
		}
		if w := b.staff("PUT", "/requests/problems/"+rows[0].ID+"/state", map[string]any{"state": "open"}); !strings.Contains(w.Body.String(), `"closed_at":null`) {
			t.Errorf("opened again: %s", w.Body)
		}
		b.staff("PUT", "/requests/problems/"+rows[0].ID+"/state", map[string]any{"state": "closed"})
		clk.Advance(photosAfterClosing + time.Hour)
		b.in(storetest.Shop, sweepPhotos)
		b.in(storetest.Shop, func(tx *store.Tx) error {
			left, err := photosOf(tx, rows[0].ID)
			if len(left) != 0 {
				t.Errorf("%d photos after their time", len(left))
			}
			return err
		})
	})
}

// S11 over HTTP: what is refused leaves nothing behind.
func TestReportsThatAreRefused(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	{ // nothing here depends on the database
		db := storetest.Open(t, "sqlite", clk)
		b := open(t, db, clk)
		b.place(2, nil)
		page := b.page()
		token := once(t, b.send("GET", page+"/problem", "", nil))
		small := phototest.JPEG(t, 20, 20)
		for name, c := range map[string]struct {
			fields map[string]string
			files  [][]byte
		}{
			"no kind":         {map[string]string{"once": token}, nil},
			"another kind":    {map[string]string{"once": token, "kind": "stolen"}, nil},
			"too many photos": {map[string]string{"once": token, "kind": "damaged"}, [][]byte{small, small, small, small, small}},
			"an SVG":          {map[string]string{"once": token, "kind": "damaged"}, [][]byte{[]byte("<svg onload=alert(1)>")}},
			"a bomb":          {map[string]string{"once": token, "kind": "damaged"}, [][]byte{phototest.BombPNG(50_000, 50_000)}},
			"too large":       {map[string]string{"once": token, "kind": "damaged"}, [][]byte{append(bytes.Clone(small), make([]byte, photo.BytesMost)...), small}},
			"no text":         {map[string]string{"once": token, "kind": "other"}, nil},
			"a form of old":   {map[string]string{"once": "abc", "kind": "damaged"}, [][]byte{small}},
		} {
			media, body := upload(t, c.fields, "../x.jpg", c.files...)
			if w := b.send("POST", page+"/problem", media, body); w.Code != 200 || !strings.Contains(w.Body.String(), `role="alert"`) {
				t.Errorf("%s: %d", name, w.Code)
			}
		}
		if w := b.send("POST", page+"/problem", "multipart/form-data; boundary=x", []byte("--x\r\nbroken")); w.Code != 200 {
			t.Errorf("broken: %d", w.Code)
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			rows, err := problemsOf(tx, order)
			if len(rows) > 0 {
				t.Errorf("%+v", rows)
			}
			return err
		})
	}
}

func TestProposals(t *testing.T) {
	refused := policy.Verdict{Instead: []policy.Alternative{{Action: policy.Return}}}
	for _, c := range []struct {
		kind string
		v    policy.Verdict
		want string
	}{
		{"damaged", policy.Verdict{Allowed: true}, ProposeReplace}, {"wrong", policy.Verdict{Allowed: true}, ProposeReplace}, {"missing", policy.Verdict{Allowed: true}, ProposeReship},
		{"different", policy.Verdict{Allowed: true}, ProposeRefund}, {"other", policy.Verdict{Allowed: true}, ProposeLook}, {"damaged", refused, ProposeReturn}, {"damaged", policy.Verdict{}, ProposeLook},
	} {
		if got := propose(Report{Kind: c.kind}, c.v); got != c.want {
			t.Errorf("%s: %s, want %s", c.kind, got, c.want)
		}
	}
}

// P1 and P3 for what shoppers typed and photographed.
func TestRequestsAreDisclosedAndForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := open(t, db, clk)
		b.place(2, nil)
		b.declare(typed("#77 unknown", "GUEST@example.com"))
		b.declare(typed("#1001", "mira@example.com"))
		b.work()
		page := b.page()
		media, body := upload(t, map[string]string{"once": once(t, b.send("GET", page+"/problem", "", nil)), "kind": "other", "text": "canary words"}, "x.jpg", phototest.JPEG(t, 30, 30))
		if w := b.send("POST", page+"/problem", media, body); w.Code != http.StatusSeeOther {
			t.Fatalf("%d", w.Code)
		}
		hung := b.s.room()
		people := []room.Person{{Email: "guest@example.com"}, {OrderIDs: []int64{order}}}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			for i, p := range people {
				out, err := hung.Export(ctx, tx, p)
				if err != nil {
					return err
				}
				text, _ := json.Marshal(out)
				if i == 0 && !strings.Contains(string(text), "GUEST@example.com") || i == 1 && (!strings.Contains(string(text), "canary words") || !strings.Contains(string(text), "jpeg_base64")) {
					t.Errorf("the file lacks something: %.400s", text)
				}
				for range 2 {
					if err := hung.Erase(ctx, tx, p); err != nil {
						return err
					}
				}
			}
			var left int64
			if err := tx.Raw(`SELECT count(*) FROM changes_photos WHERE shop_id = ?`, tx.Shop).Scan(&left).Error; err != nil || left != 0 {
				t.Errorf("%d photos are left", left)
			}
			return nil
		})
		for _, w := range b.withdrawals() {
			if w.Name+w.Email+w.EmailKey+w.TypedOrder+w.TypedItems != "" {
				t.Errorf("%+v", w)
			}
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			if _, err := b.s.receiptMail().Compose(ctx, tx, firstID(t, tx)); err == nil {
				t.Error("a receipt for somebody who was erased")
			} else if _, stopped := mail.StopReason(err); !stopped {
				return errors.New("it should stop")
			}
			return nil
		})
	})
}

func firstID(t testing.TB, tx *store.Tx) (id string) {
	t.Helper()
	must(t, tx.Raw(`SELECT id FROM changes_withdrawals WHERE shop_id = ? ORDER BY id LIMIT 1`, tx.Shop).Scan(&id).Error)
	return id
}
