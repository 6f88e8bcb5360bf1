package web

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"sync"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Page renders an HTML page for a shopper or a visitor. It is rendered whole
// before the first byte is sent, so a template that fails gives a problem and
// not half a page. Styles may stand in the page; scripts need Nonce.
func Page(c *Ctx, status int, t *template.Template, data any) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := t.Execute(b, data); err != nil {
		return fmt.Errorf("render page %s: %w", t.Name(), err)
	}
	HTML(c, status, b.Bytes())
	return nil
}

// HTML answers with a page that is rendered already.
func HTML(c *Ctx, status int, page []byte) {
	c.Header("Content-Security-Policy", c.pagePolicy())
	if c.Writer.Header().Get("Cache-Control") == "" {
		c.Header("Cache-Control", "private, no-store")
	}
	c.Data(status, "text/html; charset=utf-8", c.withFormKeys(page))
}

// Nonce returns the value that a script of this page must bear to run.
func Nonce(c *Ctx) string {
	if n := c.GetString(keyNonce); n != "" {
		return n
	}
	raw := make([]byte, 16)
	rand.Read(raw)
	n := base64.RawURLEncoding.EncodeToString(raw)
	c.Set(keyNonce, n)
	return n
}

// pagePolicy is the policy of a page that nobody may frame: pictures from
// anywhere secure, because shops choose them; nothing else from outside.
func (c *Ctx) pagePolicy() string {
	script := "'self'"
	if n := c.GetString(keyNonce); n != "" {
		script += " 'nonce-" + n + "'"
	}
	return strings.Join([]string{
		"default-src 'none'",
		"img-src " + strings.TrimSpace("'self' data: https: "+strings.Join(c.engine.imageOrigins, " ")),
		"style-src 'self' 'unsafe-inline'", "font-src 'self'", "script-src " + script, "connect-src 'self'",
		"form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
	}, "; ")
}
