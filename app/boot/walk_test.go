package boot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/mail/mailtest"
	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/policy"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
	"afterglow/migrations"
)

// walk is a running house with installed shops, each with an order, its mail and
// a parked webhook. Everything it logs is kept.
type walk struct {
	*House
	t       testing.TB
	env     map[string]string
	clk     *clock.Fixed
	sim     *shopsim.Sim
	log     *keptLog
	mails   *mailtest.Server // nil with the built-in mailbox
	redis   *miniredis.Miniredis
	tenants []*tenant
}

// tenant is one shop and what only it may see.
type tenant struct {
	hook                                         string // of the address for providers' reports
	shop                                         *shopsim.Shop
	id                                           ids.Shop
	domain                                       shopify.Domain
	order, parcel                                int64
	message, parked, parkedJob, event            string
	request, imported, operation                 string
	withdrawal, problem, photo, claim            string
	email, first, last, phone, street, city, zip string
	credential                                   shopify.Credential
}

// private lists what must not leave the tenant.
func (o *tenant) private() map[string]string {
	return map[string]string{"order": strconv.FormatInt(o.order, 10), "message": o.message, "webhook": o.parked, "job": o.parkedJob,
		"event": o.event, "operation": o.operation, "e-mail": o.email, "first name": o.first, "last name": o.last, "street": o.street, "domain": string(o.domain)}
}

// keptLog is a log that many goroutines write.
type keptLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *keptLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *keptLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// late is a handler that is known after its server's address.
func late(t testing.TB) (*httptest.Server, *http.Handler) {
	var h http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	return server, &h
}

// eachWalk runs the test in an embedded house and in one on PostgreSQL.
// Each walk has databases and servers of its own, so walks run beside each other.
func eachWalk(t *testing.T, test func(t *testing.T, w *walk)) {
	t.Parallel()
	for _, dialect := range []string{"sqlite", "postgres"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			test(t, openWalk(t, dialect))
		})
	}
}

func openWalk(t testing.TB, dialect string) *walk {
	t.Helper()
	w := &walk{t: t, clk: clock.NewFixed(storetest.Noon), log: &keptLog{}, env: complete()}
	app, appHandler := late(t)
	shopifys, simHandler := late(t)
	w.env["APP_ENV"], w.env["APP_URL"], w.env["SHOPIFY_SIM_URL"] = "development", app.URL, shopifys.URL
	w.env["SHOPIFY_API_SECRET"] = "shpss_canary5ecretcanary5ecret"
	w.env["DATA_DIR"] = t.TempDir()
	if dialect == "postgres" {
		var err error
		if w.mails, err = mailtest.Start(mailtest.Options{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { w.mails.Close() })
		w.env["DATABASE_URL"], w.env["MAIL_URL"] = storetest.Migrated(t), w.mails.URL()
		w.redis = miniredis.RunT(t)
		w.env["REDIS_URL"] = "redis://" + w.redis.Addr()
	}
	w.open()
	*appHandler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.Engine.ServeHTTP(rw, r) })
	var err error
	w.sim, err = shopsim.New(shopsim.Config{URL: shopifys.URL, AppURL: app.URL, APIKey: w.env["SHOPIFY_API_KEY"], APISecret: w.env["SHOPIFY_API_SECRET"],
		Now: w.clk.Now, Topics: w.Inbox.Topics(), SeedOrders: -1})
	if err != nil {
		t.Fatal(err)
	}
	*simHandler = w.sim.Handler()
	ctx, stop := context.WithCancel(context.Background())
	var delivering sync.WaitGroup
	delivering.Go(func() { w.sim.Run(ctx) })
	t.Cleanup(func() { stop(); delivering.Wait(); w.sim.Close() })
	if err := w.Queue.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Queue.Stop)
	for _, name := range []string{"alder", "birch", "cedar"} {
		w.move(name)
	}
	w.idle()
	return w
}

