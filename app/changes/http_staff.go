package changes

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/policy"
	"afterglow/app/problem"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

// Problems with what staff ask for.
var (
	ErrNote = problem.New(problem.Invalid, "changes.note", "Write in at most 500 characters why you go beyond the policy.").
		WithFields(problem.Field{Field: "note", Detail: "Say why, in at most 500 characters."})
	ErrRefused = problem.New(problem.Conflict, "changes.refused", "This cannot be changed.")
)

const noteMost = 500

func (s *Service) forStaff(r *web.Group) {
	r.GET("/changes/orders/:id", s.getPossible, web.Needs(shops.MayChangeOrders))
	r.GET("/changes/orders/:id/variants", s.getVariants, web.Needs(shops.MayChangeOrders))
	r.POST("/changes/orders/:id/review", s.postStaffReview, web.Needs(shops.MayChangeOrders))
	r.POST("/changes/orders/:id", s.postStaff, web.Needs(shops.MayChangeOrders))
}

type (
	possibleJSON struct {
		Granted bool         `json:"granted"` // Shopify lets us change orders
		Closed  string       `json:"closed"`  // why nothing at all can be changed any more
		Actions []actionJSON `json:"actions"`
		Lines   []lineJSON   `json:"lines"`
		Address *addressJSON `json:"address"` // null: nothing is sent anywhere
		Place   string       `json:"place"`   // country and region, which stay
		Credit  bool         `json:"credit"`  // store credit is possible
		Latest  *entryJSON   `json:"latest"`
		Live    bool         `json:"live"` // the latest has not ended
	}
	actionJSON struct {
		Action  string `json:"action"` // cancel, address, items
		Allowed bool   `json:"allowed"`
		Beyond  bool   `json:"beyond"` // refused by the policy alone: staff may go beyond it
		Why     string `json:"why"`
	}
	lineJSON struct {
		ID       string `json:"id"`
		Title    string `json:"title"`
		Quantity int64  `json:"quantity"`
		Sent     int64  `json:"sent"`
	}
	addressJSON struct {
		FirstName string `json:"first_name"`
		LastName  string `json:"last_name"`
		Company   string `json:"company"`
		Address1  string `json:"address1"`
		Address2  string `json:"address2"`
		Zip       string `json:"zip"`
		City      string `json:"city"`
		Phone     string `json:"phone"`
	}
	staffWish struct {
		ID       string       `json:"id"`
		Kind     Kind         `json:"kind"`
		Line     string       `json:"line_id"`
		Variant  string       `json:"variant_id"`
		Quantity int64        `json:"quantity"`
		Address  *addressJSON `json:"address"`
		Expected *int64       `json:"expected"`
		Credit   bool         `json:"credit"`
		Override bool         `json:"override"`
		Note     string       `json:"note"`
		Quiet    bool         `json:"quiet"`
	}
)

