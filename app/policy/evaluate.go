package policy

import (
	"slices"
	"strings"
	"time"

	"afterglow/app/clock"
)

// Evaluate decides whether the shopper may do it now, by the first rule of the
// action whose conditions hold. It reads nothing but its arguments, and always
// has an answer.
//
// What is decided item by item is allowed when it is for one of the items; the
// verdict is then that of the item that it is allowed longest for, and Items has
// them all.
func Evaluate(p Policy, a Action, in Facts, now time.Time) Verdict {
	v := decide(p, a, in, now)
	if v.Allowed {
		return v
	}
	for _, other := range substitutes[a] {
		if o := decide(p, other, in, now); o.Allowed {
			v.Instead = append(v.Instead, Alternative{Action: other, Until: o.Until, LastDay: o.LastDay})
		}
	}
	return v
}

// substitutes are what may serve a shopper who may not do the one, best first.
var substitutes = map[Action][]Action{
	Cancel:        {ChangeItem, Return, Withdraw},
	ChangeAddress: {Cancel},
	ChangeItem:    {Cancel, Return, Withdraw},
	Return:        {Cancel, Withdraw, Claim},
	Withdraw:      {Cancel, Return, Claim},
	Claim:         {Return, Withdraw},
}

// decide is Evaluate without the search for what would work instead.
func decide(p Policy, a Action, in Facts, now time.Time) Verdict {
	if v, stopped := gate(a, in); stopped {
		return v
	}
	section, _ := p.Section(a)
	if !a.OfItems() {
		return section.judge(a, &in, nil, now)
	}
	verdicts := make([]ItemVerdict, 0, len(in.Items))
	for i := range in.Items {
		it := &in.Items[i]
		if it.Left <= 0 || in.Item != 0 && it.ID != in.Item {
			continue
		}
		v, stopped := gateItem(a, it)
		if !stopped {
			v = section.judge(a, &in, it, now)
		}
		verdicts = append(verdicts, ItemVerdict{it.ID, it.Title, v})
	}
	if len(verdicts) == 0 {
		return refused(a, Reason{Key: ReasonNothingLeft})
	}
	best := verdicts[0].Verdict
	for _, v := range verdicts[1:] {
		if v.outlasts(best) {
			best = v.Verdict
		}
	}
	best.Items = verdicts
	return best
}

// gate refuses what no policy can promise: an order that was cancelled has
// nothing to return, one that was sent cannot be stopped any more.
func gate(a Action, in Facts) (Verdict, bool) {
	switch {
	case in.Cancelled:
		return refused(a, Reason{Key: ReasonCancelled}), true
	case (a == Cancel || a == ChangeAddress) && in.Sent != SentNothing:
		return refused(a, Reason{Key: ReasonSent}), true
	case !slices.ContainsFunc(in.Items, func(it Item) bool { return it.Left > 0 }):
		return refused(a, Reason{Key: ReasonNothingLeft}), true
	}
	return Verdict{}, false
}

func gateItem(a Action, it *Item) (Verdict, bool) {
	if a == ChangeItem && it.Sent >= it.Left {
		return refused(a, Reason{Key: ReasonSent}), true
	}
	return Verdict{}, false
}

// judge finds the rule that decides, for an item or for the order as a whole.
func (s Section) judge(a Action, in *Facts, it *Item, now time.Time) Verdict {
	var unknown []Kind
	for i := range s.Rules {
		r := &s.Rules[i]
		met, missing := r.meets(in, it)
		if met {
			v := r.verdict(a, in, now)
			v.Unknown = unknown
			return v
		}
		for _, k := range missing {
			if !slices.Contains(unknown, k) {
				unknown = append(unknown, k)
			}
		}
	}
	v := refused(a, Reason{Key: ReasonNotOffered})
	v.Unknown = unknown
	return v
}

