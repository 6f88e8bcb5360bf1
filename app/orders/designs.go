package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/problem"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// draftDesign is what the merchant is working on; without a draft, what is
// published.
func draftDesign(tx *store.Tx) (Design, messages.Design, error) {
	stored, err := messages.FindDesign(tx, KindConfirmation, 0)
	if errors.Is(err, messages.ErrDesignMissing) {
		d, _, err := publishedDesign(tx)
		return d, messages.Design{}, err
	}
	if err != nil {
		return Design{}, stored, err
	}
	d, err := readDesign(stored)
	return d, stored, err
}

// saveDraft keeps the design over the revision it was read with.
func (s *Service) saveDraft(ctx context.Context, shop ids.Shop, d Design, revision int, by string) error {
	document, err := d.document()
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, shop, func(tx *store.Tx) error {
		_, err := messages.SaveDraft(tx, KindConfirmation, document, revision, by)
		return err
	})
}

func (d Design) document() ([]byte, error) {
	document, err := json.Marshal(d)
	if err == nil && len(document) > maxDesign {
		return nil, errDesign.Detailf("All texts together are larger than %d KiB.", maxDesign>>10)
	}
	return document, err
}

// publish puts a version in use: the draft of that revision or, to roll back,
// what was published before as version. Both pass the linter first.
func (s *Service) publish(ctx context.Context, shop ids.Shop, revision, version int, by string) error {
	return s.db.InTx(ctx, shop, func(tx *store.Tx) error {
		stored, err := messages.FindDesign(tx, KindConfirmation, version)
		if err != nil {
			return err
		}
		if version == 0 && stored.Revision != revision {
			return messages.ErrDesignStale
		}
		d, err := readDesign(stored)
		if err != nil {
			return err
		}
		if err := d.Validate(); err != nil {
			return err
		}
		if wrong := lint(ctx, s.renderer, s.confirmation(), d); len(wrong) > 0 {
			return ErrLint.WithFields(wrong...)
		}
		document, err := d.document()
		if err != nil {
			return err
		}
		if _, err := messages.Publish(tx, KindConfirmation, document, version, by); err != nil {
			return err
		}
		for _, step := range []string{shops.StepStyle, shops.StepTry} {
			if err := shops.FinishStep(tx, step); err != nil {
				return err
			}
		}
		if version == 0 {
			return nil
		}
		// Whoever rolls back goes on from there.
		draft, err := messages.FindDesign(tx, KindConfirmation, 0)
		if err != nil && !errors.Is(err, messages.ErrDesignMissing) {
			return err
		}
		_, err = messages.SaveDraft(tx, KindConfirmation, document, draft.Revision, by)
		return err
	})
}

// chosen is which style an order would get.
type chosen struct {
	Order orderRow `json:"order"`
	Style string   `json:"style"`
	Name  string   `json:"style_name"`
	Rule  int      `json:"rule"`
	Why   string   `json:"why"`
}

// rehearsed is on how many orders a set of rules is tried.
const rehearsed = 20

// rehearse tells which style the last orders would get.
func (s *Service) rehearse(ctx context.Context, shop ids.Shop, d Design) ([]chosen, error) {
	list := []chosen{}
	err := s.db.Read(ctx, shop, func(tx *store.Tx) error {
		numbers, err := newestOrders(tx, rehearsed)
		if err != nil {
			return err
		}
		for _, id := range numbers {
			f, err := load(tx, id)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			traits, err := traitsOf(tx, f.Order)
			if err != nil {
				return err
			}
			listed, err := withMail(tx, []row{f.row})
			if err != nil {
				return err
			}
			c := d.Choose(traits)
			list = append(list, chosen{rowOf(listed[0]), c.Style, styleNames[c.Style], c.Rule, c.Why})
		}
		return nil
	})
	return list, err
}

// shown is a preview: a finished mail, and why it is written as it is.
type shown struct {
	Subject  string `json:"subject"`
	HTML     string `json:"html"`
	Text     string `json:"text"`
	Locale   string `json:"locale"`
	Dir      string `json:"dir"`
	Style    string `json:"style"`
	Why      string `json:"why"`
	Bytes    int    `json:"bytes"`
	Fallback string `json:"fallback"` // what fails in the merchant's own form
}

// show lays a design out: on an order, or on a made-up one; in the style that the
// rules choose or the one asked for; in the shopper's language or another.
func (s *Service) show(ctx context.Context, shop ids.Shop, d Design, order int64, style, language string) (out shown, err error) {
	var letter *mail.Letter
	err = s.db.Read(ctx, shop, func(tx *store.Tx) error {
		if order == 0 {
			if style == "" {
				style = d.DefaultStyle
			}
			letter, err = s.sampleIn(tx, d, locale.Match(language), style, "full")
			return err
		}
		f, err := load(tx, order)
		if err != nil {
			return err
		}
		if language == "" {
			language = f.Order.Locale
		}
		v, err := s.view(tx, f, locale.Match(language))
		if err != nil {
			return err
		}
		traits, err := traitsOf(tx, f.Order)
		if err != nil {
			return err
		}
		c := d.Choose(traits)
		if style != "" && style != c.Style {
			c = Choice{Style: style, Why: "You asked for this style; the rules choose " + styleNames[c.Style] + ". " + c.Why}
		}
		c, extras, err := s.furnish(tx, v, d, c, true)
		if err != nil {
			return err
		}
		letter = v.inStyle(d, 0, c, extras)
		return nil
	})
	if err != nil {
		return out, err
	}
	kind := s.confirmation()
	r, err := s.renderer.Render(ctx, kind, letter, mail.Brand{})
	if err != nil && letter.Edited() {
		out.Fallback = problem.Of(err).Detail
		r, err = s.renderer.Render(ctx, kind, letter.Plain(), mail.Brand{})
	}
	if err != nil {
		return out, err
	}
	out.Subject, out.HTML, out.Text, out.Locale, out.Dir = r.Subject, r.HTML, r.Text, string(r.Locale), r.Locale.Dir()
	out.Style, out.Why, out.Bytes = letter.Variant, letter.Why, len(r.HTML)
	return out, nil
}

func versionParam(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, messages.ErrDesignMissing.With(fmt.Errorf("version %q", text))
	}
	return n, nil
}

func knownStyle(style string) bool {
	return style == "" || slices.Contains(mail.ConfirmationStyles, style)
}
