package shopsim

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"
)

type productVariant struct {
	p *Product
	v *Variant
}

type creditEntry struct {
	a       *CreditAccount
	e       CreditEntry
	balance int64
}

func customerNode(c *Customer) any {
	if c == nil || c.Deleted {
		return nil
	}
	return node{"Customer", c}
}

func productNode(p *Product) any {
	if p == nil {
		return nil
	}
	return node{"Product", p}
}

// productCollection is the collection of all products of one type.
type productCollection struct{ title string }

// collections are one for each type, made by the store's own rule.
func (v *Product) collections() []entry {
	if v.Type == "" {
		return []entry{}
	}
	return []entry{{node: node{"Collection", productCollection{v.Type}}, id: collectionID(v.Type)}}
}

func collectionID(title string) int64 {
	h := fnv.New32a()
	h.Write([]byte(title))
	return 400_000_000_000 + int64(h.Sum32())
}

func variantNode(p *Product, v *Variant) any {
	if v == nil {
		return nil
	}
	return node{"ProductVariant", productVariant{p, v}}
}

func imageNode(p *Product) any {
	if p == nil {
		return nil
	}
	return node{"Image", p}
}

func init() {
	initCustomer()
	initCredit()
	initProduct()
	initShop()
	initApp()
}

func initCustomer() {
	on("Customer", map[string]func(*call, *Customer, args) any{
		"id":               func(_ *call, v *Customer, _ args) any { return gid("Customer", v.ID) },
		"legacyResourceId": func(_ *call, v *Customer, _ args) any { return v.ID },
		"firstName":        func(_ *call, v *Customer, _ args) any { return blank(v.FirstName) },
		"lastName":         func(_ *call, v *Customer, _ args) any { return blank(v.LastName) },
		"displayName": func(_ *call, v *Customer, _ args) any {
			return or(strings.TrimSpace(v.FirstName+" "+v.LastName), v.Email)
		},
		"email":          func(_ *call, v *Customer, _ args) any { return blank(v.Email) },
		"phone":          func(_ *call, v *Customer, _ args) any { return blank(v.Phone) },
		"locale":         func(_ *call, v *Customer, _ args) any { return v.Locale },
		"state":          func(_ *call, v *Customer, _ args) any { return upper(v.State) },
		"tags":           func(_ *call, v *Customer, _ args) any { return v.Tags },
		"note":           func(_ *call, v *Customer, _ args) any { return blank(v.Note) },
		"createdAt":      func(_ *call, v *Customer, _ args) any { return v.CreatedAt },
		"updatedAt":      func(_ *call, v *Customer, _ args) any { return v.UpdatedAt },
		"taxExempt":      func(*call, *Customer, args) any { return false },
		"verifiedEmail":  func(_ *call, v *Customer, _ args) any { return v.Email != "" },
		"canDelete":      func(c *call, v *Customer, _ args) any { n, _ := c.t.spending(v); return n == 0 },
		"numberOfOrders": func(c *call, v *Customer, _ args) any { n, _ := c.t.spending(v); return n },
		"amountSpent": func(c *call, v *Customer, _ args) any {
			_, spent := c.t.spending(v)
			return sum(spent, c.shop.Currency)
		},
		"defaultAddress": func(_ *call, v *Customer, _ args) any { return addressNode(v.DefaultAddress) },
		"statistics":     func(_ *call, v *Customer, _ args) any { return node{"CustomerStatistics", v} },
		"defaultEmailAddress": func(_ *call, v *Customer, _ args) any {
			if v.Email == "" {
				return nil
			}
			return node{"CustomerEmailAddress", v}
		},
		"defaultPhoneNumber": func(_ *call, v *Customer, _ args) any {
			if v.Phone == "" {
				return nil
			}
			return node{"CustomerPhoneNumber", v}
		},
		"addressesV2": func(_ *call, v *Customer, _ args) any {
			if v.DefaultAddress == nil {
				return []entry{}
			}
			return []entry{{node: node{"MailingAddress", v.DefaultAddress}, id: v.DefaultAddress.ID}}
		},
		"orders": func(c *call, v *Customer, a args) any {
			return c.orderEntries(a, "ID", func(o *Order) bool { return o.CustomerID == v.ID })
		},
		"lastOrder": func(c *call, v *Customer, _ args) any {
			rows := c.t.orders.order[v.ShopID]
			for i := len(rows) - 1; i >= 0; i-- {
				if rows[i].CustomerID == v.ID && c.visible(rows[i]) {
					return orderNode(rows[i])
				}
			}
			return nil
		},
		"storeCreditAccounts": func(c *call, v *Customer, _ args) any {
			out := []entry{}
			for _, acc := range c.t.credits.order[v.ShopID] {
				if acc.CustomerID == v.ID {
					out = append(out, entry{node: node{"StoreCreditAccount", acc}, id: acc.ID})
				}
			}
			return out
		},
		"metafield":  func(*call, *Customer, args) any { return nil },
		"metafields": func(*call, *Customer, args) any { return []entry{} },
	})
	on("CustomerStatistics", map[string]func(*call, *Customer, args) any{
		"predictedSpendTier": func(*call, *Customer, args) any { return nil },
		"rfmGroup":           func(*call, *Customer, args) any { return nil },
	})
	on("CustomerEmailAddress", map[string]func(*call, *Customer, args) any{
		"emailAddress":        func(_ *call, v *Customer, _ args) any { return v.Email },
		"marketingState":      func(_ *call, v *Customer, _ args) any { return v.Marketing },
		"marketingOptInLevel": func(*call, *Customer, args) any { return "SINGLE_OPT_IN" },
		"marketingUpdatedAt": func(_ *call, v *Customer, _ args) any {
			if v.MarketingAt.IsZero() {
				return nil
			}
			return v.MarketingAt
		},
		"marketingUnsubscribeUrl": func(c *call, v *Customer, _ args) any {
			return fmt.Sprintf("%s/account/unsubscribe/%d", c.sim.cfg.URL, v.ID)
		},
		"openTrackingLevel": func(*call, *Customer, args) any { return "UNKNOWN" },
		"validFormat":       func(_ *call, v *Customer, _ args) any { return validEmail(v.Email) },
		"sourceLocation":    func(*call, *Customer, args) any { return nil },
	})
	on("CustomerPhoneNumber", map[string]func(*call, *Customer, args) any{
		"phoneNumber":    func(_ *call, v *Customer, _ args) any { return v.Phone },
		"marketingState": func(*call, *Customer, args) any { return "NOT_SUBSCRIBED" },
	})
}

