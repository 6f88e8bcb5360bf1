package tracking

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/photo"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// CauseMissing is why an offer was made for a parcel that is not there.
const CauseMissing = "missing"

// FactClaimed says that a shopper claimed a parcel; it is about the claim's id.
const FactClaimed = "tracking.claimed"

// TaskClaim judges a claim whose wait is over.
const TaskClaim = "tracking.claim_due"

// The states of a claim.
//
//	waiting ─▶ approved ─▶ remedied
//	   │  └─▶ review ◀─▶ asked
//	   │         └─▶ approved, refused
//	   ├─▶ found (from wherever nothing was given yet)
//	   └─▶ repaid (from there, too: somebody paid it back in Shopify)
//
// A found claim, or one closed by an erasure, does not keep another from being made.
const (
	ClaimWaiting  = "waiting"
	ClaimReview   = "review"
	ClaimAsked    = "asked"
	ClaimApproved = "approved"
	ClaimRemedied = "remedied"
	ClaimRefused  = "refused"
	ClaimFound    = "found"
	ClaimRepaid   = "repaid"
	ClaimClosed   = "closed"
)

// ClaimStates lists them as a merchant would.
var ClaimStates = []string{ClaimReview, ClaimWaiting, ClaimAsked, ClaimApproved, ClaimRemedied, ClaimRepaid, ClaimRefused, ClaimFound, ClaimClosed}

// ClaimPlaces are where a parcel is often found.
var ClaimPlaces = []string{"neighbours", "household", "mail_room", "safe_place"}

var (
	// ErrClaimMissing says that there is no such claim.
	ErrClaimMissing = problem.New(problem.NotFound, "tracking.claim_missing", "There is no such claim in this shop.")
	// ErrClaimShut says that the parcel cannot be claimed: it was not delivered, the time
	// is over, or the shop takes no claims.
	ErrClaimShut = problem.New(problem.Conflict, "tracking.claim_shut", "This parcel cannot be reported here. Please write to the shop.")
	// ErrClaimText says that the statement is too long.
	ErrClaimText = problem.New(problem.Invalid, "tracking.claim_text", "Write at most 2000 characters.")
	// ErrClaimSure says that the shopper did not confirm it.
	ErrClaimSure = problem.New(problem.Invalid, "tracking.claim_sure", "Confirm that the parcel has not arrived.")
	// ErrClaimDecided says that somebody was faster.
	ErrClaimDecided = problem.New(problem.Conflict, "tracking.claim_decided", "This claim was decided meanwhile. Load it again.")
	// ErrClaimPhotos says that there are as many photos as a claim can have.
	ErrClaimPhotos = problem.New(problem.Throttled, "tracking.claim_photos", "There are enough photos. Answer the shop's mail instead.")
)

const (
	statementMost   = 2000
	claimPhotosMost = 3 * photo.Most
	claimOfferDays  = 30 // a claim's remedy may be chosen
)

// Said is what a shopper says of a parcel that is not there.
type Said struct {
	Parcel    int64
	Checked   []string
	Statement string
	Sure      bool
	Photos    []photo.Photo
	Tag       locale.Tag
}

func (a Said) check() error {
	switch {
	case utf8.RuneCountInString(a.Statement) > statementMost:
		return ErrClaimText
	case !a.Sure:
		return ErrClaimSure
	case len(a.Photos) > photo.Most:
		return photo.ErrCount
	}
	return nil
}

// arrived is the scan that says delivered, the newest; without one the parcel's own
// word.
func (r *row) arrived(scans []scanRow) (at time.Time, last *scanRow) {
	if r.DeliveredAt != nil {
		at = *r.DeliveredAt
	}
	for i := range scans {
		if s := &scans[i]; stateOf[s.Status] == Delivered && s.ParcelID == r.ID {
			at, last = s.HappenedAt, s
		}
	}
	return at, last
}