// verdict is what a rule says of orders that meet its conditions.
func (r *Rule) verdict(a Action, in *Facts, now time.Time) Verdict {
	v := Verdict{Action: a, Allowed: r.Allow, Rule: r.Line, rule: r}
	switch {
	case !r.Allow:
		v.Reason = Reason{Key: r.excludes()}
	case r.Window == nil:
		v.Reason = Reason{Key: ReasonOpen}
		if a == Cancel || a == ChangeAddress || a == ChangeItem {
			v.Reason.Key = ReasonUntilSent
		}
	default:
		r.Window.limit(&v, in, now)
	}
	return v
}

// excludes names the reason of a refusal after the narrowest of its conditions.
func (r *Rule) excludes() string {
	key := ReasonNotOffered
	for _, c := range r.When {
		switch {
		case c.Kind.ofItem():
			return ReasonItem
		case c.Kind == Country:
			key = ReasonCountry
		case key == ReasonNotOffered:
			key = ReasonOrder
		}
	}
	return key
}

// limit gives the verdict its end and refuses when that is over.
func (w *Window) limit(v *Verdict, in *Facts, now time.Time) {
	var end time.Time
	last := w.Until
	if last.IsZero() {
		at, begun := w.from(in)
		if !begun {
			v.Pending = w
			v.Reason = Reason{Key: ReasonPending, Count: int64(w.Length), Unit: w.Unit, Anchor: w.Of[0]}
			return
		}
		switch w.Unit {
		case Minutes:
			end = at.Add(time.Duration(w.Length) * time.Minute)
		case Hours:
			end = at.Add(time.Duration(w.Length) * time.Hour)
		default:
			last = clock.DateIn(at, in.Zone).AddDays(w.Length)
			if v.Action == Withdraw {
				last = workday(last)
			}
		}
	}
	v.Reason = Reason{Key: ReasonUntilTime}
	if !last.IsZero() {
		end = firstInstant(last.AddDays(1), in.Zone)
		v.LastDay = &last
		v.Reason.Key = ReasonUntilDay
	}
	v.Until = &end
	v.Reason.At, v.Reason.Day = v.Until, v.LastDay
	if !now.Before(end) {
		v.Allowed = false
		v.Reason.Key = ReasonTimeOver
		if v.LastDay != nil {
			v.Reason.Key = ReasonDayOver
		}
	}
}

// workday is the day itself, or the Monday after a weekend: where the law gives a
// number of days, Regulation 1182/71, Article 3(4), has them end so. Public
// holidays differ by place and are left to the merchant.
func workday(d clock.Date) clock.Date {
	switch d.Weekday() {
	case time.Saturday:
		return d.AddDays(2)
	case time.Sunday:
		return d.AddDays(1)
	}
	return d
}

// from is the moment of the first anchor that has happened.
func (w *Window) from(in *Facts) (time.Time, bool) {
	for _, a := range w.Of {
		switch {
		case a == Placed:
			return in.PlacedAt, true
		case a == Fulfilled && in.FulfilledAt != nil:
			return *in.FulfilledAt, true
		case a == Delivered && in.DeliveredAt != nil:
			return *in.DeliveredAt, true
		}
	}
	return time.Time{}, false
}

// firstInstant is when the day begins. Where clocks are put forward at midnight
// it begins later than 00:00; a day that a zone left out begins with the next.
func firstInstant(d clock.Date, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	at := d.Start(zone)
	for clock.DateIn(at, zone).Before(d) {
		at = at.Add(15 * time.Minute)
	}
	for !clock.DateIn(at.Add(-15*time.Minute), zone).Before(d) {
		at = at.Add(-15 * time.Minute)
	}
	return at
}

// truth has a third value, because we do not know everything about everything.
type truth int

const (
	no truth = iota
	unknown
	yes
)

// meets tells whether all conditions hold, and what would have had to be known. A
// condition about something unknown does not hold, and neither does its opposite.
// For an order as a whole, the conditions about items must hold for one of them.
func (r *Rule) meets(in *Facts, it *Item) (bool, []Kind) {
	if it == nil && slices.ContainsFunc(r.When, func(c Condition) bool { return c.Kind.ofItem() }) {
		var missing []Kind
		for i := range in.Items {
			if in.Items[i].Left <= 0 {
				continue
			}
			met, m := r.meets(in, &in.Items[i])
			if met {
				return true, nil
			}
			missing = append(missing, m...)
		}
		return false, missing
	}
	var missing []Kind
	for i := range r.When {
		switch r.When[i].holds(in, it) {
		case no:
			return false, nil
		case unknown:
			missing = append(missing, r.When[i].Kind)
		}
	}
	return len(missing) == 0, missing
}

