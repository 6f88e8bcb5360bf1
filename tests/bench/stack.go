package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"afterglow/app/shopsim"
)

// stack is Afterglow as in production, on PostgreSQL, Redis and SMTP, with one
// installed shop. Only Shopify is simulated, and that sends nothing by itself: the
// load comes from here.
type stack struct {
	addr, shop, database string
	env                  []string
	web, worker          *process
	sink                 *sink
	shopify              *shopsim.Sim
	sim                  *http.Server
}

const (
	apiKey    = "bench00000000000000000000000000key"
	apiSecret = "bench-secret-bench-secret-bench-0"
)

// newStack migrates an empty database, starts `serve` and installs the app.
func newStack(ctx context.Context, b *bench) (*stack, error) { return newStackWith(ctx, b, -1) }

// newStackWith gives the shop orders of old.
func newStackWith(ctx context.Context, b *bench, seeded int) (_ *stack, err error) {
	s := &stack{shop: shopsim.DefaultShop}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.database, err = freshDatabase(ctx, b.postgres, "afterglow_bench"); err != nil {
		return nil, err
	}
	if s.sink, err = newSink(); err != nil {
		return nil, err
	}
	if s.addr, err = freeAddr(); err != nil {
		return nil, err
	}
	simAddr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	sim, err := shopsim.New(shopsim.Config{URL: "http://" + simAddr, AppURL: "http://" + s.addr, APIKey: apiKey, APISecret: apiSecret, Topics: []string{}, SeedOrders: seeded})
	if err != nil {
		return nil, err
	}
	s.shopify = sim
	s.sim = &http.Server{Addr: simAddr, Handler: sim.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go s.sim.ListenAndServe()

	s.env = []string{
		"APP_ENV=development", "SHOPIFY_SIM_URL=http://" + simAddr,
		"SHOPIFY_API_KEY=" + apiKey, "SHOPIFY_API_SECRET=" + apiSecret,
		"APP_URL=http://" + s.addr, "LISTEN_ADDR=" + s.addr, "METRICS_ADDR=",
		"DATABASE_URL=" + s.database, "REDIS_URL=" + b.redis,
		"MAIL_URL=smtp://" + s.sink.addr(), "MAIL_FROM=orders@afterglow.example",
		"ENCRYPTION_KEYS=b1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
		"LOG_LEVEL=warn", "DATA_DIR=" + b.workdir,
	}
	migrate := exec.CommandContext(ctx, b.binary, "migrate", "up")
	migrate.Env = append(os.Environ(), s.env...)
	if out, err := migrate.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("migrate: %w: %s", err, out)
	}
	if s.web, err = b.start("serve", s.env, b.binary, "serve"); err != nil {
		return nil, err
	}
	if err = s.web.ready(ctx, "http://"+s.addr+"/readyz"); err != nil {
		return nil, err
	}
	if err = s.install(ctx, "http://"+simAddr); err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	return s, nil
}

func (s *stack) close() {
	for _, p := range []*process{s.worker, s.web} {
		if p != nil {
			p.stop()
		}
	}
	if s.sink != nil {
		s.sink.close()
	}
	if s.sim != nil {
		s.sim.Close()
	}
}

// work starts the workers.
func (s *stack) work(b *bench) (err error) {
	s.worker, err = b.start("work", s.env, b.binary, "work")
	return err
}

var frameSource = regexp.MustCompile(`<iframe[^>]*\bsrc="([^"]+)"`)

// install opens the app in the simulated admin, as a merchant would: the first page
// load brings a session token, which the app exchanges.
func (s *stack) install(ctx context.Context, sim string) error {
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	page, err := fetch(ctx, client, sim+"/admin/apps/"+shopsim.AppHandle)
	if err != nil {
		return err
	}
	m := frameSource.FindStringSubmatch(page)
	if m == nil {
		return fmt.Errorf("the simulated admin frames nothing")
	}
	_, err = fetch(ctx, client, html.UnescapeString(m[1]))
	return err
}

func fetch(ctx context.Context, client *http.Client, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept", "text/html")
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %d: %.200s", req.URL.Path, resp.StatusCode, body)
	}
	return string(body), err
}

// ask calls the admin API as the merchant and reads the answer.
func (s *stack) ask(ctx context.Context, method, path, body string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.addr+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.shopify.SessionToken(s.shopify.Shop(s.shop)))
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s answered %d: %.200s", path, resp.StatusCode, answer)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, into)
}

// addresses is what `afterglow demo` writes for whoever drives it.
type addresses struct {
	AppURL     string `json:"app_url"`
	SimURL     string `json:"sim_url"`
	MailboxURL string `json:"mailbox_url"`
	Shop       string `json:"shop"`
	APISecret  string `json:"api_secret"`
}

func readAddresses(dir string) (addresses, error) {
	var a addresses
	raw, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(raw, &a)
}

func (s *stack) target() target { return target{s.addr, s.shop, apiSecret} }
