package boot

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"afterglow/app/changes"
	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/shopify"
	"afterglow/app/shopsim"
	"afterglow/app/web"
)

// demoPoints is what the Admin API of a Plus shop restores each second: the
// seeded history is read while somebody is looking for the mailbox.
const demoPoints = 1000

// Demo runs the app and a simulated Shopify in one process: a shop to try
// everything in, which needs no server, no account and no network.
func Demo(ctx context.Context, args []string, out, errOut io.Writer) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(errOut)
	var d demo
	flags.StringVar(&d.dir, "data", "data/demo", "folder that keeps the demo between runs")
	flags.StringVar(&d.listen, "listen", "127.0.0.1:8080", "address of the app")
	flags.StringVar(&d.simListen, "sim-listen", "127.0.0.1:8081", "address of the simulated Shopify")
	reset := flags.Bool("reset", false, "begin with a fresh shop")
	empty := flags.Bool("empty", false, "begin a fresh shop without the two weeks of orders and parcels that are played first")
	verbose := flags.Bool("verbose", false, "log everything")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("demo takes no arguments besides its flags, but got %q", flags.Arg(0))
	}
	d.story = !*empty
	d.level = slog.LevelWarn
	if *verbose {
		d.level = slog.LevelDebug
	}
	if *reset {
		if err := removeDemo(d.dir); err != nil {
			return err
		}
	}
	return d.run(ctx, out)
}

// demo is one run of the demo.
type demo struct {
	dir, listen, simListen string
	level                  slog.Level
	story                  bool // play one in a fresh shop
	identity               identity
	clock                  *clock.Offset
	open                   chan struct{} // closed when people may come in
}

// identity is what the simulated Shopify and the app must agree on across runs.
type identity struct {
	APIKey    string        `json:"api_key"`
	APISecret string        `json:"api_secret"`
	Keys      string        `json:"encryption_keys"`
	Ahead     time.Duration `json:"clock_ahead"`
}

func (d *demo) run(ctx context.Context, out io.Writer) (err error) {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return fmt.Errorf("-data: %w", err)
	}
	if err := d.readIdentity(); err != nil {
		return err
	}
	if d.listen, err = concrete(d.listen); err != nil {
		return fmt.Errorf("-listen: %w", err)
	}
	if d.simListen, err = concrete(d.simListen); err != nil {
		return fmt.Errorf("-sim-listen: %w", err)
	}
	c, err := Load(d.environment)
	if err != nil {
		return err
	}
	c.LogLevel = d.level
	log := Logger(c)
	h, err := Open(ctx, c, d.clock, log)
	if err != nil {
		return err
	}
	defer h.Close()
	sim, err := shopsim.New(shopsim.Config{
		Dir: filepath.Join(d.dir, "shopify"), URL: "http://" + d.simListen, AppURL: "http://" + d.listen,
		APIKey: d.identity.APIKey, APISecret: d.identity.APISecret, Topics: h.Inbox.Topics(), Scopes: Scopes, OptionalScopes: OptionalScopes, Log: log, PointsPerSecond: demoPoints,
		Now: d.clock.Now, Advance: func(by time.Duration) error { return d.advance(by, h) },
	})
	if err != nil {
		return err
	}
	defer sim.Close()
	return d.live(ctx, h, sim, out, log)
}

// live serves both sides until ctx ends.
func (d *demo) live(ctx context.Context, h *House, sim *shopsim.Sim, out io.Writer, log *slog.Logger) error {
	d.open = make(chan struct{})
	simServer, err := web.Listen(d.simListen, d.door(sim.Handler()), log)
	if err != nil {
		return fmt.Errorf("-sim-listen: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return simServer.Run(ctx) })
	group.Go(func() error { return ignoreEnd(sim.Run(ctx)) })
	ready := make(chan struct{})
	group.Go(func() error { return h.Serve(ctx, func(string) { close(ready) }) })
	group.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-ready:
		}
		if err := d.install(ctx, h, sim); err != nil {
			return fmt.Errorf("install the app in the simulated shop: %w", err)
		}
		if err := d.play(ctx, h, sim, out); err != nil {
			return err
		}
		close(d.open)
		if err := d.announce(sim, out); err != nil {
			return err
		}
		return showImport(ctx, h, ids.Shop(sim.Shop(sim.ShopDomain()).ID), out)
	})
	return group.Wait()
}

