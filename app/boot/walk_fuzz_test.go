package boot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"afterglow/app/web"
)

// protected are columns that no request may write: each is sent to every route
// that takes JSON.
var protected = strings.Fields("shop_id id staff_id role_id domain state version_id created_at updated_at installed_at access_token refresh_token scopes default_role account_owner sealed fence")

// wrong are values of the wrong type for anything.
var wrong = []any{nil, true, -1, 1.5, 1e300, "", strings.Repeat("x", 5000), "\u0000", []any{}, []any{map[string]any{}}, map[string]any{"$ne": 1}, map[string]any{"toString": 1}}

// mutants are bodies that nobody should take: unknown fields at each level, and
// each known field with each value of the wrong type.
func mutants(body any) (unknown, confused [][]byte) {
	good, ok := body.(map[string]any)
	if !ok {
		good = map[string]any{}
	}
	write := func(v any) []byte {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return raw
	}
	for _, name := range append(slices.Clone(protected), "__proto__", "constructor") {
		if _, known := good[name]; known {
			continue
		}
		more := maps.Clone(good)
		more[name] = 1
		unknown = append(unknown, write(more))
	}
	for name, value := range good {
		if inner, ok := value.(map[string]any); ok {
			more, below := maps.Clone(good), maps.Clone(inner)
			below["shop_id"] = 1
			more[name] = below
			unknown = append(unknown, write(more))
		}
		for _, v := range wrong {
			more := maps.Clone(good)
			more[name] = v
			confused = append(confused, write(more))
		}
	}
	for _, raw := range []string{"", "null", "[]", "1", `"x"`, "true", "{", "{}{}", `{"a":1,"a":2}`, strings.Repeat("[", 10000), "\xff\xfe", strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)} {
		confused = append(confused, []byte(raw))
	}
	return unknown, confused
}

// A7: what a route does not know it refuses, and no body whatever makes it fail.
func TestNoBodyIsTakenForAnotherOrBreaksARoute(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a, b := w.tenants[0], w.tenants[1]
		before, tried := w.rowsOf(b), 0
		protectedRows := w.rowsOf(a)
		all := asks(a, b)
		for _, route := range w.Engine.Routes() {
			if route.Auth != web.Session || route.Method == http.MethodGet || route.Method == http.MethodHead {
				continue
			}
			list := all[route.Method+" "+route.Path]
			if len(list) == 0 {
				continue // the walk itself complains
			}
			q := list[len(list)-1]
			takes := takesJSON(t, route)
			unknown, confused := mutants(q.body)
			for i, raw := range append(slices.Clone(unknown), confused...) {
				answer := w.send(route.Method, q.url(b), raw, append(w.bearer(a), "Content-Type", "application/json")...)
				tried++
				if answer.Code >= 500 {
					t.Errorf("%s %s breaks with %d on %.120q", route.Method, route.Path, answer.Code, raw)
				}
				if takes && i < len(unknown) && (answer.Code < 400 || answer.Code >= 500) {
					t.Errorf("%s %s takes the unknown field in %s: %d", route.Method, route.Path, raw, answer.Code)
				}
				if answer.Code >= 400 && (!strings.HasPrefix(answer.Header().Get("Content-Type"), "application/problem+json") || !bytes.Contains(answer.Body.Bytes(), []byte(`"code"`))) {
					t.Errorf("%s %s: %d is no problem: %.100s", route.Method, route.Path, answer.Code, answer.Body)
				}
			}
			if takes {
				for _, media := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
					if answer := w.send(route.Method, q.url(b), q.bytes(t), append(w.bearer(a), "Content-Type", media)...); answer.Code != http.StatusUnsupportedMediaType && answer.Code != http.StatusNotFound {
						t.Errorf("%s %s as %q: %d", route.Method, route.Path, media, answer.Code)
					}
				}
			}
		}
		t.Logf("%d bodies", tried)
		sameRows(t, before, w.rowsOf(b))
		for _, table := range strings.Fields("shops_tokens orders customers shops_privacy_files") {
			if after := w.rowsOf(a); after[table] != protectedRows[table] {
				t.Errorf("%s changed", table)
			}
		}
	})
}

// takesJSON tells whether openapi.json describes a body for the route.
func takesJSON(t *testing.T, route web.Route) bool {
	var doc struct {
		Paths map[string]map[string]struct {
			Body any `json:"requestBody"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(openAPIDocument, &doc); err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(route.Path, "/api/v1")
	for part := range strings.SplitSeq(route.Path, "/") {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			path = strings.ReplaceAll(path, part, "{"+name+"}")
		}
	}
	return doc.Paths[path][strings.ToLower(route.Method)].Body != nil
}

// Wrong queries on every list are refused or ignored, and never break it.
func TestNoQueryBreaksARoute(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a := w.tenants[0]
		for _, route := range w.Engine.Routes() {
			list := asks(a, a)[route.Method+" "+route.Path]
			if route.Auth != web.Session || route.Method != http.MethodGet || len(list) == 0 {
				continue
			}
			for _, part := range []string{"%00", "%ff", "'", "9223372036854775808", "-1"} {
				path := route.Path
				for one := range strings.SplitSeq(route.Path, "/") {
					if strings.HasPrefix(one, ":") {
						path = strings.ReplaceAll(path, one, part)
					}
				}
				if answer := w.send(http.MethodGet, path, nil, w.bearer(a)...); answer.Code >= 500 {
					t.Errorf("GET %s: %d", path, answer.Code)
				}
			}
			for _, name := range strings.Fields("q cursor limit state kind mail since until view sort order page locale") {
				for _, value := range []string{"'", "';--", "%27", "%00", "%ff", "-1", "99999999999999999999", "a%0d%0ab", "%25_%25", strings.Repeat("9", 300)} {
					target := fmt.Sprintf("/api/v1%s?%s=%s", list[0].path, name, value)
					if answer := w.send(http.MethodGet, target, nil, w.bearer(a)...); answer.Code >= 500 {
						t.Errorf("GET %s: %d", target, answer.Code)
					}
				}
			}
		}
	})
}
