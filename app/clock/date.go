package clock

import (
	"fmt"
	"sync"
	"time"
)

// Date is a day on a calendar, without a time and without a zone. Windows that
// are counted in days ("return within 30 days") are counted in dates, so that
// daylight saving moves nothing.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateIn tells which day it is at t for somebody in the zone.
func DateIn(t time.Time, zone *time.Location) Date {
	if zone == nil {
		zone = time.UTC
	}
	y, m, d := t.In(zone).Date()
	return Date{y, m, d}
}

// ParseDate reads "2026-11-21".
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("date %q: want the form 2026-11-21", s)
	}
	return DateIn(t, time.UTC), nil
}

// AddDays returns the date n days later, or earlier when n is negative.
func (d Date) AddDays(n int) Date { return DateIn(d.noon().AddDate(0, 0, n), time.UTC) }

// Weekday tells the day of the week.
func (d Date) Weekday() time.Weekday { return d.noon().Weekday() }

// Before tells whether d comes before e.
func (d Date) Before(e Date) bool { return d.noon().Before(e.noon()) }

// IsZero tells whether d is the zero Date, which stands for "no date".
func (d Date) IsZero() bool { return d == Date{} }

// Start returns the first instant of the day in the zone.
func (d Date) Start(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone).UTC()
}

// String returns the ISO form, 2026-11-21.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// MarshalText writes the ISO form.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the ISO form.
func (d *Date) UnmarshalText(b []byte) (err error) { *d, err = ParseDate(string(b)); return }

func (d Date) noon() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

// Zone loads an IANA zone by name. A name that is unknown to this machine, as a
// new zone may be, counts as UTC: a wrong hour on a screen is better than none.
func Zone(name string) *time.Location {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name) // reads a file
	if err != nil {
		return time.UTC
	}
	zones.Store(name, z)
	return z
}

// zones are those that were loaded; there are some hundreds.
var zones sync.Map