// getPossible tells what can be done with an order, and why not.
func (s *Service) getPossible(c *web.Ctx) error {
	out := possibleJSON{Actions: []actionJSON{}, Lines: []lineJSON{}}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		o, err := orders.Find(tx, number(c.Param("id")))
		if err != nil {
			return err
		}
		shop, err := s.shops.Get(tx)
		if err != nil {
			return err
		}
		verdicts, err := s.policy.Verdicts(tx, o.ID)
		if err != nil {
			return err
		}
		latest, err := newest(tx, o.ID)
		if err != nil {
			return err
		}
		out.Granted, out.Credit = granted(shop), o.CustomerID() != 0
		out.possible(o, verdicts, shop)
		if latest != nil {
			e := entry(*latest)
			out.Latest, out.Live = &e, latest.State.Live()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.shops.ReadingList(c, []string{c.Param("id")}); err != nil {
		return err
	}
	return c.OK(out)
}

func (out *possibleJSON) possible(o *orders.Order, verdicts []policy.Verdict, shop shops.Shop) {
	for _, a := range []struct {
		name string
		kind Kind
	}{{"cancel", Cancel}, {"address", Address}, {"items", Swap}} {
		i := slices.IndexFunc(verdicts, func(v policy.Verdict) bool { return v.Action == a.kind.action() })
		if i < 0 || a.kind == Address && o.Shipping == nil {
			continue
		}
		v := verdicts[i]
		out.Actions = append(out.Actions, actionJSON{Action: a.name, Allowed: v.Allowed, Beyond: !v.Allowed && !hard(v), Why: staffWhy(v, clock.Zone(shop.Timezone))})
	}
	if !slices.ContainsFunc(out.Actions, func(a actionJSON) bool { return a.Allowed || a.Beyond }) {
		out.Closed = "Nothing is left in it that could be changed."
		if o.CancelledAt != nil {
			out.Closed = "It was cancelled: nothing can be changed any more."
		} else if o.FulfillmentStatus == "fulfilled" {
			out.Closed = "It has been sent: nothing can be changed any more."
		}
	}
	for _, l := range o.Lines {
		if l.Tip || l.CurrentQuantity == 0 {
			continue
		}
		title := l.Title
		if l.Options != "" {
			title += ", " + l.Options
		}
		out.Lines = append(out.Lines, lineJSON{strconv.FormatInt(l.ID, 10), title, l.CurrentQuantity, sentOf(o, l.ID)})
	}
	if to := o.Shipping; to != nil {
		first, last := to.FirstName, to.LastName
		if first == "" && last == "" {
			last = to.Name
		}
		out.Address = &addressJSON{first, last, to.Company, to.Address1, to.Address2, to.Zip, to.City, to.Phone}
		out.Place = to.Country
		if to.Province != "" {
			out.Place = to.Province + ", " + to.Country
		}
	}
}

// staffWhy says a verdict's reason to staff, whose order it is not.
func staffWhy(v policy.Verdict, zone *time.Location) string {
	switch v.Reason.Key {
	case policy.ReasonUntilSent:
		return "Possible until it is sent."
	case policy.ReasonSent:
		return "It has been sent."
	case policy.ReasonNothingLeft:
		return "Nothing is left in it for that."
	case policy.ReasonItem:
		return "Your policy refuses it for these items."
	case policy.ReasonCountry:
		return "Your policy refuses it for this country."
	case policy.ReasonOrder:
		return "Your policy refuses it for this order."
	case policy.ReasonNotOffered:
		return "Your policy does not offer it."
	}
	return v.Explain(locale.English, zone)
}

// getVariants lists what a line can become, with what is left of it.
func (s *Service) getVariants(c *web.Ctx) error {
	type variantJSON struct {
		ID    string `json:"id"`
		Title string `json:"title"`
		Left  *int64 `json:"left"` // null: no limit
	}
	list := []variantJSON{}
	ch := Change{Order: number(c.Param("id")), Line: number(c.Query("line"))}
	ctx, cancel := context.WithTimeout(c.Context(), previewTime)
	defer cancel()
	product, err := s.productOf(ctx, web.Shop(c), ch)
	if err != nil {
		return orNoOrder(err)
	}
	if product == 0 {
		return c.OK(map[string]any{"variants": list})
	}
	found, err := s.clients(web.Shop(c)).Variants(ctx, product)
	if err != nil {
		return err
	}
	for _, v := range found {
		if !v.Available {
			continue
		}
		one := variantJSON{ID: strconv.FormatInt(int64(v.ID), 10), Title: v.Title}
		if n, limited := v.Left(); limited {
			one.Left = &n
		}
		list = append(list, one)
	}
	return c.OK(map[string]any{"variants": list})
}

func orNoOrder(err error) error {
	var no *shopify.Refused
	if errors.As(err, &no) && no.Reason == WhyMissing {
		return orders.ErrNotFound
	}
	return err
}

// staffWish reads what a member of staff asks for.
func (s *Service) staffWish(c *web.Ctx) (w Wish, err error) {
	var b staffWish
	if err := c.Bind(&b); err != nil {
		return w, err
	}
	b.Note = strings.TrimSpace(b.Note)
	if b.Override && b.Note == "" || len([]rune(b.Note)) > noteMost {
		return w, ErrNote
	}
	w = Wish{ID: b.ID, Order: number(c.Param("id")), Kind: b.Kind, By: web.Staff(c).ID, Credit: b.Credit, Line: number(b.Line), Variant: number(b.Variant), Quantity: b.Quantity,
		Expected: b.Expected, Override: b.Override, Note: plain(b.Note), Quiet: b.Quiet}
	if a := b.Address; a != nil {
		w.Address = &shopify.GateAddress{FirstName: a.FirstName, LastName: a.LastName, Company: a.Company, Address1: a.Address1, Address2: a.Address2, Zip: a.Zip, City: a.City, Phone: a.Phone}
	}
	return w, w.Validate()
}

// postStaffReview tells what a change of items would come to. Nothing is saved.
func (s *Service) postStaffReview(c *web.Ctx) error {
	w, err := s.staffWish(c)
	if err != nil {
		return err
	}
	if !w.Kind.ofItem() {
		return ErrWish
	}
	var ch Change
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		o, err := orders.Find(tx, w.Order)
		if err != nil {
			return err
		}
		ch, err = s.decide(tx, o, w)
		return err
	})
	if err != nil {
		return err
	}
	if ch.State == Refused {
		return ErrRefused.Detailf("Not possible: %s.", staffReason(ch.Reason))
	}
	sum, err := s.preview(c.Context(), web.Shop(c), ch)
	var no *shopify.Refused
	if errors.As(err, &no) {
		why, detail := whyOf(no.Reason)
		return ErrRefused.Detailf("Not possible: %s. %s", staffReason(why), detail)
	}
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"expected": sum, "currency": ch.Money.Currency})
}

// postStaff puts a change on record for the shopper and has it carried out.
func (s *Service) postStaff(c *web.Ctx) error {
	w, err := s.staffWish(c)
	if err != nil {
		return err
	}
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		o, err := orders.Find(tx, w.Order)
		if err == nil {
			w.Tag = locale.Match(o.Locale)
		}
		return err
	})
	if err != nil {
		return err
	}
	ch, err := s.Ask(c.Context(), web.Shop(c), w)
	if err != nil {
		return err
	}
	return c.Accepted(entry(ch))
}
