package shopsim

import (
	"fmt"
	"slices"
	"strings"

	"afterglow/app/money"
)

// amount is one sum of money in an answer.
type amount struct {
	minor    int64
	currency string
}

// bag is a MoneyBag.
type bag struct {
	o *Order
	m MoneySet
}

// Of an order, with the order at hand.
type (
	orderLine struct {
		o *Order
		l *LineItem
	}
	orderParcel struct {
		o *Order
		f *Fulfillment
	}
	orderParcelLine struct {
		o *Order
		f *Fulfillment
		l FulfillmentLine
	}
	orderRefund struct {
		o *Order
		r *Refund
	}
	orderRefundLine struct {
		o *Order
		l RefundLine
	}
	orderMove struct {
		o *Order
		x *Transaction
	}
	orderShipping struct {
		o *Order
		l ShippingLine
	}
	orderTax struct {
		o *Order
		x TaxLine
	}
	orderAllocation struct {
		o *Order
		a Allocation
	}
	orderDiscountApp struct {
		o *Order
		i int
	}
	orderSuggestion struct {
		o *Order
		s *suggestion
	}
	orderAdjustment struct {
		o           *Order
		id          int64
		reason      string
		amount, tax MoneySet
	}
	orderStock     struct{ o *Order } // the fulfillment order
	orderStockLine struct {
		o *Order
		l *LineItem
	}
	orderHold struct {
		o *Order
		h FulfillmentHold
	}
)

// graphDecimal writes an amount as GraphQL does: no trailing zeros beyond one.
func graphDecimal(minor int64, currency string) string {
	s := Decimal(minor, currency)
	if !strings.Contains(s, ".") {
		return s + ".0"
	}
	s = strings.TrimRight(s, "0")
	if strings.HasSuffix(s, ".") {
		s += "0"
	}
	return s
}

func sum(minor int64, currency string) node { return node{"MoneyV2", amount{minor, currency}} }

func orderNode(o *Order) any {
	if o == nil {
		return nil
	}
	return node{"Order", o}
}

func bagOf(o *Order, m MoneySet) node { return node{"MoneyBag", bag{o, m}} }

func addressNode(a *Address) any {
	if a == nil {
		return nil
	}
	return node{"MailingAddress", a}
}

func initAddress() {
	on("MailingAddress", map[string]func(*call, *Address, args) any{
		"id": func(_ *call, a *Address, _ args) any {
			return gid("MailingAddress", max(a.ID, 1)) + "?model_name=Address"
		},
		"firstName":            func(_ *call, a *Address, _ args) any { return blank(a.FirstName) },
		"lastName":             func(_ *call, a *Address, _ args) any { return blank(a.LastName) },
		"name":                 func(_ *call, a *Address, _ args) any { return blank(a.FullName()) },
		"company":              func(_ *call, a *Address, _ args) any { return blank(a.Company) },
		"address1":             func(_ *call, a *Address, _ args) any { return blank(a.Address1) },
		"address2":             func(_ *call, a *Address, _ args) any { return blank(a.Address2) },
		"city":                 func(_ *call, a *Address, _ args) any { return blank(a.City) },
		"province":             func(_ *call, a *Address, _ args) any { return blank(a.Province) },
		"provinceCode":         func(_ *call, a *Address, _ args) any { return blank(a.ProvCode) },
		"zip":                  func(_ *call, a *Address, _ args) any { return blank(a.Zip) },
		"country":              func(_ *call, a *Address, _ args) any { return blank(a.Country) },
		"countryCode":          func(_ *call, a *Address, _ args) any { return blank(a.CountryCode) },
		"countryCodeV2":        func(_ *call, a *Address, _ args) any { return blank(a.CountryCode) },
		"phone":                func(_ *call, a *Address, _ args) any { return blank(a.Phone) },
		"latitude":             func(*call, *Address, args) any { return nil },
		"longitude":            func(*call, *Address, args) any { return nil },
		"coordinatesValidated": func(*call, *Address, args) any { return false },
		"formattedArea":        func(_ *call, a *Address, _ args) any { return strings.Trim(a.City+", "+a.Country, ", ") },
		"formatted": func(_ *call, a *Address, in args) any {
			lines := []string{}
			if in.flag("withName") {
				lines = append(lines, a.FullName())
			}
			if in.flag("withCompany") {
				lines = append(lines, a.Company)
			}
			lines = append(lines, a.Address1, a.Address2, strings.TrimSpace(a.City+" "+a.ProvCode+" "+a.Zip), a.Country)
			return slices.DeleteFunc(lines, func(s string) bool { return strings.TrimSpace(s) == "" })
		},
	})
}

