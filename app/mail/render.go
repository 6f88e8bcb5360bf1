package mail

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"afterglow/app/locale"
	"afterglow/app/problem"
)

// ErrPhrase tells that a template asks for a phrase that the catalogue lacks.
var ErrPhrase = problem.New(problem.Internal, "mail.phrase_missing", "A text of the mail is missing in the catalogue.")

// maxSubject is in characters; mail programs show about sixty.
const maxSubject = 200

// Phrases looks up a text of the catalogue, as locale.Shopper.T does. It returns
// an empty text for a key that is in no language.
type Phrases func(tag locale.Tag, key string, args map[string]any) string

// Rendered is a letter laid out, ready to be sent.
type Rendered struct {
	Subject string
	HTML    string
	Text    string
	Locale  locale.Tag
}

// A Renderer lays letters out. It keeps compiled templates and is safe for
// concurrent use.
type Renderer struct {
	phrases Phrases
	body    *engine
	line    *engine
}

// NewRenderer returns a renderer that takes its texts from phrases.
func NewRenderer(phrases Phrases) *Renderer {
	return &Renderer{phrases: phrases, body: newEngine(true), line: newEngine(false)}
}

// Render lays a letter out in its language: subject, HTML, and the plain text
// made of that HTML. Besides the letter's data the template finds locale, dir,
// start and end ("left" and "right" as the language reads), brand, subject, and
// two sums that most mails open with: count, the pieces in items, and total, the
// row of that kind in totals.
//
// It returns ErrData, ErrTemplate, ErrTemplateLimit, ErrTemplateSlow or
// ErrPhrase; nothing is half rendered.
func (r *Renderer) Render(ctx context.Context, kind Kind, l *Letter, b Brand) (*Rendered, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkData(l.Data); err != nil {
		return nil, fmt.Errorf("render %s: %w", kind.Name, err)
	}
	tag := locale.Match(l.Locale)
	data := surroundings(tag, l.Data, b)
	tone, _ := data["tone"].(string)
	phrase := func(key string, args map[string]any) (string, error) {
		if s := r.phrases(tag, Toned(tone, key), args); s != "" {
			return s, nil
		}
		return "", ErrPhrase.With(fmt.Errorf("%s %s", tag, key))
	}
	words, err := r.words(l.Words, data, phrase)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", kind.Name, err)
	}
	data["words"] = words
	subject, err := r.line.render([]byte(subjectOf(kind, l)), data, phrase)
	if err != nil {
		return nil, fmt.Errorf("render subject of %s: %w", kind.Name, err)
	}
	out := &Rendered{Subject: oneLine(subject, maxSubject), Locale: tag}
	data["subject"] = out.Subject
	template := kind.Template
	if l.Template != nil {
		template = l.Template
	}
	if out.HTML, err = r.body.render(template, data, phrase); err != nil {
		return nil, fmt.Errorf("render %s: %w", kind.Name, err)
	}
	out.Text = plainText(out.HTML)
	return out, nil
}

// Check tells whether a template and a subject can be used: it reads them and
// renders the samples of the kind.
func (r *Renderer) Check(ctx context.Context, kind Kind) error {
	for _, s := range kind.Samples {
		if _, err := r.Render(ctx, kind, &s.Letter, Brand{}); err != nil {
			return err
		}
	}
	_, err := r.body.compile(kind.Template)
	return err
}

// words fills in what the merchant wrote. An empty text is left out, so that the
// template's own words take its place.
func (r *Renderer) words(words map[string]string, data map[string]any, phrase func(string, map[string]any) (string, error)) (map[string]any, error) {
	out := make(map[string]any, len(words))
	for _, name := range slices.Sorted(maps.Keys(words)) {
		text, err := r.line.render([]byte(words[name]), data, phrase)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = strings.TrimSpace(text)
	}
	return out, nil
}

// Toned is the key under which a phrase is looked up first when a mail has a
// tone; locale.Spoken knows what to do with it.
func Toned(tone, key string) string {
	if tone == "" {
		return key
	}
	return tone + locale.ToneMark + key
}

func subjectOf(kind Kind, l *Letter) string {
	if l.Subject != "" {
		return l.Subject
	}
	if kind.Subject != "" {
		return kind.Subject
	}
	name := kind.Name[strings.LastIndexByte(kind.Name, '.')+1:]
	return `{{ "` + name + `.subject" | t: order: order.name, shop: shop.name, name: customer.first_name }}`
}

func surroundings(tag locale.Tag, data map[string]any, b Brand) map[string]any {
	out := make(map[string]any, len(data)+12)
	maps.Copy(out, data)
	out["brand"] = b.over(brandOf(data)).data(tag)
	out["locale"], out["dir"] = string(tag), tag.Dir()
	out["start"], out["end"] = "left", "right"
	if tag.Dir() == "rtl" {
		out["start"], out["end"] = "right", "left"
	}
	count := 0
	for _, v := range list(data["items"]) {
		if n, ok := property(v, "quantity").(int); ok {
			count += n
		}
	}
	out["count"] = count
	for _, v := range list(data["totals"]) {
		if property(v, "kind") == "total" {
			out["total"] = v
		}
	}
	return out
}

// oneLine makes a text fit into a header: one line, no control characters, not
// longer than limit characters.
func oneLine(s string, limit int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar
	}), " ")
	if runes := []rune(s); len(runes) > limit {
		s = strings.TrimSpace(string(runes[:limit-1])) + "…"
	}
	return s
}
