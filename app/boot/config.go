package boot

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"afterglow/app/mail"
	"afterglow/app/outbound"
	"afterglow/app/shopify"
	"afterglow/app/shops"
)

// Config is everything the program is told from outside. It is read once.
type Config struct {
	APIKey         string
	Secrets        shopify.Secrets
	AppURL         string // without a slash at the end
	ListenAddr     string
	DatabaseURL    string // empty: embedded
	RedisURL       string
	MailURL        string // empty: the built-in mailbox
	MailFrom       string
	Keys           *shopify.Keyring
	DataDir        string
	LogLevel       slog.Level
	LogJSON        bool
	MetricsAddr    string // empty: no metrics
	SimURL         string
	Development    bool
	TrustedProxies []string
	OutboundAllow  []netip.Prefix // networks a merchant's mail server may be in although they are not public
	MailLimits     shops.MailLimits
	DNSServer      string // asked about senders' domains; empty: the system's
	AppBridgeURL   string // empty: Shopify's own
	PolarisURL     string
}

// Embedded tells whether database and Redis live in this process.
func (c Config) Embedded() bool { return c.DatabaseURL == "" }

// variables lists the environment in the order in which problems are told.
// Each reader puts its variable into the Config or says what is wrong with it.
var variables = []struct {
	name string
	read func(c *Config, value string) error
}{
	{"APP_ENV", func(c *Config, v string) error {
		c.Development = v == "development"
		if v != "" && v != "development" && v != "production" {
			return errors.New("must be production or development")
		}
		return nil
	}},
	{"SHOPIFY_API_KEY", func(c *Config, v string) error { c.APIKey = v; return required(v, "the client id of the app") }},
	{"APP_URL", func(c *Config, v string) error {
		c.AppURL = strings.TrimRight(v, "/")
		return webOrigin(c.AppURL, c.Development)
	}},
	{"LISTEN_ADDR", func(c *Config, v string) error {
		c.ListenAddr = or(v, ":8080")
		return hostPort(c.ListenAddr)
	}},
	{"DATABASE_URL", func(c *Config, v string) error {
		c.DatabaseURL = v
		if v != "" && !strings.HasPrefix(v, "postgres://") && !strings.HasPrefix(v, "postgresql://") {
			return errors.New("must begin with postgres://, or be absent for the embedded database")
		}
		return nil
	}},
	{"REDIS_URL", func(c *Config, v string) error {
		c.RedisURL = v
		switch {
		case v == "" && c.DatabaseURL != "":
			return errors.New("is required when DATABASE_URL is set, such as redis://localhost:6379")
		case v != "" && c.DatabaseURL == "":
			return errors.New("is set but DATABASE_URL is not: set both, or neither to run embedded")
		case v != "":
			_, err := redisOptions(v)
			return err
		}
		return nil
	}},
	{"MAIL_URL", func(c *Config, v string) error {
		c.MailURL = v
		if v == "" && c.DatabaseURL != "" {
			return errors.New("is required when DATABASE_URL is set, such as smtp://user:password@mail.example.com:587")
		}
		if v != "" && !strings.HasPrefix(v, "smtp://") && !strings.HasPrefix(v, "smtps://") {
			return errors.New("must begin with smtp:// or smtps://")
		}
		return nil
	}},
	{"MAIL_FROM", func(c *Config, v string) error {
		c.MailFrom = v
		if err := required(v, "the address mails are sent from, such as orders@example.com"); err != nil {
			return err
		}
		_, err := mail.ParseAddress(v)
		return err
	}},
	{"ENCRYPTION_KEYS", func(c *Config, v string) (err error) {
		if err := required(v, "id:base64 of 32 random bytes; `openssl rand -base64 32` makes them"); err != nil {
			return err
		}
		c.Keys, err = shopify.ParseKeyring(v)
		return err
	}},
	{"DATA_DIR", func(c *Config, v string) error { c.DataDir = or(v, "data"); return nil }},
	{"LOG_LEVEL", func(c *Config, v string) error { return c.LogLevel.UnmarshalText([]byte(or(v, "info"))) }},
	{"LOG_FORMAT", func(c *Config, v string) error {
		c.LogJSON = or(v, "json") == "json"
		if v != "" && v != "json" && v != "text" {
			return errors.New("must be json or text")
		}
		return nil
	}},
	{"METRICS_ADDR", func(c *Config, v string) error {
		c.MetricsAddr = v
		if v == "" {
			return nil
		}
		return hostPort(v)
	}},
	{"TRUSTED_PROXIES", func(c *Config, v string) error {
		for part := range strings.SplitSeq(v, ",") {
			part = strings.TrimSpace(part)
			if part == "" {
				continue
			}
			if _, _, err := net.ParseCIDR(part); err != nil && net.ParseIP(part) == nil {
				return fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", part)
			}
			c.TrustedProxies = append(c.TrustedProxies, part)
		}
		return nil
	}},
	{"OUTBOUND_ALLOW", func(c *Config, v string) (err error) {
		c.OutboundAllow, err = outbound.ParseExempt(v)
		return err
	}},
	{"MAIL_PER_MINUTE", func(c *Config, v string) (err error) {
		c.MailLimits.PerMinute, err = limit(v)
		return err
	}},
	{"MAIL_PER_HOUR", func(c *Config, v string) (err error) {
		c.MailLimits.PerHour, err = limit(v)
		return err
	}},
	{"DNS_SERVER", func(c *Config, v string) error {
		c.DNSServer = v
		if v == "" {
			return nil
		}
		return hostPort(v)
	}},
	{"SHOPIFY_SIM_URL", func(c *Config, v string) error {
		c.SimURL = v
		if v != "" && !c.Development {
			return errors.New("sends Shopify calls to a simulation and is refused unless APP_ENV=development")
		}
		return nil
	}},
	{"APP_BRIDGE_URL", func(c *Config, v string) error { c.AppBridgeURL = v; return nil }},
	{"POLARIS_URL", func(c *Config, v string) error { c.PolarisURL = v; return nil }},
}

