package shopsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// simRoutes are the simulation's own endpoints: what a shopper, a carrier, a
// merchant or the weather would do. The shop is chosen by the Host, or by
// ?shop=.
func (s *Sim) simRoutes(mux *http.ServeMux) {
	handle := func(pattern string, fn func(*http.Request, *Shop) (int, any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if !sameOrigin(r) {
				writeProblem(w, http.StatusForbidden, "a page of another site may not do this", "")
				return
			}
			shop := s.shopFor(r)
			if shop == nil {
				writeProblem(w, http.StatusNotFound, "no such shop", "shop")
				return
			}
			status, v, err := fn(r, shop)
			if err != nil {
				writeRefusal(w, err)
				return
			}
			writeJSON(w, status, v)
		})
	}
	handle("POST /sim/api/orders", s.simPlace)
	handle("GET /sim/api/orders", s.simOrders)
	handle("GET /sim/api/orders/{id}", s.simOrder)
	handle("POST /sim/api/orders/{id}/fulfill", s.simFulfill)
	handle("POST /sim/api/orders/{id}/cancel", s.simCancel)
	handle("POST /sim/api/orders/{id}/pay", s.simPay)
	handle("POST /sim/api/orders/{id}/edit", s.simEdit)
	handle("POST /sim/api/orders/{id}/refund", s.simRefund)
	handle("POST /sim/api/orders/{id}/webhooks", s.simRepeat)
	handle("POST /sim/api/orders/{id}/delete", s.simDelete)
	handle("POST /sim/api/fulfillments/{id}/events", s.simEvent)
	handle("POST /sim/api/fulfillments/{id}/next", s.simNextScan)
	handle("DELETE /sim/api/fulfillments/{id}/events/{event}", s.simEventDelete)
	handle("GET /sim/api/ledger", s.simLedger)
	handle("GET /sim/api/faults", func(*http.Request, *Shop) (int, any, error) { return 200, s.Faults(), nil })
	handle("POST /sim/api/faults", s.simFaults)
	handle("GET /sim/api/clock", func(*http.Request, *Shop) (int, any, error) { return 200, map[string]any{"now": s.Now()}, nil })
	handle("POST /sim/api/clock", s.simClock)
	handle("GET /sim/api/deliveries", s.simDeliveries)
	handle("POST /sim/api/webhooks/{id}/redeliver", s.simRedeliver)
	handle("GET /sim/api/shops", s.simShops)
	handle("POST /sim/api/shops", s.simMakeShop)
	handle("POST /sim/api/shops/{domain}/install", s.simInstall)
	handle("POST /sim/api/shops/{domain}/uninstall", s.simUninstall)
	handle("POST /sim/api/shops/{domain}/scopes", s.simScopes)
	handle("POST /sim/api/shops/{domain}/compliance", s.simCompliance)
	handle("POST /sim/api/shops/{domain}/token", s.simToken)
	handle("POST /sim/api/customers/{id}", s.simCustomer)
	handle("GET /sim/api/customers", s.simCustomers)
	handle("POST /sim/api/products/{id}", s.simProduct)
	handle("GET /sim/api/products", func(_ *http.Request, shop *Shop) (int, any, error) {
		return 200, map[string]any{"products": s.Products(shop.ID)}, nil
	})
}

func writeProblem(w http.ResponseWriter, status int, detail, field string) {
	p := map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail}
	if field != "" {
		p["errors"] = []map[string]string{{"field": field, "detail": detail}}
	}
	raw, _ := json.Marshal(p)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	w.Write(raw)
}

func writeRefusal(w http.ResponseWriter, err error) {
	var r *Refusal
	if !errors.As(err, &r) {
		writeProblem(w, http.StatusInternalServerError, err.Error(), "")
		return
	}
	status := http.StatusUnprocessableEntity
	if strings.HasPrefix(r.Detail, "no such") && r.Field == "" {
		status = http.StatusNotFound
	}
	if strings.HasSuffix(r.Detail, "not supported here") {
		status = http.StatusNotImplemented
	}
	writeProblem(w, status, r.Error(), r.Field)
}

// body reads a JSON object; unknown members are refused, so that a typing error
// is not taken for a default.
func body(r *http.Request, v any) error {
	raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<20+1))
	if err != nil {
		return refuse("", "unreadable body: %v", err)
	}
	if len(raw) > 1<<20 {
		return refuse("", "the body is larger than 1 MB")
	}
	if len(strings.TrimSpace(string(raw))) == 0 {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return refuse("", "the body is not what is expected: %v", strings.TrimPrefix(err.Error(), "json: "))
	}
	if d.More() {
		return refuse("", "more than one JSON value")
	}
	return nil
}

func pathID(r *http.Request) (int64, error) {
	text := r.PathValue("id")
	if i := strings.LastIndex(text, "/"); i >= 0 {
		text = text[i+1:]
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, refuse("id", "%q is not an id", r.PathValue("id"))
	}
	return id, nil
}

