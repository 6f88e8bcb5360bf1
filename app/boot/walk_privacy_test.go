package boot

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"afterglow/app/shopsim"
	"afterglow/app/store"
)

// compliance posts one of the three privacy topics, signed as Shopify signs.
func (w *walk) compliance(o *tenant, topic string, body map[string]any) {
	w.t.Helper()
	body = maps.Clone(body)
	body["shop_id"], body["shop_domain"] = o.shop.ID, o.shop.Domain
	raw, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	answer := w.send(http.MethodPost, "/webhooks/compliance", raw, "Content-Type", "application/json", "X-Shopify-Topic", topic, "X-Shopify-Shop-Domain", o.shop.Domain,
		"X-Shopify-Webhook-Id", fmt.Sprintf("%s-%s-%d", topic, o.domain, w.clk.Now().UnixNano()), "X-Shopify-Hmac-Sha256", shopsim.SignWebhook(w.env["SHOPIFY_API_SECRET"], raw))
	if answer.Code != http.StatusOK {
		w.t.Fatalf("%s: %d", topic, answer.Code)
	}
	w.clk.Advance(time.Millisecond)
}

type listedRequest struct {
	ID      string
	Topic   string
	State   string
	Outcome string
	File    *struct{}
}

// requests lists the shop's privacy requests as its staff sees them, newest first.
func (w *walk) requests(o *tenant) []listedRequest {
	w.t.Helper()
	answer := w.send(http.MethodGet, "/api/v1/privacy/requests", nil, w.bearer(o)...)
	var page struct{ Requests []listedRequest }
	if err := json.Unmarshal(answer.Body.Bytes(), &page); err != nil || answer.Code != http.StatusOK {
		w.t.Fatalf("privacy requests: %d %v", answer.Code, err)
	}
	return page.Requests
}

func (w *walk) download(o *tenant, request string) *httptest.ResponseRecorder {
	return w.send(http.MethodPost, "/api/v1/privacy/requests/"+request+"/file", nil, w.bearer(o)...)
}

// settled waits until the newest request is done, and returns it.
func (w *walk) settled(o *tenant, count int) listedRequest {
	w.t.Helper()
	var newest listedRequest
	w.until("the end of a privacy request", func() bool {
		list := w.requests(o)
		if len(list) == count {
			newest = list[0]
		}
		return newest.State == "done"
	})
	return newest
}

// shopper is somebody with a word of their own in every field that a form has.
type shopper struct {
	customer int64
	order    int64
	words    map[string]string
}

