package mail

import (
	"fmt"
	"html"
	"math"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/osteele/liquid/render"
	"github.com/osteele/liquid/values"
)

// A filter turns a value into another. args are the positional arguments, named
// those with names.
type filter func(r *run, in any, args []any, named map[string]any) (any, error)

// addFilters registers the filters that mails may use, each behind the walls:
// what goes in and what comes out is measured, so that none can be a bomb.
func addFilters(c *render.Config, m *machine) {
	for name, f := range filters {
		c.AddFilter(name, func(in any, args ...any) (any, error) { return m.apply(f, in, args) })
	}
}

func (m *machine) apply(f filter, in any, args []any) (any, error) {
	r := m.run
	if err := r.step(); err != nil {
		return nil, err
	}
	var named map[string]any
	if n := len(args); n > 0 {
		if kw, ok := args[n-1].(map[string]any); ok {
			named, args = kw, args[:n-1]
		}
	}
	positional := args[:0]
	for i, a := range args {
		if i == 0 && a == nil && named != nil { // put there by admitKeywords
			continue
		}
		positional = append(positional, plain(a))
	}
	in = plain(in)
	size := weight(in)
	for _, a := range positional {
		size += weight(a)
	}
	for _, a := range named {
		size += weight(a)
	}
	if err := r.charge(size); err != nil {
		return nil, err
	}
	out, err := f(r, in, positional, named)
	if err != nil {
		return nil, r.fail(err)
	}
	return out, r.measure(out)
}

// measure refuses a result that is larger than a filter may make.
func (r *run) measure(out any) error {
	switch v := plain(out).(type) {
	case string:
		if len(v) > maxText {
			return r.fail(ErrTemplateLimit.Detailf("A filter made a text larger than %d KiB.", maxText>>10))
		}
	case []any:
		if len(v) > maxList {
			return r.fail(ErrTemplateLimit.Detailf("A filter made a list of more than %d items.", maxList))
		}
	}
	return nil
}

// onText makes a filter of a function on texts with up to two more texts.
func onText(f func(s, a, b string) string) filter {
	return func(_ *run, in any, args []any, _ map[string]any) (any, error) {
		return f(text(in), text(argument(args, 0, "")), text(argument(args, 1, ""))), nil
	}
}

func onList(f func([]any, []any) any) filter {
	return func(_ *run, in any, args []any, _ map[string]any) (any, error) {
		return f(list(in), args), nil
	}
}

func onNumbers(ints func(a, b int) (int, bool), floats func(a, b float64) float64) filter {
	return func(_ *run, in any, args []any, _ map[string]any) (any, error) {
		a, aInt := number(in)
		b, bInt := number(argument(args, 0, 0))
		if aInt && bInt && ints != nil {
			n, ok := ints(int(a), int(b))
			if !ok {
				return nil, ErrTemplate.Detailf("A filter divides by zero.")
			}
			return n, nil
		}
		f := floats(a, b)
		if math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, ErrTemplate.Detailf("A filter divides by zero.")
		}
		return f, nil
	}
}

// number reads a value as a number and tells whether it is a whole one.
func number(v any) (float64, bool) {
	switch v := plain(v).(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, false
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
			return float64(n), true
		}
		f, _ := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, false
	}
	return 0, true
}

func safe(s string) any { return values.SafeValue{Value: s} }

var (
	tagPattern   = regexp.MustCompile(`(?s)<script.*?</script>|<!--.*?-->|<style.*?</style>|<[^>]*>`)
	spacePattern = regexp.MustCompile(`\s+`)
	handleBreak  = regexp.MustCompile(`[^\p{L}\p{N}]+`)
)

