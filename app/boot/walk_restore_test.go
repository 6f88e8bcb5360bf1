package boot

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"afterglow/app/store"
)

// backup keeps the database as it is now; the function puts that state back, as
// an operator would with the program stopped.
func (w *walk) backup() (restore func()) {
	t := w.t
	t.Helper()
	system := func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			if err := w.DB.System(t.Context(), func(tx *store.Tx) error { return tx.Exec(s).Error }); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	if w.DB.Dialect == "sqlite" {
		copied := filepath.Join(t.TempDir(), "backup.db")
		if _, err := w.DB.SystemExec(t.Context(), "VACUUM INTO '"+copied+"'"); err != nil {
			t.Fatal(err)
		}
		return func() {
			t.Helper()
			w.Queue.Stop()
			w.Close()
			file := filepath.Join(w.env["DATA_DIR"], "afterglow.db")
			for _, rest := range []string{"-wal", "-shm"} {
				os.Remove(file + rest)
			}
			raw, err := os.ReadFile(copied)
			if err == nil {
				err = os.WriteFile(file, raw, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			w.open()
		}
	}
	var tables []string
	for _, column := range columns(t, w.DB) {
		if table, _, _ := strings.Cut(column, "."); !slices.Contains(tables, table) {
			tables = append(tables, table)
		}
	}
	system("CREATE SCHEMA kept")
	for _, table := range tables {
		system("CREATE TABLE kept." + table + " AS SELECT * FROM " + table)
	}
	return func() {
		t.Helper()
		w.Queue.Stop()
		for _, table := range tables {
			system("DELETE FROM "+table, "INSERT INTO "+table+" SELECT * FROM kept."+table)
		}
		system("DROP SCHEMA kept CASCADE")
		w.Close()
		w.redis.FlushAll()
		w.open()
	}
}

// resume starts the program as `serve` and `work` do.
func (w *walk) resume() {
	w.t.Helper()
	w.repeatErasures(context.Background())
	if err := w.Queue.Start(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.Queue.Stop)
}

// P5: a backup from before an erasure brings nobody back.
func TestRestoredBackupForgetsAgain(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a, b, gone := w.tenants[0], w.tenants[1], w.tenants[2]
		leaving, guest, staying := w.sell(a, "aa", "+4915790001001"), w.sell(a, "cc", "+4915790001003"), w.sell(a, "bb", "+4915790001002")
		w.refuseTo(a, leaving)
		stayingBefore := w.held(staying.words)
		restore := w.backup()

		w.clk.Advance(time.Minute)
		w.compliance(a, "customers/redact", map[string]any{"customer": map[string]any{"id": leaving.customer, "email": leaving.words["e-mail"]}, "orders_to_redact": []int64{leaving.order}})
		w.settled(a, 2)
		w.compliance(a, "customers/redact", map[string]any{"customer": map[string]any{"email": guest.words["e-mail"]}})
		w.settled(a, 3)
		w.uninstall(gone)
		w.clk.Advance(48 * time.Hour)
		w.compliance(gone, "shop/redact", map[string]any{})
		w.until("the erasure", func() bool { return strings.HasPrefix(w.rowsOf(gone)["shops"], "0 rows") })
		w.idle()
		var log []byte
		w.until("the log outside of the database", func() bool { // it is written when the erasure is durable
			log, _ = os.ReadFile(filepath.Join(w.env["DATA_DIR"], "redactions.log"))
			return strings.Count(string(log), "\n") == 3
		})
		for _, s := range []*shopper{leaving, guest} {
			if hits := found(string(log), s.words); len(hits) > 0 {
				t.Errorf("the log itself tells %v", hits)
			}
		}

		restore()
		if len(w.held(leaving.words)) == 0 || len(w.held(guest.words)) == 0 || strings.HasPrefix(w.rowsOf(gone)["shops"], "0 rows") {
			t.Fatal("the backup brought nobody back: this test proves nothing")
		}
		w.resume()
		for table, print := range w.rowsOf(gone) {
			if !strings.HasPrefix(print, "0 rows") {
				t.Errorf("the erased shop has %s in %s", print, table)
			}
		}
		w.until("the erasures to be repeated", func() bool {
			w.clk.Advance(6 * time.Second) // one waits for jobs that came back with the backup
			return len(w.held(leaving.words))+len(w.held(guest.words)) == 0
		})
		w.idle()
		for _, s := range []*shopper{leaving, guest} {
			for field, columns := range w.held(s.words) {
				t.Errorf("the %s is in %v again", field, columns)
			}
		}
		after := w.held(staying.words)
		for field, columns := range stayingBefore {
			for _, column := range columns {
				if !slices.Contains(after[field], column) && !strings.HasPrefix(column, "shopify_inbox") {
					t.Errorf("the %s of somebody else is gone from %s", field, column)
				}
			}
		}
		if answer := w.send(http.MethodGet, "/api/v1/session", nil, w.bearer(b)...); answer.Code != http.StatusOK {
			t.Errorf("another shop after the restore: %d", answer.Code)
		}
		if again, err := w.Shops.Repeat(t.Context()); again != 0 || err != nil {
			t.Errorf("repeated once more: %d %v", again, err)
		}
	})
}

// A line that somebody else wrote erases nobody; a lost file is made anew.
func TestRedactionLogIsOursAlone(t *testing.T) {
	w := openWalk(t, "sqlite")
	a := w.tenants[0]
	s := w.sell(a, "aa", "+4915790001001")
	w.compliance(a, "customers/redact", map[string]any{"customer": map[string]any{"id": s.customer}})
	w.settled(a, 2)
	path := filepath.Join(w.env["DATA_DIR"], "redactions.log")
	log, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Shops.Repeat(t.Context()); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if again, err := os.ReadFile(path); err != nil || string(again) != string(log) {
		t.Errorf("the file was %s, is %s (%v)", log, again, err)
	}
	forged := strings.Replace(string(log), `"id":"prv`, `"id":"prvx`, 1)
	if err := os.WriteFile(path, []byte(forged+"half a li"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Shops.Repeat(t.Context()); n != 0 || err != nil {
		t.Errorf("a forged line: %d %v", n, err)
	}
	w.clk.Advance(91 * 24 * time.Hour)
	if err := os.WriteFile(path, log, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Shops.Repeat(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadFile(path); len(left) > 0 {
		t.Errorf("after 91 days: %s", left)
	}
}
