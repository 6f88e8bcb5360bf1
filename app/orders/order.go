package orders

import (
	"encoding/json"
	"fmt"
	"time"

	"afterglow/app/money"
)

// Price is one sum in the two currencies of an order, in minor units: what the
// shop books and what the shopper saw and pays. The currencies themselves stand
// once on the Order.
type Price struct{ Shop, Presentment int64 }

// MarshalJSON writes [shop, presentment].
func (p Price) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%d,%d]", p.Shop, p.Presentment), nil
}

// UnmarshalJSON reads [shop, presentment].
func (p *Price) UnmarshalJSON(b []byte) error {
	var pair [2]int64
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	p.Shop, p.Presentment = pair[0], pair[1]
	return nil
}

func (p Price) plus(q Price) Price  { return Price{p.Shop + q.Shop, p.Presentment + q.Presentment} }
func (p Price) minus(q Price) Price { return Price{p.Shop - q.Shop, p.Presentment - q.Presentment} }
func (p Price) neg() Price          { return Price{-p.Shop, -p.Presentment} }
func (p Price) times(n int64) Price { return Price{p.Shop * n, p.Presentment * n} }

// IsZero tells whether the sum is nothing in both currencies.
func (p Price) IsZero() bool { return p == Price{} }

func (p Price) positive() bool { return p.Shop > 0 || p.Presentment > 0 }

// Order is our copy of an order: what the newest payload of Shopify said, and
// nothing that depends on when or how often we were told.
type Order struct {
	ID                  int64      `json:"id"`
	Name                string     `json:"name"` // "#1042"
	Number              int64      `json:"number"`
	ConfirmationNumber  string     `json:"confirmation_number,omitempty"`
	Email               string     `json:"email,omitempty"`
	Phone               string     `json:"phone,omitempty"`
	Locale              string     `json:"locale,omitempty"` // as Shopify wrote it, "fa-IR"
	PlacedAt            time.Time  `json:"placed_at"`
	UpdatedAt           time.Time  `json:"updated_at"`
	CancelledAt         *time.Time `json:"cancelled_at,omitempty"`
	CancelReason        string     `json:"cancel_reason,omitempty"`
	ClosedAt            *time.Time `json:"closed_at,omitempty"`
	Currency            string     `json:"currency"`             // of Price.Shop
	PresentmentCurrency string     `json:"presentment_currency"` // of Price.Presentment
	FinancialStatus     string     `json:"financial_status,omitempty"`
	FulfillmentStatus   string     `json:"fulfillment_status,omitempty"` // "" until something was sent
	Test                bool       `json:"test,omitempty"`
	TaxesIncluded       bool       `json:"taxes_included,omitempty"`
	DutiesIncluded      bool       `json:"duties_included,omitempty"`
	StatusURL           string     `json:"status_url,omitempty"`
	Note                string     `json:"note,omitempty"`
	Source              string     `json:"source,omitempty"` // "web", "pos"
	Gateways            []string   `json:"gateways,omitempty"`
	Tags                []string   `json:"tags,omitempty"`

	Buyer    *Buyer   `json:"buyer,omitempty"` // nil for a guest without an account
	Shipping *Address `json:"shipping,omitempty"`
	Billing  *Address `json:"billing,omitempty"`

	Lines         []Line         `json:"lines"`
	ShippingLines []ShippingLine `json:"shipping_lines,omitempty"`
	Discounts     []Discount     `json:"discounts,omitempty"`
	Codes         []string       `json:"codes,omitempty"`
	Fulfillments  []Fulfillment  `json:"fulfillments,omitempty"`
	Refunds       []Refund       `json:"refunds,omitempty"`

	Bought      Figures `json:"bought"`            // before anything was removed
	Now         Figures `json:"now"`               // after edits, returns and refunds
	Outstanding Price   `json:"outstanding"`       // still to be paid
	Rounding    Price   `json:"rounding,omitzero"` // what paying in cash rounded up or down

	Transactions []Transaction `json:"transactions,omitempty"` // nil until read from Shopify: webhooks do not carry them
	CustomerTags []string      `json:"-"`                      // a detail: nil until read from Shopify
}

