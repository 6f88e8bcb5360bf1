package locale

import (
	"strings"
	"testing"
	"testing/fstest"

	"afterglow/app/clock"
	"afterglow/app/money"
)

// sayings loads one message in several languages.
func sayings(t *testing.T, texts map[Tag]string) *Catalogue {
	t.Helper()
	files := fstest.MapFS{}
	for tag, text := range texts {
		files[string(tag)+".json"] = &fstest.MapFile{Data: []byte(`{"it": "` + text + `"}`)}
	}
	c, err := Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMessages(t *testing.T) {
	type args = map[string]any
	items := "{count, plural, =0 {nothing} one {# item} other {# items}}"
	for _, c := range []struct {
		name, text string
		tag        Tag
		args       args
		want       string
	}{
		{"plain", "Thank you", "en", nil, "Thank you"},
		{"empty", "", "en", nil, ""},
		{"argument", "Order {order} confirmed", "en", args{"order": "#1042"}, "Order #1042 confirmed"},
		{"an argument is not a message", "Hi {name}", "en", args{"name": "{count, plural"}, "Hi {count, plural"},
		{"exact number", items, "en", args{"count": 0}, "nothing"},
		{"one", items, "en", args{"count": 1}, "1 item"},
		{"many", items, "en", args{"count": int64(1234)}, "1,234 items"},
		{"a count from JSON", items, "en", args{"count": 2.0}, "2 items"},
		{"formatted number", "{n} pieces", "de", args{"n": 12345}, "12.345 pieces"},
		{"formatted money", "{a}", "de", args{"a": money.New(1230, "EUR")}, "12,30\u00a0€"},
		{"formatted date", "{d}", "de", args{"d": clock.Date{Year: 2027, Month: 1, Day: 5}}, "5. Januar 2027"},
		{"select", "{kind, select, pickup {come} other {wait}}", "en", args{"kind": "pickup"}, "come"},
		{"select something else", "{kind, select, pickup {come} other {wait}}", "en", args{"kind": "x"}, "wait"},
		{"argument within a plural", "{count, plural, one {# at {shop}} other {# from {shop}}}", "en", args{"count": 3, "shop": "A"}, "3 from A"},
		{"one full stop is enough", "Bis {d}. {shop}.", "ru", args{"d": clock.Date{Year: 2027, Month: 1, Day: 5}, "shop": "Acme"}, "Bis 5 января 2027\u202fг. Acme."},
		{"also behind the end of an isolate", "از {shop}. بله", "fa", args{"shop": "Acme Inc."}, "از \u2068Acme Inc.\u2069 بله"},
		{"a plural within a select", "{k, select, a {{n, plural, one {# x} other {# xs}}} other {#}}", "en", args{"k": "a", "n": 2}, "2 xs"},
		{"# outside a plural", "No. #1", "en", nil, "No. #1"},
		{"apostrophe", "don't", "en", nil, "don't"},
		{"apostrophe before a brace quotes", "'{x}' and ''", "en", nil, "{x} and '"},
		{"quoted #", "{count, plural, other {'#'#}}", "en", args{"count": 2}, "#2"},
		{"Russian few", "{count, plural, one {# товар} few {# товара} many {# товаров} other {# товара}}", "ru", args{"count": 22}, "22 товара"},
		{"Russian many", "{count, plural, one {# товар} few {# товара} many {# товаров} other {# товара}}", "ru", args{"count": 11}, "11 товаров"},
		{"Arabic two", "{count, plural, zero {z} one {o} two {t} few {f} many {m} other {x}}", "ar", args{"count": 2}, "t"},
		{"Arabic few", "{count, plural, zero {z} one {o} two {t} few {f} many {m} other {x}}", "ar", args{"count": 103}, "f"},
		{"a thousand million is not zero", "{count, plural, zero {z} one {o} two {t} few {f} many {m} other {x}}", "ar", args{"count": 1_000_000_000}, "x"},
		{"Persian isolates and counts in its own digits", "{n} از {shop}", "fa", args{"n": 12, "shop": "Lumen"}, "۱۲ از \u2068Lumen\u2069"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cat := sayings(t, map[Tag]string{"en": c.text, c.tag: c.text})
			got, err := cat.Text(c.tag, "it", c.args)
			if err != nil || got != c.want {
				t.Errorf("got %+q, %v; want %+q", got, err, c.want)
			}
		})
	}
}

