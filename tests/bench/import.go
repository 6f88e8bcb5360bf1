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
// operation, against COPY of the rows that came out of it.
func history(ctx context.Context, b *bench) error {
	var mine, yard, memory series
	for range b.rounds {
		cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkImport$", "-benchtime", "1x", "./app/orders/")
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("import: %w: %s", err, strings.TrimSpace(string(out)))
		}
		for unit, to := range map[string]*series{"imported/s": &mine, "copied/s": &yard, "MB": &memory} {
			m := regexp.MustCompile(`([0-9.]+) ` + regexp.QuoteMeta(unit)).FindSubmatch(out)
			if m == nil {
				return fmt.Errorf("the import reported no %s: %s", unit, out)
			}
			v, err := strconv.ParseFloat(string(m[1]), 64)
			if err != nil {
				return err
			}
			*to = append(*to, v)
		}
	}
	b.table.add(row{work: "import of 100,000 orders from a bulk file", unit: "/s", ours: mine,
		versus: "PostgreSQL COPY of the same rows", theirs: yard, goal: atLeast(0.2)})
	b.table.add(row{work: "the same, memory of the whole process", unit: "MB", ours: memory, goal: below(150, "MB")})
	return nil
}
