package shopify

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/problem"
)

// ErrProxyQuery says that the query of an app proxy request holds something that
// we did not agree with Shopify upon.
var ErrProxyQuery = problem.New(problem.Malformed, "shopify.proxy_query", "The address holds parameters that do not belong there.")

// The five names that Shopify adds to a proxied request.
const (
	proxyShop      = "shop"
	proxyCustomer  = "logged_in_customer_id"
	proxyPrefix    = "path_prefix"
	proxyTimestamp = "timestamp"
	proxySignature = "signature"
)

// proxyWindow is how old a signed address may be, and how far its clock may run
// ahead of ours.
const proxyWindow = 90 * time.Second

var (
	customerPattern  = regexp.MustCompile(`\A[0-9]{0,19}\z`)
	timestampPattern = regexp.MustCompile(`\A[0-9]{10}\z`)
	prefixPattern    = regexp.MustCompile(`\A/[a-z]{1,20}/[A-Za-z0-9_-]{1,60}\z`)
	ownPattern       = regexp.MustCompile(`\A[A-Za-z0-9_.~-]{0,128}\z`)
	ownName          = regexp.MustCompile(`\A[a-z][a-z0-9_]{0,30}\z`)
)

// ProxyRequest is what a verified app proxy request tells us. CustomerID is 0
// for a guest. PathPrefix is where the merchant hung the proxy, "/apps/afterglow";
// the caller compares it with the one it knows for the shop.
type ProxyRequest struct {
	Shop       Domain
	CustomerID int64
	PathPrefix string
	At         time.Time
	Values     map[string]string // our own parameters
}

// ProxyVerifier checks requests that come through Shopify's app proxy.
//
// Shopify signs the parameters run together without separators, so the bytes
// "a=1b=2" may have been one parameter or two. The verifier therefore accepts
// only names it knows, each once, whose values hold no "=", and none of our own
// names ends like one of Shopify's: then there is only one way to read them.
type ProxyVerifier struct {
	secrets Secrets
	clock   clock.Clock
	own     []string
}

// NewProxyVerifier returns a verifier that lets our own parameters pass, too.
// It fails for a name that would make the signed text ambiguous.
func NewProxyVerifier(secrets Secrets, clk clock.Clock, own ...string) (*ProxyVerifier, error) {
	reserved := []string{proxyShop, proxyCustomer, proxyPrefix, proxyTimestamp, proxySignature}
	for i, name := range own {
		if !ownName.MatchString(name) {
			return nil, fmt.Errorf("proxy parameter %q: want lower-case letters, digits and _", name)
		}
		for _, r := range reserved {
			if strings.HasSuffix(name, r) || strings.HasSuffix(r, name) || strings.HasPrefix(r, name) || strings.HasPrefix(name, r) {
				return nil, fmt.Errorf("proxy parameter %q is too like Shopify's %q", name, r)
			}
		}
		for j, other := range own {
			if i != j && (strings.HasSuffix(other, name) || strings.HasPrefix(other, name)) {
				return nil, fmt.Errorf("proxy parameter %q is a part of %q", name, other)
			}
		}
	}
	return &ProxyVerifier{secrets, clk, own}, nil
}

// Verify checks the raw query of a request. It returns ErrProxyQuery for
// parameters that do not belong there, and ErrForged for a signature that does
// not fit or is too old.
func (v *ProxyVerifier) Verify(rawQuery string) (*ProxyRequest, error) {
	pairs, err := splitQuery(rawQuery)
	if err != nil {
		return nil, ErrProxyQuery.With(err)
	}
	values := make(map[string]string, len(pairs))
	for _, p := range pairs {
		if _, twice := values[p.name]; twice {
			return nil, ErrProxyQuery.With(fmt.Errorf("a parameter appears twice"))
		}
		if !v.allowed(p) {
			return nil, ErrProxyQuery.With(fmt.Errorf("a parameter is unknown or has an unexpected form"))
		}
		values[p.name] = p.value
	}
	for _, name := range []string{proxyShop, proxyCustomer, proxyPrefix, proxyTimestamp, proxySignature} {
		if _, ok := values[name]; !ok {
			return nil, ErrForged
		}
	}
	if !v.secrets.verifyHex([]byte(proxyMessage(pairs)), values[proxySignature]) {
		return nil, ErrForged
	}
	seconds, err := strconv.ParseInt(values[proxyTimestamp], 10, 64)
	if err != nil {
		return nil, ErrForged
	}
	at := time.Unix(seconds, 0).UTC()
	if age := v.clock.Now().Sub(at); age > proxyWindow || age < -proxyWindow {
		return nil, ErrForged
	}
	req := &ProxyRequest{Shop: Domain(values[proxyShop]), PathPrefix: values[proxyPrefix], At: at, Values: map[string]string{}}
	if id := values[proxyCustomer]; id != "" {
		if req.CustomerID, err = strconv.ParseInt(id, 10, 64); err != nil {
			return nil, ErrProxyQuery.With(err)
		}
	}
	for _, name := range v.own {
		if value, ok := values[name]; ok {
			req.Values[name] = value
		}
	}
	return req, nil
}

func (v *ProxyVerifier) allowed(p pair) bool {
	switch p.name {
	case proxyShop:
		// Shopify writes the domain in lower case; another form is not its.
		return domainPattern.MatchString(p.value)
	case proxyCustomer:
		return customerPattern.MatchString(p.value)
	case proxyPrefix:
		return prefixPattern.MatchString(p.value)
	case proxyTimestamp:
		return timestampPattern.MatchString(p.value)
	case proxySignature:
		return len(p.value) == 64
	}
	return slices.Contains(v.own, p.name) && ownPattern.MatchString(p.value)
}

type pair struct{ name, value string }

// splitQuery takes a raw query apart without hiding anything: net/url's map
// forgets the order and its Get hides repeated names.
func splitQuery(raw string) ([]pair, error) {
	if len(raw) > 8<<10 {
		return nil, fmt.Errorf("query is longer than 8 KiB")
	}
	var pairs []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		if len(pairs) == 64 {
			return nil, fmt.Errorf("more than 64 parameters")
		}
		name, value, _ := strings.Cut(part, "=")
		n, err := url.QueryUnescape(name)
		if err != nil {
			return nil, err
		}
		val, err := url.QueryUnescape(value)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair{n, val})
	}
	return pairs, nil
}

// proxyMessage is the text that Shopify signs: each name with its values joined
// by commas, sorted, run together.
func proxyMessage(pairs []pair) string {
	joined := map[string][]string{}
	for _, p := range pairs {
		if p.name != proxySignature {
			joined[p.name] = append(joined[p.name], p.value)
		}
	}
	parts := make([]string, 0, len(joined))
	for name, values := range joined {
		parts = append(parts, name+"="+strings.Join(values, ","))
	}
	slices.SortFunc(parts, cmp.Compare[string])
	return strings.Join(parts, "")
}
