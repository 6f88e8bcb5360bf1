// Package boot reads the configuration, opens every part of the program and
// hangs the rooms up. It is the only package that knows them all.
package boot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/hibiken/asynq"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/orders"
	"afterglow/app/outbound"
	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
	"afterglow/frontend"
	"afterglow/migrations"
)

// Scopes are what this version asks of a merchant; shopify.app.toml lists the same.
var Scopes = []string{"read_orders", "read_customers", "read_products", "read_fulfillments", "write_app_proxy"}

// OptionalScopes are asked for where the merchant first wants what needs them.
// write_orders cancels and gives money back, write_order_edits changes items, and
// the last one stops the warehouse meanwhile: without all three shoppers may not
// change orders, and everything else works. The last three send a parcel again and
// give store credit to who waits for one.
var OptionalScopes = []string{"write_discounts", "write_orders", "write_order_edits", "write_merchant_managed_fulfillment_orders", "write_draft_orders", "write_store_credit_account_transactions", "read_store_credit_accounts"}

// adminPages are the admin's own addresses; frontend/src/shell/routes.ts knows what
// each of them shows.
var adminPages = []string{
	"/", "/orders", "/orders/:id", "/imports", "/messages", "/messages/:id", "/suppressions", "/requests", "/requests/:id", "/confirmation", "/policy", "/changes", "/makegood", "/claims", "/claims/:id", "/tracking", "/tracking/:id", "/notifications",
	"/webhooks", "/operations", "/privacy", "/setup", "/staff", "/settings", "/settings/sender", "/settings/delivery",
}

// House is the program, put together and not yet running.
type House struct {
	Config   Config
	DB       *store.DB
	Queue    *queue.Queue
	Inbox    *shopify.Inbox
	App      *shopify.App
	API      *shopify.API
	Operator *shopify.Operator
	Engine   *web.Engine
	Metrics  *web.Metrics
	Checks   *web.Checks
	Links    *web.Links
	Shops    *shops.Service
	Rooms    []room.Room

	clock   clock.Clock
	log     *slog.Logger
	mail    mail.Transport
	mailbox *mail.Mailbox
	servers *mail.Servers // shops' own

	addressKeys [][]byte // under which addresses of erased people are known again

	unlock func()
	stop   context.CancelFunc // of what lives in the background, such as the embedded Redis
}

// Open puts the house together. Nothing runs until Serve or Work; Close ends it.
func Open(ctx context.Context, c Config, clk clock.Clock, log *slog.Logger) (h *House, err error) {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	h = &House{Config: c, clock: clk, log: log, stop: stop, Metrics: web.NewMetrics(), Checks: web.NewChecks()}
	defer func() {
		if err != nil {
			h.Close()
		}
	}()
	if c.Embedded() {
		if h.unlock, err = lockFolder(c.DataDir); err != nil {
			return h, err
		}
	}
	if h.DB, err = store.Open(ctx, store.Config{URL: c.databaseURL(), Clock: clk, Log: log}); err != nil {
		return h, fmt.Errorf("database: %w", err)
	}
	if c.Embedded() { // a small installation should not have to know about migrations
		if err = h.DB.Migrate(ctx, migrations.Files, nil); err != nil {
			return h, err
		}
	}
	if h.App, err = shopify.NewApp(shopify.Config{APIKey: c.APIKey, Secrets: c.Secrets, URL: c.AppURL, Scopes: Scopes, SimURL: c.SimURL, Clock: clk}); err != nil {
		return h, err
	}
	if err = h.openQueue(background); err != nil {
		return h, err
	}
	if err = h.openMail(); err != nil {
		return h, err
	}
	signatures, err := c.Keys.Derive("redaction log")
	if err != nil {
		return h, err
	}
	h.Shops = shops.New(shops.Config{Redactions: shops.NewRedactionLog(c.DataDir, signatures), DB: h.DB, App: h.App, Keys: c.Keys, Log: log, From: c.MailFrom})
	h.API = shopify.NewAPI(h.App, shopify.NewSource(h.Shops, h.App, clk, log), log, apiHooks(log))
	h.Shops.UseAPI(h.API)
	h.Operator = shopify.NewOperator(h.DB, h.API.Client, log)
	h.Shops.UseOperator(h.Operator)
	h.Shops.Version, h.Shops.OptionalScopes = Version, OptionalScopes
	h.Shops.DNS, h.Shops.MailHost, h.Shops.Limits = mail.ResolverAt(c.DNSServer), c.mailHost(), c.MailLimits
	if h.mailbox != nil {
		h.Shops.MailboxURL = c.AppURL + "/mailbox"
	}
	h.Inbox = shopify.NewInbox(h.DB, c.Secrets, h.Shops.Resolve, h.Queue.Wake, log)
	if err = h.openWeb(); err != nil {
		return h, err
	}
	locale.Shopper.OnMiss(func(m locale.Miss) { log.Error("a sentence is missing in a language", "miss", m.Error()) })
	if err = h.hangRooms(); err != nil {
		return h, err
	}
	return h, h.hangRoutes()
}

