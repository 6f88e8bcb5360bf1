package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

// staticPage makes this program a server of one file.
const staticPage = "static-page"

func serveStatic(addr, file string) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.NoRoute(func(c *gin.Context) { c.Data(http.StatusOK, "text/html; charset=utf-8", body) })
	server := &http.Server{Addr: addr, Handler: engine, ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}

// page measures the page of an order against a Gin that sends the same bytes and
// does nothing else.
func page(ctx context.Context, b *bench) error {
	s, err := newStack(ctx, b)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.work(b); err != nil {
		return err
	}
	address, err := s.orderPage(ctx)
	if err != nil {
		return err
	}
	html, err := fetch(ctx, http.DefaultClient, "http://"+s.addr+address)
	if err != nil {
		return err
	}
	file := filepath.Join(b.workdir, "page.html")
	if err := os.WriteFile(file, []byte(html), 0o600); err != nil {
		return err
	}
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	static, err := b.start(staticPage, nil, os.Args[0], staticPage, addr, file)
	if err != nil {
		return err
	}
	defer static.stop()
	if err := static.ready(ctx, "http://"+addr+"/"); err != nil {
		return err
	}
	read := func(addr string, cpu *time.Duration, done *int, p *process) *side {
		request := get(addr, address)
		return &side{rate: func() (float64, error) {
			before := cpuOf(p.pid(), false)
			r, err := drive(ctx, target{addr: addr}, 16, b.length, func(p *poster) (time.Duration, int, error) {
				start := time.Now()
				status, err := p.post(request)
				return time.Since(start), status, err
			})
			*cpu += cpuOf(p.pid(), false) - before
			*done += r.done
			return r.rate(), err
		}}
	}
	var cpu, staticCPU time.Duration
	var done, staticDone int
	ours, theirs := read(s.addr, &cpu, &done, s.web), read(addr, &staticCPU, &staticDone, static)
	if err := turns(b.rounds, ours, theirs); err != nil {
		return err
	}
	b.table.add(row{fmt.Sprintf("order page, %.1f KB, 16 connections", float64(len(html))/1000), "/s", ours.got, "CPU a page: " + per(cpu, done),
		"Gin sending the same bytes; CPU a page: " + per(staticCPU, staticDone), theirs.got, atLeast(0.25)})

	var p99 series
	for range b.rounds {
		r, err := paced(ctx, s.target(), 200, b.length, func() []byte { return get(s.addr, address) })
		if err != nil {
			return err
		}
		p99 = append(p99, millis(r.percentile(0.99)))
	}
	b.table.add(row{work: "order page p99 at 200 requests/s, steady", unit: "ms", ours: p99, goal: below(20, "ms")})
	return nil
}

func get(host, path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/html\r\n\r\n", path, host)
}

// orderPage sells something and gives the path of the page that its mail links to.
func (s *stack) orderPage(ctx context.Context) (string, error) {
	p, err := dial(s.addr)
	if err != nil {
		return "", err
	}
	defer p.conn.Close()
	if status, err := p.post(webhook(s.addr, s.shop, apiSecret, orderBody(1, time.Now()), uuid.NewString())); err != nil || status != 200 {
		return "", fmt.Errorf("order: status %d: %w", status, err)
	}
	if !s.sink.await(1, 20*time.Second) {
		return "", fmt.Errorf("no mail after 20 s; worker: %s", s.worker.tail())
	}
	var list struct {
		Orders []struct {
			ID string `json:"id"`
		} `json:"orders"`
	}
	if err := s.ask(ctx, "GET", "/orders", "", &list); err != nil || len(list.Orders) == 0 {
		return "", fmt.Errorf("no orders: %w", err)
	}
	var order struct {
		Order struct {
			Page string `json:"order_page_url"`
		} `json:"order"`
	}
	if err := s.ask(ctx, "GET", "/orders/"+list.Orders[0].ID, "", &order); err != nil {
		return "", err
	}
	u, err := url.Parse(order.Order.Page)
	if err != nil || u.Path == "" {
		return "", fmt.Errorf("no order page in %+v: %w", order, err)
	}
	return u.RequestURI(), nil
}
