package shopify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/problem"
)

// tokenRow is a store with one shop that behaves like the table: conditional
// updates on the version, a lease with an end.
type tokenRow struct {
	mu     sync.Mutex
	c      Credential
	lease  time.Time
	worked int
	absent bool
	// dies makes the next Save fail as if the process had been killed before it.
	dies bool
}

func (s *tokenRow) Load(context.Context, ids.Shop) (Credential, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.absent {
		return Credential{}, problem.New(problem.NotFound, "none", "none")
	}
	return s.c, nil
}

func (s *tokenRow) Claim(_ context.Context, _ ids.Shop, version int64, now, until time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c.Version != version || s.lease.After(now) {
		return false, nil
	}
	s.lease = until
	return true, nil
}

var errKilled = errors.New("killed")

func (s *tokenRow) Save(_ context.Context, _ ids.Shop, next Credential) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dies {
		s.dies = false
		return false, errKilled
	}
	if s.c.Version != next.Version-1 {
		return false, nil
	}
	s.c, s.lease = next, time.Time{}
	return true, nil
}

func (s *tokenRow) Release(_ context.Context, _ ids.Shop, version int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c.Version == version {
		s.lease = time.Time{}
	}
	return nil
}

func (s *tokenRow) Worked(_ context.Context, _ ids.Shop, version int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c.Version == version {
		s.c.PreviousRefresh = ""
		s.worked++
	}
	return nil
}

func (s *tokenRow) NeedsReauth(_ context.Context, _ ids.Shop, version int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c.Version == version {
		s.c.NeedsReauth = true
	}
	return nil
}

// issuer is Shopify's side of the rotation: it accepts the current refresh token,
// and the one before it until the new pair has been used.
type issuer struct {
	mu       sync.Mutex
	clock    clock.Clock
	current  string
	previous string
	used     bool
	n        int
	calls    atomic.Int64
	err      error
	slow     time.Duration
}

func (i *issuer) Refresh(ctx context.Context, _ Domain, token string) (Tokens, error) {
	i.calls.Add(1)
	time.Sleep(i.slow)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err != nil {
		return Tokens{}, i.err
	}
	if token != i.current && (token != i.previous || i.used) {
		return Tokens{}, ErrInvalidGrant
	}
	i.n++
	i.previous, i.current, i.used = token, fmt.Sprint("refresh-", i.n), false
	now := i.clock.Now()
	return Tokens{Access: fmt.Sprint("access-", i.n), Expires: now.Add(time.Hour), Refresh: i.current, RefreshExpires: now.Add(90 * 24 * time.Hour), Scopes: []string{"read_orders"}}, nil
}

func rotation(t *testing.T) (*clock.Fixed, *tokenRow, *issuer, func() *Source) {
	t.Helper()
	clk := clock.NewFixed(sessionNow)
	row := &tokenRow{c: Credential{Domain: demoShop, Access: "access-0", Refresh: "refresh-0", Expires: sessionNow.Add(time.Hour), RefreshExpires: sessionNow.Add(90 * 24 * time.Hour), Version: 1}}
	iss := &issuer{clock: clk, current: "refresh-0"}
	return clk, row, iss, func() *Source { return NewSource(row, iss, clk, slog.New(slog.DiscardHandler)) }
}

func TestFreshTokenIsNotRefreshed(t *testing.T) {
	clk, _, iss, source := rotation(t)
	clk.Advance(55 * time.Minute)
	got, err := source().Token(context.Background(), 7)
	if err != nil || got.Value != "access-0" || iss.calls.Load() != 0 {
		t.Errorf("got %v %q, %v, %d refreshes", got, got.Value, err, iss.calls.Load())
	}
	clk.Advance(time.Second)
	if got, err = source().Token(context.Background(), 7); err != nil || got.Value != "access-1" {
		t.Errorf("with less than five minutes left: %q, %v", got.Value, err)
	}
}

// TestParallelCallsRefreshOnce lets 200 callers in two processes meet an expired
// token, round after round.
func TestParallelCallsRefreshOnce(t *testing.T) {
	clk, row, iss, source := rotation(t)
	iss.slow = 5 * time.Millisecond
	processes := []*Source{source(), source()}
	for round := 1; round <= 10; round++ {
		clk.Advance(2 * time.Hour)
		want := fmt.Sprint("access-", round)
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				s := processes[i%2]
				got, err := s.Token(context.Background(), 7)
				if err != nil || got.Value != want {
					t.Errorf("round %d: got %q, %v", round, got.Value, err)
					return
				}
				s.Accepted(context.Background(), 7, got)
			}()
		}
		wg.Wait()
		if n := iss.calls.Load(); n != int64(round) {
			t.Fatalf("round %d: %d refreshes", round, n)
		}
		if row.c.PreviousRefresh != "" {
			t.Errorf("round %d: the previous refresh token was kept after the new one worked", round)
		}
	}
}

// TestKilledBetweenReplyAndStore loses the pair that Shopify has already handed
// out. The next process gets another one with the token it still has.
func TestKilledBetweenReplyAndStore(t *testing.T) {
	clk, row, iss, source := rotation(t)
	for round := range 20 {
		clk.Advance(2 * time.Hour)
		row.dies = true
		if _, err := source().Token(context.Background(), 7); !errors.Is(err, errKilled) {
			t.Fatalf("round %d: %v", round, err)
		}
		// The dead process took its lease with it; it runs out.
		clk.Advance(refreshLease)
		got, err := source().Token(context.Background(), 7)
		if err != nil {
			t.Fatalf("round %d: shop locked out: %v", round, err)
		}
		iss.mu.Lock()
		iss.used = true
		iss.mu.Unlock()
		source().Accepted(context.Background(), 7, got)
	}
	if row.c.NeedsReauth {
		t.Error("the shop was marked")
	}
}

