package shopsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// adminPage is what every page of the admin shows around its content.
type adminPage struct {
	Shop    *Shop
	Store   string // name in admin.shopify.com/store/<name>
	Title   string
	Current string // home, orders, app
	App     string // path of the app in the admin
	Sim     string

	// The frame.
	AppOrigin string
	FrameURL  string
	APIKey    string

	// The install screen.
	Wanted []scopeWords

	// The simple pages.
	Orders []orderRow
	Query  string
	Order  *orderDetail

	// The clock, "" where it cannot be moved.
	Now string
}

func (s *Sim) admin(shop *Shop, title, current string) adminPage {
	return adminPage{Shop: shop, Store: storeName(shop), Title: title, Current: current, App: "/admin/apps/" + AppHandle,
		Sim: s.cfg.URL, AppOrigin: s.cfg.AppURL, APIKey: s.cfg.APIKey}
}

// storeName is the shop's name in the admin's addresses.
func storeName(shop *Shop) string { return strings.TrimSuffix(shop.Domain, ".myshopify.com") }

func (s *Sim) uiAdminHome(w http.ResponseWriter, _ *http.Request, shop *Shop) {
	p := s.admin(shop, "Home", "home")
	p.Orders = s.orderRows(shop, "", 6)
	s.render(w, "admin_home", p)
}

func (s *Sim) uiAdminOrders(w http.ResponseWriter, r *http.Request, shop *Shop) {
	p := s.admin(shop, "Orders", "orders")
	p.Query = r.URL.Query().Get("q")
	p.Orders = s.orderRows(shop, p.Query, 50)
	s.render(w, "admin_orders", p)
}

func (s *Sim) uiAdminOrder(w http.ResponseWriter, r *http.Request, shop *Shop) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	o := s.Order(shop.ID, id)
	if o == nil {
		p := s.admin(shop, "Order not found", "orders")
		s.renderStatus(w, http.StatusNotFound, "admin_missing", p)
		return
	}
	p := s.admin(shop, o.Name, "orders")
	p.Order = s.orderDetail(shop, o)
	if s.cfg.Advance != nil {
		p.Now = showMoment(s.Now(), shop.Timezone)
	}
	s.render(w, "admin_order", p)
}

// uiAdminApp frames the app, or asks to install it first.
func (s *Sim) uiAdminApp(w http.ResponseWriter, r *http.Request, shop *Shop) {
	app := r.PathValue("app")
	if app != AppHandle && app != s.cfg.APIKey {
		s.renderStatus(w, http.StatusNotFound, "admin_missing", s.admin(shop, "App not found", ""))
		return
	}
	p := s.admin(shop, "Afterglow", "app")
	if !shop.Installed {
		p.Title, p.Wanted = "Install Afterglow", explainScopes(s.wantedScopes())
		s.render(w, "admin_install", p)
		return
	}
	p.FrameURL = s.AppFrameURL(shop, r.PathValue("rest"), r.URL.Query())
	s.render(w, "admin_app", p)
}

// uiAdminAlias leads addresses of the unified admin to ours.
func (s *Sim) uiAdminAlias(w http.ResponseWriter, r *http.Request, shop *Shop) {
	if r.PathValue("name") != storeName(shop) {
		http.NotFound(w, r)
		return
	}
	to := "/admin/" + r.PathValue("rest")
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, to, http.StatusFound)
}

// wantedScopes is what the app's configuration asks for.
func (s *Sim) wantedScopes() []string { return s.cfg.Scopes }

// uiAdminInstall is the merchant's yes on the install screen.
func (s *Sim) uiAdminInstall(w http.ResponseWriter, r *http.Request, shop *Shop) {
	if err := s.SetInstalled(shop.ID, true, s.wantedScopes()); err != nil {
		s.log.Error("install app", "error", err)
		http.Error(w, "The app could not be installed.", http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, "/admin/apps/"+AppHandle, http.StatusSeeOther)
}

// uiAdminToken mints a session token for the frame; the host page asks for it
// when App Bridge does.
func (s *Sim) uiAdminToken(w http.ResponseWriter, _ *http.Request, shop *Shop) {
	if !shop.Installed {
		http.Error(w, "app not installed", http.StatusForbidden)
		return
	}
	writeUIJSON(w, map[string]any{"token": s.SessionToken(shop), "user": map[string]any{
		"id": StaffID, "name": shop.Owner, "email": shop.Email, "accountAccess": "full"}})
}

func (s *Sim) uiAdminScopes(w http.ResponseWriter, _ *http.Request, shop *Shop) {
	writeUIJSON(w, map[string]any{"granted": shop.Scopes, "required": s.wantedScopes(), "optional": append([]string{}, s.cfg.OptionalScopes...)})
}

// uiAdminGrant is the merchant's yes to scopes that the app asked for in its
// frame. What its configuration does not name as optional is never granted.
func (s *Sim) uiAdminGrant(w http.ResponseWriter, r *http.Request, shop *Shop) {
	var in struct {
		Scopes []string `json:"scopes"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&in); err != nil || r.Header.Get("Content-Type") != "application/json" {
		http.Error(w, "scopes are missing", http.StatusBadRequest)
		return
	}
	granted := slices.Clone(shop.Scopes)
	for _, scope := range in.Scopes {
		if !slices.Contains(s.cfg.OptionalScopes, scope) && !slices.Contains(s.cfg.Scopes, scope) {
			http.Error(w, scope+" is not among the optional scopes of the app", http.StatusForbidden)
			return
		}
		if !slices.Contains(granted, scope) {
			granted = append(granted, scope)
		}
	}
	if err := s.SetInstalled(shop.ID, true, granted); err != nil {
		s.log.Error("grant scopes", "error", err)
		http.Error(w, "The access could not be granted.", http.StatusInternalServerError)
		return
	}
	writeUIJSON(w, map[string]any{"granted": granted, "required": s.wantedScopes(), "optional": s.cfg.OptionalScopes})
}

func writeUIJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

type scopeWords struct{ Title, Detail string }

var scopeTitles = map[string]string{
	"customers": "Customers", "customer_merge": "Merged customers", "discounts": "Discounts", "fulfillments": "Fulfillments",
	"merchant_managed_fulfillment_orders": "Fulfillment orders", "locations": "Locations", "order_edits": "Order edits", "orders": "Orders",
	"products": "Products", "returns": "Returns", "app_proxy": "Pages on your storefront", "metaobject_definitions": "Metaobject definitions",
	"metaobjects": "Metaobjects", "store_credit_accounts": "Store credit balances", "store_credit_account_transactions": "Store credit",
}

// explainScopes says in a merchant's words what the app will be able to do.
func explainScopes(scopes []string) []scopeWords {
	var list []scopeWords
	for _, scope := range scopes {
		verb, what, _ := strings.Cut(scope, "_")
		title := scopeTitles[what]
		if title == "" {
			title = strings.ReplaceAll(what, "_", " ")
		}
		detail := "View"
		if verb == "write" {
			detail = "View and edit"
		}
		list = append(list, scopeWords{title, detail})
	}
	return list
}
