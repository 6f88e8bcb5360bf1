package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// story measures orders from the webhook to the mail, one by one on an idle system
// and as many as it bears, against Asynq doing nothing on the same Redis.
func story(ctx context.Context, b *bench) error {
	s, err := newStack(ctx, b)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.work(b); err != nil {
		return err
	}
	next := 1
	if err := s.latency(ctx, b, &next); err != nil {
		return err
	}
	return s.throughput(ctx, b, &next)
}

// latency sends one order at a time, the next when the mail of the last is there and
// a pause is over: nothing is warm by accident.
func (s *stack) latency(ctx context.Context, b *bench, next *int) error {
	p, err := dial(s.addr)
	if err != nil {
		return err
	}
	defer p.conn.Close()
	var took result
	for i := range 120 {
		n := *next
		*next++
		request := webhook(s.addr, s.shop, apiSecret, orderBody(n, time.Now()), uuid.NewString())
		start := time.Now()
		if status, err := p.post(request); err != nil || status != 200 {
			return fmt.Errorf("order %d: status %d: %w", n, status, err)
		}
		if !s.sink.await(int64(n), 20*time.Second) {
			return fmt.Errorf("order %d: no mail after 20 s; worker: %s", n, s.worker.tail())
		}
		at, ok := s.sink.when(orderAddress(n))
		if !ok {
			return fmt.Errorf("order %d: the mail went to somebody else", n)
		}
		if i >= 20 {
			took.latencies = append(took.latencies, at.Sub(start))
		}
		time.Sleep(20*time.Millisecond + time.Duration(i%7)*5*time.Millisecond)
	}
	b.table.add(row{work: "order webhook → mail at the mail server, worker idle, p50", unit: "ms", ours: series{millis(took.percentile(0.5))}, goal: below(150, "ms")})
	b.table.add(row{work: "order webhook → mail at the mail server, worker idle, p95", unit: "ms", ours: series{millis(took.percentile(0.95))}, goal: below(500, "ms")})
	return nil
}

// throughput sends a batch of orders at once and waits for its last mail.
func (s *stack) throughput(ctx context.Context, b *bench, next *int) error {
	var cpu time.Duration
	var done int
	orders := &side{rate: func() (float64, error) {
		before := cpuOf(s.web.pid(), false) + cpuOf(s.worker.pid(), false)
		first := *next
		*next += b.orders
		var sent atomic.Int64
		start := time.Now()
		r, err := drive(ctx, s.target(), 16, time.Minute, func(p *poster) (time.Duration, int, error) {
			i := int(sent.Add(1)) - 1
			if i >= b.orders {
				return 0, 0, errDone
			}
			began := time.Now()
			status, err := p.post(webhook(s.addr, s.shop, apiSecret, orderBody(first+i, began), uuid.NewString()))
			return time.Since(began), status, err
		})
		if err != nil {
			return 0, err
		}
		if r.done != b.orders {
			return 0, fmt.Errorf("%d of %d orders were accepted", r.done, b.orders)
		}
		if !s.sink.await(int64(first-1+b.orders), 3*time.Minute) {
			return 0, fmt.Errorf("%d of %d mails after 3 minutes; worker: %s", int(s.sink.count.Load())-first+1, b.orders, s.worker.tail())
		}
		elapsed := time.Since(start)
		cpu += cpuOf(s.web.pid(), false) + cpuOf(s.worker.pid(), false) - before
		done += b.orders
		return float64(b.orders) / elapsed.Seconds(), nil
	}}
	empty := &side{rate: func() (float64, error) { return noop(ctx, b) }}
	if err := turns(b.rounds, orders, empty); err != nil {
		return err
	}
	if s.sink.twice > 0 {
		return fmt.Errorf("%d mails came twice", s.sink.twice)
	}
	b.table.add(row{"orders through the whole story, webhook → mail at the mail server", "/s", orders.got, "CPU an order: " + per(cpu, done),
		"Asynq tasks that do nothing, same Redis", empty.got, above(400, "/s")})
	return nil
}

// noop is how many tasks that do nothing Asynq takes a second through this Redis.
func noop(ctx context.Context, b *bench) (float64, error) {
	opt, err := redis.ParseURL(b.redis)
	if err != nil {
		return 0, err
	}
	const queue, tasks = "bench_noop", 20000
	r := asynq.RedisClientOpt{Addr: opt.Addr, DB: opt.DB}
	client := asynq.NewClient(r)
	defer client.Close()
	var done atomic.Int64
	finished := make(chan struct{})
	server := asynq.NewServer(r, asynq.Config{Concurrency: 32, Queues: map[string]int{queue: 1}, TaskCheckInterval: 20 * time.Millisecond, LogLevel: asynq.FatalLevel})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		if done.Add(1) == tasks {
			close(finished)
		}
		return nil
	})); err != nil {
		return 0, err
	}
	defer server.Shutdown()
	start := time.Now()
	errs := make(chan error, 16)
	for range 16 {
		go func() {
			for range tasks / 16 {
				if _, err := client.EnqueueContext(ctx, asynq.NewTask("noop", nil), asynq.Queue(queue)); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range 16 {
		if err := <-errs; err != nil {
			return 0, err
		}
	}
	select {
	case <-finished:
	case <-time.After(time.Minute):
		return 0, fmt.Errorf("asynq did %d of %d tasks in a minute", done.Load(), tasks)
	}
	return tasks / time.Since(start).Seconds(), nil
}
