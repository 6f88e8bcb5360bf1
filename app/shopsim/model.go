package shopsim

import (
	"time"
)

// Every object below is immutable once it is in the store: a change replaces
// the whole object (see tx in store.go). Readers may therefore keep the
// pointers they are given, and must never write through them.
//
// Amounts are integer minor units. An order keeps two currencies, so most
// amounts come as a MoneySet.

// MoneySet is one amount in the shop's currency and in the currency the
// shopper saw.
type MoneySet struct {
	Shop        int64 `json:"s"`
	Presentment int64 `json:"p"`
}

// Shop is one simulated store.
type Shop struct {
	ID          int64  `json:"id"`
	Domain      string `json:"domain"` // afterglow-demo.myshopify.com
	Name        string `json:"name"`
	Email       string `json:"email"`
	Owner       string `json:"owner"`
	Phone       string `json:"phone"`
	Currency    string `json:"currency"`
	Timezone    string `json:"timezone"` // IANA
	Locale      string `json:"locale"`
	CountryCode string `json:"country_code"`
	Address1    string `json:"address1"`
	City        string `json:"city"`
	Province    string `json:"province"`
	ProvCode    string `json:"province_code"`
	Zip         string `json:"zip"`

	TaxesIncluded bool   `json:"taxes_included"`
	TaxPPM        int64  `json:"tax_ppm"` // tax rate in parts per million: 8.875 % is 88750
	TaxTitle      string `json:"tax_title"`

	// The installation of the app in this store.
	InstallationID int64     `json:"installation_id"`
	Installed      bool      `json:"installed"`
	Scopes         []string  `json:"scopes"` // granted
	LocationID     int64     `json:"location_id"`
	NextOrder      int64     `json:"next_order"` // number of the next order
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
}

