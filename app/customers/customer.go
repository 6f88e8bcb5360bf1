package customers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"afterglow/app/problem"
)

// Problems of this room.
var (
	ErrNotFound = problem.New(problem.NotFound, "customers.not_found", "This customer does not exist, or was deleted.")
	ErrPayload  = problem.New(problem.Invalid, "customers.payload", "The payload is not a customer.")
)

// Customer is who bought.
type Customer struct {
	ID            int64
	Email         string
	Phone         string
	FirstName     string
	LastName      string
	Locale        string
	State         string // disabled, invited, enabled, declined: of the account at the shop
	VerifiedEmail bool
	UpdatedAt     time.Time
	DeletedAt     *time.Time
	RedactedAt    *time.Time
}

// Name is first and last name, or "".
func (c Customer) Name() string { return strings.TrimSpace(c.FirstName + " " + c.LastName) }

// Known tells whether the row still holds a person.
func (c Customer) Known() bool { return c.DeletedAt == nil && c.RedactedAt == nil }

// digest orders payloads of the same instant: any order will do, so long as it
// is the same for everybody.
func (c Customer) digest() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and times always encode
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// Parse reads a customer from a webhook's body. It returns ErrPayload when the
// body is not JSON or has no id.
func Parse(body []byte) (Customer, error) {
	var p struct {
		ID        number `json:"id"`
		Email     text   `json:"email"`
		Phone     text   `json:"phone"`
		FirstName text   `json:"first_name"`
		LastName  text   `json:"last_name"`
		Locale    text   `json:"locale"`
		State     text   `json:"state"`
		Verified  text   `json:"verified_email"`
		UpdatedAt text   `json:"updated_at"`
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return Customer{}, ErrPayload.Detailf("The payload is not a JSON object.").With(err)
	}
	if p.ID <= 0 {
		return Customer{}, ErrPayload.Detailf("The payload has no customer id.")
	}
	c := Customer{
		ID: int64(p.ID), Email: string(p.Email), Phone: string(p.Phone), FirstName: string(p.FirstName), LastName: string(p.LastName),
		Locale: string(p.Locale), State: strings.ToLower(string(p.State)), VerifiedEmail: p.Verified == "true",
	}
	if t, err := time.Parse(time.RFC3339Nano, string(p.UpdatedAt)); err == nil && t.Year() >= 1970 && t.Year() < 10000 {
		c.UpdatedAt = t.UTC().Truncate(time.Microsecond)
	}
	return c, nil
}

// text takes strings, numbers and booleans; anything else counts as absent. NUL
// and broken UTF-8 are dropped, PostgreSQL refuses both.
type text string

const maxText = 1_000

func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] == '{' || b[0] == '[' || b[0] == 'n' {
		return nil
	}
	s := string(b)
	if b[0] == '"' {
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
	}
	*t = text(clean(s))
	return nil
}

func clean(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", ""))
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}

// cleaned is the customer with the texts as a webhook's would be read.
func (c Customer) cleaned() Customer {
	for _, t := range []*string{&c.Email, &c.Phone, &c.FirstName, &c.LastName, &c.Locale, &c.State} {
		*t = clean(*t)
	}
	return c
}

type number int64

func (n *number) UnmarshalJSON(b []byte) error {
	if i, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64); err == nil {
		*n = number(i)
	}
	return nil
}
