package shopsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"image/png"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type browser struct {
	*http.Client
	t    *testing.T
	base string
}

// storeFront starts a simulation in front of an app and opens a browser on it.
func storeFront(t *testing.T, app http.Handler) (*Sim, *Shop, browser) {
	t.Helper()
	if app == nil {
		app = http.NotFoundHandler()
	}
	behind := httptest.NewServer(app)
	t.Cleanup(behind.Close)
	s, err := New(Config{URL: "http://sim.test", AppURL: behind.URL, APIKey: "the-key", APISecret: "hush", SeedOrders: 6})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	front := httptest.NewServer(s.Handler())
	t.Cleanup(front.Close)
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s, s.Shop(DefaultShop), browser{client, t, front.URL}
}

func (b browser) do(method, path string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	req, err := http.NewRequest(method, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	var out strings.Builder
	buf := make([]byte, 32<<10)
	for {
		n, err := resp.Body.Read(buf)
		out.Write(buf[:n])
		if err != nil {
			break
		}
	}
	return resp, out.String()
}

func TestEveryPageAnswers(t *testing.T) {
	s, shop, b := storeFront(t, nil)
	o := s.Orders(shop.ID)[0]
	for _, tt := range []struct {
		path   string
		status int
		shows  string
	}{
		{"/", 200, "Light, made slowly."},
		{"/products/arc-table-lamp", 200, "Arc Table Lamp"},
		{"/products/no-such-thing", 404, "Not here"},
		{"/cart", 200, "It is empty so far."},
		{"/checkout", 303, ""},
		{"/account", 200, "Sign in as"},
		{"/orders/" + o.Token, 200, o.Name},
		{"/checkout/thank-you/" + o.Token, 200, o.Confirmation},
		{"/orders/none", 404, "Not here"},
		{"/admin", 200, "Your apps"},
		{"/admin/orders", 200, o.Name},
		{"/admin/orders?q=nobody-of-this-name", 200, "No orders found"},
		{fmt.Sprint("/admin/orders/", o.ID), 200, "Payment"},
		{"/admin/orders/1", 404, "There is nothing at this address."},
		{"/admin/apps/afterglow/orders/7", 200, "app-iframe"},
		{"/admin/apps/the-key", 200, "app-iframe"},
		{"/admin/apps/other", 404, "There is nothing at this address."},
		{"/store/afterglow-demo/apps/the-key?a=b", 302, ""},
		{"/sim", 200, "Clock"},
		{"/sim/cdn/app-bridge.js", 200, "window.shopify"},
		{"/sim/cdn/polaris-1.js", 200, "define('s-page'"},
		{"/sim/files/products/arc-table-lamp.svg", 200, "<svg"},
		{"/sim/files/products/..%2f..%2fmark.svg", 404, ""},
		{"/sim/assets/store.css", 200, ":root"},
	} {
		resp, page := b.do("GET", tt.path, nil)
		if resp.StatusCode != tt.status || !strings.Contains(page, tt.shows) {
			t.Errorf("%s: %d, want %d with %q", tt.path, resp.StatusCode, tt.status, tt.shows)
		}
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
			policy := resp.Header.Get("Content-Security-Policy")
			if !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") {
				t.Errorf("%s: policy %q", tt.path, policy)
			}
			if strings.Contains(page, " style=\"") || strings.Contains(page, "<script>") {
				t.Errorf("%s carries inline style or script, which its policy forbids", tt.path)
			}
		}
	}
}

func TestUnknownShopHasNoPages(t *testing.T) {
	_, _, b := storeFront(t, nil)
	req, _ := http.NewRequest("GET", b.base+"/", nil)
	req.Host = "nobody.myshopify.com"
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("%d, want 404", resp.StatusCode)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	_, _, b := storeFront(t, nil)
	for _, header := range []struct{ key, value string }{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
		req, _ := http.NewRequest("POST", b.base+"/admin/frame/token", nil)
		req.Header.Set(header.key, header.value)
		resp, err := b.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s: %d, want 403", header.key, header.value, resp.StatusCode)
		}
	}
}

