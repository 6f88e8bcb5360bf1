package story

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pageLink finds the order page's address in a mail.
var pageLink = regexp.MustCompile(`http[^"<>\s]*/l/o/[^"<>\s]+`)

// await waits until the shopper has so many mails, and returns them oldest first.
func (d *demo) await(to string, n int) []mail {
	d.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(30 * time.Millisecond) {
		list := d.mails(to)
		if len(list) >= n {
			slices.SortFunc(list, func(a, b mail) int { return a.At.Compare(b.At) })
			return list
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("%d mails to %s, want %d", len(list), to, n)
		}
	}
}

// Placed, sent, out for delivery, delivered: four mails in that order, in Persian
// from right to left, and the order page tells every step. Saying all of it again,
// in another order, changes nothing.
func TestParcelFromShopToDoor(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	const to = "bahar@example.com"
	p := d.order(persianOrder(to))
	d.await(to, 1)

	var sent struct {
		Fulfillment struct {
			ID int64 `json:"id"`
		} `json:"fulfillment"`
	}
	d.call(http.MethodPost, d.Addresses.SimURL+"/sim/api/orders/"+p.id()+"/fulfill", object{"tracking_company": "DHL", "tracking_number": "00340434292135100124"}, &sent, http.StatusCreated)
	d.await(to, 2)
	events := d.Addresses.SimURL + "/sim/api/fulfillments/" + strconv.FormatInt(sent.Fulfillment.ID, 10) + "/events"
	for i, event := range []object{
		{"status": "out_for_delivery", "city": "Köln", "country": "DE"},
		{"status": "delivered", "city": "Köln", "country": "DE"},
	} {
		d.call(http.MethodPost, events, event, nil, http.StatusCreated)
		d.await(to, 3+i)
	}

	for _, topic := range []string{"fulfillment_events/create", "fulfillments/create", "orders/updated", "fulfillments/update"} {
		d.call(http.MethodPost, d.Addresses.SimURL+"/sim/api/orders/"+p.id()+"/webhooks", object{"topic": topic, "times": 5}, nil, http.StatusAccepted)
	}
	// A scan from before that comes late.
	d.call(http.MethodPost, events, object{"status": "in_transit", "city": "Leipzig", "country": "DE", "happened_at": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)}, nil, http.StatusCreated)
	time.Sleep(4 * time.Second)

	got := d.await(to, 4)
	if len(got) != 4 {
		t.Fatalf("%d mails", len(got))
	}
	for i, word := range []string{"", "در راه است", "امروز می\u200cرسد", "تحویل شد"} {
		if !strings.Contains(got[i].Subject, word) {
			t.Errorf("mail %d is %q, want %q", i+1, got[i].Subject, word)
		}
		if !strings.Contains(got[i].HTML, `dir="rtl"`) || persianShare(got[i].Subject) < 0.5 {
			t.Errorf("mail %d is not Persian: %s", i+1, got[i].Subject)
		}
	}

	address := pageLink.FindString(got[3].Text)
	if address == "" {
		t.Fatalf("no link to the order page in\n%s", got[3].Text)
	}
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v", res.StatusCode, err)
	}
	rest := string(page)
	for _, want := range []string{`dir="rtl"`, "همهٔ مراحل تا کنون", "تحویل داده شد", "Köln", "در دست مأمور تحویل", "Leipzig"} {
		at := strings.Index(rest, want)
		if at < 0 {
			t.Fatalf("the page lacks %q, or shows it too early", want)
		}
		rest = rest[at:] // the newest step comes first
	}
	var left json.RawMessage
	d.call(http.MethodGet, d.Addresses.SimURL+"/sim/api/deliveries?state=failed&order_id="+p.id(), nil, &left, http.StatusOK)
	if !strings.Contains(string(left), `"failed":0`) {
		t.Errorf("webhooks were refused: %s", left)
	}
}
