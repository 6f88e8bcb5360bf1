package messages_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/mail"
	"afterglow/app/mail/mailtest"
	"afterglow/app/messages"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/room"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

func mailServer(t *testing.T) (*mailtest.Server, *mail.SMTP) {
	t.Helper()
	server, err := mailtest.Start(mailtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := mail.NewSMTP(server.URL(), mail.SMTPOptions{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close(); server.Close() })
	return server, out
}

// The answer to the end of the text is lost: a mail about an order goes again
// under the same Message-ID, an offer does not go again.
func TestLostAnswers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		server, out := mailServer(t)
		server.Misbehave(mailtest.Faults{DropDot: 1})
		o := openRoom(t, db, out).start()
		o.send("test.note", "1")
		o.send("test.offer", "2")
		queuetest.Wait(t, "both at the server", func() bool { return len(server.Copies()) == 2 })
		queuetest.Wait(t, "the offer's end", func() bool { s := o.states(); return s[messages.StateFailed] == 1 && s[messages.StateWaiting] == 1 })
		server.Misbehave(mailtest.Faults{})
		queuetest.Wait(t, "the note's second time", func() bool {
			if o.resting() { // a lease must not run out under an attempt
				clk.Advance(time.Minute)
			}
			return o.states()[messages.StateSent] == 1
		})
		clk.Advance(48 * time.Hour)
		time.Sleep(300 * time.Millisecond)
		copies := server.Copies()
		if len(copies) != 2 {
			t.Fatalf("%v", copies)
		}
		err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
			var all []messages.Message
			if err := tx.Scoped(&messages.Message{}).Find(&all).Error; err != nil {
				return err
			}
			for _, m := range all {
				want := map[string]int{"test.note": 2, "test.offer": 1}[m.Kind]
				if got := copies[m.ID+"@example.com"]; got != want {
					t.Errorf("%s reached the server %d times: %v", m.Kind, got, copies)
				}
				if m.Kind == "test.offer" && (m.State != messages.StateFailed || !strings.Contains(m.Reason, "not tried twice")) {
					t.Errorf("the offer is %s: %s", m.State, m.Reason)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// resting tells whether no mail is on its way at the moment.
func (o *opened) resting() (resting bool) {
	o.inTx(func(tx *store.Tx) error {
		var n int64
		err := tx.Scoped(&queue.Row{}).Where("state IN ?", []queue.State{queue.StateQueued, queue.StateRunning}).Count(&n).Error
		resting = n == 0
		return err
	})
	return resting
}

// ownServer makes a shop use a server of its own.
func (o *opened) ownServer(server *mailtest.Server, version int) {
	o.t.Helper()
	host, port, _ := net.SplitHostPort(server.Addr())
	number, _ := strconv.Atoi(port)
	if err := o.shops.ChangeMail(ctx, storetest.Shop, shops.MailSettings{Version: version, Host: host, Port: number, Security: mail.Plaintext, FromAddress: "orders@own.example"}); err != nil {
		o.t.Fatal(err)
	}
}

// A shop's server that will not have us stops the shop's mails and costs none;
// when the settings are saved again they go.
func TestRefusedSettingsPauseTheShop(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		installation, out := mailServer(t)
		own, _ := mailServer(t)
		o := openRoom(t, db, out).start()
		own.Misbehave(mailtest.Faults{Sender: "550 5.7.1 sender not verified"})
		o.ownServer(own, 0)
		for i := range 5 {
			o.send("test.note", fmt.Sprint(i))
		}
		var paused struct {
			Paused *string
			Until  *time.Time `json:"paused_until"`
		}
		queuetest.Wait(t, "the pause", func() bool {
			clk.Advance(100 * time.Millisecond) // a server takes two at a time; the others come again
			q := o.waiting()
			return q.Waiting == 5 && q.ForServer == 5
		})
		if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
			why, err := shops.MailPaused(tx)
			paused.Paused = &why
			return err
		}); err != nil || !strings.Contains(*paused.Paused, "does not let us send from this address") {
			t.Fatalf("%v %v", *paused.Paused, err)
		}
		o.mailChangedLate()
		if q := o.waiting(); q.ForServer != 5 {
			t.Errorf("after settings that were heard of late, %d of 5 wait for the server", q.ForServer)
		}
		sessions, _ := own.Sessions()
		time.Sleep(500 * time.Millisecond)
		if more, _ := own.Sessions(); more != sessions {
			t.Errorf("%d more attempts while the shop is paused", more-sessions)
		}
		own.Misbehave(mailtest.Faults{})
		o.ownServer(own, 1)
		queuetest.Wait(t, "all sent after saving", func() bool { clk.Advance(100 * time.Millisecond); return o.states()[messages.StateSent] == 5 })
		if len(own.Copies()) != 5 || len(installation.Copies()) != 0 {
			t.Errorf("%d over the shop's server, %d over ours", len(own.Copies()), len(installation.Copies()))
		}
		// Mended at the provider's end, nobody saves: the next attempt finds out.
		own.Misbehave(mailtest.Faults{Sender: "550 5.7.1 sender not verified"})
		o.send("test.note", "later")
		queuetest.Wait(t, "the second pause", func() bool {
			return o.states()[messages.StateWaiting] == 1 && only[shopsMail](t, db).PausedReason != ""
		})
		own.Misbehave(mailtest.Faults{})
		queuetest.Wait(t, "sent without saving", func() bool { clk.Advance(time.Minute); return o.states()[messages.StateSent] == 6 })
		queuetest.Wait(t, "the end of the pause", func() bool { return only[shopsMail](t, db).PausedReason == "" })
	})
}

