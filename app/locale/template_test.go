package locale

import (
	"html/template"
	"strings"
	"testing"
)

func TestFuncs(t *testing.T) {
	data := map[string]any{"n": 12, "s": "a", "lines": []any{"Ada", "1 Street"}, "bad": []any{1}}
	for _, c := range []struct {
		name, text string
		tag        Tag
		want       string // what comes out, or part of the error
	}{
		{"text", `{{t "order_page.title" "order" "#1042"}}`, "fa", "سفارش \u2068#1042\u2069"},
		{"text is escaped", `{{t "order_page.title" "order" "<b>"}}`, "en", "Order &lt;b&gt;"},
		{"text that is missing is empty", `{{t "nowhere"}}`, "en", ""},
		{"isolated", `{{bdi "<b>"}}`, "en", "<bdi>&lt;b&gt;</bdi>"},
		{"left to right", `{{ltr "+1 (212)"}}`, "fa", `<bdi dir="ltr">+1 (212)</bdi>`},
		{"number", `{{number .n}}`, "fa", "۱۲"},
		{"sum", `{{number (add .n 1)}}`, "en", "13"},
		{"address", `{{address .lines}}`, "de", "Ada, 1 Street"},
		{"a name without a value", `{{t "order_page.title" "order"}}`, "en", "a name without a value"},
		{"a name that is none", `{{t "order_page.title" 1 2}}`, "en", "1 is not a name"},
		{"not a number", `{{number .s}}`, "en", "string is not a whole number"},
		{"not an address", `{{address .s}}`, "en", "string is not a list of texts"},
		{"not an address line", `{{address .bad}}`, "en", "int is not a text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			err := template.Must(template.New("").Funcs(Funcs(c.tag)).Parse(c.text)).Execute(&b, data)
			switch {
			case err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)):
				t.Error(err)
			case err == nil && b.String() != c.want:
				t.Errorf("got %+q, want %+q", b.String(), c.want)
			}
		})
	}
}

func BenchmarkT(b *testing.B) {
	args := map[string]any{"count": 3, "total": "$12", "shop": "Lumen & Loom"}
	for _, tag := range []Tag{"en", "fa", "ru"} {
		b.Run(string(tag), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Shopper.T(tag, "confirmation.preheader", args)
			}
		})
	}
}
