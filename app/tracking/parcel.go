package tracking

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// news is what somebody told about a parcel, in one form for all who may.
type news struct {
	ID, OrderID          int64
	Name, Status         string
	Shipment             string
	CreatedAt, UpdatedAt time.Time
	Company, Number, URL string
	Items                []Item
	Origin               string
	Destination, Region  string // "" when it was not told
	Estimated            *time.Time
	Delivered            *time.Time
	Scans                []scanRow
}

// Item is how many of an order's line a parcel holds.
type Item struct {
	LineID   int64 `json:"line_id"`
	Quantity int64 `json:"quantity"`
}

func (p payloadParcel) news() (news, error) {
	if p.ID <= 0 || p.OrderID <= 0 {
		return news{}, ErrPayload.Detailf("The payload is not a fulfillment of an order.")
	}
	n := news{ID: int64(p.ID), OrderID: int64(p.OrderID), Name: string(p.Name), Status: strings.ToLower(string(p.Status)), Shipment: strings.ToLower(string(p.ShipmentStatus)),
		CreatedAt: p.CreatedAt.Time, UpdatedAt: p.UpdatedAt.Time, Company: string(p.Company), Number: string(p.Number), URL: string(p.URL)}
	if n.Number == "" && len(p.Numbers) > 0 {
		n.Number = string(p.Numbers[0])
	}
	if n.URL == "" && len(p.URLs) > 0 {
		n.URL = string(p.URLs[0])
	}
	for _, i := range p.Items {
		if i.ID > 0 && i.Quantity > 0 {
			n.Items = append(n.Items, Item{int64(i.ID), int64(i.Quantity)})
		}
	}
	if p.Destination != nil {
		n.Destination, n.Region = p.Destination.country(), p.Destination.region()
	}
	if p.Origin != nil {
		n.Origin = p.Origin.country()
	}
	return n, nil
}

func (p payloadScan) scan(received time.Time) (scanRow, error) {
	if p.ID <= 0 || p.ParcelID <= 0 {
		return scanRow{}, ErrPayload.Detailf("The payload is not an event of a fulfillment.")
	}
	s := scanRow{ID: int64(p.ID), ParcelID: int64(p.ParcelID), Status: strings.ToLower(string(p.Status)), Message: string(p.Message), City: string(p.City),
		Province: string(p.Province), Country: countryCode(string(p.Country)), Zip: string(p.Zip), HappenedAt: p.HappenedAt.Time,
		EstimatedAt: p.EstimatedAt.pointer(), UpdatedAt: p.UpdatedAt.Time}
	if s.UpdatedAt.IsZero() {
		s.UpdatedAt = p.CreatedAt.Time
	}
	return s.whole(received), nil
}

// whole fills in what can be left out.
func (s scanRow) whole(received time.Time) scanRow {
	if s.UpdatedAt.IsZero() {
		s.UpdatedAt = received
	}
	if s.HappenedAt.IsZero() {
		s.HappenedAt = s.UpdatedAt
	}
	if s.Zone = zoneOf(s.Country, s.Province); s.Zone != "" {
		if _, ok := zoneNamed(s.Zone); !ok {
			s.Zone = ""
		}
	}
	return s
}

// merge writes into the row what was told, if nothing newer was.
func (r *row) merge(n news, toldAt time.Time) error {
	items, err := json.Marshal(append([]Item{}, n.Items...))
	if err != nil {
		return fmt.Errorf("items of parcel %d: %w", n.ID, err)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{n.Name, n.Status, n.Shipment, n.Company, n.Number, n.URL, string(items)}, "\x00")))
	digest := hex.EncodeToString(sum[:8])
	// What only some tell is taken from whoever tells it.
	r.OriginCountry = first(r.OriginCountry, n.Origin)
	if r.DestinationCountry == "" {
		r.DestinationCountry, r.DestinationRegion = n.Destination, n.Region
	}
	if r.EstimatedAt == nil {
		r.EstimatedAt = n.Estimated
	}
	if r.DeliveredToldAt == nil {
		r.DeliveredToldAt = n.Delivered
	}
	if r.Known && !newer(n.UpdatedAt, toldAt, digest, r) {
		return nil
	}
	if n.Estimated != nil {
		r.EstimatedAt = n.Estimated
	}
	if n.Delivered != nil {
		r.DeliveredToldAt = n.Delivered
	}
	r.Known, r.OrderID, r.Digest, r.SourceUpdatedAt, r.SourceTriggeredAt = true, n.OrderID, digest, n.UpdatedAt, toldAt
	r.Name, r.Status, r.Items = first(n.Name, r.Name), n.Status, string(items)
	if !noScan[n.Shipment] || r.ShipmentStatus == "" {
		r.ShipmentStatus = n.Shipment
	}
	if n.Destination != "" {
		r.DestinationCountry, r.DestinationRegion = n.Destination, n.Region
	}
	r.ShippedAt = n.CreatedAt
	if r.ShippedAt.IsZero() {
		r.ShippedAt = n.UpdatedAt
	}
	r.ItemsCount = 0
	for _, i := range n.Items {
		r.ItemsCount += i.Quantity
	}
	carrier := Recognise(n.Company, n.Number, n.URL)
	r.Carrier, r.CarrierName, r.TrackingNumber = carrier.Code, carrier.Name, n.Number
	r.TrackingURL = Link(carrier, n.Number, n.URL)
	return nil
}

