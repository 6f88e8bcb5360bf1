package tracking

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/messages"
	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// The facts and the mails of offers. What they are about is the offer's id.
const (
	FactOffered = "tracking.offered"
	FactMadeUp  = "tracking.made_up" // carried out

	KindOffer   = "tracking.offer"
	KindOutcome = "tracking.offer_outcome"
)

// States of an offer.
//
//	open → chosen → done
//	     │        → refused (the budget is free again)
//	     │        → parked  (staff has to look; the budget stays taken) → done | refused
//	     → ended  (it arrived, or nobody chose in time)
const (
	OfferOpen    = "open"
	OfferChosen  = "chosen"
	OfferDone    = "done"
	OfferRefused = "refused"
	OfferParked  = "parked"
	OfferEnded   = "ended"
)

// Why an offer was made.
const (
	CauseLate    = "late"
	CauseStalled = "stalled"
)

// The optional scopes that choices need.
var (
	refundScopes = []string{"write_orders"}
	reshipScopes = []string{"write_draft_orders"}
	giftScopes   = []string{"write_store_credit_account_transactions", "read_store_credit_accounts"}
)

// OfferScopes are all of them.
var OfferScopes = slices.Concat(refundScopes, reshipScopes, giftScopes)

var (
	// ErrOfferGone says that there is no such offer.
	ErrOfferGone = problem.New(problem.NotFound, "tracking.offer_gone", "There is no such offer.")
	// ErrChoice says that the choice was not among those offered.
	ErrChoice = problem.New(problem.Malformed, "tracking.choice", "Choose one of what is offered.")
	// ErrBudget says that the merchant's budget does not cover the choice any more.
	ErrBudget = problem.New(problem.Conflict, "tracking.budget", "This is not possible any more. Choose something else, or write to the shop.")
)

// worthOf is the parcel's share of what the order costs now: by the price of the
// goods in it, rounded down, in the shop's and in the shopper's money.
func worthOf(o *orders.Order, items []Item) (worth orders.Price, complete bool) {
	var in, all orders.Price
	complete = len(items) > 0
	for i := range o.Lines {
		l := &o.Lines[i]
		at := slices.IndexFunc(items, func(it Item) bool { return it.LineID == l.ID })
		net := orders.Price{Shop: l.Price.Shop * l.Quantity, Presentment: l.Price.Presentment * l.Quantity}
		for _, a := range l.Allocations {
			net.Shop, net.Presentment = net.Shop-a.Amount.Shop, net.Presentment-a.Amount.Presentment
		}
		if l.Quantity <= 0 {
			continue
		}
		part := func(n int64) orders.Price {
			return orders.Price{Shop: net.Shop * n / l.Quantity, Presentment: net.Presentment * n / l.Quantity}
		}
		left := part(l.CurrentQuantity)
		all.Shop, all.Presentment = all.Shop+left.Shop, all.Presentment+left.Presentment
		if at < 0 {
			continue
		}
		got := part(min(items[at].Quantity, l.CurrentQuantity))
		in.Shop, in.Presentment = in.Shop+got.Shop, in.Presentment+got.Presentment
		complete = complete && l.VariantID != 0 && items[at].Quantity <= l.CurrentQuantity
	}
	return orders.Price{Shop: share(o.Now.Total.Shop, in.Shop, all.Shop), Presentment: share(o.Now.Total.Presentment, in.Presentment, all.Presentment)}, complete
}

// leftOf is what of an order's money has not gone back.
func leftOf(o *orders.Order) orders.Price {
	left := o.Bought.Total
	for _, f := range o.Refunds { // by hand, money alone goes back as well
		left.Shop, left.Presentment = left.Shop-f.Money.Shop, left.Presentment-f.Money.Presentment
	}
	return left
}

// worthLeft is worthOf, and never more than what has not gone back. What was paid
// back in part is not whole any more: shoppers get the goods or the money.
func worthLeft(o *orders.Order, items []Item) (worth orders.Price, complete bool) {
	worth, complete = worthOf(o, items)
	left := leftOf(o)
	if left.Presentment >= worth.Presentment {
		return worth, complete
	}
	return orders.Price{Shop: max(0, min(worth.Shop, left.Shop)), Presentment: max(0, left.Presentment)}, false
}

