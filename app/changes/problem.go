package changes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/photo"
	"afterglow/app/policy"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/store"
)

// The states of a problem.
const (
	ProblemOpen     = "open"
	ProblemAnswered = "answered"
	ProblemClosed   = "closed"
)

// ProblemKinds are what can be wrong, as the form lists them.
var ProblemKinds = []string{"damaged", "wrong", "missing", "different", "other"}

// What a problem's kind and the policy suggest.
const (
	ProposeReplace = "replace"
	ProposeReship  = "reship"
	ProposeRefund  = "return_refund"
	ProposeReturn  = "return"
	ProposeLook    = "look"
)

// Problems with what a shopper reports.
var (
	ErrProblemKind   = problem.New(problem.Invalid, "changes.problem_kind", "Say what is wrong.")
	ErrProblemText   = problem.New(problem.Invalid, "changes.problem_text", "Describe the problem in at most 2000 characters.")
	ErrProblemErased = problem.New(problem.Conflict, "changes.problem_erased", "The shopper's data was erased. Nobody can be answered any more.")
	ErrProblemsMost  = problem.New(problem.Throttled, "changes.problems_most", "Too many problems were reported for this order. Answer the shop's mail instead.")
)

const (
	descriptionMost = 2000
	problemsMost    = 10 // an order, so that a link cannot fill the database
)

// ProblemItem is how many of an item are concerned.
type ProblemItem struct {
	Line     int64  `json:"line"`
	Title    string `json:"title"`
	Quantity int64  `json:"quantity"`
}

// Report is what a shopper says is wrong.
type Report struct {
	Kind   string
	Items  []ProblemItem
	Text   string
	Photos []photo.Photo
}

func (r Report) check() error {
	switch {
	case !slices.Contains(ProblemKinds, r.Kind):
		return ErrProblemKind
	case utf8.RuneCountInString(r.Text) > descriptionMost, r.Text == "" && r.Kind == "other":
		return ErrProblemText
	case len(r.Photos) > photo.Most:
		return photo.ErrCount
	}
	return nil
}

// report keeps a problem with what the policy says about it, puts it on the
// order's timeline and asks for the receipt. The id came with the form: the same
// form reports once.
func (s *Requests) report(tx *store.Tx, id string, o *orders.Order, r Report, tag locale.Tag) error {
	if err := r.check(); err != nil {
		return err
	}
	earlier, err := problemsOf(tx, o.ID)
	if err != nil {
		return err
	}
	if len(earlier) >= problemsMost && !slices.ContainsFunc(earlier, func(p problemRow) bool { return p.ID == id }) {
		return ErrProblemsMost
	}
	v, err := s.policy.Verdict(tx, policy.Claim, o.ID)
	if err != nil {
		return err
	}
	zone, err := s.zone(tx)
	if err != nil {
		return err
	}
	items, err := json.Marshal(append([]ProblemItem{}, r.Items...))
	if err != nil {
		return err
	}
	row := &problemRow{ShopID: tx.Shop, ID: id, OrderID: o.ID, OrderName: o.Name, Kind: r.Kind, Items: string(items), Description: r.Text, Locale: string(tag),
		State: ProblemOpen, Proposal: propose(r, v), Allowed: v.Allowed, Reason: v.Staff(zone), PolicyVersion: v.Version, Photos: len(r.Photos), ReportedAt: tx.Now}
	fresh, err := keepProblem(tx, row, r.Photos)
	if err != nil || !fresh {
		return err
	}
	if err := orders.Note(tx, o.ID, "problem:"+id, "problem", tx.Now, fmt.Sprintf("Problem reported: %s, %d photos", problemNames[r.Kind], len(r.Photos))); err != nil {
		return err
	}
	if o.Email != "" {
		if err := messages.Send(tx, messages.Request{Kind: KindProblem, Once: id, Ref: id, To: o.Email, ToName: o.ShopperName(), Locale: string(tag), OrderID: o.ID,
			OrderName: o.Name, CustomerID: o.CustomerID()}); err != nil {
			return err
		}
	}
	return queue.Publish(tx, FactProblemReported, id)
}