// newer compares by Shopify's updated_at, which has whole seconds, then by the
// moment it was sent, then by content, so that any two have one order.
func newer(updatedAt, toldAt time.Time, digest string, r *row) bool {
	if c := updatedAt.Compare(r.SourceUpdatedAt); c != 0 {
		return c > 0
	}
	if c := toldAt.Compare(r.SourceTriggeredAt); c != 0 {
		return c > 0
	}
	return digest > r.Digest
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// conclude works out from the scans how the parcel stands.
func (r *row) conclude(scans []scanRow, zone *time.Location) {
	list := make([]scanned, len(scans))
	var estimate *scanRow
	for i := range scans {
		s := &scans[i]
		list[i] = scanned{s.ID, s.Status, s.HappenedAt}
		if s.EstimatedAt != nil {
			estimate = s // they are sorted: the newest
		}
	}
	out := conclude(r.Status, r.ShipmentStatus, r.ShippedAt, r.SourceUpdatedAt, r.DeliveredToldAt, list)
	r.State, r.StateAt, r.UnderWay = out.State, out.At, !final(out.State)
	r.FirstScanAt, r.LastScanAt, r.OutAt, r.DeliveredAt = out.First, out.Last, out.Out, out.Delivered
	if estimate != nil {
		r.EstimatedAt = estimate.EstimatedAt
	}
	r.TransitHours = nil
	if r.DeliveredAt != nil {
		from := r.ShippedAt
		if r.FirstScanAt != nil && r.FirstScanAt.Before(*r.DeliveredAt) {
			from = *r.FirstScanAt
		}
		hours := max(0, int64(r.DeliveredAt.Sub(from)/time.Hour))
		r.TransitHours = &hours
	}
	if r.EstimatedAt != nil { // whoever carries it knows best; what was promised first is kept beside it
		day := clock.DateIn(*r.EstimatedAt, r.there(zone))
		from, until := day.Start(zone).UTC(), day.AddDays(1).Start(zone).Add(-time.Second).UTC()
		r.ExpectedFrom, r.ExpectedUntil, r.ExpectedSource, r.ExpectedShare = &from, &until, SourceCarrier, 0
	}
	if !r.UnderWay || r.StalledAt != nil && r.LastScanAt != nil && r.LastScanAt.After(*r.StalledAt) {
		r.StalledAt = nil
	}
}

// unsay drops the carrier's estimate when the scan that brought it is taken back.
// What was expected is worked out anew from what is left.
func (r *row) unsay(tx *store.Tx, scan int64) error {
	s, err := liveScan(tx, scan)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || s.ParcelID != r.ID || s.EstimatedAt == nil || r.EstimatedAt == nil || !s.EstimatedAt.Equal(*r.EstimatedAt) {
		return err
	}
	r.EstimatedAt = nil
	if r.ExpectedSource == SourceCarrier {
		r.ExpectedFrom, r.ExpectedUntil, r.ExpectedSource, r.ExpectedShare = nil, nil, "", 0
	}
	return nil
}

// there is the zone that the parcel goes to, the shop's where that is not known. A
// day of arrival is one of the door's; all others are the shop's.
func (r *row) there(shop *time.Location) *time.Location {
	if zone, ok := ZoneOf(r.DestinationCountry, r.DestinationRegion); ok {
		return zone
	}
	return shop
}

// arrivedOn is an instant in the shop's zone on the day on which the parcel arrived.
func (r *row) arrivedOn(shop *time.Location) time.Time {
	return clock.DateIn(*r.DeliveredAt, r.there(shop)).Start(shop).Add(12 * time.Hour)
}

// Where an expectation comes from.
const (
	SourceCarrier = "carrier" // the carrier's or Shopify's own estimate
	SourceLane    = "lane"    // what parcels on this lane took before
	SourcePrior   = "prior"   // a guess for shops without history
)

// apply is the one way by which news about a parcel get in: the row is held,
// changed, its state worked out anew, and what is new is told.
func (s *Service) apply(tx *store.Tx, id, orderID int64, change func(r *row) error) error {
	r, err := lock(tx, id, orderID)
	if err != nil || r.ErasedAt != nil {
		return err
	}
	shop, err := s.shops.Get(tx)
	if err != nil && err != shops.ErrNotInstalled {
		return err
	}
	if r.OrderID == 0 {
		r.OrderID = orderID
	}
	if err := change(r); err != nil {
		return err
	}
	scans, err := liveScans(tx, id)
	if err != nil {
		return err
	}
	if r.Known {
		r.conclude(scans, clock.Zone(shop.Timezone))
		if err := s.tell(tx, r, shop); err != nil {
			return err
		}
		if err := s.promise(tx, r, scans, shop); err != nil {
			return err
		}
		if err := s.foundAgain(tx, r, scans); err != nil {
			return err
		}
	}
	return r.save(tx)
}

// hear takes in what was told about a parcel.
func (s *Service) hear(tx *store.Tx, n news, toldAt time.Time) error {
	if n.UpdatedAt.IsZero() {
		n.UpdatedAt = toldAt
	}
	return s.apply(tx, n.ID, n.OrderID, func(r *row) error {
		for i := range n.Scans {
			if err := keepScan(tx, &n.Scans[i]); err != nil {
				return err
			}
		}
		return r.merge(n, toldAt)
	})
}
