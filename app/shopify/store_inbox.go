package shopify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/queue"
	"afterglow/app/store"
)

// States of an inbox row. A row whose job is parked stays queued: the job, which
// bears the reason, is where it waits for somebody.
const (
	inboxNew    = "new"
	inboxQueued = "queued"
	inboxDone   = "done"
)

// InboxRow is one stored webhook.
type InboxRow struct {
	ID          string `gorm:"primaryKey"`
	ShopID      ids.Shop
	Topic       string
	EventID     string
	WebhookID   string
	APIVersion  string
	TriggeredAt *time.Time
	ReceivedAt  time.Time
	State       string
	Subject     string
	Body        []byte
	ProcessedAt *time.Time
}

// TableName names the table.
func (InboxRow) TableName() string { return "shopify_inbox" }

func (r InboxRow) event() *Event {
	ev := &Event{ID: r.ID, Shop: r.ShopID, Topic: r.Topic, EventID: r.EventID, WebhookID: r.WebhookID, ReceivedAt: r.ReceivedAt, Body: r.Body}
	if r.TriggeredAt != nil {
		ev.TriggeredAt = *r.TriggeredAt
	}
	return ev
}

const (
	insertHead = `INSERT INTO shopify_inbox (id, shop_id, topic, event_id, webhook_id, api_version, triggered_at, received_at, state, body) VALUES `
	insertRow  = `(?, ?, ?, ?, ?, ?, ?, ?, 'new', ?)`
	insertTail = ` ON CONFLICT (shop_id, topic, event_id) DO NOTHING`
	maxGroup   = 64
)

// insert stores the arrival durably; a repetition is no error. Up to the number
// of direct slots each request writes its own row. Those that find no slot wait
// for nobody in particular: a grouper takes whatever has gathered and writes it
// with one statement.
func (in *Inbox) insert(ctx context.Context, a *arrival) error {
	select {
	case in.direct <- struct{}{}:
		defer func() { <-in.direct }()
		return in.write(ctx, a)
	default:
	}
	a.stored, a.taken = make(chan error, 1), make(chan struct{})
	select {
	case in.grouped <- a:
	case <-ctx.Done():
		return ctx.Err()
	}
	// Whoever gets a slot next, this request or another one, writes the group. Who
	// is in a group already must not reach for slots: it would find nothing to
	// write, again and again, and keep the processor from those who do.
	slots, taken := in.direct, a.taken
	for {
		select {
		case err := <-a.stored:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-taken:
			slots, taken = nil, nil
		case slots <- struct{}{}:
			in.writeGroup(ctx)
			<-in.direct
		}
	}
}

// writeGroup stores what has gathered, and tells those who wait.
func (in *Inbox) writeGroup(ctx context.Context) {
	var group []*arrival
	for len(group) < maxGroup {
		select {
		case a := <-in.grouped:
			close(a.taken)
			group = append(group, a)
			continue
		default:
		}
		break
	}
	if len(group) == 0 {
		return
	}
	// One caller's impatience must not fail the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ingestLimit)
	defer cancel()
	err := in.write(ctx, group...)
	for _, a := range group {
		a.stored <- err
	}
}

// write stores the arrivals in the order of their unique key: two groups with the
// same events in different orders would each wait for the other's row.
func (in *Inbox) write(ctx context.Context, group ...*arrival) error {
	slices.SortFunc(group, func(a, b *arrival) int {
		return cmp.Or(cmp.Compare(a.shop, b.shop), cmp.Compare(a.topic, b.topic), cmp.Compare(a.eventID, b.eventID))
	})
	args := make([]any, 0, 9*len(group))
	for _, a := range group {
		var triggered any
		if a.triggeredAt != nil {
			triggered = *a.triggeredAt
		}
		args = append(args, a.id, int64(a.shop), a.topic, a.eventID, a.webhookID, a.version, triggered, a.receivedAt, a.body)
	}
	rows := insertRow
	if len(group) > 1 {
		rows = strings.Repeat(insertRow+", ", len(group)-1) + insertRow
	}
	_, err := in.db.SystemExec(ctx, insertHead+rows+insertTail, args...)
	return err
}

