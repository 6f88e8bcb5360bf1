package shopsim

import (
	"io/fs"
	"net/http"
	"strings"

	"afterglow/extensions"
)

// The card that the app adds to the order status page. Shopify runs it in a worker
// of its own; here it has a frame of its own. It gets the same things: the order's
// id, a language, its texts, and tokens with the customer in them or without.

const cardScript = "/sim/card/order-status.js"

// cardView is what the frame tells the host script.
type cardView struct {
	Lang, Dir, Texts string
	OrderGID, Token  string // Token is the order page's
	State            string // pre_authenticated or fully_authenticated
}

// cardRoutes serve the frame, its scripts and its tokens.
func (s *Sim) cardRoutes(page func(string, func(http.ResponseWriter, *http.Request, *Shop)), mux *http.ServeMux) {
	built := string(mustCard("dist/order-status.js"))
	mux.HandleFunc("GET "+cardScript, serveBytes("text/javascript; charset=utf-8", []byte(strings.ReplaceAll(built, extensions.BuiltFor, s.cfg.AppURL)), false))
	page("GET /sim/card/{token}", s.uiCard)
	page("POST /sim/card/token", s.uiCardToken)
}

func mustCard(name string) []byte {
	b, err := fs.ReadFile(extensions.OrderStatus, "order-status/"+name)
	if err != nil {
		panic(err)
	}
	return b
}

// uiCard is the frame of an order's card. Only somebody who is signed in as the
// order's customer is known there.
func (s *Sim) uiCard(w http.ResponseWriter, r *http.Request, shop *Shop) {
	o := s.OrderByToken(shop.ID, r.PathValue("token"))
	if o == nil || !shop.Installed {
		http.NotFound(w, r)
		return
	}
	lang := language(o.Locale)
	file := "locales/" + lang + ".json"
	if lang == "en" {
		file = "locales/en.default.json"
	}
	v := cardView{Lang: lang, Dir: direction(lang), Texts: string(mustCard(file)), OrderGID: gid("Order", o.ID), Token: o.Token, State: "pre_authenticated"}
	if c := s.signedIn(r, shop); c != nil && c.ID == o.CustomerID {
		v.State = "fully_authenticated"
	}
	policy := w.Header().Get("Content-Security-Policy")
	policy = strings.Replace(policy, "frame-ancestors 'none'", "frame-ancestors 'self'", 1)
	w.Header().Set("Content-Security-Policy", strings.Replace(policy, "connect-src 'self'", "connect-src 'self' "+s.cfg.AppURL, 1))
	s.render(w, "card_frame", v)
}

// uiCardToken gives the card a token, as sessionToken.get() does.
func (s *Sim) uiCardToken(w http.ResponseWriter, r *http.Request, shop *Shop) {
	var customer int64
	if c := s.signedIn(r, shop); c != nil {
		customer = c.ID
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte(s.ExtensionToken(shop, customer)))
}
