// Convert turns the introspection result of a Shopify API, as the npm package
// @shopify/dev-mcp carries it, into the two files package schema embeds: the
// schema as SDL without descriptions, and the access each type and field
// requires. Both are gzip.
//
//	go run ./app/shopsim/schema/convert admin_2026-10.json.gz app/shopsim/schema/admin
package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
)

type typeRef struct {
	Kind   string   `json:"kind"`
	Name   string   `json:"name"`
	OfType *typeRef `json:"ofType"`
}

func (t *typeRef) String() string {
	switch t.Kind {
	case "NON_NULL":
		return t.OfType.String() + "!"
	case "LIST":
		return "[" + t.OfType.String() + "]"
	}
	return t.Name
}

type argument struct {
	Name         string   `json:"name"`
	Type         *typeRef `json:"type"`
	DefaultValue *string  `json:"defaultValue"`
	Deprecated   bool     `json:"isDeprecated"`
}

type field struct {
	Name           string     `json:"name"`
	Args           []argument `json:"args"`
	Type           *typeRef   `json:"type"`
	RequiredAccess string     `json:"requiredAccess"`
	Deprecated     bool       `json:"isDeprecated"`
}

type definition struct {
	Kind           string     `json:"kind"`
	Name           string     `json:"name"`
	Fields         []field    `json:"fields"`
	InputFields    []argument `json:"inputFields"`
	Interfaces     []typeRef  `json:"interfaces"`
	EnumValues     []struct{ Name string }
	PossibleTypes  []typeRef `json:"possibleTypes"`
	IsOneOf        bool      `json:"isOneOf"`
	RequiredAccess string    `json:"requiredAccess"`
}

type directive struct {
	Name         string     `json:"name"`
	Locations    []string   `json:"locations"`
	Args         []argument `json:"args"`
	IsRepeatable bool       `json:"isRepeatable"`
}

type document struct {
	Data struct {
		Schema struct {
			QueryType        *typeRef     `json:"queryType"`
			MutationType     *typeRef     `json:"mutationType"`
			SubscriptionType *typeRef     `json:"subscriptionType"`
			Types            []definition `json:"types"`
			Directives       []directive  `json:"directives"`
		} `json:"__schema"`
	} `json:"data"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: convert <introspection.json[.gz]> <output prefix>")
		os.Exit(2)
	}
	if err := convert(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "convert:", err)
		os.Exit(1)
	}
}

func convert(from, prefix string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(from, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return err
		}
	}
	var doc document
	if err := json.NewDecoder(r).Decode(&doc); err != nil {
		return err
	}
	sdl, access := write(doc)
	if err := save(prefix+".graphql.gz", sdl); err != nil {
		return err
	}
	raw, err := json.Marshal(access)
	if err != nil {
		return err
	}
	return save(prefix+".access.json.gz", string(raw))
}

func save(name, text string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(z, text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}

// builtin names what every GraphQL schema has without saying so.
var builtin = map[string]bool{"Int": true, "Float": true, "String": true, "Boolean": true, "ID": true,
	"include": true, "skip": true, "deprecated": true, "specifiedBy": true, "oneOf": true}

func write(doc document) (string, map[string]string) {
	var b strings.Builder
	access := map[string]string{}
	s := doc.Data.Schema
	fmt.Fprintf(&b, "schema {\n query: %s\n", s.QueryType.Name)
	if s.MutationType != nil {
		fmt.Fprintf(&b, " mutation: %s\n", s.MutationType.Name)
	}
	if s.SubscriptionType != nil {
		fmt.Fprintf(&b, " subscription: %s\n", s.SubscriptionType.Name)
	}
	b.WriteString("}\n")
	for _, d := range s.Directives {
		if !builtin[d.Name] {
			repeatable := ""
			if d.IsRepeatable {
				repeatable = " repeatable"
			}
			fmt.Fprintf(&b, "directive @%s%s%s on %s\n", d.Name, arguments(d.Args), repeatable, strings.Join(d.Locations, "|"))
		}
	}
	sort.Slice(s.Types, func(i, j int) bool { return s.Types[i].Name < s.Types[j].Name })
	for _, t := range s.Types {
		if builtin[t.Name] || strings.HasPrefix(t.Name, "__") {
			continue
		}
		if t.RequiredAccess != "" {
			access[t.Name] = t.RequiredAccess
		}
		for _, f := range t.Fields {
			if f.RequiredAccess != "" {
				access[t.Name+"."+f.Name] = f.RequiredAccess
			}
		}
		writeType(&b, t)
	}
	return b.String(), access
}

func writeType(b *strings.Builder, t definition) {
	switch t.Kind {
	case "SCALAR":
		fmt.Fprintf(b, "scalar %s\n", t.Name)
	case "ENUM":
		names := make([]string, len(t.EnumValues))
		for i, v := range t.EnumValues {
			names[i] = v.Name
		}
		fmt.Fprintf(b, "enum %s{%s}\n", t.Name, strings.Join(names, " "))
	case "UNION":
		fmt.Fprintf(b, "union %s=%s\n", t.Name, join(t.PossibleTypes, "|"))
	case "INPUT_OBJECT":
		one := ""
		if t.IsOneOf {
			one = " @oneOf"
		}
		fmt.Fprintf(b, "input %s%s{\n%s\n}\n", t.Name, one, inputs(t.InputFields, "\n"))
	case "OBJECT", "INTERFACE":
		word, implements := "type", ""
		if t.Kind == "INTERFACE" {
			word = "interface"
		}
		if len(t.Interfaces) > 0 {
			implements = " implements " + join(t.Interfaces, "&")
		}
		fmt.Fprintf(b, "%s %s%s{\n", word, t.Name, implements)
		for _, f := range t.Fields {
			fmt.Fprintf(b, "%s%s:%s%s\n", f.Name, arguments(f.Args), f.Type, deprecated(f.Deprecated))
		}
		b.WriteString("}\n")
	}
}

func arguments(args []argument) string {
	if len(args) == 0 {
		return ""
	}
	return "(" + inputs(args, " ") + ")"
}

func inputs(args []argument, between string) string {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.Name + ":" + a.Type.String()
		if a.DefaultValue != nil {
			parts[i] += "=" + *a.DefaultValue
		}
		parts[i] += deprecated(a.Deprecated)
	}
	return strings.Join(parts, between)
}

// deprecated marks what our own documents may not select any more. Shopify still
// answers it.
func deprecated(yes bool) string {
	if yes {
		return " @deprecated"
	}
	return ""
}

func join(refs []typeRef, between string) string {
	names := make([]string, len(refs))
	for i, r := range refs {
		names[i] = r.Name
	}
	return strings.Join(names, between)
}