// Feed moves stored events into the queue, in the order in which they came.
func (in *Inbox) Feed(ctx context.Context) (moved int, err error) {
	var one int
	err = in.db.Peek(ctx, func(tx *store.Tx) error {
		return tx.Raw(`SELECT 1 FROM shopify_inbox WHERE state = 'new' LIMIT 1`).Scan(&one).Error
	})
	if err != nil || one == 0 {
		return 0, err
	}
	err = in.db.System(ctx, func(tx *store.Tx) error {
		lock := ""
		if tx.Postgres() {
			lock = "FOR UPDATE SKIP LOCKED"
		}
		var taken []string
		if err := tx.Raw(`UPDATE shopify_inbox SET state = 'queued' WHERE state = 'new' AND id IN
			(SELECT id FROM shopify_inbox WHERE state = 'new' ORDER BY id LIMIT ? `+lock+`) RETURNING id`, inboxFeedSize).Scan(&taken).Error; err != nil {
			return err
		}
		moved = len(taken)
		if moved == 0 {
			return nil
		}
		return tx.Exec(`INSERT INTO queue_jobs (id, shop_id, kind, ref, state, run_at, created_at)
			SELECT 'job' || substr(id, 3), shop_id, ?, id, 'ready', ?, ? FROM shopify_inbox WHERE id IN ?`,
			TaskReceive, tx.Now, tx.Now, taken).Error
	})
	return moved, err
}

// waits selects what is not done; only such rows have a body. It is spelled as in
// the index that knows only them.
const waits = `state IN ('new', 'queued')`

// Retention is the schedule that erases bodies after a week and rows once no
// repetition can come any more.
func (in *Inbox) Retention() queue.Schedule {
	return queue.Schedule{Name: "shopify.retention", Every: time.Hour, Begin: func(_ context.Context, tx *store.Tx) error {
		if err := tx.Exec(`UPDATE shopify_inbox SET body = NULL WHERE `+waits+` AND body IS NOT NULL AND received_at < ?`, tx.Now.Add(-keepBody)).Error; err != nil {
			return err
		}
		// A job that is parked over an event we forget has nothing to be retried with.
		if err := tx.Exec(`UPDATE queue_jobs SET state = 'stopped', done_at = ? WHERE kind = ? AND state = 'parked' AND ref IN
			(SELECT id FROM shopify_inbox WHERE `+waits+` AND received_at < ?)`, tx.Now, TaskReceive, tx.Now.Add(-keepEventID)).Error; err != nil {
			return err
		}
		return tx.Exec(`DELETE FROM shopify_inbox WHERE received_at < ?`, tx.Now.Add(-keepEventID)).Error
	}}
}

// Observe sets the gauges of the inbox.
func (in *Inbox) Observe(ctx context.Context) error {
	return in.db.Peek(ctx, func(tx *store.Tx) error {
		var counts []struct {
			State string
			N     float64
		}
		if err := tx.Raw(`SELECT state, count(*) AS n FROM shopify_inbox WHERE ` + waits + ` GROUP BY state`).Scan(&counts).Error; err != nil {
			return err
		}
		inboxDepth.WithLabelValues(inboxNew).Set(0)
		inboxDepth.WithLabelValues(inboxQueued).Set(0)
		for _, c := range counts {
			inboxDepth.WithLabelValues(c.State).Set(c.N)
		}
		return nil
	})
}

func findInbox(tx *store.Tx, id string) (row InboxRow, err error) {
	err = store.One(tx.Scoped(&row).Where("id = ?", id).Take(&row))
	return row, err
}

func markDone(tx *store.Tx, id, subject string) error {
	return tx.Scoped(&InboxRow{}).Where("id = ?", id).
		Updates(map[string]any{"state": inboxDone, "body": nil, "subject": subject, "processed_at": tx.Now}).Error
}

// InboxAbout lists the shop's events about a thing, oldest first, without bodies.
func InboxAbout(tx *store.Tx, subject string) (rows []InboxRow, err error) {
	err = tx.Scoped(&InboxRow{}).Omit("body").Where("subject = ? AND subject <> ''", subject).Order("id").Limit(200).Find(&rows).Error
	return rows, err
}

// InboxByID lists the shop's events of the given ids, newest first, without bodies.
func InboxByID(tx *store.Tx, wanted []string) (rows []InboxRow, err error) {
	err = tx.Scoped(&InboxRow{}).Omit("body").Where("id IN ?", wanted).Order("id DESC").Find(&rows).Error
	return rows, err
}

// InboxPage lists the shop's events that are done, or wait, newest first, from
// before the given id on.
func InboxPage(tx *store.Tx, done bool, before string, limit int) (rows []InboxRow, err error) {
	which := waits
	if done {
		which = `state = 'done'`
	}
	q := tx.Scoped(&InboxRow{}).Omit("body").Where(which)
	if before != "" {
		q = q.Where("id < ?", before)
	}
	err = q.Order("id DESC").Limit(limit).Find(&rows).Error
	return rows, err
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