// orderView is an order as the simulation's own endpoints show it.
func (s *Sim) orderView(o *Order) (doc record) {
	shop := s.shopByID(o.ShopID)
	s.read(func(t *tables) {
		doc = s.papers(t, shop).order(o)
		doc["confirmation_number"] = o.Confirmation
	})
	return doc
}

func (s *Sim) shopByID(id int64) (shop *Shop) {
	s.read(func(t *tables) { shop = t.shops.rows[id] })
	return shop
}

func (s *Sim) simPlace(r *http.Request, shop *Shop) (int, any, error) {
	var c Checkout
	if err := body(r, &c); err != nil {
		return 0, nil, err
	}
	o, err := s.PlaceOrder(shop.ID, c)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, map[string]any{"order": s.orderView(o)}, nil
}

func (s *Sim) simOrders(r *http.Request, shop *Shop) (int, any, error) {
	limit := 50
	if n, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && n > 0 {
		limit = n
	}
	all := s.Orders(shop.ID)
	slices.Reverse(all)
	docs := []record{}
	for _, o := range all[:min(limit, len(all))] {
		docs = append(docs, s.orderView(o))
	}
	return 200, map[string]any{"orders": docs, "count": len(all)}, nil
}

func (s *Sim) simOrder(r *http.Request, shop *Shop) (int, any, error) {
	id, err := pathID(r)
	if err != nil {
		return 0, nil, err
	}
	o := s.Order(shop.ID, id)
	if o == nil {
		return 0, nil, errNoOrder
	}
	return 200, map[string]any{"order": s.orderView(o)}, nil
}

func (s *Sim) simFulfill(r *http.Request, shop *Shop) (int, any, error) {
	var in FulfillInput
	id, err := pathID(r)
	if err = errors.Join(err, body(r, &in)); err != nil {
		return 0, nil, err
	}
	f, err := s.Fulfill(shop.ID, id, in)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, map[string]any{"fulfillment": f}, nil
}

func (s *Sim) simEvent(r *http.Request, shop *Shop) (int, any, error) {
	var in EventInput
	id, err := pathID(r)
	if err = errors.Join(err, body(r, &in)); err != nil {
		return 0, nil, err
	}
	e, err := s.AddEvent(shop.ID, id, in)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, map[string]any{"event": e}, nil
}

func (s *Sim) simEventDelete(r *http.Request, shop *Shop) (int, any, error) {
	id, err := pathID(r)
	if err != nil {
		return 0, nil, err
	}
	event, err := strconv.ParseInt(r.PathValue("event"), 10, 64)
	if err != nil {
		return 0, nil, refuse("event", "%q is not an id", r.PathValue("event"))
	}
	return 200, map[string]any{"deleted": event}, s.DeleteEvent(shop.ID, id, event)
}

func (s *Sim) simCancel(r *http.Request, shop *Shop) (int, any, error) {
	in := CancelInput{Reason: "CUSTOMER", Refund: true, Restock: true}
	id, err := pathID(r)
	if err = errors.Join(err, body(r, &in)); err != nil {
		return 0, nil, err
	}
	in.Reason = strings.ToUpper(in.Reason)
	o, err := s.Cancel(shop.ID, id, in)
	if err != nil {
		return 0, nil, err
	}
	return 200, map[string]any{"order": s.orderView(o)}, nil
}

// simPay pays what an edited order still owes.
func (s *Sim) simPay(r *http.Request, shop *Shop) (int, any, error) {
	id, err := pathID(r)
	if err != nil {
		return 0, nil, err
	}
	o, err := s.PayBalance(shop.ID, id)
	if err != nil {
		return 0, nil, err
	}
	return 200, map[string]any{"order": s.orderView(o)}, nil
}

func (s *Sim) simRefund(r *http.Request, shop *Shop) (int, any, error) {
	var in RefundInput
	id, err := pathID(r)
	if err = errors.Join(err, body(r, &in)); err != nil {
		return 0, nil, err
	}
	o := s.Order(shop.ID, id)
	if o == nil {
		return 0, nil, errNoOrder
	}
	if len(in.Lines) == 0 && in.Amount == "" && !in.FullShipping {
		for _, l := range o.Lines {
			if l.Current() > 0 && !l.Tip {
				in.Lines = append(in.Lines, RefundLineInput{l.ID, l.Current(), "return"})
			}
		}
		in.FullShipping = true
	}
	f, err := s.Refund(shop.ID, id, in)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, map[string]any{"refund": f, "order": s.orderView(s.Order(shop.ID, id))}, nil
}

func (s *Sim) simEdit(r *http.Request, shop *Shop) (int, any, error) {
	var in EditInput
	id, err := pathID(r)
	if err = errors.Join(err, body(r, &in)); err != nil {
		return 0, nil, err
	}
	o, err := s.EditOrder(shop.ID, id, in)
	if err != nil {
		return 0, nil, err
	}
	return 200, map[string]any{"order": s.orderView(o)}, nil
}

