package mail

import (
	"context"

	"afterglow/app/store"
)

// Class says by what right a mail is sent. It decides about consent, about the
// unsubscribe header, and about what happens when nobody knows whether the mail
// went out.
type Class int

const (
	// Transactional mails belong to something the shopper did. They need no
	// consent and are sent at least once.
	Transactional Class = iota
	// Marketing mails need recorded consent, carry an unsubscribe link and are
	// sent at most once.
	Marketing
)

// String names the class for logs and lists.
func (c Class) String() string {
	if c == Marketing {
		return "marketing"
	}
	return "transactional"
}

// Importance says how much of a choice the shopper has about a mail. A kind that
// says nothing is always sent.
type Importance int

const (
	// Required mails belong to the purchase, to the law or to what the shopper asked for.
	Required Importance = iota
	// Needed mails tell what somebody has to know to get the parcel.
	Needed
	// Nice mails can be done without.
	Nice
)

// A Kind is one sort of mail that a room can send.
type Kind struct {
	Name  string // room and mail, "orders.confirmation"; part of stored rows
	Class Class
	// Importance decides with the shopper's own choice whether the mail is sent.
	Importance Importance
	// Template is compiled MJML: HTML with Liquid in it.
	Template []byte
	// Subject is Liquid for one line. Without it the phrase
	// "<last part of Name>.subject" is used, with order, shop and name.
	Subject string
	// Compose gathers the letter at the moment of sending, so that it tells how
	// things are and not how they were. It returns Stop to send nothing.
	Compose func(ctx context.Context, tx *store.Tx, ref string) (*Letter, error)
	// Samples are made-up letters for previews and golden files.
	Samples []Sample
	// Example, if set, writes a sample as the shop's own design would have it;
	// name is what the test mail was asked for with.
	Example func(ctx context.Context, tx *store.Tx, name string) (*Letter, error)
}

// A Sample is a made-up letter of a kind.
type Sample struct {
	Name   string // "full", "minimal"
	Letter Letter
}

// A Letter is what a mail says to whom, before it is laid out.
type Letter struct {
	To     Address
	Locale string // any language tag; the nearest language we speak is used
	// Data fills the template. It holds texts, whole numbers, yes or no, lists
	// and maps of those; anything else is refused, because a struct would show
	// templates more than was meant.
	Data map[string]any
	// MessageRef names the stored message; its Message-ID is made of it.
	MessageRef string
	// Template and Subject take the place of the kind's own: a merchant's.
	Template []byte
	Subject  string
	// Words are Liquid texts of the merchant; the template finds them, filled in,
	// under words.
	Words map[string]string
	// ReplyTo reads the answers; without one the shop's own address does.
	ReplyTo Address
	// Variant names how the letter is written and Why who decided that. Both are
	// for the merchant's eyes.
	Variant, Why string
}

// Plain is the letter without anything that a merchant wrote.
func (l *Letter) Plain() *Letter {
	plain := *l
	plain.Template, plain.Subject, plain.Words = nil, "", nil
	return &plain
}

// Edited tells whether the letter holds anything that a merchant wrote.
func (l *Letter) Edited() bool {
	return l.Template != nil || l.Subject != "" || len(l.Words) > 0
}

// Stop tells that a letter must not be sent (any more), and why.
func Stop(reason string) error { return &stopped{reason} }

type stopped struct{ reason string }

func (s *stopped) Error() string { return "not sent: " + s.reason }

// StopReason returns the reason given to Stop if err came from it.
func StopReason(err error) (reason string, ok bool) {
	for err != nil {
		if s, is := err.(*stopped); is {
			return s.reason, true
		}
		u, can := err.(interface{ Unwrap() error })
		if !can {
			return "", false
		}
		err = u.Unwrap()
	}
	return "", false
}