// door lets the app in at once, and people when the shop's story is over: what they
// did in the middle of it would be days old a moment later.
func (d *demo) door(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.ContainsFunc([]string{"/admin/api/", "/admin/oauth/", "/sim/files/", "/sim/cdn/"}, func(prefix string) bool { return strings.HasPrefix(r.URL.Path, prefix) }) {
			select {
			case <-d.open:
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func ignoreEnd(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// install does what a merchant's first visit does, so that the demo can be used
// by HTTP alone. It happens once: an uninstalled demo stays uninstalled.
func (d *demo) install(ctx context.Context, h *House, sim *shopsim.Sim) error {
	done := filepath.Join(d.dir, "installed")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	shop := sim.Shop(sim.ShopDomain())
	scopes := slices.Concat(Scopes, changes.Scopes)
	if d.story {
		scopes = slices.Concat(Scopes, OptionalScopes)
	}
	if err := sim.SetInstalled(shop.ID, true, scopes); err != nil {
		return err
	}
	domain, err := shopify.ParseDomain(shop.Domain)
	if err != nil {
		return err
	}
	if _, err := h.Shops.Open(ctx, domain, sim.SessionToken(shop)); err != nil {
		return err
	}
	return os.WriteFile(done, nil, 0o600)
}

// announce prints where everything is, and writes the same for programs.
func (d *demo) announce(sim *shopsim.Sim, out io.Writer) error {
	app, store := "http://"+d.listen, "http://"+d.simListen
	addresses := struct {
		AppURL        string `json:"app_url"`
		SimURL        string `json:"sim_url"`
		AdminURL      string `json:"admin_url"`
		StorefrontURL string `json:"storefront_url"`
		MailboxURL    string `json:"mailbox_url"`
		Shop          string `json:"shop"`
		APIKey        string `json:"api_key"`
		APISecret     string `json:"api_secret"`
	}{app, store, store + "/admin/apps/" + shopsim.AppHandle, store + "/", app + "/mailbox", sim.ShopDomain(), d.identity.APIKey, d.identity.APISecret}
	if err := writeJSON(filepath.Join(d.dir, "demo.json"), addresses); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, `
Afterglow is running, with a simulated Shopify beside it.

  Shop       %s        buy something here
  My orders  %sapps/%s/orders  where shoppers find their orders again
  Mailbox    %s  the mail a shopper gets
  Admin      %s  what the merchant sees
  Simulation %s/sim     clock, faults, ledger

Everything is kept in %s; stop with Ctrl-C, begin afresh with --reset.
`, addresses.StorefrontURL, addresses.StorefrontURL, shopsim.AppHandle, addresses.MailboxURL, addresses.AdminURL, store, d.dir)
	return err
}

// environment is what Load reads in the demo. Mail server, metrics and logs can
// be chosen by the real environment.
func (d *demo) environment(name string) string {
	switch name {
	case "APP_ENV":
		return "development"
	case "SHOPIFY_API_KEY":
		return d.identity.APIKey
	case "SHOPIFY_API_SECRET":
		return d.identity.APISecret
	case "APP_URL":
		return "http://" + d.listen
	case "LISTEN_ADDR":
		return d.listen
	case "MAIL_FROM":
		return or(os.Getenv(name), "hello@lumen-and-loom.example")
	case "ENCRYPTION_KEYS":
		return d.identity.Keys
	case "DATA_DIR":
		return d.dir
	case "SHOPIFY_SIM_URL":
		return "http://" + d.simListen
	case "APP_BRIDGE_URL":
		return "http://" + d.simListen + "/sim/cdn/app-bridge.js"
	case "POLARIS_URL":
		return "http://" + d.simListen + "/sim/cdn/polaris-1.js"
	case "OUTBOUND_ALLOW": // so that a mail server on this machine can be tried out
		return or(os.Getenv(name), "127.0.0.1,::1")
	case "MAIL_URL", "METRICS_ADDR", "LOG_FORMAT", "DNS_SERVER":
		return os.Getenv(name)
	}
	return ""
}

// advance moves app and shop into the future together, and remembers it.
func (d *demo) advance(by time.Duration, h *House) error {
	if by < 0 {
		return errors.New("time only moves forward")
	}
	d.clock.Advance(by)
	d.identity.Ahead = d.clock.Ahead()
	h.Queue.Wake()
	return writeJSON(filepath.Join(d.dir, "identity.json"), d.identity)
}

func (d *demo) readIdentity() error {
	path := filepath.Join(d.dir, "identity.json")
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		d.identity = identity{APIKey: randomText(16), APISecret: "shpss_" + randomText(16), Keys: shopify.NewKey("demo")}
		if d.story {
			d.identity.Ahead = storyBegins
		}
		if err := writeJSON(path, d.identity); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(raw, &d.identity); err != nil {
			return fmt.Errorf("%s is damaged; begin afresh with --reset: %w", path, err)
		}
	}
	d.clock = clock.NewOffset(d.identity.Ahead)
	return nil
}

// concrete turns port 0 into a free port, because both sides must know each
// other's address before they listen.
func concrete(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", errors.New("must be host:port")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if port != "0" {
		return net.JoinHostPort(host, port), nil
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// removeDemo deletes a demo's folder, and only one: a mistyped --data must not
// cost somebody a folder.
func removeDemo(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, "identity.json")); err != nil {
		return fmt.Errorf("--reset: %s is not a demo's folder; delete it yourself if you mean it", dir)
	}
	return os.RemoveAll(dir)
}
