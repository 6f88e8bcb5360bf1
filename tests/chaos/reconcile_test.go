package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// R3: Shopify never sends some webhooks. Within twenty minutes of the shop's time
// the reconciliation has found every order, and each has its confirmation. The
// demo runs app and shop on one clock that can be moved.
func TestChaosR3WebhookNeverSent(t *testing.T) {
	t.Parallel()
	began, random := time.Now(), dice(t)
	dir, app, sim := t.TempDir(), freeAddr(t), freeAddr(t)
	p := startProcess(t, "demo", filepath.Join(dir, "demo.log"), []string{"HOME=" + dir}, binary, "demo", "--empty", "--data", filepath.Join(dir, "demo"), "--listen", app, "--sim-listen", sim)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the demo wrote:\n%s", p.tail(20))
		}
	})
	p.ready("http://" + app + "/readyz")
	ask := func(method, path string, body, into any) {
		t.Helper()
		var raw []byte
		if body != nil {
			var err error
			if raw, err = json.Marshal(body); err != nil {
				t.Fatal(err)
			}
		}
		q, err := http.NewRequest(method, path, bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode >= 300 {
			t.Fatalf("%s %s: %d %.300s", method, path, resp.StatusCode, answer)
		}
		if into != nil {
			if err := json.Unmarshal(answer, into); err != nil {
				t.Fatal(err)
			}
		}
	}
	shop := "http://" + sim + "/sim/api"
	mails := func() map[string]int {
		var list []struct{ To string }
		ask(http.MethodGet, "http://"+app+"/mailbox/api/messages?limit=1000", nil, &list)
		to := map[string]int{}
		for _, m := range list {
			to[m.To]++
		}
		return to
	}
	place := func(n int) string {
		to := fmt.Sprintf("lost%04d@example.com", n)
		ask(http.MethodPost, shop+"/orders", map[string]any{"customer": map[string]any{"email": to}, "lines": []map[string]any{{"quantity": 1}}}, nil)
		return to
	}
	wait := func(what string, limit time.Duration, done func() bool) bool {
		for deadline := time.Now().Add(limit); !done(); time.Sleep(100 * time.Millisecond) {
			if time.Now().After(deadline) {
				return false
			}
		}
		return true
	}
	first := place(0) // the app is installed and works
	if !wait("the first mail", 90*time.Second, func() bool { return mails()[first] == 1 }) {
		t.Fatal("the demo sends no mail")
	}
	// Everything that Shopify would tell about one order in twenty is lost, and one
	// webhook in twenty of the others.
	faults := func(drop float64) {
		ask(http.MethodPost, shop+"/faults", map[string]any{"seed": random.Uint64N(1 << 40), "webhooks": map[string]any{"drop": drop}}, nil)
	}
	orders, dropped := size(40, 900), 0
	var all []string
	silent := map[int]bool{1 + random.IntN(orders): true}
	for n := range orders {
		silent[n+1] = silent[n+1] || random.IntN(20) == 0
	}
	faults(0.05)
	for n := 1; n <= orders; n++ {
		if silent[n] {
			faults(1)
		}
		all = append(all, place(n))
		if silent[n] {
			faults(0.05)
			dropped++
		}
	}
	faults(0)
	missing := func() (n int) {
		got := mails()
		for _, to := range all {
			if got[to] == 0 {
				n++
			}
		}
		return n
	}
	wait("what was sent", 60*time.Second, func() bool { return missing() <= dropped })
	unheard := missing()
	if unheard == 0 {
		t.Error("every order was heard of: this campaign proved nothing")
	}
	minutes := 0
	for minutes < 20 && missing() > 0 {
		ask(http.MethodPost, shop+"/clock", map[string]any{"advance": "1m"}, nil)
		minutes++
		time.Sleep(300 * time.Millisecond)
		if minutes >= 15 {
			wait("the reconciliation", 5*time.Second, func() bool { return missing() == 0 })
		}
	}
	if n := missing(); n > 0 {
		t.Errorf("%d orders without a mail after %d simulated minutes", n, minutes)
	}
	for to, n := range mails() {
		if n != 1 {
			t.Errorf("%d mails to %s", n, to)
		}
	}
	figures(t, began, "%d orders, 5 %% of all webhooks and every one of %d orders never sent, %d orders unheard of: all repaired after %d simulated minutes (limit 20), one mail each", len(all), dropped, unheard, minutes)

}
