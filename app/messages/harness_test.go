package messages_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

// opened is the room with a shop, a queue, servers and doors.
type opened struct {
	*messages.Service
	t      *testing.T
	db     *store.DB
	shops  *shops.Service
	queue  *queue.Queue
	engine *web.Engine
	links  *web.Links
}

const appURL = "https://app.example"

// everybody proves a session of the shop.
type everybody struct{}

func (everybody) Verify(string) (shopify.Claims, error) {
	return shopify.Claims{Shop: "lumen.myshopify.com", UserID: "42", SessionID: "s1"}, nil
}

// openRoom puts the room together. The queue does not run before start.
func openRoom(t *testing.T, db *store.DB, out mail.Transport, kinds ...mail.Kind) *opened {
	t.Helper()
	o := &opened{t: t, db: db, queue: queuetest.New(t, db, redisNumber), shops: shops.New(shops.Config{DB: db, From: "shop@example.com"})}
	var err error
	if o.links, err = web.NewLinks(db.Clock(), bytes.Repeat([]byte{1}, 32)); err != nil {
		t.Fatal(err)
	}
	o.Service = messages.New(db, o.shops, mail.NewRenderer(func(_ locale.Tag, key string, _ map[string]any) string { return key }), out)
	servers := mail.NewServers(10, mail.SMTPOptions{Connections: 2, Hurried: true})
	t.Cleanup(func() { servers.Close() })
	o.UseOutside(messages.Outside{Links: o.links, AppURL: appURL, Servers: servers, Keys: [][]byte{bytes.Repeat([]byte{2}, 32)}})
	o.Register(mail.Kind{Name: "test.note", Template: []byte("<p>hello</p>"), Compose: blank}, mail.Kind{Name: "test.offer", Class: mail.Marketing, Template: []byte("<p>hello</p>"), Compose: blank})
	o.Register(kinds...)
	room := o.Room()
	o.queue.Register(room.Tasks...)
	for fact, task := range room.Hears {
		o.queue.Hear(fact, task)
	}
	if o.engine, err = web.New(web.Config{Log: slog.New(slog.DiscardHandler), Sessions: everybody{}, Links: o.links,
		Resolve: func(context.Context, shopify.Domain) (ids.Shop, error) { return storetest.Shop, nil }}); err != nil {
		t.Fatal(err)
	}
	room.Admin(o.engine.Group("/api/v1", web.Session))
	room.Links(o.engine.Group("/l", web.Linking, web.Kind("order"), web.Pages()))
	o.inTx(func(tx *store.Tx) error {
		if err := tx.Exec(`INSERT INTO shops (shop_id, domain, name, email, currency, timezone, locale, url, state, scopes, installed_at)
			VALUES (?, 'lumen.myshopify.com', 'Lumen', '', 'USD', 'UTC', 'en', '', 'installed', '', ?)`, tx.Shop, tx.Now).Error; err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO shops_settings (shop_id, version, sender_name, reply_to, postal_address, support_email, logo_url, accent_color,
			confirmation_enabled, returns_days, returns_policy_url, updated_at) VALUES (?, 1, 'Lumen', '', '', '', '', '#1f2328', ?, 30, '', ?)`, tx.Shop, true, tx.Now).Error
	})
	return o
}

func blank(context.Context, *store.Tx, string) (*mail.Letter, error) {
	return &mail.Letter{Data: map[string]any{}}, nil
}

func (o *opened) start() *opened {
	o.t.Helper()
	queuetest.Start(o.t, o.queue)
	return o
}

func (o *opened) inTx(do func(tx *store.Tx) error) {
	o.t.Helper()
	if err := o.db.InTx(ctx, storetest.Shop, do); err != nil {
		o.t.Fatal(err)
	}
}

// send asks for a mail of the kind to Ann.
func (o *opened) send(kind, once string) {
	o.t.Helper()
	o.inTx(func(tx *store.Tx) error {
		return messages.Send(tx, messages.Request{Kind: kind, Once: once, Ref: "1", To: "ann@example.com", Locale: "en"})
	})
}

// states counts the messages by their state.
func (o *opened) states() map[messages.State]int {
	o.t.Helper()
	var all []messages.State
	if err := o.db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
		return tx.Scoped(&messages.Message{}).Pluck("state", &all).Error
	}); err != nil {
		o.t.Fatal(err)
	}
	counts := map[messages.State]int{}
	for _, s := range all {
		counts[s]++
	}
	return counts
}

// waitState waits until the only message is in the state.
func (o *opened) waitState(want messages.State) (m messages.Message) {
	o.t.Helper()
	queuetest.Wait(o.t, string(want), func() bool {
		m = only[messages.Message](o.t, o.db)
		return m.State == want
	})
	return m
}

// ask sends a request and decodes the answer into what is given.
func (o *opened) ask(method, path, body string, into any) int {
	o.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if strings.HasPrefix(path, "/api/") {
		r.Header.Set("Authorization", "Bearer x")
		if method != http.MethodGet {
			r.Header.Set("Content-Type", "application/json")
		}
	}
	return o.do(r, into)
}

func (o *opened) do(r *http.Request, into any) int {
	o.t.Helper()
	w := httptest.NewRecorder()
	o.engine.ServeHTTP(w, r)
	raw, _ := io.ReadAll(w.Body)
	if text, ok := into.(*string); ok {
		*text = string(raw)
	} else if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			o.t.Fatalf("%s %s: %d %s", r.Method, r.URL.Path, w.Code, raw)
		}
	}
	return w.Code
}
