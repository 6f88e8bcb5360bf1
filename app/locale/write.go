package locale

import (
	"fmt"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"afterglow/app/clock"
	"afterglow/app/money"
)

var languages = func() map[Tag]language.Tag {
	m := map[Tag]language.Tag{}
	for _, t := range Supported {
		m[t] = language.MustParse(string(t))
	}
	return m
}()

// The rules of x/text look at the last seven digits of a number.
const millions = 10_000_000

// category returns the CLDR plural category of a whole number.
func (t Tag) category(n int64) string {
	u := magnitude(n)
	if u > millions {
		u = u%millions + millions // but not so that it looks like zero
	}
	switch plural.Cardinal.MatchPlural(languages[t.orEnglish()], int(u), 0, 0, 0, 0) {
	case plural.Zero:
		return "zero"
	case plural.One:
		return "one"
	case plural.Two:
		return "two"
	case plural.Few:
		return "few"
	case plural.Many:
		return "many"
	default:
		return "other"
	}
}

// writer fills in one message.
type writer struct {
	strings.Builder
	tag     Tag
	args    map[string]any
	missing []string // arguments that were not there or of a wrong kind
}

func (w *writer) message(m message, hash string) {
	for _, n := range m {
		switch n.kind {
		case nodeText:
			w.WriteString(w.afterStop(n.text))
		case nodeHash:
			w.WriteString(hash)
		case nodeArg:
			w.argument(n.text)
		case nodePlural:
			w.plural(n)
		case nodeSelect:
			chosen, _ := w.args[n.text].(string)
			if _, ok := w.args[n.text]; !ok {
				w.missing = append(w.missing, n.text)
			}
			w.message(pick(n.cases, chosen), hash)
		}
	}
}

// afterStop drops a full stop that would follow another: "5 января 2027 г." and
// "Acme Inc." bring their own to the end of a sentence.
func (w *writer) afterStop(text string) string {
	if strings.HasPrefix(text, ".") && strings.HasSuffix(strings.TrimRight(w.String(), pdi+"\u200e\u200f"), ".") {
		return text[1:]
	}
	return text
}

func (w *writer) argument(name string) {
	switch v := w.args[name].(type) {
	case string:
		w.WriteString(w.tag.isolateArg(v))
	case Tag:
		w.WriteString(w.tag.isolateArg(string(v)))
	case fmt.Stringer:
		w.WriteString(w.tag.isolateArg(w.tag.value(v)))
	default:
		n, ok := integer(v)
		if !ok {
			w.missing = append(w.missing, name)
			return
		}
		w.WriteString(w.tag.Number(n))
	}
}

// value writes the values we know a format for, others as they write themselves.
func (t Tag) value(v fmt.Stringer) string {
	switch v := v.(type) {
	case money.Amount:
		return t.Money(v)
	case clock.Date:
		return t.Date(v)
	}
	return v.String()
}

func (w *writer) plural(n node) {
	count, ok := integer(w.args[n.text])
	if !ok {
		w.missing = append(w.missing, n.text)
	}
	hash := w.tag.Number(count)
	for _, b := range n.cases {
		if b.is && b.exact == count {
			w.message(b.body, hash)
			return
		}
	}
	w.message(pick(n.cases, w.tag.category(count)), hash)
}

func pick(cases []branch, name string) message {
	var other message
	for _, b := range cases {
		switch b.name {
		case name:
			return b.body
		case "other":
			other = b.body
		}
	}
	return other
}

// integer accepts what Go code and templates hand over as a count.
func integer(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case int32:
		return int64(n), true
	case uint32:
		return int64(n), true
	case float64: // JSON and Liquid
		return int64(n), n == float64(int64(n))
	}
	return 0, false
}
