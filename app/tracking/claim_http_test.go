package tracking

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/photo/phototest"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

type claimSessions struct{}

func (claimSessions) Verify(token string) (shopify.Claims, error) {
	if !strings.HasPrefix(token, "shop:") {
		return shopify.Claims{}, shopify.ErrSession
	}
	return shopify.Claims{Shop: shopify.Domain(strings.TrimPrefix(token, "shop:")), UserID: "42", SessionID: "s"}, nil
}

// desk is the room behind its real routes.
type desk struct {
	*bench
	h    http.Handler
	page string
}

func openDesk(t *testing.T, db *store.DB, clk *clock.Fixed) *desk {
	t.Helper()
	b := setup(t, db, clk)
	hung := b.s.Room()
	if err := b.orders.UseSections(hung.OrderPage...); err != nil {
		t.Fatal(err)
	}
	links, err := web.NewLinks(clk, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	e, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Sessions: claimSessions{}, Links: links, ErrorPage: orders.ErrorPage, Metrics: web.NewMetrics(),
		Resolve: func(_ context.Context, d shopify.Domain) (ids.Shop, error) {
			var id int64
			_, err := fmt.Sscan(string(d), &id)
			return ids.Shop(id), err
		}})
	if err != nil {
		t.Fatal(err)
	}
	linked := e.Group("/l", web.Linking, web.Kind("order"), web.Pages())
	for _, r := range []room.Room{b.orders.Room(), hung} {
		r.Links(linked)
	}
	hung.Admin(e.Group("/api/v1", web.Session))
	return &desk{bench: b, h: e}
}

func (d *desk) send(method, path, media string, body []byte, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Header.Set("Accept", "text/html")
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, r)
	return w
}

func (d *desk) staff(shop ids.Shop, method, path string, body any) *httptest.ResponseRecorder {
	raw, _ := json.Marshal(body)
	return d.send(method, "/api/v1"+path, "application/json", raw, "Accept", "application/json", "Authorization", "Bearer shop:"+shop.String())
}

func (d *desk) upload(path string, fields map[string]string, photos ...[]byte) *httptest.ResponseRecorder {
	d.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range fields {
		_ = w.WriteField(name, value)
	}
	for _, p := range photos {
		part, _ := w.CreateFormFile("photo", "door.jpg")
		_, _ = part.Write(p)
	}
	_ = w.Close()
	return d.send("POST", path, w.FormDataContentType(), b.Bytes())
}

// arrive has the order's parcel delivered so long ago, and opens the order's page.
func (d *desk) arrive(ago time.Duration) {
	d.t.Helper()
	at := d.clk.Now().Add(-ago)
	d.place()
	d.tell("fulfillments/create", d.parcel(901, nil))
	d.tell("fulfillment_events/create", d.scan(1, 901, "delivered", at, nil))
	d.in(storetest.Shop, func(tx *store.Tx) error {
		address, err := d.orders.Link(tx, order)
		d.page = strings.TrimPrefix(address, "https://app.example")
		return err
	})
}

func (d *desk) mailed(kind string) (n int64) {
	d.in(storetest.Shop, func(tx *store.Tx) error {
		return tx.Scoped(&messages.Message{}).Where("kind = ?", kind).Count(&n).Error
	})
	return n
}

func TestAShopperSaysThatTheParcelIsNotThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		d := openDesk(t, db, clk)
		d.arrive(50 * time.Hour)
		shown := d.send("GET", d.page+"?lang=en", "", nil)
		if !strings.Contains(shown.Body.String(), "/claim/901?lang=en") {
			t.Fatalf("the order's page does not offer it: %d", shown.Code)
		}
		first := d.send("GET", d.page+"/claim/901?lang=en", "", nil).Body.String()
		for _, want := range []string{"Neighbours", "Leipzig", "I have looked", "Lamp"} {
			if !strings.Contains(first, want) {
				t.Errorf("the first step lacks %q", want)
			}
		}
		if strings.Contains(first, "still fresh") || strings.Contains(first, "<script") {
			t.Error("what the first step says")
		}
		second := d.send("GET", d.page+"/claim/901?lang=en&step=tell&checked=neighbours", "", nil).Body.String()
		if !strings.Contains(second, `name="checked" value="neighbours"`) || !strings.Contains(second, `type="file"`) {
			t.Errorf("the second step: %s", second)
		}
		fields := map[string]string{"parcel": "901", "lang": "fa", "checked": "neighbours", "text": "No <parcel> at the door."}
		if w := d.upload(d.page+"/claim/"+fields["parcel"], fields); w.Code != 200 || !strings.Contains(w.Body.String(), "تأیید کنید") || !strings.Contains(w.Body.String(), "&lt;parcel&gt;") {
			t.Fatalf("not confirmed: %d %s", w.Code, w.Body)
		}
		fields["sure"] = "yes"
		if w := d.upload(d.page+"/claim/"+fields["parcel"], fields, []byte("<svg/>")); w.Code != 200 || !strings.Contains(w.Body.String(), "JPEG") {
			t.Errorf("no picture: %d", w.Code)
		}
		picture := phototest.WithExif(phototest.JPEG(t, 300, 200), 1, "GPS canary")
		for range 2 { // the button was pressed twice
			if w := d.upload(d.page+"/claim/"+fields["parcel"], fields, picture); w.Code != http.StatusSeeOther || w.Header().Get("Location") != d.page+"/claim/901?lang=fa" {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		if n := d.mailed(KindClaim); n != 1 {
			t.Errorf("%d receipts", n)
		}
		verdict := d.send("GET", d.page+"/claim/901?lang=en", "", nil).Body.String()
		if !strings.Contains(verdict, "A person is looking at it") || !strings.Contains(verdict, "The shop decides this case itself") || strings.Count(verdict, "<img") != 1 {
			t.Fatalf("the verdict: %s", verdict)
		}
		if shown := d.send("GET", d.page+"?lang=en", "", nil).Body.String(); !strings.Contains(shown, "See how it stands") {
			t.Error("the order's page does not show it")
		}

		list := d.staff(storetest.Shop, "GET", "/claims?state=review", nil)
		var answer struct {
			Claims []claimJSON `json:"claims"`
		}
		if err := json.Unmarshal(list.Body.Bytes(), &answer); err != nil || len(answer.Claims) != 1 || answer.Claims[0].Photos != 1 {
			t.Fatalf("%d %s", list.Code, list.Body)
		}
		path := "/claims/" + answer.Claims[0].ID
		var one struct {
			Claim oneClaim `json:"claim"`
		}
		got := d.staff(storetest.Shop, "GET", path, nil)
		if err := json.Unmarshal(got.Body.Bytes(), &one); err != nil || one.Claim.Statement != "No <parcel> at the door." || len(one.Claim.Findings) != 10 || len(one.Claim.Parcel.Scans) != 1 {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		photoPath := path + "/photos/" + one.Claim.Pictures[0].ID
		if w := d.staff(storetest.Shop, "GET", photoPath, nil); w.Code != 200 || bytes.Contains(w.Body.Bytes(), []byte("canary")) || w.Header().Get("Content-Security-Policy") != "default-src 'none'; sandbox" {
			t.Errorf("the photo: %d", w.Code)
		}
		for _, foreign := range []string{path, photoPath} {
			if w := d.staff(storetest.Other, "GET", foreign, nil); w.Code != 404 {
				t.Errorf("another shop reads %s: %d", foreign, w.Code)
			}
		}
		if w := d.staff(storetest.Other, "POST", path+"/refuse", map[string]any{"text": "no"}); w.Code != 404 {
			t.Errorf("another shop decides: %d", w.Code)
		}
		if w := d.staff(storetest.Shop, "POST", path+"/ask", map[string]any{"text": "Which floor is it?"}); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if asked := d.send("GET", d.page+"/claim/901?lang=en", "", nil).Body.String(); !strings.Contains(asked, "Which floor is it?") || !strings.Contains(asked, "/claim/901/reply") {
			t.Errorf("the question: %s", asked)
		}
		for range 2 {
			if w := d.upload(d.page+"/claim/901/reply", map[string]string{"parcel": "901", "lang": "en", "text": "The third."}); w.Code != http.StatusSeeOther {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		if w := d.staff(storetest.Shop, "POST", path+"/approve", map[string]any{"choice": "refund"}); w.Code != 400 { // nothing of that is granted
			t.Errorf("approved without the scopes: %d", w.Code)
		}
		if w := d.staff(storetest.Shop, "POST", path+"/refuse", map[string]any{"text": "The carrier has your signature."}); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if w := d.staff(storetest.Shop, "POST", path+"/refuse", map[string]any{"text": "Again."}); w.Code != 409 {
			t.Errorf("refused twice: %d", w.Code)
		}
		if n := d.mailed(KindClaimNews); n != 2 {
			t.Errorf("%d mails for a question and a refusal", n)
		}
		var letter string
		d.in(storetest.Shop, func(tx *store.Tx) error {
			l, err := d.s.composeClaim(KindClaimNews)(ctx, tx, answer.Claims[0].ID+":"+ClaimRefused)
			raw, _ := json.Marshal(l)
			letter = string(raw)
			return err
		})
		if !strings.Contains(letter, "The carrier has your signature.") || !strings.Contains(letter, "تصمیم فروشگاه") {
			t.Errorf("the letter says %s", letter)
		}
		var notes int64
		d.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Raw(`SELECT count(*) FROM orders_events WHERE shop_id = ? AND kind LIKE 'parcel_claim%'`, tx.Shop).Scan(&notes).Error
		})
		if notes != 5 { // made, review, asked, review, refused
			t.Errorf("%d lines on the timeline", notes)
		}
		// The person is forgotten.
		d.in(storetest.Shop, func(tx *store.Tx) error {
			p := room.Person{OrderIDs: []int64{order}}
			if out, err := d.s.export(ctx, tx, p); err != nil || len(out["tracking_claims"].([]map[string]any)) != 1 || len(out["tracking_claim_photos"].([]map[string]any)) != 1 {
				t.Errorf("exported: %v %v", out, err)
			}
			return d.s.erase(ctx, tx, p)
		})
		d.in(storetest.Shop, func(tx *store.Tx) error {
			var n int64
			if err := tx.Raw(`SELECT count(*) FROM tracking_claim_photos WHERE shop_id = ?`, tx.Shop).Scan(&n).Error; err != nil {
				return err
			}
			c, err := findClaim(tx, answer.Claims[0].ID)
			if n != 0 || c.Statement != "" || c.Answer != "" || c.History != "[]" || c.CustomerID != 0 {
				t.Errorf("%d photos, %+v", n, c)
			}
			return err
		})
	})
}

