package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"strings"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/store"
)

// ErrNoMail tells that the mailbox has no such mail.
var ErrNoMail = problem.New(problem.NotFound, "mail.not_found", "There is no such mail in the mailbox.")

// A Mailbox is the transport of an installation without a mail server: it keeps
// the mails and shows them on a page. Nothing leaves the machine.
type Mailbox struct{ db *store.DB }

// NewMailbox returns a mailbox that keeps its mails in db.
func NewMailbox(db *store.DB) *Mailbox { return &Mailbox{db} }

// Send keeps the message. Sent again with the same Message-ID it is kept once,
// as a mail program would show it. A message that could not go out over SMTP is
// refused here, too.
func (b *Mailbox) Send(ctx context.Context, m *Message) error {
	raw, err := m.Bytes()
	if err != nil {
		return err
	}
	headers, err := json.Marshal(heading(raw))
	if err != nil {
		return err
	}
	k := &Kept{ID: ids.New("mail"), ShopID: m.Shop, ToAddress: strings.ToLower(m.To.Email), Subject: m.Subject, Headers: string(headers), HTML: m.HTML, BodyText: m.Text, MessageID: m.MessageID}
	write := func(tx *store.Tx) error { return keep(tx, k) }
	if m.Shop == 0 {
		err = b.db.System(ctx, write)
	} else {
		err = b.db.InTx(ctx, m.Shop, write)
	}
	if err != nil {
		return ErrUnreachable.With(fmt.Errorf("keep mail %s: %w", m.MessageID, err))
	}
	return nil
}

// EraseKept forgets what the built-in mailbox holds for an address of the shop,
// and the mails of the given messages wherever they went. It works without a
// Mailbox too: an installation may have had one before it got a mail server.
func EraseKept(tx *store.Tx, address string, messages ...string) error {
	return eraseMails(tx, address, messages)
}

// heading reads the head of a built message, decoded for people.
func heading(raw []byte) map[string]string {
	head, _, _ := strings.Cut(string(raw), "\r\n\r\n")
	out := map[string]string{}
	words := new(mime.WordDecoder)
	for line := range strings.SplitSeq(strings.NewReplacer("\r\n ", " ", "\r\n\t", " ").Replace(head), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		if decoded, err := words.DecodeHeader(value); err == nil {
			value = decoded
		}
		out[name] = value
	}
	return out
}
