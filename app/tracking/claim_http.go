package tracking

import (
	"embed"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/photo"
	"afterglow/app/problem"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

//go:embed claim
var claimFiles embed.FS

var claimPages = sync.OnceValues(func() (orders.ShopperPages, error) { return orders.ParsePages(claimFiles, "claim/*.html") })

func idText(id int64) string { return strconv.FormatInt(id, 10) }

// claimRoutes stand below an order's page.
func (s *Service) claimRoutes(r *web.Group, options ...web.Option) {
	byLink := func(c *web.Ctx) string { return c.Param("token") }
	ask := append(slices.Clone(options), web.Body(photo.FormBytes), web.Limit(web.NewLimiter(choicesPerSecond, choicesAtOnce, byLink)))
	r.GET("/o/:token/claim/:parcel", s.getClaimPage, options...)
	r.POST("/o/:token/claim/:parcel", s.postClaim, ask...)
	r.POST("/o/:token/claim/:parcel/reply", s.postReply, ask...)
	r.GET("/o/:token/claim/:parcel/photos/:photo", s.getClaimPhoto, options...)
}

// claimVisit is a request for a page about a parcel of an order.
type claimVisit struct {
	orders.Requested
	order  *orders.Order
	parcel *row
	scans  []scanRow
	claim  *claimRow // the newest, or nil
	set    ClaimSettings
	shop   shops.Shop
	zone   *time.Location
	tag    locale.Tag
}

// visit reads what the page needs. The language comes with the address or the
// form, which may hold photos and is not read here.
func (s *Service) visit(tx *store.Tx, r orders.Requested, parcel, lang string) (v claimVisit, err error) {
	v.Requested = r
	if v.order, err = orders.Find(tx, r.OrderID); err != nil {
		return v, err
	}
	if v.tag = locale.Match(v.order.Locale); lang != "" {
		v.tag = locale.Match(lang)
	}
	id, err := strconv.ParseInt(parcel, 10, 64)
	if err != nil {
		return v, ErrNotFound
	}
	if v.parcel, err = find(tx, id); err != nil {
		return v, err
	}
	if v.parcel.OrderID != r.OrderID {
		return v, ErrNotFound
	}
	if v.scans, err = liveScans(tx, id); err != nil {
		return v, err
	}
	if v.shop, err = s.shops.Get(tx); err != nil {
		return v, err
	}
	v.zone = clock.Zone(v.shop.Timezone)
	if v.set, err = loadClaimSettings(tx, v.shop.Currency); err != nil {
		return v, err
	}
	claims, err := claimsOn(tx, r.OrderID)
	if c := newestClaim(claims, id); c != nil && c.ErasedAt == nil {
		v.claim = c
	}
	return v, err
}

func (s *Service) getClaimPage(c *web.Ctx) error {
	r, err := s.orders.RequestedOrder(c)
	if err != nil {
		return err
	}
	return s.db.Read(c.Context(), r.Shop, func(tx *store.Tx) error {
		v, err := s.visit(tx, r, c.Param("parcel"), c.Query("lang"))
		if err != nil {
			return err
		}
		again := c.Query("step") == "again" || c.Query("step") == "tell" && v.claim != nil && v.claim.State == ClaimFound
		if v.claim != nil && !(v.claim.State == ClaimFound && again) {
			return s.showClaim(c, tx, v, typedClaim{}, nil)
		}
		step := "check"
		if c.Query("step") == "tell" {
			step = "tell"
		}
		return s.showForm(c, tx, v, step, typedClaim{checked: c.QueryArray("checked")}, nil)
	})
}

// typedClaim is what the form held.
type typedClaim struct {
	lang, text string
	checked    []string
	sure       bool
	photos     []photo.Photo
}

func (t *typedClaim) set(name, value string) {
	switch name {
	case "lang":
		t.lang = value
	case "text":
		t.text = plainText(value)
	case "checked":
		t.checked = append(t.checked, value)
	case "sure":
		t.sure = value == "yes"
	}
}

// plainText leaves of what was typed what can be read.
func plainText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= 0x20 && r != 0x7f {
			return r
		}
		return -1
	}, s))
}

