package chaos

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"afterglow/app/shopsim"
)

// event is one webhook that the driver sends, as often as it takes.
type event struct {
	id, topic string
	triggered string // when Shopify says it happened; empty: when it is sent
	order     int64
	body      []byte
	acked     atomic.Int64 // times it got a 2xx
	poison    bool         // cannot be understood; must end parked
}

// book keeps what was sent and acknowledged: the driver's own memory, which the
// database is held against.
type book struct {
	mu       sync.Mutex
	orders   map[int64]bool
	events   map[string]*event
	captured []captured
	posts    atomic.Int64
	refused  atomic.Int64 // posts that got no 2xx
}

type captured struct {
	header http.Header
	body   []byte
}

func (b *book) capture(h http.Header, body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.captured = append(b.captured, captured{h.Clone(), body})
}

// taken returns what the simulation sent meanwhile, by topic, and forgets it.
func (b *book) taken(topic string) (list []captured) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var rest []captured
	for _, c := range b.captured {
		if c.header.Get("X-Shopify-Topic") == topic {
			list = append(list, c)
		} else {
			rest = append(rest, c)
		}
	}
	b.captured = rest
	return list
}

// key is what makes an event one event.
func (e *event) key() string { return e.topic + "|" + e.id }

func (b *book) note(e *event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events[e.key()] = e
	if e.order != 0 && !e.poison {
		b.orders[e.order] = true
	}
}

// template is a payload of the simulation that becomes other orders.
type template struct {
	body             string
	id, name, buyer  string
	email, createdAt string
}

// newTemplate takes the newest orders/create.
func (b *book) newTemplate(t *testing.T) template {
	t.Helper()
	list := b.taken("orders/create")
	if len(list) == 0 {
		t.Fatal("the simulation sent no orders/create")
	}
	raw := list[len(list)-1].body
	var o struct {
		ID       json.Number `json:"id"`
		Name     string      `json:"name"`
		Email    string      `json:"email"`
		Created  string      `json:"created_at"`
		Customer struct {
			ID json.Number `json:"id"`
		} `json:"customer"`
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatal(err)
	}
	return template{string(raw), o.ID.String(), o.Name, o.Customer.ID.String(), o.Email, o.Created}
}

// event is the template's own order.
func (m template) event(topic string) *event {
	id, _ := strconv.ParseInt(m.id, 10, 64)
	return &event{id: uuid.NewString(), topic: topic, order: id, body: []byte(m.body)}
}

// clone is order n: the same cart of another shopper.
func (m template) clone(n int) *event {
	id := 7_000_000_000_000 + int64(n)
	body := strings.NewReplacer(m.id, strconv.FormatInt(id, 10), m.buyer, strconv.FormatInt(8_000_000_000_000+int64(n), 10),
		strconv.Quote(m.name), fmt.Sprintf(`"#C%d"`, n), m.email, fmt.Sprintf("shopper%07d@example.com", n)).Replace(m.body)
	return &event{id: uuid.NewString(), topic: "orders/create", order: id, body: []byte(body)}
}

// clones makes orders from to to (not included).
func (m template) clones(from, to int) (list []*event) {
	for n := from; n < to; n++ {
		list = append(list, m.clone(n))
	}
	return list
}

// drain returns what the simulation sent meanwhile as the driver sends them.
func (b *book) drain() (list []*event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.captured {
		e := &event{id: c.header.Get("X-Shopify-Event-Id"), topic: c.header.Get("X-Shopify-Topic"), triggered: c.header.Get("X-Shopify-Triggered-At"), body: c.body}
		if e.topic == "orders/create" {
			var o struct {
				ID int64 `json:"id"`
			}
			_ = json.Unmarshal(c.body, &o)
			e.order = o.ID
		}
		list = append(list, e)
	}
	b.captured = nil
	return list
}

var client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// try sends the event once.
func (r *rig) try(ctx context.Context, e *event) bool {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+r.addr+"/webhooks/shopify", bytes.NewReader(e.body))
	if err != nil {
		r.t.Error(err)
		return false
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "X-Shopify-Topic": e.topic, "X-Shopify-Shop-Domain": r.shop.Domain,
		"X-Shopify-API-Version": shopsim.APIVersion, "X-Shopify-Hmac-Sha256": shopsim.SignWebhook(secret, e.body), "X-Shopify-Webhook-Id": uuid.NewString(),
		"X-Shopify-Event-Id": e.id, "X-Shopify-Triggered-At": cmp.Or(e.triggered, time.Now().UTC().Format(time.RFC3339Nano))} {
		q.Header.Set(name, value)
	}
	r.sent.posts.Add(1)
	resp, err := client.Do(q)
	if err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode/100 == 2 {
			e.acked.Add(1)
			return true
		}
	}
	r.sent.refused.Add(1)
	return false
}

// post sends the event until it is acknowledged.
func (r *rig) post(e *event) {
	r.sent.note(e)
	for deadline := time.Now().Add(60 * time.Second); !r.try(context.Background(), e); time.Sleep(30 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Errorf("event %s got no 2xx in a minute", e.id)
			return
		}
	}
}

// postAll sends the events side by side, each until it is acknowledged. perSecond
// limits how fast; zero does not.
func (r *rig) postAll(events []*event, side int, perSecond float64) {
	var next atomic.Int64
	began := time.Now()
	var wg sync.WaitGroup
	for range side {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(events) {
					return
				}
				if perSecond > 0 {
					time.Sleep(time.Until(began.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))))
				}
				r.post(events[i])
			}
		})
	}
	wg.Wait()
}
