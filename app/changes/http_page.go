package changes

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/policy"
	"afterglow/app/problem"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/web"

	_ "embed" // the pages
)

//go:embed page/pages.html
var pagesSource string

// pages are parsed once a language, because a template's functions are bound when it
// is parsed.
var pages = sync.OnceValues(func() (map[locale.Tag]*template.Template, error) {
	all := map[locale.Tag]*template.Template{}
	for _, tag := range locale.Supported {
		t, err := template.New("pages").Funcs(locale.Funcs(tag)).Parse(pagesSource)
		if err != nil {
			return nil, err
		}
		all[tag] = t
	}
	return all, nil
})

// cancelPath is below the order's page.
const cancelPath = "/change/cancel"

// How often somebody with an order's link may ask.
const (
	asksPerSecond  = 0.2
	asksAtOnce     = 12
	looksPerSecond = 2 // pages that ask Shopify for prices
	looksAtOnce    = 30
	previewTime    = 10 * time.Second
)

func (s *Service) linked(r *web.Group) { s.hang(r, web.Kind(orders.LinkOrder), web.Pages()) }

func (s *Service) proxied(r *web.Group) { s.hang(r) }

func (s *Service) hang(r *web.Group, options ...web.Option) {
	byLink := func(c *web.Ctx) string { return c.Param("token") }
	look := append(slices.Clone(options), web.Limit(web.NewLimiter(looksPerSecond, looksAtOnce, byLink)))
	ask := append(slices.Clone(options), web.Limit(web.NewLimiter(asksPerSecond, asksAtOnce, byLink)))
	r.GET("/o/:token/change/cancel", s.getCancel, options...)
	r.POST("/o/:token/change/cancel", s.postCancel, ask...)
	r.GET("/o/:token/change/address", s.getAddress, options...)
	r.POST("/o/:token/change/address", s.postAddress, ask...)
	r.GET("/o/:token/change/items", s.getItems, look...)
	r.POST("/o/:token/change/items/review", s.postReview, look...)
	r.POST("/o/:token/change/items", s.postItems, ask...)
	r.GET("/o/:token/changes/:id", s.getChange, options...)
	r.POST("/o/:token/changes/:id/back", s.postBack, ask...)
}

// visit is a request for one of the pages.
type visit struct {
	orders.Requested
	orders.Guest
	settings Settings
	verdict  policy.Verdict
	offered  bool
	live     *Change // one at a time
}

// visit reads the order, and whether the change may be made.
func (s *Service) visit(c *web.Ctx, k Kind) (v visit, err error) {
	if v.Requested, err = s.orders.RequestedOrder(c); err != nil {
		return v, err
	}
	err = s.db.Read(c.Context(), v.Shop, func(tx *store.Tx) error {
		if v.Guest, err = s.orders.GuestOf(tx, c, v.Requested); err != nil {
			return err
		}
		shop, err := s.shops.Get(tx)
		if err != nil {
			return err
		}
		if v.settings, err = loadSettings(tx); err != nil {
			return err
		}
		v.offered = granted(shop) && (k == "" || v.settings.offers(k))
		if k == "" {
			return nil
		}
		if v.live, err = live(tx, v.OrderID); err != nil {
			return err
		}
		v.verdict, err = s.policy.Verdict(tx, k.action(), v.OrderID)
		return err
	})
	return v, err
}

func (v visit) t(key string, args map[string]any) string {
	return locale.Shopper.T(v.Tag, "changes."+key, args)
}

// page answers with one of the templates.
func (s *Service) page(c *web.Ctx, v visit, name, title string, again int, data map[string]any) error {
	all, err := pages()
	if err != nil {
		return err
	}
	data["Lang"], data["Back"] = string(v.Tag), v.Path+"?lang="+string(v.Tag)
	var b bytes.Buffer
	if err := all[v.Tag].ExecuteTemplate(&b, name, data); err != nil {
		return err
	}
	// html/template has escaped it.
	return s.orders.ShowBelow(c, v.Requested, v.Guest, orders.Below{Title: title, Body: template.HTML(b.String()), CSS: template.CSS(pageCSS), Again: again})
}

// refusal is the page that says why not, and what would work.
func (s *Service) sayNo(c *web.Ctx, v visit, k Kind) error {
	text, instead := v.verdict.Explain(v.Tag, v.Zone), v.verdict.InsteadText(v.Tag)
	if !v.offered {
		text, instead = v.t("refused.rule", nil), ""
	}
	return s.page(c, v, "no", k.action().Name(v.Tag), 0, map[string]any{"Text": text, "Instead": instead})
}

