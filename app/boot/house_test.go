package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"afterglow/app/clock"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

// openHouse puts an embedded house together without running it.
func openHouse(t *testing.T, set map[string]string) *House {
	t.Helper()
	env := complete()
	env["DATA_DIR"] = t.TempDir()
	for k, v := range set {
		env[k] = v
	}
	c, err := Load(func(k string) string { return env[k] })
	if err != nil {
		t.Fatal(err)
	}
	h, err := Open(context.Background(), c, clock.NewFixed(storetest.Noon), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func TestEachTopicOfTheConfigurationIsHeardByExactlyOneRoom(t *testing.T) {
	raw, err := os.ReadFile("../../shopify.app.toml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Scopes struct {
			Scopes   string   `toml:"scopes"`
			Optional []string `toml:"optional_scopes"`
		} `toml:"access_scopes"`
		Webhooks struct {
			Version       string `toml:"api_version"`
			Subscriptions []struct {
				Topics     []string `toml:"topics"`
				Compliance []string `toml:"compliance_topics"`
				URI        string   `toml:"uri"`
			} `toml:"subscriptions"`
		} `toml:"webhooks"`
	}
	if err := toml.Unmarshal(raw, &config); err != nil {
		t.Fatal(err)
	}
	h := openHouse(t, nil)
	var asked []string
	for _, s := range config.Webhooks.Subscriptions {
		if len(s.Compliance) > 0 != (s.URI == "/webhooks/compliance") || len(s.Topics) > 0 != (s.URI == "/webhooks/shopify") {
			t.Errorf("%v and %v are sent to %s", s.Topics, s.Compliance, s.URI)
		}
		asked = append(append(asked, s.Topics...), s.Compliance...)
	}
	sort.Strings(asked)
	heard := map[string][]string{}
	for _, r := range h.Rooms {
		for topic := range r.Topics {
			heard[topic] = append(heard[topic], r.Name)
		}
	}
	var topics []string
	for topic, rooms := range heard {
		topics = append(topics, topic)
		if len(rooms) != 1 {
			t.Errorf("%s is heard by %v", topic, rooms)
		}
	}
	sort.Strings(topics)
	if !slices.Equal(asked, topics) || len(topics) == 0 {
		t.Errorf("shopify.app.toml asks for %v\nthe rooms hear         %v", asked, topics)
	}
	scopes := strings.Split(config.Scopes.Scopes, ",")
	if sort.Strings(scopes); !slices.Equal(scopes, sorted(Scopes)) {
		t.Errorf("shopify.app.toml asks for the scopes %v, the program for %v", scopes, sorted(Scopes))
	}
	if optional := sorted(config.Scopes.Optional); !slices.Equal(optional, sorted(OptionalScopes)) {
		t.Errorf("shopify.app.toml may ask for the scopes %v, the program for %v", optional, sorted(OptionalScopes))
	}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	sort.Strings(list)
	return list
}

func TestRoomsWithPersonalDataExportAndEraseIt(t *testing.T) {
	personal := 0
	for _, r := range openHouse(t, nil).Rooms {
		if r.Personal {
			personal++
		}
		if r.Personal != (r.Export != nil) || r.Personal != (r.Erase != nil) {
			t.Errorf("room %s: personal %v, but export %v and erase %v", r.Name, r.Personal, r.Export != nil, r.Erase != nil)
		}
	}
	if personal < 4 {
		t.Errorf("%d rooms hold personal data; shops, customers, messages and orders do", personal)
	}
}

// A column that could hold personal data in a room that says it holds none.
func TestNoPersonalColumnsInOtherRooms(t *testing.T) {
	h := openHouse(t, nil)
	suspicious := regexp.MustCompile(`email|phone|address|first_name|last_name|customer`)
	for _, column := range columns(t, h.DB) {
		table, name, _ := strings.Cut(column, ".")
		prefix, _, _ := strings.Cut(table, "_")
		if !suspicious.MatchString(name) || prefix == "mail" { // the built-in mailbox erases by address itself
			continue
		}
		if !slices.ContainsFunc(h.Rooms, func(r room.Room) bool { return r.Name == prefix && r.Personal }) {
			t.Errorf("%s looks personal, but room %s does not say so", column, prefix)
		}
	}
}

func TestRoomsOwnEachTableOnce(t *testing.T) {
	h := openHouse(t, nil)
	owner := map[string]string{}
	for _, r := range h.Rooms {
		for _, table := range r.Tables {
			if owner[table] != "" || table != r.Name && !strings.HasPrefix(table, r.Name+"_") {
				t.Errorf("table %s of room %s (also of %q)", table, r.Name, owner[table])
			}
			owner[table] = r.Name
		}
	}
	for _, column := range columns(t, h.DB) {
		table, _, _ := strings.Cut(column, ".")
		prefix, _, _ := strings.Cut(table, "_")
		if slices.ContainsFunc(h.Rooms, func(r room.Room) bool { return r.Name == prefix }) && owner[table] == "" {
			t.Errorf("nobody owns table %s", table)
		}
	}
}

// The two databases end in the same columns.
func TestMigrationsEndInTheSameColumns(t *testing.T) {
	lite := columns(t, storetest.Open(t, "sqlite", clock.System{}))
	big := columns(t, storetest.Open(t, "postgres", clock.System{}))
	if len(lite) < 40 || !slices.Equal(lite, big) {
		t.Errorf("only in SQLite: %v\nonly in PostgreSQL: %v", without(lite, big), without(big, lite))
	}
}

func without(a, b []string) (rest []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			rest = append(rest, s)
		}
	}
	return rest
}

