package changes

import (
	"context"
	"embed"
	"encoding/base64"
	"errors"
	"log/slog"
	"maps"
	"strconv"
	"sync"
	"time"

	"afterglow/app/mail"
	"afterglow/app/orders"
	"afterglow/app/policy"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

// RequestsConfig is what requests need from the roof.
type RequestsConfig struct {
	DB     *store.DB
	Shops  *shops.Service
	Orders *orders.Service
	Policy *policy.Service
	Links  *web.Links
	Spool  string // a folder for files that are being read; "" is the machine's own
	Log    *slog.Logger
}

// Requests are withdrawals and problems.
type Requests struct {
	db     *store.DB
	shops  *shops.Service
	orders *orders.Service
	policy *policy.Service
	links  *web.Links
	spool  string
	log    *slog.Logger
}

// The facts that requests tell, about the row's id.
const (
	FactWithdrawalReceived = "changes.withdrawal_received"
	FactProblemReported    = "changes.problem_reported"
)

// Jobs of requests.
const (
	TaskMatch       = "changes.match"
	TaskSweepPhotos = "changes.photos"
)

// ErrRequestMissing says that the shop has no such request.
var ErrRequestMissing = problem.New(problem.NotFound, "changes.request_missing", "There is no such request in this shop.")

// NewRequests returns withdrawals and problems.
func NewRequests(c RequestsConfig) *Requests {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Requests{db: c.DB, shops: c.Shops, orders: c.Orders, policy: c.Policy, links: c.Links, spool: c.Spool, log: c.Log}
	c.Orders.OnHome(refundsDue)
	c.Orders.OnHome(unanswered)
	return s
}

//go:embed requests
var requestFiles embed.FS

var requestPages = sync.OnceValues(func() (orders.ShopperPages, error) { return orders.ParsePages(requestFiles, "requests/*.html") })

// room is what requests add to the room.
func (s *Requests) room() room.Room {
	return room.Room{
		Name:   "changes",
		Tables: []string{"changes_withdrawals", "changes_problems", "changes_problem_answers", "changes_photos"},
		Admin:  s.admin,
		Links:  s.linked,
		Proxy:  s.proxied,
		Hears:  map[string]queue.Task{orders.FactRefunded: {Kind: "changes.refunded", InTx: s.onRefunded}},
		Tasks: []queue.Task{
			{Kind: TaskMatch, InTx: s.match},
			{Kind: TaskSweepPhotos, InTx: sweepRequests},
		},
		Schedules: []queue.Schedule{{Name: TaskSweepPhotos, Every: 24 * time.Hour, Begin: func(_ context.Context, tx *store.Tx) error {
			active, err := shops.Active(tx)
			if err != nil {
				return err
			}
			return queue.EnqueueFor(tx, queue.Request{Kind: TaskSweepPhotos}, active...)
		}}},
		Mails:     []mail.Kind{s.receiptMail(), s.answerMail(), s.problemMail(), s.problemAnswerMail()},
		OrderPage: s.sections(),
		Personal:  true,
		Export:    s.export,
		Erase:     func(_ context.Context, tx *store.Tx, p room.Person) error { return eraseRequests(tx, p) },
		Addresses: func(_ context.Context, tx *store.Tx, see func(string)) error { return requestAddresses(tx, see) },
	}
}

// sweepRequests deletes what has had its time.
func sweepRequests(_ context.Context, tx *store.Tx, _ queue.Job) error {
	if err := sweepPhotos(tx); err != nil {
		return err
	}
	return sweepUnmatched(tx)
}

// together is one room of two.
func together(a, b room.Room) room.Room {
	all := func(hang ...func(*web.Group)) func(*web.Group) {
		return func(g *web.Group) {
			for _, h := range hang {
				h(g)
			}
		}
	}
	a.Tables = append(a.Tables, b.Tables...)
	a.Admin, a.Links, a.Proxy = all(a.Admin, b.Admin), all(a.Links, b.Links), all(a.Proxy, b.Proxy)
	a.Hears = b.Hears
	a.Tasks, a.Schedules, a.Mails = append(a.Tasks, b.Tasks...), append(a.Schedules, b.Schedules...), append(a.Mails, b.Mails...)
	a.OrderPage = append(a.OrderPage, b.OrderPage...)
	a.Addresses = b.Addresses
	export, erase := a.Export, a.Erase
	a.Export = func(ctx context.Context, tx *store.Tx, p room.Person) (map[string]any, error) {
		out, err := export(ctx, tx, p)
		if err != nil {
			return nil, err
		}
		more, err := b.Export(ctx, tx, p)
		maps.Copy(out, more)
		return out, err
	}
	a.Erase = func(ctx context.Context, tx *store.Tx, p room.Person) error {
		if err := erase(ctx, tx, p); err != nil {
			return err
		}
		return b.Erase(ctx, tx, p)
	}
	return a
}

// export returns what the person declared and reported, photos included.
func (s *Requests) export(_ context.Context, tx *store.Tx, p room.Person) (map[string]any, error) {
	declared, err := withdrawalsOf(tx, p)
	if err != nil {
		return nil, err
	}
	withdrawals := []map[string]any{}
	for _, w := range declared {
		withdrawals = append(withdrawals, map[string]any{"id": w.ID, "order": w.TypedOrder, "name": w.Name, "email": w.Email, "items": w.TypedItems, "language": w.Locale,
			"order_id": w.OrderID, "received_at": w.ReceivedAt, "state": w.State, "finding": w.Finding, "accepted": w.Accepted, "answer": w.Answer, "refunded_at": w.RefundedAt})
	}
	reported, err := problemsOf(tx, p.OrderIDs...)
	if err != nil {
		return nil, err
	}
	problems, letters, pictures := []map[string]any{}, []map[string]any{}, []map[string]any{}
	for _, r := range reported {
		answers, err := answersTo(tx, r.ID)
		if err != nil {
			return nil, err
		}
		for _, a := range answers {
			letters = append(letters, map[string]any{"problem": a.ProblemID, "text": a.Text, "answered_at": a.AnsweredAt})
		}
		problems = append(problems, map[string]any{"id": r.ID, "order_id": r.OrderID, "kind": r.Kind, "items": r.items(), "description": r.Description,
			"language": r.Locale, "reported_at": r.ReportedAt, "state": r.State, "answer": r.Answer})
		photos, err := photosOf(tx, r.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range photos {
			pictures = append(pictures, map[string]any{"id": p.ID, "problem": r.ID, "jpeg_base64": base64.StdEncoding.EncodeToString(p.Picture)})
		}
	}
	return map[string]any{"changes_withdrawals": withdrawals, "changes_problems": problems, "changes_problem_answers": letters, "changes_photos": pictures}, nil
}

// refundsDue is what the first screen says of withdrawals whose money has to go
// back within a few days.
func refundsDue(tx *store.Tx) (orders.Attention, error) {
	n, err := countRefundsDue(tx, tx.Now.Add(refundNear))
	return orders.Attention{Code: "withdrawal_refunds", Severity: "critical", Count: n, Title: "Refunds after a withdrawal are almost due",
		Detail: "The law gives fourteen days from the withdrawal. Refund in Shopify; this entry then goes by itself.", Href: "/requests"}, err
}

func unanswered(tx *store.Tx) (orders.Attention, error) {
	n, err := countUnanswered(tx)
	return orders.Attention{Code: "requests", Severity: "warning", Count: n, Title: "Shoppers wait for an answer",
		Detail: "Withdrawals and problems that nobody has answered yet.", Href: "/requests"}, err
}

// onRefunded notes that money went back after a withdrawal.
func (s *Requests) onRefunded(_ context.Context, tx *store.Tx, job queue.Job) error {
	id, err := strconv.ParseInt(job.Ref, 10, 64)
	if err != nil {
		return nil
	}
	o, err := orders.Find(tx, id)
	if err != nil && !errors.Is(err, orders.ErrNotFound) {
		return err
	}
	list, err := withdrawalsFor(tx, id)
	if err != nil {
		return err
	}
	for i := range list {
		if w := &list[i]; w.RefundedAt == nil && (o == nil || w.paidBack(o)) {
			if err := markRefunded(tx, w.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
