package mail

import (
	_ "embed" // the compiled template

	"afterglow/app/clock"
	"afterglow/app/locale"
)

// TrackingTemplate is templates/tracking.mjml, compiled: one form for all mails
// about a parcel. data.stage says which.
//
//go:embed templates/tracking.html
var TrackingTemplate []byte

// TrackingStages are the mails about a parcel that the template knows.
var TrackingStages = []string{"shipped", "out", "delivered", "delayed"}

// TrackingSubject is the subject line of a stage.
func TrackingSubject(stage string) string {
	return `{{ "tracking.mail.` + stage + `.subject" | t: order: order.name }}`
}

// WithParcel writes a made-up parcel into the data of a made-up order.
func WithParcel(tag locale.Tag, data map[string]any, stage, tone string) {
	t := func(key string, args map[string]any) string { return locale.Spoken(tag, Toned(tone, key), args) }
	state := map[string]string{"shipped": "shipped", "out": "out_for_delivery", "delivered": "delivered", "delayed": "delayed"}[stage]
	reached := map[string]int{"shipped": 3, "out": 3, "delivered": 4, "delayed": 3}[stage]
	steps := []any{}
	for i, step := range []string{"placed", "preparing", "shipped", "delivered"} {
		steps = append(steps, map[string]any{"label": t("order_page.step."+step, nil), "done": i < reached})
	}
	items := []any{}
	if list, ok := data["items"].([]any); ok && len(list) > 0 {
		it, _ := list[0].(map[string]any)
		items = append(items, map[string]any{"line": t("order_page.parcel.line", map[string]any{"count": it["quantity"], "title": it["title"]}), "title": it["title"],
			"options": it["options"], "image_url": it["image_url"], "image_alt": it["image_alt"]})
	}
	day := tag.Date(clock.Date{Year: 2026, Month: 11, Day: 26})
	data["stage"] = stage
	data["parcel"] = map[string]any{"part": t("tracking.part", map[string]any{"number": 1, "count": 2}), "state": t("tracking.state."+state, nil), "date": day,
		"carrier": "DHL Paket", "number": "00340434292135100124", "url": "https://www.dhl.de/track?piececode=00340434292135100124", "steps": steps, "items": items, "rest": true}
	eta := ""
	if stage != "delivered" {
		eta = t("order.eta.on", map[string]any{"date": day})
	}
	data["eta"] = map[string]any{"text": eta}
}

// SampleTracking is a made-up letter about a parcel.
func SampleTracking(tag locale.Tag, stage string) Letter {
	l := SampleConfirmation(tag, "full")
	l.MessageRef = "msg_sample-tracking-" + stage + "-" + string(tag)
	WithParcel(tag, l.Data, stage, "")
	return l
}
