package orders

import (
	"html/template"
	"net/http"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/store"
	"afterglow/app/web"
)

// Below is a page of a later room, below an order's own: a form, or what became of
// one. It needs no script.
type Below struct {
	Title string
	Body  template.HTML
	CSS   template.CSS
	Again int // seconds after which the browser looks again; 0: never
}

// Guest is who opened an order's page: the order, and how to speak to them.
type Guest struct {
	Order *Order
	Tag   locale.Tag
	Zone  *time.Location // the shop's
}

// GuestOf reads the order that a request asks for. The language is the one that was
// chosen, by query or form, or the order's.
func (s *Service) GuestOf(tx *store.Tx, c *web.Ctx, asked Requested) (Guest, error) {
	o, err := Find(tx, asked.OrderID)
	if err != nil {
		return Guest{}, err
	}
	shop, err := s.shops.Get(tx)
	g := Guest{Order: o, Tag: locale.Match(o.Locale), Zone: clock.Zone(shop.Timezone)}
	for _, wanted := range []string{c.Query("lang"), c.PostForm("lang")} {
		if wanted != "" {
			g.Tag = locale.Match(wanted)
		}
	}
	return g, err
}

// ShowBelow answers with a page below the order's.
func (s *Service) ShowBelow(c *web.Ctx, asked Requested, g Guest, p Below) error {
	var data map[string]any
	err := s.db.Read(c.Context(), asked.Shop, func(tx *store.Tx) (err error) {
		data, err = s.shopperData(tx, g.Tag, c)
		return err
	})
	if err != nil {
		return err
	}
	data["title"], data["body"], data["section_css"], data["again"] = p.Title, p.Body, p.CSS, p.Again
	data["order"], data["back"] = g.Order.Name, asked.Path
	if c.Query("lang") != "" {
		data["back"] = asked.Path + "?lang=" + string(g.Tag)
	}
	return s.showPage(c, g.Tag, "below.html", data)
}

// SeeOther sends the browser on, in the language it reads in.
func SeeOther(c *web.Ctx, address string) error {
	if wanted := c.PostForm("lang"); wanted != "" {
		address += "?lang=" + string(locale.Match(wanted))
	}
	c.Redirect(http.StatusSeeOther, address)
	return nil
}
