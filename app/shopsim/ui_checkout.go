package shopsim

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// checkoutView is the checkout form with what was typed so far.
type checkoutView struct {
	Email, Phone, Locale     string
	Address                  Address
	Country, Currency        string
	Discount, GiftCard, Tip  string
	Rate                     string
	Sample                   string // locale whose sample shopper fills the form
	Marketing, Test          bool
	Rates                    []rateRow
	Countries                []choice
	Languages                []choice
	Currencies               []choice
	Tips                     []choice
	Lines                    []lineRow
	Totals                   []totalRow
	Total                    string
	FieldError               string
	NeedsShipping, SignedOut bool
}

type rateRow struct {
	Code, Title, Days, Price string
	Checked                  bool
}

type choice struct {
	Value, Label string
	Selected     bool
}

// orderPage is the thank-you page, the order status page, or a customer's list.
type orderPage struct {
	Fresh         bool
	Name, Number  string
	Greeting      string
	Email         string
	Cancelled     bool
	Lines         []lineRow
	Totals        []totalRow
	ShipTo        []string
	BillTo        []string
	Method        string
	Payment       []string
	Parcels       []parcelRow
	FinancialText string
	Card          string // the token of the order whose card the app shows; "" without the app
	History       []orderRow
}

func (s *Sim) uiCheckout(w http.ResponseWriter, r *http.Request, shop *Shop) {
	if len(s.cart(r, shop)) == 0 {
		http.Redirect(w, r, "/cart", http.StatusSeeOther)
		return
	}
	locale := cmp.Or(r.URL.Query().Get("locale"), "en")
	v := &checkoutView{Tip: "0"}
	if c := s.signedIn(r, shop); c != nil {
		v.fill(c)
		locale = cmp.Or(r.URL.Query().Get("locale"), c.Locale)
	} else {
		v.fillSample(s, shop, language(locale))
	}
	v.Locale = language(locale)
	s.showCheckout(w, r, shop, v, http.StatusOK)
}

// fill takes contact and address from a customer.
func (v *checkoutView) fill(c *Customer) {
	v.Email, v.Phone = c.Email, c.Phone
	if c.DefaultAddress != nil {
		v.Address = *c.DefaultAddress
	}
	v.Address.FirstName, v.Address.LastName = c.FirstName, c.LastName
	v.Country = v.Address.CountryCode
}

// fillSample fills the form with a customer who speaks the language, so that a
// demo needs no typing.
func (v *checkoutView) fillSample(s *Sim, shop *Shop, lang string) {
	for _, c := range s.Customers(shop.ID) {
		if language(c.Locale) == lang && c.DefaultAddress != nil && !c.Deleted {
			v.fill(c)
			v.Sample = lang
			return
		}
	}
}

func (s *Sim) uiCheckoutSubmit(w http.ResponseWriter, r *http.Request, shop *Shop) {
	if len(s.cart(r, shop)) == 0 {
		http.Redirect(w, r, "/cart", http.StatusSeeOther)
		return
	}
	v := readCheckout(r)
	if v.Sample != "" && v.Sample != v.Locale && s.signedIn(r, shop) == nil {
		// The language changed and the sample shopper was left as it was.
		sample := &checkoutView{}
		sample.fillSample(s, shop, v.Sample)
		if sample.Email == v.Email && sample.Address.Address1 == v.Address.Address1 {
			v.fillSample(s, shop, v.Locale)
		}
	}
	if r.PostFormValue("do") != "pay" {
		s.showCheckout(w, r, shop, v, http.StatusOK)
		return
	}
	o, err := s.PlaceOrder(shop.ID, s.checkout(r, shop, v))
	var no *Refusal
	if errors.As(err, &no) {
		v.FieldError = no.Detail
		s.showCheckout(w, r, shop, v, http.StatusUnprocessableEntity)
		return
	}
	if err != nil {
		s.log.Error("place order", "error", err)
		http.Error(w, "The order could not be placed.", http.StatusInternalServerError)
		return
	}
	setCart(w, nil)
	http.Redirect(w, r, "/checkout/thank-you/"+o.Token, http.StatusSeeOther)
}

