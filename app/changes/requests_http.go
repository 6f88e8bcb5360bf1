package changes

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"afterglow/app/clock"
	"afterglow/app/problem"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

const requestsPage = 50

// Problems with what staff send.
var (
	ErrRequestState = problem.New(problem.Invalid, "changes.request_state", "There is no such state.")
	ErrAnswerText   = problem.New(problem.Invalid, "changes.answer_text", "Write an answer of at most 4000 characters.")
	ErrRequestID    = problem.New(problem.Invalid, "changes.request_id", "Send a request_id of 8 to 64 letters, digits or dashes, so that repeating the request answers once.")
)

const answerMost = 4000

func (s *Requests) admin(r *web.Group) {
	r.GET("/requests/withdrawals", s.getWithdrawals, web.Needs(shops.MayReadOrders))
	r.GET("/requests/withdrawals/:id", s.getWithdrawal, web.Needs(shops.MayReadOrders))
	r.POST("/requests/withdrawals/:id/match", s.postMatch, web.Needs(shops.MayChangeOrders))
	r.POST("/requests/withdrawals/:id/answer", s.postWithdrawalAnswer, web.Needs(shops.MayChangeOrders))
	r.POST("/requests/withdrawals/:id/dismiss", s.postDismissal, web.Needs(shops.MayChangeOrders))
	r.POST("/requests/withdrawals/:id/refunded", s.postRefunded, web.Needs(shops.MayChangeOrders))
	r.GET("/requests/problems", s.getProblems, web.Needs(shops.MayReadOrders))
	r.GET("/requests/problems/:id", s.getOneProblem, web.Needs(shops.MayReadOrders))
	r.POST("/requests/problems/:id/answer", s.postProblemAnswer, web.Needs(shops.MayChangeOrders))
	r.PUT("/requests/problems/:id/state", s.putProblemState, web.Needs(shops.MayChangeOrders))
	r.GET("/requests/photos/:id", s.getPhoto, web.Needs(shops.MayReadOrders))
}

type withdrawalJSON struct {
	ID         string        `json:"id"`
	Reference  string        `json:"reference"`
	State      string        `json:"state"`
	Finding    string        `json:"finding"`
	Name       string        `json:"name"`
	Email      string        `json:"email"`
	TypedOrder string        `json:"typed_order"`
	TypedItems string        `json:"typed_items"`
	Locale     string        `json:"locale"`
	OrderID    *string       `json:"order_id"`
	OrderName  string        `json:"order_name"`
	Items      []findingJSON `json:"items"`
	LastDay    *string       `json:"last_day"`
	Accepted   bool          `json:"accepted"`
	Answer     string        `json:"answer"`
	RefundBy   clock.Date    `json:"refund_by"`
	RefundNear bool          `json:"refund_near"`
	ReceivedAt time.Time     `json:"received_at"`
	AnsweredAt *time.Time    `json:"answered_at"`
	RefundedAt *time.Time    `json:"refunded_at"`
}

type findingJSON struct {
	Title   string `json:"title"`
	Finding string `json:"finding"`
	Reason  string `json:"reason"`
}

func (w *withdrawalRow) json(now time.Time, zone *time.Location) withdrawalJSON {
	out := withdrawalJSON{ID: w.ID, Reference: reference(w.ID), State: w.State, Finding: w.Finding, Name: w.Name, Email: w.Email, TypedOrder: w.TypedOrder, TypedItems: w.TypedItems,
		Locale: w.Locale, OrderName: w.OrderName, Items: []findingJSON{}, Accepted: w.Accepted, Answer: w.Answer, RefundBy: clock.DateIn(w.RefundDue.Add(-time.Second), zone),
		ReceivedAt: w.ReceivedAt.UTC(), AnsweredAt: w.AnsweredAt, RefundedAt: w.RefundedAt}
	out.RefundNear = w.RefundedAt == nil && w.RefundDue.Before(now.Add(refundNear)) && (w.Accepted || !slices.Contains(seenTo, w.State))
	if w.OrderID != 0 {
		id := strconv.FormatInt(w.OrderID, 10)
		out.OrderID = &id
	}
	if w.LastDay != "" {
		out.LastDay = &w.LastDay
	}
	for _, f := range w.findings() {
		out.Items = append(out.Items, findingJSON{f.Title, f.Finding, f.Staff})
	}
	return out
}

// asks reads the state and the place that a list is asked for.
func asks(c *web.Ctx, states ...string) (wanted []string, after string, err error) {
	after = c.Query("cursor")
	state := c.Query("state")
	if state == "" || state == "all" {
		return nil, after, nil
	}
	for _, s := range states {
		if s == state {
			return []string{s}, after, nil
		}
	}
	return nil, "", ErrRequestState
}

