package tracking

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/room"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// Each fact alone turns an approval into a person's decision; a fresh scan waits,
// whatever else is known.
func TestAClaimsVerdictFollowsFromItsFacts(t *testing.T) {
	set := defaultClaimSettings("USD")
	set.Automatic = true
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	good := claimFacts{Now: now, Delivered: now.Add(-49 * time.Hour), Paid: true, AddressKnown: true, AddressSame: true, Customer: true, OrderMinor: 9000, Covered: true, WorthMinor: 3000,
		LeftMinor: 3000, Remedies: []string{ChoiceRefund}}
	if v := weigh(good, set); v.Decision != DecideApprove || len(v.Findings) != 10 {
		t.Fatalf("%+v", v)
	}
	for code, change := range map[string]func(*claimFacts, *ClaimSettings){
		FindAutomatic: func(_ *claimFacts, s *ClaimSettings) { s.Automatic = false },
		FindPaid:      func(f *claimFacts, _ *ClaimSettings) { f.Paid = false },
		FindMadeGood:  func(f *claimFacts, _ *ClaimSettings) { f.MadeGood = true },
		FindProof:     func(f *claimFacts, _ *ClaimSettings) { f.Proof = true },
		FindAddress:   func(f *claimFacts, _ *ClaimSettings) { f.AddressSame = false },
		FindEarlier:   func(f *claimFacts, _ *ClaimSettings) { f.Earlier = 1 },
		FindValue:     func(f *claimFacts, _ *ClaimSettings) { f.OrderMinor = 10_001 },
		FindBudget:    func(f *claimFacts, _ *ClaimSettings) { f.LeftMinor = 2999 },
		FindRemedy:    func(f *claimFacts, _ *ClaimSettings) { f.Remedies = nil },
	} {
		facts, settings := good, set
		change(&facts, &settings)
		v := weigh(facts, settings)
		against := slices.DeleteFunc(slices.Clone(v.Findings), func(f finding) bool { return f.OK })
		if v.Decision != DecideReview || len(against) != 1 || against[0].Code != code {
			t.Errorf("%s: %s, %v", code, v.Decision, against)
		}
		if reason := shopperReason(v.Findings); slices.Contains(spoken, code) != (reason == code) {
			t.Errorf("%s is told as %s", code, reason)
		}
		facts.Delivered = now.Add(-47 * time.Hour)
		if v := weigh(facts, settings); v.Decision != DecideWait || !v.Until.Equal(now.Add(time.Hour)) || len(v.Findings) != 1 {
			t.Errorf("%s, fresh: %+v", code, v)
		}
	}
	unknown := good
	unknown.Customer = false
	if v := weigh(unknown, set); v.Decision != DecideReview || shopperReason(v.Findings) != "look" {
		t.Errorf("nobody knows who it is: %s", v.Decision)
	}
	set.ValueMax = 0
	unbounded := good
	unbounded.OrderMinor = 1_000_000_000
	if v := weigh(unbounded, set); v.Decision != DecideApprove {
		t.Errorf("without a bound: %s", v.Decision)
	}
	for message, want := range map[string]bool{"Delivered, signed by R. SMITH": true, "Zustellfoto vorhanden": true, "Delivered": false, "Delivered, front porch": false, "": false} {
		if proven(message) != want {
			t.Errorf("%q", message)
		}
	}
}

