package tracking

import (
	"slices"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/store"
)

// Lane is a way that parcels take: who carries them, from where, to where. What is
// empty was not told.
type Lane struct {
	Carrier     string `json:"carrier"`
	Origin      string `json:"origin"`      // country
	Destination string `json:"destination"` // country
	Region      string `json:"region"`      // of the destination
}

func (r *row) lane() Lane {
	return Lane{first(r.Carrier, strings.ToLower(r.CarrierName)), r.OriginCountry, r.DestinationCountry, r.DestinationRegion}
}

// breadth is how much of a lane is looked at. When too few parcels took the lane
// itself, those of a broader one are asked.
type breadth int

const (
	toRegion   breadth = iota // the lane itself
	toCountry                 // any region of the country
	fromAny                   // from anywhere
	anyCarrier                // by anybody
	breadths
)

// What is counted of a lane.
const (
	measureDays  = "days"  // civil days from shipping to delivery
	measurePause = "pause" // silence between scans, in units of pauseUnit
)

const (
	historyMonths = 6 // months of deliveries that count, the current one included
	daysMost      = 90
	pauseUnit     = 6 * time.Hour
	pauseMost     = 120 // units: thirty days
	enoughDays    = 20  // parcels, before a lane speaks for itself
	enoughPauses  = 100
	enoughScored  = 20  // promises, before their share is published
	leastShare    = 500 // thousandths that came true; below it, a shopper is told no share
)

// histogram counts values; it is sorted by value.
type histogram []tally

type tally struct{ Value, Count int64 }

func (h histogram) total() (n int64) {
	for _, t := range h {
		n += t.Count
	}
	return n
}

// quantile is the smallest value that at least so many thousandths do not exceed.
func (h histogram) quantile(thousandths int64) int64 {
	all, seen := h.total(), int64(0)
	for _, t := range h {
		if seen += t.Count; seen*1000 >= all*thousandths {
			return t.Value
		}
	}
	return 0
}

// Span is a range of days, both ends included.
type Span struct {
	From  int64 `json:"from"`
	Until int64 `json:"until"`
}

// The promise leaves out the fastest tenth and the slowest.
const (
	earlyThousandths = 100
	lateThousandths  = 900
)

func (h histogram) span() Span {
	return Span{h.quantile(earlyThousandths), h.quantile(lateThousandths)}
}

// extremes is the span of everything that was counted.
func (h histogram) extremes() Span { return Span{h.quantile(0), h.quantile(1000)} }

// since is the first month that counts.
func since(now time.Time) string {
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 1-historyMonths, 0).Format("2006-01")
}

func monthOf(t time.Time) string { return t.UTC().Format("2006-01") }

// narrowest returns the counts of the narrowest lane that has enough of them.
func narrowest(tx *store.Tx, l Lane, measure string, enough int64) (histogram, breadth, error) {
	for b := toRegion; b < breadths; b++ {
		h, err := tallies(tx, l, b, measure, since(tx.Now))
		if err != nil || h.total() >= enough {
			return h, b, err
		}
	}
	return nil, breadths, nil
}

// lesson is what a delivered parcel teaches about its lane.
type lesson struct {
	Lane
	Month  string
	Days   int64
	Pauses []int64
}

