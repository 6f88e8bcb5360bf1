package changes

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/policy"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/store"
	"afterglow/app/tracking"
)

// The states of a withdrawal.
const (
	WithdrawalReceived  = "received"
	WithdrawalMatched   = "matched"
	WithdrawalAnswered  = "answered"
	WithdrawalDismissed = "dismissed" // it does not concern an order of the shop
)

// What a withdrawal comes to.
const (
	FindingNone    = "" // not matched yet
	FindingInTime  = "in_time"
	FindingLate    = "late"
	FindingExempt  = "exempt"
	FindingPartly  = "partly"
	FindingNothing = "nothing"
)

const (
	statutoryDays = 14 // to withdraw, and to pay back
	refundNear    = 4 * 24 * time.Hour
	receiptsMost  = 10 // mails a day to one address; the declarations are kept all the same
)

// Problems with answering.
var (
	ErrAnswered    = problem.New(problem.Conflict, "changes.answered", "This was answered already.")
	ErrNotMatched  = problem.New(problem.Conflict, "changes.not_matched", "Say first which order this is about.")
	ErrMatched     = problem.New(problem.Conflict, "changes.matched", "It fits an order. Accept or decline it.")
	ErrDismissWhy  = problem.New(problem.Invalid, "changes.dismiss_why", "Say in at most 500 characters why it does not concern an order of this shop.")
	ErrNoSuchOrder = problem.New(problem.Invalid, "changes.no_such_order", "There is no order of this number.")
)

// Declaration is what somebody typed to withdraw from a contract.
type Declaration struct {
	Name, Order, Email, Items string
	Lines                     []int64 // chosen on an order's page
}

// The longest of each that is taken.
const (
	nameMost  = 200
	orderMost = 200
	emailMost = 254
	itemsMost = 2000
)

// clean makes what was typed storable without changing what it says.
func (d Declaration) clean() Declaration {
	d.Name, d.Order, d.Email, d.Items = oneLine(d.Name), oneLine(d.Order), oneLine(d.Email), plain(d.Items)
	return d
}

// missing names what has to be typed (again): only what the law lets a shop ask.
func (d Declaration) missing() (fields []string) {
	wrong := func(text string, most int) bool { return text == "" || utf8.RuneCountInString(text) > most }
	if wrong(d.Name, nameMost) {
		fields = append(fields, "name")
	}
	if wrong(d.Order, orderMost) {
		fields = append(fields, "order")
	}
	if at := strings.LastIndexByte(d.Email, '@'); wrong(d.Email, emailMost) || at < 1 || at == len(d.Email)-1 || strings.ContainsAny(d.Email, " <>,;") {
		fields = append(fields, "email")
	}
	if utf8.RuneCountInString(d.Items) > itemsMost && len(d.Lines) == 0 { // what was chosen we wrote
		fields = append(fields, "items")
	}
	return fields
}

func emailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// plain drops what a text cannot hold and keeps its lines.
func plain(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || !unicode.IsControl(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, "")))
}

func oneLine(s string) string { return strings.Join(strings.Fields(plain(s)), " ") }

