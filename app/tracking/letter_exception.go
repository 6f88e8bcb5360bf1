package tracking

import (
	"slices"
	"strings"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/orders"
)

// stageException is the mail about a parcel that could not be delivered. It has no
// picture of the journey: a few sentences say what happened and what to do.
const stageException = "exception"

// formOf is the template of a stage, with its samples.
func formOf(stage string) mail.Kind {
	if stage != stageException {
		return mail.Kind{Template: mail.TrackingTemplate, Subject: mail.TrackingSubject(stage),
			Samples: []mail.Sample{{Name: stage, Letter: mail.SampleTracking(locale.English, stage)}}}
	}
	k := mail.Kind{Template: mail.NoticeTemplate, Subject: mail.NoticeSubject}
	for _, tag := range locale.Supported {
		l := mail.SampleConfirmation(tag, "guest")
		l.Data["notice"] = sampleException(tag, &orders.Letterhead{Tag: tag, URL: "https://shop.example/order", Data: l.Data}).Data()
		k.Samples = append(k.Samples, mail.Sample{Name: string(tag), Letter: l})
	}
	return k
}

// failure is what is known of a parcel that could not be delivered.
type failure struct {
	Order, Shop     string
	Part            string // "Parcel 1 of 2"
	Carrier, Number string
	Date            string
	Message         string // the carrier's
	URL             string // of the order's page
}

func (f failure) notice(tag locale.Tag) mail.Notice {
	t := func(key string) string {
		return locale.Shopper.T(tag, "tracking.mail.exception."+key, map[string]any{"order": f.Order, "shop": f.Shop, "carrier": f.Carrier, "date": f.Date, "message": f.Message})
	}
	what := "what"
	if f.Carrier == "" {
		what = "what_plain"
	}
	n := mail.Notice{Subject: t("subject"), Preheader: t("preheader"), Heading: t("heading"), Paragraphs: []string{t(what)},
		ButtonLabel: locale.Shopper.T(tag, "tracking.mail.follow", nil), ButtonURL: f.URL, Small: f.Part}
	if f.Message != "" {
		n.Paragraphs = append(n.Paragraphs, t("words"))
	}
	n.Paragraphs = append(n.Paragraphs, t("todo"))
	for _, r := range []mail.NoticeRow{{Label: "order_page.parcel.carrier", Value: f.Carrier}, {Label: "order_page.parcel.tracking_number", Value: f.Number}} {
		if r.Value != "" {
			n.Rows = append(n.Rows, mail.NoticeRow{Label: locale.Shopper.T(tag, r.Label, nil), Value: r.Value})
		}
	}
	return n
}

// exceptionNotice tells of a parcel what its carrier reported last.
func exceptionNotice(h *orders.Letterhead, p Parcel, parcels int) mail.Notice {
	f := failure{Order: nameIn(h.Data, "order"), Shop: nameIn(h.Data, "shop"), Carrier: p.Carrier.Name, Number: p.TrackingNumber, URL: h.URL, Date: h.Tag.Date(clock.DateIn(p.StateAt, h.Zone))}
	if parcels > 1 {
		f.Part = locale.Shopper.T(h.Tag, "tracking.part", map[string]any{"number": p.Number, "count": parcels})
	}
	for _, sc := range slices.Backward(p.Scans) { // oldest first
		if sc.State == Exception {
			f.Message = strings.TrimSpace(sc.Message)
			f.Date = h.Tag.Date(clock.DateIn(sc.At, sc.Zone))
			break
		}
	}
	return f.notice(h.Tag)
}

// nameIn is what the letter calls the shop, or the order.
func nameIn(data map[string]any, part string) string {
	of, _ := data[part].(map[string]any)
	name, _ := of["name"].(string)
	return name
}

func sampleException(tag locale.Tag, h *orders.Letterhead) mail.Notice {
	return failure{Order: nameIn(h.Data, "order"), Shop: nameIn(h.Data, "shop"), Carrier: "DHL Paket", Number: "00340434292135100124", Date: tag.Date(clock.Date{Year: 2026, Month: 11, Day: 26}),
		Message: "Recipient not found at this address", URL: h.URL}.notice(tag)
}
