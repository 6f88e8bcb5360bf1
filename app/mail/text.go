package mail

import (
	"strings"

	"github.com/k3a/html2text"
)

// plainText makes the plain part of a mail from its rendered HTML, so that both
// say the same. Links follow their text in angle brackets.
//
// A mail's HTML is tables inside tables, which html2text would run into one
// line. So the document is first thinned out to what carries text: rows and
// blocks become line breaks, and the head, comments (where Outlook's twin
// tables live), pictures and the hidden preheader go.
func plainText(document string) string {
	return tidy(html2text.HTML2TextWithOptions(thin(document), html2text.WithUnixLineBreaks(), html2text.WithLinksInnerText()))
}

// thin keeps texts, links and line breaks of a document.
func thin(document string) string {
	t := thinner{rest: document}
	t.out.Grow(len(document) / 4)
	for t.next() {
	}
	return t.out.String()
}

type thinner struct {
	rest   string
	out    strings.Builder
	hidden int    // depth of tags inside a hidden element, 0 outside
	link   string // address of the link we are in
	shown  int    // length of out when the link began
	alt    string // text of a picture inside the link
}

func (t *thinner) next() bool {
	open := strings.IndexByte(t.rest, '<')
	if open < 0 {
		t.text(t.rest)
		return false
	}
	t.text(t.rest[:open])
	t.rest = t.rest[open:]
	if strings.HasPrefix(t.rest, "<!--") {
		return t.skipPast("-->")
	}
	end := tagEnd(t.rest)
	if end < 0 {
		return false
	}
	tag := t.rest[1:end]
	t.rest = t.rest[end+1:]
	name := strings.ToLower(tagName(tag))
	switch {
	case t.hidden > 0:
		t.inHidden(name)
	case name == "head", name == "style", name == "script", name == "title":
		return t.skipPast("</" + name)
	case name == "div" && strings.Contains(tag, "display:none"):
		t.hidden = 1
	default:
		t.visible(name, tag)
	}
	return true
}

func (t *thinner) skipPast(mark string) bool {
	i := strings.Index(t.rest, mark)
	if i < 0 {
		return false
	}
	t.rest = t.rest[i+len(mark):]
	if strings.HasPrefix(mark, "</") {
		if i = strings.IndexByte(t.rest, '>'); i < 0 {
			return false
		}
		t.rest = t.rest[i+1:]
	}
	return true
}

func (t *thinner) inHidden(name string) {
	switch name {
	case "div":
		t.hidden++
	case "/div":
		t.hidden--
	}
}

func (t *thinner) visible(name, tag string) {
	switch name {
	case "br", "/tr", "/div", "/p", "/li", "/table", "div":
		t.br(1)
	case "/h1", "/h2", "/h3":
		t.br(2)
	case "h1", "h2", "h3", "p":
		t.br(2)
	case "/td", "/th":
		t.out.WriteString(" ")
	case "a":
		t.link, t.shown, t.alt = attribute(tag, "href"), t.out.Len(), ""
	case "/a":
		t.endLink()
	case "img":
		if t.link != "" && t.alt == "" {
			t.alt = attribute(tag, "alt")
		}
	}
}

// endLink closes a link. html2text prints the address behind the text; one
// without any text, as around a logo, shows the picture's.
func (t *thinner) endLink() {
	label := strings.TrimSpace(t.out.String()[min(t.shown, t.out.Len()):])
	if label == "" {
		label = t.alt
		t.out.WriteString(label)
	}
	if t.link != "" && label != "" && !strings.HasPrefix(t.link, "mailto:") && !strings.HasPrefix(t.link, "tel:") {
		t.out.WriteString(`<a href="`)
		t.out.WriteString(t.link)
		t.out.WriteString(`"></a>`)
	}
	t.link = ""
}

func (t *thinner) br(n int) {
	for range n {
		t.out.WriteString("<br>")
	}
}

// text keeps words; line breaks of the source are only spaces.
func (t *thinner) text(s string) {
	if t.hidden == 0 && s != "" {
		t.out.WriteString(s)
	}
}

// tagEnd finds the end of the tag that s begins with, past quoted attributes.
func tagEnd(s string) int {
	var quote byte
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i
		}
	}
	return -1
}

func tagName(tag string) string {
	if i := strings.IndexAny(tag[min(1, len(tag)):], " \t\n\r/"); i >= 0 {
		return tag[:i+1]
	}
	return tag
}

// attribute reads a quoted attribute of a tag.
func attribute(tag, name string) string {
	for rest := tag; ; {
		i := strings.Index(rest, name+`="`)
		if i < 0 {
			return ""
		}
		value := rest[i+len(name)+2:]
		end := strings.IndexByte(value, '"')
		if end < 0 {
			return ""
		}
		if i > 0 && strings.IndexByte(" \t\n\r", rest[i-1]) >= 0 {
			return value[:end]
		}
		rest = value[end+1:]
	}
}

// tidy takes spaces from the ends of lines and more than one empty line.
func tidy(s string) string {
	var out strings.Builder
	out.Grow(len(s))
	empty := 2 // nothing before the first line
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimSpace(strings.ReplaceAll(line, "  ", " "))
		if line == "" {
			empty++
			continue
		}
		if empty > 1 && out.Len() > 0 {
			out.WriteByte('\n')
		}
		out.WriteString(line)
		out.WriteByte('\n')
		empty = 0
	}
	return out.String()
}
