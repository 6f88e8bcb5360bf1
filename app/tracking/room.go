package tracking

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"afterglow/app/ids"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// Config is what the room needs from the roof.
type Config struct {
	DB       *store.DB
	Shops    *shops.Service
	Orders   *orders.Service
	Messages *messages.Service
	Renderer *mail.Renderer        // lays previews out
	Readers  func(ids.Shop) Reader // ways to read from Shopify, one for each job
	Spool    string                // a folder for photos that are being read; "" is the machine's own
	Log      *slog.Logger
}

// Service is the room.
type Service struct {
	db       *store.DB
	shops    *shops.Service
	orders   *orders.Service
	messages *messages.Service
	renderer *mail.Renderer
	readers  func(ids.Shop) Reader
	spool    string
	doors    keptDoors
	log      *slog.Logger
}

// New returns the room.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{db: c.DB, shops: c.Shops, orders: c.Orders, messages: c.Messages, renderer: c.Renderer, readers: c.Readers, spool: c.Spool, doors: newKeptDoors(), log: c.Log}
	attention(c.Orders)
	c.Orders.OnHome(claimsWaiting)
	c.Orders.Extend(s.promised())
	c.Orders.OnHistory(s.learnHistory)
	c.Orders.OnCard(s.card)
	return s
}

// Room hangs the room up.
func (s *Service) Room() room.Room {
	return room.Room{
		Name: "tracking",
		Tables: []string{"tracking_parcels", "tracking_scans", "tracking_settings",
			"tracking_lanes", "tracking_lessons", "tracking_promises", "tracking_goodwill", "tracking_budgets", "tracking_offers",
			"tracking_claims", "tracking_claim_photos", "tracking_claim_settings"},
		Admin: s.routes,
		Links: s.linked,
		Proxy: s.proxied,
		Topics: map[string]shopify.TopicHandler{
			"fulfillments/create":       s.onParcel,
			"fulfillments/update":       s.onParcel,
			"fulfillment_events/create": s.onScan,
			"fulfillment_events/delete": s.onScanDeleted,
		},
		Hears: map[string]queue.Task{
			orders.FactMoved:   {Kind: "tracking.moved", InTx: s.onOrder},
			orders.FactDeleted: {Kind: "tracking.order_deleted", InTx: s.onOrderDeleted},
			FactStalled:        {Kind: "tracking.notify_stall", InTx: s.onStalled},
		},
		Tasks: []queue.Task{
			{Kind: TaskRead, Timeout: time.Minute, MaxAttempts: 20, Run: s.read},
			{Kind: TaskSweep, InTx: s.sweep},
			{Kind: TaskWatch, InTx: s.watchShop},
			{Kind: TaskClaim, InTx: s.claimDue},
			{Kind: TaskSweepPhotos, InTx: func(_ context.Context, tx *store.Tx, _ queue.Job) error { return sweepClaimPhotos(tx) }},
		},
		Schedules:  append(s.schedules(), s.watching(), s.sweepingPhotos()),
		Mails:      slices.Concat(s.mails(), s.offerMails(), s.claimMails()),
		OrderPage:  []room.Section{s.section(), s.offerSection(), s.claimSection()},
		Operations: s.operations(),
		Personal:   true,
		Export:     s.export,
		Erase:      s.erase,
	}
}

// export returns the parcels of the person's orders with every scan.
func (s *Service) export(_ context.Context, tx *store.Tx, p room.Person) (map[string]any, error) {
	list := []map[string]any{}
	for _, order := range p.OrderIDs {
		rows, err := ofOrder(tx, order)
		if err != nil {
			return nil, err
		}
		scans, err := liveScans(tx, idsOf(rows)...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			seen := []map[string]any{}
			for _, sc := range scans {
				if sc.ParcelID == r.ID {
					seen = append(seen, map[string]any{"status": sc.Status, "at": sc.HappenedAt, "city": sc.City, "province": sc.Province, "zip": sc.Zip,
						"country": sc.Country, "message": sc.Message})
				}
			}
			list = append(list, map[string]any{"order_id": r.OrderID, "name": r.Name, "state": r.State, "carrier": r.CarrierName, "tracking_number": r.TrackingNumber,
				"tracking_url": r.TrackingURL, "country": r.DestinationCountry, "region": r.DestinationRegion, "shipped_at": r.ShippedAt, "delivered_at": r.DeliveredAt, "scans": seen})
		}
	}
	offers := []map[string]any{}
	for _, order := range p.OrderIDs {
		made, err := offersOn(tx, order)
		if err != nil {
			return nil, err
		}
		for _, of := range made {
			offers = append(offers, map[string]any{"order_id": of.OrderID, "cause": of.Cause, "state": of.State, "choice": of.Choice, "amount_minor": of.AmountMinor, "currency": of.Currency,
				"made_at": of.MadeAt, "chosen_at": of.ChosenAt, "settled_at": of.SettledAt})
		}
	}
	claims, pictures, err := exportClaims(tx, p.OrderIDs)
	return map[string]any{"tracking_parcels": list, "tracking_offers": offers, "tracking_claims": claims, "tracking_claim_photos": pictures}, err
}

// erase takes out of the person's parcels where they went and by which number,
// and leaves how long they took. What comes later finds the row closed.
func (s *Service) erase(_ context.Context, tx *store.Tx, p room.Person) error {
	if err := s.eraseClaims(tx, p.OrderIDs); err != nil {
		return err
	}
	if err := forgetOffers(tx, p.OrderIDs); err != nil {
		return err
	}
	return eraseParcels(tx, p.OrderIDs)
}
