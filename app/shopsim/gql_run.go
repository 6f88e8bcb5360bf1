package shopsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/shopsim/schema"

	"github.com/vektah/gqlparser/v2/ast"
)

// call is one GraphQL request on its way through the selection.
type call struct {
	sim   *Sim
	shop  *Shop
	token *Token
	vars  map[string]any
	by    string
	t     *tables // while a lock is held
	errs  []graphError
	used  int
	bulk  *window // of a bulk query: connections without first and last mean all
	cut   bool    // the window has been used
	// directives of the mutation field that runs
	directives ast.DirectiveList
}

// node is an object of the answer: its concrete type and what it is made of.
type node struct {
	typ string
	v   any
}

// entry is a node of a connection with its place in the order.
type entry struct {
	node
	key string
	id  int64
}

// connection is a page of entries.
type connection struct {
	page       []entry
	total      int
	prev, next bool
}

// object is one JSON object whose members keep the order of the selection.
type object struct {
	keys []string
	vals []any
}

func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, k := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(k)
		if err != nil {
			return nil, err
		}
		val, err := json.Marshal(o.vals[i])
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(val)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// args are a field's arguments.
type args map[string]any

func (a args) str(name string) string {
	s, _ := a[name].(string)
	return s
}

func (a args) has(name string) bool { return a[name] != nil }

func (a args) num(name string) int64 {
	switch n := a[name].(type) {
	case int64:
		return n
	case int:
		return int64(n)
	case json.Number:
		i, _ := n.Int64()
		return i
	case float64:
		return int64(n)
	case string:
		i, _ := strconv.ParseInt(n, 10, 64)
		return i
	}
	return 0
}

