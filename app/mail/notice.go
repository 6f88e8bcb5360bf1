package mail

import _ "embed" // the compiled template

// NoticeTemplate is templates/notice.mjml, compiled: a short mail in the look of
// the confirmation. A heading, a few sentences, rows of facts, a button.
//
//go:embed templates/notice.html
var NoticeTemplate []byte

// NoticeSubject is the subject line that belongs to it.
const NoticeSubject = `{{ notice.subject }}`

// A Notice is what a short mail says, in its reader's language already.
type Notice struct {
	Subject, Preheader string
	Heading            string
	Paragraphs         []string
	Rows               []NoticeRow
	ButtonLabel        string
	ButtonURL          string // "" for no button
	Small              string // below, in muted letters
}

// NoticeRow is a fact with its name.
type NoticeRow struct{ Label, Value string }

// Data is the notice as its template reads it.
func (n Notice) Data() map[string]any {
	paragraphs := make([]any, len(n.Paragraphs))
	for i, p := range n.Paragraphs {
		paragraphs[i] = p
	}
	rows := make([]any, len(n.Rows))
	for i, r := range n.Rows {
		rows[i] = map[string]any{"label": r.Label, "value": r.Value}
	}
	return map[string]any{"subject": n.Subject, "preheader": n.Preheader, "heading": n.Heading, "paragraphs": paragraphs, "rows": rows,
		"button": map[string]any{"label": n.ButtonLabel, "url": n.ButtonURL}, "small": n.Small}
}
