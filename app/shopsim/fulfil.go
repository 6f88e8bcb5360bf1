package shopsim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// FulfillInput sends a parcel. Without lines everything that is open is in it.
type FulfillInput struct {
	Company string             `json:"tracking_company"`
	Number  string             `json:"tracking_number"`
	URL     string             `json:"tracking_url"`
	Lines   []FulfillLineInput `json:"lines"`
}

// FulfillLineInput is part of a parcel.
type FulfillLineInput struct {
	LineItemID int64 `json:"line_item_id"`
	Quantity   int64 `json:"quantity"`
}

// EventInput is a carrier's scan.
type EventInput struct {
	Status      string     `json:"status"`
	Message     string     `json:"message"`
	City        string     `json:"city"`
	Province    string     `json:"province"`
	Country     string     `json:"country"`
	Zip         string     `json:"zip"`
	HappenedAt  *time.Time `json:"happened_at"`
	EstimatedAt *time.Time `json:"estimated_delivery_at"`
}

// eventStatuses are the carrier states Shopify knows, as webhooks write them.
var eventStatuses = []string{"attempted_delivery", "carrier_picked_up", "confirmed", "delayed", "delivered", "failure",
	"in_transit", "label_printed", "label_purchased", "out_for_delivery", "ready_for_pickup"}

// Fulfill sends a parcel of an order.
func (s *Sim) Fulfill(shopID, orderID int64, in FulfillInput) (f *Fulfillment, err error) {
	err = s.write(func(t *tx) error {
		if t.order(shopID, orderID) == nil {
			return errNoOrder
		}
		f, err = t.fulfill(orderID, in)
		return err
	})
	return f, err
}

var errNoOrder = &Refusal{"", "no such order"}

func (t *tx) fulfill(orderID int64, in FulfillInput) (*Fulfillment, error) {
	o := edit(t, t.orders, orderID)
	if o == nil {
		return nil, errNoOrder
	}
	if o.CancelledAt != nil {
		return nil, refuse("", "the order is cancelled")
	}
	if len(o.Holds) > 0 {
		return nil, refuse("", "the fulfillment order is on hold")
	}
	lines := in.Lines
	if len(lines) == 0 {
		for _, l := range o.Lines {
			if l.Open() > 0 && !l.Tip {
				lines = append(lines, FulfillLineInput{l.ID, l.Open()})
			}
		}
	}
	if len(lines) == 0 {
		return nil, refuse("", "nothing is left to fulfil")
	}
	f := Fulfillment{ID: t.id("fulfillment"), Name: fmt.Sprintf("%s.%d", o.Name, len(o.Fulfillments)+1), Status: "success",
		Company: in.Company, Number: in.Number, URL: or(in.URL, trackingURL(in.Company, in.Number)), CreatedAt: t.now, UpdatedAt: t.now}
	for _, want := range lines {
		l := o.line(want.LineItemID)
		if l == nil || want.Quantity <= 0 || want.Quantity > l.Open() {
			return nil, refuse("lines", "line item %d: not that many are open", want.LineItemID)
		}
		l.Fulfilled += want.Quantity
		f.Lines = append(f.Lines, FulfillmentLine{t.id("other"), l.ID, want.Quantity})
	}
	o.Fulfillments = append(o.Fulfillments, f)
	o.touch(t.now)
	t.closeIfDone(o)
	ev := t.newEvent()
	t.announceFulfillment(ev, "fulfillments/create", o, &f)
	if o.FulfillmentState() == "fulfilled" {
		t.announceOrder(ev, "orders/fulfilled", o)
	} else {
		t.announceOrder(ev, "orders/partially_fulfilled", o)
	}
	t.announceOrder(ev, "orders/updated", o)
	return &f, nil
}

// closeIfDone archives an order that is paid and sent, as stores do by default.
func (t *tx) closeIfDone(o *Order) {
	if o.ClosedAt == nil && o.FulfillmentState() == "fulfilled" && o.Financial() == "paid" {
		at := t.now
		o.ClosedAt = &at
	}
}

func trackingURL(company, number string) string {
	if number == "" {
		return ""
	}
	switch strings.ToLower(company) {
	case "ups":
		return "https://www.ups.com/track?tracknum=" + number
	case "dhl", "dhl express":
		return "https://www.dhl.com/en/express/tracking.html?AWB=" + number
	case "fedex":
		return "https://www.fedex.com/fedextrack/?trknbr=" + number
	case "usps":
		return "https://tools.usps.com/go/TrackConfirmAction?tLabels=" + number
	}
	return ""
}

