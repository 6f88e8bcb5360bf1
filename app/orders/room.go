package orders

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

// Config is what the room needs from the roof.
type Config struct {
	DB       *store.DB
	Shops    *shops.Service
	Renderer *mail.Renderer // lays previews out
	Messages *messages.Service
	Readers  Readers                 // ways to read from Shopify, one for each job
	Exports  func(ids.Shop) Exporter // the same for exports
	Links    *web.Links              // signs the addresses of order pages
	AppURL   string                  // where those addresses lead, without a slash at the end
	// AdminURL is the shop's admin at Shopify; absent, the real one.
	AdminURL func(shopify.Domain) string
	Log      *slog.Logger
	// ReturnTerms tells what the policy of the day of purchase says about returning
	// an order; absent, the days that were set when the order came.
	ReturnTerms func(*store.Tx, *Order) (ReturnTerms, error)
}

// Service is the room.
type Service struct {
	extras    []LetterExtra
	history   []func(tx *store.Tx, list []*Order) error
	catalogue []func(tx *store.Tx, list []*shopify.Product) error // who else sees imported products
	db        *store.DB
	shops     *shops.Service
	readers   Readers
	exporters func(ids.Shop) Exporter
	importing chan struct{} // holds one: the import that has its turn
	links     *web.Links
	appURL    string
	adminURL  func(shopify.Domain) string
	log       *slog.Logger
	renderer  *mail.Renderer
	messages  *messages.Service
	kept      keptPages
	sections  sections // of the order page, by later rooms
	days      finishedDays
	terms     func(*store.Tx, *Order) (ReturnTerms, error)
	asked     []func(tx *store.Tx) (Attention, error)
	cards     []func(tx *store.Tx, at CardView) (map[string]any, error)
	mayRead   func(ids.Shop) bool // for the sake of a card's name alone
}

// New returns the room.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.AdminURL == nil {
		c.AdminURL = func(d shopify.Domain) string {
			return "https://admin.shopify.com/store/" + strings.TrimSuffix(string(d), ".myshopify.com")
		}
	}
	return &Service{db: c.DB, shops: c.Shops, readers: c.Readers, exporters: c.Exports, importing: make(chan struct{}, 1), links: c.Links, appURL: c.AppURL, adminURL: c.AdminURL, log: c.Log, renderer: c.Renderer, messages: c.Messages, terms: c.ReturnTerms, mayRead: mayReadCards(), kept: newKeptPages()}
}

// Extend lets a later room add to confirmations. It is called while the house is
// put together.
func (s *Service) Extend(extras ...LetterExtra) { s.extras = append(s.extras, extras...) }

// OnHistory lets a later room see imported orders, in the transaction that keeps
// them: history tells no facts.
func (s *Service) OnHistory(see func(tx *store.Tx, list []*Order) error) {
	s.history = append(s.history, see)
}

// OnCatalogue lets a later room see imported products, in the transaction that
// keeps their pictures.
func (s *Service) OnCatalogue(see func(tx *store.Tx, list []*shopify.Product) error) {
	s.catalogue = append(s.catalogue, see)
}

// Room hangs the room up.
func (s *Service) Room() room.Room {
	return room.Room{
		Name:   "orders",
		Tables: []string{"orders", "orders_refunds", "orders_events", "orders_pictures", "orders_cursors", "orders_imports", "orders_import_lines", "orders_lookups"},
		Admin:  s.routes,
		Links:  s.pages,
		Proxy:  s.proxied,
		Ext:    s.extensions,
		Topics: map[string]shopify.TopicHandler{
			"orders/create":              s.onOrder,
			"orders/updated":             s.onOrder,
			"orders/cancelled":           s.onOrder,
			"orders/fulfilled":           s.onOrder,
			"orders/partially_fulfilled": s.onOrder,
			"orders/edited":              s.onEdited,
			"orders/delete":              s.onDeleted,
			"refunds/create":             s.onRefund,
		},
		Hears: map[string]queue.Task{shops.FactInstalled: {Kind: "orders.import", InTx: s.onInstalled}},
		Tasks: []queue.Task{
			{Kind: TaskRead, Timeout: time.Minute, MaxAttempts: 50, Run: s.read},
			{Kind: TaskConfirm, Timeout: time.Minute, MaxAttempts: 12, Run: s.confirmWithDetails},
			{Kind: TaskImport, Timeout: time.Minute, MaxAttempts: importAttempts + 2, Run: s.importStep},
			{Kind: TaskImportCancel, Timeout: time.Minute, MaxAttempts: 5, Run: s.cancelExport},
			{Kind: TaskReconcile, Timeout: 15 * time.Minute, MaxAttempts: 5, Run: s.reconcile},
			{Kind: TaskLookup, Timeout: time.Minute, MaxAttempts: 12, InTx: s.find},
			{Kind: TaskSweep, Timeout: 15 * time.Minute, MaxAttempts: 5, Run: s.sweep},
		},
		Schedules: s.schedules(),
		OrderPage: []room.Section{s.dialSection()},
		Mails:     []mail.Kind{s.confirmation(), s.linkMail()},
		Personal:  true,
		Export:    s.export,
		Erase:     s.erase,
		Knows:     s.knows,
		Addresses: func(_ context.Context, tx *store.Tx, see func(string)) error { return addresses(tx, see) },
	}
}
