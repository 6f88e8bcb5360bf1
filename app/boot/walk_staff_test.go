package boot

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

// as is the header of a member of staff by number.
func (w *walk) as(o *tenant, staff int64) []string {
	return []string{"Authorization", "Bearer " + w.sim.SessionTokenOf(o.shop, staff), "Content-Type", "application/json"}
}

// employ lets somebody come in and have a role.
func (w *walk) employ(o *tenant, staff int64, role shops.Role, extras ...web.Permission) {
	w.t.Helper()
	w.send(http.MethodGet, "/api/v1/session", nil, w.as(o, staff)...)
	body, _ := json.Marshal(map[string]any{"role": role, "extras": extras})
	if answer := w.send(http.MethodPut, fmt.Sprintf("/api/v1/staff/%d", staff), body, append(w.bearer(o), "Content-Type", "application/json")...); answer.Code != http.StatusOK {
		w.t.Fatalf("%d as %s: %d %s", staff, role, answer.Code, answer.Body)
	}
}

// A route of the admin that says nothing is for owners only; none may say nothing.
func TestEveryStaffRouteNamesWhatItNeeds(t *testing.T) {
	for _, r := range openHouse(t, nil).Engine.Routes() {
		if r.Auth == web.Session && !slices.Contains(shops.Permissions, r.Needs) {
			t.Errorf("%s %s needs %q: register it with web.Needs and a permission of room shops", r.Method, r.Path, r.Needs)
		}
		if r.Auth != web.Session && r.Needs != "" {
			t.Errorf("%s %s asks for a permission of nobody", r.Method, r.Path)
		}
	}
}

// expected is who may do what, written a second time by hand: a change of the
// rules has to be made twice.
var expected = map[shops.Role]string{
	shops.RoleAdmin:     "app.open orders.read orders.change messages.read messages.send design.read design.change settings.read settings.change shopify.operate privacy.read privacy.export money.refund money.credit money.discount",
	shops.RoleMarketing: "app.open messages.read design.read design.change settings.read",
	shops.RoleSupport:   "app.open orders.read orders.change messages.read messages.send design.read",
	shops.RoleViewer:    "app.open design.read settings.read",
}

// A6: every role on every route.
func TestEveryRoleOnEveryRoute(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		a, b := w.tenants[0], w.tenants[1]
		before := w.rowsOf(b)
		all, tried := asks(a, b), 0
		for i, role := range shops.Roles {
			staff := int64(1000 + i)
			w.employ(a, staff, role)
			for _, route := range w.Engine.Routes() {
				if route.Auth != web.Session || route.Method == http.MethodHead || len(all[route.Method+" "+route.Path]) == 0 {
					continue
				}
				q := all[route.Method+" "+route.Path][0]
				answer := w.send(route.Method, q.url(b), q.bytes(t), w.as(a, staff)...)
				may := role == shops.RoleOwner || slices.Contains(strings.Fields(expected[role]), string(route.Needs))
				if may == (answer.Code == http.StatusForbidden) {
					t.Errorf("%s on %s %s (%s): %d %.200s", role, route.Method, route.Path, route.Needs, answer.Code, answer.Body)
				}
				if !may && (!strings.Contains(answer.Body.String(), string(route.Needs)) || !strings.Contains(answer.Body.String(), `"detail":"owner"`)) {
					t.Errorf("%s on %s reads %s, which does not say what is missing and who can give it", role, route.Path, answer.Body)
				}
				tried++
			}
		}
		t.Logf("%d requests", tried)
		w.idle()
		sameRows(t, before, w.rowsOf(b))
	})
}

// own is what staff of the shop itself asks for, with the shop's own numbers.
func (w *walk) own(o *tenant, staff int64, see func(route web.Route, q ask, answer *httptest.ResponseRecorder)) {
	all := asks(o, o)
	for _, route := range w.Engine.Routes() {
		if route.Auth != web.Session || route.Method == http.MethodHead {
			continue
		}
		for _, q := range all[route.Method+" "+route.Path] {
			see(route, q, w.send(route.Method, q.url(o), q.bytes(w.t), w.as(o, staff)...))
		}
	}
}

