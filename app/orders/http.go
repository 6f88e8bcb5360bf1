package orders

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/messages"
	"afterglow/app/money"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

func (s *Service) routes(r *web.Group) {
	r.GET("/orders", s.getOrders, web.Needs(shops.MayReadOrders))
	r.GET("/orders/:id", s.getOrder, web.Needs(shops.MayReadOrders))
	r.GET("/orders/:id/timeline", s.getTimeline, web.Needs(shops.MayReadOrders))
	r.GET("/home", s.getHome, web.Needs(shops.MayOpen))
	s.designRoutes(r)
	s.goalRoutes(r)
	r.GET("/progress", s.getProgress, web.Needs(shops.MayOpen))
	r.GET("/imports", s.getImports, web.Needs(shops.MayOperate))
	r.POST("/imports", s.postImport, web.Needs(shops.MayOperate))
	r.POST("/imports/:id/cancel", s.postImportCancel, web.Needs(shops.MayOperate))
}

// orderRow is an order in a list, as the admin reads it.
type orderRow struct {
	ID                string       `json:"id"`
	Name              string       `json:"name"`
	PlacedAt          time.Time    `json:"placed_at"`
	Customer          *shopper     `json:"customer"`
	Total             money.Amount `json:"total"`
	FinancialStatus   string       `json:"financial_status"`
	FulfillmentStatus *string      `json:"fulfillment_status"`
	CancelledAt       *time.Time   `json:"cancelled_at"`
	Test              bool         `json:"test"`
	Locale            string       `json:"locale"`
	MailState         string       `json:"mail_state"`
	ItemsCount        int64        `json:"items_count"`
}

type shopper struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func rowOf(l Listed) orderRow {
	out := orderRow{ID: strconv.FormatInt(l.ID, 10), Name: l.Name, PlacedAt: l.PlacedAt, Total: money.New(l.TotalMinor, l.Currency),
		FinancialStatus: l.FinancialStatus, CancelledAt: l.CancelledAt, Test: l.Test, Locale: l.Locale, MailState: l.MailState, ItemsCount: l.ItemsCount}
	if l.CustomerName != "" || l.Email != "" {
		out.Customer = &shopper{l.CustomerName, l.Email}
	}
	if l.FulfillmentStatus != "" {
		out.FulfillmentStatus = &l.FulfillmentStatus
	}
	return out
}

type orderList struct {
	Orders   []orderRow `json:"orders"`
	Next     *string    `json:"next_cursor"`
	Estimate int64      `json:"total_estimate"`
}

func (s *Service) getOrders(c *web.Ctx) error {
	f := Filter{Query: c.Query("q"), State: c.Query("state"), Mail: c.Query("mail"), After: c.Query("cursor")}
	if len(f.Query) > 200 {
		return ErrFilter.WithFields(problem.Field{Field: "q", Detail: "is too long"})
	}
	if text := c.Query("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return ErrFilter.WithFields(problem.Field{Field: "limit", Detail: "is not a number above zero"})
		}
		f.Limit = n
	}
	answer := orderList{Orders: []orderRow{}}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		zone, err := s.zone(tx)
		if err != nil {
			return err
		}
		if f.Since, err = instantParam(c, "since", zone, 0); err != nil {
			return err
		}
		if f.Until, err = instantParam(c, "until", zone, 1); err != nil {
			return err
		}
		page, next, estimate, err := List(tx, f)
		if err != nil {
			return err
		}
		for _, l := range page {
			answer.Orders = append(answer.Orders, rowOf(l))
		}
		if next != "" {
			answer.Next = &next
		}
		answer.Estimate = estimate
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.shops.ReadingList(c, answer.shown()); err != nil {
		return err
	}
	return c.OK(answer)
}

func (l orderList) shown() (ids []string) {
	for _, o := range l.Orders {
		ids = append(ids, o.ID)
	}
	return ids
}

func (s *Service) zone(tx *store.Tx) (*time.Location, error) {
	shop, err := s.shops.Get(tx)
	return clock.Zone(shop.Timezone), err
}

// instantParam reads a time, or a day of the shop's calendar; until a day means
// until its end.
func instantParam(c *web.Ctx, name string, zone *time.Location, days int) (time.Time, error) {
	text := c.Query(name)
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	d, err := clock.ParseDate(text)
	if err != nil {
		return time.Time{}, ErrFilter.WithFields(problem.Field{Field: name, Detail: "is neither a date such as 2026-11-21 nor a time"})
	}
	return d.AddDays(days).Start(zone), nil
}

func orderParam(c *web.Ctx) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, ErrNotFound
	}
	return id, nil
}

