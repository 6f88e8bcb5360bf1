package shopsim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// AllTopics is every topic the simulation can send, apart from the compliance
// topics, which no app subscribes to.
var AllTopics = []string{
	"app/uninstalled", "app/scopes_update", "shop/update", "bulk_operations/finish",
	"orders/create", "orders/updated", "orders/edited", "orders/cancelled", "orders/fulfilled", "orders/partially_fulfilled", "orders/paid",
	"orders/delete", "refunds/create", "fulfillments/create", "fulfillments/update", "fulfillment_events/create", "fulfillment_events/delete", "customers/create",
	"customers/update", "customers/delete", "customers/purchasing_summary", "customers_email_marketing_consent/update",
	"products/create", "products/update", "products/delete",
}

// ComplianceTopics go to every app, installed or not.
var ComplianceTopics = []string{"customers/data_request", "customers/redact", "shop/redact"}

// topicScope is the scope without which Shopify does not send a topic.
func topicScope(topic string) string {
	switch family, _, _ := strings.Cut(topic, "/"); family {
	case "orders", "refunds":
		return "read_orders"
	case "fulfillments", "fulfillment_events":
		return "read_fulfillments"
	case "customers", "customers_email_marketing_consent":
		return "read_customers"
	case "products":
		return "read_products"
	}
	return ""
}

// States of a delivery.
const (
	waiting   = "waiting"
	delivered = "delivered"
	failed    = "failed"
	dropped   = "dropped"
)

// announcement is a webhook to be written when its transaction is certain.
type announcement struct {
	shopID  int64
	topic   string
	event   string
	orderID int64
	write   func(papers) record
}

// newEvent names one thing that happened; every topic it fires carries it.
func (t *tx) newEvent() string { return uuid.NewString() }

func (t *tx) announce(a announcement) {
	if !t.quiet {
		t.news = append(t.news, a)
	}
}

func (t *tx) announceOrder(event, topic string, o *Order) {
	t.announce(announcement{o.ShopID, topic, event, o.ID, func(p papers) record { return p.order(p.orders.rows[o.ID]) }})
}

func (t *tx) announceRefund(event string, o *Order, r *Refund) {
	t.announce(announcement{o.ShopID, "refunds/create", event, o.ID, func(p papers) record { return p.refund(p.orders.rows[o.ID], r) }})
}

func (t *tx) announceFulfillment(event, topic string, o *Order, f *Fulfillment) {
	t.announce(announcement{o.ShopID, topic, event, o.ID, func(p papers) record {
		now := p.orders.rows[o.ID]
		return p.fulfillment(now, now.fulfillment(f.ID), true)
	}})
}

func (t *tx) announceEvent(event string, o *Order, f *Fulfillment, e *FulfillmentEvent) {
	t.announce(announcement{o.ShopID, "fulfillment_events/create", event, o.ID, func(p papers) record { return p.event(o, f, e) }})
}

// announceEventGone tells that a scan was taken back; the payload is the scan as it was.
func (t *tx) announceEventGone(event string, o *Order, f *Fulfillment, e *FulfillmentEvent) {
	t.announce(announcement{o.ShopID, "fulfillment_events/delete", event, o.ID, func(p papers) record { return p.event(o, f, e) }})
}

func (t *tx) announceEdit(event string, o *Order, e OrderEdit) {
	t.announce(announcement{o.ShopID, "orders/edited", event, o.ID, func(p papers) record { return p.edited(o, e) }})
}

func (t *tx) announceCustomer(topic string, c *Customer) {
	t.announce(announcement{c.ShopID, topic, t.newEvent(), 0, func(p papers) record {
		if topic == "customers/delete" {
			return record{"id": c.ID, "admin_graphql_api_id": gid("Customer", c.ID), "tax_exemptions": []any{}}
		}
		return p.customer(p.customers.rows[c.ID], true)
	}})
}

func (t *tx) announceConsent(c *Customer) {
	t.announce(announcement{c.ShopID, "customers_email_marketing_consent/update", t.newEvent(), 0, func(p papers) record { return p.consent(c) }})
}

