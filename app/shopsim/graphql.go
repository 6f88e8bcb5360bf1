package shopsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"afterglow/app/shopsim/schema"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

type graphRequest struct {
	Query         string         `json:"query"`
	Variables     map[string]any `json:"variables"`
	OperationName string         `json:"operationName"`
}

// graphError is one error as Shopify writes it.
type graphError struct {
	Message    string         `json:"message"`
	Locations  []location     `json:"locations,omitempty"`
	Path       []any          `json:"path,omitempty"`
	Extensions map[string]any `json:"extensions,omitempty"`
}

type location struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

func (e *graphError) Error() string { return e.Message }

// maxQuery is the largest request body.
const maxQuery = 1 << 20

// serveGraphQL is the Admin API.
func (s *Sim) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	shop := s.ShopOf(r)
	if shop == nil || r.PathValue("version") != APIVersion {
		writeJSON(w, http.StatusNotFound, map[string]string{"errors": "Not Found"})
		return
	}
	w.Header().Set("X-Shopify-API-Version", APIVersion)
	token := s.authorized(shop, r.Header.Get("X-Shopify-Access-Token"))
	if token == nil {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"})
		return
	}
	req, err := readGraphRequest(r)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]any{"errors": map[string]string{"query": err.Error()}})
		return
	}
	s.answerGraphQL(w, r, shop, token, req)
}

func readGraphRequest(r *http.Request) (req graphRequest, err error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxQuery+1))
	if err != nil || len(raw) > maxQuery {
		return req, errors.New("Request body is unreadable or too large")
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/graphql") {
		return graphRequest{Query: string(raw)}, nil
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if d.Decode(&req) != nil || req.Query == "" {
		return req, errors.New("Required parameter missing or invalid")
	}
	return req, nil
}

