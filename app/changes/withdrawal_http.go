package changes

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/photo"
	"afterglow/app/policy"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/web"
)

// The signed values that forms carry, and the address of a receipt.
const (
	linkWithdrawForm = "withdraw_form"
	linkReceipt      = "withdrawal"
	linkProblemForm  = "problem_form"

	formLife    = 24 * time.Hour
	receiptLife = 24 * time.Hour
)

// A shop's form takes so many posts: more than any shop needs, less than a flood
// of mails to strangers.
const (
	postsPerSecond = 2
	postsAtOnce    = 60
)

func (s *Requests) proxied(r *web.Group) {
	byShop := web.NewLimiter(postsPerSecond, postsAtOnce, nil)
	limited := func(next web.Handler) web.Handler {
		return func(c *web.Ctx) error {
			if !byShop.Allow(web.Shop(c).String()) {
				return web.ErrLimited
			}
			return next(c)
		}
	}
	r.GET("/withdraw", s.getWithdraw)
	r.POST("/withdraw", limited(s.postWithdraw), web.AsksAgain())
	r.GET("/withdraw/:receipt", s.getReceipt)
	s.orderRoutes(r, limited)
}

func (s *Requests) linked(r *web.Group) {
	byAddress := web.NewLimiter(postsPerSecond, postsAtOnce, web.ByAddress)
	s.orderRoutes(r, func(next web.Handler) web.Handler {
		return func(c *web.Ctx) error {
			if !byAddress.Allow(web.ByAddress(c)) {
				return web.ErrLimited
			}
			return next(c)
		}
	})
}

// orderRoutes stand below an order's page.
func (s *Requests) orderRoutes(r *web.Group, limited func(web.Handler) web.Handler) {
	r.GET("/o/:token/withdraw", s.getOrderWithdraw)
	r.POST("/o/:token/withdraw", limited(s.postOrderWithdraw), web.AsksAgain())
	r.GET("/o/:token/problem", s.getProblem)
	r.POST("/o/:token/problem", limited(s.postProblem), web.Body(photo.FormBytes), web.AsksAgain())
	r.GET("/o/:token/photos/:photo", s.getShopperPhoto)
}

// asked is where a form stands and whom it serves.
type asked struct {
	shop     ids.Shop
	order    *orders.Order // nil for a guest
	tag      locale.Tag
	action   string
	back     string // the order's page
	customer int64
}

func (s *Requests) guest(c *web.Ctx) asked {
	prefix := web.Proxied(c).PathPrefix
	return asked{shop: web.Shop(c), tag: orders.Visitor(c), action: prefix + "/withdraw", customer: web.Customer(c)}
}

// holder is asked by who holds an order's link.
func (s *Requests) holder(c *web.Ctx, tx *store.Tx, r orders.Requested, path string) (asked, error) {
	o, err := orders.Find(tx, r.OrderID)
	if err != nil {
		return asked{}, err
	}
	tag := locale.Match(o.Locale)
	if wanted := c.Query("lang"); wanted != "" { // a form may hold photos, and is not read here
		tag = locale.Match(wanted)
	}
	return asked{shop: r.Shop, order: o, tag: tag, action: r.Path + path, back: r.Path}, nil
}

func (s *Requests) getWithdraw(c *web.Ctx) error {
	return s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		return s.showWithdraw(c, tx, s.guest(c), "form", Declaration{}, nil)
	})
}

func (s *Requests) postWithdraw(c *web.Ctx) error {
	a := s.guest(c)
	id, err := s.submit(c, a)
	if err != nil || id == "" {
		return err
	}
	token, err := s.links.Sign(web.Link{Shop: a.shop, Kind: linkReceipt, Ref: id, Expires: s.db.Clock().Now().Add(receiptLife)})
	if err != nil {
		return err
	}
	c.Redirect(http.StatusSeeOther, a.action+"/"+token)
	return nil
}

