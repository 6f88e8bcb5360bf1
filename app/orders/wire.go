package orders

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The types in this file read Shopify's JSON without trusting it. Each accepts
// what Shopify sends today, what it sent in older versions (numbers for strings,
// an empty object for an empty list) and null everywhere, and takes anything
// else as absent. Only what an order cannot do without is insisted upon, by
// name, in Parse.

// text is a string. Numbers keep their digits, so that an amount is never a
// float on its way. NUL and broken UTF-8 are dropped: PostgreSQL refuses both.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) == 0:
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(clean(s))
	case b[0] == '-' || b[0] >= '0' && b[0] <= '9', string(b) == "true", string(b) == "false":
		*t = text(b)
	}
	return nil
}

func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// whole is an integer: an id, a quantity, an index.
type whole int64

func (w *whole) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(string(bytes.Trim(b, `"`)), 10, 64)
	if err == nil {
		*w = whole(n)
	}
	return nil
}

// flag is a boolean.
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	*f = flag(string(bytes.Trim(b, `"`)) == "true")
	return nil
}

// instant is a time with its offset.
type instant struct{ time.Time }

func (i *instant) UnmarshalJSON(b []byte) error {
	t, err := time.Parse(time.RFC3339Nano, string(bytes.Trim(b, `"`)))
	if err == nil && t.Year() >= 1970 && t.Year() < 10000 {
		i.Time = t.UTC().Truncate(time.Microsecond)
	}
	return nil
}

// pointer returns nil for an absent time.
func (i instant) pointer() *time.Time {
	if i.IsZero() {
		return nil
	}
	return &i.Time
}

// list is an array of objects; what is not an object is left out.
type list[T any] []T

func (l *list[T]) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '[' {
		return nil
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	for _, r := range raw {
		if len(r) == 0 || r[0] != '{' {
			continue
		}
		var v T
		if err := json.Unmarshal(r, &v); err != nil {
			return err
		}
		*l = append(*l, v)
	}
	return nil
}

// words is an array of strings.
type words []string

func (w *words) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '[' {
		return nil
	}
	var raw []text
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	for _, t := range raw {
		if t != "" {
			*w = append(*w, string(t))
		}
	}
	return nil
}

// maybe is an object that may be absent.
type maybe[T any] struct{ v *T }

func (m *maybe[T]) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	m.v = new(T)
	return json.Unmarshal(b, m.v)
}
