package web

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/shopify"
)

// ginContext gives Ctx all of Gin's methods without a field called Context.
type ginContext = gin.Context

// Ctx is one request. It is valid until its handler returns: what outlives the
// handler takes Context() and the values it needs.
type Ctx struct {
	*ginContext
	engine *Engine
}

// Handler answers a request or returns an error for Fail.
type Handler func(c *Ctx) error

// StaffMember is who uses the admin.
type StaffMember struct {
	ID      string // Shopify's id of the user
	Session string // the session of the admin, to tell two windows apart
}

// Keys under which the guards leave what they verified.
const (
	keyShop     = "afterglow.shop"
	keyStaff    = "afterglow.staff"
	keyDomain   = "afterglow.domain"
	keyProxy    = "afterglow.proxy"
	keyLink     = "afterglow.link"
	keyExpired  = "afterglow.expired"
	keyCustomer = "afterglow.customer"
	keyForged   = "afterglow.forged"
	keyRequest  = "afterglow.request"
	keyNonce    = "afterglow.nonce"
	keyFailure  = "afterglow.failure"
)

// Context returns the request's context, which ends with the request.
func (c *Ctx) Context() context.Context { return c.Request.Context() }

// Shop returns the verified shop. It panics on a route whose Auth knows no shop:
// that is a mistake in the routes, not in the request.
func Shop(c *Ctx) ids.Shop {
	shop, ok := c.Value(keyShop).(ids.Shop)
	if !ok || shop == 0 {
		panic("web: Shop asked on a route without a shop")
	}
	return shop
}

// Staff returns the verified staff member on a Session route.
func Staff(c *Ctx) StaffMember {
	staff, ok := c.Value(keyStaff).(StaffMember)
	if !ok {
		panic("web: Staff asked on a route without a session")
	}
	return staff
}

// Domain returns the verified shop's domain on a Session or Proxy route.
func Domain(c *Ctx) shopify.Domain {
	d, ok := c.Value(keyDomain).(shopify.Domain)
	if !ok {
		panic("web: Domain asked on a route without one")
	}
	return d
}

// Proxied returns what the app proxy told, on a Proxy route.
func Proxied(c *Ctx) *shopify.ProxyRequest {
	p, ok := c.Value(keyProxy).(*shopify.ProxyRequest)
	if !ok {
		panic("web: Proxied asked on a route that is not the proxy's")
	}
	return p
}

// Linked returns the verified link, on a Link route.
func Linked(c *Ctx) Link {
	l, ok := c.Value(keyLink).(Link)
	if !ok {
		panic("web: Linked asked on a route without a link")
	}
	return l
}

// ExpiredLink returns the link of a request that was refused because the link is
// too old, and false for every other request.
func ExpiredLink(c *Ctx) (Link, bool) {
	l, ok := c.Value(keyExpired).(Link)
	return l, ok
}

// Customer returns Shopify's id of the shopper who is signed in, on a Proxy or an
// Extension route; 0 when nobody is.
func Customer(c *Ctx) int64 {
	if p, ok := c.Value(keyProxy).(*shopify.ProxyRequest); ok {
		return p.CustomerID
	}
	id, ok := c.Value(keyCustomer).(int64)
	if !ok {
		panic("web: Customer asked on a route that knows none")
	}
	return id
}

// IsProxied tells whether the request came through the shop's own domain.
func IsProxied(c *Ctx) bool {
	_, ok := c.Value(keyProxy).(*shopify.ProxyRequest)
	return ok
}

// RequestID names the request in logs and problems.
func RequestID(c *Ctx) string { return c.GetString(keyRequest) }

// Log returns the program's log with the request's id and, when known, its shop.
func (c *Ctx) Log() *slog.Logger {
	log := c.engine.log.With("request_id", RequestID(c))
	if shop, ok := c.Value(keyShop).(ids.Shop); ok {
		log = log.With("shop", shop)
	}
	return log
}

// OK answers 200 with JSON.
func (c *Ctx) OK(v any) error { return c.Answer(http.StatusOK, v) }

// Accepted answers 202 with JSON.
func (c *Ctx) Accepted(v any) error { return c.Answer(http.StatusAccepted, v) }

// Created answers 201 with JSON.
func (c *Ctx) Created(v any) error { return c.Answer(http.StatusCreated, v) }

// Answer writes JSON. Personal answers are never kept by anybody in between.
func (c *Ctx) Answer(status int, v any) error {
	c.Header("Cache-Control", "private, no-store")
	c.PureJSON(status, v)
	return nil
}

// NoContent answers 204.
func (c *Ctx) NoContent() error {
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
	return nil
}

// errNoRoute and its kin are what the engine itself finds wrong.
var (
	errNoRoute   = problem.New(problem.NotFound, "web.no_route", "There is nothing at this address.")
	errNoMethod  = problem.New(problem.Invalid, "web.method", "This address does not take that method.")
	errTooLarge  = problem.New(problem.TooLarge, "web.too_large", "The request is larger than this address takes.")
	errJSON      = problem.New(problem.Malformed, "web.json", "The body is not the JSON this address takes.")
	errAddress   = problem.New(problem.Malformed, "web.address", "A part of the address is not text.")
	errMediaType = problem.New(problem.Malformed, "web.media_type", "Send the body as application/json.")
	// ErrForm says that a form did not come from a page of ours, or from one that
	// was open for too long.
	ErrForm = problem.New(problem.Forbidden, "web.form", "This page was open for too long. Please go back, load it again and repeat what you wanted to do.")
	// ErrLimited says that somebody asks too often.
	ErrLimited = problem.New(problem.Throttled, "web.limited", "Too many requests. Please wait a moment and try again.")
	// ErrUnknownShop says that the shop has not installed the app.
	ErrUnknownShop = problem.New(problem.NotFound, "web.unknown_shop", "This store has not installed the app.")
)