// frame finds the address the admin page frames.
func frame(t *testing.T, page string) *url.URL {
	t.Helper()
	m := regexp.MustCompile(`<iframe[^>]* src="([^"]+)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatal("no frame")
	}
	u, err := url.Parse(html.UnescapeString(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestTheFrameIsAddressedAsShopifyDoes(t *testing.T) {
	s, _, b := storeFront(t, nil)
	_, page := b.do("GET", "/admin/apps/afterglow/orders/7?tab=mail&shop="+DefaultShop+"&hmac=forged&id_token=forged", nil)
	u := frame(t, page)
	if !strings.HasPrefix(u.String(), s.cfg.AppURL+"/orders/7?") {
		t.Errorf("framed %s", u)
	}
	q := u.Query()
	for key, want := range map[string]string{"embedded": "1", "shop": DefaultShop, "locale": "en", "tab": "mail"} {
		if q.Get(key) != want || len(q[key]) != 1 {
			t.Errorf("%s = %q, want %q once", key, q[key], want)
		}
	}
	host, err := base64.RawStdEncoding.DecodeString(q.Get("host"))
	if err != nil || string(host) != "admin.shopify.com/store/afterglow-demo" {
		t.Errorf("host %q %v", host, err)
	}
	var pairs []string
	for _, pair := range strings.Split(u.RawQuery, "&") {
		if !strings.HasPrefix(pair, "hmac=") {
			pairs = append(pairs, pair)
		}
	}
	slices.Sort(pairs)
	mac := hmac.New(sha256.New, []byte("hush"))
	mac.Write([]byte(strings.Join(pairs, "&")))
	if want := hex.EncodeToString(mac.Sum(nil)); q.Get("hmac") != want {
		t.Errorf("hmac %s, want %s", q.Get("hmac"), want)
	}
	checkToken(t, q.Get("id_token"))
}

// checkToken verifies a session token and its sixty seconds.
func checkToken(t *testing.T, token string) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token %q", token)
	}
	mac := hmac.New(sha256.New, []byte("hush"))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	if base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) != parts[2] {
		t.Error("token is not signed with the app's secret")
	}
	raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Iss, Dest, Aud, Sub, Jti, Sid string
		Exp, Nbf, Iat                 int64
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Exp-claims.Iat != 60 || claims.Dest != "https://"+DefaultShop || claims.Iss != "https://"+DefaultShop+"/admin" ||
		claims.Aud != "the-key" || claims.Sub == "" || claims.Jti == "" || claims.Sid == "" {
		t.Errorf("claims %s", raw)
	}
}

func TestInstallScreenComesBeforeTheFrame(t *testing.T) {
	s, shop, b := storeFront(t, nil)
	if err := s.SetInstalled(shop.ID, false, nil); err != nil {
		t.Fatal(err)
	}
	_, page := b.do("GET", "/admin/apps/afterglow", nil)
	if strings.Contains(page, "<iframe") || !strings.Contains(page, "Install Afterglow") || !strings.Contains(page, "Orders") {
		t.Error("an app that is not installed is framed, or its scopes are not shown")
	}
	if resp, _ := b.do("POST", "/admin/frame/token", url.Values{}); resp.StatusCode != http.StatusForbidden {
		t.Errorf("token without installation: %d", resp.StatusCode)
	}
	if resp, _ := b.do("POST", "/admin/frame/install", url.Values{}); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("install: %d", resp.StatusCode)
	}
	_, page = b.do("GET", "/admin/apps/afterglow", nil)
	frame(t, page)
	_, answer := b.do("POST", "/admin/frame/token", url.Values{})
	var got struct{ Token string }
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		t.Fatal(err)
	}
	checkToken(t, got.Token)
}

func TestAShopperBuysInPersian(t *testing.T) {
	s, shop, b := storeFront(t, nil)
	lamp := s.ProductByHandle(shop.ID, "arc-table-lamp").Variants[1]
	vase := s.ProductByHandle(shop.ID, "ridge-vase").Variants[0]
	b.do("POST", "/cart", url.Values{"variant": {fmt.Sprint(lamp.ID)}, "quantity": {"2"}})
	b.do("POST", "/cart", url.Values{"variant": {fmt.Sprint(vase.ID)}})
	if _, page := b.do("GET", "/cart", nil); !strings.Contains(page, showMoney(2*lamp.Price+vase.Price, "USD")) {
		t.Error("the cart does not add up")
	}
	_, page := b.do("GET", "/checkout?locale=fa", nil)
	if !strings.Contains(page, `<html lang="fa" dir="rtl">`) || !strings.Contains(page, "پرداخت") || !strings.Contains(page, "احمدی") {
		t.Error("the checkout does not speak Persian from right to left, or has no sample shopper")
	}
	form := url.Values{"locale": {"fa"}, "email": {"sara.ahmadi@example.com"}, "first_name": {"سارا"}, "last_name": {"احمدی"}, "address1": {"خیابان ولیعصر"},
		"city": {"تهران"}, "zip": {"1966744511"}, "country": {"IR"}, "currency": {"EUR"}, "discount": {"welcome10"}, "tip": {"3.00"}, "rate": {"international_express"}}
	form.Set("do", "update")
	resp, page := b.do("POST", "/checkout", form)
	if resp.StatusCode != 200 || !strings.Contains(page, "International express") {
		t.Errorf("update: %d", resp.StatusCode)
	}
	before := len(s.Orders(shop.ID))
	form.Set("do", "pay")
	resp, _ = b.do("POST", "/checkout", form)
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("pay: %d", resp.StatusCode)
	}
	orders := s.Orders(shop.ID)
	if len(orders) != before+1 {
		t.Fatalf("%d orders, want %d", len(orders), before+1)
	}
	o := orders[len(orders)-1]
	if o.Locale != "fa" || o.PresentmentCurrency != "EUR" || len(o.Discounts) != 1 || o.ShipTo.City != "تهران" || o.Tip.Shop != 300 || o.ShippingLines[0].Title != "International express" {
		t.Errorf("order %+v", o)
	}
	total := showMoney(o.Totals().Total.Presentment, "EUR")
	if !strings.Contains(page, total) {
		t.Errorf("the checkout did not show %s, which was charged", total)
	}
	_, page = b.do("GET", resp.Header.Get("Location"), nil)
	for _, want := range []string{`dir="rtl"`, "سپاسگزاریم سارا", total, "WELCOME10", o.Confirmation} {
		if !strings.Contains(page, want) {
			t.Errorf("the thank-you page does not show %q", want)
		}
	}
	if _, page := b.do("GET", "/cart", nil); !strings.Contains(page, "It is empty so far.") {
		t.Error("the cart is still full")
	}
}

func TestACheckoutThatCannotCompleteSaysWhy(t *testing.T) {
	s, shop, b := storeFront(t, nil)
	b.do("POST", "/cart", url.Values{"variant": {fmt.Sprint(s.Products(shop.ID)[0].Variants[0].ID)}})
	form := url.Values{"do": {"pay"}, "locale": {"de"}, "email": {"not an address"}, "country": {"DE"}, "first_name": {"A"}, "last_name": {"B"},
		"address1": {"x"}, "city": {"y"}, "zip": {"1"}}
	before := len(s.Orders(shop.ID))
	resp, page := b.do("POST", "/checkout", form)
	if resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, `role="alert"`) || !strings.Contains(page, "not an address") {
		t.Errorf("%d", resp.StatusCode)
	}
	if len(s.Orders(shop.ID)) != before {
		t.Error("an order was placed all the same")
	}
}

func TestTheCartCookieIsNotTrusted(t *testing.T) {
	_, _, b := storeFront(t, nil)
	for _, value := range []string{"1-1", "x", "-5--5", "9223372036854775807-9223372036854775807", strings.Repeat("1-1.", 400)} {
		req, _ := http.NewRequest("GET", b.base+"/cart", nil)
		req.AddCookie(&http.Cookie{Name: "cart", Value: value})
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Errorf("%.20q: %d", value, resp.StatusCode)
		}
	}
}

func TestTheProxySignsWhatItForwards(t *testing.T) {
	var seen *http.Request
	s, shop, b := storeFront(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Clone(r.Context())
		http.SetCookie(w, &http.Cookie{Name: "app", Value: "1"})
		w.Write([]byte("from the app"))
	}))
	customer := s.Customers(shop.ID)[3]
	b.do("POST", "/account", url.Values{"customer": {fmt.Sprint(customer.ID)}})
	resp, body := b.do("GET", "/apps/afterglow/orders/x?token=abc&shop=evil.myshopify.com&logged_in_customer_id=1", nil)
	if body != "from the app" || seen == nil || seen.URL.Path != "/proxy/orders/x" {
		t.Fatalf("%d %q", resp.StatusCode, body)
	}
	if resp.Header.Get("Set-Cookie") != "" || seen.Header.Get("Cookie") != "" {
		t.Error("a cookie passed the proxy")
	}
	q := seen.URL.Query()
	if q.Get("shop") != DefaultShop || len(q["shop"]) != 1 || q.Get("logged_in_customer_id") != fmt.Sprint(customer.ID) || q.Get("token") != "abc" {
		t.Errorf("query %s", seen.URL.RawQuery)
	}
	var pairs []string
	for key, values := range q {
		if key != "signature" {
			pairs = append(pairs, key+"="+strings.Join(values, ","))
		}
	}
	slices.Sort(pairs)
	mac := hmac.New(sha256.New, []byte("hush"))
	mac.Write([]byte(strings.Join(pairs, "")))
	if q.Get("signature") != hex.EncodeToString(mac.Sum(nil)) {
		t.Error("wrong signature")
	}
}

func TestEveryProductHasItsPictures(t *testing.T) {
	s, shop, b := storeFront(t, nil)
	for _, p := range s.Products(shop.ID) {
		resp, _ := b.do("GET", pictureURL(p.Handle, "svg"), nil)
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%s has no drawing", p.Handle)
		}
		resp, body := b.do("GET", pictureURL(p.Handle, "png"), nil)
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "image/png" || len(body) > 15_000 {
			t.Errorf("%s.png: %d, %d bytes", p.Handle, resp.StatusCode, len(body))
			continue
		}
		if img, err := png.DecodeConfig(strings.NewReader(body)); err != nil || img.Width != 400 || img.Height != 400 {
			t.Errorf("%s.png: %+v %v", p.Handle, img, err)
		}
	}
}

func TestTheStorefrontSpeaksEveryLanguage(t *testing.T) {
	for _, l := range storeLanguages {
		words, ok := storeWords[l.Tag]
		if !ok {
			t.Errorf("no words in %s", l.Tag)
		}
		for key := range englishWords() {
			if words[key] == "" {
				t.Errorf("%s lacks %q", l.Tag, key)
			}
		}
		if len(words) != len(englishWords()) {
			t.Errorf("%s has %d words, English %d", l.Tag, len(words), len(englishWords()))
		}
	}
	for tag, want := range map[string]string{"fa-IR": "fa", "de": "de", "pt-BR": "en", "": "en"} {
		if got := language(tag); got != want {
			t.Errorf("language(%q) = %q, want %q", tag, got, want)
		}
	}
}

func TestShowMoney(t *testing.T) {
	for _, tt := range []struct {
		minor    int64
		currency string
		want     string
	}{
		{0, "USD", "$0.00"}, {123456789, "USD", "$1,234,567.89"}, {-500, "EUR", "−€5.00"}, {1500, "JPY", "¥1,500"}, {1234, "KWD", "1.234 KWD"}, {99, "AED", "0.99 AED"},
	} {
		if got := showMoney(tt.minor, tt.currency); got != tt.want {
			t.Errorf("%d %s: %q, want %q", tt.minor, tt.currency, got, tt.want)
		}
	}
}
