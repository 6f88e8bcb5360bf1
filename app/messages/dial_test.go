package messages_test

import (
	"context"
	"testing"

	"afterglow/app/clock"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/queue/queuetest"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// ask sends one mail of each importance and returns what became of them.
func ask(t *testing.T, db *store.DB, to, once string) (states, reasons map[string]string) {
	t.Helper()
	kinds := []string{"test.note", "test.needed", "test.nice"}
	if err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
		for _, kind := range kinds {
			if err := messages.Send(tx, messages.Request{Kind: kind, Once: once, Ref: "1", To: to, Locale: "en"}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	queuetest.Wait(t, "the mails to be settled", func() bool {
		states, reasons = map[string]string{}, map[string]string{}
		var rows []messages.Message
		if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
			return tx.Scoped(&messages.Message{}).Where("once = ?", once).Find(&rows).Error
		}); err != nil {
			t.Fatal(err)
		}
		for _, m := range rows {
			if m.State == messages.StateWaiting || m.State == messages.StateSending {
				return false
			}
			states[m.Kind], reasons[m.Kind] = string(m.State), m.Reason
		}
		return len(states) == len(kinds)
	})
	return states, reasons
}

func TestDialStopsWhatCanBeDoneWithout(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		letter := func(context.Context, *store.Tx, string) (*mail.Letter, error) {
			return &mail.Letter{Data: map[string]any{}}, nil
		}
		out := &transport{}
		open(t, db, out, mail.Kind{Name: "test.needed", Template: []byte("<p>late</p>"), Importance: mail.Needed, Compose: letter},
			mail.Kind{Name: "test.nice", Template: []byte("<p>sent</p>"), Importance: mail.Nice, Compose: letter})
		choose := func(level messages.Level) error {
			return db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error { return messages.SetDial(tx, " Ann@Example.com", level) })
		}
		for _, c := range []struct {
			level                messages.Level
			note, needed, nicest messages.State
		}{
			{"", messages.StateSent, messages.StateSent, messages.StateSent},
			{messages.LevelNeeded, messages.StateSent, messages.StateSent, messages.StateStopped},
			{messages.LevelLeast, messages.StateSent, messages.StateStopped, messages.StateStopped},
			{messages.LevelAll, messages.StateSent, messages.StateSent, messages.StateSent},
		} {
			if c.level != "" {
				if err := choose(c.level); err != nil {
					t.Fatal(err)
				}
			}
			states, reasons := ask(t, db, "ann@example.com", "level "+string(c.level))
			for kind, want := range map[string]messages.State{"test.note": c.note, "test.needed": c.needed, "test.nice": c.nicest} {
				if states[kind] != string(want) {
					t.Errorf("level %q: %s is %s (%s), want %s", c.level, kind, states[kind], reasons[kind], want)
				}
				if want == messages.StateStopped && reasons[kind] != "the shopper chose fewer messages" {
					t.Errorf("level %q: %s stopped because %q", c.level, kind, reasons[kind])
				}
			}
		}
		if out.tried.Load() != 9 {
			t.Errorf("%d mails left, want 9", out.tried.Load())
		}
		if err := choose("loud"); err == nil {
			t.Error("a level that there is not was kept")
		}
	})
}

func TestDialIsExportedAndErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		r := messages.New(db, nil, nil, nil).Room()
		person := room.Person{Email: "ann@example.com"}
		if err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
			if err := messages.SetDial(tx, "ben@example.com", messages.LevelLeast); err != nil {
				return err
			}
			if err := messages.SetDial(tx, person.Email, messages.LevelLeast); err != nil {
				return err
			}
			told, err := r.Export(ctx, tx, person)
			if err != nil {
				return err
			}
			if chosen, _ := told["chosen_messages"].(map[string]any); chosen["level"] != messages.LevelLeast {
				t.Errorf("exported %v", told)
			}
			return r.Erase(ctx, tx, person)
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error {
			for address, want := range map[string]messages.Level{person.Email: messages.LevelAll, "ben@example.com": messages.LevelLeast} {
				if d, err := messages.DialOf(tx, address); err != nil || d.Level != want {
					t.Errorf("%s: %v, %v; want %s", address, d.Level, err, want)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}
