package shopify

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	goshopify "github.com/bold-commerce/go-shopify/v4"

	"afterglow/app/clock"
)

// APIVersion is the version of the Admin API that every document in graphql/ was
// validated against.
const APIVersion = "2026-10"

// Config is what the app knows about itself at Shopify.
type Config struct {
	APIKey  string
	Secrets Secrets
	URL     string   // APP_URL, where the app is reached, without a slash at the end
	Scopes  []string // the scopes we need
	SimURL  string   // SHOPIFY_SIM_URL; empty: the real Shopify
	Clock   clock.Clock
	// Backoff is the pause before a document is sent again that failed so often;
	// nil is a quarter of a second, doubling.
	Backoff func(failed int) time.Duration
}

// App is who we are at Shopify. It is safe for use by many goroutines.
type App struct {
	Config
	sim       *url.URL
	transport http.RoundTripper
	storage   *http.Client
	library   goshopify.App
	states    *usedStates
}

var versionPattern = regexp.MustCompile(`\A20[0-9]{2}-(01|04|07|10)\z`)

// NewApp checks the configuration. Its errors name what is wrong.
func NewApp(c Config) (*App, error) {
	if !versionPattern.MatchString(APIVersion) {
		// A malformed version would silently send us to the unversioned path.
		return nil, fmt.Errorf("API version %q is not of the form 2026-10", APIVersion)
	}
	if c.APIKey == "" || len(c.Secrets.current) == 0 || c.Clock == nil {
		return nil, errors.New("the app needs a key, a secret and a clock")
	}
	home, err := url.Parse(c.URL)
	if err != nil || home.Host == "" || (home.Scheme != "https" && home.Scheme != "http") ||
		home.RawQuery != "" || home.Fragment != "" || home.User != nil {
		return nil, fmt.Errorf("APP_URL %q is not an address such as https://app.example.com", c.URL)
	}
	c.URL = strings.TrimRight(c.URL, "/")
	if c.Backoff == nil {
		c.Backoff = backoff
	}
	a := &App{Config: c, states: newUsedStates()}
	if c.SimURL != "" {
		if a.sim, err = parseSimURL(c.SimURL); err != nil {
			return nil, err
		}
	}
	a.transport = newTransport(a.sim)
	a.storage = newStorage(a.sim)
	a.library = goshopify.App{
		ApiKey: c.APIKey, RedirectUrl: c.URL + CallbackPath, Scope: strings.Join(c.Scopes, ","),
		// ApiSecret stays out: nothing of the library's that we call needs it.
	}
	return a, nil
}

func parseSimURL(s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(s, "/"))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("SHOPIFY_SIM_URL %q is not an origin such as http://127.0.0.1:8081", s)
	}
	return u, nil
}

// Simulated tells whether the app talks to a simulation.
func (a *App) Simulated() bool { return a.sim != nil }

// FrameAncestors lists the origins that may frame a page of this shop: the shop
// and the admin, and the simulation's admin when there is one.
func (a *App) FrameAncestors(shop Domain) []string {
	if !shop.valid() {
		return []string{"'none'"}
	}
	origins := []string{shop.Origin(), "https://admin.shopify.com"}
	if a.sim != nil {
		origins = append(origins, a.sim.String())
	}
	return origins
}

// EmbeddedURL is the address at which Shopify's admin frames the app, for a
// visitor who came outside of it. It returns ErrBadHost.
func (a *App) EmbeddedURL(hostParam, path string) (string, error) {
	if a.sim != nil {
		return a.sim.String() + "/admin/apps/afterglow" + cleanPath(path), nil
	}
	host, err := DecodeHost(hostParam)
	if err != nil {
		return "", err
	}
	return "https://" + host + "/apps/" + url.PathEscape(a.APIKey) + cleanPath(path), nil
}

// HomeURL is the same for a shop whose host parameter we do not have.
func (a *App) HomeURL(shop Domain, path string) (string, error) {
	if !shop.valid() {
		return "", ErrBadDomain
	}
	if a.sim != nil {
		return a.sim.String() + "/admin/apps/afterglow" + cleanPath(path), nil
	}
	return "https://admin.shopify.com/store/" + shop.Name() + "/apps/" + url.PathEscape(a.APIKey) + cleanPath(path), nil
}

// InstallURL is where the merchant grants the app's scopes under managed
// installation, again after we asked for more.
func (a *App) InstallURL(shop Domain) (string, error) {
	if !shop.valid() {
		return "", ErrBadDomain
	}
	q := url.Values{"client_id": {a.APIKey}, "scope": {strings.Join(a.Scopes, ",")}}
	return a.browse(shop, "/admin/oauth/install", q), nil
}

// browse builds an address of the shop for the merchant's browser. The
// simulation has one origin for all shops, so it is told the shop.
func (a *App) browse(shop Domain, path string, q url.Values) string {
	if a.sim != nil {
		q.Set("shop", string(shop))
		return a.sim.String() + path + "?" + q.Encode()
	}
	return shop.Origin() + path + "?" + q.Encode()
}

// MayLeaveTo tells whether a page of this shop may send the whole window to the
// address: our own, the shop's admin, or Shopify's admin of that shop.
func (a *App) MayLeaveTo(shop Domain, target string) bool {
	if len(target) > 2048 || strings.ContainsAny(target, "\\\t\r\n ") {
		return false
	}
	u, err := url.Parse(target)
	if err != nil || u.User != nil || u.Opaque != "" || strings.Contains(u.Path, "..") {
		return false
	}
	origin := u.Scheme + "://" + u.Host
	switch {
	case origin == originOf(a.URL):
		return u.Path == AuthPath
	case !shop.valid():
		return false
	case a.sim != nil && origin == a.sim.String():
		return strings.HasPrefix(u.Path, "/admin/")
	case origin == shop.Origin():
		return strings.HasPrefix(u.Path, "/admin/")
	case origin == "https://admin.shopify.com":
		return strings.HasPrefix(u.Path, "/store/"+shop.Name()+"/")
	}
	return false
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// cleanPath keeps a path of ours that is safe to append to an address, or drops it.
func cleanPath(p string) string {
	if p == "" || p == "/" {
		return ""
	}
	if !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.Contains(p, "..") || strings.ContainsAny(p, "\\?#\r\n\t ") {
		return ""
	}
	return (&url.URL{Path: p}).EscapedPath()
}

// MissingScopes lists the wanted scopes that were not granted. A write scope
// includes the read scope of the same thing.
func MissingScopes(granted, wanted []string) []string {
	var missing []string
	for _, w := range wanted {
		if slices.Contains(granted, w) {
			continue
		}
		if thing, ok := strings.CutPrefix(w, "read_"); ok && slices.Contains(granted, "write_"+thing) {
			continue
		}
		missing = append(missing, w)
	}
	return missing
}

// SplitScopes reads a comma list of scopes.
func SplitScopes(s string) []string {
	var scopes []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			scopes = append(scopes, part)
		}
	}
	return scopes
}
