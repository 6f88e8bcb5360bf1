package changes

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/photo"
	"afterglow/app/problem"
	"afterglow/app/room"
	"afterglow/app/store"
	"afterglow/app/web"
)

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
	photos []photo.Photo
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
	if web.Forged(c) {
		id = ""
	}
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

func (s *Requests) readProblem(c *web.Ctx) (typedProblem, error) {
	typed := typedProblem{counts: map[string]string{}}
	photos, err := photo.ReadForm(c.Request, s.spool, typed.set)
	typed.photos = photos
	return typed, err
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
		code := strings.TrimPrefix(strings.ReplaceAll(problem.Of(wrong).Code, ".", "_"), "changes_")
		data["wrong"] = locale.Shopper.T(a.tag, "problem.wrong."+code, map[string]any{"count": photo.Most, "size": photo.BytesMost >> 20, "formats": photo.Formats})
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
	data["photos_most"], data["photos_size"], data["photo_formats"] = photo.Most, photo.BytesMost>>20, photo.Formats
	data["fields"] = slices.Repeat([]int{0}, photo.Most)
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

func answerPhoto(c *web.Ctx, p photoRow) error {
	for name, value := range photo.Headers(p.Position) {
		c.Header(name, value)
	}
	c.Data(http.StatusOK, "image/jpeg", p.Picture)
	return nil
}