// sell lets a shopper buy as a customer and once as a guest, and lets events come
// in that hold more than an order needs.
func (w *walk) sell(o *tenant, tag string, phone string) *shopper {
	t := w.t
	t.Helper()
	s := &shopper{words: map[string]string{"phone": phone}}
	word := func(field string) string {
		s.words[field] = "Kqz" + tag + strings.ReplaceAll(field, " ", "") + "xv"
		return s.words[field]
	}
	s.words["e-mail"] = "kqz." + tag + "@mailbox-" + tag + ".example"
	ship := shopsim.Address{FirstName: word("first name"), LastName: word("last name"), Company: word("company"), Address1: word("street") + " 7", Address2: word("floor"),
		City: word("city"), Zip: "Q" + tag + "9X81", CountryCode: "DE", Phone: phone}
	s.words["zip"] = ship.Zip
	bill := ship
	bill.Address1, bill.LastName = word("billing street")+" 9", word("billing name")
	w.clk.Advance(time.Second)
	placed, err := w.sim.PlaceOrder(o.shop.ID, shopsim.Checkout{
		Customer: &shopsim.CheckoutCustomer{Email: s.words["e-mail"], FirstName: ship.FirstName, LastName: ship.LastName, Phone: phone},
		ShipTo:   &ship, BillTo: &bill, Note: "a note for " + word("note"), Attributes: []shopsim.KeyText{{Name: "engraving", Value: word("attribute")}}, Tags: []string{word("tag")},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.customer, s.order = placed.CustomerID, placed.ID
	w.clk.Advance(time.Second)
	guest := ship
	guest.City = word("guest city")
	if _, err := w.sim.PlaceOrder(o.shop.ID, shopsim.Checkout{Guest: true, Email: s.words["e-mail"], ShipTo: &guest}); err != nil {
		t.Fatal(err)
	}
	w.idle()
	payload := w.payload(o, s.order)
	w.clk.Advance(time.Minute)
	payload["updated_at"] = w.clk.Now().Format(time.RFC3339)
	payload["browser_ip"] = word("ip")
	payload["client_details"] = map[string]any{"browser_ip": s.words["ip"], "user_agent": word("browser")}
	payload["landing_site"] = "/?utm=" + word("landing")
	payload["discount_codes"] = []any{map[string]any{"code": word("code"), "amount": "0.00", "type": "fixed_amount"}}
	if lines, ok := payload["line_items"].([]any); ok && len(lines) > 0 {
		lines[0].(map[string]any)["properties"] = []any{map[string]any{"name": "monogram", "value": word("property")}}
	}
	w.tell(o, "orders/updated", "more-"+tag, payload)
	w.tell(o, "customers/update", "person-"+tag, map[string]any{"id": s.customer, "email": s.words["e-mail"], "phone": phone, "first_name": ship.FirstName, "last_name": ship.LastName,
		"note": word("customer note"), "updated_at": w.clk.Now().Format(time.RFC3339), "default_address": map[string]any{"address1": ship.Address1}})
	w.tell(o, "orders/updated", "odd-"+tag, map[string]any{"id": s.order, "currency": 7, "note": word("odd note")}) // will be parked
	w.idle()
	return s
}

func (w *walk) tell(o *tenant, topic, event string, body any) {
	w.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	if answer := w.webhook(o, topic, event, raw); answer.Code != http.StatusOK {
		w.t.Fatalf("%s: %d", topic, answer.Code)
	}
}

// payload is an order as the store's webhooks carry it.
func (w *walk) payload(o *tenant, order int64) map[string]any {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/sim/api/orders/%d?shop=%s", order, o.shop.Domain), nil)
	answer := httptest.NewRecorder()
	w.sim.Handler().ServeHTTP(answer, r)
	var body struct{ Order map[string]any }
	d := json.NewDecoder(answer.Body)
	d.UseNumber()
	if err := d.Decode(&body); err != nil || body.Order == nil {
		w.t.Fatalf("order %d of the simulation: %d %v", order, answer.Code, err)
	}
	return body.Order
}

// traces are the ways in which a text may lie in a file: base64 looks different
// at each of three places.
func traces(s string) map[string]string {
	all := forms(s)
	delete(all, "JSON")
	all["hex"] = hex.EncodeToString([]byte(s))
	for shift := range 3 {
		padded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("-", shift) + s + "--"))
		all[fmt.Sprint("base64 at ", shift)] = padded[[]int{0, 2, 3}[shift] : len(padded)-4]
	}
	return all
}

// found tells which of the words are in the text, in any form.
func found(text string, words map[string]string) (fields []string) {
	lower := strings.ToLower(text)
	for field, word := range words {
		for form, trace := range traces(word) {
			if strings.Contains(lower, strings.ToLower(trace)) {
				fields = append(fields, field+" ("+form+")")
				break
			}
		}
	}
	slices.Sort(fields)
	return fields
}

// everyColumn hands each value of each table to see: the schema says what there
// is, so that nothing has to be added here for a new table.
func (w *walk) everyColumn(see func(column, text string)) {
	w.t.Helper()
	tables := map[string]bool{}
	for _, column := range columns(w.t, w.DB) {
		table, _, _ := strings.Cut(column, ".")
		tables[table] = true
	}
	for table := range tables {
		err := w.DB.System(context.Background(), func(tx *store.Tx) error {
			var rows []map[string]any
			if err := tx.Raw(`SELECT * FROM "` + table + `"`).Scan(&rows).Error; err != nil {
				return err
			}
			for _, row := range rows {
				for name, value := range row {
					text := fmt.Sprint(value)
					if raw, ok := value.([]byte); ok {
						text = string(raw)
					}
					see(table+"."+name, text)
				}
			}
			return nil
		})
		if err != nil {
			w.t.Fatalf("%s: %v", table, err)
		}
	}
}

// held tells which of the words lie in the database, and where.
func (w *walk) held(words map[string]string) map[string][]string {
	where := map[string][]string{}
	w.everyColumn(func(column, text string) {
		for _, hit := range found(text, words) {
			field, _, _ := strings.Cut(hit, " (")
			if !slices.Contains(where[field], column) {
				where[field] = append(where[field], column)
			}
		}
	})
	return where
}

