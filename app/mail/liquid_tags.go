package mail

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/render"
	"github.com/osteele/liquid/values"
)

var (
	errBreak    = errors.New("break outside a loop")
	errContinue = errors.New("continue outside a loop")
)

// addTags registers the tags of Liquid that a mail may use. They are our own
// because the library's loops and captures have no limits, and because its
// include, render and tablerow cannot all be taken out again. Those three are
// unknown here, so a template with one is refused when it is read.
func addTags(c *render.Config) {
	c.AddTag("assign", assignTag)
	c.AddTag("break", func(string) (func(io.Writer, render.Context) error, error) {
		return func(_ io.Writer, ctx render.Context) error { return ctx.WrapError(errBreak) }, nil
	})
	c.AddTag("continue", func(string) (func(io.Writer, render.Context) error, error) {
		return func(_ io.Writer, ctx render.Context) error { return ctx.WrapError(errContinue) }, nil
	})
	c.AddTag("cycle", cycleTag)
	c.AddBlock("capture").Compiler(captureBlock)
	c.AddBlock("case").Clause("when").Clause("else").Compiler(caseBlock)
	c.AddBlock("comment")
	c.AddBlock("for").Clause("else").Compiler(forBlock)
	c.AddBlock("if").Clause("else").Clause("elsif").Compiler(ifBlock(true))
	c.AddBlock("raw")
	c.AddBlock("unless").Clause("else").Compiler(ifBlock(false))
}

func runOf(ctx render.Context) *run { return ctx.Get(runKey).(*run) }

func assignTag(source string) (func(io.Writer, render.Context) error, error) {
	stmt, err := expressions.ParseStatement(expressions.AssignStatementSelector, source)
	if err != nil {
		return nil, err
	}
	if len(stmt.Path) != 1 {
		return nil, errors.New("assign sets a name, not a part of something")
	}
	return func(_ io.Writer, ctx render.Context) error {
		value, err := ctx.Evaluate(stmt.ValueFn)
		if err != nil {
			return err
		}
		ctx.Set(stmt.Assignment.Variable, value)
		return runOf(ctx).step()
	}, nil
}

func cycleTag(args string) (func(io.Writer, render.Context) error, error) {
	stmt, err := expressions.ParseStatement(expressions.CycleStatementSelector, args)
	if err != nil {
		return nil, err
	}
	words, group := stmt.Cycle.Values, "\x00cycle "+stmt.Group
	return func(w io.Writer, ctx render.Context) error {
		n, _ := ctx.Get(group).(int)
		ctx.Set(group, n+1)
		_, err := io.WriteString(w, words[n%len(words)])
		return err
	}, nil
}

// captureBlock keeps the rendered text. Its values were escaped while it was
// rendered, so it is not escaped again where it is printed.
func captureBlock(node render.BlockNode) (func(io.Writer, render.Context) error, error) {
	variable := strings.TrimSpace(node.Args)
	if variable == "" || strings.ContainsAny(variable, " \t\n.") {
		return nil, fmt.Errorf("capture wants one name, not %q", node.Args)
	}
	return func(_ io.Writer, ctx render.Context) error {
		var buf strings.Builder
		if err := ctx.RenderChildren(&cappedWriter{&buf, maxText, runOf(ctx), "captured text"}); err != nil {
			return err
		}
		if err := runOf(ctx).charge(buf.Len()); err != nil {
			return err
		}
		ctx.Set(variable, values.SafeValue{Value: buf.String()})
		return nil
	}, nil
}

func ifBlock(polarity bool) func(render.BlockNode) (func(io.Writer, render.Context) error, error) {
	return func(node render.BlockNode) (func(io.Writer, render.Context) error, error) {
		type branch struct {
			test expressions.Expression // nil is always
			body *render.BlockNode
			want bool
		}
		test, err := expressions.Parse(node.Args)
		if err != nil {
			return nil, err
		}
		branches := []branch{{test, &node, polarity}}
		for _, clause := range node.Clauses {
			var test expressions.Expression
			if clause.Name == "elsif" {
				if test, err = expressions.Parse(clause.Args); err != nil {
					return nil, err
				}
			}
			branches = append(branches, branch{test, clause, true})
		}
		return func(w io.Writer, ctx render.Context) error {
			if err := runOf(ctx).step(); err != nil {
				return err
			}
			for _, b := range branches {
				if b.test == nil {
					return ctx.RenderBlock(w, b.body)
				}
				value, err := ctx.Evaluate(b.test)
				if err != nil {
					return err
				}
				if (value != nil && value != false) == b.want {
					return ctx.RenderBlock(w, b.body)
				}
			}
			return nil
		}, nil
	}
}

