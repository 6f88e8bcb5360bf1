package mail

import (
	"math"
	"strconv"
	"strings"

	"github.com/osteele/liquid/values"
)

// plain takes a value out of the library's wrapping. What was marked as safe is
// an ordinary text again once a filter has touched it.
func plain(v any) any {
	for {
		safe, ok := v.(values.SafeValue)
		if !ok {
			return v
		}
		v = safe.Value
	}
}

// weight is about the number of bytes behind a value; it stops counting where
// no budget would allow more.
func weight(v any) int { return weigh(v, 0) }

func weigh(v any, depth int) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case values.SafeValue:
		return weigh(v.Value, depth)
	case []any:
		return weighAll(len(v), depth, func(i int) any { return v[i] })
	case []string:
		return weighAll(len(v), depth, func(i int) any { return v[i] })
	case []map[string]any:
		return weighAll(len(v), depth, func(i int) any { return v[i] })
	case map[string]any:
		sum := 8
		for _, e := range v {
			if sum += weigh(e, depth+1); sum > maxWork || depth > 8 {
				return maxWork
			}
		}
		return sum
	case interface{ Len() int }: // a range
		return min(v.Len(), maxWork) * 8
	default:
		return 8
	}
}

func weighAll(n, depth int, at func(int) any) int {
	sum := 8 * n
	for i := range n {
		if sum > maxWork || depth > 8 {
			return maxWork
		}
		sum += weigh(at(i), depth+1)
	}
	return sum
}

// text is how a value reads. Maps have no text.
func text(v any) string {
	switch v := plain(v).(type) {
	case nil, map[string]any:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		var b strings.Builder
		for _, e := range list(v) {
			b.WriteString(text(e))
		}
		return b.String()
	}
}

// list is the items of a value; a single value is a list of one.
func list(v any) []any {
	switch v := plain(v).(type) {
	case nil:
		return nil
	case []any:
		return v
	case string, bool, int, int64, float64, map[string]any:
		return []any{v}
	}
	it, ok := itemsOf(v)
	if !ok {
		return nil
	}
	out := make([]any, min(it.length, maxList+1))
	for i := range out {
		out[i] = it.at(i)
	}
	return out
}

func argument(args []any, i int, otherwise any) any {
	if i < len(args) && args[i] != nil {
		return args[i]
	}
	return otherwise
}

func whole(v any) (int, error) {
	switch v := v.(type) {
	case int:
		return v, nil
	case int64:
		return int(v), nil
	case float64:
		if math.Abs(v) < 1<<53 {
			return int(v), nil
		}
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
			return n, nil
		}
	}
	return 0, ErrTemplate.Detailf("A filter wants a whole number.")
}
