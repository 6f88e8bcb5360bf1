package queue

import (
	"testing"
	"time"
)

// An attempt that could not even be claimed is not counted: the pause after none
// at all must be one, too.
func TestBackoffAfterAnyNumberOfAttempts(t *testing.T) {
	for attempt := range 100 {
		if d := backoff(attempt); d < time.Second/2 || d > time.Hour {
			t.Errorf("after %d attempts: %v", attempt, d)
		}
	}
}
