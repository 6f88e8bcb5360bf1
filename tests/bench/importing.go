package main

import (
	"context"
	"fmt"
	"time"
)

// importing measures webhooks at a steady pace while the workers import the history
// of the same shop.
func importing(ctx context.Context, b *bench) error {
	const history = 20_000
	s, err := newStackWith(ctx, b, history)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.work(b); err != nil {
		return err
	}
	var begun struct{}
	if err := s.ask(ctx, "POST", "/imports", `{"what": "orders"}`, &begun); err != nil {
		return err
	}
	began := time.Now()
	first, err := s.importedOrders(ctx)
	for err == nil && first.Done == 0 && time.Since(began) < time.Minute {
		time.Sleep(20 * time.Millisecond)
		first, err = s.importedOrders(ctx)
	}
	if err != nil {
		return err
	}
	var p99 series
	for len(p99) < b.rounds {
		r, err := steady(ctx, s.target(), 500, min(b.length, 2*time.Second))
		if err != nil {
			return err
		}
		now, err := s.importedOrders(ctx)
		if err != nil {
			return err
		}
		if now.State != "running" && now.State != "downloading" {
			break // the last round was not whole
		}
		p99 = append(p99, millis(r.percentile(0.99)))
	}
	if len(p99) == 0 {
		return fmt.Errorf("the import was over before a measurement was: %+v; worker: %s", first, s.worker.tail())
	}
	b.table.add(row{work: "ingest p99 at 500 requests/s while a bulk import runs", unit: "ms", ours: p99, goal: below(250, "ms")})
	return nil
}

type importedOrders struct {
	What  string `json:"what"`
	State string `json:"state"`
	Done  int64  `json:"done"`
}

func (s *stack) importedOrders(ctx context.Context) (importedOrders, error) {
	var answer struct {
		Imports []importedOrders `json:"imports"`
	}
	if err := s.ask(ctx, "GET", "/imports", "", &answer); err != nil {
		return importedOrders{}, err
	}
	for _, m := range answer.Imports {
		if m.What == "orders" {
			return m, nil
		}
	}
	return importedOrders{}, fmt.Errorf("no import of orders: %+v", answer)
}
