package web

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/shopify"
)

// guard lets a request in that proves what the route asks for. It panics when
// the engine lacks what that needs, at the start of the program.
func (e *Engine) guard(route Route) gin.HandlerFunc {
	need := func(ok bool, what string) {
		if !ok {
			panic(fmt.Sprintf("web: route %s needs %s", route.Path, what))
		}
	}
	var check func(c *Ctx) error
	switch route.Auth {
	case Public, Webhook:
		return func(*gin.Context) {}
	case Session:
		need(e.config.Sessions != nil && e.config.Resolve != nil, "Sessions and Resolve")
		check = func(c *Ctx) error { return e.checkStaff(c, route.Needs) }
	case Proxy:
		need(e.config.Proxies != nil && e.config.Resolve != nil, "Proxies and Resolve")
		need(e.config.Links != nil, "Links")
		check = func(c *Ctx) error { return e.checkProxy(c, route) }
	case Extension:
		need(e.config.Extensions != nil && e.config.Resolve != nil, "Extensions and Resolve")
		check = e.checkExtension
	case Linking:
		need(e.config.Links != nil, "Links")
		check = func(c *Ctx) error { return e.checkLink(c, route) }
	}
	return func(g *gin.Context) {
		c := e.ctx(g)
		if err := check(c); err != nil {
			Fail(c, err)
		}
	}
}

// checkStaff lets in who proves a session and may do what the route needs.
func (e *Engine) checkStaff(c *Ctx, need Permission) error {
	if err := e.checkSession(c); err != nil || e.config.Authorize == nil {
		return err
	}
	return e.config.Authorize(c.Context(), Shop(c), Staff(c), need)
}

// checkSession takes the shop from the token and from nowhere else.
func (e *Engine) checkSession(c *Ctx) error {
	headers := c.Request.Header.Values("Authorization")
	if len(headers) != 1 {
		return shopify.ErrSession
	}
	token, ok := strings.CutPrefix(headers[0], "Bearer ")
	if !ok {
		return shopify.ErrSession
	}
	claims, err := e.config.Sessions.Verify(token)
	if err != nil {
		return err
	}
	shop, err := e.resolve(c, claims.Shop)
	if err != nil {
		return err
	}
	c.Set(keyShop, shop)
	c.Set(keyDomain, claims.Shop)
	c.Set(keyStaff, StaffMember{ID: claims.UserID, Session: claims.SessionID})
	return nil
}

// checkExtension takes shop and customer from the token of a UI extension. A page
// that Shopify opened by a link of its own knows no customer.
func (e *Engine) checkExtension(c *Ctx) error {
	token, ok := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
	if !ok {
		return shopify.ErrSession
	}
	claims, err := e.config.Extensions.VerifyExtension(token)
	if err != nil {
		return err
	}
	var customer int64
	if claims.UserID != "" {
		if _, customer, err = ids.ParseGID(claims.UserID); err != nil {
			return shopify.ErrSession.With(err)
		}
	}
	shop, err := e.resolve(c, claims.Shop)
	if err != nil {
		return err
	}
	c.Set(keyShop, shop)
	c.Set(keyDomain, claims.Shop)
	c.Set(keyCustomer, customer)
	return nil
}

func (e *Engine) checkProxy(c *Ctx, route Route) error {
	req, err := e.config.Proxies.Verify(c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	shop, err := e.resolve(c, req.Shop)
	if err != nil {
		return err
	}
	c.Set(keyShop, shop)
	c.Set(keyDomain, req.Shop)
	c.Set(keyProxy, req)
	return e.checkForm(c, route)
}

func (e *Engine) checkLink(c *Ctx, route Route) error {
	link, err := e.config.Links.Open(route.Kind, c.Param("token"))
	if err != nil {
		old, readErr := e.config.Links.Read(route.Kind, c.Param("token"))
		if readErr != nil {
			return err
		}
		if !route.Expired {
			c.Set(keyExpired, old)
			return err
		}
		link = old
	}
	if e.config.Installed != nil {
		ok, err := e.config.Installed(c.Context(), link.Shop)
		if err != nil {
			return fmt.Errorf("shop of a link: %w", err)
		}
		if !ok {
			return ErrUnknownShop
		}
	}
	c.Set(keyShop, link.Shop)
	c.Set(keyLink, link)
	return nil
}

func (e *Engine) resolve(c *Ctx, domain shopify.Domain) (ids.Shop, error) {
	shop, err := e.config.Resolve(c.Context(), domain)
	if err != nil {
		if problem.Of(err).Kind == problem.NotFound {
			return 0, ErrUnknownShop.With(err)
		}
		return 0, fmt.Errorf("resolve shop: %w", err)
	}
	if shop == 0 {
		return 0, errors.New("resolve shop: no shop and no error")
	}
	return shop, nil
}
