package policy

import (
	"time"

	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/room"
)

// Room hangs the room up.
func (s *Service) Room() room.Room {
	return room.Room{
		Name:   "policy",
		Tables: []string{"policy_policies", "policy_products"},
		Admin:  s.routes,
		Hears:  map[string]queue.Task{orders.FactPlaced: {Kind: "policy.placed", InTx: s.onPlaced}},
		Tasks: []queue.Task{
			{Kind: TaskProducts, Timeout: time.Minute, MaxAttempts: 12, Run: s.readProducts},
			{Kind: TaskCatalogue, Timeout: time.Minute, MaxAttempts: 12, Run: s.readCatalogue},
		},
	}
}