// decimal reads an amount that may come as a string or a number.
func (a args) decimal(name string) string {
	switch n := a[name].(type) {
	case string:
		return n
	case json.Number:
		return n.String()
	case int64:
		return strconv.FormatInt(n, 10)
	case float64:
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return ""
}

func (a args) flag(name string) bool {
	b, _ := a[name].(bool)
	return b
}

func (a args) obj(name string) args {
	m, _ := a[name].(map[string]any)
	return m
}

func (a args) objs(name string) (out []args) {
	list, _ := a[name].([]any)
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func (a args) strs(name string) (out []string) {
	list, _ := a[name].([]any)
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	if s, ok := a[name].(string); ok {
		out = []string{s}
	}
	return out
}

// id reads a GID of one of the kinds. Zero means that it names nothing of them.
func (a args) id(name string, kinds ...string) int64 {
	kind, id, err := ids.ParseGID(a.str(name))
	if err != nil || !slices.Contains(kinds, kind) {
		return 0
	}
	return id
}

// resolvers answers fields by "Type.field".
var resolvers = map[string]func(c *call, v any, a args) any{}

// on registers a type's fields. A value that is an error becomes a field error.
func on[T any](typ string, fields map[string]func(c *call, v T, a args) any) {
	for name, fn := range fields {
		resolvers[typ+"."+name] = func(c *call, v any, a args) any {
			own, _ := v.(T) // roots have none
			return fn(c, own, a)
		}
	}
}

// run executes an operation and returns its data.
func (c *call) run(op *ast.OperationDefinition) any {
	if op.Operation == ast.Mutation {
		return c.mutate(op)
	}
	c.sim.mu.RLock()
	defer c.sim.mu.RUnlock()
	c.t = c.sim.t
	out, ok := c.selectFrom(node{"QueryRoot", nil}, op.SelectionSet, nil)
	if !ok {
		return nil
	}
	return out
}

// mutate runs the root fields one after the other; each has its own
// transaction, and its payload is read after it.
func (c *call) mutate(op *ast.OperationDefinition) any {
	out := &object{}
	c.used = 10 * len(op.SelectionSet)
	for _, group := range c.collect("Mutation", op.SelectionSet) {
		f := group[0]
		path := []any{f.Alias}
		if f.Name == "__typename" {
			out.keys, out.vals = append(out.keys, f.Alias), append(out.vals, "Mutation")
			continue
		}
		val, ok := c.mutateField(f, group, path)
		if !ok {
			return nil
		}
		out.keys, out.vals = append(out.keys, f.Alias), append(out.vals, val)
	}
	return out
}

func (c *call) mutateField(f *ast.Field, group []*ast.Field, path []any) (any, bool) {
	if !c.allowed("Mutation", f, path) {
		return nil, !f.Definition.Type.NonNull
	}
	fn := mutations[f.Name]
	if fn == nil {
		c.failErr(f, path, notImplemented("Mutation", f.Name))
		return nil, !f.Definition.Type.NonNull
	}
	c.directives = f.Directives
	payload, err := fn(c, f.ArgumentMap(c.vars))
	if err != nil {
		c.failErr(f, path, err)
		return nil, !f.Definition.Type.NonNull
	}
	c.sim.mu.RLock()
	defer c.sim.mu.RUnlock()
	c.t = c.sim.t
	return c.complete(f.Definition.Type, node{f.Definition.Type.Name(), payload}, merge(group), f, path)
}

// merge joins the selections of fields that share one response key.
func merge(group []*ast.Field) (set ast.SelectionSet) {
	for _, f := range group {
		set = append(set, f.SelectionSet...)
	}
	return set
}

// collect lists the fields that apply to a concrete type, by response key.
func (c *call) collect(typ string, set ast.SelectionSet) (groups [][]*ast.Field) {
	at := map[string]int{}
	var walk func(ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, sel := range set {
			switch x := sel.(type) {
			case *ast.Field:
				if !c.included(x.Directives) {
					continue
				}
				if i, ok := at[x.Alias]; ok {
					groups[i] = append(groups[i], x)
					continue
				}
				at[x.Alias] = len(groups)
				groups = append(groups, []*ast.Field{x})
			case *ast.InlineFragment:
				if c.included(x.Directives) && (x.TypeCondition == "" || applies(x.TypeCondition, typ)) {
					walk(x.SelectionSet)
				}
			case *ast.FragmentSpread:
				if c.included(x.Directives) && applies(x.Definition.TypeCondition, typ) {
					walk(x.Definition.SelectionSet)
				}
			}
		}
	}
	walk(set)
	return groups
}

// applies tells whether a fragment on condition is about the concrete type.
func applies(condition, typ string) bool {
	if condition == typ {
		return true
	}
	sch, err := schema.Admin()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(sch.PossibleTypes[condition], func(d *ast.Definition) bool { return d.Name == typ })
}

func (c *call) included(list ast.DirectiveList) bool {
	if d := list.ForName("skip"); d != nil && args(d.ArgumentMap(c.vars)).flag("if") {
		return false
	}
	d := list.ForName("include")
	return d == nil || args(d.ArgumentMap(c.vars)).flag("if")
}

// selectFrom answers a selection on a node. False means that a field which may
// not be null is, and the node with it.
func (c *call) selectFrom(n node, set ast.SelectionSet, path []any) (*object, bool) {
	out := &object{}
	c.used++
	for _, group := range c.collect(n.typ, set) {
		f := group[0]
		here := append(slices.Clone(path), f.Alias)
		val, ok := c.field(n, f, group, here)
		if !ok {
			return nil, false
		}
		out.keys, out.vals = append(out.keys, f.Alias), append(out.vals, val)
	}
	return out, true
}

func (c *call) field(n node, f *ast.Field, group []*ast.Field, path []any) (any, bool) {
	if f.Name == "__typename" {
		return n.typ, true
	}
	if !c.allowed(n.typ, f, path) {
		return nil, !f.Definition.Type.NonNull
	}
	var val any
	if self, ok := n.v.(fielder); ok {
		val = self.field(c, n.typ, f)
	} else if fn := resolvers[n.typ+"."+f.Name]; fn != nil {
		val = fn(c, n.v, f.ArgumentMap(c.vars))
	} else {
		val = notImplemented(n.typ, f.Name)
	}
	if err, bad := val.(error); bad {
		c.failErr(f, path, err)
		return nil, !f.Definition.Type.NonNull
	}
	if list, ok := val.([]entry); ok {
		page, err := c.page(list, f.ArgumentMap(c.vars))
		if err != nil {
			c.failErr(f, path, err)
			return nil, !f.Definition.Type.NonNull
		}
		val = node{f.Definition.Type.Name(), page}
	}
	return c.complete(f.Definition.Type, val, merge(group), f, path)
}

// complete shapes a value by its type. False means a null that may not be.
func (c *call) complete(t *ast.Type, val any, set ast.SelectionSet, f *ast.Field, path []any) (any, bool) {
	if val == nil {
		if t.NonNull {
			c.fail(f, path, fmt.Sprintf("Cannot return null for non-nullable field %s", f.Name), "INTERNAL_SERVER_ERROR")
		}
		return nil, !t.NonNull
	}
	if t.Elem != nil {
		return c.completeList(t, val, set, f, path)
	}
	switch v := val.(type) {
	case node:
		out, ok := c.selectFrom(v, set, path)
		if !ok {
			return nil, !t.NonNull
		}
		return out, true
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05Z"), true
	case *time.Time:
		if v == nil {
			return c.complete(t, nil, set, f, path)
		}
		return v.UTC().Format("2006-01-02T15:04:05Z"), true
	case int64:
		if t.NamedType == "UnsignedInt64" {
			return strconv.FormatInt(v, 10), true // Shopify writes these as strings
		}
	}
	return val, true
}

func (c *call) completeList(t *ast.Type, val any, set ast.SelectionSet, f *ast.Field, path []any) (any, bool) {
	var items []any
	switch v := val.(type) {
	case []any:
		items = v
	case []node:
		for _, n := range v {
			items = append(items, n)
		}
	case []string:
		for _, s := range v {
			items = append(items, s)
		}
	default:
		panic(fmt.Sprintf("shopsim: %s answers %T for a list", f.Name, val))
	}
	if n := args(f.ArgumentMap(c.vars)).num("first"); n > 0 && int(n) < len(items) {
		items = items[:n]
	}
	out := make([]any, 0, len(items))
	for i, item := range items {
		v, ok := c.complete(t.Elem, item, set, f, append(slices.Clone(path), i))
		if !ok {
			return nil, !t.NonNull
		}
		out = append(out, v)
	}
	return out, true
}

func (c *call) fail(f *ast.Field, path []any, message, code string) {
	c.failErr(f, path, &graphError{Message: message, Extensions: map[string]any{"code": code}})
}

func (c *call) failErr(f *ast.Field, path []any, err error) {
	e := graphError{Message: err.Error()}
	if g, ok := err.(*graphError); ok {
		e = *g
	}
	e.Path = path
	if f.Position != nil {
		e.Locations = []location{{f.Position.Line, f.Position.Column}}
	}
	c.errs = append(c.errs, e)
}

// allowed checks the access that a field, or the type it returns, requires.
func (c *call) allowed(typ string, f *ast.Field, path []any) bool {
	table, err := schema.AdminAccess()
	if err != nil {
		c.failErr(f, path, err)
		return false
	}
	returned := f.Definition.Type.Name()
	if item, ok := strings.CutSuffix(returned, "Connection"); ok {
		returned = item
	}
	for _, name := range []string{typ + "." + f.Name, returned} {
		need, known := table[name]
		if !known || len(need.Scopes) == 0 || slices.ContainsFunc(need.Scopes, func(s string) bool { return hasScope(c.token.Scopes, fullScope(typ, s)) }) {
			continue
		}
		c.failErr(f, path, &graphError{Message: fmt.Sprintf("Access denied for %s field. Required access: %s", f.Name, need.Text), Extensions: map[string]any{
			"code": "ACCESS_DENIED", "documentation": "https://shopify.dev/api/usage/access-scopes", "requiredAccess": need.Text}})
		return false
	}
	return true
}

// fullScope completes scopes that the schema names without a verb: "`orders`
// access scope" of a mutation is write_orders.
func fullScope(typ, scope string) string {
	if strings.HasPrefix(scope, "read_") || strings.HasPrefix(scope, "write_") || strings.HasPrefix(scope, "unauthenticated_") {
		return scope
	}
	if typ == "Mutation" {
		return "write_" + scope
	}
	return "read_" + scope
}

// fielder is a value that answers the fields of its own object.
type fielder interface {
	field(c *call, typ string, f *ast.Field) any
}

func notImplemented(typ, name string) error {
	return &graphError{Message: fmt.Sprintf("the simulation does not implement %s.%s", typ, name), Extensions: map[string]any{"code": "NOT_IMPLEMENTED"}}
}

// requiredFor is the access a type requires.
func requiredFor(typ string) schema.Access {
	table, err := schema.AdminAccess()
	if err != nil {
		return schema.Access{}
	}
	return table[typ]
}
