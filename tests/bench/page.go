package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// staticPage makes this program a server of one file.
const staticPage = "static-page"

// askedPage is the path below which the same bytes are sent after the smallest
// question to the database that there is.
const askedPage = "/asked"

func serveStatic(addr, file, database string) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	pool, err := pgxpool.New(context.Background(), database)
	if err != nil {
		return err
	}
	defer pool.Close()
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	send := func(c *gin.Context) { c.Data(http.StatusOK, "text/html; charset=utf-8", body) }
	engine.GET(askedPage, func(c *gin.Context) {
		var one int
		if err := pool.QueryRow(c, "SELECT 1").Scan(&one); err != nil {
			c.AbortWithStatus(http.StatusInternalServerError)
			return
		}
		send(c)
	})
	engine.NoRoute(send)
	server := &http.Server{Addr: addr, Handler: engine, ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}

// pagesApart are more pages than a process keeps (400): asked for one after the
// other, each is drawn.
const (
	ordersApart = 60
	pagesApart  = ordersApart * 8
)

// page measures the page of an order against a Gin that sends the same bytes and
// does nothing else: when it is looked at again, and when it is drawn.
func page(ctx context.Context, b *bench) error {
	s, err := newStack(ctx, b)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.work(b); err != nil {
		return err
	}
	orders, err := s.orderPages(ctx, ordersApart)
	if err != nil {
		return err
	}
	address, apart := orders[0], make([]string, 0, pagesApart)
	for _, tag := range []string{"en", "ar", "fa", "ja", "ru", "de", "fr", "es"} {
		for _, path := range orders {
			apart = append(apart, path+"?lang="+tag)
		}
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
	static, err := b.start(staticPage, nil, os.Args[0], staticPage, addr, file, s.database)
	if err != nil {
		return err
	}
	defer static.stop()
	if err := static.ready(ctx, "http://"+addr+"/"); err != nil {
		return err
	}
	read := func(addr string, cpu *time.Duration, done *int, p *process, paths ...string) *side {
		next := turn(addr, paths)
		return &side{rate: func() (float64, error) {
			before := cpuOf(p.pid(), false)
			r, err := drive(ctx, target{addr: addr}, 16, b.length, func(p *poster) (time.Duration, int, error) {
				start := time.Now()
				status, err := p.post(next())
				return time.Since(start), status, err
			})
			*cpu += cpuOf(p.pid(), false) - before
			*done += r.done
			return r.rate(), err
		}}
	}
	size := fmt.Sprintf("%.1f KB, 16 connections", float64(len(html))/1000)
	for _, look := range []struct {
		work    string
		paths   []string
		busy    bool // orders come in meanwhile
		against string
		goal    goal
	}{
		{"looked at again", []string{address}, false, address, atLeast(0.25)},
		{"looked at again", []string{address}, false, askedPage, goal{}},
		{fmt.Sprintf("%d looked at again while %d orders a second come", ordersApart, ordersMeanwhile), orders, true, address, goal{}},
		{"first look", apart, false, address, atLeast(0.25)},
	} {
		var cpu, staticCPU time.Duration
		var done, staticDone int
		ours, theirs := read(s.addr, &cpu, &done, s.web, look.paths...), read(addr, &staticCPU, &staticDone, static, look.against)
		quiet := func() {}
		if look.busy {
			quiet = s.meanwhile(ctx)
		}
		err := turns(b.rounds, ours, theirs)
		quiet()
		if err != nil {
			return err
		}
		versus := "Gin sending the same bytes"
		if look.against == askedPage {
			versus += " after SELECT 1"
		}
		b.table.add(row{"order page, " + look.work + ", " + size, "/s", ours.got, "CPU a page: " + per(cpu, done),
			versus + "; CPU a page: " + per(staticCPU, staticDone), theirs.got, look.goal})
		if look.goal == (goal{}) {
			continue
		}

		var p99 series
		next := turn(s.addr, look.paths)
		for range b.rounds {
			r, err := paced(ctx, s.target(), 200, b.length, next)
			if err != nil {
				return err
			}
			p99 = append(p99, millis(r.percentile(0.99)))
		}
		b.table.add(row{work: "order page, " + look.work + ", p99 at 200 requests/s, steady", unit: "ms", ours: p99, goal: below(20, "ms")})
	}
	return nil
}

// ordersMeanwhile is how many orders a second come in beside the looks. Each of
// them ends transactions, so that pages are asked for by their rows.
const ordersMeanwhile = 20

// meanwhile lets orders come in until the function that it returns is called.
func (s *stack) meanwhile(ctx context.Context) func() {
	ctx, stop := context.WithCancel(ctx)
	var over sync.WaitGroup
	over.Go(func() {
		p, err := dial(s.addr)
		if err != nil {
			return
		}
		defer p.conn.Close()
		for i := 0; ctx.Err() == nil; i++ {
			if _, err := p.post(webhook(s.addr, s.shop, apiSecret, orderBody(10*ordersApart+i, time.Now()), uuid.NewString())); err != nil {
				return
			}
			time.Sleep(time.Second / ordersMeanwhile)
		}
	})
	return func() { stop(); over.Wait() }
}

// turn asks for one path after the other, from several connections.
func turn(host string, paths []string) func() []byte {
	requests := make([][]byte, len(paths))
	for i, path := range paths {
		requests[i] = get(host, path)
	}
	var n atomic.Int64
	return func() []byte { return requests[int(n.Add(1))%len(requests)] }
}

func get(host, path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/html\r\n\r\n", path, host)
}

// orderPages sells something n times and gives the paths of the pages that the mails
// link to.
func (s *stack) orderPages(ctx context.Context, n int) (paths []string, err error) {
	p, err := dial(s.addr)
	if err != nil {
		return nil, err
	}
	defer p.conn.Close()
	for i := range n {
		if status, err := p.post(webhook(s.addr, s.shop, apiSecret, orderBody(i+1, time.Now()), uuid.NewString())); err != nil || status != 200 {
			return nil, fmt.Errorf("order: status %d: %w", status, err)
		}
	}
	if !s.sink.await(int64(n), 60*time.Second) {
		return nil, fmt.Errorf("not %d mails after a minute; worker: %s", n, s.worker.tail())
	}
	cursor := ""
	for len(paths) < n {
		var list struct {
			Orders []struct {
				ID string `json:"id"`
			} `json:"orders"`
			Next string `json:"next_cursor"`
		}
		if err := s.ask(ctx, "GET", "/orders?cursor="+url.QueryEscape(cursor), "", &list); err != nil || len(list.Orders) == 0 {
			return nil, fmt.Errorf("%d orders, then none: %w", len(paths), err)
		}
		for _, o := range list.Orders {
			path, err := s.pageOf(ctx, o.ID)
			if err != nil {
				return nil, err
			}
			paths = append(paths, path)
		}
		if cursor = list.Next; cursor == "" {
			break
		}
	}
	if len(paths) < n {
		return nil, fmt.Errorf("%d orders of %d", len(paths), n)
	}
	return paths[:n], nil
}

func (s *stack) pageOf(ctx context.Context, id string) (string, error) {
	var order struct {
		Order struct {
			Page string `json:"order_page_url"`
		} `json:"order"`
	}
	if err := s.ask(ctx, "GET", "/orders/"+id, "", &order); err != nil {
		return "", err
	}
	u, err := url.Parse(order.Order.Page)
	if err != nil || u.Path == "" {
		return "", fmt.Errorf("no order page in %+v: %w", order, err)
	}
	return u.RequestURI(), nil
}