// Figures are Shopify's own sums of an order.
type Figures struct {
	Subtotal  *Price `json:"subtotal,omitempty"` // items after their discounts
	Discounts Price  `json:"discounts,omitzero"`
	Shipping  *Price `json:"shipping,omitempty"`
	Tax       Price  `json:"tax,omitzero"`
	Duties    Price  `json:"duties,omitzero"`
	Fees      Price  `json:"fees,omitzero"`
	Tip       Price  `json:"tip,omitzero"`
	Total     Price  `json:"total"`
}

// Buyer is the customer as the order names them.
type Buyer struct {
	ID        int64  `json:"id"`
	Email     string `json:"email,omitempty"`
	Phone     string `json:"phone,omitempty"`
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
}

// Address is a postal address.
type Address struct {
	Name         string `json:"name,omitempty"`
	FirstName    string `json:"first_name,omitempty"`
	LastName     string `json:"last_name,omitempty"`
	Company      string `json:"company,omitempty"`
	Address1     string `json:"address1,omitempty"`
	Address2     string `json:"address2,omitempty"`
	City         string `json:"city,omitempty"`
	Zip          string `json:"zip,omitempty"`
	Province     string `json:"province,omitempty"`
	ProvinceCode string `json:"province_code,omitempty"`
	Country      string `json:"country,omitempty"`
	CountryCode  string `json:"country_code,omitempty"`
	Phone        string `json:"phone,omitempty"`
}

// Line is one thing bought.
type Line struct {
	ID               int64        `json:"id"`
	ProductID        int64        `json:"product_id,omitempty"`
	VariantID        int64        `json:"variant_id,omitempty"`
	Title            string       `json:"title"`
	Options          string       `json:"options,omitempty"` // "M / Blue"
	SKU              string       `json:"sku,omitempty"`
	Vendor           string       `json:"vendor,omitempty"`
	Quantity         int64        `json:"quantity"`         // bought
	CurrentQuantity  int64        `json:"current_quantity"` // left after edits, returns and refunds
	Price            Price        `json:"price"`            // of one
	GiftCard         bool         `json:"gift_card,omitempty"`
	RequiresShipping bool         `json:"requires_shipping,omitempty"`
	Tip              bool         `json:"tip,omitempty"`
	Properties       []Property   `json:"properties,omitempty"`
	Allocations      []Allocation `json:"allocations,omitempty"`
	Picture          *Picture     `json:"picture,omitempty"` // only when read from Shopify: webhooks do not carry it
}

// Property is something the shopper wrote or chose for a line ("Engraving").
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Picture is the product's image.
type Picture struct {
	URL string `json:"url"`
	Alt string `json:"alt,omitempty"`
}

// Discount says why a price was lowered; Allocations say by how much.
type Discount struct {
	Type            string `json:"type,omitempty"` // automatic, discount_code, manual, script
	Title           string `json:"title,omitempty"`
	Code            string `json:"code,omitempty"`
	ValueType       string `json:"value_type,omitempty"` // percentage, fixed_amount
	Value           string `json:"value,omitempty"`      // as Shopify wrote it
	Allocation      string `json:"allocation,omitempty"` // across, each, one
	TargetSelection string `json:"target_selection,omitempty"`
	TargetType      string `json:"target_type,omitempty"` // line_item, shipping_line
}

// Allocation is a discount's share in one line. Discount is an index into
// Order.Discounts, or -1 when the payload names none.
type Allocation struct {
	Discount int   `json:"discount"`
	Amount   Price `json:"amount"`
}

// ShippingLine is one way of delivery and its price.
type ShippingLine struct {
	ID              int64        `json:"id"`
	Title           string       `json:"title,omitempty"`
	Code            string       `json:"code,omitempty"`
	Source          string       `json:"source,omitempty"`
	Price           Price        `json:"price"`
	Discounted      Price        `json:"discounted"` // as bought
	CurrentlyPriced Price        `json:"currently"`  // after edits and refunds
	Removed         bool         `json:"removed,omitempty"`
	Pickup          bool         `json:"pickup,omitempty"`
	DeliverFrom     *time.Time   `json:"deliver_from,omitempty"`
	DeliverUntil    *time.Time   `json:"deliver_until,omitempty"`
	Allocations     []Allocation `json:"allocations,omitempty"`
}

