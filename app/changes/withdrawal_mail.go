package changes

import (
	"context"
	"errors"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/orders"
	"afterglow/app/store"
)

// The mails of requests. What they are about is the row's id.
const (
	KindWithdrawal    = "changes.withdrawal_receipt"
	KindAnswer        = "changes.withdrawal_answer"
	KindProblem       = "changes.problem_receipt"
	KindProblemAnswer = "changes.problem_answer"
)

// noticeKind is a short mail about a request; sample is what its previews say.
func noticeKind(name string, sample func(tag locale.Tag) mail.Notice, compose func(context.Context, *store.Tx, string) (*mail.Letter, error)) mail.Kind {
	k := mail.Kind{Name: name, Class: mail.Transactional, Template: mail.NoticeTemplate, Subject: mail.NoticeSubject, Compose: compose}
	for _, tag := range locale.Supported {
		l := mail.SampleConfirmation(tag, "guest")
		l.Data["notice"] = sample(tag).Data()
		k.Samples = append(k.Samples, mail.Sample{Name: string(tag), Letter: l})
	}
	return k
}

// letter is a notice on the shop's paper. Without an order of theirs, the reader
// learns nothing of one.
func (s *Requests) letter(tx *store.Tx, to mail.Address, tag locale.Tag, n mail.Notice) (*mail.Letter, error) {
	shop, err := s.shops.Get(tx)
	if err != nil {
		return nil, err
	}
	settings, err := s.shops.Settings(tx)
	if err != nil {
		return nil, err
	}
	data := map[string]any{"notice": n.Data(), "shop": map[string]any{"name": settings.SenderName, "url": shop.URL, "logo_url": settings.LogoURL,
		"address": settings.PostalAddress, "email": settings.SupportEmail, "phone": ""}}
	return &mail.Letter{To: to, Locale: string(tag), Data: data}, nil
}

func (s *Requests) receiptMail() mail.Kind {
	return noticeKind(KindWithdrawal, func(tag locale.Tag) mail.Notice {
		w := &withdrawalRow{ID: "wdr_0199", Name: "Mira Sand", TypedOrder: "#1042", Email: "mira@example.com", ReceivedAt: sampleTime}
		return receiptNotice(w, tag, time.UTC)
	}, func(_ context.Context, tx *store.Tx, ref string) (*mail.Letter, error) {
		w, err := findWithdrawal(tx, ref)
		if errors.Is(err, ErrRequestMissing) || err == nil && w.ErasedAt != nil {
			return nil, mail.Stop("the shopper's data was erased")
		}
		if err != nil {
			return nil, err
		}
		zone, err := s.zone(tx)
		if err != nil {
			return nil, err
		}
		tag := locale.Match(w.Locale)
		return s.letter(tx, mail.Address{Name: w.Name, Email: w.Email}, tag, receiptNotice(w, tag, zone))
	})
}

var sampleTime = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// receiptNotice confirms on a durable medium what was declared, and when.
func receiptNotice(w *withdrawalRow, tag locale.Tag, zone *time.Location) mail.Notice {
	t := func(key string) string { return locale.Shopper.T(tag, key, nil) }
	rows := []mail.NoticeRow{{Label: t("withdraw.received"), Value: receivedText(w, tag, zone)}}
	for _, f := range declared(w, tag) {
		rows = append(rows, mail.NoticeRow(f))
	}
	return mail.Notice{Subject: t("withdraw.mail.subject"), Preheader: t("withdraw.mail.preheader"), Heading: t("withdraw.done.title"),
		Paragraphs: []string{t("withdraw.mail.text"), t("withdraw.statement")}, Rows: rows, Small: t("withdraw.done.next")}
}

// receivedText is date and time with the zone, which a proof should name.
func receivedText(w *withdrawalRow, tag locale.Tag, zone *time.Location) string {
	return tag.DateTime(w.ReceivedAt, zone) + " (" + w.ReceivedAt.In(zone).Format("MST") + ")"
}

// field is what was declared, with its label.
type field struct{ Label, Value string }

func declared(w *withdrawalRow, tag locale.Tag) []field {
	t := func(key string) string { return locale.Shopper.T(tag, key, nil) }
	items := w.TypedItems
	if items == "" {
		items = t("withdraw.all")
	}
	return []field{{t("withdraw.name"), w.Name}, {t("withdraw.order"), w.TypedOrder}, {t("withdraw.items"), items}, {t("withdraw.email"), w.Email}, {t("withdraw.reference"), reference(w.ID)}}
}

// reference is what people name a request by.
func reference(id string) string {
	_, number, _ := strings.Cut(id, "_")
	number = strings.ToUpper(strings.ReplaceAll(number, "-", ""))
	return number[max(0, len(number)-10):]
}

func (s *Requests) answerMail() mail.Kind {
	return noticeKind(KindAnswer, func(tag locale.Tag) mail.Notice {
		w := &withdrawalRow{ID: "wdr_0199", OrderName: "#1042", Accepted: true, ReceivedAt: sampleTime, RefundDue: sampleTime.AddDate(0, 0, 15), Findings: "[]"}
		return answerNotice(w, tag, time.UTC, false)
	}, func(_ context.Context, tx *store.Tx, ref string) (*mail.Letter, error) {
		w, err := findWithdrawal(tx, ref)
		if errors.Is(err, ErrRequestMissing) || err == nil && w.ErasedAt != nil {
			return nil, mail.Stop("the shopper's data was erased")
		}
		if err != nil {
			return nil, err
		}
		o, err := orders.Find(tx, w.OrderID)
		if err != nil && !errors.Is(err, orders.ErrNotFound) {
			return nil, err
		}
		zone, err := s.zone(tx)
		if err != nil {
			return nil, err
		}
		// Who declared from another address than the order's is told no item of it.
		own := o != nil && emailKey(o.Email) == w.EmailKey
		tag := locale.Match(w.Locale)
		return s.letter(tx, mail.Address{Name: w.Name, Email: w.Email}, tag, answerNotice(w, tag, zone, own))
	})
}

func answerNotice(w *withdrawalRow, tag locale.Tag, zone *time.Location, items bool) mail.Notice {
	outcome := "refused"
	if w.Accepted {
		outcome = "accepted"
	}
	received := clock.DateIn(w.ReceivedAt, zone)
	args := map[string]any{"received": tag.Date(received), "refund": tag.Date(clock.DateIn(w.RefundDue.Add(-time.Second), zone)), "back": tag.Date(received.AddDays(statutoryDays))}
	t := func(key string, args map[string]any) string { return locale.Shopper.T(tag, key, args) }
	n := mail.Notice{Subject: t("withdraw.answer."+outcome+".subject", nil), Preheader: t("withdraw.answer.preheader", map[string]any{"received": args["received"]}),
		Heading: t("withdraw.answer."+outcome+".heading", nil)}
	if w.Accepted {
		n.Paragraphs = []string{t("withdraw.answer.accepted.text", map[string]any{"received": args["received"], "refund": args["refund"]}),
			t("withdraw.answer.accepted.goods", map[string]any{"back": args["back"]})}
	} else {
		n.Paragraphs = []string{t("withdraw.answer.refused.text", map[string]any{"received": args["received"]})}
	}
	if w.Answer != "" {
		n.Paragraphs = append(n.Paragraphs, w.Answer)
	}
	if items {
		for _, f := range w.findings() {
			if !w.Accepted || f.Finding != FindingInTime {
				n.Rows = append(n.Rows, mail.NoticeRow{Label: f.Title, Value: f.Reason})
			}
		}
	}
	n.Small = t("withdraw.reference", nil) + " " + reference(w.ID)
	return n
}
