package orders

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/shopify"
	"afterglow/app/store/storetest"
)

// importSize is how many orders the benchmarks import.
const importSize = 100_000

// endless plays an export of importSize orders from a file.
type endless struct {
	fakeExports
	file string
}

func newEndless(b *testing.B, clk clock.Clock) *endless {
	e := &endless{fakeExports{clk: clk, files: map[string]string{"orders": ""}}, filepath.Join(b.TempDir(), "orders.jsonl")}
	out, err := os.Create(e.file)
	if err != nil {
		b.Fatal(err)
	}
	old := clk.Now().Add(-24 * time.Hour)
	for id := range int64(importSize) {
		if _, err := io.WriteString(out, exportedLines(id+1, old.Add(time.Duration(id)*time.Millisecond), "")); err != nil {
			b.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
	return e
}

func (e *endless) Bulk(ctx context.Context, id string) (*shopify.BulkOperation, error) {
	op, err := e.fakeExports.Bulk(ctx, id)
	if err == nil {
		op.URL, op.Roots = "orders", importSize
	}
	return op, err
}

func (e *endless) OpenBulk(_ context.Context, _ string, offset int64) (io.ReadCloser, error) {
	file, err := os.Open(e.file)
	if err == nil {
		_, err = file.Seek(offset, io.SeekStart)
	}
	return file, err
}

// BenchmarkImport reads an export of 100,000 orders into PostgreSQL, and then
// writes the very same rows with COPY into tables with the same indexes.
func BenchmarkImport(b *testing.B) {
	for range b.N {
		address := storetest.Postgres(b)
		rate, memory := importOnce(b, address)
		b.ReportMetric(rate, "imported/s")
		b.ReportMetric(memory, "MB")
		b.ReportMetric(copyOnce(b, address), "copied/s")
	}
}

func importOnce(b *testing.B, address string) (rate, memory float64) {
	clk := clock.NewFixed(time.Now())
	db := storetest.OpenURL(b, address, clk)
	s := setup(b, db, clk)
	e := newEndless(b, clk)
	s.s.exporters = func(ids.Shop) Exporter { return e }
	began := time.Now()
	s.ask("orders")
	s.start()
	var most uint64
	for s.imported("orders").State != ImportDone {
		if time.Since(began) > 5*time.Minute {
			b.Fatalf("%+v", s.imported("orders"))
		}
		time.Sleep(100 * time.Millisecond)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.Sys-m.HeapReleased)
	}
	if m := s.imported("orders"); m.Written != importSize {
		b.Fatalf("%+v", m)
	}
	return importSize / time.Since(began).Seconds(), float64(most) / (1 << 20)
}

func copyOnce(b *testing.B, address string) float64 {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SELECT set_config('afterglow.shop', '*', false)"); err != nil {
		b.Fatal(err)
	}
	rows := map[string]*bytes.Buffer{}
	for _, table := range []string{"orders", "orders_events"} {
		rows[table] = &bytes.Buffer{}
		if _, err := conn.PgConn().CopyTo(ctx, rows[table], "COPY (SELECT * FROM "+table+") TO STDOUT (FORMAT binary)"); err != nil {
			b.Fatal(err)
		}
		if _, err := conn.Exec(ctx, "CREATE TABLE copied_"+table+" (LIKE "+table+" INCLUDING ALL)"); err != nil {
			b.Fatal(err)
		}
	}
	began := time.Now()
	for table, content := range rows {
		done, err := conn.PgConn().CopyFrom(ctx, content, "COPY copied_"+table+" FROM STDIN (FORMAT binary)")
		if err != nil || done.RowsAffected() < importSize {
			b.Fatal(done, err)
		}
	}
	return importSize / time.Since(began).Seconds()
}
