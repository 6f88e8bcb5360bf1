package queue

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// CrashPoint kills the program at once, as a power cut would, when the variable
// AFTERGLOW_CRASH_AT names the point ("job.after_claim", or "job.after_claim:3"
// for the third time it is passed). Fault tests walk through all points. It does
// nothing unless APP_ENV is development.
func CrashPoint(name string) {
	if crashAt == "" {
		return
	}
	point, count, _ := strings.Cut(crashAt, ":")
	if point != name {
		return
	}
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil {
		n = 1
	}
	if crashPassed.Add(1) == n {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way; nothing more may happen
	}
}

var (
	crashAt     = crashFromEnvironment()
	crashPassed atomic.Int64
)

func crashFromEnvironment() string {
	if os.Getenv("APP_ENV") != "development" {
		return ""
	}
	return os.Getenv("AFTERGLOW_CRASH_AT")
}
