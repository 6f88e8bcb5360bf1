package tracking

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/store"
)

// stages are the parts of the template that the kinds use.
var stages = map[string]string{KindShipped: "shipped", KindOut: "out", KindDelivered: "delivered", KindDelayed: "delayed", KindException: stageException}

// importance is what the shopper's choice of mails goes by.
var importance = map[string]mail.Importance{KindShipped: mail.Nice, KindOut: mail.Nice, KindDelivered: mail.Needed, KindDelayed: mail.Needed, KindException: mail.Needed}

// kinds in the order in which their mails may leave.
var kinds = []string{KindShipped, KindDelayed, KindOut, KindException, KindDelivered}

func (s *Service) mails() (all []mail.Kind) {
	for _, name := range kinds {
		stage := stages[name]
		form := formOf(stage)
		all = append(all, mail.Kind{Name: name, Class: mail.Transactional, Importance: importance[name], Template: form.Template, Subject: form.Subject, Samples: form.Samples,
			Compose: func(_ context.Context, tx *store.Tx, ref string) (*mail.Letter, error) {
				return s.compose(tx, name, ref)
			},
			Example: func(_ context.Context, tx *store.Tx, language string) (*mail.Letter, error) {
				return s.sample(tx, stage, locale.Match(language))
			}})
	}
	return all
}

// sample is a made-up parcel with the shop's own name and brand.
func (s *Service) sample(tx *store.Tx, stage string, tag locale.Tag) (*mail.Letter, error) {
	h, err := s.orders.SampleLetterhead(tx, tag)
	if err != nil {
		return nil, err
	}
	tone, _ := h.Data["tone"].(string)
	mail.WithParcel(tag, h.Data, stage, tone)
	if stage == stageException {
		h.Data["notice"] = sampleException(tag, h).Data()
	}
	return &mail.Letter{To: h.To, ReplyTo: h.ReplyTo, Locale: string(tag), Data: h.Data, Why: "A sample"}, nil
}

// compose writes the mail as the parcel is now. It stops when the parcel has got
// further in the meantime, and waits while an earlier mail about it is on its way.
func (s *Service) compose(tx *store.Tx, kind, ref string) (*mail.Letter, error) {
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("parcel %q: %w", ref, err)
	}
	r, err := find(tx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, mail.Stop("the parcel is not known any more")
	}
	if err != nil {
		return nil, err
	}
	settings, err := loadSettings(tx)
	if err != nil {
		return nil, err
	}
	m := milestones[slices.IndexFunc(milestones, func(m milestone) bool { return m.kind == kind })]
	switch {
	case r.State == Cancelled:
		return nil, mail.Stop("the parcel was cancelled")
	case !m.says(r):
		return nil, mail.Stop("the parcel has got further: " + r.State)
	case r.ErasedAt != nil:
		return nil, mail.Stop("the shopper's data was erased")
	case !settings.wants(kind):
		return nil, mail.Stop("this mail is switched off")
	}
	h, err := s.orders.Letterhead(tx, r.OrderID)
	if errors.Is(err, orders.ErrNotFound) {
		return nil, mail.Stop("the order was deleted")
	}
	if err != nil {
		return nil, err
	}
	if h.To.Email == "" || h.Order.CancelledAt != nil {
		return nil, mail.Stop("the order was cancelled or has no e-mail address")
	}
	if err := waitTurn(tx, r, kind); err != nil {
		return nil, err
	}
	j, err := s.Journey(tx, r.OrderID)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(j.Parcels, func(p Parcel) bool { return p.ID == id })
	if at < 0 {
		return nil, mail.Stop("the parcel was cancelled")
	}
	if kind == KindException {
		h.Data["notice"] = exceptionNotice(h, j.Parcels[at], len(j.Parcels)).Data()
	} else {
		parcelData(h, j, j.Parcels[at], kind)
	}
	return &mail.Letter{To: h.To, ReplyTo: h.ReplyTo, Locale: string(h.Tag), Data: h.Data}, nil
}

// A mail waits this long for those before it, and then goes alone.
const patience = 30 * time.Minute

