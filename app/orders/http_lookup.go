package orders

import (
	"net/http"
	"strings"

	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/problem"
	"afterglow/app/store"
	"afterglow/app/web"
)

// How many look-ups a shop's page takes: of all visitors, and of one. A shopper who
// mistypes does not feel it, a list of addresses does. What is tried of one order
// or with one address is counted in the database: see tried.
const (
	lookupsPerSecond = 2
	lookupsAtOnce    = 60

	visitorsPerSecond = 1
	visitorsAtOnce    = 30

	renewalsPerSecond = 0.2 // by address
	renewalsAtOnce    = 20
)

// hubMost is how many orders "my orders" lists.
const hubMost = 20

func (s *Service) proxied(r *web.Group) {
	byShop, byVisitor := web.NewLimiter(lookupsPerSecond, lookupsAtOnce, nil), web.NewLimiter(visitorsPerSecond, visitorsAtOnce, nil)
	r.GET("", s.getHub)
	r.GET("/orders", s.getHub)
	r.GET("/lookup", s.getLookup)
	r.POST("/lookup", func(c *web.Ctx) error {
		if !byVisitor.Allow(web.ByVisitor(c)) || !byShop.Allow(web.Shop(c).String()) {
			return web.ErrLimited
		}
		return s.postLookup(c)
	}, web.AsksAgain())
	r.GET("/o/:token", s.getPage)
	s.hangDial(r)
}

// Requested is the order whose page, or something below it, a request asks for.
type Requested struct {
	Shop    ids.Shop
	OrderID int64
	Path    string // the page's own address, to return to
}

// RequestedOrder reads it from the signed link, on the shop's domain or on ours.
// It returns web.ErrLink, or ErrNotFound for a link that names no order.
func (s *Service) RequestedOrder(c *web.Ctx) (Requested, error) {
	token := c.Param("token")
	var link web.Link
	path := "/l/o/" + token
	if web.IsProxied(c) {
		var err error
		if link, err = s.links.Open(LinkOrder, token); err != nil {
			return Requested{}, err
		}
		if link.Shop != web.Shop(c) { // a link of one shop shown on another's domain
			return Requested{}, web.ErrLink
		}
		path = web.Proxied(c).PathPrefix + "/o/" + token
	} else {
		link = web.Linked(c)
	}
	id, err := orderID(link.Ref)
	return Requested{Shop: link.Shop, OrderID: id, Path: path}, err
}

// prefix is where the app's pages stand on the shop's own domain.
func prefix(c *web.Ctx) string {
	if web.IsProxied(c) {
		return web.Proxied(c).PathPrefix
	}
	return ""
}

// visitor is the language of who has no order at hand yet.
func visitor(c *web.Ctx) locale.Tag {
	for _, wanted := range []string{c.Query("lang"), c.PostForm("lang")} {
		if wanted != "" {
			return locale.Match(wanted)
		}
	}
	return locale.Match(c.GetHeader("Accept-Language"))
}

func wantsJSON(c *web.Ctx) bool {
	return strings.Contains(c.GetHeader("Accept"), "application/json")
}

// getHub lists the orders of the customer who is signed in to the shop. Somebody
// who is not may look one up.
func (s *Service) getHub(c *web.Ctx) error {
	customer, tag := web.Customer(c), visitor(c)
	if customer == 0 && !wantsJSON(c) {
		return s.getLookup(c)
	}
	list := []any{}
	var data map[string]any
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		numbers, err := ofCustomer(tx, customer, hubMost)
		if err != nil {
			return err
		}
		for i, id := range numbers {
			f, err := load(tx, id)
			if err != nil {
				return err
			}
			if i == 0 && c.Query("lang") == "" {
				tag = locale.Match(f.Order.Locale)
			}
			entry, err := s.hubEntry(tx, f, tag, prefix(c))
			if err != nil {
				return err
			}
			list = append(list, entry)
		}
		data, err = s.shopperData(tx, tag, c)
		return err
	})
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return c.OK(map[string]any{"signed_in": customer != 0, "orders": list, "locale": string(tag), "dir": tag.Dir()})
	}
	data["orders"] = list
	return s.showPage(c, tag, "hub.html", data)
}

func (s *Service) hubEntry(tx *store.Tx, f *found, tag locale.Tag, prefix string) (map[string]any, error) {
	v, err := s.view(tx, f, tag)
	if err != nil {
		return nil, err
	}
	address, err := s.pageFor(tx, f, prefix)
	if err != nil {
		return nil, err
	}
	pictures := []any{}
	for _, item := range v.items() {
		m := item.(map[string]any)
		if len(pictures) < 4 {
			pictures = append(pictures, map[string]any{"image_url": m["image_url"], "image_alt": m["image_alt"], "title": m["title"]})
		}
	}
	state := v.state()["kind"].(string)
	total := ""
	for _, r := range v.sums.Rows {
		if r.Kind == RowTotal {
			total = v.amount(r.Amount)
		}
	}
	return map[string]any{"name": f.Order.Name, "date": v.date(f.PlacedAt), "total": total, "state": state, "text": v.t("order_page.status."+state, nil),
		"eta": v.eta(), "url": address, "items": pictures}, nil
}

