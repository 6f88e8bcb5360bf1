package shopify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/problem"
)

// ErrNeedsReauth says that no token of the shop works any more: a merchant has
// to open the app once.
var ErrNeedsReauth = problem.New(problem.Unauthorized, "shopify.needs_reauth",
	"The store has to grant access again. Please open the app in the Shopify admin.")

const (
	// refreshMargin is how much life a token must have left to be handed out.
	refreshMargin = 5 * time.Minute
	// refreshLease is how long one process may take to refresh before another
	// one may try. A process that dies in between costs the others this long.
	refreshLease = 20 * time.Second
	refreshPoll  = 50 * time.Millisecond
)

// Credential is what the store keeps for a shop.
type Credential struct {
	Domain         Domain
	Access         string
	Expires        time.Time // zero: never
	Refresh        string
	RefreshExpires time.Time
	// PreviousRefresh is the refresh token before, until the new pair has worked.
	// Shopify accepts it that long, so a pair that was lost on the way is got again.
	PreviousRefresh string
	Scopes          []string
	// Version grows with each Save; it is what the conditional updates compare.
	Version     int64
	NeedsReauth bool
}

// String hides the tokens.
func (c Credential) String() string {
	return fmt.Sprintf("[credential of %s, version %d]", c.Domain, c.Version)
}

// GoString hides the tokens from %#v.
func (c Credential) GoString() string { return c.String() }

// TokenStore keeps credentials, one row a shop, tokens encrypted. Room shops
// implements it. The network call of a refresh happens outside any transaction;
// the right to make it is a lease in the row, so that no database lock is held
// meanwhile and a process that dies loses it by time.
type TokenStore interface {
	// Load reads the shop's credential. It returns a problem of kind NotFound
	// when there is none, as after an uninstall.
	Load(ctx context.Context, shop ids.Shop) (Credential, error)
	// Claim takes the lease until the given time, in one conditional update: only
	// if the row still has the version and no lease runs at now. It tells whether
	// it took it.
	Claim(ctx context.Context, shop ids.Shop, version int64, now, until time.Time) (bool, error)
	// Save writes a new pair in one transaction, if the row still has
	// next.Version - 1; it ends the lease. It tells whether it wrote.
	Save(ctx context.Context, shop ids.Shop, next Credential) (bool, error)
	// Release ends the lease after a refresh that failed.
	Release(ctx context.Context, shop ids.Shop, version int64) error
	// Worked forgets PreviousRefresh, if the row still has the version.
	Worked(ctx context.Context, shop ids.Shop, version int64) error
	// NeedsReauth marks the shop, if the row still has the version.
	NeedsReauth(ctx context.Context, shop ids.Shop, version int64) error
}

// Refresher makes a new pair out of a refresh token. App is one.
type Refresher interface {
	Refresh(ctx context.Context, shop Domain, refreshToken string) (Tokens, error)
}

// AccessToken is a token ready for use.
type AccessToken struct {
	Domain  Domain
	Value   string
	Version int64
	fresh   bool // its pair has not yet been seen to work
}

// String hides the token.
func (t AccessToken) String() string {
	return fmt.Sprintf("[token of %s, version %d]", t.Domain, t.Version)
}

// GoString hides the token from %#v.
func (t AccessToken) GoString() string { return t.String() }

// Source hands out tokens. It is safe for use by many goroutines and processes:
// in this process callers share one refresh, between processes the lease does it.
type Source struct {
	store     TokenStore
	refresher Refresher
	clock     clock.Clock
	log       *slog.Logger
	flight    singleflight.Group
	worked    sync.Map // ids.Shop → version whose success is recorded
}

// NewSource returns a source over the store.
func NewSource(store TokenStore, refresher Refresher, clk clock.Clock, log *slog.Logger) *Source {
	return &Source{store: store, refresher: refresher, clock: clk, log: log}
}

// Token returns a token of the shop that lives at least five minutes more, or as
// long as Shopify lets it when it cannot be refreshed now. It returns
// ErrNeedsReauth, ErrUnavailable or the store's NotFound.
func (s *Source) Token(ctx context.Context, shop ids.Shop) (AccessToken, error) {
	c, err := s.store.Load(ctx, shop)
	if err != nil {
		return AccessToken{}, fmt.Errorf("token of shop %s: %w", shop, err)
	}
	if c.NeedsReauth {
		return AccessToken{}, ErrNeedsReauth
	}
	now := s.clock.Now()
	if c.Expires.IsZero() || c.Expires.Sub(now) >= refreshMargin {
		return accessOf(c), nil
	}
	fresh, err := s.refresh(ctx, shop, c.Version)
	if err != nil && problem.Of(err).Kind == problem.Unavailable && c.Expires.After(now) {
		// Shopify's token endpoint is away; the old token has minutes left.
		return accessOf(c), nil
	}
	return fresh, err
}

// Retry returns another token after the API refused one: the stored one if it
// has changed meanwhile, else a refreshed one.
func (s *Source) Retry(ctx context.Context, shop ids.Shop, refused AccessToken) (AccessToken, error) {
	c, err := s.store.Load(ctx, shop)
	if err != nil {
		return AccessToken{}, fmt.Errorf("token of shop %s: %w", shop, err)
	}
	switch {
	case c.NeedsReauth:
		return AccessToken{}, ErrNeedsReauth
	case c.Version != refused.Version:
		return accessOf(c), nil
	}
	return s.refresh(ctx, shop, c.Version)
}

