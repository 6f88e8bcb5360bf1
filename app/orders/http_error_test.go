package orders_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/problem"
	"afterglow/app/web"
)

func TestErrorPage(t *testing.T) {
	failOnMiss(t)
	var fails error
	e, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), ErrorPage: orders.ErrorPage})
	if err != nil {
		t.Fatal(err)
	}
	e.Group("/l", web.Public, web.Pages()).GET("/it", func(*web.Ctx) error { return fails })

	e.Group("", web.Public, web.Pages()).GET("/auth", func(*web.Ctx) error { return web.ErrLink })
	merchant := httptest.NewRequest(http.MethodGet, "/auth", nil)
	merchant.Header.Set("Accept", "text/html")
	merchant.Header.Set("Accept-Language", "de")
	w := httptest.NewRecorder()
	e.ServeHTTP(w, merchant)
	if !strings.Contains(w.Body.String(), `lang="en"`) {
		t.Errorf("the merchant reads a shopper's page: %s", w.Body)
	}

	for _, c := range []struct {
		name       string
		err        error
		path, lang string // what is asked for, and Accept-Language
		status     int
		tag        locale.Tag
		message    string
		again      bool
	}{
		{"a link that has expired", web.ErrLink, "/l/it", "fa-IR,fa;q=0.9", 401, "fa", "page.expired", false},
		{"the language that was chosen wins", web.ErrLink, "/l/it?lang=de", "fa", 401, "de", "page.expired", false},
		{"a language we do not have", web.ErrLink, "/l/it", "pt-BR", 401, "en", "page.expired", false},
		{"not there", problem.New(problem.NotFound, "x.missing", "No."), "/l/it", "ja", 404, "ja", "page.not_found", false},
		{"the shop has left", web.ErrUnknownShop, "/l/it", "fr", 404, "fr", "page.shop_gone", false},
		{"too many", problem.New(problem.Throttled, "x.throttled", "Slow."), "/l/it", "es", 429, "es", "page.throttled", true},
		{"not now", problem.New(problem.Unavailable, "x.down", "Down."), "/l/it", "ar", 503, "ar", "page.unavailable", true},
		{"forbidden", problem.New(problem.Forbidden, "x.no", "No."), "/l/it", "ru", 403, "ru", "page.forbidden", false},
		{"a bug", errors.New("secret cause"), "/l/it", "ar", 500, "ar", "page.error", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			fails = c.err
			r := httptest.NewRequest(http.MethodGet, c.path, nil)
			r.Header.Set("Accept", "text/html")
			r.Header.Set("Accept-Language", c.lang)
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			body := w.Body.String()
			if w.Code != c.status {
				t.Errorf("status %d, want %d", w.Code, c.status)
			}
			if title := "<h1>" + locale.Shopper.T(c.tag, c.message+".title", nil) + "</h1>"; !strings.Contains(body, title) {
				t.Errorf("no %s in %s", title, body)
			}
			if again := strings.Contains(body, `href="`+c.path+`"`); again != c.again {
				t.Errorf("a link to try again: %v, want %v", again, c.again)
			}
			if strings.Contains(body, "secret") || !strings.Contains(body, `dir="`+c.tag.Dir()+`"`) {
				t.Error(body)
			}
		})
	}
}
