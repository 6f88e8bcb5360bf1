package changes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/mail"
	"afterglow/app/photo"
	"afterglow/app/photo/phototest"
	"afterglow/app/policy"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

// upload is a multipart form; files are sent as photos under the given name.
func upload(t testing.TB, fields map[string]string, name string, files ...[]byte) (string, []byte) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for k, v := range fields {
		must(t, w.WriteField(k, v))
	}
	for _, f := range files {
		part, err := w.CreateFormFile("photo", name)
		must(t, err)
		part.Write(f)
	}
	w.Close()
	return w.FormDataContentType(), body.Bytes()
}

func TestAProblemIsReportedWithPhotos(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := open(t, db, clk)
		b.place(2, nil)
		page := b.page()
		token := once(t, b.send("GET", page+"/problem", "", nil))
		taken := phototest.WithExif(phototest.JPEG(t, 1800, 1200), 1, "GPS canary")
		media, body := upload(t, map[string]string{"once": token, "kind": "damaged", "text": "The foot is broken.", "q71": "1", "q72": "0", "q99": "4", "lang": "de"}, "../../etc/passwd.svg", taken, nil, phototest.JPEG(t, 60, 40))
		for range 2 { // sent twice
			if w := b.send("POST", page+"/problem", media, body); w.Code != http.StatusSeeOther || w.Header().Get("Location") != page+"/problem" {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		var rows []problemRow
		b.in(storetest.Shop, func(tx *store.Tx) (err error) { rows, err = problemsOf(tx, order); return err })
		if len(rows) != 1 || rows[0].Photos != 2 || rows[0].Proposal != ProposeReplace || !rows[0].Allowed || len(rows[0].items()) != 1 || rows[0].items()[0].Title != "Lamp" {
			t.Fatalf("%+v", rows)
		}
		if n := len(b.mails(KindProblem)); n != 1 {
			t.Errorf("%d receipts", n)
		}
		if text := b.written(b.s.problemMail(), rows[0].ID); !strings.Contains(text, "The foot is broken.") || !strings.Contains(text, "Beschädigt") {
			t.Errorf("the receipt says %s", text)
		}
		var told int64
		b.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Raw(`SELECT count(*) FROM orders_events WHERE shop_id = ? AND kind = 'problem'`, tx.Shop).Scan(&told).Error
		})
		if told != 1 {
			t.Errorf("%d lines on the timeline", told)
		}
		// The shopper sees it, and staff do; nobody else does.
		shown := b.send("GET", page+"/problem", "", nil).Body.String()
		address := regexp.MustCompile(`src="(/l/o/[^"]+/photos/pho_[^"]+)"`).FindStringSubmatch(shown)
		if address == nil {
			t.Fatalf("no photo on %s", shown)
		}
		picture := b.send("GET", address[1], "", nil)
		if picture.Code != 200 || picture.Header().Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(picture.Header().Get("Content-Disposition"), "attachment;") ||
			picture.Header().Get("Content-Security-Policy") != "default-src 'none'; sandbox" || picture.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%d %v", picture.Code, picture.Header())
		}
		if bytes.Contains(picture.Body.Bytes(), []byte("canary")) {
			t.Error("the place is still in the photo")
		}
		id := address[1][strings.LastIndexByte(address[1], '/')+1:]
		if w := b.staff("GET", "/requests/photos/"+id, nil); w.Code != 200 || !bytes.Equal(w.Body.Bytes(), picture.Body.Bytes()) {
			t.Errorf("staff: %d", w.Code)
		}
		if w := b.send("GET", "/api/v1/requests/photos/"+id, "", nil); w.Code != 401 {
			t.Errorf("without a session: %d", w.Code)
		}
		if w := b.send("GET", "/api/v1/requests/photos/"+id, "", nil, "Authorization", "Bearer shop:"+storetest.Other.String()); w.Code != 404 {
			t.Errorf("another shop: %d", w.Code)
		}
		foreign, _ := b.links.Sign(web.Link{Shop: storetest.Shop, Kind: "order", Ref: "4711", Expires: clk.Now().Add(time.Hour)})
		if w := b.send("GET", "/l/o/"+foreign+"/photos/"+id, "", nil); w.Code != 404 {
			t.Errorf("through another order's link: %d", w.Code)
		}
		answer := map[string]any{"request_id": "answer-0001", "text": "A new lamp is on its way.", "closes": true}
		for range 2 {
			if w := b.staff("POST", "/requests/problems/"+rows[0].ID+"/answer", answer); w.Code != 200 || !strings.Contains(w.Body.String(), `"state":"closed"`) {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		if n := len(b.mails(KindProblemAnswer)); n != 1 {
			t.Errorf("%d answers by mail", n)
		}
		if w := b.staff("PUT", "/requests/problems/"+rows[0].ID+"/state", map[string]any{"state": "open"}); !strings.Contains(w.Body.String(), `"closed_at":null`) {
			t.Errorf("opened again: %s", w.Body)
		}
		b.staff("PUT", "/requests/problems/"+rows[0].ID+"/state", map[string]any{"state": "closed"})
		clk.Advance(photosAfterClosing + time.Hour)
		b.in(storetest.Shop, sweepPhotos)
		b.in(storetest.Shop, func(tx *store.Tx) error {
			left, err := photosOf(tx, rows[0].ID)
			if len(left) != 0 {
				t.Errorf("%d photos after their time", len(left))
			}
			return err
		})
	})
}

