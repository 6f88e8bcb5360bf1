package messages_test

import (
	"context"
	"testing"

	"afterglow/app/clock"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// An order's address may be corrected while its mail waits. The list is asked about
// the address that the mail goes to, and what the server answers is about that one.
func TestTheListIsAskedAboutWhomTheMailGoesTo(t *testing.T) {
	moved := mail.Kind{Name: "test.moved", Template: []byte("<p>hello</p>"), Compose: func(context.Context, *store.Tx, string) (*mail.Letter, error) {
		return &mail.Letter{To: mail.Address{Email: "Ann.New@example.com"}, Data: map[string]any{}}, nil
	}}
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		o := openRoom(t, db, &transport{answer: &mail.Refused{Code: 550, Enhanced: "5.1.1", Permanent: true, Mailbox: true}}, moved)
		o.start().send("test.moved", "1")
		if m := o.waitState(messages.StateFailed); m.ToAddress != "ann.new@example.com" {
			t.Errorf("the mail went to %q", m.ToAddress)
		}
		if list := o.suppressions(""); len(list) != 1 || list[0].Address != "ann.new@example.com" {
			t.Errorf("on the list: %+v", list)
		}
		o.inTx(func(tx *store.Tx) error { return tx.Scoped(&messages.Message{}).Delete(&messages.Message{}).Error })
		o.send("test.moved", "2")
		o.waitState(messages.StateSuppressed)
	})
}