func attributes(in []KeyText) []any {
	return list(in, func(a KeyText) any { return node{"Attribute", a} })
}

// set and money make resolvers of amounts.
func set(fn func(*Order) MoneySet) func(*call, *Order, args) any {
	return func(_ *call, o *Order, _ args) any { return bagOf(o, fn(o)) }
}

func plain(fn func(*Order) MoneySet) func(*call, *Order, args) any {
	return func(_ *call, o *Order, _ args) any { return Decimal(fn(o).Shop, o.Currency) }
}

func (t Totals) netShipping() MoneySet { return t.Shipping.Sub(t.ShippingDiscount) }

func was(pick func(Totals) MoneySet) func(*Order) MoneySet {
	return func(o *Order) MoneySet { return pick(o.Totals()) }
}

func now(pick func(Totals) MoneySet) func(*Order) MoneySet {
	return func(o *Order) MoneySet { return pick(o.Current()) }
}

var (
	total       = func(t Totals) MoneySet { return t.Total }
	subtotal    = func(t Totals) MoneySet { return t.Subtotal }
	taxes       = func(t Totals) MoneySet { return t.Tax }
	discounts   = func(t Totals) MoneySet { return t.Discounts }
	received    = func(t Totals) MoneySet { return t.Paid }
	refunded    = func(t Totals) MoneySet { return t.Refunded }
	outstanding = func(t Totals) MoneySet { return t.Outstanding }
)

// authorizedSum is what is reserved on a card and not yet taken.
func authorizedSum(o *Order) (m MoneySet) {
	for _, x := range o.Transactions {
		switch {
		case x.Status == "success" && x.Kind == "authorization":
			m = m.Add(x.Amount)
		case x.Status == "success" && (x.Kind == "capture" || x.Kind == "void"):
			m = m.Sub(x.Amount)
		}
	}
	return m
}

func upper(s string) any {
	if s == "" {
		return nil
	}
	return strings.ToUpper(s)
}

func displayFulfillment(o *Order) string {
	switch state := o.FulfillmentState(); {
	case state == "fulfilled":
		return "FULFILLED"
	case state == "partial":
		return "PARTIALLY_FULFILLED"
	case len(o.Holds) > 0:
		return "ON_HOLD"
	}
	return "UNFULFILLED"
}

func init() {
	on("MoneyV2", map[string]func(*call, amount, args) any{
		"amount":       func(_ *call, v amount, _ args) any { return graphDecimal(v.minor, v.currency) },
		"currencyCode": func(_ *call, v amount, _ args) any { return v.currency },
	})
	on("MoneyBag", map[string]func(*call, bag, args) any{
		"shopMoney":        func(_ *call, v bag, _ args) any { return sum(v.m.Shop, v.o.Currency) },
		"presentmentMoney": func(_ *call, v bag, _ args) any { return sum(v.m.Presentment, v.o.PresentmentCurrency) },
	})
	on("Attribute", map[string]func(*call, KeyText, args) any{
		"key":   func(_ *call, v KeyText, _ args) any { return v.Name },
		"value": func(_ *call, v KeyText, _ args) any { return v.Value },
	})
	initOrderFacts()
	initOrderMoney()
	initOrderParts()
	initLines()
	initParcels()
	initRefunds()
	initAddress()
	initStock()
}

