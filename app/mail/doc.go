// Package mail lays letters out and hands them over.
//
// It is machinery: it knows nothing of orders. A room declares its mails as
// kinds; the room messages decides whether one may be sent, asks the kind to
// compose the letter, and lets this package render and send it.
//
// # Words
//
//	Kind      one sort of mail a room can send, with its template and samples.
//	Letter    what a mail says to whom: plain data, composed at the moment of sending.
//	Rendered  a letter laid out: subject, HTML, plain text.
//	Message   one mail to exactly one recipient, ready to go.
//	Transport hands messages over: SMTP, or the built-in Mailbox.
//	Phrase    a text of the catalogue, by key.
//
// # Templates
//
// The source of a template is MJML, compiled when the program is built
// (templates/, npm run build); what is embedded is HTML with Liquid in it.
// Merchants will edit templates, so Liquid is fenced in:
//
//   - Every value is escaped. Only phrases of our own catalogue can be printed as
//     HTML (raw), with their arguments escaped.
//   - Data are texts, whole numbers, yes or no, lists and maps; a struct is refused
//     because it would show a template more than was meant.
//   - Source, output, loops, texts and lists, the work of all filters and the time
//     are limited; include, render and tablerow do not exist. Whatever limit is
//     hit, nothing of the mail comes out.
//   - {{ "key" | t: name: value }} is a phrase in the letter's language, and
//     {{ address | url }} lets only web, mail and phone addresses through.
//
// A letter may bring a merchant's own template, subject and words along. Words
// are filled in first, as plain text, and then printed like any other value.
//
// The plain text is made of the rendered HTML, so that both say the same.
//
// # Sending
//
// Message.Bytes is the one place where a MIME message is built. It refuses line
// breaks and NUL in every header and anything but one recipient, and the same
// message always gives the same bytes, Message-ID included.
//
// A shop may have a server of its own; Servers keeps few connections to each of
// them, and of no more shops than it was told. CheckDomain asks the DNS whether the
// world believes a sender's domain and says in plain words what to add; a DNS that
// does not answer proves nothing.
//
// # Failure
//
// Send tells four endings apart: taken (nil), refused (*Refused, which says
// whether trying again helps and whether the mailbox itself is the reason),
// unknown (ErrUnknownOutcome: the text was complete, the answer was lost), and
// not handed over (ErrUnreachable, ErrConfiguration). What follows from each is
// the caller's business.
//
// Tables owned: mail_mailbox. It holds personal data: EraseKept
// forgets a person's mails, and all are forgotten after thirty days.
package mail
