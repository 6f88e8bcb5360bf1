package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// series is what one side of a comparison measured, a value a round.
type series []float64

// median is the middle value, the lower one of two.
func (s series) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[(len(sorted)-1)/2]
}

// text prints median and spread; digits behind the point as the size needs.
func (s series) text(unit string) string {
	if len(s) == 0 {
		return "–"
	}
	if len(s) == 1 {
		return number(s[0]) + " " + unit
	}
	return fmt.Sprintf("%s %s [%s–%s]", number(s.median()), unit, number(slices.Min(s)), number(slices.Max(s)))
}

func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// goal is what design asks for: a bound on the ratio or on the value itself.
type goal struct {
	bound   float64
	atMost  bool
	ofValue bool // else of the ratio
	unit    string
}

func atLeast(ratio float64) goal            { return goal{bound: ratio} }
func atMost(ratio float64) goal             { return goal{bound: ratio, atMost: true} }
func below(value float64, unit string) goal { return goal{value, true, true, unit} }
func above(value float64, unit string) goal { return goal{value, false, true, unit} }

func (g goal) String() string {
	if g == (goal{}) {
		return "none"
	}
	sign := "≥"
	if g.atMost {
		sign = "≤"
	}
	if g.ofValue {
		return fmt.Sprintf("%s %s %s", sign, number(g.bound), g.unit)
	}
	return fmt.Sprintf("%s %.2f ×", sign, g.bound)
}

// row is one line of the result: ours beside theirs.
type row struct {
	work   string
	unit   string
	ours   series
	cpu    string // what it cost, beside the rate
	versus string
	theirs series
	goal   goal
}

func (r row) ratio() (float64, bool) {
	if len(r.theirs) == 0 || r.theirs.median() == 0 {
		return 0, false
	}
	return r.ours.median() / r.theirs.median(), true
}

func (r row) met() bool {
	value := r.ours.median()
	if !r.goal.ofValue {
		var ok bool
		if value, ok = r.ratio(); !ok {
			return false
		}
	}
	if r.goal.atMost {
		return value <= r.goal.bound
	}
	return value >= r.goal.bound
}

type table struct{ rows []row }

// add keeps a row and shows it at once: a run takes minutes.
func (t *table) add(r row) {
	t.rows = append(t.rows, r)
	for _, line := range r.lines() {
		fmt.Println(line)
	}
	fmt.Println()
}

func (r row) lines() []string {
	verdict := ": MISSED"
	switch {
	case r.goal == (goal{}):
		verdict = ""
	case r.met():
		verdict = ": met"
	}
	out := []string{r.work, "  afterglow   " + r.ours.text(r.unit)}
	if r.cpu != "" {
		out[1] += "   " + r.cpu
	}
	if len(r.theirs) > 0 {
		out = append(out, "  compared to "+r.theirs.text(r.unit)+"   "+r.versus)
	}
	last := "  "
	if ratio, ok := r.ratio(); ok {
		last += fmt.Sprintf("ratio %.2f, ", ratio)
	}
	return append(out, last+"goal "+r.goal.String()+verdict)
}

func (t *table) print(w io.Writer) {
	met, goals := 0, 0
	fmt.Fprintf(w, "%-66s %12s %12s %8s %14s\n", "work", "afterglow", "compared", "ratio", "goal")
	fmt.Fprintln(w, strings.Repeat("-", 116))
	for _, r := range t.rows {
		compared, ratio, mark := "–", "–", " "
		if v, ok := r.ratio(); ok {
			compared, ratio = number(r.theirs.median()), fmt.Sprintf("%.2f", v)
		}
		switch {
		case r.goal == (goal{}): // only told
		case r.met():
			met, goals = met+1, goals+1
		default:
			mark, goals = "✗", goals+1
		}
		fmt.Fprintf(w, "%-66s %12s %12s %8s %14s %s\n", clip(r.work+" ("+r.unit+")", 66), number(r.ours.median()), compared, ratio, r.goal, mark)
	}
	fmt.Fprintf(w, "\n%d of %d goals met\n", met, goals)
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
