package mail_test

import (
	"strings"

	"golang.org/x/net/html"
)

// rule is one rule of a style sheet, with the at-rule around it.
type rule struct {
	at           string // "@media …", or ""
	selectors    []string
	declarations []declaration
}

type declaration struct {
	property, value string
	important       bool
}

// rulesOf reads the style sheets of a document, in their order. It knows as much
// of CSS as a mail may use.
func rulesOf(document *html.Node) (rules []rule) {
	for n := range document.Descendants() {
		if n.Type != html.ElementNode || n.Data != "style" || n.FirstChild == nil {
			continue
		}
		at := ""
		if media := attribute(n, "media"); media != "" {
			at = "@media " + media
		}
		rules = append(rules, parseRules(n.FirstChild.Data, at)...)
	}
	return rules
}

func parseRules(sheet, at string) (rules []rule) {
	for {
		head, rest, ok := strings.Cut(sheet, "{")
		if !ok {
			return rules
		}
		end, depth := 0, 1
		for ; end < len(rest) && depth > 0; end++ {
			switch rest[end] {
			case '{':
				depth++
			case '}':
				depth--
			}
		}
		body := rest[:max(end-1, 0)]
		sheet = rest[end:]
		head = strings.Join(strings.Fields(head), " ")
		if strings.HasPrefix(head, "@") {
			rules = append(rules, parseRules(body, head)...)
			if !strings.Contains(body, "{") { // @import, @font-face
				rules = append(rules, rule{at: head})
			}
			continue
		}
		r := rule{at: at, declarations: declarationsOf(body)}
		for s := range strings.SplitSeq(head, ",") {
			r.selectors = append(r.selectors, strings.TrimSpace(s))
		}
		rules = append(rules, r)
	}
}

func declarationsOf(body string) (list []declaration) {
	for part := range strings.SplitSeq(body, ";") {
		property, value, ok := strings.Cut(part, ":")
		if !ok {
			continue
		}
		value, important := strings.CutSuffix(strings.TrimSpace(value), "!important")
		list = append(list, declaration{strings.ToLower(strings.TrimSpace(property)), strings.TrimSpace(value), important})
	}
	return list
}

// matches tells whether a selector of types, classes, attributes, descendants and
// children names the element.
func matches(n *html.Node, selector string) bool {
	return matchesParts(n, strings.Fields(strings.ReplaceAll(selector, ">", " > ")))
}

func matchesParts(n *html.Node, parts []string) bool {
	last := len(parts) - 1
	if n == nil || n.Type != html.ElementNode || !matchesCompound(n, parts[last]) {
		return false
	}
	if last == 0 {
		return true
	}
	if parts[last-1] == ">" {
		return matchesParts(n.Parent, parts[:last-1])
	}
	for up := n.Parent; up != nil; up = up.Parent {
		if matchesParts(up, parts[:last]) {
			return true
		}
	}
	return false
}

func matchesCompound(n *html.Node, compound string) bool {
	if name, ok := strings.CutPrefix(compound, "["); ok {
		name, _, _ = strings.Cut(name, "]")
		return hasAttribute(n, name)
	}
	element, class, _ := strings.Cut(compound, ".")
	if element != "" && element != n.Data || strings.ContainsAny(compound, "#:") {
		return false
	}
	if class == "" {
		return true
	}
	for have := range strings.FieldsSeq(attribute(n, "class")) {
		if have == class {
			return true
		}
	}
	return false
}

// specificity of the selectors that matches knows.
func specificity(selector string) (weight int) {
	for _, part := range strings.Fields(strings.ReplaceAll(selector, ">", " ")) {
		weight += 100 * (strings.Count(part, ".") + strings.Count(part, "["))
		if part[0] != '.' && part[0] != '[' {
			weight++
		}
	}
	return weight
}

// ownStyle is the value that an element itself has for a property, "" when it has
// none: what is written on it, unless a rule is more important.
func ownStyle(n *html.Node, property string, rules []rule) (value string) {
	best := -1
	take := func(d declaration, weight int) {
		if d.important {
			weight += 1 << 20
		}
		if d.property == property && weight >= best {
			value, best = d.value, weight
		}
	}
	for _, r := range rules {
		for _, s := range r.selectors {
			if matches(n, s) {
				for _, d := range r.declarations {
					take(d, specificity(s))
				}
			}
		}
	}
	for _, d := range declarationsOf(attribute(n, "style")) {
		take(d, 1<<16)
	}
	return value
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttribute(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
