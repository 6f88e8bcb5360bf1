package shops_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/mail"
	"afterglow/app/queue/queuetest"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

const redisNumber = 14

var ctx = context.Background()

func room(t *testing.T, db *store.DB, keys string) *shops.Service {
	t.Helper()
	queuetest.New(t, db, redisNumber) // what is published needs one
	ring, err := shopify.ParseKeyring(keys)
	if err != nil {
		t.Fatal(err)
	}
	return shops.New(shops.Config{DB: db, Keys: ring, Log: slog.New(slog.DiscardHandler), From: "installation@example.com"})
}

func own(version int, password *string) shops.MailSettings {
	return shops.MailSettings{Version: version, Host: "smtp.example.com", Port: 587, Security: mail.StartTLS, User: "lumen", Password: password, FromAddress: "orders@shop.example"}
}

func mailing(t *testing.T, db *store.DB, s *shops.Service) (m shops.Mailing) {
	t.Helper()
	if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) (err error) { m, err = s.Mailing(tx); return err }); err != nil {
		t.Fatal(err)
	}
	return m
}

// The password of a mail server follows the keys: it is encrypted again with the
// newest, and without any that opens it the shop's mails wait.
func TestTheServersPasswordFollowsTheKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		former, newer := shopify.NewKey("a"), shopify.NewKey("b")
		password := "correct horse"
		if err := room(t, db, former).ChangeMail(ctx, storetest.Shop, own(0, &password)); err != nil {
			t.Fatal(err)
		}
		sealed := func() (text string) {
			if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
				return tx.Raw(`SELECT password FROM shops_mail WHERE shop_id = ?`, tx.Shop).Scan(&text).Error
			}); err != nil {
				t.Fatal(err)
			}
			return text
		}
		if before := sealed(); !strings.HasPrefix(before, "a:") || strings.Contains(before, password) {
			t.Fatalf("kept as %q", before)
		}
		both := room(t, db, newer+","+former)
		if got := mailing(t, db, both).Server.Password; got != password {
			t.Errorf("read as %q", got)
		}
		for range 2 {
			if _, err := both.RotateKeys(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if after := sealed(); !strings.HasPrefix(after, "b:") {
			t.Errorf("kept as %q after the rotation", after)
		}
		if got := mailing(t, db, room(t, db, newer)); got.Server.Password != password || got.Paused != "" {
			t.Errorf("with the new key alone: %+v", got.Paused)
		}
		if got := mailing(t, db, room(t, db, former)); got.Server.Password != "" || got.Paused == "" || got.PausedUntil.IsZero() {
			t.Errorf("with a key that does not open it: paused %q until %s", got.Paused, got.PausedUntil)
		}
	})
}

// A password stays with the server and the user it was entered for.
func TestAPasswordIsNotHandedToAnotherServer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		s, password := room(t, db, shopify.NewKey("a")), "correct horse"
		if err := s.ChangeMail(ctx, storetest.Shop, own(0, &password)); err != nil {
			t.Fatal(err)
		}
		kept := own(1, nil)
		kept.PerMinute = 10
		if err := s.ChangeMail(ctx, storetest.Shop, kept); err != nil || mailing(t, db, s).Server.Password != password {
			t.Fatalf("saved without a change: %v", err)
		}
		for name, change := range map[string]func(*shops.MailSettings){
			"server": func(v *shops.MailSettings) { v.Host = "evil.example.com" }, "port": func(v *shops.MailSettings) { v.Port = 465 },
			"encryption": func(v *shops.MailSettings) { v.Security = mail.TLS }, "user": func(v *shops.MailSettings) { v.User = "other" },
		} {
			v := own(2, nil)
			change(&v)
			if err := s.ChangeMail(ctx, storetest.Shop, v); err == nil {
				t.Errorf("another %s got the password", name)
			}
		}
		if err := s.ChangeMail(ctx, storetest.Shop, own(1, nil)); !errors.Is(err, shops.ErrStale) {
			t.Errorf("over a newer version: %v", err)
		}
	})
}

// texts is a DNS with one answer.
type texts func(name string) ([]string, error)

func (f texts) LookupTXT(_ context.Context, name string) ([]string, error) { return f(name) }

// What the DNS said is kept, unless the sender was changed while it was asked.
func TestTheDomainsReportIsAboutTheSenderThereIs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		s := room(t, db, shopify.NewKey("a"))
		meanwhile := func() {}
		s.MailHost = "smtp.postmarkapp.com"
		s.DNS = texts(func(name string) ([]string, error) {
			if name == "_dmarc.example.com." || name == "_dmarc.shop.example." {
				meanwhile()
				return []string{"v=DMARC1; p=none"}, nil
			}
			return nil, &net.DNSError{IsNotFound: true}
		})
		report, err := s.CheckSender(ctx, storetest.Shop)
		if err != nil || report.Domain != "example.com" || report.DMARC.Verdict != mail.Good || !report.CheckedAt.Equal(clk.Now()) {
			t.Fatalf("%+v %v", report, err)
		}
		kept := func() (at *time.Time) {
			if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
				var row struct{ CheckedAt *time.Time }
				err := tx.Table("shops_mail").Select("checked_at").Where("shop_id = ?", tx.Shop).Scan(&row).Error
				at = row.CheckedAt
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return at
		}
		if kept() == nil {
			t.Fatal("the report was not kept")
		}
		meanwhile = func() {
			meanwhile = func() {}
			if err := s.ChangeMail(ctx, storetest.Shop, shops.MailSettings{Version: 0, Host: "smtp.example.com", Port: 25, Security: mail.Plaintext, FromAddress: "orders@shop.example"}); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.CheckSender(ctx, storetest.Shop); err != nil {
			t.Fatal(err)
		}
		if at := kept(); at != nil {
			t.Errorf("a report about the former sender is kept: %s", at)
		}
	})
}