// claimable tells whether a parcel may be claimed now.
func (r *row) claimable(set ClaimSettings, arrived, now time.Time) bool {
	return set.Enabled && r.Known && r.ErasedAt == nil && r.State == Delivered && now.Before(arrived.AddDate(0, 0, int(set.Days)))
}

// addressKey is a fingerprint of where an order goes, another for each parcel.
func addressKey(parcel int64, a *orders.Address) string {
	if a == nil {
		return ""
	}
	parts := []string{strconv.FormatInt(parcel, 10)}
	for _, p := range []string{a.Address1, a.Address2, a.Zip, a.City, a.ProvinceCode, a.CountryCode} {
		parts = append(parts, strings.ToLower(strings.Join(strings.Fields(p), " ")))
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// Claim takes a claim and judges it at once. A parcel has one that counts: said
// again, the first is returned.
func (s *Service) Claim(tx *store.Tx, orderID int64, said Said) (*claimRow, error) {
	known, err := find(tx, said.Parcel)
	if err != nil {
		return nil, err
	}
	if known.OrderID != orderID {
		return nil, ErrNotFound
	}
	r, err := lock(tx, said.Parcel, orderID)
	if err != nil {
		return nil, err
	}
	if there, err := countingClaim(tx, r.ID); err != nil || there != nil {
		return there, err
	}
	shop, err := s.shops.Get(tx)
	if err != nil {
		return nil, err
	}
	set, err := loadClaimSettings(tx, shop.Currency)
	if err != nil {
		return nil, err
	}
	scans, err := liveScans(tx, r.ID)
	if err != nil {
		return nil, err
	}
	arrived, _ := r.arrived(scans)
	if !r.claimable(set, arrived, tx.Now) {
		return nil, ErrClaimShut
	}
	if err := said.check(); err != nil {
		return nil, err
	}
	o, err := orders.Find(tx, orderID)
	if err != nil {
		return nil, err
	}
	c := &claimRow{ShopID: tx.Shop, ID: ids.New("clm"), OrderID: o.ID, OrderName: o.Name, CustomerID: o.CustomerID(), ParcelID: r.ID, State: ClaimReview,
		Checked: placesOf(said.Checked), Statement: said.Statement, Locale: string(said.Tag), Findings: "[]", History: "[]", MadeAt: tx.Now, WaitUntil: tx.Now, DueAt: tx.Now}
	c.add(claimStep{At: tx.Now, What: "made", By: "shopper"})
	if made, err := insertClaim(tx, c); err != nil {
		return nil, err
	} else if !made {
		return countingClaim(tx, r.ID)
	}
	if err := c.keepPhotos(tx, said.Photos); err != nil {
		return nil, err
	}
	if err := orders.Note(tx, o.ID, "claim:"+c.ID, "parcel_claim", tx.Now, "The shopper says that parcel "+r.called()+" is not there"); err != nil {
		return nil, err
	}
	if err := queue.Publish(tx, FactClaimed, c.ID); err != nil {
		return nil, err
	}
	if err := s.judgeClaim(tx, c, r, o, shop, set, scans); err != nil {
		return nil, err
	}
	return c, s.mailClaim(tx, c, o, KindClaim)
}

func placesOf(said []string) string {
	list := slices.DeleteFunc(slices.Clone(ClaimPlaces), func(p string) bool { return !slices.Contains(said, p) })
	return strings.Join(list, " ")
}

func (r *row) called() string { return first(r.Name, strconv.FormatInt(r.ID, 10)) }

// judgeClaim finds out how the claim stands, and does what follows.
func (s *Service) judgeClaim(tx *store.Tx, c *claimRow, r *row, o *orders.Order, shop shops.Shop, set ClaimSettings, scans []scanRow) error {
	if err := endOffersOf(tx, r.ID); err != nil { // it is not late any more, whatever else
		return err
	}
	facts, worth, err := s.claimFacts(tx, c, r, o, shop, set, scans)
	if err != nil {
		return err
	}
	v := weigh(facts, set)
	if v.Decision == DecideApprove {
		taken, err := reserve(tx, monthOf(tx.Now), worth.Shop)
		if err != nil {
			return err
		}
		if !taken { // somebody was faster
			v.Decision = DecideReview
			at := slices.IndexFunc(v.Findings, func(f finding) bool { return f.Code == FindBudget })
			v.Findings[at].OK = false
		}
	}
	raw, err := json.Marshal(v.Findings)
	if err != nil {
		return err
	}
	c.Findings = string(raw)
	if repaid, err := r.repaid(o, tx.Now); err != nil || repaid {
		if err == nil {
			err = s.moveClaim(tx, c, ClaimRepaid, "shopify", "", repaidWhy)
		}
		return err
	}
	switch v.Decision {
	case DecideWait:
		c.WaitUntil, c.DueAt = v.Until, dueFrom(v.Until, set, shop)
		if err := queue.Enqueue(tx, queue.Request{Kind: TaskClaim, Ref: c.ID, RunAt: v.Until, Once: c.ID}); err != nil {
			return err
		}
		return s.moveClaim(tx, c, ClaimWaiting, "rules", "", "the parcel may turn up; judged again on its own")
	case DecideReview:
		c.DueAt = dueFrom(tx.Now, set, shop)
		return s.moveClaim(tx, c, ClaimReview, "rules", "", "a person has to decide")
	}
	if _, err := s.makeGood(tx, c, r, o, worth, facts.Remedies); err != nil {
		return err
	}
	return s.moveClaim(tx, c, ClaimApproved, "rules", "", "approved by the rules")
}

// dueFrom is the end of the working day by which a person answers.
func dueFrom(at time.Time, set ClaimSettings, shop shops.Shop) time.Time {
	zone := clock.Zone(shop.Timezone)
	return addWorkingDays(clock.DateIn(at, zone), set.AnswerDays).AddDays(1).Start(zone).Add(-time.Second).UTC()
}

func (s *Service) claimFacts(tx *store.Tx, c *claimRow, r *row, o *orders.Order, shop shops.Shop, set ClaimSettings, scans []scanRow) (f claimFacts, worth orders.Price, err error) {
	arrived, scan := r.arrived(scans)
	f = claimFacts{Now: tx.Now, Delivered: arrived, Paid: o.CancelledAt == nil && slices.Contains([]string{"paid", "partially_refunded"}, o.FinancialStatus),
		Proof: scan != nil && proven(scan.Message), AddressKnown: r.AddressKey != "" && o.Shipping != nil, AddressSame: r.AddressKey == addressKey(r.ID, o.Shipping),
		Customer: c.CustomerID != 0, OrderMinor: o.Now.Total.Shop}
	if f.MadeGood, err = madeGood(tx, r.ID); err != nil {
		return f, worth, err
	}
	if f.Customer {
		if f.Earlier, err = earlierClaims(tx, c.CustomerID, tx.Now.AddDate(0, 0, -int(set.CustomerDays)), c.ID); err != nil {
			return f, worth, err
		}
	}
	g, err := loadGoodwill(tx, shop.Currency)
	if err != nil {
		return f, worth, err
	}
	p, err := r.parcel(tx.Now)
	if err != nil {
		return f, worth, err
	}
	worth, complete := worthLeft(o, p.Items)
	f.Covered, f.WorthMinor = g.covers(r.DestinationCountry, o.Now.Total.Shop, o.Currency), worth.Shop
	if f.LeftMinor, err = budgetLeft(tx, monthOf(tx.Now)); err != nil {
		return f, worth, err
	}
	f.LeftMinor = min(f.LeftMinor, g.CapOrder)
	f.Remedies = slices.DeleteFunc(remedies(o, worth, complete, shop), func(name string) bool { return !set.allows(name) })
	return f, worth, nil
}

func (v ClaimSettings) allows(remedy string) bool {
	return remedy == ChoiceReship && v.Reship || remedy == ChoiceRefund && v.Refund || remedy == ChoiceCredit && v.Credit
}

// remedies are what can be done about a missing parcel at all.
func remedies(o *orders.Order, worth orders.Price, complete bool, shop shops.Shop) []string {
	all := Goodwill{Reship: true, Refund: true, Credit: true, CapOrder: mostMinor, CapMonth: mostMinor}
	return all.choices(o, worth, complete, shop)
}

// makeGood opens the choice for a missing parcel. What it costs has been taken of
// the budget. One that is open or was carried out keeps another from being made.
func (s *Service) makeGood(tx *store.Tx, c *claimRow, r *row, o *orders.Order, worth orders.Price, choices []string) (offerRow, error) {
	of := offerRow{ShopID: tx.Shop, ID: ids.New("mg"), OrderID: o.ID, OrderName: o.Name, ParcelID: r.ID, Cause: CauseMissing, State: OfferOpen, Choices: strings.Join(choices, " "),
		AmountMinor: worth.Presentment, WorthMinor: worth.Shop, Currency: o.PresentmentCurrency, BudgetMonth: monthOf(tx.Now), MadeAt: tx.Now, UntilAt: tx.Now.AddDate(0, 0, claimOfferDays)}
	made, err := insertOffer(tx, &of)
	if err == nil && !made {
		err = ErrClaimDecided
	}
	if err != nil {
		return of, err
	}
	c.OfferID = of.ID
	return of, queue.Publish(tx, FactOffered, of.ID)
}

// moveClaim writes down the next state, on the order's timeline too.
func (s *Service) moveClaim(tx *store.Tx, c *claimRow, state, by, text, title string) error {
	now := tx.Now
	c.State, c.ClosedAt = state, nil
	switch state {
	case ClaimApproved, ClaimRefused:
		c.DecidedAt = &now
	}
	switch state {
	case ClaimRemedied, ClaimRepaid, ClaimRefused, ClaimFound, ClaimClosed:
		c.ClosedAt = &now
	}
	c.add(claimStep{At: now, What: state, By: by, Text: text})
	if err := c.save(tx); err != nil {
		return err
	}
	once := fmt.Sprintf("claim:%s:%d", c.ID, len(c.history()))
	return orders.Note(tx, c.OrderID, once, "parcel_claim_"+state, now, "Claim for a missing parcel: "+title)
}

// claimDue judges a claim again when its wait is over.
func (s *Service) claimDue(_ context.Context, tx *store.Tx, job queue.Job) error {
	c, err := findClaim(tx, job.Ref)
	if errors.Is(err, ErrClaimMissing) {
		return nil
	}
	if err != nil {
		return err
	}
	r, err := lock(tx, c.ParcelID, c.OrderID) // first the parcel, as news of it do
	if err != nil {
		return err
	}
	if c, err = holdClaim(tx, c.ID); err != nil || c.State != ClaimWaiting || c.WaitUntil.After(tx.Now) {
		return err
	}
	o, err := orders.Find(tx, c.OrderID)
	if errors.Is(err, orders.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	shop, err := s.shops.Get(tx)
	if errors.Is(err, shops.ErrNotInstalled) {
		return nil
	}
	if err != nil {
		return err
	}
	set, err := loadClaimSettings(tx, shop.Currency)
	if err != nil {
		return err
	}
	scans, err := liveScans(tx, r.ID)
	if err != nil {
		return err
	}
	arrived, _ := r.arrived(scans)
	set.WaitHours = min(set.WaitHours, int64(c.WaitUntil.Sub(arrived)/time.Hour)) // as was promised
	if err := s.judgeClaim(tx, c, r, o, shop, set, scans); err != nil {
		return err
	}
	return s.mailClaim(tx, c, o, KindClaimNews)
}

// foundAgain closes what was claimed when the carrier has news of the parcel after
// that, or takes back that it was delivered. The caller holds the parcel.
func (s *Service) foundAgain(tx *store.Tx, r *row, scans []scanRow) error {
	if !r.told("delivered") {
		return nil
	}
	found, err := countingClaim(tx, r.ID)
	if err != nil || found == nil {
		return err
	}
	news := r.State != Delivered || slices.ContainsFunc(scans, func(sc scanRow) bool { return sc.HappenedAt.After(found.MadeAt) && stateOf[sc.Status] != Preparing })
	if !news {
		return nil
	}
	c, err := holdClaim(tx, found.ID)
	if err != nil || !slices.Contains(undecided, c.State) {
		return err
	}
	if c.State == ClaimApproved {
		of, err := findOffer(tx, c.OfferID)
		if err != nil {
			return err
		}
		if ended, err := endMissing(tx, of); err != nil || !ended { // something was chosen: it is on its way
			return err
		}
	}
	o, err := orders.Find(tx, c.OrderID)
	if errors.Is(err, orders.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.moveClaim(tx, c, ClaimFound, "carrier", "", "the carrier has reported the parcel again"); err != nil {
		return err
	}
	return s.mailClaim(tx, c, o, KindClaimNews)
}

// endMissing ends an open offer for a missing parcel and gives its share of the
// budget back; false when it is not open any more.
func endMissing(tx *store.Tx, of offerRow) (bool, error) {
	ended, err := endOffer(tx, of.ID)
	if err != nil || !ended {
		return false, err
	}
	return true, release(tx, of.BudgetMonth, of.WorthMinor)
}

// lapsedClaims hands to a person what was approved and nobody chose.
func (s *Service) lapsedClaims(tx *store.Tx) error {
	list, err := missingOffers(tx, nil, tx.Now)
	if err != nil {
		return err
	}
	for _, of := range list {
		ended, err := endMissing(tx, of)
		if err != nil {
			return err
		}
		if !ended {
			continue
		}
		if _, err := s.claimBack(tx, of.ID, "rules", "nothing was chosen in time"); err != nil {
			return err
		}
	}
	return nil
}

// claimSettled hears what became of the remedy. The shopper is not told that
// something failed which they did not choose, or that was paid back meanwhile.
func (s *Service) claimSettled(tx *store.Tx, of *offerRow) (quiet bool, err error) {
	if of.State == OfferRefused {
		ended, err := s.claimBack(tx, of.ID, "shopify", "Shopify refused: "+of.Reason)
		return ended || of.Choices == of.Choice, err
	}
	c, err := s.holdClaimOf(tx, of.ID)
	if err != nil || c == nil {
		return false, err
	}
	return false, s.moveClaim(tx, c, ClaimRemedied, "shopify", of.Choice, "made good: "+of.Choice)
}

// claimBack has a person look at an approved claim again, and tells whether there is
// nothing to look at: its order was paid back by hand, or its data erased.
func (s *Service) claimBack(tx *store.Tx, offer, by, why string) (ended bool, err error) {
	c, err := s.holdClaimOf(tx, offer)
	if err != nil || c == nil {
		return false, err
	}
	if c.ErasedAt != nil {
		return true, s.moveClaim(tx, c, ClaimClosed, by, "", "closed, the shopper's data was erased")
	}
	if ended, err = s.endRepaid(tx, c); err != nil || ended {
		return ended, err
	}
	c.DueAt = tx.Now
	return false, s.moveClaim(tx, c, ClaimReview, by, why, "a person has to decide, because "+why)
}

// holdClaimOf is the approved claim of an offer, or nil.
func (s *Service) holdClaimOf(tx *store.Tx, offer string) (*claimRow, error) {
	c, err := claimOfOffer(tx, offer)
	if errors.Is(err, ErrClaimMissing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if c, err = holdClaim(tx, c.ID); err != nil || c.State != ClaimApproved || c.OfferID != offer {
		return nil, err
	}
	return c, nil
}