func (s *Service) getCancel(c *web.Ctx) error {
	v, err := s.visit(c, Cancel)
	if err != nil {
		return err
	}
	if v.live != nil {
		return v.toLive(c)
	}
	return s.cancelForm(c, v)
}

func (s *Service) cancelForm(c *web.Ctx, v visit) error {
	if !v.offered || !v.verdict.Allowed {
		return s.sayNo(c, v, Cancel)
	}
	t := orders.Sum(v.Order)
	paid := money.New(t.Paid.Presentment-t.Refunded.Presentment, v.Order.PresentmentCurrency)
	return s.page(c, v, "cancel", Cancel.action().Name(v.Tag), 0, map[string]any{"Once": ids.New("chg"), "Until": v.verdict.Explain(v.Tag, v.Zone),
		"Money": moneyText(v.Tag, Change{Kind: Cancel, Money: paid}), "Credit": v.credit(paid), "Amount": v.Tag.Money(paid)})
}

// credit tells whether the shopper may choose store credit for a sum.
func (v visit) credit(back money.Amount) bool {
	return v.settings.Credit && back.Minor > 0 && v.Order.CustomerID() != 0
}

func (s *Service) postCancel(c *web.Ctx) error {
	v, err := s.visit(c, Cancel)
	if err != nil {
		return err
	}
	return s.post(c, v, Wish{Kind: Cancel}, s.cancelForm)
}

// post asks for what the form says and shows what becomes of it. A form that is sent
// twice comes to the same page, one that was not filled in is shown again.
func (s *Service) post(c *web.Ctx, v visit, w Wish, form func(*web.Ctx, visit) error) error {
	w.ID, w.Order, w.By, w.Tag, w.Credit = c.PostForm("once"), v.OrderID, Shopper, v.Tag, c.PostForm("refund") == "credit"
	ch, err := s.Ask(c.Context(), v.Shop, w)
	switch {
	case errors.Is(err, ErrOffered):
		return s.sayNo(c, v, w.Kind)
	case errors.Is(err, ErrWish):
		return form(c, v)
	}
	if errors.Is(err, ErrUnderWay) && ch.ID != "" {
		err = nil
	}
	if err != nil {
		return err
	}
	return orders.SeeOther(c, v.Path+"/changes/"+ch.ID)
}

// toLive leads to the change that has to end first.
func (v visit) toLive(c *web.Ctx) error {
	c.Redirect(http.StatusSeeOther, v.Path+"/changes/"+v.live.ID+"?lang="+string(v.Tag))
	return nil
}

// postBack takes a change back that waits for its payment.
func (s *Service) postBack(c *web.Ctx) error {
	r, err := s.orders.RequestedOrder(c)
	if err != nil {
		return err
	}
	if err := s.db.InTx(c.Context(), r.Shop, func(tx *store.Tx) error { return s.takeBack(tx, r.OrderID, c.Param("id")) }); err != nil {
		return err
	}
	return orders.SeeOther(c, r.Path+"/changes/"+c.Param("id"))
}

// getChange shows how a change stands; while it is under way the browser looks again.
func (s *Service) getChange(c *web.Ctx) error {
	v, err := s.visit(c, "")
	if err != nil {
		return err
	}
	var ch Change
	instead := ""
	err = s.db.Read(c.Context(), v.Shop, func(tx *store.Tx) error {
		if ch, err = find(tx, c.Param("id")); err != nil {
			return err
		}
		if ch.Order != v.OrderID {
			return ErrNotFound
		}
		if ch.State != Refused || ch.Reason == WhyTakenBack || ch.Reason == WhyUnpaid {
			return nil
		}
		verdict, err := s.policy.Verdict(tx, ch.Kind.action(), v.OrderID)
		instead = verdict.InsteadText(v.Tag)
		return err
	})
	if err != nil {
		return err
	}
	seen, again := showChange(v.Tag, v.Zone, ch, v.Path), 0
	seen.settled(v.Order, ch)
	moving := ch.State.UnderWay() || ch.undoing()
	if moving {
		again = 2
	}
	data := map[string]any{"Change": seen, "Instead": instead, "Live": moving, "State": string(ch.State)}
	if ch.State == Refused && ch.Reason == WhyLast {
		data["Link"], data["LinkLabel"] = v.Path+cancelPath+"?lang="+string(v.Tag), Cancel.action().Name(v.Tag)
	}
	return s.page(c, v, "outcome", seen.Title, again, data)
}

