package boot

import (
	"fmt"

	"afterglow/app/changes"
	"afterglow/app/customers"
	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/offers"
	"afterglow/app/orders"
	"afterglow/app/policy"
	"afterglow/app/room"
	"afterglow/app/tracking"
)

// hangRooms opens the rooms in the order of the story. A new capability is one
// folder and one line here.
func (h *House) hangRooms() error {
	h.hang(h.Shops.Room())
	h.hang(customers.New().Room())
	renderer := mail.NewRenderer(locale.Spoken)
	messages := messages.New(h.DB, h.Shops, renderer, h.mail)
	messages.UseOutside(h.outside())
	h.hang(messages.Room())
	policy := policy.New(policy.Config{DB: h.DB, Shops: h.Shops, Readers: func(shop ids.Shop) policy.Reader { return h.API.Client(shop) }})
	orders := orders.New(orders.Config{ReturnTerms: policy.ReturnTerms, DB: h.DB, Shops: h.Shops, Renderer: renderer, Messages: messages, Links: h.Links, AppURL: h.Config.AppURL, Log: h.log, AdminURL: h.adminURL,
		Readers: func(shop ids.Shop) orders.Reader { return h.API.Client(shop) },
		Exports: func(shop ids.Shop) orders.Exporter { return h.API.Client(shop) }})
	h.hang(orders.Room())
	h.hang(policy.Room())
	tracking := tracking.New(tracking.Config{DB: h.DB, Shops: h.Shops, Orders: orders, Messages: messages, Renderer: renderer, Spool: h.Config.DataDir, Log: h.log,
		Readers: func(shop ids.Shop) tracking.Reader { return h.API.Client(shop) }})
	h.hang(tracking.Room())
	requests := changes.NewRequests(changes.RequestsConfig{DB: h.DB, Shops: h.Shops, Orders: orders, Policy: policy, Links: h.Links, Spool: h.Config.DataDir, Log: h.log})
	changes := changes.New(changes.Config{Requests: requests, DB: h.DB, Shops: h.Shops, Orders: orders, Policy: policy, Clients: h.API.Client, Log: h.log})
	h.hang(changes.Room())
	offers, err := offers.New(offers.Config{DB: h.DB, Shops: h.Shops, Orders: orders, Keys: h.Config.Keys, Log: h.log})
	if err != nil {
		return fmt.Errorf("room offers: %w", err)
	}
	h.hang(offers.Room())

	// What no room hears must still be worked off: the inbox feeds the queue.
	h.Queue.Feed(h.Inbox.Feed)
	h.Queue.Register(h.Inbox.Task())
	h.Queue.Plan(h.Inbox.Retention())
	h.Queue.Register(h.Operator.Task())
	h.Queue.Plan(h.Operator.Retention())
	for _, r := range h.Rooms {
		messages.Register(r.Mails...)
		if err := orders.UseSections(r.OrderPage...); err != nil {
			return fmt.Errorf("room %s: %w", r.Name, err)
		}
	}
	h.Shops.UseRooms(h.Rooms)
	return nil
}

// outside is how mails get out beside the installation's own way.
func (h *House) outside() messages.Outside {
	return messages.Outside{Links: h.Links, AppURL: h.Config.AppURL, Servers: h.servers, Keys: h.addressKeys, Log: h.log}
}

// hang connects a room's ears and hands to the machinery.
func (h *House) hang(r room.Room) {
	h.Rooms = append(h.Rooms, r)
	for topic, handle := range r.Topics {
		h.Inbox.Hear(topic, handle)
	}
	for fact, task := range r.Hears {
		h.Queue.Hear(fact, task)
	}
	h.Queue.Register(r.Tasks...)
	h.Queue.Plan(r.Schedules...)
	h.Operator.Register(r.Operations...)
}
