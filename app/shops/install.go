package shops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// Facts this room tells.
const (
	FactInstalled   = "shops.installed"
	FactUninstalled = "shops.uninstalled"
)

// Open makes sure that the app is installed in the shop whose staff member came
// with this verified session token, and returns the shop's id. A token is asked
// for only when we lack a usable one: it replaces the pair we hold.
func (s *Service) Open(ctx context.Context, domain shopify.Domain, sessionToken string) (ids.Shop, error) {
	shop, installed, err := s.Resolve(ctx, domain)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return 0, err
	}
	if installed {
		usable, err := s.usable(ctx, shop)
		if err != nil {
			return 0, err
		}
		if usable {
			return shop, s.seen(ctx, shop)
		}
	}
	tokens, err := s.app.ExchangeSession(ctx, domain, sessionToken)
	if err != nil {
		return 0, fmt.Errorf("install %s: %w", domain, err)
	}
	return s.install(ctx, domain, tokens)
}

// Granted installs the app with the tokens of a finished authorization.
func (s *Service) Granted(ctx context.Context, domain shopify.Domain, tokens shopify.Tokens) error {
	_, err := s.install(ctx, domain, tokens)
	return err
}

// usable tells whether the credential we hold can still be used and covers what
// the app needs.
func (s *Service) usable(ctx context.Context, shop ids.Shop) (bool, error) {
	c, err := s.Load(ctx, shop)
	switch {
	case errors.Is(err, ErrNotInstalled):
		return false, nil
	case err != nil:
		return false, err
	}
	now := s.db.Clock().Now()
	refreshable := c.Refresh != "" && (c.RefreshExpires.IsZero() || c.RefreshExpires.After(now))
	alive := c.Expires.IsZero() || c.Expires.After(now.Add(time.Minute)) || refreshable
	return alive && !c.NeedsReauth && len(shopify.MissingScopes(c.Scopes, s.app.Scopes)) == 0, nil
}

// install asks Shopify who the shop is and stores everything in one transaction.
func (s *Service) install(ctx context.Context, domain shopify.Domain, t shopify.Tokens) (ids.Shop, error) {
	info, err := s.api.ClientWith(domain, t.Access).Shop(ctx)
	if err != nil {
		return 0, fmt.Errorf("read shop %s: %w", domain, err)
	}
	if info.Domain != string(domain) {
		return 0, fmt.Errorf("install %s: the token belongs to %s", domain, info.Domain)
	}
	row := shopRow{ShopID: ids.Shop(info.ID), Domain: string(domain), Name: info.Name, Email: info.ContactEmail, Currency: info.Currency,
		Timezone: info.Timezone, Locale: info.Locale, URL: info.Primary.URL, State: stateInstalled, Scopes: strings.Join(t.Scopes, ",")}
	credential := shopify.Credential{Domain: domain, Access: t.Access, Expires: t.Expires, Refresh: t.Refresh, RefreshExpires: t.RefreshExpires, Scopes: t.Scopes}
	err = s.db.InTx(ctx, row.ShopID, func(tx *store.Tx) error {
		before, err := findShop(tx)
		if err != nil && !errors.Is(err, ErrNotInstalled) {
			return err
		}
		row.InstalledAt, row.SeenAt = tx.Now, &tx.Now
		if before.State == stateInstalled {
			row.InstalledAt = before.InstalledAt
		}
		if err := saveShop(tx, &row); err != nil {
			return err
		}
		if err := s.replaceToken(tx, credential); err != nil {
			return err
		}
		if err := createSettings(tx, beginningSettings(row, tx.Now)); err != nil {
			return err
		}
		if before.State == stateInstalled {
			return nil
		}
		return queue.Publish(tx, FactInstalled, row.ShopID.String())
	})
	if err != nil {
		return 0, fmt.Errorf("store installation of %s: %w", domain, err)
	}
	s.remember(row)
	s.log.Info("installed", "shop", row.ShopID)
	return row.ShopID, nil
}

// seen keeps that staff used the app now, to the minute: a session token proves
// that it is installed, whatever an older event still to come will say.
func (s *Service) seen(ctx context.Context, shop ids.Shop) error {
	return s.db.InTx(ctx, shop, func(tx *store.Tx) error { return markSeen(tx, tx.Now.Add(-time.Minute)) })
}

// clockMargin is how far Shopify's clock, which dates events, may be from ours.
// Within it an event counts: a real uninstall must never be missed, and one too
// many is mended by the next visit.
const clockMargin = 10 * time.Second

