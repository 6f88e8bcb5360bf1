package shopsim

import (
	"encoding/json"
	"fmt"
	"time"
)

// table holds the objects of one kind, oldest first. It is guarded by Sim.mu.
type table[T any] struct {
	kind  string
	id    func(*T) int64
	shop  func(*T) int64
	clone func(*T) *T
	rows  map[int64]*T
	order map[int64][]*T // by shop, in the order of their making
	place map[int64]int  // position of an id in its shop's list
	seen  func(*T)       // told of every row that is put
}

func newTable[T any](kind string, id, shop func(*T) int64) *table[T] {
	return &table[T]{
		kind: kind, id: id, shop: shop, clone: deepCopy[T],
		rows: map[int64]*T{}, order: map[int64][]*T{}, place: map[int64]int{},
	}
}

// deepCopy goes through JSON, which is also how the object is kept on disk, so
// a copy can never hold more than what survives a restart.
func deepCopy[T any](v *T) *T {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("shopsim: copy %T: %v", v, err))
	}
	c := new(T)
	if err := json.Unmarshal(raw, c); err != nil {
		panic(fmt.Sprintf("shopsim: copy %T: %v", v, err))
	}
	return c
}

func (t *table[T]) put(v *T) {
	id, shop := t.id(v), t.shop(v)
	if _, known := t.rows[id]; known {
		t.order[shop][t.place[id]] = v
	} else {
		t.place[id] = len(t.order[shop])
		t.order[shop] = append(t.order[shop], v)
	}
	t.rows[id] = v
	if t.seen != nil {
		t.seen(v)
	}
}

// forget drops rows that nothing refers to any more.
func (t *table[T]) forget(keep func(*T) bool) {
	all := t.order
	t.rows, t.order, t.place = map[int64]*T{}, map[int64][]*T{}, map[int64]int{}
	for _, rows := range all {
		for _, v := range rows {
			if keep(v) {
				t.put(v)
			}
		}
	}
}

// anyTable is what the journal needs of a table.
type anyTable interface {
	name() string
	load(json.RawMessage) error
	install(v any)
	dump(yield func(v any) error) error
}

func (t *table[T]) name() string { return t.kind }

func (t *table[T]) load(raw json.RawMessage) error {
	v := new(T)
	if err := json.Unmarshal(raw, v); err != nil {
		return err
	}
	t.put(v)
	return nil
}

func (t *table[T]) install(v any) { t.put(v.(*T)) }

