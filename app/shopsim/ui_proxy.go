package shopsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The app proxy: /apps/afterglow/* of a shop's own domain is fetched from
// {AppURL}/proxy/* with a signed query. Cookies go neither way.

// maxProxied is the largest answer that is passed on.
const maxProxied = 10 << 20

var proxyClient = &http.Client{Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// proxyDropped are headers of the shopper that the app never sees, and of the
// app that the shopper never sees.
var proxyDropped = []string{"Cookie", "Set-Cookie", "Connection", "Keep-Alive", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Authorization"}

func (s *Sim) uiProxy(w http.ResponseWriter, r *http.Request) {
	shop := s.ShopOf(r)
	if shop == nil || !shop.Installed {
		http.NotFound(w, r)
		return
	}
	sub := strings.TrimPrefix(r.URL.EscapedPath(), "/apps/"+AppHandle)
	target := s.cfg.AppURL + "/proxy" + sub + "?" + s.proxyQuery(shop, s.signedIn(r, shop), r.URL.Query()).Encode()
	out, err := http.NewRequestWithContext(r.Context(), r.Method, target, http.MaxBytesReader(w, r.Body, 2<<20))
	if err != nil {
		http.Error(w, "bad address", http.StatusBadRequest)
		return
	}
	out.Header = r.Header.Clone()
	for _, h := range proxyDropped {
		out.Header.Del(h)
	}
	out.Header.Set("X-Forwarded-Host", shop.Domain)
	out.Header.Set("X-Forwarded-Proto", "https")
	out.ContentLength = r.ContentLength
	resp, err := proxyClient.Do(out)
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
			return
		}
		http.Error(w, "There was an error in the third-party application.", http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	for key, values := range resp.Header {
		if !slices.Contains(proxyDropped, key) {
			w.Header()[key] = values
		}
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(resp.StatusCode)
	io.Copy(w, io.LimitReader(resp.Body, maxProxied))
}

// proxyQuery is the shopper's query with Shopify's five parameters and the
// signature over all of it.
func (s *Sim) proxyQuery(shop *Shop, customer *Customer, own url.Values) url.Values {
	q := url.Values{}
	for key, values := range own {
		q[key] = values
	}
	id := ""
	if customer != nil {
		id = strconv.FormatInt(customer.ID, 10)
	}
	// A visitor's parameter of the same name does not survive.
	q.Set("shop", shop.Domain)
	q.Set("logged_in_customer_id", id)
	q.Set("path_prefix", "/apps/"+AppHandle)
	q.Set("timestamp", strconv.FormatInt(s.Now().Unix(), 10))
	q.Del("signature")
	q.Set("signature", proxySignature(s.cfg.APISecret, q))
	return q
}

// proxySignature joins repeated values with commas, writes key=value from
// decoded values, sorts these, puts nothing between them, and signs.
func proxySignature(secret string, q url.Values) string {
	var pairs []string
	for key, values := range q {
		if key != "signature" {
			pairs = append(pairs, key+"="+strings.Join(values, ","))
		}
	}
	slices.Sort(pairs)
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(strings.Join(pairs, "")))
	return hex.EncodeToString(h.Sum(nil))
}
