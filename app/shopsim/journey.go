package shopsim

import "net/http"

// hubs are where a carrier sorts what it brings to a country.
var hubs = map[string]string{
	"US": "Secaucus", "DE": "Leipzig", "FR": "Roissy", "ES": "Madrid", "JP": "Tokyo", "AE": "Dubai", "SA": "Riyadh", "IR": "Tehran",
	"RU": "Moscow", "KZ": "Almaty", "GB": "Langley", "CA": "Mississauga", "AT": "Vienna", "MX": "Toluca",
}

// afterScan is the usual way of a parcel: what comes after each scan.
var afterScan = map[string]string{
	"": "carrier_picked_up", "label_purchased": "carrier_picked_up", "label_printed": "carrier_picked_up", "confirmed": "carrier_picked_up",
	"carrier_picked_up": "in_transit", "failure": "in_transit", "delayed": "in_transit",
	"in_transit": "out_for_delivery", "attempted_delivery": "out_for_delivery",
	"out_for_delivery": "delivered", "ready_for_pickup": "delivered",
}

// nextScan is what the carrier would tell next; false for a parcel that has arrived.
func nextScan(shop *Shop, o *Order, f *Fulfillment) (EventInput, bool) {
	status := afterScan[f.Shipment]
	if status == "" || f.Status == "cancelled" {
		return EventInput{}, false
	}
	in := EventInput{Status: status, City: shop.City, Country: shop.CountryCode}
	if o.ShipTo != nil && status != "carrier_picked_up" {
		in.City, in.Province, in.Country = o.ShipTo.City, o.ShipTo.ProvCode, o.ShipTo.CountryCode
		if status == "in_transit" {
			in.City, in.Province = hubs[in.Country], ""
		}
	}
	return in, true
}

// NextScan lets a parcel get one scan further on its usual way.
func (s *Sim) NextScan(shopID, fulfillmentID int64) (e *FulfillmentEvent, err error) {
	err = s.write(func(t *tx) error {
		o := t.orderOfFulfillment(shopID, fulfillmentID)
		if o == nil {
			return refuse("", "no such fulfillment")
		}
		in, ok := nextScan(t.shops.rows[shopID], o, o.fulfillment(fulfillmentID))
		if !ok {
			return refuse("", "the parcel is at the end of its way")
		}
		e, err = t.event(o.ID, fulfillmentID, in)
		return err
	})
	return e, err
}

func (s *Sim) simNextScan(r *http.Request, shop *Shop) (int, any, error) {
	id, err := pathID(r)
	if err != nil {
		return 0, nil, err
	}
	e, err := s.NextScan(shop.ID, id)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, map[string]any{"event": e}, nil
}