// deliver puts an order on record whose one parcel was delivered so long ago, with
// where it goes known since it left.
func (st *stage) deliver(n int, ago time.Duration, message string) (order, parcel int64) {
	st.t.Helper()
	variant := st.sim.Products(st.shop.ID)[0].Variants[0].ID
	o, err := st.sim.PlaceOrder(st.shop.ID, shopsim.Checkout{Customer: &shopsim.CheckoutCustomer{Email: fmt.Sprintf("shopper%d@example.com", n), FirstName: "Negar", LastName: "R"},
		TaxRate: "0", Country: "DE", Lines: []shopsim.CheckoutLine{{VariantID: variant, Quantity: 1}}})
	if err != nil {
		st.t.Fatal(err)
	}
	st.in(storetest.Shop, func(tx *store.Tx) error {
		return queue.Enqueue(tx, queue.Request{Kind: orders.TaskRead, Ref: fmt.Sprint(o.ID)})
	})
	queuetest.Wait(st.t, "the order", func() bool {
		return st.db.Read(ctx, storetest.Shop, func(tx *store.Tx) error { _, err := orders.Find(tx, o.ID); return err }) == nil
	})
	st.in(storetest.Shop, func(tx *store.Tx) error {
		at := tx.Now.Add(-ago)
		p := news{ID: o.ID * 1000, OrderID: o.ID, Name: o.Name + ".1", Status: "success", CreatedAt: at.Add(-72 * time.Hour), UpdatedAt: at, Company: "DHL Paket", Number: "00340434292135100124",
			Items: []Item{{o.Lines[0].ID, 1}}, Origin: "US", Destination: "DE"}
		p.Scans = []scanRow{{ID: p.ID, ParcelID: p.ID, Status: "delivered", HappenedAt: at, UpdatedAt: at, Message: message, City: "Leipzig", Country: "DE"}}
		return st.s.hear(tx, p, at)
	})
	return o.ID, o.ID * 1000
}

// lenient lets the rules decide.
func (st *stage) lenient() {
	st.generous(1_000_000_000)
	st.in(storetest.Shop, func(tx *store.Tx) error {
		v := defaultClaimSettings("USD")
		v.Automatic, v.ValueMax = true, 0
		_, err := saveClaimSettings(tx, v)
		return err
	})
}

func (st *stage) claim(order, parcel int64) (c *claimRow) {
	st.t.Helper()
	st.in(storetest.Shop, func(tx *store.Tx) (err error) {
		c, err = st.s.Claim(tx, order, Said{Parcel: parcel, Checked: []string{"neighbours", "moon"}, Sure: true, Tag: locale.English})
		return err
	})
	return c
}

func (st *stage) claimNow(id string) (c *claimRow) {
	st.t.Helper()
	st.in(storetest.Shop, func(tx *store.Tx) (err error) { c, err = findClaim(tx, id); return err })
	return c
}

func (st *stage) ledger(kind string) (n int) {
	for _, l := range st.sim.Ledger(st.shop.ID) {
		if l.By == "app" && l.Kind == kind {
			n++
		}
	}
	return n
}

// Delivered, claimed, approved at once, chosen twice over lost answers: one parcel is
// sent again.
func TestAnApprovedClaimIsSentAgainOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		st := perform(t, db, clk)
		st.lenient()
		order, parcel := st.deliver(1, 60*time.Hour, "Delivered")
		c := st.claim(order, parcel)
		if c.State != ClaimApproved || c.Checked != "neighbours" {
			t.Fatalf("%+v", c)
		}
		if again := st.claim(order, parcel); again.ID != c.ID {
			t.Errorf("a second claim: %s", again.ID)
		}
		st.in(storetest.Shop, func(tx *store.Tx) error {
			card, err := st.s.showOffers(tx, room.PageView{OrderID: order, Tag: locale.English, Zone: time.UTC})
			if seen, ok := card.(shownOffers); !ok || seen.Heading != "We make it good" {
				t.Errorf("the order's page shows %+v", card)
			}
			return err
		})
		worth := st.count(`SELECT reserved_minor FROM tracking_budgets WHERE shop_id = ?`)
		if worth == 0 {
			t.Error("nothing of the budget was taken")
		}
		if err := st.sim.SetFaults(shopsim.Faults{Seed: 3, API: shopsim.APIFaults{FailAfter: 0.3}}); err != nil {
			t.Fatal(err)
		}
		for _, choice := range []string{ChoiceReship, ChoiceRefund} {
			if _, err := st.choose(offerRow{ID: c.OfferID, OrderID: order}, choice); err != nil {
				t.Fatal(err)
			}
		}
		queuetest.Wait(t, "the replacement", func() bool { clk.Advance(time.Second); return st.claimNow(c.ID).State == ClaimRemedied })
		if st.ledger("replacement") != 1 || st.ledger("refund") != 0 {
			t.Errorf("%d replacements, %d refunds", st.ledger("replacement"), st.ledger("refund"))
		}
		if got := st.count(`SELECT spent_minor FROM tracking_budgets WHERE shop_id = ?`); got != worth || st.count(`SELECT reserved_minor FROM tracking_budgets WHERE shop_id = ?`) != worth {
			t.Errorf("%d of %d spent", got, worth)
		}
		// The same customer's next one is for a person, and staff send the money back once.
		order, parcel = st.deliver(1, 60*time.Hour, "Delivered, signed by R")
		c = st.claim(order, parcel)
		if c.State != ClaimReview || shopperReason(c.findings()) != FindProof {
			t.Fatalf("%+v", c)
		}
		st.in(storetest.Shop, func(tx *store.Tx) error { return st.s.approveClaim(tx, c.ID, ChoiceRefund, "42") })
		if err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error { return st.s.approveClaim(tx, c.ID, ChoiceReship, "43") }); !errors.Is(err, ErrClaimDecided) {
			t.Errorf("decided twice: %v", err)
		}
		queuetest.Wait(t, "the refund", func() bool { clk.Advance(time.Second); return st.claimNow(c.ID).State == ClaimRemedied })
		if st.ledger("refund") != 1 || st.ledger("replacement") != 1 {
			t.Errorf("%d refunds, %d replacements", st.ledger("refund"), st.ledger("replacement"))
		}
	})
}

