package shops

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// What Shopify may ask, and the jobs that see to it.
const (
	topicDisclose  = "customers/data_request"
	topicForget    = "customers/redact"
	topicEraseShop = "shop/redact"

	TaskDisclose  = "shops.disclose"
	TaskForget    = "shops.forget_customer"
	TaskEraseShop = "shops.erase_shop"
)

var duties = map[string]string{topicDisclose: TaskDisclose, topicForget: TaskForget, topicEraseShop: TaskEraseShop}

// What became of a request.
const (
	outcomeDisclosed = "disclosed"
	outcomeErased    = "erased"
	outcomeNobody    = "nobody"    // erased before it could be disclosed
	outcomeInstalled = "installed" // the merchant came back: the shop stays
)

const (
	keepFile     = 30 * 24 * time.Hour  // after it was first downloaded
	keepUnasked  = 180 * 24 * time.Hour // when nobody ever downloads it
	keepAccesses = 365 * 24 * time.Hour
	busyFor      = 5 * time.Second // how long to wait for what is just being worked on
	sweepAfter   = 48 * time.Hour  // how long after an erasure we look for rows that came late
)

// person is whom a request is about: what Shopify named, and what our rooms know
// them by besides. Rooms are asked in their order, each with what those before
// it have added.
func (s *Service) person(ctx context.Context, tx *store.Tx, r privacyRow) (p room.Person, err error) {
	p = room.Person{CustomerID: r.CustomerID, Email: r.Email, Phone: r.Phone, OrderIDs: r.orders()}
	for _, one := range s.rooms {
		if one.Knows == nil {
			continue
		}
		if p, err = one.Knows(ctx, tx, p); err != nil {
			return p, fmt.Errorf("ask %s: %w", one.Name, err)
		}
	}
	return p, nil
}

func nobody(p room.Person) bool {
	return p.CustomerID == 0 && p.Email == "" && p.Phone == "" && len(p.OrderIDs) == 0
}

// words are the texts and the numbers by which a person is found in what nobody
// could read.
func words(p room.Person) (texts, numbers []string) {
	if p.CustomerID != 0 {
		numbers = append(numbers, strconv.FormatInt(p.CustomerID, 10))
	}
	for _, id := range p.OrderIDs {
		numbers = append(numbers, strconv.FormatInt(id, 10))
	}
	return []string{p.Email, p.Phone}, numbers
}

// readMe explains the file to a merchant who has never seen one.
var readMe = []string{
	"This file answers a customer's request for the data that Afterglow holds about them.",
	"Shopify passed the request on to us; you are the one who answers the customer. Check that the person who asks is the customer, then send them this file, or its content in a form they can read.",
	"request: what Shopify told us. rooms: everything Afterglow holds, by the part of the program that holds it. unread_events: messages from Shopify that name the customer and have not been worked off. calls_to_shopify: what Afterglow asked Shopify to make or pay for the customer.",
	"Money is in minor units: 1234 with USD is 12.34 US dollars; of two numbers the first is in the shop's currency, the second in the customer's. Times are in UTC.",
	"Afterglow keeps this file, encrypted, for 30 days after it is first downloaded.",
}

// disclosure is the file.
type disclosure struct {
	ReadMe  []string                  `json:"README"`
	Made    time.Time                 `json:"made_at"`
	Request map[string]any            `json:"request"`
	Rooms   map[string]map[string]any `json:"rooms"`
	Unread  []map[string]any          `json:"unread_events"`
	Calls   []map[string]any          `json:"calls_to_shopify"`
}

// disclose gathers what all rooms hold about a person into one file for the
// merchant.
func (s *Service) disclose(ctx context.Context, c *queue.Claim) error {
	var file string
	err := s.db.Read(ctx, c.Job.Shop, func(tx *store.Tx) error {
		request, err := findPrivacyRequest(tx, c.Job.Ref)
		if err != nil || request.DoneAt != nil {
			return err
		}
		p, err := s.person(ctx, tx, request)
		if err != nil || nobody(p) {
			return err
		}
		file, err = s.gather(ctx, tx, request, p)
		return err
	})
	if err != nil {
		return err
	}
	return c.Finish(ctx, func(tx *store.Tx) error {
		// The person may have been erased while we were reading.
		request, err := findPrivacyRequest(tx, c.Job.Ref)
		if err != nil || request.DoneAt != nil {
			return err
		}
		if file == "" || request.forgotten() {
			return markRequestDone(tx, request.ID, outcomeNobody)
		}
		if err := insertFile(tx, &fileRow{ShopID: tx.Shop, RequestID: request.ID, Sealed: s.keys.Seal(filePlace(tx.Shop, request.ID), file),
			CreatedAt: tx.Now, ExpiresAt: tx.Now.Add(keepUnasked)}); err != nil {
			return err
		}
		return markRequestDone(tx, request.ID, outcomeDisclosed)
	})
}