func initOrderFacts() {
	on("Order", map[string]func(*call, *Order, args) any{
		"id":                       func(_ *call, o *Order, _ args) any { return gid("Order", o.ID) },
		"legacyResourceId":         func(_ *call, o *Order, _ args) any { return o.ID },
		"name":                     func(_ *call, o *Order, _ args) any { return o.Name },
		"number":                   func(_ *call, o *Order, _ args) any { return o.Number },
		"email":                    func(_ *call, o *Order, _ args) any { return blank(o.Email) },
		"phone":                    func(_ *call, o *Order, _ args) any { return blank(o.Phone) },
		"createdAt":                func(_ *call, o *Order, _ args) any { return o.CreatedAt },
		"processedAt":              func(_ *call, o *Order, _ args) any { return o.CreatedAt },
		"updatedAt":                func(_ *call, o *Order, _ args) any { return o.UpdatedAt },
		"cancelledAt":              func(_ *call, o *Order, _ args) any { return o.CancelledAt },
		"cancelReason":             func(_ *call, o *Order, _ args) any { return upper(o.CancelReason) },
		"closedAt":                 func(_ *call, o *Order, _ args) any { return o.ClosedAt },
		"closed":                   func(_ *call, o *Order, _ args) any { return o.ClosedAt != nil },
		"confirmed":                func(*call, *Order, args) any { return true },
		"confirmationNumber":       func(_ *call, o *Order, _ args) any { return o.Confirmation },
		"paymentCollectionDetails": func(_ *call, o *Order, _ args) any { return node{"OrderPaymentCollectionDetails", o} },
		"statusPageUrl":            func(c *call, o *Order, _ args) any { return o.StatusURL(c.sim) },
		"displayFinancialStatus":   func(_ *call, o *Order, _ args) any { return upper(o.Financial()) },
		"displayFulfillmentStatus": func(_ *call, o *Order, _ args) any { return displayFulfillment(o) },
		"returnStatus":             func(*call, *Order, args) any { return "NO_RETURN" },
		"fulfillable": func(_ *call, o *Order, _ args) any {
			return o.CancelledAt == nil && o.FulfillmentState() != "fulfilled"
		},
		"fullyPaid":        func(_ *call, o *Order, _ args) any { return o.Current().Outstanding.Shop <= 0 },
		"unpaid":           func(_ *call, o *Order, _ args) any { return o.Current().Paid.Shop == 0 && o.Totals().Total.Shop > 0 },
		"merchantEditable": func(_ *call, o *Order, _ args) any { return o.editable() == "" },
		"merchantEditableErrors": func(_ *call, o *Order, _ args) any {
			if why := o.editable(); why != "" {
				return []string{why}
			}
			return []string{}
		},
		"capturable":               func(_ *call, o *Order, _ args) any { return authorizedSum(o).Shop > 0 },
		"refundable":               func(_ *call, o *Order, _ args) any { return o.maxRefundable().Shop > 0 },
		"restockable":              func(_ *call, o *Order, _ args) any { return o.CancelledAt == nil },
		"requiresShipping":         func(_ *call, o *Order, _ args) any { return o.ShipTo != nil },
		"edited":                   func(_ *call, o *Order, _ args) any { return len(o.Edits) > 0 },
		"currencyCode":             func(_ *call, o *Order, _ args) any { return o.Currency },
		"presentmentCurrencyCode":  func(_ *call, o *Order, _ args) any { return o.PresentmentCurrency },
		"customerLocale":           func(_ *call, o *Order, _ args) any { return blank(o.Locale) },
		"customerAcceptsMarketing": func(c *call, o *Order, _ args) any { return c.sim.papers(c.t, c.shop).consents(o.CustomerID) },
		"taxesIncluded":            func(_ *call, o *Order, _ args) any { return o.TaxesIncluded },
		"taxExempt":                func(_ *call, o *Order, _ args) any { return o.TaxExempt },
		"dutiesIncluded":           func(*call, *Order, args) any { return false },
		"estimatedTaxes":           func(*call, *Order, args) any { return false },
		"test":                     func(_ *call, o *Order, _ args) any { return o.Test },
		"note":                     func(_ *call, o *Order, _ args) any { return blank(o.Note) },
		"tags":                     func(_ *call, o *Order, _ args) any { return o.Tags },
		"customAttributes":         func(_ *call, o *Order, _ args) any { return attributes(o.Attributes) },
		"sourceName":               func(_ *call, o *Order, _ args) any { return o.SourceName },
		"sourceIdentifier":         func(*call, *Order, args) any { return nil },
		"poNumber":                 func(*call, *Order, args) any { return nil },
		"paymentGatewayNames":      func(_ *call, o *Order, _ args) any { return o.Gateways() },
		"paymentTerms":             func(*call, *Order, args) any { return nil },
		"additionalFees":           func(*call, *Order, args) any { return []any{} },
		"billingAddress":           func(_ *call, o *Order, _ args) any { return addressNode(o.BillTo) },
		"shippingAddress":          func(_ *call, o *Order, _ args) any { return addressNode(o.ShipTo) },
		"displayAddress":           func(_ *call, o *Order, _ args) any { return addressNode(cmpAddress(o)) },
		"billingAddressMatchesShippingAddress": func(_ *call, o *Order, _ args) any {
			return o.ShipTo != nil && o.BillTo != nil && *o.ShipTo == *o.BillTo
		},
		"customer": func(c *call, o *Order, _ args) any { return customerNode(c.t.customers.rows[o.CustomerID]) },
	})
}

