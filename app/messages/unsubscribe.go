package messages

import (
	"embed"
	"html/template"
	"net/http"
	"sync"
	"time"

	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/problem"
	"afterglow/app/store"
	"afterglow/app/web"
)

// The kinds of links of this room.
const (
	LinkUnsubscribe = "unsubscribe"
	LinkFeedback    = "feedback"
)

// unsubscribeFor is how long the link in a mail works. Laws ask for 30 days at
// least; people clean up old mail much later.
const unsubscribeFor = 2 * 365 * 24 * time.Hour

//go:embed page
var pageFiles embed.FS

// pages are parsed once a language, because a template's functions are bound then.
var pages = sync.OnceValues(func() (map[locale.Tag]*template.Template, error) {
	all := map[locale.Tag]*template.Template{}
	for _, tag := range locale.Supported {
		t, err := template.New("unsubscribe.html").Funcs(locale.Funcs(tag)).ParseFS(pageFiles, "page/*")
		if err != nil {
			return nil, err
		}
		all[tag] = t
	}
	return all, nil
})

func (s *Service) links(g *web.Group) {
	g.GET("/u/:token", s.getUnsubscribe, web.Kind(LinkUnsubscribe), web.Pages())
	g.POST("/u/:token", s.postUnsubscribe, web.Kind(LinkUnsubscribe), web.Pages())
	byHook := web.NewLimiter(reportsPerSecond, reportsAtOnce, func(c *web.Ctx) string { return c.Param("token") })
	byAddress := web.NewLimiter(reportsPerSecond, reportsAtOnce, web.ByAddress)
	g.POST("/feedback/:token/:provider", s.postFeedback, web.Kind(LinkFeedback), web.Body(feedbackBody), web.Limit(byAddress), web.Limit(byHook))
}

var errNoLinks = problem.New(problem.Invalid, "messages.no_links", "A marketing mail needs an address to unsubscribe, and none can be made.")

// unsubscribeURL is the address of a marketing mail's way out.
func (s *Service) unsubscribeURL(m *Message) (string, error) {
	if s.outside.Links == nil || s.outside.AppURL == "" {
		return "", errNoLinks
	}
	token, err := s.outside.Links.Sign(web.Link{Shop: m.ShopID, Kind: LinkUnsubscribe, Ref: m.ID, Expires: s.db.Clock().Now().Add(unsubscribeFor)})
	return s.outside.AppURL + "/l/u/" + token, err
}

// getUnsubscribe asks. It changes nothing: mail programs and scanners open every
// link before people do.
func (s *Service) getUnsubscribe(c *web.Ctx) error { return s.unsubscribePage(c, false) }

// postUnsubscribe is the button of the page and, by RFC 8058, of the mail
// program: no cookie, no login, no question. It may come twice.
func (s *Service) postUnsubscribe(c *web.Ctx) error {
	link := web.Linked(c)
	err := s.db.InTx(c.Context(), link.Shop, func(tx *store.Tx) error {
		m, err := find(tx, link.Ref)
		if err != nil || m.ToAddress == "" { // erased: nobody to write to
			return err
		}
		wrote, err := suppress(tx, suppression{Address: m.ToAddress, Scope: ScopeMarketing, Source: SourceUnsubscribed, MessageID: m.ID, Reason: sourceWords[SourceUnsubscribed]})
		if err != nil || !wrote {
			return err
		}
		return record(tx, m.ID, m.State, sourceWords[SourceUnsubscribed])
	})
	if err != nil {
		return err
	}
	return s.unsubscribePage(c, true)
}

func (s *Service) unsubscribePage(c *web.Ctx, done bool) error {
	templates, err := pages()
	if err != nil {
		return err
	}
	link := web.Linked(c)
	var name, accent string
	var tag locale.Tag
	err = s.db.Read(c.Context(), link.Shop, func(tx *store.Tx) error {
		settings, err := s.shops.Settings(tx)
		if err != nil {
			return err
		}
		name, accent = settings.SenderName, settings.AccentColor
		m, err := find(tx, link.Ref)
		if err != nil {
			return err
		}
		tag = locale.Match(m.Locale)
		if !done && m.ToAddress != "" {
			reason, err := s.suppressed(tx, m.ToAddress, mail.Marketing)
			done = reason != ""
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.Header("Referrer-Policy", "no-referrer") // the address is a key
	c.Header("X-Robots-Tag", "noindex, nofollow")
	return web.Page(c, http.StatusOK, templates[tag], map[string]any{"Lang": string(tag), "Dir": tag.Dir(), "Shop": name, "Accent": accent, "Done": done, "Path": c.Request.URL.Path})
}
