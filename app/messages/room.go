package messages

import (
	"context"
	"errors"
	"time"

	"afterglow/app/mail"
	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// Room hangs the room up.
func (s *Service) Room() room.Room {
	return room.Room{
		Name:   "messages",
		Tables: []string{"messages", "messages_history", "messages_suppressions", "messages_designs", "messages_pace", "messages_feedback", "messages_dials"},
		Admin:  s.routes,
		Tasks:  []queue.Task{s.deliverTask()},
		Links:  s.links,
		Hears: map[string]queue.Task{
			shops.FactUninstalled: {Kind: "messages.stop_all", InTx: s.onUninstalled},
			shops.FactMailChanged: {Kind: "messages.let_go", InTx: s.onMailChanged},
		},
		Schedules: []queue.Schedule{retention()},
		Personal:  true,
		Export:    s.export,
		Erase:     s.erase,
		Addresses: func(_ context.Context, tx *store.Tx, see func(string)) error { return addresses(tx, see) },
	}
}

func (s *Service) export(_ context.Context, tx *store.Tx, p room.Person) (map[string]any, error) {
	var rows []Message
	if err := belonging(tx, p.CustomerID, p.Email, p.OrderIDs).Order("id").Find(&rows).Error; err != nil {
		return nil, err
	}
	mails := make([]map[string]any, len(rows))
	for i, m := range rows {
		mails[i] = map[string]any{"kind": m.Kind, "order": m.OrderName, "to": m.ToAddress, "name": m.ToName, "language": m.Locale,
			"state": m.State, "written_at": m.CreatedAt, "sent_at": m.SentAt, "subject": m.Subject, "text": m.BodyText}
	}
	objections, err := suppressionsOf(tx, p.Email)
	if err != nil {
		return nil, err
	}
	list := make([]map[string]any, len(objections))
	for i, o := range objections {
		list[i] = map[string]any{"address": o.Address, "mails": o.Scope, "source": o.Source, "reason": o.Reason, "since": o.CreatedAt, "removed_at": o.LiftedAt}
	}
	out := map[string]any{"messages": mails, "suppressions": list}
	dial, err := DialOf(tx, p.Email)
	if p.Email != "" && dial.ChosenAt != nil {
		out["chosen_messages"] = map[string]any{"level": dial.Level, "since": dial.ChosenAt}
	}
	return out, err
}

// sending is how long an erasure waits for a mail that is on its way.
const sending = 5 * time.Second

var errSending = errors.New("a mail to the person is just being sent")

// erase keeps that a mail was sent and drops to whom and what it said. Whoever
// objected to our mail stays on the list by a keyed hash of the address.
func (s *Service) erase(_ context.Context, tx *store.Tx, p room.Person) error {
	var rows []Message
	if err := belonging(tx, p.CustomerID, p.Email, p.OrderIDs).Select("id", "to_address").Find(&rows).Error; err != nil {
		return err
	}
	numbers := make([]string, len(rows))
	for i, m := range rows {
		if err := errors.Join(s.hideSuppression(tx, m.ToAddress), forgetDial(tx, m.ToAddress)); err != nil {
			return err
		}
		if _, err := queue.Stop(tx, TaskDeliver, m.ID, "erased"); err != nil {
			return err
		}
		numbers[i] = m.ID
	}
	// A mail that is just going out would write down again what is erased now.
	if busy, err := queue.Running(tx, numbers...); err != nil || busy > 0 {
		return errors.Join(err, queue.Later(tx.Now.Add(sending), errSending))
	}
	if err := errors.Join(s.hideSuppression(tx, p.Email), forgetDial(tx, p.Email)); err != nil {
		return err
	}
	if err := eraseDetails(tx, numbers); err != nil {
		return err
	}
	if err := queue.EraseReasons(tx, numbers, p.Email); err != nil {
		return err
	}
	if err := mail.EraseKept(tx, p.Email, numbers...); err != nil {
		return err
	}
	return belonging(tx, p.CustomerID, p.Email, p.OrderIDs).Updates(map[string]any{
		"to_address": "", "to_name": "", "subject": "", "html": "", "body_text": "", "customer_id": 0, "reason": "", "variant_reason": "", "not_before": nil, "waits_for": WaitNone}).Error
}
