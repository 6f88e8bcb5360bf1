package shopsim

import "fmt"

func initRefunds() {
	on("OrderTransaction", map[string]func(*call, orderMove, args) any{
		"id":          func(_ *call, v orderMove, _ args) any { return gid("OrderTransaction", v.x.ID) },
		"kind":        func(_ *call, v orderMove, _ args) any { return upper(v.x.Kind) },
		"status":      func(_ *call, v orderMove, _ args) any { return upper(v.x.Status) },
		"gateway":     func(_ *call, v orderMove, _ args) any { return v.x.Gateway },
		"amountSet":   func(_ *call, v orderMove, _ args) any { return bagOf(v.o, v.x.Amount) },
		"amount":      func(_ *call, v orderMove, _ args) any { return graphDecimal(v.x.Amount.Shop, v.o.Currency) },
		"createdAt":   func(_ *call, v orderMove, _ args) any { return v.x.CreatedAt },
		"processedAt": func(_ *call, v orderMove, _ args) any { return v.x.CreatedAt },
		"test":        func(_ *call, v orderMove, _ args) any { return v.o.Test },
		"errorCode":   func(*call, orderMove, args) any { return nil },
		"order":       func(_ *call, v orderMove, _ args) any { return orderNode(v.o) },
		"paymentId":   func(_ *call, v orderMove, _ args) any { return fmt.Sprintf("%s.%d", v.o.Name, v.x.ID%100) },
		"formattedGateway": func(_ *call, v orderMove, _ args) any {
			return or(map[string]string{"shopify_payments": "Shopify Payments", "gift_card": "Gift Card", "shopify_store_credit": "Store credit", "bogus": "Bogus"}[v.x.Gateway], v.x.Gateway)
		},
		"manualPaymentGateway": func(_ *call, v orderMove, _ args) any { return v.x.Gateway == "Bank Deposit" },
		"manuallyCapturable":   func(_ *call, v orderMove, _ args) any { return v.x.Kind == "authorization" },
		"accountNumber": func(_ *call, v orderMove, _ args) any {
			if v.x.CardLast4 == "" {
				return nil
			}
			return "•••• •••• •••• " + v.x.CardLast4
		},
		"parentTransaction": func(_ *call, v orderMove, _ args) any {
			if p := v.o.transaction(v.x.ParentID); p != nil {
				return node{"OrderTransaction", orderMove{v.o, p}}
			}
			return nil
		},
		"paymentDetails": func(_ *call, v orderMove, _ args) any {
			if v.x.CardLast4 == "" {
				return nil
			}
			return node{"CardPaymentDetails", v.x}
		},
	})
	on("CardPaymentDetails", map[string]func(*call, *Transaction, args) any{
		"company": func(_ *call, x *Transaction, _ args) any { return x.CardBrand },
		"number": func(_ *call, x *Transaction, _ args) any {
			return "•••• •••• •••• " + x.CardLast4
		},
		"paymentMethodName": func(*call, *Transaction, args) any { return "card" },
		"name":              func(*call, *Transaction, args) any { return nil },
		"wallet":            func(*call, *Transaction, args) any { return nil },
		"expirationMonth":   func(*call, *Transaction, args) any { return nil },
		"expirationYear":    func(*call, *Transaction, args) any { return nil },
		"bin":               func(*call, *Transaction, args) any { return nil },
	})
	on("Refund", map[string]func(*call, orderRefund, args) any{
		"id":               func(_ *call, v orderRefund, _ args) any { return gid("Refund", v.r.ID) },
		"legacyResourceId": func(_ *call, v orderRefund, _ args) any { return v.r.ID },
		"createdAt":        func(_ *call, v orderRefund, _ args) any { return v.r.CreatedAt },
		"processedAt":      func(_ *call, v orderRefund, _ args) any { return v.r.CreatedAt },
		"updatedAt":        func(_ *call, v orderRefund, _ args) any { return v.r.CreatedAt },
		"note":             func(_ *call, v orderRefund, _ args) any { return blank(v.r.Note) },
		"order":            func(_ *call, v orderRefund, _ args) any { return orderNode(v.o) },
		"return":           func(*call, orderRefund, args) any { return nil },
		"duties":           func(*call, orderRefund, args) any { return []any{} },
		"totalRefunded":    func(_ *call, v orderRefund, _ args) any { return sum(v.r.Total.Shop, v.o.Currency) },
		"totalRefundedSet": func(_ *call, v orderRefund, _ args) any { return bagOf(v.o, v.r.Total) },
		"refundLineItems": func(_ *call, v orderRefund, _ args) any {
			return entries(v.r.Lines, func(l RefundLine) (node, int64) { return node{"RefundLineItem", orderRefundLine{v.o, l}}, l.ID })
		},
		"transactions": func(_ *call, v orderRefund, _ args) any {
			return entries(v.r.Transactions, func(id int64) (node, int64) { return node{"OrderTransaction", orderMove{v.o, v.o.transaction(id)}}, id })
		},
		"orderAdjustments": func(_ *call, v orderRefund, _ args) any {
			if v.r.Adjustment.IsZero() {
				return []entry{}
			}
			return []entry{{node: node{"OrderAdjustment", orderAdjustment{v.o, v.r.ID + 1, "REFUND_DISCREPANCY", MoneySet{}.Sub(v.r.Adjustment), MoneySet{}}}, id: v.r.ID + 1}}
		},
		"refundShippingLines": func(_ *call, v orderRefund, _ args) any {
			if v.r.Shipping.IsZero() || len(v.o.ShippingLines) == 0 {
				return []entry{}
			}
			return []entry{{node: node{"RefundShippingLine", v}, id: v.r.ID + 2}}
		},
	})
	on("RefundShippingLine", map[string]func(*call, orderRefund, args) any{
		"id": func(_ *call, v orderRefund, _ args) any { return gid("RefundShippingLine", v.r.ID+2) },
		"shippingLine": func(_ *call, v orderRefund, _ args) any {
			return node{"ShippingLine", orderShipping{v.o, v.o.ShippingLines[0]}}
		},
		"subtotalAmountSet": func(_ *call, v orderRefund, _ args) any { return bagOf(v.o, v.r.Shipping) },
		"taxAmountSet":      func(_ *call, v orderRefund, _ args) any { return bagOf(v.o, v.r.ShippingTax) },
	})
	on("OrderAdjustment", map[string]func(*call, orderAdjustment, args) any{
		"id":           func(_ *call, v orderAdjustment, _ args) any { return gid("OrderAdjustment", v.id) },
		"amountSet":    func(_ *call, v orderAdjustment, _ args) any { return bagOf(v.o, v.amount) },
		"taxAmountSet": func(_ *call, v orderAdjustment, _ args) any { return bagOf(v.o, v.tax) },
		"reason":       func(_ *call, v orderAdjustment, _ args) any { return v.reason },
	})
	on("RefundLineItem", map[string]func(*call, orderRefundLine, args) any{
		"id": func(_ *call, v orderRefundLine, _ args) any { return gid("RefundLineItem", v.l.ID) },
		"lineItem": func(_ *call, v orderRefundLine, _ args) any {
			return node{"LineItem", orderLine{v.o, v.o.line(v.l.LineItemID)}}
		},
		"quantity":    func(_ *call, v orderRefundLine, _ args) any { return v.l.Quantity },
		"restockType": func(_ *call, v orderRefundLine, _ args) any { return upper(v.l.Restock) },
		"restocked":   func(_ *call, v orderRefundLine, _ args) any { return v.l.Restock != "no_restock" },
		"subtotalSet": func(_ *call, v orderRefundLine, _ args) any { return bagOf(v.o, v.l.Subtotal) },
		"totalTaxSet": func(_ *call, v orderRefundLine, _ args) any { return bagOf(v.o, v.l.Tax) },
		"priceSet":    func(_ *call, v orderRefundLine, _ args) any { return bagOf(v.o, v.o.line(v.l.LineItemID).Unit) },
		"location":    func(*call, orderRefundLine, args) any { return nil },
	})
	hint := func(fn func(*suggestion) MoneySet) func(*call, orderSuggestion, args) any {
		return func(_ *call, v orderSuggestion, _ args) any { return bagOf(v.o, fn(v.s)) }
	}
	on("SuggestedRefund", map[string]func(*call, orderSuggestion, args) any{
		"amountSet": hint(func(s *suggestion) MoneySet { return s.Amount }), "subtotalSet": hint(func(s *suggestion) MoneySet { return s.Subtotal }),
		"totalTaxSet": hint(func(s *suggestion) MoneySet { return s.Tax.Add(s.ShippingTax) }), "maximumRefundableSet": hint(func(s *suggestion) MoneySet { return s.Maximum }),
		"discountedSubtotalSet": hint(func(s *suggestion) MoneySet { return s.Subtotal }), "totalCartDiscountAmountSet": hint(func(s *suggestion) MoneySet { return s.Discount }),
		"totalDutiesSet": hint(func(*suggestion) MoneySet { return MoneySet{} }),
		"amount":         func(_ *call, v orderSuggestion, _ args) any { return graphDecimal(v.s.Amount.Shop, v.o.Currency) },
		"refundLineItems": func(_ *call, v orderSuggestion, _ args) any {
			return list(v.s.Lines, func(l RefundLine) any { return node{"RefundLineItem", orderRefundLine{v.o, l}} })
		},
		"suggestedTransactions": func(_ *call, v orderSuggestion, _ args) any {
			return list(v.s.Transactions, func(x Transaction) any { return node{"SuggestedOrderTransaction", orderMove{v.o, &x}} })
		},
		"refundDuties": func(*call, orderSuggestion, args) any { return []any{} },
		"shipping":     func(_ *call, v orderSuggestion, _ args) any { return node{"ShippingRefund", v} },
	})
	on("ShippingRefund", map[string]func(*call, orderSuggestion, args) any{
		"amountSet":            hint(func(s *suggestion) MoneySet { return s.Shipping }),
		"taxSet":               hint(func(s *suggestion) MoneySet { return s.ShippingTax }),
		"maximumRefundableSet": func(_ *call, v orderSuggestion, _ args) any { left, _ := v.o.shippingLeft(); return bagOf(v.o, left) },
	})
	on("SuggestedOrderTransaction", map[string]func(*call, orderMove, args) any{
		"gateway":   func(_ *call, v orderMove, _ args) any { return v.x.Gateway },
		"kind":      func(*call, orderMove, args) any { return "SUGGESTED_REFUND" },
		"amountSet": func(_ *call, v orderMove, _ args) any { return bagOf(v.o, v.x.Amount) },
		"amount":    func(_ *call, v orderMove, _ args) any { return graphDecimal(v.x.Amount.Shop, v.o.Currency) },
		"parentTransaction": func(_ *call, v orderMove, _ args) any {
			return node{"OrderTransaction", orderMove{v.o, v.o.transaction(v.x.ParentID)}}
		},
	})
}
