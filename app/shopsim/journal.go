package shopsim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// journal is the store on disk: one line a transaction, appended and synced
// before anybody is told that the transaction happened. A line that the crash
// cut off at the end is dropped; its transaction never happened. Damage
// anywhere else is an error, because silence would be a laxer Shopify.
type journal struct {
	mu      sync.Mutex
	cond    *sync.Cond
	file    *os.File // nil: memory only
	pending bytes.Buffer
	written uint64 // last line handed in
	synced  uint64 // last line that is safe
	busy    bool   // somebody syncs
	err     error  // a failed disk stays failed
}

type journalLine struct {
	Seq  int64 `json:"n"`
	Rows []struct {
		Kind string          `json:"k"`
		Val  json.RawMessage `json:"v"`
	} `json:"o"`
}

// openJournal reads what is in dir into the tables, writes it back compacted,
// and returns the journal ready for more, with the last sequence number.
func openJournal(dir string, t *tables) (*journal, int64, error) {
	j := &journal{}
	j.cond = sync.NewCond(&j.mu)
	if dir == "" {
		return j, 0, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, 0, fmt.Errorf("make simulation directory: %w", err)
	}
	path := filepath.Join(dir, "journal.jsonl")
	seq, err := replay(path, t)
	if err != nil {
		return nil, 0, err
	}
	t.trim()
	if j.file, err = rewrite(path, seq, t); err != nil {
		return nil, 0, fmt.Errorf("compact simulation journal: %w", err)
	}
	return j, seq, nil
}

func replay(path string, t *tables) (seq int64, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("open simulation journal: %w", err)
	}
	defer f.Close()
	byName := map[string]anyTable{}
	for _, tab := range t.all() {
		byName[tab.name()] = tab
	}
	r := bufio.NewReaderSize(f, 1<<20)
	for n := 1; ; n++ {
		raw, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return seq, nil // raw, if any, is the line the crash cut off
		}
		if err != nil {
			return 0, fmt.Errorf("read simulation journal: %w", err)
		}
		var line journalLine
		if err := json.Unmarshal(raw, &line); err != nil {
			return 0, fmt.Errorf("simulation journal %s line %d is damaged: %w", path, n, err)
		}
		for _, row := range line.Rows {
			tab := byName[row.Kind]
			if tab == nil {
				return 0, fmt.Errorf("simulation journal %s line %d: unknown kind %q", path, n, row.Kind)
			}
			if err := tab.load(row.Val); err != nil {
				return 0, fmt.Errorf("simulation journal %s line %d: %w", path, n, err)
			}
		}
		seq = max(seq, line.Seq)
	}
}

// rewrite replaces the journal by one that holds only the present state, and
// keeps it open for appending.
func rewrite(path string, seq int64, t *tables) (*os.File, error) {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for _, tab := range t.all() {
		err = errors.Join(err, tab.dump(func(v any) error {
			raw, err := encodeLine(seq, []dirtyRow{{Kind: tab.name(), Val: v}})
			if err == nil {
				_, err = w.Write(raw)
			}
			return err
		}))
	}
	err = errors.Join(err, w.Flush(), f.Sync(), os.Rename(path+".new", path), syncDir(filepath.Dir(path)))
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func encodeLine(seq int64, rows []dirtyRow) ([]byte, error) {
	raw, err := json.Marshal(struct {
		Seq  int64      `json:"n"`
		Rows []dirtyRow `json:"o"`
	}{seq, rows})
	return append(raw, '\n'), err
}

// append hands in a line and returns its number for wait. The caller holds
// Sim.mu, so lines come in the order of the changes.
func (j *journal) append(line []byte) uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file != nil {
		j.pending.Write(line)
	}
	j.written++
	return j.written
}

// last is the number of the newest line.
func (j *journal) last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.written
}

// wait returns when line n is on disk. Writers that come together share one
// sync.
func (j *journal) wait(n uint64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.synced < n && j.err == nil {
		if j.file == nil {
			j.synced = j.written
			break
		}
		if j.busy {
			j.cond.Wait()
			continue
		}
		j.busy = true
		batch, upTo := bytes.Clone(j.pending.Bytes()), j.written
		j.pending.Reset()
		j.mu.Unlock()
		_, err := j.file.Write(batch)
		if err == nil {
			err = j.file.Sync()
		}
		j.mu.Lock()
		j.busy = false
		if err != nil {
			j.err = fmt.Errorf("write simulation journal: %w", err)
		} else {
			j.synced = upTo
		}
		j.cond.Broadcast()
	}
	return j.err
}

func (j *journal) close() error {
	err := j.wait(j.last())
	if j.file != nil {
		err = errors.Join(err, j.file.Close())
	}
	return err
}

// keptDeliveries is how many finished deliveries are kept, to be listed and to
// be sent again.
const keptDeliveries = 400

// trim drops finished deliveries beyond the newest.
func (t *tables) trim() {
	var done []int64
	for _, d := range t.deliveries.rows {
		if d.State != waiting {
			done = append(done, d.ID)
		}
	}
	if len(done) <= keptDeliveries {
		return
	}
	cut := nthNewest(done, keptDeliveries)
	t.deliveries.forget(func(d *Delivery) bool { return d.State == waiting || d.ID >= cut })
	t.bodies.forget(func(b *deliveryBody) bool { return t.deliveries.rows[b.ID] != nil })
}

// nthNewest is the id of the n-th newest of ids.
func nthNewest(ids []int64, n int) int64 {
	slices.Sort(ids)
	return ids[len(ids)-n]
}
