package orders

import (
	"fmt"
	"time"

	"afterglow/app/clock"
	"afterglow/app/messages"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

// homeDays is how far back the chart on the first screen goes.
const homeDays = 30

type homeJSON struct {
	Now       time.Time        `json:"now"`
	Timezone  string           `json:"timezone"`
	Today     todayJSON        `json:"today"`
	Days      []dayJSON        `json:"days"`
	Attention []attentionJSON  `json:"attention"`
	Setup     shops.Onboarding `json:"setup"`
}

type todayJSON struct {
	Orders       int64  `json:"orders"`
	MailsSent    int64  `json:"mails_sent"`
	MailsWaiting int64  `json:"mails_waiting"`
	MailsFailed  int64  `json:"mails_failed"`
	DelayP50     *int64 `json:"delay_p50_ms"`
	DelayP95     *int64 `json:"delay_p95_ms"`
}

type dayJSON struct {
	Date      clock.Date `json:"date"`
	Orders    int64      `json:"orders"`
	MailsSent int64      `json:"mails_sent"`
}

type attentionJSON struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Count    int64  `json:"count"`
	Title    string `json:"title"`
	Detail   string `json:"detail"`
	Href     string `json:"href"`
}

// getHome answers the first screen: how today goes, the last thirty days, and
// what wants a hand. Days are those of the shop's zone.
func (s *Service) getHome(c *web.Ctx) error {
	var h homeJSON
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		shop, err := s.shops.Get(tx)
		if err != nil {
			return err
		}
		h = homeJSON{Now: tx.Now, Timezone: shop.Timezone, Attention: []attentionJSON{}}
		if err := h.count(tx, clock.Zone(shop.Timezone), &s.days); err != nil {
			return err
		}
		lost, err := s.shops.AccessLost(tx)
		if err != nil {
			return err
		}
		if err := h.attend(tx, lost, s.shops.MissingScopes(shop)); err != nil {
			return err
		}
		if err := s.attend(tx, &h); err != nil {
			return err
		}
		h.Setup, err = shops.Onboarded(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(h)
}

func (h *homeJSON) count(tx *store.Tx, zone *time.Location, days *finishedDays) error {
	today := clock.DateIn(tx.Now, zone)
	placed, sent := make([]Day, homeDays), make([]messages.Day, homeDays)
	h.Days = make([]dayJSON, homeDays)
	for i := range h.Days {
		date := today.AddDays(i - homeDays + 1)
		from, until := date.Start(zone), date.AddDays(1).Start(zone)
		h.Days[i].Date, placed[i], sent[i] = date, Day{From: from, Until: until}, messages.Day{From: from, Until: until}
	}
	if err := days.count(tx, placed, sent); err != nil {
		return err
	}
	for i := range h.Days {
		h.Days[i].Orders, h.Days[i].MailsSent = placed[i].Placed, sent[i].Sent
	}
	last := sent[homeDays-1]
	h.Today = todayJSON{Orders: placed[homeDays-1].Placed, MailsSent: last.Sent}
	delays, err := messages.Delays(tx, last.From, last.Until)
	if err != nil {
		return err
	}
	h.Today.DelayP50, h.Today.DelayP95 = percentile(delays, 50), percentile(delays, 95)
	states, err := messages.CountByState(tx, messages.StateWaiting, messages.StateSending, messages.StateFailed)
	h.Today.MailsWaiting = states[messages.StateWaiting] + states[messages.StateSending]
	h.Today.MailsFailed = states[messages.StateFailed]
	return err
}

// percentile is the smallest value that at least p percent do not exceed, of
// values sorted from small to large; nil of none.
func percentile(sorted []int64, p int) *int64 {
	if len(sorted) == 0 {
		return nil
	}
	i := (len(sorted)*p + 99) / 100
	return &sorted[max(i-1, 0)]
}

// attend lists what a person has to look at, worst first.
func (h *homeJSON) attend(tx *store.Tx, lost bool, missing []string) error {
	inbox, err := queue.DepthOf(tx, shopify.TaskReceive)
	if err != nil {
		return err
	}
	all, err := queue.DepthOf(tx, "")
	if err != nil {
		return err
	}
	privacy, err := shops.OpenPrivacyRequests(tx)
	if err != nil {
		return err
	}
	design, err := messages.Published(tx, KindConfirmation)
	if err != nil {
		return err
	}
	fallbacks, err := messages.CountFallbacks(tx, later(design.ChangedAt, tx.Now.Add(-homeDays*24*time.Hour)))
	if err != nil {
		return err
	}
	var locked int64
	if lost {
		locked = 1
	}
	operations, err := shopify.CountParkedOperations(tx)
	if err != nil {
		return err
	}
	paused, err := shops.MailPaused(tx)
	if err != nil {
		return err
	}
	refused, answer, err := messages.WaitingForOperator(tx)
	if err != nil {
		return err
	}
	held := int64(0)
	if paused != "" {
		held = max(1, h.Today.MailsWaiting)
	}
	for _, a := range []attentionJSON{
		{"access", "critical", locked, "Afterglow has lost its access to your store", "Close the app and open it once more from the Shopify admin: that renews it. Mails that need nothing from Shopify still go out.", "/"},
		{"mail_paused", "critical", held, "Your mail server does not accept Afterglow", paused + " Mails wait and nothing is lost.", "/settings/delivery"},
		{"mail_refused", "critical", refused, "The mail server of this installation does not take your mails", answer + " Tell whoever runs Afterglow. Mails are tried for 48 hours.", "/messages?state=waiting"},
		{"template_failed", "critical", fallbacks, "Your own confirmation failed and ours went out instead", "Open the editor: it names the line. Publishing a corrected version settles this.", "/confirmation"},
		{"scopes", "critical", int64(len(missing)), "Afterglow needs more permissions", "Open the app from the Shopify admin and accept the update.", "/settings"},
		{"webhooks_parked", "critical", inbox.Parked, "Events from Shopify could not be understood", "See why, and try them again.", "/webhooks"},
		{"operations_parked", "critical", operations, "Calls to Shopify wait for you", "See why each was given up, and try again. What went through before is found first.", "/operations"},
		{"mails_failed", "critical", h.Today.MailsFailed, "Mails could not be delivered", "See the reason for each, and send again.", "/messages?state=failed"},
		{"jobs_parked", "warning", all.Parked - inbox.Parked, "Work was given up after many attempts", "The message log tells which orders are concerned.", "/messages?state=waiting"},
		{"privacy", "warning", privacy, "Privacy requests need you", "Hand each customer's file on within 30 days of the request.", "/privacy"},
	} {
		if a.Count > 0 {
			h.Attention = append(h.Attention, a)
		}
	}
	return nil
}

// getProgress tells how much work is under way.
func (s *Service) getProgress(c *web.Ctx) error {
	var all, inbox queue.Depth
	var cursor cursorRow
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		if all, err = queue.DepthOf(tx, ""); err != nil {
			return err
		}
		if inbox, err = queue.DepthOf(tx, shopify.TaskReceive); err != nil {
			return err
		}
		cursor, err = findCursor(tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("progress: %w", err)
	}
	return c.OK(map[string]any{
		"jobs":      map[string]int64{"waiting": all.Waiting, "running": all.Running, "parked": all.Parked},
		"inbox":     map[string]int64{"waiting": inbox.Waiting + inbox.Running, "parked": inbox.Parked},
		"reconcile": map[string]any{"last_at": cursor.ReadAt, "cursor": cursor.Position},
	})
}
