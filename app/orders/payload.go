package orders

import "afterglow/app/problem"

// ErrPayload says that a payload cannot be understood. Its detail names the
// field; it never repeats a value, which may be somebody's address.
var ErrPayload = problem.New(problem.Invalid, "orders.payload", "The payload is not an order.")

// Bounds that no order reaches. They keep every sum inside 64 bits.
const (
	maxMinor    = 1_000_000_000_000_000
	maxQuantity = 10_000_000
	maxSum      = 100_000_000_000_000_000
	maxText     = 20_000
)

// payload is an order as webhooks carry it. go-shopify's Order lacks the
// allocations, the current sums, duties, rounding and locale, and fails as a
// whole on one odd field; its names for states and discounts are used instead.
type payload struct {
	ID                  whole   `json:"id"`
	Name                text    `json:"name"`
	Number              whole   `json:"order_number"`
	ConfirmationNumber  text    `json:"confirmation_number"`
	Email               text    `json:"email"`
	ContactEmail        text    `json:"contact_email"`
	Phone               text    `json:"phone"`
	CustomerLocale      text    `json:"customer_locale"`
	CreatedAt           instant `json:"created_at"`
	ProcessedAt         instant `json:"processed_at"`
	UpdatedAt           instant `json:"updated_at"`
	CancelledAt         instant `json:"cancelled_at"`
	CancelReason        text    `json:"cancel_reason"`
	ClosedAt            instant `json:"closed_at"`
	Currency            text    `json:"currency"`
	PresentmentCurrency text    `json:"presentment_currency"`
	FinancialStatus     text    `json:"financial_status"`
	FulfillmentStatus   text    `json:"fulfillment_status"`
	Test                flag    `json:"test"`
	TaxesIncluded       flag    `json:"taxes_included"`
	DutiesIncluded      flag    `json:"duties_included"`
	OrderStatusURL      text    `json:"order_status_url"`
	Note                text    `json:"note"`
	SourceName          text    `json:"source_name"`
	Tags                text    `json:"tags"` // with commas between
	Gateways            words   `json:"payment_gateway_names"`

	SubtotalPrice    text            `json:"subtotal_price"`
	SubtotalSet      maybe[moneySet] `json:"subtotal_price_set"`
	TotalDiscounts   text            `json:"total_discounts"`
	DiscountsSet     maybe[moneySet] `json:"total_discounts_set"`
	ShippingSet      maybe[moneySet] `json:"total_shipping_price_set"`
	TotalTax         text            `json:"total_tax"`
	TaxSet           maybe[moneySet] `json:"total_tax_set"`
	DutiesSet        maybe[moneySet] `json:"original_total_duties_set"`
	FeesSet          maybe[moneySet] `json:"original_total_additional_fees_set"`
	TipReceived      text            `json:"total_tip_received"`
	TipSet           maybe[moneySet] `json:"total_tip_received_set"`
	TotalPrice       text            `json:"total_price"`
	TotalSet         maybe[moneySet] `json:"total_price_set"`
	CurrentSubtotal  text            `json:"current_subtotal_price"`
	CurrentSubSet    maybe[moneySet] `json:"current_subtotal_price_set"`
	CurrentDiscounts text            `json:"current_total_discounts"`
	CurrentDiscSet   maybe[moneySet] `json:"current_total_discounts_set"`
	CurrentShipSet   maybe[moneySet] `json:"current_shipping_price_set"`
	CurrentTax       text            `json:"current_total_tax"`
	CurrentTaxSet    maybe[moneySet] `json:"current_total_tax_set"`
	CurrentDuties    maybe[moneySet] `json:"current_total_duties_set"`
	CurrentFees      maybe[moneySet] `json:"current_total_additional_fees_set"`
	CurrentTotal     text            `json:"current_total_price"`
	CurrentTotalSet  maybe[moneySet] `json:"current_total_price_set"`
	TotalOutstanding text            `json:"total_outstanding"`
	OutstandingSet   maybe[moneySet] `json:"total_outstanding_set"`
	RoundingSet      maybe[moneySet] `json:"total_cash_rounding_payment_adjustment_set"`

	Customer        maybe[payloadCustomer] `json:"customer"`
	ShippingAddress maybe[payloadAddress]  `json:"shipping_address"`
	BillingAddress  maybe[payloadAddress]  `json:"billing_address"`

	LineItems            list[payloadLine]        `json:"line_items"`
	ShippingLines        list[payloadShipping]    `json:"shipping_lines"`
	DiscountApplications list[payloadDiscount]    `json:"discount_applications"`
	DiscountCodes        list[payloadCode]        `json:"discount_codes"`
	Fulfillments         list[payloadFulfillment] `json:"fulfillments"`
	Refunds              list[payloadRefund]      `json:"refunds"`
}

type moneySet struct {
	Shop        maybe[moneyText] `json:"shop_money"`
	Presentment maybe[moneyText] `json:"presentment_money"`
}