func initCredit() {
	on("StoreCreditAccount", map[string]func(*call, *CreditAccount, args) any{
		"id":      func(_ *call, v *CreditAccount, _ args) any { return gid("StoreCreditAccount", v.ID) },
		"balance": func(_ *call, v *CreditAccount, _ args) any { return sum(v.Balance, v.Currency) },
		"owner":   func(c *call, v *CreditAccount, _ args) any { return customerNode(c.t.customers.rows[v.CustomerID]) },
		"transactions": func(_ *call, v *CreditAccount, _ args) any {
			out, balance := []entry{}, int64(0)
			for _, e := range v.Entries {
				balance += e.Amount
				out = append(out, entry{node: creditNode(v, e, balance), key: sortTime(e.CreatedAt), id: e.ID})
			}
			return out
		},
	})
	for _, typ := range []string{"StoreCreditAccountCreditTransaction", "StoreCreditAccountDebitTransaction"} {
		on(typ, map[string]func(*call, creditEntry, args) any{
			"id":                      func(_ *call, v creditEntry, _ args) any { return gid(typ, v.e.ID) },
			"amount":                  func(_ *call, v creditEntry, _ args) any { return sum(v.e.Amount, v.a.Currency) },
			"account":                 func(_ *call, v creditEntry, _ args) any { return node{"StoreCreditAccount", v.a} },
			"balanceAfterTransaction": func(_ *call, v creditEntry, _ args) any { return sum(v.balance, v.a.Currency) },
			"remainingAmount":         func(_ *call, v creditEntry, _ args) any { return sum(min(v.e.Amount, v.a.Balance), v.a.Currency) },
			"createdAt":               func(_ *call, v creditEntry, _ args) any { return v.e.CreatedAt },
			"expiresAt":               func(_ *call, v creditEntry, _ args) any { return v.e.ExpiresAt },
			"event":                   func(_ *call, v creditEntry, _ args) any { return v.e.Event },
			"origin":                  func(*call, creditEntry, args) any { return nil },
		})
	}
}

