package shops

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// shopRow and the others are the tables as they are.
type shopRow struct {
	ShopID          ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Domain          string
	Name            string
	Email           string
	Currency        string
	Timezone        string
	Locale          string
	URL             string
	State           string
	Scopes          string
	InstalledAt     time.Time
	UninstalledAt   *time.Time
	SeenAt          *time.Time // when staff last used the app, to the minute
	SourceUpdatedAt *time.Time
	DefaultRole     string `gorm:"default:viewer"`
}

func (shopRow) TableName() string { return "shops" }

type tokenRow struct {
	ShopID           ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Version          int64
	AccessToken      string
	RefreshToken     string
	PreviousRefresh  string
	ExpiresAt        *time.Time
	RefreshExpiresAt *time.Time
	LeaseUntil       *time.Time
	NeedsReauth      bool
	UpdatedAt        time.Time
}

func (tokenRow) TableName() string { return "shops_tokens" }

type settingsRow struct {
	ShopID              ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	Version             int
	SenderName          string
	ReplyTo             string
	PostalAddress       string
	SupportEmail        string
	LogoURL             string
	AccentColor         string
	ConfirmationEnabled bool
	ReturnsDays         int
	ReturnsPolicyURL    string
	UpdatedAt           time.Time
}

func (settingsRow) TableName() string { return "shops_settings" }

type privacyRow struct {
	ID         string `gorm:"primaryKey"`
	ShopID     ids.Shop
	Topic      string
	CustomerID int64
	Email      string
	Phone      string
	OrderIDs   string
	ReceivedAt time.Time
	DueAt      time.Time
	DoneAt     *time.Time
	Outcome    string
}

func (privacyRow) TableName() string { return "shops_privacy_requests" }

func (r shopRow) shop() Shop {
	s := Shop{ID: r.ShopID, Domain: shopify.Domain(r.Domain), Name: r.Name, Email: r.Email, Currency: r.Currency,
		Timezone: r.Timezone, Locale: r.Locale, URL: r.URL, Installed: r.State == stateInstalled, InstalledAt: r.InstalledAt,
		Scopes: shopify.SplitScopes(r.Scopes)}
	return s
}

func findShop(tx *store.Tx) (shopRow, error) {
	var row shopRow
	return row, store.One(tx.Scoped(&row).Take(&row), ErrNotInstalled)
}

// saveShop inserts the shop or brings it up to date.
func saveShop(tx *store.Tx, row *shopRow) error {
	return tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "shop_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"domain", "name", "email", "currency", "timezone", "locale", "url",
			"state", "scopes", "installed_at", "uninstalled_at", "seen_at", "source_updated_at"}),
	}).Create(row).Error
}

// markSeen keeps that the app is used, unless that is on record since the limit.
func markSeen(tx *store.Tx, since time.Time) error {
	return tx.Scoped(&shopRow{}).Where("seen_at IS NULL OR seen_at < ?", since).Updates(map[string]any{"seen_at": tx.Now}).Error
}

// markUninstalled ends the installation. It tells whether there was one to end.
func markUninstalled(tx *store.Tx) (bool, error) {
	u := tx.Scoped(&shopRow{}).Where("state = ?", stateInstalled).Updates(map[string]any{"state": stateUninstalled, "uninstalled_at": tx.Now})
	return u.RowsAffected == 1, u.Error
}

func findSettings(tx *store.Tx) (settingsRow, error) {
	var row settingsRow
	return row, store.One(tx.Scoped(&row).Take(&row), ErrNotInstalled)
}

// createSettings writes the settings a new shop begins with, and leaves those of
// a returning shop alone.
func createSettings(tx *store.Tx, row *settingsRow) error {
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(row).Error
}

// replaceSettings writes row over the version before it. It returns ErrStale
// when somebody else has saved since.
func replaceSettings(tx *store.Tx, row *settingsRow) error {
	u := tx.Scoped(&settingsRow{}).Where("version = ?", row.Version-1).
		Select("version", "sender_name", "reply_to", "postal_address", "support_email", "logo_url", "accent_color",
			"confirmation_enabled", "returns_days", "returns_policy_url", "updated_at").Updates(row)
	if u.Error == nil && u.RowsAffected == 0 {
		return ErrStale
	}
	return u.Error
}

// SetReturnsDays shows in the settings what the policy says by now.
func (s *Service) SetReturnsDays(tx *store.Tx, days int) error {
	return tx.Scoped(&settingsRow{}).Where("returns_days <> ?", days).
		Updates(map[string]any{"returns_days": days, "version": gorm.Expr("version + 1"), "updated_at": tx.Now}).Error
}

// shopByDomain is asked before anybody knows which shop it is.
func (s *Service) shopByDomain(ctx context.Context, domain shopify.Domain) (row shopRow, err error) {
	err = s.db.Peek(ctx, func(tx *store.Tx) error {
		return store.One(tx.Where("domain = ?", string(domain)).Take(&row))
	})
	return row, err
}

