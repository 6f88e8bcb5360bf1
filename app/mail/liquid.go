package mail

import (
	"fmt"
	"io"
	"maps"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/osteele/liquid/parser"
	"github.com/osteele/liquid/render"

	"afterglow/app/problem"
)

// MaxSource is how many bytes a template may have.
const MaxSource = 64 << 10

// The limits of a template. A merchant may edit templates, so each is a wall,
// not advice: the one that is hit first stops the rendering.
const (
	maxSource  = MaxSource
	maxOutput  = 512 << 10              // bytes of mail
	maxLoops   = 5000                   // turns of all loops together
	maxText    = 64 << 10               // bytes of one text made by a filter or a capture
	maxList    = 5000                   // items of one list made by a filter
	maxWork    = 4 << 20                // bytes that all filters together may look at
	maxTime    = 100 * time.Millisecond // the whole rendering,
	minCPU     = 50 * time.Millisecond  // unless it did not get to compute for even this long
	maxCached  = 512                    // compiled templates kept
	maxNesting = 100                    // blocks inside blocks
	maxTags    = 2000                   // tags and outputs in a template: reading them takes time too
	maxParts   = 500                    // filters, brackets and conditions in one tag, for the same reason
)

// The problems of templates.
var (
	ErrTemplate      = problem.New(problem.Invalid, "mail.template_invalid", "The template cannot be read. Correct the line that is named, or go back to the default.")
	ErrTemplateLimit = problem.New(problem.Invalid, "mail.template_limit", "The template does more work than a mail may. Shorten its loops and texts.")
	ErrTemplateSlow  = problem.New(problem.Unavailable, "mail.template_slow", "The mail took too long to render.")
	ErrData          = problem.New(problem.Internal, "mail.data_invalid", "The data of a mail may only be texts, whole numbers, yes or no, lists and maps.")
)

// runKey is the name under which tags find their run. No template can spell it.
const runKey = "\x00run"

// run is one rendering: what it has used up, and why it was stopped.
type run struct {
	start  time.Time
	cpu    time.Duration // of the thread, at the start
	loops  int
	work   int
	steps  int
	failed error
	phrase func(key string, args map[string]any) (string, error)
}

// fail stops the rendering; the first reason is kept.
func (r *run) fail(err error) error {
	if r.failed == nil {
		r.failed = err
	}
	return r.failed
}

// step is called before everything that can be repeated.
func (r *run) step() error {
	if r.failed != nil {
		return r.failed
	}
	// Reading the time costs more than most filters, so not each step does.
	if r.steps++; r.steps%16 == 0 {
		return r.checkTime()
	}
	return nil
}

// checkTime stops what takes too long. A mail that merely waited for a busy
// machine is let through: it takes a millisecond of computing, and fifty would
// be a lot.
func (r *run) checkTime() error {
	if time.Since(r.start) > maxTime && threadTime()-r.cpu > minCPU {
		return r.fail(ErrTemplateSlow)
	}
	return nil
}

// turn is called before each turn of a loop.
func (r *run) turn() error {
	if r.loops++; r.loops > maxLoops {
		return r.fail(ErrTemplateLimit.Detailf("The loops of the template turn more than %d times.", maxLoops))
	}
	if err := r.checkTime(); err != nil {
		return err
	}
	return r.step()
}

// charge counts what a filter looks at. The budget makes bombs end after the
// same work on every machine, however slow it is at the moment.
func (r *run) charge(bytes int) error {
	if r.work += bytes; r.work > maxWork {
		return r.fail(ErrTemplateLimit.Detailf("The filters of the template work on too much text."))
	}
	if bytes > 4<<10 { // not one of the cheap steps
		return r.checkTime()
	}
	return nil
}

// cappedWriter writes until it is full.
type cappedWriter struct {
	buf  *strings.Builder
	max  int
	run  *run
	what string
}