func columns(t testing.TB, db *store.DB) (names []string) {
	t.Helper()
	query := `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1`
	if db.Dialect == "sqlite" {
		query = `SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY 1`
	}
	if err := db.System(context.Background(), func(tx *store.Tx) error { return tx.Raw(query).Scan(&names).Error }); err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(s string) bool { return strings.HasPrefix(s, "store_migrations.") })
	sort.Strings(names) // PostgreSQL's own order depends on the locale
	return names
}

func TestOpenAPIDescribesEveryAdminRoute(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.NewDecoder(bytes.NewReader(openAPIDocument)).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	described, registered := map[string]bool{}, map[string]bool{}
	for path, methods := range doc.Paths {
		for method := range methods {
			described[strings.ToUpper(method)+" /api/v1"+path] = true
		}
	}
	parameter := regexp.MustCompile(`:(\w+)`)
	for _, r := range openHouse(t, nil).Engine.Routes() {
		if strings.HasPrefix(r.Path, "/api/v1") && r.Method != "HEAD" {
			registered[r.Method+" "+parameter.ReplaceAllString(r.Path, "{$1}")] = true
		}
	}
	for route := range registered {
		if !described[route] {
			t.Errorf("openapi.json lacks %s", route)
		}
	}
	for route := range described {
		if !registered[route] {
			t.Errorf("openapi.json describes %s, which does not exist", route)
		}
	}
}

// Every route proves who asks; those that need nothing are few and named here.
func TestPublicRoutesAreTheseAndNoOthers(t *testing.T) {
	allowed := append(slices.Clone(adminPages), strings.Fields(`
 /auth /auth/bounce /auth/callback /auth/exit /assets/*path /healthz /readyz /favicon.ico /api/v1/openapi.json
 /mailbox /mailbox/api/messages /mailbox/messages/:id/html /mailbox/messages/:id/source`)...)
	for _, r := range openHouse(t, nil).Engine.Routes() {
		if r.Method == "OPTIONS" { // answers with headers alone
			continue
		}
		if r.Auth == web.Public && !slices.Contains(allowed, r.Path) {
			t.Errorf("%s %s asks for no proof of who it is", r.Method, r.Path)
		}
		if r.Auth == web.Public && r.Method != "GET" && r.Method != "HEAD" {
			t.Errorf("%s %s changes something for anybody", r.Method, r.Path)
		}
	}
}

func TestTwoProcessesCannotShareAnEmbeddedFolder(t *testing.T) {
	h := openHouse(t, nil)
	if _, err := Open(context.Background(), h.Config, clock.System{}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "another process is using") {
		t.Errorf("second opening: %v", err)
	}
}