// submit shows the form or the confirmation, and returns the id of a declaration
// that was confirmed.
func (s *Requests) submit(c *web.Ctx, a asked) (id string, err error) {
	d := Declaration{Name: c.PostForm("name"), Order: c.PostForm("order"), Email: c.PostForm("email"), Items: c.PostForm("items")}
	if a.order != nil {
		d.Order, d.Items = a.order.Name, ""
		chosen := map[string]bool{}
		for _, text := range c.PostFormArray("line") {
			chosen[text] = true
		}
		for _, l := range a.order.Lines {
			if chosen[strconv.FormatInt(l.ID, 10)] {
				d.Lines = append(d.Lines, l.ID)
				d.Items += l.Title + "\n"
			}
		}
	}
	d = d.clean()
	step := "review"
	missing := d.missing()
	if len(missing) > 0 || c.PostForm("step") == "change" {
		step = "form"
		if c.PostForm("step") == "change" {
			missing = nil
		}
	}
	if step == "review" && c.PostForm("step") == "confirm" && !web.Forged(c) {
		if id = s.formID(linkWithdrawForm, a, c.PostForm("once")); id != "" {
			order := int64(0)
			if a.order != nil {
				order = a.order.ID
			}
			return id, s.db.InTx(c.Context(), a.shop, func(tx *store.Tx) error { return s.declare(tx, id, d, order, a.tag) })
		}
	}
	return "", s.db.Read(c.Context(), a.shop, func(tx *store.Tx) error { return s.showWithdraw(c, tx, a, step, d, missing) })
}

// newForm signs a form: whose it is, for how long, and the id of what comes of it.
func (s *Requests) newForm(kind, prefix string, a asked) (string, error) {
	order := int64(0)
	if a.order != nil {
		order = a.order.ID
	}
	ref := ids.New(prefix) + ":" + strconv.FormatInt(order, 10) + ":" + strconv.FormatInt(a.customer, 10)
	return s.links.Sign(web.Link{Shop: a.shop, Kind: kind, Ref: ref, Expires: s.db.Clock().Now().Add(formLife)})
}

// formID is the id that a form carries; "" when it is not one of ours, not this
// visitor's or too old.
func (s *Requests) formID(kind string, a asked, token string) string {
	link, err := s.links.Open(kind, token)
	if err != nil || link.Shop != a.shop {
		return ""
	}
	order := int64(0)
	if a.order != nil {
		order = a.order.ID
	}
	id, whose, _ := strings.Cut(link.Ref, ":")
	if whose != strconv.FormatInt(order, 10)+":"+strconv.FormatInt(a.customer, 10) {
		return ""
	}
	return id
}

func (s *Requests) showWithdraw(c *web.Ctx, tx *store.Tx, a asked, step string, d Declaration, missing []string) error {
	data, err := s.orders.PageData(tx, a.tag, c)
	if err != nil {
		return err
	}
	wrong := map[string]bool{}
	for _, name := range missing {
		wrong[name] = true
	}
	data["step"], data["action"], data["back"], data["wrong"], data["typed"] = step, a.action, a.back, wrong, d
	if a.order != nil {
		data["order"] = a.order.Name
		data["lines"] = chosenLines(a.order, d.Lines)
		earlier, err := s.earlierWithdrawals(tx, a)
		if err != nil {
			return err
		}
		data["earlier"] = earlier
	}
	if step == "review" {
		if data["once"], err = s.newForm(linkWithdrawForm, "wdr", a); err != nil {
			return err
		}
		data["fields"] = declared(&withdrawalRow{Name: d.Name, TypedOrder: d.Order, TypedItems: d.Items, Email: d.Email}, a.tag)[:4]
	}
	return s.show(c, a.tag, "withdraw.html", http.StatusOK, data)
}

func (s *Requests) show(c *web.Ctx, tag locale.Tag, name string, status int, data map[string]any) error {
	pages, err := requestPages()
	if err != nil {
		return err
	}
	return s.orders.ShowPage(c, pages, tag, name, status, data)
}

// chosenLine is an item of the order as forms list it.
type chosenLine struct {
	ID       int64
	Title    string
	Options  string
	Quantity int64
	Chosen   bool
}

const linesMost = 100

func chosenLines(o *orders.Order, chosen []int64) (list []chosenLine) {
	for _, l := range o.Lines {
		if l.Tip || l.CurrentQuantity <= 0 || len(list) == linesMost {
			continue
		}
		list = append(list, chosenLine{l.ID, l.Title, l.Options, l.CurrentQuantity, slices.Contains(chosen, l.ID)})
	}
	return list
}

