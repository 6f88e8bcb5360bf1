package mail

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"afterglow/app/problem"
)

func phraseStub(key string, args map[string]any) (string, error) {
	if !strings.Contains(key, ".") {
		return "", ErrPhrase
	}
	out := key
	for _, name := range []string{"name", "count"} {
		if v, ok := args[name]; ok {
			out += " " + name + "=" + text(v)
		}
	}
	return out, nil
}

func fill(source string, data map[string]any) (string, error) {
	return newEngine(true).render([]byte(source), data, phraseStub)
}

func TestLiquidWritesWhatMerchantsKnow(t *testing.T) {
	data := map[string]any{
		"name": "O'Neil & <b>", "empty": "", "n": 3, "yes": true, "url": "https://a.example/?x=1&y=2",
		"items": []any{map[string]any{"title": "Lamp", "q": 2}, map[string]any{"title": "Mug", "q": 1}},
		"maps":  []map[string]any{{"title": "a"}}, "words": []string{"x", "y"},
	}
	for _, c := range []struct{ name, source, want string }{
		{"escapes", `{{ name }}`, `O&#39;Neil &amp; &lt;b&gt;`},
		{"escapes once", `{{ name | escape }}`, `O&#39;Neil &amp; &lt;b&gt;`},
		{"escapes what a filter made", `{{ "<" | append: "script>" }}`, `&lt;script&gt;`},
		{"capture is not escaped again", `{% capture c %}<i>{{ name }}</i>{% endcapture %}{{ c }}`, `<i>O&#39;Neil &amp; &lt;b&gt;</i>`},
		{"a filter on a capture makes it text", `{% capture c %}<i>{% endcapture %}{{ c | append: "" }}`, `&lt;i&gt;`},
		{"line breaks", `{{ "a<\nb" | newline_to_br }}`, "a&lt;<br>\nb"},
		{"loop", `{% for i in items %}{{ forloop.index }}{{ i.title }}{% unless forloop.last %}, {% endunless %}{% endfor %}`, "1Lamp, 2Mug"},
		{"loop with limit, offset, reversed", `{% for i in (1..9) reversed limit:2 offset:3 %}{{ i }}{% endfor %}`, "54"},
		{"loop over nothing", `{% for i in empty_list %}x{% else %}none{% endfor %}`, "none"},
		{"break and continue", `{% for i in (1..9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}`, "13"},
		{"case", `{% case n %}{% when 1, 2 %}low{% when 3 %}three{% else %}else{% endcase %}`, "three"},
		{"cycle", `{% for i in (1..3) %}{% cycle "a", "b" %}{% endfor %}`, "aba"},
		{"unless else", `{% unless yes %}a{% else %}b{% endunless %}`, "b"},
		{"elsif", `{% if n == 1 %}a{% elsif n == 3 %}b{% else %}c{% endif %}`, "b"},
		{"phrase with named arguments", `{{ "a.b" | t: name: name, count: n }}`, `a.b name=O&#39;Neil &amp; &lt;b&gt; count=3`},
		{"raw phrase escapes its arguments", `{{ "a.b" | raw: name: name }}`, `a.b name=O&#39;Neil &amp; &lt;b&gt;`},
		{"web address", `{{ url | url }}`, `https://a.example/?x=1&amp;y=2`},
		{"default", `{{ empty | default: "none" }}{{ n | default: 1 }}`, "none3"},
		{"default allows false", `{{ no | default: "x", allow_false: true }}`, "x"},
		{"lists", `{{ items | map: "title" | join: "+" }} {{ words | reverse | first }} {{ maps | map: "title" }}`, "Lamp+Mug y a"},
		{"where", `{% assign w = items | where: "q", 1 | first %}{{ w.title }}`, "Mug"},
		{"sum", `{{ items | map: "q" | sum }}`, "3"},
		{"numbers", `{{ n | times: 2 | plus: 1 | divided_by: 2 }}`, "3"},
		{"texts", `{{ "ab cd" | capitalize | replace: "cd", "x" | truncate: 4, "" }}{{ "Ä b" | handle }}`, "Ab xä-b"},
		{"uniq and sort", `{{ "b,a,b" | split: "," | uniq | sort | join }}`, "a b"},
		{"white space", "a {%- if yes -%} b {%- endif -%} c", "abc"},
		{"comment and raw", `{% comment %}{{ name }}{% endcomment %}{% raw %}{{ x }}{% endraw %}`, "{{ x }}"},
		{"what is not there", `{{ nothing.at.all }}{{ n.x }}`, ""},
		{"a colon in a text is no argument", `{{ "a|b: c:" | append: "|x: y: z" }}`, "a|b: c:|x: y: z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := fill(c.source, data)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLiquidRefuses(t *testing.T) {
	for _, c := range []struct{ name, source string }{
		{"include", `{% include "/etc/passwd" %}`},
		{"render", `{% render "x" %}`},
		{"tablerow", `{% tablerow i in (1..3) %}x{% endtablerow %}`},
		{"unknown filter", `{{ "x" | inspect }}`},
		{"json", `{{ "x" | json }}`},
		{"raw of data", `{{ payload | raw }}`},
		{"safe of data", `{{ payload | safe }}`},
		{"raw of a literal", `{{ "<script>" | raw }}`},
		{"dotted assign", `{% assign shop.name = "x" %}`},
		{"open block", `{% if a %}`},
		{"stray end", `{% endif %}`},
		{"broken expression", `{{ a | }}`},
		{"division by zero", `{{ 1 | divided_by: 0 }}`},
		{"number out of range", `{{ 99999999999999999999 }}`},
		{"invalid identifier", "{{ \u200b }}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := fill(c.source, map[string]any{"payload": "<script>alert(1)</script>"})
			if err == nil {
				t.Fatalf("rendered %q", out)
			}
			if out != "" {
				t.Errorf("half a mail came out: %q", out)
			}
			if problem.Of(err).Kind == problem.Internal && !errors.Is(err, ErrPhrase) {
				t.Errorf("no words for people: %v", err)
			}
		})
	}
}

func TestURLFilter(t *testing.T) {
	for _, bad := range []string{
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:x", "java\nscript:x", "data:text/html,x", "vbscript:x",
		"//evil.example", "/path", "http://", "https://user:pw@evil.example/", "https://a.example/\\", "https:// a.example", "file:///etc/passwd", "\x01https://a.example",
	} {
		if got := linkable(bad); got != "" {
			t.Errorf("%q became the link %q", bad, got)
		}
	}
	for _, good := range []string{"https://a.example/x?y#z", "http://127.0.0.1:8080/l/o/x", "mailto:a@b.example", "tel:+4930123456"} {
		if linkable(good) != good {
			t.Errorf("%q is refused", good)
		}
	}
}

// bombs are templates that would use up memory or time, each in another way.
func bombs() map[string]string {
	many := func(s string, n int) string { return strings.Repeat(s, n) }
	return map[string]string{
		"three million turns":       `{% for i in (1..3000000) %}x{% endfor %}`,
		"nested loops":              `{% for i in (1..1000) %}{% for j in (1..1000) %}{% for k in (1..1000) %}{% endfor %}{% endfor %}{% endfor %}`,
		"endless range":             `{% for i in (1..9223372036854775807) %}{% endfor %}`,
		"range to a list":           `{{ (1..900000000) | join: "" }}`,
		"range sorted":              `{{ (1..900000000) | sort | first }}`,
		"range sized":               `{% assign a = (1..4999) | concat: (1..4999) %}{{ a | size }}`,
		"doubling append":           `{% assign a = "xxxxxxxxxxxxxxxx" %}` + many(`{% assign a = a | append: a %}`, 60) + `{{ a }}`,
		"doubling prepend":          `{% assign a = "xxxxxxxxxxxxxxxx" %}` + many(`{% assign a = a | prepend: a %}`, 60) + `{{ a }}`,
		"doubling capture":          `{% assign a = "xxxxxxxxxxxxxxxx" %}` + many(`{% capture a %}{{ a }}{{ a }}{% endcapture %}`, 60) + `{{ a }}`,
		"doubling concat":           `{% assign a = "1,2,3,4,5" | split: "," %}` + many(`{% assign a = a | concat: a %}`, 60) + `{{ a | size }}`,
		"replace by a giant":        `{% assign a = "` + many("x", 20000) + `" %}{{ a | replace: "x", a }}`,
		"replace nothing":           `{% assign a = "` + many("x", 20000) + `" %}{{ a | replace: "", a }}`,
		"replace first over again":  `{% assign a = "` + many("x", 30000) + `" %}{% for i in (1..4000) %}{% assign b = a | replace_first: "x", a %}{% endfor %}`,
		"join by a giant":           `{% assign a = "` + many("x", 20000) + `" %}{{ (1..4000) | join: a }}`,
		"split into letters":        `{% assign a = "` + many("x", 60000) + `" %}{{ a | split: "" | join: "" }}`,
		"output":                    `{% assign a = "` + many("x", 30000) + `" %}{% for i in (1..4000) %}{{ a }}{% endfor %}`,
		"escaped output":            `{% assign a = "` + many("<", 30000) + `" %}{% for i in (1..4000) %}{{ a }}{% endfor %}`,
		"long source":               many("x", maxSource+1),
		"deep nesting":              many("{% if a %}", 5000) + many("{% endif %}", 5000),
		"deep loops":                many("{% for i in (1..50) %}", 20) + many("{% endfor %}", 20),
		"filters without end":       `{% for i in (1..5000) %}{{ "x"` + many(` | upcase | downcase`, 2500) + ` }}{% endfor %}`,
		"many filters":              `{% for i in (1..5000) %}` + many(`{{ "x"`+many(` | upcase`, 400)+` }}`, 12) + `{% endfor %}`,
		"many conditions":           `{% for i in (1..5000) %}` + many(`{% if a`+many(" or a", 400)+` %}{% endif %}`, 20) + `{% endfor %}`,
		"strip_html over again":     `{% assign a = "` + many("<a", 30000) + `" %}{% for i in (1..5000) %}{% assign b = a | strip_html %}{% endfor %}`,
		"uniq of many":              `{% assign a = "` + many("a.b.", 2400) + `" | split: "." %}{% for i in (1..5000) %}{% assign b = a | uniq %}{% endfor %}`,
		"sort of many":              `{% assign a = (1..4999) | reverse %}{% for i in (1..5000) %}{% assign b = a | sort %}{% endfor %}`,
		"truncatewords":             `{% assign a = "` + many("a ", 30000) + `" %}{% for i in (1..5000) %}{% assign b = a | truncatewords: 29999 %}{% endfor %}`,
		"empty expressions":         `{% for i in (1..5000) %}` + many("{{ a }}", 1900) + `{% endfor %}`,
		"conditions":                `{% for i in (1..5000) %}{% if a` + many(" or a", 12000) + ` %}{% endif %}{% endfor %}`,
		"contains":                  `{% assign a = (1..4999) | reverse %}{% for i in (1..5000) %}{% if a contains 0 %}{% endif %}{% if a contains 0 %}{% endif %}{% if a contains 0 %}{% endif %}{% endfor %}`,
		"equality of lists":         `{% assign a = (1..4999) | reverse %}{% assign b = (1..4999) | reverse %}{% for i in (1..5000) %}{% if a == b %}{% endif %}{% endfor %}`,
		"parentheses":               `{{ ` + many("(", 30000) + `1` + many(")", 30000) + ` }}` + `{% for i in (1..6000) %}{% endfor %}`,
		"index chain":               `{{ a` + many("[0", 15000) + many("]", 15000) + ` }}{% for i in (1..6000) %}{% endfor %}`,
		"list of giants as text":    `{% assign g = "` + many("x", 30000) + `" %}{% assign a = "1" | split: "," %}{% for i in (1..12) %}{% assign a = a | concat: a %}{% endfor %}{% for i in (1..4999) %}{{ a | append: g }}{% endfor %}`,
		"url encode":                `{% assign a = "` + many("%", 30000) + `" %}{{ a | url_encode | url_encode | url_encode }}`,
		"newline_to_br":             `{% assign a = "` + many(`\n`, 30000) + `" %}{{ a | newline_to_br | newline_to_br | newline_to_br }}{% for i in (1..6000) %}{% endfor %}`,
		"cycle":                     `{% for i in (1..5001) %}{% cycle "a", "b" %}{% endfor %}`,
		"giant number":              `{% assign n = 9223372036854775807 %}{% for i in (1..6000) %}{% assign n = n | times: n %}{% endfor %}`,
		"loop limit is not a limit": `{% for i in (1..900000000) limit: 900000000 %}{% endfor %}`,
	}
}

// C2: each bomb is stopped within 200 ms, also while every core is busy. On a
// machine that is busy with other programs, too, nothing can be stopped before it
// gets to run: there a bomb may compute for no longer than 60 ms.
func TestLiquidStopsBombs(t *testing.T) {
	for _, load := range []int{0, 2 * runtime.GOMAXPROCS(0)} {
		t.Run(fmt.Sprintf("load %d", load), func(t *testing.T) {
			stop := make(chan struct{})
			defer close(stop)
			for range load {
				go func() {
					for x := 1; ; x++ {
						if x%1000 == 0 {
							select {
							case <-stop:
								return
							default:
							}
						}
					}
				}()
			}
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			worst, most, late := time.Duration(0), time.Duration(0), 0
			for what, source := range bombs() {
				start, cpu := time.Now(), threadTime()
				out, err := fill(source, map[string]any{"a": "", "list": []any{1, 2, 3}})
				took, computed := time.Since(start), threadTime()-cpu
				worst, most = max(worst, took), max(most, computed)
				if err == nil {
					t.Errorf("%s: went off, %d bytes", what, len(out))
				}
				if took > 200*time.Millisecond {
					late++
					if computed > 60*time.Millisecond*raceFactor {
						t.Errorf("%s: took %v and computed for %v", what, took, computed)
					}
				}
			}
			t.Logf("%d bombs, the longest %v, computing for at most %v; %d were kept waiting beyond 200ms", len(bombs()), worst, most, late)
		})
	}
}

func TestLiquidMemoryOfBombs(t *testing.T) {
	for name, source := range bombs() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		fill(source, map[string]any{"a": ""})
		runtime.ReadMemStats(&after)
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 128 {
			t.Errorf("%s: allocated %d MiB", name, used)
		}
	}
}

