package shopify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/shopify"
	"afterglow/app/shopsim"
)

// simulated is our side and Shopify's, the second one played by the simulation.
type simulated struct {
	sim    *shopsim.Sim
	app    *shopify.App
	api    *shopify.API
	clock  *clock.Fixed
	server *httptest.Server
}

func simulate(t *testing.T) *simulated {
	t.Helper()
	s := &simulated{clock: clock.NewFixed(time.Now())}
	var handler http.Handler
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(s.server.Close)
	var err error
	s.sim, err = shopsim.New(shopsim.Config{URL: s.server.URL, AppURL: "https://app.example.com", APIKey: "key-1", APISecret: "secret-1", Now: s.clock.Now, SeedOrders: -1,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.sim.Close() })
	handler = s.sim.Handler()
	secrets, err := shopify.NewSecrets("secret-1", "")
	if err != nil {
		t.Fatal(err)
	}
	s.app, err = shopify.NewApp(shopify.Config{APIKey: "key-1", Secrets: secrets, URL: "https://app.example.com", Clock: s.clock, SimURL: s.server.URL,
		Scopes: []string{"write_orders", "write_customers", "read_products", "write_fulfillments", "write_returns"}})
	if err != nil {
		t.Fatal(err)
	}
	s.api = shopify.NewAPI(s.app, nil, slog.New(slog.DiscardHandler), shopify.Hooks{})
	return s
}

// post calls the simulation's own API.
func (s *simulated) post(t *testing.T, path string, body, out any) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(s.server.URL+path, "application/json", bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		why, _ := io.ReadAll(resp.Body)
		t.Fatalf("POST %s: %d %s", path, resp.StatusCode, why)
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		t.Fatal(err)
	}
}

// TestConversationWithTheSimulation runs the whole conversation: session token,
// exchange, shop, installation, an order with everything, the list of changes,
// the customer, a refresh.
func TestConversationWithTheSimulation(t *testing.T) {
	s := simulate(t)
	ctx := context.Background()
	shop := s.sim.Shop(s.sim.ShopDomain())
	if err := s.sim.SetInstalled(shop.ID, true, s.app.Scopes); err != nil {
		t.Fatal(err)
	}
	domain, err := shopify.ParseDomain(shop.Domain)
	if err != nil {
		t.Fatal(err)
	}
	verifier := shopify.NewSessionVerifier("key-1", s.app.Secrets, s.clock)
	token := s.sim.SessionToken(shop)
	claims, err := verifier.Verify(token)
	if err != nil || claims.Shop != domain || claims.UserID == "" {
		t.Fatalf("claims %+v, %v", claims, err)
	}
	tokens, err := s.app.ExchangeSession(ctx, domain, token)
	if err != nil || tokens.Refresh == "" || tokens.Expires.IsZero() || len(shopify.MissingScopes(tokens.Scopes, s.app.Scopes)) > 0 {
		t.Fatalf("exchange: %v, scopes %v", err, tokens.Scopes)
	}
	c := s.api.ClientWith(domain, tokens.Access)
	info, err := c.Shop(ctx)
	if err != nil || ids.Shop(info.ID) != ids.Shop(shop.ID) || info.Domain != shop.Domain || info.Currency != shop.Currency || info.Timezone != shop.Timezone {
		t.Fatalf("shop %+v, %v", info, err)
	}
	installation, err := c.CurrentInstallation(ctx)
	if err != nil || len(shopify.MissingScopes(installation.Scopes, s.app.Scopes)) > 0 {
		t.Fatalf("installation %+v, %v", installation, err)
	}
	before := s.clock.Now()
	s.clock.Advance(time.Second)
	var placed struct {
		Order struct {
			ID   json.Number `json:"id"`
			Name string      `json:"name"`
		} `json:"order"`
	}
	s.post(t, "/sim/api/orders", map[string]any{"locale": "fa", "customer": map[string]any{"email": "ana@example.com", "first_name": "Ana", "last_name": "B", "locale": "fa"},
		"discount": map[string]any{"type": "percentage", "value": "10", "code": "TEN"}}, &placed)
	id, err := placed.Order.ID.Int64()
	if err != nil {
		t.Fatal(err)
	}
	o, err := c.Order(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if int64(o.ID) != id || o.Name != placed.Order.Name || o.Customer == nil || o.Customer.Email != "ana@example.com" || len(o.Lines) == 0 || len(o.Transactions) == 0 || o.Total.Shop.Minor <= 0 ||
		len(o.Applications) != 1 || o.Applications[0].Code != "TEN" || o.Shipping == nil || len(o.Denied) > 0 {
		t.Errorf("order %+v", o)
	}
	refs, next, err := c.OrdersUpdatedSince(ctx, before, "")
	if err != nil || len(refs) != 1 || int64(refs[0].ID) != id || next != "" {
		t.Errorf("changes %+v, %q, %v", refs, next, err)
	}
	who, err := c.Customer(ctx, int64(o.Customer.ID))
	if err != nil || who.Email != "ana@example.com" || who.FirstName != "Ana" {
		t.Errorf("customer %+v, %v", who, err)
	}
	if _, err := c.Order(ctx, 1); !errors.Is(err, shopify.ErrOrderMissing) {
		t.Errorf("an order that does not exist: %v", err)
	}
	fresh, err := s.app.Refresh(ctx, domain, tokens.Refresh)
	if err != nil || fresh.Access == tokens.Access {
		t.Fatalf("refresh: %v", err)
	}
	if _, err := s.api.ClientWith(domain, fresh.Access).Shop(ctx); err != nil {
		t.Errorf("with the new token: %v", err)
	}
	if _, err := s.app.Refresh(ctx, domain, tokens.Refresh); !errors.Is(err, shopify.ErrInvalidGrant) {
		t.Errorf("the old refresh token after the new pair was used: %v", err)
	}
	s.clock.Advance(2 * time.Hour)
	if _, err := s.api.ClientWith(domain, fresh.Access).Shop(ctx); !errors.Is(err, shopify.ErrNeedsReauth) {
		t.Errorf("an expired token: %v", err)
	}
	if _, err := s.app.ExchangeSession(ctx, domain, token); !errors.Is(err, shopify.ErrInvalidSubjectToken) {
		t.Errorf("yesterday's session token: %v", err)
	}
}

// TestAddressesLeadToTheSimulation keeps the browser on the simulation's origin.
func TestAddressesLeadToTheSimulation(t *testing.T) {
	s := simulate(t)
	domain := shopify.Domain(s.sim.ShopDomain())
	authorize, err := s.app.AuthorizeURL(domain, "st8")
	if err != nil {
		t.Fatal(err)
	}
	install, err := s.app.InstallURL(domain)
	if err != nil {
		t.Fatal(err)
	}
	home, err := s.app.HomeURL(domain, "/orders")
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{authorize, install, home} {
		u, err := url.Parse(address)
		if err != nil || "http://"+u.Host != s.server.URL {
			t.Errorf("%s leaves the simulation", address)
		}
	}
	if got := fmt.Sprint(s.app.FrameAncestors(domain)); got != fmt.Sprintf("[https://%s https://admin.shopify.com %s]", domain, s.server.URL) {
		t.Errorf("ancestors %s", got)
	}
}
