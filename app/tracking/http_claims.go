package tracking

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/problem"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

const (
	claimsPage     = 50
	claimReplyMost = 4000
)

// ErrClaimReply says that staff have to write something.
var ErrClaimReply = problem.New(problem.Invalid, "tracking.claim_reply", "Write to the shopper, at most 4000 characters.")

func (s *Service) claimAdmin(r *web.Group) {
	r.GET("/claims", s.getClaims, web.Needs(shops.MayReadOrders))
	r.GET("/claims/:id", s.getClaim, web.Needs(shops.MayReadOrders))
	r.GET("/claims/:id/photos/:photo", s.getStaffPhoto, web.Needs(shops.MayReadOrders))
	r.POST("/claims/:id/approve", s.postApprove, web.Needs(shops.MayChangeOrders))
	r.POST("/claims/:id/refuse", s.postRefuse, web.Needs(shops.MayChangeOrders))
	r.POST("/claims/:id/ask", s.postAsk, web.Needs(shops.MayChangeOrders))
	r.GET("/makegood/claims", s.getClaimSettings, web.Needs(shops.MayReadSettings))
	r.PUT("/makegood/claims", s.putClaimSettings, web.Needs(shops.MayChangeSettings))
}

// claimJSON is a claim in a list.
type claimJSON struct {
	ID        string     `json:"id"`
	Reference string     `json:"reference"`
	State     string     `json:"state"`
	OrderID   string     `json:"order_id"`
	OrderName string     `json:"order_name"`
	ParcelID  string     `json:"parcel_id"`
	Photos    int        `json:"photos_count"`
	MadeAt    time.Time  `json:"made_at"`
	WaitUntil time.Time  `json:"wait_until"`
	DueAt     time.Time  `json:"due_at"`
	Overdue   bool       `json:"overdue"`
	DecidedAt *time.Time `json:"decided_at"`
	ClosedAt  *time.Time `json:"closed_at"`
}

func (c *claimRow) json(now time.Time) claimJSON {
	return claimJSON{ID: c.ID, Reference: claimReference(c.ID), State: c.State, OrderID: idText(c.OrderID), OrderName: c.OrderName, ParcelID: idText(c.ParcelID), Photos: c.Photos,
		MadeAt: c.MadeAt, WaitUntil: c.WaitUntil, DueAt: c.DueAt, Overdue: c.State == ClaimReview && c.DueAt.Before(now), DecidedAt: c.DecidedAt, ClosedAt: c.ClosedAt}
}

func (s *Service) getClaims(c *web.Ctx) error {
	var states []string
	if state := c.Query("state"); state != "" && state != "all" {
		if !slices.Contains(ClaimStates, state) {
			return ErrFilter.WithFields(problem.Field{Field: "state", Detail: "is not one of the known states"})
		}
		states = []string{state}
	}
	answer := struct {
		Claims []claimJSON `json:"claims"`
		Next   *string     `json:"next_cursor"`
	}{Claims: []claimJSON{}}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		rows, err := claimsBefore(tx, states, c.Query("cursor"), claimsPage+1)
		if len(rows) > claimsPage {
			rows = rows[:claimsPage]
			answer.Next = &rows[claimsPage-1].ID
		}
		for i := range rows {
			answer.Claims = append(answer.Claims, rows[i].json(tx.Now))
		}
		return err
	})
	if err != nil {
		return err
	}
	shown := make([]string, len(answer.Claims))
	for i, one := range answer.Claims {
		shown[i] = one.ID
	}
	if err := s.shops.ReadingList(c, shown); err != nil {
		return err
	}
	return c.OK(answer)
}

// claimOfferJSON is what was approved.
type claimOfferJSON struct {
	State  string    `json:"state"`
	Choice string    `json:"choice"`
	Worth  moneyJSON `json:"worth"` // of the budget, in the shop's money
	Reason string    `json:"reason"`
}

// oneClaim is all that staff see of a claim.
type oneClaim struct {
	claimJSON
	Statement string          `json:"statement"`
	Checked   []string        `json:"checked"`
	Locale    string          `json:"locale"`
	Answer    string          `json:"answer"`
	Findings  []finding       `json:"findings"`
	Currency  string          `json:"currency"` // of the findings
	History   []claimStep     `json:"history"`
	Pictures  []shownPhoto    `json:"photos"`
	Remedies  []string        `json:"remedies"` // what can be approved now
	Worth     moneyJSON       `json:"worth"`    // what it would take of the budget
	Offer     *claimOfferJSON `json:"offer"`
	Parcel    claimParcel     `json:"parcel"`
}

type claimParcel struct {
	Name           string     `json:"name"`
	Carrier        string     `json:"carrier"`
	TrackingNumber string     `json:"tracking_number"`
	Items          []string   `json:"items"`
	Scans          []scanJSON `json:"scans"` // newest first
}

func (s *Service) getClaim(c *web.Ctx) error {
	var out oneClaim
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) { out, err = s.readClaim(tx, c.Param("id")); return err })
	if err != nil {
		return err
	}
	if err := s.shops.Reading(c, out.ID); err != nil {
		return err
	}
	return c.OK(map[string]any{"claim": out})
}

