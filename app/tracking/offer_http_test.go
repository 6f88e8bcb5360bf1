package tracking

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/orders"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

// offerProxies takes as=<shop>.<customer> for Shopify's signature.
type offerProxies struct{}

func (offerProxies) Verify(raw string) (*shopify.ProxyRequest, error) {
	q, _ := url.ParseQuery(raw)
	var shop, customer int64
	if _, err := fmt.Sscanf(q.Get("as"), "%d.%d", &shop, &customer); err != nil {
		return nil, shopify.ErrSession
	}
	return &shopify.ProxyRequest{Shop: shopify.Domain(fmt.Sprint(shop)), CustomerID: customer, PathPrefix: "/apps/afterglow"}, nil
}

// door is a stage behind its real routes.
type door struct {
	*stage
	links *web.Links
	h     http.Handler
}

func openDoor(t *testing.T, db *store.DB, clk *clock.Fixed) *door {
	t.Helper()
	st := perform(t, db, clk)
	hung := st.s.Room()
	if err := st.orders.UseSections(hung.OrderPage...); err != nil {
		t.Fatal(err)
	}
	links, err := web.NewLinks(clk, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	e, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Proxies: offerProxies{}, Links: links, ErrorPage: orders.ErrorPage, Metrics: web.NewMetrics(),
		Resolve: func(_ context.Context, d shopify.Domain) (ids.Shop, error) {
			var id int64
			_, err := fmt.Sscan(string(d), &id)
			return ids.Shop(id), err
		}})
	if err != nil {
		t.Fatal(err)
	}
	linked, proxied := e.Group("/l", web.Linking, web.Kind("order"), web.Pages()), e.Group("/proxy", web.Proxy, web.Pages())
	for _, r := range []room.Room{st.orders.Room(), hung} {
		r.Links(linked)
		r.Proxy(proxied)
	}
	return &door{stage: st, links: links, h: e}
}

// page is the path of an order's page on our own domain.
func (d *door) page(order int64) (path string) {
	d.t.Helper()
	d.in(storetest.Shop, func(tx *store.Tx) error {
		address, err := d.orders.Link(tx, order)
		path = strings.TrimPrefix(address, "https://app.example")
		return err
	})
	return path
}

// proxied is where the order's page stands on the shop's own domain, with nobody
// signed in there.
func (d *door) proxied(order int64, shop ids.Shop) string {
	return "/proxy" + strings.TrimPrefix(d.page(order), "/l") + fmt.Sprintf("/offer?as=%d.0", shop)
}

func (d *door) send(method, path, media, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Accept", "text/html")
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, r)
	return w
}

const formMedia = "application/x-www-form-urlencoded"

func (d *door) post(path, offer, choice string, more ...string) *httptest.ResponseRecorder {
	form := url.Values{"once": {offer}, "choice": {choice}, "lang": {"en"}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return d.send("POST", path, formMedia, form.Encode())
}

// untouched says that an offer is as open as it was, and that nothing was planned
// for it.
func (d *door) untouched(of offerRow, after string) {
	d.t.Helper()
	now := d.offerNow(of.ID)
	planned := d.count(`SELECT count(*) FROM shopify_operations WHERE shop_id = ? AND order_id = ?`, of.OrderID)
	if now.State != OfferOpen || now.Choice != "" || now.OperationID != "" || planned != 0 {
		d.t.Errorf("after %s it is %s, %q was chosen, %d operations", after, now.State, now.Choice, planned)
	}
}

// given counts what the store's ledger says that the app gave.
func (d *door) given() (n int) {
	for _, l := range d.sim.Ledger(d.shop.ID) {
		if l.By == "app" {
			n++
		}
	}
	return n
}

func (d *door) done(of offerRow) {
	d.t.Helper()
	d.until("the choice", func() bool { return d.offerNow(of.ID).State == OfferDone })
}

// What is chosen on the order's page is carried out once, and only what was offered,
// to whom, and in time.
func TestAChoiceIsPosted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		d := openDoor(t, db, clk)
		d.generous(1_000_000_000)
		offers := d.late(5, 1)
		of, page := offers[0], d.page(offers[0].OrderID)
		shown := d.send("GET", page+"?lang=en", "", "")
		if body := shown.Body.String(); shown.Code != 200 || !strings.Contains(body, page+"/offer") || !strings.Contains(body, of.ID) {
			t.Fatalf("the page does not offer it: %d", shown.Code)
		}
		for _, method := range []string{"GET", "HEAD"} {
			if w := d.send(method, page+"/offer?once="+of.ID+"&choice=refund", "", ""); w.Code != 404 && w.Code != 405 {
				t.Errorf("%s answers %d", method, w.Code)
			}
		}
		d.untouched(of, "reading")
		for _, choice := range []string{"", "gold", "refund reship"} {
			if w := d.post(page+"/offer", of.ID, choice); w.Code != http.StatusSeeOther {
				t.Errorf("%q answers %d", choice, w.Code)
			}
		}
		d.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Exec(`UPDATE tracking_offers SET choices = 'wait reship' WHERE shop_id = ? AND id = ?`, tx.Shop, of.ID).Error
		})
		if w := d.post(page+"/offer", of.ID, ChoiceRefund); w.Code != http.StatusSeeOther {
			t.Errorf("what the shop does not offer answers %d", w.Code)
		}
		d.untouched(of, "a choice that was not offered")

		if w := d.post(d.page(offers[1].OrderID)+"/offer", of.ID, ChoiceReship); w.Code != http.StatusSeeOther {
			t.Errorf("another order's link answers %d", w.Code)
		}
		if w := d.post(page+"x/offer", of.ID, ChoiceReship); w.Code < 400 || w.Code >= 500 {
			t.Errorf("a link that was changed answers %d", w.Code)
		}
		d.untouched(of, "a foreign link")

		if w := d.post(page+"/offer", of.ID, ChoiceReship); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), page) {
			t.Fatalf("%d to %s", w.Code, w.Header().Get("Location"))
		}
		if w := d.post(page+"/offer", of.ID, ChoiceReship); w.Code != http.StatusSeeOther {
			t.Errorf("again: %d", w.Code)
		}
		d.done(of)
		if again := d.send("GET", page+"?lang=en", "", "").Body.String(); strings.Contains(again, page+"/offer") {
			t.Error("it is offered after it was carried out")
		}
		if w := d.post(page+"/offer", of.ID, ChoiceWait); w.Code != http.StatusSeeOther || d.offerNow(of.ID).Choice != ChoiceReship || d.given() != 1 {
			t.Errorf("%d; %d were given", w.Code, d.given())
		}

		var hands sync.WaitGroup
		twice := d.page(offers[1].OrderID) + "/offer"
		for range 8 { // the button was pressed, and pressed
			hands.Go(func() {
				if w := d.post(twice, offers[1].ID, ChoiceRefund); w.Code != http.StatusSeeOther {
					t.Errorf("pressed at once: %d", w.Code)
				}
			})
		}
		hands.Wait()
		d.done(offers[1])
		if n := d.given(); n != 2 {
			t.Errorf("%d were given", n)
		}
		d.onTheShopsDomain(offers[2])

		clk.Advance(7 * 24 * time.Hour)
		if w := d.post(d.page(offers[3].OrderID)+"/offer", offers[3].ID, ChoiceRefund); w.Code != http.StatusSeeOther {
			t.Errorf("after its time: %d", w.Code)
		}
		d.untouched(offers[3], "its time")
	})
}