type amountRow struct {
	Kind   string       `json:"kind,omitempty"`
	Label  string       `json:"label"`
	Amount money.Amount `json:"amount"`
}

type itemRow struct {
	Title     string       `json:"title"`
	Options   string       `json:"options"`
	Quantity  int64        `json:"quantity"`
	UnitPrice money.Amount `json:"unit_price"`
	Total     money.Amount `json:"total"`
	ImageURL  string       `json:"image_url"`
}

type orderAnswer struct {
	orderRow
	Currency        string      `json:"currency"`
	Items           []itemRow   `json:"items"`
	Totals          []amountRow `json:"totals"`
	ShippingAddress []string    `json:"shipping_address"`
	BillingAddress  []string    `json:"billing_address"`
	Payments        []amountRow `json:"payments"`
	ShopifyAdminURL string      `json:"shopify_admin_url"`
	OrderPageURL    string      `json:"order_page_url"`
	ReturnsLastDay  *clock.Date `json:"returns_last_day"`
}

func (s *Service) getOrder(c *web.Ctx) error {
	id, err := orderParam(c)
	if err != nil {
		return err
	}
	var answer orderAnswer
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		f, err := load(tx, id)
		if err != nil {
			return err
		}
		v, err := s.view(tx, f, locale.English)
		if err != nil {
			return err
		}
		listed, err := withMail(tx, []row{f.row})
		if err != nil {
			return err
		}
		answer = v.answer(listed[0])
		answer.ShopifyAdminURL = s.adminURL(v.shop.Domain) + "/orders/" + answer.ID
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.shops.Reading(c, answer.ID); err != nil {
		return err
	}
	return c.OK(map[string]any{"order": answer})
}

// answer shows the order to the merchant, in the shop's money.
func (v *view) answer(l Listed) orderAnswer {
	o := v.Order
	out := orderAnswer{orderRow: rowOf(l), Currency: o.Currency, Items: []itemRow{}, Totals: []amountRow{}, Payments: []amountRow{},
		ShippingAddress: append([]string{}, o.Shipping.Lines()...), BillingAddress: append([]string{}, o.Billing.Lines()...), OrderPageURL: v.url}
	for _, it := range v.sums.Items {
		item := itemRow{Title: it.Line.Title, Options: it.Line.Options, Quantity: it.Quantity, UnitPrice: o.ShopMoney(it.Line.Price), Total: o.ShopMoney(it.Net)}
		if it.Line.Picture != nil {
			item.ImageURL = it.Line.Picture.URL
		}
		out.Items = append(out.Items, item)
	}
	for _, r := range v.sums.Rows {
		shown := amountRow{r.Kind, v.label(r), o.ShopMoney(r.Amount)}
		out.Totals = append(out.Totals, shown)
		switch r.Kind {
		case RowPaid, RowGiftCard, RowStoreCredit:
			out.Payments = append(out.Payments, amountRow{Label: shown.Label, Amount: shown.Amount})
		}
	}
	out.ReturnsLastDay = v.terms.LastDay
	return out
}

// timelineEntry is one thing that happened to an order.
type timelineEntry struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"` // fact, mail, job, webhook, change
	Title  string    `json:"title"`
	Detail string    `json:"detail"`
	State  string    `json:"state"` // done, waiting, failed, stopped
	Ref    *refTo    `json:"ref"`
}

type refTo struct {
	Type string `json:"type"` // message, webhook, job
	ID   string `json:"id"`
}

func (s *Service) getTimeline(c *web.Ctx) error {
	id, err := orderParam(c)
	if err != nil {
		return err
	}
	answer := struct {
		Timezone string          `json:"timezone"`
		Entries  []timelineEntry `json:"entries"`
	}{}
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		head, err := findHead(tx, id)
		if err != nil {
			return err
		}
		if !head.found {
			return ErrNotFound
		}
		shop, err := s.shops.Get(tx)
		if err != nil {
			return err
		}
		answer.Timezone = shop.Timezone
		answer.Entries, err = timeline(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.shops.ReadingList(c, []string{strconv.FormatInt(id, 10)}); err != nil {
		return err
	}
	return c.OK(answer)
}

// timeline merges what four tables know, by asking those who own them.
func timeline(tx *store.Tx, id int64) ([]timelineEntry, error) {
	happened, err := events(tx, id)
	if err != nil {
		return nil, err
	}
	mails, err := messages.ForOrder(tx, id)
	if err != nil {
		return nil, err
	}
	webhooks, err := shopify.InboxAbout(tx, shopify.Subject("order", id))
	if err != nil {
		return nil, err
	}
	jobs, err := queue.About(tx, strconv.FormatInt(id, 10))
	if err != nil {
		return nil, err
	}
	names, err := shops.StaffNames(tx)
	if err != nil {
		return nil, err
	}
	entries := []timelineEntry{}
	for _, e := range happened {
		e.Detail = withName(e.Detail, names)
		entries = append(entries, eventEntry(e))
	}
	for _, m := range mails {
		entries = append(entries, mailEntry(m))
	}
	for _, w := range webhooks {
		entries = append(entries, timelineEntry{At: w.ReceivedAt, Kind: "webhook", Title: "Shopify sent " + w.Topic, State: "done", Ref: &refTo{"webhook", w.ID}})
	}
	for _, j := range jobs {
		entries = append(entries, jobEntry(j))
	}
	slices.SortStableFunc(entries, func(a, b timelineEntry) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Kind, b.Kind))
	})
	return entries, nil
}

