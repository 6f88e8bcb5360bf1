package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"afterglow/app/clock"
	"afterglow/app/money"
)

// Bounds of a text. What is larger is refused, not cut.
const (
	MaxSource     = 64 << 10
	maxRules      = 300
	maxConditions = 20
	maxValues     = 100
	maxText       = 255 // of a tag, Shopify's own limit
	maxDays       = 3650
	maxFaults     = 20
)

// Parse reads a policy. Every fault is told, up to twenty; with one, the policy is
// not to be used.
func Parse(source string) (Policy, []Fault) {
	if len(source) > MaxSource {
		return Policy{}, []Fault{{1, 1, fmt.Sprintf("The policy is longer than %d KiB.", MaxSource>>10)}}
	}
	p := parser{}
	if !utf8.ValidString(source) {
		return Policy{}, []Fault{{1, 1, "The policy is not text in UTF-8."}}
	}
	for i, line := range strings.Split(strings.ReplaceAll(source, "\r\n", "\n"), "\n") {
		p.number = i + 1
		if f := p.line(line); f != nil {
			f.Line = p.number
			p.faults = append(p.faults, *f)
			if len(p.faults) >= maxFaults {
				break
			}
		}
	}
	p.policy.Comments = p.comments
	return p.policy, p.faults
}

type parser struct {
	policy   Policy
	faults   []Fault
	comments []string // waiting for what they stand before
	number   int      // of the line
	rules    int

	tokens []token // left of the line
}

