package boot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"afterglow/app/store"
)

// roundsBegun waits until no schedule is due any more.
func (w *walk) roundsBegun() {
	w.t.Helper()
	w.until("the rounds of all schedules", func() bool {
		var due int64
		err := w.DB.Peek(w.t.Context(), func(tx *store.Tx) error {
			return tx.Raw(`SELECT count(*) FROM queue_schedules WHERE next_at <= ?`, w.clk.Now()).Scan(&due).Error
		})
		return err == nil && due == 0
	})
}

// P2: an uninstalled shop is erased in every table, without a token, and no other.
func TestUninstalledShopIsErased(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		gone, other := w.tenants[0], w.tenants[1]
		before := w.rowsOf(other)
		w.clk.Advance(time.Minute)
		w.uninstall(gone)
		w.clk.Advance(48 * time.Hour)
		w.roundsBegun() // or a schedule of the other shop would change its rows meanwhile
		w.idle()
		unchanged := w.rowsOf(other) // two days of schedules
		for _, quiet := range strings.Fields("orders customers messages shops shops_tokens shops_settings shops_privacy_files") {
			if before[quiet] != unchanged[quiet] && quiet != "shops_tokens" {
				t.Logf("%s of the other shop changed by itself", quiet)
			}
		}
		w.compliance(gone, "shop/redact", map[string]any{})
		empty := func() bool {
			for _, print := range w.rowsOf(gone) {
				if !strings.HasPrefix(print, "0 rows") {
					return false
				}
			}
			return true
		}
		w.until("the erasure", empty)
		w.idle()
		if !empty() {
			t.Errorf("rows of the erased shop: %v", w.rowsOf(gone))
		}
		sameRows(t, unchanged, w.rowsOf(other))
		var kept []map[string]any
		err := w.DB.System(t.Context(), func(tx *store.Tx) error { return tx.Raw(`SELECT * FROM shops_erasures`).Scan(&kept).Error })
		if err != nil || len(kept) != 1 {
			t.Fatalf("audit rows: %v %v", kept, err)
		}
		text := fmt.Sprint(kept)
		for what, secret := range gone.private() {
			if strings.Contains(text, secret) {
				t.Errorf("the audit row tells the %s", what)
			}
		}
		w.compliance(gone, "shop/redact", map[string]any{}) // again: nothing is held, and that is fine
		w.idle()
		if !empty() {
			t.Error("a repeated request left rows")
		}
		// The merchant comes back to an empty house.
		w.install(gone, Scopes)
		if !w.shopOf(gone).Installed {
			t.Error("the shop cannot come back")
		}
	})
}

// Who came back within the 48 hours keeps everything.
func TestReinstalledShopIsNotErased(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a := w.tenants[0]
		w.clk.Advance(time.Minute)
		w.uninstall(a)
		w.clk.Advance(time.Minute)
		w.install(a, Scopes)
		before := w.held(map[string]string{"e-mail": a.email})
		w.compliance(a, "shop/redact", map[string]any{})
		if done := w.settled(a, 2); done.Outcome != "installed" {
			t.Errorf("request: %+v", done)
		}
		if after := w.held(map[string]string{"e-mail": a.email}); len(before["e-mail"]) == 0 || len(after["e-mail"]) != len(before["e-mail"]) {
			t.Errorf("held before: %v, after: %v", before, after)
		}
	})
}

