package customers

import (
	"context"
	"time"

	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// Service is the room.
type Service struct{}

// New returns the room.
func New() *Service { return &Service{} }

// Room hangs the room up.
func (s *Service) Room() room.Room {
	return room.Room{
		Name:   "customers",
		Tables: []string{"customers"},
		Topics: map[string]shopify.TopicHandler{
			"customers/create": s.onCustomer,
			"customers/update": s.onCustomer,
			"customers/delete": s.onDeleted,
		},
		Personal: true,
		Export:   s.export,
		Erase:    s.erase,
		Knows:    s.knows,

		Addresses: func(_ context.Context, tx *store.Tx, see func(string)) error { return addresses(tx, see) },
	}
}

// Find returns the customer of the transaction's shop, or ErrNotFound. A deleted
// or redacted one is found, without a person in it.
func Find(tx *store.Tx, id int64) (Customer, error) { return find(tx, id) }

func (s *Service) onCustomer(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	c, err := Parse(ev.Body)
	if err != nil {
		return err
	}
	ev.About("customer", c.ID)
	at := told(ev)
	if c.UpdatedAt.IsZero() {
		c.UpdatedAt = at
	}
	_, err = save(tx, at, c)
	return err
}

func (s *Service) onDeleted(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	c, err := Parse(ev.Body)
	if err != nil {
		return err
	}
	ev.About("customer", c.ID)
	return bury(tx, c.ID)
}

// told is when Shopify sent the event, or, should it not say, when it came.
func told(ev *shopify.Event) time.Time {
	at := ev.TriggeredAt
	if at.IsZero() {
		at = ev.ReceivedAt
	}
	return at.UTC().Truncate(time.Microsecond)
}

func (s *Service) export(_ context.Context, tx *store.Tx, p room.Person) (map[string]any, error) {
	rows, err := match(tx, p.CustomerID, p.Email, p.Phone)
	if err != nil {
		return nil, err
	}
	people := make([]map[string]any, 0, len(rows))
	for _, r := range rows {
		people = append(people, map[string]any{
			"id": r.ID, "email": r.Email, "phone": r.Phone, "first_name": r.FirstName, "last_name": r.LastName, "language": r.Locale,
			"state": r.State, "updated_at": r.SourceUpdatedAt, "first_seen_at": r.FirstSeenAt,
		})
	}
	return map[string]any{"customers": people}, nil
}

func (s *Service) erase(_ context.Context, tx *store.Tx, p room.Person) error {
	rows, err := match(tx, p.CustomerID, p.Email, p.Phone)
	if err != nil {
		return err
	}
	numbers := make([]int64, len(rows))
	for i, r := range rows {
		numbers[i] = r.ID
	}
	return redact(tx, p.CustomerID, numbers)
}

// knows fills in what a request about exactly one customer left out.
func (s *Service) knows(_ context.Context, tx *store.Tx, p room.Person) (room.Person, error) {
	rows, err := match(tx, p.CustomerID, p.Email, p.Phone)
	if err != nil || len(rows) != 1 {
		return p, err
	}
	if p.CustomerID == 0 {
		p.CustomerID = rows[0].ID
	}
	if p.Email == "" {
		p.Email = rows[0].Email
	}
	if p.Phone == "" {
		p.Phone = rows[0].Phone
	}
	return p, nil
}