func share(total, part, whole int64) int64 {
	if whole <= 0 || part <= 0 || total <= 0 {
		return 0
	}
	return money.New(total, "").Allocate(part, whole-part)[0].Minor
}

// choices are what the merchant's settings and the granted scopes leave.
func (g Goodwill) choices(o *orders.Order, worth orders.Price, complete bool, shop shops.Shop) (list []string) {
	granted := func(scopes []string) bool {
		return !slices.ContainsFunc(scopes, func(s string) bool { return !shop.Granted(s) })
	}
	money := worth.Shop > 0 && worth.Presentment > 0 && worth.Shop <= g.CapOrder && worth.Shop <= g.CapMonth
	if g.Wait {
		list = append(list, ChoiceWait)
	}
	if g.Reship && money && complete && o.Shipping != nil && granted(reshipScopes) {
		list = append(list, ChoiceReship)
	}
	if g.Refund && money && granted(refundScopes) {
		list = append(list, ChoiceRefund)
	}
	if g.Credit && money && o.CustomerID() != 0 && granted(refundScopes) {
		list = append(list, ChoiceCredit)
	}
	return list
}

// waitCredit is the store credit for waiting that this order can get.
func (g Goodwill) waitCredit(o *orders.Order, shop shops.Shop) int64 {
	if o.CustomerID() == 0 || g.WaitMinor > g.CapOrder || slices.ContainsFunc(giftScopes, func(s string) bool { return !shop.Granted(s) }) {
		return 0
	}
	return g.WaitMinor
}

// offerShop makes the offers that are due in a shop, and ends those whose time is
// over.
func (s *Service) offerShop(tx *store.Tx, shop shops.Shop) error {
	if err := endOffers(tx, tx.Now); err != nil {
		return err
	}
	if err := s.lapsedClaims(tx); err != nil {
		return err
	}
	g, err := loadGoodwill(tx, shop.Currency)
	if err != nil || !g.Enabled {
		return err
	}
	stalled, late := tx.Now.Add(-time.Duration(g.StalledHours)*time.Hour), tx.Now.AddDate(0, 0, -int(g.LateDays))
	made, after := 0, int64(0)
	for made < watchAtMost { // those that get none must not hide those behind them
		due, err := disappointed(tx, stalled, late, tx.Now.Add(-sweepYounger), after, watchAtMost)
		if err != nil {
			return err
		}
		for i := range due {
			offered, err := s.offer(tx, &due[i], g, shop)
			if err != nil {
				return err
			}
			if after = due[i].ID; offered {
				made++
			}
		}
		if len(due) < watchAtMost {
			break
		}
	}
	return nil
}

