package shopsim

import (
	"time"
)

// Token is what the app authenticates with.
type Token struct {
	ID             int64     `json:"id"`
	ShopID         int64     `json:"shop_id"`
	Online         bool      `json:"online,omitempty"`
	UserID         int64     `json:"user_id,omitempty"`
	Access         string    `json:"access"`
	Refresh        string    `json:"refresh,omitempty"`
	Scopes         []string  `json:"scopes"`
	CreatedAt      time.Time `json:"created_at"`
	ExpiresAt      time.Time `json:"expires_at"`
	RefreshExpires time.Time `json:"refresh_expires,omitzero"`
	Parent         int64     `json:"parent,omitempty"`       // the token it was refreshed from
	Used           bool      `json:"used,omitempty"`         // either half was presented
	RefreshUsed    time.Time `json:"refresh_used,omitzero"`  // first use of the refresh token
	Revoked        bool      `json:"revoked,omitempty"`      // access half is dead
	Superseded     bool      `json:"superseded,omitempty"`   // both halves are dead
	ExchangedFor   string    `json:"exchanged_for,omitzero"` // jti of the session token or the code
}

// AuthCode is a pending authorization code.
type AuthCode struct {
	ID        int64     `json:"id"`
	ShopID    int64     `json:"shop_id"`
	Code      string    `json:"code"`
	Scopes    []string  `json:"scopes"`
	Online    bool      `json:"online,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
	Used      bool      `json:"used,omitempty"`
}

// Delivery is one webhook on its way to the app.
type Delivery struct {
	ID          int64     `json:"id"`
	ShopID      int64     `json:"shop_id"`
	Shop        string    `json:"shop"` // domain
	Topic       string    `json:"topic"`
	WebhookID   string    `json:"webhook_id"`
	EventID     string    `json:"event_id"`
	TriggeredAt time.Time `json:"triggered_at"`
	Body        []byte    `json:"body,omitempty"`
	OrderID     int64     `json:"order_id,omitempty"`
	State       string    `json:"state"` // waiting, delivered, failed, dropped
	Attempts    int       `json:"attempts"`
	NextAt      time.Time `json:"next_at"`
	LastStatus  int       `json:"last_status,omitempty"`
	LastError   string    `json:"last_error,omitempty"`
	DoneAt      time.Time `json:"done_at,omitzero"`
}

// KeyedAnswer remembers what an @idempotent mutation did.
type KeyedAnswer struct {
	ID        int64     `json:"id"`
	ShopID    int64     `json:"shop_id"`
	Field     string    `json:"field"`
	Key       string    `json:"key"`
	InputHash string    `json:"input_hash"`
	OrderID   int64     `json:"order_id"`
	RefundID  int64     `json:"refund_id"`
	CreatedAt time.Time `json:"created_at"`
}

// BulkOperation is one bulk query.
type BulkOperation struct {
	ID          int64      `json:"id"`
	ShopID      int64      `json:"shop_id"`
	Status      string     `json:"status"` // CREATED, RUNNING, COMPLETED, CANCELED, FAILED
	Query       string     `json:"query"`
	Grouped     bool       `json:"grouped,omitempty"` // children stand behind their own parent
	File        string     `json:"file,omitempty"`    // the result's random name
	Objects     int64      `json:"objects"`
	Roots       int64      `json:"roots"`
	Size        int64      `json:"size"`
	ErrorCode   string     `json:"error_code,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	CompletedAt *time.Time `json:"completed_at,omitempty"`
}

// LedgerEntry is one thing of value the store gave out or took in: the oracle
// for "nothing twice".
type LedgerEntry struct {
	ID       int64     `json:"id"`
	ShopID   int64     `json:"shop_id"`
	Shop     string    `json:"shop"`
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"` // sale, refund, store_credit, store_credit_debit, gift_card, discount_code
	Amount   string    `json:"amount,omitempty"`
	Currency string    `json:"currency,omitempty"`
	Code     string    `json:"code,omitempty"`
	OrderID  int64     `json:"order_id,omitempty"`
	Customer int64     `json:"customer_id,omitempty"`
	Subject  int64     `json:"subject_id"`    // refund, transaction, card, code …
	Key      string    `json:"key,omitempty"` // idempotency key, when there was one
	By       string    `json:"by"`            // app, store
}
