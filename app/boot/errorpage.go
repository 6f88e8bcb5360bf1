package boot

import (
	"html/template"

	"afterglow/app/locale"
	"afterglow/app/problem"
	"afterglow/app/web"
)

// shopperErrorPage shows a problem in the reader's language when a shopper, and
// not the merchant, looks at it.
func shopperErrorPage(words *locale.Catalogue) func(*web.Ctx, int, *problem.Problem) bool {
	return func(c *web.Ctx, status int, p *problem.Problem) bool {
		key := pageOf(p)
		tag := locale.Match(c.GetHeader("Accept-Language"))
		data := map[string]any{"Lang": string(tag), "Dir": tag.Dir(),
			"Title": words.T(tag, "page."+key+".title", nil), "Text": words.T(tag, "page."+key+".text", nil), "RequestID": web.RequestID(c)}
		return web.Page(c, status, errorPage, data) == nil
	}
}

func pageOf(p *problem.Problem) string {
	switch {
	case p.Is(web.ErrLink):
		return "expired"
	case p.Kind == problem.NotFound:
		return "not_found"
	}
	return "error"
}

var errorPage = template.Must(template.New("error").Parse(`<!doctype html>
<html lang="{{.Lang}}" dir="{{.Dir}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{.Title}}</title><style>
:root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;margin:0;display:grid;place-items:center;min-height:100vh;background:Canvas;color:CanvasText}
main{max-width:32rem;padding:2rem;text-align:center}h1{font-size:1.5rem;margin:0 0 .75rem}p{margin:.5rem 0}small{opacity:.65}
</style></head><body><main><h1>{{.Title}}</h1><p>{{.Text}}</p><small><bdi>{{.RequestID}}</bdi></small></main></body></html>
`))
