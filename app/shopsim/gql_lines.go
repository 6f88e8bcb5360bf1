package shopsim

import (
	"encoding/json"
	"strings"
)

func initLines() {
	money := func(fn func(LineItem) MoneySet) func(*call, orderLine, args) any {
		return func(_ *call, v orderLine, _ args) any { return bagOf(v.o, fn(*v.l)) }
	}
	bare := func(fn func(LineItem) MoneySet) func(*call, orderLine, args) any {
		return func(_ *call, v orderLine, _ args) any { return Decimal(fn(*v.l).Shop, v.o.Currency) }
	}
	each := func(m MoneySet, n int64) MoneySet {
		if n == 0 {
			return MoneySet{}
		}
		return MoneySet{mulDiv(m.Shop, 1, n), mulDiv(m.Presentment, 1, n)}
	}
	// Discounts given on the line itself; those on the whole order are not in
	// Shopify's discounted prices.
	lineOff := func(v orderLine) (m MoneySet) {
		for _, a := range v.l.Allocations {
			if v.o.Discounts[a.Discount].Selection != "all" {
				m = m.Add(a.Amount)
			}
		}
		return m
	}
	unit := func(l LineItem) MoneySet { return l.Unit }
	on("LineItem", map[string]func(*call, orderLine, args) any{
		"id":                     func(_ *call, v orderLine, _ args) any { return gid("LineItem", v.l.ID) },
		"title":                  func(_ *call, v orderLine, _ args) any { return v.l.Title },
		"name":                   func(_ *call, v orderLine, _ args) any { return v.l.fullName() },
		"variantTitle":           func(_ *call, v orderLine, _ args) any { return blank(v.l.VariantTitle) },
		"sku":                    func(_ *call, v orderLine, _ args) any { return blank(v.l.SKU) },
		"vendor":                 func(_ *call, v orderLine, _ args) any { return blank(v.l.Vendor) },
		"quantity":               func(_ *call, v orderLine, _ args) any { return v.l.Quantity },
		"currentQuantity":        func(_ *call, v orderLine, _ args) any { return v.l.Current() },
		"unfulfilledQuantity":    func(_ *call, v orderLine, _ args) any { return v.l.Open() },
		"fulfillableQuantity":    func(_ *call, v orderLine, _ args) any { return v.l.Open() },
		"nonFulfillableQuantity": func(*call, orderLine, args) any { return 0 },
		"refundableQuantity":     func(_ *call, v orderLine, _ args) any { return v.l.Current() },
		"requiresShipping":       func(_ *call, v orderLine, _ args) any { return v.l.Ships },
		"taxable":                func(_ *call, v orderLine, _ args) any { return v.l.Taxable },
		"isGiftCard":             func(_ *call, v orderLine, _ args) any { return v.l.GiftCard },
		"merchantEditable":       func(_ *call, v orderLine, _ args) any { return v.l.Open() > 0 },
		"canRestock":             func(_ *call, v orderLine, _ args) any { return v.l.VariantID != 0 },
		"restockable":            func(_ *call, v orderLine, _ args) any { return v.l.VariantID != 0 },
		"customAttributes":       func(_ *call, v orderLine, _ args) any { return attributes(v.l.Properties) },
		"duties":                 func(*call, orderLine, args) any { return []any{} },
		"lineItemGroup":          func(*call, orderLine, args) any { return nil },
		"sellingPlan":            func(*call, orderLine, args) any { return nil },
		"contract":               func(*call, orderLine, args) any { return nil },
		"fulfillmentStatus": func(_ *call, v orderLine, _ args) any {
			if s, ok := v.l.fulfillmentStatus().(string); ok {
				return s
			}
			return "unfulfilled"
		},
		"originalUnitPriceSet": money(unit), "originalUnitPrice": bare(unit), "originalTotalSet": money(LineItem.Total), "originalTotal": bare(LineItem.Total),
		"totalDiscountSet": func(_ *call, v orderLine, _ args) any { return bagOf(v.o, lineOff(v)) },
		"totalDiscount":    func(_ *call, v orderLine, _ args) any { return graphDecimal(lineOff(v).Shop, v.o.Currency) },
		"discountedTotalSet": func(_ *call, v orderLine, a args) any {
			off := lineOff(v)
			if a.flag("withCodeDiscounts") {
				off = v.l.Discount()
			}
			return bagOf(v.o, v.l.Total().Sub(off))
		},
		"discountedUnitPriceSet": func(_ *call, v orderLine, _ args) any {
			return bagOf(v.o, each(v.l.Total().Sub(lineOff(v)), v.l.Quantity))
		},
		"discountedUnitPriceAfterAllDiscountsSet": money(func(l LineItem) MoneySet { return each(l.Total().Sub(l.Discount()), l.Quantity) }),
		"discountAllocations":                     func(_ *call, v orderLine, _ args) any { return allocationNodes(v.o, v.l.Allocations) },
		"taxLines":                                func(_ *call, v orderLine, _ args) any { return taxNodes(v.o, v.l.Taxes) },
		"product":                                 func(c *call, v orderLine, _ args) any { return productNode(c.t.products.rows[v.l.ProductID]) },
		"variant": func(c *call, v orderLine, _ args) any {
			p, x := c.t.variant(v.o.ShopID, v.l.VariantID)
			return variantNode(p, x)
		},
		"image": func(c *call, v orderLine, _ args) any { return imageNode(c.t.products.rows[v.l.ProductID]) },
	})
	on("TaxLine", map[string]func(*call, orderTax, args) any{
		"title":          func(_ *call, v orderTax, _ args) any { return v.x.Title },
		"price":          func(_ *call, v orderTax, _ args) any { return graphDecimal(v.x.Amount.Shop, v.o.Currency) },
		"priceSet":       func(_ *call, v orderTax, _ args) any { return bagOf(v.o, v.x.Amount) },
		"rate":           func(_ *call, v orderTax, _ args) any { return rate(v.x.PPM) },
		"ratePercentage": func(_ *call, v orderTax, _ args) any { return rate(v.x.PPM * 100) },
		"channelLiable":  func(*call, orderTax, args) any { return false },
		"source":         func(*call, orderTax, args) any { return nil },
	})
	on("DiscountAllocation", map[string]func(*call, orderAllocation, args) any{
		"allocatedAmount":     func(_ *call, v orderAllocation, _ args) any { return sum(v.a.Amount.Shop, v.o.Currency) },
		"allocatedAmountSet":  func(_ *call, v orderAllocation, _ args) any { return bagOf(v.o, v.a.Amount) },
		"discountApplication": func(_ *call, v orderAllocation, _ args) any { return discountNode(v.o, v.a.Discount) },
	})
	for _, typ := range []string{"DiscountCodeApplication", "ManualDiscountApplication", "AutomaticDiscountApplication"} {
		app := func(fn func(OrderDiscount) any) func(*call, orderDiscountApp, args) any {
			return func(_ *call, v orderDiscountApp, _ args) any { return fn(v.o.Discounts[v.i]) }
		}
		on(typ, map[string]func(*call, orderDiscountApp, args) any{
			"index":            func(_ *call, v orderDiscountApp, _ args) any { return v.i },
			"code":             app(func(d OrderDiscount) any { return d.Code }),
			"title":            app(func(d OrderDiscount) any { return d.Title }),
			"description":      app(func(d OrderDiscount) any { return blank(d.Title) }),
			"allocationMethod": app(func(d OrderDiscount) any { return strings.ToUpper(d.Allocation) }),
			"targetSelection":  app(func(d OrderDiscount) any { return strings.ToUpper(d.Selection) }),
			"targetType":       app(func(d OrderDiscount) any { return strings.ToUpper(d.Target) }),
			"value": func(_ *call, v orderDiscountApp, _ args) any {
				d := v.o.Discounts[v.i]
				if d.ValueType == "percentage" {
					return node{"PricingPercentageValue", json.Number(d.Value)}
				}
				m, err := parseAmount(d.Value, v.o.Currency)
				if err != nil {
					return err
				}
				return sum(m, v.o.Currency)
			},
		})
	}
	on("PricingPercentageValue", map[string]func(*call, json.Number, args) any{
		"percentage": func(_ *call, v json.Number, _ args) any { return v },
	})
	on("ShippingLine", map[string]func(*call, orderShipping, args) any{
		"id":                func(_ *call, v orderShipping, _ args) any { return gid("ShippingLine", v.l.ID) },
		"title":             func(_ *call, v orderShipping, _ args) any { return v.l.Title },
		"code":              func(_ *call, v orderShipping, _ args) any { return blank(v.l.Code) },
		"source":            func(*call, orderShipping, args) any { return "shopify" },
		"custom":            func(*call, orderShipping, args) any { return false },
		"isRemoved":         func(*call, orderShipping, args) any { return false },
		"carrierIdentifier": func(*call, orderShipping, args) any { return nil },
		"deliveryCategory":  func(*call, orderShipping, args) any { return nil },
		"phone":             func(*call, orderShipping, args) any { return nil },
		"originalPrice":     func(_ *call, v orderShipping, _ args) any { return sum(v.l.Price.Shop, v.o.Currency) },
		"originalPriceSet":  func(_ *call, v orderShipping, _ args) any { return bagOf(v.o, v.l.Price) },
		"discountedPrice": func(_ *call, v orderShipping, _ args) any {
			return sum(v.l.Price.Sub(v.l.Discount()).Shop, v.o.Currency)
		},
		"discountedPriceSet":        func(_ *call, v orderShipping, _ args) any { return bagOf(v.o, v.l.Price.Sub(v.l.Discount())) },
		"currentDiscountedPriceSet": func(_ *call, v orderShipping, _ args) any { return bagOf(v.o, v.o.Current().netShipping()) },
		"taxLines":                  func(_ *call, v orderShipping, _ args) any { return taxNodes(v.o, v.l.Taxes) },
		"discountAllocations":       func(_ *call, v orderShipping, _ args) any { return allocationNodes(v.o, v.l.Allocations) },
	})
}