// onUninstalled drops the tokens at once. An event from before the present
// installation is an echo of an earlier one. An event from before the app was
// last used says that it was removed and came back: what we hold of Shopify's is
// dead then, and the next visit fetches it anew, but the shop stays installed.
func (s *Service) onUninstalled(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	at := ev.TriggeredAt
	if at.IsZero() {
		at = ev.ReceivedAt
	}
	row, err := findShop(tx)
	before := func(t time.Time) bool { return at.Add(clockMargin).Before(t) }
	if err != nil || row.State != stateInstalled || before(row.InstalledAt) {
		return err
	}
	if row.SeenAt != nil && before(*row.SeenAt) {
		return tx.Scoped(&tokenRow{}).Updates(map[string]any{"needs_reauth": true}).Error
	}
	gone, err := markUninstalled(tx)
	if err != nil || !gone {
		return err
	}
	if err := dropTokens(tx); err != nil {
		return err
	}
	row.State = stateUninstalled
	tx.AfterCommit(func() { s.remember(row) })
	return queue.Publish(tx, FactUninstalled, row.ShopID.String())
}

var errUnreadable = problem.New(problem.Invalid, "shops.unreadable_event", "The event does not have the form that Shopify documents for its topic.")

// onScopes keeps what the merchant has granted, unless a newer event did.
func (s *Service) onScopes(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	var body struct {
		Current []string `json:"current"`
	}
	if err := json.Unmarshal(ev.Body, &body); err != nil || body.Current == nil {
		return errUnreadable.With(err)
	}
	at := clock.Instant(ev.TriggeredAt)
	return tx.Scoped(&shopRow{}).Where("scopes_at IS NULL OR scopes_at <= ?", at).
		Updates(map[string]any{"scopes": strings.Join(body.Current, ","), "scopes_at": at}).Error
}

// onShop keeps name, currency, zone and language true, unless a newer event did.
func (s *Service) onShop(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	var body struct {
		Name      string    `json:"name"`
		Email     string    `json:"email"`
		Currency  string    `json:"currency"`
		Zone      string    `json:"iana_timezone"`
		Locale    string    `json:"primary_locale"`
		Domain    string    `json:"domain"`
		UpdatedAt time.Time `json:"updated_at"`
	}
	if err := json.Unmarshal(ev.Body, &body); err != nil || body.Name == "" || body.Currency == "" {
		return errUnreadable.With(err)
	}
	at := clock.Instant(body.UpdatedAt)
	set := map[string]any{"name": body.Name, "email": body.Email, "currency": body.Currency, "source_updated_at": at}
	for column, value := range map[string]string{"timezone": body.Zone, "locale": body.Locale} {
		if value != "" {
			set[column] = value
		}
	}
	return tx.Scoped(&shopRow{}).Where("source_updated_at IS NULL OR source_updated_at < ?", at).Updates(set).Error
}

// privacyWithin is how long Shopify gives us.
const privacyWithin = 30 * 24 * time.Hour

// onPrivacy puts a compliance request on record with the day it is due, and has
// it seen to.
func (s *Service) onPrivacy(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	var body struct {
		ShopDomain string `json:"shop_domain"`
		Customer   struct {
			ID    int64   `json:"id"`
			Email *string `json:"email"`
			Phone *string `json:"phone"`
		} `json:"customer"`
		Requested []int64 `json:"orders_requested"`
		ToRedact  []int64 `json:"orders_to_redact"`
	}
	if err := json.Unmarshal(ev.Body, &body); err != nil {
		return errUnreadable.With(err)
	}
	row, err := findShop(tx)
	if err != nil {
		return err
	}
	if body.ShopDomain != row.Domain {
		return errUnreadable.Detailf("The event names another shop than the one it was sent for.")
	}
	orders, err := json.Marshal(append(body.Requested, body.ToRedact...))
	if err != nil {
		return err
	}
	id := "prv" + strings.TrimPrefix(ev.ID, "wh")
	err = insertPrivacyRequest(tx, &privacyRow{
		ID: id, ShopID: tx.Shop, Topic: ev.Topic, CustomerID: body.Customer.ID,
		Email: deref(body.Customer.Email), Phone: deref(body.Customer.Phone), OrderIDs: string(orders),
		ReceivedAt: ev.ReceivedAt, DueAt: ev.ReceivedAt.Add(privacyWithin),
	})
	if err != nil {
		return err
	}
	return queue.Enqueue(tx, queue.Request{Kind: duties[ev.Topic], Ref: id, Once: id})
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
