package shopsim

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"afterglow/app/shopsim/schema"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Bulk operations: a query without pages whose result is a file of JSON lines.
// Children follow their parent and name it in __parentId.

// maxBulk is how many bulk queries one app may run at once in a shop.
const maxBulk = 5

func init() {
	on("BulkOperation", map[string]func(*call, *BulkOperation, args) any{
		"id":              func(_ *call, b *BulkOperation, _ args) any { return gid("BulkOperation", b.ID) },
		"status":          func(_ *call, b *BulkOperation, _ args) any { return b.Status },
		"type":            func(*call, *BulkOperation, args) any { return "QUERY" },
		"query":           func(_ *call, b *BulkOperation, _ args) any { return b.Query },
		"errorCode":       func(_ *call, b *BulkOperation, _ args) any { return blank(b.ErrorCode) },
		"createdAt":       func(_ *call, b *BulkOperation, _ args) any { return b.CreatedAt },
		"completedAt":     func(_ *call, b *BulkOperation, _ args) any { return b.CompletedAt },
		"objectCount":     func(_ *call, b *BulkOperation, _ args) any { return b.Objects },
		"rootObjectCount": func(_ *call, b *BulkOperation, _ args) any { return b.Roots },
		"partialDataUrl": func(c *call, b *BulkOperation, _ args) any {
			if b.Status != "FAILED" || b.Objects == 0 {
				return nil
			}
			return c.sim.cfg.URL + "/sim/files/bulk/" + b.File
		},
		"fileSize": func(_ *call, b *BulkOperation, _ args) any {
			if b.Status != "COMPLETED" {
				return nil
			}
			return b.Size
		},
		"url": func(c *call, b *BulkOperation, _ args) any {
			if b.Status != "COMPLETED" || b.Objects == 0 {
				return nil
			}
			return c.sim.cfg.URL + "/sim/files/bulk/" + b.File
		},
	})
}

func (c *call) bulkEntries(a args) any {
	terms, err := parseSearch(a.str("query"))
	if err != nil {
		return err
	}
	out := []entry{}
	for _, b := range c.t.bulks.order[c.shop.ID] {
		ok, err := matches(terms, func(key string) (any, bool) {
			switch key {
			case "status":
				return b.Status, true
			case "id":
				return b.ID, true
			case "operation_type":
				return "QUERY", true
			case "created_at":
				return b.CreatedAt, true
			}
			return nil, false
		})
		if err != nil {
			return err
		}
		if ok {
			out = append(out, entry{node: node{"BulkOperation", b}, key: sortTime(b.CreatedAt), id: b.ID})
		}
	}
	return out
}

// checkBulk says what is wrong with a bulk query, or "".
func checkBulk(query string) string {
	sch, err := schema.Admin()
	if err != nil {
		return err.Error()
	}
	doc, list := gqlparser.LoadQueryWithRules(sch, query, rules.NewDefaultRules())
	if len(list) > 0 {
		return "Invalid bulk query: " + list[0].Message
	}
	op := doc.Operations[0]
	connections, deepest := 0, 0
	var walk func(ast.SelectionSet, int)
	walk = func(set ast.SelectionSet, depth int) {
		for _, sel := range set {
			switch x := sel.(type) {
			case *ast.Field:
				inner := depth
				if strings.HasSuffix(x.Definition.Type.Name(), "Connection") {
					connections++
					inner++
					deepest = max(deepest, inner)
				}
				walk(x.SelectionSet, inner)
			case *ast.InlineFragment:
				walk(x.SelectionSet, depth)
			case *ast.FragmentSpread:
				walk(x.Definition.SelectionSet, depth)
			}
		}
	}
	walk(op.SelectionSet, 0)
	switch {
	case op.Operation != ast.Query || len(op.SelectionSet) != 1:
		return "Bulk queries must have exactly one top level field"
	case connections == 0:
		return "Bulk queries must contain at least one connection."
	case connections > 5:
		return "Bulk queries cannot contain more than 5 connections."
	case deepest > 2:
		return "Bulk queries cannot contain connections with a nesting depth greater than 2."
	case regexp.MustCompile(`\bpageInfo\b`).MatchString(query):
		return "Bulk queries cannot select pageInfo"
	}
	return ""
}