// offer makes an offer for one parcel, once, and tells whether it did.
func (s *Service) offer(tx *store.Tx, r *row, g Goodwill, shop shops.Shop) (made bool, err error) {
	o, err := orders.Find(tx, r.OrderID)
	if errors.Is(err, orders.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if o.CancelledAt != nil || !g.covers(r.DestinationCountry, o.Now.Total.Shop, o.Currency) || !slices.Contains(payable, o.FinancialStatus) {
		return false, nil
	}
	p, err := r.parcel(tx.Now)
	if err != nil {
		return false, err
	}
	worth, complete := worthLeft(o, p.Items)
	list := g.choices(o, worth, complete, shop)
	wait := g.waitCredit(o, shop)
	if len(list) == 0 || len(list) == 1 && list[0] == ChoiceWait && wait == 0 { // waiting is no offer
		return false, nil
	}
	cause := CauseLate
	if r.StalledAt != nil {
		cause = CauseStalled
	}
	of := offerRow{ShopID: tx.Shop, ID: ids.New("mg"), OrderID: o.ID, OrderName: o.Name, ParcelID: r.ID, Cause: cause, State: OfferOpen, Choices: strings.Join(list, " "),
		AmountMinor: worth.Presentment, WorthMinor: worth.Shop, WaitMinor: wait, Currency: o.PresentmentCurrency, MadeAt: tx.Now, UntilAt: tx.Now.AddDate(0, 0, int(g.ValidDays))}
	if made, err = insertOffer(tx, &of); err != nil || !made {
		return false, err
	}
	id := strconv.FormatInt(r.ID, 10)
	if err := orders.Note(tx, o.ID, "offer:"+of.ID, "parcel_offer", tx.Now, "The shopper may choose for parcel "+first(r.Name, id)+": "+strings.Join(list, ", ")); err != nil {
		return false, err
	}
	if err := queue.Publish(tx, FactOffered, of.ID); err != nil {
		return false, err
	}
	return true, s.mailOffer(tx, o, KindOffer, of.ID)
}

func (s *Service) mailOffer(tx *store.Tx, o *orders.Order, kind, id string) error {
	if o.Email == "" {
		return nil
	}
	return messages.Send(tx, messages.Request{Kind: kind, Once: id, Ref: id, To: o.Email, ToName: o.ShopperName(), Locale: o.Locale, OrderID: o.ID, OrderName: o.Name,
		CustomerID: o.CustomerID(), CausedAt: tx.Now})
}

// Choose takes the shopper's choice, once: the row is turned and the budget taken
// in the transaction that plans the operation. Chosen before, it changes nothing.
func (s *Service) Choose(tx *store.Tx, orderID int64, id, choice string) (offerRow, error) {
	of, err := findOffer(tx, id)
	if err != nil {
		return of, err
	}
	if of.OrderID != orderID {
		return of, ErrOfferGone
	}
	if of.State != OfferOpen || !of.UntilAt.After(tx.Now) {
		return of, nil
	}
	if !slices.Contains(strings.Fields(of.Choices), choice) {
		return of, ErrChoice
	}
	o, err := orders.Find(tx, of.OrderID)
	if err != nil {
		return of, err
	}
	stands, err := of.stands(tx, o)
	if err != nil {
		return of, err
	}
	if !stands {
		of.State = OfferEnded
		return of, s.fall(tx, of)
	}
	return s.carryOut(tx, o, of, choice, "The shopper chose ")
}

// carryOut turns the row, takes the budget and plans the operation. What is given
// for a missing parcel was taken of the budget when it was approved.
func (s *Service) carryOut(tx *store.Tx, o *orders.Order, of offerRow, choice, who string) (offerRow, error) {
	worth := of.WorthMinor
	if choice == ChoiceWait {
		worth = of.WaitMinor
	}
	request := request(o, of, choice)
	of.Choice, of.WorthMinor, of.ChosenAt, of.OperationID = choice, worth, &tx.Now, request.ID
	if of.Cause != CauseMissing {
		of.BudgetMonth = monthOf(tx.Now)
	}
	turned, err := turnOffer(tx, of)
	if err != nil {
		return of, err
	}
	if !turned { // somebody was faster
		return findOffer(tx, of.ID)
	}
	of.State = OfferChosen
	if worth > 0 && of.Cause != CauseMissing {
		taken, err := reserve(tx, of.BudgetMonth, worth)
		if err != nil {
			return of, err
		}
		if !taken {
			return of, ErrBudget
		}
	}
	text := map[string]string{ChoiceWait: "to wait", ChoiceReship: "to get it sent again", ChoiceRefund: "the money back", ChoiceCredit: "store credit"}[choice]
	if err := orders.Note(tx, o.ID, "offer:"+of.ID+":chosen", "parcel_choice", tx.Now, who+text); err != nil {
		return of, err
	}
	if request.Kind == "" {
		return of, s.settle(tx, &of, OfferDone, "")
	}
	_, err = shopify.Plan(tx, request)
	return of, err
}

// payable are the states of an order in which money can go back.
var payable = []string{"paid", "partially_refunded"}

// stands tells whether the reason of an open offer is still there. Rounds end those
// for which it is not; in between nobody gets money for a parcel that has arrived,
// or again for goods that were taken out of the order or paid back.
func (of offerRow) stands(tx *store.Tx, o *orders.Order) (bool, error) {
	r, err := find(tx, of.ParcelID)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil || r.UnderWay == (of.Cause == CauseMissing) || o.CancelledAt != nil || !slices.Contains(payable, o.FinancialStatus) {
		return false, err
	}
	if leftOf(o).Presentment < of.AmountMinor {
		return false, nil
	}
	p, err := r.parcel(tx.Now)
	if err != nil {
		return false, err
	}
	since := of.MadeAt.Truncate(time.Second) // Shopify tells whole ones
	return !slices.ContainsFunc(o.Refunds, func(f orders.Refund) bool {
		return !f.CreatedAt.Before(since) && slices.ContainsFunc(f.Lines, func(l orders.RefundLine) bool {
			return slices.ContainsFunc(p.Items, func(i Item) bool { return i.LineID == l.LineID })
		})
	}), nil
}

// fall ends an open offer whose reason is gone. A claim's goes back to a person.
func (s *Service) fall(tx *store.Tx, of offerRow) error {
	if of.Cause != CauseMissing {
		_, err := endOffer(tx, of.ID)
		return err
	}
	ended, err := endMissing(tx, of)
	if err != nil || !ended {
		return err
	}
	_, err = s.claimBack(tx, of.ID, "rules", "the order has changed meanwhile")
	return err
}

// request is the operation that a choice needs; without a kind, none.
func request(o *orders.Order, of offerRow, choice string) shopify.OperationRequest {
	id := ids.New("op")
	r := shopify.OperationRequest{Subject: of.ID, Order: of.OrderID, Amount: money.New(of.AmountMinor, of.Currency)}
	switch choice {
	case ChoiceRefund, ChoiceCredit:
		back := shopify.GiveBack{Order: of.OrderID, Amount: r.Amount, Credit: choice == ChoiceCredit, Note: "For a late parcel"}
		r = back.Request(OperationRefund, of.ID)
	case ChoiceReship:
		r.Kind, r.Input = OperationReship, reshipInput{Order: of.OrderID, Offer: of.ID}
	case ChoiceWait:
		if of.WaitMinor == 0 {
			return shopify.OperationRequest{}
		}
		// Shopify keeps no key for it: no two in flight may look alike.
		ends := giftEnd(id, of.MadeAt)
		r.Kind, r.Subject, r.Amount = OperationGift, fmt.Sprintf("customer:%d:%d", o.CustomerID(), ends.Unix()), money.New(of.WaitMinor, o.Currency)
		r.Input = giftInput{Customer: o.CustomerID(), Minor: of.WaitMinor, Currency: o.Currency, EndsAt: ends}
	}
	r.ID = id
	return r
}

// giftEnd is a year from a day on, at a second of its own.
func giftEnd(operation string, from time.Time) time.Time {
	sum := sha256.Sum256([]byte(operation))
	second := binary.BigEndian.Uint32(sum[:4]) % (24 * 60 * 60)
	return from.UTC().Truncate(24*time.Hour).AddDate(1, 0, 0).Add(time.Duration(second) * time.Second)
}

// settle writes how a chosen offer ended, and what that means for the budget. A
// parked one may still end otherwise.
func (s *Service) settle(tx *store.Tx, of *offerRow, state, reason string) error {
	moved, err := closeOffer(tx, of.ID, state, reason)
	if err != nil || !moved {
		return err
	}
	of.State, of.Reason = state, reason
	switch state {
	case OfferRefused:
		err = release(tx, of.BudgetMonth, of.WorthMinor)
	case OfferDone:
		err = spend(tx, of.BudgetMonth, of.WorthMinor)
	}
	if err != nil || state == OfferParked {
		return err
	}
	if of.Cause == CauseMissing {
		if quiet, err := s.claimSettled(tx, of); err != nil || quiet {
			return err
		}
	}
	if state == OfferDone {
		if err := queue.Publish(tx, FactMadeUp, of.ID); err != nil {
			return err
		}
	}
	o, err := orders.Find(tx, of.OrderID)
	if errors.Is(err, orders.ErrNotFound) || reason == shopify.ReasonErased { // nobody is left to be told
		return nil
	}
	if err != nil {
		return err
	}
	return s.mailOffer(tx, o, KindOutcome, of.ID)
}
