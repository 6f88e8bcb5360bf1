package mail_test

import (
	"bytes"
	"context"
	"html/template"
	"regexp"
	"strings"
	"testing"

	"afterglow/app/locale"
	"afterglow/app/mail"
)

// One confirmation, as it is sent: subject, HTML and plain text.
func BenchmarkRenderConfirmation(b *testing.B) {
	letter := mail.SampleConfirmation("en", "full")
	r := mail.NewRenderer(locale.Shopper.T)
	size := 0
	b.ReportAllocs()
	for b.Loop() {
		out, err := r.Render(context.Background(), confirmation, &letter, mail.Brand{})
		if err != nil {
			b.Fatal(err)
		}
		size = len(out.HTML)
	}
	b.ReportMetric(float64(size), "bytes/mail")
}

// The yardstick: the same template in the language of html/template, filled
// with the same data and phrases. It makes no subject and no plain text.
func BenchmarkHTMLTemplateSameSize(b *testing.B) {
	letter := mail.SampleConfirmation("en", "full")
	out, err := mail.NewRenderer(locale.Shopper.T).Render(context.Background(), confirmation, &letter, mail.Brand{})
	if err != nil {
		b.Fatal(err)
	}
	data := letter.Data
	data["subject"], data["locale"], data["dir"], data["start"], data["end"] = out.Subject, "en", "ltr", "left", "right"
	data["count"], data["sample"] = 4, false
	data["total"] = data["totals"].([]any)[5]
	brand := data["brand"].(map[string]any)
	for k, v := range map[string]string{"accent_text": "#ffffff", "surface": "#ffffff", "text": "#1f2328", "muted": "#656a71", "line": "#e4e5e5"} {
		brand[k] = v
	}
	tpl := template.Must(template.New("mail").Funcs(template.FuncMap{
		"t": func(key string, pairs ...any) string {
			args := make(map[string]any, len(pairs)/2)
			for i := 0; i+1 < len(pairs); i += 2 {
				args[pairs[i].(string)] = pairs[i+1]
			}
			return locale.Shopper.T("en", key, args)
		},
		"url": func(s string) string { return s },
		"br":  func(s string) template.HTML { return template.HTML(template.HTMLEscapeString(s)) },
	}).Parse(goTemplate(string(mail.ConfirmationTemplate))))
	var buf bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		buf.Reset()
		if err := tpl.Execute(&buf, data); err != nil {
			b.Fatal(err)
		}
	}
	if buf.Len() < len(out.HTML)/2 {
		b.Fatalf("%d bytes against %d", buf.Len(), len(out.HTML))
	}
	b.ReportMetric(float64(buf.Len()), "bytes/mail")
}

var (
	liquidPattern = regexp.MustCompile(`\{\{.*?\}\}|\{%.*?%\}`)
	wordPattern   = regexp.MustCompile(`"[^"]*"|[\w.]+`)
)

// goTemplate translates the Liquid that our templates use.
var assignPattern = regexp.MustCompile(`\{%\s*assign (\w+) =`)

func goTemplate(source string) string {
	local := map[string]bool{}
	value := func(s string) string {
		return wordPattern.ReplaceAllStringFunc(strings.TrimSpace(s), func(w string) string {
			root, rest, _ := strings.Cut(w, ".")
			switch {
			case w[0] == '"' || w[0] >= '0' && w[0] <= '9':
				return w
			case strings.HasSuffix(w, ".size"):
				return "(len $." + strings.TrimSuffix(w, ".size") + ")"
			case local[root] && rest != "":
				return "$" + root + "." + rest
			case local[root]:
				return "$" + root
			}
			return "$." + w
		})
	}
	piped := func(s string) string {
		parts := strings.Split(s, " | ")
		out := value(parts[0])
		for _, f := range parts[1:] {
			name, args, _ := strings.Cut(f, ":")
			switch strings.TrimSpace(name) {
			case "t":
				for _, arg := range strings.Split(args, ", ") {
					if k, v, ok := strings.Cut(arg, ":"); ok {
						out += ` "` + strings.TrimSpace(k) + `" ` + value(v)
					}
				}
				out = "(t " + out + ")"
			case "url":
				out = "(url " + out + ")"
			case "default":
				out = "(or " + out + " " + value(args) + ")"
			case "newline_to_br":
				out = "(br " + out + ")"
			case "prepend":
				out = "(print " + value(args) + " " + out + ")"
			default:
				panic(f)
			}
		}
		return out
	}
	var condition func(string) string
	condition = func(s string) string {
		for _, word := range []string{" or ", " and "} {
			if a, b, ok := strings.Cut(s, word); ok {
				return "(" + strings.TrimSpace(word) + " " + condition(a) + " " + condition(b) + ")"
			}
		}
		for sign, f := range map[string]string{" == ": "eq", " != ": "ne", " > ": "gt"} {
			if a, b, ok := strings.Cut(s, sign); ok {
				return "(" + f + " " + value(a) + " " + value(b) + ")"
			}
		}
		return value(s)
	}
	// Liquid keeps what is assigned in a branch, Go forgets it: declare all first.
	declared := ""
	var cases []string // what the case tags that are open compare
	for _, m := range assignPattern.FindAllStringSubmatch(source, -1) {
		if !local[m[1]] {
			local[m[1]] = true
			declared += "{{$" + m[1] + ` := ""}}`
		}
	}
	return declared + liquidPattern.ReplaceAllStringFunc(source, func(tag string) string {
		inner := strings.TrimSpace(tag[2 : len(tag)-2])
		if tag[1] == '{' {
			return "{{" + piped(inner) + "}}"
		}
		word, rest, _ := strings.Cut(inner, " ")
		switch word {
		case "for":
			name, of, _ := strings.Cut(rest, " in ")
			of, _, _ = strings.Cut(of, " limit:")
			of = value(of)
			local[name] = true
			return "{{range $" + name + " := " + of + "}}"
		case "if":
			return "{{if " + condition(rest) + "}}"
		case "elsif":
			return "{{else if " + condition(rest) + "}}"
		case "else":
			return "{{else}}"
		case "unless":
			return "{{if not " + condition(rest) + "}}"
		case "case":
			cases = append(cases, value(rest))
			return "{{if false}}"
		case "when":
			return "{{else if eq " + cases[len(cases)-1] + " " + value(rest) + "}}"
		case "endcase":
			cases = cases[:len(cases)-1]
			return "{{end}}"
		case "assign":
			name, of, _ := strings.Cut(rest, " = ")
			return "{{$" + name + " = " + piped(of) + "}}"
		default: // endfor, endif
			return "{{end}}"
		}
	})
}
