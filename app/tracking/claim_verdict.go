package tracking

import (
	"slices"
	"strings"
	"time"
)

// What a claim comes to.
const (
	DecideWait    = "wait"    // the scan is fresh: it may still turn up
	DecideApprove = "approve" // it is made good at once
	DecideReview  = "review"  // a person looks at it
)

// What is looked at, in the order in which a merchant reads it.
const (
	FindAge       = "age"       // of the scan that says delivered, in hours
	FindAutomatic = "automatic" // the merchant lets rules decide
	FindPaid      = "paid"      // the order is paid, and neither cancelled nor given back
	FindMadeGood  = "made_good" // nothing was given for this parcel before
	FindProof     = "proof"     // the carrier notes no signature and no photo
	FindAddress   = "address"   // it went where the order says
	FindEarlier   = "earlier"   // claims of this customer before it
	FindValue     = "value"     // of the order, in the shop's money
	FindBudget    = "budget"    // what is left of the month's
	FindRemedy    = "remedy"    // something is allowed and possible
)

// claimFacts is all that a verdict rests on.
type claimFacts struct {
	Now, Delivered time.Time
	Paid           bool
	MadeGood       bool
	Proof          bool
	AddressKnown   bool
	AddressSame    bool
	Customer       bool // Shopify knows who it is
	Earlier        int64
	OrderMinor     int64
	Covered        bool // by the make-good settings
	WorthMinor     int64
	LeftMinor      int64
	Remedies       []string
}

// finding is one thing that was looked at. Have and Most are hours, claims, or
// minor units of the shop's money, and 0 where there is nothing to compare; of an
// address, whether it is known at all.
type finding struct {
	Code string `json:"code"`
	OK   bool   `json:"ok"`
	Have int64  `json:"have"`
	Most int64  `json:"most"`
}

// claimVerdict is what follows, and from what.
type claimVerdict struct {
	Decision string
	Until    time.Time // of a wait
	Findings []finding
}

// weigh decides a claim by its facts alone. Whatever is not known counts against
// deciding without a person.
func weigh(f claimFacts, set ClaimSettings) claimVerdict {
	hours := int64(f.Now.Sub(f.Delivered) / time.Hour)
	until := f.Delivered.Add(time.Duration(set.WaitHours) * time.Hour)
	v := claimVerdict{Until: until, Findings: []finding{{FindAge, !f.Now.Before(until), hours, set.WaitHours}}}
	if f.Now.Before(until) {
		v.Decision = DecideWait
		return v
	}
	known := int64(0)
	if f.AddressKnown {
		known = 1
	}
	v.Findings = append(v.Findings,
		finding{FindAutomatic, set.Automatic && f.Covered, 0, 0},
		finding{FindPaid, f.Paid, 0, 0},
		finding{FindMadeGood, !f.MadeGood, 0, 0},
		finding{FindProof, !f.Proof, 0, 0},
		finding{FindAddress, f.AddressKnown && f.AddressSame, known, 0},
		finding{FindEarlier, f.Customer && f.Earlier < set.CustomerMost, f.Earlier, set.CustomerMost},
		finding{FindValue, set.ValueMax == 0 || f.OrderMinor <= set.ValueMax, f.OrderMinor, set.ValueMax},
		finding{FindBudget, f.WorthMinor > 0 && f.WorthMinor <= f.LeftMinor, f.WorthMinor, f.LeftMinor},
		finding{FindRemedy, len(f.Remedies) > 0, 0, 0},
	)
	v.Decision = DecideApprove
	if slices.ContainsFunc(v.Findings, func(one finding) bool { return !one.OK }) {
		v.Decision = DecideReview
	}
	return v
}

// spoken are the findings that a shopper may read; the others say "a person decides".
var spoken = []string{FindProof, FindAddress, FindValue, FindEarlier}

// shopperReason is the first of the findings against it that a shopper is told, or
// "look". What is only not known is not told as a fact.
func shopperReason(list []finding) string {
	for _, code := range spoken {
		if slices.ContainsFunc(list, func(f finding) bool { return f.Code == code && !f.OK && (f.Have > 0 || code == FindProof) }) {
			return code
		}
	}
	return "look"
}

// proofWords are how carriers write that somebody signed or that a photo was taken.
// "No signature required" has one, too: then a person looks, which does no harm.
var proofWords = []string{"signed", "signature", "photo", "picture", "proof of delivery", "unterschr", "unterzeichn", "foto", "signé", "photographi", "firmad", "firma ",
	"подпис", "фото", "署名", "サイン", "写真", "امضا", "عکس", "توقيع", "صورة"}

// proven tells whether a scan's text says that there is proof of delivery.
func proven(message string) bool {
	message = strings.ToLower(message)
	return slices.ContainsFunc(proofWords, func(w string) bool { return strings.Contains(message, w) })
}
