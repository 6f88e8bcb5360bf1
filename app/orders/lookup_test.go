package orders

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

// key is what a form on the shop's domain brings along.
func (b *bench) key(shop ids.Shop, customer int64) []string {
	b.t.Helper()
	key, err := b.s.links.FormKey(shop, customer)
	must(b.t, err)
	return []string{key}
}

// ask sends a shopper's request and returns the answer.
func ask(h http.Handler, method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// lookUps works the waiting look-ups off, as the queue would.
func (b *bench) lookUps() {
	b.t.Helper()
	for _, job := range b.jobs(TaskLookup) {
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return b.s.find(context.Background(), tx, queue.Job{ID: job.ID, Shop: storetest.Shop, Kind: job.Kind, Ref: job.Ref})
		})
	}
}

func (b *bench) links() (list []messages.Message) {
	for _, m := range b.messages() {
		if m.Kind == KindLink {
			list = append(list, m)
		}
	}
	return list
}

func (b *bench) letterOf(ref string) (l *mail.Letter, err error) {
	err = b.db.Read(context.Background(), storetest.Shop, func(tx *store.Tx) (err error) {
		l, err = b.s.composeLink(context.Background(), tx, ref)
		return err
	})
	return l, err
}

var digits = regexp.MustCompile(`req_[0-9a-f-]+|nonce="[^"]+"|name="form_key" value="[^"]+"`)

func TestLookUpTellsNothingAndMailsOneLink(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		must(t, b.hear("orders/create", body(1, now, nil), now))
		o := b.find(1).Order
		h := b.serve()
		as, key := "?as="+fmt.Sprint(storetest.Shop)+".0", b.key(storetest.Shop, 0)
		hit := ask(h, "POST", "/proxy/lookup"+as, url.Values{web.FormField: key, "order": {" " + o.Name + " "}, "email": {strings.ToUpper(o.Email)}, "lang": {"fa"}})
		miss := ask(h, "POST", "/proxy/lookup"+as, url.Values{web.FormField: key, "order": {o.Name}, "email": {"nobody@example.com"}, "lang": {"fa"}})
		if hit.Code != 200 || digits.ReplaceAllString(hit.Body.String(), "") != digits.ReplaceAllString(miss.Body.String(), "") {
			t.Errorf("a hit (%d) can be told from a miss (%d)", hit.Code, miss.Code)
		}
		b.lookUps()
		b.lookUps() // a job may run twice
		sent := b.links()
		if len(sent) != 1 || sent[0].ToAddress != strings.ToLower(o.Email) || sent[0].Locale != "fa" {
			t.Fatalf("mails: %+v", sent)
		}
		l, err := b.letterOf(sent[0].Ref)
		must(t, err)
		notice := l.Data["notice"].(map[string]any)
		path := strings.TrimPrefix(notice["button"].(map[string]any)["url"].(string), "https://app.example")
		for range 3 { // a program that looks links up uses nothing
			if w := ask(h, "GET", path, nil); w.Code != 200 || strings.Contains(w.Body.String(), o.Name) {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		opened := ask(h, "POST", path, url.Values{})
		if opened.Code != http.StatusSeeOther || !strings.HasPrefix(opened.Header().Get("Location"), "https://app.example/l/o/") {
			t.Errorf("%d %v", opened.Code, opened.Header())
		}
		if w := ask(h, "POST", path, url.Values{}); w.Code != 401 {
			t.Errorf("opened twice: %d", w.Code)
		}
		for range 5 {
			ask(h, "POST", "/proxy/lookup"+as, url.Values{web.FormField: key, "order": {"۱۰۰۱"}, "email": {o.Email}})
			ask(h, "POST", "/proxy/lookup"+as, url.Values{web.FormField: key, "order": {o.Name}, "email": {o.Email}})
		}
		b.lookUps()
		if n := len(b.links()); n != lookupsMost {
			t.Errorf("%d mails within the hour, want %d", n, lookupsMost)
		}
		if w := ask(h, "POST", "/proxy/lookup"+as, url.Values{web.FormField: key, "order": {o.Name}}); w.Code != 200 || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("without an address: %d %s", w.Code, w.Body)
		}
		if w := ask(h, "POST", "/proxy/lookup"+as, url.Values{web.FormField: key, "order": {o.Name}}, "Accept", "application/json"); w.Code != 422 && w.Code != 400 {
			t.Errorf("as JSON: %d", w.Code)
		}
		clk.Advance(lookupLife)
		if _, err := b.letterOf(sent[0].Ref); err == nil {
			t.Error("a mail with a link that has expired was written")
		}
	})
}

func TestExpiredLinkMailsANewOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		must(t, b.hear("orders/create", body(1, now, nil), now))
		l, err := b.compose(1)
		must(t, err)
		address := strings.TrimPrefix(l.Data["order"].(map[string]any)["url"].(string), "https://app.example")
		clk.Advance(400 * 24 * time.Hour)
		h := b.serve()
		old := ask(h, "GET", address, nil)
		renew := "/l/renew/" + strings.TrimPrefix(address, "/l/o/")
		if old.Code != 401 || !strings.Contains(old.Body.String(), renew) || strings.Contains(old.Body.String(), "#1001") {
			t.Fatalf("%d %s", old.Code, old.Body)
		}
		if w := ask(h, "POST", renew, url.Values{}); w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if sent := b.links(); len(sent) != 1 || sent[0].OrderID != 1 {
			t.Errorf("mails: %+v", sent)
		}
		if w := ask(h, "POST", renew[:len(renew)-3]+"AAA", url.Values{}); w.Code != 401 {
			t.Errorf("forged: %d", w.Code)
		}
		if w := ask(h, "GET", address[:len(address)-3]+"AAA", nil); w.Code != 401 || strings.Contains(w.Body.String(), "/l/renew/") {
			t.Errorf("a forged link offers to be renewed: %d", w.Code)
		}
	})
}

func TestHubAndExtensionShowOnlyOnesOwnOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		now := clk.Now()
		must(t, b.hear("orders/create", body(1, now, nil), now))
		customer := b.find(1).Order.CustomerID()
		if customer == 0 {
			t.Fatal("the order of the test has no customer")
		}
		h := b.serve()
		hub := ask(h, "GET", fmt.Sprintf("/proxy/orders?as=%d.%d", storetest.Shop, customer), nil)
		page := regexp.MustCompile(`href="(/apps/afterglow/o/[^"]+)"`).FindStringSubmatch(hub.Body.String())
		if hub.Code != 200 || page == nil {
			t.Fatalf("%d %s", hub.Code, hub.Body)
		}
		path := "/proxy" + strings.TrimPrefix(page[1], "/apps/afterglow") + fmt.Sprintf("?as=%d.0", storetest.Shop)
		if w := ask(h, "GET", path, nil); w.Code != 200 || !strings.Contains(w.Body.String(), "/apps/afterglow/o/") {
			t.Errorf("the order on the shop's own domain: %d", w.Code)
		}
		if w := ask(h, "GET", strings.Replace(path, fmt.Sprintf("as=%d.", storetest.Shop), "as=99.", 1), nil); w.Code != 401 {
			t.Errorf("on another shop's domain: %d", w.Code)
		}
		other := ask(h, "GET", fmt.Sprintf("/proxy/orders?as=%d.%d", storetest.Shop, customer+1), nil)
		if other.Code != 200 || strings.Contains(other.Body.String(), "/o/") {
			t.Errorf("another customer: %d %s", other.Code, other.Body)
		}
		if guest := ask(h, "GET", fmt.Sprintf("/proxy/orders?as=%d.0", storetest.Shop), nil); guest.Code != 200 || !strings.Contains(guest.Body.String(), `name="email"`) {
			t.Errorf("a guest: %d", guest.Code)
		}
		for customer, want := range map[int64]int{customer: 200, customer + 1: 404, 0: 401} {
			w := ask(h, "GET", "/ext/v1/orders/1?lang=de", nil, "Authorization", fmt.Sprintf("Bearer shop:%d:%d", storetest.Shop, customer))
			if w.Code != want || w.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("customer %d: %d, want %d", customer, w.Code, want)
			}
		}
		if w := ask(h, "OPTIONS", "/ext/v1/orders/1", nil); w.Code != 204 || w.Header().Get("Access-Control-Allow-Headers") == "" {
			t.Errorf("preflight: %d %v", w.Code, w.Header())
		}
	})
}

func TestLookUpsAreForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		count := func() (n int64) {
			b.in(storetest.Shop, func(tx *store.Tx) error { return tx.Scoped(&lookupRow{}).Count(&n).Error })
			return n
		}
		write := func() {
			b.in(storetest.Shop, func(tx *store.Tx) error { return b.s.lookUp(tx, "1001", "who@example.com", "en") })
		}
		write()
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return b.s.erase(context.Background(), tx, room.Person{Email: "Who@example.com"})
		})
		if count() != 0 {
			t.Error("a look-up outlives its person")
		}
		write()
		clk.Advance(lookupKept + time.Minute)
		must(t, b.db.System(context.Background(), func(tx *store.Tx) error { return b.s.purgeLookups().Begin(context.Background(), tx) }))
		if count() != 0 {
			t.Error("a look-up outlives its day")
		}
	})
}