func (s *Requests) getWithdrawals(c *web.Ctx) error {
	states, after, err := asks(c, WithdrawalReceived, WithdrawalMatched, WithdrawalAnswered, WithdrawalDismissed)
	if err != nil {
		return err
	}
	answer := struct {
		Withdrawals []withdrawalJSON `json:"withdrawals"`
		Next        *string          `json:"next_cursor"`
	}{Withdrawals: []withdrawalJSON{}}
	subjects := []string{}
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		zone, err := s.zone(tx)
		if err != nil {
			return err
		}
		rows, err := pageOf(tx, withdrawalRow{}, "received_at", states, after, requestsPage+1)
		if len(rows) > requestsPage {
			rows = rows[:requestsPage]
			answer.Next = &rows[requestsPage-1].ID
		}
		for _, w := range rows {
			answer.Withdrawals = append(answer.Withdrawals, w.json(tx.Now, zone))
			subjects = append(subjects, w.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := s.shops.ReadingList(c, subjects); err != nil {
		return err
	}
	return c.OK(answer)
}

func (s *Requests) getWithdrawal(c *web.Ctx) error {
	out, err := s.oneWithdrawal(c)
	if err != nil {
		return err
	}
	if err := s.shops.Reading(c, out.ID); err != nil {
		return err
	}
	return c.OK(map[string]any{"withdrawal": out})
}

func (s *Requests) oneWithdrawal(c *web.Ctx) (out withdrawalJSON, err error) {
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		w, err := findWithdrawal(tx, c.Param("id"))
		if err != nil {
			return err
		}
		zone, err := s.zone(tx)
		out = w.json(tx.Now, zone)
		return err
	})
	return out, err
}

// changed answers what a request left the withdrawal as.
func (s *Requests) changed(c *web.Ctx, change func(tx *store.Tx) error) error {
	if err := s.db.InTx(c.Context(), web.Shop(c), change); err != nil {
		return err
	}
	return s.getWithdrawal(c)
}

type matchBody struct {
	Order string `json:"order"`
}

// Validate tells what is wrong with it.
func (b *matchBody) Validate() error {
	if b.Order = oneLine(b.Order); b.Order == "" || len(b.Order) > orderMost {
		return ErrNoSuchOrder
	}
	return nil
}

func (s *Requests) postMatch(c *web.Ctx) error {
	var b matchBody
	if err := c.Bind(&b); err != nil {
		return err
	}
	return s.changed(c, func(tx *store.Tx) error { return s.matchByHand(tx, c.Param("id"), b.Order) })
}

type withdrawalAnswer struct {
	Accepted bool   `json:"accepted"`
	Text     string `json:"text"`
}

// Validate tells what is wrong with it.
func (b *withdrawalAnswer) Validate() error {
	if utf8.RuneCountInString(b.Text) > answerMost {
		return ErrAnswerText
	}
	return nil
}

func (s *Requests) postWithdrawalAnswer(c *web.Ctx) error {
	var b withdrawalAnswer
	if err := c.Bind(&b); err != nil {
		return err
	}
	return s.changed(c, func(tx *store.Tx) error {
		return s.answerWithdrawal(tx, c.Param("id"), b.Accepted, b.Text, web.Staff(c).ID)
	})
}

type dismissal struct {
	Reason string `json:"reason"`
}

// Validate tells what is wrong with it.
func (b *dismissal) Validate() error {
	if b.Reason = plain(b.Reason); b.Reason == "" || utf8.RuneCountInString(b.Reason) > dismissMost {
		return ErrDismissWhy
	}
	return nil
}

func (s *Requests) postDismissal(c *web.Ctx) error {
	var b dismissal
	if err := c.Bind(&b); err != nil {
		return err
	}
	return s.changed(c, func(tx *store.Tx) error { return dismissWithdrawal(tx, c.Param("id"), b.Reason, web.Staff(c).ID) })
}

func (s *Requests) postRefunded(c *web.Ctx) error {
	return s.changed(c, func(tx *store.Tx) error { return markRefunded(tx, c.Param("id")) })
}

type problemJSON struct {
	ID          string        `json:"id"`
	Reference   string        `json:"reference"`
	State       string        `json:"state"`
	Kind        string        `json:"kind"`
	OrderID     string        `json:"order_id"`
	OrderName   string        `json:"order_name"`
	Items       []ProblemItem `json:"items"`
	Description string        `json:"description"`
	Locale      string        `json:"locale"`
	Proposal    string        `json:"proposal"`
	Allowed     bool          `json:"allowed"`
	Reason      string        `json:"reason"`
	Photos      int           `json:"photos_count"`
	Answer      string        `json:"answer"`
	ReportedAt  time.Time     `json:"reported_at"`
	AnsweredAt  *time.Time    `json:"answered_at"`
	ClosedAt    *time.Time    `json:"closed_at"`
}

