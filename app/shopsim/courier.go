package shopsim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"afterglow/app/shopsim/schema"
)

// APIVersion is the only version of the Admin API that is simulated.
const APIVersion = "2026-10"

// DefaultSchedule is the pause before each retry: eight within four hours.
var DefaultSchedule = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 4 * time.Minute,
	10 * time.Minute, 25 * time.Minute, time.Hour, 2*time.Hour + 20*time.Minute}

// impatient is how many retries also come when real time, not only the
// simulated clock, has passed; a stopped clock must not stop them.
const impatient = 4

// courier brings webhooks to the app. It promises no order.
type courier struct {
	sim    *Sim
	client *http.Client
	mu     sync.Mutex
	busy   map[int64]bool
	real   map[int64]time.Time // when a delivery is due by the wall clock
}

// couriers is how many deliveries are on their way at once.
const couriers = 12

func newCourier(s *Sim) *courier {
	c := s.cfg.Client
	if c == nil {
		c = &http.Client{
			Timeout:       5 * time.Second,
			Transport:     &http.Transport{MaxIdleConnsPerHost: couriers, IdleConnTimeout: 30 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &courier{sim: s, client: c, busy: map[int64]bool{}, real: map[int64]time.Time{}}
}

// run delivers until ctx ends; deliveries under way are finished first.
func (c *courier) run(ctx context.Context) error {
	slots := make(chan struct{}, couriers)
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { schema.Admin() }) // so that the first query need not wait for it
	for ctx.Err() == nil {
		next := c.due()
		for _, d := range next {
			slots <- struct{}{}
			all.Go(func() {
				defer func() { <-slots }()
				c.deliver(d)
			})
		}
		if len(next) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-c.sim.wake:
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

type errand struct {
	*Delivery
	body []byte
}

// due picks what has to go now and marks it busy.
func (c *courier) due() (out []errand) {
	now := c.sim.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sim.read(func(t *tables) {
		if f := t.faults.rows[1]; f != nil && f.Webhooks.Down {
			return
		}
		for id := range t.open {
			d := t.deliveries.rows[id]
			if c.busy[id] || d.NextAt.After(now) && !c.overdue(d) {
				continue
			}
			out = append(out, errand{d, t.bodies.rows[id].Body})
		}
	})
	slices.SortFunc(out, func(a, b errand) int { return a.NextAt.Compare(b.NextAt) })
	if len(out) > 4*couriers {
		out = out[:4*couriers]
	}
	for _, d := range out {
		c.busy[d.ID] = true
	}
	return out
}

func (c *courier) overdue(d *Delivery) bool {
	at, known := c.real[d.ID]
	if !known {
		c.real[d.ID] = time.Now().Add(min(d.NextAt.Sub(c.sim.Now()), time.Minute))
		return false
	}
	return d.Attempts < impatient && !time.Now().Before(at)
}

func (c *courier) deliver(d errand) {
	status, err := c.post(d)
	row := *d.Delivery
	row.Attempts++
	row.LastStatus, row.LastError = status, ""
	if err != nil {
		row.LastError = err.Error()
	}
	now := c.sim.Now()
	schedule := c.sim.cfg.Schedule
	if schedule == nil {
		schedule = DefaultSchedule
	}
	switch {
	case err == nil && status >= 200 && status < 300:
		row.State, row.DoneAt = delivered, now
	case row.Attempts > len(schedule):
		row.State, row.DoneAt = failed, now
	default:
		row.NextAt = now.Add(schedule[row.Attempts-1])
	}
	if werr := c.sim.write(func(t *tx) error {
		add(t, t.deliveries, &row)
		if len(t.deliveries.rows) > 3*keptDeliveries {
			t.trim()
		}
		return nil
	}); werr != nil {
		c.sim.log.Error("webhook result lost", "delivery", d.ID, "error", werr)
	}
	c.mu.Lock()
	delete(c.busy, d.ID)
	delete(c.real, d.ID)
	if row.State == waiting {
		c.real[d.ID] = time.Now().Add(row.NextAt.Sub(now))
	}
	c.mu.Unlock()
}

func (c *courier) post(d errand) (int, error) {
	cfg := c.sim.cfg
	if cfg.AppURL == "" {
		return 0, errors.New("the app has no address")
	}
	path := "/webhooks/shopify"
	if slices.Contains(ComplianceTopics, d.Topic) {
		path = "/webhooks/compliance"
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, cfg.AppURL+path, bytes.NewReader(d.body))
	if err != nil {
		return 0, err
	}
	for name, value := range c.sim.WebhookHeaders(d.Delivery, d.body) {
		req.Header.Set(name, value)
	}
	res, err := c.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("post webhook: %w", err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, nil
}

// WebhookHeaders are the headers Shopify sends with a webhook.
func (s *Sim) WebhookHeaders(d *Delivery, body []byte) map[string]string {
	return map[string]string{
		"Content-Type":           "application/json",
		"User-Agent":             "Shopify-Captain-Hook",
		"X-Shopify-Topic":        d.Topic,
		"X-Shopify-Shop-Domain":  d.Shop,
		"X-Shopify-API-Version":  APIVersion,
		"X-Shopify-Hmac-Sha256":  SignWebhook(s.cfg.APISecret, body),
		"X-Shopify-Webhook-Id":   d.WebhookID,
		"X-Shopify-Event-Id":     d.EventID,
		"X-Shopify-Triggered-At": d.TriggeredAt.Format("2006-01-02T15:04:05.000000000Z07:00"),
	}
}

// SignWebhook is the signature of a webhook body.
func SignWebhook(secret string, body []byte) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// Settled tells whether every webhook has been delivered, dropped or given up.
func (s *Sim) Settled() (settled bool) {
	s.read(func(t *tables) { settled = len(t.open) == 0 })
	return settled
}

// Deliveries lists webhooks of a shop, newest first, at most limit (0: all).
func (s *Sim) Deliveries(shopID int64, limit int) (out []*Delivery) {
	s.read(func(t *tables) {
		rows := t.deliveries.order[shopID]
		for i := len(rows) - 1; i >= 0 && (limit == 0 || len(out) < limit); i-- {
			out = append(out, rows[i])
		}
	})
	return out
}

// Redeliver sends a delivery again, times times, with its own ids.
func (s *Sim) Redeliver(shopID, id int64, times int) (n int, err error) {
	if times < 1 || times > 10_000 {
		return 0, refuse("times", "want 1 to 10000")
	}
	err = s.write(func(t *tx) error {
		d := t.deliveries.rows[id]
		if d == nil || d.ShopID != shopID {
			return refuse("", "no such delivery")
		}
		for range times {
			t.repeat(d, t.bodies.rows[id].Body)
			n++
		}
		return nil
	})
	return n, err
}

// Repeat sends an order's newest delivery of a topic again.
func (s *Sim) Repeat(shopID, orderID int64, topic string, times int) (int, error) {
	for _, d := range s.Deliveries(shopID, 0) {
		if d.OrderID == orderID && d.Topic == topic {
			return s.Redeliver(shopID, d.ID, times)
		}
	}
	return 0, refuse("topic", "the order has sent no %q", topic)
}
