package shopify

import (
	"encoding/json"
	"fmt"
	"time"

	"afterglow/app/money"
)

// The types below are what the documents in graphql/ select, with Shopify's
// global ids cut down to numbers and its decimal amounts read exactly. A pointer
// is what Shopify may leave out, also when the app may not see it.

// ShopInfo is what Shopify knows about the shop itself.
type ShopInfo struct {
	ID           ID     `json:"id"`
	Name         string `json:"name"`
	Email        string `json:"email"`
	ContactEmail string `json:"contactEmail"`
	Domain       string `json:"myshopifyDomain"`
	Primary      struct {
		Host         string `json:"host"`
		URL          string `json:"url"`
		Localization *struct {
			Locale string `json:"defaultLocale"`
		} `json:"localization"`
	} `json:"primaryDomain"`
	Currency  string    `json:"currencyCode"`
	Timezone  string    `json:"ianaTimezone"`
	Owner     string    `json:"shopOwnerName"`
	CreatedAt time.Time `json:"createdAt"`
	Plan      struct {
		Name        string `json:"publicDisplayName"`
		Development bool   `json:"partnerDevelopment"`
		Plus        bool   `json:"shopifyPlus"`
	} `json:"plan"`
	Address *Address `json:"shopAddress"`
	// Locale is the primary domain's, "en" when Shopify does not tell: the list of
	// the shop's locales needs a scope that we have no other use for.
	Locale string `json:"-"`
}

// Installation is the app's own state in the shop.
type Installation struct {
	ID            ID
	LaunchURL     string
	Scopes        []string
	Subscriptions []Subscription
}

// Subscription is a recurring charge of the app.
type Subscription struct {
	ID               ID         `json:"id"`
	Name             string     `json:"name"`
	Status           string     `json:"status"`
	Test             bool       `json:"test"`
	TrialDays        int        `json:"trialDays"`
	CurrentPeriodEnd *time.Time `json:"currentPeriodEnd"`
}

// Address is a postal address.
type Address struct {
	Name         string `json:"name"`
	FirstName    string `json:"firstName"`
	LastName     string `json:"lastName"`
	Company      string `json:"company"`
	Address1     string `json:"address1"`
	Address2     string `json:"address2"`
	City         string `json:"city"`
	Province     string `json:"province"`
	ProvinceCode string `json:"provinceCode"`
	Zip          string `json:"zip"`
	Country      string `json:"country"`
	CountryCode  string `json:"countryCodeV2"`
	Phone        string `json:"phone"`
}

// Attribute is a name and a value that the shopper or a theme added.
type Attribute struct {
	Name  string `json:"key"`
	Value string `json:"value"`
}

