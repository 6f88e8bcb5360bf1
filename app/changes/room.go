package changes

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"afterglow/app/ids"
	"afterglow/app/orders"
	"afterglow/app/policy"
	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// FactDone says that an order was changed. What it is about is the change's id.
const FactDone = "changes.done"

// Scopes are what a merchant grants before shoppers may change anything: to cancel
// and to give money back, to edit, to hold the warehouse meanwhile.
var Scopes = []string{"write_orders", "write_order_edits", "write_merchant_managed_fulfillment_orders"}

// Config is what the room needs from the roof.
type Config struct {
	DB      *store.DB
	Shops   *shops.Service
	Orders  *orders.Service
	Policy  *policy.Service
	Clients func(ids.Shop) *shopify.Client
	Log     *slog.Logger
	// Requests are withdrawals and problems; nil leaves them out.
	Requests *Requests
}

// Service is the room.
type Service struct {
	db       *store.DB
	shops    *shops.Service
	orders   *orders.Service
	policy   *policy.Service
	clients  func(ids.Shop) *shopify.Client
	log      *slog.Logger
	requests *Requests
	poll     time.Duration // between two looks at a cancellation under way
}

// New returns the room.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{db: c.DB, shops: c.Shops, orders: c.Orders, policy: c.Policy, clients: c.Clients, log: c.Log, requests: c.Requests, poll: 300 * time.Millisecond}
	if c.Orders != nil {
		c.Orders.OnHome(uncollected)
		c.Orders.OnCard(s.card)
	}
	return s
}

// Room hangs the room up.
func (s *Service) Room() room.Room {
	own := room.Room{
		Name:       "changes",
		Tables:     []string{"changes_changes", "changes_settings"},
		Admin:      s.admin,
		Links:      s.linked,
		Proxy:      s.proxied,
		Operations: s.operations(),
		Tasks: []queue.Task{{Kind: TaskRelease, Timeout: time.Minute, MaxAttempts: 5, Run: s.release},
			{Kind: TaskPayments, Timeout: time.Minute, MaxAttempts: 5, Run: s.payments}, {Kind: TaskMoney, MaxAttempts: 20, Run: s.money}},
		Schedules: []queue.Schedule{s.janitor(), s.watchPayments()},
		Mails:     s.mails(),
		OrderPage: []room.Section{s.section()},
		Personal:  true,
		Export:    export,
		Erase:     func(_ context.Context, tx *store.Tx, p room.Person) error { return eraseOf(tx, p.OrderIDs) },
	}
	if s.requests == nil {
		return own
	}
	return together(own, s.requests.room())
}

// export returns what the person asked for, with an address they wished for as long
// as that is under way.
func export(_ context.Context, tx *store.Tx, p room.Person) (map[string]any, error) {
	list, err := ofOrders(tx, p.OrderIDs)
	if err != nil {
		return nil, err
	}
	out := []map[string]any{}
	for _, c := range list {
		out = append(out, map[string]any{"order_id": c.Order, "kind": c.Kind, "state": c.State, "asked_by": c.By, "item": c.Item, "address": c.Address,
			"money": c.Money.String(), "reason": c.Reason, "detail": c.Detail, "note": c.Note, "asked_at": c.CreatedAt, "ended_at": c.EndedAt})
	}
	return map[string]any{"changes_changes": out}, nil
}

// granted tells whether the merchant lets us change orders.
func granted(shop shops.Shop) bool {
	return shop.Installed && !slices.ContainsFunc(Scopes, func(scope string) bool { return !shop.Granted(scope) })
}
