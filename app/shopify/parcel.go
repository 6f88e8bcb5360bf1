package shopify

import (
	"context"
	"fmt"
	"time"

	"afterglow/app/ids"
)

// Parcel is a fulfillment with its scans, the newest first.
type Parcel struct {
	Fulfillment
	Events []ParcelEvent
	origin string
}

// OriginCountry is the code of the country it was sent from, or "".
func (p Parcel) OriginCountry() string { return p.origin }

// ParcelEvent is what a carrier told about a parcel.
type ParcelEvent struct {
	ID          ID         `json:"id"`
	Status      string     `json:"status"`
	Message     string     `json:"message"`
	City        string     `json:"city"`
	Province    string     `json:"province"`
	Country     string     `json:"country"`
	Zip         string     `json:"zip"`
	HappenedAt  time.Time  `json:"happenedAt"`
	CreatedAt   time.Time  `json:"createdAt"`
	EstimatedAt *time.Time `json:"estimatedDeliveryAt"`
}

// Parcels reads what was sent of an order and what became of it. It returns
// ErrOrderMissing for one that was deleted. Of a parcel with more than twenty lines
// or forty scans the rest is left out.
func (c *Client) Parcels(ctx context.Context, order int64) ([]Parcel, error) {
	var out struct {
		Order *struct {
			Fulfillments []struct {
				Fulfillment
				Origin *struct {
					Country string `json:"countryCode"`
				} `json:"originAddress"`
				Items  connection[MovedLine]   `json:"fulfillmentLineItems"`
				Events connection[ParcelEvent] `json:"events"`
			} `json:"fulfillments"`
		} `json:"order"`
	}
	denied, err := c.Do(ctx, docOrderParcels, map[string]any{"id": ids.GID("Order", order)}, &out)
	if err != nil {
		return nil, fmt.Errorf("read parcels of order %d: %w", order, err)
	}
	if out.Order == nil {
		if len(denied) > 0 {
			return nil, ErrAccessDenied
		}
		return nil, ErrOrderMissing
	}
	parcels := make([]Parcel, 0, len(out.Order.Fulfillments))
	for _, f := range out.Order.Fulfillments {
		p := Parcel{Fulfillment: f.Fulfillment, Events: f.Events.Nodes}
		p.Lines = f.Items.Nodes
		if f.Origin != nil {
			p.origin = f.Origin.Country
		}
		parcels = append(parcels, p)
	}
	return parcels, nil
}
