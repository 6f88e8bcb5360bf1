package photo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"

	"afterglow/app/problem"
)

// FormBytes is the largest form with photos: all of them and the rest, and some
// more, so that a photo that is too large is answered by the form.
const FormBytes = Most*BytesMost + 8<<20

const (
	fieldBytes = 16 << 10
	fieldsMost = 200
)

// ReadForm reads a form part by part and tells set what was typed. A photo goes to
// a file in spool without a name, is drawn anew and forgotten before the next is
// read; names of files are not looked at. What is wrong with a photo is known when
// the rest has been read, so that the form can be shown again as it was filled in.
func ReadForm(r *http.Request, spool string, set func(name, value string)) (photos []Photo, err error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" {
		return nil, nil // an empty form
	}
	parts := multipart.NewReader(r.Body, params["boundary"])
	var wrong error
	for range fieldsMost {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return photos, wrong
		}
		if err != nil {
			return nil, broken(err)
		}
		name := part.FormName()
		if name == "photo" {
			p, err := read(part, spool)
			switch {
			case err != nil && problem.Of(err).Kind != problem.Invalid:
				return nil, err
			case err != nil:
				wrong = err
			case p != nil && len(photos) == Most:
				wrong = ErrCount
			case p != nil:
				photos = append(photos, *p)
			}
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, fieldBytes))
		if err != nil {
			return nil, broken(err)
		}
		set(name, string(value))
	}
	return photos, ErrCount
}

func broken(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return ErrSize.With(err)
	}
	return ErrKind.With(err)
}

// read returns nil for a field that was left empty.
func read(part io.Reader, spool string) (*Photo, error) {
	var first [1]byte
	if _, err := io.ReadFull(part, first[:]); err == io.EOF {
		return nil, nil
	} else if err != nil {
		return nil, broken(err)
	}
	file, err := os.CreateTemp(spool, "photo-*")
	if err != nil {
		return nil, fmt.Errorf("a place to read a photo: %w", err)
	}
	defer file.Close()
	if err := os.Remove(file.Name()); err != nil { // it lives on without a name until it is closed
		defer os.Remove(file.Name())
	}
	n, err := io.Copy(file, io.LimitReader(io.MultiReader(bytes.NewReader(first[:]), part), BytesMost+1))
	if err != nil {
		return nil, broken(err)
	}
	if n > BytesMost {
		if _, err := io.Copy(io.Discard, part); err != nil {
			return nil, broken(err)
		}
		return nil, ErrSize
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	p, err := Redraw(file)
	return &p, err
}

// Headers go with a photo that is sent out: it is what it is and nothing else, and
// a browser that is led to it stores it and runs nothing in it.
func Headers(position int) map[string]string {
	return map[string]string{
		"Content-Security-Policy":      "default-src 'none'; sandbox",
		"X-Content-Type-Options":       "nosniff",
		"Content-Disposition":          fmt.Sprintf("attachment; filename=\"photo-%d.jpg\"", position+1),
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control":                "private, no-store",
		"Referrer-Policy":              "no-referrer",
	}
}