func caseBlock(node render.BlockNode) (func(io.Writer, render.Context) error, error) {
	subject, err := expressions.Parse(node.Args)
	if err != nil {
		return nil, err
	}
	type branch struct {
		values []expressions.Expression // nil is else
		body   *render.BlockNode
	}
	var branches []branch
	for _, clause := range node.Clauses {
		b := branch{body: clause}
		if clause.Name == "when" {
			stmt, err := expressions.ParseStatement(expressions.WhenStatementSelector, clause.Args)
			if err != nil {
				return nil, err
			}
			b.values = stmt.Exprs
		}
		branches = append(branches, b)
	}
	return func(w io.Writer, ctx render.Context) error {
		if err := runOf(ctx).step(); err != nil {
			return err
		}
		value, err := ctx.Evaluate(subject)
		if err != nil {
			return err
		}
		for _, b := range branches {
			if b.values == nil {
				return ctx.RenderBlock(w, b.body)
			}
			for _, expr := range b.values {
				when, err := ctx.Evaluate(expr)
				if err != nil {
					return err
				}
				if values.Equal(value, when) {
					return ctx.RenderBlock(w, b.body)
				}
			}
		}
		return nil
	}, nil
}

// items is what a loop walks over.
type items struct {
	length int
	at     func(int) any
}

func itemsOf(value any) (items, bool) {
	switch v := plain(value).(type) {
	case nil:
		return items{}, false
	case []any:
		return items{len(v), func(i int) any { return v[i] }}, true
	case []map[string]any:
		return items{len(v), func(i int) any { return v[i] }}, true
	case []string:
		return items{len(v), func(i int) any { return v[i] }}, true
	case interface {
		Len() int
		Index(int) any
	}: // a range, which is never unrolled
		return items{v.Len(), v.Index}, true
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		return items{len(keys), func(i int) any { return []any{keys[i], v[keys[i]]} }}, true
	default:
		rv := reflect.ValueOf(v)
		if rv.Kind() != reflect.Slice {
			return items{}, false
		}
		return items{rv.Len(), func(i int) any { return rv.Index(i).Interface() }}, true
	}
}

func forBlock(node render.BlockNode) (func(io.Writer, render.Context) error, error) {
	stmt, err := expressions.ParseStatement(expressions.LoopStatementSelector, node.Args)
	if err != nil {
		return nil, err
	}
	if stmt.Cols != nil {
		return nil, errors.New("a loop has no columns")
	}
	if len(node.Clauses) > 1 {
		return nil, errors.New("a loop has at most one else")
	}
	count := func(ctx render.Context, expr expressions.Expression, otherwise int) (int, error) {
		if expr == nil {
			return otherwise, nil
		}
		value, err := ctx.Evaluate(expr)
		if err != nil {
			return 0, err
		}
		n, ok := value.(int)
		if !ok || n < 0 {
			return 0, errors.New("limit and offset of a loop are whole numbers from 0")
		}
		return n, nil
	}
	return func(w io.Writer, ctx render.Context) error {
		value, err := ctx.Evaluate(stmt.Expr)
		if err != nil {
			return err
		}
		list, _ := itemsOf(value)
		offset, err := count(ctx, stmt.Offset, 0)
		if err != nil {
			return err
		}
		length := max(0, list.length-offset)
		limit, err := count(ctx, stmt.Limit, length)
		if err != nil {
			return err
		}
		length = min(length, limit)
		if length == 0 {
			if len(node.Clauses) == 1 {
				return ctx.RenderBlock(w, node.Clauses[0])
			}
			return nil
		}
		at := func(i int) any { return list.at(offset + i) }
		if stmt.Reversed {
			at = func(i int) any { return list.at(offset + length - 1 - i) }
		}
		return loop(w, ctx, stmt.Loop.Variable, length, at)
	}, nil
}

func loop(w io.Writer, ctx render.Context, variable string, length int, at func(int) any) error {
	r := runOf(ctx)
	outer, hidden := ctx.Get("forloop"), ctx.Get(variable)
	defer func() {
		ctx.Set("forloop", outer)
		ctx.Set(variable, hidden)
	}()
	state := map[string]any{"length": length, "parentloop": outer}
	ctx.Set("forloop", state)
	for i := range length {
		if err := r.turn(); err != nil {
			return err
		}
		ctx.Set(variable, at(i))
		state["first"], state["last"] = i == 0, i == length-1
		state["index"], state["index0"] = i+1, i
		state["rindex"], state["rindex0"] = length-i, length-i-1
		if err := ctx.RenderChildren(w); err != nil {
			switch err.Cause() {
			case errBreak:
				return nil
			case errContinue:
			default:
				return err
			}
		}
	}
	return nil
}
