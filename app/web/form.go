package web

import (
	"bufio"
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"afterglow/app/ids"
)

// Who is signed in to the shop is told to us with every request through the app
// proxy, also with one that a strange page made the browser send. What changes
// something there therefore brings a key along that only our own page knew.

// FormField is the field that bears the key.
const FormField = "form_key"

const (
	formLife = 30 * time.Minute
	linkForm = "form"
	formPeek = 2 << 10 // of a form with files: the key is its first field
)

// FormKey is what a form on the shop's own domain brings back: for this shop, this
// customer (0 for a guest), for half an hour.
func (l *Links) FormKey(shop ids.Shop, customer int64) (string, error) {
	return l.Sign(Link{Shop: shop, Kind: linkForm, Ref: strconv.FormatInt(customer, 10), Expires: l.clock.Now().Add(formLife)})
}

// FormKey is the key for a form that a script of the shop's pages sends.
func FormKey(c *Ctx) (string, error) { return c.engine.config.Links.FormKey(Shop(c), Customer(c)) }

// Forged tells, on a route with AsksAgain, whether the request came without a
// form's key. Nothing may be changed then.
func Forged(c *Ctx) bool { return c.GetBool(keyForged) }

// checkForm lets a request change something only if it is a form of ours.
func (e *Engine) checkForm(c *Ctx, route Route) error {
	if slices.Contains([]string{http.MethodGet, http.MethodHead}, route.Method) {
		return nil
	}
	sent, err := c.formKey()
	if err != nil {
		return err
	}
	link, err := e.config.Links.Open(linkForm, sent)
	if err == nil && link.Shop == Shop(c) && link.Ref == strconv.FormatInt(Customer(c), 10) {
		return nil
	}
	if route.Asks {
		c.Set(keyForged, true)
		return nil
	}
	return ErrForm
}

// formKey reads the key and leaves the body to the handler. What is no form is
// refused: a strange page may send text/plain without asking anybody.
func (c *Ctx) formKey() (string, error) {
	media, params, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	switch {
	case err != nil:
		return "", errMediaType
	case media == "application/x-www-form-urlencoded":
		return c.PostForm(FormField), nil
	case media == "multipart/form-data":
		body := bufio.NewReaderSize(c.Request.Body, formPeek)
		begin, _ := body.Peek(formPeek) // a short body is all there is
		c.Request.Body = struct {
			io.Reader
			io.Closer
		}{body, c.Request.Body}
		return firstField(begin, params["boundary"]), nil
	}
	return "", errMediaType
}

// firstField is the value of FormField if a body begins with it.
func firstField(begin []byte, boundary string) string {
	part, err := multipart.NewReader(bytes.NewReader(begin), boundary).NextPart()
	if err != nil || part.FormName() != FormField {
		return ""
	}
	value, err := io.ReadAll(io.LimitReader(part, 512))
	if err != nil {
		return ""
	}
	return string(value)
}

var formTag = regexp.MustCompile(`<form [^>]*method="post"[^>]*>`)

// withFormKeys puts the key into every form of a page on the shop's own domain, so
// that none can be forgotten. What people wrote is escaped and makes no form.
func (c *Ctx) withFormKeys(page []byte) []byte {
	if !IsProxied(c) || !bytes.Contains(page, []byte("<form ")) {
		return page
	}
	key, err := FormKey(c)
	if err != nil {
		c.Log().Error("a form is without its key", "error", err)
		return page
	}
	field := append(append([]byte(`<input type="hidden" name="`+FormField+`" value="`), key...), `">`...)
	return formTag.ReplaceAllFunc(page, func(tag []byte) []byte { return append(slices.Clip(tag), field...) })
}
