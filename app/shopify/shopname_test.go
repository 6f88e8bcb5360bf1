package shopify

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
)

// notShops are names that look like a shop's to a careless reader.
var notShops = []string{
	"", " ", ".", "myshopify.com", ".myshopify.com", "-.myshopify.com", "-a.myshopify.com", "_a.myshopify.com",
	"evil.tld/.myshopify.com", "x.myshopify.com.evil.tld", "127.0.0.1:9/?myshopify.com", "u@x.myshopify.com",
	"x.myshopify.com:443", "x.myshopify.com/", "x.myshopify.com#", "x.myshopify.com?", "x.myshopify.com.", "x.myshopify.com\n",
	"\nx.myshopify.com", "x.myshopify.com\r\nHost: evil", "x\x00.myshopify.com", " x.myshopify.com", "x.myshopify.com ", "x y.myshopify.com",
	"a.b.myshopify.com", "xmyshopify.com", "x.myshopify.co", "x.myshopify.comm", "x.shopify.com", "admin.shopify.com",
	"x。myshopify.com", "x.myshopıfy.com", "x.myſhopify.com", "ⓧ.myshopify.com", "х.myshopify.com", "\u212a.myshopify.com",
	"https://x.myshopify.com", "//x.myshopify.com", "x.myshopify.com\\@evil.tld", "x%2emyshopify.com", "x.myshopify.com%00",
	"evil.example/?x=myshopify.com", "x_y.myshopify.com", strings.Repeat("a", 62) + ".myshopify.com", strings.Repeat("a", 5000),
	"[::1].myshopify.com", "x.myshopify.com,y.myshopify.com", "x.myshopify.com\t", "\u200bx.myshopify.com",
}

func TestParseDomainRefusesWhatIsNotAShop(t *testing.T) {
	for _, name := range notShops {
		if d, err := ParseDomain(name); err == nil {
			t.Errorf("%q was accepted as %q", name, d)
		}
	}
}

func TestParseDomainFoldsCase(t *testing.T) {
	for in, want := range map[string]Domain{
		"lumen.myshopify.com": "lumen.myshopify.com", "Lumen-LOOM.MyShopify.Com": "lumen-loom.myshopify.com",
		"0.myshopify.com": "0.myshopify.com", strings.Repeat("a", 61) + ".myshopify.com": Domain(strings.Repeat("a", 61) + ".myshopify.com"),
	} {
		got, err := ParseDomain(in)
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
	if n := Domain("lumen.myshopify.com").Name(); n != "lumen" {
		t.Errorf("name is %q", n)
	}
}

// FuzzParseDomain holds that what passes is a host of Shopify's to net/url, too.
func FuzzParseDomain(f *testing.F) {
	for _, name := range notShops {
		f.Add(name)
	}
	f.Add("lumen.myshopify.com")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDomain(s)
		if err != nil {
			return
		}
		u, err := url.Parse(d.Origin() + "/admin")
		if err != nil || u.Hostname() != string(d) || u.Port() != "" || u.User != nil || u.Path != "/admin" ||
			!strings.HasSuffix(u.Hostname(), ".myshopify.com") || strings.Count(u.Hostname(), ".") != 2 {
			t.Fatalf("%q became %q", s, d)
		}
	})
}

func TestDecodeHost(t *testing.T) {
	good := []string{"admin.shopify.com/store/lumen", "lumen.myshopify.com/admin"}
	for _, host := range good {
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			if got, err := DecodeHost(enc.EncodeToString([]byte(host))); err != nil || got != host {
				t.Errorf("%s: got %q, %v", host, got, err)
			}
		}
	}
	for _, host := range []string{
		"", "evil.tld", "evil.tld/admin.shopify.com", "admin.shopify.com.evil.tld", "admin.shopify.com@evil.tld", "u@admin.shopify.com",
		"admin.shopify.com:8080/store/x", "shopify.com", "evilshopify.com/x", "admin.shopify.com//evil.tld", "admin.shopify.com/../x",
		"admin.shopify.com/store/x?y", "admin.shopify.com/store/x#y", "admin.shopify.com\n/store", "admin.shopify.com\\evil.tld", "ADMIN.SHOPIFY.COM/store/x",
	} {
		if got, err := DecodeHost(base64.StdEncoding.EncodeToString([]byte(host))); err == nil {
			t.Errorf("%q was accepted as %q", host, got)
		}
	}
	for _, raw := range []string{"%%%", "YWRtaW4", strings.Repeat("A", 500), "YWRtaW4uc2hvcGlmeS5jb20vc3RvcmUveA==\n"} {
		if got, err := DecodeHost(raw); err == nil {
			t.Errorf("%q was accepted as %q", raw, got)
		}
	}
}
