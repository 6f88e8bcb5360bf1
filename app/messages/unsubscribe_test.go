package messages_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/queue/queuetest"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

// kept remembers the mails, and lets each wait for the gate if there is one.
type kept struct {
	gate  chan struct{}
	begun atomic.Int64
	last  atomic.Pointer[mail.Message]
}

func (k *kept) Send(_ context.Context, m *mail.Message) error {
	k.begun.Add(1)
	k.last.Store(m)
	if k.gate != nil {
		<-k.gate
	}
	return nil
}

func (o *opened) suppressions(query string) (list []struct {
	Address, Scope, Source, Reason string
	RemovedReason                  string `json:"removed_reason"`
	RemovedBy                      string `json:"removed_by"`
}) {
	o.t.Helper()
	var answer struct{ Suppressions any }
	answer.Suppressions = &list
	if code := o.ask(http.MethodGet, "/api/v1/suppressions"+query, "", &answer); code != http.StatusOK {
		o.t.Fatalf("suppressions: %d", code)
	}
	return list
}

// The way out of a marketing mail: opened as often as scanners like it changes
// nothing; the button works for a mail program that knows no cookies.
func TestUnsubscribing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		out := &kept{}
		o := openRoom(t, db, out).start()
		o.send("test.offer", "1")
		m := o.waitState(messages.StateSent)
		address := out.last.Load().Unsubscribe
		path, ok := strings.CutPrefix(address, appURL)
		if !ok || out.last.Load().Class != mail.Marketing {
			t.Fatalf("the way out is %q", address)
		}
		for range 100 {
			var page string
			if code := o.ask(http.MethodGet, path, "", &page); code != http.StatusOK || !strings.Contains(page, `method="post"`) {
				t.Fatalf("GET: %d", code)
			}
			if code := o.ask(http.MethodHead, path, "", nil); code >= 500 {
				t.Fatalf("HEAD: %d", code)
			}
		}
		if list := o.suppressions(""); len(list) != 0 {
			t.Fatalf("opening the page unsubscribed: %+v", list)
		}
		for range 3 { // RFC 8058: one POST by the mail program, and it may come again
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("List-Unsubscribe=One-Click"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			var page string
			if code := o.do(r, &page); code != http.StatusOK || strings.Contains(page, `method="post"`) {
				t.Fatalf("POST: %d", code)
			}
		}
		list := o.suppressions("")
		if len(list) != 1 || list[0].Address != "ann@example.com" || list[0].Scope != "marketing" || list[0].Source != "unsubscribed" {
			t.Fatalf("%+v", list)
		}
		var detail struct {
			Message struct{ History []struct{ Detail string } }
		}
		o.ask(http.MethodGet, "/api/v1/messages/"+m.ID, "", &detail)
		if n := strings.Count(fmt.Sprint(detail), "the recipient unsubscribed"); n != 1 {
			t.Errorf("the history tells it %d times: %+v", n, detail)
		}
		o.send("test.offer", "2") // no more offers, and orders as ever
		o.send("test.note", "3")
		queuetest.Wait(t, "both", func() bool {
			s := o.states()
			return s[messages.StateSuppressed] == 1 && s[messages.StateSent] == 2
		})
	})
}

// A token is good for what it was made for, in the shop it was made in.
func TestForeignTokensDoNotUnsubscribe(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		out := &kept{}
		o := openRoom(t, db, out).start()
		o.send("test.offer", "1")
		m := o.waitState(messages.StateSent)
		good := strings.TrimPrefix(out.last.Load().Unsubscribe, appURL+"/l/u/")
		sign := func(link web.Link) string {
			token, err := o.links.Sign(link)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		later := clk.Now().Add(time.Hour)
		for name, token := range map[string]string{
			"of another kind":    sign(web.Link{Shop: storetest.Shop, Kind: "order", Ref: m.ID, Expires: later}),
			"of another shop":    sign(web.Link{Shop: storetest.Other, Kind: messages.LinkUnsubscribe, Ref: m.ID, Expires: later}),
			"of no message":      sign(web.Link{Shop: storetest.Shop, Kind: messages.LinkUnsubscribe, Ref: "msg_none", Expires: later}),
			"that has ended":     sign(web.Link{Shop: storetest.Shop, Kind: messages.LinkUnsubscribe, Ref: m.ID, Expires: clk.Now().Add(-time.Hour)}),
			"with another sign":  good[:len(good)-4] + "AAAA",
			"with nothing in it": "x",
		} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				if code := o.ask(method, "/l/u/"+token, "", nil); code < 400 || code >= 500 {
					t.Errorf("%s with a token %s: %d", method, name, code)
				}
			}
		}
		if list := o.suppressions(""); len(list) != 0 {
			t.Errorf("%+v", list)
		}
	})
}

// An objection counts for what is queued already: nothing is begun after it.
func TestUnsubscribingCountsForWhatIsQueued(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		const queued = 1000
		out := &kept{gate: make(chan struct{})}
		o := openRoom(t, db, out)
		o.inTx(func(tx *store.Tx) error {
			for i := range queued {
				if err := messages.Send(tx, messages.Request{Kind: "test.offer", Once: fmt.Sprint(i), Ref: "1", To: "ann@example.com", Locale: "en"}); err != nil {
					return err
				}
			}
			return nil
		})
		o.start()
		queuetest.Wait(t, "a mail on its way", func() bool { return out.begun.Load() > 0 })
		token := strings.TrimPrefix(out.last.Load().Unsubscribe, appURL)
		// Every worker now stands before the gate; wait until no more come.
		for before := int64(-1); before != out.begun.Load(); time.Sleep(200 * time.Millisecond) {
			before = out.begun.Load()
		}
		if code := o.ask(http.MethodPost, token, "", nil); code != http.StatusOK {
			t.Fatalf("POST: %d", code)
		}
		begun := out.begun.Load()
		close(out.gate)
		for end := time.Now().Add(60 * time.Second); o.states()[messages.StateSuppressed]+o.states()[messages.StateSent] < queued && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		}
		states := o.states()
		if after := out.begun.Load() - begun; after != 0 {
			t.Errorf("%d mails were begun after the objection", after)
		}
		if states[messages.StateSent] != int(begun) || states[messages.StateSuppressed] != queued-int(begun) || begun == queued {
			t.Errorf("%v, %d were on their way", states, begun)
		}
	})
}
