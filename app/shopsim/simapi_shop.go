package shopsim

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

func (s *Sim) simShops(*http.Request, *Shop) (int, any, error) {
	return 200, map[string]any{"shops": s.Shops()}, nil
}

func (s *Sim) simMakeShop(r *http.Request, _ *Shop) (int, any, error) {
	var in ShopSpec
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	shop, err := s.MakeShop(in)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, map[string]any{"shop": shop}, nil
}

// named finds the shop of a path.
func (s *Sim) named(r *http.Request) (*Shop, error) {
	shop := s.Shop(r.PathValue("domain"))
	if shop == nil {
		return nil, refuse("", "no such shop")
	}
	return shop, nil
}

func (s *Sim) simInstall(r *http.Request, _ *Shop) (int, any, error) {
	return s.simSetInstalled(r, true, s.cfg.Scopes)
}

func (s *Sim) simUninstall(r *http.Request, _ *Shop) (int, any, error) {
	return s.simSetInstalled(r, false, nil)
}

func (s *Sim) simScopes(r *http.Request, _ *Shop) (int, any, error) {
	shop, err := s.named(r)
	if err != nil {
		return 0, nil, err
	}
	return s.simSetInstalled(r, shop.Installed, shop.Scopes)
}

func (s *Sim) simSetInstalled(r *http.Request, installed bool, scopes []string) (int, any, error) {
	in := struct {
		Scopes []string `json:"scopes"`
	}{scopes}
	shop, err := s.named(r)
	if err = errors.Join(err, body(r, &in)); err != nil {
		return 0, nil, err
	}
	if err := s.SetInstalled(shop.ID, installed, in.Scopes); err != nil {
		return 0, nil, err
	}
	return 200, map[string]any{"shop": s.shopByID(shop.ID)}, nil
}

// simToken mints a session token, for callers without a browser.
func (s *Sim) simToken(r *http.Request, _ *Shop) (int, any, error) {
	shop, err := s.named(r)
	if err != nil {
		return 0, nil, err
	}
	return 200, map[string]any{"id_token": s.SessionToken(shop)}, nil
}

func (s *Sim) simCompliance(r *http.Request, _ *Shop) (int, any, error) {
	var in struct {
		Topic    string `json:"topic"`
		Customer int64  `json:"customer_id"`
	}
	shop, err := s.named(r)
	if err = errors.Join(err, body(r, &in)); err != nil {
		return 0, nil, err
	}
	if !slices.Contains(ComplianceTopics, in.Topic) {
		return 0, nil, refuse("topic", "%q: want one of %s", in.Topic, strings.Join(ComplianceTopics, ", "))
	}
	c := s.Customer(shop.ID, in.Customer)
	if c == nil && in.Topic != "shop/redact" {
		return 0, nil, refuse("customer_id", "no such customer")
	}
	if in.Topic == "shop/redact" {
		c = nil
	}
	err = s.write(func(t *tx) error {
		t.announceCompliance(in.Topic, shop.ID, c)
		return nil
	})
	return http.StatusAccepted, map[string]any{"topic": in.Topic}, err
}

func (s *Sim) simCustomers(_ *http.Request, shop *Shop) (int, any, error) {
	return 200, map[string]any{"customers": s.Customers(shop.ID)}, nil
}

// simCustomer changes a customer as the store's staff would.
func (s *Sim) simCustomer(r *http.Request, shop *Shop) (int, any, error) {
	var in struct {
		Email     *string `json:"email"`
		FirstName *string `json:"first_name"`
		LastName  *string `json:"last_name"`
		Phone     *string `json:"phone"`
		Locale    *string `json:"locale"`
		Marketing *string `json:"marketing"`
		Delete    bool    `json:"delete"`
	}
	id, err := pathID(r)
	if err = errors.Join(err, body(r, &in)); err != nil {
		return 0, nil, err
	}
	if in.Email != nil {
		if err := checkEmail(*in.Email); err != nil {
			return 0, nil, err
		}
	}
	var c *Customer
	err = s.write(func(t *tx) error {
		if c = edit(t, t.customers, id); c == nil || c.ShopID != shop.ID || c.Deleted {
			return refuse("", "no such customer")
		}
		for to, from := range map[*string]*string{&c.Email: in.Email, &c.FirstName: in.FirstName, &c.LastName: in.LastName, &c.Phone: in.Phone, &c.Locale: in.Locale} {
			if from != nil {
				*to = *from
			}
		}
		c.UpdatedAt = t.now
		if in.Delete {
			c.Deleted = true
			t.announceCustomer("customers/delete", c)
			return nil
		}
		if in.Marketing != nil {
			c.Marketing, c.MarketingAt = strings.ToUpper(*in.Marketing), t.now
			t.announceConsent(c)
		}
		t.announceCustomer("customers/update", c)
		return nil
	})
	return 200, map[string]any{"customer": c}, err
}

// simProduct changes a product as the store's staff would.
func (s *Sim) simProduct(r *http.Request, shop *Shop) (int, any, error) {
	var in struct {
		Title  *string `json:"title"`
		Status *string `json:"status"`
		Stock  *int64  `json:"stock"` // of each variant, or of one
		One    int64   `json:"variant_id"`
	}
	id, err := pathID(r)
	if err = errors.Join(err, body(r, &in)); err != nil {
		return 0, nil, err
	}
	var p *Product
	err = s.write(func(t *tx) error {
		if p = edit(t, t.products, id); p == nil || p.ShopID != shop.ID {
			return refuse("", "no such product")
		}
		if in.Title != nil {
			p.Title = *in.Title
		}
		if in.Status != nil {
			if p.Status = strings.ToUpper(*in.Status); !slices.Contains([]string{"ACTIVE", "DRAFT", "ARCHIVED"}, p.Status) {
				return refuse("status", "want ACTIVE, DRAFT or ARCHIVED")
			}
		}
		p.Variants = slices.Clone(p.Variants)
		for i := range p.Variants {
			if in.Stock != nil && (in.One == 0 || in.One == p.Variants[i].ID) {
				p.Variants[i].Inventory = *in.Stock
			}
		}
		p.UpdatedAt = t.now
		t.announceProduct("products/update", p)
		return nil
	})
	return 200, map[string]any{"product": p}, err
}
