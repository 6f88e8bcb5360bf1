package story

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// demo is a running `afterglow demo`, which may be killed and started again on the
// same folder and the same addresses.
type demo struct {
	t         *testing.T
	dir       string
	app, sim  string // host:port
	cmd       *exec.Cmd
	log       *os.File
	Addresses struct {
		AppURL        string `json:"app_url"`
		SimURL        string `json:"sim_url"`
		AdminURL      string `json:"admin_url"`
		StorefrontURL string `json:"storefront_url"`
		MailboxURL    string `json:"mailbox_url"`
		Shop          string `json:"shop"`
		APIKey        string `json:"api_key"`
		APISecret     string `json:"api_secret"`
	}
}

func startDemo(t *testing.T) *demo {
	t.Helper()
	d := &demo{t: t, dir: t.TempDir(), app: freeAddr(t), sim: freeAddr(t)}
	log, err := os.Create(filepath.Join(t.TempDir(), "demo.log"))
	if err != nil {
		t.Fatal(err)
	}
	d.log = log
	t.Cleanup(func() {
		d.kill()
		if t.Failed() {
			raw, _ := os.ReadFile(log.Name())
			t.Logf("the demo wrote:\n%s", raw[max(0, len(raw)-8000):])
		}
	})
	d.start()
	return d
}

func (d *demo) start() { d.crashAt("") }

// crashAt starts the program so that the power goes at a point of its way.
func (d *demo) crashAt(point string) {
	d.t.Helper()
	binary := os.Getenv("AFTERGLOW_BINARY")
	if binary == "" {
		binary = "../../bin/afterglow"
	}
	if err := os.RemoveAll(d.addressFile()); err != nil {
		d.t.Fatal(err)
	}
	d.cmd = exec.Command(binary, "demo", "--empty", "--data", d.dir, "--listen", d.app, "--sim-listen", d.sim)
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	if point != "" {
		d.cmd.Env = append(os.Environ(), "APP_ENV=development", "AFTERGLOW_CRASH_AT="+point)
	}
	if err := d.cmd.Start(); err != nil {
		d.t.Fatalf("start %s (make build makes it): %v", binary, err)
	}
	// The addresses are written last.
	for deadline := time.Now().Add(30 * time.Second); !d.up(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatal("the demo was not ready in 30 s")
		}
	}
}

func (d *demo) addressFile() string { return filepath.Join(d.dir, "demo.json") }

func (d *demo) up() bool {
	raw, err := os.ReadFile(d.addressFile())
	if err != nil || json.Unmarshal(raw, &d.Addresses) != nil {
		return false
	}
	resp, err := http.Get(d.Addresses.AppURL + "/readyz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// kill ends the program as a power cut would.
func (d *demo) kill() {
	if d.cmd != nil {
		d.cmd.Process.Signal(syscall.SIGKILL)
		d.cmd.Wait()
		d.cmd = nil
	}
}

// crashed waits until the program has met its point.
func (d *demo) crashed() {
	d.t.Helper()
	ended := make(chan error, 1)
	go func(cmd *exec.Cmd) { ended <- cmd.Wait() }(d.cmd)
	select {
	case <-ended:
		d.cmd = nil
	case <-time.After(30 * time.Second):
		d.cmd.Process.Kill()
		<-ended
		d.cmd = nil
		d.t.Fatal("the program did not come to the point")
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// call speaks JSON with the program; into may be nil.
func (d *demo) call(method, address string, body, into any, want int) {
	d.t.Helper()
	if err := call(method, address, body, into, want); err != nil {
		d.t.Fatal(err)
	}
}

func call(method, address string, body, into any, want int) error {
	return callAs("", method, address, body, into, want)
}

// callAs speaks as somebody of the shop's staff; "" is nobody.
func callAs(token, method, address string, body, into any, want int) error {
	var send io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		send = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, address, send)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != want {
		return fmt.Errorf("%s %s answered %d: %.500s", method, address, resp.StatusCode, raw)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(raw, into)
}

// mail is one of the built-in mailbox.
type mail struct {
	ID      string          `json:"id"`
	To      string          `json:"to"`
	Subject string          `json:"subject"`
	Headers json.RawMessage `json:"headers"`
	HTML    string          `json:"html"`
	Text    string          `json:"text"`
	At      time.Time       `json:"at"`
}

func (d *demo) mails(to string) []mail {
	d.t.Helper()
	var list []mail
	d.call(http.MethodGet, d.Addresses.MailboxURL+"/api/messages?to="+url.QueryEscape(to), nil, &list, http.StatusOK)
	return list
}

// exactlyOne waits for the first mail to an address, and then whether a second comes.
func (d *demo) exactlyOne(to string, limit, quiet time.Duration) mail {
	d.t.Helper()
	deadline := time.Now().Add(limit)
	for len(d.mails(to)) == 0 {
		if time.Now().After(deadline) {
			d.t.Fatalf("no mail to %s after %v", to, limit)
		}
		time.Sleep(20 * time.Millisecond)
	}
	for end := time.Now().Add(quiet); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if n := len(d.mails(to)); n != 1 {
			d.t.Fatalf("%d mails to %s", n, to)
		}
	}
	return d.mails(to)[0]
}
