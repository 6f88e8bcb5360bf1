package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// admin clicks through the admin in Chromium, on a CPU that is made four times
// slower, and takes what web.dev calls the core vitals.
func admin(ctx context.Context, b *bench) error {
	binary, err := filepath.Abs(b.binary)
	if err != nil {
		return err
	}
	var lcp, cls, p75, most series
	for range b.rounds {
		cmd := exec.CommandContext(ctx, "node", "tests/browser/vitals.js")
		cmd.Env = append(os.Environ(), "AFTERGLOW_BINARY="+binary)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("vitals: %w: %s", err, out)
		}
		var got struct{ LCP, CLS, P75, Most float64 }
		if err := json.Unmarshal(out, &got); err != nil {
			return fmt.Errorf("vitals: %w: %s", err, out)
		}
		lcp, cls, p75, most = append(lcp, got.LCP), append(cls, got.CLS), append(p75, got.P75), append(most, got.Most)
	}
	b.table.add(row{work: "admin, CPU 4 x slower, slowest LCP of a screen", unit: "ms", ours: lcp, goal: below(2500, "ms")})
	b.table.add(row{work: "admin, worst CLS of a screen", unit: "score", ours: cls, goal: below(0.1, "score")})
	b.table.add(row{work: "admin, interaction to next paint, p75", unit: "ms", ours: p75, goal: below(200, "ms")})
	b.table.add(row{work: "admin, interaction to next paint, slowest", unit: "ms", ours: most, goal: below(200, "ms")})
	return nil
}
