package boot

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/migrations"
)

// production is a house on an empty PostgreSQL whose Redis is away.
func production(t *testing.T, migrate bool, more map[string]string) *House {
	t.Helper()
	ctx := context.Background()
	address := storetest.Postgres(t)
	environment := map[string]string{"SHOPIFY_API_KEY": "key", "SHOPIFY_API_SECRET": "secret", "APP_URL": "https://app.example.com", "MAIL_FROM": "shop@example.com",
		"MAIL_URL": "smtp://127.0.0.1:1", "ENCRYPTION_KEYS": shopify.NewKey("k1"), "DATABASE_URL": address, "REDIS_URL": "redis://127.0.0.1:1", "LISTEN_ADDR": "127.0.0.1:0"}
	for k, v := range more {
		environment[k] = v
	}
	c, err := Load(func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	if migrate {
		db, err := store.Open(ctx, store.Config{URL: address})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.Migrate(ctx, migrations.Files, nil); err != nil {
			t.Fatal(err)
		}
	}
	h, err := Open(ctx, c, clock.System{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// R6: intake works without Redis, so a load balancer must keep sending.
func TestServeIsReadyWithoutRedis(t *testing.T) {
	h := production(t, true, nil)
	w := httptest.NewRecorder()
	h.Engine.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The tenancy guard knows the tables that were there when the program started.
func TestServeNeedsItsSchema(t *testing.T) {
	h := production(t, false, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := h.Serve(ctx, nil); err == nil || !strings.Contains(err.Error(), "migrate up") {
		t.Errorf("served without tables: %v", err)
	}
}

func TestWorkEndsWhenItsMetricsAddressIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h := production(t, true, map[string]string{"METRICS_ADDR": l.Addr().String()})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := h.Work(ctx); err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "METRICS_ADDR") {
		t.Errorf("%v, ended by itself: %v", err, ctx.Err() == nil)
	}
}
