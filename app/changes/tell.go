package changes

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/store"
)

// The mails that tell what became of a change, each about the change's id and sent
// once.
const (
	KindReceipt  = "changes.receipt"
	KindReminder = "changes.pay_reminder" // when half of the time to pay is over
	KindUndone   = "changes.undone"       // nobody paid
)

// note writes on the order's timeline, for the merchant.
func note(tx *store.Tx, ch Change) error {
	who := "The shopper"
	if ch.By != Shopper {
		who = "Staff (" + ch.By + ")"
	}
	what := map[Kind]string{Cancel: "cancel the order", Address: "change the address", Swap: "take another variant", Quantity: "change a quantity", Remove: "take an item out"}[ch.Kind]
	if ch.Item != "" {
		what += " (" + ch.Item + ")"
	}
	text := who + " asked to " + what + ": "
	switch {
	case ch.State == Refused:
		text += "refused, " + staffReason(ch.Reason)
		if ch.Reason == WhyGivenUp && ch.Detail != "" {
			text += ": " + ch.Detail
		}
	case ch.Reason == Unsettled:
		text += "done; any difference in price is left to you"
	case ch.State == Paying:
		text += "done, and held until " + ch.Money.Neg().String() + " is paid"
	case ch.State == Done && ch.Reason == WhyUnpaid:
		text += ch.Money.Neg().String() + " was not paid, and it could not be taken back; the order is no longer held"
	case ch.Detail != "" && ch.Money.IsZero():
		text += "done, " + ch.Detail
	case ch.Kind == Cancel && ch.Before.Paid > max(ch.Money.Minor, 0):
		text += "done, " + ch.Money.String() + " given back so far; look in Shopify whether the rest has gone back"
	case ch.Money.Minor > 0:
		text += "done, " + ch.Money.String() + " given back"
	case ch.Money.Minor < 0:
		text += "done, " + ch.Money.Neg().String() + " to be paid"
	default:
		text += "done"
	}
	if ch.Override {
		text += ". Beyond the policy"
	}
	if ch.Note != "" {
		text += ". Reason: " + ch.Note
	}
	once := "change:" + ch.ID
	if ch.State == Paying {
		once += ":paying"
	}
	return orders.Note(tx, ch.Order, once, "change_"+string(ch.State), tx.Now, text)
}

// staffReason says a reason to the merchant.
func staffReason(why string) string {
	return map[string]string{WhySent: "it was already on its way", WhyCancelled: "it was cancelled already", WhyInWork: "a warehouse or the shop has it in hand",
		WhyLocked: "Shopify does not let it be edited", WhyLate: "the time for it was over", WhyRule: "the policy does not allow it", WhyChanged: "the order was not what the shopper had seen",
		WhyShopify: "Shopify said no", WhyMissing: "the order was deleted", WhyErased: "the shopper's data was erased",
		WhyLineSent: "the item is on its way", WhyLast: "nothing would be left; the order can be cancelled instead", WhyMost: "more than the settings allow", WhyStock: "not so many are in stock",
		WhyGivenUp: "staff gave it up", WhyUnpaid: "what it cost more was not paid in time", WhyTakenBack: "the shopper took it back rather than pay"}[why]
}

// write asks for a mail. What has to be paid is always told.
func (s *Service) write(tx *store.Tx, ch Change, kind string) error {
	if ch.Quiet && kind == KindReceipt && ch.State != Paying {
		return nil
	}
	o, err := orders.Find(tx, ch.Order)
	if errors.Is(err, orders.ErrNotFound) || err == nil && o.Email == "" {
		return nil
	}
	if err != nil {
		return err
	}
	return messages.Send(tx, messages.Request{Kind: kind, Once: ch.ID, Ref: ch.ID, To: o.Email, ToName: o.ShopperName(), Locale: string(ch.Tag),
		OrderID: o.ID, OrderName: o.Name, CustomerID: o.CustomerID()})
}