func (s *Sim) simDelete(r *http.Request, shop *Shop) (int, any, error) {
	id, err := pathID(r)
	if err != nil {
		return 0, nil, err
	}
	err = s.write(func(t *tx) error {
		if t.order(shop.ID, id) == nil {
			return errNoOrder
		}
		o := edit(t, t.orders, id)
		o.Deleted = true
		t.announce(announcement{shop.ID, "orders/delete", t.newEvent(), id, func(papers) record { return record{"id": id} }})
		return nil
	})
	return 200, map[string]any{"deleted": id}, err
}

func (s *Sim) simRepeat(r *http.Request, shop *Shop) (int, any, error) {
	in := struct {
		Topic string `json:"topic"`
		Times int    `json:"times"`
	}{"orders/create", 1}
	id, err := pathID(r)
	if err = errors.Join(err, body(r, &in)); err != nil {
		return 0, nil, err
	}
	n, err := s.Repeat(shop.ID, id, in.Topic, in.Times)
	return http.StatusAccepted, map[string]any{"sent": n}, err
}

func (s *Sim) simRedeliver(r *http.Request, shop *Shop) (int, any, error) {
	id, err := pathID(r)
	if err != nil {
		return 0, nil, err
	}
	times := 1
	if text := r.URL.Query().Get("times"); text != "" {
		if times, err = strconv.Atoi(text); err != nil {
			return 0, nil, refuse("times", "%q is not a number", text)
		}
	}
	n, err := s.Redeliver(shop.ID, id, times)
	return http.StatusAccepted, map[string]any{"sent": n}, err
}

func (s *Sim) simDeliveries(r *http.Request, shop *Shop) (int, any, error) {
	rows := s.Deliveries(shop.ID, 500)
	counts := map[string]int{waiting: 0, delivered: 0, failed: 0, dropped: 0}
	q := r.URL.Query()
	rows = slices.DeleteFunc(rows, func(d *Delivery) bool {
		return q.Get("state") != "" && d.State != q.Get("state") || q.Get("topic") != "" && d.Topic != q.Get("topic") ||
			q.Get("order_id") != "" && fmt.Sprint(d.OrderID) != q.Get("order_id")
	})
	for _, d := range rows {
		counts[d.State]++
	}
	if rows == nil {
		rows = []*Delivery{}
	}
	return 200, map[string]any{"deliveries": rows, "counts": counts}, nil
}

// Ledger is everything of value a shop gave out or took in.
func (s *Sim) Ledger(shopID int64) (rows []*LedgerEntry) {
	s.read(func(t *tables) { rows = slices.Clone(t.ledger.order[shopID]) })
	return rows
}

func (s *Sim) simLedger(r *http.Request, shop *Shop) (int, any, error) {
	rows := []*LedgerEntry{}
	totals := map[string]int{}
	for _, e := range s.Ledger(shop.ID) {
		if id := r.URL.Query().Get("order_id"); id != "" && fmt.Sprint(e.OrderID) != id {
			continue
		}
		if kind := r.URL.Query().Get("kind"); kind != "" && e.Kind != kind {
			continue
		}
		rows = append(rows, e)
		totals[e.Kind]++
	}
	return 200, map[string]any{"entries": rows, "counts": totals}, nil
}

func (s *Sim) simFaults(r *http.Request, _ *Shop) (int, any, error) {
	var f Faults
	if err := body(r, &f); err != nil {
		return 0, nil, err
	}
	if err := s.SetFaults(f); err != nil {
		return 0, nil, err
	}
	return 200, s.Faults(), nil
}

var durationPattern = regexp.MustCompile(`^(?:(\d+)d)?(.*)$`)

// parseSpan reads "14d", "36h", "1d12h30m".
func parseSpan(text string) (time.Duration, error) {
	m := durationPattern.FindStringSubmatch(strings.TrimSpace(text))
	var d time.Duration
	if m[1] != "" {
		days, err := strconv.Atoi(m[1])
		if err != nil || days > 3650 {
			return 0, refuse("advance", "%q: at most ten years", text)
		}
		d = time.Duration(days) * 24 * time.Hour
	}
	if m[2] != "" {
		rest, err := time.ParseDuration(m[2])
		if err != nil {
			return 0, refuse("advance", "%q: want a span such as 14d, 36h or 90m", text)
		}
		d += rest
	}
	if d <= 0 {
		return 0, refuse("advance", "%q: want a span forwards, such as 14d", text)
	}
	return d, nil
}

func (s *Sim) simClock(r *http.Request, _ *Shop) (int, any, error) {
	var in struct {
		Advance string `json:"advance"`
	}
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	d, err := parseSpan(in.Advance)
	if err != nil {
		return 0, nil, err
	}
	if s.cfg.Advance == nil {
		return 0, nil, refuse("advance", "moving the clock is not supported here")
	}
	if err := s.cfg.Advance(d); err != nil {
		return 0, nil, err
	}
	s.poke()
	return 200, map[string]any{"now": s.Now()}, nil
}