func (p *parser) line(line string) *Fault {
	for _, r := range line {
		if unicode.IsControl(r) && r != '\t' || r == '\u2028' || r == '\u2029' {
			return &Fault{Column: 1, Detail: "This line holds a character that cannot be seen."}
		}
	}
	tokens, comment, fault := scan(line)
	if fault != nil {
		return fault
	}
	if strings.ContainsRune(line, '#') && len(tokens) == 1 || comment != "" {
		p.comments = append(p.comments, comment)
	}
	p.tokens = tokens
	if p.at(tokenEnd, "") {
		return nil
	}
	if word := p.peek(); word.kind == tokenWord && word.text != "allow" && word.text != "refuse" {
		return p.heading()
	}
	return p.rule()
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != tokenEnd {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) at(kind tokenKind, text string) bool {
	t := p.peek()
	return t.kind == kind && (text == "" || t.text == text)
}

// take goes past the word if it comes next.
func (p *parser) take(word string) bool {
	if !p.at(tokenWord, word) {
		return false
	}
	p.next()
	return true
}

func (p *parser) wanted(what string) *Fault {
	t := p.peek()
	return &Fault{Column: t.column, Detail: fmt.Sprintf("Here should be %s, not %s.", what, t)}
}

func (p *parser) heading() *Fault {
	t := p.next()
	a := Action(strings.ReplaceAll(t.text, "-", "_"))
	if !a.Known() {
		return &Fault{Column: t.column, Detail: fmt.Sprintf("“%s” is not an action. There are %s.", t.text, wordsOf(Actions))}
	}
	if !p.at(tokenSymbol, ":") {
		return p.wanted("a colon")
	}
	p.next()
	if !p.at(tokenEnd, "") {
		return p.wanted("the end of the line; rules begin on lines of their own")
	}
	if _, twice := p.policy.Section(a); twice {
		return &Fault{Column: t.column, Detail: fmt.Sprintf("“%s” stands here for the second time. Its rules must stand together.", a)}
	}
	p.policy.Sections = append(p.policy.Sections, Section{Action: a, Comments: p.comments})
	p.comments = nil
	return nil
}

func (p *parser) rule() *Fault {
	if len(p.policy.Sections) == 0 {
		return &Fault{Column: p.peek().column, Detail: "A rule stands below the action it is about, for example “return:”."}
	}
	if p.rules++; p.rules > maxRules {
		return &Fault{Column: 1, Detail: fmt.Sprintf("A policy has at most %d rules.", maxRules)}
	}
	r := Rule{Line: p.number}
	switch {
	case p.take("allow"):
		r.Allow = true
		if f := p.window(&r); f != nil {
			return f
		}
	case p.take("refuse"):
	default:
		return p.wanted("“allow” or “refuse”")
	}
	if p.take("when") {
		for {
			c, f := p.condition()
			if f != nil {
				return f
			}
			if r.When = append(r.When, c); len(r.When) > maxConditions {
				return &Fault{Column: p.peek().column, Detail: fmt.Sprintf("A rule has at most %d conditions.", maxConditions)}
			}
			if !p.take("and") {
				break
			}
		}
	}
	if p.take("because") {
		if !p.at(tokenText, "") {
			return p.wanted("the reason in quotes")
		}
		r.Because = p.next().text
	}
	if !p.at(tokenEnd, "") {
		return p.wanted(p.continuations(r))
	}
	last := &p.policy.Sections[len(p.policy.Sections)-1]
	if n := len(last.Rules); n > 0 && len(last.Rules[n-1].When) == 0 {
		return &Fault{Column: 1, Detail: fmt.Sprintf("This rule is never reached: line %d has no conditions and decides for all.", last.Rules[n-1].Line)}
	}
	r.Comments, p.comments = p.comments, nil
	last.Rules = append(last.Rules, r)
	return nil
}

// continuations says what could have come after the rule so far.
func (p *parser) continuations(r Rule) string {
	switch {
	case r.Because != "":
		return "the end of the line"
	case len(r.When) > 0:
		return "“and” with another condition, a comma with another value, “because”, or the end of the line"
	case r.Allow && r.Window == nil:
		return "“within”, “until”, “when”, “because”, or the end of the line"
	}
	return "“when”, “because”, or the end of the line"
}

func (p *parser) window(r *Rule) *Fault {
	switch {
	case p.take("until"):
		d, f := p.day()
		r.Window = &Window{Until: d}
		return f
	case !p.take("within"):
		return nil
	}
	w := &Window{}
	at := p.peek().column
	n, f := p.number1("a number, as in “within 30 days”")
	if f != nil {
		return f
	}
	unit := p.peek()
	switch unit.text {
	case "minute", "minutes":
		w.Unit = Minutes
	case "hour", "hours":
		w.Unit = Hours
	case "day", "days":
		w.Unit = Days
	default:
		return p.wanted("“minutes”, “hours” or “days”")
	}
	p.next()
	if n < 1 || n > maxDays*map[Unit]int64{Days: 1, Hours: 24, Minutes: 24 * 60}[w.Unit] {
		return &Fault{Column: at, Detail: "A window is at least 1 and at most ten years long."}
	}
	w.Length = int(n)
	if !p.take("of") {
		return p.wanted("“of”, as in “within 30 days of delivered”")
	}
	for {
		a := Anchor(p.peek().text)
		if p.peek().kind != tokenWord || a != Placed && a != Fulfilled && a != Delivered {
			return p.wanted("“placed”, “fulfilled” or “delivered”")
		}
		if slices.Contains(w.Of, a) || slices.Contains(w.Of, Placed) {
			return &Fault{Column: p.peek().column, Detail: fmt.Sprintf("“%s” changes nothing here: what stands before it is always known first.", a)}
		}
		p.next()
		w.Of = append(w.Of, a)
		if !p.take("or") {
			break
		}
	}
	r.Window = w
	return nil
}

// number1 reads one whole number.
func (p *parser) number1(what string) (int64, *Fault) {
	t := p.peek()
	n, err := strconv.ParseInt(t.text, 10, 64)
	if t.kind != tokenWord || err != nil || n < 0 || strconv.FormatInt(n, 10) != t.text {
		return 0, p.wanted(what)
	}
	p.next()
	return n, nil
}

func (p *parser) day() (clock.Date, *Fault) {
	d, err := clock.ParseDate(p.peek().text)
	if p.peek().kind != tokenWord || err != nil || d.Year < 2000 || d.Year > 2200 {
		return clock.Date{}, p.wanted("a day such as 2026-11-21")
	}
	p.next()
	return d, nil
}

// condition reads [not] kind values.
func (p *parser) condition() (c Condition, f *Fault) {
	c.Not = p.take("not")
	start := p.peek()
	if c.Kind = p.kind(); c.Kind == "" {
		return c, &Fault{Column: start.column, Detail: fmt.Sprintf("Here should be a condition, not %s. Conditions begin with %s.", start, wordsOf(kinds))}
	}
	switch shapes[c.Kind] {
	case amount:
		c.Amount, f = p.amount()
		return c, f
	case day:
		c.Day, f = p.day()
		return c, f
	case number:
		n, f := p.number1("a whole number")
		c.Numbers = []int64{n}
		return c, f
	}
	for {
		if f := p.value(&c); f != nil {
			return c, f
		}
		if len(c.Texts)+len(c.Numbers) > maxValues {
			return c, &Fault{Column: p.peek().column, Detail: fmt.Sprintf("A condition has at most %d values.", maxValues)}
		}
		if !p.at(tokenSymbol, ",") {
			return c, nil
		}
		p.next()
	}
}

// value reads one of the values of a condition.
func (p *parser) value(c *Condition) *Fault {
	t := p.peek()
	switch shapes[c.Kind] {
	case numbers:
		n, f := p.number1("a product's number")
		c.Numbers = append(c.Numbers, n)
		return f
	case texts:
		if t.kind != tokenText {
			return p.wanted("a text in quotes, such as \"final sale\"")
		}
		text := strings.TrimSpace(t.text) // as Shopify keeps tags
		if text == "" || utf8.RuneCountInString(text) > maxText {
			return &Fault{Column: t.column, Detail: fmt.Sprintf("A text has 1 to %d characters.", maxText)}
		}
		c.Texts = append(c.Texts, text)
	default:
		word, ok := fixed(c.Kind, t)
		if !ok {
			return p.wanted(choices(c.Kind))
		}
		c.Texts = append(c.Texts, word)
	}
	p.next()
	return nil
}

// fixed is the word if the kind knows it, in its own spelling.
func fixed(k Kind, t token) (string, bool) {
	if t.kind != tokenWord {
		return "", false
	}
	switch k {
	case OrderIs:
		return t.text, slices.Contains(orderStates, t.text)
	case ProductIs:
		return t.text, slices.Contains(productKinds, t.text)
	}
	code := strings.ToUpper(t.text)
	if own := meant[code]; own != "" {
		code = own
	}
	two := len(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z'
	return code, two || code == "EEA"
}

// meant are the codes by which two countries are called that ISO 3166-1 lists
// under others.
var meant = map[string]string{"UK": "GB", "EL": "GR"}

func choices(k Kind) string {
	switch k {
	case OrderIs:
		return "one of " + wordsOf(orderStates)
	case ProductIs:
		return "one of " + wordsOf(productKinds)
	}
	return "a country's two letters, such as DE, or EU or EEA"
}

func (p *parser) amount() (money.Amount, *Fault) {
	number := p.peek()
	if number.kind != tokenWord {
		return money.Amount{}, p.wanted("an amount such as 50.00 EUR")
	}
	p.next()
	currency := p.peek()
	a, err := money.Parse(number.text, strings.ToUpper(currency.text))
	if currency.kind != tokenWord || err != nil || a.Minor < 0 {
		return money.Amount{}, &Fault{Column: number.column, Detail: "Here should be an amount and its currency, such as 50.00 EUR."}
	}
	p.next()
	return a, nil
}

var kinds = []Kind{ProductID, ProductType, ProductVendor, ProductTag, ProductIs, Collection, PriceAtLeast, PriceBelow, OrderTag, OrderIs, TotalAtLeast, TotalBelow,
	CustomerTag, CustomerAtLeast, CustomerAtMost, Country, PlacedFrom, PlacedUntil}

// kind goes past the words of a kind; "" when there is none.
func (p *parser) kind() Kind {
	for _, k := range kinds {
		parts := strings.Fields(string(k))
		if p.begins(parts) {
			p.tokens = p.tokens[len(parts):]
			return k
		}
	}
	return ""
}

func (p *parser) begins(parts []string) bool {
	if len(p.tokens) <= len(parts) {
		return false
	}
	for i, part := range parts {
		if t := p.tokens[i]; t.kind != tokenWord || t.text != part {
			return false
		}
	}
	return true
}

// wordsOf lists words for a sentence.
func wordsOf[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	if len(out) < 2 {
		return strings.Join(out, "")
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}
