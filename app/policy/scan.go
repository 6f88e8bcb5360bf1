package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Fault is something wrong with a text, where it is, and what would be right.
type Fault struct {
	Line   int    `json:"line"`   // from 1
	Column int    `json:"column"` // in characters, from 1
	Detail string `json:"detail"`
}

// Error says it in one line.
func (f Fault) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Detail)
}

type tokenKind int

const (
	tokenEnd    tokenKind = iota
	tokenWord             // letters, digits, . - _
	tokenText             // in quotes, unquoted here
	tokenSymbol           // , or :
)

type token struct {
	kind   tokenKind
	text   string
	column int
}

func (t token) String() string {
	switch t.kind {
	case tokenEnd:
		return "the end of the line"
	case tokenText:
		return quote(t.text)
	}
	return "“" + t.text + "”"
}

func wordRune(r rune) bool {
	return r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// scan cuts a line into tokens. A # outside quotes begins a comment.
func scan(line string) (tokens []token, comment string, fault *Fault) {
	column := 1
	for line != "" {
		r, size := utf8.DecodeRuneInString(line)
		switch {
		case r == ' ' || r == '\t':
		case r == '#':
			return append(tokens, token{column: column}), strings.TrimSpace(line[1:]), nil
		case r == ',' || r == ':':
			tokens = append(tokens, token{tokenSymbol, string(r), column})
		case r == '"' || r == '“' || r == '”' || r == '„':
			text, length, ok := unquote(line)
			if !ok {
				return nil, "", &Fault{Column: column, Detail: "This text has no closing quote."}
			}
			tokens = append(tokens, token{tokenText, text, column})
			size = length
		case wordRune(r):
			size = strings.IndexFunc(line, func(r rune) bool { return !wordRune(r) })
			if size < 0 {
				size = len(line)
			}
			tokens = append(tokens, token{tokenWord, strings.ToLower(line[:size]), column})
		default:
			return nil, "", &Fault{Column: column, Detail: fmt.Sprintf("The character %q cannot stand here. Put texts into quotes.", r)}
		}
		column += utf8.RuneCountInString(line[:size])
		line = line[size:]
	}
	return append(tokens, token{column: column}), "", nil
}

// unquote reads a text in quotes from the beginning of s, typographic quotes too,
// because word processors put them there. A backslash keeps a quote.
func unquote(s string) (text string, length int, ok bool) {
	var b strings.Builder
	kept := false
	for i, r := range s {
		switch {
		case i == 0:
		case kept:
			b.WriteRune(r)
			kept = false
		case r == '\\':
			kept = true
		case r == '"' || s[0] != '"' && (r == '”' || r == '“'):
			return b.String(), i + utf8.RuneLen(r), true
		default:
			b.WriteRune(r)
		}
	}
	return "", 0, false
}

var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quote(s string) string { return `"` + quoting.Replace(s) + `"` }