func creditNode(a *CreditAccount, e CreditEntry, balance int64) node {
	if e.Amount < 0 {
		return node{"StoreCreditAccountDebitTransaction", creditEntry{a, e, balance}}
	}
	return node{"StoreCreditAccountCreditTransaction", creditEntry{a, e, balance}}
}

func initProduct() {
	on("Collection", map[string]func(*call, productCollection, args) any{
		"id":    func(_ *call, v productCollection, _ args) any { return gid("Collection", collectionID(v.title)) },
		"title": func(_ *call, v productCollection, _ args) any { return v.title },
		"handle": func(_ *call, v productCollection, _ args) any {
			return strings.ReplaceAll(strings.ToLower(v.title), " ", "-")
		},
	})
	on("Product", map[string]func(*call, *Product, args) any{
		"id":               func(_ *call, v *Product, _ args) any { return gid("Product", v.ID) },
		"legacyResourceId": func(_ *call, v *Product, _ args) any { return v.ID },
		"handle":           func(_ *call, v *Product, _ args) any { return v.Handle },
		"title":            func(_ *call, v *Product, _ args) any { return v.Title },
		"description":      func(_ *call, v *Product, _ args) any { return v.Description },
		"descriptionHtml":  func(_ *call, v *Product, _ args) any { return "<p>" + v.Description + "</p>" },
		"vendor":           func(_ *call, v *Product, _ args) any { return v.Vendor },
		"collections":      func(_ *call, v *Product, _ args) any { return v.collections() },
		"productType":      func(_ *call, v *Product, _ args) any { return v.Type },
		"status":           func(_ *call, v *Product, _ args) any { return v.Status },
		"tags":             func(_ *call, v *Product, _ args) any { return v.Tags },
		"createdAt":        func(_ *call, v *Product, _ args) any { return v.CreatedAt },
		"publishedAt":      func(_ *call, v *Product, _ args) any { return v.CreatedAt },
		"updatedAt":        func(_ *call, v *Product, _ args) any { return v.UpdatedAt },
		"isGiftCard":       func(_ *call, v *Product, _ args) any { return v.GiftCard },
		"onlineStoreUrl": func(c *call, v *Product, _ args) any {
			if v.Status != "ACTIVE" { // not published there
				return nil
			}
			return c.sim.cfg.URL + "/products/" + v.Handle
		},
		"featuredMedia":   func(_ *call, v *Product, _ args) any { return node{"MediaImage", v} },
		"featuredImage":   func(_ *call, v *Product, _ args) any { return imageNode(v) },
		"totalInventory":  func(_ *call, v *Product, _ args) any { return v.stock() },
		"totalVariants":   func(_ *call, v *Product, _ args) any { return len(v.Variants) },
		"variantsCount":   func(_ *call, v *Product, _ args) any { return node{"Count", len(v.Variants)} },
		"tracksInventory": func(_ *call, v *Product, _ args) any { return !v.GiftCard },
		"images": func(_ *call, v *Product, _ args) any {
			return []entry{{node: node{"Image", v}, id: v.ImageID}}
		},
		"media": func(_ *call, v *Product, _ args) any {
			return []entry{{node: node{"MediaImage", v}, id: v.ImageID}}
		},
		"options": func(_ *call, v *Product, _ args) any {
			out := []any{}
			for i := range v.Options {
				out = append(out, node{"ProductOption", productOption{v.Options[i], i + 1}})
			}
			return out
		},
		"variants": func(_ *call, v *Product, _ args) any {
			out := []entry{}
			for i := range v.Variants {
				out = append(out, entry{node: node{"ProductVariant", productVariant{v, &v.Variants[i]}}, key: fmt.Sprintf("%06d", i), id: v.Variants[i].ID})
			}
			return out
		},
		"priceRangeV2": func(_ *call, v *Product, _ args) any { return node{"ProductPriceRangeV2", v} },
		"metafield":    func(*call, *Product, args) any { return nil },
		"metafields":   func(*call, *Product, args) any { return []entry{} },
	})
	on("ProductPriceRangeV2", map[string]func(*call, *Product, args) any{
		"minVariantPrice": func(c *call, v *Product, _ args) any { lo, _ := v.prices(); return sum(lo, c.shop.Currency) },
		"maxVariantPrice": func(c *call, v *Product, _ args) any { _, hi := v.prices(); return sum(hi, c.shop.Currency) },
	})
	on("ProductOption", map[string]func(*call, productOption, args) any{
		"id":       func(_ *call, v productOption, _ args) any { return gid("ProductOption", v.ID) },
		"name":     func(_ *call, v productOption, _ args) any { return v.Name },
		"values":   func(_ *call, v productOption, _ args) any { return v.Values },
		"position": func(_ *call, v productOption, _ args) any { return v.at },
	})
	on("ProductVariant", map[string]func(*call, productVariant, args) any{
		"id":               func(_ *call, v productVariant, _ args) any { return gid("ProductVariant", v.v.ID) },
		"legacyResourceId": func(_ *call, v productVariant, _ args) any { return v.v.ID },
		"title":            func(_ *call, v productVariant, _ args) any { return v.v.Title },
		"displayName":      func(_ *call, v productVariant, _ args) any { return v.p.Title + " - " + v.v.Title },
		"sku":              func(_ *call, v productVariant, _ args) any { return blank(v.v.SKU) },
		"barcode":          func(*call, productVariant, args) any { return nil },
		"price":            func(c *call, v productVariant, _ args) any { return Decimal(v.v.Price, c.shop.Currency) },
		"availableForSale": func(_ *call, v productVariant, _ args) any {
			return v.p.Status == "ACTIVE" && (v.v.Inventory > 0 || v.v.Oversell)
		},
		"inventoryQuantity": func(_ *call, v productVariant, _ args) any { return v.v.Inventory },
		"inventoryItem":     func(_ *call, v productVariant, _ args) any { return node{"InventoryItem", v} },
		"inventoryPolicy": func(_ *call, v productVariant, _ args) any {
			if v.v.Oversell {
				return "CONTINUE"
			}
			return "DENY"
		},
		"taxable":   func(_ *call, v productVariant, _ args) any { return !v.p.GiftCard },
		"product":   func(_ *call, v productVariant, _ args) any { return productNode(v.p) },
		"image":     func(_ *call, v productVariant, _ args) any { return imageNode(v.p) },
		"createdAt": func(_ *call, v productVariant, _ args) any { return v.p.CreatedAt },
		"updatedAt": func(_ *call, v productVariant, _ args) any { return v.p.UpdatedAt },
		"compareAtPrice": func(c *call, v productVariant, _ args) any {
			if v.v.CompareAt == 0 {
				return nil
			}
			return Decimal(v.v.CompareAt, c.shop.Currency)
		},
		"selectedOptions": func(_ *call, v productVariant, _ args) any {
			out := []any{}
			for i, o := range v.p.Options {
				out = append(out, node{"SelectedOption", KeyText{o.Name, v.v.Options[i]}})
			}
			if len(out) == 0 {
				out = append(out, node{"SelectedOption", KeyText{"Title", "Default Title"}})
			}
			return out
		},
	})
	on("InventoryItem", map[string]func(*call, productVariant, args) any{
		"id":      func(_ *call, v productVariant, _ args) any { return gid("InventoryItem", v.v.ItemID) },
		"tracked": func(_ *call, v productVariant, _ args) any { return !v.p.GiftCard },
		"sku":     func(_ *call, v productVariant, _ args) any { return blank(v.v.SKU) },
	})
	on("SelectedOption", map[string]func(*call, KeyText, args) any{
		"name":  func(_ *call, v KeyText, _ args) any { return v.Name },
		"value": func(_ *call, v KeyText, _ args) any { return v.Value },
	})
	picture := func(c *call, v *Product, _ args) any { return c.sim.PictureURL(v.Handle) }
	on("Image", map[string]func(*call, *Product, args) any{
		"id": func(_ *call, v *Product, _ args) any { return gid("ProductImage", v.ImageID) }, "url": picture, "src": picture, "originalSrc": picture, "transformedSrc": picture,
		"altText": func(_ *call, v *Product, _ args) any { return blank(v.ImageAlt) },
		"width":   func(*call, *Product, args) any { return 1200 },
		"height":  func(*call, *Product, args) any { return 1200 },
	})
	on("MediaImage", map[string]func(*call, *Product, args) any{
		"id":               func(_ *call, v *Product, _ args) any { return gid("MediaImage", v.ImageID) },
		"alt":              func(_ *call, v *Product, _ args) any { return blank(v.ImageAlt) },
		"image":            func(_ *call, v *Product, _ args) any { return imageNode(v) },
		"preview":          func(_ *call, v *Product, _ args) any { return node{"MediaPreviewImage", v} },
		"mediaContentType": func(*call, *Product, args) any { return "IMAGE" },
		"status":           func(*call, *Product, args) any { return "READY" },
	})
	on("MediaPreviewImage", map[string]func(*call, *Product, args) any{
		"image":  func(_ *call, v *Product, _ args) any { return imageNode(v) },
		"status": func(*call, *Product, args) any { return "READY" },
	})
}

