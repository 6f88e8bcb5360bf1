package policy

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// Version is a policy as it was published. The draft has version 0 and a
// revision that grows with each save. Published ones are never changed: rolling
// back publishes an old text again.
type Version struct {
	Version   int
	Revision  int
	Source    string
	Policy    Policy
	From      int // the version it was rolled back to, 0 if it was not
	ChangedBy string
	ChangedAt time.Time

	stored bool // false for the first version before a second was published
}

// The problems of versions.
var (
	ErrStale   = problem.New(problem.Conflict, "policy.stale", "Somebody else changed the policy in the meantime. Load it again and repeat your change.")
	ErrMissing = problem.New(problem.NotFound, "policy.missing", "There is no such version of the policy.")
	ErrFaults  = problem.New(problem.Invalid, "policy.faults", "The policy cannot be understood. See the lines.")
)

// Published is the policy in use for orders placed now.
func (s *Service) Published(tx *store.Tx) (Version, error) {
	v, err := findLatest(tx, nil)
	if errors.Is(err, ErrMissing) {
		return s.beginning(tx)
	}
	return v, err
}

// InForce is the policy that was in use at the time; for orders older than all
// policies, the first.
func (s *Service) InForce(tx *store.Tx, at time.Time) (Version, error) {
	return store.Once(tx, inForce(at.UnixNano()), func() (Version, error) { return s.inForce(tx, at) })
}

// inForce is the key under which the policy of a moment is read once.
type inForce int64

func (s *Service) inForce(tx *store.Tx, at time.Time) (Version, error) {
	v, err := findLatest(tx, &at)
	if errors.Is(err, ErrMissing) {
		return s.beginning(tx)
	}
	return v, err
}

// version reads one that was published.
func (s *Service) version(tx *store.Tx, version int) (Version, error) {
	v, err := findVersion(tx, version)
	if errors.Is(err, ErrMissing) && version == 1 {
		return s.beginning(tx)
	}
	return v, err
}

// beginning is version 1 of a shop that has published none: what its settings
// promise. It is written when the second is published.
func (s *Service) beginning(tx *store.Tx) (Version, error) {
	settings, err := s.shops.Settings(tx)
	if err != nil && !errors.Is(err, shops.ErrNotInstalled) {
		return Version{}, err
	}
	v := Version{Version: 1, Source: Beginning(settings.ReturnsDays).Policy().String(), ChangedAt: tx.Now}
	return v, v.read()
}

// read understands the source. A stored one was understood when it was stored.
func (v *Version) read() error {
	p, faults := Parse(v.Source)
	if len(faults) > 0 {
		return fmt.Errorf("version %d of the policy: %w", v.Version, faults[0])
	}
	v.Policy = p
	return nil
}

// faulty turns what is wrong with a text into a problem, line by line.
func faulty(faults []Fault) error {
	fields := make([]problem.Field, len(faults))
	for i, f := range faults {
		fields[i] = problem.Field{Field: fmt.Sprintf("source.%d.%d", f.Line, f.Column), Detail: f.Error()}
	}
	return ErrFaults.WithFields(fields...)
}

// Draft is what the merchant is working on; without one, what is published.
func (s *Service) Draft(tx *store.Tx) (Version, error) {
	v, err := findDraft(tx)
	if errors.Is(err, ErrMissing) {
		v, err = s.Published(tx)
		v.Version, v.Revision, v.From = 0, 0, 0
	}
	return v, err
}

// save keeps a draft over the revision it was read with. A draft may have faults;
// one that is too long may not be.
func save(tx *store.Tx, source string, revision int, by string) error {
	if len(source) > MaxSource {
		return ErrFaults.Detailf("The policy is longer than %d KiB.", MaxSource>>10)
	}
	return replaceDraft(tx, Version{Revision: revision + 1, Source: source, ChangedBy: by, ChangedAt: tx.Now}, revision)
}

// publish puts a version in use: the draft of that revision or, to roll back, an
// earlier version.
func (s *Service) publish(tx *store.Tx, revision, version int, by string) error {
	used, err := s.Published(tx)
	if err != nil {
		return err
	}
	var v Version
	if version == 0 {
		v, err = findDraft(tx)
	} else {
		v, err = s.version(tx, version)
	}
	switch {
	case err != nil:
		return err
	case version == 0 && v.Revision != revision:
		return ErrStale
	}
	if _, faults := Parse(v.Source); len(faults) > 0 {
		return faulty(faults)
	}
	if err := s.putInForce(tx, used, v.Source, version, by); err != nil {
		return err
	}
	if version == 0 {
		return nil
	}
	// Whoever rolls back goes on from there.
	draft, err := findDraft(tx)
	if err != nil && !errors.Is(err, ErrMissing) {
		return err
	}
	return save(tx, v.Source, draft.Revision, by)
}

// putInForce writes the version after the one in use, and shows its return window
// in the settings.
func (s *Service) putInForce(tx *store.Tx, used Version, source string, from int, by string) error {
	if !used.stored {
		if err := keepFirst(tx, used); err != nil {
			return err
		}
	}
	next := Version{Version: used.Version + 1, Source: source, From: from, ChangedBy: by, ChangedAt: tx.Now}
	if err := insertVersion(tx, next); err != nil {
		return err
	}
	if err := next.read(); err != nil {
		return err
	}
	if next.Policy.asksForProducts() && !used.Policy.asksForProducts() {
		if err := queue.Enqueue(tx, queue.Request{Kind: TaskCatalogue, Ref: strconv.Itoa(next.Version), Once: strconv.Itoa(next.Version)}); err != nil {
			return err
		}
	}
	section, _ := next.Policy.Section(Return)
	return s.shops.SetReturnsDays(tx, section.days())
}

// daysMost is what the field of the settings can show.
const daysMost = 365

// days is what the settings show of a section: the days of its last rule, begun
// ones counted. A day on the calendar cannot be said in them and shows as none.
func (s Section) days() int {
	if len(s.Rules) == 0 || !s.Rules[len(s.Rules)-1].Allow {
		return 0
	}
	w := s.Rules[len(s.Rules)-1].Window
	if w == nil {
		return daysMost
	}
	return min((w.minutes()+24*60-1)/(24*60), daysMost)
}

var errReturnsInText = problem.New(problem.Invalid, "policy.returns_in_text", "Your policy says more about returns than this field. Change the return window in the policy.").
	WithFields(problem.Field{Field: "returns_days", Detail: "Your policy says more about returns than this field. Change the return window in the policy."})

// returnsChanged publishes what was said in the settings, so that there is one
// truth about returns and orders from before keep theirs.
func (s *Service) returnsChanged(tx *store.Tx, before, after int) error {
	used, err := s.Published(tx)
	if err != nil {
		return err
	}
	if !used.stored { // made from settings that say something else by now
		used.Source = Beginning(before).Policy().String()
		if err := used.read(); err != nil {
			return err
		}
	}
	form, fits := FormOf(used.Policy)
	if !fits {
		return errReturnsInText
	}
	form.ReturnDays = after
	source := form.Policy().String()
	if err := s.putInForce(tx, used, source, 0, ""); err != nil {
		return err
	}
	draft, err := findDraft(tx)
	if errors.Is(err, ErrMissing) || err == nil && draft.Source != used.Source {
		return nil
	}
	if err != nil {
		return err
	}
	return save(tx, source, draft.Revision, "")
}