func (s *Service) gather(ctx context.Context, tx *store.Tx, r privacyRow, p room.Person) (string, error) {
	d := disclosure{ReadMe: readMe, Made: tx.Now, Rooms: map[string]map[string]any{}, Request: map[string]any{
		"id": r.ID, "received_at": r.ReceivedAt.UTC(), "due_at": r.DueAt.UTC(), "customer_id": r.CustomerID, "email": r.Email, "phone": r.Phone, "orders": r.orders()}}
	for _, one := range s.rooms {
		if one.Export == nil {
			continue
		}
		held, err := one.Export(ctx, tx, p)
		if err != nil {
			return "", fmt.Errorf("export %s: %w", one.Name, err)
		}
		d.Rooms[one.Name] = held
	}
	var err error
	texts, numbers := words(p)
	if d.Unread, err = shopify.InboxNaming(tx, texts, numbers); err != nil {
		return "", fmt.Errorf("export inbox: %w", err)
	}
	if d.Calls, err = shopify.OperationsNaming(tx, texts, numbers); err != nil {
		return "", fmt.Errorf("export operations: %w", err)
	}
	raw, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write file of request %s: %w", r.ID, err)
	}
	return string(raw) + "\n", nil
}

// forget has every room forget a person, each in a transaction of its own, and at
// last forgets whose request it was. Done twice it does nothing the second time.
func (s *Service) forget(ctx context.Context, c *queue.Claim) error {
	var request privacyRow
	var p room.Person
	err := c.Hold(ctx, func(tx *store.Tx) (err error) {
		if request, err = findPrivacyRequest(tx, c.Job.Ref); err != nil || request.DoneAt != nil {
			return err
		}
		if p, err = s.person(ctx, tx, request); err != nil {
			return err
		}
		return s.forgetUnread(tx, p)
	})
	if err != nil {
		return err
	}
	if request.DoneAt != nil {
		return c.Finish(ctx, nil)
	}
	if err := s.eraseInRooms(ctx, c, p); err != nil {
		return err
	}
	return c.Finish(ctx, func(tx *store.Tx) error {
		if err := s.forgetUnread(tx, p); err != nil { // what came in while the rooms were busy
			return err
		}
		if err := markRequestDone(tx, request.ID, outcomeErased); err != nil {
			return err
		}
		if err := forgetRequest(tx, request.ID); err != nil {
			return err
		}
		if err := s.noteRedaction(tx, request.ID, p); err != nil {
			return err
		}
		tx.Forget()
		return s.erase(ctx, tx, p)
	})
}

// eraseInRooms has every room but this one forget a person.
func (s *Service) eraseInRooms(ctx context.Context, c *queue.Claim, p room.Person) error {
	for _, one := range s.rooms {
		if one.Erase == nil || one.Name == roomName {
			continue
		}
		if err := c.Hold(ctx, func(tx *store.Tx) error { return one.Erase(ctx, tx, p) }); err != nil {
			return fmt.Errorf("erase in %s: %w", one.Name, err)
		}
	}
	return nil
}

var errBusy = errors.New("something about the person is just being worked on")

// forgetUnread drops what lies in the inbox about a person and what failed jobs
// tell of them. It comes back later while a job about their orders runs: that
// job would write down again what is erased now.
func (s *Service) forgetUnread(tx *store.Tx, p room.Person) error {
	texts, numbers := words(p)
	busy, err := queue.Running(tx, numbers...)
	if err != nil {
		return err
	}
	if busy > 0 {
		return queue.Later(tx.Now.Add(busyFor), errBusy)
	}
	open, err := s.operator.EraseNaming(tx, texts, numbers)
	if err != nil {
		return err
	}
	if open > 0 {
		return queue.Later(tx.Now.Add(busyFor), errBusy)
	}
	erased, err := shopify.EraseInboxNaming(tx, texts, numbers)
	if err != nil {
		return err
	}
	return queue.EraseReasons(tx, append(erased, numbers...), texts...)
}

