package shops

import (
	"context"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/store"
)

// Settings are what the merchant chose.
type Settings struct {
	Version             int    `json:"version"` // grows with each save
	SenderName          string `json:"sender_name"`
	ReplyTo             string `json:"reply_to"`
	PostalAddress       string `json:"postal_address"`
	SupportEmail        string `json:"support_email"`
	LogoURL             string `json:"logo_url"`
	AccentColor         string `json:"accent_color"` // #rrggbb
	ConfirmationEnabled bool   `json:"confirmation_enabled"`
	ReturnsDays         int    `json:"returns_days"` // 0: no returns
	ReturnsPolicyURL    string `json:"returns_policy_url"`
}

func beginningSettings(row shopRow, now time.Time) *settingsRow {
	return &settingsRow{ShopID: row.ShopID, Version: 1, SenderName: row.Name, ReplyTo: row.Email, SupportEmail: row.Email,
		AccentColor: "#1f2328", ConfirmationEnabled: true, ReturnsDays: 30, UpdatedAt: now}
}

func (r settingsRow) settings() Settings {
	return Settings{Version: r.Version, SenderName: r.SenderName, ReplyTo: r.ReplyTo, PostalAddress: r.PostalAddress,
		SupportEmail: r.SupportEmail, LogoURL: r.LogoURL, AccentColor: r.AccentColor, ConfirmationEnabled: r.ConfirmationEnabled,
		ReturnsDays: r.ReturnsDays, ReturnsPolicyURL: r.ReturnsPolicyURL}
}

// Settings reads the settings of the transaction's shop.
func (s *Service) Settings(tx *store.Tx) (Settings, error) {
	return store.Once(tx, (*settingsRow)(nil), func() (Settings, error) {
		row, err := findSettings(tx)
		return row.settings(), err
	})
}

// From is the address all mails are sent from.
func (s *Service) From() string { return s.from }

var errSettings = problem.New(problem.Invalid, "shops.settings_invalid", "Some of these settings cannot be used. See the fields.")

var colour = regexp.MustCompile(`\A#[0-9a-f]{6}\z`)

// Validate brings the settings into their stored form and tells what is wrong,
// field by field.
func (v *Settings) Validate() error {
	var wrong []problem.Field
	complain := func(field, detail string) { wrong = append(wrong, problem.Field{Field: field, Detail: detail}) }
	for field, text := range map[string]*string{"sender_name": &v.SenderName, "reply_to": &v.ReplyTo, "postal_address": &v.PostalAddress,
		"support_email": &v.SupportEmail, "logo_url": &v.LogoURL, "returns_policy_url": &v.ReturnsPolicyURL} {
		*text = strings.TrimSpace(*text)
		limit := 500
		if field == "sender_name" {
			limit = 100
		}
		switch {
		case utf8.RuneCountInString(*text) > limit:
			complain(field, "This is too long.")
		case strings.ContainsAny(*text, "\x00\r") || field != "postal_address" && strings.Contains(*text, "\n"):
			complain(field, "Line breaks cannot be used here.")
		}
	}
	if v.SenderName == "" {
		complain("sender_name", "Enter the name that shoppers see as the sender.")
	}
	for field, address := range map[string]string{"reply_to": v.ReplyTo, "support_email": v.SupportEmail} {
		if address != "" && !plainAddress(address) {
			complain(field, "Enter one e-mail address, such as hello@example.com.")
		}
	}
	for field, link := range map[string]string{"logo_url": v.LogoURL, "returns_policy_url": v.ReturnsPolicyURL} {
		if link != "" && !webAddress(link) {
			complain(field, "Enter an address that begins with https://.")
		}
	}
	v.AccentColor = strings.ToLower(v.AccentColor)
	if !colour.MatchString(v.AccentColor) {
		complain("accent_color", "Enter a colour such as #2a5bd7.")
	}
	if v.ReturnsDays < 0 || v.ReturnsDays > 365 {
		complain("returns_days", "Enter a number of days from 0 to 365; 0 means that nothing can be returned.")
	}
	if len(wrong) > 0 {
		return errSettings.WithFields(wrong...)
	}
	return nil
}

func plainAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && a.Name == ""
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil
}

// Change saves the settings over the version they were read from. It returns
// what is wrong field by field, or ErrStale if somebody else was faster.
func (s *Service) Change(ctx context.Context, shop ids.Shop, v Settings) (Settings, error) {
	if err := v.Validate(); err != nil {
		return v, err
	}
	v.Version++
	err := s.db.InTx(ctx, shop, func(tx *store.Tx) error {
		before, err := findSettings(tx)
		if err != nil {
			return err
		}
		for _, step := range stepsOf(before.settings(), v) {
			if err := FinishStep(tx, step); err != nil {
				return err
			}
		}
		err = replaceSettings(tx, &settingsRow{ShopID: shop, Version: v.Version, SenderName: v.SenderName, ReplyTo: v.ReplyTo,
			PostalAddress: v.PostalAddress, SupportEmail: v.SupportEmail, LogoURL: v.LogoURL, AccentColor: v.AccentColor,
			ConfirmationEnabled: v.ConfirmationEnabled, ReturnsDays: v.ReturnsDays, ReturnsPolicyURL: v.ReturnsPolicyURL, UpdatedAt: tx.Now})
		if err != nil || s.returnsChanged == nil || before.ReturnsDays == v.ReturnsDays {
			return err
		}
		return s.returnsChanged(tx, before.ReturnsDays, v.ReturnsDays)
	})
	return v, err
}

// WhenReturnsChange lets room policy, which decides about returns, take over a new
// number of days in the transaction that saves it.
func (s *Service) WhenReturnsChange(f func(tx *store.Tx, before, after int) error) {
	s.returnsChanged = f
}
