package locale

import (
	"html/template"
	"strings"
	"unicode"
)

// Isolates of UAX #9. They are invisible, survive copying and plain text, and
// every mail program that shows Arabic at all knows them.
const (
	lri = "\u2066" // left to right
	fsi = "\u2068" // as its first strong character says
	pdi = "\u2069" // end
)

// Isolate keeps the direction of s from mixing with the text around it. Use it
// for names, titles and anything a person wrote.
func Isolate(s string) string { return isolate(fsi, s) }

// IsolateLTR does the same for text that always runs from left to right: order
// names, tracking numbers, telephone numbers, e-mail addresses.
func IsolateLTR(s string) string { return isolate(lri, s) }

// BDI returns s escaped and isolated for HTML.
func BDI(s string) template.HTML {
	if s == "" {
		return ""
	}
	return template.HTML("<bdi>" + template.HTMLEscapeString(s) + "</bdi>")
}

func isolate(open, s string) string {
	if s == "" || isIsolated(s) {
		return s
	}
	return open + s + pdi
}

// isIsolated tells whether s as a whole is one isolate already.
func isIsolated(s string) bool {
	if !strings.HasSuffix(s, pdi) {
		return false
	}
	depth := 0
	for i, r := range s {
		switch r {
		case '\u2066', '\u2067', '\u2068':
			depth++
		case '\u2069':
			depth--
		}
		if depth <= 0 {
			return depth == 0 && i == len(s)-len(pdi)
		}
	}
	return false
}

// isolateArg isolates a piece of text that stands in a sentence of language t,
// if its direction could differ or a neighbour could move it.
func (t Tag) isolateArg(s string) string {
	if t.Dir() == "rtl" {
		if onlyRTLLetters(s) {
			return s
		}
		return Isolate(s)
	}
	if strings.IndexFunc(s, isRTL) < 0 {
		return s
	}
	return Isolate(s)
}

func onlyRTLLetters(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r != ' ' && !isRTL(r) }) < 0
}

func isRTL(r rune) bool {
	return unicode.IsLetter(r) && unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko)
}
