package tracking

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// The facts this room tells. What they are about is the parcel's id.
const (
	FactShipped   = "tracking.shipped"
	FactOut       = "tracking.out_for_delivery"
	FactDelivered = "tracking.delivered"
	FactException = "tracking.exception"
)

// The mails of this room. What they are about is the parcel's id.
const (
	KindShipped   = "tracking.shipped"
	KindOut       = "tracking.out_for_delivery"
	KindDelivered = "tracking.delivered"
	KindDelayed   = "tracking.delayed"
	KindException = "tracking.exception"
)

// A milestone is a state of a parcel worth telling.
type milestone struct {
	name  string
	fact  string // "" when no room needs to know
	kind  string // of mail; "" for none
	title string // on the order's timeline
	fresh time.Duration
	// reached tells when, or nil.
	reached func(r *row) *time.Time
	// says tells whether the parcel still is as the mail says.
	says func(r *row) bool
}

// milestones in the order in which a parcel passes them. News that are older than
// fresh are history: a mail about them would surprise.
var milestones = []milestone{
	{name: "shipped", fact: FactShipped, kind: KindShipped, title: "shipped", fresh: 48 * time.Hour,
		reached: func(r *row) *time.Time { return when(r.State != Cancelled, r.ShippedAt) },
		says: func(r *row) bool {
			return slices.Contains([]string{Preparing, Shipped, InTransit, Delayed}, r.State)
		}},
	{name: "delayed", kind: KindDelayed, title: "delayed", fresh: 48 * time.Hour,
		reached: func(r *row) *time.Time { return when(r.State == Delayed, r.StateAt) },
		says: func(r *row) bool {
			return r.UnderWay && r.State != OutNow && r.State != PickupReady && r.State != Exception
		}},
	{name: "out", fact: FactOut, kind: KindOut, title: "out for delivery", fresh: 18 * time.Hour,
		reached: func(r *row) *time.Time { return r.OutAt },
		says:    func(r *row) bool { return r.State == OutNow }},
	{name: "exception", fact: FactException, kind: KindException, title: "could not be delivered", fresh: 72 * time.Hour,
		reached: func(r *row) *time.Time { return when(r.State == Exception, r.StateAt) },
		says:    func(r *row) bool { return r.State == Exception }},
	{name: "delivered", fact: FactDelivered, kind: KindDelivered, title: "delivered", fresh: 72 * time.Hour,
		reached: func(r *row) *time.Time { return when(r.State == Delivered, r.StateAt) },
		says:    func(r *row) bool { return r.State == Delivered }},
}

func when(yes bool, at time.Time) *time.Time {
	if !yes {
		return nil
	}
	return &at
}

// factFresh is how old a milestone may be to be told to other rooms at all.
const factFresh = 7 * 24 * time.Hour

// tell publishes the milestones that are new and asks for their mails. It waits
// for the order, without which nobody could be written to: orders.moved comes back
// to it.
func (s *Service) tell(tx *store.Tx, r *row, shop shops.Shop) error {
	if !shop.Installed {
		return nil
	}
	var o *orders.Order
	for _, m := range milestones {
		at := m.reached(r)
		if at == nil || r.told(m.name) {
			continue
		}
		if o == nil {
			var err error
			o, err = orders.Find(tx, r.OrderID)
			if errors.Is(err, orders.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			r.OrderName = o.Name
			if r.DestinationCountry == "" && o.Shipping != nil {
				r.DestinationCountry, r.DestinationRegion = countryCode(o.Shipping.CountryCode), first(o.Shipping.ProvinceCode, o.Shipping.Province)
			}
		}
		if m.name == "shipped" && r.AddressKey == "" {
			r.AddressKey = addressKey(r.ID, o.Shipping)
		}
		r.Told = strings.TrimSpace(r.Told + " " + m.name)
		if err := s.announce(tx, r, o, m, *at, shop.InstalledAt); err != nil {
			return err
		}
	}
	return nil
}

func (r *row) told(milestone string) bool {
	return slices.Contains(strings.Fields(r.Told), milestone)
}

func (s *Service) announce(tx *store.Tx, r *row, o *orders.Order, m milestone, at, installedAt time.Time) error {
	id := strconv.FormatInt(r.ID, 10)
	if err := orders.Note(tx, r.OrderID, "parcel:"+id+":"+m.name, "parcel_"+m.name, at, "Parcel "+first(r.Name, id)+" "+m.title); err != nil {
		return err
	}
	// Shopify tells whole seconds: what was of the very second of the installation is news.
	since := installedAt.Truncate(time.Second)
	if o.PlacedAt.Before(since) && at.Before(since) || tx.Now.Sub(at) > factFresh {
		return nil
	}
	if m.fact != "" {
		if err := queue.Publish(tx, m.fact, id); err != nil {
			return err
		}
	}
	if m.kind == "" || !m.says(r) || at.Before(since) || tx.Now.Sub(at) > m.fresh {
		return nil
	}
	return s.write(tx, r, o, m.kind, at)
}

// write asks for a mail about a parcel, once a kind.
func (s *Service) write(tx *store.Tx, r *row, o *orders.Order, kind string, at time.Time) error {
	settings, err := loadSettings(tx)
	if err != nil || !settings.wants(kind) || o.Email == "" || o.CancelledAt != nil {
		return err
	}
	id := strconv.FormatInt(r.ID, 10)
	return messages.Send(tx, messages.Request{Kind: kind, Once: id, Ref: id, To: o.Email, ToName: o.ShopperName(), Locale: o.Locale,
		OrderID: o.ID, OrderName: o.Name, CustomerID: o.CustomerID(), CausedAt: at})
}

// TellDelay asks for the delay notice of a parcel that a later part of this room
// found late or stalled. Told before, cancelled or arrived, it does nothing.
func (s *Service) TellDelay(tx *store.Tx, parcel int64) error {
	_, err := s.tellDelay(tx, parcel)
	return err
}

func (s *Service) tellDelay(tx *store.Tx, parcel int64) (wrote bool, err error) {
	r, err := lock(tx, parcel, 0)
	if err != nil || !r.Known || r.ErasedAt != nil || r.told("delayed") {
		return false, err
	}
	o, err := orders.Find(tx, r.OrderID)
	if errors.Is(err, orders.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	m := milestones[slices.IndexFunc(milestones, func(m milestone) bool { return m.name == "delayed" })]
	if !m.says(r) {
		return false, nil
	}
	r.Told = strings.TrimSpace(r.Told + " delayed")
	if err := s.write(tx, r, o, m.kind, tx.Now); err != nil {
		return false, err
	}
	return true, r.save(tx)
}