// Staff who read somebody's data are on record, without the data.
func TestEveryReadingOfPersonalDataIsOnRecord(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a := w.tenants[0]
		order := fmt.Sprint(a.order)
		read := []struct{ method, path, route, subject string }{
			{http.MethodGet, "/orders/" + order, "/api/v1/orders/:id", order},
			{http.MethodGet, "/messages/" + a.message, "/api/v1/messages/:id", a.message},
			{http.MethodGet, "/messages/" + a.message + "/preview", "/api/v1/messages/:id/preview", a.message},
			{http.MethodPost, "/privacy/requests/" + a.request + "/file", "/api/v1/privacy/requests/:id/file", a.request},
		}
		for _, r := range read {
			if answer := w.send(r.method, "/api/v1"+r.path, nil, w.bearer(a)...); answer.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", r.path, answer.Code, answer.Body)
			}
		}
		w.send(http.MethodGet, "/api/v1/orders/1", nil, w.bearer(a)...) // nothing was read
		answer := w.send(http.MethodGet, "/api/v1/privacy/access", nil, w.bearer(a)...)
		var log struct {
			Entries []struct{ StaffID, Route, Subject string }
		}
		if err := json.Unmarshal(bytes.ReplaceAll(answer.Body.Bytes(), []byte("staff_id"), []byte("StaffID")), &log); err != nil || len(log.Entries) != len(read) {
			t.Fatalf("%v: %s", err, answer.Body)
		}
		for i, r := range read {
			got := log.Entries[len(read)-1-i]
			if got.Route != r.route || got.Subject != r.subject || got.StaffID == "" {
				t.Errorf("%s: on record is %+v", r.path, got)
			}
		}
		if hits := found(answer.Body.String(), map[string]string{"e-mail": a.email, "name": a.last, "street": a.street, "phone": url.QueryEscape(a.phone)}); len(hits) > 0 {
			t.Errorf("the access log tells %v", hits)
		}
		if err := w.DB.InTx(t.Context(), a.id, func(tx *store.Tx) error {
			return tx.Exec(`UPDATE shops_access_log SET staff_id = 'nobody' WHERE shop_id = ?`, a.id).Error
		}); err == nil {
			t.Error("the access log can be rewritten")
		}
	})
}

// Nothing is kept longer than docs/privacy.md says.
func TestFilesAndAccessLogHaveTheirTime(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a, b := w.tenants[0], w.tenants[1]
		if answer := w.download(a, a.request); answer.Code != http.StatusOK {
			t.Fatal(answer.Code)
		}
		rows := func(o *tenant, table string) string { n, _, _ := strings.Cut(w.rowsOf(o)[table], " "); return n }
		w.clk.Advance(29 * 24 * time.Hour)
		w.due("shops.retention")
		if rows(a, "shops_privacy_files") != "1" {
			t.Error("the file is gone before its thirty days")
		}
		w.clk.Advance(2 * 24 * time.Hour)
		w.due("shops.retention")
		if rows(a, "shops_privacy_files") != "0" || rows(b, "shops_privacy_files") != "1" {
			t.Errorf("after thirty days: downloaded %s, not downloaded %s", rows(a, "shops_privacy_files"), rows(b, "shops_privacy_files"))
		}
		if where := w.held(map[string]string{"e-mail": a.email})["e-mail"]; slices.Contains(where, "shops_privacy_requests.email") {
			t.Error("the request still says whose it was")
		}
		if answer := w.download(a, a.request); answer.Code != http.StatusNotFound {
			t.Errorf("an expired file: %d", answer.Code)
		}
		if rows(a, "shops_access_log") != "1" {
			t.Errorf("access log: %s rows", rows(a, "shops_access_log"))
		}
		w.clk.Advance(335 * 24 * time.Hour)
		w.due("shops.retention")
		if rows(a, "shops_access_log") != "0" || rows(b, "shops_privacy_files") != "0" {
			t.Errorf("after a year: %s accesses, %s files that nobody asked for", rows(a, "shops_access_log"), rows(b, "shops_privacy_files"))
		}
	})
}

// due waits for the next round of a schedule.
func (w *walk) due(name string) {
	w.t.Helper()
	w.until("a round of "+name, func() bool {
		var next []time.Time
		err := w.DB.Peek(w.t.Context(), func(tx *store.Tx) error {
			return tx.Raw(`SELECT next_at FROM queue_schedules WHERE name = ?`, name).Scan(&next).Error
		})
		return err == nil && len(next) == 1 && next[0].After(w.clk.Now())
	})
}