func mutateBulk(c *call, a args) (*payload, error) {
	query := a.str("query")
	if why := checkBulk(query); why != "" {
		return mistakes(userError{"INVALID", []string{"query"}, why}), nil
	}
	var b *BulkOperation
	err := c.sim.write(func(t *tx) error {
		running := 0
		for _, row := range t.bulks.order[c.shop.ID] {
			if row.running() {
				running++
			}
		}
		if running >= maxBulk {
			return bad("LIMIT_REACHED", "Too many bulk query operations are already running for this app and shop.")
		}
		b = add(t, t.bulks, &BulkOperation{ID: t.id("other"), ShopID: c.shop.ID, Status: "CREATED", Query: query, Grouped: a.flag("groupObjects"), CreatedAt: t.now})
		return nil
	})
	if err != nil {
		return caught(err)
	}
	scopes := c.token.Scopes
	c.sim.background.Go(func() { c.sim.runBulk(b.ID, scopes) })
	return &payload{vals: map[string]any{"bulkOperation": node{"BulkOperation", b}}}, nil
}

// resumeBulks starts again what a crash interrupted.
func (s *Sim) resumeBulks() {
	s.read(func(t *tables) {
		for _, rows := range t.bulks.order {
			for _, b := range rows {
				if b.running() {
					id, scopes := b.ID, t.shops.rows[b.ShopID].Scopes
					s.background.Go(func() { s.runBulk(id, scopes) })
				}
			}
		}
	})
}

// bulkPart is how many root objects are selected at a time: a hundred thousand
// orders at once would not fit into memory.
const bulkPart = 500

// window cuts a bulk query's root connection into parts. It goes on behind the
// last entry, not at a number: what changes meanwhile moves, and would push
// another one out of sight.
type window struct {
	size int
	last *entry // of the part that was cut last
	more bool
}

func (w *window) cut(all []entry, reverse bool) []entry {
	if w.last != nil {
		dir := 1
		if reverse {
			dir = -1
		}
		from := len(all)
		if i := slices.IndexFunc(all, func(e entry) bool { return dir*compareEntries(e, *w.last) > 0 }); i >= 0 {
			from = i
		}
		all = all[from:]
	}
	w.more = len(all) > w.size
	all = all[:min(w.size, len(all))]
	if len(all) > 0 {
		w.last = &all[len(all)-1]
	}
	return all
}

func (s *Sim) runBulk(id int64, scopes []string) {
	var b BulkOperation
	var shop *Shop
	s.read(func(t *tables) {
		b = *t.bulks.rows[id]
		shop = t.shops.rows[b.ShopID]
	})
	b.File = randomHex(16) + ".jsonl"
	out, err := s.makeBulk(b.File)
	if err != nil {
		s.log.Error("bulk operation", "id", id, "error", err)
		return
	}
	code := s.exportBulk(&b, shop, scopes, out)
	err = errors.Join(out.Close(), s.write(func(t *tx) error {
		kept := edit(t, t.bulks, id)
		if kept == nil || !kept.running() {
			return nil
		}
		at := t.now
		kept.CompletedAt, kept.Status = &at, "COMPLETED"
		kept.File, kept.Roots, kept.Objects, kept.Size = b.File, b.Roots, b.Objects, out.size
		if code != "" {
			kept.Status, kept.ErrorCode = "FAILED", code
		}
		t.announceBulk(kept)
		return nil
	}))
	if err != nil {
		s.log.Error("bulk operation", "id", id, "error", err)
	}
}

