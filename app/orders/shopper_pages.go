package orders

import (
	"errors"
	"html/template"
	"io/fs"

	"afterglow/app/locale"
	"afterglow/app/store"
	"afterglow/app/web"
)

// ShopperPages are the pages of a later room in the frame of this room's: their
// templates find "head", "foot" and "shop header".
type ShopperPages map[locale.Tag]*template.Template

// ParsePages reads a later room's pages, once a language.
func ParsePages(files fs.FS, pattern string) (ShopperPages, error) {
	all := ShopperPages{}
	for _, tag := range locale.Supported {
		t, err := template.New("").Funcs(locale.Funcs(tag)).ParseFS(pageFiles, "page/*")
		if err != nil {
			return nil, err
		}
		if all[tag], err = t.ParseFS(files, pattern); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// PageData is what the frame of a shopper's page is drawn with.
func (s *Service) PageData(tx *store.Tx, tag locale.Tag, c *web.Ctx) (map[string]any, error) {
	return s.shopperData(tx, tag, c)
}

// ShowPage answers with a later room's page.
func (s *Service) ShowPage(c *web.Ctx, pages ShopperPages, tag locale.Tag, name string, status int, data map[string]any) error {
	data["Nonce"] = web.Nonce(c)
	shopperHeaders(c)
	return web.Page(c, status, pages[tag].Lookup(name), data)
}

// Visitor is the language of who has no order at hand: the one they chose, or
// their browser's.
func Visitor(c *web.Ctx) locale.Tag {
	if wanted := c.PostForm("lang"); wanted != "" {
		return locale.Match(wanted)
	}
	return visitor(c)
}

// Identify finds the order that a shopper means by its number, typed as they
// please, and the address it was placed with; 0 when there is none.
func Identify(tx *store.Tx, name, email string) (int64, error) {
	if searchKey(email) == "" {
		return 0, nil
	}
	return orderOf(tx, searchKey(orderNumber(name)), searchKey(email))
}

// Named finds the newest order of a number; 0 when there is none.
func Named(tx *store.Tx, name string) (int64, error) {
	return orderNamed(tx, searchKey(orderNumber(name)))
}

// Link is the signed address of an order's page, ErrNotFound for one we lack.
func (s *Service) Link(tx *store.Tx, id int64) (string, error) {
	f, err := load(tx, id)
	if err != nil {
		return "", err
	}
	return s.pageURL(tx, f)
}

// Attention is what a later room wants the merchant to see on the first screen.
type Attention struct {
	Code, Severity string
	Count          int64
	Title, Detail  string
	Href           string
}

// OnHome lets a later room say what wants the merchant's hand.
func (s *Service) OnHome(ask func(tx *store.Tx) (Attention, error)) { s.asked = append(s.asked, ask) }

// attend adds what the later rooms have to say.
func (s *Service) attend(tx *store.Tx, h *homeJSON) error {
	var errs []error
	for _, ask := range s.asked {
		a, err := ask(tx)
		if err != nil {
			errs = append(errs, err)
		} else if a.Count > 0 {
			h.Attention = append(h.Attention, attentionJSON(a))
		}
	}
	return errors.Join(errs...)
}
