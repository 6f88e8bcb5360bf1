package changes

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/money"
	"afterglow/app/policy"
	"afterglow/app/problem"
	"afterglow/app/shopify"
)

// Kind says what is changed.
type Kind string

// The kinds.
const (
	Cancel   Kind = "cancel"
	Address  Kind = "address"
	Swap     Kind = "swap"     // another variant of the same product
	Quantity Kind = "quantity" // more or fewer of a line
	Remove   Kind = "remove"   // a line altogether
)

// Kinds lists them all.
var Kinds = []Kind{Cancel, Address, Swap, Quantity, Remove}

// action is what the policy calls it.
func (k Kind) action() policy.Action {
	switch k {
	case Cancel:
		return policy.Cancel
	case Address:
		return policy.ChangeAddress
	}
	return policy.ChangeItem
}

func (k Kind) ofItem() bool { return k == Swap || k == Quantity || k == Remove }

// State says how far a change is.
type State string

// The states.
const (
	Asked    State = "asked"
	Holding  State = "holding"
	Acting   State = "acting"
	Settling State = "settling"
	Paying   State = "paying" // done, and held until the shopper has paid what it costs more
	Done     State = "done"
	Refused  State = "refused"
	Parked   State = "parked"
)

// States lists them in their order.
var States = []State{Asked, Holding, Acting, Settling, Paying, Done, Refused, Parked}

// Live tells whether something can still happen.
func (s State) Live() bool { return s != Done && s != Refused }

// UnderWay tells whether something happens without a person.
func (s State) UnderWay() bool { return s.Live() && s != Parked && s != Paying }

// Why a change was refused; each has its sentence in the catalogue.
const (
	WhySent      = "sent"       // all or part of it has left
	WhyCancelled = "cancelled"  // it was cancelled before
	WhyInWork    = "in_work"    // a warehouse, or the shop itself, has its hands on it
	WhyLocked    = "locked"     // Shopify does not let it be edited
	WhyLate      = "late"       // the policy's window is over
	WhyRule      = "rule"       // the policy does not allow it
	WhyChanged   = "changed"    // it is not what the shopper saw any more
	WhyShopify   = "shopify"    // Shopify said no; its words are in the detail
	WhyMissing   = "missing"    // the order was deleted
	WhyErased    = "erased"     // the shopper's data was erased meanwhile
	WhyLineSent  = "line_sent"  // the item, or as many of it, has left; the rest of the order has not
	WhyLast      = "last"       // without the item nothing would be left
	WhyMost      = "most"       // more of it than the shop sells in one order
	WhyStock     = "stock"      // the shop does not have so many
	WhyGivenUp   = "given_up"   // staff gave it up
	WhyUnpaid    = "unpaid"     // what it cost more was not paid; it was taken back
	WhyTakenBack = "taken_back" // the shopper took it back rather than pay for it; also while that is under way
)

// Unsettled is why a change was made without its difference in price: staff said or
// see to it.
const Unsettled = "unsettled"

var reasons = []string{WhySent, WhyCancelled, WhyInWork, WhyLocked, WhyLate, WhyRule, WhyChanged, WhyShopify, WhyMissing, WhyErased, WhyLineSent, WhyLast, WhyMost, WhyStock, WhyGivenUp, WhyUnpaid, WhyTakenBack}

// undoing tells whether the shopper has taken it back and that is under way.
func (c Change) undoing() bool { return c.State == Paying && c.Reason == WhyTakenBack }

// Problems of this room.
var (
	ErrNotFound = problem.New(problem.NotFound, "changes.not_found", "There is no such change of this order.")
	ErrUnderWay = problem.New(problem.Conflict, "changes.under_way", "Another change of this order is under way.")
	ErrWish     = problem.New(problem.Invalid, "changes.wish", "This is not a change that can be asked for.")
	ErrOffered  = problem.New(problem.Forbidden, "changes.not_offered", "The shop does not offer this change here.")
)

