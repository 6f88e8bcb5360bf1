package orders

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"afterglow/app/locale"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/web"
)

//go:embed page
var pageFiles embed.FS

// pageTemplates are parsed once a language, because a template's functions are
// bound when it is parsed.
var pageTemplates = sync.OnceValues(func() (map[locale.Tag]*template.Template, error) {
	all := map[locale.Tag]*template.Template{}
	for _, tag := range locale.Supported {
		t, err := template.New("order.html").Funcs(locale.Funcs(tag)).ParseFS(pageFiles, "page/*")
		if err != nil {
			return nil, err
		}
		all[tag] = t
	}
	return all, nil
})

func (s *Service) pages(r *web.Group) {
	r.GET("/o/:token", s.getPage, web.Kind(LinkOrder), web.Pages())
	s.hangDial(r, web.Kind(LinkOrder), web.Pages())
	r.GET("/r/:token", s.getOpen, web.Kind(LinkOpen), web.Pages())
	r.POST("/renew/:token", s.postRenew, web.Kind(LinkOrder), web.Expired(), web.Pages(), web.Limit(web.NewLimiter(renewalsPerSecond, renewalsAtOnce, web.ByAddress)))
	r.POST("/r/:token", s.postOpen, web.Kind(LinkOpen), web.Pages())
}

// getPage shows the order to whoever holds the link. It changes nothing.
func (s *Service) getPage(c *web.Ctx) error {
	asked, err := s.RequestedOrder(c)
	if err != nil {
		return err
	}
	key := pageKey{shop: asked.Shop, order: asked.OrderID, path: asked.Path}
	if wanted := c.Query("lang"); wanted != "" {
		key.tag = locale.Match(wanted)
	}
	b := pageBuffers.Get().(*bytes.Buffer)
	defer pageBuffers.Put(b)
	b.Reset()
	kept, err := s.kept.find(c.Context(), s.db, key, web.Nonce(c), b)
	html := b.Bytes()
	if err != nil || !kept {
		html, err = s.drawPage(c, key, true)
	}
	if errors.Is(err, store.ErrWitness) { // a page need not be kept to be shown
		c.Log().Error("an order page cannot be kept", "error", err)
		html, err = s.drawPage(c, key, false)
	}
	if err != nil {
		return err
	}
	shopperHeaders(c)
	web.HTML(c, http.StatusOK, html)
	return nil
}

// drawPage draws the page, and may keep it when it was looked at a moment ago.
func (s *Service) drawPage(c *web.Ctx, key pageKey, keep bool) ([]byte, error) {
	templates, err := pageTemplates()
	if err != nil {
		return nil, err
	}
	tag := key.tag
	var (
		data    map[string]any
		witness *store.Witness
		at      time.Time
	)
	err = s.db.Read(c.Context(), key.shop, func(tx *store.Tx) error {
		again := keep && s.kept.again(key, tx.Now)
		if again {
			tx.Watch()
		}
		f, err := load(tx, key.order)
		if err != nil {
			return err
		}
		if tag == "" {
			tag = locale.Match(f.Order.Locale)
		}
		v, err := s.view(tx, f, tag)
		if err != nil {
			return err
		}
		data, at = v.page(key.path), tx.Now
		err = s.sections.show(c.Context(), tx, room.PageView{OrderID: key.order, Tag: tag, Zone: v.zone, Path: key.path}, data)
		if err == nil && again {
			witness, err = tx.Witness()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	data["Nonce"] = web.Nonce(c)
	var b bytes.Buffer
	if err := templates[tag].Lookup("order.html").Execute(&b, data); err != nil {
		return nil, fmt.Errorf("draw the page of order %d: %w", key.order, err)
	}
	s.kept.keep(key, b.Bytes(), web.Nonce(c), witness, at)
	return b.Bytes(), nil
}

// page adds to the data of the mail what has happened since.
func (v *view) page(path string) map[string]any {
	data := v.data()
	data["brand"] = map[string]any{"accent": v.settings.AccentColor, "accent_text": textOn(v.settings.AccentColor)}
	data["state"] = v.state()
	parcels := []any{}
	for _, f := range v.Order.Fulfillments {
		parcels = append(parcels, v.parcel(f))
	}
	data["fulfillments"] = parcels
	data["languages"] = languageList(v.tag, path)
	return data
}

// textOn is black or white, whichever reads better on a colour "#rrggbb".
func textOn(colour string) string {
	rgb, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil {
		return ""
	}
	r, g, b := rgb>>16&255, rgb>>8&255, rgb&255
	if 299*r+587*g+114*b > 150_000 {
		return "#111111"
	}
	return "#ffffff"
}

// state says in one word how the order stands, and since when.
func (v *view) state() map[string]any {
	o := v.Order
	kind, at := "confirmed", (*time.Time)(nil)
	var sent *time.Time
	for _, f := range o.Fulfillments {
		if f.Status != "cancelled" && (sent == nil || f.CreatedAt.After(*sent)) {
			sent = &f.CreatedAt
		}
	}
	delivered, all := o.deliveredAt()
	shipping := v.shipping()
	switch {
	case o.CancelledAt != nil:
		kind, at = "canceled", o.CancelledAt
	case o.FinancialStatus == "refunded":
		kind = "refunded"
	case all:
		kind, at = "delivered", &delivered
	case o.FulfillmentStatus == "fulfilled" && shipping["pickup"] == true:
		kind, at = "pickup_ready", sent
	case o.FulfillmentStatus == "fulfilled" && (shipping["required"] == false || sent == nil):
		kind, at = "fulfilled", sent
	case o.FulfillmentStatus == "fulfilled":
		kind, at = "shipped", sent
	case o.FulfillmentStatus == "partial":
		kind, at = "partly_shipped", sent
	case o.FinancialStatus == "partially_refunded":
		kind = "partly_refunded"
	case v.sums.Due.Presentment > 0:
		kind = "unpaid"
	}
	out := map[string]any{"kind": kind, "date": "", "due": "", "refunded": ""}
	if at != nil {
		out["date"] = v.date(*at)
	}
	if kind != "canceled" && v.sums.Due.Presentment > 0 {
		out["due"] = v.amount(v.sums.Due)
	}
	if !v.sums.Refunded.IsZero() {
		out["refunded"] = v.amount(v.sums.Refunded)
	}
	return out
}

var parcelStates = map[string]string{
	"label_printed": "preparing", "label_purchased": "preparing", "confirmed": "preparing", "ready_for_pickup": "pickup_ready",
	"out_for_delivery": "out_for_delivery", "delivered": "delivered", "attempted_delivery": "attempted", "failure": "failed", "not_delivered": "failed",
	"canceled": "canceled", "cancelled": "canceled",
}

func (v *view) parcel(f Fulfillment) map[string]any {
	state, at := parcelStates[f.ShipmentStatus], f.CreatedAt
	if state == "" {
		state = "shipped"
	}
	if f.Status == "cancelled" {
		state = "canceled"
	}
	if f.DeliveredAt != nil && state != "canceled" {
		state, at = "delivered", *f.DeliveredAt
	}
	out := map[string]any{"state": state, "date": "", "carrier": f.Carrier, "tracking_number": f.TrackingNumber, "tracking_url": f.TrackingURL}
	if !at.IsZero() {
		out["date"] = v.date(at)
	}
	items := []any{}
	for _, fl := range f.Lines {
		for i := range v.Order.Lines {
			if l := &v.Order.Lines[i]; l.ID == fl.LineID {
				items = append(items, map[string]any{"title": l.Title, "quantity": int(fl.Quantity)})
			}
		}
	}
	out["items"] = items
	return out
}
