package shops

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

const roomName = "shops"

// ScheduleRetention deletes what privacy law lets us keep no longer.
const ScheduleRetention = "shops.retention"

// Room hangs the room up.
func (s *Service) Room() room.Room {
	return room.Room{
		Name:   roomName,
		Tables: []string{"shops", "shops_tokens", "shops_settings", "shops_mail", "shops_onboarding", "shops_privacy_requests", "shops_privacy_files", "shops_access_log", "shops_erasures", "shops_staff", "shops_redactions"},
		Admin:  s.routes,
		Topics: map[string]shopify.TopicHandler{
			"app/uninstalled":        s.onUninstalled,
			"app/scopes_update":      s.onScopes,
			"shop/update":            s.onShop,
			"customers/data_request": s.onPrivacy,
			"customers/redact":       s.onPrivacy,
			"shop/redact":            s.onPrivacy,
		},
		Tasks: []queue.Task{
			{Kind: TaskDisclose, Lane: queue.LaneStore, Timeout: 5 * time.Minute, Run: s.disclose},
			{Kind: TaskForget, Lane: queue.LaneStore, Timeout: 5 * time.Minute, MaxAttempts: 30, Run: s.forget},
			{Kind: TaskForgetAgain, Lane: queue.LaneStore, Timeout: 15 * time.Minute, MaxAttempts: 30, Run: s.forgetAgain},
			{Kind: TaskEraseShop, Timeout: 15 * time.Minute, InTx: s.eraseShop},
			s.checkTask(),
		},
		Schedules: []queue.Schedule{s.privacyRetention(), checkDaily()},
		Personal:  true,
		Export:    s.export,
		Erase:     s.erase,
	}
}

// export lists the privacy requests about the person themselves.
func (s *Service) export(_ context.Context, tx *store.Tx, p room.Person) (map[string]any, error) {
	rows, err := privacyRequestsOf(tx, p)
	if err != nil {
		return nil, err
	}
	list := make([]map[string]any, len(rows))
	for i, r := range rows {
		list[i] = map[string]any{"topic": r.Topic, "received_at": r.ReceivedAt, "due_at": r.DueAt, "done_at": r.DoneAt}
	}
	return map[string]any{"privacy_requests": list}, nil
}

// erase keeps that a request was made and forgets whose it was, and what was
// disclosed to them. An erasure that is still to come keeps its name until then.
func (s *Service) erase(_ context.Context, tx *store.Tx, p room.Person) error {
	rows, err := privacyRequestsOf(tx, p)
	for i := 0; err == nil && i < len(rows); i++ {
		if rows[i].DoneAt != nil || rows[i].Topic == topicDisclose {
			err = forgetRequest(tx, rows[i].ID)
		}
	}
	return err
}

func (r privacyRow) orders() (ids []int64) {
	// Written by us; a row that cannot be read names no orders.
	_ = json.Unmarshal([]byte(r.OrderIDs), &ids)
	return ids
}

func sameAddress(a, b string) bool { return a != "" && strings.EqualFold(a, b) }