// tells lists what an answer says of the shop's shopper.
func (o *tenant) tells(answer *httptest.ResponseRecorder) (kinds []string) {
	for kind, word := range map[string]string{"e-mail": o.email, "last name": o.last, "street": o.street, "phone": o.phone, "city": o.city} {
		if strings.Contains(answer.Body.String(), word) {
			kinds = append(kinds, kind)
		}
	}
	return slices.Sorted(slices.Values(kinds))
}

func (w *walk) accesses(o *tenant) (n int64) {
	w.t.Helper()
	if err := w.DB.Read(context.Background(), o.id, func(tx *store.Tx) error {
		return tx.Raw(`SELECT count(*) FROM shops_access_log WHERE shop_id = ?`, o.id).Scan(&n).Error
	}); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// P4: no answer tells of a shopper without a line in the access log, and none at
// all tells a viewer.
func TestEveryReadingIsOnRecordAndViewersReadNobody(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		o, reading := w.tenants[2], map[string]bool{}
		w.employ(o, 77, shops.RoleViewer)
		w.own(o, 77, func(route web.Route, q ask, answer *httptest.ResponseRecorder) {
			if told := o.tells(answer); len(told) > 0 {
				t.Errorf("%s %s tells a viewer the %v", route.Method, q.path, told)
			}
		})
		w.employ(o, 78, shops.RoleOwner)
		w.own(o, 78, func(route web.Route, q ask, answer *httptest.ResponseRecorder) {
			told := o.tells(answer)
			if len(told) == 0 {
				return
			}
			reading[route.Method+" "+route.Path] = true
			w.clk.Advance(11 * time.Minute)
			lines := w.accesses(o)
			again := w.send(route.Method, q.url(o), q.bytes(t), w.as(o, 78)...)
			if len(o.tells(again)) > 0 && w.accesses(o) != lines+1 {
				t.Errorf("%s %s tells the %v, and %d lines say so", route.Method, q.path, told, w.accesses(o)-lines)
			}
		})
		t.Logf("read: %v", slices.Sorted(maps.Keys(reading)))
		for _, route := range []string{"GET /api/v1/orders", "GET /api/v1/orders/:id", "GET /api/v1/messages", "GET /api/v1/messages/:id", "GET /api/v1/messages/:id/preview"} {
			if !reading[route] {
				t.Errorf("%s told nothing: this test proves nothing about it", route)
			}
		}
	})
}

// The same list a moment later is the same reading; how many people it showed is
// on record.
func TestListsAreOnRecordOnce(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		o := w.tenants[0]
		before := w.accesses(o)
		for range 3 {
			w.send(http.MethodGet, "/api/v1/orders", nil, w.bearer(o)...)
		}
		answer := w.send(http.MethodGet, "/api/v1/privacy/access", nil, w.bearer(o)...)
		var page struct {
			Entries []struct {
				Route, Kind, Subject string
				People               int
			}
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &page); err != nil || w.accesses(o) != before+1 || len(page.Entries) == 0 || page.Entries[0].People < 1 || page.Entries[0].Kind != "orders" {
			t.Errorf("%d lines, %v, %s", w.accesses(o)-before, err, answer.Body)
		}
	})
}