// P1 and P3: a customer is disclosed whole and erased everywhere, and nobody else is.
func TestCustomerIsDisclosedWholeAndErasedEverywhere(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a, b := w.tenants[0], w.tenants[1]
		leaving, staying := w.sell(a, "aa", "+4915790001001"), w.sell(a, "bb", "+4915790001002")
		w.refuseTo(a, leaving)
		before := w.held(leaving.words)
		for _, field := range strings.Fields("e-mail phone city company zip note street floor property code tag") {
			if len(before[field]) == 0 {
				t.Errorf("the %s was never stored: this test proves nothing about it", field)
			}
		}
		for _, field := range []string{"ip", "browser", "landing", "customer note"} {
			if len(before[field]) > 0 {
				t.Errorf("%s is stored in %v although nothing needs it", field, before[field])
			}
		}
		stayingBefore, otherShop := w.held(staying.words), w.rowsOf(b)

		request := map[string]any{"customer": map[string]any{"id": leaving.customer, "email": leaving.words["e-mail"], "phone": nil}, "orders_requested": []int64{leaving.order}, "data_request": map[string]any{"id": 9}}
		w.compliance(a, "customers/data_request", request)
		disclosed := w.settled(a, 2)
		if disclosed.Outcome != "disclosed" || disclosed.File == nil {
			t.Fatalf("data request: %+v", disclosed)
		}
		w.everyColumn(func(column, text string) {
			if column == "shops_privacy_files.sealed" && len(found(text, leaving.words)) > 0 {
				t.Error("the file lies readable in the database")
			}
		})
		file := w.download(a, disclosed.ID)
		if got := file.Header().Get("Content-Disposition"); file.Code != http.StatusOK || !strings.HasPrefix(got, "attachment;") {
			t.Fatalf("download: %d %q", file.Code, got)
		}
		told := found(file.Body.String(), leaving.words)
		for field, columns := range before {
			if !slices.ContainsFunc(told, func(s string) bool { return strings.HasPrefix(s, field+" (") }) {
				t.Errorf("the file lacks the %s, which lies in %v", field, columns)
			}
		}
		if others := found(file.Body.String(), staying.words); len(others) > 0 {
			t.Errorf("the file tells of somebody else: %v", others)
		}
		if !bytes.Contains(file.Body.Bytes(), []byte(`"README"`)) || !json.Valid(file.Body.Bytes()) {
			t.Error("the file is not JSON with an explanation")
		}

		began := time.Now()
		erase := map[string]any{"customer": map[string]any{"id": leaving.customer, "email": leaving.words["e-mail"], "phone": leaving.words["phone"]}, "orders_to_redact": []int64{leaving.order}}
		w.compliance(a, "customers/redact", erase)
		if done := w.settled(a, 3); done.Outcome != "erased" {
			t.Fatalf("erasure: %+v", done)
		}
		t.Logf("erased after %v", time.Since(began).Round(time.Millisecond))
		if answer := w.download(a, disclosed.ID); answer.Code != http.StatusNotFound {
			t.Errorf("the file of an erased customer: %d", answer.Code)
		}
		w.compliance(a, "customers/redact", erase) // Shopify repeats itself
		w.settled(a, 4)
		w.tell(a, "orders/updated", "late", w.payload(a, leaving.order)) // and is late
		w.idle()

		for field, columns := range w.held(leaving.words) {
			t.Errorf("after the erasure the %s is still in %v", field, columns)
		}
		if hits := found(w.log.String(), leaving.words); len(hits) > 0 {
			t.Errorf("the log tells %v", hits)
		}
		if w.redis != nil {
			if hits := found(w.redis.Dump(), leaving.words); len(hits) > 0 {
				t.Errorf("Redis holds %v", hits)
			}
		}
		after := w.held(staying.words)
		for field, columns := range stayingBefore {
			slices.Sort(columns)
			if slices.Sort(after[field]); !slices.Equal(columns, after[field]) {
				t.Errorf("the %s of another customer was in %v, is in %v", field, columns, after[field])
			}
		}
		sameRows(t, otherShop, w.rowsOf(b))
		w.Queue.Stop()
		w.DB.Close()
		w.everyFile(func(name string, raw []byte) {
			if hits := found(string(raw), leaving.words); len(hits) > 0 {
				t.Errorf("%s in the data folder holds %v", name, hits)
			}
		})
	})
}

// refuseTo lets the mail server repeat the address in its refusal.
func (w *walk) refuseTo(a *tenant, s *shopper) {
	if w.mails == nil {
		return
	}
	victim := *a
	victim.email, victim.first, victim.last, victim.order = s.words["e-mail"], s.words["first name"], s.words["last name"], s.order
	err := w.DB.Read(w.t.Context(), a.id, func(tx *store.Tx) error {
		return tx.Raw(`SELECT id FROM messages WHERE shop_id = ? AND order_id = ?`, a.id, s.order).Scan(&victim.message).Error
	})
	if err != nil || victim.message == "" {
		w.t.Fatalf("message of order %d: %q %v", s.order, victim.message, err)
	}
	w.refusedMail(&victim)
}