type moneyText struct {
	Amount   text `json:"amount"`
	Currency text `json:"currency_code"`
}

type payloadCustomer struct {
	ID        whole `json:"id"`
	Email     text  `json:"email"`
	Phone     text  `json:"phone"`
	FirstName text  `json:"first_name"`
	LastName  text  `json:"last_name"`
}

type payloadAddress struct {
	Name         text `json:"name"`
	FirstName    text `json:"first_name"`
	LastName     text `json:"last_name"`
	Company      text `json:"company"`
	Address1     text `json:"address1"`
	Address2     text `json:"address2"`
	City         text `json:"city"`
	Zip          text `json:"zip"`
	Province     text `json:"province"`
	ProvinceCode text `json:"province_code"`
	Country      text `json:"country"`
	CountryCode  text `json:"country_code"`
	Phone        text `json:"phone"`
}

type payloadLine struct {
	ID               whole                   `json:"id"`
	ProductID        whole                   `json:"product_id"`
	VariantID        whole                   `json:"variant_id"`
	Title            text                    `json:"title"`
	Name             text                    `json:"name"`
	VariantTitle     text                    `json:"variant_title"`
	SKU              text                    `json:"sku"`
	Vendor           text                    `json:"vendor"`
	Quantity         whole                   `json:"quantity"`
	CurrentQuantity  *whole                  `json:"current_quantity"`
	Price            text                    `json:"price"`
	PriceSet         maybe[moneySet]         `json:"price_set"`
	TotalDiscount    text                    `json:"total_discount"`
	TotalDiscountSet maybe[moneySet]         `json:"total_discount_set"`
	GiftCard         flag                    `json:"gift_card"`
	RequiresShipping flag                    `json:"requires_shipping"`
	Properties       list[payloadProperty]   `json:"properties"`
	Allocations      list[payloadAllocation] `json:"discount_allocations"`
	TipMethod        text                    `json:"payment_method"`  // only on tips
	TipGateway       text                    `json:"payment_gateway"` // only on tips
}

type payloadProperty struct {
	Name  text `json:"name"`
	Value text `json:"value"`
}

type payloadAllocation struct {
	Amount    text            `json:"amount"`
	AmountSet maybe[moneySet] `json:"amount_set"`
	Index     *whole          `json:"discount_application_index"`
}

type payloadShipping struct {
	ID               whole                   `json:"id"`
	Title            text                    `json:"title"`
	Code             text                    `json:"code"`
	Source           text                    `json:"source"`
	DeliveryCategory text                    `json:"delivery_category"`
	Price            text                    `json:"price"`
	PriceSet         maybe[moneySet]         `json:"price_set"`
	Discounted       text                    `json:"discounted_price"`
	DiscountedSet    maybe[moneySet]         `json:"discounted_price_set"`
	CurrentSet       maybe[moneySet]         `json:"current_discounted_price_set"`
	Removed          flag                    `json:"is_removed"`
	Allocations      list[payloadAllocation] `json:"discount_allocations"`
}

type payloadDiscount struct {
	Type             text `json:"type"`
	Title            text `json:"title"`
	Description      text `json:"description"`
	Code             text `json:"code"`
	Value            text `json:"value"`
	ValueType        text `json:"value_type"`
	AllocationMethod text `json:"allocation_method"`
	TargetSelection  text `json:"target_selection"`
	TargetType       text `json:"target_type"`
}

type payloadCode struct {
	Code text `json:"code"`
}

type payloadFulfillment struct {
	ID                whole                  `json:"id"`
	Name              text                   `json:"name"`
	Status            text                   `json:"status"`
	ShipmentStatus    text                   `json:"shipment_status"`
	CreatedAt         instant                `json:"created_at"`
	UpdatedAt         instant                `json:"updated_at"`
	EstimatedDelivery instant                `json:"estimated_delivery_at"`
	DeliveredAt       instant                `json:"delivered_at"`
	TrackingCompany   text                   `json:"tracking_company"`
	TrackingNumber    text                   `json:"tracking_number"`
	TrackingURL       text                   `json:"tracking_url"`
	LineItems         list[payloadFulfilled] `json:"line_items"`
}

type payloadFulfilled struct {
	ID       whole `json:"id"`
	Quantity whole `json:"quantity"`
}

type payloadRefund struct {
	ID           whole                    `json:"id"`
	OrderID      whole                    `json:"order_id"`
	CreatedAt    instant                  `json:"created_at"`
	ProcessedAt  instant                  `json:"processed_at"`
	LineItems    list[payloadRefundLine]  `json:"refund_line_items"`
	Transactions list[payloadTransaction] `json:"transactions"`
}

type payloadRefundLine struct {
	LineItemID whole `json:"line_item_id"`
	Quantity   whole `json:"quantity"`
}

type payloadTransaction struct {
	Kind      text            `json:"kind"`
	Status    text            `json:"status"`
	Amount    text            `json:"amount"`
	Currency  text            `json:"currency"`
	AmountSet maybe[moneySet] `json:"amount_set"`
}
