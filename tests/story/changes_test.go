package story

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// bought is an order of the simulated store.
type bought struct {
	ID          int64      `json:"id"`
	Name        string     `json:"name"`
	CancelledAt *time.Time `json:"cancelled_at"`
}

func (d *demo) buy(email, locale string) (o bought) {
	d.t.Helper()
	var placed struct{ Order bought }
	d.call(http.MethodPost, d.Addresses.SimURL+"/sim/api/orders", map[string]any{"email": email, "locale": locale}, &placed, http.StatusCreated)
	return placed.Order
}

// pageOf finds the address of the order's page in the confirmation.
func (d *demo) pageOf(email string) string {
	d.t.Helper()
	m := d.exactlyOne(email, 15*time.Second, 0)
	found := regexp.MustCompile(regexp.QuoteMeta(d.Addresses.AppURL) + `/l/o/[A-Za-z0-9_.-]+`).FindString(m.HTML)
	if found == "" {
		d.t.Fatalf("the confirmation to %s has no link to the order's page", email)
	}
	return found
}

func (d *demo) page(address string, form url.Values) (body, at string) {
	d.t.Helper()
	client := http.Client{Timeout: 15 * time.Second}
	var resp *http.Response
	var err error
	if form == nil {
		resp, err = client.Get(address)
	} else {
		resp, err = client.PostForm(address, form)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		d.t.Fatalf("%s answered %d, %v: %.300s", address, resp.StatusCode, err, raw)
	}
	return string(raw), resp.Request.URL.String()
}

var (
	onceField = regexp.MustCompile(`name="once" value="(chg_[0-9a-f-]+)"`)
	keyField  = regexp.MustCompile(`name="form_key" value="([^"]+)"`)
)

// filled is a form's answer with the key that it has on the shop's own domain.
func filled(form string, answer url.Values) url.Values {
	if key := keyField.FindStringSubmatch(form); key != nil {
		answer.Set("form_key", key[1])
	}
	return answer
}

// mailAbout waits for a mail to an address with words in its subject.
func (d *demo) mailAbout(to, words string) {
	d.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		n := 0
		for _, m := range d.mails(to) {
			if strings.Contains(m.Subject, words) {
				n++
			}
		}
		if n == 1 {
			return
		}
		if n > 1 || time.Now().After(deadline) {
			d.t.Fatalf("%d mails to %s about %q", n, to, words)
		}
	}
}

func (d *demo) refunded(order int64) (n int) {
	d.t.Helper()
	var ledger struct {
		Entries []struct {
			Order int64  `json:"order_id"`
			Kind  string `json:"kind"`
		} `json:"entries"`
	}
	d.call(http.MethodGet, d.Addresses.SimURL+"/sim/api/ledger", nil, &ledger, http.StatusOK)
	for _, e := range ledger.Entries {
		if e.Order == order && e.Kind == "refund" {
			n++
		}
	}
	return n
}

// A shopper cancels on the order's page: within three seconds the store has
// cancelled and paid back, and the mail arrives. A sent order is refused, with the
// reason.
func TestAShopperCancelsOnTheOrderPage(t *testing.T) {
	d := startDemo(t)
	o := d.buy("cancels@example.com", "en")
	page := d.pageOf("cancels@example.com")
	if body, _ := d.page(page, nil); !strings.Contains(body, "/change/cancel") {
		t.Fatal("the order's page does not offer to cancel")
	}
	form, _ := d.page(page+"/change/cancel", nil)
	once := onceField.FindStringSubmatch(form)
	if once == nil {
		t.Fatalf("no form: %.500s", form)
	}
	begun := time.Now()
	_, status := d.page(page+"/change/cancel", url.Values{"once": {once[1]}})
	for d.orderNow(o.ID).CancelledAt == nil || d.refunded(o.ID) == 0 {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("the order was not cancelled and refunded")
		}
		time.Sleep(20 * time.Millisecond)
	}
	took := time.Since(begun)
	t.Logf("cancelled and paid back after %s", took)
	if took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
	if _, again := d.page(page+"/change/cancel", url.Values{"once": {once[1]}}); again != status {
		t.Errorf("the same form again leads to %s", again)
	}
	d.mailAbout("cancels@example.com", "is canceled")
	if n := d.refunded(o.ID); n != 1 {
		t.Errorf("%d refunds", n)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if body, _ := d.page(status, nil); strings.Contains(body, `data-state="done"`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the page does not say that it is done")
		}
	}

	sent := d.buy("sent@example.com", "en")
	page = d.pageOf("sent@example.com") // and now on the shop's own domain
	page = d.Addresses.SimURL + "/apps/afterglow/o/" + page[strings.LastIndexByte(page, '/')+1:]
	form, _ = d.page(page+"/change/cancel", nil)
	once = onceField.FindStringSubmatch(form)
	if once == nil {
		t.Fatal("no form for the second order")
	}
	d.call(http.MethodPost, d.Addresses.SimURL+fmt.Sprintf("/sim/api/orders/%d/fulfill", sent.ID), map[string]any{}, nil, http.StatusCreated)
	_, status = d.page(page+"/change/cancel", filled(form, url.Values{"once": {once[1]}}))
	d.refusedAsSent(status)
	if d.orderNow(sent.ID).CancelledAt != nil || d.refunded(sent.ID) != 0 {
		t.Error("a sent order was cancelled")
	}
	d.noNewAddress(page)
}

// noNewAddress asks for another address of a sent order. The page says no at once, or,
// where it had not heard of the parcel yet, the change does.
func (d *demo) noNewAddress(page string) {
	d.t.Helper()
	to := url.Values{"first_name": {"Ann"}, "last_name": {"Lee"}, "address1": {"9 New Street"}, "zip": {"10001"}, "city": {"New York"}, "phone": {""}}
	empty, _ := d.page(page+"/change/address", nil)
	if strings.Contains(empty, "already been sent") {
		return
	}
	form, _ := d.page(page+"/change/address", filled(empty, to))
	once := onceField.FindStringSubmatch(form)
	if once == nil {
		if !strings.Contains(form, "already been sent") {
			d.t.Errorf("the address has neither a form nor a reason: %s", form)
		}
		return
	}
	to.Set("once", once[1])
	to.Set("step", "confirm")
	_, status := d.page(page+"/change/address", filled(form, to))
	d.refusedAsSent(status)
}

// refusedAsSent waits until a change's page says that it is too late, and why.
func (d *demo) refusedAsSent(status string) {
	d.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		body, _ := d.page(status, nil)
		if strings.Contains(body, `data-state="refused"`) {
			if !strings.Contains(body, "already on its way") {
				d.t.Errorf("the refusal has no reason: %s", body)
			}
			break
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("not refused: %s", body)
		}
	}
}

func (d *demo) orderNow(id int64) (o bought) {
	d.t.Helper()
	var found struct{ Order bought }
	d.call(http.MethodGet, d.Addresses.SimURL+fmt.Sprintf("/sim/api/orders/%d", id), nil, &found, http.StatusOK)
	return found.Order
}
