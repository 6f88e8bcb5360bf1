package shopsim

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// CustomerCookie holds the id of the customer who is logged in to the
// storefront; the app proxy believes it.
const CustomerCookie = "sim_customer"

// serveProxy forwards /apps/afterglow/… to the app, signed. Cookies do not
// pass in either direction.
func (s *Sim) serveProxy(w http.ResponseWriter, r *http.Request) {
	shop := s.ShopOf(r)
	target, err := url.Parse(s.cfg.AppURL)
	if shop == nil || err != nil || !shop.Installed || !hasScope(shop.Scopes, "write_app_proxy") {
		http.NotFound(w, r)
		return
	}
	var customer int64
	if c, err := r.Cookie(CustomerCookie); err == nil {
		fmt.Sscan(c.Value, &customer)
		if s.Customer(shop.ID, customer) == nil {
			customer = 0
		}
	}
	query := s.ProxyQuery(shop, customer, r.URL.Query())
	(&httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = target.Scheme, target.Host
			p.Out.URL.Path = "/proxy" + strings.TrimPrefix(r.URL.Path, "/apps/"+AppHandle)
			p.Out.URL.RawPath, p.Out.URL.RawQuery = "", query
			p.Out.Host = target.Host
			p.Out.Header.Del("Cookie")
			p.Out.Header.Del("Authorization")
			p.Out.Header.Set("X-Forwarded-Host", shop.Domain)
			p.Out.Header.Set("X-Forwarded-Proto", "https")
		},
		ModifyResponse: func(res *http.Response) error {
			res.Header.Del("Set-Cookie")
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, "There was an error in the third-party application.", http.StatusBadGateway)
		},
	}).ServeHTTP(w, r)
}
