package policy

import (
	"fmt"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
)

// Verdict is the answer to whether a shopper may do something, and why.
type Verdict struct {
	Action  Action
	Allowed bool
	Until   *time.Time  // the first instant at which it is refused; nil: no end is known
	LastDay *clock.Date // the last day, when the window is counted in days
	Pending *Window     // the window that has not begun yet
	Rule    int         // the line of the rule that decided; 0: none, it cannot be otherwise
	Reason  Reason
	Unknown []Kind        // what earlier rules asked about and nobody knows
	Instead []Alternative // when refused: what would work, best first
	Items   []ItemVerdict // for what is decided item by item
	Version int           // of the policy; 0 when it was evaluated by itself

	rule *Rule
}

// ItemVerdict is the verdict on one item.
type ItemVerdict struct {
	Item  int64
	Title string
	Verdict
}

// Alternative is something else that the shopper may do.
type Alternative struct {
	Action  Action
	Until   *time.Time
	LastDay *clock.Date
}

// Reason says why, for shoppers in their language and for staff in English.
type Reason struct {
	Key    string // below policy.reason. in the catalogue
	Day    *clock.Date
	At     *time.Time
	Count  int64
	Unit   Unit
	Anchor Anchor
}

// The reasons.
const (
	ReasonUntilDay    = "until_day"
	ReasonUntilTime   = "until_time"
	ReasonUntilSent   = "until_sent"
	ReasonOpen        = "open"
	ReasonPending     = "pending"
	ReasonDayOver     = "day_over"
	ReasonTimeOver    = "time_over"
	ReasonItem        = "item"
	ReasonCountry     = "country"
	ReasonOrder       = "order"
	ReasonNotOffered  = "not_offered"
	ReasonCancelled   = "cancelled"
	ReasonSent        = "sent"
	ReasonNothingLeft = "nothing_left"
)

func refused(a Action, why Reason) Verdict { return Verdict{Action: a, Reason: why} }

// outlasts tells whether v lets the shopper do more than w: anything rather than
// nothing, without end rather than with one, later rather than sooner.
func (v Verdict) outlasts(w Verdict) bool {
	switch {
	case v.Allowed != w.Allowed:
		return v.Allowed
	case v.Until == nil || w.Until == nil:
		if v.Allowed {
			return v.Until == nil && w.Until != nil
		}
		return v.Until != nil && w.Until == nil // it once was possible
	}
	return v.Until.After(*w.Until)
}

// Explain says the reason to a shopper.
func (v Verdict) Explain(tag locale.Tag, zone *time.Location) string {
	return v.Reason.in(tag, zone)
}

func (r Reason) in(tag locale.Tag, zone *time.Location) string {
	args := map[string]any{}
	if r.Day != nil {
		args["date"] = tag.Date(*r.Day)
	}
	if r.At != nil {
		args["time"] = tag.DateTime(*r.At, zone)
	}
	key := "policy.reason." + r.Key
	if r.Key == ReasonPending {
		args["count"] = r.Count
		if r.Unit == Days {
			key += "_days"
		}
		key += "_" + string(r.Anchor)
	}
	return locale.Spoken(tag, key, args)
}

// Name is what shoppers call the action.
func (a Action) Name(tag locale.Tag) string {
	return locale.Spoken(tag, "policy.action."+string(a), nil)
}

// InsteadText tells a shopper who was refused what would work, or whom to ask.
func (v Verdict) InsteadText(tag locale.Tag) string {
	if v.Allowed {
		return ""
	}
	names := make([]string, 0, len(v.Instead))
	for _, i := range v.Instead {
		names = append(names, i.Action.Name(tag))
	}
	if len(names) == 0 {
		return locale.Spoken(tag, "policy.instead.ask", nil)
	}
	return locale.Spoken(tag, "policy.instead.these", map[string]any{"actions": tag.List(names)})
}

// Staff explains the verdict to the merchant: the reason, and the rule.
func (v Verdict) Staff(zone *time.Location) string {
	var b strings.Builder
	b.WriteString(v.Reason.in(locale.English, zone))
	switch {
	case v.Rule > 0:
		fmt.Fprintf(&b, " Line %d decides: %s", v.Rule, v.RuleText())
	case v.Reason.Key == ReasonNotOffered:
		b.WriteString(" No rule applies.")
	default:
		b.WriteString(" No rule can change that.")
	}
	if len(v.Unknown) > 0 {
		asked := make([]string, len(v.Unknown))
		for i, k := range v.Unknown {
			asked[i] = string(k)
		}
		fmt.Fprintf(&b, " Not known of this order: %s.", strings.Join(asked, ", "))
	}
	return b.String()
}

// RuleText is the rule that decided, as the policy has it.
func (v Verdict) RuleText() string {
	if v.rule == nil {
		return ""
	}
	return v.rule.String()
}
