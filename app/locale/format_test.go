package locale

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/money"
)

// intl is what ICU answered when cldr.mjs asked it.
type intl struct {
	PersianNewYears map[string]clock.Date `json:"persian_new_years"`
	Tags            map[Tag]struct {
		Money []struct {
			Minor    string
			Currency string
			Want     string
		}
		Number  []numberCase
		Percent []numberCase
		Date    []struct {
			Day                  clock.Date
			Long, Short, Weekday string
		}
		Moment []struct {
			At           time.Time
			Zone         string
			Moment, Time string
		}
		List []struct {
			Items []string
			Want  string
		}
	}
}

type numberCase struct {
	N    int64
	Want string
}

func readIntl(t *testing.T) intl {
	t.Helper()
	b, err := os.ReadFile("testdata/intl.json")
	if err != nil {
		t.Fatal(err)
	}
	var g intl
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestFormatsAgreeWithICU(t *testing.T) {
	cases := 0
	same := func(t *testing.T, what any, got, want string) {
		t.Helper()
		cases++
		if got != want {
			t.Errorf("%v: got %+q, ICU says %+q", what, got, want)
		}
	}
	golden := readIntl(t)
	for _, tag := range Supported {
		t.Run(string(tag), func(t *testing.T) {
			g := golden.Tags[tag]
			for _, c := range g.Money {
				minor, err := strconv.ParseInt(c.Minor, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				same(t, c, tag.Money(money.New(minor, c.Currency)), c.Want)
			}
			for _, c := range g.Number {
				same(t, c, tag.Number(c.N), c.Want)
			}
			for _, c := range g.Percent {
				same(t, c, tag.Percent(c.N), c.Want)
			}
			for _, c := range g.Date {
				same(t, c, tag.Date(c.Day), c.Long)
				same(t, c, tag.DateShort(c.Day), c.Short)
				same(t, c, tag.Weekday(c.Day), c.Weekday)
			}
			for _, c := range g.Moment {
				zone, err := time.LoadLocation(c.Zone)
				if err != nil {
					t.Fatal(err)
				}
				same(t, c, tag.DateTime(c.At, zone), c.Moment)
				same(t, c, tag.Time(c.At, zone), c.Time)
			}
			for _, c := range g.List {
				// ICU does not isolate the items.
				same(t, c, strings.NewReplacer(fsi, "", pdi, "").Replace(tag.List(c.Items)), c.Want)
			}
		})
	}
	if cases < 3000 {
		t.Errorf("only %d cases: has the golden file lost some?", cases)
	}
}

func TestPersianYearsBeginAsInICU(t *testing.T) {
	years := readIntl(t).PersianNewYears
	if len(years) < 200 {
		t.Fatalf("only %d years", len(years))
	}
	for year, day := range years {
		want, err := strconv.Atoi(year)
		if err != nil {
			t.Fatal(err)
		}
		if y, m, d := persian(day); y != want || m != 1 || d != 1 {
			t.Errorf("%s is %d/%d/%d, ICU says %d/1/1", day, y, m, d, want)
		}
		if y, m, d := persian(day.AddDays(-1)); y != want-1 || m != 12 || d < 29 || d > 30 {
			t.Errorf("the day before %s is %d/%d/%d", day, y, m, d)
		}
	}
}

func TestPersianDaysFollowEachOther(t *testing.T) {
	day := clock.Date{Year: 2020, Month: 1, Day: 1}
	py, pm, pd := persian(day)
	for range 40 * 365 {
		day = day.AddDays(1)
		y, m, d := persian(day)
		next := y == py && m == pm && d == pd+1
		month := y == py && m == pm+1 && d == 1 && pd >= 29
		year := y == py+1 && m == 1 && d == 1 && pm == 12
		if !next && !month && !year {
			t.Fatalf("%s: %d/%d/%d after %d/%d/%d", day, y, m, d, py, pm, pd)
		}
		py, pm, pd = y, m, d
	}
}

func TestMoneyAtTheEdges(t *testing.T) {
	for _, c := range []struct {
		name   string
		tag    Tag
		amount money.Amount
		want   string
	}{
		{"the smallest number", "en", money.New(math.MinInt64, "USD"), "-$92,233,720,368,547,758.08"},
		{"a language we do not have", "pt", money.New(1234, "EUR"), "€12.34"},
		{"a currency nobody knows", "de", money.New(1234, "QQQ"), "12,34\u00a0QQQ"},
		{"no currency", "en", money.Amount{}, "\u00a00.00"},
		{"decimals that CLDR hides", "en", money.New(1250, "HUF"), "HUF\u00a012.50"},
		{"decimals that are zero", "en", money.New(1200, "HUF"), "HUF\u00a012"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.tag.Money(c.amount); got != c.want {
				t.Errorf("got %+q, want %+q", got, c.want)
			}
		})
	}
}

func TestFrenchCallsTheFirstOfTheMonth1er(t *testing.T) {
	first := clock.Date{Year: 2027, Month: 2, Day: 1}
	if got := Tag("fr").Date(first); got != "1er février 2027" {
		t.Errorf("got %q", got)
	}
	if got := Tag("fr").Weekday(first); got != "lundi 1er février" {
		t.Errorf("got %q", got)
	}
}

func TestJoinAddress(t *testing.T) {
	lines := []string{"Sara Ahmadi", "", " 12 Elm Street ", "Springfield IL 62704"}
	for tag, want := range map[Tag]string{
		"en": "Sara Ahmadi, 12 Elm Street, Springfield IL 62704",
		"fa": "\u2068Sara Ahmadi\u2069، \u206812 Elm Street\u2069، \u2068Springfield IL 62704\u2069",
		"ja": "Sara Ahmadi 12 Elm Street Springfield IL 62704",
	} {
		if got := tag.JoinAddress(lines); got != want {
			t.Errorf("%s: got %+q, want %+q", tag, got, want)
		}
	}
}

func TestIsolation(t *testing.T) {
	for _, c := range []struct{ name, got, want string }{
		{"order name", IsolateLTR("#1042"), "\u2066#1042\u2069"},
		{"nothing stays nothing", Isolate(""), ""},
		{"once is enough", Isolate(Isolate("Sara")), "\u2068Sara\u2069"},
		{"two isolates in a row are not one", Isolate("\u2068a\u2069\u2068b\u2069"), "\u2068\u2068a\u2069\u2068b\u2069\u2069"},
		{"html is escaped", string(BDI(`<b>"`)), "<bdi>&lt;b&gt;&#34;</bdi>"},
		{"no empty element", string(BDI("")), ""},
		{"Persian name in a Persian text", Tag("fa").isolateArg("سارا احمدی"), "سارا احمدی"},
		{"Latin name in a Persian text", Tag("fa").isolateArg("Sara"), "\u2068Sara\u2069"},
		{"Persian name in a German text", Tag("de").isolateArg("سارا"), "\u2068سارا\u2069"},
		{"Latin name in a German text", Tag("de").isolateArg("Sara"), "Sara"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("got %+q, want %+q", c.got, c.want)
			}
		})
	}
}

func TestMatch(t *testing.T) {
	for asked, want := range map[string]Tag{
		"fa-IR": "fa", "fa": "fa", "FA": "fa", "fa_IR": "fa", "prs": "fa",
		"ar-EG": "ar", "arb": "ar", "de-AT": "de", "gsw": "de", "en-GB": "en", "es-419": "es", "fr-CA": "fr", "ja-JP": "ja", "ru-KZ": "ru",
		"zh-TW": "en", "pt-BR": "en", "uk": "en", "ca": "en", "az-Arab": "en", "he": "en",
		"": "en", "und": "en", "x": "en", "!!": "en", "*": "en", "und-Arab": "ar", "i-klingon": "en",
		"pt-BR,fa;q=0.8,en;q=0.5": "fa", "de;q=0.2, ja": "ja", "zh-TW, xx": "en", strings.Repeat("de-", 500): "en",
	} {
		if got := Match(asked); got != want {
			t.Errorf("%.40q: got %s, want %s", asked, got, want)
		}
	}
}
