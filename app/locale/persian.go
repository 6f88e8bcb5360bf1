package locale

import (
	"time"

	"afterglow/app/clock"
)

// persian converts a Gregorian date to the solar Hijri calendar by the 33-year
// cycle, which agrees with the astronomical calendar for the years that matter
// here; the test compares every new year from 1900 to 2120 with ICU.
func persian(d clock.Date) (year, month, day int) {
	n := dayNumber(d)
	year = d.Year - 621 // if d falls after the new year in March
	if n < persianNewYear(year) {
		year--
	}
	n -= persianNewYear(year) // days since 1 Farvardin
	// Six months of 31 days, then five of 30 and the last.
	if n < 186 {
		return year, n/31 + 1, n%31 + 1
	}
	return year, (n-186)/30 + 7, (n-186)%30 + 1
}

// persianNewYear returns the day number on which the Persian year begins.
func persianNewYear(year int) int {
	const first = -492268 // 1 Farvardin 1 is 19 March 622 Julian
	return first + 365*(year-1) + floorDiv(8*year+21, 33)
}

// dayNumber counts days from the Unix epoch.
func dayNumber(d clock.Date) int {
	return int(floorDiv64(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix(), 86400))
}

func floorDiv(a, b int) int { return int(floorDiv64(int64(a), int64(b))) }

func floorDiv64(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