func cmpAddress(o *Order) *Address {
	if o.ShipTo != nil {
		return o.ShipTo
	}
	return o.BillTo
}

func initOrderMoney() {
	tip := func(o *Order) MoneySet { return o.Tip }
	refundedShipping := func(o *Order) (m MoneySet) {
		for _, r := range o.Refunds {
			m = m.Add(r.Shipping)
		}
		return m
	}
	net := func(o *Order) MoneySet { t := o.Totals(); return t.Paid.Sub(t.Refunded) }
	original := func(o *Order) MoneySet {
		c := *o
		if len(o.Edits) > 0 {
			c.Lines = slices.Clone(o.Lines)
			for _, e := range o.Edits {
				for _, a := range e.Additions {
					if l := c.line(a.LineItemID); l != nil {
						l.Quantity -= a.Delta
					}
				}
			}
		}
		return c.Totals().Total
	}
	on("Order", map[string]func(*call, *Order, args) any{
		"totalPriceSet": set(was(total)), "totalPrice": plain(was(total)), "originalTotalPriceSet": set(original),
		"currentTotalPriceSet": set(now(total)), "subtotalPriceSet": set(was(subtotal)), "subtotalPrice": plain(was(subtotal)),
		"currentSubtotalPriceSet": set(now(subtotal)), "totalTaxSet": set(was(taxes)), "totalTax": plain(was(taxes)), "currentTotalTaxSet": set(now(taxes)),
		"totalDiscountsSet": set(was(discounts)), "totalDiscounts": plain(was(discounts)), "currentTotalDiscountsSet": set(now(discounts)),
		"cartDiscountAmountSet": set(cartDiscount), "currentCartDiscountAmountSet": set(cartDiscount),
		"totalShippingPriceSet": set(was(Totals.netShipping)), "totalShippingPrice": plain(was(Totals.netShipping)), "currentShippingPriceSet": set(now(Totals.netShipping)),
		"totalTipReceivedSet": set(tip), "totalReceivedSet": set(was(received)), "totalReceived": plain(was(received)),
		"totalRefundedSet": set(was(refunded)), "totalRefunded": plain(was(refunded)), "totalRefundedShippingSet": set(refundedShipping),
		"totalOutstandingSet": set(now(outstanding)), "netPaymentSet": set(net), "netPayment": plain(net), "totalCapturableSet": set(authorizedSum),
		"totalTipReceived":       func(_ *call, o *Order, _ args) any { return sum(o.Tip.Shop, o.Currency) },
		"currentTotalDutiesSet":  func(*call, *Order, args) any { return nil },
		"originalTotalDutiesSet": func(*call, *Order, args) any { return nil }, "currentTotalAdditionalFeesSet": func(*call, *Order, args) any { return nil },
		"originalTotalAdditionalFeesSet": func(*call, *Order, args) any { return nil },
		"refundDiscrepancySet": set(func(o *Order) (m MoneySet) {
			for _, r := range o.Refunds {
				m = m.Add(r.Adjustment)
			}
			return m
		}),
		"totalCashRoundingAdjustment":      func(_ *call, o *Order, _ args) any { return node{"CashRoundingAdjustment", o} },
		"subtotalLineItemsQuantity":        func(_ *call, o *Order, _ args) any { return units(o, func(l LineItem) int64 { return l.Quantity }) },
		"currentSubtotalLineItemsQuantity": func(_ *call, o *Order, _ args) any { return units(o, LineItem.Current) },
		"totalWeight": func(_ *call, o *Order, _ args) any {
			return units(o, func(l LineItem) int64 { return l.Quantity * l.Grams })
		},
	})
}