// waitingMails is what the admin shows of the mails that wait.
type waitingMails struct {
	Waiting   int
	ForServer int `json:"for_server"`
}

func (o *opened) waiting() (q waitingMails) {
	o.t.Helper()
	o.ask(http.MethodGet, "/api/v1/settings/mail/queue", "", &q)
	return q
}

// mailChangedLate lets the room hear of the shop's settings after the server has
// refused them.
func (o *opened) mailChangedLate() {
	o.t.Helper()
	o.inTx(func(tx *store.Tx) error { return queue.Publish(tx, shops.FactMailChanged, "late") })
	queuetest.Wait(o.t, "the fact", func() (heard bool) {
		o.inTx(func(tx *store.Tx) error {
			rows, err := queue.About(tx, "late")
			heard = len(rows) == 1 && rows[0].State == queue.StateDone
			return err
		})
		return heard
	})
}

type shopsMail struct{ PausedReason string }

func (shopsMail) TableName() string { return "shops_mail" }

// The installation's own server refuses the sender: every mail waits, and the
// first one already says so.
func TestTheOperatorsRefusedSenderIsSeenAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		server, out := mailServer(t)
		server.Misbehave(mailtest.Faults{Sender: "550 5.7.1 sender not verified"})
		o := openRoom(t, db, out).start()
		o.send("test.note", "1")
		var n int64
		var reason string
		queuetest.Wait(t, "a mark", func() bool {
			err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) (err error) {
				n, reason, err = messages.WaitingForOperator(tx)
				return err
			})
			return err == nil && n == 1
		})
		if !strings.Contains(reason, "does not let us send from this address") {
			t.Errorf("the reason is %q", reason)
		}
		var one struct {
			Message struct {
				ID         string
				WaitsFor   *string    `json:"waits_for"`
				WaitsUntil *time.Time `json:"waits_until"`
			}
		}
		queuetest.Wait(t, "the time of the next attempt", func() bool {
			o.ask(http.MethodGet, "/api/v1/messages/"+only[messages.Message](t, db).ID, "", &one)
			return one.Message.WaitsUntil != nil
		})
		if one.Message.WaitsFor == nil || *one.Message.WaitsFor != "operator" {
			t.Errorf("%+v", one)
		}
		server.Misbehave(mailtest.Faults{})
		queuetest.Wait(t, "sent", func() bool { clk.Advance(time.Minute); return o.states()[messages.StateSent] == 1 })
		if m := only[messages.Message](t, db); m.WaitsFor != messages.WaitNone || m.Reason != "" {
			t.Errorf("it still waits for %q: %s", m.WaitsFor, m.Reason)
		}
	})
}