// Product is one page of the catalogue.
type Product struct {
	ID          int64     `json:"id"`
	ShopID      int64     `json:"shop_id"`
	Handle      string    `json:"handle"`
	Title       string    `json:"title"`
	Description string    `json:"description"` // plain text, a few sentences
	Vendor      string    `json:"vendor"`
	Type        string    `json:"type"`   // "Lighting"
	Status      string    `json:"status"` // ACTIVE, DRAFT, ARCHIVED
	Tags        []string  `json:"tags"`
	Options     []Option  `json:"options"`
	Variants    []Variant `json:"variants"`
	GiftCard    bool      `json:"gift_card"`
	ImageID     int64     `json:"image_id"`
	ImageAlt    string    `json:"image_alt"`
	Related     []string  `json:"related"` // handles
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// Option is one choice a product offers, such as Size.
type Option struct {
	ID     int64    `json:"id"`
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// Variant is what is bought.
type Variant struct {
	ID        int64    `json:"id"`
	Title     string   `json:"title"` // "Oak / Large"; "Default Title" for a product without options
	SKU       string   `json:"sku"`
	Options   []string `json:"options"` // one value per product option
	Price     int64    `json:"price"`   // shop currency, minor units
	CompareAt int64    `json:"compare_at,omitempty"`
	Grams     int64    `json:"grams"`
	Inventory int64    `json:"inventory"`
	Oversell  bool     `json:"oversell,omitempty"` // sold when there is none
	ItemID    int64    `json:"inventory_item_id"`
}

// Address is a postal address as Shopify keeps it.
type Address struct {
	ID          int64  `json:"id,omitempty"`
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name"`
	Company     string `json:"company,omitempty"`
	Address1    string `json:"address1"`
	Address2    string `json:"address2,omitempty"`
	City        string `json:"city"`
	Province    string `json:"province,omitempty"`
	ProvCode    string `json:"province_code,omitempty"`
	Zip         string `json:"zip"`
	Country     string `json:"country"`
	CountryCode string `json:"country_code"`
	Phone       string `json:"phone,omitempty"`
}

// Customer is a person with an account at one store.
type Customer struct {
	ID             int64     `json:"id"`
	ShopID         int64     `json:"shop_id"`
	Email          string    `json:"email"`
	Phone          string    `json:"phone,omitempty"`
	FirstName      string    `json:"first_name"`
	LastName       string    `json:"last_name"`
	Locale         string    `json:"locale"`
	State          string    `json:"state"`     // disabled, enabled
	Marketing      string    `json:"marketing"` // SUBSCRIBED, NOT_SUBSCRIBED, UNSUBSCRIBED, PENDING
	MarketingAt    time.Time `json:"marketing_at"`
	Tags           []string  `json:"tags"`
	Note           string    `json:"note,omitempty"`
	DefaultAddress *Address  `json:"default_address,omitempty"`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
	Deleted        bool      `json:"deleted,omitempty"`
}

// Order is a placed order with everything that happened to it.
type Order struct {
	ID           int64  `json:"id"`
	ShopID       int64  `json:"shop_id"`
	Number       int64  `json:"number"`
	Name         string `json:"name"` // "#1042"
	Token        string `json:"token"`
	Confirmation string `json:"confirmation"` // confirmation number

	CustomerID int64     `json:"customer_id,omitempty"` // 0: guest
	Email      string    `json:"email"`
	Phone      string    `json:"phone,omitempty"`
	Locale     string    `json:"locale"`
	SourceName string    `json:"source_name"`
	Test       bool      `json:"test,omitempty"`
	Note       string    `json:"note,omitempty"`
	Attributes []KeyText `json:"attributes,omitempty"`
	Tags       []string  `json:"tags,omitempty"`

	Currency            string   `json:"currency"`
	PresentmentCurrency string   `json:"presentment_currency"`
	Rate                string   `json:"rate,omitempty"` // presentment units for one shop unit, a decimal
	TaxesIncluded       bool     `json:"taxes_included"`
	TaxExempt           bool     `json:"tax_exempt,omitempty"`
	Tip                 MoneySet `json:"tip"`

	Lines         []LineItem      `json:"lines"`
	ShippingLines []ShippingLine  `json:"shipping_lines"`
	Discounts     []OrderDiscount `json:"discounts"`
	ShipTo        *Address        `json:"ship_to,omitempty"` // nil when nothing is shipped
	BillTo        *Address        `json:"bill_to,omitempty"`

	Transactions  []Transaction      `json:"transactions"`
	Fulfillments  []Fulfillment      `json:"fulfillments"`
	Refunds       []Refund           `json:"refunds"`
	FulfillmentID int64              `json:"fulfillment_order_id"`
	Holds         []FulfillmentHold  `json:"holds,omitempty"`
	FinancialHold string             `json:"financial,omitempty"` // fixed state: voided
	Edits         []OrderEdit        `json:"edits,omitempty"`
	CancelJob     *OrderCancelResult `json:"cancel_job,omitempty"`
	InvoiceSentAt *time.Time         `json:"invoice_sent_at,omitempty"` // of a balance

	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
	CancelledAt  *time.Time `json:"cancelled_at,omitempty"`
	CancelReason string     `json:"cancel_reason,omitempty"` // customer, fraud, inventory, declined, staff, other
	ClosedAt     *time.Time `json:"closed_at,omitempty"`
	Deleted      bool       `json:"deleted,omitempty"`
}

// KeyText is one free attribute of an order or a line.
type KeyText struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// LineItem is one line of an order.
type LineItem struct {
	ID           int64        `json:"id"`
	ProductID    int64        `json:"product_id,omitempty"` // 0: custom line
	VariantID    int64        `json:"variant_id,omitempty"`
	Title        string       `json:"title"`
	VariantTitle string       `json:"variant_title,omitempty"`
	SKU          string       `json:"sku,omitempty"`
	Vendor       string       `json:"vendor,omitempty"`
	Handle       string       `json:"handle,omitempty"`
	Quantity     int64        `json:"quantity"`           // as ordered, plus what edits added
	Removed      int64        `json:"removed,omitempty"`  // by edits
	Refunded     int64        `json:"refunded,omitempty"` // units in refunds
	Fulfilled    int64        `json:"fulfilled,omitempty"`
	Unit         MoneySet     `json:"unit"` // price of one, before discounts
	Allocations  []Allocation `json:"allocations,omitempty"`
	Taxes        []TaxLine    `json:"taxes,omitempty"`
	GiftCard     bool         `json:"gift_card,omitempty"`
	Ships        bool         `json:"ships"`
	Taxable      bool         `json:"taxable"`
	Tip          bool         `json:"tip,omitempty"`
	Grams        int64        `json:"grams,omitempty"`
	Properties   []KeyText    `json:"properties,omitempty"`
}

// Current is the quantity that is still part of the order.
func (l LineItem) Current() int64 { return l.Quantity - l.Removed - l.Refunded }

// Open is the quantity that still has to be sent.
func (l LineItem) Open() int64 { return max(0, l.Current()-l.Fulfilled) }

// Total is the line before discounts: unit price times the ordered quantity.
func (l LineItem) Total() MoneySet {
	return MoneySet{l.Unit.Shop * l.Quantity, l.Unit.Presentment * l.Quantity}
}

// Discount is the sum of the line's allocations.
func (l LineItem) Discount() MoneySet {
	var sum MoneySet
	for _, a := range l.Allocations {
		sum = sum.Add(a.Amount)
	}
	return sum
}

// Allocation is the part of a discount that falls on one line.
type Allocation struct {
	Discount int      `json:"discount"` // index into Order.Discounts
	Amount   MoneySet `json:"amount"`
}

// TaxLine is one tax on one line.
type TaxLine struct {
	Title  string   `json:"title"`
	PPM    int64    `json:"ppm"`
	Amount MoneySet `json:"amount"`
}

// ShippingLine is the chosen delivery.
type ShippingLine struct {
	ID          int64        `json:"id"`
	Title       string       `json:"title"`
	Code        string       `json:"code"`
	Price       MoneySet     `json:"price"`
	Allocations []Allocation `json:"allocations,omitempty"`
	Taxes       []TaxLine    `json:"taxes,omitempty"`
}

// Discount is the sum of the line's allocations.
func (l ShippingLine) Discount() MoneySet { return LineItem{Allocations: l.Allocations}.Discount() }

// OrderDiscount is one discount that was applied to an order.
type OrderDiscount struct {
	Kind       string `json:"kind"` // discount_code, automatic, manual
	Code       string `json:"code,omitempty"`
	Title      string `json:"title"`
	ValueType  string `json:"value_type"` // percentage, fixed_amount
	Value      string `json:"value"`      // decimal
	Target     string `json:"target"`     // line_item, shipping_line
	Selection  string `json:"selection"`  // all, entitled, explicit
	Allocation string `json:"allocation"` // across, each, one
	DiscountID int64  `json:"discount_id,omitempty"`
}

// Transaction is one movement of money.
type Transaction struct {
	ID        int64     `json:"id"`
	Kind      string    `json:"kind"`    // sale, authorization, capture, refund, void
	Status    string    `json:"status"`  // success, pending, failure
	Gateway   string    `json:"gateway"` // shopify_payments, gift_card, shopify_store_credit, manual
	ParentID  int64     `json:"parent_id,omitempty"`
	Amount    MoneySet  `json:"amount"`
	CardBrand string    `json:"card_brand,omitempty"` // Visa
	CardLast4 string    `json:"card_last4,omitempty"`
	CreatedAt time.Time `json:"created_at"`
}

// Fulfillment is one parcel.
type Fulfillment struct {
	ID          int64              `json:"id"`
	Name        string             `json:"name"`                      // "#1042.1"
	Status      string             `json:"status"`                    // success, cancelled
	Shipment    string             `json:"shipment_status,omitempty"` // in_transit, delivered …
	Company     string             `json:"tracking_company,omitempty"`
	Number      string             `json:"tracking_number,omitempty"`
	URL         string             `json:"tracking_url,omitempty"`
	Lines       []FulfillmentLine  `json:"lines"`
	Events      []FulfillmentEvent `json:"events,omitempty"`
	CreatedAt   time.Time          `json:"created_at"`
	UpdatedAt   time.Time          `json:"updated_at"`
	InTransitAt *time.Time         `json:"in_transit_at,omitempty"`
	DeliveredAt *time.Time         `json:"delivered_at,omitempty"`
	EstimatedAt *time.Time         `json:"estimated_delivery_at,omitempty"`
}

// FulfillmentLine is part of a parcel.
type FulfillmentLine struct {
	ID         int64 `json:"id"`
	LineItemID int64 `json:"line_item_id"`
	Quantity   int64 `json:"quantity"`
}

// FulfillmentEvent is one scan of a carrier.
type FulfillmentEvent struct {
	ID          int64      `json:"id"`
	Status      string     `json:"status"` // in_transit …
	Message     string     `json:"message,omitempty"`
	City        string     `json:"city,omitempty"`
	Province    string     `json:"province,omitempty"`
	Country     string     `json:"country,omitempty"` // code
	Zip         string     `json:"zip,omitempty"`
	HappenedAt  time.Time  `json:"happened_at"`
	EstimatedAt *time.Time `json:"estimated_delivery_at,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
}

// FulfillmentHold stops the warehouse.
type FulfillmentHold struct {
	ID     int64  `json:"id"`
	Reason string `json:"reason"`
	Notes  string `json:"notes,omitempty"`
	Handle string `json:"handle,omitempty"`
}

// Refund gives money or goods back.
type Refund struct {
	ID           int64        `json:"id"`
	Note         string       `json:"note,omitempty"`
	Lines        []RefundLine `json:"lines"`
	Shipping     MoneySet     `json:"shipping"`
	ShippingTax  MoneySet     `json:"shipping_tax"`
	Adjustment   MoneySet     `json:"adjustment"` // refunded beyond or below the goods
	Transactions []int64      `json:"transactions"`
	Total        MoneySet     `json:"total"`
	CreatedAt    time.Time    `json:"created_at"`
}

// RefundLine is one returned line.
type RefundLine struct {
	ID         int64    `json:"id"`
	LineItemID int64    `json:"line_item_id"`
	Quantity   int64    `json:"quantity"`
	Restock    string   `json:"restock"` // no_restock, cancel, return
	Subtotal   MoneySet `json:"subtotal"`
	Tax        MoneySet `json:"tax"`
}

// OrderEdit is one committed edit.
type OrderEdit struct {
	ID          int64      `json:"id"`
	Additions   []EditLine `json:"additions"`
	Removals    []EditLine `json:"removals"`
	Notify      bool       `json:"notify"`
	Note        string     `json:"note,omitempty"`
	CommittedAt time.Time  `json:"committed_at"`
}

// EditLine is a changed quantity.
type EditLine struct {
	LineItemID int64 `json:"id"`
	Delta      int64 `json:"delta"`
}

// EditSession is an order edit that has been begun and not committed.
type EditSession struct {
	ID      int64       `json:"id"`
	ShopID  int64       `json:"shop_id"`
	OrderID int64       `json:"order_id"`
	Version time.Time   `json:"version"` // the order's updated_at when it began
	Lines   []EditedRow `json:"lines"`
	Done    bool        `json:"done,omitempty"`
}

// EditedRow is a calculated line item.
type EditedRow struct {
	ID         int64 `json:"id"`
	LineItemID int64 `json:"line_item_id,omitempty"` // 0: a new line
	VariantID  int64 `json:"variant_id,omitempty"`
	Quantity   int64 `json:"quantity"`
	Restock    bool  `json:"restock,omitempty"`
}

// OrderCancelResult is the outcome of orderCancel.
type OrderCancelResult struct {
	ID    int64 `json:"id"`
	JobID int64 `json:"job_id"`
}

// Discount is a discount the store has, by code or automatic.
type Discount struct {
	ID          int64      `json:"id"`
	ShopID      int64      `json:"shop_id"`
	Title       string     `json:"title"`
	Code        string     `json:"code,omitempty"` // empty: automatic
	CodeID      int64      `json:"code_id,omitempty"`
	Type        string     `json:"type"`  // percentage, fixed_amount, free_shipping
	Value       string     `json:"value"` // percent 0-100, or an amount in the shop's currency
	ProductIDs  []int64    `json:"product_ids,omitempty"`
	CustomerIDs []int64    `json:"customer_ids,omitempty"` // nil: everybody
	Minimum     int64      `json:"minimum,omitempty"`      // subtotal needed
	UsageLimit  int64      `json:"usage_limit,omitempty"`
	OncePer     bool       `json:"once_per_customer,omitempty"`
	Used        int64      `json:"used"`
	UsedBy      []int64    `json:"used_by,omitempty"`
	StartsAt    time.Time  `json:"starts_at"`
	EndsAt      *time.Time `json:"ends_at,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	ByApp       bool       `json:"by_app,omitempty"`
}

// Draft is an order that the merchant, or an app, makes for a customer.
type Draft struct {
	ID            int64      `json:"id"`
	ShopID        int64      `json:"shop_id"`
	Name          string     `json:"name"` // "#D1"
	Token         string     `json:"token"`
	Checkout      Checkout   `json:"checkout"`
	Quote         *Order     `json:"quote"`    // what the order would be
	OrderID       int64      `json:"order_id"` // 0 until completed
	InvoiceSentAt *time.Time `json:"invoice_sent_at,omitempty"`
	CompletedAt   *time.Time `json:"completed_at,omitempty"`
	CreatedAt     time.Time  `json:"created_at"`
	UpdatedAt     time.Time  `json:"updated_at"`
}

// GiftCard is prepaid money.
type GiftCard struct {
	ID         int64     `json:"id"`
	ShopID     int64     `json:"shop_id"`
	Code       string    `json:"code"`
	Initial    int64     `json:"initial"`
	Balance    int64     `json:"balance"`
	Currency   string    `json:"currency"`
	CustomerID int64     `json:"customer_id,omitempty"`
	OrderID    int64     `json:"order_id,omitempty"` // bought with
	Note       string    `json:"note,omitempty"`
	ExpiresOn  string    `json:"expires_on,omitempty"`
	Disabled   bool      `json:"disabled,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
}

// CreditAccount is a customer's store credit in one currency.
type CreditAccount struct {
	ID         int64         `json:"id"`
	ShopID     int64         `json:"shop_id"`
	CustomerID int64         `json:"customer_id"`
	Currency   string        `json:"currency"`
	Balance    int64         `json:"balance"`
	Entries    []CreditEntry `json:"entries"`
}

// CreditEntry is one movement on a store credit account.
type CreditEntry struct {
	ID        int64      `json:"id"`
	Amount    int64      `json:"amount"` // negative: debit
	Event     string     `json:"event"`  // ADJUSTMENT, ORDER_PAYMENT, ORDER_REFUND
	OrderID   int64      `json:"order_id,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
}