func (w *walk) everyFile(see func(name string, raw []byte)) {
	w.t.Helper()
	err := filepath.WalkDir(w.env["DATA_DIR"], func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err == nil {
			see(filepath.Base(path), raw)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// An erasure waits for work that would write down again what it erases.
func TestErasureWaitsForWorkUnderWay(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a := w.tenants[0]
		for i, ref := range []string{fmt.Sprint(a.order), a.message} {
			job := "job_underway" + fmt.Sprint(i)
			change := func(statement string, args ...any) {
				t.Helper()
				if err := w.DB.InTx(t.Context(), a.id, func(tx *store.Tx) error { return tx.Exec(statement, args...).Error }); err != nil {
					t.Fatal(err)
				}
			}
			now := w.clk.Now()
			change(`INSERT INTO queue_jobs (id, shop_id, kind, ref, state, run_at, lease_at, created_at) VALUES (?, ?, 'test.slow', ?, 'running', ?, ?, ?)`,
				job, a.id, ref, now, now.Add(time.Hour), now)
			w.compliance(a, "customers/redact", map[string]any{"customer": map[string]any{"email": a.email}, "orders_to_redact": []int64{a.order}})
			w.until("the erasure to wait", func() bool {
				var waiting int64
				err := w.DB.Peek(t.Context(), func(tx *store.Tx) error {
					return tx.Raw(`SELECT count(*) FROM queue_jobs WHERE kind = 'shops.forget_customer' AND state = 'ready' AND run_at > ?`, now).Scan(&waiting).Error
				})
				return err == nil && waiting == 1
			})
			if len(w.held(map[string]string{"e-mail": a.email})["e-mail"]) == 0 && i == 0 {
				t.Error("erased while work was under way")
			}
			change(`UPDATE queue_jobs SET state = 'done', done_at = ? WHERE shop_id = ? AND id = ?`, now, a.id, job)
			w.clk.Advance(6 * time.Second)
			if done := w.settled(a, 2+i); done.Outcome != "erased" {
				t.Errorf("in the end: %+v", done)
			}
		}
		if where := w.held(map[string]string{"e-mail": a.email}); len(where) > 0 {
			t.Errorf("still in %v", where)
		}
	})
}

// A row that came too late for the erasure of its shop is swept up.
func TestRowsOfErasedShopsAreSweptUp(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		gone, other := w.tenants[0], w.tenants[1]
		w.clk.Advance(time.Minute)
		w.uninstall(gone)
		w.compliance(gone, "shop/redact", map[string]any{})
		w.until("the erasure", func() bool { return strings.HasPrefix(w.rowsOf(gone)["shops"], "0 rows") })
		w.idle()
		if err := w.DB.InTx(t.Context(), gone.id, func(tx *store.Tx) error {
			return tx.Exec(`INSERT INTO messages_suppressions (shop_id, address, reason, created_at) VALUES (?, 'late@example.com', '', ?)`, gone.id, tx.Now).Error
		}); err != nil {
			t.Fatal(err)
		}
		orders := w.rowsOf(other)["orders"]
		w.clk.Advance(7 * time.Hour)
		w.due("shops.retention")
		if got := w.rowsOf(gone)["messages_suppressions"]; !strings.HasPrefix(got, "0 rows") {
			t.Errorf("after the sweep: %s", got)
		}
		if got := w.rowsOf(other)["orders"]; got != orders {
			t.Error("the sweep touched another shop")
		}
	})
}

// Shopify may know no more than an address.
func TestRequestWithOnlyAnAddressFindsAccountAndGuest(t *testing.T) {
	w := openWalk(t, "sqlite")
	a := w.tenants[0]
	s := w.sell(a, "aa", "+4915790001001")
	before := w.held(s.words)
	w.compliance(a, "customers/data_request", map[string]any{"customer": map[string]any{"id": nil, "email": strings.ToUpper(s.words["e-mail"])}})
	file := w.download(a, w.settled(a, 2).ID).Body.String()
	for field := range before {
		if !slices.ContainsFunc(found(file, s.words), func(hit string) bool { return strings.HasPrefix(hit, field+" (") }) {
			t.Errorf("the file lacks the %s", field)
		}
	}
	w.compliance(a, "customers/redact", map[string]any{"customer": map[string]any{"email": strings.ToUpper(s.words["e-mail"])}})
	w.settled(a, 3)
	for field, columns := range w.held(s.words) {
		t.Errorf("the %s is still in %v", field, columns)
	}
}