var problemNames = map[string]string{"damaged": "damaged", "wrong": "wrong item", "missing": "something is missing", "different": "not as described", "other": "something else"}

// propose is what would usually settle it: within the policy what fits the kind,
// otherwise a return if that is still open, otherwise somebody has to look.
func propose(r Report, v policy.Verdict) string {
	allowed := v.Allowed
	for _, it := range v.Items {
		if slices.ContainsFunc(r.Items, func(i ProblemItem) bool { return i.Line == it.Item }) && !it.Allowed {
			allowed = false
		}
	}
	if !allowed {
		if slices.ContainsFunc(v.Instead, func(a policy.Alternative) bool { return a.Action == policy.Return }) {
			return ProposeReturn
		}
		return ProposeLook
	}
	switch r.Kind {
	case "damaged", "wrong":
		return ProposeReplace
	case "missing":
		return ProposeReship
	case "different":
		return ProposeRefund
	}
	return ProposeLook
}

// answerProblem mails the shopper what staff wrote, and closes the problem if they
// say so. The same request answers once.
func (s *Requests) answerProblem(tx *store.Tx, id, requestID, text string, closes bool, by string) error {
	r, err := holdProblem(tx, id)
	if err != nil {
		return err
	}
	if r.ErasedAt != nil {
		return ErrProblemErased
	}
	now := tx.Now
	a := &answerRow{ShopID: tx.Shop, ID: ids.New("ans"), ProblemID: id, RequestID: requestID, Text: plain(text), AnsweredBy: by, AnsweredAt: now}
	if fresh, err := keepAnswer(tx, a); err != nil || !fresh {
		return err
	}
	r.State, r.Answer, r.AnsweredBy, r.AnsweredAt, r.ClosedAt = ProblemAnswered, a.Text, by, &now, nil
	if closes {
		r.State, r.ClosedAt = ProblemClosed, &now
	}
	if err := saveProblem(tx, r); err != nil {
		return err
	}
	if err := orders.Note(tx, r.OrderID, "problem_answered:"+a.ID, "problem_answered", now, "Problem answered"); err != nil {
		return err
	}
	o, err := orders.Find(tx, r.OrderID)
	if errors.Is(err, orders.ErrNotFound) || err == nil && o.Email == "" {
		return nil
	}
	if err != nil {
		return err
	}
	return messages.Send(tx, messages.Request{Kind: KindProblemAnswer, Once: a.ID, Ref: a.ID, To: o.Email, ToName: o.ShopperName(), Locale: r.Locale,
		OrderID: o.ID, OrderName: o.Name, CustomerID: o.CustomerID()})
}

// moveProblem closes a problem without a word, or opens it again.
func moveProblem(tx *store.Tx, id, state string) error {
	r, err := holdProblem(tx, id)
	if err != nil {
		return err
	}
	now := tx.Now
	r.State, r.ClosedAt = state, nil
	if state == ProblemClosed {
		r.ClosedAt = &now
	}
	return saveProblem(tx, r)
}

func (s *Requests) problemMail() mail.Kind {
	sample := &problemRow{ID: "prb_0199", OrderName: "#1042", Kind: "damaged", Photos: 2, Description: "", Items: `[{"title":"Lamp","quantity":1}]`}
	return noticeKind(KindProblem, func(tag locale.Tag) mail.Notice { return problemNotice(sample, tag, "https://shop.example/order") },
		func(_ context.Context, tx *store.Tx, ref string) (*mail.Letter, error) {
			return s.problemLetter(tx, ref, problemNotice)
		})
}

func (s *Requests) problemAnswerMail() mail.Kind {
	sample := &problemRow{ID: "prb_0199", OrderName: "#1042", Kind: "damaged"}
	return noticeKind(KindProblemAnswer, func(tag locale.Tag) mail.Notice {
		return problemAnswerNotice(sample, "…", tag, "https://shop.example/order")
	},
		func(_ context.Context, tx *store.Tx, ref string) (*mail.Letter, error) {
			a, err := findAnswer(tx, ref)
			if errors.Is(err, ErrRequestMissing) {
				return nil, mail.Stop(erasedWhy)
			}
			if err != nil {
				return nil, err
			}
			return s.problemLetter(tx, a.ProblemID, func(r *problemRow, tag locale.Tag, address string) mail.Notice {
				return problemAnswerNotice(r, a.Text, tag, address)
			})
		})
}