// Two answers while the mail server is away: each letter says its own.
func TestEachAnswerToAProblemIsALetterOfItsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := open(t, db, clk)
		b.place(2, nil)
		page := b.page()
		media, body := upload(t, map[string]string{"once": once(t, b.send("GET", page+"/problem", "", nil)), "kind": "damaged", "text": "The foot is broken."}, "x.jpg")
		b.send("POST", page+"/problem", media, body)
		var rows []problemRow
		b.in(storetest.Shop, func(tx *store.Tx) (err error) { rows, err = problemsOf(tx, order); return err })
		path := "/requests/problems/" + rows[0].ID
		texts := []string{"Please keep the box.", "A new lamp is on its way."}
		for i, text := range texts {
			for range 2 {
				if w := b.staff("POST", path+"/answer", map[string]any{"request_id": fmt.Sprintf("answer-000%d", i), "text": text, "closes": i == 0}); w.Code != 200 {
					t.Fatalf("%d %s", w.Code, w.Body)
				}
			}
			b.staff("PUT", path+"/state", map[string]any{"state": "open"})
			clk.Advance(time.Minute)
		}
		if w := b.staff("POST", path+"/answer", map[string]any{"request_id": "answer-0000", "text": texts[0], "closes": true}); !strings.Contains(w.Body.String(), `"state":"open"`) {
			t.Errorf("what was answered once closed it again: %s", w.Body)
		}
		letters := b.mails(KindProblemAnswer)
		if len(letters) != len(texts) {
			t.Fatalf("%d letters", len(letters))
		}
		for i, text := range texts {
			if got := b.written(b.s.problemAnswerMail(), letters[i].Ref); !strings.Contains(got, text) || strings.Contains(got, texts[1-i]) {
				t.Errorf("letter %d says %s", i, got)
			}
		}
		shopper, staff := b.send("GET", page+"/problem", "", nil).Body.String(), b.staff("GET", path, nil).Body.String()
		for _, text := range texts {
			if !strings.Contains(shopper, text) || !strings.Contains(staff, text) {
				t.Errorf("%q is not shown to both", text)
			}
		}
		hung, who := b.s.room(), room.Person{OrderIDs: []int64{order}}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			out, err := hung.Export(ctx, tx, who)
			if err != nil {
				return err
			}
			if raw, _ := json.Marshal(out); !strings.Contains(string(raw), texts[0]) {
				t.Errorf("the file lacks the first answer: %.400s", raw)
			}
			if err := hung.Erase(ctx, tx, who); err != nil {
				return err
			}
			if _, err := b.s.problemAnswerMail().Compose(ctx, tx, letters[0].Ref); err == nil {
				t.Error("an answer to somebody who was erased")
			}
			return nil
		})
		if w := b.staff("POST", path+"/answer", map[string]any{"request_id": "answer-0009", "text": "canary words", "closes": true}); w.Code != http.StatusConflict {
			t.Errorf("an answer to somebody who was erased: %d", w.Code)
		}
	})
}

