package tracking

import (
	"context"
	"errors"
	"time"

	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// The operations that carry a choice out.
const (
	OperationRefund = "tracking.refund" // keyed: over the payments, or as store credit
	OperationReship = "tracking.reship" // a draft order, found again by its tag
	OperationGift   = "tracking.credit" // unkeyed: found again by the second at which it ends
)

type (
	reshipInput struct {
		Order int64  `json:"order"`
		Offer string `json:"offer"`
	}
	giftInput struct {
		Customer int64     `json:"customer"`
		Minor    int64     `json:"minor"`
		Currency string    `json:"currency"` // the shop's
		EndsAt   time.Time `json:"ends_at"`
	}
)

func (s *Service) operations() []shopify.OperationKind {
	return []shopify.OperationKind{
		shopify.RefundKind(OperationRefund, s.settled),
		{Name: OperationReship, Do: s.reship, ReadBack: findReship, Settled: s.settled},
		{Name: OperationGift, Do: giveCredit, ReadBack: findCredit, Settled: s.settled, Unkeyed: true},
	}
}

// settled hears how an operation ended.
func (s *Service) settled(_ context.Context, tx *store.Tx, op shopify.Operation, _ shopify.Result) error {
	of, err := offerOf(tx, op.ID)
	if errors.Is(err, ErrOfferGone) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case op.Done():
		if err := orders.Note(tx, of.OrderID, "offer:"+of.ID+":done", "parcel_made_up", tx.Now, "Carried out at Shopify: "+of.Choice); err != nil {
			return err
		}
		return s.settle(tx, &of, OfferDone, "")
	case op.State == shopify.OperationParked:
		return s.settle(tx, &of, OfferParked, op.Reason)
	}
	if op.GivenUp.Note != "" {
		if err := orders.Note(tx, of.OrderID, "offer:"+of.ID+":given_up", "parcel_given_up", tx.Now, "Staff gave it up: "+op.GivenUp.Note); err != nil {
			return err
		}
	}
	return s.settle(tx, &of, OfferRefused, op.Reason)
}

// reship makes the draft order if it is not there, and an order of it if it is
// none yet.
func (s *Service) reship(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, error) {
	var in reshipInput
	if err := op.Decode(&in); err != nil {
		return shopify.Result{}, err
	}
	draft, err := c.DraftTagged(ctx, op.ID)
	if err != nil {
		return shopify.Result{}, err
	}
	if draft == nil {
		again, err := s.replacement(ctx, op, in)
		if err != nil {
			return shopify.Result{}, err
		}
		if err := stillPaid(ctx, c, op); err != nil {
			return shopify.Result{}, err
		}
		if draft, err = c.CreateDraft(ctx, again); err != nil {
			return shopify.Result{}, err
		}
	}
	if draft.Total.Presentment.Minor != 0 {
		return shopify.Result{}, &shopify.Refused{Reason: "the replacement would not be free"}
	}
	if draft.Order != nil {
		return shopify.Result{ShopifyID: draft.Order.ID}, nil
	}
	queue.CrashPoint("tracking.reship")
	gid, err := c.CompleteDraft(ctx, draft.ID)
	var no *shopify.Refused
	if errors.As(err, &no) { // it may be complete already
		if again, readErr := c.DraftTagged(ctx, op.ID); readErr == nil && again != nil && again.Order != nil {
			return shopify.Result{ShopifyID: again.Order.ID}, nil
		}
	}
	return shopify.Result{ShopifyID: gid}, err
}

// paidBack is why nothing is sent again.
const paidBack = "the money went back meanwhile: less is left of the order than the parcel was worth"

// stillPaid refuses to send again what was paid back in Shopify, also without
// saying for which items: shoppers get the goods or the money.
func stillPaid(ctx context.Context, c *shopify.Client, op shopify.Operation) error {
	paid, err := c.Payments(ctx, op.Order)
	if errors.Is(err, shopify.ErrOrderMissing) {
		return &shopify.Refused{Reason: "the order was deleted"}
	}
	if err != nil {
		return err
	}
	if left := paid.Refundable(); left.Currency != op.Amount.Currency || left.Minor < op.Amount.Minor {
		return &shopify.Refused{Reason: paidBack}
	}
	return nil
}

// replacement reads what the parcel held and where it went; neither stands in the
// operation, so that nothing personal is kept with it.
func (s *Service) replacement(ctx context.Context, op shopify.Operation, in reshipInput) (r shopify.Replacement, err error) {
	err = s.db.Read(ctx, op.Shop, func(tx *store.Tx) error {
		of, err := findOffer(tx, in.Offer)
		if err != nil {
			return err
		}
		o, err := orders.Find(tx, in.Order)
		if err != nil {
			return err
		}
		parcel, err := find(tx, of.ParcelID)
		if err != nil {
			return err
		}
		p, err := parcel.parcel(tx.Now)
		if err != nil {
			return err
		}
		if o.Shipping == nil {
			return ErrOfferGone
		}
		a := o.Shipping
		r = shopify.Replacement{Customer: o.CustomerID(), Email: o.Email, Note: "Replacement for " + o.Name + " (" + of.ID + ")", Tag: op.ID,
			To: shopify.GateAddress{FirstName: a.FirstName, LastName: a.LastName, Company: a.Company, Address1: a.Address1, Address2: a.Address2, City: a.City,
				ProvinceCode: a.ProvinceCode, Zip: a.Zip, CountryCode: a.CountryCode, Phone: a.Phone}}
		for _, i := range p.Items {
			for _, l := range o.Lines {
				if l.ID == i.LineID && l.VariantID != 0 {
					r.Lines = append(r.Lines, shopify.ReplacementLine{Variant: l.VariantID, Quantity: i.Quantity})
				}
			}
		}
		return nil
	})
	if errors.Is(err, ErrOfferGone) || errors.Is(err, orders.ErrNotFound) || errors.Is(err, ErrNotFound) || err == nil && len(r.Lines) == 0 {
		return r, &shopify.Refused{Reason: "what to send again is not known any more"}
	}
	return r, err
}

func findReship(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, bool, error) {
	draft, err := c.DraftTagged(ctx, op.ID)
	if err != nil || draft == nil || draft.Order == nil {
		return shopify.Result{}, false, err // without its order it is made one by Do
	}
	return shopify.Result{ShopifyID: draft.Order.ID}, true, nil
}

func (in giftInput) gift() shopify.CreditGift {
	return shopify.CreditGift{Customer: in.Customer, Amount: money.New(in.Minor, in.Currency), EndsAt: in.EndsAt}
}

func giveCredit(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, error) {
	var in giftInput
	if err := op.Decode(&in); err != nil {
		return shopify.Result{}, err
	}
	account, err := c.GiveCredit(ctx, in.gift())
	return shopify.Result{ShopifyID: account}, err
}

func findCredit(ctx context.Context, c *shopify.Client, op shopify.Operation) (shopify.Result, bool, error) {
	var in giftInput
	if err := op.Decode(&in); err != nil {
		return shopify.Result{}, false, err
	}
	since := op.CreatedAt
	if op.SentAt != nil {
		since = *op.SentAt
	}
	account, found, err := c.CreditGiven(ctx, in.gift(), since.Add(-clockSkew))
	return shopify.Result{ShopifyID: account}, found, err
}

// clockSkew is how far Shopify's clock may be from ours.
const clockSkew = 10 * time.Minute
