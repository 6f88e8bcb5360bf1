package policy

import (
	"time"

	"afterglow/app/clock"
	"afterglow/app/orders"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// Config is what the room needs from the roof.
type Config struct {
	DB      *store.DB
	Shops   *shops.Service
	Readers Readers // ways to read from Shopify, one for each job
}

// Service is the room.
type Service struct {
	db        *store.DB
	shops     *shops.Service
	reader    Readers
	delivered Arrival
}

// Arrival tells when all of an order had arrived, nil while it has not or
// nobody knows.
type Arrival func(tx *store.Tx, o *orders.Order) (*time.Time, error)

// New returns the room.
func New(c Config) *Service {
	s := &Service{db: c.DB, shops: c.Shops, reader: c.Readers}
	c.Shops.WhenReturnsChange(s.returnsChanged)
	return s
}

// UseDelivered lets a later room say when orders arrived; where it does not know,
// what Shopify said counts.
func (s *Service) UseDelivered(d Arrival) { s.delivered = d }

// Verdict decides whether the shopper of an order may do something now, by the
// policy of the day of purchase. With an item's id it decides for that item. It
// returns orders.ErrNotFound for an order that we do not have.
func (s *Service) Verdict(tx *store.Tx, a Action, orderID int64, item ...int64) (Verdict, error) {
	return s.VerdictAt(tx, a, orderID, tx.Now, item...)
}

// VerdictAt is Verdict as of another moment: of a shopper's letter that was read
// later than it came.
func (s *Service) VerdictAt(tx *store.Tx, a Action, orderID int64, at time.Time, item ...int64) (Verdict, error) {
	facts, used, err := s.ask(tx, orderID)
	if err != nil {
		return Verdict{}, err
	}
	if len(item) > 0 {
		facts.Item = item[0]
	}
	v := Evaluate(used.Policy, a, facts, at)
	v.Version = used.Version
	return v, nil
}

// Verdicts decides about every action, in the order of Actions.
func (s *Service) Verdicts(tx *store.Tx, orderID int64) ([]Verdict, error) {
	facts, used, err := s.ask(tx, orderID)
	if err != nil {
		return nil, err
	}
	return all(used, facts, tx.Now), nil
}

func all(used Version, facts Facts, now time.Time) []Verdict {
	list := make([]Verdict, 0, len(Actions))
	for _, a := range Actions {
		v := Evaluate(used.Policy, a, facts, now)
		v.Version = used.Version
		list = append(list, v)
	}
	return list
}

func (s *Service) ask(tx *store.Tx, orderID int64) (Facts, Version, error) {
	o, err := orders.Find(tx, orderID)
	if err != nil {
		return Facts{}, Version{}, err
	}
	facts, err := s.facts(tx, o)
	if err != nil {
		return facts, Version{}, err
	}
	used, err := s.InForce(tx, o.PlacedAt)
	return facts, used, err
}

// ReturnTerms tells room orders what mails and pages say about returning: the day
// until which all of it may go back that may go back at all.
func (s *Service) ReturnTerms(tx *store.Tx, o *orders.Order) (orders.ReturnTerms, error) {
	facts, err := s.facts(tx, o)
	if err != nil {
		return orders.ReturnTerms{}, err
	}
	used, err := s.InForce(tx, o.PlacedAt)
	if err != nil {
		return orders.ReturnTerms{}, err
	}
	v := Evaluate(used.Policy, Return, facts, tx.Now)
	out := orders.ReturnTerms{Allowed: v.Allowed, LastDay: v.LastDay}
	if out.LastDay == nil && v.Until != nil {
		day := clock.DateIn(v.Until.Add(-1), facts.Zone)
		out.LastDay = &day
	}
	for _, it := range v.Items {
		if it.Allowed && it.LastDay != nil && (out.LastDay == nil || it.LastDay.Before(*out.LastDay)) {
			out.LastDay = it.LastDay
		}
	}
	if v.rule != nil && v.rule.Window != nil && v.rule.Window.Unit == Days {
		out.Days = v.rule.Window.Length
	}
	return out, nil
}

func (s *Service) zone(tx *store.Tx) (*time.Location, error) {
	shop, err := s.shops.Get(tx)
	return clock.Zone(shop.Timezone), err
}
