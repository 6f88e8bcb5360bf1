package shops

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/web"
)

// Problems with roles.
var (
	errNoStaff      = problem.New(problem.NotFound, "shops.no_staff", "Nobody with this number has used the app in this shop.")
	errRole         = problem.New(problem.Invalid, "shops.role", "Choose owner, admin, marketing, support or viewer.")
	errDefaultRole  = problem.New(problem.Invalid, "shops.default_role", "People who are new begin as admin, marketing, support or viewer; owners are named one by one.")
	errExtra        = problem.New(problem.Invalid, "shops.extra", "This permission cannot be given to one person. Choose a role that has it.")
	errLastOwner    = problem.New(problem.Conflict, "shops.last_owner", "This is the last owner. Make somebody else an owner first.")
	errAccountOwner = problem.New(problem.Conflict, "shops.account_owner", "The store belongs to this person in Shopify, so they stay an owner here.")
)

// seenEvery is how exactly we know when somebody last used the app.
const seenEvery = time.Minute

// Authorize tells whether the member of staff may do what a route needs; the
// error is what they read. Whoever comes first to a shop without an owner is its
// owner; all others begin with the role that the merchant chose for newcomers.
func (s *Service) Authorize(ctx context.Context, shop ids.Shop, who web.StaffMember, need web.Permission) error {
	row, err := s.member(ctx, shop, who.ID)
	if err != nil {
		return err
	}
	if !permits(Role(row.Role), splitExtras(row.Extras), need) {
		return forbidden(Role(row.Role), need)
	}
	return nil
}

// May asks for a permission in the middle of a route, for what only some of its
// requests do.
func (s *Service) May(c *web.Ctx, need web.Permission) error {
	return s.Authorize(c.Context(), web.Shop(c), web.Staff(c), need)
}

// member reads who somebody is here, and puts on record that they came.
func (s *Service) member(ctx context.Context, shop ids.Shop, staff string) (row staffRow, err error) {
	var recent bool
	err = s.db.Read(ctx, shop, func(tx *store.Tx) error {
		row, err = findStaff(tx, staff)
		recent = err == nil && row.SeenAt.After(tx.Now.Add(-seenEvery))
		return err
	})
	if recent || err != nil && !errors.Is(err, errNoStaff) {
		return row, err
	}
	err = s.db.InTx(ctx, shop, func(tx *store.Tx) error {
		row, err = welcome(tx, staff)
		return err
	})
	return row, err
}

// welcome notes that somebody uses the app now. Newcomers are taken one at a
// time, so that there is one first.
func welcome(tx *store.Tx, staff string) (staffRow, error) {
	shop, err := lockShop(tx)
	if err != nil {
		return staffRow{}, err
	}
	row, err := findStaff(tx, staff)
	if err == nil {
		row.SeenAt = tx.Now
		return row, touchStaff(tx, staff)
	}
	if !errors.Is(err, errNoStaff) {
		return row, err
	}
	owners, err := countOwners(tx)
	if err != nil {
		return row, err
	}
	row = staffRow{ShopID: tx.Shop, StaffID: staff, Role: shop.DefaultRole, FirstSeenAt: tx.Now, SeenAt: tx.Now}
	if owners == 0 {
		row.Role = string(RoleOwner)
	}
	return row, insertStaff(tx, &row)
}

// askAgain is how old what Shopify said about somebody may be.
const askAgain = 30 * 24 * time.Hour

// Visit sees to it that the app is installed and notes who opens it. Shopify says
// their name and whether the store is theirs; should it not answer, they are a
// number until the next visit.
func (s *Service) Visit(ctx context.Context, claims shopify.Claims, sessionToken string) error {
	shop, err := s.Open(ctx, claims.Shop, sessionToken)
	if err != nil || claims.UserID == "" {
		return err
	}
	row, err := s.member(ctx, shop, claims.UserID)
	if err != nil {
		return err
	}
	if row.AskedAt != nil && row.AskedAt.After(s.db.Clock().Now().Add(-askAgain)) {
		return nil
	}
	user, err := s.app.ExchangeUser(ctx, claims.Shop, sessionToken)
	if err != nil {
		s.log.Warn("Shopify did not say who opened the app", "shop", shop, "error", err)
		return nil
	}
	if strconv.FormatInt(user.ID, 10) != claims.UserID {
		s.log.Warn("Shopify spoke of somebody else than who opened the app", "shop", shop)
		return nil
	}
	return s.db.InTx(ctx, shop, func(tx *store.Tx) error { return introduce(tx, claims.UserID, user) })
}

// introduce keeps what Shopify says of somebody. Whom the store belongs to is an
// owner here, whatever was decided before.
func introduce(tx *store.Tx, staff string, user shopify.User) error {
	set := map[string]any{"display_name": strings.TrimSpace(user.FirstName + " " + user.LastName), "account_owner": user.AccountOwner, "collaborator": user.Collaborator, "asked_at": tx.Now}
	if user.AccountOwner {
		set["role"] = string(RoleOwner)
	}
	return updateStaff(tx, staff, set)
}

// assign gives somebody a role and extras. A shop always keeps an owner.
func assign(tx *store.Tx, staff, by string, role Role, extras []web.Permission) (staffRow, error) {
	if !slices.Contains(Roles, role) {
		return staffRow{}, errRole.WithFields(problem.Field{Field: "role", Detail: "is not one of the five"})
	}
	for _, p := range extras {
		if !slices.Contains(Extras, p) {
			return staffRow{}, errExtra.WithFields(problem.Field{Field: "extras", Detail: "cannot be given to one person"})
		}
	}
	row, err := keepOwner(tx, staff, role)
	if err != nil {
		return row, err
	}
	if err := updateStaff(tx, staff, map[string]any{"role": string(role), "extras": joinExtras(extras), "changed_at": tx.Now, "changed_by": by}); err != nil {
		return row, err
	}
	return findStaff(tx, staff)
}

// forgetStaff takes somebody's role from them. Should they come back, they begin
// as newcomers do.
func forgetStaff(tx *store.Tx, staff string) error {
	if _, err := keepOwner(tx, staff, ""); err != nil {
		return err
	}
	return deleteStaff(tx, staff)
}

// keepOwner refuses what would leave the shop without an owner, or take the app
// from whom the store belongs to.
func keepOwner(tx *store.Tx, staff string, next Role) (staffRow, error) {
	if _, err := lockShop(tx); err != nil { // two owners may not depose each other at once
		return staffRow{}, err
	}
	row, err := findStaff(tx, staff)
	if err != nil || Role(row.Role) != RoleOwner || next == RoleOwner {
		return row, err
	}
	if row.AccountOwner {
		return row, errAccountOwner
	}
	owners, err := countOwners(tx)
	if err == nil && owners <= 1 {
		err = errLastOwner
	}
	return row, err
}
