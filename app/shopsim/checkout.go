package shopsim

import "encoding/json"

// Checkout is everything a shopper, or POST /sim/api/orders, decides about an
// order. Whatever is left out has a sensible default: the first variant, a US
// address, a card payment that succeeds.
type Checkout struct {
	Customer   *CheckoutCustomer  `json:"customer,omitempty"` // nil and Guest false: a default customer
	Guest      bool               `json:"guest,omitempty"`    // no customer account, only the address
	Email      string             `json:"email,omitempty"`    // contact of the order; default the customer's
	Phone      string             `json:"phone,omitempty"`
	Locale     string             `json:"locale,omitempty"` // customer_locale of the order
	Lines      []CheckoutLine     `json:"lines,omitempty"`
	Discount   *CheckoutDiscount  `json:"discount,omitempty"`
	Discounts  []CheckoutDiscount `json:"discounts,omitempty"`
	Code       string             `json:"code,omitempty"` // a discount code the store knows
	Shipping   *CheckoutShipping  `json:"shipping,omitempty"`
	ShipTo     *Address           `json:"shipping_address,omitempty"`
	BillTo     *Address           `json:"billing_address,omitempty"` // default: same as shipping
	Country    string             `json:"country_code,omitempty"`    // picks a default address
	Tip        Written            `json:"tip,omitempty"`             // decimal, shop currency
	TipAsLine  bool               `json:"tip_as_line,omitempty"`     // tip also listed as a line item
	GiftCard   string             `json:"gift_card,omitempty"`       // a code, or an amount such as "20.00"
	Credit     string             `json:"store_credit,omitempty"`    // amount to pay from store credit
	Payment    string             `json:"payment,omitempty"`         // paid (default), pending, authorized
	CardBrand  string             `json:"card_brand,omitempty"`
	CardLast4  string             `json:"card_last4,omitempty"`
	Currency   string             `json:"presentment_currency,omitempty"` // default the shop's
	Rate       string             `json:"rate,omitempty"`                 // presentment units for one shop unit
	TaxesIn    *bool              `json:"taxes_included,omitempty"`
	TaxRate    string             `json:"tax_rate,omitempty"` // decimal, "0.08875"; "0" for none
	TaxExempt  bool               `json:"tax_exempt,omitempty"`
	Test       bool               `json:"test,omitempty"`
	Note       string             `json:"note,omitempty"`
	Attributes []KeyText          `json:"attributes,omitempty"`
	Tags       []string           `json:"tags,omitempty"`
	Source     string             `json:"source_name,omitempty"` // default web
}

// CheckoutCustomer names the shopper. An e-mail address the store knows is the
// same customer.
type CheckoutCustomer struct {
	ID        int64  `json:"id,omitempty"`
	Email     string `json:"email,omitempty"`
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Locale    string `json:"locale,omitempty"`
	Phone     string `json:"phone,omitempty"`
	Marketing bool   `json:"accepts_marketing,omitempty"`
}

// CheckoutLine is one thing in the cart.
type CheckoutLine struct {
	VariantID  int64     `json:"variant_id,omitempty"` // 0 and no handle: the first variant of the store
	Handle     string    `json:"handle,omitempty"`     // first variant of that product
	Quantity   int64     `json:"quantity,omitempty"`   // default 1
	Price      string    `json:"price,omitempty"`      // overrides the variant's, or prices a custom line
	Title      string    `json:"title,omitempty"`      // with no variant: a custom line
	Properties []KeyText `json:"properties,omitempty"`
}

// Written is a number as written: 10, 12.5 and "12.50" are all read, exactly.
type Written string

// UnmarshalJSON reads a number or a text.
func (d *Written) UnmarshalJSON(b []byte) error {
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*d = Written(n)
	return nil
}

// CheckoutDiscount is a discount made for this order, or a known one by its
// code.
type CheckoutDiscount struct {
	Type      string  `json:"type"`  // percentage, fixed_amount, free_shipping
	Value     Written `json:"value"` // "10" percent, or "5.00" in the shop's currency
	Code      string  `json:"code,omitempty"`
	Title     string  `json:"title,omitempty"`
	Automatic bool    `json:"automatic,omitempty"`
	Line      *int    `json:"line,omitempty"`       // only this line (index into lines)
	VariantID int64   `json:"variant_id,omitempty"` // only lines with this variant
}

// CheckoutShipping is the chosen delivery.
type CheckoutShipping struct {
	Title string `json:"title,omitempty"`
	Price string `json:"price,omitempty"` // shop currency
	None  bool   `json:"none,omitempty"`
}

// ShippingRate is one delivery the store offers.
type ShippingRate struct {
	Title string
	Code  string
	Price int64 // shop currency, minor units
	Days  string
}

// Totals are the sums of an order, each in both currencies. Subtotal − nothing
// + Shipping + Tax (unless included) + Tip = Total holds to the cent.
type Totals struct {
	Lines            MoneySet // before any discount
	Subtotal         MoneySet // after line discounts
	Discounts        MoneySet // on lines and on shipping
	Shipping         MoneySet // before discounts
	ShippingDiscount MoneySet
	Tax              MoneySet // included or not
	Tip              MoneySet
	Total            MoneySet
	Paid             MoneySet // successful sales and captures
	Refunded         MoneySet
	Outstanding      MoneySet
}
