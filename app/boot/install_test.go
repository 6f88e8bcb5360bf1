package boot

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"afterglow/app/messages"
	"afterglow/app/shops"
	"afterglow/app/shopsim"
	"afterglow/app/store"
)

// shopOf reads what we hold of a tenant.
func (w *walk) shopOf(o *tenant) (shop shops.Shop) {
	w.t.Helper()
	if err := w.DB.Read(context.Background(), o.id, func(tx *store.Tx) (err error) {
		shop, err = w.Shops.Get(tx)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return shop
}

func (w *walk) uninstall(o *tenant) {
	w.t.Helper()
	if err := w.sim.SetInstalled(o.shop.ID, false, nil); err != nil {
		w.t.Fatal(err)
	}
	w.until("the uninstall", func() bool { return !w.shopOf(o).Installed })
	w.idle()
}

func (w *walk) install(o *tenant, scopes []string) {
	w.t.Helper()
	if err := w.sim.SetInstalled(o.shop.ID, true, scopes); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.Shops.Open(context.Background(), o.domain, w.sim.SessionToken(o.shop)); err != nil {
		w.t.Fatal(err)
	}
	w.idle()
}

func TestUninstallDropsTokensStopsMailAndReinstallRevives(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a, b := w.tenants[0], w.tenants[1]
		var before shops.Settings
		w.DB.Read(context.Background(), a.id, func(tx *store.Tx) (err error) { before, err = w.Shops.Settings(tx); return err })
		before.SenderName, before.ReturnsDays = "Alder & Sons", 14
		if _, err := w.Shops.Change(context.Background(), a.id, before); err != nil {
			t.Fatal(err)
		}
		// A mail that waits: written, and its job not due yet.
		var waiting *messages.Message
		if err := w.DB.InTx(context.Background(), a.id, func(tx *store.Tx) error {
			err := messages.Send(tx, messages.Request{Kind: "orders.confirmation", Once: "waiting", Ref: "1", To: a.email, Locale: "en"})
			if err != nil {
				return err
			}
			return tx.Exec("UPDATE queue_jobs SET run_at = ? WHERE shop_id = ? AND kind = 'messages.deliver' AND state = 'ready'", tx.Now.Add(time.Hour), tx.Shop).Error
		}); err != nil {
			t.Fatal(err)
		}
		w.clk.Advance(time.Second)
		w.uninstall(a)

		if _, err := w.Shops.Load(context.Background(), a.id); !errors.Is(err, shops.ErrNotInstalled) {
			t.Errorf("tokens after the uninstall: %v", err)
		}
		if err := w.DB.Read(context.Background(), a.id, func(tx *store.Tx) error {
			waiting = &messages.Message{}
			return tx.Scoped(waiting).Where("once = ?", "waiting").Take(waiting).Error
		}); err != nil || waiting.State != messages.StateStopped || !strings.Contains(waiting.Reason, "uninstalled") {
			t.Errorf("the waiting mail is %s (%s), %v", waiting.State, waiting.Reason, err)
		}
		if answer := w.webhook(a, "orders/create", "after-uninstall", []byte(`{"id":1}`)); answer.Code != http.StatusNotFound {
			t.Errorf("a webhook of the uninstalled shop: %d, want 404", answer.Code)
		}
		if answer := w.send("GET", "/api/v1/session", nil, w.bearer(a)...); answer.Code != http.StatusUnauthorized && answer.Code != http.StatusNotFound {
			t.Errorf("the admin of the uninstalled shop: %d", answer.Code)
		}
		if !w.shopOf(b).Installed {
			t.Error("another shop was uninstalled with it")
		}

		sent := w.countMails(a)
		w.clk.Advance(time.Minute)
		w.install(a, Scopes)
		var after shops.Settings
		w.DB.Read(context.Background(), a.id, func(tx *store.Tx) (err error) { after, err = w.Shops.Settings(tx); return err })
		if after.SenderName != "Alder & Sons" || after.ReturnsDays != 14 {
			t.Errorf("settings after the reinstall: %+v", after)
		}
		if got := w.countMails(a); got != sent {
			t.Errorf("the reinstall sent %d mails for old orders", got-sent)
		}
		// The old installation's uninstall event comes once more, late.
		echo := []byte(`{"id":1,"myshopify_domain":"` + string(a.domain) + `"}`)
		if answer := w.send(http.MethodPost, "/webhooks/shopify", echo, "X-Shopify-Topic", "app/uninstalled", "X-Shopify-Shop-Domain", string(a.domain),
			"X-Shopify-Event-Id", "late-echo", "X-Shopify-Triggered-At", w.clk.Now().Add(-time.Minute).Format(time.RFC3339Nano),
			"X-Shopify-Hmac-Sha256", shopsim.SignWebhook(w.env["SHOPIFY_API_SECRET"], echo)); answer.Code != http.StatusOK {
			t.Fatalf("late echo: %d", answer.Code)
		}
		w.idle()
		w.clk.Advance(time.Second)
		if _, err := w.sim.PlaceOrder(a.shop.ID, shopsim.Checkout{Email: "again@alder.example"}); err != nil {
			t.Fatal(err)
		}
		w.until("the mail of the first order after the reinstall", func() bool { return w.countMails(a) == sent+1 })
	})
}

