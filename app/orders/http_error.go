package orders

import (
	"net/http"
	"strings"

	"afterglow/app/locale"
	"afterglow/app/problem"
	"afterglow/app/shops"
	"afterglow/app/web"
)

// ErrorPage shows a problem to a shopper, in the language of their browser or the
// one they chose. It returns false if it could not, and where a merchant may look:
// "open the link in your mail again" is no help to them.
func ErrorPage(c *web.Ctx, status int, p *problem.Problem) bool {
	if path := c.Request.URL.Path; !strings.HasPrefix(path, "/l/") && !strings.HasPrefix(path, "/proxy/") {
		return false
	}
	templates, err := pageTemplates()
	if err != nil {
		return false
	}
	tag := locale.Match(c.GetHeader("Accept-Language"))
	if wanted := c.Query("lang"); wanted != "" {
		tag = locale.Match(wanted)
	}
	message, again := messageOf(p)
	retry := ""
	if again && c.Request.Method == http.MethodGet {
		retry = c.Request.URL.RequestURI()
	}
	data := map[string]any{"locale": string(tag), "dir": tag.Dir(), "Nonce": web.Nonce(c), "page": message, "retry": retry, "renew": "", "reference": web.RequestID(c)}
	if _, old := web.ExpiredLink(c); old && c.FullPath() == "/l/o/:token" {
		data["page"], data["renew"] = "old", "/l/renew/"+c.Param("token")
	}
	return web.Page(c, status, templates[tag].Lookup("message.html"), data) == nil
}

// messageOf names the message for a problem, and tells whether it helps to try
// again.
func messageOf(p *problem.Problem) (page string, again bool) {
	switch {
	case p.Is(web.ErrLink):
		return "expired", false
	case p.Is(web.ErrForm):
		return "form", false
	case p.Is(web.ErrUnknownShop), p.Is(shops.ErrNotInstalled):
		return "shop_gone", false
	case p.Kind == problem.NotFound:
		return "not_found", false
	case p.Kind == problem.Unauthorized, p.Kind == problem.Forbidden:
		return "forbidden", false
	case p.Kind == problem.Throttled:
		return "throttled", true
	case p.Kind == problem.Unavailable:
		return "unavailable", true
	}
	return "error", true
}
