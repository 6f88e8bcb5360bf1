package orders

import (
	"strconv"
	"time"

	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/problem"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

func (s *Service) designRoutes(r *web.Group) {
	r.GET("/confirmation", s.getDesign, web.Needs(shops.MayReadDesign))
	r.PUT("/confirmation/draft", s.putDraft, web.Needs(shops.MayChangeDesign), web.Body(maxDesign+56<<10))
	r.POST("/confirmation/check", s.postCheck, web.Needs(shops.MayReadDesign), web.Body(maxDesign+56<<10))
	r.POST("/confirmation/choices", s.postChoices, web.Needs(shops.MayReadMessages), web.Body(maxDesign+56<<10))
	r.POST("/confirmation/preview", s.postPreview, web.Needs(shops.MayReadDesign), web.Body(maxDesign+56<<10))
	r.POST("/confirmation/test", s.postTestMail, web.Needs(shops.MayChangeDesign))
	r.POST("/confirmation/publish", s.postPublish, web.Needs(shops.MayChangeDesign))
	r.GET("/confirmation/versions", s.getVersions, web.Needs(shops.MayReadDesign))
	r.GET("/confirmation/versions/:version", s.getVersion, web.Needs(shops.MayReadDesign))
	r.POST("/confirmation/versions/:version/restore", s.postRestore, web.Needs(shops.MayChangeDesign))
	r.GET("/confirmation/template", s.getTemplate, web.Needs(shops.MayReadDesign))
}

type designJSON struct {
	Draft     Design         `json:"draft"`
	Revision  int            `json:"revision"`
	Published *publishedJSON `json:"published"`
	Usual     Design         `json:"built_in"`
	Currency  string         `json:"currency"`
}

type publishedJSON struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	Design  Design    `json:"design"`
}

func (s *Service) design(c *web.Ctx) (out designJSON, err error) {
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		draft, stored, err := draftDesign(tx)
		if err != nil {
			return err
		}
		out = designJSON{Draft: draft, Revision: stored.Revision, Usual: builtIn()}
		used, err := messages.Published(tx, KindConfirmation)
		if err != nil {
			return err
		}
		if used.Version > 0 {
			d, err := readDesign(used)
			if err != nil {
				return err
			}
			out.Published = &publishedJSON{used.Version, used.ChangedAt, d}
		}
		shop, err := s.shops.Get(tx)
		out.Currency = shop.Currency
		return err
	})
	return out, err
}

func (s *Service) getDesign(c *web.Ctx) error {
	out, err := s.design(c)
	if err != nil {
		return err
	}
	return c.OK(out)
}

func (s *Service) putDraft(c *web.Ctx) error {
	var body struct {
		Design   Design `json:"design"`
		Revision int    `json:"revision"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if err := body.Design.Validate(); err != nil {
		return err
	}
	if err := s.saveDraft(c.Context(), web.Shop(c), body.Design, body.Revision, web.Staff(c).ID); err != nil {
		return err
	}
	return s.getDesign(c)
}

// postCheck tells what keeps a design from being published.
func (s *Service) postCheck(c *web.Ctx) error {
	var body struct {
		Design Design `json:"design"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	wrong := []problem.Field{}
	if err := body.Design.Validate(); err != nil {
		wrong = append(wrong, problem.Of(err).Fields...)
	} else {
		wrong = append(wrong, lint(c.Context(), s.renderer, s.confirmation(), body.Design)...)
	}
	return c.OK(map[string]any{"problems": wrong})
}

func (s *Service) postChoices(c *web.Ctx) error {
	var body struct {
		Design Design `json:"design"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if err := body.Design.Validate(); err != nil {
		return err
	}
	list, err := s.rehearse(c.Context(), web.Shop(c), body.Design)
	if err != nil {
		return err
	}
	var shown []string
	for _, one := range list {
		shown = append(shown, one.Order.ID)
	}
	if err := s.shops.ReadingList(c, shown); err != nil {
		return err
	}
	return c.OK(map[string]any{"choices": list})
}

func (s *Service) postPreview(c *web.Ctx) error {
	var body struct {
		Design  Design `json:"design"`
		OrderID string `json:"order_id"`
		Style   string `json:"style"`
		Locale  string `json:"locale"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if err := body.Design.Validate(); err != nil {
		return err
	}
	if !knownStyle(body.Style) {
		return errExample
	}
	var order int64
	if body.OrderID != "" {
		n, err := strconv.ParseInt(body.OrderID, 10, 64)
		if err != nil || n <= 0 {
			return ErrNotFound
		}
		order = n
		if err := s.shops.May(c, shops.MayReadMessages); err != nil { // somebody's real order, not an example
			return err
		}
	}
	out, err := s.show(c.Context(), web.Shop(c), body.Design, order, body.Style, body.Locale)
	if err != nil {
		return err
	}
	if order != 0 {
		if err := s.shops.Reading(c, strconv.FormatInt(order, 10)); err != nil {
			return err
		}
	}
	return c.OK(out)
}

func (s *Service) postTestMail(c *web.Ctx) error {
	var body struct {
		To     string `json:"to"`
		Style  string `json:"style"`
		Locale string `json:"locale"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if body.Style == "" || !knownStyle(body.Style) {
		return errExample
	}
	id, err := s.messages.Test(c.Context(), web.Shop(c), KindConfirmation, "draft."+body.Style+"."+string(locale.Match(body.Locale)), body.To)
	if err != nil {
		return err
	}
	return c.Accepted(map[string]any{"id": id})
}

func (s *Service) postPublish(c *web.Ctx) error {
	var body struct {
		Revision int `json:"revision"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if err := s.publish(c.Context(), web.Shop(c), body.Revision, 0, web.Staff(c).ID); err != nil {
		return err
	}
	return s.getDesign(c)
}

// versionsShown is how many versions the admin lists.
const versionsShown = 50

func (s *Service) getVersions(c *web.Ctx) error {
	type versionJSON struct {
		Version int       `json:"version"`
		At      time.Time `json:"at"`
		From    *int      `json:"restored_from"`
	}
	list := []versionJSON{}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		stored, err := messages.Designs(tx, KindConfirmation, versionsShown)
		for _, d := range stored {
			v := versionJSON{Version: d.Version, At: d.ChangedAt}
			if d.From > 0 {
				v.From = &d.From
			}
			list = append(list, v)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"versions": list})
}

func (s *Service) getVersion(c *web.Ctx) error {
	version, err := versionParam(c.Param("version"))
	if err != nil {
		return err
	}
	var d Design
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		stored, err := messages.FindDesign(tx, KindConfirmation, version)
		if err != nil {
			return err
		}
		d, err = readDesign(stored)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"design": d})
}

func (s *Service) postRestore(c *web.Ctx) error {
	version, err := versionParam(c.Param("version"))
	if err != nil {
		return err
	}
	if err := s.publish(c.Context(), web.Shop(c), 0, version, web.Staff(c).ID); err != nil {
		return err
	}
	return s.getDesign(c)
}

// getTemplate gives the built-in template, from which a merchant's own begins.
func (s *Service) getTemplate(c *web.Ctx) error {
	return c.OK(map[string]any{"source": string(mail.ConfirmationTemplate)})
}
