package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"afterglow/app/store"
)

// TestDemoStory plays the whole story and looks for what README's tour promises.
func TestDemoStory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	d := &demo{dir: dir, listen: "127.0.0.1:0", simListen: "127.0.0.1:0", story: true}
	var out bytes.Buffer
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx, &out) }()
	var a struct {
		AppURL string `json:"app_url"`
		SimURL string `json:"sim_url"`
	}
	for a.AppURL == "" {
		if raw, err := os.ReadFile(filepath.Join(dir, "demo.json")); err == nil && json.Unmarshal(raw, &a) == nil {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("the demo ended: %v\n%s", err, out.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	if ahead := d.clock.Ahead(); ahead < 0 || ahead > time.Minute {
		t.Errorf("the clock is %v ahead", ahead)
	}
	resp, err := http.Get(a.SimURL + "/sim/api/clock") // the door is open
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	cancel()
	if err := <-ended; err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "not played as they should") {
		t.Fatal(out.String())
	}
	for what, want := range map[string][]string{
		`SELECT DISTINCT state FROM tracking_parcels`:                                                                     {"preparing", "shipped", "in_transit", "out_for_delivery", "attempted", "pickup_ready", "exception", "delivered"},
		`SELECT DISTINCT state FROM tracking_offers`:                                                                      {"open", "done"},
		`SELECT DISTINCT choice FROM tracking_offers WHERE state = 'done'`:                                                {"refund", "wait"},
		`SELECT kind || ' ' || state || ' ' || reason FROM changes_changes`:                                               {"cancel done ", "address done ", "swap done "},
		`SELECT state || ' ' || locale FROM tracking_claims`:                                                              {"approved es", "review ja"},
		`SELECT locale FROM changes_withdrawals`:                                                                          {"de"},
		`SELECT kind FROM changes_problems`:                                                                               {"damaged"},
		`SELECT 'late' FROM tracking_parcels WHERE under_way AND expected_until < datetime('now') AND stalled_at IS NULL`: {"late"},
		`SELECT 'shown' FROM tracking_promises WHERE scored_at IS NOT NULL GROUP BY carrier HAVING count(*) >= 20`:        {"shown"},
	} {
		if have := column(t, dir, what); !contains(have, want) {
			t.Errorf("%s: %v, want %v", what, have, want)
		}
	}
	if parked := column(t, dir, `SELECT kind FROM queue_jobs WHERE state = 'parked'`); len(parked) > 0 {
		t.Errorf("parked: %v", parked)
	}
}

func contains(have, want []string) bool {
	return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(have, w) })
}

// column reads the demo's database when nobody uses it any more.
func column(t *testing.T, dir, query string) (out []string) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: "sqlite:" + filepath.Join(dir, "afterglow.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Peek(t.Context(), func(tx *store.Tx) error { return tx.Raw(query).Scan(&out).Error }); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDoorIsShutToPeopleWhileTheStoryIsPlayed(t *testing.T) {
	t.Parallel()
	d := &demo{open: make(chan struct{})}
	door := d.door(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	knock := func(ctx context.Context, path string) int {
		w := httptest.NewRecorder()
		door.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, path, nil))
		return w.Code
	}
	if got := knock(t.Context(), "/admin/api/2026-10/graphql.json"); got != http.StatusTeapot {
		t.Errorf("the app was answered %d", got)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if got := knock(gone, "/sim/api/orders"); got == http.StatusTeapot {
		t.Error("an order was placed in the middle of the story")
	}
	close(d.open)
	if got := knock(t.Context(), "/sim/api/orders"); got != http.StatusTeapot {
		t.Errorf("a shopper was answered %d", got)
	}
}
