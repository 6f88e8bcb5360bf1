package shopify

import (
	"encoding/hex"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
)

var proxyNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func proxyVerifier(t testing.TB) *ProxyVerifier {
	t.Helper()
	v, err := NewProxyVerifier(secrets(t, "hush", "before"), clock.NewFixed(proxyNow), "order", "tab")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// signedProxy writes a query as Shopify's edge would, in the given order.
func signedProxy(key string, pairs ...pair) string {
	signature := hex.EncodeToString(rawSign(key, []byte(proxyMessage(pairs))))
	var b strings.Builder
	for _, p := range append(pairs, pair{proxySignature, signature}) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.name) + "=" + url.QueryEscape(p.value))
	}
	return b.String()
}

func plainProxy(change ...pair) []pair {
	pairs := []pair{
		{proxyShop, "lumen.myshopify.com"}, {proxyCustomer, "77"}, {proxyPrefix, "/apps/afterglow"},
		{proxyTimestamp, strconv.FormatInt(proxyNow.Unix(), 10)},
	}
next:
	for _, c := range change {
		for i := range pairs {
			if pairs[i].name == c.name {
				pairs[i].value = c.value
				continue next
			}
		}
		pairs = append(pairs, c)
	}
	return pairs
}

// TestProxyDocumentedVector is the example of Shopify's documentation.
func TestProxyDocumentedVector(t *testing.T) {
	raw := "extra=1&extra=2&shop=shop-name.myshopify.com&logged_in_customer_id=1&path_prefix=%2Fapps%2Fawesome_reviews&timestamp=1317327555"
	for query, want := range map[string]string{
		strings.Replace(raw, "logged_in_customer_id=1&", "", 1): "a9718877bea71c2484f91608a7eaea1532bdf71f5c56825065fa4ccabe549ef3",
		raw: "4c68c8624d737112c91818c11017d24d334b524cb5c2b8ba08daa056f7395ddb",
	} {
		pairs, err := splitQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(rawSign("hush", []byte(proxyMessage(pairs)))); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}

func TestProxyAccepts(t *testing.T) {
	v := proxyVerifier(t)
	got, err := v.Verify(signedProxy("hush", plainProxy(pair{"order", "ord_1.x~y-z"}, pair{"tab", ""})...))
	if err != nil {
		t.Fatal(err)
	}
	if got.Shop != "lumen.myshopify.com" || got.CustomerID != 77 || got.PathPrefix != "/apps/afterglow" || got.Values["order"] != "ord_1.x~y-z" || !got.At.Equal(proxyNow) {
		t.Errorf("got %+v", got)
	}
	if guest, err := v.Verify(signedProxy("before", plainProxy(pair{proxyCustomer, ""})...)); err != nil || guest.CustomerID != 0 {
		t.Errorf("guest with the previous secret: %+v, %v", guest, err)
	}
}

// A3: what is doubled, joined, older than 90 seconds or not as agreed is refused.
func TestA3ProxyRefuses(t *testing.T) {
	at := func(d time.Duration) pair {
		return pair{proxyTimestamp, strconv.FormatInt(proxyNow.Add(d).Unix(), 10)}
	}
	twice := func(p pair) string {
		return signedProxy("hush", append(plainProxy(), p)...)
	}
	unsigned := signedProxy("hush", plainProxy()...)
	signature := unsigned[strings.Index(unsigned, "signature="):]
	rows := []struct {
		name, query string
		want        error
	}{
		{"nothing", "", ErrForged},
		{"no signature", strings.TrimSuffix(unsigned, "&"+signature), ErrForged},
		{"signature twice", unsigned + "&" + signature, ErrProxyQuery},
		{"upper-case signature", strings.Replace(unsigned, signature, "signature="+strings.ToUpper(signature[10:]), 1), ErrForged},
		{"short signature", unsigned[:len(unsigned)-1], ErrProxyQuery},
		{"other secret", signedProxy("other", plainProxy()...), ErrForged},
		{"empty secret", signedProxy("", plainProxy()...), ErrForged},
		{"shop twice", twice(pair{proxyShop, "evil.myshopify.com"}), ErrProxyQuery},
		{"customer twice", twice(pair{proxyCustomer, "1"}), ErrProxyQuery},
		{"prefix twice", twice(pair{proxyPrefix, "/apps/x"}), ErrProxyQuery},
		{"time twice", twice(at(0)), ErrProxyQuery},
		{"own twice", signedProxy("hush", append(plainProxy(), pair{"tab", "a"}, pair{"tab", "b"})...), ErrProxyQuery},
		{"shop joined by the edge", signedProxy("hush", plainProxy(pair{proxyShop, "evil.myshopify.com,lumen.myshopify.com"})...), ErrProxyQuery},
		{"unknown name", signedProxy("hush", plainProxy(pair{"free", "1"})...), ErrProxyQuery},
		{"array name", signedProxy("hush", plainProxy(pair{"tab[]", "1"})...), ErrProxyQuery},
		{"shop in capitals", signedProxy("hush", plainProxy(pair{proxyShop, "Lumen.myshopify.com"})...), ErrProxyQuery},
		{"shop elsewhere", signedProxy("hush", plainProxy(pair{proxyShop, "lumen.myshopify.com.evil.tld"})...), ErrProxyQuery},
		{"customer not a number", signedProxy("hush", plainProxy(pair{proxyCustomer, "7a"})...), ErrProxyQuery},
		{"customer negative", signedProxy("hush", plainProxy(pair{proxyCustomer, "-7"})...), ErrProxyQuery},
		{"customer too large", signedProxy("hush", plainProxy(pair{proxyCustomer, "9999999999999999999"})...), ErrProxyQuery},
		{"prefix elsewhere", signedProxy("hush", plainProxy(pair{proxyPrefix, "//evil.tld"})...), ErrProxyQuery},
		{"time not a number", signedProxy("hush", plainProxy(pair{proxyTimestamp, "now"})...), ErrProxyQuery},
		{"time with a sign", signedProxy("hush", plainProxy(pair{proxyTimestamp, "+179545600"})...), ErrProxyQuery},
		{"replay after 91 s", signedProxy("hush", plainProxy(at(-91*time.Second))...), ErrForged},
		{"from the future", signedProxy("hush", plainProxy(at(91*time.Second))...), ErrForged},
		{"value with =", signedProxy("hush", plainProxy(pair{"tab", "1shop=evil.myshopify.com"})...), ErrProxyQuery},
		{"value with a line break", signedProxy("hush", plainProxy(pair{"tab", "1\n"})...), ErrProxyQuery},
		{"value too long", signedProxy("hush", plainProxy(pair{"tab", strings.Repeat("a", 129)})...), ErrProxyQuery},
		{"liquid", signedProxy("hush", plainProxy(pair{"tab", "{{shop}}"})...), ErrProxyQuery},
		{"broken escape", unsigned + "&tab=%zz", ErrProxyQuery},
		{"many", strings.Repeat("a=1&", 100), ErrProxyQuery},
		{"long", strings.Repeat("a", 9<<10), ErrProxyQuery},
	}
	v := proxyVerifier(t)
	for _, row := range rows {
		if _, err := v.Verify(row.query); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", row.name, err, row.want)
		}
	}
	for _, missing := range []string{proxyShop, proxyCustomer, proxyPrefix, proxyTimestamp} {
		var rest []pair
		for _, p := range plainProxy() {
			if p.name != missing {
				rest = append(rest, p)
			}
		}
		if _, err := v.Verify(signedProxy("hush", rest...)); err == nil {
			t.Errorf("accepted without %s", missing)
		}
	}
}