func (s *Service) mails() (list []mail.Kind) {
	until := time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)
	for kind, sample := range map[string]Change{
		KindReceipt:  {Kind: Cancel, State: Done, Money: money.New(12900, "EUR")},
		KindReminder: {Kind: Quantity, State: Paying, Item: "Linen throw, Sand: 1 → 2", Money: money.New(-4900, "EUR"), PayURL: "https://shop.example/pay", PayUntil: &until},
		KindUndone:   {Kind: Quantity, State: Refused, Reason: WhyUnpaid, Item: "Linen throw, Sand: 1 → 2", Money: money.New(0, "EUR")},
	} {
		k := mail.Kind{Name: kind, Class: mail.Transactional, Template: mail.NoticeTemplate, Subject: mail.NoticeSubject, Compose: s.compose(kind)}
		for _, tag := range locale.Supported {
			l := mail.SampleConfirmation(tag, "guest")
			sample.OrderName, sample.Tag = "#1042", tag
			l.Data["notice"] = notice(kind, tag, time.UTC, sample, "https://shop.example/order").Data()
			k.Samples = append(k.Samples, mail.Sample{Name: string(tag), Letter: l})
		}
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b mail.Kind) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (s *Service) compose(kind string) func(context.Context, *store.Tx, string) (*mail.Letter, error) {
	return func(_ context.Context, tx *store.Tx, ref string) (*mail.Letter, error) {
		ch, err := find(tx, ref)
		switch {
		case errors.Is(err, ErrNotFound):
			return nil, mail.Stop("the change was erased")
		case err != nil:
			return nil, err
		case kind == KindReminder && ch.State != Paying:
			return nil, mail.Stop("it was paid, or taken back")
		}
		h, err := s.orders.Letterhead(tx, ch.Order)
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
		tag := h.Tag // the shop's words and the mail's own must be in one language
		n := notice(kind, tag, clock.Zone(shop.Timezone), ch, h.URL)
		if ch.State == Refused && kind == KindReceipt { // what would work
			v, err := s.policy.Verdict(tx, ch.Kind.action(), ch.Order)
			if err != nil {
				return nil, err
			}
			if text := v.InsteadText(tag); text != "" && ch.Reason != WhyLast {
				n.Paragraphs = append(n.Paragraphs, text)
			}
		}
		h.Data["notice"] = n.Data()
		return &mail.Letter{To: h.To, ReplyTo: h.ReplyTo, Locale: string(tag), Data: h.Data}, nil
	}
}

func notice(kind string, tag locale.Tag, zone *time.Location, ch Change, address string) mail.Notice {
	t := func(key string, args map[string]any) string { return locale.Shopper.T(tag, "changes."+key, args) }
	order := map[string]any{"order": ch.OrderName, "amount": tag.Money(ch.Money.Neg())}
	n := mail.Notice{ButtonLabel: locale.Spoken(tag, "confirmation.view_order", nil), ButtonURL: address}
	if ch.Item != "" {
		n.Paragraphs = append(n.Paragraphs, ch.Item)
	}
	if ch.State == Refused {
		n.Subject, n.Heading = t("mail.refused.subject", order), t("refused.title", nil)
		if kind == KindUndone || ch.Reason == WhyUnpaid || ch.Reason == WhyTakenBack {
			n.Subject, n.Heading = t("mail.undone.subject", order), t("mail.undone.title", nil)
		}
		n.Preheader = t("refused."+ch.Reason, nil)
		n.Paragraphs = append(n.Paragraphs, n.Preheader, t("mail.refused.unchanged", nil))
		return n
	}
	n.Subject, n.Heading = t("mail.done.subject", order), outcome(tag, ch)
	switch {
	case kind == KindReminder:
		n.Subject = t("mail.reminder.subject", order)
	case ch.State == Paying:
		n.Subject = t("mail.pay.subject", order)
	case ch.Kind == Cancel:
		n.Subject = t("mail.done.cancel_subject", order)
	}
	texts := moneyTexts(tag, zone, ch)
	n.Paragraphs = append(n.Paragraphs, texts...)
	n.Preheader = texts[0]
	if ch.PayURL != "" {
		n.ButtonLabel, n.ButtonURL = t("money.pay_button", map[string]any{"amount": tag.Money(ch.Money.Neg())}), ch.PayURL
	}
	return n
}

// moneyTexts say what became of the money: by when it is to be paid, or what is
// still on its way back.
func moneyTexts(tag locale.Tag, zone *time.Location, ch Change) []string {
	switch {
	case ch.State == Paying && ch.PayUntil != nil:
		return []string{locale.Shopper.T(tag, "changes.money.by", map[string]any{"amount": tag.Money(ch.Money.Neg()), "time": tag.DateTime(*ch.PayUntil, zone)})}
	case ch.Kind == Cancel && ch.State == Done && ch.Before.Paid > max(ch.Money.Minor, 0):
		pending := locale.Shopper.T(tag, "changes.money.pending", nil)
		if ch.Money.Minor > 0 {
			return []string{moneyText(tag, ch), pending}
		}
		return []string{pending}
	}
	return []string{moneyText(tag, ch)}
}

// outcome says in a few words what was done.
func outcome(tag locale.Tag, ch Change) string {
	key := "items"
	switch ch.Kind {
	case Cancel:
		key = "cancel"
	case Address:
		key = "address"
	}
	return locale.Shopper.T(tag, "changes.done."+key, nil)
}

// moneyText says what became, or will become, of the money.
func moneyText(tag locale.Tag, ch Change) string {
	key, amount := "money.none", ch.Money
	switch {
	case ch.Reason == Unsettled:
		key = "money.unsettled"
	case amount.Minor > 0 && ch.Credit:
		key = "money.credit"
	case amount.Minor > 0:
		key = "money.back"
	case amount.Minor < 0:
		key, amount = "money.pay", amount.Neg()
	case ch.Kind == Cancel:
		key = "money.uncharged"
	}
	switch key {
	case "money.none", "money.uncharged", "money.unsettled":
		return locale.Shopper.T(tag, "changes."+key, nil)
	}
	return strings.TrimSpace(locale.Shopper.T(tag, "changes."+key, map[string]any{"amount": tag.Money(amount)}))
}
