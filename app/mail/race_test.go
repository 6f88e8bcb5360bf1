//go:build race

package mail

// raceFactor is how much slower a step is under the race detector.
const raceFactor = 5
