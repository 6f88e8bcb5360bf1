package changes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/problem"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/web"
)

// uploadMost is the largest report: four photos and the rest, and some more, so
// that a photo that is too large is answered by the form.
const (
	uploadMost = PhotosMost*PhotoBytes + 8<<20
	fieldMost  = 16 << 10
	fieldsMost = 2 * linesMost
)

// photoFormats are named the same in every language.
const photoFormats = "JPEG, PNG, WebP"

const problemSection = `<section class="card" aria-labelledby="problem">
<h2 id="problem">{{t "problem.card"}}</h2>
<p class="muted">{{t "problem.card.text"}}</p>
<p><a class="button" href="{{.Path}}">{{if .Reported}}{{t "problem.card.see"}}{{else}}{{t "problem.title"}}{{end}}</a></p>
</section>`

func (s *Requests) problemShown(_ context.Context, tx *store.Tx, at room.PageView) (any, error) {
	o, err := orders.Find(tx, at.OrderID)
	if errors.Is(err, orders.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	reported, err := problemsOf(tx, at.OrderID)
	if err != nil || len(reported) == 0 && (o.CancelledAt != nil || len(o.Fulfillments) == 0) {
		return nil, err // nothing was sent that could be wrong
	}
	return map[string]any{"Path": at.Path + "/problem", "Reported": len(reported) > 0}, nil
}

func (s *Requests) getProblem(c *web.Ctx) error {
	r, err := s.orders.RequestedOrder(c)
	if err != nil {
		return err
	}
	return s.db.Read(c.Context(), r.Shop, func(tx *store.Tx) error {
		a, err := s.holder(c, tx, r, "/problem")
		if err != nil {
			return err
		}
		return s.showProblem(c, tx, a, typedProblem{}, nil)
	})
}

// typedProblem is what the form held.
type typedProblem struct {
	once   string
	lang   string
	kind   string
	text   string
	counts map[string]string
	photos []Photo
}

func (s *Requests) postProblem(c *web.Ctx) error {
	r, err := s.orders.RequestedOrder(c)
	if err != nil {
		return err
	}
	var a asked
	if err := s.db.Read(c.Context(), r.Shop, func(tx *store.Tx) (err error) { a, err = s.holder(c, tx, r, "/problem"); return err }); err != nil {
		return err
	}
	typed, wrong := s.readProblem(c)
	if typed.lang != "" {
		a.tag = locale.Match(typed.lang)
	}
	id := s.formID(linkProblemForm, a, typed.once)
	if wrong == nil && id != "" {
		wrong = s.db.InTx(c.Context(), r.Shop, func(tx *store.Tx) error {
			return s.report(tx, id, a.order, Report{Kind: typed.kind, Text: plain(typed.text), Items: typed.items(a.order), Photos: typed.photos}, a.tag)
		})
		if wrong == nil {
			c.Redirect(http.StatusSeeOther, a.action)
			return nil
		}
	}
	if wrong != nil && problem.Of(wrong).Kind != problem.Invalid {
		return wrong
	}
	if id == "" && wrong == nil && typed.once != "" {
		wrong = errFormOld
	}
	return s.db.Read(c.Context(), r.Shop, func(tx *store.Tx) error { return s.showProblem(c, tx, a, typed, wrong) })
}

var errFormOld = problem.New(problem.Invalid, "changes.form_old", "The form was open for too long. Send it once more.")

// items are the lines that were counted, no more of each than there are.
func (t typedProblem) items(o *orders.Order) (list []ProblemItem) {
	for _, l := range chosenLines(o, nil) {
		n, err := strconv.ParseInt(t.counts[strconv.FormatInt(l.ID, 10)], 10, 64)
		if err == nil && n > 0 {
			list = append(list, ProblemItem{Line: l.ID, Title: l.Title, Quantity: min(n, l.Quantity)})
		}
	}
	return list
}

// readProblem reads the form part by part. A photo goes to a file without a name,
// is drawn anew and forgotten before the next is read. Names of files are not
// looked at.
func (s *Requests) readProblem(c *web.Ctx) (typedProblem, error) {
	typed := typedProblem{counts: map[string]string{}}
	media, params, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || media != "multipart/form-data" {
		return typed, nil // an empty form
	}
	parts := multipart.NewReader(c.Request.Body, params["boundary"])
	var wrong error
	for range fieldsMost {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return typed, wrong
		}
		if err != nil {
			return typed, bodyBroken(err)
		}
		name := part.FormName()
		if name == "photo" {
			photo, err := s.readPhoto(part)
			switch {
			case err != nil && problem.Of(err).Kind != problem.Invalid:
				return typed, err
			case err != nil:
				wrong = err
			case photo != nil && len(typed.photos) == PhotosMost:
				wrong = ErrPhotoCount
			case photo != nil:
				typed.photos = append(typed.photos, *photo)
			}
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, fieldMost))
		if err != nil {
			return typed, bodyBroken(err)
		}
		typed.set(name, string(value))
	}
	return typed, ErrPhotoCount
}

