package shopsim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"afterglow/app/ids"
)

// parcelNode reads a parcel after the mutation.
func parcelNode(id int64) func(*call) any {
	return func(c *call) any { return c.findInOrders("Fulfillment", id) }
}

func mutateFulfill(c *call, a args) (*payload, error) {
	in := a.obj("fulfillment")
	var made int64
	err := c.sim.write(func(t *tx) error {
		c.t = t.tables
		groups := in.objs("lineItemsByFulfillmentOrder")
		if len(groups) != 1 {
			return refuse("fulfillment", "The simulation fulfils one fulfillment order at a time")
		}
		o := c.orderOfStock(groups[0].id("fulfillmentOrderId", "FulfillmentOrder"))
		if o == nil {
			return refuse("fulfillment", "Fulfillment order does not exist.")
		}
		if stockStatus(o) == "CLOSED" || stockStatus(o) == "ON_HOLD" {
			return refuse("fulfillment", "Fulfillment order %d has an unfulfillable status= %s.", o.FulfillmentID, strings.ToLower(stockStatus(o)))
		}
		parcel := FulfillInput{}
		for _, l := range groups[0].objs("fulfillmentOrderLineItems") {
			parcel.Lines = append(parcel.Lines, FulfillLineInput{l.id("id", "FulfillmentOrderLineItem") - 1, l.num("quantity")})
		}
		if track := in.obj("trackingInfo"); track != nil {
			parcel.Company, parcel.Number, parcel.URL = trackingOf(track)
		}
		f, err := t.fulfill(o.ID, parcel)
		if err != nil {
			return err
		}
		made = f.ID
		return nil
	})
	if err != nil {
		return wrong(err, "")
	}
	return &payload{vals: map[string]any{"fulfillment": parcelNode(made)}}, nil
}

func trackingOf(in args) (company, number, url string) {
	number, url = in.str("number"), in.str("url")
	if many := in.strs("numbers"); number == "" && len(many) > 0 {
		number = many[0]
	}
	if many := in.strs("urls"); url == "" && len(many) > 0 {
		url = many[0]
	}
	return in.str("company"), number, url
}

func (c *call) orderOfStock(id int64) *Order {
	for _, o := range c.t.orders.order[c.shop.ID] {
		if o.FulfillmentID == id && id != 0 && c.visible(o) {
			return o
		}
	}
	return nil
}

func mutateEvent(c *call, a args) (*payload, error) {
	in := a.obj("fulfillmentEvent")
	ev := EventInput{Status: in.str("status"), Message: in.str("message"), City: in.str("city"), Province: in.str("province"), Country: in.str("country"), Zip: in.str("zip")}
	for name, to := range map[string]**time.Time{"happenedAt": &ev.HappenedAt, "estimatedDeliveryAt": &ev.EstimatedAt} {
		if text := in.str(name); text != "" {
			at, err := timeOf(text)
			if err != nil {
				return mistakes(userError{"", []string{"fulfillmentEvent", name}, err.Error()}), nil
			}
			*to = at
		}
	}
	var made FulfillmentEvent
	err := c.sim.write(func(t *tx) error {
		id := in.id("fulfillmentId", "Fulfillment")
		o := t.orderOfFulfillment(c.shop.ID, id)
		if o == nil {
			return refuse("", "Fulfillment does not exist.")
		}
		e, err := t.event(o.ID, id, ev)
		if err == nil {
			made = *e
		}
		return err
	})
	if err != nil {
		return wrong(err, "", "fulfillmentEvent")
	}
	return &payload{vals: map[string]any{"fulfillmentEvent": node{"FulfillmentEvent", made}}}, nil
}

func mutateTracking(c *call, a args) (*payload, error) {
	id := a.id("fulfillmentId", "Fulfillment")
	err := c.sim.write(func(t *tx) error {
		o := t.orderOfFulfillment(c.shop.ID, id)
		if o == nil {
			return refuse("", "Fulfillment does not exist.")
		}
		company, number, url := trackingOf(a.obj("trackingInfoInput"))
		_, err := t.track(o.ID, id, company, number, url)
		return err
	})
	if err != nil {
		return wrong(err, "", "fulfillmentId")
	}
	return &payload{vals: map[string]any{"fulfillment": parcelNode(id)}}, nil
}