// S11 over HTTP: what is refused leaves nothing behind.
func TestReportsThatAreRefused(t *testing.T) {
	clk := clock.NewFixed(storetest.Noon)
	{ // nothing here depends on the database
		db := storetest.Open(t, "sqlite", clk)
		b := open(t, db, clk)
		b.place(2, nil)
		page := b.page()
		token := once(t, b.send("GET", page+"/problem", "", nil))
		small := phototest.JPEG(t, 20, 20)
		for name, c := range map[string]struct {
			fields map[string]string
			files  [][]byte
		}{
			"no kind":         {map[string]string{"once": token}, nil},
			"another kind":    {map[string]string{"once": token, "kind": "stolen"}, nil},
			"too many photos": {map[string]string{"once": token, "kind": "damaged"}, [][]byte{small, small, small, small, small}},
			"an SVG":          {map[string]string{"once": token, "kind": "damaged"}, [][]byte{[]byte("<svg onload=alert(1)>")}},
			"a bomb":          {map[string]string{"once": token, "kind": "damaged"}, [][]byte{phototest.BombPNG(50_000, 50_000)}},
			"too large":       {map[string]string{"once": token, "kind": "damaged"}, [][]byte{append(bytes.Clone(small), make([]byte, photo.BytesMost)...), small}},
			"no text":         {map[string]string{"once": token, "kind": "other"}, nil},
			"a form of old":   {map[string]string{"once": "abc", "kind": "damaged"}, [][]byte{small}},
		} {
			media, body := upload(t, c.fields, "../x.jpg", c.files...)
			if w := b.send("POST", page+"/problem", media, body); w.Code != 200 || !strings.Contains(w.Body.String(), `role="alert"`) {
				t.Errorf("%s: %d", name, w.Code)
			}
		}
		if w := b.send("POST", page+"/problem", "multipart/form-data; boundary=x", []byte("--x\r\nbroken")); w.Code != 200 {
			t.Errorf("broken: %d", w.Code)
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			rows, err := problemsOf(tx, order)
			if len(rows) > 0 {
				t.Errorf("%+v", rows)
			}
			return err
		})
	}
}

func TestProposals(t *testing.T) {
	refused := policy.Verdict{Instead: []policy.Alternative{{Action: policy.Return}}}
	for _, c := range []struct {
		kind string
		v    policy.Verdict
		want string
	}{
		{"damaged", policy.Verdict{Allowed: true}, ProposeReplace}, {"wrong", policy.Verdict{Allowed: true}, ProposeReplace}, {"missing", policy.Verdict{Allowed: true}, ProposeReship},
		{"different", policy.Verdict{Allowed: true}, ProposeRefund}, {"other", policy.Verdict{Allowed: true}, ProposeLook}, {"damaged", refused, ProposeReturn}, {"damaged", policy.Verdict{}, ProposeLook},
	} {
		if got := propose(Report{Kind: c.kind}, c.v); got != c.want {
			t.Errorf("%s: %s, want %s", c.kind, got, c.want)
		}
	}
}

// P1 and P3 for what shoppers typed and photographed.
func TestRequestsAreDisclosedAndForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := open(t, db, clk)
		b.place(2, nil)
		b.declare(typed("#77 unknown", "GUEST@example.com"))
		b.declare(typed("#1001", "mira@example.com"))
		b.work()
		page := b.page()
		media, body := upload(t, map[string]string{"once": once(t, b.send("GET", page+"/problem", "", nil)), "kind": "other", "text": "canary words"}, "x.jpg", phototest.JPEG(t, 30, 30))
		if w := b.send("POST", page+"/problem", media, body); w.Code != http.StatusSeeOther {
			t.Fatalf("%d", w.Code)
		}
		hung := b.s.room()
		people := []room.Person{{Email: "guest@example.com"}, {OrderIDs: []int64{order}}}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			for i, p := range people {
				out, err := hung.Export(ctx, tx, p)
				if err != nil {
					return err
				}
				text, _ := json.Marshal(out)
				if i == 0 && !strings.Contains(string(text), "GUEST@example.com") || i == 1 && (!strings.Contains(string(text), "canary words") || !strings.Contains(string(text), "jpeg_base64")) {
					t.Errorf("the file lacks something: %.400s", text)
				}
				for range 2 {
					if err := hung.Erase(ctx, tx, p); err != nil {
						return err
					}
				}
			}
			var left int64
			if err := tx.Raw(`SELECT count(*) FROM changes_photos WHERE shop_id = ?`, tx.Shop).Scan(&left).Error; err != nil || left != 0 {
				t.Errorf("%d photos are left", left)
			}
			return nil
		})
		for _, w := range b.withdrawals() {
			if w.Name+w.Email+w.EmailKey+w.TypedOrder+w.TypedItems != "" {
				t.Errorf("%+v", w)
			}
		}
		b.in(storetest.Shop, func(tx *store.Tx) error {
			if _, err := b.s.receiptMail().Compose(ctx, tx, firstID(t, tx)); err == nil {
				t.Error("a receipt for somebody who was erased")
			} else if _, stopped := mail.StopReason(err); !stopped {
				return errors.New("it should stop")
			}
			return nil
		})
	})
}

func firstID(t testing.TB, tx *store.Tx) (id string) {
	t.Helper()
	must(t, tx.Raw(`SELECT id FROM changes_withdrawals WHERE shop_id = ? ORDER BY id LIMIT 1`, tx.Shop).Scan(&id).Error)
	return id
}
