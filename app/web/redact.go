package web

import (
	"context"
	"encoding"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"
)

// Redact returns a handler that masks secrets and personal data before next
// writes them: by the name of an attribute and by the look of a text. It is the
// last wall; nobody should log such things in the first place.
func Redact(next slog.Handler) slog.Handler { return &redactor{next} }

const masked = "[masked]"

type redactor struct{ next slog.Handler }

// Enabled asks the next handler.
func (r *redactor) Enabled(ctx context.Context, l slog.Level) bool { return r.next.Enabled(ctx, l) }

// Handle masks the record and passes it on.
func (r *redactor) Handle(ctx context.Context, record slog.Record) error {
	clean := slog.NewRecord(record.Time, record.Level, maskText(record.Message), record.PC)
	record.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(maskAttr(a))
		return true
	})
	return r.next.Handle(ctx, clean)
}

// WithAttrs masks the attributes and keeps them.
func (r *redactor) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = maskAttr(a)
	}
	return &redactor{r.next.WithAttrs(clean)}
}

// WithGroup opens a group.
func (r *redactor) WithGroup(name string) slog.Handler { return &redactor{r.next.WithGroup(name)} }

// secretKey matches attribute names whose values are never for a log. "error"
// and "code" are not among them: they are looked through like any text.
var secretKey = regexp.MustCompile(`(?i)(token|secret|passw(ord|d)?|authorization|cookie|hmac|signature|credential|api_?key|e_?mail|phone|address|first_?name|last_?name|customer_?name|recipient|subject|body|query|url)$`)

var secretText = []*regexp.Regexp{
	regexp.MustCompile(`\bshp(at|ca|pa|ss|rt|ua)_[A-Za-z0-9]{6,}`),
	regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*`), // a JWT
	regexp.MustCompile(`(?i)\b(bearer|basic)\s+\S{6,}`),
	regexp.MustCompile(`(?i)\b(id_token|access_token|refresh_token|client_secret|subject_token|hmac|signature|password|secret)("?\s*[=:]\s*"?)[^\s"&,}]{4,}`),
	regexp.MustCompile(`(?i)\b(state|code|session)=[^\s"&,}]{4,}`),
	regexp.MustCompile(`[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}.-]+\.[\p{L}]{2,}`), // an e-mail address
	regexp.MustCompile(`\?[A-Za-z0-9_%\[\].-]+=[^\s"]*`),                   // a query
	regexp.MustCompile(`://[^/\s:@"]+:[^/\s@"]+@`),                         // a password in an address
	regexp.MustCompile(`/l/([a-z]+)/[A-Za-z0-9_-]{20,}`),                   // a signed link
	regexp.MustCompile(`\+[0-9][0-9 ()-]{7,}[0-9]`),                        // a phone number
}

func maskText(s string) string {
	if s == "" {
		return s
	}
	for _, p := range secretText {
		s = p.ReplaceAllString(s, masked)
	}
	// A line break would let a value look like a record of its own.
	return strings.NewReplacer("\r", `\r`, "\x00", `\0`).Replace(s)
}

func maskAttr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		group := v.Group()
		clean := make([]slog.Attr, len(group))
		for i, g := range group {
			clean[i] = maskAttr(g)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(clean...)}
	}
	if secretKey.MatchString(a.Key) && !zeroValue(v) {
		return slog.String(a.Key, masked)
	}
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, maskText(v.String()))
	case slog.KindAny:
		return slog.String(a.Key, maskText(textOf(v.Any())))
	}
	return slog.Attr{Key: a.Key, Value: v}
}

func zeroValue(v slog.Value) bool { return v.Kind() == slog.KindString && v.String() == "" }

// textOf writes a value as text, so that what it holds can be looked through.
func textOf(v any) string {
	switch t := v.(type) {
	case nil:
		return ""
	case error:
		return t.Error()
	case time.Duration:
		return t.String()
	case encoding.TextMarshaler:
		if b, err := t.MarshalText(); err == nil {
			return string(b)
		}
	case fmt.Stringer:
		return t.String()
	}
	return fmt.Sprintf("%v", v)
}
