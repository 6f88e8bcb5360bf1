package orders

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"afterglow/app/ids"
	"afterglow/app/locale"
	"afterglow/app/store"
)

// A page that is looked at again is shown again if all rows that it was drawn from
// are still the same, which the database tells in one round trip. What changes by
// itself as time passes (a window that closes, a parcel that is late) shows when
// the page has been kept for its time.
const (
	pageKeptFor  = 30 * time.Second
	pagesKept    = 400     // some 30 kB each
	largestKept  = 100_000 // bytes
	pagesExpired = 2 * pageKeptFor
)

// pageKey says which page. The path holds the link's own token, so that whoever
// has another link, or comes by the shop's own domain, has another page.
type pageKey struct {
	shop  ids.Shop
	order int64
	path  string
	tag   locale.Tag // "": the order's
}

// keptPage is a page as it was drawn, or only that it was looked at.
type keptPage struct {
	parts   [][]byte // between them stands the nonce of each answer
	witness *store.Witness
	at      time.Time
}

type keptPages struct {
	lru *expirable.LRU[pageKey, keptPage]
}

func newKeptPages() keptPages {
	return keptPages{expirable.NewLRU[pageKey, keptPage](pagesKept, nil, pagesExpired)}
}

// again tells whether the page was looked at a moment ago: then it is worth keeping.
func (k keptPages) again(key pageKey, now time.Time) bool {
	p, ok := k.lru.Get(key)
	k.lru.Add(key, keptPage{at: now})
	return ok && p.fresh(now)
}

// fresh tells whether the page's time is not up. No page is kept over a midnight,
// because pages speak of days.
func (p keptPage) fresh(now time.Time) bool {
	age := now.Sub(p.at)
	return age >= 0 && age < pageKeptFor && now.Truncate(midnights).Equal(p.at.Truncate(midnights))
}

// midnights lie on quarters of an hour in every zone.
const midnights = 15 * time.Minute

// keep keeps a page with who saw what it was drawn from.
func (k keptPages) keep(key pageKey, html []byte, nonce string, w *store.Witness, at time.Time) {
	if w == nil || len(html) > largestKept {
		return
	}
	k.lru.Add(key, keptPage{bytes.Split(html, []byte(nonce)), w, at})
}

// find writes the page if it would be drawn the same now.
func (k keptPages) find(ctx context.Context, db *store.DB, key pageKey, nonce string, to *bytes.Buffer) (bool, error) {
	p, ok := k.lru.Get(key)
	if !ok || p.witness == nil || !p.fresh(db.Clock().Now()) {
		return false, nil
	}
	same, err := db.Unchanged(ctx, key.shop, p.witness)
	if err != nil || !same {
		return false, err
	}
	for i, part := range p.parts {
		if i > 0 {
			to.WriteString(nonce)
		}
		to.Write(part)
	}
	return true, nil
}

// pageBuffers are what kept pages are put together in. A page of their own for each
// look would be most of what a look allocates.
var pageBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
