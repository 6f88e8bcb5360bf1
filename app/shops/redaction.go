package shops

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/queue"
	"afterglow/app/room"
	"afterglow/app/store"
)

// TaskForgetAgain has a restored backup forget whom it brought back.
const TaskForgetAgain = "shops.forget_again"

// keepRedactions is how long an erasure can be repeated: three times as long as
// backups may be kept.
const keepRedactions = 90 * 24 * time.Hour

// Redaction is an erasure that a restored backup has to be made to repeat. It
// names nobody: numbers of Shopify's, and hashes that only our keys can make.
type Redaction struct {
	ID         string    `json:"id"`
	Shop       ids.Shop  `json:"shop,omitempty"`
	Customer   int64     `json:"customer,omitempty"`
	Orders     []int64   `json:"orders,omitempty"`
	Hashes     []string  `json:"hashes,omitempty"` // of e-mail address and phone number
	DomainHash string    `json:"domain_hash,omitempty"`
	ErasedAt   time.Time `json:"erased_at"`
}

// hashAddress makes what an address is known by in the log.
func hashAddress(key []byte, address string) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(strings.ToLower(strings.TrimSpace(address))))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// noteRedaction puts on record that a person was erased, in the transaction that
// ends the erasure, and outside of the database once that is committed.
func (s *Service) noteRedaction(tx *store.Tx, request string, p room.Person) error {
	r := Redaction{ID: request, Shop: tx.Shop, Customer: p.CustomerID, Orders: p.OrderIDs, ErasedAt: tx.Now}
	for _, address := range []string{p.Email, p.Phone} {
		if address != "" {
			r.Hashes = append(r.Hashes, hashAddress(s.redactions.keys[0], address))
		}
	}
	if err := insertRedaction(tx, r); err != nil {
		return err
	}
	tx.AfterCommit(func() { s.append(r) })
	return nil
}

// append writes a line outside of the database. Should that fail, the erasure is
// done nevertheless; the next start completes the file from the table.
func (s *Service) append(r Redaction) {
	if err := s.redactions.append(r); err != nil {
		s.log.Error("the redaction log could not be written: a restored backup would not forget whom it should", "error", err)
	}
}

// Repeat compares the redaction log outside of the database with what the database
// knows. What the database never heard of was erased after the backup that it
// was restored from: those people are forgotten once more, by jobs, and those
// shops at once, before anybody can open them. It also completes the file. It
// tells how many erasures are repeated.
func (s *Service) Repeat(ctx context.Context) (repeated int, err error) {
	lines, refused, err := s.redactions.read()
	if err != nil {
		return 0, err
	}
	if refused > 0 {
		s.log.Error("lines of the redaction log were not written under any key of ENCRYPTION_KEYS", "lines", refused)
	}
	known, err := s.knownRedactions(ctx)
	if err != nil {
		return 0, err
	}
	horizon := s.db.Clock().Now().Add(-keepRedactions)
	written := map[string]bool{}
	var keep []Redaction
	for _, r := range lines {
		if written[r.ID] || r.ErasedAt.Before(horizon) {
			continue
		}
		written[r.ID], keep = true, append(keep, r)
		if _, ok := known[r.ID]; ok {
			continue
		}
		did, err := s.repeat(ctx, r)
		if err != nil {
			return repeated, fmt.Errorf("repeat erasure %s: %w", r.ID, err)
		}
		if did {
			repeated++
		}
	}
	for id, r := range known {
		if !written[id] && r.ErasedAt.After(horizon) {
			keep = append(keep, r)
		}
	}
	if len(keep) == len(lines) && refused == 0 {
		return repeated, nil
	}
	if refused > 0 { // what we cannot read may be readable to another key: leave it
		for _, r := range keep[len(written):] {
			s.append(r)
		}
		return repeated, nil
	}
	return repeated, s.redactions.rewrite(keep)
}

