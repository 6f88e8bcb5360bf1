package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// startup measures the embedded program: the time to /readyz on a database that is
// there already, and the memory it then holds; and the memory of the demo after a
// hundred orders.
func startup(ctx context.Context, b *bench) error {
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	dir := filepath.Join(b.workdir, "embedded")
	env := []string{
		"SHOPIFY_API_KEY=" + apiKey, "SHOPIFY_API_SECRET=" + apiSecret, "APP_URL=https://afterglow.example",
		"LISTEN_ADDR=" + addr, "METRICS_ADDR=", "DATABASE_URL=", "REDIS_URL=", "MAIL_URL=", "MAIL_FROM=orders@afterglow.example",
		"ENCRYPTION_KEYS=b1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "DATA_DIR=" + dir, "LOG_LEVEL=warn",
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var took, memory series
	for i := range b.rounds + 1 {
		began := time.Now()
		p, err := b.start("embedded", env, b.binary, "serve")
		if err != nil {
			return err
		}
		if err := p.ready(ctx, "http://"+addr+"/readyz"); err != nil {
			p.stop()
			return err
		}
		elapsed := time.Since(began)
		if i > 0 { // the first one created the tables
			took = append(took, elapsed.Seconds())
			time.Sleep(2 * time.Second)
			memory = append(memory, residentMB(p.pid()))
		}
		p.stop()
	}
	b.table.add(row{work: "start-up to /readyz, embedded", unit: "s", ours: took, goal: below(1, "s")})
	b.table.add(row{work: "memory, embedded, idle", unit: "MB", ours: memory, goal: below(60, "MB")})
	return demoMemory(ctx, b)
}

func demoMemory(ctx context.Context, b *bench) error {
	app, err := freeAddr()
	if err != nil {
		return err
	}
	sim, err := freeAddr()
	if err != nil {
		return err
	}
	dir := filepath.Join(b.workdir, "demo")
	p, err := b.start("demo", nil, b.binary, "demo", "--data", dir, "--listen", app, "--sim-listen", sim)
	if err != nil {
		return err
	}
	defer p.stop()
	if err := p.ready(ctx, "http://"+app+"/readyz"); err != nil {
		return err
	}
	var a addresses
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if a, err = readAddresses(dir); err == nil {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no demo.json: %w", err)
		}
	}
	for i := range 100 {
		resp, err := http.Post(a.SimURL+"/sim/api/orders", "application/json",
			strings.NewReader(fmt.Sprintf(`{"customer":{"email":"bench%d@example.com"},"lines":[{"quantity":1}]}`, i)))
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusCreated {
			return fmt.Errorf("the simulation answered %d to an order", resp.StatusCode)
		}
	}
	time.Sleep(5 * time.Second)
	b.table.add(row{work: "memory, demo running, app and simulated Shopify, after 100 orders", unit: "MB", ours: series{residentMB(p.pid())}, goal: below(150, "MB")})
	return nil
}