func (s *Service) postClaim(c *web.Ctx) error {
	r, err := s.orders.RequestedOrder(c)
	if err != nil {
		return err
	}
	typed := typedClaim{}
	var wrong error
	typed.photos, wrong = photo.ReadForm(c.Request, s.spool, typed.set)
	var v claimVisit
	if err := s.db.Read(c.Context(), r.Shop, func(tx *store.Tx) (err error) { v, err = s.visit(tx, r, c.Param("parcel"), typed.lang); return err }); err != nil {
		return err
	}
	if wrong == nil {
		wrong = s.db.InTx(c.Context(), r.Shop, func(tx *store.Tx) error {
			_, err := s.Claim(tx, r.OrderID, Said{Parcel: v.parcel.ID, Checked: typed.checked, Statement: typed.text, Sure: typed.sure, Photos: typed.photos, Tag: v.tag})
			return err
		})
	}
	switch {
	case wrong == nil:
		c.Redirect(http.StatusSeeOther, v.address())
		return nil
	case errors.Is(wrong, ErrClaimShut):
	case problem.Of(wrong).Kind != problem.Invalid:
		return wrong
	}
	return s.db.Read(c.Context(), r.Shop, func(tx *store.Tx) error { return s.showForm(c, tx, v, "tell", typed, wrong) })
}

func (v claimVisit) action() string { return v.Path + "/claim/" + idText(v.parcel.ID) }

func (v claimVisit) address() string { return v.action() + "?lang=" + string(v.tag) }

// postReply takes the answer to what staff have asked.
func (s *Service) postReply(c *web.Ctx) error {
	r, err := s.orders.RequestedOrder(c)
	if err != nil {
		return err
	}
	typed := typedClaim{}
	var wrong error
	typed.photos, wrong = photo.ReadForm(c.Request, s.spool, typed.set)
	var v claimVisit
	if err := s.db.Read(c.Context(), r.Shop, func(tx *store.Tx) (err error) { v, err = s.visit(tx, r, c.Param("parcel"), typed.lang); return err }); err != nil {
		return err
	}
	if v.claim == nil {
		return ErrClaimMissing
	}
	if wrong == nil {
		wrong = s.db.InTx(c.Context(), r.Shop, func(tx *store.Tx) error {
			_, err := s.replyClaim(tx, r.OrderID, v.claim.ID, typed.text, typed.photos)
			return err
		})
	}
	if wrong == nil {
		c.Redirect(http.StatusSeeOther, v.address())
		return nil
	}
	if problem.Of(wrong).Kind != problem.Invalid {
		return wrong
	}
	return s.db.Read(c.Context(), r.Shop, func(tx *store.Tx) error { return s.showClaim(c, tx, v, typed, wrong) })
}

// frame is what both pages say.
func (s *Service) frame(c *web.Ctx, tx *store.Tx, v claimVisit, step string, typed typedClaim, wrong error) (map[string]any, error) {
	data, err := s.orders.PageData(tx, v.tag, c)
	if err != nil {
		return nil, err
	}
	when, where := deliveredText(v.tag, v.parcel, v.scans, v.zone)
	p, err := v.parcel.parcel(tx.Now)
	if err != nil {
		return nil, err
	}
	data["step"], data["action"], data["offer_action"], data["back"], data["order"] = step, v.action(), v.Path+"/offer", v.Path+"?lang="+string(v.tag), v.order.Name
	data["delivered"], data["place"], data["carrier"], data["number"] = locale.Shopper.T(v.tag, "tracking.claim.delivered", map[string]any{"time": when}), where, p.Carrier.Name, p.TrackingNumber
	data["items"] = showParcel(Journey{Zone: v.zone}, p, v.order, v.tag).Items
	data["photos_most"], data["photos_size"], data["photo_formats"], data["fields"] = photo.Most, photo.BytesMost>>20, photo.Formats, slices.Repeat([]int{0}, photo.Most)
	data["text"], data["wrong"] = typed.text, ""
	if wrong != nil {
		code := problem.Of(wrong).Code
		key := "problem.wrong." + strings.ReplaceAll(code, ".", "_")
		if rest, ok := strings.CutPrefix(code, "tracking.claim_"); ok {
			key = "tracking.claim.wrong." + rest
		}
		data["wrong"] = locale.Shopper.T(v.tag, key, map[string]any{"count": photo.Most, "size": photo.BytesMost >> 20, "formats": photo.Formats})
	}
	return data, nil
}