func readCheckout(r *http.Request) *checkoutView {
	get := func(name string) string {
		v := strings.TrimSpace(r.PostFormValue(name))
		return v[:min(len(v), 300)]
	}
	v := &checkoutView{Email: get("email"), Phone: get("phone"), Locale: language(get("locale")), Country: get("country"), Currency: get("currency"),
		Discount: get("discount"), GiftCard: get("gift_card"), Tip: cmp.Or(get("tip"), "0"), Rate: get("rate"), Sample: get("sample"),
		Marketing: get("marketing") != "", Test: get("test") != ""}
	v.Address = Address{FirstName: get("first_name"), LastName: get("last_name"), Address1: get("address1"), Address2: get("address2"), City: get("city"),
		Zip: get("zip"), Province: get("province"), CountryCode: v.Country, Country: countryNames[v.Country], Phone: v.Phone}
	v.Address.ProvCode = provinceCode(v.Country, v.Address.Province)
	return v
}

// provinceCode finds the code of a province that was typed; taxes hang on it.
func provinceCode(country, typed string) string {
	if country == "US" {
		for code, name := range usStates {
			if strings.EqualFold(typed, name) || strings.EqualFold(typed, code) {
				return code
			}
		}
	}
	if a := defaultAddresses[country]; strings.EqualFold(typed, a.Province) {
		return a.ProvCode
	}
	return ""
}

var usStates = map[string]string{"AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
	"CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho",
	"IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland",
	"MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska",
	"NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina",
	"ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina",
	"SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington",
	"WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming"}

// checkout turns the form into what the core prices and places.
func (s *Sim) checkout(r *http.Request, shop *Shop, v *checkoutView) Checkout {
	address := v.Address
	address.CountryCode, address.Country = v.Country, countryNames[v.Country]
	c := Checkout{Email: v.Email, Phone: v.Phone, Locale: v.Locale, Lines: s.cart(r, shop), Code: v.Discount, GiftCard: v.GiftCard,
		ShipTo: &address, Country: v.Country, Currency: v.Currency, Test: v.Test,
		Customer: &CheckoutCustomer{Email: v.Email, FirstName: address.FirstName, LastName: address.LastName, Locale: v.Locale, Marketing: v.Marketing}}
	if known := s.signedIn(r, shop); known != nil {
		c.Customer.ID = known.ID
	}
	if v.Tip != "0" {
		c.Tip = Written(v.Tip)
	}
	for _, rate := range s.ShippingRates(v.Country, s.cartValue(r, shop)) {
		if rate.Code == v.Rate {
			c.Shipping = &CheckoutShipping{Title: rate.Title, Price: Decimal(rate.Price, shop.Currency)}
		}
	}
	return c
}

func (s *Sim) cartValue(r *http.Request, shop *Shop) (sum int64) {
	for _, l := range s.cart(r, shop) {
		if _, v := s.VariantByID(shop.ID, l.VariantID); v != nil {
			sum += v.Price * l.Quantity
		}
	}
	return sum
}

