package shopify

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"afterglow/app/shopsim/schema"
)

// TestDocumentsFitTheSchema holds each document against the published schema of
// the version we ask for, and refuses fields that are on their way out of it.
func TestDocumentsFitTheSchema(t *testing.T) {
	published, err := schema.Admin()
	if err != nil {
		t.Fatal(err)
	}
	if published.Types["Order"].Fields.ForName("totalPrice").Directives.ForName("deprecated") == nil {
		t.Fatal("the schema does not say what is deprecated")
	}
	for _, d := range slices.Concat(documents, slices.Collect(maps.Values(bulkQueries))) {
		t.Run(d.Name, func(t *testing.T) {
			doc, err := parser.ParseQuery(&ast.Source{Name: d.Name, Input: d.Text})
			if err != nil {
				t.Fatal(err)
			}
			if list := validator.ValidateWithRules(published, doc, rules.NewDefaultRules()); len(list) > 0 {
				t.Fatal(list)
			}
			for _, op := range doc.Operations {
				noDeprecated(t, doc, op.SelectionSet)
			}
		})
	}
}

func noDeprecated(t *testing.T, doc *ast.QueryDocument, set ast.SelectionSet) {
	t.Helper()
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if s.Definition != nil && s.Definition.Directives.ForName("deprecated") != nil {
				t.Errorf("%s.%s is deprecated", s.ObjectDefinition.Name, s.Name)
			}
			for _, a := range s.Arguments {
				if s.Definition == nil {
					continue
				}
				if def := s.Definition.Arguments.ForName(a.Name); def != nil && def.Directives.ForName("deprecated") != nil {
					t.Errorf("%s.%s(%s:) is deprecated", s.ObjectDefinition.Name, s.Name, a.Name)
				}
			}
			noDeprecated(t, doc, s.SelectionSet)
		case *ast.InlineFragment:
			noDeprecated(t, doc, s.SelectionSet)
		case *ast.FragmentSpread:
			noDeprecated(t, doc, doc.Fragments.ForName(s.Name).SelectionSet)
		}
	}
}

// TestEveryDocumentIsTested keeps a file from lying in graphql/ unused.
func TestEveryDocumentIsTested(t *testing.T) {
	files, err := os.ReadDir("graphql")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"fragments": true}
	for _, d := range documents {
		known[d.Name] = true
	}
	for _, d := range bulkQueries {
		known[d.Name] = true
	}
	for _, f := range files {
		if name := strings.TrimSuffix(f.Name(), ".graphql"); !known[name] {
			t.Errorf("graphql/%s belongs to no document", f.Name())
		}
	}
}
