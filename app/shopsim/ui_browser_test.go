package shopsim

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"
)

// embedded is an app that checks App Bridge and the elements from inside the
// admin's frame, in a real browser, and posts what it saw.
type embedded struct {
	page   []byte
	admin  string
	tries  int
	result chan map[string]any
}

func (e *embedded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/echo":
		io.WriteString(w, r.Header.Get("Authorization")+"|"+r.Header.Get("Accept-Language"))
	case "/once":
		body, _ := io.ReadAll(r.Body)
		if e.tries++; e.tries == 1 {
			w.Header().Set("X-Shopify-Retry-Invalid-Session-Request", "1")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Write(body)
	case "/never":
		w.Header().Set("X-Shopify-Retry-Invalid-Session-Request", "1")
		w.WriteHeader(http.StatusUnauthorized)
	case "/result":
		var got map[string]any
		if err := json.NewDecoder(r.Body).Decode(&got); err == nil {
			e.result <- got
		}
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "frame-ancestors "+e.admin)
		w.Write(e.page)
	}
}

func TestEmbeddedAppInChromium(t *testing.T) {
	page, err := os.ReadFile("testdata/embedded.html")
	if err != nil {
		t.Fatal(err)
	}
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		io.WriteString(w, r.Header.Get("Authorization")+"|")
	}))
	defer foreign.Close()
	app := &embedded{result: make(chan map[string]any, 1)}
	// Both know the other's address before either answers.
	behind, front := httptest.NewUnstartedServer(app), httptest.NewUnstartedServer(nil)
	address := func(s *httptest.Server) string { return "http://" + s.Listener.Addr().String() }
	s, err := New(Config{URL: address(front), AppURL: address(behind), APIKey: "the-key", APISecret: "hush", SeedOrders: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	front.Config.Handler, app.admin = s.Handler(), address(front)
	app.page = bytes.ReplaceAll(bytes.ReplaceAll(page, []byte("SIM"), []byte(address(front))), []byte("FOREIGN"), []byte(foreign.URL))
	behind.Start()
	defer behind.Close()
	front.Start()
	defer front.Close()

	got := visit(t, front.URL+"/admin/apps/afterglow", app.result)
	token, _ := got["token"].(string)
	checkToken(t, token)
	bearer, _ := got["ownFetch"].(string)
	if !strings.HasPrefix(bearer, "Bearer ey") || !strings.HasSuffix(bearer, "|en") {
		t.Errorf("the app's own fetch carried %q", bearer)
	}
	for _, tt := range []struct {
		name string
		want any
	}{
		{"ownFetchKeeps", "Mine|" + languageOf(got)},
		{"foreignFetch", "|"},
		{"retried", "the body"},
		{"refusedTwice", 401.0},
		{"user", "Ada Lindqvist"},
		{"granted", true},
		{"forgedMessage", false},
		{"navigation", "/orders/7"},
		{"submitted", map[string]any{"name": "after", "locale": "fa", "agree": "yes", "pick": "b"}},
		{"reset", []any{"before", "fa", false}},
		{"events", []any{"input name typed", "change name typed"}},
		{"leave", false},
		{"modal", []any{"show", "aftershow", "hide", "afterhide"}},
		{"heading", "absolute"},
	} {
		if !reflect.DeepEqual(got[tt.name], tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got[tt.name], tt.want)
		}
	}
	if app.tries != 2 {
		t.Errorf("%d tries, want exactly one retry", app.tries)
	}
}

// languageOf is what the browser itself sends; App Bridge left it alone.
func languageOf(got map[string]any) string {
	_, after, _ := strings.Cut(got["ownFetchKeeps"].(string), "|")
	return after
}

// visit opens an address in Chromium and waits for the page's report.
func visit(t *testing.T, address string, result <-chan map[string]any) map[string]any {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 60*time.Second)
	defer stop()
	// Not t.TempDir: Chromium's children may still write while it is removed.
	profile, err := os.MkdirTemp("", "chromium-")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, cmp.Or(os.Getenv("CHROMIUM_PATH"), "chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
		"--user-data-dir="+profile, address)
	var log bytes.Buffer
	cmd.Stderr = &log
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("this test needs Chromium: %v", err)
	}
	defer func() {
		stop()
		cmd.Wait()
		os.RemoveAll(profile)
	}()
	select {
	case got := <-result:
		return got
	case <-ctx.Done():
		t.Fatalf("the page reported nothing: %s", log.String())
		return nil
	}
}