type account struct{ Token string }

func (account) Secret() string { return "s3cret" }

// Data that could show more than was meant never reach a template.
func TestDataIsPlain(t *testing.T) {
	secret := account{Token: "shpat_canary"}
	for name, v := range map[string]any{
		"struct": secret, "pointer": &secret, "func": func() string { return secret.Token },
		"list of structs": []any{secret}, "typed list": []account{secret}, "map of structs": map[string]any{"x": secret},
		"typed map": map[string]account{"x": secret}, "error": errors.New("x"), "float": 1.5, "time": time.Now(), "bytes": []byte("x"), "channel": make(chan int),
	} {
		if err := checkData(map[string]any{"x": v}); !errors.Is(err, ErrData) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error tells the secret", name)
		}
	}
	deep := map[string]any{}
	for range 20 {
		deep = map[string]any{"x": deep}
	}
	if err := checkData(deep); err == nil {
		t.Error("too deep")
	}
	if err := checkData(map[string]any{"x": strings.Repeat("x", maxDataBytes+1)}); err == nil {
		t.Error("too large")
	}
	if err := checkData(map[string]any{"a": "x", "b": 1, "c": true, "d": []any{map[string]any{"e": []string{"f"}}}, "g": nil}); err != nil {
		t.Error(err)
	}
}

