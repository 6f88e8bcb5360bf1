package chaos

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/queue"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// R9: many writers on the embedded database wait for each other and nobody is
// turned away. The program on it is killed and its files are copied at random
// moments; each copy is whole and holds everything acknowledged until then.
func TestChaosR9EmbeddedDatabase(t *testing.T) {
	t.Parallel()
	began, random := time.Now(), dice(t)
	writers, each := 16, size(60, 1_000)
	db := storetest.Open(t, "sqlite", clock.System{})
	var writing sync.WaitGroup
	for n := range writers {
		writing.Go(func() {
			for i := range each {
				err := db.InTx(context.Background(), storetest.Shop, func(tx *store.Tx) error {
					var before int64
					if err := tx.Scoped(&queue.Row{}).Where("ref = ?", fmt.Sprint(n)).Count(&before).Error; err != nil {
						return err
					}
					if before != int64(i) {
						return fmt.Errorf("%d rows of ours, want %d", before, i)
					}
					return queue.Enqueue(tx, queue.Request{Kind: "test.any", Ref: fmt.Sprint(n)})
				})
				if err != nil {
					t.Errorf("writer %d was turned away: %v", n, err)
					return
				}
			}
		})
	}
	writing.Wait()
	written := time.Since(began)

	r := newRig(t, options{embedded: true})
	orders, kills, copies := size(120, 3_000), size(2, 20), size(3, 30)
	var posting sync.WaitGroup
	posting.Go(func() { r.postAll(r.template.clones(1, orders+1), 4, 40) })
	for n := range max(kills, copies) {
		time.Sleep(time.Duration(200+random.IntN(500)) * time.Millisecond)
		if n < copies {
			r.copyAndOpen(n)
		}
		if n < kills {
			r.web.kill()
			r.startServe("")
		}
	}
	posting.Wait()
	r.settle(60*time.Second, expected{copies: 2})
	figures(t, began, "%d writers × %d transactions in %.1f s: nobody turned away; %d orders, %d kills, %d copies: all whole", writers, each, written.Seconds(), orders, kills, copies)
}

// copyAndOpen takes an image of the files as they are at this instant, and holds
// it against what was acknowledged before.
func (r *rig) copyAndOpen(n int) {
	r.t.Helper()
	r.sent.mu.Lock()
	var acked []string
	for _, e := range r.sent.events {
		if e.acked.Load() > 0 {
			acked = append(acked, e.key())
		}
	}
	r.sent.mu.Unlock()
	into := filepath.Join(r.dir, fmt.Sprintf("copy%d", n))
	r.must(os.Mkdir(into, 0o700))
	r.web.signal(syscall.SIGSTOP) // an image of one instant
	time.Sleep(5 * time.Millisecond)
	files, err := filepath.Glob(filepath.Join(r.dir, "data", "afterglow.db*"))
	r.must(err)
	for _, f := range files {
		if !strings.HasSuffix(f, "-shm") { // which a power cut would not leave
			r.must(copyFile(filepath.Join(into, filepath.Base(f)), f))
		}
	}
	r.web.signal(syscall.SIGCONT)
	db, err := store.Open(context.Background(), store.Config{URL: "sqlite:" + filepath.Join(into, "afterglow.db")})
	r.must(err)
	defer db.Close()
	var verdict string
	var there []string
	r.must(db.System(context.Background(), func(tx *store.Tx) error {
		if err := tx.Raw("PRAGMA integrity_check").Scan(&verdict).Error; err != nil {
			return err
		}
		return tx.Raw(`SELECT topic || '|' || event_id FROM shopify_inbox`).Scan(&there).Error
	}))
	if verdict != "ok" {
		r.t.Errorf("copy %d: integrity_check says %s", n, verdict)
	}
	known := map[string]bool{}
	for _, k := range there {
		known[k] = true
	}
	for _, k := range acked {
		if !known[k] {
			r.t.Errorf("copy %d lacks %s, which was acknowledged before", n, k)
		}
	}
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}
