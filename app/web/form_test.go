package web

import (
	"bytes"
	"html/template"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/shopify"
)

// asShopper takes "as=<shop>.<customer>" for Shopify's signature.
type asShopper struct{}

func (asShopper) Verify(query string) (*shopify.ProxyRequest, error) {
	q, _ := url.ParseQuery(query)
	name, customer, _ := strings.Cut(q.Get("as"), ".")
	r := &shopify.ProxyRequest{Shop: shopify.Domain(name + ".myshopify.com"), PathPrefix: "/apps/afterglow"}
	if customer == "77" {
		r.CustomerID = 77
	}
	return r, nil
}

// TestS2FormsOfStrangePagesChangeNothing sends what a strange page can make a
// browser send: the customer rides along, the key does not.
func TestS2FormsOfStrangePagesChangeNothing(t *testing.T) {
	clk := clock.NewFixed(testNow)
	links, err := NewLinks(clk, bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	other, _ := NewLinks(clk, bytes.Repeat([]byte{2}, 32))
	h := newHouse(t, func(c *Config) { c.Proxies, c.Links = asShopper{}, links })
	changed, asked := 0, 0
	g := h.Group("/proxy", Proxy)
	change := func(c *Ctx) error {
		changed++
		return c.NoContent()
	}
	g.POST("/x", change)
	g.PUT("/x", change)
	g.DELETE("/x", change)
	g.POST("/again", func(c *Ctx) error {
		if Forged(c) {
			asked++
			return c.OK(nil)
		}
		return change(c)
	}, AsksAgain())
	key := func(l *Links, shop int64, customer int64) string {
		token, err := l.FormKey(shopIDs[shopify.Domain(map[int64]string{1: "one", 2: "two"}[shop]+".myshopify.com")], customer)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	page, err := links.Sign(Link{Shop: 1, Kind: "order", Ref: "77", Expires: testNow.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	stale := key(links, 1, 77)
	const form = "application/x-www-form-urlencoded"
	send := func(method, path, media, body string) *httptest.ResponseRecorder {
		return h.do(method, path+"?as=one.77", body, "Content-Type", media)
	}
	rows := []struct{ name, method, media, key string }{
		{"no key", "POST", form, ""}, {"nonsense", "POST", form, "x"}, {"a key of another shop", "POST", form, key(links, 2, 77)},
		{"a guest's key", "POST", form, key(links, 1, 0)}, {"a key of another customer", "POST", form, key(links, 1, 78)}, {"forged", "POST", form, key(other, 1, 77)},
		{"an order's link", "POST", form, page}, {"text/plain", "POST", "text/plain", key(links, 1, 77)}, {"no media type", "POST", "", key(links, 1, 77)},
		{"JSON", "POST", "application/json", key(links, 1, 77)}, {"PUT", "PUT", form, ""}, {"DELETE", "DELETE", form, ""},
	}
	try := func(name, method, media, key string) {
		body := url.Values{"what": {"all"}, FormField: {key}}.Encode()
		if w := send(method, "/proxy/x", media, body); w.Code < 400 || w.Code >= 500 || changed != 0 {
			t.Errorf("%s: %d, %d changes", name, w.Code, changed)
		}
		if w := send("POST", "/proxy/again", media, body); changed != 0 || w.Code >= 500 {
			t.Errorf("%s, asking again: %d, %d changes", name, w.Code, changed)
		}
	}
	for _, row := range rows {
		try(row.name, row.method, row.media, row.key)
	}
	if w := h.do("GET", "/proxy/x?as=one.77&form_key="+stale, ""); w.Code != 405 || changed != 0 {
		t.Errorf("GET: %d", w.Code)
	}
	clk.Advance(formLife)
	try("a stale key", "POST", form, stale)
	if asked == 0 {
		t.Error("nobody was asked again")
	}
	good := url.Values{"what": {"all"}, FormField: {key(links, 1, 77)}}.Encode()
	if w := send("POST", "/proxy/x", form, good); w.Code != 204 || changed != 1 {
		t.Errorf("the page's own form: %d, %d changes", w.Code, changed)
	}
	for place, want := range map[int]int{0: 204, 1: 403} { // the key is the first field of a form with files
		var b bytes.Buffer
		parts := multipart.NewWriter(&b)
		for i := range 2 {
			if i == place {
				parts.WriteField(FormField, key(links, 1, 77))
				continue
			}
			parts.WriteField("what", strings.Repeat("long ", 2000))
		}
		parts.Close()
		before := changed
		if w := h.do("POST", "/proxy/x?as=one.77", b.String(), "Content-Type", parts.FormDataContentType()); w.Code != want || (changed > before) != (want == 204) {
			t.Errorf("key in place %d: %d", place, w.Code)
		}
	}
}

// Every form of a page on the shop's domain bears the key, and no text of people's
// becomes a form.
func TestFormsOfAProxiedPageBearTheKey(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Proxies = asShopper{} })
	page := template.Must(template.New("x").Parse(`<form class="a" method="post"><input name="b"></form><form method="post" action="/y?a=1&amp;b=2"></form><form action="/search"></form><p>{{.}}</p>`))
	show := func(c *Ctx) error { return Page(c, 200, page, `<form method="post">`) }
	h.Group("/proxy", Proxy, Pages()).GET("/x", show)
	h.Group("", Public, Pages()).GET("/x", show)
	keys := regexp.MustCompile(`method="post"[^>]*><input type="hidden" name="form_key" value="([^"]+)">`)
	w := h.do("GET", "/proxy/x?as=one.77", "")
	found := keys.FindAllStringSubmatch(w.Body.String(), -1)
	if len(found) != 2 || strings.Count(w.Body.String(), "form_key") != 2 {
		t.Fatalf("%s", w.Body)
	}
	if link, err := h.links.Open(linkForm, found[0][1]); err != nil || link.Shop != 1 || link.Ref != "77" {
		t.Errorf("%+v %v", link, err)
	}
	if w := h.do("GET", "/x", ""); strings.Contains(w.Body.String(), "form_key") {
		t.Errorf("a page elsewhere: %s", w.Body)
	}
}