// The fields of the address form, as browsers know them.
var addressFields = []struct {
	name, fill string
	wanted     bool
}{{"first_name", "given-name", false}, {"last_name", "family-name", true}, {"company", "organization", false}, {"address1", "address-line1", true},
	{"address2", "address-line2", false}, {"zip", "postal-code", false}, {"city", "address-level2", true}, {"phone", "tel", false}}

type shownField struct {
	Name, Fill, Label, Value string
	Wanted, Wrong            bool
}

func fieldOf(a *shopify.GateAddress, name string) *string {
	return map[string]*string{"first_name": &a.FirstName, "last_name": &a.LastName, "company": &a.Company, "address1": &a.Address1, "address2": &a.Address2,
		"zip": &a.Zip, "city": &a.City, "phone": &a.Phone}[name]
}

func (v visit) fields(a *shopify.GateAddress, wrong []problem.Field) []shownField {
	list := []shownField{}
	for _, f := range addressFields {
		list = append(list, shownField{f.name, f.fill, v.t("field."+f.name, nil), *fieldOf(a, f.name), f.wanted,
			slices.ContainsFunc(wrong, func(w problem.Field) bool { return w.Field == f.name })})
	}
	return list
}

func (s *Service) getAddress(c *web.Ctx) error {
	v, err := s.visit(c, Address)
	if err != nil {
		return err
	}
	if v.live != nil {
		return v.toLive(c)
	}
	if to := v.Order.Shipping; v.offered && v.verdict.Allowed && to != nil {
		first, last := to.FirstName, to.LastName
		if first == "" && last == "" {
			last = to.Name
		}
		if last == "" {
			last = v.Order.ShopperName()
		}
		a := &shopify.GateAddress{FirstName: first, LastName: last, Company: to.Company, Address1: to.Address1, Address2: to.Address2, City: to.City, Zip: to.Zip, Phone: to.Phone}
		return s.addressForm(c, v, a, nil)
	}
	return s.sayNo(c, v, Address)
}

func (s *Service) addressForm(c *web.Ctx, v visit, a *shopify.GateAddress, wrong []problem.Field) error {
	to := v.Order.Shipping
	place := to.Country
	if to.Province != "" {
		place = to.Province + ", " + to.Country
	}
	return s.page(c, v, "address", Address.action().Name(v.Tag), 0, map[string]any{"Fields": v.fields(a, wrong), "Wrong": len(wrong) > 0, "Place": place,
		"Until": v.verdict.Explain(v.Tag, v.Zone)})
}

func (s *Service) postAddress(c *web.Ctx) error {
	v, err := s.visit(c, Address)
	if err != nil {
		return err
	}
	if !v.offered || !v.verdict.Allowed || v.Order.Shipping == nil {
		return s.sayNo(c, v, Address)
	}
	a := &shopify.GateAddress{}
	for _, f := range addressFields {
		*fieldOf(a, f.name) = c.PostForm(f.name)
	}
	err = validAddress(a)
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		return s.addressForm(c, v, a, p.Fields)
	case c.PostForm("step") == "edit":
		return s.addressForm(c, v, a, nil)
	case c.PostForm("step") == "confirm":
		return s.post(c, v, Wish{Kind: Address, Address: a}, func(c *web.Ctx, v visit) error { return s.addressForm(c, v, a, nil) })
	}
	lines := []string{}
	for _, line := range []string{a.FirstName + " " + a.LastName, a.Company, a.Address1, a.Address2, a.Zip + " " + a.City, v.Order.Shipping.Province, v.Order.Shipping.Country, a.Phone} {
		if line != "" && line != " " {
			lines = append(lines, line)
		}
	}
	return s.page(c, v, "address review", Address.action().Name(v.Tag), 0, map[string]any{"Fields": v.fields(a, nil), "Lines": lines, "Once": ids.New("chg")})
}

// preview is what a change of items would come to, by Shopify's own reckoning.
func (s *Service) preview(ctx context.Context, shop ids.Shop, ch Change) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, previewTime)
	defer cancel()
	c := s.clients(shop)
	g, err := s.gate(ctx, c, ch)
	if err != nil {
		return 0, err
	}
	e, err := s.openEdit(ctx, c, shop, g, ch)
	if err != nil {
		return 0, err
	}
	return consequence(g, e), nil
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