// lessonOf works out what the parcel teaches; false for one that did not arrive.
// It follows from the parcel and its scans alone.
func lessonOf(r *row, scans []scanRow, zone *time.Location) (lesson, bool) {
	if !r.Known || r.State != Delivered || r.DeliveredAt == nil || r.DestinationCountry == "" || r.DeliveredAt.Before(r.ShippedAt) {
		return lesson{}, false
	}
	l := lesson{Lane: r.lane(), Month: monthOf(*r.DeliveredAt), Days: min(daysMost, max(0, daysBetween(r.ShippedAt, r.arrivedOn(zone), zone)))}
	at := make([]time.Time, 0, len(scans))
	for _, sc := range scans {
		if !sc.HappenedAt.After(*r.DeliveredAt) {
			at = append(at, sc.HappenedAt)
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	for i := 1; i < len(at); i++ {
		// Scans come in bursts, one at each gate of a depot: only silence counts.
		if units := int64(at[i].Sub(at[i-1]) / pauseUnit); units > 0 {
			l.Pauses = append(l.Pauses, min(pauseMost, units))
		}
	}
	return l, true
}

// daysBetween counts midnights in the zone.
func daysBetween(from, until time.Time, zone *time.Location) int64 {
	a, b := clock.DateIn(from, zone).Start(time.UTC), clock.DateIn(until, zone).Start(time.UTC)
	return int64(b.Sub(a).Round(24*time.Hour) / (24 * time.Hour))
}

// learn replaces what the parcel taught before by what it teaches now, so that
// news that come twice, late or corrected leave the same counts.
func (s *Service) learn(tx *store.Tx, r *row, scans []scanRow, zone *time.Location) error {
	before, had, err := loadLesson(tx, r.ID)
	if err != nil {
		return err
	}
	now, has := lessonOf(r, scans, zone)
	if had == has && before.equal(now) {
		return nil
	}
	if had {
		if err := before.count(tx, -1); err != nil {
			return err
		}
	}
	if !has {
		return dropLesson(tx, r.ID)
	}
	if err := now.count(tx, 1); err != nil {
		return err
	}
	return saveLesson(tx, r.ID, now)
}

func (l lesson) equal(o lesson) bool {
	return l.Lane == o.Lane && l.Month == o.Month && l.Days == o.Days && slices.Equal(l.Pauses, o.Pauses)
}

// count adds the lesson to the lane's counts, or takes it out again.
func (l lesson) count(tx *store.Tx, by int64) error {
	if err := addCount(tx, l.Lane, l.Month, measureDays, l.Days, by); err != nil {
		return err
	}
	units := slices.Clone(l.Pauses)
	slices.Sort(units)
	for _, u := range units { // in one order, so that two parcels cannot wait for each other
		if err := addCount(tx, l.Lane, l.Month, measurePause, u, by); err != nil {
			return err
		}
	}
	return nil
}

// Distance is how far a parcel goes, as far as countries tell.
type Distance string

// The classes.
const (
	Domestic Distance = "domestic"
	Near     Distance = "near" // within Europe, or within North America
	Far      Distance = "far"
)

// neighbourhoods are countries between which parcels go by road in days.
var neighbourhoods = [][]string{
	strings.Fields("AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MC MT NL NO PL PT RO SE SI SK"),
	strings.Fields("CA MX US"),
}

// distance takes a parcel whose origin was not told for one from the shop's country.
func (l Lane) distance(zone *time.Location) Distance {
	return distance(first(l.Origin, countryIn(zone)), l.Destination)
}

func distance(origin, destination string) Distance {
	if origin != "" && origin == destination {
		return Domestic
	}
	for _, n := range neighbourhoods {
		if slices.Contains(n, origin) && slices.Contains(n, destination) {
			return Near
		}
	}
	return Far
}

// prior is what is promised where nothing has been learnt, in working days. The
// sources are in docs/decisions/0020.
type prior struct {
	span   Span
	silent int64 // working days without a scan that are nothing unusual
}

var priors = map[Distance]prior{
	Domestic: {Span{1, 5}, 3},  // USPS Ground Advantage: two to five days
	Near:     {Span{2, 6}, 4},  // Directive 97/67/EC, Annex II: 85 in 100 by the third, 97 by the fifth working day
	Far:      {Span{6, 15}, 7}, // USPS Priority Mail International: six to ten, and customs
}

// addWorkingDays counts on without Saturdays and Sundays.
func addWorkingDays(d clock.Date, n int64) clock.Date {
	for n > 0 {
		d = d.AddDays(1)
		if d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
			n--
		}
	}
	return d
}
