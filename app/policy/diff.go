package policy

import "strings"

// Change is a line of a comparison: in both texts, only before, or only after.
type Change struct {
	Op     string `json:"op"`     // "same", "removed", "added"
	Before int    `json:"before"` // its line there, 0 for none
	After  int    `json:"after"`
	Text   string `json:"text"`
}

// maxCompared is how many lines are compared one by one; beyond it all lines that
// are not at the common beginning or end count as changed.
const maxCompared = 2000

// Diff compares two texts line by line and finds the fewest changes.
func Diff(before, after string) []Change {
	a, b := linesOf(before), linesOf(after)
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	out := make([]Change, 0, max(len(a), len(b)))
	for i := range start {
		out = append(out, Change{"same", i + 1, i + 1, a[i]})
	}
	out = appendChanges(out, a[start:len(a)-end], b[start:len(b)-end], start)
	for i := range end {
		x, y := len(a)-end+i, len(b)-end+i
		out = append(out, Change{"same", x + 1, y + 1, a[x]})
	}
	return out
}

func linesOf(s string) []string {
	s = strings.TrimRight(s, "\n")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// appendChanges adds the middle, by the longest common subsequence.
func appendChanges(out []Change, a, b []string, offset int) []Change {
	if len(a) > maxCompared || len(b) > maxCompared {
		for i, line := range a {
			out = append(out, Change{"removed", offset + i + 1, 0, line})
		}
		for j, line := range b {
			out = append(out, Change{"added", 0, offset + j + 1, line})
		}
		return out
	}
	common := make([][]int16, len(a)+1)
	for i := range common {
		common[i] = make([]int16, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, Change{"same", offset + i + 1, offset + j + 1, a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			out = append(out, Change{"removed", offset + i + 1, 0, a[i]})
			i++
		default:
			out = append(out, Change{"added", 0, offset + j + 1, b[j]})
			j++
		}
	}
	return out
}
