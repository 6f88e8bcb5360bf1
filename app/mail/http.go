package mail

import (
	_ "embed" // the page
	"encoding/json"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/store"
	"afterglow/app/web"
)

//go:embed mailbox.html
var mailboxSource string

var mailboxPage = template.Must(template.New("mailbox").Parse(mailboxSource))

const mailboxRows = 200

// Routes hangs the mailbox up at /mailbox. It holds personal data and knows no
// sign-in, so it only answers this machine and its own network, and nobody who
// comes through a proxy from outside.
func (b *Mailbox) Routes(e *web.Engine) {
	g := e.Group("/mailbox", web.Public, web.Body(0))
	g.GET("", near(b.show), web.Pages())
	g.GET("/api/messages", near(b.list))
	g.GET("/messages/:id/html", near(b.html), web.Pages())
	g.GET("/messages/:id/source", near(b.source))
}

// near lets only neighbours through.
func near(h web.Handler) web.Handler {
	return func(c *web.Ctx) error {
		host, _, _ := net.SplitHostPort(c.Request.RemoteAddr)
		ip := net.ParseIP(host)
		if ip == nil || !ip.IsLoopback() && !ip.IsPrivate() || c.GetHeader("X-Forwarded-For") != "" || c.GetHeader("Forwarded") != "" {
			return ErrNoMail.Detailf("The mailbox can only be opened on the machine itself.")
		}
		return h(c)
	}
}

// sent is a mail as the API shows it.
type sent struct {
	ID      string          `json:"id"`
	To      string          `json:"to"`
	Subject string          `json:"subject"`
	Headers json.RawMessage `json:"headers"`
	HTML    string          `json:"html"`
	Text    string          `json:"text"`
	At      time.Time       `json:"at"`
}

func (b *Mailbox) list(c *web.Ctx) error {
	limit := mailboxRows
	if n, err := strconv.Atoi(c.Query("limit")); err == nil && n > 0 {
		limit = min(n, 1000)
	}
	out := []sent{}
	err := b.db.Peek(c.Context(), func(tx *store.Tx) error {
		rows, err := mails(tx, c.Query("to"), limit)
		for _, k := range rows {
			out = append(out, sent{k.ID, k.ToAddress, k.Subject, json.RawMessage(k.Headers), k.HTML, k.BodyText, k.At.UTC()})
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(out)
}

func (b *Mailbox) find(c *web.Ctx) (k *Kept, err error) {
	err = b.db.Peek(c.Context(), func(tx *store.Tx) (err error) {
		k, err = findMail(tx, c.Param("id"))
		return err
	})
	return k, err
}

// html answers the mail alone. Whatever stands in it, it runs no script, posts
// no form and is not of our origin.
func (b *Mailbox) html(c *web.Ctx) error {
	k, err := b.find(c)
	if err != nil {
		return err
	}
	c.Header("Content-Security-Policy", "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	c.Header("Cache-Control", "private, no-store")
	c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(k.HTML))
	return nil
}

func (b *Mailbox) source(c *web.Ctx) error {
	k, err := b.find(c)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "private, no-store")
	c.Data(http.StatusOK, "text/plain; charset=utf-8", []byte(k.HTML))
	return nil
}

// frameHead stands before the mail in its frame. The frame's sandbox gives the
// mail an origin of its own; this policy, which nothing behind it can loosen,
// keeps it from running anything there. The sandbox itself allows scripts only
// because tools that check pages cannot look into a frame that does not. Links
// open beside the mailbox.
const frameHead = `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'"><base target="_blank">`

// The views of one mail.
var mailViews = []string{"html", "phone", "text", "headers"}

var mailViewNames = map[string]string{"html": "Mail", "phone": "On a phone", "text": "Plain text", "headers": "Headers"}

// mailRow is a mail in the list.
type mailRow struct {
	ID, To, Subject, Initial, When, Date, Href string
	Open                                       bool
}

// mailTab is a view to choose.
type mailTab struct {
	Name, Href string
	Current    bool
}

type mailHeader struct{ Name, Value string }

// mailPage is what the page shows.
type mailPage struct {
	Nonce             string
	To                string
	Rows              []mailRow
	Open              *Kept
	Chosen            bool // by the reader; otherwise it is the newest
	From, FromAddress string
	When              string
	Tabs              []mailTab
	View              string
	Frame             string // the HTML for the frame
	Headers           []mailHeader
	Back              string
	Newest            string
}

// show answers the page. A view can be linked to, and works without script; the
// script only looks for new mails.
func (b *Mailbox) show(c *web.Ctx) error {
	p := mailPage{Nonce: web.Nonce(c), To: strings.TrimSpace(c.Query("to")), View: c.Query("view"), Chosen: c.Query("m") != ""}
	if !slices.Contains(mailViews, p.View) {
		p.View = mailViews[0]
	}
	now := b.db.Clock().Now()
	err := b.db.Peek(c.Context(), func(tx *store.Tx) error {
		rows, err := summaries(tx, p.To, mailboxRows)
		if err != nil {
			return err
		}
		id := c.Query("m")
		if id == "" && len(rows) > 0 {
			id = rows[0].ID
		}
		if len(rows) > 0 {
			p.Newest = rows[0].ID
		}
		for _, k := range rows {
			p.Rows = append(p.Rows, mailRow{ID: k.ID, To: k.ToAddress, Subject: k.Subject, Initial: initial(k.ToAddress), When: when(k.At, now),
				Date: k.At.UTC().Format(time.RFC3339), Href: address(p.To, k.ID, ""), Open: k.ID == id})
		}
		if id == "" {
			return nil
		}
		p.Open, err = findMail(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	if p.Open != nil {
		p.read()
	}
	return web.Page(c, http.StatusOK, mailboxPage, p)
}

// read prepares the open mail.
func (p *mailPage) read() {
	p.Back = address(p.To, "", "")
	p.When = p.Open.At.UTC().Format("2 January 2006, 15:04 UTC")
	for _, v := range mailViews {
		p.Tabs = append(p.Tabs, mailTab{mailViewNames[v], address(p.To, p.Open.ID, v), v == p.View})
	}
	headers := map[string]string{}
	_ = json.Unmarshal([]byte(p.Open.Headers), &headers)
	p.From = headers["From"]
	if from, err := ParseAddress(p.From); err == nil && from.Name != "" {
		p.From, p.FromAddress = from.Name, from.Email
	}
	for name, value := range headers {
		p.Headers = append(p.Headers, mailHeader{name, value})
	}
	slices.SortFunc(p.Headers, func(a, b mailHeader) int { return strings.Compare(a.Name, b.Name) })
	p.Frame = frameHead + p.Open.HTML
}

func address(to, id, view string) string {
	q := url.Values{}
	for k, v := range map[string]string{"to": to, "m": id, "view": view} {
		if v != "" && v != mailViews[0] {
			q.Set(k, v)
		}
	}
	if len(q) == 0 {
		return "/mailbox"
	}
	return "/mailbox?" + q.Encode()
}

func initial(to string) string {
	for _, r := range to {
		return strings.ToUpper(string(r))
	}
	return "?"
}

// when is short: the time for today, the day for this year.
func when(at, now time.Time) string {
	at, now = at.UTC(), now.UTC()
	switch {
	case at.Format(time.DateOnly) == now.Format(time.DateOnly):
		return at.Format("15:04")
	case at.Year() == now.Year():
		return at.Format("2 Jan")
	}
	return at.Format("2 Jan 2006")
}