// TestA3ConcatenationTwins moves signed bytes between parameters: the signed text is run
// together without separators, so these sign alike.
func TestA3ConcatenationTwins(t *testing.T) {
	v := proxyVerifier(t)
	stamp := strconv.FormatInt(proxyNow.Unix(), 10)
	// A visitor of any shop may make the edge sign a free value that holds the rest.
	absorbed := []pair{{"order", "1logged_in_customer_id=777path_prefix=/apps/afterglowshop=victim.myshopify.comtab="},
		{proxyCustomer, ""}, {proxyPrefix, "/apps/afterglow"}, {proxyShop, "attacker.myshopify.com"}, {proxyTimestamp, stamp}}
	signed := signedProxy("hush", absorbed...)
	signature := signed[len(signed)-64:]
	if _, err := v.Verify(signed); err == nil {
		t.Error("the edge's own form was accepted with = in a value")
	}
	for _, split := range []string{
		"logged_in_customer_id=777&order=1&path_prefix=/apps/afterglow&shop=victim.myshopify.com&tab=logged_in_customer_id%3Dpath_prefix%3D/apps/afterglowshop%3Dattacker.myshopify.com&timestamp=" + stamp,
		"logged_in_customer_id=777&order=1&path_prefix=/apps/afterglow&shop=victim.myshopify.com&timestamp=" + stamp,
		"logged_in_customer_id=777&logged_in_customer_id=&order=1&path_prefix=/apps/afterglow&shop=victim.myshopify.com&timestamp=" + stamp,
	} {
		if got, err := v.Verify(split + "&signature=" + signature); err == nil {
			t.Errorf("a twin was accepted: %+v", got)
		}
	}
}

func TestProxyNamesThatMakeTwins(t *testing.T) {
	for _, own := range [][]string{
		{"xshop"}, {"s"}, {"shop"}, {"id"}, {"my_timestamp"}, {"shop_id"}, {"A"}, {"a b"}, {""}, {"a", "a1"}, {"b", "ab"}, {"path"}, {"tab", "tab"},
	} {
		if _, err := NewProxyVerifier(secrets(t, "hush", ""), clock.System{}, own...); err == nil {
			t.Errorf("%q was accepted", own)
		}
	}
}

// FuzzProxy holds that nothing passes without the secret, and that no address
// that was not signed as it stands passes with a signature of another.
func FuzzProxy(f *testing.F) {
	f.Add("tab=1", "order")
	f.Add("shop=evil.myshopify.com", "tab")
	f.Add("logged_in_customer_id=1", "x")
	v := proxyVerifier(f)
	good := signedProxy("hush", plainProxy(pair{"order", "1"})...)
	f.Fuzz(func(t *testing.T, extra, name string) {
		for _, query := range []string{extra, good + "&" + extra, extra + "&" + good, name + "=" + good, strings.Replace(good, "order", name, 1)} {
			got, err := v.Verify(query)
			if err != nil {
				continue
			}
			if got.Shop != "lumen.myshopify.com" || got.CustomerID != 77 || got.Values["order"] != "1" {
				t.Fatalf("%q became %+v", query, got)
			}
		}
	})
}