func TestBrokenMessages(t *testing.T) {
	for name, text := range map[string]string{
		"open brace":            "Hi {name",
		"closing brace":         "Hi name}",
		"no name":               "Hi {}",
		"strange name":          "Hi {first name}",
		"unknown kind":          "{n, number, integer}",
		"no cases":              "{n, plural}",
		"no other":              "{n, plural, one {x}}",
		"not a category":        "{n, plural, singular {x} other {y}}",
		"twice":                 "{n, plural, one {x} one {z} other {y}}",
		"case without a text":   "{n, plural, other}",
		"exact but no number":   "{n, plural, =x {x} other {y}}",
		"unclosed case":         "{n, plural, other {y}",
		"as deep as the ocean":  strings.Repeat("{n, plural, other {", 10) + strings.Repeat("}}", 10),
		"as long as the Danube": strings.Repeat("x", maxMessage+1),
	} {
		t.Run(name, func(t *testing.T) {
			if m, err := parseMessage(text); err == nil {
				t.Errorf("parsed: %v", m)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	en := &fstest.MapFile{Data: []byte(`{"it": "ok"}`)}
	for name, files := range map[string]fstest.MapFS{
		"no English":         {"de.json": en},
		"a foreign language": {"en.json": en, "tlh.json": en},
		"no JSON":            {"en.json": {Data: []byte(`{`)}},
		"a broken message":   {"en.json": {Data: []byte(`{"it": "{"}`)}},
		"a nested file":      {"en.json": {Data: []byte(`{"it": {"deep": "x"}}`)}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Load(files); err == nil {
				t.Error("loaded")
			}
		})
	}
}

func TestMisses(t *testing.T) {
	c, err := Load(fstest.MapFS{
		"en.json": {Data: []byte(`{"hi": "Hi {name}", "n": "{n, plural, other {# of {shop}}}"}`)},
		"de.json": {Data: []byte(`{"hi": "Hallo {name}"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var seen []Miss
	c.OnMiss(func(m Miss) { seen = append(seen, m) })
	for _, s := range []struct{ name, got, want string }{
		{"found", c.T("de", "hi", map[string]any{"name": "Ada"}), "Hallo Ada"},
		{"falls back to English", c.T("de", "n", map[string]any{"n": 2, "shop": "A"}), "2 of A"},
		{"a language we do not have is English", c.T("pt", "hi", map[string]any{"name": "Ada"}), "Hi Ada"},
		{"no such key", c.T("de", "nowhere", nil), ""},
		{"no argument", c.T("de", "hi", nil), "Hallo "},
		{"an argument of a wrong kind", c.T("de", "hi", map[string]any{"name": []int{1}}), "Hallo "},
		{"half a piece", c.T("en", "n", map[string]any{"n": 1.5, "shop": "A"}), "1 of A"},
	} {
		if s.got != s.want {
			t.Errorf("%s: got %q, want %q", s.name, s.got, s.want)
		}
	}
	want := []string{
		"locale: n in de: no such message",
		"locale: nowhere in de: no such message",
		"locale: hi in de: no usable argument name",
		"locale: hi in de: no usable argument name",
		"locale: n in en: no usable argument n",
	}
	if len(seen) != len(want) || c.Misses() != int64(len(want)) {
		t.Fatalf("%d misses told, %d counted: %v", len(seen), c.Misses(), seen)
	}
	for i := range want {
		if seen[i].Error() != want[i] {
			t.Errorf("got %q, want %q", seen[i], want[i])
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	for _, s := range []string{
		"Order {order} confirmed", "{count, plural, =0 {none} one {# item} other {# items}}", "{k, select, a {x} other {'{'#}}",
		"it's ''{'", "{n, plural, other {{m, plural, other {#}}}}", "{", "}", "{n,", "{n, plural, =", "\x00{\xff}",
	} {
		f.Add(s, int64(3), "x")
	}
	f.Fuzz(func(t *testing.T, s string, n int64, arg string) {
		m, err := parseMessage(s)
		if err != nil {
			return
		}
		args := map[string]any{}
		used := map[string]nodeKind{}
		m.args(used)
		for name, kind := range used {
			args[name] = any(arg)
			if kind == nodePlural {
				args[name] = n
			}
		}
		for _, tag := range Supported {
			w := writer{tag: tag, args: args}
			w.message(m, "")
			for _, name := range w.missing {
				if used[name] != nodePlural && used[name] != nodeSelect {
					t.Errorf("%s: argument %s was given", tag, name)
				}
			}
		}
	})
}

func FuzzMatch(f *testing.F) {
	f.Add("fa-IR")
	f.Add("pt-BR,fa;q=0.8")
	f.Fuzz(func(t *testing.T, s string) {
		if got := Match(s); !got.known() {
			t.Errorf("Match(%q) = %q", s, got)
		}
	})
}
