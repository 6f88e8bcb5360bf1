package messages_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/queue"
	"afterglow/app/queue/queuetest"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

const redisNumber = 12

var ctx = context.Background()

// transport answers every mail with the same words.
type transport struct {
	tried  atomic.Int64
	answer error
}

func (o *transport) Send(context.Context, *mail.Message) error { o.tried.Add(1); return o.answer }

// open puts a shop, a queue and the room together.
func open(t *testing.T, db *store.DB, out mail.Transport, kinds ...mail.Kind) {
	t.Helper()
	openRoom(t, db, out, kinds...).start()
}

func send(t *testing.T, db *store.DB) {
	t.Helper()
	if err := db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
		return messages.Send(tx, messages.Request{Kind: "test.note", Once: "1", Ref: "1", To: "ann@example.com", Locale: "en"})
	}); err != nil {
		t.Fatal(err)
	}
}

func only[T any](t *testing.T, db *store.DB) (row T) {
	t.Helper()
	if err := db.Read(ctx, storetest.Shop, func(tx *store.Tx) error { return tx.Scoped(&row).Take(&row).Error }); err != nil {
		t.Fatal(err)
	}
	return row
}

// A list of suppressed addresses that cannot be read must not cost the mail.
func TestUnreadableSuppressionsDoNotSuppress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		out := &transport{}
		open(t, db, out)
		rename := func(from, to string) {
			if err := db.System(ctx, func(tx *store.Tx) error { return tx.Exec("ALTER TABLE " + from + " RENAME TO " + to).Error }); err != nil {
				t.Fatal(err)
			}
		}
		rename("messages_suppressions", "messages_away")
		send(t, db)
		queuetest.Wait(t, "the first attempt", func() bool { r := only[queue.Row](t, db); return r.Attempts > 0 && r.LeaseAt == nil })
		if m := only[messages.Message](t, db); m.State != messages.StateWaiting {
			t.Fatalf("the message is %s (%s)", m.State, m.Reason)
		}
		rename("messages_away", "messages_suppressions")
		queuetest.Wait(t, "sent", func() bool {
			clk.Advance(time.Second)
			return only[messages.Message](t, db).State == messages.StateSent
		})
	})
}

// Promised are 48 hours, whatever chance makes of the pauses.
func TestDeferredMailIsTriedFor48Hours(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		out := &transport{answer: &mail.Refused{Code: 451}}
		open(t, db, out)
		send(t, db)
		var ended messages.Message
		for tries := int64(1); ended.State != messages.StateFailed; tries++ {
			queuetest.Wait(t, "attempt "+strconv.FormatInt(tries, 10), func() bool { return out.tried.Load() >= tries })
			queuetest.Wait(t, "its record", func() bool {
				ended = only[messages.Message](t, db)
				return ended.State == messages.StateFailed || only[queue.Row](t, db).State == queue.StateReady
			})
			if r := only[queue.Row](t, db); r.State == queue.StateReady {
				clk.Advance(r.RunAt.Sub(clk.Now()))
			}
		}
		if after := clk.Now().Sub(storetest.Noon); after < 48*time.Hour || after > 50*time.Hour {
			t.Errorf("given up after %s and %d attempts", after, out.tried.Load())
		}
	})
}