// Nothing of the machinery can be named or printed by a template.
func TestLiquidHidesTheMachinery(t *testing.T) {
	for _, source := range []string{
		`{{ run }}{{ .run }}`, `{{ forloop }}`, `{% for i in (1..2) %}{{ forloop.parentloop }}{% endfor %}`,
		`{% capture c %}x{% endcapture %}{{ c.Value }}{{ c.value }}`, `{{ (1..3) }}`, `{{ "a.b" | t }}`,
	} {
		out, err := fill(source, nil)
		if err == nil && (strings.Contains(out, "phrase") || strings.Contains(out, "0x") || strings.Contains(out, "func")) {
			t.Errorf("%s shows %q", source, out)
		}
	}
}

// Renderings do not see each other, and one engine serves many at once.
func TestLiquidAtOnce(t *testing.T) {
	e := newEngine(true)
	done := make(chan error)
	for i := range 32 {
		go func() {
			for range 50 {
				want := fmt.Sprintf("%d %d", i, i)
				got, err := e.render([]byte(`{% assign x = n %}{{ x }} {{ n | plus: 0 }}`), map[string]any{"n": i}, phraseStub)
				if err != nil || got != want {
					done <- fmt.Errorf("got %q, want %q: %v", got, want, err)
					return
				}
			}
			done <- nil
		}()
	}
	for range 32 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzLiquid(f *testing.F) {
	for _, s := range bombs() {
		if len(s) < 4096 {
			f.Add(s)
		}
	}
	for _, s := range []string{`{{ a | t: name: b }}`, `{%- for x in list -%}{{ x }}{%- endfor -%}`, `{% case a %}{% when "b" %}{% endcase %}`, `{{ "<" }}{{ '\'' }}`, `{{{}}}`, `{%%}`, `{{ a[b] }}`, `{% cycle "a": "b" %}`} {
		f.Add(s)
	}
	e := newEngine(true)
	f.Fuzz(func(t *testing.T, source string) {
		start := time.Now()
		out, err := e.render([]byte(source), map[string]any{"a": "<script>canary</script>", "b": 1, "list": []any{"x", 2, true}}, phraseStub)
		if took := time.Since(start); took > time.Second {
			t.Fatalf("took %v", took)
		}
		if len(out) > maxOutput || err != nil && out != "" {
			t.Fatalf("%d bytes, %v", len(out), err)
		}
		if strings.Contains(out, "<script>canary") && !strings.Contains(source, "<") {
			t.Fatalf("unescaped: %q", out)
		}
	})
}
