package shopsim

import "time"

func initParcels() {
	on("Fulfillment", map[string]func(*call, orderParcel, args) any{
		"id":                  func(_ *call, v orderParcel, _ args) any { return gid("Fulfillment", v.f.ID) },
		"legacyResourceId":    func(_ *call, v orderParcel, _ args) any { return v.f.ID },
		"name":                func(_ *call, v orderParcel, _ args) any { return v.f.Name },
		"status":              func(_ *call, v orderParcel, _ args) any { return upper(v.f.Status) },
		"displayStatus":       func(_ *call, v orderParcel, _ args) any { return or(upper(v.f.Shipment), any("FULFILLED")) },
		"createdAt":           func(_ *call, v orderParcel, _ args) any { return v.f.CreatedAt },
		"updatedAt":           func(_ *call, v orderParcel, _ args) any { return v.f.UpdatedAt },
		"inTransitAt":         func(_ *call, v orderParcel, _ args) any { return v.f.InTransitAt },
		"deliveredAt":         func(_ *call, v orderParcel, _ args) any { return v.f.DeliveredAt },
		"estimatedDeliveryAt": func(_ *call, v orderParcel, _ args) any { return v.f.EstimatedAt },
		"requiresShipping":    func(_ *call, v orderParcel, _ args) any { return v.o.ShipTo != nil },
		"order":               func(_ *call, v orderParcel, _ args) any { return orderNode(v.o) },
		"location":            func(c *call, _ orderParcel, _ args) any { return node{"Location", c.shop} },
		"originAddress":       func(*call, orderParcel, args) any { return nil },
		"totalQuantity": func(_ *call, v orderParcel, _ args) any {
			n := int64(0)
			for _, l := range v.f.Lines {
				n += l.Quantity
			}
			return n
		},
		"trackingInfo": func(_ *call, v orderParcel, _ args) any {
			if v.f.Number == "" && v.f.Company == "" && v.f.URL == "" {
				return []any{}
			}
			return []any{node{"FulfillmentTrackingInfo", v.f}}
		},
		"events": func(_ *call, v orderParcel, a args) any {
			out := []entry{}
			for _, e := range v.f.Events {
				row := entry{node: node{"FulfillmentEvent", e}, id: e.ID}
				if a.str("sortKey") != "ID" {
					row.key = sortTime(e.HappenedAt)
				}
				out = append(out, row)
			}
			return out
		},
		"fulfillmentLineItems": func(_ *call, v orderParcel, _ args) any {
			return entries(v.f.Lines, func(l FulfillmentLine) (node, int64) {
				return node{"FulfillmentLineItem", orderParcelLine{v.o, v.f, l}}, l.ID
			})
		},
	})
	on("FulfillmentTrackingInfo", map[string]func(*call, *Fulfillment, args) any{
		"company": func(_ *call, f *Fulfillment, _ args) any { return blank(f.Company) },
		"number":  func(_ *call, f *Fulfillment, _ args) any { return blank(f.Number) },
		"url":     func(_ *call, f *Fulfillment, _ args) any { return blank(f.URL) },
	})
	on("FulfillmentEvent", map[string]func(*call, FulfillmentEvent, args) any{
		"id":                  func(_ *call, e FulfillmentEvent, _ args) any { return gid("FulfillmentEvent", e.ID) },
		"status":              func(_ *call, e FulfillmentEvent, _ args) any { return upper(e.Status) },
		"message":             func(_ *call, e FulfillmentEvent, _ args) any { return blank(e.Message) },
		"city":                func(_ *call, e FulfillmentEvent, _ args) any { return blank(e.City) },
		"province":            func(_ *call, e FulfillmentEvent, _ args) any { return blank(e.Province) },
		"country":             func(_ *call, e FulfillmentEvent, _ args) any { return blank(e.Country) },
		"zip":                 func(_ *call, e FulfillmentEvent, _ args) any { return blank(e.Zip) },
		"address1":            func(*call, FulfillmentEvent, args) any { return nil },
		"latitude":            func(*call, FulfillmentEvent, args) any { return nil },
		"longitude":           func(*call, FulfillmentEvent, args) any { return nil },
		"happenedAt":          func(_ *call, e FulfillmentEvent, _ args) any { return e.HappenedAt },
		"createdAt":           func(_ *call, e FulfillmentEvent, _ args) any { return e.CreatedAt },
		"estimatedDeliveryAt": func(_ *call, e FulfillmentEvent, _ args) any { return e.EstimatedAt },
	})
	on("FulfillmentLineItem", map[string]func(*call, orderParcelLine, args) any{
		"id":       func(_ *call, v orderParcelLine, _ args) any { return gid("FulfillmentLineItem", v.l.ID) },
		"quantity": func(_ *call, v orderParcelLine, _ args) any { return v.l.Quantity },
		"lineItem": func(_ *call, v orderParcelLine, _ args) any {
			return node{"LineItem", orderLine{v.o, v.o.line(v.l.LineItemID)}}
		},
		"originalTotalSet": func(_ *call, v orderParcelLine, _ args) any {
			u := v.o.line(v.l.LineItemID).Unit
			return bagOf(v.o, MoneySet{u.Shop * v.l.Quantity, u.Presentment * v.l.Quantity})
		},
	})
}

// sortTime writes a time so that text order is time order.
func sortTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000") }
