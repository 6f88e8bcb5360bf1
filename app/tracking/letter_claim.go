package tracking

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/store"
)

// The mails about a claim: that it was made and what it came to, and each thing that
// becomes of it. What they are about is the claim's id, the state they tell of, and
// how many steps its history had then.
const (
	KindClaim     = "tracking.claim"
	KindClaimNews = "tracking.claim_news"
)

// mailClaim asks for a mail about the state that the claim has just come to.
func (s *Service) mailClaim(tx *store.Tx, c *claimRow, o *orders.Order, kind string) error {
	if o.Email == "" {
		return nil
	}
	return messages.Send(tx, messages.Request{Kind: kind, Once: fmt.Sprintf("%s:%d", c.ID, len(c.history())), Ref: fmt.Sprintf("%s:%s:%d", c.ID, c.State, len(c.history())), To: o.Email, ToName: o.ShopperName(),
		Locale: c.Locale, OrderID: o.ID, OrderName: o.Name, CustomerID: o.CustomerID(), CausedAt: tx.Now})
}

func (s *Service) claimMails() []mail.Kind {
	kinds := []mail.Kind{
		{Name: KindClaim, Class: mail.Transactional, Template: mail.NoticeTemplate, Subject: mail.NoticeSubject, Compose: s.composeClaim(KindClaim)},
		{Name: KindClaimNews, Class: mail.Transactional, Template: mail.NoticeTemplate, Subject: mail.NoticeSubject, Compose: s.composeClaim(KindClaimNews)},
	}
	at := time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)
	for i, state := range []string{ClaimWaiting, ClaimApproved} {
		for _, tag := range locale.Supported {
			l := mail.SampleConfirmation(tag, "guest")
			c := &claimRow{ID: "clm_0199", OrderName: "#1042", State: state, WaitUntil: at, DueAt: at, Findings: "[]", Checked: "neighbours safe_place", MadeAt: at.AddDate(0, 0, -1)}
			l.Data["notice"] = claimNotice(tag, c, state, nil, "EUR", "https://shop.example/order", time.UTC).Data()
			kinds[i].Samples = append(kinds[i].Samples, mail.Sample{Name: string(tag), Letter: l})
		}
	}
	return kinds
}

func (s *Service) composeClaim(kind string) func(context.Context, *store.Tx, string) (*mail.Letter, error) {
	return func(_ context.Context, tx *store.Tx, ref string) (*mail.Letter, error) {
		id, about, _ := strings.Cut(ref, ":")
		state, step, _ := strings.Cut(about, ":")
		c, err := findClaim(tx, id)
		if errors.Is(err, ErrClaimMissing) || err == nil && c.ErasedAt != nil {
			return nil, mail.Stop("the claim is not known any more")
		}
		if err != nil {
			return nil, err
		}
		if c.State != state || step != "" && step != strconv.Itoa(len(c.history())) {
			if kind == KindClaimNews {
				return nil, mail.Stop("the claim has got further: " + c.State)
			}
			state = c.State // a receipt goes all the same
		}
		h, err := s.orders.Letterhead(tx, c.OrderID)
		if errors.Is(err, orders.ErrNotFound) {
			return nil, mail.Stop("the order was deleted")
		}
		if err != nil {
			return nil, err
		}
		if h.To.Email == "" {
			return nil, mail.Stop("the order has no e-mail address")
		}
		shop, err := s.shops.Get(tx)
		if err != nil {
			return nil, err
		}
		tag := locale.Match(c.Locale)
		of, err := offerOfClaim(tx, c)
		if err != nil {
			return nil, err
		}
		h.Data["notice"] = claimNotice(tag, c, state, of, shop.Currency, h.URL, clock.Zone(shop.Timezone)).Data()
		return &mail.Letter{To: h.To, ReplyTo: h.ReplyTo, Locale: string(tag), Data: h.Data}, nil
	}
}

// offerOfClaim is what was approved, or nil.
func offerOfClaim(tx *store.Tx, c *claimRow) (*offerRow, error) {
	if c.OfferID == "" {
		return nil, nil
	}
	of, err := findOffer(tx, c.OfferID)
	if errors.Is(err, ErrOfferGone) {
		return nil, nil
	}
	return &of, err
}

// claimWords is how a claim stands, in words for the shopper: what it is, and what
// happens next.
func claimWords(tag locale.Tag, c *claimRow, state string, of *offerRow, currency string, zone *time.Location) (heading string, text []string) {
	t := func(key string, args map[string]any) string {
		return locale.Shopper.T(tag, "tracking.claim."+key, args)
	}
	switch state {
	case ClaimWaiting:
		return t("waiting.title", nil), []string{t("waiting.text", map[string]any{"time": tag.DateTime(c.WaitUntil, zone)})}
	case ClaimReview:
		return t("review.title", nil), []string{t("reason."+shopperReason(c.findings()), nil), t("review.text", map[string]any{"date": tag.Date(clock.DateIn(c.DueAt, zone))})}
	case ClaimAsked, ClaimRefused:
		return t(state+".title", nil), []string{c.Answer}
	case ClaimApproved, ClaimRemedied:
		switch {
		case of != nil && of.State == OfferRefused: // a person looks at it
			return t("approved.title", nil), []string{locale.Shopper.T(tag, "tracking.offer.state.chosen", nil)}
		case of != nil && of.State != OfferOpen:
			return t("approved.title", nil), []string{of.outcome(tag, currency)}
		}
		return t("approved.title", nil), []string{t("approved.text", nil)}
	case ClaimRepaid:
		return t("repaid.title", nil), []string{t("repaid.text", nil)}
	}
	return t("found.title", nil), []string{t("found.text", nil)}
}

func claimNotice(tag locale.Tag, c *claimRow, state string, of *offerRow, currency, address string, zone *time.Location) mail.Notice {
	t := func(key string, args map[string]any) string { return locale.Shopper.T(tag, key, args) }
	heading, text := claimWords(tag, c, state, of, currency, zone)
	n := mail.Notice{Subject: t("tracking.claim.mail.subject", map[string]any{"order": c.OrderName}), Preheader: heading, Heading: heading, Paragraphs: text,
		ButtonLabel: t("confirmation.view_order", nil), ButtonURL: address, Small: t("withdraw.reference", nil) + " " + claimReference(c.ID)}
	switch state {
	case ClaimApproved:
		n.ButtonLabel = t("tracking.offer.mail.offer.button", nil)
	case ClaimAsked:
		n.ButtonLabel = t("tracking.claim.asked.reply", nil)
	}
	return n
}

// claimReference is short enough to be read out.
func claimReference(id string) string {
	id = strings.ToUpper(strings.ReplaceAll(id[strings.IndexByte(id, '_')+1:], "-", ""))
	return id[max(0, len(id)-8):]
}
