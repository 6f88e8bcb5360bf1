package orders

import (
	"time"

	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/store"
)

// Letterhead is what every mail about an order shares: who writes to whom, the
// look of the shop, its voice, and the order itself.
type Letterhead struct {
	Order   *Order
	Tag     locale.Tag
	Zone    *time.Location
	To      mail.Address
	ReplyTo mail.Address
	URL     string // of the order's page
	// Data are those of the confirmation: shop, brand, order, customer, items,
	// shipping and the tone.
	Data map[string]any
}

// Letterhead returns what a mail about the order begins with, or ErrNotFound.
func (s *Service) Letterhead(tx *store.Tx, id int64) (*Letterhead, error) {
	f, err := load(tx, id)
	if err != nil {
		return nil, err
	}
	v, err := s.view(tx, f, locale.Match(f.Order.Locale))
	if err != nil {
		return nil, err
	}
	d, _, err := publishedDesign(tx)
	if err != nil {
		return nil, err
	}
	return v.letterhead(d), nil
}

func (v *view) letterhead(d Design) *Letterhead {
	v.tone = d.Tone
	data := v.data()
	d.brand(data)
	return &Letterhead{Order: v.Order, Tag: v.tag, Zone: v.zone, To: mail.Address{Name: v.Order.ShopperName(), Email: v.Order.Email},
		ReplyTo: mail.Address{Name: d.ReplyTo.Name, Email: d.ReplyTo.Email}, URL: v.url, Data: data}
}

// brand writes the shop's second colour and its voice into a mail's data.
func (d Design) brand(data map[string]any) {
	if brand, ok := data["brand"].(map[string]any); ok && d.SecondColor != "" {
		brand["second"] = d.SecondColor
	}
	data["tone"] = d.Tone
}

// SampleLetterhead is a letterhead with the shop's own name and brand around a
// made-up order.
func (s *Service) SampleLetterhead(tx *store.Tx, tag locale.Tag) (*Letterhead, error) {
	d, _, err := publishedDesign(tx)
	if err != nil {
		return nil, err
	}
	l, err := s.sampleIn(tx, d, tag, d.DefaultStyle, "full")
	if err != nil {
		return nil, err
	}
	d.brand(l.Data)
	order, _ := l.Data["order"].(map[string]any)
	address, _ := order["url"].(string)
	return &Letterhead{Tag: tag, Zone: time.UTC, To: l.To, ReplyTo: l.ReplyTo, URL: address, Data: l.Data}, nil
}

// Note puts on an order's timeline what a later room knows of it, in words for
// the merchant and without personal data of its own; what staff typed goes with the
// order's person. The same once is noted once.
func Note(tx *store.Tx, orderID int64, once, kind string, at time.Time, title string) error {
	_, err := record(tx, orderID, once, kind, at, title)
	return err
}