func (t *typedProblem) set(name, value string) {
	switch name {
	case "once":
		t.once = value
	case "lang":
		t.lang = value
	case "kind":
		t.kind = value
	case "text":
		t.text = strings.ReplaceAll(value, "\r\n", "\n")
	default:
		if line, ok := strings.CutPrefix(name, "q"); ok {
			t.counts[line] = value
		}
	}
}

func bodyBroken(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return ErrPhotoSize.With(err)
	}
	return ErrPhotoKind.With(err)
}

// readPhoto returns nil for a field that was left empty.
func (s *Requests) readPhoto(part io.Reader) (*Photo, error) {
	var first [1]byte
	if _, err := io.ReadFull(part, first[:]); err == io.EOF {
		return nil, nil
	} else if err != nil {
		return nil, bodyBroken(err)
	}
	file, err := os.CreateTemp(s.spool, "photo-*")
	if err != nil {
		return nil, fmt.Errorf("a place to read a photo: %w", err)
	}
	defer file.Close()
	if err := os.Remove(file.Name()); err != nil { // it lives on without a name until it is closed
		defer os.Remove(file.Name())
	}
	n, err := io.Copy(file, io.LimitReader(io.MultiReader(bytes.NewReader(first[:]), part), PhotoBytes+1))
	if err != nil {
		return nil, bodyBroken(err)
	}
	if n > PhotoBytes {
		if _, err := io.Copy(io.Discard, part); err != nil {
			return nil, bodyBroken(err)
		}
		return nil, ErrPhotoSize
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	photo, err := Redraw(file)
	return &photo, err
}

func (s *Requests) showProblem(c *web.Ctx, tx *store.Tx, a asked, typed typedProblem, wrong error) error {
	data, err := s.orders.PageData(tx, a.tag, c)
	if err != nil {
		return err
	}
	zone, err := s.zone(tx)
	if err != nil {
		return err
	}
	if data["once"], err = s.newForm(linkProblemForm, "prb", a); err != nil {
		return err
	}
	data["wrong"] = ""
	if wrong != nil {
		code := problem.Of(wrong).Code
		data["wrong"] = locale.Shopper.T(a.tag, "problem.wrong."+code[strings.IndexByte(code, '.')+1:], map[string]any{"count": PhotosMost, "size": PhotoBytes >> 20, "formats": photoFormats})
	}
	kinds := []any{}
	for _, k := range ProblemKinds {
		kinds = append(kinds, map[string]any{"name": k, "text": locale.Shopper.T(a.tag, "problem.kind."+k, nil), "chosen": k == typed.kind})
	}
	lines := []any{}
	for _, l := range chosenLines(a.order, nil) {
		chosen, _ := strconv.ParseInt(typed.counts[strconv.FormatInt(l.ID, 10)], 10, 64)
		counts := []any{}
		for n := range min(l.Quantity, 50) + 1 {
			counts = append(counts, map[string]any{"n": n, "text": a.tag.Number(n), "chosen": n == chosen})
		}
		lines = append(lines, map[string]any{"id": l.ID, "title": l.Title, "options": l.Options, "counts": counts})
	}
	earlier, err := s.problemsFor(tx, a.order.ID, a.tag, zone, a.back)
	if err != nil {
		return err
	}
	data["order"], data["action"], data["back"], data["kinds"], data["lines"], data["text"], data["earlier"] = a.order.Name, a.action, a.back, kinds, lines, typed.text, earlier
	data["photos_most"], data["photos_size"], data["photo_formats"] = PhotosMost, PhotoBytes>>20, photoFormats
	data["fields"] = slices.Repeat([]int{0}, PhotosMost)
	return s.show(c, a.tag, "problem.html", http.StatusOK, data)
}

// getShopperPhoto shows a photo to who holds the link of the order it belongs to.
func (s *Requests) getShopperPhoto(c *web.Ctx) error {
	r, err := s.orders.RequestedOrder(c)
	if err != nil {
		return err
	}
	return s.db.Read(c.Context(), r.Shop, func(tx *store.Tx) error {
		p, order, err := findPhoto(tx, c.Param("photo"))
		if err != nil {
			return err
		}
		if order != r.OrderID {
			return ErrRequestMissing
		}
		return answerPhoto(c, p)
	})
}

// answerPhoto sends a photo as what it is and nothing else: a browser that is led
// to it stores it and runs nothing in it.
func answerPhoto(c *web.Ctx, p photoRow) error {
	c.Header("Content-Security-Policy", "default-src 'none'; sandbox")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Content-Disposition", fmt.Sprintf("attachment; filename=\"photo-%d.jpg\"", p.Position+1))
	c.Header("Cross-Origin-Resource-Policy", "same-origin")
	c.Header("Cache-Control", "private, no-store")
	c.Header("Referrer-Policy", "no-referrer")
	c.Data(http.StatusOK, "image/jpeg", p.Picture)
	return nil
}