// open puts the house together with what the environment says now.
func (w *walk) open() {
	w.t.Helper()
	c, err := Load(func(k string) string { return w.env[k] })
	if err != nil {
		w.t.Fatal(err)
	}
	if c.DatabaseURL != "" {
		db, err := OpenDatabase(context.Background(), c)
		if err != nil {
			w.t.Fatal(err)
		}
		if err := db.Migrate(context.Background(), migrations.Files, nil); err != nil {
			w.t.Fatal(err)
		}
		db.Close()
	}
	log := slog.New(web.Redact(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if w.House, err = Open(context.Background(), c, w.clk, log); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { w.Close() })
}

// move lets a shop install the app, sell something and send a broken webhook.
func (w *walk) move(name string) {
	t := w.t
	t.Helper()
	o := &tenant{first: "Zora" + name, last: "Quixano" + name, email: "zora." + name + "@" + name + "-canary.example", phone: "+4915112345" + strconv.Itoa(100+len(w.tenants)),
		street: "Canary" + name + " Street 7", city: "Canary" + name + "ville", zip: "90210", event: "event-of-" + name}
	var err error
	if o.shop, err = w.sim.MakeShop(shopsim.ShopSpec{Domain: name + ".myshopify.com", Name: "Shop " + name}); err != nil {
		t.Fatal(err)
	}
	if err := w.sim.SetInstalled(o.shop.ID, true, Scopes); err != nil {
		t.Fatal(err)
	}
	o.domain = shopify.Domain(o.shop.Domain)
	if o.id, err = w.Shops.Open(context.Background(), o.domain, w.sim.SessionToken(o.shop)); err != nil {
		t.Fatal(err)
	}
	if o.credential, err = w.Shops.Load(context.Background(), o.id); err != nil {
		t.Fatal(err)
	}
	terms := policy.Beginning(30)
	terms.ReturnExcept = []string{"final sale"}
	if err := w.DB.InTx(context.Background(), o.id, func(tx *store.Tx) error { // asks about products, so that the order's are read
		return tx.Exec(`INSERT INTO policy_policies (shop_id, version, revision, source, from_version, changed_by, changed_at) VALUES (?, 1, 0, ?, 0, '', ?)`,
			tx.Shop, terms.Policy().String(), tx.Now).Error
	}); err != nil {
		t.Fatal(err)
	}
	w.clk.Advance(time.Second)
	placed, err := w.sim.PlaceOrder(o.shop.ID, shopsim.Checkout{
		Customer: &shopsim.CheckoutCustomer{Email: o.email, FirstName: o.first, LastName: o.last, Phone: o.phone},
		ShipTo:   &shopsim.Address{FirstName: o.first, LastName: o.last, Address1: o.street, City: o.city, Zip: o.zip, CountryCode: "DE", Phone: o.phone},
		Note:     "for " + o.first,
	})
	if err != nil {
		t.Fatal(err)
	}
	o.order = placed.ID
	w.tenants = append(w.tenants, o)
	if err := w.DB.InTx(context.Background(), o.id, func(tx *store.Tx) error {
		design := []byte(`{"default_style": "plain", "signature": {"name": "` + o.first + `"}}`)
		if _, err := messages.SaveDraft(tx, orders.KindConfirmation, design, 0, ""); err != nil {
			return err
		}
		if err := tx.Exec(`INSERT INTO tracking_settings (shop_id, version, shipped, out_for_delivery, delivered, delayed, updated_at) VALUES (?, 1, ?, ?, ?, ?, ?)`,
			tx.Shop, false, true, true, true, tx.Now).Error; err != nil {
			return err
		}
		if _, err := messages.Publish(tx, orders.KindConfirmation, design, 0, ""); err != nil {
			return err
		}
		if o.hook, err = w.Shops.NewHook(tx); err != nil {
			return err
		}
		if err := tx.Exec(`INSERT INTO messages_pace (shop_id, minute_at, hour_at) VALUES (?, ?, ?)`, tx.Shop, tx.Now, tx.Now).Error; err != nil {
			return err
		}
		if err := messages.SetDial(tx, o.email, messages.LevelNeeded); err != nil {
			return err
		}
		if err := tx.Exec(`INSERT INTO messages_feedback (shop_id, event_key, provider, kind, message_id, status, occurred_at, received_at)
			VALUES (?, ?, 'generic', 'soft_bounce', '', '', ?, ?)`, tx.Shop, name, tx.Now, tx.Now).Error; err != nil {
			return err
		}
		op, err := shopify.Plan(tx, shopify.OperationRequest{Kind: "walk.none", Subject: "walk", Input: struct{}{}})
		if err != nil {
			return err
		}
		if _, err := queue.Stop(tx, shopify.TaskOperate, op.ID, ""); err != nil {
			return err
		}
		o.operation = op.ID
		o.withdrawal, o.problem, o.photo, o.claim = "wdr_"+name, "prb_"+name, "pho_"+name, "clm_"+name
		for _, row := range []struct {
			statement string
			args      []any
		}{
			{`INSERT INTO changes_withdrawals (shop_id, id, typed_order, name, email, email_key, typed_items, lines, locale, order_id, order_name, state, finding, findings, last_day,
				policy_version, accepted, answer, answered_by, refund_due, received_at, matched_at) VALUES (?, ?, '#1', ?, ?, ?, '', '[]', 'en', ?, '#1', 'matched', 'in_time', '[]', '', 1, ?, '', '', ?, ?, ?)`,
				[]any{tx.Shop, o.withdrawal, o.last, o.email, o.email, o.order, false, tx.Now.Add(360 * time.Hour), tx.Now, tx.Now}},
			{`INSERT INTO changes_problems (shop_id, id, order_id, order_name, kind, items, description, locale, state, proposal, allowed, reason, policy_version, photos, answer, answered_by, reported_at)
				VALUES (?, ?, ?, '#1', 'damaged', '[]', ?, 'en', 'open', 'replace', ?, '', 1, 1, '', '', ?)`, []any{tx.Shop, o.problem, o.order, "Regards, " + o.last, true, tx.Now}},
			{`INSERT INTO changes_problem_answers (shop_id, id, problem_id, request_id, text, answered_by, answered_at) VALUES (?, ?, ?, 'walk', ?, '', ?)`,
				[]any{tx.Shop, "ans_" + name, o.problem, "Dear " + o.last, tx.Now}},
			{`INSERT INTO changes_photos (shop_id, id, problem_id, position, picture, width, height, created_at) VALUES (?, ?, ?, 0, ?, 1, 1, ?)`,
				[]any{tx.Shop, o.photo, o.problem, []byte("\xff\xd8\xff"), tx.Now}},
			{`INSERT INTO tracking_claims (shop_id, id, order_id, order_name, customer_id, parcel_id, state, checked, statement, locale, findings, offer_id, answer, decided_by, history, photos, made_at, wait_until, due_at)
				VALUES (?, ?, ?, '#1', 0, 1, 'review', '', ?, 'en', '[]', '', '', '', '[]', 1, ?, ?, ?)`, []any{tx.Shop, o.claim, o.order, "Regards, " + o.last, tx.Now, tx.Now, tx.Now}},
			{`INSERT INTO tracking_claim_photos (shop_id, id, claim_id, position, picture, width, height, created_at) VALUES (?, ?, ?, 0, ?, 1, 1, ?)`,
				[]any{tx.Shop, o.photo, o.claim, []byte("\xff\xd8\xff"), tx.Now}},
		} {
			if err := tx.Exec(row.statement, row.args...).Error; err != nil {
				return err
			}
		}
		for _, row := range []string{ // of a room whose rows come only with a design that asks for them
			`INSERT INTO offers_codes (shop_id, order_id, operation_id, customer_id, code, percent, amount_minor, currency, ends_at, state, reason, shopify_id, used_order, created_at)
				VALUES (?, 1, 'op_walk', 0, 'WALK', 10, 0, 'EUR', CURRENT_TIMESTAMP, 'ready', '', '', 0, CURRENT_TIMESTAMP)`,
			`INSERT INTO orders_lookups (shop_id, id, name_key, email_key, locale, order_id, created_at) VALUES (?, 'lkp_walk', '', '', 'en', 1, CURRENT_TIMESTAMP)`,
			`INSERT INTO changes_settings (shop_id, version, cancel, address, items, credit, hold_minutes, updated_at) VALUES (?, 1, TRUE, TRUE, TRUE, TRUE, 30, CURRENT_TIMESTAMP)`,
			`INSERT INTO changes_changes (shop_id, id, order_id, order_name, kind, state, asked_by, credit, line_id, variant_id, quantity, address, item, locale, money_minor, currency, pay_url,
				before, reason, detail, hold, created_at) VALUES (?, 'chg_walk', 1, '', 'cancel', 'refused', 'shopper', FALSE, 0, 0, 0, '', '', 'en', 0, 'EUR', '', '', 'walk', '', '', CURRENT_TIMESTAMP)`,
			`INSERT INTO offers_months (shop_id, month, codes) VALUES (?, '2026-11', 1)`,
			`INSERT INTO offers_pairs (shop_id, product_id, other_id, orders) VALUES (?, 1, 2, 1)`,
			`INSERT INTO tracking_lanes (shop_id, destination, carrier, origin, region, month, measure, value, count) VALUES (?, 'DE', 'dhl_paket', 'US', '', '2026-11', 'days', 3, 1)`,
			`INSERT INTO tracking_lessons (shop_id, parcel_id, destination, carrier, origin, region, month, days, pauses) VALUES (?, 1, 'DE', 'dhl_paket', 'US', '', '2026-11', 3, '[]')`,
			`INSERT INTO tracking_promises (shop_id, parcel_id, destination, carrier, origin, region, source, expected_from, expected_until, promised_at, kept, late_days)
				VALUES (?, 1, 'DE', 'dhl_paket', 'US', '', 'prior', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, TRUE, 0)`,
			`INSERT INTO tracking_goodwill (shop_id, version, enabled, currency, late_days, stalled_hours, valid_days, wait, wait_minor, reship, refund, credit, order_min_minor, order_max_minor,
				cap_order_minor, cap_month_minor, countries, updated_at) VALUES (?, 1, FALSE, 'USD', 3, 24, 7, TRUE, 0, TRUE, TRUE, TRUE, 0, 0, 5000, 50000, '', CURRENT_TIMESTAMP)`,
			`INSERT INTO tracking_budgets (shop_id, month, reserved_minor, spent_minor, updated_at) VALUES (?, '2026-11', 0, 0, CURRENT_TIMESTAMP)`,
			`INSERT INTO tracking_offers (shop_id, id, order_id, order_name, parcel_id, cause, state, choice, choices, amount_minor, worth_minor, wait_minor, currency, budget_month, operation_id, reason, made_at, until_at)
				VALUES (?, 'mg_walk', 1, '', 1, 'late', 'ended', '', '', 0, 0, 0, 'USD', '', '', '', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)`,
			`INSERT INTO tracking_claim_settings (shop_id, version, enabled, days, wait_hours, answer_days, automatic, currency, value_max_minor, customer_days, customer_most, reship, refund, credit, updated_at)
				VALUES (?, 1, TRUE, 14, 48, 2, FALSE, 'USD', 0, 365, 1, TRUE, TRUE, TRUE, CURRENT_TIMESTAMP)`,
		} {
			if err := tx.Exec(row, tx.Shop).Error; err != nil {
				return err
			}
		}
		return tx.Exec(`UPDATE shopify_operations SET state = 'parked', reason = 'walk' WHERE shop_id = ? AND id = ?`, tx.Shop, op.ID).Error
	}); err != nil {
		t.Fatal(err)
	}
	w.compliance(o, "customers/data_request", map[string]any{"customer": map[string]any{"id": placed.CustomerID, "email": o.email, "phone": o.phone}, "orders_requested": []int64{o.order}})
	if answer := w.webhook(o, "orders/updated", o.event, []byte(`{"id": 1, "email": "`+o.email+`", broken`)); answer.Code != http.StatusOK {
		t.Fatalf("broken webhook: %d", answer.Code)
	}
	w.until("the mail of "+name+" and its parked webhook", func() bool {
		err := w.DB.Read(context.Background(), o.id, func(tx *store.Tx) error {
			if sent, err := messages.ForOrder(tx, o.order); err == nil && len(sent) == 1 && sent[0].State == messages.StateSent {
				o.message = sent[0].ID
			}
			parked, err := queue.Parked(tx, shopify.TaskReceive, "", 10)
			if len(parked) == 1 {
				o.parked, o.parkedJob = parked[0].Ref, parked[0].ID
			}
			if imports, err := orders.Imports(tx); err == nil && len(imports) == 3 {
				o.imported = imports[0].ID
			}
			return err
		})
		return err == nil && o.message != "" && o.parked != "" && o.imported != ""
	})
	w.ship(o)
	w.until("the file about "+name+"'s customer", func() bool {
		done := w.requests(o)
		if len(done) == 1 && done[0].File != nil {
			o.request = done[0].ID
		}
		return o.request != ""
	})
}

// ship sends the tenant's order and has a carrier see it in the shopper's street.
func (w *walk) ship(o *tenant) {
	w.t.Helper()
	sent, err := w.sim.Fulfill(o.shop.ID, o.order, shopsim.FulfillInput{Company: "DHL", Number: "TRACK" + o.zip + o.last})
	if err != nil {
		w.t.Fatal(err)
	}
	o.parcel = sent.ID
	if _, err := w.sim.AddEvent(o.shop.ID, sent.ID, shopsim.EventInput{Status: "in_transit", City: o.city, Country: "DE", Zip: o.zip, Message: "For " + o.last}); err != nil {
		w.t.Fatal(err)
	}
	err = w.DB.InTx(context.Background(), o.id, func(tx *store.Tx) error {
		return tx.Exec(`UPDATE tracking_claims SET parcel_id = ? WHERE shop_id = ? AND id = ?`, o.parcel, tx.Shop, o.claim).Error
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.until("the parcel of "+o.first, func() bool {
		var seen int64
		err := w.DB.Read(context.Background(), o.id, func(tx *store.Tx) error {
			return tx.Raw(`SELECT count(*) FROM tracking_parcels p JOIN tracking_scans s ON s.shop_id = p.shop_id AND s.parcel_id = p.id WHERE p.shop_id = ? AND p.id = ? AND p.known`,
				tx.Shop, sent.ID).Scan(&seen).Error
		})
		return err == nil && seen == 1
	})
}

func (w *walk) until(what string, done func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			log := w.log.String()
			w.t.Fatalf("%s did not come; the log ends:\n%s", what, log[max(0, len(log)-4000):])
		}
	}
}

// idle waits until nothing is due any more.
func (w *walk) idle() {
	w.t.Helper()
	w.until("rest", func() bool {
		if !w.sim.Settled() {
			return false
		}
		var due int64
		err := w.DB.Peek(context.Background(), func(tx *store.Tx) error {
			return tx.Raw(`SELECT (SELECT count(*) FROM shopify_inbox WHERE state = 'new') + (SELECT count(*) FROM queue_jobs
				WHERE state IN ('queued', 'running') OR state = 'ready' AND run_at <= ?)`, tx.Now).Scan(&due).Error
		})
		return err == nil && due == 0
	})
}

// send asks the engine itself. header holds names and values in turn.
func (w *walk) send(method, target string, body []byte, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, bytes.NewReader(body))
	r.RemoteAddr = "127.0.0.1:40000"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	w.Engine.ServeHTTP(answer, r)
	return answer
}

