package locale

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A message is parsed from a small part of ICU MessageFormat:
//
//	Order {order} confirmed
//	{count, plural, =0 {nothing} one {# item} other {# items}}
//	{kind, select, pickup {…} other {…}}
//
// # stands for the number inside the branches of a plural. An apostrophe quotes
// what follows only before { } or #, as in ICU; two of them are one apostrophe.
type message []node

type node struct {
	kind  nodeKind
	text  string // literal text, or the name of an argument
	cases []branch
}

type nodeKind int

const (
	nodeText nodeKind = iota
	nodeArg
	nodeHash
	nodePlural
	nodeSelect
)

// branch is one case of a plural or a select.
type branch struct {
	name  string // "one", "other", "pickup"
	exact int64  // of "=0"
	is    bool   // whether exact counts
	body  message
}

const (
	maxMessage = 4 << 10 // bytes
	maxDepth   = 4       // plurals inside selects inside …
)

var categories = map[string]bool{"zero": true, "one": true, "two": true, "few": true, "many": true, "other": true}

type parser struct {
	s  string
	at int
}

func parseMessage(s string) (message, error) {
	if len(s) > maxMessage {
		return nil, fmt.Errorf("longer than %d bytes", maxMessage)
	}
	p := &parser{s: s}
	m, err := p.body(0, false)
	if err == nil && p.at < len(s) {
		err = errors.New("} without {")
	}
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", p.at, err)
	}
	return m, nil
}

// body reads up to the end or an unmatched closing brace.
func (p *parser) body(depth int, plural bool) (message, error) {
	var m message
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			m = append(m, node{kind: nodeText, text: text.String()})
			text.Reset()
		}
	}
	for p.at < len(p.s) {
		switch c := p.s[p.at]; {
		case c == '}':
			flush()
			return m, nil
		case c == '#' && plural:
			flush()
			m = append(m, node{kind: nodeHash})
			p.at++
		case c == '\'':
			p.quote(&text)
		case c == '{':
			flush()
			n, err := p.placeholder(depth, plural)
			if err != nil {
				return nil, err
			}
			m = append(m, n)
		default:
			text.WriteByte(c)
			p.at++
		}
	}
	flush()
	return m, nil
}

// quote reads an apostrophe and what it quotes.
func (p *parser) quote(text *strings.Builder) {
	p.at++
	rest := p.s[p.at:]
	if rest == "" || !strings.ContainsRune("'{}#", rune(rest[0])) {
		text.WriteByte('\'') // a plain apostrophe
		return
	}
	if rest[0] == '\'' {
		text.WriteByte('\'')
		p.at++
		return
	}
	quoted, _, closed := strings.Cut(rest, "'")
	text.WriteString(quoted)
	p.at += len(quoted)
	if closed {
		p.at++
	}
}

func (p *parser) placeholder(depth int, plural bool) (node, error) {
	p.at++ // {
	name := p.word()
	if name == "" {
		return node{}, errors.New("want a name after {")
	}
	if p.skip('}') {
		return node{kind: nodeArg, text: name}, nil
	}
	if !p.skip(',') {
		return node{}, fmt.Errorf("want } or , after {%s", name)
	}
	n := node{text: name}
	switch kind := p.word(); kind {
	case "plural":
		n.kind, plural = nodePlural, true
	case "select":
		n.kind = nodeSelect
	default:
		return node{}, fmt.Errorf("%q is neither plural nor select", kind)
	}
	if !p.skip(',') {
		return node{}, errors.New("want , and cases")
	}
	if depth+1 > maxDepth {
		return node{}, fmt.Errorf("more than %d levels", maxDepth)
	}
	var err error
	n.cases, err = p.branches(n.kind, depth, plural)
	return n, err
}

func (p *parser) branches(kind nodeKind, depth int, plural bool) ([]branch, error) {
	var out []branch
	seen := map[string]bool{}
	for !p.skip('}') {
		b, err := p.branchName(kind)
		if err != nil {
			return nil, err
		}
		if seen[b.name] {
			return nil, fmt.Errorf("case %s comes twice", b.name)
		}
		seen[b.name] = true
		if !p.skip('{') {
			return nil, fmt.Errorf("want { after case %s", b.name)
		}
		if b.body, err = p.body(depth+1, plural); err != nil {
			return nil, err
		}
		if !p.skip('}') {
			return nil, fmt.Errorf("case %s is not closed", b.name)
		}
		out = append(out, b)
	}
	if !seen["other"] {
		return nil, errors.New("no case other")
	}
	return out, nil
}

func (p *parser) branchName(kind nodeKind) (branch, error) {
	p.space()
	if kind == nodePlural && p.at < len(p.s) && p.s[p.at] == '=' {
		p.at++
		digits := p.word()
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return branch{}, fmt.Errorf("=%s is not a number", digits)
		}
		return branch{name: "=" + digits, exact: n, is: true}, nil
	}
	name := p.word()
	switch {
	case name == "":
		return branch{}, errors.New("want the name of a case")
	case kind == nodePlural && !categories[name]:
		return branch{}, fmt.Errorf("%s is not a plural category", name)
	}
	return branch{name: name}, nil
}

// word reads a name of ASCII letters, digits and _, and the space around it.
func (p *parser) word() string {
	p.space()
	start := p.at
	for p.at < len(p.s) && isWord(p.s[p.at]) {
		p.at++
	}
	w := p.s[start:p.at]
	p.space()
	return w
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (p *parser) space() {
	for p.at < len(p.s) && strings.IndexByte(" \t\n", p.s[p.at]) >= 0 {
		p.at++
	}
}

// skip reads c if it comes next, after space.
func (p *parser) skip(c byte) bool {
	at := p.at
	p.space()
	if p.at < len(p.s) && p.s[p.at] == c {
		p.at++
		return true
	}
	p.at = at
	return false
}

// args collects the names of the message's arguments and what they are used for.
func (m message) args(into map[string]nodeKind) {
	for _, n := range m {
		if n.kind == nodeText || n.kind == nodeHash {
			continue
		}
		if n.kind != nodeArg || into[n.text] == nodeText {
			into[n.text] = n.kind
		}
		for _, b := range n.cases {
			b.body.args(into)
		}
	}
}
