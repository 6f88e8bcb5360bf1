// Package problem holds the one kind of error that people may read.
//
// A room declares its problems as package variables, each with a kind, a stable
// code and a sentence that says what is wrong and what to do. Everything else is
// internal: it is logged where it ends, and the caller reads one fixed sentence.
// Compare with errors.Is: two problems are the same when their codes are.
package problem

import (
	"errors"
	"fmt"
	"net/http"
)

// Kind is the class of a problem. It decides the HTTP status and whether a job
// that met it is tried again.
type Kind int

// The kinds, each with its HTTP status.
const (
	Internal     Kind = iota // 500: our fault; tried again
	Unavailable              // 503: a service we need is away; tried again
	Throttled                // 429: too many requests; tried again later
	Invalid                  // 422: what was sent cannot be accepted
	Malformed                // 400: what was sent cannot be read
	Unauthorized             // 401: who are you?
	Forbidden                // 403: you may not
	NotFound                 // 404: no such thing, or not yours
	Conflict                 // 409: somebody was faster
	TooLarge                 // 413: more than we read
)

var statuses = map[Kind]int{
	Internal: http.StatusInternalServerError, Unavailable: http.StatusServiceUnavailable,
	Throttled: http.StatusTooManyRequests, Invalid: http.StatusUnprocessableEntity,
	Malformed: http.StatusBadRequest, Unauthorized: http.StatusUnauthorized,
	Forbidden: http.StatusForbidden, NotFound: http.StatusNotFound,
	Conflict: http.StatusConflict, TooLarge: http.StatusRequestEntityTooLarge,
}

// Status is the HTTP status of the kind.
func (k Kind) Status() int { return statuses[k] }

// Field says what is wrong with one field of the input.
type Field struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// Problem is an error with words for people. Detail must not hold personal data.
type Problem struct {
	Kind   Kind
	Code   string // stable, "orders.not_found"
	Detail string // one sentence: what is wrong and what to do
	Fields []Field
	cause  error
}

// New declares a problem.
func New(kind Kind, code, detail string) *Problem {
	return &Problem{Kind: kind, Code: code, Detail: detail}
}

// Error returns the code, the sentence and, for the log, the cause.
func (p *Problem) Error() string {
	if p.cause != nil {
		return p.Code + ": " + p.Detail + ": " + p.cause.Error()
	}
	return p.Code + ": " + p.Detail
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.cause }

// Is tells whether target is the same problem, whatever its words.
func (p *Problem) Is(target error) bool {
	t, ok := target.(*Problem)
	return ok && t.Code == p.Code
}

// With returns the problem with a cause for the log; people do not read it.
func (p *Problem) With(cause error) *Problem {
	q := *p
	q.cause = cause
	return &q
}

// Detailf returns the problem with another sentence.
func (p *Problem) Detailf(format string, args ...any) *Problem {
	q := *p
	q.Detail = fmt.Sprintf(format, args...)
	return &q
}

// WithFields returns the problem with what is wrong field by field.
func (p *Problem) WithFields(fields ...Field) *Problem {
	q := *p
	q.Fields = fields
	return &q
}

// Status is the HTTP status of the problem.
func (p *Problem) Status() int { return p.Kind.Status() }

// Unclassified is what people read of an error that nobody gave words to.
var Unclassified = New(Internal, "internal", "Something went wrong on our side. Please try again; if it stays, tell us the request id.")

// Of finds the problem in err. An error without one is Unclassified, with err as
// its cause; nil stays nil.
func Of(err error) *Problem {
	if err == nil {
		return nil
	}
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return Unclassified.With(err)
}

// Retryable tells whether trying the same again can help: Internal,
// Unavailable and Throttled do, the rest would fail again.
func Retryable(err error) bool {
	switch Of(err).Kind {
	case Internal, Unavailable, Throttled:
		return true
	}
	return false
}
