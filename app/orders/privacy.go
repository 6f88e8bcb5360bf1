package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"afterglow/app/room"
	"afterglow/app/store"
)

// export returns every order of the person, whole, as we keep it.
func (s *Service) export(_ context.Context, tx *store.Tx, p room.Person) (map[string]any, error) {
	numbers, err := belonging(tx, p)
	if err != nil {
		return nil, err
	}
	list := make([]map[string]any, 0, len(numbers))
	for _, id := range numbers {
		f, err := load(tx, id)
		if err == ErrNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, map[string]any{
			"id": f.ID, "name": f.Name, "placed_at": f.PlacedAt, "email": f.Email, "customer_name": f.CustomerName, "language": f.Locale,
			"first_seen_at": f.FirstSeenAt, "order": f.Order,
		})
	}
	lookups, err := lookupsBy(tx, p, numbers)
	return map[string]any{"orders": list, "orders_lookups": lookups}, err
}

// knows adds the numbers of the person's orders.
func (s *Service) knows(_ context.Context, tx *store.Tx, p room.Person) (room.Person, error) {
	numbers, err := belonging(tx, p)
	for _, id := range numbers {
		if !slices.Contains(p.OrderIDs, id) {
			p.OrderIDs = append(p.OrderIDs, id)
		}
	}
	return p, err
}

// erase takes the person out of their orders and leaves the trade: what was
// bought, for how much, when. Payloads that are still on their way find the row
// closed.
func (s *Service) erase(_ context.Context, tx *store.Tx, p room.Person) error {
	numbers, err := belonging(tx, p)
	if err != nil {
		return err
	}
	for _, id := range numbers {
		f, err := load(tx, id)
		if err == ErrNotFound {
			continue
		}
		if err != nil {
			return err
		}
		f.Order.anonymise()
		document, err := json.Marshal(f.Order)
		if err != nil {
			return fmt.Errorf("write order %d: %w", id, err)
		}
		if err := anonymise(tx, id, document); err != nil {
			return err
		}
	}
	return forgetLookups(tx, p, numbers)
}

// anonymise drops everything that says, or may say, who bought.
func (o *Order) anonymise() {
	o.Email, o.Phone, o.Note, o.StatusURL, o.ConfirmationNumber, o.Locale = "", "", "", "", "", ""
	o.Buyer, o.Shipping, o.Billing, o.Codes = nil, nil, nil, nil
	o.Tags, o.CustomerTags = nil, nil // merchants write names into them, too
	for i := range o.Discounts {      // a personal code may bear a name
		o.Discounts[i].Code, o.Discounts[i].Title = "", ""
	}
	for i := range o.Lines {
		o.Lines[i].Properties = nil
	}
	for i := range o.Fulfillments {
		f := &o.Fulfillments[i]
		f.TrackingNumber, f.TrackingURL = "", ""
	}
	for i := range o.Transactions {
		t := &o.Transactions[i]
		t.CardLast, t.Label = "", ""
	}
}
