package shopsim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// orderRow is one order in a list.
type orderRow struct {
	ID             int64
	Name, At       string
	Customer       string
	Pay, PayTone   string
	Ship, ShipTone string
	Total          string
	Cancelled      bool
	Token          string
	Open           bool
	Parcel         int64  // latest fulfilment, 0 without
	Next           string // what its carrier would tell next
}

// orderDetail is one order with everything the simple pages show of it.
type orderDetail struct {
	orderRow
	Locale, Email, StatusURL string
	Test                     bool
	Lines                    []lineRow
	Totals                   []totalRow
	Address                  []string
	Parcels                  []parcelRow
	Statuses                 []string
	City, Country, Tracking  string
}

type lineRow struct {
	ID                                 int64
	Title, Options, State, Image, Unit string
	Quantity                           int64
	Total, Was                         string
}

type totalRow struct {
	Kind, Label, Note, Amount string
	Strong                    bool
}

type parcelRow struct {
	ID                         int64
	Name, Company, Number, URL string
	State                      string
	Next                       string // what the carrier would tell next
	Events                     []string
}

func nextWords(shop *Shop, o *Order, f *Fulfillment) string {
	in, _ := nextScan(shop, o, f)
	return words(in.Status)
}

var payTones = map[string]string{"paid": "", "pending": "warning", "authorized": "caution", "voided": "", "refunded": "",
	"partially_refunded": "", "partially_paid": "warning"}

func words(s string) string {
	if s == "" {
		return s
	}
	s = strings.ReplaceAll(s, "_", " ")
	return strings.ToUpper(s[:1]) + s[1:]
}

// orderRows lists the newest orders that match, newest first.
func (s *Sim) orderRows(shop *Shop, query string, limit int) []orderRow {
	query = strings.ToLower(strings.TrimSpace(query))
	var rows []orderRow
	for _, o := range slices.Backward(s.Orders(shop.ID)) {
		if o.Deleted {
			continue
		}
		row := s.orderRow(shop, o)
		if query != "" && !strings.Contains(strings.ToLower(row.Name+" "+row.Customer+" "+o.Email), query) {
			continue
		}
		if rows = append(rows, row); len(rows) == limit {
			break
		}
	}
	return rows
}

func (s *Sim) orderRow(shop *Shop, o *Order) orderRow {
	row := orderRow{ID: o.ID, Name: o.Name, At: showMoment(o.CreatedAt, shop.Timezone), Customer: s.customerName(o), Token: o.Token,
		Pay: words(o.Financial()), PayTone: payTones[o.Financial()], Ship: "Unfulfilled", ShipTone: "caution",
		Total: showMoney(o.Current().Total.Presentment, o.PresentmentCurrency), Cancelled: o.CancelledAt != nil}
	switch o.FulfillmentState() {
	case "fulfilled":
		row.Ship, row.ShipTone = "Fulfilled", ""
	case "partial":
		row.Ship, row.ShipTone = "Partially fulfilled", "warning"
	}
	for _, l := range o.Lines {
		row.Open = row.Open || !row.Cancelled && !l.Tip && l.Open() > 0
	}
	if n := len(o.Fulfillments); n > 0 {
		latest := &o.Fulfillments[n-1]
		row.Parcel, row.Next = latest.ID, nextWords(shop, o, latest)
	}
	return row
}

func (s *Sim) customerName(o *Order) string {
	if c := s.Customer(o.ShopID, o.CustomerID); c != nil {
		if name := strings.TrimSpace(c.FirstName + " " + c.LastName); name != "" {
			return name
		}
	}
	for _, a := range []*Address{o.ShipTo, o.BillTo} {
		if a != nil && strings.TrimSpace(a.FirstName+a.LastName) != "" {
			return strings.TrimSpace(a.FirstName + " " + a.LastName)
		}
	}
	return cmp.Or(o.Email, "No customer")
}

func (s *Sim) orderDetail(shop *Shop, o *Order) *orderDetail {
	d := &orderDetail{orderRow: s.orderRow(shop, o), Locale: o.Locale, Email: o.Email, Test: o.Test, StatusURL: "/orders/" + o.Token,
		Lines: lineRows(o), Totals: totalRows(o, englishWords()), Address: addressLines(o.ShipTo), Statuses: eventStatuses,
		Tracking: fmt.Sprintf("LL%010d", o.ID%1e10)}
	if o.ShipTo != nil {
		d.City, d.Country = o.ShipTo.City, o.ShipTo.CountryCode
	}
	for _, f := range o.Fulfillments {
		p := parcel(shop, f)
		p.Next = nextWords(shop, o, &f)
		d.Parcels = append(d.Parcels, p)
	}
	return d
}

