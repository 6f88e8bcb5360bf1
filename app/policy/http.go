package policy

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/problem"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

func (s *Service) routes(r *web.Group) {
	text := web.Body(MaxSource + 56<<10)
	r.GET("/policy", s.getPolicy, web.Needs(shops.MayReadSettings))
	r.PUT("/policy/draft", s.putDraft, web.Needs(shops.MayChangeSettings), text)
	r.POST("/policy/check", s.postCheck, web.Needs(shops.MayReadSettings), text)
	r.POST("/policy/try", s.postTry, web.Needs(shops.MayReadOrders), text)
	r.POST("/policy/effect", s.postEffect, web.Needs(shops.MayReadOrders), text)
	r.POST("/policy/publish", s.postPublish, web.Needs(shops.MayChangeSettings))
	r.GET("/policy/versions", s.getVersions, web.Needs(shops.MayReadSettings))
	r.GET("/policy/versions/:version", s.getVersion, web.Needs(shops.MayReadSettings))
	r.POST("/policy/versions/:version/restore", s.postRestore, web.Needs(shops.MayChangeSettings))
}

// textJSON is a policy's text and how it is understood.
type textJSON struct {
	Source   string   `json:"source"`
	Form     *Form    `json:"form"` // nil: it says more than the form can
	Problems []Fault  `json:"problems"`
	Diff     []Change `json:"diff"` // from what is published
}

func understood(source, published string) textJSON {
	out := textJSON{Source: source, Problems: []Fault{}, Diff: Diff(published, source)}
	p, faults := Parse(source)
	if len(faults) > 0 {
		out.Problems = faults
		return out
	}
	if f, fits := FormOf(p); fits {
		out.Form = &f
	}
	return out
}

type policyJSON struct {
	Draft     textJSON      `json:"draft"`
	Revision  int           `json:"revision"`
	Published publishedJSON `json:"published"`
}

type publishedJSON struct {
	Version int        `json:"version"`
	At      *time.Time `json:"at"` // nil: never published, made from the settings
	Source  string     `json:"source"`
}