// filters are all that a template can use. The library's own date, json,
// inspect and type are left out: values come formatted, and nobody needs to see
// how they are kept.
var filters = map[string]filter{
	"t":   phraseFilter,
	"raw": rawFilter, "safe": rawFilter,
	"url": urlFilter,

	"append":        growing(func(s, a, _ string) int { return len(s) + len(a) }, func(s, a, _ string) string { return s + a }),
	"prepend":       growing(func(s, a, _ string) int { return len(s) + len(a) }, func(s, a, _ string) string { return a + s }),
	"replace":       growing(replacedSize, strings.ReplaceAll),
	"replace_first": onText(func(s, a, b string) string { return strings.Replace(s, a, b, 1) }),
	"replace_last":  onText(replaceLast),
	"remove":        onText(func(s, a, _ string) string { return strings.ReplaceAll(s, a, "") }),
	"remove_first":  onText(func(s, a, _ string) string { return strings.Replace(s, a, "", 1) }),
	"remove_last":   onText(func(s, a, _ string) string { return replaceLast(s, a, "") }),
	"capitalize": onText(func(s, _, _ string) string {
		r := []rune(s)
		if len(r) > 0 {
			r[0] = unicode.ToUpper(r[0])
		}
		return string(r)
	}),
	"downcase":       onText(func(s, _, _ string) string { return strings.ToLower(s) }),
	"upcase":         onText(func(s, _, _ string) string { return strings.ToUpper(s) }),
	"strip":          onText(func(s, _, _ string) string { return strings.TrimSpace(s) }),
	"lstrip":         onText(func(s, _, _ string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) }),
	"rstrip":         onText(func(s, _, _ string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }),
	"strip_html":     onText(func(s, _, _ string) string { return tagPattern.ReplaceAllString(s, "") }),
	"strip_newlines": onText(func(s, _, _ string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(s) }),
	"url_encode":     onText(func(s, _, _ string) string { return url.QueryEscape(s) }),
	"url_decode": onText(func(s, _, _ string) string {
		if d, err := url.QueryUnescape(s); err == nil {
			return d
		}
		return s
	}),
	"handle": onText(handle), "handleize": onText(handle),
	"escape": func(_ *run, in any, _ []any, _ map[string]any) (any, error) {
		return safe(html.EscapeString(text(in))), nil
	},
	"escape_once": func(_ *run, in any, _ []any, _ map[string]any) (any, error) {
		return safe(html.EscapeString(html.UnescapeString(text(in)))), nil
	},
	"newline_to_br": func(_ *run, in any, _ []any, _ map[string]any) (any, error) {
		return safe(strings.ReplaceAll(html.EscapeString(text(in)), "\n", "<br>\n")), nil
	},
	"truncate":      truncate,
	"truncatewords": truncateWords,
	"slice":         slice,
	"split":         split,
	"default":       defaultTo,
	"pluralize": func(_ *run, in any, args []any, _ map[string]any) (any, error) {
		if n, _ := number(in); n == 1 {
			return argument(args, 0, ""), nil
		}
		return argument(args, 1, ""), nil
	},
	"size": func(_ *run, in any, _ []any, _ map[string]any) (any, error) {
		if s, ok := in.(string); ok {
			return len([]rune(s)), nil
		}
		if m, ok := in.(map[string]any); ok {
			return len(m), nil
		}
		it, _ := itemsOf(in)
		return it.length, nil
	},

	"join":   join,
	"concat": onList(func(l, args []any) any { return slices.Concat(l, list(argument(args, 0, nil))) }),
	"compact": onList(func(l, _ []any) any {
		return slices.DeleteFunc(slices.Clone(l), func(v any) bool { return v == nil })
	}),
	"first": onList(func(l, _ []any) any {
		if len(l) == 0 {
			return nil
		}
		return l[0]
	}),
	"last": onList(func(l, _ []any) any {
		if len(l) == 0 {
			return nil
		}
		return l[len(l)-1]
	}),
	"reverse": onList(func(l, _ []any) any {
		l = slices.Clone(l)
		slices.Reverse(l)
		return l
	}),
	"map": onList(func(l, args []any) any {
		out := make([]any, len(l))
		for i, v := range l {
			out[i] = property(v, argument(args, 0, ""))
		}
		return out
	}),
	"where": onList(func(l, args []any) any {
		return slices.DeleteFunc(slices.Clone(l), func(v any) bool {
			p := property(v, argument(args, 0, ""))
			if len(args) < 2 {
				return p == nil || p == false
			}
			return !values.Equal(p, args[1])
		})
	}),
	"uniq":         onList(uniq),
	"sort":         onList(func(l, args []any) any { return sorted(l, args, false) }),
	"sort_natural": onList(func(l, args []any) any { return sorted(l, args, true) }),
	"sum": onList(func(l, args []any) any {
		var sum float64
		whole := true
		for _, v := range l {
			if key := argument(args, 0, nil); key != nil {
				v = property(v, key)
			}
			n, isInt := number(v)
			sum += n
			whole = whole && isInt
		}
		if whole {
			return int(sum)
		}
		return sum
	}),

	"plus":  onNumbers(func(a, b int) (int, bool) { return a + b, true }, func(a, b float64) float64 { return a + b }),
	"minus": onNumbers(func(a, b int) (int, bool) { return a - b, true }, func(a, b float64) float64 { return a - b }),
	"times": onNumbers(func(a, b int) (int, bool) { return a * b, true }, func(a, b float64) float64 { return a * b }),
	"divided_by": onNumbers(func(a, b int) (int, bool) {
		if b == 0 {
			return 0, false
		}
		return int(math.Floor(float64(a) / float64(b))), true
	}, func(a, b float64) float64 { return a / b }),
	"modulo": onNumbers(func(a, b int) (int, bool) {
		if b == 0 {
			return 0, false
		}
		return ((a % b) + b) % b, true
	}, math.Mod),
	"at_least": onNumbers(func(a, b int) (int, bool) { return max(a, b), true }, math.Max),
	"at_most":  onNumbers(func(a, b int) (int, bool) { return min(a, b), true }, math.Min),
	"abs":      onNumbers(func(a, _ int) (int, bool) { return max(a, -a), true }, func(a, _ float64) float64 { return math.Abs(a) }),
	"ceil":     onNumbers(func(a, _ int) (int, bool) { return a, true }, func(a, _ float64) float64 { return math.Ceil(a) }),
	"floor":    onNumbers(func(a, _ int) (int, bool) { return a, true }, func(a, _ float64) float64 { return math.Floor(a) }),
	"round": onNumbers(nil, func(a, places float64) float64 {
		scale := math.Pow10(int(max(0, min(places, 12))))
		return math.Round(a*scale) / scale
	}),
}