// A delivery that was given up shows as failed with the reason, and goes out when
// somebody says so.
func TestGivenUpAndTriedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		var broken atomic.Bool
		broken.Store(true)
		away := problem.New(problem.Unavailable, "test.away", "The order cannot be read.")
		o := openRoom(t, db, &kept{}, mail.Kind{Name: "test.broken", Template: []byte("<p>hello</p>"), Compose: func(context.Context, *store.Tx, string) (*mail.Letter, error) {
			if broken.Load() {
				return nil, away.With(errors.New("disk on fire"))
			}
			return &mail.Letter{Data: map[string]any{}}, nil
		}})
		o.send("test.broken", "1")
		o.inTx(func(tx *store.Tx) error {
			return tx.Exec(`UPDATE queue_jobs SET attempts = 119 WHERE shop_id = ?`, tx.Shop).Error
		}) // the last one comes
		o.start()
		m := o.waitState(messages.StateFailed)
		if m.Reason == "" || only[queue.Row](t, db).State != queue.StateParked {
			t.Fatalf("%q, job %s", m.Reason, only[queue.Row](t, db).State)
		}
		var one struct{ Message struct{ Retryable bool } }
		o.ask(http.MethodGet, "/api/v1/messages/"+m.ID, "", &one)
		if !one.Message.Retryable {
			t.Error("there is no way to try again")
		}
		broken.Store(false)
		if code := o.ask(http.MethodPost, "/api/v1/messages/"+m.ID+"/retry", "{}", nil); code != http.StatusAccepted {
			t.Fatalf("retry: %d", code)
		}
		o.waitState(messages.StateSent)
		if code := o.ask(http.MethodPost, "/api/v1/messages/"+m.ID+"/retry", "{}", nil); code != http.StatusConflict {
			t.Errorf("a second retry: %d", code)
		}
	})
}

