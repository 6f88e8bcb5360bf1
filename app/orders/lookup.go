package orders

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/store"
	"afterglow/app/web"
)

// KindLink is the mail with a link to an order's page, for a shopper who has
// lost theirs.
const KindLink = "orders.link"

// TaskLookup finds the order that a shopper asks for, and mails the link.
const TaskLookup = "orders.lookup"

// LinkOpen is the kind of link that opens an order's page once.
const LinkOpen = "lookup"

const (
	lookupLife   = 30 * time.Minute // how long the link in the mail can be opened
	lookupKept   = 24 * time.Hour
	lookupWindow = time.Hour
	lookupsMost  = 3  // mails for one order within the window
	triesMost    = 10 // look-ups of one order, or with one address, that are compared within it

	addressMost = 254   // bytes of an e-mail address: RFC 5321 with its erratum 1690
	noAddress   = "@at" // stands for one that nobody can have
)

// ErrLookup says that a shopper left out the number or the address.
var ErrLookup = problem.New(problem.Invalid, "orders.lookup", "Enter the order number and the e-mail address that the order was placed with.")

// lookUp writes down that somebody asks for an order. It does the same work
// whether or not there is one: who asks learns nothing from the answer or from
// its time.
func (s *Service) lookUp(tx *store.Tx, name, email string, tag locale.Tag) error {
	if len(strings.TrimSpace(email)) > addressMost { // answered like every miss, and not kept
		email = noAddress
	}
	name, email = searchKey(orderNumber(name)), searchKey(email)
	if name == "" || len(name) > 60 || strings.Count(email, "@") != 1 || len(email) < 3 {
		return ErrLookup
	}
	row := lookupRow{ShopID: tx.Shop, ID: ids.New("lkp"), NameKey: name, EmailKey: email, Locale: string(tag), CreatedAt: tx.Now}
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	return queue.Enqueue(tx, queue.Request{Kind: TaskLookup, Ref: row.ID, Once: row.ID})
}

// orderNumber is what a shopper typed, as order names are compared: without "#",
// and with the digits that the shop writes.
func orderNumber(typed string) string {
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		switch {
		case r >= '۰' && r <= '۹':
			return '0' + r - '۰'
		case r >= '٠' && r <= '٩':
			return '0' + r - '٠'
		case r >= '０' && r <= '９':
			return '0' + r - '０'
		case r == '＃':
			return '#'
		}
		return r
	}, strings.TrimSpace(typed)), "#")
}

// find is the task: it looks for the order and asks for the mail. What was tried
// too often, whether or not it is right, is not compared at all.
func (s *Service) find(_ context.Context, tx *store.Tx, job queue.Job) error {
	row, err := findLookup(tx, job.Ref)
	if errors.Is(err, ErrNotFound) || err == nil && row.OrderID != 0 {
		return nil
	}
	if err != nil {
		return err
	}
	before, err := tried(tx, row, row.CreatedAt.Add(-lookupWindow))
	if err != nil || before >= triesMost {
		return err
	}
	id, err := orderOf(tx, row.NameKey, row.EmailKey)
	if err != nil || id == 0 {
		return err
	}
	return s.mailLink(tx, row, id)
}

// renew mails a fresh link for an order whose link has expired, to the address
// that the order was placed with.
func (s *Service) renew(tx *store.Tx, order int64, tag locale.Tag) error {
	if _, err := load(tx, order); err != nil {
		return err
	}
	row := lookupRow{ShopID: tx.Shop, ID: ids.New("lkp"), Locale: string(tag), CreatedAt: tx.Now}
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	return s.mailLink(tx, row, order)
}

func (s *Service) mailLink(tx *store.Tx, row lookupRow, order int64) error {
	sent, err := lookupsOf(tx, order, tx.Now.Add(-lookupWindow))
	if err != nil {
		return err
	}
	f, err := load(tx, order)
	if errors.Is(err, ErrNotFound) || err == nil && (sent >= lookupsMost || f.Order.Email == "") {
		return nil // the row counts as a try until it is purged
	}
	if err != nil {
		return err
	}
	if err := foundLookup(tx, row.ID, order, tx.Now.Add(lookupLife)); err != nil {
		return err
	}
	return messages.Send(tx, messages.Request{Kind: KindLink, Once: row.ID, Ref: row.ID, To: f.Order.Email, ToName: f.Order.ShopperName(), Locale: row.Locale,
		OrderID: order, OrderName: f.Order.Name, CustomerID: f.Order.CustomerID()})
}