// exportBulk writes the result part by part and returns the error code, or "".
func (s *Sim) exportBulk(b *BulkOperation, shop *Shop, scopes []string, out io.Writer) (code string) {
	fault := s.Faults().Bulk
	if fault.DelayMS > 0 {
		s.pause(time.Duration(fault.DelayMS) * time.Millisecond)
	}
	op, vars, errs := prepare(graphRequest{Query: b.Query})
	if len(errs) > 0 {
		return "INTERNAL_SERVER_ERROR"
	}
	for w := (&window{size: bulkPart}); ; {
		if fault.Fail != "" && b.Roots >= fault.After {
			return fault.Fail
		}
		if fault.Fail != "" {
			w.size = int(min(bulkPart, fault.After-b.Roots))
		}
		w.more = false
		c := &call{sim: s, shop: shop, token: &Token{Scopes: scopes}, vars: vars, bulk: w, by: "app"}
		data, ok := c.run(op).(*object)
		for _, e := range c.errs {
			if e.Extensions["code"] == "ACCESS_DENIED" {
				return "ACCESS_DENIED"
			}
			return "INTERNAL_SERVER_ERROR"
		}
		if !ok {
			return "INTERNAL_SERVER_ERROR"
		}
		roots, objects, err := writeLines(out, data, b.Grouped)
		b.Roots, b.Objects = b.Roots+roots, b.Objects+objects
		if err != nil {
			return "INTERNAL_SERVER_ERROR"
		}
		running := false
		err = s.write(func(t *tx) error {
			kept := edit(t, t.bulks, b.ID)
			if running = kept != nil && kept.running(); running {
				kept.Status, kept.Roots, kept.Objects = "RUNNING", b.Roots, b.Objects
			}
			return nil
		})
		if err != nil || !running || !w.more {
			return ""
		}
	}
}

// pause waits, but not beyond the end of the simulation.
func (s *Sim) pause(d time.Duration) {
	select {
	case <-s.closing:
	case <-time.After(d):
	}
}

// writeLines flattens an answer into JSON lines. Children stand behind their own
// parent when they are grouped, and behind all parents of the part otherwise.
func writeLines(w io.Writer, data *object, grouped bool) (roots, objects int64, err error) {
	line := bufio.NewWriter(w)
	var later []func()
	var emit func(o *object, parent any)
	emit = func(o *object, parent any) {
		objects++
		flat := &object{}
		var children [][]*object
		var id any
		for i, key := range o.keys {
			if items, ok := connectionOf(o.vals[i]); ok {
				children = append(children, items)
				continue
			}
			if key == "id" {
				id = o.vals[i]
			}
			flat.keys, flat.vals = append(flat.keys, key), append(flat.vals, o.vals[i])
		}
		if parent != nil {
			flat.keys, flat.vals = append(flat.keys, "__parentId"), append(flat.vals, parent)
		}
		raw, err := json.Marshal(flat)
		if err != nil {
			panic(fmt.Sprintf("shopsim: bulk line: %v", err))
		}
		line.Write(append(raw, '\n'))
		for _, items := range children {
			for _, item := range items {
				if grouped {
					emit(item, id)
				} else {
					later = append(later, func() { emit(item, id) })
				}
			}
		}
	}
	for _, v := range data.vals {
		if items, ok := connectionOf(v); ok {
			for _, item := range items {
				roots++
				emit(item, nil)
			}
			continue
		}
		if o, ok := v.(*object); ok {
			roots++
			emit(o, nil)
		}
	}
	for len(later) > 0 {
		next := later[0]
		later = later[1:]
		next()
	}
	return roots, objects, line.Flush()
}

// connectionOf tells whether a value is a connection, and its nodes.
func connectionOf(v any) (items []*object, ok bool) {
	o, isObject := v.(*object)
	if !isObject || len(o.keys) != 1 || o.keys[0] != "edges" && o.keys[0] != "nodes" {
		return nil, false
	}
	list, _ := o.vals[0].([]any)
	for _, item := range list {
		n, _ := item.(*object)
		if o.keys[0] == "edges" && n != nil {
			for i, key := range n.keys {
				if key == "node" {
					n, _ = n.vals[i].(*object)
					break
				}
			}
		}
		if n != nil {
			items = append(items, n)
		}
	}
	return items, true
}

