package chaos

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"afterglow/app/clock"
	"afterglow/app/store"
)

// R14: a copy made by the documented script while orders come in, put into a new
// place by the other one, starts and goes on. Everything acknowledged before the
// copy began is in it; what was sold after it is read from Shopify again; mails
// that had left meanwhile repeat with the Message-ID that they had.
func TestChaosR14Restore(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); restore(t, options{embedded: true}) })
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		place := newDatabase(t)
		restore(t, options{postgres: place})
	})
}

func restore(t *testing.T, o options) {
	began := time.Now()
	r := newRig(t, o)
	work := func() *process {
		if o.embedded {
			return nil
		}
		return r.startWorker("")
	}
	worker := work()
	orders, after := size(60, 2_000), size(3, 50)
	backups := filepath.Join(r.dir, "backups")

	before := r.template.clones(1, orders+1)
	r.postAll(before, 4, 0)
	late := r.template.clones(orders+1, 2*orders+1)
	var posting sync.WaitGroup
	posting.Go(func() { r.postAll(late, 4, 30) }) // the program writes while the copy is made
	time.Sleep(300 * time.Millisecond)
	started := time.Now()
	file := strings.TrimSpace(r.script("backup.sh", backups))
	copied := time.Since(started)
	posting.Wait()
	for n := range after {
		r.place(strings.Repeat("x", n+1) + "-after@example.com") // only Shopify will know of these
	}
	for _, e := range r.sent.drain() {
		r.post(e)
	}
	r.until("the work before the disaster", 60*time.Second, func() bool { return r.open() == 0 })

	// The disaster: machine, disk and Redis are gone.
	r.web.kill()
	if worker != nil {
		worker.kill()
		_, err := r.redis.command("FLUSHALL")
		r.must(err)
	}
	r.db.Close()
	started = time.Now()
	address := "sqlite:" + filepath.Join(r.dir, "restored", "afterglow.db")
	if o.embedded {
		r.env["DATA_DIR"] = filepath.Join(r.dir, "restored")
	} else {
		address = newDatabase(t)
		r.env["DATABASE_URL"] = address
	}
	r.script("restore.sh", file)
	db, err := store.Open(context.Background(), store.Config{URL: address, Clock: clock.System{}, MaxConns: 4})
	r.must(err)
	t.Cleanup(func() { db.Close() })
	r.db = db
	lost := r.forgetLost(before, late)
	// The next round of the reconciler is at most a quarter of an hour away.
	r.must(db.System(context.Background(), func(tx *store.Tx) error {
		return tx.Exec(`UPDATE queue_schedules SET next_at = ? WHERE name = 'orders.reconcile'`, tx.Now.Add(-time.Second)).Error
	}))
	r.startServe("")
	back := time.Since(started)
	work()
	r.until("the orders that only Shopify knows", 60*time.Second, func() bool {
		return r.count(`SELECT count(*) FROM orders o JOIN messages m ON m.shop_id = o.shop_id AND m.order_id = o.id AND m.state = 'sent' WHERE o.email LIKE '%-after@example.com'`) == int64(after)
	})
	r.until("the work after the restore", 60*time.Second, func() bool { return r.open() == 0 })
	r.checkRestored()
	figures(t, began, "%d orders before the copy (%.1f s, taken under load), all restored; %d acknowledged after it and unknown to Shopify gone; %d known to Shopify read again; answering %.1f s after the disaster",
		orders, copied.Seconds(), lost, after, back.Seconds())
}

// forgetLost compares what is there with what was acknowledged. Events from before
// the copy must all be there; it counts those after it that are not.
func (r *rig) forgetLost(before, late []*event) (lost int) {
	r.t.Helper()
	there := map[string]bool{}
	for _, key := range r.texts(`SELECT topic || '|' || event_id FROM shopify_inbox`) {
		there[key] = true
	}
	for _, e := range before {
		if !there[e.key()] {
			r.t.Errorf("%s was acknowledged before the copy and is not in it", e.key())
		}
	}
	for _, e := range late {
		if !there[e.key()] {
			lost++
		}
	}
	if lost == 0 {
		r.t.Error("nothing happened after the copy: this campaign proved nothing")
	}
	return lost
}

// checkRestored holds what must be true of a house that went on from a copy.
func (r *rig) checkRestored() {
	r.t.Helper()
	for what, query := range map[string]string{
		"parked jobs":                          `SELECT count(*) FROM queue_jobs WHERE state = 'parked'`,
		"events that are not done":             `SELECT count(*) FROM shopify_inbox WHERE state <> 'done'`,
		"orders without exactly one mail":      `SELECT count(*) FROM (SELECT o.id FROM orders o LEFT JOIN messages m ON m.shop_id = o.shop_id AND m.order_id = o.id AND m.kind = 'orders.confirmation' AND m.state = 'sent' GROUP BY o.shop_id, o.id HAVING count(m.id) <> 1) AS odd`,
		"messages of an order that is gone":    `SELECT count(*) FROM messages m WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.shop_id = m.shop_id AND o.id = m.order_id)`,
		"shops that have to open the app":      `SELECT count(*) FROM shops_tokens WHERE needs_reauth`,
		"rows of orders that belong to nobody": `SELECT count(*) FROM orders o WHERE NOT EXISTS (SELECT 1 FROM shops s WHERE s.shop_id = o.shop_id)`,
	} {
		if n := r.count(query); n != 0 {
			r.t.Errorf("%s: %d", what, n)
		}
	}
	copies := r.sink.Copies()
	for _, id := range r.texts(`SELECT message_id FROM messages WHERE state = 'sent'`) {
		if n := copies[id]; n < 1 {
			r.t.Errorf("the message %s is called sent and never came", id)
		}
	}
}

// script runs one of the documented scripts with the program's environment.
func (r *rig) script(name, argument string) string {
	r.t.Helper()
	c := exec.Command(filepath.Join("..", "..", "docs", "deploy", name), argument)
	c.Env = append(r.environment(), "PATH="+os.Getenv("TEST_POSTGRES_BIN")+":"+os.Getenv("PATH"))
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		r.t.Fatalf("%s: %v", name, err)
	}
	return string(out)
}

// newDatabase makes an empty database that is dropped after the test. A schema
// would not do: pg_dump copies databases.
func newDatabase(t *testing.T) string {
	t.Helper()
	ctx := context.Background()
	u, err := url.Parse(os.Getenv("TEST_POSTGRES_URL"))
	if err != nil || u.Host == "" {
		t.Fatal("TEST_POSTGRES_URL is not set: run scripts/chaos.sh through scripts/services.sh")
	}
	admin, err := pgx.Connect(ctx, u.String())
	if err != nil {
		t.Fatal(err)
	}
	name := "restore_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	u.Path = "/" + name
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		admin.Close(ctx)
	})
	return u.String()
}
