package shopsim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// storePage is what every page of the storefront shows around its content.
type storePage struct {
	Shop     *Shop
	Title    string
	Lang     string
	Dir      string
	W        wordList
	Count    int64
	Customer *Customer
	Pages    string // where the app's own pages stand; "" without the app

	Products []productCard
	Product  *productView
	Lines    []cartRow
	Subtotal string
	People   []personRow
	Checkout *checkoutView
	Order    *orderPage
	Problem  string

	bare     bool     // a page that Shopify draws, not the theme: no blocks
	sections []string // blocks of the app that the page is made of
	Theme    themed
}

type productCard struct {
	Handle, Title, Type, Alt, Price string
	From                            bool
}

type productView struct {
	*Product
	Price    string
	Variants []variantRow
	Related  []productCard
}

type variantRow struct {
	ID           int64
	Title, Price string
	Checked      bool
}

type cartRow struct {
	VariantID                     int64
	Handle, Title, Options, Price string
	Quantity                      int64
	Total                         string
}

type personRow struct {
	ID                  int64
	Name, Email, Locale string
	Current             bool
}

func (s *Sim) storePage(r *http.Request, shop *Shop, title string) storePage {
	p := storePage{Shop: shop, Title: title, Lang: "en", Dir: "ltr", W: englishWords(), Customer: s.signedIn(r, shop)}
	if shop.Installed && hasScope(shop.Scopes, "write_app_proxy") {
		p.Pages = "/apps/" + AppHandle
	}
	for _, line := range s.cart(r, shop) {
		p.Count += line.Quantity
	}
	return p
}

// speak sets the language of a page.
func (p *storePage) speak(tag string) {
	p.Lang = language(tag)
	p.Dir, p.W = direction(p.Lang), storeWords[p.Lang]
}

func card(shop *Shop, p *Product) productCard {
	c := productCard{Handle: p.Handle, Title: p.Title, Type: p.Type, Alt: p.ImageAlt}
	low, high := p.Variants[0].Price, p.Variants[0].Price
	for _, v := range p.Variants {
		low, high = min(low, v.Price), max(high, v.Price)
	}
	c.Price, c.From = showMoney(low, shop.Currency), low != high
	return c
}

func (s *Sim) uiHome(w http.ResponseWriter, r *http.Request, shop *Shop) {
	p := s.storePage(r, shop, shop.Name)
	for _, product := range s.Products(shop.ID) {
		if product.Status == "ACTIVE" && len(product.Variants) > 0 {
			p.Products = append(p.Products, card(shop, product))
		}
	}
	s.render(w, "store_home", p)
}

func (s *Sim) uiProduct(w http.ResponseWriter, r *http.Request, shop *Shop) {
	product := s.ProductByHandle(shop.ID, r.PathValue("handle"))
	if product == nil || product.Status != "ACTIVE" {
		s.renderStatus(w, http.StatusNotFound, "store_missing", s.storePage(r, shop, "Not found"))
		return
	}
	p := s.storePage(r, shop, product.Title)
	view := &productView{Product: product, Price: showMoney(product.Variants[0].Price, shop.Currency)}
	for i, v := range product.Variants {
		view.Variants = append(view.Variants, variantRow{v.ID, v.Title, showMoney(v.Price, shop.Currency), i == 0})
	}
	for _, handle := range product.Related {
		if other := s.ProductByHandle(shop.ID, handle); other != nil {
			view.Related = append(view.Related, card(shop, other))
		}
	}
	p.Product = view
	s.render(w, "store_product", p)
}

// The cart lives in a cookie: variant:quantity pairs. The store keeps nothing
// of a visitor who has not ordered.
const (
	cartCookie = "cart"
	maxInCart  = 40
	maxOfOne   = 99
)

func (s *Sim) cart(r *http.Request, shop *Shop) []CheckoutLine {
	c, err := r.Cookie(cartCookie)
	if err != nil {
		return nil
	}
	var lines []CheckoutLine
	for _, pair := range strings.Split(c.Value, ".") {
		id, n, _ := strings.Cut(pair, "-")
		variant, _ := strconv.ParseInt(id, 10, 64)
		quantity, _ := strconv.ParseInt(n, 10, 64)
		if p, _ := s.VariantByID(shop.ID, variant); p != nil && quantity > 0 && len(lines) < maxInCart {
			lines = append(lines, CheckoutLine{VariantID: variant, Quantity: min(quantity, maxOfOne)})
		}
	}
	return lines
}

