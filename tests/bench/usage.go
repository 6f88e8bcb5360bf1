package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The kernel counts CPU time in hundredths of a second on every Linux we meet.
const tick = 10 * time.Millisecond

// cpuOf is the CPU time that a process has used, and its dead children if asked for.
func cpuOf(pid int, children bool) time.Duration {
	f := statFields(pid)
	if len(f) < 15 {
		return 0
	}
	n := 2
	if children {
		n = 4
	}
	var ticks int
	for _, v := range f[11 : 11+n] { // utime stime cutime cstime
		t, _ := strconv.Atoi(v)
		ticks += t
	}
	return time.Duration(ticks) * tick
}

// statFields are those of /proc/PID/stat from the state on: the name before them may
// hold blanks.
func statFields(pid int) []string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	return strings.Fields(rest)
}

// postgresCPU is the CPU time of the server and all its processes, dead or alive.
func postgresCPU() time.Duration {
	raw, err := os.ReadFile(filepath.Join(os.Getenv("TEST_POSTGRES_DATA"), "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	master, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	total := cpuOf(master, true)
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if f := statFields(pid); len(f) > 1 && f[1] == first {
			total += cpuOf(pid, true)
		}
	}
	return total
}

// residentMB is the memory that a process holds.
func residentMB(pid int) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return float64(kb) / 1024
		}
	}
	return 0
}

// per prints CPU microseconds a piece of work.
func per(cpu time.Duration, n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f µs", float64(cpu.Microseconds())/float64(n))
}
