package shopsim

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// field answers what every edge has.
func (e entry) field(_ *call, _ string, f *ast.Field) any {
	if f.Name == "node" {
		return e.node
	}
	return e.cursor()
}

// field answers what every connection has.
func (p *connection) field(_ *call, typ string, f *ast.Field) any {
	name := f.Name
	if typ == "PageInfo" {
		switch name {
		case "hasNextPage":
			return p.next
		case "hasPreviousPage":
			return p.prev
		case "startCursor":
			if len(p.page) > 0 {
				return p.page[0].cursor()
			}
		case "endCursor":
			if len(p.page) > 0 {
				return p.page[len(p.page)-1].cursor()
			}
		}
		return nil
	}
	switch name {
	case "nodes":
		return list(p.page, func(e entry) any { return e.node })
	case "edges":
		return list(p.page, func(e entry) any { return node{strings.TrimSuffix(typ, "Connection") + "Edge", e} })
	case "pageInfo":
		return node{"PageInfo", p}
	}
	return notImplemented(typ, name)
}

func (e entry) cursor() string {
	raw, _ := json.Marshal(map[string]any{"last_id": e.id, "last_value": e.key})
	return base64.StdEncoding.EncodeToString(raw)
}

// compareEntries is the order of a connection: by key, then by id.
func compareEntries(a, b entry) int {
	return cmp.Or(strings.Compare(a.key, b.key), cmp.Compare(a.id, b.id))
}

// page cuts the wanted page out of a connection.
func (c *call) page(all []entry, a args) (*connection, error) {
	bad := func(message string) error {
		return &graphError{Message: message, Extensions: map[string]any{"code": "BAD_REQUEST"}}
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, compareEntries)
	dir := 1
	if a.flag("reverse") {
		slices.Reverse(all)
		dir = -1
	}
	first, last := a.num("first"), a.num("last")
	if c.bulk != nil {
		if !c.cut { // the root's own connection is asked for first
			c.cut = true
			all = c.bulk.cut(all, a.flag("reverse"))
		}
		return &connection{page: all, total: len(all)}, nil
	}
	switch {
	case !a.has("first") && !a.has("last"):
		return nil, bad("you must provide one of first or last")
	case a.has("first") && a.has("last"):
		return nil, bad("providing both first and last is not supported")
	case max(first, last) > 250 || a.has("first") && first < 0 || a.has("last") && last < 0:
		return nil, bad("first and last must be between 0 and 250")
	}
	from, to := 0, len(all)
	for _, edge := range []string{"after", "before"} {
		if a.str(edge) == "" {
			continue
		}
		mark, err := readCursor(a.str(edge))
		if err != nil {
			return nil, bad("Invalid cursor for current pagination sort.")
		}
		if edge == "after" {
			from = len(all)
			if i := slices.IndexFunc(all, func(e entry) bool { return dir*compareEntries(e, mark) > 0 }); i >= 0 {
				from = i
			}
		} else if i := slices.IndexFunc(all, func(e entry) bool { return dir*compareEntries(e, mark) >= 0 }); i >= 0 {
			to = i
		}
	}
	from = min(from, to)
	p := &connection{total: len(all)}
	if a.has("last") {
		p.next = to < len(all)
		p.prev = to-from > int(last)
		from = max(from, to-int(last))
	} else {
		p.prev = from > 0
		p.next = to-from > int(first) || to < len(all)
		to = min(to, from+int(first))
	}
	p.page = all[from:to]
	return p, nil
}

func readCursor(text string) (e entry, err error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return e, err
	}
	var c struct {
		ID  *int64  `json:"last_id"`
		Key *string `json:"last_value"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return e, err
	}
	if c.ID == nil || c.Key == nil {
		return e, fmt.Errorf("incomplete cursor")
	}
	return entry{id: *c.ID, key: *c.Key}, nil
}

// entries makes a connection in the order of making.
func entries[T any](in []T, fn func(T) (node, int64)) []entry {
	return list(in, func(v T) entry {
		n, id := fn(v)
		return entry{node: n, id: id}
	})
}
