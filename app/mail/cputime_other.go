//go:build !linux

package mail

import "time"

// threadTime is the time of day where threads cannot be asked.
func threadTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
