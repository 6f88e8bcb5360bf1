package tracking

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"afterglow/app/clock"
	"afterglow/app/orders"
	"afterglow/app/store"
)

// Scan is what a carrier told about a parcel.
type Scan struct {
	ID       int64
	ParcelID int64
	Status   string // Shopify's word
	State    string // ours
	At       time.Time
	City     string
	Province string
	Country  string // code
	// Zone is that of the place, or the shop's when the place does not say; Local
	// tells which.
	Zone    *time.Location
	Local   bool
	Message string
}

// Parcel is a fulfillment with what became of it.
type Parcel struct {
	ID, OrderID     int64
	Number          int // among the order's parcels, from 1
	OrderName, Name string
	State           string
	StateAt         time.Time
	UnderWay        bool
	Carrier         Carrier
	TrackingNumber  string
	TrackingURL     string
	Items           []Item
	Origin          string // the lane: country codes, and the region it goes to
	Destination     string
	Region          string
	ShippedAt       time.Time
	FirstScanAt     *time.Time
	LastScanAt      *time.Time
	DeliveredAt     *time.Time
	Expected        Expected
	Late            bool // under way after what was expected
	StalledAt       *time.Time
	Scans           []Scan // oldest first
}

// Expected is when a parcel should arrive.
type Expected struct {
	From, Until *time.Time
	Source      string // SourceCarrier, SourceLane, SourcePrior or ""
	Share       int64  // of such spans that came true, in thousandths; 0 when not known
}

// Journey is all parcels of an order, and what they come to.
type Journey struct {
	OrderID  int64
	Zone     *time.Location // the shop's
	Parcels  []Parcel       // in the order they left, without cancelled ones
	Expected Expected       // of what has not arrived, all of it
	Late     bool
}

// Arrived tells whether everything that left has.
func (j Journey) Arrived() bool {
	return len(j.Parcels) > 0 && !slices.ContainsFunc(j.Parcels, func(p Parcel) bool { return p.UnderWay })
}

// nearby tells whether everything under way is on its last leg: it comes today, or
// waits to be fetched, whatever was expected before.
func (j Journey) nearby() bool {
	return !slices.ContainsFunc(j.Parcels, func(p Parcel) bool { return p.UnderWay && p.State != OutNow && p.State != PickupReady })
}

// Scans are those of all parcels, the newest first.
func (j Journey) Scans() []Scan {
	var all []Scan
	for _, p := range j.Parcels {
		all = append(all, p.Scans...)
	}
	slices.SortStableFunc(all, func(a, b Scan) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	return all
}

// Journey reads the parcels of an order with their scans.
func (s *Service) Journey(tx *store.Tx, orderID int64) (Journey, error) {
	shop, err := s.shops.Get(tx)
	if err != nil {
		return Journey{}, err
	}
	j := Journey{OrderID: orderID, Zone: clock.Zone(shop.Timezone)}
	rows, err := ofOrder(tx, orderID)
	if err != nil {
		return j, err
	}
	if len(rows) == 0 {
		if rows, err = s.fromDocument(tx, orderID, j.Zone); err != nil {
			return j, err
		}
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return r.State == Cancelled })
	scans, err := liveScans(tx, idsOf(rows)...)
	if err != nil {
		return j, err
	}
	for i, r := range rows {
		p, err := r.parcel(tx.Now)
		if err != nil {
			return j, err
		}
		p.Number = i + 1
		for _, sc := range scans {
			if sc.ParcelID == r.ID {
				p.Scans = append(p.Scans, sc.scan(j.Zone))
			}
		}
		j.Parcels = append(j.Parcels, p)
		j.add(p)
	}
	return j, nil
}

// fromDocument is the parcels as the order's own document tells about them: of
// orders that came with the shop's history nobody has told us anything else.
func (s *Service) fromDocument(tx *store.Tx, orderID int64, zone *time.Location) ([]row, error) {
	o, err := orders.Find(tx, orderID)
	if errors.Is(err, orders.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows := make([]row, len(o.Fulfillments))
	for i, f := range o.Fulfillments {
		r := &rows[i]
		r.ID, r.OrderName = f.ID, o.Name
		if err := r.merge(newsOf(o, f), epoch); err != nil {
			return nil, err
		}
		r.conclude(nil, zone)
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Or(a.ShippedAt.Compare(b.ShippedAt), cmp.Compare(a.ID, b.ID)) })
	return rows, nil
}

// add widens what is expected of the order by one of its parcels. Of several
// sources the weakest is named.
func (j *Journey) add(p Parcel) {
	if !p.UnderWay {
		return
	}
	j.Late = j.Late || p.Late
	e := &j.Expected
	alone := e.Source == "" && e.Until == nil
	if p.Expected.From != nil && (e.From == nil || p.Expected.From.Before(*e.From)) {
		e.From = p.Expected.From
	}
	if p.Expected.Until != nil && (e.Until == nil || p.Expected.Until.After(*e.Until)) {
		e.Until = p.Expected.Until
	}
	if p.Expected.Source != "" && (e.Source == "" || e.Source == SourceCarrier || p.Expected.Source == SourcePrior) {
		e.Source = p.Expected.Source
	}
	if alone {
		e.Share = p.Expected.Share
	}
	e.Share = min(e.Share, p.Expected.Share) // 0 is not known
}

func idsOf(rows []row) []int64 {
	out := make([]int64, len(rows))
	for i, r := range rows {
		out[i] = r.ID
	}
	return out
}

func (r row) parcel(now time.Time) (Parcel, error) {
	p := Parcel{ID: r.ID, OrderID: r.OrderID, Number: 1, OrderName: r.OrderName, Name: r.Name, State: r.State, StateAt: r.StateAt, UnderWay: r.UnderWay,
		Carrier: Carrier{r.Carrier, r.CarrierName}, TrackingNumber: r.TrackingNumber, TrackingURL: r.TrackingURL,
		Origin: r.OriginCountry, Destination: r.DestinationCountry, Region: r.DestinationRegion, ShippedAt: r.ShippedAt, FirstScanAt: r.FirstScanAt,
		LastScanAt: r.LastScanAt, DeliveredAt: r.DeliveredAt, Expected: Expected{r.ExpectedFrom, r.ExpectedUntil, r.ExpectedSource, r.ExpectedShare}, StalledAt: r.StalledAt}
	p.Late = r.UnderWay && r.ExpectedUntil != nil && r.ExpectedUntil.Before(now)
	if err := json.Unmarshal([]byte(r.Items), &p.Items); err != nil {
		return p, fmt.Errorf("items of parcel %d: %w", r.ID, err)
	}
	return p, nil
}

func (s scanRow) scan(shop *time.Location) Scan {
	out := Scan{ID: s.ID, ParcelID: s.ParcelID, Status: s.Status, State: stateOf[s.Status], At: s.HappenedAt, City: s.City, Province: s.Province,
		Country: s.Country, Zone: shop, Message: s.Message}
	if out.State == "" {
		out.State = InTransit
	}
	if zone, ok := zoneNamed(s.Zone); ok {
		out.Zone, out.Local = zone, true
	}
	return out
}
