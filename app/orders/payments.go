package orders

import "slices"

// pay adds the rows below the total: who paid what, what went back, what is
// still open.
func (t *Totals) pay(o *Order) {
	for _, f := range o.Refunds {
		t.Refunded = t.Refunded.plus(f.Money)
	}
	payments := paymentsOf(o)
	for _, p := range payments {
		t.Paid = t.Paid.plus(p.Amount)
	}
	if payments == nil {
		t.Paid = t.paidByState(o)
		payments = []Row{{Kind: kindOf(gateway(o)), Gateway: gateway(o), Amount: t.Paid}}
	}

	t.Due = t.Total.minus(t.Paid)
	if t.Edited {
		t.Due = t.Due.plus(t.Refunded)
	}
	// Paid in cash, the sum is rounded to the smallest coin. When that is why
	// payments and total differ, say so instead of asking for two cents.
	if !o.Rounding.IsZero() && t.Due == o.Rounding.neg() && !slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Kind == RowRounding }) {
		at := slices.IndexFunc(t.Rows, func(r Row) bool { return r.Kind == RowTotal })
		t.Rows = slices.Insert(t.Rows, at, Row{Kind: RowRounding, Amount: o.Rounding})
		t.Total = t.Total.plus(o.Rounding)
		t.Rows[at+1].Amount = t.Total
		t.Due = Price{}
	}

	for _, p := range payments {
		t.rowUnlessZero(p)
	}
	t.rowUnlessZero(Row{Kind: RowRefunded, Amount: t.Refunded.neg()})
	switch {
	case t.Due.Presentment > 0 || t.Due.Presentment == 0 && t.Due.Shop > 0:
		t.row(Row{Kind: RowDue, Amount: t.Due})
	case !t.Due.IsZero() && t.Edited:
		t.row(Row{Kind: RowOwed, Amount: t.Due.neg()})
	case !t.Due.IsZero():
		t.row(Row{Kind: RowDue, Amount: t.Due})
	}
}

// paidByState tells what was paid from the order's state alone: webhooks carry
// no transactions. An authorisation counts, the shopper's card is charged.
func (t *Totals) paidByState(o *Order) Price {
	if o.FinancialStatus == "authorized" || o.FinancialStatus == "paid" && o.Outstanding.IsZero() {
		if t.Edited {
			return t.Total.plus(t.Refunded)
		}
		return t.Total
	}
	paid := o.Now.Total.minus(o.Outstanding).plus(t.Refunded)
	if t.Edited {
		return Price{max(paid.Shop, 0), max(paid.Presentment, 0)}
	}
	return Price{min(max(paid.Shop, 0), max(t.Total.Shop, 0)), min(max(paid.Presentment, 0), max(t.Total.Presentment, 0))}
}

// paymentsOf returns a row for each way the order was paid, or nil when that is
// not known. Captures count; an authorisation counts for what was not captured,
// unless it was voided or taken up by one.
func paymentsOf(o *Order) []Row {
	if o.Transactions == nil {
		return nil
	}
	followed := map[int64]bool{}
	for _, tr := range o.Transactions {
		if tr.Status == "success" && (tr.Kind == "capture" || tr.Kind == "void") {
			followed[tr.ParentID] = true
		}
	}
	rows := []Row{}
	for i := range o.Transactions {
		tr := &o.Transactions[i]
		if tr.Status != "success" {
			continue
		}
		amount := tr.Amount
		switch tr.Kind {
		case "sale", "capture":
		case "authorization":
			if followed[tr.ID] {
				continue
			}
		case "change": // coins given back over the counter
			amount = amount.neg()
		default:
			continue
		}
		kind := kindOf(tr.Gateway)
		j := slices.IndexFunc(rows, func(r Row) bool {
			return r.Kind == kind && r.Payment.Gateway == tr.Gateway && r.Payment.CardLast == tr.CardLast
		})
		if j < 0 {
			rows = append(rows, Row{Kind: kind, Payment: tr, Gateway: tr.Gateway, Amount: amount})
		} else {
			rows[j].Amount = rows[j].Amount.plus(amount)
		}
	}
	rank := map[string]int{RowGiftCard: 0, RowStoreCredit: 1, RowPaid: 2}
	slices.SortStableFunc(rows, func(a, b Row) int { return rank[a.Kind] - rank[b.Kind] })
	return rows
}

// kindOf sorts a gateway into the three kinds of payment a shopper tells apart.
func kindOf(gateway string) string {
	switch gateway {
	case "gift_card":
		return RowGiftCard
	case "shopify_store_credit", "store_credit":
		return RowStoreCredit
	}
	return RowPaid
}

// gateway is the only way the order was paid, or "" when there are several.
func gateway(o *Order) string {
	if len(o.Gateways) == 1 {
		return o.Gateways[0]
	}
	return ""
}

// divided tells whether a gift card or store credit paid a part: then only
// Shopify can say how much.
func divided(o *Order) bool {
	credit := slices.ContainsFunc(o.Gateways, func(g string) bool { return kindOf(g) != RowPaid })
	return o.Transactions == nil && !o.Bought.Total.IsZero() && credit && (len(o.Gateways) > 1 || !o.Outstanding.IsZero())
}

// byCard tells whether a reading would say which card paid.
func byCard(o *Order) bool {
	return o.Transactions == nil && !o.Bought.Total.IsZero() && gateway(o) == "shopify_payments"
}
