package policy

import "afterglow/app/room"

// Room hangs the room up.
func (s *Service) Room() room.Room {
	return room.Room{
		Name:   "policy",
		Tables: []string{"policy_policies", "policy_products"},
		Admin:  s.routes,
	}
}