func init() {
	none := set(func(*Order) MoneySet { return MoneySet{} })
	on("CashRoundingAdjustment", map[string]func(*call, *Order, args) any{"paymentSet": none, "refundSet": none})
}

func units(o *Order, fn func(LineItem) int64) (n int64) {
	for _, l := range o.Lines {
		if !l.Tip {
			n += fn(l)
		}
	}
	return n
}

// cartDiscount is what discounts on the whole order took off.
func cartDiscount(o *Order) (m MoneySet) {
	for i, d := range o.Discounts {
		if d.Target == "line_item" && d.Selection == "all" {
			m = m.Add(o.discountTotal(i))
		}
	}
	return m
}

func initOrderParts() {
	on("Order", map[string]func(*call, *Order, args) any{
		"lineItems": func(_ *call, o *Order, _ args) any {
			out := []entry{}
			for i := range o.Lines {
				l := &o.Lines[i]
				out = append(out, entry{node: node{"LineItem", orderLine{o, l}}, key: fmt.Sprintf("%06d", i), id: l.ID})
			}
			return out
		},
		"shippingLines": func(_ *call, o *Order, _ args) any {
			return entries(o.ShippingLines, func(l ShippingLine) (node, int64) { return node{"ShippingLine", orderShipping{o, l}}, l.ID })
		},
		"shippingLine": func(_ *call, o *Order, _ args) any {
			if len(o.ShippingLines) == 0 {
				return nil
			}
			return node{"ShippingLine", orderShipping{o, o.ShippingLines[0]}}
		},
		"taxLines":        func(_ *call, o *Order, _ args) any { return taxNodes(o, o.taxTotals()) },
		"currentTaxLines": func(_ *call, o *Order, _ args) any { return taxNodes(o, o.currentTaxes()) },
		"discountApplications": func(_ *call, o *Order, _ args) any {
			out := []entry{}
			for i := range o.Discounts {
				out = append(out, entry{node: discountNode(o, i), key: fmt.Sprintf("%06d", i), id: int64(i + 1)})
			}
			return out
		},
		"discountCode": func(_ *call, o *Order, _ args) any {
			for _, d := range o.Discounts {
				if d.Code != "" {
					return d.Code
				}
			}
			return nil
		},
		"discountCodes": func(_ *call, o *Order, _ args) any {
			codes := []string{}
			for _, d := range o.Discounts {
				if d.Code != "" {
					codes = append(codes, d.Code)
				}
			}
			return codes
		},
		"transactions": func(_ *call, o *Order, _ args) any {
			out := []any{}
			for i := range o.Transactions {
				out = append(out, node{"OrderTransaction", orderMove{o, &o.Transactions[i]}})
			}
			return out
		},
		"transactionsCount": func(_ *call, o *Order, _ args) any { return node{"Count", len(o.Transactions)} },
		"fulfillmentsCount": func(_ *call, o *Order, _ args) any { return node{"Count", len(o.Fulfillments)} },
		"fulfillments": func(_ *call, o *Order, _ args) any {
			out := []any{}
			for i := range o.Fulfillments {
				out = append(out, node{"Fulfillment", orderParcel{o, &o.Fulfillments[i]}})
			}
			return out
		},
		"refunds": func(_ *call, o *Order, _ args) any {
			out := []any{}
			for i := range o.Refunds {
				out = append(out, node{"Refund", orderRefund{o, &o.Refunds[i]}})
			}
			return out
		},
		"returns": func(*call, *Order, args) any { return []entry{} },
		"fulfillmentOrders": func(_ *call, o *Order, a args) any {
			if o.ShipTo == nil && units(o, func(l LineItem) int64 { return l.Quantity }) == 0 {
				return []entry{}
			}
			return []entry{{node: node{"FulfillmentOrder", orderStock{o}}, id: o.FulfillmentID}}
		},
		"suggestedRefund": suggestRefund,
		"metafield":       func(*call, *Order, args) any { return nil },
		"metafields":      func(*call, *Order, args) any { return []entry{} },
	})
	on("Count", map[string]func(*call, int, args) any{
		"count":     func(_ *call, n int, _ args) any { return n },
		"precision": func(*call, int, args) any { return "EXACT" },
	})
}