// Fulfillment is what was sent together.
type Fulfillment struct {
	ID                int64             `json:"id"`
	Name              string            `json:"name,omitempty"`
	Status            string            `json:"status,omitempty"`          // success, cancelled, …
	ShipmentStatus    string            `json:"shipment_status,omitempty"` // in_transit, delivered, …
	CreatedAt         time.Time         `json:"created_at"`
	UpdatedAt         time.Time         `json:"updated_at"`
	EstimatedDelivery *time.Time        `json:"estimated_delivery,omitempty"`
	DeliveredAt       *time.Time        `json:"delivered_at,omitempty"`
	Carrier           string            `json:"carrier,omitempty"`
	TrackingNumber    string            `json:"tracking_number,omitempty"`
	TrackingURL       string            `json:"tracking_url,omitempty"`
	Lines             []FulfillmentLine `json:"lines,omitempty"`
}

// Gone tells whether it is none any more, or never came to be one.
func (f Fulfillment) Gone() bool {
	return f.Status == "cancelled" || f.Status == "error" || f.Status == "failure"
}

// FulfillmentLine is how many of a line a fulfillment holds.
type FulfillmentLine struct {
	LineID   int64 `json:"line_id"`
	Quantity int64 `json:"quantity"`
}

// Refund is something taken out of the order, money given back, or both. An
// edit that removes an item also arrives as a refund, one without money.
type Refund struct {
	ID        int64        `json:"id"`
	CreatedAt time.Time    `json:"created_at"`
	Lines     []RefundLine `json:"lines,omitempty"`
	Money     Price        `json:"money"` // given back
}

// RefundLine is how many of a line a refund takes out.
type RefundLine struct {
	LineID   int64 `json:"line_id"`
	Quantity int64 `json:"quantity"`
}

// Transaction is one movement of money, as the Admin API tells it.
type Transaction struct {
	ID        int64     `json:"id"`
	ParentID  int64     `json:"parent_id,omitempty"`
	Kind      string    `json:"kind"`   // sale, authorization, capture, refund, void
	Status    string    `json:"status"` // success, pending, failure
	Gateway   string    `json:"gateway"`
	Label     string    `json:"label,omitempty"` // the gateway's name for people
	CardBrand string    `json:"card_brand,omitempty"`
	CardLast  string    `json:"card_last,omitempty"` // last digits
	Wallet    string    `json:"wallet,omitempty"`
	Manual    bool      `json:"manual,omitempty"`
	Amount    Price     `json:"amount"`
	At        time.Time `json:"at"`
}

// ShopMoney gives a price in the shop's currency.
func (o *Order) ShopMoney(p Price) money.Amount { return money.New(p.Shop, o.Currency) }

// Presentment gives a price in the shopper's currency.
func (o *Order) Presentment(p Price) money.Amount {
	return money.New(p.Presentment, o.PresentmentCurrency)
}

// CustomerID is Shopify's id of the customer, 0 for a guest.
func (o *Order) CustomerID() int64 {
	if o.Buyer == nil {
		return 0
	}
	return o.Buyer.ID
}

// ShopperName is the buyer's full name, or the name on an address, or "".
func (o *Order) ShopperName() string {
	if o.Buyer != nil {
		if name := joined(o.Buyer.FirstName, o.Buyer.LastName); name != "" {
			return name
		}
	}
	for _, a := range []*Address{o.Billing, o.Shipping} {
		if a == nil {
			continue
		}
		if a.Name != "" {
			return a.Name
		}
		if name := joined(a.FirstName, a.LastName); name != "" {
			return name
		}
	}
	return ""
}

// Items is how many things are in the order now, tips aside.
func (o *Order) Items() int64 {
	var n int64
	for _, l := range o.Lines {
		if !l.Tip {
			n += l.CurrentQuantity
		}
	}
	return n
}

func joined(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + " " + b
}