func (t *table[T]) dump(yield func(v any) error) error {
	for _, rows := range t.order {
		for _, v := range rows {
			if err := yield(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// tables is all that the simulation knows.
type tables struct {
	shops      *table[Shop]
	products   *table[Product]
	customers  *table[Customer]
	orders     *table[Order]
	edits      *table[EditSession]
	drafts     *table[Draft]
	discounts  *table[Discount]
	giftCards  *table[GiftCard]
	credits    *table[CreditAccount]
	tokens     *table[Token]
	codes      *table[AuthCode]
	deliveries *table[Delivery]
	bodies     *table[deliveryBody]
	keyed      *table[KeyedAnswer]
	bulks      *table[BulkOperation]
	ledger     *table[LedgerEntry]
	faults     *table[Faults]

	open map[int64]bool // deliveries that wait
}

func newTables() *tables {
	t := &tables{
		open:       map[int64]bool{},
		shops:      newTable("shop", func(v *Shop) int64 { return v.ID }, func(*Shop) int64 { return 0 }),
		products:   newTable("product", func(v *Product) int64 { return v.ID }, func(v *Product) int64 { return v.ShopID }),
		customers:  newTable("customer", func(v *Customer) int64 { return v.ID }, func(v *Customer) int64 { return v.ShopID }),
		orders:     newTable("order", func(v *Order) int64 { return v.ID }, func(v *Order) int64 { return v.ShopID }),
		edits:      newTable("edit", func(v *EditSession) int64 { return v.ID }, func(v *EditSession) int64 { return v.ShopID }),
		drafts:     newTable("draft", func(v *Draft) int64 { return v.ID }, func(v *Draft) int64 { return v.ShopID }),
		discounts:  newTable("discount", func(v *Discount) int64 { return v.ID }, func(v *Discount) int64 { return v.ShopID }),
		giftCards:  newTable("gift_card", func(v *GiftCard) int64 { return v.ID }, func(v *GiftCard) int64 { return v.ShopID }),
		credits:    newTable("credit", func(v *CreditAccount) int64 { return v.ID }, func(v *CreditAccount) int64 { return v.ShopID }),
		tokens:     newTable("token", func(v *Token) int64 { return v.ID }, func(v *Token) int64 { return v.ShopID }),
		codes:      newTable("code", func(v *AuthCode) int64 { return v.ID }, func(v *AuthCode) int64 { return v.ShopID }),
		deliveries: newTable("delivery", func(v *Delivery) int64 { return v.ID }, func(v *Delivery) int64 { return v.ShopID }),
		bodies:     newTable("body", func(v *deliveryBody) int64 { return v.ID }, func(*deliveryBody) int64 { return 0 }),
		keyed:      newTable("keyed", func(v *KeyedAnswer) int64 { return v.ID }, func(v *KeyedAnswer) int64 { return v.ShopID }),
		bulks:      newTable("bulk", func(v *BulkOperation) int64 { return v.ID }, func(v *BulkOperation) int64 { return v.ShopID }),
		ledger:     newTable("ledger", func(v *LedgerEntry) int64 { return v.ID }, func(v *LedgerEntry) int64 { return v.ShopID }),
		faults:     newTable("faults", func(*Faults) int64 { return 1 }, func(*Faults) int64 { return 0 }),
	}
	t.deliveries.seen = func(d *Delivery) {
		if delete(t.open, d.ID); d.State == waiting {
			t.open[d.ID] = true
		}
	}
	return t
}

func (t *tables) all() []anyTable {
	return []anyTable{t.shops, t.products, t.customers, t.orders, t.edits, t.drafts, t.discounts, t.giftCards, t.credits,
		t.tokens, t.codes, t.bodies, t.deliveries, t.keyed, t.bulks, t.ledger, t.faults}
}

// deliveryBody is a webhook's payload. It is kept apart from the delivery, so
// that counting an attempt does not write ten kilobytes again.
type deliveryBody struct {
	ID   int64  `json:"id"`
	Body []byte `json:"body"`
}

// tx is one change of the store: all of it or nothing. It lives under Sim.mu.
type tx struct {
	*tables
	sim   *Sim
	now   time.Time
	dirty []dirtyRow
	at    map[string]int // kind/id → index in dirty
	quiet bool           // seeding: no webhooks
	news  []announcement
}

type dirtyRow struct {
	Kind string `json:"k"`
	Val  any    `json:"v"`
	tab  anyTable
}

// id hands out the next id of a kind: increasing, 13 digits, below 2^53.
func (t *tx) id(kind string) int64 {
	t.sim.seq++
	return idBase[kind] + t.sim.seq*37
}

// idBase gives each kind its own range, so that an id used for the wrong kind
// finds nothing instead of something.
var idBase = map[string]int64{
	"shop": 60_000_000_000, "product": 8_100_000_000_000, "variant": 4_300_000_000_000, "customer": 7_200_000_000_000,
	"order": 5_900_000_000_000, "line": 1_420_000_000_000, "other": 1_050_000_000_000, "transaction": 6_700_000_000_000,
	"fulfillment": 5_100_000_000_000, "refund": 9_300_000_000_000, "discount": 1_300_000_000_000, "delivery": 2_000_000_000_000,
}

// edit returns a copy of the row to change; the change counts when the
// transaction commits. It returns nil for an unknown id.
func edit[T any](t *tx, tab *table[T], id int64) *T {
	key := fmt.Sprint(tab.kind, "/", id)
	if i, ok := t.at[key]; ok {
		return t.dirty[i].Val.(*T)
	}
	old := tab.rows[id]
	if old == nil {
		return nil
	}
	c := tab.clone(old)
	t.mark(key, tab, c)
	return c
}

// add puts a new row into the store.
func add[T any](t *tx, tab *table[T], v *T) *T {
	t.mark(fmt.Sprint(tab.kind, "/", tab.id(v)), tab, v)
	return v
}

// look reads a row as this transaction sees it.
func look[T any](t *tx, tab *table[T], id int64) *T {
	if i, ok := t.at[fmt.Sprint(tab.kind, "/", id)]; ok {
		return t.dirty[i].Val.(*T)
	}
	return tab.rows[id]
}

func (t *tx) mark(key string, tab anyTable, v any) {
	t.at[key] = len(t.dirty)
	t.dirty = append(t.dirty, dirtyRow{tab.name(), v, tab})
}