// showCheckout prices the cart with the core and draws the form.
func (s *Sim) showCheckout(w http.ResponseWriter, r *http.Request, shop *Shop, v *checkoutView, status int) {
	v.Country = cmp.Or(v.Country, shop.CountryCode)
	v.Currency = cmp.Or(v.Currency, shop.Currency)
	rates := s.ShippingRates(v.Country, s.cartValue(r, shop))
	if !slices.ContainsFunc(rates, func(x ShippingRate) bool { return x.Code == v.Rate }) {
		v.Rate = rates[0].Code
	}
	p := s.storePage(r, shop, "Checkout")
	p.bare = true
	p.speak(v.Locale)
	for _, x := range rates {
		row := rateRow{Code: x.Code, Title: x.Title, Days: x.Days, Price: showMoney(x.Price, shop.Currency), Checked: x.Code == v.Rate}
		if x.Price == 0 {
			row.Price = p.W["free"]
		}
		v.Rates = append(v.Rates, row)
	}
	o, err := s.Quote(shop.ID, s.checkout(r, shop, v))
	if err != nil {
		// The summary stays useful while a code or an address is still wrong.
		if v.FieldError == "" {
			v.FieldError = refusalText(err)
		}
		bare := *v
		bare.Discount, bare.GiftCard, bare.Tip = "", "", "0"
		c := s.checkout(r, shop, &bare)
		if o, err = s.Quote(shop.ID, c); err != nil {
			c.ShipTo, c.Customer, c.Email = nil, nil, ""
			o, err = s.Quote(shop.ID, c)
		}
	}
	if err == nil {
		v.Lines, v.Totals = lineRows(o), totalRows(o, p.W)
		v.Total = showMoney(o.Totals().Total.Presentment, o.PresentmentCurrency)
		v.NeedsShipping = len(o.ShippingLines) > 0
	}
	for _, l := range storeLanguages {
		v.Languages = append(v.Languages, choice{l.Tag, l.Name, l.Tag == p.Lang})
	}
	for _, code := range sortedKeys(countryNames) {
		v.Countries = append(v.Countries, choice{code, countryNames[code], code == v.Country})
	}
	slices.SortFunc(v.Countries, func(a, b choice) int { return cmp.Compare(a.Label, b.Label) })
	for _, code := range sortedKeys(demoRates) {
		v.Currencies = append(v.Currencies, choice{code, code, code == v.Currency})
	}
	for _, tip := range []string{"0", "3.00", "5.00", "10.00"} {
		label := p.W["no_tip"]
		if tip != "0" {
			label = currencySigns[shop.Currency] + strings.TrimSuffix(tip, ".00")
		}
		v.Tips = append(v.Tips, choice{tip, label, tip == v.Tip})
	}
	v.SignedOut = p.Customer == nil
	p.Title, p.Checkout = p.W["checkout"], v
	s.renderStatus(w, status, "store_checkout", p)
}

func refusalText(err error) string {
	var no *Refusal
	if errors.As(err, &no) {
		return no.Detail
	}
	return "Something went wrong."
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (s *Sim) uiThankYou(w http.ResponseWriter, r *http.Request, shop *Shop) {
	s.showOrder(w, r, shop, true)
}

func (s *Sim) uiOrderStatus(w http.ResponseWriter, r *http.Request, shop *Shop) {
	s.showOrder(w, r, shop, false)
}

func (s *Sim) showOrder(w http.ResponseWriter, r *http.Request, shop *Shop, fresh bool) {
	o := s.OrderByToken(shop.ID, r.PathValue("token"))
	if o == nil {
		s.renderStatus(w, http.StatusNotFound, "store_missing", s.storePage(r, shop, "Not found"))
		return
	}
	p := s.storePage(r, shop, o.Name)
	p.bare = true
	p.speak(o.Locale)
	p.Title = p.W["order"] + " " + o.Name
	v := &orderPage{Fresh: fresh, Name: o.Name, Number: o.Confirmation, Email: o.Email, Cancelled: o.CancelledAt != nil, Lines: lineRows(o),
		Totals: totalRows(o, p.W), ShipTo: addressLines(o.ShipTo), BillTo: addressLines(o.BillTo), Greeting: p.W["thank_you"]}
	if o.ShipTo != nil && o.ShipTo.FirstName != "" {
		v.Greeting += " " + o.ShipTo.FirstName
	}
	for _, l := range o.ShippingLines {
		v.Method = l.Title
	}
	for _, x := range o.Transactions {
		if x.Status == "success" && (x.Kind == "sale" || x.Kind == "capture" || x.Kind == "authorization") {
			name := words(x.Gateway)
			if x.CardBrand != "" {
				name = x.CardBrand + " •••• " + x.CardLast4
			} else if x.Gateway == "gift_card" {
				name = p.W["gift_card"]
			}
			v.Payment = append(v.Payment, name+" · "+showMoney(x.Amount.Presentment, o.PresentmentCurrency))
		}
	}
	for _, f := range o.Fulfillments {
		v.Parcels = append(v.Parcels, parcel(shop, f))
	}
	if shop.Installed {
		v.Card = o.Token
		w.Header().Set("Content-Security-Policy", strings.Replace(w.Header().Get("Content-Security-Policy"), "frame-src ", "frame-src 'self' ", 1))
	}
	p.Order = v
	s.render(w, "store_order", p)
}