func (w *walk) webhook(o *tenant, topic, event string, body []byte) *httptest.ResponseRecorder {
	return w.send(http.MethodPost, "/webhooks/shopify", body, "Content-Type", "application/json", "X-Shopify-Topic", topic, "X-Shopify-Shop-Domain", string(o.domain),
		"X-Shopify-Event-Id", event, "X-Shopify-Webhook-Id", "delivery-"+event, "X-Shopify-API-Version", shopsim.APIVersion,
		"X-Shopify-Hmac-Sha256", shopsim.SignWebhook(w.env["SHOPIFY_API_SECRET"], body))
}

// rowsOf fingerprints every row a shop has, table by table.
func (w *walk) rowsOf(o *tenant) map[string]string {
	w.t.Helper()
	prints := map[string]string{}
	for _, table := range w.tenantTables() {
		sum, count := sha256.New(), 0
		err := w.DB.System(context.Background(), func(tx *store.Tx) error {
			var rows []map[string]any
			if err := tx.Raw(`SELECT * FROM `+table+` WHERE shop_id = ?`, o.id).Scan(&rows).Error; err != nil {
				return err
			}
			var texts []string
			for _, row := range rows {
				text, err := json.Marshal(row)
				if err != nil {
					return err
				}
				texts = append(texts, string(text))
			}
			slices.Sort(texts)
			io.WriteString(sum, strings.Join(texts, "\n"))
			count = len(texts)
			return nil
		})
		if err != nil {
			w.t.Fatalf("%s: %v", table, err)
		}
		prints[table] = fmt.Sprintf("%d rows %s", count, hex.EncodeToString(sum.Sum(nil)))
	}
	return prints
}