var staffNumber = regexp.MustCompile(`^Staff \((\d+)\)`)

// withName puts a name to the member of staff that a text begins with. What is kept is
// the number: the name goes when an owner removes them.
func withName(text string, names map[string]string) string {
	if m := staffNumber.FindStringSubmatch(text); m != nil && names[m[1]] != "" {
		return names[m[1]] + text[len(m[0]):]
	}
	return text
}

func eventEntry(e EventRow) timelineEntry {
	titles := map[string]string{EventPlaced: "Order placed", EventEdited: "Order edited", EventCancelled: "Order cancelled",
		EventFulfilled: "Items fulfilled", EventRefunded: "Money refunded", EventDeleted: "Order deleted"}
	kind := "fact"
	if e.Kind == EventEdited {
		kind = "change"
	}
	title, ours := titles[e.Kind]
	if !ours { // a later room brings its own words
		return timelineEntry{At: e.At, Kind: kind, Title: e.Detail, State: "done"}
	}
	return timelineEntry{At: e.At, Kind: kind, Title: title, Detail: e.Detail, State: "done"}
}

// mailTitles are what merchants call the mails about an order.
var mailTitles = map[string]string{KindConfirmation: "Order confirmation", "tracking.shipped": "Shipping notice", "tracking.out_for_delivery": "Out-for-delivery notice",
	"tracking.delivered": "Delivery notice", "tracking.delayed": "Delay notice", "tracking.exception": "Exception notice",
	"changes.receipt": "Receipt of a change", "changes.pay_reminder": "Reminder to pay for a change", "changes.undone": "Change taken back"}

func mailEntry(m messages.Message) timelineEntry {
	title := mailTitles[m.Kind]
	if title == "" {
		title = "E-mail " + m.Kind
	}
	if m.ResendOf != "" {
		title += ", sent again"
	}
	out := timelineEntry{At: m.CreatedAt, Kind: "mail", Title: title, Detail: m.Reason, State: "waiting", Ref: &refTo{"message", m.ID}}
	switch m.State {
	case messages.StateSent:
		out.State = "done"
		if m.SentAt != nil {
			out.At = *m.SentAt
		}
		if m.ToAddress != "" {
			out.Detail = "to " + m.ToAddress
		}
		if name := styleNames[m.Variant]; name != "" {
			out.Detail = strings.TrimSpace(out.Detail + " · " + name + ". " + m.VariantReason)
		}
	case messages.StateFailed:
		out.State = "failed"
	case messages.StateStopped, messages.StateSuppressed:
		out.State = "stopped"
	}
	return out
}

func jobEntry(j queue.Row) timelineEntry {
	titles := map[string]string{TaskRead: "Order read again from Shopify", TaskConfirm: "Pictures and payments read from Shopify", "tracking.read": "Parcels read from Shopify",
		"policy.placed": "Products looked up for the policy", "policy.products": "Products read from Shopify", "changes.refunded": "Refund compared with withdrawals",
		"offers.count": "Order counted for suggestions", "offers.end_cancelled": "Unused codes of the order ended", "offers.end_deleted": "Unused codes of the order ended"}
	title := titles[j.Kind]
	if title == "" {
		title = "Job " + j.Kind
	}
	out := timelineEntry{At: j.CreatedAt, Kind: "job", Title: title, Detail: j.Reason, State: "waiting", Ref: &refTo{"job", j.ID}}
	switch j.State {
	case queue.StateDone:
		out.State, out.Detail = "done", ""
		if j.DoneAt != nil {
			out.At = *j.DoneAt
		}
	case queue.StateParked:
		out.State = "failed"
	case queue.StateStopped:
		out.State = "stopped"
	}
	if j.Attempts > 1 && out.State != "done" {
		out.Detail = strings.TrimSpace(fmt.Sprintf("%s (attempt %d)", out.Detail, j.Attempts))
	}
	return out
}
