package chaos

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"afterglow/app/boot"
	"afterglow/app/clock"
	"afterglow/app/mail/mailtest"
	"afterglow/app/shopsim"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

var (
	binary string
	full   = os.Getenv("FULL") == "1"
	seed   = chooseSeed()
)

// size is the figure of a push, or with FULL=1 the promised one.
func size(push, promised int) int {
	if full {
		return promised
	}
	return push
}

func span(push, promised time.Duration) time.Duration {
	if full {
		return promised
	}
	return push
}

func chooseSeed() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("CHAOS_SEED"), 10, 64); err == nil {
		return n
	}
	return uint64(time.Now().UnixNano()) % 1_000_000_000
}

// dice returns the random decisions of one campaign: the same seed and name, the
// same decisions.
func dice(t *testing.T) *rand.Rand {
	h := uint64(14695981039346656037)
	for _, c := range []byte(t.Name()) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return rand.New(rand.NewPCG(seed, h))
}

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "12") // campaigns mostly wait: for leases, backoff, takeovers
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if binary = os.Getenv("AFTERGLOW_BINARY"); binary == "" {
		dir, err := os.MkdirTemp("", "chaos")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "afterglow")
		build := exec.Command("go", "build", "-o", binary, "afterglow/app")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
			return 1
		}
	}
	fmt.Printf("CHAOS_SEED=%d replays this run\n", seed)
	return m.Run()
}

// figures prints the one line of a campaign.
func figures(t *testing.T, began time.Time, format string, args ...any) {
	t.Helper()
	verdict := "ok"
	if t.Failed() {
		verdict = "BROKEN"
	}
	fmt.Printf("chaos %-34s %-6s %5.1f s  %s\n", strings.TrimPrefix(t.Name(), "TestChaos"), verdict, time.Since(began).Seconds(), fmt.Sprintf(format, args...))
}

// rig is the program as in production, with one installed shop, and everything
// around it.
type rig struct {
	t        *testing.T
	dir      string
	addr     string
	env      map[string]string
	db       *store.DB // our own eyes, past every proxy
	redis    *redisServer
	sink     *mailtest.Server
	sim      *shopsim.Sim
	shop     *shopsim.Shop
	web      *process
	started  int
	template template
	deliver  atomic.Pointer[http.RoundTripper] // what the simulation's webhooks go through
	ahead    atomic.Int64                      // of the simulation's clock
	sent     book
}

const secret = "shpss_chaos00000000000000000000"

// options change a rig before it starts.
type options struct {
	embedded bool
	postgres string                      // the database's address instead of a schema of its own
	redis    []string                    // more arguments of redis-server
	database func(address string) string // what the program is told instead
	env      map[string]string
	noWarmUp bool
	scopes   []string // granted besides those that everybody grants
}

var topics = strings.Fields(`orders/create orders/updated orders/cancelled orders/edited orders/fulfilled orders/partially_fulfilled
	orders/delete refunds/create customers/create customers/update customers/delete`)

// newRig starts everything but the workers, installs the app and sells one order
// whose payload is what the driver multiplies.
func newRig(t *testing.T, o options) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), addr: freeAddr(t)}
	r.sent.orders = map[int64]bool{}
	r.sent.events = map[string]*event{}
	var handler http.Handler
	simServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { handler.ServeHTTP(w, q) }))
	t.Cleanup(simServer.Close)
	var err error
	if r.sink, err = mailtest.Start(mailtest.Options{Seed: seed, Discard: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.sink.Close() })
	r.env = map[string]string{
		"APP_ENV": "development", "SHOPIFY_SIM_URL": simServer.URL, "SHOPIFY_API_KEY": "chaos-key", "SHOPIFY_API_SECRET": secret,
		"APP_URL": "http://" + r.addr, "LISTEN_ADDR": r.addr, "MAIL_URL": r.sink.URL(), "MAIL_FROM": "orders@afterglow.example",
		"ENCRYPTION_KEYS": "c1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "LOG_LEVEL": "info", "DATA_DIR": filepath.Join(r.dir, "data"),
	}
	for k, v := range o.env {
		r.env[k] = v
	}
	address := "sqlite:" + filepath.Join(r.dir, "data", "afterglow.db")
	if !o.embedded {
		if address = o.postgres; address == "" {
			address = storetest.Postgres(t)
		}
		r.redis = newRedis(t, r.dir, o.redis...)
		r.env["DATABASE_URL"], r.env["REDIS_URL"] = address, "redis://"+r.redis.addr
		if o.database != nil {
			r.env["DATABASE_URL"] = o.database(address)
		}
	}
	r.sim, err = shopsim.New(shopsim.Config{URL: simServer.URL, AppURL: "http://" + r.addr, APIKey: r.env["SHOPIFY_API_KEY"], APISecret: secret,
		Topics: topics, SeedOrders: -1, Client: &http.Client{Transport: r, Timeout: 5 * time.Second},
		Now: func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }, Schedule: []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	handler = r.sim.Handler()
	ctx, stop := context.WithCancel(context.Background())
	var delivering sync.WaitGroup
	delivering.Go(func() { r.sim.Run(ctx) })
	t.Cleanup(func() { stop(); delivering.Wait(); r.sim.Close() })
	t.Cleanup(r.tellLogs)
	if !o.embedded {
		if out, err := r.command("migrate", "up").CombinedOutput(); err != nil {
			t.Fatalf("migrate: %v: %s", err, out)
		}
	}
	r.startServe("")
	if r.db, err = store.Open(ctx, store.Config{URL: address, Clock: clock.System{}, MaxConns: 4}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.db.Close() })
	r.install(o.scopes...)
	if !o.noWarmUp {
		r.warmUp()
	}
	return r
}

