package shopsim

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestNextScanGoesTheWholeWay(t *testing.T) {
	s, shop, b := storeFront(t, nil)
	o, err := s.PlaceOrder(shop.ID, Checkout{Country: "DE"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Fulfill(shop.ID, o.ID, FulfillInput{Company: "DHL", Number: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, page := b.do("GET", fmt.Sprint("/admin/orders/", o.ID), nil); !strings.Contains(page, "Next scan: carrier picked up") {
		t.Error("the order's page does not offer the next scan")
	}
	next := fmt.Sprintf("/sim/api/fulfillments/%d/next", f.ID)
	for _, want := range []string{"carrier_picked_up", "in_transit", "out_for_delivery", "delivered"} {
		if resp, body := b.do("POST", next, nil); resp.StatusCode != http.StatusCreated || !strings.Contains(body, want) {
			t.Fatalf("%d %s; want %s", resp.StatusCode, body, want)
		}
	}
	if resp, _ := b.do("POST", next, nil); resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a parcel that has arrived goes on: %d", resp.StatusCode)
	}
	if resp, _ := b.do("POST", "/sim/api/fulfillments/1/next", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a parcel that is none goes on: %d", resp.StatusCode)
	}
	if events := s.Order(shop.ID, o.ID).Fulfillments[0].Events; len(events) != 4 || events[0].City != shop.City || events[1].City != "Leipzig" || events[3].City != o.ShipTo.City {
		t.Errorf("%+v", events)
	}
}
