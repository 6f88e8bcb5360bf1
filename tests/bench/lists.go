package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

var listed = regexp.MustCompile(`BenchmarkLists/(\w+)/(\d+)/(\w+)\S*\s+\d+\s+.*?([0-9.]+) p50-ms\s+([0-9.]+) p99-ms`)

// lists asks for every list of the admin in a shop with 10,000 and one with
// 1,000,000 orders. Each line is printed; the table gets the slowest, and how all
// of them together grew.
func lists(ctx context.Context, b *bench) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkLists$", "-benchtime", "100x", "-timeout", "40m", "./app/boot/")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("lists: %w: %s", err, strings.TrimSpace(string(out)))
	}
	type figures struct{ p50, p99 float64 }
	got := map[string]figures{} // by dialect, size and list
	var order []string
	for _, m := range listed.FindAllStringSubmatch(string(out), -1) {
		p50, err1 := strconv.ParseFloat(m[4], 64)
		p99, err2 := strconv.ParseFloat(m[5], 64)
		if err1 != nil || err2 != nil {
			return fmt.Errorf("lists: cannot read %q", m[0])
		}
		got[m[1]+"/"+m[2]+"/"+m[3]] = figures{p50, p99}
		if m[1] == "postgres" && m[2] == "10000" {
			order = append(order, m[3])
		}
	}
	if len(order) == 0 {
		return fmt.Errorf("lists reported nothing: %s", out)
	}
	for _, dialect := range []string{"postgres", "sqlite"} {
		fmt.Printf("%-28s %10s %10s %12s %12s\n", dialect+", ms", "p50 10k", "p99 10k", "p50 1M", "p99 1M")
		var slowest, small, large float64
		var which string
		for _, name := range order {
			at10k, at1M := got[dialect+"/10000/"+name], got[dialect+"/1000000/"+name]
			fmt.Printf("%-28s %10.2f %10.2f %12.2f %12.2f\n", name, at10k.p50, at10k.p99, at1M.p50, at1M.p99)
			small, large = small+at10k.p50, large+at1M.p50
			if at1M.p99 > slowest {
				slowest, which = at1M.p99, name
			}
		}
		fmt.Println()
		b.table.add(row{work: "admin lists at 1,000,000 orders, " + dialect + ", slowest p99 (" + which + ")", unit: "ms", ours: series{slowest}, goal: below(100, "ms")})
		b.table.add(row{work: "all of them together, p50, " + dialect, unit: "ms", ours: series{large}, versus: "the same at 10,000 orders", theirs: series{small}, goal: atMost(2)})
	}
	return nil
}
