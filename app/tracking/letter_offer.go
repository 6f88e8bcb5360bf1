package tracking

import (
	"context"
	"errors"
	"strings"
	"time"

	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/orders"
	"afterglow/app/store"
)

func (s *Service) offerMails() []mail.Kind {
	kinds := []mail.Kind{
		{Name: KindOffer, Class: mail.Transactional, Template: mail.NoticeTemplate, Subject: mail.NoticeSubject, Compose: s.composeOffer},
		{Name: KindOutcome, Class: mail.Transactional, Template: mail.NoticeTemplate, Subject: mail.NoticeSubject, Compose: s.composeOutcome},
	}
	for i := range kinds {
		for _, tag := range locale.Supported {
			l := mail.SampleConfirmation(tag, "guest")
			of := offerRow{OrderName: "#1042", Cause: CauseStalled, Choice: ChoiceRefund, State: OfferDone, Choices: "wait reship refund credit", AmountMinor: 12900, WaitMinor: 500, Currency: "EUR"}
			notice := offerNotice(tag, of, "EUR", "https://shop.example/order", time.UTC)
			if kinds[i].Name == KindOutcome {
				notice = outcomeNotice(tag, of, "EUR", "https://shop.example/order")
			}
			l.Data["notice"] = notice.Data()
			kinds[i].Samples = append(kinds[i].Samples, mail.Sample{Name: string(tag), Letter: l})
		}
	}
	return kinds
}

// offered reads what both mails need, or stops the mail.
func (s *Service) offered(tx *store.Tx, ref string) (offerRow, *orders.Letterhead, string, error) {
	of, err := findOffer(tx, ref)
	if errors.Is(err, ErrOfferGone) {
		return of, nil, "", mail.Stop("the offer is not known any more")
	}
	if err != nil {
		return of, nil, "", err
	}
	h, err := s.orders.Letterhead(tx, of.OrderID)
	if errors.Is(err, orders.ErrNotFound) {
		return of, nil, "", mail.Stop("the order was deleted")
	}
	if err != nil {
		return of, nil, "", err
	}
	if h.To.Email == "" {
		return of, nil, "", mail.Stop("the order has no e-mail address")
	}
	shop, err := s.shops.Get(tx)
	return of, h, shop.Currency, err
}

func (s *Service) composeOffer(_ context.Context, tx *store.Tx, ref string) (*mail.Letter, error) {
	of, h, currency, err := s.offered(tx, ref)
	if err != nil {
		return nil, err
	}
	if of.State != OfferOpen {
		return nil, mail.Stop("something was chosen, or the parcel has arrived")
	}
	h.Data["notice"] = offerNotice(h.Tag, of, currency, h.URL, h.Zone).Data()
	return &mail.Letter{To: h.To, ReplyTo: h.ReplyTo, Locale: string(h.Tag), Data: h.Data}, nil
}

func (s *Service) composeOutcome(_ context.Context, tx *store.Tx, ref string) (*mail.Letter, error) {
	of, h, currency, err := s.offered(tx, ref)
	if err != nil {
		return nil, err
	}
	h.Data["notice"] = outcomeNotice(h.Tag, of, currency, h.URL).Data()
	return &mail.Letter{To: h.To, ReplyTo: h.ReplyTo, Locale: string(h.Tag), Data: h.Data}, nil
}

func offerNotice(tag locale.Tag, of offerRow, currency, address string, zone *time.Location) mail.Notice {
	t := func(key string, args map[string]any) string {
		return locale.Shopper.T(tag, "tracking.offer."+key, args)
	}
	n := mail.Notice{Subject: t("mail.offer.subject", map[string]any{"order": of.OrderName}), Preheader: t("mail.offer.preheader", nil), Heading: t("mail.offer.heading", nil),
		Paragraphs: []string{t(of.Cause, nil)}, ButtonLabel: t("mail.offer.button", nil), ButtonURL: address}
	for _, c := range strings.Fields(of.Choices) {
		n.Paragraphs = append(n.Paragraphs, "• "+of.label(tag, c, currency))
	}
	if !of.UntilAt.IsZero() {
		n.Small = t("until", map[string]any{"date": tag.DateTime(of.UntilAt, zone)})
	}
	return n
}

func outcomeNotice(tag locale.Tag, of offerRow, currency, address string) mail.Notice {
	t := func(key string, args map[string]any) string {
		return locale.Shopper.T(tag, "tracking.offer."+key, args)
	}
	text := of.outcome(tag, currency)
	return mail.Notice{Subject: t("mail.outcome.subject", map[string]any{"order": of.OrderName}), Preheader: text, Heading: t("mail.outcome.heading", nil),
		Paragraphs: []string{text}, ButtonLabel: locale.Spoken(tag, "confirmation.view_order", nil), ButtonURL: address}
}