// declare keeps a declaration and asks for its receipt. The id came with the form:
// the same form declares once. order is 0 for who came without an order's link.
func (s *Requests) declare(tx *store.Tx, id string, d Declaration, order int64, tag locale.Tag) error {
	zone, err := s.zone(tx)
	if err != nil {
		return err
	}
	lines, _ := json.Marshal(append([]int64{}, d.Lines...))
	w := &withdrawalRow{ShopID: tx.Shop, ID: id, TypedOrder: d.Order, Name: d.Name, Email: d.Email, EmailKey: emailKey(d.Email), TypedItems: d.Items, Lines: string(lines),
		Locale: string(tag), OrderID: order, State: WithdrawalReceived, Findings: "[]", ReceivedAt: tx.Now,
		RefundDue: clock.DateIn(tx.Now, zone).AddDays(statutoryDays + 1).Start(zone)}
	fresh, err := keepWithdrawal(tx, w)
	if err != nil || !fresh {
		return err
	}
	today, err := receiptsTo(tx, w.EmailKey, tx.Now.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	if today <= receiptsMost {
		if err := messages.Send(tx, messages.Request{Kind: KindWithdrawal, Once: id, Ref: id, To: d.Email, ToName: d.Name, Locale: string(tag)}); err != nil {
			return err
		}
	}
	if err := queue.Publish(tx, FactWithdrawalReceived, id); err != nil {
		return err
	}
	return queue.Enqueue(tx, queue.Request{Kind: TaskMatch, Ref: id, Once: id})
}

func (s *Requests) zone(tx *store.Tx) (*time.Location, error) {
	shop, err := s.shops.Get(tx)
	return clock.Zone(shop.Timezone), err
}

// match is the job: it looks for the order that is meant. Without one the
// declaration waits for somebody who finds it.
func (s *Requests) match(_ context.Context, tx *store.Tx, job queue.Job) error {
	w, err := holdWithdrawal(tx, job.Ref)
	if errors.Is(err, ErrRequestMissing) || err == nil && (w.State != WithdrawalReceived || w.ErasedAt != nil) {
		return nil
	}
	if err != nil {
		return err
	}
	order := w.OrderID
	for i, text := range append([]string{w.TypedOrder}, strings.Fields(w.TypedOrder)...) {
		if order != 0 || i > 6 {
			break
		}
		if order, err = orders.Identify(tx, strings.Trim(text, ".,;:()"), w.Email); err != nil {
			return err
		}
	}
	if order == 0 {
		return nil
	}
	return s.settle(tx, w, order)
}

// itemFinding is what a withdrawal comes to for one item.
type itemFinding struct {
	Line    int64  `json:"line"`
	Title   string `json:"title"`
	Finding string `json:"finding"`
	Reason  string `json:"reason"` // to the shopper, in their language
	Staff   string `json:"staff"`
}

// settle writes down which order a declaration is about and what it comes to, as
// of the moment it was received.
func (s *Requests) settle(tx *store.Tx, w *withdrawalRow, order int64) error {
	o, err := orders.Find(tx, order)
	if errors.Is(err, orders.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	zone, err := s.zone(tx)
	if err != nil {
		return err
	}
	v, err := s.policy.VerdictAt(tx, policy.Withdraw, order, w.ReceivedAt)
	if err != nil {
		return err
	}
	w.Finding, w.LastDay = FindingNothing, ""
	list := []itemFinding{}
	arrived, err := s.policy.Arrived(tx, o)
	if err != nil {
		return err
	}
	days := daysOf(o, zone)
	begun := arrived != nil || o.FulfillmentStatus == "fulfilled" // what is still to be sent has not arrived
	for _, it := range v.Items {
		if chosen := w.lines(); len(chosen) > 0 && !slices.Contains(chosen, it.Item) {
			continue
		}
		last := it.LastDay
		if arrived != nil {
			last = laterDay(last, days.last(*arrived).AddDays(statutoryDays))
		}
		list = append(list, itemFinding{Line: it.Item, Title: it.Title, Finding: judge(it.Verdict, begun, last, days.first(w.ReceivedAt)),
			Reason: it.Explain(locale.Match(w.Locale), zone), Staff: it.Staff(zone)})
		if last != nil && it.Reason.Key != policy.ReasonItem {
			w.LastDay = workday(*last).String()
		}
	}
	w.Finding = overall(list)
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	w.OrderID, w.OrderName, w.State, w.Findings, w.PolicyVersion = o.ID, o.Name, WithdrawalMatched, string(text), v.Version
	now := tx.Now
	w.MatchedAt = &now
	if w.RefundedAt == nil && w.paidBack(o) {
		w.RefundedAt = &now
	}
	if err := saveWithdrawal(tx, w); err != nil {
		return err
	}
	return orders.Note(tx, o.ID, "withdrawal:"+w.ID, "withdrawal", w.ReceivedAt, "Withdrawal from the contract received")
}

func judge(v policy.Verdict, begun bool, last *clock.Date, received clock.Date) string {
	switch {
	case v.Allowed:
		return FindingInTime
	case v.Reason.Key == policy.ReasonCancelled, v.Reason.Key == policy.ReasonNothingLeft:
		return FindingNothing
	case v.Reason.Key != policy.ReasonDayOver && v.Reason.Key != policy.ReasonTimeOver:
		return FindingExempt
	case !begun, last != nil && !workday(*last).Before(received):
		return FindingInTime
	}
	return FindingLate
}

// workday is the day itself, or the Monday after a weekend: Regulation 1182/71,
// Article 3(4). Public holidays differ by place and are left to the merchant.
func workday(d clock.Date) clock.Date {
	switch d.Weekday() {
	case time.Saturday:
		return d.AddDays(2)
	case time.Sunday:
		return d.AddDays(1)
	}
	return d
}

// calendar is by which zones days are counted: the shop's and the shopper's. Where
// they differ, what is better for the shopper counts.
type calendar [2]*time.Location

func daysOf(o *orders.Order, shop *time.Location) calendar {
	c := calendar{shop, shop}
	if o.Shipping != nil {
		if zone, ok := tracking.ZoneOf(o.Shipping.CountryCode, cmp.Or(o.Shipping.ProvinceCode, o.Shipping.Province)); ok {
			c[1] = zone
		}
	}
	return c
}

func (c calendar) first(at time.Time) clock.Date {
	a, b := clock.DateIn(at, c[0]), clock.DateIn(at, c[1])
	if a.Before(b) {
		return a
	}
	return b
}

func (c calendar) last(at time.Time) clock.Date {
	a, b := clock.DateIn(at, c[0]), clock.DateIn(at, c[1])
	if b.Before(a) {
		return a
	}
	return b
}

// paidBack tells whether a refund since the declaration was for it: it took out one
// of the items, or gave at least what they cost. A small sum for something else, a
// late parcel, is not.
func (w *withdrawalRow) paidBack(o *orders.Order) bool {
	chosen, worth, back := w.lines(), int64(0), int64(0)
	ours := func(line int64) bool { return len(chosen) == 0 || slices.Contains(chosen, line) }
	for _, l := range o.Lines {
		if l.Tip || !ours(l.ID) {
			continue
		}
		worth += l.Price.Presentment * l.Quantity
		for _, a := range l.Allocations {
			worth -= a.Amount.Presentment
		}
	}
	since := w.ReceivedAt.Truncate(time.Second) // Shopify tells whole ones
	for _, r := range o.Refunds {
		if r.CreatedAt.Before(since) || r.Money.Presentment <= 0 {
			continue
		}
		if slices.ContainsFunc(r.Lines, func(l orders.RefundLine) bool { return ours(l.LineID) }) {
			return true
		}
		back += r.Money.Presentment
	}
	return back > 0 && (back >= worth || o.FinancialStatus == "refunded")
}

func laterDay(a *clock.Date, b clock.Date) *clock.Date {
	if a != nil && !a.Before(b) {
		return a
	}
	return &b
}

// overall sums the items up.
func overall(list []itemFinding) string {
	seen := map[string]int{}
	for _, it := range list {
		seen[it.Finding]++
	}
	switch {
	case len(list) == seen[FindingNothing]:
		return FindingNothing
	case seen[FindingInTime] == len(list):
		return FindingInTime
	case seen[FindingInTime] > 0:
		return FindingPartly
	case seen[FindingLate] > 0:
		return FindingLate
	}
	return FindingExempt
}

// matchByHand says which order a declaration is about that fits none by itself.
func (s *Requests) matchByHand(tx *store.Tx, id, number string) error {
	w, err := holdWithdrawal(tx, id)
	if err != nil {
		return err
	}
	if w.State == WithdrawalAnswered {
		return ErrAnswered
	}
	order, err := orders.Named(tx, oneLine(number))
	if err != nil {
		return err
	}
	if order == 0 {
		return ErrNoSuchOrder
	}
	if w.State == WithdrawalDismissed { // by mistake
		w.Answer, w.AnsweredBy, w.AnsweredAt = "", "", nil
	}
	return s.settle(tx, w, order)
}

const dismissMost = 500

// dismissWithdrawal puts a declaration aside that concerns no order of the shop. Its
// receipt went out when it came; nothing more is mailed, because the address may be
// anybody's. The reason is for the merchant's own record.
func dismissWithdrawal(tx *store.Tx, id, why, by string) error {
	w, err := holdWithdrawal(tx, id)
	switch {
	case err != nil || w.State == WithdrawalDismissed:
		return err
	case w.State == WithdrawalAnswered:
		return ErrAnswered
	case w.OrderID != 0:
		return ErrMatched
	}
	now := tx.Now
	w.State, w.Answer, w.AnsweredBy, w.AnsweredAt = WithdrawalDismissed, plain(why), by, &now
	return saveWithdrawal(tx, w)
}

// answerWithdrawal tells the shopper what it came to, once.
func (s *Requests) answerWithdrawal(tx *store.Tx, id string, accepted bool, note, by string) error {
	w, err := holdWithdrawal(tx, id)
	switch {
	case err != nil:
		return err
	case w.State == WithdrawalAnswered:
		return ErrAnswered
	case w.State != WithdrawalMatched:
		return ErrNotMatched
	}
	now := tx.Now
	w.State, w.Accepted, w.Answer, w.AnsweredBy, w.AnsweredAt = WithdrawalAnswered, accepted, plain(note), by, &now
	if err := saveWithdrawal(tx, w); err != nil {
		return err
	}
	title := "Withdrawal from the contract accepted"
	if !accepted {
		title = "Withdrawal from the contract declined"
	}
	if err := orders.Note(tx, w.OrderID, "withdrawal_answered:"+w.ID, "withdrawal_answered", now, title); err != nil || w.Email == "" {
		return err
	}
	return messages.Send(tx, messages.Request{Kind: KindAnswer, Once: id, Ref: id, To: w.Email, ToName: w.Name, Locale: w.Locale, OrderID: w.OrderID, OrderName: w.OrderName})
}

// markRefunded notes that the money went back another way.
func markRefunded(tx *store.Tx, id string) error {
	w, err := holdWithdrawal(tx, id)
	if err != nil || w.RefundedAt != nil {
		return err
	}
	now := tx.Now
	w.RefundedAt = &now
	return saveWithdrawal(tx, w)
}
