package orders

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/problem"
	"afterglow/app/store"
)

// letter writes the confirmation of an order as the design has it.
func (s *Service) letter(tx *store.Tx, v *view, d Design, version int) (*mail.Letter, error) {
	traits, err := traitsOf(tx, v.Order)
	if err != nil {
		return nil, err
	}
	chosen, err := s.held(tx, v.ID, d.Choose(traits))
	if err != nil {
		return nil, err
	}
	chosen, extras, err := s.furnish(tx, v, d, chosen, false)
	if err != nil {
		return nil, err
	}
	return v.inStyle(d, version, chosen, extras), nil
}

func (v *view) inStyle(d Design, version int, chosen Choice, extras map[string]any) *mail.Letter {
	v.tone = d.Tone
	data := v.data()
	maps.Copy(data, extras)
	data["status"] = v.status()
	l := &mail.Letter{To: mail.Address{Name: v.Order.ShopperName(), Email: v.Order.Email}, Locale: string(v.tag), Data: data, Variant: chosen.Style, Why: chosen.Why}
	if version > 0 {
		l.Why += " (version " + strconv.Itoa(version) + ")"
	}
	d.dress(l, v.tag, chosen.Style)
	return l
}

// dress puts on a letter what the design says about its style: everything but
// the facts of the order.
func (d Design) dress(l *mail.Letter, tag locale.Tag, style string) {
	blocks := d.Layouts[style]
	if len(blocks) == 0 {
		blocks = mail.ConfirmationLayout(style)
	}
	mail.WithStyle(l.Data, style, d.Tone, blocks)
	l.Data["signature"] = map[string]any{"name": d.Signature.Name, "title": d.Signature.Title, "photo_url": d.Signature.PhotoURL}
	if brand, ok := l.Data["brand"].(map[string]any); ok {
		brand["font"] = d.Font
		if d.SecondColor != "" {
			brand["second"] = d.SecondColor
		}
	}
	l.ReplyTo = mail.Address{Name: d.ReplyTo.Name, Email: d.ReplyTo.Email}
	w := d.Words[tag]
	own := w.Styles[style]
	l.Subject = own.Subject
	for name, text := range map[string]string{"preheader": own.Preheader, "heading": own.Heading, "intro": own.Intro, "signature": w.Signature, "footer": w.Footer} {
		if text != "" {
			if l.Words == nil {
				l.Words = map[string]string{}
			}
			l.Words[name] = text
		}
	}
	if d.Custom.Enabled {
		l.Template = []byte(d.Custom.Source)
	}
}

// status is how the order stands, for the style that begins with it.
func (v *view) status() map[string]any {
	state := v.state()
	kind, _ := state["kind"].(string)
	shipping := v.shipping()
	out := map[string]any{"title": v.t("order_page.status."+kind, nil), "text": "", "steps": []any{}, "tracking_url": ""}
	args := map[string]any{"date": state["date"], "amount": state["due"]}
	reached := 1
	switch kind {
	case "confirmed", "unpaid":
		args["date"] = v.date(v.PlacedAt)
		key := "order_page.status." + kind + "_text"
		if kind == "confirmed" && shipping["required"] == false {
			key = "order_page.status.confirmed_digital_text"
		}
		out["text"] = v.t(key, args)
	case "partly_shipped", "shipped", "delivered":
		reached = map[string]int{"partly_shipped": 3, "shipped": 3, "delivered": 4}[kind]
		out["text"] = v.t("order_page.status."+kind+"_text", args)
	}
	if shipping["required"] == true && shipping["pickup"] == false && kind != "canceled" && !strings.HasSuffix(kind, "refunded") {
		steps := []any{}
		for i, step := range []string{"placed", "preparing", "shipped", "delivered"} {
			steps = append(steps, map[string]any{"label": v.t("order_page.step."+step, nil), "done": i < reached})
		}
		out["steps"] = steps
	}
	for _, f := range v.Order.Fulfillments {
		if f.Status != "cancelled" && f.TrackingURL != "" {
			out["tracking_url"] = f.TrackingURL
		}
	}
	return out
}

var errExample = problem.New(problem.Invalid, "orders.example", "There is no such example.")

// example writes a made-up order for a test mail. Its name is one of the samples,
// of the published design, or "draft.<style>.<language>" of the draft.
func (s *Service) example(_ context.Context, tx *store.Tx, name string) (*mail.Letter, error) {
	shop, err := s.shops.Get(tx)
	if err != nil {
		return nil, err
	}
	tag, style := locale.Match(shop.Locale), ""
	d, _, err := publishedDesign(tx)
	if parts := strings.Split(name, "."); err == nil && len(parts) == 3 && parts[0] == "draft" {
		style, tag = parts[1], locale.Match(parts[2])
		d, _, err = draftDesign(tx)
	}
	if err != nil {
		return nil, err
	}
	if style == "" {
		style = d.DefaultStyle
	}
	return s.sampleIn(tx, d, tag, style, "full")
}

// sampleCode is a code that nobody made.
func sampleCode(prefix string) string {
	if prefix != "" {
		prefix += "-"
	}
	return prefix + "7KQ2-M9XD-4HWTC"
}

// sampleIn is a made-up order, with the shop's own name and brand, in a style.
func (s *Service) sampleIn(tx *store.Tx, d Design, tag locale.Tag, style, name string) (*mail.Letter, error) {
	if styleNames[style] == "" {
		return nil, errExample
	}
	shop, err := s.shops.Get(tx)
	if err != nil {
		return nil, err
	}
	settings, err := s.shops.Settings(tx)
	if err != nil {
		return nil, err
	}
	l := mail.StyledConfirmation(tag, name, style, d.Tone)
	l.Data["shop"] = map[string]any{"name": settings.SenderName, "url": shop.URL, "email": settings.SupportEmail, "phone": "",
		"address": settings.PostalAddress, "logo_url": settings.LogoURL}
	l.Data["brand"] = map[string]any{"accent": settings.AccentColor}
	l.Data["sample"] = true
	if items, ok := l.Data["items"].([]any); ok { // their pictures are as made up as they are
		for _, i := range items {
			i.(map[string]any)["image_url"] = ""
		}
	}
	if style == StyleInviting {
		l.Data["offer"] = d.Offer.Letter(tag, sampleCode(d.Offer.Prefix), clock.DateIn(tx.Now, clock.Zone(shop.Timezone)).AddDays(d.Offer.Days), shop.URL)
	}
	l.Variant, l.Why = style, "A sample"
	d.dress(&l, tag, style)
	return &l, nil
}
