package boot

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"afterglow/app/web"
)

// shopperPath fills in an address with what a shopper of the tenant holds.
func (w *walk) shopperPath(o *tenant, route web.Route) string {
	w.t.Helper()
	ref := map[string]string{"unsubscribe": o.message, "feedback": o.hook}[route.Kind]
	if ref == "" {
		ref = strconv.FormatInt(o.order, 10)
	}
	kind := route.Kind
	if kind == "" {
		kind = "order"
	}
	token, err := w.Links.Sign(web.Link{Shop: o.id, Kind: kind, Ref: ref, Expires: w.clk.Now().Add(time.Hour)})
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.NewReplacer(":token", token, ":provider", "generic", ":photo", o.photo, ":parcel", strconv.FormatInt(o.parcel, 10)).Replace(route.Path)
}

// TestS2NoShopperRouteChangesAnythingForAStrangePage sends what a strange page can
// make the browser of a customer send who is signed in, with the order's own link,
// to every route of the shop's domain.
func TestS2NoShopperRouteChangesAnythingForAStrangePage(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a, b := w.tenants[0], w.tenants[1]
		key := func(o *tenant, customer int64) string {
			key, err := w.Links.FormKey(o.id, customer)
			if err != nil {
				t.Fatal(err)
			}
			return key
		}
		const form = "application/x-www-form-urlencoded"
		fields := url.Values{"order": {"#1001"}, "email": {a.email}, "name": {"x"}, "items": {"x"}, "step": {"confirm"}, "level": {"least"}, "choice": {"refund"}, "kind": {"missing"},
			"text": {"x"}, "refund": {"credit"}, "address1": {"Strange Street 1"}, "city": {"Elsewhere"}, "zip": {"1"}, "once": {"x"}}
		before, tried := w.rowsOf(a), 0
		for _, route := range w.Engine.Routes() {
			if route.Auth != web.Proxy {
				continue
			}
			path := w.shopperPath(a, route)
			for name, sent := range map[string]struct{ media, key string }{
				"no key": {form, ""}, "a guest's": {form, key(a, 0)}, "another shop's": {form, key(b, 77)}, "text/plain": {"text/plain", key(a, 77)}, "files": {"multipart/form-data; boundary=x", ""},
			} {
				fields.Set(web.FormField, sent.key)
				answer := w.send(route.Method, path+"?"+w.sim.ProxyQuery(a.shop, 77, nil), []byte(fields.Encode()), "Content-Type", sent.media, "Accept", "text/html", "Origin", "https://evil.example")
				tried++
				if answer.Code >= 500 {
					t.Errorf("%s %s, %s: %d", route.Method, route.Path, name, answer.Code)
				}
			}
		}
		if tried == 0 {
			t.Error("no route goes through the shop's domain")
		}
		sameRows(t, before, w.rowsOf(a))
	})
}

var inScript = regexp.MustCompile(`(?is)<script[^>]*>.*?</script>`)

// TestS3NothingThatIsSentComesBackAlive puts hostile texts into every part of every
// address and form that a shopper reaches.
func TestS3NothingThatIsSentComesBackAlive(t *testing.T) {
	hostile := []string{"{{7*7}}{% layout none %}<script>canary()</script>\"'><img src=x onerror=canary()>\u2028canary()//</style><svg onload=canary()>", "'+{{ canary }}+'\u2028"}
	names := strings.Fields("lang q order email name items step level line once choice kind text refund address1 address2 city zip phone first_name last_name company quantity variant wanted note neighbours safe_place id cursor form_key")
	w := openWalk(t, "sqlite") // what is shown does not depend on the database
	a := w.tenants[0]
	key, err := w.Links.FormKey(a.id, 0)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	look := func(what string, answer *httptest.ResponseRecorder) {
		asked++
		body, media := answer.Body.Bytes(), answer.Header().Get("Content-Type")
		if answer.Code >= 500 {
			t.Errorf("%s: %d", what, answer.Code)
		}
		if strings.Contains(media, "liquid") || len(body) > 0 && media == "" {
			t.Errorf("%s answers as %q", what, media)
		}
		if strings.HasPrefix(media, "application/json") || strings.HasPrefix(media, "application/problem+json") {
			return // never markup: nosniff is on every answer
		}
		for _, alive := range []string{"<script>canary", "<img src=x", "<svg onload"} {
			if bytes.Contains(body, []byte(alive)) {
				t.Errorf("%s shows %q as markup", what, alive)
			}
		}
		for _, script := range inScript.FindAll(body, -1) {
			if bytes.Contains(script, []byte("canary")) || bytes.Contains(script, []byte("\u2028")) {
				t.Errorf("%s writes what was sent into a script", what)
			}
		}
	}
	header := []string{"Accept", "text/html", "Content-Type", "application/x-www-form-urlencoded"}
	for _, route := range w.Engine.Routes() {
		if route.Auth != web.Proxy && route.Auth != web.Linking || route.Method == http.MethodHead {
			continue
		}
		signed := func(visitor url.Values) string {
			if route.Auth != web.Proxy {
				return "?" + visitor.Encode()
			}
			return "?" + w.sim.ProxyQuery(a.shop, 0, visitor)
		}
		for _, text := range hostile {
			path := w.shopperPath(a, route)
			form := url.Values{}
			for _, name := range names {
				form.Set(name, text)
				look(fmt.Sprintf("%s %s?%s", route.Method, route.Path, name), w.send(route.Method, path+signed(url.Values{name: {text}}), nil, header...))
			}
			form.Set(web.FormField, key)
			look(route.Method+" "+route.Path+" with a form", w.send(route.Method, path+signed(nil), []byte(form.Encode()), header...))
			form.Set("step", "review")
			form.Set("email", text+"@example.com")
			look(route.Method+" "+route.Path+" with another", w.send(route.Method, path+signed(nil), []byte(form.Encode()), header...))
			for part := range strings.SplitSeq(route.Path, "/") {
				if strings.HasPrefix(part, ":") {
					broken := strings.ReplaceAll(route.Path, part, url.PathEscape(text))
					look(route.Method+" "+route.Path+" in "+part, w.send(route.Method, broken+signed(nil), nil, header...))
				}
			}
		}
	}
	t.Logf("%d answers", asked)
}
