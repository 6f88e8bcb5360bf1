package policy

import (
	"slices"

	"afterglow/app/clock"
	"afterglow/app/money"
)

// Action is something a shopper may want to do with an order.
type Action string

// The actions, in the order in which they are printed and shown.
const (
	Cancel        Action = "cancel"         // the whole order, before it is sent
	ChangeAddress Action = "change_address" // within the same country, before it is sent
	ChangeItem    Action = "change_item"    // another variant, quantity, or none
	Return        Action = "return"         // what was bought, by the shop's own promise
	Withdraw      Action = "withdraw"       // from the contract, by European law
	Claim         Action = "claim"          // damaged, wrong, or not there
)

// Actions lists them all.
var Actions = []Action{Cancel, ChangeAddress, ChangeItem, Return, Withdraw, Claim}

// OfItems tells whether the action is decided item by item.
func (a Action) OfItems() bool { return a != Cancel && a != ChangeAddress }

// Known tells whether there is such an action.
func (a Action) Known() bool { return slices.Contains(Actions, a) }

// Policy is what a shop promises, for each action a list of rules. The first rule
// whose conditions hold decides; without one the action is refused.
type Policy struct {
	Sections []Section
	Comments []string // after the last section
}

// Section holds the rules for one action.
type Section struct {
	Action   Action
	Rules    []Rule
	Comments []string // before its heading
}

// Rule decides for the orders and items that meet all its conditions.
type Rule struct {
	Allow    bool
	Window   *Window // nil: without end
	When     []Condition
	Because  string // what the merchant wants staff to know about it
	Comments []string
	Line     int // in the text, from 1
}

// Anchor is a moment from which a window counts.
type Anchor string

// The anchors. An order counts as fulfilled or delivered when all of it was.
const (
	Placed    Anchor = "placed"
	Fulfilled Anchor = "fulfilled"
	Delivered Anchor = "delivered"
)

// Unit is what a window is counted in. Days are civil days in the shop's zone.
type Unit string

// The units.
const (
	Minutes Unit = "minutes"
	Hours   Unit = "hours"
	Days    Unit = "days"
)

// Window is how long an allowance lasts: a length from the first anchor that has
// happened, or up to and including a day.
type Window struct {
	Length int
	Unit   Unit
	Of     []Anchor
	Until  clock.Date // instead of all others
}

// minutes is how long the window is, days taken as 24 hours; 0 up to a day.
func (w *Window) minutes() int {
	return w.Length * map[Unit]int{Minutes: 1, Hours: 60, Days: 24 * 60}[w.Unit]
}

// Kind is what a condition asks about, in the words of the text.
type Kind string

// The kinds of conditions.
const (
	ProductID       Kind = "product id"
	ProductType     Kind = "product type"
	ProductVendor   Kind = "product vendor"
	ProductTag      Kind = "product tag"
	ProductIs       Kind = "product is"
	Collection      Kind = "collection"
	PriceAtLeast    Kind = "price at least"
	PriceBelow      Kind = "price below"
	OrderTag        Kind = "order tag"
	OrderIs         Kind = "order is"
	TotalAtLeast    Kind = "total at least"
	TotalBelow      Kind = "total below"
	CustomerTag     Kind = "customer tag"
	CustomerAtLeast Kind = "customer orders at least"
	CustomerAtMost  Kind = "customer orders at most"
	Country         Kind = "country"
	PlacedFrom      Kind = "placed from"
	PlacedUntil     Kind = "placed until"
)

// shape is what follows the words of a kind.
type shape int

const (
	texts   shape = iota // one or more in quotes
	words                // one or more of a fixed list
	numbers              // one or more whole numbers
	number               // one
	amount
	day
)

var shapes = map[Kind]shape{
	ProductID: numbers, ProductType: texts, ProductVendor: texts, ProductTag: texts, ProductIs: words, Collection: texts,
	PriceAtLeast: amount, PriceBelow: amount, OrderTag: texts, OrderIs: words, TotalAtLeast: amount, TotalBelow: amount,
	CustomerTag: texts, CustomerAtLeast: number, CustomerAtMost: number, Country: words, PlacedFrom: day, PlacedUntil: day,
}

// ofItem tells whether the kind asks about one item and not about the order.
func (k Kind) ofItem() bool {
	switch k {
	case ProductID, ProductType, ProductVendor, ProductTag, ProductIs, Collection, PriceAtLeast, PriceBelow:
		return true
	}
	return false
}

// The words that "order is" and "product is" understand.
var (
	orderStates  = []string{"paid", "unpaid", "refunded", "unfulfilled", "partly-fulfilled", "fulfilled", "delivered", "cancelled", "test"}
	productKinds = []string{"gift-card", "digital", "discounted"}
)

// Condition holds when one of its values does; with Not, when none does.
type Condition struct {
	Not     bool
	Kind    Kind
	Texts   []string
	Numbers []int64
	Amount  money.Amount
	Day     clock.Date
}

// Section finds the rules for an action.
func (p Policy) Section(a Action) (Section, bool) {
	for _, s := range p.Sections {
		if s.Action == a {
			return s, true
		}
	}
	return Section{}, false
}

// europe are the members of the European Union, by ISO 3166-1; the words EU and
// EEA stand for them in a policy.
var europe = []string{"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}

// outermost are the parts of members with codes of their own in which the Union's
// law holds: Article 355(1) of its treaty, and Åland.
var outermost = []string{"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}

// economicArea are the countries outside the Union where its consumer law holds.
var economicArea = []string{"IS", "LI", "NO"}

func inCountry(wanted, country string) bool {
	union := func() bool { return slices.Contains(europe, country) || slices.Contains(outermost, country) }
	switch wanted {
	case "EU":
		return union()
	case "EEA":
		return union() || slices.Contains(economicArea, country)
	}
	return wanted == country
}