// The app was removed and came back before the event of its removal arrives.
func TestLateUninstallEventDoesNotEndANewerInstallation(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a := w.tenants[0]
		w.clk.Advance(time.Hour)
		if err := w.sim.SetFaults(shopsim.Faults{Webhooks: shopsim.WebhookFaults{Down: true}}); err != nil {
			t.Fatal(err)
		}
		if err := w.sim.SetInstalled(a.shop.ID, false, nil); err != nil {
			t.Fatal(err)
		}
		w.clk.Advance(time.Minute)
		if err := w.sim.SetInstalled(a.shop.ID, true, Scopes); err != nil {
			t.Fatal(err)
		}
		open := func() {
			t.Helper()
			if _, err := w.Shops.Open(context.Background(), a.domain, w.sim.SessionToken(a.shop)); err != nil {
				t.Fatal(err)
			}
		}
		open() // the merchant looks in; we still believe in the old token
		w.clk.Advance(time.Minute)
		if err := w.sim.SetFaults(shopsim.Faults{}); err != nil {
			t.Fatal(err)
		}
		w.until("the event of the removal", func() bool {
			c, err := w.Shops.Load(context.Background(), a.id)
			return err == nil && c.NeedsReauth
		})
		if !w.shopOf(a).Installed {
			t.Error("the late event ended the newer installation")
		}
		open()
		if c, err := w.Shops.Load(context.Background(), a.id); err != nil || c.NeedsReauth || c.Access == a.credential.Access {
			t.Errorf("after the next visit: needs a visit %v, same token %v, %v", c.NeedsReauth, c.Access == a.credential.Access, err)
		}
	})
}

// countMails counts the mails that went out for the tenant.
func (w *walk) countMails(o *tenant) (n int64) {
	w.t.Helper()
	if err := w.DB.Read(context.Background(), o.id, func(tx *store.Tx) error {
		return tx.Scoped(&messages.Message{}).Where("sent_at IS NOT NULL").Count(&n).Error
	}); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestGrantedScopesAreKept(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a := w.tenants[0]
		fewer := []string{"read_orders", "write_app_proxy"}
		w.clk.Advance(time.Second)
		if err := w.sim.SetInstalled(a.shop.ID, true, fewer); err != nil {
			t.Fatal(err)
		}
		w.until("the scopes", func() bool { return len(w.shopOf(a).Scopes) == len(fewer) })
		if missing := w.Shops.MissingScopes(w.shopOf(a)); len(missing) != len(Scopes)-len(fewer) {
			t.Errorf("missing %v", missing)
		}
	})
}

func TestAuthorizationCodeFlowInstalls(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a := w.tenants[0]
		w.clk.Advance(time.Second)
		w.uninstall(a)
		if err := w.sim.SetInstalled(a.shop.ID, true, Scopes); err != nil {
			t.Fatal(err)
		}
		begin := w.send("GET", "/auth?shop="+string(a.domain), nil)
		target, err := url.Parse(begin.Header().Get("Location"))
		if err != nil || begin.Code != http.StatusFound {
			t.Fatalf("/auth: %d to %q", begin.Code, begin.Header().Get("Location"))
		}
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		asked, err := client.Get(target.String())
		if err != nil {
			t.Fatal(err)
		}
		asked.Body.Close()
		back, err := url.Parse(asked.Header.Get("Location"))
		if err != nil || back.Path != "/auth/callback" {
			t.Fatalf("the authorization page sent us to %q (%d)", asked.Header.Get("Location"), asked.StatusCode)
		}
		cookie := begin.Result().Cookies()[0]
		if answer := w.send("GET", back.RequestURI(), nil); answer.Code < 400 {
			t.Errorf("a callback without the cookie: %d", answer.Code)
		}
		if answer := w.send("GET", strings.Replace(back.RequestURI(), "code=", "code=x", 1), nil, "Cookie", cookie.Name+"="+cookie.Value); answer.Code < 400 {
			t.Errorf("a callback with another code: %d", answer.Code)
		}
		done := w.send("GET", back.RequestURI(), nil, "Cookie", cookie.Name+"="+cookie.Value)
		if done.Code != http.StatusFound || !w.shopOf(a).Installed {
			t.Fatalf("callback: %d, installed %v: %s", done.Code, w.shopOf(a).Installed, done.Body)
		}
		if answer := w.send("GET", back.RequestURI(), nil, "Cookie", cookie.Name+"="+cookie.Value); answer.Code < 400 {
			t.Errorf("the same callback once more: %d", answer.Code)
		}
		w.idle()
	})
}

