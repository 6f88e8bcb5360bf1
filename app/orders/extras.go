package orders

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/money"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// LetterExtra is what a later room adds to the confirmations of one style, or of
// all. This room does not know the later one: it asks whoever is hung up.
type LetterExtra struct {
	Style string // "" for every style; then only Add counts, and only its Data
	// Reserve is asked in the transaction that asks for a confirmation in the
	// style: for what has to exist before the letter can be written. It may be
	// asked again for the same order.
	Reserve func(tx *store.Tx, o *Order, d Design) error
	// Held tells whether something was reserved for the order. Then its letter
	// keeps the style, whatever was published since.
	Held func(tx *store.Tx, order int64) (bool, error)
	// Add writes its part into the letter's data. It only reads.
	Add func(tx *store.Tx, at LetterView) (Addition, error)
}

// LetterView is the letter that an extra is asked for.
type LetterView struct {
	Order   *Order
	Design  Design
	Shop    shops.Shop
	Tag     locale.Tag
	Zone    *time.Location
	Preview bool // nobody will get it: what does not exist yet may be made up
}

// Addition is an extra's answer.
type Addition struct {
	Data  map[string]any // joins the letter's
	Lacks string         // why the style cannot be used for this order; then the letter takes another
	Wait  time.Time      // what is needed is on its way; ask again then
}

// Offer is what the inviting style gives away: a share or an amount off the next
// order, by a code for one use.
type Offer struct {
	Percent int           `json:"percent"` // 0: Amount
	Amount  *money.Amount `json:"amount,omitempty"`
	Minimum *money.Amount `json:"minimum,omitempty"` // of the next order
	Days    int           `json:"days"`              // it is valid
	Prefix  string        `json:"prefix"`            // of the code
	Monthly int           `json:"monthly"`           // codes a month at most
}

// The bounds of an offer, and what it is at first.
const (
	maxOfferDays   = 365
	maxMonthly     = 100_000
	maxPrefix      = 12
	offerPercent   = 10
	offerDays      = 30
	offerMonthly   = 500
	fallbackPhrase = "; sent as %s instead: %s"
)

var codePrefix = regexp.MustCompile(`\A[A-Z0-9]*\z`)

func (o *Offer) complete() {
	if o.Percent == 0 && o.Amount == nil {
		o.Percent = offerPercent
	}
	if o.Days == 0 {
		o.Days = offerDays
	}
	if o.Monthly == 0 {
		o.Monthly = offerMonthly
	}
}

func (o *Offer) validate(v *complaints) {
	o.Prefix = strings.ToUpper(strings.TrimSpace(o.Prefix))
	if o.Percent < 0 || o.Percent > 100 {
		v.add("offer.percent", "Enter a whole number from 1 to 100.")
	}
	if o.Percent > 0 {
		o.Amount = nil
	}
	for field, a := range map[string]*money.Amount{"offer.amount": o.Amount, "offer.minimum": o.Minimum} {
		if a == nil {
			continue
		}
		if _, err := money.Parse("0", a.Currency); err != nil || a.Minor <= 0 {
			v.add(field, "Enter an amount above zero in your store's currency.")
		}
	}
	if o.Days < 1 || o.Days > maxOfferDays {
		v.add("offer.days", fmt.Sprintf("Enter a number from 1 to %d.", maxOfferDays))
	}
	if o.Monthly < 1 || o.Monthly > maxMonthly {
		v.add("offer.monthly", fmt.Sprintf("Enter a number from 1 to %d.", maxMonthly))
	}
	if len(o.Prefix) > maxPrefix || !codePrefix.MatchString(o.Prefix) {
		v.add("offer.prefix", fmt.Sprintf("Use up to %d letters from A to Z and digits.", maxPrefix))
	}
}

// Letter writes the offer for its reader: what it gives, by which code, until when.
func (o Offer) Letter(tag locale.Tag, code string, until clock.Date, url string) map[string]any {
	out := mail.NoOffer()
	out["code"], out["until"], out["url"] = code, tag.Date(until), url
	if o.Percent > 0 {
		out["value"] = tag.Percent(int64(o.Percent) * 100)
	} else if o.Amount != nil {
		out["value"] = tag.Money(*o.Amount)
	}
	if o.Minimum != nil {
		out["minimum"] = tag.Money(*o.Minimum)
	}
	return out
}

// ErrLetterWaits says that something a letter needs is being made.
var ErrLetterWaits = problem.New(problem.Unavailable, "orders.letter_waits", "What this mail needs is still being made. It is there in a moment.")

// reserve lets the room that the order's style needs prepare for its letter.
func (s *Service) reserve(tx *store.Tx, o *Order) error {
	if len(s.extras) == 0 || o.Email == "" {
		return nil
	}
	d, _, err := publishedDesign(tx)
	if err != nil {
		return err
	}
	traits, err := traitsOf(tx, o)
	if err != nil {
		return err
	}
	chosen := d.Choose(traits)
	for _, e := range s.extras {
		if e.Style == chosen.Style && e.Reserve != nil {
			if err := e.Reserve(tx, o, d); err != nil {
				return fmt.Errorf("reserve for %s: %w", e.Style, err)
			}
		}
	}
	return nil
}

// held is the style that something was reserved for, or the chosen one.
func (s *Service) held(tx *store.Tx, order int64, chosen Choice) (Choice, error) {
	for _, e := range s.extras {
		if e.Style == chosen.Style || e.Held == nil {
			continue
		}
		held, err := e.Held(tx, order)
		if err != nil {
			return chosen, err
		}
		if held {
			return Choice{Style: e.Style, Rule: chosen.Rule, Why: "As it was chosen when the order came in"}, nil
		}
	}
	return chosen, nil
}

// furnish asks the extras of the chosen style for their data. A style that cannot
// be used for this order gives way to one that needs nothing.
func (s *Service) furnish(tx *store.Tx, v *view, d Design, chosen Choice, preview bool) (Choice, map[string]any, error) {
	data := map[string]any{"offer": mail.NoOffer(), "similar": []any{}}
	for _, e := range s.extras {
		if e.Style != "" {
			continue
		}
		a, err := e.Add(tx, LetterView{Order: v.Order, Design: d, Shop: v.shop, Tag: v.tag, Zone: v.zone, Preview: preview})
		if err != nil {
			return chosen, nil, err
		}
		maps.Copy(data, a.Data)
	}
	needs := slices.Contains([]string{StyleInviting, StyleSimilar}, chosen.Style)
	if !needs {
		return chosen, data, nil
	}
	lacks := "this part of Afterglow is not there"
	for _, e := range s.extras {
		if e.Style != chosen.Style {
			continue
		}
		a, err := e.Add(tx, LetterView{Order: v.Order, Design: d, Shop: v.shop, Tag: v.tag, Zone: v.zone, Preview: preview})
		if err != nil {
			return chosen, nil, err
		}
		if !a.Wait.IsZero() {
			return chosen, nil, queue.Later(a.Wait, ErrLetterWaits)
		}
		if lacks = a.Lacks; lacks == "" {
			for name, value := range a.Data {
				data[name] = value
			}
			return chosen, data, nil
		}
	}
	instead := d.DefaultStyle
	if instead == StyleInviting || instead == StyleSimilar {
		instead = StylePlain
	}
	return Choice{Style: instead, Rule: chosen.Rule, Why: chosen.Why + fmt.Sprintf(fallbackPhrase, styleNames[instead], lacks)}, data, nil
}