func (s *Service) repeat(ctx context.Context, r Redaction) (did bool, err error) {
	if r.DomainHash != "" {
		return s.eraseShopAgain(ctx, r)
	}
	err = s.db.InTx(ctx, r.Shop, func(tx *store.Tx) error {
		if _, err := findShop(tx); err != nil {
			return nil // a backup from before the shop came: nothing to forget
		}
		did = true
		if err := insertRedaction(tx, r); err != nil {
			return err
		}
		return queue.Enqueue(tx, queue.Request{Kind: TaskForgetAgain, Ref: r.ID, Once: r.ID})
	})
	return did, err
}

// eraseShopAgain deletes a shop that came back with a backup. One that was
// installed anew after its erasure is another installation, and stays.
func (s *Service) eraseShopAgain(ctx context.Context, r Redaction) (did bool, err error) {
	row, err := s.shopByHash(ctx, r.DomainHash)
	if err != nil {
		return false, err
	}
	if row.ShopID == 0 || row.InstalledAt.After(r.ErasedAt) || row.SeenAt != nil && row.SeenAt.After(r.ErasedAt) {
		return false, nil
	}
	err = s.db.InTx(ctx, row.ShopID, func(tx *store.Tx) error {
		rows, err := tx.EraseShop()
		if err != nil {
			return err
		}
		did = true
		return insertErasure(tx, &erasureRow{ID: r.ID, DomainHash: r.DomainHash, ReceivedAt: r.ErasedAt, ErasedAt: r.ErasedAt, ErasedRows: rows})
	})
	if err == nil && did {
		s.forgetShop(row)
	}
	return did, err
}

// forgetAgain finds the person by numbers and, among the addresses that rooms
// hold, by hash, and has every room forget them.
func (s *Service) forgetAgain(ctx context.Context, c *queue.Claim) error {
	var people []room.Person
	err := c.Hold(ctx, func(tx *store.Tx) error {
		row, err := findRedaction(tx, c.Job.Ref)
		if err != nil {
			return err
		}
		people, err = s.recognize(ctx, tx, row.redaction())
		for i := 0; err == nil && i < len(people); i++ {
			err = s.forgetUnread(tx, people[i])
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range people {
		if err := s.eraseInRooms(ctx, c, p); err != nil {
			return err
		}
	}
	return c.Finish(ctx, func(tx *store.Tx) error {
		for _, p := range people {
			if err := s.erase(ctx, tx, p); err != nil {
				return err
			}
			if err := s.forgetRequestsOf(tx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// forgetRequestsOf also drops requests that a backup shows as still to be done.
func (s *Service) forgetRequestsOf(tx *store.Tx, p room.Person) error {
	rows, err := privacyRequestsOf(tx, p)
	for i := 0; err == nil && i < len(rows); i++ {
		if err = markRequestDone(tx, rows[i].ID, outcomeErased); err == nil {
			err = forgetRequest(tx, rows[i].ID)
		}
	}
	return err
}

// recognize returns the person by number and one for each address whose hash is
// in the redaction.
func (s *Service) recognize(ctx context.Context, tx *store.Tx, r Redaction) ([]room.Person, error) {
	wanted, addresses := map[string]bool{}, map[string]bool{}
	for _, h := range r.Hashes {
		wanted[h] = true
	}
	see := func(address string) {
		for _, key := range s.redactions.keys {
			if address != "" && wanted[hashAddress(key, address)] {
				addresses[address] = true
			}
		}
	}
	for _, one := range s.rooms {
		if one.Addresses == nil || len(wanted) == 0 {
			continue
		}
		if err := one.Addresses(ctx, tx, see); err != nil {
			return nil, fmt.Errorf("addresses of %s: %w", one.Name, err)
		}
	}
	first, err := s.person(ctx, tx, privacyRow{CustomerID: r.Customer, OrderIDs: orderList(r.Orders)})
	if err != nil {
		return nil, err
	}
	people := []room.Person{first}
	for address := range addresses {
		by := privacyRow{Email: address}
		if !strings.Contains(address, "@") {
			by = privacyRow{Phone: address}
		}
		p, err := s.person(ctx, tx, by)
		if err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	return people, nil
}

func orderList(orders []int64) string {
	raw, err := json.Marshal(orders)
	if err != nil || orders == nil {
		return "[]"
	}
	return string(raw)
}
