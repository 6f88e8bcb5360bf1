package policy

import (
	"strconv"
	"strings"
)

// String prints the policy in its usual form, which Parse reads as the same.
func (p Policy) String() string {
	var b strings.Builder
	for i, s := range p.Sections {
		if i > 0 {
			b.WriteByte('\n')
		}
		comments(&b, "", s.Comments)
		b.WriteString(string(s.Action) + ":\n")
		for _, r := range s.Rules {
			comments(&b, "  ", r.Comments)
			b.WriteString("  " + r.String() + "\n")
		}
	}
	if len(p.Comments) > 0 && len(p.Sections) > 0 {
		b.WriteByte('\n')
	}
	comments(&b, "", p.Comments)
	return b.String()
}

func comments(b *strings.Builder, indent string, list []string) {
	for _, c := range list {
		b.WriteString(strings.TrimRight(indent+"# "+c, " ") + "\n")
	}
}

// String prints the rule as its line.
func (r Rule) String() string {
	var b strings.Builder
	b.WriteString("refuse")
	if r.Allow {
		b.Reset()
		b.WriteString("allow")
	}
	if r.Window != nil {
		b.WriteString(" " + r.Window.String())
	}
	for i, c := range r.When {
		b.WriteString(map[bool]string{true: " when ", false: " and "}[i == 0] + c.String())
	}
	if r.Because != "" {
		b.WriteString(" because " + quote(r.Because))
	}
	return b.String()
}

// String prints the window: "within 30 days of delivered or placed".
func (w Window) String() string {
	if !w.Until.IsZero() {
		return "until " + w.Until.String()
	}
	unit := string(w.Unit)
	if w.Length == 1 {
		unit = strings.TrimSuffix(unit, "s")
	}
	anchors := make([]string, len(w.Of))
	for i, a := range w.Of {
		anchors[i] = string(a)
	}
	return "within " + strconv.Itoa(w.Length) + " " + unit + " of " + strings.Join(anchors, " or ")
}

// String prints the condition.
func (c Condition) String() string {
	out := string(c.Kind) + " "
	if c.Not {
		out = "not " + out
	}
	switch shapes[c.Kind] {
	case amount:
		return out + c.Amount.String()
	case day:
		return out + c.Day.String()
	}
	values := []string{}
	for _, n := range c.Numbers {
		values = append(values, strconv.FormatInt(n, 10))
	}
	for _, t := range c.Texts {
		if shapes[c.Kind] == texts {
			t = quote(t)
		}
		values = append(values, t)
	}
	return out + strings.Join(values, ", ")
}