// showForm shows one of the two steps, or that it is too late.
func (s *Service) showForm(c *web.Ctx, tx *store.Tx, v claimVisit, step string, typed typedClaim, wrong error) error {
	arrived, _ := v.parcel.arrived(v.scans)
	status := http.StatusOK
	if errors.Is(wrong, ErrClaimShut) || !v.parcel.claimable(v.set, arrived, tx.Now) {
		step, wrong, status = "shut", nil, http.StatusGone
	}
	data, err := s.frame(c, tx, v, step, typed, wrong)
	if err != nil {
		return err
	}
	until := arrived.Add(time.Duration(v.set.WaitHours) * time.Hour)
	if tx.Now.Before(until) {
		data["fresh"] = locale.Shopper.T(v.tag, "tracking.claim.fresh", map[string]any{"time": v.tag.DateTime(until, v.zone)})
	}
	data["shut"] = locale.Shopper.T(v.tag, "tracking.claim.shut", map[string]any{"days": v.set.Days})
	places := []any{}
	for _, p := range ClaimPlaces {
		places = append(places, map[string]any{"name": p, "text": locale.Shopper.T(v.tag, "tracking.claim.check."+p, nil), "chosen": slices.Contains(typed.checked, p)})
	}
	data["places"] = places
	return s.claimPage(c, v, status, data)
}

// showClaim shows how a claim stands, with what can be done about it.
func (s *Service) showClaim(c *web.Ctx, tx *store.Tx, v claimVisit, typed typedClaim, wrong error) error {
	data, err := s.frame(c, tx, v, "claim", typed, wrong)
	if err != nil {
		return err
	}
	of, err := offerOfClaim(tx, v.claim)
	if err != nil {
		return err
	}
	data["heading"], data["words"] = claimWords(v.tag, v.claim, v.claim.State, of, v.shop.Currency, v.zone)
	data["asked"], data["reference"] = v.claim.State == ClaimAsked, claimReference(v.claim.ID)
	data["said"], data["made"] = v.claim.Statement, v.tag.DateTime(v.claim.MadeAt, v.zone)
	arrived, _ := v.parcel.arrived(v.scans)
	if v.claim.State == ClaimFound && v.parcel.claimable(v.set, arrived, tx.Now) {
		data["again"] = v.address() + "&step=again"
	}
	if of != nil && v.claim.State == ClaimApproved && of.State == OfferOpen && of.UntilAt.After(tx.Now) {
		choices := []shownChoice{}
		for _, choice := range strings.Fields(of.Choices) {
			choices = append(choices, shownChoice{choice, of.label(v.tag, choice, v.shop.Currency)})
		}
		data["once"], data["choices"] = of.ID, choices
		data["until"] = locale.Shopper.T(v.tag, "tracking.offer.until", map[string]any{"date": v.tag.Date(clock.DateIn(of.UntilAt, v.zone))})
	}
	photos, err := claimPhotos(tx, v.claim.ID)
	if err != nil {
		return err
	}
	shots := []string{}
	for _, p := range photos {
		shots = append(shots, v.action()+"/photos/"+p.ID)
	}
	data["photos"] = shots
	return s.claimPage(c, v, http.StatusOK, data)
}

func (s *Service) claimPage(c *web.Ctx, v claimVisit, status int, data map[string]any) error {
	pages, err := claimPages()
	if err != nil {
		return err
	}
	return s.orders.ShowPage(c, pages, v.tag, "claim.html", status, data)
}

// getClaimPhoto shows a photo to who holds the link of the order it belongs to.
func (s *Service) getClaimPhoto(c *web.Ctx) error {
	r, err := s.orders.RequestedOrder(c)
	if err != nil {
		return err
	}
	return s.db.Read(c.Context(), r.Shop, func(tx *store.Tx) error {
		v, err := s.visit(tx, r, c.Param("parcel"), "")
		if err != nil {
			return err
		}
		if v.claim == nil {
			return ErrClaimMissing
		}
		p, err := findClaimPhoto(tx, v.claim.ID, c.Param("photo"))
		if err != nil {
			return err
		}
		return answerPhoto(c, p)
	})
}

func answerPhoto(c *web.Ctx, p claimPhotoRow) error {
	for name, value := range photo.Headers(p.Position) {
		c.Header(name, value)
	}
	c.Data(http.StatusOK, "image/jpeg", p.Picture)
	return nil
}
