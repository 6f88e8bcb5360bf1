package boot

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"

	"afterglow/app/clock"
	"afterglow/app/mail"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/migrations"
)

// Doctor checks one thing after the other and says for each what is right or
// wrong. Its error counts what is wrong.
func Doctor(ctx context.Context, c Config, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	sick := 0
	examine := func(what string, check func() (string, error)) {
		finding, err := check()
		if err != nil {
			sick++
			fmt.Fprintf(out, "  wrong  %-14s %v\n", what, err)
			return
		}
		fmt.Fprintf(out, "  ok     %-14s %s\n", what, finding)
	}
	examine("environment", func() (string, error) {
		if c.Development {
			return "complete (development)", nil
		}
		return "complete", nil
	})
	examine("database", func() (string, error) { return examineDatabase(ctx, c) })
	examine("keys", func() (string, error) { return examineKeys(ctx, c) })
	examine("redis", func() (string, error) { return examineRedis(ctx, c) })
	examine("mail", func() (string, error) { return examineMail(ctx, c) })
	examine("outbound", func() (string, error) { return examineOutbound(c) })
	examine("shopify", func() (string, error) { return examineShopify(ctx, c) })
	if c.Embedded() {
		examine("data folder", func() (string, error) { return examineFolder(c.DataDir) })
	}
	if sick > 0 {
		return fmt.Errorf("%d of the checks above failed", sick)
	}
	return nil
}

func examineDatabase(ctx context.Context, c Config) (string, error) {
	db, err := store.Open(ctx, store.Config{URL: c.databaseURL(), Clock: clock.System{}})
	if err != nil {
		return "", err
	}
	defer db.Close()
	if c.Embedded() {
		return "embedded SQLite", nil
	}
	steps, err := db.Migrations(ctx, migrations.Files)
	if err != nil {
		return "", err
	}
	pending := 0
	for _, s := range steps {
		if !s.Applied {
			pending++
		}
	}
	if pending > 0 {
		return "", fmt.Errorf("%d of %d migrations are pending: run `afterglow migrate up`", pending, len(steps))
	}
	return fmt.Sprintf("PostgreSQL, %d migrations applied", len(steps)), nil
}

// examineKeys tells whether an older key can be dropped.
func examineKeys(ctx context.Context, c Config) (string, error) {
	db, err := OpenDatabase(ctx, c)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if pending, err := pendingMigrations(ctx, db); err != nil || pending > 0 {
		return "not looked at before the migrations", err
	}
	k, err := shops.KeyStates(ctx, db, c.Keys)
	switch {
	case err != nil:
		return "", err
	case k.Locked > 0:
		return "", fmt.Errorf("ENCRYPTION_KEYS opens the tokens of all but %d of %d shops: put the missing key back, or those merchants have to open the app", k.Locked, k.All)
	case k.Stale > 0:
		return fmt.Sprintf("%d of %d shops are still under an older key; starting a worker encrypts them anew", k.Stale, k.All), nil
	}
	return fmt.Sprintf("the first key encrypts all %d shops", k.All), nil
}

func pendingMigrations(ctx context.Context, db *store.DB) (pending int, err error) {
	steps, err := db.Migrations(ctx, migrations.Files)
	for _, s := range steps {
		if !s.Applied {
			pending++
		}
	}
	return pending, err
}

func examineRedis(ctx context.Context, c Config) (string, error) {
	if c.Embedded() {
		return "in this process", nil
	}
	opt, err := redisOptions(c.RedisURL)
	if err != nil {
		return "", err
	}
	client, ok := opt.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		return "", fmt.Errorf("REDIS_URL: unknown kind of connection")
	}
	defer client.Close()
	if err := client.Ping(ctx).Err(); err != nil {
		return "", fmt.Errorf("REDIS_URL: %w", err)
	}
	policy, err := client.ConfigGet(ctx, "maxmemory-policy").Result()
	if err == nil && policy["maxmemory-policy"] != "noeviction" {
		return "", fmt.Errorf("maxmemory-policy is %q; set it to noeviction, or jobs are delayed whenever Redis throws them out", policy["maxmemory-policy"])
	}
	return "answers", nil
}

func examineMail(ctx context.Context, c Config) (string, error) {
	if c.MailURL == "" {
		return "built-in mailbox: nothing leaves this machine", nil
	}
	out, err := mail.NewSMTP(c.MailURL, mail.SMTPOptions{})
	if err != nil {
		return "", fmt.Errorf("MAIL_URL: %w", err)
	}
	defer out.Close()
	if err := out.Ping(ctx); err != nil {
		return "", fmt.Errorf("MAIL_URL: %w", err)
	}
	return "the mail server greets us", nil
}

// examineOutbound says which inner networks a merchant's mail server may be in.
func examineOutbound(c Config) (string, error) {
	if len(c.OutboundAllow) == 0 {
		return "merchants' mail servers must be public", nil
	}
	for _, n := range c.OutboundAllow {
		if n.Bits() < 8 {
			return "", fmt.Errorf("OUTBOUND_ALLOW: %s is nearly everything; name the mail server alone", n)
		}
	}
	return fmt.Sprintf("merchants' mail servers may also be in %v", c.OutboundAllow), nil
}

// examineShopify asks for a token with a code that cannot be right: the answer
// tells whether Shopify, or the simulation, knows the app.
func examineShopify(ctx context.Context, c Config) (string, error) {
	address := "https://accounts.shopify.com/"
	if c.SimURL != "" {
		address = c.SimURL
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return "", err
	}
	resp, err := (&http.Client{Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		return "", fmt.Errorf("cannot be reached: %w", err.(*url.Error).Err)
	}
	resp.Body.Close()
	if c.SimURL != "" {
		return "the simulation answers; Admin API " + shopify.APIVersion, nil
	}
	return "can be reached; Admin API " + shopify.APIVersion, nil
}

func examineFolder(dir string) (string, error) {
	probe := filepath.Join(dir, ".doctor")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("DATA_DIR: %w", err)
	}
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		return "", fmt.Errorf("DATA_DIR: %w", err)
	}
	return dir, os.Remove(probe)
}

// Ready asks a running process whether it can do its work; a container's health
// check runs it.
func Ready(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("-ready: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", resp.Status)
	}
	return nil
}
