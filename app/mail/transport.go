package mail

import (
	"context"
	"fmt"

	"afterglow/app/problem"
)

// A Transport hands messages over. It is safe for concurrent use.
//
// Send returns nil only when the other side took the message. It returns
// *Refused when the other side answered that it did not; ErrUnknownOutcome when
// the answer was lost after the message was complete, so that nobody knows;
// ErrUnreachable when nothing was handed over; ErrConfiguration when the server
// will not have us until somebody changes the settings; and the problems of
// Message.Bytes for a message that could never go out.
type Transport interface {
	Send(ctx context.Context, m *Message) error
}

// The problems of sending.
var (
	ErrUnknownOutcome = problem.New(problem.Unavailable, "mail.outcome_unknown", "The answer of the mail server was lost; the mail may or may not have gone out.")
	ErrUnreachable    = problem.New(problem.Unavailable, "mail.unreachable", "The mail server cannot be reached at the moment.")
	ErrConfiguration  = problem.New(problem.Unavailable, "mail.configuration", "The mail server does not accept us with these settings.")
	// ErrBusy says that as many mails as allowed are on their way to this server.
	ErrBusy = problem.New(problem.Unavailable, "mail.busy", "The mail server is busy with other mails of the shop.")
)

// Refused is a mail server's no. Its text is for the log of the operator: it may
// repeat the address, so Error leaves it out.
type Refused struct {
	Code      int    // "550" as SMTP has it
	Enhanced  string // "5.1.1", or empty
	Permanent bool   // trying again is no use
	Mailbox   bool   // it is the recipient's mailbox that will never take mail
	Text      string
}

// Error says what happened without the recipient's address.
func (r *Refused) Error() string {
	code := fmt.Sprint(r.Code)
	if r.Enhanced != "" {
		code += " " + r.Enhanced
	}
	switch {
	case r.Mailbox:
		return "the mail server says that the mailbox does not exist or takes no mail (" + code + ")"
	case r.Permanent:
		return "the mail server refused the mail for good (" + code + ")"
	default:
		return "the mail server asks to try again later (" + code + ")"
	}
}

// Unwrap gives the problem kind: what may work later is Unavailable.
func (r *Refused) Unwrap() error {
	if r.Permanent {
		return errRefused
	}
	return errDeferred
}

var (
	errRefused  = problem.New(problem.Invalid, "mail.refused", "The mail server refused the mail for good.")
	errDeferred = problem.New(problem.Unavailable, "mail.deferred", "The mail server asks to try again later.")
)