const erasedWhy = "the shopper's data was erased"

// problemLetter writes to who reported a problem.
func (s *Requests) problemLetter(tx *store.Tx, id string, notice func(*problemRow, locale.Tag, string) mail.Notice) (*mail.Letter, error) {
	r, err := findProblem(tx, id)
	if errors.Is(err, ErrRequestMissing) || err == nil && r.ErasedAt != nil {
		return nil, mail.Stop(erasedWhy)
	}
	if err != nil {
		return nil, err
	}
	h, err := s.orders.Letterhead(tx, r.OrderID)
	if errors.Is(err, orders.ErrNotFound) {
		return nil, mail.Stop("the order was deleted")
	}
	if err != nil {
		return nil, err
	}
	tag := locale.Match(r.Locale)
	h.Data["notice"] = notice(r, tag, h.URL).Data()
	return &mail.Letter{To: h.To, ReplyTo: h.ReplyTo, Locale: string(tag), Data: h.Data}, nil
}

func problemNotice(r *problemRow, tag locale.Tag, address string) mail.Notice {
	t := func(key string, args map[string]any) string { return locale.Shopper.T(tag, key, args) }
	order := map[string]any{"order": r.OrderName}
	n := mail.Notice{Subject: t("problem.mail.subject", order), Preheader: t("problem.mail.preheader", nil), Heading: t("problem.done.title", nil),
		Paragraphs: []string{t("problem.mail.text", order)}, Rows: []mail.NoticeRow{{Label: t("problem.kind", nil), Value: t("problem.kind."+r.Kind, nil)}},
		ButtonLabel: t("confirmation.view_order", nil), ButtonURL: address, Small: t("withdraw.reference", nil) + " " + reference(r.ID)}
	for _, it := range r.items() {
		n.Rows = append(n.Rows, mail.NoticeRow{Label: it.Title, Value: tag.Number(it.Quantity)})
	}
	if r.Description != "" {
		n.Rows = append(n.Rows, mail.NoticeRow{Label: t("problem.text", nil), Value: r.Description})
	}
	if r.Photos > 0 {
		n.Rows = append(n.Rows, mail.NoticeRow{Label: t("problem.photos", nil), Value: tag.Number(int64(r.Photos))})
	}
	return n
}

func problemAnswerNotice(r *problemRow, answer string, tag locale.Tag, address string) mail.Notice {
	t := func(key string, args map[string]any) string { return locale.Shopper.T(tag, key, args) }
	order := map[string]any{"order": r.OrderName}
	return mail.Notice{Subject: t("problem.answer.subject", order), Preheader: t("problem.answer.heading", nil), Heading: t("problem.answer.heading", nil),
		Paragraphs: []string{answer}, ButtonLabel: t("confirmation.view_order", nil), ButtonURL: address, Small: t("withdraw.reference", nil) + " " + reference(r.ID)}
}

// problemsShown are an order's problems as its shopper sees them.
type shownProblem struct {
	Kind, Text, State, Reported string
	Answers                     []string
	Photos                      []string // addresses
}

func (s *Requests) problemsFor(tx *store.Tx, order int64, tag locale.Tag, zone *time.Location, path string) (list []shownProblem, err error) {
	rows, err := problemsOf(tx, order)
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Backward(rows) {
		if r.ErasedAt != nil {
			continue
		}
		shown := shownProblem{Kind: locale.Shopper.T(tag, "problem.kind."+r.Kind, nil), Text: r.Description, State: locale.Shopper.T(tag, "problem.state."+r.State, nil),
			Reported: tag.DateTime(r.ReportedAt, zone)}
		answers, err := answersTo(tx, r.ID)
		if err != nil {
			return nil, err
		}
		for _, a := range answers {
			shown.Answers = append(shown.Answers, a.Text)
		}
		photos, err := photosShown(tx, r.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range photos {
			shown.Photos = append(shown.Photos, path+"/photos/"+p.ID)
		}
		list = append(list, shown)
	}
	return list, nil
}