func mutateBulkCancel(c *call, a args) (*payload, error) {
	id := a.id("id", "BulkOperation")
	err := c.sim.write(func(t *tx) error {
		b := edit(t, t.bulks, id)
		if b == nil || b.ShopID != c.shop.ID {
			return bad("", "Bulk operation does not exist", "id")
		}
		if !b.running() {
			return bad("", "A bulk operation cannot be canceled when it is "+strings.ToLower(b.Status), "id")
		}
		at := t.now
		b.Status, b.CompletedAt = "CANCELED", &at
		return nil
	})
	if err != nil {
		return caught(err)
	}
	return &payload{vals: map[string]any{"bulkOperation": func(c *call) any { return node{"BulkOperation", c.t.bulks.rows[id]} }}}, nil
}

// bulkFile is a result while it is written: in the folder, or in memory.
type bulkFile struct {
	io.Writer
	size  int64
	close func() error
}

func (f *bulkFile) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	f.size += int64(n)
	return n, err
}

// Close keeps the file.
func (f *bulkFile) Close() error { return f.close() }

func (s *Sim) makeBulk(name string) (*bulkFile, error) {
	if s.cfg.Dir == "" {
		var content bytes.Buffer
		return &bulkFile{Writer: &content, close: func() error {
			s.files.Store(name, content.Bytes())
			return nil
		}}, nil
	}
	dir := filepath.Join(s.cfg.Dir, "bulk")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return &bulkFile{Writer: f, close: f.Close}, nil
}

var bulkName = regexp.MustCompile(`^[0-9a-f]{32}\.jsonl$`)

// serveBulkFile serves a result, whole or from a byte on.
func (s *Sim) serveBulkFile(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if !bulkName.MatchString(name) {
		http.NotFound(w, r)
		return
	}
	fault := s.Faults().Bulk
	if fault.Expired > 0 && s.bulkExpired.Add(1) <= fault.Expired {
		http.Error(w, "The provided token has expired.", http.StatusBadRequest)
		return
	} else if fault.Cut > 0 && s.bulkCuts.Add(1) <= fault.Cuts {
		w = &cutShort{w, fault.Cut}
	}
	if fault.Pace > 0 {
		w = &slowly{w, r.Context(), fault.Pace}
	}
	w.Header().Set("Content-Type", "application/jsonl")
	if content, ok := s.files.Load(name); ok {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content.([]byte)))
		return
	}
	if s.cfg.Dir == "" {
		http.NotFound(w, r)
		return
	}
	http.ServeFile(w, r, filepath.Join(s.cfg.Dir, "bulk", name))
}

// cutShort breaks the connection off after some bytes.
type cutShort struct {
	http.ResponseWriter
	left int64
}

func (c *cutShort) Write(p []byte) (int, error) {
	if int64(len(p)) <= c.left {
		c.left -= int64(len(p))
		return c.ResponseWriter.Write(p)
	}
	c.ResponseWriter.Write(p[:c.left])
	if f, ok := c.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}

// slowly is a line that brings so many bytes a second.
type slowly struct {
	http.ResponseWriter
	ctx  context.Context
	pace int64
}

func (l *slowly) Write(p []byte) (written int, err error) {
	for len(p) > 0 && err == nil {
		var n int
		n, err = l.ResponseWriter.Write(p[:min(int64(len(p)), max(l.pace/10, 1))])
		written, p = written+n, p[n:]
		if f, ok := l.ResponseWriter.(http.Flusher); ok {
			f.Flush()
		}
		select {
		case <-l.ctx.Done():
			return written, l.ctx.Err()
		case <-time.After(time.Second / 10):
		}
	}
	return written, err
}
