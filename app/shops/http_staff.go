package shops

import (
	"slices"
	"time"

	"afterglow/app/problem"
	"afterglow/app/store"
	"afterglow/app/web"
)

func (s *Service) staffRoutes(g *web.Group) {
	g.GET("/staff", s.getStaff, web.Needs(MayManageStaff))
	g.PUT("/staff/default", s.putDefaultRole, web.Needs(MayManageStaff))
	g.PUT("/staff/:id", s.putStaff, web.Needs(MayManageStaff))
	g.DELETE("/staff/:id", s.deleteStaff, web.Needs(MayManageStaff))
}

type staffJSON struct {
	ID           string           `json:"id"`
	Name         string           `json:"name"`
	Role         Role             `json:"role"`
	Extras       []web.Permission `json:"extras"`
	AccountOwner bool             `json:"account_owner"`
	Collaborator bool             `json:"collaborator"`
	FirstSeenAt  time.Time        `json:"first_seen_at"`
	SeenAt       time.Time        `json:"seen_at"`
	ChangedAt    *time.Time       `json:"changed_at"`
	ChangedBy    *string          `json:"changed_by"`
	You          bool             `json:"you"`
}

type roleJSON struct {
	Role        Role             `json:"role"`
	Permissions []web.Permission `json:"permissions"`
}

func staffOf(r staffRow, you string) staffJSON {
	j := staffJSON{ID: r.StaffID, Name: r.DisplayName, Role: Role(r.Role), Extras: append([]web.Permission{}, splitExtras(r.Extras)...), AccountOwner: r.AccountOwner, Collaborator: r.Collaborator,
		FirstSeenAt: r.FirstSeenAt.UTC(), SeenAt: r.SeenAt.UTC(), ChangedAt: r.ChangedAt, You: r.StaffID == you}
	if r.ChangedBy != "" {
		j.ChangedBy = &r.ChangedBy
	}
	return j
}

// getStaff lists who has used the app, and what each role may do.
func (s *Service) getStaff(c *web.Ctx) error {
	answer := struct {
		Staff       []staffJSON      `json:"staff"`
		DefaultRole Role             `json:"default_role"`
		Roles       []roleJSON       `json:"roles"`
		Extras      []web.Permission `json:"extras"`
	}{Staff: []staffJSON{}, Extras: Extras}
	for _, role := range Roles {
		answer.Roles = append(answer.Roles, roleJSON{role, permissionsOf(role, nil)})
	}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		shop, err := findShop(tx)
		if err != nil {
			return err
		}
		answer.DefaultRole = Role(shop.DefaultRole)
		rows, err := listStaff(tx)
		for _, r := range rows {
			answer.Staff = append(answer.Staff, staffOf(r, web.Staff(c).ID))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(answer)
}

func (s *Service) putStaff(c *web.Ctx) error {
	var body struct {
		Role   Role             `json:"role"`
		Extras []web.Permission `json:"extras"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	var row staffRow
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		row, err = assign(tx, c.Param("id"), web.Staff(c).ID, body.Role, body.Extras)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"staff": staffOf(row, web.Staff(c).ID)})
}

func (s *Service) deleteStaff(c *web.Ctx) error {
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error { return forgetStaff(tx, c.Param("id")) })
	if err != nil {
		return err
	}
	return c.NoContent()
}

func (s *Service) putDefaultRole(c *web.Ctx) error {
	var body struct {
		Role Role `json:"role"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if body.Role == RoleOwner || !slices.Contains(Roles, body.Role) {
		return errDefaultRole.WithFields(problem.Field{Field: "role", Detail: "is not one that newcomers may have"})
	}
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error { return setDefaultRole(tx, body.Role) })
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"default_role": body.Role})
}

// you says who asks and what they may do, for the admin to show.
func you(tx *store.Tx, staff string) (map[string]any, error) {
	row, err := findStaff(tx, staff)
	if err != nil {
		return nil, err
	}
	rows, err := listStaff(tx)
	owners := []string{}
	for _, r := range rows {
		if Role(r.Role) == RoleOwner && r.DisplayName != "" {
			owners = append(owners, r.DisplayName)
		}
	}
	return map[string]any{"id": staff, "name": row.DisplayName, "role": row.Role, "permissions": permissionsOf(Role(row.Role), splitExtras(row.Extras)), "owners": owners}, err
}