// Load reads the environment. Its error names every variable that is wrong, in
// one line, and never a value: values may be secrets.
func Load(getenv func(string) string) (Config, error) {
	var c Config
	var wrong []string
	complain := func(name string, err error) { wrong = append(wrong, name+" "+withoutName(err)) }
	for _, v := range variables {
		if err := v.read(&c, getenv(v.name)); err != nil {
			complain(v.name, err)
		}
	}
	secret, previous := getenv("SHOPIFY_API_SECRET"), getenv("SHOPIFY_API_SECRET_PREVIOUS")
	var err error
	if c.Secrets, err = shopify.NewSecrets(secret, previous); err != nil {
		complain("SHOPIFY_API_SECRET", errors.New("is required: the client secret of the app"))
	}
	if len(wrong) > 0 {
		return c, errors.New("environment: " + strings.Join(wrong, "; "))
	}
	return c, nil
}

func withoutName(err error) string { return strings.ReplaceAll(err.Error(), "\n", " ") }

func required(v, what string) error {
	if v == "" {
		return errors.New("is required: " + what)
	}
	return nil
}

// limit reads a number of mails; empty is no limit.
func limit(v string) (int, error) {
	n, err := strconv.Atoi(or(v, "0"))
	if err != nil || n < 0 || n > 1_000_000 {
		return 0, errors.New("must be a whole number of mails; 0 or nothing is no limit")
	}
	return n, nil
}

// mailHost is the name of the installation's mail server; empty without one.
func (c Config) mailHost() string {
	u, err := url.Parse(c.MailURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func or(v, fallback string) string {
	if v == "" {
		return fallback
	}
	return v
}

func webOrigin(s string, development bool) error {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return errors.New("is required: the address at which Shopify reaches the app, such as https://app.example.com")
	case err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil:
		return errors.New("must be an origin such as https://app.example.com")
	case u.Scheme != "https" && (u.Scheme != "http" || !development):
		return errors.New("must begin with https://")
	}
	return nil
}

func hostPort(s string) error {
	if _, _, err := net.SplitHostPort(s); err != nil {
		return errors.New("must be host:port or :port")
	}
	return nil
}

// databaseURL is the store's address: PostgreSQL's, or the embedded file's.
func (c Config) databaseURL() string {
	if c.DatabaseURL != "" {
		return c.DatabaseURL
	}
	return "sqlite:" + filepath.Join(c.DataDir, "afterglow.db")
}