// Active lists the shops in which the app is installed, for schedules.
func Active(tx *store.Tx) (shops []ids.Shop, err error) {
	err = tx.Model(&shopRow{}).Where("state = ?", stateInstalled).Order("shop_id").Pluck("shop_id", &shops).Error
	return shops, err
}

func dropTokens(tx *store.Tx) error { return tx.Scoped(&tokenRow{}).Delete(&tokenRow{}).Error }

// Load reads the credential; shopify.TokenStore asks it.
func (s *Service) Load(ctx context.Context, shop ids.Shop) (c shopify.Credential, err error) {
	err = s.db.Read(ctx, shop, func(tx *store.Tx) error {
		sr, err := findShop(tx)
		if err != nil {
			return err
		}
		var row tokenRow
		if err := store.One(tx.Scoped(&row).Take(&row), ErrNotInstalled); err != nil {
			return err
		}
		if c, err = s.open(sr, row); locked(err) {
			s.log.WarnContext(ctx, "the tokens of a shop do not open, the merchant has to open the app", "shop", shop, "error", err)
			c.Access, c.Refresh, c.PreviousRefresh, c.NeedsReauth = "", "", "", true
			return nil
		}
		return err
	})
	return c, err
}

// locked tells whether an error says that no key opens a value. Such a shop is
// one whose merchant has to grant access again; the row stays as it is, so that a
// key that was only forgotten in ENCRYPTION_KEYS mends everything.
func locked(err error) bool {
	return errors.Is(err, shopify.ErrUnknownKey) || errors.Is(err, shopify.ErrSealed)
}

// AccessLost tells whether Shopify does not let us in, or we cannot read the
// token that would.
func (s *Service) AccessLost(tx *store.Tx) (bool, error) {
	var row tokenRow
	if err := tx.Scoped(&row).Limit(1).Find(&row).Error; err != nil || row.ShopID == 0 {
		return false, err
	}
	c, err := s.open(shopRow{ShopID: tx.Shop}, row)
	if locked(err) {
		return true, nil
	}
	return c.NeedsReauth, err
}

func (s *Service) open(sr shopRow, row tokenRow) (c shopify.Credential, err error) {
	c = shopify.Credential{Domain: shopify.Domain(sr.Domain), Scopes: shopify.SplitScopes(sr.Scopes), Version: row.Version, NeedsReauth: row.NeedsReauth}
	for column, field := range map[string]struct {
		sealed string
		into   *string
	}{
		"access_token":     {row.AccessToken, &c.Access},
		"refresh_token":    {row.RefreshToken, &c.Refresh},
		"previous_refresh": {row.PreviousRefresh, &c.PreviousRefresh},
	} {
		if field.sealed == "" {
			continue
		}
		if *field.into, err = s.keys.Open(tokenPlace(row.ShopID, column), field.sealed); err != nil {
			return c, err
		}
	}
	if row.ExpiresAt != nil {
		c.Expires = *row.ExpiresAt
	}
	if row.RefreshExpiresAt != nil {
		c.RefreshExpires = *row.RefreshExpiresAt
	}
	return c, nil
}

func (s *Service) seal(shop ids.Shop, c shopify.Credential, now time.Time) *tokenRow {
	seal := func(column, value string) string {
		if value == "" {
			return ""
		}
		return s.keys.Seal(tokenPlace(shop, column), value)
	}
	return &tokenRow{
		ShopID: shop, Version: c.Version, NeedsReauth: c.NeedsReauth, UpdatedAt: now,
		AccessToken:     seal("access_token", c.Access),
		RefreshToken:    seal("refresh_token", c.Refresh),
		PreviousRefresh: seal("previous_refresh", c.PreviousRefresh),
		ExpiresAt:       timeOrNil(c.Expires), RefreshExpiresAt: timeOrNil(c.RefreshExpires),
	}
}

func tokenPlace(shop ids.Shop, column string) shopify.Place {
	return shopify.Place{Table: "shops_tokens", Column: column, Shop: shop, Row: shop.String()}
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Microsecond)
	return &t
}

// Claim takes the right to refresh; see shopify.TokenStore.
func (s *Service) Claim(ctx context.Context, shop ids.Shop, version int64, now, until time.Time) (won bool, err error) {
	err = s.db.InTx(ctx, shop, func(tx *store.Tx) error {
		u := tx.Scoped(&tokenRow{}).Where("version = ? AND (lease_until IS NULL OR lease_until < ?)", version, now.UTC()).
			Updates(map[string]any{"lease_until": until.UTC()})
		won = u.RowsAffected == 1
		return u.Error
	})
	return won, err
}