// maxHolds is how many holds one app may have on a fulfillment order.
const maxHolds = 10

func mutateHold(c *call, a args) (*payload, error) {
	in := a.obj("fulfillmentHold")
	var order, made int64
	code := "FULFILLMENT_ORDER_NOT_FOUND"
	err := c.sim.write(func(t *tx) error {
		c.t = t.tables
		o := c.orderOfStock(a.id("id", "FulfillmentOrder"))
		if o == nil {
			return refuse("id", "The fulfillment order couldn't be found.")
		}
		if len(in.objs("fulfillmentOrderLineItems")) > 0 {
			return refuse("fulfillmentHold", "holding single line items is not implemented by the simulation")
		}
		code = "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED"
		if len(o.Holds) >= maxHolds {
			return refuse("id", "The maximum number of fulfillment holds for this fulfillment order has been reached for this app.")
		}
		code = "DUPLICATE_FULFILLMENT_HOLD_HANDLE"
		if slices.ContainsFunc(o.Holds, func(h FulfillmentHold) bool { return h.Handle == in.str("handle") }) {
			return refuse("fulfillmentHold", "The handle provided for the fulfillment hold is already in use by this app.")
		}
		code = "FULFILLMENT_ORDER_NOT_SPLITTABLE"
		if s := stockStatus(o); s != "OPEN" && s != "ON_HOLD" {
			return refuse("id", "The fulfillment order is %s.", strings.ToLower(s))
		}
		row := edit(t, t.orders, o.ID)
		h := FulfillmentHold{ID: t.id("other"), Reason: in.str("reason"), Notes: in.str("reasonNotes"), Handle: in.str("handle")}
		row.Holds = append(row.Holds, h)
		row.touch(t.now)
		t.announceOrder(t.newEvent(), "orders/updated", row)
		order, made = o.ID, h.ID
		return nil
	})
	if err != nil {
		return wrong(err, code)
	}
	return &payload{vals: map[string]any{
		"fulfillmentOrder":          func(c *call) any { return node{"FulfillmentOrder", orderStock{c.t.orders.rows[order]}} },
		"remainingFulfillmentOrder": nil,
		"fulfillmentHold": func(c *call) any {
			o := c.t.orders.rows[order]
			for _, h := range o.Holds {
				if h.ID == made {
					return node{"FulfillmentHold", orderHold{o, h}}
				}
			}
			return nil
		},
	}}, nil
}

func mutateRelease(c *call, a args) (*payload, error) {
	var order int64
	err := c.sim.write(func(t *tx) error {
		c.t = t.tables
		o := c.orderOfStock(a.id("id", "FulfillmentOrder"))
		if o == nil {
			return refuse("id", "The fulfillment order couldn't be found.")
		}
		row := edit(t, t.orders, o.ID)
		if !a.has("holdIds") {
			row.Holds = nil
		}
		for _, text := range a.strs("holdIds") {
			kind, id, err := ids.ParseGID(text)
			at := slices.IndexFunc(row.Holds, func(h FulfillmentHold) bool { return h.ID == id })
			if err != nil || kind != "FulfillmentHold" || at < 0 {
				return refuse("holdIds", "%s", fmt.Sprintf("The fulfillment hold %s couldn't be found.", text))
			}
			row.Holds = slices.Delete(row.Holds, at, at+1)
		}
		row.touch(t.now)
		t.announceOrder(t.newEvent(), "orders/updated", row)
		order = o.ID
		return nil
	})
	if err != nil {
		return wrong(err, "FULFILLMENT_ORDER_NOT_FOUND")
	}
	return &payload{vals: map[string]any{
		"fulfillmentOrder": func(c *call) any { return node{"FulfillmentOrder", orderStock{c.t.orders.rows[order]}} },
	}}, nil
}
