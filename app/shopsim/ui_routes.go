package shopsim

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

//go:embed assets
var assets embed.FS

// uiRoutes adds everything a person sees: storefront, admin, panel, and the
// scripts that stand in for Shopify's CDN.
func (s *Sim) uiRoutes(mux *http.ServeMux) {
	page := func(pattern string, h func(http.ResponseWriter, *http.Request, *Shop)) {
		mux.Handle(pattern, s.page(h))
	}
	mux.HandleFunc("GET /sim/cdn/polaris-1.js", serveBytes("text/javascript; charset=utf-8", polarisScript, true))
	mux.HandleFunc("GET /sim/cdn/app-bridge.js", serveBytes("text/javascript; charset=utf-8", mustAsset("app-bridge.js"), true))
	mux.HandleFunc("GET /sim/assets/{file}", serveAsset)
	mux.HandleFunc("GET "+themeAssets+"{file}", uiThemeAsset)
	mux.HandleFunc("GET /sim/files/products/{file}", servePicture)
	mux.HandleFunc("GET /favicon.ico", serveBytes("image/svg+xml", mustAsset("mark.svg"), false))

	page("GET /{$}", s.uiHome)
	page("GET /products/{handle}", s.uiProduct)
	page("GET /collections/all", s.uiHome)
	page("GET /cart", s.uiCart)
	page("POST /cart", s.uiCartChange)
	page("GET /checkout", s.uiCheckout)
	page("POST /checkout", s.uiCheckoutSubmit)
	page("GET /checkout/thank-you/{token}", s.uiThankYou)
	page("GET /orders/{token}", s.uiOrderStatus)
	page("GET /account", s.uiAccount)
	page("GET /account/login", s.uiAccount)
	page("GET /pages/track", s.uiTrack)
	for _, l := range storeLanguages {
		page("GET /"+l.Tag+"/pages/track", s.uiTrack)
	}
	page("POST /account", s.uiAccountSwitch)

	s.cardRoutes(page, mux)

	page("GET /admin", s.uiAdminHome)
	page("GET /admin/{$}", s.uiAdminHome)
	page("GET /admin/orders", s.uiAdminOrders)
	page("GET /admin/orders/{id}", s.uiAdminOrder)
	page("GET /admin/apps/{app}", s.uiAdminApp)
	page("GET /admin/apps/{app}/{rest...}", s.uiAdminApp)
	page("POST /admin/frame/install", s.uiAdminInstall)
	page("POST /admin/frame/token", s.uiAdminToken)
	page("POST /admin/frame/scopes", s.uiAdminScopes)
	page("POST /admin/frame/grant", s.uiAdminGrant)
	page("GET /store/{name}/{rest...}", s.uiAdminAlias)
	page("GET /sim", s.uiPanel)
	page("GET /sim/{$}", s.uiPanel)
}

// page wraps a handler of the people's side: it knows the shop and carries a
// policy under which no inline script or style runs.
func (s *Sim) page(h func(http.ResponseWriter, *http.Request, *Shop)) http.Handler {
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; frame-src " + s.cfg.AppURL
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shop := s.shopFor(r)
		if shop == nil {
			http.NotFound(w, r)
			return
		}
		// A form of another site must not act here: the pages have no login.
		if r.Method == http.MethodPost && !sameOrigin(r) {
			http.Error(w, "cross-origin request refused", http.StatusForbidden)
			return
		}
		head := w.Header()
		head.Set("Content-Security-Policy", policy)
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "same-origin")
		head.Set("Cache-Control", "no-store")
		h(w, r, shop)
	})
}

// sameOrigin trusts what the browser says of the request; a caller that is not
// a browser says nothing and is let through.
func sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin" || site == "none"
	}
	origin := r.Header.Get("Origin")
	return origin == "" || strings.HasSuffix(origin, "://"+r.Host)
}

func mustAsset(name string) []byte {
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err)
	}
	return b
}

// polarisScript is the stand-in of Shopify's polaris-1.js: its source files in
// the order of their names, in one scope.
var polarisScript = func() []byte {
	names, err := fs.Glob(assets, "assets/polaris/*.js")
	if err != nil {
		panic(err)
	}
	slices.Sort(names)
	var b bytes.Buffer
	b.WriteString("(() => {\n'use strict';\n")
	for _, name := range names {
		b.Write(mustAsset(strings.TrimPrefix(name, "assets/")))
	}
	b.WriteString("})();\n")
	return b.Bytes()
}()

var started = time.Now()

func serveBytes(kind string, body []byte, anyOrigin bool) http.HandlerFunc {
	zipped := gzipped(body)
	return func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Type", kind)
		head.Set("Cache-Control", "public, max-age=300")
		head.Set("X-Content-Type-Options", "nosniff")
		if anyOrigin {
			head.Set("Access-Control-Allow-Origin", "*")
			head.Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
		head.Set("Vary", "Accept-Encoding")
		if len(zipped) < len(body) && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			head.Set("Content-Encoding", "gzip")
			http.ServeContent(w, r, "", started, bytes.NewReader(zipped))
			return
		}
		http.ServeContent(w, r, "", started, bytes.NewReader(body))
	}
}

var assetKinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// assetHandlers are the styles and scripts of the simulation's own pages.
var assetHandlers = func() map[string]http.HandlerFunc {
	list, err := assets.ReadDir("assets")
	if err != nil {
		panic(err)
	}
	all := map[string]http.HandlerFunc{}
	for _, f := range list {
		if kind := assetKinds[path.Ext(f.Name())]; kind != "" {
			all[f.Name()] = serveBytes(kind, mustAsset(f.Name()), false)
		}
	}
	return all
}()

func serveAsset(w http.ResponseWriter, r *http.Request) {
	if h := assetHandlers[r.PathValue("file")]; h != nil {
		h(w, r)
		return
	}
	http.NotFound(w, r)
}

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"money":   showMoney,
	"moment":  showMoment,
	"picture": pictureURL,
	"dict":    dict,
	"lower":   strings.ToLower,
	"join":    strings.Join,
}).ParseFS(assets, "assets/templates/*.html"))

// render writes a page only when all of it could be made.
func (s *Sim) render(w http.ResponseWriter, name string, data any) {
	s.renderStatus(w, http.StatusOK, name, data)
}

func (s *Sim) renderStatus(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if p, ok := data.(storePage); ok {
		dressed, err := storeTheme.dress(p)
		if err != nil {
			s.log.Error("render the app's blocks", "page", name, "error", err)
		}
		data = dressed
	}
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		s.log.Error("render page", "page", name, "error", err)
		http.Error(w, "This page could not be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}
