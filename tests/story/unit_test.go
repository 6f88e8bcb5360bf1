package story

import (
	"bytes"
	"cmp"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The command of the documented systemd unit starts with nothing but the
// environment file that .env.example becomes, as systemd would start it.
func TestTheDocumentedUnitStarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address := freeAddr(t)
	filled := map[string]string{"SHOPIFY_API_KEY": "key", "SHOPIFY_API_SECRET": "secret", "APP_URL": "https://app.example.com", "LISTEN_ADDR": address,
		"METRICS_ADDR": "", "MAIL_URL": "", "ENCRYPTION_KEYS": "k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}
	env := []string{}
	for line := range strings.SplitSeq(read(t, ".env.example"), "\n") {
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		if own, ok := filled[name]; ok {
			value = own
		}
		env = append(env, name+"="+value)
	}
	program, err := filepath.Abs(cmp.Or(os.Getenv("AFTERGLOW_BINARY"), "../../bin/afterglow"))
	if err != nil {
		t.Fatal(err)
	}
	unit := read(t, filepath.Join("docs", "deploy", "afterglow-serve.service"))
	_, start, _ := strings.Cut(unit, "\nExecStart=")
	start, _, _ = strings.Cut(start, "\n")
	words := strings.Fields(strings.NewReplacer("/usr/local/bin/afterglow", program, "/var/lib/afterglow", filepath.Join(dir, "state")).Replace(start))
	if len(words) < 3 {
		t.Fatalf("ExecStart is %q", start)
	}
	var out bytes.Buffer
	c := exec.Command(words[0], words[1:]...)
	c.Env, c.Dir, c.Stdout, c.Stderr = env, dir, &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer c.Process.Kill()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if resp, err := http.Get("http://" + address + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Now().After(deadline) {
			c.Process.Kill()
			c.Wait()
			t.Fatalf("not ready after 20 s: %s", out.String())
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "state", "afterglow.db")); err != nil {
		t.Error(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