// open uses the link in the mail up and returns the address of the order's page.
// It returns web.ErrLink for a link that was used or whose order is gone.
func (s *Service) open(tx *store.Tx, ref string) (string, error) {
	row, err := findLookup(tx, ref)
	if errors.Is(err, ErrNotFound) {
		return "", web.ErrLink
	}
	if err != nil {
		return "", err
	}
	fresh, err := useLookup(tx, ref)
	if err != nil {
		return "", err
	}
	if !fresh {
		return "", web.ErrLink
	}
	f, err := load(tx, row.OrderID)
	if errors.Is(err, ErrNotFound) {
		return "", web.ErrLink
	}
	if err != nil {
		return "", err
	}
	return s.pageURL(tx, f)
}

func (s *Service) linkMail() mail.Kind {
	k := mail.Kind{Name: KindLink, Class: mail.Transactional, Template: mail.NoticeTemplate, Subject: mail.NoticeSubject, Compose: s.composeLink}
	for _, tag := range locale.Supported {
		l := mail.SampleConfirmation(tag, "guest")
		l.Data["notice"] = linkNotice(tag, "#1042", "https://shop.example/open").Data()
		k.Samples = append(k.Samples, mail.Sample{Name: string(tag), Letter: l})
	}
	return k
}

func (s *Service) composeLink(_ context.Context, tx *store.Tx, ref string) (*mail.Letter, error) {
	row, err := findLookup(tx, ref)
	if errors.Is(err, ErrNotFound) || err == nil && (row.ExpiresAt == nil || !tx.Now.Before(*row.ExpiresAt)) {
		return nil, mail.Stop("the link would have expired")
	}
	if err != nil {
		return nil, err
	}
	f, err := load(tx, row.OrderID)
	if errors.Is(err, ErrNotFound) {
		return nil, mail.Stop("the order was deleted")
	}
	if err != nil {
		return nil, err
	}
	tag := locale.Match(row.Locale)
	v, err := s.view(tx, f, tag)
	if err != nil {
		return nil, err
	}
	token, err := s.links.Sign(web.Link{Shop: tx.Shop, Kind: LinkOpen, Ref: row.ID, Expires: *row.ExpiresAt})
	if err != nil {
		return nil, fmt.Errorf("link of look-up %s: %w", row.ID, err)
	}
	data := v.data()
	data["notice"] = linkNotice(tag, f.Order.Name, s.appURL+"/l/r/"+token).Data()
	return &mail.Letter{To: mail.Address{Name: f.Order.ShopperName(), Email: f.Order.Email}, Locale: string(tag), Data: data}, nil
}

func linkNotice(tag locale.Tag, order, address string) mail.Notice {
	t := func(key string) string {
		return locale.Shopper.T(tag, "lookup.mail."+key, map[string]any{"order": order, "minutes": int(lookupLife / time.Minute)})
	}
	return mail.Notice{Subject: t("subject"), Preheader: t("preheader"), Heading: t("heading"), Paragraphs: []string{t("text")},
		ButtonLabel: t("button"), ButtonURL: address, Small: t("small")}
}

// purgeLookups deletes requests that have had their day; those that found nothing
// when they have stopped counting as tries.
func (s *Service) purgeLookups() queue.Schedule {
	return queue.Schedule{Name: "orders.lookups", Every: time.Hour, Begin: func(_ context.Context, tx *store.Tx) error {
		return tx.Exec("DELETE FROM orders_lookups WHERE created_at < ? OR created_at < ? AND order_id = 0", tx.Now.Add(-lookupKept), tx.Now.Add(-lookupWindow)).Error
	}}
}

// pageFor is the address of an order's page on the way the shopper came: on the
// shop's own domain below prefix, or ours.
func (s *Service) pageFor(tx *store.Tx, f *found, prefix string) (string, error) {
	address, err := s.pageURL(tx, f)
	if err != nil || prefix == "" {
		return address, err
	}
	return prefix + "/o/" + address[strings.LastIndexByte(address, '/')+1:], nil
}

func orderID(ref string) (int64, error) {
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil || id <= 0 {
		return 0, ErrNotFound
	}
	return id, nil
}