var errTurn = errors.New("an earlier mail about the order is on its way")

// waitTurn asks for another moment while the confirmation, or an earlier mail
// about the same parcel, has not left yet.
func waitTurn(tx *store.Tx, r *row, kind string) error {
	sent, err := messages.ForOrder(tx, r.OrderID)
	if err != nil {
		return err
	}
	earlier := kinds[:slices.Index(kinds, kind)]
	for _, m := range sent {
		before := m.Kind == orders.KindConfirmation || slices.Contains(earlier, m.Kind) && m.Ref == strconv.FormatInt(r.ID, 10)
		open := m.State == messages.StateWaiting || m.State == messages.StateSending
		waited := tx.Now.Sub(m.CreatedAt)
		if before && open && m.ResendOf == "" && waited < patience {
			return queue.Later(tx.Now.Add(min(max(waited/4, 2*time.Second), 2*time.Minute)), errTurn)
		}
	}
	return nil
}

// parcelData adds the parcel to the data of a letter.
func parcelData(h *orders.Letterhead, j Journey, p Parcel, kind string) {
	tone, _ := h.Data["tone"].(string)
	t := func(key string, args map[string]any) string { return locale.Spoken(h.Tag, mail.Toned(tone, key), args) }
	part := ""
	if len(j.Parcels) > 1 {
		part = t("tracking.part", map[string]any{"number": p.Number, "count": len(j.Parcels)})
	}
	reached := 3
	if p.State == Delivered {
		reached = 4
	}
	steps := []any{}
	for i, step := range []string{"placed", "preparing", "shipped", "delivered"} {
		steps = append(steps, map[string]any{"label": t("order_page.step."+step, nil), "done": i < reached})
	}
	items, in := itemsOf(h, p, t), int64(0)
	for _, q := range j.Parcels {
		for _, i := range q.Items {
			in += i.Quantity
		}
	}
	state := p.State
	if kind == KindDelayed {
		state = Delayed
	}
	zone := h.Zone
	if n := len(p.Scans); n > 0 && p.Scans[n-1].Local {
		zone = p.Scans[n-1].Zone
	}
	eta := ""
	if p.UnderWay && kind == KindShipped || kind == KindDelayed && !p.Late {
		eta = expectedText(h.Tag, tone, p.Expected, h.Zone)
	}
	h.Data["stage"] = stages[kind]
	h.Data["eta"] = map[string]any{"text": eta}
	h.Data["parcel"] = map[string]any{"part": part, "state": t("tracking.state."+state, nil), "date": h.Tag.Date(clock.DateIn(p.StateAt, zone)),
		"carrier": p.Carrier.Name, "number": p.TrackingNumber, "url": p.TrackingURL, "steps": steps, "items": items, "rest": in < h.Order.Items()}
}

func itemsOf(h *orders.Letterhead, p Parcel, t func(string, map[string]any) string) []any {
	items := []any{}
	for _, i := range p.Items {
		for l := range h.Order.Lines {
			line := &h.Order.Lines[l]
			if line.ID != i.LineID {
				continue
			}
			item := map[string]any{"line": t("order_page.parcel.line", map[string]any{"count": i.Quantity, "title": line.Title}), "title": line.Title,
				"options": line.Options, "image_url": "", "image_alt": line.Title}
			if line.Picture != nil {
				item["image_url"] = line.Picture.URL
				item["image_alt"] = first(line.Picture.Alt, line.Title)
			}
			items = append(items, item)
		}
	}
	return items
}

// expectedText says when it should come, or "".
func expectedText(tag locale.Tag, tone string, e Expected, zone *time.Location) string {
	if e.Until == nil {
		return ""
	}
	until := clock.DateIn(*e.Until, zone)
	from := until
	if e.From != nil {
		from = clock.DateIn(*e.From, zone)
	}
	if from == until {
		return locale.Spoken(tag, mail.Toned(tone, "order.eta.on"), map[string]any{"date": tag.Date(until)})
	}
	return locale.Spoken(tag, mail.Toned(tone, "order.eta.between"), map[string]any{"from": tag.Date(from), "to": tag.Date(until)})
}