// environment is what a process of the program gets to see.
func (r *rig) environment() []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.dir, "TZ=" + os.Getenv("TZ")}
	for k, v := range r.env {
		env = append(env, k+"="+v)
	}
	return env
}

func (r *rig) command(args ...string) *exec.Cmd {
	c := exec.Command(binary, args...)
	c.Env = r.environment()
	return c
}

// startServe starts the web process; crash names a crash point or is empty.
func (r *rig) startServe(crash string) {
	r.t.Helper()
	r.web = r.launch("serve", crash)
	r.web.ready("http://" + r.addr + "/readyz")
}

func (r *rig) startWorker(crash string) *process {
	r.t.Helper()
	w := r.launch("work", crash)
	r.until("the start of "+w.name, 40*time.Second, func() bool { return w.dead() || strings.Contains(w.tail(1000), `"msg":"working"`) })
	return w
}

func (r *rig) launch(command, crash string) *process {
	r.t.Helper()
	r.started++
	env := r.environment()
	if crash != "" {
		env = append(env, "AFTERGLOW_CRASH_AT="+crash)
	}
	name := fmt.Sprintf("%s%d", command, r.started)
	return startProcess(r.t, name, filepath.Join(r.dir, name+".log"), env, binary, command)
}

// tellLogs shows the last words of every process of a campaign that failed.
func (r *rig) tellLogs() {
	if !r.t.Failed() {
		return
	}
	logs, _ := filepath.Glob(filepath.Join(r.dir, "*.log"))
	for _, log := range logs {
		raw, _ := os.ReadFile(log)
		var kept [][]byte
		for _, line := range bytes.Split(raw, []byte("\n")) {
			if !bytes.Contains(line, []byte(`"msg":"request"`)) {
				kept = append(kept, line)
			}
		}
		r.t.Logf("%s ends:\n%s", filepath.Base(log), bytes.Join(kept[max(0, len(kept)-12):], []byte("\n")))
	}
}

// RoundTrip takes the simulation's webhooks. Unless a campaign wants them to
// arrive they are kept for the driver.
func (r *rig) RoundTrip(q *http.Request) (*http.Response, error) {
	if through := r.deliver.Load(); through != nil {
		return (*through).RoundTrip(q)
	}
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, err
	}
	r.sent.capture(q.Header, body)
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("")), Header: http.Header{}, Request: q}, nil
}

// install opens the app as the merchant's browser does from the admin.
func (r *rig) install(more ...string) {
	r.t.Helper()
	r.shop = r.sim.Shop(r.sim.ShopDomain())
	if err := r.sim.SetInstalled(r.shop.ID, true, slices.Concat(boot.Scopes, more)); err != nil {
		r.t.Fatal(err)
	}
	resp, err := http.Get(r.sim.AppFrameURL(r.shop, "/", nil))
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		raw, _ := io.ReadAll(resp.Body)
		r.t.Fatalf("install: %d %.500s", resp.StatusCode, raw)
	}
}

// warmUp sells one order whose confirmation must come, which also makes its
// product's picture known, and keeps its payload as the template.
func (r *rig) warmUp() {
	r.t.Helper()
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second + 20*time.Millisecond))) // payloads tell whole seconds; an order from before the installation gets no mail
	r.place("shopper0000000@example.com")
	r.template = r.sent.newTemplate(r.t)
	var worker *process
	if r.redis != nil {
		worker = r.startWorker("")
	}
	r.post(r.template.event("orders/create"))
	r.settle(60*time.Second, expected{})
	if worker != nil {
		worker.terminate()
	}
}

// place sells an order in the simulated shop.
func (r *rig) place(email string) *shopsim.Order {
	r.t.Helper()
	o, err := r.sim.PlaceOrder(r.shop.ID, shopsim.Checkout{Customer: &shopsim.CheckoutCustomer{Email: email, FirstName: "Cha", LastName: "Os"},
		Lines: []shopsim.CheckoutLine{{Quantity: 2}}})
	if err != nil {
		r.t.Fatal(err)
	}
	r.until("the simulation's webhooks", 60*time.Second, r.sim.Settled)
	return o
}

func (r *rig) until(what string, limit time.Duration, done func() bool) bool {
	r.t.Helper()
	for deadline := time.Now().Add(limit); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Errorf("%s did not come within %v", what, limit)
			return false
		}
	}
	return true
}