// growing makes a filter of a function whose result is measured before it is
// made, because making it could be the bomb.
func growing(size func(s, a, b string) int, f func(s, a, b string) string) filter {
	return func(r *run, in any, args []any, _ map[string]any) (any, error) {
		s, a, b := text(in), text(argument(args, 0, "")), text(argument(args, 1, ""))
		if size(s, a, b) > maxText {
			return nil, ErrTemplateLimit.Detailf("A filter made a text larger than %d KiB.", maxText>>10)
		}
		return f(s, a, b), nil
	}
}

func replacedSize(s, old, new string) int {
	if len(new) <= len(old) {
		return len(s)
	}
	return len(s) + strings.Count(s, old)*(len(new)-len(old))
}

func replaceLast(s, old, new string) string {
	i := strings.LastIndex(s, old)
	if i < 0 {
		return s
	}
	return s[:i] + new + s[i+len(old):]
}

func handle(s, _, _ string) string {
	return strings.Trim(handleBreak.ReplaceAllString(strings.ToLower(s), "-"), "-")
}

// phraseFilter looks a key up in the catalogue of the letter's language:
// {{ "order.item.times" | t: count: item.quantity, price: item.unit_price }}.
func phraseFilter(r *run, in any, _ []any, named map[string]any) (any, error) {
	return r.phrase(text(in), named)
}

// rawFilter prints a catalogue text as HTML. It takes the key, not a text:
// only what we wrote ourselves is printed unescaped, and its arguments are
// still escaped.
func rawFilter(r *run, in any, _ []any, named map[string]any) (any, error) {
	escaped := make(map[string]any, len(named))
	for k, v := range named {
		if s, ok := plain(v).(string); ok {
			v = html.EscapeString(s)
		}
		escaped[k] = v
	}
	s, err := r.phrase(text(in), escaped)
	if err != nil {
		return nil, err
	}
	return safe(s), nil
}

// urlFilter lets an address through when a mail may link to it, and gives an
// empty text otherwise: javascript:, data: and their kin never become links.
func urlFilter(_ *run, in any, _ []any, _ map[string]any) (any, error) {
	return linkable(text(in)), nil
}

func linkable(s string) string {
	s = strings.TrimSpace(s)
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "https", "http":
		if u.Host == "" || u.User != nil {
			return ""
		}
		return s
	case "mailto", "tel":
		return s
	}
	return ""
}

func defaultTo(_ *run, in any, args []any, named map[string]any) (any, error) {
	empty := in == nil || in == "" || in == false && named["allow_false"] != true
	if it, ok := itemsOf(in); ok && it.length == 0 {
		empty = true
	}
	if empty {
		return argument(args, 0, nil), nil
	}
	return in, nil
}

func property(v, key any) any {
	m, ok := plain(v).(map[string]any)
	if !ok {
		return nil
	}
	return m[text(key)]
}

// uniq keeps the first of equal items. Equality is by how items read, so that
// it stays linear.
func uniq(l, _ []any) any {
	seen := make(map[string]bool, len(l))
	return slices.DeleteFunc(slices.Clone(l), func(v any) bool {
		key := fmt.Sprintf("%T", v) + text(v)
		if m, ok := v.(map[string]any); ok {
			key = strconv.FormatUint(uint64(reflect.ValueOf(m).Pointer()), 16)
		}
		if seen[key] {
			return true
		}
		seen[key] = true
		return false
	})
}

func sorted(l, args []any, natural bool) any {
	type item struct {
		value  any
		text   string
		number float64
		isText bool
	}
	keyed := make([]item, len(l))
	for i, v := range l {
		k := v
		if len(args) > 0 {
			k = property(v, args[0])
		}
		it := item{value: v}
		if s, ok := plain(k).(string); ok {
			it.isText, it.text = true, s
			if natural {
				it.text = strings.ToLower(s)
			}
		} else {
			it.number, _ = number(k)
		}
		keyed[i] = it
	}
	slices.SortStableFunc(keyed, func(a, b item) int {
		switch {
		case a.isText && b.isText:
			return strings.Compare(a.text, b.text)
		case a.isText != b.isText:
			if a.isText {
				return 1
			}
			return -1
		case a.number < b.number:
			return -1
		case a.number > b.number:
			return 1
		}
		return 0
	})
	out := make([]any, len(l))
	for i, it := range keyed {
		out[i] = it.value
	}
	return out
}
