package shops

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/store"
	"afterglow/app/web"
)

var (
	errNoRequest = problem.New(problem.NotFound, "shops.no_privacy_request", "There is no such privacy request in this shop.")
	errNoFile    = problem.New(problem.NotFound, "shops.no_privacy_file", "There is no file for this request: it is not ready yet, or its time is over, or the customer was erased since.")
)

func (s *Service) privacyRoutes(g *web.Group) {
	g.GET("/privacy/requests", s.getPrivacyRequests, web.Needs(MayReadPrivacy))
	g.POST("/privacy/requests/:id/file", s.postPrivacyFile, web.Needs(MayExport))
	g.GET("/privacy/access", s.getAccess, web.Needs(MayReadPrivacy))
}

type privacyJSON struct {
	ID         string           `json:"id"`
	Topic      string           `json:"topic"`
	State      string           `json:"state"`
	Outcome    *string          `json:"outcome"`
	CustomerID *string          `json:"customer_id"`
	ReceivedAt time.Time        `json:"received_at"`
	DueAt      time.Time        `json:"due_at"`
	DoneAt     *time.Time       `json:"done_at"`
	File       *privacyFileJSON `json:"file"`
}

type privacyFileJSON struct {
	CreatedAt    time.Time  `json:"created_at"`
	DownloadedAt *time.Time `json:"downloaded_at"`
	ExpiresAt    time.Time  `json:"expires_at"`
}

func privacyOf(r privacyRow, files map[string]fileRow, now time.Time) privacyJSON {
	j := privacyJSON{ID: r.ID, Topic: r.Topic, State: "received", ReceivedAt: r.ReceivedAt.UTC(), DueAt: r.DueAt.UTC(), DoneAt: r.DoneAt}
	switch {
	case r.DoneAt != nil:
		j.State = "done"
	case r.DueAt.Before(now):
		j.State = "overdue"
	}
	if r.Outcome != "" {
		j.Outcome = &r.Outcome
	}
	if r.CustomerID != 0 {
		id := strconv.FormatInt(r.CustomerID, 10)
		j.CustomerID = &id
	}
	if f, ok := files[r.ID]; ok {
		j.File = &privacyFileJSON{f.CreatedAt.UTC(), f.DownloadedAt, f.ExpiresAt.UTC()}
	}
	return j
}

// getPrivacyRequests lists what Shopify asked, without saying who the people are:
// a list is looked at often, and reading about people is put on record.
func (s *Service) getPrivacyRequests(c *web.Ctx) error {
	answer := struct {
		Requests   []privacyJSON `json:"requests"`
		NextCursor *string       `json:"next_cursor"`
		Counts     privacyCounts `json:"counts"`
	}{Requests: []privacyJSON{}}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		if answer.Counts, err = countPrivacy(tx); err != nil {
			return err
		}
		rows, files, err := privacyPage(tx, c.Query("cursor"), pageSize+1)
		if len(rows) > pageSize {
			rows = rows[:pageSize]
			answer.NextCursor = &rows[pageSize-1].ID
		}
		for _, r := range rows {
			answer.Requests = append(answer.Requests, privacyOf(r, files, tx.Now))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(answer)
}

// postPrivacyFile gives the file out. It is a POST because it changes something:
// from the first time on, the file's days are counted, and who took it is on
// record in the same transaction.
func (s *Service) postPrivacyFile(c *web.Ctx) error {
	id := c.Param("id")
	var text string
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		if text, err = s.takeFile(tx, id); err != nil {
			return err
		}
		return recordRead(tx, web.Staff(c).ID, c.FullPath(), id)
	})
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "private, no-store")
	c.Header("Content-Disposition", `attachment; filename="customer-data-`+id+`.json"`)
	c.Data(http.StatusOK, "application/json; charset=utf-8", []byte(text))
	return nil
}

func (s *Service) getAccess(c *web.Ctx) error {
	answer := struct {
		Entries    []Access `json:"entries"`
		NextCursor *string  `json:"next_cursor"`
	}{Entries: []Access{}}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		names, err := StaffNames(tx)
		if err != nil {
			return err
		}
		rows, err := accessPage(tx, c.Query("cursor"), pageSize+1)
		if len(rows) > pageSize {
			rows = rows[:pageSize]
			answer.NextCursor = &rows[pageSize-1].ID
		}
		for _, r := range rows {
			answer.Entries = append(answer.Entries, accessOf(r, names))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(answer)
}

// Reading puts on record that the request reads somebody's data, before it is
// answered. subject is the number of the order or message.
func (s *Service) Reading(c *web.Ctx, subject string) error {
	return s.RecordRead(c.Context(), web.Shop(c), web.Staff(c).ID, c.FullPath(), subject)
}

// sameList is for how long the same list, which screens ask for again and again,
// counts as one reading.
const sameList = 10 * time.Minute

type listRead struct {
	shop                   ids.Shop
	staff, route, subjects string
}

// ReadingList puts on record that the request shows several people at once, the
// subjects being the numbers of their orders or messages. A list of nobody is no
// reading. The same list again within ten minutes is the same reading.
func (s *Service) ReadingList(c *web.Ctx, subjects []string) error {
	if len(subjects) == 0 {
		return nil
	}
	now := s.db.Clock().Now()
	key := listRead{web.Shop(c), web.Staff(c).ID, c.FullPath(), strings.Join(subjects, " ")}
	if at, ok := s.lists.Load(key); ok && now.Sub(at.(time.Time)).Abs() < sameList {
		return nil
	}
	err := s.db.InTx(c.Context(), key.shop, func(tx *store.Tx) error {
		return insertAccess(tx, &accessRow{ID: ids.New("acc"), ShopID: tx.Shop, At: tx.Now, StaffID: key.staff, Route: key.route, Kind: kindOf(key.route), Subject: key.subjects, People: len(subjects)})
	})
	if err != nil {
		return err
	}
	s.lists.Range(func(k, at any) bool { // what is older no longer counts
		if now.Sub(at.(time.Time)).Abs() >= sameList {
			s.lists.Delete(k)
		}
		return true
	})
	s.lists.Store(key, now)
	return nil
}

// kindOf says what a route shows: orders, messages, privacy.
func kindOf(route string) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(route, "/api/v1/"), "/")
	return kind
}