// answerJSON is one letter about a problem.
type answerJSON struct {
	ID   string    `json:"id"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

func (r *problemRow) json() problemJSON {
	return problemJSON{ID: r.ID, Reference: reference(r.ID), State: r.State, Kind: r.Kind, OrderID: strconv.FormatInt(r.OrderID, 10), OrderName: r.OrderName,
		Items: append([]ProblemItem{}, r.items()...), Description: r.Description, Locale: r.Locale, Proposal: r.Proposal, Allowed: r.Allowed, Reason: r.Reason,
		Photos: r.Photos, Answer: r.Answer, ReportedAt: r.ReportedAt.UTC(), AnsweredAt: r.AnsweredAt, ClosedAt: r.ClosedAt}
}

func (s *Requests) getProblems(c *web.Ctx) error {
	states, after, err := asks(c, ProblemOpen, ProblemAnswered, ProblemClosed)
	if err != nil {
		return err
	}
	answer := struct {
		Problems []problemJSON `json:"problems"`
		Next     *string       `json:"next_cursor"`
	}{Problems: []problemJSON{}}
	subjects := []string{}
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		rows, err := pageOf(tx, problemRow{}, "reported_at", states, after, requestsPage+1)
		if len(rows) > requestsPage {
			rows = rows[:requestsPage]
			answer.Next = &rows[requestsPage-1].ID
		}
		for _, r := range rows {
			answer.Problems = append(answer.Problems, r.json())
			subjects = append(subjects, r.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := s.shops.ReadingList(c, subjects); err != nil {
		return err
	}
	return c.OK(answer)
}

func (s *Requests) getOneProblem(c *web.Ctx) error {
	var out problemJSON
	photos, answers := []shownPhoto{}, []answerJSON{}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		r, err := findProblem(tx, c.Param("id"))
		if err != nil {
			return err
		}
		out = r.json()
		list, err := photosShown(tx, r.ID)
		photos = append(photos, list...)
		if err != nil {
			return err
		}
		written, err := answersTo(tx, r.ID)
		for _, a := range written {
			answers = append(answers, answerJSON{a.ID, a.Text, a.AnsweredAt.UTC()})
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := s.shops.Reading(c, out.ID); err != nil {
		return err
	}
	return c.OK(map[string]any{"problem": out, "photos": photos, "answers": answers})
}

type problemAnswer struct {
	RequestID string `json:"request_id"`
	Text      string `json:"text"`
	Closes    bool   `json:"closes"`
}

var requestIDPattern = regexp.MustCompile(`\A[A-Za-z0-9-]{8,64}\z`)

// Validate tells what is wrong with it.
func (b *problemAnswer) Validate() error {
	if !requestIDPattern.MatchString(b.RequestID) {
		return ErrRequestID
	}
	if strings.TrimSpace(b.Text) == "" || utf8.RuneCountInString(b.Text) > answerMost {
		return ErrAnswerText
	}
	return nil
}

func (s *Requests) postProblemAnswer(c *web.Ctx) error {
	var b problemAnswer
	if err := c.Bind(&b); err != nil {
		return err
	}
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		return s.answerProblem(tx, c.Param("id"), b.RequestID, b.Text, b.Closes, web.Staff(c).ID)
	})
	if err != nil {
		return err
	}
	return s.getOneProblem(c)
}

type problemState struct {
	State string `json:"state"`
}

// Validate tells what is wrong with it.
func (b *problemState) Validate() error {
	if b.State != ProblemOpen && b.State != ProblemClosed {
		return ErrRequestState
	}
	return nil
}

func (s *Requests) putProblemState(c *web.Ctx) error {
	var b problemState
	if err := c.Bind(&b); err != nil {
		return err
	}
	if err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error { return moveProblem(tx, c.Param("id"), b.State) }); err != nil {
		return err
	}
	return s.getOneProblem(c)
}

func (s *Requests) getPhoto(c *web.Ctx) error {
	var photo photoRow
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		photo, _, err = findPhoto(tx, c.Param("id"))
		return err
	})
	if err != nil {
		return err
	}
	if err := s.shops.Reading(c, photo.ProblemID); err != nil {
		return err
	}
	return answerPhoto(c, photo)
}
