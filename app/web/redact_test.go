package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"afterglow/app/problem"
	"afterglow/app/shopify"
)

// canaries are values that must not reach a log, by what they are.
var canaries = map[string]string{
	"access token":  "shpat_0123456789abcdefcanary",
	"refresh token": "shprt_0123456789abcdefcanary",
	"client secret": "shpss_0123456789abcdefcanary",
	"session token": "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL3gifQ.canarycanary",
	"e-mail":        "canary.person+x@example.com",
	"e-mail idn":    "canarÿ@exämple.com",
	"phone":         "+49 170 1234567",
	"link":          "/l/o/AQKcanaryCanaryCanaryCanary12345",
	"password":      "smtp://user:canarypw@mail.example.com",
	"query":         "/auth/callback?code=canarycode&state=x",
	"hmac":          "hmac=canary0123456789",
	"bearer":        "Bearer canary-token-value",
}

func TestLogMasksWhatItIsGiven(t *testing.T) {
	b := &lockedBuffer{}
	log := slog.New(Redact(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug})))
	for what, v := range canaries {
		log.Info("message with " + v)
		log.Info("x", "detail", v)
		log.Info("x", "error", fmt.Errorf("wrapped: %w", errors.New("cause "+v)))
		log.Info("x", "any", struct{ V string }{v})
		log.Info("x", "list", []string{"a", v})
		log.Info("x", "map", map[string]string{"k": v})
		log.Info("x", slog.Group("g", "inner", v, slog.Group("h", "deep", v)))
		log.With("with", v).WithGroup("grp").Info("x", "y", v)
		log.Info("x", "value", hidden{v})
		log.Info("x", "lazy", lazy{v})
		core := strings.TrimPrefix(v, "smtp://")
		if out := b.String(); strings.Contains(out, core) || strings.Contains(out, "canary") {
			t.Errorf("%s is in the log: %s", what, firstLineWith(out, "canary", core))
			*b = lockedBuffer{}
			log = slog.New(Redact(slog.NewJSONHandler(b, nil)))
		}
	}
	for _, key := range []string{"token", "access_token", "client_secret", "password", "Authorization", "cookie", "hmac", "email", "customer_email", "phone", "shipping_address", "first_name", "recipient", "subject", "body", "api_key", "credential"} {
		log.Info("x", key, "Canary Plain")
	}
	if out := b.String(); strings.Contains(out, "Canary Plain") {
		t.Errorf("an attribute told by its name: %s", firstLineWith(out, "Canary"))
	}
}

func TestLogKeepsWhatItNeeds(t *testing.T) {
	b := &lockedBuffer{}
	log := slog.New(Redact(slog.NewTextHandler(b, nil)))
	log.Info("request", "route", "/api/v1/orders/:id", "status", 200, "ms", 1.5, "shop", "980190962", "request_id", "req_0199f3c2-1111-7000-8000-000000000000",
		"code", "shopify.session", "order", "ord_0199f3c2-1111-7000-8000-000000000000", "error", shopify.ErrSession.With(errors.New("token has expired")), "addr", "127.0.0.1:8080",
		"at", testNow, "ok", true, "problem", problem.Unclassified)
	out := b.String()
	for _, want := range []string{"route=/api/v1/orders/:id", "status=200", "ms=1.5", "shop=980190962", "req_0199f3c2-1111-7000-8000-000000000000", "code=shopify.session", "ord_0199f3c2", "Your session has ended", "token has expired", "127.0.0.1:8080", "ok=true", "2026-11-21T12:00:00"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in %s", want, out)
		}
	}
	if !log.Enabled(context.Background(), slog.LevelInfo) || log.Enabled(context.Background(), slog.LevelDebug) {
		t.Error("levels are lost")
	}
}

type hidden struct{ v string }

func (h hidden) String() string { return h.v }

type lazy struct{ v string }

func (l lazy) LogValue() slog.Value { return slog.StringValue(l.v) }

func firstLineWith(text string, parts ...string) string {
	for line := range strings.SplitSeq(text, "\n") {
		for _, p := range parts {
			if strings.Contains(line, p) {
				return line
			}
		}
	}
	return ""
}

// TestRequestsLeaveNoTraceInLogOrMetrics sends canaries in every part of a
// request, through every kind of route and error.
func TestRequestsLeaveNoTraceInLogOrMetrics(t *testing.T) {
	h := newHouse(t)
	h.embed(t, func(d *Document) {
		d.Open = func(_ context.Context, _ shopify.Claims, token string) error {
			return errors.New("could not use " + token + " of canary@example.com")
		}
	})
	g := h.Group("/api/v1", Session)
	g.POST("/echo/:id", func(c *Ctx) error {
		var v struct{ A string }
		if err := c.Bind(&v); err != nil {
			return err
		}
		return fmt.Errorf("cannot mail canary@example.com with shpat_canary123456")
	})
	g.GET("/panic", func(c *Ctx) error { panic("canary@example.com " + c.GetHeader("Authorization")) })
	h.Group("/l", Linking, Kind("order"), Pages()).GET("/o/:token", plainOK)
	h.Group("/proxy", Proxy).GET("/x", plainOK)
	token := "good:one.myshopify.com"
	query := "?code=canary&state=canary&hmac=canary&shop=one.myshopify.com&email=canary@example.com&id_token=" + token
	for _, target := range []string{"/", "/orders/canary", "/auth", "/auth/callback", "/auth/bounce", "/auth/exit", "/api/v1/echo/canary", "/api/v1/panic", "/l/o/canaryCanaryCanaryCanaryCanary", "/proxy/x", "/canary/none"} {
		for _, method := range []string{"GET", "POST", "CANARY"} {
			for _, body := range []string{`{"A":"canary"}`, `{"canary":"x"}`, "canary"} {
				h.do(method, target+query, body, "Authorization", "Bearer "+token, "Content-Type", "application/json", "X-Canary", "canary", "Cookie", "canary=canary",
					"User-Agent", "canary", "Referer", "https://x/canary", "X-Request-Id", "canary", "X-Forwarded-For", "canary")
			}
		}
	}
	w, r := record("GET", "/metrics")
	h.metrics.Handler().ServeHTTP(w, r)
	for where, text := range map[string]string{"log": h.log.String(), "metrics": w.Body.String()} {
		if line := firstLineWith(strings.ToLower(text), "canary", "good:one"); line != "" {
			t.Errorf("a canary is in the %s: %s", where, line)
		}
	}
	if !strings.Contains(h.log.String(), `"route":"/api/v1/echo/:id"`) || !strings.Contains(h.log.String(), `"status":500`) {
		t.Error("the log says nothing at all")
	}
}