func (s *Service) readClaim(tx *store.Tx, id string) (out oneClaim, err error) {
	c, err := findClaim(tx, id)
	if err != nil {
		return out, err
	}
	shop, err := s.shops.Get(tx)
	if err != nil {
		return out, err
	}
	out = oneClaim{claimJSON: c.json(tx.Now), Statement: c.Statement, Checked: strings.Fields(c.Checked), Locale: c.Locale, Answer: c.Answer, Findings: c.findings(), Currency: shop.Currency,
		History: c.history(), Remedies: []string{}, Worth: moneyJSON{0, shop.Currency}, Parcel: claimParcel{Items: []string{}, Scans: []scanJSON{}}}
	if out.Pictures, err = claimPhotos(tx, c.ID); err != nil {
		return out, err
	}
	of, err := offerOfClaim(tx, c)
	if err != nil {
		return out, err
	}
	if of != nil {
		out.Offer = &claimOfferJSON{of.State, of.Choice, moneyJSON{of.WorthMinor, shop.Currency}, of.Reason}
	}
	r, o, worth, list, err := s.claimRemedies(tx, c)
	if errors.Is(err, orders.ErrNotFound) || errors.Is(err, ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	if slices.Contains([]string{ClaimWaiting, ClaimReview, ClaimAsked, ClaimRefused}, c.State) && c.ErasedAt == nil {
		out.Remedies, out.Worth.Minor = append(out.Remedies, list...), worth.Shop
	}
	p, err := r.parcel(tx.Now)
	if err != nil {
		return out, err
	}
	zone := clock.Zone(shop.Timezone)
	out.Parcel.Name, out.Parcel.Carrier, out.Parcel.TrackingNumber = r.called(), r.CarrierName, r.TrackingNumber
	for _, i := range showParcel(Journey{Zone: zone}, p, o, locale.English).Items {
		out.Parcel.Items = append(out.Parcel.Items, idText(i.Count)+" × "+i.Title)
	}
	scans, err := liveScans(tx, r.ID)
	for _, one := range slices.Backward(scans) {
		sc := one.scan(zone)
		out.Parcel.Scans = append(out.Parcel.Scans, scanJSON{sc.State, scanText(locale.English, sc), placeOf(locale.English, sc, ""), sc.At, sc.Zone.String(), sc.Local, sc.Message})
	}
	return out, err
}

// decided answers what a decision left the claim as.
func (s *Service) decided(c *web.Ctx, decide func(tx *store.Tx) error) error {
	if err := s.db.InTx(c.Context(), web.Shop(c), decide); err != nil {
		return err
	}
	return s.getClaim(c)
}

type approval struct {
	Choice string `json:"choice"` // "": the shopper chooses
}

func (s *Service) postApprove(c *web.Ctx) error {
	var b approval
	if err := c.Bind(&b); err != nil {
		return err
	}
	return s.decided(c, func(tx *store.Tx) error { return s.approveClaim(tx, c.Param("id"), b.Choice, web.Staff(c).ID) })
}

type claimLetter struct {
	Text string `json:"text"`
}

// Validate tells what is wrong with it.
func (b *claimLetter) Validate() error {
	if b.Text = plainText(b.Text); b.Text == "" || utf8.RuneCountInString(b.Text) > claimReplyMost {
		return ErrClaimReply
	}
	return nil
}

func (s *Service) postRefuse(c *web.Ctx) error {
	var b claimLetter
	if err := c.Bind(&b); err != nil {
		return err
	}
	return s.decided(c, func(tx *store.Tx) error { return s.refuseClaim(tx, c.Param("id"), b.Text, web.Staff(c).ID) })
}

func (s *Service) postAsk(c *web.Ctx) error {
	var b claimLetter
	if err := c.Bind(&b); err != nil {
		return err
	}
	return s.decided(c, func(tx *store.Tx) error { return s.askClaim(tx, c.Param("id"), b.Text, web.Staff(c).ID) })
}

func (s *Service) getStaffPhoto(c *web.Ctx) error {
	var p claimPhotoRow
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		p, err = findClaimPhoto(tx, c.Param("id"), c.Param("photo"))
		return err
	})
	if err != nil {
		return err
	}
	if err := s.shops.Reading(c, p.ClaimID); err != nil {
		return err
	}
	return answerPhoto(c, p)
}

func (s *Service) getClaimSettings(c *web.Ctx) error {
	var v ClaimSettings
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		shop, err := s.shops.Get(tx)
		if err != nil {
			return err
		}
		v, err = loadClaimSettings(tx, shop.Currency)
		v.Currency = shop.Currency
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"settings": v})
}

func (s *Service) putClaimSettings(c *web.Ctx) error {
	var v ClaimSettings
	if err := c.Bind(&v); err != nil {
		return err
	}
	if err := v.validate(); err != nil {
		return err
	}
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		shop, err := s.shops.Get(tx)
		if err != nil {
			return err
		}
		v.Currency = shop.Currency
		v, err = saveClaimSettings(tx, v)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"settings": v})
}

// claimsWaiting is what the first screen says of claims that a person has to decide.
func claimsWaiting(tx *store.Tx) (orders.Attention, error) {
	open, overdue, err := countClaims(tx)
	a := orders.Attention{Code: "claims", Severity: "warning", Count: open, Title: "Parcels are said to be delivered and are not there",
		Detail: "These claims wait for a decision; their shoppers were told by when.", Href: "/claims?state=review"}
	if overdue > 0 {
		a.Severity = "critical"
	}
	return a, err
}