// AddEvent records a carrier's scan of a parcel.
func (s *Sim) AddEvent(shopID, fulfillmentID int64, in EventInput) (e *FulfillmentEvent, err error) {
	err = s.write(func(t *tx) error {
		o := t.orderOfFulfillment(shopID, fulfillmentID)
		if o == nil {
			return refuse("", "no such fulfillment")
		}
		e, err = t.event(o.ID, fulfillmentID, in)
		return err
	})
	return e, err
}

func (t *tables) orderOfFulfillment(shopID, id int64) *Order {
	for _, o := range t.orders.order[shopID] {
		if o.fulfillment(id) != nil && !o.Deleted {
			return o
		}
	}
	return nil
}

func (t *tx) event(orderID, fulfillmentID int64, in EventInput) (*FulfillmentEvent, error) {
	in.Status = strings.ToLower(in.Status)
	if !slices.Contains(eventStatuses, in.Status) {
		return nil, refuse("status", "%q: want one of %s", in.Status, strings.Join(eventStatuses, ", "))
	}
	o := edit(t, t.orders, orderID)
	f := o.fulfillment(fulfillmentID)
	if f.Status == "cancelled" {
		return nil, refuse("", "the fulfillment is cancelled")
	}
	at := t.now
	if in.HappenedAt != nil {
		at = in.HappenedAt.UTC()
	}
	e := FulfillmentEvent{ID: t.id("other"), Status: in.Status, Message: in.Message, City: in.City, Province: in.Province,
		Country: strings.ToUpper(in.Country), Zip: in.Zip, HappenedAt: at, EstimatedAt: in.EstimatedAt, CreatedAt: t.now}
	f.Events = append(f.Events, e)
	latest := e
	for _, earlier := range f.Events {
		if earlier.HappenedAt.After(latest.HappenedAt) {
			latest = earlier
		}
	}
	f.Shipment = latest.Status
	if latest.EstimatedAt != nil {
		f.EstimatedAt = latest.EstimatedAt
	}
	if f.InTransitAt == nil && in.Status == "in_transit" {
		f.InTransitAt = &at
	}
	if f.DeliveredAt == nil && in.Status == "delivered" {
		f.DeliveredAt = &at
	}
	f.UpdatedAt = t.now
	o.touch(t.now)
	ev := t.newEvent()
	t.announceEvent(ev, o, f, &e)
	t.announceFulfillment(ev, "fulfillments/update", o, f)
	t.announceOrder(ev, "orders/updated", o)
	return &e, nil
}

// DeleteEvent takes a carrier's scan back, as the REST Admin API can.
func (s *Sim) DeleteEvent(shopID, fulfillmentID, eventID int64) error {
	return s.write(func(t *tx) error {
		o := t.orderOfFulfillment(shopID, fulfillmentID)
		if o == nil {
			return refuse("", "no such fulfillment")
		}
		o = edit(t, t.orders, o.ID)
		f := o.fulfillment(fulfillmentID)
		at := slices.IndexFunc(f.Events, func(e FulfillmentEvent) bool { return e.ID == eventID })
		if at < 0 {
			return refuse("", "no such event")
		}
		gone := f.Events[at]
		f.Events = slices.Delete(slices.Clone(f.Events), at, at+1)
		f.Shipment, f.DeliveredAt = "", nil
		for _, e := range f.Events {
			f.Shipment = e.Status
			if e.Status == "delivered" {
				f.DeliveredAt = &e.HappenedAt
			}
		}
		f.UpdatedAt = t.now
		o.touch(t.now)
		event := t.newEvent()
		t.announceEventGone(event, o, f, &gone)
		t.announceFulfillment(event, "fulfillments/update", o, f)
		t.announceOrder(event, "orders/updated", o)
		return nil
	})
}

// track changes a parcel's tracking numbers.
func (t *tx) track(orderID, fulfillmentID int64, company, number, url string) (*Fulfillment, error) {
	o := edit(t, t.orders, orderID)
	f := o.fulfillment(fulfillmentID)
	if f.Status == "cancelled" {
		return nil, refuse("", "the fulfillment is cancelled")
	}
	f.Company, f.Number, f.URL = company, number, or(url, trackingURL(company, number))
	f.UpdatedAt = t.now
	o.touch(t.now)
	ev := t.newEvent()
	t.announceFulfillment(ev, "fulfillments/update", o, f)
	t.announceOrder(ev, "orders/updated", o)
	return f, nil
}
