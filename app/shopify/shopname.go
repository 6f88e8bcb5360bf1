package shopify

import (
	"encoding/base64"
	"regexp"
	"strings"

	"afterglow/app/problem"
)

// Domain is a shop's permanent domain, such as lumen.myshopify.com, in lower
// case. A Domain other than "" has passed ParseDomain, unless somebody made one
// by conversion, which only tests do.
type Domain string

// ErrBadDomain says that a text is not the domain of a shop.
var ErrBadDomain = problem.New(problem.Malformed, "shopify.bad_domain",
	"This is not the domain of a Shopify store; it should look like example.myshopify.com.")

// ErrBadHost says that the host parameter does not name a page of Shopify's admin.
var ErrBadHost = problem.New(problem.Malformed, "shopify.bad_host",
	"The host parameter does not name the Shopify admin.")

// A name is at most 61 characters here, which is Shopify's own limit and one
// DNS label. The pattern is anchored at both ends by \A and \z: $ alone would
// let a line break pass behind it.
var (
	domainPattern = regexp.MustCompile(`\A[a-z0-9][a-z0-9-]{0,60}\.myshopify\.com\z`)
	hostPattern   = regexp.MustCompile(`\A([a-z0-9][a-z0-9-]{0,60}\.)+(myshopify|shopify)\.com(/[A-Za-z0-9][A-Za-z0-9/_-]{0,200})?\z`)
)

// ParseDomain accepts the domain of a shop in any case and returns it in lower
// case. It returns ErrBadDomain for everything else, look-alikes, addresses,
// ports and other top domains included.
func ParseDomain(s string) (Domain, error) {
	if len(s) > 80 { // longer than any domain: do not even fold it
		return "", ErrBadDomain
	}
	// Only ASCII is folded: strings.ToLower would turn U+212A into k.
	d := strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
	if !domainPattern.MatchString(d) {
		return "", ErrBadDomain
	}
	return Domain(d), nil
}

// String returns the domain.
func (d Domain) String() string { return string(d) }

// Name returns the part before .myshopify.com, by which the admin's addresses
// call the shop.
func (d Domain) Name() string { return strings.TrimSuffix(string(d), ".myshopify.com") }

// Origin returns the shop's origin, https://lumen.myshopify.com.
func (d Domain) Origin() string { return "https://" + string(d) }

func (d Domain) valid() bool { return domainPattern.MatchString(string(d)) }

// DecodeHost reads the host parameter that Shopify adds to addresses of embedded
// pages: base64 of the admin's host and path, such as admin.shopify.com/store/lumen.
// It returns ErrBadHost unless the host is a page of shopify.com or myshopify.com.
func DecodeHost(param string) (string, error) {
	if param == "" || len(param) > 400 {
		return "", ErrBadHost
	}
	raw := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(param), "=")
	decoded, err := base64.RawStdEncoding.Strict().DecodeString(raw)
	if err != nil || !hostPattern.Match(decoded) || strings.Contains(string(decoded), "//") {
		return "", ErrBadHost
	}
	return string(decoded), nil
}