// A fresh scan waits and is judged on its own later; a scan that comes meanwhile
// closes it, and gives back what nobody chose.
func TestAClaimWaitsAndIsClosedByNews(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		st := perform(t, db, clk)
		st.lenient()
		due := func(c *claimRow) {
			st.in(storetest.Shop, func(tx *store.Tx) error { return st.s.claimDue(ctx, tx, queue.Job{Ref: c.ID}) })
		}
		again := func(order, parcel int64) {
			st.in(storetest.Shop, func(tx *store.Tx) error {
				return st.s.hear(tx, news{ID: parcel, OrderID: order, Status: "success", UpdatedAt: tx.Now, Items: []Item{},
					Scans: []scanRow{{ID: parcel + 7, ParcelID: parcel, Status: "delivered", HappenedAt: tx.Now.Add(time.Second), UpdatedAt: tx.Now}}}, tx.Now)
			})
		}
		order, parcel := st.deliver(1, time.Hour, "")
		c := st.claim(order, parcel)
		if c.State != ClaimWaiting || !c.WaitUntil.Equal(clk.Now().Add(47*time.Hour)) {
			t.Fatalf("%+v", c)
		}
		due(c)
		if got := st.claimNow(c.ID); got.State != ClaimWaiting {
			t.Errorf("judged before its time: %s", got.State)
		}
		clk.Advance(47 * time.Hour)
		due(c)
		due(c)
		if got := st.claimNow(c.ID); got.State != ClaimApproved {
			t.Fatalf("%+v", got)
		}
		again(order, parcel)
		if got := st.claimNow(c.ID); got.State != ClaimFound {
			t.Errorf("it was found and is %s", got.State)
		}
		if got := st.count(`SELECT reserved_minor FROM tracking_budgets WHERE shop_id = ?`); got != 0 {
			t.Errorf("%d are still taken", got)
		}
		if _, err := st.choose(offerRow{ID: st.claimNow(c.ID).OfferID, OrderID: order}, ChoiceRefund); err != nil || st.count(`SELECT count(*) FROM shopify_operations WHERE shop_id = ?`) != 0 {
			t.Errorf("chosen after it was found: %v", err)
		}
		if next := st.claim(order, parcel); next.ID == c.ID || next.State != ClaimWaiting {
			t.Errorf("it is still not there: %+v", next)
		}
		// Nobody chooses: a person looks at it, and the budget is free again.
		order, parcel = st.deliver(2, 60*time.Hour, "")
		c = st.claim(order, parcel)
		clk.Advance(claimOfferDays*24*time.Hour + time.Minute)
		st.in(storetest.Shop, st.s.lapsedClaims)
		if got := st.claimNow(c.ID); got.State != ClaimReview || st.count(`SELECT SUM(reserved_minor) FROM tracking_budgets WHERE shop_id = ?`) != 0 {
			t.Errorf("nobody chose: %+v", got)
		}
	})
}