type productOption struct {
	Option
	at int
}

func (p *Product) stock() (n int64) {
	for _, v := range p.Variants {
		n += v.Inventory
	}
	return n
}

func (p *Product) prices() (lo, hi int64) {
	lo = p.Variants[0].Price
	for _, v := range p.Variants {
		lo, hi = min(lo, v.Price), max(hi, v.Price)
	}
	return lo, hi
}

func initShop() {
	zone := func(c *call, s *Shop) (string, int) {
		return c.sim.Now().In(c.sim.papers(c.t, s).zone).Zone()
	}
	on("Shop", map[string]func(*call, *Shop, args) any{
		"id":              func(_ *call, s *Shop, _ args) any { return gid("Shop", s.ID) },
		"name":            func(_ *call, s *Shop, _ args) any { return s.Name },
		"email":           func(_ *call, s *Shop, _ args) any { return s.Email },
		"contactEmail":    func(_ *call, s *Shop, _ args) any { return s.Email },
		"description":     func(*call, *Shop, args) any { return nil },
		"myshopifyDomain": func(_ *call, s *Shop, _ args) any { return s.Domain },
		"url":             func(c *call, _ *Shop, _ args) any { return c.sim.cfg.URL },
		"storefrontUrl":   func(c *call, _ *Shop, _ args) any { return c.sim.cfg.URL },
		"primaryDomain":   func(_ *call, s *Shop, _ args) any { return node{"Domain", s} },
		"currencyCode":    func(_ *call, s *Shop, _ args) any { return s.Currency },
		"ianaTimezone":    func(_ *call, s *Shop, _ args) any { return s.Timezone },
		"timezoneAbbreviation": func(c *call, s *Shop, _ args) any {
			name, _ := zone(c, s)
			return name
		},
		"timezoneOffsetMinutes": func(c *call, s *Shop, _ args) any {
			_, seconds := zone(c, s)
			return seconds / 60
		},
		"timezoneOffset":               func(c *call, s *Shop, _ args) any { return c.sim.Now().In(c.sim.papers(c.t, s).zone).Format("-0700") },
		"taxesIncluded":                func(_ *call, s *Shop, _ args) any { return s.TaxesIncluded },
		"taxShipping":                  func(_ *call, s *Shop, _ args) any { return s.TaxesIncluded },
		"shopOwnerName":                func(_ *call, s *Shop, _ args) any { return s.Owner },
		"setupRequired":                func(*call, *Shop, args) any { return false },
		"weightUnit":                   func(*call, *Shop, args) any { return "GRAMS" },
		"unitSystem":                   func(*call, *Shop, args) any { return "METRIC_SYSTEM" },
		"enabledPresentmentCurrencies": func(_ *call, s *Shop, _ args) any { return []string{s.Currency} },
		"createdAt":                    func(_ *call, s *Shop, _ args) any { return s.CreatedAt },
		"updatedAt":                    func(_ *call, s *Shop, _ args) any { return s.UpdatedAt },
		"plan":                         func(_ *call, s *Shop, _ args) any { return node{"ShopPlan", s} },
		"billingAddress":               func(_ *call, s *Shop, _ args) any { return node{"ShopAddress", s} },
		"shopAddress":                  func(_ *call, s *Shop, _ args) any { return node{"ShopAddress", s} },
	})
	on("Domain", map[string]func(*call, *Shop, args) any{
		"id":           func(_ *call, s *Shop, _ args) any { return gid("Domain", s.ID) },
		"host":         func(_ *call, s *Shop, _ args) any { return s.Domain },
		"url":          func(c *call, _ *Shop, _ args) any { return c.sim.cfg.URL },
		"localization": func(_ *call, s *Shop, _ args) any { return node{"DomainLocalization", s} },
		"sslEnabled":   func(*call, *Shop, args) any { return true },
	})
	on("DomainLocalization", map[string]func(*call, *Shop, args) any{
		"defaultLocale":    func(_ *call, s *Shop, _ args) any { return s.Locale },
		"alternateLocales": func(*call, *Shop, args) any { return []string{} },
		"country":          func(*call, *Shop, args) any { return nil },
	})
	on("ShopPlan", map[string]func(*call, *Shop, args) any{
		"displayName":        func(*call, *Shop, args) any { return "Basic" },
		"publicDisplayName":  func(*call, *Shop, args) any { return "Basic" },
		"partnerDevelopment": func(*call, *Shop, args) any { return true },
		"shopifyPlus":        func(*call, *Shop, args) any { return false },
	})
	on("ShopAddress", map[string]func(*call, *Shop, args) any{
		"id":            func(_ *call, s *Shop, _ args) any { return gid("ShopAddress", s.ID) },
		"company":       func(_ *call, s *Shop, _ args) any { return s.Name },
		"name":          func(_ *call, s *Shop, _ args) any { return s.Owner },
		"address1":      func(_ *call, s *Shop, _ args) any { return s.Address1 },
		"address2":      func(*call, *Shop, args) any { return nil },
		"city":          func(_ *call, s *Shop, _ args) any { return s.City },
		"province":      func(_ *call, s *Shop, _ args) any { return s.Province },
		"provinceCode":  func(_ *call, s *Shop, _ args) any { return s.ProvCode },
		"zip":           func(_ *call, s *Shop, _ args) any { return s.Zip },
		"country":       func(_ *call, s *Shop, _ args) any { return or(countryNames[s.CountryCode], s.CountryCode) },
		"countryCodeV2": func(_ *call, s *Shop, _ args) any { return s.CountryCode },
		"phone":         func(_ *call, s *Shop, _ args) any { return s.Phone },
		"formatted": func(_ *call, s *Shop, _ args) any {
			return []string{s.Name, s.Address1, s.City + " " + s.ProvCode + " " + s.Zip, or(countryNames[s.CountryCode], s.CountryCode)}
		},
	})
}