// currentTaxes are the taxes of what is still part of the order.
func (o *Order) currentTaxes() []TaxLine {
	c := *o
	c.Lines = slices.Clone(o.Lines)
	for i := range c.Lines {
		l := &c.Lines[i]
		l.Taxes = slices.Clone(l.Taxes)
		for k := range l.Taxes {
			l.Taxes[k].Amount = portionSet(l.Taxes[k].Amount, 0, l.Current(), l.Quantity)
		}
	}
	return c.taxTotals()
}

func taxNodes(o *Order, in []TaxLine) []any {
	return list(in, func(x TaxLine) any { return node{"TaxLine", orderTax{o, x}} })
}

func discountNode(o *Order, i int) node {
	typ := map[string]string{"discount_code": "DiscountCodeApplication", "manual": "ManualDiscountApplication"}[o.Discounts[i].Kind]
	return node{or(typ, "AutomaticDiscountApplication"), orderDiscountApp{o, i}}
}

func allocationNodes(o *Order, in []Allocation) []any {
	return list(in, func(a Allocation) any { return node{"DiscountAllocation", orderAllocation{o, a}} })
}

func suggestRefund(_ *call, o *Order, a args) any {
	var lines []RefundLineInput
	for _, in := range a.objs("refundLineItems") {
		lines = append(lines, RefundLineInput{in.id("lineItemId", "LineItem"), in.num("quantity"), strings.ToLower(in.str("restockType"))})
	}
	full := a.flag("refundShipping")
	if a.flag("suggestFullRefund") {
		lines, full = nil, true
		for _, l := range o.Lines {
			if l.Current() > 0 && !l.Tip {
				lines = append(lines, RefundLineInput{l.ID, l.Current(), "no_restock"})
			}
		}
	}
	var shipping *int64
	if text := a.decimal("shippingAmount"); text != "" {
		m, err := money.Parse(text, o.PresentmentCurrency)
		if err != nil {
			return &graphError{Message: err.Error(), Extensions: map[string]any{"code": "BAD_REQUEST"}}
		}
		shipping = &m.Minor
	}
	s, err := o.suggest(lines, shipping, full)
	if err != nil {
		return &graphError{Message: err.(*Refusal).Detail, Extensions: map[string]any{"code": "BAD_REQUEST"}}
	}
	return node{"SuggestedRefund", orderSuggestion{o, s}}
}

func parseAmount(text, currency string) (int64, error) {
	a, err := money.Parse(text, currency)
	return a.Minor, err
}