func (c *Condition) holds(in *Facts, it *Item) truth {
	t := c.asks(in, it)
	if c.Not && t != unknown {
		return yes - t
	}
	return t
}

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (c *Condition) asks(in *Facts, it *Item) truth {
	switch c.Kind {
	case ProductID:
		return truthOf(slices.Contains(c.Numbers, it.ProductID))
	case ProductVendor:
		return truthOf(overlap(c.Texts, it.Vendor))
	case ProductIs:
		return truthOf(slices.ContainsFunc(c.Texts, it.is))
	case ProductType, ProductTag, Collection:
		return c.asksProduct(it.Product)
	case PriceAtLeast:
		return known(it.Price.Currency == c.Amount.Currency, it.Price.Minor >= c.Amount.Minor)
	case PriceBelow:
		return known(it.Price.Currency == c.Amount.Currency, it.Price.Minor < c.Amount.Minor)
	case TotalAtLeast:
		return known(in.Total.Currency == c.Amount.Currency, in.Total.Minor >= c.Amount.Minor)
	case TotalBelow:
		return known(in.Total.Currency == c.Amount.Currency, in.Total.Minor < c.Amount.Minor)
	case OrderTag:
		return truthOf(overlap(c.Texts, in.Tags...))
	case OrderIs:
		return truthOf(slices.ContainsFunc(c.Texts, in.is))
	case CustomerTag:
		return known(in.CustomerTags != nil, overlap(c.Texts, in.CustomerTags...))
	case CustomerAtLeast:
		return truthOf(in.CustomerOrders >= c.Numbers[0])
	case CustomerAtMost:
		return truthOf(in.CustomerOrders <= c.Numbers[0])
	case Country:
		return known(in.Country != "", slices.ContainsFunc(c.Texts, func(w string) bool { return inCountry(w, in.Country) }))
	case PlacedFrom:
		return truthOf(!clock.DateIn(in.PlacedAt, in.Zone).Before(c.Day))
	case PlacedUntil:
		return truthOf(!c.Day.Before(clock.DateIn(in.PlacedAt, in.Zone)))
	}
	return unknown
}

func (c *Condition) asksProduct(p *Product) truth {
	switch {
	case p == nil:
		return unknown
	case c.Kind == ProductType:
		return truthOf(overlap(c.Texts, p.Type))
	case c.Kind == ProductTag:
		return truthOf(overlap(c.Texts, p.Tags...))
	}
	return known(p.Collections != nil, overlap(c.Texts, p.Collections...))
}

func known(is, holds bool) truth {
	if !is {
		return unknown
	}
	return truthOf(holds)
}

// overlap tells whether one of the wanted is there. Shopify does not tell upper
// and lower case apart in tags, so neither do we.
func overlap(wanted []string, there ...string) bool {
	for _, w := range wanted {
		for _, t := range there {
			if strings.EqualFold(w, t) {
				return true
			}
		}
	}
	return false
}

func (in *Facts) is(state string) bool {
	switch state {
	case "paid":
		return in.Paid
	case "unpaid":
		return !in.Paid
	case "refunded":
		return in.Refunded
	case "unfulfilled":
		return in.Sent == SentNothing
	case "partly-fulfilled":
		return in.Sent == SentPart
	case "fulfilled":
		return in.Sent == SentAll
	case "delivered":
		return in.DeliveredAt != nil
	case "cancelled":
		return in.Cancelled
	case "test":
		return in.Test
	}
	return false
}

func (it *Item) is(kind string) bool {
	switch kind {
	case "gift-card":
		return it.GiftCard
	case "digital":
		return it.Digital
	case "discounted":
		return it.Discounted
	}
	return false
}
