package shopsim

// The fulfillment order: what a warehouse has to send for an order. The
// simulation has one per order and one location per shop.

func stockStatus(o *Order) string {
	switch {
	case o.CancelledAt != nil && o.FulfillmentState() == "":
		return "CLOSED"
	case o.FulfillmentState() == "fulfilled":
		return "CLOSED"
	case len(o.Holds) > 0:
		return "ON_HOLD"
	case o.FulfillmentState() == "partial":
		return "IN_PROGRESS"
	}
	return "OPEN"
}

func initStock() {
	on("FulfillmentOrder", map[string]func(*call, orderStock, args) any{
		"id":               func(_ *call, v orderStock, _ args) any { return gid("FulfillmentOrder", v.o.FulfillmentID) },
		"status":           func(_ *call, v orderStock, _ args) any { return stockStatus(v.o) },
		"requestStatus":    func(*call, orderStock, args) any { return "UNSUBMITTED" },
		"createdAt":        func(_ *call, v orderStock, _ args) any { return v.o.CreatedAt },
		"updatedAt":        func(_ *call, v orderStock, _ args) any { return v.o.UpdatedAt },
		"order":            func(_ *call, v orderStock, _ args) any { return orderNode(v.o) },
		"orderId":          func(_ *call, v orderStock, _ args) any { return gid("Order", v.o.ID) },
		"orderName":        func(_ *call, v orderStock, _ args) any { return v.o.Name },
		"orderProcessedAt": func(_ *call, v orderStock, _ args) any { return v.o.CreatedAt },
		"fulfillAt":        func(*call, orderStock, args) any { return nil },
		"fulfillBy":        func(*call, orderStock, args) any { return nil },
		"assignedLocation": func(c *call, _ orderStock, _ args) any {
			return node{"FulfillmentOrderAssignedLocation", c.shop}
		},
		"fulfillmentHolds": func(_ *call, v orderStock, _ args) any {
			return list(v.o.Holds, func(h FulfillmentHold) any { return node{"FulfillmentHold", orderHold{v.o, h}} })
		},
		"lineItems": func(_ *call, v orderStock, _ args) any {
			out := []entry{}
			for i := range v.o.Lines {
				if l := &v.o.Lines[i]; !l.Tip {
					out = append(out, entry{node: node{"FulfillmentOrderLineItem", orderStockLine{v.o, l}}, id: l.ID + 1})
				}
			}
			return out
		},
		"fulfillments": func(_ *call, v orderStock, _ args) any {
			out := []entry{}
			for i := range v.o.Fulfillments {
				f := &v.o.Fulfillments[i]
				out = append(out, entry{node: node{"Fulfillment", orderParcel{v.o, f}}, id: f.ID})
			}
			return out
		},
	})
	on("FulfillmentOrderLineItem", map[string]func(*call, orderStockLine, args) any{
		"id":                func(_ *call, v orderStockLine, _ args) any { return gid("FulfillmentOrderLineItem", v.l.ID+1) },
		"lineItem":          func(_ *call, v orderStockLine, _ args) any { return node{"LineItem", orderLine(v)} },
		"productTitle":      func(_ *call, v orderStockLine, _ args) any { return v.l.Title },
		"variantTitle":      func(_ *call, v orderStockLine, _ args) any { return blank(v.l.VariantTitle) },
		"sku":               func(_ *call, v orderStockLine, _ args) any { return blank(v.l.SKU) },
		"totalQuantity":     func(_ *call, v orderStockLine, _ args) any { return v.l.Quantity - v.l.Removed },
		"remainingQuantity": func(_ *call, v orderStockLine, _ args) any { return v.l.Open() },
		"requiresShipping":  func(_ *call, v orderStockLine, _ args) any { return v.l.Ships },
	})
	on("FulfillmentHold", map[string]func(*call, orderHold, args) any{
		"id":                  func(_ *call, v orderHold, _ args) any { return gid("FulfillmentHold", v.h.ID) },
		"handle":              func(_ *call, v orderHold, _ args) any { return blank(v.h.Handle) },
		"reason":              func(_ *call, v orderHold, _ args) any { return v.h.Reason },
		"reasonNotes":         func(_ *call, v orderHold, _ args) any { return blank(v.h.Notes) },
		"displayReason":       func(_ *call, v orderHold, _ args) any { return or(v.h.Notes, v.h.Reason) },
		"heldByRequestingApp": func(*call, orderHold, args) any { return true },
	})
	on("FulfillmentOrderAssignedLocation", map[string]func(*call, *Shop, args) any{
		"name":        func(_ *call, s *Shop, _ args) any { return s.Name + " studio" },
		"location":    func(_ *call, s *Shop, _ args) any { return node{"Location", s} },
		"address1":    func(_ *call, s *Shop, _ args) any { return s.Address1 },
		"city":        func(_ *call, s *Shop, _ args) any { return s.City },
		"province":    func(_ *call, s *Shop, _ args) any { return s.Province },
		"zip":         func(_ *call, s *Shop, _ args) any { return s.Zip },
		"countryCode": func(_ *call, s *Shop, _ args) any { return s.CountryCode },
	})
	on("Location", map[string]func(*call, *Shop, args) any{
		"id":                   func(_ *call, s *Shop, _ args) any { return gid("Location", s.LocationID) },
		"legacyResourceId":     func(_ *call, s *Shop, _ args) any { return s.LocationID },
		"name":                 func(_ *call, s *Shop, _ args) any { return s.Name + " studio" },
		"isActive":             func(*call, *Shop, args) any { return true },
		"isPrimary":            func(*call, *Shop, args) any { return true },
		"fulfillsOnlineOrders": func(*call, *Shop, args) any { return true },
		"shipsInventory":       func(*call, *Shop, args) any { return true },
	})
}