// It can be said of a delivered parcel, for so many days, and of no other shop's.
func TestAClaimHasItsTimeAndPlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		d := openDesk(t, db, clk)
		d.arrive(time.Hour)
		fields := map[string]string{"parcel": "901", "lang": "en", "sure": "yes"}
		if fresh := d.send("GET", d.page+"/claim/901?lang=en", "", nil).Body.String(); !strings.Contains(fresh, "still fresh") {
			t.Error("a fresh scan is not named")
		}
		clk.Advance(14*24*time.Hour - 2*time.Hour)
		if shown := d.send("GET", d.page+"?lang=en", "", nil).Body.String(); !strings.Contains(shown, "/claim/901") {
			t.Error("an hour before its end it is not offered")
		}
		clk.Advance(time.Hour)
		if shown := d.send("GET", d.page+"?lang=en", "", nil).Body.String(); strings.Contains(shown, "/claim/901") {
			t.Error("it is offered after its time")
		}
		if w := d.upload(d.page+"/claim/"+fields["parcel"], fields); w.Code != http.StatusGone || !strings.Contains(w.Body.String(), "within 14 days") {
			t.Errorf("after its time: %d", w.Code)
		}
		fields["parcel"] = "902"
		if w := d.upload(d.page+"/claim/"+fields["parcel"], fields); w.Code != 404 {
			t.Errorf("a parcel that is none of this order's: %d", w.Code)
		}
		if w := d.staff(storetest.Shop, "PUT", "/makegood/claims", map[string]any{"version": 0, "enabled": true, "days": 0}); w.Code != 422 {
			t.Errorf("settings that cannot be: %d", w.Code)
		}
		v := defaultClaimSettings("USD")
		v.Days = 60
		if w := d.staff(storetest.Shop, "PUT", "/makegood/claims", v); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if w := d.staff(storetest.Shop, "PUT", "/makegood/claims", v); w.Code != 409 {
			t.Errorf("saved over another's change: %d", w.Code)
		}
		fields["parcel"] = "901"
		if w := d.upload(d.page+"/claim/"+fields["parcel"], fields); w.Code != http.StatusSeeOther {
			t.Errorf("within the longer time: %d", w.Code)
		}
		var n int64
		d.in(storetest.Other, func(tx *store.Tx) error { return tx.Scoped(&claimRow{}).Count(&n).Error })
		if n != 0 {
			t.Errorf("another shop has %d", n)
		}
	})
}