// What providers tell counts once, for mails of this shop, to their recipients.
func TestReportsFromOutside(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		o := openRoom(t, db, &kept{}).start()
		o.send("test.note", "1")
		m := o.waitState(messages.StateSent)
		hook := func() string {
			var made struct{ Address string }
			if code := o.ask(http.MethodPost, "/api/v1/feedback/address", "{}", &made); code != http.StatusCreated {
				t.Fatalf("address: %d", code)
			}
			return strings.TrimPrefix(made.Address, appURL)
		}
		address := hook()
		tell := func(provider, body string) (code int, counts struct{ Taken, Known, Unknown int }) {
			code = o.ask(http.MethodPost, address+provider, body, &counts)
			return code, counts
		}
		event := func(id, message, kind, to string) string {
			return fmt.Sprintf(`{"events": [{"event_id": %q, "message_id": %q, "kind": %q, "recipient": %q, "status": "4.2.2", "at": "2026-11-21T12:00:00Z"}]}`, id, message, kind, to)
		}
		if code, got := tell("generic", event("1", m.ID, "soft_bounce", "ann@example.com")); code != 200 || got.Taken != 1 {
			t.Errorf("a soft bounce: %d %+v", code, got)
		}
		if _, got := tell("generic", event("1", m.ID, "soft_bounce", "ann@example.com")); got.Known != 1 || got.Taken != 0 {
			t.Errorf("the same again: %+v", got)
		}
		if _, got := tell("generic", event("2", "msg_of_nobody", "hard_bounce", "ann@example.com")); got.Unknown != 1 {
			t.Errorf("of no mail: %+v", got)
		}
		if _, got := tell("generic", event("3", m.ID, "complaint", "third@example.com")); got.Unknown != 1 {
			t.Errorf("about a third person: %+v", got)
		}
		if list := o.suppressions(""); len(list) != 0 {
			t.Errorf("on the list already: %+v", list)
		}
		postmark := fmt.Sprintf(`{"RecordType":"Bounce","ID":7,"Type":"HardBounce","Metadata":{"message":%q},"Details":"smtp;550 5.1.1 unknown","Email":"Ann@Example.com","BouncedAt":"2026-11-21T11:00:00Z"}`, m.ID)
		for i := range 2 {
			if code, got := tell("postmark", postmark); code != 200 || got.Taken != 1-i || got.Known != i {
				t.Errorf("postmark: %d %+v", code, got)
			}
		}
		list := o.suppressions("?q=ANN")
		if len(list) != 1 || list[0].Source != "bounce" || list[0].Scope != "all" || !strings.Contains(list[0].Reason, "5.1.1") {
			t.Errorf("%+v", list)
		}
		if got := o.waitState(messages.StateFailed); !strings.Contains(got.Reason, "came back") {
			t.Errorf("the mail says %q", got.Reason)
		}
		if code, _ := tell("sendgrid", `[{"event":"spamreport","sg_event_id":"x","email":"ann@example.com"}]`); code != http.StatusUnauthorized {
			t.Errorf("sendgrid without a signature: %d", code)
		}
		if code, _ := tell("other", `{}`); code != http.StatusNotFound {
			t.Errorf("another provider: %d", code)
		}
		if code, _ := tell("generic", `{"events": []}`); code != http.StatusBadRequest {
			t.Errorf("no report: %d", code)
		}
		former := address
		address = hook()
		if code := o.ask(http.MethodPost, former+"generic", event("9", m.ID, "soft_bounce", ""), nil); code < 400 {
			t.Errorf("the former address: %d", code)
		}
		if code, got := tell("generic", event("9", m.ID, "soft_bounce", "")); code != 200 || got.Taken != 1 {
			t.Errorf("the new address: %d %+v", code, got)
		}
		var seen struct {
			Events []struct{ Provider, Kind string }
		}
		o.ask(http.MethodGet, "/api/v1/feedback", "", &seen)
		if len(seen.Events) != 5 {
			t.Errorf("%+v", seen)
		}
	})
}

// Who objected and is erased has still objected: the address is known again by
// its hash, and by nothing else.
func TestAnObjectionOutlivesTheErasure(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		o := openRoom(t, db, &kept{}).start()
		o.send("test.note", "1")
		o.waitState(messages.StateSent)
		if code := o.ask(http.MethodPost, "/api/v1/suppressions", `{"address": "Ann@example.com", "scope": "all", "reason": "Ann asked by phone"}`, nil); code != http.StatusCreated {
			t.Fatalf("suppress: %d", code)
		}
		o.inTx(func(tx *store.Tx) error { return o.Room().Erase(ctx, tx, room.Person{Email: "ann@example.com"}) })
		list := o.suppressions("")
		if len(list) != 1 || list[0].Address != "" || strings.Contains(fmt.Sprint(list), "Ann") {
			t.Fatalf("after the erasure: %+v", list)
		}
		o.send("test.note", "2")
		queuetest.Wait(t, "no mail", func() bool { return o.states()[messages.StateSuppressed] == 1 })
		o.inTx(func(tx *store.Tx) error {
			return messages.Send(tx, messages.Request{Kind: "test.note", Once: "3", Ref: "1", To: "annabel@example.com", Locale: "en"})
		})
		queuetest.Wait(t, "another's mail", func() bool { return o.states()[messages.StateSent] == 2 })
		// Ann wants mails again and says so.
		if code := o.ask(http.MethodPost, "/api/v1/suppressions/remove", `{"address": "ann@example.com", "scope": "all", "reason": "she asked for it"}`, nil); code != http.StatusOK {
			t.Fatalf("remove: %d", code)
		}
		o.send("test.note", "4")
		queuetest.Wait(t, "her mail", func() bool { return o.states()[messages.StateSent] == 3 })
	})
}

