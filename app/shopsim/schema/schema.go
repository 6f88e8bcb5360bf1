// Package schema holds the published schemas of Shopify's APIs, version
// 2026-10, without their descriptions, and the access each field requires. They
// are parsed once, when first asked for.
//
// See NOTICE.md for where they come from.
package schema

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"sync"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

//go:embed admin.graphql.gz
var adminSDL []byte

//go:embed admin.access.json.gz
var adminAccess []byte

//go:embed customer.graphql.gz
var customerSDL []byte

//go:embed storefront.graphql.gz
var storefrontSDL []byte

var (
	admin      = sync.OnceValues(func() (*ast.Schema, error) { return parse("admin", adminSDL) })
	customer   = sync.OnceValues(func() (*ast.Schema, error) { return parse("customer", customerSDL) })
	storefront = sync.OnceValues(func() (*ast.Schema, error) { return parse("storefront", storefrontSDL) })
	access     = sync.OnceValues(readAccess)
)

// Admin returns the schema of the Admin API. It must not be changed.
func Admin() (*ast.Schema, error) { return admin() }

// Customer returns the schema of the Customer Account API. It must not be
// changed.
func Customer() (*ast.Schema, error) { return customer() }

// Storefront returns the schema of the Storefront API. It must not be changed.
func Storefront() (*ast.Schema, error) { return storefront() }

// Access is what the Admin API demands for a type or a field.
type Access struct {
	Text   string   // as Shopify words it
	Scopes []string // any one of these
}

// AdminAccess returns the demands by "Type" and "Type.field".
func AdminAccess() (map[string]Access, error) { return access() }

func unpack(zipped []byte) (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return "", err
	}
	raw, err := io.ReadAll(r)
	return string(raw), err
}

func parse(name string, zipped []byte) (*ast.Schema, error) {
	sdl, err := unpack(zipped)
	if err != nil {
		return nil, fmt.Errorf("unpack %s schema: %w", name, err)
	}
	s, err := gqlparser.LoadSchema(&ast.Source{Name: name, Input: sdl})
	if err != nil {
		return nil, fmt.Errorf("parse %s schema: %w", name, err)
	}
	return s, nil
}

var scopeName = regexp.MustCompile("`([a-z_]+)` access scope")

func readAccess() (map[string]Access, error) {
	raw, err := unpack(adminAccess)
	if err != nil {
		return nil, fmt.Errorf("unpack access: %w", err)
	}
	texts := map[string]string{}
	if err := json.Unmarshal([]byte(raw), &texts); err != nil {
		return nil, fmt.Errorf("parse access: %w", err)
	}
	out := make(map[string]Access, len(texts))
	for name, text := range texts {
		a := Access{Text: text}
		for _, m := range scopeName.FindAllStringSubmatch(text, -1) {
			a.Scopes = append(a.Scopes, m[1])
		}
		out[name] = a
	}
	return out, nil
}