// Opening the app again must not replace the tokens: an exchange does.
func TestOpeningAgainKeepsTheTokens(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a := w.tenants[0]
		for range 3 {
			if _, err := w.Shops.Open(context.Background(), a.domain, w.sim.SessionToken(a.shop)); err != nil {
				t.Fatal(err)
			}
		}
		c, err := w.Shops.Load(context.Background(), a.id)
		if err != nil || c.Version != a.credential.Version || c.Access != a.credential.Access {
			t.Errorf("version %d after %d, %v", c.Version, a.credential.Version, err)
		}
	})
}

func TestKeysAreRotated(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a := w.tenants[0]
		sealed := func() (s string) {
			w.DB.System(context.Background(), func(tx *store.Tx) error {
				return tx.Raw("SELECT access_token FROM shops_tokens WHERE shop_id = ?", a.id).Scan(&s).Error
			})
			return s
		}
		before := sealed()
		if strings.Contains(before, a.credential.Access) || !strings.HasPrefix(before, "k1") {
			t.Fatalf("stored as %q", before)
		}
		w.Queue.Stop()
		w.Close()
		w.env["ENCRYPTION_KEYS"] = "k2:" + strings.Repeat("RkZG", 10) + "RkY=," + w.env["ENCRYPTION_KEYS"]
		w.open()
		n, err := w.Shops.RotateKeys(context.Background())
		if err != nil || n != len(w.tenants) {
			t.Fatalf("rotated %d of %d, %v", n, len(w.tenants), err)
		}
		if again, err := w.Shops.RotateKeys(context.Background()); err != nil || again != 0 {
			t.Errorf("rotated %d once more, %v", again, err)
		}
		c, err := w.Shops.Load(context.Background(), a.id)
		if err != nil || c.Access != a.credential.Access || !strings.HasPrefix(sealed(), "k2") {
			t.Errorf("after the rotation: %q, %v", sealed()[:4], err)
		}
		// A ciphertext put into another shop's row does not open there.
		stolen := sealed()
		if err := w.DB.System(context.Background(), func(tx *store.Tx) error {
			return tx.Exec("UPDATE shops_tokens SET access_token = ? WHERE shop_id = ?", stolen, w.tenants[1].id).Error
		}); err != nil {
			t.Fatal(err)
		}
		b := w.tenants[1]
		if c, err := w.Shops.Load(context.Background(), b.id); err != nil || !c.NeedsReauth || c.Access != "" || c.Refresh != "" {
			t.Errorf("a swapped token: %v, needs a new grant: %v", err, c.NeedsReauth)
		}
		// Nor does one shop's broken token, or a key that is gone, keep the others waiting.
		w.Queue.Stop()
		w.Close()
		first := strings.Split(w.env["ENCRYPTION_KEYS"], ",")[0]
		w.env["ENCRYPTION_KEYS"] = "k3:" + strings.Repeat("R0dH", 10) + "R0c=," + first
		w.open()
		if n, err := w.Shops.RotateKeys(context.Background()); err != nil || n != len(w.tenants)-1 {
			t.Errorf("rotated %d beside a broken one, %v", n, err)
		}
		if k, err := shops.KeyStates(context.Background(), w.DB, w.Config.Keys); err != nil || k != (shops.KeyState{All: len(w.tenants), Locked: 1}) {
			t.Errorf("keys: %+v, %v", k, err)
		}
		home := w.send(http.MethodGet, "/api/v1/home", nil, w.bearer(b)...)
		if home.Code != http.StatusOK || !strings.Contains(home.Body.String(), `"access"`) {
			t.Errorf("home says nothing of the lost access: %d %s", home.Code, home.Body)
		}
		// The merchant's next visit fetches a pair of our own again.
		if _, err := w.Shops.Open(context.Background(), b.domain, w.sim.SessionToken(b.shop)); err != nil {
			t.Fatal(err)
		}
		if c, err := w.Shops.Load(context.Background(), b.id); err != nil || c.NeedsReauth || c.Access == "" {
			t.Errorf("after the visit: %v, needs a new grant: %v", err, c.NeedsReauth)
		}
	})
}
