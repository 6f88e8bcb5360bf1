package locale

import (
	"strconv"
	"strings"
	"time"

	"afterglow/app/clock"
)

// Patterns hold names in braces: d dd (day), m mm (month by number), mon month
// (by name), y, weekday, h (12 hours), H H2 (24 hours, the latter always two
// digits), min, a (before or after noon).
type dateFormat struct {
	Calendar    string     `json:"calendar"`
	Long        string     `json:"long"`
	Short       string     `json:"short"`
	Day         string     `json:"day"`
	Moment      string     `json:"moment"`
	Time        string     `json:"time"`
	Months      [12]string `json:"months"`
	MonthsShort [12]string `json:"months_short"`
	Weekdays    [7]string  `json:"weekdays"` // from Sunday
	Periods     [2]string  `json:"periods"`
	FirstDay    string     `json:"first_day"` // how {d} is written on the first, if in a way of its own
}

// Date writes a day in full: "January 5, 2027", "5. Januar 2027", "۱۵ دی ۱۴۰۵".
func (t Tag) Date(d clock.Date) string { return t.formats().date(t.formats().Date.Long, d) }

// DateShort writes a day briefly, and still clearly: "Jan 5, 2027", "05.01.2027".
func (t Tag) DateShort(d clock.Date) string { return t.formats().date(t.formats().Date.Short, d) }

// Weekday writes a day near today, with its day of the week and without its
// year: "Tuesday, January 5".
func (t Tag) Weekday(d clock.Date) string { return t.formats().date(t.formats().Date.Day, d) }

// DateTime writes an instant as people in the zone see it: "January 5, 2027 at
// 3:04 PM". No zone counts as UTC.
func (t Tag) DateTime(at time.Time, zone *time.Location) string {
	return t.formats().moment(t.formats().Date.Moment, at, zone)
}

// Time writes the time of day in the zone: "3:04 PM", "15:04".
func (t Tag) Time(at time.Time, zone *time.Location) string {
	return t.formats().moment(t.formats().Date.Time, at, zone)
}

func (f *formats) date(pattern string, d clock.Date) string {
	return f.moment(pattern, time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC), time.UTC)
}

func (f *formats) moment(pattern string, at time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	at = at.In(zone)
	y, month, d := at.Date()
	m := int(month)
	if f.Date.Calendar == "persian" {
		y, m, d = persian(clock.Date{Year: y, Month: month, Day: d})
	}
	var b strings.Builder
	for pattern != "" {
		text, rest, ok := strings.Cut(pattern, "{")
		b.WriteString(text)
		if !ok {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		b.WriteString(f.field(name, y, m, d, at))
		pattern = after
	}
	return b.String()
}

func (f *formats) field(name string, y, m, d int, at time.Time) string {
	switch name {
	case "d":
		if d == 1 && f.Date.FirstDay != "" {
			return f.Date.FirstDay
		}
		return f.digits(d, 1)
	case "dd":
		return f.digits(d, 2)
	case "m":
		return f.digits(m, 1)
	case "mm":
		return f.digits(m, 2)
	case "mon":
		return f.Date.MonthsShort[m-1]
	case "month":
		return f.Date.Months[m-1]
	case "y":
		return f.digits(y, 1)
	case "weekday":
		return f.Date.Weekdays[at.Weekday()]
	case "h":
		return f.digits((at.Hour()+11)%12+1, 1)
	case "H":
		return f.digits(at.Hour(), 1)
	case "H2":
		return f.digits(at.Hour(), 2)
	case "min":
		return f.digits(at.Minute(), 2)
	case "a":
		return f.Date.Periods[at.Hour()/12]
	}
	return ""
}

// digits writes n without group separators, in at least width digits.
func (f *formats) digits(n, width int) string {
	s := strconv.Itoa(n)
	if len(s) < width {
		s = strings.Repeat("0", width-len(s)) + s
	}
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return r
		}
		return f.Number.runes[r-'0']
	}, s)
}