// Refused records that the API refused a token that had just been refreshed, and
// returns ErrNeedsReauth.
func (s *Source) Refused(ctx context.Context, shop ids.Shop, t AccessToken) error {
	if err := s.store.NeedsReauth(ctx, shop, t.Version); err != nil {
		return fmt.Errorf("mark shop %s: %w", shop, err)
	}
	s.log.WarnContext(ctx, "shop needs to sign in again", "shop", shop)
	return ErrNeedsReauth
}

// Accepted records that the API accepted a token. The first time after a refresh
// that makes the refresh token before it needless.
func (s *Source) Accepted(ctx context.Context, shop ids.Shop, t AccessToken) {
	if !t.fresh {
		return
	}
	if v, ok := s.worked.Load(shop); ok && v.(int64) >= t.Version {
		return
	}
	if err := s.store.Worked(ctx, shop, t.Version); err != nil {
		// Keeping the old token longer harms nobody; the next call tries again.
		s.log.WarnContext(ctx, "could not forget the previous refresh token", "shop", shop, "error", err)
		return
	}
	s.worked.Store(shop, t.Version)
}

func accessOf(c Credential) AccessToken {
	return AccessToken{Domain: c.Domain, Value: c.Access, Version: c.Version, fresh: c.PreviousRefresh != ""}
}

// refresh makes sure that the stored pair is newer than version. All callers in
// this process wait for one; a caller that gives up does not stop it for the rest.
func (s *Source) refresh(ctx context.Context, shop ids.Shop, version int64) (AccessToken, error) {
	done := s.flight.DoChan(fmt.Sprintf("%s/%d", shop, version), func() (any, error) {
		// The time limit is longer than the lease, to outlive a dead holder.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshLease+20*time.Second)
		defer cancel()
		return s.refreshOrWait(ctx, shop, version)
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return AccessToken{}, r.Err
		}
		return r.Val.(AccessToken), nil
	case <-ctx.Done():
		return AccessToken{}, ctx.Err()
	}
}

func (s *Source) refreshOrWait(ctx context.Context, shop ids.Shop, version int64) (AccessToken, error) {
	for {
		now := s.clock.Now()
		mine, err := s.store.Claim(ctx, shop, version, now, now.Add(refreshLease))
		if err != nil {
			return AccessToken{}, fmt.Errorf("claim refresh of shop %s: %w", shop, err)
		}
		// Read after the claim: what was read before it may be old.
		c, err := s.store.Load(ctx, shop)
		switch {
		case err != nil:
			return AccessToken{}, fmt.Errorf("token of shop %s: %w", shop, err)
		case c.NeedsReauth:
			return AccessToken{}, ErrNeedsReauth
		case c.Version != version:
			return accessOf(c), nil
		case mine:
			return s.rotate(ctx, shop, c)
		}
		select {
		case <-time.After(refreshPoll):
		case <-ctx.Done():
			return AccessToken{}, ErrUnavailable.With(fmt.Errorf("shop %s is being refreshed elsewhere: %w", shop, ctx.Err()))
		}
	}
}

// rotate holds the lease. It fetches a new pair and stores it before anybody
// uses it.
func (s *Source) rotate(ctx context.Context, shop ids.Shop, c Credential) (AccessToken, error) {
	used := c.Refresh
	tokens, err := s.refresher.Refresh(ctx, c.Domain, used)
	if errors.Is(err, ErrInvalidGrant) && c.PreviousRefresh != "" {
		// The pair we hold never worked; the one before it may still be good.
		used = c.PreviousRefresh
		tokens, err = s.refresher.Refresh(ctx, c.Domain, used)
	}
	if err != nil {
		return AccessToken{}, s.refreshFailed(ctx, shop, c, err)
	}
	next := Credential{
		Domain: c.Domain, Access: tokens.Access, Expires: tokens.Expires,
		Refresh: tokens.Refresh, RefreshExpires: tokens.RefreshExpires,
		PreviousRefresh: used, Scopes: tokens.Scopes, Version: c.Version + 1,
	}
	if next.Refresh == "" {
		next.Refresh, next.RefreshExpires = used, c.RefreshExpires
	}
	if len(next.Scopes) == 0 {
		next.Scopes = c.Scopes
	}
	saved, err := s.store.Save(ctx, shop, next)
	if err != nil {
		return AccessToken{}, fmt.Errorf("store token of shop %s: %w", shop, err)
	}
	if !saved {
		// Somebody else was here after our lease ran out; theirs counts.
		if c, err = s.store.Load(ctx, shop); err != nil {
			return AccessToken{}, fmt.Errorf("token of shop %s: %w", shop, err)
		}
		return accessOf(c), nil
	}
	return accessOf(next), nil
}

func (s *Source) refreshFailed(ctx context.Context, shop ids.Shop, c Credential, cause error) error {
	if !errors.Is(cause, ErrInvalidGrant) {
		if err := s.store.Release(ctx, shop, c.Version); err != nil {
			s.log.WarnContext(ctx, "could not release the refresh of a token", "shop", shop, "error", err)
		}
		return fmt.Errorf("refresh token of shop %s: %w", shop, cause)
	}
	if err := s.store.NeedsReauth(ctx, shop, c.Version); err != nil {
		return fmt.Errorf("mark shop %s: %w", shop, err)
	}
	s.log.WarnContext(ctx, "shop needs to sign in again", "shop", shop)
	return ErrNeedsReauth.With(cause)
}
