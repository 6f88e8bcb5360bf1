package shopsim

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func dump(t *testing.T, s *Sim) string {
	t.Helper()
	var b bytes.Buffer
	for _, tab := range s.t.all() {
		must(t, tab.dump(func(v any) error {
			raw, err := json.Marshal(v)
			b.WriteString(tab.name() + " " + string(raw) + "\n")
			return err
		}))
	}
	lines := strings.Split(b.String(), "\n")
	return strings.Join(slices.Sorted(slices.Values(lines)), "\n")
}

// A simulation that is killed comes back with all it had answered for: here it
// is simply not closed, and the second one reads what is on the disk.
func TestNothingIsLostByAKill(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, func(c *Config) { c.Dir, c.SeedOrders = dir, 20 })
	token, refresh := r.token()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				if _, err := r.sim.PlaceOrder(r.shop.ID, Checkout{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	o := r.place(everything(r))
	_, err := r.sim.Refund(r.shop.ID, o.ID, RefundInput{Amount: "1.00"})
	must(t, err)
	must(t, r.sim.SetFaults(Faults{Webhooks: WebhookFaults{Down: true}}))
	before := dump(t, r.sim)

	again := newRig(t, func(c *Config) { c.Dir = dir })
	if after := dump(t, again.sim); after != before {
		t.Error("the store is not what it was")
	}
	if n := len(again.sim.Orders(r.shop.ID)); n != 61 {
		t.Errorf("%d orders, want 61", n)
	}
	if again.sim.Settled() {
		t.Error("the webhooks that waited are gone")
	}
	if a := again.query(token, `{ shop { name } }`, nil); a.at("shop.name") != "Lumen & Loom" {
		t.Errorf("the token is gone: %s", a.raw)
	}
	if status, _ := again.post("/admin/oauth/access_token", "", refreshBody(refresh)); status != 200 {
		t.Errorf("the refresh token is gone: %d", status)
	}
	old, fresh := o.ID, again.place(Checkout{}).ID
	if fresh <= old {
		t.Errorf("id %d after %d", fresh, old)
	}
}

func TestJournalDamage(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, func(c *Config) { c.Dir = dir })
	r.place(Checkout{})
	must(t, r.sim.Close())
	path := filepath.Join(dir, "journal.jsonl")
	good, err := os.ReadFile(path)
	must(t, err)
	lines := bytes.SplitAfter(good, []byte("\n"))
	for name, c := range map[string]struct {
		content []byte
		orders  int // -1: refused
	}{
		"whole":                {good, 1},
		"last line cut off":    {good[:len(good)-7], 0},
		"only a torn line":     {[]byte(`{"n":1,"o":[{"k":"ord`), 0},
		"damage in the middle": {bytes.Join([][]byte{lines[0], []byte("{\x00}\n"), lines[1]}, nil), -1},
		"an unknown kind":      {append(bytes.Clone(good), []byte(`{"n":9,"o":[{"k":"planet","v":{}}]}`+"\n")...), -1},
	} {
		t.Run(name, func(t *testing.T) {
			other := t.TempDir()
			must(t, os.WriteFile(filepath.Join(other, "journal.jsonl"), c.content, 0o600))
			s, err := New(Config{Dir: other, SeedOrders: -1})
			if c.orders < 0 {
				if err == nil {
					t.Fatal("taken for good")
				}
				return
			}
			must(t, err)
			defer s.Close()
			if n := len(s.Orders(s.Shop(DefaultShop).ID)); n != c.orders {
				t.Errorf("%d orders, want %d", n, c.orders)
			}
		})
	}
}
