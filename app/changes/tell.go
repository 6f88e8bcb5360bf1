package changes

import (
	"context"
	"errors"
	"strings"

	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/store"
)

// KindReceipt is the mail that tells what became of a change. What it is about is the
// change's id.
const KindReceipt = "changes.receipt"

// note writes on the order's timeline, for the merchant.
func note(tx *store.Tx, ch Change) error {
	who := "The shopper"
	if ch.By != Shopper {
		who = "Staff"
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
	case ch.Money.Minor > 0:
		text += "done, " + ch.Money.String() + " given back"
	case ch.Money.Minor < 0:
		text += "done, " + ch.Money.Neg().String() + " to be paid"
	default:
		text += "done"
	}
	return orders.Note(tx, ch.Order, "change:"+ch.ID, "change_"+string(ch.State), tx.Now, text)
}

// staffReason says a reason to the merchant.
func staffReason(why string) string {
	return map[string]string{WhySent: "it was already on its way", WhyCancelled: "it was cancelled already", WhyInWork: "a warehouse or the shop has it in hand",
		WhyLocked: "Shopify does not let it be edited", WhyLate: "the time for it was over", WhyRule: "the policy does not allow it", WhyChanged: "the order was not what the shopper had seen",
		WhyShopify: "Shopify said no", WhyMissing: "the order was deleted", WhyErased: "the shopper's data was erased",
		WhyLineSent: "the item is on its way", WhyLast: "nothing would be left; the order can be cancelled instead", WhyMost: "more than the settings allow", WhyStock: "not so many are in stock",
		WhyGivenUp: "staff gave it up"}[why]
}

// write asks for the receipt.
func (s *Service) write(tx *store.Tx, ch Change) error {
	o, err := orders.Find(tx, ch.Order)
	if errors.Is(err, orders.ErrNotFound) || err == nil && o.Email == "" {
		return nil
	}
	if err != nil {
		return err
	}
	return messages.Send(tx, messages.Request{Kind: KindReceipt, Once: ch.ID, Ref: ch.ID, To: o.Email, ToName: o.ShopperName(), Locale: string(ch.Tag),
		OrderID: o.ID, OrderName: o.Name, CustomerID: o.CustomerID()})
}

func (s *Service) mails() []mail.Kind {
	k := mail.Kind{Name: KindReceipt, Class: mail.Transactional, Template: mail.NoticeTemplate, Subject: mail.NoticeSubject, Compose: s.compose}
	for _, tag := range locale.Supported {
		l := mail.SampleConfirmation(tag, "guest")
		sample := Change{Kind: Cancel, State: Done, OrderName: "#1042", Tag: tag, Money: money.New(12900, "EUR")}
		l.Data["notice"] = notice(tag, sample, "https://shop.example/order").Data()
		k.Samples = append(k.Samples, mail.Sample{Name: string(tag), Letter: l})
	}
	return []mail.Kind{k}
}

func (s *Service) compose(_ context.Context, tx *store.Tx, ref string) (*mail.Letter, error) {
	ch, err := find(tx, ref)
	if errors.Is(err, ErrNotFound) {
		return nil, mail.Stop("the change was erased")
	}
	if err != nil {
		return nil, err
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
	tag := h.Tag // the shop's words and the mail's own must be in one language
	h.Data["notice"] = notice(tag, ch, h.URL).Data()
	return &mail.Letter{To: h.To, ReplyTo: h.ReplyTo, Locale: string(tag), Data: h.Data}, nil
}

func notice(tag locale.Tag, ch Change, address string) mail.Notice {
	t := func(key string, args map[string]any) string { return locale.Shopper.T(tag, "changes."+key, args) }
	order := map[string]any{"order": ch.OrderName}
	n := mail.Notice{ButtonLabel: locale.Spoken(tag, "confirmation.view_order", nil), ButtonURL: address}
	if ch.State == Refused {
		n.Subject, n.Heading = t("mail.refused.subject", order), t("refused.title", nil)
		n.Paragraphs = []string{t("refused."+ch.Reason, nil), t("mail.refused.unchanged", nil)}
		n.Preheader = n.Paragraphs[0]
		return n
	}
	n.Subject, n.Heading = t("mail.done.subject", order), outcome(tag, ch)
	if ch.Kind == Cancel {
		n.Subject = t("mail.done.cancel_subject", order)
	}
	if ch.Item != "" {
		n.Paragraphs = append(n.Paragraphs, ch.Item)
	}
	n.Paragraphs = append(n.Paragraphs, moneyText(tag, ch))
	n.Preheader = moneyText(tag, ch)
	if ch.PayURL != "" {
		n.ButtonLabel, n.ButtonURL = t("money.pay_button", map[string]any{"amount": tag.Money(ch.Money.Neg())}), ch.PayURL
	}
	return n
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
