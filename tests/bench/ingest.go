package main

import (
	"context"
	"fmt"
	"time"
)

// side is one of the things that take turns: it measures once.
type side struct {
	rate func() (float64, error)
	got  series
}

// turns lets each side measure once a round, one after the other.
func turns(rounds int, sides ...*side) error {
	for range rounds {
		for _, s := range sides {
			v, err := s.rate()
			if err != nil {
				return err
			}
			s.got = append(s.got, v)
		}
	}
	return nil
}

// ingest measures webhooks over HTTP, verified and durably stored, against PostgreSQL
// alone and against Shopify's own library on Express.
func ingest(ctx context.Context, b *bench) error {
	s, err := newStack(ctx, b)
	if err != nil {
		return err
	}
	defer s.close()
	yard, err := freshDatabase(ctx, b.postgres, "afterglow_yardstick")
	if err != nil {
		return err
	}
	if err := execSQL(ctx, yard, benchInbox); err != nil {
		return err
	}
	express, expressTarget, err := startExpress(ctx, b, yard)
	if err != nil {
		return err
	}
	defer express.stop()

	warm := *b
	warm.length = time.Second
	for _, t := range []target{s.target(), expressTarget} {
		if _, err := flood(ctx, t, 16, time.Second); err != nil {
			return fmt.Errorf("warm-up: %w", err)
		}
	}
	if _, err := pgbench(ctx, &warm, yard, 16); err != nil {
		return err
	}

	for _, clients := range []int{16, 64} {
		var ours, database time.Duration
		var done int
		var p99 series
		afterglow := &side{rate: func() (float64, error) {
			cpu, pg := cpuOf(s.web.pid(), false), postgresCPU()
			r, err := flood(ctx, s.target(), clients, b.length)
			ours += cpuOf(s.web.pid(), false) - cpu
			database += postgresCPU() - pg
			done += r.done
			p99 = append(p99, millis(r.percentile(0.99)))
			return r.rate(), err
		}}
		var expressCPU time.Duration
		var expressDone int
		node := &side{rate: func() (float64, error) {
			cpu := cpuOf(express.pid(), false)
			r, err := flood(ctx, expressTarget, clients, b.length)
			expressCPU += cpuOf(express.pid(), false) - cpu
			expressDone += r.done
			return r.rate(), err
		}}
		plain := &side{rate: func() (float64, error) { return pgbench(ctx, b, yard, clients) }}
		if err := turns(b.rounds, afterglow, plain, node); err != nil {
			return err
		}
		cpu := fmt.Sprintf("CPU a webhook: %s, PostgreSQL %s", per(ours, done), per(database, done))
		bound := 0.75
		if clients == 64 {
			bound = 0.9
		}
		b.table.add(row{fmt.Sprintf("webhook ingest, HMAC + durable insert, 10.7 KB, %d connections", clients), "/s", afterglow.got, cpu,
			fmt.Sprintf("pgbench, the same insert, %d clients", clients), plain.got, atLeast(bound)})
		b.table.add(row{fmt.Sprintf("the same, %d connections", clients), "/s", afterglow.got, cpu,
			"Express + @shopify/shopify-api + pg, one process; CPU a webhook: " + per(expressCPU, expressDone), node.got, atLeast(5)})
		if clients == 16 {
			b.table.add(row{work: "ingest p99 at 16 connections, saturated", unit: "ms", ours: p99, goal: below(25, "ms")})
		}
	}

	var p99 series
	for range b.rounds {
		r, err := steady(ctx, s.target(), 500, b.length)
		if err != nil {
			return err
		}
		p99 = append(p99, millis(r.percentile(0.99)))
	}
	b.table.add(row{work: "ingest p99 at 500 requests/s, steady", unit: "ms", ours: p99, goal: below(25, "ms")})
	return nil
}

func startExpress(ctx context.Context, b *bench, database string) (*process, target, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, target{}, err
	}
	p, err := b.start("express", []string{"PORT=" + portOf(addr), "DATABASE_URL=" + database, "POOL=20", "NODE_ENV=production",
		"SHOPIFY_API_KEY=" + apiKey, "SHOPIFY_API_SECRET=" + apiSecret}, "node", "tests/bench/node/server.js")
	if err != nil {
		return nil, target{}, err
	}
	return p, target{addr, "afterglow-demo.myshopify.com", apiSecret}, p.ready(ctx, "http://"+addr+"/readyz")
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