// eraseShop drops every row of a shop that is still uninstalled. It locks the shop
// first: an installation that is under way at the same time waits, and begins
// anew on an empty table. It needs no token.
func (s *Service) eraseShop(_ context.Context, tx *store.Tx, job queue.Job) error {
	row, err := lockShop(tx)
	if err != nil {
		return err
	}
	request, err := findPrivacyRequest(tx, job.Ref)
	if err != nil || request.DoneAt != nil {
		return err
	}
	if row.State == stateInstalled {
		return markRequestDone(tx, request.ID, outcomeInstalled)
	}
	tx.Forget()
	rows, err := tx.EraseShop()
	if err != nil {
		return err
	}
	tx.AfterCommit(func() {
		s.forgetShop(row)
		s.log.Info("a shop was erased at Shopify's request", "rows", rows)
	})
	erased := &erasureRow{ID: ids.New("ers"), DomainHash: hashDomain(row.Domain), ReceivedAt: request.ReceivedAt, ErasedAt: tx.Now, ErasedRows: rows}
	tx.AfterCommit(func() { s.append(Redaction{ID: erased.ID, DomainHash: erased.DomainHash, ErasedAt: erased.ErasedAt}) })
	return insertErasure(tx, erased)
}

func hashDomain(domain string) string {
	sum := sha256.Sum256([]byte("afterglow erased shop " + domain))
	return hex.EncodeToString(sum[:])
}

// privacyRetention deletes what has had its time.
func (s *Service) privacyRetention() queue.Schedule {
	return queue.Schedule{Name: ScheduleRetention, Every: 6 * time.Hour, Begin: func(_ context.Context, tx *store.Tx) error {
		if err := deleteOldAccesses(tx, tx.Now.Add(-keepAccesses)); err != nil {
			return err
		}
		if err := deleteOldRedactions(tx, tx.Now.Add(-keepRedactions)); err != nil {
			return err
		}
		if err := deleteOldFiles(tx); err != nil {
			return err
		}
		recent, err := erasedSince(tx, tx.Now.Add(-sweepAfter))
		if err != nil || !recent {
			return err
		}
		_, err = tx.EraseOrphans(shopRow{}.TableName())
		return err
	}}
}

// Access is one reading of personal data by a member of staff.
type Access struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	StaffID string    `json:"staff_id"`
	Staff   string    `json:"staff"` // their name, when Shopify told it
	Route   string    `json:"route"`
	Kind    string    `json:"kind"`
	Subject string    `json:"subject"` // empty for a list
	People  int       `json:"people"`
}

func accessOf(r accessRow, names map[string]string) Access {
	a := Access{ID: r.ID, At: r.At.UTC(), StaffID: r.StaffID, Staff: names[r.StaffID], Route: r.Route, Kind: kindOf(r.Route), Subject: r.Subject, People: r.People}
	if strings.Contains(r.Subject, " ") {
		a.Subject = ""
	}
	return a
}

// RecordRead puts on record that a member of staff reads somebody's data: which
// route, and the number of the order, the message or the request. Without the
// record there is no reading: its error must end the request.
func (s *Service) RecordRead(ctx context.Context, shop ids.Shop, staff, route, subject string) error {
	return s.db.InTx(ctx, shop, func(tx *store.Tx) error { return recordRead(tx, staff, route, subject) })
}

func recordRead(tx *store.Tx, staff, route, subject string) error {
	return insertAccess(tx, &accessRow{ID: ids.New("acc"), ShopID: tx.Shop, At: tx.Now, StaffID: staff, Route: route, Kind: kindOf(route), Subject: subject, People: 1})
}

// OpenPrivacyRequests counts what the merchant should look at: requests that are
// not seen to, and files that wait to be handed on.
func OpenPrivacyRequests(tx *store.Tx) (int64, error) {
	c, err := countPrivacy(tx)
	return c.Open + c.Waiting, err
}

func (r privacyRow) forgotten() bool {
	return r.CustomerID == 0 && r.Email == "" && r.Phone == "" && len(r.orders()) == 0
}
