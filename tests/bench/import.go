package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// history measures the import of 100,000 orders from the file of a bulk
// operation, against COPY of the rows that came out of it, and what it costs to
// count in the same transactions what is bought together.
func history(ctx context.Context, b *bench) error {
	var mine, yard, memory, whole series
	for range b.rounds {
		got, err := benchmark(ctx, "BenchmarkImport", "./app/orders/", "imported/s", "copied/s", "MB")
		if err != nil {
			return err
		}
		counted, err := benchmark(ctx, "BenchmarkCount", "./app/offers/", "counted/s")
		if err != nil {
			return err
		}
		mine, yard, memory = append(mine, got[0]), append(yard, got[1]), append(memory, got[2])
		whole = append(whole, 1/(1/got[0]+1/counted[0])) // one after the other, in one transaction
	}
	const versus = "PostgreSQL COPY of the same rows"
	b.table.add(row{work: "import of 100,000 orders from a bulk file", unit: "/s", ours: mine, versus: versus, theirs: yard, goal: atLeast(0.2)})
	b.table.add(row{work: "the same, and what is bought together counted", unit: "/s", ours: whole, versus: versus, theirs: yard, goal: atLeast(0.2)})
	b.table.add(row{work: "the same, memory of the whole process", unit: "MB", ours: memory, goal: below(150, "MB")})
	return nil
}

// benchmark runs a benchmark of a room once and returns what it reports in the units.
func benchmark(ctx context.Context, name, room string, units ...string) (values []float64, err error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^"+name+"$", "-benchtime", "1x", room)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	for _, unit := range units {
		m := regexp.MustCompile(`([0-9.]+) ` + regexp.QuoteMeta(unit)).FindSubmatch(out)
		if m == nil {
			return nil, fmt.Errorf("%s reported no %s: %s", name, unit, out)
		}
		v, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}