// Save writes a new pair over the one before it; see shopify.TokenStore.
func (s *Service) Save(ctx context.Context, shop ids.Shop, next shopify.Credential) (wrote bool, err error) {
	err = s.db.InTx(ctx, shop, func(tx *store.Tx) error {
		u := tx.Scoped(&tokenRow{}).Where("version = ?", next.Version-1).
			Select("version", "access_token", "refresh_token", "previous_refresh", "expires_at", "refresh_expires_at", "lease_until", "needs_reauth", "updated_at").
			Updates(s.seal(shop, next, tx.Now))
		wrote = u.RowsAffected == 1
		if u.Error == nil && wrote && len(next.Scopes) > 0 {
			return tx.Scoped(&shopRow{}).Updates(map[string]any{"scopes": strings.Join(next.Scopes, ",")}).Error
		}
		return u.Error
	})
	return wrote, err
}

// Release ends the lease; see shopify.TokenStore.
func (s *Service) Release(ctx context.Context, shop ids.Shop, version int64) error {
	return s.updateToken(ctx, shop, version, map[string]any{"lease_until": nil})
}

// Worked forgets the refresh token before; see shopify.TokenStore.
func (s *Service) Worked(ctx context.Context, shop ids.Shop, version int64) error {
	return s.updateToken(ctx, shop, version, map[string]any{"previous_refresh": ""})
}

// NeedsReauth marks that the merchant must open the app again; see shopify.TokenStore.
func (s *Service) NeedsReauth(ctx context.Context, shop ids.Shop, version int64) error {
	return s.updateToken(ctx, shop, version, map[string]any{"needs_reauth": true})
}

func (s *Service) updateToken(ctx context.Context, shop ids.Shop, version int64, set map[string]any) error {
	return s.db.InTx(ctx, shop, func(tx *store.Tx) error {
		return tx.Scoped(&tokenRow{}).Where("version = ?", version).Updates(set).Error
	})
}

// replaceToken writes the pair of an installation, whatever was there before.
func (s *Service) replaceToken(tx *store.Tx, c shopify.Credential) error {
	var before tokenRow
	if err := tx.Scoped(&before).Limit(1).Find(&before).Error; err != nil {
		return err
	}
	c.Version = before.Version + 1
	if err := dropTokens(tx); err != nil {
		return err
	}
	return tx.Create(s.seal(tx.Shop, c, tx.Now)).Error
}

// RotateKeys encrypts again, with the newest key, what an older one encrypted.
// What no key opens stays as it is: one shop's token must not keep all others
// from being served.
func (s *Service) RotateKeys(ctx context.Context) (rotated int, err error) {
	if err := s.rotateFiles(ctx); err != nil {
		return 0, err
	}
	if err := s.rotateMail(ctx); err != nil {
		return 0, err
	}
	var shops []ids.Shop
	if err := s.db.Peek(ctx, func(tx *store.Tx) error {
		return tx.Model(&tokenRow{}).Pluck("shop_id", &shops).Error
	}); err != nil {
		return 0, err
	}
	for _, shop := range shops {
		err := s.db.InTx(ctx, shop, func(tx *store.Tx) error {
			var row tokenRow
			err := store.One(tx.Scoped(&row).Clauses(clause.Locking{Strength: "UPDATE"}).Take(&row))
			if errors.Is(err, store.ErrNotFound) {
				return nil // uninstalled since
			}
			if err != nil {
				return err
			}
			if !s.keys.Stale(row.AccessToken) && !s.keys.Stale(row.RefreshToken) {
				return nil
			}
			c, err := s.open(shopRow{ShopID: shop}, row)
			if locked(err) {
				s.log.WarnContext(ctx, "the tokens of a shop do not open, the merchant has to open the app", "shop", shop, "error", err)
				return nil
			}
			if err != nil {
				return err
			}
			rotated++
			return tx.Scoped(&tokenRow{}).Select("access_token", "refresh_token", "previous_refresh").Updates(s.seal(shop, c, tx.Now)).Error
		})
		if err != nil {
			return rotated, err
		}
	}
	return rotated, nil
}

// KeyState counts shops by what the keys can do with their tokens.
type KeyState struct {
	All, Stale int // Stale: an older key than the first encrypted them
	Locked     int // no key opens them
}

// KeyStates looks at all shops.
func KeyStates(ctx context.Context, db *store.DB, keys *shopify.Keyring) (k KeyState, err error) {
	s := &Service{keys: keys}
	err = db.Peek(ctx, func(tx *store.Tx) error {
		rows, err := tx.Model(&tokenRow{}).Rows()
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var row tokenRow
			if err := tx.ScanRows(rows, &row); err != nil {
				return err
			}
			k.All++
			switch _, err := s.open(shopRow{ShopID: row.ShopID}, row); {
			case locked(err):
				k.Locked++
			case err != nil:
				return err
			case keys.Stale(row.AccessToken) || keys.Stale(row.RefreshToken):
				k.Stale++
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		return countPasswords(tx, keys, &k)
	})
	return k, err
}