func (s *Service) getPolicy(c *web.Ctx) error {
	var out policyJSON
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		used, err := s.Published(tx)
		if err != nil {
			return err
		}
		draft, err := s.Draft(tx)
		if err != nil {
			return err
		}
		out = policyJSON{understood(draft.Source, used.Source), draft.Revision, publishedJSON{Version: used.Version, Source: used.Source}}
		if used.stored {
			out.Published.At = &used.ChangedAt
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.OK(out)
}

func (s *Service) putDraft(c *web.Ctx) error {
	var body struct {
		Source   string `json:"source"`
		Revision int    `json:"revision"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if strings.ContainsRune(body.Source, 0) {
		return ErrFaults
	}
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		return save(tx, body.Source, body.Revision, web.Staff(c).ID)
	})
	if err != nil {
		return err
	}
	return s.getPolicy(c)
}

// postCheck understands a text, or writes a form as one.
func (s *Service) postCheck(c *web.Ctx) error {
	var body struct {
		Source string `json:"source"`
		Form   *Form  `json:"form"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if body.Form != nil {
		if err := body.Form.Validate(); err != nil {
			return err
		}
		body.Source = body.Form.Policy().String()
	}
	var out textJSON
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		used, err := s.Published(tx)
		out = understood(body.Source, used.Source)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(out)
}

type verdictJSON struct {
	Action   Action            `json:"action"`
	Name     string            `json:"name"`
	Allowed  bool              `json:"allowed"`
	Until    *time.Time        `json:"until"`
	LastDay  *clock.Date       `json:"last_day"`
	Reason   string            `json:"reason"`  // for staff
	Shopper  string            `json:"shopper"` // what the shopper reads
	Rule     int               `json:"rule"`    // its line, 0 for none
	RuleText string            `json:"rule_text"`
	Because  string            `json:"because"`
	Instead  []string          `json:"instead"`
	Items    []itemVerdictJSON `json:"items"`
}

type itemVerdictJSON struct {
	Title   string      `json:"title"`
	Allowed bool        `json:"allowed"`
	LastDay *clock.Date `json:"last_day"`
	Reason  string      `json:"reason"`
	Rule    int         `json:"rule"`
}

func verdictOf(v Verdict, tag locale.Tag, zone *time.Location) verdictJSON {
	out := verdictJSON{Action: v.Action, Name: v.Action.Name(locale.English), Allowed: v.Allowed, Until: v.Until, LastDay: v.LastDay, Reason: v.Staff(zone),
		Shopper: v.Explain(tag, zone), Rule: v.Rule, RuleText: v.RuleText(), Instead: []string{}, Items: []itemVerdictJSON{}}
	if v.rule != nil {
		out.Because = v.rule.Because
	}
	for _, i := range v.Instead {
		out.Instead = append(out.Instead, i.Action.Name(locale.English))
	}
	for _, it := range v.Items {
		out.Items = append(out.Items, itemVerdictJSON{it.Title, it.Allowed, it.LastDay, it.Reason.in(locale.English, zone), it.Rule})
	}
	return out
}

// postTry says what a text would decide about an order.
func (s *Service) postTry(c *web.Ctx) error {
	var body struct {
		Source  string `json:"source"`
		OrderID string `json:"order_id"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	p, faults := Parse(body.Source)
	if len(faults) > 0 {
		return faulty(faults)
	}
	id, err := strconv.ParseInt(body.OrderID, 10, 64)
	if err != nil || id <= 0 {
		return orders.ErrNotFound
	}
	out := struct {
		ID       string        `json:"id"`
		Name     string        `json:"name"`
		PlacedAt time.Time     `json:"placed_at"`
		InForce  int           `json:"in_force"` // the version that decides about this order
		Verdicts []verdictJSON `json:"verdicts"`
	}{ID: strconv.FormatInt(id, 10), Verdicts: []verdictJSON{}}
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		o, err := orders.Find(tx, id)
		if err != nil {
			return err
		}
		facts, err := s.facts(tx, o)
		if err != nil {
			return err
		}
		used, err := s.InForce(tx, o.PlacedAt)
		out.Name, out.PlacedAt, out.InForce = o.Name, o.PlacedAt, used.Version
		for _, v := range all(Version{Policy: p}, facts, tx.Now) {
			out.Verdicts = append(out.Verdicts, verdictOf(v, locale.English, facts.Zone))
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := s.shops.Reading(c, out.ID); err != nil {
		return err
	}
	return c.OK(out)
}

// compared is on how many orders the effect of a text is shown.
const compared = 20

type effectJSON struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	PlacedAt time.Time    `json:"placed_at"`
	Changes  []changeJSON `json:"changes"`
}

type changeJSON struct {
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
	Better bool   `json:"better"` // for the shopper
}

// postEffect says what a text would have decided otherwise about the last orders
// than the published policy, had it been in force.
func (s *Service) postEffect(c *web.Ctx) error {
	var body struct {
		Source string `json:"source"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	p, faults := Parse(body.Source)
	if len(faults) > 0 {
		return faulty(faults)
	}
	list := []effectJSON{}
	var numbers []string
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		used, err := s.Published(tx)
		if err != nil {
			return err
		}
		found, err := orders.Newest(tx, compared)
		if err != nil {
			return err
		}
		for _, id := range found {
			o, err := orders.Find(tx, id)
			if errors.Is(err, orders.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			facts, err := s.facts(tx, o)
			if err != nil {
				return err
			}
			numbers = append(numbers, strconv.FormatInt(id, 10))
			// Windows are compared as they are on the day of purchase: an old order's
			// would all be over.
			list = append(list, effectJSON{strconv.FormatInt(id, 10), o.Name, o.PlacedAt, differences(used.Policy, p, facts, o.PlacedAt)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.shops.ReadingList(c, numbers); err != nil {
		return err
	}
	return c.OK(map[string]any{"orders": list})
}

// differences are the actions about which two policies decide differently.
func differences(before, after Policy, facts Facts, now time.Time) []changeJSON {
	list := []changeJSON{}
	for _, a := range Actions {
		v, w := Evaluate(before, a, facts, now), Evaluate(after, a, facts, now)
		if !v.outlasts(w) && !w.outlasts(v) && v.Reason.Key == w.Reason.Key && sameEnd(v.Pending, w.Pending) {
			continue
		}
		list = append(list, changeJSON{a.Name(locale.English), v.Reason.in(locale.English, facts.Zone), w.Reason.in(locale.English, facts.Zone),
			w.outlasts(v) || w.Pending != nil && v.Pending != nil && w.Pending.minutes() > v.Pending.minutes()})
	}
	return list
}

// sameEnd compares windows that have not begun.
func sameEnd(v, w *Window) bool {
	if v == nil || w == nil {
		return v == w
	}
	return v.Length == w.Length && v.Unit == w.Unit && v.Of[0] == w.Of[0]
}

func (s *Service) postPublish(c *web.Ctx) error {
	var body struct {
		Revision int `json:"revision"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	return s.publishAnd(c, body.Revision, 0)
}

func (s *Service) postRestore(c *web.Ctx) error {
	version, err := versionParam(c)
	if err != nil {
		return err
	}
	return s.publishAnd(c, 0, version)
}

func (s *Service) publishAnd(c *web.Ctx, revision, version int) error {
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error { return s.publish(tx, revision, version, web.Staff(c).ID) })
	if err != nil {
		return err
	}
	return s.getPolicy(c)
}

func versionParam(c *web.Ctx) (int, error) {
	n, err := strconv.Atoi(c.Param("version"))
	if err != nil || n < 1 {
		return 0, ErrMissing
	}
	return n, nil
}

// versionsShown is how many versions the admin lists.
const versionsShown = 50

type versionJSON struct {
	Version int        `json:"version"`
	At      *time.Time `json:"at"`
	From    *int       `json:"restored_from"`
}

func (s *Service) getVersions(c *web.Ctx) error {
	list := []versionJSON{}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		stored, err := listVersions(tx, versionsShown)
		for _, v := range stored {
			one := versionJSON{Version: v.Version, At: &v.ChangedAt}
			if v.From > 0 {
				one.From = &v.From
			}
			list = append(list, one)
		}
		if len(stored) == 0 {
			list = append(list, versionJSON{Version: 1})
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"versions": list})
}

// getVersion shows a version and what it changed.
func (s *Service) getVersion(c *web.Ctx) error {
	version, err := versionParam(c)
	if err != nil {
		return err
	}
	out := struct {
		Source string   `json:"source"`
		Diff   []Change `json:"diff"` // from the version before
	}{}
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		v, err := s.version(tx, version)
		if err != nil {
			return err
		}
		before, err := findVersion(tx, version-1)
		if err != nil && problem.Of(err).Kind != problem.NotFound {
			return err
		}
		out.Source, out.Diff = v.Source, Diff(before.Source, v.Source)
		return nil
	})
	if err != nil {
		return err
	}
	return c.OK(out)
}
