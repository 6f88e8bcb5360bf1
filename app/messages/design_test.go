package messages_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/queue/queuetest"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// keeper remembers the last mail.
type keeper struct{ last *mail.Message }

func (k *keeper) Send(_ context.Context, m *mail.Message) error { k.last = m; return nil }

// The shopper gets the mail even when the merchant's own form of it fails, and
// the message says that it did.
func TestABrokenTemplateFallsBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		out := &keeper{}
		open(t, db, out, mail.Kind{Name: "test.note", Template: []byte("<p>ours {{ words.x }}</p>"), Subject: "ours",
			Compose: func(context.Context, *store.Tx, string) (*mail.Letter, error) {
				return &mail.Letter{Data: map[string]any{}, Variant: "warm", Why: "Rule 1: because", ReplyTo: mail.Address{Name: "Maya", Email: "maya@example.com"},
					Subject: "theirs", Words: map[string]string{"x": "{% for i in (1..99999) %}{% for j in (1..9) %}x{% endfor %}{% endfor %}"}}, nil
			}})
		send(t, db)
		queuetest.Wait(t, "sent", func() bool {
			clk.Advance(time.Second)
			return only[messages.Message](t, db).State == messages.StateSent
		})
		m := only[messages.Message](t, db)
		if m.Variant != "warm" || m.VariantReason != "Rule 1: because" || !strings.Contains(m.Fallback, "loops") || m.Subject != "ours" {
			t.Errorf("message %q %q %q %q", m.Variant, m.VariantReason, m.Fallback, m.Subject)
		}
		if out.last.ReplyTo.Email != "maya@example.com" || !strings.Contains(out.last.HTML, "<p>ours </p>") {
			t.Errorf("mail %+v", out.last)
		}
		if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
			n, err := messages.CountFallbacks(tx, clk.Now().Add(-time.Hour))
			if n != 1 {
				t.Errorf("%d fallbacks counted", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestDesignsKeepEveryVersion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		in := func(fn func(tx *store.Tx) error) {
			t.Helper()
			if err := db.InTx(ctx, storetest.Shop, fn); err != nil {
				t.Fatal(err)
			}
		}
		in(func(tx *store.Tx) error {
			d, err := messages.Published(tx, "k")
			if d.Version != 0 || d.Document != nil {
				t.Errorf("published %+v", d)
			}
			return err
		})
		for revision := range 3 {
			in(func(tx *store.Tx) error {
				d, err := messages.SaveDraft(tx, "k", []byte{byte('a' + revision)}, revision, "ann")
				if d.Revision != revision+1 {
					t.Errorf("revision %d", d.Revision)
				}
				return err
			})
			in(func(tx *store.Tx) error {
				_, err := messages.Publish(tx, "k", []byte{byte('a' + revision)}, 0, "ann")
				return err
			})
		}
		err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
			_, err := messages.SaveDraft(tx, "k", []byte("late"), 1, "bob")
			return err
		})
		if !errors.Is(err, messages.ErrDesignStale) {
			t.Errorf("an old revision was saved: %v", err)
		}
		in(func(tx *store.Tx) error {
			list, err := messages.Designs(tx, "k", 2)
			if err != nil || len(list) != 2 || list[0].Version != 3 {
				t.Errorf("versions %+v, %v", list, err)
			}
			first, err := messages.FindDesign(tx, "k", 1)
			if err != nil || string(first.Document) != "a" || first.ChangedBy != "ann" {
				t.Errorf("version 1 is %+v, %v", first, err)
			}
			if _, err := messages.FindDesign(tx, "other", 1); !errors.Is(err, messages.ErrDesignMissing) {
				t.Errorf("another kind: %v", err)
			}
			return nil
		})
	})
}
