package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"time"
)

// settings is what the command line decides.
type settings struct {
	binary  string
	rounds  int
	length  time.Duration // of one measurement
	orders  int           // through the whole story
	only    string
	workdir string
}

// bench is one run: the servers it may use, the table it fills.
type bench struct {
	settings
	postgres string // URL of a database whose owner may create others
	redis    string
	table    *table
}

// section is a group of rows that shares its processes.
type section struct {
	name string
	run  func(ctx context.Context, b *bench) error
}

var sections = []section{
	{"startup", startup},
	{"render", render},
	{"smtp", smtp},
	{"ingest", ingest},
	{"story", story},
	{"import", history},
	{"importing", importing},
	{"page", page},
	{"admin", admin},
	{"lists", lists},
}

func main() {
	if len(os.Args) == 5 && os.Args[1] == staticPage {
		fmt.Fprintln(os.Stderr, serveStatic(os.Args[2], os.Args[3], os.Args[4]))
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	b := &bench{table: &table{}}
	names := make([]string, len(sections))
	for i, s := range sections {
		names[i] = s.name
	}
	flag.StringVar(&b.binary, "binary", "bin/afterglow", "the program to measure")
	flag.IntVar(&b.rounds, "rounds", 3, "how often each side of a comparison runs, in turns")
	flag.DurationVar(&b.length, "seconds", 4*time.Second, "how long one measurement takes")
	flag.IntVar(&b.orders, "orders", 3000, "orders through the whole story, a round")
	flag.StringVar(&b.only, "only", "", "one section: "+strings.Join(names, ", "))
	flag.Parse()

	for name, to := range map[string]*string{"TEST_POSTGRES_URL": &b.postgres, "TEST_REDIS_URL": &b.redis} {
		if *to = os.Getenv(name); *to == "" {
			return fmt.Errorf("%s is not set; start this by make bench", name)
		}
	}
	dir, err := os.MkdirTemp("", "afterglow-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.workdir = dir

	fmt.Printf("%d cores, %s, %d rounds of %v; medians, lowest and highest in brackets\n\n", runtime.NumCPU(), runtime.Version(), b.rounds, b.length)
	for _, s := range sections {
		if b.only != "" && b.only != s.name {
			continue
		}
		start := time.Now()
		if err := s.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s took %.0f s\n", s.name, time.Since(start).Seconds())
	}
	b.table.print(os.Stdout)
	return nil
}
