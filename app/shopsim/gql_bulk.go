package shopsim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"afterglow/app/shopsim/schema"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
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
		"partialDataUrl":  func(*call, *BulkOperation, args) any { return nil },
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
	doc, list := gqlparser.LoadQuery(sch, query)
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
	if a.flag("groupObjects") {
		return nil, notImplemented("bulkOperationRunQuery", "groupObjects")
	}
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
		b = add(t, t.bulks, &BulkOperation{ID: t.id("other"), ShopID: c.shop.ID, Status: "CREATED", Query: query, CreatedAt: t.now})
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

func (s *Sim) runBulk(id int64, scopes []string) {
	var query string
	var shop *Shop
	s.read(func(t *tables) {
		query, shop = t.bulks.rows[id].Query, t.shops.rows[t.bulks.rows[id].ShopID]
	})
	op, vars, errs := prepare(graphRequest{Query: query})
	var out bytes.Buffer
	roots, objects := int64(0), int64(0)
	if errs == nil {
		c := &call{sim: s, shop: shop, token: &Token{Scopes: scopes}, vars: vars, bulk: true, by: "app"}
		data, ok := c.run(op).(*object)
		errs = c.errs
		if ok && len(errs) == 0 {
			roots, objects = writeLines(&out, data)
		}
	}
	file := randomHex(16) + ".jsonl"
	err := s.keepBulk(file, out.Bytes())
	err = errors.Join(err, s.write(func(t *tx) error {
		b := edit(t, t.bulks, id)
		if b == nil || !b.running() {
			return nil
		}
		at := t.now
		b.CompletedAt, b.Status = &at, "COMPLETED"
		b.File, b.Roots, b.Objects, b.Size = file, roots, objects, int64(out.Len())
		if len(errs) > 0 {
			b.Status, b.ErrorCode = "FAILED", "INTERNAL_SERVER_ERROR"
			if errs[0].Extensions["code"] == "ACCESS_DENIED" {
				b.ErrorCode = "ACCESS_DENIED"
			}
		}
		t.announceBulk(b)
		return nil
	}))
	if err != nil {
		s.log.Error("bulk operation", "id", id, "error", err)
	}
}

// writeLines flattens an answer into JSON lines.
func writeLines(w *bytes.Buffer, data *object) (roots, objects int64) {
	line := bufio.NewWriter(w)
	defer line.Flush()
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
				emit(item, id)
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
	return roots, objects
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

// keepBulk stores a result file.
func (s *Sim) keepBulk(name string, content []byte) error {
	if s.cfg.Dir == "" {
		s.files.Store(name, content)
		return nil
	}
	dir := filepath.Join(s.cfg.Dir, "bulk")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), content, 0o600)
}

var bulkFile = regexp.MustCompile(`^[0-9a-f]{32}\.jsonl$`)

func (s *Sim) serveBulkFile(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if !bulkFile.MatchString(name) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	if content, ok := s.files.Load(name); ok {
		w.Write(content.([]byte))
		return
	}
	if s.cfg.Dir == "" {
		http.NotFound(w, r)
		return
	}
	http.ServeFile(w, r, filepath.Join(s.cfg.Dir, "bulk", name))
}
