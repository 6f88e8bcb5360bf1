package boot

import (
	"strings"
	"testing"
)

// complete is an environment with which everything starts.
func complete() map[string]string {
	return map[string]string{
		"SHOPIFY_API_KEY": "key", "SHOPIFY_API_SECRET": "secret", "APP_URL": "https://app.example.com",
		"MAIL_FROM": "orders@example.com", "ENCRYPTION_KEYS": "k1:" + strings.Repeat("QUJD", 10) + "QUI=",
	}
}

func TestEnvironment(t *testing.T) {
	for name, c := range map[string]struct {
		set  map[string]string
		want string // what the one line must name; empty: everything is right
	}{
		"embedded":             {nil, ""},
		"production":           {map[string]string{"DATABASE_URL": "postgres://u:pw@h/d", "REDIS_URL": "redis://h:6379", "MAIL_URL": "smtp://u:pw@h:587"}, ""},
		"sentinel":             {map[string]string{"DATABASE_URL": "postgres://h/d", "REDIS_URL": "redis-sentinel://a:1,b:2?master=m", "MAIL_URL": "smtp://h:25"}, ""},
		"cluster":              {map[string]string{"DATABASE_URL": "postgres://h/d", "REDIS_URL": "redis-cluster://a:1,b:2", "MAIL_URL": "smtp://h:25"}, ""},
		"no key":               {map[string]string{"SHOPIFY_API_KEY": ""}, "SHOPIFY_API_KEY is required"},
		"no secret":            {map[string]string{"SHOPIFY_API_SECRET": ""}, "SHOPIFY_API_SECRET is required"},
		"no address":           {map[string]string{"APP_URL": ""}, "APP_URL is required"},
		"address with a path":  {map[string]string{"APP_URL": "https://a.example/x"}, "APP_URL must be an origin"},
		"address without TLS":  {map[string]string{"APP_URL": "http://a.example"}, "APP_URL must begin with https://"},
		"listen":               {map[string]string{"LISTEN_ADDR": "8080"}, "LISTEN_ADDR must be host:port"},
		"another database":     {map[string]string{"DATABASE_URL": "mysql://h/d"}, "DATABASE_URL must begin with postgres://"},
		"database, no Redis":   {map[string]string{"DATABASE_URL": "postgres://h/d", "MAIL_URL": "smtp://h:25"}, "REDIS_URL is required"},
		"Redis, no database":   {map[string]string{"REDIS_URL": "redis://h"}, "REDIS_URL is set but DATABASE_URL is not"},
		"another queue":        {map[string]string{"DATABASE_URL": "postgres://h/d", "REDIS_URL": "amqp://h", "MAIL_URL": "smtp://h:25"}, "REDIS_URL must be"},
		"production, no mail":  {map[string]string{"DATABASE_URL": "postgres://h/d", "REDIS_URL": "redis://h"}, "MAIL_URL is required"},
		"another mail":         {map[string]string{"MAIL_URL": "https://h"}, "MAIL_URL must begin with smtp://"},
		"no sender":            {map[string]string{"MAIL_FROM": ""}, "MAIL_FROM is required"},
		"sender twice":         {map[string]string{"MAIL_FROM": "a@example.com, b@example.com"}, "MAIL_FROM "},
		"no keys":              {map[string]string{"ENCRYPTION_KEYS": ""}, "ENCRYPTION_KEYS is required"},
		"short key":            {map[string]string{"ENCRYPTION_KEYS": "k1:QUJD"}, "ENCRYPTION_KEYS "},
		"log level":            {map[string]string{"LOG_LEVEL": "loud"}, "LOG_LEVEL "},
		"log format":           {map[string]string{"LOG_FORMAT": "xml"}, "LOG_FORMAT must be json or text"},
		"metrics":              {map[string]string{"METRICS_ADDR": "x"}, "METRICS_ADDR must be host:port"},
		"trusted proxies":      {map[string]string{"TRUSTED_PROXIES": "10.0.0.0/8, everyone"}, "TRUSTED_PROXIES "},
		"another APP_ENV":      {map[string]string{"APP_ENV": "staging"}, "APP_ENV must be production or development"},
		"simulation, for real": {map[string]string{"SHOPIFY_SIM_URL": "http://127.0.0.1:1"}, "SHOPIFY_SIM_URL sends Shopify calls to a simulation"},
		"simulation":           {map[string]string{"SHOPIFY_SIM_URL": "http://127.0.0.1:1", "APP_ENV": "development"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			env := complete()
			for k, v := range c.set {
				env[k] = v
			}
			_, err := Load(func(k string) string { return env[k] })
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want it to say %q", err, c.want)
			case err != nil && strings.Contains(err.Error(), "\n"):
				t.Errorf("more than one line: %v", err)
			}
		})
	}
}

func TestEnvironmentNamesEverythingThatIsWrongAtOnce(t *testing.T) {
	_, err := Load(func(string) string { return "" })
	for _, name := range []string{"SHOPIFY_API_KEY", "SHOPIFY_API_SECRET", "APP_URL", "MAIL_FROM", "ENCRYPTION_KEYS"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

func TestEnvironmentErrorsTellNoValues(t *testing.T) {
	env := complete()
	for _, name := range []string{"DATABASE_URL", "REDIS_URL", "MAIL_URL", "ENCRYPTION_KEYS", "LISTEN_ADDR", "APP_URL", "MAIL_FROM"} {
		env[name] = "://s3cret:s3cret@"
	}
	if _, err := Load(func(k string) string { return env[k] }); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}
