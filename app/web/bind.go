package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"afterglow/app/problem"
)

// maxDepth is how deep JSON may nest. Ours nests four deep.
const maxDepth = 32

// Bind reads the body as JSON into v, strictly: the media type is
// application/json, every field is known, no name appears twice in one object,
// nothing follows. If v can validate itself it is asked to. It returns a problem.
func (c *Ctx) Bind(v any) error {
	if media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || media != "application/json" {
		return errMediaType
	}
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return bodyError(err)
	}
	if err := decodeStrict(body, v); err != nil {
		return err
	}
	if checked, ok := v.(interface{ Validate() error }); ok {
		return checked.Validate()
	}
	return nil
}

// RawBody reads the body as it is, up to the route's cap. It returns a problem.
func (c *Ctx) RawBody() ([]byte, error) {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return nil, bodyError(err)
	}
	return body, nil
}

func bodyError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return errTooLarge.With(err)
	}
	return errJSON.Detailf("The body did not arrive whole.").With(err)
}

func decodeStrict(body []byte, v any) error {
	if !utf8.Valid(body) {
		return errJSON.With(errors.New("not UTF-8"))
	}
	if err := plainJSON(body); err != nil {
		return errJSON.With(err)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return decodeProblem(err)
	}
	return nil
}

func decodeProblem(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return errJSON.WithFields(problem.Field{Field: wrong.Field, Detail: "has the wrong type"}).With(err)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if name = strings.Trim(name, `"`); len(name) > 64 {
			name = name[:64]
		}
		return errJSON.WithFields(problem.Field{Field: strings.ToValidUTF8(name, "?"), Detail: "is not known here"}).With(err)
	}
	return errJSON.With(err)
}

// plainJSON refuses what encoding/json lets pass: names that appear twice in one
// object (the last would win, while a reviewer read the first), nesting without
// end, and anything behind the value.
func plainJSON(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := plainValue(d, 0); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the value")
	}
	return nil
}

// plainText refuses what PostgreSQL cannot keep in a text.
func plainText(t json.Token) error {
	if s, ok := t.(string); ok && strings.ContainsRune(s, 0) {
		return errors.New("a text holds a NUL")
	}
	return nil
}

func plainValue(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return plainText(t)
	}
	if depth == maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			// Names are matched without case, so "a" and "A" are the same one.
			key := strings.ToLower(name.(string))
			if seen[key] {
				return errors.New("a name appears twice")
			}
			seen[key] = true
		}
		if err := plainValue(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}