// onTheShopsDomain posts one choice there, first as strange pages would.
func (d *door) onTheShopsDomain(of offerRow) {
	d.t.Helper()
	path := d.proxied(of.OrderID, storetest.Shop)
	key := func(shop ids.Shop, customer int64) string {
		key, err := d.links.FormKey(shop, customer)
		if err != nil {
			d.t.Fatal(err)
		}
		return key
	}
	stale := key(storetest.Shop, 0)
	d.clk.Advance(31 * time.Minute)
	for name, key := range map[string]string{"no key": "", "a stranger's key": key(storetest.Shop, 77), "another shop's key": key(storetest.Other, 0), "an old key": stale, "a made-up key": "x"} {
		if w := d.post(path, of.ID, ChoiceCredit, web.FormField, key); w.Code != http.StatusForbidden {
			d.t.Errorf("%s answers %d", name, w.Code)
		}
	}
	if w := d.send("POST", path, "text/plain", "once="+of.ID+"&choice=credit"); w.Code != http.StatusUnsupportedMediaType {
		d.t.Errorf("a form in plain text answers %d", w.Code)
	}
	if w := d.post(d.proxied(of.OrderID, storetest.Other), of.ID, ChoiceCredit, web.FormField, key(storetest.Other, 0)); w.Code < 400 || w.Code >= 500 {
		d.t.Errorf("on another shop's domain it answers %d", w.Code)
	}
	d.untouched(of, "forged forms")
	shown := d.send("GET", strings.Replace(path, "/offer?", "?", 1), "", "").Body.String()
	if !strings.Contains(shown, `name="`+web.FormField+`"`) {
		d.t.Error("the page's form has no key")
	}
	for range 2 {
		if w := d.post(path, of.ID, ChoiceCredit, web.FormField, key(storetest.Shop, 0)); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/apps/afterglow/o/") {
			d.t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
		}
	}
	d.done(of)
	if n := d.given(); n != 3 {
		d.t.Errorf("%d were given", n)
	}
}

// A customer who waits for two parcels gets credit for both, also while nobody knows
// whether the first was given.
func TestWhoWaitsTwiceIsGivenCreditTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		d := openDoor(t, db, clk)
		d.generous(1_000_000_000)
		offers := d.late(1, 3)
		page := d.page(offers[0].OrderID) + "/offer"
		if err := d.sim.SetFaults(shopsim.Faults{API: shopsim.APIFaults{FailBefore: 1, Operation: "storeCreditAccountCredit"}}); err != nil {
			t.Fatal(err)
		}
		if w := d.post(page, offers[0].ID, ChoiceWait); w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		d.until("a lost answer", func() bool { return d.offerNow(offers[0].ID).State == OfferParked })
		if err := d.sim.SetFaults(shopsim.Faults{}); err != nil {
			t.Fatal(err)
		}
		for _, of := range offers[1:] {
			if w := d.post(page, of.ID, ChoiceWait); w.Code != http.StatusSeeOther {
				t.Errorf("while the first waits for staff: %d %s", w.Code, w.Body)
			}
		}
		for _, of := range offers[1:] {
			d.done(of)
		}
		if n := d.given(); n != 2 || d.offerNow(offers[0].ID).State != OfferParked {
			t.Errorf("%d were given, the first is %s", n, d.offerNow(offers[0].ID).State)
		}
	})
}
