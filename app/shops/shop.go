package shops

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"afterglow/app/ids"
	"afterglow/app/mail"
	"afterglow/app/problem"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/web"
)

const (
	stateInstalled   = "installed"
	stateUninstalled = "uninstalled"
)

// Problems of this room.
var (
	ErrNotInstalled = problem.New(problem.NotFound, "shops.not_installed", "The app is not installed in this shop. Open it from the Shopify admin.")
	ErrStale        = problem.New(problem.Conflict, "shops.settings_changed", "Somebody else saved these settings in the meantime. Reload the page to see theirs, then change them again.")
)

// Shop is a shop that has, or had, the app.
type Shop struct {
	ID          ids.Shop
	Domain      shopify.Domain
	Name        string
	Email       string
	Currency    string
	Timezone    string // IANA
	Locale      string
	URL         string // of the storefront
	Installed   bool
	InstalledAt time.Time
	Scopes      []string
}

// Service is the room.
type Service struct {
	db       *store.DB
	app      *shopify.App
	api      *shopify.API
	operator *shopify.Operator
	keys     *shopify.Keyring
	log      *slog.Logger
	from     string       // MAIL_FROM
	known    sync.Map     // by domain and by id
	lists    sync.Map     // which lists were put on record lately
	checks   *web.Limiter // of the sender's domain, by hand
	rooms    []room.Room  // all of them, to be asked about a person

	redactions *RedactionLog

	returnsChanged func(tx *store.Tx, before, after int) error

	MailboxURL string // where the built-in mailbox is shown; empty when mails go to a mail server
	Version    string // of the program
	// OptionalScopes may be asked for in the admin; the admin is told which.
	OptionalScopes []string

	DNS      mail.TXT   // asked about senders' domains; nil: the system's
	MailHost string     // the installation's mail server; empty: the built-in mailbox
	Limits   MailLimits // the operator's, for each shop
}

// Config is what the room needs from the roof.
type Config struct {
	DB   *store.DB
	App  *shopify.App
	Keys *shopify.Keyring
	Log  *slog.Logger
	From string // the address mails are sent from
	// Redactions is the log outside of the database of who was erased.
	Redactions *RedactionLog
}

// New returns the room. UseAPI must follow before anything talks to Shopify.
func New(c Config) *Service {
	return &Service{db: c.DB, app: c.App, keys: c.Keys, log: c.Log, from: c.From, redactions: c.Redactions, checks: web.NewLimiter(1.0/10, 5, nil)}
}

// UseRooms gives the room the list of all rooms. It asks them about a person and
// has them forget one; it knows none of them.
func (s *Service) UseRooms(rooms []room.Room) { s.rooms = rooms }

// UseAPI gives the room its way to Shopify, which itself asks the room for tokens.
func (s *Service) UseAPI(api *shopify.API) { s.api = api }

// UseOperator gives the room what carries operations out, which knows whom to tell
// when one is erased.
func (s *Service) UseOperator(o *shopify.Operator) { s.operator = o }

// knownFor bounds how long another process's uninstall goes unnoticed.
const knownFor = 10 * time.Second

type knownShop struct {
	id        ids.Shop
	installed bool
	asked     time.Time
}

// Resolve tells which shop has the domain and whether the app is installed in
// it. It returns store.ErrNotFound for a domain we hold nothing of.
func (s *Service) Resolve(ctx context.Context, domain shopify.Domain) (ids.Shop, bool, error) {
	if v, ok := s.known.Load(domain); ok && time.Since(v.(knownShop).asked) < knownFor {
		k := v.(knownShop)
		return k.id, k.installed, nil
	}
	row, err := s.shopByDomain(ctx, domain)
	if err != nil {
		return 0, false, err
	}
	s.remember(row)
	return row.ShopID, row.State == stateInstalled, nil
}

func (s *Service) remember(row shopRow) {
	k := knownShop{row.ShopID, row.State == stateInstalled, time.Now()}
	s.known.Store(shopify.Domain(row.Domain), k)
	s.known.Store(row.ShopID, k)
}

// forgetShop forgets a shop that was erased.
func (s *Service) forgetShop(row shopRow) {
	s.known.Delete(shopify.Domain(row.Domain))
	s.known.Delete(row.ShopID)
}

// IsInstalled tells whether a shop has the app. That it has not is asked each time.
func (s *Service) IsInstalled(ctx context.Context, shop ids.Shop) (yes bool, err error) {
	if v, ok := s.known.Load(shop); ok {
		if k := v.(knownShop); k.installed && time.Since(k.asked) < knownFor {
			return true, nil
		}
	}
	err = s.db.Read(ctx, shop, func(tx *store.Tx) error {
		row, err := findShop(tx)
		if errors.Is(err, ErrNotInstalled) {
			return nil
		}
		if err == nil {
			s.remember(row)
		}
		yes = row.State == stateInstalled
		return err
	})
	return yes, err
}

// Get reads the shop of the transaction. It returns ErrNotInstalled.
func (s *Service) Get(tx *store.Tx) (Shop, error) {
	return store.Once(tx, (*shopRow)(nil), func() (Shop, error) {
		row, err := findShop(tx)
		return row.shop(), err
	})
}

// Granted tells whether the merchant granted a scope.
func (s Shop) Granted(scope string) bool {
	return len(shopify.MissingScopes(s.Scopes, []string{scope})) == 0
}

// MissingScopes lists what the app needs and the merchant has not granted.
func (s *Service) MissingScopes(shop Shop) []string {
	return shopify.MissingScopes(shop.Scopes, s.app.Scopes)
}