// getReceipt shows who declared what they declared, and nothing else.
func (s *Requests) getReceipt(c *web.Ctx) error {
	a := s.guest(c)
	link, err := s.links.Open(linkReceipt, c.Param("receipt"))
	if err != nil || link.Shop != a.shop {
		return web.ErrLink
	}
	return s.db.Read(c.Context(), a.shop, func(tx *store.Tx) error {
		w, err := findWithdrawal(tx, link.Ref)
		if errors.Is(err, ErrRequestMissing) || err == nil && w.ErasedAt != nil {
			return web.ErrLink
		}
		if err != nil {
			return err
		}
		if c.Query("lang") == "" {
			a.tag = locale.Match(w.Locale)
		}
		data, err := s.orders.PageData(tx, a.tag, c)
		if err != nil {
			return err
		}
		zone, err := s.zone(tx)
		if err != nil {
			return err
		}
		data["step"], data["action"], data["back"], data["receipt"] = "done", a.action, "", showReceipt(w, a.tag, zone)
		return s.show(c, a.tag, "withdraw.html", http.StatusOK, data)
	})
}

// shownReceipt is a declaration as its page shows it.
type shownReceipt struct {
	Received string
	Email    string
	Fields   []field
	Answered bool
	Accepted bool
}

func showReceipt(w *withdrawalRow, tag locale.Tag, zone *time.Location) shownReceipt {
	return shownReceipt{Received: receivedText(w, tag, zone), Email: w.Email, Fields: declared(w, tag), Answered: w.State == WithdrawalAnswered, Accepted: w.Accepted}
}

func (s *Requests) earlierWithdrawals(tx *store.Tx, a asked) (list []shownReceipt, err error) {
	rows, err := withdrawalsFor(tx, a.order.ID)
	if err != nil {
		return nil, err
	}
	zone, err := s.zone(tx)
	for _, w := range rows {
		if w.ErasedAt == nil {
			list = append(list, showReceipt(&w, a.tag, zone))
		}
	}
	return list, err
}

func (s *Requests) getOrderWithdraw(c *web.Ctx) error {
	r, err := s.orders.RequestedOrder(c)
	if err != nil {
		return err
	}
	return s.db.Read(c.Context(), r.Shop, func(tx *store.Tx) error {
		a, err := s.holder(c, tx, r, "/withdraw")
		if err != nil {
			return err
		}
		return s.showWithdraw(c, tx, a, "form", Declaration{}, nil)
	})
}

func (s *Requests) postOrderWithdraw(c *web.Ctx) error {
	r, err := s.orders.RequestedOrder(c)
	if err != nil {
		return err
	}
	var a asked
	if err := s.db.Read(c.Context(), r.Shop, func(tx *store.Tx) (err error) { a, err = s.holder(c, tx, r, "/withdraw"); return err }); err != nil {
		return err
	}
	if wanted := c.PostForm("lang"); wanted != "" {
		a.tag = locale.Match(wanted)
	}
	id, err := s.submit(c, a)
	if err != nil || id == "" {
		return err
	}
	c.Redirect(http.StatusSeeOther, a.action)
	return nil
}

// sections are requests' parts of the order's page: where to go.
func (s *Requests) sections() []room.Section {
	return []room.Section{
		{Name: "problem", Place: room.Aside, Rank: 60, Template: problemSection, Show: s.problemShown},
		{Name: "withdraw", Place: room.Aside, Rank: 80, Template: withdrawSection, Show: s.withdrawShown},
	}
}

const withdrawSection = `<section class="card" aria-labelledby="withdraw">
<h2 id="withdraw">{{t "withdraw.card"}}</h2>
<p class="muted">{{.Text}}</p>
<p><a class="button" href="{{.Path}}">{{if .Declared}}{{t "withdraw.card.see"}}{{else}}{{t "withdraw.title"}}{{end}}</a></p>
</section>`

// withdrawShown offers the way out for as long as it is open, and where it was
// gone.
func (s *Requests) withdrawShown(_ context.Context, tx *store.Tx, at room.PageView) (any, error) {
	declared, err := withdrawalsFor(tx, at.OrderID)
	if err != nil {
		return nil, err
	}
	v, err := s.policy.Verdict(tx, policy.Withdraw, at.OrderID)
	if errors.Is(err, orders.ErrNotFound) || err == nil && !v.Allowed && len(declared) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{"Text": v.Explain(at.Tag, at.Zone), "Path": at.Path + "/withdraw", "Declared": len(declared) > 0}, nil
}