func parcel(shop *Shop, f Fulfillment) parcelRow {
	p := parcelRow{ID: f.ID, Name: f.Name, Company: f.Company, Number: f.Number, URL: f.URL, State: words(cmp.Or(f.Shipment, f.Status))}
	for _, e := range slices.Backward(f.Events) {
		place := strings.Trim(e.City+", "+e.Country, ", ")
		p.Events = append(p.Events, strings.Trim(showMoment(e.HappenedAt, shop.Timezone)+" · "+words(e.Status)+" · "+place, " ·"))
	}
	return p
}

func lineRows(o *Order) []lineRow {
	var rows []lineRow
	for _, l := range o.Lines {
		n := l.Quantity - l.Removed
		if l.Tip || n <= 0 {
			continue
		}
		off := portionSet(l.Discount(), 0, n, l.Quantity)
		gross := l.Unit.Presentment * n
		row := lineRow{ID: l.ID, Title: l.Title, Image: pictureURL(l.Handle, "svg"), Quantity: n,
			Unit: showMoney(l.Unit.Presentment, o.PresentmentCurrency), Total: showMoney(gross-off.Presentment, o.PresentmentCurrency)}
		if off.Presentment > 0 {
			row.Was = showMoney(gross, o.PresentmentCurrency)
		}
		if l.VariantTitle != "" && l.VariantTitle != "Default Title" {
			row.Options = strings.ReplaceAll(l.VariantTitle, " / ", " · ")
		}
		switch {
		case l.Refunded > 0:
			row.State = fmt.Sprintf("%d refunded", l.Refunded)
		case l.Fulfilled > 0:
			row.State = fmt.Sprintf("%d sent", l.Fulfilled)
		}
		rows = append(rows, row)
	}
	return rows
}

// totalRows are the sums of an order in the words of one language. The numbers
// come from the core; here they only get a label.
func totalRows(o *Order, w wordList) []totalRow {
	t := o.Totals()
	cur := o.PresentmentCurrency
	amount := func(m MoneySet) string { return showMoney(m.Presentment, cur) }
	lineOff := t.Discounts.Sub(t.ShippingDiscount)
	rows := []totalRow{{Kind: "subtotal", Label: w["subtotal"], Amount: amount(t.Lines)}}
	if lineOff.Presentment != 0 {
		rows = append(rows, totalRow{Kind: "discount", Label: w["discount"], Note: discountNames(o), Amount: "−" + amount(lineOff)})
	}
	for _, l := range o.ShippingLines {
		price := amount(l.Price.Sub(l.Discount()))
		if l.Price.Sub(l.Discount()).IsZero() {
			price = w["free"]
		}
		rows = append(rows, totalRow{Kind: "shipping", Label: w["shipping"], Note: l.Title, Amount: price})
	}
	if t.Tax.Presentment != 0 && !o.TaxesIncluded {
		rows = append(rows, totalRow{Kind: "tax", Label: w["tax"], Amount: amount(t.Tax)})
	}
	if t.Tip.Presentment != 0 {
		rows = append(rows, totalRow{Kind: "tip", Label: w["tip"], Amount: amount(t.Tip)})
	}
	total := totalRow{Kind: "total", Label: w["total"], Amount: amount(t.Total), Strong: true}
	if o.TaxesIncluded && t.Tax.Presentment != 0 {
		total.Note = w["including_tax"] + " " + amount(t.Tax)
	}
	rows = append(rows, total)
	for _, x := range o.Transactions {
		if x.Gateway == "gift_card" && x.Kind == "sale" {
			rows = append(rows, totalRow{Kind: "gift_card", Label: w["gift_card"], Amount: "−" + amount(x.Amount)})
		}
	}
	if t.Refunded.Presentment > 0 {
		rows = append(rows, totalRow{Kind: "refunded", Label: w["refunded"], Amount: "−" + amount(t.Refunded)})
	}
	return rows
}

func discountNames(o *Order) string {
	var names []string
	for _, d := range o.Discounts {
		if d.Target != "shipping_line" {
			names = append(names, cmp.Or(d.Code, d.Title))
		}
	}
	return strings.Join(names, ", ")
}

func addressLines(a *Address) []string {
	if a == nil {
		return nil
	}
	var lines []string
	for _, l := range []string{a.FirstName + " " + a.LastName, a.Company, a.Address1, a.Address2,
		strings.TrimSpace(a.City + " " + strings.TrimSpace(a.ProvCode+" "+a.Zip)), cmp.Or(a.Country, a.CountryCode)} {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	return lines
}