func initApp() {
	on("AppInstallation", map[string]func(*call, *Shop, args) any{
		"id":                  func(_ *call, s *Shop, _ args) any { return gid("AppInstallation", s.InstallationID) },
		"launchUrl":           func(c *call, _ *Shop, _ args) any { return c.sim.cfg.AppURL },
		"app":                 func(_ *call, s *Shop, _ args) any { return node{"App", s} },
		"activeSubscriptions": func(*call, *Shop, args) any { return []any{} },
		"allSubscriptions":    func(*call, *Shop, args) any { return []entry{} },
		"metafield":           func(*call, *Shop, args) any { return nil },
		"metafields":          func(*call, *Shop, args) any { return []entry{} },
		"accessScopes": func(c *call, _ *Shop, _ args) any {
			return list(c.token.Scopes, func(scope string) any { return node{"AccessScope", scope} })
		},
	})
	on("AccessScope", map[string]func(*call, string, args) any{
		"handle":      func(_ *call, s string, _ args) any { return s },
		"description": func(_ *call, s string, _ args) any { return strings.ReplaceAll(s, "_", " ") },
	})
	on("App", map[string]func(*call, *Shop, args) any{
		"id":        func(*call, *Shop, args) any { return gid("App", 580111) },
		"apiKey":    func(c *call, _ *Shop, _ args) any { return c.sim.cfg.APIKey },
		"title":     func(*call, *Shop, args) any { return "Afterglow" },
		"handle":    func(*call, *Shop, args) any { return AppHandle },
		"embedded":  func(*call, *Shop, args) any { return true },
		"launchUrl": func(c *call, _ *Shop, _ args) any { return c.sim.cfg.AppURL },
	})
}

// visible tells whether the app may see an order: without read_all_orders only
// those of the last sixty days.
func (c *call) visible(o *Order) bool {
	return o != nil && o.ShopID == c.shop.ID && !o.Deleted &&
		(hasScope(c.token.Scopes, "read_all_orders") || c.sim.Now().Sub(o.CreatedAt) <= 60*24*time.Hour)
}