func (w *cappedWriter) Write(p []byte) (int, error) {
	if w.buf.Len()+len(p) > w.max {
		return 0, w.run.fail(ErrTemplateLimit.Detailf("The %s is larger than %d KiB.", w.what, w.max>>10))
	}
	return w.buf.Write(p)
}

// machine is a Liquid configuration whose filters know the run they work for.
// The library gives filters no context, so a machine serves one run at a time
// and goes back to its pool afterwards.
type machine struct {
	config render.Config
	run    *run
}

// engine compiles templates and renders them within the limits.
// It is safe for concurrent use.
type engine struct {
	escape   bool
	compiler render.Config
	machines sync.Pool

	mu       sync.RWMutex
	compiled map[string]render.Node
}

// newEngine returns an engine that escapes HTML, or one for plain lines such as
// subjects, which does not.
func newEngine(escape bool) *engine {
	e := &engine{escape: escape, compiled: map[string]render.Node{}}
	e.compiler = newConfig(escape, &machine{})
	e.machines.New = func() any {
		m := &machine{}
		m.config = newConfig(escape, m)
		return m
	}
	return e
}

// newConfig builds a configuration with our tags and filters only: nothing of
// the library's own that reads files or grows without limit is registered.
func newConfig(escape bool, m *machine) render.Config {
	c := render.NewConfig()
	c.TemplateStore = noFiles{}
	addTags(&c)
	if escape {
		c.SetAutoEscapeReplacer(render.HtmlEscaper)
	}
	addFilters(&c, m) // replaces the library's "safe", which trusts anybody
	return c
}

// noFiles is a template store without templates.
type noFiles struct{}

func (noFiles) ReadTemplate(string) ([]byte, error) {
	return nil, ErrTemplate.Detailf("A template cannot include another.")
}

// compile parses the source, or takes it from the cache.
func (e *engine) compile(source []byte) (node render.Node, err error) {
	e.mu.RLock()
	node, ok := e.compiled[string(source)]
	e.mu.RUnlock()
	if ok {
		return node, nil
	}
	if len(source) > maxSource {
		return nil, ErrTemplateLimit.Detailf("The template is larger than %d KiB.", maxSource>>10)
	}
	text := admitKeywords(string(source))
	if err := checkShape(text); err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			node, err = nil, ErrTemplate.With(fmt.Errorf("parse: %v", p))
		}
	}()
	node, perr := e.compiler.Compile(text, parser.SourceLoc{LineNo: 1})
	if perr != nil {
		return nil, ErrTemplate.Detailf("Line %d of the template cannot be read: %.300s", perr.LineNumber(), perr.Cause()).With(perr)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.compiled) >= maxCached {
		clear(e.compiled)
	}
	e.compiled[string(source)] = node
	return node, nil
}

// render fills a template with data. phrase looks texts up for the filter t.
func (e *engine) render(source []byte, data map[string]any, phrase func(string, map[string]any) (string, error)) (out string, err error) {
	runtime.LockOSThread() // so that the thread's time is ours
	defer runtime.UnlockOSThread()
	r := &run{start: time.Now(), cpu: threadTime(), phrase: phrase}
	node, err := e.compile(source)
	if err != nil {
		return "", err
	}
	m := e.machines.Get().(*machine)
	m.run = r
	defer func() {
		if p := recover(); p != nil {
			out, err = "", ErrTemplate.With(fmt.Errorf("render: %.500v", p))
		}
		if r.failed != nil {
			out, err = "", r.failed
		}
		m.run = nil
		e.machines.Put(m)
	}()
	bindings := make(map[string]any, len(data)+8)
	maps.Copy(bindings, data)
	bindings[runKey] = r
	var buf strings.Builder
	buf.Grow(len(source) + len(source)/2)
	if rerr := render.Render(node, &cappedWriter{&buf, maxOutput, r, "mail"}, bindings, m.config); rerr != nil {
		return "", ErrTemplate.Detailf("Line %d of the template: %.300s", rerr.LineNumber(), rerr.Cause()).With(rerr)
	}
	return buf.String(), nil
}