func (h *House) openQueue(ctx context.Context) (err error) {
	var redis asynq.RedisConnOpt
	workers := map[queue.Lane]int{}
	if h.Config.Embedded() {
		redis, err = embeddedRedis(ctx)
		workers = map[queue.Lane]int{queue.LaneStore: 2, queue.LaneShopify: 2, queue.LaneMail: 4} // one database connection writes; more would only wait for it
	} else {
		redis, err = redisOptions(h.Config.RedisURL)
	}
	if err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	h.Queue, err = queue.New(queue.Config{DB: h.DB, Redis: redis, Log: h.log, Workers: workers, Alone: h.Config.Embedded()})
	return err
}

// Each shop's own mail server gets few connections, so that a slow one holds few
// workers, and a bounded number of shops keeps any.
const (
	serverConnections = 2
	serversKept       = 200
)

func (h *House) openMail() (err error) {
	guard := &outbound.Guard{Ports: outbound.MailPorts, Exempt: h.Config.OutboundAllow}
	h.servers = mail.NewServers(serversKept, mail.SMTPOptions{Connections: serverConnections, Hurried: true, Dial: guard.Dial})
	if h.addressKeys, err = h.Config.Keys.Derive("suppressed addresses"); err != nil {
		return err
	}
	if h.Config.MailURL != "" {
		h.mail, err = mail.NewSMTP(h.Config.MailURL, mail.SMTPOptions{})
		if err != nil {
			return fmt.Errorf("MAIL_URL: %w", err)
		}
		return nil
	}
	h.mailbox = mail.NewMailbox(h.DB)
	h.mail = h.mailbox
	return nil
}

func (h *House) openWeb() (err error) {
	keys, err := h.Config.Keys.Derive("signed links")
	if err != nil {
		return err
	}
	if h.Links, err = web.NewLinks(h.clock, keys...); err != nil {
		return err
	}
	proxies, err := shopify.NewProxyVerifier(h.Config.Secrets, h.clock, "lang")
	if err != nil {
		return err
	}
	var pictures []string
	if h.Config.SimURL != "" {
		pictures = []string{h.Config.SimURL}
	}
	sessions := shopify.NewSessionVerifier(h.Config.APIKey, h.Config.Secrets, h.clock)
	h.Engine, err = web.New(web.Config{
		Log: h.log, Sessions: sessions, Extensions: sessions, Proxies: proxies, Links: h.Links,
		Resolve: h.resolveInstalled, Installed: h.Shops.IsInstalled, Authorize: h.Shops.Authorize, TrustedProxies: h.Config.TrustedProxies,
		ImageOrigins: pictures, Metrics: h.Metrics, ErrorPage: orders.ErrorPage,
	})
	return err
}

// resolveInstalled finds the shop of a verified domain if the app is installed there.
func (h *House) resolveInstalled(ctx context.Context, domain shopify.Domain) (ids.Shop, error) {
	shop, installed, err := h.Shops.Resolve(ctx, domain)
	if err == nil && !installed {
		return 0, shops.ErrNotInstalled
	}
	return shop, err
}