// Taking an address off the list needs a reason, and it stays known with who did.
func TestRemovedFromTheListWithAReason(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		o := openRoom(t, db, &kept{})
		put := func(reason string) {
			if code := o.ask(http.MethodPost, "/api/v1/suppressions", fmt.Sprintf(`{"address": "ann@example.com", "scope": "all", "reason": %q}`, reason), nil); code != http.StatusCreated {
				t.Fatalf("put: %d", code)
			}
		}
		take := func(reason string) int {
			return o.ask(http.MethodPost, "/api/v1/suppressions/remove", fmt.Sprintf(`{"address": "ann@example.com", "scope": "all", "reason": %q}`, reason), nil)
		}
		put("asked by phone")
		if code := take(" "); code != http.StatusUnprocessableEntity {
			t.Errorf("without a reason: %d", code)
		}
		if code := take("wrote to us again"); code != http.StatusOK {
			t.Errorf("with one: %d", code)
		}
		if code := take("wrote to us again"); code != http.StatusNotFound {
			t.Errorf("twice: %d", code)
		}
		if list := o.suppressions(""); len(list) != 0 {
			t.Errorf("still there: %+v", list)
		}
		list := o.suppressions("?removed=1")
		if len(list) != 1 || list[0].RemovedReason != "wrote to us again" || list[0].RemovedBy != "42" || list[0].Reason != "asked by phone" {
			t.Errorf("%+v", list)
		}
		clk.Advance(time.Hour)
		put("and no again")
		if list := o.suppressions(""); len(list) != 1 || list[0].Reason != "and no again" || list[0].RemovedReason != "" {
			t.Errorf("put back: %+v", list)
		}
		if list := o.suppressions("?removed=1"); len(list) != 0 {
			t.Errorf("and still removed: %+v", list)
		}
	})
}

// Many addresses come in one moment, from one report; no page leaves one out.
func TestPagesOfOneMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		o := openRoom(t, db, &kept{})
		const all = 130
		for from := range 2 { // in two moments
			o.inTx(func(tx *store.Tx) error {
				for i := range all / 2 {
					for _, scope := range []string{"all", "marketing"} {
						if err := tx.Exec(`INSERT INTO messages_suppressions (shop_id, address, scope, source, reason, message_id, created_at) VALUES (?, ?, ?, 'merchant', 'x', '', ?)`,
							tx.Shop, fmt.Sprintf("a%d-%d@example.com", from, i), scope, tx.Now).Error; err != nil {
							return err
						}
					}
				}
				return nil
			})
			clk.Advance(time.Second)
		}
		seen, pages := map[string]bool{}, 0
		for cursor := ""; ; pages++ {
			var page struct {
				Suppressions []struct{ Address, Scope string }
				NextCursor   *string `json:"next_cursor"`
			}
			if code := o.ask(http.MethodGet, "/api/v1/suppressions?cursor="+url.QueryEscape(cursor), "", &page); code != http.StatusOK {
				t.Fatalf("page %d: %d", pages, code)
			}
			for _, s := range page.Suppressions {
				if seen[s.Address+s.Scope] {
					t.Fatalf("%+v is there twice", s)
				}
				seen[s.Address+s.Scope] = true
			}
			if page.NextCursor == nil {
				break
			}
			cursor = *page.NextCursor
		}
		if len(seen) != 2*all || pages != 5 {
			t.Errorf("%d of %d on %d pages", len(seen), 2*all, pages+1)
		}
		if code := o.ask(http.MethodGet, "/api/v1/suppressions?cursor=zzz", "", nil); code != http.StatusUnprocessableEntity {
			t.Errorf("a made-up cursor: %d", code)
		}
	})
}