func TestLeaseOfAnotherProcessIsWaitedFor(t *testing.T) {
	clk, row, iss, source := rotation(t)
	clk.Advance(2 * time.Hour)
	row.lease = clk.Now().Add(refreshLease)
	go func() {
		time.Sleep(120 * time.Millisecond)
		row.mu.Lock()
		row.c.Access, row.c.Version, row.c.Expires, row.lease = "theirs", 2, clk.Now().Add(time.Hour), time.Time{}
		row.mu.Unlock()
	}()
	got, err := source().Token(context.Background(), 7)
	if err != nil || got.Value != "theirs" || iss.calls.Load() != 0 {
		t.Errorf("got %q, %v, %d refreshes", got.Value, err, iss.calls.Load())
	}
}

func TestCallerThatGivesUpDoesNotStopTheRest(t *testing.T) {
	clk, _, iss, source := rotation(t)
	iss.slow = 100 * time.Millisecond
	clk.Advance(2 * time.Hour)
	s := source()
	short, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Token(short, 7); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if got, err := s.Token(context.Background(), 7); err != nil || got.Value != "access-1" || iss.calls.Load() != 1 {
		t.Errorf("got %q, %v, %d refreshes", got.Value, err, iss.calls.Load())
	}
}

func TestRefreshErrors(t *testing.T) {
	t.Run("endpoint away, minutes left", func(t *testing.T) {
		clk, row, iss, source := rotation(t)
		iss.err = ErrUnavailable
		clk.Advance(58 * time.Minute)
		if got, err := source().Token(context.Background(), 7); err != nil || got.Value != "access-0" {
			t.Errorf("got %q, %v", got.Value, err)
		}
		if !row.lease.IsZero() {
			t.Error("the lease was kept")
		}
	})
	t.Run("endpoint away, expired", func(t *testing.T) {
		clk, row, iss, source := rotation(t)
		iss.err = ErrUnavailable
		clk.Advance(2 * time.Hour)
		if _, err := source().Token(context.Background(), 7); !errors.Is(err, ErrUnavailable) || row.c.NeedsReauth {
			t.Errorf("got %v, marked %v", err, row.c.NeedsReauth)
		}
	})
	t.Run("grant gone", func(t *testing.T) {
		clk, row, iss, source := rotation(t)
		iss.current = "another"
		clk.Advance(2 * time.Hour)
		for range 3 {
			if _, err := source().Token(context.Background(), 7); !errors.Is(err, ErrNeedsReauth) {
				t.Errorf("got %v", err)
			}
		}
		if !row.c.NeedsReauth || iss.calls.Load() != 1 {
			t.Errorf("marked %v after %d refreshes", row.c.NeedsReauth, iss.calls.Load())
		}
	})
	t.Run("pair lost on the way, the one before still good", func(t *testing.T) {
		clk, row, iss, source := rotation(t)
		row.c.PreviousRefresh, row.c.Refresh = "refresh-0", "never-arrived-there"
		clk.Advance(2 * time.Hour)
		if got, err := source().Token(context.Background(), 7); err != nil || got.Value != "access-1" || iss.calls.Load() != 2 {
			t.Errorf("got %q, %v, %d refreshes", got.Value, err, iss.calls.Load())
		}
		if row.c.PreviousRefresh != "refresh-0" {
			t.Errorf("previous is %q", row.c.PreviousRefresh)
		}
	})
	t.Run("uninstalled", func(t *testing.T) {
		_, row, _, source := rotation(t)
		row.absent = true
		if _, err := source().Token(context.Background(), 7); problem.Of(err).Kind != problem.NotFound {
			t.Errorf("got %v", err)
		}
	})
}

func TestRetryReadsAgainBeforeItRefreshes(t *testing.T) {
	_, row, iss, source := rotation(t)
	s := source()
	old, err := s.Token(context.Background(), 7)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := s.Retry(context.Background(), 7, old)
	if err != nil || fresh.Value != "access-1" || iss.calls.Load() != 1 {
		t.Fatalf("got %q, %v", fresh.Value, err)
	}
	again, err := s.Retry(context.Background(), 7, old)
	if err != nil || again.Value != "access-1" || iss.calls.Load() != 1 {
		t.Errorf("somebody else had refreshed: got %q, %v, %d refreshes", again.Value, err, iss.calls.Load())
	}
	if err := s.Refused(context.Background(), 7, again); !errors.Is(err, ErrNeedsReauth) || !row.c.NeedsReauth {
		t.Errorf("got %v, marked %v", err, row.c.NeedsReauth)
	}
}

func TestTokensHideThemselves(t *testing.T) {
	c := Credential{Domain: demoShop, Access: "canary", Refresh: "canary", PreviousRefresh: "canary"}
	s := fmt.Sprintf("%v %+v %#v %v %#v %v %#v", c, c, c, accessOf(c), accessOf(c), Tokens{Access: "canary"}, Tokens{Access: "canary"})
	for i := range len(s) - 5 {
		if s[i:i+6] == "canary" {
			t.Fatalf("a token is readable: %s", s)
		}
	}
}