// Shopper is who asked, when it was not staff.
const Shopper = "shopper"

// Wish is what somebody wants changed.
type Wish struct {
	ID       string // from the form, so that sending it twice is one wish
	Order    int64
	Kind     Kind
	By       string // Shopper, or the id of a member of staff
	Credit   bool   // store credit rather than money
	Line     int64
	Variant  int64
	Quantity int64
	Expected *int64 // what the shopper was shown, in minor units; more than nothing goes back
	Address  *shopify.GateAddress
	Tag      locale.Tag
	Override bool   // staff go beyond the policy, never beyond what has been sent
	Note     string // why
	Quiet    bool   // no receipt
}

// wishID is how ids.New writes one.
var wishID = regexp.MustCompile(`\Achg_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\z`)

// Validate tells what the wish lacks.
func (w *Wish) Validate() error {
	switch {
	case !wishID.MatchString(w.ID), !slices.Contains(Kinds, w.Kind), w.Order <= 0:
		return ErrWish
	case w.Kind == Address:
		if w.Address == nil {
			return ErrWish
		}
		return validAddress(w.Address)
	case w.Kind.ofItem() && w.Line <= 0, w.Kind == Swap && w.Variant <= 0, w.Kind == Quantity && w.Quantity <= 0:
		return ErrWish
	}
	return nil
}

// validAddress trims what was typed and tells which fields cannot be.
func validAddress(a *shopify.GateAddress) error {
	var wrong []problem.Field
	for _, f := range []struct {
		name   string
		value  *string
		wanted bool
	}{{"first_name", &a.FirstName, false}, {"last_name", &a.LastName, true}, {"company", &a.Company, false}, {"address1", &a.Address1, true},
		{"address2", &a.Address2, false}, {"city", &a.City, true}, {"zip", &a.Zip, false}, {"phone", &a.Phone, false}} {
		*f.value = strings.Join(strings.Fields(*f.value), " ")
		switch {
		case f.wanted && *f.value == "":
			wrong = append(wrong, problem.Field{Field: f.name, Detail: "missing"})
		case len([]rune(*f.value)) > 120 || strings.ContainsFunc(*f.value, func(r rune) bool { return r < ' ' || r == 0x7f || r == '<' || r == '>' }):
			wrong = append(wrong, problem.Field{Field: f.name, Detail: "unusable"})
		}
	}
	if len(wrong) > 0 {
		return ErrWish.WithFields(wrong...)
	}
	return nil
}

// Change is a wish on record and what became of it.
type Change struct {
	Shop      ids.Shop
	ID        string
	Order     int64
	OrderName string
	Kind      Kind
	State     State
	By        string
	Credit    bool
	Line      int64
	Variant   int64
	Quantity  int64
	Expected  *int64
	Address   *shopify.GateAddress // nil once the change has ended
	Item      string               // "2 × Linen throw, Sand → Moss"
	Tag       locale.Tag
	Money     money.Amount // in the shopper's currency; more than nothing went back, less is to be paid
	PayURL    string
	Before    before
	Reason    string
	Detail    string
	Held      bool
	HeldAt    *time.Time
	Silent    bool // nobody is left to be told; not kept
	CreatedAt time.Time
	EndedAt   *time.Time
	PayUntil  *time.Time
	Quiet     bool   // the shopper is told only what they have to know
	Override  bool   // staff went beyond the policy
	Note      string // of staff

	tips []int64 // lines that are no goods; filled where it is carried out
}

// before is how the order stood before we touched it.
type before struct {
	Known    bool  `json:"known"`
	Owed     int64 `json:"owed"`     // paid too much; negative: still to be paid
	Refunded int64 `json:"refunded"` // so far
	Paid     int64 `json:"paid"`     // and not given back
	Quantity int64 `json:"quantity"` // of the line
	Other    int64 `json:"other"`    // of the variant that is wanted, on all lines
}

func (b before) String() string {
	raw, _ := json.Marshal(b)
	return string(raw)
}
