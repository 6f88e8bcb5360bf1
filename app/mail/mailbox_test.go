package mail_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/mail"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

// mailboxOn opens a mailbox and its pages.
func mailboxOn(t *testing.T, db *store.DB) (*mail.Mailbox, *httptest.Server) {
	t.Helper()
	engine, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	box := mail.NewMailbox(db)
	box.Routes(engine)
	server := httptest.NewServer(engine)
	t.Cleanup(server.Close)
	return box, server
}

func get(t *testing.T, address string, header ...string) (status int, body string, h http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw), resp.Header
}

type apiMail struct {
	ID, To, Subject, HTML, Text string
	Headers                     map[string]string
	At                          time.Time
}

func listed(t *testing.T, server *httptest.Server, to string) []apiMail {
	t.Helper()
	status, body, _ := get(t, server.URL+"/mailbox/api/messages?to="+url.QueryEscape(to))
	var out []apiMail
	if err := json.Unmarshal([]byte(body), &out); status != http.StatusOK || err != nil || out == nil {
		t.Fatalf("%d %v %s", status, err, body)
	}
	return out
}

func TestMailboxKeepsAMailOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		box, server := mailboxOn(t, db)
		if got := listed(t, server, ""); len(got) != 0 {
			t.Fatalf("%d mails in an empty mailbox", len(got))
		}
		for i := range 3 {
			m := letterTo("Negar@Example.com", "msg_1")
			m.Shop = storetest.Shop
			if err := box.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			other := letterTo(fmt.Sprintf("a%d@example.com", i), fmt.Sprintf("msg_1%d", i))
			other.Shop, other.Subject = storetest.Other, "سفارش #1042 ثبت شد"
			clk.Advance(time.Second)
			if err := box.Send(t.Context(), other); err != nil {
				t.Fatal(err)
			}
		}
		if got := listed(t, server, "negar@example.COM"); len(got) != 1 {
			t.Fatalf("%d mails", len(got))
		}
		all := listed(t, server, "")
		if len(all) != 4 || all[0].To != "a2@example.com" || all[3].To != "negar@example.com" {
			t.Fatalf("not newest first: %+v", all)
		}
		newest := all[0]
		if newest.Subject != "سفارش #1042 ثبت شد" || newest.Headers["Subject"] != newest.Subject || newest.Headers["Message-ID"] != "<msg_12@shop.example>" ||
			newest.Headers["Auto-Submitted"] != "auto-generated" || newest.HTML != "<p>Thank you</p>" || newest.Text != "Thank you\n" || newest.At.IsZero() {
			t.Errorf("%+v", newest)
		}
		// A mail of no shop, such as a test mail, is kept too.
		if err := box.Send(t.Context(), letterTo("x@example.com", "msg_9")); err != nil {
			t.Error(err)
		}
		// What could not go out over SMTP is not kept either.
		broken := letterTo("x@example.com, y@example.com", "msg_98")
		if err := box.Send(t.Context(), broken); !errors.Is(err, mail.ErrAddress) {
			t.Error(err)
		}
		if got := listed(t, server, ""); len(got) != 5 {
			t.Errorf("%d mails", len(got))
		}
		clk.Advance(31 * 24 * time.Hour)
		late := letterTo("z@example.com", "msg_99")
		late.Shop = storetest.Other
		if err := box.Send(t.Context(), late); err != nil {
			t.Fatal(err)
		}
		if got := listed(t, server, ""); len(got) != 3 {
			t.Errorf("%d mails after a month: want the new one and the other senders'", len(got))
		}
		if err := db.InTx(t.Context(), storetest.Shop, func(tx *store.Tx) error { return mail.EraseKept(tx, "negar@example.com") }); err != nil {
			t.Fatal(err)
		}
		if got := listed(t, server, "negar@example.com"); len(got) != 0 {
			t.Error("the mails of an erased person are still there")
		}
	})
}

func TestMailboxPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		box, server := mailboxOn(t, db)
		if status, body, _ := get(t, server.URL+"/mailbox"); status != http.StatusOK || !strings.Contains(body, "Nothing here yet") {
			t.Errorf("empty mailbox: %d", status)
		}
		m := letterTo("jane@example.com", "msg_1")
		m.Shop = storetest.Shop
		m.Subject = "<script>alert(1)</script>"
		m.HTML = "<html><head><title>x</title></head><body><script>alert(2)</script>Thank \"you\"</body></html>"
		if err := box.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		id := listed(t, server, "")[0].ID
		status, body, h := get(t, server.URL+"/mailbox?m="+id)
		if status != http.StatusOK || strings.Contains(body, "<script>alert") || !strings.Contains(body, "srcdoc=") || !strings.Contains(body, `srcdoc="&lt;!doctype html&gt;&lt;meta http-equiv=&#34;Content-Security-Policy&#34; content=&#34;default-src &#39;none&#39;`) || strings.Contains(body, "allow-same-origin") {
			t.Errorf("%d %s", status, body)
		}
		if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "default-src 'none'") {
			t.Error(csp)
		}
		status, body, h = get(t, server.URL+"/mailbox/messages/"+id+"/html")
		if csp := h.Get("Content-Security-Policy"); status != http.StatusOK || body != m.HTML || !strings.Contains(csp, "sandbox ") || strings.Contains(csp, "allow-scripts") || strings.Contains(csp, "allow-same-origin") {
			t.Errorf("%d %s %s", status, csp, body)
		}
		if _, body, _ = get(t, server.URL+"/mailbox?view=text&m="+id); !strings.Contains(body, "<pre>Thank you") {
			t.Error(body)
		}
		if _, body, _ = get(t, server.URL+"/mailbox?view=headers&m="+id); !strings.Contains(body, "Auto-Submitted") {
			t.Error(body)
		}
		for _, missing := range []string{"/mailbox?m=nothing", "/mailbox/messages/nothing/html", "/mailbox/messages/%27%20OR%201=1/source"} {
			if status, _, _ := get(t, server.URL+missing); status != http.StatusNotFound {
				t.Errorf("%s: %d", missing, status)
			}
		}
		// Whoever comes from outside, through a proxy, sees nothing.
		for _, path := range []string{"/mailbox", "/mailbox/api/messages", "/mailbox/messages/" + id + "/html"} {
			if status, body, _ := get(t, server.URL+path, "X-Forwarded-For", "203.0.113.9"); status != http.StatusNotFound || strings.Contains(body, "jane@") {
				t.Errorf("%s: %d", path, status)
			}
		}
	})
}