// Order is an order as the Admin API tells it, whole: all lines, the lines of
// its refunds and fulfillments included.
type Order struct {
	ID                  ID             `json:"id"`
	Name                string         `json:"name"`
	Number              int64          `json:"number"`
	ConfirmationNumber  string         `json:"confirmationNumber"`
	Email               string         `json:"email"`
	Phone               string         `json:"phone"`
	Note                string         `json:"note"`
	Tags                []string       `json:"tags"`
	Test                bool           `json:"test"`
	Edited              bool           `json:"edited"`
	Source              string         `json:"sourceName"`
	Locale              string         `json:"customerLocale"`
	CreatedAt           time.Time      `json:"createdAt"`
	ProcessedAt         time.Time      `json:"processedAt"`
	UpdatedAt           time.Time      `json:"updatedAt"`
	CancelledAt         *time.Time     `json:"cancelledAt"`
	CancelReason        string         `json:"cancelReason"`
	ClosedAt            *time.Time     `json:"closedAt"`
	StatusURL           string         `json:"statusPageUrl"`
	FinancialStatus     string         `json:"displayFinancialStatus"`
	FulfillmentStatus   string         `json:"displayFulfillmentStatus"`
	Currency            string         `json:"currencyCode"`
	PresentmentCurrency string         `json:"presentmentCurrencyCode"`
	TaxesIncluded       bool           `json:"taxesIncluded"`
	DutiesIncluded      bool           `json:"dutiesIncluded"`
	Gateways            []string       `json:"paymentGatewayNames"`
	Codes               []string       `json:"discountCodes"`
	Attributes          []Attribute    `json:"customAttributes"`
	Customer            *OrderCustomer `json:"customer"`
	Shipping            *Address       `json:"shippingAddress"`
	Billing             *Address       `json:"billingAddress"`
	SameAddress         bool           `json:"billingAddressMatchesShippingAddress"`

	// As bought.
	Subtotal     *Money `json:"subtotalPriceSet"`
	Discounts    *Money `json:"totalDiscountsSet"`
	ShippingCost Money  `json:"totalShippingPriceSet"`
	Tax          *Money `json:"totalTaxSet"`
	Duties       *Money `json:"originalTotalDutiesSet"`
	Fees         *Money `json:"originalTotalAdditionalFeesSet"`
	Tip          Money  `json:"totalTipReceivedSet"`
	Total        Money  `json:"totalPriceSet"`
	// After edits, returns and refunds.
	CurrentSubtotal  Money  `json:"currentSubtotalPriceSet"`
	CurrentDiscounts Money  `json:"currentTotalDiscountsSet"`
	CurrentShipping  Money  `json:"currentShippingPriceSet"`
	CurrentTax       Money  `json:"currentTotalTaxSet"`
	CurrentDuties    *Money `json:"currentTotalDutiesSet"`
	CurrentFees      *Money `json:"currentTotalAdditionalFeesSet"`
	CurrentTotal     Money  `json:"currentTotalPriceSet"`
	Outstanding      Money  `json:"totalOutstandingSet"`
	CashRounding     struct {
		Payment Money `json:"paymentSet"`
		Refund  Money `json:"refundSet"`
	} `json:"totalCashRoundingAdjustment"`

	ShippingLines []ShippingLine `json:"-"`
	Applications  []Application  `json:"-"`
	Transactions  []Transaction  `json:"transactions"`
	Fulfillments  []Fulfillment  `json:"fulfillments"`
	Refunds       []Refund       `json:"refunds"`
	Lines         []Line         `json:"-"`

	// Denied lists the fields that Shopify left out because the store or the app
	// may not read them.
	Denied []string `json:"-"`
}

// OrderCustomer is the customer as an order names them.
type OrderCustomer struct {
	ID        ID       `json:"id"`
	FirstName string   `json:"firstName"`
	LastName  string   `json:"lastName"`
	Locale    string   `json:"locale"`
	Tags      []string `json:"tags"`
	Email     string   `json:"-"`
	Phone     string   `json:"-"`
}