func (w *walk) tenantTables() (tables []string) {
	for _, column := range columns(w.t, w.DB) {
		if table, ok := strings.CutSuffix(column, ".shop_id"); ok {
			tables = append(tables, table)
		}
	}
	return tables
}

// A house whose tenants have no rows would prove nothing.
func TestWalkedShopsHaveRowsToProtect(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		empty := strings.Fields("shops_redactions messages_suppressions shops_access_log orders_refunds orders_import_lines mail_mailbox")
		for table, print := range w.rowsOf(w.tenants[1]) {
			if strings.HasPrefix(print, "0 rows") && !slices.Contains(empty, table) {
				t.Errorf("the other shop has no row in %s", table)
			}
		}
	})
}

// production closes the house and opens it again on the same data as it would
// be in production, without a simulation.
func (w *walk) production() {
	w.t.Helper()
	w.Queue.Stop()
	w.Close()
	delete(w.env, "SHOPIFY_SIM_URL")
	delete(w.env, "APP_ENV")
	w.env["APP_URL"] = "https://app.example.com"
	w.open()
}

func (w *walk) frameTarget(o *tenant, path string) string {
	q := url.Values{"embedded": {"1"}, "shop": {string(o.domain)}, "host": {shopsim.HostParam(o.shop)}, "id_token": {w.sim.SessionToken(o.shop)}}
	return path + "?" + q.Encode()
}
