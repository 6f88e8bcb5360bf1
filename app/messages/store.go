package messages

import (
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/queue"
	"afterglow/app/store"
)

// Message is one mail to one person.
type Message struct {
	ID          string `gorm:"primaryKey"`
	ShopID      ids.Shop
	Kind        string
	Once        string
	Ref         string
	OrderID     int64
	OrderName   string
	CustomerID  int64
	ToAddress   string
	ToName      string
	Locale      string
	State       State
	Reason      string
	Subject     string
	HTML        string
	BodyText    string
	MessageID   string
	Attempts    int
	ResendOf    string
	DelayMS     *int64
	CausedAt    time.Time
	CreatedAt   time.Time
	AttemptedAt *time.Time
	SentAt      *time.Time

	Variant       string // how it is written
	VariantReason string // who chose that
	Fallback      string // why the merchant's own template was not used

	NotBefore   *time.Time // it waits until then
	WaitsFor    Wait       // and for this
	TryingSince *time.Time // when a wait that was not its fault ended; nil: since it was written
}

// TableName names the table.
func (Message) TableName() string { return "messages" }

// Entry is one thing that happened to a message.
type Entry struct {
	ID        string `gorm:"primaryKey"`
	ShopID    ids.Shop
	MessageID string
	At        time.Time
	State     State
	Detail    string
}

// TableName names the table.
func (Entry) TableName() string { return "messages_history" }

// insert writes the message unless one with its once-key is there. It tells
// whether it wrote.
func insert(tx *store.Tx, m *Message) (bool, error) {
	q := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "shop_id"}, {Name: "kind"}, {Name: "once"}}, DoNothing: true}).Create(m)
	return q.RowsAffected == 1, q.Error
}

func find(tx *store.Tx, id string) (*Message, error) {
	var m Message
	if err := store.One(tx.Scoped(&m).Where("id = ?", id).Take(&m), ErrNotFound); err != nil {
		return nil, err
	}
	return &m, nil
}

func findOnce(tx *store.Tx, kind, once string) (*Message, error) {
	var m Message
	if err := store.One(tx.Scoped(&m).Where("kind = ? AND once = ?", kind, once).Take(&m), ErrNotFound); err != nil {
		return nil, err
	}
	return &m, nil
}

// settle writes the outcome of an attempt, and a line of history.
func settle(tx *store.Tx, m *Message, state State, detail string) error {
	set := map[string]any{"state": state, "reason": detail, "attempts": gorm.Expr("attempts + 1"), "attempted_at": tx.Now, "not_before": nil, "waits_for": WaitNone}
	if m.ToAddress != "" {
		set["to_address"] = unlessErased(m.ToAddress)
	}
	if state == StateSent {
		delay := max(0, tx.Now.Sub(m.CausedAt).Milliseconds())
		set["sent_at"], set["delay_ms"], set["reason"] = tx.Now, delay, ""
		set["variant"], set["variant_reason"], set["fallback"] = m.Variant, m.VariantReason, m.Fallback
		set["subject"], set["html"], set["body_text"], set["message_id"] = unlessErased(m.Subject), unlessErased(m.HTML), unlessErased(m.BodyText), m.MessageID
	}
	if err := tx.Scoped(&Message{}).Where("id = ?", m.ID).Updates(set).Error; err != nil {
		return err
	}
	return record(tx, m.ID, state, detail)
}

// unlessErased keeps a text off the row of somebody who was erased while their
// mail was on its way.
func unlessErased(text string) clause.Expr {
	return gorm.Expr("CASE WHEN to_address = '' THEN '' ELSE ? END", text)
}

func record(tx *store.Tx, message string, state State, detail string) error {
	return tx.Create(&Entry{ID: ids.New("mh"), ShopID: tx.Shop, MessageID: message, At: tx.Now, State: state, Detail: detail}).Error
}

// stopAll takes back everything of the shop that has not been sent.
func stopAll(tx *store.Tx, reason string) (int64, error) {
	if _, err := queue.Stop(tx, TaskDeliver, "", reason); err != nil {
		return 0, err
	}
	u := tx.Scoped(&Message{}).Where("state IN ?", []State{StateWaiting, StateSending}).Updates(map[string]any{"state": StateStopped, "reason": reason})
	return u.RowsAffected, u.Error
}

// normal is the form in which addresses are compared.
func normal(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

func history(tx *store.Tx, id string) (entries []Entry, err error) {
	err = tx.Scoped(&Entry{}).Where("message_id = ?", id).Order("id").Find(&entries).Error
	return entries, err
}

// Delays lists the delays of the mails sent in the span, in milliseconds, from
// the shortest to the longest; of a very long list a part.
func Delays(tx *store.Tx, from, until time.Time) (delays []int64, err error) {
	err = tx.Scoped(&Message{}).Where("sent_at >= ? AND sent_at < ? AND delay_ms IS NOT NULL AND resend_of = ''", from, until).
		Order("delay_ms").Limit(20000).Pluck("delay_ms", &delays).Error
	return delays, err
}

// CountByState counts the shop's messages that have not ended well, or not yet.
func CountByState(tx *store.Tx, states ...State) (map[State]int64, error) {
	counts := map[State]int64{}
	for _, s := range states {
		var n int64
		if err := tx.Scoped(&Message{}).Where("state = ?", s).Count(&n).Error; err != nil {
			return nil, fmt.Errorf("count %s: %w", s, err)
		}
		counts[s] = n
	}
	return counts, nil
}

// eraseTexts drops what old mails said. It runs over all shops.
func eraseTexts(tx *store.Tx, before time.Time) error {
	return tx.Exec(`UPDATE messages SET html = '', body_text = '' WHERE html <> '' AND sent_at < ?`, before).Error
}

// belonging selects the messages of a person.
func belonging(tx *store.Tx, customer int64, email string, orders []int64) *gorm.DB {
	return tx.Scoped(&Message{}).Where("((customer_id = ? AND customer_id <> 0) OR (to_address = ? AND to_address <> '') OR (order_id IN ? AND order_id <> 0))",
		customer, normal(email), append(orders, -1))
}

// eraseDetails drops what mail servers answered: they like to repeat the address.
func eraseDetails(tx *store.Tx, messages []string) error {
	return tx.Scoped(&Entry{}).Where("message_id IN ? AND detail <> ''", append(messages, "")).Updates(map[string]any{"detail": ""}).Error
}

// Any tells whether the shop has sent a mail.
func Any(tx *store.Tx) (bool, error) {
	var one []string
	err := tx.Scoped(&Message{}).Where("sent_at IS NOT NULL").Limit(1).Pluck("id", &one).Error
	return len(one) > 0, err
}

// addresses shows everybody whom the shop wrote to, or is not to write to.
func addresses(tx *store.Tx, see func(string)) error {
	var written, suppressed []string
	if err := tx.Scoped(&Message{}).Where("to_address <> ''").Distinct("to_address").Pluck("to_address", &written).Error; err != nil {
		return err
	}
	err := tx.Scoped(&suppression{}).Where("address NOT LIKE '#%'").Distinct("address").Pluck("address", &suppressed).Error
	for _, address := range append(written, suppressed...) {
		see(address)
	}
	return err
}