func (s *Sim) answerGraphQL(w http.ResponseWriter, r *http.Request, shop *Shop, token *Token, req graphRequest) {
	op, vars, errs := prepare(req)
	if errs != nil {
		writeJSON(w, http.StatusOK, map[string]any{"errors": errs})
		return
	}
	price := cost(op.SelectionSet, vars)
	if price > maxCost {
		writeJSON(w, http.StatusOK, map[string]any{"errors": []graphError{{Message: fmt.Sprintf("Query cost is %d, which exceeds the single query max cost limit (%d).", price, maxCost),
			Extensions: map[string]any{"code": "MAX_COST_EXCEEDED", "cost": price, "maxCost": maxCost, "documentation": "https://shopify.dev/api/usage/rate-limits"}}}})
		return
	}
	hit, pause := s.apiFault(rootFields(op)...)
	left, ok := s.buckets.take(shop.ID, price)
	if !ok || hit == throttleIt {
		writeJSON(w, http.StatusOK, map[string]any{"errors": []graphError{{Message: "Throttled", Extensions: map[string]any{"code": "THROTTLED",
			"documentation": "https://shopify.dev/api/usage/rate-limits"}}}, "extensions": s.costReport(price, nil, left)})
		return
	}
	if s.disturb(w, r, hit, pause, false) {
		return
	}
	c := &call{sim: s, shop: shop, token: token, vars: vars, by: "app"}
	data := c.run(op)
	if hit == failAfter {
		hangUp(w)
		return
	}
	used := min(price, max(1, c.used))
	left = s.buckets.give(shop.ID, price-used)
	answer := map[string]any{"extensions": s.costReport(price, &used, left)}
	answer["data"] = data
	if len(c.errs) > 0 {
		answer["errors"] = c.errs
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Sim) costReport(price int, used *int, left int) map[string]any {
	return map[string]any{"cost": map[string]any{"requestedQueryCost": price, "actualQueryCost": used,
		"throttleStatus": map[string]any{"maximumAvailable": s.buckets.size, "currentlyAvailable": left, "restoreRate": s.buckets.rate}}}
}

// prepare parses and validates a document and coerces its variables.
func prepare(req graphRequest) (*ast.OperationDefinition, map[string]any, []graphError) {
	sch, err := schema.Admin()
	if err != nil {
		return nil, nil, []graphError{{Message: err.Error(), Extensions: map[string]any{"code": "INTERNAL_SERVER_ERROR"}}}
	}
	doc, list := gqlparser.LoadQueryWithRules(sch, req.Query, rules.NewDefaultRules())
	if len(list) > 0 {
		return nil, nil, invalid(list)
	}
	op := doc.Operations.ForName(req.OperationName)
	if op == nil {
		return nil, nil, []graphError{{Message: fmt.Sprintf("No operation named %q", req.OperationName), Extensions: map[string]any{"code": "missingOperation"}}}
	}
	if op.Operation == ast.Subscription {
		return nil, nil, []graphError{{Message: "Subscriptions are not supported"}}
	}
	vars, err := validator.VariableValues(sch, op, req.Variables)
	if err != nil {
		e := graphError{Message: err.Error(), Extensions: map[string]any{"code": "INVALID_VARIABLE"}}
		var g *gqlerror.Error
		if errors.As(err, &g) {
			e.Message = fmt.Sprintf("Variable $%s was provided invalid value: %s", strings.TrimPrefix(g.Path.String(), "variable."), g.Message)
		}
		return nil, nil, []graphError{e}
	}
	if e := checkOneOf(sch, op, vars); e != nil {
		return nil, nil, []graphError{*e}
	}
	return op, vars, nil
}

// invalid words validation errors. The rule stands in the code, as Shopify has
// it.
func invalid(list gqlerror.List) (out []graphError) {
	codes := map[string]string{"FieldsOnCorrectType": "undefinedField", "KnownArgumentNames": "argumentNotAccepted", "ScalarLeafs": "selectionMismatch",
		"ProvidedRequiredArguments": "missingRequiredArguments", "ValuesOfCorrectType": "argumentLiteralsIncompatible", "NoUndefinedVariables": "variableNotDefined",
		"NoUnusedVariables": "variableNotUsed", "VariablesInAllowedPosition": "variableMismatch", "KnownTypeNames": "undefinedType", "KnownDirectives": "undefinedDirective"}
	for _, e := range list {
		g := graphError{Message: e.Message}
		for _, l := range e.Locations {
			g.Locations = append(g.Locations, location{l.Line, l.Column})
		}
		if code := codes[e.Rule]; code != "" {
			g.Extensions = map[string]any{"code": code}
		} else if e.Rule == "" {
			g.Extensions = map[string]any{"code": "parseError"}
		}
		out = append(out, g)
	}
	return out
}

// checkOneOf refuses variables that give an @oneOf input none or several of its
// members; the library checks only literals.
func checkOneOf(sch *ast.Schema, op *ast.OperationDefinition, vars map[string]any) *graphError {
	var walk func(t *ast.Type, v any) string
	walk = func(t *ast.Type, v any) string {
		if v == nil {
			return ""
		}
		if t.Elem != nil {
			items, ok := v.([]any)
			if !ok {
				return walk(t.Elem, v)
			}
			for _, item := range items {
				if why := walk(t.Elem, item); why != "" {
					return why
				}
			}
			return ""
		}
		def := sch.Types[t.NamedType]
		members, ok := v.(map[string]any)
		if !ok || def == nil || def.Kind != ast.InputObject {
			return ""
		}
		if def.Directives.ForName("oneOf") != nil {
			given := 0
			for _, m := range members {
				if m != nil {
					given++
				}
			}
			if given != 1 || len(members) != 1 {
				return def.Name + " requires exactly one argument"
			}
		}
		for name, m := range members {
			if f := def.Fields.ForName(name); f != nil {
				if why := walk(f.Type, m); why != "" {
					return why
				}
			}
		}
		return ""
	}
	for _, v := range op.VariableDefinitions {
		if why := walk(v.Type, vars[v.Variable]); why != "" {
			return &graphError{Message: fmt.Sprintf("Variable $%s was provided invalid value: %s", v.Variable, why), Extensions: map[string]any{"code": "INVALID_VARIABLE"}}
		}
	}
	return nil
}

func rootFields(op *ast.OperationDefinition) (names []string) {
	for _, sel := range op.SelectionSet {
		if f, ok := sel.(*ast.Field); ok {
			names = append(names, f.Name)
		}
	}
	return names
}

// cost estimates a selection as Shopify documents it: an object is 1, a
// connection its page size times its content, a mutation 10.
func cost(set ast.SelectionSet, vars map[string]any) (sum int) {
	for _, sel := range set {
		switch x := sel.(type) {
		case *ast.InlineFragment:
			sum += cost(x.SelectionSet, vars)
		case *ast.FragmentSpread:
			sum += cost(x.Definition.SelectionSet, vars)
		case *ast.Field:
			if x.ObjectDefinition != nil && x.ObjectDefinition.Name == "Mutation" {
				sum += 10
				continue
			}
			if len(x.SelectionSet) == 0 {
				continue
			}
			inner := cost(x.SelectionSet, vars)
			if strings.HasSuffix(x.Definition.Type.Name(), "Connection") {
				a := args(x.ArgumentMap(vars))
				// Shopify counts long pages by their logarithm.
				sum += 2 + pageCost(max(a.num("first"), a.num("last"), 1))*max(inner, 1)/2
				continue
			}
			sum += 1 + inner
		}
	}
	return sum
}

func pageCost(n int64) int {
	units := 0
	for n > 1 {
		n /= 2
		units++
	}
	return 1 + units
}

// timeOf reads a DateTime argument.
func timeOf(text string) (*time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil {
			at = at.UTC()
			return &at, nil
		}
	}
	return nil, fmt.Errorf("%q is not a valid DateTime", text)
}
