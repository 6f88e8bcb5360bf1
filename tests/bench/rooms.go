package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// goBenchmark runs one benchmark of a room and returns what it reports in a unit.
func goBenchmark(ctx context.Context, b *bench, pkg, name, unit string) (float64, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^"+name+"$", "-benchtime", b.length.String(), pkg)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s of %s: %w: %s", name, pkg, err, strings.TrimSpace(string(out)))
	}
	m := regexp.MustCompile(`([0-9.]+) ` + regexp.QuoteMeta(unit)).FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("%s of %s reported no %s: %s", name, pkg, unit, out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

// pair measures two benchmarks of a room in turns.
func pair(ctx context.Context, b *bench, pkg, ours, theirs, unit string) (mine, yard *side, err error) {
	mine = &side{rate: func() (float64, error) { return goBenchmark(ctx, b, pkg, ours, unit) }}
	yard = &side{rate: func() (float64, error) { return goBenchmark(ctx, b, pkg, theirs, unit) }}
	return mine, yard, turns(b.rounds, mine, yard)
}

func (s series) scaled(by float64) series {
	out := make(series, len(s))
	for i, v := range s {
		out[i] = v * by
	}
	return out
}

// render measures one confirmation: subject, HTML and text.
func render(ctx context.Context, b *bench) error {
	mine, yard, err := pair(ctx, b, "./app/mail/", "BenchmarkRenderConfirmation", "BenchmarkHTMLTemplateSameSize", "ns/op")
	if err != nil {
		return err
	}
	b.table.add(row{work: "render one confirmation, subject + HTML + text, Liquid with guards", unit: "µs", ours: mine.got.scaled(1e-3),
		versus: "html/template, the same HTML only", theirs: yard.got.scaled(1e-3), goal: atMost(1.5)})
	return nil
}

// smtp measures mails handed to a server over kept connections.
func smtp(ctx context.Context, b *bench) error {
	mine, yard, err := pair(ctx, b, "./app/mail/", "BenchmarkSMTP", "BenchmarkGoMailLoop", "mails/s")
	if err != nil {
		return err
	}
	b.table.add(row{work: "SMTP, ten kept connections", unit: "/s", ours: mine.got,
		versus: "ten bare go-mail clients, the same server", theirs: yard.got, goal: atLeast(0.8)})
	return nil
}
