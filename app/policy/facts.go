package policy

import (
	"time"

	"afterglow/app/money"
)

// Facts are all that a policy can ask about an order. They are a document of
// plain values: whoever has the same one gets the same verdict.
type Facts struct {
	Order          int64          `json:"order"`
	Zone           *time.Location `json:"-"` // of the shop; nil is UTC
	PlacedAt       time.Time      `json:"placed_at"`
	FulfilledAt    *time.Time     `json:"fulfilled_at"` // when the last of it was sent, nil until all was
	DeliveredAt    *time.Time     `json:"delivered_at"` // when the last parcel arrived, nil until all did
	Cancelled      bool           `json:"cancelled"`
	Paid           bool           `json:"paid"`
	Refunded       bool           `json:"refunded"`
	Test           bool           `json:"test"`
	Sent           Sent           `json:"sent"`
	Tags           []string       `json:"tags"`
	CustomerTags   []string       `json:"customer_tags"`   // nil: not known
	CustomerOrders int64          `json:"customer_orders"` // of the same shopper, this one included
	Country        string         `json:"country"`         // ISO 3166-1, "" when nothing is sent anywhere
	Total          money.Amount   `json:"total"`           // in the shop's money
	Items          []Item         `json:"items"`
	Item           int64          `json:"item"` // the line that is asked about; 0: all of them
}

// Sent is how much of an order is on its way.
type Sent int

// How much.
const (
	SentNothing Sent = iota
	SentPart
	SentAll
)

// Item is a line of an order, as far as a policy can ask about it.
type Item struct {
	ID         int64        `json:"id"`
	ProductID  int64        `json:"product_id"`
	Title      string       `json:"title"`
	Vendor     string       `json:"vendor"`
	Left       int64        `json:"left"` // after edits, returns and refunds
	Sent       int64        `json:"sent"` // of these, how many were sent
	Price      money.Amount `json:"price"`
	GiftCard   bool         `json:"gift_card"`
	Digital    bool         `json:"digital"`
	Discounted bool         `json:"discounted"`
	Product    *Product     `json:"product"` // nil: nothing is known of it
}

// Product is what the catalogue says of an item.
type Product struct {
	Type        string   `json:"type"`
	Tags        []string `json:"tags"`
	Collections []string `json:"collections"` // titles and handles; nil: not known
}