// hangRoutes gives every room its entrances, and the house its own.
func (h *House) hangRoutes() error {
	e := h.Engine
	webhooks := e.Group("/webhooks", web.Webhook, web.Body(3<<20)) // the inbox itself refuses above 2 MiB with 413
	webhooks.POST("/shopify", handler(h.Inbox.Endpoint(false)))
	webhooks.POST("/compliance", handler(h.Inbox.Endpoint(true)))
	public := e.Group("", web.Public, web.Body(0))
	admin := e.Group("/api/v1", web.Session)
	links := e.Group("/l", web.Linking, web.Kind("order"), web.Pages())
	proxy := e.Group("/proxy", web.Proxy, web.Pages())
	extensions := e.Group("/ext/v1", web.Extension)
	for _, r := range h.Rooms {
		for group, hang := range map[*web.Group]func(*web.Group){public: r.Public, admin: r.Admin, links: r.Links, proxy: r.Proxy, extensions: r.Ext} {
			if hang != nil {
				hang(group)
			}
		}
	}
	public.GET("/api/v1/openapi.json", openAPI)
	public.GET("/favicon.ico", func(c *web.Ctx) error { return c.NoContent() }) // browsers ask on every page; there is none
	if h.mailbox != nil {
		h.mailbox.Routes(e)
	}
	h.Checks.Add("database", h.DB.Ping)
	if h.Config.Embedded() { // otherwise webhooks, pages and the admin need no Redis: jobs wait in their table
		h.Checks.Add("redis", h.Queue.Ping)
	}
	h.Checks.Add("schema", h.schemaIsCurrent)
	e.Health(h.Checks)
	built, err := fs.Sub(frontend.Dist, "dist")
	if err != nil {
		return err
	}
	return e.Embed(web.Document{
		App: h.App, Sessions: shopify.NewSessionVerifier(h.Config.APIKey, h.Config.Secrets, h.clock), Files: built,
		Paths:        adminPages,
		AppBridgeURL: h.Config.AppBridgeURL, PolarisURL: h.Config.PolarisURL,
		Open: func(ctx context.Context, claims shopify.Claims, token string) error {
			return h.Shops.Visit(ctx, claims, token)
		},
		Granted: h.Shops.Granted,
	})
}

// schemaIsCurrent keeps a process out of service while the database lacks a
// migration that its code expects.
func (h *House) schemaIsCurrent(ctx context.Context) error {
	steps, err := h.DB.Migrations(ctx, migrations.Files)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if !s.Applied {
			return fmt.Errorf("migration %s is pending: run `afterglow migrate up`", s.Name)
		}
	}
	return nil
}

// Close ends what Open began.
func (h *House) Close() error {
	h.stop()
	var errs []error
	if h.servers != nil {
		errs = append(errs, h.servers.Close())
	}
	if closer, ok := h.mail.(interface{ Close() error }); ok && closer != nil {
		errs = append(errs, closer.Close())
	}
	if h.DB != nil {
		errs = append(errs, h.DB.Close())
	}
	if h.unlock != nil {
		h.unlock()
	}
	return errors.Join(errs...)
}

// Logger writes what the configuration asks for to standard error, with secrets
// and personal data masked.
func Logger(c Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogJSON {
		return slog.New(web.Redact(slog.NewJSONHandler(os.Stderr, options)))
	}
	return slog.New(web.Redact(slog.NewTextHandler(os.Stderr, options)))
}

// OpenDatabase opens the database alone, for the commands that need no more.
func OpenDatabase(ctx context.Context, c Config) (*store.DB, error) {
	db, err := store.Open(ctx, store.Config{URL: c.databaseURL(), Clock: clock.System{}})
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	return db, nil
}

// adminURL is where the merchant's browser finds the shop's admin.
func (h *House) adminURL(domain shopify.Domain) string {
	if h.Config.SimURL != "" {
		return h.Config.SimURL + "/admin"
	}
	return "https://admin.shopify.com/store/" + domain.Name()
}
