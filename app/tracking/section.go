package tracking

import (
	"context"
	_ "embed" // the section of the order page
	"errors"

	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/room"
	"afterglow/app/store"
)

//go:embed page/arrival.html
var arrivalTemplate string

//go:embed page/arrival.css
var arrivalCSS string

// section answers on the order page when it comes. Without a parcel, and where
// nothing was learnt, the page's own answer stays.
func (s *Service) section() room.Section {
	return room.Section{Name: "arrival", Place: room.Main, Rank: 10, Template: arrivalTemplate, CSS: arrivalCSS,
		Show: func(_ context.Context, tx *store.Tx, at room.PageView) (any, error) { return s.show(tx, at) }}
}

// What the section's template sees.
type (
	shownParcel struct {
		Number                        int
		State, Tone, Since, Expected  string
		Carrier, TrackingNumber, Link string
		Items                         []shownItem
		Late                          bool
	}
	shownItem struct {
		Title string
		Count int64
	}
	shownScan struct {
		Parcel            int
		Text, Place, Time string
		ShopTime          bool
		First             bool
	}
	shown struct {
		Headline string
		Sure     string // how often such spans came true, or that nobody knows yet
		Late     bool
		Several  bool
		Parcels  []shownParcel
		Scans    []shownScan
	}
)

const scansShown = 60

func (s *Service) show(tx *store.Tx, at room.PageView) (any, error) {
	j, err := s.Journey(tx, at.OrderID)
	if err != nil {
		return nil, err
	}
	o, err := orders.Find(tx, at.OrderID)
	if errors.Is(err, orders.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(j.Parcels) == 0 {
		e, err := beforeParcels(tx, o, j.Zone, s.doors.lately)
		if err != nil || e.Until == nil {
			return nil, err
		}
		return shown{Headline: expectedText(at.Tag, "", e, j.Zone), Sure: sureText(at.Tag, e)}, nil
	}
	out := shown{Several: len(j.Parcels) > 1, Late: j.Late}
	for _, p := range j.Parcels {
		out.Parcels = append(out.Parcels, showParcel(j, p, o, at.Tag))
	}
	switch {
	case j.Arrived() || j.Late || j.nearby():
	case j.Expected.Until != nil:
		out.Headline = expectedText(at.Tag, "", j.Expected, j.Zone)
		out.Sure = sureText(at.Tag, j.Expected)
	default:
		out.Headline = locale.Shopper.T(at.Tag, "tracking.unknown", nil)
	}
	number := map[int64]int{}
	destination := map[int64]string{}
	for _, p := range j.Parcels {
		number[p.ID], destination[p.ID] = p.Number, p.Destination
	}
	for i, sc := range j.Scans() {
		if i == scansShown {
			break
		}
		out.Scans = append(out.Scans, shownScan{Parcel: number[sc.ParcelID], Text: scanText(at.Tag, sc), Place: placeOf(at.Tag, sc, destination[sc.ParcelID]),
			Time: at.Tag.DateTime(sc.At, sc.Zone), ShopTime: !sc.Local, First: i == 0})
	}
	return out, nil
}

func showParcel(j Journey, p Parcel, o *orders.Order, tag locale.Tag) shownParcel {
	v := shownParcel{Number: p.Number, State: locale.Shopper.T(tag, "tracking.state."+p.State, nil), Carrier: p.Carrier.Name, TrackingNumber: p.TrackingNumber,
		Link: p.TrackingURL, Late: p.Late, Tone: "calm", Since: tag.DateTime(p.StateAt, j.Zone)}
	if n := len(p.Scans); n > 0 && p.Scans[n-1].Local {
		v.Since = tag.DateTime(p.StateAt, p.Scans[n-1].Zone)
	}
	switch p.State {
	case Delivered:
		v.Tone = "good"
	case Exception, Attempted, Delayed:
		v.Tone = "care"
	}
	if p.UnderWay && len(j.Parcels) > 1 {
		v.Expected = expectedText(tag, "", p.Expected, j.Zone)
	}
	for _, i := range p.Items {
		for _, l := range o.Lines {
			if l.ID == i.LineID {
				v.Items = append(v.Items, shownItem{l.Title, i.Quantity})
			}
		}
	}
	return v
}

// scanText says in plain words what a scan means.
func scanText(tag locale.Tag, sc Scan) string {
	state := sc.State
	if sc.Status == "carrier_picked_up" || sc.Status == "picked_up" {
		state = "picked_up"
	}
	return locale.Shopper.T(tag, "tracking.state."+state, nil)
}

// placeOf writes the place as the carrier did; the country only when it is not
// the one the parcel goes to.
func placeOf(tag locale.Tag, sc Scan, destination string) string {
	parts := []string{}
	for _, part := range []string{sc.City, sc.Province} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if sc.Country != "" && (sc.Country != destination || len(parts) == 0) {
		parts = append(parts, tag.Country(sc.Country))
	}
	return tag.JoinAddress(parts)
}