func (t *tx) announcePurchases(event string, o *Order) {
	at := t.now
	t.announce(announcement{o.ShopID, "customers/purchasing_summary", event, o.ID, func(p papers) record {
		return p.purchases(p.customers.rows[o.CustomerID], o, at)
	}})
}

func (t *tx) announceProduct(topic string, v *Product) {
	t.announce(announcement{v.ShopID, topic, t.newEvent(), 0, func(p papers) record {
		if topic == "products/delete" {
			return record{"id": v.ID}
		}
		return p.product(v)
	}})
}

func (t *tx) announceShop(topic string, shop *Shop) {
	t.announce(announcement{shop.ID, topic, t.newEvent(), 0, papers.shopInfo})
}

func (t *tx) announceScopes(shop *Shop, previous []string) {
	at := t.now
	t.announce(announcement{shop.ID, "app/scopes_update", t.newEvent(), 0, func(p papers) record { return p.scopes(previous, at) }})
}

func (t *tx) announceCompliance(topic string, shopID int64, c *Customer) {
	t.announce(announcement{shopID, topic, t.newEvent(), 0, func(p papers) record { return p.request(topic, c) }})
}

func (t *tx) announceBulk(b *BulkOperation) {
	at := t.now
	t.announce(announcement{b.ShopID, "bulk_operations/finish", t.newEvent(), 0, func(p papers) record {
		return record{"admin_graphql_api_id": gid("BulkOperation", b.ID), "completed_at": at.Format(time.RFC3339), "created_at": b.CreatedAt.Format(time.RFC3339),
			"error_code": blank(b.ErrorCode), "status": strings.ToLower(b.Status), "type": "query"}
	}})
}

// post turns the announcements into deliveries. It runs after the rows are in
// place, so that a payload shows what the Admin API would show.
func (t *tx) post() error {
	for _, a := range t.news {
		shop := t.shops.rows[a.shopID]
		if !t.sim.wanted(shop, a.topic) {
			continue
		}
		body, err := json.Marshal(a.write(t.sim.papers(t.tables, shop)))
		if err != nil {
			return err
		}
		t.send(Delivery{ShopID: shop.ID, Shop: shop.Domain, Topic: a.topic, EventID: a.event, OrderID: a.orderID}, body)
	}
	t.news = nil
	return nil
}

// wanted tells whether a topic is sent to the app for a shop.
func (s *Sim) wanted(shop *Shop, topic string) bool {
	if slices.Contains(ComplianceTopics, topic) {
		return true
	}
	if !slices.Contains(s.cfg.Topics, topic) {
		return false
	}
	if topic == "app/uninstalled" {
		return true
	}
	scope := topicScope(topic)
	return shop.Installed && (scope == "" || hasScope(shop.Scopes, scope))
}

// send puts one delivery on its way, with the faults that are switched on.
func (t *tx) send(d Delivery, body []byte) {
	f := t.faults.rows[1]
	d.ID, d.WebhookID, d.TriggeredAt, d.NextAt, d.State = t.id("delivery"), uuid.NewString(), t.now, t.now, waiting
	if f != nil {
		f.Webhooks.strike(t.sim.dice, &d)
	}
	add(t, t.bodies, &deliveryBody{d.ID, body})
	add(t, t.deliveries, &d)
	if f != nil && d.State == waiting && t.sim.dice.hit(f.Webhooks.Duplicate) {
		for range max(1, f.Webhooks.Times) {
			t.repeat(&d, body)
		}
	}
}

// repeat sends the same delivery once more: same ids, same payload.
func (t *tx) repeat(d *Delivery, body []byte) *Delivery {
	c := *d
	c.ID, c.State, c.Attempts, c.NextAt, c.LastStatus, c.LastError, c.DoneAt = t.id("delivery"), waiting, 0, t.now, 0, "", time.Time{}
	add(t, t.bodies, &deliveryBody{c.ID, body})
	return add(t, t.deliveries, &c)
}