func setCart(w http.ResponseWriter, lines []CheckoutLine) {
	var pairs []string
	for _, l := range lines {
		pairs = append(pairs, strconv.FormatInt(l.VariantID, 10)+"-"+strconv.FormatInt(l.Quantity, 10))
	}
	http.SetCookie(w, &http.Cookie{Name: cartCookie, Value: strings.Join(pairs, "."), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 14 * 86400})
}

func (s *Sim) uiCart(w http.ResponseWriter, r *http.Request, shop *Shop) {
	p := s.storePage(r, shop, "Your cart")
	var sum int64
	for _, l := range s.cart(r, shop) {
		product, v := s.VariantByID(shop.ID, l.VariantID)
		row := cartRow{VariantID: v.ID, Handle: product.Handle, Title: product.Title, Quantity: l.Quantity,
			Price: showMoney(v.Price, shop.Currency), Total: showMoney(v.Price*l.Quantity, shop.Currency)}
		if v.Title != "Default Title" {
			row.Options = strings.ReplaceAll(v.Title, " / ", " · ")
		}
		sum += v.Price * l.Quantity
		p.Lines = append(p.Lines, row)
	}
	p.Subtotal = showMoney(sum, shop.Currency)
	s.render(w, "store_cart", p)
}

// uiCartChange adds to the cart, or sets a quantity; 0 removes the line.
func (s *Sim) uiCartChange(w http.ResponseWriter, r *http.Request, shop *Shop) {
	variant, _ := strconv.ParseInt(r.PostFormValue("variant"), 10, 64)
	quantity, err := strconv.ParseInt(r.PostFormValue("quantity"), 10, 64)
	if err != nil {
		quantity = 1
	}
	if p, _ := s.VariantByID(shop.ID, variant); p == nil {
		http.Error(w, "no such variant", http.StatusUnprocessableEntity)
		return
	}
	lines := s.cart(r, shop)
	i := slices.IndexFunc(lines, func(l CheckoutLine) bool { return l.VariantID == variant })
	if i < 0 {
		lines, i = append(lines, CheckoutLine{VariantID: variant}), len(lines)
	}
	if r.PostFormValue("set") != "" {
		lines[i].Quantity = quantity
	} else {
		lines[i].Quantity += quantity
	}
	lines[i].Quantity = min(lines[i].Quantity, maxOfOne)
	if lines[i].Quantity <= 0 {
		lines = slices.Delete(lines, i, i+1)
	}
	setCart(w, lines)
	to := "/cart"
	if r.PostFormValue("buy") != "" {
		to = "/checkout"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// signedIn is the customer whose account the visitor chose, or nil.
func (s *Sim) signedIn(r *http.Request, shop *Shop) *Customer {
	c, err := r.Cookie(CustomerCookie)
	if err != nil {
		return nil
	}
	id, _ := strconv.ParseInt(c.Value, 10, 64)
	if customer := s.Customer(shop.ID, id); customer != nil && !customer.Deleted {
		return customer
	}
	return nil
}

func (s *Sim) uiAccount(w http.ResponseWriter, r *http.Request, shop *Shop) {
	p := s.storePage(r, shop, "Account")
	for _, c := range s.Customers(shop.ID) {
		if c.Deleted || len(p.People) >= 60 {
			continue
		}
		p.People = append(p.People, personRow{c.ID, strings.TrimSpace(c.FirstName + " " + c.LastName), c.Email, c.Locale,
			p.Customer != nil && p.Customer.ID == c.ID})
	}
	if p.Customer != nil {
		view := &orderPage{}
		for _, o := range slices.Backward(s.Orders(shop.ID)) {
			if o.CustomerID == p.Customer.ID && !o.Deleted && len(view.History) < 10 {
				view.History = append(view.History, s.orderRow(shop, o))
			}
		}
		p.Order = view
	}
	s.render(w, "store_account", p)
}

func (s *Sim) uiAccountSwitch(w http.ResponseWriter, r *http.Request, shop *Shop) {
	id, _ := strconv.ParseInt(r.PostFormValue("customer"), 10, 64)
	cookie := &http.Cookie{Name: CustomerCookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1}
	if s.Customer(shop.ID, id) != nil {
		cookie.Value, cookie.MaxAge = url.QueryEscape(strconv.FormatInt(id, 10)), 14*86400
	}
	http.SetCookie(w, cookie)
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}
