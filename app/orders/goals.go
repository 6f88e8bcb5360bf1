package orders

import (
	"context"
	"encoding/json"

	"afterglow/app/ids"
	"afterglow/app/messages"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

// overture is how we suggest to write confirmations for a goal: what the merchant
// would otherwise have to work out from the styles.
type overture struct {
	Goal         string              `json:"goal"`
	Tone         string              `json:"tone"`
	DefaultStyle string              `json:"default_style"`
	Rules        []Rule              `json:"rules"`
	Layouts      map[string][]string `json:"layouts"` // where it is not the usual one
}

// overtures are the suggestions, in the order of the goals.
func overtures() []overture {
	return []overture{
		// Status and tracking link come first, in every mail.
		{Goal: shops.GoalFewerQuestions, DefaultStyle: StyleReassuring, Rules: []Rule{}, Layouts: map[string][]string{}},
		// Who buys for the first time gets a reason to come back; who has come back sees
		// what goes well with what they chose.
		{Goal: shops.GoalSecondOrders, Tone: "friendly", DefaultStyle: StyleSimilar, Layouts: map[string][]string{},
			Rules: []Rule{{Style: StyleInviting, When: []Condition{{Kind: IfFirst}}}}},
		// What follows from buying is said at once, with the last return day above the
		// items: who has time does not send things back in a hurry.
		{Goal: shops.GoalFewerRefunds, Tone: "formal", DefaultStyle: StyleReassuring, Rules: []Rule{},
			Layouts: map[string][]string{StyleReassuring: {"status", "summary", "eta", "returns", "items", "totals", "addresses", "payment", "note", "signature"}}},
		// Everybody is welcomed; who knows us already is spared the introduction.
		{Goal: shops.GoalWarmerBrand, Tone: "friendly", DefaultStyle: StyleWarm, Layouts: map[string][]string{},
			Rules: []Rule{{Style: StyleReassuring, When: []Condition{{Kind: IfRepeat}}}}},
	}
}

// on writes the suggestion into a design and leaves everything else in it.
func (b overture) on(d Design) Design {
	d.Tone, d.DefaultStyle, d.Rules, d.Layouts = b.Tone, b.DefaultStyle, b.Rules, map[string][]string{}
	for style, blocks := range b.Layouts {
		d.Layouts[style] = blocks
	}
	d.complete()
	return d
}

// untouched tells whether nobody has chosen style, tone, rules and blocks: they
// are the usual ones, or those that a goal suggested.
func (d Design) untouched() bool {
	d.complete()
	had := d.essence()
	if had == builtIn().essence() {
		return true
	}
	for _, b := range overtures() {
		if had == b.on(d).essence() {
			return true
		}
	}
	return false
}

// essence is what a goal decides about, as comparable text.
func (d Design) essence() string {
	text, err := json.Marshal(overture{Tone: d.Tone, DefaultStyle: d.DefaultStyle, Rules: d.Rules, Layouts: d.Layouts})
	if err != nil { // strings and numbers only
		return ""
	}
	return string(text)
}

// chooseGoal keeps the goal and begins the draft as it suggests, unless somebody
// has begun otherwise and does not ask for it. It tells whether it did.
func (s *Service) chooseGoal(ctx context.Context, shop ids.Shop, goal string, anyway bool, by string) (began bool, err error) {
	err = s.db.InTx(ctx, shop, func(tx *store.Tx) error {
		if err := shops.ChooseGoal(tx, goal); err != nil {
			return err
		}
		d, stored, err := draftDesign(tx)
		if err != nil || !anyway && !d.untouched() {
			return err
		}
		for _, b := range overtures() {
			if b.Goal == goal {
				d = b.on(d)
			}
		}
		document, err := d.document()
		if err != nil {
			return err
		}
		_, err = messages.SaveDraft(tx, KindConfirmation, document, stored.Revision, by)
		began = err == nil
		return err
	})
	return began, err
}

func (s *Service) goalRoutes(r *web.Group) {
	r.GET("/setup/goals", s.getGoals, web.Needs(shops.MayReadDesign))
	r.PUT("/setup/goal", s.putGoal, web.Needs(shops.MayChangeDesign))
}

func (s *Service) getGoals(c *web.Ctx) error {
	return c.OK(map[string]any{"goals": overtures()})
}

func (s *Service) putGoal(c *web.Ctx) error {
	var in struct {
		Goal   string `json:"goal"`
		Anyway bool   `json:"anyway"`
	}
	if err := c.Bind(&in); err != nil {
		return err
	}
	var answer struct {
		Began      bool             `json:"began"`
		Onboarding shops.Onboarding `json:"setup"`
	}
	var err error
	if answer.Began, err = s.chooseGoal(c.Context(), web.Shop(c), in.Goal, in.Anyway, web.Staff(c).ID); err != nil {
		return err
	}
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		answer.Onboarding, err = shops.Onboarded(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(answer)
}
