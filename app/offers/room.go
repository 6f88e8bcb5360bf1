package offers

import (
	"log/slog"

	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// Config is what the room needs from the roof.
type Config struct {
	DB     *store.DB
	Shops  *shops.Service
	Orders *orders.Service
	Keys   *shopify.Keyring // codes are made with a key derived from it
	Log    *slog.Logger
}

// Service is the room.
type Service struct {
	db    *store.DB
	shops *shops.Service
	key   []byte
	log   *slog.Logger
}

// New returns the room, hung up in the letters of orders.
func New(c Config) (*Service, error) {
	keys, err := c.Keys.Derive("discount codes")
	if err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{db: c.DB, shops: c.Shops, key: keys[0], log: c.Log}
	c.Orders.Extend(
		orders.LetterExtra{Style: orders.StyleInviting, Reserve: s.reserve, Held: held, Add: s.addCode},
		orders.LetterExtra{Style: orders.StyleSimilar, Add: addSimilar})
	c.Orders.OnHistory(countOrders)
	c.Orders.OnCatalogue(seeCatalogue)
	return s, nil
}

// Room hangs the room up.
func (s *Service) Room() room.Room {
	return room.Room{
		Name:   "offers",
		Tables: []string{"offers_codes", "offers_months", "offers_counted", "offers_products", "offers_pairs"},
		Admin:  s.routes,
		Topics: map[string]shopify.TopicHandler{"products/create": s.onProduct, "products/update": s.onProduct, "products/delete": s.onProductGone},
		Hears: map[string]queue.Task{
			orders.FactPlaced:    {Kind: "offers.count", InTx: s.onPlaced},
			orders.FactCancelled: {Kind: "offers.end_cancelled", InTx: s.onGone},
			orders.FactDeleted:   {Kind: "offers.end_deleted", InTx: s.onGone},
		},
		Operations: []shopify.OperationKind{s.codeKind(), s.endKind()},
		Personal:   true,
		Export:     s.export,
		Erase:      s.erase,
	}
}