// UnmarshalJSON flattens the addresses of e-mail and phone.
func (c *OrderCustomer) UnmarshalJSON(b []byte) error {
	type plain OrderCustomer
	var raw struct {
		plain
		contact
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*c = OrderCustomer(raw.plain)
	c.Email, c.Phone = raw.email(), raw.phone()
	return nil
}

type contact struct {
	Mail *struct {
		Address   string     `json:"emailAddress"`
		State     string     `json:"marketingState"`
		Level     string     `json:"marketingOptInLevel"`
		UpdatedAt *time.Time `json:"marketingUpdatedAt"`
	} `json:"defaultEmailAddress"`
	Call *struct {
		Number string `json:"phoneNumber"`
	} `json:"defaultPhoneNumber"`
}

func (c contact) email() string {
	if c.Mail == nil {
		return ""
	}
	return c.Mail.Address
}

func (c contact) phone() string {
	if c.Call == nil {
		return ""
	}
	return c.Call.Number
}

// Allocation is a discount's share in a line; Application is the index of the
// discount in Order.Applications.
type Allocation struct {
	Amount      Money
	Application int
}

// UnmarshalJSON flattens the index.
func (a *Allocation) UnmarshalJSON(b []byte) error {
	var raw struct {
		Amount      Money `json:"allocatedAmountSet"`
		Application struct {
			Index int `json:"index"`
		} `json:"discountApplication"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	a.Amount, a.Application = raw.Amount, raw.Application.Index
	return nil
}

// Application is a discount. Type is Shopify's name of the kind without its
// ending: DiscountCode, Automatic, Manual, Script.
type Application struct {
	Type            string
	Index           int
	Code            string
	Title           string
	Description     string
	Method          string       // ACROSS, EACH
	TargetSelection string       // ALL, ENTITLED, EXPLICIT
	TargetType      string       // LINE_ITEM, SHIPPING_LINE
	Percentage      json.Number  // "" for a fixed amount
	Amount          money.Amount // zero for a percentage
}

// UnmarshalJSON reads the kinds of discounts and the two forms of their value.
func (a *Application) UnmarshalJSON(b []byte) error {
	var raw struct {
		Type            string `json:"__typename"`
		Index           int    `json:"index"`
		Code            string `json:"code"`
		Title           string `json:"title"`
		Description     string `json:"description"`
		Method          string `json:"allocationMethod"`
		TargetSelection string `json:"targetSelection"`
		TargetType      string `json:"targetType"`
		Value           struct {
			Type       string      `json:"__typename"`
			Percentage json.Number `json:"percentage"`
			moneyV2
		} `json:"value"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*a = Application{
		Type: kindOf(raw.Type), Index: raw.Index, Code: raw.Code, Title: raw.Title, Description: raw.Description,
		Method: raw.Method, TargetSelection: raw.TargetSelection, TargetType: raw.TargetType, Percentage: raw.Value.Percentage,
	}
	if raw.Value.Type == "MoneyV2" {
		var err error
		a.Amount, err = raw.Value.amount()
		return err
	}
	return nil
}

func kindOf(typename string) string {
	const ending = "Application"
	if len(typename) > len(ending) && typename[len(typename)-len(ending):] == ending {
		typename = typename[:len(typename)-len(ending)]
	}
	if typename == "ManualDiscount" || typename == "AutomaticDiscount" || typename == "ScriptDiscount" {
		typename = typename[:len(typename)-len("Discount")]
	}
	return typename
}

// ShippingLine is a way of delivery and its price.
type ShippingLine struct {
	ID          ID           `json:"id"`
	Title       string       `json:"title"`
	Code        string       `json:"code"`
	Source      string       `json:"source"`
	Category    string       `json:"deliveryCategory"`
	Removed     bool         `json:"isRemoved"`
	Original    Money        `json:"originalPriceSet"`
	Discounted  Money        `json:"discountedPriceSet"`
	Current     Money        `json:"currentDiscountedPriceSet"`
	Allocations []Allocation `json:"discountAllocations"`
}

// Transaction is one movement of money.
type Transaction struct {
	ID          ID         `json:"id"`
	Kind        string     `json:"kind"`
	Status      string     `json:"status"`
	Test        bool       `json:"test"`
	Gateway     string     `json:"gateway"`
	Label       string     `json:"formattedGateway"`
	Manual      bool       `json:"manualPaymentGateway"`
	CreatedAt   time.Time  `json:"createdAt"`
	ProcessedAt *time.Time `json:"processedAt"`
	Parent      *struct {
		ID ID `json:"id"`
	} `json:"parentTransaction"`
	Amount  Money           `json:"amountSet"`
	Payment *PaymentDetails `json:"paymentDetails"`
}

// PaymentDetails say how it was paid. Number is Shopify's masked form,
// "•••• •••• •••• 4242".
type PaymentDetails struct {
	Type       string `json:"__typename"`
	Method     string `json:"paymentMethodName"`
	Company    string `json:"company"`
	Number     string `json:"number"`
	Wallet     string `json:"wallet"`
	Descriptor string `json:"paymentDescriptor"`
}

// Fulfillment is what was sent together.
type Fulfillment struct {
	ID                ID         `json:"id"`
	Name              string     `json:"name"`
	Status            string     `json:"status"`
	DisplayStatus     string     `json:"displayStatus"`
	CreatedAt         time.Time  `json:"createdAt"`
	UpdatedAt         time.Time  `json:"updatedAt"`
	DeliveredAt       *time.Time `json:"deliveredAt"`
	EstimatedDelivery *time.Time `json:"estimatedDeliveryAt"`
	Tracking          []struct {
		Company string `json:"company"`
		Number  string `json:"number"`
		URL     string `json:"url"`
	} `json:"trackingInfo"`
	Lines []MovedLine `json:"-"`
}

// Refund is something taken out of the order, money given back, or both.
type Refund struct {
	ID          ID          `json:"id"`
	CreatedAt   *time.Time  `json:"createdAt"`
	ProcessedAt time.Time   `json:"processedAt"`
	Total       Money       `json:"totalRefundedSet"`
	Lines       []MovedLine `json:"-"`
}

// MovedLine is how many of a line a fulfillment or a refund holds. The sums and
// RestockType are there for a refund only.
type MovedLine struct {
	LineID      ID
	Quantity    int64
	RestockType string
	Subtotal    Money
	Tax         Money
}

// UnmarshalJSON flattens the line's id.
func (l *MovedLine) UnmarshalJSON(b []byte) error {
	var raw struct {
		Quantity    int64  `json:"quantity"`
		RestockType string `json:"restockType"`
		Line        struct {
			ID ID `json:"id"`
		} `json:"lineItem"`
		Subtotal Money `json:"subtotalSet"`
		Tax      Money `json:"totalTaxSet"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*l = MovedLine{raw.Line.ID, raw.Quantity, raw.RestockType, raw.Subtotal, raw.Tax}
	return nil
}

// Line is one thing bought.
type Line struct {
	ID               ID           `json:"id"`
	Title            string       `json:"title"`
	VariantTitle     string       `json:"variantTitle"`
	SKU              string       `json:"sku"`
	Vendor           string       `json:"vendor"`
	Quantity         int64        `json:"quantity"`
	CurrentQuantity  int64        `json:"currentQuantity"`
	RequiresShipping bool         `json:"requiresShipping"`
	GiftCard         bool         `json:"isGiftCard"`
	Attributes       []Attribute  `json:"customAttributes"`
	Image            *Image       `json:"image"`
	ProductID        Ref          `json:"product"` // null once it is deleted
	VariantID        Ref          `json:"variant"`
	UnitPrice        Money        `json:"originalUnitPriceSet"`
	Total            Money        `json:"originalTotalSet"` // before discounts
	Allocations      []Allocation `json:"discountAllocations"`
}

// Image is a picture at Shopify's CDN.
type Image struct {
	URL string `json:"url"`
	Alt string `json:"altText"`
}

// OrderRef names an order and when it last changed.
type OrderRef struct {
	ID        ID        `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Customer is a customer as the Admin API tells it.
type Customer struct {
	ID             ID        `json:"id"`
	FirstName      string    `json:"firstName"`
	LastName       string    `json:"lastName"`
	Locale         string    `json:"locale"`
	State          string    `json:"state"`
	Tags           []string  `json:"tags"`
	CreatedAt      time.Time `json:"createdAt"`
	UpdatedAt      time.Time `json:"updatedAt"`
	VerifiedEmail  bool      `json:"verifiedEmail"`
	DefaultAddress *Address  `json:"defaultAddress"`
	Email          string    `json:"-"`
	Phone          string    `json:"-"`
	// Marketing is SUBSCRIBED, UNSUBSCRIBED, … or "" when there is no address.
	Marketing   string     `json:"-"`
	OptInLevel  string     `json:"-"`
	MarketingAt *time.Time `json:"-"`
}

// UnmarshalJSON flattens the addresses of e-mail and phone.
func (c *Customer) UnmarshalJSON(b []byte) error {
	type plain Customer
	var raw struct {
		plain
		contact
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*c = Customer(raw.plain)
	c.Email, c.Phone = raw.email(), raw.phone()
	if raw.Mail != nil {
		c.Marketing, c.OptInLevel, c.MarketingAt = raw.Mail.State, raw.Mail.Level, raw.Mail.UpdatedAt
	}
	return nil
}

type pageInfo struct {
	HasNext bool   `json:"hasNextPage"`
	End     string `json:"endCursor"`
}

type connection[T any] struct {
	Nodes []T      `json:"nodes"`
	Page  pageInfo `json:"pageInfo"`
}

// next returns the cursor of the page behind, "" at the end. A cursor that does
// not move would page for ever.
func (c connection[T]) next(before string) (string, error) {
	if !c.Page.HasNext {
		return "", nil
	}
	if c.Page.End == "" || c.Page.End == before {
		return "", ErrAnswer.With(fmt.Errorf("the cursor does not move"))
	}
	return c.Page.End, nil
}
