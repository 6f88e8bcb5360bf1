package orders

import (
	"context"
	_ "embed" // the section of the page
	"net/http"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/messages"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/web"
)

//go:embed page/dial.html
var dialTemplate string

const dialCSS = `.dial fieldset { border: 0; margin: 0; padding: 0; }
.dial label { display: flex; gap: .625rem; align-items: flex-start; padding-block: .5rem; }
.dial input { width: 1.25rem; height: 1.25rem; margin-block-start: .125rem; accent-color: var(--accent); flex: none; }
.dial label span { display: block; }`

// How often somebody with an order's link may choose.
const (
	choicesPerSecond = 0.2
	choicesAtOnce    = 12
)

// dialSection lets a shopper choose which mails they get.
func (s *Service) dialSection() room.Section {
	return room.Section{Name: "messages", Place: room.Aside, Rank: 90, Template: dialTemplate, CSS: dialCSS, Show: s.showDial}
}

type dialView struct {
	Action, Lang, Since string
	Levels              []dialLevel
}

type dialLevel struct {
	Value   string
	Checked bool
}

func (s *Service) showDial(_ context.Context, tx *store.Tx, at room.PageView) (any, error) {
	f, err := load(tx, at.OrderID)
	if err != nil || f.Order.Email == "" {
		return nil, err
	}
	dial, err := messages.DialOf(tx, f.Order.Email)
	if err != nil {
		return nil, err
	}
	v := dialView{Action: at.Path + "/messages", Lang: string(at.Tag)}
	if dial.ChosenAt != nil {
		v.Since = at.Tag.Date(clock.DateIn(*dial.ChosenAt, at.Zone))
	}
	for _, level := range messages.Levels {
		v.Levels = append(v.Levels, dialLevel{string(level), level == dial.Level})
	}
	return v, nil
}

// hangDial hangs the form's door below the page. Whoever holds the link of an order
// may choose for the address that the order's mails go to.
func (s *Service) hangDial(r *web.Group, options ...web.Option) {
	byLink := func(c *web.Ctx) string { return c.Param("token") }
	r.POST("/o/:token/messages", s.postDial, append(options, web.Limit(web.NewLimiter(choicesPerSecond, choicesAtOnce, byLink)))...)
}

func (s *Service) postDial(c *web.Ctx) error {
	asked, err := s.RequestedOrder(c)
	if err != nil {
		return err
	}
	err = s.db.InTx(c.Context(), asked.Shop, func(tx *store.Tx) error {
		f, err := load(tx, asked.OrderID)
		if err != nil {
			return err
		}
		if f.Order.Email == "" {
			return ErrNotFound
		}
		return messages.SetDial(tx, f.Order.Email, messages.Level(c.PostForm("level")))
	})
	if err != nil {
		return err
	}
	c.Redirect(http.StatusSeeOther, asked.Path+"?lang="+string(locale.Match(c.PostForm("lang")))+"#messages")
	return nil
}
