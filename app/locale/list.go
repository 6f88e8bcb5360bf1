package locale

import "strings"

type listFormat struct {
	Middle string `json:"middle"`
	End    string `json:"end"`
	Two    string `json:"two"`
}

// List writes an enumeration: "a, b, and c". In a language written from right to
// left each item is isolated.
func (t Tag) List(items []string) string {
	f := t.formats().List
	var b strings.Builder
	for i, item := range items {
		switch {
		case i == 0:
		case i < len(items)-1:
			b.WriteString(f.Middle)
		case len(items) == 2:
			b.WriteString(t.and(f.Two, item))
		default:
			b.WriteString(t.and(f.End, item))
		}
		b.WriteString(t.isolateArg(item))
	}
	return b.String()
}

// and returns the word that joins the last item. Spanish "y" becomes "e" before
// the sound of "i": "padre e hijo", but "agua y hielo".
func (t Tag) and(joint, item string) string {
	if t != "es" {
		return joint
	}
	w := strings.ToLower(item)
	if strings.HasPrefix(w, "i") || strings.HasPrefix(w, "í") ||
		(strings.HasPrefix(w, "hi") && !strings.HasPrefix(w, "hia") && !strings.HasPrefix(w, "hie")) {
		return strings.Replace(joint, " y ", " e ", 1)
	}
	return joint
}

// JoinAddress writes the lines of an address on one line, leaving out empty ones.
func (t Tag) JoinAddress(lines []string) string {
	separator := ", "
	switch t {
	case "ar", "fa":
		separator = "، "
	case "ja":
		separator = " " // a Japanese address runs on without commas
	}
	var kept []string
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			kept = append(kept, t.isolateArg(l))
		}
	}
	return strings.Join(kept, separator)
}
