package boot

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A carrier's event may overtake its fulfillment: it is taken, kept apart, and
// belongs to the parcel as soon as that is known. Over HTTP only.
func TestAnEventOfAnUnknownFulfillmentWaitsForIt(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a := w.tenants[0]
		const parcel = 987654
		at := w.clk.Now().Format(time.RFC3339)
		scan := fmt.Sprintf(`{"id": 5550001, "fulfillment_id": %d, "order_id": %d, "status": "out_for_delivery", "happened_at": %q, "created_at": %q, "updated_at": %q, "city": "Leipzig", "country": "DE"}`, parcel, a.order, at, at, at)
		if answer := w.webhook(a, "fulfillment_events/create", "early-scan", []byte(scan)); answer.Code != http.StatusOK {
			t.Fatalf("the early event: %d", answer.Code)
		}
		w.idle()
		path := fmt.Sprintf("/api/v1/tracking/parcels/%d", parcel)
		if answer := w.send("GET", "/api/v1/tracking/parcels", nil, w.bearer(a)...); answer.Code != http.StatusOK || strings.Contains(answer.Body.String(), fmt.Sprint(parcel)) {
			t.Errorf("a parcel that nobody knows is listed: %d %s", answer.Code, answer.Body)
		}
		sent := fmt.Sprintf(`{"id": %d, "order_id": %d, "name": "#1.9", "status": "success", "created_at": %q, "updated_at": %q, "tracking_company": "DHL", "tracking_number": "00340434292135100124", "line_items": []}`, parcel, a.order, at, at)
		if answer := w.webhook(a, "fulfillments/create", "late-parcel", []byte(sent)); answer.Code != http.StatusOK {
			t.Fatalf("the fulfillment: %d", answer.Code)
		}
		w.idle()
		answer := w.send("GET", path, nil, w.bearer(a)...)
		for _, want := range []string{`"state":"out_for_delivery"`, "Leipzig", `"order_id":"` + fmt.Sprint(a.order)} {
			if !strings.Contains(answer.Body.String(), want) {
				t.Errorf("the parcel lacks %q: %d %s", want, answer.Code, answer.Body)
			}
		}
	})
}
