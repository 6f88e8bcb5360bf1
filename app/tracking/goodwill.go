package tracking

import (
	"slices"
	"strings"

	"afterglow/app/money"
	"afterglow/app/problem"
)

// Goodwill is what a merchant gives to a shopper whose parcel is late, and how
// much of it at most. Amounts are in the smallest unit of the shop's currency.
type Goodwill struct {
	Version      int64  `json:"version"`
	Enabled      bool   `json:"enabled"`
	Currency     string `json:"currency"`
	LateDays     int64  `json:"late_days"`     // after the promised span
	StalledHours int64  `json:"stalled_hours"` // after the stall was noticed
	ValidDays    int64  `json:"valid_days"`    // an offer may be taken
	Wait         bool   `json:"wait"`
	WaitMinor    int64  `json:"wait_minor"` // store credit for waiting; 0: none
	Reship       bool   `json:"reship"`
	Refund       bool   `json:"refund"`
	Credit       bool   `json:"credit"`
	OrderMin     int64  `json:"order_min_minor"`
	OrderMax     int64  `json:"order_max_minor"` // 0: no bound
	CapOrder     int64  `json:"cap_order_minor"`
	CapMonth     int64  `json:"cap_month_minor"`
	Countries    string `json:"countries"` // codes with spaces between; "": all
}

func defaultGoodwill(currency string) Goodwill {
	cent := int64(1)
	for range money.Exponent(currency) {
		cent *= 10
	}
	return Goodwill{Currency: currency, LateDays: 3, StalledHours: 48, ValidDays: 7, Wait: true, Reship: true, Refund: true, Credit: true, CapOrder: 100 * cent, CapMonth: 1000 * cent}
}

// The choices of a shopper.
const (
	ChoiceWait   = "wait"
	ChoiceReship = "reship"
	ChoiceRefund = "refund"
	ChoiceCredit = "credit"
)

var (
	// ErrGoodwillStale says that somebody else saved in between.
	ErrGoodwillStale = problem.New(problem.Conflict, "tracking.goodwill_stale", "These settings were changed meanwhile. Load them again.")
	// ErrGoodwill says that the settings cannot be like this.
	ErrGoodwill = problem.New(problem.Invalid, "tracking.goodwill", "These settings cannot be saved. See the fields.")
)

const mostMinor = 1_000_000_000_000

func (g *Goodwill) validate() error {
	var wrong []problem.Field
	within := func(field string, value, least, most int64) {
		if value < least || value > most {
			wrong = append(wrong, problem.Field{Field: field, Detail: "is out of range"})
		}
	}
	within("late_days", g.LateDays, 0, 60)
	within("stalled_hours", g.StalledHours, 0, 24*30)
	within("valid_days", g.ValidDays, 1, 60)
	for field, v := range map[string]int64{"wait_minor": g.WaitMinor, "order_min_minor": g.OrderMin, "order_max_minor": g.OrderMax, "cap_order_minor": g.CapOrder, "cap_month_minor": g.CapMonth} {
		within(field, v, 0, mostMinor)
	}
	codes := strings.Fields(strings.ToUpper(strings.ReplaceAll(g.Countries, ",", " ")))
	for _, c := range codes {
		if countryCode(c) != c {
			wrong = append(wrong, problem.Field{Field: "countries", Detail: "has a code that is no country's"})
		}
	}
	if len(codes) > 250 {
		wrong = append(wrong, problem.Field{Field: "countries", Detail: "is too long"})
	}
	slices.Sort(codes)
	g.Countries = strings.Join(slices.Compact(codes), " ")
	if len(wrong) > 0 {
		return ErrGoodwill.WithFields(wrong...)
	}
	return nil
}

// covers tells whether an order of this worth that goes to a country is among
// those the merchant is generous with.
func (g Goodwill) covers(country string, orderMinor int64, currency string) bool {
	switch {
	case !g.Enabled || currency != g.Currency || orderMinor < g.OrderMin || g.OrderMax > 0 && orderMinor > g.OrderMax:
		return false
	}
	return g.Countries == "" || slices.Contains(strings.Fields(g.Countries), country)
}