// shopperData is what every page of the shop says: name, logo, colours.
func (s *Service) shopperData(tx *store.Tx, tag locale.Tag, c *web.Ctx) (map[string]any, error) {
	shop, err := s.shops.Get(tx)
	if err != nil {
		return nil, err
	}
	settings, err := s.shops.Settings(tx)
	if err != nil {
		return nil, err
	}
	path := c.Request.URL.Path
	if web.IsProxied(c) {
		path = web.Proxied(c).PathPrefix + strings.TrimPrefix(path, "/proxy")
	}
	return map[string]any{"locale": string(tag), "dir": tag.Dir(), "prefix": prefix(c), "path": path, "languages": languageList(tag, path),
		"shop":  map[string]any{"name": settings.SenderName, "url": shop.URL, "logo_url": settings.LogoURL, "address": settings.PostalAddress},
		"brand": map[string]any{"accent": settings.AccentColor, "accent_text": textOn(settings.AccentColor)}}, nil
}

func languageList(tag locale.Tag, path string) []any {
	list := []any{}
	for _, t := range locale.Supported {
		list = append(list, map[string]any{"tag": string(t), "name": t.Name(), "url": path + "?lang=" + string(t), "current": t == tag})
	}
	return list
}

// shopperHeaders keep the page's address, which is a key, to those who have it.
func shopperHeaders(c *web.Ctx) {
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("X-Robots-Tag", "noindex, nofollow")
}

// showPage answers with one of the room's pages.
func (s *Service) showPage(c *web.Ctx, tag locale.Tag, name string, data map[string]any) error {
	templates, err := pageTemplates()
	if err != nil {
		return err
	}
	data["Nonce"] = web.Nonce(c)
	shopperHeaders(c)
	return web.Page(c, http.StatusOK, templates[tag].Lookup(name), data)
}

// getLookup shows the form, or gives a script the key that the form has to bring.
func (s *Service) getLookup(c *web.Ctx) error {
	if !wantsJSON(c) {
		return s.showLookup(c, "", nil)
	}
	key, err := web.FormKey(c)
	if err != nil {
		return err
	}
	return c.OK(map[string]any{web.FormField: key})
}

func (s *Service) showLookup(c *web.Ctx, state string, typed map[string]any) error {
	tag := visitor(c)
	var data map[string]any
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		data, err = s.shopperData(tx, tag, c)
		return err
	})
	if err != nil {
		return err
	}
	data["state"], data["order"], data["email"] = state, typed["order"], typed["email"]
	data["action"] = prefix(c) + "/lookup"
	data["account"] = prefix(c) != "" && web.Customer(c) == 0
	return s.showPage(c, tag, "lookup.html", data)
}

// postLookup answers the same whether or not there is such an order. What came
// from the theme's form without a script is shown once more on our own page.
func (s *Service) postLookup(c *web.Ctx) error {
	name, email := c.PostForm("order"), c.PostForm("email")
	if web.Forged(c) {
		if wantsJSON(c) {
			return web.ErrForm
		}
		return s.showLookup(c, "confirm", map[string]any{"order": name, "email": email})
	}
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error { return s.lookUp(tx, name, email, visitor(c)) })
	wrong := err != nil && problem.Of(err).Is(ErrLookup)
	switch {
	case err != nil && (!wrong || wantsJSON(c)):
		return err
	case wrong:
		return s.showLookup(c, "incomplete", map[string]any{"order": name, "email": email})
	case wantsJSON(c):
		return c.Accepted(map[string]any{"state": "asked", "text": locale.Shopper.T(visitor(c), "lookup.sent.text", nil)})
	}
	return s.showLookup(c, "sent", nil)
}

// getOpen shows a button, because programs that check mails for bad links open
// each of them once, and this one can be opened once.
func (s *Service) getOpen(c *web.Ctx) error {
	link, tag := web.Linked(c), visitor(c)
	var data map[string]any
	err := s.db.Read(c.Context(), link.Shop, func(tx *store.Tx) error {
		row, err := findLookup(tx, link.Ref)
		if err != nil || row.UsedAt != nil {
			return web.ErrLink
		}
		if c.Query("lang") == "" {
			tag = locale.Match(row.Locale)
		}
		data, err = s.shopperData(tx, tag, c)
		return err
	})
	if err != nil {
		return err
	}
	data["action"] = c.Request.URL.Path
	return s.showPage(c, tag, "open.html", data)
}

func (s *Service) postOpen(c *web.Ctx) error {
	link := web.Linked(c)
	var address string
	err := s.db.InTx(c.Context(), link.Shop, func(tx *store.Tx) (err error) {
		address, err = s.open(tx, link.Ref)
		return err
	})
	if err != nil {
		return err
	}
	c.Redirect(http.StatusSeeOther, address)
	return nil
}

// postRenew mails a fresh link to where the expired one went. The answer is the
// same for every link that we signed, however old.
func (s *Service) postRenew(c *web.Ctx) error {
	link := web.Linked(c)
	id, err := orderID(link.Ref)
	if err != nil {
		return err
	}
	tag := visitor(c)
	err = s.db.InTx(c.Context(), link.Shop, func(tx *store.Tx) error { return s.renew(tx, id, tag) })
	if err != nil {
		return err
	}
	return s.showPage(c, tag, "message.html", map[string]any{"locale": string(tag), "dir": tag.Dir(), "page": "renewed"})
}