var _ io.Writer = (*cappedWriter)(nil)

// admitKeywords lets a filter's first argument be a named one, as in
// {{ "key" | t: name: x }}. The library's grammar wants a positional argument
// first, so a nil is put before it; our filters ignore it.
func admitKeywords(source string) string {
	var out strings.Builder
	rest := source
	for {
		open := strings.IndexByte(rest, '{')
		if open < 0 || open+1 >= len(rest) {
			break
		}
		var closing string
		switch rest[open+1] {
		case '{':
			closing = "}}"
		case '%':
			closing = "%}"
		default:
			out.WriteString(rest[:open+1])
			rest = rest[open+1:]
			continue
		}
		end := strings.Index(rest[open:], closing)
		if end < 0 {
			break
		}
		end += open + len(closing)
		out.WriteString(rest[:open])
		out.WriteString(admitIn(rest[open:end]))
		rest = rest[end:]
	}
	out.WriteString(rest)
	return out.String()
}

func admitIn(tag string) string {
	if !strings.Contains(tag, "|") {
		return tag
	}
	var out strings.Builder
	var quote byte
	last := 0
	for i := 0; i < len(tag); i++ {
		c := tag[i]
		switch {
		case quote != 0:
			if c == '\\' && quote == '"' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '|':
			_, colon := name(tag, i+1)
			if colon < 0 {
				continue
			}
			if first, second := name(tag, colon+1); second >= 0 {
				out.WriteString(tag[last:first])
				out.WriteString("nil, ")
				last = first
			}
		}
	}
	out.WriteString(tag[last:])
	return out.String()
}

// name finds a name followed by a colon at or after i, behind spaces. It
// returns where the name starts and where the colon is, or -1.
func name(s string, i int) (start, colon int) {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n') {
		i++
	}
	start = i
	for i < len(s) && (s[i] == '_' || s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z' || i > start && s[i] >= '0' && s[i] <= '9') {
		i++
	}
	if i == start || i >= len(s) || s[i] != ':' {
		return start, -1
	}
	return start, i
}

// checkShape refuses more tags, or blocks nested deeper, than any mail needs,
// before the library reads them: its parser knows no limits.
func checkShape(source string) error {
	if strings.Count(source, "{{")+strings.Count(source, "{%") > maxTags {
		return ErrTemplateLimit.Detailf("The template has more than %d tags.", maxTags)
	}
	depth := 0
	for rest := source; ; {
		i := strings.Index(rest, "{")
		if i < 0 || i+1 >= len(rest) {
			return nil
		}
		kind := rest[i+1]
		rest = rest[i+1:]
		if kind != '{' && kind != '%' {
			continue
		}
		rest = rest[1:]
		end := max(strings.Index(rest, map[byte]string{'{': "}}", '%': "%}"}[kind]), 0)
		if parts(rest[:end]) > maxParts {
			return ErrTemplateLimit.Detailf("A tag of the template has more than %d parts.", maxParts)
		}
		if kind != '%' {
			continue
		}
		switch name := strings.TrimLeft(rest, "- \t\n\r"); {
		case strings.HasPrefix(name, "end"):
			depth--
		case strings.HasPrefix(name, "if"), strings.HasPrefix(name, "for"), strings.HasPrefix(name, "unless"), strings.HasPrefix(name, "case"), strings.HasPrefix(name, "capture"):
			if depth++; depth > maxNesting {
				return ErrTemplateLimit.Detailf("The blocks of the template are nested more than %d deep.", maxNesting)
			}
		}
	}
}

// parts counts what makes a tag long to read.
func parts(tag string) int {
	n := strings.Count(tag, " or ") + strings.Count(tag, " and ")
	for i := range len(tag) {
		switch tag[i] {
		case '|', '[', '(', ',':
			n++
		}
	}
	return n
}