// Who comes first owns, whom the store belongs to always owns, and a shop never
// loses its last owner.
func TestOwnersStay(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		o := w.tenants[0]
		role := func(staff int64) string {
			answer := w.send(http.MethodGet, "/api/v1/session", nil, w.as(o, staff)...)
			var body struct {
				User struct{ Role, Name string }
			}
			if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			return body.User.Role
		}
		change := func(by, staff int64, method string, body any) int {
			raw, _ := json.Marshal(body)
			return w.send(method, fmt.Sprintf("/api/v1/staff/%d", staff), raw, w.as(o, by)...).Code
		}
		if got := role(501); got != "owner" { // nobody was here yet but over the API
			w.t.Logf("first here: %s", got)
		}
		owner := int64(501)
		if role(502) != "viewer" {
			t.Error("who comes second is not a viewer")
		}
		if role(owner) != "owner" {
			owner = 90_210_447
		}
		if got := change(502, 502, http.MethodPut, map[string]any{"role": "owner"}); got != http.StatusForbidden {
			t.Errorf("a viewer makes themselves owner: %d", got)
		}
		if got := change(owner, owner, http.MethodPut, map[string]any{"role": "viewer"}); got != http.StatusConflict {
			t.Errorf("the last owner gives up: %d", got)
		}
		if got := change(owner, owner, http.MethodDelete, nil); got != http.StatusConflict {
			t.Errorf("the last owner is removed: %d", got)
		}
		for _, body := range []map[string]any{{"role": "god"}, {"role": ""}, {"role": "viewer", "extras": []string{"staff.manage"}}} {
			if got := change(owner, 502, http.MethodPut, body); got != http.StatusUnprocessableEntity {
				t.Errorf("%v: %d", body, got)
			}
		}
		if got := change(owner, 999, http.MethodPut, map[string]any{"role": "admin"}); got != http.StatusNotFound {
			t.Errorf("a stranger's role: %d", got)
		}
		for _, r := range []string{"owner", "god"} {
			raw, _ := json.Marshal(map[string]any{"role": r})
			if got := w.send(http.MethodPut, "/api/v1/staff/default", raw, w.as(o, owner)...).Code; got != http.StatusUnprocessableEntity {
				t.Errorf("newcomers as %s: %d", r, got)
			}
		}
		raw, _ := json.Marshal(map[string]any{"role": "support"})
		w.send(http.MethodPut, "/api/v1/staff/default", raw, w.as(o, owner)...)
		if got := role(503); got != "support" {
			t.Errorf("newcomers begin as %s", got)
		}
		if got := change(owner, 502, http.MethodPut, map[string]any{"role": "owner"}); got != http.StatusOK {
			t.Errorf("a second owner: %d", got)
		}
		if w.send(http.MethodGet, w.frameTarget(o, "/"), nil).Code != http.StatusOK { // Shopify says: the store is theirs
			t.Error("the page does not open")
		}
		if got := change(502, 90_210_447, http.MethodPut, map[string]any{"role": "viewer"}); got != http.StatusConflict {
			t.Errorf("whom the store belongs to is deposed: %d", got)
		}
		if got := change(502, 503, http.MethodDelete, nil); got != http.StatusNoContent || role(503) != "support" {
			t.Errorf("somebody is removed and comes back: %d %s", got, role(503))
		}
		answer := w.send(http.MethodGet, "/api/v1/staff", nil, w.as(o, 502)...)
		if !strings.Contains(answer.Body.String(), `"account_owner":true`) {
			t.Errorf("staff: %s", answer.Body)
		}
	})
}

// What moves money or takes data out may be given to one person, on top of a role.
func TestExtrasAreGivenToOnePerson(t *testing.T) {
	eachWalk(t, func(t *testing.T, w *walk) {
		o := w.tenants[0]
		path := "/api/v1/privacy/requests/" + o.request + "/file"
		w.employ(o, 61, shops.RoleSupport)
		if got := w.send(http.MethodPost, path, nil, w.as(o, 61)...).Code; got != http.StatusForbidden {
			t.Errorf("support downloads a file: %d", got)
		}
		w.employ(o, 61, shops.RoleSupport, shops.MayExport)
		if got := w.send(http.MethodPost, path, nil, w.as(o, 61)...).Code; got != http.StatusOK {
			t.Errorf("support with the extra: %d", got)
		}
	})
}
